//! What a document costs: the first of a process, and each further supplier.
//!
//! The rule (PERFORMANCE.md): the second supplier costs at most half of the first. `cold` empties Typst's cache before each
//! run; `another_supplier` renders a document with other names, hours and identifier each time, as a batch does.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use countersign::base::diagnostic::Report;
use countersign::base::digest::Digest;
use countersign::base::instant::Instant;
use countersign::contract::library::Reading;
use countersign::pack::compile::{Compiler, Request};
use countersign::render::certificate::{Certificate, Consent, Ledger, Method, Person, Policy};
use countersign::render::{Look, RenderInput, Rendered, Renderer, evict};
use countersign::text::document::Document;
use divan::{Bencher, black_box};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // One thread, as each worker of a batch has it.
    rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(16 << 20).build_global().expect("there is no pool yet");
    divan::main();
}

fn renderer() -> Renderer {
    let template = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    let contract = template("contract.typ", include_bytes!("../templates/contract.typ"));
    let layout = template("layout.typ", include_bytes!("../templates/layout.typ"));
    let certificate = template("certificate.typ", include_bytes!("../templates/certificate.typ"));
    let wording = template("certificate/en.yaml", include_bytes!("../templates/certificate/en.yaml"));
    Renderer::new(BTreeMap::from([contract, layout, certificate, wording]), BTreeMap::new()).expect("the template parses")
}

/// The layout without contents, links, labels and anything that asks where something is: what Typst costs at least for this text.
fn bare() -> Renderer {
    let mut layout = include_str!("../templates/layout.typ").to_owned();
    let mut replace = |from: &str, with: &str| {
        assert!(layout.contains(from), "the layout has changed: {from}");
        layout = layout.replace(from, with);
    };
    replace("link(label(node.at(1)), inline(node.at(2)))", "inline(node.at(2))");
    replace("#let marked(element, target) = if target == none { element } else { [#element#label(target)] }", "#let marked(element, target) = element");
    replace("header: header, header-ascent: 24pt, footer: footer, footer-descent: 26pt,", "");
    replace("#let contents(entries) = {", "#let contents(entries) = if true { [] } else {");
    let template = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    let contract = template("contract.typ", include_bytes!("../templates/contract.typ"));
    Renderer::new(BTreeMap::from([contract, template("layout.typ", layout.as_bytes())]), BTreeMap::new()).expect("the template parses")
}

/// What somebody would write first.
fn naive() -> Renderer {
    Renderer::new(BTreeMap::from([("contract.typ".to_owned(), include_bytes!("naive.typ").to_vec())]), BTreeMap::new()).expect("the template parses")
}

/// The NDA of a supplier of the sample, 13 pages, as data.
fn sample() -> &'static str {
    static SAMPLE: OnceLock<String> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let inputs = countersign::project::read::workspace(std::path::Path::new("sample")).expect("the sample is there").1;
        let mut report = Report::default();
        let compiler = Compiler::read(inputs, Reading::Whole, &mut report).expect("the sample is sound");
        let date = "2026-11-21".parse().expect("a date");
        let supplier = compiler.supplier("brightledger-crm", date, &mut report).expect("the supplier reads");
        let assessed = compiler.assess(supplier, date, &mut report).expect("the supplier is assessed");
        let request = Request { documents: vec!["nda".to_owned()], ..Request::default() };
        let compiled = compiler.compile(&assessed, &request, date, &mut report).expect("the pack compiles");
        serde_json::to_string(&compiled.documents[0]).expect("a document is data")
    })
}

/// The same document for another supplier: other names throughout, another id, other hours.
fn supplier(number: usize) -> Document {
    let text = sample()
        .replace("Brightledger, Inc.", &format!("Supplier {number} of {} Limited", number * 7919))
        .replace("Wendell Ashgrove", &format!("Signatory {number}"))
        .replace("\"id\":\"NDA-", &format!("\"id\":\"NDA-{number:04}"));
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

#[divan::bench(sample_count = 60)]
fn another_supplier(bencher: Bencher<'_, '_>) {
    one_after_the_other(bencher, &renderer());
}

#[divan::bench(sample_count = 60)]
fn another_supplier_bare(bencher: Bencher<'_, '_>) {
    one_after_the_other(bencher, &bare());
}

#[divan::bench(sample_count = 20)]
fn another_supplier_naive(bencher: Bencher<'_, '_>) {
    one_after_the_other(bencher, &naive());
}

fn one_after_the_other(bencher: Bencher<'_, '_>, renderer: &Renderer) {
    let pages = render(renderer, &[supplier(0)]).pages;
    assert!(pages >= 8, "{pages} pages");
    let number = Cell::new(0_usize);
    bencher
        .with_inputs(|| {
            number.set(number.get() + 1);
            if number.get().is_multiple_of(10) {
                evict(5);
            }
            [supplier(number.get())]
        })
        .bench_local_values(|documents| render(renderer, &documents));
}

#[divan::bench]
fn same_again(bencher: Bencher<'_, '_>) {
    let renderer = renderer();
    let documents = [supplier(0)];
    bencher.bench(|| render(&renderer, black_box(&documents)));
}

fn acknowledgment(number: usize) -> Certificate {
    let digest = |what: &str| Digest::of(format!("{what} {number}").as_bytes());
    let name = format!("Person {number} Roth");
    Certificate {
        language: "en-GB".to_owned(),
        person: Person {
            id: format!("person-{number}"),
            name: name.clone(),
            email: Some(format!("person-{number}@northwind.example")),
            supplier: Some("Northwind Cloud Services GmbH & Co. KG".to_owned()),
            department: None,
        },
        policy: Policy { title: "Code of Conduct".to_owned(), version: "3.0".to_owned(), pdf: Digest::of(b"pdf"), html: Digest::of(b"html") },
        consent: Consent {
            text: "I have received this policy, I have read it, and I will follow it.".to_owned(),
            locale: "en-GB".to_owned(),
            digest: Digest::of(b"consent"),
            button: Some("I acknowledge this policy".to_owned()),
            typed_name: Some(name),
        },
        method: Method::Link { mailbox: format!("person-{number}@northwind.example"), code: false },
        time: Instant::from_millis(1_795_644_463_123 + i64::try_from(number).unwrap_or(0) * 61_003),
        address: Some(format!("203.0.113.{}", number % 250)),
        agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned()),
        ledger: Ledger {
            origin: "halden.example/countersign".to_owned(),
            entry: u64::try_from(number).unwrap_or(0),
            leaf: digest("leaf"),
            size: u64::try_from(number).unwrap_or(0) + 1,
            root: digest("root"),
            key: "halden.example/countersign+1f9d3c07+AV2lqHgL8nS3vJwW1yXQeT0uKcZrBmFoD4pE6iGhNxYa".to_owned(),
        },
    }
}

#[divan::bench]
fn another_certificate(bencher: Bencher<'_, '_>) {
    let renderer = renderer();
    let look = Look { organisation: "Halden plc".to_owned(), ..Look::default() };
    let render = |certificate: &Certificate| renderer.certificate(certificate, &look, &certificate.person.id, (2026, 11, 25)).expect("the sample renders");
    render(&acknowledgment(0));
    let number = Cell::new(0_usize);
    bencher
        .with_inputs(|| {
            number.set(number.get() + 1);
            if number.get().is_multiple_of(10) {
                evict(5);
            }
            acknowledgment(number.get())
        })
        .bench_local_values(|certificate| render(&certificate));
}
