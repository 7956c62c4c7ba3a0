//! `ledger`: the register as a log that outsiders can check.
//!
//! | file | use case |
//! |---|---|
//! | [`begin`] | a register for a workspace that has none |
//! | [`verify`] | everything that is kept, checked against everything else; every fault in one run |
//! | [`export`] | the log as a folder of tiles that any C2SP client reads |
//! | [`prove`] | one entry proven to the newest checkpoint; the register against an older checkpoint |
//! | [`show`] | entries as people read them |
//! | [`rotate`] | signing keys come and go |

pub mod export;
pub mod prove;
pub mod rotate;
pub mod show;
pub mod verify;

use std::path::Path;

use crate::contract::entity::Workspace;
use crate::workflow::register::{Edge, Register, RegisterError};

/// Begins the register that `countersign.yaml` describes.
///
/// # Errors
/// [`RegisterError::Refused`] without a `register:` section, and as [`Register::begin`].
pub fn begin(root: &Path, workspace: &Workspace, edge: Edge) -> Result<Register, RegisterError> {
    let settings = workspace.register.as_ref().ok_or_else(|| {
        RegisterError::refused(
            "`countersign.yaml` has no section `register`",
            "add `register:` with `origin`, `time_zone` and `retention_years`; the origin is an address without scheme, and stays for ever",
        )
    })?;
    Register::begin(root, &settings.origin, &workspace.look.organisation, edge)
}
