//! Findings: gaps that somebody must close, wherever they were found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::rule::obligation::{Obligation, ObligationKind};

/// A gap that somebody must close (`finding.opened`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Id, unique in the register.
    pub finding: String,
    /// What is wrong, in a sentence.
    pub title: String,
    /// Where it comes from.
    pub cause: Cause,
    /// How grave it is.
    pub severity: Severity,
    /// The supplier that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// The person that it is about; its payload is destroyed with the person's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// E-mail address, or name, of whoever closes it; `None` for the owner of reminders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// By when; `None` while nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// Where a finding comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nothing in a contract fulfils a requirement.
    Gap {
        /// Id of the pack.
        pack: String,
        /// The requirement.
        requirement: String,
        /// Its citation.
        source: String,
        /// What stands behind it: `law`, `standard`, `practice`.
        force: String,
    },
    /// An obligation had all its reminders.
    Overdue {
        /// Id of the obligation.
        obligation: String,
    },
    /// Mail to a person comes back.
    Bounce {
        /// Key of the mail.
        mail: String,
    },
    /// An action out of a drill.
    Drill {
        /// Id of the drill.
        drill: String,
    },
    /// Somebody reported it.
    Report,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be seen to.
    Minor,
    /// Somebody could be harmed, or a duty broken.
    Major,
    /// At once.
    Critical,
}

impl Severity {
    /// The word in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// Something was done about a finding, or it has another owner or deadline (`finding.updated`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingUpdate {
    /// The finding.
    pub finding: String,
    /// The person that the finding is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What was done.
    pub note: String,
    /// The new owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The new deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// A finding is closed (`finding.closed`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingClosure {
    /// The finding.
    pub finding: String,
    /// The person that the finding is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// How it was closed.
    pub reason: String,
    /// SHA-256 of a file that shows it; its bytes are kept in the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Digest>,
}

/// A finding with all that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingRecord {
    /// As it is now, with the owner and deadline of the last update.
    pub finding: Finding,
    /// When it was opened.
    pub opened: Instant,
    /// The newest entry about it.
    pub entry: u64,
    /// What was done, oldest first.
    pub updates: Vec<(Instant, FindingUpdate)>,
    /// When and how it was closed.
    pub closed: Option<(Instant, FindingClosure)>,
}

/// Every finding of the register, as a fold of what was recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// By id.
    pub all: BTreeMap<String, FindingRecord>,
}

impl Findings {
    /// A gap was found.
    pub fn open(&mut self, entry: u64, at: Instant, finding: Finding) {
        self.all.insert(finding.finding.clone(), FindingRecord { finding, opened: at, entry, updates: Vec::new(), closed: None });
    }

    /// Something was done.
    pub fn update(&mut self, entry: u64, at: Instant, update: FindingUpdate) {
        let Some(record) = self.all.get_mut(&update.finding) else { return };
        record.entry = entry;
        record.finding.owner = update.owner.clone().or(record.finding.owner.take());
        record.finding.due = update.due.or(record.finding.due);
        record.updates.push((at, update));
    }

    /// A finding is closed.
    pub fn close(&mut self, entry: u64, at: Instant, closure: FindingClosure) {
        let Some(record) = self.all.get_mut(&closure.finding) else { return };
        record.entry = entry;
        record.closed = Some((at, closure));
    }

    /// What is known of a person's findings goes with the person.
    pub fn erase(&mut self, person: &str) {
        self.all.retain(|_, record| record.finding.person.as_deref() != Some(person));
    }

    /// Findings that are not closed.
    pub fn open_ones(&self) -> impl Iterator<Item = &FindingRecord> {
        self.all.values().filter(|record| record.closed.is_none())
    }

    /// Gaps of a pack that are not closed, in order of requirement.
    pub fn gaps_of<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.open_ones().map(|record| &record.finding).filter(move |finding| matches!(&finding.cause, Cause::Gap { pack, .. } if pack == of))
    }

    /// The open findings as obligations; one without deadline is none.
    pub fn obligations(&self) -> impl Iterator<Item = Obligation> {
        self.open_ones().filter_map(|record| {
            let finding = &record.finding;
            Some(Obligation {
                id: format!("finding/{}", finding.finding),
                kind: ObligationKind::Finding,
                what: finding.title.clone(),
                person: None,
                supplier: finding.supplier.clone(),
                owner: finding.owner.clone(),
                due: finding.due?,
                grace_days: 0,
                since: record.opened.date(),
                entry: record.entry,
                is_new: true,
                paused: None,
            })
        })
    }
}
