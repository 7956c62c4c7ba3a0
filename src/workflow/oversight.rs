//! Oversight of suppliers: evidence, findings, decisions and reviews, each an entry.

use std::path::PathBuf;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::contract::entity::Workspace;
use crate::contract::history::{AssessmentOccasion, AssessmentRecord};
use crate::pack::compile::Compiler;
use crate::project::folder;
use crate::record::{Event, State, agenda};
use crate::rule::decision::{DecisionRecord, RecordedKind};
use crate::rule::evidence::{Evidence, EvidenceOpinion};
use crate::rule::finding::{Cause, Finding, FindingClosure, FindingRecord, FindingUpdate, Severity};
use crate::rule::obligation::{Obligation, ObligationKind};
use crate::workflow::register::{Before, Register, RegisterError};
use crate::workflow::{acknowledge, sync, training};

/// Evidence that somebody adds.
#[derive(Debug, Clone)]
pub struct EvidenceOrder {
    /// Supplier.
    pub supplier: String,
    /// Id of the obligation.
    pub obligation: String,
    /// The file; its bytes are kept.
    pub file: PathBuf,
    /// Day of the evidence; today when absent.
    pub date: Option<Date>,
    /// What it covers.
    pub scope: String,
    /// Period that it covers.
    pub period: Option<String>,
    /// Opinion of its author.
    pub opinion: EvidenceOpinion,
    /// Who of us read it.
    pub reviewer: String,
    /// Exceptions in it.
    pub exceptions: Vec<String>,
    /// Last day on which it counts.
    pub valid_until: Option<Date>,
}

/// Records evidence that closes an obligation of a supplier; each exception becomes a finding.
///
/// # Errors
/// [`RegisterError::Refused`] for an obligation that is not owed, is about another supplier, or is closed otherwise (by a signature, a
/// completion, a review); [`RegisterError::Disk`] for a file that cannot be read.
pub fn add_evidence(register: &mut Register, order: &EvidenceOrder) -> Result<(Evidence, Vec<Finding>), RegisterError> {
    let bytes = folder::file(&order.file)?;
    register.change(|before, draft| {
        let obligation = owed(before, &order.obligation)?;
        let otherwise = match obligation.kind {
            ObligationKind::Acknowledgment => Some("the person signs: `countersign ack sign`"),
            ObligationKind::Training => Some("record the completion: `countersign training record`"),
            ObligationKind::Review => Some("record the review: `countersign assess SUPPLIER --record --reviewer NAME`"),
            ObligationKind::Uplift => Some("issue a pack of the new tier, or accept the gap: `countersign decision record`"),
            ObligationKind::Finding => Some("`countersign finding close` takes a file as evidence"),
            ObligationKind::Decision => Some("decide again: a new file in `decisions/`, or `countersign decision record`"),
            ObligationKind::Certificate | ObligationKind::Insurance | ObligationKind::Audit | ObligationKind::Renewal | ObligationKind::Termination => None,
        };
        if let Some(help) = otherwise {
            return Err(RegisterError::refused(format!("`{}` is not closed by a file", obligation.id), help));
        }
        if obligation.supplier.as_deref() != Some(&order.supplier) {
            let other = obligation.supplier.as_deref().unwrap_or("nobody");
            return Err(RegisterError::refused(format!("`{}` is about `{other}`, not `{}`", obligation.id, order.supplier), "name the supplier that owes it"));
        }
        let today = before.now.date();
        let date = order.date.unwrap_or(today);
        if date > today.plus_days(1) {
            return Err(RegisterError::refused(format!("{date} is still to come"), "write the day of the report, test or certificate"));
        }
        if let Some(until) = order.valid_until.filter(|until| *until <= obligation.due && obligation.kind != ObligationKind::Termination) {
            let message = format!("evidence until {until} does not close what is due on {}", obligation.due);
            return Err(RegisterError::refused(message, "it must count for longer than what it replaces"));
        }
        if order.valid_until.is_none() && matches!(obligation.kind, ObligationKind::Certificate | ObligationKind::Insurance) {
            return Err(RegisterError::refused("a certificate or an insurance has a last day", "add `--valid-until YYYY-MM-DD`"));
        }
        let (file, name) = training::keep(draft, bytes, &order.file);
        let evidence = Evidence {
            evidence: before.edge.id('e'),
            supplier: order.supplier.clone(),
            obligation: obligation.id.clone(),
            due: obligation.due,
            file,
            name,
            date,
            scope: order.scope.clone(),
            period: order.period.clone(),
            opinion: order.opinion,
            reviewer: order.reviewer.clone(),
            exceptions: order.exceptions.clone(),
            valid_until: order.valid_until,
        };
        let findings: Vec<Finding> = order
            .exceptions
            .iter()
            .enumerate()
            .map(|(at, exception)| Finding {
                finding: format!("{}.{}", evidence.evidence, at + 1),
                title: exception.clone(),
                cause: Cause::Report,
                severity: Severity::Minor,
                supplier: Some(order.supplier.clone()),
                person: None,
                owner: obligation.owner.clone(),
                due: Some(today.plus_days(FINDING_DAYS)),
            })
            .collect();
        draft.record(Event::EvidenceAdded(Box::new(evidence.clone())));
        findings.iter().for_each(|finding| draft.record(Event::FindingOpened(Box::new(finding.clone()))));
        Ok((evidence, findings))
    })
}

/// Days in which an exception in evidence is closed, unless somebody says otherwise.
const FINDING_DAYS: i32 = 30;

fn owed(before: &Before<'_>, id: &str) -> Result<Obligation, RegisterError> {
    agenda::find(before.state, id, before.now)
        .ok_or_else(|| RegisterError::refused(format!("nothing with the id `{id}` is owed"), "`countersign due --ids` lists what is owed with its ids"))
}

/// A finding that somebody reports.
#[derive(Debug, Clone)]
pub struct FindingOrder {
    /// What is wrong.
    pub title: String,
    /// The supplier that it is about.
    pub supplier: Option<String>,
    /// How grave it is.
    pub severity: Severity,
    /// E-mail address, or name, of whoever closes it.
    pub owner: String,
    /// By when.
    pub due: Date,
}

/// Opens a finding.
///
/// # Errors
/// [`RegisterError::Refused`] for a deadline that is over.
pub fn open_finding(register: &mut Register, order: &FindingOrder) -> Result<Finding, RegisterError> {
    register.change(|before, draft| {
        in_future(order.due, before)?;
        let finding = Finding {
            finding: before.edge.id('f'),
            title: order.title.clone(),
            cause: Cause::Report,
            severity: order.severity,
            supplier: order.supplier.clone(),
            person: None,
            owner: Some(order.owner.clone()),
            due: Some(order.due),
        };
        draft.record(Event::FindingOpened(Box::new(finding.clone())));
        Ok(finding)
    })
}

fn in_future(due: Date, before: &Before<'_>) -> Result<(), RegisterError> {
    let today = before.now.date();
    if due < today { Err(RegisterError::refused(format!("{due} is over"), format!("today is {today}"))) } else { Ok(()) }
}

/// Records what was done about a finding, or that it has another owner or deadline.
///
/// # Errors
/// [`RegisterError::Refused`] for a finding that is not open, or a deadline that is over.
pub fn update_finding(register: &mut Register, id: &str, note: &str, owner: Option<String>, due: Option<Date>) -> Result<Finding, RegisterError> {
    register.change(|before, draft| {
        let finding = open_record(before.state, id)?.finding.clone();
        due.map_or(Ok(()), |due| in_future(due, before))?;
        draft.record(Event::FindingUpdated(FindingUpdate {
            finding: id.to_owned(),
            person: finding.person.clone(),
            note: note.to_owned(),
            owner: owner.clone(),
            due,
        }));
        Ok(Finding { owner: owner.or(finding.owner.clone()), due: due.or(finding.due), ..finding })
    })
}

/// Closes a finding, with a file that shows it where there is one.
///
/// # Errors
/// [`RegisterError::Refused`] for a finding that is not open, [`RegisterError::Disk`] for a file that cannot be read.
pub fn close_finding(register: &mut Register, id: &str, reason: &str, evidence: Option<&std::path::Path>) -> Result<Finding, RegisterError> {
    let bytes = evidence.map(folder::file).transpose()?;
    register.change(|before, draft| {
        let finding = open_record(before.state, id)?.finding.clone();
        let evidence = bytes.map(|bytes| draft.keep(bytes));
        draft.record(Event::FindingClosed(FindingClosure { finding: id.to_owned(), person: finding.person.clone(), reason: reason.to_owned(), evidence }));
        Ok(finding)
    })
}

fn open_record<'s>(state: &'s State, id: &str) -> Result<&'s FindingRecord, RegisterError> {
    match state.findings.all.get(id) {
        Some(record) if record.closed.is_none() => Ok(record),
        Some(_) => Err(RegisterError::refused(format!("the finding `{id}` is closed"), "open a new one")),
        None => Err(RegisterError::refused(format!("there is no finding `{id}`"), "`countersign finding list` shows them")),
    }
}

/// A decision that somebody makes about an obligation.
#[derive(Debug, Clone)]
pub struct DecisionOrder {
    /// Id of the obligation that need not be met.
    pub obligation: String,
    /// Role in which the person decides.
    pub role: String,
    /// E-mail address of the person.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Last day on which it holds.
    pub expires: Date,
}

/// Records that somebody with authority accepts that an obligation is not met until a day.
///
/// # Errors
/// [`RegisterError::Refused`] for an obligation that is not owed or that nobody may accept (what a person owes has exemptions), a person who
/// does not hold the role, or a day that is over.
pub fn decide(register: &mut Register, workspace: &Workspace, order: &DecisionOrder) -> Result<DecisionRecord, RegisterError> {
    let holds = workspace.authorities.get(&order.role).is_some_and(|people| people.iter().any(|p| p.email.eq_ignore_ascii_case(&order.person)));
    if !holds {
        let message = format!("`{}` does not hold the role `{}`", order.person, order.role);
        return Err(RegisterError::refused(message, "roles stand under `authorities` in `countersign.yaml`"));
    }
    register.change(|before, draft| {
        let obligation = owed(before, &order.obligation)?;
        if obligation.person.is_some() {
            return Err(RegisterError::refused("what a person owes is not accepted away", "`countersign people exempt` records an exemption"));
        }
        if matches!(obligation.kind, ObligationKind::Decision | ObligationKind::Finding) {
            return Err(RegisterError::refused(format!("`{}` is a {}", obligation.id, obligation.kind), "move its deadline, or close it"));
        }
        in_future(order.expires, before)?;
        let decision = DecisionRecord {
            decision: before.edge.id('a'),
            kind: RecordedKind::AcceptObligation,
            supplier: obligation.supplier.unwrap_or_default(),
            subject: obligation.id,
            profile: None,
            role: order.role.clone(),
            person: order.person.clone(),
            reason: order.reason.clone(),
            date: before.now.date(),
            expires: order.expires,
        };
        draft.record(Event::Decided(decision.clone()));
        Ok(decision)
    })
}

/// Records that somebody reviewed suppliers: their assessments of today, each with its next review.
///
/// # Errors
/// [`RegisterError::Store`]; suppliers that cannot be assessed are in the report, and then nothing is recorded.
pub fn review(
    register: &mut Register,
    compiler: &Compiler,
    suppliers: &[String],
    reviewer: &str,
    report: &mut Report,
) -> Result<Vec<AssessmentRecord>, RegisterError> {
    let today = register.edge().now().date();
    let assessed: Vec<AssessmentRecord> = suppliers
        .iter()
        .filter_map(|id| sync::assess(compiler, id, today, report))
        .map(|record| AssessmentRecord { occasion: AssessmentOccasion::Review, reviewer: Some(reviewer.to_owned()), ..record })
        .collect();
    if report.has_errors() || assessed.len() < suppliers.len() {
        return Ok(Vec::new());
    }
    register.change(|_, draft| {
        assessed.iter().for_each(|record| draft.record(Event::Assessed(Box::new(record.clone()))));
        Ok(assessed)
    })
}

/// What is owed as of a day, or now: all of it, or only what is due within some days, or of one supplier or person.
///
/// # Errors
/// [`RegisterError::Refused`] for a person who is not known.
pub fn due(
    register: &mut Register,
    as_of: Option<Date>,
    known_at: Option<crate::base::instant::Instant>,
    filter: &DueFilter,
) -> Result<Vec<Obligation>, RegisterError> {
    let now = register.edge().now();
    let state = register.as_of(as_of, known_at)?;
    let person = filter.person.as_ref().map(|text| acknowledge::person(&state.book, text).map(|p| p.id.clone())).transpose()?;
    let today = as_of.unwrap_or_else(|| now.date());
    let last = filter.within_days.map(|days| today.plus_days(i32::from(days)));
    let mut all = agenda::obligations(&state, as_of, now);
    all.retain(|o| last.is_none_or(|last| o.due <= last) && filter.admits(o, person.as_deref()));
    Ok(all)
}

/// Which obligations are asked for.
#[derive(Debug, Clone, Default)]
pub struct DueFilter {
    /// Due within so many days, or overdue.
    pub within_days: Option<u16>,
    /// About this supplier.
    pub supplier: Option<String>,
    /// Owed by this person, by id or address.
    pub person: Option<String>,
    /// Of this kind.
    pub kind: Option<ObligationKind>,
}

impl DueFilter {
    /// Whether an obligation is asked for, its date aside; `person` is the id of the person in the filter.
    pub(super) fn admits(&self, obligation: &Obligation, person: Option<&str>) -> bool {
        self.supplier.as_ref().is_none_or(|wanted| obligation.supplier.as_ref() == Some(wanted))
            && (self.person.is_none() || person.is_some_and(|wanted| obligation.person.as_deref() == Some(wanted)))
            && self.kind.is_none_or(|wanted| obligation.kind == wanted)
    }
}
