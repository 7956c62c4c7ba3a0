//! The mapping of an adopted contract: which of its clauses fulfils which requirement, and what nothing in it fulfils.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::date::Date;
use crate::base::decode::decode;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::suggest;
use crate::contract::library::Library;
use crate::contract::requirement::{Phase, Requirement};
use crate::rule::fact::Facts;
use crate::text::hygiene;

/// The file that `pack adopt --mapping` reads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingFile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Clause number by id of the requirement, for example `gdpr-28-3-a-instructions: "7.2"`.
    pub mapping: BTreeMap<String, String>,
}

/// Reads a mapping.
///
/// # Errors
/// Returns `None` after diagnostics; a requirement that no catalogue has is `unknown-requirement`, each with the nearest id.
pub fn read(node: &Node, library: &Library, report: &mut Report) -> Option<BTreeMap<String, String>> {
    let before = report.errors();
    hygiene::check(node, report);
    let file: MappingFile = decode(node, report)?;
    for id in file.mapping.keys().filter(|id| !library.requirements.contains_key(*id)) {
        let near = suggest::nearest(id, library.requirements.keys().map(String::as_str));
        let help = near.map_or_else(|| "the ids are in `clauses/requirements/`".to_owned(), |near| format!("did you mean `{near}`?"));
        let message = format!("there is no requirement `{id}`");
        report.push(Diagnostic::error("unknown-requirement", message).at(&node.place_of(&format!("mapping.{id}"))).help(help));
    }
    (report.errors() == before).then_some(file.mapping)
}

/// Requirements that a contract must fulfil in its text, on a day, for a supplier with these facts.
///
/// An unset fact counts as not applying, as in a pack of ours.
pub fn applicable<'a>(library: &'a Library, facts: &Facts, date: Date) -> Vec<&'a Requirement> {
    library.requirements.values().filter(|r| r.phase == Phase::Generation && r.applies(facts, date)).collect()
}
