//! `check`: the whole workspace, without writing anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::contract::lint::{self, Census};
use crate::pack::compile::{Assessed, Compiled, Compiler, Request};
use crate::text::letters;
use crate::workflow::Opened;

/// How many packs a diagnostic names that is about all that have a clause.
const NAMED: usize = 3;

/// What `check` looked at.
#[derive(Debug, Default)]
pub struct Checked {
    /// Number of suppliers.
    pub suppliers: usize,
    /// Number of clauses.
    pub clauses: usize,
    /// Number of policies; each is checked as every entity would issue it.
    pub policies: usize,
    /// How many clauses stand how, in the order of [`ApprovalState::ALL`](crate::contract::approval::ApprovalState::ALL); `None` where nothing was approved and nothing has to be.
    pub approval: Option<[usize; 4]>,
    /// Diagnostics.
    pub report: Report,
}

/// Checks library, workspace file, decisions, every policy and every supplier; with `ahead`, warns of what will be different then.
///
/// `library` also judges the library by the packs of this workspace: clauses that none has, terms that none needs.
pub fn check(opened: Opened, today: Date, ahead: Option<Date>, library: bool) -> Checked {
    let mut report = opened.report;
    let Some(compiler) = opened.compiler else { return Checked { report, ..Checked::default() } };
    let mut identities = BTreeMap::new();
    let sound = !report.has_errors();
    let mut census = Census::default();
    let mut chosen = Chosen::new();
    let ids: Vec<String> = compiler.suppliers().into_iter().map(str::to_owned).collect();
    for id in &ids {
        let before = report.errors();
        let Some(supplier) = compiler.supplier(id, today, &mut report) else { continue };
        same_identity(&mut identities, id, &supplier.profile, &mut report);
        let Some(assessed) = compiler.assess(supplier, today, &mut report) else { continue };
        if report.errors() == before && sound {
            // As a review copy: an open hold is no fault of the workspace.
            let compiled = compiler.compile(&assessed, &Request { draft: true, ..Request::default() }, today, &mut report);
            take(&compiler, compiled.as_ref(), &format!("`{id}`"), &mut chosen);
            count(&mut census, compiled);
            // Instruments can be signed alone, so they must stand alone: their terms, their references.
            let instruments = compiler.instruments(&assessed);
            if !instruments.is_empty() && report.errors() == before {
                let request = Request { documents: instruments, draft: true, bound: false };
                compiler.compile(&assessed, &request, today, &mut report);
            }
            compiler.report_holds(&assessed, today, Severity::Warning, &mut report);
            if let Some(ahead) = ahead {
                flips(&compiler, &assessed, today, ahead, &mut report);
            }
        }
    }
    let policies: Vec<&str> = compiler.library.policies().map(|(id, _)| id).collect();
    if sound {
        for (policy, entity) in policies.iter().flat_map(|p| compiler.workspace.value.entities.keys().map(move |e| (p, e))) {
            let compiled = compiler.policy(policy, entity, false, today, &mut report);
            take(&compiler, compiled.as_ref(), &format!("the policy `{policy}`"), &mut chosen);
            count(&mut census, compiled);
        }
        lint::text(&compiler.library, &mut report);
        if library {
            census.report(&compiler.library, &mut report);
        }
    }
    compiler.approvals.report_strays(&compiler.library, &mut report);
    unapproved(&compiler, &chosen, today, ahead, &mut report);
    let approval = compiler.knows_approvals().then(|| compiler.approvals.count(&compiler.library, today));
    Checked { suppliers: ids.len(), clauses: compiler.library.clauses.len(), policies: policies.len(), approval, report }
}

/// Who has each clause in a pack.
type Chosen = BTreeMap<String, BTreeSet<String>>;

fn take(compiler: &Compiler, compiled: Option<&Compiled>, whose: &str, chosen: &mut Chosen) {
    for clause in compiled.into_iter().flat_map(|compiled| compiler.chosen(compiled)) {
        chosen.entry(clause).or_default().insert(whose.to_owned());
    }
}

/// Clauses that packs have and nobody approved, where approvals gate; clauses that wait for other profiles are no fault.
fn unapproved(compiler: &Compiler, chosen: &Chosen, today: Date, ahead: Option<Date>, report: &mut Report) {
    let Some(severity) = compiler.gate() else { return };
    for (id, packs) in chosen {
        let Some(clause) = compiler.library.clauses.get(id) else { continue };
        if let Some(diagnostic) = compiler.unapproved(clause, today) {
            let first: Vec<&str> = packs.iter().take(NAMED).map(String::as_str).collect();
            let more = if packs.len() > NAMED { format!(" and {} more", packs.len() - NAMED) } else { String::new() };
            let help = format!("it is in the pack of {}{more}; {}", first.join(", "), diagnostic.help.unwrap_or_default());
            report.push(Diagnostic { severity, help: Some(help), ..diagnostic });
        } else if let Some(day) = ahead
            && compiler.unapproved(clause, day).is_some()
            && let Some(approval) = compiler.approvals.standing(clause, today).approval
            && let Some(last) = approval.expires
        {
            let message = format!("the approval of `{id}` {} runs out on {last}", approval.version);
            report.push(Diagnostic::warning("will-expire", message).at_opt(compiler.approvals.place(&approval).as_ref()).help("have it read again"));
        }
    }
}

fn count(census: &mut Census, compiled: Option<Compiled>) {
    if let Some(compiled) = compiled {
        let chosen = compiled.explanation.slots.iter().filter_map(|s| s.chosen.as_deref());
        census.count(chosen, &compiled.documents);
    }
}

/// Two files about one company: same register and number, or same name and country.
fn same_identity(
    seen: &mut BTreeMap<String, (String, crate::base::source::Place, String)>,
    id: &str,
    profile: &crate::contract::derive::Written<crate::contract::profile::Profile>,
    report: &mut Report,
) {
    let identity = &profile.value.identity;
    let country = &identity.address.country;
    let keys = [
        identity.registration_number.as_ref().map(|n| (format!("{country} {n}"), "identity.registration_number")),
        identity.lei.as_ref().map(|n| (n.clone(), "identity.lei")),
        Some((format!("{country} {}", identity.legal_name.to_lowercase()), "identity.legal_name")),
    ];
    let name = identity.legal_name.to_lowercase();
    let looks = format!("{country} looks like {}", letters::looks(&name));
    let place = profile.node.place_of("identity.legal_name");
    match seen.get(&looks) {
        Some((other, first, written)) if *written != name => {
            let message = format!("the names of `{id}` and `{other}` look alike");
            report.push(Diagnostic::warning("lookalike", message).at(&place).with(first, "the other name").help("make sure that nobody is impersonated"));
        }
        _ => {
            seen.insert(looks, (id.to_owned(), place, name.clone()));
        }
    }
    for (key, path) in keys.into_iter().flatten() {
        let place = profile.node.place_of(path);
        if let Some((other, first, _)) = seen.get(&key) {
            let message = format!("`{id}` and `{other}` are the same supplier");
            report.push(
                Diagnostic::error("duplicate-supplier", message).at(&place).with(first, "written here as well").help("keep one profile for each supplier"),
            );
            return;
        }
        seen.insert(key, (id.to_owned(), place, name.clone()));
    }
}

/// What will be different at a later date: certificates, requirements, decisions, tier, holds.
fn flips(compiler: &Compiler, now: &Assessed, today: Date, ahead: Date, report: &mut Report) {
    let profile = &now.supplier.profile;
    let id = &profile.value.supplier;
    for (at, certificate) in profile.value.assurance.iter().flat_map(|a| &a.certificates).enumerate() {
        let (until, field) = match certificate.expires {
            Some(expires) => (expires, "expires"),
            None => (certificate.issued.plus_months(12), "issued"),
        };
        if today <= until && until < ahead {
            let place = profile.node.place_of(&format!("assurance.certificates[{at}].{field}"));
            let message = format!("the certificate `{}` of `{id}` runs out on {until}", certificate.standard);
            report.push(Diagnostic::warning("will-expire", message).at(&place).help("its credit ends then"));
        }
    }
    for requirement in compiler.library.requirements.values() {
        for turn in requirement.turning_points().filter(|t| today < *t && *t <= ahead) {
            if requirement.applies(&now.facts, today) != requirement.applies(&now.facts, ahead) {
                let verb = if requirement.applies(&now.facts, ahead) { "begins to apply" } else { "ceases to apply" };
                let message = format!("the requirement `{}` {verb} to `{id}` on {turn}", requirement.id);
                report.push(Diagnostic::warning("will-flip", message).help(format!("source: {}", requirement.source)));
            }
        }
    }
    let mut later_report = Report::default();
    let Some(later) = compiler.assess(now.supplier.clone(), ahead, &mut later_report) else { return };
    let (Ok(before), Ok(after)) = (&now.assessment, &later.assessment) else { return };
    if before.tier != after.tier {
        let message = format!("the tier of `{id}` will be {} on {ahead}, it is {} now", after.tier.word(), before.tier.word());
        report.push(Diagnostic::warning("will-flip", message).at(&profile.node.place_of("assurance.certificates")));
    }
    for hold in &after.holds {
        let accepted_now = before.holds.iter().any(|h| h.id == hold.id && h.accepted_by.is_some());
        if accepted_now && hold.accepted_by.is_none() {
            let message = format!("the decision on `{}` of `{id}` will have expired on {ahead}", hold.id);
            report.push(Diagnostic::warning("will-expire", message).at(&profile.node.place_of("supplier")));
        }
    }
}
