//! `pack execute` and `pack adopt`: signed files come in.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::base::date::Date;
use crate::cli::exit::Failure;
use crate::cli::pack::{Said, at_desk, count};
use crate::cli::{Acting, Common, parse_date, table};
use crate::contract::milestone::{Side, Signature};
use crate::rule::finding::{Cause, Finding};
use crate::workflow::packs::{AdoptOrder, SigningOrder};

/// Record a document that came back signed.
///
/// The register keeps the file and says how it relates to the bytes that were issued. Whether a signature inside it is valid is not checked.
///
/// Example: countersign pack execute 3f9a12c4d0e1 --document NDA-3f9a12c4d0e1.pdf --file signed.pdf --method esign --signed-by 'ours:Niamh Kilbride, Managing Director, 2026-12-01' --signed-by 'theirs:Ines Alvarado, Director, 2026-12-02'
#[derive(Args)]
pub(crate) struct ExecuteArgs {
    /// Id of the pack, the first digits of it, or its folder.
    #[arg(value_name = "PACK")]
    pack: String,
    /// File name of the document in the pack, or its kind.
    #[arg(long, value_name = "FILE_NAME")]
    document: String,
    /// The signed file.
    #[arg(long, value_name = "SIGNED")]
    file: PathBuf,
    /// Who signed, as `ours:NAME, TITLE, DATE` or `theirs:NAME, TITLE, DATE`; may be given several times.
    #[arg(long = "signed-by", value_name = "SIGNATURE", required = true, value_parser = parse_signature)]
    signed_by: Vec<Signature>,
    /// How, in a word: `wet_ink`, `esign`.
    #[arg(long, value_name = "WORD")]
    method: String,
    /// Day from which the document has effect; that of the last signature when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    effective: Option<Date>,
    #[command(flatten)]
    acting: Acting,
}

/// Take in a contract on the supplier's paper, or from before the register.
///
/// A file says which of its clauses fulfils which requirement; what applies to the supplier today and is not in it becomes a finding:
///   version: 1
///   mapping:
///     gdpr-28-3-a-instructions: "7.2"
///
/// Example: countersign pack adopt northwind-cloud --file msa.pdf --title 'Master Services Agreement' --signed 2024-05-02 --effective 2024-06-01 --mapping msa.yaml
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct AdoptArgs {
    /// Id of the supplier.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// The contract.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Its title.
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// Day of the last signature.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    signed: Date,
    /// First day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    effective: Date,
    /// Last day; open when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    end: Option<Date>,
    /// File that maps requirements to clause numbers; without it every requirement becomes a finding.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

pub(crate) fn execute(common: &Common, args: ExecuteArgs) -> Result<u8, Failure> {
    let ExecuteArgs { pack, document, file, signed_by: signatures, method, effective, acting } = args;
    let order = SigningOrder { pack, document, file, signatures, method, effective };
    at_desk(common, &acting, |desk, _| {
        let executed = desk.execute(&order)?;
        let signing = &executed.signing;
        let (document, pack) = (executed.document.word(), executed.pack.word());
        let comparison = signing.comparison.words();
        Ok(Some(Said {
            text: format!("{}: {}, {comparison}; the document is {document}, the pack {pack}\n", signing.pack, signing.document),
            json: json!({ "signing": signing, "document": document, "pack": pack }),
        }))
    })
}

pub(crate) fn adopt(common: &Common, args: AdoptArgs) -> Result<u8, Failure> {
    let AdoptArgs { supplier, file, title, signed, effective, end, mapping, acting } = args;
    let order = AdoptOrder { supplier, file, title, signed, effective, end, mapping };
    at_desk(common, &acting, |desk, report| {
        let Some(adopted) = desk.adopt(&order, report)? else { return Ok(None) };
        let findings = &adopted.findings;
        let fulfilled = adopted.applicable - findings.len();
        let id = &adopted.adoption.pack;
        let mut text = format!("{id}: adopted, {fulfilled} of {} requirements fulfilled, {}\n", adopted.applicable, count(findings.len(), "finding"));
        if !findings.is_empty() {
            let row = |f: &Finding| match &f.cause {
                Cause::Gap { requirement, source, force, .. } => Some(vec![format!("  {requirement}"), force.clone(), source.clone()]),
                _ => None,
            };
            let rows: Vec<Vec<String>> = findings.iter().filter_map(row).collect();
            text.push_str(&table::draw(&["  finding", "force", "source"], &rows));
        }
        Ok(Some(Said { text, json: json!({ "adoption": adopted.adoption, "applicable": adopted.applicable, "findings": findings }) }))
    })
}

/// Reads `ours:Niamh Kilbride, Managing Director, 2026-12-01`; a title may have commas.
fn parse_signature(text: &str) -> Result<Signature, String> {
    let expected = || "expected a side, a name, a title and a day, for example `ours:Niamh Kilbride, Managing Director, 2026-12-01`".to_owned();
    let (side, rest) = text.split_once(':').ok_or_else(expected)?;
    let party = Side::parse(side.trim()).ok_or_else(|| format!("`{}` is no side, allowed: `ours`, `theirs`", side.trim()))?;
    let (rest, date) = rest.rsplit_once(',').ok_or_else(expected)?;
    let (name, title) = rest.split_once(',').ok_or_else(expected)?;
    let date = date.trim().parse::<Date>().map_err(|error| format!("`{}`: {error}", date.trim()))?;
    let (name, title) = (name.trim(), title.trim());
    if name.is_empty() || title.is_empty() {
        return Err(expected());
    }
    Ok(Signature { party, name: name.to_owned(), title: title.to_owned(), date })
}

#[cfg(test)]
mod tests {
    use super::parse_signature;
    use crate::contract::milestone::Side;

    #[test]
    fn signature_has_a_side_a_name_a_title_and_a_day() {
        let signature = parse_signature("theirs:Zoë Núñez, Director, Legal: EMEA, 2026-12-01").unwrap();
        assert_eq!((signature.party, signature.name.as_str(), signature.title.as_str()), (Side::Theirs, "Zoë Núñez", "Director, Legal: EMEA"));
        assert_eq!(signature.date.to_string(), "2026-12-01");
        for other in [
            "",
            "Zoë, Director, 2026-12-01",
            "us:Zoë, Director, 2026-12-01",
            "ours:Zoë, 2026-12-01",
            "ours:, Director, 2026-12-01",
            "ours:Zoë, Director, 2026-02-30",
        ] {
            assert!(parse_signature(other).is_err(), "{other}");
        }
    }
}
