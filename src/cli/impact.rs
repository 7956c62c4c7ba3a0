//! `countersign impact`: what a change does to every supplier.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, parse_date, print, print_json};
use crate::contract::risk::Tier;
use crate::pack::comparison::{Cause, Comparison};
use crate::pack::redline::{counts, heading, state};
use crate::text::redline::DocumentState;
use crate::workflow::impact::{self, Effect, Impact, Order, Signature, SupplierImpact};

/// Show what a change of library, parameters, risk model, entities or profiles does to every supplier, and why.
///
/// The workspace is compared with an earlier state of it: a revision of the git repository that it lies in, or a
/// folder. Nothing is written. Packs that only get other numbers count as unchanged.
///
/// Examples:
///   countersign impact                                     against the last commit
///   countersign impact --against main --fail-on signature  exit 5 where somebody must sign again
///   countersign impact northwind-cloud --against ../before
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ImpactArgs {
    /// Only these suppliers; all when absent.
    #[arg(value_name = "SUPPLIER")]
    suppliers: Vec<String>,
    /// The earlier state: a revision of the git repository, or a folder with a workspace.
    #[arg(long, value_name = "REV-or-DIR", default_value = "HEAD")]
    against: String,
    /// Exit with 5 when this happens to anybody; may be given several times.
    #[arg(long = "fail-on", value_enum, value_name = "WHAT")]
    fail_on: Vec<FailOn>,
    /// Day for which both states are compiled; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    /// Workers; as many as there are processors when absent.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// The text of a pack or policy changes, comes or goes.
    Change,
    /// Somebody must sign again.
    Signature,
    /// A supplier gets another tier.
    Tier,
    /// A hold opens.
    Hold,
    /// A pack does not compile any more.
    Failure,
}

pub(crate) fn run(common: &Common, args: &ImpactArgs) -> Result<u8, Failure> {
    let order = Order {
        against: args.against.clone(),
        suppliers: args.suppliers.clone(),
        date: crate::cli::date_or_today(args.date),
        jobs: args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
    };
    let bar = if common.quiet || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {per_sec}  {eta} left") {
        bar.set_style(style);
    }
    let (impact, location) = impact::impact(&common.workspace, &order, &args.acting.edge(), &|done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    let (lines, stops) = draw::report(impact.report.clone(), common, &location);
    if stops {
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    }
    match common.format {
        Format::Json => print_json(&json(&impact))?,
        _ if common.quiet => {}
        _ => print(&text(&impact))?,
    }
    Ok(if args.fail_on.iter().any(|what| happens(*what, &impact)) { exit::NO } else { exit::DONE })
}

fn happens(what: FailOn, impact: &Impact) -> bool {
    let any = |test: &dyn Fn(&SupplierImpact) -> bool| impact.suppliers.iter().any(test);
    match what {
        FailOn::Change => {
            any(&|row| row.effect >= Effect::Changed && row.effect != Effect::Failing)
                || impact.policies.iter().any(|p| p.effect >= Effect::Changed && p.effect != Effect::Failing)
        }
        FailOn::Signature => any(&|row| row.signature == Signature::Needed),
        FailOn::Tier => any(&|row| row.tier_before.is_some() && row.tier_after.is_some() && row.tier_before != row.tier_after),
        FailOn::Hold => any(&|row| !row.holds_opened.is_empty()),
        FailOn::Failure => any(&|row| row.effect == Effect::Broken),
    }
}

/// Everything but the texts of clauses, which `diff` shows.
fn json(impact: &Impact) -> serde_json::Value {
    let mut value = serde_json::to_value(impact).unwrap_or_default();
    for rows in ["suppliers", "policies"] {
        for row in value[rows].as_array_mut().into_iter().flatten() {
            without_texts(&mut row["comparison"]);
        }
    }
    value["summary"] = summary(impact).trim_end().into();
    value
}

/// Takes the texts of clauses, and the clauses that do not change, out of a comparison.
pub(super) fn without_texts(comparison: &mut serde_json::Value) {
    for document in comparison["documents"].as_array_mut().into_iter().flatten() {
        if let Some(clauses) = document["clauses"].as_array_mut() {
            clauses.retain(|clause| clause["state"] != "same");
            clauses.iter_mut().filter_map(serde_json::Value::as_object_mut).for_each(|clause| drop(clause.remove("text")));
        }
    }
}

fn text(impact: &Impact) -> String {
    let mut out = String::new();
    for cause in &impact.files {
        out.push_str(&format!("{}\n", draw::seen(&cause.to_string())));
    }
    for row in impact.suppliers.iter().filter(|row| row.effect != Effect::Same || row.tier_before != row.tier_after || !row.holds_opened.is_empty()) {
        out.push_str(&supplier(row));
    }
    for policy in &impact.policies {
        let people = match policy.acknowledged {
            Some(1) => ", 1 signature stands".to_owned(),
            Some(count) => format!(", {count} signatures stand"),
            None => String::new(),
        };
        out.push_str(&format!("\npolicy {}: {}{people}\n", policy.policy, policy.effect.word()));
        policy.comparison.iter().for_each(|comparison| out.push_str(&documents(comparison)));
    }
    out.push_str(&format!("{}{}", if out.is_empty() { "" } else { "\n" }, summary(impact)));
    out
}

fn supplier(row: &SupplierImpact) -> String {
    let word = |tier: Option<Tier>| tier.map_or("none", Tier::word);
    let tier = if row.tier_before == row.tier_after || row.effect == Effect::Added {
        word(row.tier_after).to_owned()
    } else {
        format!("{} \u{2192} {}", word(row.tier_before), word(row.tier_after))
    };
    let signature = match row.signature {
        // That there is no register is said once, at the end.
        Signature::NotNeeded | Signature::Unknown => "",
        Signature::Needed => ", must be signed again",
        Signature::IssueAgain => ", must be issued again",
    };
    let mut out = format!("\n{} ({tier}): {}{signature}\n", row.supplier, row.effect.word());
    row.holds_opened.iter().for_each(|hold| out.push_str(&format!("  hold {hold} opens\n")));
    row.holds_closed.iter().for_each(|hold| out.push_str(&format!("  hold {hold} closes\n")));
    row.fault.iter().for_each(|fault| out.push_str(&format!("  {}\n", draw::seen(fault))));
    row.comparison.iter().for_each(|comparison| out.push_str(&documents(comparison)));
    out
}

/// Documents with the clauses that change, and why; parameters that moved.
pub(super) fn documents(comparison: &Comparison) -> String {
    let mut out = String::new();
    for document in comparison.documents.iter().filter(|document| document.state > DocumentState::Same) {
        out.push_str(&format!("  {}: {}{}\n", draw::seen(&document.title), state(document.state), because(&document.causes)));
        for clause in document.clauses.iter().filter(|clause| clause.change.state.is_change()) {
            let (number, title) = clause.change.head().map(heading).unwrap_or_default();
            let name = [number.as_str(), title.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
            out.push_str(&format!("    {} {}{}\n", clause.change.state.word(), draw::seen(&name), because(&clause.causes)));
        }
    }
    for cause in comparison.causes.iter().filter(|cause| matches!(cause, Cause::Parameter { .. })) {
        out.push_str(&format!("  parameter {}\n", draw::seen(&cause.to_string())));
    }
    out.push_str(&format!("  clauses: {}\n", counts(comparison)));
    out
}

fn because(causes: &[Cause]) -> String {
    if causes.is_empty() {
        return String::new();
    }
    format!(": {}", draw::seen(&causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
}

/// `37 of 4,120 packs change, 12 need a signature`.
fn summary(impact: &Impact) -> String {
    let change = impact.count(Effect::Changed);
    let mut out = format!("{change} of {} packs {}", impact.suppliers.len(), if change == 1 { "changes" } else { "change" });
    let unknown = impact.suppliers.iter().filter(|row| row.signature == Signature::Unknown).count();
    if unknown > 0 {
        out.push_str("; there is no register, so nobody knows what was signed");
    } else {
        let signatures = impact.signatures();
        out.push_str(&format!(", {signatures} {} a signature", if signatures == 1 { "needs" } else { "need" }));
    }
    for effect in [Effect::Renumbered, Effect::Added, Effect::Removed, Effect::Mended, Effect::Broken, Effect::Failing] {
        if impact.count(effect) > 0 {
            out.push_str(&format!(", {} {}", impact.count(effect), effect.word()));
        }
    }
    let moved = impact.suppliers.iter().filter(|row| row.tier_before != row.tier_after && row.tier_before.is_some() && row.tier_after.is_some()).count();
    if moved > 0 {
        out.push_str(&format!(", {moved} with another tier"));
    }
    if !impact.policies.is_empty() {
        out.push_str(&format!("; {} {} not as before", impact.policies.len(), if impact.policies.len() == 1 { "policy is" } else { "policies are" }));
    }
    out + "\n"
}
