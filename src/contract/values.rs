//! The values that clause text may name: the profile and the entity as text.
//!
//! Everything is text or a list of groups of text. What is not known is absent, so that a clause that needs it is refused with
//! `unfilled-value` instead of printing nothing. Controls and line ends become spaces here, once.

use serde_json::{Map, Value};

use crate::base::date::Date;
use crate::contract::entity::{Contact, Entity, EscalationStep};
use crate::contract::parameter::{Registry, enumerate, number_text, thousands};
use crate::contract::party::{address_line, contact_line, details, notices_line};
use crate::contract::place::Places;
use crate::contract::profile::{
    AccessLevel, AccessPlace, Activity, ActivityRole, Authorisation, Classification, ContactRole, DataCategory, DataKind, Destruction, Flow, Master, Mechanism,
    Money, Opinion, Profile, Renewal, Retention, Subcontractor, UkMechanism,
};
use crate::contract::risk::Tier;
use crate::rule::fact::{FactValue, Facts};
use crate::text::template::Shape;

/// Every value that clause text may name; `[]` marks a list. `docs/clauses.md` explains them, a test compares the two.
const PATHS: &[(&str, &str)] = &[
    (
        "customer",
        "legal_name entity_type registration_number registered_in address country details law forum notices security_contact privacy_contact \
         business_contact speak_up_contact dpo supervisory_authority holidays",
    ),
    ("customer.escalation[]", "level name title email telephone"),
    (
        "supplier",
        "legal_name entity_type registration_number registered_in address country details notices lei vat parent security_contact privacy_contact \
         business_contact dpo",
    ),
    ("supplier.contacts[]", "role name title email telephone"),
    ("supplier.escalation[]", "level name title email telephone"),
    ("owner", "name title email"),
    ("law", "governing forum"),
    ("master", "title date reference"),
    ("term", "start end duration renewal notice fees"),
    ("documents[]", "title kind"),
    ("processing[]", "name role subject_matter nature purpose duration data_subjects data people frequency"),
    ("data[]", "id name classification kind people"),
    ("sensitive[]", "id name classification kind people"),
    ("flows[]", "from to what how frequency purpose encryption"),
    ("personal_flows[]", "from to what how frequency purpose encryption"),
    ("systems[]", "system level role purpose justification where"),
    ("certificates[]", "name scope expires"),
    ("reports[]", "name date period opinion"),
    ("tests[]", "name date by"),
    ("insurance[]", "kind amount insurer expires"),
    ("subcontractors[]", "name address country task data contact"),
    ("subprocessors[]", "name address country task data contact"),
    ("locations[]", "place country purpose"),
    ("transfers[]", "importer country law mechanism assessed"),
    ("scc_transfers[]", "importer country law mechanism assessed"),
    ("scc", "modules option_9a clause_13 law_17 forum_18 authority frequency"),
    ("service", "description hours support_hours availability_window measurement maintenance rpo rto"),
    ("severities[]", "name meaning response restore"),
    ("credits[]", "band credit"),
    ("deliverables[]", "name description"),
    ("retention[]", "data period destruction basis"),
    ("personal_retention[]", "data period destruction basis"),
];

/// The shape of what [`values`] builds, for checking templates when the library is loaded.
pub fn shape() -> Shape {
    let mut root: Vec<(String, Shape)> =
        vec![("p".to_owned(), Shape::Open), ("n".to_owned(), Shape::Open), ("purpose".to_owned(), Shape::Text), ("blank".to_owned(), Shape::Text)];
    for (path, members) in PATHS {
        let group = Shape::Group(members.split_whitespace().map(|m| (m.to_owned(), Shape::Text)).collect());
        let (path, shape) = match path.strip_suffix("[]") {
            Some(path) => (path, Shape::List(Box::new(group))),
            None => (*path, group),
        };
        match path.split_once('.') {
            None => root.push((path.to_owned(), shape)),
            Some((outer, inner)) => {
                if let Some((_, Shape::Group(members))) = root.iter_mut().find(|(name, _)| name == outer) {
                    members.push((inner.to_owned(), shape));
                }
            }
        }
    }
    Shape::Group(root)
}

/// The shape of what [`policy_values`] builds.
pub fn policy_shape() -> Shape {
    let Shape::Group(mut root) = shape() else { return shape() };
    let mut organisation = Vec::new();
    if let Some((_, Shape::Group(members))) = root.iter().find(|(name, _)| name == "customer") {
        organisation.clone_from(members);
    }
    organisation.push(("name".to_owned(), Shape::Text));
    root.retain(|(name, _)| ["p", "n", "blank"].contains(&name.as_str()));
    let policy = ["title", "version"].map(|member| (member.to_owned(), Shape::Text)).to_vec();
    root.extend([("organisation".to_owned(), Shape::Group(organisation)), ("policy".to_owned(), Shape::Group(policy))]);
    Shape::Group(root)
}

/// Builds the values of a policy without parameters: the entity that issues it, the name of the organisation, title and version.
pub fn policy_values(entity: &Entity, organisation: &str, title: &str, version: &str, places: &Places) -> Map<String, Value> {
    Group::default()
        .group("organisation", customer(entity, places).text("name", organisation.to_owned()))
        .group("policy", Group::default().text("title", title.to_owned()).text("version", version.to_owned()))
        .0
}

/// What the values are made from.
pub struct Ingredients<'a> {
    /// Our entity.
    pub entity: &'a Entity,
    /// The profile.
    pub profile: &'a Profile,
    /// Its facts.
    pub facts: &'a Facts,
    /// Countries.
    pub places: &'a Places,
    /// The registry, for the tables of the tier.
    pub registry: &'a Registry,
    /// The tier, where there is one.
    pub tier: Option<Tier>,
    /// Target availability in percent and the cap of credits, where they are in play.
    pub availability: Option<(f64, f64)>,
    /// Date of the pack.
    pub date: Date,
    /// The documents of the pack in order of precedence: kind and title.
    pub documents: &'a [(String, String)],
}

/// An object that drops what is absent.
#[derive(Default)]
struct Group(Map<String, Value>);

impl Group {
    fn text(mut self, name: &str, value: impl Into<Option<String>>) -> Self {
        if let Some(text) = value.into() {
            self.0.insert(name.to_owned(), Value::String(clean(&text)));
        }
        self
    }

    fn list(mut self, name: &str, rows: impl IntoIterator<Item = Group>) -> Self {
        self.0.insert(name.to_owned(), Value::Array(rows.into_iter().map(|g| Value::Object(g.0)).collect()));
        self
    }

    fn group(mut self, name: &str, group: Group) -> Self {
        self.0.insert(name.to_owned(), Value::Object(group.0));
        self
    }
}

/// Controls and line ends to spaces, runs of white space to one: a value stays on its line.
pub fn clean(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Builds the values without parameters; a list whose field the profile lacks is absent, an empty one is empty.
pub fn values(from: &Ingredients<'_>) -> Map<String, Value> {
    let (profile, places) = (from.profile, from.places);
    let root = Group::default()
        .group("customer", customer(from.entity, places))
        .group("supplier", supplier(profile, places))
        .group("owner", owner(profile))
        .group("law", law(from))
        .group("master", master(profile))
        .text("purpose", profile.agreement.as_ref().and_then(|a| a.purpose.clone()))
        .group("term", term(profile))
        .list("documents", from.documents.iter().map(|(kind, title)| Group::default().text("kind", kind.clone()).text("title", title.clone())))
        .group("scc", scc(from))
        .group("service", service(profile));
    let mut root = lists(root, from);
    if let Some(tier) = from.tier {
        let severities = profile.service.as_ref().and_then(|s| s.severities.clone()).unwrap_or_else(|| from.registry.severities(tier));
        root = root.list(
            "severities",
            severities
                .into_iter()
                .map(|s| Group::default().text("name", s.name).text("meaning", s.meaning).text("response", s.response).text("restore", s.restore)),
        );
    }
    if let Some((target, cap)) = from.availability {
        root = root.list("credits", credits(from.registry, target, cap));
    }
    root.0
}

fn customer(entity: &Entity, places: &Places) -> Group {
    let contact = |c: &Contact| contact_line(c);
    Group::default()
        .text("legal_name", entity.legal_name.clone())
        .text("entity_type", entity.entity_type.clone())
        .text("registration_number", entity.registration_number.clone())
        .text("registered_in", entity.registered_in.clone())
        .text("address", address_line(&entity.address, places))
        .text("country", places.name(&entity.address.country))
        .text("details", details(&entity.entity_type, Some(&entity.registration_number), Some(&entity.registered_in), &entity.address, places, false))
        .text("law", law_name(&entity.law.governing, entity.law.law_name.as_ref()))
        .text("forum", entity.law.forum.clone())
        .text("notices", notices_line(&entity.notices, &entity.address, places))
        .text("security_contact", contact(&entity.contacts.security))
        .text("privacy_contact", contact(&entity.contacts.privacy))
        .text("business_contact", contact(&entity.contacts.business))
        .text("speak_up_contact", entity.contacts.speak_up.as_ref().map(contact))
        .text("dpo", entity.contacts.dpo.as_ref().map(contact))
        .text("supervisory_authority", entity.law.supervisory_authority.clone())
        .text("holidays", entity.calendar.holidays.clone())
        .list("escalation", escalation(&entity.escalation))
}

fn supplier(profile: &Profile, places: &Places) -> Group {
    let identity = &profile.identity;
    let by_role = |role: ContactRole| profile.contacts.iter().find(|c| c.role == role).map(|c| contact_line(&c.contact()));
    let registration = identity.registration_number.as_ref();
    let contacts = profile.contacts.iter().map(|c| {
        let role = match c.role {
            ContactRole::Security => "Security",
            ContactRole::Privacy => "Privacy",
            ContactRole::Business => "Business",
            ContactRole::Dpo => "Data protection officer",
            ContactRole::Finance => "Finance",
            ContactRole::Support => "Support",
        };
        person(Group::default().text("role", role.to_owned()), &c.name, c.title.as_ref(), &c.email, c.telephone.as_ref())
    });
    Group::default()
        .text("legal_name", identity.legal_name.clone())
        .text("entity_type", identity.entity_type.clone())
        .text("registration_number", registration.cloned())
        .text("registered_in", identity.registered_in.clone())
        .text("address", address_line(&identity.address, places))
        .text("country", places.name(&identity.address.country))
        .text("details", details(&identity.entity_type, registration, identity.registered_in.as_ref(), &identity.address, places, identity.natural_person))
        .text("notices", notices_line(&profile.notices, &identity.address, places))
        .text("lei", identity.lei.clone())
        .text("vat", identity.vat.clone())
        .text("parent", identity.parent.clone())
        .text("security_contact", by_role(ContactRole::Security))
        .text("privacy_contact", by_role(ContactRole::Privacy))
        .text("business_contact", by_role(ContactRole::Business))
        .text("dpo", by_role(ContactRole::Dpo))
        .list("contacts", contacts)
        .list("escalation", escalation(&profile.escalation))
}

fn person(group: Group, name: &str, title: Option<&String>, email: &str, telephone: Option<&String>) -> Group {
    let or_none = |text: Option<&String>| text.cloned().unwrap_or_else(|| "none".to_owned());
    group.text("name", name.to_owned()).text("title", or_none(title)).text("email", email.to_owned()).text("telephone", or_none(telephone))
}

fn escalation(steps: &[EscalationStep]) -> impl Iterator<Item = Group> {
    steps
        .iter()
        .enumerate()
        .map(|(at, s)| person(Group::default().text("level", (at + 1).to_string()), &s.name, Some(&s.title), &s.email, s.telephone.as_ref()))
}

fn owner(profile: &Profile) -> Group {
    match &profile.owner {
        None => Group::default(),
        Some(owner) => Group::default().text("name", owner.name.clone()).text("title", owner.title.clone()).text("email", owner.email.clone()),
    }
}

fn law(from: &Ingredients<'_>) -> Group {
    let word = match from.facts.get("contract.law").map(|f| &f.value) {
        Some(FactValue::Word(word)) => Some(word.clone()),
        _ => None,
    };
    let agreement = from.profile.agreement.as_ref();
    let own = agreement.and_then(|a| a.forum.clone());
    let house = word.as_deref() == Some(from.entity.law.governing.as_str());
    let forum = own.or_else(|| house.then(|| from.entity.law.forum.clone()));
    let stated = agreement.filter(|a| a.law.is_some()).map_or(from.entity.law.law_name.as_ref(), |a| a.law_name.as_ref());
    Group::default().text("governing", word.and_then(|w| law_name(&w, stated))).text("forum", forum)
}

/// Which alternative of Clause 13(a) of the SCC applies to the exporter.
fn clause_13(from: &Ingredients<'_>) -> String {
    if from.places.eu.contains(&from.entity.address.country) {
        return "the first alternative (the data exporter is established in a Member State)".to_owned();
    }
    match &from.entity.law.eu_representative {
        Some(code) => format!("the second alternative (the data exporter has a representative in {})", from.places.name(code)),
        None => "the third alternative (the data exporter needs no representative in the European Union)".to_owned(),
    }
}

/// The printed name of a governing law (values of fact `contract.law`); the `other` ones have the name that was stated.
fn law_name(word: &str, stated: Option<&String>) -> Option<String> {
    let name = match word {
        "england_wales" => "the laws of England and Wales",
        "scotland" => "the laws of Scotland",
        "ireland" => "the laws of Ireland",
        "germany" => "the laws of Germany",
        "france" => "the laws of France",
        "us_ny" => "the laws of the State of New York",
        "us_de" => "the laws of the State of Delaware",
        "us_ca" => "the laws of the State of California",
        _ => return stated.cloned(),
    };
    Some(name.to_owned())
}

fn master(profile: &Profile) -> Group {
    match profile.agreement.as_ref().and_then(|a| a.master.as_ref()) {
        Some(Master::Agreement(master)) => {
            Group::default().text("title", master.title.clone()).text("date", master.date.long()).text("reference", master.reference.clone())
        }
        _ => Group::default(),
    }
}

fn term(profile: &Profile) -> Group {
    let Some(term) = &profile.term else { return Group::default() };
    let notice = format!("{} calendar days", term.notice_days);
    let renewal = match (term.end, term.renewal) {
        (None, _) => "needs no renewal, because no end is agreed".to_owned(),
        (_, Renewal::None) => "is not renewed".to_owned(),
        (_, Renewal::Yearly) => format!("is renewed for a year at a time, unless a party gives written notice at least {notice} before it ends"),
        (_, Renewal::ByAgreement) => "is renewed only by a document that both parties sign before it ends".to_owned(),
    };
    Group::default()
        .text("start", term.start.long())
        .text("end", term.end.map_or_else(|| "open".to_owned(), Date::long))
        .text("duration", term.end.map_or_else(|| "lasts until a party ends it".to_owned(), |end| format!("lasts until {}", end.long())))
        .text("renewal", renewal)
        .text("notice", notice)
        .text("fees", term.annual_fees.as_ref().map(money_text))
}

/// `EUR 240,000`.
fn money_text(money: &Money) -> String {
    #[expect(clippy::cast_precision_loss, reason = "amounts of money in contracts are far below 2^52")]
    let amount = money.amount as f64;
    format!("{} {}", money.currency, thousands(amount))
}

fn scc(from: &Ingredients<'_>) -> Group {
    let modules = match from.facts.get("transfer.module").map(|f| &f.value) {
        Some(FactValue::Set(words)) => words.iter().filter_map(|w| module_name(w)).map(str::to_owned).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let state = from.entity.law.scc_member_state.clone().or_else(|| {
        let own = &from.entity.address.country;
        from.places.eu.contains(own).then(|| own.clone())
    });
    let state = state.map(|code| from.places.name(&code));
    let option = match from.profile.subcontracting.as_ref().map(|s| s.authorisation) {
        Some(Authorisation::Specific) => Some("Option 1 (specific prior authorisation)"),
        Some(Authorisation::General) => Some("Option 2 (general written authorisation)"),
        _ => None,
    };
    let law = &from.entity.law;
    let eu_transfer = from.facts.get("transfer.eu").is_some_and(|f| f.value == FactValue::Word("restricted".to_owned()));
    // An authority outside the Union supervises no transfer under its law; the UK Addendum names its own.
    let own = from.places.eu.contains(&from.entity.address.country) || !eu_transfer;
    let authority = if own { law.supervisory_authority.clone() } else { law.eu_supervisory_authority.clone() };
    let frequency = from.profile.processing.iter().flatten().find_map(|a| a.frequency.clone()).unwrap_or_else(|| "continuous".to_owned());
    Group::default()
        .text("modules", (!modules.is_empty()).then(|| enumerate(&modules)))
        .text("option_9a", option.map(str::to_owned))
        .text("law_17", state.clone())
        .text("forum_18", state)
        .text("clause_13", clause_13(from))
        .text("authority", authority)
        .text("frequency", frequency)
}

/// Names of the modules as Decision (EU) 2021/914 writes them.
fn module_name(word: &str) -> Option<&'static str> {
    match word {
        "m1" => Some("Module One (controller to controller)"),
        "m2" => Some("Module Two (controller to processor)"),
        "m3" => Some("Module Three (processor to processor)"),
        "m4" => Some("Module Four (processor to controller)"),
        _ => None,
    }
}

fn service(profile: &Profile) -> Group {
    let Some(service) = &profile.service else { return Group::default() };
    let hours = |n: Option<u32>| n.map(|n| if n == 1 { "1 hour".to_owned() } else { format!("{n} hours") });
    Group::default()
        .text("description", service.description.as_ref().map(|d| d.trim_end_matches('.').to_owned()))
        .text("hours", service.hours.clone())
        .text("support_hours", service.support_hours.clone())
        .text("availability_window", service.hours.clone())
        .text("measurement", service.measurement.clone())
        .text("maintenance", service.maintenance.clone())
        .text("rpo", hours(service.rpo_hours))
        .text("rto", hours(service.rto_hours))
}

/// Adds the lists whose field the profile has.
fn lists(root: Group, from: &Ingredients<'_>) -> Group {
    let (profile, places) = (from.profile, from.places);
    let mut root = root;
    if let Some(data) = &profile.data {
        root = root.list("data", data.iter().map(data_row)).list("sensitive", data.iter().filter(|d| is_sensitive(d.kind)).map(data_row));
    }
    if let Some(activities) = &profile.processing {
        root = root.list("processing", activities.iter().map(|a| activity_row(a, profile)));
    }
    if let Some(flows) = &profile.flows {
        let personal = flows.iter().filter(|f| f.data.iter().any(|id| is_personal(id, profile)));
        root = root.list("flows", flows.iter().map(|f| flow_row(f, profile))).list("personal_flows", personal.map(|f| flow_row(f, profile)));
    }
    if let Some(access) = &profile.access {
        root = root.list(
            "systems",
            access.systems.iter().map(|s| {
                let level = match s.level {
                    AccessLevel::Read => "read",
                    AccessLevel::Write => "read and write",
                    AccessLevel::Privileged => "privileged",
                };
                let place = match s.place {
                    AccessPlace::Remote => "remote",
                    AccessPlace::OnSite => "on site",
                };
                Group::default()
                    .text("system", s.system.clone())
                    .text("level", level.to_owned())
                    .text("role", s.role.clone())
                    .text("purpose", s.purpose.clone())
                    .text("justification", s.justification.clone())
                    .text("where", place.to_owned())
            }),
        );
    }
    if let Some(locations) = &profile.locations {
        root = root.list(
            "locations",
            locations
                .iter()
                .map(|l| Group::default().text("place", l.place.clone()).text("country", places.cell(&l.country)).text("purpose", l.purpose.clone())),
        );
    }
    if let Some(retention) = &profile.retention {
        let personal = retention.iter().filter(|r| is_personal(&r.data, profile));
        root =
            root.list("retention", retention.iter().map(|r| retention_row(r, profile))).list("personal_retention", personal.map(|r| retention_row(r, profile)));
    }
    if let Some(service) = &profile.service {
        root = root.list(
            "deliverables",
            service.deliverables.iter().map(|d| Group::default().text("name", d.name.clone()).text("description", d.description.clone())),
        );
    }
    assurance(chain(root, from), profile)
}

fn flow_row(flow: &Flow, profile: &Profile) -> Group {
    Group::default()
        .text("from", flow.from.clone())
        .text("to", flow.to.clone())
        .text("what", names(&flow.data, profile))
        .text("how", flow.how.clone())
        .text("frequency", flow.frequency.clone())
        .text("purpose", flow.purpose.clone())
        .text("encryption", flow.encryption.clone())
}

fn retention_row(retention: &Retention, profile: &Profile) -> Group {
    let method = match retention.destruction {
        Destruction::Clear => "clear (overwriting or deletion)",
        Destruction::Purge => "purge (cryptographic erasure or purge of the medium)",
        Destruction::Destroy => "destroy (physical destruction)",
    };
    Group::default()
        .text("data", names(std::slice::from_ref(&retention.data), profile))
        .text("period", retention.period.clone())
        .text("destruction", method.to_owned())
        .text("basis", retention.basis.clone())
}

/// Subcontractors and transfers.
fn chain(root: Group, from: &Ingredients<'_>) -> Group {
    let (profile, places) = (from.profile, from.places);
    let mut root = root;
    if let Some(subcontracting) = &profile.subcontracting {
        let all = subcontracting.subcontractors.iter().map(|s| subcontractor_row(s, &s.data, profile, places));
        root = root.list("subcontractors", all);
        let personal = subcontracting.subcontractors.iter().filter_map(|s| {
            let data: Vec<String> = s.data.iter().filter(|id| is_personal(id, profile)).cloned().collect();
            (!data.is_empty()).then(|| subcontractor_row(s, &data, profile, places))
        });
        let mut personal: Vec<Group> = personal.collect();
        if personal.is_empty() {
            let row =
                ["address", "country", "task", "data", "contact"].into_iter().fold(Group::default(), |row, name| row.text(name, NOT_APPLICABLE.to_owned()));
            personal.push(row.text("name", "none at the date of this document".to_owned()));
        }
        root = root.list("subprocessors", personal);
    }
    let restricted = |name: &str| from.facts.get(name).is_some_and(|f| f.value == FactValue::Word("restricted".to_owned()));
    let Some(transfers) = &profile.transfers else { return root };
    let european = match transfers.mechanism {
        Mechanism::None => None,
        Mechanism::Scc => Some("EU standard contractual clauses"),
        Mechanism::Bcr => Some("binding corporate rules"),
        Mechanism::Other => transfers.safeguard.as_deref(),
    };
    let british = match transfers.uk_mechanism {
        None | Some(UkMechanism::None) => None,
        Some(UkMechanism::Addendum) => Some("UK Addendum to the EU standard contractual clauses"),
        Some(UkMechanism::Idta) => Some("International Data Transfer Agreement"),
        Some(UkMechanism::Bcr) => Some("binding corporate rules approved in the United Kingdom"),
    };
    let regimes = [("transfer.eu", "EU GDPR", european), ("transfer.uk", "UK GDPR", british), ("transfer.ch", "Swiss law", european)];
    // Under Module Four alone the processor sends the data back to its controller.
    let modules = from.facts.get("transfer.module").map(|f| &f.value);
    let returns = matches!(modules, Some(FactValue::Set(words)) if words.iter().eq(["m4"]));
    let importer =
        if returns { (&from.entity.legal_name, &from.entity.address.country) } else { (&profile.identity.legal_name, &profile.identity.address.country) };
    let rows = |regimes: &[(&str, &str, Option<&str>)]| -> Vec<Group> {
        let restricted = regimes.iter().filter(|(fact, ..)| restricted(fact));
        let row = |(_, law, mechanism): &(&str, &str, Option<&str>)| {
            let row = Group::default().text("importer", importer.0.clone()).text("country", places.cell(importer.1));
            Some(row.text("law", (*law).to_owned()).text("mechanism", (*mechanism)?.to_owned()).text("assessed", transfers.assessed.map(Date::long)))
        };
        restricted.filter_map(row).collect()
    };
    let [eu, uk, ch] = regimes;
    root.list("transfers", rows(&[eu, uk, ch])).list("scc_transfers", rows(&[eu, ch]))
}

/// In a cell that has nothing to say.
const NOT_APPLICABLE: &str = "not applicable";

fn subcontractor_row(subcontractor: &Subcontractor, data: &[String], profile: &Profile, places: &Places) -> Group {
    Group::default()
        .text("name", subcontractor.name.clone())
        .text("address", subcontractor.address.clone().unwrap_or_else(|| places.cell(&subcontractor.country)))
        .text("country", places.cell(&subcontractor.country))
        .text("task", subcontractor.task.clone())
        .text("data", if data.is_empty() { "none".to_owned() } else { names(data, profile) })
        .text("contact", subcontractor.contact.clone().unwrap_or_else(|| "through the Supplier".to_owned()))
}

/// Personal data of any kind; a category that is not listed is not.
fn is_personal(id: &str, profile: &Profile) -> bool {
    let category = profile.data.iter().flatten().find(|d| d.id == id);
    category.is_some_and(|d| matches!(d.kind, DataKind::Personal | DataKind::SpecialCategory | DataKind::Phi | DataKind::Cardholder))
}

fn assurance(root: Group, profile: &Profile) -> Group {
    let Some(assurance) = &profile.assurance else { return root };
    let opinion = |o: Opinion| match o {
        Opinion::Unqualified => "unqualified",
        Opinion::Qualified => "qualified",
    };
    root.list(
        "certificates",
        assurance.certificates.iter().map(|c| {
            Group::default().text("name", certificate_name(&c.standard)).text("scope", c.scope.clone()).text(
                "expires",
                c.expires.map_or_else(|| format!("report for the period to {}", c.issued.long()), |date| format!("valid until {}", date.long())),
            )
        }),
    )
    .list(
        "reports",
        assurance.reports.iter().map(|r| {
            Group::default()
                .text("name", r.name.clone())
                .text("date", r.date.long())
                .text("period", r.period.clone())
                .text("opinion", opinion(r.opinion).to_owned())
        }),
    )
    .list(
        "tests",
        assurance.penetration_tests.iter().map(|t| Group::default().text("name", t.name.clone()).text("date", t.date.long()).text("by", t.by.clone())),
    )
    .list(
        "insurance",
        assurance.insurance.iter().map(|i| {
            Group::default()
                .text("kind", i.kind.clone())
                .text("amount", money_text(&i.amount))
                .text("insurer", i.insurer.clone())
                .text("expires", i.expires.long())
        }),
    )
}

/// Printed names of the certificates of the risk model; an unknown one is printed as it is written.
fn certificate_name(standard: &str) -> String {
    match standard {
        "iso27001" => "ISO/IEC 27001",
        "iso27701" => "ISO/IEC 27701",
        "iso22301" => "ISO 22301",
        "soc2_type1" => "SOC 2 Type 1 report",
        "soc2_type2" => "SOC 2 Type 2 report",
        "hitrust_r2" => "HITRUST r2",
        "fedramp_moderate" => "FedRAMP Moderate",
        "csa_star_level2" => "CSA STAR Level 2",
        "cyber_essentials" => "Cyber Essentials",
        "cyber_essentials_plus" => "Cyber Essentials Plus",
        "pci_dss_aoc" => "PCI DSS attestation of compliance",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// Special-category, health and cardholder data.
fn is_sensitive(kind: DataKind) -> bool {
    matches!(kind, DataKind::SpecialCategory | DataKind::Phi | DataKind::Cardholder)
}

fn data_row(data: &DataCategory) -> Group {
    let classification = match data.classification {
        Classification::Public => "public",
        Classification::Internal => "internal",
        Classification::Confidential => "confidential",
        Classification::Regulated => "regulated",
    };
    let kind = match data.kind {
        DataKind::Business => "business",
        DataKind::Personal => "personal",
        DataKind::SpecialCategory => "special category",
        DataKind::Phi => "protected health information",
        DataKind::Cardholder => "cardholder",
        DataKind::TradeSecret => "trade secret",
        DataKind::ExportControlled => "export-controlled",
    };
    Group::default()
        .text("id", data.id.clone())
        .text("name", data.name.clone())
        .text("classification", classification.to_owned())
        .text("kind", kind.to_owned())
        .text("people", data.people.map_or_else(|| NOT_APPLICABLE.to_owned(), people_text))
}

fn activity_row(activity: &Activity, profile: &Profile) -> Group {
    let role = match activity.role {
        ActivityRole::Processor => "processor",
        ActivityRole::Subprocessor => "sub-processor",
        ActivityRole::Controller => "controller",
        ActivityRole::JointController => "joint controller",
    };
    // The largest category counts: the same people stand in several categories.
    let largest = || profile.data.iter().flatten().filter(|d| activity.data.contains(&d.id)).filter_map(|d| d.people).max();
    let people = activity.people.or_else(largest);
    Group::default()
        .text("name", activity.name.clone())
        .text("role", role.to_owned())
        .text("subject_matter", activity.subject_matter.clone())
        .text("nature", activity.nature.clone())
        .text("purpose", activity.purpose.clone())
        .text("duration", activity.duration.clone())
        .text("data_subjects", enumerate(&activity.data_subjects))
        .text("data", names(&activity.data, profile))
        .text("people", people.map_or_else(|| NOT_APPLICABLE.to_owned(), people_text))
        .text("frequency", activity.frequency.clone().unwrap_or_else(|| "continuous".to_owned()))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of people are far below 2^52")]
fn people_text(people: u64) -> String {
    thousands(people as f64)
}

/// Names of data categories, joined; separated by semicolons, because names hold commas.
fn names(ids: &[String], profile: &Profile) -> String {
    let name = |id: &String| profile.data.iter().flatten().find(|d| d.id == *id).map_or_else(|| id.clone(), |d| d.name.clone());
    ids.iter().map(name).collect::<Vec<_>>().join("; ")
}

/// Bands of availability with their credit, until the cap is reached.
fn credits(registry: &Registry, target: f64, cap: f64) -> Vec<Group> {
    let table = &registry.tables.credits;
    // One precision for all bands: 99.9%, 99.0%.
    let decimals = [target, table.step_percent_points].into_iter().map(decimals).max().unwrap_or_default();
    let percent = |figure: f64| format!("{figure:.decimals$}%");
    let mut rows = Vec::new();
    let mut upper = target;
    let mut credit = table.credit_percent;
    while credit < cap && upper > table.step_percent_points && rows.len() < MAX_CREDIT_ROWS {
        let lower = upper - table.step_percent_points;
        let band = format!("below {} and at least {}", percent(upper), percent(lower));
        rows.push(Group::default().text("band", band).text("credit", format!("{}%", number_text(credit))));
        upper = lower;
        credit += table.credit_percent;
    }
    rows.push(Group::default().text("band", format!("below {}", percent(upper))).text("credit", format!("{}%", number_text(cap))));
    rows
}

/// Digits after the point that a figure needs.
fn decimals(figure: f64) -> usize {
    number_text(figure).split_once('.').map_or(0, |(_, digits)| digits.len())
}

/// More bands than this would not be read.
const MAX_CREDIT_ROWS: usize = 24;
