//! Assembly: chosen clauses become documents with numbers, references, defined terms and schedules.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::source::{Place, find_word};
use crate::contract::clause::Clause;
use crate::contract::entity::{Entity, Signing, SigningRule};
use crate::contract::library::{Library, key_term_template};
use crate::contract::numbering::{letters, number};
use crate::contract::outline::{KeyTermSpec, Numbering, Outline, SlotSpec};
use crate::contract::profile::Profile;
use crate::contract::reference::{Target, Targets, resolve};
use crate::contract::selection::Selection;
use crate::contract::term;
use crate::contract::values::clean;
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::{FactValue, Facts};
use crate::text::document::{Block, DOCUMENT_VERSION, Document, Execution, Inline, KeyTerm, Part, PartKind, Party, Section, Signature};
use crate::text::markdown;
use crate::text::template::{Fault, Filling, path_at};

/// What the documents are.
pub enum About<'a> {
    /// Contracts with a supplier: its profile, and the tree of the profile for the places of its fields.
    Supplier(&'a Profile, &'a Node),
    /// A policy of the organisation.
    Policy,
}

/// Everything that assembly needs.
pub struct Materials<'a> {
    /// The library.
    pub library: &'a Library,
    /// What was selected.
    pub selection: &'a Selection,
    /// The facts.
    pub facts: &'a Facts,
    /// Our entity.
    pub entity: &'a Entity,
    /// Contracts or a policy.
    pub about: About<'a>,
    /// Values by document kind; a document with a fixed tier has its own.
    pub fillings: &'a BTreeMap<String, Filling>,
    /// Documents to assemble, in order of precedence; instruments that stand alone too.
    pub documents: &'a [String],
    /// The document that carries the lead schedules.
    pub lead: Option<&'a str>,
    /// Id of the pack, or of the draft; printed as part of the document id.
    pub pack: &'a str,
    /// ISO date and date as printed.
    pub date: (&'a str, &'a str),
    /// Text on every page of a review copy.
    pub banner: Option<&'a str>,
    /// Who stands on the cover.
    pub parties: Vec<Party>,
    /// Name for the running header.
    pub counterparty: String,
}

/// Assembles the documents of a pack.
///
/// # Errors
/// Reports `unfilled-value`, `empty-cell`, `empty-table`, `dangling-reference`, `undefined-term`, `duplicate-term` and faults of
/// templates, each at its place in the clause file. Documents come back whole or with faults reported, never silently cut.
pub fn assemble(materials: &Materials<'_>, report: &mut Report) -> Vec<Document> {
    let mut assembler = Assembler { materials, report, targets: Targets::default(), unfilled: BTreeMap::new() };
    let policies = materials.library.policies().map(|(id, outline)| (id.to_owned(), outline.value.title.clone()));
    assembler.targets.documents.extend(policies);
    let mut documents: Vec<Draft> = materials.documents.iter().filter_map(|kind| assembler.document(kind)).collect();
    for draft in &documents {
        assembler.collect_targets(draft);
    }
    if !assembler.unfilled.is_empty() {
        // Text that could not be filled defines no terms and holds no targets: what follows from that is not worth saying.
        assembler.report_unfilled();
        return Vec::new();
    }
    for draft in &mut documents {
        assembler.resolve(draft);
        assembler.check_terms(draft);
    }
    documents.into_iter().map(|draft| draft.document).collect()
}

/// A document with the clause files that its text came from.
struct Draft {
    document: Document,
    /// Slot of each section, by part and position.
    slots: Vec<Vec<String>>,
}

struct Assembler<'a, 'r> {
    materials: &'a Materials<'a>,
    report: &'r mut Report,
    targets: Targets,
    unfilled: BTreeMap<String, Vec<Place>>,
}

impl<'a> Assembler<'a, '_> {
    fn document(&mut self, kind: &str) -> Option<Draft> {
        let library = self.materials.library;
        let outline = &library.outlines.get(kind)?.value;
        let mut parts = Vec::new();
        let mut slots = Vec::new();
        let (main, main_slots) = self.body(outline, kind, PartKind::Main, "", "");
        parts.push(main);
        slots.push(main_slots);
        let attached = if self.materials.lead == Some(kind) { library.pack.lead_schedules.as_slice() } else { &[] };
        let mut count = 0;
        for spec in outline.schedules.iter().chain(attached) {
            if let Some(section) = self.section(kind, kind, &spec.slot) {
                count += 1;
                parts.push(schedule(section, &letters(count), &spec.slot));
                slots.push(vec![spec.slot.clone()]);
            }
        }
        let mut count = 0;
        for inner in &outline.instruments {
            let present = library.rules.get(inner).is_some_and(|r| r.when.evaluate(self.materials.facts) == Truth::True);
            if let Some(inner_outline) = library.outlines.get(inner).filter(|_| present) {
                count += 1;
                let (part, inner_slots) =
                    self.body(&inner_outline.value, kind, PartKind::Instrument, &format!("Instrument {count}"), &inner_outline.value.title);
                parts.push(part);
                slots.push(inner_slots);
            }
        }
        let materials = self.materials;
        let document = Document {
            version: DOCUMENT_VERSION,
            kind: kind.to_owned(),
            id: format!("{}-{}", kind.to_uppercase().replace('_', "-"), materials.pack),
            title: outline.title.clone(),
            edition: outline.version.clone(),
            language: outline.language.clone(),
            date: materials.date.0.to_owned(),
            date_text: materials.date.1.to_owned(),
            parties: materials.parties.clone(),
            counterparty: materials.counterparty.clone(),
            key_terms: self.key_terms(outline, kind),
            banner: materials.banner.map(str::to_owned),
            parts,
        };
        Some(Draft { document, slots })
    }

    /// The text of an outline: front, definitions, clauses, execution.
    fn body(&mut self, outline: &Outline, document: &str, kind: PartKind, label: &str, title: &str) -> (Part, Vec<String>) {
        let mut sections = Vec::new();
        let mut slots = Vec::new();
        for spec in &outline.front {
            if let Some(section) = self.section(&outline.kind, document, &spec.slot) {
                sections.push(section);
                slots.push(spec.slot.clone());
            }
        }
        let first_numbered = sections.len();
        let mut numbered = Vec::new();
        for SlotSpec { slot, .. } in &outline.clauses {
            if let Some(section) = self.section(&outline.kind, document, slot) {
                numbered.push((section, slot.clone()));
            }
        }
        if let Some(definitions) = self.definitions(outline, document, &sections, &numbered) {
            numbered.insert(0, definitions);
        }
        for (section, slot) in numbered {
            sections.push(section);
            slots.push(slot);
        }
        for (at, section) in sections.iter_mut().enumerate() {
            if at >= first_numbered && outline.numbering == Numbering::Clauses {
                section.number = (at - first_numbered + 1).to_string();
            }
            number(&mut section.blocks, &section.number);
        }
        let part = Part {
            kind,
            anchor: format!("{}-part", anchor(&outline.kind)),
            label: label.to_owned(),
            title: title.to_owned(),
            sections,
            execution: self.execution(outline, document),
        };
        (part, slots)
    }

    /// One section from the clause that was chosen for a slot.
    fn section(&mut self, outline: &str, document: &str, slot: &str) -> Option<Section> {
        let clause = self.chosen(outline, document, slot)?;
        Some(Section {
            anchor: anchor(slot),
            number: String::new(),
            title: typographic(&clause.front.title),
            clause: clause.front.id.clone(),
            clause_version: clause.front.version.clone(),
            blocks: self.blocks(clause, document),
        })
    }

    fn chosen(&self, outline: &str, document: &str, slot: &str) -> Option<&'a Clause> {
        let selection = self.materials.selection;
        let id = selection.chosen(outline, slot).or_else(|| selection.chosen(document, slot))?;
        self.materials.library.clauses.get(id)
    }

    /// Fills and parses the text of a clause.
    fn blocks(&mut self, clause: &Clause, document: &str) -> Vec<Block> {
        let Some(filling) = self.materials.fillings.get(document) else { return Vec::new() };
        let rendered = match self.materials.library.templates.render(&clause.front.id, clause.body(), filling) {
            Ok(rendered) => rendered,
            Err(fault) => {
                self.fault(clause, fault);
                return Vec::new();
            }
        };
        let (blocks, faults) = markdown::blocks(&rendered);
        for fault in faults {
            // Positions in filled text are not positions in the file, so the fault is shown at the clause.
            let mut diagnostic = Diagnostic::error(fault.code, format!("{} in `{}`", fault.message, clause.front.id)).at(&clause.place());
            diagnostic.help = fault.help;
            self.report.push(diagnostic);
        }
        check_tables(&blocks, clause, self.report);
        blocks
    }

    fn fault(&mut self, clause: &Clause, fault: Fault) {
        let place = clause.body_place(fault.range.clone());
        if fault.code == "unfilled-value" {
            let path = path_at(clause.body(), fault.range.start).unwrap_or_else(|| clause.body().get(fault.range).unwrap_or_default().to_owned());
            self.unfilled(path, place);
            return;
        }
        let mut diagnostic = Diagnostic::error(fault.code, fault.message).at(&place);
        diagnostic.help = fault.help;
        self.report.push(diagnostic);
    }

    /// Notes a value that is not there; each is reported once, with every place that asks for it.
    fn unfilled(&mut self, path: String, place: Place) {
        let places = self.unfilled.entry(path).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }

    fn report_unfilled(&mut self) {
        for (path, places) in &self.unfilled {
            let (field, help) = field_for(path);
            let message = match self.materials.about {
                About::Supplier(profile, _) => format!("supplier `{}` has no value for `{path}`, which its documents print", profile.supplier),
                About::Policy => format!("there is no value for `{path}`, which the policy prints"),
            };
            let mut diagnostic = Diagnostic::error("unfilled-value", message).help(help);
            diagnostic = match (field, &self.materials.about) {
                (Some(field), About::Supplier(_, node)) => diagnostic.at(&node.place_to_add(&field)),
                _ => diagnostic.at_opt(places.first()),
            };
            for place in places {
                diagnostic = diagnostic.with(place, "printed here");
            }
            self.report.push(diagnostic);
        }
    }

    /// The clause of defined terms: those in use, sorted, each once.
    fn definitions(&mut self, outline: &Outline, document: &str, front: &[Section], clauses: &[(Section, String)]) -> Option<(Section, String)> {
        let spec = outline.definitions.as_ref()?;
        let mut entries: BTreeMap<String, (Vec<Block>, &Clause)> = BTreeMap::new();
        let mut sources: Option<&Clause> = None;
        for slot in &spec.slots {
            let Some(clause) = self.chosen(&outline.kind, document, slot) else { continue };
            sources = sources.or(Some(clause));
            for block in self.blocks(clause, document) {
                let Block::Bullets { items } = block else { continue };
                for item in items {
                    let Some(term) = term::defined_in(&item).into_iter().next() else { continue };
                    if let Some((_, first)) = entries.get(&term) {
                        let message = format!("`{term}` is defined twice");
                        self.report.push(Diagnostic::error("duplicate-term", message).at(&clause.place()).with(&first.place(), "first defined here"));
                        continue;
                    }
                    entries.insert(term, (item, clause));
                }
            }
        }
        let interpretation = spec.interpretation.as_ref().and_then(|slot| self.chosen(&outline.kind, document, slot));
        let after = interpretation.map(|clause| self.blocks(clause, document)).unwrap_or_default();
        let mut texts: Vec<String> = front.iter().chain(clauses.iter().map(|(s, _)| s)).flat_map(|s| term::texts(&s.blocks)).collect();
        texts.extend(term::texts(&after));
        texts.extend(self.further_texts(outline, document));
        let used = in_use(&entries, texts);
        let mut items: Vec<(String, Vec<Block>)> = entries.into_iter().filter(|(t, _)| used.contains(t)).map(|(t, (b, _))| (t, b)).collect();
        items.sort_by_key(|(term, _)| term.to_lowercase());
        let mut blocks = vec![Block::Bullets { items: items.into_iter().map(|(_, blocks)| blocks).collect() }];
        blocks.extend(after);
        let clause = interpretation.or(sources)?;
        let slot = spec.interpretation.clone().unwrap_or_else(|| spec.slots.first().cloned().unwrap_or_default());
        let section = Section {
            anchor: anchor(&slot),
            number: String::new(),
            title: spec.title.clone(),
            clause: clause.front.id.clone(),
            clause_version: clause.front.version.clone(),
            blocks,
        };
        Some((section, slot))
    }

    /// Texts that use terms of an outline without being among its clauses: schedules, the execution sentence.
    fn further_texts(&mut self, outline: &Outline, document: &str) -> Vec<String> {
        let attached = if self.materials.lead == Some(document) { self.materials.library.pack.lead_schedules.as_slice() } else { &[] };
        let slots: Vec<&String> = outline.schedules.iter().chain(attached).map(|s| &s.slot).chain(outline.execution.as_ref()).collect();
        let mut texts = Vec::new();
        for slot in slots {
            if let Some(clause) = self.chosen(&outline.kind, document, slot) {
                texts.extend(term::texts(&self.blocks(clause, document)));
            }
        }
        texts
    }

    fn key_terms(&mut self, outline: &Outline, document: &str) -> Vec<KeyTerm> {
        let library = self.materials.library;
        let (Some(rules), Some(filling)) = (library.rules.get(&outline.kind), self.materials.fillings.get(document)) else { return Vec::new() };
        let mut rows = Vec::new();
        for (at, row) in outline.key_terms.iter().enumerate() {
            if rules.key_terms.get(at).is_none_or(|when| when.evaluate(self.materials.facts) != Truth::True) {
                continue;
            }
            match library.templates.render(&key_term_template(&outline.kind, at), &row.value, filling) {
                Ok(rendered) => {
                    let value = match markdown::blocks(&rendered).0.into_iter().next() {
                        Some(Block::Paragraph { text }) => text,
                        _ => Vec::new(),
                    };
                    let reference = row.r#ref.iter().map(|target| Inline::Reference { anchor: format!("ref:{target}"), text: String::new() }).collect();
                    rows.push(KeyTerm { label: typographic(&row.label), value, reference });
                }
                Err(fault) => {
                    let place = library.outlines.get(&outline.kind).map(|o| o.node.place_of(&format!("key_terms[{at}].value")));
                    if let (Some(path), Some(place), "unfilled-value") = (path_at(&row.value, fault.range.start), &place, fault.code) {
                        self.unfilled(path, place.clone());
                        continue;
                    }
                    let message = format!("the key term `{}` cannot be filled: {}", row.label, fault.message);
                    self.report.push(Diagnostic::error(fault.code, message).at_opt(place.as_ref()).help("give the row a `when`, or fill the value"));
                }
            }
        }
        rows
    }

    fn execution(&mut self, outline: &Outline, document: &str) -> Option<Execution> {
        let About::Supplier(profile, _) = self.materials.about else { return None };
        let clause = self.chosen(&outline.kind, document, outline.execution.as_ref()?)?;
        let testimonium = self.blocks(clause, document).into_iter().filter_map(|b| match b {
            Block::Paragraph { text } => Some(text),
            _ => None,
        });
        let testimonium = testimonium.reduce(|mut all, more| {
            all.push(Inline::Break);
            all.extend(more);
            all
        });
        let materials = self.materials;
        let deed = materials.facts.get("contract.deed").is_some_and(|f| f.value == FactValue::Bool(true));
        let mut signatures = signatures(&materials.entity.legal_name, &materials.entity.signing, false, deed);
        signatures.extend(self::signatures(&profile.identity.legal_name, &profile.signing, profile.identity.natural_person, deed));
        Some(Execution { testimonium: testimonium.unwrap_or_default(), signatures })
    }

    /// Notes where every slot, schedule and instrument of a document stands.
    fn collect_targets(&mut self, draft: &Draft) {
        let document = &draft.document;
        let noun = if matches!(self.materials.about, About::Policy) { "section" } else { "clause" };
        self.targets.documents.insert(document.kind.clone(), document.title.clone());
        for (part, slots) in document.parts.iter().zip(&draft.slots) {
            if part.kind == PartKind::Instrument
                && let Some((kind, _)) = self.materials.library.outlines.iter().find(|(_, o)| o.value.title == part.title)
            {
                let text = format!("{} ({})", part.title, part.label);
                self.targets.insert(
                    kind,
                    Target { document: document.kind.clone(), part: part.anchor.clone(), anchor: part.anchor.clone(), text, items: BTreeMap::new() },
                );
            }
            for (section, slot) in part.sections.iter().zip(slots) {
                let (anchor, text) = match (part.kind, section.number.as_str()) {
                    (PartKind::Schedule, _) => (part.anchor.clone(), format!("{} ({})", part.label, part.title)),
                    (PartKind::Main, "") => (section.anchor.clone(), format!("the section “{}”", section.title)),
                    (PartKind::Main, number) => (section.anchor.clone(), format!("{noun} {number} ({})", section.title)),
                    (PartKind::Instrument, "") => (section.anchor.clone(), format!("“{}” of {}", section.title, part.label)),
                    (PartKind::Instrument, number) => (section.anchor.clone(), format!("clause {number} ({}) of {}", section.title, part.label)),
                };
                let within = if part.kind == PartKind::Schedule { format!(" of {} ({})", part.label, part.title) } else { String::new() };
                let items = item_targets(&section.blocks, &section.anchor, noun, &within);
                self.targets.insert(slot, Target { document: document.kind.clone(), part: part.anchor.clone(), anchor, text, items });
            }
        }
    }

    /// Fills in references and anchors.
    fn resolve(&mut self, draft: &mut Draft) {
        let kind = draft.document.kind.clone();
        let Self { targets, report, materials, .. } = self;
        for part in &mut draft.document.parts {
            let part_anchor = part.anchor.clone();
            for section in &mut part.sections {
                set_anchors(&mut section.blocks, &section.anchor, &mut BTreeSet::new());
                let clause = materials.library.clauses.get(&section.clause);
                let place = |target: &str| clause.map(|clause| reference_place(clause, target));
                resolve(&mut section.blocks, &mut |target| targets.find(target, &kind, &part_anchor), &mut |target| dangling(report, place(target), target));
            }
            if let Some(execution) = &mut part.execution {
                let mut blocks = [Block::Paragraph { text: std::mem::take(&mut execution.testimonium) }];
                resolve(&mut blocks, &mut |target| targets.find(target, &kind, &part_anchor), &mut |target| dangling(report, None, target));
                if let [Block::Paragraph { text }] = blocks {
                    execution.testimonium = text;
                }
            }
        }
        for row in &mut draft.document.key_terms {
            let mut blocks = [Block::Paragraph { text: std::mem::take(&mut row.reference) }];
            let place = || {
                let outline = materials.library.outlines.get(&kind)?;
                let rules = &materials.library.rules.get(&kind)?.key_terms;
                // Of rows with one label only one is there.
                let is_it = |(spec, when): (&KeyTermSpec, &Condition)| typographic(&spec.label) == row.label && when.evaluate(materials.facts) == Truth::True;
                let at = outline.value.key_terms.iter().zip(rules).position(is_it)?;
                Some(outline.node.place_of(&format!("key_terms[{at}].ref")))
            };
            resolve(&mut blocks, &mut |target| targets.find(target, &kind, ""), &mut |target| dangling(report, place(), target));
            if let [Block::Paragraph { text }] = blocks {
                row.reference = text;
            }
        }
    }

    /// Every capitalised word in mid-sentence must be a defined term, a document title or a proper name.
    fn check_terms(&mut self, draft: &Draft) {
        let library = self.materials.library;
        let document = &draft.document;
        let all: Vec<&Section> = document.parts.iter().flat_map(|p| &p.sections).collect();
        let defined: Vec<String> = all.iter().flat_map(|s| term::defined_in(&s.blocks)).collect();
        let terms = term::Phrases::new(defined.iter().map(String::as_str));
        let in_pack = self.materials.documents.iter().filter_map(|k| library.outlines.get(k));
        let inner = in_pack.clone().flat_map(|o| &o.value.instruments).filter_map(|k| library.outlines.get(k));
        let titles: Vec<&str> = in_pack.chain(inner).map(|o| o.value.title.as_str()).collect();
        let names = term::Phrases::new(library.proper_names.iter().map(String::as_str).chain(titles));
        for section in all {
            let findings = term::read(&term::texts(&section.blocks), &terms, &names);
            for word in findings.undefined {
                let Some(clause) = library.clauses.get(&section.clause) else { continue };
                let at = find_word(clause.body(), &word).map(|at| clause.body_place(at..at + word.len()));
                let message = format!("`{word}` is capitalised but not defined in the {}", document.title);
                let diagnostic = Diagnostic::error("undefined-term", message)
                    .at(&at.unwrap_or_else(|| clause.place()))
                    .help("define it, write it in lower case, or list it in `proper-names.yaml`");
                self.report.push(diagnostic);
            }
        }
    }
}

/// The terms in use: named by a text, or by the definition of a term in use.
fn in_use(entries: &BTreeMap<String, (Vec<Block>, &Clause)>, texts: Vec<String>) -> BTreeSet<String> {
    let terms = term::Phrases::new(entries.keys().map(String::as_str));
    let none = term::Phrases::default();
    let mut used = BTreeSet::new();
    let mut fresh = term::read(&texts, &terms, &none).used;
    while !fresh.is_empty() {
        used.extend(fresh.iter().cloned());
        let texts: Vec<String> = fresh.iter().filter_map(|t| entries.get(t)).flat_map(|(blocks, _)| term::texts(blocks)).collect();
        fresh = term::read(&texts, &terms, &none).used.difference(&used).cloned().collect();
    }
    used
}

fn schedule(section: Section, letter: &str, slot: &str) -> Part {
    let mut section = section;
    let title = std::mem::take(&mut section.title);
    number(&mut section.blocks, "");
    Part {
        kind: PartKind::Schedule,
        anchor: format!("{}-schedule", anchor(slot)),
        label: format!("Schedule {letter}"),
        title,
        sections: vec![section],
        execution: None,
    }
}

/// Front matter and outlines are typed with straight apostrophes.
fn typographic(text: &str) -> String {
    text.replace('\'', "\u{2019}")
}

/// A slot id as a link target.
fn anchor(slot: &str) -> String {
    slot.replace(['.', '_'], "-")
}

/// Anchors of items become unique in the document: those of their section before them; of two equal titles only the first is one.
fn set_anchors(blocks: &mut [Block], section: &str, seen: &mut BTreeSet<String>) {
    for block in blocks {
        match block {
            Block::Item { anchor, children, .. } => {
                if !anchor.is_empty() {
                    *anchor = if seen.insert(anchor.clone()) { format!("{section}--{anchor}") } else { String::new() };
                }
                set_anchors(children, section, seen);
            }
            Block::Bullets { items } => items.iter_mut().for_each(|b| set_anchors(b, section, seen)),
            _ => {}
        }
    }
}

/// Items of a section that have a run-in title: number and title.
fn item_targets(blocks: &[Block], section: &str, noun: &str, within: &str) -> BTreeMap<String, (String, String)> {
    let mut out = BTreeMap::new();
    for block in blocks {
        if let Block::Item { anchor, number, text, children, .. } = block {
            if !anchor.is_empty() {
                let title = markdown::run_in_title(text).unwrap_or_default();
                let noun = if within.is_empty() { noun } else { "paragraph" };
                let text = format!("{noun} {number} ({title}){within}");
                out.entry(anchor.clone()).or_insert((format!("{section}--{anchor}"), text));
            }
            out.extend(item_targets(children, section, noun, within));
        }
    }
    out
}

fn dangling(report: &mut Report, place: Option<Place>, target: &str) {
    let diagnostic = Diagnostic::error("dangling-reference", format!("`{target}` is not in the pack")).at_opt(place.as_ref());
    report.push(diagnostic.help("make the reference part of a variant that is chosen only together with its target"));
}

/// Where a clause refers to a target.
fn reference_place(clause: &Clause, target: &str) -> Place {
    let at = clause.body().find(target);
    at.map_or_else(|| clause.place(), |at| clause.body_place(at..at + target.len()))
}

/// A table whose list is empty has no rows; a schedule without rows says nothing.
fn check_tables(blocks: &[Block], clause: &Clause, report: &mut Report) {
    for block in blocks {
        match block {
            Block::Table { rows, .. } if rows.is_empty() => {
                let message = format!("a table of `{}` has no rows", clause.front.id);
                report.push(
                    Diagnostic::error("empty-table", message).at(&clause.place()).help("fill the list in the profile, or choose a variant without the table"),
                );
            }
            Block::Item { children, .. } => check_tables(children, clause, report),
            Block::Bullets { items } => items.iter().for_each(|b| check_tables(b, clause, report)),
            _ => {}
        }
    }
}

/// Signature blocks of one party by its signing rule.
fn signatures(party: &str, signing: &Signing, natural: bool, deed: bool) -> Vec<Signature> {
    let capacity = match (natural, deed) {
        (_, true) => "Executed as a deed by",
        (true, false) => "Signed by",
        (false, false) => "Signed for and on behalf of",
    };
    let take = if signing.rule == SigningRule::TwoJointly { 2 } else { 1 };
    let block = |name: &str, title: &str, capacity: &str, witness: bool| Signature {
        party: clean(party),
        capacity: capacity.to_owned(),
        name: clean(name),
        title: clean(title),
        witness,
    };
    let mut out: Vec<Signature> = signing.signatories.iter().take(take).map(|s| block(&s.name, &s.title, capacity, false)).collect();
    // One person alone executes a deed before a witness (Companies Act 2006, section 44(2)(b); Law of Property (Miscellaneous
    // Provisions) Act 1989, section 1(3)).
    if signing.rule == SigningRule::WithWitness || (deed && out.len() == 1) {
        out.push(block("", "", "In the presence of", true));
    }
    out
}

/// The field of the profile that fills a value path, and how to say it; no field for what the entity or the registry gives.
fn field_for(path: &str) -> (Option<String>, String) {
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = match (head, rest) {
        ("supplier", "security_contact" | "privacy_contact" | "business_contact" | "dpo") => {
            let role = rest.trim_end_matches("_contact");
            return (Some("contacts".to_owned()), format!("add a contact with `role: {role}` to `contacts` of the profile"));
        }
        ("customer" | "organisation", _) => return (None, "fill the entity in `countersign.yaml`".to_owned()),
        ("p" | "n", name) => {
            let help = format!("the tier has no default for `{name}`: state it under `overrides` of the profile or `parameters` of the entity");
            return (Some("overrides".to_owned()), help);
        }
        ("supplier", "notices" | "contacts" | "escalation") => rest.to_owned(),
        ("supplier", "address" | "country" | "details") => "identity.address".to_owned(),
        ("supplier", member) => format!("identity.{member}"),
        ("law", _) => "agreement.forum".to_owned(),
        ("master", _) => "agreement.master".to_owned(),
        ("purpose", _) => "agreement.purpose".to_owned(),
        ("term", "fees") => "term.annual_fees".to_owned(),
        ("term", "notice") => "term.notice_days".to_owned(),
        ("service", "rpo" | "rto") => format!("service.{rest}_hours"),
        ("service", "availability_window") => "service.hours".to_owned(),
        ("systems", _) => "access.systems".to_owned(),
        ("certificates" | "reports" | "insurance", _) => format!("assurance.{head}"),
        ("tests", _) => "assurance.penetration_tests".to_owned(),
        ("subcontractors" | "subprocessors", _) => "subcontracting.subcontractors".to_owned(),
        ("sensitive", _) => "data".to_owned(),
        ("personal_retention", _) => "retention".to_owned(),
        ("deliverables", _) => "service.deliverables".to_owned(),
        ("scc", _) => "transfers".to_owned(),
        (_, "") => head.to_owned(),
        _ => path.to_owned(),
    };
    let help = format!("fill `{field}` of the profile");
    (Some(field), help)
}
