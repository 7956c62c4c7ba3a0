//! A folder of `.eml` files: for trying things out, and for organisations that send by other means.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "floor 4 is where files are written")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::mail::{Outcome, Transport};
use crate::outbox::Composed;

/// Digits of the Message-ID in a file name: enough that two keys do not meet.
const KEY_DIGITS: usize = 12;

/// Writes each mail into a folder as `<date>-<first 12 digits of the Message-ID>.eml`, readable by the owner only.
///
/// A file is there whole or not at all. The same mail twice is the same file.
pub struct Directory {
    folder: PathBuf,
}

impl Directory {
    /// Writes into this folder, which is made when the first mail comes.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Name of the file of a mail; the date is that of the mail, in UTC.
    pub fn file_name(mail: &Composed) -> String {
        let key: String = mail.message_id.chars().take_while(char::is_ascii_hexdigit).take(KEY_DIGITS).collect();
        format!("{}-{key}.eml", mail.date.date())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let temporary = self.folder.join(format!(".{name}.{}", std::process::id()));
        let written = create(&temporary).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        let renamed = written.and_then(|()| fs::rename(&temporary, self.folder.join(name)));
        if renamed.is_err() {
            // The failure is reported; a leftover is hidden and replaced at the next try.
            let _ = fs::remove_file(&temporary);
        }
        renamed?;
        sync_folder(&self.folder)
    }
}

impl Transport for Directory {
    fn send(&mut self, mail: &Composed) -> Outcome {
        let name = Self::file_name(mail);
        match self.write(&name, &mail.raw) {
            Ok(()) => Outcome::Sent { response: name },
            // Trying again writes the same file, so a doubt after the rename does no harm.
            Err(error) => Outcome::Retry { reason: format!("cannot write `{}`: {error}", self.folder.join(&name).display()) },
        }
    }
}

/// A leftover of a crash with the same process id is replaced, and takes its permissions along.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// A rename is durable only when the folder that holds the name is synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
