//! The proof: does the library hold for every profile that there can be?
//!
//! Each question is put to a SAT solver as its opposite: is there a profile for which a required slot stays empty, two variants fill one, a reference leads
//! nowhere, a blocking requirement has no clause? Where there is none, the library holds; where there is one, the plainest such profile is the answer.
//! What is known of profiles is in `model`: domains, implications and contradictions of the vocabulary, the score, the tier, the documents.

mod model;
mod sat;

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Place, find_word};
use crate::contract::clause::Clause;
use crate::contract::library::{Library, references};
use crate::contract::proof::model::Model;
use crate::contract::requirement::{DocumentsMode, Force, MetBy, Phase, Requirement};
use crate::contract::term::{self, Phrases};
use crate::rule::condition::Condition;
use crate::rule::fact::{FactValue, Facts};
use crate::text::document::Block;
use crate::text::markdown;

/// What was proven, and what was not.
#[derive(Debug)]
pub struct Proof {
    /// Slots of documents and instruments, schedules of the leading document at each that can lead.
    pub slots: usize,
    /// Clauses of documents.
    pub clauses: usize,
    /// Requirements of the issued text that are in force.
    pub requirements: usize,
    /// Facts.
    pub facts: usize,
    /// Letters of the proposition.
    pub letters: usize,
    /// Questions that were put.
    pub questions: usize,
    /// How requirements are met.
    pub coverage: Coverage,
    /// What does not hold, and what can never be reached.
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

/// A slot where it stands.
struct Position<'a> {
    /// The document that it is laid out with.
    document: &'a str,
    /// The document or instrument whose outline has it.
    outline: &'a str,
    slot: &'a str,
    required: bool,
    /// Whether references can lead there: not to the slots of which definitions are gathered, and not to the words above signatures.
    is_target: bool,
    /// Whether definitions are gathered from it, of which only those in use are printed.
    is_definition: bool,
    place: Place,
    present: Lit,
    /// Its variants, each with the letter of being chosen here.
    variants: Vec<(&'a Clause, Lit)>,
}

/// Proves a library for a day.
pub fn prove(library: &Library, date: Date) -> Proof {
    let mut prover = Prover { library, model: Model::new(library), positions: Vec::new(), faults: Vec::new() };
    prover.place_slots();
    prover.slots();
    prover.references();
    prover.relations();
    prover.terms();
    let coverage = prover.coverage(date);
    prover.unreachable(date);
    let Prover { model, positions, faults, .. } = prover;
    let in_force = |requirement: &&Requirement| requirement.phase == Phase::Generation && requirement.is_in_force(date);
    Proof {
        slots: positions.len(),
        clauses: positions.iter().flat_map(|position| &position.variants).map(|(clause, _)| clause.front.id.as_str()).collect::<BTreeSet<_>>().len(),
        requirements: library.requirements.values().filter(in_force).count(),
        facts: library.vocabulary.facts.len(),
        letters: model.sat.size(),
        questions: model.sat.asked,
        coverage,
        faults,
    }
}

/// A profile that can be.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let mut prover = Prover { library, model: Model::new(library), positions: Vec::new(), faults: Vec::new() };
    prover.place_slots();
    let chosen = prover.present(clause);
    let any = prover.model.sat.or(&chosen);
    let profile = prover.model.nearest(&[any], Some((facts, credit)))?;
    let differs = profile.facts.into_iter().filter_map(|(name, value)| {
        let now = facts.get(&name).map_or_else(|| "unset".to_owned(), |fact| fact.value.to_string());
        (now != value.to_string()).then(|| (name, now, value.to_string()))
    });
    Some(differs.collect())
}

struct Prover<'a> {
    library: &'a Library,
    model: Model<'a>,
    positions: Vec<Position<'a>>,
    faults: Vec<Fault>,
}

impl<'a> Prover<'a> {
    /// Every slot of every document and instrument, with when it is there.
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
                    self.position(kind, kind, &spec.slot, spec.required, "", written.node.place.clone(), *lead);
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
            self.position(document, kind, slot, required.contains(slot) || path == "execution", &path, written.node.place_of(&path), present);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a slot is, in one place")]
    fn position(&mut self, document: &'a str, outline: &'a str, slot: &'a str, required: bool, path: &str, place: Place, present: Lit) {
        let is_definition = path.starts_with("definitions.slots");
        let is_target = path != "execution" && !is_definition;
        let mut variants = Vec::new();
        for clause in self.library.candidates(slot) {
            let when = self.model.letter(&clause.when);
            variants.push((clause, self.model.sat.and(&[present, when])));
        }
        self.positions.push(Position { document, outline, slot, required, is_target, is_definition, place, present, variants });
    }

    /// Asks whether all of these can be, and then notes the fault with the plainest profile.
    fn ask(&mut self, all: &[Lit], fault: impl FnOnce() -> Diagnostic) -> bool {
        let Some(profile) = self.model.nearest(all, None) else { return false };
        self.faults.push(Fault { diagnostic: fault(), profile: Some(profile) });
        true
    }

    /// A required slot has a variant, and no slot has two.
    fn slots(&mut self) {
        for at in 0..self.positions.len() {
            let Position { slot, outline, required, present, ref place, ref variants, .. } = self.positions[at];
            let (place, variants) = (place.clone(), variants.clone());
            if required {
                let none: Vec<Lit> = std::iter::once(present).chain(variants.iter().map(|(_, chosen)| !*chosen)).collect();
                self.ask(&none, || {
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
                    self.ask(&[*one, *other], || {
                        let message =
                            format!("for some profile two clauses fill the slot `{slot}` of `{outline}`: `{}` and `{}`", first.front.id, second.front.id);
                        let fault = Diagnostic::error("slot-ambiguous", message).at(&first.when_place).with(&second.when_place, "this condition holds as well");
                        fault.help("make the conditions exclude each other")
                    });
                }
            }
        }
    }

    /// Whatever clause is chosen, what it refers to is in the pack.
    fn references(&mut self) {
        let library = self.library;
        let items: BTreeMap<&str, BTreeSet<String>> = library.clauses.values().map(|clause| (clause.front.id.as_str(), items(clause))).collect();
        for at in 0..self.positions.len() {
            let (document, outline) = (self.positions[at].document, self.positions[at].outline);
            // What is signed before the assessment is sent alone.
            let is_alone = library.outlines.get(outline).is_some_and(|written| written.value.tier.is_some());
            for (clause, chosen) in self.positions[at].variants.clone() {
                for (target, range) in references(clause.body()) {
                    let missing = match target.split_once(':') {
                        Some(("doc", kind)) if library.outlines.get(kind).is_some_and(|outline| outline.value.policy) => continue,
                        Some(("doc", kind)) => vec![vec![!self.model.holds(&format!("docs.{kind}"))]],
                        Some(("ref", rest)) => self.dangling(rest, document, is_alone, &items),
                        _ => continue,
                    };
                    let place = clause.body_place(range);
                    for mut all in missing {
                        all.push(chosen);
                        let id = &clause.front.id;
                        let fault = || {
                            let message = format!("for some profile `{target}` is not in the pack, and `{id}` refers to it");
                            Diagnostic::error("dangling-reference", message)
                                .at(&place)
                                .help("make the reference part of a variant that is chosen only together with its target")
                        };
                        if self.ask(&all, fault) {
                            break;
                        }
                    }
                }
            }
        }
    }

    /// The cases in which a reference leads nowhere, each as what must hold.
    fn dangling(&mut self, rest: &str, document: &str, is_alone: bool, items: &BTreeMap<&str, BTreeSet<String>>) -> Vec<Vec<Lit>> {
        let (slot, item) = rest.split_once('#').map_or((rest, None), |(slot, item)| (slot, Some(item)));
        let here =
            |position: &&Position<'_>| position.is_target && (position.slot == slot || (position.outline == slot && position.outline != position.document));
        let reachable = self.positions.iter().filter(here).filter(|position| !is_alone || position.document == document);
        let filled: Vec<(bool, &Clause, Lit)> =
            reachable.flat_map(|position| position.variants.iter().map(|(clause, chosen)| (position.document == document, *clause, *chosen))).collect();
        let mut cases = vec![filled.iter().map(|(_, _, chosen)| !*chosen).collect::<Vec<Lit>>()];
        if let Some(item) = item {
            // The nearest one counts: where one stands in the same document, those of others are not looked at.
            let own: Vec<Lit> = filled.iter().filter(|(is_own, ..)| *is_own).map(|(_, _, chosen)| *chosen).collect();
            for (is_own, clause, chosen) in &filled {
                if items.get(clause.front.id.as_str()).is_none_or(|all| !all.contains(item)) {
                    let nearer = own.iter().filter(|_| !*is_own).map(|own| !*own);
                    cases.push(nearer.chain([*chosen]).collect());
                }
            }
        }
        cases
    }

    /// Whatever clause is chosen, the terms that it uses are defined in its document.
    fn terms(&mut self) {
        let library = self.library;
        let titles = library.outlines.values().map(|outline| outline.value.title.as_str());
        let names = Phrases::new(library.proper_names.iter().map(String::as_str).chain(titles));
        for document in &library.pack.documents {
            let here: Vec<usize> = (0..self.positions.len()).filter(|at| self.positions[*at].document == document).collect();
            let mut defined: BTreeMap<String, Vec<Lit>> = BTreeMap::new();
            let mut users = Vec::new();
            for at in here {
                let position = &self.positions[at];
                for (clause, chosen) in &position.variants {
                    let blocks = markdown::blocks(clause.body()).0;
                    let own: BTreeSet<String> = term::defined_in(&blocks).into_iter().collect();
                    own.iter().for_each(|name| defined.entry(name.clone()).or_default().push(*chosen));
                    if !position.is_definition {
                        users.push((*clause, *chosen, own, term::texts(&blocks)));
                    }
                }
            }
            let all = Phrases::new(defined.keys().map(String::as_str));
            let mut without: BTreeMap<&String, Phrases> = BTreeMap::new();
            for (clause, chosen, own, texts) in users {
                let whole = term::read(&texts, &all, &names);
                for name in whole.used.iter().filter(|name| !own.contains(*name)) {
                    let Some((name, definitions)) = defined.get_key_value(name) else { continue };
                    // A word that would be a word like others is none that misses its definition.
                    let rest = without.entry(name).or_insert_with(|| Phrases::new(defined.keys().filter(|other| *other != name).map(String::as_str)));
                    if term::read(&texts, rest, &names).undefined.is_subset(&whole.undefined) {
                        continue;
                    }
                    let missing: Vec<Lit> = definitions.iter().map(|one| !*one).chain([chosen]).collect();
                    self.ask(&missing, || {
                        let message =
                            format!("for some profile `{}` uses the term `{name}`, which nothing in the {} defines", clause.front.id, library.title(document));
                        let at = find_word(clause.body(), name).map(|at| clause.body_place(at..at + name.len()));
                        let help = "define it in a clause that is chosen whenever this one is, or use another word";
                        Diagnostic::error("undefined-term", message).at(&at.unwrap_or_else(|| clause.place())).help(help)
                    });
                }
            }
        }
    }

    /// Whatever clause is chosen, what it requires is there and what it conflicts with is not.
    fn relations(&mut self) {
        for at in 0..self.positions.len() {
            for (clause, chosen) in self.positions[at].variants.clone() {
                for (index, id) in clause.front.requires.iter().enumerate() {
                    let all: Vec<Lit> = self.present(id).into_iter().map(|one| !one).chain([chosen]).collect();
                    let place = clause.node.place_of(&format!("requires[{index}]"));
                    self.ask(&all, || {
                        let message = format!("for some profile `{}` requires `{id}`, which is not in the pack", clause.front.id);
                        Diagnostic::error("requires", message).at(&place).help("widen the condition of the one, or narrow that of the other")
                    });
                }
                for (index, id) in clause.front.conflicts.iter().enumerate() {
                    for other in self.present(id) {
                        let place = clause.node.place_of(&format!("conflicts[{index}]"));
                        let is_told = self.ask(&[chosen, other], || {
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

    /// Where a clause is chosen, or a slot filled.
    fn present(&self, id: &str) -> Vec<Lit> {
        let is_it = |clause: &Clause| clause.front.id == id || clause.front.slot == id;
        self.positions.iter().flat_map(|position| &position.variants).filter(|(clause, _)| is_it(clause)).map(|(_, chosen)| *chosen).collect()
    }

    /// No blocking requirement is open.
    fn coverage(&mut self, date: Date) -> Coverage {
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
        for document in &requirement.documents {
            let present = self.model.holds(&format!("docs.{document}"));
            let covering: Vec<Lit> = self
                .positions
                .iter()
                .filter(|position| position.document == *document && requirement.stands_in(self.library, document, position.outline))
                .flat_map(|position| &position.variants)
                .filter(|(clause, _)| clause.front.covers.contains(&requirement.id))
                .map(|(_, chosen)| *chosen)
                .collect();
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
        self.ask(&blocking, || {
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

    /// Clauses that no profile brings in, and requirements that never apply.
    fn unreachable(&mut self, date: Date) {
        let mut chosen: BTreeMap<&str, (&Clause, Vec<Lit>)> = BTreeMap::new();
        for (clause, letter) in self.positions.iter().flat_map(|position| &position.variants) {
            chosen.entry(&clause.front.id).or_insert((clause, Vec::new())).1.push(*letter);
        }
        let chosen: Vec<(&Clause, Vec<Lit>)> = chosen.into_values().collect();
        for (clause, letters) in chosen {
            let any = self.model.sat.or(&letters);
            if !self.model.sat.can_be(&[any]) {
                let message = format!("no profile brings in the clause `{}`: `{}` never holds where its slot is", clause.front.id, clause.when);
                let diagnostic = Diagnostic::warning("unreachable-clause", message).at(&clause.when_place).help("correct its condition, or delete it");
                self.faults.push(Fault { diagnostic, profile: None });
            }
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
    }
}

/// Anchors of the items of a clause that have a title.
fn items(clause: &Clause) -> BTreeSet<String> {
    fn deep(blocks: &[Block], out: &mut BTreeSet<String>) {
        for block in blocks {
            match block {
                Block::Item { anchor, children, .. } => {
                    if !anchor.is_empty() {
                        out.insert(anchor.clone());
                    }
                    deep(children, out);
                }
                Block::Bullets { items } => items.iter().for_each(|item| deep(item, out)),
                _ => {}
            }
        }
    }
    let mut out = BTreeSet::new();
    deep(&markdown::blocks(clause.body()).0, &mut out);
    out
}
