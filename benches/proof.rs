//! What the proof of a library costs, and how it grows with clauses and facts.
//!
//! A library grows by copies: every slot of every outline with all its variants once more under another name, each copy under a condition of its own over facts
//! of its own.

#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign::base::date::Date;
use countersign::base::diagnostic::Report;
use countersign::base::source::Source;
use countersign::contract::library::{Files, Library, Reading};
use countersign::contract::proof;
use countersign::project::embedded;
use divan::Bencher;

fn main() {
    for (copies, facts) in [(0, 0), (1, 0), (2, 0), (0, 67), (0, 134)] {
        let library = grown(copies, facts);
        let proof = proof::prove(&library, date());
        let (found, redundant) = (proof.faults.len(), proof.redundant.len());
        println!(
            "{copies} copies, {facts} facts more: {} clauses, {} slots, {} facts, {} letters, {} questions, {found} faults, {redundant} that nothing asks for",
            proof.clauses, proof.slots, proof.facts, proof.letters, proof.questions
        );
    }
    divan::main();
}

fn date() -> Date {
    "2026-11-21".parse().expect("a date")
}

fn source(path: &str, text: String) -> (String, Arc<Source>) {
    (path.to_owned(), Arc::new(Source { path: format!("clauses/{path}"), text }))
}

/// The library with so many copies of its slots, and so many facts more.
fn grown(copies: usize, facts: usize) -> Library {
    let mut files: Files = embedded::clauses().into_iter().map(|(path, bytes)| source(path, String::from_utf8_lossy(bytes).into_owned())).collect();
    let vocabulary = files["vocabulary.yaml"].text.clone();
    let more: String = (0..facts.max(copies)).map(|at| format!("  service.more{at}:\n    type: bool\n    origin: profile\n    doc: one more\n")).collect();
    files.extend([source("vocabulary.yaml", vocabulary.replacen("facts:\n", &format!("facts:\n{more}"), 1))]);
    let original = files.clone();
    for copy in 0..copies {
        let name = |id: &str| format!("{id}_{copy}");
        let mut copied = BTreeSet::new();
        for (path, outline) in original.iter().filter(|(path, _)| path.starts_with("outlines/") && !path.ends_with("pack.yaml")) {
            let mut text = String::new();
            for line in files[path].text.lines() {
                text.push_str(&format!("{line}\n"));
                let slot = line
                    .strip_prefix("  - {slot: ")
                    .and_then(|rest| rest.split([',', '}']).next())
                    .filter(|slot| outline.text.contains(&format!("{{slot: {slot}")));
                if let Some(slot) = slot.filter(|slot| original.values().any(|file| file.text.contains(&format!("\nslot: {slot}\n")))) {
                    text.push_str(&format!("  - {{slot: {}}}\n", name(slot)));
                    copied.insert(slot.to_owned());
                }
            }
            files.extend([source(path, text)]);
        }
        for (_, clause) in original.iter().filter(|(path, _)| path.ends_with(".md") && !path.starts_with("policies/")) {
            let line = |key: &str| clause.text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
            let (Some(id), Some(slot)) = (line("id: "), line("slot: ")) else { continue };
            if !copied.contains(&slot) {
                continue;
            }
            let other = id.replacen(&slot, &name(&slot), 1);
            let when = line("when: ").map_or("true".to_owned(), |when| when.trim_matches('\'').replace("''", "'").trim_matches('"').replace("\\\"", "\""));
            let mut text =
                clause.text.replacen(&format!("id: {id}"), &format!("id: {other}"), 1).replacen(&format!("slot: {slot}"), &format!("slot: {}", name(&slot)), 1);
            text = text.lines().filter(|line| !line.starts_with("when: ")).map(|line| format!("{line}\n")).collect();
            text = text.replacen("title: ", &format!("when: '({when}) && service.more{copy}'\ntitle: "), 1);
            let (group, rest) = other.split_once('.').unwrap_or((&other, ""));
            files.extend([source(&format!("{group}/{rest}.md"), text)]);
        }
    }
    let mut report = Report::default();
    Library::read(&files, Reading::Whole, &mut report).unwrap_or_else(|| unreachable!("{:?}", report.sorted().first()))
}

#[divan::bench(args = [(0, 0), (1, 0), (2, 0), (0, 67), (0, 134)], sample_count = 5)]
fn prove(bencher: Bencher<'_, '_>, (copies, facts): (usize, usize)) {
    let library = grown(copies, facts);
    bencher.bench_local(|| proof::prove(&library, date()));
}
