//! The second opinion: roots and tiles computed from leaves alone.
//!
//! It shares the format with the writer and nothing else: RFC 6962 is written out here a second time, without crate `tlog_tiles` and
//! without [`tree`](crate::ledger::tree). What both get wrong, they get wrong independently.

use crate::base::digest::sha256;
use crate::ledger::hash::Hash;
use crate::ledger::tile::{Row, TILE_WIDTH, TileCoordinate, TileSource};

/// Bytes of a full tile.
const TILE_BYTES: usize = TILE_WIDTH as usize * Hash::BYTES;

/// The right edge of a growing tree: one root for each full subtree, the largest first (RFC 6962, section 2.1).
///
/// Sixty-four hashes at most, so a register of any size is checked against every checkpoint ever issued in one pass over its leaves.
///
/// ```
/// use countersign::ledger::verify::Frontier;
/// let mut frontier = Frontier::default();
/// frontier.push(b"");
/// frontier.push(b"\x00");
/// assert_eq!(frontier.size(), 2);
/// assert_eq!(frontier.root().to_string(), "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<[u8; Hash::BYTES]>,
}

impl Frontier {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut hash = hash_leaf(leaf);
        // Each one bit at the end of the size is a full subtree that the new leaf completes to one of twice the size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = hash_node(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over the leaves so far; [`Hash::EMPTY`] for none.
    pub fn root(&self) -> Hash {
        let root = self.subtrees.iter().rev().copied().reduce(|right, left| hash_node(&left, &right));
        Hash::from_bytes(root.unwrap_or_else(|| sha256(&[])))
    }
}

/// A stored tile that is not what the leaves say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileFault {
    /// The tree has this tile and it is not stored.
    #[error("`{0}` is missing")]
    Missing(TileCoordinate),
    /// The stored tile has other bytes.
    #[error("`{0}` does not follow from the leaves")]
    Different(TileCoordinate),
    /// A tile is stored where the tree has none; named with width 256, whatever it holds.
    #[error("`{0}` is stored, and the tree has no such tile")]
    Surplus(TileCoordinate),
}

/// Compares stored tiles with those of the leaves, in one pass; holds one tile of each level.
///
/// ```
/// use countersign::ledger::tile::TileSource;
/// use countersign::ledger::verify::TileCheck;
///
/// struct Nothing;
/// impl TileSource for Nothing {
///     fn tile(&self, _: u8, _: u64) -> Option<Vec<u8>> {
///         None
///     }
/// }
/// let mut check = TileCheck::new(&Nothing);
/// check.push(b"first").unwrap();
/// assert_eq!(check.finish().unwrap_err().to_string(), "`tile/0/000.p/1` is missing");
/// ```
#[derive(Debug)]
pub struct TileCheck<'s, S: ?Sized> {
    stored: &'s S,
    /// For each level the tile that is not full yet, and its index.
    levels: Vec<(u64, Vec<u8>)>,
}

impl<'s, S: TileSource + ?Sized> TileCheck<'s, S> {
    /// Starts before the first leaf.
    pub fn new(stored: &'s S) -> Self {
        Self { stored, levels: vec![(0, Vec::new())] }
    }

    /// Adds the next leaf; compares every tile that it fills.
    ///
    /// # Errors
    /// The lowest tile that the leaf fills and that is not stored so. Pushing on after an error compares the tiles that follow.
    pub fn push(&mut self, leaf: &[u8]) -> Result<(), TileFault> {
        let mut hash = hash_leaf(leaf);
        let mut first = Ok(());
        for level in 0.. {
            if self.levels.len() <= usize::from(level) {
                self.levels.push((0, Vec::new()));
            }
            let (index, tile) = &mut self.levels[usize::from(level)];
            tile.extend(hash);
            if tile.len() < TILE_BYTES {
                break;
            }
            let (index, tile) = (std::mem::replace(index, *index + 1), std::mem::take(tile));
            first = first.and(self.compare(level, index, &tile));
            hash = root_of(&tile);
        }
        first
    }

    /// Compares the partial tiles after the last leaf, and looks for tiles beyond them.
    ///
    /// # Errors
    /// The lowest tile that is not stored so, or that is stored and has no leaves.
    pub fn finish(self) -> Result<(), TileFault> {
        let top = u8::try_from(self.levels.len()).unwrap_or(u8::MAX);
        for (level, (index, tile)) in (0..).zip(&self.levels) {
            let mut beyond = *index;
            if !tile.is_empty() {
                self.compare(level, *index, tile)?;
                beyond += 1;
            }
            self.absent(level, beyond)?;
        }
        self.absent(top, 0)
    }

    fn compare(&self, level: u8, index: u64, tile: &[u8]) -> Result<(), TileFault> {
        let width = u16::try_from(tile.len() / Hash::BYTES).unwrap_or(TILE_WIDTH);
        let coordinate = TileCoordinate { row: Row::Level(level), index, width };
        match self.stored.tile(level, index) {
            None => Err(TileFault::Missing(coordinate)),
            Some(stored) if stored == tile => Ok(()),
            Some(_) => Err(TileFault::Different(coordinate)),
        }
    }

    fn absent(&self, level: u8, index: u64) -> Result<(), TileFault> {
        match self.stored.tile(level, index) {
            None => Ok(()),
            Some(_) => Err(TileFault::Surplus(TileCoordinate { row: Row::Level(level), index, width: TILE_WIDTH })),
        }
    }
}

/// SHA-256 of a zero byte and the leaf.
fn hash_leaf(leaf: &[u8]) -> [u8; Hash::BYTES] {
    sha256(&[&[0], leaf])
}

/// SHA-256 of a one byte and the two hashes below.
fn hash_node(left: &[u8; Hash::BYTES], right: &[u8; Hash::BYTES]) -> [u8; Hash::BYTES] {
    sha256(&[&[1], left, right])
}

/// The root over a full tile.
fn root_of(tile: &[u8]) -> [u8; Hash::BYTES] {
    match <[u8; Hash::BYTES]>::try_from(tile) {
        Ok(hash) => hash,
        Err(_) => {
            let (left, right) = tile.split_at(tile.len() / 2);
            hash_node(&root_of(left), &root_of(right))
        }
    }
}
