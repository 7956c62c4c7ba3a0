//! Intake: what stands in a cell comes into the field that the mapping names, once, whatever the order of columns and however often it is imported.

use std::sync::Arc;

use countersign::base::decode::decode;
use countersign::base::diagnostic::{Diagnostic, Report};
use countersign::base::grid::{CellValue, CsvOptions, Grid, Workbook, csv, workbook};
use countersign::base::node::{Node, parse};
use countersign::base::source::Source;
use countersign::contract::intake::{Draft, Fields, Intake, Reading, read};

use proptest::prelude::*;

use crate::suite::sandbox::repository;
use crate::suite::shelf::seeded;

fn tree(text: &str) -> Node {
    parse(&Arc::new(Source { path: "intake.yaml".to_owned(), text: text.to_owned() }), &mut Report::default()).unwrap()
}

/// A mapping of one sheet: its columns, and whatever else stands below them.
fn mapping(columns: &str, more: &str) -> (Intake, Node) {
    let node = tree(&format!("version: 1\nsuppliers:\n  key: Nr\n  ignore: [Nr]\n  columns: {columns}\n{more}"));
    let mut report = Report::default();
    let intake = decode(&node, &mut report).unwrap_or_else(|| panic!("{:?}", report.sorted()));
    (intake, node)
}

/// Faults of a mapping against the fields of a profile.
fn checked(columns: &str, more: &str) -> Vec<Diagnostic> {
    let (intake, node) = mapping(columns, more);
    let mut report = Report::default();
    intake.check(&node, &Fields::new(), &mut report);
    report.sorted()
}

fn grid(bytes: &[u8]) -> Grid {
    csv("a.csv", bytes, &CsvOptions::default(), &mut Report::default()).unwrap()
}

fn taken(columns: &str, more: &str, grids: &[Grid]) -> Reading {
    let (intake, node) = mapping(columns, more);
    read(&intake, &node, &Fields::new(), grids)
}

/// Lines of the address after a row came over a profile.
fn lines(row: &Draft, existing: Option<&Node>) -> (Vec<String>, Node) {
    let profile = row.profile("a", existing, &Fields::new());
    let lines = profile.scalars().into_iter().filter(|(path, _)| path.contains("lines[")).map(|(_, text)| text).collect();
    (lines, profile)
}

/// Codes of all faults of a row.
fn codes(row: &Draft) -> Vec<&'static str> {
    row.report.iter().map(|fault| fault.code).collect()
}

const NAME: &str = "Name: identity.legal_name";

#[test]
fn entries_of_a_list_stand_in_the_order_of_their_places_not_of_their_headings() {
    let columns = "{Nr: identity.erp_number, Additional: \"identity.address.lines[1]\", Street: \"identity.address.lines[0]\"}";
    let reading = taken(columns, "", &[grid(b"Nr,Street,Additional\n1,2 Quay,Floor 3\n")]);
    assert_eq!(lines(&reading.drafts[0], None).0, ["2 Quay", "Floor 3"]);
}

#[test]
fn empty_entry_between_others_makes_no_list_grow_from_import_to_import() {
    let columns = "{Nr: identity.erp_number, A: \"identity.address.lines[0]\", B: \"identity.address.lines[1]\", C: \"identity.address.lines[2]\"}";
    let rows = |text: &str| taken(columns, "", &[grid(format!("Nr,A,B,C\n{text}\n").as_bytes())]).drafts.remove(0);
    let (first, profile) = lines(&rows("1,2 Quay,,Harbour"), None);
    assert_eq!(first, ["2 Quay", "Harbour"]);
    let (again, _) = lines(&rows("1,2 Quay,,Harbour"), Some(&profile));
    assert_eq!(again, first, "a second import of the same row changes nothing");
    assert_eq!(lines(&rows("1,3 Quay,,Dock"), Some(&profile)).0, ["3 Quay", "Dock"]);
    assert_eq!(lines(&rows("1,3 Quay,Floor 1,Dock"), Some(&profile)).0, ["3 Quay", "Floor 1", "Dock"]);
    // What stands behind the filled cells was written by somebody else.
    assert_eq!(lines(&rows("1,3 Quay,,"), Some(&profile)).0, ["3 Quay", "Harbour"]);
}

#[test]
fn two_things_that_fill_one_list_are_refused() {
    let contacts = "groups:\n  - {sheet: Contacts, key: Vendor, list: contacts, columns: {Who: name}}\n";
    for (columns, more) in [
        (format!("{{{NAME}, Mail: \"contacts[security].email\"}}"), contacts.to_owned()),
        (format!("{{{NAME}}}"), contacts.to_owned() + &contacts.replace("groups:\n", "").replace("sheet: Contacts", "sheet: More")),
        (format!("{{{NAME}, Tags: {{field: tags, list: \";\"}}, Tag: \"tags[0]\"}}"), String::new()),
    ] {
        let faults = checked(&columns, &more);
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["duplicate-key"], "{columns}{more}: {faults:?}");
        assert!(faults[0].help.is_some() && faults[0].place.is_some());
    }
    assert!(checked(&format!("{{{NAME}, Mail: \"contacts[security].email\", Web: \"contacts[privacy].email\"}}"), "").is_empty());
}

#[test]
fn entry_without_a_place_is_refused() {
    let faults = checked(&format!("{{{NAME}, Site: \"locations[].country\"}}"), "");
    assert_eq!((faults.len(), faults[0].code), (1, "bad-form"), "{faults:?}");
    assert!(faults[0].help.as_ref().unwrap().contains("[0]"), "{faults:?}");
}

#[test]
fn needed_cell_that_is_empty_is_a_fault_at_its_cell() {
    let reading =
        taken("{Name: identity.legal_name, Mail: {field: notices.email, needed: true}}", "", &[grid(b"Nr,Name,Mail\n1,Quay Ltd,\n2,Dock Ltd,a@b.example\n")]);
    assert_eq!(codes(&reading.drafts[0]), ["empty-value"]);
    let fault = reading.drafts[0].report.iter().next().unwrap();
    assert_eq!(fault.place.as_ref().unwrap().source.path, "a.csv: C2 (Mail)");
    assert!(codes(&reading.drafts[1]).is_empty());
}

#[test]
fn rows_of_other_sheets_go_to_the_first_of_two_with_one_key() {
    let mut book = [grid(b"Nr,Name\n1,Quay Ltd\n1,Dock Ltd\n"), grid(b"Vendor,Who\n1,Ann Quay\n")];
    (book[0].sheet, book[1].sheet) = ("Vendors".to_owned(), "Contacts".to_owned());
    let groups = "groups:\n  - {sheet: Contacts, key: Vendor, list: contacts, columns: {Who: name}}\n";
    let reading = taken(&format!("{{{NAME}}}"), groups, &book);
    assert_eq!(codes(&reading.drafts[1]), ["duplicate-supplier"]);
    let profile = reading.drafts[0].profile("quay-ltd", None, &Fields::new());
    assert_eq!(profile.scalars().get("contacts[0].name").map(String::as_str), Some("Ann Quay"));
}

#[test]
fn key_that_lost_its_zeros_in_one_sheet_is_found_in_the_other() {
    let mut book = [grid(b"Nr,Name\n0017,Quay Ltd\n"), grid(b"Vendor,Who\n17,Ann Quay\n")];
    (book[0].sheet, book[1].sheet) = ("Vendors".to_owned(), "Contacts".to_owned());
    let groups = "groups:\n  - {sheet: Contacts, key: Vendor, list: contacts, columns: {Who: name}}\n";
    let reading = taken(&format!("{{{NAME}, Nr: {{field: identity.erp_number, digits: 4}}}}"), groups, &book);
    assert_eq!(reading.strays.iter().count(), 0, "{:?}", reading.strays);
    assert_eq!(reading.drafts[0].profile("a", None, &Fields::new()).scalars().get("contacts[0].name").map(String::as_str), Some("Ann Quay"));
}

#[test]
fn quote_that_swallows_rows_is_a_fault_even_where_another_closes_it() {
    // The quote of row 2 ends in row 4, in a column that nobody reads.
    let grid = grid(b"Nr,Name,Note\n1,Quay Ltd,\"open\n2,Dock Ltd,fine\n3,Pier Ltd,\"open\n4,Mole Ltd,fine\n");
    let faulty: Vec<usize> = grid.rows.iter().filter(|row| row.fault.is_some()).map(|row| row.number).collect();
    assert_eq!(faulty, [2], "{grid:?}");
    assert!(grid.rows[1].fault.as_ref().unwrap().contains("up to 4"), "{grid:?}");
    assert_eq!(grid.rows.last().unwrap().number, 5);
    // Lines inside of a cell are fine, and so are doubled quotes and inches.
    let grid = self::grid(b"Nr,Name,Note\n1,\"Quay\nHouse\",\"say \"\"yes\"\"\"\n2,Dock,5\" by 6\" racks\n");
    assert!(grid.rows.iter().all(|row| row.fault.is_none()), "{grid:?}");
}

#[test]
fn row_is_named_by_its_line_whatever_ends_the_lines_and_stands_between() {
    for end in ["\n", "\r\n"] {
        let text = ["Vendors", "", "Nr,Name", "", "", "1,Quay Ltd", "2,\"Dock", "House\"", "", "3,Pier"].join(end);
        let numbers: Vec<usize> = grid(text.as_bytes()).rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 3, 6, 7, 10], "{end:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_fault_in_every_encoding() {
    // A high surrogate without its low one.
    let text = "Nr,Name\n1,Quay?\n2,Dock\n".encode_utf16().map(|unit| if unit == u16::from(b'?') { 0xd800 } else { unit });
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.flat_map(u16::to_le_bytes)).collect();
    let faulty: Vec<usize> = grid(&wide).rows.iter().filter(|row| row.fault.is_some()).map(|row| row.number).collect();
    assert_eq!(faulty, [2]);
    // In Shift JIS the second byte of a letter can be that of a delimiter.
    let (sjis, _, lossy) = encoding_rs::SHIFT_JIS.encode("Nr|Name\n1|ポ株式会社\n");
    assert!(!lossy && sjis.iter().filter(|byte| **byte == b'|').count() > 2);
    let options = CsvOptions { encoding: Some("shift_jis".to_owned()), delimiter: Some('|'), ..CsvOptions::default() };
    let grid = csv("a.csv", &sjis, &options, &mut Report::default()).unwrap();
    assert_eq!((grid.rows[1].cells.len(), grid.rows[1].cells[1].value.shown().as_str()), (2, "ポ株式会社"));
}

#[test]
fn cell_past_the_headings_is_a_fault_in_csv_because_others_moved_with_it() {
    let reading = taken(&format!("{{{NAME}}}"), "", &[grid(b"Name,Nr\nQuay, Sons,1\nDock,2\nPier,3\n")]);
    assert_eq!(reading.drafts.iter().map(codes).collect::<Vec<_>>(), [vec!["broken-row"], vec![], vec![]]);
    // Systems end every row in a delimiter, but not the headings.
    let reading = taken(&format!("{{{NAME}}}"), "", &[grid(b"Name,Nr\nDock,2,\nQuay, Sons,1,\nPier,3,\n")]);
    assert_eq!(reading.drafts.iter().map(codes).collect::<Vec<_>>(), [vec![], vec!["broken-row"], vec![]]);
}

#[test]
fn delimiter_is_the_one_that_parts_the_lines_alike() {
    let grid = grid(b"Nr;Name\n1;Quay, Dock, Pier, Mole and Sons\n2;Harbour\n");
    assert_eq!(grid.rows[1].cells.len(), 2, "{grid:?}");
}

#[test]
fn file_that_is_longer_than_any_is_refused_not_cut() {
    let mut report = Report::default();
    let long = "1,a\n".repeat(200_001);
    assert!(csv("a.csv", long.as_bytes(), &CsvOptions::default(), &mut report).is_none());
    assert_eq!(report.sorted()[0].code, "spreadsheet");
    let mut report = Report::default();
    assert!(csv("a.csv", (",".repeat(1_000) + "a").as_bytes(), &CsvOptions::default(), &mut report).is_none());
    assert_eq!(report.sorted()[0].code, "spreadsheet");
    // Empty cells at the end are what formats leave behind.
    assert_eq!(grid((String::from("a") + &",".repeat(16_000)).as_bytes()).rows[0].cells.len(), 1);
}

#[test]
fn day_of_a_spreadsheet_is_one_in_csv_too() {
    let columns = "{Name: identity.legal_name, Since: {field: term.start, date: day_month_year}}";
    let reading = taken(columns, "", &[grid(b"Nr,Name,Since\n1,Quay Ltd,45992\n2,Dock Ltd,20261121\n3,Pier Ltd,01.12.2025\n")]);
    let start = |at: usize| reading.drafts[at].profile("a", None, &Fields::new()).scalars().get("term.start").cloned();
    assert_eq!((start(0), start(2)), (Some("2025-12-01".to_owned()), Some("2025-12-01".to_owned())));
    assert_eq!(codes(&reading.drafts[1]), ["wrong-type"]);
}

#[test]
fn error_that_was_saved_as_text_is_still_an_error() {
    for error in ["#N/A", "#NV", "#REF!", "#WERT!", "#NAME?", "Err:502", "#####"] {
        let reading = taken(&format!("{{{NAME}}}"), "", &[grid(format!("Nr,Name\n1,{error}\n").as_bytes())]);
        assert_eq!(codes(&reading.drafts[0]), ["cell-error"], "{error}");
    }
    let reading = taken(&format!("{{{NAME}}}"), "", &[grid("Nr,Name\n1,#1 Cleaning!\n2,# Ltd\n3,Err: Ltd\n".as_bytes())]);
    assert!(reading.drafts.iter().all(|row| codes(row).is_empty()));
}

/// The same sheet in the forms before and beside XLSX: a title in B1, headings in B3, two suppliers, one formula without a value.
#[test]
fn other_forms_of_spreadsheets_say_the_same() {
    for (form, name) in [(Workbook::Xls, "vendors.xls"), (Workbook::Ods, "vendors.ods")] {
        let bytes = std::fs::read(repository().join("tests/fixtures/intake").join(name)).unwrap();
        let mut report = Report::default();
        let grids = workbook(form, name, &bytes, &mut report).unwrap_or_else(|| panic!("{:?}", report.sorted()));
        assert_eq!(grids.iter().map(|grid| grid.sheet.as_str()).collect::<Vec<_>>(), ["Vendors", "Contacts"], "{name}");
        let columns = "{Name: identity.legal_name, Reg. no.: identity.registration_number, Since: {field: term.start, date: iso}}";
        let contacts = "groups:\n  - {sheet: Contacts, key: Vendor, list: contacts, columns: {Who: name}}\n";
        let reading = taken(columns, contacts, &grids);
        assert!(!reading.report.has_errors(), "{name}: {:?}", reading.report);
        let profile = reading.drafts[0].profile("a", None, &Fields::new()).scalars();
        for (field, value) in [
            ("identity.legal_name", "Möwenstein Reinigung GmbH"),
            ("identity.registration_number", "1234567"),
            ("term.start", "2025-12-01"),
            ("contacts[0].name", "Imke Harders"),
        ] {
            assert_eq!(profile.get(field).map(String::as_str), Some(value), "{name}: {field}");
        }
        assert_eq!(codes(&reading.drafts[1]), ["cell-error"], "{name}");
        let fault = reading.drafts[1].report.iter().next().unwrap();
        assert_eq!(fault.place.as_ref().unwrap().source.path, format!("{name}: Vendors!D5 (Reg. no.)"));
        let numbers: Vec<usize> = grids[0].rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 3, 4, 5], "{name}");
    }
}

#[test]
fn days_of_a_spreadsheet_count_from_the_day_that_it_says() {
    // A workbook of the other system: only its flag differs, which the writer does not know.
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in ["Nr", "Name", "Since"].iter().enumerate() {
        sheet.write_string(0, u16::try_from(column).unwrap(), *heading).unwrap();
    }
    sheet.write_number(1, 0, 1.0).unwrap();
    sheet.write_string(1, 1, "Quay Ltd").unwrap();
    sheet.write_number(1, 2, 45_992.0).unwrap();
    let date = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy");
    sheet.write_number(2, 0, 2.0).unwrap();
    sheet.write_string(2, 1, "Dock Ltd").unwrap();
    sheet.write_number_with_format(2, 2, 45_992.0, &date).unwrap();
    sheet.write_number(3, 0, 3.0).unwrap();
    sheet.write_string(3, 1, "Pier Ltd").unwrap();
    let time = rust_xlsxwriter::Format::new().set_num_format("hh:mm");
    sheet.write_number_with_format(3, 2, 0.5, &time).unwrap();
    let plain = book.save_to_buffer().unwrap();
    let starts = |bytes: &[u8]| {
        let grids = workbook(Workbook::Xlsx, "a.xlsx", bytes, &mut Report::default()).unwrap();
        let reading = taken("{Name: identity.legal_name, Since: {field: term.start, date: iso}}", "", &grids);
        assert_eq!(codes(&reading.drafts[2]), ["impossible-date"], "a time of day");
        [0, 1].map(|at| reading.drafts[at].profile("a", None, &Fields::new()).scalars()["term.start"].clone())
    };
    assert_eq!(starts(&plain), ["2025-12-01", "2025-12-01"]);
    assert_eq!(starts(&with_1904(&plain)), ["2029-12-02", "2029-12-02"]);
    let grids = workbook(Workbook::Xlsx, "a.xlsx", &plain, &mut Report::default()).unwrap();
    assert_eq!(grids[0].rows[1].cells[2].value, CellValue::Number(45_992.0));
}

/// The same archive with the flag of the other system in its workbook part.
fn with_1904(bytes: &[u8]) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut text = Vec::new();
        part.read_to_end(&mut text).unwrap();
        let name = part.name().unwrap().into_owned();
        if name == "xl/workbook.xml" {
            text = String::from_utf8(text).unwrap().replacen("<workbookPr ", "<workbookPr date1904=\"1\" ", 1).into_bytes();
        }
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        out.start_file(name, options).unwrap();
        out.write_all(&text).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// A cell as people and programs fill them.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z]{1,4}", "[ -~]{0,12}", "[;\"\n,|€ß\u{202e}=+@0-9#]{0,8}"]
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn what_is_written_as_csv_reads_as_the_same_cells(rows in proptest::collection::vec(proptest::collection::vec(cell(), 1..6), 1..8), delimiter in prop_oneof![Just(','), Just(';'), Just('|')]) {
        let mut writer = ::csv::WriterBuilder::new().flexible(true).delimiter(delimiter as u8).from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let options = CsvOptions { delimiter: Some(delimiter), ..CsvOptions::default() };
        let grid = csv("a.csv", &writer.into_inner().unwrap(), &options, &mut Report::default()).unwrap();
        prop_assert!(grid.rows.iter().all(|row| row.fault.is_none()), "{:?}", grid);
        let found: Vec<Vec<String>> = grid.rows.iter().map(|row| row.cells.iter().map(|cell| cell.value.shown()).collect()).collect();
        let filled = |row: &Vec<String>| row.iter().map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect::<Vec<_>>();
        let expected: Vec<Vec<String>> = rows.iter().map(filled).filter(|row| !row.is_empty()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn second_import_of_a_row_changes_nothing(first in proptest::collection::vec(cell(), 6), second in proptest::collection::vec(cell(), 6)) {
        let columns = "{C: \"identity.address.lines[2]\", A: \"identity.address.lines[0]\", B: \"identity.address.lines[1]\", D: {field: tags, list: \";\"}, \
            E: \"signing.signatories[1].name\", F: \"signing.signatories[0].name\"}";
        let row = |cells: &[String]| {
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            writer.write_record(["Nr", "A", "B", "C", "D", "E", "F"]).unwrap();
            writer.write_record(std::iter::once("1").chain(cells.iter().map(String::as_str))).unwrap();
            taken(columns, "", &[grid(&writer.into_inner().unwrap())]).drafts.remove(0)
        };
        let (first, second) = (row(&first), row(&second));
        let fields = Fields::new();
        let new = first.profile("a", None, &fields);
        prop_assert_eq!(first.profile("a", Some(&new), &fields).scalars(), new.scalars());
        // What another row makes of it, that row makes again.
        let changed = second.profile("a", Some(&new), &fields);
        prop_assert_eq!(second.profile("a", Some(&changed), &fields).scalars(), changed.scalars());
    }
}
