"""Plain YAML words."""

from __future__ import annotations

import pytest

from meshegress.resources.scalars import plain_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1_000", 1000, id="an underscore parts digits"),
        pytest.param("80_", 80, id="and may end a number"),
        pytest.param("1__0", 10, id="or stand beside another"),
        pytest.param("0x_1f", 31, id="in any base"),
        pytest.param("0x_", "0x_", id="but is not a digit itself"),
        pytest.param("_80", "_80", id="and begins a text"),
    ],
)
def test_underscores_in_numbers(text: str, value: object) -> None:
    """An underscore inside a number, or at its end, counts for nothing."""
    assert plain_value(text) == value
