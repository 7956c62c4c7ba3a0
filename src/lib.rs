//! countersign compiles supplier risk profiles and a clause library into contract packs.
//!
//! The pipeline, in order:
//!
//! 1. [`project`] reads a workspace from disk into [`pack::inputs::Inputs`].
//! 2. [`base::node`] and [`base::decode`] turn YAML into types and collect every fault with its place.
//! 3. [`contract::derive`] turns profile and entity into [`rule::fact::Facts`].
//! 4. [`contract::risk`] assesses the supplier and decides which documents its pack has.
//! 5. [`contract::selection`] chooses one clause for each slot and says why, and why not the others.
//! 6. [`contract::parameter`] gives every negotiable figure its value.
//! 7. [`text`] fills clause text and parses it; [`contract::assembly`] numbers it and resolves references and defined terms.
//! 8. [`render`] lays documents out as PDF/A-3a and PDF/UA-1.
//! 9. [`pack`] makes terms, explanation and manifest; [`project::write`] puts everything into place, whole or not at all.
//!
//! The register beside it: [`compliance`] knows people, policies and what they owe; [`ledger`] is the log, [`signature`] what a signature is
//! made of; [`record`] makes events of all that, and [`store`] keeps them; [`outbox`] composes mails and [`mail`] hands them over.
//!
//! Floors, lowest first; a module imports only from below: [`base`]; [`text`], [`rule`]; [`contract`], [`compliance`], [`ledger`],
//! [`signature`]; [`render`], [`pack`], [`record`], [`outbox`]; [`project`], [`store`], [`mail`], [`clock`]; [`workflow`]; [`cli`], [`web`]. Floors up to
//! `outbox` take values and return values.

pub mod base;
pub mod cli;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod ledger;
pub mod mail;
pub mod outbox;
pub mod pack;
pub mod project;
pub mod record;
pub mod render;
pub mod rule;
pub mod signature;
pub mod store;
pub mod text;
pub mod web;
pub mod workflow;
