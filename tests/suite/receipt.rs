//! Receipts: the recipe that travels in them is run, command by command, on receipts that are made here from the specifications.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use countersign::base::digest::Digest;
use countersign::base::encode::{base64, canonical, hex};
use countersign::project::embedded;
use countersign::signature::receipt::{Receipt, manifest_text, pack, unpack};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

const ORIGIN: &str = "halden.example/countersign";

/// The recipe in a language, filled in.
fn recipe(language: &str, entry: usize) -> String {
    let name = format!("receipt/README.{language}.txt");
    let (_, bytes) = embedded::templates().into_iter().find(|(path, _)| *path == name).unwrap();
    let mut tera = tera::Tera::new();
    tera.add_raw_template("README.txt", std::str::from_utf8(bytes).unwrap()).unwrap();
    let values = json!({
        "origin": ORIGIN, "entry": entry, "policy_title": "Code of Conduct", "policy_version": "3.0", "date": "25 November 2026", "namespace": "test",
    });
    tera.render("README.txt", &tera::Context::from_serialize(&values).unwrap()).unwrap()
}

/// What stands between two lines of `~~~`.
fn commands(recipe: &str) -> Vec<&str> {
    recipe.split("~~~\n").skip(1).step_by(2).collect()
}

/// Merkle tree hash (RFC 6962, section 2.1), as it is written there.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [one] => one.clone(),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Digest::of_parts(&[b"\x01", &root(left).bytes(), &root(right).bytes()])
        }
    }
}

/// Audit path (RFC 6962, section 2.1.1).
fn path(entry: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut inner, sibling) = if entry < at { (path(entry, left), root(right)) } else { (path(entry - at, right), root(left)) };
    inner.push(sibling);
    inner
}

/// The largest power of two below a number.
fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

/// Key and identity of a log (C2SP signed-note).
struct Log {
    key: SigningKey,
    id: [u8; 4],
    public: Vec<u8>,
}

impl Log {
    fn new() -> Self {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = [&[1][..], key.verifying_key().as_bytes()].concat();
        let id = Digest::of_parts(&[ORIGIN.as_bytes(), b"\n", &public]).bytes()[..4].try_into().unwrap();
        Self { key, id, public }
    }

    fn verifier_key(&self) -> String {
        format!("{ORIGIN}+{}+{}\n", hex(&self.id), base64(&self.public))
    }

    fn sign(&self, text: &str) -> String {
        let signature = [&self.id[..], &self.key.sign(text.as_bytes()).to_bytes()].concat();
        format!("{text}\n\u{2014} other.example/witness AAAAAAAA\n\u{2014} {ORIGIN} {}\n", base64(&signature))
    }
}

/// A receipt for one entry of a log of this size.
fn receipt(language: &str, entry: usize, size: usize) -> Receipt {
    let log = Log::new();
    let (pdf, html, consent) = (b"%PDF-1.7 policy".to_vec(), b"<!DOCTYPE html>".to_vec(), "I agree.\n".as_bytes().to_vec());
    let evidence = canonical(
        &json!({ "consent": Digest::of(&consent), "pdf": Digest::of(&pdf), "page": Digest::of(&html), "person": "jana-roth", "time": "2026-11-25T22:07:43.123Z" }),
    );
    let salt = [9_u8; 32];
    let commitment = Digest::of_parts(&[&salt, &evidence]);
    let leaf = canonical(&json!({ "version": 1, "kind": "ack.signed", "recorded": "2026-11-25T22:07:43.123Z", "commitment": commitment }));
    let mut leaves: Vec<Digest> = (0..size).map(|number| Digest::of_parts(&[b"\x00", &number.to_be_bytes()])).collect();
    leaves[entry] = Digest::of_parts(&[b"\x00", &leaf]);
    let checkpoint = log.sign(&format!("{ORIGIN}\n{size}\n{}\n", base64(&root(&leaves).bytes())));
    let mut proof = format!("c2sp.org/tlog-proof@v1\nindex {entry}\n");
    path(entry, &leaves).iter().for_each(|hash| proof.push_str(&format!("{}\n", base64(&hash.bytes()))));
    proof.push_str(&format!("\n{checkpoint}"));
    let mut receipt = Receipt::default();
    let files = [
        ("README.txt", recipe(language, entry).into_bytes()),
        ("certificate.pdf", b"%PDF-1.7 certificate".to_vec()),
        ("policy.pdf", pdf),
        ("policy.html", html),
        ("consent.txt", consent),
        ("evidence.json", evidence),
        ("salt.hex", format!("{}\n", hex(&salt)).into_bytes()),
        ("leaf.json", leaf),
        ("proof.tlog-proof", proof.into_bytes()),
        ("checkpoint.txt", checkpoint.into_bytes()),
        ("key.txt", log.verifier_key().into_bytes()),
    ];
    for (name, bytes) in files {
        receipt.insert(name, bytes).unwrap();
    }
    let manifest = log.sign(&manifest_text(&receipt));
    receipt.insert("manifest.txt", manifest.into_bytes()).unwrap();
    receipt
}

/// Writes the files of a receipt into a folder.
fn lay_out(receipt: &Receipt, folder: &Path) {
    receipt.files().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
}

/// Whether everything is there that the recipe asks for; says aloud what is missing, and fails then in CI.
fn has_tools() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        ["bash", "sha256sum", "python3", "openssl", "ssh-keygen"].into_iter().all(|tool| {
            let error = Command::new(tool).arg("--version").output().err();
            if let Some(error) = &error {
                assert!(std::env::var("CI").is_err(), "{tool} is missing in CI: {error}");
                eprintln!("SKIPPED: {tool} is not installed, so the recipe of receipts is not run (Debian: openssl, openssh-client)");
            }
            error.is_none()
        })
    })
}

/// Runs a step of the recipe in a folder; none where a tool is missing.
fn run(step: &str, folder: &Path) -> Option<String> {
    if !has_tools() {
        return None;
    }
    let output = Command::new("bash").args(["-c", step]).current_dir(folder).env("LC_ALL", "C.UTF-8").output().unwrap();
    Some(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

/// Runs the whole recipe and gives what each step printed.
fn follow(receipt: &Receipt) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    lay_out(receipt, folder.path());
    let recipe = String::from_utf8(receipt.get("README.txt").unwrap().to_vec()).unwrap();
    commands(&recipe).into_iter().map(|step| run(step, folder.path())).collect()
}

/// How many of the steps succeed, in the words of the recipe.
fn holds(printed: &[String]) -> [bool; 6] {
    let ok = |at: usize| printed[at].lines().filter(|line| *line == "OK" || line.ends_with(": OK")).count();
    let verified = printed[5].matches("Signature Verified Successfully").count();
    [ok(0) == 11, ok(1) == 3, ok(2) == 1, printed[3].len() == 68, ok(4) == 1, verified == 2]
}

#[test]
fn recipe_proves_a_true_receipt_at_every_place_of_the_log() {
    for (entry, size) in [(0, 1), (1, 2), (2, 3), (4, 7), (6, 7), (7, 8), (999, 1000)] {
        let receipt = unpack(&pack(&receipt("en", entry, size))).unwrap();
        let Some(printed) = follow(&receipt) else { return };
        assert_eq!(holds(&printed), [true; 6], "{entry} of {size}: {printed:#?}");
        assert!(printed[3].starts_with(&Digest::of_parts(&[b"\x00", receipt.get("leaf.json").unwrap()]).to_string()));
        assert!(printed[4].contains(&format!("{ORIGIN} - entry {entry} of {size}\n")), "{}", printed[4]);
    }
}

#[test]
fn recipe_holds_in_german_with_the_same_commands() {
    let Some(printed) = follow(&receipt("de", 4, 7)) else { return };
    assert_eq!(holds(&printed), [true; 6], "{printed:#?}");
}

#[test]
fn recipe_finds_each_fault() {
    let faults = [
        ("policy.pdf", "another policy", [false, false, true, true, true, true]),
        ("evidence.json", "{\"person\":\"somebody else\"}", [false, false, false, true, true, true]),
        ("salt.hex", "00", [false, true, false, true, true, true]),
        ("leaf.json", "{\"commitment\":\"\"}", [false, true, false, true, false, true]),
        ("checkpoint.txt", "halden.example/countersign\n7\nAAAA\n\n\u{2014} x AAAA\n", [false, true, true, true, false, false]),
        ("manifest.txt", "countersign receipt v1\n\n\u{2014} x AAAA\n", [false, true, true, true, true, false]),
    ];
    for (name, content, expected) in faults {
        let mut receipt = receipt("en", 4, 7);
        receipt.insert(name, content.as_bytes().to_vec()).unwrap();
        let Some(printed) = follow(&receipt) else { return };
        assert_eq!(holds(&printed), expected, "{name}: {printed:#?}");
    }
}

#[test]
fn recipe_fits_a_screen_of_eighty_eight_columns_but_for_its_commands() {
    for language in ["en", "de"] {
        let recipe = recipe(language, 4);
        assert_eq!(commands(&recipe).len(), 7);
        for line in recipe.split("~~~\n").step_by(2).flat_map(str::lines) {
            assert!(line.chars().count() <= 88, "{line}");
        }
    }
}

#[test]
fn key_that_signed_a_statement_is_printed() {
    if !has_tools() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |script: &str| run(script, folder.path()).unwrap_or_default();
    at("ssh-keygen -q -t ed25519 -N '' -f key && echo text > statement.txt && ssh-keygen -q -Y sign -n test -f key statement.txt");
    let recipe = recipe("en", 4);
    let printed = at(commands(&recipe)[6]);
    let fingerprint = at("ssh-keygen -lf key.pub | cut -d ' ' -f 2");
    assert!(printed.contains("Good \"test\" signature") && printed.contains(fingerprint.trim()), "{printed}");
}
