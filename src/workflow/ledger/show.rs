//! Entries as people read them: number, time, kind, and one line of what.
//!
//! People are named by their id: who wants the name looks at the payload.

use crate::base::instant::Instant;
use crate::compliance::acknowledgment::Ending;
use crate::compliance::book::MailState;
use crate::record::{Event, Payload};
use crate::store::Content;
use crate::workflow::ledger::rotate::short;
use crate::workflow::register::{Register, RegisterError, read};

/// One entry to be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Number of the entry.
    pub entry: u64,
    /// When it was recorded.
    pub recorded: Instant,
    /// Its kind.
    pub kind: String,
    /// One line of what it says.
    pub what: String,
    /// What it says; `None` once that was destroyed.
    pub payload: Option<Payload>,
    /// Salt and payload as they are kept.
    pub content: Option<Content>,
}

/// Which entries are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(u64),
    /// This one and all after it.
    From(u64),
}

/// Hands over entries in order.
///
/// # Errors
/// [`RegisterError::Refused`] when there is no such entry, [`RegisterError::Integrity`] when one does not hold.
pub fn show(register: &mut Register, which: Which, take: &mut dyn FnMut(Shown)) -> Result<(), RegisterError> {
    let size = register.state().size;
    let (from, until) = match which {
        Which::One(entry) => (entry, entry + 1),
        Which::From(entry) => (entry, size),
    };
    if from >= size {
        let help = if size == 0 { "the register is empty".to_owned() } else { format!("entries are numbered 0 to {}", size - 1) };
        return Err(RegisterError::refused(format!("there is no entry {from}"), help));
    }
    let mut fault = None;
    register.view()?.entries(from, &mut |position, stored| {
        if position >= until {
            return false;
        }
        match read(position, &stored) {
            Ok((leaf, payload)) => {
                let what = payload.as_ref().map_or_else(|| "destroyed: salt and payload are gone, the leaf stays".to_owned(), |p| describe(&p.event));
                take(Shown { entry: position, recorded: leaf.recorded, kind: leaf.kind, what, payload, content: stored.content });
                true
            }
            Err(error) => {
                fault = Some(error);
                false
            }
        }
    })?;
    fault.map_or(Ok(()), Err)
}

/// One line of what an event says, without names and addresses of people.
pub fn describe(event: &Event) -> String {
    let ended = |how: &str, ending: &Ending| {
        let successor = ending.successor.as_ref().map(|s| format!(", now {s}")).unwrap_or_default();
        format!("{} of {} {how}{successor}: {}", ending.request, ending.person, ending.reason)
    };
    match event {
        Event::Opened(opening) => format!("{} begins the register {} with key {}", opening.organisation, opening.origin, short(&opening.key)),
        Event::KeyAdded(change) => format!("key {} signs from here on: {}", short(&change.key), change.reason),
        Event::KeyRetired(change) => format!("key {} signs no more: {}", short(&change.key), change.reason),
        Event::Person(change) => format!("{} of {}, by {}", change.person.id, change.person.belongs_to(), change.source),
        Event::Erased(erasure) => {
            format!("{} erased, {} entries, kept until {}: {}", erasure.person, erasure.entries.len(), erasure.kept_until, erasure.reason)
        }
        Event::Published(version) => format!("{} {}, {}: {}", version.policy, version.version, version.title, version.reason),
        Event::Withdrawn(withdrawal) => format!("{} from {}: {}", withdrawal.policy, withdrawal.date, withdrawal.reason),
        Event::Requested(request) => format!("{} asks {} for {} {}, due {}", request.request, request.person, request.policy, request.version, request.due),
        Event::Signed(signed) => format!("{} of {} for {} {}, by {}", signed.request, signed.person, signed.policy, signed.version, signed.proof.name()),
        Event::Declined(ending) => ended("declined", ending),
        Event::Delegated(ending) => ended("handed over", ending),
        Event::Closed(ending) => ended("closed", ending),
        Event::Voided(ending) => ended("voided", ending),
        Event::Attested(attestation) => {
            let people = attestation.people.len();
            format!(
                "{} by {} of {}: {people} people on {} {}",
                attestation.attestation, attestation.signatory, attestation.supplier, attestation.policy, attestation.version
            )
        }
        Event::MailDecided(mail) => format!("{} to {}, {} items", mail.key, mail.person, mail.items.len()),
        // The words of a server may repeat an address.
        Event::MailSettled(result) => format!("{} is {}", result.key, word(result.result)),
        Event::PackSubmitted(submission) => format!("{} of {}, {} documents", submission.pack, submission.supplier, submission.documents.len()),
        Event::PackApproved(approval) => format!("{} approved as {}", approval.pack, approval.role),
        Event::PackRejected(rejection) => format!("{} rejected as {}: {}", rejection.pack, rejection.role, rejection.reason),
        Event::PackIssued(issue) => format!("{} issued to {} recipients", issue.pack, issue.recipients.len()),
        Event::PackSigned(signing) => format!("{} signed: {}", signing.pack, signing.document),
        Event::PackAdopted(adoption) => format!("{} of {}: {}", adoption.pack, adoption.supplier, adoption.title),
        Event::PackSuperseded(supersession) => format!("{} superseded by {}", supersession.pack, supersession.by),
        Event::PackTerminated(termination) => format!("{} ends on {}: {}", termination.pack, termination.end, termination.reason),
        Event::FindingOpened(finding) => format!("{}, {}: {}", finding.finding, finding.severity.word(), finding.title),
        Event::FindingUpdated(update) => format!("{}: {}", update.finding, update.note),
        Event::FindingClosed(closure) => format!("{} closed: {}", closure.finding, closure.reason),
        Event::CoursePublished(course) => format!("{} {}, {}", course.course, course.edition, course.kind.word()),
        Event::CourseRetired(retirement) => format!("{} from {}: {}", retirement.course, retirement.day, retirement.reason),
        Event::LessonAttached(lesson) => format!("{} from {}: {}", lesson.course, lesson.source, lesson.lesson),
        Event::Assigned(assignment) => format!("{} to {} from {}: {}", assignment.course, assignment.person, assignment.day, assignment.reason),
        Event::Released(release) => format!("{} from {} on {}: {}", release.person, release.course, release.day, release.reason),
        Event::Completed(completion) => format!("{} by {} on {}, edition {}", completion.course, completion.person, completion.day, completion.edition),
        Event::CompletionVoided(voiding) => format!("{} of {}: {}", voiding.completion, voiding.person, voiding.reason),
        Event::DrillHeld(drill) => format!("{} of {} on {}, {} people: {}", drill.drill, drill.course, drill.day, drill.participants.len(), drill.scenario),
        Event::Assessed(record) => format!("{} is {} on {}, next review by {}", record.supplier, record.tier.word(), record.date, record.next_review),
        Event::EvidenceAdded(evidence) => format!("{} for {}, due {}: {}", evidence.evidence, evidence.obligation, evidence.due, evidence.name),
        Event::Decided(decision) => format!("{} about {} until {}: {}", decision.decision, decision.subject, decision.expires, decision.reason),
        Event::AccessIssued(t) => format!("token {} for {}, good until {}", t.token, t.name, t.expires),
        Event::AccessRevoked(r) => format!("token {}: {}", r.token, r.reason),
    }
}

fn word(state: MailState) -> &'static str {
    match state {
        MailState::Decided => "to be sent",
        MailState::Sent => "sent",
        MailState::Failed => "refused",
        MailState::Unknown => "perhaps sent",
        MailState::Dropped => "dropped",
        MailState::Bounced => "come back",
    }
}
