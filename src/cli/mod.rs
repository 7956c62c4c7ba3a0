//! Floor 6: the command line. One file for each verb; arguments, drawing and exit codes live here and nowhere else.

mod ack;
mod assess;
mod batch;
mod check;
mod clause;
mod completions;
mod coverage;
mod diff;
mod doctor;
mod draw;
mod due;
mod erase;
mod exit;
mod explain;
mod gate;
mod generate;
mod impact;
mod import;
mod init;
mod ledger;
mod mail;
mod outbox;
mod oversight;
mod pack;
mod people;
mod policy;
mod receipt;
mod remind;
mod report;
mod schema;
mod serve;
mod status;
mod sync;
mod table;
mod token;
mod training;
mod verify;
mod what_if;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::base::date::Date;
use crate::base::instant::Instant;
use crate::cli::exit::Failure;
use crate::workflow::register::Edge;

/// Supplier contracts with a lock: risk profiles and a clause library in, complete contract packs out.
///
/// Every day:
///   countersign check                      is everything in the workspace sound?
///   countersign generate northwind-cloud   write the contract pack of a supplier
///   countersign explain northwind-cloud    why these clauses, and why not the others
///
/// Output is for review by counsel.
#[derive(Parser)]
#[command(name = "countersign", version, verbatim_doc_comment, disable_help_subcommand = true, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Args)]
pub(crate) struct Common {
    /// Folder of the workspace.
    #[arg(short = 'C', long, global = true, default_value = ".", value_name = "DIR")]
    workspace: PathBuf,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print errors only.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Treat warnings as errors.
    #[arg(long, global = true)]
    deny_warnings: bool,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[value(alias = "table")]
    Text,
    /// For programs: one JSON document on standard output.
    Json,
    /// For spreadsheets: comma-separated values, where a result is a table.
    Csv,
}

/// What every verb takes that records something.
#[derive(Args)]
pub(crate) struct Acting {
    /// Who does it: recorded as it is said, not proven. The account when absent.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Moment to take for now, for rehearsals; what is recorded says so.
    #[arg(long, value_name = "MOMENT", hide = true, value_parser = parse_instant)]
    now: Option<Instant>,
}

impl Acting {
    /// Where time, chance and names enter.
    #[expect(clippy::disallowed_methods, reason = "the environment enters at the edge: here")]
    pub(crate) fn edge(&self) -> Edge {
        let account = || ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        Edge::system(self.by.clone().or_else(account).unwrap_or_else(|| "unknown account".to_owned()), self.now)
    }
}

/// Reads a moment argument.
fn parse_instant(text: &str) -> Result<Instant, String> {
    text.parse::<Instant>().map_err(|error| error.to_string())
}

#[derive(Subcommand)]
enum Verb {
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Import(import::ImportArgs),
    Assess(assess::AssessArgs),
    Generate(generate::GenerateArgs),
    Batch(batch::BatchArgs),
    Explain(explain::ExplainArgs),
    WhatIf(what_if::WhatIfArgs),
    Coverage(coverage::CoverageArgs),
    Requirements(coverage::RequirementsArgs),
    Clause(clause::ClauseArgs),
    Verify(verify::VerifyArgs),
    Diff(diff::DiffArgs),
    Impact(impact::ImpactArgs),
    People(people::PeopleArgs),
    Policy(policy::PolicyArgs),
    Ack(ack::AckArgs),
    Training(training::TrainingArgs),
    Sync(sync::SyncArgs),
    Due(due::DueArgs),
    Calendar(due::CalendarArgs),
    Evidence(oversight::EvidenceArgs),
    Finding(oversight::FindingArgs),
    Decision(oversight::DecisionArgs),
    Receipt(receipt::ReceiptArgs),
    Remind(remind::RemindArgs),
    Status(status::StatusArgs),
    Gate(gate::GateArgs),
    Report(report::ReportArgs),
    Doctor(doctor::DoctorArgs),
    Outbox(outbox::OutboxArgs),
    Mail(mail::MailArgs),
    Erase(erase::EraseArgs),
    Ledger(ledger::LedgerArgs),
    Pack(pack::PackArgs),
    Serve(serve::ServeArgs),
    Token(token::TokenArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
}

/// Parses the arguments, runs the verb and gives the exit code.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure; a usage fault is 2.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    let common = arguments.common;
    let is_table = match &arguments.verb {
        Verb::Training(args) => args.is_table(),
        verb => matches!(verb, Verb::Status(_) | Verb::Ack(_) | Verb::Due(_) | Verb::Report(_)),
    };
    if common.format == Format::Csv && !is_table {
        let message = "this verb prints no table of comma-separated values".to_owned();
        return exit::report(&Failure::Usage { message, help: "use `--format json` or `--format text`".to_owned() });
    }
    let result = match arguments.verb {
        Verb::Init(args) => init::run(&common, &args),
        Verb::Check(args) => check::run(&common, &args),
        Verb::Import(args) => import::run(&common, &args),
        Verb::Assess(args) => assess::run(&common, &args),
        Verb::Batch(args) => batch::run(&common, args),
        Verb::Generate(args) => generate::run(&common, args),
        Verb::Coverage(args) => coverage::run(&common, &args),
        Verb::Requirements(args) => coverage::run_requirements(&common, &args),
        Verb::Clause(args) => clause::run(&common, args),
        Verb::WhatIf(args) => what_if::run(&common, &args),
        Verb::Explain(args) => explain::run(&common, &args),
        Verb::Verify(args) => verify::run(&common, &args),
        Verb::Diff(args) => diff::run(&common, &args),
        Verb::Impact(args) => impact::run(&common, &args),
        Verb::People(args) => people::run(&common, &args),
        Verb::Policy(args) => policy::run(&common, &args),
        Verb::Ack(args) => ack::run(&common, &args),
        Verb::Training(args) => training::run(&common, &args),
        Verb::Sync(args) => sync::run(&common, &args),
        Verb::Due(args) => due::run(&common, &args),
        Verb::Calendar(args) => due::run_calendar(&common, &args),
        Verb::Evidence(args) => oversight::evidence(&common, &args),
        Verb::Finding(args) => oversight::finding(&common, &args),
        Verb::Decision(args) => oversight::decision(&common, &args),
        Verb::Receipt(args) => receipt::run(&common, &args),
        Verb::Remind(args) => remind::run(&common, &args),
        Verb::Gate(args) => gate::run(&common, &args),
        Verb::Status(args) => status::run(&common, &args),
        Verb::Report(args) => report::run(&common, &args),
        Verb::Doctor(args) => doctor::run(&common, &args),
        Verb::Outbox(args) => outbox::run(&common, &args),
        Verb::Mail(args) => mail::run(&common, &args),
        Verb::Erase(args) => erase::run(&common, &args),
        Verb::Ledger(args) => ledger::run(&common, args),
        Verb::Pack(args) => pack::run(&common, args),
        Verb::Token(args) => token::run(&common, &args),
        Verb::Serve(args) => serve::run(&common, &args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Completions(args) => completions::run::<Arguments>(&args),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => exit::report(&failure),
    }
}

/// Reads a date argument.
fn parse_date(text: &str) -> Result<Date, String> {
    text.parse::<Date>().map_err(|error| error.to_string())
}

/// The date of a run: the one given, or today.
fn date_or_today(given: Option<Date>) -> Date {
    given.unwrap_or_else(crate::clock::today)
}

/// Prints data to standard output; a reader that went away is no failure.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Prints one JSON document.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(&String::from_utf8_lossy(&crate::pack::compile::pretty(value)))
}
