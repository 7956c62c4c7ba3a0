//! `countersign ledger`.

mod findings;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::base::encode::hex;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, print, print_json};
use crate::project::folder;
use crate::project::register as files;
use crate::workflow::ledger::prove::{Proven, Standing};
use crate::workflow::ledger::{begin, export, prove, rotate};
use crate::workflow::open;
use crate::workflow::register::{Edge, Register};

/// Begin, check, export and prove the register of the workspace.
///
/// Example: countersign ledger verify
#[derive(Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    verb: LedgerVerb,
}

#[derive(Subcommand)]
enum LedgerVerb {
    Init(InitArgs),
    Verify(findings::VerifyArgs),
    Show(show::ShowArgs),
    Prove(ProveArgs),
    Compare(CompareArgs),
    Export(ExportArgs),
    Rotate(RotateArgs),
    Retire(RetireArgs),
}

/// Begin the register of this workspace: its first entry, its first checkpoint.
///
/// `register.origin` in `countersign.yaml` becomes the name of the ledger for ever: every receipt carries it. The signing key
/// (`countersign-<id>.key`) and the secret of links (`links.key`) are made where they are missing. Keep copies of both in a safe place, and
/// `checkpoints/` in git.
///
/// Example: countersign ledger init
#[derive(Args)]
struct InitArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Prove that an entry stands in the log, up to the newest checkpoint.
///
/// The proof (c2sp.org/tlog-proof) goes to standard output, or with the leaf into a folder. Whoever has it, the leaf and the verifier key
/// of `checkpoints/keys` can check it without us. `--reveal` adds salt and payload, from which the commitment in the leaf is made: the
/// SHA-256 of both, one after the other. The payload may hold personal data.
///
/// Example: countersign ledger prove 17 --output proof-17
#[derive(Args)]
struct ProveArgs {
    /// Number of the entry, from 0.
    #[arg(value_name = "N")]
    entry: u64,
    /// Also give salt and payload.
    #[arg(long)]
    reveal: bool,
    /// Folder to write files to, absent or empty.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Compare the register with an older checkpoint: does it still begin with the entries that were signed then?
///
/// Take the checkpoint from where this workspace cannot change it: the history of git, a receipt, an exported log, a colleague. A file
/// with a tlog-proof will do as well. Exit code 3 when the register is older, or has other entries.
///
/// Example: countersign ledger compare receipts/2026-11-21.tlog-proof
#[derive(Args)]
struct CompareArgs {
    /// File with the checkpoint or the proof.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Export the log as static files that any C2SP client reads (c2sp.org/tlog-tiles): checkpoint, tiles, entry bundles.
///
/// Leaves only: what an entry says stays behind its commitment, so the folder can be published. Exporting again adds what came since.
///
/// Example: countersign ledger export public/log
#[derive(Args)]
struct ExportArgs {
    /// Folder to write: absent, empty, or an earlier export.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Add a signing key: it signs beside the others from its own entry on.
///
/// Example: countersign ledger rotate --reason "yearly rotation"
#[derive(Args)]
struct RotateArgs {
    /// Why; it is recorded.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Retire a signing key and remove its file; older checkpoints are still checked with it.
///
/// Example: countersign ledger retire 3f9a12c4 --reason "the machine was sold"
#[derive(Args)]
struct RetireArgs {
    /// The key: its eight digits.
    #[arg(value_name = "KEY-ID")]
    key: String,
    /// Why; it is recorded.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: LedgerArgs) -> Result<u8, Failure> {
    match args.verb {
        LedgerVerb::Init(args) => run_init(common, &args),
        LedgerVerb::Verify(args) => findings::run(common, &args),
        LedgerVerb::Show(args) => show::run(common, &args),
        LedgerVerb::Prove(args) => run_prove(common, &args),
        LedgerVerb::Compare(args) => run_compare(common, &args),
        LedgerVerb::Export(args) => run_export(common, &args),
        LedgerVerb::Rotate(args) => run_rotate(common, &args),
        LedgerVerb::Retire(args) => run_retire(common, &args),
    }
}

/// Opens the register to read from it.
fn reading(common: &Common) -> Result<Register, Failure> {
    Ok(Register::open(&common.workspace, Edge::system("", None))?)
}

fn run_init(common: &Common, args: &InitArgs) -> Result<u8, Failure> {
    let opened = open(&common.workspace)?;
    let Some(compiler) = opened.compiler else {
        let (lines, _) = draw::report(opened.report, common, &opened.location);
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    };
    let register = begin(&common.workspace, &compiler.workspace.value, args.acting.edge())?;
    let state = register.state();
    let key = state.keys.first().map(String::as_str).unwrap_or_default();
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "origin": state.origin, "size": state.size, "key": key }))?,
        Format::Text if common.quiet => {}
        _ => {
            print(&format!("the register {} begins\nverifier key {key}\n", state.origin))?;
            eprintln!("help: keep copies of `countersign-*.key` and `{}` in a safe place, and put `{}/` into git", files::LINK_SECRET, files::CHECKPOINTS);
        }
    }
    Ok(exit::DONE)
}

fn run_prove(common: &Common, args: &ProveArgs) -> Result<u8, Failure> {
    if args.reveal && args.output.is_none() && common.format == Format::Text {
        let help = "add `--output DIR` for files, or `--format json`".to_owned();
        return Err(Failure::Usage { message: "`--reveal` does not say where salt and payload go".to_owned(), help });
    }
    let mut register = reading(common)?;
    let proven = prove::prove(&mut register, args.entry)?;
    let revealed = if args.reveal {
        let content = proven.content.as_ref().ok_or_else(|| {
            let help = "the proof of its leaf still holds: leave `--reveal` away";
            crate::workflow::register::RegisterError::refused(format!("salt and payload of entry {} were destroyed", proven.entry), help)
        })?;
        Some((hex(&content.salt), String::from_utf8_lossy(&content.payload).into_owned()))
    } else {
        None
    };
    if let Some(folder) = &args.output {
        write_proof(folder, &proven, revealed.as_ref())?;
    }
    let Proven { entry, leaf, checkpoint, .. } = &proven;
    if common.format == Format::Json {
        let mut value = serde_json::json!({
            "entry": entry, "kind": leaf.kind, "recorded": leaf.recorded, "destroyed": proven.payload.is_none(),
            "leaf": String::from_utf8_lossy(&proven.leaf_bytes), "proof": proven.proof.encode(),
            "checkpoint": { "origin": checkpoint.origin.as_str(), "size": checkpoint.size, "root": checkpoint.root.to_string() },
        });
        if let (Some((salt, payload)), Some(object)) = (&revealed, value.as_object_mut()) {
            object.insert("salt".to_owned(), salt.as_str().into());
            object.insert("payload".to_owned(), payload.as_str().into());
        }
        print_json(&value)?;
        return Ok(exit::DONE);
    }
    if !common.quiet {
        let what = proven.payload.as_ref().map_or_else(|| "destroyed".to_owned(), |payload| crate::workflow::ledger::show::describe(&payload.event));
        eprintln!("entry {entry}, {}, recorded {}: {}", leaf.kind, leaf.recorded, draw::seen(&what));
        eprintln!("proven to the checkpoint of {} entries", checkpoint.size);
    }
    match &args.output {
        Some(folder) => print(&format!("{}\n", folder.display()))?,
        None => print(&proven.proof.encode())?,
    }
    Ok(exit::DONE)
}

/// Writes a proof as files: what an outsider needs, and with salt and payload what the leaf commits to.
fn write_proof(folder: &std::path::Path, proven: &Proven, revealed: Option<&(String, String)>) -> Result<(), Failure> {
    let name = |end: &str| format!("entry-{}.{end}", proven.entry);
    let mut contents =
        std::collections::BTreeMap::from([(name("tlog-proof"), proven.proof.encode().into_bytes()), (name("leaf.json"), proven.leaf_bytes.clone())]);
    if let Some((salt, payload)) = revealed {
        contents.insert(name("salt.hex"), format!("{salt}\n").into_bytes());
        contents.insert(name("payload.json"), payload.clone().into_bytes());
    }
    Ok(crate::project::write::workspace(folder, &contents)?)
}

fn run_compare(common: &Common, args: &CompareArgs) -> Result<u8, Failure> {
    let text = String::from_utf8_lossy(&folder::file(&args.file)?).into_owned();
    let mut register = reading(common)?;
    let comparison = prove::compare(&mut register, &text)?;
    let (old, new) = (&comparison.old, &comparison.new);
    let word = comparison.standing.word();
    if common.format == Format::Json {
        let head = |checkpoint: &crate::ledger::checkpoint::Checkpoint| serde_json::json!({ "size": checkpoint.size, "root": checkpoint.root.to_string() });
        let mut value = serde_json::json!({ "standing": word, "origin": old.origin.as_str(), "old": head(old), "new": head(new) });
        if let (Standing::Extends(proof), Some(object)) = (&comparison.standing, value.as_object_mut()) {
            object.insert("proof".to_owned(), proof.iter().map(ToString::to_string).collect());
        }
        print_json(&value)?;
    } else {
        let sizes = format!("the register of {} entries", new.size);
        match &comparison.standing {
            Standing::Extends(_) if !common.quiet => print(&format!("{sizes} extends the checkpoint of {}\n", old.size))?,
            Standing::Equal if !common.quiet => print(&format!("{sizes} is the one of the checkpoint\n"))?,
            Standing::Extends(_) | Standing::Equal => {}
            Standing::Older => eprintln!("error: {sizes} is older than the checkpoint of {}: it is an older copy, or entries were taken away", old.size),
            Standing::Forked => eprintln!("error: {sizes} has other entries than were signed in the checkpoint of {}", old.size),
        }
    }
    Ok(if comparison.standing.holds() { exit::DONE } else { exit::INTEGRITY })
}

fn run_export(common: &Common, args: &ExportArgs) -> Result<u8, Failure> {
    let mut register = reading(common)?;
    let exported = export::export(&mut register, &args.folder)?;
    let (folder, size) = (args.folder.display(), exported.checkpoint.size);
    match common.format {
        Format::Json => print_json(&serde_json::json!({
            "folder": folder.to_string(), "origin": exported.checkpoint.origin.as_str(), "size": size, "before": exported.before,
            "root": exported.checkpoint.root.to_string(), "files": exported.files,
        }))?,
        Format::Text if common.quiet => {}
        _ => print(&format!("{folder}: {size} entries ({} of them new), {} files written\n", size - exported.before, exported.files))?,
    }
    Ok(exit::DONE)
}

fn run_rotate(common: &Common, args: &RotateArgs) -> Result<u8, Failure> {
    let mut register = Register::open(&common.workspace, args.acting.edge())?;
    let key = rotate::rotate(&mut register, &args.reason)?;
    let file = files::signing_key_path(&common.workspace, &format!("{:08x}", key.id()));
    match common.format {
        Format::Json => {
            let entry = register.state().size - 1;
            print_json(&serde_json::json!({ "key": key.to_string(), "file": file.display().to_string(), "entry": entry }))?;
        }
        Format::Text if common.quiet => {}
        _ => {
            print(&format!("{}: {} keys sign from here on\nverifier key {key}\n", file.display(), register.state().keys.len()))?;
            eprintln!("help: keep a copy of `{}` in a safe place, and put `{}/` into git", file.display(), files::CHECKPOINTS);
        }
    }
    Ok(exit::DONE)
}

fn run_retire(common: &Common, args: &RetireArgs) -> Result<u8, Failure> {
    let mut register = Register::open(&common.workspace, args.acting.edge())?;
    let retired = rotate::retire(&mut register, &args.key, &args.reason)?;
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "key": retired.key, "recorded": retired.is_new, "removed": retired.removed }))?,
        Format::Text if common.quiet => {}
        _ => {
            let recorded = if retired.is_new { "retired" } else { "had been retired before" };
            let removed = if retired.removed { "its file is removed; destroy the copies of it as well" } else { "its file is not here" };
            print(&format!("{} {recorded}; {removed}\n", args.key))?;
        }
    }
    Ok(exit::DONE)
}
