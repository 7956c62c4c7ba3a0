//! `what-if`: what a pack would be if facts were others, without writing anything.

use std::sync::Arc;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::node::{Entry, Kind, Node, parse};
use crate::base::source::{Place, Source};
use crate::base::suggest;
use crate::contract::risk::Tier;
use crate::pack::comparison::{Comparison, Edition, compare};
use crate::pack::compile::{Compiler, Request, Supplier};
use crate::rule::vocabulary::{FactOwner, FactType};
use crate::workflow::Opened;

/// What would be.
#[derive(Debug)]
pub struct Difference {
    /// Tier now.
    pub tier_before: Option<Tier>,
    /// Tier then.
    pub tier_after: Option<Tier>,
    /// Holds that open.
    pub holds_opened: Vec<String>,
    /// Holds that close.
    pub holds_closed: Vec<String>,
    /// What changes in documents, clauses and values.
    pub comparison: Comparison,
}

/// One state of the supplier.
struct State {
    tier: Option<Tier>,
    holds: Vec<String>,
    edition: Edition,
}

/// Compares the pack of a supplier with the one that it would have if these facts were so; each is `fact=value`, of a set `fact=a,b`.
///
/// Nothing where either does not compile; the report says why.
pub fn what_if(opened: Opened, id: &str, facts: &[(String, String)], date: Date) -> (Option<Difference>, Report) {
    let mut report = opened.report;
    let Some(compiler) = opened.compiler else { return (None, report) };
    if report.has_errors() {
        return (None, report);
    }
    let stated = stated(&compiler, facts, &mut report);
    let Some(stated) = stated.filter(|_| !report.has_errors()) else { return (None, report) };
    let path = format!("suppliers/{id}.yaml");
    let Some(bytes) = compiler.input(&path) else {
        compiler.supplier(id, date, &mut report);
        return (None, report);
    };
    let text = String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let Some(node) = parse(&Arc::new(Source { path, text }), &mut report) else { return (None, report) };
    let before = state(&compiler, id, node.clone(), date, &mut report);
    let place = node.place.clone();
    let above = Node { place: place.clone(), kind: Kind::Mapping(vec![Entry { key: "facts".to_owned(), key_place: place, value: stated }]) };
    let after = state(&compiler, id, above.over(&node), date, &mut report);
    let (Some(before), Some(after)) = (before, after) else { return (None, report) };
    let only = |these: &[String], those: &[String]| these.iter().filter(|hold| !those.contains(hold)).cloned().collect();
    let difference = Difference {
        tier_before: before.tier,
        tier_after: after.tier,
        holds_opened: only(&after.holds, &before.holds),
        holds_closed: only(&before.holds, &after.holds),
        comparison: compare(&before.edition, &after.edition),
    };
    (Some(difference), report)
}

/// The facts as the group `facts` of a profile.
fn stated(compiler: &Compiler, facts: &[(String, String)], report: &mut Report) -> Option<Node> {
    let vocabulary = &compiler.library.vocabulary;
    let mut entries = Vec::new();
    for (name, value) in facts {
        let source = Arc::new(Source { path: "--set".to_owned(), text: format!("{name}={value}") });
        let place = Place::start_of(&source);
        let Some(entry) = vocabulary.facts.get(name) else {
            let help = suggest::nearest(name, vocabulary.facts.keys().map(String::as_str))
                .map_or_else(|| "the facts are listed in `vocabulary.yaml`".to_owned(), |near| format!("did you mean `{near}`?"));
            report.push(Diagnostic::error("unknown-fact", format!("there is no fact `{name}`")).at(&place).help(help));
            continue;
        };
        if entry.origin == FactOwner::Result {
            let help = "set the facts that it is computed from";
            report.push(Diagnostic::error("unknown-fact", format!("`{name}` is computed, and cannot be set")).at(&place).help(help));
            continue;
        }
        let scalar = |text: &str, plain: bool| Node { place: place.clone(), kind: Kind::Scalar { text: text.to_owned(), plain } };
        let value = match entry.r#type {
            FactType::Set => Node {
                place: place.clone(),
                kind: Kind::Sequence(value.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| scalar(word, false)).collect()),
            },
            FactType::Bool => scalar(value, true),
            FactType::Enum | FactType::Ordered => scalar(value, false),
        };
        let one = |key: &str, value: Node| Entry { key: key.to_owned(), key_place: place.clone(), value };
        let group = Kind::Mapping(vec![one("value", value), one("reason", scalar("what if", false))]);
        entries.push(one(name, Node { place: place.clone(), kind: group }));
    }
    let place = entries.first().map(|entry| entry.key_place.clone())?;
    Some(Node { place, kind: Kind::Mapping(entries) })
}

/// Compiles a profile for review, so that open holds stop nothing.
fn state(compiler: &Compiler, id: &str, node: Node, date: Date, report: &mut Report) -> Option<State> {
    let before = report.errors();
    let profile = compiler.profile(id, node, date, report)?;
    let assessed = compiler.assess(Supplier { profile, digest: Digest::of(b"") }, date, report)?;
    if report.errors() > before {
        return None;
    }
    let compiled = compiler.compile(&assessed, &Request { draft: true, ..Request::default() }, date, report)?;
    let assessment = assessed.assessment.as_ref().ok();
    let holds = assessment.map(|assessment| assessment.holds.iter().filter(|hold| hold.accepted_by.is_none()).map(|hold| hold.id.clone()).collect());
    let edition = Edition::of(&compiled, Some(&assessed.supplier.profile.node));
    Some(State { tier: assessment.map(|assessment| assessment.tier), holds: holds.unwrap_or_default(), edition })
}
