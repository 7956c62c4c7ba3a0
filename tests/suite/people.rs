//! Importing people: every fault is named in its cell, nothing is guessed, nobody is lost, and the order of rows does not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign::base::diagnostic::{Report, Severity};
use countersign::base::encode::base64;
use countersign::base::node::Kind;
use countersign::base::sheet;
use countersign::base::source::{Place, Source};
use countersign::compliance::contact::{Contact, from_contacts};
use countersign::compliance::person::{Affiliation, Exemption, Language, Leave, Person, Role};
use countersign::compliance::roster::{Defaults, Roster, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::suite::bodies;
use crate::suite::shelf::{seeded, source};

/// Columns of a people file in CSV.
const COLUMNS: [&str; 21] = [
    "id",
    "name",
    "email",
    "supplier",
    "department",
    "roles",
    "language",
    "time_zone",
    "coordinator",
    "deputy",
    "start",
    "end",
    "leave_from",
    "leave_until",
    "leave_reason",
    "exempt_policy",
    "exempt_from",
    "exempt_until",
    "exempt_reason",
    "exempt_approver",
    "ssh_key",
];

/// A public key in OpenSSH form, of no use.
fn key(seed: u8) -> String {
    let blob = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[seed; 32]].concat();
    format!("ssh-ed25519 {} key {seed}", base64(&blob))
}

fn person(id: &str, affiliation: Affiliation) -> Person {
    Person {
        id: id.to_owned(),
        name: format!("{}{}", id[..1].to_uppercase(), &id[1..]),
        email: Some(format!("{id}@northwind.example")),
        affiliation,
        roles: BTreeSet::new(),
        language: Language::En,
        time_zone: "Europe/Dublin".to_owned(),
        country: None,
        coordinator: None,
        deputy: None,
        start: "2026-01-05".parse().unwrap(),
        end: None,
        leave: Vec::new(),
        exemptions: Vec::new(),
        ssh_keys: Vec::new(),
    }
}

/// Ann and Ben of a supplier, Ben coordinates Ann; Dora of our own, without a mailbox.
fn register() -> BTreeMap<String, Person> {
    let northwind = || Affiliation::Supplier("northwind".to_owned());
    let mut ann = person("ann", northwind());
    ann.coordinator = Some("ben".to_owned());
    ann.roles = [Role::User, Role::Security].into();
    ann.ssh_keys = vec![key(1)];
    ann.leave = vec![leave("2026-02-02", "2026-02-06")];
    let mut dora = person("dora", Affiliation::Department("Finance".to_owned()));
    dora.email = None;
    [ann, person("ben", northwind()), dora].map(|p| (p.id.clone(), p)).into()
}

fn leave(from: &str, until: &str) -> Leave {
    Leave { from: from.parse().unwrap(), until: until.parse().unwrap(), reason: "holiday".to_owned() }
}

fn import_files(sources: &[Arc<Source>]) -> Roster {
    bodies::people(sources, &register())
}

fn import(path: &str, text: &str) -> Roster {
    import_files(&[source(path, text)])
}

/// Codes with line and column, in the order of places.
fn faults(roster: &Roster) -> Vec<String> {
    let line = |d: countersign::base::diagnostic::Diagnostic| {
        let place = d.place.unwrap();
        assert!(
            !d.message.is_empty() && (["yaml", "wrong-type", "duplicate-entry"].contains(&d.code) || d.help.is_some_and(|help| !help.is_empty())),
            "{}",
            d.code
        );
        format!("{} {}:{}", d.code, place.line(), place.column())
    };
    roster.report.clone().sorted().into_iter().map(line).collect()
}

/// The lines of the faulty rows; a plus marks one that only follows another.
fn faulty(roster: &Roster) -> Vec<String> {
    roster.faulty.iter().map(|f| format!("{}{}", f.place.line(), if f.follows { "+" } else { "" })).collect()
}

#[test]
fn every_fault_of_a_sheet_is_shown_in_its_cell() {
    const HEADER: &str = "name;email;supplier;start\n";
    let long = "x".repeat(301);
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("empty file", String::new(), &["csv 1:1"]),
        ("blank file", " \n\n".to_owned(), &["csv 1:1"]),
        ("ragged, short", format!("{HEADER}Eve;eve@x.example\n"), &["ragged-row 2:1"]),
        ("ragged, long", format!("{HEADER}Eve;eve@x.example;northwind;2026-01-05;x\n"), &["ragged-row 2:40"]),
        ("open quote", format!("{HEADER}Eve;\"eve@x.example;northwind;2026-01-05\nFay;;northwind;x\n"), &["csv 2:5", "missing-key 3:1", "wrong-type 3:16"]),
        ("text after a quote", format!("{HEADER}\"Eve\" E;eve@x.example;northwind;2026-01-05\n"), &["csv 2:5"]),
        ("quote inside", format!("{HEADER}Eve \"E\";eve@x.example;northwind;2026-01-05\n"), &["csv 2:5"]),
        ("lone return", "name;email;supplier;start\rEve;eve@x.example;northwind;2026-01-05\r".to_owned(), &["csv 1:26"]),
        ("unknown column", "name;emial;supplier\n".to_owned(), &["unknown-key 1:6"]),
        ("column twice", "id;name;id\n".to_owned(), &["duplicate-key 1:9"]),
        ("column without name", "id;;name\n".to_owned(), &["csv 1:4"]),
        ("bad address", format!("{HEADER}Eve;eve;northwind;2026-01-05\n"), &["bad-form 2:5"]),
        ("two at signs", format!("{HEADER}Eve;a@b@c;northwind;2026-01-05\n"), &["bad-form 2:5"]),
        ("blank in an address", format!("{HEADER}Eve;a b@c;northwind;2026-01-05\n"), &["bad-form 2:5"]),
        ("two addresses", format!("{HEADER}Eve;\"a,b@c.example\";northwind;2026-01-05\n"), &["bad-form 2:5"]),
        ("long address", format!("{HEADER}Eve;{}@x.example;northwind;2026-01-05\n", &long[..250]), &["bad-form 2:5"]),
        ("hidden character in an address", format!("{HEADER}Eve;e\u{200b}ve@x.example;northwind;2026-01-05\n"), &["unreadable-text 2:5"]),
        ("turning character in a name", format!("{HEADER}E\u{202e}ve;eve@x.example;northwind;2026-01-05\n"), &["unreadable-text 2:1"]),
        ("control character in a name", format!("{HEADER}E\u{1b}ve;eve@x.example;northwind;2026-01-05\n"), &["unreadable-text 2:1"]),
        ("letters of two scripts", format!("{HEADER}\u{410}nna;eve@x.example;northwind;2026-01-05\n"), &["lookalike 2:1"]),
        ("long name", format!("{HEADER}{long};eve@x.example;northwind;2026-01-05\n"), &["too-long 2:1"]),
        ("line break in a name", format!("{HEADER}\"Eve\nE\";eve@x.example;northwind;2026-01-05\n"), &["bad-form 2:1"]),
        ("blanks around a name", format!("{HEADER}\" Eve\";eve@x.example;northwind;2026-01-05\n"), &["bad-form 2:1"]),
        ("address twice", format!("{HEADER}Eve;eve@x.example;northwind;2026-01-05\nFay;EVE@x.example;northwind;2026-01-05\n"), &["duplicate-address 3:5"]),
        ("address of another", "id;email\nben;ann@northwind.example\n".to_owned(), &["duplicate-address 2:5"]),
        ("known under another id", format!("id;{HEADER}eve;Ann;Ann@northwind.example;northwind;2026-01-05\n"), &["other-id 2:1"]),
        ("id that is an address", format!("id;{HEADER}eve@x.example;Eve;eve@x.example;northwind;2026-01-05\n"), &["bad-form 2:1"]),
        ("long id", format!("id;{HEADER}{};Eve;eve@x.example;northwind;2026-01-05\n", &long[..65]), &["too-long 2:1"]),
        ("id twice", "id;name\nann;A\nben;B\nann;C\n".to_owned(), &["duplicate-entry 4:1"]),
        ("one person by id and by address", "id;email;name\nann;;A\n;ann@northwind.example;B\n".to_owned(), &["duplicate-entry 3:2"]),
        ("nobody meant", "id;email;name\n;;A\n".to_owned(), &["missing-key 2:1"]),
        ("unknown supplier", format!("{HEADER}Eve;eve@x.example;nrothwind;2026-01-05\n"), &["unknown-supplier 2:19"]),
        ("supplier and department", "id;supplier;department\nann;northwind;IT\n".to_owned(), &["contradiction 2:15"]),
        ("neither", "name;email;start\nEve;eve@x.example;2026-01-05\n".to_owned(), &["missing-key 2:1"]),
        ("new without name and start", "email;supplier\neve@x.example;northwind\n".to_owned(), &["missing-key 2:1", "missing-key 2:1"]),
        ("no date", format!("{HEADER}Eve;eve@x.example;northwind;05.01.2026\n"), &["wrong-type 2:29"]),
        ("no day", format!("{HEADER}Eve;eve@x.example;northwind;2026-02-30\n"), &["impossible-date 2:29"]),
        ("end before start", "id;start;end\nann;2026-03-01;2026-02-28\n".to_owned(), &["contradiction 2:16"]),
        ("end before the known start", "id;end\nann;2026-01-04\n".to_owned(), &["contradiction 2:5"]),
        ("leave backwards", "id;leave_from;leave_until;leave_reason\nann;2026-03-02;2026-03-01;x\n".to_owned(), &["contradiction 2:16"]),
        ("half a leave", "id;leave_until\nann;2026-03-02\n".to_owned(), &["missing-key 2:5", "missing-key 2:5"]),
        ("half a cleared leave", "id;leave_from;leave_until;leave_reason\nann;-;2026-03-01;x\n".to_owned(), &["contradiction 2:5"]),
        (
            "exemption backwards, approver without address",
            "id;exempt_from;exempt_until;exempt_reason;exempt_approver\nann;2026-03-02;2026-03-01;x;the boss\n".to_owned(),
            &["bad-form 2:29"],
        ),
        (
            "exemption backwards",
            "id;exempt_from;exempt_until;exempt_reason;exempt_approver\nann;2026-03-02;2026-03-01;x;boss@x.example\n".to_owned(),
            &["contradiction 2:16"],
        ),
        ("unknown coordinator", "id;coordinator\nann;bne\n".to_owned(), &["unknown-person 2:5"]),
        ("unknown deputy", "id;deputy\nann;zoe@x.example\n".to_owned(), &["unknown-person 2:5"]),
        ("own coordinator", "id;coordinator\nann;ann@northwind.example\n".to_owned(), &["coordinator-cycle 2:5"]),
        ("own deputy", "id;deputy\nann;ann\n".to_owned(), &["contradiction 2:5"]),
        ("ring with the register", "id;coordinator\nben;ann\n".to_owned(), &["coordinator-cycle 2:5"]),
        ("ring in the file", "id;coordinator\nben;dora\ndora;ann\nann;ben\n".to_owned(), &["coordinator-cycle 2:5"]),
        ("unknown time zone", "id;time_zone\nann;Europe/Berln\n".to_owned(), &["unknown-time-zone 2:5"]),
        ("time zone in other letters", "id;time_zone\nann;europe/berlin\n".to_owned(), &["unknown-time-zone 2:5"]),
        ("unknown role", "id;roles\nann;\"user; admin;securty\"\n".to_owned(), &["unknown-value 2:12", "unknown-value 2:18"]),
        ("role twice", "id;roles\nann;\"user;user\"\n".to_owned(), &["duplicate-entry 2:11"]),
        ("unknown language", "id;language\nann;fr\n".to_owned(), &["unknown-value 2:5"]),
        ("no key", "id;ssh_key\nann;ssh-ed25519 AAAA\n".to_owned(), &["bad-form 2:5"]),
        ("private key", "id;ssh_key\nann;-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned(), &["bad-form 2:5"]),
        ("key of the register", format!("id;ssh_key\nben;{}\n", key(1)), &["duplicate-ssh-key 2:5"]),
        ("key of two rows", format!("id;ssh_key\nben;{0}\ndora;{0} other comment\n", key(2)), &["duplicate-ssh-key 3:6"]),
        ("mandatory field cleared", "id;name;start;supplier\nann;-;-;-\n".to_owned(), &["empty-value 2:5", "empty-value 2:7", "empty-value 2:9"]),
        ("no mailbox", format!("id;{HEADER}eve;Eve;;northwind;2026-01-05\n"), &["no-mailbox 2:1"]),
        ("mailbox taken away", "id;email\nann;-\n".to_owned(), &["no-mailbox 2:5"]),
    ];
    let mut wrong = Vec::new();
    for (name, text, expected) in cases {
        let roster = import("people.csv", &text);
        let mut found = faults(&roster);
        found.sort();
        if found != expected {
            wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
            continue;
        }
        // Nothing of a row with a fault is taken; what is wrong with the file as a whole concerns no row.
        let is_of_file = name == "lone return" || text.trim().lines().count() < 2;
        let errors = roster.report.has_errors();
        let lines: Vec<usize> = roster.report.iter().filter(|d| d.severity == Severity::Error).map(|d| d.place.as_ref().unwrap().line()).collect();
        assert!(is_of_file || roster.changes.iter().all(|change| !lines.contains(&change.place.line())), "{name}: {:?}", roster.changes);
        assert!(is_of_file || errors != roster.faulty.is_empty(), "{name}: {:?}", roster.faulty);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_of_a_list_is_shown_at_its_key() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("empty file", "", &["yaml 1:1"]),
        ("not YAML", "version: 1\npeople: [\n", &["yaml 2:9"]),
        ("no version", "people: []\n", &["missing-key 1:1"]),
        ("future version", "version: 2\npeople: []\n", &["out-of-range 1:10"]),
        ("no people", "version: 1\n", &["missing-key 1:1"]),
        ("people no list", "version: 1\npeople: ann\n", &["wrong-type 2:9"]),
        ("person no group", "version: 1\npeople: [ann]\n", &["wrong-type 2:10"]),
        ("unknown key of the file", "version: 1\nppl: []\npeople: [{ id: ann }]\n", &["unknown-key 2:1"]),
        ("unknown key", "version: 1\npeople:\n  - id: ann\n    emial: a@b.example\n", &["unknown-key 4:5"]),
        ("key twice", "version: 1\npeople:\n  - id: ann\n    id: ben\n", &["duplicate-key 4:5"]),
        ("alias", "version: 1\npeople:\n  - &a { id: ann }\n", &["yaml-alias 3:8"]),
        ("roles no list", "version: 1\npeople:\n  - { id: ann, roles: user }\n", &["wrong-type 3:23"]),
        ("mandatory field cleared", "version: 1\npeople:\n  - { id: ann, start: null }\n", &["empty-value 3:23"]),
        (
            "leave that overlaps",
            "version: 1\npeople:\n  - id: ann\n    leave:\n      - { from: 2026-03-05, until: 2026-03-09, reason: x }\n      - { from: 2026-03-01, until: 2026-03-05, reason: x }\n",
            &["contradiction 5:17"],
        ),
        (
            "leave inside another",
            "version: 1\npeople:\n  - id: ann\n    leave:\n      - { from: 2026-03-01, until: 2026-03-31, reason: x }\n      - { from: 2026-03-02, until: 2026-03-03, reason: x }\n      - { from: 2026-03-30, until: 2026-04-02, reason: x }\n",
            &["contradiction 6:17", "contradiction 7:17"],
        ),
        (
            "two faults of a leave",
            "version: 1\npeople:\n  - id: ann\n    leave: [{ from: x, reson: y }]\n",
            &["missing-key 4:15", "missing-key 4:15", "unknown-key 4:24", "wrong-type 4:21"],
        ),
        ("key twice in a list", "version: 1\npeople:\n  - id: ann\n    ssh_keys: [KEY, KEY two]\n", &["duplicate-entry 4:LAST"]),
        (
            "faults beside an unreadable one",
            "version: 1\npeople:\n  - { id: ann, language: fr, coordinator: nobody, end: 2020-01-01 }\n",
            &["contradiction 3:56", "unknown-person 3:43", "unknown-value 3:26"],
        ),
    ];
    let mut wrong = Vec::new();
    let long = key(9).trim_end_matches(" key 9").to_owned();
    for (name, text, expected) in cases {
        let mut found = faults(&import("people.yaml", &text.replace("KEY", &long)));
        found.sort();
        let last = format!("{}", 18 + long.len());
        let expected: Vec<String> = expected.iter().map(|e| e.replace("LAST", &last)).collect();
        if found != expected {
            wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_that_are_nearly_right_get_a_suggestion() {
    for (text, near) in [
        ("id;emial\nann;x\n", "email"),
        ("id;supplier\nann;nortwind\n", "northwind"),
        ("id;time_zone\nann;Berlin\n", "Europe/Berlin"),
        ("id;time_zone\nann;Europe/Dubln\n", "Europe/Dublin"),
        ("id;roles\nann;administrater\n", "administrator"),
        ("id;language\nann;ed\n", "de"),
        ("id;coordinator\ndora;bem\n", "ben"),
        ("id;coordinator\ndora;ben@nortwind.example\n", "ben@northwind.example"),
    ] {
        let roster = import("people.csv", text);
        let help = roster.report.sorted()[0].help.clone().unwrap();
        assert!(help.starts_with(&format!("did you mean `{near}`?")), "{text}: {help}");
    }
}

#[test]
fn absent_keys_keep_and_cleared_keys_clear() {
    let kept = import("people.csv", "id;name;email;roles;leave_from;ssh_key;coordinator\nann;Ann Lee;;;;;\n");
    let change = &kept.changes[0];
    let expected = Person { name: "Ann Lee".to_owned(), ..register()["ann"].clone() };
    assert_eq!(change.after, expected);
    let fields: Vec<_> = change.fields.iter().map(|f| (f.key, f.old.as_deref(), f.new.as_deref())).collect();
    assert_eq!(fields, [("name", Some("Ann"), Some("Ann Lee"))]);

    let cells = "id;email;roles;leave_from;leave_until;ssh_key;coordinator;deputy;end\nann;-;\"-\";-;;-;-;-;-\n";
    let list = "version: 1\npeople:\n  - { id: ann, email: null, roles: ~, leave: null, ssh_keys: null, coordinator: null, deputy: null, end: null }\n";
    for roster in [import("people.csv", cells), import("people.yaml", list)] {
        assert_eq!(faults(&roster).len(), 1, "only the mailbox is missed");
        let after = &roster.changes[0].after;
        assert_eq!((after.email.as_ref(), after.coordinator.as_ref(), after.roles.len(), after.leave.len(), after.ssh_keys.len()), (None, None, 0, 0, 0));
        let fields: Vec<_> = roster.changes[0].fields.iter().map(|f| (f.key, f.new.as_deref())).collect();
        assert_eq!(fields, [("email", None), ("roles", None), ("coordinator", None), ("leave", None), ("ssh_keys", None)]);
    }
    let moved = import("people.csv", "id;department;supplier\nann;Legal;\n");
    let fields: Vec<_> = moved.changes[0].fields.iter().map(|f| (f.key, f.old.as_deref(), f.new.as_deref())).collect();
    assert_eq!(fields, [("supplier", Some("northwind"), None), ("department", None, Some("Legal"))]);
}

#[test]
fn people_are_found_by_id_or_address_and_new_ones_get_an_id() {
    let text = "id,email,name,supplier,start,coordinator,time_zone\n\
                ,ANN@northwind.example,Ann,,,,\n\
                ben,ben@elsewhere.example,,,,,\n\
                ,eve@x.example,Eve,northwind,2026-03-01,fay@x.example,America/New_York\n\
                ,fay@x.example,Fay,southwind,2026-03-01,ben@northwind.example,\n";
    let roster = import("people.csv", text);
    assert_eq!(faults(&roster), [] as [&str; 0]);
    let after: Vec<_> =
        roster.changes.iter().map(|c| (c.after.id.as_str(), c.before.is_some(), c.after.coordinator.as_deref(), c.after.time_zone.as_str())).collect();
    assert_eq!(
        after,
        [
            ("ann", true, Some("ben"), "Europe/Dublin"),
            ("ben", true, None, "Europe/Dublin"),
            ("new-1", false, Some("new-2"), "America/New_York"),
            // The address that Ben gives up here still finds him.
            ("new-2", false, Some("ben"), "Europe/Dublin"),
        ]
    );
    assert_eq!(roster.changes[0].after.email.as_deref(), Some("ANN@northwind.example"));
}

#[test]
fn id_that_somebody_has_is_not_given_again() {
    let text = "id;name;email;department;start\n;Eve;eve@x.example;IT;2026-03-01\nfay;Fay;fay@x.example;IT;2026-03-01\n";
    let defaults = Defaults { time_zone: "UTC", mailbox_optional: false };
    let mut ids = ["ann", "fay", "gus"].into_iter();
    let roster = read(&[source("p.csv", text)], &register(), &[], &defaults, &mut || ids.next().unwrap().to_owned());
    assert_eq!(roster.changes[0].after.id, "gus");
    let stuck = read(&[source("p.csv", text)], &register(), &[], &defaults, &mut || "ann".to_owned());
    assert_eq!((faults(&stuck), faulty(&stuck)), (vec!["duplicate-entry 2:1".to_owned()], vec!["2".to_owned()]));
}

#[test]
fn mailbox_is_needed_where_the_caller_says_so() {
    let text = "id;name;email;department;start\neve;Eve;;IT;2026-03-01\nann;;-;;\n";
    let read = |mailbox_optional| read(&[source("p.csv", text)], &register(), &[], &Defaults { time_zone: "UTC", mailbox_optional }, &mut String::new);
    let (strict, lenient) = (read(false), read(true));
    assert_eq!((strict.report.errors(), strict.changes.len(), faulty(&strict)), (2, 0, vec!["2".to_owned(), "3".to_owned()]));
    assert_eq!((lenient.report.errors(), lenient.report.warnings(), lenient.changes.len()), (0, 2, 2));
}

#[test]
fn row_that_needs_a_faulty_one_is_left_out_with_it() {
    let text = "id;name;email;supplier;start;coordinator;roles\n\
                eve;Eve;eve@x.example;northwind;2026-03-01;;boss\n\
                fay;Fay;fay@x.example;northwind;2026-03-01;eve;\n\
                gus;Gus;gus@x.example;northwind;2026-03-01;fay@x.example;\n\
                hal;Hal;hal@x.example;northwind;2026-03-01;ben;\n\
                ann;Ann B;;;;;boss\n\
                ida;Ida;ida@x.example;northwind;2026-03-01;ann;\n\
                jon;Jon;jon@x.example;northwind;2026-03-01\n\
                kim;Kim;kim@x.example;northwind;2026-03-01;jon;\n";
    let roster = import("people.csv", text);
    assert_eq!(faults(&roster), ["unknown-value 2:45", "unknown-value 6:15", "ragged-row 8:1"]);
    assert_eq!(faulty(&roster), ["2", "3+", "4+", "6", "8", "9+"]);
    let taken: Vec<&str> = roster.changes.iter().map(|c| c.after.id.as_str()).collect();
    assert_eq!(taken, ["hal", "ida"], "Ann is in the register, so Ida does not need her row");
}

#[test]
fn address_that_a_faulty_row_would_have_given_up_is_not_free() {
    let text = "id;email;language\nann;ann@elsewhere.example;fr\nben;ann@northwind.example;\n";
    let roster = import("people.csv", text);
    assert_eq!((faults(&roster), faulty(&roster)), (vec!["unknown-value 2:27".to_owned()], vec!["2".to_owned(), "3+".to_owned()]));
    let swap = import("people.csv", "id;email\nann;ben@northwind.example\nben;ann@northwind.example\n");
    assert_eq!((faults(&swap), swap.changes.len()), (Vec::new(), 2));
}

#[test]
fn files_are_read_together() {
    let bosses = source("bosses.yaml", "version: 1\npeople:\n  - { id: eve, name: Eve, email: eve@x.example, department: IT, start: 2026-03-01 }\n");
    let staff = source("staff.csv", "id,name,email,department,start,coordinator\nfay,Fay,fay@x.example,IT,2026-03-01,eve\n");
    for files in [[Arc::clone(&staff), Arc::clone(&bosses)], [bosses, staff]] {
        let roster = import_files(&files);
        assert_eq!((faults(&roster), roster.changes.len()), (Vec::new(), 2));
    }
    let broken = source("bosses.yaml", "people: {");
    let sound = source("staff.csv", "id\nann\n");
    let roster = import_files(&[broken, sound]);
    assert_eq!((roster.faulty.len(), roster.faulty[0].place.source.path.as_str(), roster.unchanged), (1, "bosses.yaml", 1));
}

#[test]
fn windows_and_unix_files_are_the_same_with_and_without_mark() {
    let rows = "name;email;department;start\nJürgen Groß;jürgen@bücher.example;Qualität;2026-03-01\n";
    let plain = import("people.csv", rows);
    assert_eq!(faults(&plain), [] as [&str; 0]);
    for other in [format!("\u{feff}{}", rows.replace('\n', "\r\n")), rows.replace(';', ","), rows.trim_end().to_owned(), format!("\n{rows}\n\n;;;\n")] {
        let roster = import("PEOPLE.CSV", &other);
        assert_eq!(roster.changes[0].after, plain.changes[0].after, "{other:?}");
        assert_eq!((faults(&roster), roster.changes.len()), (Vec::new(), 1));
    }
    assert_eq!((plain.changes[0].after.name.as_str(), plain.changes[0].after.belongs_to()), ("Jürgen Groß", "Qualität"));
}

#[test]
fn words_of_yaml_are_names_in_csv() {
    let roster = import("people.csv", "id;name;department\nann;null;~\n");
    assert_eq!((roster.changes[0].after.name.as_str(), roster.changes[0].after.belongs_to()), ("null", "~"));
}

/// Seconds that an import of two thousand rows may take; a build without optimisation, beside other tests, is slower by far.
const MOST_SECS: f64 = if cfg!(debug_assertions) { 5.0 } else { 1.0 };

#[test]
fn import_of_two_thousand_rows_takes_less_than_a_second() {
    let mut text = "id;name;email;supplier;start;coordinator;roles;time_zone;ssh_key\n".to_owned();
    for n in 0..2_000 {
        let boss = if n == 0 { "ben".to_owned() } else { format!("p{}", n / 7) };
        let blob = base64(&[&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], format!("{n:032}").as_bytes()].concat());
        text += &format!("p{n};Jürgen {n};p{n}@x.example;northwind;2026-03-01;{boss};\"user;security\";Europe/Berlin;ssh-ed25519 {blob}\n");
    }
    let timed = |text: &str| {
        let file = source("people.csv", text);
        let (register, defaults) = (register(), Defaults { time_zone: "UTC", mailbox_optional: false });
        let begin = std::time::Instant::now();
        let roster = read(&[file], &register, &["northwind"], &defaults, &mut String::new);
        let secs = begin.elapsed().as_secs_f64();
        assert!(secs < MOST_SECS, "{secs} seconds");
        roster
    };
    let roster = timed(&text);
    assert_eq!((roster.report.errors(), roster.changes.len()), (0, 2_000));
    // Faults in every row, with everybody's coordinator unknown.
    let roster = timed(&text.replace("Europe/Berlin", "Europe/Berln").replace(";northwind;", ";nrthwind;").replace(";p", ";q"));
    assert!(roster.report.errors() >= 4_000 && roster.changes.is_empty());
}

#[test]
fn contacts_of_profiles_become_people_and_gain_roles() {
    let file = source("suppliers/northwind.yaml", "contacts:\n");
    let contact = |supplier: &str, role: &str, name: &str, email: &str| Contact {
        supplier: supplier.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        role: role.to_owned(),
        place: Place::start_of(&file),
    };
    let contacts = [
        contact("northwind", "security", "Desk", "desk@northwind.example"),
        contact("northwind", "dpo", "Someone else", "DESK@northwind.example"),
        contact("northwind", "finance", "Anna", "ann@northwind.example"),
        contact("northwind", "business", "Ben", "ben@northwind.example"),
        contact("northwind", "notices", "Legal", "legal@northwind.example"),
        contact("southwind", "escalation", "Ann", "ann@northwind.example"),
        contact("southwind", "escalation", "Sue", "sue@southwind.example"),
        contact("southwind", "chief", "Tom", "tom@southwind.example"),
        contact("southwind", "support", "Uma", "uma"),
    ];
    let mut next = 0;
    let mut make_id = || {
        next += 1;
        format!("c-{next}")
    };
    let roster = from_contacts(&contacts, &register(), "Europe/Vienna", "2026-11-21".parse().unwrap(), &mut make_id);
    let codes: Vec<&str> = roster.report.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["other-supplier", "unknown-value", "bad-form"]);
    assert_eq!((roster.report.errors(), roster.faulty.len()), (2, 2));
    let people: Vec<_> =
        roster.changes.iter().map(|c| (c.after.id.as_str(), c.after.name.as_str(), c.after.roles.iter().map(|r| r.word()).collect::<Vec<_>>())).collect();
    assert_eq!(
        people,
        [
            ("c-1", "Desk", vec!["security", "privacy"]),
            ("ann", "Ann", vec!["user", "security", "business"]),
            ("ben", "Ben", vec!["business"]),
            ("c-2", "Sue", vec!["escalation"]),
        ]
    );
    let taken: BTreeMap<String, Person> = register().into_values().chain(roster.changes.into_iter().map(|c| c.after)).map(|p| (p.id.clone(), p)).collect();
    let again = from_contacts(&contacts, &taken, "Europe/Vienna", "2027-01-01".parse().unwrap(), &mut make_id);
    assert_eq!((again.changes.len(), again.unchanged), (0, 4), "syncing twice changes nothing");
}

#[test]
fn person_survives_the_record_of_the_register() {
    for person in register().into_values() {
        let text = serde_json::to_string(&person).unwrap();
        assert_eq!(serde_json::from_str::<Person>(&text).unwrap(), person, "{text}");
        let more = text.replacen('{', "{\"nick\":\"x\",", 1);
        assert!(serde_json::from_str::<Person>(&more).is_err(), "an unknown key is refused");
    }
}

/// A person as a people file in YAML says them; JSON is YAML.
fn listed(person: &Person) -> Value {
    let mut map: Map<String, Value> = serde_json::to_value(person).unwrap().as_object().unwrap().clone();
    for (key, is_empty) in [("end", person.end.is_none()), ("email", person.email.is_none())] {
        if is_empty {
            map.remove(key);
        }
    }
    Value::Object(map)
}

fn as_yaml(people: &[Person]) -> String {
    format!("version: 1\npeople: {}\n", serde_json::to_string_pretty(&people.iter().map(listed).collect::<Vec<_>>()).unwrap())
}

fn as_csv(people: &[Person], delimiter: u8) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS).unwrap();
    for person in people {
        let text = |value: Option<String>| value.unwrap_or_default();
        let (leave, exemption) = (person.leave.first(), person.exemptions.first());
        let department = person.supplier().is_none().then(|| person.belongs_to().to_owned());
        let cells: [String; 21] = [
            person.id.clone(),
            person.name.clone(),
            text(person.email.clone()),
            text(person.supplier().map(str::to_owned)),
            text(department),
            person.roles.iter().map(|r| r.word()).collect::<Vec<_>>().join(";"),
            person.language.tag().to_owned(),
            person.time_zone.clone(),
            text(person.coordinator.clone()),
            text(person.deputy.clone()),
            person.start.to_string(),
            text(person.end.map(|d| d.to_string())),
            text(leave.map(|l| l.from.to_string())),
            text(leave.map(|l| l.until.to_string())),
            text(leave.map(|l| l.reason.clone())),
            text(exemption.and_then(|e| e.policy.clone())),
            text(exemption.map(|e| e.from.to_string())),
            text(exemption.map(|e| e.until.to_string())),
            text(exemption.map(|e| e.reason.clone())),
            text(exemption.map(|e| e.approver.clone())),
            text(person.ssh_keys.first().cloned()),
        ];
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

prop_compose! {
    fn anyone(nth: usize)(
        name in "[A-ZÄÖÜŁÉ][a-zäöüßłé,;\"' ]{0,12}[a-zß\"]",
        department in "[A-Z][a-zö;, ]{0,8}[a-z]",
        is_supplier in any::<bool>(),
        has_mail in any::<bool>(),
        roles in prop::collection::btree_set(prop::sample::select(vec![Role::User, Role::DataHandler, Role::Signatory, Role::Business]), 0..3),
        language in prop::sample::select(vec![Language::En, Language::De]),
        time_zone in prop::sample::select(vec!["Europe/Berlin", "UTC", "America/New_York"]),
        boss in prop::option::of(0..nth.max(1)),
        has_end in any::<bool>(),
        leave_reason in prop::option::of("[a-z]{1,9}(; [a-z]{1,9})?"),
        exemption in prop::option::of((any::<bool>(), "[a-z\"]{1,9}")),
        has_key in any::<bool>(),
    ) -> Person {
        let from = "2026-04-01".parse().unwrap();
        let until = "2026-04-03".parse().unwrap();
        Person {
            id: format!("p-{nth}"),
            name,
            email: has_mail.then(|| format!("p{nth}@müller.example")),
            affiliation: if is_supplier { Affiliation::Supplier("southwind".to_owned()) } else { Affiliation::Department(department) },
            roles,
            language,
            time_zone: time_zone.to_owned(),
            country: None,
            coordinator: boss.filter(|_| nth > 0).map(|boss| format!("p-{boss}")),
            deputy: boss.filter(|_| nth > 0).map(|_| "ann".to_owned()),
            start: "2026-03-01".parse().unwrap(),
            end: has_end.then(|| "2027-03-31".parse().unwrap()),
            leave: leave_reason.map(|reason| Leave { from, until, reason }).into_iter().collect(),
            exemptions: exemption
                .map(|(all, reason)| Exemption { course: None, policy: (!all).then(|| "code_of_conduct".to_owned()), from, until, reason, approver: "boss@x.example".to_owned() })
                .into_iter()
                .collect(),
            ssh_keys: has_key.then(|| key(100 + u8::try_from(nth).unwrap())).into_iter().collect(),
        }
    }
}

fn some_people() -> impl Strategy<Value = Vec<Person>> {
    (anyone(0), anyone(1), anyone(2), anyone(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d])
}

/// Rows that collide, contradict and refer to each other, most of them nearly right.
fn rows() -> impl Strategy<Value = Vec<String>> {
    let cell = |options: &'static [&'static str]| prop::sample::select(options);
    let row = (
        cell(&["", "ann", "ben", "eve", "fay", "Bad Id"]),
        cell(&["Eve", "Fay", "", "-"]),
        cell(&["", "ann@northwind.example", "eve@x.example", "fay@x.example", "gus@x.example", "nonsense", "-"]),
        cell(&["northwind", "northwind", "southwind", "", "eastwind"]),
        cell(&["2026-03-01", "2026-03-01", "", "2026-13-01"]),
        cell(&["", "", "2027-01-01", "2025-01-01", "-"]),
        cell(&["", "", "ann", "eve", "fay@x.example", "nobody", "-"]),
        cell(&["", "", "ben", "fay", "gus@x.example"]),
    );
    let row = row.prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].join(","));
    let row = prop_oneof![9 => row, 1 => prop::sample::select(vec!["eve,Eve", "fay,\"Fay", "eve,Eve,eve@x.example,northwind,2026-03-01,,,,,"]).prop_map(str::to_owned)];
    prop::collection::vec(row, 0..7)
}

/// What was taken and what was not, without any order.
fn outcome(rows: &[String]) -> (BTreeMap<String, Person>, BTreeSet<(String, bool)>, usize) {
    let text = format!("id,name,email,supplier,start,end,coordinator,deputy\n{}\n", rows.join("\n"));
    let roster = import("people.csv", &text);
    let faulty = roster.faulty.iter().map(|f| (f.place.text().to_owned(), f.follows)).collect();
    (roster.changes.into_iter().map(|c| (c.after.id.clone(), c.after)).collect(), faulty, roster.unchanged)
}

proptest! {
    #![proptest_config(seeded(256))]

    #[test]
    fn csv_and_yaml_of_the_same_people_give_the_same_persons(people in some_people(), semicolon in any::<bool>()) {
        for (path, text) in [("p.csv", as_csv(&people, if semicolon { b';' } else { b',' })), ("p.yaml", as_yaml(&people))] {
            let roster = import(path, &text);
            prop_assert_eq!(roster.report.errors(), 0, "{:?}\n{}", faults(&roster), text);
            let after: Vec<Person> = roster.changes.iter().map(|c| c.after.clone()).collect();
            prop_assert_eq!(&after, &people, "{}", text);
            let taken: BTreeMap<String, Person> = register().into_values().chain(after).map(|p| (p.id.clone(), p)).collect();
            let again = bodies::people(&[source(path, &text)], &taken);
            prop_assert_eq!((again.changes.len(), again.unchanged), (0, people.len()), "what was taken once changes nothing");
        }
    }

    #[test]
    fn order_of_rows_does_not_matter((rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        prop_assume!(!rows.iter().any(|row| row.contains('"')));
        prop_assert_eq!(outcome(&rows), outcome(&shuffled));
    }

    #[test]
    fn rows_that_are_taken_with_partial_are_sound_alone(rows in rows()) {
        let header = "id,name,email,supplier,start,end,coordinator,deputy\n";
        let roster = import("people.csv", &format!("{header}{}\n", rows.join("\n")));
        let faulty: BTreeSet<String> = roster.faulty.iter().map(|f| f.place.text().to_owned()).collect();
        let rest: Vec<String> = rows.into_iter().filter(|row| !faulty.contains(row.trim())).collect();
        let alone = import("people.csv", &format!("{header}{}\n", rest.join("\n")));
        prop_assert_eq!(alone.report.errors(), 0, "{:?}", faults(&alone));
        let after = |roster: &Roster| roster.changes.iter().map(|c| (c.after.name.clone(), c.after.email.clone())).collect::<Vec<_>>();
        prop_assert_eq!(after(&alone), after(&roster));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), words in prop::collection::vec(
        prop::sample::select(vec![
            "id", "name", "email", ",", ";", "\"", "\"\"", "\n", "\r\n", "\r", "-", " ", "\t", "\u{feff}", "ü", "a", "b", "c", "ann", "start", "2026-01-01", "version: 1\n",
            "people:", "\n  - ", "id: ann\n", "{", "}", "[", "]", "roles", "leave_from", "user;", "ssh_key", "\u{2028}", "\u{202e}", "exempt_policy",
        ]), 0..60)) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), words.concat(), format!("a;b;c\n{}", words.concat()), format!("id,name,roles,leave_from,ssh_key\n{}", words.concat())] {
            bodies::sheet(&text);
            bodies::people_text(&text);
        }
    }

    /// Crate `csv` reads broken quotes as it can; where this reader finds no fault, both read the same.
    #[test]
    fn sheet_without_fault_is_what_crate_csv_reads(cells in prop::collection::vec(prop::sample::select(vec![
        "x", "ü", "a b", "\"q\"", "\"a;b\"", "\"a,b\"", "\"a\"\"b\"", "\"two\nlines\"", "\"\"", "", ",", ",", ",", "\n", "\n", "\r\n", "\"", " ", "~",
    ]), 0..40)) {
        let text = format!("a,b,c\n{}", cells.concat());
        let mut report = Report::default();
        let sheet = sheet::read(&source("a.csv", &text), &["a", "b", "c"], &mut report).unwrap();
        if report.has_errors() {
            return Ok(());
        }
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let rows: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(|c| c.trim().to_owned()).collect()).collect();
        let rows: Vec<Vec<String>> = rows.into_iter().filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty())).collect();
        let own: Vec<Vec<String>> = sheet.rows.iter().map(|row| {
            ["a", "b", "c"].iter().map(|column| row.node.get(column).and_then(|cell| cell.text()).unwrap_or_default().trim().to_owned()).collect()
        }).collect();
        prop_assert_eq!(own, rows, "{:?}", text);
    }
}

#[test]
fn list_in_a_cell_has_its_places() {
    let file = source("a.csv", "roles\n\"user; ü ;\"\n");
    let sheet = sheet::read(&file, &["roles"], &mut Report::default()).unwrap();
    let Kind::Sequence(items) = sheet::list(sheet.rows[0].node.get("roles").unwrap(), ';').kind else { panic!("a list") };
    let found: Vec<_> = items.iter().map(|item| (item.text().unwrap(), item.place.column())).collect();
    assert_eq!(found, [("user", 2), ("ü", 8), ("", 11)]);
}

#[test]
fn schema_of_people_lets_clear_only_what_can_be_cleared() {
    let schema: Value = serde_json::from_str(&countersign::workflow::schema::of("people").unwrap()).unwrap();
    let properties = &schema["$defs"]["Record"]["properties"];
    let clears = |key: &str| properties[key].to_string().contains("null");
    for key in ["email", "roles", "language", "time_zone", "coordinator", "deputy", "end", "leave", "exemptions", "ssh_keys"] {
        assert!(clears(key), "{key}: {}", properties[key]);
    }
    for key in ["id", "name", "supplier", "department", "start"] {
        assert!(!clears(key), "{key}: {}", properties[key]);
    }
    assert_eq!(schema["required"], json!(["version", "people"]));
    assert!(schema["$defs"]["Record"]["required"].is_null());
}

#[test]
fn warnings_do_not_hold_a_row_back() {
    let roster = import("people.csv", "id;name\nann;\u{410}nna\n");
    assert!(roster.report.iter().all(|d| d.severity == Severity::Warning));
    assert_eq!((roster.changes.len(), roster.faulty.len()), (1, 0));
}
