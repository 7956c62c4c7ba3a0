//! `countersign outbox`.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, mail, print, print_json, table};
use crate::store::{OutboxState, StoredMail};
use crate::workflow::desk::Desk;
use crate::workflow::{bounces, outbox};

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
    Bounces(BouncesArgs),
}

/// Read delivery status notifications (RFC 3464): addresses from which mail comes back get none any more.
///
/// A folder may be a maildir. A notification counts when it names a mail of this register; the owner gets a finding.
///
/// Example: countersign outbox bounces /var/mail/bounces
#[derive(Args)]
struct BouncesArgs {
    /// Files, or folders of them.
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<std::path::PathBuf>,
    #[command(flatten)]
    acting: Acting,
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
                states.extend([OutboxState::Sent, OutboxState::Dropped, OutboxState::Bounced]);
            }
            let mails = outbox::mails(desk.register_mut(), &states)?;
            let rows: Vec<Vec<String>> = mails
                .iter()
                .map(|m| vec![m.key.clone(), word(m.state).to_owned(), m.attempts.to_string(), m.decided.to_string(), m.response.clone()])
                .collect();
            if common.format == Format::Json {
                let book = &desk.register().state().book;
                let object = |mail: &StoredMail| {
                    let decision = book.mails.get(&mail.key).map(|record| &record.decision);
                    json!({
                        "key": mail.key, "state": word(mail.state), "attempts": mail.attempts, "decided": mail.decided, "not_before": mail.not_before,
                        "response": mail.response, "person": decision.map(|d| &d.person), "letter": decision.map(|d| d.letter),
                        "day": decision.map(|d| d.day), "items": decision.map(|d| &d.items),
                    })
                };
                print_json(&mails.iter().map(object).collect::<Vec<_>>())?;
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
        OutboxVerb::Bounces(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let (register, Some(office)) = desk.mailing() else {
                desk.office()?;
                return Ok(exit::INPUT);
            };
            let read = bounces::read(register, office, &args.paths)?;
            if common.format == Format::Json {
                print_json(&read)?;
                return Ok(exit::DONE);
            }
            for one in &read {
                let whom = one.person.as_ref().map(|person| format!("{person}: ")).unwrap_or_default();
                print(&format!("{}: {whom}{}{}\n", one.file, if one.is_recorded { "" } else { "passed over, " }, one.what))?;
            }
            let recorded = read.iter().filter(|one| one.is_recorded).count();
            if !common.quiet {
                print(&format!("{recorded} addresses are dead, {} notifications passed over\n", read.len() - recorded))?;
            }
            Ok(exit::DONE)
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
        OutboxState::Bounced => "bounced",
    }
}
