//! What every text of an input must be before anything is made of it: short enough, readable, and what it looks like.

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::{Kind, Node};
use crate::base::source::Place;
use crate::text::letters::{disguise, unreadable};

/// Longest text of a field in characters: about a page. What is longer belongs into a schedule of its own.
pub const LONGEST: usize = 4_000;
/// Longest name in characters; names stand in every row of a table and on every page.
pub const LONGEST_NAME: usize = 300;

/// What to do about an unreadable character.
pub const ANEW: &str = "remove it, or write the text anew by hand";

/// Checks every text of an input file.
///
/// # Errors
/// Reports `too-long` and `unreadable-text` at the field; words that look like others are a warning, `lookalike`.
pub fn check(node: &Node, report: &mut Report) {
    check_below("", node, report);
}

/// Checks what stands under a key.
fn check_below(key: &str, node: &Node, report: &mut Report) {
    match &node.kind {
        Kind::Sequence(items) => items.iter().for_each(|item| check_below(key, item, report)),
        Kind::Mapping(entries) => {
            for entry in entries {
                if let Some(fault) = unreadable(&entry.key).first() {
                    report.push(Diagnostic::error("unreadable-text", fault.to_string()).at(&entry.key_place).help(ANEW));
                }
                check_below(&entry.key, &entry.value, report);
            }
        }
        Kind::Scalar { text, .. } => {
            let is_name = key.ends_with("name") || ["title", "email", "telephone", "city", "attention", "by"].contains(&key);
            check_text(text, if is_name { LONGEST_NAME } else { LONGEST }, &node.place, report);
        }
    }
}

/// Checks one text that may have so many characters, and tells whether it is fit to be read.
///
/// # Errors
/// As [`check`].
pub fn check_text(text: &str, most: usize, place: &Place, report: &mut Report) -> bool {
    let length = text.chars().count();
    if length > most {
        let message = format!("a text of {length} characters");
        let first = Place::new(&place.source, place.range.start..place.range.start + 1);
        report.push(Diagnostic::error("too-long", message).at(&first).help(format!("at most {most}; attach what is longer")));
        return false;
    }
    if let Some(fault) = unreadable(text).first() {
        report.push(Diagnostic::error("unreadable-text", fault.to_string()).at(place).help(ANEW));
        return false;
    }
    if let Some(disguise) = disguise(text) {
        report.push(Diagnostic::warning("lookalike", disguise.to_string()).at(place).help("make sure that nobody is impersonated"));
    }
    true
}
