//! What a document costs: the first of a process, and each further supplier.
//!
//! The rule (PERFORMANCE.md): the second supplier costs at most half of the first. `cold` empties Typst's cache before each
//! run; `another_supplier` renders a document with other names, hours and identifier each time, as a batch does.

use std::cell::Cell;
use std::collections::BTreeMap;

use countersign::render::{Look, RenderInput, Rendered, Renderer, evict};
use countersign::text::document::Document;
use divan::{Bencher, black_box};

const SAMPLE: &str = include_str!("../tests/fixtures/render/dpa.json");

fn main() {
    divan::main();
}

fn renderer() -> Renderer {
    let template = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    let contract = template("contract.typ", include_bytes!("../templates/contract.typ"));
    let layout = template("layout.typ", include_bytes!("../templates/layout.typ"));
    Renderer::new(BTreeMap::from([contract, layout]), BTreeMap::new()).expect("the template parses")
}

fn supplier(number: usize) -> Document {
    let text = SAMPLE
        .replace("Northwind Cloud Services GmbH & Co. KG", &format!("Supplier {number} of {} Limited", number * 7919))
        .replace("24 hours", &format!("{} hours", number + 2))
        .replace("DPA-3f9a", &format!("DPA-{number:04}"));
    serde_json::from_str(&text).expect("the sample is a document")
}

fn render(renderer: &Renderer, documents: &[Document]) -> Rendered {
    let look = Look { organisation: "Halden plc".to_owned(), ..Look::default() };
    let input = RenderInput { documents, look: &look, attachment: None, title: &documents[0].title, ident: &documents[0].id, date: (2026, 11, 21) };
    renderer.render(&input).expect("the sample renders")
}

#[divan::bench]
fn cold(bencher: Bencher<'_, '_>) {
    let renderer = renderer();
    let documents = [supplier(0)];
    bencher.with_inputs(|| evict(0)).bench_values(|()| render(&renderer, black_box(&documents)));
}

#[divan::bench]
fn another_supplier(bencher: Bencher<'_, '_>) {
    let renderer = renderer();
    render(&renderer, &[supplier(0)]);
    let number = Cell::new(0_usize);
    bencher
        .with_inputs(|| {
            number.set(number.get() + 1);
            if number.get().is_multiple_of(10) {
                evict(5);
            }
            [supplier(number.get())]
        })
        .bench_local_values(|documents| render(&renderer, &documents));
}

#[divan::bench]
fn same_again(bencher: Bencher<'_, '_>) {
    let renderer = renderer();
    let documents = [supplier(0)];
    bencher.bench(|| render(&renderer, black_box(&documents)));
}
