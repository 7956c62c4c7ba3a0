//! countersign compiles supplier risk profiles and a clause library into contract packs.
#![forbid(unsafe_code)]

pub mod base;
pub mod cli;
pub mod clock;
pub mod contract;
pub mod pack;
pub mod project;
pub mod render;
pub mod rule;
pub mod text;
pub mod workflow;
