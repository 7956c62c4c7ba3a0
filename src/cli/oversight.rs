//! `countersign evidence`, `countersign finding`, `countersign decision`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, parse_date, print, print_json, table};
use crate::rule::evidence::EvidenceOpinion;
use crate::rule::finding::Severity;
use crate::workflow::desk::Desk;
use crate::workflow::oversight::{self, DecisionOrder, EvidenceOrder, FindingOrder};

/// Files that show that a supplier did what it owed.
///
/// Example: countersign evidence add northwind-cloud report.pdf --for certificate/northwind-cloud/iso27001 --scope "hosting" --reviewer "Niamh Kilbride" --valid-until 2029-03-31
#[derive(Args)]
pub(crate) struct EvidenceArgs {
    #[command(subcommand)]
    verb: EvidenceVerb,
}

#[derive(Subcommand)]
enum EvidenceVerb {
    Add(AddArgs),
}

/// Close an obligation of a supplier by a file; each exception in it becomes a finding.
///
/// Example: countersign evidence add northwind-cloud pentest.pdf --for audit/3f9a12c4d0e1/terms.testing/pentest --scope "customer portal" --reviewer "Niamh Kilbride"
#[derive(Args)]
struct AddArgs {
    /// Supplier.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// The file; its bytes are kept in the register.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The obligation that it closes; `countersign due --ids` lists them.
    #[arg(long = "for", value_name = "OBLIGATION")]
    obligation: String,
    /// What it covers.
    #[arg(long)]
    scope: String,
    /// Who of us read it.
    #[arg(long)]
    reviewer: String,
    /// Day of the report, test or certificate; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
    /// Period that it covers, as printed on it.
    #[arg(long)]
    period: Option<String>,
    /// Opinion of its author.
    #[arg(long, value_enum, default_value_t = Opinion::None)]
    opinion: Opinion,
    /// An exception in it; may be given again.
    #[arg(long = "exception", value_name = "TEXT")]
    exceptions: Vec<String>,
    /// Last day on which it counts; one period of the obligation when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    valid_until: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

/// Opinion of the author of evidence.
#[derive(Clone, Copy, ValueEnum)]
enum Opinion {
    /// Without reservation.
    Unqualified,
    /// With reservations.
    Qualified,
    /// It states none.
    None,
}

pub(crate) fn evidence(common: &Common, args: &EvidenceArgs) -> Result<u8, Failure> {
    let EvidenceVerb::Add(args) = &args.verb;
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let order = EvidenceOrder {
        supplier: args.supplier.clone(),
        obligation: args.obligation.clone(),
        file: args.file.clone(),
        date: args.date,
        scope: args.scope.clone(),
        period: args.period.clone(),
        opinion: match args.opinion {
            Opinion::Unqualified => EvidenceOpinion::Unqualified,
            Opinion::Qualified => EvidenceOpinion::Qualified,
            Opinion::None => EvidenceOpinion::None,
        },
        reviewer: args.reviewer.clone(),
        exceptions: args.exceptions.clone(),
        valid_until: args.valid_until,
    };
    let (evidence, findings) = oversight::add_evidence(desk.register_mut(), &order)?;
    let line = format!("{}: closes {} of {}, {} findings", evidence.evidence, evidence.obligation, evidence.due, findings.len());
    said(common, &json!({ "evidence": evidence, "findings": findings }), &line)
}

/// Gaps that somebody must close.
///
/// Example: countersign finding open "the exit test was not repeated" --supplier northwind-cloud --owner niamh.kilbride@example.com --due 2027-04-30
#[derive(Args)]
pub(crate) struct FindingArgs {
    #[command(subcommand)]
    verb: FindingVerb,
}

#[derive(Subcommand)]
enum FindingVerb {
    Open(OpenArgs),
    Update(UpdateArgs),
    Close(CloseArgs),
    List(FindingListArgs),
}

/// Open a finding.
///
/// Example: countersign finding open "backups are not tested" --supplier northwind-cloud --severity major --owner niamh.kilbride@example.com --due 2027-04-30
#[derive(Args)]
struct OpenArgs {
    /// What is wrong, in a sentence.
    #[arg(value_name = "TITLE")]
    title: String,
    /// The supplier that it is about.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// How grave it is.
    #[arg(long, value_enum, default_value_t = SeverityArg::Minor)]
    severity: SeverityArg,
    /// E-mail address, or name, of whoever closes it.
    #[arg(long)]
    owner: String,
    /// By when.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    due: Date,
    #[command(flatten)]
    acting: Acting,
}

/// How grave a finding is.
#[derive(Clone, Copy, ValueEnum)]
enum SeverityArg {
    /// To be seen to.
    Minor,
    /// Somebody could be harmed, or a duty broken.
    Major,
    /// At once.
    Critical,
}

/// Say what was done, or give a finding another owner or deadline.
///
/// Example: countersign finding update f-0f1e2d --note "supplier sent a plan" --due 2027-05-31
#[derive(Args)]
struct UpdateArgs {
    /// The finding.
    #[arg(value_name = "FINDING")]
    finding: String,
    /// What was done.
    #[arg(long)]
    note: String,
    /// The new owner.
    #[arg(long)]
    owner: Option<String>,
    /// The new deadline.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    due: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

/// Close a finding.
///
/// Example: countersign finding close f-0f1e2d --reason "test repeated" --evidence protocol.pdf
#[derive(Args)]
struct CloseArgs {
    /// The finding.
    #[arg(value_name = "FINDING")]
    finding: String,
    /// How it was closed.
    #[arg(long)]
    reason: String,
    /// A file that shows it; its bytes are kept in the register.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

/// List findings.
///
/// Example: countersign finding list --supplier northwind-cloud
#[derive(Args)]
struct FindingListArgs {
    /// Only about this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// Also those that are closed.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn finding(common: &Common, args: &FindingArgs) -> Result<u8, Failure> {
    match &args.verb {
        FindingVerb::Open(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let severity = match args.severity {
                SeverityArg::Minor => Severity::Minor,
                SeverityArg::Major => Severity::Major,
                SeverityArg::Critical => Severity::Critical,
            };
            let order = FindingOrder { title: args.title.clone(), supplier: args.supplier.clone(), severity, owner: args.owner.clone(), due: args.due };
            let finding = oversight::open_finding(desk.register_mut(), &order)?;
            said(common, &json!(finding), &format!("{}: open, due {}", finding.finding, args.due))
        }
        FindingVerb::Update(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let finding = oversight::update_finding(desk.register_mut(), &args.finding, &args.note, args.owner.clone(), args.due)?;
            said(common, &json!(finding), &format!("{}: noted", finding.finding))
        }
        FindingVerb::Close(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let finding = oversight::close_finding(desk.register_mut(), &args.finding, &args.reason, args.evidence.as_deref())?;
            said(common, &json!(finding), &format!("{}: closed", finding.finding))
        }
        FindingVerb::List(args) => list(common, args),
    }
}

fn list(common: &Common, args: &FindingListArgs) -> Result<u8, Failure> {
    let desk = Desk::open(&common.workspace, args.acting.edge())?;
    let wanted = |supplier: &Option<String>| args.supplier.is_none() || *supplier == args.supplier;
    let findings = &desk.register().state().findings;
    let shown: Vec<_> = findings.all.values().filter(|r| (args.all || r.closed.is_none()) && wanted(&r.finding.supplier)).collect();
    if common.format == Format::Json {
        let rows: Vec<_> = shown
            .iter()
            .map(|r| json!({ "finding": r.finding, "opened": r.opened, "updates": r.updates, "closed": r.closed.as_ref().map(|(at, closure)| json!({ "at": at, "closure": closure })) }))
            .collect();
        print_json(&rows)?;
        return Ok(exit::DONE);
    }
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|r| {
            let f = &r.finding;
            let state = r.closed.as_ref().map_or_else(|| "open".to_owned(), |(at, _)| format!("closed {}", at.date()));
            let dash = || "-".to_owned();
            let due = f.due.map_or_else(dash, |due| due.to_string());
            vec![
                f.finding.clone(),
                f.severity.word().to_owned(),
                state,
                due,
                f.owner.clone().unwrap_or_else(dash),
                f.supplier.clone().unwrap_or_else(dash),
                f.title.clone(),
            ]
        })
        .collect();
    print(&table::draw(&["finding", "severity", "state", "due", "owner", "supplier", "title"], &rows))?;
    Ok(exit::DONE)
}

/// Acts of authority.
///
/// Example: countersign decision record uplift/northwind-cloud --role ciso --person ciso@example.com --until 2027-06-30 --reason "contract ends in May"
#[derive(Args)]
pub(crate) struct DecisionArgs {
    #[command(subcommand)]
    verb: DecisionVerb,
}

#[derive(Subcommand)]
enum DecisionVerb {
    Record(DecisionRecordArgs),
}

/// Accept that an obligation is not met until a day. Decisions about holds are files in `decisions/`, which `sync` records.
///
/// Example: countersign decision record review/northwind-cloud --role ciso --person ciso@example.com --until 2027-03-31 --reason "merger in progress"
#[derive(Args)]
struct DecisionRecordArgs {
    /// The obligation; `countersign due --ids` lists them.
    #[arg(value_name = "OBLIGATION")]
    obligation: String,
    /// Role in which the person decides, a key of `authorities` in `countersign.yaml`.
    #[arg(long)]
    role: String,
    /// E-mail address of the person.
    #[arg(long, value_name = "EMAIL")]
    person: String,
    /// Last day on which it holds.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    until: Date,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn decision(common: &Common, args: &DecisionArgs) -> Result<u8, Failure> {
    let DecisionVerb::Record(args) = &args.verb;
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let workspace = desk.workspace().clone();
    let order = DecisionOrder {
        obligation: args.obligation.clone(),
        role: args.role.clone(),
        person: args.person.clone(),
        reason: args.reason.clone(),
        expires: args.until,
    };
    let decision = oversight::decide(desk.register_mut(), &workspace, &order)?;
    said(common, &json!(decision), &format!("{}: {} is accepted until {}", decision.decision, decision.subject, decision.expires))
}

fn said(common: &Common, value: &serde_json::Value, line: &str) -> Result<u8, Failure> {
    match common.format {
        Format::Json => print_json(value)?,
        _ if common.quiet => {}
        _ => print(&format!("{line}\n"))?,
    }
    Ok(exit::DONE)
}
