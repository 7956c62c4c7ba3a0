#!/usr/bin/env python3
"""Eighteen months of training, acknowledgments and reminders on a fixed clock, with a second opinion on every mail.

usage: seasons.py COUNTERSIGN FOLDER [PEOPLE] [DAYS] [SEED]

COUNTERSIGN is the binary, FOLDER an empty or absent folder. Each day at 09:00 UTC the plan is compared, mail by mail and item by item, with what this
script works out by itself from the list of what is owed (`due`) and the ladder; then it is sent, and what lies in the mail folder is compared with the
plan. There are joiners, leavers, leave, exemptions, a new policy version, early, late and missed completions, and an outage of nine days.
The last line counts.
"""

import collections
import csv
import datetime
import email
import email.policy
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import zoneinfo

BINARY, FOLDER = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
PEOPLE = int(sys.argv[3]) if len(sys.argv) > 3 else 200
DAYS = int(sys.argv[4]) if len(sys.argv) > 4 else 548
SEED = int(sys.argv[5]) if len(sys.argv) > 5 else 1
ROOT = FOLDER / "contracts"
START = datetime.date(2027, 1, 4)
OUTAGE = range(DAYS * 2 // 5, DAYS * 2 // 5 + 9)
POLICY = "code_of_conduct"
OWNER = "grainne.fallon@harbourline.example"
ZONES = {"IE": "Europe/Dublin", "GB": "Europe/London", "DE": "Europe/Berlin", "US": "America/New_York"}
AHEAD, EVERY, MOST = [30, 7, 1], 7, 4
ESCALATE = {"coordinator": 7, "supplier": 14, "owner": 28}
KINDS = {"certificate": [90, 30, 7], "insurance": [60, 30, 7], "renewal": [90, 30, 7]}
HOLIDAYS = {}
chance = random.Random(SEED)
count = collections.Counter()


def run(*arguments, now=None, code=(0,), stdin=None):
    command = [BINARY, "-C", str(ROOT), *map(str, arguments)] + (["--now", now] if now else [])
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "USER": "seasons"})
    count["commands"] += 1
    if done.returncode not in code:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def read(*arguments, **options):
    return json.loads(run(*arguments, "--format", "json", **options))


def moment(day, hour):
    return f"{day}T{hour:02}:00:00.000Z"


def fail(day, what, *more):
    sys.exit(f"{day}: {what}\n" + "\n".join(map(str, more)))


# ---- the second opinion ------------------------------------------------------------------------------------------------------------------------

def is_working(country, day):
    calendar = HOLIDAYS.get(country, set())
    return day.weekday() < 5 and day.isoformat() not in calendar and day.isoformat()[5:] not in calendar


def opening(person, day):
    """The day on which a mail that is decided at 09:00 UTC leaves, in the time zone of the person."""
    local = datetime.datetime.combine(day, datetime.time(9), datetime.timezone.utc).astimezone(zoneinfo.ZoneInfo(person["time_zone"]))
    send = local.date() if local.hour < 18 else local.date() + datetime.timedelta(1)
    while not is_working(person["country"], send):
        send += datetime.timedelta(1)
    return send


def stage_of(owed, day):
    """Order and name of the stage that is reached, or None."""
    late = (day - datetime.date.fromisoformat(owed["due"])).days
    if late < 0:
        reached = [a for a in KINDS.get(owed["kind"], AHEAD) if -late <= a]
        return (1, -min(reached)) if reached else None
    late -= owed.get("grace_days", 0)
    if late <= 0:
        return (2, 0)
    number = (late - 1) // EVERY + 1
    return (3, number) if number <= MOST else None


def stage_in(item):
    number = item.get("number", 0)
    return {"request": (0, 0), "ahead": (1, -number), "due": (2, 0), "overdue": (3, number)}[item["stage"]]


class Opinion:
    """What whoever owes something was told, and what must be told next."""

    def __init__(self):
        self.told, self.last, self.escalated, self.ever, self.teams = {}, {}, set(), set(), set()

    def mailable(self, person, send):
        away = any(l["from"] <= send.isoformat() <= l["until"] for l in person.get("leave", []))
        left = person.get("end") and send.isoformat() > person["end"]
        return person.get("email") and not away and not left

    def expect(self, day, owed, people, by_mail):
        own, team = collections.defaultdict(set), collections.defaultdict(set)
        for one in owed:
            person = people.get(one.get("person")) or by_mail.get(one.get("owner")) or by_mail[OWNER]
            if one.get("paused"):
                continue
            send = opening(person, day)
            reached, told = stage_of(one, send), self.told.get((one["id"], one["due"]))
            if told is None and one.get("is_new") and not (reached is None and send.isoformat() > one["due"] and one["id"] in self.ever):
                reached = reached or (0, 0)
            if reached and (told is None or reached > told) and self.mailable(person, send) and self.last.get(person["id"], datetime.date.min) < send:
                own[(person["id"], send)].add((one["id"], reached))
            self.escalations(day, one, person, people, by_mail, team)
        return own, team

    def escalations(self, day, one, debtor, people, by_mail, team):
        late = (day - datetime.date.fromisoformat(one["due"])).days - one.get("grace_days", 0)
        for level, after in ESCALATE.items():
            if late < after or (one["id"], one["due"], level) in self.escalated:
                continue
            of_supplier = lambda role: next((p for p in people.values() if one.get("supplier") and p.get("supplier") == one["supplier"] and role in p["roles"]
                                             and p["start"] <= day.isoformat() <= p.get("end", "9999")), None)
            if level == "coordinator":
                who = (people.get(debtor.get("coordinator")) or of_supplier("coordinator")) if one.get("person") else None
            elif level == "supplier":
                who = of_supplier("escalation") if one["kind"] in ("acknowledgment", "training", "certificate", "insurance") else None
            else:
                who = by_mail.get(one.get("owner")) or by_mail[OWNER]
            if who is None or who["id"] == debtor["id"]:
                continue
            send = opening(who, day)
            if self.mailable(who, send) and (who["id"], send) not in self.teams:
                team[(who["id"], send)].add((one["id"], level))

    def note(self, mail):
        send = datetime.date.fromisoformat(mail["day"])
        for item in mail["items"]:
            if item.get("level"):
                self.escalated.add((item["obligation"], item["due"], item["level"]))
            else:
                self.told[(item["obligation"], item["due"])] = stage_in(item)
                self.ever.add(item["obligation"])
        if mail["letter"] == "team":
            self.teams.add((mail["person"], send))
        else:
            self.last[mail["person"]] = send


# ---- the world ---------------------------------------------------------------------------------------------------------------------------------

def prepare():
    subprocess.run([BINARY, "init", str(ROOT)], check=True, capture_output=True)
    profiles = sorted((ROOT / "suppliers").glob("*.yaml"))
    for number, profile in enumerate(profiles[:3]):
        name = f"twin-{number}-{profile.stem}"[:40].rstrip("-")
        text = re.sub(rf"^supplier: {profile.stem}$", f"supplier: {name}", profile.read_text(), flags=re.M)
        (profile.parent / f"{name}.yaml").write_text(text)
    settings = (ROOT / "countersign.yaml").read_text()
    for country, listed in re.findall(r"^  (IE|GB|DE|US): \{.*holidays: \[(.*)\]\}", settings, flags=re.M):
        HOLIDAYS[country] = {day.strip().strip('"') for day in listed.split(",")}
    (ROOT / "countersign.yaml").write_text(settings.replace("hourly_budget: 500", "hourly_budget: 100000"))
    return sorted(p.stem for p in (ROOT / "suppliers").glob("*.yaml"))


def invent(suppliers):
    people = [{"id": "p-owner", "name": "Gráinne Fallon", "email": OWNER, "department": "Compliance", "roles": "user", "country": "IE", "start": "2024-01-01"}]
    for number in range(PEOPLE - 1):
        supplier, place = suppliers[number % len(suppliers)], number // len(suppliers)
        roles = ["coordinator;signatory", "escalation;security", "administrator", "data_handler"][place] if place < 4 else "user"
        joins = START + datetime.timedelta(chance.randrange(1, max(3, DAYS - 60))) if place > 4 and chance.random() < 0.15 else datetime.date(2026, 3, 1)
        people.append({"id": f"p-{number:04}", "name": f"Person {number:04}", "email": f"person{number:04}@{supplier}.example", "supplier": supplier,
                       "roles": roles, "country": list(ZONES)[suppliers.index(supplier) % 4], "start": joins.isoformat(),
                       "language": "de" if suppliers.index(supplier) % 4 == 2 else "en"})
    return people


def import_people(people, now):
    path = FOLDER / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "name", "email", "supplier", "department", "roles", "language", "time_zone", "country", "start"], restval="")
        writer.writeheader()
        writer.writerows({**person, "time_zone": ZONES[person["country"]]} for person in people)
    run("people", "import", path, now=now)


def mails():
    return set((ROOT / "output" / "mail").glob("*.eml"))


def message(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def main():
    suppliers = prepare()
    invented = invent(suppliers)
    ids = {person["id"]: person for person in invented}
    run("ledger", "init", now=moment(START, 8))
    import_people([p for p in invented if p["start"] <= START.isoformat()], moment(START, 8))
    run("policy", "publish", POLICY, "--reason", "first", now=moment(START, 8))
    run("sync", now=moment(START, 8), code=(0, 4))
    opinion, sent_keys, links, habit = Opinion(), set(), {}, {}
    for person in ids:
        # How somebody answers: early, in time, late, or hardly ever.
        habit[person] = chance.choices(["early", "timely", "late", "never"], [2, 5, 2, 1])[0]
    there = [p for p in ids if p != "p-owner" and "signatory" not in ids[p]["roles"] and ids[p]["start"] < START.isoformat()]
    leavers = chance.sample(there, max(2, PEOPLE // 14))
    events = collections.defaultdict(list)
    for number, person in enumerate(leavers):
        events[START + datetime.timedelta(chance.randrange(min(30, DAYS // 3), DAYS - 5))].append(("end" if number % 2 else "leave", person))
    version = START + datetime.timedelta(DAYS // 2)
    version += datetime.timedelta((7 - version.weekday()) % 7)
    for day in (START + datetime.timedelta(n) for n in range(DAYS)):
        step(day, invented, events.get(day, []), day == version, opinion, sent_keys, links, habit)
    finish(sent_keys)


def step(day, invented, events, is_version_day, opinion, sent_keys, links, habit):
    number, early, nine, late = (day - START).days, moment(day, 8), moment(day, 9), moment(day, 15)
    joiners = [p for p in invented if p["start"] == day.isoformat()]
    if joiners:
        import_people(joiners, early)
        count["joiners"] += len(joiners)
    for what, person in events:
        if what == "end":
            run("people", "end", person, "--on", day, "--reason", "left", now=early)
            count["leavers"] += 1
        else:
            run("people", "leave", person, "--from", day, "--until", day + datetime.timedelta(70), "--reason", "parental", now=early)
            count["on leave"] += 1
    if is_version_day:
        library = FOLDER / "library"
        subprocess.run([BINARY, "init", str(library), "--library"], check=True, capture_output=True)
        outline = ROOT / "clauses" / "policies" / POLICY / "outline.yaml"
        outline.parent.mkdir(parents=True)
        outline.write_text((library / "clauses" / "policies" / POLICY / "outline.yaml").read_text().replace("version: 1.1", "version: 2.0"))
        run("policy", "publish", POLICY, "--reason", "new rules", "--change", "major", now=early)
    if number in OUTAGE:
        count["days without a run"] += 1
        return
    run("sync", now=early, code=(0, 4))
    if day.weekday() == 0:
        # Nobody sends while asking: the mails of the requests are decided by the plan below.
        before = mails()
        asked = read("ack", "request", POLICY, now=early, code=(0, 4))
        count["requests"] += len(asked["requests"])
        for key in asked["mails"]:
            sent_keys.add(key)
        note_asked(asked, opinion)
        if mails() != before:
            fail(day, "asking sent mails")
    people = {p["id"]: p for p in read("people", "list")}
    by_mail = {p["email"]: p for p in people.values() if p.get("email")}
    owed = read("due", now=nine)["obligations"]
    own, team = opinion.expect(day, owed, people, by_mail)
    plan = read("remind", "--plan", now=nine)
    compare(day, plan, own, team)
    before = mails()
    said = run("remind", "--send", "--format", "json", now=nine, code=(0, 1, 4))
    if not said:
        # A plan far larger than usual: somebody looks at it and says yes.
        count["days that asked for --confirm"] += 1
        said = run("remind", "--send", "--confirm", "--format", "json", now=nine, code=(0, 4))
    dropped = send(day, said, opinion, before, links)
    for mail in plan["mails"]:
        opinion.note(mail)
        key = ("team:" if mail["letter"] == "team" else "day:") + f"{mail['person']}:{mail['day']}"
        if key in sent_keys:
            fail(day, f"the mail {key} is doubled")
        sent_keys.add(key)
        count[f"mails: {mail['letter']}"] += 1
        for item in mail["items"]:
            count["items"] += 1
            count["skipped stages"] += len(item.get("skipped", []))
    # A mail that was dropped because all in it is settled leaves room for another of the day, and a finding that was opened just now is news.
    is_news = lambda mail: mail["person"] in dropped or all(item["obligation"].startswith("finding/") for item in mail["items"])
    again = [mail for mail in read("remind", "--plan", now=nine)["mails"] if not is_news(mail)]
    if again:
        fail(day, "planned again after it was sent", again[:3])
    count["findings opened"] += len(plan["findings"])
    count["findings closed"] += len(plan["closures"])
    before = mails()
    send(day, run("outbox", "send", "--format", "json", now=late, code=(0, 4)), opinion, before, links)
    answer(day, owed, habit, links, moment(day, 16))


def note_asked(asked, opinion):
    """The first mail about a request carries everything else of the person that is due to be told."""
    for mail in read("outbox", "list", "--all"):
        if mail["key"] in asked["mails"]:
            opinion.note({"person": mail["person"], "day": mail["day"], "letter": mail["letter"], "items": mail["items"]})


def compare(day, plan, own, team):
    planned_own, planned_team = collections.defaultdict(set), collections.defaultdict(set)
    for mail in plan["mails"]:
        key = (mail["person"], datetime.date.fromisoformat(mail["day"]))
        for item in mail["items"]:
            if mail["letter"] == "team":
                planned_team[key].add((item["obligation"], item["level"]))
            else:
                planned_own[key].add((item["obligation"], stage_in(item)))
    if planned_own != own:
        odd = [k for k in set(planned_own) | set(own) if planned_own.get(k) != own.get(k)]
        fail(day, "own mails differ", *[(k, "planned", planned_own.get(k), "expected", own.get(k)) for k in odd[:5]])
    if planned_team != team:
        odd = [k for k in set(planned_team) | set(team) if planned_team.get(k) != team.get(k)]
        fail(day, "mails about others differ", *[(k, "planned", planned_team.get(k), "expected", team.get(k)) for k in odd[:5]])


def send(day, text, opinion, before, links):
    result = json.loads(text)
    new = mails() - before
    sent = [a for a in result["attempts"] if a["result"] == "sent"]
    if len(new) != len(sent):
        fail(day, f"{len(sent)} sent, but {len(new)} new files")
    for attempt in result["attempts"]:
        count[f"attempts: {attempt['result']}"] += 1
        if attempt["result"] == "dropped":
            drop(attempt["key"], opinion)
    addresses = collections.Counter(message(path)["to"].addresses[0].addr_spec for path in new)
    if addresses != collections.Counter(a["to"] for a in sent):
        fail(day, "the folder has other mails than were sent")
    for path in new:
        mail = message(path)
        text = mail.get_body(("plain",)).get_content()
        for token in re.findall(r"https://sign\.harbourline\.example/([A-Za-z0-9_-]{43})", text):
            links.setdefault(mail["to"].addresses[0].addr_spec, []).append(token)
    return {attempt["key"].split(":")[1] for attempt in result["attempts"] if attempt["result"] == "dropped"}


def drop(key, opinion):
    kind, person, day = key.split(":")[:3]
    mail = next(m for m in read("outbox", "list", "--all") if m["key"] == key)
    for item in mail["items"]:
        opinion.told.pop((item["obligation"], item["due"]), None)
    if kind == "day":
        opinion.last.pop(person, None)


def answer(day, owed, habit, links, now):
    """People do what they owe, each in their manner."""
    rows = []
    for one in owed:
        if not one.get("person") or one.get("paused"):
            continue
        left = (datetime.date.fromisoformat(one["due"]) - day).days
        manner = habit[one["person"]]
        ready = {"early": left <= 50, "timely": left <= 5, "late": left <= -chance.randrange(3, 30), "never": chance.random() < 0.004}[manner]
        if not ready or chance.random() < 0.4:
            continue
        if one["kind"] == "training":
            course = one["id"].split("/")[1]
            rows.append({"person": one["person"], "course": course, "completed": day.isoformat(), "score": "88", "attended": "true",
                         "certificate": "ab" * 32 if course == "privileged_access" else ""})
            count["completions"] += 1
            count["late completions"] += left < 0
    if rows:
        path = FOLDER / "completions.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        run("training", "import", path, now=now)
    sign(owed, habit, links, now, day)


def sign(owed, habit, links, now, day):
    addresses = {}
    for one in owed:
        if one["kind"] == "acknowledgment" and one.get("person"):
            addresses[one["person"]] = datetime.date.fromisoformat(one["due"])
    for address, tokens in list(links.items()):
        person = f"p-{address[6:10]}" if address.startswith("person") else "p-owner"
        due = addresses.get(person)
        if due is None:
            links.pop(address)
            continue
        left = (due - day).days
        ready = {"early": True, "timely": left <= 20, "late": left <= -5, "never": False}[habit[person]]
        if ready and chance.random() < 0.5:
            for token in links.pop(address):
                done = subprocess.run([BINARY, "-C", str(ROOT), "ack", "sign", "--link", "-", "--name", "Signed", "--now", now], input=token,
                                      capture_output=True, text=True, env={"PATH": os.environ["PATH"], "USER": "seasons"})
                count["signed" if done.returncode == 0 else "links that had lapsed"] += 1


def finish(sent_keys):
    listed = read("outbox", "list", "--all")
    waiting = [m for m in listed if m["state"] not in ("sent", "dropped")]
    run("ledger", "verify")
    keys = {m["key"] for m in listed if m["key"].startswith(("day:", "team:"))}
    if keys - sent_keys:
        fail("at the end", "mails that no plan had", sorted(keys - sent_keys)[:5])
    if sent_keys - keys:
        fail("at the end", "planned mails that are missing", sorted(sent_keys - keys)[:5])
    ids = collections.Counter(message(path)["message-id"] for path in mails())
    if max(ids.values()) > 1:
        fail("at the end", "a Message-ID comes twice")
    count["mails in the folder"] = len(ids)
    count["mails that wait for working hours"] = len(waiting)
    print("seasons: " + ", ".join(f"{value} {name}" for name, value in sorted(count.items()) if value))


if FOLDER.exists() and any(FOLDER.iterdir()):
    sys.exit(f"{FOLDER} is not empty")
FOLDER.mkdir(parents=True, exist_ok=True)
main()
