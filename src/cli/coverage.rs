//! `countersign coverage` and `countersign requirements`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::base::date::Date;
use crate::base::suggest;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json, table};
use crate::pack::coverage::{CoverageRow, Met, annex};
use crate::project::register as files;
use crate::workflow::coverage::{self, Covered, Turn};
use crate::workflow::diff::Stationery;
use crate::workflow::{Opened, open};

/// Show which requirements apply to a supplier, and the clause of its pack that meets each, with the values that are printed.
///
/// It claims that every item of the catalogue that applies is mapped to a clause whose values are filled; whether
/// that suffices in law is for counsel. The annex stays inside.
///
/// Example: countersign coverage northwind-cloud --pdf annex.pdf
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CoverageArgs {
    /// The supplier.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// Date of the pack; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    /// Only this requirement; may be given several times. The annex has all.
    #[arg(long = "requirement", value_name = "ID")]
    requirements: Vec<String>,
    /// Write the annex as PDF.
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
}

pub(crate) fn run(common: &Common, args: &CoverageArgs) -> Result<u8, Failure> {
    let Opened { location, compiler, mut report } = open(&common.workspace)?;
    let date = crate::cli::date_or_today(args.date);
    let covered = compiler.as_ref().and_then(|compiler| coverage::coverage(compiler, &args.supplier, date, &mut report));
    let (lines, stops) = draw::report(report, common, &location);
    let Some(covered) = covered else {
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    };
    if let Some(path) = &args.pdf {
        let document = annex(&covered.rows, covered.with_approvals, &covered.name, &covered.pack, date);
        files::replace(path, &Stationery::read(&common.workspace)?.pdf(&document, date)?.pdf, true)?;
    }
    let mut covered = covered;
    let counts = counts(&covered);
    if !args.requirements.is_empty() {
        if let Some(unknown) = args.requirements.iter().find(|id| !covered.rows.iter().any(|row| row.requirement == **id)) {
            let help = suggest::nearest(unknown, covered.rows.iter().map(|row| row.requirement.as_str()))
                .map_or_else(|| "without `--requirement` all that apply are listed".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(Failure::Usage { message: format!("no requirement `{unknown}` applies to `{}`", args.supplier), help });
        }
        covered.rows.retain(|row| args.requirements.contains(&row.requirement));
    }
    match common.format {
        Format::Json => print_json(&covered)?,
        _ if common.quiet => {}
        _ => print(&(text(&covered) + &counts))?,
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn text(covered: &Covered) -> String {
    let place = |row: &CoverageRow| match row.carriers.first() {
        Some(first) => {
            let more = row.carriers.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            format!("{}{more}", first.place())
        }
        None => row.met.word().to_owned(),
    };
    let values = |row: &CoverageRow| {
        let all: std::collections::BTreeMap<&String, &String> = row.carriers.iter().flat_map(|one| &one.values).collect();
        all.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
    };
    let line = |row: &CoverageRow| vec![row.requirement.clone(), row.force.to_owned(), place(row), draw::seen(&values(row))];
    let lines: Vec<Vec<String>> = covered.rows.iter().map(line).collect();
    table::draw(&["requirement", "force", "met by", "values"], &lines)
}

fn counts(covered: &Covered) -> String {
    let count = |met: Met| covered.rows.iter().filter(|row| row.met == met).count();
    format!(
        "{} requirements apply: {} carried by clauses, {} met by how packs are made, {} by what is recorded, {} open\n",
        covered.rows.len(),
        count(Met::Clause),
        count(Met::Structure),
        count(Met::Evidence),
        count(Met::Open)
    )
}

/// The catalogue of requirements.
///
/// Example: countersign requirements due --within 180d
#[derive(Args)]
pub(crate) struct RequirementsArgs {
    #[command(subcommand)]
    verb: RequirementsVerb,
}

#[derive(Subcommand)]
enum RequirementsVerb {
    Due(DueArgs),
}

/// List laws that are about to begin or end, and the suppliers whose packs they touch.
///
/// Example: countersign requirements due --within 180d
#[derive(Args)]
struct DueArgs {
    /// How far ahead, in days.
    #[arg(long, value_name = "DAYS", default_value = "180d", value_parser = parse_days)]
    within: u32,
    /// Day to take for today; the clock is asked when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    today: Option<Date>,
}

fn parse_days(text: &str) -> Result<u32, String> {
    let digits = text.strip_suffix('d').unwrap_or(text);
    digits.parse::<u32>().ok().filter(|days| *days <= 36_500).ok_or_else(|| "expected days, for example `180d`".to_owned())
}

pub(crate) fn run_requirements(common: &Common, args: &RequirementsArgs) -> Result<u8, Failure> {
    let RequirementsVerb::Due(args) = &args.verb;
    let Opened { location, compiler, mut report } = open(&common.workspace)?;
    let today = crate::cli::date_or_today(args.today);
    let turns = compiler.as_ref().map(|compiler| coverage::due(compiler, today, args.within, &mut report));
    let (lines, stops) = draw::report(report, common, &location);
    let turns = turns.unwrap_or_default();
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "today": today, "within_days": args.within, "turns": turns, "diagnostics": lines }))?,
        _ if common.quiet => {}
        _ if turns.is_empty() => print(&format!("no law of the catalogue begins or ends within {} days of {today}\n", args.within))?,
        _ => print(&turns_text(&turns))?,
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn turns_text(turns: &[Turn]) -> String {
    let line = |turn: &Turn| {
        let whom = if turn.suppliers.is_empty() { "nobody".to_owned() } else { turn.suppliers.join(", ") };
        let source = turn.source.clone().unwrap_or_else(|| "citation to be checked".to_owned());
        vec![turn.day.to_string(), if turn.begins { "begins" } else { "ends" }.to_owned(), turn.requirement.clone(), source, whom]
    };
    table::draw(&["day", "what", "requirement", "source", "suppliers"], &turns.iter().map(line).collect::<Vec<_>>())
}
