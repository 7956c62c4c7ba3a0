//! CSV as rows of nodes, each with the place of its cell, so that one schema and one decoder serve CSV and YAML.
//!
//! RFC 4180 with a header row, read strictly. Crate `csv` reads broken quotes as best it can and does not know where a cell stands in
//! the file; here a fault is shown where it is, and the rows around it are still read. Tests hold this reader to that crate.
//!
//! Beyond the RFC: the delimiter is a comma or a semicolon, whichever the header has first; LF counts as CRLF; a byte order mark is
//! dropped; blanks around a cell without quotes are no content; an empty cell is an absent key, and `-` is `null`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::{Entry, Kind, Node};
use crate::base::source::{Place, Source};
use crate::base::suggest;

/// A CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The rows that could be told into cells, in file order; rows without any content are left out.
    pub rows: Vec<Row>,
    /// The rows that could not, each as a sequence of what was made out of its cells.
    pub broken: Vec<Node>,
}

/// One row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// A mapping from column to cell; keys and values stand at the cell.
    pub node: Node,
    /// Whether every cell is in it; one under a column that nobody knows, or that stands twice, is not.
    pub is_whole: bool,
}

/// Reads a sheet of which the columns are known.
///
/// A cell is a scalar that can be a number or a boolean, quoted or not, because spreadsheets put quotes as they like; only `-` is null.
///
/// # Errors
/// Reports `csv` (broken quotes, a lone carriage return, a column without name, an empty file), `ragged-row`, `unknown-key` and
/// `duplicate-key` (both of the header). Returns `None` where there is no header.
///
/// ```
/// use std::sync::Arc;
/// use countersign::base::{diagnostic::Report, sheet::read, source::Source};
/// let source = Arc::new(Source { path: "a.csv".into(), text: "name;end\r\n\"Zoë; Ltd\";-\r\nJörg\r\n".into() });
/// let mut report = Report::default();
/// let sheet = read(&source, &["name", "end"], &mut report).unwrap();
/// assert_eq!(sheet.rows[0].node.get("name").unwrap().text(), Some("Zoë; Ltd"));
/// assert!(sheet.rows[0].node.get("end").unwrap().is_null());
/// assert_eq!((sheet.broken.len(), report.sorted()[0].code), (1, "ragged-row"));
/// ```
pub fn read(source: &Arc<Source>, columns: &[&str], report: &mut Report) -> Option<Sheet> {
    let mut scanner = Scanner::new(source, report);
    let header = std::iter::from_fn(|| scanner.line()).find(|line| !line.is_blank());
    let Some(header) = header else {
        report.push(Diagnostic::error("csv", "the file is empty").at(&Place::start_of(source)).help("begin with a row of column names"));
        return None;
    };
    if header.is_broken {
        return None;
    }
    let headings = headings(source, &header, columns, scanner.report);
    let mut sheet = Sheet { rows: Vec::new(), broken: Vec::new() };
    while let Some(line) = scanner.line() {
        if line.is_blank() && !line.is_broken {
            continue;
        }
        if !line.is_broken && line.cells.len() == headings.len() {
            sheet.rows.push(row(source, &line, &headings));
            continue;
        }
        if !line.is_broken {
            scanner.report.push(ragged(source, &line, headings.len(), scanner.delimiter));
        }
        let cells = line.cells.iter().map(|cell| scalar(source, cell)).collect();
        sheet.broken.push(Node { place: Place::new(source, line.range.clone()), kind: Kind::Sequence(cells) });
    }
    Some(sheet)
}

/// Takes one cell apart into a list; each entry stands at its own part of the cell.
///
/// ```
/// use std::sync::Arc;
/// use countersign::base::{diagnostic::Report, node::Kind, sheet::{list, read}, source::Source};
/// let source = Arc::new(Source { path: "a.csv".into(), text: "roles\nuser; security\n".into() });
/// let sheet = read(&source, &["roles"], &mut Report::default()).unwrap();
/// let Kind::Sequence(roles) = list(sheet.rows[0].node.get("roles").unwrap(), ';').kind else { panic!("a list") };
/// assert_eq!((roles[1].text(), roles[1].place.column()), (Some("security"), 7));
/// ```
pub fn list(cell: &Node, separator: char) -> Node {
    let raw = cell.place.text();
    let is_quoted = raw.starts_with('"');
    let inner = if is_quoted { raw[1..].strip_suffix('"').unwrap_or(&raw[1..]) } else { raw };
    let mut at = cell.place.range.start + usize::from(is_quoted);
    let mut items = Vec::new();
    for part in inner.split(separator) {
        let start = at + (part.len() - part.trim_start().len());
        let text = part.trim().replace("\"\"", "\"");
        let place = Place::new(&cell.place.source, start..start + part.trim().len());
        items.push(Node { place, kind: Kind::Scalar { text, plain: false } });
        at += part.len() + separator.len_utf8();
    }
    Node { place: cell.place.clone(), kind: Kind::Sequence(items) }
}

/// One cell: where it stands, quotes included, and what it says.
struct Cell {
    range: Range<usize>,
    text: String,
}

/// The cells up to a line end.
struct Line {
    cells: Vec<Cell>,
    range: Range<usize>,
    is_broken: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.text.trim().is_empty())
    }
}

/// Tells a text into lines and cells. Everything with a meaning is ASCII, so that byte offsets are character boundaries.
struct Scanner<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    at: usize,
    delimiter: u8,
    seen_lone_return: bool,
    report: &'a mut Report,
}

impl<'a> Scanner<'a> {
    fn new(source: &'a Arc<Source>, report: &'a mut Report) -> Self {
        let text = source.text.as_str();
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut quoted = false;
        let first = text[at..].trim_start().bytes().take_while(|b| !matches!(b, b'\r' | b'\n')).find(|b| {
            quoted ^= *b == b'"';
            !quoted && matches!(b, b',' | b';')
        });
        Self { source, text, at, delimiter: first.unwrap_or(b','), seen_lone_return: false, report }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The next offset from `at` on with one of the bytes, or the end.
    fn find(&self, at: usize, wanted: impl Fn(u8) -> bool) -> usize {
        self.text.as_bytes()[at..].iter().position(|b| wanted(*b)).map_or(self.text.len(), |found| at + found)
    }

    fn fault(&mut self, range: Range<usize>, message: &str, help: &str) {
        self.report.push(Diagnostic::error("csv", message).at(&Place::new(self.source, range)).help(help));
    }

    fn line(&mut self) -> Option<Line> {
        self.byte(self.at)?;
        let start = self.at;
        let mut cells = Vec::new();
        let mut is_broken = false;
        loop {
            let begin = self.at;
            let cell = if self.byte(begin) == Some(b'"') { self.quoted() } else { self.bare(&mut is_broken) };
            match cell {
                Some(cell) => cells.push(cell),
                None => {
                    // Where a quote is broken nobody knows what belongs to the row; the next line is taken for the next row.
                    is_broken = true;
                    self.at = self.find(begin, |b| matches!(b, b'\r' | b'\n'));
                    cells.extend(self.rest(begin..self.at));
                }
            }
            if self.byte(self.at) != Some(self.delimiter) {
                break;
            }
            self.at += 1;
        }
        let range = start..self.at;
        self.line_end();
        Some(Line { cells, range, is_broken })
    }

    /// A cell in quotes; a quote inside is written twice.
    fn quoted(&mut self) -> Option<Cell> {
        let begin = self.at;
        let mut text = String::new();
        let mut from = begin + 1;
        loop {
            let quote = self.find(from, |b| b == b'"');
            text.push_str(&self.text[from..quote]);
            if quote == self.text.len() {
                self.fault(begin..begin + 1, "this quote is never closed", "close it, or take it away");
                return None;
            }
            if self.byte(quote + 1) == Some(b'"') {
                text.push('"');
                from = quote + 2;
                continue;
            }
            self.at = quote + 1;
            return match self.byte(self.at) {
                None | Some(b'\r' | b'\n') => Some(Cell { range: begin..self.at, text }),
                Some(byte) if byte == self.delimiter => Some(Cell { range: begin..self.at, text }),
                Some(_) => {
                    self.fault(quote..quote + 1, "text follows the closing quote of a cell", "write a quote inside a cell twice: `\"\"`");
                    None
                }
            };
        }
    }

    /// A cell without quotes.
    fn bare(&mut self, is_broken: &mut bool) -> Option<Cell> {
        let begin = self.at;
        let delimiter = self.delimiter;
        self.at = self.find(begin, |b| b == delimiter || matches!(b, b'\r' | b'\n'));
        let raw = &self.text[begin..self.at];
        if let Some(quote) = raw.find('"') {
            let place = begin + quote..begin + quote + 1;
            self.fault(place, "a quote inside a cell without quotes", "put the whole cell between quotes and write the quote inside twice: `\"\"`");
            *is_broken = true;
        }
        let text = raw.trim_matches([' ', '\t']);
        let start = begin + (raw.len() - raw.trim_start_matches([' ', '\t']).len());
        let start = if text.is_empty() { begin } else { start };
        Some(Cell { range: start..start + text.len(), text: text.to_owned() })
    }

    /// What a broken row seems to hold, so that its names are known.
    fn rest(&self, range: Range<usize>) -> Vec<Cell> {
        let delimiter = char::from(self.delimiter);
        let mut at = range.start;
        let part = |part: &str| {
            let cell = Cell { range: at..at + part.len(), text: part.trim_matches(['"', ' ']).to_owned() };
            at += part.len() + 1;
            cell
        };
        self.text[range].split(delimiter).map(part).collect()
    }

    fn line_end(&mut self) {
        match (self.byte(self.at), self.byte(self.at + 1)) {
            (Some(b'\r'), Some(b'\n')) => self.at += 2,
            (Some(b'\r'), _) => {
                if !self.seen_lone_return {
                    let message = "a carriage return without a line feed ends this line";
                    self.fault(self.at..self.at + 1, message, "save the file with line ends of Windows (CRLF) or of Unix (LF)");
                }
                self.seen_lone_return = true;
                self.at += 1;
            }
            (Some(_), _) => self.at += 1,
            (None, _) => {}
        }
    }
}

/// The column names, `None` for one that is at fault.
fn headings(source: &Arc<Source>, header: &Line, columns: &[&str], report: &mut Report) -> Vec<Option<String>> {
    let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
    let mut names = Vec::with_capacity(header.cells.len());
    for cell in &header.cells {
        let place = Place::new(source, cell.range.clone());
        let name = cell.text.as_str();
        let fault = if name.is_empty() {
            Some(Diagnostic::error("csv", "a column has no name").at(&place).help("give it a name, or take the column away"))
        } else if !columns.contains(&name) {
            let shown: String = name.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            let help = suggest::help(name, columns.iter().copied());
            Some(Diagnostic::error("unknown-key", format!("`{shown}` is not a column of this file")).at(&place).help(help))
        } else {
            seen.get(name).map(|first| {
                let message = format!("the column `{name}` stands twice");
                Diagnostic::error("duplicate-key", message).at(&place).with(first, "first written here").help("keep one of the two")
            })
        };
        names.push(fault.is_none().then(|| name.to_owned()));
        seen.entry(name).or_insert(place);
        fault.into_iter().for_each(|fault| report.push(fault));
    }
    names
}

fn row(source: &Arc<Source>, line: &Line, headings: &[Option<String>]) -> Row {
    let mut entries = Vec::new();
    let mut is_whole = true;
    for (cell, heading) in line.cells.iter().zip(headings).filter(|(cell, _)| !cell.text.is_empty()) {
        match heading {
            Some(key) => {
                let value = scalar(source, cell);
                entries.push(Entry { key: key.clone(), key_place: value.place.clone(), value });
            }
            None => is_whole = false,
        }
    }
    Row { node: Node { place: Place::new(source, line.range.clone()), kind: Kind::Mapping(entries) }, is_whole }
}

fn scalar(source: &Arc<Source>, cell: &Cell) -> Node {
    let kind = match cell.text.as_str() {
        "-" => Kind::Scalar { text: String::new(), plain: true },
        // These are words here: somebody may be called Null.
        word @ ("~" | "null") => Kind::Scalar { text: word.to_owned(), plain: false },
        text => Kind::Scalar { text: text.to_owned(), plain: true },
    };
    Node { place: Place::new(source, cell.range.clone()), kind }
}

fn ragged(source: &Arc<Source>, line: &Line, columns: usize, delimiter: u8) -> Diagnostic {
    let found = line.cells.len();
    let cells = if found == 1 { "1 cell".to_owned() } else { format!("{found} cells") };
    let place = line.cells.get(columns).map_or(line.range.clone(), |first| first.range.clone());
    let message = format!("the row has {cells}, the header has {columns}");
    let delimiter = char::from(delimiter);
    let help = format!("put a cell that holds `{delimiter}` or a line break between quotes; write `{delimiter}` for an empty cell too");
    Diagnostic::error("ragged-row", message).at(&Place::new(source, place)).help(help)
}
