//! `countersign remind`.

use clap::{ArgGroup, Args};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, mail, parse_date, print, print_json};
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::book::{Item, Letter};
use crate::compliance::reminder::Plan;
use crate::record::{State, agenda};
use crate::rule::obligation::Obligation;
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
    /// With `--send`: decide although the plan is far larger than usual, or the last run was long ago.
    #[arg(long, requires = "send")]
    confirm: bool,
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
            _ => {
                let state = desk.register().state();
                print(&text(state, &plan, &agenda::obligations(state, None, now)))?;
            }
        }
        return Ok(exit::DONE);
    }
    let (register, Some(office)) = desk.mailing() else { return Ok(exit::INPUT) };
    let plan = remind::decide(register, office, args.confirm)?;
    mail::send(common, &mut desk, plan.mails.len())
}

fn text(state: &State, plan: &Plan, obligations: &[Obligation]) -> String {
    let name = |id: &str| state.book.people.get(id).map_or_else(|| id.to_owned(), |p| format!("{} ({id})", p.name));
    let what = |item: &Item| {
        if let Some(record) = state.book.requests.get(&item.obligation) {
            let capacity = if record.request.capacity == Capacity::Company { " for the company" } else { "" };
            return format!("{} {}{capacity}", record.request.policy, record.request.version);
        }
        obligations.iter().find(|o| o.id == item.obligation).map_or_else(|| item.obligation.clone(), |o| format!("{}: {}", o.kind, o.what))
    };
    let who = |item: &Item| {
        let owes = obligations.iter().find(|o| o.id == item.obligation).and_then(|o| o.person.as_deref());
        owes.map(|id| format!("{} owes ", name(id))).unwrap_or_default()
    };
    let mut out = String::new();
    for mail in &plan.mails {
        let items: Vec<String> = mail
            .items
            .iter()
            .map(|i| {
                let skipped: Vec<String> = i.skipped.iter().map(ToString::to_string).collect();
                let skipped = if skipped.is_empty() { String::new() } else { format!(", skipped: {}", skipped.join(", ")) };
                match i.level {
                    Some(level) => format!("{}{} [{}, due {}, told as {}]", who(i), what(i), i.stage, i.due, level.word()),
                    None => format!("{} [{}, due {}{skipped}]", what(i), i.stage, i.due),
                }
            })
            .collect();
        let kind = if mail.letter == Letter::Team { " about others" } else { "" };
        out.push_str(&format!("{}{kind}, from {}: {}\n", name(&mail.person), mail.send_at, items.join("; ")));
    }
    for held in &plan.held_back {
        out.push_str(&format!("held back: {}: {}\n", name(&held.person), held.why));
    }
    for finding in &plan.findings {
        out.push_str(&format!("finding: {}\n", finding.title));
    }
    out.push_str(&format!("{} mails, {} held back\n", plan.mails.len(), plan.held_back.len()));
    out
}
