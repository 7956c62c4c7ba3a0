//! `receipt`: everything that proves one acknowledgment, in one file that is checked without us.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::digest::Digest;
use crate::base::encode::{hex, unbase64, unhex};
use crate::compliance::acknowledgment::{Acknowledgment, Capacity, Method, Strength};
use crate::compliance::book::Outcome;
use crate::ledger::checkpoint::{Checkpoint, open as open_checkpoint, open_text, peek_unverified, sign_text};
use crate::ledger::key::{SigningKey, VerifierKey};
use crate::ledger::leaf::{Leaf, Salt, commit};
use crate::ledger::proof::TlogProof;
use crate::ledger::tree;
use crate::pack::compile::Compiler;
use crate::record::{Event, Payload};
use crate::render::certificate;
use crate::signature::receipt::{self, Receipt};
use crate::signature::ssh;
use crate::signature::statement::Statement;
use crate::text::letters::unreadable;
use crate::text::page::Pages;
use crate::workflow::acknowledge;
use crate::workflow::register::{self, Register, RegisterError, Tiles};

/// Makes the receipt of a signed request: the same bytes each time, as long as the keys of the ledger and the build are the same.
///
/// # Errors
/// [`RegisterError::Refused`] when the request is not signed, or a name has a character that no font shows.
pub fn make(register: &mut Register, compiler: &Compiler, pages: &Pages, request: &str) -> Result<Vec<u8>, RegisterError> {
    let record = acknowledge::record(&register.state().book, request)?;
    let entry = match &record.outcome {
        Outcome::Signed { entry, .. } => *entry,
        _ => return Err(RegisterError::refused(format!("the request `{request}` is not signed"), "a receipt is made for a signature")),
    };
    let missing = |what: &str| RegisterError::integrity(format!("entry {entry}"), what.to_owned());
    let signers = register.signers()?;
    let keys: Vec<String> = signers.iter().map(|key| key.verifier().to_string()).collect();
    let view = register.view()?;
    let stored = view.entry(entry)?.ok_or_else(|| missing("it is missing"))?;
    let verifiers: Vec<VerifierKey> = signers.iter().map(SigningKey::verifier).collect();
    let first = view.checkpoint_over(entry)?.filter(|first| open_checkpoint(&first.note, &verifiers).is_ok());
    // One that only a retired key signed would need that key to be trusted: the newest one covers the entry as well.
    let newest = view.newest_checkpoint()?;
    let checkpoint = first.or(newest).ok_or_else(|| missing("no checkpoint was signed over it"))?;
    let hashes = tree::prove_inclusion(checkpoint.size, entry, &Tiles(view.as_ref())).map_err(|error| missing(&error.to_string()))?;
    drop(view);
    let (leaf, payload) = register::read(entry, &stored)?;
    let (Some(content), Some(Payload { event: Event::Signed(acknowledgment), .. })) = (&stored.content, payload) else {
        return Err(missing("its payload is no acknowledgment"));
    };
    let proof = TlogProof { index: entry, hashes, checkpoint: checkpoint.note.clone() };
    let signed = register::open(&checkpoint.note, register.trusted(), checkpoint.size)?;
    let language = acknowledgment.consent.locale.clone();
    let values = serde_json::json!({
        "policy_title": acknowledgment.title, "policy_version": acknowledgment.version.to_string(),
        "date": acknowledgment.signed.date().to_string(), "origin": signed.origin.to_string(), "entry": entry, "namespace": ssh::NAMESPACE,
    });
    let help = "correct the template, or remove yours to use the embedded one";
    let readme = pages.render(&format!("receipt/README.{language}.txt"), &values).map_err(|error| RegisterError::refused(error.to_string(), help))?;
    let paper = certificate_of(register, &acknowledgment, entry, &stored.leaf, &signed, keys.first().map_or("", String::as_str));
    let (year, month, day) = leaf.recorded.date().parts();
    let date = (i32::from(year), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1));
    let certificate = compiler
        .certificate(&paper, &format!("RECEIPT-{request}"), date)
        .map_err(|error| RegisterError::refused(format!("the certificate cannot be laid out: {error}"), "put a font that has the character into `fonts/`"))?;
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::from([
        ("README.txt", readme.into_bytes()),
        ("certificate.pdf", certificate.pdf),
        ("policy.pdf", register.file(&acknowledgment.pdf)?),
        ("policy.html", register.file(&acknowledgment.shown)?),
        ("consent.txt", acknowledgment.consent.text.clone().into_bytes()),
        ("evidence.json", content.payload.clone()),
        ("salt.hex", format!("{}\n", hex(&content.salt)).into_bytes()),
        ("leaf.json", stored.leaf.clone()),
        ("proof.tlog-proof", proof.encode().into_bytes()),
        ("checkpoint.txt", checkpoint.note.into_bytes()),
        ("key.txt", format!("{}\n", keys.join("\n")).into_bytes()),
    ]);
    if let Method::SshKey { statement, signature, .. } = &acknowledgment.proof {
        files.insert("statement.txt", statement.clone().into_bytes());
        files.insert("statement.txt.sig", signature.clone().into_bytes());
    }
    let mut whole = Receipt::default();
    for (name, bytes) in files {
        whole.insert(name, bytes).map_err(|error| missing(&error.to_string()))?;
    }
    let manifest = sign_text(&receipt::manifest_text(&whole), &signers.iter().collect::<Vec<_>>()).map_err(|error| missing(&error.to_string()))?;
    whole.insert(receipt::MANIFEST, manifest.into_bytes()).map_err(|error| missing(&error.to_string()))?;
    Ok(receipt::pack(&whole))
}

fn certificate_of(register: &Register, a: &Acknowledgment, entry: u64, leaf: &[u8], signed: &Checkpoint, key: &str) -> certificate::Certificate {
    let book = &register.state().book;
    let name_of = |id: &str| book.people.get(id).map_or_else(|| id.to_owned(), |p| p.name.clone());
    let is_supplier = a.company.is_some();
    certificate::Certificate {
        language: a.consent.locale.clone(),
        person: certificate::Person {
            id: a.person.clone(),
            name: a.name.clone(),
            email: match &a.proof {
                Method::Link { sent_to, .. } => Some(sent_to.clone()),
                _ => book.people.get(&a.person).and_then(|p| p.email.clone()),
            },
            supplier: a.company.clone(),
            department: (!is_supplier).then(|| a.belongs_to.clone()),
        },
        policy: certificate::Policy { title: a.title.clone(), version: a.version.to_string(), pdf: a.pdf.clone(), html: a.shown.clone() },
        consent: certificate::Consent {
            text: a.consent.text.clone(),
            locale: a.consent.locale.clone(),
            digest: a.consent.sha256.clone(),
            // Only who used the link saw a button.
            button: matches!(a.proof, Method::Link { .. }).then(|| a.consent.button.clone()),
            typed_name: Some(a.typed_name.clone()),
        },
        method: match &a.proof {
            Method::SshKey { fingerprint, .. } => certificate::Method::SshKey { fingerprint: fingerprint.clone() },
            Method::Link { sent_to, code, .. } => certificate::Method::Link { mailbox: sent_to.clone(), code: *code },
            Method::Attestation { signatory, .. } => certificate::Method::Attestation { signatory: name_of(signatory), role: None },
        },
        time: a.signed,
        address: a.address.clone(),
        agent: a.agent.clone(),
        ledger: certificate::Ledger {
            origin: signed.origin.to_string(),
            entry,
            leaf: Digest::from_bytes(tree::leaf_hash(leaf).bytes()),
            size: signed.size,
            root: Digest::from_bytes(signed.root.bytes()),
            key: key.to_owned(),
        },
    }
}

/// What a receipt proves.
#[derive(Debug, Clone, Serialize)]
pub struct Proven {
    /// The acknowledgment.
    pub acknowledgment: Acknowledgment,
    /// Origin of the ledger.
    pub origin: String,
    /// Number of the entry.
    pub entry: u64,
    /// Entries that the checkpoint covers.
    pub size: u64,
    /// What the method proves.
    pub strength: Strength,
    /// Verifier keys in the receipt.
    pub keys: Vec<String>,
    /// Whether one of them is a key that the reader trusts for a reason of their own.
    pub key_is_pinned: bool,
}

/// Why a receipt is not accepted: the file in it, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct ReceiptFault {
    /// The file in the receipt.
    pub file: &'static str,
    /// What is wrong.
    pub why: String,
}

/// Verifies a receipt from nothing but its bytes; `pinned` are verifier keys that the reader has from elsewhere.
///
/// # Errors
/// [`ReceiptFault`] with the first thing that does not hold.
pub fn verify(archive: &[u8], pinned: &[VerifierKey]) -> Result<Proven, ReceiptFault> {
    let fault = |file: &'static str, why: &dyn std::fmt::Display| ReceiptFault { file, why: why.to_string() };
    let whole = receipt::unpack(archive).map_err(|error| fault("the receipt", &error))?;
    let bytes = |name: &'static str| whole.get(name).ok_or_else(|| fault(name, &"it is missing"));
    let text = |name: &'static str| std::str::from_utf8(bytes(name)?).map_err(|_| fault(name, &"it is not UTF-8"));
    let lines: Vec<&str> = text("key.txt")?.lines().collect();
    let own: Vec<VerifierKey> = lines.iter().map(|line| VerifierKey::parse(line)).collect::<Result<_, _>>().map_err(|error| fault("key.txt", &error))?;
    let key_is_pinned = own.iter().any(|key| pinned.contains(key));
    let claimed = peek_unverified(text("checkpoint.txt")?).map_err(|error| fault("checkpoint.txt", &error))?.origin;
    // One ledger signs both manifest and checkpoint; with pinned keys only these count, whatever others the receipt brings along.
    let of_origin = |keys: &[VerifierKey]| keys.iter().filter(|key| *key.origin() == claimed).cloned().collect::<Vec<_>>();
    let keys = of_origin(if pinned.is_empty() { &own } else { pinned });
    let note = text(receipt::MANIFEST)?;
    let manifest = open_text(note, &keys).map_err(|error| fault(receipt::MANIFEST, &error))?;
    // A note may have signatures of strangers; a manifest may not, so that a receipt has one form.
    if !signature_lines(note).all(|(name, id)| own.iter().any(|key| key.origin().as_str() == name && key.id() == id)) {
        return Err(fault(receipt::MANIFEST, &"a key signed it that is not in `key.txt`"));
    }
    receipt::check_manifest(manifest, &whole).map_err(|error| fault(receipt::MANIFEST, &error))?;
    let leaf_bytes = bytes("leaf.json")?;
    let leaf = Leaf::parse(leaf_bytes).map_err(|error| fault("leaf.json", &error))?;
    let salt: Option<[u8; 32]> = text("salt.hex")?.strip_suffix('\n').and_then(unhex).and_then(|salt| salt.try_into().ok());
    let salt = Salt::new(salt.ok_or_else(|| fault("salt.hex", &"expected 64 hexadecimal digits and a line feed"))?);
    let evidence = bytes("evidence.json")?;
    if commit(&salt, evidence) != leaf.commitment {
        return Err(fault("evidence.json", &"it is not what the entry commits to"));
    }
    let proof = TlogProof::parse(text("proof.tlog-proof")?).map_err(|error| fault("proof.tlog-proof", &error))?;
    let checkpoint = proof.verify(leaf_bytes, &keys).map_err(|error| fault("proof.tlog-proof", &error))?;
    if proof.checkpoint != text("checkpoint.txt")? {
        return Err(fault("checkpoint.txt", &"it is not the checkpoint in the proof"));
    }
    let payload = Payload::decode_strict(evidence).map_err(|error| fault("evidence.json", &error))?;
    if payload.event.kind() != leaf.kind || payload.recorded != leaf.recorded {
        return Err(fault("leaf.json", &"it disagrees with the evidence"));
    }
    let Event::Signed(acknowledgment) = payload.event else { return Err(fault("evidence.json", &"it is no acknowledgment")) };
    for (name, expected) in [("policy.pdf", &acknowledgment.pdf), ("policy.html", &acknowledgment.shown), ("consent.txt", &acknowledgment.consent.sha256)] {
        if Digest::of(bytes(name)?) != *expected {
            return Err(fault(name, &"it is not what was shown: its digest is another one"));
        }
    }
    let names = [&acknowledgment.name, &acknowledgment.belongs_to, &acknowledgment.title, &acknowledgment.typed_name];
    // They are printed: nothing in them may pass for a line of ours.
    if names.into_iter().chain(&acknowledgment.company).any(|text| !unreadable(text).is_empty()) {
        return Err(fault("evidence.json", &"a name or title has characters that cannot be seen"));
    }
    let consistent = acknowledgment.strength == acknowledgment.proof.strength() && acknowledgment.signed == payload.recorded;
    if acknowledgment.consent.text.as_bytes() != bytes("consent.txt")? || !consistent {
        return Err(fault("evidence.json", &"it contradicts itself"));
    }
    let origin = checkpoint.origin.to_string();
    check_statement(&whole, &acknowledgment, &origin)?;
    Ok(Proven {
        strength: acknowledgment.strength,
        acknowledgment: *acknowledgment,
        origin,
        entry: proof.index,
        size: checkpoint.size,
        keys: lines.into_iter().map(str::to_owned).collect(),
        key_is_pinned,
    })
}

/// Name and key id of each signature line of a note.
fn signature_lines(note: &str) -> impl Iterator<Item = (&str, u32)> {
    let lines = note.rsplit_once("\n\n").map_or("", |(_, lines)| lines).lines();
    lines.map(|line| {
        let (name, signature) = line.trim_start_matches("\u{2014} ").rsplit_once(' ').unwrap_or_default();
        let id = unbase64(signature).and_then(|bytes| bytes.first_chunk::<4>().copied());
        (name, id.map_or(0, u32::from_be_bytes))
    })
}

/// An SSH signature must be over the statement that follows from the evidence; without one there is no statement.
fn check_statement(whole: &Receipt, a: &Acknowledgment, origin: &str) -> Result<(), ReceiptFault> {
    let fault = |file: &'static str, why: String| ReceiptFault { file, why };
    let (statement, signature) = (whole.get("statement.txt"), whole.get("statement.txt.sig"));
    let Method::SshKey { fingerprint, algorithm, statement: said, signature: made } = &a.proof else {
        return match statement.or(signature) {
            None => Ok(()),
            Some(_) => Err(fault("statement.txt", "the evidence knows of no statement".to_owned())),
        };
    };
    if statement != Some(said.as_bytes()) {
        return Err(fault("statement.txt", "it is not the statement of the evidence".to_owned()));
    }
    if signature != Some(made.as_bytes()) {
        return Err(fault("statement.txt.sig", "it is not the signature of the evidence".to_owned()));
    }
    let expected = Statement {
        origin,
        request: &a.request,
        person: &a.person,
        name: &a.name,
        capacity: match a.capacity {
            Capacity::Person => "person",
            Capacity::Company => "company",
        },
        policy: &format!("{} {}", a.policy, a.version),
        pdf: &a.pdf,
        html: &a.shown,
        consent: &a.consent.text,
    };
    if expected.text() != *said {
        return Err(fault("statement.txt", "it does not follow from the evidence".to_owned()));
    }
    let proof = ssh::verify_by(said, made, fingerprint).map_err(|refusal| fault("statement.txt.sig", refusal.to_string()))?;
    if proof.algorithm == *algorithm { Ok(()) } else { Err(fault("evidence.json", format!("the key is of the kind `{}`", proof.algorithm))) }
}
