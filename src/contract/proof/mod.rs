//! The proof: does the library hold for every profile that there can be?
//!
//! Each question is put to a SAT solver as its opposite: is there a profile for which a required slot stays empty, two variants fill one, a reference leads
//! nowhere, a term is undefined, figures disagree, a blocking requirement has no clause? Where there is none, the library holds; where there is one, the
//! plainest such profile is the answer. What is known of profiles is in `model`: domains, implications and contradictions of the vocabulary, the score, the
//! tier, the documents. The same questions are put once more with single clauses gone: a clause whose absence no question notices is one that nothing asks for.

mod coverage;
mod examples;
mod figures;
mod model;
mod prover;
mod references;
mod sat;
mod terms;

use std::collections::BTreeMap;

use batsat::Lit;
use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::Diagnostic;
use crate::contract::library::Library;
use crate::contract::proof::model::Model;
use crate::contract::proof::prover::Prover;
use crate::contract::requirement::{Phase, Requirement};
use crate::rule::condition::Condition;
use crate::rule::fact::{FactValue, Facts};

pub use examples::examples;

/// What was proven, and what was not.
#[derive(Debug, Default, Serialize)]
pub struct Proof {
    /// Slots of documents and instruments, schedules of the leading document at each that can lead.
    pub slots: usize,
    /// Clauses of documents.
    pub clauses: usize,
    /// Requirements of the issued text that are in force.
    pub requirements: usize,
    /// Rules of figures, and families of parameters.
    pub figures: usize,
    /// Combinations of tier, clauses and laws for which figures were computed.
    pub combinations: usize,
    /// Facts.
    pub facts: usize,
    /// Letters of the proposition.
    pub letters: usize,
    /// Questions that were put.
    pub questions: usize,
    /// How requirements are met.
    pub coverage: Coverage,
    /// Ids of clauses that can be chosen and that nothing asks for: no slot that must be filled, no reference, no term, no requirement without another carrier.
    pub redundant: Vec<String>,
    /// What does not hold, and what can never be reached.
    #[serde(skip)]
    pub faults: Vec<Fault>,
}

/// How the requirements of the catalogue are met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// By clauses, whenever they apply.
    pub clause: usize,
    /// By how packs are made.
    pub structure: usize,
    /// By what is recorded of a pack.
    pub evidence: usize,
    /// Of a later phase: signing, performance, exit.
    pub later: usize,
    /// Not in force on the day.
    pub not_in_force: usize,
    /// By nothing for some profile; a fault says for which.
    pub open: usize,
}

/// What does not hold.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What, where, what to do.
    pub diagnostic: Diagnostic,
    /// The plainest profile for which it does not; none for what no profile can reach.
    pub profile: Option<Profile>,
}

/// Proves a library for a day.
pub fn prove(library: &Library, date: Date) -> Proof {
    let mut prover = Prover::new(library);
    prover.slots();
    prover.references();
    prover.relations();
    prover.terms();
    let (figures, combinations) = prover.figures(date);
    let coverage = prover.coverage(date);
    let redundant = prover.unreachable(date);
    let in_force = |requirement: &&Requirement| requirement.phase == Phase::Generation && requirement.is_in_force(date);
    Proof {
        slots: prover.positions.len(),
        clauses: prover.clauses().len(),
        requirements: library.requirements.values().filter(in_force).count(),
        figures,
        combinations,
        facts: library.vocabulary.facts.len(),
        letters: prover.model.sat.size(),
        questions: prover.model.sat.asked,
        coverage,
        redundant,
        faults: prover.faults,
    }
}

/// A profile that can be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile {
    /// Its facts, without those that the assessment gives.
    pub facts: BTreeMap<String, FactValue>,
    /// Points that its certificates earn.
    pub credit: u32,
}

/// Profiles of a library, found by what must hold of them.
pub struct Profiles<'a>(Model<'a>);

impl<'a> Profiles<'a> {
    /// All profiles of a library.
    pub fn new(library: &'a Library) -> Self {
        Self(Model::new(library))
    }

    /// The plainest profile for which all of these hold, `tier` and `docs.*` among them; `None` where there is none.
    pub fn plainest(&mut self, all: &[&Condition]) -> Option<Profile> {
        let letters: Vec<Lit> = all.iter().map(|condition| self.0.letter(condition)).collect();
        self.0.nearest(&letters, None)
    }
}

/// A fact that would have to be another: its name, its value now, its value then.
pub type Change = (String, String, String);

/// What would have to be otherwise for a clause to be chosen: as few facts as can be, none of which can be left out; `None` where nothing brings it in.
///
/// `credit` is what the certificates of the supplier earn.
pub fn nearest(library: &Library, clause: &str, facts: &Facts, credit: u32) -> Option<Vec<Change>> {
    let mut prover = Prover::new(library);
    let all = prover.with_clause(clause);
    let profile = prover.model.nearest(&all, Some((facts, credit)))?;
    let differs = profile.facts.into_iter().filter_map(|(name, value)| {
        let now = facts.get(&name).map_or_else(|| "unset".to_owned(), |fact| fact.value.to_string());
        (now != value.to_string()).then(|| (name, now, value.to_string()))
    });
    Some(differs.collect())
}
