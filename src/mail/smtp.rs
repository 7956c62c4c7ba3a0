//! Sends mails by SMTP (RFC 5321), and knows how far each one came.
//!
//! The line that matters is the dot that ends a mail: before it the server has nothing, and trying again is safe; after it,
//! without an answer, nobody knows. lettre's connection is driven one command at a time to see on which side of the line a
//! failure falls.

#![expect(clippy::disallowed_methods, reason = "floor 4 is where files are read")]

use std::cell::Cell;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{self, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use crate::base::encode::base64;
use crate::mail::{Outcome, Transport};
use crate::outbox::Composed;

/// Bytes of a mail that are written at a time.
const CHUNK: usize = 16 * 1024;
/// Most characters of a server's words that are kept.
const LONGEST_REASON: usize = 300;
/// How long to listen for words that must not be there.
const HUSH: Duration = Duration::from_millis(1);
/// How long to wait for the answer to a farewell, which changes nothing any more.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where to hand mails over, and how.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Name or IP address of the server. The certificate must be for it.
    pub host: String,
    /// Usually 587 with [`Tls::Required`], 465 with [`Tls::Implicit`].
    pub port: u16,
    /// Encryption.
    pub tls: Tls,
    /// A file of certificate authorities (PEM) to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// User and password, when the server wants them.
    pub credentials: Option<Credentials>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How we introduce ourselves: a domain name or an IP address.
    pub helo: String,
}

/// Encryption of the connection. There is no way to leave the certificate unchecked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS (RFC 3207); a server that does not offer it gets no mail.
    #[default]
    Required,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None; only to a loopback address.
    None,
}

/// User and password. Its debug form has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// Takes both as they are.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How long to wait for the server. None may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection to each of its addresses, and for each answer up to the end of the introduction.
    pub connect: Duration,
    /// For each answer to a command.
    pub command: Duration,
    /// For the answer to the final dot. RFC 5321, section 4.5.3.2.6, asks for ten minutes: giving up early makes doubles.
    pub delivery: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(30), command: Duration::from_secs(120), delivery: Duration::from_secs(600) }
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// Mails would travel in the clear.
    #[error("mail to `{host}` must be encrypted; without TLS only `localhost` and loopback addresses are allowed")]
    Unencrypted {
        /// The server.
        host: String,
    },
    /// The file of authorities cannot be read.
    #[error("cannot read the certificate authorities in `{}`: {source}", path.display())]
    Authorities {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of authorities holds none.
    #[error("`{}` holds no certificate in PEM form", path.display())]
    NoAuthority {
        /// Which file.
        path: PathBuf,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// We cannot introduce ourselves like this.
    #[error("`{helo}` is no name to introduce ourselves by; expected a domain name or an IP address")]
    Helo {
        /// The name.
        helo: String,
    },
    /// A timeout is zero.
    #[error("a timeout must be longer than zero")]
    Timeout,
}

/// A mail server, and the connection to it while there is one.
///
/// The connection is opened for the first mail, used for those that follow, and opened again when the server has closed it.
/// An error of the connection (no route, no TLS, wrong password) is never held against a mail: it is [`Outcome::Retry`].
pub struct Smtp {
    settings: SmtpSettings,
    helo: ClientId,
    tls: Option<TlsParameters>,
    connection: Option<SmtpConnection>,
    /// Why the server does not let us in: asking again with the same password gets accounts locked.
    shut_out: Option<String>,
}

impl Smtp {
    /// Checks the settings and reads the certificate authorities; does not connect.
    ///
    /// # Errors
    /// [`SmtpError`] for [`Tls::None`] to anything but loopback, an unusable file of authorities, a malformed `helo`, or a
    /// timeout of zero.
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpError> {
        let times = settings.timeouts;
        if times.connect.is_zero() || times.command.is_zero() || times.delivery.is_zero() {
            return Err(SmtpError::Timeout);
        }
        let helo = client_id(&settings.helo)?;
        let tls = match settings.tls {
            Tls::None if loopback(&settings.host).is_empty() => return Err(SmtpError::Unencrypted { host: settings.host }),
            Tls::None => None,
            Tls::Required | Tls::Implicit => Some(tls_parameters(&settings)?),
        };
        Ok(Self { settings, helo, tls, connection: None, shut_out: None })
    }

    /// Says goodbye to the server; the next mail opens a new connection.
    pub fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // The server has every mail it confirmed; its answer to a farewell matters to nobody.
            let _ = connection.set_timeout(Some(FAREWELL));
            let _ = connection.quit();
        }
    }

    /// Opens a connection that is ready for a mail.
    fn open(&self) -> Result<SmtpConnection, Closed> {
        let times = self.settings.timeouts;
        let host = self.settings.host.as_str();
        let implicit = self.tls.as_ref().filter(|_| self.settings.tls == Tls::Implicit);
        let connected = match self.settings.tls {
            // Not resolved by name: `localhost` must not be somebody else.
            Tls::None => SmtpConnection::connect(self.loopback_addresses().as_slice(), Some(times.connect), &self.helo, None, None),
            Tls::Required | Tls::Implicit => SmtpConnection::connect((host, self.settings.port), Some(times.connect), &self.helo, implicit, None),
        };
        let failed = |what: &str, error: &lettre::transport::smtp::Error| {
            Closed::Now(format!("{what} `{host}` port {}: {}", self.settings.port, describe(error, times.connect)))
        };
        let mut connection = connected.map_err(|error| failed("no connection to", &error))?;
        if let (Tls::Required, Some(tls)) = (self.settings.tls, &self.tls) {
            if !connection.can_starttls() {
                return Err(Closed::Now(format!("`{host}` port {} does not offer STARTTLS, and TLS is required", self.settings.port)));
            }
            connection.starttls(tls, &self.helo).map_err(|error| failed("no TLS with", &error))?;
            hush(&mut connection).map_err(|()| Closed::Now(format!("`{host}` spoke before TLS began; somebody is between")))?;
        }
        let timed = connection.set_timeout(Some(times.command));
        timed.map_err(|error| Closed::Now(format!("no connection to `{host}`: {error}")))?;
        if let Some(credentials) = &self.settings.credentials {
            log_in(&mut connection, credentials, times.command)?;
        }
        Ok(connection)
    }

    fn loopback_addresses(&self) -> Vec<SocketAddr> {
        loopback(&self.settings.host).into_iter().map(|ip| SocketAddr::new(ip, self.settings.port)).collect()
    }

    /// Hands a mail over on a connection; gives it back when it can be used again.
    fn deliver(&self, mut connection: SmtpConnection, envelope: &Envelope<'_>) -> (Option<SmtpConnection>, Step) {
        let times = self.settings.timeouts;
        let steps: [(&str, String, u16); 3] = [
            ("MAIL", Mail::new(Some(envelope.from.clone()), vec![]).to_string(), 250),
            ("RCPT", Rcpt::new(envelope.to.clone(), vec![]).to_string(), 250),
            ("DATA", Data.to_string(), 354),
        ];
        for (name, command, wanted) in steps {
            let fault = match connection.command(&command) {
                // 251: the server will forward it.
                Ok(response) if response.has_code(wanted) || (name == "RCPT" && response.has_code(251)) => continue,
                Ok(response) => Fault::Lost(format!("`{}` is no answer to {name}", said(&response))),
                Err(error) => Fault::of(&error, name, times.command),
            };
            let step = match fault {
                // 421: the server closes the connection, whatever it was asked (RFC 5321, section 4.2.1).
                Fault::Answer { code: 421, text } => return (None, Step::Before(text)),
                Fault::Lost(text) => return (None, Step::Before(text)),
                Fault::Silent(text) => return (None, Step::Done(Outcome::Retry { reason: text })),
                // 530: the server wants a password before any mail; the mail is not at fault.
                Fault::Answer { code, text } if code >= 500 && code != 530 => Step::Done(Outcome::Refused { reason: text }),
                Fault::Answer { text, .. } => Step::Done(Outcome::Retry { reason: text }),
            };
            let reset = connection.command(Rset).is_ok_and(|response| response.has_code(250));
            return (reset.then_some(connection), step);
        }
        let (usable, outcome) = content(&mut connection, envelope.raw, times);
        (usable.then_some(connection), Step::Done(outcome))
    }
}

impl Transport for Smtp {
    fn send(&mut self, mail: &Composed) -> Outcome {
        let envelope = match Envelope::new(mail) {
            Ok(envelope) => envelope,
            Err(reason) => return Outcome::Refused { reason },
        };
        if let Some(reason) = &self.shut_out {
            return Outcome::Retry { reason: reason.clone() };
        }
        // A connection that was idle may be closed by now, which shows at the next command: then one more try on a new one.
        if let Some(connection) = self.connection.take() {
            let (connection, step) = self.deliver(connection, &envelope);
            self.connection = connection;
            if let Step::Done(outcome) = step {
                return outcome;
            }
        }
        let connection = match self.open() {
            Ok(connection) => connection,
            Err(Closed::Now(reason)) => return Outcome::Retry { reason },
            Err(Closed::ForGood(reason)) => {
                self.shut_out = Some(reason.clone());
                return Outcome::Retry { reason };
            }
        };
        let (connection, step) = self.deliver(connection, &envelope);
        self.connection = connection;
        match step {
            Step::Done(outcome) => outcome,
            Step::Before(reason) => Outcome::Retry { reason },
        }
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.close();
    }
}

/// Why there is no connection.
enum Closed {
    /// Next time there may be one.
    Now(String),
    /// With these settings there will be none.
    ForGood(String),
}

/// How far a delivery came.
enum Step {
    /// To an end.
    Done(Outcome),
    /// The connection was gone before the content was sent.
    Before(String),
}

/// Why a command failed.
enum Fault {
    /// The server answered with a code of 400 or more.
    Answer { code: u16, text: String },
    /// The server did not answer in time.
    Silent(String),
    /// The connection broke, or what came is no answer.
    Lost(String),
}

impl Fault {
    fn of(error: &lettre::transport::smtp::Error, command: &str, waited: Duration) -> Self {
        let text = format!("at {command}: {}", describe(error, waited));
        match error.status() {
            Some(code) => Self::Answer { code: code.into(), text },
            None if is_timeout(error) => Self::Silent(text),
            None => Self::Lost(text),
        }
    }
}

struct Envelope<'a> {
    from: Address,
    to: Address,
    raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn new(mail: &'a Composed) -> Result<Self, String> {
        let address = |text: &str| text.parse::<Address>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>'));
        let from = address(&mail.from).ok_or("the sender's address is malformed")?;
        let to = address(&mail.to).ok_or("the recipient's address is malformed")?;
        if !mail.raw.is_ascii() {
            return Err("the mail is not ASCII".to_owned());
        }
        // lettre ends the last line itself.
        Ok(Self { from, to, raw: mail.raw.strip_suffix(b"\r\n").unwrap_or(&mail.raw) })
    }
}

/// Sends the content, after the server said 354. Tells whether the connection can be used again.
fn content(connection: &mut SmtpConnection, raw: &[u8], times: Timeouts) -> (bool, Outcome) {
    if let Err(error) = connection.set_timeout(Some(times.delivery)) {
        return (false, Outcome::Retry { reason: format!("before the final dot: {error}") });
    }
    // lettre asks for another piece only when the one before is written, so a question after the last means that nothing but
    // the dot was left to write.
    let all_written = Cell::new(false);
    let end = std::iter::from_fn(|| {
        all_written.set(true);
        None
    });
    let answer = connection.message_iter(raw.chunks(CHUNK).chain(end));
    let outcome = match answer {
        Ok(response) if (200..300).contains(&u16::from(response.code())) => Outcome::Sent { response: said(&response) },
        Ok(response) => return (false, Outcome::Unknown { reason: format!("after the final dot: `{}` is no answer to it", said(&response)) }),
        Err(error) => {
            let place = if all_written.get() { "after the final dot" } else { "before the final dot" };
            let reason = format!("{place}: {}", describe(&error, times.delivery));
            match error.status().map(u16::from) {
                Some(421) => return (false, Outcome::Retry { reason }),
                Some(code) if code >= 500 => Outcome::Refused { reason },
                Some(_) => Outcome::Retry { reason },
                None if all_written.get() => return (false, Outcome::Unknown { reason }),
                None => return (false, Outcome::Retry { reason }),
            }
        }
    };
    (connection.set_timeout(Some(times.command)).is_ok(), outcome)
}

/// Makes sure that no answer waits that was written before TLS began.
///
/// lettre 0.11 keeps what it had read when STARTTLS was answered, so that somebody on the way can put words into the server's
/// mouth, up to a forged acceptance of a mail. RFC 3207, section 4.2, wants what was learnt before TLS discarded: after the
/// handshake there must be nothing to read. A single forged answer, eaten by our introduction, puts the rest out of step, and
/// that shows at the exact codes that the later commands ask for.
fn hush(connection: &mut SmtpConnection) -> Result<(), ()> {
    connection.set_timeout(Some(HUSH)).map_err(|_| ())?;
    match connection.read_response() {
        Err(error) if is_timeout(&error) => Ok(()),
        _ => Err(()),
    }
}

fn log_in(connection: &mut SmtpConnection, credentials: &Credentials, waited: Duration) -> Result<(), Closed> {
    const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
    if connection.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
        return Err(Closed::Now("the server offers neither AUTH PLAIN nor AUTH LOGIN".to_owned()));
    }
    let secret = authentication::Credentials::new(credentials.user.clone(), credentials.password.clone());
    match connection.auth(&MECHANISMS, &secret) {
        Ok(response) if response.has_code(235) => Ok(()),
        Ok(_) => Err(Closed::Now("the server gave no answer to AUTH that can be understood".to_owned())),
        Err(error) => {
            let words = describe(&error, waited);
            let words = if tells(&words, credentials) { error.status().map_or_else(String::new, |code| code.to_string()) } else { words };
            let reason = format!("the server does not accept the password of `{}`: {words}", clean(&credentials.user));
            match error.status().map(u16::from) {
                Some(code) if code >= 500 => Err(Closed::ForGood(reason)),
                Some(_) => Err(Closed::Now(reason)),
                None => Err(Closed::Now(format!("at AUTH: {words}"))),
            }
        }
    }
}

/// Some servers repeat a command that they do not like, and with it the password.
fn tells(words: &str, credentials: &Credentials) -> bool {
    let plain = base64(format!("\0{}\0{}", credentials.user, credentials.password).as_bytes());
    [credentials.password.clone(), base64(credentials.password.as_bytes()), plain].iter().any(|secret| !secret.is_empty() && words.contains(secret.as_str()))
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|source| SmtpError::Authorities { path: path.clone(), source })?;
        let no_authority = || SmtpError::NoAuthority { path: path.clone() };
        if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
            return Err(no_authority());
        }
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| no_authority())?);
    }
    builder.build_rustls().map_err(|error| SmtpError::Tls(error.source().map_or_else(|| error.to_string(), ToString::to_string)))
}

fn client_id(helo: &str) -> Result<ClientId, SmtpError> {
    match helo.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(ip)) => Ok(ClientId::Ipv4(ip)),
        Ok(IpAddr::V6(ip)) => Ok(ClientId::Ipv6(ip)),
        Err(_) => {
            let is_name = !helo.is_empty() && helo.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
            if is_name { Ok(ClientId::Domain(helo.to_owned())) } else { Err(SmtpError::Helo { helo: clean(helo) }) }
        }
    }
}

/// The loopback addresses that a host stands for; none when it is not on this machine.
fn loopback(host: &str) -> Vec<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    host.parse::<IpAddr>().into_iter().filter(IpAddr::is_loopback).collect()
}

/// What a server said, on one line.
fn said(response: &Response) -> String {
    let words = response.message().collect::<Vec<_>>().join(" ");
    clean(&format!("{} {words}", response.code()))
}

/// An error in words: the answer of the server, or what happened instead of one.
fn describe(error: &lettre::transport::smtp::Error, waited: Duration) -> String {
    let words = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    match error.status() {
        Some(code) => clean(&format!("{code} {words}")),
        None if is_timeout(error) => format!("no answer within {} s", waited.as_secs_f32()),
        None if words == "incomplete response" => "the server closed the connection".to_owned(),
        None if words.contains("certificate") => clean(&format!("its certificate is not trusted ({words})")),
        None => clean(&words),
    }
}

/// A timeout of a socket shows as `WouldBlock` on Unix and as `TimedOut` elsewhere.
fn is_timeout(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return matches!(inner.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        }
        source = inner.source();
    }
    false
}

/// One line of bounded length: these words come from outside and go to a terminal.
fn clean(words: &str) -> String {
    let line = words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_REASON).collect()
}
