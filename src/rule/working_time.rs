//! Working time: when a mail may leave for a person. A send moves to working time; a due date never moves.
//!
//! Hours are those of the wall clock, on days of daylight saving changes as well: an opening hour that the clock skips is the first moment
//! after the gap, one that it shows twice is the first of the two, and so with the closing hour.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::base::date::Date;
use crate::base::instant::Instant;

/// Days that are looked at for one with working time.
const HORIZON_DAYS: i32 = 60;
/// Name of the calendar of everybody whose country has none.
const DEFAULT: &str = "default";

/// Working days and hours by country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Calendars(BTreeMap<String, WorkCalendar>);

/// Working days and hours of one country.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkCalendar {
    /// Days of the week without work; Saturday and Sunday when absent.
    pub weekend: BTreeSet<Weekday>,
    /// Working hours, the first moment inclusive, the last exclusive; `08:00 to 18:00` when absent.
    pub hours: Hours,
    /// Days without work: a date, or month and day for every year.
    pub holidays: BTreeSet<Holiday>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Day 1 of ISO 8601.
    Monday = 1,
    /// Day 2.
    Tuesday,
    /// Day 3.
    Wednesday,
    /// Day 4.
    Thursday,
    /// Day 5.
    Friday,
    /// Day 6.
    Saturday,
    /// Day 7.
    Sunday,
}

/// Working hours of a day, in minutes from midnight of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: u16,
    until: u16,
}

/// A day without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holiday {
    /// This day.
    Once(Date),
    /// This month and day of every year that has it.
    Yearly(i8, i8),
}

impl Default for WorkCalendar {
    fn default() -> Self {
        Self { weekend: BTreeSet::from([Weekday::Saturday, Weekday::Sunday]), hours: Hours { from: 8 * 60, until: 18 * 60 }, holidays: BTreeSet::new() }
    }
}

impl Calendars {
    /// The calendar of a country, or that of everybody else; `None` where there is neither: then all time is working time.
    pub fn of(&self, country: Option<&str>) -> Option<&WorkCalendar> {
        country.and_then(|country| self.0.get(country)).or_else(|| self.0.get(DEFAULT))
    }
}

impl WorkCalendar {
    /// Whether somebody works on a day.
    pub fn is_working_day(&self, day: Date) -> bool {
        let (_, month, of_month) = day.parts();
        let is_weekend = self.weekend.iter().any(|weekend| *weekend as i8 == day.weekday());
        !is_weekend && !self.holidays.contains(&Holiday::Once(day)) && !self.holidays.contains(&Holiday::Yearly(month, of_month))
    }
}

/// The first working moment at or after a moment, in an IANA time zone; `None` for an unknown zone, and where sixty days have none.
///
/// ```
/// use countersign::rule::working_time::{WorkCalendar, next_working};
/// let moment = |text: &str| text.parse().unwrap();
/// let calendar: WorkCalendar = serde_json::from_str(r#"{"hours": "09:00 to 17:00", "holidays": ["12-25", "2026-12-28"]}"#).unwrap();
/// let next = |from: &str| next_working(Some(&calendar), "Europe/Dublin", moment(from)).unwrap().to_string();
/// assert_eq!(next("2026-11-26T09:30:00.000Z"), "2026-11-26T09:30:00.000Z");
/// assert_eq!(next("2026-12-24T17:00:00.000Z"), "2026-12-29T09:00:00.000Z");
/// assert!(serde_json::from_str::<WorkCalendar>(r#"{"hours": "17:00 to 09:00"}"#).is_err());
/// ```
pub fn next_working(calendar: Option<&WorkCalendar>, zone: &str, from: Instant) -> Option<Instant> {
    let Some(calendar) = calendar else { return Some(from) };
    let today = from.date_in(zone)?;
    for day in (0..=HORIZON_DAYS).map(|days| today.plus_days(days)).filter(|day| calendar.is_working_day(*day)) {
        let opening = Instant::on_clock(day, calendar.hours.from, zone)?;
        let closing = Instant::on_clock(day, calendar.hours.until, zone)?;
        // A day that the zone skipped opens and closes at one moment.
        if from < closing && opening < closing {
            return Some(from.max(opening));
        }
    }
    None
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let minutes = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (text.len() == 5 && minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
        };
        let hours = text.split_once(" to ").and_then(|(from, until)| Some(Self { from: minutes(from)?, until: minutes(until)? }));
        hours
            .filter(|hours| hours.from < hours.until)
            .ok_or_else(|| de::Error::custom(format!("`{text}` are no hours; expected `09:00 to 17:00`, the earlier first")))
    }
}

impl JsonSchema for Hours {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Hours".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9] to (([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
            "x-help": "two times of the day as `09:00 to 17:00`"
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until } = self;
        write!(f, "{:02}:{:02} to {:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl serde::Serialize for Hours {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Holiday {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Ok(date) = text.parse() {
            return Ok(Self::Once(date));
        }
        // 2028 is a leap year: every day that any year has exists in it.
        let yearly = format!("2028-{text}").parse::<Date>().ok().map(Date::parts);
        yearly
            .map(|(_, month, day)| Self::Yearly(month, day))
            .ok_or_else(|| de::Error::custom(format!("`{text}` is no day; expected `2027-03-29`, or `12-25` for every year")))
    }
}

impl JsonSchema for Holiday {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Holiday".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
            "x-help": "a date, or month and day for every year, for example `12-25`"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{WorkCalendar, next_working};

    fn calendar(json: &str) -> WorkCalendar {
        serde_json::from_str(json).unwrap()
    }

    fn next(calendar: &WorkCalendar, zone: &str, from: &str) -> String {
        next_working(Some(calendar), zone, from.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn hours_are_those_of_the_wall_clock_on_both_days_of_a_change() {
        let office = calendar(r#"{"weekend": [], "hours": "09:00 to 17:00"}"#);
        for (zone, from, expected) in [
            ("Europe/Dublin", "2027-03-28T00:00:00.000Z", "2027-03-28T08:00:00.000Z"),
            ("Europe/Dublin", "2027-10-31T00:00:00.000Z", "2027-10-31T09:00:00.000Z"),
            ("America/New_York", "2027-03-14T06:00:00.000Z", "2027-03-14T13:00:00.000Z"),
            ("America/New_York", "2027-11-07T05:00:00.000Z", "2027-11-07T14:00:00.000Z"),
            // Half an hour.
            ("Australia/Lord_Howe", "2027-04-03T14:00:00.000Z", "2027-04-03T22:30:00.000Z"),
            ("Australia/Lord_Howe", "2027-10-02T14:00:00.000Z", "2027-10-02T22:00:00.000Z"),
        ] {
            assert_eq!(next(&office, zone, from), expected, "{zone} {from}");
        }
    }

    #[test]
    fn hour_that_the_clock_skips_or_repeats_is_still_an_hour() {
        let night = calendar(r#"{"weekend": [], "hours": "01:30 to 02:30"}"#);
        // 01:00 to 02:00 is skipped: work begins at 02:00.
        assert_eq!(next(&night, "Europe/Dublin", "2027-03-28T00:00:00.000Z"), "2027-03-28T01:00:00.000Z");
        // 01:00 to 02:00 comes twice: work begins at the first 01:30.
        assert_eq!(next(&night, "Europe/Dublin", "2027-10-30T23:00:00.000Z"), "2027-10-31T00:30:00.000Z");
    }

    #[test]
    fn weekends_holidays_and_closing_time_are_passed_over() {
        let gulf = calendar(r#"{"weekend": ["friday", "saturday"], "hours": "09:00 to 24:00", "holidays": ["02-29", "12-31", "01-01"]}"#);
        assert_eq!(next(&gulf, "UTC", "2027-12-30T23:59:59.999Z"), "2027-12-30T23:59:59.999Z", "`24:00` is the end of the day");
        assert_eq!(next(&gulf, "UTC", "2027-12-31T00:00:00.000Z"), "2028-01-02T09:00:00.000Z");
        assert_eq!(next(&gulf, "UTC", "2028-02-29T10:00:00.000Z"), "2028-03-01T09:00:00.000Z");
        assert_eq!(next(&gulf, "UTC", "2027-02-28T08:00:00.000Z"), "2027-02-28T09:00:00.000Z");
        // Samoa had no 30 December 2011.
        assert_eq!(next(&calendar(r#"{"weekend": ["saturday", "sunday"]}"#), "Pacific/Apia", "2011-12-30T09:59:00.000Z"), "2012-01-01T18:00:00.000Z");
    }

    #[test]
    fn week_without_work_has_no_working_time() {
        let never = calendar(r#"{"weekend": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}"#);
        assert_eq!(next_working(Some(&never), "UTC", "2027-01-01T00:00:00.000Z".parse().unwrap()), None);
        assert_eq!(next_working(Some(&calendar("{}")), "Mars/Olympus", "2027-01-01T00:00:00.000Z".parse().unwrap()), None);
    }
}
