//! Each module tests one promise; tests are sentences.

pub mod architecture;
pub mod commands;
pub mod invalid;
pub mod packs;
pub mod sandbox;

pub mod condition;
pub mod risk;
pub mod shelf;
