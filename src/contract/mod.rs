//! Floor 2: the contract side. Entities and profiles become facts, an assessment, parameters, a selection and documents.
//!
//! Neighbours below: `rule`, `text`, `base`. Never does: read a file, lay out a page, know the register.

pub mod approval;
pub mod assembly;
pub mod assessment;
pub mod clause;
pub mod consistency;
pub mod derive;
pub mod duty;
pub mod entity;
pub mod exit;
pub mod figures;
pub mod history;
pub mod intake;
pub mod library;
pub mod lifecycle;
pub mod lint;
pub mod mapping;
pub mod milestone;
pub mod numbering;
pub mod outline;
pub mod parameter;
pub mod party;
pub mod permission;
pub mod place;
pub mod profile;
pub mod proof;
pub mod reference;
pub mod requirement;
pub mod risk;
pub mod selection;
pub mod settings;
pub mod term;
pub mod values;
