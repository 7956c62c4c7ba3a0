//! Selection: which clause fills each slot, why, and why not the others.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::Place;
use crate::contract::assessment::{Reason, reasons};
use crate::contract::library::Library;
use crate::rule::condition::Truth;
use crate::rule::fact::Facts;

/// One clause that could fill a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The clause.
    pub clause: String,
    /// Its version.
    pub version: String,
    /// Its condition.
    pub when: String,
    /// Whether the condition holds.
    pub holds: bool,
    /// The facts in it.
    pub because: Vec<Reason>,
    /// Parameters that its text prints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
}

/// What fills one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotResult {
    /// The document or instrument.
    pub document: String,
    /// The slot.
    pub slot: String,
    /// Whether exactly one clause must fill it.
    pub required: bool,
    /// The clause that fills it.
    pub chosen: Option<String>,
    /// All clauses that could.
    pub candidates: Vec<Candidate>,
}

/// The selection of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Selection {
    /// Slots in the order of the outlines.
    pub slots: Vec<SlotResult>,
}

impl Selection {
    /// The clause chosen for a slot of a document.
    pub fn chosen(&self, document: &str, slot: &str) -> Option<&str> {
        self.slots.iter().find(|s| s.document == document && s.slot == slot).and_then(|s| s.chosen.as_deref())
    }

    /// Every chosen clause, each once.
    pub fn clauses(&self) -> BTreeSet<&str> {
        self.slots.iter().filter_map(|s| s.chosen.as_deref()).collect()
    }
}

/// Selects clauses slot by slot and collects what stands in the way.
pub struct Selector<'a> {
    library: &'a Library,
    facts: &'a Facts,
    /// The result so far.
    pub selection: Selection,
    /// Facts that a condition asked for and that have no value, with the clauses that asked.
    pub missing: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Selector<'a> {
    /// Nothing is selected yet.
    pub fn new(library: &'a Library, facts: &'a Facts) -> Self {
        Self { library, facts, selection: Selection::default(), missing: BTreeMap::new() }
    }

    /// Fills one slot.
    ///
    /// # Errors
    /// Reports `slot-empty` when a required slot has no matching variant and `slot-ambiguous` when two match, naming both
    /// files. A condition that depends on an unset fact is noted in `missing`.
    pub fn select(&mut self, document: &str, slot: &str, required: bool, place: &Place, report: &mut Report) -> Option<&'a str> {
        let mut candidates = Vec::new();
        let mut matching = Vec::new();
        let mut undecided = false;
        for clause in self.library.candidates(slot) {
            let truth = clause.when.evaluate(self.facts);
            candidates.push(Candidate {
                clause: clause.front.id.clone(),
                version: clause.front.version.clone(),
                when: clause.when.to_string(),
                holds: truth == Truth::True,
                because: reasons(self.facts, &clause.when),
                parameters: clause.front.parameters.clone(),
            });
            match truth {
                Truth::True => matching.push(clause),
                Truth::Unset(names) => {
                    undecided = true;
                    for name in names {
                        self.missing.entry(name).or_default().insert(clause.front.id.clone());
                    }
                }
                Truth::False => {}
            }
        }
        if let [first, second, ..] = matching.as_slice() {
            let message = format!("two clauses fill the slot `{slot}`: `{}` and `{}`", first.front.id, second.front.id);
            let diagnostic = Diagnostic::error("slot-ambiguous", message)
                .at(&first.when_place)
                .with(&second.when_place, "this condition holds as well")
                .help("make the conditions exclude each other");
            report.push(diagnostic);
        }
        if matching.is_empty() && required && !undecided {
            let mut diagnostic = Diagnostic::error("slot-empty", format!("no clause fills the required slot `{slot}`")).at(place);
            for clause in self.library.candidates(slot) {
                diagnostic = diagnostic.with(&clause.when_place, format!("`{}` does not hold", clause.when));
            }
            report.push(diagnostic.help("widen a condition, or write a variant for this case"));
        }
        let chosen = matching.first().map(|c| c.front.id.as_str());
        self.selection.slots.push(SlotResult { document: document.to_owned(), slot: slot.to_owned(), required, chosen: chosen.map(str::to_owned), candidates });
        chosen
    }

    /// Checks `requires` and `conflicts` of every chosen clause.
    pub fn check_relations(&self, report: &mut Report) {
        let chosen = self.selection.clauses();
        let present =
            |id: &String| chosen.contains(id.as_str()) || chosen.iter().any(|c| self.library.clauses.get(*c).is_some_and(|clause| clause.front.slot == *id));
        for clause in chosen.iter().filter_map(|id| self.library.clauses.get(*id)) {
            for (at, id) in clause.front.requires.iter().enumerate().filter(|(_, id)| !present(id)) {
                let place = clause.node.place_of(&format!("requires[{at}]"));
                let message = format!("`{}` requires `{id}`, which is not in the pack", clause.front.id);
                report.push(Diagnostic::error("requires", message).at(&place));
            }
            for (at, id) in clause.front.conflicts.iter().enumerate().filter(|(_, id)| present(id)) {
                let place = clause.node.place_of(&format!("conflicts[{at}]"));
                let mut diagnostic = Diagnostic::error("conflicts", format!("`{}` cannot stand beside `{id}`", clause.front.id)).at(&place);
                if let Some(other) = self.library.clauses.get(id) {
                    diagnostic = diagnostic.with(&other.when_place, "this one is in the pack as well");
                }
                report.push(diagnostic);
            }
        }
    }
}
