//! Access of programs: bearer tokens, of which the register knows the digest, what they are for, and until when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;

/// How every token begins, so that scanners for leaked secrets know one.
pub const TOKEN_PREFIX: &str = "csgn_";

/// A token is issued (`access.issued`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessToken {
    /// Id, made from chance.
    pub token: String,
    /// What uses it, for example `turnstile Dublin`.
    pub name: String,
    /// What it is for.
    pub scope: AccessScope,
    /// The only supplier that it may ask about; every one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// SHA-256 of the token as it is sent.
    pub sha256: Digest,
    /// Last day on which it is good, in UTC.
    pub expires: Date,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessScope {
    /// To ask the gate.
    Gate,
}

/// A token is good for nothing any more (`access.revoked`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Id of the token.
    pub token: String,
    /// Why.
    pub reason: String,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// There is none, it ran out, or it was revoked: which of these is not said.
    #[error("the token is not good")]
    Unknown,
    /// It is good for something else.
    #[error("the token is for something else")]
    Scope,
}

/// Tokens of a register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Tokens by id, with why they are revoked.
    pub tokens: BTreeMap<String, (AccessToken, Option<String>)>,
}

impl Access {
    /// A token is issued.
    pub fn issue(&mut self, token: AccessToken) {
        self.tokens.insert(token.token.clone(), (token, None));
    }

    /// A token is revoked.
    pub fn revoke(&mut self, revocation: Revocation) {
        if let Some((_, revoked)) = self.tokens.get_mut(&revocation.token) {
            *revoked = Some(revocation.reason);
        }
    }

    /// Tells whether a token, as it was sent, is good on a day for a scope and, of the gate, for a supplier.
    ///
    /// # Errors
    /// [`AccessRefusal`].
    pub fn check(&self, sent: &str, scope: AccessScope, supplier: &str, day: Date) -> Result<&AccessToken, AccessRefusal> {
        // Compared by digest: what the time taken says of a digest helps nobody to find a token.
        let digest = Digest::of(sent.as_bytes());
        let found = self.tokens.values().find(|(token, revoked)| token.sha256 == digest && revoked.is_none() && day <= token.expires);
        let (token, _) = found.ok_or(AccessRefusal::Unknown)?;
        let is_for = token.scope == scope && token.supplier.as_deref().is_none_or(|only| only == supplier);
        if is_for { Ok(token) } else { Err(AccessRefusal::Scope) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, AccessRefusal, AccessScope, AccessToken, Revocation};
    use crate::base::digest::Digest;

    #[test]
    fn token_is_good_for_its_scope_until_its_last_day() {
        let day = |text: &str| text.parse().unwrap();
        let mut access = Access::default();
        access.issue(AccessToken {
            token: "t-1".to_owned(),
            name: "turnstile".to_owned(),
            scope: AccessScope::Gate,
            supplier: Some("northwind".to_owned()),
            sha256: Digest::of(b"csgn_secret"),
            expires: day("2027-01-31"),
        });
        let check = |access: &Access, sent: &str, supplier: &str, on: &str| access.check(sent, AccessScope::Gate, supplier, day(on)).map(|t| t.token.clone());
        assert_eq!(check(&access, "csgn_secret", "northwind", "2027-01-31"), Ok("t-1".to_owned()));
        assert_eq!(check(&access, "csgn_secret", "northwind", "2027-02-01"), Err(AccessRefusal::Unknown));
        assert_eq!(check(&access, "csgn_other", "northwind", "2027-01-31"), Err(AccessRefusal::Unknown));
        assert_eq!(check(&access, "csgn_secret", "southwind", "2027-01-31"), Err(AccessRefusal::Scope));
        access.revoke(Revocation { token: "t-1".to_owned(), reason: "lost".to_owned() });
        assert_eq!(check(&access, "csgn_secret", "northwind", "2027-01-31"), Err(AccessRefusal::Unknown));
    }
}
