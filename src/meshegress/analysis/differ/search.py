"""The one seam: every witness is decided by both sides, and becomes a cell where the answers differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from meshegress._engine.layout import GRPC
from meshegress.analysis.answers import KEYS, By
from meshegress.analysis.cells import Cell, Doubt, Routing, Scope
from meshegress.analysis.differ.facts import Facts
from meshegress.analysis.differ.sides import Subject
from meshegress.analysis.spaces.offers import Choice, Offers
from meshegress.analysis.texts.product import Budget
from meshegress.decision import Decision
from meshegress.request import Request

Write = Callable[[int], Request | None]
"""Write the witness in a variant, or return None where none can be written."""

_ALL_VARIANTS = (0, 2, 1, 3)


class Search:
    """What a comparison has found so far."""

    def __init__(self, before: Subject, after: Subject, *, by: By, budget: Budget, facts: Facts) -> None:
        self.before, self.after = before, after
        self.by: By = by
        self.budget = budget
        self.facts = facts
        self.cells: list[Cell] = []
        self.doubts: list[Doubt] = []
        self._key = KEYS[by]

    def doubt(self, scope: Scope, reason: str) -> None:
        """Remember that it is not proven that both sides agree on *scope*."""
        self.doubts.append(Doubt(scope, reason))

    def ask(self, scope: Scope, request: Request, *, offer: Choice = (), offers: Offers | None = None) -> None:
        """Decide *request* for all of *scope*."""
        before, after = self._decide(request)
        if self._differs(before, after):
            self._add(Cell(scope=scope, before=before, after=after, witness=request, offer=offer, offers=offers))

    def ask_routing(self, scope: Scope, routing: Routing, write: Write, *, is_mixed: bool) -> None:
        """Decide the requests of *routing*, in every variant; *is_mixed* tells that not all tables read HTTP here.

        Then an upgrade may be refused on one side and pass on the other, whatever becomes of other requests.
        """
        is_typed = routing.conditions.is_typed
        variants = [one for one in _ALL_VARIANTS if not is_typed or bool(one & GRPC) == routing.is_grpc]
        first = write(variants[0])
        if first is None:
            return
        rows = {first.variant: (first, *self._decide(first))}
        _, before, after = rows[first.variant]
        if not self._differs(before, after) and not is_mixed:
            return
        if not self._differs(before, after) or not _leads_to_others(before, after):
            for variant in variants[1:]:
                request = write(variant)
                if request is not None:
                    rows.setdefault(request.variant, (request, *self._decide(request)))
            variants = [variant for variant, row in rows.items() if self._differs(*row[1:])]
        if variants:
            witness, before, after = rows[variants[0]]
            own = replace(routing, variants=frozenset(variants))
            self._add(Cell(scope=scope, before=before, after=after, witness=witness, routing=own))

    def _add(self, cell: Cell) -> None:
        if cell.contains(cell.witness):
            self.cells.append(cell)
        else:
            self.doubt(cell.scope, "no request was found that shows the difference")

    def _decide(self, request: Request) -> tuple[Decision, Decision]:
        return self.before.decide(request), self.after.decide(request)

    def _differs(self, before: Decision, after: Decision) -> bool:
        return before is not after and self._key(before) != self._key(after)


def _leads_to_others(before: Decision, after: Decision) -> bool:
    """Return whether the clusters differ, which they do in every variant."""
    return (before.cluster, before.destinations) != (after.cluster, after.destinations)
