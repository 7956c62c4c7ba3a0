//! References: whatever clause is chosen, what it refers to is in the pack; so for every row of key terms.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Place;
use crate::contract::clause::Clause;
use crate::contract::library::references;
use crate::contract::proof::prover::{Prover, Role, ids};
use crate::text::document::Block;
use crate::text::markdown;

/// Who refers to something: the letter of being there, and where.
struct Referrer<'a> {
    what: String,
    place: Place,
    present: Lit,
    document: &'a str,
    /// Whether its document is sent alone: it is signed before the assessment.
    is_alone: bool,
}

/// A case in which a reference leads nowhere: what must hold, and the clauses that keep it from being so.
type Case<'a> = (Vec<Lit>, Vec<&'a str>);

impl<'a> Prover<'a> {
    /// Whatever clause is chosen, what it refers to is in the pack.
    pub(super) fn references(&mut self) {
        let library = self.library;
        let items: BTreeMap<&str, BTreeSet<String>> = library.clauses.values().map(|clause| (clause.front.id.as_str(), items(clause))).collect();
        let is_alone = |outline: &str| library.outlines.get(outline).is_some_and(|written| written.value.tier.is_some());
        for at in 0..self.positions.len() {
            let (document, outline) = (self.positions[at].document, self.positions[at].outline);
            for (clause, present) in self.positions[at].variants.clone() {
                for (target, range) in references(clause.body()) {
                    let (what, place) = (format!("`{}`", clause.front.id), clause.body_place(range));
                    self.reference(&target, &Referrer { what, place, present, document, is_alone: is_alone(outline) }, &items);
                }
            }
        }
        for (kind, present) in self.model.documents() {
            let (Some(written), Some(rules)) = (library.outlines.get(kind), library.rules.get(kind)) else { continue };
            for (at, (row, when)) in written.value.key_terms.iter().zip(&rules.key_terms).enumerate() {
                let Some(target) = &row.r#ref else { continue };
                let when = self.model.letter(when);
                let (what, place) = (format!("the key term `{}`", row.label), written.node.place_of(&format!("key_terms[{at}].ref")));
                let present = self.model.sat.and(&[present, when]);
                self.reference(&format!("ref:{target}"), &Referrer { what, place, present, document: kind, is_alone: is_alone(kind) }, &items);
            }
        }
    }

    fn reference(&mut self, target: &str, from: &Referrer<'_>, items: &BTreeMap<&str, BTreeSet<String>>) {
        let cases: Vec<Case<'a>> = match target.split_once(':') {
            Some(("doc", kind)) if self.library.outlines.get(kind).is_some_and(|outline| outline.value.policy) => return,
            Some(("doc", kind)) => vec![(vec![!self.model.holds(&format!("docs.{kind}"))], Vec::new())],
            Some(("ref", rest)) => self.dangling(rest, from.document, from.is_alone, items),
            _ => return,
        };
        for (mut all, needs) in cases {
            all.push(from.present);
            let is_told = self.ask(all, needs, || {
                let message = format!("for some profile `{target}` is not in the pack, and {} refers to it", from.what);
                Diagnostic::error("dangling-reference", message)
                    .at(&from.place)
                    .help("make the reference part of a variant that is chosen only together with its target")
            });
            if is_told {
                break;
            }
        }
    }

    /// The cases in which a reference leads nowhere.
    fn dangling(&self, rest: &str, document: &str, is_alone: bool, items: &BTreeMap<&str, BTreeSet<String>>) -> Vec<Case<'a>> {
        let (slot, item) = rest.split_once('#').map_or((rest, None), |(slot, item)| (slot, Some(item)));
        let mut filled: Vec<(bool, &'a Clause, Lit)> = Vec::new();
        for position in &self.positions {
            let is_it = position.role == Role::Text && (position.slot == slot || (position.outline == slot && position.outline != position.document));
            if is_it && (!is_alone || position.document == document) {
                filled.extend(position.variants.iter().map(|(clause, chosen)| (position.document == document, *clause, *chosen)));
            }
        }
        let all: Vec<(&Clause, Lit)> = filled.iter().map(|(_, clause, chosen)| (*clause, *chosen)).collect();
        let mut cases = vec![(all.iter().map(|(_, chosen)| !*chosen).collect::<Vec<Lit>>(), ids(&all))];
        if let Some(item) = item {
            // The nearest one counts: where one stands in the same document, those of others are not looked at.
            let own: Vec<(&Clause, Lit)> = filled.iter().filter(|(is_own, ..)| *is_own).map(|(_, clause, chosen)| (*clause, *chosen)).collect();
            for (is_own, clause, chosen) in &filled {
                if items.get(clause.front.id.as_str()).is_none_or(|all| !all.contains(item)) {
                    let nearer: &[(&Clause, Lit)] = if *is_own { &[] } else { &own };
                    cases.push((nearer.iter().map(|(_, own)| !*own).chain([*chosen]).collect(), ids(nearer)));
                }
            }
        }
        cases
    }
}

/// Anchors of the items of a clause that have a title.
fn items(clause: &Clause) -> BTreeSet<String> {
    fn deep(blocks: &[Block], out: &mut BTreeSet<String>) {
        for block in blocks {
            match block {
                Block::Item { anchor, children, .. } => {
                    if !anchor.is_empty() {
                        out.insert(anchor.clone());
                    }
                    deep(children, out);
                }
                Block::Bullets { items } => items.iter().for_each(|item| deep(item, out)),
                _ => {}
            }
        }
    }
    let mut out = BTreeSet::new();
    deep(&markdown::blocks(clause.body()).0, &mut out);
    out
}
