"""Worlds as people report them: the right answer, and a page on which its cause stands.

The first document of a case lists what is asked; the others are the resources.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import meshegress
from meshegress import Request
from meshegress.decision.reasons import ReasonCode
from meshegress.explain import Explanation

FIELD = Path(__file__).parents[1] / "cases" / "field"
KEYS = {"url", "address", "request", "from", "answer", "possible", "code", "says", "never", "assumes", "first"}


def asked_of(path: Path) -> list[dict[str, Any]]:
    """Return what is asked of the world at *path*."""
    asked: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8").partition("\n---\n")[0])
    return asked


@cache
def mesh_of(path: Path) -> meshegress.Mesh:
    """Return the world at *path*; its places count from its own first line."""
    return meshegress.load(path.read_text(encoding="utf-8").partition("\n---\n")[2])


CASES = [
    pytest.param(path, ask, id=f"{path.stem}-{number}")
    for path in sorted(FIELD.glob("*.yaml"))
    for number, ask in enumerate(asked_of(path))
]


def explained(path: Path, ask: dict[str, Any]) -> Explanation:
    """Return the explanation that *ask* gets in the world at *path*."""
    sender = ask.get("from", {})
    egress = mesh_of(path).egress(
        sender.get("namespace", "default"), labels=sender.get("labels"), addresses=sender.get("addresses")
    )
    if "request" in ask:
        return egress.explain(Request.from_dict(ask["request"]))
    return egress.explain(Request.from_url(ask["url"], address=ask.get("address")))


@pytest.mark.parametrize(("path", "ask"), CASES)
def test_the_answer_is_right(path: Path, ask: dict[str, Any]) -> None:
    """The answer is the recorded one, or it is among those that are possible."""
    decision = explained(path, ask).decision
    assert ask.keys() <= KEYS
    if "answer" in ask:
        assert str(decision) == ask["answer"]
    if "possible" in ask:
        assert ask["possible"] in [str(each) for each in (decision, *decision.candidates)]
    assert {one.code for one in decision.assumptions} >= set(ask.get("assumes", ()))


@pytest.mark.parametrize(("path", "ask"), CASES)
def test_the_cause_stands_on_the_page(path: Path, ask: dict[str, Any]) -> None:
    """The main reason is of the right kind, and the page says what a reader must know, and nothing else."""
    explanation = explained(path, ask)
    page = str(explanation)
    assert [text for text in ask.get("says", ()) if text not in page] == [], page
    assert [text for text in ask.get("never", ()) if text in page] == [], page
    if "code" in ask:
        assert explanation.reasons[0].code.value == ask["code"]
    assert ask.get("first", "") in str(explanation.reasons[0] if explanation.reasons else "")


@pytest.mark.parametrize(("path", "ask"), CASES)
def test_no_reason_is_false(path: Path, ask: dict[str, Any]) -> None:
    """Nothing is older where no age is given, and whose word counts has not lost to anybody."""
    explanation = explained(path, ask)
    page, governor = str(explanation), explanation.decision.governed_by
    if "creationTimestamp" not in path.read_text(encoding="utf-8"):
        assert "older" not in page
        assert "newer" not in page
    lost = [reason.origin for reason in explanation.reasons if reason.code is ReasonCode.OTHER_RESOURCE]
    assert governor is None or governor not in lost


def test_every_kind_of_reason_that_the_cases_need_is_asked() -> None:
    """The cases together show most kinds of reasons; those that none shows are named here."""
    shown = {ask["code"] for path in FIELD.glob("*.yaml") for ask in asked_of(path) if "code" in ask}
    assert {code.value for code in ReasonCode} - shown == {
        "at_gateway",
        "no_cluster_for_port",
        "no_sidecar",
        "not_captured",
        "other_resource",
        "route_of_other_protocol",
        "upgrade",
    }
