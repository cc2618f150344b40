"""The page about access logs shows what the code has."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    """Operators, flags and presets stand in the page as in their tables."""
    page = runpy.run_path(str(ROOT / "docs" / "access_log_page.py"))
    text = page["PAGE"].read_text(encoding="utf-8")
    assert page["page"](text) == text
    assert text.count("\n| `") > 200
