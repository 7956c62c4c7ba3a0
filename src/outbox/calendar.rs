//! Obligations as a calendar: iCalendar (RFC 5545), to be imported or subscribed to.
//!
//! The UID of an obligation stays the same; SEQUENCE is the number of entries of the register, so that it rises with every change and never
//! falls, also for what was cancelled and is owed again; what is not owed any more is in the file as cancelled for some time.

use icalendar::{Calendar, Component, Event, EventStatus, Property};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::rule::obligation::Obligation;

/// The register that a calendar is made from.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'a> {
    /// Origin of the ledger, which makes the UIDs its own.
    pub origin: &'a str,
    /// Number of entries.
    pub size: u64,
    /// When the newest of them was recorded.
    pub recorded: Instant,
}

/// Writes a calendar of what is owed and of what is not owed any more. The same state gives the same bytes.
///
/// ```
/// use countersign::base::instant::Instant;
/// use countersign::outbox::calendar::{Edition, calendar};
/// use countersign::rule::obligation::{Obligation, ObligationKind};
/// let owed = Obligation {
///     id: "review/northwind".into(), kind: ObligationKind::Review, what: "review Northwind, Ltd".into(), person: None,
///     supplier: Some("northwind".into()), owner: None, due: "2027-03-31".parse().unwrap(), grace_days: 0,
///     since: "2026-03-31".parse().unwrap(), entry: 12, is_new: false, paused: None,
/// };
/// let edition = Edition { origin: "register.example.com", size: 12, recorded: Instant::from_millis(0) };
/// let text = calendar(edition, "Harbourline", &[owed], &[]);
/// assert!(text.contains("SEQUENCE:12") && text.contains("DTSTART;VALUE=DATE:20270331") && text.contains("Northwind\\, Ltd"));
/// ```
pub fn calendar(edition: Edition<'_>, organisation: &str, owed: &[Obligation], cancelled: &[Obligation]) -> String {
    let mut calendar = Calendar::new();
    calendar.append_property(Property::new("METHOD", "PUBLISH"));
    calendar.name(&format!("{organisation}: obligations"));
    for obligation in owed {
        calendar.push(event(edition, obligation));
    }
    for gone in cancelled {
        let mut event = event(edition, gone);
        event.status(EventStatus::Cancelled);
        calendar.push(event);
    }
    calendar.done().to_string()
}

fn event(edition: Edition<'_>, obligation: &Obligation) -> Event {
    let day = |date: Date| {
        let (year, month, day) = date.parts();
        format!("{year:04}{month:02}{day:02}")
    };
    let mut event = Event::new();
    event.uid(&format!("{}@{}", obligation.id, edition.origin.replace('/', ".")));
    // RFC 5545, 3.8.7.2: with METHOD, when this form of it was made.
    event.add_property("DTSTAMP", stamp(edition.recorded));
    event.append_property(all_day("DTSTART", &day(obligation.due)));
    event.append_property(all_day("DTEND", &day(obligation.due.plus_days(1))));
    event.add_property("SEQUENCE", edition.size.to_string());
    event.summary(&format!("{}: {}", obligation.kind, obligation.what));
    let owner = obligation.owner.as_ref().map(|owner| format!("\nAnswers for it: {owner}")).unwrap_or_default();
    event.description(&format!("{}{owner}", obligation.id));
    event.add_property("CATEGORIES", obligation.kind.word());
    // It takes no time of the day.
    event.add_property("TRANSP", "TRANSPARENT");
    event.done()
}

fn all_day(name: &str, day: &str) -> Property {
    Property::new(name, day).add_parameter("VALUE", "DATE").done()
}

/// `20261126T090000Z`.
fn stamp(moment: Instant) -> String {
    let text = moment.to_string();
    format!("{}Z", text.split('.').next().unwrap_or_default().replace(['-', ':'], ""))
}
