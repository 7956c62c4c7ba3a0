//! Floor 2: what makes a signature: one-time links, SSH keys, the statement that is signed, and the receipt.
//!
//! Job: judge tokens, nonces and signatures, given as values, and the container of a receipt with the list of its digests. Neighbours below:
//! `base`. Never does: keep a token, ask the time, make chance, know a ledger; whether the proof in a receipt holds is checked by the
//! workflow, which knows both.

pub mod link;
pub mod receipt;
pub mod ssh;
pub mod statement;
