//! `verify`: does a pack still hold, and does it rebuild to the same bytes?

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::date::Date;
use crate::base::diagnostic::Report;
use crate::base::digest::Digest;
use crate::contract::library::Reading;
use crate::pack::compile::{Compiler, Request};
use crate::pack::manifest::{GENERATOR, MANIFEST_VERSION, Manifest, RELEASE, pack_id};
use crate::project::DiskError;
use crate::project::folder;
use crate::project::read::{kept, manifest};
use crate::workflow::generate;

/// The lock of a pack, inside its folder.
const MANIFEST: &str = "internal/manifest.json";

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every digest holds and the pack's own inputs give the same bytes.
    Rebuilt {
        /// Files compared.
        files: usize,
    },
    /// Every digest holds; only the program that wrote the pack promises the same bytes.
    NotRebuildable {
        /// Files whose digests hold.
        files: usize,
        /// The program that wrote the pack.
        generator: String,
    },
    /// Something does not hold; each entry names a file.
    Broken(Vec<String>),
}

/// Verifies a pack folder.
///
/// # Errors
/// [`DiskError::Read`] when the folder or its manifest cannot be read at all.
pub fn verify(pack: &Path) -> Result<Verdict, DiskError> {
    let faults = digests(pack)?;
    if !faults.is_empty() {
        return Ok(Verdict::Broken(faults));
    }
    let manifest = match manifest(pack)? {
        Ok(manifest) => manifest,
        Err(message) => return Ok(Verdict::Broken(vec![message])),
    };
    let files = manifest.outputs.len() + manifest.inputs.len();
    if manifest.generator != GENERATOR {
        return Ok(Verdict::NotRebuildable { files, generator: manifest.generator });
    }
    let faults = rebuild(pack, &manifest)?;
    Ok(if faults.is_empty() { Verdict::Rebuilt { files } } else { Verdict::Broken(faults) })
}

/// Recomputes every digest of a pack; each returned line names a file that does not hold.
///
/// # Errors
/// [`DiskError::Read`] when the manifest cannot be read.
pub fn digests(pack: &Path) -> Result<Vec<String>, DiskError> {
    digests_with(pack, &folder::Read::default())
}

/// As [`digests`], where other packs were looked at before that share files with this one.
///
/// # Errors
/// As [`digests`].
pub(crate) fn digests_with(pack: &Path, read: &folder::Read) -> Result<Vec<String>, DiskError> {
    let manifest = match manifest(pack)? {
        Ok(manifest) => manifest,
        Err(message) => return Ok(vec![format!("{MANIFEST}: not a manifest: {message}")]),
    };
    if manifest.version != MANIFEST_VERSION {
        return Ok(vec![format!("{MANIFEST}: version {} is not known, this program reads version {MANIFEST_VERSION}", manifest.version)]);
    }
    let mut present = folder::digests(pack, read)?;
    present.remove(MANIFEST);
    let mut faults = Vec::new();
    let expected = manifest.outputs.iter().map(|o| (o.path.clone(), &o.sha256));
    let inputs: BTreeMap<String, &Digest> = manifest.inputs.iter().map(|i| (format!("internal/inputs/{}", i.sha256), &i.sha256)).collect();
    for (path, digest) in expected.chain(inputs) {
        match present.remove(&path) {
            None => faults.push(format!("{path}: missing")),
            Some(found) if found != *digest => faults.push(format!("{path}: its SHA-256 is {found}, the manifest says {digest}")),
            Some(_) => {}
        }
    }
    faults.extend(present.into_keys().map(|path| format!("{path}: not in the manifest")));
    let inputs: Vec<(String, Digest)> = manifest.inputs.iter().map(|i| (i.path.clone(), i.sha256.clone())).collect();
    let same_release = manifest.generator.split(" build ").next() == Some(RELEASE);
    let Some(subject) = manifest.subject() else {
        faults.push(format!("{MANIFEST}: it must name a supplier or a policy"));
        return Ok(faults);
    };
    if same_release && manifest.pack != pack_id(&inputs, &subject, &manifest.entity, &manifest.requested, manifest.draft, manifest.bound) {
        faults.push(format!("{MANIFEST}: the id of the pack does not follow from its inputs"));
    }
    Ok(faults)
}

/// Builds the pack again from its own inputs and compares every output.
fn rebuild(pack: &Path, manifest: &Manifest) -> Result<Vec<String>, DiskError> {
    let mut report = Report::default();
    let built = rebuilt(pack, manifest, &mut report)?;
    let Some(built) = built else {
        let mut faults = vec![format!("{MANIFEST}: the pack does not rebuild from its own inputs")];
        faults.extend(report.sorted().into_iter().filter(|d| d.severity == crate::base::diagnostic::Severity::Error).map(|d| {
            let place = d.place.map(|p| format!("{p}: ")).unwrap_or_default();
            format!("{place}{}", d.message)
        }));
        return Ok(faults);
    };
    let mut faults = Vec::new();
    for output in &manifest.outputs {
        match built.get(&output.path) {
            None => faults.push(format!("{}: a rebuild does not produce it", output.path)),
            Some(bytes) if Digest::of(bytes) != output.sha256 => faults.push(format!("{}: a rebuild gives other bytes", output.path)),
            Some(_) => {}
        }
    }
    // The manifest is an output as well: an entry taken out of it, or any other edit, shows here.
    let kept = folder::file(&pack.join(MANIFEST))?;
    if faults.is_empty() && built.get(MANIFEST).is_none_or(|bytes| *bytes != kept) {
        faults.push(format!("{MANIFEST}: a rebuild gives other bytes"));
    }
    Ok(faults)
}

fn rebuilt(pack: &Path, manifest: &Manifest, report: &mut Report) -> Result<Option<BTreeMap<String, Vec<u8>>>, DiskError> {
    let inputs = kept(pack, manifest)?;
    let Ok(date) = manifest.date.parse::<Date>() else { return Ok(None) };
    let Some(compiler) = Compiler::read(inputs, Reading::Kept, report) else { return Ok(None) };
    let request = Request { documents: manifest.requested.clone(), draft: manifest.draft, bound: manifest.bound };
    let Some(subject) = manifest.subject() else { return Ok(None) };
    let compiled = generate::compile(&compiler, &subject, Some(&manifest.entity), &request, date, report);
    Ok(compiled.and_then(|(compiled, _)| generate::files(&compiler, &compiled, report)).map(|(files, _)| files))
}
