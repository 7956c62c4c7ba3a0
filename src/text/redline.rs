//! What changed between two documents: clause by clause, each with its text marked word by word.
//!
//! Clauses are told by the place of their slot, not by number or text: another clause in the same slot was *swapped*, one that stands elsewhere *moved*,
//! and where nothing but numbers changed it was *renumbered only*, which is no change.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::text::document::{Alignment, Block, Document, Execution, Inline, Part, Section};
use crate::text::edit::{self, Mark};

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// It says the same under the same numbers.
    Same,
    /// Only numbers changed, and references to them.
    Renumbered,
    /// Its text changed.
    Edited,
    /// It was not there before.
    Added,
    /// It is not there any more.
    Dropped,
}

/// What became of a clause, or of the cover or the signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseState {
    /// The same text under the same number.
    Same,
    /// The same text; its number or a number in it changed.
    Renumbered,
    /// The same text at another place.
    Moved,
    /// Another text of the same clause.
    Edited,
    /// Another clause for the same matter.
    Swapped,
    /// It was not there before.
    Added,
    /// It is not there any more.
    Dropped,
}

impl ClauseState {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renumbered => "renumbered only",
            Self::Moved => "moved",
            Self::Edited => "edited",
            Self::Swapped => "swapped",
            Self::Added => "added",
            Self::Dropped => "dropped",
        }
    }

    /// Whether a reader has to read it again.
    pub fn is_change(self) -> bool {
        self >= Self::Moved
    }
}

/// A clause on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseHead {
    /// Its number, or the label of its schedule; empty where it has none.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Id of the clause; empty for cover and signatures.
    pub clause: String,
    /// Its version.
    pub version: String,
}

/// One clause on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseChange {
    /// Title of the schedule or instrument; empty in the main text.
    pub part: String,
    /// Where it stands: the slot as a link target.
    pub anchor: String,
    /// What became of it.
    pub state: ClauseState,
    /// How it was.
    pub before: Option<ClauseHead>,
    /// How it is.
    pub after: Option<ClauseHead>,
    /// After which clause it stood before, where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stood_after: Option<String>,
    /// Words that are new.
    pub inserted: usize,
    /// Words that are gone.
    pub deleted: usize,
    /// Its text, with what is new and gone.
    pub text: Vec<Block>,
    /// Values that stood in it and do not any more.
    #[serde(skip)]
    pub values_before: BTreeSet<String>,
    /// Values that it has now and had not before.
    #[serde(skip)]
    pub values_after: BTreeSet<String>,
}

impl ClauseChange {
    /// How it is, or was.
    pub fn head(&self) -> Option<&ClauseHead> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// One document on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentChange {
    /// Kind.
    pub kind: String,
    /// Title.
    pub title: String,
    /// What became of it.
    pub state: DocumentState,
    /// Every clause in the order of the newer document, what was dropped at its old place; none of a document that was added or dropped.
    pub clauses: Vec<ClauseChange>,
}

/// Compares the documents of two packs, by kind, in the order of the newer one.
pub fn compare(old: &[Document], new: &[Document]) -> Vec<DocumentChange> {
    let find = |side: &'_ [Document], kind: &str| side.iter().position(|document| document.kind == kind);
    let whole = |document: &Document, state| DocumentChange { kind: document.kind.clone(), title: document.title.clone(), state, clauses: Vec::new() };
    let now = new.iter().map(|document| match find(old, &document.kind) {
        Some(at) => compare_documents(&old[at], document),
        None => whole(document, DocumentState::Added),
    });
    let gone = old.iter().filter(|document| find(new, &document.kind).is_none()).map(|document| whole(document, DocumentState::Dropped));
    now.chain(gone).collect()
}

/// One clause as it stands in a document.
struct Standing<'a> {
    part: String,
    anchor: &'a str,
    head: ClauseHead,
    text: Vec<Block>,
    /// The section as it is, numbers included; none of cover and signatures, which have none.
    section: Option<&'a Section>,
}

fn compare_documents(old: &Document, new: &Document) -> DocumentChange {
    let (before, after) = (standings(old), standings(new));
    let keys = |side: &[Standing<'_>]| side.iter().map(|one| (one.part_key(), one.anchor.to_owned())).collect::<Vec<_>>();
    let (old_keys, new_keys) = (keys(&before), keys(&after));
    let at: BTreeMap<&(String, String), usize> = old_keys.iter().enumerate().map(|(at, key)| (key, at)).collect();
    let mut clauses = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old_keys, &new_keys) {
        let (_, gone, here) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            clauses.extend(gone.zip(here).map(|(i, j)| change(Some(&before[i]), Some(&after[j]), None)));
            continue;
        }
        // What stands elsewhere now is shown there.
        clauses.extend(gone.filter(|i| !new_keys.contains(&old_keys[*i])).map(|i| change(Some(&before[i]), None, None)));
        clauses.extend(here.map(|j| match at.get(&new_keys[j]) {
            Some(i) => change(Some(&before[*i]), Some(&after[j]), Some(neighbour(&before, *i))),
            None => change(None, Some(&after[j]), None),
        }));
    }
    let worst = clauses.iter().map(|clause: &ClauseChange| clause.state).max().unwrap_or(ClauseState::Same);
    let state = match worst {
        ClauseState::Same if old.title == new.title => DocumentState::Same,
        ClauseState::Renumbered if old.title == new.title => DocumentState::Renumbered,
        _ => DocumentState::Edited,
    };
    DocumentChange { kind: new.kind.clone(), title: new.title.clone(), state, clauses }
}

/// What stood before a clause, as it is called.
fn neighbour(side: &[Standing<'_>], at: usize) -> String {
    let Some(before) = at.checked_sub(1).map(|at| &side[at].head) else { return "the beginning".to_owned() };
    [before.number.as_str(), before.title.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Standing<'_> {
    /// Schedules are lettered anew when one goes; what they are called by is the anchor of the part.
    fn part_key(&self) -> String {
        if self.section.is_some() { self.part.split_once(" \u{2013} ").map_or(self.part.clone(), |(_, title)| title.to_owned()) } else { String::new() }
    }
}

fn change(old: Option<&Standing<'_>>, new: Option<&Standing<'_>>, stood_after: Option<String>) -> ClauseChange {
    let one = new.or(old);
    let (before, after) = (old.map_or(&[][..], |one| &one.text), new.map_or(&[][..], |one| &one.text));
    let (values_before, values_after) = (edit::values(before), edit::values(after));
    let (state, text) = match (old, new) {
        (Some(old), Some(new)) => {
            let is_same = edit::is_same(before, after) && old.head.title == new.head.title;
            let state = match (old.head.clause == new.head.clause, is_same) {
                (false, _) => ClauseState::Swapped,
                (true, false) => ClauseState::Edited,
                (true, true) if stood_after.is_some() => ClauseState::Moved,
                (true, true) if old.section == new.section && old.head.number == new.head.number => ClauseState::Same,
                (true, true) => ClauseState::Renumbered,
            };
            (state, if is_same { edit::whole(after, Mark::Same) } else { edit::blocks(before, after) })
        }
        (Some(_), None) => (ClauseState::Dropped, edit::whole(before, Mark::Deleted)),
        _ => (ClauseState::Added, edit::whole(after, Mark::Inserted)),
    };
    let (inserted, deleted) = edit::words(&text);
    ClauseChange {
        part: one.map(|one| one.part.clone()).unwrap_or_default(),
        anchor: one.map(|one| one.anchor.to_owned()).unwrap_or_default(),
        state,
        before: old.map(|one| one.head.clone()),
        after: new.map(|one| one.head.clone()),
        stood_after,
        inserted,
        deleted,
        text,
        values_after: values_after.difference(&values_before).cloned().collect(),
        values_before: values_before.difference(&values_after).cloned().collect(),
    }
}

/// Everything that a document says, in order: cover, clauses, signatures.
fn standings(document: &Document) -> Vec<Standing<'_>> {
    let mut out = vec![Standing { part: String::new(), anchor: "cover", head: titled("Cover"), text: cover(document), section: None }];
    for part in &document.parts {
        let name = part_name(part);
        for section in &part.sections {
            let number = if section.number.is_empty() { part.label.clone() } else { section.number.clone() };
            let title = if section.title.is_empty() { part.title.clone() } else { section.title.clone() };
            let head = ClauseHead { number, title, clause: section.clause.clone(), version: section.clause_version.clone() };
            out.push(Standing { part: name.clone(), anchor: &section.anchor, head, text: section.blocks.clone(), section: Some(section) });
        }
        if let Some(execution) = &part.execution {
            out.push(Standing { part: name, anchor: &part.anchor, head: titled("Signatures"), text: signatures(execution), section: None });
        }
    }
    out
}

fn part_name(part: &Part) -> String {
    [part.label.as_str(), part.title.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" \u{2013} ")
}

fn titled(title: &str) -> ClauseHead {
    ClauseHead { number: String::new(), title: title.to_owned(), clause: String::new(), version: String::new() }
}

fn text(text: &str) -> Vec<Inline> {
    vec![Inline::Text { text: text.to_owned() }]
}

fn value(text: &str) -> Vec<Inline> {
    if text.is_empty() { self::text("none") } else { vec![Inline::Value { text: text.to_owned() }] }
}

fn table(header: &[&str], rows: Vec<Vec<Vec<Inline>>>) -> Option<Block> {
    let header: Vec<_> = header.iter().map(|title| text(title)).collect();
    (!rows.is_empty()).then(|| Block::Table { columns: vec![Alignment::Left; header.len()], header, rows })
}

/// The cover without the id, which is another one in every pack.
fn cover(document: &Document) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph { text: vec![Inline::Strong { body: text(&document.title) }] }];
    let edition = document.edition.as_ref().map(|edition| format!("Version {edition}"));
    blocks.extend(edition.iter().chain([&document.date_text]).map(|line| Block::Paragraph { text: value(line) }));
    blocks.extend(document.banner.iter().map(|banner| Block::Paragraph { text: text(banner) }));
    let party = |party: &crate::text::document::Party| vec![text(&party.role), value(&party.legal_name), value(&party.details)];
    blocks.extend(table(&["Party", "Name", "Details"], document.parties.iter().map(party).collect()));
    let term = |term: &crate::text::document::KeyTerm| vec![text(&term.label), term.value.clone()];
    blocks.extend(table(&["Key term", "Value"], document.key_terms.iter().map(term).collect()));
    blocks
}

fn signatures(execution: &Execution) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph { text: execution.testimonium.clone() }];
    let row = |one: &crate::text::document::Signature| vec![text(&one.capacity), value(&one.party), value(&one.name), value(&one.title)];
    blocks.extend(table(&["Capacity", "Party", "Name", "Title"], execution.signatures.iter().map(row).collect()));
    blocks
}
