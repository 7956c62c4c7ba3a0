//! Mails: what they say, what bytes they are, and how far they come.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::mail::{Credentials, Directory, Outcome, Smtp, SmtpError, SmtpSettings, Timeouts, Tls, Transport};
use countersign::outbox::{Affiliation, Attachment, ComposeError, Composed, Language, Letter, Link, Stage, Template, compose};
use countersign::text::page::Pages;

use super::letters::{date, item, letter, pages, sender};
use super::sandbox::files;
use super::smtp_server::{At, Behaviour, Script, ScriptedServer};

const KINDS: [Template; 6] = [
    Template::Request,
    Template::Reminder(Stage::Ahead),
    Template::Reminder(Stage::Due),
    Template::Reminder(Stage::Overdue),
    Template::Receipt,
    Template::Test,
];
const LANGUAGES: [Language; 2] = [Language::En, Language::De];

fn composed(letter: &Letter) -> Composed {
    compose(letter, &pages(), &sender()).unwrap()
}

/// Headers of the mail itself, unfolded.
fn headers(mail: &Composed) -> Vec<String> {
    let text = String::from_utf8(mail.raw.clone()).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    head.split("\r\n").map(str::to_owned).collect()
}

fn header<'a>(headers: &'a [String], name: &str) -> &'a str {
    let prefix = format!("{name}: ");
    let found: Vec<&str> = headers.iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
    assert_eq!(found.len(), 1, "{name} in {headers:#?}");
    found[0]
}

/// Text and HTML of a mail, decoded by hand: the two parts are all that is encoded.
fn parts(mail: &Composed) -> (String, String) {
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    let part = |kind: &str| {
        let at = raw.find(&format!("Content-Type: {kind}; charset=utf-8")).unwrap();
        let (head, body) = raw[at..].split_once("\r\n\r\n").unwrap();
        let body = body.split("\r\n--words-").next().unwrap();
        let bytes = if head.contains("quoted-printable") {
            unquote(body)
        } else if head.contains("base64") {
            countersign::base::encode::unbase64(&body.replace("\r\n", "")).unwrap()
        } else {
            assert!(head.contains("7bit"), "{head}");
            body.as_bytes().to_vec()
        };
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    };
    (part("text/plain"), part("text/html"))
}

fn unquote(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let mut out = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' {
            out.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

#[test]
fn a_page_error_names_template_and_line() {
    let page = |text: &str| BTreeMap::from([("a.html".to_owned(), text.to_owned()), ("b.html".to_owned(), "{% include \"a.html\" %}".to_owned())]);
    let broken = Pages::new(page("one\n{% if %}")).err().unwrap().to_string();
    assert!(broken.starts_with("template `a.html`, line 2: "), "{broken}");
    let absent = Pages::new(page("{% extends \"c.html\" %}")).err().unwrap().to_string();
    assert_eq!(absent, "template `a.html`: it extends `c.html`, which is not there");
    let pages = Pages::new(page("one\ntwo {{ name.first }}")).unwrap();
    let unset = pages.render("b.html", &serde_json::json!({ "name": {} })).unwrap_err().to_string();
    assert!(unset.starts_with("template `a.html`, line 2: "), "{unset}");
    assert_eq!(pages.render("x.html", &serde_json::json!({})).unwrap_err().to_string(), "template `x.html`: there is no such template");
    assert!(pages.has("a.html") && !pages.has("x.html"));
}

#[test]
fn a_workspace_overrides_mails_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("templates/mail")).unwrap();
    std::fs::write(folder.path().join("templates/mail/test.en.txt"), "\u{feff}Subject: Ours\r\n\r\nHello {{ to.name }}\r\n").unwrap();
    let pages = Pages::new(countersign::project::read::pages(folder.path()).unwrap()).unwrap();
    let mail = compose(&letter(Language::En, Template::Test), &pages, &sender()).unwrap();
    assert_eq!(mail.subject, "Ours");
    assert_eq!(parts(&mail).0, "Hello Jürgen Weiß\n");
    assert!(parts(&mail).1.contains("settings"), "the HTML is the embedded one");
}

#[test]
fn mails_are_no_inputs_of_a_pack() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("templates/mail")).unwrap();
    std::fs::write(folder.path().join("templates/mail/test.en.txt"), "Subject: Ours\n\nHello").unwrap();
    let (_, inputs) = countersign::project::read::workspace(folder.path()).unwrap();
    let templates: Vec<&str> = inputs.iter().map(|(path, _)| path).filter(|path| path.starts_with("templates/")).collect();
    let is_page = |path: &&str| path.ends_with(".txt") || path.ends_with(".html");
    assert!(!templates.is_empty() && !templates.iter().any(is_page), "{templates:?}");
}

#[test]
fn a_folder_of_templates_that_the_workspace_names_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("countersign.yaml"), "version: 1\ntemplates: house\n").unwrap();
    let absent = countersign::project::read::pages(folder.path()).unwrap_err().to_string();
    assert!(absent.contains("names the folder `house`"), "{absent}");
    std::fs::create_dir_all(folder.path().join("house/mail")).unwrap();
    std::fs::write(folder.path().join("house/mail/a.txt"), b"\xff").unwrap();
    let garbled = countersign::project::read::pages(folder.path()).unwrap_err().to_string();
    assert!(garbled.ends_with("a.txt` is not UTF-8 text"), "{garbled}");
    std::fs::write(folder.path().join("house/mail/a.txt"), "a").unwrap();
    let pages = countersign::project::read::pages(folder.path()).unwrap();
    assert_eq!(pages.into_keys().collect::<Vec<_>>(), ["mail/a.txt"]);
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    for language in LANGUAGES {
        for kind in KINDS {
            let letter = letter(language, kind);
            assert_eq!(composed(&letter).raw, composed(&letter).raw);
        }
    }
}

#[test]
fn every_mail_is_seven_bit_clean_with_short_lines() {
    for language in LANGUAGES {
        for kind in KINDS {
            let mut letter = letter(language, kind);
            letter.attachment =
                Some(Attachment { name: "Beleg für Jürgen.zip".to_owned(), media_type: "application/zip".to_owned(), bytes: (0..=255).collect() });
            let mail = composed(&letter);
            assert!(mail.raw.is_ascii());
            let text = String::from_utf8(mail.raw).unwrap();
            assert!(text.replace("\r\n", "").bytes().all(|b| b >= b' ' || b == b'\t'), "controls other than CRLF");
            assert!(text.split("\r\n").all(|line| line.len() < 998));
        }
    }
}

#[test]
fn the_headers_are_those_of_a_mail_by_a_machine() {
    let mail = composed(&letter(Language::En, Template::Request));
    let digest = countersign::base::digest::Digest::of(b"request/code-of-conduct/3.1/p-7").to_string();
    assert_eq!(mail.message_id, format!("{}@harbourline.example", &digest[..32]));
    let headers = headers(&mail);
    assert_eq!(header(&headers, "Message-ID"), format!("<{}>", mail.message_id));
    assert_eq!(header(&headers, "From"), "\"Harbourline Group\" <policies@harbourline.example>");
    assert_eq!(header(&headers, "Reply-To"), "\"Compliance desk\" <help@harbourline.example>");
    assert_eq!(header(&headers, "To"), "=?utf-8?b?SsO8cmdlbiBXZWnDnw==?= <juergen.weiss@ironpeak.example>");
    assert_eq!(header(&headers, "Date"), "Wed, 11 Nov 2026 08:30:00 +0000");
    assert_eq!(header(&headers, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&headers, "MIME-Version"), "1.0");
    assert!(header(&headers, "Content-Type").starts_with("multipart/alternative; boundary=\"words-"));
}

#[test]
fn the_subject_says_what_by_when_and_for_whom() {
    let subject = |language, kind| composed(&letter(language, kind)).subject;
    let expected = [
        (
            Template::Request,
            "Please acknowledge Code of Conduct by 25 November 2026 – Harbourline Group",
            "Bitte um Bestätigung: Code of Conduct bis 25. November 2026 – Harbourline Group",
        ),
        (
            Template::Reminder(Stage::Ahead),
            "Reminder, due 25 November 2026: acknowledge Code of Conduct – Harbourline Group",
            "Erinnerung, fällig am 25. November 2026: Code of Conduct bestätigen – Harbourline Group",
        ),
        (
            Template::Reminder(Stage::Due),
            "Due 25 November 2026: acknowledge Code of Conduct – Harbourline Group",
            "Fällig am 25. November 2026: Code of Conduct bestätigen – Harbourline Group",
        ),
        (
            Template::Reminder(Stage::Overdue),
            "Overdue since 25 November 2026: acknowledge Code of Conduct – Harbourline Group",
            "Überfällig seit 25. November 2026: Code of Conduct bestätigen – Harbourline Group",
        ),
        (Template::Test, "Test mail of 11 November 2026 – Harbourline Group", "Testnachricht vom 11. November 2026 – Harbourline Group"),
    ];
    for (kind, english, german) in expected {
        assert_eq!(subject(Language::En, kind), english);
        assert_eq!(subject(Language::De, kind), german);
    }
}

#[test]
fn both_forms_say_everything() {
    let words = [
        (Language::En, ["25 November 2026", "supplier Ironpeak Hosting", "Why you get this", "If this is not done: Access ends.", "leave the link alone"]),
        (
            Language::De,
            ["25. November 2026", "Lieferanten Ironpeak Hosting", "Warum Sie diese E-Mail erhalten", "Andernfalls: Access ends.", "öffnen Sie den Link nicht"],
        ),
    ];
    let always = [
        "Jürgen Weiß",
        "Code of Conduct",
        "3.1",
        "https://sign.harbourline.example/s/abc",
        "Compliance desk",
        "help@harbourline.example",
        "+353 1 555 0100",
        "wrong-person@harbourline.example",
    ];
    for (language, words) in words {
        for kind in &KINDS[..4] {
            let mut letter = letter(language, *kind);
            letter.items[0].consequence = Some("Access ends.".to_owned());
            let (text, html) = parts(&composed(&letter));
            for word in words.iter().chain(&always) {
                assert!(text.contains(word), "{word} is not in {text}");
                assert!(html.contains(word), "{word} is not in {html}");
            }
            assert_eq!(html.matches("<a class=\"button\"").count(), 1, "one button");
            assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("url("), "nothing is loaded");
            assert!(!text.contains("{{") && !text.contains("{%") && !text.contains("\n\n\n"), "{text}");
        }
    }
}

#[test]
fn the_first_line_says_what_to_do() {
    let first = |language, kind| parts(&composed(&letter(language, kind))).0.lines().next().unwrap().to_owned();
    assert_eq!(first(Language::En, Template::Request), "Please read and acknowledge “Code of Conduct” by 25 November 2026.");
    assert_eq!(first(Language::De, Template::Request), "Bitte lesen und bestätigen Sie bis zum 25. November 2026 „Code of Conduct“.");
    assert_eq!(first(Language::En, Template::Reminder(Stage::Overdue)), "Please acknowledge “Code of Conduct” now: it was due on 25 November 2026.");
    assert_eq!(
        first(Language::De, Template::Reminder(Stage::Overdue)),
        "Bitte bestätigen Sie jetzt „Code of Conduct“: Die Frist ist am 25. November 2026 abgelaufen."
    );
    assert_eq!(first(Language::En, Template::Receipt), "Thank you. You need do nothing more.");
}

#[test]
fn several_policies_share_a_mail_and_the_earliest_date_leads() {
    let mut letter = letter(Language::En, Template::Request);
    letter.items = vec![item("Code of Conduct"), item("Information Security"), item("Acceptable Use")];
    letter.items[1].due = Some(date("2026-11-20"));
    letter.items[2].due = None;
    let mail = composed(&letter);
    assert_eq!(mail.subject, "Please acknowledge 3 policies by 20 November 2026 – Harbourline Group");
    let (text, html) = parts(&mail);
    assert_eq!(text.matches("https://sign.harbourline.example/s/abc").count(), 3, "each policy has its link");
    assert!(!html.contains("class=\"button\""), "no one button can stand for three links");
    assert!(text.contains("leave the links alone"));

    letter.link = Some(Link::new("https://sign.harbourline.example/all/xyz").unwrap());
    let (text, html) = parts(&composed(&letter));
    assert!(!text.contains("/s/abc") && text.matches("/all/xyz").count() == 1, "{text}");
    assert_eq!(html.matches("<a class=\"button\"").count(), 1);
}

#[test]
fn a_letter_without_dates_and_names_is_still_a_letter() {
    for language in LANGUAGES {
        for kind in KINDS {
            let mut letter = letter(language, kind);
            letter.to_name = " ".to_owned();
            letter.affiliation = None;
            letter.items[0].due = None;
            letter.items[0].link = None;
            let (text, html) = parts(&composed(&letter));
            assert!(text.contains("juergen.weiss@ironpeak.example"), "{text}");
            let html = html.split("<body").nth(1).unwrap().to_owned();
            for form in [text, html] {
                assert!(!form.contains("None") && !form.contains("null") && !form.contains(" ,") && !form.contains(" ."), "{form}");
            }
        }
    }
    let test = parts(&composed(&letter(Language::En, Template::Test))).0;
    assert!(test.contains("entered this address for a test") && !test.contains("supplier"), "{test}");
    let mut staff = letter(Language::De, Template::Request);
    staff.affiliation = Some(Affiliation::Department("Einkauf".to_owned()));
    assert!(parts(&composed(&staff)).0.contains("zum Bereich Einkauf"));
}

#[test]
fn reminders_do_not_look_like_the_first_mail() {
    let looks: Vec<(String, String)> = KINDS[..4].iter().map(|kind| parts(&composed(&letter(Language::En, *kind)))).collect();
    for (at, one) in looks.iter().enumerate() {
        assert!(looks[at + 1..].iter().all(|other| other.0.lines().next() != one.0.lines().next()), "first lines differ");
        let banner = ["stage-ahead\" style", "stage-due\" style", "stage-overdue\" style"].iter().filter(|class| one.1.contains(**class)).count();
        assert_eq!(banner, usize::from(at > 0));
    }
}

#[test]
fn a_receipt_carries_its_file() {
    let mut letter = letter(Language::De, Template::Receipt);
    letter.items[0].signed = Some(date("2026-11-24"));
    letter.items[0].link = None;
    letter.attachment = Some(Attachment { name: "receipt.zip".to_owned(), media_type: "application/zip".to_owned(), bytes: b"PK".to_vec() });
    let mail = composed(&letter);
    assert_eq!(mail.subject, "Ihr Beleg: Code of Conduct am 24. November 2026 bestätigt – Harbourline Group");
    assert!(header(&headers(&mail), "Content-Type").starts_with("multipart/mixed; boundary=\"whole-"));
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    assert!(raw.contains("Content-Disposition: attachment; filename=\"receipt.zip\"") && raw.contains("UEs="), "{raw}");
    assert!(parts(&mail).0.contains("Der Anhang receipt.zip ist Ihr Beleg."));

    letter.attachment.as_mut().unwrap().media_type = "zip\r\nBcc: x@y".to_owned();
    assert_eq!(compose(&letter, &pages(), &sender()).unwrap_err(), ComposeError::MediaType { media_type: "zip Bcc: x@y".to_owned() });
}

#[test]
fn values_cannot_become_headers_lines_or_markup() {
    let nasty = "Anna\"\r\nBcc: everyone@example.org\r\n\r\n<script>alert('1')</script>\u{2028}\u{202e}& <b>{{ organisation }}</b>";
    for kind in KINDS {
        let mut letter = letter(Language::En, kind);
        letter.to_name = nasty.to_owned();
        letter.affiliation = Some(Affiliation::Supplier(nasty.to_owned()));
        letter.items = vec![item(nasty)];
        letter.items[0].consequence = Some(nasty.to_owned());
        letter.items[0].version = nasty.to_owned();
        letter.attachment = Some(Attachment { name: format!("{nasty}.zip"), media_type: "application/zip".to_owned(), bytes: vec![1] });
        let mut sender = sender();
        sender.organisation = nasty.to_owned();
        sender.contact.name = nasty.to_owned();
        sender.contact.telephone = Some(nasty.to_owned());
        let mail = compose(&letter, &pages(), &sender).unwrap();
        let plain = headers(&composed(&super::letters::letter(Language::En, kind))).len();
        assert_eq!(headers(&mail).len(), plain, "no header more: {:#?}", headers(&mail));
        assert!(!mail.subject.contains(['\r', '\n']));
        let raw = String::from_utf8(mail.raw.clone()).unwrap();
        // A soft line break of quoted-printable may stand before any word.
        assert!(!raw.to_ascii_lowercase().replace("=\r\n", "").contains("\r\nbcc:"), "{raw}");
        let (text, html) = parts_of_mixed(&mail);
        assert!(!html.contains("<script") && !html.contains("<b>") && html.contains("&lt;script&gt;"), "{html}");
        assert!(text.lines().all(|line| !line.starts_with("Bcc:") && !line.starts_with("<script")), "{text}");
        assert!(text.contains("{{ organisation }}"), "a value is never filled again");
    }
}

fn parts_of_mixed(mail: &Composed) -> (String, String) {
    assert!(header(&headers(mail), "Content-Type").starts_with("multipart/mixed"));
    parts(mail)
}

#[test]
fn very_long_names_keep_lines_short() {
    for name in ["x".repeat(3000), "Ü".repeat(3000), "ab ".repeat(1000), "🛡️".repeat(900)] {
        let mut letter = letter(Language::De, Template::Request);
        letter.to_name.clone_from(&name);
        letter.items[0].title.clone_from(&name);
        let mail = composed(&letter);
        assert!(mail.raw.is_ascii());
        assert!(String::from_utf8(mail.raw.clone()).unwrap().split("\r\n").all(|line| line.len() < 998));
        assert!(mail.subject.chars().count() <= 240);
        assert!(parts(&mail).0.contains(name.trim()), "the body has it all");
    }
}

#[test]
fn boundaries_cannot_be_foreseen_in_a_value() {
    let first = composed(&letter(Language::En, Template::Request));
    let boundary = header(&headers(&first), "Content-Type").split('"').nth(1).unwrap().to_owned();
    let mut letter = letter(Language::En, Template::Request);
    letter.items[0].title = format!("--{boundary}--");
    let second = composed(&letter);
    assert!(!header(&headers(&second), "Content-Type").contains(&boundary));
}

#[test]
fn a_letter_that_cannot_be_sent_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Letter)| {
        let mut letter = letter(Language::En, Template::Request);
        change(&mut letter);
        compose(&letter, &pages(), &sender()).unwrap_err()
    };
    assert_eq!(refused(&|letter| letter.items.clear()), ComposeError::NoItem);
    for bad in ["", "anna", "anna@", "anna@b\r\nBcc: c@d", "änna@example.org", "a b@example.org", "a@b.example>\r\nRCPT TO:<c@d.example"] {
        let error = refused(&|letter| bad.clone_into(&mut letter.to_address));
        assert!(matches!(error, ComposeError::Address { role: "recipient", .. }), "{bad}: {error}");
        assert!(!error.to_string().contains(['\r', '\n']));
    }
    let mut elsewhere = sender();
    elsewhere.contact.email = "nobody".to_owned();
    let error = compose(&letter(Language::En, Template::Test), &pages(), &elsewhere).unwrap_err();
    assert!(error.to_string().starts_with("`nobody` is no usable address of the contact"), "{error}");
    let page = |text: &str| ("mail/test.en.txt".to_owned(), text.to_owned());
    let bare = Pages::new(BTreeMap::from([page("Hello {{ to.name }}\n\nHello")])).unwrap();
    let error = compose(&letter(Language::En, Template::Test), &bare, &sender()).unwrap_err();
    assert_eq!(error.to_string(), "template `mail/test.en.txt`: the first line must be `Subject: …`");
}

#[test]
fn addresses_with_literals_and_international_domains_travel() {
    for (written, sent) in [("anna@[192.0.2.7]", "anna@[192.0.2.7]"), ("anna@bücher.example", "anna@xn--bcher-kva.example")] {
        let mut letter = letter(Language::En, Template::Request);
        written.clone_into(&mut letter.to_address);
        let mail = composed(&letter);
        assert_eq!(mail.to, sent);
        let server = ScriptedServer::start(Script::new(&[Behaviour::Accept]));
        assert!(matches!(smtp(server.port).send(&mail), Outcome::Sent { .. }));
        assert_eq!(server.mails()[0].to, [format!("<{sent}>")]);
    }
}

#[test]
fn nothing_shows_a_link_or_a_password_when_debugged() {
    let letter = letter(Language::En, Template::Request);
    let shown = format!("{letter:?} {:?} {:?}", composed(&letter), Credentials::new("anna", "hunter2"));
    assert!(!shown.contains("sign.harbourline.example") && !shown.contains("hunter2"), "{shown}");
}

fn settings(port: u16) -> SmtpSettings {
    let short = Duration::from_millis(300);
    SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        ca_file: None,
        credentials: None,
        timeouts: Timeouts { connect: short, command: short, delivery: short },
        helo: "client.test".to_owned(),
    }
}

fn smtp(port: u16) -> Smtp {
    Smtp::new(settings(port)).unwrap()
}

fn request(number: usize) -> Composed {
    let mut letter = letter(Language::De, Template::Request);
    letter.key = format!("request/{number}");
    composed(&letter)
}

/// One try against a server that behaves like this.
fn outcome(behaviour: Behaviour) -> (Outcome, ScriptedServer) {
    let server = ScriptedServer::start(Script::new(&[behaviour]));
    let outcome = smtp(server.port).send(&request(1));
    (outcome, server)
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Sent { response } => response,
        Outcome::Retry { reason } | Outcome::Refused { reason } | Outcome::Unknown { reason } => reason,
    }
}

#[test]
fn a_mail_that_the_server_takes_arrives_byte_for_byte() {
    let (outcome, server) = outcome(Behaviour::Accept);
    assert_eq!(outcome, Outcome::Sent { response: "250 2.0.0 taken".to_owned() });
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].from, "<policies@harbourline.example>");
    assert_eq!(mails[0].to, ["<juergen.weiss@ironpeak.example>"]);
    assert_eq!(String::from_utf8(mails[0].data.clone()).unwrap(), String::from_utf8(request(1).raw).unwrap());
}

#[test]
fn dots_at_the_start_of_lines_survive() {
    let server = ScriptedServer::start(Script::new(&[Behaviour::Accept]));
    let mut mail = request(1);
    mail.raw = [b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n".as_slice(), &b"x".repeat(16 * 1024 - 30), b"\r\n.\r\nend\r\n"].concat();
    assert!(matches!(smtp(server.port).send(&mail), Outcome::Sent { .. }));
    assert_eq!(server.mails()[0].data, mail.raw);
}

#[test]
fn a_temporary_answer_is_tried_again_and_a_final_one_is_not() {
    for at in [At::Mail, At::Rcpt, At::Data, At::Dot] {
        let (retry, server) = outcome(Behaviour::Answer(at, "451 4.3.0 try\u{1b}[31m later"));
        assert!(matches!(retry, Outcome::Retry { .. }), "{at:?}: {retry:?}");
        assert!(reason(&retry).contains("451 4.3.0 try [31m later"), "no control character passes: {retry:?}");
        assert!(server.mails().is_empty());
        let (refused, server) = outcome(Behaviour::Answer(at, "550 5.1.1 no such person"));
        assert!(matches!(refused, Outcome::Refused { .. }), "{at:?}: {refused:?}");
        assert!(reason(&refused).contains("550 5.1.1 no such person"), "{refused:?}");
        assert!(server.mails().is_empty());
    }
    assert_eq!(reason(&outcome(Behaviour::Answer(At::Rcpt, "550 gone")).0), "at RCPT: 550 gone");
    let (no_password, _) = outcome(Behaviour::Answer(At::Mail, "530 5.7.0 authentication required"));
    assert!(matches!(no_password, Outcome::Retry { .. }), "our settings are at fault, not the mail");
}

#[test]
fn what_fails_before_the_final_dot_is_tried_again() {
    for behaviour in [
        Behaviour::Hang(At::Greeting),
        Behaviour::Hang(At::Mail),
        Behaviour::Hang(At::Data),
        Behaviour::Drop(At::Greeting),
        Behaviour::Drop(At::Rcpt),
        Behaviour::Drop(At::Data),
        Behaviour::Answer(At::Greeting, "554 5.7.1 not you"),
        Behaviour::Answer(At::Greeting, "421 4.3.2 too busy"),
        Behaviour::Answer(At::Greeting, "no mail server"),
        Behaviour::Answer(At::Data, "250 I do not know what I say"),
    ] {
        let (outcome, server) = outcome(behaviour);
        assert!(matches!(outcome, Outcome::Retry { .. }), "{behaviour:?}: {outcome:?}");
        assert!(server.mails().is_empty());
    }
    assert_eq!(reason(&outcome(Behaviour::Hang(At::Mail)).0), "at MAIL: no answer within 0.3 s");
    assert_eq!(reason(&outcome(Behaviour::Drop(At::Mail)).0), "at MAIL: the server closed the connection");
    let refused = smtp(ScriptedServer::refusing()).send(&request(1));
    assert!(matches!(&refused, Outcome::Retry { reason } if reason.contains("no connection to `127.0.0.1`")), "{refused:?}");
}

#[test]
fn a_connection_that_breaks_in_the_content_is_tried_again() {
    let server = ScriptedServer::start(Script::new(&[Behaviour::Drop(At::Content)]));
    let mut mail = request(1);
    // More than the buffers of both systems hold, so that the break shows while the content is written.
    mail.raw = [b"Subject: large\r\n\r\n".as_slice(), &b"0123456789\r\n".repeat(2_000_000)].concat();
    let outcome = smtp(server.port).send(&mail);
    assert!(matches!(&outcome, Outcome::Retry { reason } if reason.starts_with("before the final dot")), "{outcome:?}");
    assert!(server.mails().is_empty());
}

#[test]
fn what_fails_after_the_final_dot_is_unknown() {
    let (hang, server) = outcome(Behaviour::Hang(At::Dot));
    assert_eq!(hang, Outcome::Unknown { reason: "after the final dot: no answer within 0.3 s".to_owned() });
    assert!(server.mails().is_empty());
    let (dropped, server) = outcome(Behaviour::Drop(At::Dot));
    assert_eq!(dropped, Outcome::Unknown { reason: "after the final dot: the server closed the connection".to_owned() });
    assert_eq!(server.mails().len(), 1, "this time it was taken");
    for nonsense in ["hello", "354 go ahead"] {
        let (outcome, _) = outcome(Behaviour::Answer(At::Dot, nonsense));
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{nonsense}: {outcome:?}");
    }
}

#[test]
fn one_connection_serves_many_mails_and_faults_between_them() {
    let script = [
        Behaviour::Accept,
        Behaviour::Answer(At::Rcpt, "550 5.1.1 no such person"),
        Behaviour::Accept,
        Behaviour::Answer(At::Dot, "452 4.2.2 full"),
        Behaviour::Accept,
    ];
    let server = ScriptedServer::start(Script::new(&script));
    let mut smtp = smtp(server.port);
    let outcomes: Vec<Outcome> = (0..6).map(|number| smtp.send(&request(number))).collect();
    assert!(matches!(
        outcomes.as_slice(),
        [Outcome::Sent { .. }, Outcome::Refused { .. }, Outcome::Sent { .. }, Outcome::Retry { .. }, Outcome::Sent { .. }, Outcome::Sent { .. }]
    ));
    assert_eq!(server.connections(), 1);
    assert_eq!(server.mails().len(), 4);
    assert!(server.mails().iter().all(|mail| mail.to.len() == 1), "a refused recipient does not stay");
    drop(smtp);
    assert_eq!(server.commands().last().map(String::as_str), Some("QUIT"));
}

#[test]
fn a_connection_that_the_server_closed_loses_no_mail() {
    for behaviour in [Behaviour::AcceptAndClose, Behaviour::AcceptAndDismiss] {
        let server = ScriptedServer::start(Script::new(&[behaviour]));
        let mut smtp = smtp(server.port);
        for number in 0..5 {
            assert!(matches!(smtp.send(&request(number)), Outcome::Sent { .. }));
            // Time for the farewell of the server to arrive.
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(server.mails().len(), 5);
        assert_eq!(server.connections(), 5);
    }
}

#[test]
fn after_an_unknown_outcome_the_next_mail_gets_a_new_connection() {
    let server = ScriptedServer::start(Script::new(&[Behaviour::Hang(At::Dot), Behaviour::Accept]));
    let mut smtp = smtp(server.port);
    assert!(matches!(smtp.send(&request(1)), Outcome::Unknown { .. }));
    assert!(matches!(smtp.send(&request(2)), Outcome::Sent { .. }));
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_password_is_tried_once_and_never_repeated() {
    let words = "535 5.7.8 cannot AUTH PLAIN AGFubmEAaHVudGVyMg== with hunter2";
    let mut script = Script::new(&[Behaviour::Answer(At::Auth, words)]);
    script.offers.push("AUTH LOGIN PLAIN");
    let server = ScriptedServer::start(script);
    let mut smtp = Smtp::new(SmtpSettings { credentials: Some(Credentials::new("anna", "hunter2")), ..settings(server.port) }).unwrap();
    for number in 0..3 {
        let outcome = smtp.send(&request(number));
        assert_eq!(outcome, Outcome::Retry { reason: "the server does not accept the password of `anna`: 535".to_owned() });
    }
    assert_eq!(server.commands().iter().filter(|line| line.starts_with("AUTH")).count(), 1, "accounts get locked");
}

#[test]
fn a_password_is_used_when_the_server_asks_for_one() {
    let mut script = Script::new(&[Behaviour::Accept]);
    script.offers.push("AUTH PLAIN LOGIN");
    let server = ScriptedServer::start(script);
    let with_password = |port| Smtp::new(SmtpSettings { credentials: Some(Credentials::new("anna", "hunter2")), ..settings(port) }).unwrap();
    assert!(matches!(with_password(server.port).send(&request(1)), Outcome::Sent { .. }));
    assert_eq!(server.commands()[1], "AUTH PLAIN AGFubmEAaHVudGVyMg==");
    let server = ScriptedServer::start(Script::new(&[Behaviour::Accept]));
    let outcome = with_password(server.port).send(&request(1));
    assert_eq!(reason(&outcome), "the server offers neither AUTH PLAIN nor AUTH LOGIN");
}

#[test]
fn mail_is_never_sent_in_the_clear() {
    let server = ScriptedServer::start(Script::new(&[Behaviour::Accept]));
    let outcome = Smtp::new(SmtpSettings { tls: Tls::Required, ..settings(server.port) }).unwrap().send(&request(1));
    assert!(matches!(&outcome, Outcome::Retry { reason } if reason.contains("does not offer STARTTLS")), "{outcome:?}");
    assert!(server.mails().is_empty() && !server.commands().iter().any(|line| line.starts_with("MAIL")));
    for host in ["mail.example.org", "192.0.2.1", "localhost.example.org", ""] {
        let error = Smtp::new(SmtpSettings { host: host.to_owned(), ..settings(25) }).err();
        assert!(matches!(error, Some(SmtpError::Unencrypted { .. })), "{host}");
    }
    for host in ["localhost", "127.0.0.1", "127.0.0.2", "::1"] {
        assert!(Smtp::new(SmtpSettings { host: host.to_owned(), ..settings(25) }).is_ok(), "{host}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut SmtpSettings)| {
        let mut settings = SmtpSettings { tls: Tls::Required, ..settings(25) };
        change(&mut settings);
        Smtp::new(settings).err().unwrap().to_string()
    };
    let absent = folder.path().join("ca.pem");
    assert!(refused(&|settings| settings.ca_file = Some(absent.clone())).starts_with("cannot read the certificate authorities"));
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing\n").unwrap();
    assert!(refused(&|settings| settings.ca_file = Some(empty.clone())).ends_with("holds no certificate in PEM form"));
    assert!(refused(&|settings| "me\r\nMAIL FROM:<a@b>".clone_into(&mut settings.helo)).contains("no name to introduce ourselves by"));
    assert_eq!(refused(&|settings| settings.timeouts.command = Duration::ZERO), "a timeout must be longer than zero");
}

#[test]
fn a_folder_takes_mails_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox");
    let mut directory = Directory::new(&outbox);
    let mail = request(1);
    let name = Directory::file_name(&mail);
    assert_eq!(name, format!("2026-11-11-{}.eml", &mail.message_id[..12]));
    for _ in 0..2 {
        assert_eq!(directory.send(&mail), Outcome::Sent { response: name.clone() });
    }
    assert!(matches!(directory.send(&request(2)), Outcome::Sent { .. }));
    let written = files(&outbox);
    assert_eq!(written.len(), 2, "no temporary file stays: {:?}", written.keys());
    assert_eq!(written[&name], mail.raw);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(outbox.join(&name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let outcome = Directory::new(&file.join("outbox")).send(&request(1));
    assert!(matches!(&outcome, Outcome::Retry { reason } if reason.starts_with("cannot write")), "{outcome:?}");
}
