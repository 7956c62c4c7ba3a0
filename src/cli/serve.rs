//! `countersign serve`: the sign page on the network.

use std::net::SocketAddr;

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, mail};
use crate::web::{self, Options};
use crate::workflow::register::Edge;

/// Serve the sign page, to which the links in mails lead, and the interface for programs.
///
/// It listens on this machine only unless `web.listen` or `--listen` says otherwise, and speaks TLS where `web.certificate` names a file.
/// Codes and receipts are mailed from here; everything else waits for `remind --send`. Ends at SIGTERM or Ctrl-C, after what is under way.
///
/// Example: countersign serve --listen 127.0.0.1:8321
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on, in place of `web.listen`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Mail nothing: another process runs `outbox send`.
    #[arg(long)]
    no_mail: bool,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &ServeArgs) -> Result<u8, Failure> {
    let options = Options { listen: args.listen, mails: !args.no_mail, password: mail::password() };
    // What people answer is recorded as by the page, not by the account that it runs under.
    let by = args.acting.by.clone().unwrap_or_else(|| "sign page".to_owned());
    web::start(&common.workspace, &Edge { by, ..args.acting.edge() }, &options)?.run();
    Ok(exit::DONE)
}
