//! `countersign doctor`.

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, print, print_json};
use crate::workflow::desk::Desk;
use crate::workflow::status;

/// List what is half done: mails that failed, requests of people who left, people who were never asked. Exit 5 if there is any.
///
/// Example: countersign doctor
#[derive(Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &DoctorArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let (register, compiler) = desk.both()?;
    let found = status::doctor(register, Some(compiler))?;
    match common.format {
        Format::Json => print_json(&found)?,
        _ if found.is_empty() && !common.quiet => print("nothing is half done\n")?,
        _ => {
            for half in &found {
                print(&format!("{}\n  help: {}\n", half.what, half.help))?;
            }
        }
    }
    Ok(if found.is_empty() { exit::DONE } else { exit::NO })
}
