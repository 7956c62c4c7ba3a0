//! Conditions.
#![no_main]
#![allow(dead_code, missing_docs)]

#[path = "../../tests/suite/bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|text: &str| bodies::condition(text));
