//! Outlines: the ordered slots and schedules of one document kind, instrument or policy.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::contract::risk::Tier;
use crate::rule::audience::AcknowledgedBy;

/// The file `outlines/<kind>.yaml`, or `policies/<policy>/outline.yaml`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// Document kind or instrument: the file name without `.yaml`. For a policy: its folder.
    pub kind: String,
    /// For a policy: the version that people acknowledge, `major.minor`; a raised major number asks for a new acknowledgment.
    pub version: Option<String>,
    /// For a policy: who acknowledges it, by when and how often.
    pub acknowledgment: Option<AcknowledgmentSpec>,
    /// Full title.
    pub title: String,
    /// Title of the running header.
    pub short_title: Option<String>,
    /// BCP 47 language tag of the text.
    pub language: String,
    /// For an instrument: the document it stands in.
    pub inside: Option<String>,
    /// For an instrument: when it is there.
    pub when: Option<String>,
    /// A fixed tier for its parameters: the document is signed before any assessment and never depends on one.
    pub tier: Option<Tier>,
    /// The dozen values a reader looks for first.
    #[serde(default)]
    pub key_terms: Vec<KeyTermSpec>,
    /// Unnumbered sections before the clauses.
    #[serde(default)]
    pub front: Vec<SlotSpec>,
    /// The clause of defined terms.
    pub definitions: Option<DefinitionsSpec>,
    /// Clauses.
    pub clauses: Vec<SlotSpec>,
    /// Lettered schedules.
    #[serde(default)]
    pub schedules: Vec<SlotSpec>,
    /// Instruments that stand in it.
    #[serde(default)]
    pub instruments: Vec<String>,
    /// How clauses are numbered.
    #[serde(default)]
    pub numbering: Numbering,
    /// Whether it stands in the folder of the policies: issued by us to everybody, not agreed with a supplier.
    #[serde(skip)]
    pub policy: bool,
    /// Slot whose text stands above the signature blocks; without it nothing is signed.
    pub execution: Option<String>,
}

/// Who acknowledges a policy, by when and how often.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgmentSpec {
    /// Each person, the company, or both.
    pub by: AcknowledgedBy,
    /// Who belongs to the audience: a condition over `person.affiliation`, `person.roles` and the facts of the person's supplier; everybody when absent.
    pub audience: Option<String>,
    /// Days that people have; the parameter `acknowledgment_days` of the text when absent.
    #[schemars(range(min = 1, max = 365))]
    pub due_days: Option<u32>,
    /// Months after which an acknowledgment is renewed; never when absent.
    #[schemars(range(min = 1, max = 120))]
    pub period_months: Option<u32>,
    /// Office or person who answers for the policy.
    pub owner: String,
    /// Whether who signs by a link must also type a code that is mailed at that moment.
    #[serde(default)]
    pub code: bool,
}

/// One row of the key-terms table.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyTermSpec {
    /// What the value is.
    pub label: String,
    /// The value, a template as in a clause.
    pub value: String,
    /// The clause that holds it.
    pub r#ref: Option<String>,
    /// When the row is there.
    pub when: Option<String>,
}

/// A slot of an outline.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotSpec {
    /// Its id.
    pub slot: String,
    /// Exactly one variant must match; otherwise at most one.
    #[serde(default)]
    pub required: bool,
}

/// The clause of defined terms.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionsSpec {
    /// Its title.
    pub title: String,
    /// Slots whose bullets are the terms; only terms in use are printed.
    pub slots: Vec<String>,
    /// Slot whose text follows the terms.
    pub interpretation: Option<String>,
}

/// How clauses are numbered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Numbering {
    /// 1, 1.1, (a), (i).
    #[default]
    Clauses,
    /// Titles only; items inside count from 1.
    None,
}

/// The file `outlines/pack.yaml`: what holds for the pack as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackOutline {
    /// Documents in order of precedence, which is also the order of a bound pack.
    pub documents: Vec<String>,
    /// Which document leads the pack: the first of these that is in it.
    pub lead: Vec<String>,
    /// Schedules attached to the leading document.
    pub lead_schedules: Vec<SlotSpec>,
}
