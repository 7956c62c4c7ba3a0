//! `init`: a fresh workspace from what the binary carries.

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::{DiskError, embedded, write};
use crate::workflow::schema;

/// Lines of the sample that hold only inside this repository.
const OWN_PATHS: [&str; 3] = ["library: ", "templates: ", "output: "];

/// Writes a workspace: the sample with the embedded library and layouts, schemas for editors, and folders for the rest.
///
/// With `library` the clause library and the layouts are written too, to be edited.
///
/// # Errors
/// [`DiskError::Exists`] when the folder holds anything, [`DiskError::Write`] otherwise.
pub fn init(folder: &Path, library: bool) -> Result<usize, DiskError> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (path, bytes) in embedded::sample().into_iter().filter(|(path, _)| !path.starts_with("schemas/")) {
        let bytes = if path == "countersign.yaml" { without_own_paths(bytes, library) } else { bytes.to_vec() };
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
    write::workspace(folder, &files)?;
    Ok(files.len())
}

/// What a workspace keeps out of git: the register, which is personal, and what can be generated.
const GITIGNORE: &[u8] = b"countersign.db*\n*.key\noutput/\n";

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
