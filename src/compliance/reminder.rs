//! Reminders: who gets which mail on a day, and why somebody gets none.
//!
//! The plan is a pure function of the book, a moment and the ladder. A stage that was reached while nobody sent is not made up for: each
//! person gets at most one mail a day, with the latest stage of each open item.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::Request;
use crate::compliance::book::{Book, Item, Letter, Record};
use crate::compliance::person::Person;

pub use crate::rule::ladder::Ladder;

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "number")]
pub enum Stage {
    /// The request itself.
    Request,
    /// Some days before it is due.
    Ahead,
    /// On its last day.
    Due,
    /// After its last day, counted from 1.
    Overdue(u16),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("request"),
            Self::Ahead => f.write_str("ahead"),
            Self::Due => f.write_str("due"),
            Self::Overdue(number) => write!(f, "overdue {number}"),
        }
    }
}

impl Ladder {
    /// The stage that a request due on a date has reached on a day; `None` while it is early, and after the last reminder.
    ///
    /// ```
    /// use countersign::compliance::reminder::{Ladder, Stage};
    /// let due = "2027-01-31".parse().unwrap();
    /// let ladder = Ladder::default();
    /// assert_eq!(ladder.stage(due, "2027-01-23".parse().unwrap()), None);
    /// assert_eq!(ladder.stage(due, "2027-01-24".parse().unwrap()), Some(Stage::Ahead));
    /// assert_eq!(ladder.stage(due, "2027-02-08".parse().unwrap()), Some(Stage::Overdue(2)));
    /// assert_eq!(ladder.stage(due, "2027-03-08".parse().unwrap()), None);
    /// ```
    pub fn stage(&self, due: Date, day: Date) -> Option<Stage> {
        let late = day.days_since(due);
        match late {
            0 => Some(Stage::Due),
            1.. => {
                let number = (late - 1) / i64::from(self.overdue_every_days.max(1)) + 1;
                u16::try_from(number).ok().filter(|n| *n <= self.overdue_at_most).map(Stage::Overdue)
            }
            _ => (-late <= i64::from(self.ahead_days)).then_some(Stage::Ahead),
        }
    }
}

/// One mail that a plan sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Id of the person.
    pub person: String,
    /// The day in the time zone of the person.
    pub day: Date,
    /// The furthest stage among the items.
    pub stage: Stage,
    /// Whether nobody wrote to the person about any of the items yet.
    pub is_first: bool,
    /// Open requests with their stage, in order of due date.
    pub items: Vec<Item>,
}

/// Somebody with an open request who gets no mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// Id of the person.
    pub person: String,
    /// Open requests.
    pub requests: Vec<String>,
    /// Why.
    pub why: String,
}

/// What is to be sent at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Mails, in order of person.
    pub mails: Vec<Planned>,
    /// People without mail, in order of person.
    pub held_back: Vec<HeldBack>,
}

impl Planned {
    /// Whether the mail asks for the first time, or reminds.
    pub fn letter(&self) -> Letter {
        if self.is_first { Letter::Request } else { Letter::Reminder }
    }
}

/// Says who gets a mail at a moment.
pub fn plan(book: &Book, now: Instant, ladder: &Ladder) -> Plan {
    let mut plan = Plan::default();
    for person in book.people.values() {
        let open: Vec<&Record> = book.requests_of(&person.id).filter(|r| r.is_open()).collect();
        if open.is_empty() {
            continue;
        }
        let day = book.day_of(person, now);
        match mail_for(book, person, &open, day, ladder) {
            Ok(mail) => plan.mails.push(mail),
            Err(why) => {
                let requests = open.iter().map(|r| r.request.request.clone()).collect();
                plan.held_back.push(HeldBack { person: person.id.clone(), requests, why });
            }
        }
    }
    plan
}

/// The mail of a person with open requests on a day, or why there is none.
fn mail_for(book: &Book, person: &Person, open: &[&Record], day: Date, ladder: &Ladder) -> Result<Planned, String> {
    if day > person.end.unwrap_or(day) {
        return Err("has left; hand over or close the requests".to_owned());
    }
    if let Some(leave) = person.leave_on(day) {
        return Err(format!("on leave until {}", leave.until));
    }
    if person.email.is_none() {
        return Err("has no mailbox; a signatory attests".to_owned());
    }
    let mut items: Vec<(&Record, Stage)> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for record in open {
        let Request { policy, due, .. } = &record.request;
        if let Some(exemption) = person.exemption_on(policy, day) {
            reasons.push(format!("exempt from `{policy}` until {}", exemption.until));
            continue;
        }
        match (ladder.stage(*due, day), record.reminded) {
            // Nobody wrote yet: whatever the day, this is the first mail.
            (stage, None) => items.push((record, stage.unwrap_or(Stage::Request))),
            (Some(stage), Some(last)) if stage > last => items.push((record, stage)),
            (Some(stage), Some(_)) => reasons.push(format!("`{policy}`: the mail of stage `{stage}` was decided already")),
            (None, Some(_)) if day < *due => reasons.push(format!("`{policy}` is due on {due} only")),
            (None, Some(_)) => reasons.push(format!("`{policy}` had all its reminders")),
        }
    }
    if items.is_empty() {
        return Err(reasons.join("; "));
    }
    if book.last_mail.get(&person.id) == Some(&day) {
        return Err("gets one mail a day, and had it".to_owned());
    }
    let order = |record: &Record| {
        let Request { due, policy, capacity, request, .. } = &record.request;
        (*due, policy.clone(), *capacity, request.clone())
    };
    items.sort_by_key(|(record, _)| order(record));
    let stage = items.iter().map(|(_, stage)| *stage).max().unwrap_or(Stage::Request);
    let is_first = items.iter().all(|(record, _)| record.reminded.is_none());
    let items = items.into_iter().map(|(record, stage)| Item { request: record.request.request.clone(), stage }).collect();
    Ok(Planned { person: person.id.clone(), day, stage, is_first, items })
}
