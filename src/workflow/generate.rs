//! `generate`: one pack for each supplier, one for each policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report};
use crate::base::digest::Digest;
use crate::contract::risk::Tier;
use crate::pack::compile::{Compiled, Compiler, Request};
use crate::pack::layout::PdfJob;
use crate::pack::manifest::{Manifest, Subject};
use crate::project::read::{kept_path, manifest};
use crate::project::{DiskError, write};
use crate::render::Rendered;
use crate::workflow::{Opened, Suppliers, verify};

/// How many documents are laid out before Typst's cache is swept (measured: keeps memory flat at about 360 MiB).
const SWEEP_EVERY: usize = 10;
/// Age, in sweeps, at which an unused cache entry is dropped.
const SWEEP_AGE: usize = 5;
/// The same where a worker lays out one document after the other, as in a batch: it sweeps after each. Between two sweeps Typst's cache opens tables that are
/// emptied and never given back, so that with fewer sweeps memory grows with every supplier (`docs/performance.md`).
const LONE_AGE: usize = 20;
/// Stack of a layout worker: deeply nested documents recurse.
pub(crate) const STACK: usize = 16 << 20;

/// What a run of `generate` asks for.
#[derive(Debug, Clone)]
pub struct Order {
    /// The suppliers.
    pub suppliers: Suppliers,
    /// Policies, by id.
    pub policies: Vec<String>,
    /// Entity that issues the policies, in place of the workspace's.
    pub issuer: Option<String>,
    /// Documents, draft, bound.
    pub request: Request,
    /// The date that was asked for.
    pub date: Option<Date>,
    /// Today, for packs without date and lock.
    pub today: Date,
    /// Folder to write to in place of the workspace's.
    pub output: Option<PathBuf>,
    /// A warning stops a pack as well.
    pub deny_warnings: bool,
}

/// One pack of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackResult {
    /// What it is about.
    pub subject: Subject,
    /// Id of the pack.
    pub pack: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its date.
    pub date: Date,
    /// Its PDFs with their pages; pages are not counted again for a pack that was there already.
    pub files: Vec<(String, Option<usize>)>,
    /// The tier, where the supplier was assessed.
    pub tier: Option<Tier>,
    /// It was there already, unchanged.
    pub unchanged: bool,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Generated {
    /// Packs that stand.
    pub packs: Vec<PackResult>,
    /// Suppliers and policies without pack.
    pub failed: Vec<String>,
    /// Packs on disk that no longer hold.
    pub broken: Vec<String>,
    /// Diagnostics.
    pub report: Report,
}

/// Generates packs; `done` is called after each supplier.
///
/// # Errors
/// [`DiskError`] when an output cannot be written. Faults of an input are in the report and fail one supplier only; faults of
/// the library or the workspace file fail all.
pub fn generate(opened: Opened, order: &Order, done: &mut dyn FnMut(&str)) -> Result<Generated, DiskError> {
    let mut generated = Generated { report: opened.report, ..Generated::default() };
    let Some(compiler) = opened.compiler else { return Ok(generated) };
    let ids = order.suppliers.ids(&compiler);
    let subjects: Vec<Subject> = ids.iter().cloned().map(Subject::Supplier).chain(order.policies.iter().cloned().map(Subject::Policy)).collect();
    if generated.report.has_errors() || (order.deny_warnings && generated.report.warnings() > 0) {
        // The suppliers are still read, so that all faults of all files come in one run.
        for id in &ids {
            read_only(&compiler, id, order, &mut generated.report);
        }
        generated.failed = subjects.iter().map(|s| s.id().to_owned()).collect();
        return Ok(generated);
    }
    if subjects.is_empty() {
        let help = "write a profile into `suppliers/`, or run `countersign init DIR` for samples";
        generated.report.push(Diagnostic::error("no-suppliers", "the workspace has no suppliers").help(help));
    }
    let root = order.output.clone().unwrap_or(opened.location.output);
    let mut documents = 0;
    for subject in subjects {
        match one(&compiler, &subject, order, &root, &mut generated)? {
            Some(pack) => {
                documents += pack.files.len();
                generated.packs.push(pack);
            }
            None => generated.failed.push(subject.id().to_owned()),
        }
        if documents >= SWEEP_EVERY {
            crate::render::evict(SWEEP_AGE);
            documents = 0;
        }
        done(subject.id());
    }
    Ok(generated)
}

fn read_only(compiler: &Compiler, id: &str, order: &Order, report: &mut Report) {
    let date = order.date.unwrap_or(order.today);
    if let Some(supplier) = compiler.supplier(id, date, report) {
        compiler.assess(supplier, date, report);
    }
}

fn one(compiler: &Compiler, subject: &Subject, order: &Order, root: &Path, generated: &mut Generated) -> Result<Option<PackResult>, DiskError> {
    let date = order.date.unwrap_or(order.today);
    let report = &mut generated.report;
    let (errors, warnings) = (report.errors(), report.warnings());
    let Some((compiled, tier)) = compile(compiler, subject, order.issuer.as_deref(), &order.request, date, report) else { return Ok(None) };
    // Before what is there is looked at: a pack whose approvals have run out is not handed out again.
    compiler.report_unapproved(&compiled, date, report);
    if report.errors() > errors {
        return Ok(None);
    }
    let folder = root.join(subject.folder()).join(folder_name(&compiled, &order.request));
    if folder.exists() {
        return existing(&compiled, tier, folder, order, generated);
    }
    if order.deny_warnings && report.warnings() > warnings {
        return Ok(None);
    }
    let Some((files, pages)) = files(compiler, &compiled, report) else { return Ok(None) };
    write::pack(&folder, &files)?;
    Ok(Some(PackResult { subject: compiled.subject, pack: compiled.pack, folder, date, files: pages, tier, unchanged: false }))
}

/// A review copy has a folder of its own, recognisable by name.
pub(crate) fn folder_name(compiled: &Compiled, request: &Request) -> String {
    if request.draft { format!("{}-draft", compiled.pack) } else { compiled.pack.clone() }
}

/// A pack with these inputs is there.
fn existing(compiled: &Compiled, tier: Option<Tier>, folder: PathBuf, order: &Order, generated: &mut Generated) -> Result<Option<PackResult>, DiskError> {
    let faults = verify::digests(&folder)?;
    if !faults.is_empty() {
        generated.broken.extend(faults.into_iter().map(|f| format!("{}: {f}", folder.display())));
        return Ok(None);
    }
    let Ok(lock) = manifest(&folder)? else { return Ok(None) };
    let Some(date) = locked_date(&lock, &folder, order.date, &mut generated.report) else { return Ok(None) };
    let files = lock.outputs.iter().filter_map(|o| o.path.strip_prefix("send/")).map(|name| (name.to_owned(), None)).collect();
    Ok(Some(PackResult { subject: compiled.subject.clone(), pack: compiled.pack.clone(), folder, date, files, tier, unchanged: true }))
}

/// The date of a pack that is there, which it keeps for ever; none after a fault, when another one is asked for or it does not read.
pub(crate) fn locked_date(lock: &Manifest, folder: &Path, asked: Option<Date>, report: &mut Report) -> Option<Date> {
    let date = lock.date.parse::<Date>().ok();
    let subject = lock.subject().map_or_else(String::new, |subject| format!(" of {subject}"));
    let message = match (date, asked) {
        (Some(date), Some(asked)) if asked != date => format!("the pack `{}`{subject} was first generated on {date}, not on {asked}", lock.pack),
        (Some(date), _) => return Some(date),
        (None, _) => format!("the pack `{}`{subject} has no date that reads", lock.pack),
    };
    let help = format!("leave out `--date`, or write to another folder with `--output`; the pack is {}", folder.display());
    report.push(Diagnostic::error("date-locked", message).help(help));
    None
}

/// Runs the compiler for one supplier, or for one policy as the given entity, or else the usual one, issues it.
pub(crate) fn compile(
    compiler: &Compiler,
    subject: &Subject,
    issuer: Option<&str>,
    request: &Request,
    date: Date,
    report: &mut Report,
) -> Option<(Compiled, Option<Tier>)> {
    let before = report.errors();
    let id = match subject {
        Subject::Supplier(id) => id,
        Subject::Policy(id) => {
            let entity = compiler.issuer(issuer, report)?;
            return Some((compiler.policy(id, &entity, request.draft, date, report)?, None));
        }
    };
    let supplier = compiler.supplier(id, date, report)?;
    let assessed = compiler.assess(supplier, date, report)?;
    if report.errors() > before {
        return None;
    }
    let compiled = compiler.compile(&assessed, request, date, report)?;
    Some((compiled, assessed.assessment.as_ref().ok().map(|a| a.tier)))
}

/// Files of a pack by path inside it, and pages by file name.
type Files = (BTreeMap<String, Vec<u8>>, Vec<(String, Option<usize>)>);

/// Every file of a pack, inputs included.
pub(crate) fn files(compiler: &Compiler, compiled: &Compiled, report: &mut Report) -> Option<Files> {
    let (mut files, pages) = outputs(compiler, compiled, std::thread::available_parallelism().map_or(1, usize::from), report)?;
    for (path, digest) in &compiled.inputs {
        files.insert(input_name(digest), compiler.input(path).unwrap_or_default().to_vec());
    }
    Some((files, pages))
}

/// Name of an input inside a pack.
pub(crate) fn input_name(digest: &Digest) -> String {
    kept_path(Path::new(""), digest).to_string_lossy().into_owned()
}

/// Every file of a pack but its inputs, by so many workers; with one the work is done on this thread.
pub(crate) fn outputs(compiler: &Compiler, compiled: &Compiled, workers: usize, report: &mut Report) -> Option<Files> {
    let jobs = compiled.jobs();
    let rendered = render(compiler, compiled, &jobs, workers);
    let mut pdfs = BTreeMap::new();
    let mut pages = Vec::new();
    for (job, (rendered, found)) in jobs.iter().zip(rendered) {
        report.extend(found);
        if let Some(rendered) = rendered {
            pages.push((job.name.clone(), Some(rendered.pages)));
            pdfs.insert(job.name.clone(), rendered.pdf);
        }
    }
    if pdfs.len() < jobs.len() {
        return None;
    }
    Some((compiled.finish(pdfs).files, pages))
}

/// Lays out all PDFs of a pack, one worker for each processor; results come in the order of the jobs.
///
/// Jobs are taken from a queue, the largest documents first, so that the last one to finish is a short one.
fn render(compiler: &Compiler, compiled: &Compiled, jobs: &[PdfJob<'_>], workers: usize) -> Vec<(Option<Rendered>, Report)> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(jobs[*at].weight()));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut report = Report::default();
            done.push((*at, compiler.render(compiled, &jobs[*at], &mut report), report));
            if workers == 1 {
                crate::render::evict(LONE_AGE);
            }
        }
        done
    };
    let workers = workers.min(jobs.len());
    let mut results: Vec<_> = if workers < 2 { work() } else { in_threads(workers, work) };
    results.sort_by_key(|(at, ..)| *at);
    results.into_iter().map(|(_, rendered, report)| (rendered, report)).collect()
}

fn in_threads<T: Send>(workers: usize, work: impl Fn() -> Vec<T> + Copy + Send + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers).map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)).collect();
        let join = |worker: std::io::Result<std::thread::ScopedJoinHandle<'_, _>>| match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system gives no thread: this one does the work.
            Err(_) => work(),
        };
        spawned.into_iter().flat_map(join).collect()
    })
}
