//! Lints: what a careful editor would mark in the library. Warnings, never faults.
//!
//! [`text`] reads the clauses as they are written. A [`Census`] is taken over the packs of a workspace, because whether a term is
//! worth defining, or a clause ever chosen, shows only there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::base::diagnostic::{Diagnostic, Report};
use crate::contract::clause::Clause;
use crate::contract::library::Library;
use crate::contract::risk::Tier;
use crate::contract::term::{self, Phrases};
use crate::text::document::{Block, Document, Inline, PartKind};
use crate::text::template::mask;

/// Longest sentence in words; beyond it readers lose the beginning (docs/clauses.md, Voice).
const LONGEST_SENTENCE: usize = 60;
/// Shortest passage in words that counts as said twice; below it, forms and run-in phrases would be named.
const SHORTEST_DUPLICATE: usize = 14;
/// Whose future is a duty in disguise.
const DUTY_BEARERS: [&str; 10] = ["supplier", "customer", "party", "parties", "recipient", "discloser", "importer", "exporter", "you", "we"];
/// Units of figures that somebody could negotiate.
const UNITS: [&str; 16] =
    ["second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years", "percent", "%"];
/// Words that stand between a figure and its unit.
const QUALIFIERS: [&str; 5] = ["business", "calendar", "working", "full", "further"];
/// Numbers written out.
const NUMBERS: [&str; 28] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
];

/// Lints the text of every clause.
pub fn text(library: &Library, report: &mut Report) {
    let mut said: BTreeMap<String, (&Clause, Range<usize>)> = BTreeMap::new();
    for clause in library.clauses.values() {
        let body = clause.body();
        let masked = mask(body);
        tier_in_id(clause, report);
        let mut literals: BTreeSet<&str> = clause.front.literals.iter().map(String::as_str).collect();
        for passage in passages(&masked) {
            let words = words(&masked, passage.clone());
            sentences(clause, &masked, &words, report);
            modals(clause, &words, report);
            figures(clause, &words, &mut literals, report);
            if words.len() >= SHORTEST_DUPLICATE {
                let text = body[passage.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
                match said.get(&text) {
                    Some((first, range)) if first.front.slot != clause.front.slot => {
                        let message = format!("`{}` says what `{}` says, word for word", clause.front.id, first.front.id);
                        let diagnostic = Diagnostic::warning("duplicate-text", message).at(&clause.body_place(passage));
                        report.push(diagnostic.with(&first.body_place(range.clone()), "said here").help("say it once: refer to it, or share the slot"));
                    }
                    Some(_) => {}
                    None => {
                        said.insert(text, (clause, passage));
                    }
                }
            }
        }
        for (at, literal) in clause.front.literals.iter().enumerate().filter(|(_, l)| literals.contains(l.as_str())) {
            let message = format!("`{literal}` is excused, but the text does not say it");
            let place = clause.node.place_of(&format!("literals[{at}]"));
            report.push(Diagnostic::warning("unused-literal", message).at(&place).help("remove it from `literals`"));
        }
    }
}

/// Ids travel to the other side; they must not say how it was rated.
fn tier_in_id(clause: &Clause, report: &mut Report) {
    // A critical function is a term of DORA (Article 3(22)).
    let id = clause.front.id.replace("critical-function", "");
    for word in id.split(['.', '-', '_']).filter(|w| *w == "tier" || Tier::ALL.iter().any(|t| t.word() == *w)) {
        let message = format!("the id `{}` names a tier (`{word}`)", clause.front.id);
        report.push(Diagnostic::warning("tier-in-id", message).at(&clause.place()).help("name the content: ids are printed in the terms that travel"));
    }
}

fn sentences(clause: &Clause, masked: &str, words: &[Range<usize>], report: &mut Report) {
    let ends = |word: &Range<usize>| masked[word.clone()].trim_end_matches(['*', ')', '"', '”']).ends_with(['.', '!', '?']);
    for sentence in words.split_inclusive(ends).filter(|s| s.len() > LONGEST_SENTENCE) {
        let (Some(first), Some(last)) = (sentence.first(), sentence.last()) else { continue };
        let message = format!("a sentence of {} words", sentence.len());
        report.push(
            Diagnostic::warning("long-sentence", message)
                .at(&clause.body_place(first.start..last.end))
                .help(format!("at most {LONGEST_SENTENCE}: split it, or make a list")),
        );
    }
}

/// "Must" obliges, "may" permits; "shall" and a party's "will" leave the reader to guess.
fn modals(clause: &Clause, words: &[Range<usize>], report: &mut Report) {
    let word = |at: usize| words.get(at).map(|range| bare(&clause.body()[range.clone()]));
    for (at, range) in words.iter().enumerate() {
        let message = match word(at).as_deref() {
            Some("shall") => "`shall` is not used here".to_owned(),
            Some("will") => match at.checked_sub(1).and_then(word) {
                Some(who) if DUTY_BEARERS.contains(&who.as_str()) => format!("`{who} will` hides a duty"),
                _ => continue,
            },
            _ => continue,
        };
        let diagnostic = Diagnostic::warning("modal", message).at(&clause.body_place(range.clone()));
        report.push(diagnostic.help("write `must` for a duty, `may` for a right, the present tense for what is so"));
    }
}

/// A figure with a unit outside a tag; what law fixes is listed in the front matter.
fn figures<'a>(clause: &'a Clause, words: &[Range<usize>], literals: &mut BTreeSet<&'a str>, report: &mut Report) {
    let body = clause.body();
    let word = |at: usize| words.get(at).map(|range| bare(&body[range.clone()])).unwrap_or_default();
    for (at, range) in words.iter().enumerate().filter(|(at, _)| is_number(&word(*at))) {
        let unit = if QUALIFIERS.contains(&word(at + 1).as_str()) { at + 2 } else { at + 1 };
        let raw = &body[range.clone()];
        let end = match () {
            () if raw.contains('%') => range.end,
            () if UNITS.contains(&word(unit).as_str()) => words.get(unit).map_or(range.end, |r| r.end),
            () => continue,
        };
        let phrase = body[range.start..end].trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
        let excused = clause.front.literals.iter().find(|l| *l == phrase);
        if let Some(excused) = excused {
            literals.remove(excused.as_str());
            continue;
        }
        let diagnostic = Diagnostic::warning("literal", format!("`{phrase}` is a figure that nobody can change")).at(&clause.body_place(range.start..end));
        report.push(diagnostic.help("use a parameter; a figure that law fixes is listed under `literals` of the clause"));
    }
}

fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches('%');
    let figures = digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.');
    figures || word.split('-').all(|part| NUMBERS.contains(&part))
}

/// A word without marks around it, in lower case.
fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '%').to_lowercase()
}

/// Ranges of a body that are one paragraph, list item or table cell.
fn passages(masked: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    let mut start = 0;
    for line in masked.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let text = line.trim_start();
        let content = range.end - text.len();
        if text.trim().is_empty() {
            open = false;
        } else if let Some(cells) = text.strip_prefix('|') {
            let mut at = content + 1;
            for cell in cells.split('|') {
                out.push(at..at + cell.len());
                at += cell.len() + 1;
            }
            open = false;
        } else if open && marker(text) == 0 && !text.starts_with('#') {
            out.iter_mut().next_back().into_iter().for_each(|last| last.end = range.end);
        } else {
            out.push(content + marker(text)..range.end);
            open = true;
        }
    }
    out
}

/// Length of a list marker, 0 for none.
fn marker(line: &str) -> usize {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match (digits, &line[digits..]) {
        (0, rest) if rest.starts_with("- ") || rest.starts_with("* ") => 2,
        (1.., rest) if rest.starts_with(". ") => digits + 2,
        _ => 0,
    }
}

/// Words of a passage: what stands between white space and holds a letter or digit.
fn words(masked: &str, passage: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = passage.start;
    for piece in masked[passage].split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if word.chars().any(char::is_alphanumeric) {
            out.push(start..start + word.len());
        }
        start += piece.len();
    }
    out
}

/// What the packs of a workspace use of the library.
#[derive(Debug, Default)]
pub struct Census {
    chosen: BTreeSet<String>,
    /// The most uses of a term in any document that defines it.
    uses: BTreeMap<String, usize>,
    /// Terms that two documents of one pack define in different words, with the titles.
    differing: BTreeMap<String, (String, String)>,
}

impl Census {
    /// Counts a pack: the clauses that it chose, the terms of its documents.
    pub fn count<'a>(&mut self, chosen: impl IntoIterator<Item = &'a str>, documents: &[Document]) {
        self.chosen.extend(chosen.into_iter().map(str::to_owned));
        let mut defined: BTreeMap<String, (String, &str)> = BTreeMap::new();
        for document in documents {
            for (term, count) in uses(document) {
                let most = self.uses.entry(term).or_default();
                *most = count.max(*most);
            }
            // Instruments carry the words of their form.
            for section in document.parts.iter().filter(|p| p.kind != PartKind::Instrument).flat_map(|p| &p.sections) {
                term::each_text(&section.blocks, &mut |inlines| {
                    let Some(term) = inlines.iter().find_map(term_of) else { return };
                    let text = plain(inlines);
                    let (first, title) = defined.entry(term.to_owned()).or_insert((text.clone(), &document.title));
                    if *first != text {
                        self.differing.entry(term.to_owned()).or_insert(((*title).to_owned(), document.title.clone()));
                    }
                });
            }
        }
    }

    /// Reports terms that are used once or defined differently in two documents, and clauses that no pack chose.
    pub fn report(&self, library: &Library, report: &mut Report) {
        let defining = |term: &str| {
            let marked = format!("**\"{term}\"**");
            library.clauses.values().find_map(|c| c.body().find(&marked).map(|at| c.body_place(at..at + marked.len())))
        };
        for (term, _) in self.uses.iter().filter(|(_, most)| **most < 2) {
            let message = format!("the term `{term}` is used once in every document that defines it");
            let help = "write out what it means where it is used";
            report.push(Diagnostic::warning("term-used-once", message).at_opt(defining(term).as_ref()).help(help));
        }
        for (term, (first, second)) in &self.differing {
            let message = format!("the term `{term}` is defined in different words in the {first} and the {second} of one pack");
            let help = "define it in `shared`, or choose another word";
            report.push(Diagnostic::warning("term-differs", message).at_opt(defining(term).as_ref()).help(help));
        }
        for clause in library.clauses.values().filter(|c| !self.chosen.contains(&c.front.id)) {
            let message = format!("no pack of this workspace has `{}`", clause.front.id);
            report.push(Diagnostic::warning("unused-clause", message).at(&clause.when_place).help("add a supplier that needs it, or remove it"));
        }
    }
}

/// How often each defined term of a document is used outside its own definition.
fn uses(document: &Document) -> BTreeMap<String, usize> {
    let sections = || document.parts.iter().flat_map(|p| &p.sections);
    let defined: Vec<String> = sections().flat_map(|s| term::defined_in(&s.blocks)).collect();
    let phrases = Phrases::new(defined.iter().map(String::as_str));
    let mut counts: BTreeMap<String, usize> = defined.iter().map(|t| (t.clone(), 0)).collect();
    let mut count = |inlines: &[Inline]| {
        let own = inlines.iter().find_map(term_of);
        for used in term::read_all(&term::texts(&[Block::Paragraph { text: inlines.to_vec() }]), &phrases) {
            if own != Some(used.as_str())
                && let Some(count) = counts.get_mut(&used)
            {
                *count += 1;
            }
        }
    };
    sections().for_each(|section| term::each_text(&section.blocks, &mut count));
    document.parts.iter().filter_map(|p| p.execution.as_ref()).for_each(|e| count(&e.testimonium));
    document.key_terms.iter().for_each(|row| count(&row.value));
    counts
}

fn term_of(inline: &Inline) -> Option<&str> {
    match inline {
        Inline::Term { text } => Some(text),
        _ => None,
    }
}

/// Text of inline content, with the numbers of references left out: they differ from document to document.
fn plain(inlines: &[Inline]) -> String {
    let texts = inlines.iter().map(|inline| match inline {
        Inline::Text { text } | Inline::Value { text } | Inline::Term { text } => text.clone(),
        Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => plain(body),
        Inline::Reference { .. } | Inline::Blank | Inline::Break => " ".to_owned(),
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::{is_number, passages, words};

    #[test]
    fn items_cells_and_paragraphs_are_passages() {
        let text = "Lead\nsentence.\n\n1. **One.** First\n   line goes on.\n   1. nested\n- bullet\n\n| A | B |\n";
        let found: Vec<&str> = passages(text).into_iter().map(|range| text[range].trim()).collect();
        assert_eq!(found, ["Lead\nsentence.", "**One.** First\n   line goes on.", "nested", "bullet", "A", "B", ""]);
        assert_eq!(words(text, 0..15).len(), 2);
    }

    #[test]
    fn numbers_are_figures_or_words() {
        for number in ["72", "1,000", "99.9%", "thirty", "twenty-four"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "some", "5th", "twenty-some", "iso27001"] {
            assert!(!is_number(other), "{other}");
        }
    }
}
