//! The certificate of one acknowledgment: a page a person can read, about an entry of the ledger.
//!
//! Job: hold what a certificate says as data, and lay it out in the organisation's look. Each sentence stands in
//! `templates/certificate/<language>.yaml` and each line's place in `templates/certificate.typ`; a new language is a new file.
//! Neighbours: the renderer above, `data` and `words` beside, `base` below. Never does: decide whether an acknowledgment is
//! sound; it prints what it is given, and the receipt that it travels in is what can be checked.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::base::digest::Digest;
use crate::base::encode::base64;
use crate::base::instant::Instant;

use super::data::{file, language_and_region, value_text};
use super::error::RenderError;
use super::fonts::Fonts;
use super::look::Look;
use super::words::shorten;
use super::world::Job;
use super::{Rendered, Renderer, check_logo, datetime, lay_out};

/// The template that lays out certificates.
pub const CERTIFICATE_TEMPLATE: &str = "certificate.typ";

/// Width of the text in points: it holds a digest on one line beside its label.
const TEXT_WIDTH: f64 = 460.0;
/// Width of the running header's halves, in em of its font.
const HALF_HEADER: f64 = 25.0;
/// Width in em up to which the name of a browser or program is printed: some three lines. The evidence has all of it.
const AGENT_WIDTH: f64 = 84.0;
/// The language in which a certificate is written when there is no wording in the one asked for.
const FALLBACK: &str = "en";

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// BCP 47 tag of the language it is written in; without a wording in that language it is English.
    pub language: String,
    /// Who acknowledged.
    pub person: Person,
    /// What was acknowledged.
    pub policy: Policy,
    /// What the person agreed to, word for word.
    pub consent: Consent,
    /// How it was signed, which decides what it proves.
    pub method: Method,
    /// When, by the clock of the organisation.
    pub time: Instant,
    /// Network address from which it was signed, where known.
    pub address: Option<String>,
    /// Browser or program with which it was signed, where known; long ones are shortened in print.
    pub agent: Option<String>,
    /// Where it stands in the ledger.
    pub ledger: Ledger,
}

/// The person that a certificate is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Stable identifier.
    pub id: String,
    /// Name as the organisation has it on record.
    pub name: String,
    /// E-mail address; a person who is attested may have none.
    pub email: Option<String>,
    /// Legal name of the supplier that the person works for.
    pub supplier: Option<String>,
    /// Department, for the organisation's own staff.
    pub department: Option<String>,
}

/// The policy that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Title.
    pub title: String,
    /// Version.
    pub version: String,
    /// Digest of the PDF.
    pub pdf: Digest,
    /// Digest of the page of HTML that was shown.
    pub html: Digest,
}

/// The statement that was agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// Its text, word for word; line feeds stay.
    pub text: String,
    /// BCP 47 tag of its language.
    pub locale: String,
    /// Digest of the text.
    pub digest: Digest,
    /// Text of the button that was pressed, where there was one.
    pub button: Option<String>,
    /// Name that was typed in to sign, where one was.
    pub typed_name: Option<String>,
}

/// How an acknowledgment was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Method {
    /// By a link that works once, sent to a mailbox.
    Link {
        /// The address it was sent to.
        mailbox: String,
        /// Whether a code that was mailed to it as well was typed.
        code: bool,
    },
    /// By a private SSH key.
    SshKey {
        /// Fingerprint of the key as OpenSSH prints it, `SHA256:…`.
        fingerprint: String,
    },
    /// By somebody else, who may sign for the employer and says that the person took note.
    Attestation {
        /// Name of the signatory.
        signatory: String,
        /// Function of the signatory.
        role: Option<String>,
    },
}

/// The entry of the ledger and the checkpoint that covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Name of the log, the first line of its checkpoints.
    pub origin: String,
    /// Number of the entry, counted from 0.
    pub entry: u64,
    /// Leaf hash (RFC 6962, section 2.1).
    pub leaf: Digest,
    /// Number of entries that the checkpoint covers.
    pub size: u64,
    /// Root hash of the checkpoint; printed in base64, as it stands there.
    pub root: Digest,
    /// Verifier key of the log, `<name>+<hash>+<key>` (C2SP signed-note).
    pub key: String,
}

impl Renderer {
    /// Lays out the certificate of an acknowledgment, as PDF/A-3a and PDF/UA-1 like everything else.
    ///
    /// `ident` identifies the file for ever and `date` (year, month, day) is its creation date, as in
    /// [`RenderInput`](super::RenderInput). One page unless names or the statement are long; a long browser name is shortened.
    ///
    /// # Errors
    /// As [`Renderer::render`]. A character that no font shows is [`RenderError::MissingGlyphs`] with the text it was found in:
    /// the embedded fonts show Latin (with Vietnamese), Greek, Cyrillic, Hebrew, Arabic, Armenian, Georgian, Devanagari and Lao letters, not
    /// Chinese, Japanese, Korean, Thai or Tamil ones and no emoji; a font in `fonts/` of the workspace adds them.
    /// [`RenderError::TemplateMissing`] when the templates passed to [`Renderer::new`] have no certificate.
    pub fn certificate(&self, certificate: &Certificate, look: &Look, ident: &str, date: (i32, u8, u8)) -> Result<Rendered, RenderError> {
        let date = datetime(date)?;
        let job = self.certificate_job(certificate, look)?;
        let mut laid_out = lay_out(&job)?;
        // The template sets the title in its language; what it is about is added here, outside of any style.
        let name = laid_out.info_mut().title.take().unwrap_or_default();
        let title = format!("{name}: {} {}, {}", certificate.policy.title, certificate.policy.version, certificate.person.name);
        self.export(&job, laid_out, &title, look, (ident, date))
    }

    /// Checks a certificate and turns it into what Typst may see.
    pub(super) fn certificate_job(&self, certificate: &Certificate, look: &Look) -> Result<Job<'_>, RenderError> {
        check_logo(look)?;
        if !self.shared.has(CERTIFICATE_TEMPLATE) {
            return Err(RenderError::TemplateMissing { name: CERTIFICATE_TEMPLATE.to_owned() });
        }
        let fonts = self.shared.fonts();
        let fields = fields(certificate, fonts)?;
        let mut printed = vec![look.organisation.as_str()];
        texts(&fields, &mut printed);
        let missing = self.unshown(&printed);
        if !missing.is_empty() {
            return Err(RenderError::MissingGlyphs(missing));
        }
        let (lang, _) = language_and_region(&certificate.language);
        let wording = |lang: &str| format!("certificate/{lang}.yaml");
        let language = if self.shared.has(&wording(&lang)) { certificate.language.as_str() } else { FALLBACK };
        let Certificate { policy, person, ledger, .. } = certificate;
        let document = json!({
            "head": shorten(fonts, &format!("{} {}", policy.title, policy.version), HALF_HEADER),
            "other": shorten(fonts, &person.name, HALF_HEADER),
            "foot": shorten(fonts, &format!("{} \u{b7} {}", ledger.origin, ledger.entry), HALF_HEADER * 1.5),
            "banner": Value::Null,
            "wording": wording(&language_and_region(language).0),
            "certificate": inlines(fields),
        });
        let data = file(&[document], language, look, (TEXT_WIDTH, 0.0), None)?;
        Job::new(&self.shared, CERTIFICATE_TEMPLATE, data, None, look.logo.as_ref().map(|logo| logo.bytes.as_slice()))
    }
}

/// The texts of a certificate.
fn texts<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Object(members) => members.values().for_each(|member| texts(member, out)),
        _ => {}
    }
}

/// The members of a certificate as they are printed.
fn fields(certificate: &Certificate, fonts: &Fonts) -> Result<Value, RenderError> {
    let mut fields = serde_json::to_value(certificate).map_err(|error| RenderError::Data { message: error.to_string() })?;
    fields["ledger"]["root"] = Value::String(base64(&certificate.ledger.root.bytes()));
    // As text: the layout would take a number beyond 63 bits for a rounded one.
    fields["ledger"]["entry"] = Value::String(certificate.ledger.entry.to_string());
    fields["ledger"]["size"] = Value::String(certificate.ledger.size.to_string());
    if let Some(agent) = &certificate.agent {
        fields["agent"] = Value::String(shorten(fonts, agent, AGENT_WIDTH));
    }
    Ok(fields)
}

/// Every text becomes an inline; `time` and `kind` are short and without spaces, and come out as they were.
fn inlines(value: Value) -> Value {
    match value {
        Value::String(text) => value_text(&text),
        Value::Object(members) => Value::Object(members.into_iter().map(|(name, member)| (name, inlines(member))).collect::<Map<_, _>>()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::tests::pieces;
    use super::{Certificate, Consent, Ledger, Method, Person, Policy};
    use crate::base::digest::Digest;
    use crate::base::instant::Instant;
    use crate::render::{Look, Paper, Renderer};

    fn renderer() -> Renderer {
        let template = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        let templates = BTreeMap::from([
            template("contract.typ", b""),
            template("layout.typ", include_bytes!("../../templates/layout.typ")),
            template("certificate.typ", include_bytes!("../../templates/certificate.typ")),
            template("certificate/en.yaml", include_bytes!("../../templates/certificate/en.yaml")),
        ]);
        Renderer::new(templates, BTreeMap::new()).expect("the templates parse")
    }

    fn all_of(text: &str, method: Method) -> Certificate {
        let (some, digest) = (|| Some(text.to_owned()), Digest::of(text.as_bytes()));
        Certificate {
            language: "en".to_owned(),
            person: Person { id: text.to_owned(), name: text.to_owned(), email: some(), supplier: some(), department: some() },
            policy: Policy { title: text.to_owned(), version: text.to_owned(), pdf: digest.clone(), html: digest.clone() },
            consent: Consent { text: text.to_owned(), locale: text.to_owned(), digest: digest.clone(), button: some(), typed_name: some() },
            method,
            time: Instant::from_millis(0),
            address: some(),
            agent: some(),
            ledger: Ledger { origin: text.to_owned(), entry: u64::MAX, leaf: digest.clone(), size: u64::MAX, root: digest, key: text.to_owned() },
        }
    }

    #[test]
    fn nothing_runs_over_the_margin() {
        let name = format!("A{}", "bcdefghij".repeat(24));
        let address = format!("https://www.example.org/{}?q={}", "very-long/".repeat(12), "z".repeat(60));
        let renderer = renderer();
        for text in [name, address, "mm ".repeat(120)] {
            let methods = [
                Method::Link { mailbox: text.clone(), code: true },
                Method::SshKey { fingerprint: text.clone() },
                Method::Attestation { signatory: text.clone(), role: Some(text.clone()) },
            ];
            for method in methods {
                for paper in [Paper::A4, Paper::UsLetter] {
                    let look = Look { paper, organisation: text.clone(), ..Look::default() };
                    let job = renderer.certificate_job(&all_of(&text, method.clone()), &look).expect("the values are sound");
                    for piece in pieces(&job).iter().flatten() {
                        let (text, edge) = (&piece.text, paper.width() - 66.0);
                        assert!(piece.left > 60.0 && piece.right < edge, "`{text}` {} to {}", piece.left, piece.right);
                        assert!(piece.bottom < 760.0 || paper == Paper::A4 && piece.bottom < 810.0, "`{text}` {}", piece.bottom);
                    }
                }
            }
        }
    }
}
