//! Policies as pages of HTML: every policy of the library, as the sample issues it.

use std::path::Path;

use countersign::base::diagnostic::Report;
use countersign::contract::library::Reading;
use countersign::pack::compile::Compiler;
use countersign::render::{Look, html};
use countersign::text::document::Document;
use serde_json::Value;

use super::sandbox::DATE;
use super::shelf;

fn look() -> Look {
    Look { organisation: "Halden plc".to_owned(), accent: Some("#1f3a5f".to_owned()), ..Look::default() }
}

/// The policies of the library as documents.
fn policies() -> Vec<Document> {
    let mut report = Report::default();
    let compiler = Compiler::read(shelf::inputs(), Reading::Kept, &mut report).unwrap();
    let issuer = compiler.issuer(None, &mut report).unwrap();
    let ids: Vec<&str> = shelf::library().policies().map(|(id, _)| id).collect();
    assert!(ids.len() >= 4, "{ids:?}");
    ids.iter()
        .flat_map(|id| compiler.policy(id, &issuer, false, DATE.parse().unwrap(), &mut report).unwrap_or_else(|| panic!("{report:?}")).documents)
        .collect()
}

/// What a person reads on a page, with no spaces; the parser is the assertion that the page is well-formed.
fn shown(page: &str) -> String {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let tree = roxmltree::Document::parse_with_options(page, options).unwrap();
    let body = tree.descendants().find(|node| node.has_tag_name("body")).unwrap();
    squeezed(&body.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect::<String>())
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The texts of a serialised tree in the order in which they stand; what is not printed (anchors, clause ids) is left out.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let printed = ["text", "number", "title", "label", "role", "legal_name", "details"].contains(&name.as_str());
                match member {
                    Value::String(text) if printed => out.push(text.clone()),
                    other => texts(other, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        _ => {}
    }
}

#[test]
fn every_policy_is_a_page_with_every_word_in_its_order() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    for document in policies() {
        let page = html(&document, &look());
        std::fs::write(folder.join(format!("{}.html", document.kind)), &page).unwrap();
        let text = shown(&page);
        for head in [&document.title, &document.id, &document.date_text, document.edition.as_ref().unwrap()] {
            assert!(text.contains(&squeezed(head)), "`{head}` is not in {}", document.id);
        }
        let tree = serde_json::to_value(&document).unwrap();
        for (members, least) in [("parties", 3), ("key_terms", 6), ("parts", 200)] {
            let mut wanted = Vec::new();
            texts(&tree[members], &mut wanted);
            assert!(wanted.len() >= least, "{} has {} texts in {members}", document.id, wanted.len());
            let mut rest = text.as_str();
            for text in wanted.iter().map(|text| squeezed(text)) {
                let at = rest.find(&text).unwrap_or_else(|| panic!("`{text}` does not follow in {}", document.id));
                rest = &rest[at + text.len()..];
            }
        }
    }
}

#[test]
fn page_is_the_same_each_time() {
    let pages = || policies().iter().map(|document| html(document, &look())).collect::<Vec<_>>();
    assert_eq!(pages(), pages());
}
