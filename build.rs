//! Rebuilds when an embedded folder changes, because the embedding macro cannot see new files by itself.

fn main() {
    for folder in ["clauses", "templates", "sample"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
