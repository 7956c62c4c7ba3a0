//! The schema, in steps: each is applied once, in order, and never changed after a release.

use rusqlite::Connection;

use crate::store::StoreError;

/// Steps of the schema; the number of a step is the `user_version` of a file that has it.
const STEPS: [&str; 3] = [
    // 1: the first form.
    "CREATE TABLE entry (
         position INTEGER PRIMARY KEY,
         leaf     BLOB NOT NULL,
         salt     BLOB,
         payload  BLOB,
         subject  TEXT,
         CHECK ((salt IS NULL) = (payload IS NULL))
     ) STRICT;
     CREATE INDEX entry_subject ON entry (subject) WHERE subject IS NOT NULL;
     CREATE TABLE tile (
         level  INTEGER NOT NULL,
         number INTEGER NOT NULL,
         hashes BLOB NOT NULL,
         PRIMARY KEY (level, number)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE checkpoint (
         size INTEGER PRIMARY KEY,
         note TEXT NOT NULL
     ) STRICT;
     CREATE TABLE file (
         id     INTEGER PRIMARY KEY,
         sha256 TEXT NOT NULL UNIQUE,
         bytes  BLOB NOT NULL
     ) STRICT;
     CREATE TABLE mail (
         id         INTEGER PRIMARY KEY,
         key        TEXT NOT NULL UNIQUE,
         state      INTEGER NOT NULL,
         attempts   INTEGER NOT NULL,
         not_before INTEGER NOT NULL,
         decided    INTEGER NOT NULL,
         response   TEXT NOT NULL
     ) STRICT;
     CREATE INDEX mail_state ON mail (state);
     CREATE TABLE link (
         sha256  TEXT PRIMARY KEY,
         request TEXT NOT NULL,
         mail    TEXT NOT NULL REFERENCES mail (key),
         salt    BLOB NOT NULL,
         sent_to TEXT NOT NULL,
         expires INTEGER NOT NULL,
         state   INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX link_request ON link (request);
     CREATE INDEX link_mail ON link (mail);
     CREATE TABLE nonce (
         sha256  TEXT PRIMARY KEY,
         link    TEXT NOT NULL REFERENCES link (sha256),
         expires INTEGER NOT NULL,
         used    INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;",
    // 2: when reminders were decided last, so that a clock that jumps is noticed.
    "CREATE TABLE run (
         id INTEGER PRIMARY KEY CHECK (id = 1),
         at INTEGER NOT NULL
     ) STRICT;",
    // 3: codes by mail. Nonces are sealed and kept only once they were used, so those that were merely shown go.
    "CREATE TABLE code (
         link    TEXT PRIMARY KEY REFERENCES link (sha256),
         salt    BLOB NOT NULL,
         mail    TEXT NOT NULL,
         expires INTEGER NOT NULL,
         since   INTEGER NOT NULL,
         sent    INTEGER NOT NULL,
         wrong   INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX code_mail ON code (mail);
     DELETE FROM nonce WHERE used = 0;",
];

/// The newest schema that this program knows.
pub(super) const NEWEST: u32 = STEPS.len() as u32;

/// Marks the file as ours (`PRAGMA application_id`): "csgn".
const APPLICATION: i32 = 0x6373_676e;

/// Brings a database to the newest schema, each step with its number in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found > NEWEST {
        return Err(StoreError::Newer { found, known: NEWEST });
    }
    if found > 0 && application != APPLICATION {
        return Err(StoreError::Damaged("it is a database of another program".to_owned()));
    }
    if found == NEWEST {
        return Ok(());
    }
    // Another process may migrate at the same moment: what is found counts only under the lock.
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (at, step) in STEPS.iter().enumerate().skip(found as usize) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", at + 1)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()?;
    Ok(())
}
