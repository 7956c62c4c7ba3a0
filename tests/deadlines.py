#!/usr/bin/env python3
"""The rules of docs/deadlines.md once more, written from that page alone.

    generate-cases | python3 tests/deadlines.py [--explain]

Reads one case a line, as JSON; keys that are null, 0 or [] may be left out:

    {"course": {"first_due_days": 30, "grace_days": 7, "after_leave_days": 14,
                "refresher": {"period_months": 12, "calendar": null,
                              "early_days": 30, "late": "restart"}},
     "assigned": "2024-01-10", "start": "2024-01-01", "previous_end": null,
     "leave": [{"from": "2024-05-01", "until": "2024-05-31"}],
     "completions": [{"day": "2024-02-01", "valid_until": null}],
     "today": "2024-03-01", "exempt": false,
     "expected": {"due": "2025-02-01", "completed": "2024-02-01", "status": "completed"}}

The person is active and assigned on `today`, so rule 11 is not looked at.
`due` and `completed` (the last counted completion) are worked out for the exempt too.

--explain prints the steps of every case.
Exit status: 0 all agree; 1 a case disagrees (it is printed, with the steps);
2 there was no case, a line is not a case, or the arguments are wrong.
Needs python-dateutil.
"""

import json
import sys
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

STEPS = []  # what led to the answer for the case at hand


def say(rule, text):
    STEPS.append(f"  rule {rule}: {text}")


def day(text):
    return date.fromisoformat(text) if text else None


def days(n):
    return timedelta(days=n or 0)


def nth(anchor, n, period):
    """`anchor + n × period` months, always from the anchor: 31 January, 28 February, 31 March."""
    return anchor + relativedelta(months=n * period)


def first_n(anchor, period, wanted):
    """The smallest n, perhaps negative, for which `wanted(anchor + n × period)`."""
    n = 0
    while wanted(nth(anchor, n, period)):
        n -= 1
    while not wanted(nth(anchor, n, period)):
        n += 1
    return n


def counted_completions(case, today):
    """Rules 1 to 4: [(C, V or None)] in order of day."""
    previous_end = day(case.get("previous_end"))
    by_day = {}
    for completion in case.get("completions") or []:
        c, v = day(completion["day"]), day(completion.get("valid_until"))
        if c > today:
            say(1, f"{c} is after today, does not count")
        elif previous_end and c <= previous_end:
            say(2, f"{c} is not after the previous end {previous_end}, does not count")
        else:
            by_day.setdefault(c, []).append(v)
    counted = [(c, None if None in vs else max(vs)) for c, vs in sorted(by_day.items())]
    for c, v in counted:
        say("3, 4", f"{c} counts, valid until {v}")
    return counted


def leaves(case):
    """Rule 9: leaves that overlap or touch are one. [(first day, last day)]"""
    merged = []
    for first, last in sorted((day(l["from"]), day(l["until"])) for l in case.get("leave") or []):
        if first > last:
            raise ValueError(f"leave from {first} until {last}")
        if merged and first <= merged[-1][1] + days(1):
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def moved(due, leave, after_leave):
    """Rule 9. In order of day, so that no leave is met twice, also where L is 0."""
    for first, last in leave:
        if first <= due <= last:
            say(9, f"{due} falls into the leave {first} to {last}, moves to {last + after_leave}")
            due = last + after_leave
    return due


def anchored_to_completion(counted, refresher, grace, move):
    """Rule 7 without V: the due date after the last counted completion."""
    period, early = refresher["period_months"], days(refresher.get("early_days"))
    a, n = counted[0], 1
    say(7, f"{a} is the first: a = {a}, n = 1, due {nth(a, n, period)}")
    for c in counted[1:]:
        due = nth(a, n, period)
        if c < due - early and nth(c, 1, period) < due:
            how = "one too many, changes nothing"
        elif c < due - early:
            a, n, how = c, 1, "early, before the window"
        elif c <= move(due) + grace:
            n, how = max(n + 1, first_n(a, period, lambda d: d > c)), "in time"
        elif refresher.get("late") == "keep":
            n, how = first_n(a, period, lambda d: d - early > c), "late, keep"
        else:
            a, n, how = c, 1, "late, restart"
        say(7, f"{c} for {due} is {how}: a = {a}, n = {n}, due {nth(a, n, period)}")
    return nth(a, n, period)


def anchored_to_calendar(counted, refresher):
    """Rule 8 without V."""
    k, period = day(refresher["calendar"]), refresher["period_months"]
    early = days(refresher.get("early_days"))
    dues = [nth(k, first_n(k, period, lambda d: d - early > c), period) for c in counted]
    say(8, f"the completions give {', '.join(map(str, dues))}; the latest decides")
    return max(dues)


def due_of_cycle(case, counted, basis, grace, move):
    """Rules 5 to 8; None when nothing is due any more."""
    course = case["course"]
    refresher = course.get("refresher")
    if not counted:
        due = basis + days(course.get("first_due_days"))
        say(5, f"no completion, due {due}")
        return due
    valid_until = counted[-1][1]
    if not refresher:
        say(6, f"no refresher, due {valid_until}")
        return valid_until
    if refresher["period_months"] < 1 or refresher.get("late") not in (None, "restart", "keep"):
        raise ValueError(f"refresher {refresher}")
    completed = [c for c, _ in counted]
    if refresher.get("calendar"):
        due = anchored_to_calendar(completed, refresher)
    else:
        due = anchored_to_completion(completed, refresher, grace, move)
    if valid_until and valid_until < due:
        say("7, 8", f"the certificate ends before {due}, due {valid_until}")
        due = valid_until
    return due


def due_date(case, counted, grace):
    """Rules 5 to 10."""
    course = case["course"]
    leave, after_leave = leaves(case), days(course.get("after_leave_days"))

    def move(due):
        return moved(due, leave, after_leave)

    basis = max(day(case["assigned"]), day(case["start"]))
    due = due_of_cycle(case, counted, basis, grace, move)
    if due is None:
        return None
    due = move(due)
    if due < basis:
        newcomer = basis + days(course.get("first_due_days"))
        say(10, f"{due} is before the basis {basis}, becomes {newcomer}")
        due = move(newcomer)
    return due


def status(today, due, grace, completed, exempt):
    """Rule 12."""
    if exempt:
        return "exempt"
    if due is None:
        return "completed"
    if today > due + grace:
        return "overdue"
    if today > due:
        return "grace"
    if today >= due - days(7):
        return "due"
    return "completed" if completed else "assigned"


def answer(case):
    STEPS.clear()
    today, grace = day(case["today"]), days(case["course"].get("grace_days"))
    counted = counted_completions(case, today)
    completed = counted[-1][0] if counted else None
    due = due_date(case, counted, grace)
    standing = status(today, due, grace, completed, case.get("exempt"))
    say(12, f"on {today}, due {due}, completed {completed}: {standing}")
    return {
        "due": due and due.isoformat(),
        "completed": completed and completed.isoformat(),
        "status": standing,
    }


def main():
    if sys.argv[1:] not in ([], ["--explain"]):
        print(__doc__, file=sys.stderr)
        return 2
    explain = sys.argv[1:] == ["--explain"]
    agree = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            expected = {key: case["expected"].get(key) for key in ("due", "completed", "status")}
            got = answer(case)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            print(f"line {number} is not a case: {error!r}\n{line}", file=sys.stderr)
            return 2
        if explain:
            print(f"line {number}", *STEPS, sep="\n")
        if got != expected:
            print(f"line {number} disagrees\n{json.dumps(case, indent=2)}")
            print("got", json.dumps(got), *STEPS, sep="\n")
            return 1
        agree += 1
    if not agree:
        print("no case on standard input", file=sys.stderr)
        return 2
    print(f"{agree} cases agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
