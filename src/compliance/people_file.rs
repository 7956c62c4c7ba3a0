//! The format of people files, version 1: YAML with a list of people, or CSV with the same keys as columns.
//!
//! Job: turn sources into records, each with its node, so that every later fault is shown at its key or cell.
//! Never does: know who is in the register.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::decode::{COUNTRY, EMAIL, SLUG, decode, decode_part};
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::{self, Entry, Kind, Node};
use crate::base::sheet;
use crate::base::source::{Place, Source};
use crate::compliance::person::{Exemption, Language, Leave, Role};
use crate::text::hygiene::{LONGEST, LONGEST_NAME, check_text};

/// A people file in YAML.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleFile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What is to be set of each person; somebody who is not listed stays as they are.
    pub people: Vec<Record>,
}

/// What a file says of one person. An absent key keeps what the register has; `null` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = without_defaults)]
pub struct Record {
    /// Id in the register; without one, the person is found by the e-mail address, and a new person gets one.
    #[schemars(with = "String", regex(pattern = SLUG), extend("x-help" = "lower-case letters, digits and single hyphens; an e-mail address is no id, because addresses change"))]
    pub id: Option<String>,
    /// Name as the person writes it; needed for a new person.
    #[schemars(with = "String")]
    pub name: Option<String>,
    /// E-mail address.
    #[schemars(regex(pattern = EMAIL))]
    pub email: Given<String>,
    /// Supplier that the person works for, by its id.
    #[schemars(with = "String")]
    pub supplier: Option<String>,
    /// Our department that the person works in.
    #[schemars(with = "String")]
    pub department: Option<String>,
    /// What the person does for us; replaces the list of the register.
    pub roles: Given<BTreeSet<Role>>,
    /// Language of mails and pages; English when absent.
    pub language: Given<Language>,
    /// IANA time zone.
    pub time_zone: Given<String>,
    /// Country whose working days are the person's, ISO 3166-1 alpha-2; a key of `calendars` in `countersign.yaml`.
    #[schemars(regex(pattern = COUNTRY))]
    pub country: Given<String>,
    /// Manager, or coordinator of the supplier: id or e-mail address of somebody in the file or the register.
    pub coordinator: Given<String>,
    /// Who stands in: id or e-mail address of somebody in the file or the register.
    pub deputy: Given<String>,
    /// First day; needed for a new person.
    #[schemars(with = "Date")]
    pub start: Option<Date>,
    /// Last day, inclusive.
    pub end: Given<Date>,
    /// Absences; replaces the list of the register.
    pub leave: Given<Vec<Leave>>,
    /// Exemptions from acknowledging; replaces the list of the register.
    pub exemptions: Given<Vec<Exemption>>,
    /// Public keys in OpenSSH form; replaces the list of the register.
    pub ssh_keys: Given<Vec<String>>,
}

/// An absent key has no default, it keeps what is there; schemars would write `null`, which clears or is refused.
fn without_defaults(schema: &mut Schema) {
    for property in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut()) {
        property.as_object_mut().and_then(|property| property.remove("default"));
    }
}

/// What is written under a key: absent keeps, null clears, a value sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// No key: what the register has is kept.
    #[default]
    Absent,
    /// `null`, in CSV `-`: what the register has is cleared.
    Null,
    /// Set to this.
    Value(T),
}

impl<T> Given<T> {
    /// The value that is set.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// What holds afterwards, where `kept` held before.
    pub fn over<'a>(&'a self, kept: Option<&'a T>) -> Option<&'a T> {
        match self {
            Self::Absent => kept,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

/// One row or list entry, read.
#[derive(Debug)]
pub(crate) struct Written {
    /// The keys with their places; in the shape of YAML also when it came from CSV.
    pub(crate) node: Node,
    /// What could be read of it.
    pub(crate) record: Record,
    /// Whether all of it could be read.
    pub(crate) is_sound: bool,
}

/// The rows of one source.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Rows that name a person, in file order.
    pub(crate) rows: Vec<Written>,
    /// What could not be told into keys at all.
    pub(crate) broken: Vec<Node>,
}

/// The keys of a record that CSV has as columns of their own, and the columns that stand for a list of at most one entry.
const COLUMNS: [&str; 23] = [
    "id",
    "name",
    "email",
    "supplier",
    "department",
    "roles",
    "language",
    "time_zone",
    "country",
    "coordinator",
    "deputy",
    "start",
    "end",
    "leave_from",
    "leave_until",
    "leave_reason",
    "exempt_policy",
    "exempt_course",
    "exempt_from",
    "exempt_until",
    "exempt_reason",
    "exempt_approver",
    "ssh_key",
];
/// Columns of a leave with the key of each, and whether a leave needs it.
const LEAVE: [(&str, &str, bool); 3] = [("leave_from", "from", true), ("leave_until", "until", true), ("leave_reason", "reason", true)];
/// The same of an exemption.
const EXEMPTION: [(&str, &str, bool); 6] = [
    ("exempt_policy", "policy", false),
    ("exempt_course", "course", false),
    ("exempt_from", "from", true),
    ("exempt_until", "until", true),
    ("exempt_reason", "reason", true),
    ("exempt_approver", "approver", true),
];
/// Longest id in characters; it is a part of file names.
const LONGEST_ID: usize = 64;

/// Reads a source: CSV where its path ends so, else YAML.
pub(crate) fn read(source: &Arc<Source>, report: &mut Report) -> Reading {
    let is_csv = source.path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("csv"));
    let reading = if is_csv { read_csv(source, report) } else { read_yaml(source, report) };
    reading.unwrap_or_else(|| {
        let place = Place::start_of(source);
        Reading { rows: Vec::new(), broken: vec![Node { place, kind: Kind::Sequence(Vec::new()) }] }
    })
}

fn read_csv(source: &Arc<Source>, report: &mut Report) -> Option<Reading> {
    let sheet = sheet::read(source, &COLUMNS, report)?;
    let mut reading = Reading { rows: Vec::new(), broken: sheet.broken };
    for row in sheet.rows {
        let mut own = Report::default();
        let node = shape(row.node, &mut own);
        let is_whole = row.is_whole && !own.has_errors();
        report.extend(own);
        reading.rows.push(written(node, is_whole, report));
    }
    Some(reading)
}

fn read_yaml(source: &Arc<Source>, report: &mut Report) -> Option<Reading> {
    let mut own = Report::default();
    let root = node::parse(source, &mut own);
    // Duplicate keys, anchors, tags: what was meant is not known, so the entry that the fault stands in is at fault.
    let faults: Vec<usize> = own.iter().filter_map(|d| d.place.as_ref()).map(|place| place.range.start).collect();
    report.extend(own);
    let Node { place, kind } = root?;
    let mut people = Vec::new();
    let kind = match kind {
        Kind::Mapping(mut entries) => {
            for entry in entries.iter_mut().filter(|entry| entry.key == "people") {
                if let Kind::Sequence(items) = &mut entry.value.kind {
                    people = std::mem::take(items);
                }
            }
            Kind::Mapping(entries)
        }
        other => other,
    };
    let first = people.first().map_or(usize::MAX, |node| node.place.range.start);
    let is_sound = decode::<PeopleFile>(&Node { place, kind }, report).is_some() && faults.iter().all(|at| *at >= first);
    let ends: Vec<usize> = people.iter().skip(1).map(|node| node.place.range.start).chain([usize::MAX]).collect();
    let mut reading = Reading::default();
    for (node, end) in people.into_iter().zip(ends) {
        let is_sound = is_sound && !faults.iter().any(|at| (node.place.range.start..end).contains(at));
        if matches!(node.kind, Kind::Mapping(_)) {
            reading.rows.push(written(node, is_sound, report));
        } else {
            let _: Option<Record> = decode_part(schema(), &node, PERSON, report);
            reading.broken.push(node);
        }
    }
    Some(reading)
}

/// How messages call a record.
const PERSON: &str = "a person";

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Record).to_value())
}

/// Decodes a row; of one with faults, the keys without.
fn written(node: Node, is_sound: bool, report: &mut Report) -> Written {
    let mut own = Report::default();
    check_texts("", &node, &mut own);
    let record = decode_part(schema(), &node, PERSON, &mut own);
    let record = record.unwrap_or_else(|| {
        let Kind::Mapping(entries) = &node.kind else { return Record::default() };
        let alone = |entry: &Entry| Node { place: node.place.clone(), kind: Kind::Mapping(vec![entry.clone()]) };
        let reads = |entry: &&Entry| decode_part::<Record>(schema(), &alone(entry), PERSON, &mut Report::default()).is_some();
        let sound = entries.iter().filter(reads).cloned().collect();
        let node = Node { place: node.place.clone(), kind: Kind::Mapping(sound) };
        decode_part(schema(), &node, PERSON, &mut Report::default()).unwrap_or_default()
    });
    let is_sound = is_sound && !own.has_errors();
    report.extend(own);
    Written { node, record, is_sound }
}

/// Every text fits on a line and can be read; the texts of YAML can be anything, those of CSV may hold line breaks in quotes.
fn check_texts(key: &str, node: &Node, report: &mut Report) {
    match &node.kind {
        Kind::Sequence(items) => items.iter().for_each(|item| check_texts(key, item, report)),
        Kind::Mapping(entries) => entries.iter().for_each(|entry| check_texts(&entry.key, &entry.value, report)),
        Kind::Scalar { text, .. } => {
            let most = match key {
                "id" => LONGEST_ID,
                "ssh_keys" => LONGEST,
                _ => LONGEST_NAME,
            };
            if !check_text(text, most, &node.place, report) {
                return;
            }
            let fault = if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
                "has a line break or a tab"
            } else if text.trim() != text && !text.trim().is_empty() {
                "begins or ends with white space"
            } else {
                return;
            };
            report.push(Diagnostic::error("bad-form", format!("the text {fault}")).at(&node.place).help("write it on one line, without blanks around it"));
        }
    }
}

/// Gives a row of cells the shape that YAML has: lists, and groups in lists.
fn shape(row: Node, report: &mut Report) -> Node {
    let Node { place, kind: Kind::Mapping(mut entries) } = row else { return row };
    for entry in entries.iter_mut().filter(|entry| !entry.value.is_null()) {
        match entry.key.as_str() {
            "roles" => entry.value = sheet::list(&entry.value, ';'),
            "ssh_key" => entry.value = Node { place: entry.value.place.clone(), kind: Kind::Sequence(vec![entry.value.clone()]) },
            _ => {}
        }
    }
    for entry in entries.iter_mut().filter(|entry| entry.key == "ssh_key") {
        entry.key = "ssh_keys".to_owned();
    }
    gather(&mut entries, "leave", &LEAVE, report);
    gather(&mut entries, "exemptions", &EXEMPTION, report);
    Node { place, kind: Kind::Mapping(entries) }
}

/// Makes the columns of one entry into a list with it under `key`.
fn gather(entries: &mut Vec<Entry>, key: &str, columns: &[(&str, &str, bool)], report: &mut Report) {
    let (own, rest): (Vec<Entry>, Vec<Entry>) = std::mem::take(entries).into_iter().partition(|e| columns.iter().any(|(column, ..)| *column == e.key));
    *entries = rest;
    let Some(first) = own.first() else { return };
    let (key, key_place) = (key.to_owned(), first.key_place.clone());
    if own.iter().all(|entry| entry.value.is_null()) {
        entries.push(Entry { key, key_place, value: first.value.clone() });
        return;
    }
    let mut inner = Vec::new();
    let mut is_whole = true;
    for (column, name, is_needed) in columns {
        match own.iter().find(|entry| entry.key == *column) {
            Some(entry) if !entry.value.is_null() => inner.push(Entry { key: (*name).to_owned(), ..entry.clone() }),
            Some(entry) if *is_needed => {
                let message = format!("`{column}` is cleared, but other columns of the same entry are not");
                report.push(Diagnostic::error("contradiction", message).at(&entry.value.place).help("clear all of them, or none"));
                is_whole = false;
            }
            None if *is_needed => {
                let message = format!("`{}` needs `{column}` as well", first.key);
                report.push(Diagnostic::error("missing-key", message).at(&key_place).help(format!("fill in `{column}`")));
                is_whole = false;
            }
            _ => {}
        }
    }
    if is_whole {
        let item = Node { place: key_place.clone(), kind: Kind::Mapping(inner) };
        entries.push(Entry { key, value: Node { place: key_place.clone(), kind: Kind::Sequence(vec![item]) }, key_place });
    }
}
