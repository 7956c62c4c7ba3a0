//! `token`: issue and revoke what programs are let in with.

use std::path::Path;

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::encode::base64_url;
use crate::project::register as files;
use crate::record::Event;
use crate::record::access::{AccessScope, AccessToken, Revocation, TOKEN_PREFIX};
use crate::workflow::register::{Register, RegisterError};

/// Longest name of what uses a token, in characters.
const LONGEST_NAME: usize = 100;

/// Issues a token and writes it into a file that nobody but its owner may read. Nothing else ever shows it.
///
/// # Errors
/// [`RegisterError::Refused`] for a name that is none, or a day that is over; [`RegisterError::Disk`] when the file exists.
pub fn issue(register: &mut Register, name: &str, scope: AccessScope, supplier: Option<&str>, expires: Date, to: &Path) -> Result<AccessToken, RegisterError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !crate::text::letters::unreadable(name).is_empty() {
        let message = format!("the name must have 1 to {LONGEST_NAME} characters that can be seen");
        return Err(RegisterError::refused(message, "say what uses the token, for example `turnstile Dublin`"));
    }
    if expires < register.edge().now().date() {
        return Err(RegisterError::refused(format!("{expires} is over"), "give a last day to come"));
    }
    let secret = format!("{TOKEN_PREFIX}{}", base64_url(&(register.edge().chance)()));
    // Written first: a token that nobody has is a lesser evil than one that is recorded and lost.
    files::write_secret(to, &format!("{secret}\n"))?;
    let issued = register.change(|before, draft| {
        let token = AccessToken {
            token: before.edge.id('t'),
            name: name.to_owned(),
            scope,
            supplier: supplier.map(str::to_owned),
            sha256: Digest::of(secret.as_bytes()),
            expires,
        };
        draft.record(Event::AccessIssued(token.clone()));
        Ok(token)
    });
    if issued.is_err() {
        let _ = files::remove_secret(to);
    }
    issued
}

/// Revokes a token.
///
/// # Errors
/// [`RegisterError::Refused`] when there is none of this id, or it is revoked.
pub fn revoke(register: &mut Register, id: &str, reason: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        match before.state.access.tokens.get(id) {
            None => return Err(RegisterError::refused(format!("there is no token `{id}`"), "`countersign token list` shows them")),
            Some((_, Some(_))) => return Err(RegisterError::refused(format!("the token `{id}` is revoked already"), "nothing is to be done")),
            Some((_, None)) => {}
        }
        draft.record(Event::AccessRevoked(Revocation { token: id.to_owned(), reason: reason.to_owned() }));
        Ok(())
    })
}
