//! `import`: the export of a procurement system becomes profiles, each whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::decode::{decode, is_slug};
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::grid::{self, Grid, Workbook};
use crate::base::node::{Entry, Kind, Node, parse};
use crate::base::source::{Place, Source};
use crate::base::yaml;
use crate::contract::intake::{self, Draft, Fields, Intake};
use crate::contract::risk::Tier;
use crate::pack::compile::{Compiler, Supplier};
use crate::project::read::Location;
use crate::project::{DiskError, folder, register as files};
use crate::workflow::open;

/// What is imported.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The export: CSV, XLSX, XLS or ODS, by its ending.
    pub file: &'a Path,
    /// The mapping.
    pub map: &'a Path,
    /// Nothing is written.
    pub dry_run: bool,
    /// Day for which the suppliers are assessed.
    pub date: Date,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// A profile that was not there.
    New,
    /// A profile that was there and says something else.
    Changed,
    /// A profile that says the same.
    Unchanged,
    /// Nothing: its diagnostics say why.
    Faulty,
}

impl RowState {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Faulty => "faulty",
        }
    }
}

/// A field that a row changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Its path.
    pub field: String,
    /// What it says; absent where it is new.
    pub before: Option<String>,
    /// What it will say; absent where it goes.
    pub after: Option<String>,
}

/// One supplier of the export.
#[derive(Debug, Clone, Serialize)]
pub struct ImportRow {
    /// Number of its row.
    pub row: usize,
    /// Its id, where one can be told.
    pub supplier: Option<String>,
    /// What becomes of it.
    pub state: RowState,
    /// Tier, where the facts suffice.
    pub tier: Option<Tier>,
    /// Fields that change.
    pub changes: Vec<FieldChange>,
}

/// An import.
#[derive(Debug, Default)]
pub struct Imported {
    /// One row for each supplier, in the order of the export.
    pub rows: Vec<ImportRow>,
    /// Faults of the mapping or of the file as a whole; nothing was imported then.
    pub is_refused: bool,
    /// Every diagnostic.
    pub report: Report,
}

impl Imported {
    /// Rows of a state.
    pub fn count(&self, state: RowState) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }
}

/// A profile that is there.
struct Existing<'a> {
    node: Node,
    bytes: &'a [u8],
}

/// Imports an export.
///
/// # Errors
/// [`DiskError`] for files that cannot be read or written. Faults of rows are in the report, and their suppliers stay as they are.
pub fn import(root: &Path, order: &Order<'_>) -> Result<(Imported, Location), DiskError> {
    let mut imported = Imported { is_refused: true, ..Imported::default() };
    let opened = open(root)?;
    let location = opened.location;
    let fields = Fields::new();
    let mapping = mapping(order.map, &fields, &mut imported.report)?;
    let grids = grids(order.file, mapping.as_ref().map(|(intake, _)| intake), &mut imported.report)?;
    // A workspace whose profiles have faults can still take in others; a library that does not read cannot judge them.
    let Some(compiler) = opened.compiler else {
        imported.report.extend(opened.report);
        return Ok((imported, location));
    };
    let (Some((intake, node)), Some(grids)) = (mapping, grids) else { return Ok((imported, location)) };
    let reading = intake::read(&intake, &node, &fields, &grids);
    let is_sound = !reading.report.has_errors() && !imported.report.has_errors();
    imported.report.extend(reading.report);
    if !is_sound {
        return Ok((imported, location));
    }
    imported.is_refused = false;
    imported.report.extend(reading.strays);
    let desk = Desk::new(&compiler, &fields, order.date);
    let mut taken = Taken::default();
    let mut written = Vec::new();
    for draft in reading.drafts {
        let (row, text, report) = desk.row(draft, &mut taken);
        imported.report.extend(report);
        written.extend(row.supplier.clone().zip(text));
        imported.rows.push(row);
    }
    if !order.dry_run && !written.is_empty() {
        let suppliers = root.join("suppliers");
        files::create_folder(&suppliers)?;
        for (id, text) in written {
            files::replace(&suppliers.join(format!("{id}.yaml")), text.as_bytes(), false)?;
        }
    }
    Ok((imported, location))
}

/// Reads and checks the mapping.
fn mapping(path: &Path, fields: &Fields, report: &mut Report) -> Result<Option<(Intake, Node)>, DiskError> {
    let bytes = folder::file(path)?;
    let Ok(text) = String::from_utf8(bytes) else { return Err(DiskError::Encoding { path: path.to_owned() }) };
    let source = Arc::new(Source { path: path.display().to_string(), text: text.trim_start_matches('\u{feff}').replace("\r\n", "\n") });
    let Some(node) = parse(&source, report) else { return Ok(None) };
    let Some(intake) = decode::<Intake>(&node, report) else { return Ok(None) };
    intake.check(&node, fields, report);
    Ok((!report.has_errors()).then_some((intake, node)))
}

/// Reads the sheets of the export.
fn grids(path: &Path, intake: Option<&Intake>, report: &mut Report) -> Result<Option<Vec<Grid>>, DiskError> {
    let bytes = folder::file(path)?;
    let file = path.display().to_string();
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    Ok(match ending.as_str() {
        "xlsx" | "xlsm" => grid::workbook(Workbook::Xlsx, &file, &bytes, report),
        "xls" => grid::workbook(Workbook::Xls, &file, &bytes, report),
        "ods" => grid::workbook(Workbook::Ods, &file, &bytes, report),
        "csv" | "txt" | "tsv" => intake.and_then(|intake| grid::csv(&file, &bytes, &intake.csv.options(), report)).map(|grid| vec![grid]),
        _ => {
            report.push(Diagnostic::error("spreadsheet", format!("`{file}` is none of CSV, XLSX, XLS and ODS")).help("save it as `.xlsx` or `.csv`"));
            None
        }
    })
}

/// Profiles that are there and read as YAML, by id.
fn existing(compiler: &Compiler) -> BTreeMap<String, Existing<'_>> {
    let read = |id: &str| {
        let path = format!("suppliers/{id}.yaml");
        let bytes = compiler.input(&path)?;
        let text = String::from_utf8(bytes.to_vec()).ok()?.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let node = parse(&Arc::new(Source { path, text }), &mut Report::default())?;
        Some((id.to_owned(), Existing { node, bytes }))
    };
    compiler.suppliers().into_iter().filter_map(read).collect()
}

/// Country and number in the register, which are of one company only.
type Registration = (String, String);

fn registration(node: &Node) -> Option<(Registration, Place)> {
    let identity = node.get("identity")?;
    let number = identity.get("registration_number").filter(|number| !number.is_null())?;
    let country = identity.get("address").and_then(|address| address.get("country")).and_then(Node::text).unwrap_or_default();
    // Blanks and case are no difference.
    let bare: String = number.text()?.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    (!bare.is_empty()).then(|| ((country.to_owned(), bare), number.place.clone()))
}

/// Ids and registrations of the rows above.
#[derive(Default)]
struct Taken {
    ids: BTreeMap<String, Place>,
    registrations: BTreeMap<Registration, Place>,
}

/// What rows are judged with.
struct Desk<'a> {
    compiler: &'a Compiler,
    fields: &'a Fields,
    date: Date,
    /// Ids of all profiles that are there.
    ids: BTreeSet<&'a str>,
    /// Those of them that read.
    existing: BTreeMap<String, Existing<'a>>,
    /// The profile of each company.
    registrations: BTreeMap<Registration, (String, Place)>,
}

impl<'a> Desk<'a> {
    fn new(compiler: &'a Compiler, fields: &'a Fields, date: Date) -> Self {
        let existing = existing(compiler);
        let mut registrations = BTreeMap::new();
        for (id, profile) in &existing {
            if let Some((registration, place)) = registration(&profile.node) {
                registrations.entry(registration).or_insert((id.clone(), place));
            }
        }
        Self { compiler, fields, date, ids: compiler.suppliers().into_iter().collect(), existing, registrations }
    }

    /// What becomes of a row, and the text of its profile where one is to be written.
    fn row(&self, mut draft: Draft, taken: &mut Taken) -> (ImportRow, Option<String>, Report) {
        let mut report = std::mem::take(&mut draft.report);
        let mut row = ImportRow { row: draft.row, supplier: draft.id.clone(), state: RowState::Faulty, tier: None, changes: Vec::new() };
        let Some(id) = draft.id.clone() else {
            if !report.has_errors() {
                let help = "fill the column of `suppliers.id` of the mapping, or that of `identity.legal_name`";
                report.push(Diagnostic::error("supplier-id", "nothing to make an id of").at(&draft.place).help(help));
            }
            return (row, None, report);
        };
        let found = registration(&draft.profile(&id, None, self.fields));
        let id = self.known_as(&id, draft.is_id_stated, found.as_ref(), &mut report);
        row.supplier = Some(id.clone());
        let own = self.existing.get(&id);
        if self.ids.contains(id.as_str()) && own.is_none() {
            let help = "correct the profile: `countersign check` says where it fails";
            report.push(Diagnostic::error("broken-profile", format!("`suppliers/{id}.yaml` is there and does not read")).at(&draft.place).help(help));
        }
        if let Some(first) = taken.ids.insert(id.clone(), draft.place.clone()) {
            let help = "name a column with ids under `suppliers.id` of the mapping, or keep one row for each supplier";
            report.push(Diagnostic::error("duplicate-supplier", format!("two rows become `{id}`")).at(&draft.place).with(&first, "first here").help(help));
        }
        let node = draft.profile(&id, own.map(|existing| &existing.node), self.fields);
        if let Some((registration, place)) = found
            && let Some(first) = taken.registrations.insert(registration.clone(), place.clone())
        {
            let message = format!("the registration number `{}` stands in two rows", registration.1);
            report.push(
                Diagnostic::error("duplicate-registration", message).at(&place).with(&first, "first here").help("one company is one supplier: merge the rows"),
            );
        }
        let mut judged = Report::default();
        let profile = self.compiler.profile(&id, node.clone(), self.date, &mut judged);
        let is_sound = !judged.has_errors() && !report.has_errors();
        let has_faults = report.has_errors();
        // What an archetype or the mapping lacks is shown there, and for whom.
        let cells = draft.place.source.path.split(": ").next().unwrap_or_default().to_owned();
        for fault in judged.sorted() {
            let is_elsewhere = fault.place.as_ref().is_none_or(|place| !place.source.path.starts_with(&cells));
            // What is missing in a row with faults may be missing only because of them.
            let may_follow = is_elsewhere || matches!(fault.code, "missing-key" | "contradiction" | "out-of-range");
            if !(has_faults && may_follow) {
                report.push(if is_elsewhere { fault.with(&draft.place, "for this row") } else { fault });
            }
        }
        let Some(profile) = profile.filter(|_| is_sound) else { return (row, None, report) };
        let mut unheard = Report::default();
        let assessed = self.compiler.assess(Supplier { profile, digest: Digest::of(b"") }, self.date, &mut unheard);
        row.tier = assessed.and_then(|assessed| assessed.assessment.ok()).map(|assessment| assessment.tier);
        let before = own.map(|existing| existing.node.scalars()).unwrap_or_default();
        let after = node.scalars();
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let change = |field: &&String| FieldChange { field: (*field).clone(), before: before.get(*field).cloned(), after: after.get(*field).cloned() };
        let changes: Vec<FieldChange> = names.iter().map(change).filter(|change| change.before != change.after).collect();
        match own {
            None => {
                row.state = RowState::New;
                let text = yaml::write(&intake::order(&node, "", self.fields));
                (row, Some(text), report)
            }
            Some(_) if changes.is_empty() => (ImportRow { state: RowState::Unchanged, ..row }, None, report),
            Some(existing) => (ImportRow { state: RowState::Changed, changes, ..row }, Some(self.rewritten(existing, &node)), report),
        }
    }

    /// The id under which a company is known: where no column states one, that of the profile with its registration number.
    fn known_as(&self, id: &str, is_stated: bool, found: Option<&(Registration, Place)>, report: &mut Report) -> String {
        let Some((wanted, place)) = found else { return id.to_owned() };
        match self.registrations.get(wanted) {
            Some((other, written)) if other != id && is_stated && is_slug(other) => {
                let message = format!("the registration number `{}` is that of `{other}`", wanted.1);
                let fault = Diagnostic::error("duplicate-registration", message).at(place).with(written, "written here");
                report.push(fault.help(format!("one company is one supplier: give the row the id `{other}`, or correct the number")));
                id.to_owned()
            }
            Some((other, _)) => other.clone(),
            None => {
                // Two companies can have one name, and then the profile is not that of the row.
                let there = self.existing.get(id).and_then(|existing| registration(&existing.node)).filter(|((_, number), _)| *number != wanted.1);
                if let Some(((_, number), written)) = there.filter(|_| !is_stated) {
                    let message = format!("`{id}` is there with the registration number `{number}`, and the row has `{}`", wanted.1);
                    let help = "name a column with ids under `suppliers.id` of the mapping; or correct the number in the profile, if it is one company";
                    report.push(Diagnostic::error("other-company", message).at(place).with(&written, "written here").help(help));
                }
                id.to_owned()
            }
        }
    }

    /// The text of a profile with what changed: only the top-level keys that changed are written anew, all others stay as they are, comments included.
    fn rewritten(&self, existing: &Existing<'_>, node: &Node) -> String {
        let out = self.blocks(existing, node);
        // Who keeps files with other line ends keeps them.
        let is_crlf = existing.bytes.windows(2).any(|two| two == b"\r\n");
        if is_crlf { out.replace('\n', "\r\n") } else { out }
    }

    fn blocks(&self, existing: &Existing<'_>, node: &Node) -> String {
        let text = String::from_utf8_lossy(existing.bytes).trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (Kind::Mapping(old), Kind::Mapping(new)) = (&existing.node.kind, &node.kind) else { return yaml::write(node) };
        let written = |entry: &Entry| {
            let mut out = String::new();
            let ordered = intake::order(&entry.value, &entry.key, self.fields);
            yaml::write_entry(&Entry { value: ordered, ..entry.clone() }, 0, &mut out);
            out
        };
        let mut out = String::new();
        let begins: Vec<usize> = old.iter().map(|entry| text[..entry.key_place.range.start].rfind('\n').map_or(0, |at| at + 1)).collect();
        out.push_str(&text[..begins.first().copied().unwrap_or(0)]);
        for (at, entry) in old.iter().enumerate() {
            let block = &text[begins[at]..begins.get(at + 1).copied().unwrap_or(text.len())];
            let Some(now) = new.iter().find(|one| one.key == entry.key) else { continue };
            if now.value.scalars() == entry.value.scalars() {
                out.push_str(block);
                continue;
            }
            out.push_str(&written(now));
            // Blank lines and comments at the end belong to what follows.
            let is_loose = |line: &&str| line.trim().is_empty() || line.starts_with('#');
            let mut loose: Vec<&str> = block.split_inclusive('\n').rev().take_while(is_loose).collect();
            loose.reverse();
            out.extend(loose);
        }
        for entry in new.iter().filter(|entry| !old.iter().any(|one| one.key == entry.key)) {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(&written(entry));
        }
        // A file in a style that cannot be taken apart so (all on one line, say) is written anew as a whole.
        let again = parse(&Arc::new(Source { path: String::new(), text: out.clone() }), &mut Report::default());
        if again.is_some_and(|again| again.scalars() == node.scalars()) { out } else { yaml::write(&intake::order(node, "", self.fields)) }
    }
}
