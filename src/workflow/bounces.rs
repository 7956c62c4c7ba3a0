//! `outbox bounces`: delivery status notifications that came back to the sender of mails.
//!
//! A notification counts only when it names the Message-ID of a mail of ours, which nobody knows who did not get it. Then the address is dead
//! until another is imported, the mail counts as never told, and the owner has a finding.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::digest::Digest;
use crate::compliance::address::folded;
use crate::compliance::book::{MailResult, MailState};
use crate::outbox::bounce::{self, RecipientStatus};
use crate::outbox::compose::ID_DIGITS;
use crate::project::folder;
use crate::record::Event;
use crate::rule::finding::{Cause, Finding, Severity};
use crate::store::{OutboxState, StoredMail};
use crate::workflow::outbox::Office;
use crate::workflow::register::{Before, Draft, Register, RegisterError};

/// Days in which the owner finds out another address.
const FINDING_DAYS: i32 = 7;

/// What became of one notification.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// The file.
    pub file: String,
    /// Whether an address is dead because of it.
    pub is_recorded: bool,
    /// What it says, or why it does not count.
    pub what: String,
    /// Key of the mail that came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Id of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// Reads notifications out of files and folders, and records what they say; one that was read before changes nothing.
///
/// # Errors
/// [`RegisterError::Disk`] for what cannot be read at all. A file that is no notification is in the result.
pub fn read(register: &mut Register, office: &Office, paths: &[PathBuf]) -> Result<Vec<Read>, RegisterError> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for path in paths {
        files.extend(contents(path)?);
    }
    register.change(|before, draft| {
        let by_id: BTreeMap<String, String> =
            before.state.book.mails.keys().map(|key| (Digest::of(key.as_bytes()).short(ID_DIGITS).to_owned(), key.clone())).collect();
        let mut read = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (file, bytes) in &files {
            read.push(judge(before, draft, office, &by_id, &mut seen, file, bytes)?);
        }
        Ok(read)
    })
}

fn contents(path: &Path) -> Result<Vec<(String, Vec<u8>)>, RegisterError> {
    if path.is_dir() {
        let files = folder::every_file(path)?;
        return Ok(files.into_iter().map(|(name, bytes)| (path.join(name).display().to_string(), bytes)).collect());
    }
    Ok(vec![(path.display().to_string(), folder::file(path)?)])
}

fn judge(
    before: &mut Before<'_>,
    draft: &mut Draft,
    office: &Office,
    by_id: &BTreeMap<String, String>,
    seen: &mut Vec<String>,
    file: &str,
    bytes: &[u8],
) -> Result<Read, RegisterError> {
    let passed = |what: String, mail: Option<String>| Read { file: file.to_owned(), is_recorded: false, what, mail, person: None };
    let notification = match bounce::read(bytes) {
        Ok(notification) => notification,
        Err(error) => return Ok(passed(error.to_string(), None)),
    };
    let local = notification.message_id.as_deref().and_then(|id| id.split('@').next()).unwrap_or_default();
    let Some(key) = by_id.get(local) else { return Ok(passed("it is about no mail of this register".to_owned(), None)) };
    let Some(status) = notification.recipients.iter().find(|r| r.is_permanent()) else {
        return Ok(passed("the server still tries, or delivered it".to_owned(), Some(key.clone())));
    };
    let Some(mail) = before.view.mail(key)? else { return Ok(passed("the mail is not in the outbox any more".to_owned(), Some(key.clone()))) };
    if mail.state == OutboxState::Bounced || seen.contains(key) {
        return Ok(passed("it was read before".to_owned(), Some(key.clone())));
    }
    let book = &before.state.book;
    let Some(person) = book.mails.get(key).and_then(|record| book.people.get(&record.decision.person)) else {
        return Ok(passed("nobody has the mail any more".to_owned(), Some(key.clone())));
    };
    let current = person.email.as_deref().map(folded);
    let went_there = before.view.links_of_mail(key)?.iter().any(|link| Some(folded(&link.sent_to)) == current);
    if current != Some(folded(&status.address)) && !went_there {
        return Ok(passed("the person has another address since".to_owned(), Some(key.clone())));
    }
    seen.push(key.clone());
    let (id, owner) = (person.id.clone(), office.reminders.owner.clone());
    let supplier = person.supplier().map(str::to_owned);
    let response = words(status);
    draft.set_mail(StoredMail { state: OutboxState::Bounced, response: response.clone(), ..mail });
    draft.record(Event::MailSettled(MailResult { key: key.clone(), person: id.clone(), result: MailState::Bounced, response: response.clone() }));
    let finding = format!("bounce-{}", Digest::of(key.as_bytes()).short(12));
    if !before.state.findings.all.contains_key(&finding) {
        draft.record(Event::FindingOpened(Box::new(Finding {
            finding,
            title: format!("mail to {id} comes back: find another address, or the person has left"),
            cause: Cause::Bounce { mail: key.clone() },
            severity: Severity::Major,
            supplier,
            person: Some(id.clone()),
            owner,
            due: Some(before.now.date().plus_days(FINDING_DAYS)),
        })));
    }
    Ok(Read { file: file.to_owned(), is_recorded: true, what: response, mail: Some(key.clone()), person: Some(id) })
}

fn words(status: &RecipientStatus) -> String {
    match &status.diagnostic {
        Some(diagnostic) => format!("{}: {diagnostic}", status.status),
        None => status.status.clone(),
    }
}
