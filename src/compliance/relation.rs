//! What ties people of an import to each other and to the register: addresses and keys that only one may have, coordinators, deputies.
//!
//! Job: judge all rows together, then leave out the faulty ones and judge again, until those that are left fit the register by themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::Place;
use crate::base::suggest;
use crate::compliance::address::folded;
use crate::compliance::people_file::Given;
use crate::compliance::person::Person;
use crate::compliance::roster::Draft;
use crate::compliance::ssh;

/// Coordinator and deputy of a person, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) coordinator: Option<String>,
    pub(crate) deputy: Option<String>,
}

/// Names that are looked up for a suggestion in one run; each compares with everybody, and nobody reads more of them.
const MOST_SUGGESTIONS: usize = 20;

/// Judges all rows, marks those that cannot be taken, and says for each row what it is tied to and whether it only follows another.
pub(crate) fn settle(drafts: &mut [Draft<'_>], existing: &BTreeMap<String, Person>, lost: &BTreeSet<String>, report: &mut Report) -> (Vec<Tie>, Vec<bool>) {
    let mut follows = vec![false; drafts.len()];
    let everybody: Vec<usize> = (0..drafts.len()).filter(|at| !drafts[*at].is_twin).collect();
    let first = Judge::new(drafts, &everybody, existing).judge(lost, report);
    for at in &first.faulty {
        drafts[*at].is_sound = false;
    }
    // Rows with an own fault are left out, so others may miss what they need of them; those have no fault of their own to report.
    loop {
        let sound: Vec<usize> = (0..drafts.len()).filter(|at| drafts[*at].is_sound).collect();
        let verdict = Judge::new(drafts, &sound, existing).judge(lost, &mut Report::default());
        if verdict.faulty.is_empty() && verdict.lacking.is_empty() {
            return (verdict.ties, follows);
        }
        for at in verdict.faulty.into_iter().chain(verdict.lacking) {
            drafts[at].is_sound = false;
            follows[at] = true;
        }
    }
}

/// What came out of one look at some of the rows.
struct Verdict {
    ties: Vec<Tie>,
    /// Rows with a fault that was reported.
    faulty: BTreeSet<usize>,
    /// Rows that name somebody whose row could not be read.
    lacking: BTreeSet<usize>,
}

/// Some of the rows and everybody in the register whom they do not change.
struct Judge<'d> {
    drafts: &'d [Draft<'d>],
    rows: &'d [usize],
    existing: &'d BTreeMap<String, Person>,
    /// Index of the row by id.
    by_id: BTreeMap<&'d str, usize>,
    /// Ids by folded address: rows, then those in the register whom no row changes.
    by_address: BTreeMap<String, Vec<&'d str>>,
}

impl<'d> Judge<'d> {
    fn new(drafts: &'d [Draft<'d>], rows: &'d [usize], existing: &'d BTreeMap<String, Person>) -> Self {
        let by_id: BTreeMap<&str, usize> = rows.iter().map(|at| (drafts[*at].id.as_str(), *at)).collect();
        let mut by_address: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for draft in rows.iter().map(|at| &drafts[*at]) {
            if let Some(email) = draft.email() {
                by_address.entry(folded(email)).or_default().push(&draft.id);
            }
        }
        for person in existing.values().filter(|p| !by_id.contains_key(p.id.as_str())) {
            if let Some(email) = &person.email {
                by_address.entry(folded(email)).or_default().push(&person.id);
            }
        }
        Self { drafts, rows, existing, by_id, by_address }
    }

    fn judge(&self, lost: &BTreeSet<String>, report: &mut Report) -> Verdict {
        let mut verdict = Verdict { ties: vec![Tie::default(); self.drafts.len()], faulty: BTreeSet::new(), lacking: BTreeSet::new() };
        self.addresses(&mut verdict, report);
        self.keys(&mut verdict, report);
        self.people(lost, &mut verdict, report);
        self.cycles(&mut verdict, report);
        verdict
    }

    /// Two people with one address.
    fn addresses(&self, verdict: &mut Verdict, report: &mut Report) {
        for ids in self.by_address.values().filter(|ids| ids.len() > 1) {
            let claims = |id: &&&str| self.by_id.get(**id).copied().filter(|at| self.drafts[*at].record.email.value().is_some());
            let claimants: Vec<usize> = ids.iter().filter_map(|id| claims(&id)).collect();
            verdict.faulty.extend(&claimants);
            let place = |at: usize| self.drafts[at].node.place_of("email");
            for (nth, at) in claimants.iter().enumerate() {
                let draft = &self.drafts[*at];
                // Somebody who has the address without claiming it here has it from the register.
                let holder = ids.iter().find(|id| **id != draft.id && claims(id).is_none());
                let diagnostic = match (holder, nth) {
                    (Some(holder), _) if draft.before.is_none() => {
                        let message = format!("the register has this address under another id, `{holder}`");
                        let place = draft.node.place_of("id");
                        Diagnostic::error("other-id", message).at(&place).help("write that id, or leave `id` out; an id never changes")
                    }
                    (Some(holder), _) => {
                        let message = format!("this address is the one of `{holder}` in the register");
                        let help = "give each person an address of their own, or take the other's away first";
                        Diagnostic::error("duplicate-address", message).at(&place(*at)).help(help)
                    }
                    (None, 0) => continue,
                    (None, _) => {
                        let diagnostic = Diagnostic::error("duplicate-address", "two people have this address").at(&place(*at));
                        diagnostic.with(&place(claimants[0]), "first written here").help("give each person an address of their own")
                    }
                };
                report.push(diagnostic);
            }
        }
    }

    /// One key on two people: nobody could say who signed.
    fn keys(&self, verdict: &mut Verdict, report: &mut Report) {
        let mut owners: BTreeMap<String, (&str, Option<Place>)> = BTreeMap::new();
        for person in self.existing.values().filter(|p| !self.by_id.contains_key(p.id.as_str())) {
            owners.extend(person.ssh_keys.iter().map(|line| (ssh::bare(line), (person.id.as_str(), None))));
        }
        // Those who keep their keys first, so that whoever brings the key is at fault.
        let (brings, keeps): (Vec<usize>, Vec<usize>) = self.rows.iter().partition(|at| self.drafts[**at].record.ssh_keys.value().is_some());
        for draft in keeps.iter().map(|at| &self.drafts[*at]) {
            owners.extend(draft.ssh_keys().iter().map(|line| (ssh::bare(line), (draft.id.as_str(), None))));
        }
        for at in brings {
            let draft = &self.drafts[at];
            for (nth, line) in draft.ssh_keys().iter().enumerate().filter(|(_, line)| ssh::fault(line).is_none()) {
                let place = draft.node.place_of(&format!("ssh_keys[{nth}]"));
                match owners.get(&ssh::bare(line)) {
                    Some((owner, first)) if *owner != draft.id => {
                        let message = format!("this key is the one of `{owner}` already");
                        let mut diagnostic = Diagnostic::error("duplicate-ssh-key", message).at(&place).help("each person has keys of their own");
                        if let Some(first) = first {
                            diagnostic = diagnostic.with(first, "first written here");
                        }
                        report.push(diagnostic);
                        verdict.faulty.insert(at);
                        // Of two rows nobody knows whose key it is.
                        verdict.faulty.extend(first.as_ref().and_then(|_| self.by_id.get(owner)));
                    }
                    _ => drop(owners.insert(ssh::bare(line), (&draft.id, Some(place)))),
                }
            }
        }
    }

    /// Coordinators and deputies that are named.
    fn people(&self, lost: &BTreeSet<String>, verdict: &mut Verdict, report: &mut Report) {
        let mut suggestions = 0;
        for at in self.rows.iter().copied() {
            let draft = &self.drafts[at];
            let kept = |of: fn(&Person) -> Option<&String>| draft.before.and_then(of).cloned();
            let named =
                [("coordinator", &draft.record.coordinator, kept(|p| p.coordinator.as_ref())), ("deputy", &draft.record.deputy, kept(|p| p.deputy.as_ref()))];
            let [coordinator, deputy] = named.map(|(key, given, kept)| {
                let written = match given {
                    Given::Absent => return kept,
                    Given::Null => return None,
                    Given::Value(written) => written,
                };
                let found = self.find(written);
                let place = draft.node.place_of(key);
                match found {
                    Some(id) if id == draft.id => {
                        let code = if key == "deputy" { "contradiction" } else { "coordinator-cycle" };
                        report.push(Diagnostic::error(code, format!("a person cannot be their own {key}")).at(&place).help("name somebody else"));
                        verdict.faulty.insert(at);
                    }
                    Some(_) => {}
                    None if lost.contains(&folded(written)) => drop(verdict.lacking.insert(at)),
                    None => {
                        suggestions += 1;
                        let near = if suggestions > MOST_SUGGESTIONS { None } else { self.nearest(written) };
                        let help = near.map_or("name somebody of the register or of these files, by id or e-mail address".to_owned(), |near| {
                            format!("did you mean `{near}`?")
                        });
                        report.push(Diagnostic::error("unknown-person", format!("there is no person `{written}`")).at(&place).help(help));
                        verdict.faulty.insert(at);
                    }
                }
                found.map(str::to_owned)
            });
            verdict.ties[at] = Tie { coordinator, deputy };
        }
    }

    /// Somebody by id or address; an address that its owner gives up in these files still finds them.
    fn find(&self, written: &str) -> Option<&'d str> {
        let row = self.by_id.get_key_value(written).map(|(id, _)| *id);
        let own = || self.existing.get_key_value(written).map(|(id, _)| id.as_str());
        let address = || self.by_address.get(&folded(written)).and_then(|ids| ids.first()).copied();
        row.or_else(own).or_else(address).or_else(|| {
            let gives_up = |at: &&usize| self.drafts[**at].before.and_then(|p| p.email.as_deref()).is_some_and(|old| folded(old) == folded(written));
            written.contains('@').then(|| self.rows.iter().find(gives_up).map(|at| self.drafts[*at].id.as_str())).flatten()
        })
    }

    fn nearest(&self, written: &str) -> Option<String> {
        let ids = self.by_id.keys().copied().chain(self.existing.keys().map(String::as_str));
        let names: Vec<&str> = if written.contains('@') { self.by_address.keys().map(String::as_str).collect() } else { ids.collect() };
        suggest::nearest(written, names).filter(|near| !near.starts_with('?')).map(str::to_owned)
    }

    /// Coordinators in a ring: an escalation would never end.
    fn cycles(&self, verdict: &mut Verdict, report: &mut Report) {
        let coordinator = |id: &str| match self.by_id.get(id) {
            Some(at) => verdict.ties[*at].coordinator.as_deref(),
            None => self.existing.get(id).and_then(|p| p.coordinator.as_deref()),
        };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut faulty = BTreeSet::new();
        for start in self.rows.iter().map(|at| self.drafts[*at].id.as_str()) {
            let mut walk: Vec<&str> = Vec::new();
            let mut on_walk: BTreeSet<&str> = BTreeSet::new();
            let mut next = Some(start);
            while let Some(id) = next.filter(|id| !seen.contains(id) && !on_walk.contains(id)) {
                walk.push(id);
                on_walk.insert(id);
                next = coordinator(id);
            }
            seen.extend(&walk);
            let Some(begin) = next.filter(|id| on_walk.contains(id)) else { continue };
            let ring: Vec<&str> = walk.into_iter().skip_while(|id| *id != begin).collect();
            if ring.len() < 2 {
                continue;
            }
            let sets = |id: &&str| self.by_id.get(*id).copied().filter(|at| self.drafts[*at].record.coordinator.value().is_some());
            let mut rows: Vec<usize> = ring.iter().filter_map(sets).collect();
            rows.sort_unstable();
            let Some((first, others)) = rows.split_first() else { continue };
            let place = |at: &usize| self.drafts[*at].node.place_of("coordinator");
            let message = format!("{} people coordinate each other in a ring", ring.len());
            let mut diagnostic = Diagnostic::error("coordinator-cycle", message).at(&place(first)).help("somebody has no coordinator: leave it out there");
            for other in others {
                diagnostic = diagnostic.with(&place(other), "and here");
            }
            report.push(diagnostic);
            faulty.extend(rows);
        }
        verdict.faulty.extend(faulty);
    }
}
