//! Floor 5: one file for each use case, over the workspace on disk. No arguments parsed here, nothing printed.

pub mod access;
pub mod acknowledge;
pub mod answer;
pub mod approval;
pub mod assess;
pub mod batch;
pub mod batch_report;
pub mod bounces;
pub mod calendar;
pub mod check;
pub mod coverage;
pub mod desk;
pub mod diff;
pub mod erase;
pub mod explain;
pub mod generate;
pub mod impact;
pub mod import;
pub mod init;
pub mod ledger;
pub(crate) mod letter;
pub mod outbox;
pub mod oversight;
pub mod packs;
pub mod people;
pub mod policy;
pub mod prove;
pub mod receipt;
pub mod register;
pub mod remind;
pub mod report;
pub mod request;
pub mod schema;
pub mod status;
pub mod sync;
pub mod training;
pub mod transport;
pub mod verify;
pub mod what_if;

use std::path::Path;

use crate::base::diagnostic::Report;
use crate::contract::library::Reading;
use crate::pack::compile::Compiler;
use crate::project::DiskError;
use crate::project::read::{self, Location};

/// A workspace that was read, with what was found on the way.
pub struct Opened {
    /// Where it is.
    pub location: Location,
    /// The compiler; `None` when its foundations do not read.
    pub compiler: Option<Compiler>,
    /// Diagnostics.
    pub report: Report,
}

/// Reads a workspace.
///
/// # Errors
/// [`DiskError`] for what cannot be read at all; faults of content are in the report.
pub fn open(workspace: &Path) -> Result<Opened, DiskError> {
    let (location, inputs) = read::workspace(workspace)?;
    let mut report = Report::default();
    let compiler = Compiler::read(inputs, Reading::Whole, &mut report);
    Ok(Opened { location, compiler, report })
}

/// The suppliers that a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppliers {
    /// Every file of `suppliers/`.
    All,
    /// These ids.
    Named(Vec<String>),
}

impl Suppliers {
    /// The ids, in the order in which they are worked on.
    pub fn ids(&self, compiler: &Compiler) -> Vec<String> {
        match self {
            Self::All => compiler.suppliers().into_iter().map(str::to_owned).collect(),
            Self::Named(names) => names.clone(),
        }
    }
}
