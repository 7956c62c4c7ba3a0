//! The explanation of a pack: facts, assessment, values, selection and coverage, each with its reasons. Stays inside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::contract::assessment::Assessment;
use crate::contract::library::Library;
use crate::contract::parameter::ParameterValue;
use crate::contract::requirement::Phase;
use crate::contract::selection::{Selection, SlotResult};
use crate::pack::manifest::Subject;
use crate::rule::fact::Facts;

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
}

/// The facts as lines.
pub fn fact_lines(facts: &Facts) -> BTreeMap<String, FactLine> {
    let line = |(name, fact): (&str, &crate::rule::fact::Fact)| {
        let place = fact.place.as_ref().map(ToString::to_string);
        (name.to_owned(), FactLine { value: fact.value.to_string(), how: fact.how.clone(), place })
    };
    facts.iter().map(line).collect()
}

/// Requirements of phase generation that apply, and those among them that no chosen clause covers.
pub fn coverage(library: &Library, facts: &Facts, date: Date, selection: &Selection) -> (usize, Vec<Uncovered>) {
    let covered: std::collections::BTreeSet<&str> =
        selection.clauses().iter().filter_map(|id| library.clauses.get(*id)).flat_map(|c| c.front.covers.iter().map(String::as_str)).collect();
    let applicable: Vec<_> = library.requirements.values().filter(|r| r.phase == Phase::Generation && r.applies(facts, date)).collect();
    let uncovered = applicable.iter().filter(|r| !covered.contains(r.id.as_str())).map(|r| Uncovered {
        requirement: r.id.clone(),
        force: r.force.word(),
        source: r.source.clone(),
        documents: r.documents.clone(),
    });
    (applicable.len(), uncovered.collect())
}
