#!/usr/bin/env python3
"""Kills countersign at random moments while it publishes, asks, signs and sends, and checks that nothing is lost and nothing doubled.

usage: crash.py COUNTERSIGN FOLDER [KILLS] [SEED] [KIND ...]

Mails go to a mail server of this script, on loopback, which remembers every message it took. Kills are SIGKILL. Every command that ended
with success before a kill must be found afterwards; every mail that was decided must have arrived; no mail may be there twice, but for one
more, the same byte for byte, after each unknown outcome. Kinds are publish, request, sign, send (what waits) and remind (decide and send).
"""

import email
import email.policy
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time

BINARY, FOLDER = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 25
CHANCE = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
KINDS = sys.argv[5:] or ["publish", "request", "sign", "send", "remind"]
WORKSPACE = FOLDER / "contracts"
ENVIRONMENT = {"PATH": os.environ["PATH"], "USER": "crash"}
received = []


class Server(socketserver.StreamRequestHandler):
    """As much of SMTP as a relay without TLS needs."""

    def handle(self):
        def say(text):
            self.wfile.write(text.encode() + b"\r\n")

        say("220 crash.test")
        while line := self.rfile.readline():
            verb = line.strip().upper()
            if verb.startswith(b"DATA"):
                say("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                if not line:
                    return
                received.append(b"".join(lines))
                say("250 taken")
            elif verb.startswith(b"QUIT"):
                say("221 bye")
                return
            else:
                say("250 crash.test")


def run(*arguments, stdin=None, kill_after=None):
    """Runs a command; with `kill_after` seconds it is killed then. Gives the exit code, `None` when killed, and its output."""
    process = subprocess.Popen(
        [BINARY, "-C", str(WORKSPACE), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    try:
        out, err = process.communicate(stdin, timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
    return (None if process.returncode == -signal.SIGKILL else process.returncode), out, err


def must(*arguments, stdin=None):
    code, out, err = run(*arguments, stdin=stdin)
    if code != 0:
        sys.exit(f"{arguments}: exit {code}\n{out}{err}")
    return out


def entries():
    """Every entry as the register shows it."""
    return json.loads(must("ledger", "show", "--payload", "--format", "json"))


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
# A client that is killed breaks its line; that is the point.
server.handle_error = lambda *_: None
threading.Thread(target=server.serve_forever, daemon=True).start()

subprocess.run([BINARY, "init", str(WORKSPACE)], check=True, capture_output=True, env=ENVIRONMENT)
settings = WORKSPACE / "countersign.yaml"
smtp = f"  transport: smtp\n  smtp: {{host: 127.0.0.1, port: {server.server_address[1]}, tls: none, timeout_secs: 10}}"
text = settings.read_text().replace("  transport: directory", smtp).replace("  hourly_budget: 500\n", "")
# Mails leave at any hour: this runs by the clock, also at night.
settings.write_text(re.sub(r"^calendars:\n(  .*\n)+", "", text, flags=re.M))
# Begun with a given time, it is a rehearsal, which may go ahead of the clock: mails of tomorrow are sent at the end.
must("ledger", "init", "--now", time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()))
must("policy", "publish", "incident_reporting", "--reason", "first")

# One person for each round, and a second policy that gains a version in some rounds.
people = FOLDER / "people.csv"
rows = "".join(f"p-{n},Person {n},person{n}@brightledger-crm.example,brightledger-crm,user,2026-01-01\n" for n in range(2 * KILLS + 20))
people.write_text("id,name,email,supplier,roles,start\n" + rows)
must("people", "import", str(people))
outline = WORKSPACE / "clauses" / "policies" / "acceptable_use" / "outline.yaml"
outline.parent.mkdir(parents=True)
subprocess.run([BINARY, "init", str(FOLDER / "library"), "--library"], check=True, capture_output=True, env=ENVIRONMENT)
library = (FOLDER / "library" / "clauses" / "policies" / "acceptable_use" / "outline.yaml").read_text()
shutil.rmtree(FOLDER / "library")

# How long a command takes when nobody kills it, so that kills fall all over it.
typical = {}


def timed(kind, *arguments, stdin=None):
    begin = time.monotonic()
    run(*arguments, stdin=stdin)
    typical[kind] = time.monotonic() - begin


outline.write_text(re.sub(r"^version: .*$", "version: 1.0", library, flags=re.M))
timed("publish", "policy", "publish", "acceptable_use", "--reason", "first")
timed("request", "ack", "request", "incident_reporting", "--person", "p-0")
timed("send", "remind", "--send")
must("sync")
run("remind", "--send", "--confirm")


def newcomer(name):
    """Somebody who must be trained: the next `remind` tells them."""
    path = FOLDER / "newcomer.csv"
    path.write_text(f"id,name,email,department,start\n{name},{name},{name}@harbourline.example,Sales,2026-01-01\n")
    must("people", "import", str(path))
    must("sync")


newcomer("q-0")
timed("remind", "remind", "--send")


def link_of(person):
    """The newest link that the mail server took for a person."""
    for raw in reversed(received):
        message = email.message_from_bytes(raw, policy=email.policy.default)
        if message["to"].addresses[0].addr_spec.startswith(f"{person}@"):
            found = re.search(r"https://sign\.harbourline\.example/([A-Za-z0-9_-]{43})", message.get_body(("plain",)).get_content())
            if found:
                return found[1]
    return None


timed("sign", "ack", "sign", "--link", "-", "--name", "Person 0", stdin=link_of("person0"))
killed = {kind: 0 for kind in typical}
told = {"publish": ["1.0"], "request": ["p-0"], "sign": ["p-0"], "remind": ["q-0"]}
minor = 0
number = 0
while sum(killed.values()) < KILLS:
    number += 1
    if number >= 2 * KILLS + 20:
        sys.exit(f"only {sum(killed.values())} of {number} kills hit a running command")
    kind = CHANCE.choice(KINDS)
    person = f"p-{number}"
    if kind == "remind":
        newcomer(f"q-{number}")
    elif kind != "publish":
        # What comes before the step under test is done in peace.
        if kind in ("sign", "send"):
            must("ack", "request", "incident_reporting", "--person", person)
            told["request"].append(person)
        if kind == "sign":
            run("remind", "--send")
    before = CHANCE.uniform(0, typical[kind] * 1.1)
    if kind == "publish":
        minor += 1
        outline.write_text(re.sub(r"^version: .*$", f"version: 1.{minor}", library, flags=re.M))
        code, out, _ = run("policy", "publish", "acceptable_use", "--reason", "again", "--change", "minor", kill_after=before)
        told["publish"] += [f"1.{minor}"] if code == 0 else []
    elif kind == "request":
        code, out, _ = run("ack", "request", "incident_reporting", "--person", person, "--format", "json", kill_after=before)
        told["request"] += [person] if code == 0 else []
    elif kind == "sign":
        link = link_of(f"person{number}")
        code, out, _ = run("ack", "sign", "--link", "-", "--name", person, stdin=link, kill_after=before)
        told["sign"] += [person] if code == 0 else []
    else:
        code, out, _ = run("remind", "--send", kill_after=before)
        told["remind"] += [f"q-{number}"] if code == 0 and kind == "remind" else []
    killed[kind] += code is None

# Afterwards: everything that waits is sent, and the register holds.
for _ in range(5):
    run("remind", "--send", "--confirm")
# A mail that was hit five times waits for a person, who lets it be tried once more.
retried = [mail["key"] for mail in json.loads(must("outbox", "list", "--format", "json")) if mail["state"] == "unknown"]
for key in retried:
    must("outbox", "retry", key)
run("remind", "--send", "--confirm")
must("ack", "request", "incident_reporting")
must("ack", "request", "acceptable_use")
# One mail a person and day: who had theirs today is written to tomorrow.
for day in (1, 2):
    tomorrow = time.strftime("%Y-%m-%dT09:00:00.000Z", time.gmtime(time.time() + 86400 * day))
    run("remind", "--send", "--confirm", "--now", tomorrow)
must("ledger", "verify")
bodies = [(e["kind"], e["payload"]["body"]) for e in entries() if e.get("payload")]
published = [b["version"] for kind, b in bodies if kind == "policy.published" and b["policy"] == "acceptable_use"]
requested = [b["person"] for kind, b in bodies if kind == "ack.requested" and b["policy"] == "incident_reporting"]
signed = [b["person"] for kind, b in bodies if kind == "ack.signed"]
decided = [b["key"] for kind, b in bodies if kind == "mail.decided"]
unknown = [b["key"] for kind, b in bodies if kind == "mail.settled" and b["result"] == "unknown"]
dropped = [b["key"] for kind, b in bodies if kind == "mail.settled" and b["result"] == "dropped"]
reminded = [b["person"] for kind, b in bodies if kind == "mail.decided"]
for what, acknowledged, found in [("remind", told["remind"], reminded), ("publish", told["publish"], published), ("request", told["request"], requested), ("sign", told["sign"], signed)]:
    missing = set(acknowledged) - set(found)
    if missing:
        sys.exit(f"{what}: told as done, but missing: {missing}")
for what, found in [("published", published), ("requested", requested), ("signed", signed), ("decided", decided)]:
    doubled = {item for item in found if found.count(item) > 1}
    if doubled:
        sys.exit(f"{what} twice: {doubled}")
ids = [email.message_from_bytes(raw, policy=email.policy.default)["message-id"] for raw in received]
arrived = {message_id.strip("<>").split("@")[0] for message_id in ids}
lost = [key for key in decided if key not in dropped and hashlib.sha256(key.encode()).hexdigest()[:32] not in arrived]
if lost:
    sys.exit(f"decided, but never arrived: {lost}")
twice = {message_id for message_id in ids if ids.count(message_id) > 1}
# One mail, and at most one more for each unknown outcome; the Message-ID says which mail it is.
allowed = {hashlib.sha256(key.encode()).hexdigest()[:32]: 1 + unknown.count(key) + retried.count(key) for key in unknown}
for message_id in twice:
    most = allowed.get(message_id.strip("<>").split("@")[0], 1)
    if ids.count(message_id) > most:
        sys.exit(f"mail {message_id} came {ids.count(message_id)} times, {most} are allowed")
doubled_bytes = [m for m in twice if len({raw for raw in received if email.message_from_bytes(raw, policy=email.policy.default)["message-id"] == m}) > 1]
if doubled_bytes:
    sys.exit(f"sent again with other bytes: {doubled_bytes}")
code, out, err = run("doctor")
if code != 0:
    sys.exit(f"doctor: exit {code}\n{out}{err}")
print(
    f"crash: {sum(killed.values())} kills ({', '.join(f'{kind} {count}' for kind, count in killed.items())}), {len(bodies)} entries, {len(ids)} mails, "
    f"{len(unknown)} unknown outcomes, {len(retried)} left to a person, {len(twice)} mails sent again with the same bytes; nothing lost, nothing doubled; ledger and doctor hold"
)
