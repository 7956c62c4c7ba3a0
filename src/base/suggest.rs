//! "Did you mean": the nearest allowed word.

/// Returns the allowed word nearest to `word`, when it is near enough to be a slip.
///
/// Near enough is a Damerau–Levenshtein distance of at most a third of the word, at least one.
///
/// ```
/// use countersign::base::suggest::nearest;
/// assert_eq!(nearest("regualted", ["public", "regulated"]), Some("regulated"));
/// assert_eq!(nearest("zebra", ["public", "regulated"]), None);
/// ```
pub fn nearest<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    allowed
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Builds a help line: the nearest word if there is one, else the allowed words.
pub fn help<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(candidate) = nearest(word, allowed.clone()) {
        return format!("did you mean `{candidate}`?");
    }
    let words: Vec<String> = allowed.into_iter().map(|w| format!("`{w}`")).collect();
    if words.is_empty() { "nothing is allowed here".to_owned() } else { format!("allowed: {}", words.join(", ")) }
}
