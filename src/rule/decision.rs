//! Decisions: recorded acts of authority.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;

/// The file `decisions/<name>.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What is decided.
    pub kind: DecisionKind,
    /// Id of the supplier.
    pub supplier: String,
    /// The hold of the risk model that is accepted.
    pub hold: String,
    /// SHA-256 of the profile file that was before the person, so that a changed profile is decided anew.
    pub subject: Digest,
    /// Role in which the person decides, a key of `authorities`.
    pub role: String,
    /// E-mail address of the person, listed under that role.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Day of the decision.
    pub date: Date,
    /// Last day on which it holds.
    pub expires: Date,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// A hold is accepted.
    AcceptHold,
}

/// A decision as it was recorded (`decision.recorded`): out of a file, or made at the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// Id: the name of the file without ending, or made from chance.
    pub decision: String,
    /// What is decided.
    pub kind: RecordedKind,
    /// Id of the supplier.
    pub supplier: String,
    /// The hold, or the id of the obligation, that is decided about.
    pub subject: String,
    /// SHA-256 of the profile that was before the person, for a hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Digest>,
    /// Role in which the person decides.
    pub role: String,
    /// E-mail address of the person.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Day of the decision.
    pub date: Date,
    /// Last day on which it holds.
    pub expires: Date,
}

/// What a recorded decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedKind {
    /// A hold of the risk model is accepted.
    AcceptHold,
    /// An obligation need not be met until the decision runs out.
    AcceptObligation,
}
