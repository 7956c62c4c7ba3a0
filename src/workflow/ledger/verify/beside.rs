//! What stands beside the entries: keys, kept files, outbox and links.

use std::collections::BTreeSet;
use std::path::Path;

use crate::base::digest::Digest;
use crate::base::encode::unhex;
use crate::compliance::book::MailState;
use crate::ledger::key::{SigningKey, VerifierKey};
use crate::project::register as files;
use crate::signature::link::{LinkSecret, Token};
use crate::store::{LinkState, OutboxState, StoredLink, StoredMail, View};
use crate::workflow::ledger::rotate::short;
use crate::workflow::ledger::verify::chain::Chain;
use crate::workflow::ledger::verify::{Findings, Part, Trusted};

/// Checks the verifier keys of the workspace against those that the entries name, and the signing keys against both. `listed` was read before
/// the store; `sizes` are those of all checkpoints.
pub(super) fn keys(root: &Path, listed: &[String], sizes: &BTreeSet<u64>, chain: &Chain, findings: &mut Findings) -> Trusted {
    let list = format!("{}/{}", files::CHECKPOINTS, files::KEYS);
    let mut trusted = Trusted::new();
    for line in listed {
        match VerifierKey::parse(line) {
            Ok(key) => drop(trusted.insert(line.clone(), key)),
            Err(error) => findings.faults.push(Part::Keys, &list, error),
        }
    }
    let named: BTreeSet<&str> = findings.keys.iter().map(|span| span.key.as_str()).collect();
    // A key that came while this runs is in the file by now.
    let now = files::verifier_keys(root).unwrap_or_default();
    for span in findings.keys.iter().filter(|span| !trusted.contains_key(&span.key)) {
        if now.contains(&span.key) {
            continue;
        }
        let missing = format!("`{}` is missing, which entry {} names", short(&span.key), span.since);
        // Between the commit that names a key and this file a process may have died; the next commit is preceded by writing it.
        if sizes.range(span.since + 1..).count() <= 1 && span.since > 0 {
            findings.notes.push(format!("`{list}`: {missing}; the next command writes it"));
        } else {
            findings.faults.push(Part::Keys, &list, missing);
        }
    }
    if chain.is_key_history_whole {
        for key in trusted.keys().filter(|key| !named.contains(key.as_str())) {
            findings.faults.push(Part::Keys, &list, format!("`{}` stands there, and no entry names it", short(key)));
        }
    }
    for span in findings.keys.iter().filter(|span| now.contains(&span.key)) {
        if let Ok(key) = VerifierKey::parse(&span.key) {
            trusted.entry(span.key.clone()).or_insert(key);
        }
    }
    signing_keys(root, findings);
    trusted
}

fn signing_keys(root: &Path, findings: &mut Findings) {
    let here = match files::signing_keys(root) {
        Ok(here) => here,
        Err(error) => return findings.faults.push(Part::Keys, "signing keys", error),
    };
    let mut strangers = Vec::new();
    for (path, text) in here {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = match SigningKey::parse(text.trim_end()) {
            Ok(key) => key.verifier().to_string(),
            Err(error) => {
                findings.faults.push(Part::Keys, name, error);
                continue;
            }
        };
        match findings.keys.iter_mut().rfind(|span| span.key == key) {
            None => strangers.push((name, key)),
            Some(span) => {
                span.is_here = true;
                if let Some(until) = span.until {
                    findings.notes.push(format!("`{name}`: entry {until} retired this key; `countersign ledger retire` removes the file"));
                }
            }
        }
    }
    let can_sign = findings.keys.iter().any(|span| span.is_here && span.until.is_none());
    for (name, key) in strangers {
        if can_sign {
            findings.notes.push(format!("`{name}`: no entry names the key `{}`, so it signs nothing; remove it unless a rotation is under way", short(&key)));
        } else {
            findings.faults.push(Part::Keys, name, format!("no entry names the key `{}`, and no key that signs now is here", short(&key)));
        }
    }
    if !can_sign && !findings.keys.is_empty() {
        findings.notes.push("no signing key is here, so nothing can be recorded; for checking that is no loss".to_owned());
    }
}

/// Checks that every file that a payload points at is kept, and that every kept file has its digest.
pub(super) fn kept_files(view: &dyn View, chain: &Chain, findings: &mut Findings) {
    let mut pending = chain.files.clone();
    let mut unused = 0;
    let mut count = 0;
    let faults = &mut findings.faults;
    let read = view.files(&mut |digest, bytes| {
        count += 1;
        let pointed = pending.remove(&digest);
        if Digest::of(&bytes) != digest {
            let by = pointed.map(|entry| format!(", entry {entry} points at it")).unwrap_or_default();
            faults.push(Part::Files, format!("file {digest}"), format!("its bytes were changed{by}"));
        } else if pointed.is_none() {
            unused += 1;
        }
    });
    if let Err(error) = read {
        return faults.push(Part::Store, "files", error);
    }
    for (digest, entry) in pending {
        faults.push(Part::Files, format!("file {digest}"), format!("it is missing, entry {entry} points at it"));
    }
    findings.counts.files = count;
    if unused > 0 {
        findings.notes.push(format!("{unused} kept files to which no payload points (any more)"));
    }
}

/// Checks that every mail and link belongs to a mail that was decided, and that none was sent, or can be sent again, behind the entries.
pub(super) fn outbox(root: &Path, view: &dyn View, chain: &Chain, findings: &mut Findings) {
    let mails = match view.mails(&OutboxState::ALL) {
        Ok(mails) => mails,
        Err(error) => return findings.faults.push(Part::Store, "outbox", error),
    };
    // The mails of people whose data was destroyed stay; of their entries only the time is left.
    let mut unread = chain.unread_mails.clone();
    let mut explained = 0;
    let mut missing: BTreeSet<&str> = chain.mails.keys().map(String::as_str).collect();
    for mail in &mails {
        missing.remove(mail.key.as_str());
        match chain.mails.get(&mail.key) {
            None => match unread.iter().position(|decided| decided.is_none_or(|decided| decided == mail.decided)) {
                Some(at) => {
                    unread.swap_remove(at);
                    explained += 1;
                }
                None => findings.faults.push(Part::Outbox, format!("mail `{}`", mail.key), "no entry decided it"),
            },
            Some((entry, decided, _)) => {
                let results = chain.results.get(&mail.key).map(Vec::as_slice).unwrap_or_default();
                if let Some(why) = contradiction(mail, results) {
                    findings.faults.push(Part::Outbox, format!("mail `{}` of entry {entry}", mail.key), why);
                }
                if mail.decided != *decided {
                    findings.faults.push(Part::Outbox, format!("mail `{}` of entry {entry}", mail.key), "its date was changed");
                }
            }
        }
    }
    for key in missing {
        findings.faults.push(Part::Outbox, format!("mail `{key}` of entry {}", chain.mails[key].0), "it is missing in the outbox");
    }
    if explained > 0 {
        findings.notes.push(format!("{explained} mails in the outbox are of entries whose payload is gone"));
    }
    findings.counts.mails = mails.len() as u64;
    links(root, view, chain, findings);
}

/// How the row of a mail contradicts what was recorded of it.
fn contradiction(mail: &StoredMail, results: &[MailState]) -> Option<String> {
    let is_open = matches!(mail.state, OutboxState::Decided | OutboxState::Sending);
    let recorded = match mail.state {
        OutboxState::Sent => Some(MailState::Sent),
        OutboxState::Failed => Some(MailState::Failed),
        OutboxState::Unknown => Some(MailState::Unknown),
        OutboxState::Dropped => Some(MailState::Dropped),
        OutboxState::Bounced => Some(MailState::Bounced),
        OutboxState::Decided | OutboxState::Sending => None,
    };
    match (recorded, results.last()) {
        (Some(state), _) if !results.contains(&state) => Some("the outbox has a result that no entry records".to_owned()),
        (None, Some(MailState::Sent | MailState::Dropped | MailState::Bounced)) if is_open => {
            Some("it would be sent again, though an entry records that it is done".to_owned())
        }
        _ => None,
    }
}

fn links(root: &Path, view: &dyn View, chain: &Chain, findings: &mut Findings) {
    let secret = files::secret(&root.join(files::LINK_SECRET));
    let secret = secret.ok().and_then(|text| unhex(text.trim_end())?.try_into().ok()).map(LinkSecret::new);
    let mut count = 0_u64;
    let faults = &mut findings.faults;
    let read = view.links(&mut |link| {
        count += 1;
        if let Some(why) = link_fault(&link, chain, secret.as_ref()) {
            faults.push(Part::Outbox, format!("link {} to `{}`", link.digest.short(12), link.request), why);
        }
    });
    if let Err(error) = read {
        faults.push(Part::Store, "links", error);
    }
    if count > 0 && secret.is_none() {
        findings.notes.push(format!("`{}` is not here or not readable, so no link was checked against it", files::LINK_SECRET));
    }
    findings.counts.links = count;
}

/// What is wrong with a link; who may open it and until when is working data that no entry fixes.
fn link_fault(link: &StoredLink, chain: &Chain, secret: Option<&LinkSecret>) -> Option<&'static str> {
    match chain.mails.get(&link.mail) {
        // A stranger among the mails is told there.
        None => return None,
        Some((_, _, decision)) if !decision.items.iter().any(|item| item.obligation == link.request) => {
            return Some("the mail that carries it is about other requests");
        }
        Some(_) => {}
    }
    if secret.is_some_and(|secret| !Token::derive(secret, &link.request, &link.salt).opens(&link.digest)) {
        return Some("it was not made from the secret of links");
    }
    let is_done = chain.state.book.requests.get(&link.request).is_some_and(|record| !record.is_open());
    (is_done && link.state == LinkState::Active).then_some("it opens again, though its request is done")
}
