//! Lays documents out and writes them as PDF, and as pages of HTML.
//!
//! Job: take finished documents, an organisation's look and a date, and give the bytes of a PDF that is at once PDF/A-3a
//! (ISO 19005-3) and PDF/UA-1 (ISO 14289-1), with the machine-readable terms attached; and the certificate of an acknowledgment
//! in the same look. Same input, same bytes. Neighbours below: `text::document` and `base`. Never does: read a file, a clock,
//! the environment or the fonts of the machine, start a thread, choose words; templates, fonts and dates are passed in as values.
//!
//! Speed rests on Typst's cache: what all suppliers share (library, fonts, parsed templates) is held by [`Renderer`], and a
//! job adds only bytes at fixed paths. The rules that keep the cache are written at the head of `templates/layout.typ`.

pub mod certificate;
mod chart;
mod data;
mod error;
mod fonts;
pub mod html;
mod look;
mod passage;
mod stream_end;
mod table;
#[cfg(test)]
mod tests;
mod walk;
mod words;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use typst::diag::Warned;
use typst::foundations::{Datetime, Smart};
use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::text::document::Document;
use crate::text::letters::is_mark;

pub use error::{ChartFault, MissingGlyph, RenderError, TemplateFault};
pub use html::html;
pub use look::{Logo, Look, Paper, check_accent};
pub use passage::Passage;

use fonts::Fonts;
use world::{Job, Shared};

/// Stack of a layout: deeply nested documents recurse.
const STACK: usize = 16 << 20;
/// The template that lays out contracts.
pub const CONTRACT_TEMPLATE: &str = "contract.typ";
/// The template that lays out policies and reports: documents that have no cover.
pub const POLICY_TEMPLATE: &str = "policy.typ";

/// A file that travels inside the PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment<'a> {
    /// Plain file name under which readers offer it, for example `terms.json`.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// One sentence on what it is.
    pub description: &'a str,
    /// Media type, for example `application/json`.
    pub mime: &'a str,
}

/// Everything one PDF is made from.
#[derive(Debug, Clone, Copy)]
pub struct RenderInput<'a> {
    /// One document, or several that are bound into one file with continuous page numbers.
    pub documents: &'a [Document],
    /// The organisation's look.
    pub look: &'a Look,
    /// Machine-readable terms; PDF/A-3 attaches them with the relationship *Data*.
    pub attachment: Option<Attachment<'a>>,
    /// Title in the metadata and the window of the reader.
    pub title: &'a str,
    /// What identifies the document for ever; its hash becomes the PDF document identifier.
    pub ident: &'a str,
    /// Civil date (year, month, day) that becomes the creation date, at 00:00 UTC.
    pub date: (i32, u8, u8),
}

/// A finished PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
}

/// Renders documents; made once, shared by all threads.
///
/// Holds the fonts, Typst's library and the parsed templates. It does not hold Typst's cache, which is global to the
/// process: call [`evict`] now and then.
pub struct Renderer {
    shared: Shared,
    standards: PdfStandards,
}

impl Renderer {
    /// Loads fonts and parses templates.
    ///
    /// `templates` maps paths such as `contract.typ` to bytes; `extra_fonts` maps names, used in messages only, to font
    /// files that stand in where the embedded fonts lack a character.
    ///
    /// # Errors
    /// A template is missing, misnamed or not UTF-8; a font file holds no font.
    ///
    /// # Examples
    /// ```
    /// use std::collections::BTreeMap;
    /// use countersign::render::{RenderError, Renderer};
    ///
    /// let refused = Renderer::new(BTreeMap::new(), BTreeMap::new()).err();
    /// assert_eq!(refused, Some(RenderError::TemplateMissing { name: "contract.typ".to_owned() }));
    /// ```
    pub fn new(templates: BTreeMap<String, Vec<u8>>, extra_fonts: BTreeMap<String, Vec<u8>>) -> Result<Self, RenderError> {
        let shared = Shared::new(templates, Fonts::new(extra_fonts)?, CONTRACT_TEMPLATE)?;
        let standards =
            PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1]).map_err(|error| RenderError::Data { message: error.message().to_string() })?;
        Ok(Self { shared, standards })
    }

    /// Lays the documents out and exports one PDF.
    ///
    /// The same input gives the same bytes, on any machine and after any other input. Ask [`Renderer::missing_glyphs`] first:
    /// it names the text as it was written, where the error here has only the run of letters on the page.
    ///
    /// # Errors
    /// The look, the date or the tree is at fault (each has its variant), [`RenderError::MissingGlyphs`], or [`RenderError::Template`] with what Typst
    /// says. A warning of Typst is an error here: an unknown font or a layout that does not settle is no contract.
    pub fn render(&self, input: &RenderInput<'_>) -> Result<Rendered, RenderError> {
        let date = datetime(input.date)?;
        let job = self.job(input)?;
        let laid_out = lay_out(&job)?;
        self.export(&job, laid_out, input.title, input.look, (input.ident, date))
    }

    /// Writes a laid-out file as PDF, with its title, its author, its identifier and its date.
    fn export(&self, job: &Job<'_>, mut laid_out: PagedDocument, title: &str, look: &Look, made: (&str, Datetime)) -> Result<Rendered, RenderError> {
        let (ident, date) = made;
        let mut missing = Vec::new();
        laid_out.pages().iter().for_each(|page| boxes(&page.frame, &mut missing));
        if !missing.is_empty() {
            missing.sort();
            missing.dedup_by_key(|glyph| glyph.character);
            return Err(RenderError::MissingGlyphs(missing));
        }
        // Set here and not by `set document`: a value of the supplier in a style would void the cache for all that follows.
        let info = laid_out.info_mut();
        info.title = Some(one_line(title).into());
        info.author = vec![one_line(&look.organisation).into()];
        info.author.retain(|author| !author.is_empty());
        let options = PdfOptions {
            ident: Smart::Custom(ident.to_owned()),
            creator: Smart::Custom(Some(concat!("countersign ", env!("CARGO_PKG_VERSION")).to_owned())),
            timestamp: Some(Timestamp::new_utc(date)),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&laid_out, &options).map_err(|errors| RenderError::Template(job.faults(&errors)))?;
        Ok(Rendered { pdf: stream_end::mend(pdf), pages: laid_out.pages().len() })
    }

    /// Checks the input and turns it into what Typst may see.
    fn job(&self, input: &RenderInput<'_>) -> Result<Job<'_>, RenderError> {
        check(input)?;
        let data = data::write(input.documents, input.look, input.attachment.as_ref(), self.shared.fonts())?;
        let attachment = input.attachment.map(|attachment| attachment.bytes);
        let logo = input.look.logo.as_ref().map(|logo| logo.bytes.as_slice());
        let at_once = input.documents.iter().all(Document::begins_at_once);
        Job::new(&self.shared, if at_once { POLICY_TEMPLATE } else { CONTRACT_TEMPLATE }, data, attachment, logo)
    }

    /// Finds the characters of these documents that no loaded font can show, each once, in the order of their code points.
    ///
    /// Also named are characters that must not stand in a contract because one cannot see what they do: controls,
    /// private-use characters and bidirectional overrides.
    pub fn missing_glyphs(&self, documents: &[Document]) -> Vec<MissingGlyph> {
        let mut texts = Vec::new();
        documents.iter().for_each(|document| walk::each_text(document, &mut |text| texts.push(text)));
        self.unshown(&texts)
    }

    /// Finds the characters of texts that no loaded font can show.
    fn unshown(&self, texts: &[&str]) -> Vec<MissingGlyph> {
        let fonts = self.shared.fonts();
        let mut seen = BTreeSet::new();
        let mut missing = Vec::new();
        for text in texts.iter().filter(|text| !text.bytes().all(|byte| (b' '..=b'~').contains(&byte))) {
            let mut base = None;
            for character in text.chars() {
                let mark = is_mark(character);
                let plain = matches!(character, ' '..='~');
                // A mark is judged together with its base, so it may be sound in one place and missing in another.
                if !plain && (mark || seen.insert(character)) && !fonts.shows(character, base) {
                    missing.push(MissingGlyph { character, text: (*text).to_owned() });
                }
                if !mark {
                    base = Some(character);
                }
            }
        }
        missing.sort();
        missing.dedup_by_key(|glyph| glyph.character);
        missing
    }
}

/// Drops what Typst cached and did not use in the last `max_age` calls of this function.
///
/// Measured (PERFORMANCE.md, rule 6): `evict(5)` every ten documents keeps memory flat at about 360 MiB; every document is
/// 10 % slower; never grows without end. The cache is global to the process, so the workflow calls this and no render does.
pub fn evict(max_age: usize) {
    comemo::evict(max_age);
}

/// Does work in which layouts do not share their parts with other threads: a worker among others is faster alone (PERFORMANCE.md, rule 5).
///
/// Where the system gives no thread the work is done without.
pub fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

fn lay_out(job: &Job<'_>) -> Result<PagedDocument, RenderError> {
    let Warned { output, warnings } = typst::compile::<PagedDocument>(job);
    let laid_out = output.map_err(|errors| RenderError::Template(job.faults(&errors)))?;
    if warnings.is_empty() { Ok(laid_out) } else { Err(RenderError::Template(job.faults(&warnings))) }
}

/// Finds glyphs that came out as the empty box, after all fallback: what [`Renderer::missing_glyphs`] cannot foresee, such
/// as a cluster of which no single font has all parts.
fn boxes(frame: &Frame, out: &mut Vec<MissingGlyph>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => boxes(&group.frame, out),
            FrameItem::Text(text) => {
                for glyph in text.glyphs.iter().filter(|glyph| glyph.id == 0) {
                    let cluster = text.text.get(glyph.range()).unwrap_or_default();
                    let character = cluster.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.push(MissingGlyph { character, text: text.text.to_string() });
                }
            }
            _ => {}
        }
    }
}

fn check(input: &RenderInput<'_>) -> Result<(), RenderError> {
    if input.documents.is_empty() {
        return Err(RenderError::Empty);
    }
    check_logo(input.look)?;
    if let Some(attachment) = &input.attachment {
        let name = attachment.name;
        let plain =
            !name.is_empty() && !name.starts_with('.') && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'));
        if !plain {
            return Err(RenderError::AttachmentName { name: name.to_owned() });
        }
    }
    Ok(())
}

fn check_logo(look: &Look) -> Result<(), RenderError> {
    if look.logo.as_ref().is_some_and(|logo| logo.alternative.trim().is_empty()) { Err(RenderError::LogoText) } else { Ok(()) }
}

/// A civil date at 00:00.
fn datetime((year, month, day): (i32, u8, u8)) -> Result<Datetime, RenderError> {
    Some(year).filter(|year| *year >= 0).and_then(|year| Datetime::from_ymd_hms(year, month, day, 0, 0, 0)).ok_or(RenderError::Date { year, month, day })
}

/// Metadata is one line of XML: control characters become spaces.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
