//! Training: courses, who must take them, and what was completed, as a fold of recorded events.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::book::Book;
use crate::compliance::course::{Assignment, Completion, Course, Drill, Lesson, Retirement, Voiding};
use crate::compliance::deadline::{Completed, Deadline, Enrolment, TrainingStanding, deadline, standing};
use crate::compliance::person::{Language, Person};
use crate::compliance::status::Filter;
use crate::rule::obligation::{Obligation, ObligationKind};

/// Courses, assignments, completions, drills and lessons.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Training {
    /// Courses by id, as they are now.
    pub courses: BTreeMap<String, CourseRecord>,
    /// What each person has with each course, by person and course.
    pub enrolments: BTreeMap<String, BTreeMap<String, EnrolmentRecord>>,
    /// The person and course of each completion that counts.
    completions: BTreeMap<String, (String, String)>,
    /// Drills, oldest first.
    pub drills: Vec<(Instant, Drill)>,
}

/// A course with what happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct CourseRecord {
    /// As it is now.
    pub course: Course,
    /// The entry that published it.
    pub entry: u64,
    /// When it was retired.
    pub retired: Option<Retirement>,
    /// Lessons, oldest first.
    pub lessons: Vec<Lesson>,
}

/// What one person has with one course.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EnrolmentRecord {
    /// Since when the person is in the audience; `None` when not.
    pub assigned: Option<Assignment>,
    /// Completions, in the order in which they were recorded.
    pub completions: Vec<Completion>,
    /// The newest entry about it.
    pub entry: u64,
}

impl Training {
    /// A course is as this says; a retired one is back.
    pub fn publish(&mut self, entry: u64, course: Course) {
        let lessons = self.courses.remove(&course.course).map(|old| old.lessons).unwrap_or_default();
        self.courses.insert(course.course.clone(), CourseRecord { course, entry, retired: None, lessons });
    }

    /// A course is no longer given: everybody is released.
    pub fn retire(&mut self, entry: u64, retirement: Retirement) {
        for enrolments in self.enrolments.values_mut() {
            if let Some(enrolment) = enrolments.get_mut(&retirement.course).filter(|e| e.assigned.is_some()) {
                (enrolment.assigned, enrolment.entry) = (None, entry);
            }
        }
        if let Some(record) = self.courses.get_mut(&retirement.course) {
            record.retired = Some(retirement);
        }
    }

    /// A lesson is attached.
    pub fn attach(&mut self, lesson: Lesson) {
        if let Some(record) = self.courses.get_mut(&lesson.course) {
            record.lessons.push(lesson);
        }
    }

    fn enrolment(&mut self, person: &str, course: &str, entry: u64) -> &mut EnrolmentRecord {
        let enrolment = self.enrolments.entry(person.to_owned()).or_default().entry(course.to_owned()).or_default();
        enrolment.entry = entry;
        enrolment
    }

    /// A person comes into the audience.
    pub fn assign(&mut self, entry: u64, assignment: Assignment) {
        self.enrolment(&assignment.person, &assignment.course, entry).assigned = Some(assignment.clone());
    }

    /// A person leaves the audience.
    pub fn release(&mut self, entry: u64, release: &Assignment) {
        self.enrolment(&release.person, &release.course, entry).assigned = None;
    }

    /// A course was completed.
    pub fn complete(&mut self, entry: u64, completion: Completion) {
        self.completions.insert(completion.completion.clone(), (completion.person.clone(), completion.course.clone()));
        self.enrolment(&completion.person, &completion.course, entry).completions.push(completion.clone());
    }

    /// A completion does not count.
    pub fn void(&mut self, entry: u64, voiding: &Voiding) {
        if let Some((person, course)) = self.completions.remove(&voiding.completion) {
            self.enrolment(&person, &course, entry).completions.retain(|c| c.completion != voiding.completion);
        }
    }

    /// The person and course of a completion that counts.
    pub fn completion(&self, id: &str) -> Option<(&str, &str)> {
        self.completions.get(id).map(|(person, course)| (person.as_str(), course.as_str()))
    }

    /// A drill was held.
    pub fn hold(&mut self, at: Instant, drill: Drill) {
        self.drills.push((at, drill));
    }

    /// The data of a person was destroyed.
    pub fn erase(&mut self, person: &str) {
        self.enrolments.remove(person);
        self.completions.retain(|_, (of, _)| of != person);
    }

    /// Courses that are given now.
    pub fn given(&self) -> impl Iterator<Item = &CourseRecord> {
        self.courses.values().filter(|record| record.retired.is_none())
    }
}

/// How one course stands for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrainingLine {
    /// Id of the person.
    pub person: String,
    /// Name.
    pub name: String,
    /// Department or supplier.
    pub belongs_to: String,
    /// The course.
    pub course: String,
    /// How it stands.
    pub status: TrainingStanding,
    /// Last day, grace aside.
    pub due: Option<Date>,
    /// Day of the last completion that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Date>,
    /// Id of that completion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
    /// Days of grace.
    pub grace_days: u16,
    /// Since when the person is in the audience.
    pub assigned: Date,
    /// The newest entry about it.
    pub entry: u64,
}

/// How a course stands for a person on a day; `None` when nothing is owed then.
fn line(book: &Book, person: &Person, record: &CourseRecord, enrolment: &EnrolmentRecord, day: Date) -> Option<TrainingLine> {
    let assigned = enrolment.assigned.as_ref()?.day;
    if day < assigned || !person.is_active(day) {
        return None;
    }
    let course = &record.course;
    let completions: Vec<Completed> = enrolment.completions.iter().map(|c| Completed { day: c.day, valid_until: c.valid_until }).collect();
    let previous_end = book.previous_end.get(&person.id).copied();
    let deadline: Deadline = deadline(course, &Enrolment { assigned, start: person.start, previous_end, leave: &person.leave }, &completions, day);
    let is_exempt = person.exemption_from_course(&course.course, day).is_some();
    Some(TrainingLine {
        person: person.id.clone(),
        name: person.name.clone(),
        belongs_to: person.belongs_to().to_owned(),
        course: course.course.clone(),
        status: standing(&deadline, course.grace_days, is_exempt, day),
        due: deadline.due,
        completed: deadline.completed,
        completion: enrolment.completions.iter().find(|c| Some(c.day) == deadline.completed).map(|c| c.completion.clone()),
        grace_days: course.grace_days,
        assigned,
        entry: enrolment.entry.max(record.entry),
    })
}

/// Says how every course stands for everybody on a day, or without one today as each person has it, in order of name, person and course.
pub fn lines(book: &Book, day: Option<Date>, now: Instant, filter: &Filter) -> Vec<TrainingLine> {
    let mut lines: Vec<TrainingLine> = Vec::new();
    for person in book.people.values().filter(|p| filter.admits(p)) {
        let Some(enrolments) = book.training.enrolments.get(&person.id) else { continue };
        let day = day.unwrap_or_else(|| book.day_of(person, now));
        for (course, enrolment) in enrolments.iter().filter(|(course, _)| filter.course.as_ref().is_none_or(|wanted| wanted == *course)) {
            let Some(record) = book.training.courses.get(course) else { continue };
            lines.extend(line(book, person, record, enrolment, day));
        }
    }
    lines.sort_by(|a, b| (&a.name, &a.person, &a.course).cmp(&(&b.name, &b.person, &b.course)));
    lines
}

/// The training that everybody owes, as obligations; what an exemption covers is paused.
pub fn obligations(book: &Book, day: Option<Date>, now: Instant) -> impl Iterator<Item = Obligation> {
    book.training.enrolments.iter().flat_map(move |(person, enrolments)| enrolments.keys().filter_map(move |course| owed(book, person, course, day, now)))
}

/// One course of a person as an obligation now; `None` when nothing is owed.
pub fn obligation(book: &Book, person: &str, course: &str, now: Instant) -> Option<Obligation> {
    owed(book, person, course, None, now)
}

fn owed(book: &Book, person: &str, course: &str, day: Option<Date>, now: Instant) -> Option<Obligation> {
    let person = book.people.get(person)?;
    let record = book.training.courses.get(course)?;
    let enrolment = book.training.enrolments.get(&person.id)?.get(course)?;
    let day = day.unwrap_or_else(|| book.day_of(person, now));
    let line = line(book, person, record, enrolment, day)?;
    Some(Obligation {
        id: format!("training/{course}/{}", person.id),
        kind: ObligationKind::Training,
        what: record.course.title(Language::En).to_owned(),
        supplier: person.supplier().map(str::to_owned),
        person: Some(person.id.clone()),
        owner: Some(record.course.owner.clone()),
        due: line.due?,
        grace_days: line.grace_days,
        since: line.assigned,
        entry: line.entry,
        is_new: line.completed.is_none(),
        paused: person.exemption_from_course(course, day).map(|e| format!("exempt from `{course}` until {}", e.until)),
    })
}
