//! What a cell says: dates, ids, scalars.

use crate::base::date::Date;
use crate::base::node::{Kind, Node};
use crate::base::source::Place;
use crate::contract::intake::DateForm;

/// Longest id that is made of a name.
const LONGEST_ID: usize = 60;

impl DateForm {
    /// Reads a date; `Err(true)` for a day that the calendar does not have, `Err(false)` for another form.
    pub(super) fn read(self, text: &str) -> Result<Date, bool> {
        let parts: Vec<&str> = text.split(['.', '/', '-']).map(str::trim).collect();
        let [first, second, third] = parts.as_slice() else { return Err(false) };
        let (year, month, day) = match self {
            Self::Iso => (first, second, third),
            Self::DayMonthYear => (third, second, first),
            Self::MonthDayYear => (third, first, second),
        };
        let digits = |text: &str, most: usize| !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
        // A year of two digits could be of two centuries.
        if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return Err(false);
        }
        format!("{year}-{month:0>2}-{day:0>2}").parse().map_err(|_| true)
    }

    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Iso => "`2026-11-21`",
            Self::DayMonthYear => "`21.11.2026`",
            Self::MonthDayYear => "`11/21/2026`",
        }
    }
}

/// A scalar; of a number or boolean a plain one.
pub(super) fn scalar(text: String, is_plain: bool, place: &Place) -> Node {
    let is_null = matches!(text.as_str(), "" | "~" | "null");
    Node { place: place.clone(), kind: Kind::Scalar { text, plain: is_plain && !is_null } }
}

/// An id out of a name: letters without their accents, and hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let plain = match c {
            'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
            'ü' | 'Ü' => "ue",
            'ß' | 'ẞ' => "ss",
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' | 'Ą' => "a",
            'ç' | 'ć' | 'č' | 'Ç' | 'Ć' | 'Č' => "c",
            'ď' | 'đ' | 'ð' | 'Ď' | 'Đ' => "d",
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' | 'È' | 'É' | 'Ê' | 'Ë' | 'Ę' | 'Ě' => "e",
            'ğ' | 'Ğ' => "g",
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' | 'İ' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
            'ł' | 'Ł' => "l",
            'ñ' | 'ń' | 'ň' | 'Ñ' | 'Ń' | 'Ň' => "n",
            'ò' | 'ó' | 'ô' | 'õ' | 'ő' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ő' => "o",
            'ř' | 'Ř' => "r",
            'ś' | 'š' | 'ş' | 'ș' | 'Ś' | 'Š' | 'Ş' | 'Ș' => "s",
            'ť' | 'ţ' | 'ț' | 'Ť' | 'Ţ' | 'Ț' => "t",
            'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'Ù' | 'Ú' | 'Û' | 'Ů' | 'Ű' => "u",
            'ý' | 'ÿ' | 'Ý' => "y",
            'ź' | 'ž' | 'ż' | 'Ź' | 'Ž' | 'Ż' => "z",
            'þ' | 'Þ' => "th",
            '&' => "-and-",
            '\'' | '\u{2019}' | '.' => continue,
            c if c.is_ascii_alphanumeric() => {
                out.push(c.to_ascii_lowercase());
                continue;
            }
            _ => "-",
        };
        out.push_str(plain);
    }
    let mut id = out.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if id.len() > LONGEST_ID {
        id.truncate(LONGEST_ID);
        id.truncate(id.rfind('-').filter(|at| *at > LONGEST_ID / 2).unwrap_or(id.len()));
    }
    id
}
