//! Floor 1: facts and the conditions over them; obligations, findings and decisions, which all that is owed has in common.
//!
//! Job: the closed vocabulary, three-valued evaluation, and what follows from what is known. Neighbour below: `base`.
//! Never does: know where a fact comes from in a profile, or what a clause is.

pub mod audience;
pub mod condition;
pub mod decision;
pub mod evidence;
pub mod fact;
pub mod finding;
pub mod ladder;
pub mod obligation;
pub mod vocabulary;
pub mod working_time;
