//! What the binary carries: the clause library, the layouts, mails and a sample workspace.

use include_dir::{Dir, DirEntry, include_dir};

static CLAUSES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/clauses");
static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static SAMPLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/sample");

/// Files of the clause library by path inside it.
pub fn clauses() -> Vec<(&'static str, &'static [u8])> {
    files(&CLAUSES)
}

/// Layouts and mails by path inside their folder.
pub fn templates() -> Vec<(&'static str, &'static [u8])> {
    files(&TEMPLATES)
}

/// The sample workspace by path inside it.
pub fn sample() -> Vec<(&'static str, &'static [u8])> {
    files(&SAMPLE)
}

fn files(dir: &'static Dir<'static>) -> Vec<(&'static str, &'static [u8])> {
    let mut out = Vec::new();
    let mut open = vec![dir];
    while let Some(dir) = open.pop() {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(inner) => open.push(inner),
                DirEntry::File(file) => out.extend(file.path().to_str().map(|path| (path, file.contents()))),
            }
        }
    }
    out.sort_unstable_by_key(|(path, _)| *path);
    out
}
