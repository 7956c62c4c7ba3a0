//! Entries: every leaf and payload, and what follows from them for the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::compliance::book::{MailDecision, MailState};
use crate::ledger::hash::Hash;
use crate::ledger::leaf::{Leaf, Salt, commit};
use crate::ledger::tile::{Row, TILE_WIDTH, TileCoordinate, tiles};
use crate::ledger::tree::leaf_hash;
use crate::ledger::verify::{Frontier, TileCheck, TileFault};
use crate::record::event::Erasure;
use crate::record::{Event, Payload, State};
use crate::store::{StoredEntry, View};
use crate::workflow::ledger::verify::{Findings, KeySpan, Part};
use crate::workflow::register::Tiles;

/// What the entries say.
pub(super) struct Chain {
    /// The fold of all payloads that hold.
    pub(super) state: State,
    /// Roots from the leaves, at the sizes that were asked for.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// Whether every entry that brings or retires a key could be read.
    pub(super) is_key_history_whole: bool,
    /// Files that payloads point at, each with the first entry that does.
    pub(super) files: BTreeMap<Digest, u64>,
    /// Mails that were decided: entry, when, and what.
    pub(super) mails: BTreeMap<String, (u64, Instant, MailDecision)>,
    /// What was recorded of each mail, in order.
    pub(super) results: BTreeMap<String, Vec<MailState>>,
    /// When entries decided a mail whose payload cannot be read or was destroyed; `None` where even that cannot be read.
    pub(super) unread_mails: Vec<Option<Instant>>,
    /// The first entry that is missing: roots behind it are not known.
    pub(super) gap: Option<u64>,
    /// Entries whose leaf is not the one in its tile.
    pub(super) unlike_tile: Vec<(u64, TileCoordinate)>,
}

/// Reads all entries.
pub(super) fn read(view: &dyn View, wanted: &BTreeSet<u64>, findings: &mut Findings) -> Chain {
    let stored = Tiles(view);
    let mut reader = Reader {
        view,
        wanted,
        tiles: Some(TileCheck::new(&stored)),
        frontier: Frontier::default(),
        tile: None,
        expected: 0,
        destroyed: BTreeMap::new(),
        erasures: Vec::new(),
        chain: Chain {
            state: State::default(),
            roots: BTreeMap::from([(0, Hash::EMPTY)]),
            is_key_history_whole: true,
            files: BTreeMap::new(),
            mails: BTreeMap::new(),
            results: BTreeMap::new(),
            unread_mails: Vec::new(),
            gap: None,
            unlike_tile: Vec::new(),
        },
        findings,
    };
    let read = view.entries(0, &mut |position, entry| {
        reader.take(position, &entry);
        true
    });
    if let Err(error) = read {
        let from = reader.expected;
        reader.findings.faults.push(Part::Store, format!("entries from {from} on"), error);
        reader.tiles = None;
    }
    reader.finish()
}

/// One pass over the entries.
struct Reader<'a> {
    view: &'a dyn View,
    wanted: &'a BTreeSet<u64>,
    /// `None` behind a gap: then no tile can be computed.
    tiles: Option<TileCheck<'a, Tiles<'a, dyn View + 'a>>>,
    frontier: Frontier,
    /// The tile of the current leaves.
    tile: Option<(u64, Vec<u8>)>,
    /// The position that comes next.
    expected: u64,
    destroyed: BTreeMap<u64, Option<String>>,
    erasures: Vec<(u64, Erasure)>,
    chain: Chain,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn take(&mut self, position: u64, entry: &StoredEntry) {
        for missing in self.expected..position {
            self.findings.faults.entry(Part::Entries, missing, "it is missing");
            self.chain.gap.get_or_insert(missing);
            self.chain.is_key_history_whole = false;
            self.chain.unread_mails.push(None);
            self.tiles = None;
            let last = self.findings.last;
            self.skip(last);
        }
        self.expected = position + 1;
        self.findings.counts.leaves += 1;
        self.hash(position, &entry.leaf);
        let leaf = match Leaf::parse(&entry.leaf) {
            Ok(leaf) => Some(leaf),
            Err(error) => {
                self.findings.faults.entry(Part::Entries, position, error);
                None
            }
        };
        if let Some(leaf) = &leaf {
            *self.findings.kinds.entry(leaf.kind.clone()).or_default() += 1;
            if let Some(before) = self.findings.last.filter(|before| leaf.recorded < *before) {
                self.findings.faults.entry(Part::Entries, position, format!("it was recorded at {}, before the entry before it ({before})", leaf.recorded));
            }
            self.findings.first.get_or_insert(leaf.recorded);
            self.findings.last = Some(leaf.recorded);
        }
        match self.payload(position, entry, leaf.as_ref()) {
            Some(payload) => {
                self.follow(position, &payload);
                self.chain.state.apply(payload);
            }
            None => {
                let kind = leaf.as_ref().map(|leaf| leaf.kind.as_str());
                if kind.is_none_or(|kind| kind == "mail.decided") {
                    self.chain.unread_mails.push(leaf.as_ref().map(|leaf| leaf.recorded));
                }
                self.chain.is_key_history_whole &= kind.is_some_and(|kind| kind != "register.opened" && !kind.starts_with("key."));
                self.skip(leaf.map(|leaf| leaf.recorded));
            }
        }
    }

    /// Tree and tiles take the leaf in.
    fn hash(&mut self, position: u64, leaf: &[u8]) {
        let (index, at) = (position / u64::from(TILE_WIDTH), position % u64::from(TILE_WIDTH));
        if self.tile.as_ref().is_none_or(|(held, _)| *held != index) {
            // What cannot be read counts as missing, which is told elsewhere.
            self.tile = Some((index, self.view.tile(0, index).ok().flatten().unwrap_or_default()));
        }
        let byte = usize::try_from(at).unwrap_or_default() * Hash::BYTES;
        let kept = self.tile.as_ref().and_then(|(_, bytes)| bytes.get(byte..byte + Hash::BYTES));
        if kept.is_some_and(|kept| kept != leaf_hash(leaf).bytes()) {
            self.chain.unlike_tile.push((position, TileCoordinate { row: Row::Level(0), index, width: TILE_WIDTH }));
        }
        if self.chain.gap.is_some() {
            return;
        }
        self.frontier.push(leaf);
        if self.wanted.contains(&self.frontier.size()) {
            self.chain.roots.insert(self.frontier.size(), self.frontier.root());
        }
        if let Some(Err(fault)) = self.tiles.as_mut().map(|tiles| tiles.push(leaf)) {
            self.tile_fault(&fault);
        }
    }

    /// The payload, if it is there and holds.
    fn payload(&mut self, position: u64, entry: &StoredEntry, leaf: Option<&Leaf>) -> Option<Payload> {
        let faults = &mut self.findings.faults;
        let Some(content) = &entry.content else {
            self.findings.counts.destroyed += 1;
            self.destroyed.insert(position, entry.subject.clone());
            return None;
        };
        // Without a leaf nothing says what the payload should be.
        let leaf = leaf?;
        let fits = <[u8; 32]>::try_from(content.salt.as_slice()).is_ok_and(|salt| commit(&Salt::new(salt), &content.payload) == leaf.commitment);
        if !fits {
            faults.entry(Part::Payloads, position, "its payload or salt was changed");
            return None;
        }
        let payload = match Payload::decode_strict(&content.payload) {
            Ok(payload) => payload,
            Err(error) => {
                faults.entry(Part::Payloads, position, error);
                return None;
            }
        };
        self.findings.counts.payloads += 1;
        if payload.event.kind() != leaf.kind {
            faults.entry(Part::Payloads, position, format!("its leaf is of kind `{}`, its payload of kind `{}`", leaf.kind, payload.event.kind()));
        }
        if payload.recorded != leaf.recorded {
            faults.entry(Part::Payloads, position, "its leaf and its payload name different times");
        }
        if payload.event.subject() != entry.subject.as_deref() {
            faults.entry(Part::Payloads, position, "it is kept under another person than its payload is about, so an erasure would miss it");
        }
        Some(payload)
    }

    /// What the payload means for the rest.
    fn follow(&mut self, position: u64, payload: &Payload) {
        let findings = &mut *self.findings;
        if (position == 0) != matches!(payload.event, Event::Opened(_)) {
            findings.faults.entry(Part::Entries, position, "the first entry, and no other, is `register.opened`");
        }
        for digest in payload.event.files() {
            self.chain.files.entry(digest.clone()).or_insert(position);
        }
        match &payload.event {
            Event::Opened(opening) => {
                findings.origin.clone_from(&opening.origin);
                findings.organisation.clone_from(&opening.organisation);
                findings.keys.push(KeySpan { key: opening.key.clone(), since: position, until: None, is_here: false });
            }
            Event::KeyAdded(change) => findings.keys.push(KeySpan { key: change.key.clone(), since: position, until: None, is_here: false }),
            Event::KeyRetired(change) => match findings.keys.iter_mut().find(|span| span.key == change.key && span.until.is_none()) {
                Some(span) => span.until = Some(position),
                None => findings.faults.entry(Part::Keys, position, "it retires a key that did not sign"),
            },
            Event::Erased(erasure) => self.erasures.push((position, erasure.clone())),
            Event::Signed(signed) => {
                // What was shown must be kept as long as the register says that it was.
                for digest in [&signed.pdf, &signed.shown] {
                    self.chain.files.entry(digest.clone()).or_insert(position);
                }
            }
            Event::MailDecided(decision) => {
                self.chain.mails.insert(decision.key.clone(), (position, payload.recorded, decision.clone()));
            }
            Event::MailSettled(result) => self.chain.results.entry(result.key.clone()).or_default().push(result.result),
            _ => {}
        }
    }

    fn skip(&mut self, recorded: Option<Instant>) {
        self.chain.state.take(recorded.unwrap_or(Instant::from_millis(0)), None);
    }

    fn tile_fault(&mut self, fault: &TileFault) {
        // Missing and surplus tiles are told by looking at all of them.
        if let TileFault::Different(tile) = fault {
            self.findings.faults.push(Part::Tiles, tile.path(), "it does not follow from the leaves");
        }
    }

    fn finish(mut self) -> Chain {
        self.findings.size = self.expected;
        if self.chain.gap.is_none() {
            self.findings.root = Some(self.frontier.root());
        }
        if let Some(Err(fault)) = self.tiles.take().map(TileCheck::finish) {
            self.tile_fault(&fault);
        }
        self.present_tiles();
        self.destruction();
        self.chain
    }

    /// Tiles that should be there, and tiles that should not.
    fn present_tiles(&mut self) {
        let findings = &mut *self.findings;
        let mut expected: BTreeMap<(Row, u64), TileCoordinate> = tiles(self.expected).map(|tile| ((tile.row, tile.index), tile)).collect();
        let mut surplus = Vec::new();
        let mut count = 0;
        let read = self.view.tiles(&mut |(level, index, _)| {
            count += 1;
            if expected.remove(&(Row::Level(level), index)).is_none() {
                surplus.push(TileCoordinate { row: Row::Level(level), index, width: TILE_WIDTH });
            }
        });
        findings.counts.tiles = count;
        if let Err(error) = read {
            return findings.faults.push(Part::Store, "tiles", error);
        }
        for tile in expected.into_values() {
            findings.faults.push(Part::Tiles, tile.path(), "it is missing");
        }
        for tile in surplus {
            findings.faults.push(Part::Tiles, tile.path(), "it is kept, and the tree has no such tile");
        }
    }

    /// Every destroyed payload was destroyed by an entry that says so, and every such entry was carried out.
    fn destruction(&mut self) {
        let faults = &mut self.findings.faults;
        let mut covered: BTreeMap<u64, (u64, &str)> = BTreeMap::new();
        for (by, erasure) in &self.erasures {
            covered.extend(erasure.entries.iter().map(|entry| (*entry, (*by, erasure.person.as_str()))));
        }
        for (entry, subject) in &self.destroyed {
            match covered.remove(entry) {
                None => faults.entry(Part::Payloads, *entry, "its payload is gone, and no entry `person.erased` says so"),
                Some((by, person)) if subject.as_deref().is_some_and(|subject| subject != person) => {
                    faults.entry(Part::Payloads, *entry, format!("its payload is gone, and entry {by}, which says so, erases another person"));
                }
                Some(_) => {}
            }
        }
        for (entry, (by, _)) in covered {
            faults.entry(Part::Payloads, entry, format!("entry {by} says that its payload was destroyed, and it is still there"));
        }
    }
}
