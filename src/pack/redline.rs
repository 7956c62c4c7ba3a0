//! A comparison as a document, for the same layout as everything else: struck through what is gone, underlined what is new.

use crate::base::date::Date;
use crate::pack::comparison::{Cause, ClauseComparison, Comparison, DocumentComparison};
use crate::text::document::{Alignment, Block, DOCUMENT_VERSION, Document, Inline, KeyTerm, Part, PartKind, REPORT_KIND, Section};
use crate::text::redline::{ClauseHead, ClauseState, DocumentState};

/// Causes that are listed at the head; more are beside their clauses, and in JSON.
const MOST_CAUSES: usize = 40;

/// How a redline is made.
#[derive(Debug, Clone)]
pub struct Redline<'a> {
    /// What the packs are about: name of the supplier, or title of the policy.
    pub subject: &'a str,
    /// Language of the documents, BCP 47.
    pub language: &'a str,
    /// Day of the redline, that of the newer pack.
    pub date: Date,
    /// Whether it says why; what goes to the other side does not.
    pub causes: bool,
    /// Whether clauses that did not change are shown as well.
    pub full: bool,
}

impl Redline<'_> {
    /// Makes the document.
    pub fn document(&self, comparison: &Comparison) -> Document {
        let mut parts = vec![self.overview(comparison)];
        parts.extend(comparison.documents.iter().enumerate().filter(|(_, document)| self.shows(document)).map(|(at, document)| self.part(at, document)));
        Document {
            version: DOCUMENT_VERSION,
            kind: REPORT_KIND.to_owned(),
            id: format!("REDLINE-{}-{}", comparison.before.pack, comparison.after.pack),
            title: "Redline".to_owned(),
            edition: None,
            language: self.language.to_owned(),
            date: self.date.to_string(),
            date_text: self.date.long(),
            parties: Vec::new(),
            counterparty: self.subject.to_owned(),
            key_terms: self.glance(comparison),
            banner: None,
            parts,
        }
    }

    fn shows(&self, document: &DocumentComparison) -> bool {
        document.state > DocumentState::Same && !document.clauses.is_empty() || (self.full && !document.clauses.is_empty())
    }

    fn glance(&self, comparison: &Comparison) -> Vec<KeyTerm> {
        let term = |label: &str, text: String| KeyTerm { label: label.to_owned(), value: vec![Inline::Value { text }], reference: Vec::new() };
        let side = |side: &crate::pack::comparison::Side| {
            let tier = side.tier.as_ref().filter(|_| self.causes).map(|tier| format!(", tier {tier}")).unwrap_or_default();
            format!("pack {} of {}{tier}", side.pack, side.date)
        };
        vec![
            term("About", self.subject.to_owned()),
            term("Before", side(&comparison.before)),
            term("After", side(&comparison.after)),
            term("Clauses", counts(comparison)),
            term("How to read", "what is gone is struck through, what is new is underlined, and a bar stands beside both".to_owned()),
        ]
    }

    fn overview(&self, comparison: &Comparison) -> Part {
        let row = |document: &DocumentComparison| {
            let changed = document.clauses.iter().filter(|clause| clause.change.state.is_change()).count();
            let clauses = if document.clauses.is_empty() { "all".to_owned() } else { changed.to_string() };
            [document.title.clone(), state(document.state).to_owned(), clauses].map(|text| vec![Inline::Value { text }]).to_vec()
        };
        let table = Block::Table {
            columns: vec![Alignment::Left, Alignment::Left, Alignment::Right],
            header: ["Document", "What became of it", "Clauses changed"].map(plain).to_vec(),
            rows: comparison.documents.iter().map(row).collect(),
        };
        let mut sections = vec![section("documents", "", "Documents", vec![table])];
        if self.causes && !comparison.causes.is_empty() {
            let mut blocks = vec![bullets(&comparison.causes[..comparison.causes.len().min(MOST_CAUSES)])];
            if comparison.causes.len() > MOST_CAUSES {
                blocks.push(Block::Paragraph {
                    text: plain(&format!("{} more are named beside the clauses, and in the comparison as JSON.", comparison.causes.len() - MOST_CAUSES)),
                });
            }
            sections.push(section("causes", "", "What differs in the inputs", blocks));
        }
        Part { kind: PartKind::Main, anchor: "overview".to_owned(), label: String::new(), title: String::new(), sections, execution: None }
    }

    fn part(&self, at: usize, document: &DocumentComparison) -> Part {
        let mut sections = Vec::new();
        for (number, clause) in document.clauses.iter().enumerate() {
            if clause.change.state.is_change() || self.full {
                sections.push(self.clause(&format!("d{at}-{number}"), clause));
            }
        }
        let renumbered: Vec<String> = document.clauses.iter().filter_map(renumbering).collect();
        if !renumbered.is_empty() {
            let text = plain(&format!("{}.", renumbered.join("; ")));
            sections.push(section(&format!("d{at}-renumbered"), "", "Renumbered only", vec![Block::Paragraph { text }]));
        }
        Part { kind: PartKind::Schedule, anchor: format!("d{at}"), label: String::new(), title: document.title.clone(), sections, execution: None }
    }

    fn clause(&self, anchor: &str, clause: &ClauseComparison) -> Section {
        let change = &clause.change;
        let (number, title) = change.head().map(heading).unwrap_or_default();
        let mut line = vec![Inline::Strong { body: plain(&sentence(change.state.word())) }];
        let mut more = Vec::new();
        if let (Some(before), Some(after)) = (&change.before, &change.after) {
            if before.number != after.number && !before.number.is_empty() {
                more.push(format!("was {}", before.number));
            }
            if before.title != after.title {
                more.push(format!("was called \u{201c}{}\u{201d}", before.title));
            }
        }
        more.extend(change.stood_after.as_ref().map(|place| format!("stood after {place}")));
        if !more.is_empty() {
            line.push(Inline::Text { text: format!(" ({})", more.join(", ")) });
        }
        let mut blocks = Vec::new();
        let causes = if self.causes { clause.causes.as_slice() } else { &[] };
        match causes {
            [] => line.push(Inline::Text { text: ".".to_owned() }),
            [only] => line.extend([Inline::Text { text: ": ".to_owned() }, Inline::Value { text: only.to_string() }]),
            _ => line.push(Inline::Text { text: ":".to_owned() }),
        }
        if change.state != ClauseState::Same {
            blocks.push(Block::Paragraph { text: line });
        }
        if causes.len() > 1 {
            blocks.push(bullets(causes));
        }
        // Of cover and signatures, and of tables, only what changed is worth reading again.
        let is_clause = change.head().is_some_and(|head| !head.clause.is_empty());
        let shown = change.text.iter().filter(|block| self.full || is_clause || block.is_edited());
        blocks.extend(shown.map(|block| if self.full { block.clone() } else { excerpt(block) }));
        section(anchor, &number, &title, blocks)
    }
}

/// `2 added, 1 swapped, 5 edited; 7 renumbered only`.
pub fn counts(comparison: &Comparison) -> String {
    let count = |state: ClauseState| (comparison.count(state), state.word());
    let states = [ClauseState::Added, ClauseState::Dropped, ClauseState::Swapped, ClauseState::Edited, ClauseState::Moved];
    let changed: Vec<String> = states.into_iter().map(count).filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let changed = if changed.is_empty() { "none changed".to_owned() } else { changed.join(", ") };
    match comparison.count(ClauseState::Renumbered) {
        0 => changed,
        n => format!("{changed}; {n} renumbered only"),
    }
}

/// What became of a document, in words.
pub fn state(state: DocumentState) -> &'static str {
    match state {
        DocumentState::Same => "the same",
        DocumentState::Renumbered => "renumbered only",
        DocumentState::Edited => "changed",
        DocumentState::Added => "new",
        DocumentState::Dropped => "dropped",
    }
}

/// Number and title; the label of a schedule is a part of its title.
pub fn heading(head: &ClauseHead) -> (String, String) {
    if head.number.starts_with(char::is_alphabetic) {
        (String::new(), format!("{} \u{2013} {}", head.number, head.title))
    } else {
        (head.number.clone(), head.title.clone())
    }
}

/// `8 Audit, before 7`.
pub fn renumbering(clause: &ClauseComparison) -> Option<String> {
    let change = Some(&clause.change).filter(|change| change.state == ClauseState::Renumbered)?;
    let (before, after) = (change.before.as_ref()?, change.after.as_ref()?);
    let name = [after.number.as_str(), after.title.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    Some(if before.number == after.number { format!("{name} (references in it)") } else { format!("{name} (before {})", before.number) })
}

/// An edited table without the rows that did not change.
fn excerpt(block: &Block) -> Block {
    let below = |blocks: &[Block]| blocks.iter().map(excerpt).collect::<Vec<_>>();
    match block {
        Block::Table { columns, header, rows } if block.is_edited() => {
            let edited = |row: &&Vec<Vec<Inline>>| row.iter().flatten().any(Inline::is_edited);
            Block::Table { columns: columns.clone(), header: header.clone(), rows: rows.iter().filter(edited).cloned().collect() }
        }
        Block::Item { anchor, level, number, text, children } => {
            Block::Item { anchor: anchor.clone(), level: *level, number: number.clone(), text: text.clone(), children: below(children) }
        }
        Block::Bullets { items } => Block::Bullets { items: items.iter().map(|item| below(item)).collect() },
        other => other.clone(),
    }
}

fn sentence(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn plain(text: &str) -> Vec<Inline> {
    vec![Inline::Text { text: text.to_owned() }]
}

fn bullets(causes: &[Cause]) -> Block {
    Block::Bullets { items: causes.iter().map(|cause| vec![Block::Paragraph { text: vec![Inline::Value { text: cause.to_string() }] }]).collect() }
}

fn section(anchor: &str, number: &str, title: &str, blocks: Vec<Block>) -> Section {
    Section { anchor: anchor.to_owned(), number: number.to_owned(), title: title.to_owned(), clause: String::new(), clause_version: String::new(), blocks }
}
