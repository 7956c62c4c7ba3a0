//! What may be done with a pack, by whom, and in which state: every rule of the way from submission to end.
//!
//! The rules take values and say no with a reason and a help; whoever records asks them first, under the lock of the register.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::date::Date;
use crate::base::suggest;
use crate::contract::entity::{Authority, Signing as SigningDuty, SigningRule};
use crate::contract::lifecycle::{Contracts, Origin, PackRecord, PackState};
use crate::contract::milestone::{PackDocument, Side, Signature, Submission};

/// Who holds each role, as `countersign.yaml` says today.
pub type Authorities = BTreeMap<String, Vec<Authority>>;

/// A rule says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Why.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    /// Makes a refusal.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Contracts {
    /// The pack with an id, or with the only id that begins so.
    ///
    /// # Errors
    /// No pack, or several, whose id begins so.
    pub fn find(&self, text: &str) -> Result<&PackRecord, Refusal> {
        if let Some(pack) = self.packs.get(text) {
            return Ok(pack);
        }
        let found: Vec<&PackRecord> = self.packs.range(text.to_owned()..).take_while(|(id, _)| id.starts_with(text)).map(|(_, pack)| pack).collect();
        match found.as_slice() {
            [only] if !text.is_empty() => Ok(only),
            [] => Err(Refusal::new(format!("the register has no pack `{text}`"), "`countersign pack list` prints them; `countersign pack submit` adds one")),
            many => {
                let ids: Vec<&str> = many.iter().map(|pack| pack.id()).collect();
                Err(Refusal::new(format!("`{text}` could be {} packs: {}", many.len(), ids.join(", ")), "write more digits"))
            }
        }
    }

    /// Whether a pack may be submitted: once, and again only after it was rejected, when the approvals start over.
    ///
    /// # Errors
    /// A pack with this id is in the register.
    pub fn may_submit(&self, submission: &Submission) -> Result<(), Refusal> {
        let id = &submission.pack;
        match self.packs.get(id) {
            None => Ok(()),
            Some(pack) if pack.state() == PackState::Rejected => Ok(()),
            Some(pack) => match &pack.origin {
                Origin::Submitted(there) if there.what.manifest == submission.manifest => {
                    Err(Refusal::new(format!("the pack {id} was submitted already, on {}", there.at.date()), format!("see `countersign pack show {id}`")))
                }
                Origin::Submitted(there) => {
                    let message = format!("the pack {id} was submitted with the date {}, this folder has {}", there.what.date, submission.date);
                    Err(Refusal::new(message, "use the folder that was submitted; a pack keeps the date of its first generation"))
                }
                Origin::Adopted(_) => Err(Refusal::new(format!("an adopted contract has the id {id}"), format!("see `countersign pack show {id}`"))),
            },
        }
    }

    /// Whether one pack may take the place of another: both of one supplier, the old one standing, and what both sides signed only
    /// replaced by what both sides signed.
    ///
    /// # Errors
    /// A pack that is no longer standing, another supplier, the pack itself, or a replacement that is not signed yet.
    pub fn may_supersede(&self, old: &PackRecord, new: &PackRecord) -> Result<(), Refusal> {
        let in_force = |pack: &PackRecord| matches!(pack.state(), PackState::Executed | PackState::Adopted);
        let gone = |pack: &PackRecord| matches!(pack.state(), PackState::Superseded | PackState::Terminated | PackState::Rejected);
        if old.id() == new.id() {
            Err(Refusal::new(format!("the pack {} cannot supersede itself", old.id()), "name the pack that stands in its place after `--with`"))
        } else if old.supplier() != new.supplier() {
            let message = format!("the pack {} is of `{}`, {} of `{}`", old.id(), old.supplier(), new.id(), new.supplier());
            Err(Refusal::new(message, "a pack is superseded by one of the same supplier"))
        } else if let Some(pack) = [old, new].into_iter().find(|pack| gone(pack)) {
            Err(Refusal::new(stands(pack), "only a standing pack is superseded, and only by a standing one"))
        } else if in_force(old) && !in_force(new) {
            let message = format!("the pack {} is {}, and {} is only {}", old.id(), old.state().word(), new.id(), new.state().word());
            Err(Refusal::new(message, "what both sides signed stands until both have signed the new one"))
        } else {
            Ok(())
        }
    }
}

/// The person who acts in a role.
///
/// # Errors
/// Nobody holds the role, or the person does not.
pub fn holder<'a>(authorities: &'a Authorities, role: &str, email: &str) -> Result<&'a Authority, Refusal> {
    let Some(people) = authorities.get(role) else {
        let help = suggest::help(role, authorities.keys().map(String::as_str));
        return Err(Refusal::new(format!("there is no role `{role}` under `authorities` in `countersign.yaml`"), help));
    };
    people.iter().find(|person| same(&person.email, email)).ok_or_else(|| {
        let help = format!("say who acts with `--by EMAIL`: an address listed under `authorities.{role}` in `countersign.yaml`");
        Refusal::new(format!("`{email}` does not hold the role `{role}`"), help)
    })
}

impl PackRecord {
    /// Whether a person may approve the pack in a role.
    ///
    /// Four eyes: nobody approves what they made. The author may have been recorded by name or by address, so whoever shares either with
    /// a person of the authorities that the author could be is taken for the author, without regard to case.
    ///
    /// One person, one role: whoever approved in one role approves in another only where nobody else could. Somebody else could who is
    /// listed under that role, is not the author and has not approved this pack in a role of their own.
    ///
    /// A role approves once; again only when whoever approved no longer holds it.
    ///
    /// # Errors
    /// The pack does not wait for approval, the role is not asked or has approved, the person is the author, or has another role.
    pub fn may_approve(&self, role: &str, approver: &Authority, authorities: &Authorities) -> Result<(), Refusal> {
        let id = self.id();
        let submission = self.wait_for_a_word(role)?;
        if let Some(before) = self.approvals.get(role).filter(|before| holder(authorities, role, &before.what.approver.email).is_ok()) {
            let message = format!("the pack {id} was approved as `{role}` already, by {} on {}", before.what.approver.name, before.at.date());
            return Err(Refusal::new(message, format!("see `countersign pack show {id}`")));
        }
        if is_author(&submission.author, approver, authorities) {
            let message = format!("`{}` made the pack {id}, and nobody approves their own", approver.email);
            return Err(Refusal::new(message, format!("another person listed under `authorities.{role}` approves")));
        }
        let elsewhere = |person: &Authority| self.approvals.values().find(|a| a.what.role != role && same(&a.what.approver.email, &person.email));
        if let Some(other) = elsewhere(approver) {
            let free = |person: &&Authority| elsewhere(person).is_none() && !is_author(&submission.author, person, authorities);
            if authorities.get(role).into_iter().flatten().any(|person| free(&person)) {
                let message = format!("`{}` approved the pack {id} as `{}` already, and others hold the role `{role}`", approver.email, other.what.role);
                return Err(Refusal::new(message, format!("another person listed under `authorities.{role}` approves")));
            }
        }
        Ok(())
    }

    /// Whether the pack may be rejected in a role; the author may, too.
    ///
    /// # Errors
    /// The pack does not wait for approval, or the role is not asked.
    pub fn may_reject(&self, role: &str) -> Result<(), Refusal> {
        self.wait_for_a_word(role).map(drop)
    }

    /// The submission, while those who approve have the word and this role is among them.
    fn wait_for_a_word(&self, role: &str) -> Result<&Submission, Refusal> {
        let Some(submission) = self.submission().filter(|_| matches!(self.state(), PackState::Submitted | PackState::Approved)) else {
            return Err(Refusal::new(stands(self), "approvals are given between submission and issue"));
        };
        if submission.roles.iter().any(|r| r == role) {
            Ok(submission)
        } else {
            let message = format!("the pack {} needs no approval as `{role}`", self.id());
            Err(Refusal::new(message, format!("it needs {}", submission.roles.join(", "))))
        }
    }

    /// Whether the pack may go to the supplier; it may go again, to somebody else, until it is executed.
    ///
    /// Open holds are not known here: the caller assesses the supplier.
    ///
    /// # Errors
    /// An approval is missing, somebody said no, or an approver no longer holds the role.
    pub fn may_issue(&self, authorities: &Authorities) -> Result<&Submission, Refusal> {
        let id = self.id();
        let Some(submission) = self.submission() else {
            return Err(Refusal::new(stands(self), "it was signed elsewhere; there is nothing to send"));
        };
        match self.state() {
            PackState::Approved | PackState::Issued | PackState::HalfSigned => {}
            PackState::Submitted => {
                let missing = self.missing_roles();
                let next = missing.first().copied().unwrap_or("ROLE");
                let message = format!("the pack {id} lacks the approval of {}", missing.join(", "));
                return Err(Refusal::new(message, format!("`countersign pack approve {id} --as {next} --by EMAIL`")));
            }
            _ => return Err(Refusal::new(stands(self), "only an approved pack goes to the supplier")),
        }
        for (role, approval) in &self.approvals {
            if holder(authorities, role, &approval.what.approver.email).is_err() {
                let message = format!("{} approved the pack {id} as `{role}`, and no longer holds that role", approval.what.approver.name);
                return Err(Refusal::new(message, format!("somebody who holds it approves: `countersign pack approve {id} --as {role} --by EMAIL`")));
            }
        }
        Ok(submission)
    }

    /// The document with a file name, or the only one of a kind.
    ///
    /// # Errors
    /// There is none.
    pub fn document(&self, name: &str) -> Result<&PackDocument, Refusal> {
        let documents = self.documents();
        documents.iter().find(|d| d.file == name || d.kind.as_deref() == Some(name)).ok_or_else(|| {
            let message = format!("the pack {} has no document `{name}`", self.id());
            Refusal::new(message, suggest::help(name, documents.iter().map(|d| d.file.as_str())))
        })
    }

    /// Whether signatures on a document may be recorded.
    ///
    /// Ours must be signatories of the entity, as many as its rule wants, together with those recorded before; a witness is not recorded.
    /// A day may be one before the issue or one after today, because the supplier may be in another time zone.
    ///
    /// # Errors
    /// The pack is not with the supplier, the document is executed, a signatory of ours may not sign or too few do, a day cannot be.
    pub fn may_sign(&self, document: &PackDocument, signatures: &[Signature], duty: &SigningDuty, today: Date) -> Result<(), Refusal> {
        let id = self.id();
        let issued = match (self.state(), self.issues.first()) {
            (PackState::Issued | PackState::HalfSigned, Some(issue)) => issue.at.date(),
            (PackState::Submitted | PackState::Approved, _) => {
                return Err(Refusal::new(stands(self), format!("record first to whom it goes: `countersign pack issue {id} --to 'NAME <EMAIL>'`")));
            }
            _ => return Err(Refusal::new(stands(self), "signatures are recorded between issue and execution")),
        };
        if self.document_state(&document.file) == PackState::Executed {
            return Err(Refusal::new(format!("`{}` is executed", document.file), format!("see `countersign pack show {id}`")));
        }
        if let Some(wrong) = signatures.iter().find(|s| s.date < issued.plus_days(-1) || today.plus_days(1) < s.date) {
            let message = format!("{} cannot have signed on {}", wrong.name, wrong.date);
            return Err(Refusal::new(message, format!("allowed: from {issued}, when the pack was issued, to {today}")));
        }
        let ours = |s: &&Signature| s.party == Side::Ours;
        let names: Vec<&str> = duty.signatories.iter().map(|s| s.name.as_str()).collect();
        if let Some(stranger) = signatures.iter().filter(ours).find(|s| !names.iter().any(|name| same(name, &s.name))) {
            let message = format!("`{}` is no signatory of `{}`", stranger.name, self.entity());
            return Err(Refusal::new(message, suggest::help(&stranger.name, names)));
        }
        let wanted = match duty.rule {
            SigningRule::Sole | SigningRule::WithWitness => 1,
            SigningRule::TwoJointly => 2,
        };
        let there: BTreeSet<String> = self.signatures(&document.file).chain(signatures).filter(ours).map(|s| plain(&s.name)).collect();
        if signatures.iter().any(|s| s.party == Side::Ours) && there.len() < wanted {
            let message = format!("{wanted} signatories of `{}` sign jointly, and {} did", self.entity(), there.len());
            return Err(Refusal::new(message, "record it when all have signed, with one `--signed-by` for each"));
        }
        Ok(())
    }

    /// Whether the contract may be ended.
    ///
    /// # Errors
    /// It is not in force, or ends before the notice.
    pub fn may_terminate(&self, notice: Date, end: Date) -> Result<(), Refusal> {
        if !matches!(self.state(), PackState::Executed | PackState::Adopted) {
            return Err(Refusal::new(stands(self), "only a contract that both sides signed is terminated; another pack can supersede this one"));
        }
        if end < notice {
            return Err(Refusal::new(format!("the end, {end}, is before the notice, {notice}"), "write the last day of the contract after `--end`"));
        }
        Ok(())
    }
}

/// How a pack stands, as the reason of a refusal.
fn stands(pack: &PackRecord) -> String {
    let id = pack.id();
    match (pack.state(), pack.rejections.last()) {
        (PackState::Rejected, Some(no)) => format!("the pack {id} was rejected as `{}` on {}: {}", no.what.role, no.at.date(), no.what.reason),
        (state, _) => format!("the pack {id} is {}", state.word()),
    }
}

/// Whether a person is the author of a pack, who is known by address or by name.
fn is_author(author: &str, person: &Authority, authorities: &Authorities) -> bool {
    // `Name <address>` names a person twice.
    let mut known: BTreeSet<String> = author.split(['<', '>']).map(plain).filter(|part| !part.is_empty()).collect();
    let could_be: Vec<&Authority> = authorities.values().flatten().filter(|p| known.contains(&plain(&p.name)) || known.contains(&plain(&p.email))).collect();
    known.extend(could_be.iter().flat_map(|p| [plain(&p.name), plain(&p.email)]));
    known.contains(&plain(&person.name)) || known.contains(&plain(&person.email))
}

/// A name or address without regard to case and spacing.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn same(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}
