//! `impact`: what a change of library, parameters, risk model, entities or profiles does to every supplier, before it is merged.
//!
//! Both states are compiled, none is laid out. A supplier whose pack depends on no file that changed is not compiled twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::compliance::book::Outcome;
use crate::contract::library::Reading;
use crate::contract::lifecycle::PackState;
use crate::contract::risk::Tier;
use crate::pack::comparison::{Cause, Comparison, Edition, compare};
use crate::pack::compile::{Assessed, Compiled, Compiler, Request};
use crate::pack::inputs::{APPROVALS, Inputs, WORKSPACE};
use crate::project::read::{self, Location};
use crate::project::{DiskError, register as files, revision};
use crate::record::State;
use crate::workflow::generate::STACK;
use crate::workflow::register::{Edge, Register, RegisterError};

/// What is compared.
#[derive(Debug, Clone)]
pub struct Order {
    /// The earlier state: a folder with a workspace, or a revision of the repository.
    pub against: String,
    /// Only these suppliers; all when empty.
    pub suppliers: Vec<String>,
    /// Day for which both are compiled.
    pub date: Date,
    /// Workers.
    pub jobs: usize,
}

/// What becomes of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Not a character.
    Same,
    /// Only numbers, and references to them.
    Renumbered,
    /// Its text.
    Changed,
    /// The supplier is new.
    Added,
    /// The supplier is not there any more.
    Removed,
    /// It had no pack and has one now.
    Mended,
    /// It had a pack and has none now.
    Broken,
    /// It has no pack, neither before nor after.
    Failing,
}

impl Effect {
    /// The word as printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renumbered => "renumbered only",
            Self::Changed => "changes",
            Self::Added => "new",
            Self::Removed => "removed",
            Self::Mended => "compiles again",
            Self::Broken => "does not compile any more",
            Self::Failing => "did not compile before either",
        }
    }
}

/// Whether somebody must sign again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The text does not change, or nothing was signed.
    NotNeeded,
    /// A contract stands whose text would be another one.
    Needed,
    /// It is out for signature, or about to be: it must be issued again.
    IssueAgain,
    /// There is no register that could tell.
    Unknown,
}

/// One supplier.
#[derive(Debug, Clone, Serialize)]
pub struct SupplierImpact {
    /// Id.
    pub supplier: String,
    /// Legal name, where a profile reads.
    pub name: Option<String>,
    /// What becomes of its pack.
    pub effect: Effect,
    /// Tier before.
    pub tier_before: Option<Tier>,
    /// Tier after.
    pub tier_after: Option<Tier>,
    /// Holds that open.
    pub holds_opened: Vec<String>,
    /// Holds that close.
    pub holds_closed: Vec<String>,
    /// Whether somebody must sign again.
    pub signature: Signature,
    /// What changes, and why; where both states have a pack, and they are not the same.
    pub comparison: Option<Comparison>,
    /// First fault of a pack that does not compile, with its place.
    pub fault: Option<String>,
}

/// One policy.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyImpact {
    /// Id.
    pub policy: String,
    /// What becomes of it.
    pub effect: Effect,
    /// People whose signature under the newest version stands; they are asked again when this is published as a new major version.
    pub acknowledged: Option<usize>,
    /// What changes, and why.
    pub comparison: Option<Comparison>,
}

/// What a change does.
#[derive(Debug, Default, Serialize)]
pub struct Impact {
    /// Files that differ, of those that anything could depend on.
    pub files: Vec<Cause>,
    /// Suppliers of either state, in order of id.
    pub suppliers: Vec<SupplierImpact>,
    /// Policies of either state that are not the same.
    pub policies: Vec<PolicyImpact>,
    /// Faults of what all share; then nothing was compared.
    #[serde(skip)]
    pub report: Report,
}

impl Impact {
    /// Suppliers of an effect.
    pub fn count(&self, effect: Effect) -> usize {
        self.suppliers.iter().filter(|supplier| supplier.effect == effect).count()
    }

    /// Suppliers who must sign again.
    pub fn signatures(&self) -> usize {
        self.suppliers.iter().filter(|supplier| supplier.signature == Signature::Needed).count()
    }
}

/// Why there is no impact to tell.
#[derive(Debug, thiserror::Error)]
pub enum ImpactError {
    /// Files.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// A pack as it was compiled, with what is known of the supplier.
struct Made {
    tier: Option<Tier>,
    name: String,
    holds: BTreeSet<String>,
    compiled: Option<Compiled>,
    edition: Option<Edition>,
    report: Report,
}

/// Compares the workspace with an earlier state; `progress` is told how many suppliers are done.
///
/// # Errors
/// [`ImpactError`]. Faults of one supplier are in its row; faults that leave a state without library are in the report.
pub fn impact(root: &Path, order: &Order, edge: &Edge, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(Impact, Location), ImpactError> {
    let (_, before) = earlier(root, &order.against)?;
    let (location, after) = read::workspace(root)?;
    let mut impact = Impact::default();
    let changed = differences(&before, &after);
    impact.files = changed.iter().map(|(file, what)| Cause::File { file: file.clone(), what }).collect();
    let mut earlier_report = Report::default();
    let new = Compiler::read(after, Reading::Whole, &mut impact.report);
    let old = Compiler::read(before, Reading::Whole, &mut earlier_report);
    let (Some(new), Some(old)) = (new, old) else {
        if !impact.report.has_errors() {
            impact.report.extend(earlier_report);
        }
        return Ok((impact, location));
    };
    if impact.report.has_errors() {
        return Ok((impact, location));
    }
    let ids = chosen(&old, &new, &order.suppliers, &mut impact.report);
    if impact.report.has_errors() {
        return Ok((impact, location));
    }
    let state = state(root, &new, edge)?;
    let both = Both { old: &old, new: &new, changed: &changed, state: state.as_ref(), date: order.date };
    impact.suppliers = spread(&ids, order.jobs, &|id| both.supplier(id), progress);
    if order.suppliers.is_empty() {
        impact.policies = both.policies();
    }
    Ok((impact, location))
}

/// Reads the earlier state: a folder where there is a workspace, else a revision.
fn earlier(root: &Path, against: &str) -> Result<(Location, Inputs), DiskError> {
    if Path::new(against).join(WORKSPACE).exists() { read::workspace(Path::new(against)) } else { revision::workspace(root, against) }
}

/// The state of the register, where the workspace has one.
fn state(root: &Path, compiler: &Compiler, edge: &Edge) -> Result<Option<State>, RegisterError> {
    if compiler.workspace.value.register.is_none() || !root.join(files::DATABASE).exists() {
        return Ok(None);
    }
    let mut register = Register::open(root, edge.clone())?;
    Ok(Some(register.look()?.0.clone()))
}

/// Files of either state that are not the same in both; not the approvals, from which no pack is made.
fn differences(before: &Inputs, after: &Inputs) -> BTreeMap<String, &'static str> {
    let mut out = BTreeMap::new();
    for (path, input) in before.iter() {
        match after.get(path) {
            Some(now) if now.bytes == input.bytes => {}
            Some(_) => drop(out.insert(path.to_owned(), "edited")),
            None => drop(out.insert(path.to_owned(), "removed")),
        }
    }
    out.extend(after.iter().filter(|(path, _)| before.get(path).is_none()).map(|(path, _)| (path.to_owned(), "added")));
    out.remove(APPROVALS);
    out
}

/// Suppliers of either state, or those that are asked about.
fn chosen(old: &Compiler, new: &Compiler, asked: &[String], report: &mut Report) -> Vec<String> {
    let all: BTreeSet<&str> = old.suppliers().into_iter().chain(new.suppliers()).collect();
    for id in asked.iter().filter(|id| !all.contains(id.as_str())) {
        let help = crate::base::suggest::help(id, all.iter().copied());
        report.push(Diagnostic::error("unknown-supplier", format!("there is no supplier `{id}`, neither now nor before")).help(help));
    }
    let wanted = |id: &&str| asked.is_empty() || asked.iter().any(|one| one == id);
    all.iter().copied().filter(wanted).map(str::to_owned).collect()
}

/// Does work for each id on some threads, and gives the results in the order of the ids.
fn spread<T: Send>(ids: &[String], jobs: usize, work: &(dyn Fn(&str) -> T + Sync), progress: &(dyn Fn(usize, usize) + Sync)) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = Mutex::new(Vec::with_capacity(ids.len()));
    let one = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(id) = ids.get(at) else { return };
            let result = work(id);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, ids.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, ids.len().max(1)) {
            // The system gives no thread: the others do its work.
            let _ = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, one);
        }
        one();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Both states.
struct Both<'a> {
    old: &'a Compiler,
    new: &'a Compiler,
    changed: &'a BTreeMap<String, &'static str>,
    state: Option<&'a State>,
    date: Date,
}

impl Both<'_> {
    fn supplier(&self, id: &str) -> SupplierImpact {
        let made = |compiler: &Compiler| compiler.suppliers().contains(&id).then(|| self.make(compiler, id));
        let after = made(self.new);
        let mut row = SupplierImpact {
            supplier: id.to_owned(),
            name: after.as_ref().map(|made| made.name.clone()),
            effect: Effect::Same,
            tier_before: None,
            tier_after: after.as_ref().and_then(|made| made.tier),
            holds_opened: Vec::new(),
            holds_closed: Vec::new(),
            signature: Signature::NotNeeded,
            comparison: None,
            fault: None,
        };
        if let Some(compiled) = after.as_ref().and_then(|made| made.compiled.as_ref())
            && self.is_untouched(compiled)
        {
            row.tier_before = row.tier_after;
            return row;
        }
        let before = made(self.old);
        row.tier_before = before.as_ref().and_then(|made| made.tier);
        let holds = |made: &Option<Made>| made.as_ref().map(|made| made.holds.clone()).unwrap_or_default();
        let (held, holds) = (holds(&before), holds(&after));
        row.holds_opened = holds.difference(&held).cloned().collect();
        row.holds_closed = held.difference(&holds).cloned().collect();
        let editions = (before.as_ref().map(|made| made.edition.as_ref()), after.as_ref().map(|made| made.edition.as_ref()));
        row.effect = match editions {
            (Some(Some(before)), Some(Some(after))) => {
                let comparison = compare(before, after);
                let effect = match comparison.worst() {
                    _ if comparison.is_change() => Effect::Changed,
                    crate::text::redline::DocumentState::Same => Effect::Same,
                    _ => Effect::Renumbered,
                };
                row.comparison = Some(comparison).filter(|_| effect != Effect::Same);
                effect
            }
            (None, _) => Effect::Added,
            (_, None) => Effect::Removed,
            (Some(None), Some(Some(_))) => Effect::Mended,
            (Some(Some(_)), Some(None)) => Effect::Broken,
            (Some(None), Some(None)) => Effect::Failing,
        };
        row.name = row.name.or(before.map(|made| made.name));
        row.fault = after.filter(|made| made.edition.is_none()).and_then(|made| first_fault(made.report));
        row.signature = if row.effect == Effect::Changed { self.signature(id) } else { Signature::NotNeeded };
        row
    }

    /// Whether a pack depends on nothing that changed: no file of it, and none that stood in one of its slots before.
    fn is_untouched(&self, compiled: &Compiled) -> bool {
        let touches = |(path, what): (&String, &&str)| *what == "removed" || compiled.inputs.iter().any(|(input, _)| input == path);
        !self.changed.iter().any(touches)
    }

    /// Compiles a pack for review, so that open holds stop nothing.
    fn make(&self, compiler: &Compiler, id: &str) -> Made {
        let mut report = Report::default();
        let mut made = Made { tier: None, name: id.to_owned(), holds: BTreeSet::new(), compiled: None, edition: None, report: Report::default() };
        if let Some(supplier) = compiler.supplier(id, self.date, &mut report) {
            made.name = crate::contract::values::clean(&supplier.profile.value.identity.legal_name);
            if let Some(assessed) = compiler.assess(supplier, self.date, &mut report) {
                if let Ok(assessment) = &assessed.assessment {
                    made.tier = Some(assessment.tier);
                    made.holds = assessment.holds.iter().filter(|hold| hold.accepted_by.is_none()).map(|hold| hold.id.clone()).collect();
                }
                if !report.has_errors() {
                    made.compiled = self.compiled(compiler, &assessed, &mut report);
                }
                let node = &assessed.supplier.profile.node;
                made.edition = made.compiled.as_ref().map(|compiled| Edition::of(compiled, Some(node)));
            }
        }
        made.report = report;
        made
    }

    fn compiled(&self, compiler: &Compiler, assessed: &Assessed, report: &mut Report) -> Option<Compiled> {
        compiler.compile(assessed, &Request { draft: true, ..Request::default() }, self.date, report)
    }

    /// Whether contracts with a supplier stand or are under way.
    fn signature(&self, supplier: &str) -> Signature {
        let Some(state) = self.state else { return Signature::Unknown };
        let states: Vec<PackState> = state.contracts.packs.values().filter(|pack| pack.supplier() == supplier).map(|pack| pack.state()).collect();
        let has = |wanted: &[PackState]| states.iter().any(|state| wanted.contains(state));
        if has(&[PackState::Executed, PackState::Adopted]) {
            Signature::Needed
        } else if has(&[PackState::Submitted, PackState::Approved, PackState::Issued, PackState::HalfSigned]) {
            Signature::IssueAgain
        } else {
            Signature::NotNeeded
        }
    }

    fn policies(&self) -> Vec<PolicyImpact> {
        let ids: BTreeSet<&str> = self.old.library.policies().chain(self.new.library.policies()).map(|(id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.policy(id)).collect()
    }

    /// A policy that is not the same any more.
    fn policy(&self, id: &str) -> Option<PolicyImpact> {
        let make = |compiler: &Compiler| {
            let mut report = Report::default();
            let issuer = compiler.issuer(None, &mut report)?;
            compiler.library.outlines.contains_key(id).then(|| compiler.policy(id, &issuer, true, self.date, &mut report)).flatten()
        };
        let known = |compiler: &Compiler| compiler.library.outlines.contains_key(id);
        let after = make(self.new);
        if after.as_ref().is_some_and(|compiled| self.is_untouched(compiled)) {
            return None;
        }
        let before = make(self.old);
        let mut comparison = None;
        let effect = match (known(self.old), &before, known(self.new), &after) {
            (true, Some(before), true, Some(after)) => {
                let made = compare(&Edition::of(before, None), &Edition::of(after, None));
                let is_same = made.worst() == crate::text::redline::DocumentState::Same;
                let effect = if made.is_change() { Effect::Changed } else { Effect::Renumbered };
                comparison = Some(made);
                if is_same { Effect::Same } else { effect }
            }
            (false, ..) => Effect::Added,
            (_, _, false, _) => Effect::Removed,
            (_, None, _, Some(_)) => Effect::Mended,
            (_, Some(_), _, None) => Effect::Broken,
            (_, None, _, None) => Effect::Failing,
        };
        let acknowledged = self.state.map(|state| {
            let newest = state.book.current(id).map(|version| version.version);
            let stands = |record: &&crate::compliance::book::Record| {
                record.request.policy == id && Some(record.request.version) == newest && matches!(record.outcome, Outcome::Signed { .. })
            };
            state.book.requests.values().filter(stands).count()
        });
        (effect != Effect::Same).then(|| PolicyImpact { policy: id.to_owned(), effect, acknowledged, comparison })
    }
}

fn first_fault(report: Report) -> Option<String> {
    let first = report.sorted().into_iter().find(|diagnostic| diagnostic.severity == Severity::Error)?;
    let place = first.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    Some(format!("{place}{} [{}]", first.message, first.code))
}
