//! Two times: what stood on a day of the past is what was known then, whatever was edited since.

use std::path::Path;

use countersign::base::date::Date;
use countersign::base::instant::Instant;
use countersign::compliance::course::{Assignment, Completion, Course, Retirement};
use countersign::compliance::person::{Exemption, Leave, Role};
use countersign::compliance::status::Filter;
use countersign::record::Event;
use countersign::record::event::PersonChange;
use countersign::workflow::oversight::{DueFilter, due};
use countersign::workflow::register::Register;
use countersign::workflow::status;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::suite::compliance::{date, request, version};
use crate::suite::world::{begin, person};

/// The first day on which something is recorded.
const FIRST: &str = "2027-01-04";

fn noon(day: Date) -> String {
    format!("{day}T12:00:00.000Z")
}

fn at(root: &Path, day: Date) -> Register {
    Register::open(root, crate::suite::world::edge(&noon(day))).unwrap()
}

/// An edit of people, courses or rules, or something that people did, made from four numbers.
fn event((kind, who, what, days): (u8, u8, u8, u8), day: Date) -> Event {
    let id = format!("p-{}", who % 3);
    let course = format!("course_{}", what % 2);
    let (from, until) = (day.plus_days(i32::from(days) - 120), day.plus_days(i32::from(days) - 90));
    let assignment = || Assignment { person: id.clone(), course: course.clone(), day, reason: "audience".to_owned() };
    match kind % 8 {
        0 => {
            let mut person = person(&id);
            person.name = format!("Name {what}");
            person.time_zone = ["Europe/Dublin", "America/New_York", "Pacific/Auckland"][usize::from(what % 3)].to_owned();
            if what.is_multiple_of(2) {
                person.leave = vec![Leave { from, until, reason: "away".to_owned() }];
            }
            if what.is_multiple_of(3) {
                let approver = "dpo@example.com".to_owned();
                person.exemptions = vec![Exemption { policy: None, course: None, from, until, reason: "secondment".to_owned(), approver }];
            }
            if what.is_multiple_of(5) {
                person.end = Some(until.max(person.start));
            }
            person.roles = if what.is_multiple_of(7) { [Role::Administrator].into() } else { Default::default() };
            Event::Person(Box::new(PersonChange { person, source: "import".to_owned(), reason: None }))
        }
        1 => {
            let refresher = (what % 3 != 0).then(|| json!({"period_months": 1 + what % 12, "early_days": days % 20}));
            let mut value = json!({
                "version": 1, "course": course, "edition": "1.0", "title": {"en": "C"}, "kind": "refresher", "owner": "o",
                "first_due_days": days % 40, "grace_days": what % 20,
            });
            if let Some(refresher) = refresher {
                value["refresher"] = refresher;
            }
            let course: Course = serde_json::from_value(value).unwrap();
            Event::CoursePublished(Box::new(course))
        }
        2 | 3 => Event::Assigned(assignment()),
        4 => Event::Released(assignment()),
        5 => Event::CourseRetired(Retirement { course, day, reason: "replaced".to_owned() }),
        6 => Event::Completed(Completion {
            completion: format!("c-{day}-{who}-{what}-{days}"),
            person: id,
            course,
            edition: "1.0".parse().unwrap(),
            // Often recorded long after it was done.
            day: day.plus_days(-i32::from(days % 60)),
            score: None,
            certificate: None,
            attended: false,
            valid_until: None,
            source: "import".to_owned(),
        }),
        _ => Event::Requested(request(
            &format!("r-{day}-{who}-{what}-{days}"),
            &id,
            "1.0",
            &day.plus_days(14).to_string(),
            countersign::compliance::acknowledgment::Occasion::First,
        )),
    }
}

fn told(root: &Path, day: Date, events: &[(u8, u8, u8, u8)]) {
    let mut register = at(root, day);
    register
        .change(|_, draft| {
            events.iter().for_each(|numbers| draft.record(event(*numbers, day)));
            Ok(())
        })
        .unwrap();
}

/// Everything that a day of the past can be asked: acknowledgments, training and what is owed.
fn answers(root: &Path, now: Date, day: Date, known_at: Option<Instant>) -> Value {
    let mut register = at(root, now);
    let filter = Filter::default();
    json!({
        "acknowledgments": status::status(&mut register, Some(day), known_at, &filter).unwrap(),
        "training": status::training(&mut register, Some(day), known_at, &filter).unwrap(),
        "due": due(&mut register, Some(day), known_at, &DueFilter::default()).unwrap(),
    })
}

type Numbers = (u8, u8, u8, u8);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn past_day_has_one_answer_before_and_after_later_edits(
        earlier in proptest::collection::vec((0i32..60, proptest::collection::vec(any::<Numbers>(), 1..6)), 1..8),
        asked in 0i32..60,
        later in proptest::collection::vec((2i32..60, proptest::collection::vec(any::<Numbers>(), 1..6)), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        drop(begin(folder.path()));
        let first = date(FIRST);
        let mut earlier = earlier;
        earlier.sort_by_key(|(offset, _)| *offset);
        let mut published = at(folder.path(), first);
        published.change(|_, draft| {
            draft.keep(b"pdf 1.0".to_vec());
            draft.keep(b"html 1.0".to_vec());
            draft.record(Event::Published(Box::new(version("1.0", FIRST))));
            Ok(())
        }).unwrap();
        drop(published);
        for (offset, events) in &earlier {
            told(folder.path(), first.plus_days(*offset), events);
        }
        let last = first.plus_days(earlier.last().map_or(0, |(offset, _)| *offset));
        let day = first.plus_days(asked).min(last);
        let settled = last.plus_days(2);
        let before = answers(folder.path(), settled, day, None);
        let mut later = later;
        later.sort_by_key(|(offset, _)| *offset);
        for (offset, events) in &later {
            told(folder.path(), settled.plus_days(*offset), events);
        }
        let now = settled.plus_days(200);
        prop_assert_eq!(&answers(folder.path(), now, day, None), &before);
        // Asked by what is known now, the day may look otherwise, and the question by what was known then is the same as the plain one.
        let end_of_day = Instant::start_of(day.plus_days(1), "UTC").unwrap().plus_secs(12 * 3600);
        prop_assert_eq!(&answers(folder.path(), now, day, Some(end_of_day)), &before);
    }
}

#[test]
fn completion_that_is_recorded_late_counts_from_when_it_is_known_or_by_what_is_known_now() {
    let folder = tempfile::tempdir().unwrap();
    drop(begin(folder.path()));
    let (first, day, late) = (date(FIRST), date("2027-02-20"), date("2027-03-10"));
    told(folder.path(), first, &[(0, 0, 1, 0), (1, 0, 1, 30), (2, 0, 1, 0)]);
    let standing = |known_at: Option<Instant>| answers(folder.path(), late, day, known_at)["training"][0]["status"].clone();
    assert_eq!(standing(None), "overdue");
    // Done on 19 February, recorded on 10 March.
    told(folder.path(), late, &[(6, 0, 1, 19)]);
    assert_eq!(standing(None), "overdue", "as an auditor would have seen it on that day");
    assert_eq!(standing(Some(format!("{late}T12:00:00.000Z").parse().unwrap())), "completed", "by what is known now");
}
