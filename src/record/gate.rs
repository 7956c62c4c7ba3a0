//! The gate: whether somebody of a supplier may have access on a day, with every reason.
//!
//! It looks at what was recorded and at nothing else, so it answers for any day of the past as it would have been answered then. It does not
//! know which systems somebody needs: it says whether contract, acknowledgments and training stand in the way.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::book::{Outcome, Record};
use crate::compliance::deadline::TrainingStanding;
use crate::compliance::person::{Language, Person};
use crate::compliance::status::{self, Filter, Standing};
use crate::compliance::training;
use crate::contract::lifecycle::{Origin, PackRecord, PackState};
use crate::record::State;
use crate::rule::audience::AcknowledgedBy;
use crate::rule::decision::RecordedKind;

/// Whether access may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GateAnswer {
    /// Id of the supplier.
    pub supplier: String,
    /// Id of the person, where one was asked about.
    pub person: Option<String>,
    /// The day.
    pub as_of: Date,
    /// Whether every check passed.
    pub allowed: bool,
    /// Every check, passed or not, in the order of [`Check`].
    pub reasons: Vec<GateReason>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GateReason {
    /// What was checked.
    pub check: Check,
    /// Whether it stands in nobody's way.
    pub passed: bool,
    /// Why, in a sentence.
    pub text: String,
    /// Id of the pack, hold, policy or course.
    pub about: Option<String>,
    /// Last day on which this holds, where it is known.
    pub until: Option<Date>,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A contract that both sides signed is in force.
    Contract,
    /// The supplier was assessed.
    Assessment,
    /// No hold of the risk model is open.
    Hold,
    /// The person belongs to the supplier and works.
    Person,
    /// What was asked to be acknowledged is.
    Acknowledgment,
    /// No course is overdue.
    Training,
}

/// Who is asked about is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownSubject {
    /// No pack, assessment or person names the supplier.
    #[error("the register knows no supplier `{0}`")]
    Supplier(String),
    /// Nobody has this id or address.
    #[error("there is nobody `{0}` in the register")]
    Person(String),
}

/// Says whether a supplier, or one person of it (by id or e-mail address), may have access on a day; without a day today, as the person has it
/// or in UTC.
///
/// - *Contract*: a pack that both sides executed, or an adopted contract, is in force on the day; an NDA alone, which is signed before any
///   assessment, is none. A contract under notice counts until its last day.
/// - *Assessment*: there is one by the day. That its review is overdue is said, and stands in nobody's way.
/// - *Hold*: those of the newest assessment that no decision accepts on the day, and those whose acceptance has run out since.
/// - *Person*: belongs to the supplier, and the day lies between the first and the last.
/// - *Acknowledgment*: every request to the person, and every one that somebody signs for the company, is signed, renewed in time, exempt or no longer
///   asked. A renewal that is open stands in nobody's way while the signature before it counts. Whoever was asked for nothing, although
///   policies are published, is not let in.
/// - *Training*: no course is overdue, grace included; one that is not completed yet is said, and stands in nobody's way until it is.
///
/// # Errors
/// [`UnknownSubject`].
///
/// ```
/// use countersign::base::instant::Instant;
/// use countersign::record::State;
/// use countersign::record::gate::{UnknownSubject, gate};
/// let refused = gate(&State::default(), "northwind", None, None, Instant::from_millis(0));
/// assert_eq!(refused, Err(UnknownSubject::Supplier("northwind".to_owned())));
/// ```
pub fn gate(state: &State, supplier: &str, person: Option<&str>, day: Option<Date>, now: Instant) -> Result<GateAnswer, UnknownSubject> {
    let book = &state.book;
    let is_known = state.contracts.assessments.contains_key(supplier)
        || state.contracts.packs.values().any(|pack| pack.supplier() == supplier)
        || book.people.values().any(|person| person.supplier() == Some(supplier));
    if !is_known {
        return Err(UnknownSubject::Supplier(supplier.to_owned()));
    }
    let person = person.map(|text| book.find_person(text).ok_or_else(|| UnknownSubject::Person(text.to_owned()))).transpose()?;
    let day = day.unwrap_or_else(|| person.map_or_else(|| now.date(), |person| book.day_of(person, now)));
    let mut reasons = contract(state, supplier, day);
    reasons.extend(assessment(state, supplier, day));
    reasons.extend(holds(state, supplier, day));
    reasons.extend(person.map(|person| employment(person, supplier, day)));
    reasons.extend(acknowledgments(state, supplier, person, day, now));
    reasons.extend(person.into_iter().flat_map(|person| courses(state, person, day, now)));
    Ok(GateAnswer {
        supplier: supplier.to_owned(),
        person: person.map(|person| person.id.clone()),
        as_of: day,
        allowed: reasons.iter().all(|reason| reason.passed),
        reasons,
    })
}

fn reason(check: Check, passed: bool, text: impl Into<String>, about: Option<&str>, until: Option<Date>) -> GateReason {
    GateReason { check, passed, text: text.into(), about: about.map(str::to_owned), until }
}

/// Every contract of a supplier; one that is in force is enough.
fn contract(state: &State, supplier: &str, day: Date) -> Vec<GateReason> {
    let packs: Vec<&PackRecord> = state.contracts.packs.values().filter(|pack| pack.supplier() == supplier).collect();
    let mut reasons: Vec<GateReason> = packs.iter().filter_map(|pack| one_contract(pack, day)).collect();
    // What stands in no force is of interest only where nothing else is.
    if reasons.iter().any(|reason| reason.passed) {
        reasons.retain(|reason| reason.passed);
    }
    if reasons.is_empty() {
        reasons.push(reason(Check::Contract, false, "no contract was issued", None, None));
    }
    reasons
}

/// How a contract stands; none for a pack that is not issued, or in whose place another stands.
fn one_contract(pack: &PackRecord, day: Date) -> Option<GateReason> {
    let say = |passed, text: String, until| Some(reason(Check::Contract, passed, text, Some(pack.id()), until));
    let begins = match &pack.origin {
        Origin::Adopted(adoption) => Some(adoption.what.effective),
        Origin::Submitted(_) => pack.signings.iter().filter_map(|signing| signing.what.effective).max(),
    };
    let last = match (&pack.origin, &pack.terminated) {
        (_, Some(ended)) => Some(ended.what.end),
        (Origin::Adopted(adoption), None) => adoption.what.end,
        (Origin::Submitted(_), None) => None,
    };
    match pack.state_before_end() {
        PackState::Submitted | PackState::Approved | PackState::Rejected | PackState::Superseded => None,
        PackState::Issued | PackState::HalfSigned if pack.terminated.is_some() => None,
        PackState::Issued | PackState::HalfSigned => say(false, format!("the pack {} is not signed by both sides", pack.id()), None),
        _ if last.is_some_and(|last| last < day) => say(false, format!("the contract {} ended on {}", pack.id(), last?), None),
        _ if begins.is_some_and(|begins| day < begins) => say(false, format!("the contract {} begins on {}", pack.id(), begins?), None),
        _ if pack.submission().is_some_and(|submission| submission.before_assessment) => {
            say(false, format!("the pack {} is a non-disclosure agreement, which gives no access", pack.id()), None)
        }
        _ if pack.terminated.is_some() => say(true, format!("the contract {} is in force until notice takes effect", pack.id()), last),
        _ => say(true, format!("the contract {} is in force", pack.id()), last),
    }
}

fn assessment(state: &State, supplier: &str, day: Date) -> Option<GateReason> {
    let newest = state.contracts.assessments.get(supplier).and_then(|history| history.iter().rev().find(|record| record.what.date <= day));
    let Some(newest) = newest.map(|record| &record.what) else {
        return Some(reason(Check::Assessment, false, "the supplier was not assessed", None, None));
    };
    let (tier, date) = (newest.tier.word(), newest.date);
    let text = if newest.next_review < day {
        format!("assessed on {date} as {tier}; its review is overdue since {}", newest.next_review)
    } else {
        format!("assessed on {date} as {tier}")
    };
    Some(reason(Check::Assessment, true, text, None, Some(newest.next_review).filter(|review| *review >= day)))
}

fn holds(state: &State, supplier: &str, day: Date) -> Vec<GateReason> {
    let newest = state.contracts.assessments.get(supplier).and_then(|history| history.iter().rev().find(|record| record.what.date <= day));
    let Some(newest) = newest.map(|record| &record.what) else { return Vec::new() };
    let decisions: Vec<_> = state
        .contracts
        .decisions
        .values()
        .map(|recorded| &recorded.what)
        .filter(|d| d.supplier == supplier && d.kind == RecordedKind::AcceptHold && d.date <= day && d.profile.as_ref().is_none_or(|p| *p == newest.profile))
        .collect();
    let accepted = |hold: &str| decisions.iter().filter(|d| d.subject == hold).map(|d| d.expires).max();
    // A hold that was accepted when the supplier was assessed is open again once the acceptance has run out.
    let lapsed = decisions.iter().filter(|d| d.expires >= newest.date).map(|d| d.subject.as_str());
    let mut holds: Vec<&str> = newest.open_holds.iter().map(String::as_str).chain(lapsed).collect();
    holds.sort_unstable();
    holds.dedup();
    let one = |hold: &str| match accepted(hold) {
        Some(until) if until >= day => reason(Check::Hold, true, format!("the hold `{hold}` is accepted"), Some(hold), Some(until)),
        Some(until) => reason(Check::Hold, false, format!("the acceptance of the hold `{hold}` ran out on {until}"), Some(hold), None),
        None => reason(Check::Hold, false, format!("the hold `{hold}` is open"), Some(hold), None),
    };
    if holds.is_empty() { vec![reason(Check::Hold, true, "no hold is open", None, None)] } else { holds.into_iter().map(one).collect() }
}

fn employment(person: &Person, supplier: &str, day: Date) -> GateReason {
    let say = |passed, text: String| reason(Check::Person, passed, text, None, person.end.filter(|_| passed));
    if person.supplier() != Some(supplier) {
        return say(false, format!("the person belongs to `{}`", person.belongs_to()));
    }
    match person.end {
        Some(end) if end < day => say(false, format!("the person left on {end}")),
        _ if day < person.start => say(false, format!("the person begins on {}", person.start)),
        _ => say(true, "the person works for the supplier".to_owned()),
    }
}

/// What the person, and those who sign for the company, were asked to acknowledge.
fn acknowledgments(state: &State, supplier: &str, person: Option<&Person>, day: Date, now: Instant) -> Vec<GateReason> {
    let book = &state.book;
    let is_meant = |asked: &Person, record: &Record| match record.request.capacity {
        Capacity::Person => person.is_some_and(|person| person.id == asked.id),
        Capacity::Company => asked.supplier() == Some(supplier),
    };
    let filter = Filter { supplier: Some(supplier.to_owned()), ..Filter::default() };
    let lines = status::status(book, Some(day), now, &filter);
    let mut reasons = Vec::new();
    let mut was_asked = false;
    for line in &lines {
        let (Some(asked), Some(record)) = (book.people.get(&line.person), book.requests.get(&line.request)) else { continue };
        if !is_meant(asked, record) {
            continue;
        }
        was_asked |= record.request.capacity == Capacity::Person;
        let title = book.version(&line.policy, line.version).map_or(&line.policy, |version| &version.title);
        let what = if record.request.capacity == Capacity::Company { format!("{title}, for the company,") } else { title.clone() };
        let due = record.request.due;
        // The signature that is to be renewed, while it counts.
        let earlier = book.requests_of(&asked.id).filter(|r| r.request.policy == line.policy && r.request.capacity == line.capacity).filter_map(|r| {
            let is_signed = matches!(&r.outcome, Outcome::Signed { .. }) && status::line(book, asked, r, day)?.status == Standing::Signed;
            is_signed.then(|| status::runs_out(book, asked, r))
        });
        let earlier = earlier.max();
        let (passed, text, until) = match line.status {
            Standing::Signed => (true, format!("{what} is acknowledged"), line.due),
            Standing::Exempt => (true, format!("an exemption covers {what}"), None),
            // A person who was never asked again owes nothing more; another line says how what replaced it stands.
            Standing::Superseded | Standing::Closed | Standing::Voided => continue,
            Standing::Requested | Standing::Due if earlier.is_some() => (true, format!("{what} is to be renewed by {due}"), earlier.flatten()),
            Standing::Requested | Standing::Due => (false, format!("{what} is not acknowledged yet; asked by {due}"), None),
            Standing::Overdue if line.signed.is_some() => (false, format!("the acknowledgment of {what} ran out"), None),
            Standing::Overdue => (false, format!("{what} was to be acknowledged by {due}"), None),
            Standing::Declined => (false, format!("{what} was declined"), None),
        };
        let is_covered = passed && reasons.iter().any(|r: &GateReason| r.passed && r.about.as_deref() == Some(&line.policy) && r.text == text);
        if !is_covered {
            reasons.push(reason(Check::Acknowledgment, passed, text, Some(&line.policy), until));
        }
    }
    let is_asked_of_people = book.policies.keys().filter_map(|policy| book.current(policy)).any(|version| version.acknowledged_by != AcknowledgedBy::Company);
    if person.is_some() && !was_asked && is_asked_of_people {
        reasons.push(reason(Check::Acknowledgment, false, "the person was not asked to acknowledge anything", None, None));
    }
    reasons
}

fn courses(state: &State, person: &Person, day: Date, now: Instant) -> Vec<GateReason> {
    let filter = Filter { person: Some(person.id.clone()), ..Filter::default() };
    let lines = training::lines(&state.book, Some(day), now, &filter);
    let one = |line: &training::TrainingLine| {
        let record = state.book.training.courses.get(&line.course);
        let title = record.map_or(line.course.as_str(), |record| record.course.title(Language::En));
        // Until the last day of grace.
        let until = line.due.map(|due| due.plus_days(i32::from(line.grace_days)));
        let say = |passed, text: String, until| reason(Check::Training, passed, text, Some(&line.course), until);
        match (line.status, line.due, line.completed) {
            (TrainingStanding::Exempt, ..) => say(true, format!("an exemption covers {title}"), None),
            (TrainingStanding::Overdue, Some(due), _) => say(false, format!("{title} was due on {due}"), None),
            (_, Some(due), None) => say(true, format!("{title} is to be completed by {due}"), until),
            (_, Some(due), Some(_)) => say(true, format!("{title} is completed; the next one is due on {due}"), until),
            (_, None, _) => say(true, format!("{title} is completed"), None),
        }
    };
    lines.iter().map(one).collect()
}
