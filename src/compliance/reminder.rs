//! Reminders: who gets which mail on a day, and why somebody gets none.
//!
//! The plan is a pure function of what is owed, what was told, a moment and the ladders. A stage that was reached while nobody sent is not
//! made up for: each person gets at most one mail a day, with the latest stage of each item, and what was skipped is recorded with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::compliance::book::{Book, Item, Letter, MailRecord, MailState};
use crate::compliance::person::{Person, Role};
use crate::rule::finding::{Cause, Finding, FindingClosure, Findings, Severity};
use crate::rule::ladder::{Level, Reminders, Stage};
use crate::rule::obligation::{Obligation, ObligationKind};
use crate::rule::working_time::Calendars;

/// Days in which the owner of a finding about something overdue closes it.
const FINDING_DAYS: i32 = 30;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Agenda<'a> {
    /// People, and what they were told.
    pub book: &'a Book,
    /// Findings.
    pub findings: &'a Findings,
    /// Everything that is owed now.
    pub obligations: &'a [Obligation],
}

/// The rules of an organisation.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Ladders, and who answers where nobody else does.
    pub reminders: &'a Reminders,
    /// Working days and hours.
    pub calendars: &'a Calendars,
}

/// One mail that a plan sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Id of the person.
    pub person: String,
    /// What kind of mail.
    pub letter: Letter,
    /// The day on which it leaves, in the time zone of the person.
    pub day: Date,
    /// The first moment at which it may leave: working time of the person.
    pub send_at: Instant,
    /// The furthest stage among the items.
    pub stage: Stage,
    /// What is owed, in order of due date.
    pub items: Vec<Item>,
}

/// Somebody who owes something, or would be told of it, and gets no mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// Id of the person, or the name of somebody who is not in the register.
    pub person: String,
    /// Ids of what is owed.
    pub obligations: Vec<String>,
    /// Why.
    pub why: String,
}

/// What is to be sent and recorded at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Mails, in order of person, a person's own before those about others.
    pub mails: Vec<Planned>,
    /// People without mail, in order of person.
    pub held_back: Vec<HeldBack>,
    /// Findings that are opened, because all reminders are used up.
    pub findings: Vec<Finding>,
    /// Findings that are closed, because what they are about is done.
    pub closures: Vec<FindingClosure>,
}

/// Says who gets a mail at a moment.
pub fn plan(agenda: Agenda<'_>, now: Instant, rules: Rules<'_>) -> Plan {
    let planner = Planner { agenda, now, rules };
    let mut plan = Plan::default();
    planner.own(&mut plan);
    planner.teams(&mut plan);
    let of = |letter: Letter| letter == Letter::Team;
    plan.mails.sort_by(|a, b| (&a.person, of(a.letter)).cmp(&(&b.person, of(b.letter))));
    plan.held_back.sort_by(|a, b| (&a.person, &a.obligations).cmp(&(&b.person, &b.obligations)));
    planner.findings(&mut plan);
    plan
}

struct Planner<'a> {
    agenda: Agenda<'a>,
    now: Instant,
    rules: Rules<'a>,
}

/// What goes to each person, in order of due date.
type Pile<'a, T> = BTreeMap<&'a str, Vec<T>>;

impl<'a> Planner<'a> {
    /// Everybody's own mail.
    fn own(&self, plan: &mut Plan) {
        let mut piles: Pile<'a, &'a Obligation> = BTreeMap::new();
        for obligation in self.in_order() {
            match self.debtor(obligation) {
                Ok(person) => piles.entry(&person.id).or_default().push(obligation),
                Err(missing) => plan.held_back.push(HeldBack {
                    person: missing,
                    obligations: vec![obligation.id.clone()],
                    why: "is nobody in the register; import the person, or name another owner".to_owned(),
                }),
            }
        }
        for (id, pile) in piles {
            let Some(person) = self.agenda.book.people.get(id) else { continue };
            match self.own_mail(person, &pile) {
                Ok(mail) => plan.mails.push(mail),
                Err(why) => plan.held_back.push(HeldBack { person: id.to_owned(), obligations: pile.iter().map(|o| o.id.clone()).collect(), why }),
            }
        }
    }

    fn in_order(&self) -> Vec<&'a Obligation> {
        let mut all: Vec<&Obligation> = self.agenda.obligations.iter().collect();
        all.sort_by(|a, b| (a.due, &a.what, &a.id).cmp(&(b.due, &b.what, &b.id)));
        all
    }

    /// Whoever is written to first, or the name of somebody who is not in the register.
    fn debtor(&self, obligation: &'a Obligation) -> Result<&'a Person, String> {
        match &obligation.person {
            Some(id) => self.agenda.book.people.get(id).ok_or_else(|| id.clone()),
            None => self.owner(obligation),
        }
    }

    /// Whoever answers for an obligation on our side.
    fn owner(&self, obligation: &'a Obligation) -> Result<&'a Person, String> {
        let named = obligation.owner.as_deref();
        let found = named.and_then(|text| self.agenda.book.find_person(text));
        let general = || self.rules.reminders.owner.as_deref().and_then(|text| self.agenda.book.find_person(text));
        found.or_else(general).ok_or_else(|| named.or(self.rules.reminders.owner.as_deref()).unwrap_or("nobody").to_owned())
    }

    /// The moment at which a person can get a mail, and its day; or why not.
    fn opening(&self, person: &Person) -> Result<(Instant, Date), String> {
        let calendar = self.rules.calendars.of(person.country.as_deref());
        let Some(send_at) = crate::rule::working_time::next_working(calendar, &person.time_zone, self.now) else {
            return Err("has no working time in the next two months; correct `calendars` in `countersign.yaml`".to_owned());
        };
        let day = self.agenda.book.day_of(person, send_at);
        if day > person.end.unwrap_or(day) {
            return Err("has left; hand over or close the requests".to_owned());
        }
        if let Some(leave) = person.leave_on(day) {
            return Err(format!("on leave until {}", leave.until));
        }
        if person.email.is_none() {
            return Err("has no mailbox; a signatory attests".to_owned());
        }
        if let Some(response) = self.agenda.book.bounced.get(&person.id) {
            return Err(format!("mail came back ({response}); import another address"));
        }
        Ok((send_at, day))
    }

    fn own_mail(&self, person: &Person, pile: &[&Obligation]) -> Result<Planned, String> {
        let book = self.agenda.book;
        let (send_at, day) = self.opening(person)?;
        let mut items = Vec::new();
        let mut reasons: Vec<String> = Vec::new();
        let mut is_first = true;
        for obligation in pile {
            let Obligation { id, what, due, grace_days, .. } = obligation;
            if let Some(why) = &obligation.paused {
                reasons.push(why.clone());
                continue;
            }
            let ladder = self.rules.reminders.of(obligation.kind);
            let last = book.reminded(id, *due);
            let stage = match (ladder.stage(*due, *grace_days, day), last) {
                (Some(stage), Some(last)) if stage > last => stage,
                (Some(stage), Some(_)) => {
                    reasons.push(format!("{what}: the mail of stage `{stage}` was decided already"));
                    continue;
                }
                // Nobody wrote yet: whatever the day, this is the first mail.
                (stage, None) if obligation.is_new && !(stage.is_none() && day > *due && book.was_told(id)) => stage.unwrap_or(Stage::Request),
                (Some(stage), None) => stage,
                (None, _) if day <= *due => {
                    reasons.push(format!("{what} is due on {due} only"));
                    continue;
                }
                (None, _) => {
                    reasons.push(format!("{what} had all its reminders"));
                    continue;
                }
            };
            is_first &= last.is_none() && obligation.is_new;
            let from = last.or_else(|| ladder.stage(*due, *grace_days, obligation.since.min(day))).unwrap_or(Stage::Request);
            items.push(Item { obligation: id.clone(), stage, due: *due, level: None, skipped: ladder.between(from, stage) });
        }
        let Some(stage) = items.iter().map(|item| item.stage).max() else { return Err(some_of(&reasons)) };
        if book.last_mail.get(&person.id).is_some_and(|last| *last >= day) {
            return Err("gets one mail a day, and had it".to_owned());
        }
        let letter = if is_first { Letter::Request } else { Letter::Reminder };
        Ok(Planned { person: person.id.clone(), letter, day, send_at, stage, items })
    }

    /// Mails about what others owe: one for each coordinator, escalation contact and owner.
    fn teams(&self, plan: &mut Plan) {
        let today = self.now.date();
        let mut piles: Pile<'a, (&'a Obligation, Level)> = BTreeMap::new();
        for obligation in self.in_order() {
            if obligation.paused.is_some() || !obligation.is_overdue(today) {
                continue;
            }
            let Ok(debtor) = self.debtor(obligation) else { continue };
            let ladder = self.rules.reminders.of(obligation.kind);
            for level in ladder.escalated(obligation.due, obligation.grace_days, today) {
                if self.agenda.book.is_escalated(&obligation.id, obligation.due, level) {
                    continue;
                }
                let told = self.of_level(obligation, debtor, level).map(|person| self.deputy(person));
                if let Some(person) = told.filter(|person| person.id != debtor.id) {
                    piles.entry(&person.id).or_default().push((obligation, level));
                }
            }
        }
        for (id, pile) in piles {
            let Some(person) = self.agenda.book.people.get(id) else { continue };
            match self.team_mail(person, &pile) {
                Ok(mail) => plan.mails.push(mail),
                Err(why) => plan.held_back.push(HeldBack { person: id.to_owned(), obligations: pile.iter().map(|(o, _)| o.id.clone()).collect(), why }),
            }
        }
    }

    /// Who is told at a level.
    fn of_level(&self, obligation: &'a Obligation, debtor: &'a Person, level: Level) -> Option<&'a Person> {
        let people = &self.agenda.book.people;
        let with = |role: Role| {
            let supplier = obligation.supplier.as_deref()?;
            let has = |p: &&Person| p.supplier() == Some(supplier) && p.roles.contains(&role) && p.is_active(self.agenda.book.day_of(p, self.now));
            people.values().find(has)
        };
        match level {
            Level::Coordinator if obligation.person.is_some() => match &debtor.coordinator {
                Some(id) => people.get(id),
                None => with(Role::Coordinator),
            },
            Level::Coordinator => None,
            // Nothing of our own view of a supplier goes to it.
            Level::Supplier => match obligation.kind {
                ObligationKind::Acknowledgment | ObligationKind::Training | ObligationKind::Certificate | ObligationKind::Insurance => with(Role::Escalation),
                _ => None,
            },
            Level::Owner => self.owner(obligation).ok(),
        }
    }

    /// Whoever stands in for somebody on leave.
    fn deputy(&self, person: &'a Person) -> &'a Person {
        let book = self.agenda.book;
        let is_away = person.leave_on(book.day_of(person, self.now)).is_some();
        person.deputy.as_ref().filter(|_| is_away).and_then(|id| book.people.get(id)).unwrap_or(person)
    }

    fn team_mail(&self, person: &Person, pile: &[(&Obligation, Level)]) -> Result<Planned, String> {
        let (send_at, day) = self.opening(person)?;
        let is_of_the_day = |mail: &MailRecord| {
            mail.decision.person == person.id
                && mail.decision.letter == Letter::Team
                && mail.decision.day == day
                && !matches!(mail.state, MailState::Dropped | MailState::Bounced)
        };
        if self.agenda.book.mails.values().any(is_of_the_day) {
            return Err("gets one mail a day about others, and had it".to_owned());
        }
        let stage = |o: &Obligation| self.rules.reminders.of(o.kind).stage(o.due, o.grace_days, day);
        let item = |(o, level): &(&Obligation, Level)| Item {
            obligation: o.id.clone(),
            stage: stage(o).unwrap_or(Stage::Overdue(self.rules.reminders.of(o.kind).overdue_at_most)),
            due: o.due,
            level: Some(*level),
            skipped: Vec::new(),
        };
        let items: Vec<Item> = pile.iter().map(item).collect();
        let stage = items.iter().map(|item| item.stage).max().unwrap_or(Stage::Overdue(1));
        Ok(Planned { person: person.id.clone(), letter: Letter::Team, day, send_at, stage, items })
    }

    /// Findings about what had all its reminders, and those that are settled.
    fn findings(&self, plan: &mut Plan) {
        let today = self.now.date();
        let findings = self.agenda.findings;
        let mut late: BTreeMap<String, &Obligation> = BTreeMap::new();
        for obligation in self.agenda.obligations.iter().filter(|o| o.paused.is_none() && o.kind != ObligationKind::Finding) {
            if self.rules.reminders.of(obligation.kind).is_used_up(obligation.due, obligation.grace_days, today) {
                late.insert(finding_id(obligation), obligation);
            }
        }
        for record in findings.open_ones().filter(|record| matches!(record.finding.cause, Cause::Overdue { .. })) {
            let Finding { finding, person, .. } = &record.finding;
            if !late.contains_key(finding) {
                plan.closures.push(FindingClosure {
                    finding: finding.clone(),
                    person: person.clone(),
                    reason: "what it is about is done, or owed by nobody any more".to_owned(),
                    evidence: None,
                });
            }
        }
        for (id, obligation) in late.into_iter().filter(|(id, _)| !findings.all.contains_key(id)) {
            plan.findings.push(Finding {
                finding: id,
                title: match &obligation.person {
                    Some(person) => format!("{} of {person}: overdue since {} in spite of all reminders", obligation.what, obligation.due),
                    None => format!("{}: overdue since {} in spite of all reminders", obligation.what, obligation.due),
                },
                cause: Cause::Overdue { obligation: obligation.id.clone() },
                severity: Severity::Major,
                supplier: obligation.supplier.clone(),
                person: obligation.person.clone(),
                owner: obligation.owner.clone(),
                due: Some(today.plus_days(FINDING_DAYS)),
            });
        }
    }
}

/// A few reasons, and how many more there are.
fn some_of(reasons: &[String]) -> String {
    let shown = reasons.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    if reasons.len() > 3 { format!("{shown}; and {} more", reasons.len() - 3) } else { shown }
}

/// The id of the finding about one due date of an obligation.
fn finding_id(obligation: &Obligation) -> String {
    format!("overdue-{}", Digest::of(format!("{} {}", obligation.id, obligation.due).as_bytes()).short(12))
}

/// Key of the mail about others for a person and day.
pub fn team_key(person: &str, day: Date) -> String {
    format!("team:{person}:{day}")
}
