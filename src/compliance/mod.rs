//! Floor 2: people, policies, acknowledgments, training, reminders, and the status that follows from them.
//!
//! Job: decide what is owed by whom on a day, as pure functions of recorded events and dates.
//! Neighbours below: `base`, `text`, `rule`. Never does: know a contract, a ledger, a mail server.

pub mod acknowledgment;
pub mod address;
pub mod book;
pub mod change;
pub mod completions;
pub mod contact;
pub mod course;
pub mod deadline;
pub mod people_file;
pub mod person;
pub mod policy;
pub mod relation;
pub mod reminder;
pub mod roster;
pub mod ssh;
pub mod status;
pub mod training;
