//! The receipt: one file with everything that proves one acknowledgment, to be kept by whoever signed.
//!
//! Job: put named files into a zip archive of which there is exactly one form, take them out again from hands that are not
//! trusted, and write and check the list of their digests. Neighbours below: `base`. Never does: write to disk, judge what the
//! files say, sign or verify the list; it is signed as a note (C2SP signed-note) by the ledger's key.
//!
//! The archive is plain: stored, not compressed; the names below and no others, each once, in this order; no folders, comments, links
//! or encryption; dated 1980-01-01, mode 0644. Every zip program opens it. [`unpack`] reads this form only: it walks the
//! local headers, which takes no more memory than the input, and then packs what it found and compares, so that no byte of the archive (central
//! directory, flags, leading or trailing matter) can be other than what [`pack`] writes. An archive that was packed anew by another program is
//! refused; its files can still be checked by hand, as `README.txt` in it says.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::base::digest::Digest;

/// First line of a manifest; the number is the version of the receipt format.
pub const RECEIPT_VERSION: &str = "countersign receipt v1";
/// The list of digests, as a signed note.
pub const MANIFEST: &str = "manifest.txt";
/// Most bytes of a whole archive.
pub const MOST_BYTES: usize = 64 << 20;

/// What is known of one file of a receipt.
struct Slot {
    name: &'static str,
    /// Most bytes that it may have.
    most: usize,
    is_required: bool,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// Bytes of local header, central header and end record that all files together may take.
const FRAMING: usize = 4 * KIB;

/// The files of a receipt, in their order. The limits leave room for headers below [`MOST_BYTES`].
const SLOTS: [Slot; 14] = [
    required("README.txt", 64 * KIB),
    required("certificate.pdf", 8 * MIB),
    required("policy.pdf", 32 * MIB),
    required("policy.html", 16 * MIB),
    required("consent.txt", 64 * KIB),
    required("evidence.json", MIB),
    required("salt.hex", KIB),
    required("leaf.json", 4 * KIB),
    required("proof.tlog-proof", 64 * KIB),
    required("checkpoint.txt", 64 * KIB),
    required("key.txt", KIB),
    optional("statement.txt", 64 * KIB),
    optional("statement.txt.sig", 64 * KIB),
    required(MANIFEST, 64 * KIB),
];

const fn required(name: &'static str, most: usize) -> Slot {
    Slot { name, most, is_required: true }
}

const fn optional(name: &'static str, most: usize) -> Slot {
    Slot { name, most, is_required: false }
}

/// Why something is no receipt, or its list of digests is not true.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// The archive is larger than [`MOST_BYTES`].
    #[error("the receipt has {found} bytes; at most {MOST_BYTES} are allowed")]
    TooLarge {
        /// Its size in bytes.
        found: usize,
    },
    /// A file is larger than its name allows.
    #[error("`{name}` has {found} bytes; at most {most} are allowed")]
    FileTooLarge {
        /// Its name.
        name: String,
        /// Its size in bytes.
        found: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// A file has a name that no file of a receipt has.
    #[error("a receipt has no file `{name}`")]
    UnknownName {
        /// The name; what is not printable in it is escaped.
        name: String,
    },
    /// A file stands twice, or before one that it must follow.
    #[error("`{name}` stands twice or out of its order")]
    Order {
        /// Its name.
        name: String,
    },
    /// A file is absent that every receipt has.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A signature without the statement that it signs.
    #[error("`statement.txt.sig` is there without `statement.txt`")]
    SignatureAlone,
    /// It is not a zip archive, or cut off, or has features that a receipt never has.
    #[error("it is no archive of the form that receipts have, from byte {at} on")]
    Form {
        /// Offset in bytes where the form ends.
        at: usize,
    },
    /// The files can be read, but the archive around them is not as it was written.
    #[error("the archive was changed after it was written: byte {at} differs")]
    Altered {
        /// Offset in bytes of the first difference.
        at: usize,
    },
    /// The manifest does not begin with [`RECEIPT_VERSION`].
    #[error("the manifest begins with `{found}`; expected `{RECEIPT_VERSION}`")]
    Version {
        /// Its first line; what is not printable in it is escaped.
        found: String,
    },
    /// A line of the manifest is not a digest, two spaces and a name, or the last line has no line feed.
    #[error("line {line} of the manifest is not of the form `<sha256>  <name>`")]
    Line {
        /// Number of the line, counted from 1.
        line: usize,
    },
    /// The manifest names another file than the receipt has in this place.
    #[error("line {line} of the manifest names `{found}`; expected {}", quoted(expected))]
    Name {
        /// Number of the line, counted from 1.
        line: usize,
        /// The name found; empty where the manifest ends.
        found: String,
        /// The name expected; empty where it should end.
        expected: String,
    },
    /// A file is not the one that the manifest lists.
    #[error("`{name}` has the digest {found}; the manifest says {listed}")]
    Digest {
        /// Its name.
        name: String,
        /// Digest of the file.
        found: Digest,
        /// Digest in the manifest.
        listed: Digest,
    },
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "its end".to_owned() } else { format!("`{name}`") }
}

/// The files of a receipt, in their order.
///
/// One that is being made may lack files; [`Receipt::check`] says whether it is whole.
///
/// ```
/// use countersign::signature::receipt::{Receipt, ReceiptError};
///
/// let mut receipt = Receipt::default();
/// receipt.insert("salt.hex", b"00".to_vec()).unwrap();
/// assert_eq!(receipt.get("salt.hex"), Some(&b"00"[..]));
/// assert_eq!(receipt.insert("../salt.hex", Vec::new()), Err(ReceiptError::UnknownName { name: "../salt.hex".to_owned() }));
/// assert_eq!(receipt.check(), Err(ReceiptError::Missing { name: "README.txt".to_owned() }));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Contents by place in [`SLOTS`].
    files: BTreeMap<usize, Vec<u8>>,
}

impl Receipt {
    /// Puts a file in its place; one that stood there is replaced.
    ///
    /// # Errors
    /// [`ReceiptError::UnknownName`] unless the name is one of [`names`]; [`ReceiptError::FileTooLarge`].
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), ReceiptError> {
        let place = place_of(name.as_bytes())?;
        check_size(place, bytes.len())?;
        self.files.insert(place, bytes);
        Ok(())
    }

    /// The content of a file.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(&place_of(name.as_bytes()).ok()?).map(Vec::as_slice)
    }

    /// The files in their order.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(place, bytes)| (SLOTS[*place].name, bytes.as_slice()))
    }

    /// Checks that no file is missing.
    ///
    /// # Errors
    /// [`ReceiptError::Missing`] for the first that is, [`ReceiptError::SignatureAlone`], or [`ReceiptError::TooLarge`].
    pub fn check(&self) -> Result<(), ReceiptError> {
        if let Some((_, slot)) = SLOTS.iter().enumerate().find(|(place, slot)| slot.is_required && !self.files.contains_key(place)) {
            return Err(ReceiptError::Missing { name: slot.name.to_owned() });
        }
        if self.get("statement.txt.sig").is_some() && self.get("statement.txt").is_none() {
            return Err(ReceiptError::SignatureAlone);
        }
        let found = FRAMING + self.files.values().map(Vec::len).sum::<usize>();
        if found > MOST_BYTES { Err(ReceiptError::TooLarge { found }) } else { Ok(()) }
    }
}

/// The names that files of a receipt may have, in their order.
pub fn names() -> impl Iterator<Item = &'static str> {
    SLOTS.iter().map(|slot| slot.name)
}

/// Writes a receipt as a zip archive; the same files give the same bytes, on every machine.
///
/// It does not ask whether the receipt is whole; [`unpack`] refuses one that fails [`Receipt::check`].
///
/// # Panics
/// Never: the archive grows in memory, and the limits of the files keep it below 4 GiB.
pub fn pack(receipt: &Receipt) -> Vec<u8> {
    archive(receipt.files())
}

/// Packs files into an archive: the same files give the same bytes, on any machine and at any time. Nothing is compressed.
///
/// # Panics
/// For a name that stands twice, or a file of 4 GiB.
pub fn archive<N: AsRef<str>, B: AsRef<[u8]>>(files: impl Iterator<Item = (N, B)>) -> Vec<u8> {
    // Nothing may depend on the machine: the system that is named in the headers is always the same.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name.as_ref(), options).expect("names are plain and stand once");
        archive.write_all(bytes.as_ref()).expect("memory takes every byte, and files are far below 4 GiB");
    }
    archive.finish().expect("memory takes every byte").into_inner()
}

/// Reads a receipt from an archive that anybody may have made.
///
/// ```
/// use countersign::signature::receipt::{ReceiptError, unpack};
/// assert_eq!(unpack(b"%PDF-1.7"), Err(ReceiptError::Form { at: 0 }));
/// ```
///
/// # Errors
/// [`ReceiptError`], unless the archive is, byte for byte, what [`pack`] makes of a receipt that passes [`Receipt::check`].
pub fn unpack(archive: &[u8]) -> Result<Receipt, ReceiptError> {
    if archive.len() > MOST_BYTES {
        return Err(ReceiptError::TooLarge { found: archive.len() });
    }
    let mut receipt = Receipt::default();
    let mut rest = archive;
    let mut last = None;
    while let Some(header) = LocalHeader::read(rest) {
        let place = place_of(header.name)?;
        let name = || SLOTS[place].name.to_owned();
        if last.is_some_and(|last| last >= place) {
            return Err(ReceiptError::Order { name: name() });
        }
        check_size(place, header.size)?;
        let form = ReceiptError::Form { at: archive.len() - rest.len() };
        let content = header.content.get(..header.size).ok_or(form)?;
        receipt.files.insert(place, content.to_vec());
        rest = &header.content[header.size..];
        last = Some(place);
    }
    if !rest.starts_with(CENTRAL_HEADER) {
        return Err(ReceiptError::Form { at: archive.len() - rest.len() });
    }
    receipt.check()?;
    let written = pack(&receipt);
    if written != archive {
        let at = written.iter().zip(archive).take_while(|(ours, theirs)| ours == theirs).count();
        return Err(ReceiptError::Altered { at });
    }
    Ok(receipt)
}

/// The list of all files but itself with their digests, in their order: the text of the note that is signed.
pub fn manifest_text(receipt: &Receipt) -> String {
    let mut text = format!("{RECEIPT_VERSION}\n");
    for (name, bytes) in listed(receipt) {
        text.push_str(&format!("{}  {name}\n", Digest::of(bytes)));
    }
    text
}

/// Checks that a list, whose signature was verified by the caller, is that of these files.
///
/// # Errors
/// The first fault: [`ReceiptError::Version`], [`ReceiptError::Line`], [`ReceiptError::Name`] or [`ReceiptError::Digest`]. No list
/// passes but the one that [`manifest_text`] writes.
pub fn check_manifest(text: &str, receipt: &Receipt) -> Result<(), ReceiptError> {
    let mut lines = text.split_inclusive('\n').zip(1..);
    let first = lines.next().map_or("", |(first, _)| first);
    if first.strip_suffix('\n') != Some(RECEIPT_VERSION) {
        return Err(ReceiptError::Version { found: shown(first.trim_end_matches('\n').as_bytes()) });
    }
    let mut files = listed(receipt);
    loop {
        let (line, file) = (lines.next(), files.next());
        let (name, bytes) = file.unwrap_or_default();
        let Some((line, number)) = line else {
            let line = text.lines().count() + 1;
            return if file.is_none() { Ok(()) } else { Err(ReceiptError::Name { line, found: String::new(), expected: name.to_owned() }) };
        };
        let parts = line.strip_suffix('\n').and_then(|line| line.split_once("  ")).and_then(|(digest, name)| Some((Digest::parse(digest)?, name)));
        let (listed, found) = parts.ok_or(ReceiptError::Line { line: number })?;
        if file.is_none() || found != name {
            return Err(ReceiptError::Name { line: number, found: shown(found.as_bytes()), expected: name.to_owned() });
        }
        let found = Digest::of(bytes);
        if found != listed {
            return Err(ReceiptError::Digest { name: name.to_owned(), found, listed });
        }
    }
}

/// Every file but the manifest, which cannot list itself.
fn listed(receipt: &Receipt) -> impl Iterator<Item = (&'static str, &[u8])> {
    receipt.files().filter(|(name, _)| *name != MANIFEST)
}

fn place_of(name: &[u8]) -> Result<usize, ReceiptError> {
    SLOTS.iter().position(|slot| slot.name.as_bytes() == name).ok_or_else(|| ReceiptError::UnknownName { name: shown(name) })
}

fn check_size(place: usize, found: usize) -> Result<(), ReceiptError> {
    let Slot { name, most, .. } = SLOTS[place];
    if found > most { Err(ReceiptError::FileTooLarge { name: name.to_owned(), found, most }) } else { Ok(()) }
}

/// Characters of a strange name that a message repeats.
const SHOWN: usize = 80;

/// A name from strange hands, fit for a message.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

/// Begins a local header (PKWARE APPNOTE 6.3.10, section 4.3.7).
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
/// Begins a header of the central directory (section 4.3.12).
const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";
/// Bytes of a local header before the name, and where its fields begin.
const LOCAL_BYTES: usize = 30;
const SIZE_AT: usize = 18;
const NAME_LENGTH_AT: usize = 26;
const EXTRA_LENGTH_AT: usize = 28;

/// What is needed of a local header to find the next; all else is compared with what the writer writes.
struct LocalHeader<'a> {
    name: &'a [u8],
    size: usize,
    /// Everything that follows the header.
    content: &'a [u8],
}

impl<'a> LocalHeader<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let number = |at: usize, length: usize| bytes.get(at..at + length).map(|field| field.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)));
        if !bytes.starts_with(LOCAL_HEADER) {
            return None;
        }
        let (size, name, extra) = (number(SIZE_AT, 4)?, number(NAME_LENGTH_AT, 2)?, number(EXTRA_LENGTH_AT, 2)?);
        let name_end = LOCAL_BYTES + name;
        Some(Self { name: bytes.get(LOCAL_BYTES..name_end)?, size, content: bytes.get(name_end + extra..)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
    use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::{MANIFEST, MOST_BYTES, Receipt, ReceiptError, SLOTS, check_manifest, manifest_text, names, pack, unpack};
    use crate::base::digest::Digest;

    fn whole() -> Receipt {
        let mut receipt = Receipt::default();
        for name in names() {
            receipt.insert(name, format!("content of {name}\n").into_bytes()).unwrap();
        }
        receipt
    }

    fn receipts() -> impl Strategy<Value = Receipt> {
        let contents = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), SLOTS.len());
        (contents, prop_oneof![Just(0), Just(1), Just(2)]).prop_map(|(contents, statements)| {
            let mut receipt = Receipt::default();
            let left_out: &[&str] = [&["statement.txt", "statement.txt.sig"][..], &["statement.txt.sig"], &[]][statements];
            for (name, bytes) in names().zip(contents).filter(|(name, _)| !left_out.contains(name)) {
                receipt.insert(name, bytes).unwrap();
            }
            receipt
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn unpacking_gives_what_was_packed(receipt in receipts()) {
            let packed = pack(&receipt);
            prop_assert_eq!(&packed, &pack(&receipt));
            prop_assert_eq!(unpack(&packed), Ok(receipt));
        }

        #[test]
        fn manifest_is_true_of_its_receipt_only(receipt in receipts(), other in receipts()) {
            let text = manifest_text(&receipt);
            prop_assert_eq!(check_manifest(&text, &receipt), Ok(()));
            let same = receipt.files().filter(|(n, _)| *n != MANIFEST).eq(other.files().filter(|(n, _)| *n != MANIFEST));
            prop_assert_eq!(check_manifest(&text, &other).is_ok(), same);
        }

        #[test]
        fn manifest_with_a_changed_character_is_refused(at in any::<prop::sample::Index>(), character in any::<char>()) {
            let receipt = whole();
            let text = manifest_text(&receipt);
            let at = at.index(text.len());
            let changed = format!("{}{character}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(check_manifest(&changed, &receipt).is_ok(), changed == text);
        }

        #[test]
        fn strange_bytes_are_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(unpack(&bytes).is_err());
            prop_assert!(unpack(&[b"PK\x03\x04".as_slice(), &bytes].concat()).is_err());
        }

        #[test]
        fn several_changed_bytes_are_refused(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let original = pack(&whole());
            let mut packed = original.clone();
            for (at, byte) in changes {
                let at = at.index(packed.len());
                packed[at] = byte;
            }
            prop_assert_eq!(unpack(&packed).is_ok(), packed == original);
        }
    }

    #[test]
    fn every_single_changed_byte_is_noticed() {
        let mut packed = pack(&whole());
        for at in 0..packed.len() {
            for mask in [0x01, 0x20, 0x80, 0xff] {
                packed[at] ^= mask;
                assert!(unpack(&packed).is_err(), "byte {at} with {mask:#x}");
                packed[at] ^= mask;
            }
        }
        assert_eq!(unpack(&packed), Ok(whole()));
    }

    #[test]
    fn every_cut_and_every_addition_is_refused() {
        let packed = pack(&whole());
        for end in 0..packed.len() {
            assert!(unpack(&packed[..end]).is_err(), "cut at {end}");
        }
        for junk in [&b"\0"[..], b"junk", b"PK\x05\x06"] {
            assert!(matches!(unpack(&[&packed, junk].concat()), Err(ReceiptError::Altered { .. })));
            assert_eq!(unpack(&[junk, &packed].concat()), Err(ReceiptError::Form { at: 0 }));
        }
    }

    #[test]
    fn archive_is_the_one_form_for_ever() {
        // A receipt that was handed out must open with every later version: another digest here needs a reader for the old form.
        assert_eq!(Digest::of(&pack(&whole())).as_str(), "1480399f5d5d9f0e99cb2078b089fc776fae0fc026fec94bf9fd6185a26b2e28");
    }

    fn archive(files: &[(&str, &[u8])], comment: &str) -> Vec<u8> {
        use std::io::Write as _;
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.set_comment(comment).unwrap();
        for (name, bytes) in files {
            archive.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn other_programs_read_it_as_a_plain_archive() {
        use std::io::Read as _;
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(pack(&whole()))).unwrap();
        assert!(archive.file_names().map(|name| name.unwrap().into_owned()).eq(names()));
        for (index, name) in names().enumerate() {
            let mut file = archive.by_index(index).unwrap();
            let mut content = String::new();
            file.read_to_string(&mut content).unwrap();
            assert_eq!(content, format!("content of {name}\n"));
            assert_eq!(file.unix_mode(), Some(0o100_644));
            assert_eq!(file.last_modified().map(|time| time.to_string()).as_deref(), Some("1980-01-01 00:00:00"));
        }
    }

    #[test]
    fn other_names_and_orders_are_refused() {
        let unknown = |name: &str| ReceiptError::UnknownName { name: name.to_owned() };
        for name in ["../README.txt", "/etc/passwd", "a/README.txt", "readme.txt", "README.txt "] {
            assert_eq!(unpack(&archive(&[(name, b"")], "")), Err(unknown(name)));
        }
        assert_eq!(unpack(&archive(&[("key.txt\u{202e}\n", b"")], "")), Err(unknown("key.txt\\u{202e}\\n")));
        let swapped = archive(&[("policy.pdf", b""), ("certificate.pdf", b"")], "");
        assert_eq!(unpack(&swapped), Err(ReceiptError::Order { name: "certificate.pdf".to_owned() }));
        assert_eq!(unpack(&archive(&[], "")), Err(ReceiptError::Form { at: 0 }));
    }

    #[test]
    fn receipt_without_a_file_is_refused() {
        for missing in names() {
            let mut receipt = Receipt::default();
            whole().files().filter(|(name, _)| *name != missing).for_each(|(name, bytes)| receipt.insert(name, bytes.to_vec()).unwrap());
            let expected = match missing {
                "statement.txt" => Err(ReceiptError::SignatureAlone),
                "statement.txt.sig" => Ok(receipt.clone()),
                name => Err(ReceiptError::Missing { name: name.to_owned() }),
            };
            assert_eq!(unpack(&pack(&receipt)), expected);
        }
    }

    #[test]
    fn comment_and_other_dates_are_refused() {
        let receipt = whole();
        let files: Vec<(&str, &[u8])> = receipt.files().collect();
        assert!(matches!(unpack(&archive(&files, "hello")), Err(ReceiptError::Altered { .. })));
    }

    #[test]
    fn files_beyond_their_limits_are_refused() {
        let mut receipt = Receipt::default();
        let error = receipt.insert("salt.hex", vec![0; 1025]).unwrap_err();
        assert_eq!(error.to_string(), "`salt.hex` has 1025 bytes; at most 1024 are allowed");
        assert_eq!(unpack(&vec![0; MOST_BYTES + 1]), Err(ReceiptError::TooLarge { found: MOST_BYTES + 1 }));
        // A header that promises more than there is takes no memory for it.
        let mut packed = pack(&whole());
        packed[18..22].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(unpack(&packed), Err(ReceiptError::FileTooLarge { .. })));
    }

    #[test]
    fn largest_files_together_stay_below_the_limit() {
        assert!(SLOTS.iter().map(|slot| slot.most).sum::<usize>() + super::FRAMING <= MOST_BYTES);
    }

    #[test]
    fn manifest_says_what_is_wrong() {
        let receipt = whole();
        let text = manifest_text(&receipt);
        let refused = |text: &str| check_manifest(text, &receipt).unwrap_err().to_string();
        assert_eq!(refused(&text.replace("v1", "v2")), "the manifest begins with `countersign receipt v2`; expected `countersign receipt v1`");
        assert_eq!(refused(""), "the manifest begins with ``; expected `countersign receipt v1`");
        assert_eq!(refused(text.trim_end()), "line 14 of the manifest is not of the form `<sha256>  <name>`");
        assert_eq!(refused(&text.replace("  salt", " salt")), "line 8 of the manifest is not of the form `<sha256>  <name>`");
        assert_eq!(refused(&text.replace("policy.html", "policy.pdf")), "line 5 of the manifest names `policy.pdf`; expected `policy.html`");
        assert_eq!(refused(&format!("{text}{}  manifest.txt\n", "0".repeat(64))), "line 15 of the manifest names `manifest.txt`; expected its end");
        let short = text.rsplit_once(&Digest::of(b"content of statement.txt.sig\n").to_string()).unwrap().0;
        assert_eq!(refused(short), "line 14 of the manifest names ``; expected `statement.txt.sig`");
        let mut other = receipt.clone();
        other.insert("salt.hex", Vec::new()).unwrap();
        assert!(matches!(check_manifest(&text, &other), Err(ReceiptError::Digest { name, .. }) if name == "salt.hex"));
    }
}
