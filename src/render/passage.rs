//! Where text came to stand: the pages of each section, and what can be read there.
//!
//! Job: say of the finished layout, not of the tree, what is on the page. Neighbours: the renderer above, which lays out. Never does: decide what should stand
//! there.

use typst::foundations::{NativeElement, StyleChain};
use typst::introspection::{Introspector, PagedPosition};
use typst::layout::{Frame, FrameItem, Point, Transform};
use typst::model::HeadingElem;
use typst_layout::PagedDocument;

use crate::text::document::{Document, PartKind};

use super::error::RenderError;
use super::{RenderInput, Renderer, lay_out};

/// Points from the upper and the lower edge that belong to running header and footer; the text stands well inside (`layout.typ`, `pages`).
const HEADER: f64 = 72.0;
const FOOTER: f64 = 66.0;

/// Where a section came to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its first page, from 1.
    pub page: usize,
    /// What stands from its heading to the next one, without what a line break can change.
    text: String,
}

impl Passage {
    /// Whether a text stands there, however its lines are broken.
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(&squeezed(text))
    }
}

impl Renderer {
    /// Lays one document out and finds where its sections stand, in the order of parts and sections.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn passages(&self, input: &RenderInput<'_>) -> Result<Vec<Passage>, RenderError> {
        let laid_out = lay_out(&self.job(input)?)?;
        let starts: Vec<PagedPosition> = input.documents.iter().flat_map(|document| starts(document, &laid_out)).collect();
        let words = words(&laid_out);
        let place = |position: &PagedPosition| (position.page.get(), position.point.y.to_pt());
        let passage = |from: &PagedPosition| {
            let from = place(from);
            let until = starts.iter().map(place).filter(|next| *next > from).fold((usize::MAX, 0.0), |a, b| if b < a { b } else { a });
            let inside = words.iter().filter(|(at, _)| from <= *at && *at < until);
            Passage { page: from.0, text: squeezed(&inside.map(|(_, text)| text.as_str()).collect::<String>()) }
        };
        Ok(starts.iter().map(passage).collect())
    }
}

/// Where each section begins: at its heading, or where it has none at that before.
fn starts(document: &Document, laid_out: &PagedDocument) -> Vec<PagedPosition> {
    let introspector = laid_out.introspector();
    let found = introspector.query(&HeadingElem::ELEM.select());
    let outlined = found.iter().filter(|content| {
        let heading = content.to_packed::<HeadingElem>();
        heading.is_some_and(|heading| heading.outlined.get(StyleChain::default()) && heading.resolve_level(StyleChain::default()).get() > 1)
    });
    let mut headings = outlined.filter_map(|content| introspector.position(content.location()?));
    let mut out = Vec::new();
    let mut last = PagedPosition::ORIGIN;
    for part in &document.parts {
        if part.kind != PartKind::Main || !part.title.is_empty() {
            last = headings.next().unwrap_or(last);
        }
        for section in &part.sections {
            if !section.title.is_empty() {
                last = headings.next().unwrap_or(last);
            }
            out.push(last);
        }
    }
    out
}

/// Every run of text between header and footer: page and height, and what it says.
fn words(laid_out: &PagedDocument) -> Vec<((usize, f64), String)> {
    let mut out = Vec::new();
    for (at, page) in laid_out.pages().iter().enumerate() {
        let bottom = page.frame.height().to_pt() - FOOTER;
        walk(&page.frame, Transform::identity(), &mut |point, text| {
            let height = point.y.to_pt();
            if HEADER < height && height < bottom {
                out.push(((at + 1, height), text.to_owned()));
            }
        });
    }
    out
}

fn walk(frame: &Frame, transform: Transform, visit: &mut dyn FnMut(Point, &str)) {
    for (point, item) in frame.items() {
        match item {
            FrameItem::Group(group) => {
                let inner = transform.pre_concat(Transform::translate(point.x, point.y)).pre_concat(group.transform);
                walk(&group.frame, inner, visit);
            }
            FrameItem::Text(text) => visit(point.transform(transform), &text.text),
            _ => {}
        }
    }
}

/// A text without spaces, hyphens and marks that only layout sees.
fn squeezed(text: &str) -> String {
    let is_layout = |c: char| {
        c.is_whitespace() || matches!(c, '-' | '\u{ad}' | '\u{2010}' | '\u{2011}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    text.chars().filter(|c| !is_layout(*c)).collect()
}
