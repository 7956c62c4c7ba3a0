//! Floor 4: the workspace on disk. Reads it into memory and writes packs, whole or not at all.
//!
//! Neighbours below: `pack`, `contract`, `base`. Never does: decide anything about a contract.

pub mod approvals;
mod disk;
pub mod embedded;
pub mod folder;
pub mod log;
pub mod read;
pub mod register;
pub mod revision;
pub mod write;

pub use disk::DiskError;
