//! Writes a document as one web page that needs nothing else.
//!
//! Job: give the same document tree that becomes a PDF as the page that people read before they sign, complete to the last
//! word: real headings, lists and tables, numbers as they stand in the tree, references as links. The page is HTML and
//! well-formed XML at once, so that any reader can check it. Its digest is recorded with a signature, so the same tree gives
//! the same bytes. Neighbours: `text::document` below; `walk`, `words` and `look` beside. Never does: load or run anything
//! (the page's own policy forbids it), pass on a character as markup, choose words of the text; the few words of its own
//! (version, section) follow the language of the document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::base::digest::Digest;
use crate::base::encode::base64;
use crate::text::document::{Alignment, Block, Chart, Document, Execution, Inline, KeyTerm, Part, PartKind, Section};

use super::chart::{self, Mark};
use super::data::{POLICY_CONTENTS_FROM_PAGES, language_and_region};
use super::look::{Look, check_accent};
use super::walk::{anchors, pages, plain};
use super::words::{is_right_to_left, reference, together};

/// The style of every page; `ACCENT` is the organisation's colour. No `<` or `&` may stand in it: it is not escaped.
const STYLE: &str = include_str!("page.css");
/// Colour of title and rules where the organisation has none, and in the dark.
const INK: &str = "#1a1a1a";
/// Tables of this many columns and more may be wider than a phone, and then scroll by themselves.
const WIDE_TABLE: usize = 4;
/// Width of a drawing in units of its own, one of which is about a point and a half in the column of text.
const CHART_WIDTH: f64 = 420.0;
/// Units of white around a drawing, which in the dark is a sheet of paper on the page.
const MARGIN: f64 = 6.0;
/// Widths in em that letters of the reader's system font have on average, on the wide side.
const LETTER: f64 = 0.63;
const BOLD_LETTER: f64 = 0.7;
/// HTML knows six depths of headings (HTML Living Standard, 4.3.6).
const DEEPEST_HEADING: usize = 6;
/// What stands for a character that must not reach a page.
const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// The fixed words of a page.
struct Words {
    version: &'static str,
    glance: &'static str,
    key_terms: &'static str,
    value: &'static str,
    section: &'static str,
    clause: &'static str,
    contents: &'static str,
    open: char,
    close: char,
}

const ENGLISH: Words = Words {
    version: "Version",
    glance: "At a glance",
    key_terms: "Key terms",
    value: "Value",
    section: "Section",
    clause: "Clause",
    contents: "Contents",
    open: '\u{201c}',
    close: '\u{201d}',
};
const GERMAN: Words = Words {
    version: "Version",
    glance: "Auf einen Blick",
    key_terms: "Eckpunkte",
    value: "Wert",
    section: "Abschnitt",
    clause: "Ziffer",
    contents: "Inhalt",
    open: '\u{201e}',
    close: '\u{201c}',
};

/// Writes a document as one complete, self-contained page of HTML.
///
/// Every word of the tree is in the page (long labels of a chart are cut in the drawing and whole in its table), and nothing in a value is markup. Of the look, the name and the accent colour are
/// used, the latter only if it is one that [`check_accent`] accepts; a logo is not, because the page loads nothing. A reference whose
/// target the document does not have, and an anchor that stands twice, lose their link and keep their text: a tree that the PDF
/// refuses is still read safely. Characters that could make the page read differently from its text (controls, bidirectional
/// overrides) are replaced by U+FFFD; a document that is issued has none, see [`super::Renderer::missing_glyphs`].
///
/// ```
/// use countersign::render::{Look, html};
/// # let document = countersign::text::document::Document {
/// #     version: 1, kind: "policy".into(), id: "POL-1".into(), title: "Gifts & favours".into(), edition: Some("2.0".into()),
/// #     language: "en-GB".into(), date: "2026-11-21".into(), date_text: "21 November 2026".into(), parties: vec![],
/// #     counterparty: "Halden plc".into(), key_terms: vec![], banner: None, parts: vec![],
/// # };
/// let page = html(&document, &Look::default());
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h1>Gifts &amp; favours</h1>"));
/// ```
pub fn html(document: &Document, look: &Look) -> String {
    let (language, _) = language_and_region(&document.language);
    let words = if language == "de" { &GERMAN } else { &ENGLISH };
    let mut page = Page { out: String::new(), words, known: anchors(document), given: BTreeSet::new(), depth: 1 };
    page.document(document, look);
    page.out
}

/// The head (title, version, issuer) and the text of a page that [`html`] wrote, to be shown inside another page; `None` for any other page.
///
/// ```
/// use countersign::render::html::parts;
/// let page = "<html><body>\n<header>\n<h1>Gifts</h1>\n</header>\n<main>\n<p>None.</p>\n</main>\n</body></html>";
/// assert_eq!(parts(page), Some(("\n<h1>Gifts</h1>\n", "\n<p>None.</p>\n")));
/// assert_eq!(parts("<p>None.</p>"), None);
/// ```
pub fn parts(page: &str) -> Option<(&str, &str)> {
    // No text of a document can hold these tags: it is escaped.
    let (_, rest) = page.split_once("<header>")?;
    let (head, rest) = rest.split_once("</header>")?;
    let (text, _) = rest.split_once("<main>")?.1.rsplit_once("</main>")?;
    Some((head, text))
}

/// The style of a page that [`html`] wrote, byte for byte, of which a policy for its content names the digest; `None` for any other page.
pub fn style(page: &str) -> Option<&str> {
    Some(page.split_once("<style>")?.1.split_once("</style>")?.0)
}

/// The style for pages that show a document among other things, in the colour of the organisation.
pub fn sheet(look: &Look) -> String {
    let accent = look.accent.as_deref().and_then(|accent| check_accent(accent).ok());
    STYLE.replace("ACCENT", accent.as_deref().unwrap_or(INK))
}

/// State while a page is written.
struct Page<'a> {
    out: String,
    words: &'static Words,
    /// Anchors that the document has.
    known: BTreeSet<&'a str>,
    /// Anchors whose place has been written; ids are unique.
    given: BTreeSet<&'a str>,
    /// Depth of the last heading.
    depth: usize,
}

impl<'a> Page<'a> {
    fn document(&mut self, document: &'a Document, look: &Look) {
        let style = sheet(look);
        let issuer = if look.organisation.is_empty() { &document.counterparty } else { &look.organisation };
        let tag = if document.language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') { document.language.as_str() } else { "" };
        let hash = base64(&Digest::of(style.as_bytes()).bytes());
        // In XML the word DOCTYPE is written in capitals.
        self.raw("<!DOCTYPE html>\n<html lang=\"");
        self.raw(if tag.is_empty() { "en" } else { tag });
        self.raw("\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
        self.raw(&hash);
        self.raw("'; base-uri 'none'; form-action 'none'\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>");
        self.text(&document.title);
        if let Some(edition) = &document.edition {
            self.text(&format!(", {} {edition}", self.words.version));
        }
        self.text(&format!(" \u{2013} {issuer}"));
        self.raw("</title>\n<style>");
        self.raw(&style);
        self.raw("</style>\n</head>\n<body>\n<header>\n");
        if let Some(banner) = &document.banner {
            self.element("p", Some("banner"), banner);
        }
        self.element("p", Some("issuer"), issuer);
        self.element("h1", None, &document.title);
        self.about(document);
        self.raw("</header>\n<main>\n");
        if pages(document) >= POLICY_CONTENTS_FROM_PAGES {
            self.contents(document);
        }
        for part in &document.parts {
            self.part(part);
        }
        self.raw("</main>\n</body>\n</html>\n");
    }

    /// Version, date, number, parties and what matters at a glance.
    fn about(&mut self, document: &'a Document) {
        self.raw("<p class=\"about\">");
        if let Some(edition) = &document.edition {
            self.text(&format!("{} {edition}", self.words.version));
            self.raw(" \u{b7} ");
        }
        self.raw("<time datetime=\"");
        self.text(&document.date);
        self.raw("\">");
        self.text(&document.date_text);
        self.raw("</time> \u{b7} ");
        self.text(&document.id);
        self.raw("</p>\n");
        for party in &document.parties {
            self.raw("<p class=\"party\">");
            self.text(&party.role);
            self.raw(" <strong>");
            self.value(&party.legal_name);
            self.raw("</strong>");
            if !party.details.is_empty() {
                self.raw("<br/><small>");
                self.value(&party.details);
                self.raw("</small>");
            }
            self.raw("</p>\n");
        }
        if !document.key_terms.is_empty() {
            let (caption, place) = if document.begins_at_once() { (self.words.glance, self.words.section) } else { (self.words.key_terms, self.words.clause) };
            self.key_terms(&document.key_terms, caption, place);
        }
    }

    fn key_terms(&mut self, terms: &'a [KeyTerm], caption: &str, place: &str) {
        // On a phone the cells stand one below the other, which must not take the table away from those who hear it: hence the roles.
        let references = terms.iter().any(|term| !term.reference.is_empty());
        self.raw("<table class=\"key-terms\" role=\"table\">\n<thead role=\"rowgroup\"><tr role=\"row\"><th scope=\"col\" role=\"columnheader\">");
        self.text(caption);
        self.raw("</th><th scope=\"col\" role=\"columnheader\">");
        self.text(self.words.value);
        self.raw("</th>");
        if references {
            self.raw("<th scope=\"col\" role=\"columnheader\">");
            self.text(place);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody role=\"rowgroup\">\n");
        for term in terms {
            self.raw("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
            self.text(&term.label);
            // Without a clause the value takes its room: no cell stays empty.
            self.raw(if references && term.reference.is_empty() { "</th><td colspan=\"2\" role=\"cell\">" } else { "</th><td role=\"cell\">" });
            self.inlines(&term.value);
            self.raw("</td>");
            if !term.reference.is_empty() {
                self.raw("<td role=\"cell\">");
                self.inlines(&term.reference);
                self.raw("</td>");
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }

    fn contents(&mut self, document: &'a Document) {
        let heading = "contents-heading";
        let _ = write!(self.out, "<nav aria-labelledby=\"{heading}\">\n<h2 id=\"{heading}\">");
        self.depth = 2;
        self.text(self.words.contents);
        self.raw("</h2>\n<ul>\n");
        for part in &document.parts {
            if !part.title.is_empty() || !part.label.is_empty() {
                self.contents_entry(&part.anchor, &part.label, &part.title);
            } else {
                for section in part.sections.iter().filter(|section| !section.title.is_empty()) {
                    self.contents_entry(&section.anchor, &section.number, &section.title);
                }
            }
        }
        self.raw("</ul>\n</nav>\n");
    }

    fn contents_entry(&mut self, anchor: &str, number: &str, title: &str) {
        let text = format!("{number} {title}");
        self.raw("<li>");
        self.link(anchor, text.trim());
        self.raw("</li>\n");
    }

    fn part(&mut self, part: &'a Part) {
        let titled = part.kind != PartKind::Main || !part.title.is_empty();
        self.open("section", &part.anchor, titled.then_some("part"));
        let mut depth = 2;
        if titled {
            let dash = if part.label.is_empty() || part.title.is_empty() { "" } else { " \u{2013} " };
            self.heading(2, "", &format!("{}{dash}{}", part.label, part.title));
            depth = 3;
        }
        for section in &part.sections {
            self.section(section, depth);
        }
        if let Some(execution) = &part.execution {
            self.execution(execution);
        }
        self.raw("</section>\n");
    }

    fn section(&mut self, section: &'a Section, depth: usize) {
        self.open("section", &section.anchor, None);
        if !section.title.is_empty() || !section.number.is_empty() {
            self.heading(depth, &section.number, &section.title);
        }
        self.blocks(&section.blocks, depth);
        self.raw("</section>\n");
    }

    fn heading(&mut self, wanted: usize, number: &str, title: &str) {
        let tag = self.heading_tag(wanted);
        let class = if number.is_empty() { "" } else { " class=\"numbered\"" };
        let _ = write!(self.out, "<{tag}{class}>");
        self.number(number);
        self.text(title);
        let _ = writeln!(self.out, "</{tag}>");
    }

    /// Depth of a heading: as wanted, but never more than one below the last.
    fn heading_tag(&mut self, wanted: usize) -> String {
        self.depth = wanted.min(self.depth + 1).min(DEEPEST_HEADING);
        format!("h{}", self.depth)
    }

    fn blocks(&mut self, blocks: &'a [Block], depth: usize) {
        let mut list = None;
        for block in blocks {
            // Numbered paragraphs that follow each other are one list.
            let level = if let Block::Item { level, .. } = block { Some((*level).clamp(1, 3)) } else { None };
            if list != level {
                if list.is_some() {
                    self.raw("</ol>\n");
                }
                if let Some(level) = level {
                    // The role stays because some readers drop the list when its own numbers are hidden.
                    let _ = writeln!(self.out, "<ol role=\"list\" class=\"l{level}\">");
                }
                list = level;
            }
            self.block(block, depth);
        }
        if list.is_some() {
            self.raw("</ol>\n");
        }
    }

    fn block(&mut self, block: &'a Block, depth: usize) {
        // A bar beside what is new or gone.
        let class = if block.is_edited() { " class=\"changed\"" } else { "" };
        match block {
            Block::Heading { level, text } => {
                let tag = self.heading_tag(depth + usize::from((*level).clamp(2, 3)) - 1);
                let _ = write!(self.out, "<{tag}{class}>");
                self.inlines(text);
                let _ = writeln!(self.out, "</{tag}>");
            }
            Block::Paragraph { text } => {
                let _ = write!(self.out, "<p{class}>");
                self.inlines(text);
                self.raw("</p>\n");
            }
            Block::Item { anchor, number, text, children, .. } => {
                self.open("li", anchor, None);
                let _ = write!(self.out, "<p{class}>");
                self.number(number);
                self.inlines(text);
                self.raw("</p>\n");
                self.blocks(children, depth);
                self.raw("</li>\n");
            }
            Block::Bullets { items } => {
                self.raw("<ul>\n");
                for item in items {
                    self.raw("<li>");
                    self.blocks(item, depth);
                    self.raw("</li>\n");
                }
                self.raw("</ul>\n");
            }
            Block::Table { columns, header, rows } => self.table(columns, header, rows, class),
            Block::Chart { chart } => self.chart(chart),
        }
    }

    /// A figure with its drawing; what the PDF refuses to draw is left with its finding and its alternative text.
    fn chart(&mut self, chart: &Chart) {
        self.raw("<figure>\n<figcaption><strong>");
        self.text(&chart.title);
        self.raw("</strong><br/><small>");
        self.text(&chart.unit);
        self.raw("</small></figcaption>\n");
        let measure = |text: &str, bold: bool| text.chars().count() as f64 * if bold { BOLD_LETTER } else { LETTER };
        match chart::draw(chart, CHART_WIDTH, &measure) {
            Ok(figures) => {
                self.region(&chart.title);
                for (index, figure) in figures.iter().enumerate() {
                    let _ = write!(
                        self.out,
                        "<svg role=\"img\" viewBox=\"-{MARGIN} -{MARGIN} {} {}\">",
                        CHART_WIDTH + 2.0 * MARGIN,
                        figure.height.ceil() + 2.0 * MARGIN
                    );
                    // What it shows is said once, however many drawings there are.
                    if index == 0 {
                        self.raw("<title>");
                        self.text(&chart.alternative);
                        self.raw("</title>");
                    } else {
                        let _ = write!(self.out, "<title>{}/{}</title>", index + 1, figures.len());
                    }
                    figure.marks.iter().for_each(|mark| self.mark(mark));
                    self.raw("</svg>\n");
                }
                self.raw("</div>\n");
            }
            Err(_) => self.element("p", None, &chart.alternative),
        }
        self.raw("</figure>\n");
    }

    fn mark(&mut self, mark: &Mark) {
        // Attributes, not styles: the page's own policy forbids the latter.
        let _ = match mark {
            Mark::Bar { x, y, width, height, colour } => {
                write!(self.out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>")
            }
            Mark::Line { points, colour, thickness, dash } => {
                let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
                let dash = dash.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
                let dash = if dash.is_empty() { dash } else { format!(" stroke-dasharray=\"{dash}\"") };
                write!(self.out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thickness}\"{dash}/>", points.join(" "))
            }
            Mark::Dot { x, y, radius, colour } => write!(self.out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{colour}\"/>"),
            Mark::Text { x, y, anchor, size, bold, colour, text } => {
                let weight = if *bold { " font-weight=\"700\"" } else { "" };
                let (base, anchor) = (y + 0.35 * size, anchor.name());
                let _ = write!(self.out, "<text x=\"{x:.1}\" y=\"{base:.1}\" font-size=\"{size}\"{weight} text-anchor=\"{anchor}\" fill=\"{colour}\">");
                self.text(text);
                write!(self.out, "</text>")
            }
        };
    }

    /// Opens a region that scrolls by itself; it can be reached by keyboard and has a name.
    fn region(&mut self, name: &str) {
        self.raw("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
        self.text(name);
        self.raw("\">\n");
    }

    fn table(&mut self, columns: &[Alignment], header: &'a [Vec<Inline>], rows: &'a [Vec<Vec<Inline>>], class: &str) {
        let wide = header.len() >= WIDE_TABLE;
        if wide {
            let names: Vec<String> = header.iter().map(|cell| plain_of(cell)).collect();
            self.region(&names.join(", "));
        }
        let _ = write!(self.out, "<table{class}>\n<thead><tr>");
        for (at, cell) in header.iter().enumerate() {
            let name = if plain_of(cell).trim().is_empty() { "td" } else { "th" };
            self.cell(name, columns.get(at), cell);
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            row.iter().enumerate().for_each(|(at, cell)| self.cell("td", columns.get(at), cell));
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
        if wide {
            self.raw("</div>\n");
        }
    }

    fn cell(&mut self, name: &str, alignment: Option<&Alignment>, cell: &'a [Inline]) {
        let scope = if name == "th" { " scope=\"col\"" } else { "" };
        let class = if alignment == Some(&Alignment::Right) { " class=\"right\"" } else { "" };
        let _ = write!(self.out, "<{name}{scope}{class}>");
        self.inlines(cell);
        let _ = write!(self.out, "</{name}>");
    }

    fn execution(&mut self, execution: &'a Execution) {
        self.raw("<div class=\"execution\">\n<p>");
        self.inlines(&execution.testimonium);
        self.raw("</p>\n");
        for signature in &execution.signatures {
            self.raw("<p>");
            self.text(&signature.capacity);
            for text in [&signature.party, &signature.name, &signature.title].into_iter().filter(|text| !text.is_empty()) {
                self.raw("<br/>");
                self.value(text);
            }
            self.raw("</p>\n");
        }
        self.raw("</div>\n");
    }

    fn inlines(&mut self, inlines: &'a [Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text { text } => self.text(text),
                Inline::Value { text } => self.value(text),
                Inline::Strong { body } => self.wrapped("strong", body),
                Inline::Emphasis { body } => self.wrapped("em", body),
                Inline::Inserted { body } => self.wrapped("ins", body),
                Inline::Deleted { body } => self.wrapped("del", body),
                Inline::Term { text } => {
                    let (open, close) = (self.words.open, self.words.close);
                    self.element_inline("dfn", &format!("{open}{text}{close}"));
                }
                Inline::Reference { anchor, text } => self.link(anchor, text),
                Inline::Blank => self.raw("<span class=\"blank\">________</span>"),
                Inline::Break => self.raw("<br/>"),
            }
        }
    }

    fn wrapped(&mut self, name: &str, body: &'a [Inline]) {
        let _ = write!(self.out, "<{name}>");
        self.inlines(body);
        let _ = write!(self.out, "</{name}>");
    }

    /// A link where the document has the anchor, else the text alone.
    fn link(&mut self, anchor: &str, text: &str) {
        if self.known.contains(anchor) {
            let _ = write!(self.out, "<a href=\"#{}\">", id(anchor));
            self.text(&reference(text));
            self.raw("</a>");
        } else {
            self.text(&reference(text));
        }
    }

    /// A number as it stands in the tree, and the space that parts it from its text.
    fn number(&mut self, number: &str) {
        if !number.is_empty() {
            self.raw("<span class=\"number\">");
            self.text(number);
            self.raw("</span> ");
        }
    }

    /// Opens an element and gives it the id of its anchor, the first time the anchor stands.
    fn open(&mut self, name: &str, anchor: &'a str, class: Option<&str>) {
        let _ = write!(self.out, "<{name}");
        if let Some(class) = class {
            let _ = write!(self.out, " class=\"{class}\"");
        }
        if !anchor.is_empty() && self.given.insert(anchor) {
            let _ = write!(self.out, " id=\"{}\"", id(anchor));
        }
        self.raw(">");
    }

    fn element(&mut self, name: &str, class: Option<&str>, text: &str) {
        let class = class.map(|class| format!(" class=\"{class}\"")).unwrap_or_default();
        let _ = write!(self.out, "<{name}{class}>");
        self.text(text);
        let _ = writeln!(self.out, "</{name}>");
    }

    fn element_inline(&mut self, name: &str, text: &str) {
        let _ = write!(self.out, "<{name}>");
        self.text(text);
        let _ = write!(self.out, "</{name}>");
    }

    /// A value: kept apart where it runs from right to left, so that it cannot reorder what stands around it.
    fn value(&mut self, text: &str) {
        let text = &together(text);
        if text.chars().any(is_right_to_left) {
            self.element_inline("bdi", text);
        } else {
            self.text(text);
        }
    }

    /// Plain text, fit for content and for attribute values in quotation marks.
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                '\t' | '\n' | '\r' => self.out.push(' '),
                _ if is_unsafe(character) => self.out.push(REPLACED),
                _ => self.out.push(character),
            }
        }
    }

    /// Markup of this file.
    fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }
}

/// Characters that XML 1.0 (section 2.2) has not, and those that reorder what is around them (UAX 9, section 2).
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// The id of an anchor: the anchor itself where it is plain, every other byte as `_` and two hexadecimal digits.
///
/// Two anchors never have one id, and no id collides with what browsers know by name.
fn id(anchor: &str) -> String {
    let mut out = "at-".to_owned();
    for byte in anchor.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "_{byte:02x}");
            }
        }
    }
    out
}

fn plain_of(inlines: &[Inline]) -> String {
    let mut text = String::new();
    plain(inlines, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::{document_of, everything, item, paragraph, reference, report, section, table, text, value};
    use super::super::walk::each_text;
    use super::super::{Look, Paper};
    use super::html;
    use crate::text::document::{Alignment, Block, Document, Inline, KeyTerm};

    fn look() -> Look {
        Look { paper: Paper::A4, accent: Some("#1F3A5F".to_owned()), organisation: "Halden plc".to_owned(), logo: None }
    }

    /// Parses the page as XML; this is the assertion that it is well-formed.
    fn parsed(page: &str, check: impl FnOnce(&roxmltree::Document<'_>)) {
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        check(&roxmltree::Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}\n{page}")));
    }

    fn shown(page: &str) -> String {
        let mut out = String::new();
        parsed(page, |tree| {
            let body = tree.descendants().find(|node| node.has_tag_name("body")).unwrap();
            for node in body.descendants() {
                out.push_str(node.text().filter(|_| node.is_text()).unwrap_or(if node.has_tag_name("br") { " " } else { "" }));
            }
        });
        out
    }

    fn headings(page: &str) -> Vec<u32> {
        let mut out = Vec::new();
        parsed(page, |tree| {
            let level = |name: &str| name.strip_prefix('h').and_then(|digit| digit.parse::<u32>().ok());
            out.extend(tree.descendants().filter_map(|node| level(node.tag_name().name())));
        });
        out
    }

    fn assert_complete(document: &Document) {
        let page = shown(&html(document, &look()));
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = squeezed(&page);
        each_text(document, &mut |text| {
            assert!(text == document.counterparty || page.contains(&squeezed(text)), "`{text}` is not in {page}");
        });
    }

    #[test]
    fn every_text_of_the_tree_is_in_the_page() {
        assert_complete(&everything());
    }

    #[test]
    fn every_text_of_a_report_is_in_the_page() {
        assert_complete(&report());
    }

    #[test]
    fn chart_is_a_figure_that_is_heard_as_its_alternative() {
        let page = html(&report(), &look());
        parsed(&page, |tree| {
            let drawings: Vec<_> = tree.descendants().filter(|node| node.has_tag_name("svg")).collect();
            assert_eq!(drawings.len(), 3);
            for drawing in drawings {
                assert_eq!(drawing.attribute("role"), Some("img"));
                assert!(drawing.children().next().is_some_and(|first| first.has_tag_name("title") && first.text().unwrap().contains("the numbers stand")));
            }
        });
        assert!(page.contains("<figure>\n<figcaption><strong>Nine of ten people acknowledged in time</strong>"), "{page}");
    }

    #[test]
    fn chart_that_cannot_be_drawn_keeps_its_words() {
        let mut document = report();
        let Block::Chart { chart } = &mut document.parts[0].sections[0].blocks[1] else { panic!("a chart follows the lead") };
        chart.rows.clear();
        chart.alternative = "<b>none</b>".to_owned();
        assert!(html(&document, &look()).contains("<p>&lt;b&gt;none&lt;/b&gt;</p>\n</figure>"));
    }

    #[test]
    fn same_document_gives_same_bytes() {
        assert_eq!(html(&everything(), &look()), html(&everything(), &look()));
    }

    #[test]
    fn page_loads_and_runs_nothing() {
        let mut document = everything();
        document.counterparty = "https://a.example/x.js".to_owned();
        let page = html(&document, &look());
        parsed(&page, |tree| {
            for node in tree.descendants() {
                let name = node.tag_name().name();
                assert!(!["script", "link", "img", "iframe", "object", "base", "form"].contains(&name), "{name}");
                for attribute in node.attributes() {
                    assert!(!attribute.name().starts_with("on") && !["src", "style"].contains(&attribute.name()), "{}", attribute.name());
                    assert!(attribute.name() != "href" || attribute.value().starts_with("#at-"), "{}", attribute.value());
                }
            }
        });
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = crate::base::encode::base64(&crate::base::digest::Digest::of(style.as_bytes()).bytes());
        assert!(page.contains(&format!("content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\"")));
        assert!(!style.contains(['<', '&', '@']) || !style.contains("@import") && !style.contains("url("), "{style}");
    }

    #[test]
    fn hostile_values_are_inert() {
        let hostile = "</p><script>alert(1)</script> \"quoted\" 'single' & &amp; ]]> <!-- -->";
        let mut document = document_of(vec![section(
            hostile,
            hostile,
            hostile,
            vec![
                item(1, hostile, "\" onclick=\"x", vec![value(hostile), Inline::Term { text: hostile.to_owned() }, reference(hostile, hostile)], Vec::new()),
                table(&[Alignment::Left; 4], &[&[hostile; 4], &[hostile; 4]]),
            ],
        )]);
        document.title = hostile.to_owned();
        document.date = "\"><b>".to_owned();
        document.language = "en\"><script>".to_owned();
        document.edition = Some(hostile.to_owned());
        document.banner = Some(hostile.to_owned());
        document.parties[0].details = hostile.to_owned();
        document.key_terms = vec![KeyTerm { label: hostile.to_owned(), value: vec![value(hostile)], reference: Vec::new() }];
        let page = html(&document, &Look { organisation: hostile.to_owned(), ..look() });
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert_complete(&document);
    }

    #[test]
    fn characters_that_deceive_are_replaced() {
        let document = document_of(vec![section("one", "1", "One", vec![paragraph(vec![value("a\u{202e}b\u{0}c\u{ffff}d")])])]);
        assert!(shown(&html(&document, &look())).contains("a\u{fffd}b\u{fffd}c\u{fffd}d"));
    }

    #[test]
    fn value_from_right_to_left_is_kept_apart() {
        let document = document_of(vec![section("one", "1", "One", vec![paragraph(vec![text("AAA "), value("חברה"), text(" 123")])])]);
        assert!(html(&document, &look()).contains("<p>AAA <bdi>חברה</bdi> 123</p>"));
    }

    #[test]
    fn headings_never_skip_a_level() {
        let deep = Block::Heading { level: 3, text: vec![text("Deep")] };
        for document in [everything(), document_of(vec![section("one", "", "", vec![deep])])] {
            let levels = headings(&html(&document, &look()));
            assert_eq!(levels.first(), Some(&1));
            assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        }
    }

    #[test]
    fn links_lead_to_ids_that_stand_once() {
        let mut document = everything();
        document.parts[0].sections.push(section("duties", "2", "Same anchor", vec![paragraph(vec![reference("nowhere", "clause 9")])]));
        parsed(&html(&document, &look()), |tree| {
            let ids: Vec<&str> = tree.descendants().filter_map(|node| node.attribute("id")).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
            let links: Vec<&str> = tree.descendants().filter_map(|node| node.attribute("href")).collect();
            assert_eq!(links, ["#at-duties-1", "#at-schedule-a"]);
            assert!(links.iter().all(|link| ids.contains(&&link[1..])));
        });
    }

    #[test]
    fn numbered_paragraphs_are_lists_with_their_own_numbers() {
        let page = html(&everything(), &look());
        let numbered = "<li id=\"at-duties-1\"><p><span class=\"number\">1.1</span> The Supplier shall:</p>\n<ol role=\"list\" class=\"l2\">\n<li><p><span class=\"number\">(a)</span> act";
        assert!(page.contains(numbered), "{page}");
    }

    #[test]
    fn table_names_its_columns() {
        let page = html(&everything(), &look());
        assert!(page.contains("<th scope=\"col\">What</th><th scope=\"col\" class=\"right\">Days</th>"), "{page}");
        assert!(page.contains("<th scope=\"row\" role=\"rowheader\">Notice</th><td role=\"cell\">24\u{a0}hours</td>"), "{page}");
        assert!(page.contains("<td role=\"cell\"><a href=\"#at-duties-1\">clause\u{a0}1.1</a></td>"), "{page}");
        assert!(page.contains("tabindex=\"0\" aria-label=\"One, Two, Three, Four\""), "{page}");
    }

    #[test]
    fn words_of_the_page_follow_the_language() {
        let mut document = everything();
        document.language = "de-DE".to_owned();
        document.edition = Some("1.0".to_owned());
        let page = html(&document, &look());
        assert!(page.contains("<html lang=\"de-DE\">") && page.contains("Auf einen Blick") && page.contains("<dfn>„Supplier“</dfn>"), "{page}");
    }
}
