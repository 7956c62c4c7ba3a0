//! `countersign ledger verify`.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, print, print_json};
use crate::workflow::ledger::rotate::short;
use crate::workflow::ledger::verify::{Findings, Part, verify};

/// Check everything that the register keeps, against itself and against the workspace.
///
/// Every fault is told in one run, each with its place; the exit code is 3 when there is any.
/// Checked are:
///
///   store        the database file: pages, indexes, rows that point nowhere
///   entries      every leaf: its one spelling, its place, times that never go back
///   payloads     each against the commitment in its leaf; each destroyed one against the entry
///                that says so
///   tiles        each computed once more from the leaves
///   checkpoints  those of the register and those of `checkpoints/`: the same bytes, signed by a
///                key that signed then, with the root of their entries
///   keys         `checkpoints/keys` and the signing keys against the entries that name them
///   files        every kept file against its digest
///   outbox       mails and links against the entries that decided them
///
/// What no check of this folder alone can show:
///
///   - that all of it, checkpoints and keys included, is an older copy or was made anew; compare
///     with what others keep: the history of git, receipts, exported logs (`ledger compare`)
///   - that the clock was right, and that whoever recorded something told the truth
///   - who has read the register, and what was never recorded
///   - until when a link opens, where it went, how often a mail was tried and what the server
///     said last: no entry fixes that
///
/// Example: countersign ledger verify --mend
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct VerifyArgs {
    /// Write checkpoints that are missing in `checkpoints/` again, if they hold.
    #[arg(long)]
    mend: bool,
}

pub(super) fn run(common: &Common, args: &VerifyArgs) -> Result<u8, Failure> {
    let findings = verify(&common.workspace, args.mend)?;
    match common.format {
        Format::Json => print_json(&json(&findings))?,
        _ => {
            if !common.quiet {
                print(&text(&findings))?;
            }
            for fault in findings.faults.iter() {
                eprintln!("error: {}", draw::seen(&fault.to_string()));
            }
            let parts: BTreeSet<Part> = findings.faults.iter().map(|fault| fault.part).collect();
            for part in parts {
                eprintln!("help: {}: {}", part.word(), part.help());
            }
        }
    }
    Ok(if findings.holds() { exit::DONE } else { exit::INTEGRITY })
}

/// The report for people: what the register is, what was checked, what is worth knowing, and the verdict.
fn text(findings: &Findings) -> String {
    let mut out = format!("register {}", draw::seen(&findings.origin));
    if !findings.organisation.is_empty() {
        out.push_str(&format!(" of {}", draw::seen(&findings.organisation)));
    }
    out.push('\n');
    let mut line = |name: &str, value: String| out.push_str(&format!("  {name:<12} {value}\n"));
    line("entries", findings.size.to_string());
    if let (Some(first), Some(last)) = (findings.first, findings.last) {
        line("recorded", format!("{first} to {last}"));
    }
    if let Some(root) = findings.root {
        line("root", root.to_string());
    }
    if let Some(newest) = &findings.newest {
        let by = if newest.signed_by.is_empty() { "signed by no key of this ledger".to_owned() } else { format!("signed by {}", newest.signed_by.join(", ")) };
        line("checkpoint", format!("{} entries, {}", newest.size, draw::seen(&by)));
    }
    for span in &findings.keys {
        let until = span.until.map_or_else(|| "signs".to_owned(), |entry| format!("retired by entry {entry}"));
        line("key", format!("{}, named by entry {}, {until}", draw::seen(short(&span.key)), span.since));
    }
    for (at, (kind, count)) in findings.kinds.iter().enumerate() {
        line(if at == 0 { "kinds" } else { "" }, format!("{kind} {count}"));
    }
    out.push_str("checked\n");
    for part in Part::ALL {
        let faults = findings.faults.of(part).count();
        let verdict = match faults {
            0 => "holds".to_owned(),
            1 => "1 fault".to_owned(),
            n => format!("{n} faults"),
        };
        out.push_str(&format!("  {:<12} {verdict:<9} {}\n", part.word(), what(part, findings)));
    }
    if !findings.mended.is_empty() {
        out.push_str(&format!("mended\n  {} checkpoints were written into `checkpoints/` again\n", findings.mended.len()));
    }
    if !findings.notes.is_empty() {
        out.push_str("notes\n");
        out.extend(findings.notes.iter().map(|note| format!("  {}\n", draw::seen(note))));
    }
    out.push_str(if findings.holds() { "the register holds\n" } else { "THE REGISTER DOES NOT HOLD\n" });
    out
}

/// What was checked of a part, with its count.
fn what(part: Part, findings: &Findings) -> String {
    let counts = &findings.counts;
    match part {
        Part::Store => "database file: pages, indexes, references".to_owned(),
        Part::Entries => format!("{} leaves: spelling, place, time", counts.leaves),
        Part::Payloads => format!("{} fit their leaf, {} destroyed", counts.payloads, counts.destroyed),
        Part::Tiles => format!("{} computed again from the leaves", counts.tiles),
        Part::Checkpoints => format!("{}, {} copies in `checkpoints/`: signature, size, root", counts.checkpoints, counts.copies),
        Part::Keys => format!("{} named by entries, `checkpoints/keys`, key files", findings.keys.len()),
        Part::Files => format!("{} kept: digest", counts.files),
        Part::Outbox => format!("{} mails, {} links: decided, state", counts.mails, counts.links),
    }
}

fn json(findings: &Findings) -> serde_json::Value {
    let keys: Vec<_> =
        findings.keys.iter().map(|span| serde_json::json!({ "key": span.key, "since": span.since, "until": span.until, "here": span.is_here })).collect();
    let faults: Vec<_> =
        findings.faults.iter().map(|fault| serde_json::json!({ "part": fault.part.word(), "place": fault.place(), "why": fault.why })).collect();
    let counts = &findings.counts;
    serde_json::json!({
        "holds": findings.holds(),
        "origin": findings.origin,
        "organisation": findings.organisation,
        "size": findings.size,
        "root": findings.root.map(|root| root.to_string()),
        "first": findings.first,
        "last": findings.last,
        "checkpoint": findings.newest.as_ref().map(|newest| serde_json::json!({ "size": newest.size, "signed_by": newest.signed_by })),
        "keys": keys,
        "kinds": findings.kinds,
        "counts": {
            "leaves": counts.leaves, "payloads": counts.payloads, "destroyed": counts.destroyed, "tiles": counts.tiles,
            "checkpoints": counts.checkpoints, "copies": counts.copies, "files": counts.files, "mails": counts.mails, "links": counts.links,
        },
        "faults": faults,
        "notes": findings.notes,
        "mended": findings.mended,
    })
}
