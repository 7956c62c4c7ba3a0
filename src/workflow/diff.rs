//! `diff`: two packs side by side, from what lies in them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::node;
use crate::base::source::Source;
use crate::contract::library::Reading;
use crate::pack::comparison::{self, Comparison, Edition, Reasons};
use crate::pack::compile::Compiler;
use crate::pack::manifest::{Manifest, Subject};
use crate::pack::redline::Redline;
use crate::project::read::{self, kept_path, manifest};
use crate::project::{DiskError, folder};
use crate::render::{self, Look, RenderInput, Rendered, Renderer};
use crate::text::document::Document;
use crate::workflow::verify;

/// Why two packs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// A file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Something in a pack is not as its manifest says.
    #[error("{0}")]
    Broken(String),
    /// The two are not about the same.
    #[error("{0} is about {1}, {2} about {3}: there is nothing to compare")]
    Subjects(String, String, String, String),
    /// The layout says no.
    #[error("the redline cannot be laid out: {0}")]
    Render(String),
}

/// Two packs with their comparison.
pub struct Diff {
    /// What both are about.
    pub subject: Subject,
    /// Name of the supplier, or title of the policy.
    pub name: String,
    /// Day of the newer one.
    pub date: Date,
    /// Language of the newer one.
    pub language: String,
    /// What changed.
    pub comparison: Comparison,
}

impl Diff {
    /// The redline as a document.
    pub fn document(&self, causes: bool, full: bool) -> Document {
        Redline { subject: &self.name, language: &self.language, date: self.date, causes, full }.document(&self.comparison)
    }
}

/// What a redline is laid out with: layouts and fonts of a workspace and its look, or the embedded ones where there is no workspace.
pub struct Stationery {
    renderer: Renderer,
    look: Look,
}

impl Stationery {
    /// Reads it.
    ///
    /// # Errors
    /// [`DiffError::Disk`], and [`DiffError::Render`] for a font or layout that does not read.
    pub fn read(workspace: &Path) -> Result<Self, DiffError> {
        let (_, inputs) = read::workspace(workspace)?;
        let renderer = Renderer::new(inputs.below("templates"), inputs.below("fonts")).map_err(|error| DiffError::Render(error.to_string()))?;
        let look = Compiler::read(inputs, Reading::Whole, &mut Report::default()).map(|compiler| compiler.look()).unwrap_or_default();
        Ok(Self { renderer, look })
    }

    /// A document as PDF/A-3a and PDF/UA-1.
    ///
    /// # Errors
    /// [`DiffError::Render`].
    pub fn pdf(&self, document: &Document, date: Date) -> Result<Rendered, DiffError> {
        let (year, month, day) = date.parts();
        let input = RenderInput {
            documents: std::slice::from_ref(document),
            look: &self.look,
            attachment: None,
            title: &document.title,
            ident: &document.id,
            date: (i32::from(year), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1)),
        };
        self.renderer.render(&input).map_err(|error| DiffError::Render(error.to_string()))
    }

    /// A document as a page that needs nothing else.
    pub fn page(&self, document: &Document) -> String {
        render::html(document, &self.look)
    }
}

/// Compares two packs.
///
/// # Errors
/// [`DiffError`]; a pack whose digests do not hold is not compared.
pub fn diff(old: &Path, new: &Path) -> Result<Diff, DiffError> {
    let ((old_subject, before), (subject, after)) = (edition(old)?, edition(new)?);
    if old_subject != subject {
        let shown = |path: &Path| path.display().to_string();
        return Err(DiffError::Subjects(shown(old), old_subject.to_string(), shown(new), subject.to_string()));
    }
    let first = after.documents.first().or(before.documents.first());
    let name = match (&subject, first) {
        (Subject::Policy(_), Some(document)) => document.title.clone(),
        (_, Some(document)) => document.counterparty.clone(),
        (subject, None) => subject.id().to_owned(),
    };
    let language = first.map_or_else(|| "en-GB".to_owned(), |document| document.language.clone());
    let date = after.date.parse().map_err(|_| DiffError::Broken(format!("{}: the manifest has no date that reads", new.display())))?;
    Ok(Diff { subject, name, date, language, comparison: comparison::compare(&before, &after) })
}

/// Reads one side out of a pack.
fn edition(pack: &Path) -> Result<(Subject, Edition), DiffError> {
    let broken = |what: &str| DiffError::Broken(format!("{}: {what}", pack.display()));
    if let Some(fault) = verify::digests(pack)?.first() {
        return Err(broken(fault));
    }
    let manifest: Manifest = manifest(pack)?.map_err(|message| broken(&message))?;
    let subject = manifest.subject().ok_or_else(|| broken("the manifest names neither a supplier nor a policy"))?;
    let reasons: Reasons = json(pack, "internal/explanation.json")?;
    let mut documents = Vec::new();
    for output in manifest.outputs.iter().filter(|output| output.path.starts_with("internal/documents/")) {
        documents.push(json::<Document>(pack, &output.path)?);
    }
    // The order of the outlines, which is that of precedence.
    let rank: BTreeMap<&str, usize> = reasons.slots.iter().rev().enumerate().map(|(at, slot)| (slot.document.as_str(), at)).collect();
    documents.sort_by_key(|document| (std::cmp::Reverse(rank.get(document.kind.as_str()).copied()), document.kind.clone()));
    let mut fields = BTreeMap::new();
    if let Subject::Supplier(id) = &subject {
        let path = format!("suppliers/{id}.yaml");
        if let Some(input) = manifest.inputs.iter().find(|input| input.path == path) {
            let text = String::from_utf8_lossy(&folder::file(&kept_path(pack, &input.sha256))?).into_owned();
            let source = std::sync::Arc::new(Source { path, text });
            fields = node::parse(&source, &mut Report::default()).map(|node| node.scalars()).unwrap_or_default();
        }
    }
    let inputs = manifest.inputs.into_iter().map(|input| (input.path, input.sha256)).collect();
    Ok((subject, Edition { pack: manifest.pack, generator: manifest.generator, date: manifest.date, documents, reasons, inputs, fields }))
}

fn json<T: serde::de::DeserializeOwned>(pack: &Path, path: &str) -> Result<T, DiffError> {
    let bytes = folder::file(&pack.join(path))?;
    serde_json::from_slice(&bytes).map_err(|error| DiffError::Broken(format!("{}: {error}", pack.join(path).display())))
}
