//! `countersign import`: spreadsheets to profiles.

use std::path::PathBuf;

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json, table};
use crate::contract::risk::Tier;
use crate::workflow::import::{self, ImportRow, Imported, Order, RowState};

/// Make profiles of the export of a procurement system, by a mapping of its columns.
///
/// Reads CSV, XLSX, XLS and ODS. Every fault is told with sheet, row and column; a faulty row changes nothing, the others are
/// taken in. A profile that is there keeps all that the mapping does not name.
///
/// Examples:
///   countersign import suppliers.xlsx --map intake.yaml --dry-run
///   countersign import suppliers.csv --map intake.yaml && countersign assess
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ImportArgs {
    /// The export: `.csv`, `.xlsx`, `.xls` or `.ods`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The mapping from columns to fields; `countersign schema intake` says what may stand in it.
    #[arg(long, value_name = "MAP")]
    map: PathBuf,
    /// Show what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Day for which the suppliers are assessed; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
}

pub(crate) fn run(common: &Common, args: &ImportArgs) -> Result<u8, Failure> {
    let order = Order { file: &args.file, map: &args.map, dry_run: args.dry_run, date: crate::cli::date_or_today(args.date) };
    let (mut imported, location) = import::import(&common.workspace, &order)?;
    let has_faults = imported.report.has_errors();
    let (lines, stops) = draw::report(std::mem::take(&mut imported.report), common, &location);
    let state = |state: RowState| imported.count(state);
    match common.format {
        Format::Json => {
            let counts = [RowState::New, RowState::Changed, RowState::Unchanged, RowState::Faulty].map(|one| (one.word().to_owned(), state(one).into()));
            let totals: serde_json::Map<String, serde_json::Value> = counts.into_iter().collect();
            print_json(
                &serde_json::json!({ "rows": imported.rows, "totals": totals, "written": !args.dry_run && !imported.is_refused, "diagnostics": lines }),
            )?;
        }
        _ if common.quiet || imported.is_refused => {}
        _ => print(&text(&imported, args.dry_run))?,
    }
    Ok(match (imported.is_refused, has_faults || (stops && common.deny_warnings)) {
        (true, _) => exit::INPUT,
        (false, true) => exit::PARTLY,
        (false, false) => exit::DONE,
    })
}

fn text(imported: &Imported, dry_run: bool) -> String {
    let what = |row: &ImportRow| {
        let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        row.changes.iter().map(|change| format!("{}: {} \u{2192} {}", change.field, or(&change.before), or(&change.after))).collect::<Vec<_>>().join("; ")
    };
    let line = |row: &ImportRow| {
        let tier = row.tier.map_or("none", Tier::word).to_owned();
        vec![row.row.to_string(), row.supplier.clone().unwrap_or_else(|| "none".to_owned()), row.state.word().to_owned(), tier, draw::seen(&what(row))]
    };
    let lines: Vec<Vec<String>> = imported.rows.iter().filter(|row| row.state != RowState::Unchanged).map(line).collect();
    let mut out = if lines.is_empty() { String::new() } else { table::draw(&["row", "supplier", "state", "tier", "fields"], &lines) };
    let count = |state: RowState| format!("{} {}", imported.count(state), state.word());
    let states = [RowState::New, RowState::Changed, RowState::Unchanged, RowState::Faulty].map(count).join(", ");
    out.push_str(&format!("{} suppliers: {states}{}\n", imported.rows.len(), if dry_run { "; nothing was written" } else { "" }));
    out
}
