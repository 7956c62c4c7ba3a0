//! Status: how every acknowledgment stands on a day, as a pure function of the book.
//!
//! Two times: the book says what was *known* (it is folded up to a moment), the day says *as of when* it is asked. Nothing is stored, so a
//! status of the past is what an auditor would have seen then, and one of the future is what will be if nothing happens.

use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::book::{Book, Outcome, Record};
use crate::compliance::deadline::DUE_DAYS;
use crate::compliance::person::Person;
use crate::compliance::policy::Version;
use crate::rule::obligation::{Obligation, ObligationKind};

/// How one acknowledgment stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Asked, and more than a week left.
    Requested,
    /// The last week, last day included.
    Due,
    /// The last day is over, or an acknowledgment ran out.
    Overdue,
    /// Acknowledged, and not run out.
    Signed,
    /// The person said no.
    Declined,
    /// An exemption holds on the day.
    Exempt,
    /// A newer version, or another request, stands in its place.
    Superseded,
    /// Closed without signature.
    Closed,
    /// A signature that does not count.
    Voided,
}

impl Standing {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Signed => "signed",
            Self::Declined => "declined",
            Self::Exempt => "exempt",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
            Self::Voided => "voided",
        }
    }
}

/// One line of a status: a person and a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Id of the person.
    pub person: String,
    /// Name.
    pub name: String,
    /// Department or supplier.
    pub belongs_to: String,
    /// Policy.
    pub policy: String,
    /// Version that was asked for.
    pub version: Version,
    /// For whom the person signs.
    pub capacity: Capacity,
    /// How it stands.
    pub status: Standing,
    /// Last day to sign; for an acknowledgment that must be renewed, the last day on which it counts.
    pub due: Option<Date>,
    /// Day of the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Date>,
    /// How it was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The request.
    pub request: String,
}

/// Which lines are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// People of this supplier.
    pub supplier: Option<String>,
    /// This person, by id.
    pub person: Option<String>,
    /// This policy.
    pub policy: Option<String>,
    /// This course.
    pub course: Option<String>,
}

impl Filter {
    /// Tells whether a person is asked about.
    pub fn admits(&self, person: &Person) -> bool {
        self.person.as_ref().is_none_or(|id| *id == person.id) && self.supplier.as_ref().is_none_or(|id| person.supplier() == Some(id.as_str()))
    }
}

/// Says how everything stands on a day, or without one today as each person has it at a moment, in order of name, policy and request.
pub fn status(book: &Book, day: Option<Date>, now: Instant, filter: &Filter) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for person in book.people.values().filter(|p| filter.admits(p)) {
        for record in book.requests_of(&person.id).filter(|r| filter.policy.as_ref().is_none_or(|p| *p == r.request.policy)) {
            lines.extend(line(book, person, record, day.unwrap_or_else(|| book.day_of(person, now))));
        }
    }
    lines.sort_by(|a, b| {
        (&a.name, &a.person, &a.policy, a.version, a.capacity, &a.request).cmp(&(&b.name, &b.person, &b.policy, b.version, b.capacity, &b.request))
    });
    lines
}

/// How one request stands; `None` when it had not been made on the day.
pub fn line(book: &Book, person: &Person, record: &Record, day: Date) -> Option<Line> {
    let request = &record.request;
    if book.day_of(person, record.requested) > day {
        return None;
    }
    let ended = |moved: &crate::compliance::book::Moved| book.day_of(person, moved.at) <= day;
    let mut line = Line {
        person: person.id.clone(),
        name: person.name.clone(),
        belongs_to: person.belongs_to().to_owned(),
        policy: request.policy.clone(),
        version: request.version,
        capacity: request.capacity,
        status: Standing::Requested,
        due: Some(request.due),
        signed: None,
        method: None,
        request: request.request.clone(),
    };
    line.status = match &record.outcome {
        Outcome::Signed { acknowledgment, .. } if book.day_of(person, acknowledgment.signed) <= day => {
            line.signed = Some(book.day_of(person, acknowledgment.signed));
            line.method = Some(acknowledgment.proof.name());
            line.due = runs_out(book, person, record);
            if superseded(book, person, record, day) {
                Standing::Superseded
            } else if line.due.is_some_and(|last| last < day) {
                Standing::Overdue
            } else {
                Standing::Signed
            }
        }
        Outcome::Declined(moved) if ended(moved) => Standing::Declined,
        // A signature that does not count never did.
        Outcome::Voided(_) => Standing::Voided,
        Outcome::Delegated(moved) if ended(moved) => Standing::Superseded,
        Outcome::Closed(moved) if ended(moved) && moved.ending.successor.is_some() => Standing::Superseded,
        Outcome::Closed(moved) if ended(moved) => Standing::Closed,
        _ if person.exemption_on(&request.policy, day).is_some() => Standing::Exempt,
        _ if superseded(book, person, record, day) => Standing::Superseded,
        _ => match request.due.days_since(day) {
            left if left < 0 => Standing::Overdue,
            left if left <= i64::from(DUE_DAYS) => Standing::Due,
            _ => Standing::Requested,
        },
    };
    Some(line)
}

/// The last day on which an acknowledgment counts; `None` when it never runs out or is none.
///
/// One period after the day of signing; a signature in the last month of the period before counts from the end of that period, so
/// that signing early costs nothing (DESIGN, time: the cycle does not creep).
pub fn runs_out(book: &Book, person: &Person, record: &Record) -> Option<Date> {
    let Outcome::Signed { acknowledgment, .. } = &record.outcome else { return None };
    let months = i32::try_from(book.version(&record.request.policy, record.request.version)?.period_months?).ok()?;
    let signed = book.day_of(person, acknowledgment.signed);
    let due = record.request.due;
    let renewal = record.request.occasion == crate::compliance::acknowledgment::Occasion::Renewal;
    let anchor = if renewal && signed < due { due } else { signed };
    Some(anchor.plus_months(months))
}

/// A newer request of the same person for the same policy and capacity, made by the day, stands in its place.
fn superseded(book: &Book, person: &Person, record: &Record, day: Date) -> bool {
    let request = &record.request;
    book.requests_of(&person.id).skip_while(|r| r.request.request != request.request).skip(1).any(|later| {
        let same = later.request.policy == request.policy && later.request.capacity == request.capacity;
        // A signature counts until its renewal is signed; a material change counts at once.
        let replaces = later.request.version.is_material_after(request.version)
            || !matches!(record.outcome, Outcome::Signed { .. })
            || matches!(&later.outcome, Outcome::Signed { acknowledgment, .. } if book.day_of(person, acknowledgment.signed) <= day);
        same && replaces && book.day_of(person, later.requested) <= day
    })
}

/// The acknowledgments that were asked for and are open, as obligations; what an exemption covers is paused.
pub fn obligations(book: &Book, day: Option<Date>, now: Instant) -> impl Iterator<Item = Obligation> {
    book.requests.values().filter_map(move |record| obligation(book, record, day, now))
}

/// A request as an obligation; `None` when it is not open on the day.
pub fn obligation(book: &Book, record: &Record, day: Option<Date>, now: Instant) -> Option<Obligation> {
    let request = &record.request;
    let person = book.people.get(&request.person)?;
    let day = day.unwrap_or_else(|| book.day_of(person, now));
    let line = line(book, person, record, day)?;
    if !matches!(line.status, Standing::Requested | Standing::Due | Standing::Overdue | Standing::Exempt) || line.signed.is_some() {
        return None;
    }
    let version = book.version(&request.policy, request.version);
    Some(Obligation {
        id: request.request.clone(),
        kind: ObligationKind::Acknowledgment,
        what: match (request.capacity, &request.company, version.map_or(&request.policy, |v| &v.title)) {
            (Capacity::Company, Some(company), title) => format!("{title}, for {company}"),
            (_, _, title) => title.clone(),
        },
        person: Some(request.person.clone()),
        supplier: person.supplier().map(str::to_owned),
        owner: version.map(|v| v.owner.clone()),
        due: request.due,
        grace_days: 0,
        since: book.day_of(person, record.requested),
        entry: record.entry,
        is_new: true,
        paused: person.exemption_on(&request.policy, day).map(|e| format!("exempt from `{}` until {}", request.policy, e.until)),
    })
}
