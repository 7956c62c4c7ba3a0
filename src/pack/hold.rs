//! Holds of a pack and the decisions that accept them.

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::pack::compile::{Assessed, Compiler, Supplier};
use crate::rule::decision::Decision;

impl Compiler {
    /// Notes the decision that accepts each hold.
    pub(super) fn accept_holds(&self, assessed: &mut Assessed, date: Date) {
        let supplier = &assessed.supplier;
        let Ok(assessment) = &mut assessed.assessment else { return };
        for hold in &mut assessment.holds {
            let accepted = self.decisions.iter().find(|(_, d)| d.value.hold == hold.id && self.refusal(&d.value, supplier, date).is_none());
            hold.accepted_by = accepted.map(|(name, d)| format!("decisions/{name}: {} ({}), {}", d.value.person, d.value.role, d.value.reason));
        }
    }

    /// Why a decision does not stand; `None` when it does.
    fn refusal(&self, decision: &Decision, supplier: &Supplier, date: Date) -> Option<String> {
        let workspace = &self.workspace.value;
        let may = workspace.holds.get(&decision.hold).is_some_and(|roles| roles.contains(&decision.role));
        let holds_role = workspace.authorities.get(&decision.role).is_some_and(|people| people.iter().any(|p| p.email == decision.person));
        if decision.supplier != supplier.profile.value.supplier {
            Some("it is about another supplier".to_owned())
        } else if decision.subject != supplier.digest {
            Some(format!("the profile has changed since: its digest is now {}", supplier.digest))
        } else if !may {
            Some(format!("the role `{}` may not accept `{}`", decision.role, decision.hold))
        } else if !holds_role {
            Some(format!("`{}` does not hold the role `{}`", decision.person, decision.role))
        } else if date < decision.date || decision.expires < date {
            Some(format!("it holds from {} to {}, not on {date}", decision.date, decision.expires))
        } else {
            None
        }
    }

    /// Reports every open hold, with why a decision about it does not stand.
    ///
    /// An open hold stops the issue of a pack ([`Severity::Error`]), but is no fault of the workspace ([`Severity::Warning`]).
    pub fn report_holds(&self, assessed: &Assessed, date: Date, severity: Severity, report: &mut Report) {
        let Ok(assessment) = &assessed.assessment else { return };
        let supplier = &assessed.supplier;
        for hold in assessment.holds.iter().filter(|h| h.accepted_by.is_none()) {
            let place = hold.because.iter().find_map(|r| assessed.facts.get(&r.fact)).and_then(|f| f.place.clone());
            let mut diagnostic = Diagnostic::error("open-hold", format!("`{}` stops the issue: {}", hold.id, hold.condition)).at_opt(place.as_ref());
            diagnostic.severity = severity;
            let about = self.decisions.iter().filter(|(_, d)| d.value.hold == hold.id && d.value.supplier == supplier.profile.value.supplier);
            for (_, decision) in about {
                if let Some(reason) = self.refusal(&decision.value, supplier, date) {
                    diagnostic = diagnostic.with(&decision.node.place_of("hold"), format!("this decision does not stand: {reason}"));
                }
            }
            let roles = self.workspace.value.holds.get(&hold.id).map(|r| r.join(", ")).unwrap_or_default();
            let subject = &supplier.digest;
            report.push(
                diagnostic.help(format!(
                    "needs {}; a file in `decisions/` by one of: {roles}; with `subject: {subject}`. `--draft` writes a review copy",
                    hold.needs
                )),
            );
        }
    }
}
