//! The clause library: every file of it, read and checked against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::decode::decode;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::{self, Node};
use crate::base::source::{Place, Source};
use crate::base::suggest;
use crate::contract::clause::{Clause, Front, POLICIES, clause_id};
use crate::contract::derive::{self, Written};
use crate::contract::figures::{self, FigureRule};
use crate::contract::outline::{KeyTermSpec, Outline, PackOutline, SlotSpec};
use crate::contract::parameter::Registry;
use crate::contract::place::Places;
use crate::contract::requirement::{self, Deadline, Requirement};
use crate::contract::risk::RiskModel;
use crate::contract::values;
use crate::rule::audience::with_people;
use crate::rule::condition::Condition;
use crate::rule::vocabulary::{FactOwner, Vocabulary};
use crate::text::hygiene;
use crate::text::template::{self, Templates};

/// How much of a library is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All of it: files are checked against each other.
    Whole,
    /// What one pack depended on: it was checked as a whole when the pack was made.
    Kept,
}

/// Files of a folder by their path inside it.
pub type Files = BTreeMap<String, Arc<Source>>;

/// The file `proper-names.yaml`: capitalised words that are no defined terms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProperNames {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The names.
    pub names: Vec<String>,
}

/// A condition of an outline, by where it stands.
pub struct OutlineRules {
    /// When an instrument is there.
    pub when: Condition,
    /// When each key term is there, in order.
    pub key_terms: Vec<Condition>,
}

/// The library, checked.
pub struct Library {
    /// The vocabulary.
    pub vocabulary: Arc<Vocabulary>,
    /// The risk model.
    pub risk: RiskModel,
    /// The parameter registry.
    pub registry: Registry,
    /// What figures must be to each other.
    pub figures: Vec<FigureRule>,
    /// Countries.
    pub places: Places,
    /// The requirement catalogue by id.
    pub requirements: BTreeMap<String, Requirement>,
    /// Incident deadlines.
    pub deadlines: Vec<Deadline>,
    /// Outlines of documents, instruments and policies by kind.
    pub outlines: BTreeMap<String, Written<Outline>>,
    /// Conditions of the outlines by kind.
    pub rules: BTreeMap<String, OutlineRules>,
    /// What holds for the pack as a whole.
    pub pack: PackOutline,
    /// Clauses by id.
    pub clauses: BTreeMap<String, Clause>,
    /// Clause ids by slot.
    pub slots: BTreeMap<String, Vec<String>>,
    /// Ids of clause files that did not read, by their file names: their slots are not empty, only broken.
    unread: Vec<String>,
    /// Archetypes by name.
    pub archetypes: BTreeMap<String, Node>,
    /// Capitalised words that are no defined terms.
    pub proper_names: Vec<String>,
    /// Compiled clause templates.
    pub templates: Templates,
}

impl Library {
    /// Reads a library from its files.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when one of the files that everything stands on (vocabulary, risk model, registry,
    /// places, proper names, pack outline) is missing or does not read. Every other fault is reported and reading goes on.
    pub fn read(files: &Files, reading: Reading, report: &mut Report) -> Option<Self> {
        let vocabulary = yaml(files, "vocabulary.yaml", report).and_then(|n| Vocabulary::read(&n, report)).map(Arc::new);
        let places = yaml(files, "places.yaml", report).and_then(|n| decode::<Places>(&n, report));
        let registry = yaml(files, "parameters.yaml", report).and_then(|n| Registry::read(&n, report).map(|registry| (registry, n)));
        let names = yaml(files, "proper-names.yaml", report).and_then(|n| decode::<ProperNames>(&n, report));
        let pack = yaml(files, "outlines/pack.yaml", report).and_then(|n| decode::<PackOutline>(&n, report));
        let vocabulary = vocabulary?;
        let risk = yaml(files, "risk-model.yaml", report).and_then(|n| RiskModel::read(&n, &vocabulary, report));
        let mut requirements = BTreeMap::new();
        for key in files.keys().filter(|k| k.starts_with("requirements/")) {
            if let Some(node) = yaml(files, key, report) {
                for requirement in requirement::read(&node, &vocabulary, report) {
                    let id = requirement.id.clone();
                    if requirements.insert(id.clone(), requirement).is_some() {
                        report.push(Diagnostic::error("duplicate-entry", format!("the requirement `{id}` stands twice in the catalogue")).at(&node.place));
                    }
                }
            }
        }
        let deadlines = match files.contains_key("incident-deadlines.yaml") {
            true => yaml(files, "incident-deadlines.yaml", report).map(|n| requirement::read_deadlines(&n, &vocabulary, report)).unwrap_or_default(),
            false => Vec::new(),
        };
        let (registry, registry_node) = registry?;
        let mut library = Self {
            risk: risk?,
            figures: figures::read(&registry, &registry_node, &vocabulary, report),
            registry,
            places: places?,
            requirements,
            deadlines,
            outlines: BTreeMap::new(),
            rules: BTreeMap::new(),
            pack: pack?,
            clauses: BTreeMap::new(),
            slots: BTreeMap::new(),
            unread: Vec::new(),
            archetypes: BTreeMap::new(),
            proper_names: names?.names,
            templates: Templates::new(),
            vocabulary,
        };
        for fact in derive::facts().filter(|f| !library.vocabulary.facts.contains_key(*f)) {
            let message = format!("the vocabulary lacks the fact `{fact}`, which profiles and the risk model give");
            let place = files.get("vocabulary.yaml").map(Place::start_of);
            report.push(Diagnostic::error("vocabulary", message).at_opt(place.as_ref()).help("put it back; a fact that no condition names does no harm"));
        }
        library.read_archetypes(files, report);
        library.read_outlines(files, report);
        library.read_clauses(files, report);
        library.compile_templates(report);
        if reading == Reading::Whole {
            library.check(report);
        }
        Some(library)
    }

    fn read_archetypes(&mut self, files: &Files, report: &mut Report) {
        for key in files.keys() {
            if let Some(name) = key.strip_prefix("archetypes/").and_then(|k| k.strip_suffix(".yaml"))
                && let Some(node) = yaml(files, key, report)
            {
                self.archetypes.insert(name.to_owned(), node);
            }
        }
    }

    fn read_outlines(&mut self, files: &Files, report: &mut Report) {
        for key in files.keys() {
            let document = key.strip_prefix("outlines/").and_then(|k| k.strip_suffix(".yaml")).filter(|k| *k != "pack");
            let policy = key.strip_prefix(POLICIES).and_then(|k| k.strip_suffix("/outline.yaml"));
            let Some(kind) = document.or(policy) else { continue };
            let Some(node) = yaml(files, key, report) else { continue };
            hygiene::check(&node, report);
            let Some(mut outline) = decode::<Outline>(&node, report) else { continue };
            outline.policy = policy.is_some();
            let holder = if outline.policy { "folder" } else { "file" };
            if !kind.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
                let help = format!("rename the {holder}: lower-case letters, digits and `_`, because it is part of file names");
                report.push(Diagnostic::error("clause-name", format!("`{kind}` is no id of a document or policy")).at(&node.place_of("kind")).help(help));
            } else if outline.kind != kind {
                let message = format!("the kind `{}` does not match the name of the {holder}", outline.kind);
                let help = format!("write `kind: {kind}`, or rename the {holder}");
                report.push(Diagnostic::error("clause-name", message).at(&node.place_of("kind")).help(help));
            }
            check_outline_kind(&outline, &node, report);
            if let Some(first) = self.outlines.get(kind) {
                let message = format!("`{kind}` is a document and a policy");
                report
                    .push(Diagnostic::error("duplicate-entry", message).at(&node.place).with(&first.node.place, "the other outline").help("rename the policy"));
                continue;
            }
            if let Some(audience) = outline.acknowledgment.as_ref().and_then(|a| a.audience.as_ref()) {
                Condition::parse(audience, &with_people(&self.vocabulary), &node.place_of("acknowledgment.audience"), report);
            }
            let when =
                outline.when.as_ref().map_or(Some(Condition::Constant(true)), |text| Condition::parse(text, &self.vocabulary, &node.place_of("when"), report));
            let key_terms = outline.key_terms.iter().enumerate().map(|(at, row)| match &row.when {
                None => Some(Condition::Constant(true)),
                Some(text) => Condition::parse(text, &self.vocabulary, &node.place_of(&format!("key_terms[{at}].when")), report),
            });
            let key_terms: Vec<Condition> = key_terms.map(|c| c.unwrap_or(Condition::Constant(false))).collect();
            for (at, row) in outline.key_terms.iter().enumerate() {
                self.check_key_term(row, outline.policy, &node.place_of(&format!("key_terms[{at}].value")), report);
            }
            self.rules.insert(kind.to_owned(), OutlineRules { when: when.unwrap_or(Condition::Constant(false)), key_terms });
            self.outlines.insert(kind.to_owned(), Written { value: outline, node });
        }
    }

    fn check_key_term_reference(&self, target: &str, place: &Place, report: &mut Report) {
        if !self.reference_exists(&format!("ref:{target}")) {
            let word = target.split('#').next().unwrap_or_default();
            let near = suggest::nearest(word, self.slots.keys().chain(self.outlines.keys()).map(String::as_str));
            let help = near.map_or_else(|| "name a slot, an instrument or a document".to_owned(), |near| format!("did you mean `{near}`?"));
            report.push(Diagnostic::error("dangling-reference", format!("`{target}` leads nowhere")).at(place).help(help));
        }
    }

    fn check_key_term(&self, row: &KeyTermSpec, policy: bool, place: &Place, report: &mut Report) {
        let shape = if policy { values::policy_shape() } else { values::shape() };
        let (usage, faults) = template::check(&row.value, &shape);
        for fault in faults {
            let mut diagnostic = Diagnostic::error(fault.code, fault.message).at(place);
            diagnostic.help = fault.help;
            report.push(diagnostic);
        }
        for name in usage.parameters.iter().filter(|n| !self.registry.parameters.contains_key(*n)) {
            report.push(unknown_parameter(name, &self.registry).at(place));
        }
    }

    fn read_clauses(&mut self, files: &Files, report: &mut Report) {
        let schema = schemars::schema_for!(Front).to_value();
        let (contract, policy) = (values::shape(), values::policy_shape());
        for (key, source) in files.iter().filter(|(k, _)| k.ends_with(".md") && !k.eq_ignore_ascii_case("README.md")) {
            let shape = if key.starts_with(POLICIES) { &policy } else { &contract };
            let Some(clause) = Clause::read(key, source, &schema, &self.vocabulary, shape, report) else {
                self.unread.push(clause_id(key));
                continue;
            };
            if let Some(first) = self.clauses.get(&clause.front.id) {
                let message = format!("the clause `{}` stands in two files", clause.front.id);
                let diagnostic = Diagnostic::error("duplicate-entry", message).at(&clause.place()).with(&first.place(), "the other file");
                report.push(diagnostic.help("rename one: a policy and a document must not share a name"));
                continue;
            }
            self.slots.entry(clause.front.slot.clone()).or_default().push(clause.front.id.clone());
            self.clauses.insert(clause.front.id.clone(), clause);
        }
    }

    /// Compiles the text of every clause and key term; a fault that our own check has placed already is not said twice.
    fn compile_templates(&mut self, report: &mut Report) {
        let mut templates: Vec<(String, &str)> = Vec::new();
        let mut places: Vec<Box<dyn Fn(std::ops::Range<usize>) -> Place + '_>> = Vec::new();
        for clause in self.clauses.values() {
            templates.push((clause.front.id.clone(), clause.body()));
            places.push(Box::new(|range| clause.body_place(range)));
        }
        for (kind, written) in &self.outlines {
            for (at, row) in written.value.key_terms.iter().enumerate() {
                templates.push((key_term_template(kind, at), &row.value));
                places.push(Box::new(move |_| written.node.place_of(&format!("key_terms[{at}].value"))));
            }
        }
        for (at, fault) in self.templates.add_all(&templates) {
            let place = places.get(at).map(|place| place(fault.range));
            let said = report.iter().any(|d| d.place.as_ref().map(|p| &p.source) == place.as_ref().map(|p| &p.source) && d.code == fault.code);
            if !said {
                report.push(Diagnostic::error(fault.code, fault.message).at_opt(place.as_ref()));
            }
        }
    }

    /// Checks what one file says of another.
    fn check(&self, report: &mut Report) {
        let mut placed: BTreeSet<&str> = self.pack.lead_schedules.iter().map(|s| s.slot.as_str()).collect();
        for written in self.outlines.values() {
            let slots = written.value.slots();
            for (slot, path) in &slots {
                if !self.slots.contains_key(*slot) && !self.unread.iter().any(|id| id == slot || id.strip_prefix(slot).is_some_and(|r| r.starts_with('.'))) {
                    let help = suggest::nearest(slot, self.slots.keys().map(String::as_str))
                        .map_or_else(|| "write a clause file for it, or remove the slot".to_owned(), |near| format!("did you mean `{near}`?"));
                    report.push(Diagnostic::error("unknown-slot", format!("no clause fills the slot `{slot}`")).at(&written.node.place_of(path)).help(help));
                }
            }
            placed.extend(slots.iter().map(|(slot, _)| *slot));
            for (at, target) in written.value.key_terms.iter().enumerate().filter_map(|(at, row)| row.r#ref.as_ref().map(|r| (at, r))) {
                self.check_key_term_reference(target, &written.node.place_of(&format!("key_terms[{at}].ref")), report);
            }
            let mut seen = BTreeSet::new();
            for (slot, path) in slots.iter().filter(|(slot, _)| !seen.insert(*slot)) {
                report.push(Diagnostic::error("duplicate-slot", format!("the slot `{slot}` stands twice in the outline")).at(&written.node.place_of(path)));
            }
            for (at, kind) in written.value.instruments.iter().enumerate().filter(|(_, k)| self.outlines.get(*k).is_none_or(|o| o.value.policy)) {
                let place = written.node.place_of(&format!("instruments[{at}]"));
                report.push(Diagnostic::error("unknown-document", format!("there is no outline `{kind}`")).at(&place));
            }
        }
        for clause in self.clauses.values() {
            self.check_clause(clause, &placed, report);
        }
    }

    fn check_clause(&self, clause: &Clause, placed: &BTreeSet<&str>, report: &mut Report) {
        let front = &clause.front;
        if !placed.contains(front.slot.as_str()) {
            let help = suggest::nearest(&front.slot, placed.iter().copied())
                .map_or_else(|| "add the slot to an outline".to_owned(), |near| format!("did you mean `{near}`?"));
            report.push(Diagnostic::error("unknown-slot", format!("no outline has the slot `{}`", front.slot)).at(&clause.node.place_of("slot")).help(help));
        }
        for (at, name) in front.parameters.iter().enumerate().filter(|(_, n)| !self.registry.parameters.contains_key(*n)) {
            report.push(unknown_parameter(name, &self.registry).at(&clause.node.place_of(&format!("parameters[{at}]"))));
        }
        for (at, id) in front.covers.iter().enumerate().filter(|(_, id)| !self.requirements.contains_key(*id)) {
            let place = clause.node.place_of(&format!("covers[{at}]"));
            let near = suggest::nearest(id, self.requirements.keys().map(String::as_str));
            let help = near.map_or_else(|| "the catalogue stands in `requirements/`".to_owned(), |near| format!("did you mean `{near}`?"));
            report.push(Diagnostic::error("unknown-requirement", format!("there is no requirement `{id}`")).at(&place).help(help));
        }
        for (key, list) in [("requires", &front.requires), ("conflicts", &front.conflicts)] {
            for (at, id) in list.iter().enumerate().filter(|(_, id)| !self.clauses.contains_key(*id) && !self.slots.contains_key(*id)) {
                let place = clause.node.place_of(&format!("{key}[{at}]"));
                let near = suggest::nearest(id, self.clauses.keys().map(String::as_str));
                let help = near.map_or_else(|| "name a clause or a slot".to_owned(), |near| format!("did you mean `{near}`?"));
                report.push(Diagnostic::error("unknown-clause", format!("there is no clause or slot `{id}`")).at(&place).help(help));
            }
        }
        for (at, obligation) in front.obligations.iter().enumerate() {
            let name = &obligation.deadline;
            if self.registry.parameters.contains_key(name) && !front.parameters.contains(name) {
                let place = clause.node.place_of(&format!("obligations[{at}].deadline"));
                let message = format!("the deadline `{name}` is a parameter that the text does not name");
                report.push(Diagnostic::error("undeclared-parameter", message).at(&place).help("print the figure in the text, or write the deadline in words"));
            }
        }
        for (target, range) in references(clause.body()) {
            if !self.reference_exists(&target) {
                let known = self.slots.keys().chain(self.outlines.keys()).map(String::as_str);
                let word = target.split(['#']).next().unwrap_or_default();
                let near = suggest::nearest(word.split_once(':').map_or(word, |(_, w)| w), known);
                let help = near.map_or_else(|| "name a slot, an instrument or a document".to_owned(), |near| format!("did you mean `{near}`?"));
                report.push(Diagnostic::error("dangling-reference", format!("`{target}` leads nowhere")).at(&clause.body_place(range)).help(help));
            }
        }
        self.check_fixed_tier(clause, report);
    }

    /// A document with a fixed tier must not depend on the assessment, nor share a figure with documents that do; a policy
    /// must not depend on any supplier.
    fn check_fixed_tier(&self, clause: &Clause, report: &mut Report) {
        // Slots that policies share have a group without an outline.
        let policy = clause.key.starts_with(POLICIES);
        let title = match self.outlines.get(clause.group()) {
            Some(outline) if outline.value.tier.is_some() => outline.value.title.as_str(),
            None if policy => "policy",
            _ => return,
        };
        for name in clause.when.facts() {
            if policy && self.vocabulary.facts.get(name).is_some_and(|f| f.origin != FactOwner::Entity) {
                let message = format!("`{name}` is a fact of a supplier, but the {title} is the same for all");
                report.push(Diagnostic::error("depends-on-supplier", message).at(&clause.when_place).help("choose the text by a fact of the entity"));
                continue;
            }
            if self.vocabulary.facts.get(name).is_some_and(|f| f.origin == FactOwner::Result) {
                let message = format!("`{name}` comes from the assessment, but the {title} is signed before it");
                report.push(
                    Diagnostic::error("depends-on-assessment", message).at(&clause.when_place).help("choose the clause by a fact of the entity or of identity"),
                );
            }
        }
        for name in &clause.front.parameters {
            if let Some((family, _)) = self.registry.family_of(name) {
                let message = format!("`{name}` belongs to the family `{family}`, whose figure depends on the assessment");
                let at = clause.front.parameters.iter().position(|p| p == name).unwrap_or_default();
                let place = clause.node.place_of(&format!("parameters[{at}]"));
                report.push(Diagnostic::error("depends-on-assessment", message).at(&place).help("use a parameter without family"));
            }
        }
    }

    fn reference_exists(&self, target: &str) -> bool {
        match target.split_once(':') {
            Some(("doc", kind)) => self.outlines.contains_key(kind),
            Some(("ref", rest)) => {
                let slot = rest.split_once('#').map_or(rest, |(slot, _)| slot);
                self.slots.contains_key(slot) || self.outlines.contains_key(slot)
            }
            _ => false,
        }
    }

    /// Clauses of a slot, in order of id.
    pub fn candidates(&self, slot: &str) -> impl Iterator<Item = &Clause> {
        self.slots.get(slot).into_iter().flatten().filter_map(|id| self.clauses.get(id))
    }

    /// Policies by id, with their outlines.
    pub fn policies(&self) -> impl Iterator<Item = (&str, &Written<Outline>)> + Clone {
        self.outlines.iter().filter(|(_, o)| o.value.policy).map(|(id, o)| (id.as_str(), o))
    }

    /// Outlines of documents and instruments: all but the policies.
    pub fn contracts(&self) -> impl Iterator<Item = (&str, &Written<Outline>)> + Clone {
        self.outlines.iter().filter(|(_, o)| !o.value.policy).map(|(id, o)| (id.as_str(), o))
    }

    /// Policies whose titles the text of a clause prints.
    pub fn policies_named(&self, clause: &Clause) -> impl Iterator<Item = String> {
        let targets = references(clause.body()).into_iter().filter_map(|(target, _)| target.strip_prefix("doc:").map(str::to_owned));
        targets.filter(|kind| self.outlines.get(kind).is_some_and(|o| o.value.policy))
    }

    /// Title of a document or instrument; its kind for one without outline.
    pub fn title(&self, kind: &str) -> String {
        self.outlines.get(kind).map_or_else(|| kind.to_owned(), |o| o.value.title.clone())
    }
}

impl Outline {
    /// Every slot it names, with the path of the name in the file.
    pub fn slots(&self) -> Vec<(&str, String)> {
        let list = |name: &'static str, slots: &'static dyn Fn(&Outline) -> &Vec<SlotSpec>| (name, slots);
        let mut out: Vec<(&str, String)> = Vec::new();
        for (name, slots) in [list("front", &|o| &o.front), list("clauses", &|o| &o.clauses), list("schedules", &|o| &o.schedules)] {
            out.extend(slots(self).iter().enumerate().map(|(at, s)| (s.slot.as_str(), format!("{name}[{at}].slot"))));
        }
        if let Some(definitions) = &self.definitions {
            out.extend(definitions.slots.iter().enumerate().map(|(at, s)| (s.as_str(), format!("definitions.slots[{at}]"))));
            out.extend(definitions.interpretation.iter().map(|s| (s.as_str(), "definitions.interpretation".to_owned())));
        }
        out.extend(self.execution.iter().map(|s| (s.as_str(), "execution".to_owned())));
        out
    }
}

/// A policy has a version, a fixed tier and nothing that is agreed or signed; a contract has no version.
fn check_outline_kind(outline: &Outline, node: &Node, report: &mut Report) {
    let mut fault = |field: &str, message: &str, help: &str| {
        report.push(Diagnostic::error("outline", message).at(&node.place_to_add(field)).help(help));
    };
    if !outline.policy {
        if outline.acknowledgment.is_some() {
            fault("acknowledgment", "a contract is signed, not acknowledged", "remove `acknowledgment`");
        }
        if outline.version.is_some() {
            fault("version", "a contract document has no version of its own", "remove `version`: the id of the pack identifies the text");
        }
        return;
    }
    if outline.tier.is_none() {
        fault("tier", "a policy needs a fixed tier for its parameters", "add `tier: high`");
    }
    if outline.execution.is_some() {
        fault("execution", "a policy is acknowledged, not executed", "remove `execution`");
    }
    for (field, there) in [("inside", outline.inside.is_some()), ("when", outline.when.is_some()), ("instruments", !outline.instruments.is_empty())] {
        if there {
            fault(field, "a policy stands alone", &format!("remove `{field}`"));
        }
    }
    match &outline.version {
        None => fault("version", "a policy needs the version that people acknowledge", "add `version: 1.0`"),
        Some(version) if is_policy_version(version) => {}
        Some(_) => report.push(Diagnostic::error("bad-form", "the version of a policy is two numbers").at(&node.place_of("version")).help("for example `1.0`")),
    }
}

/// `major.minor`, without leading zeros.
fn is_policy_version(version: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    version.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
}

/// Name of the template of a key term.
pub fn key_term_template(kind: &str, at: usize) -> String {
    format!("key_terms/{kind}/{at}")
}

fn unknown_parameter(name: &str, registry: &Registry) -> Diagnostic {
    let near = suggest::nearest(name, registry.parameters.keys().map(String::as_str));
    let help = near.map_or_else(|| "the parameters are listed in `parameters.yaml`".to_owned(), |near| format!("did you mean `{near}`?"));
    Diagnostic::error("unknown-parameter", format!("there is no parameter `{name}`")).help(help)
}

/// References of a clause body with their places.
pub(super) fn references(body: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = body[at..].find("[](") {
        let start = at + found + 3;
        let Some(length) = body[start..].find(')') else { break };
        out.push((body[start..start + length].to_owned(), start..start + length));
        at = start + length;
    }
    out
}

fn yaml(files: &Files, key: &str, report: &mut Report) -> Option<Node> {
    match files.get(key) {
        Some(source) => node::parse(source, report),
        None => {
            report.push(
                Diagnostic::error("missing-file", format!("the clause library lacks `{key}`"))
                    .help("copy it from the embedded library: `countersign init DIR --library`"),
            );
            None
        }
    }
}
