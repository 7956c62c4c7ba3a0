//! Tiles: names, which of them a tree has, and bundles of leaves (C2SP tlog-tiles).

use std::fmt;
use std::str::FromStr;

/// Hashes in a full tile and leaves in a full bundle: two to the power of the tile height, 8.
pub const TILE_WIDTH: u16 = 256;

/// Highest level that the format has room for. A tree of 64-bit size has levels 0 to 7.
const MAX_LEVEL: u8 = 63;

/// The longest leaf in bytes: a bundle counts them in 16 bits.
pub const MAX_LEAF: usize = u16::MAX as usize;

/// Gives the tiles that are stored, by level and index.
///
/// A tile is a row of 32-byte hashes: 256 when it is full (8,192 bytes), fewer at the right edge of the tree. What is given is the widest
/// form that is stored; a reader takes the part that its tree size needs.
pub trait TileSource {
    /// Returns the current, possibly partial, tile, or `None` when there is none.
    fn tile(&self, level: u8, index: u64) -> Option<Vec<u8>>;
}

/// Where a tile or a bundle stands, and how much of it is meant.
///
/// Its text is the path under which a log is published: three digits to an element, all but the last with an `x`, and the width of a
/// partial one at the end. Exactly one spelling is accepted.
///
/// ```
/// use countersign::ledger::tile::{Row, TileCoordinate};
/// let tile = TileCoordinate { row: Row::Level(0), index: 1_234_067, width: 17 };
/// assert_eq!(tile.path(), "tile/0/x001/x234/067.p/17");
/// assert_eq!(TileCoordinate::parse("tile/0/x001/x234/067.p/17"), Ok(tile));
/// assert!(TileCoordinate::parse("tile/0/1234067").is_err());
/// assert!(TileCoordinate::parse("tile/0/067.p/256").is_err(), "a full tile has no width");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoordinate {
    /// Which row of tiles.
    pub row: Row,
    /// Position in the row, from 0.
    pub index: u64,
    /// Hashes or leaves in it: 1 to 256.
    pub width: u16,
}

/// One row of tiles, from the left of the tree to the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// Hashes: level 0 has those of leaves; each hash of a higher level is the root over a full tile of the level below. 0 to 63.
    Level(u8),
    /// The leaves themselves.
    Entries,
}

/// The text is not the path of a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the path of a tile as `tile/0/x001/234` or `tile/entries/000.p/17`")]
pub struct TilePathError;

impl TileCoordinate {
    /// The path, for example `tile/1/000.p/17`, relative to the prefix of the log.
    pub fn path(&self) -> String {
        let mut elements = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            elements.insert_str(0, &format!("x{:03}/", rest % 1000));
            rest /= 1000;
        }
        let row = match self.row {
            Row::Level(level) => level.to_string(),
            Row::Entries => "entries".to_owned(),
        };
        let width = if self.is_full() { String::new() } else { format!(".p/{}", self.width) };
        format!("tile/{row}/{elements}{width}")
    }

    /// Reads a path; accepts only what [`TileCoordinate::path`] prints for level 0 to 63, any index of 64 bits and width 1 to 256.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, TilePathError> {
        Self::read(text).filter(|tile| tile.path() == text).ok_or(TilePathError)
    }

    /// Tells whether nothing can be added to it any more.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Reads a path leniently; the caller compares spellings.
    fn read(text: &str) -> Option<Self> {
        let (row, rest) = text.strip_prefix("tile/")?.split_once('/')?;
        let row = match row {
            "entries" => Row::Entries,
            level => Row::Level(level.parse().ok().filter(|level| *level <= MAX_LEVEL)?),
        };
        let (elements, width) = match rest.split_once(".p/") {
            Some((elements, width)) => (elements, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0_u64;
        for element in elements.split('/') {
            let digits = element.strip_prefix('x').unwrap_or(element);
            let value: u16 = digits.parse().ok().filter(|value| *value < 1000)?;
            index = index.checked_mul(1000)?.checked_add(value.into())?;
        }
        Some(Self { row, index, width })
    }
}

impl fmt::Display for TileCoordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl FromStr for TileCoordinate {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<Self, TilePathError> {
        Self::parse(text)
    }
}

/// The tiles of hashes that a tree of some size has, from the lowest level to the highest, each from left to right.
///
/// ```
/// use countersign::ledger::tile::tiles;
/// let paths: Vec<String> = tiles(256).map(|tile| tile.path()).collect();
/// assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1"]);
/// assert_eq!(tiles(0).count(), 0);
/// ```
pub fn tiles(size: u64) -> impl Iterator<Item = TileCoordinate> {
    tiles_between(0, size)
}

/// The tiles of hashes that are new or wider in the tree of size `new` than in that of size `old`; none when `new` is not larger.
///
/// ```
/// use countersign::ledger::tile::tiles_between;
/// let paths: Vec<String> = tiles_between(255, 257).map(|tile| tile.path()).collect();
/// assert_eq!(paths, ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
/// assert_eq!(tiles_between(257, 255).count(), 0);
/// ```
pub fn tiles_between(old: u64, new: u64) -> impl Iterator<Item = TileCoordinate> {
    // Eight levels of eight bits each: 64 bits of size.
    (0..8_u8).flat_map(move |level| row_between(Row::Level(level), old >> (8 * level), new >> (8 * level)))
}

/// The bundles of leaves that a tree of some size has, from left to right.
pub fn bundles(size: u64) -> impl Iterator<Item = TileCoordinate> {
    bundles_between(0, size)
}

/// The bundles of leaves that are new or wider in the tree of size `new` than in that of size `old`; none when `new` is not larger.
pub fn bundles_between(old: u64, new: u64) -> impl Iterator<Item = TileCoordinate> {
    row_between(Row::Entries, old, new)
}

/// The tiles of one row that change when it grows from `old` to `new` hashes.
fn row_between(row: Row, old: u64, new: u64) -> impl Iterator<Item = TileCoordinate> {
    let width = u64::from(TILE_WIDTH);
    let last = if new > old { new.div_ceil(width) } else { 0 };
    (old / width..last).map(move |index| {
        let held = (new - index * width).min(width);
        TileCoordinate { row, index, width: u16::try_from(held).unwrap_or(TILE_WIDTH) }
    })
}

/// The leaves do not make a bundle, or the bytes are not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No leaf, or more than a bundle holds.
    #[error("a bundle holds 1 to {TILE_WIDTH} leaves, found {0}")]
    Count(usize),
    /// A leaf that 16 bits cannot count.
    #[error("a leaf has at most {MAX_LEAF} bytes, found {0}")]
    Length(usize),
    /// The bytes end in the middle of a leaf.
    #[error("the bundle ends within a leaf")]
    Cut,
}

/// Writes leaves as a bundle: each after its length in two bytes, most significant first.
///
/// # Errors
/// [`BundleError::Count`] for no leaf or more than 256, [`BundleError::Length`] for a leaf above 65,535 bytes.
///
/// ```
/// use countersign::ledger::tile::{BundleError, decode_bundle, encode_bundle};
/// let bundle = encode_bundle(&["ab", ""]).unwrap();
/// assert_eq!(bundle, b"\x00\x02ab\x00\x00");
/// assert_eq!(decode_bundle(&bundle), Ok(vec![b"ab".as_slice(), b""]));
/// assert_eq!(decode_bundle(&bundle[..3]), Err(BundleError::Cut));
/// ```
pub fn encode_bundle<L: AsRef<[u8]>>(leaves: &[L]) -> Result<Vec<u8>, BundleError> {
    if leaves.is_empty() || leaves.len() > usize::from(TILE_WIDTH) {
        return Err(BundleError::Count(leaves.len()));
    }
    let mut bytes = Vec::new();
    for leaf in leaves.iter().map(AsRef::as_ref) {
        let length = u16::try_from(leaf.len()).map_err(|_| BundleError::Length(leaf.len()))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(leaf);
    }
    Ok(bytes)
}

/// Reads the leaves of a bundle.
///
/// # Errors
/// [`BundleError::Cut`] when the bytes end within a leaf or its length, [`BundleError::Count`] for no leaf or more than 256.
pub fn decode_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut leaves = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk().ok_or(BundleError::Cut)?;
        let (leaf, after) = after.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(BundleError::Cut)?;
        leaves.push(leaf);
        rest = after;
    }
    if leaves.is_empty() || leaves.len() > usize::from(TILE_WIDTH) { Err(BundleError::Count(leaves.len())) } else { Ok(leaves) }
}
