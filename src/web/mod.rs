//! Floor 6: the sign page, and the interface for programs, over HTTP.
//!
//! Job: show what a one-time link opens and take the answer, by the same workflows as the command line. Neighbours below: `workflow` for
//! everything that is decided, `text::page` for the pages (`templates/web/`). Never does: decide what counts, keep anything of a request,
//! log an address, a token or a name.
//!
//! A page that is shown is a read: GET and HEAD change nothing. An answer is a POST with the nonce of a page that was shown. There is no
//! cookie and no script.

mod api;
mod clerk;
mod form;
mod guard;
mod log;
mod server;
mod sign;
mod site;
mod view;

pub use server::{Options, Running, ServeError, start};
