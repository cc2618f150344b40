"""The library answers as Istio and Envoy did, in all worlds that the tests carry.

The readable twins answer every world made by hand, and each fifth of those that were drawn: they are held to the
compiled ones elsewhere, question by question.
"""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path

import pytest

from meshegress import IMPLEMENTATION
from meshegress.testing.conformance.runner import Tally, kind_of

RECORDED = Path(__file__).parents[2] / "data" / "decisions.jsonl.xz"
MADE_BY_HAND = (b'{"id":"s', b'{"id":"g', b'{"id":"wire')
DRAWN = b'{"id":"sidecar-'
EACH = 5 if IMPLEMENTATION == "pure" else 1
SHARDS = 24


@cache
def chosen() -> list[bytes]:
    """Return the lines of the worlds to run; neighbours are one world under different releases."""
    lines = lzma.decompress(RECORDED.read_bytes()).splitlines()
    return [line for number, line in enumerate(lines) if number % EACH == 0 or _is_made_by_hand(line)]


def _is_made_by_hand(line: bytes) -> bool:
    return line.startswith(MADE_BY_HAND) and not line.startswith(DRAWN)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_decisions_are_what_was_recorded(shard: int) -> None:
    """Each request goes where it went, by the same way, and with the same words in the log; little is left open."""
    report = Tally()
    for line in chosen()[shard::SHARDS]:
        record = json.loads(line)
        for result in kind_of(record).checks(record):
            report.add(result)
    assert [str(check) for check in report.differing][:5] == []
    assert (report.passed > 0, report.skipped) == (True, [])
    # How much may be open is a share of all: of a sample it says nothing.
    assert IMPLEMENTATION == "pure" or not report.has_failed, [check.id for check in report.open]
