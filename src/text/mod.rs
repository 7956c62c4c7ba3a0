//! Floor 1: text. Templates, Markdown, and the document tree they become.
//!
//! Job: refuse texts that deceive, fill clause text with values that can never become markup, and turn it into blocks. Neighbour below: `base`.
//! Never does: choose a clause, number it, lay it out.

pub mod document;
pub mod edit;
pub mod hygiene;
pub mod letters;
pub mod markdown;
pub mod page;
pub mod redline;
pub mod sentinel;
pub mod template;
