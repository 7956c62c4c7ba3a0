//! What the fields of one profile say of each other: names that must exist, dates that must follow, lists that must agree.

use std::collections::BTreeSet;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::suggest;
use crate::contract::derive::Written;
use crate::contract::entity::{Signing, SigningRule};
use crate::contract::place::Places;
use crate::contract::profile::{DataKind, Mechanism, Profile};

/// Checks a profile against itself.
///
/// # Errors
/// Reports `unknown-data`, `duplicate-entry`, `missing-key`, `contradiction`, `future-date` and `unknown-value`, each at its field.
pub fn check(written: &Written<Profile>, certificates: &[&str], places: &Places, date: Date, report: &mut Report) {
    let mut checker = Checker { written, report };
    checker.data_ids();
    checker.dates(date);
    checker.assurance(certificates, date);
    checker.people();
    checker.chain(places);
    checker.signing(&written.value.signing, "signing");
    checker.law();
}

/// Whether a governing law is one of the `other` values and not named.
pub fn is_unnamed(law: Option<&str>, name: Option<&String>) -> bool {
    law.is_some_and(|law| law.starts_with("other")) && name.is_none()
}

struct Checker<'a> {
    written: &'a Written<Profile>,
    report: &'a mut Report,
}

impl Checker<'_> {
    fn error(&mut self, code: &'static str, message: String, path: &str, help: &str) {
        let place = self.written.node.place_of(path);
        self.report.push(Diagnostic::error(code, message).at(&place).help(help));
    }

    /// Ids of data categories: each once, and every use of one exists.
    fn data_ids(&mut self) {
        let profile = &self.written.value;
        let Some(data) = &profile.data else { return };
        let mut seen = BTreeSet::new();
        for (at, category) in data.iter().enumerate() {
            if !seen.insert(category.id.as_str()) {
                self.error(
                    "duplicate-entry",
                    format!("the data category `{}` stands twice", category.id),
                    &format!("data[{at}].id"),
                    "give each category its own id",
                );
            }
        }
        let note =
            |ids: &[String], path: String| -> Vec<(String, String)> { ids.iter().enumerate().map(|(at, id)| (id.clone(), format!("{path}[{at}]"))).collect() };
        let mut named = Vec::new();
        for (at, activity) in profile.processing.iter().flatten().enumerate() {
            named.extend(note(&activity.data, format!("processing[{at}].data")));
        }
        for (at, flow) in profile.flows.iter().flatten().enumerate() {
            named.extend(note(&flow.data, format!("flows[{at}].data")));
        }
        for (at, subcontractor) in profile.subcontracting.iter().flat_map(|s| &s.subcontractors).enumerate() {
            named.extend(note(&subcontractor.data, format!("subcontracting.subcontractors[{at}].data")));
        }
        for (at, retention) in profile.retention.iter().flatten().enumerate() {
            named.push((retention.data.clone(), format!("retention[{at}].data")));
        }
        for (id, path) in named.iter().filter(|(id, _)| !seen.contains(id.as_str())) {
            self.error("unknown-data", format!("there is no data category `{id}`"), path, &suggest::help(id, seen.iter().copied()));
        }
    }

    fn dates(&mut self, date: Date) {
        let profile = &self.written.value;
        if let Some(term) = &profile.term
            && term.end.is_some_and(|end| end < term.start)
        {
            self.error("contradiction", "the term ends before it starts".to_owned(), "term.end", "`end` is the last day of the initial term");
        }
        for (at, incident) in profile.assurance.iter().flat_map(|a| &a.incidents).enumerate() {
            let path = format!("assurance.incidents[{at}]");
            if incident.date > date {
                self.error("future-date", format!("an incident of {} lies after {date}", incident.date), &format!("{path}.date"), "past incidents only");
            }
            if incident.remediated.is_some_and(|r| r < incident.date) {
                self.error("contradiction", "remediated before it happened".to_owned(), &format!("{path}.remediated"), "check both dates");
            }
        }
        for (at, test) in profile.assurance.iter().flat_map(|a| &a.penetration_tests).enumerate().filter(|(_, t)| t.date > date) {
            self.error(
                "future-date",
                format!("a test of {} lies after {date}", test.date),
                &format!("assurance.penetration_tests[{at}].date"),
                "tests that took place only",
            );
        }
        if let Some(assessed) = profile.transfers.as_ref().and_then(|t| t.assessed).filter(|a| *a > date) {
            self.error(
                "future-date",
                format!("the transfer impact assessment of {assessed} lies after {date}"),
                "transfers.assessed",
                "assess the transfer first",
            );
        }
    }

    /// Certificates of the risk model, with dates in order; expired and out-of-scope ones are warnings, because they only lose their credit.
    fn assurance(&mut self, known: &[&str], date: Date) {
        let certificates = self.written.value.assurance.iter().flat_map(|a| &a.certificates);
        for (at, certificate) in certificates.enumerate() {
            let path = |field: &str| format!("assurance.certificates[{at}].{field}");
            if !known.contains(&certificate.standard.as_str()) {
                let help = suggest::help(&certificate.standard, known.iter().copied());
                self.error("unknown-value", format!("`{}` is not a certificate of the risk model", certificate.standard), &path("standard"), &help);
            }
            if certificate.expires.is_some_and(|e| e < certificate.issued) {
                self.error("contradiction", "the certificate expires before it was issued".to_owned(), &path("expires"), "check both dates");
                continue;
            }
            let until = certificate.expires.unwrap_or_else(|| certificate.issued.plus_months(12));
            if until < date {
                let place = self.written.node.place_of(&path(if certificate.expires.is_some() { "expires" } else { "issued" }));
                let message = format!("the certificate `{}` ran out on {until} and gives no credit", certificate.standard);
                self.report.push(Diagnostic::warning("expired-certificate", message).at(&place).help("ask the supplier for the current one"));
            }
            if !certificate.covers_service {
                let place = self.written.node.place_of(&path("covers_service"));
                let message = format!("the scope of `{}` does not cover the service, so it gives no credit", certificate.standard);
                self.report.push(Diagnostic::warning("out-of-scope-certificate", message).at(&place));
            }
        }
    }

    fn people(&mut self) {
        for (at, category) in self.written.value.data.iter().flatten().enumerate() {
            let personal = matches!(category.kind, DataKind::Personal | DataKind::SpecialCategory | DataKind::Phi | DataKind::Cardholder);
            if personal && category.people.is_none() {
                self.error("missing-key", format!("the personal data `{}` lacks the number of people", category.id), &format!("data[{at}].id"), "add `people`");
            }
        }
    }

    fn chain(&mut self, places: &Places) {
        let profile = &self.written.value;
        if let Some(subcontracting) = &profile.subcontracting
            && !subcontracting.allowed
            && !subcontracting.subcontractors.is_empty()
        {
            self.error(
                "contradiction",
                "subcontractors are listed, but subcontracting is not allowed".to_owned(),
                "subcontracting.allowed",
                "allow it, or remove the list",
            );
        }
        if profile.transfers.as_ref().is_some_and(|t| t.mechanism == Mechanism::Other && t.safeguard.is_none()) {
            let help = "add `safeguard`, for example `approved code of conduct of 3 May 2026`";
            self.error("missing-key", "another safeguard has no name to print".to_owned(), "transfers.mechanism", help);
        }
        let country = &profile.identity.address.country;
        if profile.transfers.as_ref().is_some_and(|t| t.data_privacy_framework) && !places.framework.contains(country) {
            self.error(
                "contradiction",
                format!("an importer in {} cannot be certified under the Data Privacy Framework", places.name(country)),
                "transfers.data_privacy_framework",
                "set it to `false`",
            );
        }
    }

    /// A law that the program has no words for must be named as it is printed.
    fn law(&mut self) {
        let Some(agreement) = &self.written.value.agreement else { return };
        if is_unnamed(agreement.law.as_deref(), agreement.law_name.as_ref()) {
            let help = "add `law_name`, for example `the laws of Poland`";
            self.error("missing-key", "the governing law has no name to print".to_owned(), "agreement.law", help);
        }
    }

    fn signing(&mut self, signing: &Signing, path: &str) {
        if signing.rule == SigningRule::TwoJointly && signing.signatories.len() < 2 {
            self.error("contradiction", "two sign jointly, but one signatory is named".to_owned(), &format!("{path}.signatories"), "name a second signatory");
        }
    }
}
