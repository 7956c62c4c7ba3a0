//! `ack request`: who belongs to the audience of a policy, and who is asked now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::source::{Place, Source};
use crate::compliance::acknowledgment::{Capacity, Occasion, Request};
use crate::compliance::book::{Book, Letter, Outcome, Record};
use crate::compliance::person::{Affiliation, Person, Role};
use crate::compliance::policy::PolicyVersion;
use crate::compliance::status;
use crate::pack::compile::Compiler;
use crate::record::Event;
use crate::rule::audience::{AFFILIATION, AcknowledgedBy, ROLES, with_people};
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::{FactValue, Facts};
use crate::rule::vocabulary::Vocabulary;
use crate::workflow::acknowledge;
use crate::workflow::outbox::{self, Office};
use crate::workflow::register::{Before, Draft, Register, RegisterError};
use crate::workflow::remind;

/// Days before an acknowledgment runs out from which its renewal is asked for.
const RENEWAL_DAYS: i64 = 30;

/// Who is asked.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The policy.
    pub policy: String,
    /// Only these people, by id or address; everybody of the audience when empty.
    pub people: Vec<String>,
    /// Only people of this supplier.
    pub supplier: Option<String>,
    /// Last day to sign, in place of the days that the policy gives.
    pub due: Option<Date>,
}

/// What a request does.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Asked {
    /// The new requests.
    pub requests: Vec<Request>,
    /// Mails decided, by key.
    pub mails: Vec<String>,
    /// People who are not asked, each with the reason.
    pub passed_over: Vec<PassedOver>,
    /// What cannot be decided: a fact is missing, or a company has no signatory.
    pub undecided: Vec<String>,
}

/// Somebody who is not asked.
#[derive(Debug, Clone, Serialize)]
pub struct PassedOver {
    /// Id of the person.
    pub person: String,
    /// Name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Asks the audience of a policy: requests, links and mails in one transaction. With `rehearse` nothing is recorded.
///
/// # Errors
/// [`RegisterError::Refused`] when no version is published, or a person is not known.
pub fn request(register: &mut Register, compiler: &Compiler, office: Option<&Office>, order: &Order, rehearse: bool) -> Result<Asked, RegisterError> {
    let today = register.edge().now().date();
    register.change(|before, draft| {
        let version = current(&before.state.book, &order.policy)?;
        let mut audience = Audience::new(compiler, &version.policy, version.audience.as_deref(), today)?;
        let asked = decide(before, draft, &mut audience, office, order)?;
        if rehearse {
            *draft = Draft::default();
        }
        Ok(asked)
    })
}

fn current<'b>(book: &'b Book, policy: &str) -> Result<&'b PolicyVersion, RegisterError> {
    book.current(policy).ok_or_else(|| {
        let help = format!("run `countersign policy publish {policy} --reason …` first; `countersign policy list` shows what is published");
        RegisterError::refused(format!("no version of `{policy}` is published"), help)
    })
}

fn decide(before: &mut Before<'_>, draft: &mut Draft, audience: &mut Audience<'_>, office: Option<&Office>, order: &Order) -> Result<Asked, RegisterError> {
    let book = &before.state.book;
    let version = current(book, &order.policy)?;
    let wanted: BTreeSet<&str> = order
        .people
        .iter()
        .map(|text| book.find_person(text).map(|p| p.id.as_str()).ok_or_else(|| acknowledge::unknown_person(text)))
        .collect::<Result<_, _>>()?;
    let mut asked = Asked::default();
    let mut companies: BTreeSet<&str> = BTreeSet::new();
    let mut due_of = BTreeMap::new();
    let chosen = |person: &Person| {
        (wanted.is_empty() || wanted.contains(person.id.as_str())) && order.supplier.as_deref().is_none_or(|supplier| person.supplier() == Some(supplier))
    };
    for person in book.people.values() {
        let day = book.day_of(person, before.now);
        due_of.insert(person.id.as_str(), order.due.unwrap_or_else(|| day.plus_days(i32::try_from(version.due_days).unwrap_or(i32::MAX))));
        if person.end.is_some_and(|end| end < day) {
            continue;
        }
        match audience.has(person) {
            Ok(true) => {
                companies.extend(person.supplier());
                if chosen(person) && version.acknowledged_by != AcknowledgedBy::Company {
                    ask((before, draft), audience, version, (person, Capacity::Person), due_of[person.id.as_str()], &mut asked);
                }
            }
            Ok(false) if wanted.contains(person.id.as_str()) => pass(&mut asked, person, "is not in the audience".to_owned()),
            Ok(false) => {}
            Err(why) if chosen(person) => asked.undecided.push(format!("{} ({}): {why}", person.name, person.id)),
            Err(_) => {}
        }
    }
    if version.acknowledged_by != AcknowledgedBy::Person {
        for supplier in companies {
            let signs = |p: &&Person| p.supplier() == Some(supplier) && p.roles.contains(&Role::Signatory) && p.is_active(book.day_of(p, before.now));
            match book.people.values().find(signs) {
                Some(person) if chosen(person) => {
                    ask((before, draft), audience, version, (person, Capacity::Company), due_of[person.id.as_str()], &mut asked);
                }
                Some(_) => {}
                None if order.supplier.as_deref().is_none_or(|s| s == supplier) && wanted.is_empty() => {
                    asked.undecided.push(format!("the supplier `{supplier}` has no active person with the role `signatory`, who could sign for the company"));
                }
                None => {}
            }
        }
    }
    let Some(office) = office else { return Ok(asked) };
    // The mails are planned over the book as it will be, and only for those who are asked now.
    let state = draft.preview(before);
    let people: BTreeSet<&str> = asked.requests.iter().map(|r| r.person.as_str()).collect();
    let plan = remind::plan(&state, office, before.now);
    for mail in plan.mails.iter().filter(|m| people.contains(m.person.as_str()) && m.letter != Letter::Team) {
        asked.mails.push(outbox::decide(before, draft, &state.book, office, mail)?);
    }
    Ok(asked)
}

fn pass(asked: &mut Asked, person: &Person, why: String) {
    asked.passed_over.push(PassedOver { person: person.id.clone(), name: person.name.clone(), why });
}

/// Asks one person, unless there is a reason not to.
fn ask(
    (before, draft): (&Before<'_>, &mut Draft),
    audience: &mut Audience<'_>,
    version: &PolicyVersion,
    (person, capacity): (&Person, Capacity),
    due: Date,
    asked: &mut Asked,
) {
    let book = &before.state.book;
    let day = book.day_of(person, before.now);
    if let Some(exemption) = person.exemption_on(&version.policy, day) {
        return pass(asked, person, format!("exempt until {}", exemption.until));
    }
    let earlier: Vec<&Record> = book.requests_of(&person.id).filter(|r| r.request.policy == version.policy && r.request.capacity == capacity).collect();
    if let Some(open) = earlier.iter().find(|r| r.is_open() && !version.version.is_material_after(r.request.version)) {
        return pass(asked, person, format!("was asked already, due {}", open.request.due));
    }
    let same_major = |r: &&&Record| !version.version.is_material_after(r.request.version);
    if let Some(declined) = earlier.iter().filter(same_major).find(|r| matches!(r.outcome, Outcome::Declined(_))) {
        return pass(asked, person, format!("declined `{}`; `ack request` asks again for a newer version", declined.request.request));
    }
    let replaced = |r: &&Record| match &r.outcome {
        Outcome::Delegated(moved) => moved.ending.successor.as_ref().and_then(|s| book.requests.get(s)),
        _ => None,
    };
    let standing_in = |r: &&Record| r.is_open() || matches!(r.outcome, Outcome::Signed { .. });
    if let Some(other) = earlier.iter().filter(same_major).filter_map(replaced).find(standing_in) {
        return pass(asked, person, format!("handed over to `{}`", other.request.person));
    }
    let last = earlier.iter().rev().find(|r| matches!(r.outcome, Outcome::Signed { .. }));
    let (occasion, due) = match last {
        None if earlier.iter().any(|r| version.version.is_material_after(r.request.version)) => (Occasion::NewVersion, due),
        None => (Occasion::First, due),
        Some(record) if version.version.is_material_after(record.request.version) => (Occasion::NewVersion, due),
        Some(record) => match status::runs_out(book, person, record) {
            Some(last) if last.days_since(day) <= RENEWAL_DAYS => (Occasion::Renewal, last.max(day)),
            Some(last) => return pass(asked, person, format!("acknowledged until {last}")),
            None => return pass(asked, person, "acknowledged".to_owned()),
        },
    };
    let company = person.supplier().map(|supplier| audience.legal_name(supplier));
    let request = Request {
        request: before.edge.id('r'),
        person: person.id.clone(),
        policy: version.policy.clone(),
        version: version.version,
        capacity,
        company,
        due,
        occasion,
    };
    for open in earlier.iter().filter(|r| r.is_open()) {
        acknowledge::close(draft, &open.request, "a newer version is asked for", Some(&request.request));
    }
    draft.record(Event::Requested(request.clone()));
    asked.requests.push(request);
}

/// The audience of a policy, with the facts of each supplier worked out once.
pub(crate) struct Audience<'a> {
    compiler: &'a Compiler,
    vocabulary: Arc<Vocabulary>,
    condition: Condition,
    today: Date,
    suppliers: BTreeMap<String, Option<Facts>>,
    /// Legal names of suppliers.
    names: BTreeMap<String, String>,
    /// What was decided: people of one supplier with the same roles are alike.
    decided: BTreeMap<(Option<String>, BTreeSet<Role>), Result<bool, String>>,
}

impl<'a> Audience<'a> {
    /// Reads the condition that a policy version or course was published with.
    pub(crate) fn new(compiler: &'a Compiler, of: &str, condition: Option<&str>, today: Date) -> Result<Self, RegisterError> {
        let vocabulary = Arc::new(with_people(&compiler.library.vocabulary));
        let condition = match condition {
            None => Condition::Constant(true),
            Some(text) => {
                let source = Arc::new(Source { path: format!("audience of {of}"), text: text.to_owned() });
                let mut report = Report::default();
                Condition::parse(text, &vocabulary, &Place::start_of(&source), &mut report).ok_or_else(|| {
                    let why = report.sorted().first().map(|d| d.message.clone()).unwrap_or_default();
                    RegisterError::refused(format!("the audience of `{of}` cannot be read any more: {why}"), "publish a version with a condition that can")
                })?
            }
        };
        Ok(Self { compiler, vocabulary, condition, today, suppliers: BTreeMap::new(), names: BTreeMap::new(), decided: BTreeMap::new() })
    }

    /// Whether a person belongs to it; the error names the facts that are missing.
    pub(crate) fn has(&mut self, person: &Person) -> Result<bool, String> {
        let alike = (person.supplier().map(str::to_owned), person.roles.clone());
        if let Some(decided) = self.decided.get(&alike) {
            return decided.clone();
        }
        let decided = self.judge(person);
        self.decided.insert(alike, decided.clone());
        decided
    }

    /// The legal name of a supplier, read once.
    fn legal_name(&mut self, supplier: &str) -> String {
        let (compiler, today) = (self.compiler, self.today);
        self.names.entry(supplier.to_owned()).or_insert_with(|| legal_name(compiler, supplier, today)).clone()
    }

    fn judge(&mut self, person: &Person) -> Result<bool, String> {
        let mut facts = Facts::new(&self.vocabulary);
        if let Affiliation::Supplier(id) = &person.affiliation {
            let (compiler, today) = (self.compiler, self.today);
            let known = self.suppliers.entry(id.clone()).or_insert_with(|| facts_of(compiler, id, today));
            for (name, fact) in known.iter().flat_map(Facts::iter) {
                facts.set(name, fact.value.clone(), fact.how.clone(), fact.place.clone());
            }
        }
        let affiliation = if person.supplier().is_some() { "supplier" } else { "staff" };
        facts.set(AFFILIATION, FactValue::Word(affiliation.to_owned()), "of the person", None);
        facts.set(ROLES, FactValue::Set(person.roles.iter().map(|r| r.word().to_owned()).collect()), "of the person", None);
        match self.condition.evaluate(&facts) {
            Truth::True => Ok(true),
            Truth::False => Ok(false),
            Truth::Unset(names) => {
                let names = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
                Err(format!("whether they belong to the audience depends on {names} of `{}`, which has no value", person.belongs_to()))
            }
        }
    }
}

/// The facts of a supplier today; none when its profile is gone or does not read, which is reported where it is used.
fn facts_of(compiler: &Compiler, supplier: &str, today: Date) -> Option<Facts> {
    let mut report = Report::default();
    let supplier = compiler.supplier(supplier, today, &mut report)?;
    Some(compiler.assess(supplier, today, &mut report)?.facts)
}

/// The legal name of a supplier; its id where the profile does not say.
pub fn legal_name(compiler: &Compiler, supplier: &str, today: Date) -> String {
    let profile = compiler.supplier(supplier, today, &mut Report::default()).map(|s| s.profile.value);
    profile.map_or_else(|| supplier.to_owned(), |profile| crate::contract::values::clean(&profile.identity.legal_name))
}
