//! `report`: how everything stands, as PDF, and as a mail that carries it.

use crate::base::date::Date;
use crate::compliance::book::{Letter, MailDecision};
use crate::contract::entity::RiskAppetite;
use crate::pack::compile::Compiler;
use crate::record::overview::{self, Overview};
use crate::record::paper::{self, ReportKind};
use crate::workflow::acknowledge;
use crate::workflow::outbox;
use crate::workflow::register::{Register, RegisterError};

/// Works out the overview of a day, today without one, by what was known then.
///
/// # Errors
/// [`RegisterError`].
pub fn overview(register: &mut Register, day: Option<Date>, appetite: Option<&RiskAppetite>, supplier: Option<&str>) -> Result<Overview, RegisterError> {
    let now = register.edge().now();
    let state = register.as_of(day, None)?;
    if let Some(id) = supplier.filter(|id| !state.contracts.assessments.contains_key(*id)) {
        return Err(RegisterError::refused(format!("the register has no assessment of `{id}`"), "`countersign sync` records those of all suppliers"));
    }
    Ok(overview::overview(&state, day.unwrap_or_else(|| now.date()), now, appetite, supplier))
}

/// Lays out a report as PDF/A-3a and PDF/UA-1.
///
/// # Errors
/// [`RegisterError::Refused`] with what the renderer says.
pub fn pdf(compiler: &Compiler, kind: ReportKind, overview: &Overview) -> Result<Vec<u8>, RegisterError> {
    let document = paper::document(kind, overview, &compiler.workspace.value.look.organisation);
    let rendered = compiler.report(&document, overview.as_of);
    let help = "put a font that has the character into `fonts/`, or correct the layout";
    Ok(rendered.map_err(|error| RegisterError::refused(format!("the report cannot be laid out: {error}"), help))?.pdf)
}

/// Decides that a report goes to people by mail; one that somebody had on that day is not sent again. Returns whom it goes to.
///
/// # Errors
/// [`RegisterError::Refused`] for a person who is not known or has no mailbox.
pub fn send(register: &mut Register, kind: ReportKind, day: Date, pdf: Vec<u8>, people: &[String]) -> Result<Vec<String>, RegisterError> {
    register.change(|before, draft| {
        let report = draft.keep(pdf);
        let mut told = Vec::new();
        for text in people {
            let person = acknowledge::person(&before.state.book, text)?;
            if person.email.is_none() {
                return Err(RegisterError::refused(format!("`{}` has no mailbox", person.id), "name somebody who has"));
            }
            let key = format!("report:{}:{}:{day}", kind.word(), person.id);
            if before.view.mail(&key)?.is_some() {
                continue;
            }
            let decision = MailDecision { key, person: person.id.clone(), letter: Letter::Report, day, items: Vec::new(), report: Some(report.clone()) };
            outbox::add(before.now, before.now, draft, decision);
            told.push(person.id.clone());
        }
        Ok(told)
    })
}
