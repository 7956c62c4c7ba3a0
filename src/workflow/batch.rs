//! `batch`: packs for many suppliers, on all cores, so that one bad supplier stops no other and the same command goes on where it was stopped.
//!
//! Library and profiles are read once; each worker takes one supplier at a time through compiler, layout and disk, and keeps of it only a row.
//! What was there before and whose inputs are the same is not laid out again; the folders of packs are the memory of a batch, and the list
//! beside them (`batches/known.json`) only saves compiling what cannot have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::diagnostic::{Diagnostic, Report, Severity};
use crate::base::digest::Digest;
use crate::base::source::Place;
use crate::contract::risk::Tier;
use crate::pack::compile::{Assessed, Compiler, Request};
use crate::pack::manifest::Subject;
use crate::project::read::manifest;
use crate::project::{DiskError, folder, register as files, write};
use crate::rule::condition::{Condition, Truth};
use crate::signature::receipt::archive;
use crate::workflow::generate::{self, STACK};
use crate::workflow::{Opened, verify};

/// Folder of reports and of what is known, in the output folder.
pub const BATCHES: &str = "batches";
/// What is known of packs from batches before; losing it costs time and nothing else.
const KNOWN: &str = "known.json";
/// Folder of the inputs that packs share, in [`BATCHES`].
const INPUTS: &str = "inputs";
/// Version of the list of what is known.
const KNOWN_VERSION: u32 = 1;
/// Rows that wait to be counted; workers do not run ahead of the disk.
const WAITING: usize = 64;

/// Which suppliers.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// These ids; all when empty.
    pub ids: Vec<String>,
    /// Of one of these tiers; of any when empty.
    pub tiers: Vec<Tier>,
    /// That contract with one of these entities.
    pub entities: Vec<String>,
    /// With a registered address in one of these countries.
    pub countries: Vec<String>,
    /// With one of these tags.
    pub tags: Vec<String>,
    /// Whose facts satisfy this condition.
    pub when: Option<String>,
}

/// What a batch is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which suppliers.
    pub choice: Choice,
    /// Documents, draft, bound.
    pub request: Request,
    /// The date that was asked for.
    pub date: Option<Date>,
    /// Today, for packs without date and lock.
    pub today: Date,
    /// Folder to write to in place of the workspace's.
    pub output: Option<PathBuf>,
    /// Workers.
    pub jobs: usize,
    /// The first failure ends the batch, after what is under way.
    pub fail_fast: bool,
    /// Lay out again also what is there.
    pub force: bool,
    /// An archive of what is sent, for each supplier.
    pub zip: bool,
    /// A warning stops a pack as well.
    pub deny_warnings: bool,
}

/// What became of a supplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// No pack: its diagnostics say why.
    Failed,
    /// The pack on disk does not hold any more.
    Broken,
    /// The pack was written.
    Written,
    /// The pack was there, and its inputs are the same.
    Unchanged,
}

/// One PDF of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDocument {
    /// File name.
    pub name: String,
    /// Pages, where they were counted.
    pub pages: Option<usize>,
    /// SHA-256.
    pub sha256: Digest,
}

/// What is wrong with a supplier, or could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFinding {
    /// `error` or `warning`.
    pub severity: String,
    /// Code of the diagnostic.
    pub code: String,
    /// What.
    pub message: String,
    /// File, line and column, where it has a place.
    pub place: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// One supplier of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Id.
    pub supplier: String,
    /// Legal name, where the profile reads.
    pub name: Option<String>,
    /// Tier, where it was assessed.
    pub tier: Option<Tier>,
    /// What became of it.
    pub state: RowState,
    /// Id of the pack.
    pub pack: Option<String>,
    /// Its folder, inside the output folder.
    pub folder: Option<String>,
    /// Date of the pack.
    pub date: Option<Date>,
    /// Its PDFs.
    pub documents: Vec<RowDocument>,
    /// Holds that no decision accepts.
    pub holds: Vec<String>,
    /// Diagnostics.
    pub findings: Vec<RowFinding>,
    /// Milliseconds that it took.
    pub ms: u64,
}

/// What a batch did.
#[derive(Debug, Default)]
pub struct Batch {
    /// Id: the first digits of the digest of everything that went in.
    pub id: String,
    /// One row for each supplier that was looked at, in order of id.
    pub rows: Vec<Row>,
    /// Suppliers that were not looked at, because the batch was stopped.
    pub left: usize,
    /// Faults of what all share; then nothing was done.
    pub report: Report,
    /// Folder of the reports.
    pub folder: PathBuf,
    /// Milliseconds.
    pub ms: u64,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The supplier that is done.
    pub supplier: &'a str,
    /// Suppliers done.
    pub done: usize,
    /// Of these without pack.
    pub failed: usize,
    /// Suppliers altogether, as far as is known.
    pub total: usize,
}

/// Packs from earlier batches, by supplier.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    version: u32,
    packs: BTreeMap<String, KnownPack>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KnownPack {
    /// Digest of everything that could have changed the pack.
    key: Digest,
    row: Row,
}

/// A row, and the key of its pack where one stands.
type Worked = (Row, Option<Digest>);

/// What all suppliers of a batch share.
struct Shared<'a> {
    compiler: &'a Compiler,
    order: &'a Order,
    condition: Option<Condition>,
    root: &'a Path,
    known: &'a BTreeMap<String, KnownPack>,
    /// Digest of all inputs but profiles, of the date and of the request.
    common: Digest,
    /// Inputs that were found or written in the folder that packs share.
    kept: Mutex<BTreeSet<Digest>>,
    /// What was read of packs that are there.
    read: folder::Read,
    /// Where inputs lie, as people would type it.
    shown: &'a BTreeMap<String, String>,
}

/// Makes packs; `progress` is told after each supplier, and `stop` ends the batch after what is under way.
///
/// # Errors
/// [`DiskError`] when the output folder cannot be written. Faults of one supplier are in its row; faults of what all share are in the report.
pub fn batch(opened: Opened, order: &Order, stop: &AtomicBool, progress: &mut dyn FnMut(&Progress<'_>)) -> Result<Batch, DiskError> {
    let start = crate::clock::now();
    let mut batch = Batch { report: opened.report, ..Batch::default() };
    let Some(compiler) = opened.compiler else { return Ok(batch) };
    let root = order.output.clone().unwrap_or_else(|| opened.location.output.clone());
    let condition = order.choice.when.as_ref().and_then(|text| compiler.condition(text, &mut batch.report));
    let ids = order.choice.candidates(&compiler, &mut batch.report);
    if batch.report.has_errors() || (order.deny_warnings && batch.report.warnings() > 0) {
        return Ok(batch);
    }
    let known_path = root.join(BATCHES).join(KNOWN);
    let mut known = read_known(&known_path);
    let date = order.date.unwrap_or(order.today);
    let common = compiler.shared_digest(&format!("{date} {:?} {}", order.request, order.deny_warnings));
    files::create_folder(&root.join(BATCHES).join(INPUTS))?;
    let shared = Shared {
        compiler: &compiler,
        order,
        condition,
        root: &root,
        known: &known.packs,
        common,
        kept: Mutex::default(),
        read: folder::Read::default(),
        shown: &opened.location.shown,
    };
    batch.id = shared.id(&ids);
    batch.folder = root.join(BATCHES).join(&batch.id);
    let mut order_of_work = ids.clone();
    order_of_work.sort_by_cached_key(|id| (shared.likeness(id), id.clone()));
    let (rows, left) = work(&shared, &order_of_work, stop, progress)?;
    for (row, key) in &rows {
        match key {
            Some(key) => known.packs.insert(row.supplier.clone(), KnownPack { key: key.clone(), row: row.clone() }),
            None => known.packs.remove(&row.supplier),
        };
    }
    batch.rows = rows.into_iter().map(|(row, _)| row).collect();
    batch.rows.sort_by(|a, b| a.supplier.cmp(&b.supplier));
    batch.left = left;
    files::create_folder(&batch.folder)?;
    known.version = KNOWN_VERSION;
    let text = serde_json::to_vec(&known).unwrap_or_default();
    files::replace(&known_path, &text, true)?;
    if order.zip {
        zip(&batch, &root)?;
    }
    batch.ms = elapsed(start);
    Ok(batch)
}

fn elapsed(start: crate::base::instant::Instant) -> u64 {
    u64::try_from(crate::clock::now().millis() - start.millis()).unwrap_or(0)
}

/// What is known; a list that does not read, or is of another version, is none.
fn read_known(path: &Path) -> Known {
    let read = folder::file(path).ok().and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
    read.filter(|known| known.version == KNOWN_VERSION).unwrap_or_default()
}

impl Choice {
    /// Ids to look at, each once; suppliers, entities and countries that do not exist are faults.
    fn candidates(&self, compiler: &Compiler, report: &mut Report) -> Vec<String> {
        let all = compiler.suppliers();
        let mut ids: Vec<String> = if self.ids.is_empty() { all.iter().map(|id| (*id).to_owned()).collect() } else { self.ids.clone() };
        // Two workers on one supplier would be in each other's way.
        ids.sort();
        ids.dedup();
        for id in ids.iter().filter(|id| !all.contains(&id.as_str())) {
            let help = crate::base::suggest::help(id, all.iter().copied());
            report.push(Diagnostic::error("unknown-supplier", format!("there is no supplier `{id}`")).help(help));
        }
        let entities = &compiler.workspace.value.entities;
        for entity in self.entities.iter().filter(|id| !entities.contains_key(*id)) {
            let help = crate::base::suggest::help(entity, entities.keys().map(String::as_str));
            report.push(Diagnostic::error("unknown-entity", format!("there is no entity `{entity}`")).help(help));
        }
        for country in self.countries.iter().filter(|code| !compiler.library.places.countries.contains_key(*code)) {
            let message = format!("there is no country `{country}`");
            report.push(Diagnostic::error("unknown-country", message).help("an ISO 3166-1 code in capitals, for example `IE`"));
        }
        if ids.is_empty() {
            let help = "write a profile into `suppliers/`, or run `countersign init DIR` for samples";
            report.push(Diagnostic::error("no-suppliers", "the workspace has no suppliers").help(help));
        }
        ids
    }

    /// Whether it chooses among suppliers by what their profiles say.
    fn is_by_content(&self) -> bool {
        !(self.tiers.is_empty() && self.entities.is_empty() && self.countries.is_empty() && self.tags.is_empty() && self.when.is_none())
    }

    /// Tells whether a supplier is meant; `None` where a fact that the condition names has no value.
    fn admits(&self, assessed: &Assessed, condition: Option<&Condition>) -> Option<bool> {
        let profile = &assessed.supplier.profile.value;
        let among = |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        let tier = assessed.assessment.as_ref().ok().map(|a| a.tier);
        let is_of_tier = self.tiers.is_empty() || tier.is_some_and(|tier| self.tiers.contains(&tier));
        let is_tagged = self.tags.is_empty() || profile.tags.iter().any(|tag| self.tags.contains(tag));
        let is_plain = is_of_tier && is_tagged && among(&self.entities, &profile.entity) && among(&self.countries, &profile.identity.address.country);
        if !is_plain {
            return Some(false);
        }
        match condition.map(|condition| condition.evaluate(&assessed.facts)) {
            None | Some(Truth::True) => Some(true),
            Some(Truth::False) => Some(false),
            Some(Truth::Unset(_)) => None,
        }
    }
}

/// Lets workers take suppliers until none is left, and gives rows with the key of each pack that stands, and how many were not looked at.
fn work(shared: &Shared<'_>, ids: &[String], stop: &AtomicBool, progress: &mut dyn FnMut(&Progress<'_>)) -> Result<(Vec<Worked>, usize), DiskError> {
    let next = AtomicUsize::new(0);
    let halted = AtomicBool::new(false);
    let (send, receive) = sync_channel(WAITING);
    let worker = |send: std::sync::mpsc::SyncSender<Result<Option<Worked>, DiskError>>| {
        while !stop.load(Ordering::Relaxed) && !halted.load(Ordering::Relaxed) {
            let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            let result = shared.one(id);
            if result.is_err() {
                halted.store(true, Ordering::Relaxed);
            }
            if send.send(result).is_err() {
                return;
            }
        }
    };
    let mut rows = Vec::new();
    let mut fault = None;
    std::thread::scope(|scope| {
        for _ in 0..shared.order.jobs.max(1) {
            let (send, worker) = (send.clone(), &worker);
            // The system gives no thread: the others do its work.
            let _ = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || crate::render::alone(|| worker(send)));
        }
        drop(send);
        let (mut done, mut failed, mut total) = (0, 0, ids.len());
        for result in receive {
            match result {
                Ok(Some((row, key))) => {
                    done += 1;
                    failed += usize::from(matches!(row.state, RowState::Failed | RowState::Broken));
                    progress(&Progress { supplier: &row.supplier, done, failed, total });
                    if failed > 0 && shared.order.fail_fast {
                        halted.store(true, Ordering::Relaxed);
                    }
                    rows.push((row, key));
                }
                Ok(None) => total -= 1,
                Err(error) => fault = fault.take().or(Some(error)),
            }
        }
    });
    match fault {
        Some(error) => Err(error),
        None => Ok((rows, ids.len().saturating_sub(next.load(Ordering::Relaxed).min(ids.len())))),
    }
}

impl Shared<'_> {
    /// Id of a batch: what goes in decides it, so the same command has the same report.
    fn id(&self, ids: &[String]) -> String {
        let mut parts: Vec<Vec<u8>> = vec![self.common.bytes().to_vec(), format!("{:?}", self.order.choice).into_bytes()];
        parts.extend(ids.iter().map(|id| self.profile_digest(id).bytes().to_vec()));
        Digest::of_parts(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()).short(12).to_owned()
    }

    /// What makes contracts alike: archetype and entity. Suppliers that share clauses follow each other, so that what was laid out for one is
    /// still at hand for the next, and may be forgotten sooner.
    fn likeness(&self, id: &str) -> Vec<u8> {
        let profile = self.compiler.input(&format!("suppliers/{id}.yaml")).unwrap_or_default();
        let top = |line: &&[u8]| line.starts_with(b"extends:") || line.starts_with(b"entity:");
        profile.split(|byte| *byte == b'\n').filter(top).collect::<Vec<_>>().join(&b'\n')
    }

    fn profile_digest(&self, id: &str) -> Digest {
        Digest::of(self.compiler.input(&format!("suppliers/{id}.yaml")).unwrap_or_default())
    }

    /// One supplier; `None` when it is not meant.
    fn one(&self, id: &str) -> Result<Option<Worked>, DiskError> {
        let start = crate::clock::now();
        let key = Digest::of_parts(&[&self.common.bytes(), &self.profile_digest(id).bytes()]);
        if let Some(known) = self.known.get(id).filter(|known| known.key == key && !self.order.force && !self.order.choice.is_by_content())
            && let Some(folder) = known.row.folder.as_ref().map(|folder| self.root.join(folder))
            && folder.exists()
        {
            // The bytes are looked at each time: that they were the right ones yesterday says nothing.
            let faults = verify::digests_with(&folder, &self.read)?;
            if faults.is_empty() {
                return Ok(Some((Row { state: RowState::Unchanged, ms: elapsed(start), ..known.row.clone() }, Some(key))));
            }
            return Ok(Some((Row { ms: elapsed(start), ..broken(known.row.clone(), &folder, faults) }, None)));
        }
        let mut report = Report::default();
        let Some(row) = self.make(id, self.order.date.unwrap_or(self.order.today), &mut report)? else { return Ok(None) };
        let stands = matches!(row.state, RowState::Written | RowState::Unchanged);
        let findings = if row.findings.is_empty() { self.findings(report) } else { row.findings };
        Ok(Some((Row { findings, ms: elapsed(start), ..row }, stands.then_some(key))))
    }

    /// Compiles a supplier for a date and writes its pack, unless it is there.
    fn make(&self, id: &str, date: Date, report: &mut Report) -> Result<Option<Row>, DiskError> {
        let (compiler, order) = (self.compiler, self.order);
        let mut row = Row {
            supplier: id.to_owned(),
            name: None,
            tier: None,
            state: RowState::Failed,
            pack: None,
            folder: None,
            date: None,
            documents: Vec::new(),
            holds: Vec::new(),
            findings: Vec::new(),
            ms: 0,
        };
        let Some(supplier) = compiler.supplier(id, date, report) else { return Ok(Some(row)) };
        row.name = Some(crate::contract::values::clean(&supplier.profile.value.identity.legal_name));
        let Some(assessed) = compiler.assess(supplier, date, report) else { return Ok(Some(row)) };
        if let Ok(assessment) = &assessed.assessment {
            row.tier = Some(assessment.tier);
            row.holds = assessment.holds.iter().filter(|hold| hold.accepted_by.is_none()).map(|hold| hold.id.clone()).collect();
        }
        match order.choice.admits(&assessed, self.condition.as_ref()) {
            Some(true) => {}
            Some(false) => return Ok(None),
            None => {
                let help = "fill in the facts that the condition names";
                report.push(Diagnostic::error("unset-fact", "whether the condition of the batch holds is not known").help(help));
                return Ok(Some(row));
            }
        }
        if report.has_errors() {
            return Ok(Some(row));
        }
        let Some(compiled) = compiler.compile(&assessed, &order.request, date, report) else { return Ok(Some(row)) };
        // On the day of the batch, whatever the date that a pack keeps.
        compiler.report_unapproved(&compiled, order.date.unwrap_or(order.today), report);
        if report.has_errors() {
            return Ok(Some(row));
        }
        let subject = Subject::Supplier(id.to_owned());
        let inner = Path::new(&subject.folder()).join(generate::folder_name(&compiled, &order.request));
        let folder = self.root.join(&inner);
        row.pack = Some(compiled.pack.clone());
        row.folder = Some(inner.to_string_lossy().into_owned());
        row.date = Some(date);
        if let Some(parent) = folder.parent() {
            write::sweep(parent)?;
        }
        let exists = folder.exists();
        if exists && !order.force {
            return self.existing(row, &folder, report).map(Some);
        }
        if exists && let Ok(lock) = manifest(&folder)? {
            // Made again, it is what it was: a pack keeps its date.
            match generate::locked_date(&lock, &folder, order.date, report) {
                None => return Ok(Some(row)),
                Some(locked) if locked != date => {
                    *report = Report::default();
                    return self.make(id, locked, report);
                }
                Some(_) => {}
            }
        }
        if order.deny_warnings && report.warnings() > 0 {
            report.push(Diagnostic::error("denied-warning", "a warning stops the pack").help("mend what the warnings say, or leave out `--deny-warnings`"));
            return Ok(Some(row));
        }
        let Some((files, pages)) = generate::outputs(compiler, &compiled, 1, report) else { return Ok(Some(row)) };
        let digest = |name: &str| files.get(&format!("send/{name}")).map(|bytes| Digest::of(bytes));
        row.documents = pages.iter().filter_map(|(name, pages)| Some(RowDocument { name: name.clone(), pages: *pages, sha256: digest(name)? })).collect();
        let links = self.inputs(&compiled.inputs)?;
        if exists {
            write::replace(&folder, &files, &links)?
        } else {
            write::pack_with(&folder, &files, &links)?
        }
        row.state = RowState::Written;
        Ok(Some(row))
    }

    /// The inputs of a pack, kept once for all packs of the output folder: some five hundred files of each pack are links to them.
    fn inputs(&self, inputs: &[(String, Digest)]) -> Result<Vec<(String, PathBuf)>, DiskError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Several logical paths may have one content.
        let mut links = BTreeMap::new();
        for (path, digest) in inputs {
            let there = self.root.join(BATCHES).join(INPUTS).join(digest.as_str());
            if kept.insert(digest.clone()) {
                write::keep(&there, self.compiler.input(path).unwrap_or_default())?;
            }
            links.insert(generate::input_name(digest), there);
        }
        Ok(links.into_iter().collect())
    }

    /// A pack with these inputs is there.
    fn existing(&self, mut row: Row, folder: &Path, report: &mut Report) -> Result<Row, DiskError> {
        let faults = verify::digests_with(folder, &self.read)?;
        if !faults.is_empty() {
            return Ok(broken(row, folder, faults));
        }
        let Ok(lock) = manifest(folder)? else { return Ok(row) };
        let Some(date) = generate::locked_date(&lock, folder, self.order.date, report) else { return Ok(row) };
        let known = self.known.get(&row.supplier).filter(|known| known.row.pack == row.pack);
        let pages = |name: &str| known.and_then(|known| known.row.documents.iter().find(|d| d.name == name)).and_then(|d| d.pages);
        let send = lock.outputs.iter().filter_map(|output| Some((output.path.strip_prefix("send/")?, &output.sha256)));
        row.documents = send.map(|(name, sha256)| RowDocument { name: name.to_owned(), pages: pages(name), sha256: sha256.clone() }).collect();
        (row.state, row.date) = (RowState::Unchanged, Some(date));
        Ok(row)
    }

    fn findings(&self, report: Report) -> Vec<RowFinding> {
        let place = |place: &Place| format!("{}:{}:{}", self.shown.get(&place.source.path).unwrap_or(&place.source.path), place.line(), place.column());
        let one = |diagnostic: Diagnostic| RowFinding {
            severity: if diagnostic.severity == Severity::Error { "error" } else { "warning" }.to_owned(),
            code: diagnostic.code.to_owned(),
            place: diagnostic.place.as_ref().map(place),
            message: diagnostic.message,
            help: diagnostic.help,
        };
        report.sorted().into_iter().map(one).collect()
    }
}

/// The row of a pack that does not hold.
fn broken(row: Row, folder: &Path, faults: Vec<String>) -> Row {
    let one = |fault: String| RowFinding {
        severity: "error".to_owned(),
        code: "broken-pack".to_owned(),
        message: fault,
        place: Some(folder.display().to_string()),
        help: Some("the pack on disk was changed; move its folder away, or run with `--force`".to_owned()),
    };
    Row { state: RowState::Broken, findings: faults.into_iter().map(one).collect(), ..row }
}

/// Writes an archive of what is sent for each pack that stands.
fn zip(batch: &Batch, root: &Path) -> Result<(), DiskError> {
    let to = batch.folder.join("zip");
    files::create_folder(&to)?;
    for row in &batch.rows {
        let (Some(pack), Some(inner)) = (&row.pack, row.folder.as_ref().filter(|_| matches!(row.state, RowState::Written | RowState::Unchanged))) else {
            continue;
        };
        let mut pdfs = Vec::new();
        for document in &row.documents {
            pdfs.push((document.name.as_str(), folder::file(&root.join(inner).join("send").join(&document.name))?));
        }
        let bytes = archive(pdfs.iter().map(|(name, bytes)| (*name, bytes.as_slice())));
        files::replace(&to.join(format!("{}-{pack}.zip", row.supplier)), &bytes, false)?;
    }
    Ok(())
}
