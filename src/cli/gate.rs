//! `countersign gate`.

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, parse_date, print, print_json};
use crate::record::gate::{GateAnswer, gate};
use crate::workflow::desk::Desk;
use crate::workflow::register::RegisterError;

/// May this person of this supplier have access today? Yes or no, with every reason. Exit 5 if the answer is no.
///
/// Looks at the contract and its termination, holds and the assessment, the person, acknowledgments, and training. Without a person it
/// answers for the supplier as such.
///
/// Example: countersign gate northwind-cloud ada@northwind.example --as-of 2027-01-31
#[derive(Args)]
pub(crate) struct GateArgs {
    /// The supplier, by id.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// The person, by id or e-mail address; the supplier alone when absent.
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// The day that is asked about, by what was recorded then; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    as_of: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &GateArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let now = desk.register().edge().now();
    let state = desk.register_mut().as_of(args.as_of, None)?;
    let answer =
        gate(&state, &args.supplier, args.person.as_deref(), args.as_of, now).map_err(|unknown| RegisterError::refused(unknown.to_string(), unknown.help()))?;
    match common.format {
        Format::Json => print_json(&answer)?,
        _ if common.quiet => {}
        _ => print(&text(&answer))?,
    }
    Ok(if answer.allowed { exit::DONE } else { exit::NO })
}

/// The answer for people: what passed and what did not differs in sign and word, never in colour alone.
fn text(answer: &GateAnswer) -> String {
    let who = match (&answer.name, &answer.person) {
        (Some(name), Some(id)) => format!("{name} ({id}) of {}", answer.supplier),
        _ => answer.supplier.clone(),
    };
    let verdict = if answer.allowed { "allowed" } else { "not allowed" };
    let mut out = format!("{verdict}: {who} on {}\n", answer.as_of);
    for reason in &answer.reasons {
        let word = if reason.passed { "+ yes" } else { "! no " };
        out.push_str(&format!("{word}  {:<14}  {}\n", reason.check.word(), reason.text));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::record::gate::{Check, GateAnswer, GateReason};

    #[test]
    fn answer_reads_without_colour() {
        let reason = |check, passed, text: &str| GateReason { check, passed, text: text.to_owned(), about: None, until: None };
        let reasons = vec![reason(Check::Contract, true, "It stands."), reason(Check::Acknowledgment, false, "It is not signed.")];
        let answer = GateAnswer {
            supplier: "northwind".to_owned(),
            person: Some("p-1".to_owned()),
            name: Some("Ada".to_owned()),
            as_of: "2027-02-01".parse().unwrap(),
            allowed: false,
            reasons,
        };
        let expected = "not allowed: Ada (p-1) of northwind on 2027-02-01\n+ yes  contract        It stands.\n! no   acknowledgment  It is not signed.\n";
        assert_eq!(text(&answer), expected);
        let alone = GateAnswer { person: None, name: None, allowed: true, reasons: Vec::new(), ..answer };
        assert_eq!(text(&alone), "allowed: northwind on 2027-02-01\n");
    }
}
