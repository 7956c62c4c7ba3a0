//! The gate: every reason to let somebody in or not, each by itself.

use countersign::compliance::acknowledgment::{Capacity, Occasion, Request};
use countersign::contract::history::{AssessmentOccasion, AssessmentRecord};
use countersign::contract::milestone::{Adoption, Termination};
use countersign::contract::risk::Tier;
use countersign::record::event::PersonChange;
use countersign::record::gate::{Check, GateAnswer, UnknownSubject, gate};
use countersign::record::{Event, State};
use countersign::rule::decision::{DecisionRecord, RecordedKind};

use crate::suite::compliance::{Story, acknowledgment, date, noon, person, request, version};

fn assessment(open_holds: &[&str]) -> Event {
    Event::Assessed(Box::new(AssessmentRecord {
        supplier: "northwind".to_owned(),
        name: "Northwind Limited".to_owned(),
        entity: "acme".to_owned(),
        profile: countersign::base::digest::Digest::of(b"profile"),
        date: date("2026-12-01"),
        occasion: AssessmentOccasion::Review,
        reviewer: Some("reviewer@acme.example".to_owned()),
        inherent_quarters: 200,
        credit: 0,
        residual_quarters: 200,
        tier: Tier::High,
        floors: Vec::new(),
        open_holds: open_holds.iter().map(|&hold| hold.to_owned()).collect(),
        next_review: date("2027-12-01"),
        owner: None,
        term: None,
        assurance: Vec::new(),
        incidents: 0,
        is_overseas: false,
    }))
}

fn adoption() -> Event {
    Event::PackAdopted(Box::new(Adoption {
        pack: "0123456789ab".to_owned(),
        supplier: "northwind".to_owned(),
        entity: "acme".to_owned(),
        title: "Master agreement".to_owned(),
        file: countersign::base::digest::Digest::of(b"contract"),
        signed: date("2026-11-01"),
        effective: date("2026-12-01"),
        end: Some(date("2028-11-30")),
        mapping: Default::default(),
    }))
}

fn accepted(until: &str) -> Event {
    Event::Decided(DecisionRecord {
        decision: "d-1".to_owned(),
        kind: RecordedKind::AcceptHold,
        supplier: "northwind".to_owned(),
        subject: "sanctions".to_owned(),
        profile: Some(countersign::base::digest::Digest::of(b"profile")),
        role: "risk".to_owned(),
        person: "risk@acme.example".to_owned(),
        reason: "checked".to_owned(),
        date: date("2026-12-02"),
        expires: date(until),
    })
}

fn joined(change: impl Fn(&mut countersign::compliance::person::Person)) -> Event {
    let mut who = person("p-1");
    change(&mut who);
    Event::Person(Box::new(PersonChange { person: who, source: "import".to_owned(), reason: None }))
}

fn asked() -> Request {
    request("r-1", "p-1", "1.0", "2027-01-19", Occasion::First)
}

/// Everything as it should be.
fn sound() -> Story {
    let mut story = Story::default();
    story.on("2026-12-01", adoption()).on("2026-12-01", assessment(&[])).on("2027-01-01", joined(|_| {}));
    story.on("2027-01-02", Event::Published(Box::new(version("1.0", "2027-01-02")))).on("2027-01-05", Event::Requested(asked()));
    story.on("2027-01-06", Event::Signed(Box::new(acknowledgment(&asked(), noon("2027-01-06")))));
    story
}

fn ask(state: &State, day: &str) -> GateAnswer {
    gate(state, "northwind", Some("p-1"), Some(date(day)), noon(day)).unwrap()
}

/// The checks that do not pass, with their sentences.
fn faults(state: &State, day: &str) -> Vec<(Check, String)> {
    let answer = ask(state, day);
    assert_eq!(answer.allowed, answer.reasons.iter().all(|r| r.passed));
    answer.reasons.into_iter().filter(|r| !r.passed).map(|r| (r.check, r.text)).collect()
}

fn fault(state: &State, day: &str) -> (Check, String) {
    let found = faults(state, day);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn who_has_everything_is_let_in_and_told_until_when() {
    let story = sound();
    let answer = ask(&story.state, "2027-01-06");
    assert!(answer.allowed, "{answer:?}");
    let until = |check: Check| answer.reasons.iter().find(|r| r.check == check).unwrap().until.map(|d| d.to_string());
    assert_eq!(until(Check::Contract).as_deref(), Some("2028-11-30"));
    assert_eq!(until(Check::Acknowledgment).as_deref(), Some("2028-01-06"));
    assert_eq!(until(Check::Assessment).as_deref(), Some("2027-12-01"));
    let checks: Vec<Check> = answer.reasons.iter().map(|r| r.check).collect();
    assert!(checks.is_sorted(), "{checks:?}");
}

#[test]
fn each_reason_alone_keeps_out() {
    let mut story = Story::default();
    story.on("2026-12-01", assessment(&[]));
    let answer = gate(&story.state, "northwind", None, Some(date("2027-01-01")), noon("2027-01-01")).unwrap();
    assert!(!answer.allowed && answer.reasons[0].text == "no contract was issued", "{answer:?}");

    // Each fault beside a story that is sound otherwise.
    let with = |day: &str, event: Event| {
        let mut story = sound();
        story.on(day, event);
        story.state
    };
    let text = |state: &State, day: &str| fault(state, day).1;
    assert_eq!(text(&with("2027-01-07", assessment(&["sanctions"])), "2027-01-08"), "the hold `sanctions` is open");
    assert_eq!(text(&with("2027-01-07", joined(|p| p.end = Some(date("2027-01-10")))), "2027-01-11"), "the person left on 2027-01-10");
    assert_eq!(text(&with("2027-01-07", joined(|p| p.start = date("2027-02-01"))), "2027-01-08"), "the person begins on 2027-02-01");
    let second = request("r-2", "p-1", "2.0", "2027-02-01", Occasion::NewVersion);
    let mut story = sound();
    story.on("2027-01-07", Event::Published(Box::new(version("2.0", "2027-01-07")))).on("2027-01-08", Event::Requested(second.clone()));
    assert_eq!(text(&story.state, "2027-01-09"), "Code is not acknowledged yet; asked by 2027-02-01");
    assert_eq!(text(&story.state, "2027-02-02"), "Code was to be acknowledged by 2027-02-01");
    let ending =
        countersign::compliance::acknowledgment::Ending { request: "r-2".to_owned(), person: "p-1".to_owned(), reason: "no".to_owned(), successor: None };
    story.on("2027-01-09", Event::Declined(ending));
    assert_eq!(text(&story.state, "2027-01-10"), "Code was declined");
    let ended =
        Termination { pack: "0123456789ab".to_owned(), notice: date("2027-01-07"), end: date("2027-03-31"), reason: "x".to_owned(), deadlines: Vec::new() };
    let state = with("2027-01-07", Event::PackTerminated(ended));
    let contract = ask(&state, "2027-03-31").reasons.remove(0);
    assert_eq!((contract.passed, contract.until.map(|d| d.to_string()).as_deref()), (true, Some("2027-03-31")), "{contract:?}");
    assert_eq!(text(&state, "2027-04-01"), "the contract 0123456789ab ended on 2027-03-31");
    let stranger = with("2027-01-07", joined(|p| p.affiliation = countersign::compliance::person::Affiliation::Supplier("southwind".to_owned())));
    assert_eq!(faults(&stranger, "2027-01-08")[0].1, "the person belongs to `southwind`");
}

#[test]
fn accepted_hold_lets_in_until_the_acceptance_runs_out() {
    let mut story = Story::default();
    story.on("2026-12-01", adoption()).on("2026-12-01", assessment(&["sanctions"])).on("2026-12-02", accepted("2027-01-31"));
    let hold = |day: &str| {
        let answer = gate(&story.state, "northwind", None, Some(date(day)), noon(day)).unwrap();
        answer.reasons.into_iter().find(|r| r.check == Check::Hold).map(|r| (r.passed, r.text)).unwrap()
    };
    assert_eq!(hold("2027-01-31"), (true, "the hold `sanctions` is accepted".to_owned()));
    assert_eq!(hold("2027-02-01"), (false, "the acceptance of the hold `sanctions` ran out on 2027-01-31".to_owned()));
    assert_eq!(hold("2026-12-01"), (false, "the hold `sanctions` is open".to_owned()), "before the decision");
}

#[test]
fn renewal_that_is_open_keeps_nobody_out_while_the_signature_counts() {
    let mut story = sound();
    story.on("2027-12-20", Event::Requested(request("r-2", "p-1", "1.0", "2028-01-06", Occasion::Renewal)));
    let answer = ask(&story.state, "2028-01-05");
    let said: Vec<_> = answer.reasons.iter().filter(|r| r.check == Check::Acknowledgment).map(|r| (r.passed, r.text.as_str())).collect();
    assert!(said.contains(&(true, "Code is to be renewed by 2028-01-06")), "{said:?}");
    let after: Vec<_> = faults(&story.state, "2028-01-08").into_iter().filter(|(check, _)| *check == Check::Acknowledgment).collect();
    assert!(!after.is_empty(), "and out when it has run out");
}

#[test]
fn signature_for_the_company_counts_for_everybody() {
    let mut story = sound();
    let mut company = request("r-c", "p-2", "1.0", "2027-01-19", Occasion::First);
    company.capacity = Capacity::Company;
    let mut boss = person("p-2");
    boss.roles = [countersign::compliance::person::Role::Signatory].into();
    story.on("2027-01-06", Event::Person(Box::new(PersonChange { person: boss, source: "import".to_owned(), reason: None })));
    story.on("2027-01-06", Event::Requested(company));
    assert_eq!(fault(&story.state, "2027-01-07").1, "Code, for the company, is not acknowledged yet; asked by 2027-01-19");
}

#[test]
fn who_was_never_asked_is_not_let_in_and_who_is_not_known_is_said_so() {
    let mut story = Story::default();
    story.on("2026-12-01", adoption()).on("2026-12-01", assessment(&[])).on("2027-01-01", joined(|_| {}));
    assert!(ask(&story.state, "2027-01-01").allowed, "nothing is published");
    story.on("2027-01-02", Event::Published(Box::new(version("1.0", "2027-01-02"))));
    assert_eq!(fault(&story.state, "2027-01-02").1, "the person was not asked to acknowledge anything");
    let unknown = |supplier: &str, who: Option<&str>| gate(&story.state, supplier, who, None, noon("2027-01-02")).unwrap_err();
    assert_eq!(unknown("southwind", None), UnknownSubject::Supplier("southwind".to_owned()));
    assert_eq!(unknown("northwind", Some("p-9")), UnknownSubject::Person("p-9".to_owned()));
}
