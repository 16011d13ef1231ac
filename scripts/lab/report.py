"""docs/conformance.md, section by section: each run writes what it saw, or compares it with what is written."""
from __future__ import annotations

import fcntl
import os

from . import base

PLACE = base.ROOT / "docs" / "conformance.md"
_HEAD = """\
# Conformance

Written by `SOUSPLI_WRITE_DOCS=1 python3 tests/lab/run.py test_conformance test_matrix test_servers`, and compared with what each
later run sees. "Direct" is the server alone, "through" the same server with Souspli in front of it.
"""
_ORDER = ("IMAP scripts", "Withheld capabilities", "Mail programs", "Servers")


def section(case, title, versions, body):
    """Compares a section with what is written, or writes it. Other versions of the other programs are no difference."""
    text = f"{versions}\n\n{body.strip()}\n"
    if os.environ.get("SOUSPLI_WRITE_DOCS") == "1":
        with open(PLACE, "a", encoding="utf-8") as page:
            fcntl.flock(page, fcntl.LOCK_EX)  # other modules write theirs at the same time
            _write({**_sections(), title: text})
        return
    written = _sections().get(title, "")
    if written.partition("\n")[0] != versions:
        print(f"docs/conformance.md, {title}: seen here with {versions}")
        return
    case.assertEqual(written, text, "SOUSPLI_WRITE_DOCS=1 writes docs/conformance.md again")


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def _sections():
    text = PLACE.read_text(encoding="utf-8") if PLACE.exists() else ""
    out = {}
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        out[title] = body.strip() + "\n"
    return out


def _write(sections):
    titles = sorted(sections, key=_ORDER.index)
    PLACE.write_text("\n".join([_HEAD, *(f"## {title}\n\n{sections[title]}" for title in titles)]), encoding="utf-8")
