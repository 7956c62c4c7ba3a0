//! Floor 0: ids, digests, dates, source places, diagnostics, spreadsheets as cells, YAML and CSV as trees of nodes and their collecting decoder.
//!
//! Job: turn bytes that people wrote into values with a place, and collect every fault on the way.
//! Neighbours below: none. Never does: open a file, read the clock, know what a contract is.

pub mod date;
pub mod decode;
pub mod diagnostic;
pub mod digest;
pub mod encode;
pub mod grid;
pub mod instant;
pub mod node;
pub mod rows;
pub mod sheet;
pub mod source;
pub mod suggest;
pub mod yaml;
