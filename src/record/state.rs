//! The state of the register: a fold of its entries, up to any of them.

use crate::base::instant::Instant;
use crate::compliance::book::{Book, Outcome};
use crate::contract::lifecycle::Contracts;
use crate::record::access::Access;
use crate::record::event::{Event, Payload};
use crate::rule::finding::Findings;

/// Everything that follows from the entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Number of entries folded.
    pub size: u64,
    /// When the newest entry was recorded.
    pub recorded: Option<Instant>,
    /// Origin of the ledger.
    pub origin: String,
    /// Whether it was begun with a given time instead of the clock's.
    pub is_rehearsal: bool,
    /// Verifier keys that sign now, oldest first.
    pub keys: Vec<String>,
    /// People, policies, requests and mails.
    pub book: Book,
    /// Packs, assessments, evidence and decisions.
    pub contracts: Contracts,
    /// Findings.
    pub findings: Findings,
    /// Tokens of programs.
    pub access: Access,
}

impl State {
    /// Takes the next entry in.
    pub fn apply(&mut self, payload: Payload) {
        let entry = self.size;
        let at = payload.recorded;
        self.skip(at);
        let (book, contracts, findings) = (&mut self.book, &mut self.contracts, &mut self.findings);
        match payload.event {
            Event::Opened(opening) => {
                self.is_rehearsal = payload.clock.is_some();
                self.origin = opening.origin;
                self.keys.push(opening.key);
            }
            Event::KeyAdded(change) => self.keys.push(change.key),
            Event::KeyRetired(change) => self.keys.retain(|key| *key != change.key),
            Event::Person(change) => book.record_person(change.person),
            Event::Erased(erasure) => {
                book.erase_person(&erasure.person);
                findings.erase(&erasure.person);
            }
            Event::Published(version) => book.publish(*version),
            Event::Withdrawn(withdrawal) => book.withdraw(withdrawal),
            Event::Requested(request) => book.request(entry, at, request),
            Event::Signed(acknowledgment) => book.sign(entry, *acknowledgment),
            Event::Declined(ending) => book.end(entry, at, ending, Outcome::Declined),
            Event::Delegated(ending) => book.end(entry, at, ending, Outcome::Delegated),
            Event::Closed(ending) => book.end(entry, at, ending, Outcome::Closed),
            Event::Voided(ending) => book.end(entry, at, ending, Outcome::Voided),
            Event::Attested(attestation) => book.attest(attestation),
            Event::MailDecided(decision) => book.decide_mail(at, decision),
            Event::MailSettled(result) => book.settle_mail(at, &result),
            Event::PackSubmitted(submission) => contracts.submit(entry, at, *submission),
            Event::PackApproved(approval) => contracts.approve(entry, at, approval),
            Event::PackRejected(rejection) => contracts.reject(entry, at, rejection),
            Event::PackIssued(issue) => contracts.issue(entry, at, issue),
            Event::PackSigned(signing) => contracts.sign(entry, at, *signing),
            Event::PackAdopted(adoption) => contracts.adopt(entry, at, *adoption),
            Event::PackSuperseded(supersession) => contracts.supersede(entry, at, supersession),
            Event::PackTerminated(termination) => contracts.terminate(entry, at, termination),
            Event::FindingOpened(finding) => findings.open(entry, at, *finding),
            Event::FindingUpdated(update) => findings.update(entry, at, update),
            Event::FindingClosed(closure) => findings.close(entry, at, closure),
            Event::CoursePublished(course) => book.training.publish(entry, *course),
            Event::CourseRetired(retirement) => book.training.retire(entry, retirement),
            Event::LessonAttached(lesson) => book.training.attach(lesson),
            Event::Assigned(assignment) => book.training.assign(entry, assignment),
            Event::Released(release) => book.training.release(entry, &release),
            Event::Completed(completion) => book.training.complete(entry, completion),
            Event::CompletionVoided(voiding) => book.training.void(entry, &voiding),
            Event::DrillHeld(drill) => book.training.hold(at, *drill),
            Event::Assessed(assessment) => contracts.assess(entry, at, *assessment),
            Event::EvidenceAdded(evidence) => contracts.add_evidence(entry, at, *evidence),
            Event::Decided(decision) => contracts.decide(entry, at, decision),
            Event::AccessIssued(token) => self.access.issue(token),
            Event::AccessRevoked(revocation) => self.access.revoke(revocation),
        }
    }

    /// Takes in the next entry, of which the payload may have been destroyed: then its place and time remain.
    pub fn take(&mut self, recorded: Instant, payload: Option<Payload>) {
        match payload {
            Some(payload) => self.apply(payload),
            None => self.skip(recorded),
        }
    }

    fn skip(&mut self, recorded: Instant) {
        self.size += 1;
        self.recorded = Some(recorded);
    }
}
