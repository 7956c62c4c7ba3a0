//! `training`: completions, drills, lessons.

use std::path::Path;
use std::sync::Arc;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::digest::Digest;
use crate::base::source::Source;
use crate::compliance::book::Book;
use crate::compliance::completions::{self, Imported, refusals};
use crate::compliance::course::{Completion, Course, Drill, Lesson, RECORDED_BY_HAND, Voiding};
use crate::pack::courses::nearest;
use crate::project::folder;
use crate::record::Event;
use crate::rule::finding::{Cause, Finding};
use crate::workflow::acknowledge;
use crate::workflow::people::{Options, source};
use crate::workflow::register::{Draft, Register, RegisterError};

/// One completion that somebody records by hand.
#[derive(Debug, Clone)]
pub struct Order {
    /// The course.
    pub course: String,
    /// People, by id or address.
    pub people: Vec<String>,
    /// The day.
    pub day: Date,
    /// Score in percent.
    pub score: Option<u8>,
    /// File of the certificate; its bytes are kept.
    pub certificate: Option<std::path::PathBuf>,
    /// Whether somebody saw the people there.
    pub attended: bool,
    /// Last day on which it counts.
    pub valid_until: Option<Date>,
}

/// Records that people completed a course.
///
/// # Errors
/// [`RegisterError::Refused`] for an unknown course or person, a day to come, evidence that the course asks for and that is missing, or a
/// completion of that day that is on record; [`RegisterError::Disk`] for a certificate that cannot be read.
pub fn record(register: &mut Register, order: &Order) -> Result<Vec<Completion>, RegisterError> {
    let certificate = order.certificate.as_deref().map(folder::file).transpose()?;
    register.change(|before, draft| {
        let book = &before.state.book;
        let course = known_course(book, &order.course)?;
        let certificate = certificate.map(|bytes| draft.keep(bytes));
        let mut recorded = Vec::new();
        for text in &order.people {
            let person = acknowledge::person(book, text)?;
            let completion = Completion {
                completion: before.edge.id('c'),
                person: person.id.clone(),
                course: course.course.clone(),
                edition: course.edition,
                day: order.day,
                score: order.score,
                certificate: certificate.clone(),
                attended: order.attended,
                valid_until: order.valid_until,
                source: RECORDED_BY_HAND.to_owned(),
            };
            if let Some(refusal) = refusals(&completion, course, book.day_of(person, before.now)).into_iter().next() {
                return Err(RegisterError::refused(format!("{}: {}", person.id, refusal.message), refusal.help));
            }
            let known = book.training.enrolments.get(&person.id).and_then(|of| of.get(&course.course));
            if known.is_some_and(|enrolment| enrolment.completions.iter().any(|c| c.day == order.day)) {
                let message = format!("{} completed `{}` on {} already", person.id, course.course, order.day);
                return Err(RegisterError::refused(message, "nothing is to be done; `countersign training void` takes a wrong one out"));
            }
            draft.record(Event::Completed(completion.clone()));
            recorded.push(completion);
        }
        Ok(recorded)
    })
}

/// The course with an id.
fn known_course<'b>(book: &'b Book, id: &str) -> Result<&'b Course, RegisterError> {
    let help = || match book.training.courses.is_empty() {
        true => "`countersign sync` brings courses into the register".to_owned(),
        false => nearest(id, book.training.courses.keys().map(String::as_str)),
    };
    book.training.courses.get(id).map(|record| &record.course).ok_or_else(|| RegisterError::refused(format!("there is no course `{id}`"), help()))
}

/// Imports completions from CSV files, all in one transaction; the result says whether anything was recorded.
///
/// # Errors
/// [`RegisterError`]; faults of the files are in the result.
pub fn import(register: &mut Register, files: &[std::path::PathBuf], options: Options) -> Result<(Imported, bool), RegisterError> {
    let mut sources: Vec<Arc<Source>> = Vec::new();
    for path in files {
        sources.push(source(path)?);
    }
    register.change(|before, draft| {
        let mut imported = completions::read(&sources, &before.state.book, before.now);
        for completion in &mut imported.completions {
            completion.completion = before.edge.id('c');
        }
        let recorded = !options.dry_run && (options.partial || !imported.report.has_errors());
        if recorded {
            imported.completions.iter().for_each(|completion| draft.record(Event::Completed(completion.clone())));
        }
        Ok((imported, recorded))
    })
}

/// Takes a completion out of account: it was recorded by mistake.
///
/// # Errors
/// [`RegisterError::Refused`] when there is none.
pub fn void(register: &mut Register, completion: &str, reason: &str) -> Result<(), RegisterError> {
    register.change(|before, draft| {
        let Some((person, _)) = before.state.book.training.completion(completion) else {
            return Err(RegisterError::refused(format!("there is no completion `{completion}`"), "see `countersign training status --format json`"));
        };
        draft.record(Event::CompletionVoided(Voiding { completion: completion.to_owned(), person: person.to_owned(), reason: reason.to_owned() }));
        Ok(())
    })
}

/// Records a drill from its file: everybody who took part has completed it, its lessons are attached, its actions become findings.
///
/// # Errors
/// [`RegisterError`]; faults of the file are in the report, and nothing is recorded then (`None`).
pub fn drill(register: &mut Register, file: &Path, report: &mut Report) -> Result<Option<Drill>, RegisterError> {
    let source = source(file)?;
    register.change(|before, draft| {
        let book = &before.state.book;
        let Some((file, people)) = completions::read_drill(&source, book, before.now, report) else { return Ok(None) };
        let course = known_course(book, &file.course)?;
        let id = before.edge.id('d');
        let actions: Vec<Finding> = file
            .actions
            .iter()
            .enumerate()
            .map(|(at, action)| Finding {
                finding: format!("{id}.{}", at + 1),
                title: action.action.clone(),
                cause: Cause::Drill { drill: id.clone() },
                severity: action.severity,
                supplier: None,
                person: None,
                owner: Some(action.owner.clone()),
                due: Some(action.due),
            })
            .collect();
        let drill = Drill {
            drill: id.clone(),
            course: file.course.clone(),
            day: file.day,
            scenario: file.scenario.clone(),
            participants: people.clone(),
            lessons: file.lessons.clone(),
            actions: actions.iter().map(|finding| finding.finding.clone()).collect(),
        };
        draft.record(Event::DrillHeld(Box::new(drill.clone())));
        for person in people {
            let completion = Completion {
                completion: before.edge.id('c'),
                person,
                course: file.course.clone(),
                edition: course.edition,
                day: file.day,
                score: None,
                certificate: None,
                attended: true,
                valid_until: None,
                source: id.clone(),
            };
            draft.record(Event::Completed(completion));
        }
        for lesson in file.lessons {
            draft.record(Event::LessonAttached(Lesson { course: file.course.clone(), lesson, source: id.clone(), day: file.day }));
        }
        actions.into_iter().for_each(|finding| draft.record(Event::FindingOpened(Box::new(finding))));
        Ok(Some(drill))
    })
}

/// Attaches the lesson of an incident or drill to a course, so that the next refresher names it.
///
/// # Errors
/// [`RegisterError::Refused`] for an unknown course.
pub fn lesson(register: &mut Register, course: &str, lesson: &str, source: &str) -> Result<Lesson, RegisterError> {
    register.change(|before, draft| {
        let course = known_course(&before.state.book, course)?.course.clone();
        let lesson = Lesson { course, lesson: lesson.to_owned(), source: source.to_owned(), day: before.now.date() };
        draft.record(Event::LessonAttached(lesson.clone()));
        Ok(lesson)
    })
}

/// Keeps a file and returns its digest with its name.
///
/// # Errors
/// [`RegisterError::Disk`] when it cannot be read.
pub(super) fn keep(draft: &mut Draft, bytes: Vec<u8>, path: &Path) -> (Digest, String) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (draft.keep(bytes), name)
}
