//! Spreadsheets as other programs export them: rows of cells, each with its address, out of CSV, XLSX, XLS or ODS.
//!
//! Crate `csv` takes CSV apart and `calamine` the others; what they forgive or cannot say is checked here: quotes that swallow rows, bytes in the wrong
//! encoding, cells that hold an error instead of a value. A cell is a source of its own, called by its address, so that every fault is shown there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calamine::{DataType, Ods, Reader, Xls, Xlsx};
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

/// Days from the first epoch to that of files from another system, 1 January 1904 (ISO/IEC 29500-1, 18.17.4.1).
const EPOCH_1904: f64 = 1_462.0;

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
        let mut row = GridRow { number, cells: Vec::new(), width: record.len(), fault: None, is_torn: false };
        let written = bytes[start..ends].trim_ascii_end();
        if !quotes_hold(written, delimiter) {
            let further = written.iter().filter(|byte| **byte == b'\n').count();
            let taken = if further > 0 { format!(", and takes the lines up to {} with it", number + further) } else { String::new() };
            row.fault = Some(format!("a quote is opened and not closed, or stands inside a cell by itself{taken}"));
            row.is_torn = true;
        }
        for (column, field) in record.iter().enumerate() {
            let Some(text) = cells.text(field) else {
                let other = if fallback.is_some() || !is_bytewise { "" } else { ", and the mapping names no `fallback`" };
                row.fault.get_or_insert(format!("cell {}{number} is not {}{other}", letters(column), cells.name));
                continue;
            };
            let Some(value) = self::text(&text) else { continue };
            if let Err(why) = within(number, column) {
                report.push(Diagnostic::error("spreadsheet", format!("`{file}` {why}")).help("split the file"));
                return None;
            }
            row.cells.push(Cell { column, value });
        }
        if !row.cells.is_empty() || row.fault.is_some() {
            rows.push(row);
        }
    }
    Some(Grid { file: file.to_owned(), sheet: String::new(), rows, shift: 0.0 })
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

/// What a spreadsheet file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workbook {
    /// Office Open XML, `.xlsx` and `.xlsm`.
    Xlsx,
    /// The binary form before it, `.xls`.
    Xls,
    /// OpenDocument, `.ods`.
    Ods,
}

/// Reads the sheets of a spreadsheet file, formulas as the values that they had when it was saved.
///
/// # Errors
/// Reports `spreadsheet` for a file that is none, or larger than any; `None` then.
pub fn workbook(form: Workbook, file: &str, bytes: &[u8], report: &mut Report) -> Option<Vec<Grid>> {
    let read = || match form {
        Workbook::Xlsx => read_xlsx(file, bytes),
        Workbook::Xls => {
            let book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
            let shift = shift(book.has_1904_epoch());
            read_ranges(book, file, shift)
        }
        Workbook::Ods => read_ranges::<Ods<_>>(Ods::new(Cursor::new(bytes)).map_err(|error| error.to_string())?, file, 0.0),
    };
    // What a damaged file does to the reader stays with the file.
    let read = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its parts contradict each other".to_owned()));
    match read {
        Ok(grids) => Some(grids),
        Err(why) => {
            let help = "open it in a spreadsheet program and save it as `.xlsx`, without a password, or as CSV";
            report.push(Diagnostic::error("spreadsheet", format!("`{file}` does not read: {why}")).help(help));
            None
        }
    }
}

/// Days that serial dates of a file are behind.
fn shift(is_1904: bool) -> f64 {
    if is_1904 { EPOCH_1904 } else { 0.0 }
}

/// Cell by cell: a lone cell at the end of a sheet would be seventeen billion as a whole sheet.
fn read_xlsx(file: &str, bytes: &[u8]) -> Result<Vec<Grid>, String> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let shift = shift(workbook.has_1904_epoch());
    let mut grids = Vec::new();
    for sheet in workbook.sheet_names() {
        // A chart has a sheet of its own, and no cells.
        let Ok(mut reader) = workbook.worksheet_cells_reader(&sheet) else { continue };
        let mut grid = Grid { file: file.to_owned(), sheet: sheet.clone(), rows: Vec::new(), shift };
        while let Some(cell) = reader.next_cell().map_err(|error| format!("sheet {sheet}: {error}"))? {
            let (row, column) = cell.get_position();
            grid.put(row as usize + 1, column as usize, cell.get_value())?;
        }
        grids.push(grid.sorted());
    }
    Ok(grids)
}

/// The other forms are read as a whole; their reader bounds them, at 65,536 rows of 256 columns and at a hundred million cells.
fn read_ranges<'a, B: Reader<Cursor<&'a [u8]>>>(mut workbook: B, file: &str, shift: f64) -> Result<Vec<Grid>, String>
where
    B::Error: std::fmt::Display,
{
    let mut grids = Vec::new();
    for sheet in workbook.sheet_names() {
        let range = workbook.worksheet_range(&sheet).map_err(|error| format!("sheet {sheet}: {error}"))?;
        let (above, before) = range.start().unwrap_or_default();
        let mut grid = Grid { file: file.to_owned(), sheet, rows: Vec::new(), shift };
        for (row, column, data) in range.used_cells() {
            grid.put(above as usize + row + 1, before as usize + column, data)?;
        }
        grids.push(grid.sorted());
    }
    Ok(grids)
}

impl Grid {
    /// Adds a cell behind those that are there.
    fn put(&mut self, number: usize, column: usize, data: &impl DataType) -> Result<(), String> {
        let Some(value) = value(data, self.shift) else { return Ok(()) };
        within(number, column).map_err(|why| format!("sheet {} {why}", self.sheet))?;
        match self.rows.last_mut() {
            Some(last) if last.number == number => last.cells.push(Cell { column, value }),
            _ => self.rows.push(GridRow { number, cells: vec![Cell { column, value }], width: 0, fault: None, is_torn: false }),
        }
        Ok(())
    }

    /// Files that other programs wrote need not be in order.
    fn sorted(mut self) -> Self {
        self.rows.sort_by_key(|row| row.number);
        for row in &mut self.rows {
            row.cells.sort_by_key(|cell| cell.column);
            row.width = row.cells.last().map_or(0, |cell| cell.column + 1);
        }
        self
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

fn value(data: &impl DataType, shift: f64) -> Option<CellValue> {
    if let Some(error) = data.get_error() {
        return Some(CellValue::Fault(error.to_string()));
    }
    if let Some(moment) = data.get_datetime() {
        // A time of day, or a span of time, is no day.
        return Some(day(moment.as_f64(), shift).map_or(CellValue::Number(moment.as_f64()), CellValue::Date));
    }
    if let Some(iso) = data.get_datetime_iso() {
        return iso.get(..10).and_then(|day| day.parse().ok()).map(CellValue::Date).or_else(|| text(iso));
    }
    let number = || data.get_float().or_else(|| data.get_int().map(|number| number as f64)).map(CellValue::Number);
    let words = || data.get_string().or_else(|| data.get_duration_iso()).and_then(text);
    data.get_bool().map(CellValue::Bool).or_else(number).or_else(words)
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
