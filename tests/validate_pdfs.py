#!/usr/bin/env python3
"""Checks PDFs against PDF/A-3a and PDF/UA-1 with a validator that is not ours.

    pip install page-validation==0.11.0        (import name: page)
    python3 tests/validate_pdfs.py FILE.pdf ...

Every file must conform to both profiles, and `qpdf --check`, where qpdf is installed, must find nothing. The validator
itself is tested first on each file: copies whose XMP claims are blotted out must FAIL, or a validator that accepts
everything would go unnoticed. Exit code: 0 all conform, 1 one does not or a control passed, 2 usage.
"""

import shutil
import subprocess
import sys

import page

PROFILES = {"PDF/A-3a": "3a", "PDF/UA-1": "ua1"}

# Typst writes XMP uncompressed, so a claim can be blotted out without moving a byte (offsets stay right).
CONTROLS = {
    "PDF/A-3a": (b"<pdfaid:part>3</pdfaid:part>", b"<pdfaid:part>9</pdfaid:part>"),
    "PDF/UA-1": (b"<pdfuaid:part>1</pdfuaid:part>", b"<pdfuaid:part>9</pdfuaid:part>"),
}
# Not only metadata: without the mark that it is tagged, a file must fail both profiles.
UNTAGGED = (b"/Marked true", b"/Marked null")


def faults(data, profile):
    report = page.validate_pdf_bytes(data, profile=PROFILES[profile])
    if report.is_compliant:
        return []
    return sorted({f"{failure.rule_id}: {failure.message}" for failure in report.failures}) or ["not compliant"]


def check(path):
    try:
        with open(path, "rb") as file:
            data = file.read()
        page.validate_pdf_bytes(data, profile="3a")
    except (OSError, page.PageError) as error:
        return [f"cannot be read: {error}"]
    found = []
    for profile in PROFILES:
        found += [f"{profile}: {fault}" for fault in faults(data, profile)]
        for what, (old, new) in {"claim": CONTROLS[profile], "tagging mark": UNTAGGED}.items():
            if old not in data:
                found.append(f"{profile}: control not possible, `{old.decode()}` is not in the file")
            elif not faults(data.replace(old, new), profile):
                found.append(f"{profile}: the validator accepts a file without its {what}")
    if shutil.which("qpdf"):
        run = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
        if run.returncode != 0:
            found.append(f"qpdf: {(run.stderr or run.stdout).strip()}")
    return found


def main(paths):
    if not paths:
        print("usage: validate_pdfs.py FILE.pdf ...", file=sys.stderr)
        return 2
    failed = 0
    for path in paths:
        found = check(path)
        failed += bool(found)
        for fault in found:
            print(f"{path}: {fault}", file=sys.stderr)
    print(f"{len(paths) - failed} of {len(paths)} PDFs conform to PDF/A-3a and PDF/UA-1", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
