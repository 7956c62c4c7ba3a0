//! How mails leave: the transport that `countersign.yaml` names.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::contract::settings::{MailSettings, SmtpServer, SmtpTls, TransportKind};
use crate::mail::Transport;
use crate::mail::directory::Directory;
use crate::mail::smtp::{Credentials, Smtp, SmtpSettings, Timeouts, Tls};
use crate::project::register as files;
use crate::project::{DiskError, folder};
use crate::workflow::register::RegisterError;

/// Name of the variable that holds the password of the relay.
pub const PASSWORD_VARIABLE: &str = "COUNTERSIGN_SMTP_PASSWORD";

/// The transport that `countersign.yaml` names; `password` is what the environment says.
///
/// # Errors
/// [`RegisterError::Refused`] for settings that do not fit together.
pub fn transport(root: &Path, output: &Path, mail: &MailSettings, password: Option<String>) -> Result<Box<dyn Transport>, RegisterError> {
    if mail.transport == TransportKind::Directory {
        let folder = match &mail.directory {
            Some(path) => folder::inside(root, path, true)?,
            None => output.join("mail"),
        };
        return Ok(Box::new(Directory::new(&folder)));
    }
    let server = mail
        .smtp
        .as_ref()
        .ok_or_else(|| RegisterError::refused("`mail.transport` is `smtp`, but there is no `mail.smtp`", "add `smtp: {host: …, port: 587}`"))?;
    let settings = smtp_settings(root, server, &mail.from.email, password)?;
    let help = "correct `mail.smtp` in `countersign.yaml`";
    Ok(Box::new(Smtp::new(settings).map_err(|error| RegisterError::refused(error.to_string(), help))?))
}

fn smtp_settings(root: &Path, server: &SmtpServer, from: &str, password: Option<String>) -> Result<SmtpSettings, RegisterError> {
    let inside = |path: &String| -> Result<PathBuf, DiskError> { folder::inside(root, path, true) };
    let credentials = match &server.user {
        None => None,
        Some(user) => {
            let password = match (password, &server.password_file) {
                (Some(password), _) => password,
                (None, Some(path)) => files::secret(&inside(path)?)?.trim_end_matches(['\r', '\n']).to_owned(),
                (None, None) => {
                    let help = format!("set {PASSWORD_VARIABLE}, or name a `password_file`; never write it into `countersign.yaml`");
                    return Err(RegisterError::refused(format!("there is no password for the user `{user}` of the relay"), help));
                }
            };
            Some(Credentials::new(user.clone(), password))
        }
    };
    let patience = Duration::from_secs(u64::from(server.timeout_secs));
    Ok(SmtpSettings {
        host: server.host.clone(),
        port: server.port,
        tls: match server.tls {
            SmtpTls::Required => Tls::Required,
            SmtpTls::Implicit => Tls::Implicit,
            SmtpTls::None => Tls::None,
        },
        ca_file: server.ca_file.as_ref().map(inside).transpose()?,
        credentials,
        timeouts: Timeouts { connect: patience.min(Duration::from_secs(30)), command: patience, delivery: patience.max(Duration::from_secs(5)) },
        helo: from.rsplit('@').next().unwrap_or("localhost").to_owned(),
    })
}
