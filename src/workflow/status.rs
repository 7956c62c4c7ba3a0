//! `status` and `doctor`: how everything stands, and what is half done.

use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::status::{self, Filter, Line};
use crate::compliance::training::{self, TrainingLine};
use crate::pack::compile::Compiler;
use crate::store::OutboxState;
use crate::workflow::acknowledge;
use crate::workflow::outbox;
use crate::workflow::register::{Register, RegisterError};
use crate::workflow::request::Audience;

/// Hours after which a mail that waits is half done.
const WAITING_HOURS: i64 = 24;

/// Says how every acknowledgment stands as of a day, or today, by what was known at a moment, or else on that day.
///
/// # Errors
/// [`RegisterError::Refused`] for a person who is not known.
pub fn status(register: &mut Register, day: Option<Date>, known_at: Option<Instant>, filter: &Filter) -> Result<Vec<Line>, RegisterError> {
    let now = register.edge().now();
    let state = register.as_of(day, known_at)?;
    let mut filter = filter.clone();
    if let Some(text) = &filter.person {
        filter.person = Some(acknowledge::person(&state.book, text)?.id.clone());
    }
    Ok(status::status(&state.book, day, now, &filter))
}

/// Says how every course stands for everybody as of a day, or today, by what was known at a moment, or else on that day.
///
/// # Errors
/// [`RegisterError::Refused`] for a person who is not known.
pub fn training(register: &mut Register, day: Option<Date>, known_at: Option<Instant>, filter: &Filter) -> Result<Vec<TrainingLine>, RegisterError> {
    let now = register.edge().now();
    let state = register.as_of(day, known_at)?;
    let mut filter = filter.clone();
    if let Some(text) = &filter.person {
        filter.person = Some(acknowledge::person(&state.book, text)?.id.clone());
    }
    Ok(training::lines(&state.book, day, now, &filter))
}

/// Something that was begun and is not finished.
#[derive(Debug, Clone, Serialize)]
pub struct HalfDone {
    /// What.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// Lists what is half done.
///
/// # Errors
/// [`RegisterError::Store`].
pub fn doctor(register: &mut Register, compiler: Option<&Compiler>) -> Result<Vec<HalfDone>, RegisterError> {
    let mut found = Vec::new();
    let mut say = |what: String, help: &str| found.push(HalfDone { what, help: help.to_owned() });
    let now = register.edge().now();
    for mail in outbox::mails(register, &[OutboxState::Decided, OutboxState::Sending, OutboxState::Failed, OutboxState::Unknown])? {
        let key = &mail.key;
        match mail.state {
            OutboxState::Sending => say(format!("the mail `{key}` was being sent when its process ended"), "`countersign remind --send` finds out"),
            OutboxState::Failed => say(format!("the mail `{key}` failed: {}", mail.response), "`countersign outbox retry` or `outbox drop`"),
            OutboxState::Unknown => {
                say(
                    format!("whether the mail `{key}` arrived is not known: {}", mail.response),
                    "ask the person; then `countersign outbox retry` or `outbox drop`",
                );
            }
            OutboxState::Decided if now.secs_since(mail.decided) > WAITING_HOURS * 3600 => {
                say(format!("the mail `{key}` waits since {}: {}", mail.decided, mail.response), "`countersign remind --send`; is its cron job running?");
            }
            _ => {}
        }
    }
    let book = &register.state().book;
    for record in book.requests.values().filter(|r| r.is_open()) {
        let request = &record.request;
        let Some(person) = book.people.get(&request.person) else { continue };
        let today = book.day_of(person, now);
        if person.end.is_some_and(|end| end < today) {
            say(format!("{} left, but the request `{}` is open", person.name, request.request), "`countersign ack delegate` or `ack close`");
        } else if person.email.is_none() {
            say(format!("{} has no mailbox to be asked for `{}`", person.name, request.policy), "`countersign ack attest`, or import an address");
        } else if book.reminded(&request.request, request.due).is_none()
            && person.leave_on(today).is_none()
            && now.secs_since(record.requested) > WAITING_HOURS * 3600
        {
            say(format!("{} was never written to about `{}`", person.name, request.policy), "`countersign remind --send`");
        }
    }
    for (person, response) in &book.bounced {
        say(format!("mail to `{person}` came back: {response}"), "import another address, or `countersign people end`");
    }
    if let Some(compiler) = compiler {
        for policy in book.policies.keys() {
            let Some(version) = book.current(policy) else { continue };
            let mut audience = Audience::new(compiler, policy, version.audience.as_deref(), now.date())?;
            let unasked = book.people.values().filter(|person| {
                let today = book.day_of(person, now);
                let asked = book.requests_of(&person.id).any(|r| r.request.policy == *policy && !version.version.is_material_after(r.request.version));
                !asked && person.is_active(today) && person.exemption_on(policy, today).is_none() && audience.has(person) == Ok(true)
            });
            let count = unasked.count();
            if count > 0 && version.acknowledged_by != crate::rule::audience::AcknowledgedBy::Company {
                say(format!("{count} people of the audience were not asked for `{policy}` {}", version.version), "`countersign ack request` asks them");
            }
        }
    }
    Ok(found)
}
