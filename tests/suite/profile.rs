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
use countersign::project::embedded;
use countersign::text::document::{Block, Document, Inline};
use proptest::prelude::*;

use crate::suite::shelf::{inputs, sample, seeded, tree};

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
    "processing[].people",
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
    "agreement.law",
    "agreement.master.date",
    "data[].sealed",
    "notices.address.country",
    "service.bespoke",
    "service.cloud",
    "service.ict",
    "service.runs_in_our_network",
    "service.security_testing",
    "service.software",
    "risk.criticality",
    "risk.location",
    "risk.subcontractors",
    "risk.incidents",
];

/// Whether a field takes no free text; what an override may be depends on its parameter.
fn is_closed(kind: &str) -> bool {
    CLOSED.contains(&kind) || is_typed(kind)
}

fn is_typed(kind: &str) -> bool {
    kind.starts_with("facts.") || (kind.starts_with("overrides.") && kind.ends_with(".value"))
}

fn date() -> Date {
    "2026-11-21".parse().unwrap()
}

/// The sample suppliers.
fn suppliers() -> Vec<&'static str> {
    let files = embedded::sample().into_iter().filter_map(|(path, _)| path.strip_prefix("suppliers/").and_then(|p| p.strip_suffix(".yaml")));
    files.collect()
}

/// One scalar of a sample profile.
#[derive(Clone)]
struct Field {
    supplier: &'static str,
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

fn profile(supplier: &str) -> &'static str {
    sample(&format!("suppliers/{supplier}.yaml"))
}

/// Every scalar of a YAML text, in order.
fn scalars(supplier: &'static str, text: &str) -> Vec<Field> {
    fn walk(node: &Node, supplier: &'static str, path: &str, out: &mut Vec<Field>) {
        match &node.kind {
            Kind::Scalar { .. } => out.push(Field { supplier, path: path.to_owned(), range: node.place.range.clone() }),
            Kind::Sequence(items) => items.iter().enumerate().for_each(|(at, n)| walk(n, supplier, &format!("{path}[{at}]"), out)),
            Kind::Mapping(entries) => {
                let dot = if path.is_empty() { "" } else { "." };
                entries.iter().for_each(|e| walk(&e.value, supplier, &format!("{path}{dot}{}", e.key), out));
            }
        }
    }
    let mut out = Vec::new();
    walk(&tree("any.yaml", text), supplier, "", &mut out);
    out
}

/// Every scalar of every sample profile.
fn fields() -> Vec<Field> {
    suppliers().into_iter().flat_map(|supplier| scalars(supplier, profile(supplier))).collect()
}

/// A YAML text with some scalars written anew.
fn rewritten(text: &str, changes: &[(&Field, &str)]) -> String {
    let mut changes: Vec<_> = changes.to_vec();
    changes.sort_by_key(|(field, _)| std::cmp::Reverse(field.range.start));
    let mut text = text.to_owned();
    for (field, value) in changes {
        text.replace_range(field.range.clone(), &quoted(value));
    }
    text
}

/// A sample profile with some scalars written anew, under another id; all fields are of one supplier.
fn with(id: &str, changes: &[(&Field, &str)]) -> String {
    let supplier = changes[0].0.supplier;
    rewritten(profile(supplier), changes).replacen(&format!("supplier: {supplier}"), &format!("supplier: {id}"), 1)
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

/// The documents of a sample as it is.
fn original(supplier: &str) -> &'static [Document] {
    static ORIGINALS: OnceLock<BTreeMap<&'static str, Vec<Document>>> = OnceLock::new();
    let originals = ORIGINALS.get_or_init(|| {
        let compiler = compiler(suppliers().into_iter().map(|id| (id.to_owned(), profile(id).to_owned())));
        suppliers().into_iter().map(|id| (id, documents(&compiler, id).unwrap())).collect()
    });
    &originals[supplier]
}

/// The documents of a sample with values hidden.
fn skeleton(supplier: &str) -> &'static [Document] {
    static SKELETONS: OnceLock<BTreeMap<&'static str, Vec<Document>>> = OnceLock::new();
    &SKELETONS.get_or_init(|| suppliers().into_iter().map(|id| (id, apart(original(id).to_vec()).0)).collect())[supplier]
}

/// The same documents with a placeholder for every text that is a value, and those texts: what is left is of the library.
fn apart(mut documents: Vec<Document>) -> (Vec<Document>, Vec<String>) {
    fn inlines(list: &mut [Inline], hide: &mut dyn FnMut(&mut String)) {
        for inline in list {
            match inline {
                Inline::Value { text } => hide(text),
                Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => inlines(body, hide),
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
                Block::Chart { .. } => panic!("no clause makes a chart"),
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
    assert!(fields.len() > 120, "{} kinds of fields", fields.len());
    let ids: Vec<String> = (0..fields.len()).map(|at| format!("hostile-{at}")).collect();
    let profiles: Vec<(String, String)> = ids.iter().zip(&fields).map(|(id, field)| (id.clone(), with(id, &[(field, field.hostile())]))).collect();
    let compiler = compiler(profiles);
    let outcomes = in_pairs(fields.len(), |at| {
        let (field, id) = (&fields[at], &ids[at]);
        match documents(&compiler, id) {
            Ok(found) => {
                let (found, values) = apart(found);
                assert!(found == skeleton(field.supplier), "{} changed more than a value", field.path);
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
    let refused: BTreeSet<String> = kinds((false, false)).into_iter().filter(|kind| !is_typed(kind)).collect();
    let closed: BTreeSet<String> = CLOSED.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(refused.symmetric_difference(&closed).collect::<Vec<_>>(), Vec::<&String>::new(), "fields that refuse free text, but for CLOSED");
    assert!(kinds((true, true)).len() > 50, "printed: {:?}\nnot printed: {:?}", kinds((true, true)), kinds((true, false)));
}

fn profiles_text(field: &Field, id: &str) -> String {
    with(id, &[(field, field.hostile())])
}

#[test]
fn hostile_text_in_all_fields_at_once_stays_text() {
    let supplier = "brightledger-crm";
    let fields = fields();
    let open: Vec<&Field> = fields.iter().filter(|f| f.supplier == supplier && !is_closed(&f.kind())).collect();
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
    let [printed, _] = ["hostile", "hostile-lines"].map(|id| {
        let (found, values) = apart(documents(&compiler, id).unwrap());
        assert!(found == skeleton(supplier), "{id}: more than values changed");
        values.join("\n")
    });
    let missing = open.iter().zip(&values).filter(|(_, value)| !printed.contains(&clean(value))).count();
    assert!(missing * 4 < open.len(), "{missing} of {} fields are not printed", open.len());
}

#[test]
fn character_that_turns_text_around_is_refused_and_its_field_named() {
    let fields: Vec<Field> = one_of_each_kind().into_iter().filter(|f| !is_closed(&f.kind())).step_by(7).collect();
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
                assert_eq!(only.code, "unreadable-text", "{}", field.path);
                assert!(only.message.contains("U+202E"), "{}", only.message);
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
    let text = |path: &str| scalars("brightledger-crm", profile("brightledger-crm")).into_iter().find(|f| f.path == path).unwrap();
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
    let name = scalars("brightledger-crm", profile("brightledger-crm")).into_iter().find(|f| f.path == "identity.legal_name").unwrap();
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
    for document in suppliers().into_iter().flat_map(original) {
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

/// What an attacker, a copied web page or a broken export puts into a field.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "**",
        "_",
        "# ",
        "- ",
        "1. ",
        "| a | b |",
        "|---|",
        "\n\n",
        "\t",
        "> ",
        "```",
        "`",
        "[x](y)",
        "[](ref:nda.use)",
        "<b>",
        "<!--",
        "&lt;",
        "\\",
        "{{ 7 }}",
        "{{",
        "{%",
        "%}",
        "{# #}",
        "#let a = 1",
        "$x^2$",
        "@ref",
        "<label>",
        "#import",
        "//",
        "/*",
        "~",
        "--",
        "\u{1b}[31m",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{200b}",
        "\u{200d}",
        "\u{202e}",
        "\u{2066}",
        "\u{feff}",
        "\u{ad}",
        "\u{301}",
        "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "\u{e000}",
        "\u{f8ff}",
        "\u{fffd}",
        "\u{fffe}",
        "\u{10ffff}",
        "\u{2028}",
        "p\u{430}ypal",
        "\u{5d0}\u{5d1}",
        "\u{6f22}",
        "\u{1f512}",
        "Ω",
        "ğ",
        "../../x",
        "C:\\",
        "$(x)",
        "'; --",
        "%s",
        " ",
        "a",
        "B",
        "0",
    ];
    let piece = prop_oneof![5 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => "[\\s\\S]{1,4}", 1 => "\\PC{1,8}"];
    let text = prop::collection::vec(piece, 1..7).prop_map(|pieces| pieces.concat());
    let long = (text.clone(), prop::sample::select(vec![3_900_usize, 4_100, 100_000])).prop_map(|(text, length)| text.chars().cycle().take(length).collect());
    prop_oneof![12 => text, 1 => long]
}

/// The codes with which a hostile value may be refused at its field.
const REFUSALS: [&str; 5] = ["unreadable-text", "too-long", "missing-glyph", "bad-form", "empty-value"];

proptest! {
    #![proptest_config(seeded(6))]

    // Reading the library costs more than a supplier, so a case is a workspace of sixteen hostile ones.
    #[test]
    fn any_text_in_any_open_field_is_only_itself(chosen in prop::collection::vec((any::<prop::sample::Index>(), hostile()), 16)) {
        static OPEN: OnceLock<Vec<Field>> = OnceLock::new();
        let open = OPEN.get_or_init(|| fields().into_iter().filter(|f| !is_closed(&f.kind())).collect());
        let cases: Vec<(&Field, String)> = chosen.into_iter().map(|(at, value)| {
            let field = at.get(open);
            let address = || format!("{}@x", value.split(|c: char| c.is_whitespace() || c == '@').collect::<String>());
            (field, if field.path.ends_with("email") { address() } else { value })
        }).collect();
        let id = |at: usize| format!("hostile-{at}");
        let compiler = compiler(cases.iter().enumerate().map(|(at, (field, value))| (id(at), with(&id(at), &[(field, value)]))));
        in_pairs(cases.len(), |at| {
            let started = std::time::Instant::now();
            only_itself(&compiler, &id(at), cases[at].0, &cases[at].1);
            assert!(started.elapsed().as_secs() < 60, "{} takes too long", cases[at].0.path);
        });
    }
}

/// A hostile value changed no more than the places where it stands, or was refused by name.
fn only_itself(compiler: &Compiler, id: &str, field: &Field, value: &str) {
    match documents(compiler, id) {
        Ok(found) => {
            let (found, values) = apart(found);
            assert!(found == skeleton(field.supplier), "{} changed more than a value: {value:?}", field.path);
            let whole = clean(value).to_lowercase();
            let (_, before) = apart(original(field.supplier).to_vec());
            // The id of a document holds that of the pack.
            let is_id =
                |text: &str| text.rsplit_once('-').is_some_and(|(kind, pack)| pack.len() == 12 && kind.chars().all(|c| c.is_ascii_uppercase() || c == '-'));
            for text in values.iter().filter(|text| !before.contains(text) && !is_id(text)) {
                assert!(text.to_lowercase().contains(&whole), "{} is cut: {text:?} of {value:?}", field.path);
            }
        }
        Err(diagnostics) => {
            assert!(diagnostics.iter().all(|d| REFUSALS.contains(&d.code) && d.place.is_some()), "{} as {value:?}: {diagnostics:?}", field.path);
        }
    }
}

#[test]
fn hostile_text_in_the_workspace_file_stays_text_or_is_refused() {
    let workspace = sample("countersign.yaml");
    let mut seen = BTreeSet::new();
    // Paths are read when the workspace is opened, before there is a compiler; `commands.rs` tests them.
    let path = |f: &Field| ["library", "templates", "output"].contains(&f.path.as_str());
    let kind = |f: &Field| {
        f.path
            .split('.')
            .map(|part| part.split('[').next().unwrap_or_default())
            .skip(if f.path.starts_with("entities.") { 2 } else { 0 })
            .collect::<Vec<_>>()
            .join(".")
    };
    let fields: Vec<Field> = scalars("", workspace).into_iter().filter(|f| !path(f) && seen.insert(kind(f))).collect();
    assert!(fields.len() > 30, "{} kinds of fields", fields.len());
    let outcomes = in_pairs(fields.len(), |at| {
        let field = &fields[at];
        let mut inputs = inputs();
        let text = rewritten(workspace, &[(field, field.hostile())]);
        inputs.insert("countersign.yaml", "countersign.yaml", text.clone().into_bytes());
        let suppliers = suppliers();
        for id in &suppliers {
            inputs.insert(format!("suppliers/{id}.yaml"), format!("suppliers/{id}.yaml"), profile(id).as_bytes());
        }
        let mut report = Report::default();
        let Some(compiler) = Compiler::read(inputs, Reading::Kept, &mut report).filter(|_| !report.has_errors()) else {
            let start = text.find(&quoted(field.hostile())).unwrap();
            let range = start..start + quoted(field.hostile()).len();
            assert!(report.iter().any(|d| names(d, "countersign.yaml", &range)), "{}: {:?}", field.path, report.sorted());
            return false;
        };
        let entity = field.path.strip_prefix("entities.").and_then(|p| p.split('.').next());
        let touched = suppliers.iter().filter(|id| entity.is_none_or(|e| profile(id).contains(&format!("entity: {e}"))));
        for id in touched {
            let (found, values) = apart(documents(&compiler, id).unwrap());
            assert!(found == skeleton(id), "{} changed more than a value of {id}", field.path);
            let whole = clean(field.hostile());
            assert!(values.iter().filter(|text| text.contains(MARK)).all(|text| text.contains(&whole)), "{} is cut", field.path);
        }
        true
    });
    assert!(outcomes.iter().filter(|open| **open).count() > 20, "{:?}", fields.iter().zip(&outcomes).map(|(f, o)| (&f.path, o)).collect::<Vec<_>>());
}
