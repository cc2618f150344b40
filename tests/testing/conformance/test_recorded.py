"""The library answers as Istio and Envoy did, in the worlds that the tests carry.

Every hand-made world is run, and of those drawn at random each fifth; ``make conformance`` runs them all. What differs
today stands by id in ``known_differences.txt``, which only shrinks.
"""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path

import pytest

from meshegress.testing.conformance.ledger import read_ledger
from meshegress.testing.conformance.runner import Tally, kind_of

DATA = Path(__file__).parents[2] / "data"
RECORDED = DATA / "decisions.jsonl.xz"
KNOWN = frozenset((DATA / "known_differences.txt").read_text(encoding="utf-8").split("\n"))
DRAWN_AT_RANDOM = (b'{"id":"basic', b'{"id":"kube', b'{"id":"mixed', b'{"id":"sidecar', b'{"id":"virtualservice')
EACH = 5
SHARDS = 24


@cache
def chosen() -> list[bytes]:
    """Return the lines of the worlds to run; neighbours are one world under different releases."""
    lines = lzma.decompress(RECORDED.read_bytes()).splitlines()
    return [line for number, line in enumerate(lines) if number % EACH == 0 or not line.startswith(DRAWN_AT_RANDOM)]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_decisions_are_what_was_recorded(shard: int) -> None:
    """Each request goes where it went, by the same way, and with the same words in the log."""
    report, ledger = Tally(), read_ledger()
    for line in chosen()[shard::SHARDS]:
        record = json.loads(line)
        for result in kind_of(record).checks(record):
            report.add(result, ledger)
    assert [str(check) for check in report.differing if check.id not in KNOWN][:5] == []
    assert (report.passed > 0, report.skipped) == (True, [])
