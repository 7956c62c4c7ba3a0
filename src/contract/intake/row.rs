//! Rows of an export as trees of profiles, each scalar at its cell.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::grid::{Cell, CellValue, Grid, GridRow, serial_date};
use crate::base::node::{Entry, Kind, Node};
use crate::base::source::Place;
use crate::base::suggest;
use crate::contract::intake::{Column, ColumnRule, DateForm, Fields, Intake, Path, Step, SupplierSheet};

/// Rows from the top among which the headings are looked for.
const HEAD_ROWS: usize = 50;
/// Digits of a day of a spreadsheet, from 1927 to 2173.
const SERIAL_DIGITS: usize = 5;
/// Longest id that is made of a name.
const LONGEST_ID: usize = 60;
/// Values that a message lists at most.
const MOST_LISTED: usize = 12;

/// One supplier as the export has it.
#[derive(Debug)]
pub struct Draft {
    /// Sheet and number of its row.
    pub place: Place,
    /// Number of its row.
    pub row: usize,
    /// The id that its column or its name gives.
    pub id: Option<String>,
    /// Whether the id was read from a column.
    pub is_id_stated: bool,
    /// What the mapping gives a new profile.
    pub defaults: Node,
    /// What its cells say: field, value.
    pub cells: Vec<(Path, Node)>,
    /// Cells that are mapped and empty.
    pub empty: Vec<(Path, Place)>,
    /// What is wrong with its row, and with rows of other sheets that are its.
    pub report: Report,
}

/// An export, read.
#[derive(Debug, Default)]
pub struct Reading {
    /// Its suppliers, in the order of their rows.
    pub drafts: Vec<Draft>,
    /// Faults of the file as a whole, and of the mapping against it: no row can be trusted then.
    pub report: Report,
    /// Faults of rows that belong to no supplier.
    pub strays: Report,
}

/// Mapped cells with their fields, and the places of those that are empty.
type Cells = (Vec<(Path, Node)>, Vec<(Path, Place)>);

/// A sheet with its headings found.
struct Table<'a> {
    grid: &'a Grid,
    /// Column by heading, of those that are mapped.
    columns: BTreeMap<&'a str, usize>,
    /// Cells that rows have: as many as the headings, or as most rows, which may end in one more delimiter.
    width: usize,
    /// Rows below the headings.
    rows: Vec<&'a GridRow>,
}

/// Reads the rows of an export by a mapping, of which `node` is the tree.
///
/// # Errors
/// Faults of a row are in its draft: `cell-error`, `unknown-value`, `wrong-type`, `impossible-date`, `bad-form`, `broken-row`. Faults of the whole:
/// `unknown-sheet`, `unknown-column`, `no-headings`, `duplicate-column`, `unknown-key`.
pub fn read(intake: &Intake, node: &Node, fields: &Fields, grids: &[Grid]) -> Reading {
    let mut reading = Reading::default();
    let report = &mut reading.report;
    let supplier = &intake.suppliers;
    let choices = intake.choices.iter().enumerate().map(|(at, choice)| (choice.column.as_str(), node.place_of(&format!("choices[{at}].column"))));
    let further =
        [("suppliers.key", &supplier.key), ("suppliers.id", &supplier.id)].into_iter().filter_map(|(path, name)| Some((name.as_deref()?, node.place_of(path))));
    let wanted: Vec<(&str, Place)> =
        supplier.columns.keys().map(|heading| (heading.as_str(), heading_place(node, "suppliers.columns", heading))).chain(further).chain(choices).collect();
    let Some(grid) = sheet(grids, supplier.sheet.as_deref(), &node.place_of("suppliers.sheet"), report) else { return reading };
    let Some(table) = Table::find(grid, &wanted, &supplier.ignore, report) else { return reading };
    let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
    for row in &table.rows {
        let mut draft = table.draft(row, intake, node, fields);
        if let Some((key, place)) = supplier.key.as_deref().and_then(|heading| table.key(row, heading, supplier)) {
            // Rows of other sheets go to the first of two with one key, as the other is faulty.
            if let Some(first) = by_key.get(&key).map(|first| &reading.drafts[*first]) {
                let fault = Diagnostic::error("duplicate-supplier", format!("`{key}` stands in two rows"));
                draft.report.push(fault.at(&place).with(&first.place, "first here").help("keep one row for each supplier"));
            } else {
                by_key.insert(key, reading.drafts.len());
            }
        }
        reading.drafts.push(draft);
    }
    for (at, group) in intake.groups.iter().enumerate() {
        let path = format!("groups[{at}]");
        let Some(grid) = sheet(grids, Some(&group.sheet), &node.place_of(&format!("{path}.sheet")), &mut reading.report) else { continue };
        let columns = format!("{path}.columns");
        let mut wanted: Vec<(&str, Place)> = group.columns.keys().map(|heading| (heading.as_str(), heading_place(node, &columns, heading))).collect();
        wanted.push((group.key.as_str(), node.place_of(&format!("{path}.key"))));
        let Some(table) = Table::find(grid, &wanted, &group.ignore, &mut reading.report) else { continue };
        let defaults = place_at(node, &format!("{path}.defaults"));
        let mut lists: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
        for row in &table.rows {
            let key = table.key(row, &group.key, supplier);
            let draft = key.as_ref().and_then(|(key, _)| by_key.get(key));
            let Some(draft) = draft else {
                let (message, place) = match key {
                    Some((key, place)) => (format!("no row of the suppliers has `{key}`"), place),
                    None => ("the row names no supplier".to_owned(), grid.row_place(row)),
                };
                let help = format!("write into `{}` what stands in `{}` of the suppliers", group.key, supplier.key.as_deref().unwrap_or_default());
                reading.strays.push(Diagnostic::error("unknown-key", message).at(&place).help(help));
                continue;
            };
            let own = &mut reading.drafts[*draft].report;
            let mut entry = Node { place: grid.row_place(row), kind: Kind::Mapping(Vec::new()) };
            let (cells, empty) = table.cells(row, &group.columns, &group.list, node, &columns, fields, own);
            // The path of a group is from the top of the profile; its entries are filled from inside.
            let inside = |path: Path| Path(path.0.into_iter().skip_while(|step| *step != Step::Any).skip(1).collect());
            cells.into_iter().for_each(|(path, value)| set(&mut entry, &inside(path).0, value));
            if let Some(defaults) = defaults {
                entry = entry.over(defaults);
            }
            for (path, place) in empty.into_iter().filter(|(path, _)| fields.is_needed(path)) {
                require(&mut entry, &inside(path).0, &place);
            }
            lists.entry(*draft).or_default().push(entry);
        }
        if let Some(list) = Path::parse(&group.list) {
            for (draft, items) in lists {
                let draft = &mut reading.drafts[draft];
                let value = Node { place: draft.place.clone(), kind: Kind::Sequence(items) };
                draft.cells.push((list.clone(), value));
            }
        }
    }
    reading
}

/// The node at a path of keys and `[n]`.
fn place_at<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    let mut node = node;
    for step in Path::parse(path)?.0 {
        node = match (step, &node.kind) {
            (Step::Key(key), _) => node.get(&key)?,
            (Step::Entry(at), Kind::Sequence(items)) => items.get(at)?,
            _ => return None,
        };
    }
    Some(node)
}

/// The place of a heading in the mapping; headings may hold dots and brackets.
pub(super) fn heading_place(node: &Node, path: &str, heading: &str) -> Place {
    let entry = match place_at(node, path).map(|inner| &inner.kind) {
        Some(Kind::Mapping(entries)) => entries.iter().find(|entry| entry.key == heading),
        _ => None,
    };
    entry.map_or_else(|| node.place.clone(), |entry| entry.key_place.clone())
}

fn sheet<'a>(grids: &'a [Grid], name: Option<&str>, place: &Place, report: &mut Report) -> Option<&'a Grid> {
    let Some(name) = name else { return grids.first() };
    // CSV is one sheet, which has no name.
    let found = grids.iter().find(|grid| grid.sheet == name).or(grids.first().filter(|grid| grid.sheet.is_empty() && grids.len() == 1));
    if found.is_none() {
        let help = suggest::help(name, grids.iter().map(|grid| grid.sheet.as_str()));
        report.push(Diagnostic::error("unknown-sheet", format!("the file has no sheet `{name}`")).at(place).help(help));
    }
    found
}

impl<'a> Table<'a> {
    /// Finds the row that has most of the wanted headings; what stands above it (titles, dates of the export) is skipped.
    fn find(grid: &'a Grid, wanted: &[(&'a str, Place)], ignore: &[String], report: &mut Report) -> Option<Self> {
        let heading = |cell: &Cell| cell.value.text().unwrap_or_default();
        let score = |row: &GridRow| wanted.iter().filter(|(name, _)| row.cells.iter().any(|cell| heading(cell) == *name)).count();
        // Of several that have as many, the first.
        let best = grid.rows.iter().take(HEAD_ROWS).enumerate().max_by_key(|(at, row)| (score(row), std::cmp::Reverse(*at))).filter(|(_, row)| score(row) > 0);
        let Some((at, head)) = best else {
            let shown = grid.address(1, 0, "");
            let list = wanted.iter().take(MOST_LISTED).map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message = format!("none of the first {HEAD_ROWS} rows of {} has a heading of the mapping", shown.trim_end_matches("A1"));
            report.push(Diagnostic::error("no-headings", message).at_opt(wanted.first().map(|(_, place)| place)).help(format!("wanted are {list}")));
            return None;
        };
        let found: Vec<(String, usize)> = head.cells.iter().map(|cell| (heading(cell), cell.column)).collect();
        let mut columns = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (name, place) in wanted {
            let all: Vec<usize> = found.iter().filter(|(heading, _)| heading == name).map(|(_, column)| *column).collect();
            match all.as_slice() {
                _ if !seen.insert(*name) => {}
                [] => {
                    let help = suggest::nearest(name, found.iter().map(|(heading, _)| heading.as_str()))
                        .map_or_else(|| "take it out of the mapping, or export it".to_owned(), |near| format!("did you mean `{near}`?"));
                    let message = format!("there is no column `{name}` among the headings in row {}", head.number);
                    report.push(Diagnostic::error("unknown-column", message).at(place).help(help));
                }
                [only] => drop(columns.insert(*name, *only)),
                [_, second, ..] => {
                    let place = grid.place(head.number, *second, "", name);
                    report.push(
                        Diagnostic::error("duplicate-column", format!("the heading `{name}` stands twice"))
                            .at(&place)
                            .help("rename one of the columns in the export"),
                    );
                }
            }
        }
        for (heading, column) in found.iter().filter(|(heading, _)| !wanted.iter().any(|(name, _)| name == heading) && !ignore.contains(heading)) {
            let place = grid.place(head.number, *column, "", heading);
            report.push(
                Diagnostic::warning("unmapped-column", format!("the column `{heading}` is not read")).at(&place).help("map it, or list it under `ignore`"),
            );
        }
        let is_filled = |row: &&GridRow| row.fault.is_some() || row.cells.iter().any(|cell| columns.values().any(|column| *column == cell.column));
        let rows = grid.rows[at + 1..].iter().filter(is_filled).collect();
        let mut rows_by_width: BTreeMap<usize, usize> = BTreeMap::new();
        grid.rows[at + 1..].iter().for_each(|row| *rows_by_width.entry(row.width).or_default() += 1);
        let usual = rows_by_width.into_iter().max_by_key(|(width, rows)| (*rows, *width)).map_or(0, |(width, _)| width);
        Some(Self { grid, columns, width: usual.max(head.width), rows })
    }

    fn cell(&self, row: &'a GridRow, heading: &str) -> Option<&'a Cell> {
        let column = self.columns.get(heading)?;
        row.cells.iter().find(|cell| cell.column == *column)
    }

    fn place(&self, row: &GridRow, cell: &Cell, heading: &str) -> Place {
        self.grid.place(row.number, cell.column, heading, &cell.value.shown())
    }

    /// What a row is joined by, with its place: filled up as the column of the suppliers is, because either sheet may have lost zeros.
    fn key(&self, row: &'a GridRow, heading: &str, supplier: &SupplierSheet) -> Option<(String, Place)> {
        let cell = self.cell(row, heading)?;
        let text = cell.value.text().ok()?;
        let digits = supplier.key.as_ref().and_then(|key| supplier.columns.get(key)?.rule()?.digits).unwrap_or(0);
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        Some((if is_number { format!("{text:0>digits$}") } else { text }, self.place(row, cell, heading)))
    }

    /// One supplier.
    fn draft(&self, row: &'a GridRow, intake: &Intake, node: &Node, fields: &Fields) -> Draft {
        let mut report = Report::default();
        let place = self.grid.row_place(row);
        if let Some(fault) = &row.fault {
            let help = "mend the row in the export; `csv.encoding` and `csv.fallback` of the mapping name encodings";
            report.push(Diagnostic::error("broken-row", fault.clone()).at(&place).help(help));
        }
        let is_wide = !row.is_torn && self.grid.sheet.is_empty() && row.width > self.width;
        if is_wide {
            let message = format!("the row has {} cells, others have {}", row.width, self.width);
            let help = "a delimiter inside of a cell needs quotes around the cell; what stands after it moved into other columns";
            report.push(Diagnostic::error("broken-row", message).at(&place).help(help));
        }
        // What its cells say of columns that are not theirs would help nobody.
        let none = GridRow { cells: Vec::new(), ..row.clone() };
        let is_torn = row.is_torn || is_wide;
        let row = if is_torn { &none } else { row };
        let (cells, empty) =
            if is_torn { Cells::default() } else { self.cells(row, &intake.suppliers.columns, "", node, "suppliers.columns", fields, &mut report) };
        let mut defaults = Node { place: place.clone(), kind: Kind::Mapping(Vec::new()) };
        for (at, choice) in intake.choices.iter().enumerate() {
            let Some(cell) = self.cell(row, &choice.column) else { continue };
            let text = self.text(row, cell, &choice.column, &mut report);
            let Some(text) = text else { continue };
            // Values of a choice may hold dots.
            let chosen = place_at(node, &format!("choices[{at}].values")).and_then(|values| values.get(&text));
            match chosen {
                Some(part) => defaults = defaults.over(part),
                None => {
                    let place = self.place(row, cell, &choice.column);
                    report.push(untranslated(&text, &choice.column, choice.values.keys().map(String::as_str)).at(&place));
                }
            }
        }
        if let Some(all) = place_at(node, "defaults") {
            defaults = defaults.over(all);
        }
        let stated = intake.suppliers.id.as_deref();
        let name = cells.iter().find(|(path, _)| *path == Path(vec![Step::Key("identity".to_owned()), Step::Key("legal_name".to_owned())]));
        let id = match stated {
            Some(heading) => self.cell(row, heading).and_then(|cell| self.text(row, cell, heading, &mut report)),
            None => name.and_then(|(_, node)| node.text().map(str::to_owned)),
        };
        Draft {
            row: row.number,
            id: id.map(|text| slug(&text)).filter(|id| !id.is_empty()),
            is_id_stated: stated.is_some(),
            place,
            defaults,
            cells,
            empty,
            report,
        }
    }

    /// The text of a cell, or a fault.
    fn text(&self, row: &GridRow, cell: &Cell, heading: &str, report: &mut Report) -> Option<String> {
        match cell.value.text() {
            Ok(text) => Some(text),
            Err(fault) => {
                let help = "correct the formula or the value in the export";
                report.push(Diagnostic::error("cell-error", format!("column `{heading}`: {fault}")).at(&self.place(row, cell, heading)).help(help));
                None
            }
        }
    }

    /// The mapped cells of a row with their fields, and those that are empty.
    #[expect(clippy::too_many_arguments, reason = "what a sheet and its mapping are, once for both kinds of sheets")]
    fn cells(
        &self,
        row: &'a GridRow,
        columns: &BTreeMap<String, Column>,
        list: &str,
        node: &Node,
        written: &str,
        fields: &Fields,
        report: &mut Report,
    ) -> Cells {
        let (mut cells, mut empty) = (Vec::new(), Vec::new());
        for (heading, column) in columns {
            let field = if list.is_empty() { column.field().to_owned() } else { format!("{list}[].{}", column.field()) };
            let Some(path) = Path::parse(&field) else { continue };
            let Some(cell) = self.cell(row, heading) else {
                if let Some(at) = self.columns.get(heading.as_str()) {
                    let place = self.grid.place(row.number, *at, heading, "");
                    if column.rule().is_some_and(|rule| rule.needed) {
                        let message = format!("column `{heading}` is empty, and the mapping needs it");
                        report.push(Diagnostic::error("empty-value", message).at(&place).help("fill the cell, or take `needed` out of the mapping"));
                    } else {
                        empty.push((path, place));
                    }
                }
                continue;
            };
            let place = self.place(row, cell, heading);
            let Some(text) = self.converted(row, cell, heading, column.rule(), report) else { continue };
            let part = |text: &str, path: &str, report: &mut Report| {
                translated(text, heading, column.rule(), &place, report).map(|text| scalar(text, !fields.is_text(path), &place))
            };
            let general = path.general();
            let Some((rule, separator)) = column.rule().and_then(|rule| Some((rule, rule.list.as_deref().filter(|separator| !separator.is_empty())?))) else {
                cells.extend(part(&text, &general, report).map(|value| (path, value)));
                continue;
            };
            let with = place_at(node, written).and_then(|all| all.get(heading)).and_then(|rule| rule.get("with"));
            let entries = text.split(separator).map(str::trim).filter(|part| !part.is_empty()).filter_map(|piece| match &rule.key {
                None => part(piece, &format!("{general}[]"), report),
                Some(key) => {
                    let value = part(piece, &format!("{general}[].{key}"), report)?;
                    let entry = Node { place: place.clone(), kind: Kind::Mapping(vec![Entry { key: key.clone(), key_place: place.clone(), value }]) };
                    Some(with.map_or(entry.clone(), |with| entry.over(with)))
                }
            });
            let entries = entries.collect();
            cells.push((path, Node { place: place.clone(), kind: Kind::Sequence(entries) }));
        }
        // By place, not by heading; stable, so what is in no list stays in order.
        cells.sort_by_key(|(path, _): &(Path, Node)| path.entry().map_or(0, |(_, at)| at));
        (cells, empty)
    }

    /// The text of a cell after dates and digits.
    fn converted(&self, row: &GridRow, cell: &Cell, heading: &str, rule: Option<&ColumnRule>, report: &mut Report) -> Option<String> {
        let place = self.place(row, cell, heading);
        if let Some(form) = rule.and_then(|rule| rule.date) {
            let (fault, help) = match &cell.value {
                CellValue::Date(date) => return Some(date.to_string()),
                CellValue::Number(serial) => match self.grid.day(*serial) {
                    Some(date) => return Some(date.to_string()),
                    None => (Diagnostic::error("impossible-date", format!("column `{heading}`: `{serial}` is no day of a spreadsheet")), "write a date"),
                },
                // So many digits are a day that a spreadsheet wrote into CSV; no form of date has as many and nothing else.
                CellValue::Text(text) if text.len() == SERIAL_DIGITS && text.bytes().all(|b| b.is_ascii_digit()) => {
                    match text.parse().ok().and_then(serial_date) {
                        Some(date) => return Some(date.to_string()),
                        None => (Diagnostic::error("impossible-date", format!("column `{heading}`: `{text}` is no day of a spreadsheet")), "write a date"),
                    }
                }
                CellValue::Text(text) => match form.read(text) {
                    Ok(date) => return Some(date.to_string()),
                    Err(true) => (Diagnostic::error("impossible-date", format!("column `{heading}`: there is no day `{text}`")), "check day and month"),
                    Err(false) => (
                        Diagnostic::error("wrong-type", format!("column `{heading}`: `{text}` is no date as {}", form.example())),
                        "write it so, or change `date` in the mapping",
                    ),
                },
                CellValue::Fault(_) | CellValue::Bool(_) => self
                    .text(row, cell, heading, report)
                    .map(|text| (Diagnostic::error("wrong-type", format!("column `{heading}`: `{text}` is no date")), "write a date"))?,
            };
            report.push(fault.at(&place).help(help));
            return None;
        }
        let text = self.text(row, cell, heading, report)?;
        let Some(digits) = rule.and_then(|rule| rule.digits) else { return Some(text) };
        if text.len() > digits || !text.bytes().all(|b| b.is_ascii_digit()) {
            let message = format!("column `{heading}`: `{text}` is no number of {digits} digits");
            report.push(Diagnostic::error("bad-form", message).at(&place).help("correct the number, or change `digits` in the mapping"));
            return None;
        }
        Some(format!("{text:0>digits$}"))
    }
}

/// The text after `values` and `slug`.
fn translated(text: &str, heading: &str, rule: Option<&ColumnRule>, place: &Place, report: &mut Report) -> Option<String> {
    let Some(rule) = rule else { return Some(text.to_owned()) };
    if rule.slug {
        return Some(slug(text));
    }
    if rule.values.is_empty() {
        return Some(text.to_owned());
    }
    let found = rule.values.get(text).cloned();
    if found.is_none() {
        report.push(untranslated(text, heading, rule.values.keys().map(String::as_str)).at(place));
    }
    found
}

fn untranslated<'a>(text: &str, heading: &str, known: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let message = format!("column `{heading}`: the mapping does not know the value `{text}`");
    let count = known.clone().count();
    let help = match suggest::nearest(text, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if count <= MOST_LISTED => format!("known are {}", known.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")),
        None => format!("add it to `values` of the mapping, which has {count} others"),
    };
    Diagnostic::error("unknown-value", message).help(help)
}

/// A scalar; of a number or boolean a plain one.
fn scalar(text: String, is_plain: bool, place: &Place) -> Node {
    let is_null = matches!(text.as_str(), "" | "~" | "null");
    Node { place: place.clone(), kind: Kind::Scalar { text, plain: is_plain && !is_null } }
}

impl DateForm {
    /// Reads a date; `Err(true)` for a day that the calendar does not have, `Err(false)` for another form.
    fn read(self, text: &str) -> Result<Date, bool> {
        let parts: Vec<&str> = text.split(['.', '/', '-']).map(str::trim).collect();
        let [first, second, third] = parts.as_slice() else { return Err(false) };
        let (year, month, day) = match self {
            Self::Iso => (first, second, third),
            Self::DayMonthYear => (third, second, first),
            Self::MonthDayYear => (third, first, second),
        };
        let digits = |text: &str, most: usize| !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
        // A year of two digits could be of two centuries.
        if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return Err(false);
        }
        format!("{year}-{month:0>2}-{day:0>2}").parse().map_err(|_| true)
    }

    fn example(self) -> &'static str {
        match self {
            Self::Iso => "`2026-11-21`",
            Self::DayMonthYear => "`21.11.2026`",
            Self::MonthDayYear => "`11/21/2026`",
        }
    }
}

/// An id out of a name: letters without their accents, and hyphens.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let plain = match c {
            'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
            'ü' | 'Ü' => "ue",
            'ß' | 'ẞ' => "ss",
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' | 'Ą' => "a",
            'ç' | 'ć' | 'č' | 'Ç' | 'Ć' | 'Č' => "c",
            'ď' | 'đ' | 'ð' | 'Ď' | 'Đ' => "d",
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' | 'È' | 'É' | 'Ê' | 'Ë' | 'Ę' | 'Ě' => "e",
            'ğ' | 'Ğ' => "g",
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' | 'İ' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
            'ł' | 'Ł' => "l",
            'ñ' | 'ń' | 'ň' | 'Ñ' | 'Ń' | 'Ň' => "n",
            'ò' | 'ó' | 'ô' | 'õ' | 'ő' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ő' => "o",
            'ř' | 'Ř' => "r",
            'ś' | 'š' | 'ş' | 'ș' | 'Ś' | 'Š' | 'Ş' | 'Ș' => "s",
            'ť' | 'ţ' | 'ț' | 'Ť' | 'Ţ' | 'Ț' => "t",
            'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'Ù' | 'Ú' | 'Û' | 'Ů' | 'Ű' => "u",
            'ý' | 'ÿ' | 'Ý' => "y",
            'ź' | 'ž' | 'ż' | 'Ź' | 'Ž' | 'Ż' => "z",
            'þ' | 'Þ' => "th",
            '&' => "-and-",
            '\'' | '\u{2019}' | '.' => continue,
            c if c.is_ascii_alphanumeric() => {
                out.push(c.to_ascii_lowercase());
                continue;
            }
            _ => "-",
        };
        out.push_str(plain);
    }
    let mut id = out.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if id.len() > LONGEST_ID {
        id.truncate(LONGEST_ID);
        id.truncate(id.rfind('-').filter(|at| *at > LONGEST_ID / 2).unwrap_or(id.len()));
    }
    id
}

/// Writes a value to a path of a tree, and makes what is missing on the way.
fn set(node: &mut Node, path: &[Step], value: Node) {
    let Some((step, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    let place = value.place.clone();
    let empty = |kind: Kind| Node { place: place.clone(), kind };
    match step {
        Step::Key(key) => {
            if !matches!(node.kind, Kind::Mapping(_)) {
                node.kind = Kind::Mapping(Vec::new());
            }
            let Kind::Mapping(entries) = &mut node.kind else { return };
            let at = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
                entries.push(Entry { key: key.clone(), key_place: place.clone(), value: empty(Kind::Mapping(Vec::new())) });
                entries.len() - 1
            });
            set(&mut entries[at].value, rest, value);
        }
        Step::Entry(_) | Step::Role(_) | Step::Any => {
            if !matches!(node.kind, Kind::Sequence(_)) {
                node.kind = Kind::Sequence(Vec::new());
            }
            let Kind::Sequence(items) = &mut node.kind else { return };
            let found = match step {
                Step::Entry(at) => Some(*at).filter(|at| *at < items.len()),
                Step::Role(role) => items.iter().position(|item| item.get("role").and_then(Node::text) == Some(role)),
                _ => None,
            };
            let at = found.unwrap_or_else(|| {
                let entries = match step {
                    Step::Role(role) => vec![Entry { key: "role".to_owned(), key_place: place.clone(), value: scalar(role.clone(), false, &place) }],
                    _ => Vec::new(),
                };
                items.push(empty(Kind::Mapping(entries)));
                items.len() - 1
            });
            set(&mut items[at], rest, value);
        }
    }
}

/// Where a group is there that needs a field, but the cell of the field is empty, an empty value stands for it, so that the fault is shown at the cell.
fn require(node: &mut Node, path: &[Step], place: &Place) {
    let Some((last, way)) = path.split_last() else { return };
    let mut inner = node;
    for step in way {
        let next = match (step, &mut inner.kind) {
            (Step::Key(key), Kind::Mapping(entries)) => entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value),
            (Step::Entry(at), Kind::Sequence(items)) => items.get_mut(*at),
            (Step::Role(role), Kind::Sequence(items)) => items.iter_mut().find(|item| item.get("role").and_then(Node::text) == Some(role)),
            _ => None,
        };
        let Some(next) = next else { return };
        inner = next;
    }
    if let (Step::Key(key), Kind::Mapping(entries)) = (last, &mut inner.kind)
        && !entries.iter().any(|entry| entry.key == *key)
    {
        let value = Node { place: place.clone(), kind: Kind::Scalar { text: String::new(), plain: true } };
        entries.push(Entry { key: key.clone(), key_place: place.clone(), value });
    }
}

impl Draft {
    /// The profile: the cells over what is there, or over what the mapping gives a new one.
    pub fn profile(&self, id: &str, existing: Option<&Node>, fields: &Fields) -> Node {
        let mut node = existing.cloned().unwrap_or_else(|| self.defaults.clone());
        if existing.is_none() {
            set(&mut node, &[Step::Key("version".to_owned())], scalar("1".to_owned(), true, &self.place));
            set(&mut node, &[Step::Key("supplier".to_owned())], scalar(id.to_owned(), false, &self.place));
        }
        for (path, value) in self.placed(&mut node) {
            set(&mut node, &path.0, value);
        }
        // A group that a cell opens in a profile that is there begins as it does in a new one.
        if let (Some(existing), Kind::Mapping(entries)) = (existing, &mut node.kind) {
            for entry in entries.iter_mut().filter(|entry| existing.get(&entry.key).is_none()) {
                if let Some(base) = self.defaults.get(&entry.key) {
                    entry.value = entry.value.clone().over(base);
                }
            }
        }
        for (path, place) in self.empty.iter().filter(|(path, _)| fields.is_needed(path)) {
            require(&mut node, &path.0, place);
        }
        node
    }
}

impl Draft {
    /// The cells with the entries that they go into.
    ///
    /// A list has no gaps, so a row with an empty cell between others made a list that is shorter than its columns. Where a list is too short for
    /// the places that the row fills, they are counted without the empty ones; its texts are what the row says then, and nothing else.
    fn placed(&self, node: &mut Node) -> Vec<(Path, Node)> {
        let mut filled: BTreeMap<&[Step], BTreeSet<usize>> = BTreeMap::new();
        for (path, _) in &self.cells {
            if let Some((list, at)) = path.entry() {
                filled.entry(list).or_default().insert(at);
            }
        }
        let mut moved: BTreeMap<&[Step], Vec<usize>> = BTreeMap::new();
        for (list, places) in filled {
            let found = find(node, list);
            let length = found.as_ref().map_or(0, |found| found.len());
            if places.last().is_none_or(|last| *last < length) {
                continue;
            }
            if let Some(items) = found.filter(|items| items.iter().all(|item| item.text().is_some())) {
                items.clear();
            }
            moved.insert(list, places.into_iter().collect());
        }
        let place = |(path, value): &(Path, Node)| {
            let mut path = path.clone();
            if let Some((list, at)) = path.entry()
                && let Some(rank) = moved.get(list).and_then(|places| places.iter().position(|one| *one == at))
            {
                let step = list.len();
                path.0[step] = Step::Entry(rank);
            }
            (path, value.clone())
        };
        self.cells.iter().map(place).collect()
    }
}

/// The entries of the list at a path of keys.
fn find<'a>(node: &'a mut Node, path: &[Step]) -> Option<&'a mut Vec<Node>> {
    let mut inner = node;
    for step in path {
        inner = match (step, &mut inner.kind) {
            (Step::Key(key), Kind::Mapping(entries)) => entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value)?,
            _ => return None,
        };
    }
    match &mut inner.kind {
        Kind::Sequence(items) => Some(items),
        _ => None,
    }
}

/// Brings the keys of a profile into the order of its schema; what the schema does not know stays at the end.
pub fn order(node: &Node, path: &str, fields: &Fields) -> Node {
    let kind = match &node.kind {
        Kind::Mapping(entries) => {
            let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let mut entries: Vec<Entry> =
                entries.iter().map(|entry| Entry { value: order(&entry.value, &inner(&entry.key), fields), ..entry.clone() }).collect();
            entries.sort_by_key(|entry| fields.rank(&inner(&entry.key)));
            Kind::Mapping(entries)
        }
        Kind::Sequence(items) => Kind::Sequence(items.iter().map(|item| order(item, &format!("{path}[]"), fields)).collect()),
        scalar => scalar.clone(),
    };
    Node { place: node.place.clone(), kind }
}
