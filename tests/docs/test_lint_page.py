"""The page of findings about a mesh says what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

from meshegress.analysis.lint.finding import RULES
from meshegress.findings import CODES

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    """Writing it again changes nothing."""
    text = (DOCS / "lint.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(DOCS / "lint_page.py"))["page"](text) == text, "run `python docs/lint_page.py`"


def test_every_code_has_an_anchor() -> None:
    """And every code of the family is a rule."""
    text = (DOCS / "lint.md").read_text(encoding="utf-8")
    assert set(RULES) == {code for code in CODES if code.startswith("EG4")}
    assert all(f'<a id="{code.lower()}"></a>' in text for code in RULES)
