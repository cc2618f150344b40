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
    """A check passes or differs, and one that passes may be open; a skipped record counts all its checks."""
    report = Tally()
    for result in (
        Check("a@1.30/c1", True, 1, 1),
        Check("a@1.30/c2", False, 1, 2),
        Check("a@1.30/c3", True, 1, [1, 2], is_open=True),
        Skipped("b@1.30", "needs EnvoyFilter", 7),
    ):
        report.add(result)
    assert report.closing_line == "2 passed, 1 failed, 7 skipped"
    assert [check.id for check in report.open] == ["a@1.30/c3"]


@pytest.mark.parametrize(
    ("checks", "is_open", "has_failed"),
    [
        pytest.param(10, 5, False, id="five of few"),
        pytest.param(2999, 6, True, id="six, and more than 0.2 %"),
        pytest.param(3000, 6, False, id="six, which are 0.2 %"),
        pytest.param(10_000, 21, True, id="more than 0.2 % of many"),
    ],
)
def test_run_fails_where_too_much_is_open(checks: int, is_open: int, has_failed: bool) -> None:
    """Candidates are not scattered: more open checks than 5, and than 0.2 % of all, fail the run."""
    report = Tally()
    for number in range(checks):
        report.add(Check(f"a@1.30/c{number}", True, 1, 1, is_open=number < is_open))
    assert report.has_failed is has_failed
