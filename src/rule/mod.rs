//! Floor 1: facts and the conditions over them.
//!
//! Job: the closed vocabulary, three-valued evaluation, and what follows from what is known. Neighbour below: `base`.
//! Never does: know where a fact comes from in a profile, or what a clause is.

pub mod audience;
pub mod condition;
pub mod decision;
pub mod fact;
pub mod ladder;
pub mod vocabulary;
