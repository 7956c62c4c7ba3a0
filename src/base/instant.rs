//! Moments in time: when something was recorded. Always UTC, to the millisecond.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::date::Date;
use crate::base::suggest;

/// A moment in UTC with millisecond precision, written `2026-11-25T22:07:43.123Z`.
///
/// Exactly one spelling is accepted (RFC 3339 with `T`, three decimals and `Z`), so that a signed or hashed text has one form.
///
/// ```
/// use countersign::base::instant::Instant;
/// let moment: Instant = "2026-11-25T22:07:43.123Z".parse().unwrap();
/// assert_eq!(moment.date_in("Europe/Dublin").unwrap().to_string(), "2026-11-25");
/// assert!("2026-11-25T22:07:43Z".parse::<Instant>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(jiff::Timestamp);

/// The text is not a moment of the one accepted form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a moment as `2026-11-25T22:07:43.123Z`")]
pub struct InstantError;

impl Instant {
    /// Makes a moment from a timestamp of the clock; what is finer than a millisecond is dropped.
    pub fn new(timestamp: jiff::Timestamp) -> Self {
        Self::from_millis(timestamp.as_millisecond())
    }

    /// Makes a moment from milliseconds since 1970 in UTC; outside the years -9999 to 9999 it saturates.
    pub fn from_millis(millis: i64) -> Self {
        let end = if millis < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::from_millisecond(millis).unwrap_or(end))
    }

    /// Milliseconds since 1970 in UTC.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The moment some seconds later (negative: earlier).
    #[must_use]
    pub fn plus_secs(self, secs: i64) -> Self {
        Self::from_millis(self.millis().saturating_add(secs.saturating_mul(1000)))
    }

    /// Whole seconds since an earlier moment; negative when that one is later.
    pub fn secs_since(self, earlier: Self) -> i64 {
        (self.millis() - earlier.millis()).div_euclid(1000)
    }

    /// The civil date in UTC.
    pub fn date(self) -> Date {
        Date::new(self.0.to_zoned(TimeZone::UTC).date())
    }

    /// The civil date in an IANA time zone; `None` when there is no such zone.
    pub fn date_in(self, zone: &str) -> Option<Date> {
        Some(Date::new(self.0.to_zoned(TimeZone::get(zone).ok()?).date()))
    }

    /// Hours and minutes of a clock in a time zone, `14:05`; `None` for an unknown one.
    pub fn clock_in(self, zone: &str) -> Option<String> {
        let zoned = self.0.in_tz(zone).ok()?;
        Some(format!("{:02}:{:02}", zoned.hour(), zoned.minute()))
    }

    /// The first moment of a civil date in an IANA time zone; `None` when there is no such zone.
    pub fn start_of(date: Date, zone: &str) -> Option<Self> {
        let (year, month, day) = date.parts();
        let civil = jiff::civil::Date::new(year, month, day).ok()?;
        Some(Self::new(civil.to_zoned(TimeZone::get(zone).ok()?).ok()?.timestamp()))
    }

    /// The moment at which the clock of an IANA time zone shows so many minutes after midnight; `None` when there is no such zone.
    ///
    /// A time that the clock skips is the first moment after the gap, one that it shows twice the first of the two; 1440 minutes are the
    /// beginning of the next day.
    pub fn on_clock(date: Date, minutes: u16, zone: &str) -> Option<Self> {
        let zone = TimeZone::get(zone).ok()?;
        let (year, month, day) = date.plus_days(i32::from(minutes / 1440)).parts();
        let minutes = minutes % 1440;
        let civil = jiff::civil::Date::new(year, month, day).ok()?.at(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0);
        let ambiguous = zone.to_ambiguous_timestamp(civil);
        let is_gap = matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. });
        let moment = ambiguous.compatible().ok()?;
        if !is_gap {
            return Some(Self::new(moment));
        }
        // The transition is the last one up to the moment that the clock would show without it.
        let after = moment.checked_add(jiff::SignedDuration::from_millis(1)).ok()?;
        zone.preceding(after).next().map(|transition| Self::new(transition.timestamp()))
    }
}

/// Tells whether an IANA time zone of exactly this spelling exists, for example `Europe/Dublin`; `europe/dublin` is none.
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok_and(|zone| zone.iana_name() == Some(name))
}

/// The IANA time zone that somebody who wrote `name` may have meant: the nearest name, or the one of a city.
///
/// ```
/// use countersign::base::instant::nearest_time_zone;
/// assert_eq!(nearest_time_zone("Europe/Berln").as_deref(), Some("Europe/Berlin"));
/// assert_eq!(nearest_time_zone("berlin").as_deref(), Some("Europe/Berlin"));
/// assert_eq!(nearest_time_zone("CEST (Mars)"), None);
/// ```
pub fn nearest_time_zone(name: &str) -> Option<String> {
    let mut names: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    names.sort_unstable();
    let city = |zone: &&String| zone.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&name.trim().replace(' ', "_")));
    let found = names.iter().find(city).cloned();
    found.or_else(|| suggest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned))
}

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, InstantError> {
        let moment = Self::new(text.parse().map_err(|_| InstantError)?);
        if moment.to_string() == text { Ok(moment) } else { Err(InstantError) }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'_, str>>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
