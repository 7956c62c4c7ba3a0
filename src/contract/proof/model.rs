//! Every profile at once: facts as letters, what the vocabulary excludes as clauses, and the assessment computed from them.
//!
//! A profile here is any combination of facts that the vocabulary does not refuse, with any certificates; that is a little more than profiles can say, so
//! what is proven of all of these holds for every supplier.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use batsat::Lit;

use crate::contract::library::Library;
use crate::contract::proof::Profile;
use crate::contract::proof::sat::Sat;
use crate::contract::risk::{DOCUMENTS, Tier};
use crate::rule::condition::Condition;
use crate::rule::fact::{FactValue, Facts};
use crate::rule::vocabulary::{FactEntry, FactOwner, FactType, Vocabulary};

/// Every profile.
pub(super) struct Model<'a> {
    pub(super) sat: Sat,
    vocabulary: &'a Arc<Vocabulary>,
    /// Letter of each bool fact under the empty word, of each value of the others under the value.
    letters: BTreeMap<(&'a str, String), Lit>,
    /// Letter of each credit that certificates can earn, the least first.
    credits: Vec<(u32, Lit)>,
    /// Conditions that have a letter already.
    known: BTreeMap<String, Lit>,
    /// Whether `docs.*` are final: before, the same condition may mean something else later.
    is_settled: bool,
}

impl<'a> Model<'a> {
    pub(super) fn new(library: &'a Library) -> Self {
        let vocabulary = &library.vocabulary;
        let mut model = Self { sat: Sat::new(), vocabulary, letters: BTreeMap::new(), credits: Vec::new(), known: BTreeMap::new(), is_settled: false };
        for (name, entry) in &vocabulary.facts {
            let is_result = entry.origin == FactOwner::Result;
            match entry.r#type {
                // Those of documents follow from the rules.
                FactType::Bool if is_result => drop(model.letters.insert((name, String::new()), model.sat.constant(false))),
                FactType::Bool => {
                    let letter = model.sat.fresh();
                    model.letters.insert((name, String::new()), letter);
                }
                FactType::Set => {
                    for word in entry.words() {
                        let letter = model.sat.fresh();
                        model.letters.insert((name, word.to_owned()), letter);
                    }
                }
                FactType::Enum | FactType::Ordered => {
                    let words: Vec<&str> = entry.words().collect();
                    let letters: Vec<Lit> = words.iter().map(|_| model.sat.fresh()).collect();
                    model.sat.exactly_one(&letters);
                    model.letters.extend(words.iter().zip(&letters).map(|(word, letter)| ((name.as_str(), (*word).to_owned()), *letter)));
                }
            }
        }
        for rule in &vocabulary.implications {
            let (premise, conclusion) = (model.letter(&rule.premise), model.letter(&rule.conclusion));
            model.sat.clause(&[!premise, conclusion]);
        }
        for rule in &vocabulary.contradictions {
            let letter = model.letter(&rule.when);
            model.sat.clause(&[!letter]);
        }
        model.assess(library);
        model.is_settled = true;
        model.known.clear();
        model
    }

    fn fact(&self, name: &str, word: &str) -> Lit {
        self.letters.iter().find(|((fact, value), _)| *fact == name && value == word).map_or(self.sat.constant(false), |(_, letter)| *letter)
    }

    /// The letter of a condition.
    pub(super) fn letter(&mut self, condition: &Condition) -> Lit {
        let key = condition.to_string();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let letter = match condition {
            Condition::Constant(value) => self.sat.constant(*value),
            Condition::Holds(fact) => self.fact(fact, ""),
            Condition::Is(fact, word) | Condition::Contains(fact, word) => self.fact(fact, word),
            Condition::AtLeast(fact, word) => {
                let Some(entry) = self.vocabulary.facts.get(fact) else { return self.sat.constant(false) };
                let least = entry.rank(word);
                let reach: Vec<Lit> = entry.words().filter(|one| entry.rank(one) >= least).map(|one| self.fact(fact, one)).collect();
                self.sat.or(&reach)
            }
            Condition::Not(inner) => !self.letter(inner),
            Condition::All(parts) => {
                let parts: Vec<Lit> = parts.iter().map(|part| self.letter(part)).collect();
                self.sat.and(&parts)
            }
            Condition::Any(parts) => {
                let parts: Vec<Lit> = parts.iter().map(|part| self.letter(part)).collect();
                self.sat.or(&parts)
            }
        };
        if self.is_settled {
            self.known.insert(key, letter);
        }
        letter
    }

    /// Letter of a bool fact.
    pub(super) fn holds(&self, fact: &str) -> Lit {
        self.fact(fact, "")
    }

    /// The score as a layered sum, certificates as any credit that they can earn, then bands, floors, tier and documents.
    fn assess(&mut self, library: &Library) {
        let risk = &library.risk;
        let mut sums = BTreeMap::from([(0_u32, self.sat.constant(true))]);
        for factor in risk.proof_factors() {
            // At least so many points: by the value of the fact, or by a minimum.
            let entry = self.vocabulary.facts.get(factor.fact);
            let mut steps: BTreeSet<u32> = factor.points.values().copied().collect();
            steps.extend(factor.minimums.iter().map(|(_, points)| *points));
            let mut reach = Vec::new();
            for step in &steps {
                let mut any: Vec<Lit> = Vec::new();
                for word in entry.into_iter().flat_map(|entry| entry.words()) {
                    let counted = entry.and_then(|entry| entry.values.get(entry.rank(word)?));
                    if counted.and_then(|counted| factor.points.get(counted)).is_some_and(|points| points >= step) {
                        any.push(self.fact(factor.fact, word));
                    }
                }
                for (when, points) in factor.minimums.iter().filter(|(_, points)| points >= step) {
                    let _ = points;
                    any.push(self.letter(when));
                }
                reach.push((*step, self.sat.or(&any)));
            }
            let mut next: BTreeMap<u32, Vec<Lit>> = BTreeMap::new();
            for (at, (step, here)) in reach.iter().enumerate() {
                let above = reach.get(at + 1).map_or(self.sat.constant(false), |(_, above)| *above);
                for (sum, letter) in &sums {
                    let both = self.sat.and(&[*letter, *here, !above]);
                    next.entry(sum + factor.weight * step).or_default().push(both);
                }
            }
            sums = next.into_iter().map(|(sum, any)| (sum, self.sat.or(&any))).collect();
        }
        let inherent = |sat: &mut Sat, least: u32| {
            let any: Vec<Lit> = sums.range(least..).map(|(_, letter)| *letter).collect();
            sat.or(&any)
        };
        let totals = risk.credit_totals();
        let credits: Vec<Lit> = totals.iter().map(|_| self.sat.fresh()).collect();
        self.sat.exactly_one(&credits);
        self.credits = totals.iter().copied().zip(credits.iter().copied()).collect();
        let mut at_least = BTreeMap::from([(Tier::Low, self.sat.constant(true))]);
        for tier in [Tier::Moderate, Tier::High, Tier::Critical] {
            let mut any = Vec::new();
            if let Some(from) = risk.band_from(tier) {
                for (total, credit) in totals.iter().zip(&credits) {
                    let reached = inherent(&mut self.sat, from * 4 + total * 4);
                    any.push(self.sat.and(&[reached, *credit]));
                }
            }
            // One band below that of the inherent score.
            if let Some(from) = tier.above().and_then(|above| risk.band_from(above)) {
                any.push(inherent(&mut self.sat, from * 4));
            }
            for (when, _) in risk.proof_floors().filter(|(_, floor)| *floor >= tier) {
                any.push(self.letter(when));
            }
            let letter = self.sat.or(&any);
            at_least.insert(tier, letter);
        }
        for (tier, reached) in &at_least {
            let above = tier.above().and_then(|above| at_least.get(&above)).copied().unwrap_or(self.sat.constant(false));
            let exact = self.sat.and(&[*reached, !above]);
            let fact = self.fact("tier", tier.word());
            self.sat.clause(&[!exact, fact]);
        }
        // In order: a later rule may ask for the documents of an earlier one.
        for (when, documents) in risk.proof_documents() {
            let letter = self.letter(when);
            for document in documents {
                let name = format!("docs.{document}");
                let now = self.fact(&name, "");
                let then = self.sat.or(&[now, letter]);
                if let Some((_, slot)) = self.letters.iter_mut().find(|((fact, _), _)| *fact == name) {
                    *slot = then;
                }
            }
        }
    }

    /// A profile for which all of these hold, as near as can be to some facts, and where those say nothing, as plain; `None` where there is none.
    ///
    /// Plain is: nothing of it. Fact by fact the nearest value is tried that the rest still allows, so that no fact alone can be brought nearer.
    pub(super) fn nearest(&mut self, all: &[Lit], to: Option<(&Facts, u32)>) -> Option<Profile> {
        if !self.sat.can_be(all) {
            return None;
        }
        let mut fixed = all.to_vec();
        let credit = to.map_or(0, |(_, credit)| credit);
        let mut credits = self.credits.clone();
        credits.sort_by_key(|(total, _)| total.abs_diff(credit));
        let credits: Vec<Lit> = credits.into_iter().map(|(_, letter)| letter).collect();
        self.prefer(&credits, &mut fixed);
        let facts: Vec<(&str, FactType, Vec<String>)> = self
            .vocabulary
            .facts
            .iter()
            .filter(|(_, entry)| entry.origin != FactOwner::Result)
            .map(|(name, entry)| (name.as_str(), entry.r#type, entry.values.clone()))
            .collect();
        for (name, kind, values) in &facts {
            let now = to.and_then(|(facts, _)| facts.get(name)).map(|fact| &fact.value);
            match kind {
                FactType::Bool => {
                    let letter = self.fact(name, "");
                    self.prefer(&[if now == Some(&FactValue::Bool(true)) { letter } else { !letter }], &mut fixed);
                }
                FactType::Set => {
                    for word in values {
                        let letter = self.fact(name, word);
                        let is_in = matches!(now, Some(FactValue::Set(words)) if words.contains(word));
                        self.prefer(&[if is_in { letter } else { !letter }], &mut fixed);
                    }
                }
                FactType::Enum | FactType::Ordered => {
                    let first = match now {
                        Some(FactValue::Word(word)) => Some(word),
                        _ => None,
                    };
                    let words: Vec<Lit> = first.into_iter().chain(values).map(|word| self.fact(name, word)).collect();
                    self.prefer(&words, &mut fixed);
                }
            }
        }
        self.sat.can_be(&fixed);
        Some(self.profile())
    }

    /// The profile that was found last.
    pub(super) fn profile(&self) -> Profile {
        let is_given = |name: &String, _: &mut FactValue| self.vocabulary.facts.get(name).is_some_and(|entry| entry.origin != FactOwner::Result);
        let facts = self.found().extract_if(.., is_given).collect();
        let credit = self.credits.iter().find(|(_, letter)| self.sat.holds(*letter)).map_or(0, |(total, _)| *total);
        Profile { facts, credit }
    }

    /// The letters of which exactly one holds: the values of each fact that is given; of a set, each word by itself.
    pub(super) fn domains(&self) -> Vec<Vec<Lit>> {
        let mut out = Vec::new();
        for (name, entry) in self.vocabulary.facts.iter().filter(|(_, entry)| entry.origin != FactOwner::Result) {
            let two = |letter: Lit| vec![letter, !letter];
            match entry.r#type {
                FactType::Bool => out.push(two(self.fact(name, ""))),
                FactType::Set => out.extend(entry.values.iter().map(|word| two(self.fact(name, word)))),
                FactType::Enum | FactType::Ordered => out.push(entry.words().map(|word| self.fact(name, word)).collect()),
            }
        }
        out
    }

    /// Every fact of what was found last, what the assessment gives among them.
    fn found(&self) -> BTreeMap<String, FactValue> {
        let value = |(name, entry): (&String, &FactEntry)| {
            let value = match entry.r#type {
                FactType::Bool => FactValue::Bool(self.sat.holds(self.fact(name, ""))),
                FactType::Set => FactValue::Set(entry.values.iter().filter(|word| self.sat.holds(self.fact(name, word))).cloned().collect()),
                FactType::Enum | FactType::Ordered => {
                    FactValue::Word(entry.words().find(|word| self.sat.holds(self.fact(name, word))).unwrap_or_default().to_owned())
                }
            };
            (name.clone(), value)
        };
        self.vocabulary.facts.iter().map(value).collect()
    }

    /// Every combination of some letters that some profile has, under what else must hold: the letters as they are, and the facts of one such profile.
    pub(super) fn combinations(&mut self, letters: &[Lit], under: &[Lit]) -> Vec<(Vec<Lit>, Facts)> {
        let open = self.sat.fresh();
        let all: Vec<Lit> = under.iter().copied().chain([open]).collect();
        let mut out = Vec::new();
        while self.sat.can_be(&all) {
            let as_they_are: Vec<Lit> = letters.iter().map(|letter| if self.sat.holds(*letter) { *letter } else { !*letter }).collect();
            let mut facts = Facts::new(self.vocabulary);
            for (name, value) in self.found() {
                facts.set(&name, value, "", None);
            }
            let other: Vec<Lit> = as_they_are.iter().map(|letter| !*letter).chain([!open]).collect();
            self.sat.clause(&other);
            out.push((as_they_are, facts));
        }
        self.sat.clause(&[!open]);
        out
    }

    /// Fixes the first of these that the rest allows.
    fn prefer(&mut self, options: &[Lit], fixed: &mut Vec<Lit>) {
        for option in options {
            fixed.push(*option);
            if self.sat.can_be(fixed) {
                return;
            }
            fixed.pop();
        }
    }

    /// The documents, each with the letter of being in the pack.
    pub(super) fn documents(&self) -> Vec<(&'static str, Lit)> {
        DOCUMENTS.iter().map(|document| (*document, self.holds(&format!("docs.{document}")))).collect()
    }
}
