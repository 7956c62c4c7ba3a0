//! Policies as they were published: what people are asked to acknowledge.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::rule::audience::AcknowledgedBy;

/// Version of a policy, `major.minor`: a raised major number is a material change, which asks for a new acknowledgment.
///
/// ```
/// use countersign::compliance::policy::Version;
/// let old: Version = "1.9".parse().unwrap();
/// let new: Version = "1.10".parse().unwrap();
/// assert!(old < new && !new.is_material_after(old));
/// assert!("1.02".parse::<Version>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised by a material change.
    pub major: u32,
    /// Raised by any other change.
    pub minor: u32,
}

/// The text is not of the form `major.minor`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a version as `1.0`: two numbers without leading zero")]
pub struct VersionError;

impl Version {
    /// Tells whether this version asks for a new acknowledgment of everybody who acknowledged the earlier one.
    pub fn is_material_after(self, earlier: Self) -> bool {
        self.major > earlier.major
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let (major, minor) = text.split_once('.').ok_or(VersionError)?;
        let version = Self { major: major.parse().map_err(|_| VersionError)?, minor: minor.parse().map_err(|_| VersionError)? };
        if version.to_string() == text { Ok(version) } else { Err(VersionError) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a version changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The first version of a policy.
    First,
    /// Material: asks for a new acknowledgment.
    Major,
    /// Anything else: earlier acknowledgments of the same major version stand.
    Minor,
}

/// One version of a policy, as it was published; never changed afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// Id of the policy.
    pub policy: String,
    /// Version.
    pub version: Version,
    /// Title as printed.
    pub title: String,
    /// BCP 47 tag of the text.
    pub language: String,
    /// Our entity that issues it.
    pub entity: String,
    /// Legal name of that entity.
    pub issuer: String,
    /// Id of the pack that the bytes came from.
    pub pack: String,
    /// Date printed on the policy.
    pub date: Date,
    /// Digest of the PDF; its bytes are kept in the register.
    pub pdf: Digest,
    /// Digest of the accessible HTML page; its bytes are kept in the register.
    pub html: Digest,
    /// What it changes.
    pub change: Change,
    /// Why, in the words of who published it.
    pub reason: String,
    /// Who belongs to the audience; `None` for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Months after which an acknowledgment must be renewed; `None` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_months: Option<u32>,
    /// Days that people have to acknowledge.
    pub due_days: u32,
    /// Office or person who answers for the policy.
    pub owner: String,
    /// Who must acknowledge.
    pub acknowledged_by: AcknowledgedBy,
    /// Whether who signs by a link must also type a code that is mailed at that moment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub code: bool,
}
