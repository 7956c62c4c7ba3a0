//! Countries and the transfer regimes they belong to (`places.yaml`).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

/// The file `places.yaml`. A country is an ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Member states of the European Union.
    pub eu: BTreeSet<String>,
    /// States of the European Economic Area.
    pub eea: BTreeSet<String>,
    /// Covered by a Commission decision under GDPR Article 45.
    pub eu_adequate: BTreeSet<String>,
    /// Covered by UK adequacy regulations.
    pub uk_adequate: BTreeSet<String>,
    /// Covered by Annex 1 of the Swiss Data Protection Ordinance.
    pub ch_adequate: BTreeSet<String>,
    /// Adequate only for importers certified under a framework (the Data Privacy Framework).
    pub framework: BTreeSet<String>,
    /// Names as printed.
    pub countries: BTreeMap<String, String>,
}

/// How far a transfer is restricted; the order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Restriction {
    /// The data stays inside the regime.
    None,
    /// An adequacy decision covers it.
    Adequacy,
    /// It needs a safeguard.
    Restricted,
}

impl Restriction {
    /// The value of facts `transfer.*`.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Adequacy => "adequacy",
            Self::Restricted => "restricted",
        }
    }
}

/// A regime that restricts transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// EU GDPR, Chapter V.
    Eu,
    /// UK GDPR.
    Uk,
    /// Swiss Federal Act on Data Protection.
    Ch,
}

impl Places {
    /// Name of a country as printed; the code itself for a code that the file lacks (reported at decoding).
    pub fn name(&self, code: &str) -> String {
        self.countries.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// Name of a country in a table or address, without article.
    pub fn cell(&self, code: &str) -> String {
        let name = self.name(code);
        name.strip_prefix("the ").map_or_else(|| name.clone(), |bare| bare.chars().take(1).flat_map(char::to_uppercase).chain(bare.chars().skip(1)).collect())
    }

    /// Value of fact `supplier.region`.
    pub fn region(&self, code: &str) -> &'static str {
        match code {
            _ if self.eea.contains(code) => "eea",
            "GB" => "uk",
            "CH" => "ch",
            "US" => "us",
            _ if self.eu_adequate.contains(code) => "adequate_other",
            _ => "other",
        }
    }

    /// How far a regime restricts data that goes to a country.
    pub fn restriction(&self, regime: Regime, code: &str, certified: bool) -> Restriction {
        let (home, adequate) = match regime {
            Regime::Eu => (self.eea.contains(code), &self.eu_adequate),
            Regime::Uk => (code == "GB", &self.uk_adequate),
            Regime::Ch => (code == "CH", &self.ch_adequate),
        };
        if home {
            Restriction::None
        } else if adequate.contains(code) || (certified && self.framework.contains(code)) {
            Restriction::Adequacy
        } else {
            Restriction::Restricted
        }
    }
}
