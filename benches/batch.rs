//! A batch over a fleet: `COUNTERSIGN_FLEET=1000 cargo bench --bench batch`.
//!
//! Suppliers are varied from all samples (`tests/suite/fleet.rs`, seeded). It prints packs and pages a second and core, and the peak of memory; then a second
//! run with nothing changed; then one after an edit of one clause.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[path = "../tests/suite/fleet.rs"]
mod fleet;
#[path = "../tests/suite/groundwork.rs"]
mod groundwork;

use groundwork::copy;

/// Resident memory of a process in MiB, where the system tells it.
fn resident(process: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn batch(folder: &Path, what: &str, jobs: usize) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["-C", "sample", "batch", "--date", "2026-11-21", "--format", "json", "--jobs", &jobs.to_string()])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (process, errors) = (child.id(), child.stderr.take().unwrap());
    // A line comes for every hundred suppliers: memory is looked at then.
    let watch = std::thread::spawn(move || {
        let lines = BufReader::new(errors).lines();
        lines.map_while(Result::ok).filter_map(|line| Some((line, resident(process, "VmRSS")?, resident(process, "VmHWM")?))).collect::<Vec<_>>()
    });
    let output = child.wait_with_output().unwrap();
    let took = start.elapsed();
    let memory = watch.join().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let totals = &report["totals"];
    let pages: u64 = report["rows"].as_array().unwrap().iter().filter(|row| row["state"] == "written").filter_map(|row| row["pages"].as_u64()).sum();
    let (written, secs, cores) = (totals["written"].as_u64().unwrap(), took.as_secs_f64(), jobs as f64);
    println!(
        "{what:<28} {:>6.1} s  {written} written, {} unchanged, {pages} pages  {:.1} packs and {:.0} pages a second and core",
        secs,
        totals["unchanged"],
        written as f64 / secs / cores,
        pages as f64 / secs / cores
    );
    for (line, now, most) in memory.iter().step_by((memory.len() / 10).max(1)) {
        println!("    {line}: {now} MiB, peak {most} MiB");
    }
}

fn main() {
    let count: usize = std::env::var("COUNTERSIGN_FLEET").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let (folder, repository) = (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")));
    for name in ["sample", "clauses", "templates"] {
        copy(&repository.join(name), &folder.path().join(name));
    }
    let suppliers = folder.path().join("sample/suppliers");
    let samples = fleet::samples(&suppliers);
    std::fs::remove_dir_all(&suppliers).unwrap();
    fleet::write(&samples, &suppliers, count, 7, |_| None);
    // What was written before must not be flushed on our time.
    let _ = Command::new("sync").status();
    std::thread::sleep(Duration::from_secs(2));
    batch(folder.path(), "everything", jobs);
    batch(folder.path(), "nothing changed", jobs);
    let clause = folder.path().join("clauses/baa");
    let file = std::fs::read_dir(clause).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md")).min().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{}\n\nNothing in this clause limits a right that cannot be limited.\n", text.trim_end())).unwrap();
    batch(folder.path(), "one clause edited", jobs);
}
