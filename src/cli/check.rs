//! `countersign check`.

use std::path::PathBuf;

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, clause, draw, parse_date, print, print_json};
use crate::contract::proof::Proof;
use crate::project::register as files;
use crate::workflow::prove;
use crate::workflow::{check, open};

/// Check library, workspace file, decisions, policies and every supplier, without writing anything but the profiles that `--examples` asks for.
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
    /// Write profiles to try the library with: the plainest for each clause and requirement, and some in which every two values that can meet do.
    #[arg(long, value_name = "FOLDER", requires = "prove")]
    examples: Option<PathBuf>,
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
        let date = args.date.unwrap_or(today);
        proven = Some(prove::prove(compiler, date));
        if let Some(folder) = &args.examples {
            files::create_folder(folder)?;
            for (id, profile) in prove::examples(compiler, date) {
                files::replace(&folder.join(format!("{id}.yaml")), profile.as_bytes(), false)?;
            }
        }
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
                result["approval"] = clause::counts_json(counts);
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
                print(&clause::counts_text(counts))?;
            }
            if let Some(proven) = proven.as_ref().filter(|_| !stops) {
                print(&text(&proven.proof))?;
            }
        }
        _ => {}
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn text(proof: &Proof) -> String {
    let coverage = &proof.coverage;
    let mut text = format!(
        "proven for every profile over {} facts: {} slots with {} clauses, {} requirements, {} rules and families of figures ({} questions)\n\
         requirements: {} carried by clauses, {} met by how packs are made, {} by what is recorded; {} of later phases, {} not in force\n",
        proof.facts,
        proof.slots,
        proof.clauses,
        proof.requirements,
        proof.figures,
        proof.questions,
        coverage.clause,
        coverage.structure,
        coverage.evidence,
        coverage.later,
        coverage.not_in_force
    );
    if !proof.redundant.is_empty() {
        text.push_str(&format!(
            "nothing else asks for {} clauses: without one of them all of this would still hold (`--format json` names them)\n",
            proof.redundant.len()
        ));
    }
    text
}
