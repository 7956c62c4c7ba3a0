//! `countersign generate`.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json};
use crate::pack::compile::Request;
use crate::pack::manifest::Subject;
use crate::workflow::generate::{self, Order, PackResult};
use crate::workflow::{Suppliers, open};

/// Write the contract pack of suppliers, or policies.
///
/// Examples:
///   countersign generate northwind-cloud
///   countersign generate northwind-cloud --document nda
///   countersign generate --all --date 2026-11-21
///   countersign generate --policy code_of_conduct
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GenerateArgs {
    /// Suppliers, by the names of their files.
    #[arg(value_name = "SUPPLIER", required_unless_present_any = ["all", "policies"], conflicts_with = "all")]
    suppliers: Vec<String>,
    /// All suppliers of the workspace.
    #[arg(long)]
    all: bool,
    /// Also, or only, this policy; may be given several times.
    #[arg(long = "policy", value_name = "ID")]
    policies: Vec<String>,
    /// Entity that issues the policies, in place of `policies.issuer` of the workspace.
    #[arg(long, value_name = "ENTITY", requires = "policies")]
    entity: Option<String>,
    /// Only this document or instrument; may be given several times.
    #[arg(long = "document", value_name = "KIND", conflicts_with = "policies")]
    documents: Vec<String>,
    /// Date of the documents; today when absent. A pack keeps the date of its first generation.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    /// Write a review copy in spite of open holds and unapproved clauses, marked on each page, in a folder of its own.
    #[arg(long)]
    draft: bool,
    /// Put all documents into one PDF with continuous pages.
    #[arg(long)]
    bind: bool,
    /// Folder to write to, in place of the workspace's.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(common: &Common, args: GenerateArgs) -> Result<u8, Failure> {
    let mut documents = args.documents;
    documents.sort();
    documents.dedup();
    let mut policies = args.policies;
    policies.sort();
    policies.dedup();
    let count = args.suppliers.len();
    let order = Order {
        suppliers: if args.all { Suppliers::All } else { Suppliers::Named(args.suppliers) },
        policies: policies.clone(),
        issuer: args.entity,
        request: Request { documents, draft: args.draft, bound: args.bind },
        date: args.date,
        today: crate::cli::date_or_today(args.date),
        output: args.output,
        deny_warnings: common.deny_warnings,
    };
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let total = if args.all { opened.compiler.as_ref().map_or(0, |c| c.suppliers().len()) } else { count } + policies.len();
    let bar = progress(common, total);
    let generated = generate::generate(opened, &order, &mut |supplier| {
        bar.set_message(supplier.to_owned());
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let (lines, stops) = draw::report(generated.report, common, &location);
    match common.format {
        Format::Json => {
            let packs: Vec<_> = generated.packs.iter().map(json).collect();
            print_json(&serde_json::json!({ "packs": packs, "failed": generated.failed, "broken": generated.broken, "diagnostics": lines }))?;
        }
        _ => {
            for fault in &generated.broken {
                eprintln!("error: {fault}");
            }
            if !generated.broken.is_empty() {
                eprintln!("help: a pack on disk was changed; move its folder away and generate again");
            }
            if !common.quiet {
                for pack in &generated.packs {
                    print(&text(pack))?;
                }
            }
        }
    }
    Ok(match (generated.broken.is_empty(), stops, generated.packs.is_empty()) {
        (false, ..) => exit::INTEGRITY,
        (true, false, _) => exit::DONE,
        (true, true, true) => exit::INPUT,
        (true, true, false) if generated.failed.is_empty() => exit::INPUT,
        (true, true, false) => exit::PARTLY,
    })
}

/// A bar with rate and time left on a terminal; nothing for a single supplier or a quiet run.
fn progress(common: &Common, total: usize) -> ProgressBar {
    use std::io::IsTerminal;
    if common.quiet || total < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// One line for each pack: folder, documents with pages, tier.
fn text(pack: &PackResult) -> String {
    let tier = match (&pack.subject, pack.tier) {
        (Subject::Policy(_), _) => "policy",
        (Subject::Supplier(_), None) => "not assessed",
        (Subject::Supplier(_), Some(tier)) => tier.word(),
    };
    let state = if pack.unchanged { ", unchanged" } else { "" };
    let pages: Option<usize> = pack.files.iter().map(|(_, pages)| *pages).sum();
    let pages = pages.map_or_else(String::new, |pages| format!(", {pages} pages"));
    let documents = if pack.files.len() == 1 { "1 document".to_owned() } else { format!("{} documents", pack.files.len()) };
    format!("{}: {documents}{pages}, {tier}, {}{state}\n", pack.folder.display(), pack.date)
}

fn json(pack: &PackResult) -> serde_json::Value {
    let files: Vec<_> = pack.files.iter().map(|(name, pages)| serde_json::json!({ "name": name, "pages": pages })).collect();
    let (kind, id) = match &pack.subject {
        Subject::Supplier(id) => ("supplier", id),
        Subject::Policy(id) => ("policy", id),
    };
    serde_json::json!({
        kind: id,
        "pack": pack.pack,
        "folder": pack.folder.to_string_lossy(),
        "date": pack.date.to_string(),
        "tier": pack.tier,
        "unchanged": pack.unchanged,
        "files": files,
    })
}
