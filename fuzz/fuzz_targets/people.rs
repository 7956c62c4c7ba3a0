//! CSV reading: any sheet, and the same text as a people file in CSV and in YAML.
#![no_main]
#![allow(dead_code, missing_docs)]

#[path = "../../tests/suite/bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|text: &str| {
    bodies::sheet(text);
    bodies::people_text(text);
});
