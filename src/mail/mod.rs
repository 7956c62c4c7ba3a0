//! Floor 4: hands mails over, to a server or into a folder, and says how far that came.
//!
//! Neighbours below: `outbox`, `base`. Never does: choose a recipient, word a mail, or decide when to try again.

pub mod directory;
pub mod smtp;

pub use directory::Directory;
pub use smtp::{Credentials, Smtp, SmtpError, SmtpSettings, Timeouts, Tls};

use crate::outbox::Composed;

/// A way to hand mails over.
pub trait Transport {
    /// Tries once to hand over a mail.
    fn send(&mut self, mail: &Composed) -> Outcome;
}

/// How far a mail came. Reasons are one line and never hold a password or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has taken it.
    Sent {
        /// What it said.
        response: String,
    },
    /// It was not handed over, and later it may be.
    Retry {
        /// Why not now.
        reason: String,
    },
    /// The other side does not want this mail, now or later.
    Refused {
        /// What it said.
        reason: String,
    },
    /// It was handed over, but nobody said that it was taken. Sending it again may deliver it twice.
    Unknown {
        /// What happened.
        reason: String,
    },
}
