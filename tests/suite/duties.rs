//! The duties that the clause library must know, and the slots that carry them: each is in the pack of at least one sample.

use std::collections::BTreeMap;

use crate::suite::packs::generated;
use crate::suite::shelf::library;

/// Duty, slot, and a word of the item that carries it, in lower case; empty where the whole clause does.
const DUTIES: &[(&str, &str, &str)] = &[
    ("confidentiality with remedies", "nda.use", ""),
    ("confidentiality with remedies", "nda.protection", ""),
    ("NDA enforcement: audit right, periodic compliance checks", "nda.verification", "audit"),
    ("classification and handling", "shared.schedule-security", "classification"),
    ("encryption in transit and at rest", "shared.schedule-security", "ncryption"),
    ("MFA for all supplier accounts", "shared.schedule-security", "ulti-factor"),
    ("role-based least privilege", "shared.schedule-security", "least privilege"),
    ("network segmentation", "shared.schedule-security", "segment"),
    ("endpoint protection", "shared.schedule-security", "endpoint"),
    ("monitoring and alerting", "shared.schedule-security", "monitoring"),
    ("privileged access management", "shared.schedule-security", "privileged access"),
    ("data loss prevention", "shared.schedule-security", "data loss prevention"),
    ("zero-trust verification", "shared.schedule-security", "zero-trust"),
    ("behavioural analytics with limits", "shared.schedule-security", "behavioural analytics"),
    ("secure collaboration workspace with expiry", "shared.schedule-security", "secure collaboration"),
    ("tamper-evident audit logs", "shared.schedule-security", "audit logs"),
    ("SLA uptime: formula, window, source", "sla.availability", ""),
    ("incident response by severity", "sla.incidents", ""),
    ("incident response by severity", "sla.schedule-service-levels", ""),
    ("remediation, improvement plan", "sla.improvement-plan", ""),
    ("credits with cap", "sla.service-credits", ""),
    ("chronic failure", "sla.repeated-failure", ""),
    ("chronic failure", "termination.service-failure", ""),
    ("DPA: EU GDPR", "dpa.terms-eu", ""),
    ("DPA: UK GDPR", "dpa.terms-uk", ""),
    ("DPA: CCPA", "dpa.california-role", ""),
    ("DPA: HIPAA", "baa.permitted-uses", ""),
    ("SCC completed by reference", "scc.incorporation", ""),
    ("UK Addendum", "uk_addendum.table-1", ""),
    ("BAA", "baa.parties", ""),
    ("subcontracting: notice, flow-down", "terms.subcontracting", ""),
    ("subcontracting: notice, flow-down", "dpa.subprocessors", ""),
    ("IP in deliverables and derivative works", "terms.deliverables", "derivative"),
    ("IP in deliverables and derivative works", "terms.intellectual-property", ""),
    ("liability", "terms.liability", ""),
    ("liability", "terms.unlimited-liability", ""),
    ("insurance", "terms.insurance", ""),
    ("precedence", "terms.precedence", ""),
    ("entire agreement", "terms.entire-agreement", ""),
    ("forum", "terms.disputes", ""),
    ("return or destruction by method", "termination.return-of-data", ""),
    ("return or destruction by method", "termination.destruction", ""),
    ("certificate", "termination.certificate", ""),
    ("access revocation", "termination.access", ""),
    ("exit assistance", "termination.transition", ""),
    ("exit assistance", "termination.exit-plan", ""),
    ("survival", "termination.surviving", ""),
    ("retention", "termination.retention", ""),
    ("retention", "dpa.schedule-retention", ""),
    ("onboarding briefing", "shared.schedule-security", "onboarding"),
    ("onboarding briefing", "terms.onboarding", "briefing"),
    ("refresher training", "shared.schedule-security", "training"),
    ("refresher training", "terms.onboarding", "training"),
    ("incident drills", "shared.schedule-security", "drill"),
    ("policy acknowledgment", "terms.onboarding", "acknowledg"),
    ("policy acknowledgment", "shared.schedule-security", "acknowledg"),
    ("code of conduct", "terms.compliance", "code_of_conduct"),
    ("escalation path", "terms.governance", "escalation"),
    ("escalation path", "sla.escalation", ""),
    ("periodic audit", "terms.audit", ""),
    ("periodic audit", "dpa.audit", ""),
    ("penetration tests", "shared.schedule-security", "penetration"),
    ("penetration tests", "sla.security-testing", ""),
    ("remediation with deadlines, time to improve before sanctions", "terms.remediation", ""),
    ("remediation with deadlines, time to improve before sanctions", "shared.schedule-security", "correction"),
    ("reporting of key metrics", "shared.schedule-security", "key figures"),
    ("reporting of key metrics", "sla.reporting", ""),
    ("assurance by test, audit or accreditation", "shared.schedule-security", "assurance"),
    ("assurance by test, audit or accreditation", "sla.certifications", ""),
    ("assumed compromise, both ways", "shared.schedule-security", "assumed compromise"),
    ("assumed compromise, both ways", "nda.loss", "either party"),
    ("minimum exposure", "shared.schedule-security", "minimum exposure"),
    ("overseas processing", "terms.customer-data", "places"),
    ("overseas processing", "dpa.locations", ""),
    ("security in change and acquisition", "shared.schedule-security", "change and acquisition"),
    ("security in change and acquisition", "terms.changes", ""),
];

#[test]
fn every_duty_is_in_the_pack_of_a_sample() {
    let mut chosen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pack in &generated().1 {
        let text = std::fs::read(pack.join("internal/explanation.json")).unwrap();
        let explanation: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for slot in explanation["slots"].as_array().unwrap() {
            if let Some(clause) = slot["chosen"].as_str() {
                chosen.entry(slot["slot"].as_str().unwrap().to_owned()).or_default().push(clause.to_owned());
            }
        }
    }
    let carries = |clause: &String, word: &str| library().clauses[clause].body().to_lowercase().contains(word);
    let missing: Vec<_> = DUTIES.iter().filter(|(_, slot, word)| !chosen.get(*slot).is_some_and(|clauses| clauses.iter().any(|c| carries(c, word)))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
