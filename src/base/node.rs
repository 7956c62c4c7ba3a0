//! YAML as a tree of nodes, each with its place. The one home of the YAML reader.
//!
//! Scalars stay text until the decoder knows the type: `012` is not twelve, `off` is not false. Refused here:
//! duplicate keys, anchors and aliases (a bomb in four lines), tags, several documents, deep nesting.

use std::sync::Arc;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::{Place, Source};

/// Deepest nesting accepted; the deepest file kind of ours has seven levels.
const MAX_DEPTH: usize = 32;

/// One node of a YAML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands; for a mapping or sequence, where it begins.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text that is not typed yet.
    Scalar {
        /// The text after quotes and escapes.
        text: String,
        /// Plain, that is written without quotes; only a plain scalar can be a number, a boolean or null.
        plain: bool,
    },
    /// An ordered list.
    Sequence(Vec<Node>),
    /// Keys and values in file order; keys are unique.
    Mapping(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Tells whether this is a plain empty scalar, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Mapping(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.value),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The place of a dotted path such as `access.systems[0].level`, or of its longest existing prefix.
    ///
    /// A mapping entry is shown at its value for scalars and at its key otherwise. A key may hold dots itself (`facts.esign.used`):
    /// the longest key that fits is taken.
    pub fn place_of(&self, path: &str) -> Place {
        let mut node = self;
        let mut place = self.place.clone();
        let mut rest = path;
        while !rest.is_empty() {
            let next = match &node.kind {
                Kind::Mapping(entries) => {
                    let fits = |key: &str| rest.strip_prefix(key).is_some_and(|tail| tail.is_empty() || tail.starts_with(['.', '[']));
                    entries.iter().filter(|e| fits(&e.key)).max_by_key(|e| e.key.len()).map(|entry| {
                        let scalar = matches!(entry.value.kind, Kind::Scalar { .. }) && !entry.value.is_null();
                        (&entry.value, if scalar { entry.value.place.clone() } else { entry.key_place.clone() }, &rest[entry.key.len()..])
                    })
                }
                Kind::Sequence(items) => rest.strip_prefix('[').and_then(|r| r.split_once(']')).and_then(|(at, tail)| {
                    let item = items.get(at.parse::<usize>().ok()?)?;
                    Some((item, item.place.clone(), tail))
                }),
                Kind::Scalar { .. } => None,
            };
            let Some((found, at, tail)) = next else { break };
            node = found;
            place = at;
            rest = tail.strip_prefix('.').unwrap_or(tail);
        }
        place
    }

    /// The place of a path in the file of this node, where something is to be added; the beginning of the file when only a base has the path.
    pub fn place_to_add(&self, path: &str) -> Place {
        let place = self.place_of(path);
        if place.source == self.place.source { place } else { self.place.clone() }
    }

    /// Every scalar by path (`identity.legal_name`, `data[0].people`); an empty list or mapping counts as one, written `[]` or `{}`.
    pub fn scalars(&self) -> std::collections::BTreeMap<String, String> {
        fn deep(node: &Node, path: &str, out: &mut std::collections::BTreeMap<String, String>) {
            match &node.kind {
                Kind::Scalar { text, .. } => drop(out.insert(path.to_owned(), text.clone())),
                Kind::Sequence(items) if items.is_empty() => drop(out.insert(path.to_owned(), "[]".to_owned())),
                Kind::Mapping(entries) if entries.is_empty() => drop(out.insert(path.to_owned(), "{}".to_owned())),
                Kind::Sequence(items) => items.iter().enumerate().for_each(|(at, item)| deep(item, &format!("{path}[{at}]"), out)),
                Kind::Mapping(entries) => {
                    for entry in entries {
                        let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                        deep(&entry.value, &path, out);
                    }
                }
            }
        }
        let mut out = std::collections::BTreeMap::new();
        deep(self, "", &mut out);
        out
    }

    /// Lays `self` over `base`: mappings are merged key by key, anything else of `self` replaces what `base` has.
    #[must_use]
    pub fn over(self, base: &Node) -> Node {
        let Kind::Mapping(base_entries) = &base.kind else { return self };
        let Node { place, kind: Kind::Mapping(mut entries) } = self else { return self };
        for entry in &mut entries {
            if let Some(below) = base_entries.iter().find(|e| e.key == entry.key) {
                let value = entry.value.clone();
                entry.value = value.over(&below.value);
            }
        }
        for below in base_entries {
            if !entries.iter().any(|e| e.key == below.key) {
                entries.push(below.clone());
            }
        }
        Node { place, kind: Kind::Mapping(entries) }
    }
}

/// Parses one YAML document.
///
/// Returns `None` after an `Error` diagnostic when the text is not YAML; a duplicate key, an anchor or a tag is reported and
/// the rest of the tree is still returned, so that all faults of a file come in one run.
///
/// ```
/// use std::sync::Arc;
/// use countersign::base::{diagnostic::Report, node::parse, source::Source};
/// let source = Arc::new(Source { path: "a.yaml".into(), text: "a: 1\na: 2\n".into() });
/// let mut report = Report::default();
/// parse(&source, &mut report);
/// assert_eq!(report.sorted()[0].code, "duplicate-key");
/// ```
pub fn parse(source: &Arc<Source>, report: &mut Report) -> Option<Node> {
    parse_within(source, 0..source.text.len(), report)
}

/// Parses the YAML document that stands in a part of a source, for example the front matter of a clause.
pub fn parse_within(source: &Arc<Source>, range: std::ops::Range<usize>, report: &mut Report) -> Option<Node> {
    let text = &source.text[range.clone()];
    let mut builder = Builder { source, offset: range.start, text, report, events: Parser::new_from_str(text), failed: false };
    let node = builder.document();
    if builder.failed { None } else { node }
}

struct Builder<'a, I> {
    source: &'a Arc<Source>,
    offset: usize,
    text: &'a str,
    report: &'a mut Report,
    events: I,
    failed: bool,
}

impl<'a, I, E> Builder<'a, I>
where
    I: Iterator<Item = Result<(Event<'a>, Span), E>>,
    E: std::fmt::Display + Marked,
{
    fn place(&self, span: &Span) -> Place {
        let byte = |marker: &serde_yaml::granit_parser::Marker| match marker.byte_offset() {
            Some(at) => at,
            None => self.text.char_indices().nth(marker.index()).map_or(self.text.len(), |(at, _)| at),
        };
        Place::new(self.source, self.offset + byte(&span.start)..self.offset + byte(&span.end))
    }

    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        loop {
            match self.events.next()? {
                Ok((Event::Comment(..), _)) => {}
                Ok(event) => return Some(event),
                Err(error) => {
                    if !self.failed {
                        let at = self.text.char_indices().nth(error.index()).map_or(self.text.len(), |(at, _)| at);
                        let place = Place::new(self.source, self.offset + at..self.offset + at + 1);
                        let message = format!("this is not valid YAML: {}", error.reason());
                        let help = "check indentation, quotes and colons on this line and the one before";
                        self.report.push(Diagnostic::error("yaml", message).at(&place).help(help));
                    }
                    self.failed = true;
                    return None;
                }
            }
        }
    }

    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        let mut documents = 0;
        while let Some((event, span)) = self.next() {
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents == 2 {
                        let place = self.place(&span);
                        self.report.push(Diagnostic::error("yaml", "a file holds one document, this is a second").at(&place).help("remove the `---`"));
                        break;
                    }
                }
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                other => root = root.or(self.node(other, span, 0)),
            }
        }
        if root.is_none() && !self.failed {
            let place = Place::new(self.source, self.offset..self.offset + self.text.lines().next().map_or(0, str::len));
            self.report.push(Diagnostic::error("yaml", "the file is empty").at(&place));
        }
        root
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Option<Node> {
        let place = self.place(&span);
        if depth > MAX_DEPTH {
            self.report.push(Diagnostic::error("yaml", format!("nested more than {MAX_DEPTH} levels deep")).at(&place));
            self.failed = true;
            return None;
        }
        let kind = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), &place);
                Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(.., anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), &place);
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (inner, at) => items.push(self.node(inner, at, depth + 1)?),
                    }
                }
                Kind::Sequence(items)
            }
            Event::MappingStart(.., anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), &place);
                Kind::Mapping(self.entries(depth)?)
            }
            Event::Alias(_) => {
                self.refuse_properties(1, false, &place);
                Kind::Scalar { text: "alias".to_owned(), plain: false }
            }
            _ => return None,
        };
        Some(Node { place, kind })
    }

    fn entries(&mut self, depth: usize) -> Option<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::BTreeMap::new();
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Some(entries);
            }
            let key_node = self.node(event, at, depth + 1)?;
            let (inner, at) = self.next()?;
            let value = self.node(inner, at, depth + 1)?;
            let Some(key) = key_node.text().map(str::to_owned) else {
                self.report.push(Diagnostic::error("yaml", "a key must be a word").at(&key_node.place));
                continue;
            };
            if let Some(first) = seen.get(&key) {
                let first: &Place = first;
                self.report.push(
                    Diagnostic::error("duplicate-key", format!("the key `{key}` stands twice"))
                        .at(&key_node.place)
                        .with(first, "first written here")
                        .help("keep one of the two"),
                );
                continue;
            }
            seen.insert(key.clone(), key_node.place.clone());
            entries.push(Entry { key, key_place: key_node.place, value });
        }
    }

    fn refuse_properties(&mut self, anchor: usize, tagged: bool, place: &Place) {
        if anchor != 0 {
            let help = "write the value out; defaults that several profiles share belong into an archetype (`extends:`)";
            self.report.push(Diagnostic::error("yaml-alias", "anchors and aliases are not accepted").at(place).help(help));
        }
        if tagged {
            self.report.push(Diagnostic::error("yaml-tag", "tags (`!…`) are not accepted").at(place).help("remove the tag"));
        }
    }
}

/// What the builder needs to know of a scan error.
trait Marked {
    fn index(&self) -> usize;
    fn reason(&self) -> String;
}

impl Marked for serde_yaml::granit_parser::ScanError {
    fn index(&self) -> usize {
        self.marker().index()
    }

    fn reason(&self) -> String {
        self.info().to_string()
    }
}
