//! Inputs: every file that a pack is made from, by its logical path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::source::{Place, Source};
use crate::contract::library::Files;

/// Logical path of the workspace file.
pub const WORKSPACE: &str = "countersign.yaml";

/// Logical path of the approvals. They are read with everything else, and no pack is made from them.
pub const APPROVALS: &str = "approvals.yaml";

/// One input.
#[derive(Debug, Clone)]
pub struct Input {
    /// Path as people would type it.
    pub shown: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// Inputs by logical path: `countersign.yaml`, `approvals.yaml`, `suppliers/…`, `decisions/…`, `clauses/…`, `templates/…`, `fonts/…`, `files/…`.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    files: BTreeMap<String, Input>,
}

impl Inputs {
    /// Adds a file; a later one replaces an earlier one, so that a workspace overrides the embedded library file by file.
    pub fn insert(&mut self, path: impl Into<String>, shown: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(path.into(), Input { shown: shown.into(), bytes: bytes.into() });
    }

    /// One file.
    pub fn get(&self, path: &str) -> Option<&Input> {
        self.files.get(path)
    }

    /// All files in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Input)> {
        self.files.iter().map(|(path, input)| (path.as_str(), input))
    }

    /// The files below a folder as bytes, by their path inside it.
    pub fn below(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let prefix = format!("{folder}/");
        self.iter().filter_map(|(path, input)| path.strip_prefix(&prefix).map(|rest| (rest.to_owned(), input.bytes.to_vec()))).collect()
    }

    /// The files below a folder as sources, by their path inside it.
    ///
    /// # Errors
    /// Reports `encoding` for a file that is not UTF-8.
    pub fn sources(&self, folder: &str, report: &mut Report) -> Files {
        let prefix = format!("{folder}/");
        let mut out = Files::new();
        for (path, input) in self.iter() {
            if let Some(rest) = path.strip_prefix(&prefix)
                && let Some(source) = source(path, input, report)
            {
                out.insert(rest.to_owned(), source);
            }
        }
        out
    }

    /// One file as a source.
    pub fn source(&self, path: &str, report: &mut Report) -> Option<Arc<Source>> {
        source(path, self.get(path)?, report)
    }

    /// The files whose logical path is wanted, with their digests.
    pub fn digests(&self, wanted: &BTreeSet<String>) -> Vec<(String, Digest)> {
        self.iter().filter(|(path, _)| wanted.contains(*path)).map(|(path, input)| (path.to_owned(), Digest::of(&input.bytes))).collect()
    }
}

/// Sources carry the logical path, so that what a pack records does not depend on where the workspace lies.
fn source(path: &str, input: &Input, report: &mut Report) -> Option<Arc<Source>> {
    let text = String::from_utf8_lossy(&input.bytes);
    if let Err(error) = std::str::from_utf8(&input.bytes) {
        let source = Arc::new(Source { path: path.to_owned(), text: text.into_owned() });
        let at = error.valid_up_to();
        let place = Place::new(&source, at..at + 1);
        report.push(Diagnostic::error("encoding", "the file is not UTF-8 text").at(&place).help("save it as UTF-8"));
        return None;
    }
    // Carriage returns and a byte order mark of Windows editors are no content.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
    Some(Arc::new(Source { path: path.to_owned(), text }))
}
