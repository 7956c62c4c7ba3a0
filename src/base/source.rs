//! Source texts and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One input file: its path relative to the workspace and its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Logical path with forward slashes, for example `suppliers/northwind-cloud.yaml`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A byte range in one source. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The source.
    pub source: Arc<Source>,
    /// Byte range, end exclusive; always on character boundaries.
    pub range: Range<usize>,
}

impl Place {
    /// Makes a place; a range outside the text is clamped to it.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let clamp = |at: usize| {
            let mut at = at.min(source.text.len());
            while !source.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = clamp(range.start);
        Self { source: Arc::clone(source), range: start..clamp(range.end).max(start) }
    }

    /// The place of the whole file: its first line.
    pub fn start_of(source: &Arc<Source>) -> Self {
        Self::new(source, 0..source.text.lines().next().map_or(0, str::len))
    }

    /// The character at a line and column, both counted from 1.
    pub fn at_line(source: &Arc<Source>, line: usize, column: usize) -> Self {
        let start: usize = source.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &source.text[start..];
        let at = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
        Self::new(source, start + at..start + at + 1)
    }

    /// Line of the start, counted from 1.
    pub fn line(&self) -> usize {
        self.source.text[..self.range.start].bytes().filter(|b| *b == b'\n').count() + 1
    }

    /// Column of the start in characters, counted from 1.
    pub fn column(&self) -> usize {
        let before = &self.source.text[..self.range.start];
        before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1
    }

    /// The text it covers.
    pub fn text(&self) -> &str {
        &self.source.text[self.range.clone()]
    }
}

/// Position of a word in a text, not inside a longer word or dotted name; else of its first occurrence.
///
/// ```
/// use countersign::base::source::find_word;
/// assert_eq!(find_word("data.phi || data.phi_like || data", "data"), Some(29));
/// assert_eq!(find_word("Widgets", "Widget"), Some(0));
/// ```
pub fn find_word(text: &str, word: &str) -> Option<usize> {
    let inner = |c: char| c.is_alphanumeric() || c == '_';
    let alone = text.match_indices(word).map(|(at, _)| at).find(|at| {
        let (before, after) = (&text[..*at], &text[at + word.len()..]);
        let dotted = after.strip_prefix('.').is_some_and(|rest| rest.starts_with(inner));
        !before.ends_with(|c| inner(c) || c == '.') && !after.starts_with(inner) && !dotted
    });
    alone.or_else(|| text.find(word))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.path, self.line(), self.column())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
