//! A workspace as it was: the files of a revision, read by `git`, which knows best what its repository holds.
//!
//! Nothing of the repository is touched: the index is one of our own, and the files go to a folder that vanishes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::pack::inputs::Inputs;
use crate::project::disk::DiskError;
use crate::project::read::{self, Location};

/// Endings of what a workspace is made of.
const WANTED: [&str; 9] = [".yaml", ".yml", ".md", ".typ", ".ttf", ".otf", ".svg", ".png", ".txt"];

/// Reads the workspace of a folder as it was in a revision (a commit, a branch, a tag, `HEAD~3`).
///
/// # Errors
/// [`DiskError::Revision`] with what `git` says: no repository, no such revision, no workspace in it; [`DiskError`] as for [`read::workspace`].
pub fn workspace(root: &Path, revision: &str) -> Result<(Location, Inputs), DiskError> {
    let fault = |why: String| DiskError::Revision { revision: revision.to_owned(), why };
    let temporary = tempfile::Builder::new().prefix("countersign-").tempdir().map_err(DiskError::write(&std::env::temp_dir()))?;
    let index = temporary.path().join("index");
    let git = |arguments: &[&str], input: &[u8]| run(root, &index, arguments, input).map_err(&fault);
    // What begins with a dash is a revision as well, not an option.
    let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")], b"");
    let commit = line(commit.map_err(|_| fault("`git` knows no such revision here".to_owned()))?);
    let prefix = line(git(&["rev-parse", "--show-prefix"], b"")?);
    let names = git(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &commit], b"")?;
    let is_wanted = |name: &&[u8]| WANTED.iter().any(|ending| name.ends_with(ending.as_bytes()));
    let wanted: Vec<u8> = names.split(|byte| *byte == 0).filter(is_wanted).flat_map(|name| name.iter().copied().chain([0])).collect();
    let tree = temporary.path().join("tree");
    git(&["read-tree", &commit], b"")?;
    // Run at the top, because the names are from there.
    let top = line(git(&["rev-parse", "--show-toplevel"], b"")?);
    let to = format!("--prefix={}/", tree.display());
    run(Path::new(&top), &index, &["checkout-index", "--quiet", "-z", "--stdin", &to], &wanted).map_err(&fault)?;
    let there = tree.join(&prefix);
    if !there.join(crate::pack::inputs::WORKSPACE).exists() {
        return Err(fault(format!("it has no `{prefix}countersign.yaml`")));
    }
    read::workspace(&there)
}

fn line(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()
}

/// Runs `git` in a folder with an index of our own, and gives what it prints.
fn run(folder: &Path, index: &Path, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    let started = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_INDEX_FILE", index)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| format!("`git` cannot be run: {error}"))?;
    let stdin = child.stdin.take();
    let bytes = input.to_vec();
    // In a thread: a pipe that is full on both sides would wait for ever.
    let writer = std::thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(&bytes)));
    let Output { status, stdout, stderr } = child.wait_with_output().map_err(|error| format!("`git` cannot be run: {error}"))?;
    let _ = writer.join();
    if status.success() { Ok(stdout) } else { Err(format!("`git` says: {}", String::from_utf8_lossy(&stderr).trim())) }
}
