//! `countersign gate`: may somebody have access?

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, parse_date, print, print_json};
use crate::record::gate::{self, GateAnswer};
use crate::workflow::desk::Desk;
use crate::workflow::register::RegisterError;

/// Say whether a supplier, or a person of it, may have access: contract executed, no hold, policies acknowledged, training current.
///
/// Every reason is given. Exit code 0 for yes, 5 for no.
///
/// Example: countersign gate tallyholme-payroll maja.lindqvist@tallyholme.example
#[derive(Args)]
pub(crate) struct GateArgs {
    /// The supplier.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// The person, by id or e-mail address.
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// The day that is asked about; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    as_of: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &GateArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let now = desk.register().edge().now();
    let state = desk.register_mut().as_of(args.as_of, None)?;
    let answer = gate::gate(&state, &args.supplier, args.person.as_deref(), args.as_of, now)
        .map_err(|unknown| RegisterError::refused(unknown.to_string(), "`countersign people list` and `countersign pack list` show who is known"))?;
    match common.format {
        Format::Json => print_json(&answer)?,
        _ if common.quiet => {}
        _ => print(&text(&answer))?,
    }
    Ok(if answer.allowed { exit::DONE } else { exit::NO })
}

fn text(answer: &GateAnswer) -> String {
    let who = answer.person.as_ref().map_or_else(|| answer.supplier.clone(), |person| format!("{person} of {}", answer.supplier));
    let verdict = if answer.allowed { "may have access" } else { "may not have access" };
    let mut out = format!("{who} {verdict} on {}\n", answer.as_of);
    for reason in &answer.reasons {
        let mark = if reason.passed { "yes" } else { "NO " };
        let until = reason.until.map(|until| format!(" (until {until})")).unwrap_or_default();
        out.push_str(&format!("  {mark}  {}{until}\n", reason.text));
    }
    out
}
