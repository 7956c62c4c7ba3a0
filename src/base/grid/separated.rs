//! CSV as a grid: encodings, delimiters, and quotes that swallow rows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::grid::{Cell, Grid, GridRow, letters, text, within};

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
            let Some(decoded) = cells.text(field) else {
                let other = if fallback.is_some() || !is_bytewise { "" } else { ", and the mapping names no `fallback`" };
                row.fault.get_or_insert(format!("cell {}{number} is not {}{other}", letters(column), cells.name));
                continue;
            };
            let Some(value) = text(&decoded) else { continue };
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
