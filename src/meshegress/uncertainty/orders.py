"""Orders that nobody knows: which of them could matter to a request, and what the others would answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from meshegress.compiler.model.orders import MAX_TIED_TRIED, NATURAL, TieOrder
from meshegress.compiler.program import Program
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.decision import Assumption, Decision
from meshegress.decision.assumptions import EQUAL_AGES, READING_ORDER, WRITING_ORDER
from meshegress.naming import asked_names

InOrder = tuple[TieOrder, Decision]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way in which orders differ: its code, the orders that do, and the reason, in which ``{}`` are resources."""

    code: str
    holds: Callable[[TieOrder], object]
    reason: str
    #: The member of a group that comes first, and the last one that is tried.
    turn: Callable[[TieOrder], int] = lambda order: 0
    most_turns: int = MAX_TIED_TRIED


# The first row that holds is the kind of an order.
_KINDS = (
    _Kind(
        WRITING_ORDER,
        lambda order: order.virtual_host_first,
        "{} want one domain, which goes to the virtual host that Istio writes first; it takes them from a map, whose "
        "order differs from run to run",
        turn=lambda order: order.virtual_host_first,
        most_turns=MAX_TIED_TRIED - 1,  # the natural order is one of those tried
    ),
    _Kind(
        READING_ORDER,
        lambda order: order.slices_before_services,
        "{} leads to a Service that is exported to `~`: istiod knows its endpoints only where it happens to read the "
        "EndpointSlices before the Service",
    ),
    _Kind(
        READING_ORDER,
        lambda order: order.slices_before_pods,
        "{} leads to an EndpointSlice that does not name the Pod which has its address (`targetRef`): istiod knows the "
        "labels of the endpoint only where it happens to read the Pod before the EndpointSlice",
    ),
    _Kind(
        EQUAL_AGES,
        lambda order: True,
        "the order of {} decides, and it is not known: they bear no creationTimestamp, or Istio keeps no order between "
        "them",
        turn=lambda order: order.first,
    ),
)
_SAMPLED = f"; where more than {MAX_TIED_TRIED} are tied, so many of them are tried as the first"
_UNDATED_ARE_NEW = "; what bears none counts as about to be applied, since others bear one"


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
        return self._contested.is_wide

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

    @property
    def ports(self) -> frozenset[int]:
        """The ports on which other orders are tried; where they are on any, those on which they could be others."""
        contested = self._contested
        services = self._tables.registry.index.services if contested.is_wide else ()
        declared = (port.number for service in services for port in service.ports)
        return contested.ports.union(contested.domains, (port for port in declared if 0 < port < 65536))

    def names(self) -> tuple[Mapping[str, Sequence[str]], ...]:
        """Return the tables of names of all orders in which a host may have other addresses; the natural first."""
        if not (self._contested.hosts or self._contested.everywhere):
            return (self._tables.names,)
        found: list[Mapping[str, Sequence[str]]] = []
        for order in self._tables.registry.orders_on(0, self._contested, is_host=True):
            names = self.tables_in(order).names
            found += [names] if names not in found else []
        return tuple(found)


def order_assumptions(
    decision: Decision, in_orders: Sequence[InOrder], *, undated_are_new: bool
) -> Iterator[Assumption]:
    """Yield what makes *decision* less than certain: the answers of other orders, each told once.

    With *undated_are_new* resources without an age count as about to be applied.
    """
    known = [decision]
    for kind in _KINDS:
        others = _distinct(known, (answer for order, answer in in_orders if _kind_of(order) is kind))
        if others:
            known += others
            governors = _governors(decision, *others)
            sampled = _SAMPLED if any(kind.turn(order) >= kind.most_turns for order, _ in in_orders) else ""
            ages = _UNDATED_ARE_NEW if undated_are_new and kind.code == EQUAL_AGES else ""
            yield Assumption(kind.code, kind.reason.format(governors) + ages + sampled, others)


def _kind_of(order: TieOrder) -> _Kind:
    return next(kind for kind in _KINDS if kind.holds(order))


def _could_move(hosts: frozenset[str], dns_domain: str, host: str) -> bool:
    bare = host.lower().rstrip(".")
    return not hosts.isdisjoint(asked_names(bare, dns_domain)) if hosts else False


def _governors(*decisions: Decision) -> str:
    named = dict.fromkeys(str(one.governed_by) for one in decisions if one.governed_by is not None)
    return " and ".join(named) or "resources"


def _distinct(known: Sequence[Decision], others: Iterable[Decision]) -> tuple[Decision, ...]:
    found: list[Decision] = []
    for other in others:
        if other not in known and other not in found:
            found.append(other)
    return tuple(found)
