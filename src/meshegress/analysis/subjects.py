"""A workload's egress as a subject of a comparison: the one place that knows how it decides."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from meshegress.analysis.differ.sides import Side
from meshegress.compiler.program import Program
from meshegress.decision import Decision
from meshegress.egress import Egress
from meshegress.request import Request

#: Stands for the ports that no service has: they have their orders in common.
_ANY_PORT = 65535


class EgressSubject:
    """An egress, whose every witness :meth:`Egress.decide` decides.

    Where the order of resources is not known it decides by the tables of several orders; which ones depends on the
    port alone. Where the world itself is not known (two mesh configurations, two versions of an object) it decides by
    those of each.
    """

    def __init__(self, egress: Egress) -> None:
        self.egress = egress
        self._sides: dict[int, Side] = {}
        self._worlds = (egress.careful, *egress.careful.worlds())
        self.natural = self._side(egress.program)

    def named_ports(self) -> set[int]:
        """Return the ports of listeners and chains in any order, and those on which other orders are tried."""
        found = self.natural.ports()
        for world in self._worlds:
            found |= self._side(world.tables.program).ports() | world.orders.ports
        if any(world.orders.is_everywhere or world.orders.ports for world in self._worlds):
            for port in (_ANY_PORT, *sorted(found)):
                found.update(*(side.ports() for side in self.sides_on(port).values()))
        return found

    def sides_on(self, port: int) -> Mapping[Hashable, Side]:
        """Return the tables of the orders and worlds that could matter on *port*, the natural one first."""
        return {
            (number, order): self._side(program)
            for number, world in enumerate(self._worlds)
            for order, program in world.orders.programs(port).items()
        }

    def decide(self, request: Request) -> Decision:
        """Return the egress's decision."""
        return self.egress.decide(request)

    def _side(self, program: Program) -> Side:
        return self._sides.setdefault(id(program), Side(program))
