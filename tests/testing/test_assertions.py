"""``assert_egress`` holds, or explains why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshegress import Egress, Outcome, Request, load
from meshegress.testing import assert_egress

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


@pytest.fixture(scope="module")
def egress() -> Egress:
    """The egress of the quickstart's strict mesh."""
    return load(QUICKSTART / "registry-only", QUICKSTART / "entries").egress("default")


def test_what_holds_gives_the_decision(egress: Egress) -> None:
    """A URL or a request, a cluster or an outcome by name or member, or both."""
    decision = assert_egress(
        egress, "http://httpbin.org/headers", cluster="outbound|80||httpbin.org", outcome="service"
    )
    assert decision == assert_egress(egress, Request.from_url("http://httpbin.org/headers"), outcome=Outcome.SERVICE)


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param({"cluster": "PassthroughCluster"}, id="another cluster"),
        pytest.param({"outcome": "service"}, id="another outcome"),
        pytest.param({"cluster": "BlackHoleCluster", "outcome": "service"}, id="half of it"),
        pytest.param({"allowed": True}, id="allowed"),
        pytest.param({"governed_by": "baidu"}, id="another resource"),
    ],
)
def test_what_fails_is_explained(egress: Egress, expected: dict[str, Any]) -> None:
    """The message says what was expected, what comes, and then the walk."""
    with pytest.raises(AssertionError) as caught:
        assert_egress(egress, "https://example.com/", **expected)
    message = str(caught.value)
    assert all(f"`{value}`" in message for value in expected.values())
    assert str(egress.explain("https://example.com/")) in message


def test_an_assertion_without_an_expectation_is_an_error(egress: Egress) -> None:
    """Asserting nothing is a mistake in the test."""
    with pytest.raises(TypeError):
        assert_egress(egress, "https://example.com/")


def test_an_unknown_outcome_is_an_error(egress: Egress) -> None:
    """A misspelt outcome never passes for one that does not hold."""
    with pytest.raises(ValueError, match="`blocked` is not an outcome; those are service, split, passthrough"):
        assert_egress(egress, "https://example.com/", outcome="blocked")


@pytest.mark.parametrize("name", ["baidu", "default/baidu", "ServiceEntry `default/baidu`"])
def test_whose_word_counts_is_named_as_one_likes(egress: Egress, name: str) -> None:
    """By its name alone, with its namespace, or with its kind."""
    assert_egress(egress, "https://www.baidu.com/", allowed=True, governed_by=name)
