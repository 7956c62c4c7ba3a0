//! The gate: may this person of this supplier have access on a day? One yes or no, with every reason. A pure function of the state.
//!
//! Job: put one question to what the register knows of contracts, holds, people, acknowledgments and training. Neighbours below: `contract`
//! and `compliance`, which say how each of these stands. Never does: decide anew when something is overdue, open anything, or know of
//! systems that people have access to.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::base::suggest;
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::deadline::TrainingStanding;
use crate::compliance::person::{Affiliation, Language, Person};
use crate::compliance::status::{self, Filter, Line, Standing};
use crate::compliance::training::{self, TrainingLine};
use crate::contract::duty;
use crate::contract::history::AssessmentRecord;
use crate::contract::lifecycle::{Contracts, Origin, PackRecord, PackState};
use crate::record::State;
use crate::rule::audience::AcknowledgedBy;
use crate::rule::decision::{DecisionRecord, RecordedKind};

#[cfg(test)]
mod tests;

/// The answer of the gate, with every reason for it.
///
/// An answer is for its day: of the reasons that passed, the earliest `until` is the last day on which it is known to stay a yes, if nothing
/// else is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GateAnswer {
    /// Id of the supplier.
    pub supplier: String,
    /// Id of the person; absent where only the supplier was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Name of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The day that the answer is for.
    pub as_of: Date,
    /// Whether every reason passed.
    pub allowed: bool,
    /// Every check with its result, in the order of the checks.
    pub reasons: Vec<GateReason>,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GateReason {
    /// What kind of check it is.
    pub check: Check,
    /// Whether it lets the person in.
    pub passed: bool,
    /// What was found, as one English sentence.
    pub text: String,
    /// Id of what it is about: of a pack, a hold, a person, a request or a course.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The last day on which it still passes, that day included, where one is known; always absent where it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// What is checked, in the order in which it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Both sides executed a contract, or one was adopted, and its term has begun and not run out.
    Contract,
    /// No contract was terminated, or the end is still to come, or another contract stands.
    Termination,
    /// No hold of the risk model is open.
    Hold,
    /// The supplier was assessed.
    Assessment,
    /// The person belongs to the supplier and works there on the day.
    Person,
    /// The person, and the supplier as a company, acknowledged what they were asked to.
    Acknowledgment,
    /// No course of the person is overdue.
    Training,
}

impl Check {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Termination => "termination",
            Self::Hold => "hold",
            Self::Assessment => "assessment",
            Self::Person => "person",
            Self::Acknowledgment => "acknowledgment",
            Self::Training => "training",
        }
    }
}

impl GateReason {
    fn yes(check: Check, about: Option<&str>, until: Option<Date>, text: String) -> Self {
        Self { check, passed: true, text, about: about.map(str::to_owned), until }
    }

    fn no(check: Check, about: Option<&str>, text: String) -> Self {
        Self { check, passed: false, text, about: about.map(str::to_owned), until: None }
    }
}

/// The register knows nothing of whoever is asked about; that is no answer, because a slip of the keyboard must not look like a no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownSubject {
    /// No pack, assessment or person of a supplier is recorded.
    #[error("nothing is recorded of a supplier `{id}`")]
    Supplier {
        /// As it was asked for.
        id: String,
        /// What may have been meant.
        help: String,
    },
    /// Nobody with this id or address is recorded, or their data was destroyed.
    #[error("there is nobody `{0}` in the register")]
    Person(String),
}

impl UnknownSubject {
    /// What to do.
    pub fn help(&self) -> &str {
        match self {
            Self::Supplier { help, .. } => help,
            Self::Person(_) => "give an id or an e-mail address; `countersign people list` shows them",
        }
    }
}

/// Says whether a person of a supplier may have access on a day, or without a person whether the supplier as such may.
///
/// `person` is an id or a current e-mail address. Without a day it is today: in the time zone of the person, or in UTC for the supplier alone.
/// Every check that applies is listed, whether it passed or not, and access is allowed where all passed. What is asked of a supplier's people
/// beyond this person does not count, but what somebody was asked to acknowledge for the company does.
///
/// Surprises: access needs the acknowledgment, so a request that is still in time says no until it is signed; a renewal does not, while the
/// earlier acknowledgment counts. Training that is still in time says yes. A review that is overdue is told and stops nothing, as is a leave.
/// On the last day of a contract, an employment or an acknowledgment the answer is still yes. A decision about a hold counts for as long as
/// it holds and through the assessment that took it: a hold that the newest assessment left open stays open whatever was decided, because
/// only an assessment judges whether whoever decided had the authority. Whether somebody belongs to the audience of a policy is not known
/// here; but a person who was never asked for anything, while something is asked for, does not pass.
///
/// # Errors
/// [`UnknownSubject`] where no pack, assessment or person of the supplier is recorded, or nobody with that id or address is.
///
/// ```
/// use countersign::record::{Payload, State, gate::{Check, gate}};
/// let now = "2027-02-01T09:00:00.000Z".parse().unwrap();
/// let mut state = State::default();
/// state.apply(Payload::decode(br#"{"version": 1, "recorded": "2027-01-04T09:00:00.000Z", "by": "example", "kind": "pack.adopted", "body": {
///     "pack": "0123456789ab", "supplier": "northwind", "entity": "acme", "title": "Services", "signed": "2026-12-01", "effective": "2027-01-01",
///     "file": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "mapping": {}}}"#).unwrap());
/// // The contract stands, but nobody has assessed the supplier.
/// let answer = gate(&state, "northwind", None, None, now).unwrap();
/// assert!(!answer.allowed);
/// let refused: Vec<Check> = answer.reasons.iter().filter(|r| !r.passed).map(|r| r.check).collect();
/// assert_eq!(refused, [Check::Assessment]);
/// // A supplier of which nothing is known gets no answer at all.
/// assert!(gate(&state, "northwnid", None, None, now).is_err());
/// ```
pub fn gate(state: &State, supplier: &str, person: Option<&str>, day: Option<Date>, now: Instant) -> Result<GateAnswer, UnknownSubject> {
    known(state, supplier)?;
    let book = &state.book;
    let person = person.map(|text| book.find_person(text).ok_or_else(|| UnknownSubject::Person(text.to_owned()))).transpose()?;
    let day = day.unwrap_or_else(|| person.map_or_else(|| now.date(), |person| book.day_of(person, now)));
    let asked = Asked { state, supplier, person, day, now };
    let mut reasons = asked.contracts();
    reasons.extend(asked.assessment());
    reasons.extend(person.into_iter().flat_map(|person| asked.person(person)));
    reasons.extend(asked.acknowledgments());
    reasons.extend(person.into_iter().flat_map(|person| asked.training(person)));
    Ok(GateAnswer {
        supplier: supplier.to_owned(),
        person: person.map(|p| p.id.clone()),
        name: person.map(|p| p.name.clone()),
        as_of: day,
        allowed: reasons.iter().all(|reason| reason.passed),
        reasons,
    })
}

/// Whether anything is recorded of a supplier.
fn known(state: &State, supplier: &str) -> Result<(), UnknownSubject> {
    let of_contracts = state.contracts.packs.values().map(PackRecord::supplier).chain(state.contracts.assessments.keys().map(String::as_str));
    let known: BTreeSet<&str> = of_contracts.chain(state.book.people.values().filter_map(Person::supplier)).collect();
    if known.contains(supplier) {
        return Ok(());
    }
    let help = suggest::nearest(supplier, known).map(|near| format!("did you mean `{near}`?"));
    let help = help.unwrap_or_else(|| "write its id as in `suppliers/`; `countersign sync` records what the profiles there say".to_owned());
    Err(UnknownSubject::Supplier { id: supplier.to_owned(), help })
}

/// What is asked, and of what.
#[derive(Clone, Copy)]
struct Asked<'a> {
    state: &'a State,
    supplier: &'a str,
    person: Option<&'a Person>,
    day: Date,
    now: Instant,
}

/// A contract that both sides signed, with the days on which it stands.
struct Force<'a> {
    pack: &'a PackRecord,
    from: Date,
    /// Last day by its term, or before the pack that stands in its place; `None` while open.
    runs_out: Option<Date>,
    /// Last day after a notice of termination.
    terminated: Option<Date>,
}

impl<'a> Force<'a> {
    /// `None` for what was not executed by both sides.
    fn of(contracts: &Contracts, pack: &'a PackRecord) -> Option<Self> {
        let from = pack.in_force_from()?;
        // What was superseded stands until the other pack takes effect, which may be months after it was signed.
        let replaced = match &pack.superseded {
            None => None,
            Some(by) => Some(contracts.packs.get(&by.what.by)?.in_force_from()?.plus_days(-1)),
        };
        let runs_out = earlier(duty::last_day(contracts, pack), replaced);
        Some(Self { pack, from, runs_out, terminated: pack.terminated.as_ref().map(|ended| ended.what.end) })
    }

    fn ends(&self) -> Option<Date> {
        earlier(self.runs_out, self.terminated)
    }

    /// Whether its term covers a day, a termination aside.
    fn covers(&self, day: Date) -> bool {
        self.from <= day && self.runs_out.is_none_or(|last| day <= last)
    }

    fn stands(&self, day: Date) -> bool {
        self.covers(day) && self.terminated.is_none_or(|last| day <= last)
    }
}

/// The earlier of two last days, of which `None` is open.
fn earlier(one: Option<Date>, other: Option<Date>) -> Option<Date> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Sorts last days, open ones last.
fn later(last: Option<Date>) -> (bool, Option<Date>) {
    (last.is_none(), last)
}

impl Asked<'_> {
    fn contracts(&self) -> Vec<GateReason> {
        let contracts = &self.state.contracts;
        let packs: Vec<&PackRecord> = contracts.packs.values().filter(|pack| pack.supplier() == self.supplier).collect();
        let forces: Vec<Force<'_>> = packs.iter().filter_map(|pack| Force::of(contracts, pack)).collect();
        let mut reasons = self.contract(&packs, &forces);
        reasons.extend(self.terminations(&packs, &forces));
        reasons
    }

    /// The contract that stands longest; without one, each that could have stood.
    ///
    /// A termination is a check of its own: a contract that was terminated passes here, so that the answer names one cause once.
    fn contract(&self, packs: &[&PackRecord], forces: &[Force<'_>]) -> Vec<GateReason> {
        let covering = forces.iter().filter(|force| force.covers(self.day));
        if let Some(best) = covering.max_by_key(|force| (force.stands(self.day), later(force.runs_out))) {
            let until = best.runs_out.map(|last| format!(" and stands until {}", last.long())).unwrap_or_default();
            return vec![GateReason::yes(Check::Contract, Some(best.pack.id()), best.runs_out, format!("{}{until}.", called(best.pack)))];
        }
        let why = |pack: &&&PackRecord| {
            let id = pack.id();
            let text = match forces.iter().find(|force| force.pack.id() == id) {
                Some(force) if self.day < force.from => format!("{}, but stands only from {}.", called(pack), force.from.long()),
                Some(Force { runs_out: Some(last), .. }) if pack.superseded.is_none() => format!("{}, but ran out on {}.", called(pack), last.long()),
                None if matches!(pack.state(), PackState::Submitted | PackState::Approved | PackState::Issued | PackState::HalfSigned) => {
                    format!("Pack `{id}` is {}, and not executed by both sides.", pack.state().word())
                }
                _ => return None,
            };
            Some(GateReason::no(Check::Contract, Some(id), text))
        };
        let mut reasons: Vec<GateReason> = packs.iter().filter_map(|pack| why(&pack)).collect();
        if reasons.is_empty() {
            reasons.push(GateReason::no(Check::Contract, None, "The supplier has no contract that both sides executed.".to_owned()));
        }
        reasons
    }

    /// Every contract that was terminated; the day after its last day it stops access, unless another contract stands.
    fn terminations(&self, packs: &[&PackRecord], forces: &[Force<'_>]) -> Vec<GateReason> {
        let one = |pack: &&PackRecord| {
            let (id, last) = (pack.id(), pack.terminated.as_ref()?.what.end);
            let others = || forces.iter().filter(|force| force.pack.id() != id);
            let instead = |day: Date| others().filter(move |force| force.stands(day)).max_by_key(|force| later(force.ends()));
            if self.day <= last {
                let until = instead(last.plus_days(1)).map_or(Some(last), |other| other.ends());
                let text = format!("Notice was given, and the contract `{id}` ends on {}.", last.long());
                return Some(GateReason::yes(Check::Termination, Some(id), until, text));
            }
            Some(match instead(self.day) {
                Some(other) => {
                    let text = format!("The contract `{id}` was terminated and ended on {}, but `{}` stands.", last.long(), other.pack.id());
                    GateReason::yes(Check::Termination, Some(id), other.ends(), text)
                }
                None => GateReason::no(Check::Termination, Some(id), format!("The contract `{id}` was terminated and ended on {}.", last.long())),
            })
        };
        let mut reasons: Vec<GateReason> = packs.iter().filter_map(one).collect();
        if reasons.is_empty() {
            reasons.push(GateReason::yes(Check::Termination, None, None, "No contract of the supplier was terminated.".to_owned()));
        }
        reasons
    }

    /// Holds and the assessment that they are known from; without an assessment nothing is known of holds.
    fn assessment(&self) -> Vec<GateReason> {
        let Some(newest) = self.state.contracts.assessment_on(self.supplier, self.day) else {
            return vec![GateReason::no(Check::Assessment, None, "The supplier was never assessed.".to_owned())];
        };
        let (made, review) = (newest.date.long(), newest.next_review.long());
        let text = if newest.next_review < self.day {
            format!("The supplier was assessed on {made}; its review, due by {review}, is overdue, which stops nothing here.")
        } else {
            format!("The supplier was assessed on {made} and is reviewed by {review}.")
        };
        let mut reasons = self.holds(newest);
        reasons.push(GateReason::yes(Check::Assessment, None, None, text));
        reasons
    }

    /// Holds that the newest assessment left open, and those that it did not only because a decision accepted them.
    ///
    /// `sync` records every decision, also one that the compiler refuses, and in the same transaction every assessment that a valid one
    /// changes. So the assessment says which decisions count, and their days say how long.
    fn holds(&self, newest: &AssessmentRecord) -> Vec<GateReason> {
        let about = |decision: &DecisionRecord| {
            decision.kind == RecordedKind::AcceptHold
                && decision.supplier == self.supplier
                && decision.profile.as_ref().is_none_or(|profile| *profile == newest.profile)
                && decision.date <= self.day
                && newest.date <= decision.expires
        };
        let mut accepted: BTreeMap<&str, &DecisionRecord> = BTreeMap::new();
        for decision in self.state.contracts.decisions.values().map(|recorded| &recorded.what).filter(|decision| about(decision)) {
            let longest = accepted.entry(&decision.subject).or_insert(decision);
            if longest.expires < decision.expires {
                *longest = decision;
            }
        }
        let made = newest.date.long();
        let open: BTreeSet<&str> = newest.open_holds.iter().map(String::as_str).collect();
        let mut reasons = Vec::new();
        for hold in open.iter().copied().chain(accepted.keys().copied().filter(|hold| !open.contains(hold))).collect::<BTreeSet<_>>() {
            let decided = accepted.get(hold).filter(|_| !open.contains(hold));
            reasons.push(match decided {
                None => GateReason::no(Check::Hold, Some(hold), format!("The hold `{hold}` is open by the assessment of {made}.")),
                Some(decision) if decision.expires < self.day => {
                    let (id, last) = (&decision.decision, decision.expires.long());
                    let text = format!("The decision `{id}` that accepted the hold `{hold}` ran out on {last}, and the supplier was not assessed since.");
                    GateReason::no(Check::Hold, Some(hold), text)
                }
                Some(decision) => {
                    let text = format!("The hold `{hold}` is accepted by the decision `{}` until {}.", decision.decision, decision.expires.long());
                    GateReason::yes(Check::Hold, Some(hold), Some(decision.expires), text)
                }
            });
        }
        if reasons.is_empty() {
            reasons.push(GateReason::yes(Check::Hold, None, None, format!("No hold is open by the assessment of {made}.")));
        }
        reasons
    }

    /// Whether the person belongs to the supplier and works there; each of both that is not so is a reason.
    fn person(&self, person: &Person) -> Vec<GateReason> {
        let (name, supplier, id) = (&person.name, self.supplier, Some(person.id.as_str()));
        let mut reasons = Vec::new();
        match &person.affiliation {
            Affiliation::Supplier(other) if other == supplier => {}
            Affiliation::Supplier(other) => reasons.push(GateReason::no(Check::Person, id, format!("{name} belongs to `{other}`, not to `{supplier}`."))),
            Affiliation::Department(other) => {
                reasons.push(GateReason::no(Check::Person, id, format!("{name} belongs to our own `{other}`, not to `{supplier}`.")));
            }
        }
        if !person.is_active(self.day) {
            let text = match person.end.filter(|end| *end < self.day) {
                Some(end) => format!("{name} left; the last day was {}.", end.long()),
                None => format!("{name} starts only on {}.", person.start.long()),
            };
            reasons.push(GateReason::no(Check::Person, id, text));
        }
        if reasons.is_empty() {
            let until = person.end.map(|end| format!(" until {}", end.long())).unwrap_or_default();
            let leave = person.leave_on(self.day).map(|leave| format!(", and is on leave until {}, which stops nothing here", leave.until.long()));
            let text = format!("{name} belongs to `{supplier}` since {}{until}{}.", person.start.long(), leave.unwrap_or_default());
            reasons.push(GateReason::yes(Check::Person, id, person.end, text));
        }
        reasons
    }

    /// What the person was asked to acknowledge, by policy, and then what people of the supplier were asked to for the company.
    fn acknowledgments(&self) -> Vec<GateReason> {
        let book = &self.state.book;
        let status = |filter: Filter| status::status(book, Some(self.day), self.now, &filter);
        let own = self.person.into_iter().flat_map(|person| status(Filter { person: Some(person.id.clone()), ..Filter::default() }));
        let of_company = status(Filter { supplier: Some(self.supplier.to_owned()), ..Filter::default() });
        let lines = own.filter(|l| l.capacity == Capacity::Person).chain(of_company.into_iter().filter(|l| l.capacity == Capacity::Company));
        let mut matters: BTreeMap<(Capacity, String), Vec<Line>> = BTreeMap::new();
        for line in lines {
            matters.entry((line.capacity, line.policy.clone())).or_default().push(line);
        }
        let mut reasons = Vec::new();
        if let Some(person) = self.person.filter(|_| !matters.keys().any(|(capacity, _)| *capacity == Capacity::Person)) {
            reasons.push(self.never_asked(person));
        }
        for lines in matters.values_mut() {
            lines.sort_by_key(|line| book.requests.get(&line.request).map(|record| record.entry));
            reasons.extend(self.acknowledgment(lines));
        }
        if reasons.is_empty() {
            reasons.push(GateReason::yes(Check::Acknowledgment, None, None, "Nobody was asked to acknowledge a policy for the company.".to_owned()));
        }
        reasons
    }

    /// A person without any request: whether one belongs to an audience is not known here, but that somebody is asked for something is.
    fn never_asked(&self, person: &Person) -> GateReason {
        let book = &self.state.book;
        let current = book.policies.keys().filter_map(|policy| book.current(policy));
        let asked_for = current.filter(|version| version.acknowledged_by != AcknowledgedBy::Company && version.date <= self.day);
        let exemptions: Vec<Option<Date>> = asked_for.map(|version| person.exemption_on(&version.policy, self.day).map(|e| e.until)).collect();
        let name = &person.name;
        if exemptions.is_empty() {
            GateReason::yes(Check::Acknowledgment, None, None, "No policy is asked for.".to_owned())
        } else if exemptions.contains(&None) {
            GateReason::no(Check::Acknowledgment, None, format!("{name} was never asked to acknowledge any policy."))
        } else {
            let until = exemptions.into_iter().flatten().min();
            GateReason::yes(Check::Acknowledgment, None, until, format!("{name} is exempt from every policy that is asked for."))
        }
    }

    /// How one policy stands for one person, or for the company: by the newest request, oldest first in `lines`.
    ///
    /// Only the newest decides, because a request that was declined stays so after a newer version was signed.
    fn acknowledgment(&self, lines: &[Line]) -> Option<GateReason> {
        let decides = |line: &&Line| !matches!(line.status, Standing::Superseded | Standing::Closed | Standing::Voided);
        let newest = lines.iter().rev().find(decides).or(lines.last())?;
        let book = &self.state.book;
        let person = book.people.get(&newest.person)?;
        let about = Some(newest.request.as_str());
        let yes = |until: Option<Date>, text: String| Some(GateReason::yes(Check::Acknowledgment, about, until, text));
        let exemption = person.exemption_on(&newest.policy, self.day).map(|exemption| exemption.until);
        let title = book.version(&newest.policy, newest.version).map_or(&newest.policy, |version| &version.title);
        let what = format!("{title} {}{}", newest.version, if newest.capacity == Capacity::Company { " for the company" } else { "" });
        let due = newest.due.map(|due| due.long()).unwrap_or_default();
        let text = match newest.status {
            Standing::Signed => {
                let until = newest.due.map(|last| format!(", which counts until {}", last.long())).unwrap_or_default();
                let on = newest.signed.map(|day| format!(" on {}", day.long())).unwrap_or_default();
                return yes(newest.due, format!("{what} was acknowledged{on}{until}."));
            }
            Standing::Superseded => return yes(None, format!("Another request stands in place of the one for {what}.")),
            Standing::Closed => return yes(None, format!("The request to acknowledge {what} was closed without a signature.")),
            Standing::Exempt => String::new(),
            Standing::Requested | Standing::Due => {
                // A signature counts until its renewal is signed, unless the change is material.
                let counts = |line: &&Line| line.status == Standing::Signed && !newest.version.is_material_after(line.version);
                if let Some(earlier) = lines.iter().rev().find(counts) {
                    let until = earlier.due.map(|last| format!(" until {}", last.long())).unwrap_or_default();
                    return yes(earlier.due, format!("{what} is to be acknowledged again by {due}, and the earlier acknowledgment counts{until}."));
                }
                format!("{what} was asked for and is not signed yet, due {due}.")
            }
            Standing::Overdue if newest.signed.is_some() => format!("The acknowledgment of {what} ran out on {due}."),
            Standing::Overdue => format!("{what} was due on {due} and is not signed."),
            Standing::Declined => format!("The acknowledgment of {what} was declined."),
            Standing::Voided => format!("The signature of {what} does not count, and nobody was asked again."),
        };
        // Nobody can be asked for either, so neither may stop access for ever.
        if let Some(withdrawal) = book.withdrawn.get(&newest.policy).filter(|withdrawal| withdrawal.date <= self.day) {
            return yes(None, format!("{title} is not asked for since {}.", withdrawal.date.long()));
        }
        match exemption.filter(|_| newest.status != Standing::Declined) {
            Some(until) => yes(Some(until), format!("The exemption from {title} holds until {}.", until.long())),
            None => Some(GateReason::no(Check::Acknowledgment, about, text)),
        }
    }

    /// Every course that the person owes; days of grace are in time.
    fn training(&self, person: &Person) -> Vec<GateReason> {
        let book = &self.state.book;
        let filter = Filter { person: Some(person.id.clone()), ..Filter::default() };
        let lines = training::lines(book, Some(self.day), self.now, &filter);
        if lines.is_empty() {
            return vec![GateReason::yes(Check::Training, None, None, format!("No course is assigned to {}.", person.name))];
        }
        let one = |line: &TrainingLine| {
            let title = book.training.courses.get(&line.course).map_or(line.course.as_str(), |record| record.course.title(Language::En));
            let about = Some(line.course.as_str());
            let due = line.due.map(|due| due.long()).unwrap_or_default();
            let until = line.due.map(|due| due.plus_days(i32::from(line.grace_days)));
            let last = until.map(|last| last.long()).unwrap_or_default();
            match (line.status, line.completed) {
                (TrainingStanding::Exempt, _) => {
                    let until = person.exemption_from_course(&line.course, self.day).map(|exemption| exemption.until);
                    let last = until.map(|last| format!(" until {}", last.long())).unwrap_or_default();
                    GateReason::yes(Check::Training, about, until, format!("The exemption from {title} holds{last}."))
                }
                (TrainingStanding::Overdue, _) => GateReason::no(Check::Training, about, format!("{title} was due on {due} and is not completed.")),
                (TrainingStanding::Grace, _) => {
                    GateReason::yes(Check::Training, about, until, format!("{title} was due on {due}, and its days of grace last until {last}."))
                }
                (_, None) => GateReason::yes(Check::Training, about, until, format!("{title} is not completed yet, and is due by {due}.")),
                (_, Some(day)) if line.due.is_none() => GateReason::yes(Check::Training, about, None, format!("{title} was completed on {}.", day.long())),
                (_, Some(day)) => GateReason::yes(Check::Training, about, until, format!("{title} was completed on {} and is due again by {due}.", day.long())),
            }
        };
        lines.iter().map(one).collect()
    }
}

/// A contract that both sides signed, as the beginning of a sentence.
fn called(pack: &PackRecord) -> String {
    match &pack.origin {
        Origin::Adopted(_) => format!("Contract `{}` was signed elsewhere and adopted", pack.id()),
        Origin::Submitted(submission) if submission.what.before_assessment => {
            format!("Pack `{}`, of what is signed before any assessment, is executed by both sides", pack.id())
        }
        Origin::Submitted(_) => format!("Pack `{}` is executed by both sides", pack.id()),
    }
}
