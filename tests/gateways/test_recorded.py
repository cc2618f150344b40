"""Gateways answer as Istio's configuration and Envoy's selection did, in all worlds that the tests carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshegress.testing.conformance.runner import run

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize(("name", "checks"), [("gateways", 5843), ("hops", 10202)])
def test_gateways_answer_as_recorded(name: str, checks: int) -> None:
    """Each call, each refused listener and each verdict on an object is as it was recorded."""
    report = run([DATA / f"{name}.jsonl.xz"])
    assert [str(check) for check in report.differing][:5] == []
    assert (report.passed, report.skipped) == (checks, [])
