//! The file `countersign.yaml`: our organisation, its legal entities, and who may decide what.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::decode::{COLOUR, COUNTRY, CURRENCY, EMAIL};
use crate::contract::risk::Tier;
use crate::contract::settings::{ApprovalSettings, MailSettings, RegisterSettings, WebSettings};
use crate::rule::ladder::Reminders;
use crate::rule::working_time::Calendars;

/// The workspace file.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Folder of the clause library, relative to the workspace; the embedded one when absent.
    pub library: Option<String>,
    /// Folder of the layouts, relative to the workspace; the embedded ones when absent.
    pub templates: Option<String>,
    /// Folder that packs are written to, relative to the workspace; `output` when absent.
    pub output: Option<String>,
    /// How documents look.
    pub look: Look,
    /// Our legal entities, by a short id that profiles name.
    pub entities: BTreeMap<String, Entity>,
    /// Who issues the policies.
    pub policies: Option<Policies>,
    /// Who may accept a hold or approve a departure, by role.
    pub authorities: BTreeMap<String, Vec<Authority>>,
    /// Roles that may accept each hold of the risk model.
    pub holds: BTreeMap<String, Vec<String>>,
    /// What approvals of clause texts decide; nothing when absent.
    #[serde(default)]
    pub approval: ApprovalSettings,
    /// The register; without it nothing is recorded.
    pub register: Option<RegisterSettings>,
    /// Mails; without it nobody is asked or reminded.
    pub mail: Option<MailSettings>,
    /// The sign page; on this machine only when absent.
    #[serde(default)]
    pub web: WebSettings,
    /// When reminders go out, and who is told when nothing helps.
    #[serde(default)]
    pub reminders: Reminders,
    /// Working days and hours by country (ISO 3166-1 alpha-2), and of everybody else under `default`; mails leave at any hour when absent.
    #[serde(default)]
    pub calendars: Calendars,
    /// How much risk the organisation wants to bear; reports name the suppliers above it.
    pub risk_appetite: Option<RiskAppetite>,
}

/// How much risk the organisation wants to bear.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskAppetite {
    /// The highest tier that needs no second look.
    pub highest_tier: Tier,
    /// Whether data or access may go overseas, to where protection is not adequate.
    #[serde(default)]
    pub overseas: bool,
    /// Whether a supplier of a high or critical tier may be without a valid certificate.
    #[serde(default)]
    pub without_assurance: bool,
}

/// The policies of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// The entity that issues them where `--entity` names no other; its contacts are printed.
    pub issuer: String,
}

/// How documents look: one organisation, one look.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Paper size.
    pub paper: Paper,
    /// One quiet colour for rules and titles, `#rrggbb` in lower case.
    #[schemars(regex(pattern = COLOUR))]
    pub accent: Option<String>,
    /// Name of the organisation in the metadata of the PDFs.
    pub organisation: String,
    /// Logo for the first page.
    pub logo: Option<Logo>,
}

/// Paper size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// ISO 216 A4.
    A4,
    /// US Letter.
    UsLetter,
}

/// A picture with its alternative text.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// SVG or PNG file, relative to the workspace.
    pub file: String,
    /// What a reader who does not see it is told.
    pub alt: String,
}

/// A person with a role of authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Name.
    pub name: String,
    /// E-mail address.
    #[schemars(regex(pattern = EMAIL))]
    pub email: String,
}

/// One legal entity of ours: the customer in a contract.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Exact legal name.
    pub legal_name: String,
    /// Legal form, for example `public limited company`.
    pub entity_type: String,
    /// Number in the register.
    pub registration_number: String,
    /// Register or place of registration.
    pub registered_in: String,
    /// Registered address.
    pub address: Address,
    /// Laws and sector rules that bind it.
    pub law: EntityLaw,
    /// Who signs and how.
    pub signing: Signing,
    /// Where notices go.
    pub notices: Notices,
    /// Contacts by office.
    pub contacts: EntityContacts,
    /// Escalation path, lowest level first.
    #[schemars(length(min = 1))]
    pub escalation: Vec<EscalationStep>,
    /// Business days and hours.
    pub calendar: Calendar,
    /// House currency, ISO 4217; money parameters of a contract without fees are in it.
    #[schemars(regex(pattern = CURRENCY), extend("x-help" = "an ISO 4217 code in capitals, for example `EUR`"))]
    pub currency: String,
    /// Parameter values of this entity in place of the registry's defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street lines.
    #[schemars(length(min = 1))]
    pub lines: Vec<String>,
    /// Town or city.
    pub city: String,
    /// Region or state where it belongs to the address.
    pub region: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// ISO 3166-1 alpha-2 country code.
    #[schemars(regex(pattern = COUNTRY), extend("x-help" = "an ISO 3166-1 country code in capitals, for example `IE`"))]
    pub country: String,
}

/// Laws and sector rules that bind an entity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityLaw {
    /// House law for contracts, a value of fact `contract.law`.
    pub governing: String,
    /// Name of that law as it is printed, for example `the laws of Poland`; needed when `governing` is one of the `other` values.
    pub law_name: Option<String>,
    /// Courts, for example `the courts of Ireland`; by governing law when a profile chooses another.
    pub forum: String,
    /// Values of fact `jurisdictions` that bind the entity.
    #[schemars(length(min = 1))]
    pub jurisdictions: Vec<String>,
    /// Values of fact `standards`: frameworks it has adopted.
    pub standards: Vec<String>,
    /// Sector facts that hold, for example `sector.financial_entity`; all others of the entity do not.
    pub sector: Vec<String>,
    /// Level of electronic signature in use, `none` for paper; a value of fact `esign.level`.
    pub esign_level: String,
    /// Country code of the EU member state with its representative under Article 27 GDPR, where the entity lies outside the EU and needs one.
    #[schemars(regex(pattern = COUNTRY))]
    pub eu_representative: Option<String>,
    /// Data protection authority of the EU that Annex I.C of the SCC names, where the entity lies outside the EU.
    pub eu_supervisory_authority: Option<String>,
    /// Competent data protection authority.
    pub supervisory_authority: Option<String>,
    /// EU member state (country code) whose law and courts the SCC name; the entity's own when it lies in the EU.
    #[schemars(regex(pattern = COUNTRY))]
    pub scc_member_state: Option<String>,
}

/// Who signs and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// How many sign.
    pub rule: SigningRule,
    /// Who may sign; `two_jointly` needs two.
    #[schemars(length(min = 1))]
    pub signatories: Vec<Signatory>,
}

/// How a party is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SigningRule {
    /// One signatory alone.
    Sole,
    /// Two signatories together.
    TwoJointly,
    /// One signatory before a witness.
    WithWitness,
}

/// A person who may sign.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    /// Name.
    pub name: String,
    /// Position.
    pub title: String,
}

/// Where notices go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// For the attention of.
    pub attention: String,
    /// E-mail address.
    #[schemars(regex(pattern = EMAIL))]
    pub email: String,
    /// Postal address where it differs from the registered one.
    pub address: Option<Address>,
}

/// Our contacts by office.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityContacts {
    /// Security incidents, reachable at all hours.
    pub security: Contact,
    /// Privacy office.
    pub privacy: Contact,
    /// Business questions.
    pub business: Contact,
    /// Confidential channel for people who speak up, where there is one; policies print it.
    pub speak_up: Option<Contact>,
    /// Data protection officer, where one is appointed.
    pub dpo: Option<Contact>,
}

/// A person or office that can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
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

/// One level of an escalation path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationStep {
    /// Name.
    pub name: String,
    /// Position.
    pub title: String,
    /// E-mail address.
    #[schemars(regex(pattern = EMAIL))]
    pub email: String,
    /// Telephone number in international form.
    pub telephone: Option<String>,
}

/// Business days and hours of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// IANA time zone.
    pub time_zone: String,
    /// Business hours, for example `09:00 to 17:30`.
    pub business_hours: String,
    /// Place whose public holidays count, for example `Dublin, Ireland`.
    pub holidays: String,
}
