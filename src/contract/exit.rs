//! What falls due because a contract ends: the obligations of its terms that start at the notice or at the end, each with its day.

use crate::base::date::Date;
use crate::contract::milestone::{ExitDeadline, ExitStart, PackObligation};

/// Words of a trigger that counts from the day on which notice was received.
const NOTICE: [&str; 2] = ["notice of termination", "termination notice"];
/// Words of a trigger that counts from the last day of the contract.
const END: [&str; 7] =
    ["end date", "termination date", "end of the agreement", "end of the services", "end of the processing services", "end of this baa", "end of the term"];
/// Triggers that are no more than the word for the end itself.
const END_ALONE: [&str; 2] = ["termination", "exit"];

/// Lists the obligations that start at the notice or at the end of a contract, in order of their day, undated last.
///
/// What starts later (`access ended`, `Exit Record presented`) is not among them: its first day is not known yet. Nor is the notice
/// itself (`decision to end`): it was given.
///
/// ```
/// use countersign::base::date::Date;
/// use countersign::contract::clause::Obligor;
/// use countersign::contract::exit::exit_deadlines;
/// use countersign::contract::milestone::PackObligation;
///
/// let owed = |trigger: &str| PackObligation {
///     document: "termination".into(),
///     id: "termination.access/end".into(),
///     who: Obligor::Supplier,
///     what: "end all access".into(),
///     trigger: trigger.into(),
///     deadline: "24 hours".into(),
/// };
/// let day = |text: &str| text.parse::<Date>().unwrap();
/// let found = exit_deadlines(&[owed("End Date"), owed("access ended")], day("2027-01-04"), day("2027-03-31"));
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].due, Some(day("2027-04-01")));
/// ```
pub fn exit_deadlines(obligations: &[PackObligation], notice: Date, end: Date) -> Vec<ExitDeadline> {
    let mut deadlines: Vec<ExitDeadline> = obligations
        .iter()
        .filter_map(|obligation| {
            let starts = starts_at(&obligation.trigger)?;
            let from = if starts == ExitStart::Notice { notice } else { end };
            let due = if obligation.deadline.eq_ignore_ascii_case("end date") { Some(end) } else { due(from, &obligation.deadline) };
            Some(ExitDeadline { obligation: obligation.clone(), starts, due })
        })
        .collect();
    deadlines.sort_by(|a, b| {
        let key = |d: &ExitDeadline| (d.due.is_none(), d.due, d.obligation.document.clone(), d.obligation.id.clone());
        key(a).cmp(&key(b))
    });
    deadlines
}

/// What a trigger counts from; `None` for one that has nothing to do with the end of a contract, or that starts after it.
fn starts_at(trigger: &str) -> Option<ExitStart> {
    let trigger = trigger.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| trigger.contains(w));
    if has(&NOTICE) {
        Some(ExitStart::Notice)
    } else if has(&END) || END_ALONE.contains(&trigger.as_str()) {
        Some(ExitStart::End)
    } else {
        None
    }
}

/// The last day of a printed deadline such as `30 calendar days`; `None` where it is no span of time.
///
/// The day from which it counts is not counted itself. Hours are rounded up to whole days, because no time of day is known. Business days
/// and working days are Monday to Friday: public holidays are not taken out, so the true day can only be later. Months and years keep the
/// day of the month, or take the last one of a shorter month.
///
/// ```
/// use countersign::base::date::Date;
/// use countersign::contract::exit::due;
/// let friday: Date = "2027-04-30".parse().unwrap();
/// assert_eq!(due(friday, "1 business day"), "2027-05-03".parse().ok());
/// assert_eq!(due(friday, "1,000 hours"), friday.plus_days(42).into());
/// assert_eq!(due(friday, "without delay"), None);
/// ```
pub fn due(from: Date, printed: &str) -> Option<Date> {
    let (figure, unit) = printed.trim().split_once(' ')?;
    let figure: i32 = figure.replace(',', "").parse().ok().filter(|figure| (0..=100_000).contains(figure))?;
    Some(match unit {
        "hour" | "hours" => from.plus_days((figure + 23) / 24),
        "day" | "days" | "calendar day" | "calendar days" => from.plus_days(figure),
        "business day" | "business days" | "working day" | "working days" => plus_weekdays(from, figure),
        "month" | "months" => from.plus_months(figure),
        "year" | "years" => from.plus_months(figure.saturating_mul(12)),
        _ => return None,
    })
}

/// The day some Mondays to Fridays later; none at all is the day itself.
fn plus_weekdays(from: Date, days: i32) -> Date {
    let mut day = from;
    let mut left = days;
    while left > 0 {
        day = day.plus_days(1);
        if day.is_weekday() {
            left -= 1;
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use super::{due, starts_at};
    use crate::base::date::Date;
    use crate::contract::milestone::ExitStart;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn printed_spans_have_a_last_day_and_words_have_none() {
        let from = day("2027-01-29"); // a Friday
        for (printed, expected) in [
            ("24 hours", Some("2027-01-30")),
            ("25 hours", Some("2027-01-31")),
            ("0 hours", Some("2027-01-29")),
            ("30 calendar days", Some("2027-02-28")),
            ("1 month", Some("2027-02-28")),
            ("6 years", Some("2033-01-29")),
            ("5 business days", Some("2027-02-05")),
            ("6 working days", Some("2027-02-08")),
            ("without delay", None),
            ("End Date", None),
            ("15 minutes", None),
            ("-3 days", None),
            ("10 calendar days after signing", None),
        ] {
            assert_eq!(due(from, printed), expected.map(day), "{printed}");
        }
        assert_eq!(due(day("2027-01-30"), "1 business day"), Some(day("2027-02-01")), "from a Saturday, Monday is the first");
    }

    #[test]
    fn triggers_count_from_the_notice_the_end_or_neither() {
        for (trigger, expected) in [
            ("End Date", Some(ExitStart::End)),
            ("End Date, or the earlier end of need", Some(ExitStart::End)),
            ("request, or End Date", Some(ExitStart::End)),
            ("End of the Services", Some(ExitStart::End)),
            ("end of this BAA or of the Services that need PHI", Some(ExitStart::End)),
            ("termination", Some(ExitStart::End)),
            ("Exit", Some(ExitStart::End)),
            ("notice of termination received", Some(ExitStart::Notice)),
            ("decision to end", None),
            ("Exit Record presented", None),
            ("Customer asks during the Exit", None),
            ("end of the notice period", None),
            ("end of the need", None),
            ("becoming aware", None),
        ] {
            assert_eq!(starts_at(trigger), expected, "{trigger}");
        }
    }
}
