//! People, policies and requests: who is asked, who is reminded, and how everything stands on any day.

use countersign::base::date::Date;
use countersign::base::digest::Digest;
use countersign::base::instant::Instant;
use countersign::compliance::acknowledgment::{Acknowledgment, Capacity, Consent, Ending, Method, Occasion, Request};
use countersign::compliance::book::{Item, Letter, MailDecision, MailResult, MailState};
use countersign::compliance::person::{Affiliation, Exemption, Language, Leave, Person};
use countersign::compliance::policy::{Change, PolicyVersion, Version};
use countersign::compliance::reminder::{Agenda, Plan, Rules, plan};
use countersign::compliance::status::{Filter, Standing, status};
use countersign::record::event::{Erasure, PAYLOAD_VERSION, PersonChange};
use countersign::record::{Event, Payload, State, agenda};
use countersign::rule::audience::AcknowledgedBy;
use countersign::rule::ladder::{DaysAhead, Ladder, Reminders, Stage};
use countersign::rule::working_time::Calendars;
use proptest::prelude::*;

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn noon(text: &str) -> Instant {
    Instant::start_of(date(text), "UTC").unwrap().plus_secs(12 * 3600)
}

pub(crate) fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: format!("Name of {id}"),
        email: Some(format!("{id}@northwind.example")),
        affiliation: Affiliation::Supplier("northwind".to_owned()),
        roles: Default::default(),
        language: Language::En,
        time_zone: "Europe/Dublin".to_owned(),
        country: None,
        coordinator: None,
        deputy: None,
        start: date("2026-01-01"),
        end: None,
        leave: Vec::new(),
        exemptions: Vec::new(),
        ssh_keys: Vec::new(),
    }
}

pub(crate) fn version(number: &str, on: &str) -> PolicyVersion {
    let version: Version = number.parse().unwrap();
    PolicyVersion {
        policy: "code".to_owned(),
        version,
        title: "Code".to_owned(),
        language: "en-GB".to_owned(),
        entity: "acme".to_owned(),
        issuer: "Acme Limited".to_owned(),
        pack: "0123456789ab".to_owned(),
        date: date(on),
        pdf: Digest::of(format!("pdf {number}").as_bytes()),
        html: Digest::of(format!("html {number}").as_bytes()),
        change: Change::First,
        reason: "first".to_owned(),
        audience: None,
        period_months: Some(12),
        due_days: 14,
        owner: "Compliance".to_owned(),
        acknowledged_by: AcknowledgedBy::Person,
        code: false,
    }
}

pub(crate) fn request(id: &str, person: &str, number: &str, due: &str, occasion: Occasion) -> Request {
    Request {
        request: id.to_owned(),
        person: person.to_owned(),
        policy: "code".to_owned(),
        version: number.parse().unwrap(),
        capacity: Capacity::Person,
        company: Some("Northwind Limited".to_owned()),
        due: date(due),
        occasion,
    }
}

pub(crate) fn acknowledgment(request: &Request, signed: Instant) -> Acknowledgment {
    let text = "I acknowledge.\n".to_owned();
    let proof = Method::Link { link: Digest::of(b"token"), sent_to: "a@northwind.example".to_owned(), code: false };
    Acknowledgment {
        request: request.request.clone(),
        person: request.person.clone(),
        name: format!("Name of {}", request.person),
        belongs_to: "northwind".to_owned(),
        company: request.company.clone(),
        policy: request.policy.clone(),
        title: "Code".to_owned(),
        version: request.version,
        capacity: request.capacity,
        pdf: Digest::of(b"pdf 1.0"),
        shown: Digest::of(b"html 1.0"),
        consent: Consent { sha256: Digest::of(text.as_bytes()), text, locale: "en".to_owned(), button: "I acknowledge".to_owned() },
        typed_name: "Typed".to_owned(),
        strength: proof.strength(),
        proof,
        signed,
        address: None,
        agent: None,
    }
}

/// A state to which events are told at noon of a day.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) state: State,
}

impl Story {
    pub(crate) fn on(&mut self, day: &str, event: Event) -> &mut Self {
        self.at(noon(day), event)
    }

    fn at(&mut self, recorded: Instant, event: Event) -> &mut Self {
        let payload = Payload { version: PAYLOAD_VERSION, recorded, clock: None, by: "test".to_owned(), event };
        // What is told has been through its bytes, as everything has that comes from the ledger.
        let bytes = payload.encode();
        let read = Payload::decode_strict(&bytes).unwrap();
        assert_eq!(read, payload);
        self.state.take(recorded, Some(read));
        self
    }

    fn person(&mut self, day: &str, person: Person) -> &mut Self {
        self.on(day, Event::Person(Box::new(PersonChange { person, source: "import".to_owned(), reason: None })))
    }

    fn published(&mut self, day: &str, number: &str) -> &mut Self {
        self.on(day, Event::Published(Box::new(version(number, day))))
    }

    fn sign(&mut self, day: &str, id: &str) -> &mut Self {
        let request = self.state.book.requests[id].request.clone();
        self.on(day, Event::Signed(Box::new(acknowledgment(&request, noon(day)))))
    }

    fn mailed(&mut self, day: &str, person: &str, requests: &[&str], stage: Stage) -> &mut Self {
        let due = |request: &str| self.state.book.requests[request].request.due;
        let item = |r: &&str| Item { obligation: (*r).to_owned(), stage, due: due(r), level: None, skipped: Vec::new() };
        let items = requests.iter().map(item).collect();
        let key = format!("day:{person}:{day}");
        let decision = MailDecision { key, person: person.to_owned(), letter: Letter::Request, day: date(day), items, report: None };
        self.on(day, Event::MailDecided(decision))
    }

    fn standing(&self, day: &str) -> Vec<(String, Standing)> {
        status(&self.state.book, Some(date(day)), noon(day), &Filter::default()).into_iter().map(|l| (l.request, l.status)).collect()
    }

    fn mails(&self, day: &str) -> Vec<(String, Stage)> {
        self.plan(day).mails.into_iter().map(|m| (m.person, m.stage)).collect()
    }

    fn held(&self, day: &str) -> Vec<String> {
        self.plan(day).held_back.into_iter().map(|h| h.why).collect()
    }

    pub(crate) fn plan(&self, day: &str) -> Plan {
        self.plan_with(day, &week_ahead())
    }

    pub(crate) fn plan_with(&self, day: &str, reminders: &Reminders) -> Plan {
        let obligations = agenda::obligations(&self.state, None, noon(day));
        let agenda = Agenda { book: &self.state.book, findings: &self.state.findings, obligations: &obligations };
        plan(agenda, noon(day), Rules { reminders, calendars: &Calendars::default() })
    }
}

/// A reminder a week ahead, and else as by default.
fn week_ahead() -> Reminders {
    Reminders { ladder: Ladder { ahead_days: vec![7], ..Ladder::default() }, ..Reminders::default() }
}

/// A week ahead.
const AHEAD: Stage = Stage::Ahead(DaysAhead(7));

/// One person who was asked on 5 January and has until 19 January.
fn asked() -> Story {
    let mut story = Story::default();
    story.person("2027-01-01", person("p-1")).published("2027-01-04", "1.0");
    story.on("2027-01-05", Event::Requested(request("r-1", "p-1", "1.0", "2027-01-19", Occasion::First)));
    story
}

fn one(standing: Standing) -> Vec<(String, Standing)> {
    vec![("r-1".to_owned(), standing)]
}

#[test]
fn request_is_requested_then_due_then_overdue() {
    let story = asked();
    assert_eq!(story.standing("2027-01-04"), vec![], "not asked yet");
    assert_eq!(story.standing("2027-01-05"), one(Standing::Requested));
    assert_eq!(story.standing("2027-01-11"), one(Standing::Requested), "eight days left");
    assert_eq!(story.standing("2027-01-12"), one(Standing::Due), "a week left");
    assert_eq!(story.standing("2027-01-19"), one(Standing::Due), "the last day is in time");
    assert_eq!(story.standing("2027-01-20"), one(Standing::Overdue));
}

#[test]
fn acknowledgment_counts_for_its_period_and_not_a_day_longer() {
    let mut story = asked();
    story.sign("2027-01-10", "r-1");
    assert_eq!(story.standing("2027-01-09"), one(Standing::Requested), "the past does not know of it");
    assert_eq!(story.standing("2027-01-10"), one(Standing::Signed));
    assert_eq!(story.standing("2028-01-10"), one(Standing::Signed), "the last day");
    assert_eq!(story.standing("2028-01-11"), one(Standing::Overdue));
}

#[test]
fn early_renewal_does_not_creep() {
    let mut story = asked();
    story.sign("2027-01-10", "r-1");
    story.on("2027-12-15", Event::Requested(request("r-2", "p-1", "1.0", "2028-01-10", Occasion::Renewal)));
    assert_eq!(story.standing("2027-12-20")[0].1, Standing::Signed, "the old one counts until the new one is signed");
    story.sign("2027-12-20", "r-2");
    assert_eq!(story.standing("2027-12-20"), vec![("r-1".to_owned(), Standing::Superseded), ("r-2".to_owned(), Standing::Signed)]);
    assert_eq!(story.standing("2029-01-10")[1].1, Standing::Signed, "a year from the day on which the old one ran out");
    assert_eq!(story.standing("2029-01-11")[1].1, Standing::Overdue);
}

#[test]
fn material_change_supersedes_once_it_is_asked_for_and_a_minor_one_does_not() {
    let mut story = asked();
    story.sign("2027-01-10", "r-1").published("2027-02-01", "1.1");
    assert_eq!(story.standing("2027-02-02"), one(Standing::Signed));
    story.published("2027-03-01", "2.0");
    assert_eq!(story.standing("2027-03-01"), one(Standing::Signed), "nobody was asked yet");
    story.on("2027-03-02", Event::Requested(request("r-2", "p-1", "2.0", "2027-03-16", Occasion::NewVersion)));
    assert_eq!(story.standing("2027-03-02"), vec![("r-1".to_owned(), Standing::Superseded), ("r-2".to_owned(), Standing::Requested)]);
    assert_eq!(story.standing("2027-03-01"), one(Standing::Signed), "the past is as it was");
}

#[test]
fn endings_are_told_apart() {
    let ending = |successor: Option<&str>| Ending {
        request: "r-1".to_owned(),
        person: "p-1".to_owned(),
        reason: "because".to_owned(),
        successor: successor.map(str::to_owned),
    };
    for (event, standing) in [
        (Event::Declined(ending(None)), Standing::Declined),
        (Event::Closed(ending(None)), Standing::Closed),
        (Event::Closed(ending(Some("r-2"))), Standing::Superseded),
        (Event::Delegated(ending(Some("r-2"))), Standing::Superseded),
    ] {
        let mut story = asked();
        story.on("2027-01-12", event);
        assert_eq!(story.standing("2027-01-11"), one(Standing::Requested));
        assert_eq!(story.standing("2027-01-12"), one(standing));
        assert_eq!(story.mails("2027-01-12"), vec![]);
    }
    let mut story = asked();
    story.sign("2027-01-10", "r-1").on("2027-01-12", Event::Voided(ending(None)));
    assert_eq!(story.standing("2027-01-11"), one(Standing::Voided), "a signature that does not count never did");
}

#[test]
fn exemption_holds_from_its_first_to_its_last_day() {
    let mut story = asked();
    let mut exempt = person("p-1");
    let exemption = |policy: Option<&str>| Exemption {
        course: None,
        policy: policy.map(str::to_owned),
        from: date("2027-01-08"),
        until: date("2027-01-31"),
        reason: "secondment".to_owned(),
        approver: "boss@acme.example".to_owned(),
    };
    exempt.exemptions = vec![exemption(Some("code"))];
    story.person("2027-01-08", exempt.clone());
    assert_eq!(story.standing("2027-01-31"), one(Standing::Exempt));
    assert_eq!(story.standing("2027-02-01"), one(Standing::Overdue));
    assert!(story.held("2027-01-31")[0].contains("exempt"), "{:?}", story.held("2027-01-31"));
    exempt.exemptions = vec![exemption(Some("another"))];
    story.person("2027-01-09", exempt);
    assert_eq!(story.standing("2027-01-31"), one(Standing::Overdue), "of another policy");
}

#[test]
fn first_mail_is_a_request_whatever_the_day() {
    let story = asked();
    assert_eq!(story.mails("2027-01-05"), vec![("p-1".to_owned(), Stage::Request)]);
    let late = story.plan("2027-02-10");
    assert_eq!((late.mails[0].stage, late.mails[0].letter), (Stage::Overdue(4), Letter::Request));
}

#[test]
fn each_stage_is_sent_once_and_a_missed_one_is_not_made_up_for() {
    let mut story = asked();
    story.mailed("2027-01-05", "p-1", &["r-1"], Stage::Request);
    assert_eq!(story.mails("2027-01-11"), vec![]);
    assert_eq!(story.mails("2027-01-12"), vec![("p-1".to_owned(), AHEAD)]);
    story.mailed("2027-01-12", "p-1", &["r-1"], AHEAD);
    assert_eq!(story.mails("2027-01-13"), vec![]);
    assert_eq!(story.mails("2027-02-05"), vec![("p-1".to_owned(), Stage::Overdue(3))], "three stages were reached, one mail is sent");
    story.mailed("2027-02-05", "p-1", &["r-1"], Stage::Overdue(3));
    assert_eq!(story.mails("2027-02-09"), vec![]);
    assert_eq!(story.mails("2027-02-10"), vec![("p-1".to_owned(), Stage::Overdue(4))]);
    story.mailed("2027-02-10", "p-1", &["r-1"], Stage::Overdue(4));
    assert!(story.held("2027-06-01")[0].contains("had all its reminders"));
}

#[test]
fn person_gets_one_mail_a_day_with_all_that_is_open() {
    let mut story = asked();
    let mut other = request("r-2", "p-1", "1.0", "2027-01-12", Occasion::First);
    other.capacity = Capacity::Company;
    story.on("2027-01-05", Event::Requested(other));
    let mails = story.plan("2027-01-05").mails;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].items.iter().map(|i| i.obligation.as_str()).collect::<Vec<_>>(), ["r-2", "r-1"], "in order of due date");
    story.mailed("2027-01-12", "p-1", &["r-2"], Stage::Due);
    assert!(story.held("2027-01-12")[0].contains("one mail a day"), "{:?}", story.held("2027-01-12"));
}

#[test]
fn dropped_mail_counts_as_never_decided() {
    let mut story = asked();
    story.mailed("2027-01-05", "p-1", &["r-1"], Stage::Request);
    let dropped =
        MailResult { key: "day:p-1:2027-01-05".to_owned(), person: "p-1".to_owned(), result: MailState::Dropped, response: "address changed".to_owned() };
    story.on("2027-01-05", Event::MailSettled(dropped));
    assert_eq!(story.mails("2027-01-05"), vec![("p-1".to_owned(), Stage::Request)]);
}

#[test]
fn those_who_cannot_be_written_to_are_held_back_with_the_reason() {
    let reason = |change: fn(&mut Person)| {
        let mut story = asked();
        let mut changed = person("p-1");
        change(&mut changed);
        story.person("2027-01-06", changed);
        story.held("2027-01-12").first().cloned().unwrap_or_default()
    };
    assert!(reason(|p| p.email = None).contains("no mailbox"));
    assert!(reason(|p| p.end = Some(date("2027-01-11"))).contains("has left"));
    let away = |p: &mut Person| p.leave = vec![Leave { from: date("2027-01-12"), until: date("2027-02-01"), reason: "parental".to_owned() }];
    assert_eq!(reason(away), "on leave until 2027-02-01");
}

#[test]
fn today_is_the_day_of_the_person() {
    let mut story = Story::default();
    let mut far = person("p-1");
    far.time_zone = "Pacific/Auckland".to_owned();
    story.person("2027-01-01", far).published("2027-01-04", "1.0");
    story.on("2027-01-05", Event::Requested(request("r-1", "p-1", "1.0", "2027-01-19", Occasion::First)));
    assert_eq!(story.standing("2027-01-05"), vec![], "noon in UTC is the sixth in Auckland");
    assert_eq!(story.standing("2027-01-06"), one(Standing::Requested));
}

#[test]
fn erased_person_is_in_no_status() {
    let mut story = asked();
    story.sign("2027-01-10", "r-1");
    let erasure = Erasure { person: "p-1".to_owned(), entries: vec![0, 2, 3], reason: "period over".to_owned(), kept_until: date("2033-01-10") };
    story.on("2033-02-01", Event::Erased(erasure));
    assert_eq!(story.standing("2033-02-01"), vec![]);
    assert!(story.state.book.find_person("p-1@northwind.example").is_none());
}

proptest! {
    /// A stage never falls back as days pass, and every day after the first stage has one until the ladder ends.
    #[test]
    fn stages_are_monotone(ahead in proptest::collection::vec(1u16..90, 0..4), grace in 0u16..30, every in 1u16..90, most in 0u16..52, due in 0i32..2000, day in -400i32..400) {
        let ladder = Ladder { ahead_days: ahead, overdue_every_days: every, overdue_at_most: most, ..Ladder::default() };
        let due = date("2027-01-01").plus_days(due);
        let (today, tomorrow) = (due.plus_days(day), due.plus_days(day + 1));
        if let (Some(a), Some(b)) = (ladder.stage(due, grace, today), ladder.stage(due, grace, tomorrow)) {
            prop_assert!(a <= b);
        }
        if day == 0 {
            prop_assert_eq!(ladder.stage(due, grace, today), Some(Stage::Due));
        }
    }

    /// However often and on whatever days the plan is carried out, no stage of a request is mailed twice, and no day has two mails.
    #[test]
    fn carrying_out_the_plan_never_repeats(days in proptest::collection::vec(0i32..120, 1..40)) {
        let mut days = days;
        days.sort_unstable();
        let mut story = asked();
        let mut sent = Vec::new();
        for offset in days {
            let day = date("2027-01-05").plus_days(offset).to_string();
            for mail in story.plan(&day).mails {
                sent.push((mail.day, mail.stage));
                story.mailed(&day, "p-1", &["r-1"], mail.stage);
            }
        }
        for pair in sent.windows(2) {
            prop_assert!(pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1, "{sent:?}");
        }
    }

    /// Arbitrary bytes are no payload, and never a panic.
    #[test]
    fn payload_reader_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Payload::decode_strict(&bytes).is_err());
    }
}
