//! Signing keys come and go, and every coming and going is an entry.
//!
//! A key file is written before the entry that names it, and removed after the entry that retires it. A process that dies in between leaves
//! a file that signs nothing: a key signs only while the entries say so. `ledger verify` tells of such a file.

use crate::ledger::key::{SigningKey, VerifierKey};
use crate::project::register as files;
use crate::record::Event;
use crate::record::event::KeyChange;
use crate::workflow::register::{Register, RegisterError, make_key, signing_keys};

/// Adds a signing key: from its entry on it signs beside the others, the checkpoint of that entry included.
///
/// A key file that an interrupted run left behind is not taken up, because anybody who may write the folder could have put it there.
///
/// # Errors
/// As [`Register::change`].
pub fn rotate(register: &mut Register, reason: &str) -> Result<VerifierKey, RegisterError> {
    let root = register.root().to_owned();
    register.change(|before, draft| {
        let key = make_key(&root, &before.state.origin, before.edge)?;
        draft.record(Event::KeyAdded(KeyChange { key: key.to_string(), reason: reason.to_owned() }));
        Ok(key)
    })
}

/// What became of a key that was to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The verifier key; it stays in `checkpoints/keys`, because older checkpoints are checked with it.
    pub key: String,
    /// Whether an entry was recorded now; else the key had been retired before.
    pub is_new: bool,
    /// Whether a key file was removed.
    pub removed: bool,
}

/// Retires a signing key, named by its eight digits, by `name+digits` or in full, then removes its file.
///
/// The checkpoint of the entry is signed by the keys that remain. A key that was retired before loses a file that was left behind.
///
/// # Errors
/// [`RegisterError::Refused`] when no key is named so, or it is the last one; [`RegisterError::NoKey`] when no other key is here; else as
/// [`Register::change`].
pub fn retire(register: &mut Register, name: &str, reason: &str) -> Result<Retired, RegisterError> {
    let named = |key: &&String| is_named(key, name);
    let retired_before = || -> Result<Option<SigningKey>, RegisterError> {
        let trusted: Vec<String> = register.trusted().iter().map(ToString::to_string).collect();
        let here = signing_keys(register.root())?;
        Ok(here.into_iter().find(|key| trusted.iter().filter(named).any(|text| *text == key.verifier().to_string())))
    };
    let (key, is_new) = match register.state().keys.iter().find(named).cloned() {
        Some(key) => (key, true),
        None => match retired_before()? {
            Some(left) => (left.verifier().to_string(), false),
            None => return Err(unknown(name, &register.state().keys)),
        },
    };
    if is_new {
        let event = KeyChange { key: key.clone(), reason: reason.to_owned() };
        register.change(|before, draft| {
            if !before.state.keys.contains(&key) {
                return Err(unknown(name, &before.state.keys));
            }
            if before.state.keys.len() == 1 {
                return Err(RegisterError::refused("it is the last signing key", "add another one first: `countersign ledger rotate --reason …`"));
            }
            draft.record(Event::KeyRetired(event));
            Ok(())
        })?;
    }
    let mut removed = false;
    for (path, text) in files::signing_keys(register.root())? {
        if SigningKey::parse(text.trim_end()).is_ok_and(|here| here.verifier().to_string() == key) {
            files::remove_secret(&path)?;
            removed = true;
        }
    }
    Ok(Retired { key, is_new, removed })
}

fn unknown(name: &str, keys: &[String]) -> RegisterError {
    let ids: Vec<String> = keys.iter().map(|key| format!("`{}`", key_id(key))).collect();
    RegisterError::refused(format!("no key that signs now is named `{name}`"), format!("the keys that sign now: {}", ids.join(", ")))
}

/// A verifier key without its base64: name and eight digits.
pub(crate) fn short(key: &str) -> &str {
    // The base64 may have pluses of its own.
    key.match_indices('+').nth(1).map_or(key, |(at, _)| &key[..at])
}

/// The eight digits of a verifier key.
fn key_id(key: &str) -> &str {
    key.split('+').nth(1).unwrap_or(key)
}

fn is_named(key: &str, name: &str) -> bool {
    [key, short(key), key_id(key)].contains(&name)
}
