//! Leaves, keys, notes and proofs of the ledger are what C2SP says they are: its vectors, a second implementation, and nothing accepted
//! in two spellings.

use countersign::base::digest::Digest;
use countersign::base::instant::Instant;
use countersign::ledger::checkpoint::{Checkpoint, NoteError, open, open_text, peek_unverified, sign, sign_text};
use countersign::ledger::hash::Hash;
use countersign::ledger::key::{KeyError, Origin, SigningKey, VerifierKey};
use countersign::ledger::leaf::{Leaf, LeafError, Salt, commit};
use countersign::ledger::proof::{ProofError, TlogProof};
use countersign::ledger::tile::{TileCoordinate, decode_bundle, encode_bundle};
use countersign::ledger::tree::{leaf_hash, prove_inclusion, root};
use proptest::collection::vec;
use proptest::prelude::*;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

use crate::suite::shelf::seeded;
use crate::suite::tree::{Shelf, numbered};

fn origin() -> Origin {
    Origin::parse("register.example.com").unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed(origin(), &[7; 32])
}

#[test]
fn leaf_has_one_spelling() {
    let recorded: Instant = "2026-11-25T22:07:43.123Z".parse().unwrap();
    let leaf = Leaf::new(commit(&Salt::new([0; 32]), b"{}"), "ack.signed", recorded).unwrap();
    let text = String::from_utf8(leaf.encode()).unwrap();
    let commitment = Digest::of(&[[0; 32].as_slice(), b"{}"].concat());
    assert_eq!(text, format!(r#"{{"commitment":"{commitment}","kind":"ack.signed","recorded":"2026-11-25T22:07:43.123Z","version":1}}"#));
    assert_eq!(Leaf::parse(text.as_bytes()), Ok(leaf));
    let refused = [
        (text.replace(r#","version":1"#, ""), LeafError::Form),
        (text.replace("}", r#","z":0}"#), LeafError::Form),
        (text.replace("}", r#","version":1}"#), LeafError::Form),
        (text.replace(":1}", ":1.0}"), LeafError::Form),
        (text.replace("43.123Z", "43Z"), LeafError::Form),
        (text.replace(commitment.as_str(), &commitment.as_str().to_uppercase()), LeafError::Form),
        (format!("{text}{text}"), LeafError::Form),
        (text.replace(":1}", ":2}"), LeafError::Version(2)),
        (text.replace("ack.signed", "Ack"), LeafError::Kind("Ack".to_owned())),
        (text.replace("ack", "\\u0061ck"), LeafError::Spelling),
        (text.replace(",", ", "), LeafError::Spelling),
        (format!("{text}\n"), LeafError::Spelling),
        (format!(r#"{{"version":1,{}"#, text[1..].replace(r#","version":1"#, "")), LeafError::Spelling),
    ];
    for (text, fault) in refused {
        assert_eq!(Leaf::parse(text.as_bytes()), Err(fault), "{text}");
    }
    assert!(Leaf::new(commitment, "ack signed", recorded).is_err());
}

/// Name and key of the note package of Go.
const PETER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER_PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn notes_are_those_of_the_specification_and_of_go() {
    let foo = VerifierKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").unwrap();
    let note = "This is an example message.\n\n\
        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    assert_eq!(open_text(note, &[foo]), Ok("This is an example message.\n"));

    let peter = SigningKey::parse(PETER).unwrap();
    assert_eq!((peter.expose_secret().as_str(), peter.verifier().to_string().as_str()), (PETER, PETER_PUBLIC));
    let text = PETER_NOTE.split_once("\n\n").unwrap().0.to_owned() + "\n";
    assert_eq!(sign_text(&text, &[&peter]).as_deref(), Ok(PETER_NOTE));
    assert_eq!(open_text(PETER_NOTE, &[peter.verifier()]), Ok(text.as_str()));

    // A text may have empty lines of its own.
    let poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
    let signed =
        format!("{poem}\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n");
    assert_eq!(open_text(&signed, &[key().verifier()]), Err(NoteError::Unsigned));
    let ours = sign_text(poem, &[&key()]).unwrap();
    assert_eq!(open_text(&ours, &[key().verifier()]), Ok(poem));
}

#[test]
fn notes_and_keys_agree_with_a_second_implementation() {
    let note = sign(&Checkpoint { origin: origin(), size: 3, root: leaf_hash(b"") }, &[&key()]).unwrap();
    let verifier = StandardVerifier::new(&key().verifier().to_string()).unwrap();
    let read = Note::from_bytes(note.as_bytes()).unwrap();
    assert!(read.verify(&VerifierList::new(vec![Box::new(verifier)])).is_ok());

    let signer = StandardSigner::new(&key().expose_secret()).unwrap();
    let mut theirs = Note::new(read.text(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    assert_eq!(theirs.to_bytes(), note.as_bytes());
    let text = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
    assert_eq!((text.origin(), text.size()), ("register.example.com", 3));
}

#[test]
fn checkpoint_and_proof_keep_their_bytes() {
    let leaves = numbered(5);
    let shelf = Shelf::of(&leaves);
    let checkpoint = Checkpoint { origin: origin(), size: 5, root: root(5, &shelf).unwrap() };
    let note = sign(&checkpoint, &[&key()]).unwrap();
    let proof = TlogProof { index: 3, hashes: prove_inclusion(5, 3, &shelf).unwrap(), checkpoint: note };
    assert_eq!(proof.encode(), PROOF);
    assert_eq!(TlogProof::parse(PROOF).unwrap().verify(&leaves[3], &[key().verifier()]), Ok(checkpoint));
}

/// Of the key with seed 7, 7, … and the leaves `leaf 0` to `leaf 4`.
const PROOF: &str = "\
c2sp.org/tlog-proof@v1
index 3
qze6NNHf4pAV3nF6bVdkqPsCnDp6D1tkuTtUNRiFv3w=
/F9riP+FVPdbsvnm85wxsZNtRLaSdu33sSBalVuXYeM=
gxFfiUeVX6/cKifn9MCFS72Nonuxs+NAXbVxya+Nvho=

register.example.com
5
NBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWwwE=

— register.example.com II/mGcPR8+6JkdBOVAg0IjuEe45CxTzjlsyegzF5XkZPJhzyWf5W4HSn/3hGhoxOtNhIdcbvMTG59x2/oXymasdt7Qw=
";

#[test]
fn who_has_signed_decides_whether_a_note_is_believed() {
    let other = SigningKey::from_seed(origin(), &[8; 32]);
    let witness = SigningKey::from_seed(Origin::parse("witness.example").unwrap(), &[9; 32]);
    let checkpoint = Checkpoint { origin: origin(), size: 0, root: Hash::EMPTY };
    let both = sign(&checkpoint, &[&key(), &other]).unwrap();
    assert_eq!(sign(&checkpoint, &[&key(), &other]), Ok(both.clone()), "the same bytes again");
    for trusted in [vec![key().verifier()], vec![other.verifier()], vec![witness.verifier(), other.verifier(), key().verifier(), key().verifier()]] {
        assert_eq!(open(&both, &trusted), Ok(checkpoint.clone()));
    }
    assert_eq!(open(&both, &[]), Err(NoteError::Unsigned));
    assert_eq!(open(&both, &[witness.verifier()]), Err(NoteError::Unsigned));

    // A witness alone does not make a checkpoint of this ledger.
    assert_eq!(sign(&checkpoint, &[&witness]), Err(NoteError::Origin(origin())));
    let seen = sign(&checkpoint, &[&key(), &witness]).unwrap();
    assert!(open(&seen, &[key().verifier(), witness.verifier()]).is_ok());
    assert_eq!(open(&seen, &[witness.verifier()]), Err(NoteError::Origin(origin())));

    // One bad signature of a trusted key spoils the note, wherever it stands; of a key that nobody knows, it says nothing.
    let bad = sign(&Checkpoint { size: 1, ..checkpoint.clone() }, &[&other]).unwrap();
    let bad_line = bad.lines().last().unwrap();
    let good = sign(&checkpoint, &[&key()]).unwrap();
    let spoilt = format!("{good}{bad_line}\n");
    assert_eq!(open(&spoilt, &[key().verifier()]), Ok(checkpoint.clone()));
    assert_eq!(open(&spoilt, &[key().verifier(), other.verifier()]), Err(NoteError::Signature(other.to_string())));
    let mine = good.lines().last().unwrap();
    assert_eq!(open(&format!("{good}{mine}\n"), &[key().verifier()]), Err(NoteError::Twice(key().to_string())));

    assert_eq!(sign(&checkpoint, &[]), Err(NoteError::NoSigner));
    assert_eq!(sign(&checkpoint, &[&key(), &key()]), Err(NoteError::Twice(key().to_string())));
}

#[test]
fn checkpoint_and_manifest_cannot_be_taken_for_each_other() {
    let checkpoint = Checkpoint { origin: origin(), size: 7, root: Hash::EMPTY };
    let note = sign(&checkpoint, &[&key()]).unwrap();
    assert_eq!(open_text(&note, &[key().verifier()]), Err(NoteError::LooksLikeCheckpoint));
    for text in [checkpoint.text(), format!("{}extension\n", checkpoint.text()), "any\n+07\n".to_owned(), "any\n 7 \nroot\n".to_owned()] {
        assert_eq!(sign_text(&text, &[&key()]), Err(NoteError::LooksLikeCheckpoint), "{text}");
    }
    let manifest = sign_text("{\n  \"version\": 1\n}\n", &[&key()]).unwrap();
    assert_eq!(open(&manifest, &[key().verifier()]), Err(NoteError::NotCheckpoint));
    for text in ["", "no line feed", "tab\t\n", "return\r\n", "\u{0}\n"] {
        assert_eq!(sign_text(text, &[&key()]), Err(NoteError::Text), "{text:?}");
    }
    assert_eq!(sign_text(&format!("{}\n", "x".repeat(1_000_000)), &[&key()]), Err(NoteError::Text));
}

#[test]
fn checkpoint_text_has_one_spelling() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert!(Checkpoint::parse(&format!("a\n0\n{root}\n")).is_ok());
    assert_eq!(Checkpoint::parse(&format!("a\n18446744073709551615\n{root}\n")).map(|c| c.size), Ok(u64::MAX));
    let unused_bits = root.replace("FU=", "FV=");
    let refused = [
        format!("\n0\n{root}\n"),
        format!("a b\n0\n{root}\n"),
        format!("a+b\n0\n{root}\n"),
        format!("a\n00\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n18446744073709551616\n{root}\n"),
        format!("a\n0\n{root}"),
        format!("a\n0\n{root}\nextension\n"),
        format!("a\n0\n{unused_bits}\n"),
        format!("a\n0\n{}\n", &root[..43]),
        "a\n0\nAAAA\n".to_owned(),
    ];
    for text in refused {
        assert_eq!(Checkpoint::parse(&text), Err(NoteError::NotCheckpoint), "{text}");
    }
}

#[test]
fn keys_have_one_spelling_and_hide_their_secret() {
    let secret = key().expose_secret();
    let seed = secret.rsplit_once('+').unwrap().1;
    for shown in [format!("{:?}", key()), format!("{:#?}", key()), key().to_string(), format!("{:?}", Salt::new([7; 32]))] {
        assert!(!shown.contains(seed) && !shown.contains("BwcH") && !shown.contains("7, 7"), "{shown}");
    }
    let vkey = key().verifier().to_string();
    let (name, rest) = vkey.split_once('+').unwrap();
    let (id, public) = rest.split_once('+').unwrap();
    let refused = [
        (format!("{name}+{}+{public}", id.to_uppercase()), KeyError::VerifierForm),
        (format!("{name}+0{id}+{public}"), KeyError::VerifierForm),
        (format!("{name}+{id}+{public}\n"), KeyError::VerifierForm),
        (format!("{name}+{id}"), KeyError::VerifierForm),
        (format!("+{id}+{public}"), KeyError::Name),
        (format!("a b+{id}+{public}"), KeyError::Name),
        (format!("{name}+00000000+{public}"), KeyError::Id),
        (format!("{name}+{id}+AAAA"), KeyError::Type),
        (format!("{name}+{id}+B{}", &public[1..]), KeyError::Type),
        // The neutral element: it checks signatures that nobody made.
        (format!("{name}+{id}+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), KeyError::Point),
    ];
    for (text, fault) in refused {
        assert_eq!(VerifierKey::parse(&text).map(|key| key.to_string()), Err(fault), "{text}");
    }
    let refused = [format!("{secret}\n"), vkey.clone(), secret.replace("PRIVATE", "private"), secret.replace(name, "other"), secret.replace("+AQ", "+BA")];
    for text in refused {
        assert!(SigningKey::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn proof_has_one_spelling() {
    let body = PROOF.strip_prefix("c2sp.org/tlog-proof@v1\n").unwrap();
    let head = "c2sp.org/tlog-proof@v1\n";
    assert_eq!(TlogProof::parse(&format!("{head}extra AAAA\n{body}")), Err(ProofError::Extra));
    let hash = format!("{}\n", Hash::EMPTY);
    let refused = [
        body.to_owned(),
        format!("c2sp.org/tlog-proof@v2\n{body}"),
        PROOF.replace("index 3", "index 03"),
        PROOF.replace("index 3", "index +3"),
        PROOF.replace("index 3", "Index 3"),
        PROOF.replace("index 3\n", "index 3\n\n"),
        PROOF.replace("index 3\n", &format!("index 3\n{}", hash.repeat(64))),
        PROOF.replacen('=', "", 1),
        PROOF.replace('\n', "\r\n"),
    ];
    for text in refused {
        assert!(TlogProof::parse(&text).is_err(), "{text}");
    }
    assert!(matches!(TlogProof::parse(PROOF.trim_end()), Err(ProofError::Checkpoint(NoteError::Form))));
}

#[test]
fn proof_and_checkpoint_with_any_byte_changed_are_refused() {
    let keys = [key().verifier()];
    let proof = TlogProof::parse(PROOF).unwrap();
    let verifies = |text: &str| TlogProof::parse(text).is_ok_and(|proof| proof.verify(b"leaf 3", &keys).is_ok());
    let opens = |text: &str| open(text, &keys).is_ok();
    assert!(verifies(PROOF) && opens(&proof.checkpoint));
    for changed in changes(PROOF) {
        assert!(!verifies(&changed), "{changed}");
    }
    for changed in changes(&proof.checkpoint) {
        assert!(!opens(&changed), "{changed}");
    }
    for at in 0..b"leaf 3".len() {
        let mut leaf = b"leaf 3".to_vec();
        leaf[at] ^= 1;
        assert!(proof.verify(&leaf, &keys).is_err());
    }
}

/// The text with each byte changed or left out; what is not text any more is refused by its type.
fn changes(text: &str) -> impl Iterator<Item = String> {
    let changed = |at: usize, change: u8| {
        let mut bytes = text.as_bytes().to_vec();
        if change == 0 {
            bytes.remove(at);
        } else {
            bytes[at] ^= change;
        }
        String::from_utf8(bytes).ok()
    };
    (0..text.len()).flat_map(move |at| [0, 1, 2, 4, 8, 16, 32, 64, 128, 255].into_iter().filter_map(move |change| changed(at, change)))
}

/// What every parser must do with any text: refuse it, or print the same bytes again.
fn read_all(bytes: &[u8]) {
    if let Ok(leaf) = Leaf::parse(bytes) {
        assert_eq!(leaf.encode(), bytes);
    }
    if let Ok(leaves) = decode_bundle(bytes) {
        assert_eq!(encode_bundle(&leaves).as_deref(), Ok(bytes));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let keys = [key().verifier(), VerifierKey::parse(PETER_PUBLIC).unwrap()];
    if let Ok(tile) = TileCoordinate::parse(text) {
        assert_eq!(tile.path(), text);
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
    }
    if let Ok(checkpoint) = peek_unverified(text) {
        assert!(text.starts_with(&format!("{}\n— ", checkpoint.text())));
    }
    if let Ok(signed) = open_text(text, &keys) {
        assert!(text.starts_with(&format!("{signed}\n— ")));
    }
    let _ = open(text, &keys);
    if let Ok(proof) = TlogProof::parse(text) {
        assert_eq!(proof.encode(), text);
        let _ = proof.verify(b"leaf 3", &keys);
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = SigningKey::parse(text) {
        assert_eq!(key.expose_secret(), text);
    }
    if let Some(hash) = Hash::parse(text) {
        assert_eq!(hash.to_string(), text);
    }
    let _ = sign_text(text, &[&key()]);
}

/// One valid value of each kind.
fn valid() -> Vec<Vec<u8>> {
    let recorded: Instant = "2026-11-25T22:07:43.123Z".parse().unwrap();
    let proof = TlogProof::parse(PROOF).unwrap();
    vec![
        Leaf::new(Digest::of(b""), "ack.signed", recorded).unwrap().encode(),
        encode_bundle(&["one", "", "three"]).unwrap(),
        b"tile/1/x001/x234/067.p/17".to_vec(),
        b"tile/entries/x001/000".to_vec(),
        peek_unverified(&proof.checkpoint).unwrap().text().into_bytes(),
        proof.checkpoint.into_bytes(),
        PROOF.as_bytes().to_vec(),
        PETER_NOTE.as_bytes().to_vec(),
        PETER_PUBLIC.as_bytes().to_vec(),
        PETER.as_bytes().to_vec(),
        Hash::EMPTY.to_string().into_bytes(),
    ]
}

proptest! {
    #![proptest_config(seeded(256))]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), text in "[\\s\\S]{0,60}|[a-z+/= x.0-9—\\n]{0,80}") {
        read_all(&bytes);
        read_all(text.as_bytes());
    }

    #[test]
    fn nearly_valid_bytes_are_read_or_refused(which in any::<prop::sample::Index>(), edits in vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 0..4)) {
        let mut bytes = which.get(&valid()).clone();
        for (at, how, byte) in edits {
            let at = at.index(bytes.len() + 1);
            let printable = byte % 96 + 31;
            match how {
                0 => bytes.insert(at, printable),
                1 if at < bytes.len() => { bytes.remove(at); }
                2 if at < bytes.len() => bytes[at] = printable,
                3 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.push(b'\n'),
            }
        }
        read_all(&bytes);
    }

    #[test]
    fn any_seed_makes_keys_that_round_trip(seed in any::<[u8; 32]>(), name in "[a-z./é—]{1,20}", size in any::<u64>(), hash in any::<[u8; 32]>()) {
        let origin = Origin::parse(&name).unwrap();
        let key = SigningKey::from_seed(origin.clone(), &seed);
        prop_assert_eq!(SigningKey::parse(&key.expose_secret()).unwrap().verifier(), key.verifier());
        prop_assert_eq!(VerifierKey::parse(&key.verifier().to_string()), Ok(key.verifier()));
        let checkpoint = Checkpoint { origin, size, root: Hash::from_bytes(hash) };
        prop_assert_eq!(open(&sign(&checkpoint, &[&key]).unwrap(), &[key.verifier()]), Ok(checkpoint));
    }
}
