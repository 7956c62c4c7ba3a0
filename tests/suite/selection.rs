//! Selection depends on facts alone, and fills every slot of every document for every consistent supplier.

use std::collections::{BTreeMap, BTreeSet};

use countersign::base::diagnostic::Report;
use countersign::contract::selection::Selector;
use countersign::rule::condition::Truth;
use countersign::rule::fact::Facts;
use proptest::prelude::*;

use crate::suite::risk::{certificates, consistent_values, credit, model};
use crate::suite::shelf::{facts, library, nowhere, seeded};

/// A slot of a document: outline, slot, whether it must be filled.
type Slot = (String, String, bool);

/// The slots of the documents that these facts ask for, in the order of the outlines.
fn slots(facts: &Facts, documents: &[String]) -> Vec<Slot> {
    let library = library();
    let mut out: Vec<Slot> = Vec::new();
    for kind in library.pack.documents.iter().filter(|d| documents.contains(d)) {
        let outer = &library.outlines[kind].value;
        let present = |inner: &&String| library.rules[*inner].when.evaluate(facts) == Truth::True;
        for outline in std::iter::once(outer).chain(outer.instruments.iter().filter(present).map(|inner| &library.outlines[inner].value)) {
            let specs = outline.front.iter().chain(&outline.clauses).chain(&outline.schedules);
            let required: BTreeSet<&str> = specs.filter(|s| s.required).map(|s| s.slot.as_str()).collect();
            out.extend(outline.slots().into_iter().map(|(slot, path)| (outline.kind.clone(), slot.to_owned(), required.contains(slot) || path == "execution")));
        }
    }
    if let Some(lead) = library.pack.lead.iter().find(|d| documents.contains(d)) {
        out.extend(library.pack.lead_schedules.iter().map(|s| (lead.clone(), s.slot.clone(), s.required)));
    }
    out
}

/// What fills each slot, which facts were missed, and what was reported.
type Outcome = (BTreeMap<(String, String), Option<String>>, BTreeMap<String, BTreeSet<String>>, BTreeSet<String>);

fn select(facts: &Facts, slots: &[Slot]) -> Outcome {
    let mut selector = Selector::new(library(), facts);
    let mut report = Report::default();
    let mut chosen = BTreeMap::new();
    for (document, slot, required) in slots {
        let clause = selector.select(document, slot, *required, &nowhere(), &mut report);
        chosen.insert((document.clone(), slot.clone()), clause.map(str::to_owned));
    }
    selector.check_relations(&mut report);
    let said = report.iter().map(|d| format!("{}: {}", d.code, d.message)).collect();
    (chosen, selector.missing, said)
}

proptest! {
    #![proptest_config(seeded(96))]

    #[test]
    fn every_consistent_supplier_gets_one_clause_for_every_required_slot(values in consistent_values(), standards in certificates()) {
        let mut facts = facts(&values);
        let assessment = model().assess(&mut facts, credit(&standards)).unwrap();
        let slots = slots(&facts, &assessment.documents);
        let (chosen, missing, said) = select(&facts, &slots);
        prop_assert_eq!(said, BTreeSet::new());
        prop_assert_eq!(missing, BTreeMap::new(), "complete facts leave nothing open");
        prop_assert!(slots.iter().all(|(document, slot, required)| !required || chosen[&(document.clone(), slot.clone())].is_some()));
    }

    #[test]
    fn order_of_slots_does_not_matter(values in consistent_values(), known in any::<u128>(), order in prop::collection::vec(any::<u32>(), 400)) {
        let mut whole = facts(&values);
        let documents = model().assess(&mut whole, credit(&[])).unwrap().documents;
        // Some facts are taken away, so that selection has something to miss.
        for (_, name) in values.keys().enumerate().filter(|(at, _)| known >> at & 15 == 0) {
            whole.clear(name);
        }
        let slots = slots(&whole, &documents);
        prop_assert!(slots.len() <= order.len());
        let mut shuffled: Vec<(u32, Slot)> = order.into_iter().zip(slots.iter().cloned()).collect();
        shuffled.sort();
        let shuffled: Vec<Slot> = shuffled.into_iter().map(|(_, slot)| slot).collect();
        prop_assert_eq!(select(&whole, &slots), select(&whole, &shuffled));
    }

    #[test]
    fn clause_chosen_from_some_facts_stays_chosen_when_all_are_known(values in consistent_values(), known in any::<u128>()) {
        let mut whole = facts(&values);
        let documents = model().assess(&mut whole, credit(&[])).unwrap().documents;
        let slots = slots(&whole, &documents);
        let mut partial = whole.clone();
        for (_, name) in values.keys().enumerate().filter(|(at, _)| known >> at & 3 == 0) {
            partial.clear(name);
        }
        let (all, ..) = select(&whole, &slots);
        let (some, missing, _) = select(&partial, &slots);
        for (slot, clause) in some.iter().filter(|(_, clause)| clause.is_some()) {
            prop_assert_eq!(clause, &all[slot], "{:?}", slot);
        }
        prop_assert!(missing.keys().all(|fact| partial.get(fact).is_none()));
    }
}
