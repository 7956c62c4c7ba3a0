//! Milestones: what happens to a contract, as it is recorded. Each type is the body of one kind of entry of the register.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::contract::clause::Obligor;
use crate::contract::entity::Authority;
use crate::contract::risk::Tier;

/// A pack is put before the people who approve it (`pack.submitted`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Id of the pack, 12 digits.
    pub pack: String,
    /// SHA-256 of its `internal/manifest.json`: through it, every file of the pack is meant.
    pub manifest: Digest,
    /// Id of the supplier.
    pub supplier: String,
    /// Id of our entity.
    pub entity: String,
    /// Date printed on the documents.
    pub date: Date,
    /// The tier; `None` when the supplier could not be assessed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Whether only documents that are signed before any assessment are in it, which no hold stops.
    pub before_assessment: bool,
    /// SHA-256 of the profile that the pack was made from.
    pub profile: Digest,
    /// What is sent, in order of file name.
    pub documents: Vec<PackDocument>,
    /// Roles that must approve.
    pub roles: Vec<String>,
    /// Who made the pack, as e-mail address or name; this person may not approve it.
    pub author: String,
    /// What the documents oblige whom to do.
    pub obligations: Vec<PackObligation>,
}

/// One PDF of a pack; its bytes are kept in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackDocument {
    /// File name.
    pub file: String,
    /// Kind of the document, for example `dpa`; `None` where all documents are bound in one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// One obligation of a pack, as its terms have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackObligation {
    /// Kind of the document.
    pub document: String,
    /// Clause id, `/`, id within the clause.
    pub id: String,
    /// Who owes it.
    pub who: Obligor,
    /// What is owed.
    pub what: String,
    /// What starts it.
    pub trigger: String,
    /// By when, as printed.
    pub deadline: String,
}

/// Somebody with authority approves a pack in one role (`pack.approved`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Id of the pack.
    pub pack: String,
    /// SHA-256 of the manifest that was approved.
    pub manifest: Digest,
    /// The role.
    pub role: String,
    /// The person, as listed under the role in `countersign.yaml`.
    pub approver: Authority,
    /// Anything the person wants to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Somebody with authority says no to a pack (`pack.rejected`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// Id of the pack.
    pub pack: String,
    /// SHA-256 of the manifest that was rejected.
    pub manifest: Digest,
    /// The role.
    pub role: String,
    /// The person, as listed under the role in `countersign.yaml`.
    pub approver: Authority,
    /// Why.
    pub reason: String,
}

/// A pack goes to the supplier (`pack.issued`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Id of the pack.
    pub pack: String,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// Who gets it.
    pub recipients: Vec<Recipient>,
    /// What is sent.
    pub documents: Vec<PackDocument>,
}

/// Somebody who gets a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A document came back signed (`pack.signed`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Id of the pack.
    pub pack: String,
    /// File name of the document in the pack.
    pub document: String,
    /// SHA-256 of the bytes that were issued.
    pub issued: Digest,
    /// SHA-256 of the signed file; its bytes are kept in the register.
    pub file: Digest,
    /// How the signed file relates to what was issued.
    pub comparison: Comparison,
    /// Who signed, as somebody says; a signature inside a file is not checked here.
    pub signatures: Vec<Signature>,
    /// How, in a word: `wet_ink`, `esign`.
    pub method: String,
    /// The day from which the document has effect, where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
}

/// How a signed file relates to the bytes that were issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same bytes: nothing was signed inside the file.
    Identical,
    /// The issued bytes, then more: an incremental update (ISO 32000-1, 7.5.6), as PDF signatures (PAdES, ETSI EN 319 142) are made.
    BeginsWith,
    /// The issued bytes in one piece somewhere inside, as in a container or an archive that does not compress.
    Contains,
    /// Anything else, for example a scan: whether it says the same, a person must see.
    NotCompared,
}

impl Comparison {
    /// Compares a signed file with what was issued. Nothing but bytes is looked at: no signature is checked, no text is read.
    ///
    /// ```
    /// use countersign::contract::milestone::Comparison;
    /// assert_eq!(Comparison::of(b"%PDF issued", b"%PDF issued and signed"), Comparison::BeginsWith);
    /// assert_eq!(Comparison::of(b"%PDF issued", b"a scan"), Comparison::NotCompared);
    /// assert_eq!(Comparison::of(b"", b"a scan"), Comparison::NotCompared);
    /// ```
    pub fn of(issued: &[u8], signed: &[u8]) -> Self {
        if issued.is_empty() {
            Self::NotCompared
        } else if signed == issued {
            Self::Identical
        } else if signed.starts_with(issued) {
            Self::BeginsWith
        } else if signed.windows(issued.len()).any(|window| window == issued) {
            Self::Contains
        } else {
            Self::NotCompared
        }
    }

    /// The result in words, after the name of a document.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identical => "identical, no signature inside",
            Self::BeginsWith => "begins with the issued bytes",
            Self::Contains => "contains the issued bytes",
            Self::NotCompared => "scan, not compared",
        }
    }
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// For whom.
    pub party: Side,
    /// Name.
    pub name: String,
    /// Position.
    pub title: String,
    /// Day.
    pub date: Date,
}

/// One of the two sides of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Our entity.
    Ours,
    /// The supplier.
    Theirs,
}

impl Side {
    /// The side by its word, `ours` or `theirs`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ours" => Some(Self::Ours),
            "theirs" => Some(Self::Theirs),
            _ => None,
        }
    }
}

/// A contract on the supplier's paper, or from before the register, is taken in (`pack.adopted`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// Id: the first 12 digits of the digest of the file.
    pub pack: String,
    /// Id of the supplier.
    pub supplier: String,
    /// Id of our entity.
    pub entity: String,
    /// Title of the contract.
    pub title: String,
    /// SHA-256 of the file; its bytes are kept in the register.
    pub file: Digest,
    /// Day of the last signature.
    pub signed: Date,
    /// First day.
    pub effective: Date,
    /// Last day; `None` while open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
    /// Requirements that the contract fulfils, each with the number of the clause.
    pub mapping: BTreeMap<String, String>,
}

/// Another contract stands in the place of this one (`pack.superseded`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supersession {
    /// Id of the pack that stood.
    pub pack: String,
    /// Id of the pack that stands now.
    pub by: String,
}

/// A contract ends (`pack.terminated`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Termination {
    /// Id of the pack.
    pub pack: String,
    /// Day on which notice was received.
    pub notice: Date,
    /// Last day of the contract.
    pub end: Date,
    /// Why.
    pub reason: String,
    /// What falls due because of it, in order of date, undated last.
    pub deadlines: Vec<ExitDeadline>,
}

/// Something that falls due because a contract ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitDeadline {
    /// The obligation.
    pub obligation: PackObligation,
    /// What it counts from.
    pub starts: ExitStart,
    /// Last day; `None` where the printed deadline is no span of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// What an exit deadline counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStart {
    /// The day on which notice was received.
    Notice,
    /// The last day of the contract.
    End,
}
