//! What can go wrong between a document tree and its PDF.
//!
//! Job: name each fault with the place a person can act on: a template line, a character, a setting. Neighbours: every
//! file of `render` returns these. Never does: print, or know a supplier; the caller adds whose document it was.

use std::fmt;

use thiserror::Error;
use typst::text::is_default_ignorable;

/// A reason why no PDF was made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    /// A font file holds no font that can be read.
    #[error("font `{name}` cannot be read as OpenType or TrueType")]
    Font {
        /// Name under which the file was passed in.
        name: String,
    },
    /// The layout needs a font family that is neither embedded nor passed in.
    #[error("font family `{family}` is not loaded")]
    FontFamily {
        /// The missing family.
        family: String,
    },
    /// A template is absent.
    #[error("template `{name}` is missing")]
    TemplateMissing {
        /// Its file name.
        name: String,
    },
    /// A template is not UTF-8.
    #[error("template `{name}` is not valid UTF-8")]
    TemplateEncoding {
        /// Its file name.
        name: String,
    },
    /// A template has a name that cannot be a path.
    #[error("template name `{name}` is not a usable path")]
    TemplateName {
        /// The name.
        name: String,
    },
    /// No document was given.
    #[error("there is no document to lay out")]
    Empty,
    /// The date is not a date of the Gregorian calendar, or lies before year 0.
    #[error("`{year}-{month:02}-{day:02}` is not a date")]
    Date {
        /// Year.
        year: i32,
        /// Month.
        month: u8,
        /// Day.
        day: u8,
    },
    /// The accent colour is not written as `#rrggbb`.
    #[error("accent colour `{value}` is not of the form `#rrggbb`")]
    AccentSyntax {
        /// What was found.
        value: String,
    },
    /// The accent colour is too pale to be read on white (WCAG 2.2 success criterion 1.4.3).
    #[error("accent colour `{value}` has a contrast of {tenths_text} to 1 on white; at least 4.5 to 1 is needed")]
    AccentContrast {
        /// What was found.
        value: String,
        /// Its contrast, rounded down to one decimal.
        tenths_text: String,
    },
    /// The logo has no alternative text, which PDF/UA-1 (ISO 14289-1, 7.3) demands.
    #[error("the logo has no alternative text")]
    LogoText,
    /// The attachment has a name that is not a plain file name.
    #[error("attachment name `{name}` is not a plain file name")]
    AttachmentName {
        /// The name.
        name: String,
    },
    /// A reference points to an anchor that the document does not have.
    #[error("document `{document}` refers to `{anchor}` (`{text}`), which it does not contain")]
    UnknownAnchor {
        /// Identifier of the document.
        document: String,
        /// The anchor looked for.
        anchor: String,
        /// Text of the reference.
        text: String,
    },
    /// Two places of one document carry the same anchor.
    #[error("document `{document}` has the anchor `{anchor}` twice")]
    DuplicateAnchor {
        /// Identifier of the document.
        document: String,
        /// The anchor.
        anchor: String,
    },
    /// A table row has not as many cells as the header, or the header not as many as there are columns.
    #[error("document `{document}` has a table of {expected} columns with a row of {found} cells")]
    TableShape {
        /// Identifier of the document.
        document: String,
        /// Columns declared.
        expected: usize,
        /// Cells found.
        found: usize,
    },
    /// A chart cannot be drawn.
    #[error("document `{document}` has a chart `{title}` {fault}")]
    Chart {
        /// Identifier of the document.
        document: String,
        /// Title of the chart.
        title: String,
        /// What is wrong with it.
        fault: ChartFault,
    },
    /// The tree could not be turned into JSON.
    #[error("document data cannot be serialised: {message}")]
    Data {
        /// What serde says.
        message: String,
    },
    /// Characters that no loaded font can show.
    #[error("{}", Lines(.0))]
    MissingGlyphs(Vec<MissingGlyph>),
    /// The layout or the export refused. Warnings count: a contract is not issued with a fault somebody was warned of.
    #[error("{}", Lines(.0))]
    Template(Vec<TemplateFault>),
}

/// Why a chart cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChartFault {
    /// The title, which says what the chart shows, is empty.
    #[error("without a title")]
    NoTitle,
    /// PDF/UA-1 (ISO 14289-1, 7.3) demands alternative text.
    #[error("without alternative text")]
    NoAlternative,
    /// Nothing to draw.
    #[error("without rows")]
    NoRows,
    /// No series, more than can be told apart, or more than one in a chart of plain bars.
    #[error("of {found} series; it can have 1 to {most}")]
    Series {
        /// Series of the chart.
        found: usize,
        /// The most that a chart of its kind can have.
        most: usize,
    },
    /// A row has not one value for each series.
    #[error("of {expected} series with {found} values in row `{label}`")]
    Row {
        /// Label of the row.
        label: String,
        /// Series of the chart.
        expected: usize,
        /// Values of the row.
        found: usize,
    },
}

/// A character that no loaded font can show, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingGlyph {
    /// The character.
    pub character: char,
    /// The whole text in which it was found first.
    pub text: String,
}

impl fmt::Display for MissingGlyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no font shows U+{:04X}", u32::from(self.character))?;
        if !self.character.is_control() && !is_default_ignorable(self.character) {
            write!(f, " `{}`", self.character)?;
        }
        f.write_str(" in `")?;
        for character in self.text.chars() {
            // Controls and overrides are written out, or they would garble the message about them.
            if character.is_control() || is_default_ignorable(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        f.write_str("`")
    }
}

/// One message of the layout engine, with its place in a template where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// Template file, for example `contract.typ`; empty when the message has no place.
    pub file: String,
    /// Line, counted from 1; 0 when the message has no place.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when the message has no place.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What may help.
    pub hints: Vec<String>,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        }
        f.write_str(&self.message)?;
        for hint in &self.hints {
            write!(f, "\nhelp: {hint}")?;
        }
        Ok(())
    }
}

struct Lines<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Lines<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{line}")?;
        }
        Ok(())
    }
}
