//! `countersign erase`.

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, print, print_json};
use crate::workflow::desk::Desk;
use crate::workflow::erase;

/// Destroy what is known of a person once the retention period is over. Every proof still verifies; nothing brings the data back.
///
/// Example: countersign erase p-0123 --reason "retention period over"
#[derive(Args)]
pub(crate) struct EraseArgs {
    /// Id or e-mail address.
    #[arg(value_name = "PERSON")]
    person: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &EraseArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let settings = desk.settings()?.clone();
    let erased = erase::erase(desk.register_mut(), &settings, &args.person, &args.reason)?;
    match common.format {
        Format::Json => print_json(&erased)?,
        _ if common.quiet => {}
        _ => {
            let mut out = format!("{}: salt and payload of {} entries destroyed (kept until {})\n", erased.person, erased.entries, erased.kept_until);
            out.push_str("the person may still be named in:\n");
            for place in &erased.remains {
                out.push_str(&format!("  {place}\n"));
            }
            print(&out)?;
        }
    }
    Ok(exit::DONE)
}
