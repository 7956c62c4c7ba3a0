//! Letters: what a mail says, from what was recorded, so that composing it again gives the same bytes.

use crate::base::instant::Instant;
use crate::compliance::acknowledgment::Capacity;
use crate::compliance::book::{Item, Letter as Kind, MailDecision, Outcome};
use crate::compliance::person::{Affiliation, Language, Person};
use crate::outbox::letter::{self, Attachment, Contact, Item as LetterItem, Letter, Link, ReportTitle, Template};
use crate::project::register as files;
use crate::record::{State, agenda};
use crate::rule::ladder::Stage;
use crate::rule::obligation::ObligationKind;
use crate::signature::link::{Code, Token};
use crate::store::{LinkState, StoredLink, StoredMail};
use crate::workflow::outbox::{Attach, Office};
use crate::workflow::register::{Register, RegisterError};

/// The letter of a mail.
pub(super) fn letter(
    register: &mut Register,
    office: &Office,
    mail: &StoredMail,
    decision: &MailDecision,
    links: &[StoredLink],
    attach: Attach<'_>,
) -> Result<Letter, RegisterError> {
    let state = register.state();
    let person: Person = super::acknowledge::person(&state.book, &decision.person)?.clone();
    let writer = Writer { state, office, person: &person, decision, links, decided: mail.decided };
    let mut items = Vec::new();
    for (at, item) in decision.items.iter().enumerate() {
        // Somebody who is told at two levels reads of it once.
        if !decision.items[at + 1..].iter().any(|later| later.obligation == item.obligation) {
            items.extend(writer.item(item)?);
        }
    }
    let template = writer.template(&items);
    let affiliation = writer.affiliation();
    let known = matches!(template, Template::Request | Template::Digest(letter::Stage::Request)).then(|| writer.known()).flatten();
    let report = decision.report.as_ref().map(|_| ReportTitle { title: report_title(decision), as_of: decision.day });
    let attachment = match (decision.letter, &decision.report, decision.items.first()) {
        (Kind::Receipt, _, Some(item)) => {
            let bytes = attach(register, &item.obligation)?;
            Some(Attachment { name: format!("receipt-{}.zip", item.obligation), media_type: "application/zip".to_owned(), bytes })
        }
        (Kind::Report, Some(digest), _) => {
            let bytes = register.file(digest)?;
            Some(Attachment { name: format!("{}-{}.pdf", report_kind(decision), decision.day), media_type: "application/pdf".to_owned(), bytes })
        }
        _ => None,
    };
    let code = if decision.letter == Kind::Code { Some(code(register, office, decision)?) } else { None };
    Ok(Letter {
        key: mail.key.clone(),
        date: mail.decided,
        language: language(person.language),
        template,
        to_name: person.name.clone(),
        to_address: person.email.clone().unwrap_or_default(),
        affiliation: Some(affiliation),
        link: None,
        items,
        attachment,
        known,
        report,
        code,
    })
}

/// The code that a mail carries, and the minutes for which it is good.
fn code(register: &mut Register, office: &Office, decision: &MailDecision) -> Result<(Code, u16), RegisterError> {
    let gone = || RegisterError::refused("a newer code was asked for", "nothing is to be done");
    let stored = register.view()?.code_of_mail(&decision.key)?.ok_or_else(gone)?;
    let book = &register.state().book;
    let request = decision.items.first().and_then(|item| book.requests.get(&item.obligation)).ok_or_else(gone)?;
    let policy = book.version(&request.request.policy, request.request.version).ok_or_else(gone)?;
    Ok((Code::derive(&office.secret, &stored.link, &policy.html, &stored.salt), super::answer::CODE_MINUTES))
}

/// The kind of report that a mail carries, out of its key `report:board:…`.
fn report_kind(decision: &MailDecision) -> &str {
    decision.key.split(':').nth(1).unwrap_or("report")
}

fn report_title(decision: &MailDecision) -> String {
    match report_kind(decision) {
        "compliance" => "Compliance report",
        "supplier" => "Supplier report",
        _ => "Board report",
    }
    .to_owned()
}

struct Writer<'a> {
    state: &'a State,
    office: &'a Office,
    person: &'a Person,
    decision: &'a MailDecision,
    links: &'a [StoredLink],
    decided: Instant,
}

impl Writer<'_> {
    /// One item; none for what is not owed any more, or is in a newer mail.
    fn item(&self, item: &Item) -> Result<Option<LetterItem>, RegisterError> {
        let book = &self.state.book;
        let stage = stage(item.stage);
        let base = LetterItem {
            kind: ObligationKind::Acknowledgment.word(),
            title: String::new(),
            version: String::new(),
            stage,
            who: None,
            level: item.level.map(|level| level.word()),
            lessons: Vec::new(),
            due: Some(item.due),
            signed: None,
            link: None,
            consequence: None,
        };
        let who = |person: Option<&String>| person.filter(|id| **id != self.person.id).and_then(|id| book.people.get(id)).map(|p| p.name.clone());
        if let Some(record) = book.requests.get(&item.obligation) {
            let request = &record.request;
            if self.decision.letter != Kind::Receipt && !record.is_open() {
                return Ok(None);
            }
            let mut title = book.version(&request.policy, request.version).map_or_else(|| request.policy.clone(), |v| v.title.clone());
            // A signatory may be asked twice for one policy: the line for the company says so in any language.
            if let (Capacity::Company, Some(company)) = (request.capacity, &request.company) {
                title = format!("{title} \u{2013} {company}");
            }
            let signed = match &record.outcome {
                Outcome::Signed { acknowledgment, .. } => Some(book.day_of(self.person, acknowledgment.signed)),
                _ => None,
            };
            let link = match self.links.iter().find(|l| l.request == item.obligation) {
                // A newer mail carries the link of this one.
                Some(kept) if kept.state != LinkState::Active => return Ok(None),
                Some(kept) => Some(link(self.office, kept)?),
                None => None,
            };
            return Ok(Some(LetterItem { title, version: request.version.to_string(), signed, link, who: who(Some(&request.person)), ..base }));
        }
        let Some(obligation) = agenda::find(self.state, &item.obligation, self.decided).filter(|o| o.due == item.due) else { return Ok(None) };
        let course = obligation.id.strip_prefix("training/").and_then(|rest| book.training.courses.get(rest.split('/').next()?));
        let material = course.and_then(|record| record.course.material.as_deref()).and_then(|address| Link::new(address).ok());
        let completed = obligation
            .person
            .as_ref()
            .zip(course)
            .and_then(|(person, record)| book.training.enrolments.get(person)?.get(&record.course.course)?.completions.iter().map(|c| c.day).max());
        // What was learned since the person was last there.
        let lessons = course.iter().flat_map(|record| &record.lessons).filter(|lesson| completed.is_none_or(|day| lesson.day >= day));
        Ok(Some(LetterItem {
            kind: obligation.kind.word(),
            title: course.map_or_else(|| obligation.what.clone(), |record| record.course.title(self.person.language).to_owned()),
            version: course.map(|record| record.course.edition.to_string()).unwrap_or_default(),
            who: who(obligation.person.as_ref()),
            lessons: lessons.map(|lesson| lesson.lesson.clone()).collect(),
            link: material,
            ..base
        }))
    }

    fn template(&self, items: &[LetterItem]) -> Template {
        let furthest = self.decision.items.iter().map(|i| i.stage).max().map_or(letter::Stage::Ahead, stage);
        let is_about_policies = items.iter().all(|item| item.kind == ObligationKind::Acknowledgment.word());
        match self.decision.letter {
            Kind::Receipt => Template::Receipt,
            Kind::Report => Template::Report,
            Kind::Code => Template::Code,
            Kind::Team => Template::Team,
            Kind::Request if is_about_policies => Template::Request,
            Kind::Request => Template::Digest(letter::Stage::Request),
            Kind::Reminder if is_about_policies => Template::Reminder(furthest.max(letter::Stage::Ahead)),
            Kind::Reminder => Template::Digest(furthest.max(letter::Stage::Ahead)),
        }
    }

    fn affiliation(&self) -> letter::Affiliation {
        let book = &self.state.book;
        let of_request = |item: &Item| book.requests.get(&item.obligation)?.request.company.clone();
        match &self.person.affiliation {
            Affiliation::Department(text) => letter::Affiliation::Department(text.clone()),
            Affiliation::Supplier(id) => {
                let company = self.decision.items.iter().find_map(of_request);
                let recorded = || self.state.contracts.assessment(id).map(|a| a.name.clone());
                letter::Affiliation::Supplier(company.or_else(recorded).unwrap_or_else(|| id.clone()))
            }
        }
    }

    /// Whoever looks after the person's company on our side.
    fn known(&self) -> Option<Contact> {
        let owner = self.state.contracts.assessment(self.person.supplier()?)?.owner.as_ref()?;
        Some(Contact { name: owner.name.clone(), email: owner.email.clone(), telephone: None })
    }
}

fn stage(stage: Stage) -> letter::Stage {
    match stage {
        Stage::Request => letter::Stage::Request,
        Stage::Ahead(_) => letter::Stage::Ahead,
        Stage::Due => letter::Stage::Due,
        Stage::Overdue(_) => letter::Stage::Overdue,
    }
}

/// The language of mails and dates for a person.
pub(crate) fn language(language: Language) -> crate::outbox::Language {
    match language {
        Language::En => crate::outbox::Language::En,
        Language::De => crate::outbox::Language::De,
    }
}

/// The token of a link, made again; it must be the one whose digest is kept.
pub(super) fn token(office: &Office, kept: &StoredLink) -> Result<Token, RegisterError> {
    let token = Token::derive(&office.secret, &kept.request, &kept.salt);
    let stranger = || RegisterError::integrity(files::LINK_SECRET, "it is not the secret that this link was made with");
    if token.opens(&kept.digest) { Ok(token) } else { Err(stranger()) }
}

/// The address of a link.
fn link(office: &Office, kept: &StoredLink) -> Result<Link, RegisterError> {
    let token = token(office, kept)?;
    Link::new(&format!("{}{}", office.sign_page, token.text())).map_err(|error| RegisterError::refused(error.to_string(), "correct `mail.sign_page`"))
}
