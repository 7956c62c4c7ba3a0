//! Civil dates as they are written in files and printed in contracts.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A civil date (no time, no zone), written `2026-11-21`.
///
/// Exactly one spelling is accepted: four, two and two digits with hyphens (ISO 8601 extended, RFC 3339 full-date).
///
/// ```
/// use countersign::base::date::Date;
/// let date: Date = "2028-02-29".parse().unwrap();
/// assert_eq!(date.long(), "29 February 2028");
/// assert!("2027-02-29".parse::<Date>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

/// The text is not a date, or the day does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DateError {
    /// Not of the form `YYYY-MM-DD`.
    #[error("expected a date as `YYYY-MM-DD`")]
    Form,
    /// The calendar has no such day.
    #[error("there is no such day")]
    Impossible,
}

impl Date {
    /// Makes a date from a civil date of the clock.
    pub fn new(date: jiff::civil::Date) -> Self {
        Self(date)
    }

    /// Year, month (1–12) and day (1–31).
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// As printed in contracts: `21 November 2026`.
    pub fn long(self) -> String {
        self.0.strftime("%-d %B %Y").to_string()
    }

    /// Whole days since an earlier date; negative when that one is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.since(earlier.0).map_or(0, |span| i64::from(span.get_days()))
    }

    /// Whether it is a Monday to Friday.
    pub fn is_weekday(self) -> bool {
        self.weekday() <= 5
    }

    /// Day of the week after ISO 8601: Monday is 1, Sunday 7.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// The date some days later (negative: earlier); dates outside the years -9999 to 9999 saturate.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days.clamp(-3_650_000, 3_650_000))))
    }

    /// The date some whole months later (negative: earlier); the day is clamped to the month's end.
    ///
    /// Dates outside the years -9999 to 9999 saturate.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().months(months.clamp(-120_000, 120_000))))
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let bytes = text.as_bytes();
        let form = bytes.len() == 10 && bytes.iter().enumerate().all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() });
        if !form {
            return Err(DateError::Form);
        }
        let year = text[..4].parse().map_err(|_| DateError::Form)?;
        let month = text[5..7].parse().map_err(|_| DateError::Form)?;
        let day = text[8..].parse().map_err(|_| DateError::Form)?;
        jiff::civil::Date::new(year, month, day).map(Self).map_err(|_| DateError::Impossible)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}
