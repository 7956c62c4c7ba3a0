//! `countersign verify`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, print, print_json};
use crate::pack::manifest::GENERATOR;
use crate::workflow::verify::{self, Verdict};

/// Verify packs: every digest, and a rebuild from the pack's own inputs to the same bytes.
///
/// Example: countersign verify output/northwind-cloud/3f9a12c4d0e1
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Pack folders.
    #[arg(value_name = "PACK", required = true)]
    packs: Vec<PathBuf>,
}

pub(crate) fn run(common: &Common, args: &VerifyArgs) -> Result<u8, Failure> {
    let mut code = exit::DONE;
    let mut results = Vec::new();
    for pack in &args.packs {
        let verdict = verify::verify(pack)?;
        if let Verdict::Broken(_) = verdict {
            code = exit::INTEGRITY;
        }
        let folder = pack.display();
        if common.format == Format::Text {
            match &verdict {
                Verdict::Rebuilt { files } if !common.quiet => print(&format!("{folder}: holds, {files} files; rebuilds to the same bytes\n"))?,
                Verdict::NotRebuildable { files, generator } if !common.quiet => {
                    print(&format!(
                        "{folder}: digests hold, {files} files; not rebuildable with this version (written by {generator}, this is {GENERATOR})\n"
                    ))?;
                }
                Verdict::Broken(faults) => {
                    for fault in faults {
                        eprintln!("error: {folder}: {fault}");
                    }
                }
                _ => {}
            }
        }
        let (state, faults) = match verdict {
            Verdict::Rebuilt { .. } => ("rebuilt", Vec::new()),
            Verdict::NotRebuildable { .. } => ("digests_hold", Vec::new()),
            Verdict::Broken(faults) => ("broken", faults),
        };
        results.push(serde_json::json!({ "pack": folder.to_string(), "state": state, "faults": faults }));
    }
    if common.format == Format::Json {
        print_json(&results)?;
    }
    Ok(code)
}
