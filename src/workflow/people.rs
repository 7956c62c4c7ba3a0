//! `people`: import, sync from profiles, leave, exemptions, last days.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::source::Source;
use crate::compliance::change::Change;
use crate::compliance::contact::{Contact, from_contacts};
use crate::compliance::person::{Exemption, Leave, Person};
use crate::compliance::roster::{self, Defaults, Roster};
use crate::contract::entity::Authority;
use crate::contract::profile::ContactRole;
use crate::pack::compile::Compiler;
use crate::project::folder;
use crate::record::Event;
use crate::record::event::PersonChange;
use crate::workflow::acknowledge;
use crate::workflow::outbox::Office;
use crate::workflow::register::{Draft, Register, RegisterError};

/// Who holds each role of authority.
type Authorities = BTreeMap<String, Vec<Authority>>;

/// How an import goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Nothing is recorded.
    pub dry_run: bool,
    /// The sound rows are taken although others are faulty.
    pub partial: bool,
}

/// Imports people from files: every change is an entry, and all of them are one transaction.
///
/// With faulty rows nothing is recorded, unless the sound ones were asked for; the result says which rows those are, and whether anything was recorded.
///
/// # Errors
/// [`RegisterError`]; faults of the files are in the result.
pub fn import(register: &mut Register, compiler: &Compiler, files: &[PathBuf], time_zone: &str, options: Options) -> Result<(Roster, bool), RegisterError> {
    let mut sources = Vec::new();
    for path in files {
        sources.push(source(path)?);
    }
    let suppliers: Vec<&str> = compiler.suppliers();
    register.change(|before, draft| {
        let edge = before.edge;
        let defaults = Defaults { time_zone, mailbox_optional: true };
        let roster = roster::read(&sources, &before.state.book.people, &suppliers, &defaults, &mut || edge.id('p'));
        let recorded = !options.dry_run && (options.partial || !roster.report.has_errors());
        if recorded {
            record(draft, &roster.changes, "import");
        }
        Ok((roster, recorded))
    })
}

/// Reads a file that people wrote or exported, as UTF-8 text.
pub(super) fn source(path: &Path) -> Result<Arc<Source>, RegisterError> {
    let bytes = folder::file(path)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        RegisterError::refused(format!("`{}` is not UTF-8 text, at byte {}", path.display(), error.utf8_error().valid_up_to()), "save it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    Ok(Arc::new(Source { path: path.display().to_string(), text }))
}

fn record(draft: &mut Draft, changes: &[Change], source: &str) {
    for change in changes {
        draft.record(Event::Person(Box::new(PersonChange { person: change.after.clone(), source: source.to_owned(), reason: None })));
    }
}

/// Adds the contacts of all profiles that have an address; what an import said of a person stays.
///
/// # Errors
/// [`RegisterError`]; profiles that do not read are in the report.
pub fn sync(register: &mut Register, compiler: &Compiler, time_zone: &str, dry_run: bool, report: &mut Report) -> Result<(Roster, bool), RegisterError> {
    let today = register.edge().now().date();
    let mut contacts = Vec::new();
    for id in compiler.suppliers() {
        if let Some(supplier) = compiler.supplier(id, today, report) {
            let (profile, node) = (&supplier.profile.value, &supplier.profile.node);
            let of = |name: &str, email: &str, role: &str, path: String| Contact {
                supplier: id.to_owned(),
                name: name.to_owned(),
                email: email.to_owned(),
                role: role.to_owned(),
                place: node.place_of(&path),
            };
            contacts.extend(profile.contacts.iter().enumerate().map(|(at, c)| of(&c.name, &c.email, word(c.role), format!("contacts[{at}]"))));
            contacts.extend(profile.escalation.iter().enumerate().map(|(at, step)| of(&step.name, &step.email, "escalation", format!("escalation[{at}]"))));
        }
    }
    register.change(|before, draft| {
        let edge = before.edge;
        let roster = from_contacts(&contacts, &before.state.book.people, time_zone, before.now.date(), &mut || edge.id('p'));
        let recorded = !dry_run && !roster.report.has_errors();
        if recorded {
            record(draft, &roster.changes, "sync");
        }
        Ok((roster, recorded))
    })
}

fn word(role: ContactRole) -> &'static str {
    match role {
        ContactRole::Security => "security",
        ContactRole::Privacy => "privacy",
        ContactRole::Business => "business",
        ContactRole::Dpo => "dpo",
        ContactRole::Finance => "finance",
        ContactRole::Support => "support",
    }
}

/// Records a person as changed.
fn change(draft: &mut Draft, person: Person, source: &str, reason: &str) {
    draft.record(Event::Person(Box::new(PersonChange { person, source: source.to_owned(), reason: Some(reason.to_owned()) })));
}

fn in_order(from: Date, until: Date) -> Result<(), RegisterError> {
    if from <= until { Ok(()) } else { Err(RegisterError::refused(format!("{until} is before {from}"), "the last day comes after the first, or is the same")) }
}

/// Records an absence: reminders pause.
///
/// # Errors
/// [`RegisterError::Refused`] for an unknown person or days out of order.
pub fn leave(register: &mut Register, person: &str, leave: Leave) -> Result<Person, RegisterError> {
    in_order(leave.from, leave.until)?;
    register.change(|before, draft| {
        let mut person = acknowledge::person(&before.state.book, person)?.clone();
        let reason = leave.reason.clone();
        person.leave.push(leave);
        person.leave.sort_by_key(|l| (l.from, l.until));
        change(draft, person.clone(), "leave", &reason);
        Ok(person)
    })
}

/// Records an exemption, which must name a policy that is published, or none for all.
///
/// # Errors
/// [`RegisterError::Refused`] for an unknown person or policy, days out of order, or an approver who is nobody's authority.
pub fn exempt(register: &mut Register, authorities: &Authorities, person: &str, exemption: Exemption) -> Result<Person, RegisterError> {
    in_order(exemption.from, exemption.until)?;
    if !authorities.values().flatten().any(|a| a.email.eq_ignore_ascii_case(&exemption.approver)) {
        return Err(RegisterError::refused(
            format!("`{}` holds no role of authority", exemption.approver),
            "an approver is listed under `authorities` in `countersign.yaml`, by e-mail address",
        ));
    }
    register.change(|before, draft| {
        let book = &before.state.book;
        let mut person = acknowledge::person(book, person)?.clone();
        if person.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(&exemption.approver)) {
            return Err(RegisterError::refused("nobody approves their own exemption", "ask another authority"));
        }
        if let Some(policy) = exemption.policy.as_ref().filter(|p| !book.policies.contains_key(*p)) {
            return Err(RegisterError::refused(format!("there is no published policy `{policy}`"), "see `countersign policy list`"));
        }
        if let Some(course) = exemption.course.as_ref().filter(|c| !book.training.courses.contains_key(*c)) {
            return Err(RegisterError::refused(format!("there is no course `{course}` in the register"), "see `countersign training list`"));
        }
        let reason = exemption.reason.clone();
        person.exemptions.push(exemption);
        person.exemptions.sort_by_key(|e| (e.from, e.until));
        change(draft, person.clone(), "exempt", &reason);
        Ok(person)
    })
}

/// What happens to the open requests of somebody who leaves.
#[derive(Debug, Clone)]
pub enum Handover {
    /// Another person gets them.
    To(String),
    /// They are closed.
    Close,
}

/// Records the last day of a person; open requests are handed over or closed with the reason, never deleted.
///
/// # Errors
/// [`RegisterError::Refused`] for an unknown person, a day before the first, or when the other cannot take the requests.
pub fn end(
    register: &mut Register,
    office: Option<&Office>,
    text: &str,
    on: Date,
    handover: &Handover,
    reason: &str,
) -> Result<(Person, usize), RegisterError> {
    let book = &register.state().book;
    let person = acknowledge::person(book, text)?.clone();
    if on < person.start {
        return Err(RegisterError::refused(format!("`{}` began on {}", person.id, person.start), "the last day comes after the first, or is the same"));
    }
    let open: Vec<String> = book.requests_of(&person.id).filter(|r| r.is_open()).map(|r| r.request.request.clone()).collect();
    // Handed over first: where the other cannot take one, the last day is not recorded, and the command can be run again.
    if let Handover::To(to) = handover {
        for request in &open {
            acknowledge::delegate(register, office, request, to, reason)?;
        }
    }
    register.change(|before, draft| {
        let book = &before.state.book;
        let mut person = acknowledge::person(book, &person.id)?.clone();
        for record in book.requests_of(&person.id).filter(|r| r.is_open()) {
            acknowledge::close(draft, &record.request, reason, None);
        }
        person.end = Some(on);
        change(draft, person.clone(), "end", reason);
        Ok((person, open.len()))
    })
}

/// A person as listed.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// Open requests.
    pub open: usize,
}

/// People, in order of name; with a supplier only those of it.
pub fn list(register: &Register, supplier: Option<&str>) -> Vec<Listed> {
    let book = &register.state().book;
    let wanted = book.people.values().filter(|p| supplier.is_none_or(|s| p.supplier() == Some(s)));
    let mut listed: Vec<Listed> =
        wanted.map(|person| Listed { person: person.clone(), open: book.requests_of(&person.id).filter(|r| r.is_open()).count() }).collect();
    listed.sort_by(|a, b| (&a.person.name, &a.person.id).cmp(&(&b.person.name, &b.person.id)));
    listed
}
