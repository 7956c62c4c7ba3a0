//! Clause templates: the checked subset of Tera. This folder is the one home of crate `tera`.
//!
//! Allowed: `{{ path }}`, the filters of [`FILTERS`], and `{% for row in list %}` over declared lists. No `if`, no `set`, no `safe`:
//! variation is a variant, so that it can be explained and proven.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;
use tera::{Context, ErrorKind, Tera};

use crate::base::suggest;
use crate::text::sentinel;

/// Filters allowed in clause text.
pub const FILTERS: [&str; 5] = ["default", "join", "lower", "upper", "capitalize"];

/// What is wrong with a template, at a byte range of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable name of the fault.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Byte range in the template.
    pub range: Range<usize>,
    /// What to do.
    pub help: Option<String>,
}

/// The shape of the values that a template may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// Named members.
    Group(Vec<(String, Shape)>),
    /// A list of groups or texts.
    List(Box<Shape>),
    /// Any member is text: parameters, which are checked by name elsewhere.
    Open,
}

/// What a template uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Names after `p.` and `n.`.
    pub parameters: BTreeSet<String>,
    /// Whether `blank` is used.
    pub blank: bool,
    /// Full paths of other values, for example `supplier.legal_name`.
    pub paths: BTreeSet<String>,
}

/// Checks a template against the subset and the shape of the values.
pub fn check(body: &str, shape: &Shape) -> (Usage, Vec<Fault>) {
    let mut checker = Checker { body, root: shape, usage: Usage::default(), faults: Vec::new(), scope: Vec::new() };
    checker.run();
    (checker.usage, checker.faults)
}

/// Replaces every tag by text of the same length, so that Markdown can be checked with true positions.
pub fn mask(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('{') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (end, filler) = match tail.get(..2) {
            Some("{{") => (inner_length(&tail[2..], "}}").map(|e| e + 4), 'x'),
            Some("{%") => (inner_length(&tail[2..], "%}").map(|e| e + 4), ' '),
            _ => (None, ' '),
        };
        match end {
            Some(end) => {
                out.extend(tail[..end].chars().flat_map(|c| std::iter::repeat_n(filler, c.len_utf8())));
                rest = &tail[end..];
            }
            None => {
                out.push('{');
                rest = &tail[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Bytes up to the mark that closes a tag; inside quotes it closes nothing, as in Tera.
fn inner_length(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (character, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            _ if text[at..].starts_with(close) => return Some(at),
            ('"' | '\'' | '`', None) if close != "#}" => quote = Some(character),
            _ => {}
        }
    }
    None
}

struct Checker<'a> {
    body: &'a str,
    root: &'a Shape,
    usage: Usage,
    faults: Vec<Fault>,
    /// Loop variables around: name, shape, and where the loop begins.
    scope: Vec<(String, Option<&'a Shape>, Range<usize>)>,
}

impl<'a> Checker<'a> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(found) = self.body[at..].find('{') {
            let start = at + found;
            let kind = self.body.get(start..start + 2).unwrap_or_default();
            let close = match kind {
                "{{" => "}}",
                "{%" => "%}",
                "{#" => "#}",
                _ => {
                    at = start + 1;
                    continue;
                }
            };
            let Some(length) = inner_length(&self.body[start + 2..], close).map(|at| at + 2) else {
                self.fault("template", format!("`{kind}` without `{close}`"), start..start + 2, None);
                return;
            };
            let range = start..start + length + 2;
            let inner = self.body[start + 2..start + length].trim_matches(['-', ' ', '\n', '\t']);
            match kind {
                "{{" => self.expression(inner, &range),
                "{%" => self.statement(inner, &range),
                _ => self.fault("template", "comments belong into the commit message".to_owned(), range.clone(), None),
            }
            at = range.end;
        }
        if let Some((name, _, range)) = self.scope.pop() {
            let message = format!("the loop over `{name}` has no `{{% endfor %}}`");
            self.fault("template", message, range, Some("end it with `{% endfor %}`".to_owned()));
        }
    }

    fn fault(&mut self, code: &'static str, message: String, range: Range<usize>, help: Option<String>) {
        self.faults.push(Fault { code, message, range, help });
    }

    fn statement(&mut self, inner: &str, range: &Range<usize>) {
        let words: Vec<&str> = inner.split_whitespace().collect();
        match words.as_slice() {
            ["for", name, "in", path] => {
                let shape = match self.look_up(path, range) {
                    Some(Shape::List(item)) => Some(item.as_ref()),
                    Some(_) => {
                        self.fault("template", format!("`{path}` is not a list"), range.clone(), None);
                        None
                    }
                    None => None,
                };
                self.scope.push(((*name).to_owned(), shape, range.clone()));
            }
            ["endfor"] => {
                if self.scope.pop().is_none() {
                    self.fault("template", "`endfor` without `for`".to_owned(), range.clone(), None);
                }
            }
            _ => {
                let word = words.first().copied().unwrap_or_default();
                let help = "variation is a variant: write a second clause file for the slot with its own `when`".to_owned();
                self.fault("template", format!("`{word}` is not allowed in clause text"), range.clone(), Some(help));
            }
        }
    }

    fn expression(&mut self, inner: &str, range: &Range<usize>) {
        let mut parts = split_filters(inner).into_iter();
        let path = parts.next().unwrap_or_default();
        let is_path = |text: &str| !text.is_empty() && text.split('.').all(|s| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        if !is_path(path) {
            let help = "only `{{ path }}` with filters is allowed".to_owned();
            self.fault("template", format!("`{path}` is not a path"), range.clone(), Some(help));
            return;
        }
        let mut joined = false;
        for filter in parts {
            let name = filter.split(['(', ' ']).next().unwrap_or_default();
            joined |= name == "join";
            if !FILTERS.contains(&name) {
                self.fault("template", format!("the filter `{name}` is not allowed in clause text"), range.clone(), Some(suggest::help(name, FILTERS)));
            } else if !is_literal_call(&filter[name.len()..]) {
                let help = "after a filter stands nothing, or arguments in quotes: `default(value=\"none\")`".to_owned();
                self.fault("template", format!("`{filter}` is not a plain filter"), range.clone(), Some(help));
            }
        }
        match self.look_up(path, range) {
            Some(Shape::Text | Shape::Open) | None => {}
            Some(Shape::List(_)) if joined => {}
            Some(_) => self.fault("template", format!("`{path}` is not a text"), range.clone(), None),
        }
    }

    fn look_up(&mut self, path: &str, range: &Range<usize>) -> Option<&'a Shape> {
        let mut steps = path.split('.');
        let first = steps.next().unwrap_or_default();
        let mut shape = match self.scope.iter().rev().find(|(name, ..)| name == first) {
            Some((_, shape, _)) => (*shape)?,
            None => {
                if first == "blank" {
                    self.usage.blank = true;
                }
                if let ("p" | "n", Some((_, name))) = (first, path.split_once('.')) {
                    self.usage.parameters.insert(name.to_owned());
                } else {
                    self.usage.paths.insert(path.to_owned());
                }
                self.member(self.root, first, path, range)?
            }
        };
        for step in steps {
            shape = self.member(shape, step, path, range)?;
        }
        Some(shape)
    }

    fn member(&mut self, shape: &'a Shape, step: &str, path: &str, range: &Range<usize>) -> Option<&'a Shape> {
        let members = match shape {
            Shape::Open => return Some(shape),
            Shape::Group(members) => members,
            Shape::Text | Shape::List(_) => {
                self.fault(
                    "unknown-value-path",
                    format!("there is no value `{path}`"),
                    range.clone(),
                    Some(format!("`{step}` asks for a member of something that has none")),
                );
                return None;
            }
        };
        let found = members.iter().find(|(name, _)| name == step).map(|(_, shape)| shape);
        if found.is_none() {
            let help = suggest::help(step, members.iter().map(|(name, _)| name.as_str()));
            self.fault("unknown-value-path", format!("there is no value `{path}`"), range.clone(), Some(help));
        }
        found
    }
}

/// Nothing, or arguments that are all strings in quotes: `(value="none", sep=", ")`.
fn is_literal_call(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return true;
    }
    let Some(mut rest) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).map(str::trim) else { return false };
    while !rest.is_empty() {
        let Some((name, value)) = rest.split_once('=') else { return false };
        let is_name = |n: &str| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else { return false };
        let Some(end) = value[1..].find(quote) else { return false };
        let after = value[end + 2..].trim_start();
        if !is_name(name.trim()) || !(after.is_empty() || after.starts_with(',')) {
            return false;
        }
        rest = after.trim_start_matches(',').trim_start();
    }
    true
}

/// Splits `a.b | default(value="x | y")` at the bars that stand outside quotes.
fn split_filters(expression: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut quote = None;
    for (at, character) in expression.char_indices() {
        match (character, quote) {
            ('"' | '\'' | '`', None) => quote = Some(character),
            (c, Some(open)) if c == open => quote = None,
            ('|', None) => {
                parts.push(expression[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(expression[start..].trim());
    parts
}

/// Compiled clause templates.
#[derive(Default)]
pub struct Templates {
    tera: Tera,
}

impl Templates {
    /// An empty set whose values leave as sentinels.
    pub fn new() -> Self {
        let mut tera = Tera::new();
        tera.autoescape_on([""]);
        tera.set_escape_fn(sentinel::write);
        Self { tera }
    }

    /// Compiles templates, by name and text.
    ///
    /// All at once, because Tera goes over everything it holds after each addition; one by one only to find the faulty ones.
    ///
    /// # Errors
    /// Returns the position and fault of each template that Tera does not accept; the others are compiled.
    pub fn add_all(&mut self, templates: &[(String, &str)]) -> Vec<(usize, Fault)> {
        if self.tera.add_raw_templates(templates.iter().map(|(name, body)| (name.as_str(), *body))).is_ok() {
            return Vec::new();
        }
        let one = |(at, (name, body)): (usize, &(String, &str))| self.tera.add_raw_template(name, body).err().map(|error| (at, fault_of(&error, body)));
        templates.iter().enumerate().filter_map(one).collect()
    }

    /// Fills a template.
    ///
    /// # Errors
    /// Returns the fault with its place; a value that is not there is `unfilled-value`.
    pub fn render(&self, name: &str, body: &str, values: &Filling) -> Result<String, Fault> {
        self.tera.render(name, &values.context).map_err(|error| fault_of(&error, body))
    }
}

/// Values in the form that templates take.
pub struct Filling {
    context: Context,
}

impl Filling {
    /// Takes an object of texts, lists and groups.
    ///
    /// # Errors
    /// Returns a message when the value is not an object.
    pub fn new(values: &Value) -> Result<Self, String> {
        let mut context = Context::from_serialize(values).map_err(|error| error.to_string())?;
        context.insert_value("blank", tera::Value::safe_string(&sentinel::BLANK.to_string()));
        Ok(Self { context })
    }
}

fn fault_of(error: &tera::Error, body: &str) -> Fault {
    let (message, range) = match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => (report.message().to_owned(), report.span().range.clone()),
        other => (other.to_string(), 0..body.len().min(1)),
    };
    let text = body.get(range.clone()).unwrap_or_default();
    let unset = message.contains("not defined") || message.contains("undefined") || message.contains("not found");
    if unset {
        let message = format!("the value `{text}` is not filled");
        return Fault { code: "unfilled-value", message, range, help: None };
    }
    Fault { code: "template", message: lower_first(&message), range, help: None }
}

/// The full path of the value whose tag covers a position, with the list that a loop variable stands for.
///
/// ```
/// use countersign::text::template::path_at;
/// let body = "{% for t in transfers %}{{ t.assessed | upper }}{% endfor %}";
/// assert_eq!(path_at(body, 30).as_deref(), Some("transfers.assessed"));
/// ```
pub fn path_at(body: &str, position: usize) -> Option<String> {
    let before = body.get(..position)?;
    let value = before.rfind("{{");
    let statement = before.rfind("{%");
    if statement > value {
        let tag = &body[statement? + 2..];
        return tag[..tag.find("%}")?].split_once(" in ").map(|(_, list)| list.trim_matches(['-', ' ']).to_owned());
    }
    let tag = &body[value? + 2..];
    let path = tag[..tag.find("}}")?].split('|').next()?.trim_matches(['-', ' ']);
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let list = before.rfind(&format!("for {head} in ")).and_then(|at| before[at..].split_whitespace().nth(3));
    Some(match list {
        Some(list) => format!("{list}.{rest}"),
        None => path.to_owned(),
    })
}

pub(super) fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + characters.as_str())
}
