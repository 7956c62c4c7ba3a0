//! The assessment: what the risk model says of one supplier, each part with its reasons.

use serde::{Deserialize, Serialize};

use crate::contract::risk::Tier;
use crate::rule::condition::Condition;
use crate::rule::fact::Facts;

/// One fact with its value and where it was written; `unset` without one.
pub(super) fn reason(facts: &Facts, name: &str) -> Reason {
    let fact = facts.get(name);
    Reason {
        fact: name.to_owned(),
        value: fact.map_or_else(|| "unset".to_owned(), |f| f.value.to_string()),
        how: fact.map(|f| f.how.clone()).unwrap_or_default(),
        place: fact.and_then(|f| f.place.as_ref()).map(ToString::to_string),
    }
}

/// The value of each fact of a condition, with where it was written.
pub fn reasons(facts: &Facts, condition: &Condition) -> Vec<Reason> {
    condition.facts().into_iter().map(|name| reason(facts, name)).collect()
}

/// Makes the result of a floor or hold that fired.
pub(super) fn fired(id: &str, tier: Option<Tier>, when: &Condition, facts: &Facts, needs: &str) -> Fired {
    Fired { id: id.to_owned(), tier, condition: when.to_string(), because: reasons(facts, when), needs: needs.to_owned(), accepted_by: None }
}

/// One fact of a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The fact.
    pub fact: String,
    /// Its value, `unset` without one.
    pub value: String,
    /// How it came about.
    pub how: String,
    /// File, line and column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// What one factor contributed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactorResult {
    /// The factor.
    pub factor: String,
    /// Its fact.
    pub fact: String,
    /// The value of the fact.
    pub value: String,
    /// Weight, of 100.
    pub weight: u32,
    /// Points, 0 to 4.
    pub points: u32,
    /// The condition that raised the points to a minimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised_by: Option<String>,
    /// Where the value was written.
    pub because: Reason,
}

/// A floor or hold that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// Its id.
    pub id: String,
    /// The tier that a floor sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Its condition.
    pub condition: String,
    /// The facts in it.
    pub because: Vec<Reason>,
    /// What a hold needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub needs: String,
    /// The decision that accepted a hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
}

/// Credit for certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreditResult {
    /// Points, capped.
    pub total: u32,
    /// Each certificate with what it earned or why not.
    pub certificates: Vec<CertificateResult>,
}

/// What one certificate earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateResult {
    /// The certificate.
    pub standard: String,
    /// Points by itself.
    pub points: u32,
    /// Why it earned none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The risk result of one supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Inherent score in quarter points, 0 to 400.
    pub inherent_quarters: u32,
    /// Credit for certificates.
    pub credit: CreditResult,
    /// Residual score in quarter points.
    pub residual_quarters: u32,
    /// The tier.
    pub tier: Tier,
    /// What each factor contributed.
    pub factors: Vec<FactorResult>,
    /// Floors that fired.
    pub floors: Vec<Fired>,
    /// Holds that fired.
    pub holds: Vec<Fired>,
    /// Roles that sign off.
    pub sign_off: Vec<String>,
    /// Documents of the pack.
    pub documents: Vec<String>,
}

impl Assessment {
    /// Inherent score in points, 0 to 100.
    pub fn inherent(&self) -> f64 {
        f64::from(self.inherent_quarters) / 4.0
    }

    /// Residual score in points, 0 to 100.
    pub fn residual(&self) -> f64 {
        f64::from(self.residual_quarters) / 4.0
    }
}
