//! `pack list` and `pack show`.

use clap::Args;
use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::pack::{Said, count, ending, refuse, say};
use crate::cli::{Common, table};
use crate::contract::lifecycle::{Origin, PackState};
use crate::contract::milestone::{Side, Signing};
use crate::rule::finding::Cause;
use crate::workflow::packs::named;
use crate::workflow::packs::view::{self, PackLine, PackView};
use crate::workflow::register::{Edge, Register};

/// List the packs of the register with their states.
///
/// Example: countersign pack list --supplier northwind-cloud
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only packs of this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
}

/// Show everything that the register knows of a pack.
///
/// Example: countersign pack show 3f9a12c4d0e1
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Id of the pack, the first digits of it, or its folder.
    #[arg(value_name = "PACK")]
    pack: String,
}

/// Opens the register to read it: nothing is recorded, so it does not matter who does it.
fn register(common: &Common) -> Result<Register, Failure> {
    Ok(Register::open(&common.workspace, Edge::system("", None))?)
}

pub(crate) fn list(common: &Common, args: &ListArgs) -> Result<u8, Failure> {
    let register = register(common)?;
    let lines = view::list(register.state(), args.supplier.as_deref());
    let text = if lines.is_empty() { "no packs\n".to_owned() } else { overview(&lines) };
    say(common, Said { text, json: json!({ "packs": lines }) })
}

pub(crate) fn show(common: &Common, args: &ShowArgs) -> Result<u8, Failure> {
    let register = register(common)?;
    let contracts = &register.state().contracts;
    let pack = match named(contracts, &args.pack) {
        Ok((id, _)) => contracts.packs.get(&id),
        Err(error) => return refuse(error),
    };
    let pack = pack.expect("a pack that was named is in the register");
    let shown = view::show(&register.state().findings, pack);
    say(common, Said { text: text(&shown), json: json!(shown) })
}

fn overview(lines: &[PackLine<'_>]) -> String {
    let row = |line: &PackLine<'_>| {
        let open = match line.state {
            PackState::Submitted => format!("needs {}", line.missing.join(", ")),
            _ if line.findings > 0 => count(line.findings, "finding"),
            _ => String::new(),
        };
        let state = line.state.word().to_owned();
        vec![line.pack.to_owned(), line.supplier.to_owned(), state, line.date.to_string(), line.documents.join(" "), open]
    };
    table::draw(&["pack", "supplier", "state", "date", "documents", "open"], &lines.iter().map(row).collect::<Vec<_>>())
}

fn text(pack: &PackView<'_>) -> String {
    let mut out = format!("{}: {}, {} with {}\n", pack.pack, pack.state.word(), pack.entity, pack.supplier);
    let mut line = |text: String| {
        out.push_str("  ");
        out.push_str(&text);
        out.push('\n');
    };
    match pack.origin {
        Origin::Submitted(submission) => {
            let what = &submission.what;
            let tier = what.tier.map_or("not assessed", |tier| tier.word());
            line(format!("submitted {}: dated {}, {tier}, made by {}", submission.at.date(), what.date, what.author));
            line(format!("manifest {}", what.manifest));
        }
        Origin::Adopted(adoption) => {
            let what = &adoption.what;
            let end = what.end.map(|end| format!(", ends {end}")).unwrap_or_default();
            line(format!("adopted {}: {}, signed {}, effective {}{end}", adoption.at.date(), what.title, what.signed, what.effective));
            line(format!("file {}", what.file));
        }
    }
    for approval in &pack.approvals {
        let note = approval.what.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        line(format!("approved {} as {} by {}{note}", approval.at.date(), approval.what.role, approval.what.approver.name));
    }
    if matches!(pack.state, PackState::Submitted | PackState::Rejected) && !pack.missing.is_empty() {
        line(format!("needs {}", pack.missing.join(", ")));
    }
    for rejection in pack.rejections {
        line(format!("rejected {} as {} by {}: {}", rejection.at.date(), rejection.what.role, rejection.what.approver.name, rejection.what.reason));
    }
    for issue in pack.issues {
        let to: Vec<String> = issue.what.recipients.iter().map(|r| format!("{} <{}>", r.name, r.email)).collect();
        line(format!("issued {} to {}", issue.at.date(), to.join(", ")));
    }
    for document in &pack.documents {
        line(format!("{}: {}, {}", document.document.file, document.state.word(), document.document.sha256));
        for signing in &document.signings {
            line(format!("  recorded {}: {}", signing.at.date(), signed(&signing.what)));
        }
    }
    if let Some(superseded) = pack.superseded {
        line(format!("superseded {} by {}", superseded.at.date(), superseded.what.by));
    }
    for finding in &pack.findings {
        if let Cause::Gap { requirement, source, force, .. } = &finding.cause {
            line(format!("finding {requirement}: {force}, {source}"));
        }
    }
    if let Some(terminated) = pack.terminated {
        let what = &terminated.what;
        line(format!("terminated {}: notice {}, end {}: {}", terminated.at.date(), what.notice, what.end, what.reason));
        out.push_str(&ending::draw(&what.deadlines));
    }
    out
}

fn signed(signing: &Signing) -> String {
    let one = |s: &crate::contract::milestone::Signature| {
        let side = if s.party == Side::Ours { "ours" } else { "theirs" };
        format!("{side} {}, {}, {}", s.name, s.title, s.date)
    };
    let by: Vec<String> = signing.signatures.iter().map(one).collect();
    let effective = signing.effective.map(|day| format!(", effective {day}")).unwrap_or_default();
    format!("{} ({}){effective}: {}", signing.comparison.words(), signing.method, by.join("; "))
}
