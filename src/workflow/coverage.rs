//! `coverage`: which requirement applies to a supplier and where its pack meets it; `requirements due`: which laws begin or end.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::contract::clause::Clause;
use crate::pack::compile::{Compiler, Request};
use crate::pack::coverage::{CoverageRow, Finished};

/// The coverage of a pack.
#[derive(Debug, Serialize)]
pub struct Covered {
    /// Id of the supplier.
    pub supplier: String,
    /// Its legal name.
    pub name: String,
    /// Id of the pack; of its review copy where a hold stops the pack.
    pub pack: String,
    /// The day.
    pub date: Date,
    /// Whether the workspace knows approvals, or asks for them.
    #[serde(skip)]
    pub with_approvals: bool,
    /// Each requirement that applies.
    pub rows: Vec<CoverageRow>,
}

/// Compiles the pack of a supplier, as a review copy where a hold stops it, lays it out, and maps its requirements.
///
/// # Errors
/// Nothing, after diagnostics, where the pack does not compile; an open blocking requirement is one of them.
pub fn coverage(compiler: &Compiler, id: &str, date: Date, report: &mut Report) -> Option<Covered> {
    let supplier = compiler.supplier(id, date, report)?;
    let assessed = compiler.assess(supplier, date, report)?;
    let draft = assessed.assessment.as_ref().is_ok_and(|assessment| assessment.holds.iter().any(|hold| hold.accepted_by.is_none()));
    let compiled = compiler.compile(&assessed, &Request { draft, ..Request::default() }, date, report)?;
    let name = crate::contract::values::clean(&assessed.supplier.profile.value.identity.legal_name);
    let mut passages = BTreeMap::new();
    for (document, job) in compiled.documents.iter().zip(compiled.jobs()) {
        passages.insert(document.kind.clone(), compiler.passages(&compiled, &job, report)?);
    }
    let (library, approvals, facts) = (&compiler.library, &compiler.approvals, &assessed.facts);
    let finished = Finished { library, approvals, compiled: &compiled, facts, passages: &passages };
    let (rows, unprinted) = finished.rows(date);
    for missing in unprinted {
        let message = format!(
            "the finished pages of the {} do not show `{}` in the clause `{}`, which prints it for `{}`",
            compiler.library.title(&missing.document),
            missing.text,
            missing.clause,
            missing.parameter
        );
        let place = compiler.library.clauses.get(&missing.clause).map(Clause::place);
        report.push(Diagnostic::error("unprinted-value", message).at_opt(place.as_ref()).help("the layouts in `templates/` must show every value"));
    }
    Some(Covered { supplier: id.to_owned(), name, pack: compiled.pack, date, with_approvals: compiler.knows_approvals(), rows })
}

/// A law that begins or ends.
#[derive(Debug, Clone, Serialize)]
pub struct Turn {
    /// The day on which it is different for the first time.
    pub day: Date,
    /// Whether it begins; else it ends.
    pub begins: bool,
    /// Id of the requirement.
    pub requirement: String,
    /// Citation; absent where it is to be checked first.
    pub source: Option<String>,
    /// Suppliers to whom it begins or ceases to apply.
    pub suppliers: Vec<String>,
}

/// Laws that begin or end within some days, and whom they concern; in order of day.
///
/// Suppliers whose profile does not read are reported and left out.
pub fn due(compiler: &Compiler, today: Date, days: u32, report: &mut Report) -> Vec<Turn> {
    let until = today.plus_days(i32::try_from(days).unwrap_or(i32::MAX));
    let mut turns = Vec::new();
    for requirement in compiler.library.requirements.values() {
        for (day, begins) in requirement.turns().filter(|(day, _)| today < *day && *day <= until) {
            let source = requirement.is_certain.then(|| requirement.source.clone());
            turns.push(Turn { day, begins, requirement: requirement.id.clone(), source, suppliers: Vec::new() });
        }
    }
    turns.sort_by(|a, b| (a.day, &a.requirement).cmp(&(b.day, &b.requirement)));
    if turns.is_empty() {
        return turns;
    }
    for id in compiler.suppliers() {
        let Some(assessed) = compiler.supplier(id, today, report).and_then(|supplier| compiler.assess(supplier, today, report)) else { continue };
        for turn in &mut turns {
            let Some(requirement) = compiler.library.requirements.get(&turn.requirement) else { continue };
            let before = turn.day.plus_days(-1);
            if requirement.applies(&assessed.facts, before) != requirement.applies(&assessed.facts, turn.day) {
                turn.suppliers.push(id.to_owned());
            }
        }
    }
    turns
}
