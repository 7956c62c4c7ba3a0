//! Reports as documents: an overview in sentences, charts and tables, for the same pipeline as contracts.
//!
//! Every figure comes from the overview; a chart and the table beneath it are made of one value.

use crate::base::date::Date;
use crate::contract::risk::Tier;
use crate::record::overview::{Coverage, Overview, SupplierRow};
use crate::text::document::{Alignment, Block, Chart, ChartKind, ChartRow, DOCUMENT_VERSION, Document, Inline, KeyTerm, Part, PartKind, REPORT_KIND, Section};

/// Most rows of a list that is printed; CSV and JSON have them all.
const MOST_ROWS: usize = 60;

/// Kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportKind {
    /// Acknowledgments, training and what is overdue.
    Compliance,
    /// Suppliers with their risk and what they owe.
    Supplier,
    /// What a board asks: risk, appetite, findings, departures, drills.
    Board,
}

impl ReportKind {
    /// The word in commands and file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
            Self::Supplier => "supplier",
            Self::Board => "board",
        }
    }

    /// The title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Compliance => "Compliance report",
            Self::Supplier => "Supplier report",
            Self::Board => "Board report",
        }
    }
}

/// Makes the document of a report.
pub fn document(kind: ReportKind, overview: &Overview, organisation: &str) -> Document {
    let sections = match kind {
        ReportKind::Compliance => vec![coverage(overview), overdue(overview), by_supplier(overview), ledger(overview)],
        ReportKind::Supplier => vec![tiers(overview), by_supplier(overview), suppliers(overview), findings(overview), ledger(overview)],
        ReportKind::Board => {
            vec![
                tiers(overview),
                appetite(overview),
                coverage(overview),
                overdue(overview),
                findings(overview),
                departures(overview),
                drills(overview),
                ledger(overview),
            ]
        }
    };
    let day = overview.as_of;
    Document {
        version: DOCUMENT_VERSION,
        kind: REPORT_KIND.to_owned(),
        id: format!("{}-{day}", kind.word().to_uppercase()),
        title: kind.title().to_owned(),
        edition: None,
        language: "en-GB".to_owned(),
        date: day.to_string(),
        date_text: day.long(),
        parties: Vec::new(),
        counterparty: organisation.to_owned(),
        key_terms: key_figures(kind, overview),
        banner: None,
        parts: vec![Part {
            kind: PartKind::Main,
            anchor: "main".to_owned(),
            label: String::new(),
            title: String::new(),
            sections: sections.into_iter().enumerate().map(|(at, section)| Section { number: (at + 1).to_string(), ..section }).collect(),
            execution: None,
        }],
    }
}

fn key_figures(kind: ReportKind, overview: &Overview) -> Vec<KeyTerm> {
    let late: u32 = overview.policies.iter().chain(&overview.courses).map(|c| c.overdue).sum();
    let above = overview.suppliers.iter().filter(|s| !s.above_appetite.is_empty()).count();
    let mut figures = vec![("Suppliers", overview.suppliers.len().to_string()), ("People", overview.people.to_string())];
    if let Some(percent) = share(&overview.policies) {
        figures.push(("Acknowledgments done", format!("{percent} % of those owed")));
    }
    if let Some(percent) = share(&overview.courses) {
        figures.push(("Training done", format!("{percent} % of what is owed")));
    }
    figures.push(("Acknowledgments and courses overdue", late.to_string()));
    if kind != ReportKind::Compliance {
        figures.push(("Suppliers above the risk appetite", above.to_string()));
    }
    figures.push(("Open findings", overview.findings.len().to_string()));
    figures.into_iter().map(|(label, value)| KeyTerm { label: label.to_owned(), value: vec![Inline::Value { text: value }], reference: Vec::new() }).collect()
}

fn share(coverages: &[Coverage]) -> Option<u32> {
    let (done, owed) = coverages.iter().fold((0, 0), |(done, owed), c| (done + c.done, owed + c.owed()));
    (done * 100_u32).checked_div(owed)
}

fn section(anchor: &str, title: &str, blocks: Vec<Block>) -> Section {
    Section { anchor: anchor.to_owned(), number: String::new(), title: title.to_owned(), clause: String::new(), clause_version: String::new(), blocks }
}

fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph { text: vec![Inline::Text { text: text.into() }] }
}

/// A table of texts; the columns of figures stand on the right.
fn table(header: &[(&str, Alignment)], rows: Vec<Vec<String>>) -> Block {
    let cell = |text: String| vec![Inline::Value { text }];
    Block::Table {
        columns: header.iter().map(|(_, alignment)| *alignment).collect(),
        header: header.iter().map(|(title, _)| vec![Inline::Text { text: (*title).to_owned() }]).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
    }
}

/// A chart with the table beneath it.
fn drawn(chart: Chart, first_column: &str) -> [Block; 2] {
    let table = chart.table(first_column);
    [Block::Chart { chart }, table]
}

fn list(rows: &mut Vec<Vec<String>>) -> Option<Block> {
    let more = rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0)?;
    rows.truncate(MOST_ROWS);
    Some(paragraph(format!("{more} more are in the report as CSV and JSON.")))
}

/// A number with its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn people(count: u32) -> String {
    format!("{count} {}", if count == 1 { "person" } else { "people" })
}

fn coverage(overview: &Overview) -> Section {
    let mut blocks = Vec::new();
    for (what, noun, coverages, done) in
        [("Acknowledgments", "policy", &overview.policies, "acknowledged"), ("Training", "course", &overview.courses, "completed")]
    {
        let owed: Vec<&Coverage> = coverages.iter().filter(|c| c.owed() > 0).collect();
        let Some(worst) = owed.iter().min_by_key(|c| (c.percent(), &c.title)) else {
            blocks.push(paragraph(format!("{what}: nobody owes any.")));
            continue;
        };
        let title = match worst.percent() {
            Some(100) => format!("{what} are complete: everybody who owes one has done it."),
            percent => format!("“{}” is furthest behind: {} % {done}, {} overdue.", worst.title, percent.unwrap_or_default(), people(worst.overdue)),
        };
        let row = |c: &&Coverage| ChartRow { label: c.title.clone(), values: vec![c.done, c.open, c.overdue + c.declined] };
        let rows: Vec<ChartRow> = owed.iter().map(row).collect();
        let alternative = owed
            .iter()
            .map(|c| format!("{}: {} done, {} open, {} overdue or declined", c.title, c.done, c.open, c.overdue + c.declined))
            .collect::<Vec<_>>()
            .join("; ");
        let series = ["Done", "Open", "Overdue or declined"].map(str::to_owned).to_vec();
        let heading = Block::Heading { level: 2, text: vec![Inline::Text { text: what.to_owned() }] };
        blocks.push(heading);
        blocks.extend(drawn(
            Chart { title, alternative, kind: ChartKind::Stacked, unit: "people".to_owned(), series, rows },
            if noun == "policy" { "Policy" } else { "Course" },
        ));
        let exempt: u32 = owed.iter().map(|c| c.exempt).sum();
        if exempt > 0 {
            blocks.push(paragraph(format!("Not counted: {} with an exemption.", people(exempt))));
        }
    }
    section("coverage", "Who did what they owe", blocks)
}

fn overdue(overview: &Overview) -> Section {
    let total: usize = overview.overdue_kinds.values().sum();
    if total == 0 {
        return section("overdue", "What is overdue", vec![paragraph("Nothing is overdue.")]);
    }
    let mut kinds: Vec<(&str, u32)> = overview.overdue_kinds.iter().map(|(kind, count)| (kind.word(), u32::try_from(*count).unwrap_or(u32::MAX))).collect();
    kinds.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    let title = format!(
        "{}; most of them are of the kind “{}”.",
        counted(total, "obligation is", "obligations are") + " overdue",
        kinds.first().map_or("", |(word, _)| word)
    );
    let alternative = kinds.iter().map(|(word, count)| format!("{word}: {count}")).collect::<Vec<_>>().join("; ");
    let rows = kinds.iter().map(|(word, count)| ChartRow { label: (*word).to_owned(), values: vec![*count] }).collect();
    let chart = Chart { title, alternative, kind: ChartKind::Bars, unit: "obligations".to_owned(), series: vec!["Overdue".to_owned()], rows };
    section("overdue", "What is overdue", drawn(chart, "Kind").into())
}

fn by_supplier(overview: &Overview) -> Section {
    let mut late: Vec<&SupplierRow> = overview.suppliers.iter().filter(|s| s.overdue > 0).collect();
    if late.is_empty() {
        return section("suppliers-overdue", "Overdue by supplier", vec![paragraph("Nothing about any supplier is overdue.")]);
    }
    late.sort_by(|a, b| (b.overdue, &a.name).cmp(&(a.overdue, &b.name)));
    let first = late[0];
    let title = format!("{} has most that is overdue: {}.", first.name, first.overdue);
    let alternative = late.iter().map(|s| format!("{}: {}", s.name, s.overdue)).collect::<Vec<_>>().join("; ");
    let rows = late.iter().map(|s| ChartRow { label: format!("{} ({})", s.name, s.tier.word()), values: vec![s.overdue] }).collect();
    let chart = Chart { title, alternative, kind: ChartKind::Bars, unit: "obligations".to_owned(), series: vec!["Overdue".to_owned()], rows };
    section("suppliers-overdue", "Overdue by supplier", drawn(chart, "Supplier").into())
}

fn tiers(overview: &Overview) -> Section {
    let mut blocks = Vec::new();
    let (first, last) = (overview.movement.first(), overview.movement.last());
    if let (Some(first), Some(last)) = (first, last) {
        let high = |counts: &[u32; 4]| counts[Tier::High as usize] + counts[Tier::Critical as usize];
        let (then, now) = (high(&first.counts), high(&last.counts));
        let total: u32 = last.counts.iter().sum();
        let title = match first.counts.iter().sum::<u32>() {
            0 => format!("{now} of {total} suppliers are of a high or critical tier."),
            _ if now > then => format!("{now} of {total} suppliers are of a high or critical tier, {} more than in {}.", now - then, month(first.day)),
            _ if now < then => format!("{now} of {total} suppliers are of a high or critical tier, {} fewer than in {}.", then - now, month(first.day)),
            _ if first.day == last.day => format!("{now} of {total} suppliers are of a high or critical tier."),
            _ => format!("{now} of {total} suppliers are of a high or critical tier, as many as in {}.", month(first.day)),
        };
        let label = |day: Date| if day == overview.as_of { day.long() } else { month(day) };
        let rows: Vec<ChartRow> = overview.movement.iter().map(|count| ChartRow { label: label(count.day), values: count.counts.to_vec() }).collect();
        let [low, moderate, high, critical] = last.counts;
        let alternative = format!(
            "On {}: {low} low, {moderate} moderate, {high} high, {critical} critical; the twelve months before are in the table",
            overview.as_of.long()
        );
        let series = ["Low", "Moderate", "High", "Critical"].map(str::to_owned).to_vec();
        blocks.extend(drawn(Chart { title, alternative, kind: ChartKind::Line, unit: "suppliers".to_owned(), series, rows }, "End of"));
    }
    section("tiers", "Risk of the suppliers, and its movement", blocks)
}

/// `March 2027`.
fn month(day: Date) -> String {
    day.long().split_once(' ').map_or_else(String::new, |(_, rest)| rest.to_owned())
}

fn suppliers(overview: &Overview) -> Section {
    let (left, right) = (Alignment::Left, Alignment::Right);
    let risk = |s: &SupplierRow| {
        let moved = s.tier_before.filter(|before| *before != s.tier).map(|before| format!(" (was {})", before.word())).unwrap_or_default();
        vec![s.name.clone(), format!("{}{moved}", s.tier.word()), format!("{:.1}", s.residual), s.next_review.to_string()]
    };
    let work = |s: &SupplierRow| {
        let percent = (s.done * 100).checked_div(s.owed).map_or_else(|| "none owed".to_owned(), |percent| format!("{percent} %"));
        vec![s.name.clone(), s.people.to_string(), percent, s.overdue.to_string(), s.findings.to_string()]
    };
    let mut blocks = vec![paragraph("Risk is the residual score of 0 to 100.")];
    let mut rows: Vec<Vec<String>> = overview.suppliers.iter().map(risk).collect();
    let more = list(&mut rows);
    blocks.push(table(&[("Supplier", left), ("Tier", left), ("Risk", right), ("Review by", left)], rows));
    blocks.extend(more);
    blocks.push(paragraph("Done is the share of acknowledgments and courses of the supplier's people."));
    let mut rows: Vec<Vec<String>> = overview.suppliers.iter().map(work).collect();
    let more = list(&mut rows);
    blocks.push(table(&[("Supplier", left), ("People", right), ("Done", right), ("Overdue", right), ("Findings", right)], rows));
    blocks.extend(more);
    section("suppliers", "Every supplier", blocks)
}

fn appetite(overview: &Overview) -> Section {
    let mut rows: Vec<Vec<String>> = overview
        .suppliers
        .iter()
        .filter(|s| !s.above_appetite.is_empty())
        .map(|s| vec![s.name.clone(), s.tier.word().to_owned(), s.above_appetite.join(", "), s.incidents.to_string()])
        .collect();
    if rows.is_empty() {
        return section("appetite", "Above the risk appetite", vec![paragraph("No supplier is above the risk appetite that is set, or none is set.")]);
    }
    let text = format!("{} of {} suppliers are above the risk appetite of the organisation.", rows.len(), overview.suppliers.len());
    let more = list(&mut rows);
    let header = [("Supplier", Alignment::Left), ("Tier", Alignment::Left), ("Why", Alignment::Left), ("Incidents in 36 months", Alignment::Right)];
    section("appetite", "Above the risk appetite", [paragraph(text), table(&header, rows)].into_iter().chain(more).collect())
}

fn findings(overview: &Overview) -> Section {
    let closed = format!("{} closed in the last twelve months.", counted(overview.closed_findings, "finding was", "findings were"));
    if overview.findings.is_empty() {
        return section("findings", "Findings", vec![paragraph(format!("No finding is open. {closed}"))]);
    }
    let oldest = overview.findings.iter().map(|f| f.age_days).max().unwrap_or_default();
    let late = overview.findings.iter().filter(|f| f.due.is_some_and(|due| due < overview.as_of)).count();
    let open = counted(overview.findings.len(), "finding is", "findings are");
    let text = format!("{open} open, the oldest for {}; {late} past the deadline. {closed}", counted(usize::try_from(oldest).unwrap_or(0), "day", "days"));
    let mut rows: Vec<Vec<String>> = overview
        .findings
        .iter()
        .map(|f| {
            let none = || "none".to_owned();
            vec![
                f.title.clone(),
                f.severity.word().to_owned(),
                f.owner.clone().unwrap_or_else(none),
                f.due.map_or_else(none, |due| due.to_string()),
                f.age_days.to_string(),
            ]
        })
        .collect();
    let more = list(&mut rows);
    let header =
        [("Finding", Alignment::Left), ("Severity", Alignment::Left), ("Owner", Alignment::Left), ("Due", Alignment::Left), ("Age in days", Alignment::Right)];
    section("findings", "Findings", [paragraph(text), table(&header, rows)].into_iter().chain(more).collect())
}

fn departures(overview: &Overview) -> Section {
    if overview.departures.is_empty() {
        return section(
            "departures",
            "Departures from the standard",
            vec![paragraph("No hold or obligation is accepted, and no adopted contract has an open gap.")],
        );
    }
    let mut rows: Vec<Vec<String>> = overview
        .departures
        .iter()
        .map(|d| {
            let until = d.until.map_or_else(|| "open".to_owned(), |until| until.to_string());
            vec![d.supplier.clone(), d.what.clone(), d.accepted_by.clone().unwrap_or_else(|| "nobody".to_owned()), until]
        })
        .collect();
    let text =
        format!("{}: accepted holds and obligations, and gaps of contracts that were taken in.", counted(rows.len(), "departure stands", "departures stand"));
    let more = list(&mut rows);
    let header = [("Supplier", Alignment::Left), ("What", Alignment::Left), ("Accepted by", Alignment::Left), ("Until", Alignment::Left)];
    section("departures", "Departures from the standard", [paragraph(text), table(&header, rows)].into_iter().chain(more).collect())
}

fn drills(overview: &Overview) -> Section {
    let incidents: u32 = overview.suppliers.iter().map(|s| s.incidents).sum();
    let known = format!("The profiles of the suppliers know {incidents} incidents of the last 36 months.");
    if overview.drills.is_empty() {
        return section("drills", "Incidents and drills", vec![paragraph(known), paragraph("No drill was recorded in the last twelve months.")]);
    }
    let row = |d: &crate::record::overview::DrillRow| {
        let actions = format!("{} of {}", d.actions.0, d.actions.1);
        vec![d.day.to_string(), d.scenario.clone(), d.participants.to_string(), d.lessons.to_string(), actions]
    };
    let header = [
        ("Day", Alignment::Left),
        ("Scenario", Alignment::Left),
        ("People", Alignment::Right),
        ("Lessons", Alignment::Right),
        ("Open actions", Alignment::Right),
    ];
    section("drills", "Incidents and drills", vec![paragraph(known), table(&header, overview.drills.iter().map(row).collect())])
}

fn ledger(overview: &Overview) -> Section {
    let ledger = &overview.ledger;
    let newest = ledger.recorded.map(|at| format!(", the newest of {at}")).unwrap_or_default();
    let text = format!(
        "This report is made from the first {} entries of the ledger {}{newest}. Whoever has the register can make it again as of {}, and the command “countersign ledger verify” checks that nothing in it was changed.",
        ledger.entries,
        ledger.origin,
        overview.as_of.long()
    );
    section("ledger", "Where the figures come from", vec![paragraph(text)])
}
