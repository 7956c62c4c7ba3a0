//! Plain text made safe for lines of finite length.
//!
//! Job: turn line ends into spaces, offer a break inside very long words, keep right-to-left values from reordering what
//! stands around them, shorten running titles. All of it happens on the way to the layout only; the document tree and the
//! embedded terms keep the text as it is. Never does: change a visible character of the body.

use super::fonts::Fonts;

/// Marks, between here and `data`, where a line may break without a hyphen: a hyphen inside a legal name or an address would
/// falsify it. It never reaches the page, where it would end up in the address somebody copies.
pub(super) const BREAK: char = '\u{200b}';
/// A word up to this many characters is left to hyphenation.
const LONG_WORD: usize = 26;
/// Inside a long word, at most this many characters without an offered break.
const STRIDE: usize = 12;
/// First strong isolate and its end (UAX 9): what is inside cannot reorder what is outside.
const ISOLATE: char = '\u{2068}';
const END_ISOLATE: char = '\u{2069}';

/// Text of the library: line ends become spaces, very long words may break.
pub(super) fn soften(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, word) in text.split(is_space).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        soften_word(word, &mut out);
    }
    out
}

/// A value: as [`soften`], and isolated where it runs from right to left.
pub(super) fn soften_value(text: &str) -> String {
    isolated(&soften(&together(text)))
}

/// A text that cannot reorder what stands around it, where it runs from right to left.
pub(super) fn isolated(text: &str) -> String {
    if text.chars().any(is_right_to_left) { format!("{ISOLATE}{text}{END_ISOLATE}") } else { text.to_owned() }
}

/// No-break spaces where a line must not end: after a number, inside a telephone number.
pub(super) fn together(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut number, mut telephone) = (false, false);
    for (at, c) in text.char_indices() {
        let word_starts = out.is_empty() || out.ends_with([' ', '\u{a0}', '(']);
        match c {
            '+' if word_starts => (number, telephone) = (false, true),
            ' ' => {
                let digit_follows = text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
                let letter_follows = text[at + 1..].starts_with(char::is_alphabetic);
                telephone &= digit_follows;
                out.push(if telephone || (number && letter_follows) { '\u{a0}' } else { ' ' });
                number = false;
                continue;
            }
            c if c.is_ascii_digit() => number |= word_starts,
            ',' | '.' if number => {}
            _ => (number, telephone) = (false, false),
        }
        out.push(c);
    }
    out
}

/// A reference: its number stays with the word before it.
pub(super) fn reference(text: &str) -> String {
    match text.split_once(' ') {
        Some((word @ ("clause" | "section" | "paragraph" | "Schedule" | "Instrument"), rest)) => format!("{word}\u{a0}{rest}"),
        _ => text.to_owned(),
    }
}

/// Whether a hyphen at the end of a line would falsify this softened word: addresses, and words so long that they are names.
pub(super) fn is_unhyphenated(word: &str) -> bool {
    word.contains(BREAK) || word.contains('@') || word.contains("://") || word.starts_with("www.")
}

/// Longest piece of a softened text that cannot be broken, in em of the body font.
pub(super) fn longest_piece(fonts: &Fonts, soft: &str, bold: bool) -> f64 {
    soft.split([' ', BREAK]).map(|piece| fonts.width(piece, bold)).fold(0.0, f64::max)
}

/// Shortens a text to a width in em and ends it with an ellipsis if something was cut.
pub(super) fn shorten(fonts: &Fonts, text: &str, width: f64) -> String {
    shorten_by(&|text| fonts.width(text, false), text, width)
}

/// As [`shorten`], where something else than the body font measures a text.
pub(super) fn shorten_by(measure: &dyn Fn(&str) -> f64, text: &str, width: f64) -> String {
    let text: String = text.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    if measure(&text) <= width {
        return text;
    }
    let mut out = String::new();
    for character in text.chars() {
        out.push(character);
        if measure(&out) + 1.0 > width {
            out.pop();
            break;
        }
    }
    // Rather a word less than half a word.
    let whole = out.rfind(' ').filter(|at| *at > out.len() / 2).unwrap_or(out.len());
    format!("{}\u{2026}", out[..whole].trim_end())
}

/// Spaces at which a line ends or a tab was pressed. No-break spaces stay what they are.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn soften_word(word: &str, out: &mut String) {
    if word.chars().count() <= LONG_WORD {
        out.push_str(word);
        return;
    }
    let mut since = 0;
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        out.push(character);
        since += 1;
        let Some(&next) = characters.peek() else { break };
        let at_joint = since >= 4 && matches!(character, '/' | '.' | '-' | '_' | '@' | '&' | '=' | '?' | ',' | ';' | ':');
        // Only between two letters or digits: never before a combining mark or a joiner.
        let forced = since >= STRIDE && character.is_alphanumeric() && next.is_alphanumeric();
        if at_joint || forced {
            out.push(BREAK);
            since = 0;
        }
    }
}

/// Whether a character belongs to a script that runs from right to left.
pub(super) fn is_right_to_left(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x10800..=0x10fff | 0x1e800..=0x1efff
    )
}
