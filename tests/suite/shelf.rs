//! The embedded clause library and sample workspace, read once for all tests that look inside.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use countersign::base::diagnostic::Report;
use countersign::base::node::{Node, parse};
use countersign::base::source::{Place, Source};
use countersign::contract::library::{Files, Library, Reading};
use countersign::pack::inputs::Inputs;
use countersign::project::embedded;
use countersign::rule::fact::{FactValue, Facts};
use countersign::rule::vocabulary::{FactType, Vocabulary};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Cases of a property test, the same in every run; a long run sets `PROPTEST_RNG_SEED` and raises the count by `PROPTEST_FACTOR`.
pub(crate) fn seeded(cases: u32) -> ProptestConfig {
    let factor = std::env::var("PROPTEST_FACTOR").ok().and_then(|f| f.parse().ok()).unwrap_or(1);
    let given = ProptestConfig::default();
    let rng_seed = if given.rng_seed == RngSeed::Random { RngSeed::Fixed(20_261_121) } else { given.rng_seed };
    ProptestConfig { cases: cases * factor, failure_persistence: None, rng_seed, ..given }
}

/// A text as a source.
pub(crate) fn source(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: text.to_owned() })
}

/// The tree of a YAML text that has no fault.
pub(crate) fn tree(path: &str, text: &str) -> Node {
    let mut report = Report::default();
    let node = parse(&source(path, text), &mut report);
    assert_eq!(report.errors(), 0, "{:?}", report.sorted());
    node.unwrap()
}

/// A place for conditions that stand in no file.
pub(crate) fn nowhere() -> Place {
    Place::start_of(&source("nowhere", ""))
}

/// The files of the clause library.
pub(crate) fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        embedded::clauses().into_iter().map(|(path, bytes)| (path.to_owned(), source(path, &text(bytes)))).collect()
    })
}

/// The clause library.
pub(crate) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| Library::read(files(), Reading::Kept, &mut Report::default()).unwrap())
}

/// The vocabulary of the library.
pub(crate) fn vocabulary() -> &'static Arc<Vocabulary> {
    static VOCABULARY: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    VOCABULARY.get_or_init(|| {
        let mut report = Report::default();
        let vocabulary = Vocabulary::read(&tree("vocabulary.yaml", &files()["vocabulary.yaml"].text), &mut report);
        assert_eq!(report.errors(), 0, "{:?}", report.sorted());
        Arc::new(vocabulary.unwrap())
    })
}

/// A file of the sample workspace.
pub(crate) fn sample(path: &str) -> &'static str {
    let found = embedded::sample().into_iter().find(|(name, _)| *name == path);
    std::str::from_utf8(found.unwrap_or_else(|| panic!("the sample has no {path}")).1).unwrap()
}

/// Workspace file, library and layouts of the sample, without suppliers and decisions.
pub(crate) fn inputs() -> Inputs {
    let mut inputs = Inputs::default();
    inputs.insert("countersign.yaml", "countersign.yaml", sample("countersign.yaml").as_bytes());
    for (folder, files) in [("clauses", embedded::clauses()), ("templates", embedded::templates())] {
        for (name, bytes) in files {
            inputs.insert(format!("{folder}/{name}"), format!("{folder}/{name}"), bytes);
        }
    }
    inputs
}

/// Values of facts by name, before they are facts.
pub(crate) type Values = BTreeMap<String, FactValue>;

/// A value for every fact of the vocabulary, `unknown` where it is allowed; shrinks to false, empty and the first value.
pub(crate) fn complete_values() -> impl Strategy<Value = Values> {
    prop::collection::vec(any::<u32>(), vocabulary().facts.len()).prop_map(|choices| {
        let facts = vocabulary().facts.iter().zip(choices);
        facts
            .map(|((name, entry), choice)| {
                let words: Vec<&str> = entry.words().collect();
                let value = match entry.r#type {
                    FactType::Bool => FactValue::Bool(choice % 2 == 1),
                    FactType::Enum | FactType::Ordered => FactValue::Word(words[choice as usize % words.len()].to_owned()),
                    FactType::Set => FactValue::Set(words.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1).map(|(_, w)| (*w).to_owned()).collect()),
                };
                (name.clone(), value)
            })
            .collect()
    })
}

/// Facts with these values.
pub(crate) fn facts(values: &Values) -> Facts {
    let mut facts = Facts::new(vocabulary());
    for (name, value) in values {
        facts.set(name, value.clone(), "stated", None);
    }
    facts
}
