"""The runner counts what passed, shows what differs, and refuses what is not a vector."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshegress import ResourceError
from meshegress.testing.conformance.check import Check, Skipped
from meshegress.testing.conformance.runner import Tally, run


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("{}", "one of the keys", id="of no kind"),
        pytest.param('{"calls": []}', "has `config` too", id="half a world"),
        pytest.param('{"objects": [], "id": "x", "istio": "1.30"}', "has `config` too", id="half a verdict"),
    ],
)
def test_line_that_is_no_vector_is_refused_with_its_place(tmp_path: Path, line: str, reason: str) -> None:
    """The error names file and line, and what the record lacks."""
    path = tmp_path / "vectors.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        run([path])
    assert str(caught.value).startswith(f"{path}:2: ")
    assert reason in str(caught.value)


def test_report_counts_each_check_once() -> None:
    """A check passes, differs, or is known to be undefined; a skipped record counts all its checks."""
    report = Tally()
    for result in (
        Check("a@1.30/c1", True, 1, 1),
        Check("a@1.30/c2", False, 1, 2),
        Check("a@1.30/c3", False, 1, 2),
        Skipped("b@1.30", "needs EnvoyFilter", 7),
    ):
        report.add(result, {"a@1.30/c3": "a coin toss"})
    assert report.closing_line == "1 passed, 1 failed, 7 skipped"
    assert [check.id for check in report.known] == ["a@1.30/c3"]


def test_known_check_that_passes_is_passed() -> None:
    """The ledger excuses a difference; it hides nothing."""
    report = Tally()
    report.add(Check("a@1.30/c3", True, 1, 1), {"a@1.30/c3": "a coin toss"})
    assert report.closing_line == "1 passed, 0 failed, 0 skipped"
