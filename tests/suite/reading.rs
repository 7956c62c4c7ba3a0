//! Reading never panics, loses nothing, guesses nothing, and shows every fault where it is written.

use countersign::base::date::Date;
use countersign::base::decode::decode;
use countersign::base::diagnostic::Report;
use countersign::base::node::{Kind, Node, parse};
use countersign::base::source::Place;
use countersign::contract::clause::{Clause, Front};
use countersign::contract::profile::Profile;
use countersign::contract::values;
use countersign::pack::inputs::Inputs;
use countersign::project::embedded;
use proptest::prelude::*;
use proptest::sample::Index;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::suite::bodies::{self, check_places};
use crate::suite::shelf::{files, sample, seeded, source, tree, vocabulary};

/// The profiles of the sample workspace.
fn profiles() -> Vec<&'static str> {
    let names = embedded::sample().into_iter().map(|(name, _)| name);
    names.filter(|name| name.starts_with("suppliers/") && name.ends_with(".yaml")).collect()
}

/// The files of the sample workspace that people write.
fn samples() -> Vec<&'static str> {
    let mut samples = profiles();
    samples.push("countersign.yaml");
    samples
}

/// The scalars of a tree with their dotted paths, in order.
fn scalars(node: &Node) -> Vec<(String, &Node)> {
    fn walk<'n>(node: &'n Node, path: &str, out: &mut Vec<(String, &'n Node)>) {
        match &node.kind {
            Kind::Scalar { .. } => out.push((path.to_owned(), node)),
            Kind::Sequence(items) => items.iter().enumerate().for_each(|(at, n)| walk(n, &format!("{path}[{at}]"), out)),
            Kind::Mapping(entries) => {
                let dot = if path.is_empty() { "" } else { "." };
                entries.iter().for_each(|e| walk(&e.value, &format!("{path}{dot}{}", e.key), out));
            }
        }
    }
    let mut out = Vec::new();
    walk(node, "", &mut out);
    out
}

/// A change of a file by accident: a span deleted, doubled, moved or written over.
#[derive(Debug, Clone)]
enum Slip {
    Delete(Index, usize),
    Double(Index, usize),
    Move(Index, usize, Index),
    Write(Index, usize, String),
}

fn slip() -> impl Strategy<Value = Slip> {
    let noise = prop_oneof![
        "\\PC{0,8}",
        prop::sample::select(vec![
            ":",
            ": ",
            "- ",
            "-",
            "\n",
            "\n\n",
            "\t",
            "  ",
            "'",
            "\"",
            "#",
            "&a",
            "*a",
            "!!str ",
            "|",
            ">",
            "|+\n",
            "[",
            "]",
            "{",
            "}",
            ",",
            "?",
            "? ",
            "<<: ",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
            "@",
            "`",
            "~",
            "null",
            "\u{0}",
            "\u{1}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{202e}",
            "\r",
            "\r\n",
            "\\",
            "\"\\x41\"",
            "\"\\ud800\"",
            "é",
            "\u{1f512}",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        (any::<Index>(), 0..80_usize).prop_map(|(at, n)| Slip::Delete(at, n)),
        (any::<Index>(), 0..80_usize).prop_map(|(at, n)| Slip::Double(at, n)),
        (any::<Index>(), 0..80_usize, any::<Index>()).prop_map(|(at, n, to)| Slip::Move(at, n, to)),
        (any::<Index>(), 0..12_usize, noise).prop_map(|(at, n, text)| Slip::Write(at, n, text)),
    ]
}

fn apply(text: &str, slips: &[Slip]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for slip in slips {
        let (Slip::Delete(at, n) | Slip::Double(at, n) | Slip::Move(at, n, _) | Slip::Write(at, n, _)) = slip;
        let from = at.index(characters.len() + 1);
        let to = (from + n).min(characters.len());
        match slip {
            Slip::Delete(..) => drop(characters.drain(from..to)),
            Slip::Double(..) => {
                let copy: Vec<char> = characters[from..to].to_vec();
                characters.splice(to..to, copy);
            }
            Slip::Move(_, _, target) => {
                let span: Vec<char> = characters.drain(from..to).collect();
                let target = target.index(characters.len() + 1);
                characters.splice(target..target, span);
            }
            Slip::Write(_, _, noise) => drop(characters.splice(from..to, noise.chars())),
        }
    }
    characters.into_iter().collect()
}

/// Places where a line with an unknown key can be added: the indentation of a key that begins its line, in a group of closed keys.
fn openings(text: &str) -> Vec<(usize, String)> {
    fn walk(node: &Node, path: &str, out: &mut Vec<Place>) {
        match &node.kind {
            Kind::Scalar { .. } => {}
            Kind::Sequence(items) => items.iter().for_each(|n| walk(n, path, out)),
            Kind::Mapping(entries) => {
                for entry in entries {
                    // In these two the key is a name of the user's choice.
                    if !matches!(path, "overrides" | "facts") {
                        out.push(entry.key_place.clone());
                    }
                    walk(&entry.value, &entry.key, out);
                }
            }
        }
    }
    let mut places = Vec::new();
    walk(&tree("sample.yaml", text), "", &mut places);
    let openings = places.into_iter().map(|place| {
        let start = text[..place.range.start].rfind('\n').map_or(0, |at| at + 1);
        (start, text[start..place.range.start].to_owned())
    });
    openings.filter(|(_, indent)| indent.trim().is_empty()).collect()
}

/// One field of each type, for what a scalar may become.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sheet {
    text: Option<String>,
    truth: Option<bool>,
    whole: Option<u32>,
    decimal: Option<f64>,
    date: Option<Date>,
    list: Option<Vec<String>>,
}

fn sheet(text: &str) -> Result<Sheet, Vec<&'static str>> {
    let mut report = Report::default();
    let node = parse(&source("sheet.yaml", text), &mut report);
    match node.and_then(|n| decode::<Sheet>(&n, &mut report)) {
        Some(sheet) if !report.has_errors() => Ok(sheet),
        _ => Err(report.sorted().into_iter().map(|d| d.code).collect()),
    }
}

proptest! {
    #![proptest_config(seeded(256))]

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "\\PC{0,60}|[\\s\\S]{0,60}|[-:#&*!|>'\"%@`{}\\[\\],?~ \\n\\ta-c]{0,60}") {
        bodies::yaml(&text);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut inputs = Inputs::default();
        inputs.insert("suppliers/any.yaml", "suppliers/any.yaml", bytes.clone());
        let mut report = Report::default();
        match inputs.source("suppliers/any.yaml", &mut report) {
            Some(source) => {
                prop_assert!(std::str::from_utf8(&bytes).is_ok() && !report.has_errors());
                bodies::yaml(&source.text);
            }
            None => {
                prop_assert!(std::str::from_utf8(&bytes).is_err());
                prop_assert!(report.iter().all(|d| d.code == "encoding" && d.place.is_some()));
            }
        }
    }

    #[test]
    fn arbitrary_clause_file_is_read_or_refused(front in "\\PC{0,40}|[\\s\\S]{0,40}", body in "[\\s\\S]{0,60}|[-*_`#|:{}%\"\\[\\]()<>\\n a-c1.]{0,60}") {
        let head = "id: nda.any\nversion: 1.0.0\ntitle: Any\nslot: nda.any\n";
        for text in [format!("---\n{front}\n---\n{body}"), format!("---\n{head}---\n{body}"), format!("{front}{body}")] {
            bodies::clause(&text);
        }
    }
}

/// Approvals in three styles of a list.
const APPROVALS: [&str; 3] = [
    "# Head.\nversion: 1\napprovals:\n  # Of the first.\n  - clause: nda.term\n    version: 1.0.0 # one\n    sha256: S\n    by: Niamh Kilbride\n    date: 2026-03-03\n\n  - clause: nda.use\n    version: \"1.2.0\"\n    sha256: S\n    by: \"J. O'Hara\"\n    date: 2026-03-03\n    note: |\n      Two\n      lines.\n    expires: 2027-03-02\n# End.\n",
    "approvals:\n- {clause: nda.term, version: 1.0.0, sha256: S, by: Niamh Kilbride, date: 2026-03-03}\n- {clause: nda.use, version: 1.0.0, sha256: S, by: Niamh Kilbride, date: 2026-03-03}\nversion: 1",
    "{approvals: [{clause: nda.use, version: 1.0.0, sha256: S, by: Niamh Kilbride, date: 2026-03-03}], version: 1}",
];

proptest! {
    #![proptest_config(seeded(400))]

    #[test]
    fn damaged_approvals_are_refused_or_added_to(style in 0..3_usize, slips in prop::collection::vec(slip(), 0..3)) {
        bodies::yaml(&apply(&APPROVALS[style].replace(": S", &format!(": {}", "a1".repeat(32))), &slips));
    }
}

proptest! {
    #![proptest_config(seeded(96))]

    #[test]
    fn damaged_sample_is_read_or_refused(file in prop::sample::select(samples()), slips in prop::collection::vec(slip(), 1..6)) {
        bodies::yaml(&apply(sample(file), &slips));
    }

    #[test]
    fn every_planted_unknown_key_is_reported_in_one_run(
        file in prop::sample::select(profiles()), chosen in prop::collection::vec(any::<Index>(), 0..12)
    ) {
        let mut text = sample(file).to_owned();
        let openings = openings(&text);
        let mut chosen: Vec<usize> = chosen.into_iter().map(|at| at.index(openings.len())).collect();
        chosen.sort_unstable();
        chosen.dedup();
        for (count, at) in chosen.iter().enumerate().rev() {
            let (start, indent) = &openings[*at];
            text.insert_str(*start, &format!("{indent}zz_planted_{count}: 1\n"));
        }
        let source = source(file, &text);
        let mut report = Report::default();
        let node = parse(&source, &mut report).unwrap();
        decode::<Profile>(&node, &mut report);
        // A profile may leave to its archetype what it lacks.
        let found: Vec<String> = report.iter().filter(|d| d.code != "missing-key").map(|d| format!("{} {}", d.code, d.place.as_ref().unwrap().text())).collect();
        let planted: Vec<String> = (0..chosen.len()).map(|count| format!("unknown-key zz_planted_{count}")).collect();
        prop_assert_eq!(found, planted);
    }

    #[test]
    fn quoted_text_comes_through_unchanged(text in "[\\s\\S]{1,40}") {
        let escape = |c: char| if c.is_alphanumeric() && c != '\u{feff}' { c.to_string() } else { format!("\\U{:08X}", u32::from(c)) };
        let written = format!("\"{}\"", text.chars().map(escape).collect::<String>());
        prop_assume!(text.contains(char::is_alphanumeric));
        prop_assert_eq!(sheet(&format!("text: {written}\n")), Ok(Sheet { text: Some(text), ..Sheet::default() }));
    }

    #[test]
    fn number_is_read_in_one_spelling_only(text in "[-+]?[0-9_]{1,6}(\\.[0-9]{0,3})?(e[0-9])?") {
        let plain = text.parse::<u32>().ok().filter(|n| n.to_string() == text);
        prop_assert_eq!(sheet(&format!("whole: {text}\n")).ok().and_then(|s| s.whole), plain, "{}", text);
        let canonical = |t: &str| {
            let (whole, fraction) = t.split_once('.').unwrap_or((t, "0"));
            let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            let unsigned = whole.strip_prefix('-').unwrap_or(whole);
            let negative_zero = t.starts_with('-') && t.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
            digits(unsigned) && digits(fraction) && (unsigned.len() == 1 || !unsigned.starts_with('0')) && !negative_zero
        };
        prop_assert_eq!(sheet(&format!("decimal: {text}\n")).is_ok(), canonical(&text), "{}", text);
    }

    #[test]
    fn date_is_read_in_one_spelling_only(year in 1..9999_i16, month in 0..14_i8, day in 0..33_i8) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let real = (1..=12).contains(&month) && day >= 1 && day <= [31, if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][usize::try_from(month).unwrap() - 1];
        match sheet(&format!("date: {text}\n")) {
            Ok(read) => prop_assert!(real && read.date.unwrap().to_string() == text),
            Err(codes) => prop_assert!(!real && codes == ["impossible-date"], "{}: {:?}", text, codes),
        }
        for other in [format!("{year}-{month}-{day}"), format!("{year:04}{month:02}{day:02}"), format!("{text}T00:00:00"), format!("{day:02}.{month:02}.{year:04}")] {
            prop_assert!(other == text || sheet(&format!("date: {other}\n")).is_err(), "{}", other);
        }
    }
}

#[test]
fn place_of_every_scalar_is_its_text() {
    for file in samples() {
        let text = sample(file);
        let root = tree(file, text);
        let scalars = scalars(&root);
        assert!(scalars.len() > 20, "{file}");
        for (path, node) in scalars {
            let place = root.place_of(&path);
            let (Kind::Scalar { text: own, plain }, shown) = (&node.kind, place.text()) else { unreachable!() };
            let bare = if *plain { shown } else { shown.trim_matches(['"', '\'']) };
            assert_eq!(bare, own, "{file}: {path} at {place}");
            assert_eq!(place.line(), text[..place.range.start].lines().count().max(1) + usize::from(text[..place.range.start].ends_with('\n')), "{path}");
        }
    }
}

#[test]
fn sample_files_come_through_without_a_loss() {
    for file in samples() {
        let root = tree(file, sample(file));
        let mut report = Report::default();
        let untyped = decode::<serde_json::Value>(&root, &mut report).unwrap();
        assert!(!report.has_errors());
        let mut texts = Vec::new();
        strings(&untyped, &mut texts);
        let written: Vec<&str> = scalars(&root).iter().map(|(_, n)| n.text().unwrap()).collect();
        assert_eq!(texts, written, "{file}");
    }
}

fn strings<'v>(value: &'v serde_json::Value, out: &mut Vec<&'v str>) {
    match value {
        serde_json::Value::String(text) => out.push(text),
        serde_json::Value::Array(items) => items.iter().for_each(|v| strings(v, out)),
        serde_json::Value::Object(members) => members.values().for_each(|v| strings(v, out)),
        other => panic!("a scalar became {other}"),
    }
}

#[test]
fn sample_profiles_hold_every_text_as_it_is_written() {
    for file in profiles() {
        let root = tree(file, sample(file));
        let Some(profile) = decode::<Profile>(&root, &mut Report::default()) else {
            assert!(root.get("extends").is_some(), "{file}");
            continue;
        };
        let debug = format!("{profile:?}");
        // Words of a closed list, numbers, dates and booleans are typed; everything with a space or a capital inside is text.
        for (path, node) in scalars(&root) {
            let text = node.text().unwrap();
            if text.contains(' ') || text.contains('@') {
                assert!(debug.contains(&format!("{text:?}")), "{file}: {path} is lost");
            }
        }
    }
}

#[test]
fn scalar_becomes_only_what_its_field_is() {
    let text = |t: &str| Ok(Sheet { text: Some(t.to_owned()), ..Sheet::default() });
    for word in ["012", "off", "yes", "No", "true", "1e3", "0x1F", "1_000", "+5", "2026-11-21", "12:30:45", ".inf", "1.0", "NULL", "Null", "y"] {
        assert_eq!(sheet(&format!("text: {word}\n")), text(word));
        assert_eq!(sheet(&format!("text: '{word}'\n")), text(word));
        assert_eq!(sheet(&format!("list: [{word}]\n")), Ok(Sheet { list: Some(vec![word.to_owned()]), ..Sheet::default() }));
    }
    assert_eq!(sheet("text: \"null\"\n"), text("null"), "a quoted null is a word");
    assert_eq!(sheet("truth: true\n").unwrap().truth, Some(true));
    assert_eq!(sheet("truth: false\n").unwrap().truth, Some(false));
    for word in ["yes", "no", "on", "off", "True", "FALSE", "1", "0", "\"true\"", "'false'", "y"] {
        assert_eq!(sheet(&format!("truth: {word}\n")), Err(vec!["wrong-type"]), "{word}");
    }
    assert_eq!(sheet("whole: 12\n").unwrap().whole, Some(12));
    for word in ["012", "1.0", "1e3", "0x1F", "1_000", "+5", "\"12\"", "12 ,", "٣"] {
        assert_eq!(sheet(&format!("whole: {word}\n")), Err(vec!["wrong-type"]), "{word}");
    }
    for word in ["", "~", "null"] {
        assert_eq!(sheet(&format!("text: {word}\n")), Ok(Sheet::default()), "an optional field may be written empty");
    }
}

#[test]
fn whole_number_too_large_for_its_field_is_a_fault_and_not_a_wrap() {
    for word in ["4294967296", "99999999999999999999999999", "-1"] {
        assert!(sheet(&format!("whole: {word}\n")).is_err(), "{word}");
    }
    assert_eq!(sheet("whole: 4294967295\n").unwrap().whole, Some(u32::MAX));
}

#[test]
fn zero_has_no_second_spelling() {
    for word in ["-0", "00", "+0", "0x0", "-00"] {
        assert_eq!(sheet(&format!("whole: {word}\n")), Err(vec!["wrong-type"]), "{word}");
    }
}

#[test]
fn what_yaml_hides_is_refused_and_named() {
    for (text, code) in [
        ("a: &x 1\nb: *x\n", "yaml-alias"),
        ("a: !!str 1\n", "yaml-tag"),
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: 1\n---\nb: 2\n", "yaml"),
        ("a: [1\n", "yaml"),
        ("? [a]\n: 1\n", "yaml"),
        ("a:\n\tb: 1\n", "yaml"),
        ("", "yaml"),
    ] {
        let report = bodies::yaml(text);
        assert!(report.iter().any(|d| d.code == code), "{text:?}: {:?}", report.sorted());
    }
}

#[test]
fn bombs_and_deep_nesting_are_refused_at_once() {
    let levels = 2_000;
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| format!("{text}a{at}: &a{at} [*a{0}, *a{0}, *a{0}]\n", at - 1));
    for text in [
        bomb,
        "[".repeat(levels),
        format!("{}x{}", "[".repeat(levels), "]".repeat(levels)),
        format!("{}x{}", "{a: ".repeat(levels), "}".repeat(levels)),
        (0..levels / 10).map(|at| format!("{}a:\n", " ".repeat(at))).collect(),
        format!("{}x", "- ".repeat(levels)),
        format!("{}x", "? ".repeat(levels)),
        format!("a: {}\n", "x".repeat(200_000)),
        format!("a: \"{}\"\n", "\\u00e9".repeat(20_000)),
        "a: 1\n".repeat(2_000),
        "- a\n".repeat(20_000),
        "é: é\n".repeat(2_000),
    ] {
        let source = source("bomb.yaml", &text);
        let mut report = Report::default();
        parse(&source, &mut report);
        assert!(report.iter().count() <= 2_000, "{} diagnostics for {}", report.iter().count(), &text[..20]);
    }
}

#[test]
fn one_file_that_is_too_deep_is_one_fault() {
    for text in [format!("{}x{}", "[".repeat(400), "]".repeat(400)), format!("{}x{}", "{a: ".repeat(400), "}".repeat(400))] {
        let mut report = Report::default();
        assert!(parse(&source("deep.yaml", &text), &mut report).is_none());
        let codes: Vec<(&str, String)> = report.iter().map(|d| (d.code, d.message.clone())).collect();
        assert_eq!(codes.len(), 1, "{codes:?}");
    }
}

#[test]
fn tag_without_a_name_in_clause_text_is_a_fault_and_not_a_panic() {
    let schema = schemars::schema_for!(Front).to_value();
    for body in ["{%}", "{#}", "a {%} b %}", "é{#}é"] {
        let source = source("nda/any.md", &format!("---\nid: nda.any\nversion: 1.0.0\ntitle: Any\nslot: nda.any\n---\n{body}\n"));
        let mut report = Report::default();
        Clause::read("nda/any.md", &source, &schema, vocabulary(), &values::shape(), &mut report);
        assert!(report.has_errors(), "{body}");
        check_places(&source, report.iter());
    }
}

#[test]
fn file_names_and_texts_of_the_library_are_read_as_they_are() {
    // Every clause file of the library survives a reading alone, without a diagnostic outside it.
    let schema = schemars::schema_for!(Front).to_value();
    for (path, source) in files().iter().filter(|(path, _)| path.ends_with(".md")) {
        let mut report = Report::default();
        let clause = Clause::read(path, source, &schema, vocabulary(), &values::shape(), &mut report).unwrap_or_else(|| panic!("{path}"));
        assert!(source.text.ends_with(clause.body()) && !clause.body().starts_with("---"), "{path}");
        check_places(source, report.iter());
    }
}
