//! The tree of the ledger is that of RFC 6962, cut into tiles as C2SP says: their vectors, and two other implementations.

use std::collections::BTreeMap;

use countersign::base::encode::unhex;
use countersign::ledger::hash::Hash;
use countersign::ledger::tile::{BundleError, Row, TileCoordinate, TileSource, bundles, bundles_between, decode_bundle, encode_bundle, tiles, tiles_between};
use countersign::ledger::tree::{MAX_SIZE, TreeError, append, check_consistency, check_inclusion, leaf_hash, prove_consistency, prove_inclusion, root};
use countersign::ledger::verify::{Frontier, TileCheck, TileFault};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::suite::shelf::seeded;

/// Tiles in memory.
#[derive(Default)]
pub(crate) struct Shelf(BTreeMap<(u8, u64), Vec<u8>>);

impl TileSource for Shelf {
    fn tile(&self, level: u8, index: u64) -> Option<Vec<u8>> {
        self.0.get(&(level, index)).cloned()
    }
}

impl Shelf {
    pub(crate) fn of(leaves: &[Vec<u8>]) -> Self {
        let mut shelf = Self::default();
        shelf.grow(0, leaves);
        shelf
    }

    fn grow(&mut self, size: u64, leaves: &[Vec<u8>]) {
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        for (level, index, bytes) in append(size, &hashes, self).unwrap() {
            self.0.insert((level, index), bytes);
        }
    }
}

/// Leaf `n` of an arbitrary but fixed ledger.
pub(crate) fn numbered(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("leaf {n}").into_bytes()).collect()
}

/// The eight leaves of the Certificate Transparency test suite and the roots over the first one to eight of them.
const CLASSIC: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

#[test]
fn roots_over_the_classic_leaves_are_those_of_certificate_transparency() {
    let leaves: Vec<Vec<u8>> = CLASSIC.iter().map(|(leaf, _)| unhex(leaf).unwrap()).collect();
    let shelf = Shelf::of(&leaves);
    let mut frontier = Frontier::default();
    assert_eq!((root(0, &shelf), frontier.root()), (Ok(Hash::EMPTY), Hash::EMPTY));
    for (size, (leaf, (_, expected))) in (1..).zip(leaves.iter().zip(CLASSIC)) {
        let expected = Hash::from_bytes(unhex(expected).unwrap().try_into().unwrap());
        frontier.push(leaf);
        assert_eq!(root(size, &shelf), Ok(expected));
        assert_eq!((frontier.size(), frontier.root()), (size, expected));
    }
}

#[test]
fn tree_agrees_with_a_second_implementation_at_every_size() {
    let leaves = numbered(1000);
    let shelf = Shelf::of(&leaves);
    let mut second = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    let mut frontier = Frontier::default();
    let mut roots = vec![Hash::EMPTY];
    for (size, leaf) in (1_u64..).zip(&leaves) {
        second.push(leaf.clone());
        frontier.push(leaf);
        let ours = root(size, &shelf).unwrap();
        let theirs = second.root();
        assert_eq!(ours.bytes().as_slice(), theirs.as_bytes().as_slice());
        assert_eq!(ours, frontier.root());
        roots.push(ours);

        // Every proof of the small trees, some of the large ones.
        let step = if size < 70 { 1 } else { 97 };
        for index in (0..size).step_by(step).chain([size - 1]) {
            let at = usize::try_from(index).unwrap();
            let proof = prove_inclusion(size, index, &shelf).unwrap();
            assert_eq!(bytes_of(&proof), second.prove_inclusion(at).as_bytes());
            let read = InclusionProof::try_from_bytes(bytes_of(&proof)).unwrap();
            assert!(theirs.verify_inclusion(&leaves[at], index, &read).is_ok());
            assert_eq!(check_inclusion(&proof, size, ours, index, leaf_hash(&leaves[at])), Ok(()));
            assert_eq!(check_inclusion(&proof, size, ours, index, leaf_hash(b"another")), Err(TreeError::Proof));
        }
        for old in (1..=size).step_by(step).chain([size]) {
            let at = usize::try_from(old).unwrap();
            let proof = prove_consistency(old, size, &shelf).unwrap();
            assert_eq!(bytes_of(&proof), second.prove_consistency(usize::try_from(size - old).unwrap()).as_bytes());
            let read = ConsistencyProof::try_from_bytes(bytes_of(&proof)).unwrap();
            assert!(theirs.verify_consistency(&RootHash::new((*roots[at].bytes()).into(), old), &read).is_ok());
            assert_eq!(check_consistency(&proof, old, roots[at], size, ours), Ok(()));
            assert_eq!(check_consistency(&proof, old, leaf_hash(b"another"), size, ours), Err(TreeError::Proof));
        }
        assert_eq!(check_consistency(&[], 0, Hash::EMPTY, size, ours), Ok(()));
    }
}

fn bytes_of(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.bytes()).collect()
}

#[test]
fn tiles_are_those_that_the_specification_counts() {
    let count = |size, row, width| tiles(size).filter(|tile| tile.row == Row::Level(row) && tile.width == width).count();
    assert_eq!((count(70_000, 0, 256), count(70_000, 0, 112), count(70_000, 1, 256), count(70_000, 1, 17), count(70_000, 2, 1)), (273, 1, 1, 1, 1));
    assert_eq!(tiles(70_000).count(), 277);
    assert_eq!((bundles(70_000).count(), bundles(70_000).last().map(|bundle| bundle.path())), (274, Some("tile/entries/273.p/112".to_owned())));
    let paths: Vec<String> = tiles(256).chain(bundles(256)).map(|tile| tile.path()).collect();
    assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert_eq!(tiles_between(70_000, 70_000).chain(bundles_between(70_000, 70_000)).count(), 0);
    assert_eq!(tiles(u64::MAX).take(1).count(), 1);
}

#[test]
fn path_has_one_spelling() {
    let tile = TileCoordinate { row: Row::Level(63), index: u64::MAX, width: 255 };
    assert_eq!(tile.path(), "tile/63/x018/x446/x744/x073/x709/x551/615.p/255");
    assert_eq!(tile.path().parse(), Ok(tile));
    assert_eq!(TileCoordinate { row: Row::Level(2), index: 1_234_067, width: 256 }.path(), "tile/2/x001/x234/067");
    let refused = [
        "",
        "tile/0/",
        "tile/0/0",
        "tile/00/000",
        "tile/+0/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/xx01/002",
        "tile/0/x+01/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000.p",
        "tile/data/000",
        "/tile/0/000",
        "tile/8/0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    ];
    for path in refused {
        assert!(TileCoordinate::parse(path).is_err(), "{path}");
    }
}

#[test]
fn bundle_that_is_not_whole_is_refused() {
    assert_eq!(encode_bundle::<&[u8]>(&[]), Err(BundleError::Count(0)));
    assert_eq!(encode_bundle(&vec![b""; 257]), Err(BundleError::Count(257)));
    assert_eq!(encode_bundle(&[vec![0; 65_536]]), Err(BundleError::Length(65_536)));
    let longest = [vec![0; 65_535]];
    assert_eq!(decode_bundle(&encode_bundle(&longest).unwrap()), Ok(vec![longest[0].as_slice()]));
    assert_eq!(decode_bundle(&[]), Err(BundleError::Count(0)));
    assert_eq!(decode_bundle(&[0]), Err(BundleError::Cut));
    assert_eq!(decode_bundle(&[0, 1]), Err(BundleError::Cut));
    assert_eq!(decode_bundle(&[0; 514]), Err(BundleError::Count(257)));
}

#[test]
fn append_with_a_size_that_is_not_the_current_one_is_refused() {
    let shelf = Shelf::of(&numbered(300));
    let more = [leaf_hash(b"more")];
    for size in [1, 255, 257, 299] {
        assert!(matches!(append(size, &more, &shelf), Err(TreeError::Ahead(_))), "{size}");
    }
    for size in [301, 511, 513] {
        assert!(matches!(append(size, &more, &shelf), Err(TreeError::Tile { .. })), "{size}");
    }
    let fault = append(256, &more, &shelf).unwrap_err();
    assert_eq!(fault.to_string(), "`tile/0/001.p/44` is stored already");
    assert!(append(300, &more, &shelf).is_ok());
    assert_eq!(append(300, &[], &shelf), Ok(Vec::new()));
}

#[test]
fn append_reads_the_right_edge_only() {
    struct Counting<'s>(&'s Shelf, std::cell::Cell<usize>);
    impl TileSource for Counting<'_> {
        fn tile(&self, level: u8, index: u64) -> Option<Vec<u8>> {
            self.1.set(self.1.get() + 1);
            self.0.tile(level, index)
        }
    }
    let shelf = Shelf::of(&numbered(70_000));
    let counting = Counting(&shelf, Default::default());
    let more: Vec<Hash> = numbered(500).iter().map(|leaf| leaf_hash(leaf)).collect();
    let changed: Vec<TileCoordinate> =
        append(70_000, &more, &counting).unwrap().into_iter().map(|(level, index, bytes)| coordinate(level, index, &bytes)).collect();
    assert_eq!(changed, tiles_between(70_000, 70_500).collect::<Vec<_>>());
    assert_eq!(counting.1.get(), changed.len(), "each tile that changes, once");
}

fn coordinate(level: u8, index: u64, bytes: &[u8]) -> TileCoordinate {
    TileCoordinate { row: Row::Level(level), index, width: u16::try_from(bytes.len() / Hash::BYTES).unwrap() }
}

#[test]
fn missing_cut_and_swollen_tiles_are_refused_by_name() {
    let mut shelf = Shelf::of(&numbered(300));
    let whole = shelf.0[&(0, 1)].clone();
    for bytes in [vec![], whole[..whole.len() - 1].to_vec(), whole[..32].to_vec(), [whole.clone(), vec![0]].concat(), vec![0; 8224]] {
        shelf.0.insert((0, 1), bytes);
        let fault = root(300, &shelf).unwrap_err();
        assert!(fault.to_string().starts_with("`tile/0/001.p/"), "{fault}");
        assert!(prove_inclusion(300, 299, &shelf).is_err() && prove_consistency(299, 300, &shelf).is_err());
    }
}

#[test]
fn sizes_and_indexes_out_of_range_are_refused() {
    let nothing = Shelf::default();
    let hash = leaf_hash(b"");
    for size in [MAX_SIZE + 1, u64::MAX] {
        assert_eq!(root(size, &nothing), Err(TreeError::Size));
        assert_eq!(append(size, &[hash], &nothing), Err(TreeError::Size));
        assert_eq!(prove_inclusion(size, 0, &nothing), Err(TreeError::Size));
        assert_eq!(prove_consistency(1, size, &nothing), Err(TreeError::Size));
        assert_eq!(check_inclusion(&[], size, hash, 0, hash), Err(TreeError::Size));
        assert_eq!(check_consistency(&[], 1, hash, size, hash), Err(TreeError::Size));
    }
    for size in [1, 2, MAX_SIZE - 1, MAX_SIZE] {
        assert!(matches!(root(size, &nothing), Err(TreeError::Tile { .. })));
        assert!(size == 1 || matches!(prove_inclusion(size, size - 1, &nothing), Err(TreeError::Tile { .. })));
        assert_eq!(prove_inclusion(size, size, &nothing), Err(TreeError::Index { index: size, size }));
        assert!(size == 1 || matches!(prove_consistency(size - 1, size, &nothing), Err(TreeError::Tile { .. })));
        assert_eq!(check_inclusion(&vec![hash; 100_000], size, hash, 0, hash), Err(TreeError::Proof));
        assert_eq!(check_inclusion(&[hash; 63], size, hash, size - 1, hash), Err(TreeError::Proof));
        assert_eq!(check_consistency(&[hash; 63], 1, hash, size, hash), Err(TreeError::Proof));
    }
    assert_eq!(prove_consistency(2, 1, &nothing), Err(TreeError::Order { old: 2, new: 1 }));
    assert_eq!(check_consistency(&[], 2, hash, 1, hash), Err(TreeError::Order { old: 2, new: 1 }));
    assert_eq!(check_consistency(&[], 0, Hash::EMPTY, 0, Hash::EMPTY), Ok(()));
    assert_eq!(check_consistency(&[], 0, Hash::EMPTY, 0, hash), Err(TreeError::Proof));
    assert_eq!(check_consistency(&[], 0, hash, 1, hash), Err(TreeError::Proof));
    assert_eq!(check_consistency(&[], 1, hash, 1, Hash::EMPTY), Err(TreeError::Proof));
    assert_eq!(append(MAX_SIZE, &[hash], &nothing), Err(TreeError::Size));
}

fn check_tiles(leaves: &[Vec<u8>], shelf: &Shelf) -> Result<(), TileFault> {
    let mut check = TileCheck::new(shelf);
    leaves.iter().try_for_each(|leaf| check.push(leaf))?;
    check.finish()
}

#[test]
fn checker_names_the_tile_that_does_not_follow_from_the_leaves() {
    for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537] {
        let leaves = numbered(size);
        let mut shelf = Shelf::of(&leaves);
        assert_eq!(check_tiles(&leaves, &shelf), Ok(()), "{size}");
        let (row, last) = tiles(size).map(|tile| (tile.row, tile.index)).last().unwrap_or((Row::Level(0), 0));
        let Row::Level(level) = row else { continue };
        for place in [(level, last + 1), (level + 1, 0)].into_iter().filter(|_| size > 0) {
            shelf.0.insert(place, vec![0; 32]);
            assert!(matches!(check_tiles(&leaves, &shelf), Err(TileFault::Surplus(_))), "{size} {place:?}");
            shelf.0.remove(&place);
        }
    }
    let leaves = numbered(600);
    for tile in tiles(600) {
        let Row::Level(level) = tile.row else { continue };
        let mut shelf = Shelf::of(&leaves);
        shelf.0.get_mut(&(level, tile.index)).unwrap()[31] ^= 1;
        assert_eq!(check_tiles(&leaves, &shelf), Err(TileFault::Different(tile)));
        shelf.0.remove(&(level, tile.index));
        assert_eq!(check_tiles(&leaves, &shelf), Err(TileFault::Missing(tile)));
    }
    let mut shelf = Shelf::of(&leaves);
    let mut other = leaves.clone();
    other[5] = b"rewritten".to_vec();
    assert!(matches!(check_tiles(&other, &shelf), Err(TileFault::Different(_))));
    assert!(matches!(check_tiles(&leaves[..599], &shelf), Err(TileFault::Different(_))));
    shelf.0.get_mut(&(1, 0)).unwrap().extend([0; 32]);
    assert!(matches!(check_tiles(&leaves, &shelf), Err(TileFault::Different(_))));
}

#[test]
fn many_checkpoints_are_checked_in_one_pass() {
    let leaves = numbered(700);
    let shelf = Shelf::of(&leaves);
    let issued: BTreeMap<u64, Hash> = [0, 1, 2, 255, 256, 257, 600, 700].map(|size| (size, root(size, &shelf).unwrap())).into();
    let mut frontier = Frontier::default();
    let mut agreed = u64::from(issued[&0] == frontier.root());
    for leaf in &leaves {
        frontier.push(leaf);
        agreed += u64::from(issued.get(&frontier.size()) == Some(&frontier.root()));
    }
    assert_eq!(agreed, 8);
}

proptest! {
    #![proptest_config(seeded(256))]

    #[test]
    fn paths_round_trip(level in 0..=63_u8, index in any::<u64>(), shift in 0..64_u32, width in 1..=256_u16, entries in any::<bool>()) {
        let row = if entries { Row::Entries } else { Row::Level(level) };
        let tile = TileCoordinate { row, index: index >> shift, width };
        prop_assert_eq!(TileCoordinate::parse(&tile.path()), Ok(tile));
    }

    #[test]
    fn bundles_round_trip(leaves in vec(vec(any::<u8>(), 0..40), 1..=256)) {
        let bytes = encode_bundle(&leaves).unwrap();
        prop_assert_eq!(decode_bundle(&bytes).unwrap(), leaves.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(seeded(24))]

    #[test]
    fn growing_in_pieces_gives_the_tiles_of_growing_at_once(pieces in vec(0..400_usize, 1..8)) {
        let leaves = numbered(pieces.iter().sum::<usize>() as u64);
        let mut grown = Shelf::default();
        let mut at = 0;
        for piece in pieces {
            let (old, new) = (at as u64, (at + piece) as u64);
            let before = root(old, &grown).unwrap();
            let hashes: Vec<Hash> = leaves[at..at + piece].iter().map(|leaf| leaf_hash(leaf)).collect();
            let changed = append(old, &hashes, &grown).unwrap();
            let named: Vec<TileCoordinate> = changed.iter().map(|(level, index, bytes)| coordinate(*level, *index, bytes)).collect();
            prop_assert_eq!(named, tiles_between(old, new).collect::<Vec<_>>());
            grown.0.extend(changed.into_iter().map(|(level, index, bytes)| ((level, index), bytes)));
            at += piece;
            prop_assert_eq!(root(old, &grown).unwrap(), before, "the old tree is still there");
            let proof = prove_consistency(old, new, &grown).unwrap();
            prop_assert_eq!(check_consistency(&proof, old, before, new, root(new, &grown).unwrap()), Ok(()));
        }
        prop_assert_eq!(&grown.0, &Shelf::of(&leaves).0);
        prop_assert_eq!(check_tiles(&leaves, &grown), Ok(()));
    }

    #[test]
    fn proof_with_any_bit_changed_is_refused(size in 1..2_000_u64, index in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let leaves = numbered(size);
        let shelf = Shelf::of(&leaves);
        let at = index.index(leaves.len());
        let (whole, leaf) = (root(size, &shelf).unwrap(), leaf_hash(&leaves[at]));
        let mut proof = prove_inclusion(size, at as u64, &shelf).unwrap();
        prop_assert_eq!(check_inclusion(&proof, size, whole, at as u64, leaf), Ok(()));
        for other in [at.wrapping_sub(1), at + 1].into_iter().filter(|other| *other < leaves.len()) {
            prop_assert!(check_inclusion(&proof, size, whole, other as u64, leaf).is_err());
        }
        if !proof.is_empty() {
            let bit = bit.index(proof.len() * 256);
            let mut bytes = *proof[bit / 256].bytes();
            bytes[bit % 256 / 8] ^= 1 << (bit % 8);
            proof[bit / 256] = Hash::from_bytes(bytes);
            prop_assert_eq!(check_inclusion(&proof, size, whole, at as u64, leaf), Err(TreeError::Proof));
        }
        proof.push(Hash::EMPTY);
        prop_assert_eq!(check_inclusion(&proof, size, whole, at as u64, leaf), Err(TreeError::Proof));
    }
}
