//! Oversight by the command line: what is owed in one list, evidence, findings, decisions, drills, the calendar and reports.

use serde_json::Value;

use crate::suite::sandbox::{Run, Sandbox};

const MONDAY: &str = "2027-01-11T10:00:00.000Z";
const LATER: &str = "2027-02-15T10:00:00.000Z";

struct Office(Sandbox);

impl Office {
    /// The sample with people, courses and assessments.
    fn open() -> Self {
        let office = Self(Sandbox::with_sample());
        office.does(MONDAY, &["ledger", "init"]);
        office.does(MONDAY, &["people", "import", "sample/people.csv"]);
        office.does(MONDAY, &["sync"]);
        office
    }

    fn run(&self, now: &str, arguments: &[&str]) -> Run {
        let mut all = vec!["-C", "sample"];
        all.extend(arguments);
        all.extend(["--now", now]);
        self.0.run(&all)
    }

    fn does(&self, now: &str, arguments: &[&str]) -> String {
        let run = self.run(now, arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
        run.stdout
    }

    fn refuses(&self, now: &str, arguments: &[&str], why: &str) {
        let run = self.run(now, arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(why), "{arguments:?}: {}", run.stderr);
    }

    fn reads(&self, now: &str, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        serde_json::from_str(&self.does(now, &all)).unwrap()
    }

    /// The due date of an obligation; nothing when it is not owed.
    fn due(&self, now: &str, id: &str) -> Option<String> {
        let all = self.reads(now, &["due"]);
        let found = all["obligations"].as_array().unwrap().iter().find(|o| o["id"] == id);
        found.map(|o| o["due"].as_str().unwrap().to_owned())
    }

    fn writes(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }
}

#[test]
fn certificate_is_owed_until_evidence_counts_for_longer() {
    let office = Office::open();
    let all = office.reads(MONDAY, &["due", "--kind", "certificate"]);
    let first = &all["obligations"][0];
    let (id, supplier, due) = (first["id"].as_str().unwrap(), first["supplier"].as_str().unwrap(), first["due"].as_str().unwrap());
    office.writes("certificate.pdf", "%PDF a certificate");
    let add = |supplier: &str, more: &[&str]| {
        let fixed = ["evidence", "add", supplier, "certificate.pdf", "--for", id, "--scope", "all services", "--reviewer", "Niamh"];
        office.run(MONDAY, &[&fixed, more].concat())
    };
    let refused = |run: Run, why: &str| assert!(run.code == 1 && run.stderr.contains(why), "{}", run.stderr);
    refused(add(supplier, &[]), "has a last day");
    refused(add(supplier, &["--valid-until", due]), "does not close what is due on");
    refused(add("okafor-kessler-developer", &["--valid-until", "2031-01-31"]), "is about");
    let said = add(supplier, &["--valid-until", "2031-01-31", "--exception", "two sites are not covered", "--opinion", "qualified"]).stdout;
    assert!(said.contains("1 findings"), "{said}");
    assert_eq!(office.due(MONDAY, id).as_deref(), Some("2031-01-31"));
    assert!(office.does(MONDAY, &["finding", "list"]).contains("two sites are not covered"));
    assert_eq!(office.0.run(&["-C", "sample", "ledger", "verify"]).code, 0);
}

#[test]
fn finding_is_opened_moved_and_closed_with_evidence() {
    let office = Office::open();
    office.refuses(MONDAY, &["finding", "open", "late", "--owner", "x", "--due", "2026-12-31"], "is over");
    let opened = office.reads(
        MONDAY,
        &[
            "finding",
            "open",
            "restores are not tested",
            "--supplier",
            "ironpeak-hosting",
            "--severity",
            "major",
            "--owner",
            "grainne.fallon@harbourline.example",
            "--due",
            "2027-02-10",
        ],
    );
    let id = opened["finding"].as_str().unwrap();
    assert_eq!(office.due(MONDAY, &format!("finding/{id}")).as_deref(), Some("2027-02-10"));
    let plan = office.does("2027-02-11T10:00:00.000Z", &["remind", "--plan"]);
    assert!(
        plan.contains("Gráinne Fallon (p-fallon), from 2027-02-11T10:00:00.000Z") && plan.contains("finding: restores are not tested [overdue 1"),
        "{plan}"
    );
    office.does(LATER, &["finding", "update", id, "--note", "plan received", "--due", "2027-03-31"]);
    assert_eq!(office.due(LATER, &format!("finding/{id}")).as_deref(), Some("2027-03-31"));
    office.writes("protocol.pdf", "%PDF restored");
    office.does(LATER, &["finding", "close", id, "--reason", "restored", "--evidence", "protocol.pdf"]);
    assert_eq!(office.due(LATER, &format!("finding/{id}")), None);
    office.refuses(LATER, &["finding", "close", id, "--reason", "again"], "is closed");
    assert_eq!(office.due("2027-02-11T10:00:00.000Z", "nothing"), None);
}

#[test]
fn review_is_recorded_and_a_decision_accepts_a_late_one_for_a_while() {
    let office = Office::open();
    let id = "review/ironpeak-hosting";
    assert_eq!(office.due(MONDAY, id).as_deref(), Some("2027-07-11"), "critical suppliers are reviewed every six months");
    office.refuses(
        MONDAY,
        &["decision", "record", id, "--role", "ciso", "--person", "nobody@example.com", "--until", "2027-12-31", "--reason", "x"],
        "does not hold the role",
    );
    let workspace = std::fs::read_to_string(office.0.path().join("sample/countersign.yaml")).unwrap();
    let authorities = workspace.split("\nauthorities:\n").nth(1).unwrap();
    let role = authorities.lines().next().unwrap().trim().trim_end_matches(':');
    let person = authorities.lines().find_map(|line| line.trim().strip_prefix("email: ")).unwrap();
    office.does("2027-08-01T10:00:00.000Z", &["decision", "record", id, "--role", role, "--person", person, "--until", "2027-12-31", "--reason", "merger"]);
    assert_eq!(office.due("2027-08-02T10:00:00.000Z", id), None);
    assert_eq!(office.due("2028-01-01T10:00:00.000Z", id).as_deref(), Some("2027-07-11"), "it is owed again when the decision has run out");
    office.does("2028-01-02T10:00:00.000Z", &["assess", "ironpeak-hosting", "--record", "--reviewer", "Niamh Kilbride"]);
    assert_eq!(office.due("2028-01-02T10:00:00.000Z", id).as_deref(), Some("2028-07-02"));
    let calendar = office.does("2028-01-02T10:00:00.000Z", &["calendar", "--supplier", "ironpeak-hosting"]);
    assert!(calendar.contains("UID:review/ironpeak-hosting@register.harbourline.example.countersign\r\n"), "{calendar}");
    assert!(
        calendar.starts_with("BEGIN:VCALENDAR\r\n") && calendar.contains("METHOD:PUBLISH") && calendar.contains("DTSTART;VALUE=DATE:20280702"),
        "{calendar}"
    );
}

#[test]
fn calendar_cancels_what_is_not_owed_any_more_and_its_sequence_rises() {
    let office = Office::open();
    let sequence = |now: &str| {
        // Lines are folded after 75 octets (RFC 5545, 3.1).
        let text = office.does(now, &["calendar", "--person", "p-nolan"]).replace("\r\n ", "");
        let event = text.split("BEGIN:VEVENT").find(|event| event.contains("UID:training/security_onboarding/p-nolan@")).unwrap().to_owned();
        let number: u64 = event.lines().find_map(|line| line.strip_prefix("SEQUENCE:")).unwrap().trim().parse().unwrap();
        (number, event.contains("STATUS:CANCELLED"))
    };
    let (first, is_cancelled) = sequence(MONDAY);
    assert!(!is_cancelled);
    assert_eq!(office.does(MONDAY, &["calendar"]), office.does("2027-01-11T15:00:00.000Z", &["calendar"]), "the same state gives the same bytes");
    office.does(MONDAY, &["training", "record", "security_onboarding", "p-nolan", "--on", "2027-01-11", "--score", "90"]);
    let (second, is_cancelled) = sequence("2027-01-12T10:00:00.000Z");
    assert!(is_cancelled && second > first);
}

#[test]
fn completions_are_imported_and_every_bad_row_is_named() {
    let office = Office::open();
    office.writes(
        "done.csv",
        "person,course,completed,score,attended\np-nolan,security_onboarding,2027-01-10,91,\nciara.nolan@harbourline.example,security_refresher,2027-01-10,70,\n\
         p-nobody,security_refresher,2027-01-10,90,\np-fallon,security_refreshr,2027-01-10,90,\np-fallon,security_refresher,2027-02-30,90,\n\
         p-voss,security_refresher,2028-01-10,90,\np-nolan,security_onboarding,2027-01-10,95,\n",
    );
    let run = office.run(MONDAY, &["training", "import", "done.csv", "--dry-run"]);
    assert_eq!(run.code, 1);
    for fault in [
        "does not pass",
        "no person `p-nobody`",
        "did you mean `security_refresher`?",
        "there is no day `2027-02-30`",
        "still to come",
        "another row has the same person",
    ] {
        assert!(run.stderr.contains(fault), "{fault}: {}", run.stderr);
    }
    assert!(run.stderr.contains("done.csv:3:") && run.stderr.contains("done.csv:8:"), "{}", run.stderr);
    let partial = office.run(MONDAY, &["training", "import", "done.csv", "--partial"]);
    assert_eq!((partial.code, partial.stdout.as_str()), (4, "1 completion recorded, 0 known already, 6 faulty\n"));
    office.writes("again.csv", "person;course;completed;score\np-nolan;security_onboarding;2027-01-10;91\n");
    assert_eq!(office.does(MONDAY, &["training", "import", "again.csv"]), "0 completions recorded, 1 known already, 0 faulty\n");
    office.refuses(MONDAY, &["training", "record", "privileged_access", "p-iyer", "--on", "2027-01-10"], "asks for a certificate");
    let status = office.reads(MONDAY, &["training", "status", "--person", "p-nolan", "--course", "security_onboarding"]);
    let completion = status["lines"][0]["completion"].as_str().unwrap();
    office.does(MONDAY, &["training", "void", completion, "--reason", "mistake"]);
    let status = office.reads(MONDAY, &["training", "status", "--person", "p-nolan", "--course", "security_onboarding"]);
    assert_eq!(status["lines"][0]["status"], "assigned");
}

#[test]
fn erasure_takes_certificates_along_but_those_of_others() {
    let office = Office::open();
    office.writes("own.pdf", "%PDF certificate of Anand Iyer alone");
    office.writes("class.pdf", "%PDF certificate of the whole class");
    office.does(MONDAY, &["training", "record", "privileged_access", "p-iyer", "--on", "2027-01-10", "--certificate", "own.pdf"]);
    office
        .does(MONDAY, &["training", "record", "security_onboarding", "p-iyer", "p-nolan", "--on", "2027-01-09", "--score", "90", "--certificate", "class.pdf"]);
    office.does(MONDAY, &["people", "end", "p-iyer", "--on", "2027-01-11", "--reason", "left"]);
    office.refuses("2033-01-11T10:00:00.000Z", &["erase", "p-iyer", "--reason", "period over"], "retention period");
    office.does("2033-01-12T10:00:00.000Z", &["erase", "p-iyer", "--reason", "period over"]);
    let file = std::fs::read(office.0.path().join("sample/countersign.db")).unwrap();
    let has = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!has("certificate of Anand Iyer alone") && has("certificate of the whole class"));
    assert_eq!(office.0.run(&["-C", "sample", "ledger", "verify"]).code, 0);
}

#[test]
fn drill_credits_teaches_and_leaves_actions_until_they_are_closed() {
    let office = Office::open();
    office.writes(
        "drill.yaml",
        "version: 1\ncourse: incident_drill\nday: 2027-01-08\nscenario: The payroll supplier is encrypted on pay day.\nparticipants: [p-fallon, ciara.nolan@harbourline.example]\n\
         lessons: [The number of the supplier's night desk was wrong.]\nactions:\n  - {action: Correct the contact sheet, owner: grainne.fallon@harbourline.example, due: 2027-01-31}\n",
    );
    let drill = office.reads(MONDAY, &["training", "drill", "drill.yaml"]);
    let action = drill["actions"][0].as_str().unwrap();
    assert_eq!(office.due(MONDAY, &format!("finding/{action}")).as_deref(), Some("2027-01-31"));
    office.does(MONDAY, &["training", "lesson", "security_refresher", "Call back before a changed bank account is used.", "--source", "incident 2027-01-09"]);
    office.does(MONDAY, &["remind", "--send"]);
    let mails: Vec<String> = std::fs::read_dir(office.0.path().join("output/mail"))
        .unwrap()
        .map(|file| String::from_utf8(std::fs::read(file.unwrap().path()).unwrap()).unwrap())
        .collect();
    assert!(mails.iter().any(|mail| mail.replace("=\r\n", "").contains("Call back before a changed bank account is used.")), "the next mails name the lesson");
    office.writes("bad.yaml", "version: 1\ncourse: security_refresher\nday: 2027-05-08\nscenario: x\nparticipants: [p-nobody]\n");
    let run = office.run(MONDAY, &["training", "drill", "bad.yaml"]);
    for fault in ["is no drill", "is still to come", "no person `p-nobody`"] {
        assert!(run.code == 1 && run.stderr.contains(fault), "{fault}: {}", run.stderr);
    }
}

#[test]
fn reports_are_written_sent_once_and_say_the_same_as_their_rows() {
    let office = Office::open();
    office.does(MONDAY, &["policy", "publish", "code_of_conduct", "--reason", "first"]);
    office.does(MONDAY, &["ack", "request", "code_of_conduct", "--supplier", "tallyholme-payroll"]);
    for kind in ["compliance", "supplier", "board"] {
        let path = office.does(LATER, &["report", kind]);
        let bytes = std::fs::read(office.0.path().join(path.trim())).unwrap();
        assert!(bytes.starts_with(b"%PDF-1.7"), "{kind}");
        let again = office.does(LATER, &["report", kind, "--to", "again.pdf"]);
        assert_eq!(std::fs::read(office.0.path().join(again.trim())).unwrap(), bytes, "the same state gives the same bytes");
        let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("certificates");
        std::fs::create_dir_all(&kept).unwrap();
        std::fs::write(kept.join(format!("report-{kind}.pdf")), &bytes).unwrap();
    }
    let json = office.reads(LATER, &["report", "board"]);
    assert_eq!(json["suppliers"].as_array().unwrap().len(), 9);
    assert!(json["suppliers"][0]["above_appetite"][0].as_str().unwrap().contains("tier critical"), "{}", json["suppliers"][0]);
    let rows = office.does(LATER, &["report", "supplier", "--format", "csv"]);
    assert_eq!(rows.lines().count(), 10);
    let overdue: u64 = json["courses"].as_array().unwrap().iter().map(|c| c["overdue"].as_u64().unwrap()).sum();
    let all = office.does(LATER, &["report", "compliance", "--format", "csv"]);
    let of_csv = all.lines().filter(|line| line.starts_with("training,") && line.contains(",overdue,")).count();
    assert!(overdue > 0 && usize::try_from(overdue).unwrap() == of_csv, "{overdue} {of_csv}");
    // A day of the past looks as it was known then.
    let then = office.reads(LATER, &["report", "board", "--as-of", "2027-01-11"]);
    assert_eq!(then["courses"][0]["overdue"], 0);
    let sent = office.does(LATER, &["report", "board", "--send-to", "p-fallon"]);
    assert!(sent.starts_with("1 decided"), "{sent}");
    assert!(office.does(LATER, &["report", "board", "--send-to", "p-fallon"]).starts_with("0 decided, 0 sent"));
    assert_eq!(office.0.run(&["-C", "sample", "ledger", "verify"]).code, 0);
}

#[test]
fn sync_records_edits_of_files_once_and_never_retires_a_library_that_was_not_read() {
    let office = Office::open();
    assert_eq!(office.does(MONDAY, &["sync"]), "0 courses, 0 people assigned, 0 released, 0 assessments, 0 decisions\n");
    let course = office.0.path().join("clauses/training/privacy_refresher.yaml");
    std::fs::remove_file(&course).unwrap();
    assert!(office.does(MONDAY, &["sync", "--dry-run"]).contains("course privacy_refresher is retired"));
    assert!(office.does(MONDAY, &["sync"]).contains("course privacy_refresher is retired"));
    assert!(office.does(MONDAY, &["training", "list"]).contains("retired 2027-01-11"));
    std::fs::remove_dir_all(office.0.path().join("clauses/training")).unwrap();
    office.refuses(MONDAY, &["sync"], "the library has no course");
}

#[test]
fn flood_and_long_silence_stop_and_ask() {
    let office = Office::open();
    let many: String = (0..30).map(|n| format!("q-{n},Person {n},q{n}@harbourline.example,Customer Platforms,Europe/Dublin,IE,2026-01-01\n")).collect();
    office.writes("many.csv", &format!("id,name,email,department,time_zone,country,start\n{many}"));
    office.does(MONDAY, &["people", "import", "many.csv"]);
    office.does(MONDAY, &["sync"]);
    office.refuses(MONDAY, &["remind", "--send"], "are usual for a day");
    assert!(office.does(MONDAY, &["outbox", "list", "--all"]).lines().count() == 1, "nothing was decided");
    assert!(office.does(MONDAY, &["remind", "--send", "--confirm"]).contains("sent"));
    // A clock that is forty days ahead, and then right again: nothing is sent twice.
    let ahead = "2027-02-22T10:00:00.000Z";
    office.refuses(ahead, &["remind", "--send"], "--confirm");
    let next = office.does("2027-01-12T10:00:00.000Z", &["remind", "--send"]);
    assert!(next.starts_with("0 decided"), "{next}");
    let back = office.run("2026-12-02T10:00:00.000Z", &["remind", "--send"]);
    assert!(back.code != 0 && back.stderr.contains("the clock says"), "{}", back.stderr);
}
