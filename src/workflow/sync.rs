//! `sync`: what the files say today becomes entries: courses and who must take them, assessments, decisions.
//!
//! Status looks at entries only, so that an edit of a file never changes the past.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::compliance::course::{Assignment, Course, Retirement};
use crate::contract::history::{AssessmentOccasion, AssessmentRecord};
use crate::pack::compile::Compiler;
use crate::record::{Event, State};
use crate::rule::decision::{DecisionRecord, RecordedKind};
use crate::rule::fact::FactValue;
use crate::workflow::register::{Before, Draft, Register, RegisterError};
use crate::workflow::request::Audience;

/// What a sync records.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Synced {
    /// Courses that are new or have changed.
    pub courses: Vec<Course>,
    /// Courses that are no longer given.
    pub retired: Vec<Retirement>,
    /// People who came into an audience.
    pub assigned: Vec<Assignment>,
    /// People who left one.
    pub released: Vec<Assignment>,
    /// Suppliers whose assessment gives another result than is on record.
    pub assessments: Vec<AssessmentRecord>,
    /// Decisions that are new or have changed.
    pub decisions: Vec<DecisionRecord>,
    /// What cannot be decided: a fact is missing.
    pub undecided: Vec<String>,
}

/// Records what the files say today, in one transaction. With `rehearse` nothing is recorded.
///
/// # Errors
/// [`RegisterError::Refused`] when the library has no course but the register has: a folder that was not read must not retire them all.
/// Suppliers that cannot be assessed are in the report and keep the assessment that is on record.
pub fn sync(register: &mut Register, compiler: &Compiler, rehearse: bool, report: &mut Report) -> Result<Synced, RegisterError> {
    let now = register.edge().now();
    let assessed = assess_all(compiler, now.date(), report);
    register.change(|before, draft| {
        let mut synced = Synced::default();
        courses(before.state, compiler, now.date(), &mut synced)?;
        people(before, compiler, &mut synced)?;
        synced.assessments = assessed.into_iter().filter_map(|record| recalculated(before.state, record)).collect();
        synced.decisions = decisions(before.state, compiler);
        if !rehearse {
            record(draft, &synced);
        }
        Ok(synced)
    })
}

fn record(draft: &mut Draft, synced: &Synced) {
    synced.courses.iter().for_each(|course| draft.record(Event::CoursePublished(Box::new(course.clone()))));
    synced.retired.iter().for_each(|retirement| draft.record(Event::CourseRetired(retirement.clone())));
    synced.released.iter().for_each(|release| draft.record(Event::Released(release.clone())));
    synced.assigned.iter().for_each(|assignment| draft.record(Event::Assigned(assignment.clone())));
    synced.assessments.iter().for_each(|record| draft.record(Event::Assessed(Box::new(record.clone()))));
    synced.decisions.iter().for_each(|decision| draft.record(Event::Decided(decision.clone())));
}

fn courses(state: &State, compiler: &Compiler, today: Date, synced: &mut Synced) -> Result<(), RegisterError> {
    let training = &state.book.training;
    if compiler.courses.is_empty() && training.given().next().is_some() {
        return Err(RegisterError::refused(
            "the library has no course, but the register has some",
            "is `library:` in `countersign.yaml` right? the courses are in `training/`",
        ));
    }
    for course in compiler.courses.iter().map(|written| &written.value) {
        if training.courses.get(&course.course).is_none_or(|known| known.retired.is_some() || known.course != *course) {
            synced.courses.push(course.clone());
        }
    }
    let given: BTreeSet<&str> = compiler.courses.iter().map(|written| written.value.course.as_str()).collect();
    for known in training.given().filter(|known| !given.contains(known.course.course.as_str())) {
        let course = known.course.course.clone();
        synced.retired.push(Retirement { course, day: today, reason: "it is no longer in the library".to_owned() });
    }
    Ok(())
}

fn people(before: &Before<'_>, compiler: &Compiler, synced: &mut Synced) -> Result<(), RegisterError> {
    let book = &before.state.book;
    for course in compiler.courses.iter().map(|written| &written.value) {
        let mut audience = Audience::new(compiler, &course.course, course.audience.as_deref(), before.now.date())?;
        let mut undecided = BTreeSet::new();
        for person in book.people.values() {
            let day = book.day_of(person, before.now);
            if person.end.is_some_and(|end| end < day) {
                continue;
            }
            let enrolment = book.training.enrolments.get(&person.id).and_then(|of| of.get(&course.course));
            let is_assigned = enrolment.is_some_and(|enrolment| enrolment.assigned.is_some());
            let change = |reason: &str| Assignment { person: person.id.clone(), course: course.course.clone(), day, reason: reason.to_owned() };
            match audience.has(person) {
                Ok(true) if !is_assigned => synced.assigned.push(change("is in the audience")),
                Ok(false) if is_assigned => synced.released.push(change("is not in the audience any more")),
                Ok(_) => {}
                Err(why) => {
                    undecided.insert(format!("{}: {}: {why}", course.course, person.belongs_to()));
                }
            }
        }
        synced.undecided.extend(undecided);
    }
    Ok(())
}

/// The assessment of every supplier that can be assessed.
fn assess_all(compiler: &Compiler, today: Date, report: &mut Report) -> Vec<AssessmentRecord> {
    compiler.suppliers().into_iter().filter_map(|id| assess(compiler, id, today, report)).collect()
}

/// The assessment of a supplier as a record, with the next review of its tier.
pub(super) fn assess(compiler: &Compiler, id: &str, today: Date, report: &mut Report) -> Option<AssessmentRecord> {
    let supplier = compiler.supplier(id, today, report)?;
    let assessed = compiler.assess(supplier, today, report)?;
    let assessment = match &assessed.assessment {
        Ok(assessment) => assessment,
        Err(missing) => {
            compiler.report_missing(&assessed.supplier, missing.iter().map(|fact| (fact, "the assessment".to_owned())), report);
            return None;
        }
    };
    let months = compiler.library.risk.effects.get(&assessment.tier).map_or(12, |effects| effects.review_months);
    let next_review = today.plus_months(i32::try_from(months).unwrap_or(12));
    let location = assessed.facts.get("risk.location").map(|fact| &fact.value);
    let location = if let Some(FactValue::Word(word)) = location { word.as_str() } else { "" };
    let supplier = &assessed.supplier;
    Some(AssessmentRecord::new(&supplier.profile.value, &supplier.digest, assessment, today, next_review, location))
}

/// What is recorded of an assessment that nobody answers for: only another result than is on record, and never a later review.
fn recalculated(state: &State, record: AssessmentRecord) -> Option<AssessmentRecord> {
    let Some(known) = state.contracts.assessment(&record.supplier) else { return Some(record) };
    if record.says_the_same_as(known) {
        return None;
    }
    Some(AssessmentRecord { next_review: known.next_review.min(record.next_review), occasion: AssessmentOccasion::Recalculation, ..record })
}

fn decisions(state: &State, compiler: &Compiler) -> Vec<DecisionRecord> {
    let records = compiler.decisions().map(|(file, decision)| DecisionRecord {
        decision: file.strip_suffix(".yaml").unwrap_or(file).replace('/', "."),
        kind: RecordedKind::AcceptHold,
        supplier: decision.supplier.clone(),
        subject: decision.hold.clone(),
        profile: Some(decision.subject.clone()),
        role: decision.role.clone(),
        person: decision.person.clone(),
        reason: decision.reason.clone(),
        date: decision.date,
        expires: decision.expires,
    });
    records.filter(|record| state.contracts.decisions.get(&record.decision).is_none_or(|known| known.what != *record)).collect()
}
