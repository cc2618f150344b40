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
    """A change cannot be separated from the rest of the mesh, so the whole is compiled; *reason* says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Delta(Generic[_Whole, _Part]):
    """One whole in the place of another: without the parts *removed*, with *added* ones."""

    before: _Whole
    after: _Whole
    removed: tuple[_Part, ...]
    added: tuple[_Part, ...]


def patched(rows: Sequence[_Row], removed: Iterable[_Row], added: Iterable[_Row], key: Key) -> list[_Row]:
    """Return *rows*, which are in the order of *key*, without those *removed* and with *added* ones in their places.

    Raises NotSeparableError where one that is to go is not where it must be.

    >>> patched([1, 3, 5], [3], [4, 2], key=lambda row: (row,))
    [1, 2, 4, 5]
    """
    found = list(rows)
    for row in removed:
        place = bisect_left(found, key(row), key=key)
        while place < len(found) and found[place] != row:
            if key(found[place]) != key(row):
                raise NotSeparableError("a part to remove is not in its place")
            place += 1
        if place == len(found):
            raise NotSeparableError("a part to remove is not in its place")
        del found[place]
    for row in added:
        found.insert(bisect_right(found, key(row), key=key), row)
    return found
