"""Where a request without an address could go: the addresses of its name, or a sample of each place on its port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from meshegress.compiler.model.orders import TieOrder
from meshegress.compiler.program import Program
from meshegress.compiler.workload_tables import UNRESOLVED, Resolved, WorkloadTables
from meshegress.request import Request, Workload
from meshegress.table import Listener, ListenerKind, Table
from meshegress.uncertainty.addresses import free_address, other_addresses


class SampleAddresses:
    """The addresses to which requests of one workload could go, likeliest first."""

    def __init__(
        self,
        workload: Workload,
        tables: WorkloadTables,
        programs_on: Callable[[int], Mapping[TieOrder, Program]],
        tables_in: Callable[[TieOrder], WorkloadTables],
    ) -> None:
        self._programs_on = programs_on
        self._samples: dict[int, tuple[str, ...]] = {}
        self._resolved = lru_cache(maxsize=4096)(partial(tables.resolve, workload=workload))
        self._resolved_in = lru_cache(maxsize=4096)(lambda order, host: tables_in(order).resolve(host, workload))
        self._is_outside = lru_cache(maxsize=4096)(partial(tables.is_resolved_outside, workload=workload))
        self.is_v6 = all(":" in address for address in workload.addresses)

    def of(self, request: Request) -> tuple[str, ...]:
        """Return where *request*'s name could be: its addresses, or a sample of each place on its port.

        A host that an entry declares without addresses, for DNS to resolve, is at none that another entry names.
        """
        answer = self._answer(request)
        if request.name and not answer.addresses and self._is_outside(request.name):
            return self.on(request.port)[:1]
        return self._places(answer, request.port)

    def in_order(self, order: TieOrder, request: Request, destination: str | None) -> tuple[str | None, ...]:
        """Return where *request* goes under *order*: its name may have other addresses there than *destination*."""
        if order.is_by_name or destination is None or not request.name:
            return (destination,)
        answer = self._resolved_in(order, request.name)
        if set(answer.addresses) == set(self._resolved(request.name).addresses):
            return (destination,)
        return self._places(answer, request.port)

    def resolved(self, request: Request) -> Resolved:
        """Return the addresses of *request*'s name, and whether it is certain to go to one of them."""
        return self._answer(request)

    def doubt(self, request: Request) -> str:
        """Return why *request* could go to another address than the likeliest."""
        return self._answer(request).doubt

    def on(self, port: int) -> tuple[str, ...]:
        """Return a sample of each place on *port*: an address that no resource names first."""
        if port not in self._samples:
            listeners = [_outbound_on(port, program.table) for program in self._programs_on(port).values()]
            others = dict.fromkeys(address for each in listeners for address in other_addresses(each))
            free = free_address([one for each in listeners for one in each], v6=self.is_v6)
            self._samples[port] = (free, *others)
        return self._samples[port]

    def _answer(self, request: Request) -> Resolved:
        return self._resolved(request.name) if request.name else UNRESOLVED

    def _places(self, answer: Resolved, port: int) -> tuple[str, ...]:
        if answer.is_certain:
            return answer.addresses
        return tuple(dict.fromkeys((*answer.addresses, *self.on(port))))


def _outbound_on(port: int, table: Table) -> list[Listener]:
    return [one for one in table.listeners if one.port == port and one.kind is ListenerKind.OUTBOUND]
