//! `countersign what-if`.

use clap::Args;

use crate::base::date::Date;
use crate::cli::exit::{self, Failure};
use crate::cli::{Common, Format, draw, impact, parse_date, print, print_json};
use crate::contract::risk::Tier;
use crate::workflow::open;
use crate::workflow::what_if::{self, Difference};

/// Show what the pack of a supplier would be if facts were others: tier, documents, clauses, values. Nothing is written.
///
/// Example: countersign what-if northwind-cloud --set access.level=privileged --set data.phi=true
#[derive(Args)]
pub(crate) struct WhatIfArgs {
    /// The supplier.
    #[arg(value_name = "SUPPLIER")]
    supplier: String,
    /// A fact and the value that it would have; of a set its values, parted by commas. May be given several times.
    #[arg(long = "set", value_name = "FACT=VALUE", required = true, value_parser = parse_fact)]
    facts: Vec<(String, String)>,
    /// Date of the packs; today when absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    date: Option<Date>,
}

fn parse_fact(text: &str) -> Result<(String, String), String> {
    text.split_once('=').map(|(fact, value)| (fact.trim().to_owned(), value.trim().to_owned())).ok_or_else(|| "expected FACT=VALUE".to_owned())
}

pub(crate) fn run(common: &Common, args: &WhatIfArgs) -> Result<u8, Failure> {
    let opened = open(&common.workspace)?;
    let location = opened.location.clone();
    let (difference, report) = what_if::what_if(opened, &args.supplier, &args.facts, crate::cli::date_or_today(args.date));
    let (lines, _) = draw::report(report, common, &location);
    let Some(difference) = difference else {
        if common.format == Format::Json {
            print_json(&serde_json::json!({ "diagnostics": lines }))?;
        }
        return Ok(exit::INPUT);
    };
    match common.format {
        Format::Json => {
            let mut comparison = serde_json::to_value(&difference.comparison).unwrap_or_default();
            impact::without_texts(&mut comparison);
            print_json(&serde_json::json!({
                "supplier": args.supplier,
                "tier_before": difference.tier_before,
                "tier_after": difference.tier_after,
                "holds_opened": difference.holds_opened,
                "holds_closed": difference.holds_closed,
                "comparison": comparison,
            }))?;
        }
        _ if common.quiet => {}
        _ => print(&text(&args.supplier, &difference))?,
    }
    Ok(exit::DONE)
}

fn text(supplier: &str, difference: &Difference) -> String {
    let word = |tier: Option<Tier>| tier.map_or("none", Tier::word);
    let tier = if difference.tier_before == difference.tier_after {
        format!("{}, as now", word(difference.tier_after))
    } else {
        format!("{} \u{2192} {}", word(difference.tier_before), word(difference.tier_after))
    };
    let mut out = format!("{supplier}: tier {tier}\n");
    difference.holds_opened.iter().for_each(|hold| out.push_str(&format!("  hold {hold} opens\n")));
    difference.holds_closed.iter().for_each(|hold| out.push_str(&format!("  hold {hold} closes\n")));
    out + &impact::documents(&difference.comparison)
}
