//! The ladder of reminders: how long before and after a due date somebody is written to.

use schemars::JsonSchema;
use serde::Deserialize;

/// When reminders go out: a week ahead, on the day, and four times weekly after it, unless the organisation says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// Days before the due date of the reminder ahead.
    #[schemars(range(min = 1, max = 90))]
    pub ahead_days: u16,
    /// Days between reminders after the due date.
    #[schemars(range(min = 1, max = 90))]
    pub overdue_every_days: u16,
    /// Most reminders after the due date.
    #[schemars(range(min = 0, max = 52))]
    pub overdue_at_most: u16,
}

impl Default for Ladder {
    fn default() -> Self {
        Self { ahead_days: 7, overdue_every_days: 7, overdue_at_most: 4 }
    }
}
