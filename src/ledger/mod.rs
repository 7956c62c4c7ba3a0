//! Floor 2: the format of the ledger and the arithmetic over it.
//!
//! Job: the bytes of a leaf; the Merkle tree over leaves (RFC 6962, section 2.1) cut into tiles (C2SP tlog-tiles); its signed head
//! (C2SP tlog-checkpoint, signed-note) and the proof that a leaf stands in it (C2SP tlog-proof); and [`verify`], which checks all of
//! that and shares nothing with the writer but the format. Every parser accepts one spelling of a value, so what was parsed prints
//! to the bytes it was read from.
//!
//! Neighbour below: `base`. Never does: keep a tile, make a salt or a seed, know what an entry says or whom it concerns. A caller
//! reads and writes; this module takes values, gives values, and never panics on any of them.
//!
//! | file | holds |
//! |---|---|
//! | [`leaf`] | what is hashed into the tree for one entry, and the commitment to what the entry says |
//! | [`hash`] | a node of the tree |
//! | [`tile`] | names of tiles and bundles, which of them a tree has, the bundle of leaves |
//! | [`tree`] | append, root, proofs and their checks, by crate `tlog_tiles` |
//! | [`key`] | signing key, verifier key, origin |
//! | [`checkpoint`] | signed notes, checkpoints among them |
//! | [`proof`] | the proof that travels with a receipt |
//! | [`verify`] | the second opinion |

pub mod checkpoint;
pub mod hash;
pub mod key;
pub mod leaf;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod verify;
