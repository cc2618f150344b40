"""Orders that nobody knows: which of them could matter to a request, and what the others would answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from meshegress.compiler.model.orders import MAX_TIED_TRIED, NATURAL, TieOrder
from meshegress.compiler.program import Program
from meshegress.decision import Assumption, Decision
from meshegress.uncertainty.addresses import asked_names
from meshegress.workload_tables import WorkloadTables

EQUAL_AGES = "equal_ages"
WRITING_ORDER = "writing_order"


class TriedOrders:
    """The orders of tied resources that could matter to one workload, each with the program that it gives."""

    def __init__(
        self, tables: WorkloadTables, tables_in: Callable[[TieOrder], WorkloadTables], dns_domain: str
    ) -> None:
        self._tables = tables
        self._contested = tables.contested
        self._programs: dict[tuple[int, bool], Mapping[TieOrder, Program]] = {}
        self.tables_in = tables_in
        #: Whether another order could give the addresses of a host another owner.
        self.could_move = lru_cache(maxsize=4096)(partial(_could_move, tables.contested.hosts, dns_domain))

    @property
    def is_everywhere(self) -> bool:
        """Whether another order could matter on any port."""
        return self._contested.everywhere

    def could_matter_on(self, port: int) -> bool:
        """Return whether another order could give a request on *port* another answer."""
        return port in self._contested

    def programs(self, port: int, *, is_host: bool = False) -> Mapping[TieOrder, Program]:
        """Return the programs of all orders that could matter on *port*, or to a contested host; the natural first."""
        if not is_host and not self.could_matter_on(port):
            return {NATURAL: self._tables.program}
        key = (port, is_host)
        if key not in self._programs:
            orders = self._tables.registry.orders_on(port, self._contested, is_host=is_host)
            self._programs[key] = {order: self.tables_in(order).program for order in orders}
        return self._programs[key]

    def assumptions(self, decision: Decision, in_orders: Sequence[tuple[TieOrder, Decision]]) -> Iterator[Assumption]:
        """Yield what makes *decision* less than certain: what other orders answer."""
        is_rare = self._tables.registry.is_rare_order
        others = _distinct(decision, (one for order, one in in_orders if not is_rare(order)))
        if others:
            reason = (
                f"the order of {_governors(decision, *others)} decides, and it is not known: "
                "they bear no creationTimestamp, or Istio keeps no order between them"
            )
            if any(order.first == MAX_TIED_TRIED for order, _ in in_orders):
                reason += f"; where more than {MAX_TIED_TRIED} are tied, so many of them are tried as the first"
            yield Assumption(EQUAL_AGES, reason, others)
        elif rare := _distinct(decision, (one for _, one in in_orders)):
            reason = (
                f"{_governors(decision, *rare)} want one domain, which goes to the virtual host that Istio writes "
                f"first; it promises no order, and seldom answers {' or '.join(map(str, rare))}"
            )
            yield Assumption(WRITING_ORDER, reason)


def _could_move(hosts: frozenset[str], dns_domain: str, host: str) -> bool:
    bare = host.lower().rstrip(".")
    return not hosts.isdisjoint(asked_names(bare, dns_domain)) if hosts else False


def _governors(*decisions: Decision) -> str:
    named = dict.fromkeys(str(one.governed_by) for one in decisions if one.governed_by is not None)
    return " and ".join(named) or "resources"


def _distinct(decision: Decision, others: Iterable[Decision]) -> tuple[Decision, ...]:
    found: list[Decision] = []
    for other in others:
        if other is not decision and other != decision and other not in found:
            found.append(other)
    return tuple(found)
