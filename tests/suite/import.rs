//! Imports: an export as procurement systems write them, with every fault at its cell and nothing half taken in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign::base::diagnostic::Report;
use countersign::base::grid::{self, CsvOptions, csv, workbook};
use countersign::base::node::parse;
use countersign::base::source::Source;
use countersign::base::yaml;
use countersign::contract::intake::{Fields, Intake, read};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use serde_json::Value;

use crate::suite::fleet::Chance;
use crate::suite::sandbox::{DATE, Run, Sandbox, repository};
use crate::suite::shelf::seeded;

const HEADINGS: [&str; 21] = [
    "Vendor no.",
    "Name",
    "Legal form",
    "Natural person",
    "Reg. no.",
    "Register",
    "Street",
    "City",
    "Postcode",
    "Country",
    "Company code",
    "Signatory",
    "Signatory title",
    "E-mail",
    "Contract start",
    "Tags",
    "Sites",
    "Commodity",
    "Blocked",
    "Spend",
    "Check",
];

/// A cell of the export.
#[derive(Debug, Clone)]
enum Cell {
    Text(String),
    Number(f64),
    /// Days of a spreadsheet, formatted as a date or not.
    Day(f64, bool),
    /// A formula with the value that it had.
    Formula(&'static str, String),
}

type Row = BTreeMap<&'static str, Cell>;

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// Suppliers of the export, seeded.
fn vendors(count: usize) -> Vec<Row> {
    let mut chance = Chance::new(41);
    let places = [
        ("Germany", "Hamburg", "20457", "GmbH"),
        ("Ireland", "Cork", "T12 R7W3", "Ltd"),
        ("United Kingdom", "Leeds", "LS1 1AA", "Ltd"),
        ("France", "Lyon", "69002", "SARL"),
    ];
    let names = ["Nordlicht Büro", "Façade & Fils", "Øresund Papier", "O’Hara Cleaning", "Łódź Tools", "Plain Paper"];
    let mut rows = Vec::new();
    for at in 0..count {
        let (country, city, postcode, form) = places[chance.below(places.len())];
        let commodity = ["Office supplies", "Cleaning", "Software"][chance.below(3)];
        let mut row = Row::new();
        // The spreadsheet took the leading zeros.
        row.insert("Vendor no.", Cell::Number((4_000 + at) as f64));
        row.insert("Name", text(&format!("{} {at} {form}", names[chance.below(names.len())])));
        row.insert("Legal form", text(form));
        row.insert("Natural person", text("-"));
        row.insert("Reg. no.", if at % 2 == 0 { Cell::Number((700_000 + at) as f64) } else { text(&format!("00{at}/HRB")) });
        row.insert("Register", text(city));
        row.insert("Street", text(&format!("{at} Quay Street")));
        row.insert("City", text(city));
        row.insert("Postcode", if country == "Germany" { Cell::Number(20_457.0) } else { text(postcode) });
        row.insert("Country", text(country));
        row.insert("Company code", Cell::Number(if at % 3 == 0 { 2000.0 } else { 1000.0 }));
        row.insert("Signatory", text("Ute Sand"));
        row.insert("Signatory title", text("Director"));
        row.insert("E-mail", Cell::Formula("=LOWER(A1)", format!("office{at}@vendor.example")));
        row.insert(
            "Contract start",
            match at % 3 {
                0 => Cell::Day(45_992.0 + at as f64, true),
                1 => Cell::Day(45_992.0 + at as f64, false),
                _ => text("01.03.2026"),
            },
        );
        row.insert("Tags", text("export; 2026"));
        row.insert("Sites", text(if at % 4 == 0 { "Germany; Ireland" } else { country }));
        row.insert("Commodity", text(commodity));
        row.insert("Spend", Cell::Number(at as f64 * 12.5));
        rows.push(row);
    }
    rows
}

/// The letters of a column by its heading.
fn column(heading: &str) -> String {
    countersign::base::grid::letters(HEADINGS.iter().position(|one| *one == heading).unwrap())
}

/// Faults of vendors: the column, what stands in it, and the code that is expected there. `None` empties the cell.
fn faults() -> Vec<(&'static str, Option<Cell>, &'static str)> {
    vec![
        ("Name", None, "supplier-id"),
        ("Country", Some(text("Irland")), "unknown-value"),
        ("Company code", Some(Cell::Number(1001.0)), "unknown-value"),
        ("Spend", Some(text("nobody reads this")), ""),
        ("City", Some(Cell::Formula("=VLOOKUP(1,B:B,1)", "#N/A".to_owned())), "cell-error"),
        ("Contract start", Some(text("31.02.2026")), "impossible-date"),
        ("Contract start", Some(text("March 1st")), "wrong-type"),
        ("Contract start", Some(Cell::Day(12.0, false)), "impossible-date"),
        ("E-mail", Some(text("office at vendor")), "bad-form"),
        ("Vendor no.", Some(text("1234567890")), "bad-form"),
        ("Commodity", Some(text("Softwear")), "unknown-value"),
        ("Natural person", Some(text("perhaps")), "unknown-value"),
        ("Reg. no.", Some(Cell::Number(123_456_789_012_345_678.0)), "cell-error"),
        ("Signatory title", Some(text("Di\u{202e}rector")), "unreadable-text"),
        ("Street", Some(text(&"long ".repeat(1_000))), "too-long"),
        ("Sites", Some(text("Ireland; Mars")), "unknown-value"),
        ("Signatory", None, "empty-value"),
        ("Legal form", Some(text("AG")), "unknown-value"),
    ]
}

/// First row below the headings, as the spreadsheet shows it: two title rows, a blank one, the headings.
const FIRST: usize = 5;

/// Sheet row of a vendor: every hundredth is followed by a blank one.
fn row_of(at: usize) -> usize {
    FIRST + at + at / 100
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) {
    let date = Format::new().set_num_format("dd.mm.yyyy");
    match cell {
        Cell::Text(text) => sheet.write_string(row, column, text),
        Cell::Number(number) => sheet.write_number(row, column, *number),
        Cell::Day(serial, true) => sheet.write_datetime_with_format(row, column, ExcelDateTime::from_serial_datetime(*serial).unwrap(), &date),
        Cell::Day(serial, false) => sheet.write_number(row, column, *serial),
        Cell::Formula(formula, result) => sheet.write_formula(row, column, Formula::new(*formula).set_result(result)),
    }
    .unwrap();
}

/// Rows of a further sheet: vendor, and cells.
type Further = Vec<[Cell; 5]>;

fn write_xlsx(path: &Path, rows: &[Row], contacts: &Further, data: &Further) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Vendors").unwrap();
    sheet.merge_range(0, 0, 0, 8, "Vendor master data", &Format::new()).unwrap();
    sheet.write_string(1, 0, "as of 21.11.2026").unwrap();
    for (at, heading) in HEADINGS.iter().enumerate() {
        sheet.write_string(3, u16::try_from(at).unwrap(), *heading).unwrap();
    }
    for (at, row) in rows.iter().enumerate() {
        for (heading, cell) in row {
            let column = HEADINGS.iter().position(|one| one == heading).unwrap();
            write_cell(sheet, u32::try_from(row_of(at) - 1).unwrap(), u16::try_from(column).unwrap(), cell);
        }
    }
    for (name, headings, rows) in
        [("Contacts", ["Vendor", "Role", "Name", "Mail", ""], contacts), ("Data", ["Vendor", "Category", "Code", "Class", "People"], data)]
    {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (at, heading) in headings.iter().enumerate().filter(|(_, heading)| !heading.is_empty()) {
            sheet.write_string(0, u16::try_from(at).unwrap(), *heading).unwrap();
        }
        for (at, row) in rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !matches!(cell, Cell::Text(text) if text.is_empty())) {
                write_cell(sheet, u32::try_from(at + 1).unwrap(), u16::try_from(column).unwrap(), cell);
            }
        }
    }
    book.save(path).unwrap();
}

/// As CSV, every third row in another encoding, as exports are that several systems wrote.
fn write_csv(path: &Path, rows: &[Row]) {
    let mut out = b"Vendor master data;;;\r\n;;;\r\n".to_vec();
    let line = |cells: Vec<String>| {
        cells.into_iter().map(|cell| if cell.contains([';', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }).collect::<Vec<_>>().join(";")
            + "\r\n"
    };
    out.extend(line(HEADINGS.map(str::to_owned).to_vec()).into_bytes());
    for (at, row) in rows.iter().enumerate() {
        let cell = |heading: &&str| match row.get(heading) {
            None => String::new(),
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Number(number) | Cell::Day(number, false)) => number.to_string(),
            Some(Cell::Day(serial, true)) => {
                let date = countersign::base::grid::serial_date(*serial).unwrap().to_string();
                format!("{}.{}.{}", &date[8..], &date[5..7], &date[..4])
            }
            Some(Cell::Formula(_, result)) => result.clone(),
        };
        let text = line(HEADINGS.iter().map(cell).collect());
        let (latin, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
        out.extend(if at % 3 == 0 && !lossy { latin.into_owned() } else { text.clone().into_bytes() });
    }
    std::fs::write(path, out).unwrap();
}

/// A workspace of the sample without suppliers.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::with_sample();
    std::fs::remove_dir_all(sandbox.path().join("sample/suppliers")).unwrap();
    std::fs::remove_dir_all(sandbox.path().join("sample/decisions")).unwrap();
    std::fs::copy(repository().join("tests/fixtures/intake/intake.yaml"), sandbox.path().join("intake.yaml")).unwrap();
    sandbox
}

fn import(sandbox: &Sandbox, file: &str, more: &[&str]) -> (Run, Value) {
    let run = sandbox.run(&[&["-C", "sample", "import", file, "--map", "intake.yaml", "--date", DATE, "--format", "json"], more].concat());
    let value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    (run, value)
}

/// Address and code of every error.
fn errors(value: &Value) -> BTreeSet<(String, String)> {
    let diagnostics = value["diagnostics"].as_array().unwrap().iter().filter(|line| line["severity"] == "error");
    let address = |file: &str| file.split_once(": ").map_or(file, |(_, address)| address).split(" (").next().unwrap_or_default().to_owned();
    diagnostics.map(|line| (address(line["file"].as_str().unwrap_or_default()), line["code"].as_str().unwrap().to_owned())).collect()
}

/// Plants the faults into rows, and gives the address and code of each.
fn plant(rows: &mut [Row], sheet: &str, row_of: fn(usize) -> usize, chance: &mut Chance) -> (BTreeSet<(String, String)>, BTreeSet<usize>) {
    let (mut expected, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for (heading, cell, code) in faults() {
        let at = std::iter::repeat_with(|| chance.below(rows.len() - 10)).find(|at| taken.insert(*at)).unwrap();
        match cell {
            Some(cell) => drop(rows[at].insert(heading, cell)),
            None => drop(rows[at].remove(heading)),
        }
        if code.is_empty() {
            taken.remove(&at);
            continue;
        }
        // What has no name is shown at its row.
        let column = if code == "supplier-id" { "A".to_owned() } else { column(heading) };
        expected.insert((format!("{sheet}{column}{}", row_of(at)), code.to_owned()));
    }
    (expected, taken)
}

#[test]
fn spreadsheet_of_a_procurement_system_is_taken_in_and_each_fault_named_at_its_cell() {
    let sandbox = workspace();
    let mut rows = vendors(500);
    let mut chance = Chance::new(3);
    let number = |at: usize| Cell::Number((4_000 + at) as f64);
    let contact = |at: usize, role: &str, name: &str, mail: &str| [number(at), text(role), text(name), text(mail), text("")];
    let data = |at: usize, name: &str, class: &str, people: Cell| [number(at), text(name), text(name), text(class), people];
    let mut contacts: Further = (0..500).map(|at| contact(at, "Security", "Duty Desk", "duty@vendor.example")).collect();
    let mut categories: Further = (0..500).step_by(5).map(|at| data(at, "Plans of the floors", "Internal", Cell::Number(40.0))).collect();
    let path = sandbox.path().join("export.xlsx");
    write_xlsx(&path, &rows, &contacts, &categories);

    // Sound: nothing is written in a rehearsal, all of it afterwards, and nothing the second time.
    let (run, value) = import(&sandbox, "export.xlsx", &["--dry-run"]);
    assert_eq!(run.code, 0, "{}", &run.stdout[run.stdout.find("\"diagnostics\"").unwrap()..]);
    assert_eq!((&value["totals"]["new"], &value["written"]), (&500.into(), &false.into()));
    assert!(!sandbox.path().join("sample/suppliers").exists());
    let (_, value) = import(&sandbox, "export.xlsx", &[]);
    assert_eq!(value["totals"]["new"], 500);
    let profile = |id: &str| std::fs::read_to_string(sandbox.path().join("sample/suppliers").join(format!("{id}.yaml"))).unwrap();
    let first = value["rows"][1]["supplier"].as_str().unwrap().to_owned();
    let written = profile(&first);
    for words in
        ["erp_number: \"00004001\"", "start: 2025-12-02", "registration_number: \"001/HRB\"", "email: office1@vendor.example", "- export\n", "role: security"]
    {
        assert!(written.contains(words), "{words}: {written}");
    }
    assert!(profile(value["rows"][2]["supplier"].as_str().unwrap()).contains("registration_number: \"700002\""), "no `.0`");
    let (_, value) = import(&sandbox, "export.xlsx", &[]);
    assert_eq!(value["totals"], serde_json::json!({ "new": 0, "changed": 0, "unchanged": 500, "faulty": 0 }), "{}", value["diagnostics"]);
    // Every one of them has a tier before anybody answered a question.
    let run = sandbox.run(&["-C", "sample", "assess", "--date", DATE, "--format", "json"]);
    let assessed: Value = serde_json::from_str(&run.stdout).unwrap();
    let tiers = assessed["suppliers"].as_array().unwrap().iter().filter(|row| row["assessment"]["tier"].is_string()).count();
    let told = || {
        sandbox
            .run(&["-C", "sample", "assess", "--date", DATE])
            .stderr
            .lines()
            .filter(|line| line.contains("unset") || line.contains("has no value"))
            .take(5)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!((run.code, tiers), (0, 500), "{:?}", told());

    // Faulty: each at its cell, and only there.
    let (mut expected, mut faulty) = plant(&mut rows, "Vendors!", row_of, &mut chance);
    // Two companies with one number, two rows for one vendor: near the end, where nothing else is planted.
    let same = rows[492]["Reg. no."].clone();
    rows[494].insert("Reg. no.", same);
    let country = rows[492]["Country"].clone();
    rows[494].insert("Country", country);
    expected.insert((format!("Vendors!E{}", row_of(494)), "duplicate-registration".to_owned()));
    rows[497].insert("Vendor no.", number(496));
    expected.insert((format!("Vendors!A{}", row_of(497)), "duplicate-supplier".to_owned()));
    faulty.extend([494, 497]);
    // Contacts and data: a vendor that is not there, a role that is none, a mail that is missing, a class, a number.
    let sane: Vec<usize> = (0..490).filter(|at| !faulty.contains(at)).collect();
    let [role, mail, class, people] = [sane[7], sane[70], sane[140], sane[210]];
    // Whose own number is faulty cannot be found by it.
    let lost = rows.iter().position(|row| matches!(row["Vendor no."], Cell::Text(_))).unwrap();
    contacts.retain(|row| !matches!(&row[0], Cell::Number(n) if [4_497.0, 4_000.0 + lost as f64].contains(n)));
    categories.retain(|row| !matches!(&row[0], Cell::Number(n) if [4_000.0 + class as f64, 4_000.0 + people as f64, 4_000.0 + lost as f64].contains(n)));
    contacts.push(contact(9_999, "Security", "Nobody", "nobody@vendor.example"));
    contacts.push(contact(role, "Gardener", "Rosa", "rosa@vendor.example"));
    contacts.push(contact(mail, "Privacy", "Wanda", ""));
    categories.push(data(class, "Secrets", "Secret", Cell::Number(1.0)));
    categories.push(data(people, "Plans", "Internal", text("many")));
    let (last_contact, last_data) = (contacts.len() + 1, categories.len() + 1);
    expected.extend([
        (format!("Contacts!A{}", last_contact - 2), "unknown-key".to_owned()),
        (format!("Contacts!B{}", last_contact - 1), "unknown-value".to_owned()),
        (format!("Contacts!D{last_contact}"), "empty-value".to_owned()),
        (format!("Data!D{}", last_data - 1), "unknown-value".to_owned()),
        (format!("Data!E{last_data}"), "wrong-type".to_owned()),
    ]);
    faulty.extend([role, mail, class, people]);
    write_xlsx(&path, &rows, &contacts, &categories);
    std::fs::remove_dir_all(sandbox.path().join("sample/suppliers")).unwrap();
    let (run, value) = import(&sandbox, "export.xlsx", &[]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert_eq!(errors(&value), expected);
    assert!(expected.len() >= 20);
    assert_eq!((&value["totals"]["faulty"], &value["totals"]["new"]), (&faulty.len().into(), &(500 - faulty.len()).into()));
    assert_eq!(std::fs::read_dir(sandbox.path().join("sample/suppliers")).unwrap().count(), 500 - faulty.len(), "nothing of a faulty row");
    // Each says where (sheet, row, column with its heading), what, and what to do.
    for line in value["diagnostics"].as_array().unwrap().iter().filter(|line| line["severity"] == "error") {
        assert!(line["file"].as_str().unwrap().starts_with("export.xlsx: ") && line["message"].is_string(), "{line}");
        assert!(line["help"].is_string() || line["code"] == "unreadable-text", "{line}");
    }
}

#[test]
fn csv_of_mixed_encodings_says_the_same() {
    let sandbox = workspace();
    let map = sandbox.path().join("intake.yaml");
    let mapping = std::fs::read_to_string(&map).unwrap();
    let (before, after) = mapping.split_once("\ngroups:").unwrap();
    let flat = format!("{before}\n{}", &after[after.find("\ndefaults:").unwrap()..]);
    std::fs::write(&map, &flat).unwrap();
    let mut rows = vendors(500);
    // What only a spreadsheet can hold is text here.
    rows.iter_mut().for_each(|row| drop(row.insert("Contract start", text("01.03.2026"))));
    write_csv(&sandbox.path().join("export.csv"), &rows);
    let (run, value) = import(&sandbox, "export.csv", &[]);
    assert_eq!((run.code, &value["totals"]["new"]), (0, &500.into()), "{}", value["diagnostics"]);
    let names =
        std::fs::read_dir(sandbox.path().join("sample/suppliers")).unwrap().map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap()).collect::<String>();
    for name in ["Nordlicht Büro", "Façade & Fils", "Øresund Papier", "O’Hara Cleaning", "Łódź Tools"] {
        assert!(names.contains(name), "{name}");
    }
    std::fs::remove_dir_all(sandbox.path().join("sample/suppliers")).unwrap();
    // Without a second encoding every row in it is a fault, and so is a quote that would swallow rows.
    std::fs::write(&map, flat.replace("  fallback: windows-1252\n", "  delimiter: \";\"\n")).unwrap();
    let (run, value) = import(&sandbox, "export.csv", &["--dry-run"]);
    assert_eq!(run.code, 4);
    let broken = errors(&value);
    assert!(broken.len() > 50 && broken.iter().all(|(_, code)| code == "broken-row"), "{broken:?}");
    std::fs::write(&map, &flat).unwrap();
    let mut bytes = std::fs::read(sandbox.path().join("export.csv")).unwrap();
    let at = bytes.windows(8).position(|w| w == b"30 Quay ").unwrap();
    bytes.splice(at..at, *b"\"");
    std::fs::write(sandbox.path().join("quote.csv"), &bytes).unwrap();
    let (run, value) = import(&sandbox, "quote.csv", &["--dry-run"]);
    assert!(run.code == 4 && errors(&value).iter().any(|(_, code)| code == "broken-row"), "{}", value["totals"]);
    // UTF-16, as spreadsheet programs call "Unicode text".
    let text = String::from_utf8(std::fs::read(sandbox.path().join("export.csv")).unwrap().into_iter().filter(u8::is_ascii).collect()).unwrap();
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    std::fs::write(sandbox.path().join("wide.csv"), wide).unwrap();
    let (_, value) = import(&sandbox, "wide.csv", &["--dry-run"]);
    assert_eq!(value["totals"]["new"], 500, "{}", value["diagnostics"]);
}

#[test]
fn profile_that_is_there_keeps_what_the_mapping_does_not_name() {
    let sandbox = workspace();
    let rows = vendors(3);
    let path = sandbox.path().join("export.xlsx");
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (_, value) = import(&sandbox, "export.xlsx", &[]);
    let id = value["rows"][0]["supplier"].as_str().unwrap().to_owned();
    let profile = sandbox.path().join("sample/suppliers").join(format!("{id}.yaml"));
    let text = std::fs::read_to_string(&profile).unwrap();
    // Somebody worked on it: a comment, a better address for notices, an answer to a question.
    let edited = text
        .replace("risk:\n  criticality: unknown", "# Asked on 20 November.\nrisk:\n  criticality: minor")
        .replace("attention: The Directors", "attention: \"Ms Sand\" # by telephone");
    assert_ne!(edited, text);
    std::fs::write(&profile, &edited).unwrap();
    let mut rows = rows;
    rows[0].insert("City", self::text("Galway"));
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (run, value) = import(&sandbox, "export.xlsx", &[]);
    assert_eq!((run.code, &value["totals"]["changed"], &value["totals"]["unchanged"]), (0, &1.into(), &2.into()), "{}", value["diagnostics"]);
    let changes = &value["rows"][0]["changes"];
    assert_eq!((changes.as_array().unwrap().len(), &changes[0]["field"], &changes[0]["after"]), (1, &"identity.address.city".into(), &"Galway".into()));
    let now = std::fs::read_to_string(&profile).unwrap();
    assert!(
        now.contains("# Asked on 20 November.\nrisk:\n  criticality: minor")
            && now.contains("attention: \"Ms Sand\" # by telephone")
            && now.contains("city: Galway"),
        "{now}"
    );
    // Known by its number in the register although its name is another one now.
    rows[0].insert("Name", self::text("Another Name GmbH"));
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (_, value) = import(&sandbox, "export.xlsx", &["--dry-run"]);
    assert_eq!((&value["rows"][0]["supplier"], &value["rows"][0]["state"]), (&id.as_str().into(), &"changed".into()), "{}", value["diagnostics"]);
}

#[test]
fn another_company_with_the_same_name_takes_no_profile_over() {
    let sandbox = workspace();
    let path = sandbox.path().join("export.xlsx");
    let mut rows = vendors(2);
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (_, value) = import(&sandbox, "export.xlsx", &[]);
    let id = value["rows"][0]["supplier"].as_str().unwrap().to_owned();
    let profile = sandbox.path().join("sample/suppliers").join(format!("{id}.yaml"));
    let before = std::fs::read_to_string(&profile).unwrap();
    rows[0].insert("Reg. no.", text("HRB 999"));
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (run, value) = import(&sandbox, "export.xlsx", &[]);
    assert_eq!(run.code, 4);
    assert_eq!(errors(&value), BTreeSet::from([(format!("Vendors!E{FIRST}"), "other-company".to_owned())]));
    let fault = value["diagnostics"].as_array().unwrap().iter().find(|line| line["severity"] == "error").unwrap();
    assert!(fault["related"][0]["place"].as_str().unwrap().contains(&format!("{id}.yaml:")), "both places: {fault}");
    assert_eq!(std::fs::read_to_string(&profile).unwrap(), before);
}

#[test]
fn profile_with_other_line_ends_keeps_them() {
    let sandbox = workspace();
    let path = sandbox.path().join("export.xlsx");
    let mut rows = vendors(1);
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (_, value) = import(&sandbox, "export.xlsx", &[]);
    let profile = sandbox.path().join("sample/suppliers").join(format!("{}.yaml", value["rows"][0]["supplier"].as_str().unwrap()));
    let wide = std::fs::read_to_string(&profile).unwrap().replace('\n', "\r\n");
    std::fs::write(&profile, &wide).unwrap();
    rows[0].insert("City", text("Galway"));
    write_xlsx(&path, &rows, &Vec::new(), &Vec::new());
    let (run, value) = import(&sandbox, "export.xlsx", &[]);
    assert_eq!((run.code, &value["totals"]["changed"]), (0, &1.into()), "{}", value["diagnostics"]);
    let old = value["rows"][0]["changes"][0]["before"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(&profile).unwrap(), wide.replace(&format!("city: {old}\r\n"), "city: Galway\r\n"));
}

#[test]
fn mapping_is_checked_against_profile_and_file() {
    let sandbox = workspace();
    write_xlsx(&sandbox.path().join("export.xlsx"), &vendors(2), &Vec::new(), &Vec::new());
    let map = sandbox.path().join("intake.yaml");
    let good = std::fs::read_to_string(&map).unwrap();
    for (from, to, code, words) in [
        ("identity.legal_name", "identity.legal_nmae", "unknown-field", "did you mean `identity.legal_name`?"),
        ("    Name: identity", "    Nmae: identity", "unknown-column", "did you mean `Name`?"),
        ("sheet: Vendors", "sheet: Vendor", "unknown-sheet", "did you mean `Vendors`?"),
        ("City: identity.address.city", "City: identity.legal_name", "duplicate-key", "map one of them"),
        ("Tags: {field: tags, list: \";\"}", "Tags: tags", "bad-form", "say with `list`"),
        ("list: contacts", "list: contcats", "unknown-field", "for example"),
        ("  key: Vendor no.\n", "", "missing-key", "name the column"),
        ("version: 1", "version: 2", "out-of-range", "allowed"),
        ("date: day_month_year", "date: dmy", "unknown-value", "day_month_year"),
        ("suppliers:\n", "supliers:\n", "unknown-key", "did you mean `suppliers`?"),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(&map, good.replacen(from, to, 1)).unwrap();
        let (run, value) = import(&sandbox, "export.xlsx", &[]);
        assert_eq!(run.code, 1, "{to}: {}", run.stdout);
        let line =
            value["diagnostics"].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap_or_else(|| panic!("{to}: {}", value["diagnostics"]));
        assert!(line["help"].as_str().unwrap().contains(words) && line["file"].as_str().unwrap().contains("intake.yaml"), "{line}");
    }
    assert!(!sandbox.path().join("sample/suppliers").exists());
    std::fs::write(&map, good).unwrap();
    std::fs::write(sandbox.path().join("not.xlsx"), b"PK\x03\x04 nothing of the kind").unwrap();
    assert_eq!(import(&sandbox, "not.xlsx", &[]).0.code, 1);
    assert_eq!(sandbox.run(&["-C", "sample", "import", "sample", "--map", "intake.yaml"]).code, 1);
}

fn mapping() -> (Intake, countersign::base::node::Node) {
    let text = std::fs::read_to_string(repository().join("tests/fixtures/intake/intake.yaml")).unwrap();
    let mut report = Report::default();
    let node = parse(&std::sync::Arc::new(Source { path: "intake.yaml".to_owned(), text }), &mut report).unwrap();
    (countersign::base::decode::decode(&node, &mut report).unwrap(), node)
}

proptest! {
    #![proptest_config(seeded(200))]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 0usize..6000, flip in any::<(usize, u8)>()) {
        let (intake, node) = mapping();
        let fields = Fields::new();
        let options = CsvOptions { fallback: Some("windows-1252".to_owned()), ..CsvOptions::default() };
        // Half of them begin as the export does.
        let head = format!("{}\n1;Name GmbH;", HEADINGS.join(";"));
        for bytes in [bytes.clone(), [head.as_bytes(), &bytes].concat()] {
            let grid = csv("a.csv", &bytes, &options, &mut Report::default()).unwrap();
            for draft in read(&intake, &node, &fields, &[grid]).drafts {
                let profile = draft.profile("a", None, &fields);
                // What is written reads as what was meant.
                let text = yaml::write(&profile);
                let again = parse(&std::sync::Arc::new(Source { path: String::new(), text }), &mut Report::default());
                prop_assert_eq!(again.map(|node| node.scalars()), Some(profile.scalars()));
            }
        }
        let sound = sound_xlsx();
        let mut damaged = sound[..sound.len() - cut.min(sound.len())].to_vec();
        if !damaged.is_empty() {
            let at = flip.0 % damaged.len();
            damaged[at] ^= flip.1;
        }
        if let Some(grids) = workbook(grid::Workbook::Xlsx, "a.xlsx", &damaged, &mut Report::default()) {
            read(&intake, &node, &fields, &grids);
        }
        // The other forms, damaged in the same manner.
        for (form, name) in [(grid::Workbook::Xls, "vendors.xls"), (grid::Workbook::Ods, "vendors.ods")] {
            let mut damaged = std::fs::read(repository().join("tests/fixtures/intake").join(name)).unwrap();
            damaged.truncate(damaged.len() - cut % damaged.len() / 4);
            let at = flip.0 % damaged.len();
            damaged[at] ^= flip.1;
            if let Some(grids) = workbook(form, name, &damaged, &mut Report::default()) {
                read(&intake, &node, &fields, &grids);
            }
        }
    }
}

fn sound_xlsx() -> &'static [u8] {
    static SOUND: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    SOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        write_xlsx(&path, &vendors(3), &Vec::new(), &Vec::new());
        std::fs::read(path).unwrap()
    })
}
