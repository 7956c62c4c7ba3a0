//! `pack list` and `pack show`: what the register knows of packs.

use serde::Serialize;

use crate::base::date::Date;
use crate::contract::lifecycle::{Origin, PackRecord, PackState, Recorded};
use crate::contract::milestone::{Approval, Issue, PackDocument, Rejection, Signing, Supersession, Termination};
use crate::record::State;
use crate::rule::finding::{Finding, Findings};

/// One pack on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackLine<'a> {
    /// Id.
    pub pack: &'a str,
    /// Supplier.
    pub supplier: &'a str,
    /// How it stands.
    pub state: PackState,
    /// Date of the documents; for an adopted contract its first day.
    pub date: Date,
    /// Documents by kind, or file name; the title of an adopted contract.
    pub documents: Vec<&'a str>,
    /// Roles whose approval is missing.
    pub missing: Vec<&'a str>,
    /// Number of findings.
    pub findings: usize,
}

/// Everything about one pack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackView<'a> {
    /// Id.
    pub pack: &'a str,
    /// Supplier.
    pub supplier: &'a str,
    /// Our entity.
    pub entity: &'a str,
    /// How it stands.
    pub state: PackState,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// Roles whose approval is missing.
    pub missing: Vec<&'a str>,
    /// Approvals in order of role.
    pub approvals: Vec<&'a Recorded<Approval>>,
    /// Rejections.
    pub rejections: &'a [Recorded<Rejection>],
    /// To whom it went.
    pub issues: &'a [Recorded<Issue>],
    /// Documents with what came back signed.
    pub documents: Vec<DocumentView<'a>>,
    /// What stands in its place.
    pub superseded: Option<&'a Recorded<Supersession>>,
    /// How it ends.
    pub terminated: Option<&'a Recorded<Termination>>,
    /// Gaps.
    pub findings: Vec<&'a Finding>,
}

/// One document of a pack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentView<'a> {
    /// File name, kind and digest.
    #[serde(flatten)]
    pub document: &'a PackDocument,
    /// How it stands.
    pub state: PackState,
    /// What came back signed.
    pub signings: Vec<&'a Recorded<Signing>>,
}

/// The packs of the register, of one supplier or all, by supplier, date and id.
pub fn list<'a>(state: &'a State, supplier: Option<&str>) -> Vec<PackLine<'a>> {
    let packs = state.contracts.packs.values().filter(|pack| supplier.is_none_or(|wanted| pack.supplier() == wanted));
    let mut lines: Vec<PackLine<'a>> = packs.map(|pack| line(&state.findings, pack)).collect();
    lines.sort_by(|a, b| (a.supplier, a.date, a.pack).cmp(&(b.supplier, b.date, b.pack)));
    lines
}

fn line<'a>(findings: &Findings, pack: &'a PackRecord) -> PackLine<'a> {
    let (date, documents) = match &pack.origin {
        Origin::Submitted(submission) => {
            let name = |d: &'a PackDocument| d.kind.as_deref().unwrap_or(&d.file);
            (submission.what.date, submission.what.documents.iter().map(name).collect())
        }
        Origin::Adopted(adoption) => (adoption.what.effective, vec![adoption.what.title.as_str()]),
    };
    let findings = findings.gaps_of(pack.id()).count();
    PackLine { pack: pack.id(), supplier: pack.supplier(), state: pack.state(), date, documents, missing: pack.missing_roles(), findings }
}

/// One pack in full.
pub fn show<'a>(findings: &'a Findings, pack: &'a PackRecord) -> PackView<'a> {
    let documents = pack.documents().iter().map(|document| DocumentView {
        document,
        state: pack.document_state(&document.file),
        signings: pack.signings.iter().filter(|s| s.what.document == document.file).collect(),
    });
    PackView {
        pack: pack.id(),
        supplier: pack.supplier(),
        entity: pack.entity(),
        state: pack.state(),
        origin: &pack.origin,
        missing: pack.missing_roles(),
        approvals: pack.approvals.values().collect(),
        rejections: &pack.rejections,
        issues: &pack.issues,
        documents: documents.collect(),
        superseded: pack.superseded.as_ref(),
        terminated: pack.terminated.as_ref(),
        findings: findings.gaps_of(pack.id()).collect(),
    }
}
