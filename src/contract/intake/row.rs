//! Rows of an export as trees of profiles, each scalar at its cell.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::grid::{Cell, CellValue, Grid, GridRow, serial_date};
use crate::base::node::{Entry, Kind, Node};
use crate::base::source::Place;
use crate::base::suggest;
use crate::contract::intake::cell::{scalar, slug};
use crate::contract::intake::draft::{Draft, require, set};
use crate::contract::intake::{Column, ColumnRule, Fields, Intake, Path, Step, SupplierSheet};

/// Rows from the top among which the headings are looked for.
const HEAD_ROWS: usize = 50;
/// Digits of a day of a spreadsheet, from 1927 to 2173.
const SERIAL_DIGITS: usize = 5;
/// Values that a message lists at most.
const MOST_LISTED: usize = 12;

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
