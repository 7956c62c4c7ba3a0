//! The collecting decoder: a node tree and a JSON Schema in, a typed value out, every fault on the way.
//!
//! The schema comes from the Rust type (crate `schemars`), the same one that editors get from `schema KIND`: there is one
//! description of each file. serde alone would stop at the first fault and lose its place.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::base::date::{Date, DateError};
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::node::{Entry, Kind, Node};
use crate::base::source::Place;
use crate::base::suggest;

/// Decodes a node into a type, or reports every reason why it cannot.
///
/// A plain scalar becomes a boolean only as `true` or `false`, an integer only in decimal digits without leading zero, a
/// date only as `YYYY-MM-DD`; text takes every scalar as it is written.
///
/// # Errors
/// Returns `None` after at least one `Error` diagnostic: `unknown-key`, `missing-key`, `wrong-type`, `unknown-value`,
/// `impossible-date`, `out-of-range`, `bad-form` or `empty-value`.
pub fn decode<T: DeserializeOwned + JsonSchema>(node: &Node, report: &mut Report) -> Option<T> {
    let schema = schemars::schema_for!(T).to_value();
    decode_with(&schema, node, report)
}

/// Decodes with a schema that the caller keeps, for files that are read by the hundred.
pub fn decode_with<T: DeserializeOwned>(schema: &Value, node: &Node, report: &mut Report) -> Option<T> {
    decode_part(schema, node, "the file", report)
}

/// Decodes one part of a file, called `what` in messages, for example `a person`.
pub fn decode_part<T: DeserializeOwned>(schema: &Value, node: &Node, what: &str, report: &mut Report) -> Option<T> {
    let before = report.errors();
    let value = Decoder { root: schema, report }.value(node, schema, what);
    if report.errors() > before {
        return None;
    }
    match serde_json::from_value(value?) {
        Ok(typed) => Some(typed),
        Err(error) => {
            report.push(Diagnostic::error("wrong-type", format!("this cannot be read: {error}")).at(&node.place));
            None
        }
    }
}

struct Decoder<'a> {
    root: &'a Value,
    report: &'a mut Report,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, node: &Node, schema: &'a Value, what: &str) -> Option<Value> {
        let schema = self.resolve(schema);
        if node.is_null() {
            if accepts_null(self.root, schema) {
                return Some(Value::Null);
            }
            let help = format!("write {}, or remove the key", self.expected(schema));
            self.report.push(Diagnostic::error("empty-value", format!("{what} has no value")).at(&node.place).help(help));
            return None;
        }
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
            let mut rest = options.iter().filter(|o| !is_null_schema(o));
            return match (rest.next(), rest.next()) {
                (Some(only), None) => self.value(node, only, what),
                _ => self.first_fitting(node, options, what),
            };
        }
        let allowed = allowed_values(schema);
        if !allowed.is_empty() {
            return self.word(node, &allowed, what);
        }
        match schema_type(schema) {
            Some("object") => self.object(node, schema, what),
            Some("array") => self.array(node, schema, what),
            Some("string") => self.string(node, schema, what),
            Some("boolean") => self.boolean(node, what),
            Some("integer") => self.number(node, schema, what, true),
            Some("number") => self.number(node, schema, what, false),
            _ => Some(untyped(node)),
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        resolve(self.root, schema)
    }

    fn wrong_type(&mut self, node: &Node, expected: &str, what: &str) -> Option<Value> {
        let found = match &node.kind {
            Kind::Scalar { text, .. } => format!("`{}`", excerpt(text)),
            Kind::Sequence(_) => "a list".to_owned(),
            Kind::Mapping(_) => "a group of keys".to_owned(),
        };
        let message = format!("{what} must be {expected}, found {found}");
        let mut diagnostic = Diagnostic::error("wrong-type", message).at(&node.place);
        if expected == "`true` or `false`" && matches!(node.text(), Some("yes" | "on" | "no" | "off" | "Yes" | "No" | "True" | "False")) {
            diagnostic = diagnostic.help("write `true` or `false`");
        } else if let (Kind::Scalar { text, plain }, true) = (&node.kind, expected.ends_with("number")) {
            diagnostic = diagnostic.help(match (plain, text.starts_with('0'), text.contains('.')) {
                (false, ..) => "write the number without quotes",
                (true, true, false) => "write the number without the leading zero",
                (true, _, true) => "write whole units, without a fraction",
                _ => "write digits only",
            });
        } else if let (Kind::Scalar { text, .. }, "a list") = (&node.kind, expected) {
            diagnostic = diagnostic.help(format!("write `[{}]`, or one entry a line, each after `- `", excerpt(text)));
        }
        self.report.push(diagnostic);
        None
    }

    /// Several alternatives: the one with the right shape reports its own faults.
    fn first_fitting(&mut self, node: &Node, options: &'a [Value], what: &str) -> Option<Value> {
        for option in options.iter().filter(|o| !is_null_schema(o)) {
            let resolved = self.resolve(option);
            let mut trial = Report::default();
            let value = Decoder { root: self.root, report: &mut trial }.value(node, resolved, what);
            if !trial.has_errors() {
                return value;
            }
        }
        let shape = options.iter().map(|o| self.resolve(o)).find(|o| {
            matches!(
                (schema_type(o), &node.kind),
                (Some("object"), Kind::Mapping(_)) | (Some("array"), Kind::Sequence(_)) | (Some("string"), Kind::Scalar { .. })
            )
        });
        match shape {
            Some(option) => self.value(node, option, what),
            None => {
                let expected: Vec<String> = options.iter().filter(|o| !is_null_schema(o)).map(|o| self.expected(o)).collect();
                self.wrong_type(node, &expected.join(" or "), what)
            }
        }
    }

    fn word(&mut self, node: &Node, allowed: &[&str], what: &str) -> Option<Value> {
        let Some(text) = node.text() else {
            return self.wrong_type(node, "a word", what);
        };
        if allowed.contains(&text) {
            return Some(Value::String(text.to_owned()));
        }
        let message = format!("`{}` is not a value of {what}", excerpt(text));
        let all = allowed.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        let help = match suggest::nearest(text, allowed.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? allowed: {all}"),
            None => format!("allowed: {all}"),
        };
        self.report.push(Diagnostic::error("unknown-value", message).at(&node.place).help(help));
        None
    }

    fn object(&mut self, node: &Node, schema: &'a Value, what: &str) -> Option<Value> {
        let Kind::Mapping(entries) = &node.kind else {
            return self.wrong_type(node, "a group of keys", what);
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let additional = schema.get("additionalProperties").filter(|a| **a != Value::Bool(false));
        let mut out = Map::new();
        let mut whole = true;
        for Entry { key, key_place, value } in entries {
            let inner = properties.and_then(|p| p.get(key)).or(if properties.is_none() || additional.is_some() { additional } else { None });
            let Some(inner) = inner else {
                let known: Vec<&str> = properties.into_iter().flat_map(|p| p.keys().map(String::as_str)).collect();
                let mut diagnostic = Diagnostic::error("unknown-key", format!("`{}` is not a key of {what}", excerpt(key))).at(key_place);
                diagnostic = diagnostic.help(suggest::help(key, known));
                self.report.push(diagnostic);
                whole = false;
                continue;
            };
            match self.value(value, inner, &format!("`{key}`")) {
                Some(decoded) => {
                    out.insert(key.clone(), decoded);
                }
                None => whole = false,
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if !entries.iter().any(|e| e.key == key) {
                let inner = properties.and_then(|p| p.get(key));
                let expected = inner.map_or_else(String::new, |i| format!(": {}", self.expected(i)));
                let help = format!("add `{key}`{expected}");
                self.report.push(Diagnostic::error("missing-key", format!("{what} lacks the key `{key}`")).at(&first_line(node)).help(help));
                whole = false;
            }
        }
        whole.then_some(Value::Object(out))
    }

    fn array(&mut self, node: &Node, schema: &'a Value, what: &str) -> Option<Value> {
        let Kind::Sequence(items) = &node.kind else {
            return self.wrong_type(node, "a list", what);
        };
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let mut whole = true;
        if (items.len() as u64) < least {
            self.report.push(
                Diagnostic::error("out-of-range", format!("{what} needs at least {least} {}", if least == 1 { "entry" } else { "entries" })).at(&node.place),
            );
            whole = false;
        }
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let inner = schema.get("items");
            let decoded = match inner {
                Some(inner) => self.value(item, inner, &format!("an entry of {what}")),
                None => Some(untyped(item)),
            };
            match decoded {
                Some(decoded) => out.push(decoded),
                None => whole = false,
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            for (at, value) in out.iter().enumerate() {
                if whole && out[..at].contains(value) {
                    self.report.push(Diagnostic::error("duplicate-entry", format!("an entry of {what} stands twice")).at(&items[at].place));
                    whole = false;
                }
            }
        }
        whole.then_some(Value::Array(out))
    }

    fn string(&mut self, node: &Node, schema: &Value, what: &str) -> Option<Value> {
        let Kind::Scalar { text, .. } = &node.kind else {
            return self.wrong_type(node, "text", what);
        };
        if schema.get("format").and_then(Value::as_str) == Some("date") {
            return match text.parse::<Date>() {
                Ok(_) => Some(Value::String(text.clone())),
                Err(DateError::Form) => {
                    let message = format!("{what} must be a date, found `{}`", excerpt(text));
                    self.report.push(Diagnostic::error("wrong-type", message).at(&node.place).help("write it as `YYYY-MM-DD`"));
                    None
                }
                Err(DateError::Impossible) => {
                    let message = format!("{what}: there is no day `{text}`");
                    self.report
                        .push(Diagnostic::error("impossible-date", message).at(&node.place).help("check month and day; 29 February exists in leap years only"));
                    None
                }
            };
        }
        if !text.chars().any(is_visible) {
            self.report.push(Diagnostic::error("empty-value", format!("{what} is empty")).at(&node.place).help("write a value, or remove the key"));
            return None;
        }
        if let Some(form) = schema.get("pattern").and_then(Value::as_str).filter(|form| !Form::of(form).accepts(text)) {
            let message = format!("{what} has the wrong form: `{}`", excerpt(text));
            let help = schema.get("x-help").and_then(Value::as_str).map_or_else(|| Form::of(form).help().to_owned(), str::to_owned);
            self.report.push(Diagnostic::error("bad-form", message).at(&node.place).help(help));
            return None;
        }
        Some(Value::String(text.clone()))
    }

    fn boolean(&mut self, node: &Node, what: &str) -> Option<Value> {
        match &node.kind {
            Kind::Scalar { text, plain: true } if text == "true" => Some(Value::Bool(true)),
            Kind::Scalar { text, plain: true } if text == "false" => Some(Value::Bool(false)),
            _ => self.wrong_type(node, "`true` or `false`", what),
        }
    }

    fn number(&mut self, node: &Node, schema: &Value, what: &str, whole: bool) -> Option<Value> {
        let expected = if whole { "a whole number" } else { "a number" };
        let parsed = match &node.kind {
            Kind::Scalar { text, plain: true } => parse_number(text, whole),
            _ => None,
        };
        let Some(number) = parsed else {
            return self.wrong_type(node, expected, what);
        };
        let figure = number.as_f64()?;
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        if bound("minimum").is_some_and(|least| figure < least) || bound("maximum").is_some_and(|most| figure > most) {
            let range = match (bound("minimum"), bound("maximum")) {
                (Some(least), Some(most)) if least == most => format!("{least}, the only one that this program knows"),
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, Some(most)) => format!("at most {most}"),
                (None, None) => String::new(),
            };
            self.report.push(Diagnostic::error("out-of-range", format!("{what} is {number}")).at(&node.place).help(format!("allowed: {range}")));
            return None;
        }
        Some(Value::Number(number))
    }

    /// What a schema wants, in words for a help line.
    fn expected(&self, schema: &'a Value) -> String {
        let schema = self.resolve(schema);
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array)
            && let Some(only) = options.iter().find(|o| !is_null_schema(o))
        {
            return self.expected(only);
        }
        let allowed = allowed_values(schema);
        if !allowed.is_empty() {
            return allowed.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        }
        match (schema_type(schema), schema.get("format").and_then(Value::as_str)) {
            (Some("string"), Some("date")) => "a date as `YYYY-MM-DD`".to_owned(),
            (Some("string"), _) => "text".to_owned(),
            (Some("boolean"), _) => "`true` or `false`".to_owned(),
            (Some("integer"), _) => "a whole number".to_owned(),
            (Some("number"), _) => "a number".to_owned(),
            (Some("array"), _) => "a list (`[]` for none)".to_owned(),
            (Some("object"), _) => "a group of keys".to_owned(),
            _ => "a value".to_owned(),
        }
    }
}

/// Follows `$ref` into `$defs`.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let Some(found) = target.strip_prefix("#/$defs/").and_then(|name| root.get("$defs")?.get(name)) else { break };
        schema = found;
    }
    schema
}

fn is_null_schema(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn accepts_null(root: &Value, schema: &Value) -> bool {
    let schema = resolve(root, schema);
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|t| t == "null"),
        Some(Value::String(only)) => only == "null",
        _ => schema.get("anyOf").and_then(Value::as_array).is_some_and(|options| options.iter().any(|o| accepts_null(root, o))),
    }
}

fn schema_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(only) => Some(only),
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|t| *t != "null"),
        _ => None,
    }
}

/// The words an enum schema allows, from `enum`, `const` or `oneOf` of those.
fn allowed_values(schema: &Value) -> Vec<&str> {
    let mut words = Vec::new();
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        words.extend(list.iter().filter_map(Value::as_str));
    }
    words.extend(schema.get("const").and_then(Value::as_str));
    for option in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        words.extend(allowed_values(option));
    }
    words
}

/// A scalar for a schema that allows anything: text stays text, its type is decided by whoever knows it.
fn untyped(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar { .. } if node.is_null() => Value::Null,
        Kind::Scalar { text, .. } => Value::String(text.clone()),
        Kind::Sequence(items) => Value::Array(items.iter().map(untyped).collect()),
        Kind::Mapping(entries) => Value::Object(entries.iter().map(|e| (e.key.clone(), untyped(&e.value))).collect()),
    }
}

/// Tells whether a character leaves a mark or room on paper; a text of others only would print nothing.
fn is_visible(character: char) -> bool {
    let ignorable = matches!(
        u32::from(character),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164
            | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0xe0000..=0xe0fff
    );
    !(character.is_whitespace() || character.is_control() || ignorable)
}

/// Reads one spelling of a number: an optional minus, digits without leading zero, and for decimals a fraction.
pub fn parse_number(text: &str, whole: bool) -> Option<serde_json::Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (integer, fraction) = digits.split_once('.').map_or((digits, None), |(i, f)| (i, Some(f)));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(integer)
        || (integer.len() > 1 && integer.starts_with('0'))
        || fraction.is_some_and(|f| whole || !all_digits(f))
        || (text.starts_with('-') && digits.bytes().all(|b| matches!(b, b'0' | b'.')))
    {
        return None;
    }
    match fraction {
        None => text.parse::<i64>().ok().map(Into::into),
        Some(_) => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64),
    }
}

/// The few text forms that our schemas use; each has one reader instead of a regular expression engine.
enum Form {
    /// `^[a-z0-9]+(-[a-z0-9]+)*$`: an id that is also a file name.
    Slug,
    /// `^[A-Z]{2}$`: an ISO 3166-1 country code.
    Country,
    /// `^[A-Z]{3}$`: an ISO 4217 currency code.
    Currency,
    /// `^[^@\s]+@[^@\s]+$`: something that can be an e-mail address.
    Email,
    /// `^#[0-9a-f]{6}$`: a colour.
    Colour,
    /// `^[0-9a-f]{64}$`: a SHA-256 digest.
    Sha256,
    /// Anything else is accepted.
    Free,
}

impl Form {
    fn of(pattern: &str) -> Self {
        match pattern {
            SLUG => Self::Slug,
            COUNTRY => Self::Country,
            CURRENCY => Self::Currency,
            EMAIL => Self::Email,
            COLOUR => Self::Colour,
            SHA256 => Self::Sha256,
            _ => Self::Free,
        }
    }

    fn help(&self) -> &'static str {
        match self {
            Self::Slug => "lower-case letters, digits and single hyphens, for example `customer-records`",
            Self::Country => "an ISO 3166-1 country code in capitals, for example `IE`",
            Self::Currency => "an ISO 4217 code in capitals, for example `EUR`",
            Self::Email => "an e-mail address, for example `security@supplier.example`",
            Self::Colour => "`#` and six hexadecimal digits in lower case, for example `#1f3a5f`",
            Self::Sha256 => "64 lower-case hexadecimal digits, as `sha256sum` prints them",
            Self::Free => "see the schema: `countersign schema`",
        }
    }

    fn accepts(&self, text: &str) -> bool {
        let upper = |n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_uppercase());
        match self {
            Self::Slug => {
                !text.is_empty() && text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
            }
            Self::Country => upper(2),
            Self::Currency => upper(3),
            Self::Email => {
                let mut sides = text.split('@');
                let filled = |s: Option<&str>| s.is_some_and(|s| !s.is_empty() && !s.contains(char::is_whitespace));
                filled(sides.next()) && filled(sides.next()) && sides.next().is_none()
            }
            Self::Colour => text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
            Self::Sha256 => Digest::parse(text).is_some(),
            Self::Free => true,
        }
    }
}

/// Tells whether a text is an id that is also a file name.
pub fn is_slug(text: &str) -> bool {
    Form::Slug.accepts(text)
}

/// Pattern of an id that is also a file name.
pub const SLUG: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";
/// Pattern of an ISO 3166-1 alpha-2 country code.
pub const COUNTRY: &str = "^[A-Z]{2}$";
/// Pattern of an ISO 4217 currency code.
pub const CURRENCY: &str = "^[A-Z]{3}$";
/// Pattern of something that can be an e-mail address.
pub const EMAIL: &str = "^[^@\\s]+@[^@\\s]+$";
/// Pattern of a SHA-256 digest.
pub const SHA256: &str = "^[0-9a-f]{64}$";
/// Pattern of a colour, `#` and six lower-case hexadecimal digits.
pub const COLOUR: &str = "^#[0-9a-f]{6}$";

/// The first line of a group of keys, so that a caret for a missing key does not cover the whole file.
fn first_line(node: &Node) -> Place {
    match &node.kind {
        Kind::Mapping(entries) => entries.first().map_or_else(|| node.place.clone(), |e| e.key_place.clone()),
        _ => node.place.clone(),
    }
}

/// At most forty characters of a text, for messages.
fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > 40 {
        short.push('…');
    }
    short
}
