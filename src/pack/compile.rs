//! The compiler: inputs in memory to finished packs, one supplier at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::base::date::Date;
use crate::base::decode::{decode, is_slug};
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::base::digest::Digest;
use crate::base::node;
use crate::base::source::Place;
use crate::base::suggest;
use crate::contract::assembly::{Materials, assemble};
use crate::contract::consistency;
use crate::contract::derive::{self, Written, field_of};
use crate::contract::entity::{Entity, Paper, SigningRule, Workspace};
use crate::contract::library::{Library, Reading};
use crate::contract::outline::Outline;
use crate::contract::parameter::{ParameterValue, Setting, stated};
use crate::contract::profile::Profile;
use crate::contract::risk::{Assessment, CreditResult, Tier};
use crate::contract::selection::{Selection, Selector};
use crate::contract::values::{Ingredients, values};
use crate::pack::explanation::{EXPLANATION_VERSION, Explanation, coverage, fact_lines};
use crate::pack::inputs::{Inputs, WORKSPACE};
use crate::pack::manifest::{FileDigest, GENERATOR, MANIFEST_VERSION, Manifest, pack_id};
use crate::pack::terms::{TERMS_VERSION, Terms, document_terms};
use crate::render::{Attachment, Logo, Look, RenderError, RenderInput, Rendered, Renderer, check_accent};
use crate::rule::condition::Truth;
use crate::rule::decision::Decision;
use crate::rule::fact::Facts;
use crate::text::document::Document;
use crate::text::template::{self, Filling};

/// Printed on every page of a review copy.
const BANNER: &str = "DRAFT FOR REVIEW";

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Documents or instruments; empty for the whole pack.
    pub documents: Vec<String>,
    /// A review copy, in spite of holds.
    pub draft: bool,
    /// All documents in one PDF.
    pub bound: bool,
}

/// One supplier, read.
#[derive(Debug, Clone)]
pub struct Supplier {
    /// Its profile over its archetype.
    pub profile: Written<Profile>,
    /// Digest of the profile file.
    pub digest: Digest,
}

/// A supplier with its facts and, where they suffice, its risk result.
pub struct Assessed {
    /// The supplier.
    pub supplier: Supplier,
    /// Its facts, with `tier` and `docs.*` when assessed.
    pub facts: Facts,
    /// The risk result, or the facts that it lacks.
    pub assessment: Result<Assessment, BTreeSet<String>>,
}

/// A pack before it is laid out.
pub struct Compiled {
    /// Id of the pack.
    pub pack: String,
    /// Its documents, those that were asked for.
    pub documents: Vec<Document>,
    /// Terms by document.
    terms: Vec<crate::pack::terms::DocumentTerms>,
    /// Why everything is as it is.
    pub explanation: Explanation,
    /// The inputs that it depends on.
    pub inputs: Vec<(String, Digest)>,
    /// Id of the supplier.
    pub supplier: String,
    entity: String,
    request: Request,
    date: Date,
}

/// One PDF to make.
pub struct PdfJob<'a> {
    /// File name.
    pub name: String,
    documents: &'a [Document],
    title: String,
    terms: Vec<u8>,
}

impl PdfJob<'_> {
    /// How much there is to lay out, in sections.
    pub fn weight(&self) -> usize {
        self.documents.iter().flat_map(|d| &d.parts).map(|p| p.sections.len()).sum()
    }
}

/// A finished pack: every file by its path inside the pack folder.
pub struct Pack {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its files, without the inputs.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Reads a workspace once and compiles suppliers from it.
pub struct Compiler {
    /// The workspace file.
    pub workspace: Written<Workspace>,
    /// The library.
    pub library: Library,
    decisions: Vec<(String, Written<Decision>)>,
    inputs: Inputs,
    renderer: OnceLock<Result<Renderer, RenderError>>,
}

impl Compiler {
    /// Reads workspace file, library and decisions; suppliers are read one by one.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when the workspace file or the foundations of the library do not read.
    pub fn read(inputs: Inputs, reading: Reading, report: &mut Report) -> Option<Self> {
        let workspace = match inputs.get(WORKSPACE) {
            None => {
                report.push(
                    Diagnostic::error("missing-file", "there is no `countersign.yaml` here")
                        .help("run `countersign init DIR`, or point to a workspace with `--workspace DIR`"),
                );
                None
            }
            Some(_) => inputs.source(WORKSPACE, report).and_then(|source| {
                let node = node::parse(&source, report)?;
                let value = decode::<Workspace>(&node, report)?;
                Some(Written { value, node })
            }),
        };
        let files = inputs.sources("clauses", report);
        let library = Library::read(&files, reading, report);
        let mut decisions = Vec::new();
        for (name, source) in inputs.sources("decisions", report).iter().filter(|(n, _)| n.ends_with(".yaml")) {
            if let Some(node) = node::parse(source, report) {
                decisions.extend(decode::<Decision>(&node, report).map(|value| (name.clone(), Written { value, node })));
            }
        }
        let compiler = Self { workspace: workspace?, library: library?, decisions, inputs, renderer: OnceLock::new() };
        compiler.check_workspace(report);
        Some(compiler)
    }

    fn check_workspace(&self, report: &mut Report) {
        let Written { value: workspace, node } = &self.workspace;
        for (id, entity) in &workspace.entities {
            self.library.registry.check_entity(entity, id, node, report);
            derive::check_entity(&self.library.vocabulary, entity, node, id, report);
            if entity.signing.rule == SigningRule::TwoJointly && entity.signing.signatories.len() < 2 {
                let place = node.place_of(&format!("entities.{id}.signing.signatories"));
                report.push(Diagnostic::error("contradiction", "two sign jointly, but one signatory is named").at(&place).help("name a second signatory"));
            }
            if !self.library.places.countries.contains_key(&entity.address.country) {
                let place = node.place_of(&format!("entities.{id}.address.country"));
                report.push(Diagnostic::error("unknown-country", format!("there is no country `{}`", entity.address.country)).at(&place));
            }
        }
        if let Some(Err(error)) = workspace.look.accent.as_deref().map(check_accent) {
            report.push(Diagnostic::error("look", error.to_string()).at(&node.place_of("look.accent")).help("choose a darker colour"));
        }
        for (path, input) in self.inputs.iter().filter(|(path, _)| path.ends_with(".yml")) {
            let source = std::sync::Arc::new(crate::base::source::Source { path: path.to_owned(), text: String::from_utf8_lossy(&input.bytes).into_owned() });
            let diagnostic = Diagnostic::warning("unread-file", "a file that ends with `.yml` is not read").at(&Place::start_of(&source));
            report.push(diagnostic.help("rename it to `.yaml`"));
        }
        let known: Vec<&str> = self.library.risk.holds.iter().map(|h| h.id.as_str()).collect();
        for (hold, roles) in &workspace.holds {
            let place = node.place_of(&format!("holds.{hold}"));
            if !known.contains(&hold.as_str()) {
                report.push(
                    Diagnostic::error("unknown-hold", format!("the risk model has no hold `{hold}`"))
                        .at(&place)
                        .help(suggest::help(hold, known.iter().copied())),
                );
            }
            for role in roles.iter().filter(|r| !workspace.authorities.contains_key(*r)) {
                let help = suggest::help(role, workspace.authorities.keys().map(String::as_str));
                report.push(Diagnostic::error("unknown-role", format!("nobody holds the role `{role}`")).at(&place).help(help));
            }
        }
        for (_, decision) in &self.decisions {
            let value = &decision.value;
            if !known.contains(&value.hold.as_str()) {
                let place = decision.node.place_of("hold");
                report.push(
                    Diagnostic::error("unknown-hold", format!("the risk model has no hold `{}`", value.hold))
                        .at(&place)
                        .help(suggest::help(&value.hold, known.iter().copied())),
                );
            }
            if !self.suppliers().contains(&value.supplier.as_str()) {
                let place = decision.node.place_of("supplier");
                let help =
                    suggest::nearest(&value.supplier, self.suppliers()).map_or_else(|| "see `suppliers/`".to_owned(), |near| format!("did you mean `{near}`?"));
                report.push(Diagnostic::error("unknown-supplier", format!("there is no supplier `{}`", value.supplier)).at(&place).help(help));
            }
        }
    }

    /// Ids of all suppliers: the names of their files.
    pub fn suppliers(&self) -> Vec<&str> {
        let files = self.inputs.iter().filter_map(|(path, _)| path.strip_prefix("suppliers/").and_then(|p| p.strip_suffix(".yaml")));
        files.filter(|name| !name.contains('/')).collect()
    }

    /// Reads one supplier over its archetype and checks it against itself.
    ///
    /// # Errors
    /// Returns `None` after diagnostics; a supplier without file is `unknown-supplier` with the nearest name.
    pub fn supplier(&self, id: &str, date: Date, report: &mut Report) -> Option<Supplier> {
        let path = format!("suppliers/{id}.yaml");
        let Some(input) = self.inputs.get(&path) else {
            let names = self.suppliers();
            let help = match suggest::nearest(id, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.len() <= 12 => suggest::help(id, names),
                None => format!("the workspace has {} suppliers; their ids are the file names in `suppliers/`", names.len()),
            };
            report.push(Diagnostic::error("unknown-supplier", format!("there is no supplier `{id}`")).help(help));
            return None;
        };
        let source = self.inputs.source(&path, report)?;
        let node = self.extended(node::parse(&source, report)?, report);
        let value: Profile = decode(&node, report)?;
        let profile = Written { value, node };
        if !is_slug(id) {
            let message = format!("`{id}.yaml` is no id of a supplier");
            let help = "rename the file: lower-case letters, digits and single hyphens";
            report.push(Diagnostic::error("supplier-id", message).at(&profile.node.place_of("supplier")).help(help));
        } else if profile.value.supplier != id {
            let message = format!("the id `{}` does not match the file name", profile.value.supplier);
            report.push(
                Diagnostic::error("supplier-id", message).at(&profile.node.place_of("supplier")).help(format!("write `supplier: {id}`, or rename the file")),
            );
        }
        if !self.workspace.value.entities.contains_key(&profile.value.entity) {
            let message = format!("there is no entity `{}`", profile.value.entity);
            let help = suggest::help(&profile.value.entity, self.workspace.value.entities.keys().map(String::as_str));
            report.push(Diagnostic::error("unknown-entity", message).at(&profile.node.place_of("entity")).help(help));
        }
        let certificates: Vec<&str> = self.library.risk.certificates().collect();
        consistency::check(&profile, &certificates, &self.library.places, date, report);
        self.library.registry.check_overrides(&profile.value.overrides, &profile.node, report);
        Some(Supplier { profile, digest: Digest::of(&input.bytes) })
    }

    /// Lays a profile over its archetype, that over its own, and so on.
    fn extended(&self, node: node::Node, report: &mut Report) -> node::Node {
        let mut node = node;
        let mut next = node.get("extends").filter(|n| !n.is_null()).cloned();
        let mut seen = Vec::new();
        while let Some(extends) = next {
            let name = extends.text().unwrap_or_default().to_owned();
            if seen.contains(&name) {
                let message = format!("the archetype `{name}` extends itself: {}", seen.join(", "));
                report.push(Diagnostic::error("archetype-cycle", message).at(&extends.place).help("remove one of the `extends:`"));
                break;
            }
            let Some(archetype) = self.library.archetypes.get(&name) else {
                let help = suggest::help(&name, self.library.archetypes.keys().map(String::as_str));
                report.push(Diagnostic::error("unknown-archetype", format!("there is no archetype `{name}`")).at(&extends.place).help(help));
                break;
            };
            next = archetype.get("extends").cloned();
            node = node.over(archetype);
            seen.push(name);
        }
        node
    }

    fn entity(&self, profile: &Profile) -> Option<&Entity> {
        self.workspace.value.entities.get(&profile.entity)
    }

    /// Derives the facts of a supplier and assesses it.
    pub fn assess(&self, supplier: Supplier, date: Date, report: &mut Report) -> Option<Assessed> {
        let profile = &supplier.profile;
        let entity = self.entity(&profile.value)?;
        let place = (entity, &self.workspace.node, profile.value.entity.as_str());
        let mut facts = derive::derive(&self.library.vocabulary, &self.library.places, place, profile, date, report);
        let credit = match &profile.value.assurance {
            Some(assurance) => self.library.risk.credit(&assurance.certificates, date),
            None => CreditResult::default(),
        };
        let mut assessed = facts.clone();
        let assessment = self.library.risk.assess(&mut assessed, credit);
        if assessment.is_ok() {
            facts = assessed;
        }
        let mut assessed = Assessed { supplier, facts, assessment };
        self.accept_holds(&mut assessed, date);
        Some(assessed)
    }

    /// Notes the decision that accepts each hold.
    fn accept_holds(&self, assessed: &mut Assessed, date: Date) {
        let supplier = &assessed.supplier;
        let Ok(assessment) = &mut assessed.assessment else { return };
        for hold in &mut assessment.holds {
            let accepted = self.decisions.iter().find(|(_, d)| d.value.hold == hold.id && self.refusal(&d.value, supplier, date).is_none());
            hold.accepted_by = accepted.map(|(name, d)| format!("decisions/{name}: {} ({}), {}", d.value.person, d.value.role, d.value.reason));
        }
    }

    /// Why a decision does not stand; `None` when it does.
    fn refusal(&self, decision: &Decision, supplier: &Supplier, date: Date) -> Option<String> {
        let workspace = &self.workspace.value;
        let may = workspace.holds.get(&decision.hold).is_some_and(|roles| roles.contains(&decision.role));
        let holds_role = workspace.authorities.get(&decision.role).is_some_and(|people| people.iter().any(|p| p.email == decision.person));
        if decision.supplier != supplier.profile.value.supplier {
            Some("it is about another supplier".to_owned())
        } else if decision.subject != supplier.digest {
            Some(format!("the profile has changed since: its digest is now {}", supplier.digest))
        } else if !may {
            Some(format!("the role `{}` may not accept `{}`", decision.role, decision.hold))
        } else if !holds_role {
            Some(format!("`{}` does not hold the role `{}`", decision.person, decision.role))
        } else if date < decision.date || decision.expires < date {
            Some(format!("it holds from {} to {}, not on {date}", decision.date, decision.expires))
        } else {
            None
        }
    }

    /// Reports every open hold, with why a decision about it does not stand.
    ///
    /// An open hold stops the issue of a pack ([`Severity::Error`]), but is no fault of the workspace ([`Severity::Warning`]).
    pub fn report_holds(&self, assessed: &Assessed, date: Date, severity: Severity, report: &mut Report) {
        let Ok(assessment) = &assessed.assessment else { return };
        let supplier = &assessed.supplier;
        for hold in assessment.holds.iter().filter(|h| h.accepted_by.is_none()) {
            let place = hold.because.iter().find_map(|r| assessed.facts.get(&r.fact)).and_then(|f| f.place.clone());
            let mut diagnostic = Diagnostic::error("open-hold", format!("`{}` stops the issue: {}", hold.id, hold.condition)).at_opt(place.as_ref());
            diagnostic.severity = severity;
            let about = self.decisions.iter().filter(|(_, d)| d.value.hold == hold.id && d.value.supplier == supplier.profile.value.supplier);
            for (_, decision) in about {
                if let Some(reason) = self.refusal(&decision.value, supplier, date) {
                    diagnostic = diagnostic.with(&decision.node.place_of("hold"), format!("this decision does not stand: {reason}"));
                }
            }
            let roles = self.workspace.value.holds.get(&hold.id).map(|r| r.join(", ")).unwrap_or_default();
            let subject = &supplier.digest;
            report.push(
                diagnostic.help(format!(
                    "needs {}; a file in `decisions/` by one of: {roles}; with `subject: {subject}`. `--draft` writes a review copy",
                    hold.needs
                )),
            );
        }
    }

    /// Reports facts that have no value and were asked for, once for each field that is to be filled.
    pub fn report_missing<'n>(&self, supplier: &Supplier, missing: impl IntoIterator<Item = (&'n String, String)>, report: &mut Report) {
        let mut fields: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for (fact, by) in missing {
            let (facts, askers) = fields.entry(field_of(fact).unwrap_or_default()).or_default();
            let doc = self.library.vocabulary.facts.get(fact).map_or("", |f| f.doc.as_str());
            facts.push(format!("`{fact}` ({doc})"));
            if !askers.contains(&by) {
                askers.push(by);
            }
        }
        for (field, (facts, askers)) in fields {
            let message = format!("`{field}` has no value, and {} needs it", askers.join(", "));
            let place = supplier.profile.node.place_to_add(field);
            report.push(Diagnostic::error("unset-fact", message).at(&place).help(format!("add `{field}` to the profile; it gives {}", facts.join(", "))));
        }
    }

    /// Compiles a pack.
    ///
    /// # Errors
    /// Returns `None` when anything that stops the pack was reported.
    pub fn compile(&self, assessed: &Assessed, request: &Request, date: Date, report: &mut Report) -> Option<Compiled> {
        let before = report.errors();
        let plan = self.plan(assessed, request, date, report)?;
        let selection = self.select(assessed, &plan, report);
        if report.errors() > before {
            return None;
        }
        let (parameters, fillings) = self.fill(assessed, &plan, &selection, date, report);
        let profile = &assessed.supplier.profile.value;
        let entity = self.entity(profile)?;
        let inputs = self.inputs.digests(&self.depends_on(assessed, &plan, &selection));
        let pack = pack_id(&inputs, &profile.supplier, &request.documents, request.draft, request.bound);
        let iso = date.to_string();
        let long = date.long();
        let materials = Materials {
            library: &self.library,
            selection: &selection,
            facts: &assessed.facts,
            entity,
            profile,
            node: &assessed.supplier.profile.node,
            fillings: &fillings,
            documents: &plan.assembled,
            lead: plan.lead.as_deref(),
            pack: &pack,
            date: (&iso, &long),
            banner: request.draft.then_some(BANNER),
            details: crate::contract::values::parties(entity, profile, &self.library.places),
        };
        let documents = assemble(&materials, report);
        let documents: Vec<Document> = documents.into_iter().filter(|d| plan.issued.contains(&d.kind)).collect();
        if report.errors() > before {
            return None;
        }
        self.check_glyphs(&documents, assessed, report);
        if report.errors() > before {
            return None;
        }
        let empty = BTreeMap::new();
        let terms = documents.iter().map(|d| document_terms(d, &self.library, parameters.get(&d.kind).unwrap_or(&empty))).collect();
        let (applicable, uncovered) = coverage(&self.library, &assessed.facts, date, &selection);
        let explanation = Explanation {
            version: EXPLANATION_VERSION,
            supplier: profile.supplier.clone(),
            facts: fact_lines(&assessed.facts),
            assessment: assessed.assessment.as_ref().ok().cloned(),
            parameters,
            slots: selection.slots,
            uncovered,
            applicable,
        };
        let (supplier, entity) = (profile.supplier.clone(), profile.entity.clone());
        Some(Compiled { pack, documents, terms, explanation, inputs, supplier, entity, request: request.clone(), date })
    }

    /// Decides which documents are assembled and which of them are issued.
    fn plan(&self, assessed: &Assessed, request: &Request, date: Date, report: &mut Report) -> Option<Plan> {
        let mut unknown = request.documents.iter().filter(|k| !self.library.outlines.contains_key(*k)).peekable();
        if unknown.peek().is_some() {
            for kind in unknown {
                let help = suggest::help(kind, self.library.outlines.keys().map(String::as_str));
                report.push(Diagnostic::error("unknown-document", format!("there is no document `{kind}`")).help(help));
            }
            return None;
        }
        let fixed = |kind: &String| self.library.outlines.get(kind).is_some_and(|o| o.value.tier.is_some());
        if !request.documents.is_empty() && request.documents.iter().all(fixed) {
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
    fn select(&self, assessed: &Assessed, plan: &Plan, report: &mut Report) -> Selection {
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

    fn select_outline<'a>(&'a self, selector: &mut Selector<'a>, written: &Written<Outline>, done: &mut BTreeSet<String>, report: &mut Report) {
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

    /// Values of every document: one setting for all, and one of its own for each document with a fixed tier.
    fn fill(&self, assessed: &Assessed, plan: &Plan, selection: &Selection, date: Date, report: &mut Report) -> (Parameters, BTreeMap<String, Filling>) {
        let profile = &assessed.supplier.profile;
        let Some(entity) = self.entity(&profile.value) else { return Default::default() };
        let currency = profile.value.term.as_ref().and_then(|t| t.annual_fees.as_ref()).map_or(entity.currency.as_str(), |m| m.currency.as_str());
        let tier = assessed.assessment.as_ref().ok().map(|a| a.tier);
        let titles: Vec<(String, String)> = plan.assembled.iter().map(|k| (k.clone(), self.library.title(k))).collect();
        let fixed = |kind: &str| self.library.outlines.get(kind).and_then(|o| o.value.tier);
        let common: Vec<&String> = plan.assembled.iter().filter(|k| fixed(k).is_none()).collect();
        let mut groups: Vec<(Vec<&String>, Option<Tier>, bool)> = vec![(common, tier, true)];
        groups.extend(plan.assembled.iter().filter(|k| fixed(k).is_some()).map(|k| (vec![k], fixed(k), false)));
        let stated = stated(&profile.value);
        let mut parameters = BTreeMap::new();
        let mut fillings = BTreeMap::new();
        for (kinds, tier, families) in groups {
            let Some(tier) = tier.filter(|_| !kinds.is_empty()) else { continue };
            let in_play: BTreeSet<String> = kinds.iter().flat_map(|k| self.in_play(k, selection)).collect();
            let setting = Setting {
                tier,
                entity: (entity, &self.workspace.node, &profile.value.entity),
                overrides: (&profile.value.overrides, &profile.node),
                stated: &stated,
                facts: &assessed.facts,
                requirements: &self.library.requirements,
                deadlines: &self.library.deadlines,
                date,
                currency,
                families,
            };
            let resolved = self.library.registry.resolve(&in_play, &setting, report);
            let figure = |name: &str| resolved.get(name).and_then(|v| v.bare.parse::<f64>().ok());
            let ingredients = Ingredients {
                entity,
                profile: &profile.value,
                facts: &assessed.facts,
                places: &self.library.places,
                registry: &self.library.registry,
                tier: families.then_some(tier),
                availability: figure("availability_percent").zip(figure("credit_cap_percent")),
                date,
                documents: &titles,
            };
            let mut root = values(&ingredients);
            let column = |pick: fn(&ParameterValue) -> &String| -> Map<String, Value> {
                resolved.iter().map(|(name, value)| (name.clone(), Value::String(pick(value).clone()))).collect()
            };
            root.insert("p".to_owned(), Value::Object(column(|v| &v.text)));
            root.insert("n".to_owned(), Value::Object(column(|v| &v.bare)));
            let root = Value::Object(root);
            for kind in kinds {
                match Filling::new(&root) {
                    Ok(filling) => {
                        fillings.insert(kind.clone(), filling);
                    }
                    Err(message) => report.push(Diagnostic::error("template", message)),
                }
                parameters.insert(kind.clone(), resolved.clone());
            }
        }
        (parameters, fillings)
    }

    /// Parameters that a document names, with those of its instruments, schedules and key terms.
    fn in_play(&self, kind: &str, selection: &Selection) -> BTreeSet<String> {
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

    fn check_glyphs(&self, documents: &[Document], assessed: &Assessed, report: &mut Report) {
        let renderer = match self.renderer() {
            Ok(renderer) => renderer,
            Err(error) => {
                self.report_render(error, report);
                return;
            }
        };
        let supplier = &assessed.supplier;
        for missing in renderer.missing_glyphs(documents) {
            let place = self.written_at(&missing.text, supplier);
            let field = place.as_ref().map_or_else(String::new, |p| format!(" (written at {p})"));
            let message = format!(
                "no font can show the character U+{:04X} in a value of supplier `{}`{field}",
                u32::from(missing.character),
                supplier.profile.value.supplier
            );
            let help = "put a font that has the character into `fonts/` of the workspace, or write the value otherwise";
            report.push(Diagnostic::error("missing-glyph", message).at_opt(place.as_ref()).help(help));
        }
    }

    /// Where a text of a document was written: in the profile or in the workspace file.
    fn written_at(&self, text: &str, supplier: &Supplier) -> Option<Place> {
        let find = |node: &node::Node| find_scalar(node, text);
        find(&supplier.profile.node).or_else(|| find(&self.workspace.node))
    }

    /// The logical paths of all inputs that a pack depends on.
    fn depends_on(&self, assessed: &Assessed, plan: &Plan, selection: &Selection) -> BTreeSet<String> {
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
        for slot in &selection.slots {
            paths.extend(slot.candidates.iter().filter_map(|c| self.library.clauses.get(&c.clause)).map(|c| format!("clauses/{}", c.key)));
        }
        let foundation = |path: &str| {
            path.strip_prefix("clauses/").is_some_and(|p| !p.contains('/') || p == "outlines/pack.yaml" || p.starts_with("requirements/"))
                || (path.starts_with("templates/") && path.ends_with(".typ"))
                || path.starts_with("fonts/")
                || path.starts_with("files/")
        };
        paths.extend(self.inputs.iter().map(|(path, _)| path).filter(|p| foundation(p)).map(str::to_owned));
        paths
    }

    /// The bytes of an input.
    pub fn input(&self, path: &str) -> Option<&[u8]> {
        self.inputs.get(path).map(|input| input.bytes.as_ref())
    }

    /// The renderer, made at the first use.
    fn renderer(&self) -> Result<&Renderer, &RenderError> {
        self.renderer.get_or_init(|| Renderer::new(self.inputs.below("templates"), self.inputs.below("fonts"))).as_ref()
    }

    /// Reports what the renderer says; faults of a layout at their place in its file.
    fn report_render(&self, error: &RenderError, report: &mut Report) {
        let help = "the layouts stand in `templates/`, fonts in `fonts/`, the look in `countersign.yaml`";
        let RenderError::Template(faults) = error else {
            report.push(Diagnostic::error("render", error.to_string()).help(help));
            return;
        };
        for fault in faults {
            let source = self.inputs.source(&format!("templates/{}", fault.file), &mut Report::default());
            let place = source.map(|source| Place::at_line(&source, fault.line, fault.column));
            let hint = fault.hints.first().map_or(help, String::as_str);
            report.push(Diagnostic::error("render", fault.message.clone()).at_opt(place.as_ref()).help(hint));
        }
    }

    /// How documents look.
    fn look(&self) -> Look {
        let look = &self.workspace.value.look;
        let logo = look.logo.as_ref().and_then(|logo| {
            let bytes = self.inputs.get(&format!("files/{}", logo.file))?.bytes.to_vec();
            Some(Logo { bytes, alternative: logo.alt.clone() })
        });
        let paper = match look.paper {
            Paper::A4 => crate::render::Paper::A4,
            Paper::UsLetter => crate::render::Paper::UsLetter,
        };
        Look { paper, accent: look.accent.clone(), organisation: look.organisation.clone(), logo }
    }

    /// Lays out one PDF.
    ///
    /// # Errors
    /// Reports what the renderer says, once.
    pub fn render(&self, compiled: &Compiled, job: &PdfJob<'_>, report: &mut Report) -> Option<Rendered> {
        let attachment = Attachment {
            name: "terms.json",
            bytes: &job.terms,
            description: "The terms of this document as data: parties, clauses, values and obligations",
            mime: "application/json",
        };
        let (year, month, day) = compiled.date.parts();
        let input = RenderInput {
            documents: job.documents,
            look: &self.look(),
            attachment: Some(attachment),
            title: &job.title,
            ident: &job.name,
            date: (i32::from(year), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1)),
        };
        let rendered = self.renderer().map_err(Clone::clone).and_then(|renderer| renderer.render(&input));
        match rendered {
            Ok(rendered) => Some(rendered),
            Err(error) => {
                self.report_render(&error, report);
                None
            }
        }
    }
}

/// Parameter values by document.
type Parameters = BTreeMap<String, BTreeMap<String, ParameterValue>>;

/// Which documents are made.
struct Plan {
    /// All documents that references may lead to.
    assembled: Vec<String>,
    /// Those that are laid out.
    issued: Vec<String>,
    /// The one that carries the lead schedules.
    lead: Option<String>,
}

impl Compiled {
    /// The PDFs to make: one for each document, or one for all.
    pub fn jobs(&self) -> Vec<PdfJob<'_>> {
        let encode = |documents: &[crate::pack::terms::DocumentTerms]| pretty(&Terms { version: TERMS_VERSION, documents: documents.to_vec() });
        if self.request.bound {
            let supplier = self.documents.first().map(|d| d.counterparty.clone()).unwrap_or_default();
            let title = format!("Contract documents, {supplier}");
            return vec![PdfJob { name: format!("PACK-{}.pdf", self.pack), documents: &self.documents, title, terms: encode(&self.terms) }];
        }
        let one = |(at, document): (usize, &Document)| PdfJob {
            name: format!("{}.pdf", document.id),
            documents: &self.documents[at..=at],
            title: format!("{}, {}", document.title, document.counterparty),
            terms: encode(&self.terms[at..=at]),
        };
        self.documents.iter().enumerate().map(one).collect()
    }

    /// The finished pack from the PDFs, by file name.
    pub fn finish(&self, pdfs: BTreeMap<String, Vec<u8>>) -> Pack {
        let mut files: BTreeMap<String, Vec<u8>> = pdfs.into_iter().map(|(name, pdf)| (format!("send/{name}"), pdf)).collect();
        for document in &self.documents {
            files.insert(format!("internal/documents/{}.json", document.kind), pretty(document));
        }
        files.insert("internal/explanation.json".to_owned(), pretty(&self.explanation));
        let outputs = files.iter().map(|(path, bytes)| FileDigest { path: path.clone(), sha256: Digest::of(bytes) }).collect();
        let manifest = Manifest {
            version: MANIFEST_VERSION,
            generator: GENERATOR.to_owned(),
            pack: self.pack.clone(),
            supplier: self.supplier.clone(),
            entity: self.entity.clone(),
            date: self.date.to_string(),
            requested: self.request.documents.clone(),
            draft: self.request.draft,
            bound: self.request.bound,
            inputs: self.inputs.iter().map(|(path, sha256)| FileDigest { path: path.clone(), sha256: sha256.clone() }).collect(),
            outputs,
        };
        files.insert("internal/manifest.json".to_owned(), pretty(&manifest));
        Pack { manifest, files }
    }
}

/// JSON for people and diffs: two spaces, one line feed at the end.
pub fn pretty<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn find_scalar(node: &node::Node, text: &str) -> Option<Place> {
    match &node.kind {
        node::Kind::Scalar { text: own, .. } => {
            let own = crate::contract::values::clean(own);
            (own == text || (!own.is_empty() && text.contains(&own) && !own.is_ascii())).then(|| node.place.clone())
        }
        node::Kind::Sequence(items) => items.iter().find_map(|n| find_scalar(n, text)),
        node::Kind::Mapping(entries) => entries.iter().find_map(|e| find_scalar(&e.value, text)),
    }
}
