//! Draws diagnostics in the manner of rustc, or as JSON.

use std::io::IsTerminal;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use serde::Serialize;

use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::base::source::Place;
use crate::cli::{Common, Format};
use crate::project::read::Location;
use crate::text::letters::{Why, unreadable};

/// A diagnostic as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct DiagnosticLine {
    severity: &'static str,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct RelatedLine {
    note: String,
    place: String,
}

/// Draws a report to standard error (as text) and returns its lines for JSON output; tells whether anything stops the run.
pub(crate) fn report(report: Report, common: &Common, location: &Location) -> (Vec<DiagnosticLine>, bool) {
    let stops = report.has_errors() || (common.deny_warnings && report.warnings() > 0);
    let diagnostics = report.sorted();
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    if common.format == Format::Text {
        let handler = handler();
        for diagnostic in &diagnostics {
            if common.quiet && diagnostic.severity == Severity::Warning && !common.deny_warnings {
                continue;
            }
            eprintln!("{}", drawn(&handler, diagnostic, location));
        }
        if errors > 0 || (warnings > 0 && !common.quiet) {
            eprintln!("{}", summary(errors, warnings));
        }
    }
    (diagnostics.into_iter().map(|d| line(d, location)).collect(), stops)
}

fn summary(errors: usize, warnings: usize) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, n) => plural(n, "warning"),
        (n, 0) => plural(n, "error"),
        (e, w) => format!("{}, {}", plural(e, "error"), plural(w, "warning")),
    }
}

fn line(diagnostic: Diagnostic, location: &Location) -> DiagnosticLine {
    let place = diagnostic.place.as_ref();
    DiagnosticLine {
        severity: if diagnostic.severity == Severity::Error { "error" } else { "warning" },
        code: diagnostic.code,
        file: place.map(|p| shown(p, location).to_owned()),
        line: place.map(Place::line),
        column: place.map(Place::column),
        related: diagnostic.related.iter().map(|(place, note)| RelatedLine { note: note.clone(), place: place_text(place, location) }).collect(),
        message: diagnostic.message,
        help: diagnostic.help,
    }
}

/// The path of a place as people would type it.
fn shown<'a>(place: &'a Place, location: &'a Location) -> &'a str {
    location.shown.get(&place.source.path).unwrap_or(&place.source.path)
}

fn place_text(place: &Place, location: &Location) -> String {
    format!("{}:{}:{}", shown(place, location), place.line(), place.column())
}

/// Colour when standard error is a terminal and NO_COLOR is not set (no-color.org).
pub(crate) fn colour() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the edge is where the environment is read")]
    let refused = std::env::var("NO_COLOR").is_ok_and(|v| !v.is_empty());
    !refused && std::io::stderr().is_terminal()
}

fn handler() -> GraphicalReportHandler {
    let theme = if colour() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    GraphicalReportHandler::new_themed(theme).with_width(100).with_context_lines(1).with_wrap_lines(true)
}

fn drawn(handler: &GraphicalReportHandler, diagnostic: &Diagnostic, location: &Location) -> String {
    let mut out = String::new();
    let source = diagnostic.place.as_ref().map(|p| Shown { name: seen(shown(p, location)), text: seen(&p.source.text) });
    // A line that fills the screen shows nothing; then the place stands alone.
    let wide = diagnostic.place.as_ref().filter(|p| p.source.text.lines().nth(p.line() - 1).is_some_and(|line| line.len() > WIDEST));
    let source = source.filter(|_| wide.is_none());
    if handler.render_report(&mut out, &Drawn { diagnostic, source }).is_err() {
        // The drawing library refused; the message still gets out.
        out = format!("{}: {}", diagnostic.code, seen(&diagnostic.message));
    }
    if diagnostic.place.is_none() || wide.is_some() {
        let place = wide.map(|place| format!("\n  at {}", place_text(place, location))).unwrap_or_default();
        return out.trim_end().to_owned() + &place + "\n";
    }
    // Notes in other files cannot share the drawing; they follow as lines.
    let elsewhere = diagnostic.related.iter().filter(|(place, _)| diagnostic.place.as_ref().is_some_and(|p| p.source.path != place.source.path));
    for (place, note) in elsewhere {
        out.push_str(&format!("  note: {}: {}\n", place_text(place, location), seen(note)));
    }
    out
}

/// A diagnostic for miette.
struct Drawn<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<Shown>,
}

/// Bytes of a line from which on it is not drawn.
const WIDEST: usize = 1_000;

/// A text as a terminal may show it: what steers a terminal or cannot be seen becomes a mark of the same length, so that places hold.
pub(crate) fn seen(text: &str) -> String {
    let mut out = text.to_owned();
    for fault in unreadable(text).into_iter().filter(|f| f.why != Why::Piled).rev() {
        let mark = ["?", "\u{b7}", "\u{fffd}", "\u{fffd}?"][fault.character.len_utf8() - 1];
        out.replace_range(fault.at..fault.at + fault.character.len_utf8(), mark);
    }
    out
}

/// A source with its name; columns count characters, as JSON does.
struct Shown {
    name: String,
    text: String,
}

impl SourceCode for Shown {
    fn read_span<'a>(&'a self, span: &SourceSpan, before: usize, after: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        let start = found.span().offset();
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let column = self.text[line_start..start].chars().count();
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), found.data(), *found.span(), found.line(), column, found.line_count())))
    }
}

impl std::fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.diagnostic, f)
    }
}

impl std::fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&seen(&self.diagnostic.message))
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let word = if self.diagnostic.severity == Severity::Error { "error" } else { "warning" };
        Some(Box::new(format!("{word}[{}]", self.diagnostic.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(if self.diagnostic.severity == Severity::Error { miette::Severity::Error } else { miette::Severity::Warning })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(seen(help)) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.diagnostic.place.as_ref()?;
        let own = LabeledSpan::new_primary_with_span(None, one_line(place));
        let same_file = self.diagnostic.related.iter().filter(|(other, _)| other.source.path == place.source.path && other.range != place.range);
        let notes = same_file.map(|(other, note)| LabeledSpan::new_with_span(Some(seen(note)), one_line(other)));
        Some(Box::new(std::iter::once(own).chain(notes)))
    }
}

/// A caret covers one line; a range over many lines is drawn at its first.
fn one_line(place: &Place) -> std::ops::Range<usize> {
    let first = place.text().split('\n').next().unwrap_or_default().trim_end();
    place.range.start..place.range.start + first.len()
}
