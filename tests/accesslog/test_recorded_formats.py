"""Formats that were drawn at random, and what a real Envoy 1.40.0 said of them when it loaded its configuration."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meshegress import AccessLogFormat, LogFormatError

_FILE = Path(__file__).parents[1] / "data" / "accesslog-formats.jsonl.xz"


@pytest.fixture(scope="module")
def formats() -> list[dict[str, Any]]:
    """Some seven thousand formats; ``refused`` is the byte that Envoy names, or true where it names none."""
    with lzma.open(_FILE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _verdict(record: Mapping[str, Any]) -> bool | int:
    text = record["format"]
    make = AccessLogFormat.json if isinstance(text, dict) else AccessLogFormat
    try:
        make(text, formatters=record.get("formatters", ()))
    except LogFormatError as error:
        if "no command starts" in error.reason:
            return len(error.format[: error.start].encode("utf-8", "surrogateescape"))
        return True
    return False


def test_every_verdict_is_that_of_envoy(formats: list[dict[str, Any]]) -> None:
    """Accepted or refused as Envoy does, and where no command starts, at the same byte."""
    wrong = [record for record in formats if _verdict(record) != record.get("refused", False)]
    assert wrong == []


def test_both_verdicts_are_common(formats: list[dict[str, Any]]) -> None:
    """Neither accepting nor refusing everything would do."""
    refused = sum("refused" in record for record in formats)
    assert min(refused, len(formats) - refused) > 1000
