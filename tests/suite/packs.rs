//! Packs end to end: generated, verified, rebuilt, reproducible, and silent about risk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::suite::sandbox::{DATE, Run, Sandbox, files};

/// The samples with the documents that their packs must have.
const SAMPLES: [(&str, &[&str]); 9] = [
    ("brightledger-crm", &["DPA", "NDA", "SLA", "TERMINATION", "TERMS"]),
    ("claimwell-billing", &["DPA", "NDA", "SLA", "TERMINATION"]),
    ("ironpeak-hosting", &["DPA", "NDA", "SLA", "TERMINATION", "TERMS"]),
    ("okafor-kessler-developer", &["NDA", "TERMINATION", "TERMS"]),
    ("quillfold-stationery", &["NDA"]),
    ("surfgauge-analytics", &["DPA", "NDA", "SLA", "TERMINATION", "TERMS"]),
    ("swit-avgi-safak-cleaning", &["NDA", "TERMINATION", "TERMS"]),
    ("tallyholme-payroll", &["DPA", "NDA", "SLA", "TERMINATION", "TERMS"]),
    ("thornhill-adeyemi-law", &["DPA", "NDA", "TERMINATION"]),
];

/// Arguments for all policies; their packs come after those of the suppliers.
const POLICIES: [&str; 8] = ["--policy", "acceptable_use", "--policy", "code_of_conduct", "--policy", "incident_reporting", "--policy", "information_security"];

fn names() -> Vec<&'static str> {
    SAMPLES.iter().map(|(name, _)| *name).collect()
}

/// The packs of all samples and policies, made once for the tests that only read them.
pub(crate) fn generated() -> &'static (Sandbox, Vec<PathBuf>) {
    static GENERATED: OnceLock<(Sandbox, Vec<PathBuf>)> = OnceLock::new();
    GENERATED.get_or_init(|| {
        let sandbox = Sandbox::shared();
        let packs = sandbox.generate(&names(), "out", &POLICIES);
        assert_eq!(packs.len(), SAMPLES.len() + 4);
        (sandbox, packs)
    })
}

fn verify(sandbox: &Sandbox, pack: &Path) -> Run {
    sandbox.run(&["verify", pack.to_str().unwrap()])
}

fn pdfs(pack: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(pack.join("send")).unwrap().map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

/// Runs an external reader of PDFs; says aloud when it is missing, and fails then in CI.
pub(crate) fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(name).args(arguments).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "{name} is missing in CI: {error}");
            eprintln!("SKIPPED: {name} is not installed, so the text of the PDFs is not read (Debian: poppler-utils, qpdf)");
            None
        }
    }
}

#[test]
fn samples_have_their_documents_and_verify() {
    let (sandbox, packs) = generated();
    for (pack, (name, documents)) in packs.iter().zip(SAMPLES) {
        let kinds: Vec<String> = pdfs(pack).iter().map(|p| p.file_name().unwrap().to_string_lossy().split('-').next().unwrap().to_owned()).collect();
        assert_eq!(kinds, documents, "{name}");
        let run = verify(sandbox, pack);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("rebuilds to the same bytes"), "{}", run.stdout);
    }
}

#[test]
fn policies_are_issued_by_every_entity_and_verify() {
    let sandbox = Sandbox::with_sample();
    let usual = sandbox.generate(&[], "out", &POLICIES);
    assert_eq!(usual.len(), 4);
    let other = sandbox.generate(&[], "out", &["--policy", "code_of_conduct", "--entity", "services-uk"]);
    assert_ne!(usual[1], other[0], "each entity issues its own");
    for pack in usual.iter().chain(&other) {
        assert!(pack.to_string_lossy().contains("/policies/"), "{}", pack.display());
        let run = verify(&sandbox, pack);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let manifest = std::fs::read_to_string(pack.join("internal/manifest.json")).unwrap();
        assert!(manifest.contains("\"policy\": ") && !manifest.contains("\"supplier\": "), "{manifest}");
        assert!(!manifest.contains("\"suppliers/"), "a policy depends on no supplier");
    }
    let terms = |pack: &Path| std::fs::read_to_string(pack.join("internal/documents/code_of_conduct.json")).unwrap();
    assert!(terms(&usual[1]).contains("\"edition\": \"1."));
    assert!(terms(&other[0]).contains("GBP") && terms(&usual[1]).contains("EUR"), "limits are in the currency of the entity");
}

#[test]
fn one_quantity_has_one_figure_in_a_pack() {
    for pack in &generated().1[..SAMPLES.len()] {
        let read = |path: &str| -> serde_json::Value { serde_json::from_slice(&std::fs::read(pack.join(path)).unwrap()).unwrap() };
        let explanation = read("internal/explanation.json");
        let mut figures: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (document, parameters) in explanation["parameters"].as_object().unwrap() {
            for (name, value) in parameters.as_object().unwrap() {
                let text = value["text"].as_str().unwrap();
                let (first, other) = figures.entry(name).or_insert((document, text));
                assert_eq!(*other, text, "{}: {name} in {first} and {document}", pack.display());
            }
        }
        // The NDA has no figure of a family, so all members in a pack are in documents that agree.
        for members in families() {
            let found: BTreeSet<&str> = members.iter().filter_map(|name| figures.get(name.as_str())).map(|(_, text)| *text).collect();
            assert!(found.len() < 2, "{}: {members:?} are {found:?}", pack.display());
        }
    }
}

/// The families of parameters.
fn families() -> Vec<Vec<String>> {
    crate::suite::shelf::library().registry.families.values().map(|family| family.members.clone()).collect()
}

#[test]
fn second_generation_elsewhere_gives_the_same_bytes() {
    let sandbox = Sandbox::with_sample();
    let second = sandbox.generate(&names(), "two", &POLICIES);
    let (_, first) = generated();
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(files(a), files(b));
    }
}

#[test]
fn one_flipped_byte_is_an_integrity_fault_that_names_the_file() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    let all = files(&packs[0]);
    for name in all.keys().filter(|n| !n.starts_with("internal/inputs/")).chain(all.keys().find(|n| n.starts_with("internal/inputs/"))) {
        let path = packs[0].join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let run = verify(&sandbox, &packs[0]);
        assert_eq!(run.code, 3, "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(name.as_str()) || name.ends_with("manifest.json"), "{name}: {}", run.stderr);
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
}

#[test]
fn missing_and_added_files_are_integrity_faults() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    let extra = packs[0].join("send/extra.pdf");
    std::fs::write(&extra, b"%PDF").unwrap();
    assert_eq!(verify(&sandbox, &packs[0]).code, 3);
    std::fs::remove_file(extra).unwrap();
    std::fs::remove_file(&pdfs(&packs[0])[0]).unwrap();
    assert_eq!(verify(&sandbox, &packs[0]).code, 3);
}

#[test]
fn forged_manifest_is_caught_by_the_rebuild() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    let pdf = pdfs(&packs[0]).remove(0);
    let mut bytes = std::fs::read(&pdf).unwrap();
    let old = countersign::base::digest::Digest::of(&bytes);
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&pdf, &bytes).unwrap();
    let manifest = packs[0].join("internal/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace(old.as_str(), countersign::base::digest::Digest::of(&bytes).as_str())).unwrap();
    let run = verify(&sandbox, &packs[0]);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("a rebuild gives other bytes"), "{}", run.stderr);
}

#[test]
fn file_taken_out_together_with_its_manifest_entry_is_missed_by_the_rebuild() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["brightledger-crm"], "out", &[]);
    let manifest = packs[0].join("internal/manifest.json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    let outputs = value["outputs"].as_array_mut().unwrap();
    outputs.retain(|o| !o["path"].as_str().unwrap().starts_with("send/NDA"));
    std::fs::write(&manifest, countersign::pack::compile::pretty(&value)).unwrap();
    let nda = pdfs(&packs[0]).into_iter().find(|p| p.to_string_lossy().contains("NDA")).unwrap();
    std::fs::remove_file(nda).unwrap();
    let run = verify(&sandbox, &packs[0]);
    assert_eq!(run.code, 3, "{}", run.stdout);
}

#[test]
fn pack_of_another_version_holds_but_does_not_rebuild() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    let manifest = packs[0].join("internal/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace(countersign::pack::manifest::GENERATOR, "countersign 0.0.9")).unwrap();
    let run = verify(&sandbox, &packs[0]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("digests hold") && run.stdout.contains("not rebuildable with this version"), "{}", run.stdout);
}

#[test]
fn editing_the_library_never_moves_an_issued_pack() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["brightledger-crm"], "out", &[]);
    let clause = sandbox.path().join("clauses/nda/exclusions.md");
    let text = std::fs::read_to_string(&clause).unwrap();
    std::fs::write(&clause, format!("{text}\nOne more sentence stands here.\n")).unwrap();
    let run = verify(&sandbox, &packs[0]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("rebuilds to the same bytes"));
    let after = sandbox.generate(&["brightledger-crm"], "out", &[]);
    assert_ne!(packs, after, "other inputs, another pack");
}

#[test]
fn clause_that_a_pack_does_not_depend_on_leaves_its_id_alone() {
    let sandbox = Sandbox::with_sample();
    let before = sandbox.generate(&["quillfold-stationery"], "one", &[]);
    let clause = sandbox.path().join("clauses/sla/availability.md");
    let text = std::fs::read_to_string(&clause).unwrap();
    std::fs::write(&clause, format!("{text}\nOne more sentence stands here.\n")).unwrap();
    let after = sandbox.generate(&["quillfold-stationery"], "two", &[]);
    assert_eq!(before[0].file_name(), after[0].file_name());
}

#[test]
fn date_is_fixed_at_the_first_generation() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    let again = sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--output", "out"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stdout.contains("unchanged") && again.stdout.contains(DATE), "{}", again.stdout);
    let other = sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--output", "out", "--date", "2026-12-01"]);
    assert_eq!(other.code, 1);
    assert!(other.stderr.contains("date-locked"), "{}", other.stderr);
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
}

#[test]
fn bound_pack_is_one_pdf_that_verifies() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["ironpeak-hosting"], "out", &["--bind"]);
    assert_eq!(pdfs(&packs[0]).len(), 1);
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
    let Some(text) = tool("pdftotext", &["-layout", pdfs(&packs[0])[0].to_str().unwrap(), "-"]) else { return };
    let pages = text.matches('\u{c}').count();
    assert!(text.contains(&format!("Page {pages} of {pages}")), "pages run through the whole file");
}

#[test]
fn instruments_can_be_produced_alone() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["brightledger-crm"], "out", &["--document", "scc", "--document", "uk_addendum"]);
    let kinds: Vec<String> = pdfs(&packs[0]).iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(kinds[0].starts_with("SCC-") && kinds[1].starts_with("UK-ADDENDUM-"), "{kinds:?}");
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
}

#[test]
fn business_associate_agreement_is_produced_for_a_billing_company() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["claimwell-billing"], "out", &["--document", "baa"]);
    assert!(pdfs(&packs[0])[0].file_name().unwrap().to_string_lossy().starts_with("BAA-"));
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
}

#[test]
fn nda_asks_what_is_exchanged_and_no_risk_question() {
    let sandbox = Sandbox::with_sample();
    let profile = sandbox.path().join("sample/suppliers/quillfold-stationery.yaml");
    let text = std::fs::read_to_string(&profile).unwrap();
    let unanswered = &text[..text.find("\nrisk:").unwrap() + 1];
    let bare: String = unanswered.split_inclusive('\n').filter(|l| !l.starts_with("extends:")).collect();
    std::fs::write(&profile, bare).unwrap();
    let asked = sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--document", "nda", "--output", "asked"]);
    assert_eq!(asked.code, 1);
    for fact in ["agreement.master", "agreement.deed", "data", "access", "service.ict"] {
        assert!(asked.stderr.contains(&format!("`{fact}` has no value")), "{}", asked.stderr);
    }
    for fact in ["risk.", "processing", "assurance", "retention", "transfers", "us_privacy", "subcontracting", "locations"] {
        assert!(!asked.stderr.contains(&format!("`{fact}")), "{fact} is asked: {}", asked.stderr);
    }
    std::fs::write(&profile, unanswered).unwrap();
    let whole = sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--output", "whole"]);
    assert_eq!(whole.code, 1, "the whole pack needs the assessment");
    assert!(whole.stderr.contains("risk.criticality"), "{}", whole.stderr);
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &["--document", "nda"]);
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
}

#[test]
fn hostile_values_are_plain_text_in_pdf_terms_and_metadata() {
    let sandbox = Sandbox::with_sample();
    let profile = sandbox.path().join("sample/suppliers/quillfold-stationery.yaml");
    let text = std::fs::read_to_string(&profile).unwrap();
    let name = r##"**Quill** {{ 7*7 }} #let x = 1 $a$ <b>&amp;</b> [](ref:nda.use) | \ "q" Ltd"##;
    let quoted = serde_json::to_string(name).unwrap();
    let hostile = text.replacen("legal_name: Quillfold Stationery Limited", &format!("legal_name: {quoted}"), 1);
    std::fs::write(&profile, hostile.replacen("purpose: ", &format!("purpose: {quoted} # "), 1)).unwrap();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
    let pdf = pdfs(&packs[0]).remove(0);
    let path = pdf.to_str().unwrap();
    let Some(printed) = tool("pdftotext", &[path, "-"]) else { return };
    assert!(squeeze(&printed).matches(&squeeze(name)).count() >= 3, "on the cover, in the text, under the signature: {printed}");
    assert!(["**Quill**", "7*7", "#let", "<b>&amp;</b>", "](ref:"].iter().all(|mark| printed.contains(mark)), "{printed}");
    let terms: serde_json::Value = serde_json::from_str(&attachment(path, &sandbox)).unwrap();
    assert_eq!(terms["documents"][0]["parties"][1]["legal_name"], name);
    let title = tool("pdfinfo", &[path]).unwrap_or_default();
    assert!(squeeze(&title).contains(&squeeze(name)), "{title}");
}

#[test]
fn draft_has_its_own_folder_and_says_so_on_each_page() {
    let sandbox = Sandbox::with_sample();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &["--draft"]);
    assert!(packs[0].to_string_lossy().ends_with("-draft"));
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
    let Some(text) = tool("pdftotext", &["-layout", pdfs(&packs[0])[0].to_str().unwrap(), "-"]) else { return };
    let pages: Vec<&str> = text.split('\u{c}').filter(|p| !p.trim().is_empty()).collect();
    assert!(pages.iter().all(|p| p.contains("DRAFT FOR REVIEW")));
}

/// Words that would tell the other side what we think of it. `hold` alone is an English verb, and a legal hold is none of ours.
const RISK_WORDS: [&str; 11] = ["tier", "tiers", "score", "scores", "floor", "floors", "inherent", "residual", "open hold", "approver", "approvers"];

/// Beginnings of the ids of floors and holds.
const RISK_IDS: [&str; 2] = ["floor-", "hold-"];

/// Every place where a word stands by itself.
fn whole_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let alone = move |at: &usize| !text[..*at].ends_with(char::is_alphanumeric) && !text[at + word.len()..].starts_with(char::is_alphanumeric);
    text.match_indices(word).map(|(at, _)| at).filter(alone)
}

#[test]
fn nothing_that_is_sent_tells_our_view_of_the_risk() {
    let sandbox = Sandbox::with_sample();
    let workspace = std::fs::read_to_string(sandbox.path().join("sample/countersign.yaml")).unwrap();
    let authorities: Vec<&str> = workspace[workspace.find("\nauthorities:").unwrap()..]
        .lines()
        .filter_map(|l| l.split("email:").nth(1))
        .map(|e| e.trim().trim_end_matches('}').trim())
        .collect();
    assert!(authorities.len() >= 6, "{authorities:?}");
    for pack in &generated().1 {
        for pdf in pdfs(pack) {
            let path = pdf.to_str().unwrap();
            let Some(mut text) = tool("pdftotext", &[path, "-"]) else { return };
            text.push_str(&tool("pdfinfo", &["-meta", path]).unwrap_or_default());
            text.push_str(&tool("pdfinfo", &[path]).unwrap_or_default());
            text.push_str(&attachment(path, &sandbox));
            // A name that the layout broke over two lines is one word; the base score is that of a weakness, in a public standard.
            let lower = text.replace("\u{ad}\n", "").to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ").replace("base score", "");
            for word in RISK_WORDS {
                let found = whole_words(&lower, word).next();
                assert!(found.is_none(), "{path}: `{word}` in `{}`", excerpt(&lower, found.unwrap()));
            }
            for id in RISK_IDS {
                let found = lower.match_indices(id).map(|(at, _)| at).find(|at| !lower[..*at].ends_with(char::is_alphanumeric));
                assert!(found.is_none(), "{path}: `{id}` in `{}`", excerpt(&lower, found.unwrap()));
            }
            for person in &authorities {
                assert!(!lower.contains(&person.to_lowercase()), "{path}: {person}");
            }
        }
    }
}

#[test]
fn search_for_risk_words_finds_every_place() {
    assert_eq!(whole_words("tiered, a tier; tierney", "tier").collect::<Vec<_>>(), [10]);
}

fn excerpt(text: &str, at: usize) -> String {
    let from = text[..at].char_indices().rev().nth(40).map_or(0, |(i, _)| i);
    text[from..].chars().take(100).collect()
}

/// The embedded terms of a PDF.
fn attachment(path: &str, sandbox: &Sandbox) -> String {
    let target = sandbox.path().join("terms.json");
    tool("pdfdetach", &["-save", "1", "-o", target.to_str().unwrap(), path]);
    std::fs::read_to_string(target).unwrap()
}

#[test]
fn every_pdf_carries_its_terms_and_no_residue() {
    let sandbox = Sandbox::new();
    for pack in &generated().1 {
        let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(pack.join("internal/manifest.json")).unwrap()).unwrap();
        for pdf in pdfs(pack) {
            let path = pdf.to_str().unwrap();
            let Some(text) = tool("pdftotext", &["-layout", path, "-"]) else { return };
            for residue in ["{{", "}}", "{%", "[", "]", "TBD", "TODO", "ref:", "doc:", "lorem", "XXX", "undefined"] {
                assert!(!text.contains(residue), "{path}: `{residue}` in `{}`", excerpt(&text, text.find(residue).unwrap()));
            }
            let terms: serde_json::Value = serde_json::from_str(&attachment(path, &sandbox)).unwrap();
            let first_page = text.split('\u{c}').next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            for party in terms["documents"][0]["parties"].as_array().unwrap() {
                let name = party["legal_name"].as_str().unwrap();
                assert!(first_page.contains(name), "{path}: {name} is not on page one");
            }
            assert_eq!(terms["documents"][0]["date"], manifest["date"]);
            let printed = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(printed.contains(terms["documents"][0]["id"].as_str().unwrap()));
        }
    }
}

#[test]
fn values_of_the_terms_are_found_in_the_text() {
    let sandbox = Sandbox::new();
    for pack in &generated().1 {
        for pdf in pdfs(pack) {
            let path = pdf.to_str().unwrap();
            let Some(text) = tool("pdftotext", &[path, "-"]) else { return };
            let printed = squeeze(&text);
            let terms: serde_json::Value = serde_json::from_str(&attachment(path, &sandbox)).unwrap();
            for (name, value) in terms["documents"][0]["values"].as_object().unwrap() {
                // A clause may print the bare number without its unit, so the number alone has to be there.
                let value = value.as_str().unwrap();
                let bare = value.split(' ').next().unwrap();
                assert!(printed.contains(&squeeze(value)) || printed.contains(&squeeze(bare)), "{path}: {name} = {value}");
            }
        }
    }
}

/// Letters and digits only: hyphenation and line ends of the layout do not count.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

#[test]
fn hold_stops_the_issue_until_a_decision_accepts_it() {
    let sandbox = Sandbox::with_sample();
    let profile = sandbox.path().join("sample/suppliers/quillfold-stationery.yaml");
    let text = std::fs::read_to_string(&profile).unwrap();
    let at = text.find("incidents: none").unwrap();
    let text = format!("{}incidents: unknown{}", &text[..at], &text[at + "incidents: none".len()..]);
    std::fs::write(&profile, &text).unwrap();
    let stopped = sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--date", DATE, "--output", "out"]);
    assert_eq!(stopped.code, 1);
    assert!(stopped.stderr.contains("open-hold") && stopped.stderr.contains("unknown"), "{}", stopped.stderr);
    assert!(!sandbox.path().join("out").exists(), "nothing is written");
    let workspace = std::fs::read_to_string(sandbox.path().join("sample/countersign.yaml")).unwrap();
    let roles = &workspace[workspace.find("hold-unknown:").unwrap()..];
    let role = roles[roles.find('[').unwrap() + 1..].split([',', ']']).next().unwrap().trim();
    let people = &workspace[workspace.find("\nauthorities:").unwrap()..];
    let people = &people[people.find(&format!("  {role}:")).unwrap()..];
    let person = people.split("email:").nth(1).unwrap().split(['}', '\n']).next().unwrap().trim();
    let decision = format!(
        "version: 1\nkind: accept_hold\nsupplier: quillfold-stationery\nhold: hold-unknown\nsubject: {}\nrole: {role}\nperson: {person}\n\
         reason: small orders, paid on delivery\ndate: 2026-11-01\nexpires: 2027-05-01\n",
        countersign::base::digest::Digest::of(text.as_bytes())
    );
    std::fs::write(sandbox.path().join("sample/decisions/quillfold-unknown.yaml"), decision).unwrap();
    let packs = sandbox.generate(&["quillfold-stationery"], "out", &[]);
    assert_eq!(verify(&sandbox, &packs[0]).code, 0);
    let explanation = std::fs::read_to_string(packs[0].join("internal/explanation.json")).unwrap();
    assert!(explanation.contains("small orders, paid on delivery"));
}
