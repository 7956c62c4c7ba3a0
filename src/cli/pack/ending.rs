//! `pack supersede` and `pack terminate`.

use clap::Args;
use serde_json::json;

use crate::base::date::Date;
use crate::cli::exit::Failure;
use crate::cli::pack::{Said, count, refuse, say};
use crate::cli::{Acting, Common, parse_date, table};
use crate::contract::clause::Obligor;
use crate::contract::milestone::{ExitDeadline, ExitStart};
use crate::workflow::packs;
use crate::workflow::register::Register;

/// Record that another pack stands in the place of one.
///
/// What both sides signed is superseded only by what both sides signed.
///
/// Example: countersign pack supersede 3f9a12c4d0e1 --with 80c4e1b29d7f
#[derive(Args)]
pub(crate) struct SupersedeArgs {
    /// Pack that stood: its id, the first digits of it, or its folder.
    #[arg(value_name = "OLD")]
    old: String,
    /// Pack that stands now.
    #[arg(long = "with", value_name = "NEW")]
    new: String,
    #[command(flatten)]
    acting: Acting,
}

/// Record that a contract ends, and print what falls due because of it.
///
/// Deadlines come from the terms of the pack. Hours are rounded up to days; business days are Monday to Friday, holidays are not known.
///
/// Example: countersign pack terminate 3f9a12c4d0e1 --notice 2027-01-04 --end 2027-03-31 --reason 'service no longer needed'
#[derive(Args)]
pub(crate) struct TerminateArgs {
    /// Id of the pack, the first digits of it, or its folder.
    #[arg(value_name = "PACK")]
    pack: String,
    /// Day on which notice was received.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    notice: Date,
    /// Last day of the contract.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    end: Date,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn supersede(common: &Common, args: &SupersedeArgs) -> Result<u8, Failure> {
    let mut register = Register::open(&common.workspace, args.acting.edge())?;
    match packs::supersede(&mut register, &args.old, &args.new) {
        Ok(done) => say(common, Said { text: format!("{}: superseded by {}\n", done.pack, done.by), json: json!(done) }),
        Err(error) => refuse(error),
    }
}

pub(crate) fn terminate(common: &Common, args: &TerminateArgs) -> Result<u8, Failure> {
    let mut register = Register::open(&common.workspace, args.acting.edge())?;
    match packs::terminate(&mut register, &args.pack, args.notice, args.end, &args.reason) {
        Ok(done) => {
            let deadlines = count(done.deadlines.len(), "deadline");
            let text = format!("{}: terminated, notice {}, end {}, {deadlines}\n{}", done.pack, done.notice, done.end, draw(&done.deadlines));
            say(common, Said { text, json: json!(done) })
        }
        Err(error) => refuse(error),
    }
}

/// Deadlines, one a line; those without a day last, with what is printed.
pub(super) fn draw(deadlines: &[ExitDeadline]) -> String {
    if deadlines.is_empty() {
        return String::new();
    }
    let row = |deadline: &ExitDeadline| {
        let owed = &deadline.obligation;
        let who = match owed.who {
            Obligor::Supplier => "supplier",
            Obligor::Customer => "customer",
            Obligor::Both => "both",
        };
        let from = match deadline.starts {
            ExitStart::Notice => "notice",
            ExitStart::End => "end",
        };
        let due = deadline.due.map_or_else(|| "-".to_owned(), |due| due.to_string());
        vec![format!("  {due}"), who.to_owned(), owed.deadline.clone(), from.to_owned(), owed.what.clone()]
    };
    table::draw(&["  due", "who", "printed", "from", "what"], &deadlines.iter().map(row).collect::<Vec<_>>())
}
