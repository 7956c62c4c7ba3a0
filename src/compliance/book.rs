//! The book: everybody and everything that acknowledgments are about, as a fold of recorded events.
//!
//! The book is never stored. It is built from the entries of the ledger, up to any of them, so it answers for any moment of the past.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::{Acknowledgment, Attestation, Ending, Request};
use crate::compliance::person::Person;
use crate::compliance::policy::{PolicyVersion, Version};
use crate::compliance::training::Training;
use crate::rule::ladder::{Level, Stage};

/// People, policies, requests and mails.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// People by id.
    pub people: BTreeMap<String, Person>,
    /// Versions of each policy in the order of publication.
    pub policies: BTreeMap<String, Vec<PolicyVersion>>,
    /// Policies that are no longer asked for.
    pub withdrawn: BTreeMap<String, Withdrawal>,
    /// Requests by id.
    pub requests: BTreeMap<String, Record>,
    /// Requests of each person, in the order in which they were made.
    by_person: BTreeMap<String, Vec<String>>,
    /// Attestations by id.
    pub attestations: BTreeMap<String, Attestation>,
    /// Mails by key.
    pub mails: BTreeMap<String, MailRecord>,
    /// The last day, in the time zone of the person, on which a mail for the person was decided.
    pub last_mail: BTreeMap<String, Date>,
    /// Ids of people whose data was destroyed.
    pub erased: BTreeSet<String>,
    /// Last day of the employment before, of people who were hired again.
    pub previous_end: BTreeMap<String, Date>,
    /// Addresses that mail came back from, by person, with what the server said.
    pub bounced: BTreeMap<String, String>,
    /// Keys of mails that were decided before the person had another address.
    pub stale: BTreeSet<String>,
    /// Courses, assignments and completions.
    pub training: Training,
    /// How far the reminders of each obligation are, by whom they go to.
    told: BTreeMap<(String, Told), (Date, Stage)>,
}

/// To whom a reminder of an obligation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// Whoever owes it, or answers for it where no person owes it.
    Debtor,
    /// Somebody who is told because it is late.
    Level(Level),
}

/// A policy is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The policy.
    pub policy: String,
    /// The day from which nobody is asked.
    pub date: Date,
    /// Why.
    pub reason: String,
}

/// A request with all that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The request.
    pub request: Request,
    /// Number of its entry in the ledger.
    pub entry: u64,
    /// When it was made.
    pub requested: Instant,
    /// How it stands.
    pub outcome: Outcome,
}

impl Record {
    /// Whether the person can still sign or decline.
    pub fn is_open(&self) -> bool {
        self.outcome == Outcome::Open
    }
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing happened yet.
    Open,
    /// Signed.
    Signed {
        /// Number of the entry.
        entry: u64,
        /// What was signed.
        acknowledgment: Box<Acknowledgment>,
    },
    /// The person said no.
    Declined(Moved),
    /// Another person has it now.
    Delegated(Moved),
    /// Closed without signature: the person left, or a new version stands in its place.
    Closed(Moved),
    /// It was signed, but the signature does not count.
    Voided(Moved),
}

/// How a request ended, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// When.
    pub at: Instant,
    /// Number of the entry.
    pub entry: u64,
    /// Why, and what stands in its place.
    pub ending: Ending,
}

/// A mail is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailDecision {
    /// Unique key, from which the Message-ID derives.
    pub key: String,
    /// Id of the person.
    pub person: String,
    /// What it is about.
    pub letter: Letter,
    /// The day on which it leaves, in the time zone of the person.
    pub day: Date,
    /// Obligations in it, each with its stage.
    pub items: Vec<Item>,
    /// SHA-256 of the report that it carries; its bytes are kept in the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<crate::base::digest::Digest>,
}

/// The kinds of mails that are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Asks to acknowledge.
    Request,
    /// Reminds.
    Reminder,
    /// Confirms, with the receipt.
    Receipt,
    /// Tells a coordinator, a supplier's escalation contact or an owner what others owe.
    Team,
    /// Carries a report.
    Report,
    /// Carries a code to sign with.
    Code,
}

/// One obligation in a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Id of the obligation; of an acknowledgment that of its request.
    pub obligation: String,
    /// How far it is.
    #[serde(flatten)]
    pub stage: Stage,
    /// The due date that the stage counts from.
    pub due: Date,
    /// Why somebody is told who does not owe it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Stages that were reached while nobody sent, and are not made up for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Stage>,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailResult {
    /// Key of the mail.
    pub key: String,
    /// Id of the person; the words of a server often repeat an address.
    pub person: String,
    /// What is known.
    pub result: MailState,
    /// What the server said, or why it is not known.
    pub response: String,
}

/// What is known of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// To be sent.
    Decided,
    /// The server took it, or the file is written.
    Sent,
    /// Refused for good.
    Failed,
    /// The line broke after the last byte, so it may have been delivered.
    Unknown,
    /// Somebody decided that it is not sent.
    Dropped,
    /// It came back: nobody was told by it.
    Bounced,
}

/// A mail with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRecord {
    /// The decision.
    pub decision: MailDecision,
    /// When it was decided.
    pub decided: Instant,
    /// What is known of it.
    pub state: MailState,
    /// Since when that is known.
    pub settled: Option<Instant>,
}

impl Book {
    /// The current version of a policy that is still asked for.
    pub fn current(&self, policy: &str) -> Option<&PolicyVersion> {
        if self.withdrawn.contains_key(policy) { None } else { self.policies.get(policy)?.last() }
    }

    /// One published version.
    pub fn version(&self, policy: &str, version: Version) -> Option<&PolicyVersion> {
        self.policies.get(policy)?.iter().find(|v| v.version == version)
    }

    /// Requests of a person, in the order in which they were made.
    pub fn requests_of(&self, person: &str) -> impl Iterator<Item = &Record> {
        self.by_person.get(person).into_iter().flatten().filter_map(|id| self.requests.get(id))
    }

    /// Today for a person; the day in UTC where the time zone is not known.
    pub fn day_of(&self, person: &Person, now: Instant) -> Date {
        now.date_in(&person.time_zone).unwrap_or_else(|| now.date())
    }

    /// The person with an id or a current e-mail address.
    pub fn find_person(&self, text: &str) -> Option<&Person> {
        self.people.get(text).or_else(|| self.people.values().find(|p| p.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(text))))
    }

    /// A person is as this snapshot says.
    ///
    /// What was sent to an old address does not count: whoever has a new one is written to again about everything that is open.
    pub fn record_person(&mut self, person: Person) {
        let before = self.people.get(&person.id);
        if let Some(end) = before.and_then(|before| before.end).filter(|end| person.start > *end) {
            self.previous_end.insert(person.id.clone(), end);
        }
        if before.is_some_and(|before| before.email != person.email) {
            self.last_mail.remove(&person.id);
            self.bounced.remove(&person.id);
            let waiting = self.mails.values().filter(|m| m.decision.person == person.id && m.state == MailState::Decided && m.decision.letter.is_reminder());
            self.stale.extend(waiting.map(|mail| mail.decision.key.clone()));
            let mails = self.mails.values().filter(|mail| mail.decision.person == person.id).flat_map(|mail| told(&mail.decision)).collect::<Vec<_>>();
            self.told.retain(|key, _| !mails.contains(key));
        }
        self.people.insert(person.id.clone(), person);
    }

    /// The data of a person was destroyed: what the book still knows of them goes as well.
    pub fn erase_person(&mut self, person: &str) {
        self.people.remove(person);
        for request in self.by_person.remove(person).unwrap_or_default() {
            self.requests.remove(&request);
        }
        self.mails.retain(|_, mail| mail.decision.person != person);
        self.last_mail.remove(person);
        self.previous_end.remove(person);
        self.bounced.remove(person);
        self.training.erase(person);
        let requests = &self.requests;
        self.told.retain(|(id, _), _| !id.ends_with(&format!("/{person}")) && (!id.starts_with("r-") || requests.contains_key(id)));
        self.erased.insert(person.to_owned());
    }

    /// A version is published; requests for an older major version that are still open are superseded by what is asked next.
    pub fn publish(&mut self, version: PolicyVersion) {
        self.withdrawn.remove(&version.policy);
        self.policies.entry(version.policy.clone()).or_default().push(version);
    }

    /// A policy is withdrawn.
    pub fn withdraw(&mut self, withdrawal: Withdrawal) {
        self.withdrawn.insert(withdrawal.policy.clone(), withdrawal);
    }

    /// A person is asked.
    pub fn request(&mut self, entry: u64, requested: Instant, request: Request) {
        self.by_person.entry(request.person.clone()).or_default().push(request.request.clone());
        self.requests.insert(request.request.clone(), Record { request, entry, requested, outcome: Outcome::Open });
    }

    /// A person signed.
    pub fn sign(&mut self, entry: u64, acknowledgment: Acknowledgment) {
        if let Some(record) = self.requests.get_mut(&acknowledgment.request) {
            record.outcome = Outcome::Signed { entry, acknowledgment: Box::new(acknowledgment) };
        }
    }

    /// A request ended without a signature that counts.
    pub fn end(&mut self, entry: u64, at: Instant, ending: Ending, outcome: fn(Moved) -> Outcome) {
        if let Some(record) = self.requests.get_mut(&ending.request) {
            record.outcome = outcome(Moved { at, entry, ending });
        }
    }

    /// People were attested.
    pub fn attest(&mut self, attestation: Attestation) {
        self.attestations.insert(attestation.attestation.clone(), attestation);
    }

    /// A mail is decided.
    pub fn decide_mail(&mut self, decided: Instant, decision: MailDecision) {
        if decision.letter.is_reminder() {
            self.tell(&decision);
        }
        // A receipt answers the person, and a team is not the person's own: neither uses up the mail of the day.
        if matches!(decision.letter, Letter::Request | Letter::Reminder) {
            let last = self.last_mail.entry(decision.person.clone()).or_insert(decision.day);
            *last = (*last).max(decision.day);
        }
        self.mails.insert(decision.key.clone(), MailRecord { decision, decided, state: MailState::Decided, settled: None });
    }

    fn tell(&mut self, decision: &MailDecision) {
        for (item, key) in decision.items.iter().zip(told(decision)) {
            let reached = self.told.entry(key).or_insert((item.due, item.stage));
            // Another due date is another round.
            *reached = if reached.0 == item.due { (item.due, reached.1.max(item.stage)) } else { (item.due, item.stage) };
        }
    }

    /// The furthest stage of an obligation with a due date that whoever owes it was told of.
    pub fn reminded(&self, obligation: &str, due: Date) -> Option<Stage> {
        self.told.get(&(obligation.to_owned(), Told::Debtor)).filter(|(of, _)| *of == due).map(|(_, stage)| *stage)
    }

    /// Whether anybody was told of an obligation, whatever its due date was.
    pub fn was_told(&self, obligation: &str) -> bool {
        self.told.contains_key(&(obligation.to_owned(), Told::Debtor))
    }

    /// Whether a level was told that an obligation with a due date is late.
    pub fn is_escalated(&self, obligation: &str, due: Date, level: Level) -> bool {
        self.told.get(&(obligation.to_owned(), Told::Level(level))).is_some_and(|(of, _)| *of == due)
    }

    /// Something is known of a mail.
    pub fn settle_mail(&mut self, at: Instant, result: &MailResult) {
        let Some(mail) = self.mails.get_mut(&result.key) else { return };
        (mail.state, mail.settled) = (result.result, Some(at));
        if result.result == MailState::Bounced {
            self.bounced.insert(result.person.clone(), result.response.clone());
        }
        if matches!(result.result, MailState::Dropped | MailState::Bounced) {
            let decision = mail.decision.clone();
            self.take_back(&decision);
        }
    }

    /// A mail that is dropped, or came back, counts as never decided.
    fn take_back(&mut self, lost: &MailDecision) {
        let counts = |mail: &&MailRecord| !matches!(mail.state, MailState::Dropped | MailState::Bounced) && mail.decision.letter.is_reminder();
        let others: Vec<MailDecision> = self.mails.values().filter(|m| m.decision.person == lost.person).filter(counts).map(|m| m.decision.clone()).collect();
        let own = others.iter().filter(|d| matches!(d.letter, Letter::Request | Letter::Reminder));
        match own.map(|d| d.day).max() {
            Some(day) => self.last_mail.insert(lost.person.clone(), day),
            None => self.last_mail.remove(&lost.person),
        };
        for key in told(lost) {
            self.told.remove(&key);
        }
        for decision in others {
            self.tell(&decision);
        }
    }
}

impl Letter {
    /// Whether it tells somebody of an obligation.
    pub fn is_reminder(self) -> bool {
        matches!(self, Self::Request | Self::Reminder | Self::Team)
    }
}

/// What a mail tells whom.
fn told(decision: &MailDecision) -> impl Iterator<Item = (String, Told)> {
    decision.items.iter().map(|item| (item.obligation.clone(), item.level.map_or(Told::Debtor, Told::Level)))
}
