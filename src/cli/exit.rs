//! Exit codes, and the failures that are no diagnostics of an input.

use std::process::ExitCode;

use crate::project::DiskError;

/// Done.
pub(crate) const DONE: u8 = 0;
/// The input is at fault.
pub(crate) const INPUT: u8 = 1;
/// Wrong usage.
pub(crate) const USAGE: u8 = 2;
/// A digest or lock does not hold.
pub(crate) const INTEGRITY: u8 = 3;
/// Some suppliers failed.
pub(crate) const PARTLY: u8 = 4;

/// What stops a verb without being a fault inside an input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
    /// An argument that clap cannot judge.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
}

/// Prints a failure and gives its code.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    eprintln!("error: {failure}");
    match failure {
        Failure::Usage { help, .. } => {
            eprintln!("help: {help}");
            ExitCode::from(USAGE)
        }
        Failure::Disk(DiskError::Write { .. }) => {
            eprintln!("help: check that the folder exists and that you may write to it; `--output DIR` writes elsewhere");
            ExitCode::from(INPUT)
        }
        Failure::Disk(DiskError::Exists { .. }) => {
            eprintln!("help: choose a folder that is absent or empty");
            ExitCode::from(INPUT)
        }
        Failure::Disk(_) | Failure::Output(_) => ExitCode::from(INPUT),
    }
}
