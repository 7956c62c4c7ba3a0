//! What every text of an input must be before anything is made of it: short enough, readable, and what it looks like.

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::{Kind, Node};
use crate::base::source::Place;
use crate::text::letters::{disguise, unreadable};

/// Longest text of a field in characters: about a page. What is longer belongs into a schedule of its own.
const LONGEST: usize = 4_000;
/// Longest name in characters; names stand in every row of a table and on every page.
const LONGEST_NAME: usize = 300;

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
            let length = text.chars().count();
            let is_name = key.ends_with("name") || ["title", "email", "telephone", "city", "attention"].contains(&key);
            let most = if is_name { LONGEST_NAME } else { LONGEST };
            if length > most {
                let message = format!("a text of {length} characters");
                let range = node.place.range.start..node.place.range.start + 1;
                report.push(
                    Diagnostic::error("too-long", message).at(&Place::new(&node.place.source, range)).help(format!("at most {most}; attach what is longer")),
                );
                return;
            }
            if let Some(fault) = unreadable(text).first() {
                report.push(Diagnostic::error("unreadable-text", fault.to_string()).at(&node.place).help(ANEW));
            } else if let Some(disguise) = disguise(text) {
                report.push(Diagnostic::warning("lookalike", disguise.to_string()).at(&node.place).help("make sure that nobody is impersonated"));
            }
        }
    }
}
