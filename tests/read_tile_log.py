"""Reads an exported log as a stranger does: written from the C2SP specifications (tlog-tiles, tlog-checkpoint, signed-note) and RFC 6962
alone, sharing nothing with the program that wrote it.

usage: read_tile_log.py LOG VKEY [OLDER-LOG]

Verifies the signature of the checkpoint, computes the root from the entry bundles, compares every tile with the one that follows from the
entries, and checks that the older export, if one is given, is a prefix. Prints one JSON object; exits with 1 and a line for the first fault.
"""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256


class Fault(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def tree_hash(hashes):
    """Merkle Tree Hash over leaf hashes, RFC 6962, section 2.1, as it stands there."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\x01" + tree_hash(hashes[:split]) + tree_hash(hashes[split:]))


def decode(text):
    return base64.b64decode(text, validate=True)


def parse_vkey(vkey):
    name, key_id, key = vkey.strip().split("+", 2)
    key = decode(key)
    if key[0] != 1 or len(key) != 33:
        raise Fault("the verifier key is not Ed25519")
    if sha256(name.encode() + b"\n" + key)[:4].hex() != key_id:
        raise Fault("the id of the verifier key does not fit")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(key[1:])


def read_checkpoint(log, vkey):
    note = (log / "checkpoint").read_bytes().decode("utf-8", "strict")
    if any(ord(c) < 0x20 and c != "\n" for c in note):
        raise Fault("control character in the note")
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Fault("the note has no signatures")
    text += "\n"
    name, key_id, key = parse_vkey(vkey)
    verified = False
    for line in signatures[:-1].split("\n"):
        dash, signer, blob = line.split(" ")
        if dash != "\u2014":
            raise Fault("malformed signature line")
        blob = decode(blob)
        if signer == name and blob[:4] == key_id:
            key.verify(blob[4:], text.encode())
            verified = True
    if not verified:
        raise Fault("the known key has not signed")
    origin, size, root, *extensions = text[:-1].split("\n")
    if origin != name:
        raise Fault(f"origin {origin} is not the name of the key")
    if not size.isascii() or not size.isdigit() or (size != "0" and size.startswith("0")):
        raise Fault("malformed tree size")
    if "" in extensions:
        raise Fault("empty extension line")
    return origin, int(size), decode(root)


def path(row, index, width):
    elements = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        elements.insert(0, f"x{index % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{row}/{'/'.join(elements)}{partial}"


def rows(count):
    """Index and width of each tile of a row of so many hashes."""
    for index in range((count + WIDTH - 1) // WIDTH):
        yield index, min(WIDTH, count - index * WIDTH)


def read_entries(log, size):
    entries = []
    for index, width in rows(size):
        name = path("entries", index, width)
        data = (log / name).read_bytes()
        held = []
        while data:
            length = int.from_bytes(data[:2], "big")
            if len(data) < 2 + length:
                raise Fault(f"{name} ends within an entry")
            held.append(data[2 : 2 + length])
            data = data[2 + length :]
        if len(held) != width:
            raise Fault(f"{name} holds {len(held)} entries")
        entries += held
    return entries


def check_tiles(log, leaf_hashes):
    """Every tile that a tree of this size has, against the one that follows from the entries."""
    count = 0
    level, row = 0, leaf_hashes
    while row:
        for index, width in rows(len(row)):
            name = path(level, index, width)
            if (log / name).read_bytes() != b"".join(row[index * WIDTH : index * WIDTH + width]):
                raise Fault(f"{name} does not follow from the entries")
            count += 1
        # A hash of the next level stands for a full tile of this one.
        row = [tree_hash(row[at : at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        level += 1
    return count


def read_log(log, vkey):
    origin, size, root = read_checkpoint(log, vkey)
    entries = read_entries(log, size)
    hashes = [leaf_hash(entry) for entry in entries]
    if tree_hash(hashes) != root:
        raise Fault("the entries do not give the root")
    return origin, entries, hashes, root


def main(arguments):
    if len(arguments) not in (2, 3):
        raise SystemExit(__doc__)
    log, vkey = pathlib.Path(arguments[0]), arguments[1]
    origin, entries, hashes, root = read_log(log, vkey)
    result = {"origin": origin, "size": len(entries), "root": base64.b64encode(root).decode(), "tiles": check_tiles(log, hashes)}
    if len(arguments) == 3:
        older_origin, older, _, _ = read_log(pathlib.Path(arguments[2]), vkey)
        if older_origin != origin or entries[: len(older)] != older:
            raise Fault("the older log is not a prefix")
        result["older"] = len(older)
    # What a leaf of this ledger looks like is not C2SP's matter; that it is JSON is checked for good measure.
    for entry in entries:
        json.loads(entry)
    print(json.dumps(result))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Fault, InvalidSignature, OSError, ValueError) as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(1)
