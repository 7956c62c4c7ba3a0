//! Redlines: both sides can be read out of one, numbers are no change, and each change says why.

use std::path::{Path, PathBuf};

use countersign::text::document::{Alignment, Block, Inline};
use countersign::text::edit::blocks;
use proptest::prelude::*;
use serde_json::Value;

use crate::suite::sandbox::{DATE, Sandbox};
use crate::suite::shelf::seeded;

/// What stands in blocks when one kind of mark is left out.
fn read(blocks: &[Block], without: fn(&Inline) -> bool) -> String {
    fn inlines(body: &[Inline], without: fn(&Inline) -> bool, out: &mut String) {
        for inline in body.iter().filter(|inline| !without(inline)) {
            match inline {
                Inline::Text { text } | Inline::Value { text } | Inline::Term { text } | Inline::Reference { text, .. } => out.push_str(text),
                Inline::Blank => out.push('_'),
                Inline::Break => out.push('\n'),
                other => inlines(other.body().unwrap(), without, out),
            }
        }
    }
    let mut out = String::new();
    for block in blocks {
        // Of a block that is all gone or all new, the other side has nothing, not even an end.
        let mut line = String::new();
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => inlines(text, without, &mut line),
            Block::Item { text, children, .. } => {
                inlines(text, without, &mut line);
                line.push_str(&read(children, without));
            }
            Block::Bullets { items } => items.iter().for_each(|item| line.push_str(&read(item, without))),
            Block::Table { header, rows, .. } => {
                for cell in header.iter().chain(rows.iter().flatten()) {
                    inlines(cell, without, &mut line);
                    line.push('\u{1}');
                }
                // A row of the other side leaves its cells behind, empty.
                line = line.split('\u{1}').filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("|");
            }
            Block::Chart { .. } => {}
        }
        if !line.is_empty() {
            out.push_str(&line);
            out.push('\u{b6}');
        }
    }
    out
}

fn old_of(redline: &[Block]) -> String {
    read(redline, |inline| matches!(inline, Inline::Inserted { .. }))
}

fn new_of(redline: &[Block]) -> String {
    read(redline, |inline| matches!(inline, Inline::Deleted { .. }))
}

fn leaf() -> impl Strategy<Value = Inline> {
    // Few words, so that the sides share many.
    let words =
        proptest::collection::vec(prop_oneof!["must", "not", "within", "72 hours", "24 hours", "e-mail", "99.5 %", "Supplier\u{2019}s", "ß", ", ", "–"], 1..6)
            .prop_map(|words| words.join(" "));
    prop_oneof![
        words.clone().prop_map(|text| Inline::Text { text }),
        words.clone().prop_map(|text| Inline::Value { text }),
        words.clone().prop_map(|text| Inline::Term { text }),
        words.prop_map(|text| Inline::Strong { body: vec![Inline::Text { text }] }),
        Just(Inline::Blank),
    ]
}

fn text() -> impl Strategy<Value = Vec<Inline>> {
    proptest::collection::vec(leaf(), 1..4)
}

fn block() -> impl Strategy<Value = Block> {
    let flat =
        prop_oneof![
            text().prop_map(|text| Block::Paragraph { text }),
            text().prop_map(|text| Block::Heading { level: 2, text }),
            (proptest::collection::vec(text(), 2), proptest::collection::vec(proptest::collection::vec(text(), 2), 1..4))
                .prop_map(|(header, rows)| Block::Table { columns: vec![Alignment::Left; 2], header, rows }),
        ];
    flat.prop_recursive(2, 12, 3, |inner| {
        let below = proptest::collection::vec(inner, 1..4);
        prop_oneof![
            (text(), below.clone()).prop_map(|(text, children)| Block::Item { anchor: String::new(), level: 1, number: "1.1".to_owned(), text, children }),
            proptest::collection::vec(below, 1..3).prop_map(|items| Block::Bullets { items }),
        ]
    })
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn both_sides_can_be_read_out_of_a_redline(old in proptest::collection::vec(block(), 0..5), mut new in proptest::collection::vec(block(), 0..5), kept in any::<u8>()) {
        // Some of the old stays.
        for (at, block) in old.iter().enumerate().filter(|(at, _)| kept >> at & 1 == 1) {
            new.insert(at.min(new.len()), block.clone());
        }
        let redline = blocks(&old, &new);
        prop_assert_eq!(old_of(&redline), new_of(&old));
        prop_assert_eq!(new_of(&redline), new_of(&new));
        let same = blocks(&old, &old);
        prop_assert!(!same.iter().any(Block::is_edited));
    }
}

/// A workspace with a pack of the sample, and how to make another after an edit.
struct Two {
    sandbox: Sandbox,
    old: PathBuf,
}

impl Two {
    fn of(supplier: &str) -> Self {
        let sandbox = Sandbox::with_sample();
        let old = sandbox.generate(&[supplier], "output", &[]).remove(0);
        Self { sandbox, old }
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.sandbox.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn after(&self, supplier: &str, more: &[&str]) -> Value {
        let new = self.sandbox.generate(&[supplier], "output", &[]).remove(0);
        let paths = [self.old.to_str().unwrap(), new.to_str().unwrap()];
        let run = self.sandbox.run(&[&["-C", "sample", "diff", paths[0], paths[1], "--format", "json"], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// `document: state number title` of each clause that is listed.
fn clauses(value: &Value) -> Vec<String> {
    let documents = value["comparison"]["documents"].as_array().unwrap();
    let one = |document: &Value, clause: &Value| {
        let head = if clause["after"].is_null() { &clause["before"] } else { &clause["after"] };
        format!(
            "{}: {} {} {}",
            document["kind"].as_str().unwrap(),
            clause["state"].as_str().unwrap(),
            head["number"].as_str().unwrap(),
            head["title"].as_str().unwrap()
        )
    };
    documents.iter().flat_map(|document| document["clauses"].as_array().unwrap().iter().map(move |clause| one(document, clause))).collect()
}

fn causes(value: &Value, title: &str) -> Vec<Value> {
    let documents = value["comparison"]["documents"].as_array().unwrap();
    let mut all = documents.iter().flat_map(|document| document["clauses"].as_array().unwrap());
    let clause = all.find(|clause| clause["after"]["title"] == title || clause["before"]["title"] == title).unwrap_or_else(|| panic!("{title} in {value}"));
    clause["causes"].as_array().unwrap().clone()
}

#[test]
fn numbers_alone_are_no_change_and_a_move_is_shown_once() {
    let two = Two::of("quillfold-stationery");
    let outline = "clauses/outlines/nda.yaml";
    two.edit(outline, "  - {slot: nda.relation, required: true}", "  - {slot: nda.relation}");
    two.edit("clauses/nda/relation.md", "!(contract.law == \"germany\")", "data.class == \"regulated\"");
    two.edit(outline, "  - {slot: nda.ai, required: true}\n", "  - {slot: nda.assignment, required: true}\n  - {slot: nda.ai, required: true}\n");
    two.edit(outline, "  - {slot: nda.term, required: true}\n  - {slot: nda.assignment, required: true}\n", "  - {slot: nda.term, required: true}\n");
    let value = two.after("quillfold-stationery", &[]);
    let listed = clauses(&value);
    let of = |state: &str| listed.iter().filter(|line| line.contains(&format!(": {state} "))).cloned().collect::<Vec<_>>();
    assert_eq!(of("moved").len(), 1, "{listed:?}");
    assert_eq!(of("dropped").len(), 1, "{listed:?}");
    assert!(of("renumbered").len() > 5, "{listed:?}");
    assert_eq!((of("edited"), of("added"), of("swapped")), (vec![], vec![], vec![]), "{listed:?}");
    let documents = value["comparison"]["documents"].as_array().unwrap();
    let moved = documents[0]["clauses"].as_array().unwrap().iter().find(|clause| clause["state"] == "moved").unwrap();
    assert!(moved["stood_after"].as_str().unwrap().contains("Term"), "{moved}");
    assert_eq!(moved["causes"][0]["file"], outline);
}

#[test]
fn each_change_says_why() {
    let two = Two::of("brightledger-crm");
    two.edit("sample/suppliers/brightledger-crm.yaml", "authorisation: general", "authorisation: specific");
    two.edit("sample/suppliers/brightledger-crm.yaml", "city: Austin", "city: Houston");
    two.edit(
        "clauses/parameters.yaml",
        "asset_return_days:\n    type: integer\n    unit: calendar days\n    stricter: lower\n    default: {low: 15, moderate: 10, high: 10",
        "asset_return_days:\n    type: integer\n    unit: calendar days\n    stricter: lower\n    default: {low: 15, moderate: 10, high: 9",
    );
    two.edit("clauses/dpa/records.md", "must keep written records", "must keep complete written records");
    let value = two.after("brightledger-crm", &[]);
    let swapped = causes(&value, "Sub-processors");
    assert_eq!(
        (&swapped[0]["cause"], &swapped[0]["fact"], &swapped[0]["before"], &swapped[0]["after"]),
        (&"fact".into(), &"subcontracting.authorisation".into(), &"general".into(), &"specific".into())
    );
    let timeline = causes(&value, "Exit timeline");
    assert_eq!(
        (&timeline[0]["cause"], &timeline[0]["parameter"], &timeline[0]["after"]),
        (&"parameter".into(), &"asset_return_days".into(), &"9 calendar days".into())
    );
    let cover = causes(&value, "Cover");
    assert!(cover.iter().any(|cause| cause["field"] == "identity.address.city"), "{cover:?}");
    let listed = clauses(&value);
    let records = listed.iter().find(|line| line.starts_with("dpa: edited") && line.contains("ecords")).unwrap_or_else(|| panic!("{listed:?}"));
    let title = records.splitn(4, ' ').nth(3).unwrap();
    assert_eq!(causes(&value, title)[0]["file"], "clauses/dpa/records.md");
    // Nothing changed in the agreement that is signed before any of it is known, but the address.
    assert!(
        listed
            .iter()
            .filter(|line| line.starts_with("nda: ") && !line.contains("renumbered"))
            .all(|line| ["Cover", "Parties", "Notices"].iter().any(|title| line.ends_with(title))),
        "{listed:?}"
    );
    // What goes to the other side says nothing of facts, tiers or causes.
    let silent = two.after("brightledger-crm", &["--no-causes"]).to_string();
    assert!(!silent.contains("\"cause\"") && !silent.contains("subcontracting.authorisation") && !silent.contains("\"high\""), "{silent}");
}

#[test]
fn redline_as_pdf_page_and_on_a_terminal() {
    let two = Two::of("quillfold-stationery");
    two.edit("clauses/nda/return.md", "The Recipient must return", "Whatever <b>happens</b>, the Recipient must return");
    let new = two.sandbox.run(&["-C", "sample", "generate", "quillfold-stationery", "--date", DATE]);
    assert_eq!(new.code, 1, "HTML is refused in clauses");
    two.edit("clauses/nda/return.md", "Whatever <b>happens</b>, the", "Whatever happens, the");
    let new = two.sandbox.generate(&["quillfold-stationery"], "output", &[]).remove(0);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("redlines");
    std::fs::create_dir_all(&folder).unwrap();
    let (pdf, page) = (folder.join("redline.pdf"), two.sandbox.path().join("redline.html"));
    let packs = [two.old.to_str().unwrap(), new.to_str().unwrap()];
    let run = two.sandbox.run(&["-C", "sample", "diff", packs[0], packs[1], "--pdf", pdf.to_str().unwrap(), "--html", page.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<ins>Whatever happens, the</ins>") && page.contains("class=\"changed\""), "{page}");
    roxmltree::Document::parse(&page.replace("<!DOCTYPE html>", "")).unwrap();
    assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-"));
    let again = folder.join("again.pdf");
    two.sandbox.run(&["-C", "sample", "diff", packs[0], packs[1], "--pdf", again.to_str().unwrap()]);
    assert!(std::fs::read(&pdf).unwrap() == std::fs::read(&again).unwrap(), "the same bytes each time");
    std::fs::remove_file(again).unwrap();
    let run = two.sandbox.run(&["diff", packs[0], packs[1]]);
    assert!(run.stdout.contains("{+Whatever happens, the+}") && run.stdout.contains("because clauses/nda/return.md was edited"), "{}", run.stdout);
    // A pack that does not hold is not compared, two suppliers are not, a folder that is no pack is not.
    std::fs::write(new.join("internal/explanation.json"), "{}").unwrap();
    assert_eq!(two.sandbox.run(&["diff", packs[0], packs[1]]).code, 3);
    let other = two.sandbox.generate(&["swit-avgi-safak-cleaning"], "output", &["--document", "nda"]).remove(0);
    let run = two.sandbox.run(&["diff", packs[0], other.to_str().unwrap()]);
    assert!(run.code == 1 && run.stderr.contains("help: "), "{}", run.stderr);
    assert_eq!(two.sandbox.run(&["diff", packs[0], "sample"]).code, 1);
}
