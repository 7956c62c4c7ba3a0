//! One supplier of an export as the tree of a profile.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diagnostic::Report;
use crate::base::node::{Entry, Kind, Node};
use crate::base::source::Place;
use crate::contract::intake::cell::scalar;
use crate::contract::intake::{Fields, Path, Step};

/// One supplier as the export has it.
#[derive(Debug)]
pub struct Draft {
    /// Sheet and number of its row.
    pub place: Place,
    /// Number of its row.
    pub row: usize,
    /// The id that its column or its name gives.
    pub id: Option<String>,
    /// Whether the id was read from a column.
    pub is_id_stated: bool,
    /// What the mapping gives a new profile.
    pub defaults: Node,
    /// What its cells say: field, value.
    pub cells: Vec<(Path, Node)>,
    /// Cells that are mapped and empty.
    pub empty: Vec<(Path, Place)>,
    /// What is wrong with its row, and with rows of other sheets that are its.
    pub report: Report,
}

impl Draft {
    /// The profile: the cells over what is there, or over what the mapping gives a new one.
    pub fn profile(&self, id: &str, existing: Option<&Node>, fields: &Fields) -> Node {
        let mut node = existing.cloned().unwrap_or_else(|| self.defaults.clone());
        if existing.is_none() {
            set(&mut node, &[Step::Key("version".to_owned())], scalar("1".to_owned(), true, &self.place));
            set(&mut node, &[Step::Key("supplier".to_owned())], scalar(id.to_owned(), false, &self.place));
        }
        for (path, value) in self.placed(&mut node) {
            set(&mut node, &path.0, value);
        }
        // A group that a cell opens in a profile that is there begins as it does in a new one.
        if let (Some(existing), Kind::Mapping(entries)) = (existing, &mut node.kind) {
            for entry in entries.iter_mut().filter(|entry| existing.get(&entry.key).is_none()) {
                if let Some(base) = self.defaults.get(&entry.key) {
                    entry.value = entry.value.clone().over(base);
                }
            }
        }
        for (path, place) in self.empty.iter().filter(|(path, _)| fields.is_needed(path)) {
            require(&mut node, &path.0, place);
        }
        node
    }

    /// The cells with the entries that they go into.
    ///
    /// A list has no gaps, so a row with an empty cell between others made a list that is shorter than its columns. Where a list is too short for
    /// the places that the row fills, they are counted without the empty ones; its texts are what the row says then, and nothing else.
    fn placed(&self, node: &mut Node) -> Vec<(Path, Node)> {
        let mut filled: BTreeMap<&[Step], BTreeSet<usize>> = BTreeMap::new();
        for (path, _) in &self.cells {
            if let Some((list, at)) = path.entry() {
                filled.entry(list).or_default().insert(at);
            }
        }
        let mut moved: BTreeMap<&[Step], Vec<usize>> = BTreeMap::new();
        for (list, places) in filled {
            let found = find(node, list);
            let length = found.as_ref().map_or(0, |found| found.len());
            if places.last().is_none_or(|last| *last < length) {
                continue;
            }
            if let Some(items) = found.filter(|items| items.iter().all(|item| item.text().is_some())) {
                items.clear();
            }
            moved.insert(list, places.into_iter().collect());
        }
        let place = |(path, value): &(Path, Node)| {
            let mut path = path.clone();
            if let Some((list, at)) = path.entry()
                && let Some(rank) = moved.get(list).and_then(|places| places.iter().position(|one| *one == at))
            {
                let step = list.len();
                path.0[step] = Step::Entry(rank);
            }
            (path, value.clone())
        };
        self.cells.iter().map(place).collect()
    }
}

/// Brings the keys of a profile into the order of its schema; what the schema does not know stays at the end.
pub fn order(node: &Node, path: &str, fields: &Fields) -> Node {
    let kind = match &node.kind {
        Kind::Mapping(entries) => {
            let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let mut entries: Vec<Entry> =
                entries.iter().map(|entry| Entry { value: order(&entry.value, &inner(&entry.key), fields), ..entry.clone() }).collect();
            entries.sort_by_key(|entry| fields.rank(&inner(&entry.key)));
            Kind::Mapping(entries)
        }
        Kind::Sequence(items) => Kind::Sequence(items.iter().map(|item| order(item, &format!("{path}[]"), fields)).collect()),
        scalar => scalar.clone(),
    };
    Node { place: node.place.clone(), kind }
}

/// The entries of the list at a path of keys.
fn find<'a>(node: &'a mut Node, path: &[Step]) -> Option<&'a mut Vec<Node>> {
    let mut inner = node;
    for step in path {
        inner = match (step, &mut inner.kind) {
            (Step::Key(key), Kind::Mapping(entries)) => entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value)?,
            _ => return None,
        };
    }
    match &mut inner.kind {
        Kind::Sequence(items) => Some(items),
        _ => None,
    }
}

/// Writes a value to a path of a tree, and makes what is missing on the way.
pub(super) fn set(node: &mut Node, path: &[Step], value: Node) {
    let Some((step, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    let place = value.place.clone();
    let empty = |kind: Kind| Node { place: place.clone(), kind };
    match step {
        Step::Key(key) => {
            if !matches!(node.kind, Kind::Mapping(_)) {
                node.kind = Kind::Mapping(Vec::new());
            }
            let Kind::Mapping(entries) = &mut node.kind else { return };
            let at = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
                entries.push(Entry { key: key.clone(), key_place: place.clone(), value: empty(Kind::Mapping(Vec::new())) });
                entries.len() - 1
            });
            set(&mut entries[at].value, rest, value);
        }
        Step::Entry(_) | Step::Role(_) | Step::Any => {
            if !matches!(node.kind, Kind::Sequence(_)) {
                node.kind = Kind::Sequence(Vec::new());
            }
            let Kind::Sequence(items) = &mut node.kind else { return };
            let found = match step {
                Step::Entry(at) => Some(*at).filter(|at| *at < items.len()),
                Step::Role(role) => items.iter().position(|item| item.get("role").and_then(Node::text) == Some(role)),
                _ => None,
            };
            let at = found.unwrap_or_else(|| {
                let entries = match step {
                    Step::Role(role) => vec![Entry { key: "role".to_owned(), key_place: place.clone(), value: scalar(role.clone(), false, &place) }],
                    _ => Vec::new(),
                };
                items.push(empty(Kind::Mapping(entries)));
                items.len() - 1
            });
            set(&mut items[at], rest, value);
        }
    }
}

/// Where a group is there that needs a field, but the cell of the field is empty, an empty value stands for it, so that the fault is shown at the cell.
pub(super) fn require(node: &mut Node, path: &[Step], place: &Place) {
    let Some((last, way)) = path.split_last() else { return };
    let mut inner = node;
    for step in way {
        let next = match (step, &mut inner.kind) {
            (Step::Key(key), Kind::Mapping(entries)) => entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value),
            (Step::Entry(at), Kind::Sequence(items)) => items.get_mut(*at),
            (Step::Role(role), Kind::Sequence(items)) => items.iter_mut().find(|item| item.get("role").and_then(Node::text) == Some(role)),
            _ => None,
        };
        let Some(next) = next else { return };
        inner = next;
    }
    if let (Step::Key(key), Kind::Mapping(entries)) = (last, &mut inner.kind)
        && !entries.iter().any(|entry| entry.key == *key)
    {
        let value = Node { place: place.clone(), kind: Kind::Scalar { text: String::new(), plain: true } };
        entries.push(Entry { key: key.clone(), key_place: place.clone(), value });
    }
}
