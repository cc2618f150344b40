"""Which rows requests can take: a decision diagram over the dimensions.

A node is the rows of each list that are still alive; vectors of a dimension that leave the same rows alive are one
branch; a leaf is the first row alive in each list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshegress.analysis.matches.dimensions import CONTENT_TYPE, Conditions, Dimension, Ends
from meshegress.analysis.matches.values import Value
from meshegress.analysis.texts.product import Budget

Cube = Mapping[Dimension, frozenset[int]]
"""The vectors that are allowed in each dimension; one that is left out allows all."""
_Alive = tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class Combinations:
    """The rows that requests can take together, each with the cubes of vectors that lead there."""

    found: dict[tuple[Ends, bool], list[Cube]] = field(default_factory=dict)
    reason: str = ""


def combine(conditions: Conditions, values: Mapping[Dimension, Mapping[int, Value]], budget: Budget) -> Combinations:
    """Return every combination of rows that requests with these *values* can take."""
    return _Diagram(conditions, values, budget).combinations()


class _Diagram:
    def __init__(self, conditions: Conditions, values: Mapping[Dimension, Mapping[int, Value]], budget: Budget) -> None:
        self._conditions = conditions
        self._dimensions = conditions.dimensions
        self._values = values
        self._most = budget.combinations
        #: The dimensions that are still to be asked at each depth.
        self._rest = [frozenset(self._dimensions[depth:]) for depth in range(len(self._dimensions) + 1)]
        self._known: dict[tuple[int, _Alive], list[tuple[Cube, _Alive]]] = {}
        self._is_complete = True

    def combinations(self) -> Combinations:
        """Return the leaves, each with the cubes that lead there."""
        begin = tuple(tuple(range(len(rows))) for rows in self._conditions.rows)
        found = Combinations()
        for cube, alive in self._walk(0, self._cut(begin, 0)):
            ends = tuple(rows[0] if rows else None for rows in alive)
            is_grpc = CONTENT_TYPE in cube and self._conditions.is_typed and self._is_grpc(cube[CONTENT_TYPE])
            found.found.setdefault((ends, is_grpc), []).append(cube)
        if not self._is_complete:
            found.reason = f"more than {self._most} combinations of conditions"
        return found

    def _walk(self, depth: int, alive: _Alive) -> list[tuple[Cube, _Alive]]:
        """Return what the vectors of the dimensions from *depth* on lead to."""
        if self._is_decided(depth, alive):
            return [({}, alive)]
        key = (depth, alive)
        if key not in self._known:
            self._known[key] = self._branches(depth, alive)
        return self._known[key]

    def _branches(self, depth: int, alive: _Alive) -> list[tuple[Cube, _Alive]]:
        dimension = self._dimensions[depth]
        by_state: dict[tuple[_Alive, bool], list[int]] = {}
        for mask in self._values[dimension]:
            left = tuple(
                tuple(row for row in rows if self._allows(number, row, dimension, mask))
                for number, rows in enumerate(alive)
            )
            is_grpc = dimension == CONTENT_TYPE and self._conditions.is_grpc(mask)
            by_state.setdefault((self._cut(left, depth + 1), is_grpc), []).append(mask)
        found: list[tuple[Cube, _Alive]] = []
        for (state, _), masks in by_state.items():
            own = {} if len(by_state) == 1 and dimension != CONTENT_TYPE else {dimension: frozenset(masks)}
            found += [({**own, **cube}, end) for cube, end in self._walk(depth + 1, state)]
            if len(found) > self._most:
                self._is_complete = False
                break
        return found

    def _allows(self, number: int, row: int, dimension: Dimension, mask: int) -> bool:
        return self._conditions.rows[number][row].get(dimension, 0) & ~mask == 0

    def _is_decided(self, depth: int, alive: _Alive) -> bool:
        rest = self._rest[depth]
        if CONTENT_TYPE in rest:  # it says how a reply is logged, whatever the rows ask
            return False
        rows = (self._conditions.rows[number][rows[0]] for number, rows in enumerate(alive) if rows)
        return all(rest.isdisjoint(row) for row in rows)

    def _cut(self, alive: _Alive, depth: int) -> _Alive:
        """Return *alive* without the rows behind one that asks for nothing more."""
        rest = self._rest[depth]
        found = []
        for number, rows in enumerate(alive):
            kept = []
            for row in rows:
                kept.append(row)
                if rest.isdisjoint(self._conditions.rows[number][row]):
                    break
            found.append(tuple(kept))
        return tuple(found)

    def _is_grpc(self, masks: frozenset[int]) -> bool:
        return any(self._conditions.is_grpc(mask) for mask in masks)
