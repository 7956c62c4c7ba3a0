//! `countersign diff`: what changed between two packs.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, print, print_json};
use crate::pack::comparison::{ClauseComparison, Comparison};
use crate::pack::redline::{counts, heading, renumbering, state};
use crate::project::register as files;
use crate::text::document::{Block, Inline};
use crate::text::redline::DocumentState;
use crate::workflow::diff::{self, Diff, Stationery};

/// Widest line of a redline on a terminal, in characters.
const WIDTH: usize = 96;

/// Show what changed between two packs, clause by clause and word by word, and why.
///
/// Clauses are told by what they are about: another one for the same matter is swapped, one that stands elsewhere
/// is moved, and what only got another number is no change. On the terminal [-what is gone-] and {+what is new+}.
///
/// Examples:
///   countersign diff output/northwind-cloud/3f9a12c4d0e1 output/northwind-cloud/77d01ab3c2e9
///   countersign diff OLD NEW --pdf redline.pdf --no-causes     a copy for the other side
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DiffArgs {
    /// Folder of the older pack.
    #[arg(value_name = "PACK-A")]
    old: PathBuf,
    /// Folder of the newer pack.
    #[arg(value_name = "PACK-B")]
    new: PathBuf,
    /// Write the redline as PDF.
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    /// Write the redline as a page of HTML.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Say nothing of causes, tiers and facts: for the other side.
    #[arg(long)]
    no_causes: bool,
    /// Show the clauses that did not change as well.
    #[arg(long)]
    full: bool,
}

pub(crate) fn run(common: &Common, args: &DiffArgs) -> Result<u8, Failure> {
    let diff = diff::diff(&args.old, &args.new)?;
    if args.pdf.is_some() || args.html.is_some() {
        let stationery = Stationery::read(&common.workspace)?;
        let document = diff.document(!args.no_causes, args.full);
        if let Some(path) = &args.pdf {
            files::replace(path, &stationery.pdf(&document, diff.date)?.pdf, false)?;
        }
        if let Some(path) = &args.html {
            files::replace(path, stationery.page(&document).as_bytes(), false)?;
        }
        if common.format == Format::Text {
            if !common.quiet {
                for path in args.pdf.iter().chain(&args.html) {
                    print(&format!("{}\n", path.display()))?;
                }
            }
            return Ok(exit::DONE);
        }
    }
    match common.format {
        Format::Json => print_json(&json(&diff, args))?,
        _ if common.quiet => {}
        _ => print(&text(&diff, args))?,
    }
    Ok(exit::DONE)
}

/// The comparison; the texts of clauses that did not change only where they are asked for.
fn json(diff: &Diff, args: &DiffArgs) -> serde_json::Value {
    let mut comparison = diff.comparison.clone();
    for document in &mut comparison.documents {
        document.clauses.retain(|clause| args.full || clause.change.before != clause.change.after || clause.change.state.is_change());
        for clause in document.clauses.iter_mut().filter(|clause| !args.full && !clause.change.state.is_change()) {
            clause.change.text.clear();
        }
    }
    if args.no_causes {
        strip(&mut comparison);
    }
    serde_json::json!({ "subject": diff.subject, "name": diff.name, "comparison": comparison })
}

fn strip(comparison: &mut Comparison) {
    comparison.causes.clear();
    (comparison.before.tier, comparison.after.tier) = (None, None);
    for document in &mut comparison.documents {
        document.causes.clear();
        document.clauses.iter_mut().for_each(|clause| clause.causes.clear());
    }
}

/// Colours of what is new and gone, or signs where there are none.
struct Signs {
    inserted: [&'static str; 2],
    deleted: [&'static str; 2],
    strong: [&'static str; 2],
}

fn signs() -> Signs {
    if draw::colour() && std::io::stdout().is_terminal() {
        Signs { inserted: ["\u{1b}[32;4m", "\u{1b}[0m"], deleted: ["\u{1b}[31;9m", "\u{1b}[0m"], strong: ["\u{1b}[1m", "\u{1b}[0m"] }
    } else {
        Signs { inserted: ["{+", "+}"], deleted: ["[-", "-]"], strong: ["", ""] }
    }
}

fn text(diff: &Diff, args: &DiffArgs) -> String {
    let (comparison, signs) = (&diff.comparison, signs());
    let causes = !args.no_causes;
    let side = |side: &crate::pack::comparison::Side| {
        let tier = side.tier.as_ref().filter(|_| causes).map(|tier| format!(", {tier}")).unwrap_or_default();
        format!("{} of {}{tier}", side.pack, side.date)
    };
    let mut out = format!("{}: {} \u{2192} {}\n{}\n", diff.name, side(&comparison.before), side(&comparison.after), counts(comparison));
    for document in &comparison.documents {
        if document.state == DocumentState::Same && !args.full {
            continue;
        }
        out.push_str(&format!("\n{}{}{}: {}\n", signs.strong[0], draw::seen(&document.title), signs.strong[1], state(document.state)));
        if causes {
            document.causes.iter().for_each(|cause| out.push_str(&format!("  because {}\n", draw::seen(&cause.to_string()))));
        }
        for clause in document.clauses.iter().filter(|clause| clause.change.state.is_change() || args.full) {
            out.push_str(&one(clause, causes, args.full, &signs));
        }
        for line in document.clauses.iter().filter_map(renumbering) {
            out.push_str(&format!("  renumbered only: {}\n", draw::seen(&line)));
        }
    }
    out
}

fn one(clause: &ClauseComparison, causes: bool, full: bool, signs: &Signs) -> String {
    let change = &clause.change;
    let (number, title) = change.head().map(heading).unwrap_or_default();
    let was = change
        .before
        .as_ref()
        .zip(change.after.as_ref())
        .filter(|(before, after)| before.number != after.number)
        .map(|(before, _)| format!(", was {}", before.number));
    let from = change.stood_after.as_ref().map(|place| format!(", stood after {place}")).unwrap_or_default();
    let name = [number.as_str(), title.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let mut out =
        format!("  {}{}{} ({}{}{})\n", signs.strong[0], draw::seen(&name), signs.strong[1], change.state.word(), was.unwrap_or_default(), draw::seen(&from));
    if causes {
        clause.causes.iter().for_each(|cause| out.push_str(&format!("    because {}\n", draw::seen(&cause.to_string()))));
    }
    let mut lines = Vec::new();
    collect(&change.text, full, signs, &mut lines);
    lines.iter().for_each(|line| out.push_str(&wrapped(line)));
    out
}

/// The edited texts of blocks, one line for each paragraph, item or row.
fn collect(blocks: &[Block], full: bool, signs: &Signs, out: &mut Vec<String>) {
    let line = |number: &str, text: &[Inline]| {
        let mut line = if number.is_empty() { String::new() } else { format!("{number} ") };
        inlines(text, signs, &mut line);
        line
    };
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } if full || block.is_edited() => out.push(line("", text)),
            Block::Item { number, text, children, .. } => {
                if full || block.is_edited() {
                    out.push(line(number, text));
                }
                collect(children, full, signs, out);
            }
            Block::Bullets { items } => items.iter().for_each(|item| collect(item, full, signs, out)),
            Block::Table { header, rows, .. } => {
                let edited = |row: &&Vec<Vec<Inline>>| full || row.iter().flatten().any(Inline::is_edited);
                for row in std::iter::once(header).chain(rows).filter(edited) {
                    out.push(row.iter().map(|cell| line("", cell)).collect::<Vec<_>>().join(" | "));
                }
            }
            _ => {}
        }
    }
}

fn inlines(body: &[Inline], signs: &Signs, out: &mut String) {
    for inline in body {
        match inline {
            Inline::Text { text } | Inline::Value { text } | Inline::Reference { text, .. } => out.push_str(&draw::seen(text)),
            Inline::Term { text } => out.push_str(&format!("\u{201c}{}\u{201d}", draw::seen(text))),
            Inline::Strong { body } | Inline::Emphasis { body } => inlines(body, signs, out),
            Inline::Inserted { body } | Inline::Deleted { body } => {
                let [open, close] = if matches!(inline, Inline::Inserted { .. }) { signs.inserted } else { signs.deleted };
                out.push_str(open);
                inlines(body, signs, out);
                out.push_str(close);
            }
            Inline::Blank => out.push_str("____"),
            Inline::Break => out.push(' '),
        }
    }
}

/// A paragraph in lines of the width, indented.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut line = String::from("    ");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > WIDTH && line.trim() != "" {
            out.push_str(line.trim_end());
            out.push('\n');
            line = String::from("    ");
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
