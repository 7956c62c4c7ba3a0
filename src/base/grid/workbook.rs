//! Spreadsheet files as grids.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataType, Ods, Reader, Xls, Xlsx};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::grid::{Cell, CellValue, Grid, GridRow, day, text, within};

/// Days from the first epoch to that of files from another system, 1 January 1904 (ISO/IEC 29500-1, 18.17.4.1).
const EPOCH_1904: f64 = 1_462.0;

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
