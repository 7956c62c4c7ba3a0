//! Faults of a register, each with its place; the same fault of neighbours is one line.

use std::collections::BTreeMap;
use std::fmt;

/// What a fault is a fault of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The file of the register as the database sees it.
    Store,
    /// Leaves: their spelling, order, kinds and times.
    Entries,
    /// Payloads and what destroyed them.
    Payloads,
    /// The tree.
    Tiles,
    /// Signed heads, in the register and in the workspace.
    Checkpoints,
    /// Keys.
    Keys,
    /// Kept files.
    Files,
    /// Mails and links.
    Outbox,
}

impl Part {
    /// All parts, in the order in which they are told.
    pub const ALL: [Self; 8] = [Self::Store, Self::Entries, Self::Payloads, Self::Tiles, Self::Checkpoints, Self::Keys, Self::Files, Self::Outbox];

    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Entries => "entries",
            Self::Payloads => "payloads",
            Self::Tiles => "tiles",
            Self::Checkpoints => "checkpoints",
            Self::Keys => "keys",
            Self::Files => "files",
            Self::Outbox => "outbox",
        }
    }

    /// What to do about a fault of this part.
    pub fn help(self) -> &'static str {
        match self {
            Self::Store => "restore `countersign.db` from a backup, then verify again",
            Self::Entries | Self::Payloads => {
                "restore `countersign.db` from a backup that `ledger verify` finds whole; nothing else brings back what was recorded"
            }
            Self::Tiles => "restore `countersign.db` from a backup; the tiles alone say nothing that the leaves do not say",
            Self::Checkpoints => "compare with what others keep: the history of `checkpoints/` in git, receipts, exported logs (`ledger compare`)",
            Self::Keys => {
                "restore `checkpoints/keys` from git and `countersign-<id>.key` from where keys are kept; a key that no entry names counts for nothing"
            }
            Self::Files => "restore `countersign.db` from a backup; the digest says which bytes are meant",
            Self::Outbox => "send nothing before this is understood; restore `countersign.db` from a backup",
        }
    }
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Of which part.
    pub part: Part,
    /// Why it does not hold.
    pub why: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Named(String),
    /// The same fault of things that follow one another.
    Numbered {
        noun: &'static str,
        first: u64,
        last: u64,
        count: u64,
    },
}

impl Fault {
    /// Where it is: `entry 17`, `entries 17 to 20`, `tile/0/000`.
    pub fn place(&self) -> String {
        match &self.place {
            Place::Named(name) => name.clone(),
            Place::Numbered { noun, first, count: 1, .. } => format!("{noun} {first}"),
            Place::Numbered { noun: "entry", first, last, .. } => format!("entries {first} to {last}"),
            Place::Numbered { noun, first, last, count } => format!("{noun}s {first} to {last} ({count})"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.why)
    }
}

/// Every fault of a register, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<Fault>,
    /// The last fault of each kind, with the ordinal of its last place, for merging neighbours.
    open: BTreeMap<(Part, &'static str, String), (usize, u64)>,
}

impl Faults {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.faults.iter()
    }

    /// Those of a part.
    pub fn of(&self, part: Part) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| fault.part == part)
    }

    /// Adds a fault at a named place.
    pub(super) fn push(&mut self, part: Part, place: impl Into<String>, why: impl fmt::Display) {
        self.faults.push(Fault { part, why: why.to_string(), place: Place::Named(place.into()) });
    }

    /// Adds a fault of an entry.
    pub(super) fn entry(&mut self, part: Part, entry: u64, why: impl fmt::Display) {
        self.numbered(part, "entry", entry, entry, why);
    }

    /// Adds a fault of something with a number; its ordinal says what its neighbour is.
    pub(super) fn numbered(&mut self, part: Part, noun: &'static str, ordinal: u64, number: u64, why: impl fmt::Display) {
        let why = why.to_string();
        if let Some((at, before)) = self.open.get_mut(&(part, noun, why.clone()))
            && *before + 1 == ordinal
            && let Some(Fault { place: Place::Numbered { last, count, .. }, .. }) = self.faults.get_mut(*at)
        {
            (*before, *last) = (ordinal, number);
            *count += 1;
            return;
        }
        self.open.insert((part, noun, why.clone()), (self.faults.len(), ordinal));
        self.faults.push(Fault { part, why, place: Place::Numbered { noun, first: number, last: number, count: 1 } });
    }
}
