//! `countersign policy`: what people are asked to acknowledge.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, parse_date, print, print_json, table};
use crate::compliance::policy::{Change, PolicyVersion, Version};
use crate::project::register::replace;
use crate::workflow::desk::Desk;
use crate::workflow::policy::{self, Order};
use crate::workflow::register::RegisterError;

/// Policies as they were published.
///
/// Example: countersign policy publish code_of_conduct --reason "first version"
#[derive(Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    verb: PolicyVerb,
}

#[derive(Subcommand)]
enum PolicyVerb {
    Publish(PublishArgs),
    Withdraw(WithdrawArgs),
    List(ListArgs),
    Show(ShowArgs),
}

/// What a version changes.
#[derive(Clone, Copy, ValueEnum)]
enum ChangeWord {
    /// Material: everybody is asked again.
    Major,
    /// Anything else: acknowledgments stand.
    Minor,
}

/// Publish the version of a policy that the library holds: its bytes and digests are fixed for ever.
///
/// Example: countersign policy publish code_of_conduct --change major --reason "new rules on gifts"
#[derive(Args)]
struct PublishArgs {
    /// The policy.
    #[arg(value_name = "ID")]
    policy: String,
    /// Why, for those who read it years later.
    #[arg(long)]
    reason: String,
    /// Whether the change is material; must fit the number of the version. Not needed for the first.
    #[arg(long, value_enum)]
    change: Option<ChangeWord>,
    /// Entity that issues it, in place of `policies.issuer` of the workspace.
    #[arg(long, value_name = "ENTITY")]
    entity: Option<String>,
    /// Date printed on it; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

/// Withdraw a policy: nobody is asked any more, and open requests are closed.
///
/// Example: countersign policy withdraw acceptable_use --reason "part of the code of conduct now"
#[derive(Args)]
struct WithdrawArgs {
    /// The policy.
    #[arg(value_name = "ID")]
    policy: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// List every published version.
///
/// Example: countersign policy list
#[derive(Args)]
struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Write the published bytes of a version to a file: the PDF, or the page that people read.
///
/// Example: countersign policy show code_of_conduct --version 1.0 --to code.pdf
#[derive(Args)]
struct ShowArgs {
    /// The policy.
    #[arg(value_name = "ID")]
    policy: String,
    /// Its version; the newest when absent.
    #[arg(long, value_name = "MAJOR.MINOR")]
    version: Option<Version>,
    /// File to write; one that ends in `.html` gets the page, any other the PDF.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &PolicyArgs) -> Result<u8, Failure> {
    match &args.verb {
        PolicyVerb::Publish(args) => publish(common, args),
        PolicyVerb::Withdraw(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let closed = policy::withdraw(desk.register_mut(), &args.policy, &args.reason)?;
            match common.format {
                Format::Json => print_json(&serde_json::json!({ "policy": args.policy, "closed": closed }))?,
                _ if common.quiet => {}
                _ => print(&format!("{}: withdrawn, {closed} open requests closed\n", args.policy))?,
            }
            Ok(exit::DONE)
        }
        PolicyVerb::List(args) => {
            let desk = Desk::open(&common.workspace, args.acting.edge())?;
            list(common, &desk)
        }
        PolicyVerb::Show(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let versions = desk.register().state().book.policies.get(&args.policy);
            let found = versions.and_then(|v| args.version.map_or_else(|| v.last(), |wanted| v.iter().find(|v| v.version == wanted)));
            let Some(version) = found.cloned() else {
                return Err(RegisterError::refused(format!("no such version of `{}` is published", args.policy), "see `countersign policy list`").into());
            };
            let is_page = args.to.extension().is_some_and(|e| e.eq_ignore_ascii_case("html"));
            let bytes = desk.register_mut().file(if is_page { &version.html } else { &version.pdf })?;
            replace(&args.to, &bytes, false)?;
            if !common.quiet {
                print(&format!("{}: {} {}\n", args.to.display(), version.title, version.version))?;
            }
            Ok(exit::DONE)
        }
    }
}

fn publish(common: &Common, args: &PublishArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let date = args.date.unwrap_or_else(|| desk.register().edge().now().date());
    let change = args.change.map(|word| match word {
        ChangeWord::Major => Change::Major,
        ChangeWord::Minor => Change::Minor,
    });
    let order = Order { policy: args.policy.clone(), issuer: args.entity.clone(), date, change, reason: args.reason.clone() };
    let (mut report, location) = desk.read_library()?;
    let published = if report.has_errors() {
        None
    } else {
        let (register, compiler) = desk.both()?;
        policy::publish(register, compiler, &order, &mut report)?
    };
    let (lines, stops) = draw::report(report, common, &location);
    match (&published, common.format) {
        (_, Format::Json) => print_json(&serde_json::json!({ "published": published, "diagnostics": lines }))?,
        (Some(version), _) if !common.quiet => print(&line(version))?,
        _ => {}
    }
    Ok(if published.is_none() || stops { exit::INPUT } else { exit::DONE })
}

fn line(version: &PolicyVersion) -> String {
    let PolicyVersion { policy, version: number, due_days, pdf, .. } = version;
    format!("{policy} {number}: published, {due_days} days to acknowledge, PDF {}\n", pdf.short(12))
}

fn list(common: &Common, desk: &Desk) -> Result<u8, Failure> {
    let book = &desk.register().state().book;
    let versions: Vec<&PolicyVersion> = book.policies.values().flatten().collect();
    if common.format == Format::Json {
        print_json(&versions)?;
        return Ok(exit::DONE);
    }
    let rows: Vec<Vec<String>> = versions
        .iter()
        .map(|v| {
            let state = match (book.withdrawn.get(&v.policy), book.current(&v.policy)) {
                (Some(withdrawal), _) => format!("withdrawn {}", withdrawal.date),
                (None, Some(current)) if current.version == v.version => "current".to_owned(),
                _ => "earlier".to_owned(),
            };
            let change = match v.change {
                Change::First => "first",
                Change::Major => "major",
                Change::Minor => "minor",
            };
            vec![v.policy.clone(), v.version.to_string(), v.date.to_string(), change.to_owned(), state, v.pdf.short(12).to_owned(), v.reason.clone()]
        })
        .collect();
    print(&table::draw(&["policy", "version", "date", "change", "state", "PDF", "reason"], &rows))?;
    Ok(exit::DONE)
}
