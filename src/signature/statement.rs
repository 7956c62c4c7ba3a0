//! The statement: what a person signs with an SSH key, word for word.

use crate::base::digest::Digest;

/// First line of every statement; it names the form.
pub const STATEMENT_TITLE: &str = "countersign acknowledgment statement v1";

/// What a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Origin of the ledger.
    pub origin: &'a str,
    /// Id of the request.
    pub request: &'a str,
    /// Id of the person.
    pub person: &'a str,
    /// Name of the person.
    pub name: &'a str,
    /// `person` or `company`.
    pub capacity: &'a str,
    /// Policy id and version, `code_of_conduct 1.0`.
    pub policy: &'a str,
    /// Digest of the PDF.
    pub pdf: &'a Digest,
    /// Digest of the HTML page.
    pub html: &'a Digest,
    /// The consent text, word for word.
    pub consent: &'a str,
}

impl Statement<'_> {
    /// The text: one fact a line, then the consent after an empty line, then one line feed.
    ///
    /// A line feed inside a value would let one value pass for another, so it becomes a space.
    pub fn text(&self) -> String {
        let line = |text: &str| text.replace(['\n', '\r'], " ");
        let facts = [
            ("ledger", self.origin),
            ("request", self.request),
            ("person", self.person),
            ("name", self.name),
            ("capacity", self.capacity),
            ("policy", self.policy),
            ("pdf-sha256", self.pdf.as_str()),
            ("html-sha256", self.html.as_str()),
            ("consent-sha256", Digest::of(self.consent.as_bytes()).as_str()),
        ]
        .map(|(name, value)| format!("{name}: {}\n", line(value)));
        format!("{STATEMENT_TITLE}\n{}\n{}\n", facts.concat(), self.consent.trim_end())
    }
}
