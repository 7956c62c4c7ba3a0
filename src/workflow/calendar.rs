//! `calendar`: what is owed as an iCalendar file.

use std::collections::BTreeSet;

use crate::base::instant::Instant;
use crate::compliance::book::Outcome;
use crate::outbox::calendar::{Cancelled, calendar};
use crate::rule::obligation::Obligation;
use crate::workflow::oversight::{DueFilter, due};
use crate::workflow::register::{Register, RegisterError};

/// Days for which what is not owed any more stays in the file as cancelled.
const CANCELLED_DAYS: i64 = 90;

/// Writes the calendar of what is owed now, of all or of a part.
///
/// # Errors
/// [`RegisterError::Refused`] for a person who is not known.
pub fn write(register: &mut Register, organisation: &str, filter: &DueFilter) -> Result<String, RegisterError> {
    let now = register.edge().now();
    let owed = due(register, None, None, filter)?;
    let then = now.plus_secs(-CANCELLED_DAYS * 86_400);
    let before = due(register, None, Some(then), filter)?;
    let state = register.state();
    let current: BTreeSet<&str> = owed.iter().map(|o| o.id.as_str()).collect();
    let mut gone: Vec<Cancelled> =
        before.into_iter().filter(|o| !current.contains(o.id.as_str())).map(|obligation| Cancelled { obligation, entry: state.size }).collect();
    gone.extend(closed_since(register, filter, then).into_iter().filter(|c| !current.contains(c.obligation.id.as_str())));
    gone.sort_by(|a, b| (&a.obligation.id, b.entry).cmp(&(&b.obligation.id, a.entry)));
    gone.dedup_by(|a, b| a.obligation.id == b.obligation.id);
    let recorded = register.state().recorded.unwrap_or(now);
    Ok(calendar(&register.state().origin, organisation, &owed, &gone, recorded))
}

/// Requests that were opened and closed since a moment: the older list does not know them.
fn closed_since(register: &Register, filter: &DueFilter, then: Instant) -> Vec<Cancelled> {
    let state = register.state();
    let mut gone = Vec::new();
    for record in state.book.requests.values().filter(|record| record.requested >= then) {
        let entry = match &record.outcome {
            Outcome::Open => continue,
            Outcome::Signed { entry, .. } => *entry,
            Outcome::Declined(moved) | Outcome::Delegated(moved) | Outcome::Closed(moved) | Outcome::Voided(moved) => moved.entry,
        };
        let mut open = record.clone();
        open.outcome = Outcome::Open;
        let was: Option<Obligation> = crate::compliance::status::obligation(&state.book, &open, None, record.requested);
        gone.extend(was.map(|obligation| Cancelled { obligation, entry }));
    }
    let person = filter.person.as_ref().and_then(|text| state.book.find_person(text)).map(|p| p.id.as_str());
    gone.retain(|c| filter.admits(&c.obligation, person));
    gone
}
