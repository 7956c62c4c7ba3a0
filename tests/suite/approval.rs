//! Approvals of clause texts: who read what, what has changed since, and what packs may be issued.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::suite::packs::tool;
use crate::suite::sandbox::{DATE, Run, Sandbox, binary, copy, files, repository};

const COUNSEL: [&str; 4] = ["--by", "Niamh Kilbride", "--date", DATE];

/// The workspace of the invalid fixtures, which is sound, with what unapproved clauses are in it.
fn office(unapproved: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    copy(&repository().join("tests/fixtures/workspace"), &sandbox.path().join("workspace"));
    let file = sandbox.path().join("workspace/countersign.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("{text}approval: {{unapproved: {unapproved}}}\n")).unwrap();
    sandbox
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> (Run, Value) {
    let run = sandbox.run(&[&["-C", "workspace", "--format", "json"], arguments].concat());
    let value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    (run, value)
}

/// Approves and gives the answer.
fn approve(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let (run, value) = run(sandbox, &[&["clause", "approve"], arguments, &COUNSEL].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    value
}

fn codes(value: &Value) -> Vec<&str> {
    value["diagnostics"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap()).collect()
}

/// Where a clause stands on a day.
fn standing(sandbox: &Sandbox, clause: &str, day: &str) -> Value {
    let (_, value) = run(sandbox, &["clause", "list", "--date", day]);
    value["clauses"].as_array().unwrap().iter().find(|line| line["clause"] == clause).unwrap().clone()
}

/// Puts a clause of the embedded library into the workspace, with an edit.
fn edit(sandbox: &Sandbox, clause: &str, from: &str, to: &str) {
    let path = format!("clauses/{clause}.md");
    let file = sandbox.path().join("workspace").join(&path);
    let text = std::fs::read_to_string(if file.exists() { file.clone() } else { repository().join(&path) }).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

fn approvals(sandbox: &Sandbox) -> PathBuf {
    sandbox.path().join("workspace/approvals.yaml")
}

/// `ID@VERSION` of a clause as it is now.
fn now(sandbox: &Sandbox, clause: &str) -> String {
    format!("{clause}@{}", standing(sandbox, clause, DATE)["version"].as_str().unwrap())
}

#[test]
fn approval_says_who_read_what_when_and_until() {
    let sandbox = office("ignore");
    assert_eq!(standing(&sandbox, "nda.use", DATE)["state"], "unapproved");
    let value = approve(&sandbox, &[&now(&sandbox, "nda.use"), &now(&sandbox, "nda.assignment"), "--note", "read: \"as is\" #1", "--expires", "2027-11-20"]);
    assert_eq!(value["approved"].as_array().unwrap().len(), 2);
    let line = standing(&sandbox, "nda.use", DATE);
    assert_eq!(line["state"], "approved");
    let approval = &line["approval"];
    assert_eq!((&approval["by"], &approval["date"], &approval["expires"]), (&"Niamh Kilbride".into(), &DATE.into(), &"2027-11-20".into()));
    assert_eq!(approval["note"], "read: \"as is\" #1");
    // The digest is that of the file, so that anybody can check it.
    edit(&sandbox, "nda/use", "", "");
    let file = std::fs::read(sandbox.path().join("workspace/clauses/nda/use.md")).unwrap();
    assert_eq!(approval["sha256"], countersign::base::digest::Digest::of(&file).as_str());
    assert_eq!(standing(&sandbox, "nda.use", DATE)["state"], "approved", "the same text in another place");
    for (day, state) in [("2026-11-20", "unapproved"), ("2027-11-20", "approved"), ("2027-11-21", "expired")] {
        assert_eq!(standing(&sandbox, "nda.use", day)["state"], state, "{day}");
    }
    let text = sandbox.run(&["-C", "workspace", "check", "--today", DATE]);
    assert!(text.code == 0 && text.stdout.contains("approval: 2 of "), "{}{}", text.stdout, text.stderr);
    let list = sandbox.run(&["-C", "workspace", "clause", "list", "--unapproved", "--date", DATE]);
    assert!(!list.stdout.contains("nda.use ") && list.stdout.contains("nda.term "), "{}", list.stdout);
}

#[test]
fn workspace_without_approvals_does_not_speak_of_them() {
    let sandbox = office("ignore");
    let (run, value) = run(&sandbox, &["check", "--today", DATE]);
    assert!(run.code == 0 && value["approval"].is_null(), "{value}");
}

#[test]
fn text_changed_by_one_letter_is_not_approved_although_its_version_is_the_same() {
    let sandbox = office("error");
    approve(&sandbox, &["--all-of", "nda", "--all-of", "shared"]);
    edit(&sandbox, "nda/use", " the ", " thé ");
    let line = standing(&sandbox, "nda.use", DATE);
    assert_eq!((&line["state"], &line["approval"]["version"]), (&"changed".into(), &line["version"]));
    let (refused, value) = run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "out"]);
    assert_eq!((refused.code, codes(&value)), (1, vec!["unapproved-clause"]));
    let diagnostic = &value["diagnostics"][0];
    assert!(diagnostic["message"].as_str().unwrap().contains("its version was not raised"), "{diagnostic}");
    assert!(diagnostic["file"].as_str().unwrap().ends_with("clauses/nda/use.md") && diagnostic["line"] == 3, "{diagnostic}");
    assert!(diagnostic["related"][0]["place"].as_str().unwrap().contains("approvals.yaml:"), "{diagnostic}");
    assert!(!sandbox.path().join("out").exists());
    // Line ends and a byte order mark of an editor are no change.
    edit(&sandbox, "nda/use", " thé ", " the ");
    let file = sandbox.path().join("workspace/clauses/nda/use.md");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    assert_eq!(standing(&sandbox, "nda.use", DATE)["state"], "approved");
    // A raised version says which one was approved.
    let raised = text.replacen("version: 1", "version: 2", 1);
    std::fs::write(&file, raised).unwrap();
    let line = standing(&sandbox, "nda.use", DATE);
    assert!(line["state"] == "changed" && line["approval"]["version"] != line["version"], "{line}");
}

#[test]
fn order_with_faults_names_all_of_them_and_approves_nothing() {
    let sandbox = office("ignore");
    let faults = ["nda.use@0.0.1", "nda.uze@1.0.0", "nda.assignment", "--all-of", "ndaa", "--pack", "papirco"];
    let (refused, value) = run(&sandbox, &[&["clause", "approve"], &faults[..], &["--by", " ", "--date", DATE, "--expires", DATE]].concat());
    assert_eq!(refused.code, 1);
    let mut found = codes(&value);
    found.sort_unstable();
    let expected = ["bad-form", "clause-version", "clause-version", "contradiction", "unknown-clause", "unknown-clause", "unknown-supplier"];
    assert_eq!(found, expected, "{value}");
    for hint in ["did you mean `nda.use`?", "did you mean `nda`?", "did you mean `paperco`?"] {
        assert!(refused.stdout.contains(hint), "{hint}: {value}");
    }
    // One fault is enough: the clause beside it is not approved either.
    let (refused, _) = run(&sandbox, &[&["clause", "approve", &now(&sandbox, "nda.use"), "nda.term@0.0.1"][..], &COUNSEL].concat());
    assert_eq!(refused.code, 1);
    for name in ["Niamh\nKilbride", "Ni\u{200b}amh", "7"] {
        assert_eq!(run(&sandbox, &["clause", "approve", "--all-of", "nda", "--by", name]).0.code, 1, "{name:?}");
    }
    assert!(!approvals(&sandbox).exists());
    assert_eq!(sandbox.run(&["-C", "workspace", "clause", "approve", "--by", "Niamh Kilbride"]).code, 2);
}

#[test]
fn same_approval_twice_is_one_and_a_longer_one_is_another() {
    let sandbox = office("ignore");
    let clause = now(&sandbox, "nda.use");
    approve(&sandbox, &[&clause, "--expires", "2027-11-20"]);
    let before = std::fs::read(approvals(&sandbox)).unwrap();
    let value = approve(&sandbox, &[&clause, "--expires", "2027-06-30"]);
    assert_eq!((value["approved"].as_array().unwrap().len(), &value["already"]), (0, &serde_json::json!(["nda.use"])));
    assert_eq!(std::fs::read(approvals(&sandbox)).unwrap(), before);
    let text = sandbox.run(&[&["-C", "workspace", "clause", "approve", &clause, "--expires", "2027-11-20"][..], &COUNSEL].concat());
    assert_eq!((text.code, text.stdout.as_str()), (0, "1 clause approved by Niamh Kilbride before; nothing to add\n"));
    assert_eq!(approve(&sandbox, &[&clause])["approved"].as_array().unwrap().len(), 1);
    assert!(standing(&sandbox, "nda.use", "2030-01-01")["approval"]["expires"].is_null());
}

#[test]
fn what_stands_in_the_file_stays_as_people_wrote_it() {
    let sandbox = office("ignore");
    approve(&sandbox, &[&now(&sandbox, "nda.use")]);
    let text = std::fs::read_to_string(approvals(&sandbox)).unwrap();
    let kept = text.replace("  - clause: nda.use", "  # Board minutes of 3 March.\n  - clause: nda.use").replace('\n', "\r\n");
    std::fs::write(approvals(&sandbox), &kept).unwrap();
    approve(&sandbox, &[&now(&sandbox, "nda.assignment"), &now(&sandbox, "nda.term")]);
    let after = std::fs::read_to_string(approvals(&sandbox)).unwrap();
    assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
    assert!(after.contains("  # Board minutes of 3 March.\r\n  - clause: nda.use\r\n"), "{after}");
    let clauses: Vec<&str> = after.lines().filter_map(|line| line.strip_prefix("  - clause: ")).collect();
    assert_eq!(clauses, ["nda.assignment", "nda.term", "nda.use"]);
}

#[test]
fn pack_that_was_read_is_approved_and_another_is_not() {
    let sandbox = office("error");
    let (_, draft) = run(&sandbox, &["generate", "paperco", "--date", DATE, "--draft", "--output", "out"]);
    let folder = PathBuf::from(draft["packs"][0]["folder"].as_str().unwrap());
    let read = format!("paperco@{}", folder.file_name().unwrap().to_str().unwrap());
    let other = run(&sandbox, &[&["clause", "approve", "--pack", "paperco@0123456789ab"][..], &COUNSEL].concat());
    assert_eq!((other.0.code, codes(&other.1)), (1, vec!["other-pack"]));
    edit(&sandbox, "nda/use", " the ", " thé ");
    assert_eq!(run(&sandbox, &[&["clause", "approve", "--pack", &read][..], &COUNSEL].concat()).0.code, 1, "not what was read");
    edit(&sandbox, "nda/use", " thé ", " the ");
    let approved = approve(&sandbox, &["--pack", &read]);
    let (_, list) = run(&sandbox, &["clause", "list", "--pack", "paperco", "--date", DATE]);
    assert_eq!(approved["approved"].as_array().unwrap().len(), list["clauses"].as_array().unwrap().len());
    assert_eq!(list["counts"]["approved"], list["clauses"].as_array().unwrap().len());
    let (issued, _) = run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "out"]);
    assert_eq!(issued.code, 0, "{}", issued.stdout);
}

#[test]
fn unapproved_clauses_refuse_a_pack_together_and_a_copy_to_read_is_written() {
    let sandbox = office("error");
    let (refused, value) = run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "out"]);
    let (_, list) = run(&sandbox, &["clause", "list", "--pack", "paperco", "--date", DATE]);
    let named: Vec<&Value> = value["diagnostics"].as_array().unwrap().iter().filter(|d| d["code"] == "unapproved-clause").collect();
    assert_eq!((refused.code, named.len()), (1, list["clauses"].as_array().unwrap().len()));
    assert!(named.len() > 20 && named.iter().all(|d| d["severity"] == "error"), "{value}");
    assert_eq!(run(&sandbox, &["generate", "paperco", "--date", DATE, "--draft", "--output", "out"]).0.code, 0);
    // A policy is a text of counsel as well.
    let policy = run(&sandbox, &["generate", "--policy", "incident_reporting", "--entity", "acme", "--date", DATE, "--output", "out"]);
    assert_eq!(policy.0.code, 1);
    // `check` says the same of the clauses that packs have, and nothing of the hundreds that wait for others.
    let (checked, value) = run(&sandbox, &["check", "--today", DATE]);
    assert_eq!(checked.code, 1);
    let all = value["clauses"].as_u64().unwrap();
    let said = codes(&value).iter().filter(|code| **code == "unapproved-clause").count() as u64;
    assert!(said > 28 && said < all / 3, "{said} of {all}");
    assert_eq!(value["approval"]["unapproved"], all);
}

#[test]
fn warning_warns_and_issues_unless_warnings_are_denied() {
    let sandbox = office("warning");
    let (denied, value) = run(&sandbox, &["--deny-warnings", "generate", "paperco", "--date", DATE, "--output", "out"]);
    assert!(denied.code == 1 && value["packs"].as_array().unwrap().is_empty(), "{value}");
    let (issued, value) = run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "out"]);
    assert_eq!((issued.code, value["packs"].as_array().unwrap().len()), (0, 1));
    assert!(value["diagnostics"].as_array().unwrap().iter().all(|d| d["severity"] == "warning") && codes(&value).contains(&"unapproved-clause"));
    let (checked, value) = run(&sandbox, &["check", "--today", DATE]);
    assert!(checked.code == 0 && codes(&value).contains(&"unapproved-clause"));
}

#[test]
fn approvals_change_no_byte_of_a_pack_and_verify_does_not_ask_for_them() {
    let sandbox = office("error");
    approve(&sandbox, &["--pack", "paperco", "--expires", "2027-11-20"]);
    assert_eq!(run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "one"]).0.code, 0);
    std::fs::remove_file(approvals(&sandbox)).unwrap();
    let second = ["clause", "approve", "--pack", "paperco", "--by", "Somebody Else", "--date", "2020-01-01", "--note", "other words"];
    assert_eq!(run(&sandbox, &second).0.code, 0);
    assert_eq!(run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "two"]).0.code, 0);
    let (one, two) = (files(&sandbox.path().join("one")), files(&sandbox.path().join("two")));
    assert!(one == two && one.len() > 50);
    // Years later, without any approval, the pack still holds and rebuilds.
    std::fs::remove_file(approvals(&sandbox)).unwrap();
    let folder = one.keys().find_map(|path| path.strip_suffix("/internal/manifest.json")).unwrap();
    let verify = sandbox.run(&["verify", &format!("one/{folder}")]);
    assert!(verify.code == 0 && verify.stdout.contains("rebuilds"), "{}{}", verify.stdout, verify.stderr);
    // Handed out again it is not.
    assert_eq!(run(&sandbox, &["generate", "paperco", "--date", DATE, "--output", "one"]).0.code, 1);
}

#[test]
fn batch_skips_what_is_unchanged_and_refuses_it_once_an_approval_is_gone() {
    let sandbox = office("error");
    approve(&sandbox, &["--pack", "paperco", "--expires", "2027-11-20"]);
    let state = |more: &[&str]| {
        let (run, value) = run(&sandbox, &[&["batch", "--output", "out"], more].concat());
        (run.code, value["rows"][0]["state"].as_str().unwrap().to_owned(), value["rows"][0]["findings"].clone())
    };
    assert_eq!(state(&["--date", DATE]).1, "written");
    assert_eq!(state(&["--date", DATE]).1, "unchanged");
    // Another approval changes nothing of what stands.
    approve(&sandbox, &["--all-of", "dpa"]);
    assert_eq!(state(&["--date", DATE]).1, "unchanged");
    let all = std::fs::read_to_string(approvals(&sandbox)).unwrap();
    let entry = all.find("  - clause: nda.use\n").unwrap();
    let rest = all[entry + 4..].find("  - clause").map_or(all.len(), |at| entry + 4 + at);
    std::fs::write(approvals(&sandbox), format!("{}{}", &all[..entry], &all[rest..])).unwrap();
    let (code, failed, findings) = state(&["--date", DATE]);
    assert_eq!((code, failed.as_str(), findings.as_array().unwrap().len()), (4, "failed", 1));
    assert_eq!(findings[0]["code"], "unapproved-clause");
    std::fs::write(approvals(&sandbox), &all).unwrap();
    assert_eq!(state(&["--date", DATE]).1, "unchanged");
    // The pack keeps its date, approvals do not: past the last day it is refused, also where it would be made again.
    let later = |more: &[&str]| {
        let (run, value) = run(&sandbox, &[&["batch", "--output", "out", "--date", "2027-11-21"], more].concat());
        (run.code, value["rows"][0]["findings"].as_array().unwrap().iter().any(|f| f["code"] == "unapproved-clause"))
    };
    assert_eq!(later(&[]), (4, true));
    assert_eq!(later(&["--force"]), (4, true));
}

#[test]
fn approvals_at_once_are_all_kept() {
    let sandbox = office("ignore");
    let (_, list) = run(&sandbox, &["clause", "list", "--pack", "paperco", "--date", DATE]);
    let clauses: Vec<String> = list["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .take(8)
        .map(|line| format!("{}@{}", line["clause"].as_str().unwrap(), line["version"].as_str().unwrap()))
        .collect();
    let start = |clause: &String| {
        let arguments = [&["-C", "workspace", "--quiet", "clause", "approve", clause][..], &COUNSEL].concat();
        Command::new(binary()).args(arguments).current_dir(sandbox.path()).env_clear().stdout(Stdio::null()).spawn().unwrap()
    };
    let running: Vec<_> = clauses.iter().map(start).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    let (_, list) = run(&sandbox, &["clause", "list", "--date", DATE]);
    assert_eq!(list["counts"]["approved"], clauses.len());
    let left: Vec<_> = files(&sandbox.path().join("workspace")).into_keys().filter(|path| path.contains(".approvals")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn check_says_ahead_which_approvals_run_out() {
    let sandbox = office("warning");
    approve(&sandbox, &["--pack", "paperco", "--expires", "2027-11-20"]);
    let ahead = |day: &str| {
        let (_, value) = run(&sandbox, &["check", "--today", DATE, "--date", day]);
        codes(&value).iter().filter(|code| **code == "will-expire").count()
    };
    assert_eq!(ahead("2027-11-20"), 0);
    assert!(ahead("2027-11-21") > 20);
}

#[test]
fn policy_is_not_published_while_a_clause_of_it_is_unapproved() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "workspace"]).code, 0);
    assert_eq!(sandbox.run(&["-C", "workspace", "ledger", "init"]).code, 0);
    let file = sandbox.path().join("workspace/countersign.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("{text}\napproval: {{unapproved: error}}\n")).unwrap();
    let publish = || sandbox.run(&["-C", "workspace", "policy", "publish", "incident_reporting", "--reason", "first", "--date", DATE]);
    let refused = publish();
    assert!(refused.code == 1 && refused.stderr.contains("unapproved-clause"), "{}{}", refused.stdout, refused.stderr);
    approve(&sandbox, &["--all-of", "incident_reporting", "--all-of", "policy"]);
    let published = publish();
    assert_eq!(published.code, 0, "{}", published.stderr);
}

#[test]
fn coverage_says_of_each_clause_who_approved_it() {
    let sandbox = Sandbox::with_sample();
    let run = |arguments: &[&str]| {
        let run = sandbox.run(&[&["-C", "sample", "--format", "json"], arguments].concat());
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    run(&[&["clause", "approve", "--all-of", "nda", "--all-of", "shared"][..], &COUNSEL].concat());
    let clause = sandbox.path().join("clauses/nda/assignment.md");
    let text = std::fs::read_to_string(&clause).unwrap();
    std::fs::write(&clause, text.replacen(" the ", " thé ", 1)).unwrap();
    let value = run(&["coverage", "quillfold-stationery", "--date", DATE, "--pdf", "annex.pdf"]);
    let carriers: Vec<&Value> = value["rows"].as_array().unwrap().iter().flat_map(|row| row["carriers"].as_array().unwrap()).collect();
    let state = |clause: &str| carriers.iter().find(|one| one["clause"] == clause).map(|one| one["standing"]["state"].clone());
    assert_eq!(state("nda.use"), Some("approved".into()));
    assert_eq!(state("nda.assignment"), Some("changed".into()));
    assert!(carriers.iter().all(|one| one["standing"]["state"] == "approved" || one["clause"] == "nda.assignment"), "{value}");
    assert!(carriers.iter().any(|one| one["standing"]["approval"]["by"] == "Niamh Kilbride"));
    let Some(annex) = tool("pdftotext", &[sandbox.path().join("annex.pdf").to_str().unwrap(), "-"]) else { return };
    let annex = annex.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(annex.contains("approved by Niamh Kilbride on 21 November 2026)") && annex.contains("was approved)"), "{annex}");
}
