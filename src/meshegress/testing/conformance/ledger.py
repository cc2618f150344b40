"""The ledger: recorded answers that upstream itself leaves undefined, by id and with the reason.

``undefined.txt`` beside this module holds one a line: the id of a check, white space, the reason. A check that differs
and stands here counts as known and not as failed; one that passes counts as passed.
"""

from __future__ import annotations

from pathlib import Path

LEDGER = Path(__file__).with_name("undefined.txt")


def read_ledger(path: Path = LEDGER) -> dict[str, str]:
    """Return the reason of each id in the ledger at *path*; blank lines and those that begin with ``#`` are prose."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {identity: reason.strip() for identity, _, reason in pairs}
