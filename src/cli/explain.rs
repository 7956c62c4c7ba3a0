//! `countersign explain`.

use clap::Args;

use crate::base::date::Date;
use crate::base::suggest;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, assess, draw, parse_date, print, print_json};
use crate::contract::proof::Change;
use crate::contract::selection::SlotResult;
use crate::workflow::{Opened, explain, open};

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
    let Opened { location, compiler, mut report } = open(&common.workspace)?;
    let explanation = compiler.as_ref().and_then(|compiler| explain::explain(compiler, &args.supplier, date, &mut report));
    let (lines, stops) = draw::report(report, common, &location);
    let (Some(mut explanation), Some(compiler)) = (explanation, compiler) else {
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    };
    let mut why_not = None;
    if let Some(id) = &args.clause {
        let is_chosen = explanation.slots.iter().any(|slot| slot.chosen.as_ref() == Some(id));
        if !is_chosen && compiler.library.clauses.contains_key(id) {
            why_not = Some(explain::why_not(&compiler, &args.supplier, id, date));
        }
        let known: Vec<String> = explanation.slots.iter().flat_map(|s| s.candidates.iter().map(|c| c.clause.clone()).chain([s.slot.clone()])).collect();
        explanation.slots.retain(|s| s.slot == *id || s.candidates.iter().any(|c| c.clause == *id));
        if explanation.slots.is_empty() && why_not.is_none() {
            let help = suggest::nearest(id, known.iter().map(String::as_str))
                .map_or_else(|| "`countersign explain SUPPLIER` lists all slots".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(Failure::Usage { message: format!("no slot or clause `{id}` belongs to the pack of `{}`", args.supplier), help });
        }
    }
    match common.format {
        Format::Json => {
            let mut value = serde_json::to_value(&explanation).unwrap_or_default();
            if let Some(changes) = &why_not {
                let one = |(fact, now, then): &Change| serde_json::json!({ "fact": fact, "now": now, "then": then });
                value["why_not"] = changes.as_ref().map_or(serde_json::Value::Null, |changes| changes.iter().map(one).collect());
            }
            print_json(&value)?;
        }
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
            if let (Some(changes), Some(id)) = (&why_not, &args.clause) {
                print(&nearest(id, changes.as_deref()))?;
            }
        }
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

/// What would bring an absent clause in.
fn nearest(clause: &str, changes: Option<&[Change]>) -> String {
    let Some(changes) = changes else { return format!("no change of facts brings in `{clause}`\n") };
    let mut out = format!("`{clause}` would be there with\n");
    for (fact, now, then) in changes {
        out.push_str(&format!("  {fact}: {now} \u{2192} {then}\n"));
    }
    out
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
