//! `check --prove`: the library for every profile that there can be, and each counterexample replayed by the compiler.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::node::{Kind, parse};
use crate::base::source::Source;
use crate::base::yaml;
use crate::contract::intake::{Fields, order};
use crate::contract::proof::{self, Profile, Proof};
use crate::pack::compile::{Compiler, Request, Supplier};
use crate::project::embedded;
use crate::rule::fact::FactValue;

/// Id of the profile of a counterexample.
const COUNTEREXAMPLE: &str = "counterexample";
/// The sample that lends it names and lists.
const SAMPLE: &str = "suppliers/brightledger-crm.yaml";

/// A proof, and what does not hold.
#[derive(Debug, Default, Serialize)]
pub struct Proven {
    /// What was proven.
    #[serde(flatten)]
    pub proof: Proof,
    /// Profiles for which something does not hold.
    pub counterexamples: Vec<Counterexample>,
    /// What does not hold, and what can never be reached.
    #[serde(skip)]
    pub report: Report,
}

/// A profile for which something does not hold.
#[derive(Debug, Clone, Serialize)]
pub struct Counterexample {
    /// Code of the diagnostic.
    pub code: &'static str,
    /// What.
    pub message: String,
    /// The profile, as a file that `generate` reads.
    pub profile: String,
    /// Whether the compiler fails on it in the same way.
    pub replayed: bool,
}

/// Proves the library of a workspace for a day.
pub fn prove(compiler: &Compiler, date: Date) -> Proven {
    let mut proven = Proven { proof: proof::prove(&compiler.library, date), ..Proven::default() };
    for fault in std::mem::take(&mut proven.proof.faults) {
        let Some(example) = fault.profile else {
            proven.report.push(fault.diagnostic);
            continue;
        };
        let facts = &example.facts;
        let profile = profile(compiler, COUNTEREXAMPLE, &example, date);
        let replayed = replay(compiler, &profile, fault.diagnostic.code, date);
        proven.counterexamples.push(Counterexample { code: fault.diagnostic.code, message: fault.diagnostic.message.clone(), profile, replayed });
        let Diagnostic { help, .. } = &fault.diagnostic;
        let help = format!("{}; the plainest such profile: {}", help.as_deref().unwrap_or("see the conditions"), told(compiler, facts));
        proven.report.push(fault.diagnostic.help(help));
    }
    proven
}

/// The facts that are not as plain as can be, in a line.
fn told(compiler: &Compiler, facts: &BTreeMap<String, FactValue>) -> String {
    let is_plain = |name: &String, value: &FactValue| match value {
        FactValue::Bool(yes) => !yes,
        FactValue::Set(words) => words.is_empty(),
        FactValue::Word(word) => compiler.library.vocabulary.facts.get(name).and_then(|entry| entry.values.first()) == Some(word),
    };
    let told: Vec<String> = facts.iter().filter(|(name, value)| !is_plain(name, value)).map(|(name, value)| format!("{name} = {value}")).collect();
    if told.is_empty() { "the one with nothing in it".to_owned() } else { told.join(", ") }
}

/// Profiles that between them bring in every clause, every requirement and every two values that can meet, by id, as files that `generate` reads.
pub fn examples(compiler: &Compiler, date: Date) -> BTreeMap<String, String> {
    let slug = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let examples = proof::examples(&compiler.library, date).into_iter();
    examples.map(|(name, example)| (slug(&name), profile(compiler, &slug(&name), &example, date))).collect()
}

/// What no sample has and some clause prints: rows to add to lists, and figures that only a negotiation gives.
const LENT: [(&str, &str); 2] = [
    ("data", "- {id: special, name: Health records, classification: regulated, kind: special_category, people: 40}\n"),
    ("overrides", "agreed_sum_amount: {value: 10000, reason: an example}\n"),
];

/// A profile with these facts, each stated; what clauses print beside them is that of a sample, so that nothing but the fault stands in the way.
fn profile(compiler: &Compiler, id: &str, example: &Profile, date: Date) -> String {
    let facts = &example.facts;
    let entity = compiler.workspace.value.entities.keys().next().map_or("", String::as_str);
    let is_true = |fact: &str| facts.get(fact) == Some(&FactValue::Bool(true));
    let master = if is_true("agreement.master") { "{title: Master Services Agreement, date: 2024-01-15, reference: MSA-1}" } else { "none" };
    let law = facts.get("contract.law").map(ToString::to_string).unwrap_or_default();
    let mut out = format!(
        "supplier: {id}\nentity: {entity}\nidentity:\n  legal_name: Example Limited\n  natural_person: {}\n  registration_number: \"1\"\n\
         agreement: {{master: {master}, law: {law}, law_name: the laws of the place, forum: the courts of the place}}\n\
         service: {{deliverables: [{{name: Report, description: A report on the services}}]}}\nassurance:\n  certificates:\n",
        is_true("counterparty.individual")
    );
    let mut certificate = |standard: &str, covers: bool| {
        let (issued, expires) = (date.plus_months(-1), date.plus_months(11));
        out.push_str(&format!(
            "    - {{standard: {standard}, scope: the service, covers_service: {covers}, issued: {issued}, expires: {expires}, opinion: unqualified}}\n"
        ));
    };
    // One that is printed and earns nothing.
    compiler.library.risk.certificates().take(1).for_each(|standard| certificate(standard, false));
    compiler.library.risk.certificates_for(example.credit).into_iter().for_each(|standard| certificate(standard, true));
    out.push_str("facts:\n");
    for (name, value) in facts {
        let value = match value {
            FactValue::Bool(yes) => yes.to_string(),
            FactValue::Word(word) => format!("\"{word}\""),
            FactValue::Set(words) => format!("[{}]", words.iter().cloned().collect::<Vec<_>>().join(", ")),
        };
        out.push_str(&format!("  {name}: {{value: {value}, reason: example of the proof}}\n"));
    }
    let read = |text: String| parse(&Arc::new(Source { path: String::new(), text }), &mut Report::default());
    let sample = embedded::sample().into_iter().find(|(path, _)| *path == SAMPLE).and_then(|(_, bytes)| read(String::from_utf8_lossy(bytes).into_owned()));
    let (Some(own), Some(mut sample)) = (read(out.clone()), sample) else { return out };
    for (key, text) in LENT {
        let Some(more) = read(text.to_owned()) else { continue };
        let Kind::Mapping(entries) = &mut sample.kind else { continue };
        match entries.iter_mut().find(|entry| entry.key == key).map(|entry| (&mut entry.value.kind, more.kind)) {
            Some((Kind::Sequence(items), Kind::Sequence(more))) => items.extend(more),
            Some((Kind::Mapping(items), Kind::Mapping(more))) => items.extend(more),
            _ => {}
        }
    }
    yaml::write(&order(&own.over(&sample), "", &Fields::new()))
}

/// Whether the compiler fails on a profile with this code.
fn replay(compiler: &Compiler, profile: &str, code: &str, date: Date) -> bool {
    let source = Arc::new(Source { path: format!("suppliers/{COUNTEREXAMPLE}.yaml"), text: profile.to_owned() });
    let mut report = Report::default();
    let Some(node) = parse(&source, &mut report) else { return false };
    let Some(profile) = compiler.profile(COUNTEREXAMPLE, node, date, &mut report) else { return false };
    let Some(assessed) = compiler.assess(Supplier { profile, digest: Digest::of(b"") }, date, &mut report) else { return false };
    compiler.compile(&assessed, &Request { draft: true, ..Request::default() }, date, &mut report);
    report.iter().any(|diagnostic| diagnostic.code == code)
}
