//! What can go wrong with files.

use std::io;
use std::path::{Path, PathBuf};

/// A file or folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// It cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A link could lead out of the workspace.
    #[error("`{}` is a symbolic link; inputs are plain files and folders", path.display())]
    Link {
        /// Which.
        path: PathBuf,
    },
    /// A pipe, socket or device stands where a file should be.
    #[error("`{}` is no plain file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// A file is larger than any input is.
    #[error("`{}` has {bytes} bytes; an input has at most {most}", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes.
        most: usize,
    },
    /// A file name is not UTF-8.
    #[error("the file name `{}` is not UTF-8", path.display())]
    Name {
        /// Which.
        path: PathBuf,
    },
    /// A page is not UTF-8 text.
    #[error("`{}` is not UTF-8 text", path.display())]
    Encoding {
        /// Which.
        path: PathBuf,
    },
    /// A path of the workspace file leads where it must not.
    #[error("`{path}` must be a relative path inside the workspace")]
    Outside {
        /// The path as it is written.
        path: String,
    },
    /// A folder that the workspace file names is not there.
    #[error("`countersign.yaml` names the folder `{path}`, but there is no folder `{}`", folder.display())]
    Absent {
        /// The path as it is written.
        path: String,
        /// Where it would be.
        folder: PathBuf,
    },
    /// A secret may be read by others.
    #[error("`{}` may be read by others (mode {mode:o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// An earlier state of the workspace cannot be read.
    #[error("cannot read the workspace as of `{revision}`: {why}")]
    Revision {
        /// As it was asked for.
        revision: String,
        /// Why.
        why: String,
    },
    /// Something is there already.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
}

impl DiskError {
    /// Makes a [`DiskError::Read`].
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// Makes a [`DiskError::Write`].
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}
