//! Bad input: each fixture is named after its fault and says what must be reported, where, and with which exit code.
//!
//! A fixture folder is laid over `tests/fixtures/workspace`. Its `expected.txt` holds the arguments, `exit N`, and one line for each diagnostic:
//! code, then file, line and column, or `-` for one without place.

use std::path::Path;

use crate::suite::sandbox::{Sandbox, copy, repository};

/// Fixtures that there must be at least.
const LEAST: usize = 40;

fn actual(fixture: &Path) -> (Vec<String>, Vec<String>) {
    let text = std::fs::read_to_string(fixture.join("expected.txt")).unwrap();
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let arguments = lines.next().unwrap();
    let expected: Vec<String> = lines.map(str::to_owned).collect();
    let sandbox = Sandbox::new();
    let workspace = sandbox.path().join("workspace");
    copy(&repository().join("tests/fixtures/workspace"), &workspace);
    copy(fixture, &workspace);
    std::fs::remove_file(workspace.join("expected.txt")).unwrap();
    let mut all = vec!["-C", "workspace", "--format", "json"];
    all.extend(arguments.split_whitespace());
    let run = sandbox.run(&all);
    assert!(!sandbox.path().join("out").exists(), "{}: nothing is written", fixture.display());
    let mut found = vec![format!("exit {}", run.code)];
    let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{}: {e}: {}{}", fixture.display(), run.stdout, run.stderr));
    for diagnostic in value["diagnostics"].as_array().unwrap() {
        let code = diagnostic["code"].as_str().unwrap();
        let place = match diagnostic["file"].as_str() {
            Some(file) => {
                let file = file.trim_start_matches("workspace/");
                format!("{file}:{}:{}", diagnostic["line"], diagnostic["column"])
            }
            None => "-".to_owned(),
        };
        assert!(!diagnostic["message"].as_str().unwrap().is_empty());
        found.push(format!("{code} {place}"));
    }
    (expected, found)
}

#[test]
fn every_fixture_reports_its_faults_in_place() {
    let mut folders: Vec<_> = std::fs::read_dir(repository().join("tests/fixtures/invalid")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= LEAST, "{} fixtures", folders.len());
    let mut faults = Vec::new();
    for folder in &folders {
        let (expected, found) = actual(folder);
        if expected != found {
            faults.push(format!("{}\n  expected {expected:#?}\n  found {found:#?}", folder.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn file_with_ten_faults_reports_ten() {
    let (expected, found) = actual(&repository().join("tests/fixtures/invalid/ten-faults"));
    assert_eq!(expected, found);
    assert_eq!(found.len(), 11, "the exit code and ten diagnostics");
}
