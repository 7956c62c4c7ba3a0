//! Signed notes (C2SP signed-note), and the signed head of the tree among them (C2SP tlog-checkpoint).
//!
//! Two kinds of text are signed with the keys of a ledger: checkpoints, and manifests of receipts. Neither can be taken for the other:
//! [`sign_text`] and [`open_text`] refuse whatever a reader of checkpoints might accept.

use signed_note::{Note, Signature};

use crate::ledger::hash::Hash;
use crate::ledger::key::{Origin, SigningKey, VerifierKey};

/// The head of a ledger at one moment: how many leaves it has and the root over them.
///
/// Its text has three lines. Extension lines, which C2SP allows and discourages, are refused: nobody would audit them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger.
    pub origin: Origin,
    /// Leaves in the tree; 0 is an empty ledger.
    pub size: u64,
    /// The root over them (RFC 6962, section 2.1).
    pub root: Hash,
}

/// Why a note is not signed or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a text, an empty line and signature lines.
    #[error("expected a signed note: lines of text, an empty line, signature lines")]
    Form,
    /// The text cannot be signed.
    #[error("the text of a note ends with a line feed and has no other control characters")]
    Text,
    /// The text is not a checkpoint.
    #[error("expected a checkpoint: origin, size and root, each on its line")]
    NotCheckpoint,
    /// The text could be read as a checkpoint, and was to be signed or opened as something else.
    #[error("the text reads like a checkpoint: its second line is a number")]
    LooksLikeCheckpoint,
    /// No signature is from a key that the reader trusts.
    #[error("no trusted key has signed")]
    Unsigned,
    /// A trusted key is named, and the signature is not its own.
    #[error("the signature of `{0}` does not fit the text")]
    Signature(String),
    /// One key stands twice.
    #[error("`{0}` has signed twice")]
    Twice(String),
    /// The keys that signed belong to another ledger than the one that the checkpoint names.
    #[error("no trusted key of `{0}` has signed")]
    Origin(Origin),
    /// Nobody is to sign.
    #[error("a note needs at least one signing key")]
    NoSigner,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, each with a line feed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the text; accepts only what [`Checkpoint::text`] prints.
    ///
    /// # Errors
    /// [`NoteError::NotCheckpoint`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        Self::read(text).filter(|checkpoint| checkpoint.text() == text).ok_or(NoteError::NotCheckpoint)
    }

    /// Reads a text leniently; the caller compares spellings.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let origin = Origin::parse(lines.next()?).ok()?;
        let size = lines.next()?.parse().ok()?;
        Some(Self { origin, size, root: Hash::parse(lines.next()?)? })
    }
}

/// Signs a checkpoint; the result is the whole note. The same checkpoint and keys give the same bytes.
///
/// The caller answers for it that the ledger has never signed another root for this size, or one that does not extend to it.
///
/// # Errors
/// [`NoteError::NoSigner`] without a key, [`NoteError::Twice`] with one key twice, [`NoteError::Origin`] when no key belongs to the origin.
///
/// ```
/// use countersign::ledger::checkpoint::{Checkpoint, open, sign};
/// use countersign::ledger::hash::Hash;
/// use countersign::ledger::key::{Origin, SigningKey};
///
/// let origin = Origin::parse("example.com/register").unwrap();
/// let key = SigningKey::from_seed(origin.clone(), &[7; 32]);
/// let checkpoint = Checkpoint { origin, size: 0, root: Hash::EMPTY };
/// let note = sign(&checkpoint, &[&key]).unwrap();
/// assert!(note.starts_with("example.com/register\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.com/register "));
/// assert_eq!(open(&note, &[key.verifier()]), Ok(checkpoint));
/// assert!(open(&note.replace("\n0\n", "\n1\n"), &[key.verifier()]).is_err());
/// ```
pub fn sign(checkpoint: &Checkpoint, keys: &[&SigningKey]) -> Result<String, NoteError> {
    if !keys.is_empty() && !keys.iter().any(|key| *key.origin() == checkpoint.origin) {
        return Err(NoteError::Origin(checkpoint.origin.clone()));
    }
    sign_lines(checkpoint.text(), keys)
}

/// Checks a note against the keys that the reader trusts, and gives the checkpoint in it.
///
/// Signatures of keys that the reader does not know are ignored, as C2SP wants it: a key may have been added since. Of the trusted keys at
/// least one of the checkpoint's own origin must have signed.
///
/// # Errors
/// [`NoteError::Form`] and [`NoteError::NotCheckpoint`] for another spelling; [`NoteError::Signature`] when one signature of a trusted key does not fit, even
/// beside others that do; [`NoteError::Twice`], [`NoteError::Unsigned`] and [`NoteError::Origin`] for who has signed.
pub fn open(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint, NoteError> {
    let (text, signers) = opened(note, keys)?;
    let checkpoint = Checkpoint::parse(text)?;
    if signers.iter().any(|key| *key.origin() == checkpoint.origin) { Ok(checkpoint) } else { Err(NoteError::Origin(checkpoint.origin)) }
}

/// Reads the checkpoint in a note without asking who signed it. Anybody can write such a note: good for finding a tile, never for believing.
///
/// # Errors
/// [`NoteError::Form`] and [`NoteError::NotCheckpoint`] for another spelling.
///
/// ```
/// use countersign::ledger::checkpoint::peek_unverified;
/// let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
///     — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
/// assert_eq!(peek_unverified(note).unwrap().size, 20_852_163);
/// assert!(peek_unverified(&note.replace("\n20852163\n", "\n020852163\n")).is_err());
/// ```
pub fn peek_unverified(note: &str) -> Result<Checkpoint, NoteError> {
    Checkpoint::parse(split(note)?.0)
}

/// Signs a text that is not a checkpoint; the result is the whole note.
///
/// # Errors
/// [`NoteError::Text`] when it does not end with a line feed, has another control character or more than 1,000,000 bytes;
/// [`NoteError::LooksLikeCheckpoint`] when its second line is a number; [`NoteError::NoSigner`] and [`NoteError::Twice`] as [`sign`].
///
/// ```
/// use countersign::ledger::checkpoint::{open_text, sign_text};
/// use countersign::ledger::key::{Origin, SigningKey};
///
/// let key = SigningKey::from_seed(Origin::parse("example.com/register").unwrap(), &[7; 32]);
/// let note = sign_text("manifest of a receipt\n", &[&key]).unwrap();
/// assert_eq!(open_text(&note, &[key.verifier()]), Ok("manifest of a receipt\n"));
/// assert!(sign_text("example.com/register\n9\nanything\n", &[&key]).is_err());
/// ```
pub fn sign_text(text: &str, keys: &[&SigningKey]) -> Result<String, NoteError> {
    if looks_like_checkpoint(text) { Err(NoteError::LooksLikeCheckpoint) } else { sign_lines(text.to_owned(), keys) }
}

/// Checks a note against the keys that the reader trusts, and gives its text, which is not a checkpoint.
///
/// # Errors
/// As [`open`] for form and signatures; [`NoteError::LooksLikeCheckpoint`] for what [`sign_text`] would not have signed.
pub fn open_text<'n>(note: &'n str, keys: &[VerifierKey]) -> Result<&'n str, NoteError> {
    let (text, _) = opened(note, keys)?;
    if looks_like_checkpoint(text) { Err(NoteError::LooksLikeCheckpoint) } else { Ok(text) }
}

/// Wider than any reader of checkpoints: some take extension lines, signs, zeroes or spaces.
fn looks_like_checkpoint(text: &str) -> bool {
    let number = |line: &str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    text.split('\n').nth(1).is_some_and(|line| number(line.trim().trim_start_matches(['+', '-'])))
}

fn sign_lines(text: String, keys: &[&SigningKey]) -> Result<String, NoteError> {
    if Note::new(text.as_bytes(), &[]).is_err() {
        return Err(NoteError::Text);
    }
    if keys.is_empty() {
        return Err(NoteError::NoSigner);
    }
    let mut note = text;
    let end = note.len();
    note.push('\n');
    for (at, key) in keys.iter().enumerate() {
        if keys[..at].iter().any(|other| other.origin() == key.origin() && other.id() == key.id()) {
            return Err(NoteError::Twice(key.to_string()));
        }
        let signature = key.sign(&note.as_bytes()[..end]);
        let signature = Signature::new(key.origin().to_string(), key.id(), signature.to_vec()).map_err(|_| NoteError::Text)?;
        note.push_str(&String::from_utf8_lossy(&signature.to_bytes()));
    }
    Ok(note)
}

/// The text of a note and the trusted keys that signed it, at least one.
fn opened<'n, 'k>(note: &'n str, keys: &'k [VerifierKey]) -> Result<(&'n str, Vec<&'k VerifierKey>), NoteError> {
    let (text, signatures) = split(note)?;
    let mut signers: Vec<&VerifierKey> = Vec::new();
    for signature in &signatures {
        let named = |key: &&VerifierKey| key.origin().as_str() == signature.name() && key.id() == signature.id();
        // Name and number are a short hash, so two keys may share them; a known one must then have signed.
        let mut known = keys.iter().filter(named).peekable();
        if known.peek().is_none() {
            continue;
        }
        let name = || format!("{}+{:08x}", signature.name(), signature.id());
        let signer = known.find(|key| key.verifies(text.as_bytes(), signature.signature())).ok_or_else(|| NoteError::Signature(name()))?;
        if signers.contains(&signer) {
            return Err(NoteError::Twice(name()));
        }
        signers.push(signer);
    }
    if signers.is_empty() { Err(NoteError::Unsigned) } else { Ok((text, signers)) }
}

/// The text of a note with its last line feed, and all signatures.
fn split(note: &str) -> Result<(&str, Vec<Signature>), NoteError> {
    Note::from_bytes(note.as_bytes()).map_err(|_| NoteError::Form)?;
    // The last empty line: a text may have some of its own.
    let (before, after) = note.rsplit_once("\n\n").ok_or(NoteError::Form)?;
    let signatures = after.split_terminator('\n').map(|line| Signature::from_bytes(line.as_bytes()).map_err(|_| NoteError::Form));
    Ok((&note[..=before.len()], signatures.collect::<Result<_, _>>()?))
}
