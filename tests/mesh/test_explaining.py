"""The explanation of recorded requests: of every outcome, with its reason, and never without one."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from meshegress import Outcome, Request
from meshegress.testing.conformance.decisions import build_egress

RECORDED = Path(__file__).parents[1] / "data" / "decisions.jsonl.xz"
SHARDS = 8
EACH = 40

#: The stage at which the walk of an outcome ends, where it is always the same.
ENDS = {
    Outcome.NO_LISTENER: "listener",
    Outcome.RESERVED: "listener",
    Outcome.WAITING: "inspectors",
    Outcome.CODEC_ERROR: "codec",
    Outcome.HTTP10_REJECTED: "codec",
    Outcome.REDIRECT: "action",
    Outcome.DIRECT_RESPONSE: "action",
    **dict.fromkeys((Outcome.SERVICE, Outcome.PASSTHROUGH, Outcome.BLACKHOLE, Outcome.DYNAMIC_DNS), "cluster"),
    **dict.fromkeys((Outcome.SPLIT, Outcome.NO_CLUSTER, Outcome.NO_ENDPOINTS), "cluster"),
}


@cache
def worlds() -> list[dict[str, Any]]:
    """Return some recorded worlds of each kind and release."""
    lines = lzma.decompress(RECORDED.read_bytes()).splitlines()
    hand_made = [line for line in lines if line.startswith((b'{"id":"s', b'{"id":"wire')) and b'"1.31"' in line[:40]]
    return [json.loads(line) for line in hand_made[::5] + lines[::EACH]]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_recorded_request_is_explained(shard: int) -> None:
    """The page ends with the decision; the walk before it ends where such a decision is made, with a reason."""
    for world in worlds()[shard::SHARDS]:
        egress = build_egress(world)
        for call in world["calls"]:
            request = Request.from_dict(call["request"])
            explanation = egress.explain(request)
            decision, last = explanation.decision, explanation.steps[-1]
            (outcome,) = [line for line in str(explanation).splitlines() if line.startswith("  outcome ")]
            assert str(decision) in outcome
            assert last.stage == ENDS.get(decision.outcome, last.stage), (world["id"], call["id"])
            assert all(step.found for step in explanation.steps)
            assert all(one.reason for one in explanation.rejected)
