//! What `countersign.yaml` says about the register, mails and reminders.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::date::Date;
use crate::base::diagnostic::Severity;
use crate::contract::entity::Contact;

/// What approvals decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalSettings {
    /// What a clause is in a pack while nobody has approved its text, or its approval ran out.
    #[serde(default)]
    pub unapproved: Unapproved,
}

/// What an unapproved clause is in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unapproved {
    /// Nothing.
    #[default]
    Ignore,
    /// A warning.
    Warning,
    /// An error: the pack is not issued.
    Error,
}

impl Unapproved {
    /// How bad that is.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Ignore => None,
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

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

impl MailSettings {
    /// Scheme and host (the origin), and path of the sign page, which ends with a slash; `None` when it is not of the form that links need.
    ///
    /// Without TLS a sign page is on this machine only.
    pub fn sign_page_parts(&self) -> Option<(&str, &str)> {
        let scheme = ["https://", "http://"].into_iter().find(|scheme| self.sign_page.starts_with(scheme))?;
        let host = self.sign_page[scheme.len()..].split('/').next()?;
        let (origin, path) = self.sign_page.split_at(scheme.len() + host.len());
        let is_here = matches!(host.split(':').next(), Some("localhost" | "127.0.0.1"));
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        let is_host = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
        let is_path = path.starts_with('/') && path.ends_with('/') && path.bytes().all(is_plain) && !path.contains("//");
        (is_host && is_path && (scheme == "https://" || is_here)).then_some((origin, path))
    }
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

/// The sign page, and the interface for programs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebSettings {
    /// Address and port to listen on; only this machine when absent.
    #[serde(default = "listen")]
    #[schemars(regex(pattern = LISTEN), extend("x-help" = "an address and a port, for example `127.0.0.1:8321` or `[::]:443`"))]
    pub listen: String,
    /// PEM file with the certificate and those that it depends on, from the workspace or absolute; without it a proxy takes care of TLS.
    pub certificate: Option<String>,
    /// PEM file with the private key of the certificate, readable by its owner only.
    pub key: Option<String>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies that are believed about where a request comes from (`X-Forwarded-For`).
    #[serde(default)]
    pub proxies: Vec<String>,
    /// Address of the organisation's privacy notice.
    #[schemars(regex(pattern = NOTICE), extend("x-help" = "an address that begins with `https://`"))]
    pub privacy_notice: Option<String>,
    /// Requests in a minute that are taken from one network address; a company may stand behind one.
    #[serde(default = "per_address")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_address: u32,
    /// Requests in a minute that are taken for one link.
    #[serde(default = "per_link")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_link: u32,
}

/// Form of an address to listen on.
const LISTEN: &str = r"^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$";
/// Form of the address of a privacy notice.
const NOTICE: &str = r"^https://[^\s]+$";

fn listen() -> String {
    "127.0.0.1:8321".to_owned()
}

fn per_address() -> u32 {
    600
}

fn per_link() -> u32 {
    60
}

impl WebSettings {
    /// Where to listen.
    ///
    /// # Errors
    /// The text, when it is no address with a port.
    pub fn address(&self) -> Result<SocketAddr, &str> {
        self.listen.parse().map_err(|_| self.listen.as_str())
    }

    /// Networks of the proxies that are believed.
    ///
    /// # Errors
    /// The first text that is neither an address nor a network.
    pub fn networks(&self) -> Result<Vec<IpNet>, &str> {
        let network = |text: &String| text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        self.proxies.iter().map(|text| network(text).ok_or(text.as_str())).collect()
    }
}

impl Default for WebSettings {
    fn default() -> Self {
        let (requests_per_address, requests_per_link) = (per_address(), per_link());
        Self { listen: listen(), certificate: None, key: None, proxies: Vec::new(), privacy_notice: None, requests_per_address, requests_per_link }
    }
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
