//! Writes packs and workspaces: temp folder, fsync, rename. Whole or not at all.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "floor 4 is where files are written")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::project::disk::DiskError;

/// Writes a folder with all its files, so that either all of them are there or none.
///
/// `internal` files are readable by the owner only; those to send by everybody whom the umask allows.
///
/// # Errors
/// [`DiskError::Write`] when anything cannot be written, [`DiskError::Exists`] when the folder is there already. What was
/// written so far is removed.
pub fn pack(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), DiskError> {
    pack_with(folder, files, &[])
}

/// As [`pack`], with further files (names inside the folder) that are links to ones that lie elsewhere already, written and flushed.
///
/// Where the file system gives no link, the file is copied.
///
/// # Errors
/// As [`pack`].
pub fn pack_with(folder: &Path, files: &BTreeMap<String, Vec<u8>>, links: &[(String, PathBuf)]) -> Result<(), DiskError> {
    if folder.exists() {
        return Err(DiskError::Exists { path: folder.to_owned() });
    }
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(DiskError::write(parent))?;
    let temporary = Temporary::new(parent, folder)?;
    let mut folders = BTreeSet::from([temporary.path.clone()]);
    let mut open = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = temporary.path.join(name);
        let inner = path.parent().unwrap_or(&temporary.path).to_owned();
        if folders.insert(inner.clone()) {
            fs::create_dir_all(&inner).map_err(DiskError::write(&inner))?;
        }
        let mut file = create(&path, name.starts_with("internal/")).map_err(DiskError::write(&path))?;
        file.write_all(bytes).map_err(DiskError::write(&path))?;
        open.push((file, path));
    }
    for (name, there) in links {
        let path = temporary.path.join(name);
        let inner = path.parent().unwrap_or(&temporary.path).to_owned();
        if folders.insert(inner.clone()) {
            fs::create_dir_all(&inner).map_err(DiskError::write(&inner))?;
        }
        // Another file system, or more links than one file may have.
        if fs::hard_link(there, &path).is_err() {
            let bytes = fs::read(there).map_err(DiskError::read(there))?;
            let mut file = create(&path, name.starts_with("internal/")).map_err(DiskError::write(&path))?;
            file.write_all(&bytes).map_err(DiskError::write(&path))?;
            open.push((file, path));
        }
    }
    // All files are written before the first fsync, so that the file system can flush them together.
    for (file, path) in open {
        file.sync_all().map_err(DiskError::write(&path))?;
    }
    for inner in &folders {
        sync_folder(inner)?;
    }
    fs::rename(&temporary.path, folder).map_err(DiskError::write(folder))?;
    temporary.keep();
    sync_folder(parent)
}

/// Writes a folder anew in place of one that is there, which is gone only once the new one stands.
///
/// # Errors
/// [`DiskError::Write`]; the old folder stands then, or lies beside under a hidden name that [`sweep`] removes.
pub fn replace(folder: &Path, files: &BTreeMap<String, Vec<u8>>, links: &[(String, PathBuf)]) -> Result<(), DiskError> {
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let old = folder.with_file_name(format!(".{name}.{}.old", std::process::id()));
    fs::rename(folder, &old).map_err(DiskError::write(folder))?;
    match pack_with(folder, files, links) {
        Ok(()) => fs::remove_dir_all(&old).map_err(DiskError::write(&old)),
        Err(error) => {
            let _ = fs::rename(&old, folder);
            Err(error)
        }
    }
}

/// Keeps a file under a name that says what it holds, readable by the owner only and by nobody writable; one that is there is left alone.
///
/// # Errors
/// [`DiskError::Write`].
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    if path.exists() {
        return Ok(());
    }
    crate::project::register::replace(path, bytes, true)?;
    let mut permissions = fs::metadata(path).map_err(DiskError::read(path))?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).map_err(DiskError::write(path))
}

/// Removes what runs that died left in a folder of packs: hidden folders that name a process which is no more.
///
/// # Errors
/// [`DiskError::Write`].
pub fn sweep(folder: &Path) -> Result<(), DiskError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let process = name.strip_prefix('.').map(|rest| rest.strip_suffix(".old").unwrap_or(rest)).and_then(|rest| rest.rsplit_once('.')).map(|(_, id)| id);
        let Some(process) = process.and_then(|id| id.parse::<u32>().ok()) else { continue };
        // Where the system does not tell which processes run, nothing is taken from under one.
        let is_gone = Path::new("/proc/self").exists() && !Path::new("/proc").join(process.to_string()).exists();
        if path.is_dir() && (is_gone || process == std::process::id()) {
            fs::remove_dir_all(&path).map_err(DiskError::write(&path))?;
        }
    }
    Ok(())
}

/// Writes a fresh workspace into an empty or absent folder.
///
/// # Errors
/// [`DiskError::Exists`] when the folder holds anything, [`DiskError::Write`] otherwise.
pub fn workspace(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), DiskError> {
    let occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(DiskError::Exists { path: folder.to_owned() });
    }
    if folder.exists() {
        fs::remove_dir(folder).map_err(DiskError::write(folder))?;
    }
    pack(folder, files)
}

fn create(path: &Path, private: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    options.open(path)
}

/// A rename is durable only when the folder that holds the name is synced.
fn sync_folder(path: &Path) -> Result<(), DiskError> {
    #[cfg(unix)]
    File::open(path).and_then(|f| f.sync_all()).map_err(DiskError::write(path))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// A folder that is removed unless it is kept.
struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// Beside the final folder, so that the rename stays on one file system; the process id keeps two runs apart.
    fn new(parent: &Path, folder: &Path) -> Result<Self, DiskError> {
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let path = parent.join(format!(".{name}.{}", std::process::id()));
        if path.exists() {
            fs::remove_dir_all(&path).map_err(DiskError::write(&path))?;
        }
        fs::create_dir(&path).map_err(DiskError::write(&path))?;
        Ok(Self { path, kept: false })
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // The run has failed already and says so; a leftover hidden folder is removed by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
