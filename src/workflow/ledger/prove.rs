//! Proofs for outsiders: that an entry stands in the log, and that the log of today extends the one of an older checkpoint.

use crate::ledger::checkpoint::{Checkpoint, open};
use crate::ledger::hash::Hash;
use crate::ledger::leaf::Leaf;
use crate::ledger::proof::TlogProof;
use crate::ledger::tree;
use crate::ledger::verify::Frontier;
use crate::record::Payload;
use crate::store::{Content, View};
use crate::workflow::register::{Register, RegisterError, Tiles, read};

/// One entry with its proof.
#[derive(Debug, Clone)]
pub struct Proven {
    /// Number of the entry.
    pub entry: u64,
    /// The bytes that are hashed into the log.
    pub leaf_bytes: Vec<u8>,
    /// The same, read.
    pub leaf: Leaf,
    /// What it says; `None` once that was destroyed.
    pub payload: Option<Payload>,
    /// Salt and payload, to be revealed or not; `None` once they were destroyed.
    pub content: Option<Content>,
    /// The proof to the newest checkpoint.
    pub proof: TlogProof,
    /// That checkpoint.
    pub checkpoint: Checkpoint,
}

/// Proves that an entry stands in the log, up to the newest checkpoint; the proof is verified before it is given away.
///
/// # Errors
/// [`RegisterError::Refused`] when there is no such entry, [`RegisterError::Integrity`] when a tile does not lead to the root.
pub fn prove(register: &mut Register, entry: u64) -> Result<Proven, RegisterError> {
    let trusted = register.trusted().to_vec();
    let view = register.view()?;
    let (note, checkpoint) = newest(view.as_ref(), &trusted)?;
    let stored = view.entry(entry)?.filter(|_| entry < checkpoint.size).ok_or_else(|| {
        RegisterError::refused(
            format!("there is no entry {entry}"),
            match checkpoint.size.checked_sub(1) {
                Some(last) => format!("entries are numbered 0 to {last}"),
                None => "the register is empty".to_owned(),
            },
        )
    })?;
    let (leaf, payload) = read(entry, &stored)?;
    let fault = |error: &dyn std::fmt::Display| RegisterError::integrity(format!("proof of entry {entry}"), error);
    let hashes = tree::prove_inclusion(checkpoint.size, entry, &Tiles(view.as_ref())).map_err(|error| fault(&error))?;
    let proof = TlogProof { index: entry, hashes, checkpoint: note };
    proof.verify(&stored.leaf, &trusted).map_err(|error| fault(&error))?;
    Ok(Proven { entry, leaf_bytes: stored.leaf, leaf, payload, content: stored.content, proof, checkpoint })
}

/// How the register stands to an older checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It begins with the entries of that checkpoint, and this proves it (RFC 6962, section 2.1.2).
    Extends(Vec<Hash>),
    /// It has exactly those entries.
    Equal,
    /// It has fewer: an older copy, or entries were taken away.
    Older,
    /// It has other entries than were signed there.
    Forked,
}

impl Standing {
    /// The word as printed.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Extends(_) => "extends",
            Self::Equal => "equal",
            Self::Older => "older",
            Self::Forked => "forked",
        }
    }

    /// Whether the register keeps what was signed.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Extends(_) | Self::Equal)
    }
}

/// The register against a checkpoint from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How it stands.
    pub standing: Standing,
    /// The checkpoint from elsewhere.
    pub old: Checkpoint,
    /// The newest checkpoint of the register.
    pub new: Checkpoint,
}

/// Compares the register with a checkpoint that was kept elsewhere: in git, beside a receipt, in an exported log. The text may also be a
/// proof that holds the checkpoint.
///
/// # Errors
/// [`RegisterError::Integrity`] when the text is no checkpoint of this ledger that a key of the workspace has signed.
pub fn compare(register: &mut Register, text: &str) -> Result<Comparison, RegisterError> {
    let trusted = register.trusted().to_vec();
    let origin = register.state().origin.clone();
    let fault = |error: &dyn std::fmt::Display| RegisterError::integrity("checkpoint to compare with", error);
    let note = TlogProof::parse(text).map_or_else(|_| text.to_owned(), |proof| proof.checkpoint);
    let old = open(&note, &trusted).map_err(|error| fault(&error))?;
    if old.origin.as_str() != origin {
        return Err(fault(&format!("it is of `{}`, this register is `{origin}`", old.origin)));
    }
    let view = register.view()?;
    let (_, new) = newest(view.as_ref(), &trusted)?;
    let standing = if old.size > new.size {
        Standing::Older
    } else if root_at(view.as_ref(), old.size)? != old.root {
        Standing::Forked
    } else if old.size == new.size {
        Standing::Equal
    } else {
        let proof = tree::prove_consistency(old.size, new.size, &Tiles(view.as_ref())).map_err(|error| fault(&error))?;
        tree::check_consistency(&proof, old.size, old.root, new.size, new.root).map_err(|error| fault(&error))?;
        Standing::Extends(proof)
    };
    Ok(Comparison { standing, old, new })
}

/// The newest checkpoint, as a note and read.
pub(super) fn newest(view: &dyn View, trusted: &[crate::ledger::key::VerifierKey]) -> Result<(String, Checkpoint), RegisterError> {
    let stored = view.newest_checkpoint()?.ok_or_else(|| RegisterError::refused("the register is empty", "run `countersign ledger init`"))?;
    let checkpoint = crate::workflow::register::open(&stored.note, trusted, stored.size)?;
    Ok((stored.note, checkpoint))
}

/// The root over the first entries, from the leaves and not from the tiles.
pub(super) fn root_at(view: &dyn View, size: u64) -> Result<Hash, RegisterError> {
    let mut frontier = Frontier::default();
    if size > 0 {
        view.entries(0, &mut |_, entry| {
            frontier.push(&entry.leaf);
            frontier.size() < size
        })?;
    }
    Ok(frontier.root())
}
