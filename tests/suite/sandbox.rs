//! A sealed world for a test: a folder of its own, the binary, and no environment that could leak in.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub(crate) use crate::suite::groundwork::copy;

/// Date of every pack in tests.
pub(crate) const DATE: &str = "2026-11-21";

/// A folder that vanishes with the test.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run of the binary gave.
pub(crate) struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A sandbox with the sample that tests share; it outlives them, so what an earlier run left is removed.
    pub(crate) fn shared() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for old in std::fs::read_dir(root).unwrap().filter_map(Result::ok).filter(|e| e.file_name().to_string_lossy().starts_with("shared-")) {
            let _ = std::fs::remove_dir_all(old.path());
        }
        let sandbox = Self { folder: tempfile::Builder::new().prefix("shared-").tempdir_in(root).unwrap() };
        sandbox.copy_sample();
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Copies a folder of the repository into the sandbox, and the library and layouts beside it.
    pub(crate) fn with_sample() -> Self {
        let sandbox = Self::new();
        sandbox.copy_sample();
        sandbox
    }

    fn copy_sample(&self) {
        for folder in ["sample", "clauses", "templates"] {
            copy(&repository().join(folder), &self.path().join(folder));
        }
    }

    /// Runs the binary in the sandbox; every environment variable is taken away.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(binary()).args(arguments).current_dir(self.path()).env_clear().output().unwrap();
        Run {
            code: output.status.code().expect("the program ends by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Generates packs of sample suppliers into a folder and returns the pack folders.
    pub(crate) fn generate(&self, suppliers: &[&str], output: &str, more: &[&str]) -> Vec<PathBuf> {
        let mut arguments = vec!["-C", "sample", "generate", "--date", DATE, "--output", output, "--format", "json"];
        arguments.extend(more);
        arguments.extend(suppliers);
        let run = self.run(&arguments);
        assert_eq!(run.code, 0, "{}{}", run.stderr, run.stdout);
        let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        value["packs"].as_array().unwrap().iter().map(|p| self.path().join(p["folder"].as_str().unwrap())).collect()
    }
}

/// A Python that has a module: that of the build machine, or the one on the path. Without one the test is skipped aloud, but never in CI.
pub(crate) fn python(module: &str) -> Option<PathBuf> {
    let own = repository().join("target/ci-venv/bin/python");
    let has = |python: &PathBuf| Command::new(python).args(["-c", &format!("import {module}")]).output().is_ok_and(|output| output.status.success());
    let found = [own, PathBuf::from("python3")].into_iter().find(has);
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "python3 with `{module}` is missing in CI");
        eprintln!("SKIPPED: python3 has no module `{module}`, so nobody else checks the result (pip install -r tests/requirements.txt)");
    }
    found
}

/// The binary under test; `COUNTERSIGN_BINARY` names another build of it, for long runs.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("COUNTERSIGN_BINARY").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_countersign")), PathBuf::from)
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with its bytes, by path inside it.
pub(crate) fn files(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut out = std::collections::BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                out.insert(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    out
}
