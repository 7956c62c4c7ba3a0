//! Floor 4: time and chance, which enter here and nowhere else.

#![expect(clippy::disallowed_methods, reason = "the one place that asks for the time")]

use crate::base::date::Date;
use crate::base::instant::Instant;

/// Today in the time zone of the system.
pub fn today() -> Date {
    Date::new(jiff::Zoned::now().date())
}

/// Now.
pub fn now() -> Instant {
    Instant::new(jiff::Timestamp::now())
}

/// Bytes of chance from the operating system.
///
/// # Panics
/// When the system has no source of chance: then nothing secret can be made.
pub fn chance<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
