//! Two states of a pack side by side: what changed in its documents, and what caused it.
//!
//! Causes are read off what both sides were made from: digests of inputs, facts, values, fields of the profile. A cause is named only where the change itself
//! shows it (the clause whose file was edited, the value that stands in the text), and a change that only follows from others says so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::digest::Digest;
use crate::base::node::Node;
use crate::contract::parameter::ParameterValue;
use crate::contract::selection::SlotResult;
use crate::contract::values::clean;
use crate::pack::compile::Compiled;
use crate::pack::explanation::FactLine;
use crate::pack::inputs::WORKSPACE;
use crate::text::document::Document;
use crate::text::redline::{self, ClauseChange, ClauseState, DocumentState};

/// What decided a pack, as far as comparing needs it: a part of `internal/explanation.json`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Reasons {
    /// The facts by name.
    pub facts: BTreeMap<String, FactLine>,
    /// The risk result.
    #[serde(default)]
    pub assessment: Value,
    /// Parameter values by document, then name.
    #[serde(default)]
    pub parameters: BTreeMap<String, BTreeMap<String, ParameterValue>>,
    /// Slots in the order of the outlines.
    #[serde(default)]
    pub slots: Vec<SlotResult>,
}

impl Reasons {
    /// The tier, where the supplier was assessed.
    fn tier(&self) -> Option<&str> {
        self.assessment["tier"].as_str()
    }

    /// Every fact that the risk result names.
    fn risk_facts(&self) -> BTreeSet<&str> {
        fn deep<'a>(value: &'a Value, out: &mut BTreeSet<&'a str>) {
            match value {
                Value::Object(map) => {
                    out.extend(map.get("fact").and_then(Value::as_str));
                    map.values().for_each(|inner| deep(inner, out));
                }
                Value::Array(items) => items.iter().for_each(|inner| deep(inner, out)),
                _ => {}
            }
        }
        let mut out = BTreeSet::new();
        deep(&self.assessment, &mut out);
        out
    }
}

/// One side.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Id of the pack.
    pub pack: String,
    /// The program that wrote it.
    pub generator: String,
    /// Its date, ISO 8601.
    pub date: String,
    /// Its documents.
    pub documents: Vec<Document>,
    /// What decided it.
    pub reasons: Reasons,
    /// What it was made from.
    pub inputs: BTreeMap<String, Digest>,
    /// Scalars of the profile by path (`identity.legal_name`, `data[0].people`); empty for a policy.
    pub fields: BTreeMap<String, String>,
}

impl Edition {
    /// A pack that was just compiled; `profile` is the tree of its profile file.
    pub fn of(compiled: &Compiled, profile: Option<&Node>) -> Self {
        let explanation = &compiled.explanation;
        Self {
            pack: compiled.pack.clone(),
            generator: crate::pack::manifest::GENERATOR.to_owned(),
            date: compiled.date.to_string(),
            documents: compiled.documents.clone(),
            reasons: Reasons {
                facts: explanation.facts.clone(),
                assessment: serde_json::to_value(&explanation.assessment).unwrap_or_default(),
                parameters: explanation.parameters.clone(),
                slots: explanation.slots.clone(),
            },
            inputs: compiled.inputs.iter().cloned().collect(),
            fields: profile.map(Node::scalars).unwrap_or_default(),
        }
    }
}

/// Why something changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// The risk result is another one.
    Tier {
        /// Tier before.
        before: Option<String>,
        /// Tier after.
        after: Option<String>,
    },
    /// A fact has another value.
    Fact {
        /// The fact.
        fact: String,
        /// Value before, `unset` without one.
        before: String,
        /// Value after.
        after: String,
        /// How it came about.
        how: String,
        /// Where it is written now, or was.
        place: Option<String>,
    },
    /// A parameter has another value.
    Parameter {
        /// The parameter.
        parameter: String,
        /// As printed before.
        before: Option<String>,
        /// As printed after.
        after: Option<String>,
        /// Where the value comes from now, or came from.
        origin: String,
    },
    /// A field of the profile was filled in otherwise.
    Field {
        /// Its path.
        field: String,
        /// Text before.
        before: Option<String>,
        /// Text after.
        after: Option<String>,
    },
    /// An input was edited, came or went: the file of a clause, an outline, a registry, a layout.
    File {
        /// Its logical path.
        file: String,
        /// `edited`, `added` or `removed`.
        what: &'static str,
    },
    /// The pack was made on another day.
    Date {
        /// Day before.
        before: String,
        /// Day after.
        after: String,
    },
    /// Another release or build of the program made it.
    Program {
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// It follows from other changes of the pack: a definition that came into use, a list of what the pack has.
    Consequence,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        match self {
            Self::Tier { before, after } => write!(f, "tier: {} \u{2192} {}", or(before), or(after)),
            Self::Fact { fact, before, after, how, place } => {
                write!(f, "{fact}: {before} \u{2192} {after}")?;
                let why = [place.as_deref().unwrap_or(""), how].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
                if why.is_empty() { Ok(()) } else { write!(f, " ({why})") }
            }
            Self::Parameter { parameter, before, after, origin } => write!(f, "{parameter}: {} \u{2192} {} ({origin})", or(before), or(after)),
            Self::Field { field, before, after } => write!(f, "{field} of the profile: {} \u{2192} {}", or(before), or(after)),
            Self::File { file, what } => write!(f, "{file} was {what}"),
            Self::Date { before, after } => write!(f, "date: {before} \u{2192} {after}"),
            Self::Program { before, after } => write!(f, "program: {before} \u{2192} {after}"),
            Self::Consequence => f.write_str("follows from other changes of the pack"),
        }
    }
}

/// A clause with what caused its change.
#[derive(Debug, Clone, Serialize)]
pub struct ClauseComparison {
    /// What became of it.
    #[serde(flatten)]
    pub change: ClauseChange,
    /// Why; empty where it did not change.
    pub causes: Vec<Cause>,
}

/// A document with what caused its changes.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentComparison {
    /// Kind.
    pub kind: String,
    /// Title.
    pub title: String,
    /// What became of it.
    pub state: DocumentState,
    /// Why it came or went.
    pub causes: Vec<Cause>,
    /// Its clauses.
    pub clauses: Vec<ClauseComparison>,
}

/// One side in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Id of the pack.
    pub pack: String,
    /// Its date.
    pub date: String,
    /// Its tier.
    pub tier: Option<String>,
}

/// Two states of a pack.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The older.
    pub before: Side,
    /// The newer.
    pub after: Side,
    /// Everything that differs in what the two were made from.
    pub causes: Vec<Cause>,
    /// The documents, in the order of the newer one.
    pub documents: Vec<DocumentComparison>,
}

impl Comparison {
    /// Whether a reader has to read anything again: more than numbers changed.
    pub fn is_change(&self) -> bool {
        self.worst() > DocumentState::Renumbered
    }

    /// What became of the document that changed most.
    pub fn worst(&self) -> DocumentState {
        self.documents.iter().map(|document| document.state).max().unwrap_or(DocumentState::Same)
    }

    /// Clauses of a state.
    pub fn count(&self, state: ClauseState) -> usize {
        self.documents.iter().flat_map(|document| &document.clauses).filter(|clause| clause.change.state == state).count()
    }
}

/// Compares two states of a pack.
pub fn compare(old: &Edition, new: &Edition) -> Comparison {
    let difference = Difference::between(old, new);
    let documents = redline::compare(&old.documents, &new.documents).into_iter().map(|document| {
        let causes = match document.state {
            DocumentState::Added | DocumentState::Dropped => difference.of_document(&document.kind),
            _ => Vec::new(),
        };
        let explained = |change| ClauseComparison { causes: difference.of_clause(&document.kind, &change), change };
        let mut clauses: Vec<ClauseComparison> = document.clauses.into_iter().map(explained).collect();
        follow(&mut clauses);
        DocumentComparison { kind: document.kind, title: document.title, state: document.state, causes, clauses }
    });
    let documents = documents.collect();
    let side = |edition: &Edition| Side { pack: edition.pack.clone(), date: edition.date.clone(), tier: edition.reasons.tier().map(str::to_owned) };
    Comparison { before: side(old), after: side(new), documents, causes: difference.all() }
}

/// Everything that differs in what two sides were made from.
struct Difference<'a> {
    old: &'a Edition,
    new: &'a Edition,
    files: BTreeMap<&'a str, &'static str>,
    facts: BTreeMap<&'a str, Cause>,
    fields: Vec<Cause>,
}

impl<'a> Difference<'a> {
    fn between(old: &'a Edition, new: &'a Edition) -> Self {
        let mut files = BTreeMap::new();
        for path in old.inputs.keys().chain(new.inputs.keys()) {
            let what = match (old.inputs.get(path), new.inputs.get(path)) {
                (Some(before), Some(after)) if before == after => continue,
                (Some(_), Some(_)) => "edited",
                (Some(_), None) => "removed",
                (None, _) => "added",
            };
            files.insert(path.as_str(), what);
        }
        let mut facts = BTreeMap::new();
        let (before, after) = (&old.reasons.facts, &new.reasons.facts);
        for fact in before.keys().chain(after.keys()) {
            let value = |side: &BTreeMap<String, FactLine>| side.get(fact).map_or_else(|| "unset".to_owned(), |line| line.value.clone());
            if value(before) == value(after) {
                continue;
            }
            let line = after.get(fact).or(before.get(fact));
            let cause = Cause::Fact {
                fact: fact.clone(),
                before: value(before),
                after: value(after),
                how: line.map(|line| line.how.clone()).unwrap_or_default(),
                place: line.and_then(|line| line.place.clone()),
            };
            facts.insert(fact.as_str(), cause);
        }
        let mut fields = Vec::new();
        for field in old.fields.keys().chain(new.fields.keys().filter(|field| !old.fields.contains_key(*field))) {
            let (before, after) = (old.fields.get(field), new.fields.get(field));
            if before != after {
                fields.push(Cause::Field { field: field.clone(), before: before.cloned(), after: after.cloned() });
            }
        }
        Self { old, new, files, facts, fields }
    }

    /// Every difference, the deciding ones first.
    fn all(&self) -> Vec<Cause> {
        let facts = self.facts.iter().filter(|(fact, _)| **fact != "tier").map(|(_, cause)| cause.clone());
        let mut out: Vec<Cause> = self.program().into_iter().chain(self.tier()).chain(self.fields.iter().cloned()).chain(facts).collect();
        let kinds: BTreeSet<&String> = self.old.reasons.parameters.keys().chain(self.new.reasons.parameters.keys()).collect();
        let mut parameters: Vec<Cause> = kinds.into_iter().flat_map(|kind| self.parameters(kind)).collect();
        parameters.sort();
        parameters.dedup();
        out.extend(parameters);
        out.extend(self.files.iter().filter(|(path, _)| !path.starts_with("suppliers/")).map(|(path, what)| file(path, what)));
        out.extend(self.date());
        out
    }

    fn program(&self) -> Option<Cause> {
        let (before, after) = (&self.old.generator, &self.new.generator);
        (before != after).then(|| Cause::Program { before: before.clone(), after: after.clone() })
    }

    fn date(&self) -> Option<Cause> {
        let (before, after) = (&self.old.date, &self.new.date);
        (before != after).then(|| Cause::Date { before: before.clone(), after: after.clone() })
    }

    fn tier(&self) -> Option<Cause> {
        let (before, after) = (self.old.reasons.tier(), self.new.reasons.tier());
        (before != after).then(|| Cause::Tier { before: before.map(str::to_owned), after: after.map(str::to_owned) })
    }

    /// What moved the tier: facts that the risk result names, or the risk model.
    fn of_tier(&self) -> Vec<Cause> {
        let named: BTreeSet<&str> = self.old.reasons.risk_facts().union(&self.new.reasons.risk_facts()).copied().collect();
        let facts = named.iter().filter(|fact| **fact != "tier").filter_map(|fact| self.facts.get(fact)).cloned();
        let model = self.files.iter().filter(|(path, _)| path.ends_with("risk-model.yaml")).map(|(path, what)| file(path, what));
        self.tier().into_iter().chain(facts).chain(model).collect()
    }

    /// Parameters of a document that have another value.
    fn parameters(&self, kind: &str) -> Vec<Cause> {
        let none = BTreeMap::new();
        let side = |edition: &'a Edition| edition.reasons.parameters.get(kind);
        let (before, after) = (side(self.old).unwrap_or(&none), side(self.new).unwrap_or(&none));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let moved = names.into_iter().filter_map(|name| {
            let (before, after) = (before.get(name), after.get(name));
            let text = |value: Option<&ParameterValue>| value.map(|value| value.text.clone());
            (text(before) != text(after)).then(|| Cause::Parameter {
                parameter: name.clone(),
                before: text(before),
                after: text(after),
                origin: after.or(before).map(|value| value.origin.clone()).unwrap_or_default(),
            })
        });
        moved.collect()
    }

    /// Why a document came or went.
    fn of_document(&self, kind: &str) -> Vec<Cause> {
        let fact = format!("docs.{kind}");
        let mut out: Vec<Cause> = self.facts.get(fact.as_str()).cloned().into_iter().collect();
        out.extend(self.of_tier());
        out.extend(self.files.iter().filter(|(path, _)| path.starts_with("clauses/outlines/")).map(|(path, what)| file(path, what)));
        or_consequence(out)
    }

    fn of_clause(&self, kind: &str, change: &ClauseChange) -> Vec<Cause> {
        match change.state {
            ClauseState::Same | ClauseState::Renumbered => Vec::new(),
            ClauseState::Moved => or_consequence(self.outlines()),
            ClauseState::Added | ClauseState::Dropped | ClauseState::Swapped => or_consequence(self.of_choice(kind, change)),
            ClauseState::Edited => self.of_text(kind, change),
        }
    }

    /// Parameters that the text of a clause prints; `None` for what is no clause (cover, signatures), or where the pack does not say.
    fn printed(&self, clause: &str) -> Option<BTreeSet<&str>> {
        let sides = [self.old, self.new].into_iter().flat_map(|edition| &edition.reasons.slots).flat_map(|slot| &slot.candidates);
        let names: BTreeSet<&str> =
            sides.filter(|candidate| candidate.clause == clause).flat_map(|candidate| &candidate.parameters).map(String::as_str).collect();
        (!clause.is_empty() && !names.is_empty()).then_some(names)
    }

    fn outlines(&self) -> Vec<Cause> {
        self.files.iter().filter(|(path, _)| path.contains("outline")).map(|(path, what)| file(path, what)).collect()
    }

    /// The file of a clause, where it changed.
    fn clause_file(&self, clause: &str) -> Option<Cause> {
        let is_of = |path: &str| {
            let id = path.strip_prefix("clauses/").and_then(|path| path.strip_suffix(".md")).map(|path| path.replace('/', "."));
            !clause.is_empty() && id.is_some_and(|id| id == clause || id.ends_with(&format!(".{clause}")))
        };
        self.files.iter().find(|(path, _)| is_of(path)).map(|(path, what)| file(path, what))
    }

    /// Why another clause was chosen for a slot, or none: facts in the conditions, or the conditions.
    fn of_choice(&self, kind: &str, change: &ClauseChange) -> Vec<Cause> {
        let slot = |edition: &'a Edition| {
            let fits = |slot: &&SlotResult| slot.slot.replace(['.', '_'], "-") == change.anchor;
            let all = || edition.reasons.slots.iter().filter(fits);
            all().find(|slot| slot.document == kind).or_else(|| all().next())
        };
        let sides = [slot(self.old), slot(self.new)];
        let mut out = Vec::new();
        for candidate in sides.iter().flatten().flat_map(|slot| &slot.candidates) {
            for reason in &candidate.because {
                // The tier has causes of its own.
                match self.facts.get(reason.fact.as_str()) {
                    Some(_) if reason.fact == "tier" => out.extend(self.of_tier()),
                    Some(cause) => {
                        out.push(cause.clone());
                        if reason.fact.starts_with("docs.") {
                            out.extend(self.of_tier());
                        }
                    }
                    None => {}
                }
            }
        }
        // A condition that was rewritten, a variant that came or went.
        let conditions = |side: &Option<&'a SlotResult>| -> BTreeMap<&'a str, &'a str> {
            side.iter().flat_map(|slot| &slot.candidates).map(|candidate| (candidate.clause.as_str(), candidate.when.as_str())).collect()
        };
        let (before, after) = (conditions(&sides[0]), conditions(&sides[1]));
        let all: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        out.extend(all.into_iter().filter(|clause| before.get(clause) != after.get(clause)).filter_map(|clause| self.clause_file(clause)));
        if out.is_empty() {
            out = self.outlines();
        }
        unique(out)
    }

    /// Why a clause reads otherwise: its file, values in it.
    fn of_text(&self, kind: &str, change: &ClauseChange) -> Vec<Cause> {
        let clause = change.head().map_or("", |head| head.clause.as_str());
        let mut out: Vec<Cause> = self.clause_file(clause).into_iter().collect();
        if change.anchor.contains("interpretation") || change.anchor.contains("definitions") {
            out.extend(self.files.iter().filter(|(path, _)| path.contains("definitions")).map(|(path, what)| file(path, what)));
        }
        let holds = |values: &BTreeSet<String>, text: &Option<String>| text.as_ref().is_some_and(|text| values.contains(text));
        let printed = self.printed(clause);
        for cause in self.parameters(kind) {
            if let Cause::Parameter { before, after, parameter, .. } = &cause
                && printed.as_ref().is_none_or(|names| names.contains(parameter.as_str()))
            {
                let bare = |edition: &Edition| Some(edition.reasons.parameters.get(kind)?.get(parameter)?.bare.clone());
                let is_here = holds(&change.values_before, before)
                    || holds(&change.values_after, after)
                    || holds(&change.values_before, &bare(self.old))
                    || holds(&change.values_after, &bare(self.new));
                if is_here {
                    out.push(cause);
                }
            }
        }
        // A field may stand in the text among other words: an address in a line of its own, a country by its name.
        let within = |values: &BTreeSet<String>, text: &Option<String>| {
            text.as_ref().map(|text| clean(text)).is_some_and(|text| text.chars().count() > 1 && values.iter().any(|value| value.contains(&text)))
        };
        for cause in &self.fields {
            if let Cause::Field { before, after, .. } = cause
                && (within(&change.values_before, before) || within(&change.values_after, after))
            {
                out.push(cause.clone());
            }
        }
        let has_values = !(change.values_before.is_empty() && change.values_after.is_empty());
        if out.is_empty() && has_values {
            out.extend(self.tier());
            out.extend(self.files.get(WORKSPACE).map(|what| file(WORKSPACE, what)));
        }
        if has_values {
            out.extend(self.date().filter(|_| change.anchor == "cover" || out.is_empty()));
        }
        if out.is_empty() {
            out.extend(self.program());
        }
        or_consequence(unique(out))
    }
}

/// What only follows from other clauses of a document follows from what decided them.
fn follow(clauses: &mut [ClauseComparison]) {
    let decided = |cause: &&Cause| matches!(cause, Cause::Fact { .. } | Cause::Tier { .. });
    let deciding = unique(clauses.iter().flat_map(|clause| &clause.causes).filter(decided).cloned().collect());
    for clause in clauses.iter_mut().filter(|clause| clause.causes == [Cause::Consequence] && !deciding.is_empty()) {
        clause.causes.clone_from(&deciding);
    }
}

fn file(path: &str, what: &'static str) -> Cause {
    Cause::File { file: path.to_owned(), what }
}

fn unique(causes: Vec<Cause>) -> Vec<Cause> {
    let mut seen = BTreeSet::new();
    causes.into_iter().filter(|cause| seen.insert(cause.clone())).collect()
}

fn or_consequence(causes: Vec<Cause>) -> Vec<Cause> {
    if causes.is_empty() { vec![Cause::Consequence] } else { unique(causes) }
}
