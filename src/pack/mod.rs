//! Floor 3: packs. Inputs in memory become documents, an explanation, terms and a manifest.
//!
//! Job: run the whole compiler for one supplier or policy over inputs that are values, so that a workspace on disk and the inputs kept
//! in a pack take the same way. Neighbours below: `contract`, `render`, `text`, `rule`, `base`. Never does: read or write a file.

mod approval;
pub mod comparison;
pub mod compile;
pub mod courses;
pub mod coverage;
pub mod explanation;
mod hold;
pub mod inputs;
pub mod layout;
pub mod manifest;
mod plan;
mod policy;
pub mod redline;
pub mod terms;
