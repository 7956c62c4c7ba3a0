//! `countersign receipt`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, print, print_json};
use crate::compliance::book::Outcome;
use crate::ledger::key::VerifierKey;
use crate::project::folder;
use crate::project::register::{create_folder, replace};
use crate::workflow::desk::Desk;
use crate::workflow::receipt::{self, Proven};

/// Receipts: all that proves one acknowledgment, in one file.
///
/// Example: countersign receipt verify receipt-r-0123.zip
#[derive(Args)]
pub(crate) struct ReceiptArgs {
    #[command(subcommand)]
    verb: ReceiptVerb,
}

#[derive(Subcommand)]
enum ReceiptVerb {
    Make(MakeArgs),
    Verify(VerifyArgs),
}

/// Write receipts.
///
/// Example: countersign receipt make r-0123 --to receipts
#[derive(Args)]
struct MakeArgs {
    /// Requests that are signed.
    #[arg(value_name = "REQUEST", required_unless_present = "all", conflicts_with = "all")]
    requests: Vec<String>,
    /// Of every acknowledgment.
    #[arg(long)]
    all: bool,
    /// Folder to write to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
    #[command(flatten)]
    acting: Acting,
}

/// Verify receipts; needs no network, register or configuration.
///
/// Without `--key` the receipt is checked against the key in it, which proves nothing until that key is compared with the one the
/// organisation publishes.
///
/// Example: countersign receipt verify receipt-r-0123.zip --key register.example.com/countersign+1a2b3c4d+AT…
#[derive(Args)]
struct VerifyArgs {
    /// Receipts.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Verifier key of the organisation, as it publishes it; may be given several times.
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
}

pub(crate) fn run(common: &Common, args: &ReceiptArgs) -> Result<u8, Failure> {
    match &args.verb {
        ReceiptVerb::Make(args) => make(common, args),
        ReceiptVerb::Verify(args) => verify(common, args),
    }
}

fn make(common: &Common, args: &MakeArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let (report, location) = desk.read_library()?;
    let (_, stops) = draw::report(report, common, &location);
    if stops {
        return Ok(exit::INPUT);
    }
    let book = &desk.register().state().book;
    let signed = || book.requests.values().filter(|r| matches!(r.outcome, Outcome::Signed { .. })).map(|r| r.request.request.clone());
    let requests: Vec<String> = if args.all { signed().collect() } else { args.requests.clone() };
    let pages = desk.pages()?;
    create_folder(&args.to)?;
    let mut written = Vec::new();
    for request in &requests {
        let (register, compiler) = desk.both()?;
        let bytes = receipt::make(register, compiler, &pages, request)?;
        let path = args.to.join(format!("receipt-{request}.zip"));
        replace(&path, &bytes, true)?;
        if common.format != Format::Json && !common.quiet {
            print(&format!("{}: {} bytes\n", path.display(), bytes.len()))?;
        }
        written.push(serde_json::json!({ "request": request, "file": path.to_string_lossy(), "bytes": bytes.len() }));
    }
    if common.format == Format::Json {
        print_json(&written)?;
    }
    Ok(exit::DONE)
}

fn verify(common: &Common, args: &VerifyArgs) -> Result<u8, Failure> {
    let mut pinned = Vec::new();
    for key in &args.keys {
        let help = "a key has the form `name+1a2b3c4d+base64`; it stands in `checkpoints/keys` of the organisation".to_owned();
        pinned.push(VerifierKey::parse(key).map_err(|error| Failure::Usage { message: format!("`{key}` is no verifier key: {error}"), help })?);
    }
    let mut results = Vec::new();
    let mut code = exit::DONE;
    for path in &args.files {
        let shown = path.display();
        match receipt::verify(&folder::file(path)?, &pinned) {
            Ok(proven) => {
                if common.format != Format::Json && !common.quiet {
                    print(&format!("{shown}: {}", text(&proven)))?;
                }
                results.push(serde_json::json!({ "file": path.to_string_lossy(), "holds": true, "proven": proven }));
            }
            Err(fault) => {
                code = exit::INTEGRITY;
                if common.format != Format::Json {
                    eprintln!("error: {shown}: {fault}");
                }
                results.push(serde_json::json!({ "file": path.to_string_lossy(), "holds": false, "fault": fault.to_string() }));
            }
        }
    }
    if common.format == Format::Json {
        print_json(&results)?;
    } else if code == exit::DONE && pinned.is_empty() && !common.quiet {
        eprintln!("note: checked against the key in the receipt; compare it with the one that the organisation publishes, or give it by `--key`");
    }
    Ok(code)
}

fn text(proven: &Proven) -> String {
    use crate::compliance::acknowledgment::Strength;
    let a = &proven.acknowledgment;
    let who = match proven.strength {
        Strength::KeyHolder => "the holder of an SSH key registered for",
        Strength::MailboxHolder => "whoever could read the mailbox of",
        Strength::WordOfAnother => "a signatory, by their word about",
    };
    format!(
        "holds\n  {who} {} ({})\n  acknowledged {} {} of {}\n  at {} by the clock of the organisation\n  entry {} of {}, checkpoint {}\n  key {}\n",
        a.name,
        a.company.as_deref().unwrap_or(&a.belongs_to),
        a.title,
        a.version,
        a.policy,
        a.signed,
        proven.entry,
        proven.origin,
        proven.size,
        proven.keys.join("\n      "),
    )
}
