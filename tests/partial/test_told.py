"""What was assumed is told in three places that agree: the decision, ``check``, and the page on concepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshegress import Severity, check
from meshegress.cli.export_command import EXPORTED, export_command
from meshegress.decision.assumptions import ASSUMPTIONS, AssumptionCode
from meshegress.findings import CODES, CURES
from meshegress.resources import KINDS

ROOT = Path(__file__).parents[2]
WORLDS = ROOT / "tests" / "data" / "worlds"


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ("svc", ["EG604", "EG601"]),
        ("svc slice-only", ["EG604"]),
        ("sub slice-only", ["EG604", "EG602"]),
        ("headless", ["EG601"]),
        ("routes routes-gateway", ["EG604", "EG601", "EG603"]),
        ("databases databases-policy", []),
    ],
)
def test_check_says_once_what_is_missing(names: str, codes: list[str]) -> None:
    """There is one finding for each kind that is missing, an info that says what to export."""
    found = check(*(WORLDS / f"{name}.yaml" for name in names.split()))[1]
    missing = [finding for finding in found if finding.code.startswith("EG6")]
    assert [finding.code for finding in missing] == codes
    assert all(finding.severity is Severity.INFO and "kubectl get" in finding.cure for finding in missing)


def test_check_says_which_ages_are_missing() -> None:
    """Files laid over a dump have no age where the dump has."""
    undated = (WORLDS / "svc.yaml").read_text(encoding="utf-8")
    found = check(WORLDS / "databases-dated.yaml", undated)[1]
    assert [finding.code for finding in found if finding.code.startswith("EG6")] == ["EG604", "EG601", "EG605"]


def test_a_complete_input_lacks_nothing() -> None:
    """Of what is complete nothing is missing."""
    found = check(WORLDS / "routes.yaml", complete=True)[1]
    assert [finding.code for finding in found if finding.code.startswith("EG6")] == []


def test_a_complete_input_lacks_the_ages_of_what_lies_over_it() -> None:
    """Files from Git beside a whole dump are new, and that is all there is to say."""
    dump = "# meshegress: complete\n" + (WORLDS / "databases-dated.yaml").read_text(encoding="utf-8")
    found = check(dump, WORLDS / "svc.yaml")[1]
    assert [finding.code for finding in found if finding.code.startswith("EG6")] == ["EG605"]


@pytest.mark.parametrize("row", ASSUMPTIONS, ids=[row.code for row in ASSUMPTIONS])
def test_each_kind_of_assumption_stands_on_the_page(row: AssumptionCode) -> None:
    """The page on concepts names each code, and the code of its finding if it has one."""
    page = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{row.code}` |")]
    assert row.title in line
    assert not row.finding or (row.finding in line and row.finding in CODES and row.finding in CURES)


def test_the_export_command_names_every_kind_that_is_read() -> None:
    """Everything that decides is exported, and the output says that it is complete."""
    assert {kind for _, kind in KINDS} <= EXPORTED.keys()
    line = export_command()
    assert line.startswith("{ echo '# meshegress: complete'; kubectl get ")
    assert all(name in line for name in EXPORTED.values())
    assert "configmaps" in line
    assert "\n" not in line
