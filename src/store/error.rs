//! What can go wrong with the store.

use std::path::PathBuf;

/// The register could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no register at `{}`", path.display())]
    Absent {
        /// Where it would be.
        path: PathBuf,
    },
    /// Another process holds it for longer than we wait.
    #[error("another process is writing to the register, and did not finish within {waited_secs} seconds")]
    Locked {
        /// How long we waited, in seconds.
        waited_secs: u64,
    },
    /// The disk is full.
    #[error("the disk is full; nothing of this was recorded")]
    Full,
    /// It may not be written.
    #[error("the register may not be written: {0}")]
    ReadOnly(String),
    /// The file is damaged or no register.
    #[error("the register is damaged: {0}")]
    Damaged(String),
    /// A newer program wrote it.
    #[error("the register has schema {found}, this program knows up to {known}")]
    Newer {
        /// Schema of the file.
        found: u32,
        /// Newest schema known.
        known: u32,
    },
    /// Others may read or write the file.
    #[error("`{}` may be read by others (mode {mode:o})", path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A checkpoint for this size was issued before.
    #[error("a checkpoint for size {size} was issued before")]
    IssuedBefore {
        /// The size.
        size: u64,
    },
    /// Anything else that SQLite says.
    #[error("the register cannot be used: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// Whether what is kept is not what was recorded.
    pub fn is_integrity(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::IssuedBefore { .. })
    }

    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Absent { .. } => "run `countersign ledger init` to begin one; if there was one, restore it from a backup",
            Self::Locked { .. } => "try again; if no other countersign runs, look for a backup program that holds the file",
            Self::Full => "free some space and run the same command again",
            Self::ReadOnly(_) => "check who owns `countersign.db` and its folder, and whether the disk is mounted for reading only",
            Self::Damaged(_) => "restore `countersign.db` from a backup, then run `countersign ledger verify`",
            Self::Newer { .. } => "use the program that wrote it, or a newer one",
            Self::Exposed { .. } => "run `chmod 600` on it",
            Self::IssuedBefore { .. } => "run `countersign ledger verify`",
            Self::Sqlite(_) => "run `countersign ledger verify`; nothing of this command was recorded",
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, PermissionDenied, ReadOnly, SystemIoFailure,
        };
        let said = error.to_string();
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Locked { waited_secs: super::sqlite::WAIT.as_secs() },
            Some(DiskFull) => Self::Full,
            Some(ReadOnly | PermissionDenied | CannotOpen) => Self::ReadOnly(said),
            Some(DatabaseCorrupt | NotADatabase | SystemIoFailure) => Self::Damaged(said),
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => Self::Damaged(said),
                other => Self::Sqlite(other),
            },
        }
    }
}
