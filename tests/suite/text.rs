//! Text keeps its promise: a value is never markup, a checked template is what it says, numbers and terms are what they seem.

use std::collections::BTreeSet;

use countersign::contract::numbering::{letters, number, roman};
use countersign::contract::term::{self, Phrases, read};
use countersign::text::document::{Alignment, Block, Inline};
use countersign::text::markdown::{blocks, plain, slug};
use countersign::text::sentinel::{self, BLANK, Piece, is_reserved, split};
use countersign::text::template::{Fault, Filling, Shape, Templates, check, mask};
use proptest::prelude::*;

use crate::suite::bodies;
use crate::suite::shelf::seeded;
use serde_json::json;

/// Stands for a value where only its place counts.
const PLACEHOLDER: &str = "VALUE";

/// Syntax of everything that a value passes on its way to the page, and characters that hide or turn text.
const SNIPPETS: &[&str] = &[
    "**x**",
    "__x__",
    "*",
    "_",
    "`x`",
    "```\n",
    "~~~\n",
    "# ",
    "## ",
    "- ",
    "* ",
    "1. ",
    "1) ",
    "> ",
    "---",
    "***",
    "===",
    "|",
    "| a | b |",
    "|-|",
    "\n",
    "\n\n",
    "    ",
    "\t",
    "  \n",
    "\\",
    "\\\\",
    "[x](y)",
    "[](ref:dpa.audit)",
    "[](doc:nda)",
    "![](x)",
    "[x]: y",
    "[^1]",
    "<b>",
    "</b>",
    "<!--",
    "-->",
    "<script>",
    "<https://x.example>",
    "&amp;",
    "&#42;",
    "{{ 7 }}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{% if a %}",
    "{% endfor %}",
    "{#",
    "#}",
    "{% raw %}",
    "#let a = 1",
    "#",
    "$x^2$",
    "$",
    "@ref",
    "<label>",
    "//",
    "/*",
    "*/",
    "\"",
    "'",
    "“x”",
    "--",
    "...",
    "\u{0}",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{2066}",
    "\u{2069}",
    "\u{feff}",
    "\u{e000}",
    "\u{e001}",
    "\u{e002}",
    "\u{e141}",
    "\u{f8ff}",
    "\u{10ffff}",
    "\u{301}",
    "é",
    "漢",
    "א",
    "\u{1f512}",
    " ",
    "a",
    "Z",
    "0",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![6 => prop::sample::select(SNIPPETS.to_vec()).prop_map(str::to_owned), 1 => "[\\s\\S]{0,3}", 1 => "\\PC{0,6}"];
    // An empty value in a table cell is a fault of its own, so something visible stands in each.
    (prop::collection::vec(piece, 0..8), any::<bool>())
        .prop_map(|(pieces, ahead)| if ahead { format!("v{}", pieces.concat()) } else { format!("{}v", pieces.concat()) })
}

/// Pieces of clause text with values in every position that the library uses.
const POSITIONS: &[&str] = &[
    "A paragraph with {{ a }} in it.",
    "{{ a }}",
    "{{ a }} {{ b }}{{ c }}",
    "{{ a }}: begins a line,\n{{ b }} begins the next one.",
    "Ends with {{ a }}",
    "A **{{ a }}** strong and *{{ b }}* emphasised value, **half {{ c }} strong**.",
    "In “{{ a }}” and \"{{ b }}\" and '{{ c }}' quotes, ({{ a }}), x{{ b }}y.",
    "## {{ a }}",
    "### About {{ a }} and {{ b }}",
    "- {{ a }}\n- **{{ b }}** then text\n- and {{ c }}",
    "1. {{ a }}\n\n2. Text with {{ b }}.\n\n   Below it {{ c }}.\n\n   1. {{ a }} deeper\n      - {{ b }}",
    "1. **Fixed title.** Then {{ a }}.\n2. **Other title.** [](ref:dpa.audit) {{ b }}",
    "| Head {{ a }} | {{ b }} |\n|---|--:|\n| {{ c }} | x {{ a }} y |\n| **{{ b }}** | {{ c }}{{ a }} |",
    "| Name | Value |\n|---|---|\n{% for row in rows %}| {{ row.name }} | {{ row.value }} |\n{% endfor %}",
    "{% for row in rows %}- {{ row.name }}: {{ row.value }}\n{% endfor %}",
    "The **\"Defined Term\"** means {{ a }} and [](doc:nda).",
    "{{ a | upper }} {{ b | lower }} {{ c | capitalize }} {{ a | default(value=\"none\") }} {{ list | join(sep=\", \") }}",
    "{{ p.parameter }} of {{ n.parameter }}, {{ blank }}",
];

fn shape() -> Shape {
    let texts = |names: &[&str]| names.iter().map(|n| ((*n).to_owned(), Shape::Text)).collect::<Vec<_>>();
    let mut root = texts(&["a", "b", "c", "blank"]);
    root.extend([
        ("p".to_owned(), Shape::Open),
        ("n".to_owned(), Shape::Open),
        ("list".to_owned(), Shape::List(Box::new(Shape::Text))),
        ("rows".to_owned(), Shape::List(Box::new(Shape::Group(texts(&["name", "value"]))))),
    ]);
    Shape::Group(root)
}

/// Fills a template and reads the Markdown.
fn fill(body: &str, values: [&str; 3]) -> Result<(Vec<Block>, Vec<Fault>), Fault> {
    let [a, b, c] = values;
    let mut templates = Templates::new();
    if let Some((_, fault)) = templates.add_all(&[("clause".to_owned(), body)]).into_iter().next() {
        return Err(fault);
    }
    let values = json!({
        "a": a, "b": b, "c": c, "list": [a, b, c], "p": { "parameter": a }, "n": { "parameter": b },
        "rows": [{ "name": a, "value": b }, { "name": b, "value": c }, { "name": c, "value": a }],
    });
    templates.render("clause", body, &Filling::new(&values).unwrap()).map(|text| blocks(&text))
}

/// Calls back for the text of every value.
fn each_value(blocks: &mut [Block], visit: &mut dyn FnMut(&mut String)) {
    fn inlines(list: &mut [Inline], visit: &mut dyn FnMut(&mut String)) {
        for inline in list {
            match inline {
                Inline::Value { text } => visit(text),
                Inline::Strong { body } | Inline::Emphasis { body } | Inline::Inserted { body } | Inline::Deleted { body } => inlines(body, visit),
                _ => {}
            }
        }
    }
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text } => inlines(text, visit),
            Block::Item { text, children, .. } => {
                inlines(text, visit);
                each_value(children, visit);
            }
            Block::Bullets { items } => items.iter_mut().for_each(|item| each_value(item, visit)),
            Block::Table { header, rows, .. } => header.iter_mut().chain(rows.iter_mut().flatten()).for_each(|cell| inlines(cell, visit)),
            Block::Chart { .. } => panic!("no Markdown makes a chart"),
        }
    }
}

/// The tree with every value replaced by a placeholder, and the values in order.
fn apart(mut tree: Vec<Block>) -> (Vec<Block>, Vec<String>) {
    let mut values = Vec::new();
    each_value(&mut tree, &mut |text| values.push(std::mem::replace(text, PLACEHOLDER.to_owned())));
    (tree, values)
}

fn written(value: &str) -> String {
    let mut bytes = Vec::new();
    sentinel::write(value, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A tree of items, paragraphs and tables, as deep as numbers go.
fn numbered_tree() -> impl Strategy<Value = Vec<Block>> {
    let words = || vec![Inline::Text { text: "text".to_owned() }];
    let leaf = prop_oneof![
        Just(Block::Paragraph { text: words() }),
        Just(Block::Heading { level: 2, text: words() }),
        Just(Block::Table { columns: vec![Alignment::Left], header: vec![words()], rows: vec![vec![words()]] }),
        Just(Block::Bullets { items: vec![vec![Block::Paragraph { text: words() }]] }),
    ];
    let block = leaf.prop_recursive(3, 40, 8, move |inner| {
        prop::collection::vec(inner, 0..6).prop_map(move |children| Block::Item {
            anchor: String::new(),
            level: 9,
            number: "?".to_owned(),
            text: vec![Inline::Text { text: "text".to_owned() }],
            children,
        })
    });
    prop::collection::vec(block, 0..30)
}

/// Full numbers of all items: those of the items above, then their own.
fn full_numbers(blocks: &[Block], above: &str, out: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Item { number, children, .. } => {
                let full = format!("{above}{number}");
                out.push(full.clone());
                full_numbers(children, &full, out);
            }
            Block::Bullets { items } => items.iter().for_each(|item| full_numbers(item, above, out)),
            _ => {}
        }
    }
}

fn check_unique(blocks: &[Block]) {
    let mut numbers = Vec::new();
    full_numbers(blocks, "", &mut numbers);
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len(), "{numbers:?}");
}

/// What can follow a path in an expression of Tera.
fn tail() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " | upper",
        " | lower",
        " | capitalize",
        " | default(value=\"x\")",
        " | default(value=b)",
        " | default(value=\"}}\")",
        " | join(sep=\"\")",
        " | safe",
        " | length",
        " if b else c",
        " ~ b",
        " == b",
        " != b",
        " and b",
        " or b",
        " in b",
        " + 1",
        ".x",
        "[0]",
        "()",
        " is defined",
        " | upper if b == c else a",
    ])
}

/// Tokens of templates and Markdown, joined at random.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{",
        "}",
        "%",
        "#",
        "-",
        " ",
        "\n",
        "a",
        "p.x",
        "rows",
        "row",
        "list",
        "blank",
        "for",
        "in",
        "endfor",
        "if",
        "else",
        "endif",
        "set",
        "|",
        "upper",
        "safe",
        "default(value=",
        "join(sep=",
        ")",
        "\"",
        "'",
        "`",
        ".",
        "..",
        "é",
        "\u{1f512}",
        "\u{e000}",
        "{{ a }}",
        "{% for row in rows %}",
        "{% endfor %}",
        "{{ row.name }}",
        "{{ p.x }}",
        "1. ",
        "- ",
        "**",
        "[](ref:",
        "## ",
        "\n\n",
        "   ",
        "|---|",
        "<b>",
        "```",
    ]);
    prop::collection::vec(token, 0..20).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(seeded(512))]

    #[test]
    fn value_comes_back_as_it_went(value in prop_oneof![hostile(), "[\\s\\S]*"]) {
        prop_assert_eq!(split(&written(&value)), [Piece::Value(value)]);
    }

    #[test]
    fn values_between_texts_come_back_in_order(parts in prop::collection::vec((hostile(), "[^\u{e000}-\u{e1ff}]{1,5}"), 0..6)) {
        let text: String = parts.iter().map(|(value, text)| format!("{}{text}", written(value))).collect();
        let expected: Vec<Piece> = parts.into_iter().flat_map(|(value, text)| [Piece::Value(value), Piece::Text(text)]).collect();
        prop_assert_eq!(split(&text), expected);
    }

    #[test]
    fn value_on_its_way_is_made_of_reserved_characters_only(value in hostile()) {
        prop_assert!(written(&value).chars().all(is_reserved));
        prop_assert!(!written(&value).contains(BLANK));
    }

    #[test]
    fn splitting_arbitrary_text_never_panics(text in "[\\s\\S]*|[\u{e000}-\u{e1ff}a]{0,20}") {
        let pieces = split(&text);
        if !text.contains(is_reserved) {
            prop_assert_eq!(pieces, if text.is_empty() { vec![] } else { vec![Piece::Text(text)] });
        }
    }

    #[test]
    fn hostile_values_change_nothing_but_their_own_text(
        positions in prop::collection::vec(prop::sample::select(POSITIONS.to_vec()), 1..5), a in hostile(), b in hostile(), c in hostile()
    ) {
        let body = positions.join("\n\n");
        prop_assert_eq!(check(&body, &shape()).1, vec![]);
        let (plain, faults) = fill(&body, ["one", "two", "three"]).unwrap();
        prop_assert_eq!(faults, vec![]);
        let (hostile, faults) = fill(&body, [&a, &b, &c]).unwrap();
        prop_assert_eq!(faults, vec![]);
        let ((expected, names), (found, values)) = (apart(plain), apart(hostile));
        prop_assert_eq!(found, expected);
        for (name, value) in names.iter().zip(&values) {
            let own = match name.as_str() {
                "one" => &a,
                "two" => &b,
                "three" => &c,
                // A filter or `join` was over it.
                _ => continue,
            };
            // `lower` and `default` leave these three as they are, so their own value may have passed a filter.
            prop_assert!(value == own || *value == own.to_lowercase(), "{:?} for {:?}", value, own);
        }
    }

    #[test]
    fn value_in_every_position_is_only_itself(text in prop_oneof![hostile(), "[\\s\\S]{1,80}"]) {
        bodies::value(&text);
    }

    #[test]
    fn arbitrary_markdown_never_panics(text in "[\\s\\S]{0,200}|[-*_`#|:<>\\[\\]()!&\\\\\"'~=+.0-9a-c \\t\\n]{0,200}") {
        bodies::markdown(&text);
        let (tree, _) = blocks(&text);
        term::each_text(&tree, &mut |inlines| drop(plain(inlines)));
    }

    #[test]
    fn markdown_soup_never_panics(parts in prop::collection::vec(prop::sample::select(SNIPPETS.to_vec()), 0..30)) {
        bodies::markdown(&parts.concat());
    }

    #[test]
    fn table_of_any_text_has_as_many_cells_in_each_row_as_in_its_header(text in "(\\|[ab|\\\\*`-]{0,8}\\|?\n){0,2}\\|-(\\|-){0,4}\\|?\n(\\|[ab|\\\\*` ]{0,12}\n){0,4}") {
        bodies::markdown(&text);
    }

    #[test]
    fn checking_arbitrary_text_never_panics(body in prop_oneof!["[\\s\\S]{0,60}", soup()]) {
        for fault in check(&body, &shape()).1 {
            prop_assert!(fault.range.start <= fault.range.end && fault.range.end <= body.len(), "{:?}", fault);
        }
    }

    #[test]
    fn masking_keeps_every_position(body in prop_oneof!["[\\s\\S]{0,60}", soup()]) {
        let masked = mask(&body);
        prop_assert_eq!(masked.len(), body.len());
        let before_tags = body.find('{').unwrap_or(body.len());
        prop_assert_eq!(&masked[..before_tags], &body[..before_tags]);
    }

    #[test]
    fn filling_arbitrary_text_never_panics(body in prop_oneof!["[\\s\\S]{0,60}", soup()]) {
        drop(fill(&body, ["one", "two", "three"]));
    }

    #[test]
    fn expression_that_passes_the_check_prints_nothing_but_values(tails in prop::collection::vec(tail(), 0..3), a in hostile(), b in hostile()) {
        let body = format!("Text {{{{ a{} }}}} text.", tails.concat());
        if check(&body, &shape()).1.is_empty() {
            let print = |values| fill(&body, values).map(|(tree, faults)| (apart(tree).0, faults)).map_err(|fault| fault.code);
            prop_assert_eq!(print([a.as_str(), &b, "c"]), print(["x", "x", "x"]), "{}", body);
        }
    }

    #[test]
    fn slug_is_a_link_target_and_stable(title in "\\PC{0,30}") {
        let slug_of = slug(&title);
        prop_assert_eq!(slug(&slug_of), slug_of.clone());
        prop_assert!(!slug_of.contains(char::is_whitespace) && !slug_of.starts_with('-') && !slug_of.ends_with('-'));
    }

    #[test]
    fn numbers_are_unique_within_a_section(mut tree in numbered_tree(), clause in prop::sample::select(vec!["", "1", "12"])) {
        number(&mut tree, clause);
        check_unique(&tree);
        let level_one: Vec<&String> = tree.iter().filter_map(|b| match b { Block::Item { number, .. } => Some(number), _ => None }).collect();
        for (at, number) in level_one.iter().enumerate() {
            prop_assert_eq!(*number, &if clause.is_empty() { format!("{}", at + 1) } else { format!("{clause}.{}", at + 1) });
        }
        let once = tree.clone();
        number(&mut tree, clause);
        prop_assert_eq!(tree, once, "numbering twice is numbering once");
    }

    #[test]
    fn words_of_values_and_references_are_no_words_of_the_clause(value in hostile()) {
        let value = Inline::Value { text: format!("Processor {value}") };
        let reference = Inline::Reference { anchor: "a".to_owned(), text: "clause 7 (Audit Rights)".to_owned() };
        let text = |t: &str| Inline::Text { text: t.to_owned() };
        let tree = [Block::Paragraph { text: vec![text("It is "), value.clone(), text(" and "), Inline::Strong { body: vec![value] }, text(" of "), reference] }];
        let findings = read(&term::texts(&tree), &Phrases::new(["Processor", "Audit"]), &Phrases::default());
        prop_assert!(findings.used.is_empty() && findings.undefined.is_empty(), "{:?}", findings);
    }

    #[test]
    fn reading_terms_of_arbitrary_text_never_panics(texts in prop::collection::vec("[\\s\\S]{0,40}|[A-Za-z’'./& -]{0,40}", 0..4), phrases in prop::collection::vec("\\PC{0,12}", 0..4)) {
        let terms = Phrases::new(phrases.iter().map(String::as_str));
        let findings = read(&texts, &terms, &Phrases::default());
        prop_assert!(findings.used.iter().all(|term| phrases.contains(term)));
    }

    #[test]
    fn defined_term_is_found_in_each_of_its_forms(words in prop::collection::vec("[A-Z][a-z]{2,8}[bdgklmnprtvw]", 1..4), form in 0..5_usize) {
        let term = words.join(" ");
        let used = [term.clone(), format!("{term}s"), format!("{term}’s"), format!("{term}'s"), format!("“{term}”")][form].clone();
        for text in [format!("{used} shall be kept."), format!("the {used}, and more"), format!("see ({used}).\nthen {used}")] {
            let findings = read([&text], &Phrases::new([term.as_str(), "Other Thing"]), &Phrases::default());
            prop_assert_eq!(findings.used, BTreeSet::from([term.clone()]), "{}", text);
            prop_assert_eq!(findings.undefined, BTreeSet::new(), "{}", text);
            // The same words as a proper name are neither used nor undefined.
            let findings = read([&text], &Phrases::default(), &Phrases::new([term.as_str()]));
            prop_assert!(findings.used.is_empty() && findings.undefined.is_empty(), "{}", text);
        }
    }
}

#[test]
fn very_long_values_come_through() {
    for piece in ["x", "é|", "**a** ", "\u{202e}", "{{ 7 }}\n\n- "] {
        let long = piece.repeat(60_000 / piece.len());
        let (tree, faults) = fill("- {{ a }}\n\n| {{ b }} |\n|---|\n| {{ c }} |\n", [&long, "b", &long]).unwrap();
        assert_eq!(faults, []);
        let (tree, values) = apart(tree);
        assert_eq!(values, [long.as_str(), "b", &long]);
        assert_eq!(tree.len(), 2);
    }
}

#[test]
fn value_in_a_run_in_title_is_no_part_of_a_link_target() {
    // An anchor made of a value would let data decide where links lead, and two equal values would give two equal anchors.
    let tree = |value: &str| apart(fill("1. **{{ a }}.** Text.\n2. **Fixed {{ b }}.** Text.", [value, value, ""]).unwrap().0).0;
    assert_eq!(tree("Acme"), tree("Other & Co"));
}

#[test]
fn whatever_chooses_or_computes_is_refused_in_clause_text() {
    for body in [
        "{% if a %}x{% endif %}",
        "{% set x = a %}",
        "{% include \"x\" %}",
        "{% raw %}{{ a }}{% endraw %}",
        "{% for x, y in rows %}{% endfor %}",
        "{% for row in rows %}{% else %}{% endfor %}",
        "{% macro x() %}{% endmacro %}",
        "{# hidden #}",
        "{{ a | safe }}",
        "{{ a | upper | safe }}",
        "{{ a | replace(from=\"a\", to=\"b\") }}",
        "{{ a == b }}",
        "{{ a ~ b }}",
        "{{ a if b else c }}",
        "{{ 1 + 1 }}",
        "{{ \"text\" }}",
        "{{ rows[0].name }}",
        "{{ range(end=3) }}",
        "{{ nope }}",
        "{{ row.name }}",
        "{{ rows }}",
        "{% for x in a %}{{ x }}{% endfor %}",
        "{% for row in rows %}{{ row.nope }}{% endfor %}",
        "{% for row in rows %}",
        "{% endfor %}",
    ] {
        assert_ne!(check(body, &shape()).1, [], "{body}");
    }
}

#[test]
fn choice_behind_a_filter_is_refused_in_clause_text() {
    for body in ["{{ a | upper if b else c }}", "{{ a | upper ~ b }}", "{{ a | lower == b }}", "{{ a | lower and b }}"] {
        assert_ne!(check(body, &shape()).1, [], "{body}");
    }
}

#[test]
fn paths_in_the_arguments_of_a_filter_are_checked() {
    for body in ["{{ a | default(value=nope) }}", "{{ a | default(value=range(end=3)) }}", "{{ a | default(value=1 + 1) }}", "{{ list | join(sep=nope) }}"] {
        assert_ne!(check(body, &shape()).1, [], "{body}");
    }
    let (usage, faults) = check("{{ a | default(value=p.hours) }}", &shape());
    assert!(usage.parameters.contains("hours") || !faults.is_empty(), "a parameter is used without being seen");
}

#[test]
fn closing_braces_in_quotes_do_not_end_the_check() {
    // Tera reads on to the real end, so `safe` would let a supplier's value become markup.
    let body = "{{ a | default(value=\"}}\") | safe }}";
    assert_ne!(check(body, &shape()).1, [], "{body}");
}

#[test]
fn tag_that_is_all_brace_is_a_fault_and_not_a_panic() {
    for body in ["{%}", "{#}", "{{}", "{{}}", "{%%}", "{##}", "x {%} y %}", "{", "{%", "é{#}é"] {
        let masked = mask(body);
        assert_eq!(masked.len(), body.len());
        check(body, &shape());
    }
}

#[test]
fn value_that_is_not_there_is_named() {
    for (body, path) in [
        ("x {{ nope }}", "nope"),
        ("{{ p.hours }}", "hours"),
        ("{% for row in rows %}{{ row.nope }}{% endfor %}", "nope"),
        ("{% for x in nope %}{% endfor %}", "nope"),
    ] {
        let fault = fill(body, ["one", "two", "three"]).unwrap_err();
        assert_eq!(fault.code, "unfilled-value", "{body}: {fault:?}");
        assert!(body[fault.range.clone()].contains(path), "{body}: {fault:?}");
    }
}

#[test]
fn lists_a_hundred_deep_are_read() {
    for text in [
        format!("{}x", "- ".repeat(100)),
        format!("{}x", "1. ".repeat(100)),
        format!("{}x{}", "*a ".repeat(300), " b*".repeat(300)),
        "> ".repeat(5_000),
        "[".repeat(5_000),
    ] {
        blocks(&text);
    }
}

#[test]

fn list_a_thousand_deep_is_refused() {
    let (_, faults) = blocks(&format!("{}x", "- ".repeat(1_000)));
    assert!(!faults.is_empty());
}

#[test]
fn numbered_items_inside_bullets_have_numbers_of_their_own() {
    let mut tree = blocks("1. First.\n2. Second.\n\n- A bullet.\n\n  1. Inside.\n\n- Another.\n\n  1. Inside too.").0;
    number(&mut tree, "7");
    check_unique(&tree);
}

#[test]
fn letters_are_those_of_a_spreadsheet() {
    let table = [(1, "A"), (2, "B"), (25, "Y"), (26, "Z"), (27, "AA"), (28, "AB"), (52, "AZ"), (53, "BA"), (702, "ZZ"), (703, "AAA")];
    for (count, text) in table {
        assert_eq!(letters(count), text);
    }
    let all: Vec<String> = (1..2_000).map(letters).collect();
    assert!(all.windows(2).all(|w| (w[0].len(), &w[0]) < (w[1].len(), &w[1])), "each is later than the one before");
}

#[test]
fn roman_numbers_are_those_of_the_textbook() {
    let table = [
        (1, "i"),
        (3, "iii"),
        (4, "iv"),
        (5, "v"),
        (8, "viii"),
        (9, "ix"),
        (14, "xiv"),
        (19, "xix"),
        (40, "xl"),
        (49, "xlix"),
        (90, "xc"),
        (99, "xcix"),
        (399, "cccxcix"),
    ];
    for (count, text) in table {
        assert_eq!(roman(count), text);
    }
    let value = |c: char| match c {
        'i' => 1,
        'v' => 5,
        'x' => 10,
        'l' => 50,
        'c' => 100,
        other => panic!("{other}"),
    };
    for count in 1..400 {
        let digits: Vec<i32> = roman(count).chars().map(value).collect();
        let sum: i32 = digits.iter().enumerate().map(|(at, d)| if digits[at + 1..].iter().any(|later| later > d) { -d } else { *d }).sum();
        assert_eq!(sum, i32::try_from(count).unwrap(), "{}", roman(count));
    }
}
