//! Terms: whatever is printed, the words that it uses as terms are defined in its document, and none twice.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Place, find_word};
use crate::contract::clause::Clause;
use crate::contract::proof::prover::{Prover, Role};
use crate::contract::term::{self, Phrases};
use crate::text::document::Block;
use crate::text::markdown;
use crate::text::template::mask;

/// A clause, or one definition of a clause of definitions.
struct Text<'a> {
    clause: &'a Clause,
    outline: &'a str,
    printed: Lit,
    defines: BTreeSet<String>,
    texts: Vec<String>,
}

impl<'a> Text<'a> {
    fn new(clause: &'a Clause, outline: &'a str, printed: Lit, blocks: &[Block]) -> Self {
        Self { clause, outline, printed, defines: term::defined_in(blocks).into_iter().collect(), texts: term::texts(blocks) }
    }

    /// Where a word stands in its clause.
    fn place(&self, word: &str) -> Place {
        let at = find_word(self.clause.body(), word).map(|at| self.clause.body_place(at..at + word.len()));
        at.unwrap_or_else(|| self.clause.place())
    }
}

impl<'a> Prover<'a> {
    /// Whatever is printed, its terms are defined in its document.
    pub(super) fn terms(&mut self) {
        let library = self.library;
        let titles: Vec<(&str, &str)> = library.outlines.iter().map(|(kind, outline)| (kind.as_str(), outline.value.title.as_str())).collect();
        let names = Phrases::new(library.proper_names.iter().map(String::as_str).chain(titles.iter().map(|(_, title)| *title)));
        let without_title: BTreeMap<&str, Phrases> = titles
            .iter()
            .map(|(kind, title)| {
                (*kind, Phrases::new(library.proper_names.iter().map(String::as_str).chain(titles.iter().map(|(_, t)| *t).filter(|t| t != title))))
            })
            .collect();
        for document in &library.pack.documents {
            let texts = self.texts(document);
            let mut defined: BTreeMap<&str, Vec<&Text<'_>>> = BTreeMap::new();
            for text in &texts {
                text.defines.iter().for_each(|name| defined.entry(name).or_default().push(text));
            }
            let all = Phrases::new(defined.keys().copied());
            let mut without: BTreeMap<&str, Phrases> = BTreeMap::new();
            for text in &texts {
                let id = &text.clause.front.id;
                let whole = term::read(&text.texts, &all, &names);
                for word in &whole.undefined {
                    self.ask(vec![text.printed], Vec::new(), || {
                        let message = format!("`{word}` is capitalised in `{id}`, and nothing in the {} defines it for any profile", library.title(document));
                        let help = "define it, write it in small letters, or add it to `proper-names.yaml`";
                        Diagnostic::error("undefined-term", message).at(&text.place(word)).help(help)
                    });
                }
                for name in whole.used.iter().filter(|name| !text.defines.contains(*name)) {
                    let Some((name, definitions)) = defined.get_key_value(name.as_str()) else { continue };
                    let missing: Vec<Lit> = definitions.iter().map(|one| !one.printed).chain([text.printed]).collect();
                    let needs = definitions.iter().map(|one| one.clause.front.id.as_str()).collect();
                    // A word that would be a word like others is none that misses its definition; who wrote the definition wants it all the same.
                    let rest = without.entry(name).or_insert_with(|| Phrases::new(defined.keys().copied().filter(|other| other != name)));
                    if term::read(&text.texts, rest, &names).undefined.is_subset(&whole.undefined) {
                        self.note(missing, needs);
                        continue;
                    }
                    self.ask(missing, needs, || {
                        let message = format!("for some profile `{id}` uses the term `{name}`, which nothing in the {} defines", library.title(document));
                        let help = "define it in a clause that is chosen whenever this one is, or use another word";
                        Diagnostic::error("undefined-term", message).at(&text.place(name)).help(help)
                    });
                }
                for (kind, title) in titles.iter().filter(|(_, title)| text.texts.iter().any(|text| text.contains(title))) {
                    if term::read(&text.texts, &all, &without_title[kind]).undefined.is_subset(&whole.undefined) {
                        continue;
                    }
                    let absent: Vec<Lit> = self.hosts(kind).into_iter().map(|one| !one).chain([text.printed]).collect();
                    self.ask(absent, Vec::new(), || {
                        let message = format!("for some profile `{id}` names the {title}, which is not in the pack");
                        let help = "name it in a variant that is chosen only where it is in the pack";
                        Diagnostic::error("undefined-term", message).at(&text.place(title)).help(help)
                    });
                }
            }
            self.twice(&texts);
        }
    }

    /// Where a document is in the pack, or a document in which an instrument stands.
    fn hosts(&self, kind: &str) -> Vec<Lit> {
        let inside = |host: &str| self.library.outlines.get(host).is_some_and(|outline| outline.value.instruments.iter().any(|inner| inner == kind));
        self.model.documents().into_iter().filter(|(host, _)| *host == kind || inside(host)).map(|(_, present)| present).collect()
    }

    /// What a document can print: clauses as they are chosen, and each definition where something that is printed uses it.
    ///
    /// A definition that is reached through another counts as used whenever the text at the beginning of that way is printed.
    fn texts(&mut self, document: &str) -> Vec<Text<'a>> {
        let mut texts = Vec::new();
        let mut entries = Vec::new();
        for position in self.positions.iter().filter(|position| position.document == document) {
            for (clause, chosen) in &position.variants {
                // Without its tags: what loops over rows is a table all the same.
                let blocks = markdown::blocks(&mask(clause.body())).0;
                if position.role != Role::Definitions {
                    texts.push(Text::new(clause, position.outline, *chosen, &blocks));
                    continue;
                }
                let bullets = blocks.iter().filter_map(|block| if let Block::Bullets { items } = block { Some(items) } else { None });
                entries.extend(bullets.flatten().map(|item| Text::new(clause, position.outline, *chosen, item)));
            }
        }
        let outlines: BTreeSet<&str> = entries.iter().map(|entry| entry.outline).collect();
        for outline in outlines {
            let here = |text: &&Text<'_>| text.outline == outline;
            let phrases = Phrases::new(entries.iter().filter(here).flat_map(|entry| &entry.defines).map(String::as_str));
            let uses = |text: &Text<'_>| term::read(&text.texts, &phrases, &Phrases::default()).used;
            let mut further: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for entry in entries.iter().filter(here) {
                let used = uses(entry);
                entry.defines.iter().for_each(|name| further.entry(name.clone()).or_default().extend(used.clone()));
            }
            let mut users: BTreeMap<String, Vec<Lit>> = BTreeMap::new();
            for text in texts.iter().filter(here) {
                let mut used = BTreeSet::new();
                let mut open: Vec<String> = uses(text).into_iter().collect();
                while let Some(name) = open.pop() {
                    open.extend(further.get(&name).into_iter().flatten().filter(|next| !used.contains(*next)).cloned());
                    used.insert(name);
                }
                used.into_iter().for_each(|name| users.entry(name).or_default().push(text.printed));
            }
            for entry in entries.iter_mut().filter(|entry| entry.outline == outline) {
                let used: Vec<Lit> = entry.defines.iter().filter_map(|name| users.get(name)).flatten().copied().collect();
                let used = self.model.sat.or(&used);
                entry.printed = self.model.sat.and(&[entry.printed, used]);
            }
        }
        texts.extend(entries);
        texts
    }

    /// No term is defined by two definitions of one outline.
    fn twice(&mut self, texts: &[Text<'a>]) {
        for (at, first) in texts.iter().enumerate() {
            for second in texts[at + 1..].iter().filter(|second| second.outline == first.outline) {
                for name in first.defines.intersection(&second.defines) {
                    self.ask(vec![first.printed, second.printed], Vec::new(), || {
                        let message = format!("for some profile `{}` and `{}` both define `{name}`", first.clause.front.id, second.clause.front.id);
                        Diagnostic::error("duplicate-term", message).at(&first.place(name)).with(&second.place(name), "and here").help("keep one of them")
                    });
                }
            }
        }
    }
}
