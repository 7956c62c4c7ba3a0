//! The life of a pack in the register, by the command line: from submission to its end, with every refusal on the way.

use std::path::{Path, PathBuf};

use countersign::base::digest::Digest;
use countersign::contract::lifecycle::PackState;
use countersign::workflow::register::{Edge, Register};
use serde_json::Value;

use crate::suite::packs::generated;
use crate::suite::sandbox::{DATE, Run, Sandbox, copy};

const CRM: &str = "brightledger-crm";
const CLEANING: &str = "swit-avgi-safak-cleaning";
const STATIONERY: &str = "quillfold-stationery";

const AUTHOR: &str = "tobias.merrifield@harbourline.example";
const BUYER: &str = "saoirse.lenihan@harbourline.example";
const SECURITY: &str = "lucan.verschoyle@harbourline.example";
const LEGAL: &str = "dervla.quinlan@harbourline.example";
const PRIVACY: &str = "grainne.fallon@harbourline.example";
const TO: &str = "Ines Alvarado <ines@brightledger.example>";

/// A workspace with a register that has just begun.
struct Story {
    sandbox: Sandbox,
}

impl Story {
    fn new() -> Self {
        let sandbox = Sandbox::with_sample();
        let edge = Edge::system("setup", Some("2026-11-21T08:00:00.000Z".parse().unwrap()));
        Register::begin(&sandbox.path().join("sample"), "register.harbourline.example/countersign", "Harbourline Group", edge).unwrap();
        Self { sandbox }
    }

    /// Runs `pack` on a day.
    fn on(&self, day: &str, by: &str, arguments: &[&str]) -> Run {
        let now = format!("{day}T10:00:00.000Z");
        let mut all = vec!["-C", "sample", "pack"];
        all.extend(arguments);
        all.extend(["--by", by, "--now", &now]);
        self.sandbox.run(&all)
    }

    /// Runs `pack` on a day, which must go well, and gives what it prints.
    fn does(&self, day: &str, by: &str, arguments: &[&str]) -> String {
        let run = self.on(day, by, arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stderr, run.stdout);
        run.stdout
    }

    /// Runs `pack` on a day, which must be refused with these words.
    fn refuses(&self, code: i32, day: &str, by: &str, arguments: &[&str], words: &[&str]) {
        let run = self.on(day, by, arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.stderr, run.stdout);
        for word in words {
            assert!(run.stderr.contains(word), "{arguments:?}: `{word}` is not in: {}", run.stderr);
        }
        assert!(run.stderr.contains("help:"), "{arguments:?}: {}", run.stderr);
    }

    fn show(&self, pack: &str) -> Value {
        let run = self.sandbox.run(&["-C", "sample", "pack", "show", pack, "--format", "json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn state(&self, pack: &str) -> String {
        self.show(pack)["state"].as_str().unwrap().to_owned()
    }

    fn list(&self) -> String {
        let run = self.sandbox.run(&["-C", "sample", "pack", "list"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    }

    /// Submits the shared pack of a supplier on the day of its date.
    fn submitted(&self, supplier: &str) -> (String, PathBuf) {
        let folder = shared(supplier);
        self.does(DATE, AUTHOR, &["submit", folder.to_str().unwrap()]);
        (id(&folder), folder)
    }

    /// Brings the pack of a supplier to its issue, a day after its date.
    fn issued(&self, supplier: &str) -> (String, PathBuf) {
        let (pack, folder) = self.submitted(supplier);
        let roles: &[(&str, &str)] = if supplier == CRM { &[("security", SECURITY), ("legal", LEGAL), ("privacy", PRIVACY)] } else { &[("buyer", BUYER)] };
        for (role, person) in roles {
            self.does("2026-11-22", person, &["approve", &pack, "--as", role]);
        }
        self.does("2026-11-22", BUYER, &["issue", &pack, "--to", TO]);
        (pack, folder)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.sandbox.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.sandbox.path().join("sample").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// The register opens without fault; the number of its entries.
    fn entries(&self) -> u64 {
        Register::open(&self.sandbox.path().join("sample"), Edge::system("test", None)).unwrap().state().size
    }
}

/// A pack folder of the samples that all tests read.
fn shared(supplier: &str) -> PathBuf {
    generated().1.iter().find(|folder| folder.parent().unwrap().ends_with(supplier)).unwrap().clone()
}

fn id(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

/// The PDFs of a pack by kind.
fn pdf(folder: &Path, kind: &str) -> (String, Vec<u8>) {
    let path = std::fs::read_dir(folder.join("send")).unwrap().map(|e| e.unwrap().path());
    let path = path.into_iter().find(|p| p.file_name().unwrap().to_string_lossy().starts_with(&format!("{kind}-"))).unwrap();
    (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
}

const OURS: &str = "ours:Niamh Kilbride, Managing Director, 2026-11-30";
const THEIRS: &str = "theirs:Ines Alvarado, Director, 2026-12-01";

#[test]
fn pack_goes_from_submission_to_execution_and_to_its_end() {
    let story = Story::new();
    let folder = shared(CRM);
    let pack = id(&folder);
    let said = story.does(DATE, AUTHOR, &["submit", folder.to_str().unwrap()]);
    assert_eq!(said, format!("{pack}: submitted, {CRM}, 5 documents; needs security, legal, privacy\n"));
    assert!(story.list().contains("submitted") && story.list().contains("needs security, legal, privacy"), "{}", story.list());

    let said = story.does("2026-11-22", SECURITY, &["approve", &pack, "--as", "security", "--note", "SOC 2 seen"]);
    assert_eq!(said, format!("{pack}: approved as security by Lucan Verschoyle; needs legal, privacy\n"));
    // By the first digits, and by the folder.
    story.does("2026-11-22", "Dervla.Quinlan@HARBOURLINE.example", &["approve", &pack[..6], "--as", "legal"]);
    story.refuses(1, "2026-11-22", BUYER, &["issue", &pack, "--to", TO], &["lacks the approval of privacy", "--as privacy"]);
    let said = story.does("2026-11-23", PRIVACY, &["approve", folder.to_str().unwrap(), "--as", "privacy"]);
    assert_eq!(said, format!("{pack}: approved as privacy by Gráinne Fallon; every approval is there\n"));
    assert_eq!(story.state(&pack), "approved");
    let (nda, nda_bytes) = pdf(&folder, "NDA");
    let file = story.write("early.pdf", &nda_bytes);
    let execute = ["execute", &pack, "--document", "nda", "--file", &file, "--method", "esign", "--signed-by", OURS];
    story.refuses(1, "2026-11-30", BUYER, &execute, &["is approved", "pack issue"]);

    let said = story.does("2026-11-24", BUYER, &["issue", &pack, "--to", TO, "--to", "Ravi Menon <ravi@brightledger.example>"]);
    assert_eq!(said, format!("{pack}: issued, 5 documents, 2 recipients\n"));
    assert_eq!(story.state(&pack), "issued");
    story.refuses(1, "2026-11-24", LEGAL, &["reject", &pack, "--as", "legal", "--reason", "late"], &["is issued", "between submission and issue"]);

    // Signed by an incremental update, first by one side.
    let update = story.write("nda-signed.pdf", &[&nda_bytes[..], b"\n1 0 obj <<>> endobj\n"].concat());
    let said = story.does("2026-12-01", BUYER, &["execute", &pack, "--document", &nda, "--file", &update, "--method", "esign", "--signed-by", OURS]);
    assert_eq!(said, format!("{pack}: {nda}, begins with the issued bytes; the document is half-signed, the pack half-signed\n"));
    let again = ["execute", &pack, "--document", &nda, "--file", &update, "--method", "esign", "--signed-by", OURS];
    story.refuses(1, "2026-12-01", BUYER, &again, &["recorded already"]);
    let said = story.does("2026-12-02", BUYER, &["execute", &pack, "--document", "nda", "--file", &update, "--method", "esign", "--signed-by", THEIRS]);
    assert!(said.contains("the document is executed, the pack half-signed"), "{said}");
    story.refuses(1, "2026-12-02", BUYER, &again, &["is executed"]);

    // Inside a container, the same bytes, and a scan.
    let wrapped = |bytes: &[u8]| [b"PK\x03\x04 stored ", bytes, b" end of the container"].concat();
    for (kind, bytes, words) in [
        ("dpa", wrapped(&pdf(&folder, "DPA").1), "contains the issued bytes"),
        ("sla", pdf(&folder, "SLA").1, "identical, no signature inside"),
        ("termination", b"a scan".to_vec(), "scan, not compared"),
        ("terms", [&pdf(&folder, "TERMS").1[..], b" "].concat(), "begins with the issued bytes"),
    ] {
        let file = story.write(&format!("{kind}-signed.pdf"), &bytes);
        let effective = if kind == "terms" { vec!["--effective", "2027-01-01"] } else { Vec::new() };
        let mut arguments = vec!["execute", &pack, "--document", kind, "--file", &file, "--method", "wet_ink", "--signed-by", OURS, "--signed-by", THEIRS];
        arguments.extend(effective);
        let said = story.does("2026-12-03", BUYER, &arguments);
        assert!(said.contains(words) && said.contains("the document is executed"), "{said}");
    }
    assert_eq!(story.state(&pack), "executed");
    let shown = story.show(&pack);
    let documents = shown["documents"].as_array().unwrap();
    let effective = |kind: &str| {
        let document = documents.iter().find(|d| d["kind"] == kind).unwrap();
        document["signings"].as_array().unwrap().last().unwrap()["what"]["effective"].as_str().unwrap().to_owned()
    };
    assert_eq!((effective("nda"), effective("terms")), ("2026-12-01".to_owned(), "2027-01-01".to_owned()), "the last signature, where nobody said another day");

    story.refuses(1, "2027-01-05", BUYER, &["terminate", &pack, "--notice", "2027-04-01", "--end", "2027-03-31", "--reason", "x"], &["before the notice"]);
    let said = story.does("2027-01-05", BUYER, &["terminate", &pack, "--notice", "2027-01-04", "--end", "2027-04-30", "--reason", "service no longer needed"]);
    assert!(said.starts_with(&format!("{pack}: terminated, notice 2027-01-04, end 2027-04-30, ")), "{said}");
    let shown = story.show(&pack);
    let deadlines = shown["terminated"]["what"]["deadlines"].as_array().unwrap();
    let find = |id: &str| deadlines.iter().find(|d| d["obligation"]["id"].as_str().unwrap().ends_with(id)).unwrap_or_else(|| panic!("{id}: {said}"));
    let exit = find("/start-exit");
    assert_eq!((exit["starts"].as_str(), exit["due"].as_str(), exit["obligation"]["deadline"].as_str()), (Some("notice"), None, Some("without delay")));
    for deadline in deadlines.iter().filter(|d| d["obligation"]["trigger"] == "End Date") {
        assert_eq!(deadline["starts"], "end");
        let printed = deadline["obligation"]["deadline"].as_str().unwrap();
        assert_eq!(deadline["due"].is_string(), printed.starts_with(|c: char| c.is_ascii_digit()), "{deadline}");
    }
    let dates: Vec<&str> = deadlines.iter().filter_map(|d| d["due"].as_str()).collect();
    assert!(dates.len() > 5 && dates.is_sorted() && dates[0] > "2027-04-29", "{dates:?}");
    assert!(deadlines.iter().all(|d| d["obligation"]["trigger"] != "becoming aware"));

    story.refuses(1, "2027-01-06", BUYER, &["terminate", &pack, "--notice", "2027-01-04", "--end", "2027-04-30", "--reason", "x"], &["is terminated"]);
    let text = story.sandbox.run(&["-C", "sample", "pack", "show", &pack]).stdout;
    for line in [
        "approved 2026-11-22 as security by Lucan Verschoyle: SOC 2 seen",
        "issued 2026-11-24 to Ines Alvarado",
        "scan, not compared (wet_ink)",
        "terminated 2027-01-05",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(story.entries(), 1 + 1 + 3 + 1 + 6 + 1);
    // The bytes are kept, each under its digest.
    let mut register = Register::open(&story.sandbox.path().join("sample"), Edge::system("test", None)).unwrap();
    assert_eq!(register.file(&Digest::of(b"a scan")).unwrap(), b"a scan");
    assert_eq!(register.file(&Digest::of(&nda_bytes)).unwrap(), nda_bytes);
}

#[test]
fn nobody_approves_their_own_pack_or_in_a_role_that_is_not_theirs() {
    let story = Story::new();
    let folder = shared(CRM);
    let path = folder.to_str().unwrap();
    // The author wrote a name, and case does not matter.
    story.does(DATE, BUYER, &["submit", path, "--author", "dervla QUINLAN"]);
    let pack = id(&folder);
    let day = "2026-11-22";
    story.refuses(1, day, LEGAL, &["approve", &pack, "--as", "legal"], &["made the pack", "nobody approves their own"]);
    story.refuses(1, day, LEGAL, &["approve", &pack, "--as", "security"], &["does not hold the role `security`", "authorities.security"]);
    story.refuses(1, day, "root", &["approve", &pack, "--as", "legal"], &["`root` does not hold the role `legal`", "--by EMAIL"]);
    story.refuses(1, day, LEGAL, &["approve", &pack, "--as", "legl"], &["no role `legl`", "did you mean `legal`?"]);
    story.refuses(1, day, BUYER, &["approve", &pack, "--as", "buyer"], &["needs no approval as `buyer`", "security, legal, privacy"]);
    story.refuses(1, day, SECURITY, &["approve", "0123", "--as", "security"], &["no pack `0123`"]);
    story.does(day, SECURITY, &["approve", &pack, "--as", "security"]);
    story.refuses(
        1,
        day,
        "priyanka.sethi@harbourline.example",
        &["approve", &pack, "--as", "security"],
        &["approved as `security` already, by Lucan Verschoyle"],
    );

    // One person, one role: others hold `legal`, so the security officer may not approve there as well; nobody else holds `privacy`.
    let officer = "\n    - name: Lucan Verschoyle\n      email: lucan.verschoyle@harbourline.example";
    story.edit("countersign.yaml", "\n  legal:", &format!("\n  legal:{officer}"));
    story.edit(
        "countersign.yaml",
        "\n    - name: Gráinne Fallon\n      email: grainne.fallon@harbourline.example\n  security:",
        &format!("{officer}\n  security:"),
    );
    story.refuses(1, day, SECURITY, &["approve", &pack, "--as", "legal"], &["as `security` already, and others hold the role `legal`"]);
    story.does(day, SECURITY, &["approve", &pack, "--as", "privacy"]);
    story.does(day, "marcus.tredinnick@harbourline.example", &["approve", &pack, "--as", "legal"]);
    assert_eq!(story.state(&pack), "approved");

    // An approver who lost the role: the pack waits for another.
    story.edit(
        "countersign.yaml",
        &format!("\n  privacy:{officer}"),
        "\n  privacy:\n    - name: Gráinne Fallon\n      email: grainne.fallon@harbourline.example",
    );
    story.refuses(1, day, BUYER, &["issue", &pack, "--to", TO], &["approved the pack", "no longer holds that role", "--as privacy"]);
    story.does(day, PRIVACY, &["approve", &pack, "--as", "privacy"]);
    story.does(day, BUYER, &["issue", &pack, "--to", TO]);
}

#[test]
fn folder_that_does_not_hold_is_refused() {
    let story = Story::new();
    let copied = story.sandbox.path().join("copied");
    copy(&shared(STATIONERY), &copied);
    let flip = |name: &str| {
        let path = copied.join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let (nda, _) = pdf(&copied, "NDA");
    let sent = format!("send/{nda}");
    flip(&sent);
    story.refuses(3, DATE, AUTHOR, &["submit", copied.to_str().unwrap()], &[&sent, "its SHA-256 is"]);
    flip(&sent);
    flip("internal/explanation.json");
    story.refuses(3, DATE, AUTHOR, &["submit", copied.to_str().unwrap()], &["internal/explanation.json"]);
    flip("internal/explanation.json");
    story.does(DATE, AUTHOR, &["submit", copied.to_str().unwrap()]);
    story.refuses(1, DATE, AUTHOR, &["submit", copied.to_str().unwrap()], &["was submitted already, on 2026-11-21"]);

    // The approver's copy is not what was submitted.
    flip(&sent);
    story.refuses(3, DATE, BUYER, &["approve", copied.to_str().unwrap(), "--as", "buyer"], &[&sent]);
    story.refuses(3, DATE, BUYER, &["reject", copied.to_str().unwrap(), "--as", "buyer", "--reason", "x"], &[&sent]);
    flip(&sent);
    // Generated again on another day: the same id, another manifest.
    let other = story.sandbox.run(&["-C", "sample", "generate", STATIONERY, "--date", "2026-11-25"]);
    assert_eq!(other.code, 0, "{}", other.stderr);
    let pack = id(&shared(STATIONERY));
    let later = story.sandbox.path().join("output").join(STATIONERY).join(&pack);
    let named = format!("./output/{STATIONERY}/{pack}");
    story.refuses(3, "2026-11-25", BUYER, &["approve", &named, "--as", "buyer"], &["internal/manifest.json", "was submitted"]);
    story.refuses(3, "2026-11-25", BUYER, &["approve", &pack, "--as", "buyer"], &["internal/manifest.json", "was submitted"]);
    story.refuses(1, "2026-11-25", AUTHOR, &["submit", &named], &["was submitted with the date 2026-11-21, this folder has 2026-11-25"]);
    std::fs::remove_dir_all(later).unwrap();
    story.does("2026-11-25", BUYER, &["approve", &pack, "--as", "buyer"]);
    assert_eq!(story.entries(), 3, "what was refused left no trace");
}

#[test]
fn review_copies_policies_and_strangers_are_not_submitted() {
    let story = Story::new();
    let policy = generated().1.iter().find(|folder| folder.to_string_lossy().contains("/policies/")).unwrap();
    story.refuses(1, DATE, AUTHOR, &["submit", policy.to_str().unwrap()], &["is a policy pack"]);
    // Another build promises other bytes: its digests hold, which is said.
    let other = story.sandbox.path().join("other");
    copy(&shared(STATIONERY), &other);
    let manifest = other.join("internal/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace(countersign::pack::manifest::GENERATOR, "countersign 0.0.9 build 1")).unwrap();
    story.refuses(1, DATE, AUTHOR, &["submit", other.to_str().unwrap(), "--deny-warnings"], &["other-build", "countersign 0.0.9 build 1"]);
    let draft = story.sandbox.generate(&[STATIONERY], "out", &["--draft"]).remove(0);
    story.refuses(1, DATE, AUTHOR, &["submit", draft.to_str().unwrap()], &["is a review copy"]);
    let run = story.on(DATE, AUTHOR, &["submit", "nowhere"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("cannot read `nowhere/internal/manifest.json`"), "{}", run.stderr);
    story.refuses(1, DATE, BUYER, &["approve", shared(CRM).to_str().unwrap(), "--as", "legal"], &["is not in the register", "pack submit"]);
    story.refuses(1, DATE, "a\u{202e}b", &["submit", shared(STATIONERY).to_str().unwrap()], &["the author"]);
    assert_eq!(story.on(DATE, BUYER, &["issue", "abc", "--to", "Ines"]).code, 2);
    assert_eq!(story.entries(), 1);
}

#[test]
fn pack_without_register_is_told_to_begin_one() {
    let sandbox = Sandbox::with_sample();
    let run = sandbox.run(&["-C", "sample", "pack", "submit", shared(STATIONERY).to_str().unwrap()]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("there is no register") && run.stderr.contains("countersign ledger init"), "{}", run.stderr);
}

#[test]
fn rejected_pack_goes_nowhere_until_it_is_submitted_again() {
    let story = Story::new();
    let (pack, folder) = story.submitted(CRM);
    story.does("2026-11-22", SECURITY, &["approve", &pack, "--as", "security"]);
    let said = story.does("2026-11-22", LEGAL, &["reject", &pack, "--as", "legal", "--reason", "the cap is too low"]);
    assert_eq!(said, format!("{pack}: rejected as legal by Dervla Quinlan: the cap is too low\n"));
    assert_eq!(story.state(&pack), "rejected");
    story.refuses(1, "2026-11-22", BUYER, &["issue", &pack, "--to", TO], &["was rejected as `legal` on 2026-11-22: the cap is too low"]);
    story.refuses(1, "2026-11-22", PRIVACY, &["approve", &pack, "--as", "privacy"], &["was rejected as `legal`"]);
    story.does("2026-11-23", AUTHOR, &["submit", folder.to_str().unwrap()]);
    let shown = story.show(&pack);
    assert_eq!((shown["state"].as_str(), shown["missing"].as_array().unwrap().len()), (Some("submitted"), 3), "approvals start over");
    assert_eq!(shown["rejections"].as_array().unwrap().len(), 1, "the rejection stays on the record");
}

#[test]
fn issue_is_stopped_by_a_decision_that_ran_out_and_warned_by_a_changed_profile() {
    let story = Story::new();
    story.edit(&format!("suppliers/{STATIONERY}.yaml"), "\n  incidents: none", "\n  incidents: unknown");
    let profile = std::fs::read(story.sandbox.path().join(format!("sample/suppliers/{STATIONERY}.yaml"))).unwrap();
    let decision = format!(
        "version: 1\nkind: accept_hold\nsupplier: {STATIONERY}\nhold: hold-unknown\nsubject: {}\nrole: security\nperson: {SECURITY}\n\
         reason: asked, answer expected\ndate: 2026-11-20\nexpires: 2026-11-30\n",
        Digest::of(&profile)
    );
    std::fs::create_dir_all(story.sandbox.path().join("sample/decisions")).unwrap();
    std::fs::write(story.sandbox.path().join("sample/decisions/quillfold.yaml"), decision).unwrap();
    let folder = story.sandbox.generate(&[STATIONERY], "out", &[]).remove(0);
    let pack = id(&folder);
    story.does(DATE, AUTHOR, &["submit", folder.to_str().unwrap()]);
    story.does("2026-11-22", BUYER, &["approve", &pack, "--as", "buyer"]);
    story.refuses(
        1,
        "2026-12-01",
        BUYER,
        &["issue", &pack, "--to", TO],
        &["open-hold", "hold-unknown", "it holds from 2026-11-20 to 2026-11-30, not on 2026-12-01"],
    );
    assert_eq!(story.state(&pack), "approved");

    // An edit of the profile: the decision was about another text, so the hold is open again.
    let path = story.sandbox.path().join(format!("sample/suppliers/{STATIONERY}.yaml"));
    std::fs::write(&path, [&profile[..], b"# checked\n"].concat()).unwrap();
    story.refuses(1, "2026-11-29", BUYER, &["issue", &pack, "--to", TO], &["profile-changed", "open-hold"]);
    // The answer came: no hold any more, and the change alone is a warning.
    let answered = String::from_utf8(profile.clone()).unwrap().replacen("incidents: unknown", "incidents: none", 1);
    std::fs::write(&path, answered).unwrap();
    story.refuses(1, "2026-11-29", BUYER, &["issue", &pack, "--to", TO, "--deny-warnings"], &["profile-changed"]);
    let run = story.on("2026-11-29", BUYER, &["issue", &pack, "--to", TO]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("profile-changed") && run.stdout.contains("issued, 1 document, 1 recipient"), "{}{}", run.stderr, run.stdout);
    // It may go to somebody else as well.
    story.does("2026-11-29", BUYER, &["issue", &pack, "--to", "Ravi Menon <ravi@quillfold.example>"]);
    assert_eq!(story.show(&pack)["issues"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_signed_before_any_assessment_is_stopped_by_no_hold() {
    let story = Story::new();
    let file = format!("suppliers/{STATIONERY}.yaml");
    story.edit(&file, "\n  incidents: none", "\n  incidents: unknown");
    let nda = story.sandbox.generate(&[STATIONERY], "held", &["--document", "nda"]).remove(0);
    let said = story.does(DATE, AUTHOR, &["submit", nda.to_str().unwrap()]);
    assert!(said.ends_with("needs buyer\n"), "{said}");
    story.does(DATE, BUYER, &["approve", &id(&nda), "--as", "buyer"]);
    story.does(DATE, BUYER, &["issue", &id(&nda), "--to", TO]);
    // Nothing of the risk is known: the lawyers answer for it.
    let path = story.sandbox.path().join("sample").join(&file);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.find("\nrisk:").unwrap() + 1]).unwrap();
    let early = story.sandbox.generate(&[STATIONERY], "early", &["--document", "nda"]).remove(0);
    let said = story.does(DATE, AUTHOR, &["submit", early.to_str().unwrap()]);
    assert!(said.ends_with("needs legal\n"), "{said}");
    assert_eq!(story.show(&id(&early))["origin"]["submitted"]["what"]["tier"], Value::Null);
}

#[test]
fn signatories_of_ours_sign_as_the_entity_says() {
    let story = Story::new();
    let (pack, folder) = story.issued(CLEANING);
    let file = story.write("signed.pdf", &[&pdf(&folder, "NDA").1[..], b" signed"].concat());
    let sign = |signatures: &[&str], more: &[&str]| -> Vec<String> {
        let mut arguments = vec!["execute", &pack, "--document", "nda", "--file", &file, "--method", "esign"];
        signatures.iter().for_each(|s| arguments.extend(["--signed-by", s]));
        arguments.extend(more);
        arguments.iter().map(|a| (*a).to_owned()).collect()
    };
    let refuses = |signatures: &[&str], words: &[&str]| {
        let arguments = sign(signatures, &[]);
        story.refuses(1, "2026-12-01", BUYER, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), words);
    };
    let (aoife, cormac) = ("ours:Aoife Brannigan, Chief Executive Officer, 2026-11-30", "ours:cormac  tierney, COO, 2026-11-30");
    refuses(&["ours:Aoife Branigan, Chief Executive Officer, 2026-11-30", cormac], &["is no signatory of `bank-ie`", "did you mean `Aoife Brannigan`?"]);
    refuses(&[aoife], &["2 signatories of `bank-ie` sign jointly, and 1 did", "one `--signed-by` for each"]);
    refuses(&[aoife, aoife], &["and 1 did"]);
    refuses(&["theirs:Ayşe Şafak, Owner, 2026-12-24"], &["cannot have signed on 2026-12-24", "to 2026-12-01"]);
    refuses(&["theirs:Ayşe Şafak, Owner, 2026-11-01"], &["cannot have signed on 2026-11-01", "from 2026-11-22"]);
    let wrong = sign(&[aoife, cormac], &["--method", "esign"]);
    assert_eq!(story.on("2026-12-01", BUYER, &wrong.iter().map(String::as_str).collect::<Vec<_>>()).code, 2, "one method");
    story.refuses(
        1,
        "2026-12-01",
        BUYER,
        &["execute", &pack, "--document", "sla", "--file", &file, "--method", "esign", "--signed-by", aoife],
        &["has no document `sla`", "NDA-"],
    );
    story.refuses(
        1,
        "2026-12-01",
        BUYER,
        &["execute", &pack, "--document", "nda", "--file", &file, "--method", "E-Sign", "--signed-by", aoife, "--signed-by", cormac],
        &["`E-Sign` is no method", "wet_ink"],
    );
    let both = sign(&[aoife, cormac], &[]);
    let said = story.does("2026-12-01", BUYER, &both.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.contains("the document is half-signed, the pack half-signed"), "{said}");
    story.refuses(1, "2026-12-01", BUYER, &["terminate", &pack, "--notice", "2026-12-01", "--end", "2026-12-31", "--reason", "x"], &["is half-signed"]);
}

#[test]
fn adopted_contract_has_its_gaps_as_findings() {
    let story = Story::new();
    let contract = story.write("msa.pdf", b"%PDF a contract of the supplier");
    let adopt = |mapping: &str| -> Vec<String> {
        ["adopt", CRM, "--file", &contract, "--title", "Master Services Agreement", "--signed", "2024-05-02", "--effective", "2024-06-01", "--mapping", mapping]
            .map(str::to_owned)
            .to_vec()
    };
    let run =
        |code: i32, arguments: &[String], words: &[&str]| story.refuses(code, DATE, BUYER, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), words);
    let bad = story.write("bad.yaml", b"version: 1\nmapping:\n  term-survivl: \"7.2\"\n  no-such-thing-at-all: 9\n");
    run(1, &adopt(&bad), &["unknown-requirement", "did you mean `term-survival`?", "`no-such-thing-at-all`", "bad.yaml:3"]);
    let none = story.write("none.yaml", b"version: 1\nmaping: {}\n");
    run(1, &adopt(&none), &["unknown-key", "did you mean `mapping`?"]);
    let good = story.write("good.yaml", b"version: 1\nmapping:\n  term-survival: \"14.1\"\n  term-initial-term: 2\n");
    let mut wrong = adopt(&good);
    wrong.extend(["--end".to_owned(), "2024-01-01".to_owned()]);
    run(1, &wrong, &["before the first day"]);
    let mut stranger = adopt(&good);
    stranger[1] = "brightledger-crn".to_owned();
    run(1, &stranger, &["unknown-supplier", "did you mean `brightledger-crm`?"]);

    let arguments = adopt(&good);
    let mut json: Vec<&str> = arguments.iter().map(String::as_str).collect();
    json.extend(["--format", "json"]);
    let value: Value = serde_json::from_str(&story.does(DATE, BUYER, &json)).unwrap();
    let id = Digest::of(b"%PDF a contract of the supplier").short(12).to_owned();
    assert_eq!(value["adoption"]["pack"], id.as_str());
    let findings = value["findings"].as_array().unwrap();
    assert_eq!(findings.len() + 2, usize::try_from(value["applicable"].as_u64().unwrap()).unwrap());
    assert!(findings.len() > 50, "{}", findings.len());
    for finding in findings {
        assert!(finding["cause"]["gap"]["requirement"] != "term-survival" && finding["finding"].as_str().unwrap().starts_with(&id), "{finding}");
        assert!(["law", "standard", "practice"].contains(&finding["cause"]["gap"]["force"].as_str().unwrap()));
    }
    run(1, &arguments, &["in the register already"]);
    assert!(story.list().contains(&format!("{} findings", findings.len())), "{}", story.list());
    assert_eq!(story.state(&id), "adopted");
    assert_eq!(story.entries(), 2 + findings.len() as u64);
    // A contract that is adopted ends as well; what its text owes is not known.
    let said = story.does(DATE, BUYER, &["terminate", &id, "--notice", DATE, "--end", "2027-01-31", "--reason", "replaced"]);
    assert_eq!(said, format!("{id}: terminated, notice {DATE}, end 2027-01-31, 0 deadlines\n"));
}

#[test]
fn pack_is_superseded_by_a_standing_one_of_the_same_supplier() {
    let story = Story::new();
    let contract = story.write("old.pdf", b"an old contract");
    let adopt = ["adopt", STATIONERY, "--file", &contract, "--title", "Old terms", "--signed", "2020-05-02", "--effective", "2020-06-01"];
    story.does(DATE, BUYER, &adopt);
    let old = Digest::of(b"an old contract").short(12).to_owned();
    let (new, folder) = story.issued(STATIONERY);
    let (crm, _) = story.submitted_later();
    let day = "2026-12-02";
    story.refuses(1, day, BUYER, &["supersede", &new, "--with", &new], &["cannot supersede itself"]);
    story.refuses(1, day, BUYER, &["supersede", &old, "--with", &crm], &["of the same supplier"]);
    story.refuses(1, day, BUYER, &["supersede", &old, "--with", &new], &["is adopted", "is only issued", "until both have signed"]);
    let file = story.write("signed.pdf", &[&pdf(&folder, "NDA").1[..], b" signed"].concat());
    let ours = "ours:Harriet Penhallow, Director, 2026-12-01";
    let theirs = "theirs:Quentin Fold, Director, 2026-12-01";
    story.does(day, BUYER, &["execute", &new, "--document", "nda", "--file", &file, "--method", "esign", "--signed-by", ours, "--signed-by", theirs]);
    assert_eq!(story.state(&new), "executed");
    let said = story.does(day, BUYER, &["supersede", &old, "--with", &new]);
    assert_eq!(said, format!("{old}: superseded by {new}\n"));
    story.refuses(1, day, BUYER, &["supersede", &new, "--with", &old], &["is superseded"]);
    story.refuses(1, day, BUYER, &["terminate", &old, "--notice", day, "--end", day, "--reason", "x"], &["is superseded"]);
    let only = story.sandbox.run(&["-C", "sample", "pack", "list", "--supplier", STATIONERY, "--format", "json"]);
    let value: Value = serde_json::from_str(&only.stdout).unwrap();
    let states: Vec<&str> = value["packs"].as_array().unwrap().iter().map(|p| p["state"].as_str().unwrap()).collect();
    assert_eq!(states, [PackState::Superseded.word(), PackState::Executed.word()], "in order of date");
}

impl Story {
    /// A pack of another supplier, submitted after others were issued.
    fn submitted_later(&self) -> (String, PathBuf) {
        let folder = shared(CRM);
        self.does("2026-11-23", AUTHOR, &["submit", folder.to_str().unwrap()]);
        (id(&folder), folder)
    }
}

#[test]
fn every_step_has_help_with_an_example() {
    let sandbox = Sandbox::new();
    for step in ["submit", "approve", "reject", "issue", "execute", "adopt", "supersede", "terminate", "list", "show"] {
        let help = sandbox.run(&["pack", step, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains("Example: countersign pack"), "{step}: {}", help.stdout);
    }
    assert_eq!(sandbox.run(&["pack"]).code, 2);
}
