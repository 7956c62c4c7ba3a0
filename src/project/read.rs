//! Reads a workspace, or the inputs kept in a pack, into memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::base::diagnostic::Report;
use crate::base::digest::Digest;
use crate::base::node;
use crate::pack::inputs::{APPROVALS, Input, Inputs, WORKSPACE};
use crate::pack::manifest::Manifest;
use crate::project::disk::DiskError;
use crate::project::{embedded, folder};

/// A workspace on disk.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its folder.
    pub root: PathBuf,
    /// Where packs are written.
    pub output: PathBuf,
    /// Where each input lies, as people would type it, by its logical path.
    pub shown: BTreeMap<String, String>,
}

/// Reads every input of a workspace.
///
/// The library is the one that `library:` names, or the embedded one with the files of `clauses/` laid over it; layouts
/// likewise. Nothing is decoded here but the three paths.
///
/// # Errors
/// [`DiskError`] for a file that cannot be read, a link, or a path that leads outside.
pub fn workspace(root: &Path) -> Result<(Location, Inputs), DiskError> {
    let mut inputs = Inputs::default();
    let shown = |path: &str| show(root, path);
    let file = root.join(WORKSPACE);
    let mut paths = Paths::default();
    if file.exists() {
        let bytes = folder::file(&file)?;
        paths = Paths::read(&bytes);
        inputs.insert(WORKSPACE, shown(WORKSPACE), bytes);
    }
    // `.yml` is taken along only to be named: a file that is silently not read would be missed too late.
    let yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    for kind in ["suppliers", "decisions"] {
        add(&mut inputs, kind, &root.join(kind), &shown(kind), &yaml)?;
    }
    for name in [APPROVALS, "approvals.yml"] {
        let path = root.join(name);
        // A link to nowhere is no absent file.
        if path.exists() || path.is_symlink() {
            inputs.insert(name, shown(name), folder::file(&path)?);
        }
    }
    let library = |name: &str| name.ends_with(".md") || name.ends_with(".yaml");
    // The certificate of a receipt has its wording in `.yaml` files beside its layout.
    let layout = |name: &str| name.ends_with(".typ") || name.ends_with(".yaml");
    layers(root, "clauses", paths.library.as_deref(), &library, embedded::clauses, &mut inputs)?;
    layers(root, "templates", paths.templates.as_deref(), &layout, embedded::templates, &mut inputs)?;
    add(&mut inputs, "fonts", &root.join("fonts"), &shown("fonts"), &|name| name.ends_with(".ttf") || name.ends_with(".otf"))?;
    if let Some(logo) = &paths.logo {
        inputs.insert(format!("files/{logo}"), shown(logo), folder::file(&folder::inside(root, logo, false)?)?);
    }
    let output = folder::inside(root, paths.output.as_deref().unwrap_or("output"), true)?;
    let shown = inputs.iter().map(|(path, input)| (path.to_owned(), input.shown.clone())).collect();
    Ok((Location { root: root.to_owned(), output, shown }, inputs))
}

/// Reads the pages of a workspace (mails, web pages): templates ending in `.txt` and `.html`, by path inside `templates/`.
///
/// They are the embedded ones with the files of `templates/` laid over them, or those of the folder that `templates:` names.
/// They are no inputs of a pack.
///
/// # Errors
/// [`DiskError`] as for [`workspace`], and [`DiskError::Encoding`] for a file that is not UTF-8.
pub fn pages(root: &Path) -> Result<BTreeMap<String, String>, DiskError> {
    let file = root.join(WORKSPACE);
    let paths = if file.exists() { Paths::read(&folder::file(&file)?) } else { Paths::default() };
    let mut inputs = Inputs::default();
    let page = |name: &str| name.ends_with(".txt") || name.ends_with(".html");
    layers(root, "templates", paths.templates.as_deref(), &page, embedded::templates, &mut inputs)?;
    let text = |(path, input): (&str, &Input)| {
        let Ok(text) = std::str::from_utf8(&input.bytes) else { return Err(DiskError::Encoding { path: PathBuf::from(&input.shown) }) };
        // Carriage returns and a byte order mark of Windows editors are no content.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        Ok((path.strip_prefix("templates/").unwrap_or(path).to_owned(), text))
    };
    inputs.iter().map(text).collect()
}

/// Reads the inputs kept in a pack; the digests in the manifest say which file is which.
///
/// # Errors
/// [`DiskError::Read`] when one is missing. Whether the bytes are the right ones is checked by the caller.
pub fn kept(pack: &Path, manifest: &Manifest) -> Result<Inputs, DiskError> {
    let mut inputs = Inputs::default();
    for input in &manifest.inputs {
        let bytes = folder::file(&kept_path(pack, &input.sha256))?;
        inputs.insert(input.path.clone(), input.path.clone(), bytes);
    }
    Ok(inputs)
}

/// Where a kept input stands in a pack.
pub fn kept_path(pack: &Path, digest: &Digest) -> PathBuf {
    pack.join("internal/inputs").join(digest.as_str())
}

/// Adds the folder that the workspace file names, or the embedded one with the folder of the workspace laid over it.
fn layers(
    root: &Path,
    kind: &str,
    path: Option<&str>,
    wanted: &dyn Fn(&str) -> bool,
    built_in: fn() -> Vec<(&'static str, &'static [u8])>,
    inputs: &mut Inputs,
) -> Result<(), DiskError> {
    let Some(path) = path else {
        for (name, bytes) in built_in().into_iter().filter(|(name, _)| wanted(name)) {
            inputs.insert(format!("{kind}/{name}"), format!("<embedded>/{kind}/{name}"), bytes);
        }
        return add(inputs, kind, &root.join(kind), &show(root, kind), wanted);
    };
    let folder = folder::inside(root, path, true)?;
    if !folder.is_dir() {
        return Err(DiskError::Absent { path: path.to_owned(), folder });
    }
    add(inputs, kind, &folder, &show(root, path), wanted)
}

fn add(inputs: &mut Inputs, kind: &str, path: &Path, shown: &str, wanted: &dyn Fn(&str) -> bool) -> Result<(), DiskError> {
    for (name, bytes) in folder::files(path, wanted)? {
        inputs.insert(format!("{kind}/{name}"), format!("{shown}/{name}"), bytes);
    }
    Ok(())
}

/// A path of the workspace as it is shown: as the user would type it.
fn show(root: &Path, path: &str) -> String {
    let joined = if root == Path::new(".") { PathBuf::from(path) } else { root.join(path) };
    folder::tidy(&joined).to_string_lossy().replace('\\', "/")
}

/// The paths that the workspace file names; faults of the file are reported when it is decoded.
#[derive(Default)]
struct Paths {
    library: Option<String>,
    templates: Option<String>,
    output: Option<String>,
    logo: Option<String>,
}

impl Paths {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let source = std::sync::Arc::new(crate::base::source::Source { path: String::new(), text });
        let Some(node) = node::parse(&source, &mut Report::default()) else { return Self::default() };
        let text = |key: &str| node.get(key).and_then(node::Node::text).filter(|t| !t.is_empty()).map(str::to_owned);
        let logo = node.get("look").and_then(|l| l.get("logo")).and_then(|l| l.get("file")).and_then(node::Node::text).map(str::to_owned);
        Self { library: text("library"), templates: text("templates"), output: text("output"), logo }
    }
}

/// Reads and decodes the manifest of a pack.
///
/// # Errors
/// [`DiskError::Read`]; the inner `Err` says why the file is no manifest of ours.
pub fn manifest(pack: &Path) -> Result<Result<Manifest, String>, DiskError> {
    let bytes = folder::file(&pack.join("internal/manifest.json"))?;
    let value: Result<Value, _> = serde_json::from_slice(&bytes);
    Ok(value.and_then(serde_json::from_value).map_err(|error| error.to_string()))
}
