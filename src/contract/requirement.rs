//! The requirement catalogue: what a law or standard says a contract must contain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::decode::decode;
use crate::base::diagnostic::Report;
use crate::base::node::Node;
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::Facts;
use crate::rule::vocabulary::Vocabulary;

/// When a requirement is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In the issued text.
    Generation,
    /// By the signing.
    Execution,
    /// While the contract runs.
    Performance,
    /// At the exit.
    Exit,
}

/// What stands behind a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Force {
    /// A law.
    Law,
    /// An adopted framework.
    Standard,
    /// Good practice.
    Practice,
}

impl Force {
    /// The word as it is written in a catalogue.
    pub fn word(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Standard => "standard",
            Self::Practice => "practice",
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "the whole record is checked on reading; later readers print the rest")]
#[serde(deny_unknown_fields)]
struct Record {
    id: String,
    source: String,
    phase: Phase,
    applies_when: String,
    recommended_when: Option<String>,
    in_force_from: Option<Date>,
    in_force_until: Option<Date>,
    documents: Vec<String>,
    documents_mode: Option<String>,
    instrument: Option<String>,
    must: String,
    kind: String,
    force: Force,
    parameters: Vec<Value>,
    confidence: String,
    note: Option<String>,
}

/// One file of the catalogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "the head of a catalogue is for its readers")]
pub struct CatalogueFile {
    catalogue: String,
    title: String,
    authority: String,
    status_note: String,
    requirements: Vec<Record>,
}

/// One requirement, checked.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// Its id, never reused.
    pub id: String,
    /// Citation.
    pub source: String,
    /// When it is proven.
    pub phase: Phase,
    /// What stands behind it.
    pub force: Force,
    /// Documents that carry it.
    pub documents: Vec<String>,
    applies_when: Condition,
    in_force_from: Option<Date>,
    in_force_until: Option<Date>,
}

impl Requirement {
    /// Tells whether it applies to these facts on this date; an unset fact counts as not applying.
    pub fn applies(&self, facts: &Facts, date: Date) -> bool {
        self.in_force_from.is_none_or(|from| from <= date)
            && self.in_force_until.is_none_or(|until| date <= until)
            && self.applies_when.evaluate(facts) == Truth::True
    }

    /// The dates at which it begins or ceases to apply.
    pub fn turning_points(&self) -> impl Iterator<Item = Date> {
        self.in_force_from.into_iter().chain(self.in_force_until)
    }
}

/// Reads one catalogue file.
pub fn read(node: &Node, vocabulary: &Vocabulary, report: &mut Report) -> Vec<Requirement> {
    let Some(file) = decode::<CatalogueFile>(node, report) else { return Vec::new() };
    let mut requirements = Vec::with_capacity(file.requirements.len());
    for (index, record) in file.requirements.into_iter().enumerate() {
        let place = node.place_of(&format!("requirements[{index}].applies_when"));
        let Some(applies_when) = Condition::parse(&record.applies_when, vocabulary, &place, report) else { continue };
        requirements.push(Requirement {
            id: record.id,
            source: record.source,
            phase: record.phase,
            force: record.force,
            documents: record.documents,
            applies_when,
            in_force_from: record.in_force_from,
            in_force_until: record.in_force_until,
        });
    }
    requirements
}

/// One row of `incident-deadlines.yaml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineRow {
    /// Its id.
    pub id: String,
    /// The regime.
    pub regime: String,
    /// Citation.
    pub source: String,
    /// When it is in play.
    pub applies_when: String,
    /// First day on which it is in play.
    pub in_force_from: Option<Date>,
    /// Largest figure, in hours.
    pub supplier_max_hours: i64,
    /// Suggested figure, in hours.
    pub supplier_suggested_hours: i64,
    /// `legal` or `advisory`.
    pub supplier_max_kind: String,
    /// `certain` or `check`.
    pub confidence: String,
}

/// The file `incident-deadlines.yaml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineFile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The rows.
    pub rows: Vec<DeadlineRow>,
}

/// A row with its condition.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// The row.
    pub row: DeadlineRow,
    when: Condition,
}

impl Deadline {
    /// Tells whether the row is in play.
    pub fn applies(&self, facts: &Facts, date: Date) -> bool {
        self.row.in_force_from.is_none_or(|from| from <= date) && self.when.evaluate(facts) == Truth::True
    }
}

/// Reads the incident deadlines.
pub fn read_deadlines(node: &Node, vocabulary: &Vocabulary, report: &mut Report) -> Vec<Deadline> {
    let Some(file) = decode::<DeadlineFile>(node, report) else { return Vec::new() };
    let mut rows = Vec::new();
    for (index, row) in file.rows.into_iter().enumerate() {
        let place = node.place_of(&format!("rows[{index}].applies_when"));
        if let Some(when) = Condition::parse(&row.applies_when, vocabulary, &place, report) {
            rows.push(Deadline { row, when });
        }
    }
    rows
}
