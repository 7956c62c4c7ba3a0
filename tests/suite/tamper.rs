//! Tampering: whoever can write the files of a register is noticed, or the table says why not.

use std::path::{Path, PathBuf};

use countersign::ledger::checkpoint::{self, Checkpoint};
use countersign::ledger::key::{Origin, SigningKey};
use countersign::ledger::leaf::{Leaf, Salt, commit};
use countersign::ledger::tile::TileSource;
use countersign::ledger::tree;
use countersign::ledger::verify::Frontier;
use countersign::workflow::ledger::verify::verify;
use countersign::workflow::register::RegisterError;
use tempfile::TempDir;

use crate::suite::sandbox::copy;
use crate::suite::world::{ORIGIN, ask, begin, database, erase, faults, key_files, open, publish, record, sent, sign};

/// One kind of tampering, and who notices it.
struct Tampering {
    /// What is done.
    kind: &'static str,
    act: fn(&Path),
    /// What `Register::open` says, or `None` when it opens.
    opening: Option<&'static str>,
    /// What `ledger verify` says; empty when it finds nothing.
    verifying: &'static [&'static str],
    /// What else notices it, where neither does.
    else_noticed: &'static str,
}

const NONE: &str = "";

/// The register has 46 entries: 0 opened, 1 to 30 people, 31 policy, 32 to 41 requests and mails in pairs, 42 sent, 43 signed, 44 erased (person 30),
/// 45 one more person. `../old` is a copy of the whole folder at 40 entries.
const TAMPERINGS: &[Tampering] = &[
    Tampering {
        kind: "payload edited",
        act: |root| sql(root, "UPDATE entry SET payload = CAST(replace(CAST(payload AS TEXT), 'operations', 'Operations') AS BLOB) WHERE position = 7"),
        opening: Some("entry 7: its payload or salt was changed"),
        verifying: &["entry 7: its payload or salt was changed"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "salt edited",
        act: |root| sql(root, "UPDATE entry SET salt = zeroblob(32) WHERE position = 7"),
        opening: Some("entry 7: its payload or salt was changed"),
        verifying: &["entry 7: its payload or salt was changed"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "leaf edited (its time)",
        act: |root| sql(root, "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '22:07:43.123Z', '22:07:44.123Z') AS BLOB) WHERE position = 45"),
        opening: Some("entry 45: its leaf and its payload disagree"),
        verifying: &[
            "entry 45: its leaf and its payload name different times",
            "entry 45: its leaf is not the one that `tile/0/000` was made from",
            "checkpoint 46: the entries do not give the root that was signed",
        ],
        else_noticed: NONE,
    },
    Tampering {
        kind: "leaf and payload edited, fitting each other",
        act: |root| forge(root, 7),
        opening: Some("entries: they do not give the root that was signed for 46 entries"),
        verifying: &[
            "entry 7: its leaf is not the one that `tile/0/000` was made from",
            "checkpoints 8 to 46 (34): the entries do not give the root that was signed",
        ],
        else_noticed: NONE,
    },
    Tampering {
        kind: "the same, tiles computed anew",
        act: |root| {
            forge(root, 7);
            retile(root);
        },
        opening: Some("entries: they do not give the root that was signed for 46 entries"),
        verifying: &["checkpoints 8 to 46 (34): the entries do not give the root that was signed"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "the same, and the newest checkpoint signed by a key of one's own",
        act: |root| {
            forge(root, 7);
            retile(root);
            resign(root, &own_key());
        },
        opening: Some("checkpoint 46: no trusted key has signed"),
        verifying: &["checkpoint 46: no trusted key has signed", "checkpoint 46: the copy in `checkpoints/` differs, and of the copy: the entries do not give"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry deleted in the middle",
        act: |root| sql(root, "DELETE FROM entry WHERE position = 12"),
        opening: Some("entry 12: it is missing"),
        verifying: &["entry 12: it is missing"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry deleted in the middle, the rest moved up",
        act: |root| sql(root, "DELETE FROM entry WHERE position = 12; UPDATE entry SET position = position - 1 WHERE position > 12"),
        opening: Some("entry 45: it is missing"),
        verifying: &["entries 12 to 44: its leaf is not the one that", "checkpoint 46: it was signed, and the register has 45 entries only"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry deleted at the end",
        act: |root| sql(root, "DELETE FROM entry WHERE position = 45"),
        opening: Some("entry 45: it is missing"),
        verifying: &["checkpoint 46: it was signed, and the register has 45 entries only", "tile/0/000.p/45: it does not follow from the leaves"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry deleted at the end, with its checkpoint in the register",
        act: |root| sql(root, "DELETE FROM entry WHERE position = 45; DELETE FROM checkpoint WHERE size = 46"),
        opening: Some("the register has 45 entries, but the workspace has a checkpoint for 46"),
        verifying: &["checkpoint 46: the register has none for this size, and of the copy in `checkpoints/`: it was signed, and the register has 45"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry deleted at the end, with both its checkpoints",
        act: |root| {
            sql(root, "DELETE FROM entry WHERE position = 45; DELETE FROM checkpoint WHERE size = 46");
            std::fs::remove_file(root.join("checkpoints/000000/000000046")).unwrap();
        },
        opening: None,
        verifying: &["tile/0/000.p/45: it does not follow from the leaves"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "the same, tiles computed anew",
        act: |root| {
            sql(root, "DELETE FROM entry WHERE position = 45; DELETE FROM checkpoint WHERE size = 46");
            std::fs::remove_file(root.join("checkpoints/000000/000000046")).unwrap();
            retile(root);
        },
        opening: None,
        verifying: &[],
        else_noticed: "a checkpoint kept elsewhere: git, a receipt, an exported log (`ledger compare`)",
    },
    Tampering {
        kind: "two entries swapped",
        act: |root| {
            sql(root, "UPDATE entry SET position = 900 WHERE position = 7; UPDATE entry SET position = 7 WHERE position = 9");
            sql(root, "UPDATE entry SET position = 9 WHERE position = 900");
        },
        opening: Some("entries: they do not give the root that was signed for 46 entries"),
        verifying: &[
            "entry 7: its leaf is not the one that",
            "entry 9: its leaf is not the one that",
            "checkpoints 8 to 46 (34): the entries do not give the root that was signed",
        ],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry inserted at the end",
        act: |root| sql(root, "INSERT INTO entry SELECT 46, leaf, salt, payload, subject FROM entry WHERE position = 7"),
        opening: Some("entry 46: no checkpoint was signed for it"),
        verifying: &["entry 46: no checkpoint was signed for it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "entry inserted in the middle, the rest moved down",
        act: |root| {
            sql(root, "UPDATE entry SET position = -position - 1 WHERE position >= 7; UPDATE entry SET position = -position WHERE position < 0");
            sql(root, "INSERT INTO entry SELECT 7, leaf, salt, payload, subject FROM entry WHERE position = 6");
        },
        opening: Some("entry 46: no checkpoint was signed for it"),
        verifying: &["entries 7 to 45: its leaf is not the one that", "entry 46: no checkpoint was signed for it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "tile edited",
        act: |root| sql(root, "UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE level = 0"),
        opening: None,
        verifying: &["tile/0/000.p/46: it does not follow from the leaves"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "tile deleted",
        act: |root| sql(root, "DELETE FROM tile"),
        opening: None,
        verifying: &["tile/0/000.p/46: it is missing"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "newest checkpoint of the register edited",
        act: |root| sql(root, "UPDATE checkpoint SET note = replace(note, char(10) || '46' || char(10), char(10) || '45' || char(10)) WHERE size = 46"),
        opening: Some("checkpoint 46: the signature of"),
        verifying: &["checkpoint 46: the signature of", "checkpoint 46: the copy in `checkpoints/` holds, and the one in the register differs from it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "older checkpoint of the register deleted",
        act: |root| sql(root, "DELETE FROM checkpoint WHERE size = 20"),
        opening: None,
        verifying: &["checkpoint 20: the register has lost it; the copy in `checkpoints/` holds"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "old copy of the register restored",
        act: |root| {
            std::fs::copy(root.join("../old/countersign.db"), root.join("countersign.db")).unwrap();
        },
        opening: Some("the register has 40 entries, but the workspace has a checkpoint for 46"),
        verifying: &[
            "checkpoints 42 to 46 (5): the register has none for this size, and of the copy in `checkpoints/`: it was signed, and the register has 40",
        ],
        else_noticed: NONE,
    },
    Tampering {
        kind: "old copy restored, all checkpoint files removed",
        act: |root| {
            std::fs::copy(root.join("../old/countersign.db"), root.join("countersign.db")).unwrap();
            std::fs::remove_dir_all(root.join("checkpoints/000000")).unwrap();
        },
        opening: None,
        verifying: &["checkpoints 1 to 38 (35): it is missing in `checkpoints/`; restore it from git, or `--mend` writes it again"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "old copy of the whole folder restored",
        act: |root| {
            std::fs::remove_dir_all(root.join("checkpoints")).unwrap();
            copy(&root.join("../old"), root);
        },
        opening: None,
        verifying: &[],
        else_noticed: "a checkpoint kept elsewhere: git, a receipt, an exported log (`ledger compare`)",
    },
    Tampering {
        kind: "older checkpoint file edited",
        act: |root| edit(&root.join("checkpoints/000000/000000020"), "\n20\n", "\n21\n"),
        opening: None,
        verifying: &["checkpoint 20: the copy in `checkpoints/` differs, and of the copy: the signature of"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "newest checkpoint file edited",
        act: |root| edit(&root.join("checkpoints/000000/000000046"), "\n46\n", "\n47\n"),
        opening: Some("checkpoint 46: the signature of"),
        verifying: &["checkpoint 46: the copy in `checkpoints/` differs, and of the copy: the signature of"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "older checkpoint file removed",
        act: |root| std::fs::remove_file(root.join("checkpoints/000000/000000020")).unwrap(),
        opening: None,
        verifying: &["checkpoint 20: it is missing in `checkpoints/`; restore it from git, or `--mend` writes it again"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "signing key swapped, `checkpoints/keys` with it",
        act: |root| {
            let key = own_key();
            std::fs::remove_file(&key_files(root)[0]).unwrap();
            secret(&root.join(format!("countersign-{:08x}.key", key.id())), &key.expose_secret());
            std::fs::write(root.join("checkpoints/keys"), format!("{}\n", key.verifier())).unwrap();
        },
        opening: Some("no trusted key has signed"),
        verifying: &["is missing, which entry 0 names", "stands there, and no entry names it", "no key that signs now is here", "no trusted key has signed"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "signing key swapped alone",
        act: |root| {
            let key = own_key();
            std::fs::remove_file(&key_files(root)[0]).unwrap();
            secret(&root.join(format!("countersign-{:08x}.key", key.id())), &key.expose_secret());
        },
        opening: None,
        verifying: &["and no key that signs now is here"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "key added to `checkpoints/keys`",
        act: |root| {
            let keys = root.join("checkpoints/keys");
            let text = std::fs::read_to_string(&keys).unwrap();
            std::fs::write(keys, format!("{text}{}\n", own_key().verifier())).unwrap();
        },
        opening: None,
        verifying: &["stands there, and no entry names it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "kept file edited",
        act: |root| sql(root, "UPDATE file SET bytes = CAST('<p>another policy</p>' AS BLOB) WHERE CAST(bytes AS TEXT) LIKE '<p>%'"),
        opening: None,
        verifying: &["its bytes were changed, entry 31 points at it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "kept file deleted",
        act: |root| sql(root, "DELETE FROM file WHERE CAST(bytes AS TEXT) LIKE '<p>%'"),
        opening: None,
        verifying: &["it is missing, entry 31 points at it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "person of an entry cleared, so that an erasure misses it",
        act: |root| sql(root, "UPDATE entry SET subject = NULL WHERE position = 7"),
        opening: Some("entry 7: it is kept under another person than its payload is about"),
        verifying: &["entry 7: it is kept under another person than its payload is about"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "payload destroyed without an entry that says so",
        act: |root| sql(root, "UPDATE entry SET salt = NULL, payload = NULL WHERE position = 43"),
        opening: None,
        verifying: &["entry 43: its payload is gone, and no entry `person.erased` says so"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "leaf spelled otherwise",
        act: |root| sql(root, "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), ',', ', ') AS BLOB) WHERE position = 7"),
        opening: Some("entry 7: the leaf is not in canonical form"),
        verifying: &["entry 7: the leaf is not in canonical form", "entry 7: its leaf is not the one that"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "mail set back, so that it is sent twice",
        act: |root| sql(root, "UPDATE mail SET state = 0 WHERE key = 'request/r-1'"),
        opening: None,
        verifying: &["mail `request/r-1` of entry 33: it would be sent again, though an entry records that it is done"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "mail marked as sent that never was",
        act: |root| sql(root, "UPDATE mail SET state = 2 WHERE key = 'request/r-2'"),
        opening: None,
        verifying: &["mail `request/r-2` of entry 35: the outbox has a result that no entry records"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "mail added",
        act: |root| sql(root, "INSERT INTO mail SELECT 99, 'request/r-9', 0, 0, not_before, decided, '' FROM mail WHERE key = 'request/r-2'"),
        opening: None,
        verifying: &["mail `request/r-9`: no entry decided it"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "mail deleted",
        act: |root| sql(root, "DELETE FROM link WHERE mail = 'request/r-2'; DELETE FROM mail WHERE key = 'request/r-2'"),
        opening: None,
        verifying: &["mail `request/r-2` of entry 35: it is missing in the outbox"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "used link opened again",
        act: |root| sql(root, "UPDATE link SET state = 0 WHERE request = 'r-1'"),
        opening: None,
        verifying: &["to `r-1`: it opens again, though its request is done"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "link turned to another request",
        act: |root| sql(root, "UPDATE link SET request = 'r-3' WHERE request = 'r-2'"),
        opening: None,
        verifying: &["to `r-3`: the mail that carries it is about other requests"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "link replaced by one whose token is known",
        act: |root| sql(root, &format!("UPDATE link SET sha256 = '{}' WHERE request = 'r-2'", "ab".repeat(32))),
        opening: None,
        verifying: &["to `r-2`: it was not made from the secret of links"],
        else_noticed: NONE,
    },
    Tampering {
        kind: "life of a link prolonged",
        act: |root| sql(root, "UPDATE link SET expires = expires + 86400000 WHERE request = 'r-2'"),
        opening: None,
        verifying: &[],
        else_noticed: "nothing: working data that no entry fixes (told in `ledger verify --help`)",
    },
];

#[test]
fn every_kind_of_tampering_is_noticed_or_the_table_says_why_not() {
    let base = register();
    assert_eq!(faults(&base.root()), [NONE; 0], "the register holds before anybody touches it");
    let mut wrong = Vec::new();
    let mut table = "| tampering | `Register::open` | `ledger verify` |\n|---|---|---|\n".to_owned();
    for tampering in TAMPERINGS {
        let folder = Base(tempfile::tempdir().unwrap());
        copy(base.0.path(), folder.0.path());
        let root = &folder.root();
        (tampering.act)(root);
        // Verify looks first: opening writes the copy of the newest checkpoint where it is missing.
        let found = faults(root);
        let opened = open(root).err().map(|error| error.to_string());
        let fits = match (tampering.opening, &opened) {
            (None, None) => true,
            (Some(expected), Some(said)) => said.contains(expected),
            _ => false,
        };
        let all = tampering.verifying.iter().all(|expected| found.iter().any(|fault| fault.contains(expected)));
        if !fits || !all || tampering.verifying.is_empty() != found.is_empty() {
            wrong.push(format!("{}:\n  open: {opened:?}\n  verify: {found:#?}", tampering.kind));
        }
        let verify = if found.is_empty() { format!("nothing; noticed by {}", tampering.else_noticed) } else { found.join("<br>") };
        table.push_str(&format!("| {} | {} | {verify} |\n", tampering.kind, opened.as_deref().unwrap_or("opens")));
    }
    eprintln!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn restored_old_folder_is_noticed_by_a_checkpoint_kept_elsewhere() {
    let base = register();
    let elsewhere = std::fs::read_to_string(base.root().join("checkpoints/000000/000000046")).unwrap();
    let mut old = open(&base.old()).unwrap();
    let comparison = countersign::workflow::ledger::prove::compare(&mut old, &elsewhere).unwrap();
    assert_eq!(comparison.standing.word(), "older");
}

#[test]
fn tampered_tile_is_never_signed() {
    let base = register();
    sql(&base.root(), "UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE level = 0");
    let mut register = open(&base.root()).unwrap();
    let refused = record(&mut register, "one-more").unwrap_err();
    assert_eq!(refused.to_string(), "tiles: they do not give the root of the leaves");
    assert!(matches!(refused, RegisterError::Integrity { .. }));
    assert_eq!(verify(&base.root(), false).unwrap().size, 46, "nothing was recorded");
}

#[test]
fn missing_checkpoint_files_are_mended_and_nothing_else_is() {
    let base = register();
    std::fs::remove_dir_all(base.root().join("checkpoints/000000")).unwrap();
    sql(&base.root(), "UPDATE checkpoint SET note = replace(note, char(10) || '20' || char(10), char(10) || '21' || char(10)) WHERE size = 20");
    let mended = verify(&base.root(), true).unwrap();
    assert_eq!(mended.mended.len(), 40, "every checkpoint but the one that was changed");
    assert!(!mended.holds());
    let after = faults(&base.root());
    assert!(after.iter().all(|fault| fault.starts_with("checkpoint 20: ")), "{after:#?}");
}

/// A register, and beside it an older copy.
struct Base(TempDir);

impl Base {
    fn root(&self) -> PathBuf {
        self.0.path().join("now")
    }

    fn old(&self) -> PathBuf {
        self.0.path().join("old")
    }
}

/// The register of the table.
fn register() -> Base {
    let base = Base(tempfile::tempdir().unwrap());
    let root = &base.root();
    std::fs::create_dir(root).unwrap();
    let mut register = begin(root);
    for number in 1..=30 {
        record(&mut register, &format!("person-{number}")).unwrap();
    }
    publish(&mut register);
    for number in 1..=4 {
        ask(&mut register, &format!("r-{number}"), &format!("person-{number}"));
    }
    drop(register);
    copy(root, &base.old());
    let mut register = open(root).unwrap();
    ask(&mut register, "r-30", "person-30");
    sent(&mut register, "r-1");
    sign(&mut register, "r-1", "person-1");
    erase(&mut register, "person-30");
    record(&mut register, "person-31").unwrap();
    assert_eq!(register.state().size, 46);
    drop(register);
    base
}

fn sql(root: &Path, statements: &str) {
    database(root).execute_batch(statements).unwrap();
}

/// Puts another payload, a salt of one's own and the fitting leaf into an entry.
fn forge(root: &Path, position: u64) {
    let database = database(root);
    let (leaf, payload): (Vec<u8>, Vec<u8>) =
        database.query_row("SELECT leaf, payload FROM entry WHERE position = ?1", [position], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let payload = String::from_utf8(payload).unwrap().replace("operations", "management");
    let leaf = Leaf::parse(&leaf).unwrap();
    let salt = [9; 32];
    let forged = Leaf::new(commit(&Salt::new(salt), payload.as_bytes()), &leaf.kind, leaf.recorded).unwrap();
    let values = rusqlite::params![position, forged.encode(), salt.to_vec(), payload.as_bytes()];
    database.execute("UPDATE entry SET leaf = ?2, salt = ?3, payload = ?4 WHERE position = ?1", values).unwrap();
}

struct NoTiles;

impl TileSource for NoTiles {
    fn tile(&self, _: u8, _: u64) -> Option<Vec<u8>> {
        None
    }
}

fn leaves(root: &Path) -> Vec<Vec<u8>> {
    let database = database(root);
    let mut statement = database.prepare("SELECT leaf FROM entry ORDER BY position").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Computes the tiles anew.
fn retile(root: &Path) {
    let hashes: Vec<_> = leaves(root).iter().map(|leaf| tree::leaf_hash(leaf)).collect();
    let database = database(root);
    database.execute("DELETE FROM tile", []).unwrap();
    for (level, index, bytes) in tree::append(0, &hashes, &NoTiles).unwrap() {
        database.execute("INSERT INTO tile VALUES (?1, ?2, ?3)", rusqlite::params![level, index, bytes]).unwrap();
    }
}

/// Signs the entries as they are now by another key.
fn resign(root: &Path, key: &SigningKey) {
    let mut frontier = Frontier::default();
    leaves(root).iter().for_each(|leaf| frontier.push(leaf));
    let checkpoint = Checkpoint { origin: Origin::parse(ORIGIN).unwrap(), size: frontier.size(), root: frontier.root() };
    let note = checkpoint::sign(&checkpoint, &[key]).unwrap();
    database(root).execute("UPDATE checkpoint SET note = ?2 WHERE size = ?1", rusqlite::params![checkpoint.size, note]).unwrap();
}

/// A key of somebody who is not the organisation.
fn own_key() -> SigningKey {
    SigningKey::from_seed(Origin::parse(ORIGIN).unwrap(), &[66; 32])
}

fn secret(path: &Path, text: &str) {
    std::fs::write(path, format!("{text}\n")).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}
