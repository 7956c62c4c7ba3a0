//! Spreadsheets as other programs export them: rows of cells, each with its address, out of CSV or XLSX.
//!
//! Crate `csv` takes CSV apart and `calamine` XLSX; what they forgive or cannot say is checked here: quotes that swallow rows, bytes in the wrong
//! encoding, cells that hold an error instead of a value. A cell is a source of its own, called by its address, so that every fault is shown there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calamine::{DataRef, Reader, Xlsx};
use encoding_rs::{Encoding, UTF_8};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::{Place, Source};

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
}

/// One row.
#[derive(Debug, Clone)]
pub struct GridRow {
    /// Its number as the spreadsheet shows it, from 1; for CSV the line on which it begins.
    pub number: usize,
    /// Cells with content, in order of column.
    pub cells: Vec<Cell>,
    /// Why the row cannot be told into cells, or not be read.
    pub fault: Option<String>,
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
}

/// How a CSV file is read.
#[derive(Debug, Clone, Default)]
pub struct CsvOptions {
    /// Its encoding by a name of the WHATWG Encoding Standard (`windows-1252`); UTF-8, or UTF-16 with a byte order mark, when absent.
    pub encoding: Option<String>,
    /// Encoding of rows that are not in that one.
    pub fallback: Option<String>,
    /// What parts the cells: `,`, `;`, a tab or `|`; the one that gives most columns when absent.
    pub delimiter: Option<char>,
}

/// Reads a CSV file.
///
/// # Errors
/// Reports `encoding` for a name of no encoding and `spreadsheet` for a file larger than any; `None` then. A row that does not decode, or whose
/// quotes are broken, has a fault.
pub fn csv(file: &str, bytes: &[u8], options: &CsvOptions, report: &mut Report) -> Option<Grid> {
    let named = |name: &Option<String>, report: &mut Report| match name {
        None => Some(None),
        Some(name) => match Encoding::for_label(name.as_bytes()) {
            Some(encoding) => Some(Some(encoding)),
            None => {
                let help = "a name as `utf-8`, `windows-1252`, `iso-8859-15`, `utf-16le`";
                report.push(Diagnostic::error("encoding", format!("there is no encoding `{name}`")).help(help));
                None
            }
        },
    };
    let (encoding, fallback) = (named(&options.encoding, report)?, named(&options.fallback, report)?);
    // A byte order mark says more than anybody.
    let (marked, skipped) = Encoding::for_bom(bytes).map_or((None, 0), |(encoding, length)| (Some(encoding), length));
    let encoding = marked.or(encoding).unwrap_or(UTF_8);
    let bytes = &bytes[skipped..];
    // The reader of CSV looks for single bytes of ASCII, which other encodings have inside of letters.
    let is_bytewise = encoding == UTF_8 || encoding.is_single_byte();
    let bytes: Cow<'_, [u8]> = if is_bytewise { bytes.into() } else { encoding.decode_without_bom_handling(bytes).0.into_owned().into_bytes().into() };
    let cells = Decoding { encoding: if is_bytewise { encoding } else { UTF_8 }, fallback, name: encoding.name(), is_bytewise };
    let delimiter = options.delimiter.and_then(|c| u8::try_from(c).ok()).unwrap_or_else(|| sniff(&bytes));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes.as_ref());
    let mut rows = Vec::new();
    let mut record = csv::ByteRecord::new();
    let (mut begins, mut counted, mut number) = (0, 0, 1);
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        let ends = usize::try_from(reader.position().byte()).unwrap_or(bytes.len()).min(bytes.len());
        // The reader takes blank lines, and the second half of a line end, for the beginning of the next row.
        let start = (begins.min(ends)..ends).find(|at| !is_line_end(bytes[*at])).unwrap_or(ends);
        number += (counted..start).filter(|at| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'))).count();
        (begins, counted) = (ends, start);
        let mut row = GridRow { number, cells: Vec::new(), fault: None };
        if !quotes_hold(&bytes[start..ends], delimiter) {
            row.fault = Some("a quote is opened and not closed, or stands inside a cell by itself".to_owned());
        }
        for (column, field) in record.iter().enumerate() {
            let Some(text) = cells.text(field) else {
                let other = if fallback.is_some() || !is_bytewise { "" } else { ", and the mapping names no `fallback`" };
                row.fault.get_or_insert(format!("cell {}{number} is not {}{other}", letters(column), cells.name));
                continue;
            };
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            if let Err(why) = within(number, column) {
                report.push(Diagnostic::error("spreadsheet", format!("`{file}` {why}")).help("split the file"));
                return None;
            }
            row.cells.push(Cell { column, value: CellValue::Text(text.to_owned()) });
        }
        if !row.cells.is_empty() || row.fault.is_some() {
            rows.push(row);
        }
    }
    Some(Grid { file: file.to_owned(), sheet: String::new(), rows })
}

/// Whether a cell with content stands where cells are read.
fn within(row: usize, column: usize) -> Result<(), String> {
    let is_within = row <= MOST_ROWS && column < MOST_COLUMNS;
    is_within.then_some(()).ok_or_else(|| format!("has a cell at {}{row}; at most {MOST_ROWS} rows and {MOST_COLUMNS} columns are read", letters(column)))
}

/// How the bytes of a cell become text.
struct Decoding {
    encoding: &'static Encoding,
    fallback: Option<&'static Encoding>,
    /// Of the encoding that the file is in.
    name: &'static str,
    /// Whether cells still are in it; all bytes were decoded at once otherwise.
    is_bytewise: bool,
}

impl Decoding {
    fn text(&self, field: &[u8]) -> Option<String> {
        let strict = |encoding: &'static Encoding| encoding.decode_without_bom_handling_and_without_replacement(field).map(Cow::into_owned);
        let text = strict(self.encoding).or_else(|| self.fallback.and_then(strict))?;
        // What did not decode left this mark.
        (self.is_bytewise || !text.contains(char::REPLACEMENT_CHARACTER)).then_some(text)
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Whether every quote of a row opens or closes a cell, is doubled, or has a fellow in a cell without quotes around it (RFC 4180, section 2).
///
/// The reader forgives a quote that closes in the middle of a cell; but then it was opened by mistake, and all rows in between went into one cell.
fn quotes_hold(row: &[u8], delimiter: u8) -> bool {
    let ends_cell = |at: usize| row.get(at).is_none_or(|byte| *byte == delimiter || is_line_end(*byte));
    let (mut at, mut alone) = (0, 0);
    while at < row.len() {
        if row[at] == b'"' {
            at += 1;
            loop {
                match (row.get(at), row.get(at + 1)) {
                    (None, _) => return false,
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"'), _) => break,
                    _ => at += 1,
                }
            }
            at += 1;
            if !ends_cell(at) {
                return false;
            }
        }
        while !ends_cell(at) {
            alone += usize::from(row[at] == b'"');
            at += 1;
        }
        at += 1;
    }
    alone % 2 == 0
}

/// The delimiter that parts most of the first fifty lines alike; inside of quotes none counts.
fn sniff(bytes: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut lines_by_count: BTreeMap<usize, usize> = BTreeMap::new();
        for line in bytes.split(|byte| *byte == b'\n').take(50) {
            let parts = line.split(|byte| *byte == b'"').step_by(2);
            let count = parts.flatten().filter(|byte| **byte == delimiter).count();
            *lines_by_count.entry(count).or_default() += usize::from(count > 0);
        }
        lines_by_count.into_iter().map(|(count, lines)| (count * lines, lines)).max().unwrap_or_default()
    };
    // Of several that part as well, the first.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// Reads the sheets of an XLSX file, formulas as the values that they had when it was saved.
///
/// # Errors
/// Reports `spreadsheet` for a file that is none, or larger than any; `None` then.
pub fn xlsx(file: &str, bytes: &[u8], report: &mut Report) -> Option<Vec<Grid>> {
    // What a damaged file does to the reader stays with the file.
    let read = catch_unwind(AssertUnwindSafe(|| read_xlsx(file, bytes))).unwrap_or_else(|_| Err("its parts contradict each other".to_owned()));
    match read {
        Ok(grids) => Some(grids),
        Err(why) => {
            let help = "open it in a spreadsheet program and save it as `.xlsx`, without a password, or as CSV";
            report.push(Diagnostic::error("spreadsheet", format!("`{file}` does not read: {why}")).help(help));
            None
        }
    }
}

fn read_xlsx(file: &str, bytes: &[u8]) -> Result<Vec<Grid>, String> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut grids = Vec::new();
    for sheet in workbook.sheet_names() {
        // A chart has a sheet of its own, and no cells.
        let Ok(mut reader) = workbook.worksheet_cells_reader(&sheet) else { continue };
        let mut grid = Grid { file: file.to_owned(), sheet: sheet.clone(), rows: Vec::new() };
        while let Some(cell) = reader.next_cell().map_err(|error| format!("sheet {sheet}: {error}"))? {
            let (row, column) = cell.get_position();
            let (number, column) = (row as usize + 1, column as usize);
            let Some(value) = value(cell.get_value()) else { continue };
            within(number, column).map_err(|why| format!("sheet {sheet} {why}"))?;
            match grid.rows.last_mut() {
                Some(last) if last.number == number => last.cells.push(Cell { column, value }),
                _ => grid.rows.push(GridRow { number, cells: vec![Cell { column, value }], fault: None }),
            }
        }
        // Files that other programs wrote need not be in order.
        grid.rows.sort_by_key(|row| row.number);
        grid.rows.iter_mut().for_each(|row| row.cells.sort_by_key(|cell| cell.column));
        grids.push(grid);
    }
    Ok(grids)
}

fn value(data: &DataRef<'_>) -> Option<CellValue> {
    let text = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(|text| CellValue::Text(text.to_owned()));
    match data {
        DataRef::Empty => None,
        DataRef::Int(number) => Some(CellValue::Number(*number as f64)),
        DataRef::Float(number) => Some(CellValue::Number(*number)),
        DataRef::String(own) => text(own),
        DataRef::SharedString(shared) => text(shared),
        DataRef::Bool(yes) => Some(CellValue::Bool(*yes)),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            Some(format!("{year:04}-{month:02}-{day:02}").parse().map_or_else(|_| CellValue::Number(moment.as_f64()), CellValue::Date))
        }
        DataRef::DateTimeIso(iso) => iso.get(..10).and_then(|day| day.parse().ok()).map(CellValue::Date).or_else(|| text(iso)),
        DataRef::DurationIso(iso) => text(iso),
        DataRef::Error(error) => Some(CellValue::Fault(error.to_string())),
    }
}
