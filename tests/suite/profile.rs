//! What a supplier writes into its profile reaches its documents as text, or is refused; it never becomes anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::base::date::Date;
use countersign::base::diagnostic::{Diagnostic, Report, Severity};
use countersign::base::node::{Kind, Node};
use countersign::contract::library::Reading;
use countersign::contract::values::clean;
use countersign::pack::compile::{Compiler, Request};
use countersign::text::document::{Block, Document, Inline};

use crate::suite::shelf::{inputs, sample, tree};

/// Syntax of everything between a profile and a page; e-mail addresses have no spaces.
const HOSTILE: &str = "**x** {{ 7 }} {% if %} <b> #let a = 1 \\ $x$ [](ref:dpa.audit) | --- \"q\" `c` &amp; 'z' {# no #}";
const HOSTILE_EMAIL: &str = "**x**{{7}}[](ref:dpa.audit)|<b>`c`$x$#let@{%if%}\\|---";
/// Turns the letters after it around, so that a page would not read as its text does.
const OVERRIDE: char = '\u{202e}';
/// Found in no sample text, so every string that holds it holds a hostile value.
const MARK: &str = "[](ref:dpa.audit)";

/// Fields that take no free text: hostile values are refused there, each with a diagnostic at the field.
const CLOSED: &[&str] = &[
    "version",
    "supplier",
    "extends",
    "entity",
    "identity.natural_person",
    "identity.address.country",
    "signing.rule",
    "contacts[].role",
    "agreement.master",
    "agreement.deed",
    "agreement.translated",
    "agreement.liquidated_damages",
    "agreement.consumer",
    "term.start",
    "term.end",
    "term.renewal",
    "term.notice_days",
    "term.annual_fees.amount",
    "term.annual_fees.currency",
    "data[].id",
    "data[].classification",
    "data[].kind",
    "data[].people",
    "processing[].role",
    "processing[].people_in[]",
    "processing[].data[]",
    "flows[].data[]",
    "access.unescorted_site_access",
    "access.systems[].level",
    "access.systems[].where",
    "custody.copy_of_data",
    "custody.equipment",
    "custody.physical_media",
    "assurance.certificates[].standard",
    "assurance.certificates[].covers_service",
    "assurance.certificates[].issued",
    "assurance.certificates[].expires",
    "assurance.certificates[].opinion",
    "assurance.reports[].date",
    "assurance.reports[].opinion",
    "assurance.penetration_tests[].date",
    "assurance.insurance[].amount.amount",
    "assurance.insurance[].amount.currency",
    "assurance.insurance[].expires",
    "assurance.incidents[].date",
    "assurance.incidents[].remediated",
    "subcontracting.allowed",
    "subcontracting.authorisation",
    "subcontracting.subcontractors[].country",
    "subcontracting.subcontractors[].data[]",
    "locations[].country",
    "locations[].personal_data",
    "transfers.mechanism",
    "transfers.uk_mechanism",
    "transfers.data_privacy_framework",
    "transfers.assessed",
    "us_privacy.ccpa_role",
    "us_privacy.hipaa_role",
    "service.critical_function",
    "service.ai",
    "service.rpo_hours",
    "service.rto_hours",
    "retention[].data",
    "retention[].destruction",
    "risk.criticality",
    "risk.location",
    "risk.subcontractors",
    "risk.incidents",
    "overrides.audit_notice_days.value",
];

fn date() -> Date {
    "2026-11-21".parse().unwrap()
}

/// One scalar of the sample profile.
struct Field {
    path: String,
    range: std::ops::Range<usize>,
}

impl Field {
    /// The path without positions in lists: `contacts[].name`.
    fn kind(&self) -> String {
        self.path.split('[').map(|part| part.split_once(']').map_or(part.to_owned(), |(_, rest)| format!("[]{rest}"))).collect()
    }

    fn hostile(&self) -> &'static str {
        if self.path.ends_with("email") { HOSTILE_EMAIL } else { HOSTILE }
    }
}

fn profile() -> &'static str {
    sample("suppliers/brightledger-crm.yaml")
}

/// Every scalar of the sample profile, in order.
fn fields() -> Vec<Field> {
    fn walk(node: &Node, path: &str, out: &mut Vec<Field>) {
        match &node.kind {
            Kind::Scalar { .. } => out.push(Field { path: path.to_owned(), range: node.place.range.clone() }),
            Kind::Sequence(items) => items.iter().enumerate().for_each(|(at, n)| walk(n, &format!("{path}[{at}]"), out)),
            Kind::Mapping(entries) => {
                let dot = if path.is_empty() { "" } else { "." };
                entries.iter().for_each(|e| walk(&e.value, &format!("{path}{dot}{}", e.key), out));
            }
        }
    }
    let mut out = Vec::new();
    walk(&tree("profile.yaml", profile()), "", &mut out);
    out
}

/// The sample profile with some scalars written anew, under another id.
fn with(id: &str, changes: &[(&Field, &str)]) -> String {
    let mut changes: Vec<_> = changes.to_vec();
    changes.sort_by_key(|(field, _)| std::cmp::Reverse(field.range.start));
    let mut text = profile().to_owned();
    for (field, value) in changes {
        text.replace_range(field.range.clone(), &quoted(value));
    }
    text.replacen("supplier: brightledger-crm", &format!("supplier: {id}"), 1)
}

/// A double-quoted YAML scalar.
fn quoted(text: &str) -> String {
    let escape = |c: char| if c.is_ascii_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\U{:08X}", u32::from(c)) };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// A compiler over the sample workspace with these profiles by id.
fn compiler(profiles: impl IntoIterator<Item = (String, String)>) -> Compiler {
    let mut inputs = inputs();
    for (id, text) in profiles {
        let path = format!("suppliers/{id}.yaml");
        inputs.insert(path.clone(), path, text.into_bytes());
    }
    let mut report = Report::default();
    let compiler = Compiler::read(inputs, Reading::Kept, &mut report).unwrap();
    assert_eq!(report.errors(), 0, "{:?}", report.sorted());
    compiler
}

/// The documents of a supplier, or why it has none.
fn documents(compiler: &Compiler, id: &str) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut report = Report::default();
    let compiled = compiler
        .supplier(id, date(), &mut report)
        .and_then(|supplier| compiler.assess(supplier, date(), &mut report))
        .filter(|_| !report.has_errors())
        .and_then(|assessed| compiler.compile(&assessed, &Request::default(), date(), &mut report));
    compiled.map(|c| c.documents).ok_or_else(|| report.sorted().into_iter().filter(|d| d.severity == Severity::Error).collect())
}

/// The documents of the sample as it is.
fn original() -> &'static [Document] {
    static ORIGINAL: OnceLock<Vec<Document>> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let compiler = compiler([("brightledger-crm".to_owned(), profile().to_owned())]);
        documents(&compiler, "brightledger-crm").unwrap()
    })
}

/// The same documents with a placeholder for every text that is a value, and those texts: what is left is of the library.
fn apart(mut documents: Vec<Document>) -> (Vec<Document>, Vec<String>) {
    fn inlines(list: &mut [Inline], hide: &mut dyn FnMut(&mut String)) {
        for inline in list {
            match inline {
                Inline::Value { text } => hide(text),
                Inline::Strong { body } | Inline::Emphasis { body } => inlines(body, hide),
                _ => {}
            }
        }
    }
    fn blocks(list: &mut [Block], hide: &mut dyn FnMut(&mut String)) {
        for block in list {
            match block {
                Block::Heading { text, .. } | Block::Paragraph { text } => inlines(text, hide),
                Block::Item { text, children, .. } => {
                    inlines(text, hide);
                    blocks(children, hide);
                }
                Block::Bullets { items } => items.iter_mut().for_each(|item| blocks(item, hide)),
                Block::Table { header, rows, .. } => header.iter_mut().chain(rows.iter_mut().flatten()).for_each(|cell| inlines(cell, hide)),
            }
        }
    }
    let mut values = Vec::new();
    let mut hide = |text: &mut String| values.push(std::mem::replace(text, "VALUE".to_owned()));
    for document in &mut documents {
        hide(&mut document.id);
        hide(&mut document.counterparty);
        for party in &mut document.parties {
            hide(&mut party.legal_name);
            hide(&mut party.details);
        }
        document.key_terms.iter_mut().for_each(|row| inlines(&mut row.value, &mut hide));
        for part in &mut document.parts {
            part.sections.iter_mut().for_each(|section| blocks(&mut section.blocks, &mut hide));
            if let Some(execution) = &mut part.execution {
                inlines(&mut execution.testimonium, &mut hide);
                for signature in &mut execution.signatures {
                    [&mut signature.party, &mut signature.name, &mut signature.title].into_iter().for_each(&mut hide);
                }
            }
        }
    }
    (documents, values)
}

/// A diagnostic that stands at the field, or one that cites its value.
fn names(diagnostic: &Diagnostic, path: &str, range: &std::ops::Range<usize>) -> bool {
    let at = |place: &countersign::base::source::Place| place.source.path == path && place.range.start >= range.start && place.range.end <= range.end;
    diagnostic.place.as_ref().is_some_and(at) || diagnostic.related.iter().any(|(place, _)| at(place)) || diagnostic.message.contains("**x**")
}

/// The first field of each kind: the entries of one list are printed by one loop.
fn one_of_each_kind() -> Vec<Field> {
    let mut seen = BTreeSet::new();
    fields().into_iter().filter(|f| seen.insert(f.kind())).collect()
}

/// Does work of the same sort on two threads.
fn in_pairs<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let mut done: BTreeMap<usize, T> = BTreeMap::new();
    std::thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        for worker in workers {
            done.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    done.into_values().collect()
}

#[test]
fn hostile_text_in_any_field_stays_text_or_is_refused() {
    let fields = one_of_each_kind();
    assert!(fields.len() > 90, "{} kinds of fields", fields.len());
    let ids: Vec<String> = (0..fields.len()).map(|at| format!("hostile-{at}")).collect();
    let profiles: Vec<(String, String)> = ids.iter().zip(&fields).map(|(id, field)| (id.clone(), with(id, &[(field, field.hostile())]))).collect();
    let compiler = compiler(profiles);
    let (expected, _) = apart(original().to_vec());
    let outcomes = in_pairs(fields.len(), |at| {
        let (field, id) = (&fields[at], &ids[at]);
        match documents(&compiler, id) {
            Ok(found) => {
                let (found, values) = apart(found);
                assert!(found == expected, "{} changed more than a value", field.path);
                let whole = clean(field.hostile());
                let printed: Vec<&String> = values.iter().filter(|text| text.contains(MARK)).collect();
                for text in &printed {
                    assert!(text.contains(&whole), "{} is cut: {text}", field.path);
                }
                (true, !printed.is_empty())
            }
            Err(diagnostics) => {
                // The id of the supplier is a shorter text in these copies; everything else stands where it stood.
                let text = profiles_text(field, id);
                let start = text.find(&quoted(field.hostile())).unwrap_or(field.range.start);
                let range = start..start + quoted(field.hostile()).len();
                let path = format!("suppliers/{id}.yaml");
                assert!(diagnostics.iter().any(|d| names(d, &path, &range)), "{}: {diagnostics:?}", field.path);
                (false, false)
            }
        }
    });
    let kinds = |wanted: (bool, bool)| -> Vec<String> { fields.iter().zip(&outcomes).filter(|(_, o)| **o == wanted).map(|(f, _)| f.kind()).collect() };
    assert_eq!(kinds((false, false)), CLOSED, "these fields refuse free text");
    assert!(kinds((true, true)).len() > 50, "printed: {:?}\nnot printed: {:?}", kinds((true, true)), kinds((true, false)));
}

fn profiles_text(field: &Field, id: &str) -> String {
    with(id, &[(field, field.hostile())])
}

#[test]
fn hostile_text_in_all_fields_at_once_stays_text() {
    let closed: BTreeSet<&str> = CLOSED.iter().copied().collect();
    let fields = fields();
    let open: Vec<&Field> = fields.iter().filter(|f| !closed.contains(f.kind().as_str())).collect();
    let values: Vec<String> = open.iter().enumerate().map(|(at, f)| format!("{at}:{}", f.hostile())).collect();
    let lines: Vec<String> = open
        .iter()
        .enumerate()
        .map(|(at, f)| if f.path.ends_with("email") { values[at].clone() } else { format!("- {at}\n\n1. a\n| b |\n|---|\n\t{}\r\n", f.hostile()) })
        .collect();
    let changes = |values: &[String]| -> Vec<(&Field, String)> { open.iter().copied().zip(values.iter().cloned()).collect() };
    let mut profiles = Vec::new();
    for (id, values) in [("hostile", &values), ("hostile-lines", &lines)] {
        let changes = changes(values);
        let changes: Vec<(&Field, &str)> = changes.iter().map(|(f, v)| (*f, v.as_str())).collect();
        profiles.push((id.to_owned(), with(id, &changes)));
    }
    let compiler = compiler(profiles);
    let (expected, _) = apart(original().to_vec());
    let [printed, _] = ["hostile", "hostile-lines"].map(|id| {
        let (found, values) = apart(documents(&compiler, id).unwrap());
        assert!(found == expected, "{id}: more than values changed");
        values.join("\n")
    });
    let missing = open.iter().zip(&values).filter(|(_, value)| !printed.contains(&clean(value))).count();
    assert!(missing * 4 < open.len(), "{missing} of {} fields are not printed", open.len());
}

#[test]
fn character_that_turns_text_around_is_refused_and_its_field_named() {
    let closed: BTreeSet<&str> = CLOSED.iter().copied().collect();
    let fields: Vec<Field> = one_of_each_kind().into_iter().filter(|f| !closed.contains(f.kind().as_str())).step_by(7).collect();
    let value = |field: &Field| if field.path.ends_with("email") { format!("a{OVERRIDE}b@c") } else { format!("a {OVERRIDE} b") };
    let compiler = compiler(fields.iter().enumerate().map(|(at, field)| (format!("turned-{at}"), with(&format!("turned-{at}"), &[(field, &value(field))]))));
    let named = in_pairs(fields.len(), |at| {
        let (field, id) = (&fields[at], format!("turned-{at}"));
        match documents(&compiler, &id) {
            Ok(found) => {
                assert!(!apart(found).1.iter().any(|text| text.contains(OVERRIDE)), "{} is printed", field.path);
                false
            }
            Err(diagnostics) => {
                let [only] = diagnostics.as_slice() else { panic!("{}: {diagnostics:?}", field.path) };
                assert_eq!(only.code, "missing-glyph", "{}", field.path);
                assert!(only.message.contains("U+202E") && only.message.contains(&id), "{}", only.message);
                let shown = only.place.as_ref().unwrap_or_else(|| panic!("{} is not named: {}", field.path, only.message));
                assert_eq!(shown.text(), quoted(&value(field)), "{} is shown at {shown}", field.path);
                true
            }
        }
    });
    assert!(named.iter().filter(|n| **n).count() > 6, "{named:?}");
}

#[test]
fn value_without_a_visible_character_is_refused() {
    let text = |path: &str| fields().into_iter().find(|f| f.path == path).unwrap();
    let paths = ["agreement.purpose", "service.description", "signing.signatories[0].name"];
    let blanks = [("space", " "), ("no-break", "\u{a0}"), ("control", "\u{1}"), ("joiner", "\u{200d}")];
    let all: Vec<(String, &str, &str)> =
        blanks.iter().flat_map(|(name, value)| paths.iter().enumerate().map(move |(at, path)| (format!("{name}-{at}"), *path, *value))).collect();
    let compiler = compiler(all.iter().map(|(id, path, value)| (id.clone(), with(id, &[(&text(path), value)]))));
    let accepted = in_pairs(all.len(), |at| documents(&compiler, &all[at].0).is_ok().then(|| format!("{} as {}", all[at].1, all[at].0)));
    let accepted: Vec<String> = accepted.into_iter().flatten().collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
}

#[test]
fn supplier_has_one_name_on_cover_in_text_and_under_the_signature() {
    let name = fields().into_iter().find(|f| f.path == "identity.legal_name").unwrap();
    let compiler = compiler([("spaced".to_owned(), with("spaced", &[(&name, " Bright  ledger\tof\nAustin, Inc. ")]))]);
    let found = documents(&compiler, "spaced").unwrap();
    let names: BTreeSet<String> = apart(found)
        .1
        .into_iter()
        .filter(|text| text.starts_with("Bright") || text.starts_with(" Bright"))
        .filter(|text| text.trim_end().ends_with("Inc."))
        .collect();
    assert_eq!(names, BTreeSet::from(["Bright ledger of Austin, Inc.".to_owned()]));
}

#[test]
fn numbers_of_items_are_unique_in_each_section_of_the_sample() {
    fn collect(blocks: &[Block], above: &str, out: &mut Vec<String>) {
        for block in blocks {
            match block {
                Block::Item { number, children, .. } => {
                    let full = format!("{above}{number}");
                    out.push(full.clone());
                    collect(children, &full, out);
                }
                Block::Bullets { items } => items.iter().for_each(|item| collect(item, above, out)),
                _ => {}
            }
        }
    }
    let mut count = 0;
    for document in original() {
        let mut sections = BTreeSet::new();
        for part in &document.parts {
            for section in &part.sections {
                let mut numbers = Vec::new();
                collect(&section.blocks, "", &mut numbers);
                count += numbers.len();
                let distinct: BTreeSet<&String> = numbers.iter().collect();
                assert_eq!(distinct.len(), numbers.len(), "{} of {}: {numbers:?}", section.clause, document.kind);
                assert!(section.number.is_empty() || sections.insert((&part.anchor, &section.number)), "{} of {}", section.number, document.kind);
            }
        }
    }
    assert!(count > 200, "{count} items");
}
