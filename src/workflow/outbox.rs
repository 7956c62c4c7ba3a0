//! The outbox: mails are decided in the transaction of what they are about, and sent afterwards.
//!
//! A mail is composed when it is sent, from what was recorded, and composing it again gives the same bytes. A process that dies while it
//! sends leaves a mail in the state *sending*; the next one, holding the lock of senders, knows that its outcome is unknown.

use std::path::Path;

use serde::Serialize;

use crate::base::digest::Digest;
use crate::base::encode::unhex;
use crate::base::instant::Instant;
use crate::compliance::book::{Book, Item, Letter as Kind, MailDecision, MailRecord, MailResult, MailState};
use crate::compliance::reminder::{Planned, team_key};
use crate::contract::entity::Workspace;
use crate::contract::settings::MailSettings;
use crate::mail::{Outcome, Transport};
use crate::outbox::letter::{Contact, Letter, Sender, Template};
use crate::outbox::{Composed, compose};
use crate::project::register as files;
use crate::record::{Event, State, agenda};
use crate::rule::ladder::Reminders;
use crate::rule::working_time::Calendars;
use crate::signature::link::{LinkSecret, Token};
use crate::store::{LinkState, OutboxState, StoredLink, StoredMail};
use crate::text::page::Pages;
use crate::workflow::letter;
use crate::workflow::register::{Before, Draft, Register, RegisterError};

/// Attempts after which a mail that the server puts off is given up: with the waits below, after about two days.
const MOST_ATTEMPTS: u32 = 10;
/// Mails in a row that the server puts off, after which the rest waits for the next run: a server that is down keeps nobody waiting.
const MOST_PUT_OFF: u32 = 5;
/// Attempts after which a mail of unknown outcome waits for a person; each unknown outcome is followed by at most one more mail.
const MOST_UNKNOWN: u32 = 5;
/// The first wait after a temporary refusal, in seconds; each further one is twice as long.
const FIRST_WAIT_SECS: i64 = 120;
/// The longest wait, in seconds.
const LONGEST_WAIT_SECS: i64 = 12 * 60 * 60;
/// Everything that mails are made from.
pub struct Office {
    /// Organisation, addresses and contact.
    pub sender: Sender,
    /// Templates.
    pub pages: Pages,
    /// Address of the sign page.
    pub sign_page: String,
    /// Days for which a link opens.
    pub link_days: u16,
    /// When reminders go out, and who is told when nothing helps.
    pub reminders: Reminders,
    /// Working days and hours.
    pub calendars: Calendars,
    pub(super) secret: LinkSecret,
}

impl Office {
    /// Reads what mails are made from; `None` when `countersign.yaml` says nothing about mails.
    ///
    /// # Errors
    /// [`RegisterError::Disk`] for the secret of links, [`RegisterError::Refused`] for templates that do not compile.
    pub fn open(root: &Path, workspace: &Workspace) -> Result<Option<Self>, RegisterError> {
        let Some(mail) = &workspace.mail else { return Ok(None) };
        let pages = pages(root)?;
        let path = root.join(files::LINK_SECRET);
        let text = files::secret(&path)?;
        let bytes = unhex(text.trim_end()).and_then(|bytes| bytes.try_into().ok());
        let bytes: [u8; 32] = bytes.ok_or_else(|| RegisterError::integrity(path.display().to_string(), "it is no secret of 64 hexadecimal digits"))?;
        Ok(Some(Self {
            sender: sender(mail, &workspace.look.organisation),
            pages,
            sign_page: mail.sign_page.clone(),
            link_days: mail.link_days,
            reminders: workspace.reminders.clone(),
            calendars: workspace.calendars.clone(),
            secret: LinkSecret::new(bytes),
        }))
    }
}

/// The pages of a workspace, compiled.
///
/// # Errors
/// [`RegisterError::Refused`] for a template that does not compile.
pub fn pages(root: &Path) -> Result<Pages, RegisterError> {
    let help = "correct the template, or remove yours to use the embedded one";
    Pages::new(crate::project::read::pages(root)?).map_err(|error| RegisterError::refused(error.to_string(), help))
}

fn sender(mail: &MailSettings, organisation: &str) -> Sender {
    let contact = Contact { name: mail.help.name.clone(), email: mail.help.email.clone(), telephone: mail.help.telephone.clone() };
    Sender { organisation: organisation.to_owned(), address: mail.from.email.clone(), not_me: mail.help.email.clone(), contact }
}

/// Decides a planned mail: entry, row and links. Returns its key.
pub(crate) fn decide(before: &mut Before<'_>, draft: &mut Draft, book: &Book, office: &Office, mail: &Planned) -> Result<String, RegisterError> {
    let person = book.people.get(&mail.person).ok_or_else(|| super::acknowledge::unknown_person(&mail.person))?;
    let first = if mail.letter == Kind::Team { team_key(&mail.person, mail.day) } else { format!("day:{}:{}", mail.person, mail.day) };
    let key = free_key(before, first)?;
    let expires = mail.send_at.plus_secs(i64::from(office.link_days) * 86_400);
    let Planned { person: id, letter, day, items, send_at, .. } = mail.clone();
    add(before.now, send_at, draft, MailDecision { key: key.clone(), person: id, letter, day, items, report: None });
    // An acknowledgment of one's own is signed by the link of the newest mail.
    for item in mail.items.iter().filter(|item| mail.letter != Kind::Team && book.requests.contains_key(&item.obligation)) {
        let salt = (before.edge.chance)()[..16].to_vec();
        draft.add_link(StoredLink {
            digest: Token::derive(&office.secret, &item.obligation, &salt).digest(),
            request: item.obligation.clone(),
            mail: key.clone(),
            salt,
            sent_to: person.email.clone().unwrap_or_default(),
            expires,
            state: LinkState::Active,
        });
    }
    Ok(key)
}

/// A key that no mail has; a mail that was dropped, or came back, leaves room for another.
fn free_key(before: &Before<'_>, first: String) -> Result<String, RegisterError> {
    let mut key = first.clone();
    let mut number = 1;
    while before.view.mail(&key)?.is_some() {
        number += 1;
        key = format!("{first}:{number}");
    }
    Ok(key)
}

/// Adds a mail that may leave at a moment to the outbox, and records its decision.
pub(crate) fn add(now: Instant, not_before: Instant, draft: &mut Draft, decision: MailDecision) {
    draft.add_mail(StoredMail { key: decision.key.clone(), state: OutboxState::Decided, attempts: 0, not_before, decided: now, response: String::new() });
    draft.record(Event::MailDecided(decision));
}

/// What became of one mail.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Key of the mail.
    pub key: String,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// `sent`, `put off`, `failed`, `unknown`, `dropped`.
    pub result: &'static str,
    /// What the server said, or why.
    pub response: String,
}

/// Makes the receipt of a request, to be attached.
pub type Attach<'a> = &'a mut dyn FnMut(&mut Register, &str) -> Result<Vec<u8>, RegisterError>;

/// Two queues with a sender each, so that whoever waits for a code does not wait behind ten thousand reminders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Queue {
    /// Codes and receipts, which answer somebody.
    Answers,
    /// Everything else, within the budget of an hour.
    Rest,
}

impl Queue {
    /// The file that its sender holds a lock on.
    fn lock(self) -> &'static str {
        match self {
            Self::Answers => "countersign.db.answers",
            Self::Rest => "countersign.db.sender",
        }
    }

    fn holds(self, register: &Register, mail: &StoredMail) -> bool {
        let letter = register.state().book.mails.get(&mail.key).map(|mail| mail.decision.letter);
        matches!(letter, Some(Kind::Receipt | Kind::Code)) == (self == Self::Answers)
    }
}

/// Sends what waits in the outbox, answers first. Only one process sends at a time, and a server that puts off one mail after the other is
/// left alone for now.
///
/// # Errors
/// [`RegisterError::Refused`] when another process sends. What a server refuses is in the result and stops nothing.
pub fn send(register: &mut Register, office: &Office, transport: &mut dyn Transport, attach: Attach<'_>) -> Result<Vec<Attempt>, RegisterError> {
    // The sign page has its own sender of answers; the rest is not its business.
    let answers = send_queue(register, office, transport, attach, Queue::Answers)?.unwrap_or_default();
    let rest = send_queue(register, office, transport, attach, Queue::Rest)?;
    let rest = rest.ok_or_else(|| RegisterError::refused("another process sends mails now", "wait until it ends"))?;
    Ok([answers, rest].concat())
}

/// Sends the codes and receipts that wait; none while another process does.
///
/// # Errors
/// [`RegisterError`]; what a server refuses is in the result.
pub fn send_answers(register: &mut Register, office: &Office, transport: &mut dyn Transport, attach: Attach<'_>) -> Result<Vec<Attempt>, RegisterError> {
    Ok(send_queue(register, office, transport, attach, Queue::Answers)?.unwrap_or_default())
}

/// Sends a queue; `None` while another process does.
fn send_queue(
    register: &mut Register,
    office: &Office,
    transport: &mut dyn Transport,
    attach: Attach<'_>,
    queue: Queue,
) -> Result<Option<Vec<Attempt>>, RegisterError> {
    let lock = files::lock(&register.root().join(queue.lock()))?;
    let Some(_lock) = lock else { return Ok(None) };
    // Who holds the lock is the only sender: what is under way has no process any more.
    for orphan in waiting(register, queue, &[OutboxState::Sending])? {
        settle(register, &orphan.key, |mail| (MailState::Unknown, mail.attempts, "the process that sent it ended before the reply".to_owned()))?;
    }
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut put_off = 0;
    let mut left = if queue == Queue::Rest { budget(register, office) } else { u32::MAX };
    for mail in waiting(register, queue, &[OutboxState::Decided, OutboxState::Unknown])? {
        if left == 0 {
            break;
        }
        if let Some(attempt) = send_one(register, office, transport, attach, &mail.key)? {
            put_off = if attempt.result == "put off" { put_off + 1 } else { 0 };
            left -= u32::from(attempt.result == "sent");
            attempts.push(attempt);
        }
        if put_off == MOST_PUT_OFF {
            break;
        }
    }
    Ok(Some(attempts))
}

/// Mails of a queue in any of these states, as things stand now.
fn waiting(register: &mut Register, queue: Queue, states: &[OutboxState]) -> Result<Vec<StoredMail>, RegisterError> {
    register.look()?;
    let mails = mails(register, states)?;
    Ok(mails.into_iter().filter(|mail| queue.holds(register, mail)).collect())
}

/// How many mails may still leave within the hour.
fn budget(register: &Register, office: &Office) -> u32 {
    let Some(budget) = office.reminders.hourly_budget else { return u32::MAX };
    let now = register.edge().now();
    let recent = |mail: &&MailRecord| mail.state == MailState::Sent && mail.settled.is_some_and(|at| now.secs_since(at) < 3600);
    let sent = register.state().book.mails.values().filter(recent).count();
    budget.saturating_sub(u32::try_from(sent).unwrap_or(u32::MAX))
}

/// Mails in any of these states.
///
/// # Errors
/// [`RegisterError::Store`].
pub fn mails(register: &mut Register, states: &[OutboxState]) -> Result<Vec<StoredMail>, RegisterError> {
    Ok(register.view()?.mails(states)?)
}

/// What stands against sending a mail: nobody is left to ask, or it would go to an old address.
fn obsolete(state: &State, decision: &MailDecision, links: &[StoredLink], now: Instant) -> Option<String> {
    let Some(person) = state.book.people.get(&decision.person) else { return Some("the person's data was destroyed".to_owned()) };
    if person.email.is_none() {
        return Some("the person has no address any more".to_owned());
    }
    if !decision.letter.is_reminder() {
        return None;
    }
    if state.book.stale.contains(&decision.key) {
        return Some("the address has changed since".to_owned());
    }
    let is_lapsed = |id: &str| links.iter().any(|link| link.request == id && link.state != LinkState::Active);
    let is_owed = |item: &Item| agenda::find(state, &item.obligation, now).is_some_and(|o| o.due == item.due) && !is_lapsed(&item.obligation);
    (!decision.items.iter().any(is_owed)).then(|| "nothing in it is open any more, or a newer mail was sent".to_owned())
}

/// What a mail was found to be before it is sent.
enum Look {
    /// It is not its turn.
    NotNow,
    /// It is dropped.
    Dropped(String),
    /// It can be composed; with the number of entries that this was found at.
    Ready(StoredMail, MailDecision, Vec<StoredLink>, u64),
}

/// Times that a mail is composed anew because something was recorded meanwhile.
const MOST_LOOKS: u32 = 3;

fn send_one(register: &mut Register, office: &Office, transport: &mut dyn Transport, attach: Attach<'_>, key: &str) -> Result<Option<Attempt>, RegisterError> {
    let plain = |result, response: String| Some(Attempt { key: key.to_owned(), to: String::new(), subject: String::new(), result, response });
    let mut looks = 0;
    loop {
        looks += 1;
        let (mail, decision, links, size) = match look(register, key)? {
            Look::NotNow => return Ok(None),
            Look::Dropped(why) => return Ok(plain("dropped", why)),
            Look::Ready(mail, decision, links, size) => (mail, decision, links, size),
        };
        // Composed before it is claimed: a process that dies over it has not touched the server.
        let composed = letter::letter(register, office, &mail, &decision, &links, attach).and_then(|letter| {
            let help = "correct the template or the address, then `countersign outbox retry`";
            compose(&letter, &office.pages, &office.sender).map_err(|error| RegisterError::refused(error.to_string(), help))
        });
        let composed = match composed {
            Ok(composed) => composed,
            Err(error) => {
                // Our fault, not the server's: the mail waits for a person, the others go on.
                settle(register, key, |mail| (MailState::Failed, mail.attempts, error.to_string()))?;
                return Ok(plain("failed", error.to_string()));
            }
        };
        let is_ours = register.change(|before, draft| {
            let waits = before.view.mail(key)?.is_some_and(|now| now.state == mail.state);
            let is_unchanged = waits && (before.state.size == size || looks >= MOST_LOOKS);
            if is_unchanged {
                draft.set_mail(StoredMail { state: OutboxState::Sending, attempts: mail.attempts + 1, ..mail });
            }
            Ok(is_unchanged)
        })?;
        if is_ours {
            let outcome = transport.send(&composed);
            return record(register, key, composed, outcome).map(Some);
        }
    }
}

/// Looks whether a mail is due, and drops it when nothing in it is owed any more.
fn look(register: &mut Register, key: &str) -> Result<Look, RegisterError> {
    register.change(|before, draft| {
        let Some(mail) = before.view.mail(key)? else { return Ok(Look::NotNow) };
        let due = match mail.state {
            OutboxState::Decided => mail.not_before <= before.now,
            OutboxState::Unknown => mail.attempts < MOST_UNKNOWN,
            _ => false,
        };
        let Some(record) = before.state.book.mails.get(key).filter(|_| due) else { return Ok(Look::NotNow) };
        let links = before.view.links_of_mail(key)?;
        let decision = record.decision.clone();
        let is_lapsed = decision.letter == Kind::Code && before.view.code_of_mail(key)?.is_none_or(|code| code.expires <= before.now);
        let lapsed = is_lapsed.then(|| "the code in it is not good any more".to_owned());
        if let Some(why) = obsolete(before.state, &decision, &links, before.now).or(lapsed) {
            draft.set_mail(StoredMail { state: OutboxState::Dropped, response: why.clone(), ..mail });
            draft.record(Event::MailSettled(MailResult { key: key.to_owned(), person: decision.person, result: MailState::Dropped, response: why.clone() }));
            return Ok(Look::Dropped(why));
        }
        Ok(Look::Ready(mail, decision, links, before.state.size))
    })
}

/// Records what a transport said.
fn record(register: &mut Register, key: &str, composed: Composed, outcome: Outcome) -> Result<Attempt, RegisterError> {
    let (result, response) = match outcome {
        Outcome::Sent { response } => {
            settle(register, key, |mail| (MailState::Sent, mail.attempts, response.clone()))?;
            ("sent", response)
        }
        Outcome::Refused { reason } => {
            settle(register, key, |mail| (MailState::Failed, mail.attempts, reason.clone()))?;
            ("failed", reason)
        }
        Outcome::Unknown { reason } => {
            settle(register, key, |mail| (MailState::Unknown, mail.attempts, reason.clone()))?;
            ("unknown", reason)
        }
        Outcome::Retry { reason } => {
            let given_up = settle(register, key, |mail| {
                let state = if mail.attempts >= MOST_ATTEMPTS { MailState::Failed } else { MailState::Decided };
                (state, mail.attempts, reason.clone())
            })?;
            (if given_up == MailState::Failed { "failed" } else { "put off" }, reason)
        }
    };
    Ok(Attempt { key: key.to_owned(), to: composed.to, subject: composed.subject, result, response })
}

/// Changes what is known of a mail; only what ends a doubt is recorded as an entry.
fn settle(register: &mut Register, key: &str, decide: impl FnOnce(&StoredMail) -> (MailState, u32, String)) -> Result<MailState, RegisterError> {
    register.change(|before, draft| {
        let Some(mail) = before.view.mail(key)? else { return Ok(MailState::Dropped) };
        let (state, attempts, response) = decide(&mail);
        let response: String = response.chars().filter(|c| !c.is_control()).take(500).collect();
        let kept = match state {
            MailState::Decided => OutboxState::Decided,
            MailState::Sent => OutboxState::Sent,
            MailState::Failed => OutboxState::Failed,
            MailState::Unknown => OutboxState::Unknown,
            MailState::Dropped => OutboxState::Dropped,
            MailState::Bounced => OutboxState::Bounced,
        };
        let not_before = if state == MailState::Decided { before.now.plus_secs(wait_secs(key, attempts)) } else { mail.not_before };
        if state == MailState::Sent {
            // The newest link that arrived is the one that opens.
            for link in before.view.links_of_mail(key)?.iter().filter(|link| link.state == LinkState::Active) {
                draft.rotate_links(&link.request, key);
            }
        }
        draft.set_mail(StoredMail { state: kept, attempts, not_before, response: response.clone(), ..mail });
        if state != MailState::Decided {
            let person = addressee(before, key);
            draft.record(Event::MailSettled(MailResult { key: key.to_owned(), person, result: state, response }));
        }
        Ok(state)
    })
}

/// Id of the person a mail is for; an erased one has no mails left in the outbox.
fn addressee(before: &Before<'_>, key: &str) -> String {
    before.state.book.mails.get(key).map(|mail| mail.decision.person.clone()).unwrap_or_default()
}

/// How long to wait after a temporary refusal: doubling, with a quarter more or less that depends on the mail, so that not all come at once.
fn wait_secs(key: &str, attempts: u32) -> i64 {
    let wait = FIRST_WAIT_SECS.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_WAIT_SECS);
    let chance = i64::from(Digest::of(format!("{key} {attempts}").as_bytes()).bytes()[0]);
    wait - wait / 4 + wait * chance / 512
}

/// Lets a mail that failed, or whose outcome is unknown, be tried again.
///
/// # Errors
/// [`RegisterError::Refused`] when there is no such mail, or it is not in such a state.
pub fn retry(register: &mut Register, key: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        let mail = before.view.mail(key)?.filter(|m| matches!(m.state, OutboxState::Failed | OutboxState::Unknown | OutboxState::Decided));
        let mail = mail.ok_or_else(|| no_mail(key, "waits, failed or is unknown"))?;
        draft.set_mail(StoredMail { state: OutboxState::Decided, attempts: 0, not_before: before.now, ..mail });
        Ok(())
    })
}

/// Decides that a mail is not sent.
///
/// # Errors
/// [`RegisterError::Refused`] when there is no such mail, or it was sent.
pub fn drop_mail(register: &mut Register, key: &str, reason: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        let mail = before.view.mail(key)?.filter(|m| matches!(m.state, OutboxState::Failed | OutboxState::Unknown | OutboxState::Decided));
        let mail = mail.ok_or_else(|| no_mail(key, "is not sent yet"))?;
        draft.set_mail(StoredMail { state: OutboxState::Dropped, response: reason.to_owned(), ..mail });
        let person = addressee(before, key);
        draft.record(Event::MailSettled(MailResult { key: key.to_owned(), person, result: MailState::Dropped, response: reason.to_owned() }));
        Ok(())
    })
}

fn no_mail(key: &str, which: &str) -> RegisterError {
    RegisterError::refused(format!("no mail `{key}` {which}"), "`countersign outbox list` shows them")
}

/// Sends a test mail to an address, past the outbox.
///
/// # Errors
/// [`RegisterError::Refused`] for an address that is none.
pub fn test(office: &Office, transport: &mut dyn Transport, address: &str, now: Instant) -> Result<(Composed, Outcome), RegisterError> {
    let letter = Letter {
        key: format!("test:{address}:{now}"),
        date: now,
        language: crate::outbox::Language::En,
        template: Template::Test,
        to_name: address.to_owned(),
        to_address: address.to_owned(),
        affiliation: None,
        link: None,
        items: Vec::new(),
        attachment: None,
        known: None,
        report: None,
        code: None,
    };
    let composed = compose(&letter, &office.pages, &office.sender).map_err(|error| RegisterError::refused(error.to_string(), "give one e-mail address"))?;
    let outcome = transport.send(&composed);
    Ok((composed, outcome))
}
