//! The plan of a pack: which documents are assembled, which clauses fill them, and which inputs that depends on.

use std::collections::BTreeSet;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::base::node;
use crate::base::suggest;
use crate::contract::derive::Written;
use crate::contract::outline::Outline;
use crate::contract::selection::{Selection, Selector};
use crate::pack::compile::{Assessed, Compiler, Request};
use crate::pack::inputs::WORKSPACE;
use crate::render::certificate::CERTIFICATE_TEMPLATE;
use crate::rule::condition::Truth;
use crate::rule::fact::Facts;
use crate::text::template;

/// Which documents are made.
pub(super) struct Plan {
    /// All documents that references may lead to.
    pub(super) assembled: Vec<String>,
    /// Those that are laid out.
    pub(super) issued: Vec<String>,
    /// The one that carries the lead schedules.
    pub(super) lead: Option<String>,
}

impl Compiler {
    /// Decides which documents are assembled and which of them are issued.
    pub(super) fn plan(&self, assessed: &Assessed, request: &Request, date: Date, report: &mut Report) -> Option<Plan> {
        let kinds: Vec<&str> = self.library.contracts().map(|(kind, _)| kind).collect();
        let mut unknown = request.documents.iter().filter(|k| !kinds.contains(&k.as_str())).peekable();
        if unknown.peek().is_some() {
            for kind in unknown {
                let help = suggest::help(kind, kinds.iter().copied());
                report.push(Diagnostic::error("unknown-document", format!("there is no document `{kind}`")).help(help));
            }
            return None;
        }
        if self.is_before_assessment(&request.documents) {
            // Signed before any questionnaire: neither the assessment nor a hold has a say.
            return Some(Plan { assembled: request.documents.clone(), issued: request.documents.clone(), lead: None });
        }
        let assessment = match &assessed.assessment {
            Ok(assessment) => assessment,
            Err(missing) => {
                self.report_missing(&assessed.supplier, missing.iter().map(|f| (f, "the assessment".to_owned())), report);
                return None;
            }
        };
        if !request.draft {
            self.report_holds(assessed, date, Severity::Error, report);
        }
        let mut assembled: Vec<String> = self.library.pack.documents.iter().filter(|d| assessment.documents.contains(d)).cloned().collect();
        let lead = self.library.pack.lead.iter().find(|d| assembled.contains(d)).cloned();
        for kind in &request.documents {
            let instrument = self.library.outlines.get(kind).is_some_and(|o| o.value.inside.is_some());
            let present = if instrument { self.is_present(kind, &assessed.facts) && assembled.contains(&"dpa".to_owned()) } else { assembled.contains(kind) };
            if !present {
                let message = format!("the pack of `{}` has no document `{kind}`", assessed.supplier.profile.value.supplier);
                let help = format!("its documents are {}", assembled.join(", "));
                report.push(Diagnostic::error("document-not-in-pack", message).help(help));
                return None;
            }
        }
        let issued = if request.documents.is_empty() { assembled.clone() } else { request.documents.clone() };
        let alone: Vec<String> = issued.iter().filter(|k| !assembled.contains(k)).cloned().collect();
        assembled.extend(alone);
        Some(Plan { assembled, issued, lead })
    }

    /// Whether these documents were asked for, and each is signed before any assessment: then no hold stops them.
    pub fn is_before_assessment(&self, documents: &[String]) -> bool {
        let fixed = |kind: &String| self.library.outlines.get(kind).is_some_and(|o| o.value.tier.is_some());
        !documents.is_empty() && documents.iter().all(fixed)
    }

    fn is_present(&self, instrument: &str, facts: &Facts) -> bool {
        self.library.rules.get(instrument).is_some_and(|r| r.when.evaluate(facts) == Truth::True)
    }

    /// The instruments in the pack of a supplier.
    pub fn instruments(&self, assessed: &Assessed) -> Vec<String> {
        let dpa = assessed.assessment.as_ref().is_ok_and(|a| a.documents.iter().any(|d| d == "dpa"));
        let inside = self.library.outlines.iter().filter(|(_, o)| dpa && o.value.inside.is_some());
        inside.map(|(kind, _)| kind.clone()).filter(|kind| self.is_present(kind, &assessed.facts)).collect()
    }

    /// Selects a clause for every slot of every document and instrument.
    pub(super) fn select(&self, assessed: &Assessed, plan: &Plan, report: &mut Report) -> Selection {
        let mut selector = Selector::new(&self.library, &assessed.facts);
        let mut done = BTreeSet::new();
        for kind in &plan.assembled {
            let Some(written) = self.library.outlines.get(kind) else { continue };
            self.select_outline(&mut selector, written, &mut done, report);
            if plan.lead.as_deref() == Some(kind) {
                for spec in &self.library.pack.lead_schedules {
                    selector.select(kind, &spec.slot, spec.required, &written.node.place, report);
                }
            }
            for inner in written.value.instruments.iter().filter(|i| self.is_present(i, &assessed.facts)) {
                if let Some(inner) = self.library.outlines.get(inner) {
                    self.select_outline(&mut selector, inner, &mut done, report);
                }
            }
        }
        selector.check_relations(report);
        let missing: Vec<(String, String)> = selector
            .missing
            .iter()
            .map(|(fact, clauses)| (fact.clone(), format!("`{}`", clauses.iter().map(String::as_str).collect::<Vec<_>>().join("`, `"))))
            .collect();
        self.report_missing(&assessed.supplier, missing.iter().map(|(f, by)| (f, by.clone())), report);
        selector.selection
    }

    pub(super) fn select_outline<'a>(&'a self, selector: &mut Selector<'a>, written: &Written<Outline>, done: &mut BTreeSet<String>, report: &mut Report) {
        let outline = &written.value;
        if !done.insert(outline.kind.clone()) {
            return;
        }
        let required: BTreeSet<&str> =
            outline.front.iter().chain(&outline.clauses).chain(&outline.schedules).filter(|s| s.required).map(|s| s.slot.as_str()).collect();
        for (slot, path) in outline.slots() {
            let is_required = required.contains(slot) || path == "execution";
            selector.select(&outline.kind, slot, is_required, &written.node.place_of(&path), report);
        }
    }

    /// Parameters that a document names, with those of its instruments, schedules and key terms.
    pub(super) fn in_play(&self, kind: &str, selection: &Selection) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let Some(outline) = self.library.outlines.get(kind) else { return names };
        let kinds: Vec<&str> = std::iter::once(kind).chain(outline.value.instruments.iter().map(String::as_str)).collect();
        let chosen = selection.slots.iter().filter(|s| kinds.contains(&s.document.as_str())).filter_map(|s| s.chosen.as_ref());
        for clause in chosen.filter_map(|id| self.library.clauses.get(id)) {
            names.extend(clause.front.parameters.iter().cloned());
        }
        let shape = crate::contract::values::shape();
        for row in kinds.iter().filter_map(|k| self.library.outlines.get(*k)).flat_map(|o| &o.value.key_terms) {
            names.extend(template::check(&row.value, &shape).0.parameters);
        }
        names
    }

    /// The logical paths of all inputs that a pack depends on.
    pub(super) fn depends_on(&self, assessed: &Assessed, plan: &Plan, selection: &Selection) -> BTreeSet<String> {
        let profile = &assessed.supplier.profile.value;
        let mut paths = BTreeSet::from([WORKSPACE.to_owned(), format!("suppliers/{}.yaml", profile.supplier)]);
        let mut archetype = profile.extends.clone();
        while let Some(name) = archetype {
            archetype = self.library.archetypes.get(&name).and_then(|a| a.get("extends")).and_then(node::Node::text).map(str::to_owned);
            paths.insert(format!("clauses/archetypes/{name}.yaml"));
        }
        let decisions = self.decisions.iter().filter(|(_, d)| d.value.supplier == profile.supplier);
        paths.extend(decisions.map(|(name, _)| format!("decisions/{name}")));
        let mut kinds: BTreeSet<&str> = plan.assembled.iter().map(String::as_str).collect();
        let instruments = plan.assembled.iter().filter_map(|k| self.library.outlines.get(k)).flat_map(|o| &o.value.instruments);
        kinds.extend(instruments.map(String::as_str));
        paths.extend(kinds.iter().map(|k| format!("clauses/outlines/{k}.yaml")));
        paths.extend(self.candidates(selection));
        paths.extend(self.inputs.iter().map(|(path, _)| path).filter(|p| is_foundation(p) || p.starts_with("clauses/requirements/")).map(str::to_owned));
        paths
    }

    /// Files of every clause that could fill a slot, and of the policies that they name.
    pub(super) fn candidates(&self, selection: &Selection) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for clause in selection.slots.iter().flat_map(|s| &s.candidates).filter_map(|c| self.library.clauses.get(&c.clause)) {
            paths.insert(format!("clauses/{}", clause.key));
            paths.extend(self.library.policies_named(clause).map(|policy| format!("clauses/policies/{policy}/outline.yaml")));
        }
        paths
    }
}

/// Whether everything depends on a file: registries, layouts, fonts, the logo.
pub(super) fn is_foundation(path: &str) -> bool {
    path.strip_prefix("clauses/").is_some_and(|p| !p.contains('/') || p == "outlines/pack.yaml")
        || path.strip_prefix("templates/").is_some_and(|p| p.ends_with(".typ") && p != CERTIFICATE_TEMPLATE)
        || path.starts_with("fonts/")
        || path.starts_with("files/")
}
