//! `countersign check`.

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json};
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
    /// Day to take for today; the clock is asked when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    today: Option<Date>,
}

pub(crate) fn run(common: &Common, args: &CheckArgs) -> Result<u8, Failure> {
    let today = crate::cli::date_or_today(args.today);
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let checked = check::check(opened, today, args.date, args.library);
    let (suppliers, clauses, policies) = (checked.suppliers, checked.clauses, checked.policies);
    let (lines, stops) = draw::report(checked.report, common, &location);
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "suppliers": suppliers, "clauses": clauses, "policies": policies, "diagnostics": lines }))?,
        Format::Text if !stops && !common.quiet => print(&format!("{suppliers} suppliers, {clauses} clauses, {policies} policies: sound\n"))?,
        _ => {}
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}
