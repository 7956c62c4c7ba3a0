//! Certificates of acknowledgment: what is printed, in which languages, with which extremes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign::base::digest::Digest;
use countersign::base::encode::base64;
use countersign::project::embedded;
use countersign::render::certificate::{Certificate, Consent, Ledger, Method, Person, Policy};
use countersign::render::{Look, Paper, RenderError, Rendered, Renderer};

use super::packs::tool;

const DATE: (i32, u8, u8) = (2026, 11, 25);

fn renderer() -> Renderer {
    let templates: BTreeMap<_, _> = embedded::templates().into_iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    Renderer::new(templates, BTreeMap::new()).unwrap()
}

fn look() -> Look {
    Look { paper: Paper::A4, accent: Some("#1f3a5f".to_owned()), organisation: "Halden plc".to_owned(), logo: None }
}

fn link() -> Method {
    Method::Link { mailbox: "jana.roth@northwind.example".to_owned(), code: false }
}

fn ssh_key() -> Method {
    Method::SshKey { fingerprint: "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8".to_owned() }
}

fn attestation() -> Method {
    Method::Attestation { signatory: "Dr. Friederike Öztürk-Łaska".to_owned(), role: Some("Managing director".to_owned()) }
}

fn certificate(language: &str, method: Method) -> Certificate {
    let german = language.starts_with("de");
    let statement = if german {
        "Ich habe die Richtlinie „Verhaltenskodex“, Version 3.0, von Halden plc erhalten. Ich hatte Gelegenheit, sie zu lesen und Fragen zu stellen, und ich werde sie bei meiner Arbeit für Halden plc befolgen."
    } else {
        "I have received the policy “Code of Conduct”, version 3.0, of Halden plc. I had the opportunity to read it and to ask questions, and I will follow it in my work for Halden plc."
    };
    Certificate {
        language: language.to_owned(),
        person: Person {
            id: "northwind-cloud/jana-roth".to_owned(),
            name: "Jana Roth".to_owned(),
            email: Some("jana.roth@northwind.example".to_owned()),
            supplier: Some("Northwind Cloud Services GmbH & Co. KG".to_owned()),
            department: None,
        },
        policy: Policy {
            title: if german { "Verhaltenskodex" } else { "Code of Conduct" }.to_owned(),
            version: "3.0".to_owned(),
            pdf: Digest::of(b"pdf"),
            html: Digest::of(b"html"),
        },
        consent: Consent {
            text: statement.to_owned(),
            locale: language.to_owned(),
            digest: Digest::of(statement.as_bytes()),
            button: Some(if german { "Zur Kenntnis genommen" } else { "I acknowledge this policy" }.to_owned()),
            typed_name: Some("Jana Roth".to_owned()),
        },
        method,
        time: "2026-11-25T22:07:43.123Z".parse().unwrap(),
        address: Some("203.0.113.27".to_owned()),
        agent: Some(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1"
                .to_owned(),
        ),
        ledger: Ledger {
            origin: "halden.example/countersign".to_owned(),
            entry: 18_041,
            leaf: Digest::of(b"leaf"),
            size: 18_213,
            root: Digest::of(b"root"),
            key: "halden.example/countersign+1f9d3c07+AV2lqHgL8nS3vJwW1yXQeT0uKcZrBmFoD4pE6iGhNxYa".to_owned(),
        },
    }
}

/// Every text as long as people make them.
fn extreme(language: &str, method: Method) -> Certificate {
    let name = "Wolfeschlegelsteinhausenbergerdorff ".repeat(8) + &"x".repeat(20);
    let mut certificate = certificate(language, method);
    certificate.person.name = name.clone();
    certificate.person.email = Some(format!("{}@{}.example", "a".repeat(64), "very-long-label.".repeat(11) + "end"));
    certificate.person.id = format!("northwind-cloud/{}", "jana-".repeat(20));
    certificate.person.supplier = Some("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. KG ".repeat(2));
    certificate.consent.typed_name = Some(name.clone());
    certificate.address = Some("2001:0db8:85a3:08d3:1319:8a2e:0370:7344%enp0s31f6".to_owned());
    certificate.agent = Some("Mozilla/5.0 ".repeat(300) + &"A".repeat(500));
    certificate.ledger.origin = format!("{}.example/countersign", "subdomain-".repeat(8));
    certificate.ledger.key = format!("{}+1f9d3c07+AV2lqHgL8nS3vJwW1yXQeT0uKcZrBmFoD4pE6iGhNxYa", certificate.ledger.origin);
    (certificate.ledger.entry, certificate.ledger.size) = (u64::MAX - 1, u64::MAX);
    match &mut certificate.method {
        Method::Link { mailbox, .. } => mailbox.clone_from(certificate.person.email.as_ref().unwrap()),
        Method::Attestation { signatory, role } => (*signatory, *role) = (name, Some("Geschäftsführerin ".repeat(9))),
        Method::SshKey { .. } => {}
    }
    certificate
}

fn render(certificate: &Certificate) -> Rendered {
    renderer().certificate(certificate, &look(), "ACK-18041", DATE).unwrap_or_else(|error| panic!("{error}"))
}

/// Writes a file where `.ci/run` looks for certificates to validate, and gives its path.
fn keep(name: &str, rendered: &Rendered) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("certificates");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.pdf"));
    std::fs::write(&path, &rendered.pdf).unwrap();
    path
}

/// The text of a PDF without its spaces, which a line break may add or take; none where there is no reader of PDFs.
fn text(path: &Path) -> Option<String> {
    tool("pdftotext", &["-raw", "-enc", "UTF-8", path.to_str().unwrap(), "-"]).map(|text| squeezed(&text))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn certificate_of_each_method_and_language_is_one_page() {
    for language in ["en-GB", "de-DE"] {
        for (name, method) in [("link", link()), ("ssh-key", ssh_key()), ("attestation", attestation())] {
            let rendered = render(&certificate(language, method));
            keep(&format!("{name}.{language}"), &rendered);
            assert_eq!(rendered.pages, 1, "{name} {language}");
        }
    }
}

#[test]
fn extreme_values_fill_two_pages_at_most() {
    for language in ["en-GB", "de-DE"] {
        for (name, method) in [("link", link()), ("ssh-key", ssh_key()), ("attestation", attestation())] {
            let rendered = render(&extreme(language, method));
            keep(&format!("extreme-{name}.{language}"), &rendered);
            assert!(rendered.pages <= 2, "{name} {language}: {}", rendered.pages);
        }
    }
}

#[test]
fn largest_numbers_are_exact() {
    let Some(text) = text(&keep("numbers", &render(&extreme("en-GB", link())))) else { return };
    assert!(text.contains("18446744073709551614") && text.contains("over18446744073709551615entries"), "{text}");
}

#[test]
fn letter_paper_holds_it_too() {
    let look = Look { paper: Paper::UsLetter, ..look() };
    let rendered = renderer().certificate(&certificate("en-US", link()), &look, "ACK-18041", DATE).unwrap();
    keep("letter", &rendered);
    assert!(rendered.pages <= 2, "{}", rendered.pages);
}

#[test]
fn every_value_is_printed_whole() {
    let certificate = certificate("en-GB", link());
    let Some(text) = text(&keep("whole", &render(&certificate))) else { return };
    let Certificate { person, policy, consent, ledger, .. } = &certificate;
    let root = base64(&ledger.root.bytes());
    let values = [
        person.id.as_str(),
        &person.name,
        person.email.as_deref().unwrap(),
        person.supplier.as_deref().unwrap(),
        &policy.title,
        policy.pdf.as_str(),
        policy.html.as_str(),
        &consent.text,
        consent.digest.as_str(),
        consent.button.as_deref().unwrap(),
        certificate.address.as_deref().unwrap(),
        certificate.agent.as_deref().unwrap(),
        "25 November 2026, 22:07:43.123 UTC",
        &ledger.origin,
        "18041",
        ledger.leaf.as_str(),
        "over 18213 entries",
        &root,
        &ledger.key,
    ];
    for value in values {
        assert!(text.contains(&squeezed(value)), "`{value}` is not in {text}");
    }
}

#[test]
fn certificate_says_what_it_does_not_prove_by_method() {
    let says = |method: Method, name: &str, sentence: &str| {
        let Some(text) = text(&keep(name, &render(&certificate("en-GB", method)))) else { return };
        assert!(text.contains(&squeezed(sentence)), "`{sentence}` is not in {text}");
    };
    says(link(), "limits-link", "Whoever could read this mailbox at the time could have signed.");
    says(ssh_key(), "limits-ssh-key", "Whoever had the private key could have signed.");
    says(attestation(), "limits-attestation", "It is the word of the signatory about somebody else.");
}

#[test]
fn language_without_wording_is_english() {
    let Some(text) = text(&keep("french", &render(&certificate("fr-FR", link())))) else { return };
    assert!(text.contains("Certificateofacknowledgment"), "{text}");
}

#[test]
fn names_of_many_scripts_are_shown_and_others_named() {
    let refused = |name: &str| {
        let mut certificate = certificate("en-GB", link());
        certificate.person.name = name.to_owned();
        renderer().certificate(&certificate, &look(), "ACK-18041", DATE)
    };
    for name in
        ["Łukasz Ğüneş", "Ελένη Παππά", "Ольга Щербак", "יעל כהן", "ليلى حداد", "Արամ Խաչատրյան", "ნინო ბერიძე", "Nguyễn Thị Hằng", "Siân O’Neill-Ångström"]
    {
        let rendered = refused(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        keep(&format!("script-{}", u32::from(name.chars().next().unwrap())), &rendered);
    }
    for (name, character) in [("Jane 😀 Roe", '😀'), ("株式会社", '会'), ("สมชาย", 'ช'), ("a\u{202e}b", '\u{202e}'), ("a\u{0}b", '\0')] {
        let Err(RenderError::MissingGlyphs(missing)) = refused(name) else { panic!("{name} is not refused") };
        assert!(missing.iter().any(|glyph| glyph.character == character && glyph.text == name), "{missing:?}");
    }
}

#[test]
fn markup_in_a_value_is_printed_as_it_stands() {
    let hostile = "#let x = 1; *b* _c_ $a$ <lab> @ref {name} \\ [x]";
    let mut certificate = certificate("en-GB", link());
    certificate.person.name = hostile.to_owned();
    certificate.consent.text = format!("{hostile}\n{hostile}");
    let Some(text) = text(&keep("hostile", &render(&certificate))) else { return };
    assert_eq!(text.matches(&squeezed(hostile)).count(), 4, "{text}");
}

#[test]
fn same_certificate_gives_same_bytes() {
    let renderer = renderer();
    let make = |certificate: &Certificate| renderer.certificate(certificate, &look(), "ACK-18041", DATE).unwrap();
    let first = make(&certificate("en-GB", link()));
    make(&certificate("de-DE", ssh_key()));
    assert!(make(&certificate("en-GB", link())) == first);
}

#[test]
fn workspace_without_the_template_is_told() {
    let templates = BTreeMap::from([("contract.typ".to_owned(), Vec::new())]);
    let error = Renderer::new(templates, BTreeMap::new()).unwrap().certificate(&certificate("en", link()), &look(), "x", DATE).unwrap_err();
    assert_eq!(error, RenderError::TemplateMissing { name: "certificate.typ".to_owned() });
}
