//! How an organisation's papers look: paper, accent colour, name, logo.
//!
//! Job: hold these few choices and refuse those that nobody could read. Everything here belongs to the organisation and
//! not to a supplier, so it may stand in style rules without spoiling the layout cache. Never does: read a file.

use serde::Serialize;

use super::error::RenderError;

/// Paper size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// 8.5 by 11 inches.
    UsLetter,
}

impl Paper {
    /// Page width in points.
    pub(super) fn width(self) -> f64 {
        match self {
            Paper::A4 => 595.28,
            Paper::UsLetter => 612.0,
        }
    }
}

/// A logo for the cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// PNG, JPEG, GIF, WebP or SVG.
    pub bytes: Vec<u8>,
    /// Alternative text; PDF/UA-1 demands one.
    pub alternative: String,
}

/// The look of one organisation's documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Paper size, by the organisation's country.
    pub paper: Paper,
    /// One quiet colour as `#rrggbb` for the title and thin rules; `None` is black.
    pub accent: Option<String>,
    /// Name of the organisation: printed on the cover where there is no logo, and the author in the metadata.
    pub organisation: String,
    /// Logo for the cover.
    pub logo: Option<Logo>,
}

/// Least contrast of text on its ground (WCAG 2.2, 1.4.3), in tenths.
const LEAST_CONTRAST: f64 = 4.5;

/// Checks an accent colour and returns it in lower case.
///
/// # Errors
/// [`RenderError::AccentSyntax`] unless it is `#` and six hexadecimal digits; [`RenderError::AccentContrast`] below 4.5 to 1 on white.
pub fn check_accent(value: &str) -> Result<String, RenderError> {
    let syntax = || RenderError::AccentSyntax { value: value.to_owned() };
    let digits = value.strip_prefix('#').ok_or_else(syntax)?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(syntax());
    }
    let number = u32::from_str_radix(digits, 16).map_err(|_| syntax())?;
    let contrast = 1.05 / (luminance(number) + 0.05);
    if contrast < LEAST_CONTRAST {
        let tenths_text = format!("{:.1}", (contrast * 10.0).floor() / 10.0);
        return Err(RenderError::AccentContrast { value: value.to_owned(), tenths_text });
    }
    Ok(value.to_ascii_lowercase())
}

/// Relative luminance of an sRGB colour, WCAG 2.2.
fn luminance(rgb: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from((rgb >> shift) & 0xff) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}
