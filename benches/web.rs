//! The sign page under load on loopback, alone and while another process generates packs: `cargo bench --bench web`.
//!
//! `COUNTERSIGN_WEB_PEOPLE=2000` people are asked by mail; half of them sign in quiet, half while packs are generated. Each signature is a GET of
//! the whole page and a POST with its nonce, over connections that stay open.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, clippy::panic, reason = "a benchmark")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::web::{self, Options};
use countersign::workflow::register::Edge;

#[path = "../tests/suite/groundwork.rs"]
mod groundwork;

use groundwork::{copy, without_working_hours};

const CLIENTS: usize = 8;
const LINK: &str = "https://sign.harbourline.example/";

fn run(folder: &Path, arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_countersign")).args(["-C", "sample", "--quiet"]).args(arguments).current_dir(folder).status().unwrap();
    assert!(matches!(status.code(), Some(0 | 4)), "{arguments:?}");
}

/// One connection that stays open.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(address: SocketAddr) -> Self {
        let line = TcpStream::connect(address).unwrap();
        line.set_nodelay(true).unwrap();
        Self(BufReader::new(line))
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(head.as_bytes()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                head if head.starts_with("HTTP/1.1 ") => status = head[9..12].parse().unwrap(),
                head => length = head.strip_prefix("content-length: ").map_or(length, |n| n.parse().unwrap()),
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

fn percentile(times: &[Duration], percent: usize) -> f64 {
    times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
}

fn report(name: &str, mut times: Vec<Duration>, took: Duration) {
    times.sort();
    let rate = times.len() as f64 / took.as_secs_f64();
    println!(
        "{name:<34} {:>6} in {:>6.1} s  {rate:>7.0} a second  p50 {:>6.2} ms  p99 {:>7.2} ms",
        times.len(),
        took.as_secs_f64(),
        percentile(&times, 50),
        percentile(&times, 99)
    );
}

/// Every client does the work of the tokens that it takes, and gives the time of each.
fn clients(address: SocketAddr, tokens: &[String], work: impl Fn(&mut Line, &str) -> Duration + Sync) -> (Vec<Duration>, Duration) {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let client = || {
        let mut line = Line::open(address);
        let mut times = Vec::new();
        while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
            times.push(work(&mut line, token));
        }
        times
    };
    let times = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (times, start.elapsed())
}

fn load(address: SocketAddr, tokens: &[String], how: &str) {
    let get = |line: &mut Line, token: &str| {
        let start = Instant::now();
        let (status, body) = line.ask("GET", &format!("/{token}"), "");
        assert!(status == 200 && body.len() > 10_000, "{status}");
        start.elapsed()
    };
    let (times, took) = clients(address, tokens, get);
    report(&format!("GET of the page, {how}"), times, took);
    let post = |line: &mut Line, token: &str| {
        let (_, page) = line.ask("GET", &format!("/{token}"), "");
        let nonce = page.split("name=\"nonce\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let start = Instant::now();
        let (status, _) = line.ask("POST", &format!("/{token}"), &format!("nonce={nonce}&name=Somebody"));
        assert_eq!(status, 303);
        start.elapsed()
    };
    let (times, took) = clients(address, tokens, post);
    report(&format!("POST of a signature, {how}"), times, took);
}

fn main() {
    let people: usize = std::env::var("COUNTERSIGN_WEB_PEOPLE").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let folder = tempfile::tempdir().unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["sample", "clauses", "templates"] {
        copy(&repository.join(name), &folder.path().join(name));
    }
    let settings = folder.path().join("sample/countersign.yaml");
    let text: String =
        std::fs::read_to_string(&settings).unwrap().lines().filter(|line| !line.contains("hourly_budget")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&settings, without_working_hours(&text, "web:\n  requests_per_address: 1000000\n  requests_per_link: 1000000\n")).unwrap();
    let rows: String =
        (0..people).map(|n| format!("p-{n:05},Person {n},person{n}@harbourline.example,,Platforms,user,en,Europe/Dublin,IE,,2025-03-01\n")).collect();
    std::fs::write(folder.path().join("people.csv"), format!("id,name,email,supplier,department,roles,language,time_zone,country,coordinator,start\n{rows}"))
        .unwrap();
    for arguments in [
        &["ledger", "init"][..],
        &["people", "import", "people.csv"],
        &["policy", "publish", "code_of_conduct", "--reason", "first"],
        &["ack", "request", "code_of_conduct"],
        &["outbox", "send"],
    ] {
        run(folder.path(), arguments);
    }
    let mails = std::fs::read_dir(folder.path().join("output/mail")).unwrap().map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap().replace("=\r\n", ""));
    let tokens: Vec<String> = mails.filter_map(|mail| mail.find(LINK).map(|at| mail[at + LINK.len()..][..43].to_owned())).collect();
    assert_eq!(tokens.len(), people);
    let options = Options { listen: Some("127.0.0.1:0".parse().unwrap()), mails: false, password: None };
    let server = web::start(&folder.path().join("sample"), &Edge::system("bench", None), &options).unwrap();
    let (quiet, busy) = tokens.split_at(people / 2);
    load(server.address(), quiet, "in quiet");
    let (stop, packs) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let output = format!("packs/{}", packs.load(Ordering::Relaxed));
                run(folder.path(), &["generate", "--all", "--date", "2026-11-21", "--output", &output]);
                packs.fetch_add(1, Ordering::Relaxed);
            }
        });
        load(server.address(), busy, "while packs are generated");
        stop.store(true, Ordering::Relaxed);
    });
    server.stop();
    run(folder.path(), &["ledger", "verify"]);
    let doctor = Command::new(env!("CARGO_BIN_EXE_countersign")).args(["-C", "sample", "doctor"]).current_dir(folder.path()).status().unwrap();
    println!(
        "packs of all suppliers generated meanwhile: {} times; ledger verify: exit 0; doctor: exit {}",
        packs.load(Ordering::Relaxed),
        doctor.code().unwrap()
    );
}
