//! Each module tests one promise; tests are sentences.

pub(crate) mod architecture;
pub(crate) mod bodies;
pub(crate) mod commands;
pub(crate) mod duties;
pub(crate) mod invalid;
pub(crate) mod packs;
pub(crate) mod readme;
pub(crate) mod sandbox;

pub(crate) mod condition;
pub(crate) mod profile;
pub(crate) mod reading;
pub(crate) mod risk;
pub(crate) mod selection;
pub(crate) mod shelf;
pub(crate) mod text;
