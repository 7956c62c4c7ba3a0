//! The life of contracts: every pack from its submission to its end, as a fold of what was recorded.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::contract::history::AssessmentRecord;
use crate::contract::milestone::{Adoption, Approval, Issue, PackDocument, Rejection, Side, Signature, Signing, Submission, Supersession, Termination};
use crate::rule::decision::DecisionRecord;
use crate::rule::evidence::Evidence;

/// Every pack of the register, with assessments, evidence and decisions about suppliers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contracts {
    /// Packs by id.
    pub packs: BTreeMap<String, PackRecord>,
    /// Assessments of each supplier, oldest first.
    pub assessments: BTreeMap<String, Vec<Recorded<AssessmentRecord>>>,
    /// Evidence for each obligation, oldest first.
    pub evidence: BTreeMap<String, Vec<Recorded<Evidence>>>,
    /// Decisions by id; of several under one id the last.
    pub decisions: BTreeMap<String, Recorded<DecisionRecord>>,
}

/// Something with the entry that recorded it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recorded<T> {
    /// When.
    pub at: Instant,
    /// Number of the entry in the ledger.
    pub entry: u64,
    /// What.
    pub what: T,
}

/// A pack with all that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct PackRecord {
    /// Where it comes from.
    pub origin: Origin,
    /// Approvals by role; of several in one role the last.
    pub approvals: BTreeMap<String, Recorded<Approval>>,
    /// Every rejection, also those before the pack was submitted again.
    pub rejections: Vec<Recorded<Rejection>>,
    /// To whom it went.
    pub issues: Vec<Recorded<Issue>>,
    /// What came back signed.
    pub signings: Vec<Recorded<Signing>>,
    /// What stands in its place.
    pub superseded: Option<Recorded<Supersession>>,
    /// How it ends.
    pub terminated: Option<Recorded<Termination>>,
    /// The last word of those who approve was no.
    is_rejected: bool,
}

/// Where a pack comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// We made it.
    Submitted(Recorded<Box<Submission>>),
    /// The supplier made it, or it is from before the register.
    Adopted(Recorded<Adoption>),
}

/// How a pack, or one document of it, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackState {
    /// It waits for approval.
    Submitted,
    /// Every role that must approve has.
    Approved,
    /// Somebody said no.
    Rejected,
    /// The supplier has it.
    Issued,
    /// One side signed, or not all documents are signed by both.
    HalfSigned,
    /// Both sides signed.
    Executed,
    /// Another pack stands in its place.
    Superseded,
    /// It ended, or notice was given.
    Terminated,
    /// Executed elsewhere, and taken in.
    Adopted,
}

impl PackState {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Issued => "issued",
            Self::HalfSigned => "half-signed",
            Self::Executed => "executed",
            Self::Superseded => "superseded",
            Self::Terminated => "terminated",
            Self::Adopted => "adopted",
        }
    }
}

impl Contracts {
    /// A pack waits for approval; one that was rejected starts over, and its rejections stay on the record.
    pub fn submit(&mut self, entry: u64, at: Instant, submission: Submission) {
        let rejections = self.packs.remove(&submission.pack).map(|old| old.rejections).unwrap_or_default();
        let id = submission.pack.clone();
        let origin = Origin::Submitted(Recorded { at, entry, what: Box::new(submission) });
        self.packs.insert(id, PackRecord { rejections, ..PackRecord::new(origin) });
    }

    /// A pack is approved in a role.
    pub fn approve(&mut self, entry: u64, at: Instant, approval: Approval) {
        if let Some(pack) = self.packs.get_mut(&approval.pack) {
            pack.approvals.insert(approval.role.clone(), Recorded { at, entry, what: approval });
        }
    }

    /// A pack is rejected.
    pub fn reject(&mut self, entry: u64, at: Instant, rejection: Rejection) {
        if let Some(pack) = self.packs.get_mut(&rejection.pack) {
            pack.is_rejected = true;
            pack.rejections.push(Recorded { at, entry, what: rejection });
        }
    }

    /// A pack goes to the supplier.
    pub fn issue(&mut self, entry: u64, at: Instant, issue: Issue) {
        if let Some(pack) = self.packs.get_mut(&issue.pack) {
            pack.issues.push(Recorded { at, entry, what: issue });
        }
    }

    /// A document came back signed.
    pub fn sign(&mut self, entry: u64, at: Instant, signing: Signing) {
        if let Some(pack) = self.packs.get_mut(&signing.pack) {
            pack.signings.push(Recorded { at, entry, what: signing });
        }
    }

    /// A contract from elsewhere is taken in.
    pub fn adopt(&mut self, entry: u64, at: Instant, adoption: Adoption) {
        let id = adoption.pack.clone();
        self.packs.insert(id, PackRecord::new(Origin::Adopted(Recorded { at, entry, what: adoption })));
    }

    /// Another pack stands in the place of one.
    pub fn supersede(&mut self, entry: u64, at: Instant, supersession: Supersession) {
        if let Some(pack) = self.packs.get_mut(&supersession.pack) {
            pack.superseded = Some(Recorded { at, entry, what: supersession });
        }
    }

    /// A contract ends.
    pub fn terminate(&mut self, entry: u64, at: Instant, termination: Termination) {
        if let Some(pack) = self.packs.get_mut(&termination.pack) {
            pack.terminated = Some(Recorded { at, entry, what: termination });
        }
    }

    /// A supplier was assessed.
    pub fn assess(&mut self, entry: u64, at: Instant, assessment: AssessmentRecord) {
        self.assessments.entry(assessment.supplier.clone()).or_default().push(Recorded { at, entry, what: assessment });
    }

    /// Evidence was added.
    pub fn add_evidence(&mut self, entry: u64, at: Instant, evidence: Evidence) {
        self.evidence.entry(evidence.obligation.clone()).or_default().push(Recorded { at, entry, what: evidence });
    }

    /// A decision was recorded.
    pub fn decide(&mut self, entry: u64, at: Instant, decision: DecisionRecord) {
        self.decisions.insert(decision.decision.clone(), Recorded { at, entry, what: decision });
    }

    /// The newest assessment of a supplier.
    pub fn assessment(&self, supplier: &str) -> Option<&AssessmentRecord> {
        self.assessments.get(supplier)?.last().map(|recorded| &recorded.what)
    }

    /// The newest assessment of a supplier that was made by a day, that day included.
    pub fn assessment_on(&self, supplier: &str, day: Date) -> Option<&AssessmentRecord> {
        self.assessments.get(supplier)?.iter().rev().map(|recorded| &recorded.what).find(|record| record.date <= day)
    }
}

impl PackRecord {
    fn new(origin: Origin) -> Self {
        Self {
            origin,
            approvals: BTreeMap::new(),
            rejections: Vec::new(),
            issues: Vec::new(),
            signings: Vec::new(),
            superseded: None,
            terminated: None,
            is_rejected: false,
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match &self.origin {
            Origin::Submitted(submission) => &submission.what.pack,
            Origin::Adopted(adoption) => &adoption.what.pack,
        }
    }

    /// Id of the supplier.
    pub fn supplier(&self) -> &str {
        match &self.origin {
            Origin::Submitted(submission) => &submission.what.supplier,
            Origin::Adopted(adoption) => &adoption.what.supplier,
        }
    }

    /// Id of our entity.
    pub fn entity(&self) -> &str {
        match &self.origin {
            Origin::Submitted(submission) => &submission.what.entity,
            Origin::Adopted(adoption) => &adoption.what.entity,
        }
    }

    /// What was submitted; `None` for an adopted contract.
    pub fn submission(&self) -> Option<&Submission> {
        match &self.origin {
            Origin::Submitted(submission) => Some(&submission.what),
            Origin::Adopted(_) => None,
        }
    }

    /// Documents of ours in it; none for an adopted contract.
    pub fn documents(&self) -> &[PackDocument] {
        self.submission().map_or(&[], |submission| &submission.documents)
    }

    /// Roles whose approval is missing, in the order in which they are asked.
    pub fn missing_roles(&self) -> Vec<&str> {
        let roles = self.submission().map_or(&[][..], |submission| &submission.roles);
        roles.iter().map(String::as_str).filter(|role| !self.approvals.contains_key(*role)).collect()
    }

    /// Signatures on a document, in the order in which they were recorded.
    pub fn signatures<'a>(&'a self, document: &'a str) -> impl Iterator<Item = &'a Signature> {
        self.signings.iter().filter(move |s| s.what.document == document).flat_map(|s| &s.what.signatures)
    }

    /// How the pack stands.
    pub fn state(&self) -> PackState {
        if self.terminated.is_some() {
            PackState::Terminated
        } else if self.superseded.is_some() {
            PackState::Superseded
        } else if matches!(self.origin, Origin::Adopted(_)) {
            PackState::Adopted
        } else if !self.issues.is_empty() {
            self.signing_state()
        } else if self.is_rejected {
            PackState::Rejected
        } else if self.missing_roles().is_empty() {
            PackState::Approved
        } else {
            PackState::Submitted
        }
    }

    /// How the signing of the whole pack stands, once it is issued.
    fn signing_state(&self) -> PackState {
        let states: Vec<PackState> = self.documents().iter().map(|d| self.signed_state(&d.file)).collect();
        // A pack of which one document is executed and another not even signed is half-signed as well.
        match (states.iter().min(), states.iter().max()) {
            (Some(PackState::Executed), _) => PackState::Executed,
            (_, Some(PackState::HalfSigned | PackState::Executed)) => PackState::HalfSigned,
            _ => PackState::Issued,
        }
    }

    /// The first day on which the contract binds: both sides have signed every document, and each has effect; `None` while one has not signed.
    ///
    /// Says nothing about its end: what was superseded or terminated once began as well. A document that takes effect before the last
    /// signature binds from the signature on, because nobody could rely on it before.
    pub fn in_force_from(&self) -> Option<Date> {
        match &self.origin {
            Origin::Adopted(adoption) => Some(adoption.what.effective.max(adoption.what.signed)),
            Origin::Submitted(_) if self.issues.is_empty() || self.signing_state() != PackState::Executed => None,
            Origin::Submitted(_) => self.signings.iter().flat_map(|s| s.what.effective.into_iter().chain(s.what.signatures.iter().map(|s| s.date))).max(),
        }
    }

    /// How one document stands: as the pack does until it is issued, and once that is superseded or terminated.
    pub fn document_state(&self, document: &str) -> PackState {
        match self.state() {
            PackState::Issued | PackState::HalfSigned | PackState::Executed => self.signed_state(document),
            state => state,
        }
    }

    /// How the signing of a document stands.
    fn signed_state(&self, document: &str) -> PackState {
        let has = |side: Side| self.signatures(document).any(|s| s.party == side);
        match (has(Side::Ours), has(Side::Theirs)) {
            (true, true) => PackState::Executed,
            (false, false) => PackState::Issued,
            _ => PackState::HalfSigned,
        }
    }
}
