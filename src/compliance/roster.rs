//! The import of people: what files say is laid over what the register has, and every fault of every row is shown in one run.
//!
//! An import sets, it never deletes: somebody who is in no file stays as they are, and so does a field whose key is absent. What is taken
//! is a list of changes; recording them is the caller's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::instant::{is_time_zone, nearest_time_zone};
use crate::base::node::{Kind, Node};
use crate::base::source::{Place, Source};
use crate::base::suggest;
use crate::compliance::address::{self, folded};
use crate::compliance::change::Change;
use crate::compliance::people_file::{self, Given, Record, Written};
use crate::compliance::person::{Affiliation, Language, Person};
use crate::compliance::relation;
use crate::compliance::ssh;

/// The outcome of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// What changes, in the order of the files; nothing of a faulty row is in it, and nothing that needs one.
    pub changes: Vec<Change>,
    /// Number of rows that say what the register has already.
    pub unchanged: usize,
    /// The rows that cannot be taken, in the order of the files.
    pub faulty: Vec<Faulty>,
    /// Every fault and every warning. With any error the caller takes no change, unless the user said `--partial`.
    pub report: Report,
}

/// A row that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    /// The row.
    pub place: Place,
    /// Nothing is wrong with the row itself, but it needs another that is faulty: the row of its coordinator, for example.
    pub follows: bool,
}

/// What holds for new people when their row is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults<'a> {
    /// IANA time zone, that of the entity.
    pub time_zone: &'a str,
    /// Somebody may be without a mailbox, which is a warning then; otherwise it is an error.
    pub mailbox_optional: bool,
}

/// One row on its way: what is written, whom it means, what becomes of them.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) node: Node,
    pub(crate) record: Record,
    /// Id of the person; a text that is no id where the row does not say whom it means.
    pub(crate) id: String,
    /// Whom the register has under the id.
    pub(crate) before: Option<&'a Person>,
    /// Whether the row can be taken, as far as is known.
    pub(crate) is_sound: bool,
    /// Another row means the same person. Which of them holds nobody knows, so none is compared with other people.
    pub(crate) is_twin: bool,
}

impl Draft<'_> {
    /// The e-mail address afterwards.
    pub(crate) fn email(&self) -> Option<&str> {
        self.record.email.over(self.before.and_then(|p| p.email.as_ref())).map(String::as_str)
    }

    /// The keys afterwards.
    pub(crate) fn ssh_keys(&self) -> &[String] {
        self.record.ssh_keys.over(self.before.map(|p| &p.ssh_keys)).map_or(&[], Vec::as_slice)
    }
}

/// Reads people files against the register.
///
/// `existing` is everybody in the register by id, `suppliers` the ids of the known suppliers. `make_id` gives an id, made of randomness,
/// for a new person whose row has none; it is asked again when somebody has the id already. Addresses are compared without regard to case.
/// The order of rows changes nothing but the order of changes and which of two colliding rows is shown first. Rows that only follow a
/// faulty one have no diagnostic of their own.
///
/// # Errors
/// Nothing is returned as an error; faults are in the report. Beside those of [`crate::base::sheet::read`], [`crate::base::node::parse`] and
/// [`crate::base::decode::decode`]: `duplicate-entry`, `duplicate-address`, `other-id`, `duplicate-ssh-key`, `unknown-supplier`,
/// `unknown-person`, `coordinator-cycle`, `unknown-time-zone`, `contradiction`, `no-mailbox`, `too-long`, `unreadable-text`.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
/// use countersign::base::source::Source;
/// use countersign::compliance::roster::{Defaults, read};
/// let text = "name;email;supplier;start\nJörg Groß;joerg@northwind.example;northwind;2026-03-01\nAnn Lee;ann;northwind;2026-03-01\n";
/// let source = Arc::new(Source { path: "people.csv".into(), text: text.into() });
/// let defaults = Defaults { time_zone: "Europe/Dublin", mailbox_optional: false };
/// let roster = read(&[source], &BTreeMap::new(), &["northwind"], &defaults, &mut || "p-4f2a".to_owned());
/// assert_eq!(roster.changes[0].after.id, "p-4f2a");
/// let refused = &roster.report.sorted()[0];
/// assert_eq!((refused.code, refused.place.as_ref().unwrap().line(), roster.faulty.len()), ("bad-form", 3, 1));
/// ```
pub fn read(
    sources: &[Arc<Source>],
    existing: &BTreeMap<String, Person>,
    suppliers: &[&str],
    defaults: &Defaults<'_>,
    make_id: &mut dyn FnMut() -> String,
) -> Roster {
    let mut report = Report::default();
    let mut rows = Vec::new();
    let mut broken = Vec::new();
    for source in sources {
        let reading = people_file::read(source, &mut report);
        rows.extend(reading.rows);
        broken.extend(reading.broken);
    }
    let mut lost = lost(&rows, &broken);
    let mut drafts = identify(rows, existing, make_id, &mut report);
    for twin in drafts.iter().filter(|draft| draft.is_twin) {
        lost.insert(folded(&twin.id));
        lost.extend(twin.email().map(folded));
    }
    let mut zones = BTreeMap::new();
    for draft in &mut drafts {
        let mut own = Report::default();
        check(draft, suppliers, defaults, &mut zones, &mut own);
        draft.is_sound &= !own.has_errors();
        report.extend(own);
    }
    let (ties, follows) = relation::settle(&mut drafts, existing, &lost, &mut report);

    let mut roster = Roster { report, ..Roster::default() };
    for ((draft, tie), follows) in drafts.iter().zip(ties).zip(&follows) {
        match after(draft, defaults).filter(|_| draft.is_sound) {
            Some(mut person) => {
                (person.coordinator, person.deputy) = (tie.coordinator, tie.deputy);
                match Change::between(draft.before, person, &draft.node.place) {
                    Some(change) => roster.changes.push(change),
                    None => roster.unchanged += 1,
                }
            }
            None => roster.faulty.push(Faulty { place: draft.node.place.clone(), follows: *follows }),
        }
    }
    roster.faulty.extend(broken.into_iter().map(|node| Faulty { place: node.place, follows: false }));
    let at = |place: &Place| (sources.iter().position(|s| Arc::ptr_eq(s, &place.source)), place.range.start);
    roster.faulty.sort_by_key(|faulty| at(&faulty.place));
    roster
}

/// Ids and addresses, folded, that stand in rows which could not be read: whoever is named by one is not unknown.
fn lost(rows: &[Written], broken: &[Node]) -> BTreeSet<String> {
    let mut lost = BTreeSet::new();
    for row in rows.iter().filter(|row| !row.is_sound) {
        lost.extend(["id", "email"].iter().filter_map(|key| row.node.get(key)?.text()).map(folded));
    }
    for node in broken {
        if let Kind::Sequence(cells) = &node.kind {
            lost.extend(cells.iter().filter_map(Node::text).filter(|text| !text.is_empty()).map(folded));
        }
    }
    lost
}

/// Finds out whom each row means.
fn identify<'a>(rows: Vec<Written>, existing: &'a BTreeMap<String, Person>, make_id: &mut dyn FnMut() -> String, report: &mut Report) -> Vec<Draft<'a>> {
    let known: BTreeMap<String, &str> = existing.values().filter_map(|p| Some((folded(p.email.as_deref()?), p.id.as_str()))).collect();
    let mut drafts: Vec<Draft<'a>> = Vec::with_capacity(rows.len());
    // Address and index of rows that need an id.
    let mut nameless: Vec<(String, usize)> = Vec::new();
    for (at, Written { node, record, mut is_sound }) in rows.into_iter().enumerate() {
        let id = match (&record.id, &record.email) {
            (Some(id), _) => id.clone(),
            (None, Given::Value(email)) if node.get("id").is_none() => match known.get(&folded(email)) {
                Some(id) => (*id).to_owned(),
                None => {
                    nameless.push((folded(email), at));
                    String::new()
                }
            },
            _ => {
                if is_about_nobody(&node) {
                    let message = "the row says by neither `id` nor `email` whom it means";
                    let help = "fill in one of them, or the same person would be new with every import; somebody without a mailbox needs an `id`";
                    report.push(Diagnostic::error("missing-key", message).at(&node.place).help(help));
                }
                is_sound = false;
                // No id looks like this.
                format!("?{at}")
            }
        };
        drafts.push(Draft { node, record, id, before: None, is_sound, is_twin: false });
    }
    let mut taken: BTreeSet<String> = drafts.iter().map(|d| d.id.clone()).chain(existing.keys().cloned()).collect();
    // In the order of addresses, so that the order of rows does not decide who gets which.
    nameless.sort_unstable();
    for (_, at) in nameless {
        let Some(id) = fresh_id(make_id, |id| taken.contains(id)) else {
            report.push(Diagnostic::error("duplicate-entry", NO_ID).at(&drafts[at].node.place).help("give an `id`"));
            drafts[at].is_sound = false;
            drafts[at].id = format!("?{at}");
            continue;
        };
        taken.insert(id.clone());
        drafts[at].id = id;
    }
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for at in 0..drafts.len() {
        drafts[at].before = existing.get(&drafts[at].id);
        let Some(twin) = first.get(&drafts[at].id).copied() else {
            first.insert(drafts[at].id.clone(), at);
            continue;
        };
        let message = format!("two rows are about `{}`", drafts[at].id);
        let (own, other) = (whom(&drafts[at].node), whom(&drafts[twin].node));
        report.push(Diagnostic::error("duplicate-entry", message).at(&own).with(&other, "first written here").help("make one row of the two"));
        for at in [at, twin] {
            drafts[at].is_sound = false;
            drafts[at].is_twin = true;
        }
    }
    drafts
}

/// An id that nobody has; `None` when the caller's function gives none.
pub(crate) fn fresh_id(make_id: &mut dyn FnMut() -> String, is_taken: impl Fn(&str) -> bool) -> Option<String> {
    std::iter::repeat_with(make_id).take(MOST_TRIES).find(|id| !is_taken(id))
}

/// How often an id is asked for before it is given up; with randomness the first is nearly always good.
const MOST_TRIES: usize = 100;
/// The message then.
pub(crate) const NO_ID: &str = "no id could be made that nobody has";

/// Whether a row has neither id nor address.
fn is_about_nobody(node: &Node) -> bool {
    node.get("id").is_none() && node.get("email").is_none_or(Node::is_null)
}

/// Where a row says whom it means.
fn whom(node: &Node) -> Place {
    ["id", "email"].iter().find_map(|key| node.get(key).filter(|value| !value.is_null())).map_or(&node.place, |value| &value.place).clone()
}

/// What a row says of one person, judged by itself.
fn check(draft: &Draft<'_>, suppliers: &[&str], defaults: &Defaults<'_>, zones: &mut BTreeMap<String, String>, report: &mut Report) {
    let Draft { node, record, before, .. } = draft;
    let mut fault = |code: &'static str, path: &str, message: String, help: &str| {
        report.push(Diagnostic::error(code, message).at(&node.place_of(path)).help(help));
    };
    let says = |key: &str| node.get(key).is_some_and(|value| !value.is_null());
    if says("supplier") && says("department") {
        fault("contradiction", "department", "a person belongs to a supplier or to a department, not to both".to_owned(), "remove `supplier` or `department`");
    }
    if let Some(id) = record.supplier.as_deref().filter(|id| !suppliers.contains(id)) {
        fault("unknown-supplier", "supplier", format!("there is no supplier `{id}`"), &suggest::help(id, suppliers.iter().copied()));
    }
    if let Some(help) = record.email.value().and_then(|email| address::fault(email)) {
        fault("bad-form", "email", "`email` has the wrong form".to_owned(), help);
    }
    if let Some(zone) = record.time_zone.value().filter(|zone| !is_time_zone(zone)) {
        fault("unknown-time-zone", "time_zone", format!("there is no time zone `{zone}`"), &zone_help(zone, zones));
    }
    let start = record.start.or(before.map(|p| p.start));
    let end = record.end.over(before.and_then(|p| p.end.as_ref()));
    if let (Some(start), Some(end)) = (start, end)
        && *end < start
    {
        let path = if record.end.value().is_some() { "end" } else { "start" };
        fault("contradiction", path, format!("the last day, {end}, lies before the first, {start}"), "`end` is the last day that counts");
    }
    let leave: Vec<(Date, Date)> = record.leave.value().into_iter().flatten().map(|l| (l.from, l.until)).collect();
    let exemptions: Vec<(Date, Date)> = record.exemptions.value().into_iter().flatten().map(|e| (e.from, e.until)).collect();
    for (key, spans) in [("leave", &leave), ("exemptions", &exemptions)] {
        for (at, (from, until)) in spans.iter().enumerate().filter(|(_, (from, until))| until < from) {
            let message = format!("`until`, {until}, lies before `from`, {from}");
            fault("contradiction", &format!("{key}[{at}].until"), message, "`until` is the last day that counts");
        }
    }
    for (at, other) in overlaps(&leave) {
        let path = format!("leave[{at}].from");
        fault("contradiction", &path, format!("this leave overlaps with the one from {}", leave[other].0), "make one leave of the two");
    }
    for (at, exemption) in record.exemptions.value().into_iter().flatten().enumerate() {
        if let Some(help) = address::fault(&exemption.approver) {
            fault("bad-form", &format!("exemptions[{at}].approver"), "`approver` has the wrong form".to_owned(), help);
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for (at, line) in record.ssh_keys.value().into_iter().flatten().enumerate() {
        let path = format!("ssh_keys[{at}]");
        if let Some(help) = ssh::fault(line) {
            fault("bad-form", &path, "this is no public key in OpenSSH form".to_owned(), help);
        } else if lines.contains(&ssh::bare(line)) {
            fault("duplicate-entry", &path, "a key stands twice".to_owned(), "keep one of the two");
        }
        lines.push(ssh::bare(line));
    }
    // An id or an address of the wrong form is nobody's in the register.
    let is_new = before.is_none() && !is_about_nobody(node);
    if is_new {
        let is_there = |key: &str| node.get(key).is_some();
        for key in ["name", "start"].into_iter().filter(|key| !is_there(key)) {
            fault("missing-key", "", format!("a new person needs `{key}`"), &format!("fill in `{key}`"));
        }
        if !is_there("supplier") && !is_there("department") {
            fault("missing-key", "", "a new person needs `supplier` or `department`".to_owned(), "fill in one of them");
        }
    }
    let is_cleared = record.email == Given::Null && before.is_some_and(|p| p.email.is_some());
    if is_cleared || (is_new && node.get("email").is_none_or(Node::is_null)) {
        let diagnostic = if defaults.mailbox_optional { Diagnostic::warning } else { Diagnostic::error };
        let message = "without an e-mail address nothing can be sent; a signatory has to attest for this person";
        report.push(diagnostic("no-mailbox", message.to_owned()).at(&node.place_of("email")).help("fill in `email`, if there is a mailbox"));
    }
}

/// What to write instead of a time zone; `zones` keeps what was found, because a file has one such fault in every row.
fn zone_help(zone: &str, zones: &mut BTreeMap<String, String>) -> String {
    let general = || "write an IANA name, for example `Europe/Dublin`".to_owned();
    if !zones.contains_key(zone) && zones.len() < MOST_ZONES {
        let help = nearest_time_zone(zone).map_or_else(general, |near| format!("did you mean `{near}`?"));
        zones.insert(zone.to_owned(), help);
    }
    zones.get(zone).cloned().unwrap_or_else(general)
}

/// Unknown time zones for which another is looked up; each compares with all there are.
const MOST_ZONES: usize = 20;

/// Pairs of spans that overlap: the later one, and the one before it.
fn overlaps(spans: &[(Date, Date)]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|at| spans[*at]);
    let mut longest = None;
    let mut found = Vec::new();
    for at in order {
        if let Some(other) = longest.filter(|other: &usize| spans[at].0 <= spans[*other].1) {
            found.push((at, other));
        }
        longest = longest.filter(|other| spans[*other].1 >= spans[at].1).or(Some(at));
    }
    found
}

/// The person as the row has them, without coordinator and deputy; `None` when something is missing that a person must have.
fn after(draft: &Draft<'_>, defaults: &Defaults<'_>) -> Option<Person> {
    let Draft { record, before, .. } = draft;
    let affiliation = match (&record.supplier, &record.department) {
        (Some(id), _) => Some(Affiliation::Supplier(id.clone())),
        (None, Some(name)) => Some(Affiliation::Department(name.clone())),
        (None, None) => before.map(|p| p.affiliation.clone()),
    };
    let mut leave = record.leave.over(before.map(|p| &p.leave)).cloned().unwrap_or_default();
    leave.sort_by_key(|leave| (leave.from, leave.until));
    let mut exemptions = record.exemptions.over(before.map(|p| &p.exemptions)).cloned().unwrap_or_default();
    exemptions.sort_by(|a, b| (a.from, a.until, &a.policy).cmp(&(b.from, b.until, &b.policy)));
    let zone = record.time_zone.over(before.map(|p| &p.time_zone));
    Some(Person {
        id: draft.id.clone(),
        name: record.name.clone().or_else(|| before.map(|p| p.name.clone()))?,
        email: draft.email().map(str::to_owned),
        affiliation: affiliation?,
        roles: record.roles.over(before.map(|p| &p.roles)).cloned().unwrap_or_default(),
        language: record.language.over(before.map(|p| &p.language)).copied().unwrap_or(Language::En),
        time_zone: zone.map_or(defaults.time_zone, String::as_str).to_owned(),
        country: record.country.over(before.and_then(|p| p.country.as_ref())).cloned(),
        coordinator: None,
        deputy: None,
        start: record.start.or_else(|| before.map(|p| p.start))?,
        end: record.end.over(before.and_then(|p| p.end.as_ref())).copied(),
        leave,
        exemptions,
        ssh_keys: draft.ssh_keys().to_vec(),
    })
}
