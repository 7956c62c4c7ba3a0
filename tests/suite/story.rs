//! Stories played by scripts on the real binary: a policy from publication to erasure, and kills at random moments. The scripts take a
//! count; the tests run a small one, and `tests/story.py`, `tests/crash.py` say how to run a large one.

use std::path::Path;
use std::process::Command;

use crate::suite::sandbox::{Sandbox, repository};

/// Runs a script of `tests/` with the binary and a folder; says aloud when Python or a tool of the script is missing, and fails then in CI.
fn script(name: &str, needs: &[&str], folder: &Path, more: &[&str]) -> Option<String> {
    for tool in needs {
        if Command::new(tool).arg("-V").output().is_err() {
            assert!(std::env::var("CI").is_err(), "{tool} is missing in CI");
            eprintln!("SKIPPED {name}: there is no {tool}");
            return None;
        }
    }
    let mut command = Command::new(needs[0]);
    command.arg(repository().join("tests").join(name)).arg(env!("CARGO_BIN_EXE_countersign")).arg(folder).args(more);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

#[test]
fn policy_lives_from_publication_to_erasure() {
    let sandbox = Sandbox::new();
    let Some(said) = script("story.py", &["python3", "ssh-keygen"], &sandbox.path().join("story"), &[]) else { return };
    assert!(said.starts_with("story: "), "{said}");
    verified_by_another_program(&sandbox.path().join("story"));
}

/// The receipts of the story, by a verifier that was written from `docs/formats.md` alone.
fn verified_by_another_program(story: &Path) {
    let venv = repository().join("target/ci-venv/bin/python");
    let python = if venv.exists() { venv } else { "python3".into() };
    if !Command::new(&python).args(["-c", "import cryptography"]).output().is_ok_and(|o| o.status.success()) {
        assert!(std::env::var("CI").is_err(), "Python's cryptography is missing in CI");
        eprintln!("SKIPPED verify_receipt.py: Python has no cryptography");
        return;
    }
    let keys = std::fs::read_to_string(story.join("contracts/checkpoints/keys")).unwrap();
    let mut receipts: Vec<_> = std::fs::read_dir(story.join("receipts")).unwrap().map(|e| e.unwrap().path()).collect();
    receipts.sort();
    assert!(receipts.len() >= 50, "{} receipts", receipts.len());
    let verifier = repository().join("tests/verify_receipt.py");
    let all = Command::new(&python).arg(&verifier).args(["--key", keys.lines().next().unwrap()]).args(&receipts).output().unwrap();
    assert!(all.status.success(), "{}{}", String::from_utf8_lossy(&all.stdout), String::from_utf8_lossy(&all.stderr));
    let flipped = Command::new(&python).arg(&verifier).arg("--flip").args(&receipts[..5]).output().unwrap();
    assert!(flipped.status.success(), "{}{}", String::from_utf8_lossy(&flipped.stdout), String::from_utf8_lossy(&flipped.stderr));
}

/// Every mail of some weeks is what a second implementation of plan and ladder expects; `tests/seasons.py` says how to run 18 months.
#[test]
fn weeks_of_reminders_are_what_a_second_opinion_expects() {
    let sandbox = Sandbox::new();
    let Some(said) = script("seasons.py", &["python3"], &sandbox.path().join("seasons"), &["30", "24", "2"]) else { return };
    assert!(said.starts_with("seasons: "), "{said}");
}

#[test]
fn kill_at_any_moment_loses_nothing_and_doubles_nothing() {
    let sandbox = Sandbox::new();
    let kills = std::env::var("CRASH_KILLS").unwrap_or_else(|_| "6".to_owned());
    let Some(said) = script("crash.py", &["python3"], &sandbox.path().join("crash"), &[&kills, "7"]) else { return };
    assert!(said.contains(&format!("crash: {kills} kills")), "{said}");
}
