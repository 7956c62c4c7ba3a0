//! The command line: verbs, exit codes, help, JSON, and a fresh workspace.

use crate::suite::sandbox::{DATE, Sandbox, files};

#[test]
fn fresh_workspace_is_sound_and_generates() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["init", "contracts"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let check = sandbox.run(&["-C", "contracts", "check", "--today", DATE]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    let generate = sandbox.run(&["-C", "contracts", "generate", "--all", "--date", DATE]);
    assert_eq!(generate.code, 0, "{}", generate.stderr);
    assert!(sandbox.path().join("contracts/output").is_dir());
    let again = sandbox.run(&["init", "contracts"]);
    assert_eq!(again.code, 1, "an occupied folder is left alone");
}

#[test]
fn fresh_workspace_with_library_reads_its_own_copy() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "contracts", "--library"]).code, 0);
    let clause = sandbox.path().join("contracts/clauses/nda/exclusions.md");
    std::fs::write(&clause, "no front matter").unwrap();
    let check = sandbox.run(&["-C", "contracts", "check", "--today", DATE]);
    assert_eq!(check.code, 1);
    assert!(check.stderr.contains("front-matter"), "{}", check.stderr);
}

#[test]
fn schemas_of_the_sample_are_those_of_the_types() {
    let sandbox = Sandbox::new();
    let kinds = sandbox.run(&["schema"]);
    let written = files(&super::sandbox::repository().join("sample/schemas"));
    assert_eq!(written.len(), kinds.stdout.lines().count());
    for kind in kinds.stdout.lines() {
        let schema = sandbox.run(&["schema", kind]);
        assert_eq!(schema.code, 0);
        let kept = String::from_utf8(written[&format!("{kind}.json")].clone()).unwrap();
        assert_eq!(schema.stdout, kept, "run `countersign schema {kind} > sample/schemas/{kind}.json`");
    }
    assert_eq!(sandbox.run(&["schema", "profil"]).code, 2);
}

#[test]
fn usage_faults_are_two_and_help_is_zero() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["--help"]).code, 0);
    assert_eq!(sandbox.run(&["--version"]).code, 0);
    assert_eq!(sandbox.run(&[]).code, 2);
    assert_eq!(sandbox.run(&["generate"]).code, 2);
    assert_eq!(sandbox.run(&["generate", "x", "--date", "2027-02-29"]).code, 2);
    for verb in ["init", "check", "assess", "generate", "explain", "verify", "schema", "completions"] {
        let help = sandbox.run(&[verb, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains("Example"), "{verb} has an example");
    }
}

#[test]
fn assessment_names_the_field_behind_every_part() {
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "assess", "ironpeak-hosting", "--date", DATE, "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let assessment = &value["suppliers"][0]["assessment"];
    assert_eq!(assessment["tier"], "critical");
    assert_eq!((assessment["inherent_quarters"].as_u64(), assessment["credit"]["total"].as_u64()), (Some(320), Some(8)));
    for factor in assessment["factors"].as_array().unwrap() {
        let place = factor["because"]["place"].as_str().unwrap();
        assert!(place.contains("ironpeak-hosting.yaml:"), "{place}");
    }
    let floors: Vec<&str> = assessment["floors"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert!(floors.contains(&"floor-critical-function") && floors.contains(&"floor-privileged-regulated"), "{floors:?}");
}

#[test]
fn explanation_says_why_and_why_not() {
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "explain", "brightledger-crm", "--clause", "dpa.subprocessors", "--date", DATE]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("+ dpa.subprocessors.general"), "{}", run.stdout);
    assert!(run.stdout.contains("- dpa.subprocessors.specific"), "{}", run.stdout);
    assert!(run.stdout.contains("subcontracting.authorisation = general") && run.stdout.contains("brightledger-crm.yaml:"), "{}", run.stdout);
    let json = sandbox.run(&["-C", "sample", "explain", "brightledger-crm", "--date", DATE, "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(value["slots"].as_array().unwrap().len() > 100);
}

#[test]
fn check_warns_of_what_will_flip() {
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "check", "--today", DATE, "--date", "2028-06-30"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("will-expire"), "{}", run.stderr);
    let denied = sandbox.run(&["-C", "sample", "check", "--today", DATE, "--date", "2028-06-30", "--deny-warnings"]);
    assert_eq!(denied.code, 1);
}

#[test]
fn supplier_not_found_gets_a_suggestion() {
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "generate", "brightledger-crn", "--output", "out"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("did you mean `brightledger-crm`?"), "{}", run.stderr);
    let partly = sandbox.run(&["-C", "sample", "generate", "nobody", "quillfold-stationery", "--output", "out"]);
    assert_eq!(partly.code, 4, "one pack is written, one failed");
}

#[test]
fn unwritable_output_is_an_error_and_nothing_is_left() {
    let sandbox = Sandbox::with_sample();
    std::fs::write(sandbox.path().join("out"), "a file stands where the folder should be").unwrap();
    let run = sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--output", "out"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("cannot write"), "{}", run.stderr);
}

#[test]
fn link_in_the_workspace_is_refused_by_name() {
    let sandbox = Sandbox::with_sample();
    let link = sandbox.path().join("sample/suppliers/linked.yaml");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", link).unwrap();
    let run = sandbox.run(&["-C", "sample", "check"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("linked.yaml") && run.stderr.contains("symbolic link"), "{}", run.stderr);
}

#[test]
fn absent_workspace_says_what_to_do() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("countersign init"), "{}", run.stderr);
}
