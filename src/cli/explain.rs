//! `countersign explain`.

use clap::Args;

use crate::base::date::Date;
use crate::base::suggest;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, assess, draw, parse_date, print, print_json};
use crate::contract::selection::SlotResult;
use crate::workflow::{explain, open};

/// Explain the pack of a supplier: the risk result, and for each slot why this clause and why not the others.
///
/// Example: countersign explain northwind-cloud --clause dpa.subprocessors
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The supplier.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// Only this clause or slot.
    #[arg(long, value_name = "ID")]
    clause: Option<String>,
    /// Date of the pack; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
}

pub(crate) fn run(common: &Common, args: &ExplainArgs) -> Result<u8, Failure> {
    let date = crate::cli::date_or_today(args.date);
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let (explanation, report) = explain::explain(opened, &args.supplier, date);
    let (lines, stops) = draw::report(report, common, &location);
    let Some(mut explanation) = explanation else {
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    };
    if let Some(id) = &args.clause {
        let known: Vec<String> = explanation.slots.iter().flat_map(|s| s.candidates.iter().map(|c| c.clause.clone()).chain([s.slot.clone()])).collect();
        explanation.slots.retain(|s| s.slot == *id || s.candidates.iter().any(|c| c.clause == *id));
        if explanation.slots.is_empty() {
            let help = suggest::nearest(id, known.iter().map(String::as_str))
                .map_or_else(|| "`countersign explain SUPPLIER` lists all slots".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(Failure::Usage { message: format!("no slot or clause `{id}` belongs to the pack of `{}`", args.supplier), help });
        }
    }
    match common.format {
        Format::Json => print_json(&explanation)?,
        _ => {
            if args.clause.is_none() {
                if let Some(assessment) = &explanation.assessment {
                    print(&assess::text(&args.supplier, assessment))?;
                }
                let law = explanation.uncovered.iter().filter(|u| u.force == "law").count();
                print(&format!("  requirements: {} apply, {} without a clause ({law} of law)\n\n", explanation.applicable, explanation.uncovered.len()))?;
            }
            for slot in &explanation.slots {
                print(&text(slot, args.clause.is_some()))?;
            }
        }
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn text(slot: &SlotResult, whole: bool) -> String {
    let chosen = slot.chosen.as_deref().unwrap_or("none");
    let mut out = format!("{} / {}: {chosen}{}\n", slot.document, slot.slot, if slot.required { "" } else { " (optional)" });
    for candidate in &slot.candidates {
        let alone = slot.candidates.len() == 1 && candidate.when == "true";
        if alone && !whole {
            continue;
        }
        let mark = if candidate.holds { "  + " } else { "  - " };
        out.push_str(&format!("{mark}{} {}: when {}\n", candidate.clause, candidate.version, candidate.when));
        for reason in &candidate.because {
            let place = reason.place.as_ref().map_or_else(|| reason.how.clone(), |p| format!("{p}, {}", reason.how));
            out.push_str(&format!("      {} = {}  [{place}]\n", reason.fact, reason.value));
        }
    }
    out
}
