//! Letters: everything that a mail is made from.

use std::fmt;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::outbox::language::Language;
use crate::signature::link::Code;

/// One mail to one person, before it has words.
///
/// Texts are data: whatever they hold, they stay inside their line and their element.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Key of the row in the outbox; Message-ID and boundaries are derived from it.
    pub key: String,
    /// When it was decided to send it; the `Date` of the mail.
    pub date: Instant,
    /// Language of the person.
    pub language: Language,
    /// What kind of mail.
    pub template: Template,
    /// Name of the person; may be empty.
    pub to_name: String,
    /// Address of the person, without name.
    pub to_address: String,
    /// For whom the person works, which is why the mail is sent.
    pub affiliation: Option<Affiliation>,
    /// Where the button leads. Without it each item has a link of its own, and the link of an only item is the button's.
    pub link: Option<Link>,
    /// What it is about, in the order of the mail. Empty only in a test mail.
    pub items: Vec<Item>,
    /// The receipt, or the report.
    pub attachment: Option<Attachment>,
    /// Somebody of ours whom the person probably knows, for the first mail.
    pub known: Option<Contact>,
    /// The report that it carries.
    pub report: Option<ReportTitle>,
    /// The code to sign with, and the minutes for which it is good. Not for logs: it stands in no subject.
    pub code: Option<(Code, u16)>,
}

/// The report that a mail carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTitle {
    /// Its title.
    pub title: String,
    /// The day as of which it stands.
    pub as_of: Date,
}

/// Kinds of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// You are asked to acknowledge.
    Request,
    /// You were asked before.
    Reminder(Stage),
    /// What is owed beside acknowledgments, for the first time or again.
    Digest(Stage),
    /// What others owe.
    Team,
    /// A report.
    Report,
    /// Thank you, you have acknowledged.
    Receipt,
    /// A code to sign with.
    Code,
    /// The mail settings work.
    Test,
}

/// How a reminder stands to the due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// For the first time.
    Request,
    /// Some days before it.
    Ahead,
    /// On the day.
    Due,
    /// After it.
    Overdue,
}

impl Template {
    /// Name of its files, before language and form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reminder(_) => "reminder",
            Self::Digest(_) => "digest",
            Self::Team => "team",
            Self::Report => "report",
            Self::Receipt => "receipt",
            Self::Code => "code",
            Self::Test => "test",
        }
    }

    /// The stage of a reminder.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Self::Reminder(stage) | Self::Digest(stage) => Some(stage),
            Self::Team => Some(Stage::Overdue),
            Self::Request | Self::Report | Self::Receipt | Self::Code | Self::Test => None,
        }
    }
}

impl Stage {
    /// The word that templates compare with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Ahead => "ahead",
            Self::Due => "due",
            Self::Overdue => "overdue",
        }
    }
}

/// Where the organisation knows a person from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Affiliation {
    /// Works for this supplier.
    Supplier(String),
    /// Works in this department of the organisation.
    Department(String),
}

/// One obligation in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What kind of obligation, by its word.
    pub kind: &'static str,
    /// Title of the policy or course, or what else is owed.
    pub title: String,
    /// Its version or edition; empty where there is none.
    pub version: String,
    /// How far its reminders are.
    pub stage: Stage,
    /// Name of whoever owes it, in a letter to somebody else.
    pub who: Option<String>,
    /// Why somebody is told who does not owe it, by the word of the level.
    pub level: Option<&'static str>,
    /// What was learned, for the next refresher.
    pub lessons: Vec<String>,
    /// By when; the day itself is in time.
    pub due: Option<Date>,
    /// When it was acknowledged; of a receipt.
    pub signed: Option<Date>,
    /// Where it can be read and acknowledged.
    pub link: Option<Link>,
    /// What happens if it is not acknowledged: a sentence in the language of the letter.
    pub consequence: Option<String>,
}

/// A file that travels with a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Media type, for example `application/zip`.
    pub media_type: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A web address. It may hold a one-time token, so that nothing but a mail ever prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

/// The text is no web address that may stand in a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link in a mail begins with `https://` or `http://`, has a host, no user, and only characters that need no escaping")]
pub struct LinkError;

impl Link {
    /// Accepts `https://…` and `http://…` in the characters of RFC 3986.
    ///
    /// # Errors
    /// [`LinkError`] for another scheme, an empty host, user information before the host, or any character that RFC 3986 does
    /// not allow.
    ///
    /// ```
    /// use countersign::outbox::Link;
    /// assert!(Link::new("https://sign.example/s/Zm9v").is_ok());
    /// assert!(Link::new("javascript:alert(1)").is_err());
    /// assert!(Link::new("https://example.com@evil.example/").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, LinkError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(LinkError)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
        let is_host = !authority.is_empty() && !authority.starts_with(':') && !authority.contains('@');
        if is_host && text.bytes().all(allowed) { Ok(Self(text.to_owned())) } else { Err(LinkError) }
    }

    /// The address. Not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(…)")
    }
}

/// Who sends mails; the same for all letters of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Name of the organisation, shown as the sender.
    pub organisation: String,
    /// The address that mails come from and bounces go to; its domain ends the Message-ID.
    pub address: String,
    /// Who can help; answers go there.
    pub contact: Contact,
    /// The address to which the wrong person can say so.
    pub not_me: String,
}

/// Somebody to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name of a person or a desk.
    pub name: String,
    /// Address, without name.
    pub email: String,
    /// Telephone number as it is to be printed.
    pub telephone: Option<String>,
}
