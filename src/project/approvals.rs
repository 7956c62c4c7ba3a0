//! The file of approvals, to which several people may add at once.

#![expect(clippy::disallowed_types, reason = "floor 4 is where files are read and written")]

use std::fs::File;
use std::path::Path;

use crate::pack::inputs::{APPROVALS, WORKSPACE};
use crate::project::register::replace;
use crate::project::{DiskError, folder};

/// Rewrites the approvals of a workspace, whole or not at all: `change` is given what stands there now, and gives what is to stand there, if anything.
///
/// One process does so at a time; others wait. What is locked is the workspace file, which is there and stays there, where the file of approvals is
/// replaced by every change. Nobody who only reads has to wait: what is read is the file before or after.
///
/// # Errors
/// [`DiskError::Read`], [`DiskError::Write`].
pub fn change(workspace: &Path, change: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>) -> Result<(), DiskError> {
    let lock = workspace.join(WORKSPACE);
    let locked = File::open(&lock).map_err(DiskError::read(&lock))?;
    locked.lock().map_err(DiskError::write(&lock))?;
    let path = workspace.join(APPROVALS);
    let there = if path.exists() || path.is_symlink() { Some(folder::file(&path)?) } else { None };
    match change(there) {
        Some(bytes) => replace(&path, &bytes, false),
        None => Ok(()),
    }
}
