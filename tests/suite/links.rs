//! One-time links and the outbox: what opens, what counts, what is sent, and what is sent again.

use std::path::PathBuf;

use countersign::base::instant::Instant;
use countersign::compliance::acknowledgment::Occasion;
use countersign::compliance::book::MailState;
use countersign::mail::{Outcome, Transport};
use countersign::outbox::Composed;
use countersign::record::Event;
use countersign::record::event::PersonChange;
use countersign::signature::link::{LinkRefusal, Nonce, Token};
use countersign::store::OutboxState;
use countersign::workflow::acknowledge::Signer;
use countersign::workflow::answer::{self, Signing};
use countersign::workflow::outbox::{self, Attempt, Office};
use countersign::workflow::register::{Edge, Register};
use countersign::workflow::{desk, remind};

use crate::suite::compliance::{noon, person, request, version};
use crate::suite::sandbox::Sandbox;

/// A workspace with one person who is asked on 5 January, due on 19 January.
struct World {
    _sandbox: Sandbox,
    root: PathBuf,
}

/// A mail server that answers as it is told and keeps what it was given.
struct Scripted {
    answers: Vec<fn() -> Outcome>,
    taken: Vec<Vec<u8>>,
}

impl Transport for Scripted {
    fn send(&mut self, mail: &Composed) -> Outcome {
        self.taken.push(mail.raw.clone());
        if self.answers.is_empty() { taken() } else { self.answers.remove(0)() }
    }
}

fn taken() -> Outcome {
    Outcome::Sent { response: "250 taken".to_owned() }
}

fn lost() -> Outcome {
    Outcome::Unknown { reason: "the line broke".to_owned() }
}

fn busy() -> Outcome {
    Outcome::Retry { reason: "451 later".to_owned() }
}

fn refused() -> Outcome {
    Outcome::Refused { reason: "550 no such mailbox".to_owned() }
}

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::with_sample();
        let world = Self { root: sandbox.path().join("sample"), _sandbox: sandbox };
        let mut register = Register::begin(&world.root, "register.example.com/x", "Example", world.edge(noon("2027-01-04"))).unwrap();
        register
            .change(|_, draft| {
                let mut first = version("1.0", "2027-01-04");
                (first.pdf, first.html) = (draft.keep(b"pdf".to_vec()), draft.keep(b"page".to_vec()));
                draft.record(Event::Published(Box::new(first)));
                draft.record(Event::Person(Box::new(PersonChange { person: person("p-1"), source: "import".to_owned(), reason: None })));
                Ok(())
            })
            .unwrap();
        let mut register = world.at(noon("2027-01-05"));
        register
            .change(|_, draft| {
                draft.record(Event::Requested(request("r-1", "p-1", "1.0", "2027-01-19", Occasion::First)));
                Ok(())
            })
            .unwrap();
        world
    }

    fn edge(&self, now: Instant) -> Edge {
        Edge::system("test", Some(now))
    }

    fn at(&self, now: Instant) -> Register {
        Register::open(&self.root, self.edge(now)).unwrap()
    }

    fn office(&self) -> Office {
        Office::open(&self.root, &desk::read(&self.root).unwrap()).unwrap().unwrap()
    }

    /// Decides what is due at noon of a day, sends what waits, and gives what became of it and what the server was given.
    fn send(&self, day: &str, answers: &[fn() -> Outcome]) -> (Vec<Attempt>, Vec<Vec<u8>>) {
        self.send_at(noon(day), answers)
    }

    fn send_at(&self, now: Instant, answers: &[fn() -> Outcome]) -> (Vec<Attempt>, Vec<Vec<u8>>) {
        let (mut register, office) = (self.at(now), self.office());
        remind::decide(&mut register, &office, false).unwrap();
        let mut server = Scripted { answers: answers.to_vec(), taken: Vec::new() };
        let attempts = outbox::send(&mut register, &office, &mut server, &mut |_, _| Ok(b"receipt".to_vec())).unwrap();
        (attempts, server.taken)
    }

    /// Sends the mail of a day and gives the token in it.
    fn token(&self, day: &str) -> Token {
        let (attempts, mails) = self.send(day, &[]);
        assert_eq!(attempts.iter().map(|a| a.result).collect::<Vec<_>>(), ["sent"]);
        token_in(&mails[0])
    }

    fn open(&self, day: &str, token: &Token) -> Result<Nonce, LinkRefusal> {
        answer::open(&mut self.at(noon(day)), &self.office(), token).unwrap().map(|opened| opened.nonce).map_err(|closed| closed.why)
    }

    fn sign_at(&self, now: Instant, token: &Token, nonce: &Nonce) -> Result<String, LinkRefusal> {
        let signer = Signer { typed_name: "Ann Able".to_owned(), ..Signer::default() };
        match answer::sign(&mut self.at(now), &self.office(), token, nonce, &signer, None).unwrap() {
            Ok(Signing::Signed(request)) => Ok(request),
            Ok(Signing::Code(wish)) => panic!("{wish:?}"),
            Err(closed) => Err(closed.why),
        }
    }

    fn size(&self) -> u64 {
        self.at(noon("2028-01-01")).state().size
    }

    fn state(&self) -> Vec<OutboxState> {
        let all = [OutboxState::Decided, OutboxState::Sending, OutboxState::Sent, OutboxState::Failed, OutboxState::Unknown, OutboxState::Dropped];
        outbox::mails(&mut self.at(noon("2028-01-01")), &all).unwrap().into_iter().map(|m| m.state).collect()
    }
}

/// The token of the first link in a mail whose text is quoted-printable.
fn token_in(raw: &[u8]) -> Token {
    let text = String::from_utf8_lossy(raw).replace("=\r\n", "");
    let at = text.find("https://sign.harbourline.example/").expect("a link") + "https://sign.harbourline.example/".len();
    Token::parse(&text[at..at + 43]).expect("a token")
}

#[test]
fn link_signs_once() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let nonce = world.open("2027-01-06", &token).unwrap();
    assert_eq!(world.sign_at(noon("2027-01-06"), &token, &nonce), Ok("r-1".to_owned()));
    let size = world.size();
    assert_eq!(world.sign_at(noon("2027-01-06"), &token, &nonce), Ok("r-1".to_owned()), "the same form again leads to the same result");
    let other_tab = Nonce::parse(&"A".repeat(75)).unwrap();
    assert_eq!(world.sign_at(noon("2027-01-06"), &token, &other_tab), Err(LinkRefusal::Used));
    assert_eq!(world.open("2027-01-06", &token).unwrap_err(), LinkRefusal::Used);
    assert_eq!(world.size(), size, "nothing more was recorded");
}

#[test]
fn opening_records_nothing_however_often() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let size = world.size();
    for _ in 0..20 {
        world.open("2027-01-06", &token).unwrap();
    }
    assert_eq!(world.size(), size);
}

#[test]
fn number_that_was_not_shown_for_this_link_or_too_long_ago_does_not_count() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let nonce = world.open("2027-01-06", &token).unwrap();
    assert_eq!(world.sign_at(noon("2027-01-06"), &token, &Nonce::parse(&"A".repeat(75)).unwrap()), Err(LinkRefusal::Nonce));
    assert_eq!(world.sign_at(noon("2027-01-06").plus_secs(4 * 3600), &token, &nonce), Err(LinkRefusal::Nonce));
    assert_eq!(world.sign_at(noon("2027-01-06").plus_secs(4 * 3600 + 1), &token, &nonce), Err(LinkRefusal::Nonce));
    let again = world.open("2027-01-07", &token).unwrap();
    assert_eq!(world.sign_at(noon("2027-01-07").plus_secs(4 * 3600 - 1), &token, &again), Ok("r-1".to_owned()), "in time");
}

#[test]
fn forged_and_expired_links_do_not_open() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let forged = Token::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    assert_eq!(world.open("2027-01-06", &forged).unwrap_err(), LinkRefusal::Unknown);
    assert!(world.open("2027-03-05", &token).is_ok(), "59 days later");
    assert!(matches!(world.open("2027-03-06", &token), Err(LinkRefusal::Expired(_))), "60 days later");
}

#[test]
fn newer_mail_carries_the_newer_link_once_it_was_sent() {
    let world = World::new();
    let first = world.token("2027-01-05");
    let (attempts, _) = world.send("2027-01-12", &[busy]);
    assert_eq!(attempts[0].result, "put off");
    assert!(world.open("2027-01-12", &first).is_ok(), "the newer one has not arrived");
    let (attempts, mails) = world.send("2027-01-13", &[]);
    assert_eq!(attempts[0].result, "sent");
    assert_eq!(world.open("2027-01-13", &first).unwrap_err(), LinkRefusal::Rotated);
    assert!(world.open("2027-01-13", &token_in(&mails[0])).is_ok());
}

#[test]
fn link_of_a_superseded_version_does_not_sign() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let nonce = world.open("2027-01-06", &token).unwrap();
    let mut register = world.at(noon("2027-01-06"));
    register
        .change(|_, draft| {
            draft.record(Event::Published(Box::new(version("2.0", "2027-01-06"))));
            Ok(())
        })
        .unwrap();
    assert_eq!(world.sign_at(noon("2027-01-06"), &token, &nonce), Err(LinkRefusal::Superseded));
}

#[test]
fn mail_of_unknown_outcome_is_sent_again_with_the_same_bytes() {
    let world = World::new();
    let (first, sent) = world.send("2027-01-05", &[lost]);
    assert_eq!(first[0].result, "unknown");
    for _ in 1..5 {
        let (attempts, again) = world.send("2027-01-05", &[lost]);
        assert_eq!(attempts[0].result, "unknown");
        assert_eq!(sent, again, "the same Message-ID, link and all");
    }
    assert!(world.send("2027-01-05", &[]).0.is_empty(), "then it waits for a person");
    assert_eq!(world.state(), [OutboxState::Unknown]);
    outbox::retry(&mut world.at(noon("2027-01-05")), &first[0].key).unwrap();
    assert_eq!(world.send("2027-01-05", &[]).0[0].result, "sent");
}

#[test]
fn temporary_refusal_waits_longer_each_time_and_a_final_one_is_not_tried_again() {
    let world = World::new();
    let start = noon("2027-01-05");
    assert_eq!(world.send_at(start, &[busy]).0[0].result, "put off");
    assert!(world.send_at(start.plus_secs(60), &[]).0.is_empty(), "too early");
    assert_eq!(world.send_at(start.plus_secs(200), &[busy]).0[0].result, "put off");
    assert!(world.send_at(start.plus_secs(330), &[]).0.is_empty(), "twice as long");
    assert_eq!(world.send_at(start.plus_secs(600), &[refused]).0[0].result, "failed");
    assert!(world.send_at(start.plus_secs(86_000), &[]).0.is_empty());
    assert_eq!(world.state(), [OutboxState::Failed]);
    let book = &world.at(noon("2027-01-07")).state().book.clone();
    assert_eq!(book.mails.values().map(|m| m.state).collect::<Vec<_>>(), [MailState::Failed], "and the ledger knows");
}

#[test]
fn mail_to_an_old_address_is_dropped_and_decided_anew() {
    let world = World::new();
    let now = noon("2027-01-05");
    remind::decide(&mut world.at(now), &world.office(), false).unwrap();
    let mut moved = person("p-1");
    moved.email = Some("new@northwind.example".to_owned());
    let change = PersonChange { person: moved, source: "import".to_owned(), reason: None };
    world
        .at(now)
        .change(|_, draft| {
            draft.record(Event::Person(Box::new(change)));
            Ok(())
        })
        .unwrap();
    let (attempts, mails) = world.send_at(now, &[]);
    assert_eq!(attempts.iter().map(|a| a.result).collect::<Vec<_>>(), ["dropped", "sent"]);
    assert!(attempts[1].to.contains("new@northwind.example"), "{attempts:?}");
    assert!(world.open("2027-01-05", &token_in(&mails[0])).is_ok());
}

#[test]
fn only_one_process_sends() {
    let world = World::new();
    let lock = countersign::project::register::lock(&world.root.join("countersign.db.sender")).unwrap();
    assert!(lock.is_some());
    let mut server = Scripted { answers: Vec::new(), taken: Vec::new() };
    let refused = outbox::send(&mut world.at(noon("2027-01-05")), &world.office(), &mut server, &mut |_, _| Ok(Vec::new())).unwrap_err();
    assert!(refused.to_string().contains("another process sends"), "{refused}");
}

#[test]
fn server_that_puts_everything_off_is_left_alone() {
    let world = World::new();
    let mut register = world.at(noon("2027-01-05"));
    register
        .change(|_, draft| {
            for number in 2..12 {
                let id = format!("p-{number}");
                draft.record(Event::Person(Box::new(PersonChange { person: person(&id), source: "import".to_owned(), reason: None })));
                draft.record(Event::Requested(request(&format!("r-{number}"), &id, "1.0", "2027-01-19", Occasion::First)));
            }
            Ok(())
        })
        .unwrap();
    let (attempts, _) = world.send("2027-01-05", &[busy as fn() -> Outcome; 11]);
    assert_eq!(attempts.len(), 5);
    assert_eq!(world.send("2027-01-05", &[]).0.len(), 6, "the others are tried first at the next run");
}

#[test]
fn older_mail_that_comes_late_takes_nothing_from_the_newer_one() {
    let world = World::new();
    assert_eq!(world.send("2027-01-05", &[refused]).0[0].result, "failed");
    let newer = world.token("2027-01-12");
    outbox::retry(&mut world.at(noon("2027-01-12")), "day:p-1:2027-01-05").unwrap();
    let (attempts, _) = world.send("2027-01-12", &[]);
    assert_eq!(attempts[0].result, "dropped", "{attempts:?}");
    assert!(world.open("2027-01-12", &newer).is_ok());
}

#[test]
fn link_that_went_to_a_former_address_is_somebody_elses() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let mut moved = person("p-1");
    moved.email = Some("right@northwind.example".to_owned());
    let change = PersonChange { person: moved, source: "import".to_owned(), reason: None };
    world
        .at(noon("2027-01-06"))
        .change(|_, draft| {
            draft.record(Event::Person(Box::new(change)));
            Ok(())
        })
        .unwrap();
    assert_eq!(world.open("2027-01-06", &token).unwrap_err(), LinkRefusal::Rotated);
    assert!(world.open("2027-01-06", &world.token("2027-01-06")).is_ok(), "the new address is written to at once");
}

#[test]
fn number_is_good_for_the_words_that_it_was_shown_with() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let nonce = world.open("2027-01-06", &token).unwrap();
    let consent = world.root.join("../templates/consent/person.en.txt");
    let text = std::fs::read_to_string(&consent).unwrap();
    std::fs::write(&consent, text.replace("I will keep to it", "I will perhaps keep to it")).unwrap();
    assert_eq!(world.sign_at(noon("2027-01-06"), &token, &nonce), Err(LinkRefusal::Nonce));
}

#[test]
fn who_has_left_does_not_sign() {
    let world = World::new();
    let token = world.token("2027-01-05");
    let nonce = world.open("2027-01-06", &token).unwrap();
    let mut left = person("p-1");
    left.end = Some("2027-01-05".parse().unwrap());
    let change = PersonChange { person: left, source: "import".to_owned(), reason: None };
    world
        .at(noon("2027-01-06"))
        .change(|_, draft| {
            draft.record(Event::Person(Box::new(change)));
            Ok(())
        })
        .unwrap();
    let mut register = world.at(noon("2027-01-06"));
    let signer = Signer { typed_name: "Ann Able".to_owned(), ..Signer::default() };
    let refusal = answer::sign(&mut register, &world.office(), &token, &nonce, &signer, None).unwrap_err();
    assert!(refusal.to_string().contains("has left"), "{refusal}");
}

#[test]
fn nothing_is_recorded_ahead_of_the_clock_but_in_a_rehearsal() {
    let sandbox = Sandbox::with_sample();
    let root = sandbox.path().join("sample");
    Register::begin(&root, "register.example.com/x", "Example", Edge::system("test", None)).unwrap();
    let mut register = Register::open(&root, Edge::system("test", Some(noon("2060-01-01")))).unwrap();
    let refusal = register.change(|_, _| Ok(())).unwrap_err();
    assert!(refusal.to_string().contains("still to come"), "{refusal}");
}
