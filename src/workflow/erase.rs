//! `erase`: destroys what is known of a person once nothing requires it any more; every proof still verifies.

use serde::Serialize;

use std::collections::BTreeSet;

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::compliance::book::Outcome;
use crate::compliance::course::RECORDED_BY_HAND;
use crate::contract::settings::RegisterSettings;
use crate::record::Event;
use crate::record::State;
use crate::record::event::Erasure;
use crate::workflow::acknowledge;
use crate::workflow::register::{Register, RegisterError};

/// What was destroyed, and what is left elsewhere.
#[derive(Debug, Clone, Serialize)]
pub struct Erased {
    /// Id of the person, which says nothing any more.
    pub person: String,
    /// Number of entries whose payload was destroyed.
    pub entries: usize,
    /// Last day of the retention period.
    pub kept_until: Date,
    /// Where the person may still be named.
    pub remains: Vec<String>,
}

/// Erases a person.
///
/// The retention period runs from the last day of the person, the last acknowledgment and the last completed course, whichever is latest.
///
/// # Errors
/// [`RegisterError::Refused`] while the person is active, a request is open, the period runs, or a legal hold stands.
pub fn erase(register: &mut Register, settings: &RegisterSettings, text: &str, reason: &str) -> Result<Erased, RegisterError> {
    let recorded = register.change(|before, draft| {
        let book = &before.state.book;
        let person = acknowledge::person(book, text)?;
        let today = book.day_of(person, before.now);
        let refuse = |message: String, help: &str| Err(RegisterError::refused(message, help));
        let Some(end) = person.end else { return refuse(format!("`{}` has no last day", person.id), "`countersign people end` records it") };
        let held = settings.legal_holds.iter().find(|hold| match (&hold.supplier, &hold.person) {
            (None, None) => true,
            (supplier, id) => {
                supplier.as_deref().is_some_and(|s| person.supplier() == Some(s))
                    || id.as_deref().is_some_and(|id| id == person.id || person.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(id)))
            }
        });
        if let Some(hold) = held {
            return refuse(format!("a legal hold stands since {}: {}", hold.since, hold.reason), "lift it in `register.legal_holds` of `countersign.yaml`");
        }
        let requests: Vec<_> = book.requests_of(&person.id).collect();
        if let Some(open) = requests.iter().find(|r| r.is_open()) {
            return refuse(format!("the request `{}` is open", open.request.request), "`countersign ack close` or `ack delegate` ends it");
        }
        let signed = requests.iter().filter_map(|r| match &r.outcome {
            Outcome::Signed { acknowledgment, .. } => Some(book.day_of(person, acknowledgment.signed)),
            _ => None,
        });
        let completed = book.training.enrolments.get(&person.id).into_iter().flat_map(|of| of.values()).flat_map(|e| &e.completions).map(|c| c.day);
        let last = signed.chain(completed).chain([end]).max().unwrap_or(end);
        let kept_until = last.plus_months(12 * i32::from(settings.retention_years));
        if today <= kept_until {
            return refuse(
                format!("the retention period of `{}` ends on {kept_until}", person.id),
                "it is counted in `register.retention_years` from the last day, acknowledgment or completed course",
            );
        }
        let entries = before.view.entries_about(&person.id)?;
        own_files(before.state, &person.id).into_iter().for_each(|digest| draft.destroy_file(digest));
        let mails = book.mails.values().filter(|m| m.decision.person == person.id).map(|m| m.decision.key.clone()).collect();
        let named = book.people.values().filter(|p| p.coordinator.as_ref() == Some(&person.id) || p.deputy.as_ref() == Some(&person.id)).count();
        let attested = book.attestations.values().filter(|a| a.signatory == person.id || a.people.contains(&person.id)).count();
        let mut remains = vec![
            "issued and signed contracts, where the person is a signatory or a contact".to_owned(),
            "receipts and mails that were sent, and backups of the register made before today".to_owned(),
            "profiles in `suppliers/`, and their history in git".to_owned(),
        ];
        if attested > 0 {
            remains.push(format!("{attested} attestations: their signed papers, and the name under them in what was recorded of others"));
        }
        if named > 0 {
            remains.push(format!("the bare id `{}` as coordinator or deputy of {named} people", person.id));
        }
        draft.destroy(entries.clone(), requests.iter().map(|r| r.request.request.clone()).collect(), mails);
        let count = entries.len();
        draft.record(Event::Erased(Erasure { person: person.id.clone(), entries, reason: reason.to_owned(), kept_until }));
        Ok(Erased { person: person.id.clone(), entries: count, kept_until, remains })
    });
    // Whatever came after the commit, what was destroyed must leave the side files.
    register.settle()?;
    recorded
}

/// Files that are kept for this person alone: certificates of courses, and what closed findings about them.
fn own_files(state: &State, person: &str) -> BTreeSet<Digest> {
    let certificates = |is_theirs: bool| {
        let of = state.book.training.enrolments.iter().filter(move |(id, _)| (id.as_str() == person) == is_theirs).flat_map(|(_, of)| of.values());
        of.flat_map(|e| &e.completions).filter(|c| c.source == RECORDED_BY_HAND).filter_map(|c| c.certificate.as_ref())
    };
    let closures = |is_theirs: bool| {
        let of = state.findings.all.values().filter(move |r| (r.finding.person.as_deref() == Some(person)) == is_theirs);
        of.filter_map(|r| r.closed.as_ref()?.1.evidence.as_ref())
    };
    let evidence = state.contracts.evidence.values().flatten().map(|e| &e.what.file);
    let others: BTreeSet<&Digest> = certificates(false).chain(closures(false)).chain(evidence).collect();
    certificates(true).chain(closures(true)).filter(|digest| !others.contains(digest)).cloned().collect()
}
