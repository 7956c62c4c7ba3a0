//! `countersign assess`.

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, parse_date, print, print_json, table};
use crate::contract::assessment::Assessment;
use crate::workflow::desk::Desk;
use crate::workflow::{Suppliers, assess, open, oversight};

/// Print the risk result of suppliers, with the field that caused each part of it.
///
/// With `--record` it is the review of these suppliers: an entry of the register, with the day of the next one.
///
/// Example: countersign assess northwind-cloud
#[derive(Args)]
pub(crate) struct AssessArgs {
    /// Suppliers; all when none is named.
    #[arg(value_name = "SUPPLIER")]
    suppliers: Vec<String>,
    /// Day at which certificates are judged; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date, conflicts_with = "record")]
    date: Option<Date>,
    /// Record the review of these suppliers: score, tier and the day of the next review.
    #[arg(long, requires_all = ["reviewer", "suppliers"])]
    record: bool,
    /// Who reviewed and answers for the result.
    #[arg(long, value_name = "NAME", requires = "record")]
    reviewer: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &AssessArgs) -> Result<u8, Failure> {
    if let (true, Some(reviewer)) = (args.record, &args.reviewer) {
        return record(common, args, reviewer);
    }
    let date = crate::cli::date_or_today(args.date);
    let suppliers = if args.suppliers.is_empty() { Suppliers::All } else { Suppliers::Named(args.suppliers.clone()) };
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let assessments = assess::assess(opened, &suppliers, date);
    let results = assessments.results;
    let failed = assessments.failed;
    let (lines, stops) = draw::report(assessments.report, common, &location);
    match common.format {
        Format::Json => {
            let suppliers: Vec<_> = results.iter().map(|(id, a)| serde_json::json!({ "supplier": id, "assessment": a })).collect();
            print_json(&serde_json::json!({ "date": date.to_string(), "suppliers": suppliers, "failed": failed, "diagnostics": lines }))?;
        }
        Format::Text if args.suppliers.is_empty() && results.len() > 1 => print(&overview(&results))?,
        _ => {
            for (id, assessment) in &results {
                print(&text(id, assessment))?;
            }
        }
    }
    Ok(match (stops, results.is_empty() || failed.is_empty()) {
        (false, _) => exit::DONE,
        (true, true) => exit::INPUT,
        (true, false) => exit::PARTLY,
    })
}

fn record(common: &Common, args: &AssessArgs, reviewer: &str) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let (mut report, location) = desk.read_library()?;
    let (register, compiler) = desk.both()?;
    let recorded = oversight::review(register, compiler, &args.suppliers, reviewer, &mut report)?;
    let (lines, stops) = draw::report(report, common, &location);
    if common.format == Format::Json {
        print_json(&serde_json::json!({ "assessments": recorded, "diagnostics": lines }))?;
    } else if !common.quiet {
        for record in &recorded {
            print(&format!("{}: {}, next review by {}\n", record.supplier, record.tier.word(), record.next_review))?;
        }
    }
    Ok(if stops || recorded.is_empty() { exit::INPUT } else { exit::DONE })
}

/// One line for each supplier.
fn overview(results: &[(String, Assessment)]) -> String {
    let rows: Vec<Vec<String>> = results
        .iter()
        .map(|(id, a)| {
            let holds = a.holds.iter().filter(|h| h.accepted_by.is_none()).count();
            vec![
                id.clone(),
                a.tier.word().to_owned(),
                format!("{:.1}", a.inherent()),
                a.credit.total.to_string(),
                format!("{:.1}", a.residual()),
                holds.to_string(),
                a.documents.join(" "),
            ]
        })
        .collect();
    table::draw(&["supplier", "tier", "inherent", "credit", "residual", "open holds", "documents"], &rows)
}

/// The whole result of one supplier.
pub(crate) fn text(id: &str, a: &Assessment) -> String {
    let mut out = format!("{id}: {} (inherent {:.1}, credit {}, residual {:.1})\n", a.tier.word(), a.inherent(), a.credit.total, a.residual());
    let rows: Vec<Vec<String>> = a
        .factors
        .iter()
        .map(|f| {
            let place = f.because.place.clone().unwrap_or_else(|| f.because.how.clone());
            let raised = f.raised_by.as_ref().map(|r| format!(" raised by {r}")).unwrap_or_default();
            vec![format!("  {}", f.factor), f.value.clone(), format!("{} x {}/4", f.weight, f.points), format!("{place}{raised}")]
        })
        .collect();
    out.push_str(&table::draw(&["  factor", "value", "points", "written at"], &rows));
    for floor in &a.floors {
        let tier = floor.tier.map(|t| t.word()).unwrap_or_default();
        out.push_str(&format!("  floor {} -> {tier}: {}\n", floor.id, places(&floor.because)));
    }
    for hold in &a.holds {
        let state = hold.accepted_by.as_ref().map_or_else(|| format!("open, needs {}", hold.needs), |by| format!("accepted by {by}"));
        out.push_str(&format!("  hold {}: {state}: {}\n", hold.id, places(&hold.because)));
    }
    for certificate in &a.credit.certificates {
        let earned = certificate.refused.as_ref().map_or_else(|| format!("{} points", certificate.points), |why| format!("no credit, {why}"));
        out.push_str(&format!("  certificate {}: {earned}\n", certificate.standard));
    }
    out.push_str(&format!("  documents: {}\n  sign-off: {}\n", a.documents.join(", "), a.sign_off.join(", ")));
    out
}

/// Facts with their values and places, on one line.
pub(crate) fn places(reasons: &[crate::contract::assessment::Reason]) -> String {
    let one = |r: &crate::contract::assessment::Reason| {
        let place = r.place.as_ref().map(|p| format!(" at {p}")).unwrap_or_else(|| if r.how.is_empty() { String::new() } else { format!(" ({})", r.how) });
        format!("{} = {}{place}", r.fact, r.value)
    };
    reasons.iter().map(one).collect::<Vec<_>>().join("; ")
}
