//! `countersign ack`: requests and acknowledgments.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, draw, parse_date, print, print_json};
use crate::compliance::book::Outcome;
use crate::project::folder;
use crate::signature::link::{LinkRefusal, Token};
use crate::workflow::acknowledge::{self, AttestationOrder, Signer};
use crate::workflow::answer::{self, Signing};
use crate::workflow::desk::Desk;
use crate::workflow::register::RegisterError;
use crate::workflow::request::{self, Asked, Order};

/// Ask for acknowledgments, and record them.
///
/// Example: countersign ack request code_of_conduct --plan
#[derive(Args)]
pub(crate) struct AckArgs {
    #[command(subcommand)]
    verb: AckVerb,
}

#[derive(Subcommand)]
enum AckVerb {
    Request(RequestArgs),
    Statement(OneArgs),
    Sign(SignArgs),
    Decline(ReasonArgs),
    Delegate(DelegateArgs),
    Close(ReasonArgs),
    Void(ReasonArgs),
    Attest(AttestArgs),
    Status(crate::cli::status::StatusArgs),
    Export(ExportArgs),
}

/// Ask the audience of a policy: who has not acknowledged its major version, or whose acknowledgment runs out within 30 days.
///
/// Example: countersign ack request code_of_conduct --supplier northwind-cloud --plan
#[derive(Args)]
struct RequestArgs {
    /// The policy.
    #[arg(value_name = "POLICY")]
    policy: String,
    /// Only this person, by id or e-mail address; may be given several times.
    #[arg(long = "person", value_name = "PERSON")]
    people: Vec<String>,
    /// Only people of this supplier.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// Last day to sign, in place of the days that the policy gives.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    due: Option<Date>,
    /// Show who would be asked, and record nothing.
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Print the statement of a request, to be signed with an SSH key.
///
/// Example: countersign ack statement r-0123 > statement.txt && ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n acknowledgment@countersign statement.txt
#[derive(Args)]
struct OneArgs {
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: String,
    #[command(flatten)]
    acting: Acting,
}

/// Record a signature: by an SSH key over the statement, or by a one-time link.
///
/// Example: countersign ack sign r-0123 --ssh-signature statement.txt.sig --name "Ann Able"
#[derive(Args)]
#[command(group = clap::ArgGroup::new("method").required(true).args(["ssh_signature", "link"]))]
struct SignArgs {
    /// The request; not with `--link`, which names it.
    #[arg(value_name = "REQUEST", required_unless_present = "link", conflicts_with = "link")]
    request: Option<String>,
    /// File with the signature that `ssh-keygen -Y sign` wrote.
    #[arg(long, value_name = "FILE")]
    ssh_signature: Option<PathBuf>,
    /// File with the link of the mail, `-` for standard input; never the link itself, which others could see.
    #[arg(long, value_name = "FILE")]
    link: Option<PathBuf>,
    /// Name, typed as the signature.
    #[arg(long, value_name = "NAME")]
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Give the reason.
#[derive(Args)]
struct ReasonArgs {
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Hand a request over to a colleague, who is then asked.
///
/// Example: countersign ack delegate r-0123 --to ben@northwind.example --reason "signs for the company"
#[derive(Args)]
struct DelegateArgs {
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: String,
    /// Who gets it, by id or e-mail address.
    #[arg(long, value_name = "PERSON")]
    to: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Record that a signatory attests the briefing of people without a mailbox.
///
/// Example: countersign ack attest code_of_conduct --signatory boss@cleaners.example --person p-1 --person p-2 --briefed 2026-12-01 --paper scan.pdf --name "Swit Avgi"
#[derive(Args)]
struct AttestArgs {
    /// The policy.
    #[arg(value_name = "POLICY")]
    policy: String,
    /// Who attests: a supplier's person with the role `signatory`.
    #[arg(long, value_name = "PERSON")]
    signatory: String,
    /// Who was briefed; may be given several times.
    #[arg(long = "person", value_name = "PERSON", required = true)]
    people: Vec<String>,
    /// Day of the briefing.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    briefed: Date,
    /// The signed paper.
    #[arg(long, value_name = "FILE")]
    paper: PathBuf,
    /// Name under the paper.
    #[arg(long, value_name = "NAME")]
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Print every acknowledgment with its evidence, as JSON.
///
/// Example: countersign ack export > acknowledgments.json
#[derive(Args)]
struct ExportArgs {
    /// Only of this policy.
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &AckArgs) -> Result<u8, Failure> {
    match &args.verb {
        AckVerb::Request(args) => ask(common, args),
        AckVerb::Statement(args) => {
            let desk = Desk::open(&common.workspace, args.acting.edge())?;
            let state = desk.register().state();
            let shown = acknowledge::shown(state, &desk.pages()?, &args.request)?;
            let text = acknowledge::statement(state, &shown);
            match common.format {
                Format::Json => print_json(&serde_json::json!({ "statement": text, "shown": shown }))?,
                _ => print(&text)?,
            }
            Ok(exit::DONE)
        }
        AckVerb::Sign(args) => sign(common, args),
        AckVerb::Decline(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            acknowledge::decline(desk.register_mut(), &args.request, &args.reason)?;
            say(common, &args.request, "declined")
        }
        AckVerb::Close(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            acknowledge::close_request(desk.register_mut(), &args.request, &args.reason)?;
            say(common, &args.request, "closed")
        }
        AckVerb::Void(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            acknowledge::void(desk.register_mut(), &args.request, &args.reason)?;
            say(common, &args.request, "voided")
        }
        AckVerb::Delegate(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let (register, office) = desk.mailing();
            let new = acknowledge::delegate(register, office, &args.request, &args.to, &args.reason)?;
            match common.format {
                Format::Json => print_json(&new)?,
                _ if common.quiet => {}
                _ => print(&format!("{}: handed over; {} is asked by {}, due {}\n", args.request, new.person, new.request, new.due))?,
            }
            Ok(exit::DONE)
        }
        AckVerb::Attest(args) => attest(common, args),
        AckVerb::Status(args) => crate::cli::status::run(common, args),
        AckVerb::Export(args) => {
            let desk = Desk::open(&common.workspace, args.acting.edge())?;
            let book = &desk.register().state().book;
            let signed: Vec<_> = book
                .requests
                .values()
                .filter(|r| args.policy.as_ref().is_none_or(|p| *p == r.request.policy))
                .filter_map(|r| match &r.outcome {
                    Outcome::Signed { entry, acknowledgment } => Some(serde_json::json!({ "entry": entry, "acknowledgment": acknowledgment })),
                    _ => None,
                })
                .collect();
            print_json(&signed)?;
            Ok(exit::DONE)
        }
    }
}

fn say(common: &Common, request: &str, what: &str) -> Result<u8, Failure> {
    match common.format {
        Format::Json => print_json(&serde_json::json!({ "request": request, "state": what }))?,
        _ if common.quiet => {}
        _ => print(&format!("{request}: {what}\n"))?,
    }
    Ok(exit::DONE)
}

fn ask(common: &Common, args: &RequestArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let (report, location) = desk.read_library()?;
    let (_, stops) = draw::report(report, common, &location);
    if stops {
        return Ok(exit::INPUT);
    }
    let order = Order { policy: args.policy.clone(), people: args.people.clone(), supplier: args.supplier.clone(), due: args.due };
    let (register, compiler, office) = desk.all()?;
    let asked = request::request(register, compiler, office, &order, args.plan)?;
    match common.format {
        Format::Json => print_json(&asked)?,
        _ if common.quiet => {}
        _ => print(&asked_text(&desk, &asked, args.plan))?,
    }
    for line in &asked.undecided {
        eprintln!("warning: {line}");
    }
    Ok(if asked.undecided.is_empty() { exit::DONE } else { exit::PARTLY })
}

fn asked_text(desk: &Desk, asked: &Asked, plan: bool) -> String {
    let book = &desk.register().state().book;
    let mut out = String::new();
    for request in &asked.requests {
        let name = book.people.get(&request.person).map_or(request.person.as_str(), |p| p.name.as_str());
        let capacity = if request.capacity == crate::compliance::acknowledgment::Capacity::Company { " for the company" } else { "" };
        out.push_str(&format!("{}: {name} ({}){capacity}, {} {}, due {}\n", request.request, request.person, request.policy, request.version, request.due));
    }
    for passed in &asked.passed_over {
        out.push_str(&format!("not asked: {} ({}): {}\n", passed.name, passed.person, passed.why));
    }
    let verb = if plan { "would be asked" } else { "asked" };
    out.push_str(&format!("{} {verb}, {} mails, {} not asked\n", asked.requests.len(), asked.mails.len(), asked.passed_over.len()));
    out
}

fn sign(common: &Common, args: &SignArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let pages = desk.pages()?;
    let signer = Signer { typed_name: args.name.clone(), ..Signer::default() };
    let (register, office) = desk.mailing();
    let acknowledgment = match (&args.link, &args.request, &args.ssh_signature) {
        (Some(path), ..) => {
            let text = read_text(path)?;
            // A whole link is taken as well as its last part.
            let token = Token::parse(text.trim().rsplit('/').next().unwrap_or_default()).ok_or_else(|| refused(&LinkRefusal::Unknown))?;
            let office = office.ok_or_else(crate::workflow::desk::no_mail)?;
            let opened = answer::open(register, office, &token)?.map_err(|closed| refused(&closed.why))?;
            if opened.shown.policy.code {
                return Err(RegisterError::refused("this policy asks for a code as well", "open the link in a browser, and sign there").into());
            }
            let signing = answer::sign(register, office, &token, &opened.nonce, &signer, None)?.map_err(|closed| refused(&closed.why))?;
            let Signing::Signed(request) = signing else { return Err(refused(&LinkRefusal::Nonce).into()) };
            acknowledge::signed(register.state(), &request)?.clone()
        }
        (None, Some(request), Some(path)) => acknowledge::sign_with_ssh(register, &pages, office, request, &read_text(path)?, &signer)?,
        _ => return Err(Failure::Usage { message: "name a request and `--ssh-signature`, or `--link`".to_owned(), help: "see `--help`".to_owned() }),
    };
    match common.format {
        Format::Json => print_json(&acknowledgment)?,
        _ if common.quiet => {}
        _ => print(&format!(
            "{}: {} acknowledged {} {} by {}\n",
            acknowledgment.request,
            acknowledgment.name,
            acknowledgment.policy,
            acknowledgment.version,
            acknowledgment.proof.name().replace('_', " ")
        ))?,
    }
    Ok(exit::DONE)
}

fn refused(refusal: &LinkRefusal) -> RegisterError {
    let help = match refusal {
        LinkRefusal::Unknown => "copy the whole link from the mail",
        LinkRefusal::Expired(_) | LinkRefusal::Nonce => "ask for a new link: `countersign remind --send` sends the next one",
        LinkRefusal::Rotated => "use the link of the newest mail",
        LinkRefusal::Used => "`countersign ack status` shows how the request stands",
        LinkRefusal::Locked => "ask whoever sent it for a new one",
        LinkRefusal::Superseded => "the newer version comes with a mail of its own",
    };
    RegisterError::refused(refusal.to_string(), help)
}

/// Reads a small text file, or standard input for `-`.
fn read_text(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().take(1 << 16).read_to_string(&mut text).map_err(|source| crate::project::DiskError::Read { path: path.to_owned(), source })?;
        return Ok(text);
    }
    Ok(String::from_utf8_lossy(&folder::file(path)?).into_owned())
}

fn attest(common: &Common, args: &AttestArgs) -> Result<u8, Failure> {
    let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
    let pages = desk.pages()?;
    let paper = folder::file(&args.paper)?;
    let (register, compiler) = desk.both()?;
    let supplier = acknowledge::supplier_of(register.state(), &args.signatory)?;
    let order = AttestationOrder {
        policy: args.policy.clone(),
        signatory: args.signatory.clone(),
        company: request::legal_name(compiler, &supplier, register.edge().now().date()),
        people: args.people.clone(),
        briefed: args.briefed,
        paper,
        typed_name: args.name.clone(),
    };
    let (attestation, people) = acknowledge::attest(register, &pages, &order)?;
    match common.format {
        Format::Json => print_json(&attestation)?,
        _ if common.quiet => {}
        _ => print(&format!(
            "{}: {people} people of {} attested for {} {}\n",
            attestation.attestation, attestation.supplier, attestation.policy, attestation.version
        ))?,
    }
    Ok(exit::DONE)
}
