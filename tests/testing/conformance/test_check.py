"""A check is judged by what was recorded, one answer or several, and by what the library holds possible."""

from __future__ import annotations

import pytest

from meshegress.testing.conformance.check import Check, judge
from meshegress.testing.conformance.decisions import check_names


@pytest.mark.parametrize(
    ("recorded", "candidates", "judged"),
    [
        pytest.param("a", "a", (True, False), id="the same answer"),
        pytest.param("a", "ab", (True, True), id="one of candidates"),
        pytest.param("a", "aa", (True, False), id="candidates that do not differ"),
        pytest.param("a", "b", (False, False), id="another answer"),
        pytest.param("a", "bc", (False, False), id="none of the candidates"),
        pytest.param("ab", "ba", (True, False), id="all of several"),
        pytest.param("ab", "abc", (True, False), id="all of several, and one more"),
        pytest.param("ab", "a", (False, False), id="one of several"),
        pytest.param("ab", "ac", (False, False), id="another of several"),
    ],
)
def test_rule_of_judging(recorded: str, candidates: str, judged: tuple[bool, bool]) -> None:
    """One recorded answer among candidates is open; of several the candidates must include all."""
    check = judge("w@1.30/c", [*recorded], [*candidates])
    assert (check.passed, check.is_open) == judged


class _Egress:
    """Two tables that the proxy may have."""

    possible_names = ({"a.com": ("2.2.2.2", "1.1.1.1")}, {"a.com": ("1.1.1.1",)})


@pytest.mark.parametrize(
    ("names", "judged"),
    [
        pytest.param({"a.com": ["1.1.1.1"]}, (True, True), id="one table"),
        pytest.param([{"a.com": ["1.1.1.1"]}, {"a.com": ["1.1.1.1", "2.2.2.2"]}], (True, False), id="both"),
        pytest.param([{"a.com": ["1.1.1.1"]}, {"a.com": ["3.3.3.3"]}], (False, False), id="one that is not possible"),
    ],
)
def test_tables_of_names_are_judged_likewise(names: object, judged: tuple[bool, bool]) -> None:
    """A recorded table, or several, stand beside all that are possible; addresses are compared sorted."""
    check = check_names("w@1.30", _Egress(), names)  # type: ignore[arg-type]  # its one property is all that counts
    assert (check.passed, check.is_open) == judged


def test_check_shows_only_the_keys_that_differ() -> None:
    """Expected stands beside got."""
    check = Check("w@1.30/c", passed=False, expected={"a": 1, "b": 2}, got={"a": 1, "b": 3, "c": 4}, note="why")
    assert str(check).splitlines() == [
        "w@1.30/c  why",
        "    b  expected 2  got 3",
        "    c  expected '(absent)'  got 4",
    ]
