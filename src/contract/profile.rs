//! The file `suppliers/<id>.yaml`: what is known of one supplier.
//!
//! Only identity is mandatory. Everything else is mandatory as soon as a condition or a clause of the requested documents
//! asks for it, so that an NDA can be signed before any questionnaire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::decode::{COUNTRY, CURRENCY, EMAIL, SLUG};
use crate::contract::entity::{Address, Contact, EscalationStep, Notices, Signing};

/// The profile of one supplier.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Id of the supplier: the file name without `.yaml`.
    #[schemars(regex(pattern = SLUG), extend("x-help" = "lower-case letters, digits and single hyphens; it is also the file name"))]
    pub supplier: String,
    /// Archetype that supplies defaults, a file of `clauses/archetypes/`.
    pub extends: Option<String>,
    /// Our entity that contracts, a key of `entities` in `countersign.yaml`.
    pub entity: String,
    /// Words of ours by which batches choose suppliers; no document has them.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who the supplier is.
    pub identity: Identity,
    /// Who signs for it and how.
    pub signing: Signing,
    /// Where notices to it go.
    pub notices: Notices,
    /// Contacts by role.
    #[serde(default)]
    pub contacts: Vec<RoleContact>,
    /// Its escalation path, lowest level first.
    #[serde(default)]
    pub escalation: Vec<EscalationStep>,
    /// Our business owner of the relation.
    pub owner: Option<Owner>,
    /// The main agreement and the form of the contract.
    pub agreement: Option<Agreement>,
    /// Start, end, renewal, notice and fees.
    pub term: Option<Term>,
    /// Data categories that the supplier touches; `[]` for none.
    pub data: Option<Vec<DataCategory>>,
    /// Processing activities; `[]` for none.
    pub processing: Option<Vec<Activity>>,
    /// Data flows between systems.
    pub flows: Option<Vec<Flow>>,
    /// Access to our systems and sites.
    pub access: Option<Access>,
    /// What the supplier holds of ours.
    pub custody: Option<Custody>,
    /// Certificates, reports, tests, insurance, incidents.
    pub assurance: Option<Assurance>,
    /// Subcontractors and sub-processors.
    pub subcontracting: Option<Subcontracting>,
    /// Where data is stored and the service is performed.
    pub locations: Option<Vec<Location>>,
    /// Safeguards for restricted transfers.
    pub transfers: Option<Transfers>,
    /// Roles under US privacy laws.
    pub us_privacy: Option<UsPrivacy>,
    /// The service.
    pub service: Option<Service>,
    /// Retention and destruction per category.
    pub retention: Option<Vec<Retention>>,
    /// The four risk factors that only a person can judge.
    pub risk: Option<Risk>,
    /// Negotiated parameter values, by parameter.
    #[serde(default)]
    pub overrides: BTreeMap<String, Override>,
    /// Facts stated against what is derived, by fact, each with a reason.
    #[serde(default)]
    pub facts: BTreeMap<String, Override>,
}

/// Who the supplier is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Exact legal name; for a natural person the full name.
    pub legal_name: String,
    /// Legal form, for example `Gesellschaft mit beschränkter Haftung`.
    pub entity_type: String,
    /// A natural person, not an organisation.
    pub natural_person: bool,
    /// Number in the register.
    pub registration_number: Option<String>,
    /// Register or place of registration.
    pub registered_in: Option<String>,
    /// Legal Entity Identifier (ISO 17442).
    pub lei: Option<String>,
    /// European Unique Identifier.
    pub euid: Option<String>,
    /// VAT number.
    pub vat: Option<String>,
    /// Number in our purchasing system.
    pub erp_number: Option<String>,
    /// Registered address; its country decides fact `supplier.region`.
    pub address: Address,
    /// Parent company.
    pub parent: Option<String>,
}

/// A contact with its role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleContact {
    /// What the contact is for.
    pub role: ContactRole,
    /// Name of the person or office.
    pub name: String,
    /// Position.
    pub title: Option<String>,
    /// E-mail address.
    #[schemars(regex(pattern = EMAIL))]
    pub email: String,
    /// Telephone number in international form.
    pub telephone: Option<String>,
}

impl RoleContact {
    /// The same without the role.
    pub fn contact(&self) -> Contact {
        Contact { name: self.name.clone(), title: self.title.clone(), email: self.email.clone(), telephone: self.telephone.clone() }
    }
}

/// What a contact is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactRole {
    /// Security incidents.
    Security,
    /// Privacy questions.
    Privacy,
    /// Day-to-day business.
    Business,
    /// Data protection officer.
    Dpo,
    /// Invoices.
    Finance,
    /// Service desk.
    Support,
}

/// Our business owner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Name.
    pub name: String,
    /// Position.
    pub title: String,
    /// E-mail address.
    #[schemars(regex(pattern = EMAIL))]
    pub email: String,
}

/// The main agreement and the form of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Why information is exchanged, in a few words that follow "for the purpose of".
    pub purpose: Option<String>,
    /// Whether a main agreement exists: `none`, or which.
    pub master: Option<Master>,
    /// Governing law, a value of fact `contract.law`; the house law of the entity when absent.
    pub law: Option<String>,
    /// Name of the law as it is printed, for example `the laws of Poland`; needed when `law` is one of the `other` values.
    pub law_name: Option<String>,
    /// Courts; needed when `law` is not the house law.
    pub forum: Option<String>,
    /// Executed as a deed.
    pub deed: Option<bool>,
    /// Issued in more than one language.
    pub translated: Option<bool>,
    /// The parties want a fixed sum for a breach.
    pub liquidated_damages: Option<bool>,
    /// The signer acts as a consumer.
    pub consumer: Option<bool>,
}

/// A main agreement, or the word `none`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Master {
    /// There is no main agreement: the pack brings its own terms.
    None(NoMaster),
    /// The pack is made under this agreement.
    Agreement(MasterAgreement),
}

/// The word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoMaster {
    /// No main agreement.
    None,
}

/// A main agreement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MasterAgreement {
    /// Its title.
    pub title: String,
    /// Its date.
    pub date: Date,
    /// Our or their reference.
    pub reference: String,
}

/// Start, end, renewal, notice and fees.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// First day of the service.
    pub start: Date,
    /// Last day of the initial term; absent for an open end.
    pub end: Option<Date>,
    /// What happens at the end.
    pub renewal: Renewal,
    /// Notice that ends the contract or stops its renewal, in calendar days.
    #[schemars(range(min = 0, max = 1095))]
    pub notice_days: u32,
    /// Fees of a year.
    pub annual_fees: Option<Money>,
}

/// What happens at the end of the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// It ends.
    None,
    /// It is renewed year by year unless notice is given.
    Yearly,
    /// It is renewed only by written agreement.
    ByAgreement,
}

/// An amount of money in whole units.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Whole units, not cents.
    #[schemars(range(min = 0))]
    pub amount: u64,
    /// ISO 4217 code.
    #[schemars(regex(pattern = CURRENCY), extend("x-help" = "an ISO 4217 code in capitals, for example `EUR`"))]
    pub currency: String,
}

/// Classification of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// May be known to anybody.
    Public,
    /// For our people.
    Internal,
    /// Harm if disclosed.
    Confidential,
    /// Bound by a law of its own.
    Regulated,
}

/// Kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Not about people.
    Business,
    /// Personal data.
    Personal,
    /// GDPR Articles 9 and 10, or the local equivalent.
    SpecialCategory,
    /// Protected health information.
    Phi,
    /// Payment account data in PCI DSS scope.
    Cardholder,
    /// Trade secrets of ours.
    TradeSecret,
    /// Export-controlled technical data.
    ExportControlled,
}

/// One category of data that the supplier touches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataCategory {
    /// Id that activities, flows and retention name.
    #[schemars(regex(pattern = SLUG))]
    pub id: String,
    /// What it is, as printed in the schedules.
    pub name: String,
    /// Classification.
    pub classification: Classification,
    /// Kind.
    pub kind: DataKind,
    /// The supplier cannot read it (sealed, or encrypted without the key): it counts as internal.
    #[serde(default)]
    pub sealed: bool,
    /// On paper only; PHI on paper is not electronic PHI.
    #[serde(default)]
    pub paper: bool,
    /// Number of people concerned; needed for personal data.
    pub people: Option<u64>,
}

/// Role of the supplier for an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityRole {
    /// Processes for us.
    Processor,
    /// Processes for our customer, of whom we are the processor.
    Subprocessor,
    /// Decides on purposes itself.
    Controller,
    /// Decides together with us.
    JointController,
}

/// One processing activity (GDPR Article 28(3), first sentence).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Name of the activity.
    pub name: String,
    /// Role of the supplier.
    pub role: ActivityRole,
    /// Subject matter.
    pub subject_matter: String,
    /// Nature of the processing.
    pub nature: String,
    /// Purpose.
    pub purpose: String,
    /// Duration.
    pub duration: String,
    /// How often data is transferred or processed.
    pub frequency: Option<String>,
    /// Number of people concerned, estimated; the largest of its data categories when absent.
    pub people: Option<u64>,
    /// Categories of people.
    #[schemars(length(min = 1))]
    pub data_subjects: Vec<String>,
    /// Where these people are: values of fact `jurisdictions`.
    #[schemars(length(min = 1))]
    pub people_in: Vec<String>,
    /// Ids of data categories.
    #[schemars(length(min = 1))]
    pub data: Vec<String>,
}

/// One data flow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// System it leaves.
    pub from: String,
    /// System it reaches.
    pub to: String,
    /// Ids of data categories.
    #[schemars(length(min = 1))]
    pub data: Vec<String>,
    /// Way of transmission.
    pub how: String,
    /// How often.
    pub frequency: String,
    /// Why.
    pub purpose: String,
    /// How it is encrypted, or `none`.
    pub encryption: String,
}

/// Level of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Reads.
    Read,
    /// Changes data.
    Write,
    /// Administers.
    Privileged,
}

/// Access to our systems and sites.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Unescorted access to our sites.
    pub unescorted_site_access: bool,
    /// Systems, one entry for each role in each; `[]` for none.
    pub systems: Vec<SystemAccess>,
}

/// Access to one system in one role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemAccess {
    /// The system.
    pub system: String,
    /// Level.
    pub level: AccessLevel,
    /// Role or group that gets it.
    pub role: String,
    /// What for.
    pub purpose: String,
    /// Why nothing less would do.
    pub justification: String,
    /// From where.
    #[serde(rename = "where")]
    pub place: AccessPlace,
}

/// From where a system is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessPlace {
    /// Over a network.
    Remote,
    /// On our site.
    OnSite,
}

/// What the supplier holds of ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Custody {
    /// Its own copy of our data in its systems.
    pub copy_of_data: bool,
    /// Our equipment.
    pub equipment: bool,
    /// Our data on physical media or paper.
    pub physical_media: bool,
}

/// Evidence of the supplier's controls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assurance {
    /// Certificates and attestation reports that may earn credit.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
    /// Other audit reports.
    #[serde(default)]
    pub reports: Vec<AuditReport>,
    /// Penetration tests.
    #[serde(default)]
    pub penetration_tests: Vec<PenetrationTest>,
    /// Insurance.
    #[serde(default)]
    pub insurance: Vec<Insurance>,
    /// Security incidents known to us.
    #[serde(default)]
    pub incidents: Vec<PastIncident>,
}

/// A certificate or attestation report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// A certificate of the risk model, for example `iso27001` or `soc2_type2`.
    pub standard: String,
    /// Scope as printed on it.
    pub scope: String,
    /// Whether that scope covers the service.
    pub covers_service: bool,
    /// Date of issue, or end of the reporting period.
    pub issued: Date,
    /// Last day of validity; attestation reports have none and count for twelve months.
    pub expires: Option<Date>,
    /// Opinion of the auditor.
    pub opinion: Opinion,
}

/// Opinion of an auditor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// Without reservation.
    Unqualified,
    /// With reservations: earns no credit.
    Qualified,
}

/// An audit report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditReport {
    /// Its title.
    pub name: String,
    /// Its date.
    pub date: Date,
    /// Period it covers.
    pub period: String,
    /// Opinion.
    pub opinion: Opinion,
}

/// A penetration test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PenetrationTest {
    /// What was tested.
    pub name: String,
    /// When.
    pub date: Date,
    /// By whom.
    pub by: String,
}

/// An insurance cover.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Insurance {
    /// What is covered.
    pub kind: String,
    /// Sum for each claim.
    pub amount: Money,
    /// Insurer.
    pub insurer: String,
    /// Last day of cover.
    pub expires: Date,
}

/// A past security incident.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastIncident {
    /// When it was discovered.
    pub date: Date,
    /// What happened.
    pub summary: String,
    /// What was done.
    pub remediation: Option<String>,
    /// When that was complete.
    pub remediated: Option<Date>,
}

/// How a further processor or subcontractor is authorised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authorisation {
    /// Not at all.
    None,
    /// One by one.
    Specific,
    /// In general, with notice and objection.
    General,
}

/// Subcontractors and sub-processors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subcontracting {
    /// Whether the supplier may use subcontractors.
    pub allowed: bool,
    /// How they are authorised.
    pub authorisation: Authorisation,
    /// Those engaged at signing; `[]` for none.
    pub subcontractors: Vec<Subcontractor>,
}

/// One subcontractor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subcontractor {
    /// Exact legal name.
    pub name: String,
    /// Address.
    pub address: Option<String>,
    /// Country of establishment, ISO 3166-1 alpha-2.
    #[schemars(regex(pattern = COUNTRY), extend("x-help" = "an ISO 3166-1 country code in capitals, for example `IE`"))]
    pub country: String,
    /// What it does.
    pub task: String,
    /// Ids of the data categories it touches; `[]` for none.
    pub data: Vec<String>,
    /// Contact.
    pub contact: Option<String>,
}

/// A place of storage or performance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Town, region or data centre.
    pub place: String,
    /// Country, ISO 3166-1 alpha-2.
    #[schemars(regex(pattern = COUNTRY), extend("x-help" = "an ISO 3166-1 country code in capitals, for example `IE`"))]
    pub country: String,
    /// What is done there.
    pub purpose: String,
    /// Whether personal data is stored there or read from there.
    pub personal_data: bool,
}

/// Art 46 GDPR tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// None.
    None,
    /// EU standard contractual clauses (Decision (EU) 2021/914).
    Scc,
    /// Binding corporate rules.
    Bcr,
    /// Another tool of Article 46.
    Other,
}

/// UK safeguard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UkMechanism {
    /// None.
    None,
    /// International data transfer addendum to the EU clauses.
    Addendum,
    /// International data transfer agreement.
    Idta,
    /// UK binding corporate rules.
    Bcr,
}

/// Safeguards for restricted transfers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// Tool for EU and Swiss data.
    pub mechanism: Mechanism,
    /// Safeguard for UK data.
    pub uk_mechanism: Option<UkMechanism>,
    /// The US importer is certified under the EU–US Data Privacy Framework (with the UK Extension for UK data).
    #[serde(default)]
    pub data_privacy_framework: bool,
    /// Name of the safeguard, with its date; needed when `mechanism` is `other`.
    pub safeguard: Option<String>,
    /// Date of the transfer impact assessment.
    pub assessed: Option<Date>,
}

/// Roles under US privacy laws.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsPrivacy {
    /// A value of fact `ccpa.role`.
    pub ccpa_role: Option<String>,
    /// A value of fact `hipaa.role`.
    pub hipaa_role: Option<String>,
}

/// The service and its nature.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What the supplier does, in one or two sentences.
    pub description: Option<String>,
    /// Digital or data service through ICT systems.
    pub ict: Option<bool>,
    /// Supports a critical or important function.
    pub critical_function: Option<bool>,
    /// Data processing service under the EU Data Act, or other cloud.
    pub cloud: Option<bool>,
    /// Provides or develops software.
    pub software: Option<bool>,
    /// Creates work made for us.
    pub bespoke: Option<bool>,
    /// Uses or provides AI models on our data, inputs or outputs.
    pub ai: Option<bool>,
    /// Attacks or scans our systems on our behalf.
    pub security_testing: Option<bool>,
    /// Its software or agents run inside our network.
    pub runs_in_our_network: Option<bool>,
    /// Hours of service, for example `at all hours on every day`.
    pub hours: Option<String>,
    /// Hours of support.
    pub support_hours: Option<String>,
    /// Agreed maintenance window.
    pub maintenance: Option<String>,
    /// Source of the availability figures.
    pub measurement: Option<String>,
    /// Recovery point objective in hours.
    #[schemars(range(min = 0, max = 720))]
    pub rpo_hours: Option<u32>,
    /// Recovery time objective in hours.
    #[schemars(range(min = 0, max = 720))]
    pub rto_hours: Option<u32>,
    /// Severities agreed in place of the tier's table.
    pub severities: Option<Vec<Severity>>,
    /// Work made for us.
    #[serde(default)]
    pub deliverables: Vec<Deliverable>,
}

/// A severity with its times.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// Name, for example `Severity 1`.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// First response, for example `15 minutes`.
    pub response: String,
    /// Restoration, for example `4 hours`.
    pub restore: String,
}

/// A piece of work made for us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deliverable {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
}

/// Method of destruction (NIST SP 800-88).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Destruction {
    /// Logical overwriting or deletion.
    Clear,
    /// Cryptographic erasure or purge of the medium.
    Purge,
    /// Physical destruction.
    Destroy,
}

/// Retention and destruction of one category.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Id of the data category.
    pub data: String,
    /// How long, for example `until the end of the contract`.
    pub period: String,
    /// How it is destroyed.
    pub destruction: Destruction,
    /// Law or instruction that asks for it.
    pub basis: String,
}

/// The four risk factors that only a person can judge; each may be `unknown` in so many words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// Harm to us when the service fails; a value of fact `risk.criticality`.
    pub criticality: Option<String>,
    /// Where the service is performed, the worst place deciding; a value of fact `risk.location`.
    pub location: Option<String>,
    /// The chain behind the supplier; a value of fact `risk.subcontractors`.
    pub subcontractors: Option<String>,
    /// Incidents of the last 36 months; a value of fact `risk.incidents`.
    pub incidents: Option<String>,
}

/// A value in place of the computed one, with its reason.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The value.
    pub value: Value,
    /// Why.
    pub reason: String,
}
