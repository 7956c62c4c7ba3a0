//! The questions: every slot where it stands, what is asked of it, and what is noted when the answer is a profile.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Place;
use crate::contract::clause::Clause;
use crate::contract::library::Library;
use crate::contract::proof::Fault;
use crate::contract::proof::model::Model;

/// A slot where it stands.
pub(super) struct Position<'a> {
    /// The document that it is laid out with.
    pub(super) document: &'a str,
    /// The document or instrument whose outline has it.
    pub(super) outline: &'a str,
    pub(super) slot: &'a str,
    pub(super) required: bool,
    pub(super) role: Role,
    place: Place,
    present: Lit,
    /// Its variants, each with the letter of being chosen here.
    pub(super) variants: Vec<(&'a Clause, Lit)>,
}

/// What a slot is to its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A section or schedule, to which references can lead.
    Text,
    /// Definitions are gathered from it, and those in use are printed.
    Definitions,
    /// The words above the signatures.
    Execution,
}

/// A question, and the clauses without which its answer may be another.
struct Question<'a> {
    all: Vec<Lit>,
    needs: Vec<&'a str>,
}

pub(super) struct Prover<'a> {
    pub(super) library: &'a Library,
    pub(super) model: Model<'a>,
    pub(super) positions: Vec<Position<'a>>,
    pub(super) faults: Vec<Fault>,
    /// The number of the clause that is taken out of the library, in binary; zero where none is.
    gone: Vec<Lit>,
    /// Clauses of documents in the order of their numbers.
    numbers: BTreeMap<&'a str, usize>,
    /// What was asked, for asking it again without single clauses.
    questions: Vec<Question<'a>>,
}

impl<'a> Prover<'a> {
    /// Every slot of every document and instrument, with when it is there.
    pub(super) fn new(library: &'a Library) -> Self {
        let mut model = Model::new(library);
        let bits = usize::BITS - library.clauses.len().leading_zeros();
        let gone = (0..bits).map(|_| model.sat.fresh()).collect();
        let mut prover = Self { library, model, positions: Vec::new(), faults: Vec::new(), gone, numbers: BTreeMap::new(), questions: Vec::new() };
        prover.place_slots();
        prover
    }

    fn place_slots(&mut self) {
        let library = self.library;
        let documents = self.model.documents();
        let letter = |kind: &str| documents.iter().find(|(name, _)| *name == kind).map(|(_, letter)| *letter);
        let mut earlier: Vec<Lit> = Vec::new();
        let mut leads: BTreeMap<&str, Lit> = BTreeMap::new();
        for kind in &library.pack.lead {
            let Some(present) = letter(kind) else { continue };
            let all: Vec<Lit> = earlier.iter().map(|before| !*before).chain([present]).collect();
            leads.insert(kind, self.model.sat.and(&all));
            earlier.push(present);
        }
        for kind in &library.pack.documents {
            let (Some(present), Some(written)) = (letter(kind), library.outlines.get(kind)) else { continue };
            self.outline(kind, kind, present);
            if let Some(lead) = leads.get(kind.as_str()) {
                for spec in &library.pack.lead_schedules {
                    self.position((kind, kind, &spec.slot), spec.required, Role::Text, written.node.place.clone(), *lead);
                }
            }
            for inner in &written.value.instruments {
                let Some(rules) = library.rules.get(inner) else { continue };
                let when = self.model.letter(&rules.when);
                let present = self.model.sat.and(&[present, when]);
                self.outline(kind, inner, present);
            }
        }
    }

    fn outline(&mut self, document: &'a str, kind: &str, present: Lit) {
        let Some((kind, written)) = self.library.outlines.get_key_value(kind) else { return };
        let outline = &written.value;
        let required: BTreeSet<&str> =
            outline.front.iter().chain(&outline.clauses).chain(&outline.schedules).filter(|s| s.required).map(|s| s.slot.as_str()).collect();
        for (slot, path) in outline.slots() {
            let role = match path.as_str() {
                "execution" => Role::Execution,
                path if path.starts_with("definitions.slots") => Role::Definitions,
                _ => Role::Text,
            };
            let required = required.contains(slot) || role == Role::Execution;
            self.position((document, kind, slot), required, role, written.node.place_of(&path), present);
        }
    }

    fn position(&mut self, (document, outline, slot): (&'a str, &'a str, &'a str), required: bool, role: Role, place: Place, present: Lit) {
        let mut variants = Vec::new();
        for clause in self.library.candidates(slot) {
            let when = self.model.letter(&clause.when);
            let kept = !self.gone(&clause.front.id);
            variants.push((clause, self.model.sat.and(&[present, when, kept])));
        }
        self.positions.push(Position { document, outline, slot, required, role, place, present, variants });
    }

    /// The letter of a clause being out of the library.
    fn gone(&mut self, clause: &'a str) -> Lit {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(clause).or_insert(next);
        let bits = self.bits(number);
        self.model.sat.and(&bits)
    }

    fn bits(&self, number: usize) -> Vec<Lit> {
        self.gone.iter().enumerate().map(|(at, bit)| if number >> at & 1 == 1 { *bit } else { !*bit }).collect()
    }

    /// What holds of the whole library: no clause is out of it.
    pub(super) fn whole(&self) -> Vec<Lit> {
        self.bits(0)
    }

    /// The clauses of documents.
    pub(super) fn clauses(&self) -> Vec<&'a str> {
        self.numbers.keys().copied().collect()
    }

    /// Asks whether all of these can be, and then notes the fault with the plainest profile. `needs` are the clauses that keep it from being so.
    pub(super) fn ask(&mut self, mut all: Vec<Lit>, needs: Vec<&'a str>, fault: impl FnOnce() -> Diagnostic) -> bool {
        let whole = self.whole();
        all.extend(&whole);
        let found = self.model.nearest(&all, None);
        all.truncate(all.len() - whole.len());
        let is_so = found.is_some();
        if let Some(profile) = found {
            self.faults.push(Fault { diagnostic: fault(), profile: Some(profile) });
        }
        self.note(all, needs);
        is_so
    }

    /// Notes what would be otherwise without the clauses that `needs` names, whether or not it is a fault of the library.
    pub(super) fn note(&mut self, all: Vec<Lit>, needs: Vec<&'a str>) {
        if !needs.is_empty() {
            self.questions.push(Question { all, needs });
        }
    }

    /// Clauses that nothing asks for: without them every question has the answer that it had.
    pub(super) fn redundant(&mut self, chosen: &BTreeSet<&'a str>) -> Vec<String> {
        let questions = std::mem::take(&mut self.questions);
        let mut about: BTreeMap<&str, Vec<&Question<'_>>> = BTreeMap::new();
        for question in &questions {
            question.needs.iter().for_each(|clause| about.entry(clause).or_default().push(question));
        }
        let mut redundant = Vec::new();
        for (clause, number) in self.numbers.clone() {
            let without = self.bits(number);
            let is_needed = about.get(clause).is_some_and(|about| {
                about.iter().any(|question| {
                    let all: Vec<Lit> = question.all.iter().chain(&without).copied().collect();
                    self.model.sat.can_be(&all)
                })
            });
            if !is_needed && chosen.contains(clause) {
                redundant.push(clause.to_owned());
            }
        }
        redundant
    }

    /// A required slot has a variant, and no slot has two.
    pub(super) fn slots(&mut self) {
        for at in 0..self.positions.len() {
            let Position { slot, outline, required, present, ref place, ref variants, .. } = self.positions[at];
            let (place, variants) = (place.clone(), variants.clone());
            if required {
                let none: Vec<Lit> = std::iter::once(present).chain(variants.iter().map(|(_, chosen)| !*chosen)).collect();
                self.ask(none, ids(&variants), || {
                    let mut fault =
                        Diagnostic::error("slot-empty", format!("for some profile no clause fills the required slot `{slot}` of `{outline}`")).at(&place);
                    for (clause, _) in &variants {
                        fault = fault.with(&clause.when_place, format!("`{}` does not hold", clause.when));
                    }
                    fault.help("widen a condition, or write a variant for this case")
                });
            }
            for (index, (first, one)) in variants.iter().enumerate() {
                for (second, other) in &variants[index + 1..] {
                    self.ask(vec![*one, *other], Vec::new(), || {
                        let message =
                            format!("for some profile two clauses fill the slot `{slot}` of `{outline}`: `{}` and `{}`", first.front.id, second.front.id);
                        let fault = Diagnostic::error("slot-ambiguous", message).at(&first.when_place).with(&second.when_place, "this condition holds as well");
                        fault.help("make the conditions exclude each other")
                    });
                }
            }
        }
    }

    /// Whatever clause is chosen, what it requires is there and what it conflicts with is not.
    pub(super) fn relations(&mut self) {
        for at in 0..self.positions.len() {
            for (clause, chosen) in self.positions[at].variants.clone() {
                for (index, id) in clause.front.requires.iter().enumerate() {
                    let all: Vec<Lit> = self.present(id).into_iter().map(|one| !one).chain([chosen]).collect();
                    let place = clause.node.place_of(&format!("requires[{index}]"));
                    self.ask(all, self.meant(id), || {
                        let message = format!("for some profile `{}` requires `{id}`, which is not in the pack", clause.front.id);
                        Diagnostic::error("requires", message).at(&place).help("widen the condition of the one, or narrow that of the other")
                    });
                }
                for (index, id) in clause.front.conflicts.iter().enumerate() {
                    for other in self.present(id) {
                        let place = clause.node.place_of(&format!("conflicts[{index}]"));
                        let is_told = self.ask(vec![chosen, other], Vec::new(), || {
                            let message = format!("for some profile `{}` stands beside `{id}`, with which it conflicts", clause.front.id);
                            Diagnostic::error("conflicts", message).at(&place).help("make their conditions exclude each other")
                        });
                        if is_told {
                            break;
                        }
                    }
                }
            }
        }
    }

    /// The clauses that a name means: the one of that id, or all of that slot.
    fn meant(&self, id: &str) -> Vec<&'a str> {
        self.library.clauses.values().filter(|clause| clause.front.id == id || clause.front.slot == id).map(|clause| clause.front.id.as_str()).collect()
    }

    /// Where a clause is chosen, or a slot filled.
    fn present(&self, id: &str) -> Vec<Lit> {
        self.chosen(|clause| clause.front.id == id || clause.front.slot == id)
    }

    /// What must hold for a clause of the whole library to be chosen somewhere. The first variant of a slot may bear its name; the others are not meant.
    pub(super) fn with_clause(&mut self, id: &str) -> Vec<Lit> {
        let chosen = self.chosen(|clause| clause.front.id == id);
        let somewhere = self.model.sat.or(&chosen);
        self.whole().into_iter().chain([somewhere]).collect()
    }

    fn chosen(&self, is_meant: impl Fn(&Clause) -> bool) -> Vec<Lit> {
        self.positions.iter().flat_map(|position| &position.variants).filter(|(clause, _)| is_meant(clause)).map(|(_, chosen)| *chosen).collect()
    }
}

/// The ids of variants.
pub(super) fn ids<'a>(variants: &[(&'a Clause, Lit)]) -> Vec<&'a str> {
    variants.iter().map(|(clause, _)| clause.front.id.as_str()).collect()
}
