//! The history of assessments: each is an entry, so that a tier of the past can be told.

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digest::Digest;
use crate::contract::assessment::Assessment;
use crate::contract::profile::{Profile, Renewal};
use crate::contract::risk::Tier;

/// Months for which an attestation report without a last day counts.
const REPORT_MONTHS: i32 = 12;

/// A supplier was assessed (`supplier.assessed`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessmentRecord {
    /// Id of the supplier.
    pub supplier: String,
    /// Its legal name.
    pub name: String,
    /// Id of our entity.
    pub entity: String,
    /// SHA-256 of the profile.
    pub profile: Digest,
    /// Day at which certificates were judged.
    pub date: Date,
    /// Why it was assessed.
    pub occasion: AssessmentOccasion,
    /// Who answers for the result; `None` where only the figures were worked out again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// Inherent score in quarter points, 0 to 400.
    pub inherent_quarters: u32,
    /// Credit for certificates in points.
    pub credit: u32,
    /// Residual score in quarter points.
    pub residual_quarters: u32,
    /// The tier.
    pub tier: Tier,
    /// Floors that fired.
    pub floors: Vec<String>,
    /// Holds that fired and that no decision accepts.
    pub open_holds: Vec<String>,
    /// Last day by which it must be reviewed.
    pub next_review: Date,
    /// Name and address of whoever answers for the supplier on our side, where the profile names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<RecordedOwner>,
    /// Start, end and notice of the contract, where the profile has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<RecordedTerm>,
    /// Certificates and insurance with their last day.
    pub assurance: Vec<Assurance>,
    /// Security incidents of the last 36 months that the profile knows.
    pub incidents: u32,
    /// Whether data or access leaves the country of our entity and those with adequate protection.
    pub is_overseas: bool,
}

/// Why a supplier was assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentOccasion {
    /// Somebody reviewed the supplier.
    Review,
    /// The profile, the model or the day gave another result than was on record.
    Recalculation,
}

/// Whoever answers for a supplier on our side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOwner {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// The term of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTerm {
    /// Last day of the initial term; `None` for an open end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
    /// What happens at the end: `none`, `yearly`, `by_agreement`.
    pub renewal: Renewal,
    /// Notice in calendar days.
    pub notice_days: u32,
}

/// Something that shows the supplier's controls, or pays for their failure, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assurance {
    /// Certificate or insurance.
    pub kind: AssuranceKind,
    /// The standard, or what is insured.
    pub name: String,
    /// Last day of validity.
    pub expires: Date,
}

/// Kinds of assurance that run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssuranceKind {
    /// A certificate or attestation report.
    Certificate,
    /// Insurance.
    Insurance,
}

impl AssessmentRecord {
    /// Makes the record of an assessment.
    pub fn new(profile: &Profile, digest: &Digest, assessment: &Assessment, date: Date, next_review: Date, location: &str) -> Self {
        let assurance = profile.assurance.as_ref();
        let certificates = assurance.iter().flat_map(|a| &a.certificates).map(|c| Assurance {
            kind: AssuranceKind::Certificate,
            name: c.standard.clone(),
            expires: c.expires.unwrap_or_else(|| c.issued.plus_months(REPORT_MONTHS)),
        });
        let insurance =
            assurance.iter().flat_map(|a| &a.insurance).map(|i| Assurance { kind: AssuranceKind::Insurance, name: i.kind.clone(), expires: i.expires });
        let recent = |day: Date| day > date.plus_months(-36) && day <= date;
        Self {
            supplier: profile.supplier.clone(),
            name: crate::contract::values::clean(&profile.identity.legal_name),
            entity: profile.entity.clone(),
            profile: digest.clone(),
            date,
            occasion: AssessmentOccasion::Recalculation,
            reviewer: None,
            inherent_quarters: assessment.inherent_quarters,
            credit: assessment.credit.total,
            residual_quarters: assessment.residual_quarters,
            tier: assessment.tier,
            floors: assessment.floors.iter().map(|f| f.id.clone()).collect(),
            open_holds: assessment.holds.iter().filter(|h| h.accepted_by.is_none()).map(|h| h.id.clone()).collect(),
            next_review,
            owner: profile.owner.as_ref().map(|o| RecordedOwner { name: o.name.clone(), email: o.email.clone() }),
            term: profile.term.as_ref().map(|t| RecordedTerm { end: t.end, renewal: t.renewal, notice_days: t.notice_days }),
            assurance: certificates.chain(insurance).collect(),
            incidents: assurance.map_or(0, |a| u32::try_from(a.incidents.iter().filter(|i| recent(i.date)).count()).unwrap_or(u32::MAX)),
            is_overseas: matches!(location, "overseas_with_safeguard" | "overseas_restricted" | "high_interference"),
        }
    }

    /// Whether another assessment says the same of the supplier, whoever made it and when.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let bare = |record: &Self| Self { date: self.date, occasion: self.occasion, reviewer: None, next_review: self.next_review, ..record.clone() };
        bare(self) == bare(other)
    }
}
