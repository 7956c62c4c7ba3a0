//! What tests and benchmarks prepare in the same way; benchmarks take this file by its path.

use std::path::Path;

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &target) } else { std::fs::copy(entry.path(), target).map(drop).unwrap() }
    }
}

/// A workspace file in which mails leave at any hour, with what is to stand in place of the working hours.
pub(crate) fn without_working_hours(settings: &str, instead: &str) -> String {
    let (before, after) = settings.split_once("\ncalendars:").unwrap();
    let rest: String = after.lines().skip(1).skip_while(|line| line.starts_with(' ') || line.is_empty()).map(|line| format!("{line}\n")).collect();
    format!("{before}\n\n{instead}\n{rest}")
}
