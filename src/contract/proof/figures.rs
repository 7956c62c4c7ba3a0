//! Figures: for every tier, every choice of clauses and every law that can meet, the defaults of the library keep the rules between figures, the bounds leave
//! each a value, and a family has one.
//!
//! The values are those of the registry itself, computed once for each combination of what they depend on. What an entity or a negotiation sets instead is
//! judged when a pack is made.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::contract::clause::Clause;
use crate::contract::figures::{self, FigureRule};
use crate::contract::parameter::{INCIDENT_NOTICE, Setting};
use crate::contract::proof::prover::Prover;
use crate::contract::requirement::DeadlineRow;
use crate::contract::risk::Tier;
use crate::contract::values;
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::Facts;
use crate::text::template;

/// Documents whose figures are found together: those of the tier of the pack, or one that is signed before it is known.
struct Group<'a> {
    documents: Vec<&'a str>,
    fixed: Option<Tier>,
    /// When a parameter is printed there.
    printed: BTreeMap<&'a str, Lit>,
}

impl<'a> Prover<'a> {
    /// Rules and families keep; gives how many of them, and how many combinations were computed.
    pub(super) fn figures(&mut self, date: Date) -> (usize, usize) {
        let library = self.library;
        let groups = self.groups();
        self.defaults(&groups);
        let rules = library.figures.iter().map(|rule| (Some(rule), rule.names().map(str::to_owned).collect()));
        let families = library.registry.families.values().map(|family| (None, family.members.iter().cloned().collect()));
        let subjects: Vec<(Option<&FigureRule>, BTreeSet<String>)> = rules.chain(families).collect();
        let (count, mut combinations) = (subjects.len(), 0);
        for (rule, names) in subjects {
            let names = self.depending(names);
            let letters = self.deciding(rule, &names, &groups, date);
            for (all, facts) in self.model.combinations(&letters, &self.whole()) {
                combinations += 1;
                let mut report = Report::default();
                self.compute((rule, &names), &groups, &all, &facts, date, &mut report);
                let Some(fault) = report.iter().find(|diagnostic| diagnostic.severity == Severity::Error).cloned() else { continue };
                let fault = Diagnostic { message: format!("for some profile {}", fault.message), ..fault };
                if self.ask(all, Vec::new(), || fault) {
                    break;
                }
            }
        }
        (count, combinations)
    }

    fn groups(&mut self) -> Vec<Group<'a>> {
        let library = self.library;
        let fixed = |kind: &str| library.outlines.get(kind).and_then(|written| written.value.tier);
        let documents = self.model.documents();
        let mut groups = vec![Group { documents: Vec::new(), fixed: None, printed: BTreeMap::new() }];
        for (kind, _) in &documents {
            match fixed(kind) {
                None => groups[0].documents.push(kind),
                tier => groups.push(Group { documents: vec![kind], fixed: tier, printed: BTreeMap::new() }),
            }
        }
        let shape = values::shape();
        for group in &mut groups {
            let mut printed: BTreeMap<&str, Vec<Lit>> = BTreeMap::new();
            for position in self.positions.iter().filter(|position| group.documents.contains(&position.document)) {
                for (clause, chosen) in &position.variants {
                    clause.front.parameters.iter().for_each(|name| printed.entry(name).or_default().push(*chosen));
                }
            }
            for (kind, present) in documents.iter().filter(|(kind, _)| group.documents.contains(kind)) {
                let rows = library.outlines.get(*kind).into_iter().flat_map(|written| &written.value.key_terms);
                for name in rows.flat_map(|row| template::check(&row.value, &shape).0.parameters) {
                    let known = library.registry.parameters.get_key_value(&name);
                    known.into_iter().for_each(|(name, _)| printed.entry(name).or_default().push(*present));
                }
            }
            group.printed = printed.into_iter().map(|(name, any)| (name, self.model.sat.or(&any))).collect();
        }
        groups
    }

    /// Whatever clause is chosen, its parameters have a default at the tier, if they have one at any.
    fn defaults(&mut self, groups: &[Group<'_>]) {
        let library = self.library;
        let usual = |name: &str, tier: Tier| library.registry.parameters.get(name).is_some_and(|parameter| parameter.default_for(tier).is_some());
        for at in 0..self.positions.len() {
            let position = &self.positions[at];
            if groups.iter().any(|group| group.fixed.is_some() && group.documents.contains(&position.document)) {
                continue;
            }
            let variants: Vec<(&Clause, Lit)> = position.variants.clone();
            for (clause, chosen) in variants {
                for (index, name) in clause.front.parameters.iter().enumerate().filter(|(_, name)| Tier::ALL.iter().any(|tier| usual(name, *tier))) {
                    for tier in Tier::ALL.into_iter().filter(|tier| !usual(name, *tier)) {
                        let letter = self.model.letter(&is_tier(tier));
                        self.ask(vec![chosen, letter], Vec::new(), || {
                            let message = format!("for some profile `{}` prints `{name}`, which has no default for {}", clause.front.id, tier.word());
                            let place = clause.node.place_of(&format!("parameters[{index}]"));
                            Diagnostic::error("unfilled-value", message).at(&place).help("add a default in `parameters.yaml`, or narrow the condition")
                        });
                    }
                }
            }
        }
    }

    /// Parameters on which the figures of some depend: their families, and what a rule holds them to.
    fn depending(&self, names: BTreeSet<String>) -> BTreeSet<String> {
        let registry = &self.library.registry;
        let mut out = BTreeSet::new();
        let mut open: Vec<String> = names.into_iter().collect();
        while let Some(name) = open.pop() {
            open.extend(registry.family_of(&name).into_iter().flat_map(|(_, family)| family.members.clone()));
            let above = self.library.figures.iter().filter(|rule| rule.moves(&name, registry));
            open.extend(above.flat_map(|rule| rule.names().map(str::to_owned)));
            out.insert(name);
            open.retain(|name| !out.contains(name));
        }
        out
    }

    /// The letters on which the figures of some parameters depend.
    fn deciding(&mut self, rule: Option<&FigureRule>, names: &BTreeSet<String>, groups: &[Group<'_>], date: Date) -> Vec<Lit> {
        let library = self.library;
        let gives_way = |rule: &&FigureRule| names.iter().any(|name| rule.moves(name, &library.registry));
        let mut conditions: Vec<Condition> = rule.into_iter().chain(library.figures.iter().filter(gives_way)).map(|rule| rule.when().clone()).collect();
        conditions.extend(Tier::ALL.map(is_tier));
        for parameter in names.iter().filter_map(|name| library.registry.parameters.get(name)) {
            let bounds = [&parameter.bounds.legal_min, &parameter.bounds.legal_max];
            conditions.extend(bounds.into_iter().flatten().map(|bound| {
                let by = bound.by.iter().filter_map(|id| library.requirements.get(id)).filter(|requirement| requirement.is_in_force(date));
                Condition::Any(by.map(|requirement| requirement.condition().clone()).collect())
            }));
        }
        if library.registry.families.get(INCIDENT_NOTICE).is_some_and(|family| family.members.iter().any(|name| names.contains(name))) {
            // Of all deadlines that meet only the shortest counts.
            let rows: Vec<(&DeadlineRow, &Condition)> = library.deadlines.iter().filter_map(|one| Some((&one.row, one.condition(date)?))).collect();
            for hours in [|row: &DeadlineRow| row.supplier_suggested_hours, |row: &DeadlineRow| row.supplier_max_hours] {
                let steps: BTreeSet<i64> = rows.iter().map(|(row, _)| hours(row)).collect();
                let within = |step: i64| rows.iter().filter(move |(row, _)| hours(row) <= step).map(|(_, when)| (*when).clone()).collect();
                conditions.extend(steps.into_iter().map(|step| Condition::Any(within(step))));
            }
        }
        let mut letters: Vec<Lit> = conditions.iter().map(|condition| self.model.letter(condition)).collect();
        letters.extend(groups.iter().flat_map(|group| names.iter().filter_map(|name| group.printed.get(name.as_str()))));
        letters
    }

    /// The figures of one combination, judged as those of a pack are.
    fn compute(
        &self,
        (rule, names): (Option<&FigureRule>, &BTreeSet<String>),
        groups: &[Group<'_>],
        held: &[Lit],
        facts: &Facts,
        date: Date,
        report: &mut Report,
    ) {
        let library = self.library;
        let tier = Tier::ALL.into_iter().find(|tier| is_tier(*tier).evaluate(facts) == Truth::True);
        let mut values = BTreeMap::new();
        for group in groups {
            let Some(tier) = group.fixed.or(tier) else { continue };
            let printed = group.printed.iter().filter(|(name, letter)| names.contains(**name) && held.contains(letter));
            let setting = Setting {
                tier,
                entity: None,
                profile: None,
                facts,
                requirements: &library.requirements,
                deadlines: &library.deadlines,
                date,
                currency: "",
                families: group.fixed.is_none(),
            };
            let mut resolved = library.registry.resolve(&printed.map(|(name, _)| (*name).to_owned()).collect(), &setting, report);
            figures::settle(&library.figures, &mut resolved, facts, &library.registry, "");
            values.extend(resolved);
        }
        let values = values.iter().map(|(name, value)| (name.as_str(), value)).collect();
        figures::check(rule.map_or(&[], std::slice::from_ref), &values, facts, report);
    }
}

/// The condition of being of a tier.
fn is_tier(tier: Tier) -> Condition {
    Condition::Is("tier".to_owned(), tier.word().to_owned())
}
