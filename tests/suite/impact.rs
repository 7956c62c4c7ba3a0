//! Impact: exactly the packs whose text would be another one, each with what did it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use countersign::base::diagnostic::Report;
use countersign::pack::compile::Request;
use countersign::workflow::open;
use serde_json::Value;

use crate::suite::fleet::Chance;
use crate::suite::sandbox::{DATE, Run, Sandbox, copy, files, repository};

/// A workspace of the sample with a copy of itself beside it, against which it is compared.
struct Twice(Sandbox);

impl Twice {
    fn new() -> Self {
        let sandbox = Sandbox::with_sample();
        for folder in ["sample", "clauses", "templates"] {
            copy(&sandbox.path().join(folder), &sandbox.path().join("before").join(folder));
        }
        Self(sandbox)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.0.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn run(&self, more: &[&str]) -> Run {
        self.0.run(&[&["-C", "sample", "impact", "--date", DATE], more].concat())
    }

    fn impact(&self) -> Value {
        let run = self.run(&["--against", "before/sample", "--format", "json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }
}

fn effects(value: &Value) -> BTreeMap<String, String> {
    let rows = value["suppliers"].as_array().unwrap().iter();
    rows.map(|row| (row["supplier"].as_str().unwrap().to_owned(), row["effect"].as_str().unwrap().to_owned())).collect()
}

fn of(value: &Value, effect: &str) -> BTreeSet<String> {
    effects(value).into_iter().filter(|(_, found)| found == effect).map(|(id, _)| id).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn clause_parameter_threshold_and_profile_each_reach_whom_they_concern() {
    let twice = Twice::new();
    let value = twice.impact();
    assert!(effects(&value).values().all(|effect| effect == "same") && value["files"].as_array().unwrap().is_empty(), "{value}");

    // A clause that only processors have.
    twice.edit("clauses/dpa/records.md", "must keep written records", "must keep complete written records");
    let value = twice.impact();
    assert_eq!(of(&value, "changed"), set(&["brightledger-crm", "ironpeak-hosting", "tallyholme-payroll"]), "{value}");
    let row = value["suppliers"].as_array().unwrap().iter().find(|row| row["supplier"] == "ironpeak-hosting").unwrap();
    let clauses = row["comparison"]["documents"].as_array().unwrap().iter().flat_map(|document| document["clauses"].as_array().unwrap()).collect::<Vec<_>>();
    assert_eq!(clauses.len(), 1, "{clauses:?}");
    assert_eq!((&clauses[0]["state"], &clauses[0]["causes"][0]["file"]), (&"edited".into(), &"clauses/dpa/records.md".into()));
    assert!(clauses[0].get("text").is_none(), "the text is what `diff` shows");
    twice.edit("clauses/dpa/records.md", "must keep complete written records", "must keep written records");

    // A default of one tier.
    let days = "asset_return_days:\n    type: integer\n    unit: calendar days\n    stricter: lower\n    default: {low: 15, moderate: 10, high: ";
    twice.edit("clauses/parameters.yaml", &format!("{days}10"), &format!("{days}9"));
    let value = twice.impact();
    assert_eq!(of(&value, "changed"), set(&["brightledger-crm", "claimwell-billing", "tallyholme-payroll"]), "{value}");
    let parameters = value["suppliers"][0]["comparison"]["causes"].as_array().unwrap();
    assert!(
        parameters
            .iter()
            .any(|cause| cause["parameter"] == "asset_return_days" && cause["before"] == "10 calendar days" && cause["after"] == "9 calendar days")
    );
    twice.edit("clauses/parameters.yaml", &format!("{days}9"), &format!("{days}10"));

    // A threshold of the risk model: two suppliers lie between the old and the new one.
    twice.edit("clauses/risk-model.yaml", "  high: 45\n", "  high: 39\n");
    let value = twice.impact();
    let moved = |row: &&Value| row["tier_before"] != row["tier_after"];
    let tiers: BTreeSet<String> = value["suppliers"].as_array().unwrap().iter().filter(moved).map(|row| row["supplier"].as_str().unwrap().to_owned()).collect();
    assert_eq!(tiers, set(&["okafor-kessler-developer", "surfgauge-analytics"]), "{value}");
    assert_eq!(of(&value, "changed"), tiers);
    let row = value["suppliers"].as_array().unwrap().iter().find(|row| row["supplier"] == "surfgauge-analytics").unwrap();
    assert_eq!((&row["tier_before"], &row["tier_after"]), (&"moderate".into(), &"high".into()));
    assert!(row["comparison"]["causes"].as_array().unwrap().iter().any(|cause| cause["file"] == "clauses/risk-model.yaml"), "{row}");
    assert_eq!(twice.run(&["--against", "before/sample", "--fail-on", "tier"]).code, 5);
    assert_eq!(twice.run(&["--against", "before/sample", "--fail-on", "failure", "--fail-on", "signature"]).code, 0);
    twice.edit("clauses/risk-model.yaml", "  high: 39\n", "  high: 45\n");

    // A profile, a supplier that came, one that went, one that does not compile any more, and what did not: nobody else.
    twice.edit("sample/suppliers/tallyholme-payroll.yaml", "\nidentity:", "\nentty: x\nidentity:");
    twice.edit("sample/suppliers/quillfold-stationery.yaml", "city: Bath", "city: Bristol");
    let suppliers = twice.0.path().join("sample/suppliers");
    let text = std::fs::read_to_string(suppliers.join("swit-avgi-safak-cleaning.yaml")).unwrap();
    std::fs::write(suppliers.join("another-cleaner.yaml"), text.replace("swit-avgi-safak-cleaning", "another-cleaner")).unwrap();
    std::fs::remove_file(suppliers.join("claimwell-billing.yaml")).unwrap();
    let value = twice.impact();
    assert_eq!((of(&value, "changed"), of(&value, "added")), (set(&["quillfold-stationery"]), set(&["another-cleaner"])), "{value}");
    assert_eq!((of(&value, "removed"), of(&value, "broken")), (set(&["claimwell-billing"]), set(&["tallyholme-payroll"])));
    let broken = value["suppliers"].as_array().unwrap().iter().find(|row| row["effect"] == "broken").unwrap();
    assert!(
        broken["fault"].as_str().unwrap().contains("suppliers/tallyholme-payroll.yaml:") && broken["fault"].as_str().unwrap().contains("entty"),
        "{broken}"
    );
    let run = twice.run(&["--against", "before/sample", "--fail-on", "failure"]);
    assert_eq!(run.code, 5, "{}", run.stdout);
    assert!(
        run.stdout.ends_with("1 of 10 packs changes; there is no register, so nobody knows what was signed, 1 new, 1 removed, 1 does not compile any more\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn policies_and_what_was_signed_are_told() {
    let twice = Twice::new();
    let record = |arguments: &[&str]| {
        let run = twice.0.run(&[&["-C", "sample"], arguments, &["--now", "2026-11-21T09:00:00.000Z"]].concat());
        assert_eq!(run.code, 0, "{arguments:?} {}", run.stderr);
    };
    record(&["ledger", "init"]);
    std::fs::write(twice.0.path().join("msa.pdf"), b"%PDF a contract of the supplier").unwrap();
    std::fs::write(twice.0.path().join("mapping.yaml"), "version: 1\nmapping:\n  term-survival: \"14.1\"\n").unwrap();
    record(&[
        "pack",
        "adopt",
        "brightledger-crm",
        "--file",
        "msa.pdf",
        "--title",
        "Master Services Agreement",
        "--signed",
        "2024-05-02",
        "--effective",
        "2024-06-01",
        "--mapping",
        "mapping.yaml",
    ]);
    record(&["policy", "publish", "code_of_conduct", "--reason", "first"]);
    twice.edit("clauses/dpa/records.md", "must keep written records", "must keep complete written records");
    twice.edit("clauses/policies/code_of_conduct/gifts.md", "\n1. ", "\n1. At any time: ");
    let run = twice.run(&["--against", "before/sample", "--fail-on", "signature"]);
    assert_eq!(run.code, 5, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("brightledger-crm (high): changes, must be signed again"), "{}", run.stdout);
    assert!(run.stdout.contains("\npolicy code_of_conduct: changes, 0 signatures stand\n"), "{}", run.stdout);
    assert!(run.stdout.ends_with("3 of 9 packs change, 1 needs a signature; 1 policy is not as before\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("policy acceptable_use"), "{}", run.stdout);
}

#[test]
fn revision_of_the_repository_is_an_earlier_state() {
    let twice = Twice::new();
    let root = twice.0.path();
    let git = |arguments: &[&str]| {
        let fixed = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(fixed).args(arguments).current_dir(root).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "--quiet"]) {
        assert!(std::env::var("CI").is_err(), "`git` is missing");
        eprintln!("skipped: there is no `git`");
        return;
    }
    std::fs::remove_dir_all(root.join("before")).unwrap();
    assert!(git(&["add", "--all"]) && git(&["commit", "--quiet", "--message", "one"]));
    let status = |root: &Path| Command::new("git").args(["status", "--porcelain"]).current_dir(root).output().unwrap().stdout;
    twice.edit("clauses/dpa/records.md", "must keep written records", "must keep complete written records");
    let (before, index) = (status(root), std::fs::read(root.join(".git/index")).unwrap());
    let run = twice.run(&[]);
    assert!(run.code == 0 && run.stdout.contains("3 of 9 packs change"), "{}{}", run.stdout, run.stderr);
    assert_eq!((status(root), std::fs::read(root.join(".git/index")).unwrap()), (before, index), "nothing of the repository is touched");
    assert!(git(&["commit", "--all", "--quiet", "--message", "two"]));
    assert!(twice.run(&[]).stdout.starts_with("0 of 9 packs change"));
    assert!(twice.run(&["--against", "HEAD~1"]).stdout.contains("3 of 9 packs change"));
    for unknown in ["HEAD~9", "--upload-pack=touch x", "no such thing", ""] {
        let run = twice.run(&[&format!("--against={unknown}")]);
        assert!(run.code == 1 && run.stderr.contains("help: name a revision"), "{unknown}: {} {}", run.code, run.stderr);
    }
}

/// `COUNTERSIGN_EDITS=200` for the long run.
#[test]
fn whatever_clause_is_edited_the_packs_that_change_are_those_whose_documents_do() {
    let edits: usize = std::env::var("COUNTERSIGN_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let sandbox = Sandbox::with_sample();
    let fixtures = sandbox.path().join("tests/fixtures/suppliers");
    copy(&repository().join("tests/fixtures/suppliers"), &fixtures);
    copy(&sandbox.path().join("clauses"), &sandbox.path().join("before/clauses"));
    copy(&sandbox.path().join("templates"), &sandbox.path().join("before/templates"));
    copy(&fixtures, &sandbox.path().join("before/tests/fixtures/suppliers"));
    let trees = || -> BTreeMap<String, String> {
        let run =
            sandbox.run(&["-C", "tests/fixtures/suppliers", "impact", "--against", "before/tests/fixtures/suppliers", "--date", DATE, "--format", "json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        effects(&serde_json::from_str(&run.stdout).unwrap())
    };
    assert!(trees().values().all(|effect| effect == "same"));
    // Which suppliers have a clause is read from explanations, which know nothing of impacts.
    let compiler = open(&fixtures).unwrap().compiler.unwrap();
    let date = DATE.parse().unwrap();
    let chosen: BTreeMap<&str, BTreeSet<String>> = compiler
        .suppliers()
        .into_iter()
        .map(|id| {
            let mut report = Report::default();
            let supplier = compiler.supplier(id, date, &mut report).unwrap();
            let assessed = compiler.assess(supplier, date, &mut report).unwrap();
            let compiled = compiler.compile(&assessed, &Request { draft: true, ..Request::default() }, date, &mut report).unwrap();
            (id, compiled.explanation.slots.into_iter().filter_map(|slot| slot.chosen).collect())
        })
        .collect();
    let clauses: Vec<String> =
        files(&sandbox.path().join("clauses")).into_keys().filter(|path| path.ends_with(".md") && !path.starts_with("policies/")).collect();
    let mut chance = Chance::new(23);
    for _ in 0..edits {
        let path = &clauses[chance.below(clauses.len())];
        let file = sandbox.path().join("clauses").join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
        // A list of definitions has bullets only, and a sentence below it is not printed.
        if path.contains("definitions") || path.contains("execution") {
            continue;
        }
        std::fs::write(&file, format!("{}\n\nNothing in this clause limits a right that cannot be limited.\n", text.trim_end())).unwrap();
        let found: BTreeSet<String> = trees().into_iter().filter(|(_, effect)| effect == "changed").map(|(id, _)| id).collect();
        std::fs::write(&file, text).unwrap();
        let expected: BTreeSet<String> = chosen.iter().filter(|(_, clauses)| clauses.contains(&id)).map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(found, expected, "{path}");
    }
}
