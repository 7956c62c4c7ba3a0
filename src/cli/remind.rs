//! `countersign remind`.

use clap::{ArgGroup, Args};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, mail, parse_date, print, print_json};
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::reminder::Plan;
use crate::record::State;
use crate::workflow::desk::Desk;
use crate::workflow::remind;

/// Say who gets which mail and why, or decide and send it.
///
/// `--send` is for cron: it decides what is due, sends what waits, and does nothing twice.
///
/// Example: countersign remind --plan
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true).args(["plan", "send"]))]
pub(crate) struct RemindArgs {
    /// Print who would get what, and who would not, and why; asks no mail server.
    #[arg(long)]
    plan: bool,
    /// Decide and send.
    #[arg(long)]
    send: bool,
    /// With `--plan`: the day to plan for, at noon in UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date, requires = "plan")]
    as_of: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &RemindArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    desk.office()?;
    if args.plan {
        let noon = |day: Date| Instant::start_of(day, "UTC").map(|start| start.plus_secs(12 * 3600));
        let now = args.as_of.and_then(noon).unwrap_or_else(|| desk.register().edge().now());
        let plan = remind::plan(desk.register().state(), desk.office()?, now);
        match common.format {
            Format::Json => print_json(&plan)?,
            _ => print(&text(desk.register().state(), &plan))?,
        }
        return Ok(exit::DONE);
    }
    let (register, Some(office)) = desk.mailing() else { return Ok(exit::INPUT) };
    let plan = remind::decide(register, office)?;
    mail::send(common, &mut desk, plan.mails.len())
}

fn text(state: &State, plan: &Plan) -> String {
    let name = |id: &str| state.book.people.get(id).map_or_else(|| id.to_owned(), |p| format!("{} ({id})", p.name));
    let policy = |request: &str| {
        let Some(record) = state.book.requests.get(request) else { return String::new() };
        let capacity = if record.request.capacity == Capacity::Company { " for the company" } else { "" };
        format!("{} {}{capacity}", record.request.policy, record.request.version)
    };
    let mut out = String::new();
    for mail in &plan.mails {
        let items: Vec<String> = mail.items.iter().map(|i| format!("{} [{}]", policy(&i.request), i.stage)).collect();
        out.push_str(&format!("{}: {}\n", name(&mail.person), items.join(", ")));
    }
    for held in &plan.held_back {
        out.push_str(&format!("held back: {}: {}\n", name(&held.person), held.why));
    }
    out.push_str(&format!("{} mails, {} held back\n", plan.mails.len(), plan.held_back.len()));
    out
}
