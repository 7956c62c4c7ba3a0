//! What Typst may see: the shared templates and fonts, and the bytes of one job.
//!
//! Job: implement Typst's only door to the outside over values in memory. Neighbours: `fonts`, `error`. Never does: touch
//! a file system, a clock or a network; `today` is `None`, so that a template that asks for it fails.
//!
//! The job's bytes lie at *fixed* paths. Typst interns every path for ever in 16 bits and caches by path, so a path for each
//! supplier would end the process after 65,536 documents and lose the cache long before.

use std::collections::BTreeMap;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};

use super::error::{RenderError, TemplateFault};
use super::fonts::Fonts;

/// Where `layout.typ` reads the document.
const DATA_PATH: &str = "/document.json";
/// Where `layout.typ` reads the attachment.
const ATTACHMENT_PATH: &str = "/terms.json";
/// Where `layout.typ` reads the logo.
const LOGO_PATH: &str = "/logo";

/// Everything that all jobs share.
pub(super) struct Shared {
    library: LazyHash<Library>,
    fonts: Fonts,
    sources: Vec<Source>,
    files: Vec<(FileId, Bytes)>,
    data: FileId,
    attachment: FileId,
    logo: FileId,
}

impl Shared {
    /// Parses the templates; those ending in `.typ` are sources, all others plain files that templates may read.
    pub(super) fn new(templates: BTreeMap<String, Vec<u8>>, fonts: Fonts, needed: &str) -> Result<Self, RenderError> {
        if !templates.contains_key(needed) {
            return Err(RenderError::TemplateMissing { name: needed.to_owned() });
        }
        let mut sources = Vec::new();
        let mut files = Vec::new();
        for (name, bytes) in templates {
            let id = file_id(&name)?;
            if name.ends_with(".typ") {
                let text = String::from_utf8(bytes).map_err(|_| RenderError::TemplateEncoding { name })?;
                sources.push(Source::new(id, text));
            } else {
                files.push((id, Bytes::new(bytes)));
            }
        }
        Ok(Self {
            library: LazyHash::new(Library::builder().build()),
            fonts,
            sources,
            files,
            data: file_id(DATA_PATH)?,
            attachment: file_id(ATTACHMENT_PATH)?,
            logo: file_id(LOGO_PATH)?,
        })
    }

    /// Whether a template or a file for templates was passed in.
    pub(super) fn has(&self, name: &str) -> bool {
        let path = |id: &FileId| id.vpath().get_without_slash() == name;
        self.sources.iter().map(Source::id).any(|id| path(&id)) || self.files.iter().any(|(id, _)| path(id))
    }

    /// The loaded fonts.
    pub(super) fn fonts(&self) -> &Fonts {
        &self.fonts
    }
}

/// The world of one job.
pub(super) struct Job<'a> {
    shared: &'a Shared,
    main: FileId,
    data: Bytes,
    attachment: Option<Bytes>,
    logo: Option<Bytes>,
}

impl<'a> Job<'a> {
    /// Adds the bytes of one job to what is shared; `main` is the template that lays it out.
    pub(super) fn new(shared: &'a Shared, main: &str, data: Vec<u8>, attachment: Option<&[u8]>, logo: Option<&[u8]>) -> Result<Self, RenderError> {
        let name = main;
        let main = file_id(name)?;
        if !shared.sources.iter().any(|source| source.id() == main) {
            return Err(RenderError::TemplateMissing { name: name.to_owned() });
        }
        let bytes = |slice: &[u8]| Bytes::new(slice.to_vec());
        Ok(Self { shared, main, data: Bytes::new(data), attachment: attachment.map(bytes), logo: logo.map(bytes) })
    }

    /// Turns Typst's diagnostics into ours, with file, line and column.
    pub(super) fn faults(&self, diagnostics: &[SourceDiagnostic]) -> Vec<TemplateFault> {
        diagnostics.iter().map(|diagnostic| self.fault(diagnostic)).collect()
    }

    fn fault(&self, diagnostic: &SourceDiagnostic) -> TemplateFault {
        // An error deep inside a library function has its place in the call; the span is then detached.
        let spans = std::iter::once(diagnostic.span).chain(diagnostic.trace.iter().map(|point| point.span.into()));
        let place = spans.into_iter().find_map(|span| {
            let id = span.id()?;
            let source = self.source(id).ok()?;
            let range = self.range(span)?;
            let (line, column) = source.lines().byte_to_line_column(range.start)?;
            Some((id.vpath().get_without_slash().to_owned(), line + 1, column + 1))
        });
        let (file, line, column) = place.unwrap_or_default();
        TemplateFault { file, line, column, message: diagnostic.message.to_string(), hints: diagnostic.hints.iter().map(|hint| hint.v.to_string()).collect() }
    }
}

impl World for Job<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.shared.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.shared.sources.iter().find(|source| source.id() == id).cloned().ok_or_else(|| not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.shared.data {
            return Ok(self.data.clone());
        }
        if id == self.shared.attachment {
            return self.attachment.clone().ok_or_else(|| not_found(id));
        }
        if id == self.shared.logo {
            return self.logo.clone().ok_or_else(|| not_found(id));
        }
        let file = self.shared.files.iter().find(|(file, _)| *file == id).map(|(_, bytes)| bytes.clone());
        file.ok_or_else(|| not_found(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}

fn file_id(name: &str) -> Result<FileId, RenderError> {
    let path = VirtualPath::new(name).map_err(|_| RenderError::TemplateName { name: name.to_owned() })?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}
