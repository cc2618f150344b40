"""Rows of columns to numbers of leaves, for a reader: every row is left to the caller, who makes a request of it.

The compiled twin answers the rows in which nothing is odd by itself, and leaves the rest in the same way. What both
promise is this: a number that is not negative is the leaf to which the walk leads the row's request; ``NULL_ROW`` is a
row that is no request; ``ASKS`` is left open.
"""

from __future__ import annotations

from typing import Any

NULL_ROW, ASKS = -1, -2


class Columns:
    """The columns of one batch, ready for the walk.

    *columns* are address, port, kind, authority, server name and path; None stands for one that is not there.
    *free_address* stands in for one that is null; *careful* and *unknown* have a bit for each port that is left open,
    always or where the address is null; *kinds* has the kind of each value of a dictionary.
    """

    __slots__ = ("_length",)

    def __init__(
        self,
        length: int,
        columns: tuple[Any, ...],
        free_address: str,
        careful: bytes,
        unknown: bytes,
        kinds: bytes | None,
    ) -> None:
        self._length = length

    def walk(self, walk: Any, out: Any, start: int, stop: int) -> int:
        """Write the numbers of the rows from *start* to *stop* into *out*, and return how many are left open.

        *out* has a place for every row.
        """
        if not 0 <= start <= stop <= self._length <= len(out):
            raise IndexError("the rows are not there")
        for row in range(start, stop):
            out[row] = ASKS
        return stop - start
