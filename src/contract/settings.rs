//! What `countersign.yaml` says about the register, mails and reminders.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::date::Date;
use crate::contract::entity::Contact;

/// The register.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterSettings {
    /// Origin of the ledger and name of its key (C2SP): an address without scheme, for example `register.example.com/countersign`.
    #[schemars(regex(pattern = ORIGIN), extend("x-help" = "an address without scheme, blanks and `+`, for example `register.example.com/countersign`"))]
    pub origin: String,
    /// IANA time zone of people for whom none is stated.
    pub time_zone: String,
    /// Years after the last day of a person, the last acknowledgment and the last completed course, during which their data is kept.
    #[schemars(range(min = 1, max = 100))]
    pub retention_years: u16,
    /// Nothing of these may be erased.
    #[serde(default)]
    pub legal_holds: Vec<LegalHold>,
}

/// Form of an origin.
const ORIGIN: &str = r"^[a-z0-9][a-z0-9.-]*(/[a-z0-9._-]+)*$";

/// Something that must be kept whatever the retention period says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalHold {
    /// People of this supplier; with neither supplier nor person, everybody.
    pub supplier: Option<String>,
    /// This person, by id.
    pub person: Option<String>,
    /// Since when.
    pub since: Date,
    /// Why.
    pub reason: String,
}

/// Mails.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Who the mails come from.
    pub from: Contact,
    /// Who helps, and who is told "this is not me".
    pub help: Contact,
    /// Address of the sign page, to which the token of a link is added.
    #[schemars(regex(pattern = HTTPS), extend("x-help" = "an address that begins with `https://` and ends with `/`"))]
    pub sign_page: String,
    /// Days for which a link opens.
    #[serde(default = "link_days")]
    #[schemars(range(min = 1, max = 365))]
    pub link_days: u16,
    /// How mails leave.
    #[serde(default)]
    pub transport: TransportKind,
    /// Folder for `transport: directory`, relative to the workspace.
    pub directory: Option<String>,
    /// Relay for `transport: smtp`.
    pub smtp: Option<SmtpServer>,
}

/// Form of the address of the sign page; without TLS only on this machine.
const HTTPS: &str = r"^(https://[^\s?#]+/|http://(localhost|127\.0\.0\.1)(:[0-9]+)?/[^\s?#]*)$";

fn link_days() -> u16 {
    60
}

/// How mails leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransportKind {
    /// As `.eml` files into a folder; needs no network.
    #[default]
    Directory,
    /// By a relay.
    Smtp,
}

/// A mail relay.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpServer {
    /// Host name, against which its certificate is checked.
    pub host: String,
    /// Port.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// Encryption.
    #[serde(default)]
    pub tls: SmtpTls,
    /// PEM file with a certificate authority beside those of the system, relative to the workspace.
    pub ca_file: Option<String>,
    /// User name; the password comes from the environment (`COUNTERSIGN_SMTP_PASSWORD`) or from `password_file`.
    pub user: Option<String>,
    /// File that holds the password, readable by its owner only.
    pub password_file: Option<String>,
    /// Longest wait for a reply, in seconds.
    #[serde(default = "timeout_secs")]
    #[schemars(range(min = 1, max = 600))]
    pub timeout_secs: u16,
}

fn timeout_secs() -> u16 {
    60
}

/// Encryption of the line to the relay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// STARTTLS, and nothing is said without it.
    #[default]
    Required,
    /// TLS from the first byte.
    Implicit,
    /// None; only to this machine.
    None,
}
