//! Pages: whole texts for people (mails, web pages) from templates in the full language of Tera.
//!
//! Clause text has a checked subset, in [`crate::text::template`]; a page is no contract and may have conditions, blocks and
//! includes. Values are data: in a template whose name ends in `.html` they are escaped, in a `.txt` nothing is, because
//! nothing there is markup.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use tera::{Context, ErrorKind, Tera};

use crate::text::template::lower_first;

/// Compiled pages by name.
///
/// ```
/// use std::collections::BTreeMap;
/// use countersign::text::page::Pages;
/// let template = |name: &str, text: &str| (name.to_owned(), text.to_owned());
/// let pages = Pages::new(BTreeMap::from([template("a.html", "<b>{{ name }}</b>"), template("a.txt", "{{ name }}")])).unwrap();
/// let values = serde_json::json!({ "name": "<i>" });
/// assert_eq!(pages.render("a.html", &values).unwrap(), "<b>&lt;i&gt;</b>");
/// assert_eq!(pages.render("a.txt", &values).unwrap(), "<i>");
/// assert!(pages.render("a.txt", &serde_json::json!({})).is_err());
/// ```
pub struct Pages {
    tera: Tera,
}

/// A page cannot be compiled or filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PageError {
    /// The template at fault: the one that was asked for, or one that it extends or includes.
    pub template: String,
    /// The line in it, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template `{}`", self.template)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Pages {
    /// Compiles templates, by name and text; they may extend and include each other by these names.
    ///
    /// # Errors
    /// Returns [`PageError`] for the first template that is malformed, or extends or includes one that is not there.
    pub fn new(templates: BTreeMap<String, String>) -> Result<Self, PageError> {
        let mut tera = Tera::new();
        tera.autoescape_on([".html"]);
        tera.add_raw_templates(templates).map_err(|error| fault(&error, ""))?;
        Ok(Self { tera })
    }

    /// Tells whether there is a template of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tera.get_template_names().any(|known| known == name)
    }

    /// Fills a template with the members of an object.
    ///
    /// # Errors
    /// Returns [`PageError`] when there is no such template, the values are no object, or the template names a value that is
    /// not there. A value that may be missing is passed as `null`.
    pub fn render(&self, name: &str, values: &Value) -> Result<String, PageError> {
        let context = Context::from_serialize(values).map_err(|error| fault(&error, name))?;
        self.tera.render(name, &context).map_err(|error| fault(&error, name))
    }
}

fn fault(error: &tera::Error, name: &str) -> PageError {
    let plain = |template: &str, message: String| PageError { template: template.to_owned(), line: None, message };
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let template = if report.filename().is_empty() { name } else { report.filename() };
            PageError { line: Some(report.span().start_line), ..plain(template, lower_first(report.message())) }
        }
        ErrorKind::TemplateNotFound(absent) => plain(absent, "there is no such template".to_owned()),
        ErrorKind::MissingParent { current, parent } => plain(current, format!("it extends `{parent}`, which is not there")),
        ErrorKind::CircularExtend { tpl, .. } => plain(tpl, "it extends itself".to_owned()),
        ErrorKind::CircularInclude { tpl, .. } => plain(tpl, "it includes itself".to_owned()),
        other => plain(name, lower_first(&other.to_string())),
    }
}
