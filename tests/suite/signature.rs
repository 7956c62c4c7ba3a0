//! Tokens, nonces, SSH signatures and the statement they are over.

use countersign::base::digest::Digest;
use countersign::base::instant::Instant;
use countersign::signature::link::{LinkSecret, Nonce, Pass, Token};
use countersign::signature::ssh::{SshRefusal, check_key, verify, verify_by};
use countersign::signature::statement::Statement;
use proptest::prelude::*;

use crate::suite::sandbox::repository;

fn fixture(name: &str) -> String {
    std::fs::read_to_string(repository().join("tests/fixtures/register").join(name)).unwrap()
}

#[test]
fn signature_of_a_registered_key_holds() {
    for name in ["anna", "bert"] {
        let keys = [fixture("bert.pub"), fixture("anna.pub")];
        let proof = verify(&fixture("statement.txt"), &fixture(&format!("{name}.sig")), &keys).unwrap();
        assert_eq!(proof.fingerprint, check_key(&fixture(&format!("{name}.pub"))).unwrap());
        assert_eq!(verify_by(&fixture("statement.txt"), &fixture(&format!("{name}.sig")), &proof.fingerprint), Ok(proof));
    }
}

#[test]
fn signature_that_does_not_count_is_refused_with_its_reason() {
    let statement = fixture("statement.txt");
    let anna = [fixture("anna.pub")];
    assert!(matches!(verify(&statement, &fixture("anna.sig"), &[]), Err(SshRefusal::Key(_))), "nobody's key");
    assert!(matches!(verify(&statement, &fixture("anna.sig"), &[fixture("bert.pub")]), Err(SshRefusal::Key(_))), "another's key");
    assert!(matches!(verify(&statement.replace("r-1", "r-2"), &fixture("anna.sig"), &anna), Err(SshRefusal::Signature(_))), "another statement");
    assert_eq!(verify(&statement, &fixture("anna-for-files.sig"), &anna), Err(SshRefusal::Namespace("file".to_owned())));
    assert!(matches!(verify(&statement, &fixture("carl.sig"), &[fixture("carl.pub")]), Err(SshRefusal::Algorithm(_) | SshRefusal::Form(_))), "RSA");
    assert!(matches!(verify(&statement, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n", &anna), Err(SshRefusal::Form(_))));
    assert!(matches!(verify(&statement, &"A".repeat(20_000), &anna), Err(SshRefusal::Form(_))), "too long");
}

#[test]
fn statement_names_everything_once_and_no_value_passes_for_another() {
    let (pdf, html) = (Digest::of(b"pdf"), Digest::of(b"html"));
    let statement = |name| Statement {
        origin: "register.example/x",
        request: "r-1",
        person: "p-1",
        name,
        capacity: "person",
        policy: "code 1.0",
        pdf: &pdf,
        html: &html,
        consent: "I agree.\n",
    };
    let text = statement("Ann\npolicy: other 9.9").text();
    assert_eq!(text.lines().filter(|l| l.starts_with("policy: ")).count(), 1);
    assert!(text.ends_with("\n\nI agree.\n"));
    assert_ne!(text, statement("Ann policy: other 9.9 ").text());
}

#[test]
fn token_depends_on_secret_request_and_salt() {
    let secret = LinkSecret::new([1; 32]);
    let token = Token::derive(&secret, "r-1", &[1; 16]);
    assert_eq!(token, Token::derive(&secret, "r-1", &[1; 16]), "made again, it is the same");
    let others = [
        Token::derive(&LinkSecret::new([2; 32]), "r-1", &[1; 16]),
        Token::derive(&secret, "r-2", &[1; 16]),
        Token::derive(&secret, "r-1", &[2; 16]),
        Token::derive(&secret, "r-1\u{1}", &[1; 15]),
    ];
    for other in others {
        assert_ne!(token, other);
        assert!(!other.opens(&token.digest()));
    }
    assert!(token.opens(&token.digest()));
    assert_eq!(
        format!("{token:?} {secret:?} {:?}", Nonce::issue(&secret, &token.digest(), &token.digest(), Instant::from_millis(0), [0; 16])),
        "Token(..) LinkSecret(..) Nonce(..)",
        "a log shows no secret"
    );
}

proptest! {
    #[test]
    fn tokens_and_nonces_have_one_spelling(text in "[A-Za-z0-9_=+/-]{0,80}") {
        if let Some(token) = Token::parse(&text) {
            prop_assert_eq!(token.text(), text.clone());
        }
        if let Some(nonce) = Nonce::parse(&text) {
            prop_assert_eq!(nonce.text(), text.clone());
        }
        if let Some(pass) = Pass::parse(&text) {
            prop_assert_eq!(pass.text(), text);
        }
    }

    #[test]
    fn signature_reader_never_panics(body in "[A-Za-z0-9+/=\n]{0,600}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let keys = [fixture("anna.pub")];
        let armoured = format!("-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n");
        prop_assert!(verify("x", &armoured, &keys).is_err());
        prop_assert!(verify("x", &String::from_utf8_lossy(&bytes), &keys).is_err());
    }
}

#[test]
fn flipped_bit_of_a_signature_is_refused() {
    let (whole, statement, key) = (fixture("anna.sig"), fixture("statement.txt"), [fixture("anna.pub")]);
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        // White space at the end is no part of the signature.
        assert!(text.trim() == whole.trim() || verify(&statement, &text, &key).is_err(), "byte {at}, bit {bit}:\n{text}");
    }
}
