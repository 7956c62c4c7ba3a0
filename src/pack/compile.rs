//! The compiler: inputs in memory to finished packs, one supplier at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::base::date::Date;
use crate::base::decode::{decode, is_slug};
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::base::instant::{is_time_zone, nearest_time_zone};
use crate::base::node;
use crate::base::source::Place;
use crate::base::suggest;
use crate::compliance::course::Course;
use crate::contract::approval::Approvals;
use crate::contract::assembly::{About, Materials, assemble};
use crate::contract::assessment::{Assessment, CreditResult};
use crate::contract::consistency;
use crate::contract::derive::{self, Written, field_of};
use crate::contract::entity::{Entity, SigningRule, Workspace};
use crate::contract::figures;
use crate::contract::library::{Library, Reading};
use crate::contract::parameter::{ParameterValue, Setting, Spoken, stated};
use crate::contract::party;
use crate::contract::profile::Profile;
use crate::contract::risk::Tier;
use crate::contract::selection::Selection;
use crate::contract::values::{Ingredients, clean, values};
use crate::pack::courses;
use crate::pack::explanation::{EXPLANATION_VERSION, Explanation, Uncovered, coverage, fact_lines};
use crate::pack::inputs::{APPROVALS, Inputs, WORKSPACE};
use crate::pack::layout::PdfJob;
use crate::pack::manifest::{FileDigest, GENERATOR, MANIFEST_VERSION, Manifest, Subject, pack_id};
use crate::pack::plan::Plan;
use crate::pack::terms::{TERMS_VERSION, Terms, document_terms};
use crate::render::{RenderError, Renderer, check_accent};
use crate::rule::condition::Condition;
use crate::rule::decision::Decision;
use crate::rule::fact::Facts;
use crate::text::document::Document;
use crate::text::hygiene;
use crate::text::template::Filling;

/// Printed on every page of a review copy.
pub(super) const BANNER: &str = "DRAFT FOR REVIEW";

/// Folders beside those of the suppliers in the output.
const RESERVED: [&str; 2] = ["batches", "policies"];

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
    pub terms: Vec<crate::pack::terms::DocumentTerms>,
    /// Why everything is as it is.
    pub explanation: Explanation,
    /// The inputs that it depends on.
    pub inputs: Vec<(String, Digest)>,
    /// What it is about.
    pub subject: Subject,
    pub(super) entity: String,
    pub(super) request: Request,
    pub(super) date: Date,
}

/// A finished pack: every file by its path inside the pack folder.
pub struct Pack {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its files, without the inputs.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Reads the workspace file alone, for what needs no library; `None` when it does not read, which [`Compiler::read`] explains.
pub fn workspace(bytes: &[u8]) -> Option<Workspace> {
    let mut inputs = Inputs::default();
    inputs.insert(WORKSPACE, WORKSPACE, bytes);
    let mut report = Report::default();
    let node = node::parse(&inputs.source(WORKSPACE, &mut report)?, &mut report)?;
    decode::<Workspace>(&node, &mut report)
}

/// Reads a workspace once and compiles suppliers from it.
pub struct Compiler {
    /// The workspace file.
    pub workspace: Written<Workspace>,
    /// The library.
    pub library: Library,
    /// The courses of the library, in order of id; none where only what a pack depended on is there.
    pub courses: Vec<Written<Course>>,
    /// What counsel approved; none where only what a pack depended on is there.
    pub approvals: Approvals,
    pub(super) decisions: Vec<(String, Written<Decision>)>,
    pub(super) inputs: Inputs,
    pub(super) renderer: OnceLock<Result<Renderer, RenderError>>,
}

impl Compiler {
    /// Reads workspace file, library, decisions and approvals; suppliers are read one by one.
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
                hygiene::check(&node, report);
                let value = decode::<Workspace>(&node, report)?;
                Some(Written { value, node })
            }),
        };
        let files = inputs.sources("clauses", report);
        let library = Library::read(&files, reading, report);
        let mut decisions = Vec::new();
        for (name, source) in inputs.sources("decisions", report).iter().filter(|(n, _)| n.ends_with(".yaml")) {
            if let Some(node) = node::parse(source, report) {
                hygiene::check(&node, report);
                decisions.extend(decode::<Decision>(&node, report).map(|value| (name.clone(), Written { value, node })));
            }
        }
        let approvals = inputs.source(APPROVALS, report).and_then(|source| Approvals::read(&source, report)).unwrap_or_default();
        let library = library?;
        let courses = if reading == Reading::Whole { courses::read(&files, &library.vocabulary, report) } else { Vec::new() };
        let compiler = Self { workspace: workspace?, library, courses, approvals, decisions, inputs, renderer: OnceLock::new() };
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
            if consistency::is_unnamed(Some(&entity.law.governing), entity.law.law_name.as_ref()) {
                let place = node.place_of(&format!("entities.{id}.law.governing"));
                let help = "add `law_name`, for example `the laws of Poland`";
                report.push(Diagnostic::error("missing-key", "the governing law has no name to print").at(&place).help(help));
            }
            if !self.library.places.countries.contains_key(&entity.address.country) {
                let place = node.place_of(&format!("entities.{id}.address.country"));
                report.push(Diagnostic::error("unknown-country", format!("there is no country `{}`", entity.address.country)).at(&place));
            }
        }
        if let Some(zone) = workspace.register.as_ref().map(|r| &r.time_zone).filter(|zone| !is_time_zone(zone)) {
            let help =
                nearest_time_zone(zone).map_or_else(|| "use an IANA name, for example `Europe/Dublin`".to_owned(), |near| format!("did you mean `{near}`?"));
            report.push(Diagnostic::error("unknown-time-zone", format!("there is no time zone `{zone}`")).at(&node.place_of("register.time_zone")).help(help));
        }
        if let Some(mail) = workspace.mail.as_ref().filter(|mail| mail.sign_page_parts().is_none()) {
            let message = format!("`{}` is no address of a sign page", mail.sign_page);
            let help = "an address as `https://sign.example.com/`: with TLS (without it only on `localhost`), plain letters, a slash at the end";
            report.push(Diagnostic::error("bad-form", message).at(&node.place_of("mail.sign_page")).help(help));
        }
        if let Err(text) = workspace.web.address() {
            let help = "an address and a port, for example `127.0.0.1:8321` or `[::]:443`";
            report.push(Diagnostic::error("bad-form", format!("`{text}` is nothing to listen on")).at(&node.place_of("web.listen")).help(help));
        }
        if let Err(text) = workspace.web.networks() {
            let help = "an address or a network, for example `10.0.0.7` or `10.0.0.0/8`";
            report.push(Diagnostic::error("bad-form", format!("`{text}` is no address of a proxy")).at(&node.place_of("web.proxies")).help(help));
        }
        if workspace.web.certificate.is_some() != workspace.web.key.is_some() {
            let message = "certificate and key belong together, and one is missing";
            report.push(Diagnostic::error("missing-key", message).at(&node.place_of("web")).help("name both `certificate` and `key`, or neither"));
        }
        if let Some(Err(error)) = workspace.look.accent.as_deref().map(check_accent) {
            report.push(Diagnostic::error("look", error.to_string()).at(&node.place_of("look.accent")).help("choose a darker colour"));
        }
        if let Some(policies) = &workspace.policies
            && !workspace.entities.contains_key(&policies.issuer)
        {
            let help = suggest::help(&policies.issuer, workspace.entities.keys().map(String::as_str));
            let message = format!("there is no entity `{}`", policies.issuer);
            report.push(Diagnostic::error("unknown-entity", message).at(&node.place_of("policies.issuer")).help(help));
        }
        for (path, input) in self.inputs.iter().filter(|(path, _)| path.ends_with(".yml")) {
            let source = Arc::new(crate::base::source::Source { path: path.to_owned(), text: String::from_utf8_lossy(&input.bytes).into_owned() });
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

    /// The decisions of the workspace, by file name.
    pub fn decisions(&self) -> impl Iterator<Item = (&str, &Decision)> {
        self.decisions.iter().map(|(file, written)| (file.as_str(), &written.value))
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
        let profile = self.profile(id, node::parse(&source, report)?, date, report)?;
        Some(Supplier { profile, digest: Digest::of(&input.bytes) })
    }

    /// Reads a profile from its tree, over its archetype, and checks it against itself.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when it does not decode; other faults are reported and leave it readable.
    pub fn profile(&self, id: &str, node: node::Node, date: Date, report: &mut Report) -> Option<Written<Profile>> {
        let node = self.extended(node, report);
        hygiene::check(&node, report);
        let value: Profile = decode(&node, report)?;
        let profile = Written { value, node };
        if RESERVED.contains(&id) {
            let message = format!("`{id}` is the name of a folder of the output");
            report.push(Diagnostic::error("supplier-id", message).at(&profile.node.place_of("supplier")).help("choose another id"));
        } else if !is_slug(id) {
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
        Some(profile)
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

    pub(super) fn entity(&self, profile: &Profile) -> Option<&Entity> {
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
        let (applicable, uncovered) = coverage(&self.library, &assessed.facts, date, &selection);
        // Of a part of a pack nobody expects all of it.
        if request.documents.is_empty() {
            self.report_open(&uncovered, &assessed.facts, report);
        }
        let (parameters, fillings) = self.fill(assessed, &plan, &selection, date, report);
        let profile = &assessed.supplier.profile.value;
        let entity = self.entity(profile)?;
        let inputs = self.inputs.digests(&self.depends_on(assessed, &plan, &selection));
        let subject = Subject::Supplier(profile.supplier.clone());
        let pack = pack_id(&inputs, &subject, &profile.entity, &request.documents, request.draft, request.bound);
        let iso = date.to_string();
        let long = date.long();
        let materials = Materials {
            library: &self.library,
            selection: &selection,
            facts: &assessed.facts,
            entity,
            about: About::Supplier(profile, &assessed.supplier.profile.node),
            fillings: &fillings,
            documents: &plan.assembled,
            lead: plan.lead.as_deref(),
            pack: &pack,
            date: (&iso, &long),
            banner: request.draft.then_some(BANNER),
            parties: party::parties(entity, profile, &self.library.places),
            counterparty: clean(&profile.identity.legal_name),
        };
        let documents = assemble(&materials, report);
        let documents: Vec<Document> = documents.into_iter().filter(|d| plan.issued.contains(&d.kind)).collect();
        if report.errors() > before {
            return None;
        }
        self.check_glyphs(&documents, &subject, Some(&assessed.supplier.profile.node), report);
        if report.errors() > before {
            return None;
        }
        let empty = BTreeMap::new();
        let terms = documents.iter().map(|d| document_terms(d, &self.library, parameters.get(&d.kind).unwrap_or(&empty))).collect();
        let explanation = Explanation {
            version: EXPLANATION_VERSION,
            subject: subject.clone(),
            facts: fact_lines(&assessed.facts),
            assessment: assessed.assessment.as_ref().ok().cloned(),
            parameters,
            slots: selection.slots,
            uncovered,
            applicable,
        };
        Some(Compiled { pack, documents, terms, explanation, inputs, subject, entity: profile.entity.clone(), request: request.clone(), date })
    }

    /// Reports requirements that stop the pack, each with why it applies and what could carry it.
    fn report_open(&self, uncovered: &[Uncovered], facts: &Facts, report: &mut Report) {
        for open in uncovered.iter().filter(|open| open.blocks) {
            let Some(requirement) = self.library.requirements.get(&open.requirement) else { continue };
            let message = format!("no clause carries the requirement `{}` ({}) in {}", open.requirement, open.source, open.documents.join(", "));
            let mut fault = Diagnostic::error("open-requirement", message).at(&requirement.place);
            for reason in requirement.reasons(facts) {
                fault.related.extend(reason.place.map(|place| (place, format!("it applies because `{}` is {}", reason.fact, reason.value))));
            }
            for clause in self.library.clauses.values().filter(|clause| clause.front.covers.contains(&open.requirement)) {
                fault = fault.with(&clause.when_place, format!("`{}` would carry it in the slot `{}`, and is not chosen", clause.front.id, clause.front.slot));
            }
            report.push(fault.help(format!("write or widen a clause that says: {}", requirement.must)));
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
                entity: Some((entity, &self.workspace.node, &profile.value.entity)),
                profile: Some(Spoken { overrides: &profile.value.overrides, stated: &stated, node: &profile.node }),
                facts: &assessed.facts,
                requirements: &self.library.requirements,
                deadlines: &self.library.deadlines,
                date,
                currency,
                families,
            };
            let mut resolved = self.library.registry.resolve(&in_play, &setting, report);
            figures::settle(&self.library.figures, &mut resolved, &assessed.facts, &self.library.registry, currency);
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
            let root = values(&ingredients);
            for kind in kinds {
                fillings.extend(filling(root.clone(), &resolved, report).map(|filling| (kind.clone(), filling)));
                parameters.insert(kind.clone(), resolved.clone());
            }
        }
        let values = parameters.values().flatten().map(|(name, value)| (name.as_str(), value)).collect();
        figures::check(&self.library.figures, &values, &assessed.facts, report);
        (parameters, fillings)
    }

    /// Reads a condition over the facts of suppliers, written by whoever runs a command.
    pub fn condition(&self, text: &str, report: &mut Report) -> Option<Condition> {
        let source = Arc::new(crate::base::source::Source { path: "--when".to_owned(), text: text.to_owned() });
        Condition::parse(text, &self.library.vocabulary, &Place::start_of(&source), report)
    }

    /// Digest of everything that suppliers share: all inputs but profiles, the program, and what else decides. Approvals count where they gate.
    pub fn shared_digest(&self, what_else: &str) -> Digest {
        let mut whole = format!("{GENERATOR}\n{what_else}\n");
        let decides = |path: &str| !path.starts_with("suppliers/") && (path != APPROVALS || self.gate().is_some());
        for (path, input) in self.inputs.iter().filter(|(path, _)| decides(path)) {
            whole.push_str(&format!("{path} {}\n", Digest::of(&input.bytes)));
        }
        Digest::of(whole.as_bytes())
    }

    /// The bytes of an input.
    pub fn input(&self, path: &str) -> Option<&[u8]> {
        self.inputs.get(path).map(|input| input.bytes.as_ref())
    }
}

/// Values with those of the parameters: `p` as printed, `n` bare.
pub(super) fn filling(mut root: Map<String, Value>, resolved: &BTreeMap<String, ParameterValue>, report: &mut Report) -> Option<Filling> {
    let column = |pick: fn(&ParameterValue) -> &String| -> Map<String, Value> {
        resolved.iter().map(|(name, value)| (name.clone(), Value::String(pick(value).clone()))).collect()
    };
    root.insert("p".to_owned(), Value::Object(column(|v| &v.text)));
    root.insert("n".to_owned(), Value::Object(column(|v| &v.bare)));
    Filling::new(&Value::Object(root)).map_err(|message| report.push(Diagnostic::error("template", message))).ok()
}

/// Parameter values by document.
type Parameters = BTreeMap<String, BTreeMap<String, ParameterValue>>;

impl Compiled {
    /// Id of the entity that contracts or issues.
    pub fn entity(&self) -> &str {
        &self.entity
    }

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
            supplier: matches!(self.subject, Subject::Supplier(_)).then(|| self.subject.id().to_owned()),
            policy: matches!(self.subject, Subject::Policy(_)).then(|| self.subject.id().to_owned()),
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
