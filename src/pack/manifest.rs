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
    /// Id of the supplier.
    pub supplier: String,
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
pub fn pack_id(inputs: &[(String, Digest)], supplier: &str, requested: &[String], draft: bool, bound: bool) -> String {
    let mut text = format!("{RELEASE}\nsupplier {supplier}\ndraft {draft}\nbound {bound}\n");
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
