//! `remind`: who gets which mail now and why, and the decision to send.

use std::collections::BTreeMap;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::book::{Letter, MailState};
use crate::compliance::reminder::{self, Agenda, Plan, Rules};
use crate::record::{Event, State, agenda};
use crate::workflow::outbox::{self, Office};
use crate::workflow::register::{Register, RegisterError};

/// Days whose mails say how many are usual.
const USUAL_DAYS: i64 = 30;
/// A plan of more than so many times the usual number is shown to somebody first.
const FLOOD_FACTOR: usize = 5;
/// A plan of no more mails than this is no flood, whatever is usual.
const NO_FLOOD: usize = 20;
/// Days since the last run after which the clock is doubted.
const LONG_SILENCE_DAYS: i64 = 30;

/// Says who gets what at a moment; nothing is recorded, and no mail server is asked.
pub fn plan(state: &State, office: &Office, now: Instant) -> Plan {
    let obligations = agenda::obligations(state, None, now);
    let rules = Rules { reminders: &office.reminders, calendars: &office.calendars };
    reminder::plan(Agenda { book: &state.book, findings: &state.findings, obligations: &obligations }, now, rules)
}

/// Decides the mails of the plan of now, and the findings, all in one transaction.
///
/// # Errors
/// [`RegisterError::Refused`] without `confirm` when the plan is far larger than usual, or the last run was long ago and there is something to
/// send: then the clock or the rules are wrong, or somebody should know. Nothing was decided then.
pub fn decide(register: &mut Register, office: &Office, confirm: bool) -> Result<Plan, RegisterError> {
    register.change(|before, draft| {
        let state = before.state;
        let plan = plan(state, office, before.now);
        if !confirm {
            not_a_flood(state, &plan, before.now)?;
            not_after_silence(before.view.last_run()?, &plan, before.now)?;
        }
        for mail in &plan.mails {
            outbox::decide(before, draft, &state.book, office, mail)?;
        }
        plan.findings.iter().for_each(|finding| draft.record(Event::FindingOpened(Box::new(finding.clone()))));
        plan.closures.iter().for_each(|closure| draft.record(Event::FindingClosed(closure.clone())));
        draft.set_last_run(before.now);
        Ok(plan)
    })
}

/// Refuses a plan of more than five times the usual number of mails.
fn not_a_flood(state: &State, plan: &Plan, now: Instant) -> Result<(), RegisterError> {
    let usual = usual(state, now);
    let most = (usual * FLOOD_FACTOR).max(NO_FLOOD);
    if plan.mails.len() <= most {
        return Ok(());
    }
    Err(RegisterError::refused(
        format!("{} mails would be decided, but {usual} are usual for a day (median of {USUAL_DAYS} days)", plan.mails.len()),
        "look at `countersign remind --plan`; when it is right, run `countersign remind --send --confirm`",
    ))
}

/// The median number of mails of the days on which any were decided, of the last thirty.
fn usual(state: &State, now: Instant) -> usize {
    let today = now.date();
    let mut days: BTreeMap<Date, usize> = BTreeMap::new();
    let counts = |letter: Letter, state: MailState| letter.is_reminder() && state != MailState::Dropped;
    for mail in state.book.mails.values().filter(|m| counts(m.decision.letter, m.state)) {
        let day = mail.decided.date();
        if (1..=USUAL_DAYS).contains(&today.days_since(day)) {
            *days.entry(day).or_default() += 1;
        }
    }
    let mut counts: Vec<usize> = days.into_values().collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

/// Refuses to send for the first time after long: a clock that is ahead would make everything overdue.
fn not_after_silence(last_run: Option<Instant>, plan: &Plan, now: Instant) -> Result<(), RegisterError> {
    let Some(last) = last_run else { return Ok(()) };
    let days = now.secs_since(last) / 86_400;
    if plan.mails.is_empty() || days <= LONG_SILENCE_DAYS {
        return Ok(());
    }
    Err(RegisterError::refused(
        format!("the last run was {days} days ago, at {last}: either nobody ran it, or the clock is wrong"),
        "check the clock and `countersign remind --plan`; when both are right, run `countersign remind --send --confirm`",
    ))
}
