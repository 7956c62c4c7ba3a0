//! The house: imports go down, and each big crate has one home.

use std::collections::BTreeSet;
use std::path::Path;

/// Floors by module; a module may import from its own floor's module and from lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("text", 1),
    ("rule", 1),
    ("contract", 2),
    ("compliance", 2),
    ("ledger", 2),
    ("signature", 2),
    ("render", 3),
    ("pack", 3),
    ("record", 3),
    ("outbox", 3),
    ("project", 4),
    ("store", 4),
    ("mail", 4),
    ("clock", 4),
    ("workflow", 5),
    ("web", 6),
    ("cli", 6),
];

/// Where a big crate may be named in code.
const HOMES: &[(&str, &[&str])] = &[
    ("typst", &["render"]),
    ("typst_pdf", &["render"]),
    ("typst_layout", &["render"]),
    ("comemo", &["render"]),
    ("tera", &["text"]),
    ("pulldown_cmark", &["text"]),
    ("serde_yaml", &["base"]),
    ("cel", &["rule"]),
    ("sha2", &["base"]),
    ("strsim", &["base"]),
    ("hmac", &["base"]),
    ("base64", &["base"]),
    ("serde_json_canonicalizer", &["base"]),
    ("jiff", &["base", "clock"]),
    ("tlog_tiles", &["ledger"]),
    ("signed_note", &["ledger"]),
    ("ed25519_dalek", &["ledger"]),
    ("ssh_key", &["signature"]),
    ("zip", &["signature"]),
    ("csv", &["base"]),
    ("rusqlite", &["store"]),
    ("lettre", &["mail", "outbox"]),
    ("idna", &["outbox"]),
    ("getrandom", &["clock"]),
    ("rayon", &["render"]),
    ("ctrlc", &["cli"]),
    ("similar", &["text"]),
    ("batsat", &["contract"]),
    ("calamine", &["base"]),
    ("encoding_rs", &["base"]),
    ("tempfile", &["project"]),
    ("axum", &["web"]),
    ("hyper", &["web"]),
    ("hyper_util", &["web"]),
    ("tokio", &["web"]),
    ("tokio_rustls", &["web"]),
    ("governor", &["web"]),
    ("form_urlencoded", &["web"]),
    ("ipnet", &["contract", "web"]),
    ("clap", &["cli"]),
    ("miette", &["cli"]),
    ("indicatif", &["cli"]),
    ("include_dir", &["project"]),
];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix("src").unwrap().to_string_lossy().replace('\\', "/");
                out.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    walk(Path::new("src"), &mut out);
    out.sort();
    out
}

fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// Lines of code: documentation and comments name modules freely.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[test]
fn every_module_stands_on_a_floor() {
    let modules: BTreeSet<String> = sources().iter().map(|(file, _)| module_of(file).to_owned()).filter(|m| m != "main" && m != "lib").collect();
    let listed: BTreeSet<String> = FLOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(modules, listed);
}

#[test]
fn imports_only_go_down() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let module = module_of(&file).to_owned();
        let Some(floor) = floor_of(&module) else { continue };
        for line in code(&text) {
            for (at, _) in line.match_indices("crate::") {
                let target: String = line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(below) = floor_of(&target) else { continue };
                // `pack` stands on the floor of `render` and calls it, and `cli` starts `web`; nothing else looks sideways.
                let is_allowed = matches!((module.as_str(), target.as_str()), ("pack", "render") | ("cli", "web"));
                let sideways = below == floor && target != module && !is_allowed;
                if below > floor || sideways {
                    faults.push(format!("{file}: {line}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn big_crates_have_one_home() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let module = module_of(&file);
        for line in code(&text) {
            for (name, homes) in HOMES {
                let used = line.contains(&format!("use {name}::")) || line.contains(&format!(" {name}::")) || line.contains(&format!("({name}::"));
                if used && !homes.contains(&module) {
                    faults.push(format!("{file}: {line}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn floors_of_values_touch_no_files_and_no_clock() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        if floor_of(module_of(&file)).is_none_or(|floor| floor > 3) || file.ends_with("tests.rs") {
            continue;
        }
        for line in code(&text) {
            for word in ["std::fs", "std::env", "SystemTime", "Zoned::now", "std::thread", "println!", "eprintln!", "rand::"] {
                if line.contains(word) {
                    faults.push(format!("{file}: {line}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn glob_imports_hide_nothing() {
    let faults: Vec<String> = sources()
        .into_iter()
        .flat_map(|(file, text)| code(&text).filter(|l| l.starts_with("use ") && l.contains("::*")).map(|l| format!("{file}: {l}")).collect::<Vec<_>>())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
