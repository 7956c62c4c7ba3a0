//! What changed between two texts of the document tree, word by word.
//!
//! Numbers and anchors are no text: an item that only got another number is the same, and so is a reference to the same place that has moved. References
//! come out as text, because their targets need not stand beside them.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::text::document::{Block, Inline};

/// Two blocks that share less than this part of their words are two blocks, not one that was edited.
const ALIKE: f64 = 0.4;
/// Pairs of blocks that are compared at most where a run of blocks was replaced by another.
const MOST_PAIRS: usize = 40_000;

/// The blocks of both sides in one, with what is gone as [`Inline::Deleted`] and what is new as [`Inline::Inserted`].
///
/// ```
/// use countersign::text::{document::{Block, Inline}, edit::blocks};
/// let text = |text: &str| vec![Block::Paragraph { text: vec![Inline::Text { text: text.into() }] }];
/// let edited = blocks(&text("within 72 hours"), &text("within 24 hours"));
/// let Block::Paragraph { text } = &edited[0] else { unreachable!() };
/// assert!(matches!(&text[1], Inline::Deleted { .. }) && matches!(&text[2], Inline::Inserted { .. }));
/// ```
pub fn blocks(old: &[Block], new: &[Block]) -> Vec<Block> {
    let pairs = align(old, new, fingerprint, likeness);
    pairs
        .into_iter()
        .flat_map(|pair| match pair {
            (Some(old), Some(new)) => pair_of_blocks(old, new),
            (Some(old), None) => vec![marked(old, Mark::Deleted)],
            (None, Some(new)) => vec![marked(new, Mark::Inserted)],
            (None, None) => Vec::new(),
        })
        .collect()
}

/// The inlines of both sides in one.
pub fn inlines(old: &[Inline], new: &[Inline]) -> Vec<Inline> {
    let (old, new) = (tokens(old), tokens(new));
    let ops = capture_diff_slices(Algorithm::Myers, &keys(&old), &keys(&new));
    let mut out = Vec::new();
    for Run { gone, same, fresh } in runs(&old, &new, &ops) {
        write(gone, Mark::Deleted, &mut out);
        write(fresh, Mark::Inserted, &mut out);
        write(same, Mark::Same, &mut out);
    }
    out
}

/// Whether two texts say the same to a reader who does not look at numbers.
pub fn is_same(old: &[Block], new: &[Block]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| fingerprint(old) == fingerprint(new))
}

/// Words that edited blocks have more and less than before.
pub fn words(blocks: &[Block]) -> (usize, usize) {
    let (mut inserted, mut deleted) = (0, 0);
    each_inline(blocks, &mut |inline| {
        let count = |body: &[Inline]| tokens(body).iter().filter(|token| token.is_word()).count();
        match inline {
            Inline::Inserted { body } => inserted += count(body),
            Inline::Deleted { body } => deleted += count(body),
            _ => {}
        }
    });
    (inserted, deleted)
}

/// Every value in a text.
pub fn values(blocks: &[Block]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    each_inline(blocks, &mut |inline| {
        if let Inline::Value { text } = inline {
            out.insert(text.clone());
        }
    });
    out
}

/// Blocks of one side, all of them shown in one way.
pub fn whole(blocks: &[Block], mark: Mark) -> Vec<Block> {
    blocks.iter().map(|block| marked(block, mark)).collect()
}

fn each_inline(blocks: &[Block], visit: &mut dyn FnMut(&Inline)) {
    fn deep(inlines: &[Inline], visit: &mut dyn FnMut(&Inline)) {
        for inline in inlines {
            visit(inline);
            deep(inline.body().map_or(&[], Vec::as_slice), visit);
        }
    }
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => deep(text, visit),
            Block::Item { text, children, .. } => {
                deep(text, visit);
                each_inline(children, visit);
            }
            Block::Bullets { items } => items.iter().for_each(|item| each_inline(item, visit)),
            Block::Table { header, rows, .. } => header.iter().chain(rows.iter().flatten()).for_each(|cell| deep(cell, visit)),
            Block::Chart { .. } => {}
        }
    }
}

/// How a redline shows a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it is.
    Same,
    /// As new.
    Inserted,
    /// As gone.
    Deleted,
}

/// A word, a run of blanks or one sign, and how it looks.
#[derive(Debug, Clone)]
struct Token {
    /// What it is compared by.
    key: String,
    strong: bool,
    emphasis: bool,
    leaf: Inline,
}

impl Token {
    fn is_word(&self) -> bool {
        self.key.contains(char::is_alphanumeric)
    }
}

/// The key of each token with how it looks: what becomes bold has changed.
fn keys(tokens: &[Token]) -> Vec<(&str, bool, bool)> {
    tokens.iter().map(|token| (token.key.as_str(), token.strong, token.emphasis)).collect()
}

fn tokens(inlines: &[Inline]) -> Vec<Token> {
    fn add(inlines: &[Inline], strong: bool, emphasis: bool, out: &mut Vec<Token>) {
        for inline in inlines {
            let mut push = |key: String, leaf: Inline| out.push(Token { key, strong, emphasis, leaf });
            match inline {
                Inline::Text { text } => pieces(text).for_each(|piece| push(piece.to_owned(), Inline::Text { text: piece.to_owned() })),
                Inline::Value { text } => pieces(text).for_each(|piece| push(piece.to_owned(), Inline::Value { text: piece.to_owned() })),
                Inline::Term { text } => push(text.clone(), inline.clone()),
                Inline::Reference { anchor, text } => push(place(anchor, text), Inline::Text { text: text.clone() }),
                Inline::Blank => push("\u{2}".to_owned(), Inline::Blank),
                Inline::Break => push("\n".to_owned(), Inline::Break),
                Inline::Strong { body } => add(body, true, emphasis, out),
                Inline::Emphasis { body } => add(body, strong, true, out),
                Inline::Inserted { body } | Inline::Deleted { body } => add(body, strong, emphasis, out),
            }
        }
    }
    let mut out = Vec::new();
    add(inlines, false, false, &mut out);
    out
}

/// What a reference leads to: its anchor, or its text without numbers where it leads to another document.
fn place(anchor: &str, text: &str) -> String {
    if !anchor.is_empty() {
        return format!("\u{1}{anchor}");
    }
    // `clause 7.2 (Return of data) of the …`: the title says which; a number may be any.
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || (word.len() == 1 && word.chars().all(char::is_uppercase));
    let words: Vec<&str> = text.split(' ').map(|word| if is_number(word) { "#" } else { word }).collect();
    format!("\u{1}{}", words.join(" "))
}

/// Words (letters, figures, and the signs between them), runs of blanks, single signs.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if first.is_whitespace() {
            rest.find(|c: char| !c.is_whitespace())
        } else if first.is_alphanumeric() {
            // A sign belongs to the word where a letter or figure follows it at once: `e-mail`, `99.5`, `Supplier’s`.
            let joins = |at: usize, c: char| {
                matches!(c, '-' | '.' | ',' | '\'' | '\u{2019}' | '@' | '/' | '_') && rest[at + c.len_utf8()..].starts_with(char::is_alphanumeric)
            };
            rest.char_indices().find(|(at, c)| !c.is_alphanumeric() && !joins(*at, *c)).map(|(at, _)| at)
        } else {
            Some(first.len_utf8())
        };
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(piece)
    })
}

/// What went, what came, and what follows unchanged.
struct Run<'a> {
    gone: &'a [Token],
    fresh: &'a [Token],
    same: &'a [Token],
}

/// Runs in order. A blank, a sign or one word between two changes belongs to them: a sentence of which every second word stays is not easier to read.
fn runs<'a>(old: &'a [Token], new: &'a [Token], ops: &[DiffOp]) -> Vec<Run<'a>> {
    let mut spans: Vec<(std::ops::Range<usize>, std::ops::Range<usize>, bool)> = Vec::new();
    for op in ops {
        let (_, before, after) = op.as_tag_tuple();
        let is_same = matches!(op, DiffOp::Equal { .. });
        match spans.last_mut().filter(|(.., last)| *last == is_same) {
            Some(last) => (last.0.end, last.1.end) = (before.end, after.end),
            None => spans.push((before, after, is_same)),
        }
    }
    let words = |tokens: &[Token]| tokens.iter().filter(|token| token.is_word()).count();
    let changed = |span: &(std::ops::Range<usize>, std::ops::Range<usize>, bool)| words(&old[span.0.clone()]) + words(&new[span.1.clone()]);
    for at in 1..spans.len().saturating_sub(1) {
        let between = if spans[at].2 { words(&new[spans[at].1.clone()]) } else { continue };
        if between == 0 || (between == 1 && changed(&spans[at - 1]) + changed(&spans[at + 1]) >= 4) {
            spans[at].2 = false;
        }
    }
    let mut out: Vec<Run<'a>> = Vec::new();
    let mut at = 0;
    while at < spans.len() {
        let begin = at;
        while at < spans.len() && !spans[at].2 {
            at += 1;
        }
        let joined = &spans[begin..at];
        let (gone, fresh) = match (joined.first(), joined.last()) {
            (Some(first), Some(last)) => (&old[first.0.start..last.0.end], &new[first.1.start..last.1.end]),
            _ => (&old[..0], &new[..0]),
        };
        let same = spans.get(at).map_or(&new[..0], |span| &new[span.1.clone()]);
        out.push(Run { gone, fresh, same });
        at += 1;
    }
    out
}

/// Writes tokens as inlines, as few as their looks allow.
fn write(tokens: &[Token], mark: Mark, out: &mut Vec<Inline>) {
    let mut body: Vec<Inline> = Vec::new();
    for same_look in tokens.chunk_by(|a, b| (a.strong, a.emphasis) == (b.strong, b.emphasis)) {
        let mut inner: Vec<Inline> = Vec::new();
        for token in same_look {
            match (inner.last_mut(), &token.leaf) {
                (Some(Inline::Text { text }), Inline::Text { text: more }) | (Some(Inline::Value { text }), Inline::Value { text: more }) => {
                    text.push_str(more)
                }
                _ => inner.push(token.leaf.clone()),
            }
        }
        if same_look[0].emphasis {
            inner = vec![Inline::Emphasis { body: inner }];
        }
        if same_look[0].strong {
            inner = vec![Inline::Strong { body: inner }];
        }
        body.extend(inner);
    }
    match mark {
        _ if body.is_empty() => {}
        Mark::Same => out.extend(body),
        Mark::Inserted => out.push(Inline::Inserted { body }),
        Mark::Deleted => out.push(Inline::Deleted { body }),
    }
}

/// Brings two lists side by side: what has the same key first, then, where one run replaced another, what is alike.
pub fn align<'a, T>(old: &'a [T], new: &'a [T], key: impl Fn(&T) -> String, likeness: impl Fn(&T, &T) -> f64) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let keys = |side: &[T]| side.iter().map(&key).collect::<Vec<_>>();
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &keys(old), &keys(new)) {
        let (_, before, after) = op.as_tag_tuple();
        let (before, after) = (&old[before], &new[after]);
        match op {
            DiffOp::Equal { .. } => out.extend(before.iter().map(Some).zip(after.iter().map(Some))),
            _ => out.extend(best_pairs(before, after, &likeness)),
        }
    }
    out
}

/// The pairs, in order on both sides, that are most alike in sum; what stays over stands alone, what is gone before what is new.
fn best_pairs<'a, T>(old: &'a [T], new: &'a [T], likeness: &impl Fn(&T, &T) -> f64) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let alone = || old.iter().map(|old| (Some(old), None)).chain(new.iter().map(|new| (None, Some(new)))).collect();
    if old.is_empty() || new.is_empty() || old.len() * new.len() > MOST_PAIRS {
        return alone();
    }
    // best[i][j]: the most that the first i and j can reach.
    let mut best = vec![vec![0.0_f64; new.len() + 1]; old.len() + 1];
    let mut pays = vec![vec![0.0_f64; new.len()]; old.len()];
    for (i, a) in old.iter().enumerate() {
        for (j, b) in new.iter().enumerate() {
            let alike = likeness(a, b);
            pays[i][j] = if alike >= ALIKE { alike } else { 0.0 };
            best[i + 1][j + 1] = best[i][j + 1].max(best[i + 1][j]).max(best[i][j] + pays[i][j]);
        }
    }
    let mut out = Vec::new();
    let (mut i, mut j) = (old.len(), new.len());
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && pays[i - 1][j - 1] > 0.0 && best[i][j] <= best[i - 1][j - 1] + pays[i - 1][j - 1] {
            (i, j) = (i - 1, j - 1);
            out.push((Some(&old[i]), Some(&new[j])));
        } else if j > 0 && (i == 0 || best[i][j] <= best[i][j - 1]) {
            j -= 1;
            out.push((None, Some(&new[j])));
        } else {
            i -= 1;
            out.push((Some(&old[i]), None));
        }
    }
    out.reverse();
    out
}

/// What a block is compared by.
fn fingerprint(block: &Block) -> String {
    let text = |inlines: &[Inline]| {
        tokens(inlines).iter().map(|t| format!("{}{}{}", t.key, if t.strong { "\u{3}" } else { "" }, if t.emphasis { "\u{4}" } else { "" })).collect::<String>()
    };
    let all = |blocks: &[Block]| blocks.iter().map(fingerprint).collect::<Vec<_>>().join("\u{5}");
    match block {
        Block::Heading { level, text: own } => format!("h{level} {}", text(own)),
        Block::Paragraph { text: own } => format!("p {}", text(own)),
        Block::Item { level, text: own, children, .. } => format!("i{level} {}\u{6}{}", text(own), all(children)),
        Block::Bullets { items } => format!("b {}", items.iter().map(|item| all(item)).collect::<Vec<_>>().join("\u{6}")),
        Block::Table { header, rows, .. } => {
            let row = |row: &Vec<Vec<Inline>>| row.iter().map(|cell| text(cell)).collect::<Vec<_>>().join("\u{6}");
            format!("t {}\u{5}{}", row(header), rows.iter().map(row).collect::<Vec<_>>().join("\u{5}"))
        }
        Block::Chart { chart } => format!("c {}", chart.alternative),
    }
}

/// How many of their words two blocks share: 0 for different kinds, 1 for the same words.
fn likeness(old: &Block, new: &Block) -> f64 {
    match (old, new) {
        (Block::Table { columns: a, .. }, Block::Table { columns: b, .. }) if a.len() != b.len() => return 0.0,
        (Block::Item { level: a, .. }, Block::Item { level: b, .. }) | (Block::Heading { level: a, .. }, Block::Heading { level: b, .. }) if a != b => {
            return 0.0;
        }
        (Block::Chart { .. }, Block::Chart { .. }) => return 0.0,
        _ if std::mem::discriminant(old) != std::mem::discriminant(new) => return 0.0,
        _ => {}
    }
    shared(&bag(std::slice::from_ref(old)), &bag(std::slice::from_ref(new)))
}

type Bag = BTreeMap<String, usize>;

fn bag(blocks: &[Block]) -> Bag {
    let mut out = Bag::new();
    each_inline(blocks, &mut |inline| {
        if inline.body().is_none() {
            for token in tokens(std::slice::from_ref(inline)).into_iter().filter(Token::is_word) {
                *out.entry(token.key).or_default() += 1;
            }
        }
    });
    out
}

fn shared(old: &Bag, new: &Bag) -> f64 {
    let total: usize = old.values().chain(new.values()).sum();
    let common: usize = old.iter().map(|(word, count)| new.get(word).copied().unwrap_or(0).min(*count)).sum();
    if total == 0 { 1.0 } else { 2.0 * common as f64 / total as f64 }
}

/// A block that was edited; two, where nothing can be shown in one.
fn pair_of_blocks(old: &Block, new: &Block) -> Vec<Block> {
    let row = |old: &[Vec<Inline>], new: &[Vec<Inline>]| old.iter().zip(new).map(|(old, new)| inlines(old, new)).collect::<Vec<_>>();
    let one = match (old, new) {
        (Block::Heading { text: old, .. }, Block::Heading { level, text }) => Block::Heading { level: *level, text: inlines(old, text) },
        (Block::Paragraph { text: old }, Block::Paragraph { text }) => Block::Paragraph { text: inlines(old, text) },
        (Block::Item { text: old, children: below, .. }, Block::Item { level, number, text, children, .. }) => {
            Block::Item { anchor: String::new(), level: *level, number: number.clone(), text: inlines(old, text), children: blocks(below, children) }
        }
        (Block::Bullets { items: old }, Block::Bullets { items }) => {
            let key = |item: &Vec<Block>| item.iter().map(fingerprint).collect::<Vec<_>>().join("\u{5}");
            let pairs = align(old, items, key, |old, new| shared(&bag(old), &bag(new)));
            let item = |pair| match pair {
                (Some(old), Some(new)) => blocks(old, new),
                (Some(old), None) => whole(old, Mark::Deleted),
                (None, Some(new)) => whole(new, Mark::Inserted),
                (None, None) => Vec::new(),
            };
            Block::Bullets {
                items: pairs
                    .into_iter()
                    .map(|(old, new): (Option<&Vec<Block>>, Option<&Vec<Block>>)| item((old.map(Vec::as_slice), new.map(Vec::as_slice))))
                    .collect(),
            }
        }
        (Block::Table { columns: before, header: old_header, rows: old_rows }, Block::Table { columns, header, rows }) if before.len() == columns.len() => {
            let cells = |row: &Vec<Vec<Inline>>| vec![Block::Table { columns: Vec::new(), header: Vec::new(), rows: vec![row.clone()] }];
            let pairs = align(old_rows, rows, |row| cells(row).iter().map(fingerprint).collect(), |old, new| shared(&bag(&cells(old)), &bag(&cells(new))));
            let rows = pairs.into_iter().map(|pair| match pair {
                (Some(old), Some(new)) => row(old, new),
                (Some(old), None) => old.iter().map(|cell| wrapped(cell, Mark::Deleted)).collect(),
                (None, Some(new)) => new.iter().map(|cell| wrapped(cell, Mark::Inserted)).collect(),
                (None, None) => Vec::new(),
            });
            Block::Table { columns: columns.clone(), header: row(old_header, header), rows: rows.collect() }
        }
        _ if fingerprint(old) == fingerprint(new) => marked(new, Mark::Same),
        _ => return vec![marked(old, Mark::Deleted), marked(new, Mark::Inserted)],
    };
    vec![one]
}

/// A whole block, shown in one way.
fn marked(block: &Block, mark: Mark) -> Block {
    let all = |blocks: &[Block]| blocks.iter().map(|block| marked(block, mark)).collect::<Vec<_>>();
    match block {
        Block::Heading { level, text } => Block::Heading { level: *level, text: wrapped(text, mark) },
        Block::Paragraph { text } => Block::Paragraph { text: wrapped(text, mark) },
        Block::Item { level, number, text, children, .. } => {
            Block::Item { anchor: String::new(), level: *level, number: number.clone(), text: wrapped(text, mark), children: all(children) }
        }
        Block::Bullets { items } => Block::Bullets { items: items.iter().map(|item| all(item)).collect() },
        Block::Table { columns, header, rows } => {
            let row = |row: &Vec<Vec<Inline>>| row.iter().map(|cell| wrapped(cell, mark)).collect::<Vec<_>>();
            Block::Table { columns: columns.clone(), header: row(header), rows: rows.iter().map(row).collect() }
        }
        Block::Chart { .. } => block.clone(),
    }
}

fn wrapped(inlines: &[Inline], mark: Mark) -> Vec<Inline> {
    let mut out = Vec::new();
    write(&tokens(inlines), mark, &mut out);
    out
}
