//! `pack supersede` and `pack terminate`: how a contract ceases to stand.

use crate::base::date::Date;
use crate::contract::exit::exit_deadlines;
use crate::contract::milestone::{Supersession, Termination};
use crate::record::Event;
use crate::workflow::packs::{PackError, named, text};
use crate::workflow::register::Register;

/// Records that one pack stands in the place of another.
///
/// # Errors
/// The rules of [`crate::contract::lifecycle::Contracts::may_supersede`].
pub fn supersede(register: &mut Register, old: &str, new: &str) -> Result<Supersession, PackError> {
    let contracts = &register.state().contracts;
    let (old, new) = (named(contracts, old)?.0, named(contracts, new)?.0);
    let supersession = register.change(|before, draft| {
        let contracts = &before.state.contracts;
        contracts.may_supersede(contracts.find(&old)?, contracts.find(&new)?)?;
        let supersession = Supersession { pack: old, by: new };
        draft.record(Event::PackSuperseded(supersession.clone()));
        Ok(supersession)
    })?;
    Ok(supersession)
}

/// Records that a contract ends, with what falls due because of it: the obligations of its terms that start at the notice or at the end.
///
/// # Errors
/// The rules of [`crate::contract::lifecycle::PackRecord::may_terminate`].
pub fn terminate(register: &mut Register, pack: &str, notice: Date, end: Date, reason: &str) -> Result<Termination, PackError> {
    let reason = text("the reason", reason)?;
    let (pack, _) = named(&register.state().contracts, pack)?;
    let termination = register.change(|before, draft| {
        let record = before.state.contracts.find(&pack)?;
        record.may_terminate(notice, end)?;
        let obligations = record.submission().map_or(&[][..], |submission| &submission.obligations);
        let termination = Termination { pack, notice, end, reason, deadlines: exit_deadlines(obligations, notice, end) };
        draft.record(Event::PackTerminated(termination.clone()));
        Ok(termination)
    })?;
    Ok(termination)
}
