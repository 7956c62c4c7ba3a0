//! What contracts and assessments oblige somebody to, with the day by which it is due.
//!
//! All of it follows from what was recorded: packs, assessments, evidence and decisions. Evidence closes the due date that it names; what
//! comes back comes back one period later, or when the evidence runs out.

use crate::base::date::Date;
use crate::contract::clause::Obligor;
use crate::contract::history::{AssessmentOccasion, AssessmentRecord, AssuranceKind};
use crate::contract::lifecycle::{Contracts, Origin, PackRecord, PackState, Recorded};
use crate::contract::milestone::PackObligation;
use crate::contract::profile::Renewal;
use crate::rule::decision::{DecisionRecord, RecordedKind};
use crate::rule::evidence::Evidence;
use crate::rule::obligation::{Obligation, ObligationKind};

/// Days in which a pack is raised to a tier that has risen.
const UPLIFT_DAYS: i32 = 30;
/// Words of a trigger that comes back at an interval.
const RECURRING: [&str; 5] = ["interval", "each year", "every ", "while the services run", "while this agreement runs"];

/// Lists what is owed as of a day, in order of id.
///
/// A supplier whose contracts have all ended owes nothing but the steps of their termination. What a decision accepts is not owed until the
/// decision has run out.
pub fn obligations(contracts: &Contracts, day: Date) -> Vec<Obligation> {
    let mut all = Vec::new();
    for (supplier, history) in &contracts.assessments {
        let Some(newest) = history.last() else { continue };
        if is_over(contracts, supplier, day) {
            continue;
        }
        all.extend(review(contracts, history));
        all.extend(assurance(contracts, newest));
        all.extend(uplift(contracts, supplier, history));
    }
    for pack in contracts.packs.values() {
        match pack.state() {
            PackState::Terminated => all.extend(termination(contracts, pack)),
            PackState::Executed | PackState::Adopted => {
                all.extend(recurring(contracts, pack));
                all.extend(renewal(contracts, pack, day));
            }
            _ => {}
        }
    }
    all.extend(decisions(contracts, day));
    all.retain(|obligation| !is_accepted(contracts, obligation, day));
    // A clause that stands in two documents of a pack obliges once, by the earlier day.
    all.sort_by(|a, b| (&a.id, a.due).cmp(&(&b.id, b.due)));
    all.dedup_by(|later, kept| later.id == kept.id);
    all
}

/// Whether every contract of a supplier has ended; one that never had a contract goes on.
fn is_over(contracts: &Contracts, supplier: &str, day: Date) -> bool {
    let mut packs = contracts.packs.values().filter(|p| p.supplier() == supplier).peekable();
    packs.peek().is_some()
        && packs.all(|pack| pack.superseded.is_some() || pack.terminated.as_ref().is_some_and(|t| t.what.end < day) || pack.state() == PackState::Rejected)
}

fn is_accepted(contracts: &Contracts, obligation: &Obligation, day: Date) -> bool {
    let accepts = |d: &DecisionRecord| d.kind == RecordedKind::AcceptObligation && d.subject == obligation.id && d.date <= day && day <= d.expires;
    contracts.decisions.values().any(|recorded| accepts(&recorded.what))
}

/// The newest evidence for an obligation.
fn newest_evidence<'a>(contracts: &'a Contracts, id: &str) -> Option<&'a Recorded<Evidence>> {
    contracts.evidence.get(id)?.last()
}

/// An obligation about a supplier, answered for by whoever the newest assessment names.
fn about(contracts: &Contracts, supplier: &str, kind: ObligationKind, id: String, what: String, due: Date, since: (Date, u64)) -> Obligation {
    let owner = contracts.assessment(supplier).and_then(|a| a.owner.as_ref()).map(|owner| owner.email.clone());
    let (since, entry) = since;
    let is_new = kind == ObligationKind::Uplift;
    Obligation { id, kind, what, person: None, supplier: Some(supplier.to_owned()), owner, due, grace_days: 0, since, entry, is_new, paused: None }
}

/// How a supplier is called.
fn name(contracts: &Contracts, supplier: &str) -> String {
    contracts.assessment(supplier).map_or_else(|| supplier.to_owned(), |a| a.name.clone())
}

/// The next review, counted from the last one that somebody answered for; a tier that rose since may ask for an earlier one.
fn review(contracts: &Contracts, history: &[Recorded<AssessmentRecord>]) -> Option<Obligation> {
    let last = history.iter().rev().find(|r| r.what.occasion == AssessmentOccasion::Review).or(history.first())?;
    let supplier = &last.what.supplier;
    let newest = history.last()?;
    let what = format!("review {}", newest.what.name);
    Some(about(contracts, supplier, ObligationKind::Review, format!("review/{supplier}"), what, newest.what.next_review, (last.what.date, newest.entry)))
}

/// Certificates and insurance, each until its last day or until the evidence for it runs out.
fn assurance(contracts: &Contracts, newest: &Recorded<AssessmentRecord>) -> Vec<Obligation> {
    let record = &newest.what;
    // Of several with one name the last to run out counts.
    let mut last = std::collections::BTreeMap::new();
    for assurance in &record.assurance {
        let (kind, word) = match assurance.kind {
            AssuranceKind::Certificate => (ObligationKind::Certificate, "certificate"),
            AssuranceKind::Insurance => (ObligationKind::Insurance, "insurance"),
        };
        let until = last.entry((format!("{word}/{}/{}", record.supplier, slug(&assurance.name)), kind)).or_insert((assurance.expires, &assurance.name));
        until.0 = until.0.max(assurance.expires);
    }
    let one = |((id, kind), (expires, standard)): ((String, ObligationKind), (Date, &String))| {
        let evidence = newest_evidence(contracts, &id);
        let due = evidence.and_then(|e| e.what.valid_until).map_or(expires, |until| until.max(expires));
        let what = format!("{} of {} runs out", standard, record.name);
        about(contracts, &record.supplier, kind, id, what, due, (record.date, evidence.map_or(newest.entry, |e| e.entry.max(newest.entry))))
    };
    last.into_iter().map(one).collect()
}

/// A pack of a lower tier than the supplier now has.
fn uplift(contracts: &Contracts, supplier: &str, history: &[Recorded<AssessmentRecord>]) -> Option<Obligation> {
    let newest = history.last()?;
    let of_ours = |pack: &&PackRecord| pack.supplier() == supplier && matches!(pack.state(), PackState::Issued | PackState::HalfSigned | PackState::Executed);
    let tiers = contracts.packs.values().filter(of_ours).filter_map(|pack| pack.submission()?.tier);
    let in_force = tiers.max()?;
    if newest.what.tier <= in_force {
        return None;
    }
    // Since the first assessment of the run that is above the pack.
    let risen = history.iter().rev().take_while(|r| r.what.tier > in_force).last()?;
    let what = format!("the risk of {} has risen above its contract: raise the pack, or accept it until a day", newest.what.name);
    let due = risen.what.date.plus_days(UPLIFT_DAYS);
    Some(about(contracts, supplier, ObligationKind::Uplift, format!("uplift/{supplier}"), what, due, (risen.what.date, newest.entry)))
}

/// The steps of a contract that ends, but those with evidence.
fn termination(contracts: &Contracts, pack: &PackRecord) -> Vec<Obligation> {
    let Some(ended) = &pack.terminated else { return Vec::new() };
    let steps = ended.what.deadlines.iter().filter_map(|deadline| {
        let id = format!("termination/{}/{}", pack.id(), deadline.obligation.id);
        if newest_evidence(contracts, &id).is_some() {
            return None;
        }
        let what = format!("{}: {}", who(contracts, pack, deadline.obligation.who), deadline.obligation.what);
        Some(about(contracts, pack.supplier(), ObligationKind::Termination, id, what, deadline.due?, (ended.what.notice, ended.entry)))
    });
    steps.collect()
}

fn who(contracts: &Contracts, pack: &PackRecord, obligor: Obligor) -> String {
    match obligor {
        Obligor::Supplier => name(contracts, pack.supplier()),
        Obligor::Customer => "we".to_owned(),
        Obligor::Both => format!("{} and we", name(contracts, pack.supplier())),
    }
}

/// What a contract promises at an interval: audits, tests, reports, reviews.
fn recurring(contracts: &Contracts, pack: &PackRecord) -> Vec<Obligation> {
    let Some(submission) = pack.submission() else { return Vec::new() };
    let Some(from) = pack.in_force_from() else { return Vec::new() };
    let entry = pack.signings.last().map_or(0, |s| s.entry);
    let one = |obligation: &PackObligation| {
        let months = interval_months(obligation)?;
        let id = format!("audit/{}/{}", pack.id(), obligation.id);
        let evidence = newest_evidence(contracts, &id);
        let due = match evidence {
            None => from.plus_months(months),
            Some(evidence) => evidence.what.valid_until.unwrap_or_else(|| evidence.what.date.plus_months(months)),
        };
        let what = format!("{}: {}", who(contracts, pack, obligation.who), obligation.what);
        Some(about(contracts, pack.supplier(), ObligationKind::Audit, id, what, due, (from, evidence.map_or(entry, |e| e.entry))))
    };
    submission.obligations.iter().filter_map(one).collect()
}

/// The interval of an obligation that comes back, in months.
///
/// ```
/// use countersign::contract::{clause::Obligor, duty::interval_months, milestone::PackObligation};
/// let owed = |trigger: &str, deadline: &str| PackObligation {
///     document: "terms".into(),
///     id: "terms.testing/pentest".into(),
///     who: Obligor::Supplier,
///     what: "test".into(),
///     trigger: trigger.into(),
///     deadline: deadline.into(),
/// };
/// assert_eq!(interval_months(&owed("interval", "12 months")), Some(12));
/// assert_eq!(interval_months(&owed("each year", "once a year")), Some(12));
/// assert_eq!(interval_months(&owed("End Date", "12 months")), None);
/// ```
pub fn interval_months(obligation: &PackObligation) -> Option<i32> {
    let trigger = obligation.trigger.to_lowercase();
    if !RECURRING.iter().any(|words| trigger.contains(words)) {
        return None;
    }
    if obligation.deadline.eq_ignore_ascii_case("once a year") {
        return Some(12);
    }
    let (figure, unit) = obligation.deadline.trim().split_once(' ')?;
    let figure: i32 = figure.parse().ok().filter(|figure| (1..=120).contains(figure))?;
    match unit {
        "month" | "months" => Some(figure),
        "year" | "years" => Some(figure * 12),
        _ => None,
    }
}

/// The term of a contract that has an end.
struct Term {
    /// Last day of the initial term.
    end: Date,
    renewal: Renewal,
    notice_days: u32,
    /// Day and entry that it is known from.
    since: (Date, u64),
}

fn term(contracts: &Contracts, pack: &PackRecord) -> Option<Term> {
    match &pack.origin {
        Origin::Adopted(adoption) => {
            let since = (adoption.what.effective, adoption.entry);
            Some(Term { end: adoption.what.end?, renewal: Renewal::None, notice_days: 0, since })
        }
        Origin::Submitted(submission) => {
            let newest = contracts.assessments.get(pack.supplier())?.last()?;
            let term = newest.what.term.as_ref()?;
            Some(Term { end: term.end?, renewal: term.renewal, notice_days: term.notice_days, since: (submission.what.date, newest.entry) })
        }
    }
}

/// The last day of a contract by its term; `None` for an open end, and for one that renews itself year by year.
///
/// Evidence of a renewal that counts until a later day moves it there. Evidence without such a day closes the reminder and moves nothing,
/// because it may as well show that the end was prepared.
pub fn last_day(contracts: &Contracts, pack: &PackRecord) -> Option<Date> {
    let term = term(contracts, pack).filter(|term| term.renewal != Renewal::Yearly)?;
    let renewed = newest_evidence(contracts, &format!("renewal/{}", pack.id())).and_then(|evidence| evidence.what.valid_until);
    Some(renewed.map_or(term.end, |until| until.max(term.end)))
}

/// The last day to give notice before a contract is renewed, or its end where it is not renewed by itself.
fn renewal(contracts: &Contracts, pack: &PackRecord, day: Date) -> Option<Obligation> {
    let Term { end, renewal, notice_days, since } = term(contracts, pack)?;
    let id = format!("renewal/{}", pack.id());
    let settled = newest_evidence(contracts, &id).map(|e| e.what.valid_until.unwrap_or(e.what.due));
    let notice = whole_days(notice_days);
    let mut years = 0;
    // A contract that renewed itself has its next last day a year later.
    let mut last = end;
    if renewal == Renewal::Yearly {
        while (last < day || settled.is_some_and(|settled| last.plus_days(-notice) <= settled)) && years < 100 {
            years += 1;
            last = end.plus_months(12 * years);
        }
    } else if settled.is_some_and(|settled| settled >= last) {
        return None;
    }
    let party = name(contracts, pack.supplier());
    let what = match renewal {
        Renewal::Yearly => format!("the contract with {party} renews on {}: give notice, or let it renew", last.plus_days(1).long()),
        Renewal::None => format!("the contract with {party} ends on {}: replace it, or prepare the end", last.long()),
        Renewal::ByAgreement => format!("the contract with {party} ends on {}: agree a renewal, or prepare the end", last.long()),
    };
    let due = if renewal == Renewal::Yearly { last.plus_days(-notice) } else { last };
    Some(about(contracts, pack.supplier(), ObligationKind::Renewal, id, what, due, since))
}

fn whole_days(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// Decisions that hold and will run out, but those that a later one stands in for.
fn decisions(contracts: &Contracts, day: Date) -> Vec<Obligation> {
    let one = |recorded: &Recorded<DecisionRecord>| {
        let decision = &recorded.what;
        let later = |other: &DecisionRecord| other.supplier == decision.supplier && other.subject == decision.subject && other.expires > decision.expires;
        if contracts.decisions.values().any(|other| later(&other.what)) || day > decision.expires.plus_months(1) {
            return None;
        }
        let what = format!("the decision `{}` about {} runs out", decision.decision, decision.subject);
        let id = format!("decision/{}", decision.decision);
        Some(Obligation {
            owner: Some(decision.person.clone()),
            ..about(contracts, &decision.supplier, ObligationKind::Decision, id, what, decision.expires, (decision.date, recorded.entry))
        })
    };
    contracts.decisions.values().filter_map(one).collect()
}

/// A name as a part of an id: lower-case letters and digits, anything else a hyphen.
fn slug(name: &str) -> String {
    let mapped: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    mapped.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
