//! Conditions mean what the Common Expression Language says, and nothing less than all facts decides them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::{Context, Program, Value};
use countersign::base::diagnostic::Report;
use countersign::base::node::{Kind, Node, parse, parse_within};
use countersign::rule::condition::{Condition, Truth};
use countersign::rule::fact::FactValue;
use countersign::rule::vocabulary::FactType;
use proptest::prelude::*;

use crate::suite::bodies;
use crate::suite::shelf::{self, Values, complete_values, facts, nowhere, seeded, vocabulary};

/// What the condition language refuses as too deeply nested.
const MAX_NESTING: usize = 40;

fn read(text: &str) -> Option<Condition> {
    Condition::parse(text, vocabulary(), &nowhere(), &mut Report::default())
}

/// Parses a condition that has no fault.
fn sound(text: &str) -> Condition {
    let mut report = Report::default();
    let condition = Condition::parse(text, vocabulary(), &nowhere(), &mut report);
    condition.unwrap_or_else(|| panic!("{text}: {:?}", report.sorted()))
}

fn leaf() -> impl Strategy<Value = Condition> {
    (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3_u8).prop_map(|(fact, word, form)| {
        let all: Vec<_> = vocabulary().facts.iter().collect();
        let (name, entry) = all[fact.index(all.len())];
        let words: Vec<&str> = entry.words().collect();
        let word = || words[word.index(words.len())].to_owned();
        match entry.r#type {
            FactType::Bool => Condition::Holds(name.clone()),
            FactType::Set => Condition::Contains(name.clone(), word()),
            FactType::Ordered if form == 0 => Condition::AtLeast(name.clone(), word()),
            FactType::Enum | FactType::Ordered => Condition::Is(name.clone(), word()),
        }
    })
}

/// Trees in the form that parsing gives: no conjunction inside a conjunction, no negation of a negation.
fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![12 => leaf(), 1 => any::<bool>().prop_map(Condition::Constant)];
    leaf.prop_recursive(4, 14, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|c| match c {
                Condition::Not(inside) => *inside,
                other => Condition::Not(Box::new(other)),
            }),
            several().prop_map(|parts| join(parts, true)),
            several().prop_map(|parts| join(parts, false)),
        ]
    })
}

fn join(parts: Vec<Condition>, conjunction: bool) -> Condition {
    let flat = parts.into_iter().flat_map(|part| match part {
        Condition::All(inner) if conjunction => inner,
        Condition::Any(inner) if !conjunction => inner,
        other => vec![other],
    });
    if conjunction { Condition::All(flat.collect()) } else { Condition::Any(flat.collect()) }
}

fn too_nested(text: &str) -> bool {
    text.bytes().filter(|b| matches!(b, b'(' | b'!')).count() > MAX_NESTING
}

/// The same condition with parentheses and white space that it does not need.
fn spelt_at_length(condition: &Condition) -> String {
    let list = |parts: &[Condition], operator: &str| {
        parts.iter().map(|p| format!("( {} )", spelt_at_length(p))).collect::<Vec<_>>().join(&format!("\n  {operator}\t"))
    };
    match condition {
        Condition::Not(inner) => format!("! ( {} )", spelt_at_length(inner)),
        Condition::All(parts) => list(parts, "&&"),
        Condition::Any(parts) => list(parts, "||"),
        Condition::AtLeast(fact, word) => format!("atLeast( {fact} ,\n'{word}' )"),
        Condition::Is(fact, word) => format!("{fact}=='{word}'"),
        Condition::Contains(fact, word) => format!("'{word}'  in  {fact}"),
        other => other.to_string(),
    }
}

/// What the crate's own evaluator says of a condition over complete facts.
fn second_opinion(text: &str, values: &Values) -> bool {
    let mut context = Context::default();
    let mut groups: BTreeMap<&str, HashMap<String, Value>> = BTreeMap::new();
    for (name, value) in values {
        let value = match value {
            FactValue::Bool(value) => Value::Bool(*value),
            FactValue::Word(word) => Value::from(word.as_str()),
            FactValue::Set(words) => Value::from(words.iter().map(|w| Value::from(w.as_str())).collect::<Vec<_>>()),
        };
        match name.split_once('.') {
            Some((group, member)) => {
                groups.entry(group).or_default().insert(member.to_owned(), value);
            }
            None => context.add_variable_from_value(name.as_str(), value),
        }
    }
    for (group, members) in groups {
        context.add_variable_from_value(group, members);
    }
    context.add_function("atLeast", |value: Arc<String>, least: Arc<String>| at_least(&value, &least)).unwrap();
    match Program::compile(text).unwrap().execute(&context) {
        Ok(Value::Bool(truth)) => truth,
        other => panic!("{text}: {other:?}"),
    }
}

/// Compares two words of an ordered domain. The evaluator does not tell which fact a value came from, but the words do: where
/// two domains share both of them they agree on the answer.
fn at_least(value: &str, least: &str) -> bool {
    let mut answers = Vec::new();
    for entry in vocabulary().facts.values().filter(|e| e.r#type == FactType::Ordered) {
        let position = |word: &str| {
            let counted = if word == "unknown" { entry.unknown_counts_as.as_deref()? } else { word };
            entry.values.iter().position(|v| v == counted)
        };
        answers.extend(position(value).zip(position(least)).map(|(value, least)| value >= least));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{value} against {least}: {answers:?}");
    answers[0]
}

/// Every condition that is written in a file of the clause library, with the file.
fn written() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (path, source) in shelf::files() {
        let mut report = Report::default();
        let node = match source.text.strip_prefix("---\n").and_then(|rest| rest.find("\n---\n")) {
            Some(end) if path.ends_with(".md") => parse_within(source, 4..4 + end + 1, &mut report),
            _ if path.ends_with(".yaml") => parse(source, &mut report),
            _ => None,
        };
        if let Some(node) = node {
            collect(&node, &mut |text| out.push((path.clone(), text.to_owned())));
        }
    }
    out
}

fn collect(node: &Node, found: &mut dyn FnMut(&str)) {
    match &node.kind {
        Kind::Scalar { .. } => {}
        Kind::Sequence(items) => items.iter().for_each(|n| collect(n, found)),
        Kind::Mapping(entries) => {
            for entry in entries {
                match entry.value.text() {
                    Some(text) if matches!(entry.key.as_str(), "when" | "applies_when" | "recommended_when" | "if" | "then") => found(text),
                    _ => collect(&entry.value, found),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(seeded(128))]

    #[test]
    fn printed_condition_reads_back_as_the_same_tree(condition in condition()) {
        let text = condition.to_string();
        prop_assume!(!too_nested(&text));
        prop_assert_eq!(sound(&text), condition);
    }

    #[test]
    fn superfluous_parentheses_and_white_space_change_nothing(condition in condition()) {
        let text = spelt_at_length(&condition);
        prop_assume!(!too_nested(&text));
        prop_assert_eq!(sound(&text), condition);
    }

    #[test]
    fn random_conditions_mean_what_cel_says(condition in condition(), values in prop::collection::vec(complete_values(), 4)) {
        let text = condition.to_string();
        prop_assume!(!too_nested(&text));
        for values in values {
            prop_assert_eq!(condition.evaluate(&facts(&values)), Truth::from(second_opinion(&text, &values)), "{}", text);
        }
    }

    #[test]
    fn decided_condition_stays_decided_when_more_is_known(
        condition in condition(), values in complete_values(), others in prop::collection::vec(complete_values(), 3), known in any::<u128>()
    ) {
        prop_assert!(values.len() <= 128);
        let partial: Values = values.iter().enumerate().filter(|(at, _)| known >> at & 1 == 1).map(|(_, (n, v))| (n.clone(), v.clone())).collect();
        match condition.evaluate(&facts(&partial)) {
            Truth::Unset(names) => {
                prop_assert!(!names.is_empty());
                let named = condition.facts();
                for name in &names {
                    prop_assert!(!partial.contains_key(name), "`{}` has a value", name);
                    prop_assert!(named.contains(name.as_str()), "`{}` is not in `{}`", name, condition);
                }
            }
            decided => {
                for other in others.iter().chain([&values]) {
                    let mut whole = other.clone();
                    whole.extend(partial.clone());
                    prop_assert_eq!(condition.evaluate(&facts(&whole)), decided.clone(), "{}", condition);
                }
            }
        }
    }

    #[test]
    fn complete_facts_decide_every_condition(condition in condition(), values in complete_values()) {
        prop_assert!(!matches!(condition.evaluate(&facts(&values)), Truth::Unset(_)));
    }

    #[test]
    fn arbitrary_text_is_a_condition_or_a_diagnostic(text in "\\PC*|[\\s\\S]{0,40}") {
        bodies::condition(&text);
    }

    #[test]
    fn soup_of_tokens_is_a_condition_or_a_diagnostic(text in soup()) {
        bodies::condition(&text);
    }
}

/// Tokens of the language and its neighbours, joined at random.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "data.phi",
        "access.level",
        "jurisdictions",
        "tier",
        "\"eu\"",
        "\"none\"",
        "'high'",
        "\"",
        "'",
        "&&",
        "||",
        "!",
        "==",
        "!=",
        "in",
        "atLeast(",
        "(",
        ")",
        ",",
        "true",
        "false",
        "null",
        "1",
        "-1",
        "2.5",
        "0x1f",
        "b\"x\"",
        "r'\\'",
        "[",
        "]",
        "{",
        "}",
        "?",
        ":",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<",
        ">=",
        ".",
        "has(",
        ".all(x,",
        "é",
        "\u{202e}",
        "\u{1f512}",
        "\n",
        "\\",
        "//",
    ]);
    prop::collection::vec((token, prop::sample::select(vec!["", " "])), 0..24).prop_map(|parts| parts.into_iter().map(|(t, s)| format!("{t}{s}")).collect())
}

#[test]
fn every_condition_of_the_library_means_what_cel_says() {
    let written = written();
    assert!(written.len() > 700, "only {} conditions were found", written.len());
    let mut distinct: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, text) in &written {
        distinct.entry(text).or_insert(path);
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let assignments: Vec<Values> = (0..6).map(|_| proptest::strategy::ValueTree::current(&complete_values().new_tree(&mut runner).unwrap())).collect();
    for (text, path) in distinct {
        let condition = sound(text);
        assert_eq!(sound(&condition.to_string()), condition, "{path}: {text}");
        for values in &assignments {
            assert_eq!(condition.evaluate(&facts(values)), Truth::from(second_opinion(text, values)), "{path}: {text}");
        }
    }
}

#[test]
fn conditions_of_the_library_hold_for_some_facts_and_fail_for_others() {
    // Guards the differential test: over the same assignments both evaluators must have had something to disagree on.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let assignments: Vec<Values> = (0..24).map(|_| proptest::strategy::ValueTree::current(&complete_values().new_tree(&mut runner).unwrap())).collect();
    let (mut holds, mut fails) = (0, 0);
    for (_, text) in written() {
        let condition = sound(&text);
        for values in &assignments {
            match condition.evaluate(&facts(values)) {
                Truth::True => holds += 1,
                _ => fails += 1,
            }
        }
    }
    assert!(holds > 1_000 && fails > 1_000, "{holds} hold, {fails} fail");
}

#[test]
fn negated_inequality_is_printed_so_that_it_reads_back() {
    let condition = sound("!(access.level != \"none\")");
    assert_eq!(read(&condition.to_string()), Some(condition.clone()), "printed as `{condition}`");
}

#[test]
fn double_negation_is_printed_so_that_it_reads_back() {
    let condition = sound("!(!data.phi)");
    assert_eq!(read(&condition.to_string()), Some(condition.clone()), "printed as `{condition}`");
}

#[test]
fn forty_one_comparisons_side_by_side_are_not_deeply_nested() {
    let text = vec!["access.level != \"none\""; 41].join(" && ");
    assert!(read(&text).is_some(), "a flat condition of {} bytes is refused", text.len());
}

#[test]
fn deep_and_long_conditions_are_refused_without_a_panic() {
    let deep: Vec<String> = vec![
        format!("{}data.phi{}", "(".repeat(2_000), ")".repeat(2_000)),
        "(".repeat(3_999),
        format!("{}data.phi", "!".repeat(3_000)),
        format!("data.phi{}", ".x".repeat(1_900)),
        "a.".repeat(1_999),
        format!("data.phi{}", "+1".repeat(1_900)),
        format!("data.phi{}", "<1".repeat(1_900)),
        format!("\"eu\" in {}", "jurisdictions in ".repeat(200)),
        format!("data.phi{}", "==true".repeat(600)),
        format!("{}{}", "[".repeat(2_000), "]".repeat(2_000)),
        "x".repeat(1_000_000),
        "\u{1f512}".repeat(900),
        format!("\"{}\" in jurisdictions", "é".repeat(1_900)),
    ];
    for text in deep {
        assert!(read(&text).is_none(), "{}", &text.chars().take(40).collect::<String>());
    }
}

#[test]
fn longest_chain_of_one_operator_is_read() {
    for operator in ["&&", "||"] {
        let parts = 4_000 / (8 + operator.len());
        let text = vec!["data.phi"; parts].join(operator);
        let condition = sound(&text);
        assert!(matches!(&condition, Condition::All(p) | Condition::Any(p) if p.len() == parts), "{operator}");
        assert_eq!(sound(&text).facts().len(), 1);
    }
}
