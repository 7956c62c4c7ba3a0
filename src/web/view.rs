//! What the templates of the pages see: values, with dates written out and nothing that is markup but the policy text.

use serde_json::{Value, json};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::acknowledgment::{Capacity, Occasion};
use crate::compliance::person::{Affiliation, Language, Person};
use crate::signature::link::LinkRefusal;
use crate::web::form::Form;
use crate::web::site::{Site, Text};
use crate::workflow::answer::{Answered, Closed, Fate, Opened, Other};
use crate::workflow::letter;

/// Faults of a form, by field, in the words that the templates know.
#[derive(Debug, Default, Clone)]
pub(super) struct Faults {
    pub(super) name: Option<&'static str>,
    pub(super) code: Option<&'static str>,
    pub(super) code_left: Option<u32>,
    pub(super) reason: Option<&'static str>,
    pub(super) email: Option<&'static str>,
    pub(super) handover_reason: Option<&'static str>,
}

/// What somebody did on the page before it is shown again.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// What was typed.
    pub(super) form: Form,
    /// What is wrong with it.
    pub(super) faults: Faults,
    /// The part of the page that it was in: `decline`, `handover`.
    pub(super) panel: Option<&'static str>,
}

/// The page of an open link.
pub(super) fn sign(site: &Site, opened: &Opened, text: &Text, action: &str, today: Date, attempt: &Attempt) -> Value {
    let person = &opened.shown.person;
    let (policy, request, consent) = (&opened.shown.policy, &opened.shown.request, &opened.shown.consent);
    let date = |date: Date| letter::language(person.language).date(date);
    let left = request.due.days_since(today);
    let (faults, typed) = (&attempt.faults, &attempt.form);
    let (company, department) = affiliation(person, request.company.as_deref());
    json!({
        "person": { "name": person.name, "company": company, "department": department },
        "policy": {
            "title": policy.title, "version": policy.version.to_string(), "issuer": policy.issuer, "owner": policy.owner, "date": date(policy.date),
            "is_new_version": opened.is_new_version, "reason": policy.reason, "language": policy.language,
            "body": format!("<div class=\"policy-head\">{}</div>\n<div class=\"policy-text\">{}</div>", text.head, text.text),
            "html_sha256": policy.html.as_str(), "pdf_sha256": policy.pdf.as_str(),
            "pdf_href": format!("{action}/policy.pdf"), "pdf_size": size(text.pdf.len(), person.language), "html_href": format!("{action}/policy.html"),
        },
        "request": {
            "due": date(request.due), "is_overdue": left < 0, "days_left": (left >= 0).then_some(left),
            "is_for_company": request.capacity == Capacity::Company, "is_renewal": request.occasion == Occasion::Renewal, "company": request.company,
        },
        "consent": { "paragraphs": consent.text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(), "button": consent.button },
        "nonce": opened.nonce.text(),
        "action": action,
        "asks_code": policy.code,
        "code": (policy.code && opened.has_code).then(|| json!({ "sent_to": masked(&opened.sent_to), "minutes": crate::workflow::answer::CODE_MINUTES })),
        "sent_to": masked(&opened.sent_to),
        "typed": { "name": typed.get("name"), "reason": typed.get("reason"), "email": typed.get("email"), "handover_reason": typed.get("handover_reason") },
        "faults": {
            "name": faults.name, "code": faults.code, "code_left": faults.code_left, "reason": faults.reason, "email": faults.email,
            "handover_reason": faults.handover_reason,
        },
        "panel": attempt.panel,
        "others": opened.others.iter().map(|other| self::other(site, other, person.language)).collect::<Vec<_>>(),
        "retention_years": site.retention_years,
    })
}

/// The page for whoever answered.
pub(super) fn done(site: &Site, answered: &Answered, pass: &str) -> Value {
    let Answered { request, person, policy, fate, signed, sent_to, colleague, others } = answered;
    let receipt = (*fate == Fate::Signed).then(|| format!("{}done/{pass}/receipt.zip", site.base));
    json!({
        "outcome": word(*fate),
        "policy": { "title": policy.title, "version": policy.version.to_string(), "issuer": policy.issuer },
        "person": { "name": person.name },
        "company": request.company.as_ref().filter(|_| request.capacity == Capacity::Company),
        "signed_at": signed.map(|at| moment(at, person)),
        "receipt_href": receipt,
        "receipt_name": receipt.is_some().then(|| receipt_name(&request.request)),
        "sent_to": sent_to.as_deref().map(masked),
        "colleague": colleague,
        "request": request.request,
        "others": others.iter().map(|other| self::other(site, other, person.language)).collect::<Vec<_>>(),
    })
}

/// The page for a link that leads nowhere.
pub(super) fn closed(site: &Site, closed: &Closed, action: &str) -> Value {
    let language = closed.language.unwrap_or(Language::En);
    let date = |date: Date| letter::language(language).date(date);
    let (kind, next) = match closed.why {
        LinkRefusal::Unknown => ("unknown", None),
        LinkRefusal::Expired(_) => ("expired", None),
        LinkRefusal::Rotated => ("rotated", None),
        LinkRefusal::Used => ("used", None),
        LinkRefusal::Locked => ("locked", None),
        LinkRefusal::Nonce => ("page_expired", Some(action.to_owned())),
        LinkRefusal::Superseded => ("superseded", closed.newer.as_ref().map(|token| format!("{}{}", site.base, token.text()))),
    };
    json!({
        "kind": kind,
        "when": closed.fate.map(|(_, day)| day).or(closed.expired).map(date),
        "state": closed.fate.map(|(fate, _)| word(fate)),
        "next_href": next,
    })
}

/// A page that says why not, without anything of a link.
pub(super) fn notice(kind: &str) -> Value {
    json!({ "kind": kind, "when": null, "state": null, "next_href": null })
}

/// File name of a receipt.
pub(super) fn receipt_name(request: &str) -> String {
    format!("receipt-{request}.zip")
}

fn other(site: &Site, other: &Other, language: Language) -> Value {
    json!({
        "title": other.title, "company": other.company, "version": other.version, "due": letter::language(language).date(other.due), "state": word(other.standing),
        "href": other.token.as_ref().map(|token| format!("{}{}", site.base, token.text())),
    })
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Open => "open",
        Fate::Signed => "signed",
        Fate::Declined => "declined",
        Fate::HandedOver => "handed_over",
        Fate::Closed => "closed",
    }
}

fn affiliation<'a>(person: &'a Person, company: Option<&'a str>) -> (Option<&'a str>, Option<&'a str>) {
    match &person.affiliation {
        Affiliation::Supplier(id) => (Some(company.unwrap_or(id)), None),
        Affiliation::Department(name) => (None, Some(name)),
    }
}

/// A moment as the person's clock shows it.
fn moment(at: Instant, person: &Person) -> String {
    let zone = &person.time_zone;
    let (date, clock) = (at.date_in(zone).unwrap_or_else(|| at.date()), at.clock_in(zone).unwrap_or_default());
    format!("{}, {clock} ({zone})", letter::language(person.language).date(date))
}

/// An address of which its owner sees that it is theirs, and nobody else learns it: first and last letter, and the host.
fn masked(address: &str) -> String {
    let Some((local, host)) = address.rsplit_once('@') else { return "\u{2026}".to_owned() };
    let first: String = local.chars().take(1).collect();
    let last: String = if local.chars().count() > 2 { local.chars().last().into_iter().collect() } else { String::new() };
    format!("{first}\u{2026}{last}@{host}")
}

/// A size as people say it.
fn size(bytes: usize, language: Language) -> String {
    if bytes < 1_000_000 {
        return format!("{} kB", bytes.div_ceil(1000));
    }
    let tenths = bytes.div_ceil(100_000);
    let point = if language == Language::De { ',' } else { '.' };
    format!("{}{point}{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{masked, size};
    use crate::compliance::person::Language;

    #[test]
    fn address_is_known_to_its_owner_only() {
        for (address, shown) in [("anna.roth@x.example", "a\u{2026}h@x.example"), ("ab@x.example", "a\u{2026}@x.example"), ("none", "\u{2026}")] {
            assert_eq!(masked(address), shown);
        }
    }

    #[test]
    fn size_is_rounded_up() {
        assert_eq!([size(1, Language::En), size(211_001, Language::En), size(1_210_000, Language::De)], ["1 kB", "212 kB", "1,3 MB"]);
    }
}
