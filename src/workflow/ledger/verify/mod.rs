//! `ledger verify`: everything that is kept, checked against everything else, with every fault and its place in one run.
//!
//! It shares nothing with [`Register::open`](crate::workflow::register::Register::open) but the formats: that one stops at the first fault,
//! this one goes on. The anchor of all trust is `checkpoints/keys`; from there signatures lead to roots, roots to leaves, leaves to payloads,
//! and payloads to files and to the outbox.
//!
//! What no check of one workspace can show: that the whole of it, checkpoints and keys included, is an older copy or was made anew. A
//! checkpoint that somebody else keeps shows that: in git, beside a receipt, in an exported log (`ledger compare`).

mod beside;
mod chain;
mod checkpoints;
mod fault;

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::instant::Instant;
use crate::ledger::hash::Hash;
use crate::ledger::key::VerifierKey;
use crate::project::register as files;
use crate::store::{SqliteStore, Store};
use crate::workflow::register::RegisterError;

pub use fault::{Fault, Faults, Part};

/// What the check of a register found.
#[derive(Debug)]
pub struct Findings {
    /// Origin of the ledger, as its first entry says.
    pub origin: String,
    /// The organisation, as its first entry says.
    pub organisation: String,
    /// Entries.
    pub size: u64,
    /// The root over all entries, computed from the leaves; `None` when one is missing.
    pub root: Option<Hash>,
    /// When the first entry was recorded.
    pub first: Option<Instant>,
    /// When the newest entry was recorded.
    pub last: Option<Instant>,
    /// The newest checkpoint, where there is one.
    pub newest: Option<Newest>,
    /// How many entries there are of each kind.
    pub kinds: BTreeMap<String, u64>,
    /// Every key that the entries name, in order.
    pub keys: Vec<KeySpan>,
    /// What was counted in each part.
    pub counts: Counts,
    /// Every fault.
    pub faults: Faults,
    /// What is worth knowing and no fault.
    pub notes: Vec<String>,
    /// Sizes of checkpoints that were written into the workspace again.
    pub mended: Vec<u64>,
}

/// The newest checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its size.
    pub size: u64,
    /// The keys of the ledger that signed it, without their base64.
    pub signed_by: Vec<String>,
}

/// A key and the entries during which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpan {
    /// The verifier key.
    pub key: String,
    /// The entry that names it first.
    pub since: u64,
    /// The entry that retires it.
    pub until: Option<u64>,
    /// Whether its signing key is in the workspace.
    pub is_here: bool,
}

/// How much there was to check.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Leaves.
    pub leaves: u64,
    /// Payloads that fit their commitment.
    pub payloads: u64,
    /// Entries whose payload was destroyed.
    pub destroyed: u64,
    /// Tiles.
    pub tiles: u64,
    /// Checkpoints in the register.
    pub checkpoints: u64,
    /// Checkpoints in the workspace.
    pub copies: u64,
    /// Kept files.
    pub files: u64,
    /// Mails in the outbox.
    pub mails: u64,
    /// Links.
    pub links: u64,
}

impl Findings {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Checks the register of a workspace; with `mend`, checkpoints that are missing in the folder are written there again, if they hold.
///
/// # Errors
/// [`RegisterError::RolledBack`] when there are checkpoints and no register, [`RegisterError::Store`] when there is none or it cannot be
/// opened, [`RegisterError::Disk`] for a folder that cannot be read. What does not hold is a [`Fault`], not an error.
pub fn verify(root: &Path, mend: bool) -> Result<Findings, RegisterError> {
    // Before the store, as in `Register::open`: a commit comes before its checkpoint, so the store can only be further.
    let copies = files::checkpoint_sizes(root)?;
    let listed = files::verifier_keys(root)?;
    let path = root.join(files::DATABASE);
    if let Some(newest) = copies.last().filter(|_| !path.exists()) {
        return Err(RegisterError::RolledBack { size: 0, newest: *newest });
    }
    let mut store = SqliteStore::open(&path, false)?;
    let view = store.view()?;
    let view = view.as_ref();
    let mut faults = Faults::default();
    match view.flaws() {
        Ok(flaws) => flaws.into_iter().for_each(|flaw| faults.push(Part::Store, files::DATABASE, flaw)),
        Err(error) => faults.push(Part::Store, files::DATABASE, error),
    }
    let mut findings = Findings {
        origin: String::new(),
        organisation: String::new(),
        size: 0,
        root: None,
        first: None,
        last: None,
        newest: None,
        kinds: BTreeMap::new(),
        keys: Vec::new(),
        counts: Counts::default(),
        faults,
        notes: Vec::new(),
        mended: Vec::new(),
    };
    let wanted = checkpoints::sizes(view, &copies, &mut findings);
    let chain = chain::read(view, &wanted, &mut findings);
    let trusted = beside::keys(root, &listed, &wanted, &chain, &mut findings);
    checkpoints::check(root, view, &copies, &trusted, &chain, mend, &mut findings);
    beside::kept_files(view, &chain, &mut findings);
    beside::outbox(root, view, &chain, &mut findings);
    Ok(findings)
}

/// Keys that a line of `checkpoints/keys` can hold, by their text.
type Trusted = BTreeMap<String, VerifierKey>;
