//! The command line: verbs, exit codes, help, JSON, and a fresh workspace.

use std::collections::BTreeSet;

use crate::suite::sandbox::{DATE, Sandbox, copy, files, repository};

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
    let verbs = [
        "init",
        "check",
        "assess",
        "generate",
        "batch",
        "diff",
        "what-if",
        "coverage",
        "clause",
        "requirements",
        "import",
        "impact",
        "explain",
        "verify",
        "people",
        "policy",
        "ack",
        "receipt",
        "remind",
        "status",
        "gate",
        "serve",
        "token",
        "doctor",
        "outbox",
        "mail",
        "pack",
        "ledger",
        "erase",
        "schema",
        "completions",
    ];
    for verb in verbs {
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
#[cfg(unix)]
fn links_and_pipes_anywhere_among_the_inputs_are_refused_by_name() {
    let link = |from: &str, to: &std::path::Path| std::os::unix::fs::symlink(from, to).unwrap();
    let refused = |place: &str, word: &str, make: &dyn Fn(&std::path::Path)| {
        let sandbox = Sandbox::with_sample();
        make(&sandbox.path().join(place));
        let run = sandbox.run(&["-C", "sample", "check", "--today", DATE]);
        assert_eq!(run.code, 1, "{place}: {}", run.stderr);
        assert!(run.stderr.contains(place.rsplit('/').next().unwrap()) && run.stderr.contains(word), "{place}: {}", run.stderr);
    };
    refused("clauses/policies/linked", "symbolic link", &|path| link("/etc", path));
    refused("clauses/nda/linked.md", "symbolic link", &|path| link("/etc/passwd", path));
    refused("sample/suppliers", "symbolic link", &|path| {
        std::fs::rename(path, path.with_file_name("elsewhere")).unwrap();
        link("elsewhere", path);
    });
    refused("sample/decisions/pipe.yaml", "no plain file", &|path| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    });
    refused("sample/suppliers/huge.yaml", "an input has at most", &|path| std::fs::write(path, vec![b'#'; (32 << 20) + 1]).unwrap());
}

#[test]
fn names_that_climb_out_are_no_ids_and_no_paths() {
    let sandbox = Sandbox::with_sample();
    for arguments in [["../../etc/passwd", "--all-but-this"], ["--policy", "../policies/code_of_conduct"], ["--policy", "code_of_conduct/../../x"]] {
        let arguments: Vec<&str> = arguments.iter().copied().filter(|a| *a != "--all-but-this").collect();
        let mut all = vec!["-C", "sample", "generate", "--output", "out"];
        all.extend(&arguments);
        let run = sandbox.run(&all);
        assert_eq!(run.code, 1, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("unknown-"), "{}", run.stderr);
    }
    assert!(!sandbox.path().join("out").exists());
    let file = sandbox.path().join("sample/countersign.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    for (from, to) in [("library: ../clauses", "library: /etc"), ("look:\n", "look:\n  logo: {file: ../../logo.svg, alt: x}\n")] {
        assert!(text.contains(from));
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let run = sandbox.run(&["-C", "sample", "check", "--today", DATE]);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("relative path inside the workspace"), "{}", run.stderr);
    }
}

#[test]
fn terminal_is_not_steered_by_what_files_say() {
    let sandbox = Sandbox::with_sample();
    let profile = sandbox.path().join("sample/suppliers/quillfold-stationery.yaml");
    let text = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(
        &profile,
        text.replacen("city: Bath", "city: \"Ba\u{202e}th\"\n    cit\u{200b}y: x", 1).replacen("entity: services-uk", "entity: \"ac\\e[31mme\"", 1),
    )
    .unwrap();
    let run = sandbox.run(&["-C", "sample", "check", "--today", DATE]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("U+202E") && run.stderr.contains("U+001B"), "{}", run.stderr);
    for character in ['\u{202e}', '\u{200b}', '\u{1b}'] {
        assert!(!run.stderr.contains(character), "U+{:04X} reaches the terminal", u32::from(character));
    }
}

#[test]
fn every_clause_is_chosen_by_a_sample_or_a_fixture() {
    let sandbox = Sandbox::with_sample();
    let fixtures = sandbox.path().join("tests/fixtures/suppliers");
    copy(&repository().join("tests/fixtures/suppliers"), &fixtures);
    let unused = |workspace: &str| -> BTreeSet<String> {
        let run = sandbox.run(&["-C", workspace, "check", "--today", DATE, "--library", "--format", "json"]);
        assert_eq!(run.code, 0, "{workspace}: {}{}", run.stderr, run.stdout);
        let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let lines = value["diagnostics"].as_array().unwrap().iter();
        let (unused, others): (Vec<_>, Vec<_>) = lines.partition(|d| d["code"] == "unused-clause");
        let faults: Vec<_> = others.iter().filter(|d| d["code"] != "term-used-once").collect();
        assert!(faults.is_empty(), "{workspace}: {faults:#?}");
        unused.iter().map(|d| d["message"].as_str().unwrap().to_owned()).collect()
    };
    let (sample, fixture) = (unused("sample"), unused("tests/fixtures/suppliers"));
    let neither: Vec<&String> = sample.intersection(&fixture).collect();
    assert!(neither.is_empty(), "{neither:#?}");
}

#[test]
fn absent_workspace_says_what_to_do() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("countersign init"), "{}", run.stderr);
}
