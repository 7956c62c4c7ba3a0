//! The site: everything that answers are made from, shared by all requests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::base::digest::Digest;
use crate::compliance::policy::PolicyVersion;
use crate::contract::entity::Workspace;
use crate::contract::settings::MailSettings;
use crate::project::folder;
use crate::render::Look;
use crate::render::html;
use crate::text::page::Pages;
use crate::web::clerk::{Clerk, ClerkError};
use crate::web::guard::Limits;
use crate::web::log::{self, Line};
use crate::web::server::{Options, ServeError};
use crate::workflow::desk;
use crate::workflow::outbox;
use crate::workflow::receipt;
use crate::workflow::register::{Edge, RegisterError};
use crate::workflow::transport::transport;

/// Style of our own pages, after that of policy texts.
const STYLE: &str = include_str!("sign.css");
/// Policy texts that are held in memory: a few megabytes.
const SHELF: usize = 32;

/// The site.
pub(super) struct Site {
    /// Scheme and host.
    pub(super) origin: String,
    /// Path of the sign page, which ends with a slash.
    pub(super) base: String,
    /// Pages.
    pub(super) pages: Pages,
    /// The stylesheet.
    pub(super) style: String,
    /// Where it is.
    pub(super) style_path: String,
    /// Values of every page.
    pub(super) frame: Value,
    /// Years for which data is kept.
    pub(super) retention_years: u16,
    /// Limits.
    pub(super) limits: Limits,
    /// Proxies that are believed.
    pub(super) proxies: Vec<IpNet>,
    /// Takes answers.
    pub(super) counter: Clerk,
    /// Makes receipts and looks into the past, which takes longer.
    pub(super) press: Clerk,
    /// Hands mails over, which may take very long.
    post: Clerk,
    /// Something waits to be mailed.
    pub(super) mail_waits: Notify,
    mails: Option<Arc<Mails>>,
    shelf: Mutex<BTreeMap<Digest, Arc<Text>>>,
}

/// What mails are sent with.
struct Mails {
    root: PathBuf,
    output: PathBuf,
    settings: MailSettings,
    password: Option<String>,
}

/// A policy text as it is shown: the bytes whose digests are signed, and the parts that stand in our page.
pub(super) struct Text {
    /// The page of the policy.
    pub(super) html: Vec<u8>,
    /// Its title, version and issuer.
    pub(super) head: String,
    /// Its text.
    pub(super) text: String,
    /// Digest of its style, in base64, for the policy of its content.
    pub(super) style: String,
    /// The PDF.
    pub(super) pdf: Vec<u8>,
}

impl Site {
    /// Reads what the site is made from.
    ///
    /// # Errors
    /// [`ServeError`] for settings that are missing or do not fit.
    pub(super) fn new(root: &Path, edge: &Edge, workspace: &Workspace, options: &Options) -> Result<Self, ServeError> {
        let mail = workspace.mail.clone().ok_or_else(desk::no_mail)?;
        let register = workspace.register.as_ref().ok_or_else(desk::no_settings)?;
        let help = "an address as `https://sign.example.com/`, with a slash at the end; without TLS only on `localhost`";
        let (origin, base) = mail.sign_page_parts().ok_or_else(|| RegisterError::refused(format!("`{}` is no sign page", mail.sign_page), help))?;
        let web = &workspace.web;
        let network = |text: &str| RegisterError::refused(format!("`{text}` is no address of a proxy"), "correct `web.proxies` in `countersign.yaml`");
        let look = Look { accent: workspace.look.accent.clone(), ..Look::default() };
        let style = format!("{}\n{STYLE}", html::sheet(&look));
        let frame = json!({
            "organisation": workspace.look.organisation,
            "help": { "name": mail.help.name, "email": mail.help.email, "telephone": mail.help.telephone },
            "privacy_notice": web.privacy_notice,
        });
        let output = folder::inside(root, workspace.output.as_deref().unwrap_or("output"), true).map_err(RegisterError::from)?;
        let mails = options.mails.then(|| Arc::new(Mails { root: root.to_owned(), output, settings: mail.clone(), password: options.password.clone() }));
        Ok(Self {
            origin: origin.to_owned(),
            base: base.to_owned(),
            pages: outbox::pages(root)?,
            style_path: format!("{base}style/{}.css", Digest::of(style.as_bytes()).short(16)),
            style,
            frame,
            retention_years: register.retention_years,
            limits: Limits::new(web.requests_per_address, web.requests_per_link),
            proxies: web.networks().map_err(network)?,
            counter: Clerk::start(root, edge),
            press: Clerk::start(root, edge),
            post: Clerk::start(root, edge),
            mail_waits: Notify::new(),
            mails,
            shelf: Mutex::default(),
        })
    }

    /// Whether browsers reach us by TLS.
    pub(super) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The text of a policy version, out of the register, which checks it against the digests.
    ///
    /// # Errors
    /// [`ClerkError`].
    pub(super) async fn text(&self, policy: &PolicyVersion) -> Result<Arc<Text>, ClerkError> {
        let key = Digest::of_parts(&[&policy.html.bytes(), &policy.pdf.bytes()]);
        if let Some(text) = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(text.clone());
        }
        let (html, pdf) = (policy.html.clone(), policy.pdf.clone());
        let text = self.counter.ask(move |desk| read(desk.register_mut().file(&html)?, desk.register_mut().file(&pdf)?)).await?;
        let text = Arc::new(text);
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.len() >= SHELF {
            shelf.clear();
        }
        shelf.insert(key, text.clone());
        Ok(text)
    }

    /// The receipt of a request.
    ///
    /// # Errors
    /// [`ClerkError`].
    pub(super) async fn receipt(&self, request: String) -> Result<Vec<u8>, ClerkError> {
        self.press
            .ask(move |desk| {
                let pages = desk.pages()?;
                // What was signed a moment ago at the counter.
                desk.register_mut().look()?;
                let (register, compiler) = desk.both()?;
                receipt::make(register, compiler, &pages, &request)
            })
            .await
    }

    /// Hands over the codes and receipts that wait, unless that is left to others.
    pub(super) async fn send_mails(&self) {
        let Some(mails) = self.mails.clone() else { return };
        let sent = self.post.ask(move |desk| {
            let pages = desk.pages()?;
            let mut transport = transport(&mails.root, &mails.output, &mails.settings, mails.password.clone())?;
            let (register, Some(office), library) = desk.sending() else { return Ok(Vec::new()) };
            let mut attach = |register: &mut _, request: &str| receipt::make(register, library.compiler()?, &pages, request);
            outbox::send_answers(register, office, transport.as_mut(), &mut attach)
        });
        match sent.await {
            Ok(attempts) if attempts.is_empty() => {}
            Ok(attempts) => {
                let sent = attempts.iter().filter(|attempt| attempt.result == "sent").count();
                log::write(Line::Mails { sent, unsent: attempts.len() - sent });
            }
            Err(error) => log::write(Line::Fault { doing: "sending mails", what: error.to_string() }),
        }
    }
}

/// Cuts the page of a policy into what stands in our page.
fn read(html: Vec<u8>, pdf: Vec<u8>) -> Result<Text, RegisterError> {
    let stranger = || RegisterError::integrity("the page of a policy", "it is not of a form that this program writes");
    let page = std::str::from_utf8(&html).map_err(|_| stranger())?;
    let (head, text) = html::parts(page).ok_or_else(stranger)?;
    let style = crate::base::encode::base64(&Digest::of(html::style(page).ok_or_else(stranger)?.as_bytes()).bytes());
    Ok(Text { head: head.to_owned(), text: text.to_owned(), style, html, pdf })
}
