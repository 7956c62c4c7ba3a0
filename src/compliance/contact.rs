//! People out of supplier profiles: whom a profile names as a contact is a person of the supplier.
//!
//! Job: add people and roles. Never does: take a role away, or change anything else of somebody who is known already. The profile is read
//! elsewhere; this module gets plain values.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::Place;
use crate::compliance::address::{self, folded};
use crate::compliance::change::Change;
use crate::compliance::person::{Affiliation, Language, Person, Role};
use crate::compliance::roster::{Faulty, NO_ID, Roster, fresh_id};

/// One contact of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Id of the supplier.
    pub supplier: String,
    /// Name of the person or office.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// What the profile calls the contact: `security`, `privacy`, `dpo`, `business`, `finance`, `support`, `escalation`, `notices`.
    pub role: String,
    /// Where the contact stands.
    pub place: Place,
}

/// Gives the changes that bring contacts of profiles into the register.
///
/// Contacts with one address are one person with the roles of all, named as in the first. Someone new begins on `start`, in English and in
/// `time_zone`. Notices go to an office by post too and make nobody a person. An address that belongs to somebody of another supplier, or
/// of ours, is left alone with a warning: a role there would be a role for the wrong supplier.
///
/// # Errors
/// Faults are in the report: `bad-form` of an address, `unknown-value` of a role; `other-supplier` is a warning.
///
/// ```
/// use std::{collections::BTreeMap, sync::Arc};
/// use countersign::base::source::{Place, Source};
/// use countersign::compliance::{contact::{Contact, from_contacts}, person::Role};
/// let source = Arc::new(Source { path: "suppliers/northwind.yaml".into(), text: String::new() });
/// let contact = |role: &str, email: &str| Contact {
///     supplier: "northwind".into(),
///     name: "Security desk".into(),
///     email: email.into(),
///     role: role.into(),
///     place: Place::start_of(&source),
/// };
/// let contacts = [contact("security", "desk@northwind.example"), contact("dpo", "desk@northwind.example"), contact("finance", "no address")];
/// let roster = from_contacts(&contacts, &BTreeMap::new(), "Europe/Dublin", "2026-11-21".parse().unwrap(), &mut || "p-1".into());
/// assert_eq!(roster.changes[0].after.roles, [Role::Security, Role::Privacy].into());
/// assert_eq!((roster.changes.len(), roster.report.sorted()[0].code), (1, "bad-form"));
/// ```
pub fn from_contacts(contacts: &[Contact], existing: &BTreeMap<String, Person>, time_zone: &str, start: Date, make_id: &mut dyn FnMut() -> String) -> Roster {
    let known: BTreeMap<String, &Person> = existing.values().filter_map(|p| Some((folded(p.email.as_deref()?), p))).collect();
    let mut report = Report::default();
    let mut faulty = Vec::new();
    // In the order of the first contact of each.
    let mut people: Vec<(Person, &Place)> = Vec::new();
    let mut by_address: BTreeMap<String, usize> = BTreeMap::new();
    for contact in contacts {
        let role = match role(&contact.role) {
            Ok(Some(role)) => role,
            Ok(None) => continue,
            Err(diagnostic) => {
                report.push(diagnostic.at(&contact.place));
                faulty.push(Faulty { place: contact.place.clone(), follows: false });
                continue;
            }
        };
        if let Some(help) = address::fault(&contact.email) {
            report.push(Diagnostic::error("bad-form", "this contact has no e-mail address that can be used").at(&contact.place).help(help));
            faulty.push(Faulty { place: contact.place.clone(), follows: false });
            continue;
        }
        let key = folded(&contact.email);
        let at = *by_address.entry(key.clone()).or_insert_with(|| {
            let person = known.get(&key).map_or_else(|| new(contact, time_zone, start), |known| (*known).clone());
            people.push((person, &contact.place));
            people.len() - 1
        });
        let person = &mut people[at].0;
        if person.supplier() == Some(&contact.supplier) {
            person.roles.insert(role);
        } else {
            let message = match person.supplier() {
                Some(other) => format!("the address of this contact belongs to somebody of the supplier `{other}`"),
                None => "the address of this contact belongs to somebody of our own".to_owned(),
            };
            let help = "nothing is changed; name a contact with an address of its own";
            report.push(Diagnostic::warning("other-supplier", message).at(&contact.place).help(help));
        }
    }
    let mut roster = Roster { report, faulty, ..Roster::default() };
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (mut person, place) in people {
        if person.id.is_empty() {
            let Some(id) = fresh_id(make_id, |id| existing.contains_key(id) || taken.contains(id)) else {
                roster.report.push(Diagnostic::error("duplicate-entry", NO_ID).at(place));
                roster.faulty.push(Faulty { place: place.clone(), follows: false });
                continue;
            };
            taken.insert(id.clone());
            person.id = id;
        }
        match Change::between(existing.get(&person.id), person, place) {
            Some(change) => roster.changes.push(change),
            None => roster.unchanged += 1,
        }
    }
    roster
}

/// The role of a contact; `None` for one that makes nobody a person.
fn role(word: &str) -> Result<Option<Role>, Diagnostic> {
    match word {
        "security" => Ok(Some(Role::Security)),
        "privacy" | "dpo" => Ok(Some(Role::Privacy)),
        "business" | "support" | "finance" => Ok(Some(Role::Business)),
        "escalation" => Ok(Some(Role::Escalation)),
        "notices" => Ok(None),
        other => {
            let help = "allowed: `security`, `privacy`, `dpo`, `business`, `support`, `finance`, `escalation`, `notices`";
            Err(Diagnostic::error("unknown-value", format!("`{other}` is no role of a contact")).help(help))
        }
    }
}

/// Somebody new, still without id.
fn new(contact: &Contact, time_zone: &str, start: Date) -> Person {
    Person {
        id: String::new(),
        name: contact.name.clone(),
        email: Some(contact.email.clone()),
        affiliation: Affiliation::Supplier(contact.supplier.clone()),
        roles: BTreeSet::new(),
        language: Language::En,
        time_zone: time_zone.to_owned(),
        country: None,
        coordinator: None,
        deputy: None,
        start,
        end: None,
        leave: Vec::new(),
        exemptions: Vec::new(),
        ssh_keys: Vec::new(),
    }
}
