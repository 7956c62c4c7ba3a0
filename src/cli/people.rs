//! `countersign people`: who acknowledges.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, parse_date, print, print_json, table};
use crate::compliance::person::{Exemption, Leave};
use crate::compliance::roster::Roster;
use crate::project::read::Location;
use crate::workflow::desk::Desk;
use crate::workflow::people::{self, Handover, Options};

/// Staff and supplier contacts who acknowledge policies; they live in the register, not in git.
///
/// Example: countersign people import people.csv --dry-run
#[derive(Args)]
pub(crate) struct PeopleArgs {
    #[command(subcommand)]
    verb: PeopleVerb,
}

#[derive(Subcommand)]
enum PeopleVerb {
    Import(ImportArgs),
    Sync(SyncArgs),
    List(ListArgs),
    Leave(LeaveArgs),
    Exempt(ExemptArgs),
    End(EndArgs),
}

/// Import people from CSV or YAML: adds and changes, never deletes.
///
/// Example: countersign people import staff.csv suppliers.yaml --dry-run
#[derive(Args)]
struct ImportArgs {
    /// Files; `countersign schema people` says what may stand in them, as keys or as columns.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Show what would change, and record nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take the sound rows although others are faulty.
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Add the contacts of all supplier profiles; what is known of a person stays.
///
/// Example: countersign people sync --dry-run
#[derive(Args)]
struct SyncArgs {
    /// Show what would change, and record nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    acting: Acting,
}

/// List people with their open requests.
///
/// Example: countersign people list --supplier northwind-cloud
#[derive(Args)]
struct ListArgs {
    /// Only people of this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Record an absence: reminders pause.
///
/// Example: countersign people leave ann@northwind.example --from 2027-01-04 --until 2027-03-31 --reason parental
#[derive(Args)]
struct LeaveArgs {
    /// Id or e-mail address.
    #[arg(value_name = "PERSON")]
    person: String,
    /// First day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    from: Date,
    /// Last day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    until: Date,
    /// Why, in a word; no health data.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Exempt a person from a policy, from a course, or from everything, for some time.
///
/// Example: countersign people exempt p-1 --policy code_of_conduct --from 2027-01-01 --until 2027-06-30 --reason secondment --approver dpo@example.com
#[derive(Args)]
struct ExemptArgs {
    /// Id or e-mail address.
    #[arg(value_name = "PERSON")]
    person: String,
    /// The policy; everything when neither policy nor course is named.
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// The course.
    #[arg(long, value_name = "ID")]
    course: Option<String>,
    /// First day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    from: Date,
    /// Last day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    until: Date,
    /// Why.
    #[arg(long)]
    reason: String,
    /// E-mail address of the authority who approved it.
    #[arg(long, value_name = "EMAIL")]
    approver: String,
    #[command(flatten)]
    acting: Acting,
}

/// Record the last day of a person; open requests are handed over or closed with the reason.
///
/// Example: countersign people end ann@northwind.example --on 2027-03-31 --hand-over-to ben@northwind.example --reason "left the company"
#[derive(Args)]
struct EndArgs {
    /// Id or e-mail address.
    #[arg(value_name = "PERSON")]
    person: String,
    /// Last day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    on: Date,
    /// Who gets the open requests; they are closed when nobody is named.
    #[arg(long, value_name = "PERSON")]
    hand_over_to: Option<String>,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &PeopleArgs) -> Result<u8, Failure> {
    match &args.verb {
        PeopleVerb::Import(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let options = Options { dry_run: args.dry_run, partial: args.partial };
            let time_zone = desk.settings()?.time_zone.clone();
            let (_, location) = desk.read_library()?;
            let (register, compiler) = desk.both()?;
            let (roster, recorded) = people::import(register, compiler, &args.files, &time_zone, options)?;
            show_roster(common, &location, roster, recorded)
        }
        PeopleVerb::Sync(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let time_zone = desk.settings()?.time_zone.clone();
            let (mut report, location) = desk.read_library()?;
            let (register, compiler) = desk.both()?;
            let (mut roster, recorded) = people::sync(register, compiler, &time_zone, args.dry_run, &mut report)?;
            roster.report.extend(report);
            show_roster(common, &location, roster, recorded)
        }
        PeopleVerb::List(args) => {
            let desk = Desk::open(&common.workspace, args.acting.edge())?;
            let listed = people::list(desk.register(), args.supplier.as_deref());
            if common.format == Format::Json {
                print_json(&listed)?;
                return Ok(exit::DONE);
            }
            let rows: Vec<Vec<String>> = listed
                .iter()
                .map(|l| {
                    let p = &l.person;
                    let end = p.end.map_or_else(|| "open".to_owned(), |end| end.to_string());
                    vec![p.id.clone(), p.name.clone(), p.belongs_to().to_owned(), p.email.clone().unwrap_or_else(|| "none".to_owned()), end, l.open.to_string()]
                })
                .collect();
            print(&table::draw(&["person", "name", "belongs to", "address", "until", "open"], &rows))?;
            Ok(exit::DONE)
        }
        PeopleVerb::Leave(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let leave = Leave { from: args.from, until: args.until, reason: args.reason.clone() };
            let person = people::leave(desk.register_mut(), &args.person, leave)?;
            done(common, &person, &format!("{} is on leave from {} until {}", person.name, args.from, args.until))
        }
        PeopleVerb::Exempt(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let exemption = Exemption {
                policy: args.policy.clone(),
                course: args.course.clone(),
                from: args.from,
                until: args.until,
                reason: args.reason.clone(),
                approver: args.approver.clone(),
            };
            let authorities = desk.workspace().authorities.clone();
            let person = people::exempt(desk.register_mut(), &authorities, &args.person, exemption)?;
            let named: Vec<String> = args.policy.iter().chain(&args.course).map(|id| format!("`{id}`")).collect();
            let what = if named.is_empty() { "everything".to_owned() } else { named.join(" and ") };
            done(common, &person, &format!("{} is exempt from {what} from {} until {}", person.name, args.from, args.until))
        }
        PeopleVerb::End(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let handover = args.hand_over_to.clone().map_or(Handover::Close, Handover::To);
            let (register, office) = desk.mailing();
            let (person, open) = people::end(register, office, &args.person, args.on, &handover, &args.reason)?;
            let fate = if matches!(handover, Handover::Close) { "closed" } else { "handed over" };
            done(common, &person, &format!("{}: last day {}; open requests {fate}: {open}", person.name, args.on))
        }
    }
}

fn done(common: &Common, person: &crate::compliance::person::Person, line: &str) -> Result<u8, Failure> {
    match common.format {
        Format::Json => print_json(person)?,
        _ if common.quiet => {}
        _ => print(&format!("{line}\n"))?,
    }
    Ok(exit::DONE)
}

/// What an import or sync changes.
fn show_roster(common: &Common, location: &Location, roster: Roster, recorded: bool) -> Result<u8, Failure> {
    let faulty = roster.faulty.len();
    let (new, changed) = roster.changes.iter().fold((0, 0), |(new, changed), c| if c.before.is_none() { (new + 1, changed) } else { (new, changed + 1) });
    let has_errors = roster.report.has_errors();
    let (lines, stops) = draw::report(roster.report, common, location);
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    match common.format {
        Format::Json => {
            let changes: Vec<_> = roster
                .changes
                .iter()
                .map(|c| {
                    let fields: Vec<_> = c.fields.iter().map(|f| serde_json::json!({ "key": f.key, "old": f.old, "new": f.new })).collect();
                    serde_json::json!({ "person": c.after.id, "name": c.after.name, "new": c.before.is_none(), "fields": fields })
                })
                .collect();
            print_json(&serde_json::json!({
                "recorded": recorded, "changes": changes, "unchanged": roster.unchanged, "faulty": faulty, "diagnostics": lines,
            }))?;
        }
        _ if common.quiet => {}
        _ => {
            for change in &roster.changes {
                let what = if change.before.is_none() {
                    format!("new, {}", change.after.belongs_to())
                } else {
                    change.fields.iter().map(|f| format!("{}: {} -> {}", f.key, text(&f.old), text(&f.new))).collect::<Vec<_>>().join("; ")
                };
                print(&format!("{} {}: {what}\n", change.after.id, change.after.name))?;
            }
            let verb = if recorded { "recorded" } else { "nothing recorded" };
            print(&format!("{new} new, {changed} changed, {} unchanged, {faulty} faulty: {verb}\n", roster.unchanged))?;
        }
    }
    Ok(match (has_errors, recorded) {
        (true, true) => exit::PARTLY,
        (true, false) => exit::INPUT,
        (false, _) if stops => exit::INPUT,
        _ => exit::DONE,
    })
}
