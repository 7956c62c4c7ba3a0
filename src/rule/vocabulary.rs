//! The closed vocabulary: which facts exist, their types, and the rules between them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::decode::decode;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::source::Place;
use crate::rule::condition::Condition;

/// The type of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactType {
    /// True or false; stands alone in a condition.
    Bool,
    /// One of the values; compared with `==` and `!=`.
    Enum,
    /// One of the values, from least to most; also `atLeast`.
    Ordered,
    /// Any subset of the values; asked with `in`.
    Set,
}

/// Who states a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactOwner {
    /// Our contracting entity, once.
    Entity,
    /// The profile of the supplier.
    Profile,
    /// Computed from the richer profile.
    Derived,
    /// Computed by the risk model.
    Result,
}

/// One fact as the vocabulary declares it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactEntry {
    /// Its type.
    pub r#type: FactType,
    /// Who states it.
    pub origin: FactOwner,
    /// Its domain; absent for booleans.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether the word `unknown` may stand for a value.
    #[serde(default)]
    pub unknown_allowed: bool,
    /// The value that `unknown` counts as in `atLeast` and in the score.
    pub unknown_counts_as: Option<String>,
    /// What it means.
    pub doc: String,
}

impl FactEntry {
    /// Position of a value in an ordered domain, `unknown` at the value it counts as.
    pub fn rank(&self, value: &str) -> Option<usize> {
        let value = match &self.unknown_counts_as {
            Some(stand_in) if value == "unknown" => stand_in,
            _ => value,
        };
        self.values.iter().position(|v| v == value)
    }

    /// The words it can hold.
    pub fn words(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.iter().map(String::as_str).chain(self.unknown_allowed.then_some("unknown"))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImplicationText {
    r#if: String,
    then: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContradictionText {
    when: String,
    error: String,
}

/// The file `vocabulary.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VocabularyFile {
    #[expect(dead_code, reason = "the version is checked by the schema")]
    #[schemars(range(min = 2, max = 2))]
    version: u32,
    facts: BTreeMap<String, FactEntry>,
    implications: Vec<ImplicationText>,
    consistency_errors: Vec<ContradictionText>,
}

/// When the first condition holds, so does the second.
#[derive(Debug, Clone)]
pub struct Implication {
    /// The premise.
    pub premise: Condition,
    /// The conclusion; of a form that can be applied (a fact, a value, a member).
    pub conclusion: Condition,
}

/// A combination of facts that no supplier can have.
#[derive(Debug, Clone)]
pub struct Contradiction {
    /// When it holds, the profile is refused.
    pub when: Condition,
    /// Why.
    pub error: String,
}

/// The vocabulary, checked.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Facts by name.
    pub facts: BTreeMap<String, FactEntry>,
    /// What follows from what.
    pub implications: Vec<Implication>,
    /// What cannot be.
    pub contradictions: Vec<Contradiction>,
}

impl Vocabulary {
    /// Reads the vocabulary from its file.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when the file does not decode; a rule that is not a condition is reported and left out.
    pub fn read(node: &Node, report: &mut Report) -> Option<Self> {
        let file: VocabularyFile = decode(node, report)?;
        let mut vocabulary = Self { facts: file.facts, ..Self::default() };
        for (name, fact) in &vocabulary.facts {
            let place = node.place_of("facts");
            if (fact.r#type == FactType::Bool) != fact.values.is_empty() {
                report.push(Diagnostic::error("vocabulary", format!("`{name}`: a bool has no values, every other type has some")).at(&place));
            }
        }
        let at = |path: String| -> Place { node.place_of(&path) };
        for (index, rule) in file.implications.iter().enumerate() {
            let premise = Condition::parse(&rule.r#if, &vocabulary, &at(format!("implications[{index}].if")), report);
            let conclusion = Condition::parse(&rule.then, &vocabulary, &at(format!("implications[{index}].then")), report);
            if let (Some(premise), Some(conclusion)) = (premise, conclusion) {
                vocabulary.implications.push(Implication { premise, conclusion });
            }
        }
        for (index, rule) in file.consistency_errors.iter().enumerate() {
            if let Some(when) = Condition::parse(&rule.when, &vocabulary, &at(format!("consistency_errors[{index}].when")), report) {
                vocabulary.contradictions.push(Contradiction { when, error: rule.error.clone() });
            }
        }
        Some(vocabulary)
    }
}
