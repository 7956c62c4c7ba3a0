//! Bodies of the fuzz targets: `fuzz/` runs them on bytes that libFuzzer finds, the property tests on texts of their own.
//!
//! Each holds one promise on any input and panics when it breaks. This file names nothing of the test binary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use countersign::base::decode::{decode, is_slug};
use countersign::base::diagnostic::{Diagnostic, Report};
use countersign::base::digest::Digest;
use countersign::base::node::{Kind, Node, parse};
use countersign::base::sheet;
use countersign::base::source::{Place, Source};
use countersign::compliance::address::{self, folded};
use countersign::compliance::person::Person;
use countersign::compliance::roster::{self, Defaults, Roster};
use countersign::contract::approval::{Approvals, ClauseApproval};
use countersign::contract::clause::{Clause, Front};
use countersign::contract::entity::Workspace;
use countersign::contract::outline::Outline;
use countersign::contract::profile::Profile;
use countersign::contract::values;
use countersign::project::embedded;
use countersign::rule::condition::Condition;
use countersign::rule::decision::Decision;
use countersign::rule::vocabulary::Vocabulary;
use countersign::text::document::{Block, Inline};
use countersign::text::hygiene;
use countersign::text::letters::{disguise, unreadable};
use countersign::text::markdown::blocks;
use countersign::text::template::{Filling, Templates, check, mask};

fn source(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: text.to_owned() })
}

/// The vocabulary of the embedded library.
pub fn vocabulary() -> &'static Arc<Vocabulary> {
    static VOCABULARY: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    VOCABULARY.get_or_init(|| {
        let (_, bytes) = embedded::clauses().into_iter().find(|(path, _)| *path == "vocabulary.yaml").expect("it is embedded");
        let mut report = Report::default();
        let node = parse(&source("vocabulary.yaml", &String::from_utf8_lossy(bytes)), &mut report).expect("it is YAML");
        Arc::new(Vocabulary::read(&node, &mut report).expect("it is a vocabulary"))
    })
}

/// Every diagnostic stands in the file, on character boundaries, and can be drawn.
pub fn check_places<'d>(source: &Arc<Source>, diagnostics: impl Iterator<Item = &'d Diagnostic>) {
    for diagnostic in diagnostics {
        let places = diagnostic.place.iter().chain(diagnostic.related.iter().map(|(place, _)| place));
        assert!(diagnostic.place.is_some(), "no place: {diagnostic:?}");
        for Place { source: own, range } in places.clone() {
            assert!(Arc::ptr_eq(own, source) && range.start <= range.end && range.end <= source.text.len(), "{diagnostic:?}");
        }
        for place in places {
            let lines = source.text.lines().count().max(1);
            assert!(place.line() <= lines + 1 && place.column() >= 1, "{diagnostic:?}");
            assert!(source.text.contains(place.text()));
        }
    }
}

/// Every node lies within its file and within what holds it.
fn check_spans(node: &Node, source: &Arc<Source>) {
    assert!(node.place.range.end <= source.text.len());
    match &node.kind {
        Kind::Scalar { .. } => {}
        Kind::Sequence(items) => items.iter().for_each(|n| check_spans(n, source)),
        Kind::Mapping(entries) => {
            for entry in entries {
                assert!(entry.key_place.range.start <= entry.value.place.range.start, "{}", entry.key);
                check_spans(&entry.value, source);
            }
        }
    }
}

/// YAML as each kind of file: read or refused, never both and never neither; every fault in its place.
pub fn yaml(text: &str) -> Report {
    let source = source("any.yaml", text);
    let mut report = Report::default();
    let node = parse(&source, &mut report);
    assert!(node.is_some() || report.has_errors(), "nothing read and nothing said: {text:?}");
    if let Some(node) = &node {
        check_spans(node, &source);
        hygiene::check(node, &mut report);
        let says = |read: bool, before: usize, report: &Report| assert!(read || report.errors() > before, "nothing read and nothing said: {text:?}");
        let before = report.errors();
        says(decode::<Profile>(node, &mut report).is_some(), before, &report);
        let before = report.errors();
        says(decode::<Workspace>(node, &mut report).is_some(), before, &report);
        let before = report.errors();
        says(decode::<Outline>(node, &mut report).is_some(), before, &report);
        let before = report.errors();
        says(decode::<Decision>(node, &mut report).is_some(), before, &report);
        decode::<serde_json::Value>(node, &mut report);
    }
    let before = report.errors();
    let read = approvals(&source, &mut report);
    assert!(read || report.errors() > before, "nothing read and nothing said: {text:?}");
    check_places(&source, report.iter());
    report
}

/// A file of approvals, if it is one: with another one added it reads, and has what it had.
fn approvals(source: &Arc<Source>, report: &mut Report) -> bool {
    let Some(before) = Approvals::read(source, report) else { return false };
    let date = "2026-11-21".parse().expect("a day");
    let new = |clause: &str| ClauseApproval {
        clause: clause.to_owned(),
        version: "1.0.0".to_owned(),
        sha256: Digest::of(b""),
        by: "Niamh Kilbride".to_owned(),
        date,
        note: None,
        expires: None,
    };
    let text = before.with(&source.text, vec![new("a.first"), new("nda.u"), new("zz.last")]);
    let again = Approvals::read(&Arc::new(Source { path: source.path.clone(), text: text.clone() }), &mut Report::default());
    let after = again.unwrap_or_else(|| panic!("{:?} became {text:?}", source.text));
    assert_eq!(after.all().len(), before.all().len() + 3);
    let mut rest = after.all().iter();
    assert!(before.all().iter().all(|one| rest.any(|other| other == one)), "{:?} became {text:?}", source.text);
    true
}

/// A clause file: front matter and body.
pub fn clause(text: &str) {
    static SCHEMA: OnceLock<serde_json::Value> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| schemars::schema_for!(Front).to_value());
    let source = source("nda/any.md", text);
    let mut report = Report::default();
    let clause = Clause::read("nda/any.md", &source, schema, vocabulary(), &values::shape(), &mut report);
    assert!(clause.is_some() || report.has_errors(), "nothing read and nothing said: {text:?}");
    check_places(&source, report.iter());
}

/// A condition: read or refused, and what is read prints so that it reads back as the same.
pub fn condition(text: &str) {
    let place = Place::start_of(&source("nowhere", ""));
    let mut report = Report::default();
    let condition = Condition::parse(text, vocabulary(), &place, &mut report);
    assert_eq!(condition.is_none(), report.has_errors(), "{text:?}");
    if let Some(condition) = condition {
        assert!(condition.facts().iter().all(|name| vocabulary().facts.contains_key(*name)));
        let printed = condition.to_string();
        let again = Condition::parse(&printed, vocabulary(), &place, &mut report);
        assert_eq!(again.as_ref(), Some(&condition), "{text:?} prints as {printed:?}");
    }
}

/// Markdown: every fault in its place, every table square.
pub fn markdown(text: &str) {
    fn square(tree: &[Block]) {
        for block in tree {
            match block {
                Block::Table { columns, header, rows } => {
                    assert!(header.len() == columns.len() && rows.iter().all(|row| row.len() == header.len()));
                }
                Block::Item { children, .. } => square(children),
                Block::Bullets { items } => items.iter().for_each(|item| square(item)),
                _ => {}
            }
        }
    }
    let (tree, faults) = blocks(text);
    for fault in faults.iter().chain(&check(text, &values::shape()).1) {
        assert!(fault.range.start <= fault.range.end && fault.range.end <= text.len(), "{fault:?}");
        assert!(text.is_char_boundary(fault.range.start) && text.is_char_boundary(fault.range.end), "{fault:?}");
    }
    square(&tree);
    assert_eq!(mask(text).len(), text.len());
}

/// Where a value can stand in clause text.
const POSITIONS: &str = "Lead {{ a }}, and **{{ a }}** or *{{ a }}*.\n\n1. **Title {{ a }}.** Text {{ a }}\n   1. nested ({{ a }})\n2. second\n\n- bullet {{ a }}\n- b\n\n\
     | H | I |\n|---|--:|\n| {{ a }} | x{{ a }} |\n\n## Head {{ a }}\n\nSee [](ref:nda.use){{ a }}[](doc:nda) “{{ a }}” {{ a | upper }}";

/// A value in every position of clause text: the tree is that of any other value, and the text comes back whole.
pub fn value(text: &str) {
    fn inlines(list: &mut [Inline], found: &mut Vec<String>) {
        for inline in list {
            match inline {
                Inline::Value { text } => found.push(std::mem::take(text)),
                Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => inlines(body, found),
                _ => {}
            }
        }
    }
    fn take(tree: &mut [Block], found: &mut Vec<String>) {
        for block in tree {
            match block {
                Block::Heading { text, .. } | Block::Paragraph { text } => inlines(text, found),
                Block::Item { text, children, anchor, .. } => {
                    // The anchor of a title is made of the clause's own words.
                    assert!(anchor.is_empty() || anchor == "title" || anchor == "title-", "{anchor}");
                    inlines(text, found);
                    take(children, found);
                }
                Block::Bullets { items } => items.iter_mut().for_each(|item| take(item, found)),
                Block::Table { header, rows, .. } => header.iter_mut().chain(rows.iter_mut().flatten()).for_each(|cell| inlines(cell, found)),
                Block::Chart { .. } => panic!("no Markdown makes a chart"),
            }
        }
    }
    let fill = |value: &str| {
        let mut templates = Templates::new();
        assert!(templates.add_all(&[("clause".to_owned(), POSITIONS)]).is_empty());
        let filling = Filling::new(&serde_json::json!({ "a": value })).expect("a value");
        let rendered = templates.render("clause", POSITIONS, &filling).unwrap_or_else(|fault| panic!("{fault:?}"));
        let (mut tree, faults) = blocks(&rendered);
        // A cell of which nothing can be seen is refused, whatever fills it.
        let unseen = !value.chars().any(char::is_alphanumeric) && faults.iter().all(|fault| fault.code == "empty-cell");
        assert!(faults.is_empty() || unseen, "{faults:?}");
        let mut found = Vec::new();
        take(&mut tree, &mut found);
        (tree, found)
    };
    let ((plain, names), (tree, found)) = (fill("x"), fill(text));
    assert_eq!(tree, plain, "the value changed more than itself: {text:?}");
    assert_eq!(names.len(), found.len());
    assert!(found.iter().all(|value| value == text || *value == text.to_uppercase()), "{text:?} came back as {found:?}");
    // What judges names looks at anything.
    drop((unreadable(text), disguise(text)));
}

/// A sheet: every row has its cells in their places, every fault is in its place.
pub fn sheet(text: &str) {
    let source = source("any.csv", text);
    let mut report = Report::default();
    let sheet = sheet::read(&source, &["a", "b", "c"], &mut report);
    assert!(sheet.is_some() || report.has_errors(), "nothing read and nothing said: {text:?}");
    check_places(&source, report.iter());
    for row in sheet.iter().flat_map(|sheet| &sheet.rows) {
        check_spans(&row.node, &source);
        let Kind::Mapping(entries) = &row.node.kind else { panic!("a row is a mapping") };
        for entry in entries {
            let cell = &entry.value;
            assert!(row.node.place.range.start <= cell.place.range.start && cell.place.range.end <= row.node.place.range.end, "{text:?}");
            assert!(cell.is_null() || cell.place.text().contains(cell.text().expect("a scalar")) || cell.place.text().starts_with('"'), "{text:?}");
            check_spans(&sheet::list(cell, ';'), &source);
        }
    }
    let broken = sheet.map_or(0, |sheet| sheet.broken.len());
    assert!(broken == 0 || report.has_errors(), "{text:?}");
}

/// A text as a people file in CSV and in YAML.
pub fn people_text(text: &str) {
    for path in ["any.csv", "any.yaml"] {
        let source = source(path, text);
        let roster = people(&[Arc::clone(&source)], &BTreeMap::new());
        check_places(&source, roster.report.iter());
    }
}

/// People files against a register: what is taken fits it, what is not is said.
pub fn people(sources: &[Arc<Source>], existing: &BTreeMap<String, Person>) -> Roster {
    let mut next = 0;
    let mut make_id = || {
        next += 1;
        format!("new-{next}")
    };
    let defaults = Defaults { time_zone: "Europe/Dublin", mailbox_optional: true };
    let roster = roster::read(sources, existing, &["northwind", "southwind"], &defaults, &mut make_id);
    assert!(roster.faulty.is_empty() || roster.report.has_errors(), "{:?}", roster.faulty);
    let mut after = existing.clone();
    for change in &roster.changes {
        assert_eq!(change.before.as_ref(), existing.get(&change.after.id));
        assert!(!change.fields.is_empty() && change.fields.iter().all(|field| field.old != field.new), "{change:?}");
        let twice = after.insert(change.after.id.clone(), change.after.clone()).is_some() && change.before.is_none();
        assert!(!twice, "{change:?}");
    }
    for change in &roster.changes {
        let person = &change.after;
        assert!(is_slug(&person.id) && !person.name.is_empty(), "{person:?}");
        assert!(person.email.as_deref().is_none_or(|email| address::fault(email).is_none()), "{person:?}");
        assert!(person.end.is_none_or(|end| person.start <= end), "{person:?}");
        assert!(person.leave.iter().all(|l| l.from <= l.until) && person.leave.windows(2).all(|w| w[0].until < w[1].from), "{person:?}");
        for other in person.coordinator.iter().chain(&person.deputy) {
            assert!(after.contains_key(other) && *other != person.id, "{person:?}");
        }
    }
    let addresses: Vec<String> = after.values().filter_map(|p| p.email.as_deref().map(folded)).collect();
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len(), "two people with one address");
    for mut person in after.values() {
        let mut steps = 0;
        while let Some(up) = person.coordinator.as_ref().and_then(|id| after.get(id)) {
            person = up;
            steps += 1;
            assert!(steps <= after.len(), "coordinators in a ring");
        }
    }
    roster
}
