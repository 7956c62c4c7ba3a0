//! The document tree as the data that `templates/layout.typ` reads.
//!
//! Job: flatten the tree into the few things a page is made of (heading, paragraph, hanging item, list, table, records,
//! execution), with all decisions taken that need no layout: heading depth, indents, column widths, which places are
//! link targets, whether there are contents. Typst's interpreter is slow and its layout cache sees only what it is given,
//! so what can be decided here is. Neighbours: `text::document` below; `words`, `table`, `fonts` beside. Never does: write
//! Typst markup; every string stays a string.
//!
//! The shape is private to this module and that template, and listed at the top of the template.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::text::document::{Alignment, Block, Chart, Document, Execution, Inline, Part, PartKind, Section, Signature};

use super::chart::{self, Mark};
use super::error::RenderError;
use super::fonts::Fonts;
use super::look::{Look, check_accent};
use super::table::{Need, Shape, shape};
use super::walk::{pages, plain, targets, text_length};
use super::words::{BREAK, is_unhyphenated, isolated, longest_piece, reference, shorten, soften, soften_value};
use super::{Attachment, one_line};

/// Width of the text in points: about 72 characters of the body font at 10.5 points.
const TEXT_WIDTH: f64 = 356.0;
/// Width in points of the margin column in which clause numbers hang.
const GUTTER: f64 = 38.0;
/// Points of the body text.
const TEXT_SIZE: f64 = 10.5;
/// Room in points for the numbers `(a)` and `(i)`; the latter grows to `(xviii)`.
const LETTER_ROOM: f64 = 24.0;
const ROMAN_ROOM: f64 = 28.0;
/// Least space in points between a number and its text.
const NUMBER_GAP: f64 = 6.0;
/// Points of the running header.
const HEADER_SIZE: f64 = 8.5;
/// Characters up to which a table cell is kept whole on a page: some ten lines of a narrow column.
const LONGEST_WHOLE_CELL: usize = 300;
/// Points up to which a block may be kept whole: four fifths of the text on a page of either size.
const HIGHEST_WHOLE_BLOCK: f64 = 500.0;
/// Points of room below which a chart ignores the indent of its text.
const LEAST_CHART_WIDTH: f64 = 220.0;
/// A table of so few rows stays on one page.
const FEW_ROWS: usize = 4;
/// Points of the five lines of a signature, and between two signatures.
const SIGNATURE_LINES: f64 = 112.0;
const SIGNATURE_GAP: f64 = 20.0;
/// From this many estimated pages of text on a document has contents: with cover and contents that makes about eight.
const CONTENTS_FROM_PAGES: f64 = 6.0;
/// A policy or a report has no cover page, and its readers read all of it.
pub(super) const POLICY_CONTENTS_FROM_PAGES: f64 = 12.0;

/// Writes the JSON for one PDF of documents.
pub(super) fn write(documents: &[Document], look: &Look, attachment: Option<&Attachment<'_>>, fonts: &Fonts) -> Result<Vec<u8>, RenderError> {
    let language = documents.first().map_or("en", |document| document.language.as_str());
    let documents =
        documents.iter().enumerate().map(|(index, document)| Writer::new(index, document, fonts)?.document(document)).collect::<Result<Vec<_>, _>>()?;
    file(&documents, language, look, (TEXT_WIDTH, GUTTER), attachment)
}

/// Writes the JSON for one PDF: what concerns the file, and its documents; `widths` are those of the text and of the margin column.
pub(super) fn file(documents: &[Value], language: &str, look: &Look, widths: (f64, f64), attachment: Option<&Attachment<'_>>) -> Result<Vec<u8>, RenderError> {
    let (lang, region) = language_and_region(language);
    let accent = look.accent.as_deref().map(check_accent).transpose()?;
    let (measure, gutter) = widths;
    let data = json!({
        "paper": look.paper,
        "width": look.paper.width(),
        "measure": measure,
        "gutter": gutter,
        "lang": lang,
        "region": region,
        "accent": accent,
        "organisation": plain_text(&look.organisation),
        "logo": look.logo.as_ref().map(|logo| logo.alternative.as_str()),
        "attachment": attachment.map(|attachment| json!({
            "name": attachment.name,
            "description": attachment.description,
            "mime": attachment.mime,
        })),
        "several": documents.len() > 1,
        "documents": documents,
    });
    serde_json::to_vec(&data).map_err(|error| RenderError::Data { message: error.to_string() })
}

/// Splits a BCP 47 tag into the two letters Typst knows; anything else in it is dropped.
pub(super) fn language_and_region(tag: &str) -> (String, Option<String>) {
    let mut parts = tag.split('-');
    let lang = parts
        .next()
        .filter(|lang| (2..=3).contains(&lang.len()) && lang.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map_or_else(|| "en".to_owned(), str::to_ascii_lowercase);
    let region = parts.find(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic())).map(str::to_ascii_uppercase);
    (lang, region)
}

/// State while one document is written.
struct Writer<'a> {
    index: usize,
    id: &'a str,
    fonts: &'a Fonts,
    /// Anchors that something in this document points to; only these become labels, because each label costs layout.
    targets: BTreeSet<&'a str>,
    /// Depth of the last heading; PDF/UA-1 (7.4.2) forbids to skip one.
    depth: u64,
}

/// A column that is filled in by hand, in em of the table text: room for a line of handwriting.
const ROOM_TO_WRITE: Need = Need { least: 14.0, most: 26.0 };

impl<'a> Writer<'a> {
    fn new(index: usize, document: &'a Document, fonts: &'a Fonts) -> Result<Self, RenderError> {
        let targets = targets(document)?;
        Ok(Self { index, id: &document.id, fonts, targets, depth: 1 })
    }

    fn document(mut self, document: &'a Document) -> Result<Value, RenderError> {
        let pages = pages(document);
        let mut contents = Vec::new();
        if pages >= if document.begins_at_once() { POLICY_CONTENTS_FROM_PAGES } else { CONTENTS_FROM_PAGES } {
            for part in &document.parts {
                if !part.title.is_empty() || !part.label.is_empty() {
                    self.contents_entry(&mut contents, &part.anchor, 0, &part.label, &part.title);
                } else {
                    for section in part.sections.iter().filter(|section| !section.title.is_empty()) {
                        self.contents_entry(&mut contents, &section.anchor, 1, &section.number, &section.title);
                    }
                }
            }
        }
        let mut blocks = Vec::new();
        for part in &document.parts {
            self.part(part, &mut blocks)?;
        }
        let parties: Vec<Value> =
            document.parties.iter().map(|party| json!([plain_text(&party.role), plain_text(&party.legal_name), plain_text(&party.details)])).collect();
        let terms: Vec<Value> =
            document.key_terms.iter().map(|term| json!([plain_text(&term.label), self.inlines(&term.value), self.inlines(&term.reference)])).collect();
        let edition = document.edition.as_ref().map(|edition| format!(" · {edition}")).unwrap_or_default();
        let half = (TEXT_WIDTH + GUTTER) / 2.0 / HEADER_SIZE - 1.0;
        Ok(json!({
            "id": plain_text(&document.id),
            "title": plain_text(&document.title),
            "date": plain_text(&document.date_text),
            "edition": document.edition.as_deref().map(plain_text),
            "head": shorten(self.fonts, &document.title, half),
            "other": shorten(self.fonts, &document.counterparty, half),
            "foot": shorten(self.fonts, &format!("{}{edition} · {}", document.id, document.date_text), half * 1.5),
            "banner": document.banner.as_deref().map(soften),
            "parties": parties,
            "terms": terms,
            "references": document.key_terms.iter().any(|term| !term.reference.is_empty()),
            "contents": contents,
            "blocks": blocks,
        }))
    }

    fn contents_entry(&mut self, contents: &mut Vec<Value>, anchor: &'a str, level: u8, number: &str, title: &str) {
        if !anchor.is_empty() {
            self.targets.insert(anchor);
            contents.push(json!([self.label(anchor), level, plain_text(number), plain_text(title)]));
        }
    }

    /// Depth of a heading: as wanted, but never more than one below the last.
    fn heading_depth(&mut self, wanted: u64) -> u64 {
        self.depth = wanted.min(self.depth + 1);
        self.depth
    }

    fn part(&mut self, part: &'a Part, out: &mut Vec<Value>) -> Result<(), RenderError> {
        // Depth 1 is the document's title, 2 a section of the main text or the title of a schedule.
        let mut depth = 2;
        if part.kind != PartKind::Main || !part.title.is_empty() {
            let level = self.heading_depth(2);
            out.push(json!(["part", level, plain_text(&part.label), plain_text(&part.title), self.target(&part.anchor)]));
            depth = 3;
        }
        for section in &part.sections {
            self.section(section, depth, out)?;
        }
        if let Some(execution) = &part.execution {
            if let Some(last) = out.last_mut() {
                hold_together(last);
            }
            out.push(self.execution(execution));
        }
        Ok(())
    }

    fn section(&mut self, section: &'a Section, depth: u64, out: &mut Vec<Value>) -> Result<(), RenderError> {
        if section.title.is_empty() {
            if let Some(target) = self.target(&section.anchor).as_str() {
                out.push(json!(["anchor", target]));
            }
        } else {
            let level = self.heading_depth(depth);
            let width = self.number_width(&section.number, GUTTER, true);
            let title = plain_text(&section.title);
            out.push(json!(["section", level, width, plain_text(&section.number), title, self.target(&section.anchor)]));
        }
        self.blocks(&section.blocks, depth, 0.0, false, out)
    }

    /// Writes blocks one after the other; `indent` is where text begins, `inset` says that there is no margin to hang in.
    fn blocks(&mut self, blocks: &'a [Block], depth: u64, indent: f64, inset: bool, out: &mut Vec<Value>) -> Result<(), RenderError> {
        for (position, block) in blocks.iter().enumerate() {
            let begin = out.len();
            match block {
                Block::Heading { level, text } => {
                    let kind = (*level).clamp(2, 3);
                    let level = self.heading_depth(depth + u64::from(kind) - 1);
                    out.push(json!(["sub", level, kind, self.inlines(text)]));
                }
                Block::Paragraph { text } => {
                    let sticky = leads_in(text, blocks.get(position + 1));
                    out.push(json!(["p", indent, self.inlines(text), sticky]));
                }
                Block::Item { anchor, level, number, text, children } => {
                    let (start, room) = hang(*level, inset.then_some(indent));
                    let width = self.number_width(number, room, false);
                    let (number, body, target) = (plain_text(number), self.inlines(text), self.target(anchor));
                    let sticky = leads_in(text, children.first());
                    out.push(json!(["i", start, width, number, body, target, sticky]));
                    // A number wider than its room pushed the text, and what hangs below goes with it.
                    self.blocks(children, depth, (start + width).max(0.0), inset, out)?;
                }
                Block::Bullets { items } => {
                    let mut list = Vec::new();
                    for item in items {
                        let mut inner = Vec::new();
                        self.blocks(item, depth, 0.0, true, &mut inner)?;
                        list.push(Value::Array(inner));
                    }
                    out.push(json!(["u", indent, list]));
                }
                Block::Table { columns, header, rows } => out.push(self.table(columns, header, rows, indent, inset)?),
                Block::Chart { chart } => self.chart(chart, indent, inset, matches!(blocks.get(position + 1), Some(Block::Table { .. })), out)?,
            }
            // A bar in the margin where something is new or gone; what hangs below an item has its own.
            if !inset && block.is_edited() {
                let own = out.remove(begin);
                out.insert(begin, json!(["bar", [own]]));
            }
        }
        Ok(())
    }

    fn number_width(&self, number: &str, room: f64, bold: bool) -> f64 {
        let needed = self.fonts.width(number, bold) * TEXT_SIZE + NUMBER_GAP;
        if number.is_empty() { 0.0 } else { room.max(needed.ceil()) }
    }

    fn table(&self, columns: &[Alignment], header: &'a [Vec<Inline>], rows: &'a [Vec<Vec<Inline>>], indent: f64, inset: bool) -> Result<Value, RenderError> {
        let wrong = |found| RenderError::TableShape { document: self.id.to_owned(), expected: columns.len(), found };
        if columns.is_empty() || header.len() != columns.len() {
            return Err(wrong(header.len()));
        }
        if let Some(row) = rows.iter().find(|row| row.len() != columns.len()) {
            return Err(wrong(row.len()));
        }
        let mut needs: Vec<Need> = header.iter().map(|cell| self.need(cell, true)).collect();
        for row in rows {
            for (need, cell) in needs.iter_mut().zip(row) {
                let cell = self.need(cell, false);
                need.least = need.least.max(cell.least);
                need.most = need.most.max(cell.most);
            }
        }
        // Inside a bullet there is no margin to reach into, and the bullet takes its own indent.
        let (room, gutter) = if inset { (TEXT_WIDTH - indent - 40.0, 0.0) } else { (TEXT_WIDTH - indent, GUTTER + indent) };
        let cells = |row: &'a [Vec<Inline>]| row.iter().map(|cell| self.cell(cell)).collect::<Vec<_>>();
        let head = cells(header);
        let body: Vec<Value> = rows.iter().map(|row| Value::Array(cells(row))).collect();
        let align: Vec<bool> = columns.iter().map(|column| *column == Alignment::Right).collect();
        // A row stays on one page unless it could outgrow it.
        let short = rows.iter().flatten().all(|cell| text_length(cell) <= LONGEST_WHOLE_CELL);
        let whole = short && rows.len() <= FEW_ROWS;
        Ok(match shape(&needs, room, gutter) {
            Shape::Plain(widths) => json!(["t", indent, rounded(&widths), align, head, body, short, whole]),
            Shape::Wide(widths) => json!(["t", indent - gutter, rounded(&widths), align, head, body, short, whole]),
            Shape::Records => {
                let whole = rows.iter().all(|row| record_height(row) <= HIGHEST_WHOLE_BLOCK);
                json!(["records", indent, head, body, short, whole])
            }
        })
    }

    /// Writes the figures of a chart; `table_follows` keeps the last of them with the beginning of its table.
    fn chart(&self, chart: &Chart, indent: f64, inset: bool, table_follows: bool, out: &mut Vec<Value>) -> Result<(), RenderError> {
        let room = TEXT_WIDTH - indent - if inset { 40.0 } else { 0.0 };
        // Under a very wide number there is no room left for a drawing, and it takes the whole width instead.
        let (indent, room) = if room < LEAST_CHART_WIDTH { (0.0, TEXT_WIDTH) } else { (indent, room) };
        let fault = |fault| RenderError::Chart { document: self.id.to_owned(), title: chart.title.clone(), fault };
        let measure = |text: &str, bold: bool| self.fonts.width(text, bold);
        let figures = chart::draw(chart, room, &measure).map_err(fault)?;
        let several = figures.len() > 1;
        let last = figures.len() - 1;
        for (index, figure) in figures.iter().enumerate() {
            let part = if several { format!(" ({}/{})", index + 1, figures.len()) } else { String::new() };
            out.push(json!([
                "chart",
                indent,
                plain_text(&format!("{}{part}", chart.title)),
                plain_text(&chart.unit),
                format!("{}{part}", one_line(&chart.alternative)),
                [room, figure.height],
                figure.marks.iter().map(mark).collect::<Vec<_>>(),
                table_follows && index == last,
            ]));
        }
        Ok(())
    }

    /// A cell to be filled in by hand needs room and no rule: the table has one.
    fn cell(&self, cell: &[Inline]) -> Value {
        if cell == [Inline::Blank] { json!([["s"]]) } else { self.inlines(cell) }
    }

    fn need(&self, cell: &[Inline], bold: bool) -> Need {
        let mut text = String::new();
        plain(cell, &mut text);
        let soft = soften(&text);
        let bold = bold || cell.iter().any(|inline| matches!(inline, Inline::Strong { .. } | Inline::Term { .. }));
        if cell == [Inline::Blank] {
            return ROOM_TO_WRITE;
        }
        Need { least: longest_piece(self.fonts, &soft, bold), most: self.fonts.width(&soft, bold) }
    }

    fn execution(&self, execution: &'a Execution) -> Value {
        let signatures: Vec<Value> = execution
            .signatures
            .iter()
            .map(|signature| {
                let party = if signature.witness { Value::from("") } else { plain_text(&signature.party) };
                json!([plain_text(&signature.capacity), party, plain_text(&signature.name), plain_text(&signature.title)])
            })
            .collect();
        json!(["execution", self.inlines(&execution.testimonium), signatures, self.fits_one_page(execution)])
    }

    /// Whether the whole execution may be kept on one page; what is higher than a page must be allowed to break.
    fn fits_one_page(&self, execution: &Execution) -> bool {
        let line = TEXT_SIZE * 1.35;
        let party = |signature: &Signature| {
            // The party's column is a little less than half of the text; a word may leave a third of a line empty.
            let width = self.fonts.width(&signature.party, true) * TEXT_SIZE;
            let name = (width * 1.35 / (TEXT_WIDTH * 0.44)).ceil() * line;
            SIGNATURE_LINES.max(name + 2.0 * line) + SIGNATURE_GAP
        };
        let height = text_length(&execution.testimonium) as f64 / 60.0 * line + execution.signatures.iter().filter(|s| !s.witness).map(party).sum::<f64>();
        height <= HIGHEST_WHOLE_BLOCK
    }

    /// One string when there is nothing but text, else a list of strings and tagged lists.
    fn inlines(&self, inlines: &[Inline]) -> Value {
        let mut nodes: Vec<Value> = Vec::new();
        for inline in inlines {
            let node = match inline {
                Inline::Text { text } => Value::String(soften(text)),
                Inline::Value { text } => Value::String(soften_value(text)),
                Inline::Strong { body } => json!(["b", self.inlines(body)]),
                Inline::Emphasis { body } => json!(["e", self.inlines(body)]),
                Inline::Inserted { body } => json!(["ins", self.inlines(body)]),
                Inline::Deleted { body } => json!(["del", self.inlines(body)]),
                Inline::Term { text } => json!(["t", plain_text(text)]),
                Inline::Reference { anchor, text } if anchor.is_empty() => Value::String(soften(&reference(text))),
                Inline::Reference { anchor, text } => json!(["r", self.label(anchor), plain_text(&reference(text))]),
                Inline::Blank => json!(["k"]),
                Inline::Break => json!(["n"]),
            };
            match node {
                Value::String(text) => push_text(&mut nodes, &text),
                node => nodes.push(node),
            }
        }
        // A blank that ends a text is a rule to the end of the line.
        if nodes.len() > 1 && nodes.last() == Some(&json!(["k"])) {
            nodes.pop();
            nodes.push(json!(["f"]));
        }
        compact(nodes)
    }

    /// Label of an anchor, unique among the documents bound into one PDF.
    fn label(&self, anchor: &str) -> String {
        format!("{}.{anchor}", self.index)
    }

    /// Label of an anchor if something points to it, else null.
    fn target(&self, anchor: &str) -> Value {
        if self.targets.contains(anchor) { Value::String(self.label(anchor)) } else { Value::Null }
    }
}

/// Plain text as an inline.
pub(super) fn plain_text(text: &str) -> Value {
    let mut nodes = Vec::new();
    push_text(&mut nodes, &soften(text));
    compact(nodes)
}

/// A value as an inline; where it has several lines, they stay lines.
pub(super) fn value_text(text: &str) -> Value {
    let mut nodes = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            nodes.push(json!(["n"]));
        }
        push_text(&mut nodes, &soften_value(line));
    }
    compact(nodes)
}

/// One string when there is nothing else.
fn compact(mut nodes: Vec<Value>) -> Value {
    match nodes.as_mut_slice() {
        [] => Value::String(String::new()),
        [Value::String(only)] => Value::String(std::mem::take(only)),
        _ => Value::Array(nodes),
    }
}

/// Adds text to the last string, and words that must not be hyphenated as nodes of their own.
fn push_text(nodes: &mut Vec<Value>, text: &str) {
    let mut plain_text = String::new();
    for word in text.split_inclusive(' ') {
        if is_unhyphenated(word) {
            push_string(nodes, std::mem::take(&mut plain_text));
            let bare = word.trim_end_matches(' ');
            nodes.push(json!(["w", bare.split(BREAK).collect::<Vec<_>>()]));
            plain_text.push_str(&word[bare.len()..]);
        } else {
            plain_text.push_str(word);
        }
    }
    push_string(nodes, plain_text);
}

fn push_string(nodes: &mut Vec<Value>, text: String) {
    match nodes.last_mut() {
        _ if text.is_empty() => {}
        Some(Value::String(last)) => last.push_str(&text),
        _ => nodes.push(Value::String(text)),
    }
}

/// Where the number of an item begins, from the edge of the text, and the room it has: `7.1` hangs in the margin, `(a)` at
/// the edge, `(i)` under the text of `(a)`. Inside a bullet (`inset`) there is no margin.
fn hang(level: u8, inset: Option<f64>) -> (f64, f64) {
    match (level, inset) {
        (_, Some(indent)) => (indent, ROMAN_ROOM),
        (0 | 1, None) => (-GUTTER, GUTTER),
        (2, None) => (0.0, LETTER_ROOM),
        (_, None) => (LETTER_ROOM, ROMAN_ROOM),
    }
}

/// Whether a paragraph only leads into what follows, and must not stay alone at the foot of a page.
fn leads_in(text: &[Inline], next: Option<&Block>) -> bool {
    let mut plain_text = String::new();
    if let Some(last) = text.last() {
        plain(std::slice::from_ref(last), &mut plain_text);
    }
    match next {
        Some(Block::Table { .. } | Block::Chart { .. }) => true,
        Some(Block::Item { .. } | Block::Bullets { .. }) => plain_text.trim_end().ends_with([':', '\u{2013}', '\u{2014}']),
        _ => false,
    }
}

/// Makes a paragraph or item move to the next page together with what follows.
fn hold_together(block: &mut Value) {
    if let Value::Array(fields) = block
        && matches!(fields.first().and_then(Value::as_str), Some("p" | "i"))
        && let Some(sticky) = fields.last_mut()
    {
        *sticky = Value::Bool(true);
    }
}

/// Estimated height in points of one row told as a record, on the high side.
fn record_height(row: &[Vec<Inline>]) -> f64 {
    row.iter().map(|cell| (text_length(cell) as f64 / 45.0).ceil() * 12.5 + 8.0).sum()
}

/// One mark of a chart, all lengths in points.
fn mark(mark: &Mark) -> Value {
    let short = |length: f64| (length * 100.0).round() / 100.0;
    match mark {
        Mark::Bar { x, y, width, height, colour } => json!(["r", short(*x), short(*y), short(*width), short(*height), colour]),
        Mark::Line { points, colour, thickness, dash } => {
            let points: Vec<[f64; 2]> = points.iter().map(|[x, y]| [short(*x), short(*y)]).collect();
            json!(["l", points, colour, thickness, dash])
        }
        Mark::Dot { x, y, radius, colour } => json!(["o", short(*x), short(*y), radius, colour]),
        Mark::Text { x, y, anchor, size, bold, colour, text } => json!(["t", short(*x), short(*y), anchor.name(), size, bold, colour, isolated(text)]),
    }
}

fn rounded(widths: &[f64]) -> Vec<f64> {
    widths.iter().map(|width| (width * 10.0).floor() / 10.0).collect()
}
