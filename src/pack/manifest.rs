//! The manifest: the lock of a pack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;

/// Version of the manifest format (see `docs/formats.md`).
pub const MANIFEST_VERSION: u32 = 1;

/// The release; ids of packs hang on it, so that a release which lays out otherwise gives packs of its own.
pub const RELEASE: &str = concat!("countersign ", env!("CARGO_PKG_VERSION"));
/// What produced a pack: release and build. Only the same build promises the same bytes.
pub const GENERATOR: &str = concat!("countersign ", env!("CARGO_PKG_VERSION"), " build ", env!("COUNTERSIGN_BUILD"));

/// What a pack is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The contracts with a supplier, by its id.
    Supplier(String),
    /// A policy, by its id.
    Policy(String),
}

impl Subject {
    /// The id of the supplier or policy.
    pub fn id(&self) -> &str {
        match self {
            Self::Supplier(id) | Self::Policy(id) => id,
        }
    }

    /// Folder of its packs, below the output folder.
    pub fn folder(&self) -> String {
        match self {
            Self::Supplier(id) => id.clone(),
            Self::Policy(id) => format!("policies/{id}"),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Supplier(id) => write!(f, "supplier `{id}`"),
            Self::Policy(id) => write!(f, "policy `{id}`"),
        }
    }
}

/// The file `internal/manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub version: u32,
    /// The program that wrote it; only the same one promises the same bytes.
    pub generator: String,
    /// Id of the pack: the first 12 digits of the digest of its inputs and options.
    pub pack: String,
    /// Id of the supplier; absent for a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Id of the policy; absent for contracts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Id of our entity.
    pub entity: String,
    /// Date of the documents, fixed when the pack was first generated.
    pub date: String,
    /// Documents that were asked for; empty for the whole pack.
    pub requested: Vec<String>,
    /// A review copy, in spite of holds.
    pub draft: bool,
    /// All documents in one PDF.
    pub bound: bool,
    /// Everything that went in, by logical path.
    pub inputs: Vec<FileDigest>,
    /// Everything that came out, by path inside the pack, without the manifest and the inputs.
    pub outputs: Vec<FileDigest>,
}

impl Manifest {
    /// What the pack is about; `None` when it names neither a supplier nor a policy, or both.
    pub fn subject(&self) -> Option<Subject> {
        match (&self.supplier, &self.policy) {
            (Some(id), None) => Some(Subject::Supplier(id.clone())),
            (None, Some(id)) => Some(Subject::Policy(id.clone())),
            _ => None,
        }
    }
}

/// A file with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Its path, with forward slashes.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// The id of a pack: it derives from the inputs and the options, not from the date.
///
/// A supplier names its entity in its profile; a policy is issued by any entity, so that one is part of its id.
pub fn pack_id(inputs: &[(String, Digest)], subject: &Subject, entity: &str, requested: &[String], draft: bool, bound: bool) -> String {
    let subject = match subject {
        Subject::Supplier(id) => format!("supplier {id}"),
        Subject::Policy(id) => format!("policy {id} of {entity}"),
    };
    let mut text = format!("{RELEASE}\n{subject}\ndraft {draft}\nbound {bound}\n");
    for kind in requested {
        text.push_str(&format!("document {kind}\n"));
    }
    for (path, digest) in inputs {
        text.push_str(&format!("{digest} {path}\n"));
    }
    Digest::of(text.as_bytes()).short(ID_DIGITS).to_owned()
}

/// Digits of a pack id: 48 bits, so that a thousand packs of one supplier collide with a chance below one in 10⁸.
const ID_DIGITS: usize = 12;
