//! People: staff and supplier contacts who acknowledge policies.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::decode::EMAIL;

/// One person as the register knows them: a snapshot; every change is recorded as a new one.
///
/// The id is stable and never the e-mail address, because addresses change and erasure must be possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Stable id: lower-case letters, digits and single hyphens.
    pub id: String,
    /// Name as the person writes it.
    pub name: String,
    /// E-mail address; `None` for a person without a mailbox, who is attested by a signatory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where the person belongs.
    #[serde(flatten)]
    pub affiliation: Affiliation,
    /// What the person does for us.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub roles: BTreeSet<Role>,
    /// Language of mails and pages.
    pub language: Language,
    /// IANA time zone, in which "today" is for this person.
    pub time_zone: String,
    /// Country whose working days are the person's, ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
    /// Id of the manager, or of the supplier's coordinator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<String>,
    /// Id of the person who stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deputy: Option<String>,
    /// First day.
    pub start: Date,
    /// Last day, inclusive; `None` while open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
    /// Absences, in order of their first day.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leave: Vec<Leave>,
    /// Exemptions, in order of their first day.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exemptions: Vec<Exemption>,
    /// Public keys in OpenSSH form with which the person may sign.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub ssh_keys: Vec<String>,
}

/// Where a person belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affiliation {
    /// Our staff, by department.
    Department(String),
    /// A supplier, by its id.
    Supplier(String),
}

/// What a person does for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Uses our systems or works on our sites.
    User,
    /// Has administrative rights in our systems.
    Administrator,
    /// Handles personal data for us.
    DataHandler,
    /// Coordinates the supplier's people, or manages ours.
    Coordinator,
    /// May sign for the company.
    Signatory,
    /// Is told when something is overdue.
    Escalation,
    /// Answers security questions and incidents.
    Security,
    /// Answers privacy questions.
    Privacy,
    /// Answers business questions.
    Business,
}

/// A language in which mails, pages and receipts exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

/// An absence; reminders pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// First day.
    pub from: Date,
    /// Last day, inclusive.
    pub until: Date,
    /// Why, in a word; no health data.
    pub reason: String,
}

/// An exemption from acknowledging, from training, or from both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// Policy; with no course either, everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Course; with no policy either, everything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub course: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day, inclusive.
    pub until: Date,
    /// Why.
    pub reason: String,
    /// Who approved it: an e-mail address of an authority.
    #[schemars(regex(pattern = EMAIL))]
    pub approver: String,
}

impl Person {
    /// The supplier, for a supplier's person.
    pub fn supplier(&self) -> Option<&str> {
        match &self.affiliation {
            Affiliation::Supplier(id) => Some(id),
            Affiliation::Department(_) => None,
        }
    }

    /// Department or supplier id, for lists.
    pub fn belongs_to(&self) -> &str {
        match &self.affiliation {
            Affiliation::Supplier(text) | Affiliation::Department(text) => text,
        }
    }

    /// Whether the person works for us or the supplier on a day, first and last day included.
    pub fn is_active(&self, day: Date) -> bool {
        self.start <= day && self.end.is_none_or(|end| day <= end)
    }

    /// The leave that a day falls into.
    pub fn leave_on(&self, day: Date) -> Option<&Leave> {
        self.leave.iter().find(|l| l.from <= day && day <= l.until)
    }

    /// The exemption from a policy that holds on a day.
    pub fn exemption_on(&self, policy: &str, day: Date) -> Option<&Exemption> {
        self.exemptions.iter().find(|e| e.from <= day && day <= e.until && (e.policy.as_deref() == Some(policy) || (e.policy.is_none() && e.course.is_none())))
    }

    /// The exemption from a course that holds on a day.
    pub fn exemption_from_course(&self, course: &str, day: Date) -> Option<&Exemption> {
        self.exemptions.iter().find(|e| e.from <= day && day <= e.until && (e.course.as_deref() == Some(course) || (e.policy.is_none() && e.course.is_none())))
    }
}

impl Role {
    /// The word in files: `data_handler`.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "administrator",
            Self::DataHandler => "data_handler",
            Self::Coordinator => "coordinator",
            Self::Signatory => "signatory",
            Self::Escalation => "escalation",
            Self::Security => "security",
            Self::Privacy => "privacy",
            Self::Business => "business",
        }
    }
}

impl Language {
    /// `en`, `de`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}
