//! Each module tests one promise; tests are sentences.

pub(crate) mod architecture;
pub(crate) mod bodies;
pub(crate) mod certificate;
pub(crate) mod commands;
pub(crate) mod duties;
pub(crate) mod invalid;
pub(crate) mod letters;
pub(crate) mod lifecycle;
pub(crate) mod links;
pub(crate) mod mail;
pub(crate) mod packs;
pub(crate) mod pages;
pub(crate) mod postfix;
pub(crate) mod readme;
pub(crate) mod receipt;
pub(crate) mod sandbox;
pub(crate) mod smtp_server;
pub(crate) mod story;
pub(crate) mod world;

pub(crate) mod compliance;
pub(crate) mod condition;
pub(crate) mod ledger;
pub(crate) mod ledger_verbs;
pub(crate) mod people;
pub(crate) mod permission;
pub(crate) mod profile;
pub(crate) mod reading;
pub(crate) mod register;
pub(crate) mod risk;
pub(crate) mod selection;
pub(crate) mod shelf;
pub(crate) mod signature;
pub(crate) mod tamper;
pub(crate) mod text;
pub(crate) mod tree;
