//! `countersign completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::exit::{self, Failure};
use crate::cli::print;

/// Print completions for a shell.
///
/// Example: countersign completions bash > /etc/bash_completion.d/countersign
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run<C: CommandFactory>(args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut C::command(), "countersign", &mut bytes);
    print(&String::from_utf8_lossy(&bytes))?;
    Ok(exit::DONE)
}
