"""What is exchanged where a few things change among very many: the old whole, the new one, and the difference."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_Row = TypeVar("_Row")
_Whole = TypeVar("_Whole")
_Part = TypeVar("_Part")

Key = Callable[[Any], tuple[Any, ...]]


class NotSeparableError(Exception):
    """What changes cannot be told from what stays: only compiling the whole tells what comes of it."""


@dataclass(frozen=True, slots=True)
class Delta(Generic[_Whole, _Part]):
    """One whole in the place of another: without the parts *gone*, with *fresh* ones."""

    before: _Whole
    after: _Whole
    gone: tuple[_Part, ...]
    fresh: tuple[_Part, ...]


def patched(rows: Sequence[_Row], gone: Iterable[_Row], fresh: Iterable[_Row], key: Key) -> list[_Row]:
    """Return *rows*, which are in the order of *key*, without those *gone* and with *fresh* ones in their places.

    Raises NotSeparableError where one that is to go is not where it must be.

    >>> patched([1, 3, 5], [3], [4, 2], key=lambda row: (row,))
    [1, 2, 4, 5]
    """
    found = list(rows)
    for row in gone:
        place = bisect_left(found, key(row), key=key)
        while place < len(found) and found[place] != row:
            if key(found[place]) != key(row):
                raise NotSeparableError
            place += 1
        if place == len(found):
            raise NotSeparableError
        del found[place]
    for row in fresh:
        found.insert(bisect_right(found, key(row), key=key), row)
    return found
