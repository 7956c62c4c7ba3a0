//! `countersign batch`: packs for many suppliers.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json};
use crate::contract::risk::Tier;
use crate::pack::compile::Request;
use crate::workflow::batch::{self, Batch, Choice, Order, Row, RowState};
use crate::workflow::batch_report;
use crate::workflow::open;

/// How often a log hears of the progress, in suppliers.
const LINE_EVERY: usize = 100;

/// Write the packs of many suppliers, on all cores, with a report.
///
/// All suppliers, or those that are named and chosen; several values of one option mean any of them,
/// several options all of them. One bad supplier stops no other. What is there and has the same inputs
/// is not made again. Ctrl-C finishes what is under way, and the same command goes on later.
///
/// Examples:
///   countersign batch
///   countersign batch --tier high --tier critical --entity bank-ie
///   countersign batch --when '"health" in data.categories' --zip
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct BatchArgs {
    /// Suppliers, by the names of their files; all when absent.
    #[arg(value_name = "SUPPLIER")]
    suppliers: Vec<String>,
    /// Only those of this tier: low, moderate, high, critical.
    #[arg(long = "tier", value_name = "TIER", value_parser = parse_tier)]
    tiers: Vec<Tier>,
    /// Only those that contract with this entity.
    #[arg(long = "entity", value_name = "ENTITY")]
    entities: Vec<String>,
    /// Only those registered in this country, ISO 3166-1 alpha-2.
    #[arg(long = "country", value_name = "CC")]
    countries: Vec<String>,
    /// Only those whose profile has this tag.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Only those whose facts satisfy this condition.
    #[arg(long, value_name = "CONDITION")]
    when: Option<String>,
    /// Workers; as many as there are processors when absent.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// Go on after a failure, which is what happens anyway.
    #[arg(long, conflicts_with = "fail_fast")]
    keep_going: bool,
    /// End after the first failure, and what is under way.
    #[arg(long)]
    fail_fast: bool,
    /// Lay out again also what is there.
    #[arg(long)]
    force: bool,
    /// Write an archive of what is sent for each supplier.
    #[arg(long)]
    zip: bool,
    /// Only this document or instrument; may be given several times.
    #[arg(long = "document", value_name = "KIND")]
    documents: Vec<String>,
    /// Date of the documents; today when absent. A pack keeps the date of its first generation.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    /// Put all documents of a supplier into one PDF.
    #[arg(long)]
    bind: bool,
    /// Folder to write to, in place of the workspace's.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

fn parse_tier(text: &str) -> Result<Tier, String> {
    Tier::ALL.into_iter().find(|tier| tier.word() == text).ok_or_else(|| "expected low, moderate, high or critical".to_owned())
}

pub(crate) fn run(common: &Common, args: BatchArgs) -> Result<u8, Failure> {
    let mut documents = args.documents;
    documents.sort();
    documents.dedup();
    let order = Order {
        choice: Choice { ids: args.suppliers, tiers: args.tiers, entities: args.entities, countries: args.countries, tags: args.tags, when: args.when },
        request: Request { documents, draft: false, bound: args.bind },
        date: args.date,
        today: crate::cli::date_or_today(args.date),
        output: args.output,
        jobs: args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
        fail_fast: args.fail_fast,
        force: args.force,
        zip: args.zip,
        deny_warnings: common.deny_warnings,
    };
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let stop = stopped_by_the_user();
    let bar = progress(common);
    let mut last_line = 0;
    let batch = batch::batch(opened, &order, &stop, &mut |at| {
        bar.set_length(at.total as u64);
        bar.set_position(at.done as u64);
        bar.set_message(format!("{} failed  {}", at.failed, at.supplier));
        if bar.is_hidden() && !common.quiet && (at.done - last_line >= LINE_EVERY || at.done == at.total) {
            last_line = at.done;
            eprintln!("{} of {} done, {} failed", at.done, at.total, at.failed);
        }
    })?;
    bar.finish_and_clear();
    let Batch { report, .. } = &batch;
    let (lines, stops) = draw::report(report.clone(), common, &location);
    if stops {
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    }
    let files = batch_report::write(&batch, &common.workspace)?;
    if !common.quiet && common.format == Format::Text {
        failures(&batch);
    }
    match common.format {
        Format::Json => print_json(&batch_report::json(&batch))?,
        _ if common.quiet => {}
        _ => print(&format!("{}{}\n", summary(&batch), files.first().map_or_else(String::new, |file| format!("report: {}", file.display()))))?,
    }
    let failed = batch.rows.iter().filter(|row| matches!(row.state, RowState::Failed | RowState::Broken)).count();
    Ok(if failed > 0 || batch.left > 0 { exit::PARTLY } else { exit::DONE })
}

/// A flag that Ctrl-C raises; the second one ends the process as it would have.
fn stopped_by_the_user() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let installed = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("finishing what is under way; the same command goes on later (Ctrl-C again ends at once)");
    });
    if let Err(error) = installed {
        eprintln!("warning: Ctrl-C ends the batch at once: {error}");
    }
    stop
}

/// A bar with failures, rate and time left on a terminal; nothing else anywhere.
fn progress(common: &Common) -> ProgressBar {
    if common.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {per_sec}  {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// The first fault of each supplier without pack; the report has all.
fn failures(batch: &Batch) {
    let failed = |row: &&Row| matches!(row.state, RowState::Failed | RowState::Broken);
    for row in batch.rows.iter().filter(failed) {
        let mut faults = row.findings.iter().filter(|finding| finding.severity == "error");
        let Some(first) = faults.next() else { continue };
        let more = match faults.count() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let place = first.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        eprintln!("error[{}] {}: {place}{}{more}", first.code, row.supplier, first.message);
        if let Some(help) = &first.help {
            eprintln!("  help: {help}");
        }
    }
}

fn summary(batch: &Batch) -> String {
    let count = |state: RowState| batch.rows.iter().filter(|row| row.state == state).count();
    let pages: usize = batch.rows.iter().filter(|row| row.state == RowState::Written).flat_map(|row| &row.documents).filter_map(|d| d.pages).sum();
    let secs = batch.ms as f64 / 1000.0;
    let mut out = format!("batch {}: {} written", batch.id, count(RowState::Written));
    if pages > 0 {
        out.push_str(&format!(" ({pages} pages)"));
    }
    out.push_str(&format!(", {} unchanged, {} failed", count(RowState::Unchanged), count(RowState::Failed)));
    if count(RowState::Broken) > 0 {
        out.push_str(&format!(", {} broken", count(RowState::Broken)));
    }
    if batch.left > 0 {
        out.push_str(&format!(", {} not looked at", batch.left));
    }
    format!("{out} in {secs:.1} s\n")
}
