//! The explanation of a pack: facts, assessment, values, selection and coverage, each with its reasons. Stays inside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::contract::assessment::Assessment;
use crate::contract::library::Library;
use crate::contract::parameter::ParameterValue;
use crate::contract::requirement::{DocumentsMode, Force, Phase, Requirement};
use crate::contract::selection::{Selection, SlotResult};
use crate::pack::manifest::Subject;
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::{FactValue, Facts};

/// Version of the explanation format (see `docs/formats.md`).
pub const EXPLANATION_VERSION: u32 = 1;

/// Everything that decided a pack.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// [`EXPLANATION_VERSION`].
    pub version: u32,
    /// The supplier or the policy.
    #[serde(flatten)]
    pub subject: Subject,
    /// The facts by name.
    pub facts: BTreeMap<String, FactLine>,
    /// The risk result; absent when the facts do not suffice for it, which only documents signed before it allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessment>,
    /// Parameter values by document, then name.
    pub parameters: BTreeMap<String, BTreeMap<String, ParameterValue>>,
    /// Slots in the order of the outlines.
    pub slots: Vec<SlotResult>,
    /// Requirements that apply and that no chosen clause declares to cover.
    pub uncovered: Vec<Uncovered>,
    /// Number of requirements that apply.
    pub applicable: usize,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactLine {
    /// Its value.
    pub value: String,
    /// How it came about.
    pub how: String,
    /// File, line and column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A requirement without a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncovered {
    /// Its id.
    pub requirement: String,
    /// What stands behind it.
    pub force: &'static str,
    /// Citation.
    pub source: String,
    /// Documents that should carry it.
    pub documents: Vec<String>,
    /// Whether it stops the pack: a law, an adopted standard, or good practice where the tier is high or critical.
    pub blocks: bool,
}

/// The facts as lines.
pub fn fact_lines(facts: &Facts) -> BTreeMap<String, FactLine> {
    let line = |(name, fact): (&str, &crate::rule::fact::Fact)| {
        let place = fact.place.as_ref().map(ToString::to_string);
        (name.to_owned(), FactLine { value: fact.value.to_string(), how: fact.how.clone(), place })
    };
    facts.iter().map(line).collect()
}

/// Requirements of phase generation that apply, and those among them that no chosen clause carries in the documents that must.
pub fn coverage(library: &Library, facts: &Facts, date: Date, selection: &Selection) -> (usize, Vec<Uncovered>) {
    let is_high = Condition::AtLeast("tier".to_owned(), "high".to_owned()).evaluate(facts) == Truth::True;
    let applicable: Vec<&Requirement> = library.requirements.values().filter(|r| r.phase == Phase::Generation && r.applies(facts, date)).collect();
    let open = applicable.iter().filter(|requirement| !is_carried(library, facts, selection, requirement));
    let uncovered = open.map(|r| Uncovered {
        requirement: r.id.clone(),
        force: r.force.word(),
        source: r.source.clone(),
        documents: r.documents.clone(),
        blocks: r.force != Force::Practice || is_high,
    });
    (applicable.len(), uncovered.collect())
}

/// Whether the documents that must carry a requirement do; `contract::proof` asks the same of every profile.
fn is_carried(library: &Library, facts: &Facts, selection: &Selection, requirement: &Requirement) -> bool {
    if requirement.met_by.is_some() {
        return true;
    }
    let host = |kind: &str| library.outlines.get(kind).and_then(|outline| outline.value.inside.clone()).unwrap_or_else(|| kind.to_owned());
    let carries = |document: &&String| {
        selection.slots.iter().any(|slot| {
            let is_there = host(&slot.document) == **document && requirement.stands_in(library, document, &slot.document);
            let covers = |id: &String| library.clauses.get(id).is_some_and(|clause| clause.front.covers.contains(&requirement.id));
            is_there && slot.chosen.as_ref().is_some_and(covers)
        })
    };
    let is_present = |document: &&String| facts.get(&format!("docs.{document}")).is_some_and(|fact| fact.value == FactValue::Bool(true));
    let documents = || requirement.documents.iter();
    match requirement.mode {
        DocumentsMode::All => documents().all(|document| carries(&document)),
        DocumentsMode::Any => documents().any(|document| carries(&document)),
        DocumentsMode::EachPresent => documents().any(|document| is_present(&document)) && documents().filter(is_present).all(|document| carries(&document)),
    }
}
