//! `calendar`: what is owed as an iCalendar file.

use std::collections::BTreeMap;

use crate::base::instant::Instant;
use crate::contract::duty;
use crate::outbox::calendar::{Edition, calendar};
use crate::record::{Event, State, agenda};
use crate::rule::obligation::Obligation;
use crate::workflow::oversight::{DueFilter, due};
use crate::workflow::register::{Register, RegisterError};

/// Days for which what is not owed any more stays in the file as cancelled.
const CANCELLED_DAYS: i64 = 90;

/// What an event may put an end to, as it was owed before.
fn touched(event: &Event, state: &State, now: Instant) -> Vec<Obligation> {
    let one = |id: &str| agenda::find(state, id, now).into_iter().collect();
    let training = |person: &str, course: &str| one(&format!("training/{course}/{person}"));
    match event {
        Event::Signed(signed) => one(&signed.request),
        Event::Declined(ending) | Event::Delegated(ending) | Event::Closed(ending) => one(&ending.request),
        Event::Completed(completion) => training(&completion.person, &completion.course),
        Event::Released(release) => training(&release.person, &release.course),
        Event::FindingClosed(closure) => one(&format!("finding/{}", closure.finding)),
        Event::EvidenceAdded(evidence) => one(&evidence.obligation),
        Event::Decided(decision) => one(&decision.subject),
        Event::Person(change) => of_person(state, &change.person.id, now),
        Event::CourseRetired(_) => agenda::obligations(state, None, now),
        Event::Assessed(_) | Event::PackIssued(_) | Event::PackSigned(_) | Event::PackSuperseded(_) | Event::PackTerminated(_) => {
            duty::obligations(&state.contracts, now.date())
        }
        _ => Vec::new(),
    }
}

fn of_person(state: &State, person: &str, now: Instant) -> Vec<Obligation> {
    let requests = state.book.requests_of(person).map(|record| record.request.request.clone());
    let courses = state.book.training.enrolments.get(person).into_iter().flat_map(|of| of.keys()).map(|course| format!("training/{course}/{person}"));
    requests.chain(courses).filter_map(|id| agenda::find(state, &id, now)).collect()
}

/// Writes the calendar of what is owed now, of all or of a part.
///
/// # Errors
/// [`RegisterError::Refused`] for a person who is not known.
pub fn write(register: &mut Register, organisation: &str, filter: &DueFilter) -> Result<String, RegisterError> {
    let now = register.edge().now();
    let owed = due(register, None, None, filter)?;
    let person = filter.person.as_ref().and_then(|text| register.state().book.find_person(text)).map(|p| p.id.clone());
    let mut gone: BTreeMap<String, Obligation> = BTreeMap::new();
    let from = now.plus_secs(-CANCELLED_DAYS * 86_400);
    register.replay(&mut |payload, state| {
        if payload.recorded >= from {
            let then = touched(&payload.event, state, payload.recorded).into_iter().filter(|o| filter.admits(o, person.as_deref()));
            gone.extend(then.map(|obligation| (obligation.id.clone(), obligation)));
        }
    })?;
    for obligation in &owed {
        gone.remove(&obligation.id);
    }
    let state = register.state();
    let edition = Edition { origin: &state.origin, size: state.size, recorded: state.recorded.unwrap_or(now) };
    Ok(calendar(edition, organisation, &owed, &gone.into_values().collect::<Vec<_>>()))
}
