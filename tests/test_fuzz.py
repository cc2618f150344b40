"""The promises that are fuzzed hold for the inputs that fuzzing begins from, and for some drawn at random."""

from __future__ import annotations

import random

import pytest

from fuzz.__main__ import changed
from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_promises_hold_for_seeds(name: str) -> None:
    """Every seed, and forty changed from it, keep the promise."""
    rng = random.Random(name)
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)
        for _ in range(40):
            TARGETS[name].run(changed(seed, rng))
