//! `pack submit`, `approve`, `reject` and `issue`: from a folder to the supplier.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::pack::{Said, at_desk, count};
use crate::cli::{Acting, Common};
use crate::contract::milestone::Recipient;

/// Put a pack before the people who approve it.
///
/// The folder must hold, digest by digest; review copies and policies are refused. The register keeps the PDFs.
///
/// Example: countersign pack submit output/northwind-cloud/3f9a12c4d0e1 --author tobias@example.com
#[derive(Args)]
pub(crate) struct SubmitArgs {
    /// Folder of the pack.
    #[arg(value_name = "PACK_FOLDER")]
    folder: PathBuf,
    /// Who made the pack, as e-mail address or name; this person may not approve it. Whoever runs the command when absent.
    #[arg(long, value_name = "WHO")]
    author: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Approve a pack in a role.
///
/// Whoever approves is listed under the role in `countersign.yaml`, did not make the pack, and has approved in no other role unless
/// nobody else could.
///
/// Example: countersign pack approve 3f9a12c4d0e1 --as legal --by dervla@example.com
#[derive(Args)]
pub(crate) struct ApproveArgs {
    /// Id of the pack, the first digits of it, or its folder.
    #[arg(value_name = "PACK")]
    pack: String,
    /// Role in which the pack is approved.
    #[arg(long = "as", value_name = "ROLE")]
    role: String,
    /// Anything that should be remembered.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Reject a pack in a role.
///
/// A rejected pack may be submitted again; then every approval starts over.
///
/// Example: countersign pack reject 3f9a12c4d0e1 --as legal --by dervla@example.com --reason 'the liability cap is too low'
#[derive(Args)]
pub(crate) struct RejectArgs {
    /// Id of the pack, the first digits of it, or its folder.
    #[arg(value_name = "PACK")]
    pack: String,
    /// Role in which the pack is rejected.
    #[arg(long = "as", value_name = "ROLE")]
    role: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Record that an approved pack goes to the supplier.
///
/// The supplier is assessed again today: an open hold stops the issue, a changed profile is a warning.
///
/// Example: countersign pack issue 3f9a12c4d0e1 --to 'Ines Alvarado <ines@northwind.example>'
#[derive(Args)]
pub(crate) struct IssueArgs {
    /// Id of the pack, the first digits of it, or its folder.
    #[arg(value_name = "PACK")]
    pack: String,
    /// Who gets it; may be given several times.
    #[arg(long = "to", value_name = "NAME <EMAIL>", required = true, value_parser = parse_recipient)]
    to: Vec<Recipient>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn submit(common: &Common, args: &SubmitArgs) -> Result<u8, Failure> {
    at_desk(common, &args.acting, |desk, report| {
        let Some(submission) = desk.submit(&args.folder, args.author.as_deref(), report)? else { return Ok(None) };
        let documents = count(submission.documents.len(), "document");
        let needs = if submission.roles.is_empty() { "no approval".to_owned() } else { submission.roles.join(", ") };
        Ok(Some(Said { text: format!("{}: submitted, {}, {documents}; needs {needs}\n", submission.pack, submission.supplier), json: json!(submission) }))
    })
}

pub(crate) fn approve(common: &Common, args: &ApproveArgs) -> Result<u8, Failure> {
    at_desk(common, &args.acting, |desk, _| {
        let approval = desk.approve(&args.pack, &args.role, args.note.as_deref())?;
        let pack = desk.contracts().packs.get(&approval.pack);
        let missing = pack.map(|pack| pack.missing_roles()).unwrap_or_default();
        let rest = if missing.is_empty() { "every approval is there".to_owned() } else { format!("needs {}", missing.join(", ")) };
        let text = format!("{}: approved as {} by {}; {rest}\n", approval.pack, approval.role, approval.approver.name);
        Ok(Some(Said { text, json: json!({ "approval": approval, "missing": missing }) }))
    })
}

pub(crate) fn reject(common: &Common, args: &RejectArgs) -> Result<u8, Failure> {
    at_desk(common, &args.acting, |desk, _| {
        let rejection = desk.reject(&args.pack, &args.role, &args.reason)?;
        let text = format!("{}: rejected as {} by {}: {}\n", rejection.pack, rejection.role, rejection.approver.name, rejection.reason);
        Ok(Some(Said { text, json: json!(rejection) }))
    })
}

pub(crate) fn issue(common: &Common, args: &IssueArgs) -> Result<u8, Failure> {
    at_desk(common, &args.acting, |desk, report| {
        let Some(issue) = desk.issue(&args.pack, &args.to, report)? else { return Ok(None) };
        let (documents, recipients) = (count(issue.documents.len(), "document"), count(issue.recipients.len(), "recipient"));
        Ok(Some(Said { text: format!("{}: issued, {documents}, {recipients}\n", issue.pack), json: json!(issue) }))
    })
}

/// Reads `Ines Alvarado <ines@northwind.example>`.
fn parse_recipient(text: &str) -> Result<Recipient, String> {
    let expected = || "expected a name and an address, for example `Ines Alvarado <ines@northwind.example>`".to_owned();
    let (name, rest) = text.trim().split_once('<').ok_or_else(expected)?;
    let (name, email) = (name.trim(), rest.strip_suffix('>').ok_or_else(expected)?);
    let (local, domain) = email.split_once('@').ok_or_else(expected)?;
    let filled = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || matches!(c, '@' | '<' | '>'));
    if name.is_empty() || !filled(local) || !filled(domain) {
        return Err(expected());
    }
    Ok(Recipient { name: name.to_owned(), email: email.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::parse_recipient;

    #[test]
    fn recipient_is_a_name_with_an_address() {
        let ines = parse_recipient("Inés Alvarado <ines@northwind.example>").unwrap();
        assert_eq!((ines.name.as_str(), ines.email.as_str()), ("Inés Alvarado", "ines@northwind.example"));
        for other in ["", "ines@northwind.example", "<ines@northwind.example>", "Inés <ines>", "Inés <a@b@c>", "Inés <a b@c>", "Inés <a@b> x", "Inés <@b>"]
        {
            assert!(parse_recipient(other).is_err(), "{other}");
        }
    }
}
