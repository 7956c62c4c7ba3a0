//! When a course is due and how it stands: the rules of `docs/deadlines.md`, as a pure function.

use serde::Serialize;

use crate::base::date::Date;
use crate::compliance::course::{Course, Late, Refresher};
use crate::compliance::person::Leave;

/// Days before a due date from which something counts as due.
pub const DUE_DAYS: i32 = 7;

/// What is known of one person and one course.
#[derive(Debug, Clone, Copy)]
pub struct Enrolment<'a> {
    /// The day on which the person came into the audience.
    pub assigned: Date,
    /// First day of the employment.
    pub start: Date,
    /// Last day of the employment before, of somebody who was hired again.
    pub previous_end: Option<Date>,
    /// Absences, in any order.
    pub leave: &'a [Leave],
}

/// A completion that may count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Completed {
    /// The day.
    pub day: Date,
    /// Last day of the certificate.
    pub valid_until: Option<Date>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// Last day on which a completion is in time, grace aside; `None` when nothing is due any more.
    pub due: Option<Date>,
    /// The last completion that counts.
    pub completed: Option<Date>,
}

/// How a course stands for a person on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingStanding {
    /// Never completed, and more than a week left.
    Assigned,
    /// Completed, and not due again this week.
    Completed,
    /// The last week, last day included.
    Due,
    /// The days of grace.
    Grace,
    /// The time is over.
    Overdue,
    /// An exemption covers the day.
    Exempt,
}

impl TrainingStanding {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Completed => "completed",
            Self::Due => "due",
            Self::Grace => "grace",
            Self::Overdue => "overdue",
            Self::Exempt => "exempt",
        }
    }
}

/// Says when a course is due, from the completions up to and with `today`.
///
/// ```
/// use countersign::compliance::course::Course;
/// use countersign::compliance::deadline::{Completed, Enrolment, deadline};
/// let day = |text: &str| text.parse().unwrap();
/// let course: Course = serde_json::from_value(serde_json::json!({
///     "version": 1, "course": "refresher", "edition": "1.0", "title": {"en": "Refresher"}, "kind": "refresher", "owner": "Compliance",
///     "first_due_days": 30, "refresher": {"period_months": 1, "early_days": 10}
/// })).unwrap();
/// let enrolment = Enrolment { assigned: day("2027-01-01"), start: day("2026-01-01"), previous_end: None, leave: &[] };
/// let due = |days: &[&str], today: &str| {
///     let completed: Vec<Completed> = days.iter().map(|d| Completed { day: day(d), valid_until: None }).collect();
///     deadline(&course, &enrolment, &completed, day(today)).due.unwrap().to_string()
/// };
/// assert_eq!(due(&[], "2027-01-05"), "2027-01-31");
/// assert_eq!(due(&["2027-01-31"], "2027-02-01"), "2027-02-28");
/// assert_eq!(due(&["2027-01-31", "2027-02-20"], "2027-02-21"), "2027-03-31");
/// // A completion that is still to come does not count yet.
/// assert_eq!(due(&["2027-01-31"], "2027-01-05"), "2027-01-31");
/// ```
pub fn deadline(course: &Course, enrolment: &Enrolment<'_>, completions: &[Completed], today: Date) -> Deadline {
    let basis = enrolment.assigned.max(enrolment.start);
    let first = basis.plus_days(i32::from(course.first_due_days));
    let leave = merged(enrolment.leave);
    let moved = |day: Date| moved(day, &leave, course.after_leave_days);
    let counted = counted(completions, enrolment.previous_end, today);
    let [opening, later @ ..] = counted.as_slice() else { return Deadline { due: Some(moved(first)), completed: None } };
    let last = later.last().unwrap_or(opening);
    let cycle = match &course.refresher {
        None => None,
        Some(refresher @ Refresher { calendar: Some(anchor), .. }) => counted.iter().map(|done| next_calendar_day(*anchor, refresher, done.day)).max(),
        Some(refresher) => Some(cycle(refresher, course.grace_days, opening.day, later, &moved)),
    };
    let due = match (cycle, last.valid_until) {
        (Some(due), Some(until)) => Some(due.min(until)),
        (due, until) => due.or(until),
    };
    // Whoever comes back with an old completion that has lapsed has the time of a newcomer.
    let due = due.map(moved).map(|due| if due < basis { moved(first) } else { due });
    Deadline { due, completed: Some(last.day) }
}

/// How a course with a deadline stands on a day.
pub fn standing(deadline: &Deadline, grace_days: u16, is_exempt: bool, today: Date) -> TrainingStanding {
    if is_exempt {
        return TrainingStanding::Exempt;
    }
    let Some(due) = deadline.due else { return TrainingStanding::Completed };
    if today > due.plus_days(i32::from(grace_days)) {
        TrainingStanding::Overdue
    } else if today > due {
        TrainingStanding::Grace
    } else if today >= due.plus_days(-DUE_DAYS) {
        TrainingStanding::Due
    } else if deadline.completed.is_some() {
        TrainingStanding::Completed
    } else {
        TrainingStanding::Assigned
    }
}

/// The completions that count, one for each day, in order.
fn counted(completions: &[Completed], previous_end: Option<Date>, today: Date) -> Vec<Completed> {
    let mut counted: Vec<Completed> = completions.iter().copied().filter(|c| c.day <= today && previous_end.is_none_or(|end| c.day > end)).collect();
    counted.sort_unstable();
    counted.dedup_by(|later, kept| {
        let same = later.day == kept.day;
        if same {
            // `None` sorts first and stands for no limit.
            kept.valid_until = kept.valid_until.and(kept.valid_until.max(later.valid_until));
        }
        same
    });
    counted
}

/// The due date after a run of completions, counted from them.
fn cycle(refresher: &Refresher, grace_days: u16, first: Date, later: &[Completed], moved: &dyn Fn(Date) -> Date) -> Date {
    let period = i32::from(refresher.period_months);
    let mut anchor = first;
    let mut number = 1;
    for day in later.iter().map(|c| c.day) {
        let due = anchor.plus_months(number * period);
        let early = -i32::from(refresher.early_days);
        if day < due.plus_days(early) {
            // One completion too many must not shorten the time.
            if day.plus_months(period) >= due {
                (anchor, number) = (day, 1);
            }
        } else if day <= moved(due).plus_days(i32::from(grace_days)) {
            number += 1;
            // After a very long leave the next one may be over as well.
            while anchor.plus_months(number * period) <= day {
                number += 1;
            }
        } else if refresher.late == Late::Restart {
            (anchor, number) = (day, 1);
        } else {
            while anchor.plus_months(number * period).plus_days(early) <= day {
                number += 1;
            }
        }
    }
    anchor.plus_months(number * period)
}

/// The first due date of the calendar whose early window begins after a day.
fn next_calendar_day(anchor: Date, refresher: &Refresher, day: Date) -> Date {
    let period = i32::from(refresher.period_months);
    let due = |number: i32| anchor.plus_months(number * period);
    let is_after = |number: i32| due(number).plus_days(-i32::from(refresher.early_days)) > day;
    let (year, month, _) = anchor.parts();
    let (of_year, of_month, _) = day.parts();
    let months = (i32::from(of_year) - i32::from(year)) * 12 + i32::from(of_month) - i32::from(month);
    // A step before the nearest one, and onwards from there.
    let mut number = months.div_euclid(period) - 1;
    while is_after(number - 1) {
        number -= 1;
    }
    while !is_after(number) {
        number += 1;
    }
    due(number)
}

/// Leaves that overlap or touch are one.
fn merged(leave: &[Leave]) -> Vec<(Date, Date)> {
    let mut spans: Vec<(Date, Date)> = leave.iter().map(|l| (l.from, l.until)).collect();
    spans.sort_unstable();
    let mut merged: Vec<(Date, Date)> = Vec::new();
    for (from, until) in spans {
        match merged.last_mut() {
            Some(last) if from <= last.1.plus_days(1) => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    merged
}

/// A due date out of every leave.
fn moved(day: Date, leave: &[(Date, Date)], after_days: u16) -> Date {
    let mut day = day;
    // In order, so that a day moved out of one leave may fall into a later one.
    for (from, until) in leave {
        if *from <= day && day <= *until {
            day = until.plus_days(i32::from(after_days));
        }
    }
    day
}
