//! `init`: a fresh workspace from what the binary carries.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::base::decode::decode;
use crate::base::diagnostic::Report;
use crate::base::node;
use crate::base::source::Source;
use crate::contract::entity::Workspace;
use crate::pack::inputs::WORKSPACE;
use crate::project::{embedded, write};
use crate::workflow::register::{Edge, RegisterError, make_secrets};
use crate::workflow::schema;

/// Lines of the sample that hold only inside this repository.
const OWN_PATHS: [&str; 3] = ["library: ", "templates: ", "output: "];

/// Writes a workspace: the sample with the embedded library and layouts, schemas for editors, and folders for the rest.
///
/// With `library` the clause library and the layouts are written too, to be edited. The signing key and the secret of links are made as well,
/// readable by their owner only and left out of git; no register is begun.
///
/// # Errors
/// [`RegisterError::Disk`] when the folder holds anything, or cannot be written.
pub fn init(folder: &Path, library: bool, edge: &Edge) -> Result<usize, RegisterError> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (path, bytes) in embedded::sample().into_iter().filter(|(path, _)| !path.starts_with("schemas/")) {
        let bytes = if path == WORKSPACE { without_own_paths(bytes, library) } else { bytes.to_vec() };
        files.insert(path.to_owned(), bytes);
    }
    files.insert(".gitignore".to_owned(), GITIGNORE.to_vec());
    for (kind, text) in schema::all() {
        files.insert(format!("schemas/{kind}.json"), text.into_bytes());
    }
    if library {
        files.extend(embedded::clauses().into_iter().map(|(path, bytes)| (format!("clauses/{path}"), bytes.to_vec())));
        files.extend(embedded::templates().into_iter().map(|(path, bytes)| (format!("templates/{path}"), bytes.to_vec())));
    }
    for folder in ["decisions", "checkpoints", "customers"] {
        files.entry(format!("{folder}/.gitkeep")).or_default();
    }
    let origin = files.get(WORKSPACE).and_then(|bytes| origin(bytes));
    write::workspace(folder, &files)?;
    if let Some(origin) = origin {
        make_secrets(folder, &origin, edge)?;
    }
    Ok(files.len())
}

/// What a workspace keeps out of git: the register, which is personal, and what can be generated.
const GITIGNORE: &[u8] = b"countersign.db*\n*.key\noutput/\n";

/// The origin that a workspace file names.
fn origin(bytes: &[u8]) -> Option<String> {
    let source = Arc::new(Source { path: WORKSPACE.to_owned(), text: String::from_utf8_lossy(bytes).into_owned() });
    let mut report = Report::default();
    let node = node::parse(&source, &mut report)?;
    decode::<Workspace>(&node, &mut report)?.register.map(|register| register.origin)
}

fn without_own_paths(bytes: &[u8], library: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match OWN_PATHS.iter().find(|key| line.starts_with(**key)) {
            Some(&"library: ") if library => out.push_str("library: clauses\n"),
            Some(&"templates: ") if library => out.push_str("templates: templates\n"),
            Some(_) => {}
            None => out.push_str(line),
        }
    }
    out.into_bytes()
}
