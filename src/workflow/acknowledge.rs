//! `ack`: sign with a key, decline, delegate, void, close, attest; what comes by a link is in [`crate::workflow::answer`].

use serde::Serialize;

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::{Acknowledgment, Attestation, Capacity, Consent, Ending, Method, Occasion, Request};
use crate::compliance::book::{Book, Item, Letter, MailDecision, Outcome, Record};
use crate::compliance::person::{Language, Person, Role};
use crate::compliance::policy::PolicyVersion;
use crate::record::{Event, State};
use crate::rule::ladder::Stage;
use crate::signature::ssh;
use crate::signature::statement::Statement;
use crate::text::page::Pages;
use crate::workflow::letter;
use crate::workflow::outbox::{self, Office};
use crate::workflow::register::{Before, Draft, Register, RegisterError};
use crate::workflow::remind;

/// Longest name that a signer may type, in characters.
const LONGEST_NAME: usize = 300;
/// Longest network address or name of a program that is recorded, in characters.
const LONGEST_ORIGIN: usize = 300;

/// What a signer is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The request.
    pub request: Request,
    /// The person.
    pub person: Person,
    /// The policy version.
    pub policy: PolicyVersion,
    /// What the signer agrees to.
    pub consent: Consent,
}

/// Who signs, from where.
#[derive(Debug, Clone, Default)]
pub struct Signer {
    /// Name as typed.
    pub typed_name: String,
    /// Network address, where known.
    pub address: Option<String>,
    /// Program, where known.
    pub agent: Option<String>,
}

pub(crate) fn unknown_person(text: &str) -> RegisterError {
    RegisterError::refused(format!("there is nobody `{text}` in the register"), "give an id or an e-mail address; `countersign people list` shows them")
}

/// The person with an id or address.
pub(crate) fn person<'b>(book: &'b Book, text: &str) -> Result<&'b Person, RegisterError> {
    book.find_person(text).ok_or_else(|| unknown_person(text))
}

/// Whether a newer version, with a material change, is asked for.
pub(super) fn is_superseded(book: &Book, request: &Request) -> bool {
    book.current(&request.policy).is_some_and(|current| current.version.is_material_after(request.version))
}

/// Whether a person may sign a request now: active, with the authority that it needs, and for a version that is still asked for.
fn may_sign(book: &Book, request: &Request, person: &Person, now: Instant) -> Result<(), RegisterError> {
    let refuse = |message: String, help: &str| Err(RegisterError::refused(message, help));
    if person.end.is_some_and(|end| end < book.day_of(person, now)) {
        return refuse(format!("`{}` has left", person.id), "`countersign ack delegate` hands the request over");
    }
    if request.capacity == Capacity::Company && !person.roles.contains(&Role::Signatory) {
        return refuse(format!("`{}` may not sign for the company any more", person.id), "`countersign ack delegate` hands the request to a signatory");
    }
    if is_superseded(book, request) {
        return refuse(format!("a newer version of `{}` is asked for", request.policy), "`countersign ack request` asks for it");
    }
    Ok(())
}

/// The supplier that a person belongs to.
///
/// # Errors
/// [`RegisterError::Refused`] for an unknown person, or one of our staff.
pub fn supplier_of(state: &State, text: &str) -> Result<String, RegisterError> {
    let person = person(&state.book, text)?;
    let refusal = || RegisterError::refused(format!("`{}` belongs to no supplier", person.id), "name a supplier's person");
    person.supplier().map(str::to_owned).ok_or_else(refusal)
}

/// A request by its id.
pub(crate) fn record<'b>(book: &'b Book, id: &str) -> Result<&'b Record, RegisterError> {
    book.requests.get(id).ok_or_else(|| RegisterError::refused(format!("there is no request `{id}`"), "`countersign status` shows them"))
}

/// What was signed for a request.
///
/// # Errors
/// [`RegisterError::Refused`] when it is not signed.
pub fn signed<'s>(state: &'s State, request: &str) -> Result<&'s Acknowledgment, RegisterError> {
    match &record(&state.book, request)?.outcome {
        Outcome::Signed { acknowledgment, .. } => Ok(acknowledgment),
        _ => Err(RegisterError::refused(format!("the request `{request}` is not signed"), "`countersign status` shows how everything stands")),
    }
}

/// A request that can still be signed or declined.
fn open<'b>(book: &'b Book, id: &str) -> Result<&'b Record, RegisterError> {
    let record = record(book, id)?;
    let word = match &record.outcome {
        Outcome::Open => return Ok(record),
        Outcome::Signed { .. } => "signed",
        Outcome::Declined(_) => "declined",
        Outcome::Delegated(_) => "handed over",
        Outcome::Closed(_) => "closed",
        Outcome::Voided(_) => "signed and voided",
    };
    Err(RegisterError::refused(format!("the request `{id}` is {word} already"), "`countersign status` shows how everything stands"))
}

/// Closes a request without signature.
pub(crate) fn close(draft: &mut Draft, request: &Request, reason: &str, successor: Option<&str>) {
    draft.use_links(&request.request);
    draft.record(Event::Closed(ending(request, reason, successor)));
}

pub(super) fn ending(request: &Request, reason: &str, successor: Option<&str>) -> Ending {
    Ending { request: request.request.clone(), person: request.person.clone(), reason: reason.to_owned(), successor: successor.map(str::to_owned) }
}

/// What a request shows: the person, the policy and the words to agree to, in the language of the person.
///
/// # Errors
/// [`RegisterError::Refused`] when the request is not open, or a newer version stands in its place.
pub fn shown(state: &State, pages: &Pages, request: &str) -> Result<Shown, RegisterError> {
    let book = &state.book;
    let request = &open(book, request)?.request;
    let person = person(book, &request.person)?;
    let policy = book
        .version(&request.policy, request.version)
        .ok_or_else(|| RegisterError::integrity(format!("request {}", request.request), "its policy version was never published"))?;
    let consent = consent(pages, request, person, policy)?;
    Ok(Shown { request: request.clone(), person: person.clone(), policy: policy.clone(), consent })
}

fn consent(pages: &Pages, request: &Request, person: &Person, policy: &PolicyVersion) -> Result<Consent, RegisterError> {
    let capacity = match request.capacity {
        Capacity::Person => "person",
        Capacity::Company => "company",
    };
    let values = serde_json::json!({
        "title": policy.title, "version": policy.version.to_string(), "issuer": policy.issuer, "name": person.name, "company": request.company,
    });
    words(pages, capacity, person.language, &values)
}

/// Words to agree to: the button in the first line of their template, the text after an empty line.
fn words(pages: &Pages, kind: &str, language: Language, values: &serde_json::Value) -> Result<Consent, RegisterError> {
    let name = format!("consent/{kind}.{}.txt", language.tag());
    let whole = pages
        .render(&name, values)
        .map_err(|error| RegisterError::refused(error.to_string(), "correct the template, or remove yours to use the embedded one"))?;
    let (button, text) = whole.split_once("\n\n").ok_or_else(|| {
        RegisterError::refused(format!("`templates/{name}` has no text"), "the first line is the button; after an empty line stands the text")
    })?;
    let text = format!("{}\n", text.trim_end());
    Ok(Consent { sha256: Digest::of(text.as_bytes()), text, locale: language.tag().to_owned(), button: button.trim().to_owned() })
}

/// The statement that a person signs with an SSH key.
pub fn statement(state: &State, shown: &Shown) -> String {
    Statement {
        origin: &state.origin,
        request: &shown.request.request,
        person: &shown.person.id,
        name: &shown.person.name,
        capacity: match shown.request.capacity {
            Capacity::Person => "person",
            Capacity::Company => "company",
        },
        policy: &format!("{} {}", shown.policy.policy, shown.policy.version),
        pdf: &shown.policy.pdf,
        html: &shown.policy.html,
        consent: &shown.consent.text,
    }
    .text()
}

/// Signs a request with an SSH signature over its statement, by a key that the register knows as the person's.
///
/// # Errors
/// [`RegisterError::Refused`] with what is wrong with request, key, signature or name.
pub fn sign_with_ssh(
    register: &mut Register,
    pages: &Pages,
    office: Option<&Office>,
    request: &str,
    signature: &str,
    signer: &Signer,
) -> Result<Acknowledgment, RegisterError> {
    let signer = checked(signer)?;
    register.change(|before, draft| {
        let shown = shown(before.state, pages, request)?;
        let text = statement(before.state, &shown);
        let proof = ssh::verify(&text, signature, &shown.person.ssh_keys).map_err(|refusal| {
            let help = format!(
                "sign what `countersign ack statement {request}` prints: `ssh-keygen -Y sign -f KEY -n {} STATEMENT`, with a key that `people import` registered",
                ssh::NAMESPACE
            );
            RegisterError::refused(refusal.to_string(), help)
        })?;
        let method =
            Method::SshKey { fingerprint: proof.fingerprint, algorithm: proof.algorithm, statement: text, signature: signature.trim().to_owned() + "\n" };
        sign(before, draft, office, shown, method, &signer)
    })
}

/// Why a typed name is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing was typed.
    #[error("no name was typed")]
    Missing,
    /// Too much was typed.
    #[error("the typed name has more than {LONGEST_NAME} characters")]
    Long,
    /// It has characters that cannot be seen, or that turn others around.
    #[error("the typed name has characters that cannot be seen")]
    Unreadable,
}

/// The name as it is recorded, without blanks around it.
///
/// # Errors
/// [`NameFault`] unless it has 1 to 300 characters that can be seen.
pub fn name(typed: &str) -> Result<String, NameFault> {
    let typed = typed.trim();
    if typed.is_empty() {
        Err(NameFault::Missing)
    } else if typed.chars().count() > LONGEST_NAME {
        Err(NameFault::Long)
    } else if !crate::text::letters::unreadable(typed).is_empty() {
        Err(NameFault::Unreadable)
    } else {
        Ok(typed.to_owned())
    }
}

/// What a signer says of themselves, fit to be recorded.
pub(super) fn checked(signer: &Signer) -> Result<Signer, RegisterError> {
    let typed_name = name(&signer.typed_name).map_err(|fault| RegisterError::refused(fault.to_string(), "type your name as you write it"))?;
    let short =
        |text: &Option<String>| text.as_ref().map(|t| t.chars().filter(|c| !c.is_control()).take(LONGEST_ORIGIN).collect::<String>()).filter(|t| !t.is_empty());
    Ok(Signer { typed_name, address: short(&signer.address), agent: short(&signer.agent) })
}

/// Records a signature, and decides the mail with the receipt.
pub(super) fn sign(
    before: &mut Before<'_>,
    draft: &mut Draft,
    office: Option<&Office>,
    shown: Shown,
    proof: Method,
    signer: &Signer,
) -> Result<Acknowledgment, RegisterError> {
    let (request, person) = (shown.request.clone(), shown.person.clone());
    may_sign(&before.state.book, &request, &person, before.now)?;
    let acknowledgment = acknowledgment(before.now, shown, proof, signer);
    draft.use_links(&request.request);
    draft.record(Event::Signed(Box::new(acknowledgment.clone())));
    if office.is_some() && person.email.is_some() {
        let decision = MailDecision {
            key: format!("receipt:{}", request.request),
            person: person.id.clone(),
            letter: Letter::Receipt,
            day: before.state.book.day_of(&person, before.now),
            items: vec![Item { obligation: request.request, stage: Stage::Request, due: request.due, level: None, skipped: Vec::new() }],
            report: None,
        };
        outbox::add(before.now, before.now, draft, decision);
    }
    Ok(acknowledgment)
}

/// Records that a person declines.
///
/// # Errors
/// [`RegisterError::Refused`] when the request is not open.
pub fn decline(register: &mut Register, request: &str, reason: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        let request = open(&before.state.book, request)?.request.clone();
        draft.use_links(&request.request);
        draft.record(Event::Declined(ending(&request, reason, None)));
        Ok(())
    })
}

/// Why somebody cannot take a request over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverFault {
    /// It is theirs already.
    #[error("`{0}` has the request already")]
    Same(String),
    /// They belong to another company.
    #[error("`{0}` belongs to `{1}`, not to `{2}`")]
    Elsewhere(String, String, String),
    /// They have left, or have not begun.
    #[error("`{0}` is not active")]
    Inactive(String),
    /// They may not sign for the company.
    #[error("`{0}` may not sign for the company")]
    NoSignatory(String),
    /// They acknowledged it themselves.
    #[error("`{0}` has acknowledged it already")]
    HasSigned(String),
}

impl HandoverFault {
    /// What to do.
    fn help(&self) -> &'static str {
        match self {
            Self::Same(_) => "name another person",
            Self::Elsewhere(..) => "hand over within the company",
            Self::Inactive(_) => "name somebody who is",
            Self::NoSignatory(_) => "name a person with the role `signatory`",
            Self::HasSigned(_) => "`countersign ack close` closes this request instead",
        }
    }
}

/// Hands a request over to another person of the same supplier or of our staff, who is then asked.
///
/// # Errors
/// [`RegisterError::Refused`] when the request is not open, the other is not active, belongs elsewhere, or lacks the authority to sign for the company.
pub fn delegate(register: &mut Register, office: Option<&Office>, request: &str, to: &str, reason: &str) -> Result<Request, RegisterError> {
    register.change(|before, draft| {
        let book = &before.state.book;
        let request = open(book, request)?.request.clone();
        let to = person(book, to)?.clone();
        may_take_over(book, &request, &to, before.now).map_err(|fault| RegisterError::refused(fault.to_string(), fault.help()))?;
        hand_over(before, draft, office, &request, &to, reason)
    })
}

/// Tells whether a person can take a request over.
pub(super) fn may_take_over(book: &Book, request: &Request, to: &Person, now: Instant) -> Result<(), HandoverFault> {
    let id = || to.id.clone();
    if request.person == to.id {
        return Err(HandoverFault::Same(id()));
    }
    if let Some(from) = book.people.get(&request.person).filter(|from| from.supplier() != to.supplier()) {
        return Err(HandoverFault::Elsewhere(id(), to.belongs_to().to_owned(), from.belongs_to().to_owned()));
    }
    if !to.is_active(book.day_of(to, now)) {
        return Err(HandoverFault::Inactive(id()));
    }
    if request.capacity == Capacity::Company && !to.roles.contains(&Role::Signatory) {
        return Err(HandoverFault::NoSignatory(id()));
    }
    let has_it = |r: &&Record| r.request.policy == request.policy && r.request.version == request.version && r.request.capacity == request.capacity;
    let has_signed = book.requests_of(&to.id).filter(has_it).any(|r| matches!(r.outcome, Outcome::Signed { .. }));
    if has_signed { Err(HandoverFault::HasSigned(id())) } else { Ok(()) }
}

/// Records that another person has a request now, and decides the mail that asks them.
pub(super) fn hand_over(
    before: &mut Before<'_>,
    draft: &mut Draft,
    office: Option<&Office>,
    request: &Request,
    to: &Person,
    reason: &str,
) -> Result<Request, RegisterError> {
    let new = Request { request: before.edge.id('r'), person: to.id.clone(), occasion: Occasion::Delegation, ..request.clone() };
    draft.use_links(&request.request);
    draft.record(Event::Delegated(ending(request, reason, Some(&new.request))));
    draft.record(Event::Requested(new.clone()));
    if let Some(office) = office {
        let state = draft.preview(before);
        let plan = remind::plan(&state, office, before.now);
        if let Some(mail) = plan.mails.iter().find(|m| m.person == new.person && m.letter != Letter::Team) {
            outbox::decide(before, draft, &state.book, office, mail)?;
        }
    }
    Ok(new)
}

/// Voids a signature: it was given by mistake, or by the wrong person.
///
/// # Errors
/// [`RegisterError::Refused`] when the request is not signed.
pub fn void(register: &mut Register, request: &str, reason: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        let record = record(&before.state.book, request)?;
        if !matches!(record.outcome, Outcome::Signed { .. }) {
            return Err(RegisterError::refused(format!("the request `{request}` is not signed"), "an open request is declined or closed"));
        }
        draft.record(Event::Voided(ending(&record.request, reason, None)));
        Ok(())
    })
}

/// Closes an open request without signature, for example of somebody who left.
///
/// # Errors
/// [`RegisterError::Refused`] when the request is not open.
pub fn close_request(register: &mut Register, request: &str, reason: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        let request = open(&before.state.book, request)?.request.clone();
        close(draft, &request, reason, None);
        Ok(())
    })
}

/// What a signatory attests.
#[derive(Debug, Clone)]
pub struct AttestationOrder {
    /// The policy.
    pub policy: String,
    /// The signatory, by id or address.
    pub signatory: String,
    /// Legal name of the supplier.
    pub company: String,
    /// People who were briefed, by id.
    pub people: Vec<String>,
    /// Day of the briefing.
    pub briefed: Date,
    /// The signed paper.
    pub paper: Vec<u8>,
    /// Name under the paper.
    pub typed_name: String,
}

/// Records an attestation and, for each person in it, an acknowledgment that says that it is the word of another.
///
/// # Errors
/// [`RegisterError::Refused`] when the signatory may not sign for the supplier, a person belongs elsewhere or has an address, or the day is to come.
pub fn attest(register: &mut Register, pages: &Pages, order: &AttestationOrder) -> Result<(Attestation, usize), RegisterError> {
    let signer = checked(&Signer { typed_name: order.typed_name.clone(), ..Signer::default() })?;
    register.change(|before, draft| {
        let book = &before.state.book;
        let refuse = |message: String, help: &str| Err(RegisterError::refused(message, help));
        let signatory = person(book, &order.signatory)?;
        let Some(supplier) = signatory.supplier().filter(|_| signatory.roles.contains(&Role::Signatory)) else {
            return refuse(format!("`{}` may not sign for a supplier", signatory.id), "name a supplier's person with the role `signatory`");
        };
        let today = before.now.date();
        if !signatory.is_active(book.day_of(signatory, before.now)) {
            return refuse(format!("`{}` is not active", signatory.id), "name a signatory who is");
        }
        if order.briefed > today {
            return refuse(format!("the briefing on {} is to come", order.briefed), "attest it afterwards");
        }
        let Some(version) = book.current(&order.policy) else {
            return refuse(format!("no version of `{}` is published", order.policy), "publish it first");
        };
        if order.briefed < version.date {
            return refuse(
                format!("version {} is of {}, after the briefing", version.version, version.date),
                "attest a briefing on the version that is asked for",
            );
        }
        if order.paper.is_empty() || order.people.is_empty() {
            return refuse("an attestation needs the signed paper and at least one person".to_owned(), "name both");
        }
        let mut people: Vec<&Person> = order.people.iter().map(|text| person(book, text)).collect::<Result<_, _>>()?;
        people.sort_by(|a, b| a.id.cmp(&b.id));
        people.dedup_by(|a, b| a.id == b.id);
        let attestation = Attestation {
            attestation: before.edge.id('a'),
            supplier: supplier.to_owned(),
            signatory: signatory.id.clone(),
            policy: version.policy.clone(),
            version: version.version,
            briefed: order.briefed,
            people: people.iter().map(|p| p.id.clone()).collect(),
            paper: Some(draft.keep(order.paper.clone())),
        };
        draft.record(Event::Attested(attestation.clone()));
        for person in &people {
            if person.supplier() != Some(supplier) {
                return refuse(
                    format!("`{}` belongs to `{}`, not to `{supplier}`", person.id, person.belongs_to()),
                    "a signatory attests for their own company",
                );
            }
            if person.email.is_some() {
                return refuse(format!("`{}` has a mailbox and can sign", person.id), "attest only for people without one");
            }
            let same = |r: &&Record| r.request.policy == version.policy && r.request.version == version.version && r.request.capacity == Capacity::Person;
            let signed = book.requests_of(&person.id).filter(same).find(|r| matches!(r.outcome, Outcome::Signed { .. }));
            if signed.is_some_and(|r| crate::compliance::status::runs_out(book, person, r).is_none_or(|last| today <= last)) {
                return refuse(format!("`{}` acknowledged version {} already", person.id, version.version), "leave the person out");
            }
            let request = match book.requests_of(&person.id).filter(same).find(|r| r.is_open()) {
                Some(open) => open.request.clone(),
                None => {
                    let request = Request {
                        request: before.edge.id('r'),
                        person: person.id.clone(),
                        policy: version.policy.clone(),
                        version: version.version,
                        capacity: Capacity::Person,
                        company: Some(order.company.clone()),
                        due: today,
                        occasion: Occasion::First,
                    };
                    draft.record(Event::Requested(request.clone()));
                    request
                }
            };
            let proof = Method::Attestation { attestation: attestation.attestation.clone(), signatory: signatory.id.clone(), briefed: order.briefed };
            let values = serde_json::json!({
                "title": version.title, "version": version.version.to_string(), "issuer": version.issuer, "company": order.company,
                "briefed": letter::language(person.language).date(order.briefed), "name": person.name,
            });
            let consent = words(pages, "attestation", person.language, &values)?;
            let shown = Shown { request, person: (*person).clone(), policy: version.clone(), consent };
            draft.use_links(&shown.request.request);
            draft.record(Event::Signed(Box::new(acknowledgment(before.now, shown, proof, &signer))));
        }
        Ok((attestation, people.len()))
    })
}

/// What is recorded of a signature.
fn acknowledgment(now: Instant, shown: Shown, proof: Method, signer: &Signer) -> Acknowledgment {
    let Shown { request, person, policy, consent } = shown;
    Acknowledgment {
        request: request.request,
        belongs_to: person.belongs_to().to_owned(),
        company: request.company,
        person: person.id,
        name: person.name,
        policy: policy.policy,
        title: policy.title,
        version: policy.version,
        capacity: request.capacity,
        pdf: policy.pdf,
        shown: policy.html,
        consent,
        typed_name: signer.typed_name.clone(),
        strength: proof.strength(),
        proof,
        signed: now,
        address: signer.address.clone(),
        agent: signer.agent.clone(),
    }
}
