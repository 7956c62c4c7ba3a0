//! `countersign status`.

use clap::Args;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::base::rows;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, parse_date, parse_instant, print, print_json, table};
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::status::{Filter, Line};
use crate::workflow::desk::Desk;
use crate::workflow::status;

/// How every acknowledgment stands, today, on a day of the past, or in time to come.
///
/// `--as-of` is the day that is asked about; `--known-at` leaves out what was recorded later.
///
/// Example: countersign status --as-of 2027-01-31 --supplier northwind-cloud
#[derive(Args)]
pub(crate) struct StatusArgs {
    /// The day that is asked about; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    as_of: Option<Date>,
    /// Leave out what was recorded after this moment, `2026-11-25T22:07:43.123Z`; for a day of the past what was recorded after that day, when absent.
    #[arg(long, value_name = "MOMENT", value_parser = parse_instant)]
    known_at: Option<Instant>,
    /// Only people of this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// Only this person, by id or e-mail address.
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only this policy.
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &StatusArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let day = args.as_of.unwrap_or_else(|| desk.register().edge().now().date());
    let filter = Filter { supplier: args.supplier.clone(), person: args.person.clone(), policy: args.policy.clone(), ..Filter::default() };
    let lines = status::status(desk.register_mut(), args.as_of, args.known_at, &filter)?;
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "as_of": day, "known_at": args.known_at, "lines": lines }))?,
        Format::Csv => print(&as_csv(&lines))?,
        Format::Text => {
            let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
            print(&table::draw(&["name", "belongs to", "policy", "version", "status", "due", "signed", "request"], &rows))?;
            if !common.quiet {
                print(&totals(&lines, day))?;
            }
        }
    }
    Ok(exit::DONE)
}

fn row(line: &Line) -> Vec<String> {
    let date = |date: Option<Date>| date.map_or_else(|| "-".to_owned(), |d| d.to_string());
    vec![
        line.name.clone(),
        line.belongs_to.clone(),
        if line.capacity == Capacity::Company { format!("{}, for the company", line.policy) } else { line.policy.clone() },
        line.version.to_string(),
        line.status.word().to_owned(),
        date(line.due),
        date(line.signed),
        line.request.clone(),
    ]
}

fn totals(lines: &[Line], day: Date) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for line in lines {
        *counts.entry(line.status).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(status, count)| format!("{count} {}", status.word())).collect();
    format!("as of {day}: {}\n", if counts.is_empty() { "nobody was asked".to_owned() } else { counts.join(", ") })
}

fn as_csv(lines: &[Line]) -> String {
    let cells = |line: &Line| {
        let date = |date: Option<Date>| date.map(|d| d.to_string()).unwrap_or_default();
        let capacity = if line.capacity == Capacity::Company { "company" } else { "person" };
        vec![
            line.person.clone(),
            line.name.clone(),
            line.belongs_to.clone(),
            line.policy.clone(),
            line.version.to_string(),
            capacity.to_owned(),
            line.status.word().to_owned(),
            date(line.due),
            date(line.signed),
            line.method.unwrap_or_default().to_owned(),
            line.request.clone(),
        ]
    };
    let header = ["person", "name", "belongs_to", "policy", "version", "capacity", "status", "due", "signed", "method", "request"];
    rows::csv(&header, lines.iter().map(cells))
}
