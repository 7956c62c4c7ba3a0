//! Letters that deceive: characters that cannot be seen, marks that pile up, words that look like other words.
//!
//! Job: say what is wrong with a text that a person will read and trust, such as a name on a contract. The home of crate
//! `unicode-security` (Unicode Technical Standard 39). Never does: change a text.

use std::fmt;

use unicode_security::{MixedScript, RestrictionLevel, RestrictionLevelDetection, skeleton};

/// Combining marks that one letter may carry: Vietnamese needs two, pointed Hebrew three.
const MOST_MARKS: usize = 4;
/// Letters from which on a word can be taken for another; shorter ones are initials and legal forms (`Α.Ε.`, `ТОВ`).
const SHORTEST_WORD: usize = 4;

/// Why a character cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has no shape of its own.
    Hidden,
    /// It turns the letters around it, so that a page reads differently from its text.
    Turning,
    /// It is a control character other than white space.
    Control,
    /// Its meaning is private, which PDF/A-3a does not allow (ISO 19005-3, 6.2.11.7).
    Private,
    /// It carries more marks than any language puts there; they would cover the lines around.
    Piled,
}

/// A character that makes a text unfit to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Byte offset in the text.
    pub at: usize,
    /// The character.
    pub character: char,
    /// What is wrong with it.
    pub why: Why,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            Why::Hidden => "cannot be seen",
            Why::Turning => "changes the direction of the text around it",
            Why::Control => "is a control character",
            Why::Private => "has no public meaning",
            Why::Piled => "carries more marks than a letter can have",
        };
        write!(f, "the character U+{:04X} {why}", u32::from(self.character))
    }
}

/// Everything in a text that a reader could not see as it is meant, in order.
///
/// White space of any kind is no fault, and neither are the two joiners between letters of scripts that need them.
///
/// ```
/// use countersign::text::letters::{Why, unreadable};
/// assert!(unreadable("Łódź Σπύρος İşgüden").is_empty());
/// let found = unreadable("Har\u{200b}bour")[0];
/// assert_eq!((found.at, found.why), (3, Why::Hidden));
/// ```
pub fn unreadable(text: &str) -> Vec<Unreadable> {
    let mut found = Vec::new();
    let mut before = None;
    let mut base = (0, ' ');
    let mut marks = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().is_some_and(|(_, c)| needs_joiners(*c));
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && before.is_some_and(needs_joiners) && next;
        let why = match c {
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(Why::Turning),
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => Some(Why::Private),
            _ if c.is_control() && !c.is_whitespace() => Some(Why::Control),
            _ if is_ignorable(c) && !joins => Some(Why::Hidden),
            _ => None,
        };
        found.extend(why.map(|why| Unreadable { at, character: c, why }));
        if is_mark(c) {
            marks += 1;
            if marks == MOST_MARKS + 1 {
                found.push(Unreadable { at: base.0, character: base.1, why: Why::Piled });
            }
        } else {
            (base, marks) = ((at, c), 0);
        }
        before = Some(c);
    }
    found
}

/// Letters and signs of scripts in which a joiner decides how a word is written: from Arabic to the scripts of South Asia.
fn needs_joiners(c: char) -> bool {
    ('\u{600}'..='\u{1fff}').contains(&c)
}

/// Property `Default_Ignorable_Code_Point` of Unicode 17 (DerivedCoreProperties.txt).
fn is_ignorable(c: char) -> bool {
    matches!(
        u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f
            | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
    )
}

/// Whether a character is a combining mark of the scripts that contract fonts carry: general marks, Cyrillic, Hebrew,
/// Arabic, Vedic, and marks for symbols.
pub fn is_mark(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0300..=0x036f | 0x0483..=0x0489 | 0x0591..=0x05bd | 0x05bf | 0x05c1..=0x05c2 | 0x05c4..=0x05c5 | 0x0610..=0x061a
            | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06dc | 0x0951..=0x0954 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff
            | 0x20d0..=0x20f0 | 0xfe20..=0xfe2f
    )
}

/// A word that can be taken for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disguise {
    /// Letters of two scripts in one word.
    Mixed(String),
    /// A word of another script in a Latin text that looks like a Latin word.
    Lookalike(String, String),
}

impl fmt::Display for Disguise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mixed(word) => write!(f, "`{word}` mixes letters of two scripts ({})", foreign(word)),
            Self::Lookalike(word, latin) => write!(f, "`{word}` looks like `{latin}` but is written in other letters ({})", foreign(word)),
        }
    }
}

/// The letters of a word beyond Latin, by code point.
fn foreign(word: &str) -> String {
    let mut letters: Vec<String> = word.chars().filter(|c| c.is_alphabetic() && *c > '\u{24f}').map(|c| format!("U+{:04X}", u32::from(c))).collect();
    letters.dedup();
    letters.truncate(5);
    letters.join(", ")
}

/// The first word of a text that can be taken for another.
///
/// A text may hold words of several scripts, one script in each word (UTS 39, 5.1, for each word). In a text with Latin words, a
/// word of another script must not look like a Latin one (UTS 39, 4).
///
/// ```
/// use countersign::text::letters::disguise;
/// assert_eq!(disguise("Σπύρος & Wójcik Temizlik"), None);
/// assert!(disguise("p\u{430}ypal.example").is_some());
/// ```
pub fn disguise(text: &str) -> Option<Disguise> {
    if text.is_ascii() {
        return None;
    }
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|w| w.chars().any(char::is_alphabetic)).collect();
    if let Some(word) = words.iter().find(|w| is_mixed(w)) {
        return Some(Disguise::Mixed((*word).to_owned()));
    }
    let latin = |word: &str| word.chars().all(|c| c <= '\u{24f}' || is_mark(c));
    let long = |word: &&&str| word.chars().filter(|c| c.is_alphabetic()).count() >= SHORTEST_WORD;
    if !words.iter().filter(long).any(|w| latin(w)) {
        return None;
    }
    words.iter().filter(long).filter(|w| !latin(w)).find_map(|word| {
        let looks: String = looks(word);
        looks.chars().all(|c| c.is_ascii_alphanumeric()).then(|| Disguise::Lookalike((*word).to_owned(), looks))
    })
}

/// Latin goes with the scripts of East Asia (UTS 39, 5.2, moderately restrictive), and with the Greek letter of a micro-unit.
fn is_mixed(word: &str) -> bool {
    let word = word.strip_prefix('\u{3bc}').unwrap_or(word);
    !word.is_single_script() && !word.check_restriction_level(RestrictionLevel::ModeratelyRestrictive)
}

/// What a text looks like: equal for texts that can be taken for each other (UTS 39, 4, skeleton).
pub fn looks(text: &str) -> String {
    skeleton(text).collect()
}

#[cfg(test)]
mod tests {
    use super::{Disguise, Why, disguise, looks, unreadable};

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, at, why) in [
            ("a\u{202e}b", 1, Why::Turning),
            ("a\u{ad}b", 1, Why::Hidden),
            ("a\u{200d}b", 1, Why::Hidden),
            ("a\u{1b}[31m", 1, Why::Control),
            ("a\u{e000}", 1, Why::Private),
            ("tag \u{e0041}", 4, Why::Hidden),
            ("me\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", 1, Why::Piled),
        ] {
            let found: Vec<_> = unreadable(text).iter().map(|u| (u.at, u.why)).collect();
            assert_eq!(found, [(at, why)], "{text:?}");
        }
        for text in ["two\nlines\tand a tab", "ệ e\u{302}\u{323}", "می\u{200c}خواهم", "क्\u{200d}ष", "no\u{a0}break"] {
            assert!(unreadable(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn words_of_two_scripts_and_lookalikes_are_found() {
        assert!(matches!(disguise("H\u{430}rbourline Bank"), Some(Disguise::Mixed(_))));
        // All of `сосо` is Cyrillic.
        assert!(matches!(disguise("\u{441}\u{43e}\u{441}\u{43e} Chanel Limited"), Some(Disguise::Lookalike(_, latin)) if latin == "coco"));
        for sound in [
            "Αφοί Παπαδόπουλοι Α.Ε.",
            "ООО Ромашка",
            "Καθαρή Αυλή Wójcik-Şahin",
            "日本語 Ltd",
            "Łódź",
            "naïve café",
            "Müller µ-Services",
            "株式会社Sony",
            "μTorrent",
            "ТОВ Ера Limited",
        ] {
            assert_eq!(disguise(sound), None, "{sound}");
        }
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        assert_eq!(looks("p\u{430}ypal"), looks("paypal"));
        assert_ne!(looks("paypal"), looks("paypale"));
    }
}
