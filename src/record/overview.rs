//! An overview of the register on a day: what reports print. A pure function of the state.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::compliance::deadline::TrainingStanding;
use crate::compliance::status::{self, Filter, Standing};
use crate::compliance::training;
use crate::contract::entity::RiskAppetite;
use crate::contract::history::{AssessmentRecord, AssuranceKind};
use crate::contract::lifecycle::PackState;
use crate::contract::risk::Tier;
use crate::record::{State, agenda};
use crate::rule::finding::{Cause, Severity};
use crate::rule::obligation::ObligationKind;

/// Months of movement that are shown.
pub const MONTHS: i32 = 12;

/// How the register stands on a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The day.
    pub as_of: Date,
    /// People who work on that day.
    pub people: usize,
    /// Acknowledgments by policy.
    pub policies: Vec<Coverage>,
    /// Training by course.
    pub courses: Vec<Coverage>,
    /// Suppliers, those of the highest tier first.
    pub suppliers: Vec<SupplierRow>,
    /// Suppliers by tier, now and at the end of each month before, oldest first.
    pub movement: Vec<TierCount>,
    /// What is overdue, by kind.
    pub overdue_kinds: BTreeMap<ObligationKind, usize>,
    /// Findings that are open, oldest first.
    pub findings: Vec<FindingRow>,
    /// Findings closed in the twelve months before.
    pub closed_findings: usize,
    /// What departs from the standard: accepted holds and obligations, gaps of adopted contracts.
    pub departures: Vec<Departure>,
    /// Drills of the twelve months before.
    pub drills: Vec<DrillRow>,
    /// The ledger.
    pub ledger: LedgerState,
}

/// How many people did what they owe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Id of the policy or course.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Signed or completed, and not due again.
    pub done: u32,
    /// In time, but not done.
    pub open: u32,
    /// Not done in time.
    pub overdue: u32,
    /// Said no.
    pub declined: u32,
    /// Exempt.
    pub exempt: u32,
}

impl Coverage {
    /// Those who owe it: everybody but the exempt.
    pub fn owed(&self) -> u32 {
        self.done + self.open + self.overdue + self.declined
    }

    /// Share of those who owe it and did it, in whole percent rounded down; `None` where nobody owes it.
    pub fn percent(&self) -> Option<u32> {
        (self.done * 100).checked_div(self.owed())
    }
}

/// One supplier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SupplierRow {
    /// Id.
    pub supplier: String,
    /// Legal name.
    pub name: String,
    /// Tier.
    pub tier: Tier,
    /// Residual score in points, 0 to 100.
    pub residual: f64,
    /// Tier twelve months before, where it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier_before: Option<Tier>,
    /// Last day by which it is reviewed.
    pub next_review: Date,
    /// People of the supplier.
    pub people: usize,
    /// What its people and the supplier itself owe and have not done in time.
    pub overdue: u32,
    /// Acknowledgments and courses of its people that are done, of those owed.
    pub done: u32,
    /// Those owed.
    pub owed: u32,
    /// Findings that are open.
    pub findings: u32,
    /// Incidents of 36 months that its profile knows.
    pub incidents: u32,
    /// How its contract stands; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<PackState>,
    /// Why it is above the risk appetite; empty when it is not.
    pub above_appetite: Vec<String>,
}

/// Suppliers by tier at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TierCount {
    /// The day.
    pub day: Date,
    /// Number of suppliers of each tier, from low to critical.
    pub counts: [u32; 4],
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingRow {
    /// Id.
    pub finding: String,
    /// What is wrong.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// Supplier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Who closes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// By when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Days since it was opened.
    pub age_days: i64,
}

/// Something that departs from the standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// Supplier.
    pub supplier: String,
    /// What departs.
    pub what: String,
    /// Who accepted it; `None` for a gap that nobody accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// One drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillRow {
    /// The day.
    pub day: Date,
    /// What was played.
    pub scenario: String,
    /// People who took part.
    pub participants: usize,
    /// Lessons.
    pub lessons: usize,
    /// Actions that are still open, and all of them.
    pub actions: (usize, usize),
}

/// The ledger at the time of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerState {
    /// Its origin.
    pub origin: String,
    /// Number of entries that the report is made from.
    pub entries: u64,
    /// When the newest of them was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Instant>,
}

/// Works out the overview of a day, or of one supplier on it.
pub fn overview(state: &State, day: Date, now: Instant, appetite: Option<&RiskAppetite>, supplier: Option<&str>) -> Overview {
    let filter = Filter { supplier: supplier.map(str::to_owned), ..Filter::default() };
    let signing = status::status(&state.book, Some(day), now, &filter);
    let learning = training::lines(&state.book, Some(day), now, &filter);
    let mut policies: BTreeMap<String, Coverage> = BTreeMap::new();
    let mut by_supplier: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut count = |belongs_to: &str, is_done: bool| {
        let (done, owed) = by_supplier.entry(belongs_to.to_owned()).or_default();
        *done += u32::from(is_done);
        *owed += 1;
    };
    for line in signing {
        let title = || state.book.policies.get(&line.policy).and_then(|v| v.last()).map_or_else(|| line.policy.clone(), |v| v.title.clone());
        let coverage = policies.entry(line.policy.clone()).or_insert_with(|| Coverage { id: line.policy.clone(), title: title(), ..Coverage::default() });
        match line.status {
            Standing::Signed => coverage.done += 1,
            Standing::Requested | Standing::Due => coverage.open += 1,
            Standing::Overdue => coverage.overdue += 1,
            Standing::Declined => coverage.declined += 1,
            Standing::Exempt => coverage.exempt += 1,
            Standing::Superseded | Standing::Closed | Standing::Voided => continue,
        }
        if line.status != Standing::Exempt {
            count(&line.belongs_to, line.status == Standing::Signed);
        }
    }
    let mut courses: BTreeMap<String, Coverage> = BTreeMap::new();
    for line in learning {
        let title = || {
            state
                .book
                .training
                .courses
                .get(&line.course)
                .map_or_else(|| line.course.clone(), |r| r.course.title(crate::compliance::person::Language::En).to_owned())
        };
        let coverage = courses.entry(line.course.clone()).or_insert_with(|| Coverage { id: line.course.clone(), title: title(), ..Coverage::default() });
        // Whoever completed it once and has it due again this week has done it.
        let is_done =
            line.status == TrainingStanding::Completed || (line.completed.is_some() && matches!(line.status, TrainingStanding::Due | TrainingStanding::Grace));
        match line.status {
            TrainingStanding::Exempt => coverage.exempt += 1,
            TrainingStanding::Overdue => coverage.overdue += 1,
            _ if is_done => coverage.done += 1,
            _ => coverage.open += 1,
        }
        if line.status != TrainingStanding::Exempt {
            count(&line.belongs_to, is_done);
        }
    }
    let wanted = |other: Option<&String>| supplier.is_none() || other.map(String::as_str) == supplier;
    let owed = agenda::obligations(state, Some(day), now);
    let mut overdue_kinds = BTreeMap::new();
    let mut overdue: BTreeMap<&str, u32> = BTreeMap::new();
    for obligation in owed.iter().filter(|o| o.paused.is_none() && o.is_overdue(day) && wanted(o.supplier.as_ref())) {
        *overdue_kinds.entry(obligation.kind).or_insert(0) += 1;
        if let Some(supplier) = &obligation.supplier {
            *overdue.entry(supplier).or_default() += 1;
        }
    }
    let findings = findings(state, day, &wanted);
    let mut suppliers: Vec<SupplierRow> = newest(state, day)
        .filter(|record| wanted(Some(&record.supplier)))
        .map(|record| {
            let id = &record.supplier;
            let covered = by_supplier.get(id).copied().unwrap_or_default();
            row(state, day, record, appetite, covered, overdue.get(id.as_str()).copied().unwrap_or_default(), &findings)
        })
        .collect();
    suppliers.sort_by(|a, b| (b.tier, b.residual, &a.name).partial_cmp(&(a.tier, a.residual, &b.name)).unwrap_or(std::cmp::Ordering::Equal));
    let year = |at: Instant| at.date() > day.plus_months(-MONTHS) && at.date() <= day;
    Overview {
        as_of: day,
        people: state.book.people.values().filter(|p| p.is_active(day) && filter.admits(p)).count(),
        policies: policies.into_values().collect(),
        courses: courses.into_values().collect(),
        suppliers,
        movement: movement(state, day, supplier),
        overdue_kinds,
        findings,
        closed_findings: state
            .findings
            .all
            .values()
            .filter(|r| r.closed.as_ref().is_some_and(|(at, _)| year(*at)) && wanted(r.finding.supplier.as_ref()))
            .count(),
        departures: departures(state, day, &wanted),
        drills: if supplier.is_some() { Vec::new() } else { drills(state, day) },
        ledger: LedgerState { origin: state.origin.clone(), entries: state.size, recorded: state.recorded },
    }
}

/// The newest assessment of each supplier by a day.
fn newest(state: &State, day: Date) -> impl Iterator<Item = &AssessmentRecord> {
    state.contracts.assessments.keys().filter_map(move |supplier| state.contracts.assessment_on(supplier, day))
}

fn row(
    state: &State,
    day: Date,
    record: &AssessmentRecord,
    appetite: Option<&RiskAppetite>,
    (done, owed): (u32, u32),
    overdue: u32,
    findings: &[FindingRow],
) -> SupplierRow {
    let id = &record.supplier;
    let before = day.plus_months(-MONTHS);
    let history = state.contracts.assessments.get(id).map(Vec::as_slice).unwrap_or_default();
    let contract = state.contracts.packs.values().filter(|pack| pack.supplier() == id).map(|pack| pack.state());
    SupplierRow {
        supplier: id.clone(),
        name: record.name.clone(),
        tier: record.tier,
        residual: f64::from(record.residual_quarters) / 4.0,
        tier_before: history.iter().rev().find(|r| r.what.date <= before).map(|r| r.what.tier),
        next_review: record.next_review,
        people: state.book.people.values().filter(|p| p.supplier() == Some(id) && p.is_active(day)).count(),
        overdue,
        done,
        owed,
        findings: u32::try_from(findings.iter().filter(|f| f.supplier.as_ref() == Some(id)).count()).unwrap_or(u32::MAX),
        incidents: record.incidents,
        contract: contract.max(),
        above_appetite: appetite.map(|appetite| above(record, appetite, day)).unwrap_or_default(),
    }
}

/// Why a supplier is above the risk appetite.
fn above(record: &AssessmentRecord, appetite: &RiskAppetite, day: Date) -> Vec<String> {
    let mut why = Vec::new();
    if record.tier > appetite.highest_tier {
        why.push(format!("tier {}", record.tier.word()));
    }
    if record.is_overseas && !appetite.overseas {
        why.push("overseas".to_owned());
    }
    let is_assured = record.assurance.iter().any(|a| a.kind == AssuranceKind::Certificate && a.expires >= day);
    if record.tier >= Tier::High && !is_assured && !appetite.without_assurance {
        why.push("no valid certificate".to_owned());
    }
    why
}

/// Suppliers by tier on a day and at the ends of the months before.
fn movement(state: &State, day: Date, supplier: Option<&str>) -> Vec<TierCount> {
    let (year, month, _) = day.parts();
    let first: Option<Date> = format!("{year:04}-{month:02}-01").parse().ok();
    let ends = (0..MONTHS).rev().filter_map(|back| Some(first?.plus_months(-back).plus_days(-1)));
    let days: BTreeSet<Date> = ends.chain([day]).collect();
    let count = |day: Date| {
        let mut counts = [0; 4];
        for record in newest(state, day).filter(|record| supplier.is_none_or(|wanted| wanted == record.supplier)) {
            counts[record.tier as usize] += 1;
        }
        TierCount { day, counts }
    };
    // Before the first assessment nothing was known, which is not the same as nobody.
    days.into_iter().map(count).skip_while(|count| count.counts == [0; 4]).collect()
}

fn findings(state: &State, day: Date, wanted: &dyn Fn(Option<&String>) -> bool) -> Vec<FindingRow> {
    let is_open = |r: &&crate::rule::finding::FindingRecord| r.opened.date() <= day && r.closed.as_ref().is_none_or(|(at, _)| at.date() > day);
    let mut rows: Vec<FindingRow> = state
        .findings
        .all
        .values()
        .filter(is_open)
        .filter(|r| wanted(r.finding.supplier.as_ref()))
        .map(|r| FindingRow {
            finding: r.finding.finding.clone(),
            title: r.finding.title.clone(),
            severity: r.finding.severity,
            supplier: r.finding.supplier.clone(),
            owner: r.finding.owner.clone(),
            due: r.finding.due,
            age_days: day.days_since(r.opened.date()),
        })
        .collect();
    rows.sort_by(|a, b| (b.severity, b.age_days, &a.finding).cmp(&(a.severity, a.age_days, &b.finding)));
    rows
}

fn departures(state: &State, day: Date, wanted: &dyn Fn(Option<&String>) -> bool) -> Vec<Departure> {
    let decided = state.contracts.decisions.values().map(|r| &r.what).filter(|d| d.date <= day && day <= d.expires && wanted(Some(&d.supplier)));
    let accepted = decided.map(|d| Departure {
        supplier: d.supplier.clone(),
        what: d.subject.clone(),
        accepted_by: Some(format!("{} ({})", d.person, d.role)),
        until: Some(d.expires),
    });
    let open = state.findings.open_ones().map(|r| &r.finding).filter(|f| wanted(f.supplier.as_ref()));
    let gaps = open.filter_map(|finding| match &finding.cause {
        Cause::Gap { requirement, .. } => Some(Departure {
            supplier: finding.supplier.clone().unwrap_or_default(),
            what: format!("`{requirement}` is not in the contract"),
            accepted_by: None,
            until: None,
        }),
        _ => None,
    });
    let mut all: Vec<Departure> = accepted.chain(gaps).collect();
    all.sort_by(|a, b| (&a.supplier, &a.what).cmp(&(&b.supplier, &b.what)));
    all
}

fn drills(state: &State, day: Date) -> Vec<DrillRow> {
    let recent = |drill_day: Date| drill_day > day.plus_months(-MONTHS) && drill_day <= day;
    let is_open = |finding: &&String| state.findings.all.get(*finding).is_some_and(|r| r.closed.as_ref().is_none_or(|(at, _)| at.date() > day));
    let held = state.book.training.drills.iter().map(|(_, drill)| drill).filter(|drill| recent(drill.day));
    let mut rows: Vec<DrillRow> = held
        .map(|drill| DrillRow {
            day: drill.day,
            scenario: drill.scenario.clone(),
            participants: drill.participants.len(),
            lessons: drill.lessons.len(),
            actions: (drill.actions.iter().filter(is_open).count(), drill.actions.len()),
        })
        .collect();
    rows.sort_by_key(|row| row.day);
    rows
}
