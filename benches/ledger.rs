//! What the ledger costs: appends to a register of 100,000 entries, the whole check, one proof.
//!
//! `cargo bench --bench ledger` measures with divan. With `COUNTERSIGN_LEDGER_RUN=100000` it records that many acknowledgments instead, each
//! flushed to disk on its own, and prints one report: latencies, sizes, and how long it takes to open, verify and prove afterwards.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement asks the clock and the environment, and prints")]

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant as Stopwatch};

use countersign::base::digest::Digest;
use countersign::compliance::acknowledgment::{Acknowledgment, Capacity, Consent, Method, Occasion, Request, Strength};
use countersign::compliance::person::{Affiliation, Language, Person};
use countersign::compliance::status::{Filter, status};
use countersign::record::Event;
use countersign::record::event::PersonChange;
use countersign::workflow::ledger::{prove, verify};
use countersign::workflow::register::{Edge, Register};
use divan::{Bencher, black_box};
use tempfile::TempDir;

/// Entries of the register that the benches start from.
const ENTRIES: u32 = 100_000;
/// People whom the acknowledgments are of.
const PEOPLE: u32 = 5_000;
/// Entries of one unit of work where many are recorded together.
const BATCH: u32 = 1_000;

fn main() {
    match std::env::var("COUNTERSIGN_LEDGER_RUN") {
        Ok(count) => report(count.parse().expect("COUNTERSIGN_LEDGER_RUN is a number of acknowledgments")),
        Err(_) => divan::main(),
    }
}

fn edge() -> Edge {
    Edge::system("bench", None)
}

/// On the disk of the build and not in memory, where a flush costs nothing.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written")
}

fn begin(root: &Path) -> Register {
    Register::begin(root, "register.example.com/bench", "Example Group", edge()).expect("a register begins")
}

fn person(number: u32) -> Event {
    let person = Person {
        id: format!("person-{number}"),
        name: format!("Person {number}"),
        email: Some(format!("person-{number}@example.com")),
        affiliation: Affiliation::Department("operations".to_owned()),
        roles: Default::default(),
        language: Language::En,
        time_zone: "Europe/Dublin".to_owned(),
        country: None,
        coordinator: None,
        deputy: None,
        start: "2026-01-01".parse().expect("a date"),
        end: None,
        leave: Vec::new(),
        exemptions: Vec::new(),
        ssh_keys: Vec::new(),
    };
    Event::Person(Box::new(PersonChange { person, source: "import".to_owned(), reason: None }))
}

fn request(number: u32) -> Event {
    Event::Requested(Request {
        request: format!("r-{number:020x}"),
        person: format!("person-{}", number % PEOPLE),
        policy: "code_of_conduct".to_owned(),
        version: "1.0".parse().expect("a version"),
        capacity: Capacity::Person,
        company: None,
        due: "2027-01-31".parse().expect("a date"),
        occasion: Occasion::First,
    })
}

fn acknowledgment(number: u32, edge: &Edge) -> Event {
    let person = format!("person-{}", number % PEOPLE);
    let text = "I have read the Code of Conduct (version 1.0), I understand it, and I will keep to it.";
    Event::Signed(Box::new(Acknowledgment {
        request: format!("r-{number:020x}"),
        name: format!("Name of {person}"),
        belongs_to: "operations".to_owned(),
        company: None,
        policy: "code_of_conduct".to_owned(),
        title: "Code of Conduct".to_owned(),
        version: "1.0".parse().expect("a version"),
        capacity: Capacity::Person,
        pdf: Digest::of(b"pdf"),
        shown: Digest::of(b"html"),
        consent: Consent { text: text.to_owned(), sha256: Digest::of(text.as_bytes()), locale: "en".to_owned(), button: "I acknowledge".to_owned() },
        typed_name: format!("Name of {person}"),
        proof: Method::Link { link: Digest::of(&number.to_be_bytes()), sent_to: format!("{person}@example.com"), code: false },
        strength: Strength::MailboxHolder,
        signed: edge.now(),
        address: Some("203.0.113.7".to_owned()),
        agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
        person,
    }))
}

/// Records events in one unit of work.
fn append(register: &mut Register, events: impl Iterator<Item = Event>) {
    let recorded = register.change(|_, draft| {
        events.for_each(|event| draft.record(event));
        Ok(())
    });
    recorded.expect("it is recorded");
}

/// A register of [`ENTRIES`], made once.
fn long() -> &'static Path {
    static LONG: OnceLock<TempDir> = OnceLock::new();
    LONG.get_or_init(|| {
        let folder = folder();
        let mut register = begin(folder.path());
        for first in (1..ENTRIES).step_by(BATCH as usize) {
            append(&mut register, (first..ENTRIES.min(first + BATCH)).map(request));
        }
        folder
    })
    .path()
}

fn open() -> Register {
    Register::open(long(), edge()).expect("the register opens")
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn append_one(bencher: Bencher<'_, '_>) {
    let mut register = open();
    bencher.bench_local(|| append(&mut register, std::iter::once(request(0))));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn append_thousand(bencher: Bencher<'_, '_>) {
    let mut register = open();
    bencher.bench_local(|| append(&mut register, (0..BATCH).map(request)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn open_and_fold(bencher: Bencher<'_, '_>) {
    long();
    bencher.bench_local(open);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn verify_all(bencher: Bencher<'_, '_>) {
    let root = long();
    bencher.bench_local(|| verify::verify(black_box(root), false).expect("it can be checked").size);
}

#[divan::bench]
fn prove_one(bencher: Bencher<'_, '_>) {
    let mut register = open();
    bencher.bench_local(|| prove::prove(&mut register, black_box(54_321)).expect("it is proven").proof.encode().len());
}

/// Records so many acknowledgments, each on its own, after as many requests in batches; then measures what reading costs.
fn report(count: u32) {
    let folder = folder();
    let root = folder.path();
    let mut register = begin(root);
    let kept = register.change(|_, draft| Ok([b"pdf".to_vec(), b"html".to_vec()].map(|bytes| draft.keep(bytes))));
    kept.expect("the files are kept");
    append(&mut register, (0..PEOPLE).map(person));
    let (batched, ()) = timed(|| {
        for first in (0..count).step_by(BATCH as usize) {
            append(&mut register, (first..count.min(first + BATCH)).map(request));
        }
    });
    println!("requests, {BATCH} in a transaction   {count} in {batched:.1?}, {:.0} a second", f64::from(count) / batched.as_secs_f64());
    let start = Stopwatch::now();
    let mut single: Vec<Duration> = (0..count)
        .map(|number| {
            let edge = edge();
            timed(|| append(&mut register, std::iter::once(acknowledgment(number, &edge)))).0
        })
        .collect();
    println!("acknowledgments, each flushed        {count} in {:.1?}", start.elapsed());
    single.sort_unstable();
    let at = |share: f64| single[(single.len() as f64 * share) as usize];
    println!("  p50 {:.2?}, p90 {:.2?}, p99 {:.2?}, p99.9 {:.2?}, most {:.2?}", at(0.5), at(0.9), at(0.99), at(0.999), single[single.len() - 1]);
    drop(register);
    let (opening, mut register) = timed(|| Register::open(root, edge()).expect("it opens"));
    println!("open, check and fold {} entries      {opening:.2?}", register.state().size);
    let (judging, lines) = timed(|| status(&register.state().book, None, edge().now(), &Filter::default()));
    assert_eq!(lines.len(), count as usize);
    println!("status of {} requests            {judging:.2?}", lines.len());
    let proofs: Vec<Duration> = (0..1_000).map(|at| timed(|| prove::prove(&mut register, at * 7 % u64::from(count)).expect("it is proven")).0).collect();
    println!("prove one entry                      {:.0?} on average", proofs.iter().sum::<Duration>() / 1_000);
    let (verifying, findings) = timed(|| verify::verify(root, false).expect("it can be checked"));
    assert!(findings.holds());
    println!("verify {} entries, {} checkpoints    {verifying:.2?}", findings.size, findings.counts.checkpoints);
    drop(register);
    let bytes = std::fs::metadata(root.join("countersign.db")).expect("the database is there").len();
    println!("database                             {bytes} bytes, {} for each entry", bytes / findings.size);
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Stopwatch::now();
    let value = work();
    (start.elapsed(), value)
}
