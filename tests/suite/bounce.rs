//! Mail that comes back: notifications are read, addresses are dead until another is imported, and nobody was told by what bounced.

use countersign::outbox::bounce::{Action, Notification, NotificationError, read};
use proptest::prelude::*;
use serde_json::Value;

use crate::suite::sandbox::Sandbox;

const ID: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0@harbourline.example";

/// A report in the manner of Postfix: a text, the status, the headers of what came back.
fn report(status: &str, returned: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.northwind.example (Mail Delivery System)\nTo: compliance@harbourline.example\nSubject: Undelivered Mail Returned to Sender\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"8C4F1.1799/mx.northwind.example\"\n\n\
         --8C4F1.1799/mx.northwind.example\nContent-Type: text/plain; charset=us-ascii\n\nI'm sorry to have to inform you that your message could not be delivered.\n\n\
         --8C4F1.1799/mx.northwind.example\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n{status}\n\
         --8C4F1.1799/mx.northwind.example\n{returned}\n\n--8C4F1.1799/mx.northwind.example--\n"
    )
}

fn headers() -> String {
    format!("Content-Type: text/rfc822-headers\n\nFrom: Harbourline <compliance@harbourline.example>\nMessage-ID: <{ID}>\nSubject: Please acknowledge\n")
}

fn status(recipient: &str) -> String {
    format!("Reporting-MTA: dns; mx.northwind.example\nArrival-Date: Thu, 26 Nov 2026 09:00:01 +0000 (GMT)\n\n{recipient}\n")
}

const FAILED: &str = "Final-Recipient: rfc822; ann@northwind.example\nOriginal-Recipient: rfc822;ann@northwind.example\nAction: failed\nStatus: 5.1.1\n\
                      Remote-MTA: dns; mx.northwind.example\nDiagnostic-Code: smtp; 550 5.1.1 <ann@northwind.example>: Recipient address\n    rejected: User unknown in virtual\tmailbox table";

fn read_one(mail: &str) -> Notification {
    read(mail.as_bytes()).unwrap()
}

#[test]
fn postfix_says_who_and_why_on_one_line() {
    for mail in [report(&status(FAILED), &headers()), report(&status(FAILED), &headers()).replace('\n', "\r\n")] {
        let notification = read_one(&mail);
        assert_eq!(notification.message_id.as_deref(), Some(ID));
        let [recipient] = notification.recipients.as_slice() else { panic!("{notification:?}") };
        assert_eq!((recipient.address.as_str(), recipient.action, recipient.status.as_str()), ("ann@northwind.example", Action::Failed, "5.1.1"));
        assert_eq!(
            recipient.diagnostic.as_deref(),
            Some("550 5.1.1 <ann@northwind.example>: Recipient address rejected: User unknown in virtual mailbox table")
        );
        assert!(recipient.is_permanent());
    }
}

#[test]
fn returned_message_names_the_mail_as_its_headers_do() {
    let whole = format!("Content-Type: message/rfc822\n\nFrom: a@harbourline.example\nMessage-ID: <{ID}>\nSubject: Please\n\nText\n");
    assert_eq!(read_one(&report(&status(FAILED), &whole)).message_id.as_deref(), Some(ID));
    let global = headers().replace("text/rfc822-headers", "message/global-headers");
    assert_eq!(read_one(&report(&status(FAILED), &global)).message_id.as_deref(), Some(ID));
    assert_eq!(read_one(&report(&status(FAILED), "Content-Type: text/plain\n\nnothing returned")).message_id, None);
}

#[test]
fn delayed_and_delivered_are_not_permanent_and_each_recipient_has_its_own() {
    let several = format!(
        "{FAILED}\n\nFinal-Recipient: RFC822; bo@northwind.example\nAction: Delayed\nStatus: 4.4.1 (connection timed out)\n\n\
         Final-Recipient: utf-8; jörg@bücher.example\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; cy@northwind.example\nAction: failed\nStatus: 4.2.2"
    );
    let notification = read_one(&report(&status(&several), &headers()));
    let found: Vec<(&str, bool)> = notification.recipients.iter().map(|r| (r.address.as_str(), r.is_permanent())).collect();
    let expected = [("ann@northwind.example", true), ("bo@northwind.example", false), ("jörg@bücher.example", false), ("cy@northwind.example", false)];
    assert_eq!(found, expected);
}

#[test]
fn encoded_status_is_decoded() {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(status(FAILED));
    let mail = report(&encoded, &headers())
        .replace("Content-Type: message/delivery-status\n", "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n");
    assert_eq!(read_one(&mail).recipients[0].address, "ann@northwind.example");
}

#[test]
fn what_is_no_notification_is_refused_with_its_reason() {
    let refused = |mail: &str| read(mail.as_bytes()).unwrap_err();
    assert_eq!(refused("From: ann@northwind.example\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nBack in May.\n"), NotificationError::Kind);
    assert_eq!(refused(&report("Reporting-MTA: dns; mx.example\n", &headers())), NotificationError::NoRecipient);
    for (from, to, field) in [
        ("Status: 5.1.1\n", "", "Status"),
        ("Status: 5.1.1\n", "Status: unknown\n", "Status"),
        ("Status: 5.1.1\n", "Status: 3.1.1\n", "Status"),
        ("Action: failed\n", "Action: exploded\n", "Action"),
        ("Final-Recipient: rfc822; ann@northwind.example\n", "Final-Recipient: ann\n", "Final-Recipient"),
        ("Final-Recipient: rfc822; ann@northwind.example\n", "Final-Recipient: rfc822; ann northwind\n", "Final-Recipient"),
    ] {
        assert_eq!(refused(&report(&status(FAILED), &headers()).replacen(from, to, 1)), NotificationError::Field { field }, "{to}");
    }
    assert!(read(&vec![b'a'; 10 * 1024 * 1024 + 1]).is_err());
    assert!(read(b"").is_err());
}

proptest! {
    #[test]
    fn reader_of_notifications_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&bytes);
    }

    #[test]
    fn damaged_notification_never_panics_and_gives_single_lines(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12)) {
        let mut bytes = report(&status(FAILED), &headers()).into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        if let Ok(notification) = read(&bytes) {
            for recipient in notification.recipients {
                for text in [Some(recipient.address), Some(recipient.status), recipient.diagnostic].into_iter().flatten() {
                    prop_assert!(!text.chars().any(char::is_control), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn bounced_mail_told_nobody_until_another_address_is_imported() {
    let sandbox = Sandbox::with_sample();
    let at = |moment: &str, arguments: &[&str]| {
        let mut all = vec!["-C", "sample"];
        all.extend(arguments);
        all.extend(["--now", moment]);
        let run = sandbox.run(&all);
        assert!([0, 4, 5].contains(&run.code), "{arguments:?}: {}{}", run.stdout, run.stderr);
        run.stdout
    };
    let (monday, tuesday) = ("2027-01-11T10:00:00.000Z", "2027-01-12T10:00:00.000Z");
    at(monday, &["ledger", "init"]);
    at(monday, &["people", "import", "sample/people.csv"]);
    at(monday, &["sync"]);
    at(monday, &["remind", "--send"]);
    let mail = std::fs::read_dir(sandbox.path().join("output/mail")).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let mail = mail.into_iter().find(|text| text.contains("ciara.nolan@harbourline.example")).unwrap();
    let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap().trim_end().trim_end_matches('>').to_owned();
    let nolan = FAILED.replace("ann@northwind.example", "ciara.nolan@harbourline.example");
    let folder = sandbox.path().join("bounces");
    std::fs::create_dir(&folder).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    write("1.eml", report(&status(&nolan), &headers().replace(ID, &id)));
    write("2.eml", report(&status(&nolan), &headers()));
    write("3.eml", report(&status(&nolan).replace("5.1.1", "4.4.1"), &headers().replace(ID, &id)));
    write("4.eml", "Subject: hello\n\nno notification\n".to_owned());
    let read: Value = serde_json::from_str(&at(tuesday, &["outbox", "bounces", "bounces", "--format", "json"])).unwrap();
    let recorded: Vec<bool> = read.as_array().unwrap().iter().map(|one| one["is_recorded"].as_bool().unwrap()).collect();
    assert_eq!(recorded, [true, false, false, false], "{read}");
    assert!(at(tuesday, &["outbox", "bounces", "bounces/1.eml"]).contains("it was read before"));
    let held = at(tuesday, &["remind", "--plan"]);
    assert!(held.contains("held back: Ciara Nolan (p-nolan): mail came back (5.1.1: 550 5.1.1"), "{held}");
    assert!(at(tuesday, &["finding", "list"]).contains("mail to p-nolan comes back"));
    assert!(at(tuesday, &["doctor"]).contains("mail to `p-nolan` came back"));
    std::fs::write(sandbox.path().join("new.csv"), "id,email\np-nolan,ciara.walsh@harbourline.example\n").unwrap();
    at(tuesday, &["people", "import", "new.csv"]);
    let plan = at(tuesday, &["remind", "--plan"]);
    assert!(plan.contains("Ciara Nolan (p-nolan), from"), "{plan}");
    assert_eq!(sandbox.run(&["-C", "sample", "ledger", "verify"]).code, 0);
}
