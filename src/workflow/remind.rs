//! `remind`: who gets which mail now and why, and the decision to send.

use crate::base::instant::Instant;
use crate::compliance::reminder::{self, Plan};
use crate::record::State;
use crate::workflow::outbox::{self, Office};
use crate::workflow::register::{Register, RegisterError};

/// Says who gets what at a moment; nothing is recorded, and no mail server is asked.
pub fn plan(state: &State, office: &Office, now: Instant) -> Plan {
    reminder::plan(&state.book, now, &office.ladder)
}

/// Decides the mails of the plan of now, all in one transaction.
///
/// # Errors
/// [`RegisterError`]; nothing was decided then.
pub fn decide(register: &mut Register, office: &Office) -> Result<Plan, RegisterError> {
    register.change(|before, draft| {
        let state = before.state;
        let plan = plan(state, office, before.now);
        for mail in &plan.mails {
            outbox::decide(before, draft, &state.book, office, mail)?;
        }
        Ok(plan)
    })
}
