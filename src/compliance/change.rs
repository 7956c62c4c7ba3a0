//! What an import changes of one person, in words that can be shown before anything is recorded.

use crate::base::source::Place;
use crate::compliance::person::{Exemption, Leave, Person};

/// A person before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The person as the register has them; `None` for a new one.
    pub before: Option<Person>,
    /// The person as they will be.
    pub after: Person,
    /// Where the change is written.
    pub place: Place,
    /// The fields that differ, in the order of the format.
    pub fields: Vec<Field>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Key in people files.
    pub key: &'static str,
    /// What the register has; `None` for nothing.
    pub old: Option<String>,
    /// What it will have; `None` for nothing.
    pub new: Option<String>,
}

impl Change {
    /// Compares a person with what the register has; `None` when nothing differs.
    pub(crate) fn between(before: Option<&Person>, after: Person, place: &Place) -> Option<Self> {
        let old = before.map(texts);
        let fields: Vec<Field> = texts(&after)
            .into_iter()
            .enumerate()
            .map(|(at, (key, new))| Field { key, old: old.as_ref().and_then(|old| old[at].1.clone()), new })
            .filter(|field| field.old != field.new)
            .collect();
        let differs = before != Some(&after);
        differs.then(|| Self { before: before.cloned(), after, place: place.clone(), fields })
    }
}

/// Every field of a person as text, always the same ones in the same order.
fn texts(person: &Person) -> [(&'static str, Option<String>); 16] {
    let some = |text: &str| Some(text.to_owned());
    let supplier = person.supplier();
    let department = if supplier.is_none() { some(person.belongs_to()) } else { None };
    [
        ("id", some(&person.id)),
        ("name", some(&person.name)),
        ("email", person.email.clone()),
        ("supplier", supplier.map(str::to_owned)),
        ("department", department),
        ("roles", listed(person.roles.iter().map(|role| role.word().to_owned()))),
        ("language", some(person.language.tag())),
        ("time_zone", some(&person.time_zone)),
        ("country", person.country.clone()),
        ("coordinator", person.coordinator.clone()),
        ("deputy", person.deputy.clone()),
        ("start", Some(person.start.to_string())),
        ("end", person.end.map(|end| end.to_string())),
        ("leave", listed(person.leave.iter().map(leave))),
        ("exemptions", listed(person.exemptions.iter().map(exemption))),
        ("ssh_keys", listed(person.ssh_keys.iter().cloned())),
    ]
}

fn listed(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join("; "))
}

fn leave(leave: &Leave) -> String {
    format!("{} to {} ({})", leave.from, leave.until, leave.reason)
}

fn exemption(exemption: &Exemption) -> String {
    let what: Vec<&str> = exemption.policy.iter().chain(&exemption.course).map(String::as_str).collect();
    let what = if what.is_empty() { "everything".to_owned() } else { what.join(" and ") };
    format!("{what}, {} to {} ({}, approved by {})", exemption.from, exemption.until, exemption.reason, exemption.approver)
}
