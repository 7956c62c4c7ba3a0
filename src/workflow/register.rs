//! The register, opened: its state, and the one way in which anything is recorded.
//!
//! Opening checks everything that is read: every payload against its commitment, every leaf against the signed root, and the whole against
//! the newest checkpoint in the workspace. No command works on a register that does not hold.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::ledger::checkpoint::{self, Checkpoint};
use crate::ledger::key::{Origin, SigningKey, VerifierKey};
use crate::ledger::leaf::{Leaf, Salt, commit};
use crate::ledger::tile::TileSource;
use crate::ledger::tree;
use crate::ledger::verify::Frontier;
use crate::project::{DiskError, register as files};
use crate::record::event::{ClockSource, PAYLOAD_VERSION};
use crate::record::{Event, Payload, State};
use crate::store::{Content, SqliteStore, Store, StoreError, StoredCheckpoint, StoredCode, StoredEntry, StoredLink, StoredMail, Unit, View};

/// How far the clock may stand behind the newest entry, in seconds: clocks of two machines differ, and time servers step.
const CLOCK_TOLERANCE_SECS: i64 = 60;

/// Where time, chance and names enter.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Moment to take for now; the clock is asked when absent.
    pub now: Option<Instant>,
    /// Who runs the command, as they say.
    pub by: String,
    /// 32 bytes of chance.
    pub chance: fn() -> [u8; 32],
}

impl Edge {
    /// The clock and the chance of the system.
    pub fn system(by: impl Into<String>, now: Option<Instant>) -> Self {
        Self { now, by: by.into(), chance: crate::clock::chance }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.now.unwrap_or_else(crate::clock::now)
    }

    /// A new id: a letter, a hyphen and 80 bits of chance.
    pub fn id(&self, letter: char) -> String {
        format!("{letter}-{}", crate::base::encode::hex(&(self.chance)()[..10]))
    }
}

/// Why the register did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file beside it.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// What is kept is not what was recorded.
    #[error("{what}: {why}")]
    Integrity {
        /// The entry, file or checkpoint.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The register is older than a checkpoint that was issued.
    #[error("the register has {size} entries, but the workspace has a checkpoint for {newest}: it is an older copy, or entries were taken away")]
    RolledBack {
        /// Entries in the register.
        size: u64,
        /// Size of the newest checkpoint.
        newest: u64,
    },
    /// The clock is wrong now, or was wrong before.
    #[error("the clock says {now}, but the newest entry was recorded at {newest}")]
    ClockMovedBack {
        /// The clock.
        now: Instant,
        /// The newest entry.
        newest: Instant,
    },
    /// It was recorded, but the workspace has no copy of its checkpoint yet.
    #[error("it was recorded up to entry {}, but its checkpoint could not be copied into the workspace: {source}", size - 1)]
    Uncopied {
        /// Size of the checkpoint.
        size: u64,
        /// Why not.
        source: DiskError,
    },
    /// No signing key of the ledger is here.
    #[error("no signing key of the ledger is here: {0}")]
    NoKey(String),
    /// The rules do not allow it.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do.
        help: String,
    },
}

impl RegisterError {
    /// Makes a refusal.
    pub fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), help: help.into() }
    }

    pub(crate) fn integrity(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::Integrity { what: what.into(), why: why.to_string() }
    }
}

/// A register that was read and found to hold.
pub struct Register {
    root: PathBuf,
    store: Box<dyn Store>,
    state: State,
    frontier: Frontier,
    trusted: Vec<VerifierKey>,
    edge: Edge,
}

impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // No state: it is full of people.
        f.debug_struct("Register").field("root", &self.root).field("size", &self.state.size).finish_non_exhaustive()
    }
}

/// What one unit of work records and changes.
#[derive(Debug, Default)]
pub struct Draft {
    events: Vec<Event>,
    files: BTreeMap<Digest, Vec<u8>>,
    changes: Vec<Change>,
}

/// A change beside the entries.
#[derive(Debug)]
enum Change {
    AddMail(StoredMail),
    SetMail(StoredMail),
    AddLink(StoredLink),
    RotateLinks { request: String, but: String },
    UseLinks(String),
    SetLastRun(Instant),
    SetCode(StoredCode),
    LockLink(Digest),
    DestroyFile(Digest),
    Destroy { positions: Vec<u64>, requests: Vec<String>, mails: Vec<String> },
}

impl Draft {
    /// Records an event.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The state as it will be once this draft is recorded.
    pub fn preview(&self, before: &Before<'_>) -> State {
        let mut state = before.state.clone();
        for event in &self.events {
            state.apply(payload(event.clone(), before.now, before.edge));
        }
        state
    }

    /// Keeps a file and returns its digest.
    pub fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.files.insert(digest.clone(), bytes);
        digest
    }

    /// Adds a mail to the outbox.
    pub fn add_mail(&mut self, mail: StoredMail) {
        self.changes.push(Change::AddMail(mail));
    }

    /// Changes a mail of the outbox.
    pub fn set_mail(&mut self, mail: StoredMail) {
        self.changes.push(Change::SetMail(mail));
    }

    /// Adds a link.
    pub fn add_link(&mut self, link: StoredLink) {
        self.changes.push(Change::AddLink(link));
    }

    /// Lets the links of a request lapse, but those of one mail.
    pub fn rotate_links(&mut self, request: &str, but: &str) {
        self.changes.push(Change::RotateLinks { request: request.to_owned(), but: but.to_owned() });
    }

    /// Uses up the links of a request.
    pub fn use_links(&mut self, request: &str) {
        self.changes.push(Change::UseLinks(request.to_owned()));
    }

    /// Keeps when reminders were decided.
    pub fn set_last_run(&mut self, at: Instant) {
        self.changes.push(Change::SetLastRun(at));
    }

    /// Keeps the code of a link in place of the one before.
    pub fn set_code(&mut self, code: StoredCode) {
        self.changes.push(Change::SetCode(code));
    }

    /// Locks a link.
    pub fn lock_link(&mut self, link: Digest) {
        self.changes.push(Change::LockLink(link));
    }

    /// Destroys a kept file.
    pub fn destroy_file(&mut self, digest: Digest) {
        self.changes.push(Change::DestroyFile(digest));
    }

    /// Destroys salt and payload of entries, the links of requests, and mails.
    pub fn destroy(&mut self, positions: Vec<u64>, requests: Vec<String>, mails: Vec<String>) {
        self.changes.push(Change::Destroy { positions, requests, mails });
    }
}

/// What a unit of work may look at while it decides.
pub struct Before<'a> {
    /// The state that holds now.
    pub state: &'a State,
    /// What is kept beside the entries.
    pub view: &'a mut dyn Unit,
    /// The moment that is recorded.
    pub now: Instant,
    /// Where chance enters.
    pub edge: &'a Edge,
}

impl Register {
    /// Opens the register of a workspace and checks it.
    ///
    /// # Errors
    /// [`RegisterError::Store`], [`RegisterError::Integrity`], [`RegisterError::RolledBack`] and the like.
    pub fn open(root: &Path, edge: Edge) -> Result<Self, RegisterError> {
        Self::open_at(root, edge, false)
    }

    fn open_at(root: &Path, edge: Edge, create: bool) -> Result<Self, RegisterError> {
        // The newest checkpoint is read before the store: a commit comes before its checkpoint, so the store can only be further.
        let newest = files::newest_checkpoint(root)?;
        let path = root.join(files::DATABASE);
        if let Some(newest) = newest.filter(|_| !path.exists()) {
            return Err(RegisterError::RolledBack { size: 0, newest });
        }
        let store = Box::new(SqliteStore::open(&path, create)?);
        let trusted = trusted(root)?;
        let mut register = Self { root: root.to_owned(), store, state: State::default(), frontier: Frontier::default(), trusted, edge };
        let issued = match newest {
            Some(size) => Some((size, files::checkpoint(root, size)?.unwrap_or_default())),
            None => None,
        };
        let Self { store, state, frontier, trusted, .. } = &mut register;
        let unit = store.view()?;
        catch_up(unit.as_ref(), state, frontier, trusted, issued.as_ref())?;
        publish(root, state, trusted, unit.newest_checkpoint()?.as_ref())?;
        drop(unit);
        Ok(register)
    }

    /// Begins a register: makes a signing key and the secret of links where they are missing, and records the first entry.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when there is one already, [`RegisterError::RolledBack`] when there was one, [`RegisterError::NoKey`] when the
    /// workspace names a key of this ledger that is not here.
    pub fn begin(root: &Path, origin: &str, organisation: &str, edge: Edge) -> Result<Self, RegisterError> {
        let mut register = if root.join(files::DATABASE).exists() {
            Self::open(root, edge)?
        } else {
            // Asked before anything is made: a workspace with checkpoints has had a register, and keeps the keys that they were signed with.
            if let Some(newest) = files::newest_checkpoint(root)? {
                return Err(RegisterError::RolledBack { size: 0, newest });
            }
            make_secrets(root, origin, &edge)?;
            Self::open_at(root, edge, true)?
        };
        if register.state.size > 0 {
            return Err(RegisterError::refused(
                format!("there is a register with {} entries already", register.state.size),
                "use it; `countersign ledger rotate` adds a key",
            ));
        }
        let keys = signing_keys(root)?;
        let key = keys.iter().find(|key| key.origin().as_str() == origin).ok_or_else(|| RegisterError::NoKey(format!("one for `{origin}` must sign")))?;
        let key = key.verifier().to_string();
        let (origin, organisation) = (origin.to_owned(), organisation.to_owned());
        register.change(|before, draft| {
            if before.state.size > 0 {
                return Err(RegisterError::refused("another process began the register just now", "use it"));
            }
            draft.record(Event::Opened(crate::record::event::Opening { origin, organisation, key }));
            Ok(())
        })?;
        Ok(register)
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Folder of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where time, chance and names enter.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Verifier keys of the workspace.
    pub fn trusted(&self) -> &[VerifierKey] {
        &self.trusted
    }

    /// The signing keys that sign now.
    ///
    /// # Errors
    /// [`RegisterError::NoKey`].
    pub fn signers(&self) -> Result<Vec<SigningKey>, RegisterError> {
        signers(&self.root, &self.state)
    }

    /// The state and what is kept beside it, after taking in what other processes recorded since.
    ///
    /// # Errors
    /// As [`Register::open`].
    pub fn look(&mut self) -> Result<(&State, Box<dyn View + '_>), RegisterError> {
        let Self { root, store, state, frontier, trusted, .. } = self;
        let view = store.view()?;
        if view.size()? != state.size {
            // Another process may have changed keys as well.
            *trusted = self::trusted(root)?;
            if let Err(error) = catch_up(view.as_ref(), state, frontier, trusted, None) {
                // Half of it may be in the state already: it is read again.
                (*state, *frontier) = (State::default(), Frontier::default());
                return Err(error);
            }
        }
        Ok((state, view))
    }

    /// A view of what is kept.
    ///
    /// # Errors
    /// [`RegisterError::Store`].
    pub fn view(&mut self) -> Result<Box<dyn View + '_>, RegisterError> {
        Ok(self.store.view()?)
    }

    /// Sees to it that what was destroyed is in no file any more.
    ///
    /// # Errors
    /// [`RegisterError::Store`].
    pub fn settle(&mut self) -> Result<(), RegisterError> {
        Ok(self.store.settle()?)
    }

    /// The bytes of a kept file.
    ///
    /// # Errors
    /// [`RegisterError::Integrity`] when it is missing or is not what its digest says.
    pub fn file(&mut self, digest: &Digest) -> Result<Vec<u8>, RegisterError> {
        let bytes = self.view()?.file(digest)?.ok_or_else(|| RegisterError::integrity(format!("file {digest}"), "it is missing"))?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(RegisterError::integrity(format!("file {digest}"), "its bytes were changed")) }
    }

    /// The state as it was known at a moment: the fold of what had been recorded by then.
    ///
    /// # Errors
    /// As [`Register::open`].
    pub fn known_at(&mut self, moment: Instant) -> Result<State, RegisterError> {
        let mut state = State::default();
        let mut fault = None;
        self.view()?.entries(0, &mut |position, entry| match read(position, &entry) {
            Ok((leaf, _)) if leaf.recorded > moment => false,
            Ok((leaf, payload)) => {
                state.take(leaf.recorded, payload);
                true
            }
            Err(error) => {
                fault = Some(error);
                false
            }
        })?;
        fault.map_or(Ok(state), Err)
    }

    /// Folds the entries again and shows each with the state before it; of those whose payload was destroyed only the place is left, and they
    /// are not shown.
    ///
    /// # Errors
    /// As [`Register::open`].
    pub fn replay(&mut self, look: &mut dyn FnMut(&Payload, &State)) -> Result<(), RegisterError> {
        let mut state = State::default();
        let mut fault = None;
        self.view()?.entries(0, &mut |position, entry| match read(position, &entry) {
            Ok((leaf, payload)) => {
                if let Some(payload) = &payload {
                    look(payload, &state);
                }
                state.take(leaf.recorded, payload);
                true
            }
            Err(error) => {
                fault = Some(error);
                false
            }
        })?;
        fault.map_or(Ok(()), Err)
    }

    /// The state as an auditor would have seen it on a day: of a day that is over everywhere only what was recorded by then counts, unless a
    /// moment of knowledge is given. A day is over everywhere at noon in UTC of the next one.
    ///
    /// # Errors
    /// As [`Register::open`].
    pub fn as_of(&mut self, day: Option<Date>, known_at: Option<Instant>) -> Result<Cow<'_, State>, RegisterError> {
        let now = self.edge.now();
        let settled = |day: Date| Instant::start_of(day.plus_days(1), "UTC").map(|start| start.plus_secs(12 * 3600));
        let moment = known_at.or_else(|| day.and_then(settled).filter(|settled| *settled < now));
        match moment {
            Some(moment) => Ok(Cow::Owned(self.known_at(moment)?)),
            None => Ok(Cow::Borrowed(&self.state)),
        }
    }

    /// Decides under the lock and records what was decided: entries, tiles, checkpoint and every change beside them, in one transaction.
    ///
    /// # Errors
    /// What `decide` says; nothing was recorded then. [`RegisterError::Uncopied`] is the one failure after the commit: the copy of the
    /// checkpoint in the workspace was not written, and the next command writes it.
    pub fn change<T>(&mut self, decide: impl FnOnce(&mut Before<'_>, &mut Draft) -> Result<T, RegisterError>) -> Result<T, RegisterError> {
        let Self { root, store, state, frontier, trusted, edge } = self;
        let mut unit = store.unit()?;
        // Another process may have changed keys since.
        *trusted = self::trusted(root)?;
        catch_up(unit.as_ref(), state, frontier, trusted, None)?;
        // A process that died between its commit and these files left them to us; afterwards nobody could tell. And a key must be in the
        // workspace before a checkpoint depends on it alone, which the next entry can bring about.
        publish(root, state, trusted, unit.newest_checkpoint()?.as_ref())?;
        not_ahead(edge, state)?;
        let now = monotone(edge.now(), state.recorded)?;
        let mut draft = Draft::default();
        let result = decide(&mut Before { state, view: unit.as_mut(), now, edge }, &mut draft)?;
        for (digest, bytes) in &draft.files {
            unit.keep(digest, bytes)?;
        }
        let from = state.size;
        let mut payloads = Vec::with_capacity(draft.events.len());
        let mut stored = Vec::with_capacity(draft.events.len());
        for event in draft.events {
            let (payload, entry) = entry(event, now, edge)?;
            payloads.push(payload);
            stored.push(entry);
        }
        unit.append(from, &stored)?;
        for change in draft.changes {
            apply(unit.as_mut(), change)?;
        }
        for (payload, entry) in payloads.into_iter().zip(&stored) {
            state.apply(payload);
            frontier.push(&entry.leaf);
        }
        let committed = (|| {
            let issued = if stored.is_empty() { None } else { Some(issue(root, unit.as_mut(), state, frontier, from, &stored)?) };
            unit.commit()?;
            Ok(issued)
        })();
        let issued = committed.inspect_err(|_: &RegisterError| {
            // What was applied to the state is not recorded: it is read again.
            *state = State::default();
            *frontier = Frontier::default();
        })?;
        if let Some(checkpoint) = issued {
            publish(root, state, trusted, Some(&checkpoint)).map_err(|error| match error {
                // Another note under its name is a fault of integrity, and stays one.
                RegisterError::Disk(source) if !matches!(source, DiskError::Exists { .. }) => RegisterError::Uncopied { size: checkpoint.size, source },
                other => other,
            })?;
        }
        Ok(result)
    }
}

/// Writes what the workspace must know of the register: its newest checkpoint and the keys that sign it.
fn publish(root: &Path, state: &State, trusted: &mut Vec<VerifierKey>, newest: Option<&StoredCheckpoint>) -> Result<(), RegisterError> {
    if let Some(checkpoint) = newest {
        files::write_checkpoint(root, checkpoint.size, &checkpoint.note)?;
    }
    if state.keys.iter().all(|key| trusted.iter().any(|known| known.to_string() == *key)) {
        return Ok(());
    }
    let keys = files::verifier_keys(root)?;
    let new: Vec<String> = state.keys.iter().filter(|key| !keys.contains(key)).cloned().collect();
    if !new.is_empty() {
        files::write_verifier_keys(root, &[keys, new].concat())?;
    }
    *trusted = self::trusted(root)?;
    Ok(())
}

/// Makes a signing key and the secret of links, where they are missing, and tells the workspace the verifier key.
///
/// For a workspace without register: the verifier key becomes the only one that it trusts.
pub(crate) fn make_secrets(root: &Path, origin: &str, edge: &Edge) -> Result<(), RegisterError> {
    let secret = root.join(files::LINK_SECRET);
    if !secret.exists() {
        files::write_secret(&secret, &format!("{}\n", crate::base::encode::hex(&(edge.chance)())))?;
    }
    let here = signing_keys(root)?.iter().map(SigningKey::verifier).find(|key| key.origin().as_str() == origin);
    let known = trusted(root)?;
    let key = match (here, known.iter().find(|key| key.origin().as_str() == origin)) {
        (Some(key), _) => key,
        (None, Some(known)) => return Err(RegisterError::NoKey(format!("`{known}` stands in `{}/{}`", files::CHECKPOINTS, files::KEYS))),
        (None, None) => make_key(root, origin, edge)?,
    };
    if !known.contains(&key) {
        files::write_verifier_keys(root, &[key.to_string()])?;
    }
    Ok(())
}

/// Makes a signing key and writes it beside the others.
pub(crate) fn make_key(root: &Path, origin: &str, edge: &Edge) -> Result<VerifierKey, RegisterError> {
    let origin = Origin::parse(origin).map_err(|error| RegisterError::refused(error.to_string(), "correct `register.origin` in `countersign.yaml`"))?;
    let key = SigningKey::from_seed(origin, &(edge.chance)());
    files::write_secret(&files::signing_key_path(root, &format!("{:08x}", key.id())), &format!("{}\n", key.expose_secret()))?;
    Ok(key.verifier())
}

/// Every signing key in the workspace.
pub(crate) fn signing_keys(root: &Path) -> Result<Vec<SigningKey>, RegisterError> {
    let parse =
        |(path, text): (PathBuf, String)| SigningKey::parse(text.trim_end()).map_err(|error| RegisterError::integrity(path.display().to_string(), error));
    files::signing_keys(root)?.into_iter().map(parse).collect()
}

/// The signing keys of the workspace that sign now.
fn signers(root: &Path, state: &State) -> Result<Vec<SigningKey>, RegisterError> {
    let keys: Vec<SigningKey> = signing_keys(root)?.into_iter().filter(|key| state.keys.contains(&key.verifier().to_string())).collect();
    if keys.is_empty() { Err(RegisterError::NoKey(format!("one of {} must sign", state.keys.join(", ")))) } else { Ok(keys) }
}

/// The verifier keys that the workspace trusts.
fn trusted(root: &Path) -> Result<Vec<VerifierKey>, RegisterError> {
    let parse = |line: String| VerifierKey::parse(&line).map_err(|error| RegisterError::integrity(format!("{}/{}", files::CHECKPOINTS, files::KEYS), error));
    files::verifier_keys(root)?.into_iter().map(parse).collect()
}

/// A time that is given may lie in the future only where the register was begun as a rehearsal: nothing is erased or recorded ahead of time.
fn not_ahead(edge: &Edge, state: &State) -> Result<(), RegisterError> {
    let ahead = edge.now.filter(|now| state.size > 0 && !state.is_rehearsal && now.secs_since(crate::clock::now()) > CLOCK_TOLERANCE_SECS);
    match ahead {
        Some(now) => Err(RegisterError::refused(
            format!("{now} is still to come"),
            "only a register that was begun with a given time, a rehearsal, goes ahead of the clock",
        )),
        None => Ok(()),
    }
}

/// Time never runs backwards in the register; a clock that lags a little is taken to stand still.
fn monotone(now: Instant, newest: Option<Instant>) -> Result<Instant, RegisterError> {
    match newest {
        Some(newest) if newest.secs_since(now) > CLOCK_TOLERANCE_SECS => Err(RegisterError::ClockMovedBack { now, newest }),
        Some(newest) => Ok(now.max(newest)),
        None => Ok(now),
    }
}

fn payload(event: Event, now: Instant, edge: &Edge) -> Payload {
    Payload { version: PAYLOAD_VERSION, recorded: now, clock: edge.now.map(|_| ClockSource::Given), by: edge.by.clone(), event }
}

/// Makes the entry of an event.
fn entry(event: Event, now: Instant, edge: &Edge) -> Result<(Payload, StoredEntry), RegisterError> {
    let kind = event.kind();
    let subject = event.subject().map(str::to_owned);
    let payload = payload(event, now, edge);
    let bytes = payload.encode();
    let salt = Salt::new((edge.chance)());
    let leaf = Leaf::new(commit(&salt, &bytes), kind, now).map_err(|error| RegisterError::integrity(kind, error))?;
    let content = Some(Content { salt: salt.bytes().to_vec(), payload: bytes });
    Ok((payload, StoredEntry { leaf: leaf.encode(), content, subject }))
}

/// Brings the tiles up to the new size and signs it.
fn issue(root: &Path, unit: &mut dyn Unit, state: &State, frontier: &Frontier, from: u64, stored: &[StoredEntry]) -> Result<StoredCheckpoint, RegisterError> {
    let fault = |error: tree::TreeError| RegisterError::integrity("tiles", error);
    let hashes: Vec<_> = stored.iter().map(|entry| tree::leaf_hash(&entry.leaf)).collect();
    let tiles = tree::append(from, &hashes, &Tiles(unit)).map_err(fault)?;
    unit.set_tiles(&tiles)?;
    let root_hash = tree::root(state.size, &Tiles(unit)).map_err(fault)?;
    // What is signed is signed for ever: a tile that was changed behind our back must not lead to a root that no leaves give.
    if root_hash != frontier.root() {
        return Err(RegisterError::integrity("tiles", "they do not give the root of the leaves"));
    }
    let origin = Origin::parse(&state.origin).map_err(|error| RegisterError::integrity("origin", error))?;
    let keys = signers(root, state)?;
    let note = checkpoint::sign(&Checkpoint { origin, size: state.size, root: root_hash }, &keys.iter().collect::<Vec<_>>())
        .map_err(|error| RegisterError::integrity("checkpoint", error))?;
    let checkpoint = StoredCheckpoint { size: state.size, note };
    unit.issue(&checkpoint)?;
    Ok(checkpoint)
}

fn apply(unit: &mut dyn Unit, change: Change) -> Result<(), RegisterError> {
    match change {
        Change::AddMail(mail) => {
            if !unit.add_mail(&mail)? {
                return Err(RegisterError::refused(format!("the mail `{}` was decided before", mail.key), "it is in the outbox: `countersign outbox list`"));
            }
        }
        Change::SetMail(mail) => unit.set_mail(&mail)?,
        Change::AddLink(link) => unit.add_link(&link)?,
        Change::RotateLinks { request, but } => unit.rotate_links(&request, &but)?,
        Change::UseLinks(request) => unit.use_links(&request)?,
        Change::SetLastRun(at) => unit.set_last_run(at)?,
        Change::SetCode(code) => unit.set_code(&code)?,
        Change::LockLink(link) => unit.lock_link(&link)?,
        Change::DestroyFile(digest) => unit.destroy_file(&digest)?,
        Change::Destroy { positions, requests, mails } => unit.destroy(&positions, &requests, &mails)?,
    }
    Ok(())
}

/// Tiles of the store for the arithmetic of the tree; a tile that cannot be read counts as missing, which stops the arithmetic.
pub(crate) struct Tiles<'a, V: ?Sized>(pub(crate) &'a V);

impl<V: View + ?Sized> TileSource for Tiles<'_, V> {
    fn tile(&self, level: u8, index: u64) -> Option<Vec<u8>> {
        self.0.tile(level, index).ok().flatten()
    }
}

/// Reads one entry: the leaf in its one spelling, and the payload that fits its commitment, unless that was destroyed.
pub(crate) fn read(position: u64, entry: &StoredEntry) -> Result<(Leaf, Option<Payload>), RegisterError> {
    let fault = |why: &dyn std::fmt::Display| RegisterError::integrity(format!("entry {position}"), why);
    let leaf = Leaf::parse(&entry.leaf).map_err(|error| fault(&error))?;
    let Some(content) = &entry.content else { return Ok((leaf, None)) };
    let salt: [u8; 32] = content.salt.as_slice().try_into().map_err(|_| fault(&"its salt was changed"))?;
    if commit(&Salt::new(salt), &content.payload) != leaf.commitment {
        return Err(fault(&"its payload or salt was changed"));
    }
    let payload = Payload::decode(&content.payload).map_err(|error| fault(&error))?;
    if payload.event.kind() != leaf.kind || payload.recorded != leaf.recorded {
        return Err(fault(&"its leaf and its payload disagree"));
    }
    // Whoever erases a person finds the entries by this column.
    if payload.event.subject() != entry.subject.as_deref() {
        return Err(fault(&"it is kept under another person than its payload is about"));
    }
    Ok((leaf, Some(payload)))
}

/// Takes in what was recorded since, and checks it against the signed root; `issued` is the newest checkpoint of the workspace.
fn catch_up(view: &dyn View, state: &mut State, frontier: &mut Frontier, trusted: &[VerifierKey], issued: Option<&(u64, String)>) -> Result<(), RegisterError> {
    let mut fault = None;
    let mut root_then = None;
    let from = state.size;
    view.entries(from, &mut |position, entry| {
        if position != state.size {
            fault = Some(RegisterError::integrity(format!("entry {}", state.size), "it is missing"));
            return false;
        }
        match read(position, &entry) {
            Ok((leaf, payload)) => {
                state.take(leaf.recorded, payload);
                frontier.push(&entry.leaf);
                if issued.is_some_and(|(size, _)| *size == state.size) {
                    root_then = Some(frontier.root());
                }
                true
            }
            Err(error) => {
                fault = Some(error);
                false
            }
        }
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let newest = view.newest_checkpoint()?;
    match (&newest, state.size) {
        (None, 0) => {}
        (Some(checkpoint), size) if checkpoint.size == size => {
            let signed = open(&checkpoint.note, trusted, size)?;
            if signed.root != frontier.root() {
                return Err(RegisterError::integrity("entries", format!("they do not give the root that was signed for {size} entries")));
            }
        }
        (Some(checkpoint), size) if checkpoint.size > size => return Err(RegisterError::integrity(format!("entry {size}"), "it is missing")),
        (_, size) => return Err(RegisterError::integrity(format!("entry {}", size.saturating_sub(1)), "no checkpoint was signed for it")),
    }
    let Some((size, note)) = issued else { return Ok(()) };
    if *size > state.size {
        return Err(RegisterError::RolledBack { size: state.size, newest: *size });
    }
    let signed = open(note, trusted, *size)?;
    if root_then != Some(signed.root) {
        let what = format!("checkpoint {size} of the workspace");
        return Err(RegisterError::integrity(what, "the register has other entries than were signed there"));
    }
    Ok(())
}

/// Opens a checkpoint that should be for a size.
pub(crate) fn open(note: &str, trusted: &[VerifierKey], size: u64) -> Result<Checkpoint, RegisterError> {
    let checkpoint = checkpoint::open(note, trusted).map_err(|error| RegisterError::integrity(format!("checkpoint {size}"), error))?;
    if checkpoint.size == size {
        Ok(checkpoint)
    } else {
        Err(RegisterError::integrity(format!("checkpoint {size}"), format!("it is for size {}", checkpoint.size)))
    }
}
