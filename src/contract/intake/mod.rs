//! Intake: how the columns of a procurement system's export become profiles. The mapping file, and the rows that it makes into trees.
//!
//! The format is a promise (`docs/formats.md`). Nothing of a cell is ever more than a scalar: translated, dated, padded or split as the mapping says,
//! and then read by the same decoder as a profile that somebody wrote.

mod cell;
mod draft;
mod field;
mod row;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::grid::CsvOptions;
use crate::base::node::Node;
use crate::base::source::Place;
use crate::base::suggest;

pub use draft::{Draft, order};
pub use field::{Fields, Path, Step};
pub use row::{Reading, read};

/// The mapping file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// How a CSV file is read.
    #[serde(default)]
    pub csv: CsvFormat,
    /// The sheet with one supplier in each row.
    pub suppliers: SupplierSheet,
    /// Further sheets whose rows are entries of a list of the profile.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// What a new profile has where nothing else says otherwise: a part of a profile.
    #[serde(default)]
    pub defaults: BTreeMap<String, Value>,
    /// Further parts of new profiles, chosen by the value of a column; archetypes (`extends`) for the most part.
    #[serde(default)]
    pub choices: Vec<Choice>,
}

/// How a CSV file is read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvFormat {
    /// Its encoding, for example `windows-1252`; UTF-8, or UTF-16 with a byte order mark, when absent.
    pub encoding: Option<String>,
    /// Encoding of cells that are not in that one.
    pub fallback: Option<String>,
    /// What parts the cells: `,`, `;`, `|` or a tab; found out when absent.
    pub delimiter: Option<String>,
}

impl CsvFormat {
    /// For the reader.
    pub fn options(&self) -> CsvOptions {
        CsvOptions { encoding: self.encoding.clone(), fallback: self.fallback.clone(), delimiter: self.delimiter.as_ref().and_then(|text| text.chars().next()) }
    }
}

/// The sheet with one supplier in each row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierSheet {
    /// Its name; the first one when absent. CSV has no sheets.
    pub sheet: Option<String>,
    /// Column by which other sheets name the supplier; needed for groups.
    pub key: Option<String>,
    /// Column of which the id is made; the legal name when absent.
    pub id: Option<String>,
    /// Columns by their heading: the field of the profile, or more about it.
    #[schemars(length(min = 1))]
    pub columns: BTreeMap<String, Column>,
    /// Columns that are not wanted; any other that is not mapped is told.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// A sheet whose rows are entries of a list of the profile.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name.
    pub sheet: String,
    /// Column that names the supplier, as `key` of `suppliers` does.
    pub key: String,
    /// The list: `data`, `locations`, `subcontracting.subcontractors`.
    pub list: String,
    /// Columns by their heading: the field of an entry, or more about it.
    #[schemars(length(min = 1))]
    pub columns: BTreeMap<String, Column>,
    /// What each entry has where its row says nothing.
    #[serde(default)]
    pub defaults: BTreeMap<String, Value>,
    /// Columns that are not wanted.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// What a column is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Column {
    /// The field that takes the cell as it is.
    Field(String),
    /// The field, and what is done to the cell.
    Rule(Box<ColumnRule>),
}

/// A field, and what is done to the cell.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// The field: `identity.address.country`, `identity.address.lines[0]`, `contacts[security].email`.
    pub field: String,
    /// What each value of the cell becomes; a value that is not here is a fault.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// What parts the entries of a list that stands in one cell.
    pub list: Option<String>,
    /// Key under which each entry of such a list stands, where entries have more than one.
    pub key: Option<String>,
    /// Further keys of each of these entries.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// The cell is a date; how one that is text is written. Numbers are taken for days of a spreadsheet.
    pub date: Option<DateForm>,
    /// Digits that a number had before a spreadsheet took its leading zeros.
    #[schemars(range(min = 1, max = 40))]
    pub digits: Option<usize>,
    /// An empty cell is a fault.
    #[serde(default)]
    pub needed: bool,
    /// The cell becomes an id: lower case, hyphens for everything but letters and digits.
    #[serde(default)]
    pub slug: bool,
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// `2026-11-21`.
    Iso,
    /// `21.11.2026`, `21/11/2026`.
    DayMonthYear,
    /// `11/21/2026`.
    MonthDayYear,
}

/// Parts of new profiles, chosen by the value of a column.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The column, one of the sheet of suppliers.
    pub column: String,
    /// A part of a profile for each value; a value that is not here is a fault.
    pub values: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Column {
    /// The field as it is written.
    pub fn field(&self) -> &str {
        match self {
            Self::Field(field) => field,
            Self::Rule(rule) => &rule.field,
        }
    }

    /// What is done to the cell.
    pub fn rule(&self) -> Option<&ColumnRule> {
        match self {
            Self::Field(_) => None,
            Self::Rule(rule) => Some(rule),
        }
    }
}

impl Intake {
    /// Checks every field against the profile, and what the parts say of each other; `node` is the tree of the file.
    ///
    /// # Errors
    /// Reports `unknown-field`, `duplicate-key`, `missing-key` and `bad-form`, each at its place.
    pub fn check(&self, node: &Node, fields: &Fields, report: &mut Report) {
        let mut targets = Vec::new();
        self.check_columns(&self.suppliers.columns, "", "suppliers.columns", node, fields, &mut targets, report);
        for (at, group) in self.groups.iter().enumerate() {
            let place = node.place_of(&format!("groups[{at}].list"));
            let list = Path::parse(&group.list).filter(|list| fields.knows(list) && fields.is_list(list) && list.lists().next().is_none());
            let Some(list) = list else {
                let fault = Diagnostic::error("unknown-field", format!("a profile has no list `{}`", group.list)).at(&place);
                report.push(fault.help("for example `data`, `locations`, `contacts`, `subcontracting.subcontractors`"));
                continue;
            };
            // Fields of entries are of other entries than those of another sheet.
            self.check_columns(&group.columns, &group.list, &format!("groups[{at}].columns"), node, fields, &mut Vec::new(), report);
            targets.push(Target { name: format!("the sheet `{}`", group.sheet), path: list, is_whole: true, place });
        }
        for (at, target) in targets.iter().enumerate() {
            if let Some((first, help)) = targets[..at].iter().find_map(|first| Some((first, target.clash(first)?))) {
                let message = format!("{} and {} fill the same list", first.name, target.name);
                report.push(Diagnostic::error("duplicate-key", message).at(&target.place).with(&first.place, "the other").help(help));
            }
        }
        if !self.groups.is_empty() && self.suppliers.key.is_none() {
            let help = "name the column by which the other sheets name a supplier";
            report.push(Diagnostic::error("missing-key", "groups need `key` under `suppliers`").at(&node.place_of("suppliers")).help(help));
        }
        if let Some(delimiter) = self.csv.delimiter.as_ref().filter(|text| !matches!(text.as_str(), "," | ";" | "|" | "\t")) {
            let place = node.place_of("csv.delimiter");
            report.push(Diagnostic::error("bad-form", format!("`{delimiter}` parts no cells")).at(&place).help("one of `,`, `;`, `|`, `\"\\t\"`"));
        }
    }

    /// Checks the columns of a sheet, and gives what they fill.
    #[expect(clippy::too_many_arguments, reason = "what a sheet and its mapping are, once for both kinds of sheets")]
    fn check_columns(
        &self,
        of: &BTreeMap<String, Column>,
        prefix: &str,
        path: &str,
        node: &Node,
        fields: &Fields,
        targets: &mut Vec<Target>,
        report: &mut Report,
    ) {
        let mut seen: BTreeMap<String, &String> = BTreeMap::new();
        for (heading, column) in of {
            let place = row::heading_place(node, path, heading);
            let field = if prefix.is_empty() { column.field().to_owned() } else { format!("{prefix}[].{}", column.field()) };
            let Some(parsed) = Path::parse(&field).filter(|parsed| fields.knows(parsed)) else {
                let known = fields.names(prefix);
                let help = suggest::nearest(column.field(), known.iter().map(String::as_str))
                    .map_or_else(|| "`countersign schema profile` lists all fields".to_owned(), |near| format!("did you mean `{near}`?"));
                report.push(Diagnostic::error("unknown-field", format!("a profile has no field `{}`", column.field())).at(&place).help(help));
                continue;
            };
            let is_list = fields.is_list(&parsed);
            let splits = column.rule().is_some_and(|rule| rule.list.is_some());
            let form = match (is_list, splits) {
                (true, false) => Some(("is a list", "say with `list` what parts its entries in the cell, or give each entry a place: `[0]`, `[security]`")),
                (false, true) => Some(("is no list", "leave out `list`")),
                // Any entry would be a new one with every import.
                _ if column.field().contains("[]") => Some(("does not say which entry", "give the entry a place: `[0]`, `[security]`")),
                _ => None,
            };
            if let Some((what, help)) = form {
                report.push(Diagnostic::error("bad-form", format!("`{}` {what}", column.field())).at(&place).help(help));
                continue;
            }
            if let Some(first) = seen.insert(field, heading).filter(|first| *first != heading) {
                let message = format!("`{heading}` and `{first}` go into the same field `{}`", column.field());
                report.push(Diagnostic::error("duplicate-key", message).at(&place).help("map one of them; addresses have `lines[0]`, `lines[1]`"));
                continue;
            }
            targets.push(Target { name: format!("the column `{heading}`"), path: parsed, is_whole: is_list, place });
        }
    }
}

/// What a column or sheet fills.
struct Target {
    name: String,
    path: Path,
    /// A whole list.
    is_whole: bool,
    place: Place,
}

impl Target {
    /// What to do where two fill one list and one would undo the other.
    fn clash(&self, other: &Self) -> Option<&'static str> {
        let undoes = |one: &Self, other: &Self| one.is_whole && (one.path == other.path || other.path.lists().any(|(list, _)| list == one.path.general()));
        if undoes(self, other) || undoes(other, self) {
            return Some("the list would be that of the last one only: map one of them");
        }
        // The entry at a place could be the one with the role.
        let by_role = |step: &Step| matches!(step, Step::Role(_));
        let mixes = self.path.lists().any(|(list, step)| other.path.lists().any(|(same, way)| same == list && by_role(step) != by_role(way)));
        mixes.then_some("name the entries by place (`[0]`) or by role (`[security]`), not by both")
    }
}
