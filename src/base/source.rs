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
