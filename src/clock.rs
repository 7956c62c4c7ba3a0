//! Floor 4: the clock, asked once for each run and only where no date is given.

#![expect(clippy::disallowed_methods, reason = "the one place that asks for the time")]

use crate::base::date::Date;

/// Today in the time zone of the system.
pub fn today() -> Date {
    Date::new(jiff::Zoned::now().date())
}
