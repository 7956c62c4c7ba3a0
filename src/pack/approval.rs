//! What approvals of clause texts decide about a pack: whether it may be issued, never what it says.

use std::collections::BTreeSet;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::contract::approval::{ApprovalState, Standing};
use crate::contract::clause::Clause;
use crate::pack::compile::{Compiled, Compiler};

impl Compiler {
    /// How bad an unapproved clause is in a pack of this workspace; `None` where approvals decide nothing.
    pub fn gate(&self) -> Option<Severity> {
        self.workspace.value.approval.unapproved.severity()
    }

    /// Whether anything was approved, or has to be.
    pub fn knows_approvals(&self) -> bool {
        self.gate().is_some() || !self.approvals.all().is_empty()
    }

    /// The clauses chosen for the documents that a pack issues, those of their instruments included.
    pub fn chosen(&self, compiled: &Compiled) -> BTreeSet<String> {
        let issued = |kind: &str| compiled.documents.iter().any(|document| document.kind == kind);
        let inside = |kind: &str| self.library.outlines.get(kind).and_then(|outline| outline.value.inside.as_deref());
        let slots = compiled.explanation.slots.iter().filter(|slot| issued(&slot.document) || inside(&slot.document).is_some_and(issued));
        slots.filter_map(|slot| slot.chosen.clone()).collect()
    }

    /// Reports every clause of a pack that is not approved on a day, as bad as the workspace says; nothing of a review copy, which is made to be read.
    ///
    /// The caller issues no pack after an error. The compiler does not ask: a pack that was issued rebuilds without approvals.
    pub fn report_unapproved(&self, compiled: &Compiled, day: Date, report: &mut Report) {
        let Some(severity) = self.gate().filter(|_| !compiled.request.draft) else { return };
        for clause in self.chosen(compiled).iter().filter_map(|id| self.library.clauses.get(id)) {
            if let Some(diagnostic) = self.unapproved(clause, day) {
                let help = diagnostic.help.as_ref().map(|help| format!("{help}; `generate --draft` writes a copy to read"));
                report.push(Diagnostic { severity, help, ..diagnostic });
            }
        }
    }

    /// Why a clause is not approved on a day; `None` when it is.
    pub fn unapproved(&self, clause: &Clause, day: Date) -> Option<Diagnostic> {
        let (id, version) = (&clause.front.id, &clause.front.version);
        let Standing { state, approval } = self.approvals.standing(clause, day);
        let approved = approval.as_ref().map(|approval| approval.version.as_str()).unwrap_or_default();
        let message = match state {
            ApprovalState::Approved => return None,
            ApprovalState::Unapproved => format!("`{id}` {version} is not approved"),
            ApprovalState::Changed if approved == version => format!("`{id}` has changed since {version} was approved, and its version was not raised"),
            ApprovalState::Changed => format!("`{id}` {version} is not approved: it has changed since {approved} was"),
            ApprovalState::Expired => format!("the approval of `{id}` {version} has run out"),
        };
        let mut diagnostic = Diagnostic::warning("unapproved-clause", message).at(&clause.version_place());
        if let Some(place) = approval.and_then(|approval| self.approvals.place(&approval)) {
            diagnostic = diagnostic.with(&place, "the approval");
        }
        Some(diagnostic.help(format!("when it has been read: `countersign clause approve {id}@{version} --by NAME`")))
    }
}
