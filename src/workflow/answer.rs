//! Answers by link: what a one-time link opens, and signing, declining or handing over from there.
//!
//! Opening reads and never writes, so a scanner may do it as often as it likes. An answer needs the nonce of a page that was shown; the same
//! answer again is no second one, and leads to the same result.

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::encode::hex;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::{Capacity, Method, Request};
use crate::compliance::book::{Book, Item, Letter, MailDecision, Outcome, Record};
use crate::compliance::person::{Language, Person};
use crate::compliance::policy::PolicyVersion;
use crate::record::{Event, State};
use crate::rule::ladder::Stage;
use crate::signature::link::{Code, LinkRefusal, Nonce, Pass, Token};
use crate::store::{LinkState, StoredCode, StoredLink, View};
use crate::workflow::acknowledge::{self, HandoverFault, Shown, Signer};
use crate::workflow::letter;
use crate::workflow::outbox::{self, Office};
use crate::workflow::register::{Before, Draft, Register, RegisterError};

/// How long a page that was shown may be sent back, in seconds: long enough to read the policy.
const NONCE_SECS: i64 = 4 * 60 * 60;
/// How long whoever answered can come back to the result, in seconds; the receipt comes by mail as well.
const PASS_SECS: i64 = 24 * 60 * 60;
/// Minutes for which a code is good.
pub const CODE_MINUTES: u16 = 10;
/// Wrong codes after which a link is locked: with six digits one guess in a hundred thousand succeeds before that.
const MOST_WRONG_CODES: u32 = 10;
/// Codes that are mailed for one link within an hour.
const MOST_CODES: u32 = 5;
/// Seconds in which a second wish for a code is the same wish: a double click.
const SAME_WISH_SECS: i64 = 30;

/// What a link opens.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The request with everything that is shown.
    pub shown: Shown,
    /// Whether the person acknowledged an earlier version.
    pub is_new_version: bool,
    /// Good for one answer.
    pub nonce: Nonce,
    /// Address that the link went to.
    pub sent_to: String,
    /// Whether a code that is still good was sent.
    pub has_code: bool,
    /// The other requests of the same mail.
    pub others: Vec<Other>,
}

/// Another request of the same mail.
#[derive(Debug, Clone)]
pub struct Other {
    /// Title of the policy.
    pub title: String,
    /// The company that is signed for, where it is one.
    pub company: Option<String>,
    /// Its version.
    pub version: String,
    /// Last day.
    pub due: Date,
    /// How it stands.
    pub standing: Fate,
    /// What opens it, while it is open.
    pub token: Option<Token>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    Open,
    /// Signed.
    Signed,
    /// Declined.
    Declined,
    /// Handed over.
    HandedOver,
    /// Closed or voided, or a newer version or mail stands in its place.
    Closed,
}

/// Why a link leads nowhere, and what may be said to whoever has it.
#[derive(Debug, Clone)]
pub struct Closed {
    /// Why.
    pub why: LinkRefusal,
    /// Language of the person, of a link that we made.
    pub language: Option<Language>,
    /// What became of the request, and on which day of the person.
    pub fate: Option<(Fate, Date)>,
    /// The last day on which the link opened.
    pub expired: Option<Date>,
    /// What opens the newer version, where the same mailbox was sent it.
    pub newer: Option<Token>,
}

/// What came of an attempt to sign.
#[derive(Debug)]
pub enum Signing {
    /// It is signed: now, or before by this very page.
    Signed(String),
    /// A code is asked for.
    Code(CodeWish),
}

/// How a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeWish {
    /// It was mailed.
    Sent,
    /// What was typed is wrong; so many more are forgiven.
    Wrong(u32),
    /// The code that was sent is not good any more.
    Expired,
    /// So many were sent within an hour that no other is.
    TooMany,
}

/// What came of an attempt to hand over.
#[derive(Debug)]
pub enum Handover {
    /// The request has gone to a colleague.
    Done(String),
    /// Nobody of the same company has this address.
    Unknown,
    /// The colleague cannot take it.
    Fault(HandoverFault),
}

/// What whoever answered is told.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The request.
    pub request: Request,
    /// The person.
    pub person: Person,
    /// The policy version.
    pub policy: PolicyVersion,
    /// What became of it.
    pub fate: Fate,
    /// When it was signed.
    pub signed: Option<Instant>,
    /// Address that the receipt goes to.
    pub sent_to: Option<String>,
    /// Name of the colleague who has it now.
    pub colleague: Option<String>,
    /// The other requests of the same mail.
    pub others: Vec<Other>,
}

/// Opens a link: what it shows, and a nonce that is good for one answer. Nothing is recorded or kept.
///
/// # Errors
/// The inner [`Closed`] says why the link does not open.
pub fn open(register: &mut Register, office: &Office, token: &Token) -> Result<Result<Opened, Closed>, RegisterError> {
    let (now, chance) = (register.edge().now(), register.edge().chance);
    let (state, view) = register.look()?;
    let (link, shown) = match resolve(state, view.as_ref(), office, token, now)? {
        Ok(resolved) => resolved,
        Err(closed) => return Ok(Err(closed)),
    };
    let nonce =
        Nonce::issue(&office.secret, &link.digest, &words(&shown), now.plus_secs(NONCE_SECS), chance()[..16].try_into().expect("half of 32 bytes is 16"));
    let others = others(state, view.as_ref(), office, std::slice::from_ref(&link), now)?;
    let has_code = view.code(&link.digest)?.is_some_and(|code| now < code.expires);
    let earlier = |r: &Record| r.request.policy == shown.request.policy && matches!(r.outcome, Outcome::Signed { .. });
    let is_new_version = state.book.requests_of(&shown.person.id).any(|r| earlier(r) && shown.request.version.is_material_after(r.request.version));
    Ok(Ok(Opened { shown, is_new_version, nonce, sent_to: link.sent_to, has_code, others }))
}

/// Signs by a link that was opened: the nonce of the page is used up. Where the policy asks for a code, the first attempt has one mailed.
///
/// # Errors
/// The inner [`Closed`] says why it does not count; [`RegisterError::Refused`] for a name that is none, and for somebody who may not sign.
pub fn sign(
    register: &mut Register,
    office: &Office,
    token: &Token,
    nonce: &Nonce,
    signer: &Signer,
    code: Option<&str>,
) -> Result<Result<Signing, Closed>, RegisterError> {
    let signer = acknowledge::checked(signer)?;
    register.change(|before, draft| {
        let (link, shown) = match answered(before, office, token, nonce)? {
            Page::Fresh(link, shown) => (link, *shown),
            Page::Sent(request) => return Ok(Ok(Signing::Signed(request))),
            Page::Closed(closed) => return Ok(Err(*closed)),
        };
        if shown.policy.code {
            match check_code(before, draft, office, &link, &shown, code)? {
                Ok(()) => {}
                Err(Some(wish)) => return Ok(Ok(Signing::Code(wish))),
                Err(None) => return Ok(Err(closed(before.state, office, LinkRefusal::Locked, &shown.request, before.view, before.now)?)),
            }
        }
        before.view.use_nonce(&nonce.digest(), &link.digest, nonce.expires())?;
        let (request, code) = (shown.request.request.clone(), shown.policy.code);
        let method = Method::Link { link: link.digest, sent_to: link.sent_to, code };
        acknowledge::sign(before, draft, Some(office), shown, method, &signer)?;
        Ok(Ok(Signing::Signed(request)))
    })
}

/// Declines by a link that was opened, and gives the id of the request.
///
/// # Errors
/// The inner [`Closed`] says why it does not count.
pub fn decline(register: &mut Register, office: &Office, token: &Token, nonce: &Nonce, reason: &str) -> Result<Result<String, Closed>, RegisterError> {
    register.change(|before, draft| {
        let (link, shown) = match answered(before, office, token, nonce)? {
            Page::Fresh(link, shown) => (link, shown),
            Page::Sent(request) => return Ok(Ok(request)),
            Page::Closed(closed) => return Ok(Err(*closed)),
        };
        before.view.use_nonce(&nonce.digest(), &link.digest, nonce.expires())?;
        draft.use_links(&shown.request.request);
        draft.record(Event::Declined(acknowledge::ending(&shown.request, reason, None)));
        Ok(Ok(shown.request.request))
    })
}

/// Hands over, by a link that was opened, to the colleague with an address. The colleague gets a mail with a link of their own.
///
/// Whoever hands over learns only whether somebody of their own company has the address.
///
/// # Errors
/// The inner [`Closed`] says why it does not count.
pub fn hand_over(
    register: &mut Register,
    office: &Office,
    token: &Token,
    nonce: &Nonce,
    email: &str,
    reason: &str,
) -> Result<Result<Handover, Closed>, RegisterError> {
    register.change(|before, draft| {
        let (link, shown) = match answered(before, office, token, nonce)? {
            Page::Fresh(link, shown) => (link, shown),
            Page::Sent(request) => return Ok(Ok(Handover::Done(request))),
            Page::Closed(closed) => return Ok(Err(*closed)),
        };
        let book = &before.state.book;
        // An id is no address, and must not be tried out here.
        let colleague = book.find_person(email.trim()).filter(|p| email.contains('@') && p.supplier() == shown.person.supplier()).cloned();
        let Some(colleague) = colleague else { return Ok(Ok(Handover::Unknown)) };
        if let Err(fault) = acknowledge::may_take_over(book, &shown.request, &colleague, before.now) {
            return Ok(Ok(Handover::Fault(fault)));
        }
        before.view.use_nonce(&nonce.digest(), &link.digest, nonce.expires())?;
        acknowledge::hand_over(before, draft, Some(office), &shown.request, &colleague, reason)?;
        Ok(Ok(Handover::Done(shown.request.request)))
    })
}

/// The pass to the result of a request, for whoever answered it just now.
pub fn pass(register: &Register, office: &Office, request: &str) -> Pass {
    Pass::issue(&office.secret, request, register.edge().now().plus_secs(PASS_SECS))
}

/// What became of the request that a pass is for; `None` for a pass that opens nothing.
///
/// # Errors
/// [`RegisterError`] when the register cannot be read.
pub fn result(register: &mut Register, office: &Office, pass: &Pass) -> Result<Option<Answered>, RegisterError> {
    let now = register.edge().now();
    let (state, view) = register.look()?;
    let book = &state.book;
    let Some(record) = pass.opens(&office.secret, now).and_then(|id| book.requests.get(id)) else { return Ok(None) };
    let request = &record.request;
    let (Some(person), Some(policy)) = (book.people.get(&request.person), book.version(&request.policy, request.version)) else { return Ok(None) };
    let (signed, colleague) = match &record.outcome {
        Outcome::Signed { acknowledgment, .. } => (Some(acknowledgment.signed), None),
        Outcome::Delegated(moved) => {
            let successor = moved.ending.successor.as_ref().and_then(|id| book.requests.get(id));
            (None, successor.and_then(|r| book.people.get(&r.request.person)).map(|p| p.name.clone()))
        }
        _ => (None, None),
    };
    let links: Vec<StoredLink> = view.links_of_request(&request.request)?.into_iter().filter(|link| went_to(link, person)).collect();
    Ok(Some(Answered {
        request: request.clone(),
        person: person.clone(),
        policy: policy.clone(),
        fate: fate(record),
        signed,
        sent_to: signed.and(person.email.clone()),
        colleague,
        others: others(state, view.as_ref(), office, &links, now)?,
    }))
}

/// How an answer finds its page.
enum Page {
    /// Nobody answered yet.
    Fresh(StoredLink, Box<Shown>),
    /// This page was answered before, and its answer was recorded.
    Sent(String),
    /// It leads nowhere.
    Closed(Box<Closed>),
}

fn answered(before: &Before<'_>, office: &Office, token: &Token, nonce: &Nonce) -> Result<Page, RegisterError> {
    let stored = before.view.link(&token.digest())?;
    if let Some(link) = stored.filter(|link| token.opens(&link.digest)) {
        // The same form came twice: a double click, or a browser that asks again.
        if before.view.is_used_nonce(&nonce.digest(), &link.digest)? {
            return Ok(Page::Sent(link.request));
        }
    }
    Ok(match resolve(before.state, before.view, office, token, before.now)? {
        Err(closed) => Page::Closed(Box::new(closed)),
        Ok((link, shown)) if nonce.is_for(&office.secret, &link.digest, &words(&shown), before.now) => Page::Fresh(link, Box::new(shown)),
        Ok((_, shown)) => Page::Closed(Box::new(closed(before.state, office, LinkRefusal::Nonce, &shown.request, before.view, before.now)?)),
    })
}

/// The digest of everything that is agreed to: what is shown, and the words about it.
fn words(shown: &Shown) -> Digest {
    Digest::of_parts(&[&shown.consent.sha256.bytes(), &shown.policy.html.bytes(), &shown.policy.pdf.bytes()])
}

/// The link of a token and what it shows, if it opens at a moment: its request is still open, and its version still asked for.
fn resolve(
    state: &State,
    view: &(impl View + ?Sized),
    office: &Office,
    token: &Token,
    now: Instant,
) -> Result<Result<(StoredLink, Shown), Closed>, RegisterError> {
    let unknown = || Closed { why: LinkRefusal::Unknown, language: None, fate: None, expired: None, newer: None };
    let Some(link) = view.link(&token.digest())?.filter(|link| token.opens(&link.digest)) else { return Ok(Err(unknown())) };
    let book = &state.book;
    let Some(record) = book.requests.get(&link.request) else { return Ok(Err(unknown())) };
    let request = &record.request;
    let why = match link.state {
        // Asking for a newer version closes the request for the older one.
        _ if matches!(record.outcome, Outcome::Open | Outcome::Closed(_)) && acknowledge::is_superseded(book, request) => LinkRefusal::Superseded,
        LinkState::Used => LinkRefusal::Used,
        // What is done is done, whatever else may be said of the link.
        _ if !record.is_open() => LinkRefusal::Used,
        LinkState::Locked => LinkRefusal::Locked,
        LinkState::Rotated => LinkRefusal::Rotated,
        LinkState::Active if link.expires <= now => LinkRefusal::Expired(link.expires),
        LinkState::Active => {
            let shown = acknowledge::shown(state, &office.pages, &request.request)?;
            // A link that went to another address than the person has now is somebody else's.
            if went_to(&link, &shown.person) {
                return Ok(Ok((link, shown)));
            }
            LinkRefusal::Rotated
        }
    };
    closed(state, office, why, request, view, now).map(Err)
}

/// Whether a link went to the address that a person has now.
fn went_to(link: &StoredLink, person: &Person) -> bool {
    person.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(&link.sent_to))
}

/// Why a link of ours leads nowhere.
fn closed(state: &State, office: &Office, why: LinkRefusal, request: &Request, view: &(impl View + ?Sized), now: Instant) -> Result<Closed, RegisterError> {
    let book = &state.book;
    let Some(person) = book.people.get(&request.person) else { return Ok(Closed { why, language: None, fate: None, expired: None, newer: None }) };
    let fate = book.requests.get(&request.request).filter(|_| why == LinkRefusal::Used).map(|record| {
        let at = match &record.outcome {
            Outcome::Open => record.requested,
            Outcome::Signed { acknowledgment, .. } => acknowledgment.signed,
            Outcome::Declined(moved) | Outcome::Delegated(moved) | Outcome::Closed(moved) | Outcome::Voided(moved) => moved.at,
        };
        (fate(record), book.day_of(person, at))
    });
    let expired = if let LinkRefusal::Expired(at) = why { Some(book.day_of(person, at)) } else { None };
    let newer = if why == LinkRefusal::Superseded { newer(book, view, office, request, person, now)? } else { None };
    Ok(Closed { why, language: Some(person.language), fate, expired, newer })
}

/// What opens the request for a newer version, if the same mailbox has a link to it.
fn newer(book: &Book, view: &(impl View + ?Sized), office: &Office, request: &Request, person: &Person, now: Instant) -> Result<Option<Token>, RegisterError> {
    let replaces =
        |r: &&Record| r.is_open() && r.request.policy == request.policy && r.request.capacity == request.capacity && r.request.version > request.version;
    let Some(record) = book.requests_of(&person.id).filter(replaces).last() else { return Ok(None) };
    let links = view.links_of_request(&record.request.request)?;
    let opens = |link: &&StoredLink| link.state == LinkState::Active && now < link.expires && went_to(link, person);
    links.iter().find(opens).map(|link| letter::token(office, link)).transpose()
}

/// The other requests in the mails that some links came in.
fn others(state: &State, view: &(impl View + ?Sized), office: &Office, links: &[StoredLink], now: Instant) -> Result<Vec<Other>, RegisterError> {
    let book = &state.book;
    let mut others: Vec<(String, Other)> = Vec::new();
    for mail in links.iter().map(|link| &link.mail) {
        for link in view.links_of_mail(mail)? {
            let is_new = links.iter().all(|own| own.request != link.request) && others.iter().all(|(request, _)| *request != link.request);
            let Some(record) = book.requests.get(&link.request).filter(|_| is_new) else { continue };
            let request = &record.request;
            let opens = record.is_open() && link.state == LinkState::Active && now < link.expires && !acknowledge::is_superseded(book, request);
            let title = book.version(&request.policy, request.version).map_or(&request.policy, |version| &version.title).clone();
            let other = Other {
                title,
                company: request.company.clone().filter(|_| request.capacity == Capacity::Company),
                version: request.version.to_string(),
                due: request.due,
                standing: if record.is_open() && !opens { Fate::Closed } else { fate(record) },
                token: if opens { Some(letter::token(office, &link)?) } else { None },
            };
            others.push((link.request, other));
        }
    }
    Ok(others.into_iter().map(|(_, other)| other).collect())
}

fn fate(record: &Record) -> Fate {
    match &record.outcome {
        Outcome::Open => Fate::Open,
        Outcome::Signed { .. } => Fate::Signed,
        Outcome::Declined(_) => Fate::Declined,
        Outcome::Delegated(_) => Fate::HandedOver,
        Outcome::Closed(_) | Outcome::Voided(_) => Fate::Closed,
    }
}

/// Checks a code that was typed, or has one mailed. The error says what is still asked for; none is left to be asked once the link is locked.
fn check_code(
    before: &mut Before<'_>,
    draft: &mut Draft,
    office: &Office,
    link: &StoredLink,
    shown: &Shown,
    typed: Option<&str>,
) -> Result<Result<(), Option<CodeWish>>, RegisterError> {
    let (now, stored) = (before.now, before.view.code(&link.digest)?);
    let Some(typed) = typed.filter(|typed| !typed.trim().is_empty()) else {
        return Ok(Err(Some(mail_code(before, draft, link, shown, stored))));
    };
    let Some(stored) = stored.filter(|stored| now < stored.expires) else { return Ok(Err(Some(CodeWish::Expired))) };
    if Code::derive(&office.secret, &link.digest, &shown.policy.html, &stored.salt).is(typed) {
        draft.set_code(StoredCode { expires: now, ..stored });
        return Ok(Ok(()));
    }
    let wrong = stored.wrong + 1;
    draft.set_code(StoredCode { wrong, ..stored });
    if wrong >= MOST_WRONG_CODES {
        draft.lock_link(link.digest.clone());
        return Ok(Err(None));
    }
    Ok(Err(Some(CodeWish::Wrong(MOST_WRONG_CODES - wrong))))
}

/// Has a code mailed, unless one left just now or too many did.
fn mail_code(before: &Before<'_>, draft: &mut Draft, link: &StoredLink, shown: &Shown, stored: Option<StoredCode>) -> CodeWish {
    let (now, lifetime) = (before.now, i64::from(CODE_MINUTES) * 60);
    let counted = stored.as_ref().filter(|stored| now.secs_since(stored.since) < 3600);
    if stored.as_ref().is_some_and(|stored| stored.expires.secs_since(now) > lifetime - SAME_WISH_SECS) {
        return CodeWish::Sent;
    }
    if counted.is_some_and(|stored| stored.sent >= MOST_CODES) {
        return CodeWish::TooMany;
    }
    let request = &shown.request;
    let mail = format!("code:{}:{}", request.request, hex(&(before.edge.chance)()[..8]));
    draft.set_code(StoredCode {
        link: link.digest.clone(),
        salt: (before.edge.chance)()[..16].to_vec(),
        mail: mail.clone(),
        expires: now.plus_secs(lifetime),
        since: counted.map_or(now, |stored| stored.since),
        sent: counted.map_or(0, |stored| stored.sent) + 1,
        wrong: stored.as_ref().map_or(0, |stored| stored.wrong),
    });
    let decision = MailDecision {
        key: mail,
        person: shown.person.id.clone(),
        letter: Letter::Code,
        day: before.state.book.day_of(&shown.person, now),
        items: vec![Item { obligation: request.request.clone(), stage: Stage::Request, due: request.due, level: None, skipped: Vec::new() }],
        report: None,
    };
    outbox::add(now, now, draft, decision);
    CodeWish::Sent
}
