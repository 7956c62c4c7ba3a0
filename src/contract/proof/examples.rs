//! Examples: profiles that between them bring in everything that the library has, and every two values that can meet.

use std::collections::BTreeSet;

use batsat::Lit;

use crate::base::date::Date;
use crate::contract::library::Library;
use crate::contract::proof::Profile;
use crate::contract::proof::model::Model;
use crate::contract::proof::prover::Prover;
use crate::contract::requirement::Phase;

/// The plainest profile that brings in each clause, and that to which each requirement of the issued text applies; then profiles in which every two values that
/// two facts can have together meet. Each once, under what it was made for.
pub fn examples(library: &Library, date: Date) -> Vec<(String, Profile)> {
    let mut prover = Prover::new(library);
    let mut out: Vec<(String, Profile)> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut keep = |name: String, profile: Option<Profile>| {
        if let Some(profile) = profile
            && seen.insert(profile.clone())
        {
            out.push((name, profile));
        }
    };
    for id in prover.clauses() {
        let all = prover.with_clause(id);
        keep(format!("clause {id}"), prover.model.nearest(&all, None));
    }
    for requirement in library.requirements.values().filter(|one| one.phase == Phase::Generation && one.is_in_force(date)) {
        let applies = prover.model.letter(requirement.condition());
        keep(format!("requirement {}", requirement.id), prover.model.nearest(&[applies], None));
    }
    let pairs = pairs(&mut prover.model);
    pairs.into_iter().enumerate().for_each(|(at, profile)| keep(format!("pair {:03}", at + 1), Some(profile)));
    out
}

/// Profiles in which every two values that can be together are, found greedily: fact by fact the value that makes the most new pairs.
fn pairs(model: &mut Model<'_>) -> Vec<Profile> {
    let domains = model.domains();
    let letters: Vec<(usize, Lit)> = domains.iter().enumerate().flat_map(|(at, words)| words.iter().map(move |word| (at, *word))).collect();
    let at = |letter: Lit| letters.iter().position(|(_, one)| *one == letter).unwrap_or_default();
    let mut is_done: Vec<Vec<bool>> = letters.iter().map(|(one, _)| letters.iter().map(|(other, _)| one == other).collect()).collect();
    let mut out = Vec::new();
    for first in 0..letters.len() {
        for second in first + 1..letters.len() {
            if is_done[first][second] {
                continue;
            }
            let mut fixed = vec![letters[first].1, letters[second].1];
            if !model.sat.can_be(&fixed) {
                continue;
            }
            let mut chosen = vec![first, second];
            for words in &domains {
                let mut words: Vec<usize> = words.iter().map(|word| at(*word)).collect();
                if words.iter().any(|word| chosen.contains(word)) {
                    continue;
                }
                words.sort_by_key(|word| std::cmp::Reverse(chosen.iter().filter(|other| !is_done[*word][**other]).count()));
                for word in words {
                    fixed.push(letters[word].1);
                    if model.sat.can_be(&fixed) {
                        chosen.push(word);
                        break;
                    }
                    fixed.pop();
                }
            }
            model.sat.can_be(&fixed);
            for one in &chosen {
                for other in &chosen {
                    is_done[*one][*other] = true;
                }
            }
            out.push(model.profile());
        }
    }
    out
}
