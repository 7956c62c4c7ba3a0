//! Requests and acknowledgments: what was asked of whom, and what the person signed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::compliance::policy::Version;

/// For whom a person signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// For themselves.
    Person,
    /// For the company, as its authorised signatory.
    Company,
}

/// Why a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The person never acknowledged the policy.
    First,
    /// A material change was published.
    NewVersion,
    /// The last acknowledgment runs out.
    Renewal,
    /// Another person handed the request over.
    Delegation,
}

/// One person is asked to acknowledge one policy version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Id, made from chance.
    pub request: String,
    /// Id of the person.
    pub person: String,
    /// Id of the policy.
    pub policy: String,
    /// Its version.
    pub version: Version,
    /// For whom the person signs.
    pub capacity: Capacity,
    /// Legal name of the person's company, for a supplier's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Last day on which signing is in time, in the time zone of the person.
    pub due: Date,
    /// Why the person is asked.
    pub occasion: Occasion,
}

/// What the signer agreed to, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The text.
    pub text: String,
    /// SHA-256 of the text.
    pub sha256: Digest,
    /// BCP 47 tag of its language.
    pub locale: String,
    /// Words on the button, or what stands for it.
    pub button: String,
}

/// How the person signed, and no more than that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// An SSH signature over the statement with a key that the register knew as the person's.
    SshKey {
        /// Fingerprint of the key, `SHA256:…`.
        fingerprint: String,
        /// Algorithm, for example `ssh-ed25519`.
        algorithm: String,
        /// The statement that was signed, word for word.
        statement: String,
        /// The signature in its armour.
        signature: String,
    },
    /// A one-time link that was sent to the person's mailbox.
    Link {
        /// Digest of the token of the link.
        link: Digest,
        /// Address that the link was sent to.
        sent_to: String,
        /// Whether a code that was mailed there at that moment was typed as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        code: bool,
    },
    /// An authorised signatory of the supplier says that the person was briefed.
    Attestation {
        /// Id of the attestation.
        attestation: String,
        /// Id of the signatory.
        signatory: String,
        /// Day of the briefing.
        briefed: Date,
    },
}

impl Method {
    /// The name as it is recorded: `ssh_key`, `link`, `attestation`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SshKey { .. } => "ssh_key",
            Self::Link { .. } => "link",
            Self::Attestation { .. } => "attestation",
        }
    }

    /// What the method proves, from strong to weak.
    pub fn strength(&self) -> Strength {
        match self {
            Self::SshKey { .. } => Strength::KeyHolder,
            Self::Link { .. } => Strength::MailboxHolder,
            Self::Attestation { .. } => Strength::WordOfAnother,
        }
    }
}

/// What a method proves, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Somebody else says so.
    WordOfAnother,
    /// Whoever could read the mailbox.
    MailboxHolder,
    /// Whoever held the private key.
    KeyHolder,
}

/// One person acknowledged one policy version: exactly what was shown, agreed to and recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgment {
    /// Id of the request.
    pub request: String,
    /// Id of the person.
    pub person: String,
    /// Name of the person in the register at that moment.
    pub name: String,
    /// Department or supplier of the person at that moment.
    pub belongs_to: String,
    /// Legal name of the person's company, for a supplier's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Id of the policy.
    pub policy: String,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: Version,
    /// For whom the person signed.
    pub capacity: Capacity,
    /// Digest of the policy's PDF.
    pub pdf: Digest,
    /// Digest of the exact text shown: the policy's HTML page.
    pub shown: Digest,
    /// What the signer agreed to.
    pub consent: Consent,
    /// Name as the signer typed it.
    pub typed_name: String,
    /// How the person signed.
    pub proof: Method,
    /// What that proves.
    pub strength: Strength,
    /// When the person signed, by the clock of the organisation; for an attestation the moment of that.
    pub signed: Instant,
    /// Network address, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Program that the signer used, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// How a request ended without a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Id of the request.
    pub request: String,
    /// Id of the person it was addressed to.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Id of the request that stands in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// A signatory of a supplier attests that people without a mailbox were briefed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// Id, made from chance.
    pub attestation: String,
    /// Supplier.
    pub supplier: String,
    /// Id of the signatory.
    pub signatory: String,
    /// Policy.
    pub policy: String,
    /// Version.
    pub version: Version,
    /// Day of the briefing.
    pub briefed: Date,
    /// Ids of the people who were briefed.
    pub people: Vec<String>,
    /// Digest of the signed paper, where there is one; its bytes are kept in the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<Digest>,
}
