//! References: where everything stands, and the finished text of a reference to it.

use std::collections::BTreeMap;

use crate::text::document::{Block, Inline};

/// Where a slot, schedule or instrument stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Kind of the document it stands in.
    pub document: String,
    /// Anchor of the part it stands in.
    pub part: String,
    /// Its own anchor.
    pub anchor: String,
    /// `clause 7 (Audit)`, `Schedule A (Processing details)`.
    pub text: String,
    /// Items with a run-in title: anchor and finished text.
    pub items: BTreeMap<String, (String, String)>,
}

/// Every target of a pack.
#[derive(Debug, Default)]
pub struct Targets {
    /// Titles of the documents in the pack by kind.
    pub documents: BTreeMap<String, String>,
    by_slot: BTreeMap<String, Vec<Target>>,
}

impl Targets {
    /// Notes a target; one slot may stand in several documents.
    pub fn insert(&mut self, slot: &str, target: Target) {
        self.by_slot.entry(slot.to_owned()).or_default().push(target);
    }

    /// Anchor and text for `ref:slot`, `ref:slot#item` or `doc:kind`, seen from a part of a document.
    ///
    /// The nearest target wins: the same part, then the same document, then any. The anchor is empty for another document.
    pub fn find(&self, target: &str, document: &str, part: &str) -> Option<(String, String)> {
        if let Some(kind) = target.strip_prefix("doc:") {
            return self.documents.get(kind).map(|title| (String::new(), title.clone()));
        }
        let rest = target.strip_prefix("ref:")?;
        let (slot, item) = rest.split_once('#').map_or((rest, None), |(slot, item)| (slot, Some(item)));
        let found = self.by_slot.get(slot)?.iter().min_by_key(|t| (t.document != document, t.part != part))?;
        let (anchor, text) = match item {
            None => (found.anchor.clone(), found.text.clone()),
            Some(item) => found.items.get(item)?.clone(),
        };
        if found.document == document {
            return Some((anchor, text));
        }
        let title = self.documents.get(&found.document)?;
        Some((String::new(), format!("{text} of the {title}")))
    }
}

/// Resolves every reference of some blocks; `missing` is told what leads nowhere.
pub fn resolve(blocks: &mut [Block], find: &mut dyn FnMut(&str) -> Option<(String, String)>, missing: &mut dyn FnMut(&str)) {
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => resolve_inlines(text, find, missing),
            Block::Item { text, children, .. } => {
                resolve_inlines(text, find, missing);
                resolve(children, find, missing);
            }
            Block::Bullets { items } => items.iter_mut().for_each(|item| resolve(item, find, missing)),
            Block::Table { header, rows, .. } => {
                header.iter_mut().chain(rows.iter_mut().flatten()).for_each(|cell| resolve_inlines(cell, find, missing));
            }
            // Charts are of reports, which no clause makes; their labels are data.
            Block::Chart { .. } => {}
        }
    }
}

fn resolve_inlines(inlines: &mut [Inline], find: &mut dyn FnMut(&str) -> Option<(String, String)>, missing: &mut dyn FnMut(&str)) {
    for inline in inlines {
        match inline {
            Inline::Reference { anchor, text } if text.is_empty() => match find(anchor) {
                Some((found, words)) => {
                    *anchor = found;
                    *text = words;
                }
                None => missing(anchor),
            },
            Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => resolve_inlines(body, find, missing),
            _ => {}
        }
    }
}
