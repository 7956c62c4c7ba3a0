//! A real mail server takes our mails: Postfix with STARTTLS and AUTH, and Python's parser reads what it delivered.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use countersign::mail::{Credentials, Outcome, Smtp, SmtpSettings, Timeouts, Tls, Transport};
use countersign::outbox::{Attachment, Composed, Language, Letter, Stage, Template, compose};
use serde_json::Value;

use super::letters::{date, item, letter, pages, sender};
use super::sandbox::repository;

const MAILS: usize = 20;
const NAMES: [&str; 5] = ["Jürgen Weiß", "Zoë 🛡️ O'Brien, \"Zo\"", "Łukasz Żółć", "Anna", "李小龍"];

/// A running Postfix, stopped with the test.
struct Postfix {
    folder: tempfile::TempDir,
    access: Value,
}

impl Postfix {
    /// None, said aloud, where it is not installed; on the build machine that is a failure.
    fn start() -> Option<Self> {
        let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
        let installed = has("python3") && has("openssl") && ["/usr/sbin/postfix", "/usr/sbin/saslpasswd2"].iter().all(|path| Path::new(path).exists());
        // Postfix starts as root and then gives its rights away.
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if !installed || !is_root {
            assert!(std::env::var_os("CI").is_none(), "the build machine needs postfix, sasl2-bin, openssl and python3, and runs as root");
            eprintln!("SKIPPED: no test against a real mail server, which needs postfix, sasl2-bin, openssl, python3, and root");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut postfix = Self { folder, access: Value::Null };
        postfix.access = serde_json::from_str(&postfix.script("start")).unwrap();
        Some(postfix)
    }

    fn script(&self, verb: &str) -> String {
        let output = Command::new("python3").arg(repository().join("tests/postfix.py")).arg(verb).arg(self.folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn text(&self, name: &str) -> &str {
        self.access[name].as_str().unwrap()
    }

    fn port(&self) -> u16 {
        self.access["port"].as_u64().unwrap().try_into().unwrap()
    }

    fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            host: self.text("host").to_owned(),
            port: self.port(),
            tls: Tls::Required,
            ca_file: Some(self.text("ca").into()),
            credentials: Some(Credentials::new(self.text("user"), self.text("password"))),
            timeouts: Timeouts { connect: Duration::from_secs(10), command: Duration::from_secs(10), delivery: Duration::from_secs(20) },
            helo: "client.test".to_owned(),
        }
    }

    fn delivered(&self) -> usize {
        std::fs::read_dir(self.text("maildir")).map_or(0, Iterator::count)
    }

    /// Waits until so many mails lie in the maildir.
    fn wait_for(&self, count: usize) {
        for _ in 0..300 {
            if self.delivered() >= count {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{} of {count} mails delivered: {}", self.delivered(), std::fs::read_to_string(self.text("log")).unwrap());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("python3").arg(repository().join("tests/postfix.py")).arg("stop").arg(self.folder.path()).output();
    }
}

fn letter_number(number: usize) -> Letter {
    let language = if number.is_multiple_of(2) { Language::En } else { Language::De };
    let template = match number % 5 {
        0 => Template::Request,
        1 => Template::Reminder(Stage::Ahead),
        2 => Template::Reminder(Stage::Due),
        3 => Template::Reminder(Stage::Overdue),
        _ => Template::Receipt,
    };
    let mut letter = letter(language, template);
    letter.key = format!("postfix/{number}");
    letter.to_name = NAMES[number % NAMES.len()].to_owned();
    letter.to_address = format!("person-{number}@ironpeak.example");
    letter.items = vec![item("Verhaltenskodex für Lieferanten – Ausgabe 3 🛡️")];
    if template == Template::Receipt {
        letter.items[0].signed = Some(date("2026-11-24"));
        letter.attachment = Some(Attachment { name: format!("Beleg-Zoë-{number}.zip"), media_type: "application/zip".to_owned(), bytes: vec![0xff; 5000] });
    }
    letter
}

#[test]
fn a_real_server_takes_every_mail_and_a_parser_finds_no_fault() {
    let Some(postfix) = Postfix::start() else { return };
    let (pages, sender) = (pages(), sender());
    let letters: Vec<Letter> = (0..MAILS).map(letter_number).collect();
    let mails: Vec<Composed> = letters.iter().map(|letter| compose(letter, &pages, &sender).unwrap()).collect();
    let mut smtp = Smtp::new(postfix.settings()).unwrap();
    for mail in &mails {
        let outcome = smtp.send(mail);
        assert!(matches!(&outcome, Outcome::Sent { response } if response.contains("queued as")), "{outcome:?}");
    }
    smtp.close();
    postfix.wait_for(MAILS);

    let read: Vec<Value> = serde_json::from_str(&postfix.script("read")).unwrap();
    assert_eq!(read.len(), MAILS);
    for (letter, mail) in letters.iter().zip(&mails) {
        let id = format!("<{}>", mail.message_id);
        let found: Vec<&Value> = read.iter().filter(|m| m["message_id"] == id.as_str()).collect();
        assert_eq!(found.len(), 1, "each mail arrives once");
        let got = found[0];
        assert_eq!(got["defects"], serde_json::json!([]), "{got:#}");
        assert_eq!(got["subject"], mail.subject.as_str());
        assert_eq!(got["to_name"], letter.to_name.as_str());
        assert_eq!(got["to"], letter.to_address.as_str());
        assert_eq!(got["from"], "Harbourline Group");
        assert_eq!(got["recipients"], 1);
        assert_eq!(got["auto_submitted"], "auto-generated");
        assert_eq!(got["date"], "2026-11-11T08:30:00+00:00");
        assert_eq!(got["ascii"], true);
        assert!(got["longest_line"].as_u64().unwrap() < 998);
        let (text, html) = (got["text"].as_str().unwrap(), got["html"].as_str().unwrap());
        assert!(text.contains(&letter.to_name) && text.contains("Lieferanten – Ausgabe 3 🛡️"), "{text}");
        assert!(html.contains("Lieferanten – Ausgabe 3 🛡️") && html.starts_with("<!doctype html>"), "{html}");
        let attachments = letter.attachment.iter().map(|file| serde_json::json!([file.name, "application/zip", file.bytes.len()])).collect::<Vec<_>>();
        assert_eq!(got["attachments"].as_array().unwrap(), &attachments);
    }
    let log = std::fs::read_to_string(postfix.text("log")).unwrap();
    assert_eq!(log.matches(": connect from").count(), 2, "one connection for all, beside the one that waited for the start: {log}");
}

#[test]
fn a_real_server_lets_nobody_in_without_password_or_trust() {
    let Some(postfix) = Postfix::start() else { return };
    let (pages, sender) = (pages(), sender());
    let mail = compose(&letter_number(0), &pages, &sender).unwrap();
    let outcome = |settings: SmtpSettings| Smtp::new(settings).unwrap().send(&mail);

    let wrong = outcome(SmtpSettings { credentials: Some(Credentials::new(postfix.text("user"), "no horse")), ..postfix.settings() });
    let says = |outcome: &Outcome, words: &str| matches!(outcome, Outcome::Retry { reason } if reason.contains(words));
    assert!(says(&wrong, "the server does not accept the password of `countersign@mail.test`: 535 5.7.8"), "{wrong:?}");

    let stranger = outcome(SmtpSettings { ca_file: Some(postfix.text("stranger").into()), ..postfix.settings() });
    assert!(says(&stranger, "its certificate is not trusted"), "{stranger:?}");
    let system = outcome(SmtpSettings { ca_file: None, ..postfix.settings() });
    assert!(says(&system, "its certificate is not trusted"), "{system:?}");
    let other_name = outcome(SmtpSettings { host: "127.0.0.2".to_owned(), port: forward(postfix.port(), None), ..postfix.settings() });
    assert!(says(&other_name, "its certificate is not trusted"), "{other_name:?}");

    let nobody = outcome(SmtpSettings { credentials: None, ..postfix.settings() });
    assert!(matches!(nobody, Outcome::Refused { .. } | Outcome::Retry { .. }), "{nobody:?}");
    assert_eq!(postfix.delivered(), 0);

    let plain = outcome(postfix.settings());
    assert!(matches!(plain, Outcome::Sent { .. }), "{plain:?}");
    postfix.wait_for(1);
}

#[test]
fn words_put_in_before_tls_begins_are_noticed() {
    let Some(postfix) = Postfix::start() else { return };
    let (pages, sender) = (pages(), sender());
    let mail = compose(&letter_number(0), &pages, &sender).unwrap();
    let honest = forward(postfix.port(), None);
    let outcome = Smtp::new(SmtpSettings { port: honest, ..postfix.settings() }).unwrap().send(&mail);
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    postfix.wait_for(1);

    let introduction = "250-forged\r\n250 AUTH PLAIN\r\n";
    let session = format!("{introduction}235 in\r\n250 from\r\n250 to\r\n354 go\r\n250 taken\r\n");
    // One forged answer may be eaten by our introduction before we listen; then what follows is out of step.
    let notices = ["spoke before TLS began", "no answer to AUTH"];
    for (words, notices) in [(introduction.to_owned(), notices.as_slice()), (session, &notices[..1])] {
        let port = forward(postfix.port(), Some(words));
        let outcome = Smtp::new(SmtpSettings { port, ..postfix.settings() }).unwrap().send(&mail);
        assert!(matches!(&outcome, Outcome::Retry { reason } if notices.iter().any(|notice| reason.contains(notice))), "{outcome:?}");
    }
    assert_eq!(postfix.delivered(), 1);
}

/// Somebody between us and the server, who adds words to the answer to STARTTLS.
fn forward(server: u16, words: Option<String>) -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let (mut from_client, mut to_client) = (client.try_clone().unwrap(), client);
            let (mut from_server, mut to_server) = (server.try_clone().unwrap(), server);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_client, &mut to_server);
                let _ = to_server.shutdown(Shutdown::Both);
            });
            let words = words.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = from_server.read(&mut buffer) {
                    let mut answer = buffer[..count].to_vec();
                    if answer.starts_with(b"220 2.0.0 Ready to start TLS") {
                        answer.extend_from_slice(words.as_deref().unwrap_or_default().as_bytes());
                    }
                    if to_client.write_all(&answer).is_err() {
                        break;
                    }
                }
                let _ = to_client.shutdown(Shutdown::Both);
            });
        }
    });
    port
}
