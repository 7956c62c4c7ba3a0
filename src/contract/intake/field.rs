//! Fields of a profile: their paths, read off the schema that reads profiles.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::contract::profile::Profile;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A key.
    Key(String),
    /// An entry by its place, from 0.
    Entry(usize),
    /// An entry by its role, a contact for the most part.
    Role(String),
    /// Any entry, as in the list of all fields.
    Any,
}

/// The path of a field: `contacts[security].email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// Reads a path; `None` for what is none.
    ///
    /// ```
    /// use countersign::contract::intake::{Path, Step};
    /// let path = Path::parse("contacts[security].email").unwrap();
    /// assert_eq!(path.0[1], Step::Role("security".into()));
    /// assert!(Path::parse("identity..name").is_none() && Path::parse("lines[").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (key, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
            let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            is_word(key).then(|| steps.push(Step::Key(key.to_owned())))?;
            while !rest.is_empty() {
                let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
                steps.push(match inner.parse() {
                    _ if inner.is_empty() => Step::Any,
                    // More entries than anybody lists by column.
                    Ok(at) if at < 100 => Step::Entry(at),
                    Ok(_) => return None,
                    Err(_) if is_word(inner) => Step::Role(inner.to_owned()),
                    Err(_) => return None,
                });
                rest = after;
            }
        }
        Some(Self(steps))
    }

    /// The first list that the path goes into by a place, and that place.
    pub(super) fn entry(&self) -> Option<(&[Step], usize)> {
        self.0.iter().enumerate().find_map(|(step, found)| match found {
            Step::Entry(at) => Some((&self.0[..step], *at)),
            _ => None,
        })
    }

    /// The lists that the path goes into, with the step that it takes there.
    pub(super) fn lists(&self) -> impl Iterator<Item = (String, &Step)> {
        let is_into = |step: &Step| !matches!(step, Step::Key(_));
        self.0.iter().enumerate().filter(move |(_, step)| is_into(step)).map(|(at, step)| (Self(self.0[..at].to_vec()).general(), step))
    }

    /// The path with every entry as any entry.
    pub(super) fn general(&self) -> String {
        let mut out = String::new();
        for step in &self.0 {
            match step {
                Step::Key(key) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(key);
                }
                _ => out.push_str("[]"),
            }
        }
        out
    }
}

/// Every field of a profile with its schema type.
#[derive(Debug)]
pub struct Fields(BTreeMap<String, Field>);

/// What is known of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    is_list: bool,
    is_text: bool,
    /// Its group needs it.
    is_needed: bool,
    /// Its place among all, in the order of the schema.
    rank: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self::new()
    }
}

impl Fields {
    /// Reads them off the schema.
    pub fn new() -> Self {
        let root = schemars::schema_for!(Profile).to_value();
        let mut out = BTreeMap::new();
        collect(&root, &root, "", true, &mut out);
        Self(out)
    }

    /// Whether a profile has the field; roles are of entries that have one.
    pub fn knows(&self, path: &Path) -> bool {
        let has_role = |at: usize| self.0.contains_key(&format!("{}[].role", Path(path.0[..at].to_vec()).general()));
        let roles = path.0.iter().enumerate().all(|(at, step)| !matches!(step, Step::Role(_)) || has_role(at));
        roles && self.0.contains_key(&path.general())
    }

    /// Whether the field is a list.
    pub fn is_list(&self, path: &Path) -> bool {
        self.0.get(&path.general()).is_some_and(|field| field.is_list)
    }

    /// Whether the field holds text that could be taken for something else; numbers, booleans and dates cannot.
    pub fn is_text(&self, path: &str) -> bool {
        self.0.get(path).is_none_or(|field| field.is_text)
    }

    /// Whether the group of the field cannot be without it.
    pub fn is_needed(&self, path: &Path) -> bool {
        self.0.get(&path.general()).is_some_and(|field| field.is_needed)
    }

    /// The place of a field among all, in the order in which profiles are written.
    pub fn rank(&self, path: &str) -> usize {
        self.0.get(path).map_or(usize::MAX, |field| field.rank)
    }

    /// The fields of the entries of a list, or all fields, for suggestions.
    pub fn names(&self, list: &str) -> Vec<String> {
        let prefix = if list.is_empty() { String::new() } else { format!("{list}[].") };
        self.0.keys().filter_map(|path| path.strip_prefix(&prefix)).map(str::to_owned).collect()
    }
}

fn collect(root: &Value, schema: &Value, path: &str, is_needed: bool, out: &mut BTreeMap<String, Field>) {
    let mut schema = schema;
    while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let Some(found) = target.strip_prefix("#/$defs/").and_then(|name| root.get("$defs")?.get(name)) else { return };
        schema = found;
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        // An alternative that is a group has more fields than one that is a word.
        options.iter().for_each(|option| collect(root, option, path, is_needed, out));
        return;
    }
    let has_type = |name: &str| schema.get("type").is_some_and(|found| found == name || found.as_array().is_some_and(|all| all.iter().any(|one| one == name)));
    if has_type("null") && !["array", "object", "string", "integer", "number", "boolean"].iter().any(|name| has_type(name)) {
        return;
    }
    let is_list = has_type("array");
    // A date needs no quotes, and nobody takes it for anything else here.
    let is_date = schema.get("format").is_some_and(|format| format == "date");
    let is_text = !(is_date || is_list || has_type("object") || has_type("integer") || has_type("number") || has_type("boolean"));
    if !path.is_empty() {
        let rank = out.len();
        let field = out.entry(path.to_owned()).or_insert(Field { is_list, is_text, is_needed, rank });
        field.is_list |= is_list;
    }
    if is_list && let Some(items) = schema.get("items") {
        collect(root, items, &format!("{path}[]"), true, out);
    }
    let needed: Vec<&str> = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect(root, inner, &path, needed.contains(&key.as_str()), out);
    }
}
