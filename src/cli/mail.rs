//! `countersign mail`, and how sending is shown.

use clap::{Args, Subcommand};

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, print, print_json};
use crate::mail::{Outcome, Transport};
use crate::workflow::desk::Desk;
use crate::workflow::outbox;
use crate::workflow::receipt;
use crate::workflow::register::RegisterError;
use crate::workflow::transport::{self, PASSWORD_VARIABLE};

/// Try the way that mails leave.
///
/// Example: countersign mail test me@example.com
#[derive(Args)]
pub(crate) struct MailArgs {
    #[command(subcommand)]
    verb: MailVerb,
}

#[derive(Subcommand)]
enum MailVerb {
    Test(TestArgs),
}

/// Send a test mail, past the outbox.
///
/// Example: countersign mail test me@example.com
#[derive(Args)]
struct TestArgs {
    /// Address.
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &MailArgs) -> Result<u8, Failure> {
    let MailVerb::Test(args) = &args.verb;
    let desk = Desk::open(&common.workspace, args.acting.edge())?;
    let mut transport = transport(&desk)?;
    let (mail, outcome) = outbox::test(desk.office()?, transport.as_mut(), &args.address, desk.register().edge().now())?;
    let (result, response) = match outcome {
        Outcome::Sent { response } => ("sent", response),
        Outcome::Retry { reason } => ("put off", reason),
        Outcome::Refused { reason } => ("refused", reason),
        Outcome::Unknown { reason } => ("unknown", reason),
    };
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "to": mail.to, "message_id": mail.message_id, "result": result, "response": response }))?,
        _ => print(&format!("{}: {result}: {response}\n", mail.to))?,
    }
    Ok(if result == "sent" { exit::DONE } else { exit::PARTLY })
}

/// The transport of the workspace.
fn transport(desk: &Desk) -> Result<Box<dyn Transport>, RegisterError> {
    transport::transport(desk.register().root(), &desk.output()?, desk.mail()?, password())
}

/// The password of the relay, out of the environment.
#[expect(clippy::disallowed_methods, reason = "the environment enters at the edge: here")]
pub(crate) fn password() -> Option<String> {
    std::env::var(PASSWORD_VARIABLE).ok().filter(|p| !p.is_empty())
}

/// Sends what waits and says what became of it.
pub(crate) fn send(common: &Common, desk: &mut Desk, decided: usize) -> Result<u8, Failure> {
    let mut transport = transport(desk)?;
    let pages = desk.pages()?;
    desk.office()?;
    let (register, Some(office), library) = desk.sending() else { return Ok(exit::INPUT) };
    let attempts = outbox::send(register, office, transport.as_mut(), &mut |register, request| receipt::make(register, library.compiler()?, &pages, request))?;
    let count = |result: &str| attempts.iter().filter(|a| a.result == result).count();
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "decided": decided, "attempts": attempts }))?,
        _ => {
            for attempt in attempts.iter().filter(|a| a.result != "sent") {
                eprintln!("{}: {}: {}", attempt.key, attempt.result, attempt.response);
            }
            if !common.quiet {
                let others: Vec<String> = ["put off", "failed", "unknown", "dropped"]
                    .into_iter()
                    .filter(|result| count(result) > 0)
                    .map(|result| format!(", {} {result}", count(result)))
                    .collect();
                print(&format!("{decided} decided, {} sent{}\n", count("sent"), others.concat()))?;
            }
        }
    }
    Ok(if count("put off") + count("failed") + count("unknown") > 0 { exit::PARTLY } else { exit::DONE })
}
