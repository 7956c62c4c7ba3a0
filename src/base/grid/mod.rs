//! Spreadsheets as other programs export them: rows of cells, each with its address, out of CSV, XLSX, XLS or ODS.
//!
//! Crate `csv` takes CSV apart and `calamine` the others; what they forgive or cannot say is checked here: quotes that swallow rows, bytes in the wrong
//! encoding, cells that hold an error instead of a value. A cell is a source of its own, called by its address, so that every fault is shown there.

mod separated;
mod workbook;

use std::sync::Arc;

use crate::base::date::Date;
use crate::base::source::{Place, Source};

pub use separated::{CsvOptions, csv};
pub use workbook::{Workbook, workbook};

/// Rows of a sheet that are read at most.
const MOST_ROWS: usize = 200_000;
/// Columns of a sheet that are read at most.
const MOST_COLUMNS: usize = 1_000;
/// From this many digits on a number has lost some (IEEE 754 double precision keeps fifteen).
const EXACT: f64 = 1e15;
/// Day 0 of serial dates as spreadsheets count them, for days after 28 February 1900 (ISO/IEC 29500-1, 18.17.4.1).
const SERIAL_EPOCH: &str = "1899-12-30";

/// One sheet.
#[derive(Debug, Clone)]
pub struct Grid {
    /// File, as people would type it.
    pub file: String,
    /// Name of the sheet; empty for CSV.
    pub sheet: String,
    /// Rows with content, in order.
    pub rows: Vec<GridRow>,
    /// Days that its serial dates are behind those of other files.
    shift: f64,
}

/// One row.
#[derive(Debug, Clone)]
pub struct GridRow {
    /// Its number as the spreadsheet shows it, from 1; for CSV the line on which it begins.
    pub number: usize,
    /// Cells with content, in order of column.
    pub cells: Vec<Cell>,
    /// Cells that the file has for it, empty ones at its end included.
    pub width: usize,
    /// Why the row cannot be told into cells, or not be read.
    pub fault: Option<String>,
    /// Whether its cells may stand in other columns than they belong to.
    pub is_torn: bool,
}

/// One cell with content.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its column, from 0.
    pub column: usize,
    /// What it holds.
    pub value: CellValue,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum CellValue {
    /// Text, without blanks around it.
    Text(String),
    /// A number; a date that is not formatted as one is a number as well.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A date; its time of day is dropped.
    Date(Date),
    /// What a formula says instead of a value, for example `#N/A`.
    Fault(String),
}

impl CellValue {
    /// The value as text: numbers without superfluous zeros, dates as `YYYY-MM-DD`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn text(&self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Number(number) if number.abs() >= EXACT => Err(format!("a number of that many digits was rounded: {number:e}")),
            Self::Number(number) => Ok(number.to_string()),
            Self::Bool(yes) => Ok(yes.to_string()),
            Self::Date(date) => Ok(date.to_string()),
            Self::Fault(fault) => Err(format!("the cell holds an error: {fault}")),
        }
    }

    /// As it is shown in a message.
    pub fn shown(&self) -> String {
        match self {
            Self::Fault(fault) => fault.clone(),
            Self::Number(number) => number.to_string(),
            other => other.text().unwrap_or_default(),
        }
    }
}

/// The day of a serial date; `None` before 1 March 1900, where spreadsheets disagree, and after the year 9999.
///
/// ```
/// use countersign::base::grid::serial_date;
/// assert_eq!(serial_date(45_992.75).unwrap().to_string(), "2025-12-01");
/// assert_eq!(serial_date(12.0), None);
/// ```
pub fn serial_date(serial: f64) -> Option<Date> {
    let days = Some(serial).filter(|serial| (61.0..2_958_466.0).contains(serial))?;
    let epoch: Date = SERIAL_EPOCH.parse().ok()?;
    Some(epoch.plus_days(days as i32))
}

/// The letters of a column.
///
/// ```
/// use countersign::base::grid::letters;
/// assert_eq!((letters(0).as_str(), letters(25).as_str(), letters(26).as_str(), letters(701).as_str(), letters(702).as_str()), ("A", "Z", "AA", "ZZ", "AAA"));
/// ```
pub fn letters(column: usize) -> String {
    let mut out = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        out.insert(0, char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    out
}

impl Grid {
    /// Address of a cell: file, sheet, row and column, with the name of the column.
    pub fn address(&self, row: usize, column: usize, heading: &str) -> String {
        let sheet = if self.sheet.is_empty() { String::new() } else { format!("{}!", self.sheet) };
        let heading = if heading.is_empty() { String::new() } else { format!(" ({heading})") };
        format!("{}: {sheet}{}{row}{heading}", self.file, letters(column))
    }

    /// The place of a cell: a source of its own.
    pub fn place(&self, row: usize, column: usize, heading: &str, shown: &str) -> Place {
        let source = Arc::new(Source { path: self.address(row, column, heading), text: shown.to_owned() });
        Place::new(&source, 0..shown.len())
    }

    /// The place of a row.
    pub fn row_place(&self, row: &GridRow) -> Place {
        let text = row.cells.iter().map(|cell| cell.value.shown()).collect::<Vec<_>>().join(" | ");
        self.place(row.number, 0, "", &text)
    }

    /// The day of a number; spreadsheets count from one of two days.
    pub fn day(&self, serial: f64) -> Option<Date> {
        day(serial, self.shift)
    }
}

/// Less than one is a time of day, wherever days are counted from.
fn day(serial: f64, shift: f64) -> Option<Date> {
    Some(serial).filter(|serial| *serial >= 1.0).and_then(|serial| serial_date(serial + shift))
}

/// Whether a cell with content stands where cells are read.
fn within(row: usize, column: usize) -> Result<(), String> {
    let is_within = row <= MOST_ROWS && column < MOST_COLUMNS;
    is_within.then_some(()).ok_or_else(|| format!("has a cell at {}{row}; at most {MOST_ROWS} rows and {MOST_COLUMNS} columns are read", letters(column)))
}

/// What a text holds, without the blanks around it; `None` where that is nothing.
fn text(text: &str) -> Option<CellValue> {
    let text = text.trim();
    // In CSV and OpenDocument errors are text, in the language of the program (`#NV`, `#WERT!`); and CSV has what a column was too narrow for.
    let code = text.strip_prefix("Err:").is_some_and(|rest| rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit()));
    let word = text.strip_prefix('#').is_some_and(|rest| rest.ends_with(['!', '?']) && rest.len() > 1 && !rest.contains(char::is_whitespace));
    let narrow = text.len() > 2 && text.bytes().all(|b| b == b'#');
    if code || word || narrow || matches!(text, "#N/A" | "#NV" | "#N/D" | "#GETTING_DATA") {
        return Some(CellValue::Fault(text.to_owned()));
    }
    (!text.is_empty()).then(|| CellValue::Text(text.to_owned()))
}
