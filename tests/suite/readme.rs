//! The README tells the truth: its commands are run, and they print what it says.

use crate::suite::sandbox::{Sandbox, repository};

/// Verbs that record, and the moment at which the README has them do so.
const REGISTER: [&str; 11] = ["ledger init", "people", "policy", "ack", "remind", "status", "receipt", "sync", "training", "due", "gate"];
const NOW: &str = "2026-11-26T09:00:00.000Z";

/// Commands with their output, from the `console` blocks.
fn examples() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let blocks = text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks
        .map(|block| {
            let (command, output) = block.split_once('\n').unwrap();
            (command.strip_prefix("$ countersign ").unwrap().to_owned(), output.to_owned())
        })
        .collect()
}

/// How long something took differs from run to run.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" in ") {
        Some((what, time)) if time.strip_suffix(" s").is_some_and(|secs| secs.parse::<f64>().is_ok()) => format!("{what} in TIME\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Ids of packs change with every edit of a clause, those of requests and keys are made from chance; they are compared as ids.
fn without_ids(text: &str) -> String {
    let is_hex = |word: &str| word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_id = |word: &str| (word.len() == 12 && is_hex(word)) || word.strip_prefix("r-").is_some_and(is_hex);
    let keyless: Vec<&str> = text.split_inclusive('\n').map(|line| if line.starts_with("verifier key ") { "verifier key\n" } else { line }).collect();
    keyless
        .concat()
        .split_inclusive(['/', ':', ' ', '\n'])
        .map(|piece| {
            let word = piece.trim_end_matches(['/', ':', ' ', '\n']);
            if is_id(word) { piece.replace(word, "ID") } else { piece.to_owned() }
        })
        .collect()
}

/// The words of a command; those between quotes are one.
fn words(command: &str) -> Vec<String> {
    let split = |(at, part): (usize, &str)| if at % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() };
    command.split('"').enumerate().flat_map(split).collect()
}

#[test]
fn every_example_prints_what_the_readme_says() {
    let sandbox = Sandbox::with_sample();
    let examples = examples();
    assert!(examples.len() >= 5);
    for (command, expected) in examples {
        if command == "check" {
            // The honest mistake: a slip in one word of the sample profile.
            let profile = sandbox.path().join("sample/suppliers/brightledger-crm.yaml");
            let text = std::fs::read_to_string(&profile).unwrap();
            std::fs::write(&profile, text.replacen("classification: confidential", "classification: confidental", 1)).unwrap();
            let run = sandbox.run(&["-C", "sample", "check", "--today", "2026-11-21"]);
            assert_eq!(run.code, 1);
            assert!(run.stderr.replace("sample/suppliers", "suppliers").starts_with(&expected), "{}", run.stderr);
            std::fs::write(&profile, text).unwrap();
            continue;
        }
        if command.contains(" impact ") {
            // The edit that is told there, of a workspace in git.
            let git = |arguments: &[&str]| {
                let fixed = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"];
                std::process::Command::new("git").args(fixed).args(arguments).current_dir(sandbox.path()).status().is_ok_and(|status| status.success())
            };
            assert!(
                git(&["init", "--quiet"]) && git(&["add", "sample", "clauses", "templates"]) && git(&["commit", "--quiet", "--message", "before"]),
                "`git` is there"
            );
            for (file, from, to) in [
                ("clauses/dpa/records.md", "must keep written records", "must keep complete written records"),
                (
                    "clauses/parameters.yaml",
                    "default: {low: 15, moderate: 10, high: 10, critical: 5}",
                    "default: {low: 15, moderate: 10, high: 8, critical: 5}",
                ),
            ] {
                let path = sandbox.path().join(file);
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(text.matches(from).count(), 1, "{file}");
                std::fs::write(path, text.replace(from, to)).unwrap();
            }
        }
        if command.starts_with("diff ") {
            let folders = |_: ()| {
                let all = std::fs::read_dir(sandbox.path().join("output/tallyholme-payroll")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
                all.collect::<std::collections::BTreeSet<_>>()
            };
            let old = folders(());
            assert_eq!(sandbox.run(&["-C", "sample", "generate", "tallyholme-payroll", "--date", "2026-11-21", "--quiet"]).code, 0);
            let new = folders(());
            let paths = [old.first().unwrap(), new.difference(&old).next().unwrap()].map(|id| format!("output/tallyholme-payroll/{id}"));
            let run = sandbox.run(&["diff", &paths[0], &paths[1]]);
            assert_eq!((run.code, without_ids(&run.stdout)), (0, without_ids(&expected)), "{command}");
            // What follows is about the library as it was.
            assert!(std::process::Command::new("git").args(["checkout", "--quiet", "."]).current_dir(sandbox.path()).status().unwrap().success());
            continue;
        }
        let mut arguments = words(&command);
        if arguments[0] == "verify" {
            let parent = sandbox.path().join("output/quillfold-stationery");
            let pack = std::fs::read_dir(parent).unwrap().next().unwrap().unwrap().file_name();
            arguments[1] = format!("output/quillfold-stationery/{}", pack.to_string_lossy());
        }
        if REGISTER.iter().any(|verb| command.starts_with(&format!("-C sample {verb}"))) {
            arguments.extend(["--now".to_owned(), NOW.to_owned()]);
        }
        let run = sandbox.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        // Nobody of the sample has a contract yet.
        let expected_code = if command.contains(" gate ") {
            5
        } else if command.starts_with("-C sample import ") {
            4
        } else {
            0
        };
        assert_eq!(run.code, expected_code, "{command}: {}", run.stderr);
        // Requests come in the order of people, so their lines keep their places whatever the ids are.
        assert_eq!(without_times(&without_ids(&run.stdout)), without_times(&without_ids(&expected)), "{command}");
    }
}
