//! Figures that must agree with each other: data is returned before it is deleted, critical patches come before high ones.
//!
//! A family gives one quantity one figure; a rule here keeps different quantities in order, across all documents of a pack.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::source::Place;
use crate::base::suggest;
use crate::contract::parameter::{ParameterValue, Registry, Stricter};
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::Facts;
use crate::rule::vocabulary::Vocabulary;

/// A rule as `parameters.yaml` states it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FigureRuleText {
    /// Its id.
    pub id: String,
    /// When it applies; always when absent.
    pub when: Option<String>,
    /// `SUM <= SUM` with `<=`, `<` or `==`, where a sum adds parameters, numbers and `parameter * number`; or `parameter != word`.
    pub check: String,
    /// The rule in words.
    pub says: String,
}

/// A rule, read.
#[derive(Debug, Clone)]
pub struct FigureRule {
    id: String,
    when: Condition,
    left: Sum,
    right: Sum,
    comparison: Comparison,
    says: String,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtMost,
    Below,
    Equal,
    Differs,
}

/// Terms to add: a parameter or a plain number, times a factor.
#[derive(Debug, Clone, PartialEq)]
struct Sum(Vec<(Factor, f64)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Factor {
    One,
    Name(String),
}

/// Reads the rules of the registry.
///
/// # Errors
/// Reports `figure-rule` for what is no check, and `unknown-parameter` for a name that is none.
pub fn read(registry: &Registry, node: &Node, vocabulary: &Vocabulary, report: &mut Report) -> Vec<FigureRule> {
    let mut rules = Vec::new();
    for (at, text) in registry.rules.iter().enumerate() {
        let place = node.place_of(&format!("rules[{at}].check"));
        let when = match &text.when {
            Some(when) => Condition::parse(when, vocabulary, &node.place_of(&format!("rules[{at}].when")), report),
            None => Some(Condition::Constant(true)),
        };
        let Some((left, comparison, right)) = parse(&text.check) else {
            let help = "write `return_days <= deletion_days`, `a + b * 12 < c`, or `name != word`";
            report.push(Diagnostic::error("figure-rule", format!("`{}` is no check of figures", text.check)).at(&place).help(help));
            continue;
        };
        let checked = [&left, &right].into_iter().take(if comparison == Comparison::Differs { 1 } else { 2 });
        for name in checked.flat_map(Sum::names).filter(|name| !registry.parameters.contains_key(*name)) {
            let help = suggest::help(name, registry.parameters.keys().map(String::as_str));
            report.push(Diagnostic::error("unknown-parameter", format!("there is no parameter `{name}`")).at(&place).help(help));
        }
        if let Some(when) = when {
            rules.push(FigureRule { id: text.id.clone(), when, left, right, comparison, says: text.says.clone(), place });
        }
    }
    rules
}

fn parse(text: &str) -> Option<(Sum, Comparison, Sum)> {
    let operators = [("<=", Comparison::AtMost), ("!=", Comparison::Differs), ("==", Comparison::Equal), ("<", Comparison::Below)];
    let (operator, comparison) = operators.into_iter().find(|(operator, _)| text.contains(operator))?;
    let (left, right) = text.split_once(operator)?;
    Some((Sum::parse(left)?, comparison, Sum::parse(right)?))
}

impl Sum {
    fn parse(text: &str) -> Option<Self> {
        text.split('+').map(Self::term).collect::<Option<Vec<_>>>().map(Self)
    }

    fn term(text: &str) -> Option<(Factor, f64)> {
        let (head, factor) = match text.split_once('*') {
            Some((head, factor)) => (head.trim(), factor.trim().parse().ok()?),
            None => (text.trim(), 1.0),
        };
        if let Ok(number) = head.parse::<f64>() {
            return Some((Factor::One, number * factor));
        }
        let is_name = !head.is_empty() && head.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        is_name.then(|| (Factor::Name(head.to_owned()), factor))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(factor, _)| match factor {
            Factor::One => None,
            Factor::Name(name) => Some(name.as_str()),
        })
    }

    /// The sum, where every parameter of it has a figure.
    fn value(&self, values: &BTreeMap<&str, &ParameterValue>) -> Option<f64> {
        let term = |(factor, times): &(Factor, f64)| match factor {
            Factor::One => Some(*times),
            Factor::Name(name) => values.get(name.as_str())?.bare.parse::<f64>().ok().map(|figure| figure * times),
        };
        self.0.iter().map(term).sum()
    }
}

impl FigureRule {
    /// When it applies.
    pub(super) fn when(&self) -> &Condition {
        &self.when
    }

    /// The parameters that it compares.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let right = (self.comparison != Comparison::Differs).then(|| self.right.names());
        self.left.names().chain(right.into_iter().flatten())
    }

    /// The parameter whose default gives way, and to what: the left one where less is stricter, else the right one where more is.
    fn gives_way(&self, registry: &Registry) -> Option<(&str, &Sum)> {
        let single = |sum: &'_ Sum, stricter: Stricter| match sum.0.as_slice() {
            [(Factor::Name(name), times)] => registry.stricter(name) == stricter && (*times - 1.0).abs() < f64::EPSILON,
            _ => false,
        };
        let (sum, other) = match self.comparison {
            Comparison::AtMost if single(&self.left, Stricter::Lower) => (&self.left, &self.right),
            Comparison::AtMost if single(&self.right, Stricter::Higher) => (&self.right, &self.left),
            _ => return None,
        };
        Some((sum.names().next()?, other))
    }

    /// Whether the default of a parameter gives way by it.
    pub(super) fn moves(&self, name: &str, registry: &Registry) -> bool {
        self.gives_way(registry).is_some_and(|(moved, _)| moved == name)
    }

    /// Whether it holds; `None` when it does not apply, or a parameter of it is not in the pack.
    fn holds(&self, values: &BTreeMap<&str, &ParameterValue>, facts: &Facts) -> Option<bool> {
        if self.when.evaluate(facts) != Truth::True {
            return None;
        }
        if self.comparison == Comparison::Differs {
            let (name, word) = (self.names().next()?, self.right.names().next()?);
            return Some(values.get(name)?.word != word);
        }
        let (left, right) = (self.left.value(values)?, self.right.value(values)?);
        Some(match self.comparison {
            Comparison::AtMost => left <= right,
            Comparison::Below => left < right,
            Comparison::Equal | Comparison::Differs => (left - right).abs() < f64::EPSILON,
        })
    }
}

/// Moves a default that another figure does not allow: the stricter wins. A family moves as one.
///
/// Only defaults give way, and only towards what is stricter; what somebody wrote is left for [`check`] to report.
pub fn settle(rules: &[FigureRule], values: &mut BTreeMap<String, ParameterValue>, facts: &Facts, registry: &Registry, currency: &str) {
    for (rule, (name, other)) in rules.iter().filter_map(|rule| Some((rule, rule.gives_way(registry)?))) {
        let seen: BTreeMap<&str, &ParameterValue> = values.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let (Some(figure), Some(false)) = (other.value(&seen), rule.holds(&seen, facts)) else { continue };
        let moved: Vec<&str> = registry.family_of(name).map_or(vec![name], |(_, family)| family.members.iter().map(String::as_str).collect());
        let moved: Vec<&str> = moved.into_iter().filter(|name| seen.contains_key(name)).collect();
        if moved.iter().all(|name| seen.get(name).is_some_and(|value| value.place.is_none())) {
            let origin = format!("by the rule `{}`", rule.id);
            values.extend(moved.into_iter().map(|name| (name.to_owned(), registry.reprint(name, figure, origin.clone(), currency))).collect::<Vec<_>>());
        }
    }
}

/// Checks the figures of a pack against each other.
///
/// # Errors
/// Reports `figures-disagree` where the figures were written, or at the rule when all are defaults.
pub fn check(rules: &[FigureRule], values: &BTreeMap<&str, &ParameterValue>, facts: &Facts, report: &mut Report) {
    for rule in rules.iter().filter(|rule| rule.holds(values, facts) == Some(false)) {
        let named: Vec<(&str, &&ParameterValue)> = rule.names().filter_map(|name| values.get_key_value(name)).map(|(n, v)| (*n, v)).collect();
        let figures: Vec<String> = named.iter().map(|(name, value)| format!("`{name}` is {}", value.text)).collect();
        let message = format!("{}: {}", figures.join(", "), rule.says);
        let mut written = named.iter().filter_map(|(_, value)| value.place.as_ref());
        let mut diagnostic = Diagnostic::error("figures-disagree", message).at(written.next().unwrap_or(&rule.place));
        for place in written {
            diagnostic = diagnostic.with(place, "the other figure");
        }
        let what = if named.len() > 1 { "change one of them" } else { "choose another value" };
        report.push(diagnostic.help(format!("{what} (rule `{}` of `parameters.yaml`)", rule.id)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Factor, parse};

    #[test]
    fn checks_are_sums_in_order() {
        let (left, comparison, right) = parse("a + b * 12 <= c").unwrap();
        assert_eq!(left.0, [(Factor::Name("a".to_owned()), 1.0), (Factor::Name("b".to_owned()), 12.0)]);
        assert_eq!((comparison, right.names().collect::<Vec<_>>()), (Comparison::AtMost, vec!["c"]));
        for no_check in ["", "a", "a <=", "a - b <= c", "a <= B", "a * b <= c"] {
            assert!(parse(no_check).is_none(), "{no_check}");
        }
    }
}
