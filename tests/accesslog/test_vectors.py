"""The formatter and the parser against lines that a real Envoy wrote."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from meshegress.testing.conformance.accesslog import checks

CATEGORIES = (
    *("address", "disconnect", "flags", "grammar", "handshake", "http1", "http2", "http2-odd", "http3", "https"),
    *("odd-control", "odd-header", "odd-host", "odd-method", "odd-path", "odd-ua", "protocol-error", "reject"),
    *("tcp", "tls", "tls-odd", "udp"),
)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_recorded_line_is_written_and_read_as_envoy_does(
    category: str, recorded: tuple[dict[str, Any], ...]
) -> None:
    """Both directions of every line agree with the recording; what Envoy refuses is refused, at the same byte."""
    found = [record for record in recorded if record["category"] == category]
    assert found
    assert [ascii(str(check)) for record in found for check in checks(record) if not check.passed] == []


def test_no_category_is_left_out(recorded: tuple[dict[str, Any], ...]) -> None:
    """The list above is complete."""
    assert {record["category"] for record in recorded} == set(CATEGORIES)


def test_formats_drawn_at_random_are_written_and_read_as_envoy_does() -> None:
    """Any composition of operators, arguments, lengths and literals, in text and JSON, on odd traffic."""
    path = Path(__file__).parents[1] / "data" / "accesslog-drawn.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    assert len({json.dumps(record["format"]) for record in records}) > 400
    assert [ascii(str(check)) for record in records for check in checks(record) if not check.passed] == []
