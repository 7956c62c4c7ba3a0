//! The proof: it agrees with the compiler, the shipped library passes, and what breaks a library is caught.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use countersign::base::date::Date;
use countersign::base::diagnostic::Report;
use countersign::base::source::Source;
use countersign::contract::assessment::CreditResult;
use countersign::contract::library::{Files, Library, Reading};
use countersign::contract::proof::{Profile, Profiles, examples, prove};
use countersign::rule::condition::{Condition, Truth};
use countersign::rule::fact::Facts;

use crate::suite::fleet::Chance;
use crate::suite::packs::tool;
use crate::suite::sandbox::{DATE, Sandbox, python, repository};
use crate::suite::shelf::files;

fn date() -> Date {
    DATE.parse().unwrap()
}

fn library(files: &Files) -> (Option<Library>, Report) {
    let mut report = Report::default();
    (Library::read(files, Reading::Whole, &mut report), report)
}

/// The facts of a profile, with what the assessment gives.
fn facts(library: &Library, profile: &Profile) -> Facts {
    let mut facts = Facts::new(&library.vocabulary);
    for (name, value) in &profile.facts {
        facts.set(name, value.clone(), "stated", None);
    }
    let mut report = Report::default();
    facts.close(&mut report);
    assert!(!report.has_errors(), "{:?}: {:?}", profile, report.sorted());
    library.risk.assess(&mut facts, CreditResult { total: profile.credit, certificates: Vec::new() }).unwrap_or_else(|missing| panic!("{missing:?}"));
    facts
}

#[test]
fn proposition_and_compiler_agree_on_every_condition_of_the_library() {
    let (library, report) = library(files());
    let library = library.unwrap();
    assert!(!report.has_errors());
    let mut profiles = Profiles::new(&library);
    let mut asked = 0;
    let mut check = |conditions: &[&Condition]| {
        let Some(profile) = profiles.plainest(conditions) else { return false };
        let facts = facts(&library, &profile);
        for condition in conditions {
            assert_eq!(condition.evaluate(&facts), Truth::True, "{condition} in {profile:?}");
        }
        true
    };
    for clause in library.clauses.values().filter(|clause| !clause.key.starts_with("policies/")) {
        for condition in [clause.when.clone(), Condition::Not(Box::new(clause.when.clone()))] {
            asked += usize::from(check(&[&condition]));
        }
    }
    // Score, tier and documents: each tier with and without each document, where that can be.
    for tier in ["low", "moderate", "high", "critical"] {
        let tier = Condition::Is("tier".to_owned(), tier.to_owned());
        assert!(check(&[&tier]));
        for document in ["nda", "dpa", "sla", "termination", "terms"] {
            let has = Condition::Holds(format!("docs.{document}"));
            let lacks = Condition::Not(Box::new(has.clone()));
            asked += usize::from(check(&[&tier, &has])) + usize::from(check(&[&tier, &lacks]));
        }
    }
    assert!(asked > 300, "{asked}");
}

#[test]
fn shipped_library_holds_for_every_profile() {
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "check", "--prove", "--today", DATE]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("proven for every profile over"), "{}", run.stdout);
}

/// What a mutant changes, and where.
struct Mutant {
    what: String,
    files: Files,
}

fn with(files: &Files, path: &str, text: Option<String>) -> Files {
    let mut files = files.clone();
    match text {
        Some(text) => drop(files.insert(path.to_owned(), Arc::new(Source { path: format!("clauses/{path}"), text }))),
        None => drop(files.remove(path)),
    }
    files
}

/// Ways to break the library.
const WAYS: usize = 13;

/// A text in runs of digits and of anything else.
fn split_numbers(text: &str) -> impl Iterator<Item = &str> {
    text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).map(|run| std::str::from_utf8(run).unwrap())
}

/// One way to break the library; `None` where this file has nothing of the kind.
fn mutant(chance: &mut Chance, way: usize) -> Option<Mutant> {
    let all = files();
    let clauses: Vec<&String> = all.keys().filter(|path| path.ends_with(".md") && !path.starts_with("policies/") && path.contains('/')).collect();
    let path = clauses[chance.below(clauses.len())];
    let text = all[path].text.clone();
    let (what, changed) = match way % WAYS {
        0 => (format!("{path} deleted"), None),
        1 => {
            let line = text.lines().find(|line| line.starts_with("when: "))?;
            let bare = line.trim_start_matches("when: ").trim_matches('\'').trim_matches('"').replace("\\\"", "\"");
            (format!("condition of {path} turned round"), Some(text.replacen(line, &format!("when: '!({bare})'"), 1)))
        }
        2 => {
            let line = text.lines().find(|line| line.starts_with("when: ") && (line.contains(" && ") || line.contains(" || ")))?;
            let swapped = if line.contains(" && ") { line.replacen(" && ", " || ", 1) } else { line.replacen(" || ", " && ", 1) };
            (format!("a connection in the condition of {path} exchanged"), Some(text.replacen(line, &swapped, 1)))
        }
        3 => {
            let at = text.find("](ref:")?;
            let end = at + text[at..].find(')')?;
            let slot = text[at + 6..end].to_owned();
            // Another slot of the same library: the reference reads, and may lead nowhere.
            let other = &clauses[chance.below(clauses.len())];
            let other = all[*other].text.lines().find_map(|line| line.strip_prefix("slot: "))?.to_owned();
            (format!("a reference of {path} leads from {slot} to {other}"), Some(format!("{}](ref:{other}{}", &text[..at], &text[end..])))
        }
        4 => {
            let covers = text.lines().find(|line| line.starts_with("  - ") && text.contains("covers:\n"))?;
            (format!("{path} no longer says `{}`", covers.trim()), Some(text.replacen(&format!("{covers}\n"), "", 1)))
        }
        5 => {
            let path = clauses.iter().filter(|path| path.contains("definitions")).nth(chance.below(12))?;
            let text = &all[*path].text;
            let bullets: Vec<&str> = text.lines().filter(|line| line.starts_with("- ")).collect();
            let bullet = bullets.get(chance.below(bullets.len().max(1)))?;
            let what = format!("definition gone from {path}: {}", bullet.chars().take(40).collect::<String>());
            return Some(Mutant { what, files: with(all, path, Some(text.replacen(&format!("{bullet}\n"), "", 1))) });
        }
        6 => {
            // A law that asks for more than before.
            let catalogues: Vec<&String> = all.keys().filter(|path| path.starts_with("requirements/")).collect();
            let path = catalogues[chance.below(catalogues.len())];
            let text = &all[path].text;
            let records: Vec<usize> = text.match_indices("  applies_when: ").map(|(at, _)| at).collect();
            let at = records[chance.below(records.len())] + "  applies_when: ".len();
            let end = at + text[at..].find("\n  documents")?;
            let id = text[..at].rfind("- id: ").and_then(|from| text[from + 6..].lines().next()).unwrap_or_default();
            return Some(Mutant { what: format!("{id} applies to everybody"), files: with(all, path, Some(format!("{}'true'{}", &text[..at], &text[end..]))) });
        }
        7 => {
            let model = &all["risk-model.yaml"].text;
            let rules = model.find("document_rules:")?;
            let places: Vec<usize> = model[rules..].match_indices("- when: ").map(|(at, _)| rules + at).collect();
            let at = places[chance.below(places.len())];
            let end = model[at + 8..].find("\n- when: ").map_or(model.len(), |end| at + 8 + end + 1);
            return Some(Mutant {
                what: format!("document rule gone: {}", model[at..end].lines().next()?),
                files: with(all, "risk-model.yaml", Some(format!("{}{}", &model[..at], &model[end..]))),
            });
        }
        8 => {
            // A term that is defined under another name than the one that is used.
            let terms: Vec<&str> = text.split("**\"").skip(1).filter_map(|rest| rest.split_once("\"**")).map(|(term, _)| term).collect();
            let term = *terms.get(chance.below(terms.len().max(1)))?;
            (format!("{path} defines `{term}` under another name"), Some(text.replacen(&format!("**\"{term}\"**"), "**\"Quixotry\"**", 1)))
        }
        9 => {
            let model = &all["risk-model.yaml"].text;
            let bands = model.find("bands:")?;
            let line = model[bands..].lines().skip(1).take_while(|line| line.starts_with(' ')).nth(chance.below(4))?;
            let digits = line.find(|c: char| c.is_ascii_digit())?;
            let number: String = line[digits..].chars().take_while(char::is_ascii_digit).collect();
            let moved = format!("{}{}{}", &line[..digits], number.parse::<u32>().ok()? + 9, &line[digits + number.len()..]);
            return Some(Mutant { what: format!("threshold moved:{line}"), files: with(all, "risk-model.yaml", Some(model.replacen(line, &moved, 1))) });
        }
        10 | 11 => {
            // A figure of a rule, three times as much or a third.
            let registry = &all["parameters.yaml"].text;
            let rules = &registry[registry.find("rules:")?..registry.find("\nparameters:")?];
            let words: BTreeSet<&str> = rules.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).filter(|w| w.contains('_')).collect();
            let names: Vec<&str> = words.into_iter().filter(|name| registry.contains(&format!("\n  {name}:\n"))).collect();
            let name = names[chance.below(names.len())];
            let at = registry.find(&format!("\n  {name}:\n"))?;
            let from = at + registry[at..].find("    default: ")?;
            let end = from + registry[from..].find('\n')?;
            let times = |digits: &str| digits.parse::<u32>().map_or(digits.to_owned(), |n| if way % WAYS == 10 { n * 3 } else { n / 3 }.to_string());
            let moved: String = split_numbers(&registry[from..end]).map(times).collect();
            let what = format!("default of {name} moved: {}", &registry[from..end].trim());
            return Some(Mutant { what, files: with(all, "parameters.yaml", Some(format!("{}{moved}{}", &registry[..from], &registry[end..]))) });
        }
        _ => {
            let registry = &all["parameters.yaml"].text;
            let places: Vec<usize> = registry.match_indices("legal_m").map(|(at, _)| at).collect();
            let at = places[chance.below(places.len())];
            let end = at + registry[at..].find('\n')?;
            let line = &registry[at..end];
            let value = line.find("value: ")? + 7;
            let digits: String = line[value..].chars().take_while(char::is_ascii_digit).collect();
            let moved = if line.starts_with("legal_max") { 0 } else { digits.parse::<u32>().ok()? * 40 };
            let changed = format!("{}{}{moved}{}{}", &registry[..at], &line[..value], &line[value + digits.len()..], &registry[end..]);
            return Some(Mutant { what: format!("bound moved: {line}"), files: with(all, "parameters.yaml", Some(changed)) });
        }
    };
    Some(Mutant { what, files: with(all, path, changed) })
}

/// `COUNTERSIGN_MUTANTS=416` for the long run, which prints what was not caught.
#[test]
fn what_breaks_the_library_is_caught() {
    let count: usize = std::env::var("COUNTERSIGN_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let mut chance = Chance::new(77);
    let (mut made, mut caught) = (0, 0);
    let mut alive: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut way = 0;
    while made < count {
        way += 1;
        let Some(mutant) = mutant(&mut chance, way) else { continue };
        made += 1;
        let (library, report) = library(&mutant.files);
        let faults = library.filter(|_| !report.has_errors()).map(|library| prove(&library, date()).faults);
        match faults {
            // Refused when it is read: no proof is needed.
            None => caught += 1,
            Some(faults) if !faults.is_empty() => caught += 1,
            Some(_) => alive.entry(way % WAYS).or_default().push(mutant.what),
        }
    }
    eprintln!("{made} mutants, {caught} caught, alive: {alive:#?}");
    assert!(caught * 2 > made, "{alive:#?}");
    assert!(!alive.contains_key(&8), "a term under another name is always missed: {alive:#?}");
    if let Some(deleted) = alive.get(&0) {
        // Nobody misses a deleted clause that nothing asks for, and no other.
        let redundant = prove(&library(files()).0.unwrap(), date()).redundant;
        let names: Vec<String> = redundant.iter().map(|id| format!("{} deleted", id.replacen('.', "/", 1) + ".md")).collect();
        assert!(deleted.iter().all(|one| names.contains(one)), "{deleted:?}");
    }
}

/// `COUNTERSIGN_DELETIONS=1000` for all of them.
#[test]
fn every_clause_is_missed_or_named_as_one_that_nothing_asks_for() {
    let count: usize = std::env::var("COUNTERSIGN_DELETIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let (library, _) = library(files());
    let library = library.unwrap();
    let redundant: BTreeSet<String> = prove(&library, date()).redundant.into_iter().collect();
    let mut ids: Vec<&String> = library.clauses.iter().filter(|(_, clause)| !clause.key.starts_with("policies/")).map(|(id, _)| id).collect();
    let mut chance = Chance::new(78);
    let (mut missed, mut unmissed, mut wrong) = (0, 0, Vec::new());
    while missed + unmissed < count && !ids.is_empty() {
        let id = ids.swap_remove(chance.below(ids.len()));
        let mut without = with(files(), &library.clauses[id].key, None);
        let slot = &library.clauses[id].front.slot;
        if library.slots[slot].len() == 1 {
            // Outlines may not name a slot that nothing can fill; one that must be filled stays, and is a fault.
            for (path, source) in files().iter().filter(|(path, source)| path.starts_with("outlines/") && source.text.contains(slot.as_str())) {
                let is_other = |line: &&str| !line.contains(&format!("{{slot: {slot}}}")) && line.trim() != format!("interpretation: {slot}");
                without = with(&without, path, Some(source.text.lines().filter(is_other).collect::<Vec<_>>().join("\n")));
            }
        }
        let (without, report) = self::library(&without);
        let is_missed = report.has_errors() || without.is_none_or(|without| !prove(&without, date()).faults.is_empty());
        // Names of laws are known words: a definition of one is used, and without it the text still reads.
        let is_known = id.contains(".definitions");
        let is_wrong = if redundant.contains(id) { is_missed } else { !is_missed && !is_known };
        wrong.extend(is_wrong.then_some(id));
        missed += usize::from(is_missed);
        unmissed += usize::from(!is_missed);
    }
    eprintln!("{missed} clauses are missed, {unmissed} not");
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// What is broken: a file of the library, what is replaced in it by what (nothing: the file is deleted), and the code that comes of it.
const BREAKS: [(&str, &str, &str, &str); 4] = [
    ("dpa/subprocessors.specific.md", "", "", "open-requirement"),
    (
        "parameters.yaml",
        "legal_min: {value: 6, by: [hipaa-retention]}",
        "legal_min: {value: 6, by: [hipaa-retention]}\n      legal_max: {value: 5, by: [hipaa-retention]}",
        "bounds-contradict",
    ),
    ("parameters.yaml", "check: 12 <= retention_years", "check: 12 == retention_years", "figures-disagree"),
    ("dpa/definitions.md", "- **\"Data Subject Request\"**", "- **\"Data Subject Quest\"**", "undefined-term"),
];

#[test]
fn counterexample_is_the_plainest_and_the_compiler_fails_on_it_too() {
    for (path, from, to, code) in BREAKS {
        let sandbox = Sandbox::with_sample();
        let file = sandbox.path().join("clauses").join(path);
        if from.is_empty() {
            std::fs::remove_file(file).unwrap();
        } else {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(from), "{path}");
            std::fs::write(file, text.replace(from, to)).unwrap();
        }
        let run = sandbox.run(&["-C", "sample", "check", "--prove", "--today", DATE, "--format", "json"]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let examples = value["proof"]["counterexamples"].as_array().unwrap();
        assert!(examples.iter().all(|example| example["replayed"] == true), "{path}: {examples:#?}");
        let first = examples.iter().find(|example| example["code"] == code).unwrap_or_else(|| panic!("{path}: {examples:#?}"));
        for diagnostic in value["diagnostics"].as_array().unwrap() {
            assert!(diagnostic["file"].is_string(), "{path}: {diagnostic}");
        }
        // As a file of the workspace it fails there in the same way.
        std::fs::write(sandbox.path().join("sample/suppliers/counterexample.yaml"), first["profile"].as_str().unwrap()).unwrap();
        let run = sandbox.run(&["-C", "sample", "generate", "counterexample", "--draft", "--date", DATE]);
        assert!(run.code == 1 && run.stderr.contains(code), "{path}: {}", run.stderr);
    }
}

#[test]
fn examples_bring_in_every_clause_and_the_one_that_they_name() {
    let (library, _) = library(files());
    let library = library.unwrap();
    let examples: Vec<(String, Facts)> = examples(&library, date()).into_iter().map(|(name, profile)| (name, facts(&library, &profile))).collect();
    for (id, clause) in library.clauses.iter().filter(|(_, clause)| !clause.key.starts_with("policies/")) {
        let holds = |facts: &Facts| clause.when.evaluate(facts) == Truth::True;
        assert!(examples.iter().any(|(_, facts)| holds(facts)), "{id}");
        // Of two variants one may bear the name of the slot.
        assert!(examples.iter().all(|(name, facts)| *name != format!("clause {id}") || holds(facts)), "{id}");
    }
}

/// Who accepts a hold in the sample workspace.
fn authority(hold: &str) -> (&'static str, &'static str) {
    match hold {
        "hold-undisclosed-chain" => ("executive", "aoife.brannigan@harbourline.example"),
        _ => ("security", "lucan.verschoyle@harbourline.example"),
    }
}

/// `COUNTERSIGN_EXAMPLES=1000` for all of them.
#[test]
fn profiles_of_the_proof_generate_verify_and_conform() {
    let count: usize = std::env::var("COUNTERSIGN_EXAMPLES").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "check", "--prove", "--examples", "examples", "--today", DATE, "--quiet"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut ids: Vec<String> = std::fs::read_dir(sandbox.path().join("examples")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    ids.sort();
    assert!(ids.len() > 250, "{}", ids.len());
    let suppliers = sandbox.path().join("sample/suppliers");
    std::fs::remove_dir_all(&suppliers).unwrap();
    std::fs::create_dir(&suppliers).unwrap();
    let mut chance = Chance::new(79);
    for _ in 0..count.min(ids.len()) {
        let id = ids.swap_remove(chance.below(ids.len()));
        std::fs::copy(sandbox.path().join("examples").join(&id), suppliers.join(id)).unwrap();
    }
    let batch = || {
        let run = sandbox.run(&["-C", "sample", "batch", "--date", DATE, "--output", "output", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr))
    };
    // What stops any of them is a hold, which people accept.
    for row in batch()["rows"].as_array().unwrap().iter().filter(|row| row["state"] != "written") {
        let id = row["supplier"].as_str().unwrap();
        let errors = row["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
        errors.for_each(|error| assert_eq!(error["code"], "open-hold", "{row}"));
        let subject = countersign::base::digest::Digest::of(&std::fs::read(suppliers.join(format!("{id}.yaml"))).unwrap());
        for hold in row["holds"].as_array().unwrap().iter().map(|hold| hold.as_str().unwrap()) {
            let (role, person) = authority(hold);
            let decision = format!(
                "version: 1\nkind: accept_hold\nsupplier: {id}\nhold: {hold}\nsubject: {subject}\nrole: {role}\nperson: {person}\n\
                 reason: an example\ndate: 2026-11-01\nexpires: 2027-05-01\n"
            );
            std::fs::write(sandbox.path().join(format!("sample/decisions/{id}-{hold}.yaml")), decision).unwrap();
        }
    }
    let value = batch();
    assert_eq!(value["totals"]["failed"], 0, "{value}");
    let mut pdfs = Vec::new();
    for row in value["rows"].as_array().unwrap() {
        let pack = sandbox.path().join("output").join(row["folder"].as_str().unwrap());
        let verified = sandbox.run(&["verify", pack.to_str().unwrap()]);
        assert_eq!(verified.code, 0, "{}", verified.stderr);
        pdfs.extend(std::fs::read_dir(pack.join("send")).unwrap().map(|entry| entry.unwrap().path()));
    }
    eprintln!("{} suppliers, {} documents", value["rows"].as_array().unwrap().len(), pdfs.len());
    let Some(python) = python("page") else { return };
    for pdfs in pdfs.chunks(50) {
        let output = Command::new(&python).arg(repository().join("tests/validate_pdfs.py")).args(pdfs).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn what_if_and_why_not_tell_the_change_and_write_nothing() {
    let sandbox = Sandbox::with_sample();
    let run = |arguments: &[&str]| sandbox.run(&[&["-C", "sample"], arguments, &["--date", DATE, "--format", "json"]].concat());
    let json = |run: &crate::suite::sandbox::Run| serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap();
    let what = run(&["what-if", "okafor-kessler-developer", "--set", "access.level=privileged"]);
    assert_eq!(what.code, 0, "{}", what.stderr);
    let value = json(&what);
    assert_eq!((&value["tier_before"], &value["tier_after"]), (&"moderate".into(), &"high".into()));
    let clauses: Vec<&serde_json::Value> =
        value["comparison"]["documents"].as_array().unwrap().iter().flat_map(|document| document["clauses"].as_array().unwrap()).collect();
    assert!(clauses.iter().any(|clause| clause["state"] == "added") && clauses.iter().any(|clause| clause["state"] == "edited"), "{value}");
    let same = json(&run(&["what-if", "quillfold-stationery", "--set", "data.class=public"]));
    assert!(same["comparison"]["documents"].as_array().unwrap().iter().all(|document| document["state"] == "same"), "{same}");
    for (fact, words) in
        [("acess.level=read", "did you mean `access.level`?"), ("tier=high", "set the facts that it is computed from"), ("access.level=much", "privileged")]
    {
        let refused = sandbox.run(&["-C", "sample", "what-if", "quillfold-stationery", "--set", fact, "--date", DATE]);
        assert!(refused.code == 1 && refused.stderr.contains(words), "{fact}: {}", refused.stderr);
    }
    // Each change that is named is needed, and all of them are enough.
    let why = json(&run(&["explain", "brightledger-crm", "--clause", "dpa.subprocessors.specific"]));
    assert_eq!(why["why_not"], serde_json::json!([{ "fact": "subcontracting.authorisation", "now": "general", "then": "specific" }]));
    let swapped = json(&run(&["what-if", "brightledger-crm", "--set", "subcontracting.authorisation=specific"]));
    assert!(swapped.to_string().contains("dpa.subprocessors.specific"), "{swapped}");
    // A variant that bears the name of its slot is not brought in by another one.
    let own = json(&run(&["explain", "surfgauge-analytics", "--clause", "dpa.security"]));
    assert!(own["why_not"].as_array().is_some_and(|changes| !changes.is_empty()), "{own}");
    let far = json(&run(&["explain", "quillfold-stationery", "--clause", "dpa.records"]));
    assert!(far["why_not"].as_array().unwrap().len() > 1, "{far}");
    assert!(json(&run(&["explain", "brightledger-crm", "--clause", "dpa.subprocessors.general"]))["why_not"].is_null());
    assert!(!sandbox.path().join("output").exists());
}

/// The text of each page of a PDF between header and footer, as poppler reads it.
fn page_texts(pdf: &Path) -> Option<Vec<String>> {
    let text = tool("pdftotext", &["-raw", pdf.to_str().unwrap(), "-"])?;
    let body = |page: &str| {
        let lines: Vec<&str> = page.lines().collect();
        squeezed(&lines[1.min(lines.len())..lines.len().saturating_sub(1)].concat())
    };
    Some(text.split('\u{c}').map(body).collect())
}

/// Without what a line break can change.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{ad}' | '\u{2010}' | '\u{2011}' | '\u{200b}' | '\u{2060}')).collect()
}

#[test]
fn value_that_the_layout_drops_is_a_fault_of_coverage() {
    let sandbox = Sandbox::with_sample();
    let layout = sandbox.path().join("templates/layout.typ");
    let text = std::fs::read_to_string(&layout).unwrap();
    let shown = "if type(node) == str { node }";
    assert!(text.contains(shown), "the layout shows texts otherwise now");
    std::fs::write(&layout, text.replace(shown, "if type(node) == str { node.replace(\"days\", \"d\") }")).unwrap();
    let run = sandbox.run(&["-C", "sample", "coverage", "quillfold-stationery", "--date", DATE]);
    assert!(run.code == 1 && run.stderr.contains("do not show"), "{} {}", run.code, run.stderr);
}

#[test]
fn coverage_names_clause_number_and_value_of_each_requirement_that_applies() {
    let sandbox = Sandbox::with_sample();
    let annex = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("redlines");
    std::fs::create_dir_all(&annex).unwrap();
    let annex = annex.join("annex.pdf");
    let run = sandbox.run(&["-C", "sample", "coverage", "brightledger-crm", "--date", DATE, "--format", "json", "--pdf", annex.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let rows = value["rows"].as_array().unwrap();
    assert!(rows.len() > 200 && rows.iter().all(|row| row["met"] != "open"), "{}", rows.len());
    for row in rows.iter().filter(|row| row["met"] == "clause") {
        assert!(!row["carriers"].as_array().unwrap().is_empty(), "{row}");
    }
    // What it says is what the documents say: the title stands under that number, and the value in the text of that clause.
    let pack = sandbox.generate(&["brightledger-crm"], "output", &[]).remove(0);
    let mut checked = 0;
    let mut pages: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for carrier in rows.iter().flat_map(|row| row["carriers"].as_array().unwrap()).filter(|carrier| carrier["number"] != "") {
        let tree = std::fs::read_to_string(pack.join(format!("internal/documents/{}.json", carrier["document"].as_str().unwrap()))).unwrap();
        let tree: serde_json::Value = serde_json::from_str(&tree).unwrap();
        let sections =
            tree["parts"].as_array().unwrap().iter().flat_map(|part| part["sections"].as_array().unwrap().iter().map(move |section| (part, section)));
        let found: Vec<_> = sections.filter(|(_, section)| section["clause"] == carrier["clause"]).collect();
        let is_it = |(part, section): &&(&serde_json::Value, &serde_json::Value)| section["number"] == carrier["number"] || part["label"] == carrier["number"];
        let (_, section) = found.iter().find(is_it).unwrap_or_else(|| panic!("{carrier}"));
        // And what it says of pages is what another program reads in the PDF: the title there, the values there or on the pages that a schedule goes on over.
        let id = tree["id"].as_str().unwrap();
        let Some(pages) = pages.entry(id.to_owned()).or_insert_with(|| page_texts(&pack.join(format!("send/{id}.pdf")))) else { continue };
        let page = usize::try_from(carrier["page"].as_u64().unwrap()).unwrap();
        assert!(pages[page - 1].contains(&squeezed(carrier["title"].as_str().unwrap())), "{carrier}");
        for text in carrier["values"].as_object().unwrap().values() {
            let text = text.as_str().unwrap();
            assert!(section["blocks"].to_string().contains(text), "{carrier}");
            assert!(pages[page - 1..pages.len().min(page + 6)].concat().contains(&squeezed(text)), "{carrier}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
    assert!(std::fs::read(annex).unwrap().starts_with(b"%PDF-"));
    let due = sandbox.run(&["-C", "sample", "requirements", "due", "--within", "180d", "--today", DATE, "--format", "json"]);
    assert_eq!(due.code, 0, "{}", due.stderr);
    let due: serde_json::Value = serde_json::from_str(&due.stdout).unwrap();
    let turns = due["turns"].as_array().unwrap();
    assert!(!turns.is_empty() && turns.iter().any(|turn| !turn["suppliers"].as_array().unwrap().is_empty()), "{due}");
    assert!(turns.iter().all(|turn| turn["day"].as_str().unwrap() > DATE), "{due}");
}
