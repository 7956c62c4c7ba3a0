//! Markdown to blocks. The one home of crate `pulldown-cmark`.
//!
//! Ordered lists become numbered items (numbers come later), `**"Term"**` a definition, `[](ref:…)` and `[](doc:…)` references.
//! Everything that a contract has no use for is refused: HTML, code, images, quotations, rules, footnotes, other links.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Alignment as Side, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::text::document::{Alignment, Block, Inline};
use crate::text::sentinel::{Piece, split};
use crate::text::template::Fault;

/// Parses Markdown into blocks and the faults that were found, with byte ranges of `text`.
///
/// References come back unresolved: [`Inline::Reference`] with the target (`ref:…` or `doc:…`) as anchor and no text. Items come
/// back with level and anchor, without number.
///
/// ```
/// use countersign::text::markdown::blocks;
/// let (_, faults) = blocks("<b>bold</b>");
/// assert_eq!(faults[0].code, "markdown");
/// ```
pub fn blocks(text: &str) -> (Vec<Block>, Vec<Fault>) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_SMART_PUNCTUATION;
    let mut walker = Walker { events: Parser::new_ext(text, options).into_offset_iter().peekable(), faults: Vec::new(), nested: 0 };
    let blocks = walker.blocks(None, 0);
    (blocks, walker.faults)
}

struct Walker<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> {
    events: Peekable<I>,
    faults: Vec<Fault>,
    nested: usize,
}

/// Deepest nesting of lists that is read; a contract has three levels and bullets.
const MAX_NESTED: usize = 16;

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Walker<'a, I> {
    fn fault(&mut self, message: impl Into<String>, range: Range<usize>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.faults.push(Fault { code: "markdown", message: message.into(), range, help });
    }

    /// Blocks until the given end. `depth` counts the ordered lists around.
    fn blocks(&mut self, until: Option<TagEnd>, depth: u8) -> Vec<Block> {
        if self.nested == MAX_NESTED {
            let range = self.events.peek().map_or(0..0, |(_, range)| range.clone());
            self.fault("lists are nested too deeply", range, "numbers go three levels deep: 1.1, (a), (i)");
            self.skip_block();
            return Vec::new();
        }
        self.nested += 1;
        let blocks = self.blocks_within(until, depth);
        self.nested -= 1;
        blocks
    }

    fn blocks_within(&mut self, until: Option<TagEnd>, depth: u8) -> Vec<Block> {
        let mut out = Vec::new();
        while let Some((event, range)) = self.events.peek().cloned() {
            match event {
                Event::End(end) if Some(end) == until => {
                    self.events.next();
                    break;
                }
                Event::Start(Tag::Paragraph) => {
                    self.events.next();
                    let text = self.inlines(Some(TagEnd::Paragraph));
                    out.push(Block::Paragraph { text });
                }
                Event::Start(Tag::Heading { level, .. }) => {
                    self.events.next();
                    let text = self.inlines(Some(TagEnd::Heading(level)));
                    let level = match level {
                        HeadingLevel::H2 => 2,
                        HeadingLevel::H3 => 3,
                        _ => {
                            self.fault("only `##` and `###` headings are allowed", range, "the title of the clause stands in its front matter");
                            3
                        }
                    };
                    out.push(Block::Heading { level, text });
                }
                Event::Start(Tag::List(start)) => {
                    self.events.next();
                    if start.is_some() {
                        if depth == 3 {
                            self.fault("numbers go three levels deep: 1.1, (a), (i)", range, "split the clause");
                        }
                        self.items(&mut out, (depth + 1).min(3));
                    } else {
                        out.push(self.bullets(depth));
                    }
                }
                Event::Start(Tag::Table(sides)) => {
                    self.events.next();
                    out.push(self.table(&sides));
                }
                Event::Start(Tag::HtmlBlock | Tag::CodeBlock(_) | Tag::BlockQuote(_)) => {
                    self.events.next();
                    self.fault("only paragraphs, lists, tables and headings are allowed", range, "remove HTML, code and quotations");
                    self.skip_block();
                }
                Event::Rule => {
                    self.events.next();
                    self.fault("a rule is not allowed", range, "remove it");
                }
                Event::Start(Tag::Strong | Tag::Emphasis | Tag::Link { .. } | Tag::Image { .. })
                | Event::Text(_)
                | Event::Code(_)
                | Event::Html(_)
                | Event::InlineHtml(_)
                | Event::SoftBreak
                | Event::HardBreak => {
                    // The text of a tight list item stands without a paragraph around it.
                    let text = self.inlines(None);
                    out.push(Block::Paragraph { text });
                }
                other => {
                    self.events.next();
                    if !matches!(other, Event::End(_)) {
                        self.fault("this is not allowed in clause text", range, "");
                    }
                }
            }
        }
        out
    }

    /// Drops everything up to the end of the block that was just opened.
    fn skip_block(&mut self) {
        let mut open = 1;
        for (event, _) in self.events.by_ref() {
            match event {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
    }

    fn items(&mut self, out: &mut Vec<Block>, level: u8) {
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::Start(Tag::Item) => {
                    let mut children = self.blocks(Some(TagEnd::Item), level);
                    let text = match children.first() {
                        Some(Block::Paragraph { .. }) => match children.remove(0) {
                            Block::Paragraph { text } => text,
                            _ => Vec::new(),
                        },
                        _ => Vec::new(),
                    };
                    if text.is_empty() {
                        self.fault("a numbered item has no text", range, "write the text on the line of the number");
                    }
                    // A value in a title is the supplier's; a link target is ours.
                    let ours = matches!(text.first(), Some(Inline::Strong { body }) if body.iter().all(|i| matches!(i, Inline::Text { .. })));
                    let anchor = run_in_title(&text).filter(|_| ours).map(|title| slug(&title)).unwrap_or_default();
                    out.push(Block::Item { anchor, level, number: String::new(), text, children });
                }
                _ => break,
            }
        }
    }

    fn bullets(&mut self, depth: u8) -> Block {
        let mut items = Vec::new();
        while let Some((Event::Start(Tag::Item), _)) = self.events.next() {
            items.push(self.blocks(Some(TagEnd::Item), depth));
        }
        Block::Bullets { items }
    }

    fn table(&mut self, sides: &[Side]) -> Block {
        let columns = sides.iter().map(|s| if *s == Side::Right { Alignment::Right } else { Alignment::Left }).collect();
        let mut header = Vec::new();
        let mut rows = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::Start(Tag::TableHead) => header = self.cells(TagEnd::TableHead),
                Event::Start(Tag::TableRow) => {
                    let row = self.cells(TagEnd::TableRow);
                    rows.push(row);
                }
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table { columns, header, rows }
    }

    fn cells(&mut self, until: TagEnd) -> Vec<Vec<Inline>> {
        let mut cells = Vec::new();
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::Start(Tag::TableCell) => {
                    let cell = self.inlines(Some(TagEnd::TableCell));
                    if is_empty(&cell) {
                        self.faults.push(Fault {
                            code: "empty-cell",
                            message: "a table cell is empty".to_owned(),
                            range,
                            help: Some("write `none`, or `default(value=\"none\")` after the value".to_owned()),
                        });
                    }
                    cells.push(cell);
                }
                Event::End(end) if end == until => break,
                _ => {}
            }
        }
        cells
    }

    /// Inline content until the given end; without one, until something that is not inline.
    fn inlines(&mut self, until: Option<TagEnd>) -> Vec<Inline> {
        let mut out = Vec::new();
        while let Some((event, range)) = self.events.peek().cloned() {
            match event {
                Event::End(end) if Some(end) == until => {
                    self.events.next();
                    break;
                }
                Event::Text(text) => push_text(&text, &mut out),
                Event::SoftBreak => push_text(" ", &mut out),
                Event::HardBreak => out.push(Inline::Break),
                Event::Start(Tag::Strong) => {
                    self.events.next();
                    let body = self.inlines(Some(TagEnd::Strong));
                    out.push(match term(&body) {
                        Some(text) => Inline::Term { text },
                        None => Inline::Strong { body },
                    });
                    continue;
                }
                Event::Start(Tag::Emphasis) => {
                    self.events.next();
                    let body = self.inlines(Some(TagEnd::Emphasis));
                    out.push(Inline::Emphasis { body });
                    continue;
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    self.events.next();
                    let body = self.inlines(Some(TagEnd::Link));
                    if !(dest_url.starts_with("ref:") || dest_url.starts_with("doc:")) {
                        self.fault(format!("`{dest_url}` is not a reference"), range, "write `[](ref:slot)` or `[](doc:kind)`");
                    } else if !body.is_empty() {
                        self.fault("a reference has no text of its own", range, "write `[](ref:…)`; number and title are filled in");
                    } else {
                        out.push(Inline::Reference { anchor: dest_url.into_string(), text: String::new() });
                    }
                    continue;
                }
                Event::Code(_) | Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. }) => {
                    self.fault("HTML, code and images are not allowed in clause text", range, "write plain text");
                    if matches!(event, Event::Start(_)) {
                        self.events.next();
                        self.skip_block();
                        continue;
                    }
                }
                _ if until.is_none() => break,
                _ => self.fault("this is not allowed in clause text", range, ""),
            }
            self.events.next();
        }
        out
    }
}

/// Appends text, values and blanks, joining neighbouring text.
fn push_text(text: &str, out: &mut Vec<Inline>) {
    for piece in split(text) {
        match (piece, out.last_mut()) {
            (Piece::Text(more), Some(Inline::Text { text })) => text.push_str(&more),
            (Piece::Text(text), _) => out.push(Inline::Text { text }),
            (Piece::Value(text), _) => out.push(Inline::Value { text }),
            (Piece::Blank, _) => out.push(Inline::Blank),
        }
    }
}

/// The term of `**"Term"**`.
fn term(body: &[Inline]) -> Option<String> {
    let [Inline::Text { text }] = body else { return None };
    let inner = text.strip_prefix('“')?.strip_suffix('”')?;
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// The run-in title of an item: its leading strong text, without the full stop.
pub fn run_in_title(text: &[Inline]) -> Option<String> {
    match text.first() {
        Some(Inline::Strong { body }) => Some(plain(body).trim_end_matches('.').to_owned()),
        _ => None,
    }
}

/// Lower case, with hyphens between words.
pub fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    // Lower case of one letter may be a letter and a mark (İ); marks are dropped, so that the slug of a slug is itself.
    let lower = |word: &str| word.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect::<String>();
    words.map(lower).collect::<Vec<_>>().join("-")
}

/// The plain text of inline content, without references.
pub fn plain(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text { text } | Inline::Value { text } | Inline::Term { text } => out.push_str(text),
            Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => out.push_str(&plain(body)),
            Inline::Reference { text, .. } => out.push_str(text),
            Inline::Blank => {}
            Inline::Break => out.push(' '),
        }
    }
    out
}

fn is_empty(cell: &[Inline]) -> bool {
    !cell.iter().any(|i| matches!(i, Inline::Blank | Inline::Reference { .. })) && plain(cell).trim().is_empty()
}
