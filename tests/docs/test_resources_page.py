"""The generated pages say what the code says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from meshegress.findings import CODES, CURES
from meshegress.resources import KINDS, MeshConfig, Support

ROOT = Path(__file__).parents[2]
GENERATOR = runpy.run_path(str(ROOT / "docs" / "resources_page.py"))


@pytest.mark.parametrize("name", sorted(GENERATOR["PAGES"]))
def test_the_page_is_up_to_date(name: str) -> None:
    """Writing it again changes nothing."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert GENERATOR["page"](name, text) == text, "run `python docs/resources_page.py`"


def test_every_code_is_in_the_table() -> None:
    """A code that the package uses has a row, and every row is used."""
    used = {
        code
        for path in (ROOT / "src").rglob("*.py")
        if path.name != "findings.py"
        for code in re.findall(r'"(EG\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == CODES.keys()


def test_every_code_has_a_cure() -> None:
    """Whatever is found, something helps."""
    assert CURES.keys() == CODES.keys()


@pytest.mark.parametrize("kind", [*dict.fromkeys(KINDS.values()), MeshConfig], ids=lambda kind: kind.__name__)
def test_every_field_says_what_it_is(kind: type) -> None:
    """No field of any message is without a mark."""
    marks = {mark for message in GENERATOR["messages"](kind) for _, mark in message.support()}
    assert marks <= set(Support)
