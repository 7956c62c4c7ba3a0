//! The requirement catalogue: what a law or standard says a contract must contain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::decode::decode;
use crate::base::diagnostic::Report;
use crate::base::node::Node;
use crate::base::source::Place;
use crate::contract::library::Library;
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

/// Which of its documents carry a requirement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentsMode {
    /// Every one of them.
    #[default]
    All,
    /// At least one.
    Any,
    /// Every one that is in the pack, and at least one.
    EachPresent,
}

/// What meets a requirement that no clause can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetBy {
    /// How every pack is made; tests of the program hold it.
    Structure,
    /// What is recorded inside of a pack.
    Evidence,
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
    #[serde(default)]
    documents_mode: DocumentsMode,
    instrument: Option<String>,
    must: String,
    kind: String,
    force: Force,
    parameters: Vec<Value>,
    confidence: String,
    note: Option<String>,
    /// What meets it where no clause can.
    met_by: Option<MetBy>,
    /// How that is, in a sentence.
    met_how: Option<String>,
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

/// A fact for which a requirement applies.
#[derive(Debug, Clone)]
pub struct Because {
    /// The fact.
    pub fact: String,
    /// Its value.
    pub value: String,
    /// Where it is written.
    pub place: Option<Place>,
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
    /// Which of them.
    pub mode: DocumentsMode,
    /// The instrument in which it must stand.
    pub instrument: Option<String>,
    /// What the contract must say.
    pub must: String,
    /// What meets it where no clause can.
    pub met_by: Option<MetBy>,
    /// How that is, in a sentence.
    pub met_how: Option<String>,
    /// Names of the parameters that it asks for.
    pub parameters: Vec<String>,
    /// Whether its citation may be printed.
    pub is_certain: bool,
    /// Where it is written.
    pub place: Place,
    applies_when: Condition,
    in_force_from: Option<Date>,
    in_force_until: Option<Date>,
}

impl Requirement {
    /// Tells whether it applies to these facts on this date; an unset fact counts as not applying.
    pub fn applies(&self, facts: &Facts, date: Date) -> bool {
        self.is_in_force(date) && self.applies_when.evaluate(facts) == Truth::True
    }

    /// When it applies.
    pub(super) fn condition(&self) -> &Condition {
        &self.applies_when
    }

    /// Whether a slot of an outline can carry it in a document: what belongs to an instrument stands in it, where the document that holds the instrument
    /// is asked; the instrument can be signed alone.
    pub fn stands_in(&self, library: &Library, document: &str, outline: &str) -> bool {
        let Some(instrument) = &self.instrument else { return true };
        let host = library.outlines.get(instrument).and_then(|written| written.value.inside.as_deref());
        host != Some(document) || outline == instrument
    }

    /// The facts that make it apply, each with its value and where it is written.
    pub fn reasons(&self, facts: &Facts) -> Vec<Because> {
        let decisive = self.applies_when.decisive(facts);
        let one = |name: &str| facts.get(name).map(|fact| Because { fact: name.to_owned(), value: fact.value.to_string(), place: fact.place.clone() });
        decisive.facts().into_iter().filter_map(one).collect()
    }

    /// Whether it is law on a day.
    pub fn is_in_force(&self, date: Date) -> bool {
        self.in_force_from.is_none_or(|from| from <= date) && self.in_force_until.is_none_or(|until| date <= until)
    }

    /// The days on which it is different for the first time: whether it begins then, or ends.
    pub fn turns(&self) -> impl Iterator<Item = (Date, bool)> {
        let begins = self.in_force_from.into_iter().map(|day| (day, true));
        begins.chain(self.in_force_until.into_iter().map(|day| (day.plus_days(1), false)))
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
            mode: record.documents_mode,
            instrument: record.instrument,
            must: record.must,
            met_by: record.met_by,
            met_how: record.met_how,
            parameters: record.parameters.iter().filter_map(|parameter| parameter["name"].as_str()).map(str::to_owned).collect(),
            is_certain: record.confidence == "certain",
            place: node.place_of(&format!("requirements[{index}].id")),
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
    /// When the row is in play; `None` where it is not in force yet.
    pub(super) fn condition(&self, date: Date) -> Option<&Condition> {
        self.row.in_force_from.is_none_or(|from| from <= date).then_some(&self.when)
    }

    /// Tells whether the row is in play.
    pub fn applies(&self, facts: &Facts, date: Date) -> bool {
        self.condition(date).is_some_and(|when| when.evaluate(facts) == Truth::True)
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
