//! `countersign init`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, print, print_json};
use crate::workflow::init;
use crate::workflow::register::{Edge, RegisterError};

/// Write a fresh workspace: a sample group with suppliers to edit, schemas for your editor, and the secrets of a register to come.
///
/// The register itself begins with `countersign ledger init`, once `register.origin` is yours.
///
/// Example: countersign init contracts
#[derive(Args)]
pub(crate) struct InitArgs {
    /// Folder to write; absent or empty.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also write the clause library and the layouts, to edit them.
    #[arg(long)]
    library: bool,
}

pub(crate) fn run(common: &Common, args: &InitArgs) -> Result<u8, Failure> {
    // Nothing is recorded, so it does not matter who does it.
    let files = init::init(&args.folder, args.library, &Edge::system("", None)).map_err(|error| match error {
        RegisterError::Disk(error) => Failure::Disk(error),
        other => Failure::Register(other),
    })?;
    let folder = args.folder.display();
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "folder": folder.to_string(), "files": files }))?,
        Format::Text if common.quiet => {}
        _ => print(&format!("{folder}: {files} files\nnext: countersign -C {folder} check\n"))?,
    }
    Ok(exit::DONE)
}
