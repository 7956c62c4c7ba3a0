//! Parties as they are printed: name, form, number, address, contacts, each on one line.

use crate::contract::entity::{Address, Contact, Entity, Notices};
use crate::contract::place::Places;
use crate::contract::profile::Profile;
use crate::contract::values::clean;
use crate::text::document::Party;

pub(super) fn contact_line(contact: &Contact) -> String {
    let mut parts = vec![contact.name.clone()];
    parts.extend(contact.title.clone());
    parts.push(contact.email.clone());
    parts.extend(contact.telephone.clone());
    parts.join(", ")
}

/// An address on one line, in the order of its country: postcode before the town on the continent, after region or town elsewhere.
pub(super) fn address_line(address: &Address, places: &Places) -> String {
    let code = address.postcode.clone();
    let town = match address.country.as_str() {
        "US" | "CA" | "AU" => {
            let region = [address.region.clone(), code].into_iter().flatten().collect::<Vec<_>>().join(" ");
            [address.city.clone(), region].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
        "GB" | "IE" => [Some(address.city.clone()), address.region.clone(), code].into_iter().flatten().collect::<Vec<_>>().join(", "),
        _ => {
            let town = code.map_or_else(|| address.city.clone(), |code| format!("{code} {}", address.city));
            [Some(town), address.region.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    };
    let mut parts = address.lines.clone();
    parts.extend([town, places.cell(&address.country)]);
    parts.join(", ")
}

pub(super) fn notices_line(notices: &Notices, registered: &Address, places: &Places) -> String {
    let address = address_line(notices.address.as_ref().unwrap_or(registered), places);
    format!("{}, {address}, {}", notices.attention, notices.email)
}

/// `a company limited by shares registered in Ireland under number 1234, of 1 Quay, Dublin`.
pub(super) fn details(entity_type: &str, number: Option<&String>, place: Option<&String>, address: &Address, places: &Places, natural: bool) -> String {
    let mut text = format!("{} {entity_type}", article(entity_type));
    match (place, number) {
        (Some(place), Some(number)) if natural => text.push_str(&format!(", registered in {place}, under number {number}")),
        (Some(place), Some(number)) => text.push_str(&format!(" registered in {place} under number {number}")),
        (None, Some(number)) => text.push_str(&format!(" with registration number {number}")),
        _ => {}
    }
    text.push_str(&format!(", of {}", address_line(address, places)));
    text
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) { "an" } else { "a" }
}

/// Our entity as a cover names it, in a role.
pub fn ours(role: &str, entity: &Entity, places: &Places) -> Party {
    let line = details(&entity.entity_type, Some(&entity.registration_number), Some(&entity.registered_in), &entity.address, places, false);
    Party { role: role.to_owned(), legal_name: clean(&entity.legal_name), details: clean(&line) }
}

/// Both parties of a contract: ours, then the supplier.
pub fn parties(entity: &Entity, profile: &Profile, places: &Places) -> Vec<Party> {
    let identity = &profile.identity;
    let registration = identity.registration_number.as_ref();
    let line = details(&identity.entity_type, registration, identity.registered_in.as_ref(), &identity.address, places, identity.natural_person);
    let theirs = Party { role: "Supplier".to_owned(), legal_name: clean(&identity.legal_name), details: clean(&line) };
    vec![ours("Customer", entity, places), theirs]
}
