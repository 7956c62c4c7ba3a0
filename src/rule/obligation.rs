//! Obligations: something owed by somebody by a date, whatever it is about.
//!
//! Job: give acknowledgments, training, reviews, certificates, findings and termination steps one shape, so that one list, one calendar and
//! one ladder of reminders serve all. An obligation is derived from what was recorded and never stored.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObligationKind {
    /// A person acknowledges a policy.
    Acknowledgment,
    /// A person completes a course.
    Training,
    /// A supplier is assessed again.
    Review,
    /// A pack is raised to a tier that has risen, or the gap is accepted.
    Uplift,
    /// A certificate or attestation report of a supplier is renewed.
    Certificate,
    /// Insurance of a supplier is renewed.
    Insurance,
    /// An audit, report or test that a contract promises at intervals.
    Audit,
    /// A gap is closed.
    Finding,
    /// A contract is renewed, or notice is given in time.
    Renewal,
    /// A step of a contract that ends.
    Termination,
    /// A decision runs out.
    Decision,
}

impl ObligationKind {
    /// The word in files and lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acknowledgment => "acknowledgment",
            Self::Training => "training",
            Self::Review => "review",
            Self::Uplift => "uplift",
            Self::Certificate => "certificate",
            Self::Insurance => "insurance",
            Self::Audit => "audit",
            Self::Finding => "finding",
            Self::Renewal => "renewal",
            Self::Termination => "termination",
            Self::Decision => "decision",
        }
    }
}

impl fmt::Display for ObligationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Something owed by a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obligation {
    /// Stable id, the same for every due date of something that comes back: `training/security_refresher/p-12`.
    pub id: String,
    /// What kind.
    pub kind: ObligationKind,
    /// What is owed, in a few words.
    pub what: String,
    /// The person who owes it and is written to; `None` where the owner is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The supplier that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// E-mail address, or name, of whoever answers for it on our side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The last day on which doing it is in time.
    pub due: Date,
    /// Days after the due date before anybody is told that it is late.
    #[serde(skip_serializing_if = "is_zero")]
    pub grace_days: u16,
    /// The day since which it is owed.
    pub since: Date,
    /// The newest entry of the ledger that changed it.
    pub entry: u64,
    /// Whether it was never done before: then whoever owes it hears of it at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
    /// Why nobody is reminded: an exemption holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
}

fn is_zero(days: &u16) -> bool {
    *days == 0
}

impl Obligation {
    /// Tells whether its time, grace included, is over on a day.
    pub fn is_overdue(&self, day: Date) -> bool {
        day > self.due.plus_days(i32::from(self.grace_days))
    }
}
