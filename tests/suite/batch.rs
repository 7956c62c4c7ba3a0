//! Batches: every supplier once, faults named, nothing twice, nothing half, whatever happens meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::suite::fleet::{self, Chance};
use crate::suite::sandbox::{DATE, Run, Sandbox, binary, files, repository};

/// A workspace with a fleet in place of the sample suppliers.
fn town(count: usize, fault: impl Fn(usize) -> Option<usize>) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::with_sample();
    let suppliers = sandbox.path().join("sample/suppliers");
    std::fs::remove_dir_all(&suppliers).unwrap();
    let samples = fleet::samples(&repository().join("sample/suppliers"));
    let faulty = fleet::write(&samples, &suppliers, count, 7, fault);
    (sandbox, faulty)
}

fn batch(sandbox: &Sandbox, more: &[&str]) -> (Run, Value) {
    let date: &[&str] = if more.contains(&"--date") { &[] } else { &["--date", DATE] };
    let run = sandbox.run(&[&["-C", "sample", "batch", "--format", "json"], date, more].concat());
    let value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    (run, value)
}

fn states(value: &Value) -> BTreeMap<String, String> {
    value["rows"].as_array().unwrap().iter().map(|row| (row["supplier"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned())).collect()
}

/// Everything in the output but reports, times and what is known.
fn packs(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    files(&sandbox.path().join("output")).into_iter().filter(|(path, _)| !path.starts_with("batches/")).collect()
}

#[test]
fn second_run_changes_nothing_and_an_edit_only_what_uses_it() {
    let (sandbox, _) = town(5, |_| None);
    let (run, first) = batch(&sandbox, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(states(&first).values().all(|state| state == "written"), "{first}");
    assert!(first["totals"]["pages"].as_u64() > Some(50));
    let before = packs(&sandbox);
    let (_, second) = batch(&sandbox, &[]);
    assert!(states(&second).values().all(|state| state == "unchanged"), "{second}");
    assert_eq!(first["totals"]["pages"], second["totals"]["pages"], "what was counted once is known");
    assert_eq!(packs(&sandbox), before);
    // The list of what is known saves time and decides nothing.
    std::fs::remove_file(sandbox.path().join("output/batches/known.json")).unwrap();
    assert!(states(&batch(&sandbox, &[]).1).values().all(|state| state == "unchanged"));
    // A clause of one sample only.
    let manifest_of =
        |row: &Value| std::fs::read_to_string(sandbox.path().join("output").join(row["folder"].as_str().unwrap()).join("internal/manifest.json")).unwrap();
    let rows = second["rows"].as_array().unwrap();
    let used: Vec<BTreeSet<String>> = rows
        .iter()
        .map(|row| {
            serde_json::from_str::<Value>(&manifest_of(row)).unwrap()["inputs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| i["path"].as_str().unwrap().to_owned())
                .collect()
        })
        .collect();
    let clause = used[0].iter().find(|path| path.ends_with(".md") && used.iter().any(|other| !other.contains(*path))).expect("one that not all use").clone();
    let file = sandbox.path().join(&clause);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{}\n\nNothing in this clause limits a right that cannot be limited.\n", text.trim_end())).unwrap();
    let (run, third) = batch(&sandbox, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for (row, used) in third["rows"].as_array().unwrap().iter().zip(&used) {
        let expected = if used.contains(&clause) { "written" } else { "unchanged" };
        assert_eq!(row["state"], expected, "{}", row["supplier"]);
    }
}

/// `COUNTERSIGN_FLEET=10000` and `COUNTERSIGN_FAULTY=137` for the long run.
#[test]
fn exactly_the_faulty_are_reported_and_the_rest_is_there() {
    let number = |name: &str, usual: usize| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (count, bad) = (number("COUNTERSIGN_FLEET", 36), number("COUNTERSIGN_FAULTY", 12));
    let mut chance = Chance::new(11);
    let mut chosen = BTreeMap::new();
    while chosen.len() < bad {
        let way = chosen.len();
        chosen.entry(chance.below(count)).or_insert(way);
    }
    let (sandbox, faulty) = town(count, |number| chosen.get(&number).copied());
    let (run, value) = batch(&sandbox, &["--document", "nda"]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    let failed: Vec<String> = states(&value).into_iter().filter(|(_, state)| state == "failed").map(|(id, _)| id).collect();
    assert_eq!(failed, faulty);
    assert_eq!(value["totals"]["written"], count - bad);
    let mut codes = BTreeSet::new();
    for row in value["rows"].as_array().unwrap().iter().filter(|row| row["state"] == "failed") {
        let first = row["findings"].as_array().unwrap().iter().find(|f| f["severity"] == "error").unwrap_or_else(|| panic!("no fault of {row}"));
        codes.insert(first["code"].as_str().unwrap().to_owned());
        assert!(first["place"].as_str().unwrap().contains(&format!("suppliers/{}.yaml:", row["supplier"].as_str().unwrap())), "{first}");
    }
    assert!(codes.len() >= 7, "{codes:?}");
    let folders: Vec<_> = std::fs::read_dir(sandbox.path().join("output")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders.iter().filter(|name| name.starts_with('s')).count(), count - bad);
}

/// `COUNTERSIGN_KILLS=50` for the long run.
#[test]
fn killed_at_any_moment_the_same_command_ends_as_if_nothing_had_happened() {
    let kills: usize = std::env::var("COUNTERSIGN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let count = (kills * 3).max(24);
    let arguments = ["-C", "sample", "batch", "--date", DATE, "--quiet", "--document", "nda"];
    let (calm, _) = town(count, |_| None);
    assert_eq!(calm.run(&arguments).code, 0);
    let (sandbox, _) = town(count, |_| None);
    let mut chance = Chance::new(5);
    let mut killed = 0;
    while killed < kills {
        let mut child =
            Command::new(binary()).args(arguments).current_dir(sandbox.path()).env_clear().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300 + chance.below(900) as u64));
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        if ended {
            // Done before it was killed: what it wrote is undone, so that there is something to kill again.
            let output = sandbox.path().join("output");
            for entry in std::fs::read_dir(output)
                .unwrap()
                .map(|e| e.unwrap().path())
                .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('s')))
                .take(count / 2)
            {
                std::fs::remove_dir_all(entry).unwrap();
            }
        }
    }
    assert_eq!(sandbox.run(&arguments).code, 0);
    let (found, expected) = (packs(&sandbox), packs(&calm));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "no file more, none less");
    assert!(found == expected, "byte for byte");
}

#[test]
fn suppliers_are_chosen_by_what_is_known_of_them() {
    let sandbox = Sandbox::with_sample();
    let profile = sandbox.path().join("sample/suppliers/quillfold-stationery.yaml");
    let text = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, text.replacen("\nentity:", "\ntags: [office]\nentity:", 1)).unwrap();
    let chosen = |more: &[&str]| {
        let (run, value) = batch(&sandbox, &[&["--document", "nda"], more].concat());
        assert_eq!(run.code, 0, "{more:?} {}", run.stderr);
        states(&value).into_keys().collect::<Vec<_>>()
    };
    assert_eq!(chosen(&["--tag", "office"]), ["quillfold-stationery"]);
    assert_eq!(chosen(&["--tier", "critical"]), ["ironpeak-hosting"]);
    assert!(chosen(&["--country", "US"]).contains(&"brightledger-crm".to_owned()));
    assert_eq!(chosen(&["--country", "US", "--tier", "low"]), Vec::<String>::new());
    assert_eq!(chosen(&["--entity", "health-us"]), ["claimwell-billing", "okafor-kessler-developer"]);
    assert_eq!(chosen(&["brightledger-crm", "ironpeak-hosting"]).len(), 2);
    let run = sandbox.run(&["-C", "sample", "batch", "--when", "nonsense ==", "--date", DATE]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let run = sandbox.run(&["-C", "sample", "batch", "brightledger-crn", "--country", "Ireland", "--date", DATE]);
    assert!(run.code == 1 && run.stderr.contains("brightledger-crm") && run.stderr.contains("`Ireland`"), "{}", run.stderr);
    assert_eq!(chosen(&["brightledger-crm", "brightledger-crm"]), ["brightledger-crm"], "once");
}

#[test]
fn reports_and_archives_say_the_same() {
    let sandbox = Sandbox::with_sample();
    let profile = sandbox.path().join("sample/suppliers/quillfold-stationery.yaml");
    let text = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, text.replacen("entity:", "entity: nobody #", 1)).unwrap();
    let (run, value) = batch(&sandbox, &["--document", "nda", "--zip"]);
    assert_eq!(run.code, 4);
    let folder = sandbox.path().join("output/batches").join(value["batch"].as_str().unwrap());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let data: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(data, value);
    let page = read("report.html");
    assert!(page.contains("quillfold-stationery") && page.contains("unknown-entity") && page.contains("suppliers/quillfold-stationery.yaml"), "{page}");
    // Every link of the page leads to a file.
    for link in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(folder.join(link).exists(), "{link}");
    }
    let mut reader = csv::Reader::from_reader(std::fs::File::open(folder.join("report.csv")).unwrap());
    assert_eq!(reader.records().map(Result::unwrap).count(), 9);
    let archives = files(&folder.join("zip"));
    assert_eq!(archives.len(), 8);
    assert!(archives.values().all(|bytes| bytes.starts_with(b"PK")), "archives");
    assert!(!archives.values().any(|bytes| bytes.windows(9).any(|w| w == b"internal/")), "only what is sent");
    batch(&sandbox, &["--document", "nda", "--zip"]);
    assert_eq!(files(&folder.join("zip")), archives, "the same bytes each time");
    assert!(!Path::new(&folder.join(".report.html")).exists());
}

#[test]
fn first_failure_ends_a_batch_that_was_told_so_and_a_broken_pack_is_named() {
    let (sandbox, faulty) = town(30, |_| Some(5));
    let (run, value) = batch(&sandbox, &["--document", "nda", "--fail-fast", "--jobs", "1"]);
    assert_eq!(run.code, 4);
    assert!(value["totals"]["left"].as_u64() > Some(5), "{}", value["totals"]);
    assert_eq!(batch(&sandbox, &["--document", "nda"]).1["totals"]["failed"], faulty.len());
    let (sandbox, _) = town(3, |_| None);
    let (_, value) = batch(&sandbox, &["--document", "nda"]);
    let row = value["rows"].as_array().unwrap().iter().find(|row| row["state"] == "written").unwrap();
    let pdf = sandbox.path().join("output").join(row["folder"].as_str().unwrap()).join("send").join(row["documents"][0]["name"].as_str().unwrap());
    let good = std::fs::read(&pdf).unwrap();
    std::fs::write(&pdf, b"%PDF tampered").unwrap();
    let (run, value) = batch(&sandbox, &["--document", "nda"]);
    assert_eq!((run.code, &value["totals"]["broken"]), (4, &1.into()));
    batch(&sandbox, &["--document", "nda", "--force"]);
    assert_eq!(std::fs::read(&pdf).unwrap(), good, "made again, it is the same");
}

#[test]
fn pack_made_again_keeps_its_date_and_a_denied_warning_is_the_reason() {
    let sandbox = Sandbox::with_sample();
    let arguments = ["-C", "sample", "batch", "quillfold-stationery", "--format", "json"];
    assert_eq!(sandbox.run(&[&arguments[..], &["--date", DATE]].concat()).code, 0);
    let before = packs(&sandbox);
    let run = sandbox.run(&[&arguments[..], &["--force"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&value["rows"][0]["state"], &value["rows"][0]["date"]), (&"written".into(), &DATE.into()));
    assert!(packs(&sandbox) == before, "byte for byte, whatever day it is");
    let (run, value) = batch(&sandbox, &["quillfold-stationery", "--force", "--date", "2026-11-22"]);
    assert_eq!((run.code, &value["rows"][0]["findings"][0]["code"]), (4, &"date-locked".into()));
    // Certificates of the sample have run out by then.
    let (run, value) = batch(&sandbox, &["ironpeak-hosting", "--date", "2028-12-01", "--document", "nda", "--deny-warnings"]);
    let findings = value["rows"][0]["findings"].as_array().unwrap();
    assert_eq!((run.code, &value["rows"][0]["state"]), (4, &"failed".into()), "{value}");
    assert!(findings.iter().any(|f| f["code"] == "denied-warning") && findings.iter().any(|f| f["severity"] == "warning"), "{value}");
}

#[cfg(unix)]
#[test]
fn interrupted_batch_finishes_what_is_under_way_and_goes_on_later() {
    let (sandbox, _) = town(80, |_| None);
    let arguments = ["-C", "sample", "batch", "--date", DATE, "--document", "nda", "--format", "json"];
    let child = Command::new(binary()).args(arguments).current_dir(sandbox.path()).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // As soon as some packs are there.
    let output = sandbox.path().join("output");
    let written =
        || std::fs::read_dir(&output).map(|all| all.filter_map(Result::ok).filter(|e| e.file_name().to_string_lossy().starts_with('s')).count()).unwrap_or(0);
    while written() < 5 {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let first: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(4), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(first["totals"]["left"].as_u64() > Some(0) && first["totals"]["failed"] == 0, "{}", first["totals"]);
    let done = usize::try_from(first["totals"]["written"].as_u64().unwrap()).unwrap();
    let again = sandbox.run(&arguments);
    let second: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((again.code, &second["totals"]["unchanged"], &second["totals"]["written"]), (0, &done.into(), &(80 - done).into()));
}
