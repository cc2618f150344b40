"""The table of reasons in the pages is the one in the code."""

from __future__ import annotations

from pathlib import Path

from meshegress.decision.reasons import ReasonCode

PAGE = Path(__file__).parents[2] / "docs" / "concepts.md"


def test_every_kind_of_reason_is_listed() -> None:
    """The page has a row for each code, with its meaning, in their order."""
    rows = "\n".join(f"| `{code.value}` | {code.meaning} |" for code in ReasonCode)
    assert f"| code | meaning |\n|---|---|\n{rows}\n\n" in PAGE.read_text(encoding="utf-8")
