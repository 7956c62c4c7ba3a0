//! Facts: typed values with an origin, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::Place;
use crate::rule::condition::{Condition, Truth};
use crate::rule::vocabulary::{FactOwner, FactType, Vocabulary};

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactValue {
    /// Of a bool fact.
    Bool(bool),
    /// Of an enum or ordered fact; may be `unknown` where the vocabulary allows it.
    Word(String),
    /// Of a set fact.
    Set(BTreeSet<String>),
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Word(word) => f.write_str(word),
            Self::Set(words) => write!(f, "[{}]", words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// One fact with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its value.
    pub value: FactValue,
    /// Who stated it.
    pub owner: FactOwner,
    /// How it came about, in words: `stated`, `from access.systems[1].level`, `follows from data.phi`.
    pub how: String,
    /// The field that caused it.
    pub place: Option<Place>,
}

/// The facts of one supplier; facts without a value are absent.
#[derive(Debug, Clone)]
pub struct Facts {
    vocabulary: Arc<Vocabulary>,
    values: BTreeMap<String, Fact>,
}

impl Facts {
    /// No fact is known yet.
    pub fn new(vocabulary: &Arc<Vocabulary>) -> Self {
        Self { vocabulary: Arc::clone(vocabulary), values: BTreeMap::new() }
    }

    /// The vocabulary these facts belong to.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The fact, if it has a value.
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.values.get(name)
    }

    /// All facts with a value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.values.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// States a fact; a later statement replaces an earlier one.
    ///
    /// A name outside the vocabulary is ignored: a library without it was reported when it was read.
    pub fn set(&mut self, name: &str, value: FactValue, how: impl Into<String>, place: Option<Place>) {
        if let Some(entry) = self.vocabulary.facts.get(name) {
            self.values.insert(name.to_owned(), Fact { value, owner: entry.origin, how: how.into(), place });
        }
    }

    /// Takes a fact away, so that it is unset.
    pub fn clear(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Asks one fact; an absent one is [`Truth::Unset`].
    pub fn with(&self, name: &str, ask: impl FnOnce(&FactValue) -> bool) -> Truth {
        match self.values.get(name) {
            Some(fact) => Truth::from(ask(&fact.value)),
            None => Truth::Unset(BTreeSet::from([name.to_owned()])),
        }
    }

    /// Position of a word in an ordered domain.
    pub fn rank(&self, name: &str, word: &str) -> Option<usize> {
        self.vocabulary.facts.get(name)?.rank(word)
    }

    /// Applies implications until nothing changes, sets what contradictions leave as the only value, and reports contradictions.
    ///
    /// A fact that only one value does not contradict is set to it: where no personal data is touched, the CCPA role can only
    /// be `none`, so it is not asked.
    pub fn close(&mut self, report: &mut Report) {
        let vocabulary = Arc::clone(&self.vocabulary);
        while self.apply_implications(&vocabulary, report) || self.only_values(&vocabulary) {}
        for rule in &vocabulary.contradictions {
            if rule.when.evaluate(self) == Truth::True {
                report.push(self.explain(Diagnostic::error("contradiction", rule.error.clone()), &rule.when));
            }
        }
    }

    fn apply_implications(&mut self, vocabulary: &Vocabulary, report: &mut Report) -> bool {
        let mut changed = false;
        for rule in &vocabulary.implications {
            if rule.premise.evaluate(self) != Truth::True {
                continue;
            }
            let how = format!("follows from {}", rule.premise);
            let place = rule.premise.facts().iter().find_map(|f| self.get(f)).and_then(|f| f.place.clone());
            match (rule.conclusion.evaluate(self), &rule.conclusion) {
                (Truth::True, _) => {}
                (Truth::Unset(_), Condition::Holds(fact)) => {
                    self.set(fact, FactValue::Bool(true), how, place);
                    changed = true;
                }
                (Truth::Unset(_), Condition::Is(fact, word)) => {
                    self.set(fact, FactValue::Word(word.clone()), how, place);
                    changed = true;
                }
                (Truth::False, Condition::Contains(fact, word)) => {
                    let mut words = match self.get(fact).map(|f| f.value.clone()) {
                        Some(FactValue::Set(words)) => words,
                        _ => BTreeSet::new(),
                    };
                    words.insert(word.clone());
                    self.set(fact, FactValue::Set(words), how, place);
                    changed = true;
                }
                (Truth::False, conclusion) => {
                    let message = format!("`{}` means `{conclusion}`, but the profile says otherwise", rule.premise);
                    let both = Condition::All(vec![rule.premise.clone(), conclusion.clone()]);
                    let diagnostic = self.explain(Diagnostic::error("contradiction", message), &both);
                    if !report.iter().any(|d| *d == diagnostic) {
                        report.push(diagnostic);
                    }
                }
                (Truth::Unset(_), _) => {}
            }
        }
        changed
    }

    /// Sets each fact without value that only one value of its domain does not contradict.
    fn only_values(&mut self, vocabulary: &Vocabulary) -> bool {
        let mut changed = false;
        for (name, entry) in &vocabulary.facts {
            if self.values.contains_key(name) || entry.unknown_allowed || entry.origin == FactOwner::Result {
                continue;
            }
            let domain: Vec<FactValue> = match entry.r#type {
                FactType::Bool => vec![FactValue::Bool(false), FactValue::Bool(true)],
                FactType::Enum | FactType::Ordered => entry.values.iter().cloned().map(FactValue::Word).collect(),
                FactType::Set => continue,
            };
            let mut left = Vec::new();
            let mut because = None;
            for value in domain {
                self.set(name, value.clone(), "", None);
                match self.refusal(vocabulary, name) {
                    Some(reason) => because = because.or(Some(reason)),
                    None => left.push(value),
                }
                self.clear(name);
            }
            if let ([only], Some(because)) = (left.as_slice(), because) {
                self.set(name, only.clone(), format!("the only value possible: {because}"), None);
                changed = true;
            }
        }
        changed
    }

    /// The first rule about `name` that the facts break.
    fn refusal(&self, vocabulary: &Vocabulary, name: &str) -> Option<String> {
        let broken = vocabulary.contradictions.iter().find(|c| c.when.facts().contains(name) && c.when.evaluate(self) == Truth::True);
        if let Some(rule) = broken {
            return Some(rule.error.clone());
        }
        let mut about = vocabulary.implications.iter().filter(|i| i.premise.facts().contains(name) || i.conclusion.facts().contains(name));
        let broken = about.find(|i| {
            !matches!(i.conclusion, Condition::Contains(..)) && i.premise.evaluate(self) == Truth::True && i.conclusion.evaluate(self) == Truth::False
        })?;
        Some(format!("`{}` means `{}`", broken.premise, broken.conclusion))
    }

    /// Adds the value and place of each fact of a condition to a diagnostic.
    pub fn explain(&self, mut diagnostic: Diagnostic, condition: &Condition) -> Diagnostic {
        for name in condition.facts() {
            let Some(fact) = self.get(name) else { continue };
            if let Some(place) = &fact.place {
                // A caret in the profile helps more than one in an archetype or in the workspace file.
                let better = diagnostic.place.as_ref().is_some_and(|p| !is_profile(p) && is_profile(place));
                if diagnostic.place.is_none() || better {
                    diagnostic = diagnostic.at(place);
                }
                diagnostic = diagnostic.with(place, format!("`{name}` is {}", fact.value));
            }
        }
        diagnostic.help(format!("these facts cannot stand together: {}", condition.facts().iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ")))
    }
}

fn is_profile(place: &Place) -> bool {
    place.source.path.starts_with("suppliers/")
}
