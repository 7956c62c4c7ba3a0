//! Floor 4: the register's store. Verbs of the domain above, SQL below.
//!
//! Job: keep entries, tiles, checkpoints, files, links and the outbox, so that an entry and every change it causes commit together or not
//! at all. Neighbours below: plain values of `base`, `ledger`, `signature`. Never does: decide what is recorded, ask the time, make chance.

mod error;
mod migrate;
mod sqlite;

use crate::base::digest::Digest;
use crate::base::instant::Instant;

pub use error::StoreError;
pub use sqlite::SqliteStore;

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The leaf: what is hashed into the ledger.
    pub leaf: Vec<u8>,
    /// Salt and payload; `None` once they were destroyed.
    pub content: Option<Content>,
    /// The person whose data the payload holds.
    pub subject: Option<String>,
}

/// What the commitment in a leaf is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// 32 bytes of chance.
    pub salt: Vec<u8>,
    /// The payload, canonical JSON.
    pub payload: Vec<u8>,
}

/// A one-time link. The token itself is nowhere: only its digest, and the salt from which whoever has the secret can make it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLink {
    /// Digest of the token.
    pub digest: Digest,
    /// The request it opens.
    pub request: String,
    /// Key of the mail that carries it.
    pub mail: String,
    /// Chance that is part of the token.
    pub salt: Vec<u8>,
    /// Address that the mail goes to.
    pub sent_to: String,
    /// The moment from which it no longer opens.
    pub expires: Instant,
    /// Whether it still opens.
    pub state: LinkState,
}

/// Whether a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It does.
    Active,
    /// A newer mail carries a newer link.
    Rotated,
    /// Its request is signed, declined or closed.
    Used,
    /// Too many wrong codes were typed.
    Locked,
}

/// The code that was mailed for a link last. The code itself is nowhere: whoever has the secret can make it again from the salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// Digest of the token of the link.
    pub link: Digest,
    /// Chance that is part of the code.
    pub salt: Vec<u8>,
    /// Key of the mail that carries it.
    pub mail: String,
    /// The moment from which it is not good any more.
    pub expires: Instant,
    /// When the codes of this link that count against its limit began to be sent.
    pub since: Instant,
    /// Codes sent since then.
    pub sent: u32,
    /// Wrong codes typed for this link, ever.
    pub wrong: u32,
}

/// A mail in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    /// Unique key.
    pub key: String,
    /// Where it is on its way.
    pub state: OutboxState,
    /// Attempts so far.
    pub attempts: u32,
    /// The moment before which it is not tried again.
    pub not_before: Instant,
    /// When it was decided; the `Date` of the mail.
    pub decided: Instant,
    /// What the last attempt gave.
    pub response: String,
}

/// Where a mail is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutboxState {
    /// Waits to be sent.
    Decided,
    /// A process sends it, or died while it did.
    Sending,
    /// The server took it, or the file is written.
    Sent,
    /// Refused for good.
    Failed,
    /// The line broke after the last byte.
    Unknown,
    /// Somebody decided that it is not sent.
    Dropped,
    /// It came back.
    Bounced,
}

impl OutboxState {
    /// All of them, in the order of their numbers in a store.
    pub const ALL: [Self; 7] = [Self::Decided, Self::Sending, Self::Sent, Self::Failed, Self::Unknown, Self::Dropped, Self::Bounced];
}

/// A checkpoint that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Size of the tree.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// A tile as it is now: level, index and its hashes.
pub type StoredTile = (u8, u64, Vec<u8>);

/// What can be asked of the register at one moment.
pub trait View {
    /// Number of entries.
    fn size(&self) -> Result<u64, StoreError>;
    /// Hands over entries from a position on, in order, until the callback says stop by `false`.
    fn entries(&self, from: u64, take: &mut dyn FnMut(u64, StoredEntry) -> bool) -> Result<(), StoreError>;
    /// One entry.
    fn entry(&self, position: u64) -> Result<Option<StoredEntry>, StoreError>;
    /// Positions of the entries that hold data of a person.
    fn entries_about(&self, person: &str) -> Result<Vec<u64>, StoreError>;
    /// A tile as it is now, partial or full.
    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError>;
    /// Hands over all tiles in order of level and index.
    fn tiles(&self, take: &mut dyn FnMut(StoredTile)) -> Result<(), StoreError>;
    /// The checkpoint of the largest size.
    fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError>;
    /// The first checkpoint that was signed over an entry.
    fn checkpoint_over(&self, position: u64) -> Result<Option<StoredCheckpoint>, StoreError>;
    /// Hands over all checkpoints in order of size.
    fn checkpoints(&self, take: &mut dyn FnMut(StoredCheckpoint)) -> Result<(), StoreError>;
    /// The bytes of a kept file.
    fn file(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;
    /// Hands over all kept files, by the digest under which they are kept.
    fn files(&self, take: &mut dyn FnMut(Digest, Vec<u8>)) -> Result<(), StoreError>;
    /// A link by the digest of its token.
    fn link(&self, digest: &Digest) -> Result<Option<StoredLink>, StoreError>;
    /// The links that a mail carries, in order of request.
    fn links_of_mail(&self, key: &str) -> Result<Vec<StoredLink>, StoreError>;
    /// Hands over all links, in order of digest.
    fn links(&self, take: &mut dyn FnMut(StoredLink)) -> Result<(), StoreError>;
    /// Tells whether a nonce was used for this link.
    fn is_used_nonce(&self, nonce: &Digest, link: &Digest) -> Result<bool, StoreError>;
    /// The code that was sent for a link last.
    fn code(&self, link: &Digest) -> Result<Option<StoredCode>, StoreError>;
    /// The code that a mail carries.
    fn code_of_mail(&self, key: &str) -> Result<Option<StoredCode>, StoreError>;
    /// The links of a request, in order of digest.
    fn links_of_request(&self, request: &str) -> Result<Vec<StoredLink>, StoreError>;
    /// Mails in any of these states, in the order in which they were decided.
    fn mails(&self, states: &[OutboxState]) -> Result<Vec<StoredMail>, StoreError>;
    /// One mail.
    fn mail(&self, key: &str) -> Result<Option<StoredMail>, StoreError>;
    /// When reminders were decided last.
    fn last_run(&self) -> Result<Option<Instant>, StoreError>;
    /// What the store finds wrong with its own file: pages, indexes, rows that point nowhere. Nothing of it is about what was recorded.
    fn flaws(&self) -> Result<Vec<String>, StoreError>;
}

/// One unit of work: everything in it commits together, or nothing does. Dropped without [`Unit::commit`] it leaves no trace.
pub trait Unit: View {
    /// Adds entries at the end, from the given position on, which must be the size.
    fn append(&mut self, from: u64, entries: &[StoredEntry]) -> Result<(), StoreError>;
    /// Keeps tiles as they are now.
    fn set_tiles(&mut self, tiles: &[StoredTile]) -> Result<(), StoreError>;
    /// Keeps a checkpoint; a second one for the same size is refused, whatever it says.
    fn issue(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError>;
    /// Keeps a file under its digest; keeping it again changes nothing.
    fn keep(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError>;
    /// Destroys salt and payload of entries, the links of requests with their nonces and codes, and mails.
    fn destroy(&mut self, positions: &[u64], requests: &[String], mails: &[String]) -> Result<(), StoreError>;
    /// Destroys a kept file.
    fn destroy_file(&mut self, digest: &Digest) -> Result<(), StoreError>;
    /// Adds a link.
    fn add_link(&mut self, link: &StoredLink) -> Result<(), StoreError>;
    /// Rotates the active links of a request but those that a mail carries.
    fn rotate_links(&mut self, request: &str, but: &str) -> Result<(), StoreError>;
    /// Uses up every link of a request.
    fn use_links(&mut self, request: &str) -> Result<(), StoreError>;
    /// Uses a nonce up for this link; `false` when it was used before.
    fn use_nonce(&mut self, nonce: &Digest, link: &Digest, expires: Instant) -> Result<bool, StoreError>;
    /// Keeps the code of a link in place of the one before.
    fn set_code(&mut self, code: &StoredCode) -> Result<(), StoreError>;
    /// Locks a link.
    fn lock_link(&mut self, link: &Digest) -> Result<(), StoreError>;
    /// Adds a mail; `false` when its key exists already.
    fn add_mail(&mut self, mail: &StoredMail) -> Result<bool, StoreError>;
    /// Changes state, attempts, time and response of a mail.
    fn set_mail(&mut self, mail: &StoredMail) -> Result<(), StoreError>;
    /// Keeps when reminders were decided.
    fn set_last_run(&mut self, at: Instant) -> Result<(), StoreError>;
    /// Commits.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// A place where a register is kept.
pub trait Store {
    /// A consistent view of one moment.
    fn view(&mut self) -> Result<Box<dyn View + '_>, StoreError>;
    /// A unit of work; waits for another writer, and reads what that one committed.
    fn unit(&mut self) -> Result<Box<dyn Unit + '_>, StoreError>;
    /// Sees to it that what was destroyed is in no side file any more.
    fn settle(&mut self) -> Result<(), StoreError>;
}
