//! The PDFs of a pack: one for each document, or one for all.

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::{self, Node};
use crate::base::source::Place;
use crate::contract::entity::Paper;
use crate::contract::values::clean;
use crate::pack::compile::{Compiled, Compiler};
use crate::pack::manifest::Subject;
use crate::render::certificate::Certificate;
use crate::render::{self, Attachment, Logo, Look, Passage, RenderError, RenderInput, Rendered, Renderer};
use crate::text::document::Document;

/// One PDF to make.
pub struct PdfJob<'a> {
    /// File name.
    pub name: String,
    pub(super) documents: &'a [Document],
    pub(super) title: String,
    pub(super) terms: Vec<u8>,
}

impl PdfJob<'_> {
    /// How much there is to lay out, in sections.
    pub fn weight(&self) -> usize {
        self.documents.iter().flat_map(|d| &d.parts).map(|p| p.sections.len()).sum()
    }
}

impl Compiler {
    /// Reports characters that no font shows; `profile` is the tree in which the values of a supplier are written.
    pub(super) fn check_glyphs(&self, documents: &[Document], subject: &Subject, profile: Option<&Node>, report: &mut Report) {
        let renderer = match self.renderer() {
            Ok(renderer) => renderer,
            Err(error) => {
                self.report_render(error, report);
                return;
            }
        };
        for missing in renderer.missing_glyphs(documents) {
            let place = profile.and_then(|node| find_scalar(node, &missing.text)).or_else(|| find_scalar(&self.workspace.node, &missing.text));
            let field = place.as_ref().map_or_else(String::new, |p| format!(" (written at {p})"));
            let message = format!("no font can show the character U+{:04X} in a value of {subject}{field}", u32::from(missing.character));
            let help = "put a font that has the character into `fonts/` of the workspace, or write the value otherwise";
            report.push(Diagnostic::error("missing-glyph", message).at_opt(place.as_ref()).help(help));
        }
    }

    /// The renderer, made at the first use.
    fn renderer(&self) -> Result<&Renderer, &RenderError> {
        self.renderer.get_or_init(|| Renderer::new(self.inputs.below("templates"), self.inputs.below("fonts"))).as_ref()
    }

    /// Reports what the renderer says; faults of a layout at their place in its file.
    fn report_render(&self, error: &RenderError, report: &mut Report) {
        let help = "the layouts stand in `templates/`, fonts in `fonts/`, the look in `countersign.yaml`";
        let RenderError::Template(faults) = error else {
            report.push(Diagnostic::error("render", error.to_string()).help(help));
            return;
        };
        for fault in faults {
            let source = self.inputs.source(&format!("templates/{}", fault.file), &mut Report::default());
            let place = source.map(|source| Place::at_line(&source, fault.line, fault.column));
            let hint = fault.hints.first().map_or(help, String::as_str);
            report.push(Diagnostic::error("render", fault.message.clone()).at_opt(place.as_ref()).help(hint));
        }
    }

    /// Lays out the certificate of an acknowledgment; `date` is year, month and day.
    ///
    /// # Errors
    /// What the renderer says.
    pub fn certificate(&self, certificate: &Certificate, ident: &str, date: (i32, u8, u8)) -> Result<Rendered, RenderError> {
        self.renderer().map_err(Clone::clone)?.certificate(certificate, &self.look(), ident, date)
    }

    /// Lays out a report; `date` is year, month and day.
    ///
    /// # Errors
    /// What the renderer says.
    pub fn report(&self, document: &Document, date: Date) -> Result<Rendered, RenderError> {
        let (year, month, day) = date.parts();
        self.renderer().map_err(Clone::clone)?.render(&RenderInput {
            documents: std::slice::from_ref(document),
            look: &self.look(),
            attachment: None,
            title: &document.title,
            ident: &document.id,
            date: (i32::from(year), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1)),
        })
    }

    /// How documents look.
    pub(crate) fn look(&self) -> Look {
        let look = &self.workspace.value.look;
        let logo = look.logo.as_ref().and_then(|logo| {
            let bytes = self.inputs.get(&format!("files/{}", logo.file))?.bytes.to_vec();
            Some(Logo { bytes, alternative: logo.alt.clone() })
        });
        let paper = match look.paper {
            Paper::A4 => render::Paper::A4,
            Paper::UsLetter => render::Paper::UsLetter,
        };
        Look { paper, accent: look.accent.clone(), organisation: look.organisation.clone(), logo }
    }

    /// Lays out one PDF.
    ///
    /// # Errors
    /// Reports what the renderer says, once.
    pub fn render(&self, compiled: &Compiled, job: &PdfJob<'_>, report: &mut Report) -> Option<Rendered> {
        self.lay_out(compiled, job, report, |renderer, input| renderer.render(input))
    }

    /// Where the sections of one PDF stand, in the order of documents, parts and sections.
    ///
    /// # Errors
    /// Reports what the renderer says, once.
    pub fn passages(&self, compiled: &Compiled, job: &PdfJob<'_>, report: &mut Report) -> Option<Vec<Passage>> {
        self.lay_out(compiled, job, report, |renderer, input| renderer.passages(input))
    }

    fn lay_out<T>(
        &self,
        compiled: &Compiled,
        job: &PdfJob<'_>,
        report: &mut Report,
        make: impl FnOnce(&Renderer, &RenderInput<'_>) -> Result<T, RenderError>,
    ) -> Option<T> {
        let attachment = Attachment {
            name: "terms.json",
            bytes: &job.terms,
            description: "The terms of this document as data: parties, clauses, values and obligations",
            mime: "application/json",
        };
        let (year, month, day) = compiled.date.parts();
        let input = RenderInput {
            documents: job.documents,
            look: &self.look(),
            attachment: Some(attachment),
            title: &job.title,
            ident: &job.name,
            date: (i32::from(year), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1)),
        };
        match self.renderer().map_err(Clone::clone).and_then(|renderer| make(renderer, &input)) {
            Ok(made) => Some(made),
            Err(error) => {
                self.report_render(&error, report);
                None
            }
        }
    }
}

/// The scalar that a text was written as; part of a text only where it holds a character beyond ASCII.
fn find_scalar(node: &Node, text: &str) -> Option<Place> {
    match &node.kind {
        node::Kind::Scalar { text: own, .. } => {
            let own = clean(own);
            (own == text || (!own.is_empty() && text.contains(&own) && !own.is_ascii())).then(|| node.place.clone())
        }
        node::Kind::Sequence(items) => items.iter().find_map(|n| find_scalar(n, text)),
        node::Kind::Mapping(entries) => entries.iter().find_map(|e| find_scalar(&e.value, text)),
    }
}
