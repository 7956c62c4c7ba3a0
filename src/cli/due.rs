//! `countersign due` and `countersign calendar`.

use std::path::PathBuf;

use clap::Args;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::base::rows;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, parse_date, parse_instant, print, print_json, table};
use crate::project::register as files;
use crate::rule::obligation::{Obligation, ObligationKind};
use crate::workflow::calendar;
use crate::workflow::desk::Desk;
use crate::workflow::oversight::{self, DueFilter};

/// Which obligations.
#[derive(Args)]
struct FilterArgs {
    /// Only about this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// Only owed by this person, by id or e-mail address.
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only of this kind: acknowledgment, training, review, uplift, certificate, insurance, audit, finding, renewal, termination, decision.
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    kind: Option<ObligationKind>,
}

/// Everything that is owed, in one list: acknowledgments, training, reviews, certificates, findings, renewals, termination steps.
///
/// Example: countersign due --within 30d --supplier northwind-cloud
#[derive(Args)]
pub(crate) struct DueArgs {
    /// The day that is asked about; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    as_of: Option<Date>,
    /// Leave out what was recorded after this moment; for a day of the past what was recorded after that day, when absent.
    #[arg(long, value_name = "MOMENT", value_parser = parse_instant)]
    known_at: Option<Instant>,
    /// Only what is overdue or due within so many days, `30d`.
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    within: Option<u16>,
    /// Show the ids, by which evidence and decisions name an obligation.
    #[arg(long)]
    ids: bool,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    acting: Acting,
}

/// Write what is owed as an iCalendar file, to be subscribed to; what is not owed any more is in it as cancelled.
///
/// Example: countersign calendar --supplier northwind-cloud --to northwind.ics
#[derive(Args)]
pub(crate) struct CalendarArgs {
    /// The file; standard output when absent.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    acting: Acting,
}

/// Reads `30d`.
fn parse_days(text: &str) -> Result<u16, String> {
    let figure = text.strip_suffix('d').unwrap_or(text);
    figure.parse().map_err(|_| "expected a number of days as `30d`, at most 65535".to_owned())
}

fn parse_kind(text: &str) -> Result<ObligationKind, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| {
        "allowed: `acknowledgment`, `training`, `review`, `uplift`, `certificate`, `insurance`, `audit`, `finding`, `renewal`, `termination`, `decision`"
            .to_owned()
    })
}

impl FilterArgs {
    fn filter(&self, within_days: Option<u16>) -> DueFilter {
        DueFilter { within_days, supplier: self.supplier.clone(), person: self.person.clone(), kind: self.kind }
    }
}

pub(crate) fn run(common: &Common, args: &DueArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let today = args.as_of.unwrap_or_else(|| desk.register().edge().now().date());
    let all = oversight::due(desk.register_mut(), args.as_of, args.known_at, &args.filter.filter(args.within))?;
    let book = &desk.register().state().book;
    let who = |o: &Obligation| {
        let person = o.person.as_ref().map(|id| book.people.get(id).map_or_else(|| id.clone(), |p| p.name.clone()));
        person.or_else(|| o.owner.clone()).unwrap_or_else(|| "nobody".to_owned())
    };
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "as_of": today, "known_at": args.known_at, "obligations": all }))?,
        Format::Csv => {
            let cells = |o: &Obligation| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                vec![o.due.to_string(), o.kind.word().to_owned(), o.what.clone(), text(&o.person), text(&o.supplier), text(&o.owner), o.id.clone()]
            };
            print(&rows::csv(&["due", "kind", "what", "person", "supplier", "owner", "id"], all.iter().map(cells)))?;
        }
        Format::Text => {
            let rows: Vec<Vec<String>> = all
                .iter()
                .map(|o| {
                    let left = match (o.due.days_since(today), &o.paused) {
                        (_, Some(_)) => "paused".to_owned(),
                        (0, None) => "today".to_owned(),
                        (days @ 1.., None) => format!("{days} days"),
                        (days, None) => format!("{} late", -days),
                    };
                    let mut row =
                        vec![o.due.to_string(), left, o.kind.word().to_owned(), o.supplier.clone().unwrap_or_else(|| "-".to_owned()), who(o), o.what.clone()];
                    if args.ids {
                        row.push(o.id.clone());
                    }
                    row
                })
                .collect();
            let header = ["due", "left", "kind", "supplier", "who", "what", "id"];
            print(&table::draw(&header[..if args.ids { 7 } else { 6 }], &rows))?;
            if !common.quiet {
                let late = all.iter().filter(|o| o.paused.is_none() && o.is_overdue(today)).count();
                print(&format!("as of {today}: {} owed, {late} overdue\n", all.len()))?;
            }
        }
    }
    Ok(exit::DONE)
}

pub(crate) fn run_calendar(common: &Common, args: &CalendarArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let organisation = desk.workspace().look.organisation.clone();
    let text = calendar::write(desk.register_mut(), &organisation, &args.filter.filter(None))?;
    match &args.to {
        None => print(&text)?,
        Some(path) => {
            files::replace(path, text.as_bytes(), false)?;
            if !common.quiet {
                print(&format!("{}\n", path.display()))?;
            }
        }
    }
    Ok(exit::DONE)
}
