//! `pack submit`: a pack on disk becomes a pack of the register.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::contract::library::Reading;
use crate::contract::milestone::{PackDocument, PackObligation, Submission};
use crate::contract::permission::Refusal;
use crate::contract::risk::Tier;
use crate::pack::compile::{Compiled, Compiler, Request, pretty};
use crate::pack::manifest::{Manifest, Subject};
use crate::project::folder;
use crate::project::read::kept;
use crate::record::Event;
use crate::workflow::generate;
use crate::workflow::packs::{Desk, MANIFEST, PackError, broken, text};
use crate::workflow::verify::{self, Verdict};

/// Who approves a pack that goes out before anybody could assess the supplier.
const WITHOUT_ASSESSMENT: &str = "legal";
/// Who approves a document about data protection.
const DATA_PROTECTION: &str = "privacy";
/// Who approves a transfer that a law restricts.
const TRANSFERS: &str = "legal";

/// What is read of `internal/explanation.json`.
#[derive(Deserialize)]
struct Reasons {
    facts: BTreeMap<String, FactText>,
    assessment: Option<SignOff>,
}

#[derive(Deserialize)]
struct FactText {
    value: String,
}

#[derive(Deserialize)]
struct SignOff {
    tier: Tier,
    sign_off: Vec<String>,
}

impl Desk {
    /// Submits a pack folder for approval; `None` when a diagnostic stops it.
    ///
    /// Everything that is recorded was read once and checked against the manifest, so that a file that changes under our hands is noticed.
    ///
    /// # Errors
    /// [`PackError::Broken`] when the folder does not hold; a refusal for a review copy, a policy, a pack that is in the register.
    pub fn submit(&mut self, path: &Path, author: Option<&str>, report: &mut Report) -> Result<Option<Submission>, PackError> {
        let author = text("the author", author.unwrap_or(&self.register.edge().by))?;
        let lock = folder::file(&path.join(MANIFEST))?;
        let manifest: Manifest = serde_json::from_slice(&lock).map_err(|why| broken(path, format!("{MANIFEST}: not a manifest: {why}")))?;
        let Some(Subject::Supplier(supplier)) = manifest.subject() else {
            return Err(Refusal::new(format!("`{}` is a policy pack, no contract", path.display()), "policies are published, not submitted").into());
        };
        if manifest.draft {
            let message = format!("`{}` is a review copy", path.display());
            return Err(Refusal::new(message, "generate the pack without `--draft` and submit that").into());
        }
        match verify::verify(path)? {
            Verdict::Rebuilt { .. } => {}
            Verdict::NotRebuildable { generator, .. } => {
                let message = format!("the pack was written by {generator}, which alone promises the same bytes; its digests hold");
                report.push(Diagnostic::warning("other-build", message).help("`verify` it with that program as well"));
            }
            Verdict::Broken(faults) => return Err(PackError::Broken { folder: path.to_owned(), faults }),
        }
        let outputs = outputs(path, &manifest)?;
        let Some(submission) = submission(path, &manifest, Digest::of(&lock), (supplier, author), &outputs)? else {
            let help = "submit it with the program that wrote it, or generate it again";
            return Err(Refusal::new("this program reads other documents out of the inputs of the pack than are in it", help).into());
        };
        let authorities = &self.compiler.workspace;
        for role in submission.roles.iter().filter(|role| authorities.value.authorities.get(*role).is_none_or(Vec::is_empty)) {
            let message = format!("nobody holds the role `{role}`, which must approve this pack");
            let help = format!("name somebody under `authorities.{role}`");
            report.push(Diagnostic::warning("role-without-holder", message).at(&authorities.node.place_of("authorities")).help(help));
        }
        if self.stops(report) {
            return Ok(None);
        }
        self.register.change(|before, draft| {
            before.state.contracts.may_submit(&submission)?;
            for document in &submission.documents {
                draft.keep(outputs.get(&format!("send/{}", document.file)).cloned().unwrap_or_default());
            }
            draft.record(Event::PackSubmitted(Box::new(submission.clone())));
            Ok(())
        })?;
        Ok(Some(submission))
    }
}

/// What is recorded of a pack; `None` when it does not compile to its own documents here.
fn submission(
    path: &Path,
    manifest: &Manifest,
    lock: Digest,
    (supplier, author): (String, String),
    outputs: &BTreeMap<String, Vec<u8>>,
) -> Result<Option<Submission>, PackError> {
    let reasons = outputs.get("internal/explanation.json").map(Vec::as_slice).unwrap_or_default();
    let reasons: Reasons = serde_json::from_slice(reasons).map_err(|why| broken(path, format!("internal/explanation.json: {why}")))?;
    let date: Date = manifest.date.parse().map_err(|why| broken(path, format!("{MANIFEST}: {why}")))?;
    let Some((compiler, compiled)) = compiled(path, manifest, date, outputs)? else { return Ok(None) };
    let profile = manifest.inputs.iter().find(|input| input.path == format!("suppliers/{supplier}.yaml"));
    let profile = profile.ok_or_else(|| broken(path, format!("{MANIFEST}: the profile is not among the inputs")))?.sha256.clone();
    let kinds: BTreeMap<String, &str> = compiled.documents.iter().map(|d| (format!("{}.pdf", d.id), d.kind.as_str())).collect();
    let sent = manifest.outputs.iter().filter_map(|output| Some((output.path.strip_prefix("send/")?, output)));
    let documents =
        sent.map(|(file, output)| PackDocument { file: file.to_owned(), kind: kinds.get(file).map(|kind| (*kind).to_owned()), sha256: output.sha256.clone() });
    let obligations = compiled.terms.iter().flat_map(|terms| {
        terms.obligations.iter().map(|o| PackObligation {
            document: terms.kind.clone(),
            id: o.id.clone(),
            who: o.who,
            what: o.what.clone(),
            trigger: o.trigger.clone(),
            deadline: o.deadline.clone(),
        })
    });
    Ok(Some(Submission {
        pack: manifest.pack.clone(),
        manifest: lock,
        supplier,
        entity: manifest.entity.clone(),
        date,
        tier: reasons.assessment.as_ref().map(|a| a.tier),
        before_assessment: compiler.is_before_assessment(&manifest.requested),
        profile,
        documents: documents.collect(),
        roles: roles(&reasons, &compiler, &compiled),
        author,
        obligations: obligations.collect(),
    }))
}

/// Every output of a pack, each as the manifest says.
fn outputs(path: &Path, manifest: &Manifest) -> Result<BTreeMap<String, Vec<u8>>, PackError> {
    let mut outputs = BTreeMap::new();
    for output in &manifest.outputs {
        let bytes = folder::file(&path.join(&output.path))?;
        if Digest::of(&bytes) != output.sha256 {
            return Err(broken(path, format!("{}: it changed while it was read", output.path)));
        }
        outputs.insert(output.path.clone(), bytes);
    }
    Ok(outputs)
}

/// The pack compiled again from its own inputs; `None` when that does not give the document trees that are in it.
fn compiled(path: &Path, manifest: &Manifest, date: Date, outputs: &BTreeMap<String, Vec<u8>>) -> Result<Option<(Compiler, Compiled)>, PackError> {
    let mut report = Report::default();
    let Some(compiler) = Compiler::read(kept(path, manifest)?, Reading::Kept, &mut report) else { return Ok(None) };
    let request = Request { documents: manifest.requested.clone(), draft: manifest.draft, bound: manifest.bound };
    let Some(subject) = manifest.subject() else { return Ok(None) };
    let Some((compiled, _)) = generate::compile(&compiler, &subject, Some(&manifest.entity), &request, date, &mut report) else { return Ok(None) };
    let same = compiled.documents.iter().all(|d| outputs.get(&format!("internal/documents/{}.json", d.kind)).is_some_and(|bytes| *bytes == pretty(d)));
    Ok(same.then_some((compiler, compiled)))
}

/// Roles that must approve a pack: those of the assessment, and whoever answers for data protection and transfers.
fn roles(reasons: &Reasons, compiler: &Compiler, compiled: &Compiled) -> Vec<String> {
    let mut roles = match &reasons.assessment {
        Some(assessment) => assessment.sign_off.clone(),
        None => vec![WITHOUT_ASSESSMENT.to_owned()],
    };
    // The instruments inside a DPA (standard clauses, addendum, business associate agreement) are data protection too.
    let inside = |kind: &str| compiler.library.outlines.get(kind).is_some_and(|o| o.value.inside.is_some());
    let restricted = |fact: &str| reasons.facts.get(fact).is_some_and(|f| f.value == "restricted");
    if compiled.documents.iter().any(|d| d.kind == "dpa" || inside(&d.kind)) {
        roles.push(DATA_PROTECTION.to_owned());
    }
    if ["transfer.eu", "transfer.uk", "transfer.ch"].into_iter().any(restricted) {
        roles.push(TRANSFERS.to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    roles.retain(|role| seen.insert(role.clone()));
    roles
}
