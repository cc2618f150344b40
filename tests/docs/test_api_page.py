"""The API page has every public name."""

from __future__ import annotations

import re
from pathlib import Path

import meshegress

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_every_public_name_is_on_the_page() -> None:
    """Nothing public is left out, and nothing is told that is not there."""
    told = re.findall(r"(?:::|`)\s?meshegress\.(\w+)(?:$|`)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(set(told) - {"testing"}) == meshegress.__all__
