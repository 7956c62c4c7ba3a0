//! Policies: texts of the organisation, issued by one of its entities, the same for everybody who acknowledges them.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::suggest;
use crate::contract::assembly::{About, Materials, assemble};
use crate::contract::derive;
use crate::contract::parameter::Setting;
use crate::contract::party;
use crate::contract::selection::Selector;
use crate::contract::values::{clean, policy_values};
use crate::pack::compile::{BANNER, Compiled, Compiler, Request, filling};
use crate::pack::explanation::{EXPLANATION_VERSION, Explanation, fact_lines};
use crate::pack::inputs::WORKSPACE;
use crate::pack::manifest::{Subject, pack_id};
use crate::pack::plan::is_foundation;
use crate::pack::terms::document_terms;

impl Compiler {
    /// The entity that issues policies: the one asked for, else the issuer of the workspace file, else the only one.
    ///
    /// # Errors
    /// Reports `unknown-entity` for a name that is none, and `no-issuer` when several could be meant.
    pub fn issuer(&self, asked: Option<&str>, report: &mut Report) -> Option<String> {
        let Self { workspace, .. } = self;
        let entities = &workspace.value.entities;
        let stated = workspace.value.policies.as_ref().map(|p| p.issuer.as_str());
        let only = entities.keys().next().filter(|_| entities.len() == 1).map(String::as_str);
        let Some(id) = asked.or(stated).or(only) else {
            let names = entities.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let help = format!("add `policies: {{issuer: ENTITY}}`, or say `--entity`; the entities are {names}");
            report.push(Diagnostic::error("no-issuer", "no entity is named that issues the policies").at(&workspace.node.place).help(help));
            return None;
        };
        if !entities.contains_key(id) {
            // One that the workspace file names was reported when that was read.
            if asked.is_some() {
                let help = suggest::help(id, entities.keys().map(String::as_str));
                report.push(Diagnostic::error("unknown-entity", format!("there is no entity `{id}`")).help(help));
            }
            return None;
        }
        Some(id.to_owned())
    }

    /// Compiles a policy as an entity issues it.
    ///
    /// # Errors
    /// Returns `None` when anything that stops it was reported; `unknown-policy` names the nearest.
    pub fn policy(&self, policy: &str, entity_id: &str, draft: bool, date: Date, report: &mut Report) -> Option<Compiled> {
        let before = report.errors();
        let library = &self.library;
        let Some((_, written)) = library.policies().find(|(id, _)| *id == policy) else {
            let help = suggest::help(policy, library.policies().map(|(id, _)| id));
            report.push(Diagnostic::error("unknown-policy", format!("there is no policy `{policy}`")).help(help));
            return None;
        };
        let outline = &written.value;
        let entity = self.workspace.value.entities.get(entity_id)?;
        let facts = derive::facts_of_entity(&library.vocabulary, (entity, &self.workspace.node, entity_id), &mut Report::default());
        let mut selector = Selector::new(library, &facts);
        self.select_outline(&mut selector, written, &mut BTreeSet::new(), report);
        selector.check_relations(report);
        let selection = selector.selection;
        let setting = Setting {
            tier: outline.tier?,
            entity: Some((entity, &self.workspace.node, entity_id)),
            profile: None,
            facts: &facts,
            requirements: &library.requirements,
            deadlines: &[],
            date,
            currency: &entity.currency,
            families: false,
        };
        let parameters = library.registry.resolve(&self.in_play(policy, &selection), &setting, report);
        let organisation = &self.workspace.value.look.organisation;
        let version = outline.version.as_deref().unwrap_or_default();
        let values = policy_values(entity, organisation, &outline.title, version, &library.places);
        let fillings = BTreeMap::from([(policy.to_owned(), filling(values, &parameters, report)?)]);
        let mut paths = self.candidates(&selection);
        paths.extend([WORKSPACE.to_owned(), format!("clauses/policies/{policy}/outline.yaml")]);
        paths.extend(self.inputs.iter().map(|(path, _)| path).filter(|p| is_foundation(p)).map(str::to_owned));
        let inputs = self.inputs.digests(&paths);
        let subject = Subject::Policy(policy.to_owned());
        let request = Request { draft, ..Request::default() };
        let pack = pack_id(&inputs, &subject, entity_id, &request.documents, draft, request.bound);
        let materials = Materials {
            library,
            selection: &selection,
            facts: &facts,
            entity,
            about: About::Policy,
            fillings: &fillings,
            documents: &[policy.to_owned()],
            lead: None,
            pack: &pack,
            date: (&date.to_string(), &date.long()),
            banner: draft.then_some(BANNER),
            parties: vec![party::ours("Issued by", entity, &library.places)],
            counterparty: clean(organisation),
        };
        let documents = assemble(&materials, report);
        if report.errors() > before {
            return None;
        }
        self.check_glyphs(&documents, &subject, None, report);
        if report.errors() > before {
            return None;
        }
        let terms = documents.iter().map(|d| document_terms(d, library, &parameters)).collect();
        let explanation = Explanation {
            version: EXPLANATION_VERSION,
            subject: subject.clone(),
            facts: fact_lines(&facts),
            assessment: None,
            parameters: BTreeMap::from([(policy.to_owned(), parameters)]),
            slots: selection.slots,
            uncovered: Vec::new(),
            applicable: 0,
        };
        Some(Compiled { pack, documents, terms, explanation, inputs, subject, entity: entity_id.to_owned(), request, date })
    }
}
