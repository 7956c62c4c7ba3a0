//! Requirements: no blocking one is open, and every one applies to somebody.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::base::date::Date;
use crate::base::diagnostic::Diagnostic;
use crate::contract::clause::Clause;
use crate::contract::proof::prover::{Prover, ids};
use crate::contract::proof::{Coverage, Fault};
use crate::contract::requirement::{DocumentsMode, Force, MetBy, Phase, Requirement};
use crate::rule::condition::Condition;

impl<'a> Prover<'a> {
    /// No blocking requirement is open.
    pub(super) fn coverage(&mut self, date: Date) -> Coverage {
        let mut coverage = Coverage::default();
        let library = self.library;
        for requirement in library.requirements.values() {
            if requirement.phase != Phase::Generation {
                coverage.later += 1;
            } else if !requirement.is_in_force(date) {
                coverage.not_in_force += 1;
            } else {
                match requirement.met_by {
                    Some(MetBy::Structure) => coverage.structure += 1,
                    Some(MetBy::Evidence) => coverage.evidence += 1,
                    None if self.is_open(requirement) => coverage.open += 1,
                    None => coverage.clause += 1,
                }
            }
        }
        coverage
    }

    /// Whether some profile leaves a requirement open; then a fault says which.
    fn is_open(&mut self, requirement: &Requirement) -> bool {
        let applies = self.model.letter(requirement.condition());
        let mut blocking = vec![applies];
        if requirement.force == Force::Practice {
            // Practice blocks where much is at stake.
            blocking.push(self.model.letter(&Condition::AtLeast("tier".to_owned(), "high".to_owned())));
        }
        let mut carriers: Vec<Lit> = Vec::new();
        let mut lacking: Vec<Lit> = Vec::new();
        let mut presents: Vec<Lit> = Vec::new();
        let mut needs: Vec<&str> = Vec::new();
        for document in &requirement.documents {
            let present = self.model.holds(&format!("docs.{document}"));
            let covering: Vec<(&Clause, Lit)> = self
                .positions
                .iter()
                .filter(|position| position.document == *document && requirement.stands_in(self.library, document, position.outline))
                .flat_map(|position| &position.variants)
                .filter(|(clause, _)| clause.front.covers.contains(&requirement.id))
                .copied()
                .collect();
            needs.extend(ids(&covering));
            let covering: Vec<Lit> = covering.into_iter().map(|(_, chosen)| chosen).collect();
            let covered = self.model.sat.or(&covering);
            carriers.push(covered);
            presents.push(present);
            lacking.push(self.model.sat.and(&[present, !covered]));
        }
        let is_open = match requirement.mode {
            DocumentsMode::Any => !self.model.sat.or(&carriers),
            DocumentsMode::All => !self.model.sat.and(&carriers),
            DocumentsMode::EachPresent => {
                let some = self.model.sat.or(&lacking);
                let none = !self.model.sat.or(&presents);
                self.model.sat.or(&[some, none])
            }
        };
        blocking.push(is_open);
        let claims: Vec<&Clause> = self.library.clauses.values().filter(|clause| clause.front.covers.contains(&requirement.id)).collect();
        self.ask(blocking, needs, || {
            let message = format!(
                "for some profile the requirement `{}` ({}) applies, and no clause carries it in {}",
                requirement.id,
                requirement.source,
                requirement.documents.join(", ")
            );
            let mut fault = Diagnostic::error("open-requirement", message).at(&requirement.place);
            for clause in &claims {
                fault = fault.with(&clause.when_place, format!("`{}` covers it, and is not chosen there", clause.front.id));
            }
            fault.help(format!("write a clause that says: {}", requirement.must))
        })
    }

    /// Clauses that no profile brings in, and requirements that never apply; of the clauses that some profile brings in, those that nothing asks for.
    pub(super) fn unreachable(&mut self, date: Date) -> Vec<String> {
        let mut letters: BTreeMap<&str, (&Clause, Vec<Lit>)> = BTreeMap::new();
        for (clause, letter) in self.positions.iter().flat_map(|position| &position.variants) {
            letters.entry(&clause.front.id).or_insert((clause, Vec::new())).1.push(*letter);
        }
        let mut chosen = BTreeSet::new();
        for (id, (clause, letters)) in letters {
            let mut all = self.whole();
            all.push(self.model.sat.or(&letters));
            if self.model.sat.can_be(&all) {
                chosen.insert(id);
                continue;
            }
            let message = format!("no profile brings in the clause `{id}`: `{}` never holds where its slot is", clause.when);
            let diagnostic = Diagnostic::warning("unreachable-clause", message).at(&clause.when_place).help("correct its condition, or delete it");
            self.faults.push(Fault { diagnostic, profile: None });
        }
        let library = self.library;
        for requirement in library.requirements.values().filter(|requirement| requirement.is_in_force(date)) {
            let applies = self.model.letter(requirement.condition());
            if !self.model.sat.can_be(&[applies]) {
                let message = format!("the requirement `{}` applies to no profile", requirement.id);
                let diagnostic = Diagnostic::warning("unreachable-requirement", message).at(&requirement.place).help("correct `applies_when`");
                self.faults.push(Fault { diagnostic, profile: None });
            }
        }
        self.redundant(&chosen)
    }
}
