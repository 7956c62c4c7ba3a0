//! The events that the register records, each with its payload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::encode::canonical;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::{Acknowledgment, Attestation, Ending, Request};
use crate::compliance::book::{MailDecision, MailResult, Withdrawal};
use crate::compliance::course::{Assignment, Completion, Course, Drill, Lesson, RECORDED_BY_HAND, Retirement, Voiding};
use crate::compliance::person::Person;
use crate::compliance::policy::PolicyVersion;
use crate::contract::history::AssessmentRecord;
use crate::contract::milestone::{Adoption, Approval, Issue, Rejection, Signing, Submission, Supersession, Termination};
use crate::record::access::{AccessToken, Revocation};
use crate::rule::decision::DecisionRecord;
use crate::rule::evidence::Evidence;
use crate::rule::finding::{Finding, FindingClosure, FindingUpdate};

/// Version of the payload format (see `docs/formats.md`).
pub const PAYLOAD_VERSION: u32 = 1;

/// What an entry of the ledger says: the bytes behind its commitment, in canonical JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// [`PAYLOAD_VERSION`].
    pub version: u32,
    /// When it was recorded, by the clock of the organisation.
    pub recorded: Instant,
    /// Where the time comes from; absent for the clock of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSource>,
    /// Who did it, as they say: an account, a name or an address. It is not proven.
    pub by: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Where a recorded time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// It was given on the command line (`--now`), as tests and rehearsals do.
    Given,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum Event {
    /// The first entry: this register begins.
    #[serde(rename = "register.opened")]
    Opened(Opening),
    /// From here on this key signs as well.
    #[serde(rename = "key.added")]
    KeyAdded(KeyChange),
    /// From here on this key signs no more.
    #[serde(rename = "key.retired")]
    KeyRetired(KeyChange),
    /// A person is as this snapshot says.
    #[serde(rename = "person.recorded")]
    Person(Box<PersonChange>),
    /// The data of a person was destroyed.
    #[serde(rename = "person.erased")]
    Erased(Erasure),
    /// A policy version was published.
    #[serde(rename = "policy.published")]
    Published(Box<PolicyVersion>),
    /// A policy is no longer asked for.
    #[serde(rename = "policy.withdrawn")]
    Withdrawn(Withdrawal),
    /// A person is asked to acknowledge.
    #[serde(rename = "ack.requested")]
    Requested(Request),
    /// A person acknowledged.
    #[serde(rename = "ack.signed")]
    Signed(Box<Acknowledgment>),
    /// A person said no.
    #[serde(rename = "ack.declined")]
    Declined(Ending),
    /// A person handed a request over.
    #[serde(rename = "ack.delegated")]
    Delegated(Ending),
    /// A request was closed without signature.
    #[serde(rename = "ack.closed")]
    Closed(Ending),
    /// A signature does not count.
    #[serde(rename = "ack.voided")]
    Voided(Ending),
    /// A signatory attested for others.
    #[serde(rename = "ack.attested")]
    Attested(Attestation),
    /// A mail is to be sent.
    #[serde(rename = "mail.decided")]
    MailDecided(MailDecision),
    /// Something is known of a mail.
    #[serde(rename = "mail.settled")]
    MailSettled(MailResult),
    /// A pack waits for approval.
    #[serde(rename = "pack.submitted")]
    PackSubmitted(Box<Submission>),
    /// A pack is approved in a role.
    #[serde(rename = "pack.approved")]
    PackApproved(Approval),
    /// A pack is rejected.
    #[serde(rename = "pack.rejected")]
    PackRejected(Rejection),
    /// A pack goes to the supplier.
    #[serde(rename = "pack.issued")]
    PackIssued(Issue),
    /// A document of a pack came back signed.
    #[serde(rename = "pack.signed")]
    PackSigned(Box<Signing>),
    /// A contract from elsewhere is taken in.
    #[serde(rename = "pack.adopted")]
    PackAdopted(Box<Adoption>),
    /// Another pack stands in the place of one.
    #[serde(rename = "pack.superseded")]
    PackSuperseded(Supersession),
    /// A contract ends.
    #[serde(rename = "pack.terminated")]
    PackTerminated(Termination),
    /// A gap was found.
    #[serde(rename = "finding.opened")]
    FindingOpened(Box<Finding>),
    /// Something was done about a finding.
    #[serde(rename = "finding.updated")]
    FindingUpdated(FindingUpdate),
    /// A finding is closed.
    #[serde(rename = "finding.closed")]
    FindingClosed(FindingClosure),
    /// A course is as this says.
    #[serde(rename = "course.published")]
    CoursePublished(Box<Course>),
    /// A course is no longer given.
    #[serde(rename = "course.retired")]
    CourseRetired(Retirement),
    /// A lesson is attached to a course.
    #[serde(rename = "course.lesson")]
    LessonAttached(Lesson),
    /// A person comes into the audience of a course.
    #[serde(rename = "training.assigned")]
    Assigned(Assignment),
    /// A person leaves the audience of a course.
    #[serde(rename = "training.released")]
    Released(Assignment),
    /// A person completed a course.
    #[serde(rename = "training.recorded")]
    Completed(Completion),
    /// A completion does not count.
    #[serde(rename = "training.voided")]
    CompletionVoided(Voiding),
    /// An exercise was held.
    #[serde(rename = "drill.held")]
    DrillHeld(Box<Drill>),
    /// A supplier was assessed.
    #[serde(rename = "supplier.assessed")]
    Assessed(Box<AssessmentRecord>),
    /// Evidence was added for an obligation.
    #[serde(rename = "evidence.added")]
    EvidenceAdded(Box<Evidence>),
    /// A decision was recorded.
    #[serde(rename = "decision.recorded")]
    Decided(DecisionRecord),
    /// A program is let in with a token.
    #[serde(rename = "access.issued")]
    AccessIssued(AccessToken),
    /// A token is good for nothing any more.
    #[serde(rename = "access.revoked")]
    AccessRevoked(Revocation),
}

/// The first entry of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Origin of the ledger.
    pub origin: String,
    /// Name of the organisation.
    pub organisation: String,
    /// The first verifier key.
    pub key: String,
}

/// A verifier key comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// The verifier key.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// A person is new or has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// The person from now on.
    pub person: Person,
    /// Where the change comes from: `import`, `sync`, or the verb.
    pub source: String,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The data of a person was destroyed after its retention period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Id of the person; it says nothing any more.
    pub person: String,
    /// Entries whose payload and salt were destroyed.
    pub entries: Vec<u64>,
    /// Why.
    pub reason: String,
    /// The last day of the retention period.
    pub kept_until: Date,
}

impl Event {
    /// The kind, which also stands in the leaf: `ack.signed`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "register.opened",
            Self::KeyAdded(_) => "key.added",
            Self::KeyRetired(_) => "key.retired",
            Self::Person(_) => "person.recorded",
            Self::Erased(_) => "person.erased",
            Self::Published(_) => "policy.published",
            Self::Withdrawn(_) => "policy.withdrawn",
            Self::Requested(_) => "ack.requested",
            Self::Signed(_) => "ack.signed",
            Self::Declined(_) => "ack.declined",
            Self::Delegated(_) => "ack.delegated",
            Self::Closed(_) => "ack.closed",
            Self::Voided(_) => "ack.voided",
            Self::Attested(_) => "ack.attested",
            Self::MailDecided(_) => "mail.decided",
            Self::MailSettled(_) => "mail.settled",
            Self::PackSubmitted(_) => "pack.submitted",
            Self::PackApproved(_) => "pack.approved",
            Self::PackRejected(_) => "pack.rejected",
            Self::PackIssued(_) => "pack.issued",
            Self::PackSigned(_) => "pack.signed",
            Self::PackAdopted(_) => "pack.adopted",
            Self::PackSuperseded(_) => "pack.superseded",
            Self::PackTerminated(_) => "pack.terminated",
            Self::FindingOpened(_) => "finding.opened",
            Self::FindingUpdated(_) => "finding.updated",
            Self::FindingClosed(_) => "finding.closed",
            Self::CoursePublished(_) => "course.published",
            Self::CourseRetired(_) => "course.retired",
            Self::LessonAttached(_) => "course.lesson",
            Self::Assigned(_) => "training.assigned",
            Self::Released(_) => "training.released",
            Self::Completed(_) => "training.recorded",
            Self::CompletionVoided(_) => "training.voided",
            Self::DrillHeld(_) => "drill.held",
            Self::Assessed(_) => "supplier.assessed",
            Self::EvidenceAdded(_) => "evidence.added",
            Self::Decided(_) => "decision.recorded",
            Self::AccessIssued(_) => "access.issued",
            Self::AccessRevoked(_) => "access.revoked",
        }
    }

    /// The person whose data the payload holds: it is destroyed when that person is erased.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Person(change) => Some(&change.person.id),
            Self::Requested(request) => Some(&request.person),
            Self::Signed(acknowledgment) => Some(&acknowledgment.person),
            Self::Declined(ending) | Self::Delegated(ending) | Self::Closed(ending) | Self::Voided(ending) => Some(&ending.person),
            Self::MailDecided(mail) => Some(&mail.person),
            Self::MailSettled(result) => Some(&result.person),
            Self::Assigned(assignment) | Self::Released(assignment) => Some(&assignment.person),
            Self::Completed(completion) => Some(&completion.person),
            Self::CompletionVoided(voiding) => Some(&voiding.person),
            Self::FindingOpened(finding) => finding.person.as_deref(),
            Self::FindingUpdated(update) => update.person.as_deref(),
            Self::FindingClosed(closure) => closure.person.as_deref(),
            _ => None,
        }
    }

    /// Digests of the files that the payload points at; their bytes are kept in the register.
    pub fn files(&self) -> Vec<&Digest> {
        match self {
            Self::Published(version) => vec![&version.pdf, &version.html],
            Self::Attested(attestation) => attestation.paper.iter().collect(),
            Self::PackSubmitted(submission) => submission.documents.iter().map(|d| &d.sha256).collect(),
            Self::PackIssued(issue) => issue.documents.iter().map(|d| &d.sha256).collect(),
            Self::PackSigned(signing) => vec![&signing.issued, &signing.file],
            Self::PackAdopted(adoption) => vec![&adoption.file],
            // What was imported has the digest of a certificate that somebody else keeps.
            Self::Completed(completion) if completion.source == RECORDED_BY_HAND => completion.certificate.iter().collect(),
            Self::EvidenceAdded(evidence) => vec![&evidence.file],
            Self::FindingClosed(closure) => closure.evidence.iter().collect(),
            Self::MailDecided(mail) => mail.report.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// A payload could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Not the JSON of a payload that this program knows.
    #[error("it is no payload of version {PAYLOAD_VERSION}: {0}")]
    Form(#[from] serde_json::Error),
    /// JSON, but not in the one canonical spelling.
    #[error("it is not in canonical form")]
    Spelling,
}

impl Payload {
    /// The bytes that are committed to: canonical JSON (RFC 8785).
    pub fn encode(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Reads a payload; its commitment must have been checked before.
    ///
    /// # Errors
    /// [`PayloadError::Form`] for anything else than a payload of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, PayloadError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Reads a payload from outside, which must have the one canonical spelling.
    ///
    /// # Errors
    /// [`PayloadError::Form`] or [`PayloadError::Spelling`].
    pub fn decode_strict(bytes: &[u8]) -> Result<Self, PayloadError> {
        let payload = Self::decode(bytes)?;
        if payload.encode() == bytes { Ok(payload) } else { Err(PayloadError::Spelling) }
    }
}
