//! Defined terms: which are used, and which capitalised words are no term.

use std::collections::{BTreeMap, BTreeSet};

use crate::text::document::{Block, Inline};

/// Stands for a value or reference, so that its words are no words of the clause and break a match.
const OPAQUE: char = '\u{fffc}';

/// Calls `visit` with every run of inline content, in order.
pub fn each_text(blocks: &[Block], visit: &mut dyn FnMut(&[Inline])) {
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => visit(text),
            Block::Item { text, children, .. } => {
                visit(text);
                each_text(children, visit);
            }
            Block::Bullets { items } => items.iter().for_each(|item| each_text(item, visit)),
            Block::Table { header, rows, .. } => header.iter().chain(rows.iter().flatten()).for_each(|cell| visit(cell)),
            // Charts are of reports, which define and use no terms.
            Block::Chart { .. } => {}
        }
    }
}

/// The terms that blocks define, in order.
pub fn defined_in(blocks: &[Block]) -> Vec<String> {
    let mut out = Vec::new();
    each_text(blocks, &mut |inlines| {
        out.extend(inlines.iter().filter_map(|i| match i {
            Inline::Term { text } => Some(text.clone()),
            _ => None,
        }));
    });
    out
}

/// The texts of blocks, one for each place where a sentence begins.
pub fn texts(blocks: &[Block]) -> Vec<String> {
    let mut out = Vec::new();
    each_text(blocks, &mut |inlines| out.extend(split_texts(inlines)));
    out
}

/// A run-in title is a text of its own.
fn split_texts(inlines: &[Inline]) -> Vec<String> {
    let mut out = vec![String::new()];
    let push = |out: &mut Vec<String>, text: &str| {
        if let Some(last) = out.last_mut() {
            last.push_str(text);
        }
    };
    for inline in inlines {
        match inline {
            Inline::Text { text } => push(&mut out, text),
            Inline::Value { .. } | Inline::Reference { .. } | Inline::Blank | Inline::Term { .. } => {
                out.iter_mut().next_back().into_iter().for_each(|t| t.push(OPAQUE))
            }
            Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => {
                for text in split_texts(body) {
                    push(&mut out, &text);
                    if text.ends_with(['.', ':']) {
                        out.push(String::new());
                    }
                }
            }
            Inline::Break => out.push(String::new()),
        }
    }
    out.retain(|text| !text.trim().is_empty());
    out
}

/// A list of known phrases, matched longest first on whole words.
#[derive(Debug, Default)]
pub struct Phrases {
    /// Phrases by first word, longest first: the words, and the phrase as it is written. Asked for every word of every document that has one of the initials.
    by_first: BTreeMap<String, Vec<(Vec<String>, String)>>,
    /// Letters of ASCII with which some phrase begins.
    initials: u128,
}

impl Phrases {
    /// Takes phrases as they are written.
    pub fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let mut out = Self::default();
        for phrase in phrases {
            for form in forms(phrase) {
                let words: Vec<String> = words(&form).into_iter().map(|(_, w)| w.to_owned()).collect();
                if let Some(first) = words.first() {
                    out.initials |= initial(first);
                    let list = out.by_first.entry(first.clone()).or_default();
                    if !list.iter().any(|(known, _)| *known == words) {
                        list.push((words, phrase.to_owned()));
                        list.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
                    }
                }
            }
        }
        out
    }

    /// The longest phrase at the beginning of some words: how it is written and how many words it takes.
    fn at(&self, words: &[(usize, &str)]) -> Option<(&str, usize)> {
        let (_, first) = words.first()?;
        if self.initials & initial(first) == 0 {
            return None;
        }
        let list = self.by_first.get(*first)?;
        let (found, written) = list.iter().find(|(phrase, _)| phrase.len() <= words.len() && phrase.iter().zip(words).all(|(a, (_, b))| a == b))?;
        Some((written.as_str(), found.len()))
    }
}

/// The bit of the first letter of a word; all letters beyond ASCII share one.
fn initial(word: &str) -> u128 {
    1 << word.bytes().next().map_or(0, |byte| byte.min(127))
}

/// The phrase with its plural and possessive forms; the last word changes.
fn forms(phrase: &str) -> Vec<String> {
    let mut out = vec![phrase.to_owned(), format!("{phrase}s"), format!("{phrase}es")];
    if let Some(stem) = phrase.strip_suffix('y') {
        out.push(format!("{stem}ies"));
    }
    if let Some(stem) = phrase.strip_suffix("ies") {
        out.push(format!("{stem}y"));
    } else if let Some(stem) = phrase.strip_suffix('s') {
        out.push(stem.to_owned());
    }
    out
}

/// The words of a text with their byte positions; hyphens join, a possessive ending is dropped.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut start = None;
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '‑' | '/' | '.' | '&' | '\'' | '’');
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_inner(character)) {
            (None, true) if character.is_alphanumeric() => start = Some(at),
            (Some(from), false) => {
                let word = text[from..at].trim_end_matches(['.', '\'', '’', '-', '/', '&']);
                let word = word.strip_suffix("’s").or_else(|| word.strip_suffix("'s")).unwrap_or(word);
                out.push((from, word));
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// What a reading of texts found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Terms that are used.
    pub used: BTreeSet<String>,
    /// Capitalised words in mid-sentence that are neither a term nor a proper name.
    pub undefined: BTreeSet<String>,
}

/// Reads texts for defined terms and for capitalised words that are none.
///
/// The first word of a sentence may be capitalised for no reason; so may a word after a full stop, a colon or an opening quote.
pub fn read<'a>(texts: impl IntoIterator<Item = &'a String>, terms: &Phrases, names: &Phrases) -> Findings {
    let mut findings = Findings::default();
    for text in texts {
        let words = words(text);
        let mut at = 0;
        while at < words.len() {
            let rest = &words[at..];
            if let Some((term, length)) = terms.at(rest) {
                findings.used.insert(term.to_owned());
                at += length;
                continue;
            }
            if let Some((_, length)) = names.at(rest) {
                at += length;
                continue;
            }
            let (position, word) = words[at];
            if word.starts_with(char::is_uppercase) && !begins_sentence(text, position) && !is_enumeration(word) {
                findings.undefined.insert(word.to_owned());
            }
            at += 1;
        }
    }
    findings
}

/// Every use of a term, in order, as often as it is used.
pub fn read_all(texts: &[String], terms: &Phrases) -> Vec<String> {
    let mut out = Vec::new();
    for text in texts {
        let words = words(text);
        let mut at = 0;
        while at < words.len() {
            let found = terms.at(&words[at..]);
            out.extend(found.map(|(term, _)| term.to_owned()));
            at += found.map_or(1, |(_, length)| length);
        }
    }
    out
}

fn begins_sentence(text: &str, position: usize) -> bool {
    let before = text[..position].trim_end_matches([' ', '(', '“', '‘', '"']);
    before.is_empty() || before.ends_with(['.', '!', '?', ':', '“', '‘', '/'])
}

/// A single letter or a Roman number, as in `Annex I` or `point A`.
fn is_enumeration(word: &str) -> bool {
    word.chars().count() == 1 || word.chars().all(|c| matches!(c, 'I' | 'V' | 'X'))
}

#[cfg(test)]
mod tests {
    use super::{Phrases, read};

    fn found(text: &str) -> (Vec<String>, Vec<String>) {
        let terms = Phrases::new(["Personal Data", "Data", "Third Party"]);
        let names = Phrases::new(["GDPR", "European Union"]);
        let findings = read([&text.to_owned()], &terms, &names);
        (findings.used.into_iter().collect(), findings.undefined.into_iter().collect())
    }

    #[test]
    fn longest_term_wins_and_plurals_count() {
        assert_eq!(found("Any Personal Data of Third Parties.").0, ["Personal Data", "Third Party"]);
    }

    #[test]
    fn capital_in_mid_sentence_is_undefined_unless_a_name() {
        assert_eq!(found("The GDPR binds the Processor. Processing is fine.").1, ["Processor"]);
    }
}
