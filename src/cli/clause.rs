//! `countersign clause`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, parse_date, print, print_json, table};
use crate::contract::approval::ApprovalState;
use crate::workflow::approval::{self, Approved, ClauseLine, Order};
use crate::workflow::{Opened, open};

/// Approvals of clause texts: counsel's sign-off, kept in `approvals.yaml`.
///
/// Example: countersign clause list --unapproved
#[derive(Args)]
pub(crate) struct ClauseArgs {
    #[command(subcommand)]
    verb: ClauseVerb,
}

#[derive(Subcommand)]
enum ClauseVerb {
    Approve(ApproveArgs),
    List(ListArgs),
}

/// Record that a person has read and approves exactly these texts.
///
/// The approval names clause, version and the SHA-256 of the whole file of the clause, so that a text that changes is
/// not approved any more, whether or not its version was raised. What approvals decide is set by `approval.unapproved`
/// in `countersign.yaml`: `ignore`, `warning` or `error`. To withdraw one, remove its entry from `approvals.yaml`.
///
/// Examples:
///   countersign clause approve dpa.audit.limited@1.0.0 nda.use@1.0.0 --by "Niamh Kilbride" --expires 2027-11-20
///   countersign clause approve --pack northwind-cloud@3f9a12c4d0e1 --by "Niamh Kilbride" --note "read the draft"
///   countersign clause approve --all-of nda --by "Niamh Kilbride"
#[derive(Args)]
#[command(verbatim_doc_comment)]
struct ApproveArgs {
    /// Clauses with the version that was read.
    #[arg(value_name = "ID@VERSION", required_unless_present_any = ["groups", "packs"])]
    clauses: Vec<String>,
    /// Every clause of a document, policy or slot, as the library has them now; may be given several times.
    #[arg(long = "all-of", value_name = "GROUP")]
    groups: Vec<String>,
    /// Every clause in the pack of a supplier; with the id of the pack that was read, only while it is still that one. May be given several times.
    #[arg(long = "pack", value_name = "SUPPLIER[@PACK]")]
    packs: Vec<String>,
    /// Name of the person who approves: recorded as it is said, not proven.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What the person has to say.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Last day on which the approval holds; without end when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    expires: Option<Date>,
    /// Day of the approval; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
}

/// List clauses and where each stands: approved, changed since, expired or unapproved.
///
/// Example: countersign clause list --unapproved --pack northwind-cloud
#[derive(Args)]
struct ListArgs {
    /// Only those that are not approved.
    #[arg(long)]
    unapproved: bool,
    /// Only those in the pack of this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    pack: Option<String>,
    /// Day on which they are judged; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
}

pub(crate) fn run(common: &Common, args: ClauseArgs) -> Result<u8, Failure> {
    match args.verb {
        ClauseVerb::Approve(args) => approve(common, args),
        ClauseVerb::List(args) => list(common, &args),
    }
}

fn approve(common: &Common, args: ApproveArgs) -> Result<u8, Failure> {
    let order = Order {
        clauses: args.clauses,
        groups: args.groups,
        packs: args.packs,
        by: args.by,
        date: crate::cli::date_or_today(args.date),
        note: args.note,
        expires: args.expires,
        deny_warnings: common.deny_warnings,
    };
    let (mut approved, location) = approval::approve(&common.workspace, &order)?;
    let (lines, stops) = draw::report(std::mem::take(&mut approved.report), common, &location);
    match common.format {
        Format::Json => print_json(&json!({ "approved": approved.approved, "already": approved.already, "diagnostics": lines }))?,
        _ if common.quiet || (stops && approved.approved.is_empty()) => {}
        _ => print(&said(&approved, &order))?,
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn said(approved: &Approved, order: &Order) -> String {
    let clauses = |n: usize| format!("{n} clause{}", if n == 1 { "" } else { "s" });
    let by = draw::seen(&order.by);
    let mut out = String::new();
    if !approved.approved.is_empty() {
        let until = order.expires.map_or_else(String::new, |last| format!(", until {last}"));
        out.push_str(&format!("{} approved by {by} on {}{until}\n", clauses(approved.approved.len()), order.date));
    }
    if !approved.already.is_empty() {
        out.push_str(&format!("{} approved by {by} before; nothing to add\n", clauses(approved.already.len())));
    }
    out
}

fn list(common: &Common, args: &ListArgs) -> Result<u8, Failure> {
    let Opened { location, compiler, mut report } = open(&common.workspace)?;
    let day = crate::cli::date_or_today(args.date);
    let listed = compiler.as_ref().and_then(|compiler| approval::list(compiler, args.pack.as_deref(), day, &mut report));
    if let Some(compiler) = &compiler {
        compiler.approvals.report_strays(&compiler.library, &mut report);
    }
    let (lines, stops) = draw::report(report, common, &location);
    let Some(mut listed) = listed else {
        if common.format == Format::Json {
            print_json(&json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    };
    let counts = ApprovalState::ALL.map(|state| listed.iter().filter(|line| line.standing.state == state).count());
    listed.retain(|line| !args.unapproved || line.standing.state != ApprovalState::Approved);
    match common.format {
        Format::Json => print_json(&json!({ "date": day, "counts": counts_json(counts), "clauses": listed, "diagnostics": lines }))?,
        _ if common.quiet => {}
        _ => {
            let rows: Vec<Vec<String>> = listed.iter().map(row).collect();
            let table = if rows.is_empty() { String::new() } else { table::draw(&["clause", "version", "state", "approval"], &rows) };
            print(&(table + &counts_text(counts)))?;
        }
    }
    Ok(if stops { exit::INPUT } else { exit::DONE })
}

fn row(line: &ClauseLine) -> Vec<String> {
    let state = line.standing.state;
    let approval = line.standing.approval.as_ref().map_or_else(
        || "-".to_owned(),
        |one| {
            let version = if one.version == line.version { String::new() } else { format!("{} ", one.version) };
            let until = one.expires.map_or_else(String::new, |last| format!(", until {last}"));
            format!("{version}by {} on {}{until}", draw::seen(&one.by), one.date)
        },
    );
    vec![line.clause.clone(), line.version.clone(), state.word().to_owned(), approval]
}

/// How many clauses stand how, as one line; states that no clause has are left out.
pub(crate) fn counts_text(counts: [usize; 4]) -> String {
    let total: usize = counts.iter().sum();
    let mut out = format!("approval: {} of {total} clauses approved", counts[0]);
    for (count, words) in counts.iter().zip(["", "changed since", "expired", "unapproved"]).skip(1).filter(|(count, _)| **count > 0) {
        out.push_str(&format!(", {count} {words}"));
    }
    out + "\n"
}

/// How many clauses stand how, by state.
pub(crate) fn counts_json(counts: [usize; 4]) -> Value {
    ApprovalState::ALL.iter().zip(counts).map(|(state, count)| (state.word().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>().into()
}
