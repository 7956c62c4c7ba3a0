//! The Merkle tree over stored tiles (RFC 6962, section 2.1). The arithmetic is that of crate `tlog_tiles`; reading and growing tiles is ours.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tlog_tiles::{
    Error as ArithmeticError, Hash as Node, HashReader, Tile as Arithmetic, check_record, check_tree, prove_record, prove_tree, record_hash,
    split_stored_hash_index, tree_hash,
};

use crate::ledger::hash::Hash;
use crate::ledger::tile::{Row, TILE_WIDTH, TileCoordinate, TileSource};

/// Largest tree size in leaves: `tlog_tiles` numbers all nodes in 64 bits, and there are twice as many nodes as leaves.
pub const MAX_SIZE: u64 = 1 << 62;

/// Most hashes that a proof over 64-bit sizes can have. A longer one is refused before it is looked at.
pub(crate) const MAX_PROOF: usize = 64;

/// Levels of the tree between one row of tiles and the next.
const TILE_HEIGHT: u8 = 8;

/// Why there is no root, proof or consent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The tree would be larger than [`MAX_SIZE`].
    #[error("a tree has at most {MAX_SIZE} leaves")]
    Size,
    /// There is no such leaf in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    Index {
        /// The leaf asked for, from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The tree that is called older is the larger one.
    #[error("a tree of {new} leaves cannot extend one of {old}")]
    Order {
        /// Leaves in the older tree.
        old: u64,
        /// Leaves in the newer tree.
        new: u64,
    },
    /// A tile that the tree needs is not stored, or is not as wide as it must be.
    #[error("`{tile}` is needed, found {found} bytes")]
    Tile {
        /// The tile, as wide as it is needed.
        tile: TileCoordinate,
        /// Bytes in the stored tile; 0 when there is none.
        found: usize,
    },
    /// A tile holds more than the tree had when leaves were to be appended to it: another writer was faster.
    #[error("`{0}` is stored already")]
    Ahead(TileCoordinate),
    /// The proof does not lead to the root.
    #[error("the proof does not lead to the root")]
    Proof,
}

/// The hash of a leaf: SHA-256 of a zero byte and the leaf (RFC 6962, section 2.1).
///
/// ```
/// use countersign::ledger::tree::leaf_hash;
/// assert_eq!(leaf_hash(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
/// ```
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    ours(record_hash(leaf))
}

/// Appends leaves to a tree of `size` leaves; gives every tile that changes, whole, as level, index and new bytes, in that order.
///
/// The work grows with the number of new leaves and the height of the tree, not with its size: each tile that changes is read once, and no
/// other. Those must be the tiles of exactly this size, so that a second writer with an old size is refused.
///
/// # Errors
/// [`TreeError::Size`] above [`MAX_SIZE`]; [`TreeError::Tile`] when a tile at the right edge is missing or narrower than a tree of `size` leaves has
/// it, [`TreeError::Ahead`] when it is wider.
///
/// ```
/// use countersign::ledger::tile::TileSource;
/// use countersign::ledger::tree::{append, leaf_hash};
///
/// struct Nothing;
/// impl TileSource for Nothing {
///     fn tile(&self, _: u8, _: u64) -> Option<Vec<u8>> {
///         None
///     }
/// }
/// let leaf = leaf_hash(b"first");
/// assert_eq!(append(0, &[leaf], &Nothing), Ok(vec![(0, 0, leaf.bytes().to_vec())]));
/// assert!(append(1, &[leaf], &Nothing).is_err(), "the tile of the first leaf is missing");
/// ```
pub fn append<S: TileSource + ?Sized>(size: u64, leaf_hashes: &[Hash], tiles: &S) -> Result<Vec<(u8, u64, Vec<u8>)>, TreeError> {
    let added = u64::try_from(leaf_hashes.len()).map_err(|_| TreeError::Size)?;
    if size.checked_add(added).is_none_or(|new| new > MAX_SIZE) {
        return Err(TreeError::Size);
    }
    let mut changed: BTreeMap<(u8, u64), Vec<u8>> = BTreeMap::new();
    for (leaf, at) in leaf_hashes.iter().zip(size..) {
        let (mut level, mut at, mut hash) = (0, at, *leaf);
        loop {
            let (index, held) = (at / u64::from(TILE_WIDTH), at % u64::from(TILE_WIDTH));
            let tile = match changed.entry((level, index)) {
                Entry::Occupied(tile) => tile.into_mut(),
                Entry::Vacant(place) => place.insert(partial(level, index, held, tiles)?),
            };
            tile.extend(hash.bytes());
            if held + 1 < u64::from(TILE_WIDTH) {
                break;
            }
            // A tile that has become full is one hash of the level above.
            hash = ours(Arithmetic::subtree_hash(tile));
            level += 1;
            at = index;
        }
    }
    Ok(changed.into_iter().map(|((level, index), bytes)| (level, index, bytes)).collect())
}

/// The root over the first `size` leaves; [`Hash::EMPTY`] for none. Tiles may already hold more.
///
/// # Errors
/// [`TreeError::Size`] above [`MAX_SIZE`]; [`TreeError::Tile`] when a tile is missing or too narrow.
pub fn root<S: TileSource + ?Sized>(size: u64, tiles: &S) -> Result<Hash, TreeError> {
    bounded(size)?;
    Reader::run(tiles, |reader| tree_hash(size, reader)).map(ours)
}

/// The proof that leaf `index` (from 0) stands in the tree of the first `size` leaves: siblings from the leaf up to below the root (RFC 6962,
/// section 2.1.1).
///
/// # Errors
/// [`TreeError::Index`] when `index` is not below `size`; else as [`root`].
pub fn prove_inclusion<S: TileSource + ?Sized>(size: u64, index: u64, tiles: &S) -> Result<Vec<Hash>, TreeError> {
    bounded(size)?;
    if index >= size {
        return Err(TreeError::Index { index, size });
    }
    Reader::run(tiles, |reader| prove_record(size, index, reader)).map(|proof| proof.into_iter().map(ours).collect())
}

/// The proof that the tree of the first `new` leaves extends that of the first `old` (RFC 6962, section 2.1.2).
///
/// From no leaf the proof is empty: every tree extends the empty one. So it is when both sizes are the same.
///
/// # Errors
/// [`TreeError::Order`] when `old` is larger than `new`; else as [`root`].
pub fn prove_consistency<S: TileSource + ?Sized>(old: u64, new: u64, tiles: &S) -> Result<Vec<Hash>, TreeError> {
    bounded(new)?;
    match old {
        0 => Ok(Vec::new()),
        _ if old > new => Err(TreeError::Order { old, new }),
        _ => Reader::run(tiles, |reader| prove_tree(new, old, reader)).map(|proof| proof.into_iter().map(ours).collect()),
    }
}

/// Checks that a leaf with this hash stands at `index` (from 0) in the tree with this size and root.
///
/// # Errors
/// [`TreeError::Index`] when `index` is not below `size`, [`TreeError::Size`] above [`MAX_SIZE`], [`TreeError::Proof`] when the proof leads elsewhere
/// or has a hash too few or too many.
///
/// ```
/// use countersign::ledger::tree::{check_inclusion, leaf_hash};
/// let only = leaf_hash(b"only leaf");
/// assert!(check_inclusion(&[], 1, only, 0, only).is_ok());
/// assert!(check_inclusion(&[], 1, only, 0, leaf_hash(b"another")).is_err());
/// ```
pub fn check_inclusion(proof: &[Hash], size: u64, root: Hash, index: u64, leaf_hash: Hash) -> Result<(), TreeError> {
    bounded(size)?;
    if index >= size {
        return Err(TreeError::Index { index, size });
    }
    check_record(&nodes(proof)?, size, node(root), index, node(leaf_hash)).map_err(|_| TreeError::Proof)
}

/// Checks that the tree with the new size and root has the one with the old size and root as its beginning.
///
/// # Errors
/// [`TreeError::Order`] when `old` is larger than `new`, [`TreeError::Size`] above [`MAX_SIZE`], [`TreeError::Proof`] when the proof does not lead to
/// both roots, or two trees of the same size differ.
pub fn check_consistency(proof: &[Hash], old: u64, old_root: Hash, new: u64, new_root: Hash) -> Result<(), TreeError> {
    bounded(new)?;
    if old > new {
        return Err(TreeError::Order { old, new });
    }
    if old == 0 {
        let holds = proof.is_empty() && old_root == Hash::EMPTY && (new > 0 || new_root == Hash::EMPTY);
        return if holds { Ok(()) } else { Err(TreeError::Proof) };
    }
    check_tree(&nodes(proof)?, new, node(new_root), old, node(old_root)).map_err(|_| TreeError::Proof)
}

fn bounded(size: u64) -> Result<(), TreeError> {
    if size > MAX_SIZE { Err(TreeError::Size) } else { Ok(()) }
}

/// The tile of a level that is about to grow, with exactly the hashes that it holds now.
fn partial<S: TileSource + ?Sized>(level: u8, index: u64, held: u64, tiles: &S) -> Result<Vec<u8>, TreeError> {
    let bytes = tiles.tile(level, index).unwrap_or_default();
    let found = bytes.len();
    let tile =
        |width: usize| TileCoordinate { row: Row::Level(level), index, width: u16::try_from(width).map_or(TILE_WIDTH, |width| width.clamp(1, TILE_WIDTH)) };
    let held = usize::try_from(held).unwrap_or(usize::from(TILE_WIDTH));
    match found.cmp(&(held * Hash::BYTES)) {
        Ordering::Equal => Ok(bytes),
        Ordering::Less => Err(TreeError::Tile { tile: tile(held), found }),
        Ordering::Greater => Err(TreeError::Ahead(tile(found / Hash::BYTES))),
    }
}

/// Reads nodes of the tree out of tiles, each tile once.
struct Reader<'t, S: ?Sized> {
    tiles: &'t S,
    read: RefCell<BTreeMap<(u8, u64), Vec<u8>>>,
    /// The crate's error has no room for ours.
    fault: RefCell<Option<TreeError>>,
}

impl<'t, S: TileSource + ?Sized> Reader<'t, S> {
    /// Runs some arithmetic over the tiles.
    fn run<T>(tiles: &'t S, arithmetic: impl FnOnce(&Self) -> Result<T, ArithmeticError>) -> Result<T, TreeError> {
        let reader = Self { tiles, read: RefCell::default(), fault: RefCell::default() };
        arithmetic(&reader).map_err(|_| reader.fault.take().unwrap_or(TreeError::Proof))
    }

    /// The node with a storage index: its level modulo 8 says how many hashes of a tile it spans.
    fn node(&self, stored: u64) -> Result<Node, TreeError> {
        let (level, at) = split_stored_hash_index(stored);
        let (row, above) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let (first, span) = (at << above, 1_u64 << above);
        let (index, start) = (first / u64::from(TILE_WIDTH), first % u64::from(TILE_WIDTH));
        let mut read = self.read.borrow_mut();
        let tile = read.entry((row, index)).or_insert_with(|| self.tiles.tile(row, index).unwrap_or_default());
        let end = start + span;
        let needed = || TileCoordinate { row: Row::Level(row), index, width: u16::try_from(end).unwrap_or(TILE_WIDTH) };
        let byte = |hash: u64| usize::try_from(hash).unwrap_or(usize::MAX).saturating_mul(Hash::BYTES);
        let whole = tile.len().is_multiple_of(Hash::BYTES) && tile.len() <= usize::from(TILE_WIDTH) * Hash::BYTES;
        match tile.get(byte(start)..byte(end)) {
            Some(hashes) if whole => Ok(Arithmetic::subtree_hash(hashes)),
            _ => Err(TreeError::Tile { tile: needed(), found: tile.len() }),
        }
    }
}

impl<S: TileSource + ?Sized> HashReader for Reader<'_, S> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Node>, ArithmeticError> {
        indexes
            .iter()
            .map(|index| self.node(*index))
            .collect::<Result<_, _>>()
            .inspect_err(|fault: &TreeError| *self.fault.borrow_mut() = Some(fault.clone()))
            .map_err(|_| ArithmeticError::InvalidTile)
    }
}

fn ours(node: Node) -> Hash {
    Hash::from_bytes(node.0)
}

fn node(hash: Hash) -> Node {
    Node(*hash.bytes())
}

fn nodes(proof: &[Hash]) -> Result<Vec<Node>, TreeError> {
    if proof.len() > MAX_PROOF { Err(TreeError::Proof) } else { Ok(proof.iter().copied().map(node).collect()) }
}
