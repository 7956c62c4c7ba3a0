//! Languages of mails, and how they write a date.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::date::Date;

/// Months in German, January first.
const MONATE: [&str; 12] = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];

/// A language in which there are mails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// Its code (ISO 639-1), as in file names and in the `lang` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// A date as a reader of this language writes it out.
    ///
    /// ```
    /// use countersign::outbox::Language;
    /// let date = "2026-11-25".parse().unwrap();
    /// assert_eq!(Language::En.date(date), "25 November 2026");
    /// assert_eq!(Language::De.date(date), "25. November 2026");
    /// ```
    pub fn date(self, date: Date) -> String {
        match self {
            Self::En => date.long(),
            Self::De => {
                let (year, month, day) = date.parts();
                let month = usize::try_from(month - 1).ok().and_then(|at| MONATE.get(at)).expect("months run from 1 to 12");
                format!("{day}. {month} {year}")
            }
        }
    }
}
