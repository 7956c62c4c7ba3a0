//! The log as a folder of static files that any C2SP client reads (tlog-tiles): leaves only, nothing of what entries say.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ledger::checkpoint::{Checkpoint, open};
use crate::ledger::tile::{Row, TileCoordinate, bundles, encode_bundle, tiles};
use crate::ledger::verify::{Frontier, TileCheck};
use crate::project::{DiskError, log};
use crate::store::View;
use crate::workflow::ledger::prove::newest;
use crate::workflow::register::{Register, RegisterError, Tiles};

/// What an export did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The checkpoint that the folder has now.
    pub checkpoint: Checkpoint,
    /// Entries that the folder had before.
    pub before: u64,
    /// Files that were written, the checkpoint not counted.
    pub files: usize,
}

/// Exports the log, or adds to an export what came since. Full tiles are never written twice; partial ones of before stay.
///
/// Tiles are computed once more from the leaves on the way, so that a damaged register is not exported, and every full tile that the folder
/// has already is compared, so that a damaged export is not extended.
///
/// # Errors
/// [`RegisterError::Integrity`] when the folder holds another log, a longer one, or one that this register does not extend;
/// [`RegisterError::Refused`] when it holds anything else, [`RegisterError::Disk`] when it cannot be written.
pub fn export(register: &mut Register, folder: &Path) -> Result<Exported, RegisterError> {
    let trusted = register.trusted().to_vec();
    let place = folder.display().to_string();
    let there = log::checkpoint(folder).map_err(|error| match error {
        DiskError::Exists { .. } => {
            RegisterError::refused(format!("`{place}` holds files and is no log"), "choose a folder that is absent, empty, or holds an earlier export")
        }
        other => other.into(),
    })?;
    let there = there.map(|note| open(&note, &trusted).map_err(|error| RegisterError::integrity(format!("{place}/{}", log::CHECKPOINT), error))).transpose()?;
    let view = register.view()?;
    let (note, checkpoint) = newest(view.as_ref(), &trusted)?;
    if let Some(old) = &there {
        if old.origin != checkpoint.origin {
            return Err(RegisterError::integrity(place, format!("it holds the log `{}`, this register is `{}`", old.origin, checkpoint.origin)));
        }
        if old.size > checkpoint.size {
            let why = format!("it holds {} entries, the register has {}: the register is an older copy, or entries were taken away", old.size, checkpoint.size);
            return Err(RegisterError::integrity(place, why));
        }
    }
    let before = there.as_ref().map_or(0, |old| old.size);
    let files = files(view.as_ref(), there.as_ref(), &checkpoint, &place)?;
    drop(view);
    let written = if there.is_some() {
        log::extend(folder, &files, &note).map_err(|error| match error {
            DiskError::Exists { path } => RegisterError::integrity(path.display().to_string(), "its bytes are not those of this log; nothing was written"),
            other => other.into(),
        })?
    } else {
        let count = files.len();
        log::create(folder, files, &note)?;
        count
    };
    Ok(Exported { checkpoint, before, files: written })
}

/// Every file of the log, when it begins with the entries of the old checkpoint.
fn files(view: &dyn View, old: Option<&Checkpoint>, new: &Checkpoint, place: &str) -> Result<BTreeMap<String, Vec<u8>>, RegisterError> {
    let mut files = BTreeMap::new();
    let mut wanted = bundles(new.size).peekable();
    let mut bundle: Vec<Vec<u8>> = Vec::new();
    let stored = Tiles(view);
    let mut check = TileCheck::new(&stored);
    let mut frontier = Frontier::default();
    let mut fault = None;
    view.entries(0, &mut |position, entry| {
        if position >= new.size {
            return false;
        }
        frontier.push(&entry.leaf);
        if old.is_some_and(|old| old.size == frontier.size() && old.root != frontier.root()) {
            fault = Some(RegisterError::integrity(place, "it holds other entries than this register"));
        }
        if let Err(error) = check.push(&entry.leaf) {
            fault = Some(RegisterError::integrity("tiles", error));
        }
        bundle.push(entry.leaf);
        if let Some(tile) = wanted.next_if(|tile| bundle.len() == usize::from(tile.width)) {
            match encode_bundle(&bundle) {
                Ok(bytes) => drop(files.insert(tile.path(), bytes)),
                Err(error) => fault = Some(RegisterError::integrity(format!("entries up to {position}"), error)),
            }
            bundle.clear();
        }
        fault.is_none()
    })?;
    if fault.is_none() {
        fault = check.finish().err().map(|error| RegisterError::integrity("tiles", error));
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    if frontier.root() != new.root {
        return Err(RegisterError::integrity("entries", "they do not give the root that was signed"));
    }
    for tile in tiles(new.size) {
        files.insert(tile.path(), hashes(view, tile)?);
    }
    Ok(files)
}

/// The bytes of a tile, as wide as the tree needs it.
fn hashes(view: &dyn View, tile: TileCoordinate) -> Result<Vec<u8>, RegisterError> {
    let missing = || RegisterError::integrity(tile.path(), "it is missing");
    let Row::Level(level) = tile.row else { return Err(missing()) };
    let mut bytes = view.tile(level, tile.index)?.ok_or_else(missing)?;
    bytes.truncate(usize::from(tile.width) * crate::ledger::hash::Hash::BYTES);
    Ok(bytes)
}
