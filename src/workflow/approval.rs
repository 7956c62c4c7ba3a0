//! `clause`: approves texts of clauses in the name of a person, and says where each clause stands.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::source::{Place, Source};
use crate::base::suggest;
use crate::contract::approval::{Approvals, ClauseApproval, NAME_HELP, Standing, name_fault, unknown_clause};
use crate::contract::clause::Clause;
use crate::pack::compile::{Compiled, Compiler, Request};
use crate::pack::inputs::{APPROVALS, Inputs};
use crate::pack::manifest::{Subject, pack_id};
use crate::project::read::Location;
use crate::project::{DiskError, approvals};
use crate::text::hygiene::{self, LONGEST, LONGEST_NAME};
use crate::workflow::{generate, open};

/// What is to be approved, by whom.
#[derive(Debug, Clone)]
pub struct Order {
    /// Clauses as `ID@VERSION`.
    pub clauses: Vec<String>,
    /// Every clause of these documents or slots.
    pub groups: Vec<String>,
    /// Every clause of the packs of these suppliers: `SUPPLIER`, or `SUPPLIER@PACK` with the id of the pack that was read.
    pub packs: Vec<String>,
    /// Name of the person.
    pub by: String,
    /// First day.
    pub date: Date,
    /// What the person has to say.
    pub note: Option<String>,
    /// Last day.
    pub expires: Option<Date>,
    /// A warning stops the approval as well.
    pub deny_warnings: bool,
}

/// What was approved.
#[derive(Debug, Default, Serialize)]
pub struct Approved {
    /// Approvals that were added.
    pub approved: Vec<ClauseApproval>,
    /// Ids of clauses whose text the same person had approved for as long.
    pub already: Vec<String>,
    /// Diagnostics; after an error nothing was added.
    #[serde(skip)]
    pub report: Report,
}

/// Adds approvals to the workspace: all of them, or none after a fault.
///
/// # Errors
/// [`DiskError`] for files that cannot be read or written.
pub fn approve(root: &Path, order: &Order) -> Result<(Approved, Location), DiskError> {
    let opened = open(root)?;
    let mut approved = Approved { report: opened.report, ..Approved::default() };
    let report = &mut approved.report;
    check_words(order, report);
    let Some(compiler) = opened.compiler else { return Ok((approved, opened.location)) };
    let clauses = clauses(&compiler, order, report);
    if report.has_errors() || (order.deny_warnings && report.warnings() > 0) {
        return Ok((approved, opened.location));
    }
    let new = clauses.into_iter().map(|clause| ClauseApproval {
        clause: clause.front.id.clone(),
        version: clause.front.version.clone(),
        sha256: clause.digest(),
        by: order.by.clone(),
        date: order.date,
        note: order.note.clone(),
        expires: order.expires,
    });
    let new: Vec<ClauseApproval> = new.collect();
    approvals::change(root, |there| {
        // Read again behind the lock: somebody may have approved meanwhile.
        let (text, is_crlf) = text(there, &mut approved.report)?;
        let before = match &text {
            Some(source) => Approvals::read(source, &mut approved.report)?,
            None => Approvals::default(),
        };
        let (already, added): (Vec<_>, Vec<_>) = new.into_iter().partition(|one| before.all().iter().any(|other| other.covers(one)));
        approved.already = already.into_iter().map(|one| one.clause).collect();
        approved.approved = added;
        if approved.approved.is_empty() {
            return None;
        }
        let after = before.with(text.as_ref().map_or("", |source| &source.text), approved.approved.clone());
        // Who keeps files with other line ends keeps them.
        Some(if is_crlf { after.replace('\n', "\r\n") } else { after }.into_bytes())
    })?;
    Ok((approved, opened.location))
}

/// The file as text, if there is one, and whether its lines end with CRLF; `None` after a fault.
fn text(there: Option<Vec<u8>>, report: &mut Report) -> Option<(Option<std::sync::Arc<Source>>, bool)> {
    let Some(bytes) = there else { return Some((None, false)) };
    let is_crlf = bytes.windows(2).any(|two| two == b"\r\n");
    let mut inputs = Inputs::default();
    inputs.insert(APPROVALS, APPROVALS, bytes);
    inputs.source(APPROVALS, report).map(|source| (Some(source), is_crlf))
}

/// Checks what stands in every approval of an order.
fn check_words(order: &Order, report: &mut Report) {
    let place = |option: &str, text: &str| {
        let text = text.to_owned();
        let whole = 0..text.len();
        Place::new(&std::sync::Arc::new(Source { path: option.to_owned(), text }), whole)
    };
    let by = place("--by", &order.by);
    if let Some(fault) = name_fault(&order.by) {
        report.push(Diagnostic::error("bad-form", fault).at(&by).help(NAME_HELP));
    }
    hygiene::check_text(&order.by, LONGEST_NAME, &by, report);
    if let Some(note) = &order.note {
        let at = place("--note", note);
        if note.trim().is_empty() {
            report.push(Diagnostic::error("empty-value", "the note is empty").at(&at).help("say something, or leave out `--note`"));
        }
        hygiene::check_text(note, LONGEST, &at, report);
    }
    if let Some(last) = order.expires.filter(|last| *last <= order.date) {
        let message = format!("an approval of {} that runs out on {last}", order.date);
        report.push(Diagnostic::error("contradiction", message).help("`--expires` is a day after `--date`"));
    }
}

/// The clauses that are meant, each once, in order of id.
fn clauses<'a>(compiler: &'a Compiler, order: &Order, report: &mut Report) -> Vec<&'a Clause> {
    let library = &compiler.library;
    let mut ids = BTreeSet::new();
    for written in &order.clauses {
        let (id, version) = written.split_once('@').unwrap_or((written, ""));
        let Some(clause) = library.clauses.get(id) else {
            report.push(unknown_clause(id, library));
            continue;
        };
        let current = &clause.front.version;
        if version != current {
            let message = match version {
                "" => format!("`{written}` names no version"),
                _ => format!("the library has `{id}` {current}, not {version}"),
            };
            report.push(Diagnostic::error("clause-version", message).help(format!("what is there now is `{id}@{current}`: approve what was read")));
            continue;
        }
        ids.insert(id.to_owned());
    }
    for group in &order.groups {
        let is_of = |id: &&String| id.strip_prefix(group.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let before = ids.len();
        ids.extend(library.clauses.keys().filter(is_of).cloned());
        if ids.len() == before && !library.clauses.keys().any(|id| is_of(&id)) {
            let groups: BTreeSet<&str> = library.clauses.values().map(Clause::group).collect();
            report.push(Diagnostic::error("unknown-clause", format!("the library has no clauses of `{group}`")).help(suggest::help(group, groups)));
        }
    }
    for written in &order.packs {
        let (supplier, pack) = written.split_once('@').map_or((written.as_str(), None), |(supplier, pack)| (supplier, Some(pack)));
        let Some(compiled) = compiled(compiler, supplier, order.date, report) else { continue };
        if let Some(pack) = pack.filter(|pack| !is_id(&compiled, pack)) {
            let message = format!("`{pack}` is not the pack of `{supplier}` as it is now");
            report.push(Diagnostic::error("other-pack", message).help("write it anew with `generate --draft`, and read what is new"));
            continue;
        }
        ids.extend(compiler.chosen(&compiled));
    }
    ids.iter().filter_map(|id| library.clauses.get(id)).collect()
}

/// The pack of a supplier as a review copy, so that nothing is asked of it but that it can be read.
fn compiled(compiler: &Compiler, supplier: &str, day: Date, report: &mut Report) -> Option<Compiled> {
    let request = Request { draft: true, ..Request::default() };
    generate::compile(compiler, &Subject::Supplier(supplier.to_owned()), None, &request, day, report).map(|(compiled, _)| compiled)
}

/// Whether a whole pack with these inputs has this id: issued or for review, bound or not. The folder of a review copy says so in its name.
fn is_id(compiled: &Compiled, id: &str) -> bool {
    let id = id.strip_suffix("-draft").unwrap_or(id);
    [(true, false), (false, false), (true, true), (false, true)]
        .iter()
        .any(|(draft, bound)| pack_id(&compiled.inputs, &compiled.subject, compiled.entity(), &[], *draft, *bound) == id)
}

/// Where one clause stands.
#[derive(Debug, Serialize)]
pub struct ClauseLine {
    /// Its id.
    pub clause: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: String,
    /// State and approval.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Where every clause stands on a day, in order of id; of a pack where a supplier is named. `None` after faults of that pack.
pub fn list(compiler: &Compiler, supplier: Option<&str>, day: Date, report: &mut Report) -> Option<Vec<ClauseLine>> {
    let chosen = match supplier {
        Some(supplier) => Some(compiler.chosen(&compiled(compiler, supplier, day, report)?)),
        None => None,
    };
    let clauses = compiler.library.clauses.values().filter(|clause| chosen.as_ref().is_none_or(|chosen| chosen.contains(&clause.front.id)));
    let line = |clause: &Clause| ClauseLine {
        clause: clause.front.id.clone(),
        version: clause.front.version.clone(),
        title: clause.front.title.clone(),
        standing: compiler.approvals.standing(clause, day),
    };
    Some(clauses.map(line).collect())
}
