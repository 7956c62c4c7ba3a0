#!/usr/bin/env python3
"""A second reader of receipts: written from docs/formats.md and public standards alone, it shares no line with the program.

usage: verify_receipt.py [--key VKEY]... FILE...
       verify_receipt.py [--key VKEY]... --flip [--flips N] FILE...

Does the eight steps of "Checking a receipt" and prints a line for each receipt. VKEY is a verifier key of the organisation, from elsewhere: a
line of its `checkpoints/keys`. Without it each receipt is measured by its own key.txt, which proves nothing by itself; the line says so.
With --flip, N bytes in every file of every receipt are changed, one at a time at seeded places, the archive is packed again in its one form, and
each must be rejected. Exit: 0 all is well, 3 a receipt was rejected or a flip was not, 2 usage. Needs the package `cryptography`.
"""

import argparse
import base64
import datetime
import hashlib
import json
import pathlib
import random
import re
import struct
import sys
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

KIB, MIB = 1024, 1024 * 1024
LIMITS = {
    "README.txt": 64 * KIB, "certificate.pdf": 8 * MIB, "policy.pdf": 32 * MIB, "policy.html": 16 * MIB, "consent.txt": 64 * KIB,
    "evidence.json": MIB, "salt.hex": KIB, "leaf.json": 4 * KIB, "proof.tlog-proof": 64 * KIB, "checkpoint.txt": 64 * KIB, "key.txt": KIB,
    "statement.txt": 64 * KIB, "statement.txt.sig": 64 * KIB, "manifest.txt": 64 * KIB,
}
SIGNED = ["statement.txt", "statement.txt.sig"]
STRENGTH = {"ssh_key": "key_holder", "link": "mailbox_holder", "attestation": "word_of_another"}
PROOF = {
    "ssh_key": {"fingerprint", "algorithm", "statement", "signature"}, "link": {"link", "sent_to"},
    "attestation": {"attestation", "signatory", "briefed"},
}
BODY = {"request", "person", "name", "belongs_to", "policy", "title", "version", "capacity", "pdf", "shown", "consent", "typed_name", "proof",
        "strength", "signed"}
NAMESPACE = b"acknowledgment@countersign"
CURVES = {
    "ecdsa-sha2-nistp256": (b"nistp256", ec.SECP256R1(), hashes.SHA256()), "ecdsa-sha2-nistp384": (b"nistp384", ec.SECP384R1(), hashes.SHA384()),
}


class Rejected(Exception):
    """Which file does not hold, and why. Any other exception is a fault of this program and ends it."""


def need(holds, file, why):
    if not holds:
        raise Rejected(f"{file}: {why}")


def sha256(content):
    return hashlib.sha256(content).digest()


def unbase64(text, file):
    """Standard alphabet, padded, unused bits zero: one spelling for each value."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise Rejected(f"{file}: not base64: {text!r}")
    need(base64.b64encode(content).decode() == text, file, f"not the one spelling in base64: {text!r}")
    return content


def utf8(content, file):
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected(f"{file}: not UTF-8")


# Step 1: the archive.

def pack(files):
    """The one form: version 1.0 to read and to make, on Unix, a regular file of mode 0644, 1980-01-01 00:00, no flags, nothing besides."""
    body, directory = b"", b""
    for name, content in files.items():
        entry = struct.pack("<HHHHHIIIHH", 10, 0, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 3 << 8 | 10) + entry + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(body)) + name.encode()
        body += b"PK\3\4" + entry + name.encode() + content
    return body + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0)


def unpack(archive):
    need(len(archive) <= 64 * MIB, "archive", "over 64 MiB")
    files, at = {}, 0
    while archive[at:at + 4] == b"PK\3\4" and at + 30 <= len(archive):
        size, length = struct.unpack_from("<IH", archive, at + 22)
        name = archive[at + 30:at + 30 + length].decode("latin-1")
        need(name in LIMITS and name not in files, "archive", f"{name!r} has no place here, or stands twice")
        need(size <= LIMITS[name], name, "too long")
        at += 30 + length + size
        files[name] = archive[at - size:at]
    need(list(files) == [name for name in LIMITS if name in files or name not in SIGNED], "archive", "a file is missing or out of order")
    need(pack(files) == archive, "archive", "not the one form of a receipt")
    return files


# Steps 2 and 3: keys and signed notes.

def read_key(line, file):
    """A verifier key: name and id, and what verifies."""
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)", line)
    need(match, file, f"not a verifier key: {line!r}")
    name, material = match[1], unbase64(match[3], file)
    need(len(material) == 33 and material[0] == 1, file, "not an Ed25519 key")
    need(sha256(name.encode() + b"\n" + material)[:4].hex() == match[2], file, "the id does not follow from name and key")
    return (name, match[2]), ed25519.Ed25519PublicKey.from_public_bytes(material[1:])


def read_keys(content):
    text = utf8(content, "key.txt")
    need(text.endswith("\n"), "key.txt", "no line feed at the end")
    return dict(read_key(line, "key.txt") for line in text[:-1].split("\n"))


def read_note(content, keys, file, only=None):
    """Text of a note, and the names of the keys that signed it: at least one. With `only`, no other keys may have signed."""
    note = utf8(content, file)
    need(not re.search("[\0-\x09\x0b-\x1f]", note), file, "a control character")
    text, gap, lines = note.rpartition("\n\n")
    need(gap and lines.endswith("\n"), file, "not a signed note")
    text, names = text + "\n", set()
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)", line)
        need(match, file, f"not a line of a signature: {line!r}")
        signature = unbase64(match[2], file)
        need(len(signature) > 4, file, "a line without signature")
        need(only is None or (match[1], signature[:4].hex()) in only, file, "a key signed that is not in key.txt")
        key = keys.get((match[1], signature[:4].hex()))
        if key:
            try:
                key.verify(signature[4:], text.encode())
            except InvalidSignature:
                raise Rejected(f"{file}: the signature of {match[1]} does not verify")
            names.add(match[1])
    need(names, file, "no signature by a key that we know")
    return text, names


# Steps 4 and 5: leaf and payload.

def canonical(value):
    """RFC 8785, for what stands here: text, groups with ASCII keys, and the number 1. Other keys and numbers are refused elsewhere."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_json(content, file):
    try:
        value = json.loads(utf8(content, file))
        need(canonical(value) == content, file, "not in canonical form")
    except (ValueError, RecursionError):
        raise Rejected(f"{file}: not JSON")
    return value


def members(group, names, optional, where):
    need(isinstance(group, dict), "evidence.json", f"{where} is no group")
    need(names <= set(group) <= names | optional, "evidence.json", f"{where} lacks a member or has one too many")
    for name, value in group.items():
        need(isinstance(value, str) or name in {"version", "body", "consent", "proof"}, "evidence.json", f"{name} is no text")


def check_leaf(leaf, kind="ack.signed"):
    need(isinstance(leaf, dict) and set(leaf) == {"commitment", "kind", "recorded", "version"}, "leaf.json", "other members than a leaf has")
    need(type(leaf["version"]) is int and leaf["version"] == 1, "leaf.json", "not version 1")
    need(leaf["kind"] == kind, "leaf.json", f"not of kind {kind}")
    need(isinstance(leaf["commitment"], str) and re.fullmatch("[0-9a-f]{64}", leaf["commitment"]), "leaf.json", "commitment is no digest")
    try:
        need(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", leaf["recorded"]), "leaf.json", "recorded is no time")
        datetime.datetime.strptime(leaf["recorded"], "%Y-%m-%dT%H:%M:%S.%fZ")
    except (TypeError, ValueError):
        raise Rejected("leaf.json: recorded is no time")


def check_payload(payload, leaf):
    members(payload, {"version", "kind", "recorded", "by", "body"}, {"clock"}, "the payload")
    need(type(payload["version"]) is int and payload["version"] == 1, "evidence.json", "not version 1")
    need(payload.get("clock", "given") == "given", "evidence.json", "clock can only be given")
    need(payload["kind"] == leaf["kind"] and payload["recorded"] == leaf["recorded"], "evidence.json", "kind or recorded is not that of the leaf")
    body = payload["body"]
    members(body, BODY, {"company", "address", "agent"}, "body")
    need(isinstance(body["version"], str), "evidence.json", "version of the policy is no text")
    members(body["consent"], {"text", "sha256", "locale", "button"}, set(), "consent")
    need(isinstance(body["proof"], dict) and body["proof"].get("method") in list(PROOF), "evidence.json", "no method that we know")
    members(body["proof"], PROOF[body["proof"]["method"]] | {"method"}, set(), "proof")
    need(body["capacity"] in {"person", "company"}, "evidence.json", "no capacity that we know")
    need(body["signed"] == payload["recorded"], "evidence.json", "signed is not recorded")
    return body


# Step 6: the proof.

def check_proof(proof, checkpoint, leaf_hash, keys):
    """Index of the entry, and origin of the log."""
    head, gap, rest = proof.partition(b"\n\n")
    need(gap and rest == checkpoint, "proof.tlog-proof", "does not end in checkpoint.txt")
    match = re.fullmatch(rb"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,18})((?:\n[A-Za-z0-9+/=]+)*)", head)
    need(match, "proof.tlog-proof", "not a proof")
    path = [unbase64(line, "proof.tlog-proof") for line in match[2].decode().split("\n")[1:]]
    need(all(len(step) == 32 for step in path), "proof.tlog-proof", "a hash is not 32 bytes")
    text, names = read_note(checkpoint, keys, "checkpoint.txt")
    lines = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n", text)
    need(lines, "checkpoint.txt", "not three lines of a checkpoint")
    need(lines[1] in names, "checkpoint.txt", "not signed by a key of its origin")
    index, size, root = int(match[1]), int(lines[2]), unbase64(lines[3], "checkpoint.txt")
    need(index < size, "proof.tlog-proof", "the index is outside the log")
    here, last, found = index, size - 1, leaf_hash  # RFC 9162, 2.1.3.2: fn, sn, r
    for step in path:
        need(last > 0, "proof.tlog-proof", "too many hashes")
        if here % 2 or here == last:
            found = sha256(b"\1" + step + found)
            while not here % 2 and here:
                here, last = here // 2, last // 2
        else:
            found = sha256(b"\1" + found + step)
        here, last = here // 2, last // 2
    need(last == 0 and found == root, "proof.tlog-proof", "does not lead to the root of the checkpoint")
    return index, lines[1]


# Step 8: statement and SSH signature.

def statement(body, origin):
    lines = ["countersign acknowledgment statement v1"]
    for name, value in [
        ("ledger", origin), ("request", body["request"]), ("person", body["person"]), ("name", body["name"]), ("capacity", body["capacity"]),
        ("policy", f"{body['policy']} {body['version']}"), ("pdf-sha256", body["pdf"]), ("html-sha256", body["shown"]),
        ("consent-sha256", sha256(body["consent"]["text"].encode()).hex()),
    ]:
        lines.append(f"{name}: " + value.replace("\n", " "))
    return ("\n".join(lines) + "\n\n" + body["consent"]["text"].rstrip() + "\n").encode()


def strings(blob, count, file="statement.txt.sig"):
    """As many strings of SSH (length in four bytes, then so many bytes), and nothing after them."""
    found = []
    for _ in range(count):
        size = int.from_bytes(blob[:4], "big")
        need(len(blob) >= 4 + size, file, "cut off")
        found, blob = found + [blob[4:4 + size]], blob[4 + size:]
    need(not blob, file, "more than there should be")
    return found


def number(mpint):
    value = int.from_bytes(mpint, "big")
    need(value > 0 and mpint == value.to_bytes(value.bit_length() // 8 + 1, "big"), "statement.txt.sig", "a number in another form than the shortest")
    return value


def check_sshsig(armour, message, proof):
    file = "statement.txt.sig"
    match = re.fullmatch(r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n", utf8(armour, file))
    need(match, file, "not the armour of an SSH signature")
    blob = unbase64(match[1].replace("\n", ""), file)
    need(blob[:10] == b"SSHSIG\0\0\0\1", file, "not an SSHSIG of version 1")
    key, namespace, reserved, hashing, signature = strings(blob[10:], 5)
    need(namespace == NAMESPACE and reserved == b"", file, "made for another purpose")
    need(hashing in (b"sha256", b"sha512"), file, "unknown hash")
    need(proof["fingerprint"] == "SHA256:" + base64.b64encode(sha256(key)).decode().rstrip("="), file, "not by the key with that fingerprint")
    kind, made = strings(signature, 2)
    digest = hashlib.new(hashing.decode(), message).digest()
    data = b"SSHSIG" + b"".join(len(part).to_bytes(4, "big") + part for part in [namespace, reserved, hashing, digest])
    need(kind == proof["algorithm"].encode(), file, "another algorithm than in the evidence")
    try:
        if kind == b"ssh-ed25519":
            name, point = strings(key, 2)
            need(name == kind, file, "key and signature are of two kinds")
            ed25519.Ed25519PublicKey.from_public_bytes(point).verify(made, data)
        else:
            need(proof["algorithm"] in CURVES, file, "an algorithm that is not read here")
            name, curve, point = strings(key, 3)
            wanted, group, hashed = CURVES[proof["algorithm"]]
            need(name == kind and curve == wanted and point[:1] == b"\4", file, "key and signature are of two kinds")
            pair = utils.encode_dss_signature(*map(number, strings(made, 2)))
            ec.EllipticCurvePublicKey.from_encoded_point(group, point).verify(pair, data, ec.ECDSA(hashed))
    except InvalidSignature:
        raise Rejected(f"{file}: the signature does not verify")
    except ValueError:
        raise Rejected(f"{file}: not a public key")


def check(archive, trusted):
    """All steps. What the receipt says, where it holds."""
    files = unpack(archive)
    own = read_keys(files["key.txt"])
    keys = trusted or own
    text, names = read_note(files["manifest.txt"], keys, "manifest.txt", own)
    lines = [f"{sha256(content).hex()}  {name}\n" for name, content in files.items() if name != "manifest.txt"]
    need(text == "countersign receipt v1\n" + "".join(lines), "manifest.txt", "does not list the files as they are")
    leaf = read_json(files["leaf.json"], "leaf.json")
    check_leaf(leaf)
    need(re.fullmatch(b"[0-9a-f]{64}\n", files["salt.hex"]), "salt.hex", "not 64 digits and a line feed")
    salt = bytes.fromhex(files["salt.hex"].decode().strip())
    need(sha256(salt + files["evidence.json"]).hex() == leaf["commitment"], "evidence.json", "not what the leaf commits to")
    body = check_payload(read_json(files["evidence.json"], "evidence.json"), leaf)
    index, origin = check_proof(files["proof.tlog-proof"], files["checkpoint.txt"], sha256(b"\0" + files["leaf.json"]), keys)
    need(origin in names, "manifest.txt", "not signed by a key of the log")
    for name, digest in [("policy.pdf", body["pdf"]), ("policy.html", body["shown"]), ("consent.txt", body["consent"]["sha256"])]:
        need(sha256(files[name]).hex() == digest, name, "not the file of the evidence")
    need(files["consent.txt"] == body["consent"]["text"].encode(), "consent.txt", "not the consent of the evidence")
    proof = body["proof"]
    need(body["strength"] == STRENGTH[proof["method"]], "evidence.json", "the strength does not follow from the method")
    need([name for name in SIGNED if name in files] == (SIGNED if proof["method"] == "ssh_key" else []), "archive", "statement and method do not fit")
    if proof["method"] == "ssh_key":
        need(files["statement.txt"] == proof["statement"].encode(), "statement.txt", "not the statement of the evidence")
        need(files["statement.txt.sig"] == proof["signature"].encode(), "statement.txt.sig", "not the signature of the evidence")
        need(files["statement.txt"] == statement(body, origin), "statement.txt", "does not follow from the evidence")
        check_sshsig(files["statement.txt.sig"], files["statement.txt"], proof)
    return f"{body['policy']} {body['version']}, person {body['person']}, entry {index}" + ("" if trusted else ", by its own key")


def flip(path, archive, trusted, count):
    """How many flips were tried, and how many of them were accepted."""
    files, tried, accepted = unpack(archive), 0, 0
    for name, content in files.items():
        chance = random.Random(f"{name} {sha256(content).hex()}")
        for at in chance.sample(range(len(content)), min(count, len(content))):
            byte = content[at] ^ chance.randrange(1, 256)
            try:
                check(pack({**files, name: content[:at] + bytes([byte]) + content[at + 1:]}), trusted)
                accepted += 1
                print(f"{path}: ACCEPTED with byte {at} of {name} changed from {content[at]:#04x} to {byte:#04x}")
            except Rejected:
                pass
            tried += 1
    return tried, accepted


def main():
    usage = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    usage.add_argument("--key", action="append", default=[])
    usage.add_argument("--flip", action="store_true")
    usage.add_argument("--flips", type=int, default=1)
    usage.add_argument("files", nargs="+")
    asked = usage.parse_args()
    try:
        trusted = dict(read_key(line, "--key") for line in asked.key)
    except Rejected as fault:
        usage.error(str(fault))
    if asked.flips < 1:
        usage.error("--flips: at least 1")
    rejected, tried, accepted = 0, 0, 0
    for path in asked.files:
        try:
            archive = pathlib.Path(path).read_bytes()
            print(f"{path}: holds: {check(archive, trusted)}")
        except (Rejected, OSError) as fault:
            print(f"{path}: REJECTED: {fault}")
            rejected += 1
            continue
        if asked.flip:
            more = flip(path, archive, trusted, asked.flips)
            tried, accepted = tried + more[0], accepted + more[1]
    if asked.flip:
        print(f"{len(asked.files) - rejected} of {len(asked.files)} receipts hold; {tried - accepted} of {tried} flips rejected")
    sys.exit(3 if rejected or accepted else 0)


if __name__ == "__main__":
    main()
