//! Completions out of files: what a learning system exports, and the record of a drill.
//!
//! Every fault of every row is shown in one run; what is in the register already is passed over, so that a file can be imported again.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::base::date::Date;
use crate::base::decode::{decode, decode_part};
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::base::node::{self, Node};
use crate::base::sheet;
use crate::base::source::{Place, Source};
use crate::base::suggest;
use crate::compliance::book::Book;
use crate::compliance::course::{Completion, Course};
use crate::compliance::person::Person;
use crate::compliance::policy::Version;
use crate::rule::finding::Severity;
use crate::text::hygiene;

/// Columns of a file of completions.
const COLUMNS: [&str; 8] = ["person", "course", "completed", "edition", "score", "certificate", "attended", "valid_until"];

/// One row of a file of completions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Id or e-mail address of the person.
    pub person: String,
    /// Id of the course.
    pub course: String,
    /// The day.
    pub completed: Date,
    /// Edition that was taken; the current one when absent.
    #[schemars(with = "Option<String>", regex(pattern = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"))]
    pub edition: Option<Version>,
    /// Score in percent.
    #[schemars(range(min = 0, max = 100))]
    pub score: Option<u8>,
    /// SHA-256 of the certificate.
    pub certificate: Option<Digest>,
    /// Whether somebody saw the person there.
    pub attended: Option<bool>,
    /// Last day on which it counts.
    pub valid_until: Option<Date>,
}

/// The outcome of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// What is new, without ids, in the order of the files.
    pub completions: Vec<Completion>,
    /// Rows that the register has already.
    pub unchanged: usize,
    /// The rows that cannot be taken.
    pub faulty: Vec<Place>,
    /// Every fault.
    pub report: Report,
}

/// Reads files of completions against the register.
///
/// # Errors
/// Faults are in the report: those of [`crate::base::sheet::read`] and the decoder, `unknown-person`, `unknown-course`, `not-yet`, `evidence`,
/// `contradiction`, `duplicate-entry`.
pub fn read(sources: &[Arc<Source>], book: &Book, now: Instant) -> Imported {
    let schema = schemars::schema_for!(Row).to_value();
    let mut imported = Imported::default();
    let mut seen = BTreeSet::new();
    for source in sources {
        let Some(sheet) = sheet::read(source, &COLUMNS, &mut imported.report) else {
            imported.faulty.push(Place::start_of(source));
            continue;
        };
        imported.faulty.extend(sheet.broken.into_iter().map(|node| node.place));
        for row in sheet.rows {
            let mut report = Report::default();
            let completion = if row.is_whole { completion(&row.node, &schema, book, now, &mut report) } else { None };
            let is_twin = completion.as_ref().is_some_and(|c| !seen.insert((c.person.clone(), c.course.clone(), c.day)));
            if is_twin {
                report.push(
                    Diagnostic::error("duplicate-entry", "another row has the same person, course and day").at(&row.node.place).help("keep one of the two"),
                );
            }
            match completion.filter(|_| !report.has_errors()) {
                Some(completion) if is_known(book, &completion) => imported.unchanged += 1,
                Some(completion) => imported.completions.push(completion),
                None => imported.faulty.push(row.node.place.clone()),
            }
            imported.report.extend(report);
        }
    }
    imported
}

/// Whether the register has a completion of the same person, course and day.
fn is_known(book: &Book, completion: &Completion) -> bool {
    let enrolment = book.training.enrolments.get(&completion.person).and_then(|of| of.get(&completion.course));
    enrolment.is_some_and(|enrolment| enrolment.completions.iter().any(|known| known.day == completion.day))
}

fn completion(node: &Node, schema: &Value, book: &Book, now: Instant, report: &mut Report) -> Option<Completion> {
    hygiene::check(node, report);
    let row: Row = decode_part(schema, node, "a completion", report)?;
    let person = person(book, &row.person, &node.place_of("person"), report);
    let course = course(book, &row.course, &node.place_of("course"), report);
    let (person, course) = (person?, course?);
    let completion = Completion {
        completion: String::new(),
        person: person.id.clone(),
        course: course.course.clone(),
        edition: row.edition.unwrap_or(course.edition),
        day: row.completed,
        score: row.score,
        certificate: row.certificate,
        attended: row.attended.unwrap_or_default(),
        valid_until: row.valid_until,
        source: "import".to_owned(),
    };
    for Refusal { field, code, message, help } in refusals(&completion, course, book.day_of(person, now)) {
        report.push(Diagnostic::error(code, message).at(&node.place_of(field)).help(help));
    }
    Some(completion)
}

fn person<'b>(book: &'b Book, text: &str, place: &Place, report: &mut Report) -> Option<&'b Person> {
    let found = book.find_person(text);
    if found.is_none() {
        report.push(
            Diagnostic::error("unknown-person", format!("there is no person `{text}` in the register"))
                .at(place)
                .help("import people first: `countersign people import`"),
        );
    }
    found
}

fn course<'b>(book: &'b Book, id: &str, place: &Place, report: &mut Report) -> Option<&'b Course> {
    let found = book.training.courses.get(id).map(|record| &record.course);
    if found.is_none() {
        let help = suggest::nearest(id, book.training.courses.keys().map(String::as_str))
            .map_or_else(|| "`countersign sync` brings courses into the register".to_owned(), |near| format!("did you mean `{near}`?"));
        report.push(Diagnostic::error("unknown-course", format!("there is no course `{id}` in the register")).at(place).help(help));
    }
    found
}

/// Why a completion cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The column.
    pub field: &'static str,
    /// Code of the diagnostic.
    pub code: &'static str,
    /// Why.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// What stands against a completion: its day is to come, or it does not show what the course asks for.
pub fn refusals(completion: &Completion, course: &Course, today: Date) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |field, code, message: String, help| refusals.push(Refusal { field, code, message, help });
    if completion.day > today {
        refuse("completed", "not-yet", format!("{} is still to come; today is {today}", completion.day), "write the day on which it was completed");
    }
    if completion.valid_until.is_some_and(|until| until < completion.day) {
        refuse("valid_until", "contradiction", "it runs out before it was completed".to_owned(), "`valid_until` is the last day that counts");
    }
    if completion.edition > course.edition {
        let message = format!("there is no edition {} of `{}` yet; the newest is {}", completion.edition, course.course, course.edition);
        refuse("edition", "unknown-value", message, "correct it, or run `countersign sync` first");
    }
    match (course.evidence.least_score, completion.score) {
        (Some(least), Some(score)) if score < least => {
            refuse("score", "evidence", format!("a score of {score} does not pass: `{}` asks for {least}", course.course), "it is no completion; leave it out");
        }
        (Some(least), None) => refuse("score", "evidence", format!("`{}` asks for a score of at least {least}", course.course), "add the score"),
        _ => {}
    }
    if course.evidence.certificate && completion.certificate.is_none() {
        refuse("certificate", "evidence", format!("`{}` asks for a certificate", course.course), "add the SHA-256 of its file");
    }
    if course.evidence.attendance && !completion.attended {
        refuse("attended", "evidence", format!("`{}` asks that somebody saw the person there", course.course), "add `attended`");
    }
    refusals
}

/// The record of a drill, as a file has it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillFile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The course that it is of, of kind `drill`.
    pub course: String,
    /// The day.
    pub day: Date,
    /// What was played, in a sentence or two.
    pub scenario: String,
    /// Ids or e-mail addresses of those who took part.
    #[schemars(length(min = 1))]
    pub participants: Vec<String>,
    /// What was learned, a sentence each.
    #[serde(default)]
    pub lessons: Vec<String>,
    /// What somebody will do about it; each becomes a finding.
    #[serde(default)]
    pub actions: Vec<DrillAction>,
}

/// One action out of a drill.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillAction {
    /// What is to be done.
    pub action: String,
    /// E-mail address, or name, of whoever does it.
    pub owner: String,
    /// By when.
    pub due: Date,
    /// How grave it is that it is not done yet.
    #[serde(default = "minor")]
    pub severity: Severity,
}

fn minor() -> Severity {
    Severity::Minor
}

/// Reads the record of a drill against the register; gives it with the ids of those who took part.
///
/// # Errors
/// Returns `None` after diagnostics, as [`read`], and `course-kind` for a course that is no drill.
pub fn read_drill(source: &Arc<Source>, book: &Book, now: Instant, report: &mut Report) -> Option<(DrillFile, Vec<String>)> {
    let before = report.errors();
    let node = node::parse(source, report)?;
    hygiene::check(&node, report);
    let file: DrillFile = decode(&node, report)?;
    let course = course(book, &file.course, &node.place_of("course"), report);
    if course.is_some_and(|course| course.kind != crate::compliance::course::CourseKind::Drill) {
        report.push(
            Diagnostic::error("course-kind", format!("`{}` is no drill", file.course)).at(&node.place_of("course")).help("name a course of kind `drill`"),
        );
    }
    for (at, action) in file.actions.iter().enumerate().filter(|(_, action)| action.due < file.day) {
        let message = format!("the action is due on {}, before the drill", action.due);
        report.push(Diagnostic::error("contradiction", message).at(&node.place_of(&format!("actions[{at}].due"))).help("write a day after the drill"));
    }
    if file.day > now.date().plus_days(1) {
        report.push(Diagnostic::error("not-yet", format!("{} is still to come", file.day)).at(&node.place_of("day")).help("record a drill after it was held"));
    }
    let mut people = Vec::new();
    for (at, text) in file.participants.iter().enumerate() {
        if let Some(person) = person(book, text, &node.place_of(&format!("participants[{at}]")), report) {
            if people.contains(&person.id) {
                let message = format!("`{text}` took part twice");
                report.push(Diagnostic::error("duplicate-entry", message).at(&node.place_of(&format!("participants[{at}]"))).help("name everybody once"));
            }
            if file.day > book.day_of(person, now) && file.day <= now.date().plus_days(1) {
                let message = format!("{} is still to come where `{text}` is", file.day);
                report.push(Diagnostic::error("not-yet", message).at(&node.place_of("day")).help("record a drill after it was held"));
            }
            people.push(person.id.clone());
        }
    }
    (report.errors() == before).then_some((file, people))
}
