//! The files of the register beside its store: keys, the secret of links, and every checkpoint ever issued.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "floor 4 is where files are read and written")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::project::{DiskError, folder};

/// File of the store, in the workspace.
pub const DATABASE: &str = "countersign.db";
/// File of the secret from which the tokens of links are made.
pub const LINK_SECRET: &str = "links.key";
/// Folder of the checkpoints; it belongs into git.
pub const CHECKPOINTS: &str = "checkpoints";
/// File of the verifier keys, in the folder of the checkpoints.
pub const KEYS: &str = "keys";
/// Checkpoints in one folder, so that no folder grows without end.
const PER_FOLDER: u64 = 1_000;

/// Reads the texts of all signing keys (`countersign-*.key`), in order of name.
///
/// # Errors
/// [`DiskError::Exposed`] when others may read one, [`DiskError::Read`].
pub fn signing_keys(workspace: &Path) -> Result<Vec<(PathBuf, String)>, DiskError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(workspace).map_err(DiskError::read(workspace))? {
        let path = entry.map_err(DiskError::read(workspace))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("countersign-") && name.ends_with(".key") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(|path| secret(&path).map(|text| (path, text))).collect()
}

/// File of a signing key by the eight digits of its id.
pub fn signing_key_path(workspace: &Path, id: &str) -> PathBuf {
    workspace.join(format!("countersign-{id}.key"))
}

/// Reads a secret, which nobody but its owner may read.
///
/// # Errors
/// [`DiskError::Exposed`], [`DiskError::Read`].
pub fn secret(path: &Path) -> Result<String, DiskError> {
    let bytes = folder::file(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(DiskError::read(path))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(DiskError::Exposed { path: path.to_owned(), mode });
        }
    }
    String::from_utf8(bytes).map_err(|_| DiskError::Read { path: path.to_owned(), source: io::Error::from(io::ErrorKind::InvalidData) })
}

/// Writes a secret that does not exist yet, readable by its owner only.
///
/// # Errors
/// [`DiskError::Exists`], [`DiskError::Write`].
pub fn write_secret(path: &Path, text: &str) -> Result<(), DiskError> {
    if path.exists() {
        return Err(DiskError::Exists { path: path.to_owned() });
    }
    replace(path, text.as_bytes(), true)
}

/// Removes a secret.
///
/// # Errors
/// [`DiskError::Write`].
pub fn remove_secret(path: &Path) -> Result<(), DiskError> {
    fs::remove_file(path).map_err(DiskError::write(path))
}

/// The verifier keys of the workspace, a line each; none when there is no file.
///
/// # Errors
/// [`DiskError::Read`].
pub fn verifier_keys(workspace: &Path) -> Result<Vec<String>, DiskError> {
    let path = workspace.join(CHECKPOINTS).join(KEYS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = String::from_utf8_lossy(&folder::file(&path)?).into_owned();
    Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Writes the verifier keys of the workspace.
///
/// # Errors
/// [`DiskError::Write`].
pub fn write_verifier_keys(workspace: &Path, keys: &[String]) -> Result<(), DiskError> {
    let folder = workspace.join(CHECKPOINTS);
    fs::create_dir_all(&folder).map_err(DiskError::write(&folder))?;
    replace(&folder.join(KEYS), format!("{}\n", keys.join("\n")).as_bytes(), false)
}

/// Where the checkpoint of a size stands: `checkpoints/000001/000001234`, by thousands.
pub fn checkpoint_path(workspace: &Path, size: u64) -> PathBuf {
    workspace.join(CHECKPOINTS).join(format!("{:06}", size / PER_FOLDER)).join(format!("{size:09}"))
}

/// Sizes of all checkpoints in the folder, in order.
///
/// # Errors
/// [`DiskError::Read`].
pub fn checkpoint_sizes(workspace: &Path) -> Result<Vec<u64>, DiskError> {
    let mut sizes = Vec::new();
    for folder in numbered(&workspace.join(CHECKPOINTS))? {
        sizes.extend(numbered(&workspace.join(CHECKPOINTS).join(format!("{folder:06}")))?);
    }
    Ok(sizes)
}

/// Size of the newest checkpoint in the folder.
///
/// # Errors
/// [`DiskError::Read`].
pub fn newest_checkpoint(workspace: &Path) -> Result<Option<u64>, DiskError> {
    let folder = workspace.join(CHECKPOINTS);
    for thousand in numbered(&folder)?.into_iter().rev() {
        if let Some(size) = numbered(&folder.join(format!("{thousand:06}")))?.pop() {
            return Ok(Some(size));
        }
    }
    Ok(None)
}

/// Reads the checkpoint of a size; `None` when it is not there.
///
/// # Errors
/// [`DiskError::Read`].
pub fn checkpoint(workspace: &Path, size: u64) -> Result<Option<String>, DiskError> {
    let path = checkpoint_path(workspace, size);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&folder::file(&path)?).into_owned()))
}

/// Writes a checkpoint; the same bytes again change nothing, other bytes are refused.
///
/// # Errors
/// [`DiskError::Exists`] when another note stands there, [`DiskError::Write`].
pub fn write_checkpoint(workspace: &Path, size: u64, note: &str) -> Result<(), DiskError> {
    let path = checkpoint_path(workspace, size);
    match checkpoint(workspace, size)? {
        Some(there) if there == note => return Ok(()),
        Some(_) => return Err(DiskError::Exists { path }),
        None => {}
    }
    let folder = path.parent().unwrap_or(workspace);
    fs::create_dir_all(folder).map_err(DiskError::write(folder))?;
    replace(&path, note.as_bytes(), false)
}

/// Names in a folder that are numbers, in order; none when there is no folder.
fn numbered(folder: &Path) -> Result<Vec<u64>, DiskError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(DiskError::read(folder))? {
        let name = entry.map_err(DiskError::read(folder))?.file_name();
        numbers.extend(name.to_str().filter(|n| n.bytes().all(|b| b.is_ascii_digit())).and_then(|n| n.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes a folder and those above it where they are missing.
///
/// # Errors
/// [`DiskError::Write`].
pub fn create_folder(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).map_err(DiskError::write(path))
}

/// Writes a file whole or not at all: beside it, flushed, then renamed over it.
///
/// # Errors
/// [`DiskError::Write`].
pub fn replace(path: &Path, bytes: &[u8], private: bool) -> Result<(), DiskError> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    // Two threads of one process may write the same checkpoint.
    let beside = path.with_file_name(format!(".{name}.{}.{:?}", std::process::id(), std::thread::current().id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    if let Err(source) = written {
        let _ = fs::remove_file(&beside);
        return Err(DiskError::Write { path: path.to_owned(), source });
    }
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(DiskError::write(folder))?;
    }
    Ok(())
}

/// A lock that one process holds at a time; the system lets go of it when the process ends, however it ends.
pub struct Lock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

/// Takes a lock; `None` when another process has it.
///
/// # Errors
/// [`DiskError::Write`].
pub fn lock(path: &Path) -> Result<Option<Lock>, DiskError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(DiskError::write(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(source)) => Err(DiskError::Write { path: path.to_owned(), source }),
    }
}
