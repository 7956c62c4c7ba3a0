//! Bodies of the fuzz targets: `fuzz/` runs them on bytes that libFuzzer finds, the property tests on texts of their own.
//!
//! Each holds one promise on any input and panics when it breaks. This file names nothing of the test binary.

use std::sync::{Arc, OnceLock};

use countersign::base::decode::decode;
use countersign::base::diagnostic::{Diagnostic, Report};
use countersign::base::node::{Kind, Node, parse};
use countersign::base::source::{Place, Source};
use countersign::contract::clause::{Clause, Front};
use countersign::contract::entity::Workspace;
use countersign::contract::outline::Outline;
use countersign::contract::profile::Profile;
use countersign::contract::{hygiene, values};
use countersign::project::embedded;
use countersign::rule::condition::Condition;
use countersign::rule::decision::Decision;
use countersign::rule::vocabulary::Vocabulary;
use countersign::text::document::{Block, Inline};
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
    check_places(&source, report.iter());
    report
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
                Inline::Strong { body } | Inline::Emphasis { body } => inlines(body, found),
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
