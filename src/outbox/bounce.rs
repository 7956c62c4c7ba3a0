//! Delivery status notifications (RFC 3464 in the report of RFC 6522): what a mail server says of a mail that it could not deliver.
//!
//! Job: read the notification out of the bytes of a mail. Neighbour below: crate `mail-parser`, whose one home is here. Never does: decide what
//! follows, or trust that the mail is ours: that shows the Message-ID of what came back.

use mail_parser::{MessageParser, MimeHeaders, PartType};

/// Largest mail that is read, in bytes.
const LARGEST: usize = 10 * 1024 * 1024;
/// Longest diagnostic that is kept, in characters.
const LONGEST_DIAGNOSTIC: usize = 300;

/// What a notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Message-ID of the mail that came back, without angle brackets; `None` where the notification does not return its headers.
    pub message_id: Option<String>,
    /// What became of it, recipient by recipient.
    pub recipients: Vec<RecipientStatus>,
}

/// What became of a mail at one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientStatus {
    /// The address (`Final-Recipient`).
    pub address: String,
    /// What the server did.
    pub action: Action,
    /// Enhanced status code (RFC 3463): `5.1.1`.
    pub status: String,
    /// What the server was told, on one line.
    pub diagnostic: Option<String>,
}

/// What a server did with a mail (RFC 3464, 2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It gave up.
    Failed,
    /// It still tries.
    Delayed,
    /// It delivered.
    Delivered,
    /// It passed the mail on to a server that sends no notifications.
    Relayed,
    /// It passed the mail on to several recipients.
    Expanded,
}

/// Why a mail is no notification that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// Too large.
    #[error("it is larger than {LARGEST} bytes")]
    Size,
    /// No mail at all.
    #[error("it is no mail")]
    Mail,
    /// A mail of another kind, for example the answer of somebody on leave.
    #[error("it is no delivery status notification: no part is `message/delivery-status`")]
    Kind,
    /// Nothing about any recipient.
    #[error("it says nothing about any recipient")]
    NoRecipient,
    /// A field that must be there is missing or malformed.
    #[error("its `{field}` is missing or malformed")]
    Field {
        /// The field.
        field: &'static str,
    },
}

impl RecipientStatus {
    /// Whether the mail will never arrive there: it failed, and with a permanent status (class 5).
    pub fn is_permanent(&self) -> bool {
        self.action == Action::Failed && self.status.starts_with("5.")
    }
}

/// Reads a notification.
///
/// # Errors
/// [`NotificationError`] for anything else; a notification with one malformed recipient is refused as a whole.
///
/// ```
/// use countersign::outbox::bounce::{NotificationError, read};
/// let mail = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
///     --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
///     Final-Recipient: rfc822; ann@northwind.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
///     --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <4f2a@harbourline.example>\r\n\r\n--b--\r\n";
/// let notification = read(mail.as_bytes()).unwrap();
/// assert_eq!(notification.message_id.as_deref(), Some("4f2a@harbourline.example"));
/// assert!(notification.recipients[0].is_permanent());
/// assert_eq!(read(b"Subject: I am on leave\r\n\r\nBack in May.\r\n"), Err(NotificationError::Kind));
/// ```
pub fn read(bytes: &[u8]) -> Result<Notification, NotificationError> {
    if bytes.len() > LARGEST {
        return Err(NotificationError::Size);
    }
    let parser = MessageParser::new();
    let mail = parser.parse(bytes).ok_or(NotificationError::Mail)?;
    let mut status = None;
    let mut message_id = None;
    for part in &mail.parts {
        let Some(kind) = part.content_type() else { continue };
        let is = |top: &str, sub: &str| kind.ctype().eq_ignore_ascii_case(top) && kind.subtype().is_some_and(|s| s.eq_ignore_ascii_case(sub));
        if is("message", "delivery-status") || is("message", "global-delivery-status") {
            status = status.or_else(|| Some(String::from_utf8_lossy(part.contents()).into_owned()));
        } else if let PartType::Message(returned) = &part.body {
            message_id = message_id.or_else(|| returned.message_id().map(str::to_owned));
        } else if is("text", "rfc822-headers") || is("message", "global-headers") || is("message", "rfc822") {
            let headers = parser.parse_headers(part.contents());
            message_id = message_id.or_else(|| headers.and_then(|h| h.message_id().map(str::to_owned)));
        }
    }
    let status = status.ok_or(NotificationError::Kind)?;
    let recipients =
        groups(&status).iter().filter(|group| group.iter().any(|(name, _)| name == FINAL)).map(|group| recipient(group)).collect::<Result<Vec<_>, _>>()?;
    if recipients.is_empty() {
        return Err(NotificationError::NoRecipient);
    }
    Ok(Notification { message_id: message_id.map(|id| line(&id, LONGEST_DIAGNOSTIC)), recipients })
}

const FINAL: &str = "final-recipient";

/// Fields of a part, in groups that empty lines part; names in lower case, values unfolded.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        let last = groups.len() - 1;
        if line.trim().is_empty() {
            if !groups[last].is_empty() {
                groups.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = groups[last].last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            groups[last].push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

fn recipient(group: &[(String, String)]) -> Result<RecipientStatus, NotificationError> {
    let field = |name: &str| group.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let missing = |field| NotificationError::Field { field };
    // `rfc822; ann@example.org`: the type of address, then the address.
    let address = field(FINAL).and_then(|value| value.split_once(';')).map(|(_, address)| line(address, LONGEST_DIAGNOSTIC));
    let address = address.map(|a| a.trim_matches(['<', '>']).to_owned()).filter(|a| a.contains('@') && !a.contains(' '));
    let action = match field("action").map(str::to_ascii_lowercase).as_deref() {
        Some("failed") => Action::Failed,
        Some("delayed") => Action::Delayed,
        Some("delivered") => Action::Delivered,
        Some("relayed") => Action::Relayed,
        Some("expanded") => Action::Expanded,
        _ => return Err(missing("Action")),
    };
    // A comment may follow the code.
    let status = field("status").and_then(|value| value.split_whitespace().next()).filter(|code| is_status(code)).map(str::to_owned);
    let diagnostic = field("diagnostic-code").map(|value| value.split_once(';').map_or(value, |(_, text)| text));
    Ok(RecipientStatus {
        address: address.ok_or_else(|| missing("Final-Recipient"))?,
        action,
        status: status.ok_or_else(|| missing("Status"))?,
        diagnostic: diagnostic.map(|text| line(text, LONGEST_DIAGNOSTIC)).filter(|text| !text.is_empty()),
    })
}

/// Whether a text is a status code: a class of 2, 4 or 5, then two numbers of at most three digits.
fn is_status(code: &str) -> bool {
    let parts: Vec<&str> = code.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && ["2", "4", "5"].contains(&parts[0]) && parts[1..].iter().all(is_number)
}

/// A text on one line without controls, cut to a length.
fn line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(most).collect()
}
