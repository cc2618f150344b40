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
    port alone.
    """

    def __init__(self, egress: Egress) -> None:
        self.egress = egress
        self._sides: dict[int, Side] = {}
        self.natural = self._side(egress.program)

    def named_ports(self) -> set[int]:
        """Return the ports of listeners and chains in any order, and those on which other orders are tried."""
        orders = self.egress.careful.orders
        found = self.natural.ports() | orders.ports
        if orders.is_everywhere or orders.ports:
            for port in (_ANY_PORT, *sorted(found)):
                found.update(*(side.ports() for side in self.sides_on(port).values()))
        return found

    def sides_on(self, port: int) -> Mapping[Hashable, Side]:
        """Return the tables of the orders that could matter on *port*."""
        programs = self.egress.careful.orders.programs(port)
        return {order: self._side(program) for order, program in programs.items()}

    def decide(self, request: Request) -> Decision:
        """Return the egress's decision."""
        return self.egress.decide(request)

    def _side(self, program: Program) -> Side:
        return self._sides.setdefault(id(program), Side(program))
