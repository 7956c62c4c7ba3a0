//! `pack approve` and `pack reject`: the word of those who have authority.

use crate::contract::entity::Authority;
use crate::contract::milestone::{Approval, Rejection};
use crate::contract::permission::{self, Refusal};
use crate::record::Event;
use crate::workflow::packs::{Desk, PackError, text};
use crate::workflow::register::RegisterError;

impl Desk {
    /// Approves a pack in a role, as the person who runs the command; the folder of the pack, where it is at hand, must be what was submitted.
    ///
    /// # Errors
    /// The rules of [`crate::contract::lifecycle::PackRecord::may_approve`]; [`PackError::Broken`] for a folder that is another pack.
    pub fn approve(&mut self, pack: &str, role: &str, note: Option<&str>) -> Result<Approval, PackError> {
        let note = note.map(|note| text("the note", note)).transpose()?;
        let pack = self.checked(pack)?;
        let approver = self.acting(role)?;
        let authorities = &self.compiler.workspace.value.authorities;
        let approval = self.register.change(|before, draft| {
            let record = before.state.contracts.find(&pack)?;
            record.may_approve(role, &approver, authorities)?;
            let manifest = record.submission().ok_or_else(unsubmitted)?.manifest.clone();
            let approval = Approval { pack, manifest, role: role.to_owned(), approver, note };
            draft.record(Event::PackApproved(approval.clone()));
            Ok(approval)
        })?;
        Ok(approval)
    }

    /// Rejects a pack in a role, as the person who runs the command. It may be submitted again; then every approval starts over.
    ///
    /// # Errors
    /// The rules of [`crate::contract::lifecycle::PackRecord::may_reject`]; the person does not hold the role.
    pub fn reject(&mut self, pack: &str, role: &str, reason: &str) -> Result<Rejection, PackError> {
        let reason = text("the reason", reason)?;
        let pack = self.checked(pack)?;
        let approver = self.acting(role)?;
        let rejection = self.register.change(|before, draft| {
            let record = before.state.contracts.find(&pack)?;
            record.may_reject(role)?;
            let manifest = record.submission().ok_or_else(unsubmitted)?.manifest.clone();
            let rejection = Rejection { pack, manifest, role: role.to_owned(), approver, reason };
            draft.record(Event::PackRejected(rejection.clone()));
            Ok(rejection)
        })?;
        Ok(rejection)
    }

    /// The authority who runs the command.
    fn acting(&self, role: &str) -> Result<Authority, Refusal> {
        permission::holder(&self.compiler.workspace.value.authorities, role, &self.register.edge().by).cloned()
    }
}

/// The rules let nothing else than a submitted pack come this far.
fn unsubmitted() -> RegisterError {
    RegisterError::refused("an adopted contract is not approved", "it was signed elsewhere")
}
