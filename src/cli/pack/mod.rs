//! `countersign pack`: the way of a pack through the register, one subcommand for each step.

mod approve;
mod ending;
mod show;
mod signing;

use clap::{Args, Subcommand};

use crate::base::diagnostic::Report;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, print, print_json};
use crate::workflow::open;
use crate::workflow::packs::{Desk, PackError};

/// Record what happens to a pack: approval, issue, signature, end.
///
/// Example: countersign pack submit output/northwind-cloud/3f9a12c4d0e1
#[derive(Args)]
pub(crate) struct PackArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    Submit(approve::SubmitArgs),
    Approve(approve::ApproveArgs),
    Reject(approve::RejectArgs),
    Issue(approve::IssueArgs),
    Execute(signing::ExecuteArgs),
    Adopt(signing::AdoptArgs),
    Supersede(ending::SupersedeArgs),
    Terminate(ending::TerminateArgs),
    List(show::ListArgs),
    Show(show::ShowArgs),
}

pub(crate) fn run(common: &Common, args: PackArgs) -> Result<u8, Failure> {
    match args.step {
        Step::Submit(args) => approve::submit(common, &args),
        Step::Approve(args) => approve::approve(common, &args),
        Step::Reject(args) => approve::reject(common, &args),
        Step::Issue(args) => approve::issue(common, &args),
        Step::Execute(args) => signing::execute(common, args),
        Step::Adopt(args) => signing::adopt(common, args),
        Step::Supersede(args) => ending::supersede(common, &args),
        Step::Terminate(args) => ending::terminate(common, &args),
        Step::List(args) => show::list(common, &args),
        Step::Show(args) => show::show(common, &args),
    }
}

/// What a step says when it is done.
struct Said {
    text: String,
    json: serde_json::Value,
}

/// Does a step at the desk: opens workspace and register, draws what was found, says what was done.
fn at_desk(common: &Common, acting: &Acting, step: impl FnOnce(&mut Desk, &mut Report) -> Result<Option<Said>, PackError>) -> Result<u8, Failure> {
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let (desk, mut report) = match Desk::open(opened, acting.edge(), common.deny_warnings) {
        Ok(opened) => opened,
        Err(error) => return refuse(error),
    };
    let done = match desk {
        Some(mut desk) => step(&mut desk, &mut report),
        None => Ok(None),
    };
    let (lines, _) = draw::report(report, common, &location);
    match done {
        Ok(Some(mut said)) => {
            if let serde_json::Value::Object(members) = &mut said.json {
                members.insert("diagnostics".to_owned(), serde_json::json!(lines));
            }
            say(common, said)
        }
        Ok(None) => {
            if common.format == Format::Json {
                print_json(&serde_json::json!({ "diagnostics": lines }))?;
            }
            Ok(exit::INPUT)
        }
        Err(error) => refuse(error),
    }
}

fn say(common: &Common, said: Said) -> Result<u8, Failure> {
    match common.format {
        Format::Json => print_json(&said.json)?,
        Format::Text if common.quiet => {}
        _ => print(&said.text)?,
    }
    Ok(exit::DONE)
}

/// A folder that does not hold names its files, each on a line, as `verify` does.
fn refuse(error: PackError) -> Result<u8, Failure> {
    match error {
        PackError::Register(error) => Err(Failure::Register(error)),
        PackError::Broken { folder, faults } => {
            for fault in faults {
                eprintln!("error: {}: {fault}", folder.display());
            }
            eprintln!("help: nothing was recorded; use the folder as it was generated, and as it was submitted");
            Ok(exit::INTEGRITY)
        }
    }
}

/// `1 document`, `2 documents`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
