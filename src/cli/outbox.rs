//! `countersign outbox`.

use clap::{Args, Subcommand};

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, mail, print, print_json, table};
use crate::store::OutboxState;
use crate::workflow::desk::Desk;
use crate::workflow::outbox;

/// Mails that are decided and not known to be delivered.
///
/// Example: countersign outbox list
#[derive(Args)]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    verb: OutboxVerb,
}

#[derive(Subcommand)]
enum OutboxVerb {
    List(ListArgs),
    Send(SendArgs),
    Retry(KeyArgs),
    Drop(DropArgs),
}

/// List mails that wait, failed, or of which it is not known whether they arrived.
///
/// Example: countersign outbox list --all
#[derive(Args)]
struct ListArgs {
    /// Also those that were sent or dropped.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Send what waits, without deciding anything new.
///
/// Example: countersign outbox send
#[derive(Args)]
struct SendArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Let a mail that failed, or is unknown, be tried again.
///
/// Example: countersign outbox retry day:p-0123:2026-12-01
#[derive(Args)]
struct KeyArgs {
    /// Key of the mail.
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    acting: Acting,
}

/// Decide that a mail is not sent.
///
/// Example: countersign outbox drop day:p-0123:2026-12-01 --reason "told by telephone"
#[derive(Args)]
struct DropArgs {
    /// Key of the mail.
    #[arg(value_name = "KEY")]
    key: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &OutboxArgs) -> Result<u8, Failure> {
    match &args.verb {
        OutboxVerb::List(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let mut states = vec![OutboxState::Decided, OutboxState::Sending, OutboxState::Failed, OutboxState::Unknown];
            if args.all {
                states.extend([OutboxState::Sent, OutboxState::Dropped]);
            }
            let mails = outbox::mails(desk.register_mut(), &states)?;
            let rows: Vec<Vec<String>> = mails
                .iter()
                .map(|m| vec![m.key.clone(), word(m.state).to_owned(), m.attempts.to_string(), m.decided.to_string(), m.response.clone()])
                .collect();
            if common.format == Format::Json {
                let keys = ["key", "state", "attempts", "decided", "response"];
                let objects: Vec<serde_json::Map<String, serde_json::Value>> =
                    rows.into_iter().map(|row| keys.iter().map(|k| (*k).to_owned()).zip(row.into_iter().map(Into::into)).collect()).collect();
                print_json(&objects)?;
            } else {
                print(&table::draw(&["mail", "state", "attempts", "decided", "response"], &rows))?;
            }
            Ok(exit::DONE)
        }
        OutboxVerb::Send(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            mail::send(common, &mut desk, 0)
        }
        OutboxVerb::Retry(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            outbox::retry(desk.register_mut(), &args.key)?;
            say(common, &args.key, "waits to be sent")
        }
        OutboxVerb::Drop(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            outbox::drop_mail(desk.register_mut(), &args.key, &args.reason)?;
            say(common, &args.key, "dropped")
        }
    }
}

fn say(common: &Common, key: &str, what: &str) -> Result<u8, Failure> {
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "mail": key, "state": what }))?,
        _ if common.quiet => {}
        _ => print(&format!("{key}: {what}\n"))?,
    }
    Ok(exit::DONE)
}

fn word(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Decided => "decided",
        OutboxState::Sending => "sending",
        OutboxState::Sent => "sent",
        OutboxState::Failed => "failed",
        OutboxState::Unknown => "unknown",
        OutboxState::Dropped => "dropped",
    }
}
