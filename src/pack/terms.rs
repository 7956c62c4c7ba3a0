//! The machine-readable terms that travel inside a PDF: what the document says, as data. Nothing of our view of the other side.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::clause::Obligor;
use crate::contract::library::Library;
use crate::contract::parameter::ParameterValue;
use crate::text::document::Document;

/// Version of the terms format (see `docs/formats.md`).
pub const TERMS_VERSION: u32 = 1;

/// The file `terms.json` inside a PDF: one entry for each document of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Terms {
    /// [`TERMS_VERSION`].
    pub version: u32,
    /// The documents in the PDF.
    pub documents: Vec<DocumentTerms>,
}

/// The terms of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentTerms {
    /// Kind.
    pub kind: String,
    /// Document id.
    pub id: String,
    /// Title.
    pub title: String,
    /// BCP 47 language tag.
    pub language: String,
    /// ISO 8601 date.
    pub date: String,
    /// Parties: role and exact legal name.
    pub parties: Vec<PartyTerms>,
    /// Clauses in order.
    pub clauses: Vec<ClauseTerms>,
    /// Negotiable values by parameter, as printed.
    pub values: BTreeMap<String, String>,
    /// Obligations.
    pub obligations: Vec<ObligationTerms>,
}

/// One party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartyTerms {
    /// Its defined term.
    pub role: String,
    /// Its exact legal name.
    pub legal_name: String,
}

/// One clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClauseTerms {
    /// `7`, `Schedule A`, or empty.
    pub number: String,
    /// Title.
    pub title: String,
    /// Clause id.
    pub id: String,
    /// Clause version.
    pub version: String,
}

/// One obligation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObligationTerms {
    /// Clause id, `/`, id within the clause.
    pub id: String,
    /// Who owes it.
    pub who: Obligor,
    /// What is owed.
    pub what: String,
    /// What starts it.
    pub trigger: String,
    /// By when, as printed.
    pub deadline: String,
}

/// Collects the terms of a document.
pub fn document_terms(document: &Document, library: &Library, parameters: &BTreeMap<String, ParameterValue>) -> DocumentTerms {
    let mut clauses = Vec::new();
    let mut values = BTreeMap::new();
    let mut obligations = Vec::new();
    for part in &document.parts {
        for section in &part.sections {
            let number = if section.number.is_empty() { part.label.clone() } else { section.number.clone() };
            let title = if section.title.is_empty() { part.title.clone() } else { section.title.clone() };
            clauses.push(ClauseTerms { number, title, id: section.clause.clone(), version: section.clause_version.clone() });
            let Some(clause) = library.clauses.get(&section.clause) else { continue };
            for name in &clause.front.parameters {
                values.extend(parameters.get(name).map(|value| (name.clone(), value.text.clone())));
            }
            obligations.extend(clause.front.obligations.iter().map(|o| ObligationTerms {
                id: format!("{}/{}", section.clause, o.id),
                who: o.who,
                what: o.what.clone(),
                trigger: o.trigger.clone(),
                deadline: parameters.get(&o.deadline).map_or_else(|| o.deadline.clone(), |value| value.text.clone()),
            }));
        }
    }
    let parties = document.parties.iter().map(|p| PartyTerms { role: p.role.clone(), legal_name: p.legal_name.clone() }).collect();
    DocumentTerms {
        kind: document.kind.clone(),
        id: document.id.clone(),
        title: document.title.clone(),
        language: document.language.clone(),
        date: document.date.clone(),
        parties,
        clauses,
        values,
        obligations,
    }
}
