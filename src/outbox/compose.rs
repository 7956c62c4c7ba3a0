//! Composes a mail: words from templates, bytes after RFC 5322 and RFC 2045.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as AttachedPart, Body, Mailbox, Message, MultiPart, SinglePart};
use serde_json::{Value, json};

use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::outbox::letter::{Affiliation, Item, Letter, Sender, Stage, Template};
use crate::outbox::line;
use crate::text::page::{PageError, Pages};

/// How the subject begins in a `.txt` template.
const SUBJECT: &str = "Subject:";
/// Hexadecimal digits of the digest of the key in a Message-ID.
pub const ID_DIGITS: usize = 32;

/// A mail that is ready to be sent.
///
/// The same letter, templates and sender give the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    /// Message-ID without angle brackets: `<32 hex digits of SHA-256(key)>@<domain of the sender>`.
    pub message_id: String,
    /// The `Date` of the mail.
    pub date: Instant,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipient.
    pub to: String,
    /// Subject as people read it.
    pub subject: String,
    /// The mail: ASCII, lines ended by CRLF and below 998 characters.
    pub raw: Vec<u8>,
}

/// The content holds signing links and stays out of logs.
impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composed").field("message_id", &self.message_id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// A letter cannot become a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A template cannot be filled.
    #[error(transparent)]
    Page(#[from] PageError),
    /// An address cannot be used.
    #[error("`{address}` is no usable address of the {role}; expected `name@example.org` in ASCII, or with an international domain")]
    Address {
        /// Whose: `sender`, `contact`, `wrong-person contact` or `recipient`.
        role: &'static str,
        /// The address.
        address: String,
    },
    /// The text template has no subject.
    #[error("template `{template}`: the first line must be `Subject: …`")]
    NoSubject {
        /// Name of the template.
        template: String,
    },
    /// A letter other than a test or a report is about nothing.
    #[error("the letter has no item")]
    NoItem,
    /// The media type of the attachment is malformed.
    #[error("`{media_type}` is no media type; expected for example `application/pdf`")]
    MediaType {
        /// The media type.
        media_type: String,
    },
    /// The parts do not make a mail.
    #[error("the mail cannot be built: {0}")]
    Build(String),
}

/// Makes a mail of a letter.
///
/// The templates and the values they see are listed in [`crate::outbox`].
///
/// # Errors
/// [`ComposeError`] when a template is missing or names a value that is not there, the text has no subject, an address is
/// malformed or outside ASCII before its `@`, the attachment's media type is malformed, or there is no item.
///
/// ```
/// use std::collections::BTreeMap;
/// use countersign::base::instant::Instant;
/// use countersign::outbox::{ComposeError, Contact, Language, Letter, Sender, Template, compose};
/// use countersign::text::page::Pages;
///
/// let template = |name: &str, text: &str| (name.to_owned(), text.to_owned());
/// let pages = Pages::new(BTreeMap::from([
///     template("mail/test.en.txt", "Subject: Test of {{ organisation }}\n\nIt works, {{ to.name }}."),
///     template("mail/test.en.html", "<p>It works, {{ to.name }}.</p>"),
/// ]))
/// .unwrap();
/// let contact = Contact { name: "Help desk".into(), email: "help@example.org".into(), telephone: None };
/// let sender = Sender { organisation: "Harbourline".into(), address: "no-reply@example.org".into(), contact, not_me: "help@example.org".into() };
/// let letter = Letter {
///     key: "test/1".into(),
///     date: Instant::from_millis(0),
///     language: Language::En,
///     template: Template::Test,
///     to_name: "Anna".into(),
///     to_address: "anna@example.net".into(),
///     affiliation: None,
///     link: None,
///     items: vec![],
///     attachment: None,
///     known: None,
///     report: None,
///     code: None,
/// };
/// assert_eq!(compose(&letter, &pages, &sender).unwrap().subject, "Test of Harbourline");
/// let request = Letter { template: Template::Request, ..letter };
/// assert_eq!(compose(&request, &pages, &sender), Err(ComposeError::NoItem));
/// ```
pub fn compose(letter: &Letter, pages: &Pages, sender: &Sender) -> Result<Composed, ComposeError> {
    if letter.items.is_empty() && !matches!(letter.template, Template::Test | Template::Report) {
        return Err(ComposeError::NoItem);
    }
    let from = line::address("sender", &sender.address)?;
    let contact = line::address("contact", &sender.contact.email)?;
    let not_me = line::address("wrong-person contact", &sender.not_me)?;
    let to = line::address("recipient", &letter.to_address)?;

    let mut values = values(letter, sender, contact.as_ref(), not_me.as_ref(), to.as_ref());
    let name = format!("mail/{}.{}", letter.template.name(), letter.language.code());
    let (subject, text) = text_and_subject(pages, &format!("{name}.txt"), &values)?;
    values["subject"] = json!(subject);
    let html = tidy(&pages.render(&format!("{name}.html"), &values)?);

    let boundaries = Boundaries::new(&letter.key, &text, &html);
    let words = MultiPart::alternative().boundary(boundaries.words()).singlepart(SinglePart::plain(text)).singlepart(SinglePart::html(html));
    let message_id = format!("{}@{}", Digest::of(letter.key.as_bytes()).short(ID_DIGITS), from.domain());
    let unbuilt = |error: lettre::error::Error| ComposeError::Build(error.to_string());
    let mut message = Message::builder()
        // Given, because lettre would read it from the headers and does not know address literals there.
        .envelope(Envelope::new(Some(from.clone()), vec![to.clone()]).map_err(unbuilt)?)
        .from(Mailbox::new(shown(&sender.organisation), from.clone()))
        .to(Mailbox::new(shown(&letter.to_name), to.clone()))
        .subject(subject.as_str())
        .date(UNIX_EPOCH + Duration::from_millis(u64::try_from(letter.date.millis()).unwrap_or(0)))
        .message_id(Some(format!("<{message_id}>")))
        // RFC 3834: no answering machine replies to it.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    if contact != from {
        message = message.reply_to(Mailbox::new(shown(&sender.contact.name), contact));
    }
    let whole = match &letter.attachment {
        None => words,
        Some(file) => {
            let media_type = ContentType::parse(&file.media_type).map_err(|_| ComposeError::MediaType { media_type: line::one_line(&file.media_type) })?;
            // Base64 also for what looks like text: a file must not have its line ends changed on the way.
            let body = Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64);
            let body = body.map_err(|_| ComposeError::Build("the attachment cannot be encoded".to_owned()))?;
            let part = AttachedPart::new(line::header_name(&file.name)).body(body, media_type);
            MultiPart::mixed().boundary(boundaries.whole()).multipart(words).singlepart(part)
        }
    };
    let raw = message.multipart(whole).map_err(unbuilt)?.formatted();
    Ok(Composed { message_id, date: letter.date, from: from.to_string(), to: to.to_string(), subject, raw })
}

/// Boundaries of the parts: derived from the key and from the content, which therefore cannot hold them.
struct Boundaries(Digest);

impl Boundaries {
    fn new(key: &str, text: &str, html: &str) -> Self {
        let digests = [key, text, html].map(|part| Digest::of(part.as_bytes()));
        Self(Digest::of_parts(&[digests[0].as_str().as_bytes(), digests[1].as_str().as_bytes(), digests[2].as_str().as_bytes()]))
    }

    fn words(&self) -> String {
        format!("words-{}", self.0.short(ID_DIGITS))
    }

    fn whole(&self) -> String {
        format!("whole-{}", self.0.short(ID_DIGITS))
    }
}

/// A name as it is shown before an address; none when it is empty.
fn shown(name: &str) -> Option<String> {
    Some(line::header_name(name)).filter(|name| !name.is_empty())
}

fn text_and_subject(pages: &Pages, name: &str, values: &Value) -> Result<(String, String), ComposeError> {
    let page = tidy(&pages.render(name, values)?);
    let no_subject = || ComposeError::NoSubject { template: name.to_owned() };
    let (first, rest) = page.split_once('\n').ok_or_else(no_subject)?;
    let subject = line::header_subject(first.strip_prefix(SUBJECT).ok_or_else(no_subject)?);
    if subject.is_empty() {
        return Err(no_subject());
    }
    Ok((subject, format!("{}\n", rest.trim())))
}

/// Takes out what tags leave behind: spaces at the end of lines, and more than one empty line in a row.
fn tidy(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut empty = 0;
    for line in page.trim_start_matches('\u{feff}').trim_start().lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn values(letter: &Letter, sender: &Sender, contact: &str, not_me: &str, to: &str) -> Value {
    let text = |text: &str| json!(line::one_line(text));
    let optional = |text: Option<&str>| text.map(line::one_line).filter(|text| !text.is_empty());
    let is_digest = matches!(letter.template, Template::Digest(_) | Template::Team);
    let only = if letter.items.len() == 1 && !is_digest { letter.items.first().and_then(|item| item.link.as_ref()) } else { None };
    let link = letter.link.as_ref().or(only);
    let item = |item: &Item| {
        json!({
            "kind": item.kind,
            "title": text(&item.title),
            "version": optional(Some(&item.version)),
            "stage": item.stage.name(),
            "who": optional(item.who.as_deref()),
            "level": item.level,
            "lessons": item.lessons.iter().map(|lesson| text(lesson)).collect::<Vec<_>>(),
            "due": item.due.map(|date| letter.language.date(date)),
            "signed": item.signed.map(|date| letter.language.date(date)),
            "link": item.link.as_ref().filter(|_| link.is_none()).map(|link| link.as_str()),
            "consequence": optional(item.consequence.as_deref()),
        })
    };
    let (supplier, department) = match &letter.affiliation {
        Some(Affiliation::Supplier(name)) => (optional(Some(name)), None),
        Some(Affiliation::Department(name)) => (None, optional(Some(name))),
        None => (None, None),
    };
    json!({
        "organisation": text(&sender.organisation),
        "to": { "name": optional(Some(&letter.to_name)).unwrap_or_else(|| to.to_owned()), "address": to },
        "supplier_end": supplier.as_ref().map(|name| name.trim_end_matches('.')),
        "supplier": supplier,
        "department": department,
        "items": letter.items.iter().map(item).collect::<Vec<_>>(),
        "count": letter.items.len(),
        "due": letter.items.iter().filter_map(|item| item.due).min().map(|date| letter.language.date(date)),
        "link": link.map(|link| link.as_str()),
        "links": if link.is_some() { 1 } else { letter.items.iter().filter(|item| item.link.is_some()).count() },
        "template": letter.template.name(),
        "stage": letter.template.stage().map(|stage| stage.name()),
        "first": letter.template == Template::Request || letter.template == Template::Digest(Stage::Request),
        "known": letter.known.as_ref().map(|known| json!({ "name": text(&known.name), "email": text(&known.email) })),
        "report": letter.report.as_ref().map(|report| json!({ "title": text(&report.title), "as_of": letter.language.date(report.as_of) })),
        "code": letter.code.as_ref().map(|(code, minutes)| json!({ "digits": code.text(), "minutes": minutes })),
        "attachment": letter.attachment.as_ref().map(|file| line::header_name(&file.name)),
        "contact": { "name": text(&sender.contact.name), "email": contact, "telephone": optional(sender.contact.telephone.as_deref()) },
        "not_me": not_me,
        "language": letter.language.code(),
        "sent": letter.language.date(letter.date.date()),
    })
}
