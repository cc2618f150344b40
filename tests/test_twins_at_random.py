"""Both twins of everything answer alike, on rounds drawn from a fixed seed; ``make twins`` draws ten million."""

from __future__ import annotations

import pytest

from meshegress._match import IMPLEMENTATION

if IMPLEMENTATION == "pure":
    pytest.skip("the tables of this run are the readable ones", allow_module_level=True)

from fuzz.twins import TWINS, run


@pytest.mark.parametrize("name", TWINS)
def test_twins_answer_alike(name: str) -> None:
    """Two thousand questions each."""
    assert run(name, 2000, seed=7) >= 2000
