//! Tests of the layout over small documents. Text is read from the laid-out pages, so no PDF reader is needed.

use std::collections::BTreeMap;

use typst::layout::{Frame, FrameItem, Point};

use crate::text::document::{
    Alignment, Block, Chart, ChartKind, ChartRow, DOCUMENT_VERSION, Document, Execution, Inline, KeyTerm, Part, PartKind, Party, REPORT_KIND, Section,
    Signature,
};

use super::world::Job;
use super::{Attachment, ChartFault, Look, MissingGlyph, Paper, RenderError, RenderInput, Renderer, lay_out};

const TEMPLATE: &[u8] = include_bytes!("../../templates/contract.typ");
const POLICY: &[u8] = include_bytes!("../../templates/policy.typ");
const LAYOUT: &[u8] = include_bytes!("../../templates/layout.typ");
const HOSTILE: &str = "#let x = 1; $a$ *b* _c_ @ref <lab> \\ \"q\" 'r' `code` // no /* no */ ~ -- = - + https://a.example/b";

pub(super) fn renderer_of(template: &[u8]) -> Renderer {
    let templates = [("contract.typ", template), ("policy.typ", POLICY), ("layout.typ", LAYOUT)];
    Renderer::new(templates.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into(), BTreeMap::new()).expect("the template parses")
}

pub(super) fn renderer() -> Renderer {
    renderer_of(TEMPLATE)
}

pub(super) fn text(text: &str) -> Inline {
    Inline::Text { text: text.to_owned() }
}

pub(super) fn value(text: &str) -> Inline {
    Inline::Value { text: text.to_owned() }
}

pub(super) fn reference(anchor: &str, text: &str) -> Inline {
    Inline::Reference { anchor: anchor.to_owned(), text: text.to_owned() }
}

pub(super) fn paragraph(text: Vec<Inline>) -> Block {
    Block::Paragraph { text }
}

pub(super) fn item(level: u8, number: &str, anchor: &str, text: Vec<Inline>, children: Vec<Block>) -> Block {
    Block::Item { anchor: anchor.to_owned(), level, number: number.to_owned(), text, children }
}

pub(super) fn table(columns: &[Alignment], rows: &[&[&str]]) -> Block {
    let cells = |row: &[&str]| row.iter().map(|cell| vec![text(cell)]).collect::<Vec<_>>();
    Block::Table { columns: columns.to_vec(), header: cells(rows[0]), rows: rows[1..].iter().map(|row| cells(row)).collect() }
}

pub(super) fn section(anchor: &str, number: &str, title: &str, blocks: Vec<Block>) -> Section {
    Section {
        anchor: anchor.to_owned(),
        number: number.to_owned(),
        title: title.to_owned(),
        clause: format!("test.{anchor}"),
        clause_version: "1.0.0".to_owned(),
        blocks,
    }
}

fn part(kind: PartKind, anchor: &str, label: &str, title: &str, sections: Vec<Section>) -> Part {
    Part { kind, anchor: anchor.to_owned(), label: label.to_owned(), title: title.to_owned(), sections, execution: None }
}

fn signature(party: &str, name: &str) -> Signature {
    Signature { party: party.to_owned(), capacity: "Signed for and on behalf of".to_owned(), name: name.to_owned(), title: String::new(), witness: false }
}

pub(super) fn document_of(sections: Vec<Section>) -> Document {
    Document {
        version: DOCUMENT_VERSION,
        kind: "dpa".to_owned(),
        id: "DPA-0123456789ab".to_owned(),
        title: "Data Processing Agreement".to_owned(),
        language: "en-GB".to_owned(),
        date: "2026-11-21".to_owned(),
        date_text: "21 November 2026".to_owned(),
        parties: vec![Party { role: "Supplier".to_owned(), legal_name: "Northwind Cloud GmbH".to_owned(), details: "HRB 1, Munich".to_owned() }],
        edition: None,
        counterparty: "Northwind Cloud GmbH".to_owned(),
        key_terms: Vec::new(),
        banner: None,
        parts: vec![part(PartKind::Main, "main", "", "", sections)],
    }
}

/// A document with every kind of block, inline and part.
pub(super) fn everything() -> Document {
    let left = Alignment::Left;
    let mut document = document_of(vec![
        section(
            "parties",
            "",
            "Parties",
            vec![paragraph(vec![
                Inline::Strong { body: vec![value("Northwind Cloud GmbH")] },
                text(" (the "),
                Inline::Term { text: "Supplier".to_owned() },
                text(")."),
            ])],
        ),
        section(
            "duties",
            "1",
            "Duties",
            vec![
                item(
                    1,
                    "1.1",
                    "duties-1",
                    vec![text("The Supplier shall:")],
                    vec![
                        item(2, "(a)", "", vec![text("act; and")], vec![item(3, "(xviii)", "", vec![text("act well.")], Vec::new())]),
                        Block::Bullets {
                            items: vec![
                                vec![paragraph(vec![text("first")]), item(1, "9.9", "", vec![text("inside")], Vec::new())],
                                vec![table(&[left, Alignment::Right], &[&["What", "Days"], &["Notice", "30"]])],
                            ],
                        },
                    ],
                ),
                Block::Heading { level: 3, text: vec![Inline::Emphasis { body: vec![text("A heading below a skipped level")] }] },
                table(&[left; 4], &[&["One", "Two", "Three", "Four"], &["a", "b", "c", "d"]]),
                table(
                    &[left; 7],
                    &[
                        &["Name", "Service", "Place", "Data", "Mechanism", "Assurance", "Until"],
                        &[
                            "Cascade",
                            "Support outside business hours",
                            "Portland, Oregon",
                            "Account data and tickets of customers",
                            "Standard contractual clauses, module three",
                            "none",
                            "30 June 2026",
                        ],
                    ],
                ),
                paragraph(vec![
                    text("See "),
                    reference("schedule-a", "Schedule A (Form)"),
                    text(" and "),
                    reference("", "clause 3 of the NDA"),
                    Inline::Break,
                    text("end."),
                ]),
            ],
        ),
    ]);
    document.key_terms = vec![
        KeyTerm { label: "Notice".to_owned(), value: vec![value("24 hours")], reference: vec![reference("duties-1", "clause 1.1")] },
        KeyTerm { label: "Contact".to_owned(), value: vec![value("privacy@northwind.example")], reference: Vec::new() },
    ];
    document.parts[0].execution = Some(Execution {
        testimonium: vec![text("Signed on the date above.")],
        signatures: vec![signature("Halden plc", "Jane Roe"), signature("Northwind Cloud GmbH", "")],
    });
    document.parts.push(part(
        PartKind::Schedule,
        "schedule-a",
        "Schedule A",
        "Form",
        vec![section(
            "form",
            "",
            "",
            vec![
                Block::Heading { level: 2, text: vec![text("Certificate")] },
                paragraph(vec![text("Done on "), Inline::Blank]),
                paragraph(vec![Inline::Blank]),
            ],
        )],
    ));
    document.parts.push(part(
        PartKind::Instrument,
        "instrument-1",
        "Instrument 1",
        "Addendum",
        vec![section("addendum", "1", "Tables", vec![paragraph(vec![text("Applies.")])])],
    ));
    document
}

pub(super) fn chart(kind: ChartKind, title: &str, series: &[&str], rows: &[(&str, &[u32])]) -> Chart {
    Chart {
        title: title.to_owned(),
        alternative: format!("{title}; the numbers stand in the table that follows"),
        kind,
        unit: "acknowledgments".to_owned(),
        series: series.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.iter().map(|(label, values)| ChartRow { label: (*label).to_owned(), values: values.to_vec() }).collect(),
    }
}

/// A report whose sections are charts, each with its table.
pub(super) fn report_of(charts: Vec<(Chart, &str)>) -> Document {
    let mut sections = Vec::new();
    for (index, (chart, column)) in charts.into_iter().enumerate() {
        let lead =
            paragraph(vec![text("The report counts what the register recorded up to the date above, and nothing that was promised by mail or by telephone.")]);
        let table = chart.table(column);
        sections.push(section(&format!("s{index}"), &(index + 1).to_string(), &format!("Part {index}"), vec![lead, Block::Chart { chart }, table]));
    }
    let mut document = document_of(sections);
    REPORT_KIND.clone_into(&mut document.kind);
    document.id = "REP-2026-11-21".to_owned();
    document.title = "Acknowledgments in the third quarter".to_owned();
    document.counterparty = "Halden plc".to_owned();
    document.parties.clear();
    document.key_terms = vec![
        KeyTerm { label: "Asked".to_owned(), value: vec![value("1,204 people")], reference: Vec::new() },
        KeyTerm { label: "In time".to_owned(), value: vec![value("1,086 (90 %)")], reference: vec![reference("s0", "section 1 (Part 0)")] },
    ];
    document
}

/// A report with every kind of chart.
pub(super) fn report() -> Document {
    let months: [(&str, &[u32]); 6] = [
        ("June", &[0, 0, 3]),
        ("July", &[310, 12, 3]),
        ("August", &[520, 44, 3]),
        ("September", &[804, 101, 3]),
        ("October", &[1010, 92, 5]),
        ("November", &[1086, 97, 90]),
    ];
    report_of(vec![
        (
            chart(
                ChartKind::Bars,
                "Sales acknowledges last, and has half of all that is open",
                &["Open"],
                &[("Sales", &[61]), ("Operations", &[24]), ("Engineering", &[17]), ("Finance", &[1]), ("Legal", &[0])],
            ),
            "Department",
        ),
        (
            chart(
                ChartKind::Stacked,
                "Nine of ten people acknowledged in time",
                &["In time", "Late", "Declined", "Open", "Excused"],
                &[
                    ("Code of conduct", &[412, 31, 2, 17, 0]),
                    ("Information security", &[388, 20, 0, 41, 6]),
                    ("Acceptable use", &[266, 9, 1, 4, 0]),
                    ("Incident reporting", &[0, 0, 0, 12, 0]),
                ],
            ),
            "Policy",
        ),
        (chart(ChartKind::Line, "Since August more is acknowledged each month than falls due", &["In time", "Late", "Open"], &months), "Month"),
    ])
}

fn input<'a>(documents: &'a [Document], look: &'a Look) -> RenderInput<'a> {
    RenderInput { documents, look, attachment: None, title: "Data Processing Agreement", ident: "DPA-0123456789ab", date: (2026, 11, 21) }
}

/// A piece of text on a page with its left and right edge in points.
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

fn pages(renderer: &Renderer, documents: &[Document], look: &Look) -> Vec<Vec<Piece>> {
    pieces(&renderer.job(&input(documents, look)).expect("the input is sound"))
}

/// The pieces of text on each page of a job.
pub(super) fn pieces(job: &Job<'_>) -> Vec<Vec<Piece>> {
    let laid_out = lay_out(job).unwrap_or_else(|error| panic!("{error}"));
    laid_out
        .pages()
        .iter()
        .map(|page| {
            let mut pieces = Vec::new();
            collect(&page.frame, Point::zero(), &mut pieces);
            pieces
        })
        .collect()
}

fn collect(frame: &Frame, origin: Point, out: &mut Vec<Piece>) {
    for (position, item) in frame.items() {
        let at = origin + *position;
        match item {
            FrameItem::Group(group) => {
                let shift = Point::new(group.transform.tx, group.transform.ty);
                collect(&group.frame, at + shift, out);
            }
            FrameItem::Text(text) => {
                out.push(Piece { text: text.text.to_string(), left: at.x.to_pt(), right: (at.x + text.width()).to_pt(), bottom: at.y.to_pt() })
            }
            _ => {}
        }
    }
}

fn all_text(pages: &[Vec<Piece>]) -> String {
    pages.iter().flatten().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("")
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

#[test]
fn every_kind_of_block_renders_as_archivable_accessible_pdf() {
    for paper in [Paper::A4, Paper::UsLetter] {
        let look = Look { paper, accent: Some("#1F3A5F".to_owned()), organisation: "Halden plc".to_owned(), logo: None };
        let documents = [everything()];
        let mut input = input(&documents, &look);
        input.attachment = Some(Attachment { name: "terms.json", bytes: b"{}", description: "Machine-readable terms", mime: "application/json" });
        let rendered = renderer().render(&input).unwrap_or_else(|error| panic!("{error}"));
        assert!(rendered.pdf.starts_with(b"%PDF-1.7"));
        assert_eq!(rendered.pages, 5, "cover, two pages of text, schedule, instrument");
        for claim in ["<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>"] {
            assert!(rendered.pdf.windows(claim.len()).any(|window| window == claim.as_bytes()), "{claim}");
        }
    }
}

#[test]
fn same_input_gives_same_bytes() {
    let look = Look::default();
    let documents = [everything()];
    let first = renderer().render(&input(&documents, &look)).expect("renders");
    let mut other = everything();
    other.counterparty = "Another Supplier Limited".to_owned();
    let renderer = renderer();
    renderer.render(&input(&[other], &look)).expect("renders");
    super::evict(0);
    assert!(renderer.render(&input(&documents, &look)).expect("renders") == first);
}

#[test]
fn identifier_and_date_reach_the_file() {
    let look = Look::default();
    let documents = [everything()];
    let renderer = renderer();
    let one = renderer.render(&input(&documents, &look)).expect("renders").pdf;
    let other = renderer.render(&RenderInput { ident: "DPA-other", ..input(&documents, &look) }).expect("renders").pdf;
    assert!(one != other, "the identifier of the file follows `ident`");
    assert!(one.windows(10).any(|window| window == b"D:20261121"));
}

#[test]
fn hostile_text_is_shown_literally() {
    let mut document = document_of(vec![section(
        "one",
        "1",
        HOSTILE,
        vec![item(1, "1.1", "", vec![value(HOSTILE)], Vec::new()), table(&[Alignment::Left; 2], &[&["a", "b"], &[HOSTILE, HOSTILE]])],
    )]);
    document.title = HOSTILE.to_owned();
    document.parties[0].legal_name = HOSTILE.to_owned();
    document.banner = Some(HOSTILE.to_owned());
    let shown = squeezed(&all_text(&pages(&renderer(), &[document], &Look::default())));
    assert_eq!(shown.matches(&squeezed(HOSTILE)).count(), 7, "{shown}");
}

#[test]
fn right_to_left_value_leaves_its_surroundings_in_order() {
    let document = document_of(vec![section("one", "1", "One", vec![paragraph(vec![text("AAA "), value("חברה"), text(" 123 BBB")])])]);
    let renderer = renderer();
    assert_eq!(renderer.missing_glyphs(std::slice::from_ref(&document)), Vec::new());
    let pages = pages(&renderer, &[document], &Look::default());
    let left_of = |needle: &str| pages.iter().flatten().find(|piece| piece.text.contains(needle)).map(|piece| piece.left).expect("it is shown");
    assert!(left_of("AAA") < left_of("חברה") && left_of("חברה") < left_of("BBB"));
}

#[test]
fn nothing_runs_over_the_margin() {
    let name = format!("A{}", "bcdefghij".repeat(24));
    let address = format!("https://www.example.org/{}?q={}", "very-long/".repeat(12), "z".repeat(60));
    let left = Alignment::Left;
    for columns in 1..=9 {
        let row = vec![name.as_str(); columns];
        let header = vec!["Responsibilities"; columns];
        let mut document = document_of(vec![section(
            "one",
            "1",
            &name,
            vec![item(
                1,
                "1.1.1.1.1.1",
                "",
                vec![value(&name), text(" and "), value(&address)],
                vec![
                    item(
                        2,
                        "(mmmmmmm)",
                        "",
                        vec![value(&name)],
                        vec![item(3, "(lxxxviii)", "", vec![value(&address)], vec![table(&vec![left; columns], &[&header, &row])])],
                    ),
                    Block::Bullets { items: vec![vec![table(&vec![left; columns], &[&header, &row])]] },
                ],
            )],
        )]);
        document.parties[0].legal_name.clone_from(&name);
        document.counterparty.clone_from(&name);
        document.id = format!("DPA-{}", "0".repeat(120));
        document.key_terms = vec![KeyTerm { label: name.clone(), value: vec![value(&name)], reference: Vec::new() }];
        document.parts[0].execution = Some(Execution { testimonium: vec![value(&name)], signatures: vec![signature(&name, &name); 1 + columns % 5] });
        for paper in [Paper::A4, Paper::UsLetter] {
            let look = Look { paper, organisation: name.clone(), ..Look::default() };
            for piece in pages(&renderer(), std::slice::from_ref(&document), &look).iter().flatten() {
                let (text, edge) = (&piece.text, paper.width() - 90.0);
                assert!(piece.left > 80.0 && piece.right < edge, "{columns} columns: `{text}` {} to {}", piece.left, piece.right);
                assert!(piece.bottom < 760.0 || paper == Paper::A4 && piece.bottom < 810.0, "{columns}: `{text}` {}", piece.bottom);
            }
        }
    }
}

#[test]
fn nothing_runs_off_the_foot_of_a_page() {
    let prose = "The Supplier keeps evidence of each restoration test for the term and one year. ".repeat(3);
    for (columns, repeat) in [(1, 8), (3, 1), (3, 20), (5, 1), (7, 1), (7, 6), (14, 1), (14, 3)] {
        let cell = prose.repeat(repeat);
        let (header, row) = (vec!["Evidence"; columns], vec![cell.as_str(); columns]);
        let document = document_of(vec![section(
            "one",
            "1",
            "One",
            vec![
                item(1, "1.1", "", vec![text("The following applies:")], vec![table(&vec![Alignment::Left; columns], &[&header, &row, &row, &row])]),
                item(1, "1.2", "", vec![text(&prose.repeat(30))], Vec::new()),
            ],
        )]);
        let foot = pages(&renderer(), &[document], &Look::default()).iter().flatten().map(|piece| piece.bottom).fold(0.0, f64::max);
        assert!(foot < 810.0, "{columns} columns of {} characters reach {foot}", cell.len());
    }
}

#[test]
fn renderer_is_shared_by_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Renderer>();
}

#[test]
fn bound_documents_have_continuous_pages_and_their_own_headers() {
    let mut second = everything();
    second.title = "Service Level Agreement".to_owned();
    second.id = "SLA-0123456789ab".to_owned();
    let pages = pages(&renderer(), &[everything(), second], &Look::default());
    assert_eq!(pages.len(), 10);
    for (index, page) in pages.iter().enumerate() {
        let text = all_text(std::slice::from_ref(page));
        assert!(squeezed(&text).contains(&squeezed(&format!("Page {} of 10", index + 1))), "{text}");
        assert_eq!(text.contains("SLA-0123456789ab"), index >= 5, "{text}");
    }
}

#[test]
fn character_without_glyph_is_named_with_its_text() {
    let mut document = everything();
    document.parties[0].legal_name = "株式会社 Northwind".to_owned();
    document.counterparty = "Over\u{202e}ride".to_owned();
    let missing = renderer().missing_glyphs(&[document]);
    let expected = |character, text: &str| MissingGlyph { character, text: text.to_owned() };
    assert_eq!(
        missing,
        vec![
            expected('\u{202e}', "Over\u{202e}ride"),
            expected('会', "株式会社 Northwind"),
            expected('式', "株式会社 Northwind"),
            expected('株', "株式会社 Northwind"),
            expected('社', "株式会社 Northwind"),
        ]
    );
}

#[test]
fn accented_greek_and_cyrillic_letters_are_shown() {
    let document = document_of(vec![section("one", "1", "Łódź Ğ ő Ελληνική Общество ﬁ € § № – “x” ½", Vec::new())]);
    assert_eq!(renderer().missing_glyphs(&[document]), Vec::new());
}

#[test]
fn headings_never_skip_a_level() {
    // PDF/UA-1 export refuses a skipped level, so rendering is the assertion.
    let document = document_of(vec![section("one", "", "", vec![Block::Heading { level: 3, text: vec![text("Deep")] }])]);
    renderer().render(&input(&[document], &Look::default())).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn dangling_reference_is_refused() {
    let document = document_of(vec![section("one", "1", "One", vec![paragraph(vec![reference("nowhere", "clause 9")])])]);
    let error = renderer().render(&input(&[document], &Look::default())).expect_err("there is no such anchor");
    assert_eq!(error.to_string(), "document `DPA-0123456789ab` refers to `nowhere` (`clause 9`), which it does not contain");
}

#[test]
fn anchor_used_twice_is_refused() {
    let document = document_of(vec![section("one", "1", "One", Vec::new()), section("one", "2", "Two", Vec::new())]);
    let error = renderer().render(&input(&[document], &Look::default())).expect_err("the anchor is ambiguous");
    assert!(matches!(error, RenderError::DuplicateAnchor { .. }));
}

#[test]
fn ragged_table_is_refused() {
    let document = document_of(vec![section("one", "1", "One", vec![table(&[Alignment::Left; 2], &[&["a", "b"], &["only"]])])]);
    let error = renderer().render(&input(&[document], &Look::default())).expect_err("a cell is missing");
    assert!(matches!(error, RenderError::TableShape { expected: 2, found: 1, .. }));
}

#[test]
fn pale_accent_and_silent_logo_are_refused() {
    let documents = [everything()];
    let refused = |look: Look| renderer().render(&input(&documents, &look)).expect_err("the look is at fault").to_string();
    let accent = |value: &str| Look { accent: Some(value.to_owned()), ..Look::default() };
    assert_eq!(refused(accent("#9fbfdf")), "accent colour `#9fbfdf` has a contrast of 1.9 to 1 on white; at least 4.5 to 1 is needed");
    assert_eq!(refused(accent("navy")), "accent colour `navy` is not of the form `#rrggbb`");
    let logo = super::Logo { bytes: Vec::new(), alternative: " ".to_owned() };
    assert_eq!(refused(Look { logo: Some(logo), ..Look::default() }), "the logo has no alternative text");
}

#[test]
fn fault_of_a_template_has_file_line_and_column() {
    let documents = [everything()];
    let look = Look::default();
    let fails = |template: &[u8]| renderer_of(template).render(&input(&documents, &look)).expect_err("it must fail").to_string();
    assert!(fails(b"ok\n  #missing()").starts_with("contract.typ:2:4: unknown variable: missing"));
    assert!(fails(b"#set text(font: \"No Such Font\")\nx").starts_with("contract.typ:1:17: unknown font family: no such font"));
}

#[test]
fn impossible_date_is_refused() {
    let documents = [everything()];
    let look = Look::default();
    let error = renderer().render(&RenderInput { date: (2026, 2, 30), ..input(&documents, &look) }).expect_err("no such day");
    assert_eq!(error.to_string(), "`2026-02-30` is not a date");
}

#[test]
fn broken_font_is_named() {
    let templates = BTreeMap::from([("contract.typ".to_owned(), TEMPLATE.to_vec()), ("layout.typ".to_owned(), LAYOUT.to_vec())]);
    let error = Renderer::new(templates, BTreeMap::from([("house.otf".to_owned(), b"not a font".to_vec())])).err();
    assert_eq!(error, Some(RenderError::Font { name: "house.otf".to_owned() }));
}

#[test]
fn mark_that_fits_no_base_is_refused_by_name() {
    // U+0654 is in a fallback font, but the font of its base has it not.
    let mut document = everything();
    document.counterparty = "x\u{654}".to_owned();
    let renderer = renderer();
    let missing = renderer.missing_glyphs(std::slice::from_ref(&document));
    assert_eq!(missing.iter().map(|glyph| glyph.character).collect::<Vec<_>>(), ['\u{654}']);
    let error = renderer.render(&input(&[document], &Look::default())).expect_err("it would be an empty box");
    assert!(matches!(error, RenderError::MissingGlyphs(_)), "{error}");
}

#[test]
fn message_about_a_missing_glyph_writes_invisible_characters_out() {
    let glyph = MissingGlyph { character: '\u{202e}', text: "a\u{202e}b".to_owned() };
    assert_eq!(glyph.to_string(), "no font shows U+202E in `a\\u{202e}b`");
}

#[test]
fn report_shows_every_label_and_value_of_its_charts() {
    let document = report();
    let pages = pages(&renderer(), std::slice::from_ref(&document), &Look::default());
    let shown = squeezed(&all_text(&pages));
    for section in &document.parts[0].sections {
        let Block::Chart { chart } = &section.blocks[1] else { panic!("a chart follows the lead") };
        let labels = chart.rows.iter().map(|row| &row.label);
        for text in chart.series.iter().chain(labels) {
            assert!(shown.matches(&squeezed(text)).count() >= 2, "`{text}` is not in drawing and table: {shown}");
        }
        assert!(shown.contains(&squeezed(&chart.title)) && shown.contains(&chart.unit), "{shown}");
    }
    assert!(shown.contains("462"), "the total is at the end of its bar: {shown}");
}

#[test]
fn table_of_a_chart_has_its_numbers_and_both_survive_writing() {
    let chart = chart(ChartKind::Stacked, "All is well", &["Open", "Late"], &[("Sales", &[9999, 1_204_000]), ("Legal", &[0, 7])]);
    let Block::Table { header, rows, columns } = chart.table("Team") else { panic!("it is a table") };
    assert_eq!(columns, [Alignment::Left, Alignment::Right, Alignment::Right]);
    assert_eq!(header, [vec![text("Team")], vec![text("Open")], vec![text("Late")]]);
    assert_eq!(rows[0], [vec![value("Sales")], vec![value("9999")], vec![value("1\u{a0}204\u{a0}000")]]);
    let block = Block::Chart { chart };
    let json = serde_json::to_string(&block).expect("it is written");
    assert!(json.starts_with(r#"{"type":"chart","chart":{"title":"All is well","alternative":"#), "{json}");
    assert_eq!(serde_json::from_str::<Block>(&json).expect("it is read"), block);
}

#[test]
fn report_begins_under_its_title_and_is_archivable_and_accessible() {
    let documents = [report()];
    let look = Look { accent: Some("#1F3A5F".to_owned()), organisation: "Halden plc".to_owned(), ..Look::default() };
    let first = all_text(&pages(&renderer(), &documents, &look)[..1]);
    assert!(first.contains("Part 0") && first.contains("At a glance") && !first.contains("Version"), "{first}");
    let rendered = renderer().render(&input(&documents, &look)).unwrap_or_else(|error| panic!("{error}"));
    assert!(rendered.pages <= 3, "{}", rendered.pages);
    for claim in ["<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>"] {
        assert!(rendered.pdf.windows(claim.len()).any(|window| window == claim.as_bytes()), "{claim}");
    }
}

#[test]
fn hostile_labels_of_a_chart_are_data() {
    for kind in [ChartKind::Bars, ChartKind::Stacked, ChartKind::Line] {
        let mut chart = chart(kind, HOSTILE, &["#x"], &[("*b*", &[3]), ("$a$ <l>", &[4])]);
        chart.unit = HOSTILE.to_owned();
        let documents = [report_of(vec![(chart, HOSTILE)])];
        let shown = squeezed(&all_text(&pages(&renderer(), &documents, &Look::default())));
        assert_eq!(shown.matches(&squeezed(HOSTILE)).count(), 3, "title, unit, column: {shown}");
        for label in ["#x", "*b*", "$a$<l>"] {
            assert!(shown.contains(label), "{label}: {shown}");
        }
    }
}

#[test]
fn charts_of_any_size_stay_on_the_paper() {
    let long = "Department of corporate affairs, public policy and everything else that has a long name";
    let labels: Vec<String> = (0..40).map(|at| if at % 7 == 0 { format!("{long} {at}") } else { format!("Team {at}") }).collect();
    for kind in [ChartKind::Bars, ChartKind::Stacked, ChartKind::Line] {
        for (count, most) in [(1, 0), (1, 7), (2, 1), (24, 0), (25, u32::MAX), (40, 12_345)] {
            let series = if kind == ChartKind::Bars { 1 } else { 5 };
            let names = [long, "Late", "Declined by the head of department", long, "Excused"];
            let mut chart = chart(kind, "All is well", &names[..series], &[]);
            chart.rows = labels.iter().take(count).map(|label| ChartRow { label: label.clone(), values: vec![most; series] }).collect();
            let mut document = report_of(vec![(chart.clone(), "Team")]);
            let nested = item(1, "1.1", "", vec![text("In an item:")], vec![Block::Bullets { items: vec![vec![Block::Chart { chart }]] }]);
            document.parts[0].sections.push(section("nested", "9", "Nested", vec![nested]));
            for piece in pages(&renderer(), &[document], &Look::default()).iter().flatten() {
                let at = format!("{kind:?} of {count}: `{}` {} to {}, {}", piece.text, piece.left, piece.right, piece.bottom);
                assert!(piece.left > 80.0 && piece.right < Paper::A4.width() - 90.0 && piece.bottom < 810.0, "{at}");
            }
        }
    }
}

#[test]
fn faulty_charts_are_refused() {
    let refused = |spoil: &dyn Fn(&mut Chart)| {
        let mut chart = chart(ChartKind::Stacked, "All is well", &["Open", "Late"], &[("Sales", &[1, 2])]);
        spoil(&mut chart);
        let document = document_of(vec![section("one", "1", "One", vec![Block::Chart { chart }])]);
        renderer().render(&input(&[document], &Look::default())).expect_err("the chart is at fault")
    };
    let error = refused(&|chart| chart.rows[0].values.truncate(1));
    assert_eq!(error.to_string(), "document `DPA-0123456789ab` has a chart `All is well` of 2 series with 1 values in row `Sales`");
    let fault = |spoil: &dyn Fn(&mut Chart)| match refused(spoil) {
        RenderError::Chart { fault, .. } => fault,
        other => panic!("{other}"),
    };
    assert_eq!(fault(&|chart| chart.rows.clear()), ChartFault::NoRows);
    assert_eq!(fault(&|chart| chart.title.clear()), ChartFault::NoTitle);
    assert_eq!(fault(&|chart| " ".clone_into(&mut chart.alternative)), ChartFault::NoAlternative);
    assert_eq!(fault(&|chart| chart.series.clear()), ChartFault::Series { found: 0, most: 5 });
    assert_eq!(fault(&|chart| chart.series = vec!["x".to_owned(); 6]), ChartFault::Series { found: 6, most: 5 });
    assert_eq!(fault(&|chart| chart.kind = ChartKind::Bars), ChartFault::Series { found: 2, most: 1 });
}
