//! Reads a folder of inputs: plain files in order of name, no links.

#![expect(clippy::disallowed_methods, reason = "floor 4 is where files are read")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::base::digest::Digest;
use crate::project::disk::DiskError;

/// Largest input in bytes: a font of all of Unicode fits, and a text of this size is read in a second.
const LARGEST: usize = 32 << 20;

/// Files below a folder that `wanted` accepts, by path inside it with forward slashes; hidden files are left out.
///
/// # Errors
/// [`DiskError`] for what cannot be read, a link, or a name that is not UTF-8. A folder that is not there has no files.
pub fn files(root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DiskError> {
    if root.is_symlink() {
        return Err(DiskError::Link { path: root.to_owned() });
    }
    let files = read(root, &|name| !name.rsplit('/').next().unwrap_or(name).starts_with('.') && wanted(name))?;
    match files.iter().find(|(_, bytes)| bytes.len() > LARGEST) {
        Some((name, bytes)) => Err(DiskError::TooLarge { path: root.join(name), bytes: bytes.len(), most: LARGEST }),
        None => Ok(files),
    }
}

/// Every file below a folder, hidden ones included: in a pack nothing may hide.
///
/// # Errors
/// As [`files`].
pub fn every_file(root: &Path) -> Result<Vec<(String, Vec<u8>)>, DiskError> {
    read(root, &|_| true)
}

/// Digests of files that were read in this run, by what the file system calls them: the packs of a batch share their inputs by links, and a file
/// with many names is read once.
#[derive(Debug, Default)]
pub struct Read(Mutex<BTreeMap<(u64, u64), Digest>>);

/// The digest of every file below a folder, hidden ones included, by path inside it.
///
/// # Errors
/// As [`files`].
pub fn digests(root: &Path, read: &Read) -> Result<BTreeMap<String, Digest>, DiskError> {
    let device = device(root)?;
    let mut out = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(inside) = folders.pop() {
        let folder = root.join(&inside);
        for entry in fs::read_dir(&folder).map_err(DiskError::read(&folder))? {
            let entry = entry.map_err(DiskError::read(&folder))?;
            let path = entry.path();
            let name = entry.file_name().into_string().map_err(|_| DiskError::Name { path: path.clone() })?;
            let inner = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            let kind = entry.file_type().map_err(DiskError::read(&path))?;
            if kind.is_dir() {
                folders.push(inner);
                continue;
            }
            // A link is no file, whatever number it has.
            let key = Some((device, number(&entry))).filter(|(_, number)| *number != 0 && kind.is_file());
            let known = key.and_then(|key| read.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned());
            let digest = match known {
                Some(digest) => digest,
                None => {
                    let digest = Digest::of(&file(&path)?);
                    if let Some(key) = key {
                        read.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, digest.clone());
                    }
                    digest
                }
            };
            out.insert(inner, digest);
        }
    }
    Ok(out)
}

/// The number of the device that a folder lies on; 0 where the system has none.
#[cfg(unix)]
fn device(root: &Path) -> Result<u64, DiskError> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(root).map_err(DiskError::read(root))?.dev())
}

/// The number of a file on its device; 0 where the system has none.
#[cfg(unix)]
fn number(entry: &fs::DirEntry) -> u64 {
    std::os::unix::fs::DirEntryExt::ino(entry)
}

#[cfg(not(unix))]
fn device(_: &Path) -> Result<u64, DiskError> {
    Ok(0)
}

#[cfg(not(unix))]
fn number(_: &fs::DirEntry) -> u64 {
    0
}

fn read(root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DiskError> {
    let mut out = Vec::new();
    if root.is_dir() {
        walk(root, "", wanted, &mut out)?;
    }
    out.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(out)
}

fn walk(root: &Path, inside: &str, wanted: &dyn Fn(&str) -> bool, out: &mut Vec<(String, Vec<u8>)>) -> Result<(), DiskError> {
    let folder = root.join(inside);
    for entry in fs::read_dir(&folder).map_err(DiskError::read(&folder))? {
        let entry = entry.map_err(DiskError::read(&folder))?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| DiskError::Name { path: path.clone() })?;
        let inner = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        // A hidden link of an editor is no input; whether a hidden file is one, `wanted` says.
        if !wanted(&inner) && entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(DiskError::read(&path))?;
        if kind.is_symlink() {
            return Err(DiskError::Link { path });
        }
        if kind.is_dir() {
            walk(root, &inner, wanted, out)?;
        } else if wanted(&inner) {
            out.push((inner, file(&path)?));
        }
    }
    Ok(())
}

/// Reads one file.
///
/// # Errors
/// [`DiskError::Read`], [`DiskError::Link`], or [`DiskError::NotAFile`] for a pipe or device, which might never end.
pub fn file(path: &Path) -> Result<Vec<u8>, DiskError> {
    let kind = fs::symlink_metadata(path).map_err(DiskError::read(path))?.file_type();
    if kind.is_symlink() {
        return Err(DiskError::Link { path: path.to_owned() });
    }
    if !kind.is_file() {
        return Err(DiskError::NotAFile { path: path.to_owned() });
    }
    fs::read(path).map_err(DiskError::read(path))
}

/// A path written in the workspace file, joined to the workspace; it may climb out of it by leading `..` only where `climb` says so.
///
/// # Errors
/// [`DiskError::Outside`] for an absolute path, or one that climbs where it must not.
pub fn inside(workspace: &Path, written: &str, climb: bool) -> Result<PathBuf, DiskError> {
    let path = Path::new(written);
    let climbs = path.components().any(|c| matches!(c, std::path::Component::ParentDir));
    if path.is_absolute() || (climbs && !climb) {
        return Err(DiskError::Outside { path: written.to_owned() });
    }
    Ok(tidy(&workspace.join(path)))
}

/// `sample/../output` as `output`, for people who read it; nothing but `..` after a plain name is taken out.
pub fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, out.last()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            (Component::CurDir, _) => {}
            _ => out.push(part),
        }
    }
    out.iter().collect()
}
