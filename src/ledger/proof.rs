//! The proof that travels with a receipt (C2SP tlog-proof).

use crate::ledger::checkpoint::{Checkpoint, NoteError, open, peek_unverified};
use crate::ledger::hash::Hash;
use crate::ledger::key::VerifierKey;
use crate::ledger::tree::{MAX_PROOF, TreeError, check_inclusion, leaf_hash};

/// First line of a proof.
const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// That a leaf stands in a signed tree: what an outsider needs beside the leaf and a verifier key, and no network.
///
/// ```
/// use countersign::ledger::checkpoint::{Checkpoint, sign};
/// use countersign::ledger::key::{Origin, SigningKey};
/// use countersign::ledger::proof::TlogProof;
/// use countersign::ledger::tree::leaf_hash;
///
/// let origin = Origin::parse("example.com/register").unwrap();
/// let key = SigningKey::from_seed(origin.clone(), &[7; 32]);
/// let checkpoint = Checkpoint { origin, size: 1, root: leaf_hash(b"the only leaf") };
/// let proof = TlogProof { index: 0, hashes: vec![], checkpoint: sign(&checkpoint, &[&key]).unwrap() };
///
/// let text = proof.encode();
/// assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/register\n1\n"));
/// let read = TlogProof::parse(&text).unwrap();
/// assert_eq!(read.verify(b"the only leaf", &[key.verifier()]), Ok(checkpoint));
/// assert!(read.verify(b"another leaf", &[key.verifier()]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Position of the leaf, from 0.
    pub index: u64,
    /// Siblings from the leaf up to below the root (RFC 6962, section 2.1.1).
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as it was issued.
    pub checkpoint: String,
}

/// Why a proof does not prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not of the form of a proof.
    #[error("expected a proof: `{HEAD}`, `index <number>`, hashes, an empty line, a checkpoint")]
    Form,
    /// It carries extra data, which C2SP allows and nobody signs.
    #[error("a proof of this ledger has no `extra` line")]
    Extra,
    /// The checkpoint is not believed.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// The leaf is not where the proof says.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl TlogProof {
    /// Prints the proof: five to about fifty lines.
    pub fn encode(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| format!("{hash}\n")).collect();
        format!("{HEAD}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads a proof; accepts only what [`TlogProof::encode`] prints of a proof with a well-formed checkpoint. Nothing is verified.
    ///
    /// # Errors
    /// [`ProofError::Extra`] for an `extra` line, [`ProofError::Checkpoint`] when the end is no checkpoint, [`ProofError::Form`] for anything else, more
    /// than 64 hashes among it.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let rest = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('\n')).ok_or(ProofError::Form)?;
        if rest.starts_with("extra ") {
            return Err(ProofError::Extra);
        }
        // The first empty line ends the hashes; the checkpoint has one more of its own.
        let (lines, checkpoint) = rest.split_once("\n\n").ok_or(ProofError::Form)?;
        let mut lines = lines.split('\n');
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|index| index.parse().ok()).ok_or(ProofError::Form)?;
        // One more than allowed is enough to refuse.
        let hashes = lines.take(MAX_PROOF + 1).map(Hash::parse).collect::<Option<Vec<_>>>().ok_or(ProofError::Form)?;
        let proof = Self { index, hashes, checkpoint: checkpoint.to_owned() };
        if proof.hashes.len() > MAX_PROOF || proof.encode() != text {
            return Err(ProofError::Form);
        }
        peek_unverified(&proof.checkpoint)?;
        Ok(proof)
    }

    /// Checks that the leaf stands at the index in the tree that a trusted key has signed, and gives the checkpoint of that tree.
    ///
    /// # Errors
    /// [`ProofError::Checkpoint`] as [`open`], [`ProofError::Tree`] as [`check_inclusion`].
    pub fn verify(&self, leaf: &[u8], keys: &[VerifierKey]) -> Result<Checkpoint, ProofError> {
        let checkpoint = open(&self.checkpoint, keys)?;
        check_inclusion(&self.hashes, checkpoint.size, checkpoint.root, self.index, leaf_hash(leaf))?;
        Ok(checkpoint)
    }
}
