"""The promises that are fuzzed hold for the inputs that fuzzing begins from, and for some drawn at random."""

from __future__ import annotations

import random
import traceback

import pytest

from fuzz.__main__ import changed
from fuzz.targets import TARGETS, Target


@pytest.mark.parametrize("name", TARGETS)
def test_promises_hold_for_seeds(name: str) -> None:
    """Every seed, and forty changed from it, keep the promise."""
    rng = random.Random(name)
    seeds = TARGETS[name].seeds
    inputs = [*seeds, *(changed(seed, rng) for seed in seeds for _ in range(40))]
    assert [(data, broken) for data in inputs if (broken := what_breaks(TARGETS[name], data))] == []


def what_breaks(target: Target, data: bytes) -> str:
    """Return how *data* breaks the promise of *target*, nothing where it keeps it."""
    try:
        target.run(data)
    except Exception:
        return traceback.format_exc()
    return ""
