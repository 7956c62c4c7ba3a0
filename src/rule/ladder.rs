//! Reminders: how long before and after a due date somebody is written to, and who is told when nothing helps.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::decode::EMAIL;
use crate::rule::obligation::ObligationKind;

/// What `countersign.yaml` says about reminders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reminders {
    /// The ladder of everything that has none of its own.
    pub ladder: Ladder,
    /// Ladders by kind of obligation.
    pub kinds: BTreeMap<ObligationKind, Ladder>,
    /// E-mail address of whoever answers where nobody else is named; a person of the register.
    #[schemars(regex(pattern = EMAIL))]
    pub owner: Option<String>,
    /// Most mails that leave in an hour; no limit when absent.
    #[schemars(range(min = 1))]
    pub hourly_budget: Option<u32>,
}

impl Reminders {
    /// The ladder of a kind.
    pub fn of(&self, kind: ObligationKind) -> &Ladder {
        self.kinds.get(&kind).unwrap_or(&self.ladder)
    }
}

/// When reminders go out. What is left out is as in the default: 30, 7 and 1 days ahead, on the day, four times weekly after it, then a finding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ladder {
    /// Days before the due date on which somebody is reminded, each once.
    #[schemars(inner(range(min = 1, max = 365)))]
    pub ahead_days: Vec<u16>,
    /// Days between reminders after the due date.
    #[schemars(range(min = 1, max = 90))]
    pub overdue_every_days: u16,
    /// Most reminders after the due date; one interval after the last a finding is opened for the owner.
    #[schemars(range(min = 0, max = 52))]
    pub overdue_at_most: u16,
    /// When others are told.
    pub escalate: Escalation,
}

/// Days after the due date on which others are told; nobody is, at a level that is `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Escalation {
    /// The manager, or the coordinator of the supplier.
    #[schemars(range(min = 1, max = 365))]
    pub coordinator: Option<u16>,
    /// The escalation contact of the supplier.
    #[schemars(range(min = 1, max = 365))]
    pub supplier: Option<u16>,
    /// Whoever answers for it on our side.
    #[schemars(range(min = 1, max = 365))]
    pub owner: Option<u16>,
}

impl Default for Ladder {
    fn default() -> Self {
        Self { ahead_days: vec![30, 7, 1], overdue_every_days: 7, overdue_at_most: 4, escalate: Escalation::default() }
    }
}

impl Default for Escalation {
    fn default() -> Self {
        Self { coordinator: Some(7), supplier: Some(14), owner: Some(28) }
    }
}

/// How far the reminders of an obligation are, in the order in which the stages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "number")]
pub enum Stage {
    /// It was told for the first time.
    Request,
    /// So many days before it is due.
    Ahead(DaysAhead),
    /// On its last day, or in the days of grace.
    Due,
    /// After its last day, counted from 1.
    Overdue(u16),
}

/// Days before a due date: fewer come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DaysAhead(pub u16);

impl Ord for DaysAhead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.cmp(&self.0)
    }
}

impl PartialOrd for DaysAhead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("request"),
            Self::Ahead(days) => write!(f, "{} days ahead", days.0),
            Self::Due => f.write_str("due"),
            Self::Overdue(number) => write!(f, "overdue {number}"),
        }
    }
}

/// Who is told of something that is overdue, in the order in which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The manager, or the coordinator of the supplier.
    Coordinator,
    /// The escalation contact of the supplier.
    Supplier,
    /// Whoever answers for it on our side.
    Owner,
}

impl Level {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Coordinator, Self::Supplier, Self::Owner];

    /// The word in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Supplier => "supplier",
            Self::Owner => "owner",
        }
    }
}

impl Ladder {
    /// The stage reached on a day by what is due on a date, with days of grace; `None` while it is early, and after the last reminder.
    ///
    /// ```
    /// use countersign::rule::ladder::{DaysAhead, Ladder, Stage};
    /// let day = |text: &str| text.parse().unwrap();
    /// let ladder = Ladder::default();
    /// assert_eq!(ladder.stage(day("2027-01-31"), 0, day("2026-12-31")), None);
    /// assert_eq!(ladder.stage(day("2027-01-31"), 0, day("2027-01-24")), Some(Stage::Ahead(DaysAhead(7))));
    /// assert_eq!(ladder.stage(day("2027-01-31"), 0, day("2027-02-08")), Some(Stage::Overdue(2)));
    /// assert_eq!(ladder.stage(day("2027-01-31"), 7, day("2027-02-07")), Some(Stage::Due));
    /// assert_eq!(ladder.stage(day("2027-01-31"), 0, day("2027-03-08")), None);
    /// ```
    pub fn stage(&self, due: Date, grace_days: u16, day: Date) -> Option<Stage> {
        let late = day.days_since(due);
        if late < 0 {
            let reached = self.ahead_days.iter().filter(|ahead| -late <= i64::from(**ahead)).min();
            return reached.map(|ahead| Stage::Ahead(DaysAhead(*ahead)));
        }
        let late = late - i64::from(grace_days);
        if late <= 0 {
            return Some(Stage::Due);
        }
        u16::try_from(self.overdue_number(late)).ok().filter(|n| *n <= self.overdue_at_most).map(Stage::Overdue)
    }

    /// The number of the reminder that so many days of delay would have, from 1.
    fn overdue_number(&self, late: i64) -> i64 {
        (late - 1) / i64::from(self.overdue_every_days.max(1)) + 1
    }

    /// Tells whether all reminders are used up on a day, so that a finding is opened.
    pub fn is_used_up(&self, due: Date, grace_days: u16, day: Date) -> bool {
        let late = day.days_since(due) - i64::from(grace_days);
        late > 0 && self.overdue_number(late) > i64::from(self.overdue_at_most)
    }

    /// The stages that come after one and before another: what is skipped when nobody sent in between.
    ///
    /// ```
    /// use countersign::rule::ladder::{DaysAhead, Ladder, Stage};
    /// let skipped = Ladder::default().between(Stage::Ahead(DaysAhead(30)), Stage::Overdue(2));
    /// assert_eq!(skipped, [Stage::Ahead(DaysAhead(7)), Stage::Ahead(DaysAhead(1)), Stage::Due, Stage::Overdue(1)]);
    /// ```
    pub fn between(&self, after: Stage, before: Stage) -> Vec<Stage> {
        let mut ahead: Vec<Stage> = self.ahead_days.iter().map(|days| Stage::Ahead(DaysAhead(*days))).collect();
        ahead.sort_unstable();
        ahead.dedup();
        let overdue = (1..=self.overdue_at_most).map(Stage::Overdue);
        ahead.into_iter().chain([Stage::Due]).chain(overdue).filter(|stage| *stage > after && *stage < before).collect()
    }

    /// The levels that are told by a day.
    pub fn escalated(&self, due: Date, grace_days: u16, day: Date) -> impl Iterator<Item = Level> {
        let late = day.days_since(due) - i64::from(grace_days);
        let after = |level: Level| match level {
            Level::Coordinator => self.escalate.coordinator,
            Level::Supplier => self.escalate.supplier,
            Level::Owner => self.escalate.owner,
        };
        Level::ALL.into_iter().filter(move |level| after(*level).is_some_and(|days| late >= i64::from(days)))
    }
}
