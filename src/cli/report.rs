//! `countersign report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::base::date::Date;
use crate::base::rows;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, mail, parse_date, print, print_json};
use crate::compliance::status::Filter;
use crate::project::register as files;
use crate::record::overview::Overview;
use crate::record::paper::ReportKind;
use crate::workflow::desk::Desk;
use crate::workflow::{report, status};

/// A report for compliance, about suppliers, or for the board: PDF, CSV or JSON.
///
/// As of a day of the past it says what was known then. With `--send-to` it goes out by the same outbox as every mail; one that somebody had on that day is not sent again.
///
/// Example: countersign report board --as-of 2027-03-31 --send-to chair@example.com
#[derive(Args)]
pub(crate) struct ReportArgs {
    /// Which report.
    #[arg(value_enum, value_name = "REPORT")]
    kind: Kind,
    /// The day that is asked about; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    as_of: Option<Date>,
    /// Only this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// The file; in the output folder, named after report and day, when absent.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Send it to this person of the register, by id or e-mail address; may be given again.
    #[arg(long = "send-to", value_name = "PERSON", conflicts_with = "to")]
    send_to: Vec<String>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Acknowledgments, training and what is overdue.
    Compliance,
    /// Suppliers with their risk and what they owe.
    Supplier,
    /// Risk and its movement, appetite, findings, departures, drills.
    Board,
}

pub(crate) fn run(common: &Common, args: &ReportArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let kind = match args.kind {
        Kind::Compliance => ReportKind::Compliance,
        Kind::Supplier => ReportKind::Supplier,
        Kind::Board => ReportKind::Board,
    };
    let appetite = desk.workspace().risk_appetite.clone();
    let overview = report::overview(desk.register_mut(), args.as_of, appetite.as_ref(), args.supplier.as_deref())?;
    if args.send_to.is_empty() {
        match common.format {
            Format::Json => {
                print_json(&overview)?;
                return Ok(exit::DONE);
            }
            Format::Csv => {
                print(&as_csv(&mut desk, kind, &overview, args)?)?;
                return Ok(exit::DONE);
            }
            Format::Text => {}
        }
    }
    let (_, compiler) = desk.both()?;
    let pdf = report::pdf(compiler, kind, &overview)?;
    if !args.send_to.is_empty() {
        desk.office()?;
        let told = report::send(desk.register_mut(), kind, overview.as_of, pdf, &args.send_to)?;
        return mail::send(common, &mut desk, told.len());
    }
    let about = args.supplier.as_ref().map(|supplier| format!("-{supplier}")).unwrap_or_default();
    let path = match &args.to {
        Some(path) => path.clone(),
        None => desk.output()?.join("reports").join(format!("{}{about}-{}.pdf", kind.word(), overview.as_of)),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::create_folder(folder)?;
    }
    files::replace(&path, &pdf, false)?;
    if !common.quiet {
        print(&format!("{}\n", path.display()))?;
    }
    Ok(exit::DONE)
}

/// The rows behind a report: of compliance every acknowledgment and course, otherwise every supplier.
fn as_csv(desk: &mut Desk, kind: ReportKind, overview: &Overview, args: &ReportArgs) -> Result<String, Failure> {
    let date = |date: Option<Date>| date.map(|d| d.to_string()).unwrap_or_default();
    if kind == ReportKind::Compliance {
        let filter = Filter { supplier: args.supplier.clone(), ..Filter::default() };
        let day = Some(overview.as_of);
        let signing = status::status(desk.register_mut(), day, None, &filter)?;
        let learning = status::training(desk.register_mut(), day, None, &filter)?;
        let signed = signing.iter().map(|l| {
            vec![
                "acknowledgment".to_owned(),
                l.policy.clone(),
                l.person.clone(),
                l.name.clone(),
                l.belongs_to.clone(),
                l.status.word().to_owned(),
                date(l.due),
                date(l.signed),
            ]
        });
        let learned = learning.iter().map(|l| {
            vec![
                "training".to_owned(),
                l.course.clone(),
                l.person.clone(),
                l.name.clone(),
                l.belongs_to.clone(),
                l.status.word().to_owned(),
                date(l.due),
                date(l.completed),
            ]
        });
        return Ok(rows::csv(&["kind", "id", "person", "name", "belongs_to", "status", "due", "done"], signed.chain(learned)));
    }
    let rows = overview.suppliers.iter().map(|s| {
        vec![
            s.supplier.clone(),
            s.name.clone(),
            s.tier.word().to_owned(),
            s.tier_before.map(|t| t.word().to_owned()).unwrap_or_default(),
            format!("{:.2}", s.residual),
            s.next_review.to_string(),
            s.people.to_string(),
            s.owed.to_string(),
            s.done.to_string(),
            s.overdue.to_string(),
            s.findings.to_string(),
            s.incidents.to_string(),
            s.contract.map(|c| c.word().to_owned()).unwrap_or_default(),
            s.above_appetite.join("; "),
        ]
    });
    let header = [
        "supplier",
        "name",
        "tier",
        "tier_before",
        "residual",
        "next_review",
        "people",
        "owed",
        "done",
        "overdue",
        "findings",
        "incidents",
        "contract",
        "above_appetite",
    ];
    Ok(rows::csv(&header, rows))
}
