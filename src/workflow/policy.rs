//! `policy`: publish a version, so that its bytes and digests are fixed for ever, and withdraw one.

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::compliance::book::Withdrawal;
use crate::compliance::policy::{Change, PolicyVersion, Version};
use crate::contract::outline::AcknowledgmentSpec;
use crate::pack::compile::{Compiled, Compiler};
use crate::record::Event;
use crate::render::html::html;
use crate::rule::audience::AcknowledgedBy;
use crate::workflow::generate;
use crate::workflow::register::{Register, RegisterError};

/// The parameter that says in the text how long people have.
const DUE_DAYS: &str = "acknowledgment_days";

/// What is to be published.
#[derive(Debug, Clone)]
pub struct Order {
    /// The policy.
    pub policy: String,
    /// Entity that issues it, in place of the workspace's.
    pub issuer: Option<String>,
    /// Date printed on it.
    pub date: Date,
    /// Whether the change is material; needed for every version but the first, and must fit the number.
    pub change: Option<Change>,
    /// Why, in the words of who publishes.
    pub reason: String,
}

/// Publishes the version of a policy that the library holds: renders it, and records digests, change and reason.
///
/// # Errors
/// Faults of the library are in the report, and nothing is published (`None`). [`RegisterError::Refused`] when the version was published
/// before, is not newer, or its number does not fit the change that is stated.
pub fn publish(register: &mut Register, compiler: &Compiler, order: &Order, report: &mut Report) -> Result<Option<PolicyVersion>, RegisterError> {
    let Some(rendered) = render(compiler, order, report) else { return Ok(None) };
    let (mut version, pdf, page) = rendered;
    let published = register.change(|before, draft| {
        let earlier = before.state.book.policies.get(&version.policy).and_then(|v| v.last());
        version.change = judge(earlier, &version, order.change)?;
        draft.keep(pdf);
        draft.keep(page.into_bytes());
        draft.record(Event::Published(Box::new(version.clone())));
        Ok(version)
    })?;
    Ok(Some(published))
}

/// What the new version changes, if it may be published after the earlier one.
fn judge(earlier: Option<&PolicyVersion>, version: &PolicyVersion, stated: Option<Change>) -> Result<Change, RegisterError> {
    let Some(earlier) = earlier else { return Ok(Change::First) };
    let PolicyVersion { policy, version: number, .. } = version;
    if earlier.version == *number {
        let same = earlier.pdf == version.pdf && earlier.html == version.html;
        let (message, help) = if same {
            (format!("version {number} of `{policy}` was published before"), "nothing is to be done")
        } else {
            (format!("version {number} of `{policy}` was published before with another text, look or date"), "raise `version` in its outline")
        };
        return Err(RegisterError::refused(message, help));
    }
    if *number < earlier.version {
        return Err(RegisterError::refused(
            format!("version {number} of `{policy}` is older than {}, which is published", earlier.version),
            "raise `version` in its outline",
        ));
    }
    let meant = if number.is_material_after(earlier.version) { Change::Major } else { Change::Minor };
    let word = |change: Change| if change == Change::Major { "major" } else { "minor" };
    match stated {
        Some(stated) if stated == meant => Ok(meant),
        stated => Err(RegisterError::refused(
            match stated {
                Some(stated) => format!("`--change {}` does not fit the step from {} to {number}, which is {}", word(stated), earlier.version, word(meant)),
                None => format!("the step from {} to {number} must be confirmed", earlier.version),
            },
            format!(
                "a material change raises the first number and asks everybody again; any other raises the second. Say `--change {}`, or correct `version`",
                word(meant)
            ),
        )),
    }
}

/// The version as the library has it, with the bytes of its PDF and its page.
fn render(compiler: &Compiler, order: &Order, report: &mut Report) -> Option<(PolicyVersion, Vec<u8>, String)> {
    let before = report.errors();
    let entity = compiler.issuer(order.issuer.as_deref(), report)?;
    let compiled = compiler.policy(&order.policy, &entity, false, order.date, report)?;
    compiler.report_unapproved(&compiled, order.date, report);
    if report.errors() > before {
        return None;
    }
    let (spec, due_days) = terms(compiler, &compiled, &order.policy, report)?;
    let (files, _) = generate::files(compiler, &compiled, report)?;
    if report.errors() > before {
        return None;
    }
    let document = compiled.documents.first()?;
    let pdf = files.into_iter().find(|(path, _)| path.starts_with("send/")).map(|(_, bytes)| bytes)?;
    let page = html(document, &compiler.look());
    let number: Version = document.edition.as_deref()?.parse().ok()?;
    let version = PolicyVersion {
        policy: order.policy.clone(),
        version: number,
        title: document.title.clone(),
        language: document.language.clone(),
        issuer: compiler.workspace.value.entities.get(&entity)?.legal_name.clone(),
        entity,
        pack: compiled.pack.clone(),
        date: order.date,
        pdf: crate::base::digest::Digest::of(&pdf),
        html: crate::base::digest::Digest::of(page.as_bytes()),
        change: Change::First,
        reason: order.reason.clone(),
        audience: spec.as_ref().and_then(|s| s.audience.clone()),
        period_months: spec.as_ref().and_then(|s| s.period_months),
        due_days,
        owner: spec.as_ref().map_or_else(|| compiler.workspace.value.look.organisation.clone(), |s| s.owner.clone()),
        code: spec.as_ref().is_some_and(|s| s.code),
        acknowledged_by: spec.map_or(AcknowledgedBy::Person, |s| s.by),
    };
    Some((version, pdf, page))
}

/// Who acknowledges, and within how many days: one figure, the one that the text prints.
fn terms(compiler: &Compiler, compiled: &Compiled, policy: &str, report: &mut Report) -> Option<(Option<AcknowledgmentSpec>, u32)> {
    let outline = compiler.library.outlines.get(policy)?;
    let spec = outline.value.acknowledgment.clone();
    let printed = compiled.explanation.parameters.get(policy).and_then(|p| p.get(DUE_DAYS)).and_then(|value| value.bare.parse::<u32>().ok());
    let stated = spec.as_ref().and_then(|s| s.due_days);
    match (stated, printed) {
        (Some(stated), Some(printed)) if stated != printed => {
            let message = format!("people have {stated} days here, but the text says {printed}");
            report.push(Diagnostic::error("figures-disagree", message).at(&outline.node.place_of("acknowledgment.due_days")).help("remove `due_days`"));
            None
        }
        (Some(days), _) | (None, Some(days)) => Some((spec, days)),
        (None, None) => {
            let help = "add `acknowledgment: {by: person, due_days: 14, owner: Compliance}`";
            report.push(Diagnostic::error("missing-key", "nothing says how many days people have to acknowledge").at(&outline.node.place).help(help));
            None
        }
    }
}

/// Withdraws a policy: nobody is asked any more, and open requests are closed.
///
/// # Errors
/// [`RegisterError::Refused`] when it is not published, or withdrawn already.
pub fn withdraw(register: &mut Register, policy: &str, reason: &str) -> Result<usize, RegisterError> {
    register.change(|before, draft| {
        let book = &before.state.book;
        if book.current(policy).is_none() {
            return Err(RegisterError::refused(format!("no version of `{policy}` is asked for"), "see `countersign policy list`"));
        }
        let open: Vec<_> = book.requests.values().filter(|r| r.is_open() && r.request.policy == policy).collect();
        for record in &open {
            super::acknowledge::close(draft, &record.request, "the policy is withdrawn", None);
        }
        draft.record(Event::Withdrawn(Withdrawal { policy: policy.to_owned(), date: before.now.date(), reason: reason.to_owned() }));
        Ok(open.len())
    })
}
