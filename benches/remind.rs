//! What reminders cost: everything that 10,000 people owe, and the plan of a day, in memory.

use std::sync::OnceLock;

use countersign::base::instant::Instant;
use countersign::compliance::course::{Assignment, Completion, Course};
use countersign::compliance::person::{Affiliation, Language, Person};
use countersign::compliance::reminder::{Agenda, Rules, plan};
use countersign::compliance::status::Filter;
use countersign::compliance::training;
use countersign::record::event::{ClockSource, PAYLOAD_VERSION, PersonChange};
use countersign::record::{Event, Payload, State, agenda};
use countersign::rule::ladder::Reminders;
use countersign::rule::working_time::Calendars;
use divan::{Bencher, black_box};

/// People of the register.
const PEOPLE: u32 = 10_000;
/// Courses that each of them must take.
const COURSES: [&str; 3] = ["security_onboarding", "security_refresher", "privacy_refresher"];

fn main() {
    divan::main();
}

fn now(text: &str) -> Instant {
    text.parse().expect("a moment")
}

/// A register in memory: everybody must take three courses, half of them have taken each.
fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let mut state = State::default();
        let recorded = now("2027-01-04T09:00:00.000Z");
        let mut tell = |event| state.apply(Payload { version: PAYLOAD_VERSION, recorded, clock: Some(ClockSource::Given), by: "bench".to_owned(), event });
        for course in COURSES {
            let course: Course = serde_json::from_value(serde_json::json!({
                "version": 1, "course": course, "edition": "1.0", "title": {"en": course}, "kind": "refresher", "owner": "Compliance",
                "first_due_days": 30, "refresher": {"period_months": 12, "early_days": 60}, "grace_days": 14,
            }))
            .expect("a course");
            tell(Event::CoursePublished(Box::new(course)));
        }
        for number in 0..PEOPLE {
            let id = format!("p-{number:05}");
            let person = Person {
                id: id.clone(),
                name: format!("Person {number}"),
                email: Some(format!("{id}@northwind.example")),
                affiliation: Affiliation::Supplier(format!("supplier-{}", number % 100)),
                roles: Default::default(),
                language: Language::En,
                time_zone: ["Europe/Dublin", "America/New_York", "Europe/Berlin"][number as usize % 3].to_owned(),
                country: None,
                coordinator: Some(format!("p-{:05}", number % 100)),
                deputy: None,
                start: "2026-01-01".parse().expect("a date"),
                end: None,
                leave: Vec::new(),
                exemptions: Vec::new(),
                ssh_keys: Vec::new(),
            };
            tell(Event::Person(Box::new(PersonChange { person, source: "import".to_owned(), reason: None })));
            for (at, course) in COURSES.into_iter().enumerate() {
                let day = "2027-01-04".parse().expect("a date");
                tell(Event::Assigned(Assignment { person: id.clone(), course: course.to_owned(), day, reason: "audience".to_owned() }));
                if (number as usize + at).is_multiple_of(2) {
                    tell(Event::Completed(Completion {
                        completion: format!("c-{number}-{at}"),
                        person: id.clone(),
                        course: course.to_owned(),
                        edition: "1.0".parse().expect("an edition"),
                        day,
                        score: None,
                        certificate: None,
                        attended: false,
                        valid_until: None,
                        source: "import".to_owned(),
                    }));
                }
            }
        }
        state
    })
}

/// Everything that is owed, in one list.
#[divan::bench]
fn obligations(bencher: Bencher<'_, '_>) {
    let (state, now) = (state(), now("2027-02-25T09:00:00.000Z"));
    bencher.bench(|| agenda::obligations(black_box(state), None, now));
}

/// The plan of a day on which half of it is overdue.
#[divan::bench]
fn plan_of_a_day(bencher: Bencher<'_, '_>) {
    let (state, now) = (state(), now("2027-02-25T09:00:00.000Z"));
    let (reminders, calendars) = (Reminders::default(), Calendars::default());
    let obligations = agenda::obligations(state, None, now);
    let agenda = Agenda { book: &state.book, findings: &state.findings, obligations: &obligations };
    bencher.bench(|| plan(black_box(agenda), now, Rules { reminders: &reminders, calendars: &calendars }));
}

/// The status of every course for everybody.
#[divan::bench]
fn status(bencher: Bencher<'_, '_>) {
    let (state, now) = (state(), now("2027-02-25T09:00:00.000Z"));
    bencher.bench(|| training::lines(black_box(&state.book), None, now, &Filter::default()));
}
