//! `countersign training`: courses, completions, drills.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::instant::Instant;
use crate::base::rows;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, parse_date, parse_instant, print, print_json, table};
use crate::compliance::status::Filter;
use crate::compliance::training::TrainingLine;
use crate::workflow::desk::Desk;
use crate::workflow::people::Options;
use crate::workflow::{status, training};

/// Courses, who must take them, and what was completed.
///
/// Example: countersign training record security_refresher ann@northwind.example --on 2027-01-12 --score 92
#[derive(Args)]
pub(crate) struct TrainingArgs {
    #[command(subcommand)]
    verb: TrainingVerb,
}

#[derive(Subcommand)]
enum TrainingVerb {
    List(ListArgs),
    Status(StatusArgs),
    Record(RecordArgs),
    Import(ImportArgs),
    Drill(DrillArgs),
    Lesson(LessonArgs),
    Void(VoidArgs),
}

/// List the courses of the register with the number of people who must take each.
///
/// Example: countersign training list
#[derive(Args)]
struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

/// How every course stands for everybody, today, on a day of the past, or in time to come.
///
/// Example: countersign training status --course security_refresher --as-of 2027-01-31
#[derive(Args)]
struct StatusArgs {
    /// The day that is asked about; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    as_of: Option<Date>,
    /// Leave out what was recorded after this moment; for a day of the past what was recorded after that day, when absent.
    #[arg(long, value_name = "MOMENT", value_parser = parse_instant)]
    known_at: Option<Instant>,
    /// Only people of this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// Only this person, by id or e-mail address.
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only this course.
    #[arg(long, value_name = "ID")]
    course: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Record that people completed a course.
///
/// Example: countersign training record admin_access p-12 --on 2027-01-12 --certificate certificate.pdf --valid-until 2029-01-12
#[derive(Args)]
struct RecordArgs {
    /// The course.
    #[arg(value_name = "COURSE")]
    course: String,
    /// People, by id or e-mail address.
    #[arg(value_name = "PERSON", required = true)]
    people: Vec<String>,
    /// The day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    on: Date,
    /// Score in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    score: Option<u8>,
    /// File of the certificate; its bytes are kept in the register.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Somebody saw the people there.
    #[arg(long)]
    attended: bool,
    /// Last day on which it counts.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    valid_until: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

/// Import completions from CSV: person, course, completed, and what a course asks for.
///
/// Columns: person, course, completed, edition, score, certificate (SHA-256), attended, valid_until. What is in the register already is passed over.
///
/// Example: countersign training import completions.csv --dry-run
#[derive(Args)]
struct ImportArgs {
    /// Files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Show what would be recorded, and record nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take the sound rows although others are faulty.
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Record a drill: who took part, what was learned, what is to be done.
///
/// Example: countersign training drill 2027-03-ransomware.yaml
#[derive(Args)]
struct DrillArgs {
    /// The file; `countersign schema drill` says what it holds.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    acting: Acting,
}

/// Attach the lesson of an incident to a course: the next refresher names it.
///
/// Example: countersign training lesson security_refresher "call back before a changed bank account is used" --source "incident 2027-02-14"
#[derive(Args)]
struct LessonArgs {
    /// The course.
    #[arg(value_name = "COURSE")]
    course: String,
    /// What was learned, in a sentence.
    #[arg(value_name = "LESSON")]
    lesson: String,
    /// The incident or drill that it comes from.
    #[arg(long)]
    source: String,
    #[command(flatten)]
    acting: Acting,
}

/// Take a completion out of account that was recorded by mistake.
///
/// Example: countersign training void c-0f1e2d --reason "another person of the same name"
#[derive(Args)]
struct VoidArgs {
    /// Id of the completion.
    #[arg(value_name = "COMPLETION")]
    completion: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

impl TrainingArgs {
    /// Whether the verb prints a table that a spreadsheet can read.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.verb, TrainingVerb::Status(_))
    }
}

pub(crate) fn run(common: &Common, args: &TrainingArgs) -> Result<u8, Failure> {
    match &args.verb {
        TrainingVerb::List(args) => list(common, args),
        TrainingVerb::Status(args) => standing(common, args),
        TrainingVerb::Record(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let order = training::Order {
                course: args.course.clone(),
                people: args.people.clone(),
                day: args.on,
                score: args.score,
                certificate: args.certificate.clone(),
                attended: args.attended,
                valid_until: args.valid_until,
            };
            let recorded = training::record(desk.register_mut(), &order)?;
            said(common, &json!(recorded), &format!("{}: {} recorded for {}", args.course, completions(recorded.len()), args.on))
        }
        TrainingVerb::Import(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let (_, location) = desk.read_library()?;
            let options = Options { dry_run: args.dry_run, partial: args.partial };
            let (imported, recorded) = training::import(desk.register_mut(), &args.files, options)?;
            let (new, faulty) = (imported.completions.len(), imported.faulty.len());
            let (lines, stops) = draw::report(imported.report, common, &location);
            if common.format == Format::Json {
                let rows = json!({ "completions": imported.completions, "unchanged": imported.unchanged, "faulty": faulty, "recorded": recorded, "diagnostics": lines });
                print_json(&rows)?;
            } else if !common.quiet {
                let verb = if recorded { "recorded" } else { "would be recorded" };
                print(&format!("{} {verb}, {} known already, {faulty} faulty\n", completions(new), imported.unchanged))?;
            }
            Ok(match (stops, args.partial && recorded) {
                (false, _) => exit::DONE,
                (true, true) => exit::PARTLY,
                (true, false) => exit::INPUT,
            })
        }
        TrainingVerb::Drill(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let (_, location) = desk.read_library()?;
            let mut report = Report::default();
            let drill = training::drill(desk.register_mut(), &args.file, &mut report)?;
            let (lines, _) = draw::report(report, common, &location);
            let Some(drill) = drill else {
                if common.format == Format::Json {
                    print_json(&json!({ "drill": null, "diagnostics": lines }))?;
                }
                return Ok(exit::INPUT);
            };
            let line = format!("{}: {} took part, {} lessons, {} actions", drill.drill, drill.participants.len(), drill.lessons.len(), drill.actions.len());
            said(common, &json!(drill), &line)
        }
        TrainingVerb::Lesson(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let lesson = training::lesson(desk.register_mut(), &args.course, &args.lesson, &args.source)?;
            said(common, &json!(lesson), &format!("{}: the next mails about it name the lesson", lesson.course))
        }
        TrainingVerb::Void(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            training::void(desk.register_mut(), &args.completion, &args.reason)?;
            said(common, &json!({ "completion": args.completion }), &format!("{}: does not count", args.completion))
        }
    }
}

fn completions(count: usize) -> String {
    format!("{count} completion{}", if count == 1 { "" } else { "s" })
}

fn said(common: &Common, value: &serde_json::Value, line: &str) -> Result<u8, Failure> {
    match common.format {
        Format::Json => print_json(value)?,
        _ if common.quiet => {}
        _ => print(&format!("{line}\n"))?,
    }
    Ok(exit::DONE)
}

fn list(common: &Common, args: &ListArgs) -> Result<u8, Failure> {
    let desk = Desk::open(&common.workspace, args.acting.edge())?;
    let training = &desk.register().state().book.training;
    let assigned = |course: &str| training.enrolments.values().filter(|of| of.get(course).is_some_and(|e| e.assigned.is_some())).count();
    if common.format == Format::Json {
        let courses: Vec<_> = training
            .courses
            .values()
            .map(|r| json!({ "course": r.course, "retired": r.retired, "lessons": r.lessons, "assigned": assigned(&r.course.course) }))
            .collect();
        print_json(&courses)?;
        return Ok(exit::DONE);
    }
    let rows: Vec<Vec<String>> = training
        .courses
        .values()
        .map(|record| {
            let course = &record.course;
            let period = course.refresher.as_ref().map_or_else(|| "once".to_owned(), |r| format!("{} months", r.period_months));
            let state = record.retired.as_ref().map_or_else(|| "given".to_owned(), |r| format!("retired {}", r.day));
            vec![course.course.clone(), course.edition.to_string(), course.kind.word().to_owned(), period, assigned(&course.course).to_string(), state]
        })
        .collect();
    print(&table::draw(&["course", "edition", "kind", "period", "people", "state"], &rows))?;
    if rows.is_empty() && !common.quiet {
        eprintln!("help: `countersign sync` brings the courses of the library into the register");
    }
    Ok(exit::DONE)
}

fn standing(common: &Common, args: &StatusArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let day = args.as_of.unwrap_or_else(|| desk.register().edge().now().date());
    let filter = Filter { supplier: args.supplier.clone(), person: args.person.clone(), course: args.course.clone(), ..Filter::default() };
    let lines = status::training(desk.register_mut(), args.as_of, args.known_at, &filter)?;
    let date = |date: Option<Date>| date.map(|d| d.to_string());
    let header = ["name", "belongs to", "course", "status", "due", "completed", "person"];
    let row = |l: &TrainingLine| {
        let or = |date: Option<String>| date.unwrap_or_else(|| "-".to_owned());
        vec![l.name.clone(), l.belongs_to.clone(), l.course.clone(), l.status.word().to_owned(), or(date(l.due)), or(date(l.completed)), l.person.clone()]
    };
    match common.format {
        Format::Json => print_json(&json!({ "as_of": day, "known_at": args.known_at, "lines": lines }))?,
        Format::Csv => {
            let cells = |l: &TrainingLine| {
                let empty = |date: Option<String>| date.unwrap_or_default();
                vec![
                    l.person.clone(),
                    l.name.clone(),
                    l.belongs_to.clone(),
                    l.course.clone(),
                    l.status.word().to_owned(),
                    empty(date(l.due)),
                    empty(date(l.completed)),
                ]
            };
            print(&rows::csv(&["person", "name", "belongs_to", "course", "status", "due", "completed"], lines.iter().map(cells)))?;
        }
        Format::Text => {
            print(&table::draw(&header, &lines.iter().map(row).collect::<Vec<_>>()))?;
            if !common.quiet {
                print(&totals(&lines, day))?;
            }
        }
    }
    Ok(exit::DONE)
}

fn totals(lines: &[TrainingLine], day: Date) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for line in lines {
        *counts.entry(line.status).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(status, count)| format!("{count} {}", status.word())).collect();
    format!("as of {day}: {}\n", if counts.is_empty() { "nobody must take a course".to_owned() } else { counts.join(", ") })
}
