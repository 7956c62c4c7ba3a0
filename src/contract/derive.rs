//! Profile and entity to facts: what is stated is taken, what can be computed is computed, nothing is asked twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::source::Place;
use crate::base::suggest;
use crate::contract::entity::Entity;
use crate::contract::place::{Places, Regime, Restriction};
use crate::contract::profile::{AccessLevel, Activity, ActivityRole, Authorisation, Classification, DataKind, Master, Mechanism, Profile, UkMechanism};
use crate::rule::fact::{FactValue, Facts};
use crate::rule::vocabulary::{FactEntry, FactOwner, FactType, Vocabulary};

/// A decoded file with its tree, so that a value can be shown where it was written.
#[derive(Debug, Clone)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// The tree it was decoded from.
    pub node: Node,
}

/// Where to write a fact that is missing, by fact.
///
/// The list is complete: a test compares it with the vocabulary.
pub const FIELDS: &[(&str, &str)] = &[
    ("access.level", "access"),
    ("access.physical", "access.unescorted_site_access"),
    ("agreement.master", "agreement.master"),
    ("ccpa.role", "us_privacy.ccpa_role"),
    ("contract.deed", "agreement.deed"),
    ("contract.law", "agreement.law"),
    ("contract.liquidated_damages", "agreement.liquidated_damages"),
    ("contract.translated", "agreement.translated"),
    ("counterparty.individual", "identity.natural_person"),
    ("data.cardholder", "data"),
    ("data.class", "data"),
    ("data.ephi", "data"),
    ("data.export_controlled", "data"),
    ("data.personal", "data"),
    ("data.phi", "data"),
    ("data.special_category", "data"),
    ("data.trade_secret", "data"),
    ("hipaa.role", "us_privacy.hipaa_role"),
    ("jurisdictions", "processing"),
    ("processing.any", "processing"),
    ("processing.roles", "processing"),
    ("risk.criticality", "risk.criticality"),
    ("risk.incidents", "risk.incidents"),
    ("risk.location", "risk.location"),
    ("risk.subcontractors", "risk.subcontractors"),
    ("service.ai", "service.ai"),
    ("service.bespoke", "service.bespoke"),
    ("service.cloud", "service.cloud"),
    ("service.critical_function", "service.critical_function"),
    ("service.ict", "service.ict"),
    ("service.physical_media", "custody.physical_media"),
    ("service.runs_in_our_network", "service.runs_in_our_network"),
    ("service.security_testing", "service.security_testing"),
    ("service.software", "service.software"),
    ("signer.consumer", "agreement.consumer"),
    ("subcontracting.allowed", "subcontracting.allowed"),
    ("subcontracting.authorisation", "subcontracting.authorisation"),
    ("supplier.holds_assets", "custody.equipment"),
    ("supplier.holds_copy", "custody.copy_of_data"),
    ("supplier.region", "identity.address.country"),
    ("transfer.ch", "locations"),
    ("transfer.eu", "locations"),
    ("transfer.mechanism", "transfers.mechanism"),
    ("transfer.module", "transfers.mechanism"),
    ("transfer.uk", "locations"),
    ("transfer.uk_mechanism", "transfers.uk_mechanism"),
];

/// Every fact that the program itself gives: those with a field, those of the entity, and the results of the assessment.
pub fn facts() -> impl Iterator<Item = &'static str> {
    let entity = ["standards", "esign.used", "esign.level"];
    let results = ["tier", "docs.nda", "docs.dpa", "docs.sla", "docs.termination", "docs.terms"];
    FIELDS.iter().map(|(fact, _)| *fact).chain(entity).chain(results)
}

/// Checks what an entity says of itself against the vocabulary, also when no supplier contracts with it.
///
/// # Errors
/// Reports `unknown-value` and `unknown-fact` at the entry.
pub fn check_entity(vocabulary: &Arc<Vocabulary>, entity: &Entity, node: &Node, id: &str, report: &mut Report) {
    facts_of_entity(vocabulary, (entity, node, id), report);
    let place = node.place_of(&format!("entities.{id}.law.governing"));
    is_allowed(vocabulary, "contract.law", &entity.law.governing, &place, report);
}

/// The facts of an entity alone: what a policy may depend on.
///
/// # Errors
/// Reports `unknown-value` and `unknown-fact` at the entry.
pub fn facts_of_entity(vocabulary: &Arc<Vocabulary>, entity: (&Entity, &Node, &str), report: &mut Report) -> Facts {
    let mut facts = Facts::new(vocabulary);
    entity_facts(&mut facts, vocabulary, entity, report);
    facts
}

/// The field of the profile that a missing fact is written in.
pub fn field_of(fact: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(name, _)| *name == fact).map(|(_, field)| *field)
}

/// Derives every fact that the profile and the entity allow, and closes them under the rules of the vocabulary.
///
/// # Errors
/// Reports values outside the vocabulary, contradictions, and overrides of facts that do not exist.
pub fn derive(
    vocabulary: &Arc<Vocabulary>,
    places: &Places,
    entity: (&Entity, &Node, &str),
    profile: &Written<Profile>,
    date: Date,
    report: &mut Report,
) -> Facts {
    let (entity_value, entity_node, entity_id) = entity;
    let mut facts = Facts::new(vocabulary);
    // What an entity says is checked once, with the workspace; here it is only taken.
    entity_facts(&mut facts, vocabulary, entity, &mut Report::default());
    let mut deriver = Deriver { facts, vocabulary, places, profile: &profile.value, node: &profile.node, report };
    deriver.identity();
    deriver.agreement(entity_value, entity_node, entity_id);
    deriver.data();
    deriver.processing(entity_value);
    deriver.access();
    deriver.service();
    deriver.subcontracting();
    deriver.us_privacy();
    deriver.transfers();
    deriver.risk(date);
    deriver.overrides();
    let mut facts = deriver.facts;
    facts.close(report);
    facts
}

struct Deriver<'a> {
    facts: Facts,
    vocabulary: &'a Vocabulary,
    places: &'a Places,
    profile: &'a Profile,
    node: &'a Node,
    report: &'a mut Report,
}

impl Deriver<'_> {
    fn at(&self, path: &str) -> Option<Place> {
        Some(self.node.place_of(path))
    }

    fn set(&mut self, name: &str, value: FactValue, path: &str) {
        let place = self.at(path);
        self.facts.set(name, value, format!("`{path}`"), place);
    }

    fn set_bool(&mut self, name: &str, value: bool, path: &str) {
        self.set(name, FactValue::Bool(value), path);
    }

    fn set_word(&mut self, name: &str, word: &str, path: &str) {
        self.set(name, FactValue::Word(word.to_owned()), path);
    }

    /// States an enum fact from free text, after checking the word against the vocabulary.
    fn state(&mut self, name: &str, word: Option<&String>, path: &str) {
        let Some(word) = word else { return };
        let place = self.node.place_of(path);
        if self.allowed(name, word, &place) {
            self.set_word(name, word, path);
        }
    }

    fn allowed(&mut self, name: &str, word: &str, place: &Place) -> bool {
        is_allowed(self.vocabulary, name, word, place, self.report)
    }

    fn country(&mut self, code: &str, path: &str) {
        if !self.places.countries.contains_key(code) {
            let place = self.node.place_of(path);
            let help = suggest::nearest(code, self.places.countries.keys().map(String::as_str))
                .map_or_else(|| "use an ISO 3166-1 code such as `IE`".to_owned(), |near| format!("did you mean `{near}`?"));
            self.report.push(Diagnostic::error("unknown-country", format!("there is no country `{code}`")).at(&place).help(help));
        }
    }

    fn identity(&mut self) {
        let identity = &self.profile.identity;
        self.set_bool("counterparty.individual", identity.natural_person, "identity.natural_person");
        let country = identity.address.country.clone();
        self.country(&country, "identity.address.country");
        self.set_word("supplier.region", self.places.region(&country), "identity.address.country");
        if !identity.natural_person && identity.registration_number.is_none() {
            let place = self.node.place_of("identity.legal_name");
            let message = "a supplier that is not a natural person needs a registration number";
            self.report.push(Diagnostic::error("missing-key", message).at(&place).help("add `identity.registration_number` and `identity.registered_in`"));
        }
    }

    fn agreement(&mut self, entity: &Entity, entity_node: &Node, entity_id: &str) {
        let house = entity.law.governing.clone();
        let house_place = entity_node.place_of(&format!("entities.{entity_id}.law.governing"));
        let agreement = self.profile.agreement.as_ref();
        match agreement.and_then(|a| a.law.as_ref()) {
            Some(law) => self.state("contract.law", Some(law), "agreement.law"),
            None => {
                if self.vocabulary.facts.get("contract.law").is_some_and(|f| f.words().any(|w| w == house)) {
                    let how = format!("house law of entity `{entity_id}`");
                    self.facts.set("contract.law", FactValue::Word(house), how, Some(house_place));
                }
            }
        }
        let Some(agreement) = agreement else { return };
        if let Some(master) = &agreement.master {
            self.set_bool("agreement.master", matches!(master, Master::Agreement(_)), "agreement.master");
        }
        for (name, value, path) in [
            ("contract.deed", agreement.deed, "agreement.deed"),
            ("contract.translated", agreement.translated, "agreement.translated"),
            ("contract.liquidated_damages", agreement.liquidated_damages, "agreement.liquidated_damages"),
            ("signer.consumer", agreement.consumer, "agreement.consumer"),
        ] {
            if let Some(value) = value {
                self.set_bool(name, value, path);
            }
        }
    }

    fn data(&mut self) {
        let Some(data) = &self.profile.data else { return };
        let highest = data.iter().enumerate().map(|(at, d)| {
            let class = if d.sealed { d.classification.min(Classification::Internal) } else { d.classification };
            (class, std::cmp::Reverse(at))
        });
        let (class, path) = match highest.max() {
            Some((class, std::cmp::Reverse(at))) => (class, format!("data[{at}].classification")),
            None => (Classification::Public, "data".to_owned()),
        };
        let word = match class {
            Classification::Public => "public",
            Classification::Internal => "internal",
            Classification::Confidential => "confidential",
            Classification::Regulated => "regulated",
        };
        self.set_word("data.class", word, &path);
        let kinds: [(&str, &[DataKind]); 6] = [
            ("data.personal", &[DataKind::Personal, DataKind::SpecialCategory, DataKind::Phi, DataKind::Cardholder]),
            ("data.special_category", &[DataKind::SpecialCategory]),
            ("data.phi", &[DataKind::Phi]),
            ("data.cardholder", &[DataKind::Cardholder]),
            ("data.trade_secret", &[DataKind::TradeSecret]),
            ("data.export_controlled", &[DataKind::ExportControlled]),
        ];
        for (name, wanted) in kinds {
            let found = data.iter().position(|d| wanted.contains(&d.kind));
            let path = found.map_or_else(|| "data".to_owned(), |at| format!("data[{at}].kind"));
            self.set_bool(name, found.is_some(), &path);
        }
        let electronic = data.iter().position(|d| d.kind == DataKind::Phi && !d.paper);
        let path = electronic.map_or_else(|| "data".to_owned(), |at| format!("data[{at}].kind"));
        self.set_bool("data.ephi", electronic.is_some(), &path);
    }

    fn processing(&mut self, entity: &Entity) {
        // Without the activities only the laws that bind the entity are known; the places of people may add to them later.
        let Some(activities) = &self.profile.processing else { return };
        let mut roles = BTreeSet::new();
        let mut jurisdictions: BTreeSet<String> = entity.law.jurisdictions.iter().cloned().collect();
        for (at, activity) in activities.iter().enumerate() {
            roles.insert(role_word(activity.role).to_owned());
            for (entry, word) in activity.people_in.iter().enumerate() {
                let place = self.node.place_of(&format!("processing[{at}].people_in[{entry}]"));
                if self.allowed("jurisdictions", word, &place) {
                    jurisdictions.insert(word.clone());
                }
            }
        }
        self.set_bool("processing.any", !roles.is_empty(), "processing");
        self.set("processing.roles", FactValue::Set(roles), "processing");
        if let Some(stated) = self.facts.get("jurisdictions").cloned()
            && stated.value != FactValue::Set(jurisdictions.clone())
        {
            self.set("jurisdictions", FactValue::Set(jurisdictions), "processing");
        }
    }

    fn access(&mut self) {
        if let Some(access) = &self.profile.access {
            let highest = access.systems.iter().enumerate().map(|(at, s)| (s.level, std::cmp::Reverse(at))).max();
            let (word, path) = match highest {
                None => ("none", "access.systems".to_owned()),
                Some((level, std::cmp::Reverse(at))) => {
                    let word = match level {
                        AccessLevel::Read => "read",
                        AccessLevel::Write => "write",
                        AccessLevel::Privileged => "privileged",
                    };
                    (word, format!("access.systems[{at}].level"))
                }
            };
            self.set_word("access.level", word, &path);
            self.set_bool("access.physical", access.unescorted_site_access, "access.unescorted_site_access");
        }
        if let Some(custody) = &self.profile.custody {
            self.set_bool("supplier.holds_copy", custody.copy_of_data, "custody.copy_of_data");
            self.set_bool("supplier.holds_assets", custody.equipment, "custody.equipment");
            self.set_bool("service.physical_media", custody.physical_media, "custody.physical_media");
        }
    }

    fn service(&mut self) {
        let Some(service) = &self.profile.service else { return };
        for (field, value) in [
            ("ict", service.ict),
            ("critical_function", service.critical_function),
            ("cloud", service.cloud),
            ("software", service.software),
            ("bespoke", service.bespoke),
            ("ai", service.ai),
            ("security_testing", service.security_testing),
            ("runs_in_our_network", service.runs_in_our_network),
        ] {
            if let Some(value) = value {
                self.set_bool(&format!("service.{field}"), value, &format!("service.{field}"));
            }
        }
    }

    fn subcontracting(&mut self) {
        let Some(subcontracting) = &self.profile.subcontracting else { return };
        self.set_bool("subcontracting.allowed", subcontracting.allowed, "subcontracting.allowed");
        let word = match subcontracting.authorisation {
            Authorisation::None => "none",
            Authorisation::Specific => "specific",
            Authorisation::General => "general",
        };
        self.set_word("subcontracting.authorisation", word, "subcontracting.authorisation");
        let countries: Vec<String> = subcontracting.subcontractors.iter().map(|s| s.country.clone()).collect();
        for (at, code) in countries.iter().enumerate() {
            self.country(code, &format!("subcontracting.subcontractors[{at}].country"));
        }
        let countries: Vec<String> = self.profile.locations.iter().flatten().map(|l| l.country.clone()).collect();
        for (at, code) in countries.iter().enumerate() {
            self.country(code, &format!("locations[{at}].country"));
        }
    }

    fn us_privacy(&mut self) {
        let Some(us) = &self.profile.us_privacy else { return };
        let (ccpa, hipaa) = (us.ccpa_role.clone(), us.hipaa_role.clone());
        self.state("ccpa.role", ccpa.as_ref(), "us_privacy.ccpa_role");
        self.state("hipaa.role", hipaa.as_ref(), "us_privacy.hipaa_role");
    }

    fn transfers(&mut self) {
        let stated = self.profile.transfers.as_ref();
        if let Some(transfers) = stated {
            let word = match transfers.mechanism {
                Mechanism::None => "none",
                Mechanism::Scc => "scc",
                Mechanism::Bcr => "bcr",
                Mechanism::Other => "other",
            };
            self.set_word("transfer.mechanism", word, "transfers.mechanism");
            if let Some(mechanism) = transfers.uk_mechanism {
                let word = match mechanism {
                    UkMechanism::None => "none",
                    UkMechanism::Addendum => "addendum",
                    UkMechanism::Idta => "idta",
                    UkMechanism::Bcr => "bcr",
                };
                self.set_word("transfer.uk_mechanism", word, "transfers.uk_mechanism");
            }
        }
        let personal = self.facts.get("data.personal").map(|f| f.value == FactValue::Bool(true));
        let people: Option<BTreeSet<&str>> =
            self.profile.processing.as_ref().map(|a| a.iter().flat_map(|x: &Activity| x.people_in.iter().map(String::as_str)).collect());
        let certified = stated.is_some_and(|t| t.data_privacy_framework);
        for (regime, word, name) in [(Regime::Eu, "eu", "transfer.eu"), (Regime::Uk, "uk", "transfer.uk"), (Regime::Ch, "ch", "transfer.ch")] {
            let concerned = match (personal, &people) {
                (Some(false), _) => Some(false),
                (Some(true), Some(people)) => Some(people.contains(word)),
                _ => None,
            };
            match concerned {
                None => {}
                Some(false) => self.set_word(name, Restriction::None.word(), "processing"),
                Some(true) if self.profile.locations.is_none() => {}
                Some(true) => {
                    let (restriction, path) = self.furthest(regime, certified);
                    self.set_word(name, restriction.word(), &path);
                }
            }
        }
        let module = self.modules();
        if let Some((modules, path)) = module {
            self.set("transfer.module", FactValue::Set(modules), path);
        }
    }

    /// The most restricted place where the supplier itself holds or reads personal data, and the field that names it.
    ///
    /// An onward transfer by a supplier inside the regime is the supplier's own export and does not count here.
    fn furthest(&self, regime: Regime, certified: bool) -> (Restriction, String) {
        let profile = self.profile;
        let supplier = (profile.identity.address.country.as_str(), "identity.address.country".to_owned());
        let locations = profile.locations.iter().flatten().enumerate().filter(|(_, l)| l.personal_data);
        let locations = locations.map(|(at, l)| (l.country.as_str(), format!("locations[{at}].country")));
        let mut worst = (Restriction::None, "locations".to_owned());
        for (code, path) in std::iter::once(supplier).chain(locations) {
            let restriction = self.places.restriction(regime, code, certified);
            if restriction > worst.0 {
                worst = (restriction, path);
            }
        }
        worst
    }

    /// SCC modules by role: to a controller module 1, to a processor module 2, to a sub-processor module 3 (Decision (EU) 2021/914).
    ///
    /// Module 4 (processor to controller) cannot be seen in a profile and is stated as an override.
    fn modules(&self) -> Option<(BTreeSet<String>, &'static str)> {
        let scc = match self.profile.transfers.as_ref().map(|t| t.mechanism) {
            Some(mechanism) => mechanism == Mechanism::Scc,
            None => return Some((BTreeSet::new(), "processing")).filter(|_| self.profile.processing.is_some()),
        };
        let activities = self.profile.processing.as_ref()?;
        let modules = activities.iter().filter(|_| scc).map(|a| match a.role {
            ActivityRole::Controller | ActivityRole::JointController => "m1".to_owned(),
            ActivityRole::Processor => "m2".to_owned(),
            ActivityRole::Subprocessor => "m3".to_owned(),
        });
        Some((modules.collect(), "transfers.mechanism"))
    }

    fn risk(&mut self, date: Date) {
        let Some(risk) = self.profile.risk.clone() else { return };
        self.state("risk.criticality", risk.criticality.as_ref(), "risk.criticality");
        self.state("risk.location", risk.location.as_ref(), "risk.location");
        self.state("risk.subcontractors", risk.subcontractors.as_ref(), "risk.subcontractors");
        self.state("risk.incidents", risk.incidents.as_ref(), "risk.incidents");
        let recent = self.profile.assurance.iter().flat_map(|a| a.incidents.iter().enumerate()).find(|(_, i)| i.date.plus_months(36) >= date);
        if let (Some((at, incident)), Some("none")) = (recent, risk.incidents.as_deref()) {
            let place = self.node.place_of("risk.incidents");
            let other = self.node.place_of(&format!("assurance.incidents[{at}].date"));
            let message = "`risk.incidents` is `none`, but an incident of the last 36 months is listed";
            self.report.push(
                Diagnostic::error("contradiction", message)
                    .at(&place)
                    .with(&other, format!("incident of {}", incident.date))
                    .help("choose `minor_remediated`, `major_remediated`, `repeated` or `open_or_undisclosed`"),
            );
        }
    }

    fn overrides(&mut self) {
        for (name, stated) in self.profile.facts.clone() {
            let path = format!("facts.{name}.value");
            // A fact name has dots, so its entry is looked up by key, not by path.
            let entry = self.node.get("facts").and_then(|f| f.get(&name));
            let place = entry.map_or_else(|| self.node.place_of("facts"), |e| e.place_of("value"));
            let Some(declared) = self.vocabulary.facts.get(&name).filter(|f| f.origin != FactOwner::Result) else {
                let names = self.vocabulary.facts.iter().filter(|(_, f)| f.origin != FactOwner::Result).map(|(n, _)| n.as_str());
                let message = format!("there is no fact `{name}` that a profile may state");
                let help = suggest::nearest(&name, names).map_or_else(|| "see `vocabulary.yaml`".to_owned(), |near| format!("did you mean `{near}`?"));
                self.report.push(Diagnostic::error("unknown-fact", message).at(&place).help(help));
                continue;
            };
            let value = match (&declared.r#type, &stated.value) {
                (FactType::Bool, Value::String(text)) if text == "true" || text == "false" => Some(FactValue::Bool(text == "true")),
                (FactType::Enum | FactType::Ordered, Value::String(word)) => {
                    if !self.allowed(&name, word, &place) {
                        continue;
                    }
                    Some(FactValue::Word(word.clone()))
                }
                (FactType::Set, Value::Array(words)) => {
                    let words: BTreeSet<String> = words.iter().filter_map(|w| w.as_str().map(str::to_owned)).collect();
                    if !words.iter().all(|w| self.allowed(&name, w, &place)) {
                        continue;
                    }
                    Some(FactValue::Set(words))
                }
                _ => None,
            };
            match value {
                Some(value) => self.facts.set(&name, value, format!("`{path}`, because: {}", stated.reason), Some(place)),
                None => {
                    let expected = match declared.r#type {
                        FactType::Bool => "`true` or `false`",
                        FactType::Set => "a list of values",
                        _ => "one value",
                    };
                    self.report.push(Diagnostic::error("wrong-type", format!("`{name}` must be {expected}")).at(&place));
                }
            }
        }
    }
}

/// Tells whether a word is a value of a fact, and reports it if not.
fn is_allowed(vocabulary: &Vocabulary, name: &str, word: &str, place: &Place, report: &mut Report) -> bool {
    let Some(entry) = vocabulary.facts.get(name) else { return false };
    if entry.words().any(|w| w == word) {
        return true;
    }
    let message = format!("`{word}` is not a value of `{name}`");
    report.push(Diagnostic::error("unknown-value", message).at(place).help(suggest::help(word, entry.words())));
    false
}

/// Names of the bool facts that an entity states.
fn entity_bools(vocabulary: &Vocabulary) -> Vec<&str> {
    let is_entity_bool = |f: &FactEntry| f.origin == FactOwner::Entity && f.r#type == FactType::Bool;
    vocabulary.facts.iter().filter(|(_, f)| is_entity_bool(f)).map(|(n, _)| n.as_str()).collect()
}

/// The facts that an entity states once for all its suppliers.
fn entity_facts(facts: &mut Facts, vocabulary: &Vocabulary, entity: (&Entity, &Node, &str), report: &mut Report) {
    let (entity, node, id) = entity;
    let law = &entity.law;
    let place = |field: &str| node.place_of(&format!("entities.{id}.law.{field}"));
    let names = entity_bools(vocabulary);
    for (at, name) in law.sector.iter().enumerate().filter(|(_, n)| !names.contains(&n.as_str())) {
        let message = format!("there is no sector fact `{name}` of an entity");
        let help = suggest::help(name, names.iter().copied());
        report.push(Diagnostic::error("unknown-fact", message).at(&place(&format!("sector[{at}]"))).help(help));
    }
    for name in names.iter().filter(|n| **n != "esign.used") {
        let holds = law.sector.iter().any(|s| s == name);
        facts.set(name, FactValue::Bool(holds), format!("`law.sector` of entity `{id}`"), Some(place("sector")));
    }
    for (name, words, field) in [("standards", &law.standards, "standards"), ("jurisdictions", &law.jurisdictions, "jurisdictions")] {
        let mut set = BTreeSet::new();
        for (at, word) in words.iter().enumerate() {
            if is_allowed(vocabulary, name, word, &place(&format!("{field}[{at}]")), report) {
                set.insert(word.clone());
            }
        }
        facts.set(name, FactValue::Set(set), format!("`law.{field}` of entity `{id}`"), Some(place(field)));
    }
    let at = place("esign_level");
    if is_allowed(vocabulary, "esign.level", &law.esign_level, &at, report) {
        let how = format!("`law.esign_level` of entity `{id}`");
        facts.set("esign.level", FactValue::Word(law.esign_level.clone()), how.clone(), Some(at.clone()));
        facts.set("esign.used", FactValue::Bool(law.esign_level != "none"), how, Some(at));
    }
}

fn role_word(role: ActivityRole) -> &'static str {
    match role {
        ActivityRole::Processor => "processor",
        ActivityRole::Subprocessor => "subprocessor",
        ActivityRole::Controller => "controller",
        ActivityRole::JointController => "joint_controller",
    }
}
