//! `countersign init`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, print, print_json};
use crate::workflow::init;

/// Write a fresh workspace: a sample group with suppliers to edit, schemas for your editor.
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
    let files = init::init(&args.folder, args.library)?;
    let folder = args.folder.display();
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "folder": folder.to_string(), "files": files }))?,
        Format::Text if common.quiet => {}
        Format::Text => print(&format!("{folder}: {files} files\nnext: countersign -C {folder} check\n"))?,
    }
    Ok(exit::DONE)
}
