//! A fleet: many suppliers, varied from all samples, for benches and tests of batches. The same seed gives the same bytes.

use std::path::Path;

/// Words that legal names are made of.
const FIRST: [&str; 24] = [
    "Alder", "Birch", "Copper", "Dunmore", "Ember", "Fallow", "Granite", "Harrow", "Ivory", "Juniper", "Kestrel", "Larch", "Meadow", "North", "Oakum",
    "Pewter", "Quarry", "Rowan", "Saltire", "Thistle", "Umber", "Vellum", "Willow", "Yarrow",
];
const SECOND: [&str; 20] = [
    "bridge", "croft", "dale", "field", "gate", "haven", "holt", "keld", "loch", "mere", "point", "quay", "ridge", "shaw", "stead", "thorpe", "vale", "wick",
    "worth", "yard",
];

/// A linear congruential generator (Knuth): enough for variety.
pub struct Chance(u64);

impl Chance {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}

/// The ways in which a profile can be at fault, each found by another check.
pub const FAULTS: usize = 12;

/// The profiles of a folder by id, in order.
pub fn samples(folder: &Path) -> Vec<(String, String)> {
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    all.sort();
    all
}

/// The id and the text of one supplier of a fleet.
pub fn supplier(samples: &[(String, String)], number: usize, seed: u64) -> (String, String) {
    let mut chance = Chance::new(seed ^ (number as u64).wrapping_mul(0x00c0_ffee));
    let (sample, text) = &samples[number % samples.len()];
    let name = format!("{}{} {number}", FIRST[chance.below(FIRST.len())], SECOND[chance.below(SECOND.len())]);
    let id = format!("s{number:05}-{sample}");
    let mut named = false;
    let mut registered = false;
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = &line[..line.len() - trimmed.len()];
        match trimmed.split_once(':') {
            Some(("supplier", _)) if indent.is_empty() => out.push_str(&format!("supplier: {id}")),
            Some(("legal_name", rest)) if indent == "  " && !named => {
                named = true;
                // The legal form stays at the end of the name.
                let form = rest.trim().trim_matches('"').rsplit(' ').next().unwrap_or("Limited");
                out.push_str(&format!("  legal_name: \"{name} {form}\""));
            }
            Some(("registration_number", _)) if indent == "  " && !registered => {
                registered = true;
                out.push_str(&format!("  registration_number: \"{:07}\"", 1_000_000 + number * 7 + chance.below(7)));
            }
            Some(("erp_number", _)) if indent == "  " => out.push_str(&format!("  erp_number: S-{:05}", 40_000 + number)),
            Some(("lei", _)) if indent == "  " => continue,
            Some(("amount", rest)) if rest.trim().parse::<usize>().is_ok() => {
                let amount: usize = rest.trim().parse().unwrap_or(1000);
                out.push_str(&format!("{indent}amount: {}", amount + 100 * chance.below(90)));
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    (id, out)
}

/// Makes a profile faulty in one of [`FAULTS`] ways.
pub fn spoil(text: &str, way: usize) -> String {
    let line = |key: &str, with: &str| -> String {
        let mut done = false;
        let spoilt = |line: &str| {
            if !done && line.trim_start().starts_with(key) {
                done = true;
                return format!("{}{with}\n", &line[..line.len() - line.trim_start().len()]);
            }
            format!("{line}\n")
        };
        text.lines().map(spoilt).collect()
    };
    match way % FAULTS {
        0 => line("entity:", "entity: nobody"),
        1 if !text.contains("\nextends:") => format!("{text}\nextends: no-such-archetype\n"),
        1 => line("extends:", "extends: no-such-archetype"),
        2 => line("version:", "version: 9"),
        3 => line("legal_name:", "legal_name: \"\""),
        4 => line("country:", "country: XX"),
        5 => format!("{text}\nunheard_of: true\n"),
        6 => line("supplier:", "supplier: another-name"),
        7 => line("email:", "email: nobody at all"),
        8 => format!("{text}\n  - [unclosed\n"),
        9 => line("rule:", "rule: by_thumbprint"),
        10 => line("legal_name:", "legal_name: \"Evil\u{202e}Corp\""),
        _ => format!("{text}\nversion: 1\n"),
    }
}

/// Writes a fleet into the folder of profiles, and says which are faulty: every one whose number the predicate gives a way for.
pub fn write(samples: &[(String, String)], folder: &Path, count: usize, seed: u64, fault: impl Fn(usize) -> Option<usize>) -> Vec<String> {
    std::fs::create_dir_all(folder).unwrap();
    let mut faulty = Vec::new();
    for number in 0..count {
        let (id, mut text) = supplier(samples, number, seed);
        if let Some(way) = fault(number) {
            text = spoil(&text, way);
            faulty.push(id.clone());
        }
        std::fs::write(folder.join(format!("{id}.yaml")), text).unwrap();
    }
    faulty
}
