//! `countersign schema`.

use clap::Args;

use crate::base::suggest;
use crate::cli::exit::{self, Failure};
use crate::cli::print;
use crate::workflow::schema;

/// Print the JSON Schema of a file kind, for editors.
///
/// Example: countersign schema profile > schemas/profile.json
#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// The kind; without one, the kinds are listed.
    #[arg(value_name = "KIND")]
    kind: Option<String>,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<u8, Failure> {
    let kinds: Vec<&str> = schema::all().into_iter().map(|(kind, _)| kind).collect();
    match &args.kind {
        None => print(&(kinds.join("\n") + "\n"))?,
        Some(kind) => match schema::of(kind) {
            Some(text) => print(&text)?,
            None => {
                let help = suggest::help(kind, kinds);
                return Err(Failure::Usage { message: format!("there is no file kind `{kind}`"), help });
            }
        },
    }
    Ok(exit::DONE)
}
