//! The sign page over HTTP: what is shown, what counts, what is refused, and what nothing changes.

use std::collections::BTreeSet;

use countersign::compliance::acknowledgment::Method;
use countersign::compliance::book::{Letter, Outcome};
use countersign::record::State;
use countersign::workflow::receipt;
use proptest::prelude::*;

use crate::suite::sandbox::python;
use crate::suite::town::{NOW, Reply, Server, Town, ask};

const KRAUSE: &str = "joerg.krause@tallyholme.example";
const IYER: &str = "anand.iyer@brightledger.example";
const VOSS: &str = "helene.voss@brightledger.example";
const NOLAN: &str = "ciara.nolan@harbourline.example";
const CODE: &str = "Code of Conduct";
const USE: &str = "Acceptable Use";

fn path(token: &str) -> String {
    format!("/{token}")
}

fn signatures(state: &State) -> usize {
    state.book.requests.values().filter(|r| matches!(r.outcome, Outcome::Signed { .. })).count()
}

#[test]
fn page_shows_the_text_takes_a_name_and_gives_the_receipt() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let page = server.get(&path(&token));
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    for part in ["Harbourline", "Code of Conduct", "Anand Iyer", "I acknowledge", "compliance-desk@harbourline.example", "<article"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let nonce = page.nonce();
    let signed = server.post(&path(&token), &[("nonce", &nonce), ("name", "  A. Iyer ")]);
    assert_eq!(signed.status, 303, "{}", signed.text());
    let result = signed.header("location").unwrap().to_owned();
    let done = server.get(&result);
    assert_eq!(done.status, 200);
    let file = server.get(&format!("{result}/receipt.zip"));
    assert_eq!((file.status, file.header("content-type")), (200, Some("application/zip")));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment; filename=\"receipt-r-"), "{:?}", file.headers);
    let proven = receipt::verify(&file.body, town.register().trusted()).unwrap();
    assert!(proven.key_is_pinned);
    let a = proven.acknowledgment;
    assert_eq!((a.typed_name.as_str(), a.address.as_deref(), a.agent.as_deref()), ("A. Iyer", Some("127.0.0.1"), Some("Test/1.0")));
    assert!(matches!(a.proof, Method::Link { code: false, .. }), "{:?}", a.proof);
    assert_eq!(server.get(&format!("{result}/receipt.zip")).body, file.body, "the same receipt each time");
    // The receipt goes out by mail as well, before the server has ended.
    server.stop();
    let receipts = town.letters().into_iter().filter(|l| l.to == IYER && l.subject.contains("receipt")).count();
    assert_eq!(receipts, 1);
    assert_eq!(town.run(&["ledger", "verify"]).code, 0);
    let doctor = town.run_at(NOW, &["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
}

#[test]
fn same_form_twice_is_one_signature_and_another_tab_is_told_so() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let (one, other) = (server.get(&path(&token)).nonce(), server.get(&path(&token)).nonce());
    assert_ne!(one, other);
    let post = |nonce: &str| server.post(&path(&token), &[("nonce", nonce), ("name", "Anand Iyer")]);
    let (first, second) = (post(&one), post(&one));
    assert_eq!((first.status, second.status), (303, 303));
    let receipt = |reply: &Reply| server.get(&format!("{}/receipt.zip", reply.header("location").unwrap())).body;
    assert_eq!(receipt(&first), receipt(&second));
    let late = post(&other);
    assert_eq!(late.status, 410);
    assert!(late.text().contains("26 November 2026"), "{}", late.text());
    assert_eq!(server.get(&path(&token)).status, 410, "the back button");
    assert_eq!(signatures(town.register().state()), 1);
}

#[test]
fn five_hundred_answers_at_once_are_one_signature() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let nonce = server.get(&path(&token)).nonce();
    let body = format!("nonce={nonce}&name=Anand");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = || ask(server.address, "POST", &path(&token), &headers, body.as_bytes()).status;
        let threads: Vec<_> = (0..500).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // Those that came when too much waited were told to come back.
    let kinds: BTreeSet<u16> = statuses.iter().copied().collect();
    assert!(kinds.is_subset(&BTreeSet::from([303, 503])) && kinds.contains(&303), "{kinds:?}");
    assert_eq!(signatures(town.register().state()), 1);
    server.stop();
    assert_eq!(town.run(&["ledger", "verify"]).code, 0);
}

#[test]
fn looking_changes_nothing_however_often() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let before = std::fs::read(town.root().join("countersign.db")).unwrap();
    let (size, wal) = (town.size(), std::fs::metadata(town.root().join("countersign.db-wal")).map(|m| m.len()).unwrap_or(0));
    for number in 0..100 {
        let method = if number % 2 == 0 { "GET" } else { "HEAD" };
        for path in [path(&token), format!("/{token}/policy.html"), format!("/{token}/policy.pdf")] {
            let reply = server.ask(method, &path, &[("purpose", "prefetch")], b"");
            assert_eq!((reply.status, reply.body.is_empty()), (200, method == "HEAD"));
        }
    }
    assert_eq!(town.size(), size);
    assert_eq!(std::fs::metadata(town.root().join("countersign.db-wal")).map(|m| m.len()).unwrap_or(0), wal, "not a byte is written");
    assert_eq!(std::fs::read(town.root().join("countersign.db")).unwrap(), before);
}

/// A scanner that runs scripts presses the first button of a page, or every button, and leaves the fields as they are.
#[test]
fn scanner_that_presses_buttons_signs_nothing() {
    let town = Town::new();
    let server = town.serve();
    let size = town.size();
    for token in [town.token(IYER, CODE), town.token(NOLAN, USE)] {
        let page = server.get(&path(&token));
        let nonce = page.nonce();
        for form in ["", "/decline", "/handover"] {
            let fields: &[(&str, &str)] = &[("nonce", &nonce), ("name", ""), ("reason", ""), ("email", "")];
            let reply = server.post(&format!("/{token}{form}"), fields);
            assert_eq!(reply.status, 422, "{form}");
        }
        assert!(page.text().contains("required"));
    }
    assert_eq!(town.size(), size);
}

#[test]
fn declining_needs_a_reason_and_is_recorded_with_it() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(KRAUSE, CODE);
    let page = server.get(&path(&token));
    assert!(page.text().contains("lang=\"de\""), "the person reads German");
    let reply = server.post(&format!("/{token}/decline"), &[("nonce", &page.nonce()), ("reason", "Ich bin nicht zuständig.\r\nBitte Frau L.\u{202e}")]);
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert_eq!(server.get(reply.header("location").unwrap()).status, 200);
    let state = town.register();
    let reasons: Vec<_> =
        state.state().book.requests.values().filter_map(|r| if let Outcome::Declined(m) = &r.outcome { Some(m.ending.reason.clone()) } else { None }).collect();
    assert_eq!(reasons, ["Ich bin nicht zuständig.\nBitte Frau L."]);
    assert_eq!(server.get(&path(&token)).status, 410);
}

#[test]
fn handing_over_asks_a_colleague_and_tells_nobody_who_else_there_is() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let hand_over = |email: &str| {
        let nonce = server.get(&path(&token)).nonce();
        server.post(&format!("/{token}/handover"), &[("nonce", &nonce), ("email", email), ("handover_reason", "on leave")])
    };
    for email in ["nobody@brightledger.example", NOLAN, "p-voss", IYER] {
        let reply = hand_over(email);
        assert_eq!(reply.status, 422, "{email}");
    }
    let said = |email: &str| {
        let reply = hand_over(email);
        reply.text().replace(&reply.nonce(), "").replace(email, "")
    };
    assert_eq!(said(NOLAN), said("x@harbourline.example"), "one answer for others and for nobody");
    let reply = hand_over(VOSS);
    assert_eq!(reply.status, 303);
    let done = server.get(reply.header("location").unwrap());
    assert!(done.text().contains("Helene Voss"), "{}", done.text());
    assert!(!done.text().contains(&town.token(VOSS, CODE)), "no token on the screen of who hands over");
    let register = town.register();
    assert_eq!(register.state().book.requests.values().filter(|r| matches!(r.outcome, Outcome::Delegated(_))).count(), 1);
}

#[test]
fn policy_that_asks_for_a_code_is_signed_with_one() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(NOLAN, USE);
    let page = server.get(&path(&token));
    let asked = server.post(&path(&token), &[("nonce", &page.nonce()), ("name", "Ciara Nolan")]);
    assert_eq!(asked.status, 200, "{}", asked.text());
    assert!(asked.text().contains("name=\"code\"") && asked.text().contains("Ciara Nolan") && asked.text().contains("c\u{2026}n@harbourline.example"));
    let code = code_of(&town, &server);
    assert!(!town.letters().iter().any(|l| l.subject.contains(&code)), "no subject shows it");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let reply = server.post(&path(&token), &[("nonce", &asked.nonce()), ("name", "Ciara Nolan"), ("code", wrong)]);
    assert_eq!(reply.status, 422);
    assert!(reply.text().contains('9'), "nine are left");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let reply = server.post(&path(&token), &[("nonce", &reply.nonce()), ("name", "Ciara Nolan"), ("code", &spaced)]);
    assert_eq!(reply.status, 303, "{}", reply.text());
    let file = server.get(&format!("{}/receipt.zip", reply.header("location").unwrap())).body;
    let proven = receipt::verify(&file, &[]).unwrap();
    assert!(matches!(proven.acknowledgment.proof, Method::Link { code: true, .. }));
    let dump = String::from_utf8_lossy(&std::fs::read(town.root().join("countersign.db")).unwrap()).into_owned();
    assert!(!dump.contains(&format!("\"{code}\"")), "the register knows no code");
    let codes = town.register().state().book.mails.values().filter(|m| m.decision.letter == Letter::Code).count();
    assert_eq!(codes, 1, "a second wish within seconds is the same");
}

/// Waits for the mail with the code, which the server sends by itself.
fn code_of(town: &Town, _: &Server) -> String {
    for _ in 0..400 {
        let found = town.letters().into_iter().rfind(|l| l.subject.starts_with("Your code"));
        if let Some(letter) = found {
            let digits = letter.text.split("sign: ").nth(1).unwrap()[..6].to_owned();
            assert!(digits.bytes().all(|b| b.is_ascii_digit()), "{}", letter.text);
            return digits;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no code came");
}

#[test]
fn ten_wrong_codes_lock_the_link() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(NOLAN, USE);
    let post = |code: &str| {
        let nonce = server.get(&path(&token)).nonce();
        server.post(&path(&token), &[("nonce", &nonce), ("name", "Ciara"), ("code", code)])
    };
    assert_eq!(post("123456").status, 422, "a code before any was sent");
    assert_eq!(post("").status, 200);
    let code = code_of(&town, &server);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..9 {
        assert_eq!(post(wrong).status, 422);
    }
    let nonce = server.get(&path(&token)).nonce();
    let locked = server.post(&path(&token), &[("nonce", &nonce), ("name", "Ciara"), ("code", wrong)]);
    assert_eq!(locked.status, 410);
    let right = server.post(&path(&token), &[("nonce", &nonce), ("name", "Ciara"), ("code", &code)]);
    assert_eq!(right.status, 410, "the right one comes too late");
    assert_eq!(signatures(town.register().state()), 0);
}

#[test]
fn code_is_good_for_ten_minutes() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(NOLAN, USE);
    let nonce = server.get(&path(&token)).nonce();
    assert_eq!(server.post(&path(&token), &[("nonce", &nonce), ("name", "Ciara")]).status, 200);
    let code = code_of(&town, &server);
    server.stop();
    let late = town.serve_at("2026-11-26T09:10:00.000Z");
    let page = late.get(&path(&token));
    let reply = late.post(&path(&token), &[("nonce", &page.nonce()), ("name", "Ciara"), ("code", &code)]);
    assert_eq!(reply.status, 422);
    assert_eq!(signatures(town.register().state()), 0);
}

#[test]
fn link_that_leads_nowhere_gets_a_kind_page() {
    let town = Town::new();
    let token = town.token(IYER, CODE);
    {
        let server = town.serve();
        for (path, status) in [
            (format!("/{}", "A".repeat(43)), 404),
            ("/short".to_owned(), 404),
            ("/".to_owned(), 404),
            ("/a/b/c".to_owned(), 404),
            (format!("/{token}%00"), 404),
            (format!("/done/{}", "A".repeat(60)), 404),
            ("/style/x.css".to_owned(), 404),
        ] {
            let reply = server.get(&path);
            assert_eq!(reply.status, status, "{path}");
        }
        let german = server.ask("GET", &format!("/{}", "B".repeat(43)), &[("accept-language", "fr, de;q=0.8, en;q=0.5")], b"");
        assert!(german.text().contains("lang=\"de\""));
    }
    let later = town.serve_at("2027-02-26T09:00:00.000Z");
    let expired = later.get(&path(&token));
    assert_eq!(expired.status, 410);
    assert!(expired.text().contains("25 January 2027"), "{}", expired.text());
}

#[test]
fn form_for_a_superseded_version_is_refused_and_the_new_one_is_offered() {
    let town = Town::new();
    let token = town.token(IYER, CODE);
    let server = town.serve();
    let nonce = server.get(&path(&token)).nonce();
    let outline = town.folder.path().join("clauses/policies/code_of_conduct/outline.yaml");
    let text = std::fs::read_to_string(&outline).unwrap();
    let (before, after) = text.split_once("version: ").unwrap();
    let rest = after.split_once('\n').unwrap().1;
    std::fs::write(&outline, format!("{before}version: \"9.0\"\n{rest}")).unwrap();
    let later = "2026-11-27T09:00:00.000Z";
    for arguments in [
        &["policy", "publish", "code_of_conduct", "--change", "major", "--reason", "new rules"][..],
        &["ack", "request", "code_of_conduct"],
        &["outbox", "send"],
    ] {
        let run = town.run_at(later, arguments);
        assert!([0, 4].contains(&run.code), "{arguments:?} {}", run.stderr);
    }
    server.stop();
    let server = town.serve_at(later);
    let refused = server.post(&path(&token), &[("nonce", &nonce), ("name", "Anand Iyer")]);
    assert_eq!(refused.status, 410);
    let newer = town.token(IYER, CODE);
    assert_ne!(newer, token);
    assert!(refused.text().contains(&format!("href=\"/{newer}\"")), "{}", refused.text());
    assert_eq!(server.get(&path(&newer)).status, 200);
    assert_eq!(signatures(town.register().state()), 0);
}

#[test]
fn request_is_refused_that_no_page_of_ours_sends() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let nonce = server.get(&path(&token)).nonce();
    let form = "application/x-www-form-urlencoded";
    let body = format!("nonce={nonce}&name=Anand");
    let post = |headers: &[(&str, &str)], body: &[u8]| server.ask("POST", &path(&token), headers, body).status;
    assert_eq!(post(&[("content-type", form), ("origin", "https://evil.example")], body.as_bytes()), 403);
    assert_eq!(post(&[("content-type", form), ("sec-fetch-site", "cross-site")], body.as_bytes()), 403);
    assert_eq!(post(&[("content-type", "application/json")], b"{}"), 415);
    assert_eq!(post(&[("content-type", form)], b"name=%ff"), 400);
    assert_eq!(post(&[("content-type", form)], format!("{body}&nonce={nonce}").as_bytes()), 400);
    assert_eq!(post(&[("content-type", form)], b"name=Anand"), 409, "no nonce");
    assert_eq!(post(&[("content-type", form)], &vec![b'a'; 40_000]), 413);
    assert_eq!(server.ask("DELETE", &path(&token), &[], b"").status, 405);
    assert_eq!(signatures(town.register().state()), 0);
    assert_eq!(post(&[("content-type", form)], body.as_bytes()), 303, "and this one counts");
}

#[test]
fn every_answer_forbids_what_could_harm() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    for path in [path(&token), format!("/{token}/policy.html"), format!("/{token}/policy.pdf"), "/none".to_owned(), "/healthz".to_owned()] {
        let reply = server.get(&path);
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path} {policy}");
        let said = ["referrer-policy", "x-content-type-options", "x-frame-options", "cache-control", "strict-transport-security"];
        let said = said.map(|name| reply.header(name).unwrap());
        assert_eq!(said, ["no-referrer", "nosniff", "DENY", "no-store", "max-age=31536000"], "{path}");
        assert!(reply.header("set-cookie").is_none());
    }
    let page = server.get(&path(&token)).text();
    for word in ["<script", "style=", "http://", "javascript:", "onload"] {
        assert!(!page.contains(word), "{word}");
    }
    let css = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let style = server.get(&css);
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(!style.text().contains("url(") && !style.text().contains("@import"));
}

#[test]
fn too_many_requests_are_told_to_wait() {
    let town = Town::new();
    let settings = town.root().join("countersign.yaml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(
        &settings,
        text.replace("requests_per_address: 100000", "requests_per_address: 20").replace("requests_per_link: 100000", "requests_per_link: 10"),
    )
    .unwrap();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let statuses: Vec<u16> = (0..12).map(|_| server.get(&path(&token)).status).collect();
    assert_eq!((statuses[..10].iter().all(|s| *s == 200), statuses[11]), (true, 429));
    let many: Vec<Reply> = (0..12).map(|_| server.get("/healthz")).collect();
    assert_eq!(many.last().unwrap().status, 429);
    assert_eq!(many.last().unwrap().header("retry-after"), Some("60"));
}

#[test]
fn several_items_of_a_mail_are_one_list_and_each_is_signed_by_itself() {
    let town = Town::new();
    let server = town.serve();
    // Who may sign for the company is asked twice for one policy.
    let letters = town.letters();
    let letter = letters.iter().find(|l| l.to == VOSS && l.tokens.len() > 1).unwrap();
    let (first, second) = (&letter.tokens[0], &letter.tokens[1]);
    let page = server.get(&path(first));
    assert!(page.text().contains(&format!("href=\"/{second}\"")), "{}", page.text());
    let signed = server.post(&path(first), &[("nonce", &page.nonce()), ("name", "Helene Voss")]);
    let done = server.get(signed.header("location").unwrap());
    assert!(done.text().contains(&format!("href=\"/{second}\"")));
    assert_eq!(server.get(&path(second)).status, 200);
    assert_eq!(signatures(town.register().state()), 1);
}

/// What is signed is one text: in the PDF, in the page, and by the digests in the entry.
#[test]
fn text_of_pdf_page_and_event_come_from_one_source() {
    if !std::process::Command::new("pdftotext").arg("-v").output().is_ok_and(|o| o.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "pdftotext is missing in CI");
        eprintln!("SKIPPED: there is no pdftotext");
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() });
    let words = proptest::collection::vec("[a-z]{3,9}", 4..12);
    runner
        .run(&words, |words| {
            let sentence = format!("Everybody {} and no more", words.join(" "));
            let town = Town::new();
            let digests = |town: &Town| {
                let register = town.register();
                let version = register.state().book.policies["code_of_conduct"].last().unwrap().clone();
                (version.pdf, version.html)
            };
            let before = digests(&town);
            let clauses = town.folder.path().join("clauses/policies/code_of_conduct");
            let clause = std::fs::read_dir(&clauses).unwrap().map(|e| e.unwrap().path()).find(|p| p.to_string_lossy().contains("scope")).unwrap();
            let text = std::fs::read_to_string(&clause).unwrap();
            std::fs::write(&clause, format!("{}\n\n{sentence}.\n", text.trim_end())).unwrap();
            let outline = clauses.join("outline.yaml");
            let text = std::fs::read_to_string(&outline).unwrap();
            let (head, after) = text.split_once("version: ").unwrap();
            std::fs::write(&outline, format!("{head}version: \"9.0\"\n{}", after.split_once('\n').unwrap().1)).unwrap();
            let later = "2026-11-27T09:00:00.000Z";
            for arguments in [
                &["policy", "publish", "code_of_conduct", "--change", "major", "--reason", "x"][..],
                &["ack", "request", "code_of_conduct"],
                &["outbox", "send"],
            ] {
                let run = town.run_at(later, arguments);
                prop_assert!([0, 4].contains(&run.code), "{:?} {}", arguments, run.stderr);
            }
            let server = town.serve_at(later);
            let token = town.token(IYER, CODE);
            let page = server.get(&path(&token));
            let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert!(flat(&page.text()).contains(&sentence), "the page");
            let pdf = server.get(&format!("/{token}/policy.pdf")).body;
            let file = town.folder.path().join("policy.pdf");
            std::fs::write(&file, &pdf).unwrap();
            let output = std::process::Command::new("pdftotext").arg(&file).arg("-").output().unwrap();
            // Lines may end in a hyphen of the layout.
            let extracted = flat(&String::from_utf8_lossy(&output.stdout)).replace("\u{ad} ", "").replace("- ", "");
            prop_assert!(extracted.contains(&sentence), "the PDF: {}", extracted);
            let signed = server.post(&path(&token), &[("nonce", &page.nonce()), ("name", "Anand Iyer")]);
            prop_assert_eq!(signed.status, 303);
            let register = town.register();
            let book = &register.state().book;
            let signed =
                book.requests.values().find_map(|r| if let Outcome::Signed { acknowledgment, .. } = &r.outcome { Some(acknowledgment) } else { None }).unwrap();
            prop_assert_eq!(&signed.pdf, &countersign::base::digest::Digest::of(&pdf));
            prop_assert_eq!(&signed.shown, &countersign::base::digest::Digest::of(&server_html(&town, signed)));
            prop_assert_ne!(&(signed.pdf.clone(), signed.shown.clone()), &before);
            Ok(())
        })
        .unwrap();
}

/// The kept page whose digest was signed; it holds the part that our page shows, byte for byte.
fn server_html(town: &Town, signed: &countersign::compliance::acknowledgment::Acknowledgment) -> Vec<u8> {
    town.register().file(&signed.shown).unwrap()
}

/// Tokens and bodies of chance: never a fault of ours, never an entry. `COUNTERSIGN_FUZZ=10000` for the long run.
#[test]
fn nonsense_is_refused_and_records_nothing() {
    let town = Town::new();
    let server = town.serve();
    let token = town.token(IYER, CODE);
    let good = server.get(&path(&token)).nonce();
    let size = town.size();
    let cases = std::env::var("COUNTERSIGN_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let tokens = prop_oneof![Just(token.clone()), "[A-Za-z0-9_-]{43}", "[ -~]{0,80}", "(%[0-9a-f]{2}){1,30}"];
    let nonces = prop_oneof![Just(good), "[A-Za-z0-9_-]{75}", ".{0,40}", Just(String::new())];
    let routes = prop_oneof![Just(""), Just("/decline"), Just("/handover"), Just("/policy.pdf"), Just("/x")];
    let bodies = proptest::collection::vec(any::<u8>(), 0..200);
    let methods = prop_oneof![Just("POST"), Just("GET"), Just("PUT"), Just("OPTIONS")];
    runner
        .run(&(tokens, nonces, routes, bodies, methods, any::<bool>()), |(token, nonce, route, bytes, method, is_raw)| {
            // What is no character of a request line is no request at all.
            let token: String = token.chars().filter(|c| c.is_ascii_graphic() && *c != '#' && *c != '?').collect();
            let form = form_urlencoded::Serializer::new(String::new()).append_pair("nonce", &nonce).append_pair("code", "\u{0}").finish();
            let body = if is_raw { bytes } else { form.into_bytes() };
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            let reply = ask(server.address, method, &format!("/{token}{route}"), &headers, &body);
            prop_assert!(reply.status < 500, "{} {}", reply.status, reply.text());
            prop_assert!(![303].contains(&reply.status) || method == "GET", "{}", reply.status);
            Ok(())
        })
        .unwrap();
    assert_eq!(town.size(), size);
}

#[test]
fn who_is_let_in_by_tls_speaks_tls() {
    let Some(python) = python("ssl") else { return };
    let town = Town::new();
    let root = town.root();
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(&root)
        .output();
    if !made.is_ok_and(|o| o.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "openssl is missing in CI");
        eprintln!("SKIPPED: there is no openssl");
        return;
    }
    let settings = root.join("countersign.yaml");
    let text = std::fs::read_to_string(&settings).unwrap().replace("\nweb:\n", "\nweb:\n  certificate: cert.pem\n  key: key.pem\n");
    std::fs::write(&settings, text).unwrap();
    let server = town.serve();
    let script = "import ssl,sys,urllib.request as u;c=ssl.create_default_context(cafile=sys.argv[1]);print(u.urlopen(f'https://localhost:{sys.argv[2]}/healthz',context=c).read().decode())";
    let output = std::process::Command::new(python).args(["-c", script]).arg(root.join("cert.pem")).arg(server.address.port().to_string()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok", "{}", String::from_utf8_lossy(&output.stderr));
}

/// Issues a token and gives it.
fn access(town: &Town, more: &[&str]) -> String {
    let file = town.folder.path().join(format!("{}.token", more.len()));
    let run = town.run_at(NOW, &[&["token", "issue", "turnstile", "--to", file.to_str().unwrap()], more].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let token = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(token.starts_with("csgn_") && !run.stdout.contains(&token), "{}", run.stdout);
    token
}

#[test]
fn gate_answers_programs_with_a_good_token_only() {
    let town = Town::new();
    let (all, one) = (access(&town, &[]), access(&town, &["--supplier", "brightledger-crm"]));
    let server = town.serve();
    let ask = |token: &str, query: &str| {
        let bearer = format!("Bearer {token}");
        let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("authorization", &bearer)] };
        server.ask("GET", &format!("/api/v1/gate{query}"), headers, b"")
    };
    let question = "?supplier=tallyholme-payroll&person=maja.lindqvist%40tallyholme.example";
    let reply = ask(&all, question);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")), "{}", reply.text());
    let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((&answer["allowed"], &answer["person"], &answer["as_of"]), (&false.into(), &"p-lindqvist".into(), &"2026-11-26".into()));
    let said: Vec<&str> = answer["reasons"].as_array().unwrap().iter().filter(|r| r["passed"] == false).map(|r| r["text"].as_str().unwrap()).collect();
    assert!(
        said.contains(&"The supplier has no contract that both sides executed.")
            && said.contains(&"Code of Conduct 1.1 was asked for and is not signed yet, due 26 December 2026."),
        "{said:?}"
    );
    // The command line says the same.
    let run = town.run_at(NOW, &["gate", "tallyholme-payroll", "p-lindqvist", "--format", "json"]);
    assert_eq!((run.code, serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()), (5, answer));
    for (token, query, status) in [
        ("", question, 401),
        ("csgn_wrong", question, 401),
        ("csgn_wrong", "", 401),
        (one.as_str(), question, 403),
        (one.as_str(), "?supplier=brightledger-crm", 200),
        (all.as_str(), "", 400),
        (all.as_str(), "?supplier=a&supplier=b", 400),
        (all.as_str(), "?supplier=brightledger-crm&as_of=2026-02-30", 400),
        (all.as_str(), "?supplier=brightledger-crm&x=1", 400),
        (all.as_str(), "?supplier=nobody", 404),
        (all.as_str(), "?supplier=brightledger-crm&as_of=2026-11-25", 200),
    ] {
        let reply = ask(token, query);
        assert_eq!(reply.status, status, "{query} {}", reply.text());
        if status != 200 {
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{query}");
        }
    }
    assert_eq!(ask("", question).header("www-authenticate"), Some("Bearer"));
    let list = town.run_at(NOW, &["token", "list", "--format", "json"]);
    let id = serde_json::from_str::<serde_json::Value>(&list.stdout).unwrap()[0]["token"]["token"].as_str().unwrap().to_owned();
    assert_eq!(town.run_at(NOW, &["token", "revoke", &id, "--reason", "lost"]).code, 0);
    assert_eq!([ask(&all, question).status, ask(&one, "?supplier=brightledger-crm").status].iter().filter(|s| **s == 401).count(), 1, "at once");
    let dump = std::fs::read(town.root().join("countersign.db")).unwrap();
    assert!(!dump.windows(all.len()).any(|w| w == all.as_bytes()), "the register knows no token");
}

#[test]
fn interface_keeps_to_its_description() {
    let venv = crate::suite::sandbox::repository().join("target/ci-venv/bin/schemathesis");
    if !venv.exists() {
        assert!(std::env::var_os("CI").is_none(), "schemathesis is missing in CI");
        eprintln!("SKIPPED: there is no schemathesis (pip install -r tests/requirements.txt)");
        return;
    }
    let town = Town::new();
    let token = access(&town, &[]);
    let server = town.serve();
    let examples = std::env::var("COUNTERSIGN_SCHEMATHESIS").unwrap_or_else(|_| "30".to_owned());
    let output = std::process::Command::new(venv)
        .args(["run", &format!("http://{}/api/v1/openapi.json", server.address), "--checks", "all", "--no-color", "--seed", "7", "--max-examples", &examples])
        .args(["--url", &format!("http://{}", server.address), "--header", &format!("Authorization: Bearer {token}")])
        .current_dir(town.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(town.run(&["ledger", "verify"]).code == 0);
}
