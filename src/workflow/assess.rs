//! `assess`: the risk result without documents.

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::contract::assessment::Assessment;
use crate::workflow::{Opened, Suppliers};

/// The risk results of a run.
#[derive(Debug, Default)]
pub struct Assessments {
    /// Results by supplier.
    pub results: Vec<(String, Assessment)>,
    /// Suppliers without result.
    pub failed: Vec<String>,
    /// Diagnostics.
    pub report: Report,
}

/// Assesses suppliers; missing facts are reported with the field to fill.
pub fn assess(opened: Opened, suppliers: &Suppliers, date: Date) -> Assessments {
    let mut out = Assessments { report: opened.report, ..Assessments::default() };
    let Some(compiler) = opened.compiler else { return out };
    for id in suppliers.ids(&compiler) {
        let before = out.report.errors();
        let assessed = compiler.supplier(&id, date, &mut out.report).and_then(|s| compiler.assess(s, date, &mut out.report));
        let Some(assessed) = assessed else {
            out.failed.push(id);
            continue;
        };
        match assessed.assessment {
            Ok(assessment) if out.report.errors() == before => out.results.push((id, assessment)),
            Ok(_) => out.failed.push(id),
            Err(missing) => {
                compiler.report_missing(&assessed.supplier, missing.iter().map(|fact| (fact, "the assessment".to_owned())), &mut out.report);
                out.failed.push(id);
            }
        }
    }
    out
}
