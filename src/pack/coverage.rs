//! The coverage of a pack: each requirement that applies, and where it is met.
//!
//! It claims exactly this and no more: every item of the catalogue that applies to the profile is mapped to a clause whose values are filled. It is no claim
//! of legal sufficiency, which is counsel's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::date::Date;
use crate::contract::approval::{Approvals, Standing};
use crate::contract::library::Library;
use crate::contract::parameter::ParameterValue;
use crate::contract::requirement::{MetBy, Phase, Requirement};
use crate::pack::compile::Compiled;
use crate::render::Passage;
use crate::rule::fact::Facts;
use crate::text::document::{Alignment, Block, DOCUMENT_VERSION, Document, Inline, KeyTerm, Part, PartKind, REPORT_KIND, Section};
use crate::text::edit;

/// Printed for a citation that is to be checked first.
const UNCHECKED: &str = "citation to be checked";

/// Where a requirement is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carrier {
    /// Kind of the document.
    pub document: String,
    /// Number of the clause, or label of the schedule.
    pub number: String,
    /// Page on which it begins, from 1; absent for what has no place of its own: the words above signatures.
    pub page: Option<usize>,
    /// Title of the clause.
    pub title: String,
    /// Id of the clause.
    pub clause: String,
    /// Its version.
    pub version: String,
    /// Whether its text is approved.
    pub standing: Standing,
    /// Parameters of the requirement that it prints, as printed.
    pub values: BTreeMap<String, String>,
}

impl Carrier {
    /// Document, number, title and page, as printed.
    pub fn place(&self) -> String {
        let page = self.page.map(|page| format!(", page {page}")).unwrap_or_default();
        let parts = [self.document.to_uppercase(), self.number.clone(), self.title.clone()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ") + &page
    }
}

/// How a requirement is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// By nothing.
    Open,
    /// By clauses.
    Clause,
    /// By how every pack is made.
    Structure,
    /// By what is recorded of the pack.
    Evidence,
}

impl Met {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Clause => "clause",
            Self::Structure => "structure",
            Self::Evidence => "evidence",
        }
    }
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    /// Its id.
    pub requirement: String,
    /// `law`, `standard` or `practice`.
    pub force: &'static str,
    /// Citation; absent where it is to be checked first.
    pub source: Option<String>,
    /// What the contract must say.
    pub must: String,
    /// How it is met.
    pub met: Met,
    /// Whether it would stop the pack.
    pub blocks: bool,
    /// Where.
    pub carriers: Vec<Carrier>,
    /// How, where no clause meets it.
    pub how: Option<String>,
}

/// What a value of a requirement was printed as, and was not found on the finished pages of its clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprinted {
    /// Kind of the document.
    pub document: String,
    /// Id of the clause.
    pub clause: String,
    /// The parameter.
    pub parameter: String,
    /// What should stand there.
    pub text: String,
}

/// What coverage is read from.
pub struct Finished<'a> {
    /// The library.
    pub library: &'a Library,
    /// What counsel approved.
    pub approvals: &'a Approvals,
    /// The pack.
    pub compiled: &'a Compiled,
    /// The facts of the supplier.
    pub facts: &'a Facts,
    /// Where the sections of each document stand, by its kind, in the order of parts and sections.
    pub passages: &'a BTreeMap<String, Vec<Passage>>,
}

impl Finished<'_> {
    /// Maps every requirement of the issued text that applies on a day to where it is met, in order of id; and the values that the finished pages do not show.
    pub fn rows(&self, date: Date) -> (Vec<CoverageRow>, Vec<Unprinted>) {
        let open: BTreeMap<&str, bool> = self.compiled.explanation.uncovered.iter().map(|open| (open.requirement.as_str(), open.blocks)).collect();
        let applies = |requirement: &&Requirement| requirement.phase == Phase::Generation && requirement.applies(self.facts, date);
        let mut unprinted = Vec::new();
        let rows = self.library.requirements.values().filter(applies).map(|requirement| self.row(requirement, &open, date, &mut unprinted)).collect();
        (rows, unprinted)
    }

    fn row(&self, requirement: &Requirement, open: &BTreeMap<&str, bool>, date: Date, unprinted: &mut Vec<Unprinted>) -> CoverageRow {
        let (library, explanation) = (self.library, &self.compiled.explanation);
        let host = |kind: &'_ str| library.outlines.get(kind).and_then(|outline| outline.value.inside.clone()).unwrap_or_else(|| kind.to_owned());
        let mut carriers: Vec<Carrier> = Vec::new();
        for slot in &explanation.slots {
            let document = host(&slot.document);
            let covering = slot.chosen.as_ref().and_then(|id| library.clauses.get(id)).filter(|clause| clause.front.covers.contains(&requirement.id));
            let Some(clause) = covering.filter(|_| requirement.documents.contains(&document) && requirement.stands_in(library, &document, &slot.document))
            else {
                continue;
            };
            let place = self.place(&document, &clause.front.id);
            // Definitions and the words above signatures are no clause by themselves.
            let (number, title) = match place {
                Some((part, section, _)) => (
                    if section.number.is_empty() { part.label.clone() } else { section.number.clone() },
                    if section.title.is_empty() { part.title.clone() } else { section.title.clone() },
                ),
                None => (String::new(), clause.front.title.clone()),
            };
            let printed = place.map(|(_, section, _)| edit::values(&section.blocks));
            // With its unit or without, as the clause prints it.
            let as_printed = |value: &ParameterValue| match &printed {
                Some(values) => [&value.text, &value.bare].into_iter().find(|text| values.contains(*text)).cloned(),
                None => Some(value.text.clone()),
            };
            let parameters = explanation.parameters.get(&document);
            let named = clause.front.parameters.iter().filter(|name| requirement.parameters.contains(name));
            let values: BTreeMap<String, String> = named.filter_map(|name| Some((name.clone(), as_printed(parameters?.get(name)?)?))).collect();
            let passage = place.and_then(|(_, _, passage)| passage);
            for (parameter, text) in values.iter().filter(|(_, text)| passage.is_some_and(|passage| !passage.says(text))) {
                unprinted.push(Unprinted { document: document.clone(), clause: clause.front.id.clone(), parameter: parameter.clone(), text: text.clone() });
            }
            let page = passage.map(|passage| passage.page);
            let (id, version, standing) = (clause.front.id.clone(), clause.front.version.clone(), self.approvals.standing(clause, date));
            let carrier = Carrier { document, number, page, title, clause: id, version, standing, values };
            if !carriers.contains(&carrier) {
                carriers.push(carrier);
            }
        }
        let is_open = open.get(requirement.id.as_str());
        let met = match (is_open, requirement.met_by) {
            (Some(_), _) => Met::Open,
            (None, Some(MetBy::Structure)) => Met::Structure,
            (None, Some(MetBy::Evidence)) => Met::Evidence,
            (None, None) => Met::Clause,
        };
        CoverageRow {
            requirement: requirement.id.clone(),
            force: requirement.force.word(),
            source: requirement.is_certain.then(|| requirement.source.clone()),
            must: requirement.must.clone(),
            met,
            blocks: is_open.copied().unwrap_or(false),
            carriers,
            how: requirement.met_how.clone(),
        }
    }

    /// The section of a clause in a document, with where it stands.
    fn place(&self, document: &str, clause: &str) -> Option<(&Part, &Section, Option<&Passage>)> {
        let written = self.compiled.documents.iter().find(|written| written.kind == document)?;
        let passages = self.passages.get(document).into_iter().flatten().map(Some).chain(std::iter::repeat(None));
        let sections = written.parts.iter().flat_map(|part| part.sections.iter().map(move |section| (part, section)));
        let mut placed = sections.zip(passages).map(|((part, section), passage)| (part, section, passage));
        placed.find(|(_, section, _)| section.clause == clause)
    }
}

/// The coverage as an annex that stays inside: which requirement, on which ground, in which clause, with which values; and who approved that
/// clause, where anybody asks.
pub fn annex(rows: &[CoverageRow], with_approvals: bool, supplier: &str, pack: &str, date: Date) -> Document {
    let text = |text: String| vec![Inline::Value { text }];
    let place = |row: &CoverageRow| match (row.met, &row.how) {
        (Met::Open, _) => "open".to_owned(),
        (Met::Clause, _) => {
            let note = |one: &Carrier| if with_approvals { format!(" ({})", one.standing.text()) } else { String::new() };
            row.carriers.iter().map(|one| one.place() + &note(one)).collect::<Vec<_>>().join("; ")
        }
        (met, how) => format!("{}: {}", met.word(), how.as_deref().unwrap_or("see the catalogue")),
    };
    let values = |row: &CoverageRow| {
        let all: BTreeMap<&String, &String> = row.carriers.iter().flat_map(|one| &one.values).collect();
        all.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("; ")
    };
    // Two lines in a cell: four columns would be too narrow for ids and titles.
    let lines = |first: String, second: String| {
        let mut cell = text(first);
        if !second.is_empty() {
            cell.push(Inline::Break);
            cell.push(Inline::Emphasis { body: text(second) });
        }
        cell
    };
    let section = |anchor: &str, title: &str, force: &str| {
        let row = |row: &CoverageRow| {
            let source = row.source.clone().unwrap_or_else(|| UNCHECKED.to_owned());
            vec![lines(row.requirement.clone(), source), lines(place(row), values(row))]
        };
        let rows: Vec<Vec<Vec<Inline>>> = rows.iter().filter(|row| row.force == force).map(row).collect();
        let header = ["Requirement, source", "Met by, values as printed"].map(|title| vec![Inline::Text { text: title.to_owned() }]).to_vec();
        let none = Block::Paragraph { text: vec![Inline::Text { text: "None applies.".to_owned() }] };
        let blocks = if rows.is_empty() { vec![none] } else { vec![Block::Table { columns: vec![Alignment::Left; 2], header, rows }] };
        Section { anchor: anchor.to_owned(), number: String::new(), title: title.to_owned(), clause: String::new(), clause_version: String::new(), blocks }
    };
    let sections = vec![section("law", "Laws", "law"), section("standard", "Adopted standards", "standard"), section("practice", "Good practice", "practice")];
    let count = |met: Met| rows.iter().filter(|row| row.met == met).count();
    let term = |label: &str, text: String| KeyTerm { label: label.to_owned(), value: vec![Inline::Value { text }], reference: Vec::new() };
    Document {
        version: DOCUMENT_VERSION,
        kind: REPORT_KIND.to_owned(),
        id: format!("COVERAGE-{pack}"),
        title: "Coverage annex".to_owned(),
        edition: None,
        language: "en-GB".to_owned(),
        date: date.to_string(),
        date_text: date.long(),
        parties: Vec::new(),
        counterparty: supplier.to_owned(),
        key_terms: vec![
            term("About", format!("{supplier}, pack {pack}")),
            term("Requirements", rows.len().to_string()),
            term("Carried by clauses", count(Met::Clause).to_string()),
            term("Met by structure or record", (count(Met::Structure) + count(Met::Evidence)).to_string()),
            term("Open", count(Met::Open).to_string()),
            term(
                "What it claims",
                "each item of the catalogue that applies is mapped to a clause and its values are filled; whether that suffices in law is for counsel"
                    .to_owned(),
            ),
        ],
        banner: Some("INTERNAL".to_owned()),
        parts: vec![Part { kind: PartKind::Main, anchor: "coverage".to_owned(), label: String::new(), title: String::new(), sections, execution: None }],
    }
}
