//! Writes a node tree as YAML for people: blocks, two spaces, quotes where a reader could misread.

use crate::base::node::{Entry, Kind, Node};

/// Words that some reader of YAML takes for something else than text (YAML 1.1 and 1.2).
const WORDS: [&str; 16] = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", ".nan", ".inf", "-.inf", "<<"];

/// A whole mapping, one entry after the other; text of another kind of node as one line.
///
/// ```
/// use std::sync::Arc;
/// use countersign::base::{diagnostic::Report, node::parse, source::Source, yaml::write};
/// let text = "name: \"no\"\nnumber: \"007\"\nlist:\n  - country: GB\n    tags: []\n";
/// let source = Arc::new(Source { path: "a.yaml".into(), text: text.into() });
/// assert_eq!(write(&parse(&source, &mut Report::default()).unwrap()), text);
/// ```
pub fn write(node: &Node) -> String {
    let mut out = String::new();
    match &node.kind {
        Kind::Mapping(entries) if !entries.is_empty() => entries.iter().for_each(|entry| write_entry(entry, 0, &mut out)),
        _ => {
            out.push_str(&inline(node));
            out.push('\n');
        }
    }
    out
}

/// One entry of a mapping, so many spaces in.
pub fn write_entry(entry: &Entry, indent: usize, out: &mut String) {
    out.push_str(&" ".repeat(indent));
    out.push_str(&scalar(&entry.key, false));
    out.push(':');
    below(&entry.value, indent, out);
}

/// What stands after a key.
fn below(node: &Node, indent: usize, out: &mut String) {
    match &node.kind {
        Kind::Mapping(entries) if !entries.is_empty() => {
            out.push('\n');
            entries.iter().for_each(|entry| write_entry(entry, indent + 2, out));
        }
        Kind::Sequence(items) if !items.is_empty() => {
            out.push('\n');
            items.iter().for_each(|item| write_item(item, indent + 2, out));
        }
        _ => {
            out.push(' ');
            out.push_str(&inline(node));
            out.push('\n');
        }
    }
}

fn write_item(item: &Node, indent: usize, out: &mut String) {
    out.push_str(&" ".repeat(indent));
    match &item.kind {
        Kind::Mapping(entries) if !entries.is_empty() => {
            let mut inner = String::new();
            entries.iter().for_each(|entry| write_entry(entry, indent + 2, &mut inner));
            // The dash takes the place of the first two spaces.
            out.push_str("- ");
            out.push_str(&inner[indent + 2..]);
        }
        Kind::Sequence(items) if !items.is_empty() => {
            out.push_str("-\n");
            items.iter().for_each(|item| write_item(item, indent + 2, out));
        }
        _ => {
            out.push_str("- ");
            out.push_str(&inline(item));
            out.push('\n');
        }
    }
}

fn inline(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar { text, plain } => scalar(text, *plain),
        Kind::Sequence(_) => "[]".to_owned(),
        Kind::Mapping(_) => "{}".to_owned(),
    }
}

/// A scalar; one that is not plain is text, and quoted where it could be taken for anything else.
fn scalar(text: &str, plain: bool) -> String {
    if plain && !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+')) {
        return text.to_owned();
    }
    let begins = text.chars().next().is_some_and(char::is_alphabetic);
    let safe = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '_' | '/' | '(' | ')' | '+' | '@' | '\u{2019}' | '&' | ';');
    let is_safe = begins && text.chars().all(safe) && text.trim() == text && !WORDS.contains(&text.to_lowercase().as_str());
    if is_safe {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => out.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}
