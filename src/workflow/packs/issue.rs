//! `pack issue`: an approved pack goes to the supplier.

use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::contract::milestone::{Issue, Recipient, Submission};
use crate::contract::permission::Refusal;
use crate::record::Event;
use crate::workflow::packs::{Desk, PackError, day, text};

impl Desk {
    /// Records that a pack goes to these people; `None` when a diagnostic stops it.
    ///
    /// The supplier is assessed on this day: a decision that ran out, or a profile that changed since, opens a hold again. The change of a
    /// profile alone is a warning.
    ///
    /// # Errors
    /// The rules of [`crate::contract::lifecycle::PackRecord::may_issue`]; [`super::PackError::Broken`] for a folder that is another pack.
    pub fn issue(&mut self, pack: &str, recipients: &[Recipient], report: &mut Report) -> Result<Option<Issue>, PackError> {
        let recipients = recipients.iter().map(readable).collect::<Result<Vec<_>, _>>()?;
        let pack = self.checked(pack)?;
        let authorities = &self.compiler.workspace.value.authorities;
        let submission = self.contracts().find(&pack)?.may_issue(authorities)?.clone();
        self.assess(&submission, report);
        if self.stops(report) {
            return Ok(None);
        }
        let issue = self.register.change(|before, draft| {
            let submission = before.state.contracts.find(&pack)?.may_issue(authorities)?;
            let issue = Issue { pack, manifest: submission.manifest.clone(), recipients, documents: submission.documents.clone() };
            draft.record(Event::PackIssued(issue.clone()));
            Ok(issue)
        })?;
        Ok(Some(issue))
    }

    /// Reports what stands against the issue today.
    fn assess(&self, submission: &Submission, report: &mut Report) {
        let today = day(&self.compiler.workspace.value, &submission.entity, self.register.edge().now());
        let before = report.errors();
        let Some(supplier) = self.compiler.supplier(&submission.supplier, today, report) else { return };
        if supplier.digest != submission.profile {
            let message = format!("the profile of `{}` has changed since the pack was made", submission.supplier);
            let help = format!("generate again and compare; the pack was made from the profile with SHA-256 {}", submission.profile);
            report.push(Diagnostic::warning("profile-changed", message).at(&supplier.profile.node.place_of("supplier")).help(help));
        }
        // Documents that are signed before any assessment: no hold has a say.
        if submission.before_assessment {
            return;
        }
        let Some(assessed) = self.compiler.assess(supplier, today, report).filter(|_| report.errors() == before) else { return };
        match &assessed.assessment {
            Ok(_) => self.compiler.report_holds(&assessed, today, Severity::Error, report),
            Err(missing) => {
                self.compiler.report_missing(&assessed.supplier, missing.iter().map(|fact| (fact, "the assessment".to_owned())), report);
            }
        }
    }
}

fn readable(recipient: &Recipient) -> Result<Recipient, Refusal> {
    Ok(Recipient { name: text("the name of a recipient", &recipient.name)?, email: text("the address of a recipient", &recipient.email)? })
}
