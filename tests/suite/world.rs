//! A small register for a test: a folder, a clock that stands where it is put, and events worth recording.

use std::path::{Path, PathBuf};

use countersign::base::digest::Digest;
use countersign::base::instant::Instant;
use countersign::compliance::acknowledgment::{Acknowledgment, Capacity, Consent, Method, Occasion, Request, Strength};
use countersign::compliance::book::{Item, Letter, MailDecision, MailResult, MailState};
use countersign::compliance::person::{Affiliation, Language, Person};
use countersign::compliance::policy::{Change, PolicyVersion};
use countersign::record::Event;
use countersign::record::event::{Erasure, PersonChange};
use countersign::rule::audience::AcknowledgedBy;
use countersign::rule::ladder::Stage;
use countersign::signature::link::{LinkSecret, Token};
use countersign::store::{LinkState, OutboxState, StoredLink, StoredMail};
use countersign::workflow::register::{Draft, Edge, Register, RegisterError};
use tempfile::TempDir;

/// Origin of every register in tests.
pub(crate) const ORIGIN: &str = "register.example.com/test";

/// When a test begins.
pub(crate) const START: &str = "2026-11-25T22:07:43.123Z";

/// Who records at a moment; chance is that of the system.
pub(crate) fn edge(now: &str) -> Edge {
    Edge::system("tester", Some(now.parse().unwrap()))
}

/// An empty register in a fresh folder.
pub(crate) fn begun() -> (TempDir, Register) {
    let folder = tempfile::tempdir().unwrap();
    let register = begin(folder.path());
    (folder, register)
}

pub(crate) fn begin(root: &Path) -> Register {
    Register::begin(root, ORIGIN, "Example Group", edge(START)).unwrap()
}

pub(crate) fn open(root: &Path) -> Result<Register, RegisterError> {
    Register::open(root, edge(START))
}

pub(crate) fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: format!("Name of {id}"),
        email: Some(format!("{id}@example.com")),
        affiliation: Affiliation::Department("operations".to_owned()),
        roles: std::collections::BTreeSet::new(),
        language: Language::En,
        time_zone: "Europe/Dublin".to_owned(),
        country: None,
        coordinator: None,
        deputy: None,
        start: "2026-01-01".parse().unwrap(),
        end: None,
        leave: Vec::new(),
        exemptions: Vec::new(),
        ssh_keys: Vec::new(),
    }
}

pub(crate) fn recorded(id: &str) -> Event {
    Event::Person(Box::new(PersonChange { person: person(id), source: "import".to_owned(), reason: None }))
}

/// Records one person, as one unit of work.
pub(crate) fn record(register: &mut Register, id: &str) -> Result<(), RegisterError> {
    register.change(|_, draft| {
        draft.record(recorded(id));
        Ok(())
    })
}

pub(crate) fn request(id: &str, person: &str) -> Request {
    Request {
        request: id.to_owned(),
        person: person.to_owned(),
        policy: "code_of_conduct".to_owned(),
        version: "1.0".parse().unwrap(),
        capacity: Capacity::Person,
        company: None,
        due: "2026-12-20".parse().unwrap(),
        occasion: Occasion::First,
    }
}

/// Publishes a policy whose PDF and page are kept.
pub(crate) fn publish(register: &mut Register) {
    register
        .change(|_, draft| {
            let (pdf, html) = (draft.keep(b"%PDF the policy".to_vec()), draft.keep(b"<p>the policy</p>".to_vec()));
            draft.record(Event::Published(Box::new(PolicyVersion {
                policy: "code_of_conduct".to_owned(),
                version: "1.0".parse().unwrap(),
                title: "Code of Conduct".to_owned(),
                language: "en".to_owned(),
                entity: "example".to_owned(),
                issuer: "Example Ltd".to_owned(),
                pack: "563c275e7b08".to_owned(),
                date: "2026-11-21".parse().unwrap(),
                pdf,
                html,
                change: Change::First,
                reason: "first issue".to_owned(),
                audience: None,
                period_months: Some(12),
                due_days: 14,
                owner: "Compliance".to_owned(),
                acknowledged_by: AcknowledgedBy::Person,
                code: false,
            })));
            Ok(())
        })
        .unwrap();
}

/// Asks a person by mail: request, decided mail, outbox row and link in one unit of work.
pub(crate) fn ask(register: &mut Register, id: &str, person: &str) {
    let secret = link_secret(register.root());
    register
        .change(|before, draft| {
            let key = format!("request/{id}");
            draft.record(Event::Requested(request(id, person)));
            draft.record(Event::MailDecided(MailDecision {
                key: key.clone(),
                person: person.to_owned(),
                letter: Letter::Request,
                day: before.now.date(),
                items: vec![Item { obligation: id.to_owned(), stage: Stage::Request, due: "2026-12-20".parse().unwrap(), level: None, skipped: Vec::new() }],
                report: None,
            }));
            let (state, now) = (OutboxState::Decided, before.now);
            draft.add_mail(StoredMail { key: key.clone(), state, attempts: 0, not_before: now, decided: now, response: String::new() });
            let salt = (before.edge.chance)().to_vec();
            let (digest, expires) = (Token::derive(&secret, id, &salt).digest(), now.plus_secs(86_400));
            let sent_to = format!("{person}@example.com");
            draft.add_link(StoredLink { digest, request: id.to_owned(), mail: key, salt, sent_to, expires, state: LinkState::Active });
            Ok(())
        })
        .unwrap();
}

/// The mail of a request was sent.
pub(crate) fn sent(register: &mut Register, id: &str) {
    register
        .change(|before, draft| {
            let key = format!("request/{id}");
            let mut mail = before.view.mail(&key)?.unwrap();
            let person = before.state.book.mails[&key].decision.person.clone();
            (mail.state, mail.attempts, mail.response) = (OutboxState::Sent, 1, "250 taken".to_owned());
            draft.set_mail(mail);
            draft.record(Event::MailSettled(MailResult { key, person, result: MailState::Sent, response: "250 taken".to_owned() }));
            Ok(())
        })
        .unwrap();
}

pub(crate) fn acknowledgment(id: &str, person: &str, now: Instant) -> Acknowledgment {
    let text = "I have read the policy and will keep to it.";
    Acknowledgment {
        request: id.to_owned(),
        person: person.to_owned(),
        name: format!("Name of {person}"),
        belongs_to: "operations".to_owned(),
        company: None,
        policy: "code_of_conduct".to_owned(),
        title: "Code of Conduct".to_owned(),
        version: "1.0".parse().unwrap(),
        capacity: Capacity::Person,
        pdf: Digest::of(b"%PDF the policy"),
        shown: Digest::of(b"<p>the policy</p>"),
        consent: Consent { text: text.to_owned(), sha256: Digest::of(text.as_bytes()), locale: "en".to_owned(), button: "I acknowledge".to_owned() },
        typed_name: format!("Name of {person}"),
        proof: Method::Link { link: Digest::of(id.as_bytes()), sent_to: format!("{person}@example.com"), code: false },
        strength: Strength::MailboxHolder,
        signed: now,
        address: None,
        agent: None,
    }
}

/// The person signs; the link is used up.
pub(crate) fn sign(register: &mut Register, id: &str, person: &str) {
    register
        .change(|before, draft: &mut Draft| {
            draft.record(Event::Signed(Box::new(acknowledgment(id, person, before.now))));
            draft.use_links(id);
            Ok(())
        })
        .unwrap();
}

/// Erases a person: payloads and links are destroyed, and an entry says so.
pub(crate) fn erase(register: &mut Register, person: &str) {
    register
        .change(|before, draft| {
            let entries = before.view.entries_about(person)?;
            let requests = before.state.book.requests_of(person).map(|record| record.request.request.clone()).collect();
            let kept_until = "2026-11-24".parse().unwrap();
            draft.record(Event::Erased(Erasure { person: person.to_owned(), entries: entries.clone(), reason: "retention is over".to_owned(), kept_until }));
            draft.destroy(entries, requests, Vec::new());
            Ok(())
        })
        .unwrap();
}

fn link_secret(root: &Path) -> LinkSecret {
    let text = std::fs::read_to_string(root.join("links.key")).unwrap();
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    LinkSecret::new(std::array::from_fn(byte))
}

/// The signing key files of a folder, in order of name.
pub(crate) fn key_files(root: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut keys: Vec<PathBuf> = names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("countersign-")).collect();
    keys.sort();
    keys
}

/// A connection to the register that obeys no rule: what somebody with a database program has.
pub(crate) fn database(root: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(root.join("countersign.db")).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;").unwrap();
    connection
}

/// What `ledger verify` finds, a line each.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    countersign::workflow::ledger::verify::verify(root, false).unwrap().faults.iter().map(ToString::to_string).collect()
}
