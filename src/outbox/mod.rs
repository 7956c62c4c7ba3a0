//! Floor 3: what a mail says. A letter becomes the bytes of a mail.
//!
//! Neighbours below: `text`, `base`. Never does: decide who gets a mail, send one, or make a one-time link.
//!
//! The wording stands in `templates/mail/`, one file for each template, language and form:
//! `mail/<template>.<language>.txt` and `.html`. The first line of a `.txt` is `Subject: …`, then an empty line, then the
//! text; both forms are complete by themselves. Templates see these values (those that may be missing are `null`, to be
//! asked with `if`):
//!
//! | value | is |
//! |---|---|
//! | `organisation` | who asks |
//! | `to.name`, `to.address` | who is asked |
//! | `supplier`, `department` | why this person is asked: works for one of them, or neither is known |
//! | `supplier_end` | the supplier at the end of a sentence: without a full stop of its own, as in “Inc.” |
//! | `items` | each with `kind` (`acknowledgment`, `training`, …), `title`, `stage`, `lessons` (a list), and perhaps `version`, `due`, `signed` (dates written out), `link`, `consequence`, `who` (owes it), `level` (why somebody else is told) |
//! | `count` | how many items |
//! | `due` | the earliest due date, written out |
//! | `link` | where the one button leads; when it is set, no item has a link of its own |
//! | `links` | how many links the mail has |
//! | `template` | `request`, `reminder`, `digest`, `team`, `report`, `receipt`, `code`, `test` |
//! | `stage` | of a reminder, digest or team mail: `request`, `ahead`, `due`, `overdue` |
//! | `first` | whether nothing in it was told before |
//! | `known.name`, `known.email` | somebody of ours whom the person probably knows, in a first mail |
//! | `report.title`, `report.as_of` | the report that a mail carries |
//! | `code.digits`, `code.minutes` | the code to sign with, and for how long it is good |
//! | `attachment` | file name of the receipt or report |
//! | `contact.name`, `contact.email`, `contact.telephone` | who can help; the last may be missing |
//! | `not_me` | the address to which the wrong person can say so |
//! | `language` | `en`, `de` |
//! | `sent` | the day of sending in UTC, written out |
//! | `subject` | only in `.html`: the subject from the `.txt` |

pub mod bounce;
pub mod calendar;
pub mod compose;
pub mod language;
pub mod letter;
mod line;

pub use compose::{ComposeError, Composed, compose};
pub use language::Language;
pub use letter::{Affiliation, Attachment, Contact, Item, Letter, Link, LinkError, ReportTitle, Sender, Stage, Template};
