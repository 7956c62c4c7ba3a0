//! Training: when a course falls due, how it stands, and who is told; the rules are those of `docs/deadlines.md`.

use std::io::Write;
use std::process::{Command, Stdio};

use countersign::base::date::Date;
use countersign::compliance::course::{Assignment, Completion, Course, Retirement, Voiding};
use countersign::compliance::deadline::{Completed, Enrolment, TrainingStanding, deadline, standing};
use countersign::compliance::person::{Exemption, Leave, Person};
use countersign::compliance::status::Filter;
use countersign::compliance::training;
use countersign::record::Event;
use countersign::record::event::PersonChange;
use countersign::rule::finding::Cause;
use countersign::rule::ladder::{Level, Reminders, Stage};
use serde_json::{Value, json};

use crate::suite::compliance::{Story, date, noon, person};

/// A yearly course: 30 days for the first time, 60 days of early window, 14 of grace, 14 after leave.
fn course(id: &str, refresher: Value) -> Course {
    let course = json!({
        "version": 1, "course": id, "edition": "1.0", "title": {"en": "Security refresher"}, "kind": "refresher", "owner": "owner@acme.example",
        "first_due_days": 30, "refresher": refresher, "grace_days": 14, "after_leave_days": 14,
    });
    serde_json::from_value(course).unwrap()
}

fn yearly() -> Value {
    json!({"period_months": 12, "early_days": 60})
}

impl Story {
    fn of(mut self, person: Person, day: &str) -> Self {
        self.on(day, Event::Person(Box::new(PersonChange { person, source: "import".to_owned(), reason: None })));
        self
    }

    fn gives(mut self, course: Course, day: &str) -> Self {
        self.on(day, Event::CoursePublished(Box::new(course)));
        self
    }

    fn assigns(mut self, course: &str, day: &str) -> Self {
        self.on(day, Event::Assigned(assignment(course, day)));
        self
    }

    fn completes(mut self, course: &str, day: &str) -> Self {
        let completion = Completion {
            completion: format!("c-{day}"),
            person: "p-1".to_owned(),
            course: course.to_owned(),
            edition: "1.0".parse().unwrap(),
            day: date(day),
            score: None,
            certificate: None,
            attended: false,
            valid_until: None,
            source: "record".to_owned(),
        };
        self.on(day, Event::Completed(completion));
        self
    }

    /// Standing and due date on a day.
    fn stands(&self, day: &str) -> Option<(TrainingStanding, Option<String>)> {
        let lines = training::lines(&self.state.book, Some(date(day)), noon(day), &Filter::default());
        assert!(lines.len() < 2, "{lines:?}");
        lines.first().map(|line| (line.status, line.due.map(|due| due.to_string())))
    }
}

fn assignment(course: &str, day: &str) -> Assignment {
    Assignment { person: "p-1".to_owned(), course: course.to_owned(), day: date(day), reason: "is in the audience".to_owned() }
}

fn at(standing: TrainingStanding, due: &str) -> Option<(TrainingStanding, Option<String>)> {
    Some((standing, Some(due.to_owned())))
}

/// One person who must take a yearly course since 4 January 2027.
fn assigned() -> Story {
    Story::default().of(person("p-1"), "2027-01-04").gives(course("refresher", yearly()), "2027-01-04").assigns("refresher", "2027-01-04")
}

#[test]
fn newcomer_has_the_days_of_the_course_and_its_grace() {
    let story = assigned();
    assert_eq!(story.stands("2027-01-03"), None);
    assert_eq!(story.stands("2027-01-04"), at(TrainingStanding::Assigned, "2027-02-03"));
    assert_eq!(story.stands("2027-01-27"), at(TrainingStanding::Due, "2027-02-03"));
    assert_eq!(story.stands("2027-02-17"), at(TrainingStanding::Grace, "2027-02-03"));
    assert_eq!(story.stands("2027-02-18"), at(TrainingStanding::Overdue, "2027-02-03"));
}

#[test]
fn changed_role_releases_and_a_return_keeps_what_was_completed() {
    let mut story = assigned().completes("refresher", "2027-01-20");
    story.on("2027-03-01", Event::Released(assignment("refresher", "2027-03-01")));
    assert_eq!(story.stands("2027-03-01"), None);
    let back = story.assigns("refresher", "2027-06-01");
    assert_eq!(back.stands("2027-06-02"), at(TrainingStanding::Completed, "2028-01-20"));
    let mut late = back;
    late.on("2027-07-01", Event::Released(assignment("refresher", "2027-07-01")));
    let lapsed = late.assigns("refresher", "2028-05-01");
    assert_eq!(lapsed.stands("2028-05-02"), at(TrainingStanding::Completed, "2028-05-31"), "a lapsed one has the time of a newcomer");
}

#[test]
fn retired_course_is_owed_by_nobody_and_was_owed_before() {
    let mut story = assigned();
    story.on("2027-02-01", Event::CourseRetired(Retirement { course: "refresher".to_owned(), day: date("2027-02-01"), reason: "replaced".to_owned() }));
    assert_eq!(story.stands("2027-02-02"), None);
    let back = story.gives(course("refresher", yearly()), "2027-03-01").assigns("refresher", "2027-03-01");
    assert_eq!(back.stands("2027-03-02"), at(TrainingStanding::Assigned, "2027-03-31"));
}

#[test]
fn leave_moves_the_due_date_and_not_the_cycle() {
    let away = Person { leave: vec![Leave { from: date("2028-01-01"), until: date("2028-03-31"), reason: "parental".to_owned() }], ..person("p-1") };
    let story = assigned().completes("refresher", "2027-01-20").of(away, "2027-12-01");
    assert_eq!(story.stands("2028-02-01"), at(TrainingStanding::Completed, "2028-04-14"));
    let done = story.completes("refresher", "2028-04-10");
    assert_eq!(done.stands("2028-04-11"), at(TrainingStanding::Completed, "2029-01-20"), "credited on the day it was due");
}

#[test]
fn hired_again_begins_again_and_voided_completion_never_was() {
    let left = Person { end: Some(date("2027-06-30")), ..person("p-1") };
    let story = assigned().completes("refresher", "2027-01-20").of(left, "2027-06-01");
    assert_eq!(story.stands("2027-07-01"), None);
    let again = story.of(Person { start: date("2027-09-01"), ..person("p-1") }, "2027-09-01");
    assert_eq!(again.stands("2027-09-02"), at(TrainingStanding::Assigned, "2027-10-01"));
    let mut done = again.completes("refresher", "2027-09-10");
    assert_eq!(done.stands("2027-09-11"), at(TrainingStanding::Completed, "2028-09-10"));
    done.on("2027-09-12", Event::CompletionVoided(Voiding { completion: "c-2027-09-10".to_owned(), person: "p-1".to_owned(), reason: "mistake".to_owned() }));
    assert_eq!(done.stands("2027-09-12"), at(TrainingStanding::Assigned, "2027-10-01"));
}

#[test]
fn staff_and_supplier_contact_in_one_are_two_people_of_the_register() {
    let mut story = assigned().of(person("p-2"), "2027-01-04").completes("refresher", "2027-01-20");
    story.on("2027-01-04", Event::Assigned(Assignment { person: "p-2".to_owned(), ..assignment("refresher", "2027-01-04") }));
    let lines = training::lines(&story.state.book, Some(date("2027-01-21")), noon("2027-01-21"), &Filter::default());
    let standings: Vec<(&str, TrainingStanding)> = lines.iter().map(|l| (l.person.as_str(), l.status)).collect();
    assert_eq!(standings, [("p-1", TrainingStanding::Completed), ("p-2", TrainingStanding::Assigned)], "a completion belongs to whom it was recorded for");
}

#[test]
fn exemption_is_from_a_course_from_a_policy_or_from_everything() {
    let exemption = |course: Option<&str>, policy: Option<&str>| Exemption {
        policy: policy.map(str::to_owned),
        course: course.map(str::to_owned),
        from: date("2027-01-04"),
        until: date("2027-03-31"),
        reason: "secondment".to_owned(),
        approver: "dpo@acme.example".to_owned(),
    };
    for (exemption, is_exempt) in [
        (exemption(Some("refresher"), None), true),
        (exemption(None, None), true),
        (exemption(None, Some("code")), false),
        (exemption(Some("other"), None), false),
    ] {
        let story = assigned().of(Person { exemptions: vec![exemption], ..person("p-1") }, "2027-01-04");
        let expected = if is_exempt { TrainingStanding::Exempt } else { TrainingStanding::Overdue };
        assert_eq!(story.stands("2027-03-01"), at(expected, "2027-02-03"));
        assert_eq!(story.plan("2027-03-01").mails.is_empty(), is_exempt);
    }
}

#[test]
fn reminders_climb_the_ladder_and_end_in_a_finding() {
    let coordinator = Person { roles: [countersign::compliance::person::Role::Coordinator].into(), ..person("p-boss") };
    let contact = Person { roles: [countersign::compliance::person::Role::Escalation].into(), ..person("p-chief") };
    let owner = Person { email: Some("owner@acme.example".to_owned()), ..person("p-owner") };
    let story = assigned().of(coordinator, "2027-01-04").of(contact, "2027-01-04").of(owner, "2027-01-04");
    let told = |day: &str| {
        let plan = story.plan_with(day, &Reminders::default());
        let items = plan.mails.iter().flat_map(|mail| mail.items.iter().map(|item| (mail.person.clone(), item.stage, item.level)));
        (items.collect::<Vec<_>>(), plan.findings.len())
    };
    let own = |stage| ("p-1".to_owned(), stage, None);
    let other = |person: &str, stage, level| (person.to_owned(), stage, Some(level));
    // Due on 3 February, in time until the 17th.
    assert_eq!(told("2027-01-04").0, [own(Stage::Ahead(countersign::rule::ladder::DaysAhead(30)))]);
    assert_eq!(told("2027-02-17").0, [own(Stage::Due)]);
    assert_eq!(told("2027-02-18").0, [own(Stage::Overdue(1))]);
    assert_eq!(told("2027-02-24").0, [own(Stage::Overdue(1)), other("p-boss", Stage::Overdue(1), Level::Coordinator)]);
    assert_eq!(
        told("2027-03-17"),
        (
            vec![
                own(Stage::Overdue(4)),
                other("p-boss", Stage::Overdue(4), Level::Coordinator),
                other("p-chief", Stage::Overdue(4), Level::Supplier),
                other("p-owner", Stage::Overdue(4), Level::Owner),
            ],
            0
        )
    );
    assert_eq!(told("2027-03-18").1, 1, "one interval after the last reminder");
    let finding = story.plan_with("2027-03-18", &Reminders::default()).findings.remove(0);
    assert_eq!(finding.cause, Cause::Overdue { obligation: "training/refresher/p-1".to_owned() });
    let mut found = story;
    found.on("2027-03-18", Event::FindingOpened(Box::new(finding)));
    assert!(found.plan_with("2027-03-19", &Reminders::default()).findings.is_empty(), "opened once");
    let done = found.completes("refresher", "2027-03-20");
    assert_eq!(done.plan_with("2027-03-20", &Reminders::default()).closures.len(), 1, "and closed when it is done");
}

/// Random cases, seeded, with what the program says: biased to month ends, leap days and the edges of windows.
fn cases(count: usize, seed: u64) -> Vec<Value> {
    let mut state = seed;
    let mut below = move |most: i64| {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % u64::try_from(most).unwrap()).unwrap()
    };
    let ends = ["2027-01-31", "2028-02-29", "2027-02-28", "2027-03-31", "2027-08-31", "2027-12-31", "2028-01-01"];
    let mut cases = Vec::new();
    for _ in 0..count {
        let mut day = |spread: i64| {
            let anchor = date(ends[usize::try_from(below(7)).unwrap()]);
            anchor.plus_days(i32::try_from(if below(3) == 0 { 0 } else { below(2 * spread) - spread }).unwrap())
        };
        let (assigned, start) = (day(300), day(600));
        let mut completions: Vec<Completed> = Vec::new();
        let calendar = day(400);
        let mut leave: Vec<(Date, Date)> = vec![(day(200), day(200)), (day(300), day(300))];
        let previous_end = day(500);
        let (due_near, until) = (day(500), day(700));
        for at in 0..below(6) {
            let chosen = if at == 0 { day_of(&mut below, assigned, 60) } else { day_of(&mut below, due_near, 700) };
            completions.push(Completed { day: chosen, valid_until: (below(5) == 0).then_some(until) });
        }
        leave.retain(|_| below(2) == 0);
        let leave: Vec<Leave> =
            leave.into_iter().map(|(a, b)| Leave { from: a.min(b), until: a.max(b).min(a.min(b).plus_days(120)), reason: "away".to_owned() }).collect();
        let period = [1, 3, 6, 12, 24][usize::try_from(below(5)).unwrap()];
        let refresher = match below(5) {
            0 => Value::Null,
            1 => json!({"period_months": period, "calendar": calendar, "early_days": below(20)}),
            late => json!({"period_months": period, "early_days": below(28), "late": if late == 2 { "keep" } else { "restart" }}),
        };
        let value = json!({
            "version": 1, "course": "c", "edition": "1.0", "title": {"en": "C"}, "kind": "refresher", "owner": "o",
            "first_due_days": below(60), "refresher": refresher, "grace_days": below(20), "after_leave_days": below(30),
        });
        let previous_end = (below(4) == 0).then_some(previous_end);
        let today = day_of(&mut below, assigned.max(start), 900);
        let is_exempt = below(10) == 0;
        let mut terms = value.clone();
        if terms["refresher"].is_null() {
            terms.as_object_mut().unwrap().remove("refresher");
        }
        let course: Course = serde_json::from_value(terms).unwrap();
        let found = deadline(&course, &Enrolment { assigned, start, previous_end, leave: &leave }, &completions, today);
        let status = standing(&found, course.grace_days, is_exempt, today);
        cases.push(json!({
            "course": value, "assigned": assigned, "start": start, "previous_end": previous_end, "leave": leave, "today": today, "exempt": is_exempt,
            "completions": completions.iter().map(|c| json!({"day": c.day, "valid_until": c.valid_until})).collect::<Vec<_>>(),
            "expected": {"due": found.due, "completed": found.completed, "status": status},
        }));
    }
    cases
}

fn day_of(below: &mut dyn FnMut(i64) -> i64, from: Date, most: i64) -> Date {
    from.plus_days(i32::try_from(below(most)).unwrap())
}

/// `COUNTERSIGN_DEADLINES` is the number of cases of a long run.
#[test]
fn deadlines_agree_with_an_implementation_written_from_the_rules_alone() {
    let count = std::env::var("COUNTERSIGN_DEADLINES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let Some(python) = crate::suite::sandbox::python("dateutil") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deadlines.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let cases = cases(count, 5);
    for status in ["assigned", "completed", "due", "grace", "overdue", "exempt"] {
        let share = cases.iter().filter(|case| case["expected"]["status"] == status).count();
        assert!(share * 200 >= count, "{share} of {count} cases are {status}");
    }
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains(&format!("{count} cases agree")), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
