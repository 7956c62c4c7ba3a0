//! Courses of a clause library: `clauses/training/*.yaml`. They are no inputs of a pack; what reads the library reads them as well.

use crate::base::decode::decode;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node;
use crate::base::suggest;
use crate::compliance::course::Course;
use crate::compliance::person::Language;
use crate::contract::derive::Written;
use crate::contract::library::Files;
use crate::rule::audience::with_people;
use crate::rule::condition::Condition;
use crate::rule::vocabulary::Vocabulary;
use crate::text::hygiene;

/// Folder of the courses in a clause library.
const FOLDER: &str = "training/";

/// Reads the courses of a library, in order of id.
///
/// # Errors
/// Faults are in the report; a course with a fault is left out.
pub(super) fn read(files: &Files, vocabulary: &Vocabulary, report: &mut Report) -> Vec<Written<Course>> {
    let vocabulary = with_people(vocabulary);
    let mut courses = Vec::new();
    for (path, source) in files {
        let Some(name) = path.strip_prefix(FOLDER).and_then(|rest| rest.strip_suffix(".yaml")) else { continue };
        let before = report.errors();
        let Some(node) = node::parse(source, report) else { continue };
        hygiene::check(&node, report);
        let Some(course) = decode::<Course>(&node, report) else { continue };
        if course.course != name {
            let message = format!("the id `{}` does not match the name of the file", course.course);
            report.push(Diagnostic::error("course-name", message).at(&node.place_of("course")).help(format!("write `course: {name}`, or rename the file")));
        }
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') || name.is_empty() {
            let help = "rename the file: lower-case letters, digits and `_`, because the id is a part of others";
            report.push(Diagnostic::error("course-name", format!("`{name}` is no id of a course")).at(&node.place_of("course")).help(help));
        }
        if course.material.as_ref().is_some_and(|address| !address.starts_with("https://") || address.contains(char::is_whitespace)) {
            let help = "write an address that begins with `https://`";
            report.push(Diagnostic::error("bad-form", "`material` has the wrong form").at(&node.place_of("material")).help(help));
        }
        if !course.title.contains_key(&Language::En) {
            report.push(Diagnostic::error("missing-key", "`en` is missing").at(&node.place_of("title")).help("add the title in English"));
        }
        if let Some(audience) = &course.audience {
            Condition::parse(audience, &vocabulary, &node.place_of("audience"), report);
        }
        if let Some(refresher) = &course.refresher
            && i32::from(refresher.early_days) > i32::from(refresher.period_months) * 28
        {
            let message = "the early window is longer than the period: one completion would be for two due dates";
            report.push(Diagnostic::error("contradiction", message).at(&node.place_of("refresher.early_days")).help("shorten it"));
        }
        if report.errors() == before {
            courses.push(Written { value: course, node });
        }
    }
    courses
}

/// The help for an id that no course has.
pub fn nearest<'a>(id: &str, courses: impl Iterator<Item = &'a str> + Clone) -> String {
    suggest::nearest(id, courses.clone()).map_or_else(|| suggest::help(id, courses), |near| format!("did you mean `{near}`?"))
}
