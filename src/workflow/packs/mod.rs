//! Packs in the register: submit, approve, issue, execute, adopt, supersede, terminate; and what the register knows of them.
//!
//! Each verb asks the rules of `contract::permission` under the lock of the register and records what they allow. `generate` needs none of
//! this: a pack on disk is complete without a register.

mod adopt;
mod approve;
mod end;
mod execute;
mod issue;
mod submit;
pub mod view;

use std::path::{Path, PathBuf};

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::contract::entity::Workspace;
use crate::contract::lifecycle::{Contracts, PackRecord};
use crate::contract::permission::Refusal;
use crate::pack::compile::Compiler;
use crate::project::read::Location;
use crate::project::{DiskError, folder};
use crate::text::letters::unreadable;
use crate::workflow::register::{Edge, Register, RegisterError};
use crate::workflow::{Opened, verify};

pub use adopt::{AdoptOrder, Adopted};
pub use end::{supersede, terminate};
pub use execute::{Executed, SigningOrder};

/// Largest signed file or adopted contract in bytes: a few hundred scanned pages.
const LARGEST: usize = 64 << 20;
/// Longest text of an argument in characters.
const LONGEST: usize = 4_000;
/// Lock of a pack, inside its folder.
const MANIFEST: &str = "internal/manifest.json";

/// Why a verb about packs did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The register, a rule, or a file.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A pack folder is not what was generated, or not what was submitted.
    #[error("the pack in `{}` does not hold", folder.display())]
    Broken {
        /// The folder.
        folder: PathBuf,
        /// Each names a file.
        faults: Vec<String>,
    },
}

impl From<Refusal> for RegisterError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { message: refusal.message, help: refusal.help }
    }
}

impl From<Refusal> for PackError {
    fn from(refusal: Refusal) -> Self {
        Self::Register(refusal.into())
    }
}

impl From<DiskError> for PackError {
    fn from(error: DiskError) -> Self {
        Self::Register(error.into())
    }
}

/// A workspace and its register, opened together.
pub struct Desk {
    compiler: Compiler,
    location: Location,
    register: Register,
    deny_warnings: bool,
}

impl Desk {
    /// Opens the register of a workspace that was read; `None` when faults of the workspace stop everything.
    ///
    /// # Errors
    /// As [`Register::open`].
    pub fn open(opened: Opened, edge: Edge, deny_warnings: bool) -> Result<(Option<Self>, Report), PackError> {
        let Opened { location, compiler, report } = opened;
        let stops = report.has_errors() || (deny_warnings && report.warnings() > 0);
        let Some(compiler) = compiler.filter(|_| !stops) else { return Ok((None, report)) };
        let register = Register::open(&location.root, edge)?;
        Ok((Some(Self { compiler, location, register, deny_warnings }), report))
    }

    /// The packs of the register.
    pub fn contracts(&self) -> &Contracts {
        &self.register.state().contracts
    }

    fn stops(&self, report: &Report) -> bool {
        report.has_errors() || (self.deny_warnings && report.warnings() > 0)
    }

    /// The id of the pack that an argument names, whose folder, if there is one, must be what was submitted.
    fn checked(&self, argument: &str) -> Result<String, PackError> {
        let (id, folder) = named(self.contracts(), argument)?;
        let pack = self.contracts().find(&id)?;
        let usual = self.location.output.join(pack.supplier()).join(&id);
        if let Some(folder) = folder.or_else(|| usual.is_dir().then_some(usual)) {
            check(&folder, pack)?;
        }
        Ok(id)
    }
}

/// The id of the pack that an argument names, and its folder when the argument is one.
///
/// Up to 12 hexadecimal digits are an id or the beginning of one; a folder of such a name is meant by `./` before it.
///
/// # Errors
/// A refusal when the register has no such pack or several; [`DiskError::Read`] when a folder is no pack.
pub fn named(contracts: &Contracts, argument: &str) -> Result<(String, Option<PathBuf>), PackError> {
    let folder = PathBuf::from(argument);
    if !is_id(argument) && (folder.is_dir() || argument.contains(['/', '\\'])) {
        let manifest = crate::project::read::manifest(&folder)?.map_err(|why| broken(&folder, format!("{MANIFEST}: not a manifest: {why}")))?;
        if !contracts.packs.contains_key(&manifest.pack) {
            let help = format!("`countersign pack submit {argument}` adds it");
            return Err(Refusal::new(format!("the pack {} is not in the register", manifest.pack), help).into());
        }
        return Ok((manifest.pack, Some(folder)));
    }
    Ok((contracts.find(argument)?.id().to_owned(), None))
}

/// Whether a folder holds, and is the one that was submitted.
fn check(folder: &Path, pack: &PackRecord) -> Result<(), PackError> {
    let faults = verify::digests(folder)?;
    if !faults.is_empty() {
        return Err(PackError::Broken { folder: folder.to_owned(), faults });
    }
    let found = Digest::of(&folder::file(&folder.join(MANIFEST))?);
    match pack.submission() {
        Some(submission) if submission.manifest != found => {
            Err(broken(folder, format!("{MANIFEST}: its SHA-256 is {found}, but {} was submitted", submission.manifest)))
        }
        _ => Ok(()),
    }
}

fn broken(folder: &Path, fault: String) -> PackError {
    PackError::Broken { folder: folder.to_owned(), faults: vec![fault] }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The day at one of our entities.
fn day(workspace: &Workspace, entity: &str, now: Instant) -> Date {
    let zone = workspace.entities.get(entity).map(|entity| entity.calendar.time_zone.as_str());
    zone.and_then(|zone| now.date_in(zone)).unwrap_or_else(|| now.date())
}

/// A text of the command line, as it is recorded: trimmed, not empty, and readable on every terminal.
fn text(what: &str, given: &str) -> Result<String, Refusal> {
    let given = given.trim();
    if given.is_empty() || given.chars().count() > LONGEST {
        return Err(Refusal::new(format!("{what} is empty or too long"), format!("write 1 to {LONGEST} characters")));
    }
    match unreadable(given).first() {
        Some(fault) => Err(Refusal::new(format!("{what}: {fault}"), "remove it, or write the text anew by hand")),
        None => Ok(given.to_owned()),
    }
}

/// The bytes of a file that the register is to keep.
fn bytes(path: &Path) -> Result<Vec<u8>, PackError> {
    let bytes = folder::file(path)?;
    if bytes.is_empty() {
        return Err(Refusal::new(format!("`{}` is empty", path.display()), "give the file that was signed").into());
    }
    if bytes.len() > LARGEST {
        return Err(DiskError::TooLarge { path: path.to_owned(), bytes: bytes.len(), most: LARGEST }.into());
    }
    Ok(bytes)
}
