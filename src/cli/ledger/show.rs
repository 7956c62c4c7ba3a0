//! `countersign ledger show`.

use clap::Args;

use crate::base::encode::hex;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, print, print_json, table};
use crate::workflow::ledger::show::{Shown, Which, show};

/// Print entries of the register: number, time, kind, and one line of what.
///
/// People are named by their id; `--payload` prints what was recorded in full, names and addresses too. Of a destroyed entry only the leaf
/// is left: that something of its kind was recorded, and when.
///
/// Example: countersign ledger show --from 250
#[derive(Args)]
pub(super) struct ShowArgs {
    /// Number of one entry, from 0.
    #[arg(value_name = "N", conflicts_with = "from")]
    entry: Option<u64>,
    /// This entry and all after it; all when neither is given.
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Print the payloads too. They may hold personal data.
    #[arg(long)]
    payload: bool,
}

pub(super) fn run(common: &Common, args: &ShowArgs) -> Result<u8, Failure> {
    let which = args.entry.map_or(Which::From(args.from.unwrap_or(0)), Which::One);
    let mut register = super::reading(common)?;
    let mut entries: Vec<Shown> = Vec::new();
    show(&mut register, which, &mut |shown| entries.push(shown))?;
    if common.format == Format::Json {
        let lines: Vec<_> = entries.iter().map(|shown| json(shown, args.payload)).collect();
        print_json(&lines)?;
        return Ok(exit::DONE);
    }
    if args.payload {
        for shown in &entries {
            print(&format!("{} {} {}: {}\n", shown.entry, shown.recorded, shown.kind, draw::seen(&shown.what)))?;
            if let Some(payload) = &shown.payload {
                let pretty = String::from_utf8_lossy(&crate::pack::compile::pretty(payload)).into_owned();
                let lines: Vec<String> = pretty.lines().map(draw::seen).collect();
                print(&format!("{}\n", lines.join("\n")))?;
            }
        }
        return Ok(exit::DONE);
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|shown| vec![shown.entry.to_string(), shown.recorded.to_string(), shown.kind.clone(), draw::seen(&shown.what.replace('\n', " "))])
        .collect();
    print(&table::draw(&["entry", "recorded", "kind", "what"], &rows))?;
    Ok(exit::DONE)
}

fn json(shown: &Shown, is_full: bool) -> serde_json::Value {
    let mut value = serde_json::json!({
        "entry": shown.entry, "recorded": shown.recorded, "kind": shown.kind, "what": shown.what, "destroyed": shown.payload.is_none(),
    });
    if let (true, Some(content), Some(object)) = (is_full, &shown.content, value.as_object_mut()) {
        object.insert("salt".to_owned(), hex(&content.salt).into());
        object.insert("payload".to_owned(), serde_json::from_slice(&content.payload).unwrap_or_default());
    }
    value
}
