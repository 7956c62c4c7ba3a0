#!/usr/bin/env python3
"""The story of the register on a fresh workspace, from the first policy to erasure, by the command line alone.

usage: story.py COUNTERSIGN FOLDER

COUNTERSIGN is the binary, FOLDER an empty or absent folder. Needs ssh-keygen. Time is given (`--now`), so that the story takes two years in
a minute. Every step checks what it got; the last line counts what was done.
"""

import csv
import email
import email.policy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BINARY, FOLDER = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
WORKSPACE = FOLDER / "contracts"
SUPPLIERS = ["brightledger-crm", "claimwell-billing", "ironpeak-hosting", "swit-avgi-safak-cleaning", "tallyholme-payroll"]
POLICY = "code_of_conduct"
steps = 0


def run(*arguments, now=None, code=0, stdin=None, workspace=True):
    """Runs countersign and returns its standard output; any other exit code than the expected one ends the story."""
    global steps
    steps += 1
    command = [BINARY] + (["-C", str(WORKSPACE)] if workspace else []) + list(arguments)
    if now:
        command += ["--now", now + "T09:00:00.000Z"]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "USER": "story"})
    if done.returncode != code:
        sys.exit(f"{' '.join(arguments)}: exit {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
    return done.stdout if code == 0 else done.stdout + done.stderr


def read(*arguments, now=None, code=0):
    return json.loads(run(*arguments, "--format", "json", now=now, code=code))


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r}, expected {wanted!r}")


def mails():
    """Every mail in the outbox folder: address, kind by subject, links."""
    out = []
    for path in sorted((WORKSPACE / "output" / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()
        links = re.findall(r"https://sign\.harbourline\.example/([A-Za-z0-9_-]{43})", text)
        attachments = [part.get_filename() for part in message.iter_attachments()]
        out.append({"to": message["to"].addresses[0].addr_spec, "subject": message["subject"], "links": links, "attachments": attachments, "path": path})
    return out


def counts(as_of, known_at=None):
    arguments = ["status", "--as-of", as_of] + (["--known-at", known_at] if known_at else [])
    found = {}
    for line in read(*arguments, now=LAST)["lines"]:
        found[line["status"]] = found.get(line["status"], 0) + 1
    return found


# A fresh workspace with keys, and a register.
run("init", str(WORKSPACE), workspace=False)
for key in WORKSPACE.glob("*.key"):
    expect(f"mode of {key.name}", oct(key.stat().st_mode & 0o777), "0o600")
run("ledger", "init", now="2027-01-04")

# Fifty people of five suppliers: one signatory each, two with SSH keys, three cleaners without a mailbox, ten who read German.
keys = FOLDER / "keys"
keys.mkdir()
for name in ["anna", "bert"]:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(keys / name)], check=True)
rows = []
for number in range(50):
    supplier = SUPPLIERS[number % 5]
    first = number < 5
    mailbox = not (supplier == "swit-avgi-safak-cleaning" and number >= 35)
    key = {5: "anna", 6: "bert"}.get(number)
    rows.append(
        {
            "id": f"p-{number:02}",
            "name": f"Žofie Müller-{number:02}" if number % 5 == 0 else f"Person {number:02}",
            "email": f"person{number:02}@{supplier}.example" if mailbox else "",
            "supplier": supplier,
            "roles": "signatory;user" if first else "user",
            "language": "de" if number % 5 == 4 else "en",
            "time_zone": "Europe/Berlin" if number % 5 == 4 else "Europe/Dublin",
            "start": "2026-01-01",
            "ssh_key": (keys / f"{key}.pub").read_text().strip() if key else "",
        }
    )
people = FOLDER / "people.csv"
with people.open("w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(rows)
run("people", "import", str(people), "--dry-run", now="2027-01-04")
expect("people before", len(read("people", "list")), 0)
imported = read("people", "import", str(people), now="2027-01-04")
expect("people", len(imported["changes"]), 50)
broken = FOLDER / "broken.csv"
broken.write_text("name,email,supplier,start\nNew One,new@x.example,tallyholme-payroll,2027-01-01\nBad One,bad,tallyholme-payroll,2027-13-01\n")
run("people", "import", str(broken), now="2027-01-04", code=1)
expect("people after a broken file", len(read("people", "list")), 50)

contacts = read("people", "sync", "--dry-run", now="2027-01-04")
expect("contacts of the profiles", (contacts["recorded"], len(contacts["changes"]) > 5), (False, True))
run("mail", "test", "me@example.com", now="2027-01-04")
tests = len(mails())
expect("test mails", tests, 1)

# Publish and ask. The plan changes nothing.
run("policy", "publish", POLICY, "--reason", "first version", now="2027-01-04")
run("policy", "publish", POLICY, "--reason", "again", now="2027-01-04", code=1)
plan = read("ack", "request", POLICY, "--plan", now="2027-01-05")
expect("planned requests", len(plan["requests"]), 55)
asked = read("ack", "request", POLICY, now="2027-01-05")
expect("requests", len(asked["requests"]), 55)
due = asked["requests"][0]["due"]
expect("asked again", len(read("ack", "request", POLICY, now="2027-01-05")["requests"]), 0)
run("remind", "--send", now="2027-01-05")
run("remind", "--send", now="2027-01-05")
first_mails = [mail for mail in mails() if mail["links"]]
expect("first mails", len(first_mails), 47)
expect("links", sum(len(mail["links"]) for mail in first_mails) >= 52, True)
german = [mail for mail in first_mails if mail["to"].endswith("@tallyholme-payroll.example")]
expect("German subjects", all("bestätig" in mail["subject"].lower() for mail in german), True)

# Two sign with SSH keys; a signature over another statement is refused.
requests = {(r["person"], r["capacity"]): r["request"] for r in asked["requests"]}
for person, key in [("p-05", "anna"), ("p-06", "bert")]:
    request = requests[(person, "person")]
    statement = FOLDER / f"{request}.txt"
    statement.write_text(run("ack", "statement", request), encoding="utf-8")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(keys / key), "-n", "acknowledgment@countersign", str(statement)], check=True, capture_output=True)
    signature = str(statement) + ".sig"
    if person == "p-05":
        other = requests[("p-06", "person")]
        run("ack", "sign", other, "--ssh-signature", signature, "--name", "Bert", now="2027-01-06", code=1)
    run("ack", "sign", request, "--ssh-signature", signature, "--name", f"Typed {person}", now="2027-01-06")
    run("ack", "sign", request, "--ssh-signature", signature, "--name", f"Typed {person}", now="2027-01-06", code=1)

# Thirty links are used; a used, a forged and a stale one are refused.
links = [link for mail in first_mails for link in mail["links"] if not mail["to"].startswith(("person05@", "person06@"))]
used = links[:30]
for link in used:
    run("ack", "sign", "--link", "-", "--name", "Signed By Link", now="2027-01-07", stdin=link)
run("ack", "sign", "--link", "-", "--name", "Once More", now="2027-01-07", stdin=used[0], code=1)
run("ack", "sign", "--link", "-", "--name", "Forger", now="2027-01-07", stdin="A" * 43, code=1)

# A signatory attests for the cleaners; one declines; one hands over; one leaves; one is exempt; one is on leave.
paper = FOLDER / "paper.pdf"
paper.write_bytes(b"%PDF-1.7 scan of the signed paper")
run("ack", "attest", POLICY, "--signatory", "p-03", "--person", "p-38", "--person", "p-43", "--person", "p-48", "--briefed", "2027-01-07",
    "--paper", str(paper), "--name", "Person 03", now="2027-01-08")
open_lines = [line for line in read("status", "--as-of", "2027-01-08", now="2027-01-08")["lines"] if line["status"] in ("requested", "due")]
individuals = [line for line in open_lines if line["capacity"] == "person"]
expect("open", len(individuals) >= 6, True)
declines, hands_over, leaves, exempt, on_leave = individuals[:5]
run("ack", "decline", declines["request"], "--reason", "has a question about gifts", now="2027-01-08")
colleague = next(line for line in individuals[5:] + individuals if line["belongs_to"] == hands_over["belongs_to"] and line["person"] != hands_over["person"])
run("ack", "delegate", hands_over["request"], "--to", colleague["person"], "--reason", "stands in", now="2027-01-08")
run("people", "end", leaves["person"], "--on", "2027-01-10", "--reason", "left the company", now="2027-01-10")
run("people", "exempt", exempt["person"], "--policy", POLICY, "--from", "2027-01-08", "--until", "2027-06-30", "--reason", "secondment",
    "--approver", "grainne.fallon@harbourline.example", now="2027-01-10")
run("people", "leave", on_leave["person"], "--from", "2027-01-08", "--until", "2027-03-31", "--reason", "parental", now="2027-01-10")

# Reminders: planned, sent once, and never doubled.
LAST = "2027-01-10"
ahead = read("remind", "--plan", "--as-of", due)
held = {item["person"]: item["why"] for item in ahead["held_back"]}
expect("held back on leave", "on leave" in held.get(on_leave["person"], ""), True)
expect("held back exempt", "exempt" in held.get(exempt["person"], ""), True)
before = len(mails())
run("remind", "--send", now=due)
run("remind", "--send", now=due)
run("remind", "--send", now=due)
LAST = due
reminded = len(mails()) - before
expect("reminders", reminded >= 1, True)

# A new major version: everybody is asked again; a link of the old version no longer signs.
outline = WORKSPACE / "clauses" / "policies" / POLICY / "outline.yaml"
outline.parent.mkdir(parents=True)
run("init", str(FOLDER / "library"), "--library", workspace=False)
text = (FOLDER / "library" / "clauses" / "policies" / POLICY / "outline.yaml").read_text()
outline.write_text(text.replace("version: 1.1", "version: 2.0"))
run("policy", "publish", POLICY, "--reason", "new rules on gifts", now="2027-03-01", code=1)
run("policy", "publish", POLICY, "--reason", "new rules on gifts", "--change", "minor", now="2027-03-01", code=1)
run("policy", "publish", POLICY, "--reason", "new rules on gifts", "--change", "major", now="2027-03-01")
stale = next(link for link in links[30:])
run("ack", "sign", "--link", "-", "--name", "Too Late", now="2027-03-01", stdin=stale, code=1)
again = read("ack", "request", POLICY, now="2027-03-02")
expect("asked again for 2.0", len(again["requests"]) >= 52, True)
run("remind", "--send", now="2027-03-02")
newest = {}
for mail in mails():
    if mail["links"]:
        newest[mail["to"]] = mail["links"]
fresh = [link for links_ in newest.values() for link in links_]
signed_again = 0
for link in fresh[:20]:
    run("ack", "sign", "--link", "-", "--name", "Signed Again", now="2027-03-03", stdin=link)
    signed_again += 1
LAST = "2027-03-03"
run("remind", "--send", now=LAST)

# Status on five dates and by two knowledge times.
table = {day: counts(day) for day in ["2027-01-04", "2027-01-05", "2027-01-08", due, "2027-03-03"]}
expect("status before anything", table["2027-01-04"], {})
expect("status on the day of the request", table["2027-01-05"], {"requested": 55})
expect("signed on 3 March", table["2027-03-03"].get("signed", 0) >= 20, True)
expect("superseded on 3 March", table["2027-03-03"].get("superseded", 0) > 0, True)
known_early = counts("2027-03-03", "2027-01-05T09:00:00.000Z")
known_late = counts("2027-03-03", "2027-03-03T09:00:00.000Z")
expect("known on 5 January, as of 3 March", known_early, {"overdue": 55})
expect("known on 3 March, as of 3 March", known_late, table["2027-03-03"])
run("status", "--format", "csv")
run("status", "--supplier", "tallyholme-payroll")

# Receipts, verified in an empty folder with no environment.
receipts = FOLDER / "receipts"
made = read("receipt", "make", "--all", "--to", str(receipts), now=LAST)
vkey = (WORKSPACE / "checkpoints" / "keys").read_text().split()[0]
with tempfile.TemporaryDirectory() as empty:
    files = [os.path.abspath(item["file"]) for item in made]
    done = subprocess.run([BINARY, "receipt", "verify", "--key", vkey, *files], cwd=empty, env={}, capture_output=True, text=True)
    expect("receipts hold", (done.returncode, done.stderr), (0, ""))
    expect("receipts", done.stdout.count(": holds"), len(made))

# Erasure: refused before its time, then done; everything still verifies.
run("people", "end", "p-06", "--on", "2027-03-31", "--reason", "left", now="2027-03-31")
run("erase", "p-06", "--reason", "period over", now="2030-01-01", code=1)
settings = WORKSPACE / "countersign.yaml"
text = settings.read_text()
hold = "  retention_years: 6\n  legal_holds: [{supplier: claimwell-billing, since: 2032-01-01, reason: law suit}]\n"
settings.write_text(text.replace("  retention_years: 6\n", hold))
refusal = run("erase", "p-06", "--reason", "period over", now="2033-04-01", code=1)
expect("legal hold", "legal hold" in refusal, True)
settings.write_text(text)
run("erase", "p-06", "--reason", "period over", now="2033-04-01")
expect("no trace in the file", b"Typed p-06" in (WORKSPACE / "countersign.db").read_bytes(), False)
run("doctor", now="2033-04-01", code=5)
expect("nothing waits", [m for m in read("outbox", "list") if m["state"] != "sent"], [])
run("ledger", "verify")
expect("erased", any(line["person"] == "p-06" for line in read("status", "--as-of", "2033-04-01")["lines"]), False)

print(
    f"story: {steps} commands, {len(mails())} mails, {len(made)} receipts, {len(used) + signed_again} signed by link, 2 by SSH key, 3 attested, "
    f"{reminded} reminded; as of 2027-03-03: {json.dumps(table['2027-03-03'])}; known on 5 January: {json.dumps(known_early)}"
)
