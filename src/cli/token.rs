//! `countersign token`: what programs are let in with.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Acting, Common, Format, parse_date, print, print_json, table};
use crate::record::access::AccessScope;
use crate::workflow::access;
use crate::workflow::desk::Desk;

/// Days for which a token is good when no last day is given.
const USUAL_DAYS: i32 = 365;

/// Issue, list and revoke the bearer tokens with which programs ask the gate.
///
/// Example: countersign token issue "turnstile Dublin" --to turnstile.token
#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    verb: TokenVerb,
}

#[derive(Subcommand)]
enum TokenVerb {
    Issue(IssueArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
}

/// Issue a token. It is written into a file and shown nowhere; the register keeps its digest.
///
/// Example: countersign token issue "turnstile Dublin" --supplier northwind-cloud --expires 2027-12-31 --to turnstile.token
#[derive(Args)]
struct IssueArgs {
    /// What uses it.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is for.
    #[arg(long, value_enum, default_value_t = Scope::Gate)]
    scope: Scope,
    /// The only supplier that it may ask about.
    #[arg(long, value_name = "SUPPLIER")]
    supplier: Option<String>,
    /// Last day on which it is good; in a year when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    expires: Option<Date>,
    /// File to write it to, which must not exist; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    acting: Acting,
}

/// What a token is for.
#[derive(Clone, Copy, ValueEnum)]
enum Scope {
    /// To ask the gate.
    Gate,
}

/// List the tokens that were issued.
#[derive(Args)]
struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Revoke a token at once.
///
/// Example: countersign token revoke t-0123 --reason "the turnstile was replaced"
#[derive(Args)]
struct RevokeArgs {
    /// The token, by id.
    #[arg(value_name = "TOKEN")]
    token: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn run(common: &Common, args: &TokenArgs) -> Result<u8, Failure> {
    match &args.verb {
        TokenVerb::Issue(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            let Scope::Gate = args.scope;
            let expires = args.expires.unwrap_or_else(|| desk.register().edge().now().date().plus_days(USUAL_DAYS));
            let token = access::issue(desk.register_mut(), &args.name, AccessScope::Gate, args.supplier.as_deref(), expires, &args.to)?;
            match common.format {
                Format::Json => print_json(&token)?,
                _ if common.quiet => {}
                _ => print(&format!("{}: written to {}, good until {}\n", token.token, args.to.display(), token.expires))?,
            }
        }
        TokenVerb::List(args) => {
            let desk = Desk::open(&common.workspace, args.acting.edge())?;
            let tokens = &desk.register().state().access.tokens;
            if common.format == Format::Json {
                let all: Vec<_> = tokens.values().map(|(token, revoked)| serde_json::json!({ "token": token, "revoked": revoked })).collect();
                print_json(&all)?;
                return Ok(exit::DONE);
            }
            let today = desk.register().edge().now().date();
            let rows = tokens.values().map(|(token, revoked)| {
                let state = match revoked {
                    Some(reason) => format!("revoked: {reason}"),
                    None if token.expires < today => "expired".to_owned(),
                    None => "good".to_owned(),
                };
                let supplier = token.supplier.clone().unwrap_or_else(|| "all".to_owned());
                vec![token.token.clone(), token.name.clone(), "gate".to_owned(), supplier, token.expires.to_string(), state]
            });
            print(&table::draw(&["token", "name", "scope", "supplier", "until", "state"], &rows.collect::<Vec<_>>()))?;
        }
        TokenVerb::Revoke(args) => {
            let mut desk = Desk::open(&common.workspace, args.acting.edge())?;
            access::revoke(desk.register_mut(), &args.token, &args.reason)?;
            match common.format {
                Format::Json => print_json(&serde_json::json!({ "token": args.token, "state": "revoked" }))?,
                _ if common.quiet => {}
                _ => print(&format!("{}: revoked\n", args.token))?,
            }
        }
    }
    Ok(exit::DONE)
}
