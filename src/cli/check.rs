//! `countersign check`.

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json};
use crate::workflow::prove::{self, Proven};
use crate::workflow::{check, open};

/// Check library, workspace file, decisions, policies and every supplier, without writing anything.
///
/// Example: countersign check --date 2027-06-30
#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Warn of what will be different on this day: certificates, laws, decisions, tiers.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    /// Judge the library by the packs of this workspace too: clauses that none has, terms used once or defined in two ways.
    #[arg(long)]
    library: bool,
    /// Prove the library for every profile that there can be, not only for the suppliers of this workspace.
    #[arg(long)]
    prove: bool,
    /// Day to take for today; the clock is asked when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    today: Option<Date>,
}

pub(crate) fn run(common: &Common, args: &CheckArgs) -> Result<u8, Failure> {
    let today = crate::cli::date_or_today(args.today);
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let mut proven = None;
    if args.prove
        && let Some(compiler) = opened.compiler.as_ref().filter(|_| !opened.report.has_errors())
    {
        proven = Some(prove::prove(compiler, args.date.unwrap_or(today)));
    }
    let mut checked = check::check(opened, today, args.date, args.library);
    if let Some(proven) = &mut proven {
        checked.report.extend(std::mem::take(&mut proven.report));
    }
    let (suppliers, clauses, policies, approval) = (checked.suppliers, checked.clauses, checked.policies, checked.approval);
    let (lines, stops) = draw::report(checked.report, common, &location);
    match common.format {
        Format::Json => {
            let mut result = serde_json::json!({ "suppliers": suppliers, "clauses": clauses, "policies": policies, "diagnostics": lines });
            if let Some(counts) = approval {
                result["approval"] = super::clause::counts_json(counts);
            }
            if let Some(proven) = &proven {
                result["proof"] = serde_json::to_value(proven).unwrap_or_default();
            }
            print_json(&result)?;
        }
        Format::Text if !common.quiet => {
            if !stops {
                print(&format!("{suppliers} suppliers, {clauses} clauses, {policies} policies: sound\n"))?;
            }
            if let Some(counts) = approval {
                print(&super::clause::counts_text(counts))?;
            }
            if let Some(proven) = proven.as_ref().filter(|_| !stops) {
                print(&text(proven))?;
            }
        }
        _ => {}
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn text(proven: &Proven) -> String {
    let coverage = &proven.coverage;
    format!(
        "proven for every profile over {} facts: {} slots with {} clauses, {} requirements ({} questions)\n\
         requirements: {} carried by clauses, {} met by how packs are made, {} by what is recorded; {} of later phases, {} not in force\n",
        proven.facts,
        proven.slots,
        proven.clauses,
        proven.requirements,
        proven.questions,
        coverage.clause,
        coverage.structure,
        coverage.evidence,
        coverage.later,
        coverage.not_in_force
    )
}
