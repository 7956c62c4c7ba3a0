//! Exit codes, and the failures that are no diagnostics of an input.

use std::process::ExitCode;

use crate::project::DiskError;
use crate::web::ServeError;
use crate::workflow::diff::DiffError;
use crate::workflow::impact::ImpactError;
use crate::workflow::register::RegisterError;

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

/// The answer is no.
pub(crate) const NO: u8 = 5;

/// What stops a verb without being a fault inside an input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// Two packs.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// Two states of a workspace.
    #[error(transparent)]
    Impact(#[from] ImpactError),
    /// The server.
    #[error(transparent)]
    Serve(#[from] ServeError),
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
        Failure::Register(error) | Failure::Serve(ServeError::Register(error)) | Failure::Impact(ImpactError::Register(error)) => {
            if let Some(help) = help_of(error) {
                eprintln!("help: {help}");
            }
            ExitCode::from(if is_integrity(error) { INTEGRITY } else { INPUT })
        }
        Failure::Diff(error) => {
            let (help, code) = match error {
                DiffError::Broken(_) => ("`countersign verify PACK` names every file that does not hold", INTEGRITY),
                DiffError::Disk(_) => ("name the folders of two packs, for example `output/northwind-cloud/3f9a12c4d0e1`", INPUT),
                DiffError::Subjects(..) => ("name two packs of one supplier, or of one policy", INPUT),
                DiffError::Render(_) => ("the layouts stand in `templates/`, fonts in `fonts/`", INPUT),
            };
            eprintln!("help: {help}");
            ExitCode::from(code)
        }
        Failure::Serve(error) => {
            eprintln!("help: {}", error.help());
            ExitCode::from(INPUT)
        }
        Failure::Impact(ImpactError::Disk(DiskError::Revision { .. })) => {
            eprintln!("help: name a revision of the repository that the workspace lies in (`HEAD~1`, a branch, a tag), or a folder with a workspace");
            ExitCode::from(INPUT)
        }
        Failure::Disk(_) | Failure::Impact(_) | Failure::Output(_) => ExitCode::from(INPUT),
    }
}

/// Whether something that was recorded does not hold.
fn is_integrity(error: &RegisterError) -> bool {
    match error {
        RegisterError::Store(store) => store.is_integrity(),
        RegisterError::Integrity { .. } | RegisterError::RolledBack { .. } | RegisterError::NoKey(_) => true,
        RegisterError::Disk(disk) => matches!(disk, DiskError::Exists { .. }),
        RegisterError::ClockMovedBack { .. } | RegisterError::Uncopied { .. } | RegisterError::Refused { .. } => false,
    }
}

fn help_of(error: &RegisterError) -> Option<&str> {
    match error {
        RegisterError::Store(store) => Some(store.help()),
        RegisterError::Refused { help, .. } => Some(help),
        RegisterError::Integrity { .. } => {
            Some("nothing was recorded; run `countersign ledger verify` for every fault, and restore what was changed from a backup")
        }
        RegisterError::RolledBack { .. } => Some("restore the newest `countersign.db`; what is missing in it cannot be made again"),
        RegisterError::ClockMovedBack { .. } => Some("correct the clock; nothing is recorded out of order"),
        RegisterError::Uncopied { .. } => Some("do not repeat the command; the next one writes the copy"),
        RegisterError::NoKey(_) => Some("restore the file `countersign-<id>.key` of that key; another key cannot continue this ledger"),
        RegisterError::Disk(_) => None,
    }
}
