//! Checkpoints: those of the register, their copies in the workspace, and each against signatures and leaves.

use std::collections::BTreeSet;
use std::path::Path;

use crate::ledger::checkpoint::{Checkpoint, open};
use crate::ledger::key::VerifierKey;
use crate::project::register as files;
use crate::store::{StoredCheckpoint, View};
use crate::workflow::ledger::rotate::short;
use crate::workflow::ledger::verify::chain::Chain;
use crate::workflow::ledger::verify::{Findings, Newest, Part, Trusted};

/// The sizes at which a root will be wanted.
pub(super) fn sizes(view: &dyn View, copies: &[u64], findings: &mut Findings) -> BTreeSet<u64> {
    let mut sizes: BTreeSet<u64> = copies.iter().copied().collect();
    if let Err(error) = view.checkpoints(&mut |checkpoint| {
        sizes.insert(checkpoint.size);
    }) {
        findings.faults.push(Part::Store, "checkpoints", error);
    }
    sizes
}

/// Checks every checkpoint of the register and of the workspace.
pub(super) fn check(root: &Path, view: &dyn View, copies: &[u64], trusted: &Trusted, chain: &Chain, mend: bool, findings: &mut Findings) {
    let newest = match view.newest_checkpoint() {
        Ok(newest) => newest,
        Err(_) => return,
    };
    let mut check = Check { root, trusted, chain, mend, newest: newest.as_ref().map_or(0, |newest| newest.size), unequal: 0, kept: BTreeSet::new(), findings };
    let mut ordinal = 0;
    // A fault of the store in this pass was told in the first one.
    let _ = view.checkpoints(&mut |checkpoint| {
        check.stored(ordinal, &checkpoint);
        ordinal += 1;
    });
    check.findings.counts.checkpoints = ordinal;
    check.copies(copies);
    check.end(newest.as_ref());
}

struct Check<'a> {
    root: &'a Path,
    trusted: &'a Trusted,
    chain: &'a Chain,
    mend: bool,
    /// Size of the newest checkpoint of the register.
    newest: u64,
    /// Checkpoints whose root is not that of the leaves.
    unequal: u64,
    /// Sizes of the checkpoints in the register.
    kept: BTreeSet<u64>,
    findings: &'a mut Findings,
}

impl Check<'_> {
    /// A checkpoint of the register and its copy.
    fn stored(&mut self, ordinal: u64, checkpoint: &StoredCheckpoint) {
        let size = checkpoint.size;
        self.kept.insert(size);
        let mut holds = true;
        if let Err(why) = self.judge(size, &checkpoint.note) {
            holds = false;
            self.findings.faults.numbered(Part::Checkpoints, "checkpoint", ordinal, size, why);
        }
        let copy = match files::checkpoint(self.root, size) {
            Ok(copy) => copy,
            Err(error) => return self.findings.faults.numbered(Part::Checkpoints, "checkpoint", ordinal, size, error),
        };
        match copy {
            Some(copy) if copy == checkpoint.note => {}
            Some(copy) => {
                let why = match self.judge(size, &copy) {
                    Ok(()) => "the copy in `checkpoints/` holds, and the one in the register differs from it".to_owned(),
                    Err(why) => format!("the copy in `checkpoints/` differs, and of the copy: {why}"),
                };
                self.findings.faults.numbered(Part::Checkpoints, "checkpoint", ordinal, size, why);
            }
            None if self.mend && holds => match files::write_checkpoint(self.root, size, &checkpoint.note) {
                Ok(()) => self.findings.mended.push(size),
                Err(error) => self.findings.faults.numbered(Part::Checkpoints, "checkpoint", ordinal, size, error),
            },
            // Between its commit and its copy a process may have died, or may still be at work.
            None if size == self.newest => {
                self.findings.notes.push(format!("checkpoint {size}, the newest, has no copy in `checkpoints/` yet; the next command writes it"));
            }
            None => {
                let why = "it is missing in `checkpoints/`; restore it from git, or `--mend` writes it again";
                self.findings.faults.numbered(Part::Checkpoints, "checkpoint", ordinal, size, why);
            }
        }
    }

    /// Copies that the register knows nothing of.
    fn copies(&mut self, copies: &[u64]) {
        self.findings.counts.copies = copies.len() as u64;
        for (ordinal, size) in (0..).zip(copies) {
            if self.kept.contains(size) {
                continue;
            }
            let Ok(Some(note)) = files::checkpoint(self.root, *size) else {
                self.findings.notes.push(format!("a file in `checkpoints/` is named like a checkpoint for size {size}, and is none"));
                continue;
            };
            let why = match self.judge(*size, &note) {
                Ok(()) => "the register has lost it; the copy in `checkpoints/` holds".to_owned(),
                Err(why) => format!("the register has none for this size, and of the copy in `checkpoints/`: {why}"),
            };
            self.findings.faults.numbered(Part::Checkpoints, "checkpoint", ordinal, *size, why);
        }
    }

    /// Whether a note is what it must be for a size.
    fn judge(&mut self, size: u64, note: &str) -> Result<(), String> {
        let in_force = self.in_force(size);
        let checkpoint = open(note, &in_force).map_err(|error| match open(note, &self.all()) {
            Ok(_) => "it is signed by a key that did not sign then".to_owned(),
            Err(_) => error.to_string(),
        })?;
        self.fits(size, &checkpoint)
    }

    fn fits(&mut self, size: u64, checkpoint: &Checkpoint) -> Result<(), String> {
        if checkpoint.size != size {
            return Err(format!("it is for size {}", checkpoint.size));
        }
        if !self.findings.origin.is_empty() && checkpoint.origin.as_str() != self.findings.origin {
            return Err(format!("it is of another ledger, `{}`", checkpoint.origin));
        }
        if size > self.findings.size {
            return Err(format!("it was signed, and the register has {} entries only: it is an older copy, or entries were taken away", self.findings.size));
        }
        match self.chain.roots.get(&size) {
            Some(root) if *root == checkpoint.root => Ok(()),
            Some(_) => {
                self.unequal += 1;
                Err("the entries do not give the root that was signed".to_owned())
            }
            // Behind a gap there is nothing to compare with; the gap is told.
            None => Ok(()),
        }
    }

    /// The trusted keys that sign at a size, which counts the entries up to and with the one of the key.
    fn in_force(&self, size: u64) -> Vec<VerifierKey> {
        if !self.chain.is_key_history_whole {
            return self.all();
        }
        let spans = self.findings.keys.iter().filter(|span| span.since < size && span.until.is_none_or(|until| size <= until));
        spans.filter_map(|span| self.trusted.get(&span.key).cloned()).collect()
    }

    fn all(&self) -> Vec<VerifierKey> {
        self.trusted.values().cloned().collect()
    }

    /// The right edge, and which entries a wrong root comes from.
    fn end(self, newest: Option<&StoredCheckpoint>) {
        if self.newest < self.findings.size {
            for entry in self.newest..self.findings.size {
                self.findings.faults.entry(Part::Entries, entry, "no checkpoint was signed for it");
            }
        }
        if let Some(newest) = newest {
            let signed = self.in_force(newest.size).into_iter().filter(|key| open(&newest.note, std::slice::from_ref(key)).is_ok());
            let signed_by = signed.map(|key| short(&key.to_string()).to_owned()).collect();
            self.findings.newest = Some(Newest { size: newest.size, signed_by });
        }
        // The tile says which leaf was changed where the signed root says that one was. Where all roots hold, the tile is at fault.
        if self.unequal > 0 || self.chain.gap.is_some() {
            for (entry, tile) in &self.chain.unlike_tile {
                self.findings.faults.entry(Part::Entries, *entry, format!("its leaf is not the one that `{}` was made from", tile.path()));
            }
        }
    }
}
