//! An exported log on disk: `checkpoint`, and tiles beside it (C2SP tlog-tiles).

#![expect(clippy::disallowed_methods, reason = "floor 4 is where files are read and written")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::project::register::replace;
use crate::project::{DiskError, folder, write};

/// Name of the signed head of a log.
pub const CHECKPOINT: &str = "checkpoint";

/// The checkpoint of an exported log; `None` when there is no log in the folder yet.
///
/// # Errors
/// [`DiskError::Read`]; [`DiskError::Exists`] when the folder holds anything else than a log.
pub fn checkpoint(log: &Path) -> Result<Option<String>, DiskError> {
    let path = log.join(CHECKPOINT);
    if path.exists() {
        return Ok(Some(String::from_utf8_lossy(&folder::file(&path)?).into_owned()));
    }
    let is_occupied = fs::read_dir(log).is_ok_and(|mut entries| entries.next().is_some());
    if is_occupied { Err(DiskError::Exists { path: log.to_owned() }) } else { Ok(None) }
}

/// Writes a log into an absent or empty folder, whole or not at all.
///
/// # Errors
/// [`DiskError::Exists`], [`DiskError::Write`].
pub fn create(log: &Path, mut files: BTreeMap<String, Vec<u8>>, checkpoint: &str) -> Result<(), DiskError> {
    files.insert(CHECKPOINT.to_owned(), checkpoint.as_bytes().to_vec());
    write::workspace(log, &files)
}

/// Adds files to a log and gives it a new checkpoint, which is written last: until then a reader sees the old log, whole.
///
/// A file that is there already with the same bytes is left alone; an export that died left it.
///
/// # Errors
/// [`DiskError::Exists`] when one is there with other bytes, and then nothing is written; [`DiskError::Write`].
pub fn extend(log: &Path, files: &BTreeMap<String, Vec<u8>>, checkpoint: &str) -> Result<usize, DiskError> {
    let mut new = Vec::new();
    for (name, bytes) in files {
        let path = log.join(name);
        if !path.exists() {
            new.push((path, bytes));
        } else if folder::file(&path)? != *bytes {
            return Err(DiskError::Exists { path });
        }
    }
    for (path, bytes) in &new {
        let inner = path.parent().unwrap_or(log);
        fs::create_dir_all(inner).map_err(DiskError::write(inner))?;
        replace(path, bytes, false)?;
    }
    replace(&log.join(CHECKPOINT), checkpoint.as_bytes(), false)?;
    Ok(new.len())
}
