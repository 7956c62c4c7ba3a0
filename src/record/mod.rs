//! Floor 3: typed events to and from the payloads of the ledger, and the state that follows from them.
//!
//! Job: be the one place where the words of people, contracts and keys become bytes that are hashed for ever.
//! Neighbours below: `compliance`, `contract`, `base`. Never does: hash, sign, store, ask the time.

pub mod access;
pub mod agenda;
pub mod event;
pub mod gate;
pub mod overview;
pub mod paper;
pub mod state;

pub use event::{Event, Payload};
pub use state::State;
