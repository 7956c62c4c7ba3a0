//! The document tree: what a contract *is* before anything is laid out.
//!
//! Job: hold headings, numbered clauses, tables, references and defined terms as finished values. Numbers and reference
//! texts are literals here; the layout only places them. Neighbour below: nothing but `serde`. Never does: read a
//! template, know a supplier, choose a font.

use serde::{Deserialize, Serialize};

/// Version of the serialised tree. A change of shape raises it (see `docs/formats.md`).
pub const DOCUMENT_VERSION: u32 = 1;

/// One complete document of a pack, ready for layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`DOCUMENT_VERSION`] of the writer.
    pub version: u32,
    /// Document kind or instrument: `nda`, `dpa`, `scc`, …
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
