//! Clauses: one Markdown file with YAML front matter each.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::decode::decode_with;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::node::{self, Node};
use crate::base::source::{Place, Source, find_word};
use crate::rule::condition::Condition;
use crate::rule::vocabulary::Vocabulary;
use crate::text::hygiene;
use crate::text::letters::unreadable;
use crate::text::markdown;
use crate::text::template::{self, Shape, Usage};

/// Front matter of a clause.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// Slot id, then the variant if there is one; never reused.
    pub id: String,
    /// Three numbers; text that changes raises it.
    pub version: String,
    /// Printed after the number and in every reference.
    pub title: String,
    /// The place in the outline it fills.
    pub slot: String,
    /// A condition over facts; absent means always.
    pub when: Option<String>,
    /// Every parameter that the text names.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// Requirements that this text satisfies.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Slots or clauses that must be in the pack with it.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Slots or clauses that must not be in the pack with it.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// What it obliges whom to do.
    #[serde(default)]
    pub obligations: Vec<Obligation>,
    /// Figures in the text that law fixes, as they are written: no parameter, because nobody may change them.
    #[serde(default)]
    pub literals: Vec<String>,
    /// Whether it is a form with rules to write on.
    #[serde(default)]
    pub form: bool,
}

/// What a clause obliges whom to do by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// Id within the clause.
    pub id: String,
    /// Who owes it.
    pub who: Obligor,
    /// What is owed.
    pub what: String,
    /// What starts it.
    pub trigger: String,
    /// A parameter, or plain words.
    pub deadline: String,
}

/// Who owes an obligation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Obligor {
    /// The supplier.
    Supplier,
    /// Our entity.
    Customer,
    /// Both.
    Both,
}

/// A clause of the library, checked.
#[derive(Debug, Clone)]
pub struct Clause {
    /// Its path inside the library.
    pub key: String,
    /// Its front matter.
    pub front: Front,
    /// When it is chosen.
    pub when: Condition,
    /// Where its condition is written; its id where it has none.
    pub when_place: Place,
    /// Its file.
    pub source: Arc<Source>,
    /// Byte offset of the body in the file.
    pub body_offset: usize,
    /// What its text uses.
    pub usage: Usage,
    /// The tree of the front matter.
    pub node: Node,
}

impl Clause {
    /// Its text below the front matter.
    pub fn body(&self) -> &str {
        &self.source.text[self.body_offset..]
    }

    /// Document or group it belongs to: its folder.
    pub fn group(&self) -> &str {
        self.front.slot.split('.').next().unwrap_or_default()
    }

    /// A place in its body.
    pub fn body_place(&self, range: std::ops::Range<usize>) -> Place {
        Place::new(&self.source, self.body_offset + range.start..self.body_offset + range.end)
    }

    /// The place of its id.
    pub fn place(&self) -> Place {
        self.node.place_of("id")
    }

    /// The place of its version.
    pub fn version_place(&self) -> Place {
        self.node.place_of("version")
    }

    /// SHA-256 of the whole file, front matter included, as text: UTF-8 with LF, without byte order mark.
    pub fn digest(&self) -> Digest {
        Digest::of(self.source.text.as_bytes())
    }

    /// Reads a clause file; `key` is its path inside the library, which its id repeats.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when there is no front matter or it does not decode; every other fault is reported and
    /// the clause is still returned, so that all faults of all files come in one run.
    pub fn read(key: &str, source: &Arc<Source>, schema: &Value, vocabulary: &Vocabulary, shape: &Shape, report: &mut Report) -> Option<Self> {
        let Some((front_range, body_offset)) = front_matter(&source.text) else {
            let help = "a clause begins with `---`, its front matter, and `---`";
            report.push(Diagnostic::error("front-matter", "the clause has no front matter").at(&Place::start_of(source)).help(help));
            return None;
        };
        let node = node::parse_within(source, front_range, report)?;
        let front: Front = decode_with(schema, &node, report)?;
        let when_place = node.place_of(if front.when.is_some() { "when" } else { "id" });
        let when = match &front.when {
            Some(text) => Condition::parse(text, vocabulary, &when_place, report)?,
            None => Condition::Constant(true),
        };
        let clause = Self { key: key.to_owned(), front, when, when_place, source: Arc::clone(source), body_offset, usage: Usage::default(), node };
        Some(clause.checked(key, shape, report))
    }

    fn checked(mut self, key: &str, shape: &Shape, report: &mut Report) -> Self {
        self.check_names(key, report);
        let (usage, mut faults) = template::check(self.body(), shape);
        faults.extend(markdown::blocks(&template::mask(self.body())).1.into_iter().filter(|f| f.code != "empty-cell"));
        hygiene::check(&self.node, report);
        for fault in unreadable(self.body()) {
            let place = self.body_place(fault.at..fault.at + fault.character.len_utf8());
            report.push(Diagnostic::error("unreadable-text", fault.to_string()).at(&place).help(hygiene::ANEW));
        }
        for fault in faults {
            let mut diagnostic = Diagnostic::error(fault.code, fault.message).at(&self.body_place(fault.range));
            diagnostic.help = fault.help;
            report.push(diagnostic);
        }
        if usage.blank && !self.front.form {
            let at = find_word(self.body(), "blank").unwrap_or_default();
            let place = self.body_place(at..at + "blank".len());
            report.push(Diagnostic::error("template", "`blank` is allowed only in a form").at(&place).help("set `form: true`, or fill the value"));
        }
        for name in usage.parameters.iter().filter(|p| !self.front.parameters.contains(p)) {
            let at = find_word(self.body(), &format!("p.{name}")).or_else(|| find_word(self.body(), &format!("n.{name}"))).unwrap_or_default();
            let message = format!("the text uses the parameter `{name}`, the front matter does not declare it");
            report.push(
                Diagnostic::error("undeclared-parameter", message)
                    .at(&self.body_place(at + 2..at + 2 + name.len()))
                    .help(format!("add `{name}` to `parameters`")),
            );
        }
        for (at, name) in self.front.parameters.iter().enumerate().filter(|(_, p)| !usage.parameters.contains(*p)) {
            let message = format!("the parameter `{name}` is declared but the text does not use it");
            report.push(Diagnostic::error("unused-parameter", message).at(&self.node.place_of(&format!("parameters[{at}]"))).help("remove it, or use it"));
        }
        self.usage = usage;
        self
    }

    fn check_names(&self, key: &str, report: &mut Report) {
        let expected = clause_id(key);
        if self.front.id != expected {
            let message = format!("the id `{}` does not match the file name", self.front.id);
            report.push(Diagnostic::error("clause-name", message).at(&self.place()).help(format!("write `id: {expected}`, or rename the file")));
        }
        if !self.front.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_')) {
            let help = "lower-case letters, digits, `-`, `_`, and dots between them";
            report.push(Diagnostic::error("clause-name", format!("`{}` is no id of a clause", self.front.id)).at(&self.place()).help(help));
        }
        let belongs = self.front.id == self.front.slot || self.front.id.strip_prefix(&self.front.slot).is_some_and(|rest| rest.starts_with('.'));
        if !belongs {
            let message = format!("the id `{}` does not begin with its slot `{}`", self.front.id, self.front.slot);
            report.push(Diagnostic::error("clause-name", message).at(&self.node.place_of("slot")).help("id = slot, then a dot and the variant"));
        }
        check_version(&self.front.version, &self.node, report);
    }
}

/// Reports a version that is not three numbers.
pub(super) fn check_version(version: &str, node: &Node, report: &mut Report) {
    let numbers = version.split('.').collect::<Vec<_>>();
    if numbers.len() != 3 || !numbers.iter().all(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit())) {
        report.push(Diagnostic::error("bad-form", "a version is three numbers").at(&node.place_of("version")).help("for example `1.0.0`"));
    }
}

/// Folder of the policies inside the library.
pub(super) const POLICIES: &str = "policies/";

/// The id that a clause file has by its path inside the library; the folder of the policies is no part of it.
pub fn clause_id(key: &str) -> String {
    key.strip_prefix(POLICIES).unwrap_or(key).trim_end_matches(".md").replace('/', ".")
}

/// Byte range of the front matter and offset of the body.
fn front_matter(text: &str) -> Option<(std::ops::Range<usize>, usize)> {
    let rest = text.strip_prefix("---\n")?;
    let end = rest.find("\n---\n")?;
    Some((4..4 + end + 1, 4 + end + 5))
}
