//! The document tree: what a contract *is* before anything is laid out.
//!
//! Job: hold headings, numbered clauses, tables, references and defined terms as finished values. Numbers and reference
//! texts are literals here; the layout only places them. Neighbour below: nothing but `serde`. Never does: read a
//! template, know a supplier, choose a font.

use serde::{Deserialize, Serialize};

/// Version of the serialised tree. A change of shape raises it (see `docs/formats.md`).
pub const DOCUMENT_VERSION: u32 = 1;

/// The `kind` of a report: it has neither parties nor signatures, and like a policy no cover page.
pub const REPORT_KIND: &str = "report";

/// One complete document of a pack, ready for layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`DOCUMENT_VERSION`] of the writer.
    pub version: u32,
    /// Document kind or instrument: `nda`, `dpa`, `scc`, …, or [`REPORT_KIND`].
    pub kind: String,
    /// Identifier printed in the footer and the metadata, for example `DPA-3f9a12c4d0e1`.
    pub id: String,
    /// Full title, for example `Data Processing Agreement`.
    pub title: String,
    /// Version of a policy, as people acknowledge it; none for a contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// BCP 47 language tag of the text, for example `en-GB`.
    pub language: String,
    /// Civil date of the document as ISO 8601, `2026-11-21`; it is also the PDF creation date.
    pub date: String,
    /// The same date as printed, `21 November 2026`.
    pub date_text: String,
    /// The parties in the order in which they are printed.
    pub parties: Vec<Party>,
    /// Name for the running header: the other party of a contract, the organisation that issues a policy.
    pub counterparty: String,
    /// The dozen values a reader looks for first.
    pub key_terms: Vec<KeyTerm>,
    /// Text printed on every page of a review copy; `None` on an issuable document.
    pub banner: Option<String>,
    /// Main text first, then schedules, then instruments.
    pub parts: Vec<Part>,
}

impl Document {
    /// Whether the text begins on the first page, under the title and what matters at a glance: policies (which have an edition)
    /// and reports. A contract has a cover.
    pub fn begins_at_once(&self) -> bool {
        self.edition.is_some() || self.kind == REPORT_KIND
    }
}

/// One party as it is named on the cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The defined term for the party in this document, for example `Customer`.
    pub role: String,
    /// Exact legal name.
    pub legal_name: String,
    /// One line below the name: form, registration number, address.
    pub details: String,
}

/// One row of the key-terms table on the cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTerm {
    /// What the value is, for example `Incident notice`.
    pub label: String,
    /// The value as printed everywhere in the pack.
    pub value: Vec<Inline>,
    /// The clause that holds it; empty when the value stands only on the cover.
    pub reference: Vec<Inline>,
}

/// What a part is, which decides where it starts and how it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// The operative text.
    Main,
    /// A lettered schedule; starts on a new page.
    Schedule,
    /// An instrument inside the DPA (SCC appendix, UK Addendum, BAA); starts on a new page.
    Instrument,
}

/// The main text, one schedule or one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Main, schedule or instrument.
    pub kind: PartKind,
    /// Link target, unique in the document.
    pub anchor: String,
    /// `Schedule A`, `Instrument 1`; empty for the main part.
    pub label: String,
    /// Title after the label; empty for the main part.
    pub title: String,
    /// Its sections in order.
    pub sections: Vec<Section>,
    /// Signature blocks at its end; empty where nothing is signed.
    pub execution: Option<Execution>,
}

/// One clause (or titled block) of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Link target, unique in the document.
    pub anchor: String,
    /// `7`, or empty where the outline does not number (parties, background, annexes).
    pub number: String,
    /// Title; empty means that no heading is printed (a schedule of one section).
    pub title: String,
    /// Clause id that produced it.
    pub clause: String,
    /// Clause version that produced it.
    pub clause_version: String,
    /// Its text.
    pub blocks: Vec<Block>,
}

impl Block {
    /// Whether its own text (of a list or table all of it) has something that a redline shows as new or gone; what hangs below an item does not count.
    pub fn is_edited(&self) -> bool {
        let among = |inlines: &[Inline]| inlines.iter().any(Inline::is_edited);
        match self {
            Self::Heading { text, .. } | Self::Paragraph { text } | Self::Item { text, .. } => among(text),
            Self::Bullets { items } => {
                items.iter().flatten().any(|block| block.is_edited() || matches!(block, Self::Item { children, .. } if children.iter().any(Self::is_edited)))
            }
            Self::Table { header, rows, .. } => header.iter().chain(rows.iter().flatten()).any(|cell| among(cell)),
            Self::Chart { .. } => false,
        }
    }
}

/// A block of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// An unnumbered subheading inside a section.
    Heading {
        /// 2 or 3: its depth below the section title.
        level: u8,
        /// Its text.
        text: Vec<Inline>,
    },
    /// A paragraph without number.
    Paragraph {
        /// Its text.
        text: Vec<Inline>,
    },
    /// A numbered paragraph: `7.1`, `(a)`, `(i)`.
    Item {
        /// Link target; empty when nothing can refer to it.
        anchor: String,
        /// 1 for `7.1`, 2 for `(a)`, 3 for `(i)`.
        level: u8,
        /// The finished number.
        number: String,
        /// Its text.
        text: Vec<Inline>,
        /// What hangs below it: unnumbered paragraphs, bullets, tables, deeper items.
        children: Vec<Block>,
    },
    /// An unnumbered list.
    Bullets {
        /// One list of blocks for each bullet.
        items: Vec<Vec<Block>>,
    },
    /// A table with a header row.
    Table {
        /// Alignment of each column.
        columns: Vec<Alignment>,
        /// Header cells.
        header: Vec<Vec<Inline>>,
        /// Body rows; every row has as many cells as the header.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A chart of a report. Its numbers follow as [`Chart::table`], which the writer of the document puts beneath.
    Chart {
        /// What it shows.
        chart: Chart,
    },
}

/// Counts drawn as bars or lines.
///
/// A chart has one title, at most [`Chart::MOST_SERIES`] series, and one value of each series in every row; the renderer refuses
/// what is not so. Zero is a value like any other, also when all are zero. Long labels are cut where they are drawn and stand
/// whole in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// The finding, as one sentence: `Nine of ten people acknowledged in time`.
    pub title: String,
    /// What the drawing shows, for those who do not see it; PDF/UA-1 (ISO 14289-1, 7.3) demands it.
    pub alternative: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// What is counted, as a plural noun: `acknowledgments`.
    pub unit: String,
    /// Names of the series, in the order in which they are drawn.
    pub series: Vec<String>,
    /// Bars from top to bottom, or points in time from left to right.
    pub rows: Vec<ChartRow>,
}

/// How a chart is drawn. Every axis begins at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Horizontal bars of one series, with the value at the end of each.
    Bars,
    /// Horizontal bars whose segments are the series, with the total at the end of each.
    Stacked,
    /// One line for each series; the rows are points in time, in order and equally far apart.
    Line,
}

/// One bar, or one point in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartRow {
    /// Its name.
    pub label: String,
    /// One value for each series.
    pub values: Vec<u32>,
}

impl Chart {
    /// More series than this cannot be told apart in grey.
    pub const MOST_SERIES: usize = 5;

    /// The numbers of the chart as a table: a column of row labels under this heading, then one for each series.
    ///
    /// ```
    /// use countersign::text::document::{Block, Chart, ChartKind, ChartRow};
    ///
    /// let chart = Chart {
    ///     title: "Nobody is late in Finance".into(), alternative: "Late people: Finance 0, Sales 4".into(), kind: ChartKind::Bars,
    ///     unit: "people".into(), series: vec!["Late".into()],
    ///     rows: vec![ChartRow { label: "Finance".into(), values: vec![0] }, ChartRow { label: "Sales".into(), values: vec![4] }],
    /// };
    /// let Block::Table { header, rows, .. } = chart.table("Department") else { unreachable!() };
    /// assert_eq!((header.len(), rows.len()), (2, 2));
    /// ```
    pub fn table(&self, first_column: &str) -> Block {
        let text = |text: &str| vec![Inline::Text { text: text.to_owned() }];
        let value = |text: String| vec![Inline::Value { text }];
        let mut columns = vec![Alignment::Left];
        columns.resize(self.series.len() + 1, Alignment::Right);
        let header = std::iter::once(first_column).chain(self.series.iter().map(String::as_str)).map(text).collect();
        let row = |row: &ChartRow| std::iter::once(value(row.label.clone())).chain(row.values.iter().map(|n| value(count_text((*n).into())))).collect();
        Block::Table { columns, header, rows: self.rows.iter().map(row).collect() }
    }
}

/// A count as it is printed in charts and their tables: from 10,000 on in groups of three digits, parted by a space at which no
/// line ends. A comma would be the decimal sign to half of the readers (ISO 80000-1, 7.3.1).
///
/// ```
/// use countersign::text::document::count_text;
/// assert_eq!((count_text(9999).as_str(), count_text(1_204_000).as_str()), ("9999", "1\u{a0}204\u{a0}000"));
/// ```
pub fn count_text(count: u64) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// Alignment of a table column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Text inside a block. Strings are plain text: nothing in them is markup for anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Inline {
    /// Text of the clause library.
    Text {
        /// The text.
        text: String,
    },
    /// A value of the entity, the profile or a parameter.
    Value {
        /// The text.
        text: String,
    },
    /// A run-in title or other strong text.
    Strong {
        /// What is strong.
        body: Vec<Inline>,
    },
    /// Emphasised text.
    Emphasis {
        /// What is emphasised.
        body: Vec<Inline>,
    },
    /// What a redline shows as new: underlined.
    Inserted {
        /// What is new.
        body: Vec<Inline>,
    },
    /// What a redline shows as gone: struck through.
    Deleted {
        /// What is gone.
        body: Vec<Inline>,
    },
    /// A term where it is defined, with its quotation marks.
    Term {
        /// The term without quotation marks.
        text: String,
    },
    /// A resolved reference.
    Reference {
        /// Anchor in this document; empty when the target is in another document.
        anchor: String,
        /// Finished text, for example `clause 7.2 (Return of data)`.
        text: String,
    },
    /// A place that is filled by hand on a form (certificate of destruction, signature).
    Blank,
    /// A line break.
    Break,
}

impl Inline {
    /// What it holds, for those that hold others.
    pub fn body(&self) -> Option<&Vec<Inline>> {
        match self {
            Self::Strong { body } | Self::Emphasis { body } | Self::Inserted { body } | Self::Deleted { body } => Some(body),
            _ => None,
        }
    }

    /// Whether it is, or holds, what a redline shows as new or gone.
    pub fn is_edited(&self) -> bool {
        matches!(self, Self::Inserted { .. } | Self::Deleted { .. }) || self.body().is_some_and(|body| body.iter().any(Self::is_edited))
    }
}

/// The execution page of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Sentence above the blocks; it keeps the page from standing without agreement text.
    pub testimonium: Vec<Inline>,
    /// One block for each signature, in order.
    pub signatures: Vec<Signature>,
}

/// One signature block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Exact legal name of the party signed for.
    pub party: String,
    /// `Signed for and on behalf of`, `In the presence of (witness)`, …
    pub capacity: String,
    /// Name of the signatory; empty where the signer fills it in.
    pub name: String,
    /// Title of the signatory; empty where the signer fills it in.
    pub title: String,
    /// A witness, who signs for nobody and adds an address and an occupation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub witness: bool,
}
