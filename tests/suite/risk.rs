//! The risk model gives the stated results, and keeps the laws that make its results defensible.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use countersign::base::date::Date;
use countersign::base::diagnostic::Report;
use countersign::base::node::{Kind, Node};
use countersign::contract::assessment::{Assessment, CreditResult};
use countersign::contract::profile::{Certificate, Opinion};
use countersign::contract::risk::{RiskModel, Tier};
use countersign::rule::condition::{Condition, Truth};
use countersign::rule::fact::{FactValue, Facts};
use countersign::rule::vocabulary::{FactOwner, FactType};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::suite::shelf::{Values, complete_values, facts, files, nowhere, seeded, tree, vocabulary};

pub(crate) fn model() -> &'static RiskModel {
    static MODEL: OnceLock<RiskModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        let mut report = Report::default();
        let model = RiskModel::read(model_tree(), vocabulary(), &mut report);
        assert_eq!(report.errors(), 0, "{:?}", report.sorted());
        model.unwrap()
    })
}

fn model_tree() -> &'static Node {
    static TREE: OnceLock<Node> = OnceLock::new();
    TREE.get_or_init(|| tree("risk-model.yaml", &files()["risk-model.yaml"].text))
}

fn date() -> Date {
    "2026-11-21".parse().unwrap()
}

fn words(node: Option<&Node>) -> Vec<String> {
    items(node).map(|n| n.text().unwrap().to_owned()).collect()
}

fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let items = match node.map(|n| &n.kind) {
        Some(Kind::Sequence(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter()
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::text).unwrap_or_else(|| panic!("{} lacks `{key}`", node.place))
}

/// A certificate that earns its credit on [`date`].
fn valid(standard: &str) -> Certificate {
    Certificate {
        standard: standard.to_owned(),
        scope: "everything".to_owned(),
        covers_service: true,
        issued: date(),
        expires: None,
        opinion: Opinion::Unqualified,
    }
}

pub(crate) fn credit(standards: &[String]) -> CreditResult {
    model().credit(&standards.iter().map(|s| valid(s)).collect::<Vec<_>>(), date())
}

fn assess(values: &Values, standards: &[String]) -> Assessment {
    model().assess(&mut facts(values), credit(standards)).unwrap_or_else(|missing| panic!("missing: {missing:?}"))
}

/// One example supplier with the result that the model must give.
struct Example {
    name: String,
    values: Values,
    certificates: Vec<String>,
    result: Node,
}

/// The example suppliers, closed under the implications and completed: facts not listed are false, empty or the first value.
fn examples() -> &'static [Example] {
    static EXAMPLES: OnceLock<Vec<Example>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let file = tree("risk-examples.yaml", include_str!("../fixtures/risk-examples.yaml"));
        items(file.get("examples")).chain(items(file.get("suppliers"))).map(example).collect()
    })
}

fn example(node: &Node) -> Example {
    let name = text(node, "profile").to_owned();
    let mut facts = Facts::new(vocabulary());
    let Some(Kind::Mapping(listed)) = node.get("facts").map(|n| &n.kind) else { panic!("{name} has no facts") };
    for entry in listed {
        let declared = &vocabulary().facts[&entry.key];
        let value = match declared.r#type {
            FactType::Bool => FactValue::Bool(entry.value.text().unwrap().parse().unwrap()),
            FactType::Enum | FactType::Ordered => FactValue::Word(entry.value.text().unwrap().to_owned()),
            FactType::Set => FactValue::Set(words(Some(&entry.value)).into_iter().collect()),
        };
        facts.set(&entry.key, value, "listed", None);
    }
    let mut report = Report::default();
    facts.close(&mut report);
    for (fact, declared) in vocabulary().facts.iter().filter(|(_, f)| f.origin != FactOwner::Result) {
        if facts.get(fact).is_none() {
            facts.set(fact, first(declared.r#type, &declared.values), "not listed", None);
        }
    }
    facts.close(&mut report);
    assert!(!report.has_errors(), "{name}: {:?}", report.sorted());
    Example {
        name,
        values: facts.iter().map(|(n, f)| (n.to_owned(), f.value.clone())).collect(),
        certificates: words(node.get("certificates")),
        result: node.get("result").unwrap().clone(),
    }
}

fn first(of: FactType, values: &[String]) -> FactValue {
    match of {
        FactType::Bool => FactValue::Bool(false),
        FactType::Enum | FactType::Ordered => FactValue::Word(values[0].clone()),
        FactType::Set => FactValue::Set(BTreeSet::new()),
    }
}

/// A value for every fact that is stated or derived; result facts are what the model is asked for.
fn stated_values() -> impl Strategy<Value = Values> {
    complete_values().prop_map(|mut values| {
        values.retain(|name, _| vocabulary().facts[name].origin != FactOwner::Result);
        values
    })
}

pub(crate) fn certificates() -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(model().certificates().map(str::to_owned).collect::<Vec<_>>(), 0..5)
}

fn certificate() -> impl Strategy<Value = String> {
    prop::sample::select(model().certificates().map(str::to_owned).collect::<Vec<_>>())
}

/// The facts that the factors count, with those that raise a factor to a minimum.
fn factor_facts() -> Vec<String> {
    let mut names = Vec::new();
    for factor in items(model_tree().get("factors")) {
        names.push(text(factor, "fact").to_owned());
        for minimum in items(factor.get("minimums")) {
            let when = Condition::parse(text(minimum, "when"), vocabulary(), &nowhere(), &mut Report::default()).unwrap();
            names.extend(when.facts().into_iter().map(str::to_owned));
        }
    }
    names
}

fn one_below(tier: Tier) -> Tier {
    let at = Tier::ALL.iter().position(|t| *t == tier).unwrap();
    Tier::ALL[at.saturating_sub(1)]
}

/// No implication is broken and no contradiction holds.
fn is_consistent(values: &Values) -> bool {
    let facts = facts(values);
    let holds = |condition: &Condition| condition.evaluate(&facts) == Truth::True;
    vocabulary().implications.iter().all(|i| !holds(&i.premise) || holds(&i.conclusion)) && !vocabulary().contradictions.iter().any(|c| holds(&c.when))
}

/// A random consistent supplier: an example that walked some consistent steps away.
pub(crate) fn consistent_values() -> impl Strategy<Value = Values> {
    (any::<Index>(), prop::collection::vec((any::<Index>(), any::<u32>()), 0..24)).prop_map(|(start, steps)| {
        let mut values = examples()[start.index(examples().len())].values.clone();
        let names: Vec<String> = values.keys().cloned().collect();
        for (name, choice) in steps {
            let name = &names[name.index(names.len())];
            let declared = &vocabulary().facts[name];
            let words: Vec<&str> = declared.words().collect();
            let value = match (declared.r#type, &values[name]) {
                (FactType::Set, FactValue::Set(set)) => {
                    let word = words[choice as usize % words.len()].to_owned();
                    let mut set = set.clone();
                    if !set.remove(&word) {
                        set.insert(word);
                    }
                    FactValue::Set(set)
                }
                (FactType::Bool, FactValue::Bool(value)) => FactValue::Bool(!value),
                _ => FactValue::Word(words[choice as usize % words.len()].to_owned()),
            };
            let before = values.insert(name.clone(), value).unwrap();
            if !is_consistent(&values) {
                values.insert(name.clone(), before);
            }
        }
        values
    })
}

#[test]
fn every_example_supplier_gets_its_stated_result() {
    assert!(examples().len() >= 25, "{} examples", examples().len());
    for Example { name, values, certificates, result } in examples() {
        let found = assess(values, certificates);
        assert_eq!(format!("{:.1}", found.inherent()), text(result, "inherent"), "{name}: inherent");
        assert_eq!(found.credit.total.to_string(), text(result, "credit"), "{name}: credit");
        assert_eq!(found.tier.word(), text(result, "tier"), "{name}: tier");
        assert_eq!(found.floors.iter().map(|f| f.id.clone()).collect::<Vec<_>>(), words(result.get("floors")), "{name}: floors");
        assert_eq!(found.holds.iter().map(|h| h.id.clone()).collect::<Vec<_>>(), words(result.get("holds")), "{name}: holds");
        assert_eq!(found.sign_off, words(result.get("sign_off")), "{name}: sign-off");
        assert_eq!(found.documents, words(result.get("documents")), "{name}: documents");
    }
}

#[test]
fn assessment_sets_the_facts_that_clauses_ask_for() {
    for Example { name, values, certificates, .. } in examples() {
        let mut facts = facts(values);
        let found = model().assess(&mut facts, credit(certificates)).unwrap();
        assert_eq!(facts.get("tier").unwrap().value, FactValue::Word(found.tier.word().to_owned()), "{name}");
        for document in countersign::contract::risk::DOCUMENTS {
            let value = FactValue::Bool(found.documents.iter().any(|d| d == document));
            assert_eq!(facts.get(&format!("docs.{document}")).unwrap().value, value, "{name}: {document}");
        }
    }
}

#[test]
fn every_floor_is_reached_by_a_consistent_supplier() {
    let calm = || examples().iter().find(|e| e.name == "office-supplies").unwrap().values.clone();
    let word = |w: &str| FactValue::Word(w.to_owned());
    let set = |words: &[&str]| FactValue::Set(words.iter().map(|w| (*w).to_owned()).collect());
    let yes = FactValue::Bool(true);
    let processor = || vec![("data.personal", FactValue::Bool(true)), ("processing.roles", set(&["processor"])), ("processing.any", FactValue::Bool(true))];
    let mut overseas = processor();
    overseas.extend([
        ("data.class", word("internal")),
        ("jurisdictions", set(&["eu"])),
        ("transfer.eu", word("restricted")),
        ("transfer.mechanism", word("bcr")),
        ("supplier.region", word("other")),
    ]);
    let mut personal = processor();
    personal.push(("data.class", word("confidential")));
    let mut phi = processor();
    phi.extend([("data.phi", yes.clone()), ("data.class", word("regulated")), ("hipaa.role", word("business_associate"))]);
    let mut special = processor();
    special.extend([("data.special_category", yes.clone()), ("data.class", word("regulated"))]);
    let witnesses: BTreeMap<&str, Vec<(&str, FactValue)>> = BTreeMap::from([
        ("floor-regulated", vec![("data.class", word("regulated")), ("access.level", word("read"))]),
        ("floor-phi", phi),
        ("floor-cardholder", vec![("data.cardholder", yes.clone()), ("data.class", word("regulated"))]),
        ("floor-special-category", special),
        ("floor-privileged", vec![("access.level", word("privileged"))]),
        ("floor-privileged-regulated", vec![("access.level", word("privileged")), ("data.class", word("regulated"))]),
        ("floor-severe", vec![("risk.criticality", word("severe"))]),
        ("floor-critical-function", vec![("service.critical_function", yes.clone()), ("risk.criticality", word("critical_function"))]),
        ("floor-runs-in-our-network", vec![("service.runs_in_our_network", yes)]),
        ("floor-personal-overseas", overseas),
        ("floor-personal", personal),
    ]);
    let declared: BTreeMap<&str, &str> = items(model_tree().get("floors")).map(|f| (text(f, "id"), text(f, "tier"))).collect();
    assert_eq!(witnesses.keys().collect::<Vec<_>>(), declared.keys().collect::<Vec<_>>(), "one witness for each floor");
    for (floor, changes) in witnesses {
        let mut values = calm();
        values.extend(changes.into_iter().map(|(n, v)| (n.to_owned(), v)));
        assert!(is_consistent(&values), "{floor}");
        let found = assess(&values, &model().certificates().map(str::to_owned).collect::<Vec<_>>());
        assert!(found.floors.iter().any(|f| f.id == floor), "{floor}: {:?}", found.floors);
        let least = Tier::ALL.into_iter().find(|t| t.word() == declared[floor]).unwrap();
        assert!(found.tier >= least, "{floor}: {:?}", found.tier);
    }
}

#[test]
fn certificate_with_a_defect_earns_no_credit() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let earns = |certificate: Certificate| {
        let found = model().credit(&[certificate], date());
        assert_eq!(found.total > 0, found.certificates[0].refused.is_none(), "{found:?}");
        found.total
    };
    assert_eq!(earns(valid("iso27001")), 6);
    assert_eq!(earns(Certificate { expires: Some(day("2026-11-21")), ..valid("iso27001") }), 6, "the last day counts");
    assert_eq!(earns(Certificate { expires: Some(day("2026-11-20")), issued: day("2024-01-01"), ..valid("iso27001") }), 0, "expired");
    assert_eq!(earns(Certificate { issued: day("2025-11-21"), ..valid("soc2_type2") }), 6, "a report of exactly twelve months");
    assert_eq!(earns(Certificate { issued: day("2025-11-20"), ..valid("soc2_type2") }), 0, "a report older than twelve months");
    assert_eq!(earns(Certificate { issued: day("2026-11-22"), ..valid("soc2_type2") }), 0, "not yet issued");
    assert_eq!(earns(Certificate { covers_service: false, ..valid("iso27001") }), 0, "out of scope");
    assert_eq!(earns(Certificate { opinion: Opinion::Qualified, ..valid("soc2_type2") }), 0, "qualified opinion");
    assert_eq!(model().credit(&[valid("no-such-standard")], date()).total, 0, "not in the model");
}

#[test]
fn within_a_group_only_the_best_certificate_counts_and_the_sum_is_capped() {
    let total = |standards: &[&str]| credit(&standards.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).total;
    assert_eq!(total(&["iso27001", "soc2_type2", "cyber_essentials"]), 6);
    assert_eq!(total(&["cyber_essentials", "soc2_type1"]), 2);
    assert_eq!(total(&["iso27001", "iso27701"]), 9);
    let all: Vec<&str> = model().certificates().collect();
    assert_eq!(total(&all), 12, "the groups sum to 14, the cap is 12");
}

/// One requirement of the catalogue that must stand in the issued text.
struct Demand {
    id: String,
    law_or_standard: bool,
    any: bool,
    documents: Vec<String>,
    when: Condition,
}

fn demands() -> &'static [Demand] {
    static DEMANDS: OnceLock<Vec<Demand>> = OnceLock::new();
    DEMANDS.get_or_init(|| {
        let mut out = Vec::new();
        for (path, source) in files().iter().filter(|(path, _)| path.starts_with("requirements/")) {
            let node = tree(path, &source.text);
            for record in items(node.get("requirements")).filter(|r| text(r, "phase") == "generation") {
                let when = Condition::parse(text(record, "applies_when"), vocabulary(), &nowhere(), &mut Report::default());
                out.push(Demand {
                    id: text(record, "id").to_owned(),
                    law_or_standard: text(record, "force") != "practice",
                    any: record.get("documents_mode").and_then(Node::text).is_some_and(|mode| mode != "all"),
                    documents: words(record.get("documents")),
                    when: when.unwrap(),
                });
            }
        }
        out
    })
}

proptest! {
    #![proptest_config(seeded(192))]

    #[test]
    fn raising_any_factor_never_lowers_the_tier(values in stated_values(), standards in certificates()) {
        let before = assess(&values, &standards);
        for name in factor_facts() {
            let declared = &vocabulary().facts[&name];
            let higher: Vec<FactValue> = match &values[&name] {
                FactValue::Bool(_) => vec![FactValue::Bool(true)],
                FactValue::Word(word) => {
                    let rank = declared.rank(word).unwrap();
                    declared.words().filter(|w| declared.rank(w).unwrap() >= rank).map(|w| FactValue::Word(w.to_owned())).collect()
                }
                FactValue::Set(_) => unreachable!(),
            };
            for value in higher {
                let mut raised = values.clone();
                raised.insert(name.clone(), value.clone());
                let after = assess(&raised, &standards);
                prop_assert!(after.tier >= before.tier && after.inherent_quarters >= before.inherent_quarters, "{} raised to {}", name, value);
            }
        }
    }

    #[test]
    fn adding_a_certificate_never_raises_the_tier_and_lowers_it_by_at_most_one_band(
        values in stated_values(), standards in certificates(), more in certificate()
    ) {
        let (none, before) = (assess(&values, &[]), assess(&values, &standards));
        let after = assess(&values, &[standards, vec![more]].concat());
        prop_assert!(after.tier <= before.tier && before.tier <= none.tier);
        prop_assert!(after.tier >= one_below(none.tier), "{:?} to {:?}", none.tier, after.tier);
        prop_assert_eq!(after.floors, none.floors, "a certificate never defeats a floor");
        prop_assert_eq!(after.inherent_quarters, none.inherent_quarters);
    }

    #[test]
    fn no_certificate_brings_a_severe_supplier_below_high(
        mut values in stated_values(), word in prop::sample::select(vec!["severe", "critical_function", "unknown"])
    ) {
        values.insert("risk.criticality".to_owned(), FactValue::Word(word.to_owned()));
        let all: Vec<String> = model().certificates().map(str::to_owned).collect();
        prop_assert!(assess(&values, &all).tier >= Tier::High);
    }

    #[test]
    fn unknown_never_scores_below_a_value_it_could_hide(values in stated_values(), standards in certificates()) {
        for name in factor_facts() {
            let declared = &vocabulary().facts[&name];
            if !declared.unknown_allowed {
                continue;
            }
            let with = |word: &str| {
                let mut values = values.clone();
                values.insert(name.clone(), FactValue::Word(word.to_owned()));
                assess(&values, &standards)
            };
            let unknown = with("unknown");
            for word in &declared.values {
                let known = with(word);
                // Policy: an unanswered question about criticality or incidents counts as the second worst answer, not the worst.
                let policy = matches!(name.as_str(), "risk.criticality" | "risk.incidents") && Some(word) == declared.values.last();
                prop_assert!(policy || (unknown.inherent_quarters >= known.inherent_quarters && unknown.tier >= known.tier), "{}: {}", name, word);
            }
            prop_assert!(unknown.holds.iter().any(|h| h.id == "hold-unknown"), "{}", name);
        }
    }

    #[test]
    fn score_is_the_weighted_sum_and_the_tier_the_highest_of_its_three_sources(values in stated_values(), standards in certificates()) {
        let found = assess(&values, &standards);
        prop_assert_eq!(found.inherent_quarters, found.factors.iter().map(|f| f.weight * f.points).sum::<u32>());
        prop_assert!(found.inherent_quarters <= 400 && found.credit.total <= 12);
        prop_assert_eq!(found.residual_quarters, found.inherent_quarters.saturating_sub(found.credit.total * 4));
        let band = |quarters: u32| match quarters {
            0..100 => Tier::Low,
            100..180 => Tier::Moderate,
            180..280 => Tier::High,
            _ => Tier::Critical,
        };
        let floor = found.floors.iter().filter_map(|f| f.tier).max().unwrap_or(Tier::Low);
        prop_assert_eq!(found.tier, band(found.residual_quarters).max(one_below(band(found.inherent_quarters))).max(floor));
    }

    #[test]
    fn absent_fact_is_named_or_has_no_say(values in stated_values(), standards in certificates(), absent in any::<Index>()) {
        let name = values.keys().nth(absent.index(values.len())).unwrap().clone();
        let mut partial = values.clone();
        partial.remove(&name);
        match model().assess(&mut facts(&partial), credit(&standards)) {
            Err(missing) => prop_assert_eq!(missing, BTreeSet::from([name])),
            Ok(found) => {
                let whole = assess(&values, &standards);
                prop_assert_eq!((found.tier, found.inherent_quarters, found.documents), (whole.tier, whole.inherent_quarters, whole.documents));
                prop_assert_eq!(found.sign_off, whole.sign_off);
            }
        }
    }

    #[test]
    fn closing_what_is_closed_changes_nothing(values in consistent_values()) {
        let mut closed = facts(&values);
        let mut report = Report::default();
        closed.close(&mut report);
        prop_assert!(!report.has_errors(), "{:?}", report.sorted());
        let after: Values = closed.iter().map(|(n, f)| (n.to_owned(), f.value.clone())).collect();
        prop_assert_eq!(after, values);
    }

    #[test]
    fn closing_some_facts_of_a_consistent_supplier_adds_nothing_untrue(values in consistent_values(), known in any::<u128>()) {
        let partial: Values = values.iter().enumerate().filter(|(at, _)| known >> at & 1 == 1).map(|(_, (n, v))| (n.clone(), v.clone())).collect();
        let mut closed = facts(&partial);
        let mut report = Report::default();
        closed.close(&mut report);
        prop_assert!(!report.has_errors(), "{:?}", report.sorted());
        for (name, fact) in closed.iter() {
            prop_assert_eq!(&fact.value, &values[name], "`{}` {}", name, fact.how);
        }
    }

    #[test]
    fn consistent_supplier_has_a_document_for_every_blocking_requirement(values in consistent_values(), standards in certificates()) {
        let mut facts = facts(&values);
        let found = model().assess(&mut facts, credit(&standards)).unwrap();
        for demand in demands() {
            let blocking = demand.law_or_standard || found.tier >= Tier::High;
            if blocking && demand.when.evaluate(&facts) == Truth::True {
                let there = |d: &String| found.documents.contains(d);
                let carried = if demand.any { demand.documents.iter().any(there) } else { demand.documents.iter().all(there) };
                prop_assert!(carried, "{} wants {:?}, the pack has {:?}", demand.id, demand.documents, found.documents);
            }
        }
    }
}
