//! Letters, senders and the embedded pages, for tests of mails.

use countersign::base::date::Date;
use countersign::outbox::{Affiliation, Contact, Item, Language, Letter, Link, Sender, Stage, Template};
use countersign::text::page::Pages;

/// The embedded mails.
pub(crate) fn pages() -> Pages {
    let folder = tempfile::tempdir().unwrap();
    Pages::new(countersign::project::read::pages(folder.path()).unwrap()).unwrap()
}

pub(crate) fn sender() -> Sender {
    Sender {
        organisation: "Harbourline Group".to_owned(),
        address: "policies@harbourline.example".to_owned(),
        contact: Contact { name: "Compliance desk".to_owned(), email: "help@harbourline.example".to_owned(), telephone: Some("+353 1 555 0100".to_owned()) },
        not_me: "wrong-person@harbourline.example".to_owned(),
    }
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn item(title: &str) -> Item {
    Item {
        kind: "acknowledgment",
        stage: Stage::Ahead,
        who: None,
        level: None,
        lessons: Vec::new(),
        title: title.to_owned(),
        version: "3.1".to_owned(),
        due: Some(date("2026-11-25")),
        signed: None,
        link: Some(Link::new("https://sign.harbourline.example/s/abc").unwrap()),
        consequence: None,
    }
}

pub(crate) fn letter(language: Language, template: Template) -> Letter {
    Letter {
        key: "request/code-of-conduct/3.1/p-7".to_owned(),
        date: "2026-11-11T08:30:00.000Z".parse().unwrap(),
        language,
        template,
        to_name: "Jürgen Weiß".to_owned(),
        to_address: "juergen.weiss@ironpeak.example".to_owned(),
        affiliation: Some(Affiliation::Supplier("Ironpeak Hosting".to_owned())),
        link: None,
        items: vec![item("Code of Conduct")],
        attachment: None,
        known: None,
        report: None,
        code: None,
    }
}
