//! The register in one SQLite file.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params};

use crate::base::digest::Digest;
use crate::base::instant::Instant;
use crate::store::{
    Content, LinkState, OutboxState, Store, StoreError, StoredCheckpoint, StoredCode, StoredEntry, StoredLink, StoredMail, StoredTile, Unit, View, migrate,
};

/// How long a writer waits for another one.
pub(super) const WAIT: Duration = Duration::from_secs(20);

/// The register in one SQLite file: write-ahead log, every commit flushed to disk, foreign keys checked.
pub struct SqliteStore {
    connection: Connection,
    wait: Duration,
}

impl SqliteStore {
    /// Opens the register at a path; `create` makes one that does not exist yet, readable and writable by its owner only.
    ///
    /// # Errors
    /// [`StoreError::Absent`] without `create`, [`StoreError::Exposed`] when others may read it, and what SQLite says.
    pub fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        Self::open_waiting(path, create, WAIT)
    }

    /// As [`SqliteStore::open`], with another limit to how long it waits for a writer.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_waiting(path: &Path, create: bool, wait: Duration) -> Result<Self, StoreError> {
        if !path.exists() {
            if !create {
                return Err(StoreError::Absent { path: path.to_owned() });
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(StoreError::ReadOnly(error.to_string())),
                _ => {}
            }
        }
        private(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::prepare(Connection::open_with_flags(path, flags)?, wait)
    }

    /// A register in memory, for tests.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?, WAIT)
    }

    fn prepare(mut connection: Connection, wait: Duration) -> Result<Self, StoreError> {
        connection.busy_timeout(wait)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // Erased payloads must not linger in free pages.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        migrate::migrate(&mut connection)?;
        Ok(Self { connection, wait })
    }
}

/// Refuses a file that others may read: it holds personal data.
#[cfg(unix)]
fn private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = path.metadata().map_err(|error| StoreError::ReadOnly(error.to_string()))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(StoreError::Exposed { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

impl Store for SqliteStore {
    fn view(&mut self) -> Result<Box<dyn View + '_>, StoreError> {
        Ok(Box::new(Open(self.connection.transaction_with_behavior(TransactionBehavior::Deferred)?)))
    }

    fn unit(&mut self) -> Result<Box<dyn Unit + '_>, StoreError> {
        match self.connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(transaction) => Ok(Box::new(Open(transaction))),
            Err(error) => Err(match StoreError::from(error) {
                StoreError::Locked { .. } => StoreError::Locked { waited_secs: self.wait.as_secs() },
                other => other,
            }),
        }
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        // The write-ahead log keeps old pages until it is written back and cut off.
        let blocked: bool = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if blocked { Err(StoreError::Locked { waited_secs: WAIT.as_secs() }) } else { Ok(()) }
    }
}

/// An open transaction; dropped, it rolls back.
struct Open<'a>(Transaction<'a>);

impl Open<'_> {
    fn run(&self, sql: &str, parameters: impl Params) -> Result<usize, StoreError> {
        Ok(self.0.prepare_cached(sql)?.execute(parameters)?)
    }

    fn one<T>(&self, sql: &str, parameters: impl Params, read: fn(&Row<'_>) -> rusqlite::Result<T>) -> Result<Option<T>, StoreError> {
        Ok(self.0.prepare_cached(sql)?.query_row(parameters, read).optional()?)
    }

    fn all<T>(&self, sql: &str, parameters: impl Params, read: fn(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// A digest as it is kept; text that is none is damage.
fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    let text: String = row.get(column)?;
    Digest::parse(&text).ok_or_else(|| damaged(column, "no digest"))
}

fn damaged(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Instant> {
    Ok(Instant::from_millis(row.get(column)?))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<(u64, StoredEntry)> {
    let salt: Option<Vec<u8>> = row.get(2)?;
    let payload: Option<Vec<u8>> = row.get(3)?;
    let content = salt.zip(payload).map(|(salt, payload)| Content { salt, payload });
    Ok((row.get(0)?, StoredEntry { leaf: row.get(1)?, content, subject: row.get(4)? }))
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<StoredCheckpoint> {
    Ok(StoredCheckpoint { size: row.get(0)?, note: row.get(1)? })
}

fn link(row: &Row<'_>) -> rusqlite::Result<StoredLink> {
    Ok(StoredLink {
        digest: digest(row, 0)?,
        request: row.get(1)?,
        mail: row.get(2)?,
        salt: row.get(3)?,
        sent_to: row.get(4)?,
        expires: instant(row, 5)?,
        state: match row.get(6)? {
            0 => LinkState::Active,
            1 => LinkState::Rotated,
            2 => LinkState::Used,
            3 => LinkState::Locked,
            _ => return Err(damaged(6, "no state of a link")),
        },
    })
}

fn code(row: &Row<'_>) -> rusqlite::Result<StoredCode> {
    Ok(StoredCode {
        link: digest(row, 0)?,
        salt: row.get(1)?,
        mail: row.get(2)?,
        expires: instant(row, 3)?,
        since: instant(row, 4)?,
        sent: row.get(5)?,
        wrong: row.get(6)?,
    })
}

fn mail(row: &Row<'_>) -> rusqlite::Result<StoredMail> {
    let number: u8 = row.get(1)?;
    let state = OutboxState::ALL.into_iter().find(|state| *state as u8 == number).ok_or_else(|| damaged(1, "no state of a mail"))?;
    Ok(StoredMail { key: row.get(0)?, state, attempts: row.get(2)?, not_before: instant(row, 3)?, decided: instant(row, 4)?, response: row.get(5)? })
}

const ENTRY: &str = "SELECT position, leaf, salt, payload, subject FROM entry";
const LINK: &str = "SELECT sha256, request, mail, salt, sent_to, expires, state FROM link";
const CODE: &str = "SELECT link, salt, mail, expires, since, sent, wrong FROM code";
const MAIL: &str = "SELECT key, state, attempts, not_before, decided, response FROM mail";

impl View for Open<'_> {
    fn size(&self) -> Result<u64, StoreError> {
        // The greatest position and not the count: a row that was taken out shows as a gap when the entries are read.
        Ok(self.one("SELECT COALESCE(MAX(position) + 1, 0) FROM entry", [], |row| row.get(0))?.unwrap_or(0))
    }

    fn entries(&self, from: u64, take: &mut dyn FnMut(u64, StoredEntry) -> bool) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{ENTRY} WHERE position >= ?1 ORDER BY position"))?;
        let mut rows = statement.query(params![from])?;
        while let Some(row) = rows.next()? {
            let (position, stored) = entry(row)?;
            if !take(position, stored) {
                break;
            }
        }
        Ok(())
    }

    fn entry(&self, position: u64) -> Result<Option<StoredEntry>, StoreError> {
        Ok(self.one(&format!("{ENTRY} WHERE position = ?1"), params![position], entry)?.map(|(_, stored)| stored))
    }

    fn entries_about(&self, person: &str) -> Result<Vec<u64>, StoreError> {
        self.all("SELECT position FROM entry WHERE subject = ?1 AND payload IS NOT NULL ORDER BY position", params![person], |row| row.get(0))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.one("SELECT hashes FROM tile WHERE level = ?1 AND number = ?2", params![level, index], |row| row.get(0))
    }

    fn tiles(&self, take: &mut dyn FnMut(StoredTile)) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached("SELECT level, number, hashes FROM tile ORDER BY level, number")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take((row.get(0)?, row.get(1)?, row.get(2)?));
        }
        Ok(())
    }

    fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.one("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", [], checkpoint)
    }

    fn checkpoint_over(&self, position: u64) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.one("SELECT size, note FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT 1", params![position], checkpoint)
    }

    fn checkpoints(&self, take: &mut dyn FnMut(StoredCheckpoint)) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached("SELECT size, note FROM checkpoint ORDER BY size")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(checkpoint(row)?);
        }
        Ok(())
    }

    fn file(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.one("SELECT bytes FROM file WHERE sha256 = ?1", params![digest.as_str()], |row| row.get(0))
    }

    fn files(&self, take: &mut dyn FnMut(Digest, Vec<u8>)) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached("SELECT sha256, bytes FROM file ORDER BY sha256")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(digest(row, 0)?, row.get(1)?);
        }
        Ok(())
    }

    fn link(&self, digest: &Digest) -> Result<Option<StoredLink>, StoreError> {
        self.one(&format!("{LINK} WHERE sha256 = ?1"), params![digest.as_str()], link)
    }

    fn links_of_mail(&self, key: &str) -> Result<Vec<StoredLink>, StoreError> {
        self.all(&format!("{LINK} WHERE mail = ?1 ORDER BY request"), params![key], link)
    }

    fn links(&self, take: &mut dyn FnMut(StoredLink)) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{LINK} ORDER BY sha256"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(link(row)?);
        }
        Ok(())
    }

    fn links_of_request(&self, request: &str) -> Result<Vec<StoredLink>, StoreError> {
        self.all(&format!("{LINK} WHERE request = ?1 ORDER BY sha256"), params![request], link)
    }

    fn is_used_nonce(&self, nonce: &Digest, link: &Digest) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM nonce WHERE sha256 = ?1 AND link = ?2 AND used = 1";
        Ok(self.one(sql, params![nonce.as_str(), link.as_str()], |_| Ok(()))?.is_some())
    }

    fn code(&self, link: &Digest) -> Result<Option<StoredCode>, StoreError> {
        self.one(&format!("{CODE} WHERE link = ?1"), params![link.as_str()], code)
    }

    fn code_of_mail(&self, key: &str) -> Result<Option<StoredCode>, StoreError> {
        self.one(&format!("{CODE} WHERE mail = ?1"), params![key], code)
    }

    fn mails(&self, states: &[OutboxState]) -> Result<Vec<StoredMail>, StoreError> {
        let numbers: Vec<String> = states.iter().map(|state| (*state as u8).to_string()).collect();
        self.all(&format!("{MAIL} WHERE state IN ({}) ORDER BY id", numbers.join(", ")), [], mail)
    }

    fn mail(&self, key: &str) -> Result<Option<StoredMail>, StoreError> {
        self.one(&format!("{MAIL} WHERE key = ?1"), params![key], mail)
    }

    fn last_run(&self) -> Result<Option<Instant>, StoreError> {
        self.one("SELECT at FROM run", [], |row| instant(row, 0))
    }

    fn flaws(&self) -> Result<Vec<String>, StoreError> {
        let mut flaws: Vec<String> = self.all("PRAGMA integrity_check", [], |row| row.get(0))?;
        flaws.retain(|flaw| flaw != "ok");
        flaws.extend(self.all("PRAGMA foreign_key_check", [], |row| Ok(format!("a row of `{}` points nowhere", row.get::<_, String>(0)?)))?);
        Ok(flaws)
    }
}

impl Unit for Open<'_> {
    fn append(&mut self, from: u64, entries: &[StoredEntry]) -> Result<(), StoreError> {
        for (position, entry) in (from..).zip(entries) {
            let content = entry.content.as_ref();
            self.run(
                "INSERT INTO entry (position, leaf, salt, payload, subject) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![position, entry.leaf, content.map(|c| &c.salt), content.map(|c| &c.payload), entry.subject],
            )?;
        }
        Ok(())
    }

    fn set_tiles(&mut self, tiles: &[StoredTile]) -> Result<(), StoreError> {
        for (level, index, hashes) in tiles {
            self.run("INSERT OR REPLACE INTO tile (level, number, hashes) VALUES (?1, ?2, ?3)", params![level, index, hashes])?;
        }
        Ok(())
    }

    fn issue(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        let added = self.run("INSERT OR IGNORE INTO checkpoint (size, note) VALUES (?1, ?2)", params![checkpoint.size, checkpoint.note])?;
        if added == 1 { Ok(()) } else { Err(StoreError::IssuedBefore { size: checkpoint.size }) }
    }

    fn keep(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        self.run("INSERT OR IGNORE INTO file (sha256, bytes) VALUES (?1, ?2)", params![digest.as_str(), bytes]).map(drop)
    }

    fn destroy(&mut self, positions: &[u64], requests: &[String], mails: &[String]) -> Result<(), StoreError> {
        for request in requests {
            self.run("DELETE FROM nonce WHERE link IN (SELECT sha256 FROM link WHERE request = ?1)", params![request])?;
            self.run("DELETE FROM code WHERE link IN (SELECT sha256 FROM link WHERE request = ?1)", params![request])?;
            self.run("DELETE FROM link WHERE request = ?1", params![request])?;
        }
        for key in mails {
            self.run("DELETE FROM mail WHERE key = ?1", params![key])?;
        }
        for position in positions {
            self.run("UPDATE entry SET salt = NULL, payload = NULL WHERE position = ?1", params![position])?;
        }
        Ok(())
    }

    fn destroy_file(&mut self, digest: &Digest) -> Result<(), StoreError> {
        self.run("DELETE FROM file WHERE sha256 = ?1", params![digest.as_str()]).map(drop)
    }

    fn add_link(&mut self, link: &StoredLink) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO link (sha256, request, mail, salt, sent_to, expires, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![link.digest.as_str(), link.request, link.mail, link.salt, link.sent_to, link.expires.millis(), link.state as u8],
        )
        .map(drop)
    }

    fn rotate_links(&mut self, request: &str, but: &str) -> Result<(), StoreError> {
        let (active, rotated) = (LinkState::Active as u8, LinkState::Rotated as u8);
        self.run("UPDATE link SET state = ?1 WHERE request = ?2 AND mail <> ?3 AND state = ?4", params![rotated, request, but, active]).map(drop)
    }

    fn use_links(&mut self, request: &str) -> Result<(), StoreError> {
        self.run("UPDATE link SET state = ?1 WHERE request = ?2", params![LinkState::Used as u8, request]).map(drop)
    }

    fn use_nonce(&mut self, nonce: &Digest, link: &Digest, expires: Instant) -> Result<bool, StoreError> {
        let sql = "INSERT OR IGNORE INTO nonce (sha256, link, expires, used) VALUES (?1, ?2, ?3, 1)";
        Ok(self.run(sql, params![nonce.as_str(), link.as_str(), expires.millis()])? == 1)
    }

    fn set_code(&mut self, code: &StoredCode) -> Result<(), StoreError> {
        self.run(
            "INSERT OR REPLACE INTO code (link, salt, mail, expires, since, sent, wrong) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![code.link.as_str(), code.salt, code.mail, code.expires.millis(), code.since.millis(), code.sent, code.wrong],
        )
        .map(drop)
    }

    fn lock_link(&mut self, link: &Digest) -> Result<(), StoreError> {
        self.run("UPDATE link SET state = ?1 WHERE sha256 = ?2", params![LinkState::Locked as u8, link.as_str()]).map(drop)
    }

    fn add_mail(&mut self, mail: &StoredMail) -> Result<bool, StoreError> {
        let sql = "INSERT OR IGNORE INTO mail (key, state, attempts, not_before, decided, response) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![mail.key, mail.state as u8, mail.attempts, mail.not_before.millis(), mail.decided.millis(), mail.response];
        Ok(self.run(sql, values)? == 1)
    }

    fn set_mail(&mut self, mail: &StoredMail) -> Result<(), StoreError> {
        let sql = "UPDATE mail SET state = ?2, attempts = ?3, not_before = ?4, response = ?5 WHERE key = ?1";
        self.run(sql, params![mail.key, mail.state as u8, mail.attempts, mail.not_before.millis(), mail.response]).map(drop)
    }

    fn set_last_run(&mut self, at: Instant) -> Result<(), StoreError> {
        self.run("INSERT INTO run (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = excluded.at", params![at.millis()]).map(drop)
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(self.0.commit()?)
    }
}
