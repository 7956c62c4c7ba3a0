//! The fonts: which there are, which characters they show, how wide a word is.
//!
//! Job: load the embedded fonts and those passed in, answer whether a character can be shown, and measure words for the
//! widths of table columns. Neighbours: `world` hands the fonts to Typst, `table` asks for widths. Never does: look for
//! fonts on the machine; a document must come out the same everywhere.

use std::collections::BTreeMap;

use crate::text::letters::is_mark;
use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontBook, FontInfo, FontStretch, FontStyle, FontVariant, FontVariations, FontWeight, is_default_ignorable};
use typst::utils::LazyHash;

use super::error::RenderError;

/// Family of the body text. It is embedded; `templates/layout.typ` names the same family.
pub(super) const BODY_FAMILY: &str = "libertinus serif";

/// Widths are kept for the characters below this one: Latin, its extensions and punctuation up to U+024F.
const MEASURED: usize = 0x250;

/// Width in em of a character outside [`MEASURED`]: somewhat wider than the average, so that columns err on the wide side.
const OTHER_WIDTH: f64 = 0.62;

/// All loaded fonts.
pub(super) struct Fonts {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    regular: Vec<f64>,
    bold: Vec<f64>,
}

impl Fonts {
    /// Loads the embedded fonts first, then the extra ones in the order of their names.
    pub(super) fn new(extra: BTreeMap<String, Vec<u8>>) -> Result<Self, RenderError> {
        let mut fonts: Vec<Font> = typst_assets::fonts().flat_map(|bytes| Font::iter(Bytes::new(bytes))).collect();
        for (name, bytes) in extra {
            let before = fonts.len();
            fonts.extend(Font::iter(Bytes::new(bytes)));
            if fonts.len() == before {
                return Err(RenderError::Font { name });
            }
        }
        let book = FontBook::from_fonts(&fonts);
        let regular = widths(&book, &fonts, FontWeight::REGULAR)?;
        let bold = widths(&book, &fonts, FontWeight::BOLD)?;
        Ok(Self { book: LazyHash::new(book), fonts, regular, bold })
    }

    /// Metadata of the fonts, as Typst wants it.
    pub(super) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// The font at an index of the book.
    pub(super) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// Width of a text in em of the body font, without kerning.
    pub(super) fn width(&self, text: &str, bold: bool) -> f64 {
        let table = if bold { &self.bold } else { &self.regular };
        text.chars().filter(|character| !is_default_ignorable(*character)).map(|character| table.get(character as usize).copied().unwrap_or(OTHER_WIDTH)).sum()
    }

    /// Whether a reader will see this character as it is meant; `before` is the last character that is no combining mark.
    ///
    /// Typst falls back over every loaded font, so one of them is enough; a combining mark, though, must come from a font
    /// that has its base too. Joiners need no glyph. Not shown are control characters, private-use characters (PDF/A-3a,
    /// ISO 19005-3 6.2.11.7, wants a meaning for each glyph) and the bidirectional embeddings, overrides and isolates, which
    /// could make a page read differently from its text.
    pub(super) fn shows(&self, character: char, before: Option<char>) -> bool {
        match character {
            ' '..='~' | '\n' | '\t' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => false,
            _ if character.is_control() => false,
            _ if is_default_ignorable(character) => true,
            _ if is_mark(character) => match before {
                Some(base) if self.body_covers(base) => self.body_covers(character),
                Some(base) => self.infos().any(|info| covers(info, base) && covers(info, character)),
                None => self.body_covers(character),
            },
            _ => self.infos().any(|info| covers(info, character)),
        }
    }

    fn infos(&self) -> impl Iterator<Item = &FontInfo> {
        (0..self.fonts.len()).filter_map(|index| self.book.info(index))
    }

    fn body_covers(&self, character: char) -> bool {
        self.book.select_family(BODY_FAMILY).filter_map(|index| self.book.info(index)).all(|info| covers(info, character))
    }
}

fn covers(info: &FontInfo, character: char) -> bool {
    info.coverage.contains(u32::from(character))
}

/// Advance widths in em of the body font for the characters below [`MEASURED`].
fn widths(book: &FontBook, fonts: &[Font], weight: FontWeight) -> Result<Vec<f64>, RenderError> {
    let missing = || RenderError::FontFamily { family: BODY_FAMILY.to_owned() };
    let variant = FontVariant::new(FontStyle::Normal, weight, FontStretch::NORMAL);
    let index = book.select(BODY_FAMILY, variant).ok_or_else(missing)?;
    let font = fonts.get(index).ok_or_else(missing)?.clone();
    let instance = font.instantiate(variant, Abs::pt(10.0), &FontVariations::default());
    let width = |code: usize| {
        let character = u32::try_from(code).ok().and_then(char::from_u32)?;
        let glyph = instance.ttf().glyph_index(character)?;
        instance.x_advance(glyph.0).map(|advance| advance.get())
    };
    Ok((0..MEASURED).map(|code| width(code).unwrap_or(OTHER_WIDTH)).collect())
}
