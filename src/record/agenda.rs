//! Everything that is owed: acknowledgments, training, contracts and findings in one list.

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::{status, training};
use crate::contract::duty;
use crate::record::State;
use crate::rule::obligation::Obligation;

/// Lists what is owed as of a day, or without one as of now, in order of due date, kind, supplier, person and what.
pub fn obligations(state: &State, day: Option<Date>, now: Instant) -> Vec<Obligation> {
    let mut all: Vec<Obligation> = status::obligations(&state.book, day, now)
        .chain(training::obligations(&state.book, day, now))
        .chain(duty::obligations(&state.contracts, day.unwrap_or_else(|| now.date())))
        .chain(state.findings.obligations())
        .collect();
    all.sort_by(|a, b| (a.due, a.kind, &a.supplier, &a.person, &a.what, &a.id).cmp(&(b.due, b.kind, &b.supplier, &b.person, &b.what, &b.id)));
    all
}

/// One obligation that is owed at a moment, by its id.
///
/// Cheap for what a person owes; what follows from contracts is looked up in the whole list of them.
pub fn find(state: &State, id: &str, now: Instant) -> Option<Obligation> {
    if let Some(record) = state.book.requests.get(id) {
        return status::obligation(&state.book, record, None, now);
    }
    if let Some((course, person)) = id.strip_prefix("training/").and_then(|rest| rest.split_once('/')) {
        return training::obligation(&state.book, person, course, now);
    }
    let of_contracts = duty::obligations(&state.contracts, now.date());
    of_contracts.into_iter().chain(state.findings.obligations()).find(|obligation| obligation.id == id)
}
