//! The risk model: a file that gives the assessment of a supplier.
//!
//! inherent = Σ weight × points / 4, computed in quarter points; residual = max(0, inherent − credit); the tier is the highest of
//! band(residual), one band below band(inherent), and every floor that fires. The model is a file that a user can edit.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::decode::decode;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::node::Node;
use crate::base::suggest;
use crate::contract::assessment::{Assessment, CertificateResult, CreditResult, FactorResult, fired, reason};
use crate::contract::profile::{Certificate, Opinion};
use crate::rule::condition::{Condition, Truth};
use crate::rule::fact::{FactValue, Facts};
use crate::rule::vocabulary::{FactType, Vocabulary};

/// The documents a pack can have, in the order in which rules name them.
pub const DOCUMENTS: [&str; 5] = ["nda", "dpa", "sla", "termination", "terms"];

/// A tier, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Little harm possible.
    Low,
    /// Some.
    Moderate,
    /// Much.
    High,
    /// The organisation itself.
    Critical,
}

impl Tier {
    /// All tiers, from least to most.
    pub const ALL: [Tier; 4] = [Self::Low, Self::Moderate, Self::High, Self::Critical];

    /// The value of fact `tier`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The next one up; none above critical.
    pub(super) fn above(self) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| *tier > self)
    }

    fn below(self) -> Self {
        match self {
            Self::Low | Self::Moderate => Self::Low,
            Self::High => Self::Moderate,
            Self::Critical => Self::High,
        }
    }
}

/// The file `risk-model.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    #[expect(dead_code, reason = "checked by the schema")]
    #[schemars(range(min = 2, max = 2))]
    version: u32,
    factors: Vec<FactorText>,
    certification_credits: Credits,
    bands: BTreeMap<Tier, u32>,
    floors: Vec<FloorText>,
    holds: Vec<HoldText>,
    tier_effects: BTreeMap<Tier, TierEffects>,
    sign_off_rules: Vec<SignOffText>,
    document_rules: Vec<DocumentRuleText>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FactorText {
    id: String,
    weight: u32,
    fact: String,
    points: BTreeMap<String, u32>,
    #[serde(default)]
    minimums: Vec<MinimumText>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MinimumText {
    when: String,
    points: u32,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Credits {
    cap: u32,
    #[expect(dead_code, reason = "prose for the reader of the model")]
    conditions: Vec<String>,
    groups: BTreeMap<String, BTreeMap<String, u32>>,
    #[expect(dead_code, reason = "prose for the reader of the model")]
    limits: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FloorText {
    id: String,
    when: String,
    tier: Tier,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HoldText {
    id: String,
    when: String,
    #[expect(dead_code, reason = "`issue` is the only thing a hold stops")]
    stops: String,
    needs: String,
}

/// What a tier asks of us inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierEffects {
    /// Months until the next review.
    pub review_months: u32,
    /// Depth of audit.
    pub audit: String,
    /// Evidence asked for.
    pub evidence: String,
    /// Cyber insurance asked for.
    pub cyber_insurance: String,
    /// Roles that sign off.
    pub sign_off: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignOffText {
    when: String,
    add: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DocumentRuleText {
    when: String,
    add: OneOrMore,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

struct Factor {
    id: String,
    weight: u32,
    fact: String,
    points: BTreeMap<String, u32>,
    minimums: Vec<(Condition, u32)>,
}

struct Floor {
    id: String,
    when: Condition,
    tier: Tier,
}

/// A factor, for the proof.
pub(super) struct FactorView<'a> {
    /// Weight, of 100.
    pub(super) weight: u32,
    /// Its fact.
    pub(super) fact: &'a str,
    /// Points by value.
    pub(super) points: &'a BTreeMap<String, u32>,
    /// Conditions that raise the points to a minimum.
    pub(super) minimums: &'a [(Condition, u32)],
}

/// A hold of the model: it stops the issue of a pack until a decision accepts it.
pub struct Hold {
    /// Its id.
    pub id: String,
    when: Condition,
    needs: String,
}

/// The risk model, checked.
pub struct RiskModel {
    factors: Vec<Factor>,
    credits: Credits,
    bands: BTreeMap<Tier, u32>,
    floors: Vec<Floor>,
    /// Its holds.
    pub holds: Vec<Hold>,
    /// What each tier asks of us.
    pub effects: BTreeMap<Tier, TierEffects>,
    sign_off: Vec<(Condition, String)>,
    documents: Vec<(Condition, Vec<String>)>,
}

impl RiskModel {
    /// Reads the model; every condition is checked against the vocabulary.
    ///
    /// # Errors
    /// Returns `None` after diagnostics when the file does not decode, a condition is refused, weights do not sum to 100, the
    /// points of a factor are not those of its fact in rising order, or a document is unknown.
    pub fn read(node: &Node, vocabulary: &Vocabulary, report: &mut Report) -> Option<Self> {
        let before = report.errors();
        let file: ModelFile = decode(node, report)?;
        let parse = |text: &str, path: String, report: &mut Report| Condition::parse(text, vocabulary, &node.place_of(&path), report);
        let mut factors = Vec::new();
        for (f, factor) in file.factors.iter().enumerate() {
            let place = node.place_of(&format!("factors[{f}].fact"));
            let entry = vocabulary.facts.get(&factor.fact).filter(|e| e.r#type == FactType::Ordered);
            let rising = entry.is_some_and(|entry| {
                let points: Vec<Option<&u32>> = entry.values.iter().map(|v| factor.points.get(v)).collect();
                factor.points.len() == entry.values.len() && points.iter().all(Option::is_some) && points.is_sorted()
            });
            if !rising {
                let message = format!("factor `{}` needs an ordered fact and points for each of its values, rising", factor.id);
                report.push(Diagnostic::error("risk-model", message).at(&place));
            }
            let mut minimums = Vec::new();
            for (m, minimum) in factor.minimums.iter().enumerate() {
                if let Some(when) = parse(&minimum.when, format!("factors[{f}].minimums[{m}].when"), report) {
                    minimums.push((when, minimum.points));
                }
            }
            factors.push(Factor { id: factor.id.clone(), weight: factor.weight, fact: factor.fact.clone(), points: factor.points.clone(), minimums });
        }
        let sum: u32 = factors.iter().map(|f| f.weight).sum();
        if sum != 100 {
            report.push(Diagnostic::error("risk-model", format!("the weights sum to {sum}, not to 100")).at(&node.place_of("factors")));
        }
        if Tier::ALL.iter().any(|t| !file.bands.contains_key(t) || !file.tier_effects.contains_key(t)) {
            report.push(Diagnostic::error("risk-model", "every tier needs a band and effects").at(&node.place_of("bands")));
        }
        let mut floors = Vec::new();
        for (at, floor) in file.floors.into_iter().enumerate() {
            if let Some(when) = parse(&floor.when, format!("floors[{at}].when"), report) {
                floors.push(Floor { id: floor.id, when, tier: floor.tier });
            }
        }
        let mut holds = Vec::new();
        for (at, hold) in file.holds.into_iter().enumerate() {
            if let Some(when) = parse(&hold.when, format!("holds[{at}].when"), report) {
                holds.push(Hold { id: hold.id, when, needs: hold.needs });
            }
        }
        let mut sign_off = Vec::new();
        for (at, rule) in file.sign_off_rules.into_iter().enumerate() {
            if let Some(when) = parse(&rule.when, format!("sign_off_rules[{at}].when"), report) {
                sign_off.push((when, rule.add));
            }
        }
        let mut documents = Vec::new();
        for (at, rule) in file.document_rules.into_iter().enumerate() {
            let add = match rule.add {
                OneOrMore::One(one) => vec![one],
                OneOrMore::More(more) => more,
            };
            for document in add.iter().filter(|d| !DOCUMENTS.contains(&d.as_str())) {
                let place = node.place_of(&format!("document_rules[{at}].add"));
                report.push(
                    Diagnostic::error("unknown-document", format!("there is no document `{document}`")).at(&place).help(suggest::help(document, DOCUMENTS)),
                );
            }
            if let Some(when) = parse(&rule.when, format!("document_rules[{at}].when"), report) {
                documents.push((when, add));
            }
        }
        (report.errors() == before).then_some(Self {
            factors,
            credits: file.certification_credits,
            bands: file.bands,
            floors,
            holds,
            effects: file.tier_effects,
            sign_off,
            documents,
        })
    }

    /// Names of the certificates that can earn credit.
    pub fn certificates(&self) -> impl Iterator<Item = &str> + Clone {
        self.credits.groups.values().flat_map(|g| g.keys().map(String::as_str))
    }

    pub(super) fn proof_factors(&self) -> impl Iterator<Item = FactorView<'_>> {
        self.factors.iter().map(|factor| FactorView { weight: factor.weight, fact: &factor.fact, points: &factor.points, minimums: &factor.minimums })
    }

    pub(super) fn proof_floors(&self) -> impl Iterator<Item = (&Condition, Tier)> {
        self.floors.iter().map(|floor| (&floor.when, floor.tier))
    }

    pub(super) fn proof_documents(&self) -> impl Iterator<Item = (&Condition, &[String])> {
        self.documents.iter().map(|(when, documents)| (when, documents.as_slice()))
    }

    /// Points from which a band begins.
    pub(super) fn band_from(&self, tier: Tier) -> Option<u32> {
        self.bands.get(&tier).copied()
    }

    /// Every credit that some certificates can earn.
    pub(super) fn credit_totals(&self) -> Vec<u32> {
        let mut totals = BTreeSet::from([0]);
        for group in self.credits.groups.values() {
            totals = totals.iter().flat_map(|total| group.values().map(move |points| total + points).chain([*total])).collect();
        }
        totals.into_iter().map(|total| total.min(self.credits.cap)).collect::<BTreeSet<u32>>().into_iter().collect()
    }

    /// Certificates that together earn so many points; none where no set does.
    pub fn certificates_for(&self, credit: u32) -> Vec<&str> {
        let mut sets: BTreeMap<u32, Vec<&str>> = BTreeMap::from([(0, Vec::new())]);
        for group in self.credits.groups.values() {
            for (total, set) in sets.clone() {
                for (name, points) in group {
                    sets.entry((total + points).min(self.credits.cap)).or_insert_with(|| set.iter().copied().chain([name.as_str()]).collect());
                }
            }
        }
        sets.remove(&credit).unwrap_or_default()
    }

    fn band(&self, quarters: u32) -> Tier {
        let reached = |tier: &&Tier| self.bands.get(*tier).is_some_and(|from| quarters >= from * 4);
        Tier::ALL.iter().rev().find(reached).copied().unwrap_or(Tier::Low)
    }

    /// Points of one factor and why, or the facts that are missing.
    fn score(&self, factor: &Factor, facts: &Facts, missing: &mut BTreeSet<String>) -> Option<FactorResult> {
        let Some(fact) = facts.get(&factor.fact) else {
            missing.insert(factor.fact.clone());
            return None;
        };
        let FactValue::Word(word) = &fact.value else { return None };
        let entry = facts.vocabulary().facts.get(&factor.fact)?;
        let counted = entry.rank(word).and_then(|rank| entry.values.get(rank))?;
        let mut points = *factor.points.get(counted)?;
        let mut raised_by = None;
        for (when, least) in &factor.minimums {
            match when.evaluate(facts) {
                Truth::True if *least > points => {
                    points = *least;
                    raised_by = Some(when.to_string());
                }
                Truth::Unset(names) => missing.extend(names),
                _ => {}
            }
        }
        Some(FactorResult {
            factor: factor.id.clone(),
            fact: factor.fact.clone(),
            value: word.clone(),
            weight: factor.weight,
            points,
            raised_by,
            because: reason(facts, &factor.fact),
        })
    }

    /// Assesses a supplier and sets the facts `tier` and `docs.*`.
    ///
    /// # Errors
    /// Returns the names of the facts that the assessment needs and that have no value.
    pub fn assess(&self, facts: &mut Facts, credit: CreditResult) -> Result<Assessment, BTreeSet<String>> {
        let mut missing = BTreeSet::new();
        let factors: Vec<FactorResult> = self.factors.iter().filter_map(|f| self.score(f, facts, &mut missing)).collect();
        let mut floors = Vec::new();
        for floor in &self.floors {
            match floor.when.evaluate(facts) {
                Truth::True => floors.push(fired(&floor.id, Some(floor.tier), floor.when.decisive(facts), facts, "")),
                Truth::Unset(names) => missing.extend(names),
                Truth::False => {}
            }
        }
        let mut holds = Vec::new();
        for hold in &self.holds {
            match hold.when.evaluate(facts) {
                Truth::True => holds.push(fired(&hold.id, None, hold.when.decisive(facts), facts, &hold.needs)),
                Truth::Unset(names) => missing.extend(names),
                Truth::False => {}
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let inherent: u32 = factors.iter().map(|f| f.weight * f.points).sum();
        let residual = inherent.saturating_sub(credit.total * 4);
        let least = floors.iter().filter_map(|f| f.tier).max().unwrap_or(Tier::Low);
        let tier = self.band(residual).max(self.band(inherent).below()).max(least);
        facts.set("tier", FactValue::Word(tier.word().to_owned()), "assessed", None);
        let documents = self.documents(facts, &mut missing);
        let mut sign_off: Vec<String> = self.effects.get(&tier).map(|e| e.sign_off.clone()).unwrap_or_default();
        for (when, role) in &self.sign_off {
            match when.evaluate(facts) {
                Truth::True if !sign_off.contains(role) => sign_off.push(role.clone()),
                Truth::Unset(names) => missing.extend(names),
                _ => {}
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Assessment { inherent_quarters: inherent, credit, residual_quarters: residual, tier, factors, floors, holds, sign_off, documents })
    }

    /// Decides `docs.*` by the rules, in order, and sets them as facts.
    fn documents(&self, facts: &mut Facts, missing: &mut BTreeSet<String>) -> Vec<String> {
        for document in DOCUMENTS {
            facts.set(&format!("docs.{document}"), FactValue::Bool(false), "no document rule asks for it", None);
        }
        for (when, add) in &self.documents {
            match when.evaluate(facts) {
                Truth::True => {
                    for document in add {
                        facts.set(&format!("docs.{document}"), FactValue::Bool(true), format!("document rule `{when}`"), None);
                    }
                }
                Truth::Unset(names) => missing.extend(names),
                Truth::False => {}
            }
        }
        DOCUMENTS.iter().filter(|d| facts.get(&format!("docs.{d}")).is_some_and(|f| f.value == FactValue::Bool(true))).map(|d| (*d).to_owned()).collect()
    }

    /// Judges certificates at a date: within one group only the best counts, and the sum is capped.
    ///
    /// A certificate earns nothing when it has expired, does not cover the service, carries a qualified opinion, or is an
    /// attestation report (without an expiry date) older than twelve months.
    pub fn credit(&self, certificates: &[Certificate], date: Date) -> CreditResult {
        let mut best: BTreeMap<&str, u32> = BTreeMap::new();
        let mut judged = Vec::new();
        for certificate in certificates {
            let group = self.credits.groups.iter().find_map(|(g, members)| members.get(&certificate.standard).map(|p| (g.as_str(), *p)));
            let refused = refusal(certificate, date);
            if let (Some((group, points)), None) = (group, refused) {
                let held = best.entry(group).or_default();
                *held = (*held).max(points);
            }
            judged.push(CertificateResult {
                standard: certificate.standard.clone(),
                points: if refused.is_none() { group.map_or(0, |(_, p)| p) } else { 0 },
                refused: refused.map(str::to_owned),
            });
        }
        let total = best.values().sum::<u32>().min(self.credits.cap);
        CreditResult { total, certificates: judged }
    }
}

/// Why a certificate earns no credit.
fn refusal(certificate: &Certificate, date: Date) -> Option<&'static str> {
    if certificate.issued > date {
        Some("issued after the date of the pack")
    } else if certificate.expires.unwrap_or_else(|| certificate.issued.plus_months(12)) < date {
        Some("expired")
    } else if !certificate.covers_service {
        Some("its scope does not cover the service")
    } else if certificate.opinion == Opinion::Qualified {
        Some("qualified opinion")
    } else {
        None
    }
}
