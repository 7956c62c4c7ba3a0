//! Evidence: what shows that a supplier did what it owed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;

/// A file that closes an obligation of a supplier (`evidence.added`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Id, made from chance.
    pub evidence: String,
    /// Supplier.
    pub supplier: String,
    /// Id of the obligation that it closes.
    pub obligation: String,
    /// The due date that it closes, so that one that comes back comes back.
    pub due: Date,
    /// SHA-256 of the file; its bytes are kept in the register.
    pub file: Digest,
    /// Name of the file.
    pub name: String,
    /// Day of the evidence: of the report, the test or the certificate.
    pub date: Date,
    /// What it covers.
    pub scope: String,
    /// Period that it covers, as printed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Opinion of its author.
    pub opinion: EvidenceOpinion,
    /// Who of us read it.
    pub reviewer: String,
    /// Exceptions that were found in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
    /// Last day on which it counts; `None` for one period of the obligation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
}

/// Opinion of the author of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceOpinion {
    /// Without reservation.
    Unqualified,
    /// With reservations.
    Qualified,
    /// It states none.
    None,
}
