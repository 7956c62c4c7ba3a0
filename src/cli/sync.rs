//! `countersign sync`.

use clap::Args;

use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, print, print_json};
use crate::workflow::desk::Desk;
use crate::workflow::sync::{self, Synced};

/// Record what the files say today: courses and who must take them, assessments of suppliers, decisions.
///
/// Status and reminders look at what is recorded only. Run it before `remind --send`, and after an edit of the library or of a profile.
///
/// Example: countersign sync --dry-run
#[derive(Args)]
pub(crate) struct SyncArgs {
    /// Show what would be recorded, and record nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &SyncArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let (mut report, location) = desk.read_library()?;
    let (register, compiler) = desk.both()?;
    let synced = sync::sync(register, compiler, args.dry_run, &mut report)?;
    let (lines, stops) = draw::report(report, common, &location);
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "synced": synced, "recorded": !args.dry_run, "diagnostics": lines }))?,
        _ => {
            synced.undecided.iter().for_each(|line| eprintln!("undecided: {line}"));
            if !common.quiet {
                print(&text(&synced, args.dry_run))?;
            }
        }
    }
    Ok(if stops || !synced.undecided.is_empty() { exit::PARTLY } else { exit::DONE })
}

fn text(synced: &Synced, is_rehearsal: bool) -> String {
    let mut out = String::new();
    for course in &synced.courses {
        out.push_str(&format!("course {} {}: {}\n", course.course, course.edition, course.kind.word()));
    }
    for retirement in &synced.retired {
        out.push_str(&format!("course {} is retired\n", retirement.course));
    }
    for record in &synced.assessments {
        out.push_str(&format!("{}: {}, next review by {}\n", record.supplier, record.tier.word(), record.next_review));
    }
    for decision in &synced.decisions {
        out.push_str(&format!("decision {} about {} until {}\n", decision.decision, decision.subject, decision.expires));
    }
    let verb = if is_rehearsal { "would be " } else { "" };
    out.push_str(&format!(
        "{} courses, {} people {verb}assigned, {} {verb}released, {} assessments, {} decisions\n",
        synced.courses.len() + synced.retired.len(),
        synced.assigned.len(),
        synced.released.len(),
        synced.assessments.len(),
        synced.decisions.len()
    ));
    out
}
