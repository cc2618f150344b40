"""Hostile text ends in one clear error, in bounded time and memory."""

from __future__ import annotations

import threading
import time

import pytest

from meshegress.loading import check
from meshegress.sources import SIZE_LIMIT

MILLION = 1_000_000

DEEP = [
    pytest.param("[" * MILLION, id="flow lists"),
    pytest.param('{"a":' * MILLION, id="flow mappings"),
    pytest.param("- " * MILLION, id="block lists"),
    pytest.param("\n".join(" " * depth + "a:" for depth in range(2000)), id="block mappings"),
]


def messages(text: str, limit: int = SIZE_LIMIT) -> list[str]:
    """Return what is said about *text*."""
    return [finding.message for finding in check(text, limit=limit)[1]]


@pytest.mark.parametrize("text", DEEP)
def test_a_million_levels_are_one_error(text: str) -> None:
    """The depth is known before anything is composed."""
    began = time.monotonic()
    assert messages(text) == ["nesting is deeper than 64"]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("text", DEEP)
def test_a_small_stack_is_enough(text: str) -> None:
    """No recursion grows with the input: a thread of 128 kB survives it."""
    found: list[list[str]] = []
    before = threading.stack_size(128 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.append(messages(text)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [["nesting is deeper than 64"]]


def test_aliases_may_not_multiply() -> None:
    """Ten lines of aliases would be ten billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert messages("\n".join(lines)) == ["aliases multiply the text beyond reason"]


def test_aliases_may_not_deepen() -> None:
    """A chain of aliases is as deep as what it stands for."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200))]
    assert messages("\n".join(lines)) == ["nesting is deeper than 64"]


def test_too_much_text_is_refused_before_it_is_read() -> None:
    """The limit is on the bytes of all texts together."""
    assert messages("a: b\n" * 30, limit=100) == ["more than 100 bytes are to be loaded"]


def test_a_mapping_that_holds_itself_is_refused() -> None:
    """Python's own values can turn in a circle."""
    value: dict[str, object] = {"kind": "List"}
    value["items"] = [value]
    assert [finding.code for finding in check(value)[1]] == ["EG004"]
