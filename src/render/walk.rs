//! Walks over the document tree that only read.
//!
//! Job: visit every visible text, collect link targets and references, say how long a text is and how many pages a part may
//! fill. Neighbours: `data` and the renderer ask; `text::document` below. Never does: change or lay out anything.

use std::collections::BTreeSet;

use crate::text::document::{Block, ChartKind, Document, Inline, Part, PartKind};

use super::error::RenderError;

/// Characters in a line and lines on a page, for the estimate of length.
const LINE: f64 = 70.0;
const PAGE: f64 = 41.0;

/// Calls back for every text of a document that will be seen.
pub(super) fn each_text<'a>(document: &'a Document, visit: &mut dyn FnMut(&'a str)) {
    for text in [&document.id, &document.title, &document.date_text, &document.counterparty].into_iter().chain(&document.edition) {
        visit(text);
    }
    for party in &document.parties {
        visit(&party.role);
        visit(&party.legal_name);
        visit(&party.details);
    }
    for term in &document.key_terms {
        visit(&term.label);
        inline_texts(&term.value, visit);
        inline_texts(&term.reference, visit);
    }
    if let Some(banner) = &document.banner {
        visit(banner);
    }
    for part in &document.parts {
        visit(&part.label);
        visit(&part.title);
        for section in &part.sections {
            visit(&section.number);
            visit(&section.title);
            block_texts(&section.blocks, visit);
        }
        if let Some(execution) = &part.execution {
            inline_texts(&execution.testimonium, visit);
            for signature in &execution.signatures {
                for text in [&signature.party, &signature.capacity, &signature.name, &signature.title] {
                    visit(text);
                }
            }
        }
    }
}

fn block_texts<'a>(blocks: &'a [Block], visit: &mut dyn FnMut(&'a str)) {
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => inline_texts(text, visit),
            Block::Item { number, text, children, .. } => {
                visit(number);
                inline_texts(text, visit);
                block_texts(children, visit);
            }
            Block::Bullets { items } => items.iter().for_each(|item| block_texts(item, visit)),
            Block::Table { header, rows, .. } => {
                header.iter().chain(rows.iter().flatten()).for_each(|cell| inline_texts(cell, visit));
            }
            Block::Chart { chart } => {
                [&chart.title, &chart.alternative, &chart.unit].into_iter().chain(&chart.series).for_each(|text| visit(text));
                chart.rows.iter().for_each(|row| visit(&row.label));
            }
        }
    }
}

fn inline_texts<'a>(inlines: &'a [Inline], visit: &mut dyn FnMut(&'a str)) {
    for inline in inlines {
        match inline {
            Inline::Text { text } | Inline::Value { text } | Inline::Term { text } | Inline::Reference { text, .. } => visit(text),
            Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => inline_texts(body, visit),
            Inline::Blank | Inline::Break => {}
        }
    }
}

/// Collects the anchors of a document that something in it refers to.
///
/// # Errors
/// An anchor that stands twice, a reference to an anchor that is not there.
pub(super) fn targets(document: &Document) -> Result<BTreeSet<&str>, RenderError> {
    let mut anchors = BTreeSet::new();
    let mut references = Vec::new();
    let mut duplicate = None;
    each_anchor(document, &mut |anchor| {
        if !anchors.insert(anchor) {
            duplicate = Some(anchor);
        }
    });
    if let Some(anchor) = duplicate {
        return Err(RenderError::DuplicateAnchor { document: document.id.clone(), anchor: anchor.to_owned() });
    }
    for term in &document.key_terms {
        inline_references(&term.value, &mut references);
        inline_references(&term.reference, &mut references);
    }
    for part in &document.parts {
        part.sections.iter().for_each(|section| block_references(&section.blocks, &mut references));
        if let Some(execution) = &part.execution {
            inline_references(&execution.testimonium, &mut references);
        }
    }
    let mut targets = BTreeSet::new();
    for (anchor, text) in references {
        if !anchors.contains(anchor) {
            return Err(RenderError::UnknownAnchor { document: document.id.clone(), anchor: anchor.to_owned(), text: text.to_owned() });
        }
        targets.insert(anchor);
    }
    Ok(targets)
}

/// Collects the anchors that a document has.
pub(super) fn anchors(document: &Document) -> BTreeSet<&str> {
    let mut anchors = BTreeSet::new();
    each_anchor(document, &mut |anchor| {
        anchors.insert(anchor);
    });
    anchors
}

fn each_anchor<'a>(document: &'a Document, visit: &mut dyn FnMut(&'a str)) {
    let mut add = |anchor: &'a str| {
        if !anchor.is_empty() {
            visit(anchor);
        }
    };
    for part in &document.parts {
        add(&part.anchor);
        for section in &part.sections {
            add(&section.anchor);
            block_anchors(&section.blocks, &mut add);
        }
    }
}

/// Appends the text of inlines as it is read.
pub(super) fn plain(inlines: &[Inline], out: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text { text } | Inline::Value { text } | Inline::Reference { text, .. } => out.push_str(text),
            Inline::Term { text } => {
                out.push('\u{201c}');
                out.push_str(text);
                out.push('\u{201d}');
            }
            Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => plain(body, out),
            Inline::Blank | Inline::Break => out.push(' '),
        }
    }
}

/// Characters of a text.
pub(super) fn text_length(inlines: &[Inline]) -> usize {
    let mut text = String::new();
    plain(inlines, &mut text);
    text.chars().count()
}

fn block_anchors<'a>(blocks: &'a [Block], add: &mut dyn FnMut(&'a str)) {
    for block in blocks {
        match block {
            Block::Item { anchor, children, .. } => {
                add(anchor);
                block_anchors(children, add);
            }
            Block::Bullets { items } => items.iter().for_each(|item| block_anchors(item, add)),
            Block::Heading { .. } | Block::Paragraph { .. } | Block::Table { .. } | Block::Chart { .. } => {}
        }
    }
}

fn block_references<'a>(blocks: &'a [Block], out: &mut Vec<(&'a str, &'a str)>) {
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => inline_references(text, out),
            Block::Item { text, children, .. } => {
                inline_references(text, out);
                block_references(children, out);
            }
            Block::Bullets { items } => items.iter().for_each(|item| block_references(item, out)),
            Block::Table { header, rows, .. } => {
                header.iter().chain(rows.iter().flatten()).for_each(|cell| inline_references(cell, out));
            }
            Block::Chart { .. } => {}
        }
    }
}

fn inline_references<'a>(inlines: &'a [Inline], out: &mut Vec<(&'a str, &'a str)>) {
    for inline in inlines {
        match inline {
            Inline::Reference { anchor, text } if !anchor.is_empty() => out.push((anchor, text)),
            Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => inline_references(body, out),
            _ => {}
        }
    }
}

/// Estimated pages of a document's text, page breaks before schedules included.
pub(super) fn pages(document: &Document) -> f64 {
    document.parts.iter().map(part_lines).sum::<f64>() / PAGE
}

fn part_lines(part: &Part) -> f64 {
    let text: f64 = part.sections.iter().map(|section| 3.0 + block_lines(&section.blocks)).sum();
    let signatures = part.execution.as_ref().map_or(0.0, |execution| 4.0 + 9.0 * execution.signatures.len() as f64);
    let begun = if part.kind == PartKind::Main { 0.0 } else { PAGE / 2.0 };
    text + signatures + begun
}

fn block_lines(blocks: &[Block]) -> f64 {
    let lines = |inlines: &[Inline]| {
        let mut text = String::new();
        plain(inlines, &mut text);
        (text.len() as f64 / LINE).ceil() + 0.6
    };
    blocks
        .iter()
        .map(|block| match block {
            Block::Heading { text, .. } => lines(text) + 1.0,
            Block::Paragraph { text } => lines(text),
            Block::Item { text, children, .. } => lines(text) + block_lines(children),
            Block::Bullets { items } => items.iter().map(|item| block_lines(item)).sum(),
            Block::Table { columns, rows, .. } => {
                let cells: f64 = rows.iter().flatten().map(|cell| lines(cell)).sum();
                2.0 + cells * (columns.len() as f64).sqrt() / 2.0
            }
            Block::Chart { chart } => match chart.kind {
                ChartKind::Bars | ChartKind::Stacked => 5.0 + 1.3 * chart.rows.len() as f64,
                ChartKind::Line => 15.0,
            },
        })
        .sum()
}
