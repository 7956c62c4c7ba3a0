//! Conditions: a checked subset of the Common Expression Language over facts. The one home of crate `cel`.
//!
//! Accepted: `&&`, `||`, `!`, `==`, `!=`, `"value" in fact`, `atLeast(fact, "value")`, `true`, `false`, parentheses. A bool fact
//! stands alone. CEL gives the syntax; this tree gives the meaning, because the crate compares enums by alphabet, takes a
//! misspelt literal for false and swallows an unknown fact behind `||`.

use std::collections::BTreeSet;
use std::fmt;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::{Place, find_word};
use crate::base::suggest;
use crate::rule::fact::{FactValue, Facts};
use crate::rule::vocabulary::{FactEntry, FactType, Vocabulary};

/// Longest condition accepted, in bytes; the longest of the catalogue has 320.
const MAX_LENGTH: usize = 4_000;
/// Deepest nesting of parentheses and negations accepted; the parser recurses.
const MAX_NESTING: usize = 40;

/// A checked condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `true` or `false`.
    Constant(bool),
    /// A bool fact holds.
    Holds(String),
    /// A fact has exactly this value; the word `unknown` equals only itself.
    Is(String, String),
    /// A set fact contains this value.
    Contains(String, String),
    /// An ordered fact has this value or a higher one; `unknown` counts as the vocabulary says.
    AtLeast(String, String),
    /// Negation.
    Not(Box<Condition>),
    /// Conjunction of two or more.
    All(Vec<Condition>),
    /// Disjunction of two or more.
    Any(Vec<Condition>),
}

/// What a condition says of facts that may be incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It holds, whatever the missing facts are.
    True,
    /// It does not hold, whatever the missing facts are.
    False,
    /// It depends on these facts, which have no value.
    Unset(BTreeSet<String>),
}

impl Condition {
    /// Parses and checks a condition.
    ///
    /// # Errors
    /// Returns `None` after diagnostics `condition-syntax`, `unknown-fact`, `unknown-value` or `condition-type`, placed inside `place`.
    ///
    /// ```
    /// # use countersign::base::{diagnostic::Report, source::{Place, Source}};
    /// # use countersign::rule::{condition::Condition, vocabulary::Vocabulary};
    /// # let place = Place::start_of(&std::sync::Arc::new(Source { path: String::new(), text: String::new() }));
    /// let mut report = Report::default();
    /// assert!(Condition::parse("no.such_fact", &Vocabulary::default(), &place, &mut report).is_none());
    /// assert_eq!(report.sorted()[0].code, "unknown-fact");
    /// ```
    pub fn parse(text: &str, vocabulary: &Vocabulary, place: &Place, report: &mut Report) -> Option<Self> {
        let before = report.errors();
        let condition = Checker { text, vocabulary, place, report }.parse();
        if report.errors() > before { None } else { condition }
    }

    /// Evaluates over facts that may be incomplete (Kleene's strong three-valued logic).
    pub fn evaluate(&self, facts: &Facts) -> Truth {
        match self {
            Self::Constant(value) => Truth::from(*value),
            Self::Holds(fact) => facts.with(fact, |value| *value == FactValue::Bool(true)),
            Self::Is(fact, word) => facts.with(fact, |value| matches!(value, FactValue::Word(w) if w == word)),
            Self::Contains(fact, word) => facts.with(fact, |value| matches!(value, FactValue::Set(s) if s.contains(word))),
            Self::AtLeast(fact, word) => facts.with(fact, |value| match value {
                FactValue::Word(w) => facts.rank(fact, w) >= facts.rank(fact, word),
                _ => false,
            }),
            Self::Not(inner) => match inner.evaluate(facts) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                unset => unset,
            },
            Self::All(parts) => Self::fold(parts, facts, Truth::False),
            Self::Any(parts) => Self::fold(parts, facts, Truth::True),
        }
    }

    /// One `decisive` part decides; otherwise what is unset stays unset.
    fn fold(parts: &[Condition], facts: &Facts, decisive: Truth) -> Truth {
        let mut missing = BTreeSet::new();
        for part in parts {
            match part.evaluate(facts) {
                Truth::Unset(names) => missing.extend(names),
                truth if truth == decisive => return decisive,
                _ => {}
            }
        }
        if !missing.is_empty() {
            Truth::Unset(missing)
        } else if decisive == Truth::True {
            Truth::False
        } else {
            Truth::True
        }
    }

    /// The part that makes it hold: of a disjunction the first part that holds, otherwise the whole.
    pub fn decisive(&self, facts: &Facts) -> &Self {
        match self {
            Self::Any(parts) => parts.iter().find(|p| p.evaluate(facts) == Truth::True).map_or(self, |p| p.decisive(facts)),
            _ => self,
        }
    }

    /// The facts it names, each once, in order of name.
    pub fn facts(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        match self {
            Self::Constant(_) => {}
            Self::Holds(fact) | Self::Is(fact, _) | Self::Contains(fact, _) | Self::AtLeast(fact, _) => {
                names.insert(fact);
            }
            Self::Not(inner) => inner.collect(names),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.collect(names)),
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Condition], operator: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {operator} ")?;
                }
                if matches!(part, Self::All(_) | Self::Any(_)) {
                    write!(f, "({part})")?;
                } else {
                    write!(f, "{part}")?;
                }
            }
            Ok(())
        };
        match self {
            Self::Constant(value) => write!(f, "{value}"),
            Self::Holds(fact) => write!(f, "{fact}"),
            Self::Is(fact, word) => write!(f, "{fact} == \"{word}\""),
            Self::Contains(fact, word) => write!(f, "\"{word}\" in {fact}"),
            Self::AtLeast(fact, word) => write!(f, "atLeast({fact}, \"{word}\")"),
            Self::Not(inner) => match inner.as_ref() {
                Self::Is(fact, word) => write!(f, "{fact} != \"{word}\""),
                Self::Holds(_) | Self::AtLeast(..) | Self::Constant(_) => write!(f, "!{inner}"),
                _ => write!(f, "!({inner})"),
            },
            Self::All(parts) => list(f, parts, "&&"),
            Self::Any(parts) => list(f, parts, "||"),
        }
    }
}

struct Checker<'a> {
    text: &'a str,
    vocabulary: &'a Vocabulary,
    place: &'a Place,
    report: &'a mut Report,
}

impl Checker<'_> {
    fn parse(mut self) -> Option<Condition> {
        if self.text.len() > MAX_LENGTH || nesting(self.text) > MAX_NESTING {
            return self.syntax("the condition is too long or too deeply nested", "split it into variants");
        }
        match cel::parser::Parser::new().parse(self.text) {
            Ok(expression) => self.check(&expression),
            Err(errors) => {
                let first = errors.errors.first();
                let at = first.map_or(0, |e| usize::try_from(e.pos.1).unwrap_or(1).saturating_sub(1));
                let reason = first.map_or_else(|| "not an expression".to_owned(), |e| plain_reason(&e.msg));
                let place = self.within(at, 1);
                self.report.push(Diagnostic::error("condition-syntax", format!("this is not a condition: {reason}")).at(&place).help(SUBSET));
                None
            }
        }
    }

    /// The place of some bytes of the condition; a condition that YAML folded over lines is shown from its start.
    fn within(&self, at: usize, length: usize) -> Place {
        let raw = self.place.text();
        match raw.find(self.text) {
            Some(start) => {
                let from = self.place.range.start + start + at.min(self.text.len());
                Place::new(&self.place.source, from..from + length)
            }
            None => self.place.clone(),
        }
    }

    fn place_of(&self, word: &str) -> Place {
        find_word(self.text, word).map_or_else(|| self.place.clone(), |at| self.within(at, word.len()))
    }

    fn syntax(&mut self, message: &str, help: &str) -> Option<Condition> {
        self.report.push(Diagnostic::error("condition-syntax", message).at(self.place).help(help));
        None
    }

    fn check(&mut self, expression: &IdedExpr) -> Option<Condition> {
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => Some(Condition::Constant(*value.inner())),
            Expr::Ident(_) | Expr::Select(_) => {
                let name = self.name(expression)?;
                let fact = self.fact(&name)?;
                if fact.r#type != FactType::Bool {
                    let help = match fact.r#type {
                        FactType::Set => format!("ask with `\"value\" in {name}`"),
                        _ => format!("compare it: `{name} == \"{}\"`", fact.values.first().map_or("value", String::as_str)),
                    };
                    return self.type_error(&name, format!("`{name}` does not stand alone"), help);
                }
                Some(Condition::Holds(name))
            }
            Expr::Call(call) => self.call(call),
            _ => self.syntax("only comparisons of facts are allowed in a condition", SUBSET),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Option<Condition> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, parts) => Some(flatten(self.all(parts)?, true)),
            (operators::LOGICAL_OR, parts) => Some(flatten(self.all(parts)?, false)),
            (operators::LOGICAL_NOT, [inner]) => Some(Condition::Not(Box::new(self.check(inner)?))),
            (operators::EQUALS, [left, right]) => self.equals(left, right),
            (operators::NOT_EQUALS, [left, right]) => Some(Condition::Not(Box::new(self.equals(left, right)?))),
            (operators::IN, [left, right]) => {
                let Some(word) = literal(left) else {
                    return self.syntax("left of `in` stands a value in quotes", SUBSET);
                };
                let name = self.name(right)?;
                self.typed(&name, &[FactType::Set], "`in` asks a set fact")?;
                self.value(&name, &word)?;
                Some(Condition::Contains(name, word))
            }
            ("atLeast", [left, right]) if call.target.is_none() => {
                let name = self.name(left)?;
                self.typed(&name, &[FactType::Ordered], "`atLeast` asks an ordered fact")?;
                let Some(word) = literal(right) else {
                    return self.syntax("the second argument of `atLeast` is a value in quotes", SUBSET);
                };
                self.value(&name, &word)?;
                Some(Condition::AtLeast(name, word))
            }
            (other, _) => {
                let message = format!("`{}` is not allowed in a condition", other.trim_matches('_'));
                self.syntax(&message, SUBSET)
            }
        }
    }

    /// Checks every part even when one fails, so that all faults come in one run.
    fn all(&mut self, parts: &[IdedExpr]) -> Option<Vec<Condition>> {
        let checked: Vec<Option<Condition>> = parts.iter().map(|p| self.check(p)).collect();
        checked.into_iter().collect()
    }

    fn equals(&mut self, left: &IdedExpr, right: &IdedExpr) -> Option<Condition> {
        let name = self.name(left)?;
        self.typed(&name, &[FactType::Enum, FactType::Ordered], "`==` compares an enum or ordered fact")?;
        let Some(word) = literal(right) else {
            return self.syntax("right of `==` stands a value in quotes", SUBSET);
        };
        self.value(&name, &word)?;
        Some(Condition::Is(name, word))
    }

    fn typed(&mut self, name: &str, types: &[FactType], message: &str) -> Option<()> {
        let found = self.fact(name)?.r#type;
        if types.contains(&found) {
            return Some(());
        }
        let help = match found {
            FactType::Bool => format!("a bool stands alone: `{name}` or `!{name}`"),
            FactType::Set => format!("ask with `\"value\" in {name}`"),
            _ => format!("compare it: `{name} == \"value\"`"),
        };
        self.type_error(name, format!("{message}, `{name}` is not one"), help)?;
        None
    }

    fn type_error(&mut self, name: &str, message: String, help: String) -> Option<Condition> {
        let place = self.place_of(name);
        self.report.push(Diagnostic::error("condition-type", message).at(&place).help(help));
        None
    }

    fn fact(&mut self, name: &str) -> Option<FactEntry> {
        if let Some(fact) = self.vocabulary.facts.get(name) {
            return Some(fact.clone());
        }
        let place = self.place_of(name);
        let help = suggest::nearest(name, self.vocabulary.facts.keys().map(String::as_str))
            .map_or_else(|| "the facts are listed in `vocabulary.yaml`".to_owned(), |near| format!("did you mean `{near}`?"));
        self.report.push(Diagnostic::error("unknown-fact", format!("there is no fact `{name}`")).at(&place).help(help));
        None
    }

    fn value(&mut self, name: &str, word: &str) -> Option<()> {
        let fact = self.fact(name)?;
        if fact.words().any(|w| w == word) {
            return Some(());
        }
        let place = self.place_of(&format!("\"{word}\""));
        let help = suggest::help(word, fact.words());
        self.report.push(Diagnostic::error("unknown-value", format!("`{word}` is not a value of `{name}`")).at(&place).help(help));
        None
    }

    fn name(&mut self, expression: &IdedExpr) -> Option<String> {
        match dotted(expression) {
            Some(name) => Some(name),
            None => {
                self.syntax("a fact is expected here", SUBSET);
                None
            }
        }
    }
}

/// How deep the parser would recurse: brackets around each other, signs in a row, and every `?`, which the subset has no use for.
fn nesting(text: &str) -> usize {
    let (mut open, mut deepest, mut signs, mut questions) = (0_usize, 0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'!' | b'-' => signs += 1,
            b'?' => questions += 1,
            b' ' | b'\t' | b'\n' => {}
            _ => signs = 0,
        }
        deepest = deepest.max(open + signs);
    }
    deepest + questions
}

/// What the parser says, without its list of internal tokens.
fn plain_reason(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let head = line.split(" expecting").next().unwrap_or(line).trim_start_matches("Syntax error: ");
    head.replace("'<EOF>'", "the end").replace("<EOF>", "the end")
}

const SUBSET: &str = "allowed: `&&`, `||`, `!`, `==`, `!=`, `\"value\" in fact`, `atLeast(fact, \"value\")`, parentheses";

fn dotted(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", dotted(&select.operand)?, select.field)),
        _ => None,
    }
}

fn literal(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}

/// Joins nested conjunctions (or disjunctions) into one list, so that equal meaning has one tree.
fn flatten(parts: Vec<Condition>, conjunction: bool) -> Condition {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Condition::All(inner) if conjunction => flat.extend(inner),
            Condition::Any(inner) if !conjunction => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if conjunction { Condition::All(flat) } else { Condition::Any(flat) }
}
