//! The report of a batch: one line for each supplier, as a page, a table and data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::base::rows;
use crate::project::register as files;
use crate::workflow::batch::{Batch, Row, RowState};
use crate::workflow::outbox;
use crate::workflow::register::RegisterError;

/// Version of `report.json`.
const VERSION: u32 = 1;

/// Writes `report.html`, `report.csv` and `report.json` into the folder of a batch, and gives their paths.
///
/// # Errors
/// [`RegisterError::Disk`] when they cannot be written, [`RegisterError::Refused`] for a template that does not compile.
pub fn write(batch: &Batch, root: &Path) -> Result<Vec<PathBuf>, RegisterError> {
    let pages = outbox::pages(root)?;
    let data = json(batch);
    let help = "correct the template, or remove yours to use the embedded one";
    let page = pages.render("batch/report.html", &data).map_err(|error| RegisterError::refused(error.to_string(), help))?;
    let mut text = serde_json::to_vec_pretty(&data).unwrap_or_default();
    text.push(b'\n');
    let all = [("report.html", page.into_bytes()), ("report.csv", csv(batch).into_bytes()), ("report.json", text)];
    let mut paths = Vec::new();
    for (name, bytes) in all {
        let path = batch.folder.join(name);
        // Holds and findings are our view of the supplier.
        files::replace(&path, &bytes, true)?;
        paths.push(path);
    }
    Ok(paths)
}

/// The report as data.
pub fn json(batch: &Batch) -> Value {
    let count = |state: RowState| batch.rows.iter().filter(|row| row.state == state).count();
    let mut tiers: BTreeMap<&str, usize> = BTreeMap::new();
    for tier in batch.rows.iter().filter_map(|row| row.tier) {
        *tiers.entry(tier.word()).or_default() += 1;
    }
    json!({
        "version": VERSION,
        "batch": batch.id,
        "totals": {
            "suppliers": batch.rows.len(), "written": count(RowState::Written), "unchanged": count(RowState::Unchanged), "failed": count(RowState::Failed),
            "broken": count(RowState::Broken), "left": batch.left, "warnings": batch.rows.iter().map(warnings).sum::<usize>(),
            "documents": batch.rows.iter().map(|row| row.documents.len()).sum::<usize>(),
            "pages": batch.rows.iter().filter_map(pages).sum::<usize>(),
            "tiers": tiers, "ms": batch.ms,
        },
        "rows": batch.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let mut value = json!(row);
    value["pages"] = json!(pages(row));
    value["warnings"] = json!(warnings(row));
    value
}

/// Pages of a pack; none where some were never counted.
fn pages(row: &Row) -> Option<usize> {
    if row.documents.is_empty() { None } else { row.documents.iter().map(|document| document.pages).sum() }
}

fn warnings(row: &Row) -> usize {
    row.findings.iter().filter(|finding| finding.severity == "warning").count()
}

/// The table: CSV after RFC 4180, one line for each supplier.
fn csv(batch: &Batch) -> String {
    let head = ["supplier", "name", "tier", "state", "pack", "date", "documents", "pages", "holds", "warnings", "faults", "ms", "folder"];
    let cells = |row: &Row| {
        let faults: Vec<String> = row
            .findings
            .iter()
            .filter(|finding| finding.severity == "error")
            .map(|finding| format!("{}{}", finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default(), finding.message))
            .collect();
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        vec![
            row.supplier.clone(),
            row.name.clone().unwrap_or_default(),
            row.tier.map(|tier| tier.word().to_owned()).unwrap_or_default(),
            serde_json::to_value(row.state).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default(),
            row.pack.clone().unwrap_or_default(),
            row.date.map(|date| date.to_string()).unwrap_or_default(),
            row.documents.len().to_string(),
            number(pages(row)),
            row.holds.join(" "),
            warnings(row).to_string(),
            faults.join(" | "),
            row.ms.to_string(),
            row.folder.clone().unwrap_or_default(),
        ]
    };
    rows::csv(&head, batch.rows.iter().map(cells))
}
