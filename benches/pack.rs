//! What a pack costs: reading the library, compiling one supplier to documents, and the whole pack with its PDFs.

use countersign::base::date::Date;
use countersign::base::diagnostic::Report;
use countersign::contract::library::Reading;
use countersign::pack::compile::{Compiled, Compiler, Request};
use countersign::pack::inputs::Inputs;
use countersign::project::read;
use divan::{Bencher, black_box};

const SUPPLIER: &str = "brightledger-crm";

fn main() {
    divan::main();
}

fn inputs() -> Inputs {
    read::workspace(std::path::Path::new("sample")).expect("the sample is there").1
}

fn date() -> Date {
    "2026-11-21".parse().expect("a date")
}

fn compiler() -> Compiler {
    Compiler::read(inputs(), Reading::Whole, &mut Report::default()).expect("the sample is sound")
}

fn compile(compiler: &Compiler) -> Compiled {
    let mut report = Report::default();
    let supplier = compiler.supplier(SUPPLIER, date(), &mut report).expect("the supplier reads");
    let assessed = compiler.assess(supplier, date(), &mut report).expect("the supplier is assessed");
    compiler.compile(&assessed, &Request::default(), date(), &mut report).expect("the pack compiles")
}

#[divan::bench]
fn read_library(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(inputs).bench_values(|inputs| Compiler::read(inputs, Reading::Whole, &mut Report::default()));
}

#[divan::bench]
fn compile_documents(bencher: Bencher<'_, '_>) {
    let compiler = compiler();
    bencher.bench_local(|| compile(black_box(&compiler)));
}

#[divan::bench(sample_count = 20)]
fn pack_cold(bencher: Bencher<'_, '_>) {
    let compiler = compiler();
    let compiled = compile(&compiler);
    bencher.with_inputs(|| countersign::render::evict(0)).bench_local_values(|()| pdfs(&compiler, &compiled));
}

#[divan::bench(sample_count = 20)]
fn pack_warm(bencher: Bencher<'_, '_>) {
    let compiler = compiler();
    let compiled = compile(&compiler);
    pdfs(&compiler, &compiled);
    bencher.bench_local(|| pdfs(&compiler, &compiled));
}

/// Lays out every PDF of the pack, one after the other.
fn pdfs(compiler: &Compiler, compiled: &Compiled) -> usize {
    let mut report = Report::default();
    compiled.jobs().iter().map(|job| compiler.render(compiled, job, &mut report).expect("the PDF is made").pdf.len()).sum()
}
