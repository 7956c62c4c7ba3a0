//! Courses: what people are trained in, and when it falls due. The format of `training/*.yaml` in a clause library.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::compliance::person::Language;
use crate::compliance::policy::Version;

/// One course, as its file has it and as it is recorded (`course.published`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Id of the course: its file name without `.yaml`.
    #[schemars(regex(pattern = COURSE), extend("x-help" = "lower-case letters, digits and single `_`"))]
    pub course: String,
    /// Edition, `major.minor`; a completion says which one it is of.
    #[schemars(with = "String", regex(pattern = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"), extend("x-help" = "two numbers without leading zero, for example `1.0`"))]
    pub edition: Version,
    /// Title by language; English must be there.
    #[schemars(extend("required" = ["en"]))]
    pub title: BTreeMap<Language, String>,
    /// What it is for, in a sentence or two, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub summary: BTreeMap<Language, String>,
    /// What kind of course.
    pub kind: CourseKind,
    /// Who must take it: a condition over `person.affiliation`, `person.roles` and the facts of the person's supplier; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// E-mail address, or name, of whoever answers for it.
    pub owner: String,
    /// Web address at which it is taken, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^https://[^\s]+$"), extend("x-help" = "an address that begins with `https://`"))]
    pub material: Option<String>,
    /// Days from the later of the first day of work and coming into the audience.
    #[schemars(range(min = 0, max = 365))]
    pub first_due_days: u16,
    /// How it comes back; taken once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresher: Option<Refresher>,
    /// Days after the due date that still count as in time.
    #[serde(default)]
    #[schemars(range(min = 0, max = 180))]
    pub grace_days: u16,
    /// Days after the last day of a leave, where the due date falls into it.
    #[serde(default = "after_leave_days")]
    #[schemars(range(min = 0, max = 180))]
    pub after_leave_days: u16,
    /// What a completion must show.
    #[serde(default)]
    pub evidence: Evidence,
}

/// Form of the id of a course.
const COURSE: &str = r"^[a-z0-9]+(_[a-z0-9]+)*$";

fn after_leave_days() -> u16 {
    14
}

/// Kinds of courses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CourseKind {
    /// A briefing for whoever begins.
    Onboarding,
    /// What everybody hears again and again.
    Refresher,
    /// An exercise of an incident; completed by taking part.
    Drill,
    /// What a role asks for.
    Role,
}

impl CourseKind {
    /// The word in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Onboarding => "onboarding",
            Self::Refresher => "refresher",
            Self::Drill => "drill",
            Self::Role => "role",
        }
    }
}

/// How a course comes back (`docs/deadlines.md`, rules 7 and 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresher {
    /// Months between two due dates.
    #[schemars(range(min = 1, max = 120))]
    pub period_months: u16,
    /// Day of the calendar on which it falls due, with every period before and after; counted from the completion when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Date>,
    /// Days before a due date from which a completion is for that date.
    #[serde(default)]
    #[schemars(range(min = 0, max = 365))]
    pub early_days: u16,
    /// What a late completion does to the cycle.
    #[serde(default)]
    pub late: Late,
}

/// What a late completion does to the cycle of a course that is counted from the completion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// The cycle begins anew on the day of the completion.
    #[default]
    Restart,
    /// The due dates stay where they were.
    Keep,
}

/// What a completion must show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Least score in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub least_score: Option<u8>,
    /// The file of a certificate.
    pub certificate: bool,
    /// That the person was there.
    pub attendance: bool,
}

impl Course {
    /// The title in a language, or in English.
    pub fn title(&self, language: Language) -> &str {
        self.title.get(&language).or_else(|| self.title.get(&Language::En)).map_or(&self.course, String::as_str)
    }
}

/// The source of a completion whose certificate is kept in the register.
pub const RECORDED_BY_HAND: &str = "record";

/// A person completed a course (`training.recorded`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// Id, made from chance.
    pub completion: String,
    /// The person.
    pub person: String,
    /// The course.
    pub course: String,
    /// The edition that was taken.
    pub edition: Version,
    /// The day.
    pub day: Date,
    /// Score in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// SHA-256 of a certificate; its bytes are kept in the register where `source` is `record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<crate::base::digest::Digest>,
    /// Whether somebody saw the person there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attended: bool,
    /// Last day on which it counts, where the certificate has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// Where it comes from: `record`, `import`, or the id of a drill.
    pub source: String,
}

/// A completion does not count (`training.voided`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voiding {
    /// The completion.
    pub completion: String,
    /// The person.
    pub person: String,
    /// Why.
    pub reason: String,
}

/// A person comes into the audience of a course, or leaves it (`training.assigned`, `training.released`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The person.
    pub person: String,
    /// The course.
    pub course: String,
    /// The day in the time zone of the person.
    pub day: Date,
    /// Why.
    pub reason: String,
}

/// A course is no longer given (`course.retired`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// The course.
    pub course: String,
    /// The day.
    pub day: Date,
    /// Why.
    pub reason: String,
}

/// An exercise was held (`drill.held`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Id, made from chance.
    pub drill: String,
    /// The course that it is of.
    pub course: String,
    /// The day.
    pub day: Date,
    /// What was played.
    pub scenario: String,
    /// Ids of the people who took part.
    pub participants: Vec<String>,
    /// What was learned.
    pub lessons: Vec<String>,
    /// Ids of the findings that its actions became.
    pub actions: Vec<String>,
}

/// A lesson is attached to a course, so that the next refresher names it (`course.lesson`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The course.
    pub course: String,
    /// What was learned, in a sentence.
    pub lesson: String,
    /// The incident or drill that it comes from.
    pub source: String,
    /// The day.
    pub day: Date,
}
