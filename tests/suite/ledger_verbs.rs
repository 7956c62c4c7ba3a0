//! `countersign ledger`: a register that an auditor reads, proves, exports and compares, by the binary alone.

use std::path::Path;
use std::process::Command;

use crate::suite::sandbox::{Run, Sandbox, files, python, repository};
use crate::suite::world::{ask, begin, erase, open, publish, record, sign};

const NOW: [&str; 2] = ["--now", "2026-11-25T22:07:43.123Z"];

fn json(run: &Run) -> serde_json::Value {
    assert_eq!(run.stderr, "");
    serde_json::from_str(&run.stdout).unwrap()
}

/// A workspace with a begun register.
fn begun() -> Sandbox {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "contracts"]).code, 0);
    let run = sandbox.run(&[&["-C", "contracts", "ledger", "init", "--by", "ana"], &NOW[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("the register register.harbourline.example/countersign begins\nverifier key register.harbourline.example/countersign+"));
    sandbox
}

/// A folder with a register of a few people, a policy and one acknowledgment, and a sandbox around it.
fn peopled() -> Sandbox {
    let sandbox = Sandbox::new();
    let root = sandbox.path().join("workspace");
    std::fs::create_dir(&root).unwrap();
    let mut register = begin(&root);
    for number in 1..=3 {
        record(&mut register, &format!("person-{number}")).unwrap();
    }
    publish(&mut register);
    ask(&mut register, "r-1", "person-1");
    sign(&mut register, "r-1", "person-1");
    erase(&mut register, "person-2");
    sandbox
}

fn ledger(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.run(&[&["-C", "workspace", "ledger"], arguments].concat())
}

#[test]
fn fresh_workspace_has_secrets_and_begins_a_register_once() {
    let sandbox = begun();
    let root = sandbox.path().join("contracts");
    let ignored = std::fs::read_to_string(root.join(".gitignore")).unwrap();
    assert!(ignored.contains("*.key") && ignored.contains("countersign.db*"));
    #[cfg(unix)]
    for secret in crate::suite::world::key_files(&root).iter().chain([&root.join("links.key"), &root.join("countersign.db")]) {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(secret.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", secret.display());
    }
    let again = sandbox.run(&["-C", "contracts", "ledger", "init"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("there is a register with 1 entries already"), "{}", again.stderr);
    let verified = sandbox.run(&["-C", "contracts", "ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    assert!(verified.stdout.ends_with("the register holds\n"), "{}", verified.stdout);
    let check = sandbox.run(&["-C", "contracts", "check", "--today", "2026-11-21"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
}

#[test]
fn register_without_section_or_with_another_origin_is_explained() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "contracts"]).code, 0);
    let file = sandbox.path().join("contracts/countersign.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let start = text.find("register:\n").unwrap();
    let end = text[start..].find("\nmail:").unwrap() + start;
    std::fs::write(&file, format!("{}{}", &text[..start], &text[end..])).unwrap();
    let run = sandbox.run(&["-C", "contracts", "ledger", "init"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.starts_with("error: `countersign.yaml` has no section `register`\nhelp: add `register:` with"), "{}", run.stderr);
    assert!(!sandbox.path().join("contracts/countersign.db").exists());
    // The origin is made one's own after `init` made a key for that of the sample.
    std::fs::write(&file, text.replacen("register.harbourline.example/countersign", "register.acme.example", 1)).unwrap();
    let run = sandbox.run(&["-C", "contracts", "ledger", "init"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("verifier key register.acme.example+"), "{}", run.stdout);
    let verified = sandbox.run(&["-C", "contracts", "ledger", "verify", "--format", "json"]);
    let value = json(&verified);
    assert_eq!((value["holds"].as_bool(), value["notes"].as_array().unwrap().len()), (Some(true), 1), "{}", verified.stdout);
}

#[test]
fn verdict_reads_well_and_says_everything_as_json() {
    let sandbox = peopled();
    let run = ledger(&sandbox, &["verify"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let value = json(&ledger(&sandbox, &["verify", "--format", "json"]));
    let (root, key) = (value["root"].as_str().unwrap(), value["checkpoint"]["signed_by"][0].as_str().unwrap());
    let expected = format!(
        "register register.example.com/test of Example Group
  entries      9
  recorded     2026-11-25T22:07:43.123Z to 2026-11-25T22:07:43.123Z
  root         {root}
  checkpoint   9 entries, signed by {key}
  key          {key}, named by entry 0, signs
  kinds        ack.requested 1
               ack.signed 1
               mail.decided 1
               person.erased 1
               person.recorded 3
               policy.published 1
               register.opened 1
checked
  store        holds     database file: pages, indexes, references
  entries      holds     9 leaves: spelling, place, time
  payloads     holds     8 fit their leaf, 1 destroyed
  tiles        holds     1 computed again from the leaves
  checkpoints  holds     8, 8 copies in `checkpoints/`: signature, size, root
  keys         holds     1 named by entries, `checkpoints/keys`, key files
  files        holds     2 kept: digest
  outbox       holds     1 mails, 1 links: decided, state
the register holds
"
    );
    assert_eq!(run.stdout, expected);
    let counts: Vec<u64> = ["leaves", "payloads", "destroyed", "tiles", "checkpoints", "copies", "files", "mails", "links"]
        .map(|name| value["counts"][name].as_u64().unwrap())
        .to_vec();
    assert_eq!(counts, [9, 8, 1, 1, 8, 8, 2, 1, 1]);
    std::fs::remove_file(sandbox.path().join("workspace/checkpoints/000000/000000003")).unwrap();
    let broken = ledger(&sandbox, &["verify"]);
    assert_eq!(broken.code, 3);
    assert!(broken.stdout.contains("checkpoints  1 fault") && broken.stdout.ends_with("THE REGISTER DOES NOT HOLD\n"), "{}", broken.stdout);
    assert!(
        broken
            .stderr
            .starts_with("error: checkpoint 3: it is missing in `checkpoints/`; restore it from git, or `--mend` writes it again\nhelp: checkpoints: ")
    );
    let mended = json(&ledger(&sandbox, &["verify", "--mend", "--format", "json"]));
    assert_eq!(mended["mended"], serde_json::json!([3]));
    assert_eq!(ledger(&sandbox, &["verify", "--quiet"]).stdout, "");
}

#[test]
fn entries_are_shown_without_names_and_payloads_with_them() {
    let sandbox = peopled();
    let run = ledger(&sandbox, &["show"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[2], "1      2026-11-25T22:07:43.123Z  person.recorded   person-1 of operations, by import");
    assert_eq!(lines[3], "2      2026-11-25T22:07:43.123Z  person.recorded   destroyed: salt and payload are gone, the leaf stays");
    assert_eq!(lines[8], "7      2026-11-25T22:07:43.123Z  ack.signed        r-1 of person-1 for code_of_conduct 1.0, by link");
    assert!(!run.stdout.contains("Name of") && !run.stdout.contains('@'), "{}", run.stdout);
    let one = ledger(&sandbox, &["show", "1", "--payload"]);
    assert!(one.stdout.contains("\"name\": \"Name of person-1\""), "{}", one.stdout);
    assert_eq!(json(&ledger(&sandbox, &["show", "--from", "7", "--format", "json"])).as_array().unwrap().len(), 2);
    let beyond = ledger(&sandbox, &["show", "9"]);
    assert_eq!((beyond.code, beyond.stderr.as_str()), (1, "error: there is no entry 9\nhelp: entries are numbered 0 to 8\n"));
}

#[test]
fn proof_is_for_outsiders_and_payload_only_when_it_is_revealed() {
    let sandbox = peopled();
    let run = ledger(&sandbox, &["prove", "7"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("c2sp.org/tlog-proof@v1\nindex 7\n"), "{}", run.stdout);
    assert!(run.stderr.starts_with("entry 7, ack.signed, recorded 2026-11-25T22:07:43.123Z: r-1 of person-1"), "{}", run.stderr);
    let keys = std::fs::read_to_string(sandbox.path().join("workspace/checkpoints/keys")).unwrap();
    let key = keys.trim_end().parse().unwrap();
    let plain = json(&ledger(&sandbox, &["prove", "7", "--format", "json"]));
    assert!(plain.get("payload").is_none() && plain.get("salt").is_none());
    let proof = countersign::ledger::proof::TlogProof::parse(&run.stdout).unwrap();
    assert_eq!(proof.verify(plain["leaf"].as_str().unwrap().as_bytes(), &[key]).unwrap().size, 9);
    assert_eq!(ledger(&sandbox, &["prove", "7", "--reveal"]).code, 2);
    let run = ledger(&sandbox, &["prove", "7", "--reveal", "--output", "proof-7"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let written = files(&sandbox.path().join("proof-7"));
    assert!(written.keys().eq(["entry-7.leaf.json", "entry-7.payload.json", "entry-7.salt.hex", "entry-7.tlog-proof"]));
    let salt = String::from_utf8(written["entry-7.salt.hex"].clone()).unwrap();
    let salt: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&salt[2 * at..2 * at + 2], 16).unwrap()).collect();
    let commitment = countersign::base::digest::Digest::of_parts(&[&salt, &written["entry-7.payload.json"]]);
    assert!(String::from_utf8(written["entry-7.leaf.json"].clone()).unwrap().contains(commitment.as_str()));
    assert_eq!(ledger(&sandbox, &["prove", "2"]).code, 0, "the leaf of what was destroyed is still proven");
    let destroyed = ledger(&sandbox, &["prove", "2", "--reveal", "--format", "json"]);
    assert_eq!(destroyed.code, 1);
    assert!(destroyed.stderr.starts_with("error: salt and payload of entry 2 were destroyed\n"), "{}", destroyed.stderr);
}

#[test]
fn register_is_compared_with_checkpoints_from_elsewhere() {
    let sandbox = peopled();
    let workspace = sandbox.path().join("workspace");
    let old = sandbox.path().join("old");
    crate::suite::sandbox::copy(&workspace, &old);
    record(&mut open(&workspace).unwrap(), "person-4").unwrap();
    let at = |size: u64| format!("workspace/checkpoints/000000/{size:09}");
    let run = ledger(&sandbox, &["compare", &at(4)]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "the register of 10 entries extends the checkpoint of 4\n"));
    let value = json(&ledger(&sandbox, &["compare", &at(4), "--format", "json"]));
    assert_eq!((value["standing"].as_str(), value["proof"].as_array().unwrap().len()), (Some("extends"), 2));
    assert_eq!(ledger(&sandbox, &["compare", &at(10)]).stdout, "the register of 10 entries is the one of the checkpoint\n");
    // A receipt or its proof is as good as the checkpoint in it.
    std::fs::write(sandbox.path().join("proof"), ledger(&sandbox, &["prove", "1"]).stdout).unwrap();
    let older = sandbox.run(&["-C", "old", "ledger", "compare", "proof"]);
    assert_eq!(older.code, 3);
    assert!(older.stderr.contains("the register of 9 entries is older than the checkpoint of 10"), "{}", older.stderr);
    // Both went on from the same nine entries: the copy has a history of its own.
    let mut copy = open(&old).unwrap();
    record(&mut copy, "person-5").unwrap();
    record(&mut copy, "person-6").unwrap();
    drop(copy);
    let forked = sandbox.run(&["-C", "old", "ledger", "compare", &at(10), "--format", "json"]);
    assert_eq!((forked.code, json(&forked)["standing"].as_str()), (3, Some("forked")));
    let forged = std::fs::read_to_string(sandbox.path().join(at(4))).unwrap().replacen("\n4\n", "\n5\n", 1);
    std::fs::write(sandbox.path().join("forged"), forged).unwrap();
    let forged = ledger(&sandbox, &["compare", "forged"]);
    assert_eq!(forged.code, 3);
    assert!(forged.stderr.contains("checkpoint to compare with: the signature of"), "{}", forged.stderr);
}

#[test]
fn keys_come_and_go_by_the_command_line() {
    let sandbox = begun();
    let run = |arguments: &[&str]| sandbox.run(&[&["-C", "contracts", "ledger"], arguments].concat());
    let rotated = json(&run(&["rotate", "--reason", "yearly", "--now", "2026-11-25T22:07:44.000Z", "--format", "json"]));
    assert_eq!(rotated["entry"], 1);
    assert!(sandbox.path().join(rotated["file"].as_str().unwrap()).exists());
    let keys = std::fs::read_to_string(sandbox.path().join("contracts/checkpoints/keys")).unwrap();
    let first = keys.split('+').nth(1).unwrap();
    let retired = run(&["retire", first, "--reason", "the machine was sold", "--now", "2026-11-25T22:07:45.000Z"]);
    assert_eq!(retired.stdout, format!("{first} retired; its file is removed; destroy the copies of it as well\n"), "{}", retired.stderr);
    assert_eq!(run(&["verify"]).code, 0);
    let shown = run(&["show"]).stdout;
    assert!(shown.contains("signs no more: the machine was sold"), "{shown}");
    assert_eq!(run(&["retire", first, "--reason", "again"]).code, 1);
}

#[test]
fn every_verb_of_the_ledger_has_help_with_an_example() {
    let sandbox = Sandbox::new();
    for verb in ["init", "verify", "show", "prove", "compare", "export", "rotate", "retire"] {
        let help = sandbox.run(&["ledger", verb, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains("Example: countersign ledger"), "{verb}");
    }
    assert!(sandbox.run(&["ledger", "verify", "--help"]).stdout.contains("What no check of this folder alone can show"));
    let absent = sandbox.run(&["ledger", "verify"]);
    assert_eq!(absent.code, 1);
    assert!(absent.stderr.contains("help: run `countersign ledger init` to begin one"), "{}", absent.stderr);
}

/// Reads an exported log by the program that knows the specifications only.
fn read_by_stranger(python: &Path, log: &Path, key: &str, older: Option<&Path>) -> Result<serde_json::Value, String> {
    let mut command = Command::new(python);
    command.arg(repository().join("tests/read_tile_log.py")).arg(log).arg(key).args(older);
    let output = command.output().unwrap();
    if output.status.success() { Ok(serde_json::from_slice(&output.stdout).unwrap()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Records people in one unit of work, so that a register is long within a moment.
fn record_many(root: &Path, prefix: &str, count: u32) {
    open(root)
        .unwrap()
        .change(|_, draft| {
            (0..count).for_each(|number| draft.record(crate::suite::world::recorded(&format!("{prefix}-{number}"))));
            Ok(())
        })
        .unwrap();
}

#[test]
fn exported_log_is_read_by_a_stranger_and_grows() {
    let sandbox = peopled();
    let root = sandbox.path().join("workspace");
    record_many(&root, "early", 300);
    let run = ledger(&sandbox, &["export", "public/log"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "public/log: 309 entries (309 of them new), 5 files written\n"), "{}", run.stderr);
    let log = sandbox.path().join("public/log");
    let before = files(&log);
    let names = ["checkpoint", "tile/0/000", "tile/0/001.p/53", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/53"];
    assert!(before.keys().eq(names), "{:?}", before.keys());
    assert!(!before.values().any(|bytes| String::from_utf8_lossy(bytes).contains("person-1")), "leaves only");
    let older = sandbox.path().join("older");
    crate::suite::sandbox::copy(&log, &older);
    record_many(&root, "late", 700);
    let again = json(&ledger(&sandbox, &["export", "public/log", "--format", "json"]));
    assert_eq!((again["size"].as_u64(), again["before"].as_u64(), again["files"].as_u64()), (Some(1009), Some(309), Some(7)));
    let after = files(&log);
    assert!(before.iter().filter(|(name, _)| *name != "checkpoint").all(|(name, bytes)| after[name] == *bytes), "what was published stays");
    let Some(python) = python("cryptography") else { return };
    let key = std::fs::read_to_string(root.join("checkpoints/keys")).unwrap();
    let read = read_by_stranger(&python, &log, key.trim_end(), Some(&older)).unwrap();
    assert_eq!(read["root"], again["root"]);
    assert_eq!((read["size"].as_u64(), read["older"].as_u64(), read["tiles"].as_u64()), (Some(1009), Some(309), Some(5)));
    // The stranger is no yes-man.
    for (name, at) in [("tile/0/000", 5), ("tile/1/000.p/3", 5), ("tile/entries/003.p/241", 50), ("checkpoint", 40)] {
        let mut bytes = after[name].clone();
        bytes[at] ^= 1;
        std::fs::write(log.join(name), &bytes).unwrap();
        assert!(read_by_stranger(&python, &log, key.trim_end(), None).is_err(), "{name}");
        std::fs::write(log.join(name), &after[name]).unwrap();
    }
    let other = sandbox.path().join("other");
    std::fs::create_dir(&other).unwrap();
    drop(begin(&other));
    let other_key = std::fs::read_to_string(other.join("checkpoints/keys")).unwrap();
    assert!(read_by_stranger(&python, &log, other_key.trim_end(), None).is_err(), "another key has not signed");
}

#[test]
fn export_refuses_what_it_cannot_extend_and_writes_nothing() {
    let sandbox = peopled();
    let root = sandbox.path().join("workspace");
    crate::suite::sandbox::copy(&root, &sandbox.path().join("old"));
    record_many(&root, "late", 10);
    assert_eq!(ledger(&sandbox, &["export", "log"]).code, 0);
    let before = files(&sandbox.path().join("log"));
    let refused = |workspace: &str, folder: &str, code: i32, word: &str| {
        let run = sandbox.run(&["-C", workspace, "ledger", "export", folder]);
        assert_eq!(run.code, code, "{}", run.stderr);
        assert!(run.stderr.contains(word), "{}", run.stderr);
    };
    refused("old", "log", 3, "it holds 19 entries, the register has 9");
    record_many(&sandbox.path().join("old"), "fork", 30);
    refused("old", "log", 3, "it holds other entries than this register");
    let other = sandbox.path().join("other");
    std::fs::create_dir(&other).unwrap();
    drop(begin(&other));
    refused("other", "log", 3, "no trusted key has signed");
    refused("workspace", "old", 1, "holds files and is no log");
    assert_eq!(files(&sandbox.path().join("log")), before);
    // A damaged export is not extended, a damaged register is not exported.
    std::fs::write(sandbox.path().join("log/tile/entries/000.p/19"), b"damaged").unwrap();
    refused("workspace", "log", 3, "its bytes are not those of this log; nothing was written");
    crate::suite::world::database(&root).execute_batch("UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)").unwrap();
    refused("workspace", "fresh", 3, "tiles: `tile/0/000.p/19` does not follow from the leaves");
    assert!(!sandbox.path().join("fresh").exists());
}
