//! The log: one JSON object a line on standard error. Its types have no field for an address, a token, a name or a mailbox.

use std::io::Write;

use serde::Serialize;

use crate::base::instant::Instant;

/// One line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    /// The server takes requests.
    Listening {
        /// Where.
        address: String,
        /// Whether by TLS.
        tls: bool,
    },
    /// A request was answered.
    Request {
        /// Method.
        method: &'a str,
        /// The pattern of the route, never the path.
        route: &'a str,
        /// Status.
        status: u16,
        /// Milliseconds that it took.
        ms: u64,
    },
    /// Mails with codes and receipts were handed over.
    Mails {
        /// Taken by the server.
        sent: usize,
        /// Not taken, or not known.
        unsent: usize,
    },
    /// Something is wrong with register, library or mail server.
    Fault {
        /// What was done.
        doing: &'a str,
        /// What is wrong, in words of ours that name files, entries and settings.
        what: String,
    },
    /// A connection ended early: what TLS or HTTP say.
    Connection {
        /// What.
        what: &'a str,
    },
    /// The server takes no more requests and finishes those under way.
    Stopping,
    /// The server has ended.
    Stopped,
}

#[derive(Serialize)]
struct Timed<'a> {
    time: Instant,
    #[serde(flatten)]
    line: Line<'a>,
}

/// Writes a line; where nobody reads the log, nothing is lost but the log.
pub(super) fn write(line: Line<'_>) {
    let Ok(mut text) = serde_json::to_vec(&Timed { time: crate::clock::now(), line }) else { return };
    text.push(b'\n');
    let _ = std::io::stderr().lock().write_all(&text);
}
