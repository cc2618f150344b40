"""Decide with every uncertainty: in each order that may hold, at each address of a name, with what is not modelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from meshegress.compiler.model.orders import NATURAL, TieOrder
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.decision import Assumption, Decision
from meshegress.request import Request, Workload
from meshegress.uncertainty.limits import Limits
from meshegress.uncertainty.orders import TriedOrders, order_assumptions
from meshegress.uncertainty.places import SampleAddresses

UNKNOWN_ADDRESS = "unknown_address"
_EVERY_PORT = b"\xff" * 8192

#: What of a decision is the answer, whichever listener gives it.
ANSWER = attrgetter(
    "outcome", "cluster", "destinations", "route_config", "virtual_host", "route", "status", "flags", "details"
)


class CarefulDecider:
    """Decides the requests of one workload that its table alone cannot answer for certain."""

    def __init__(
        self,
        workload: Workload,
        tables: WorkloadTables,
        *,
        tables_in: Callable[[TieOrder], WorkloadTables],
        limits: Limits,
    ) -> None:
        self._program = tables.program
        self._limits = limits.of_workload(workload)
        self.is_limited = bool(self._limits)
        self._made: dict[tuple[int, bool, tuple[tuple[int, ...], ...]], Decision] = {}
        self.orders = TriedOrders(tables, tables_in, workload.dns_domain)
        self.addresses = SampleAddresses(workload, tables, self.orders.programs, tables_in)
        #: A bit for each port, set where the table alone cannot answer.
        self.ports = _EVERY_PORT if self.is_limited or self.orders.is_everywhere else tables.contested_port_bits

    def decide(self, request: Request | str, *, headers_unknown: bool = False) -> Decision:
        """Return the decision on *request*, or on the request that fetching a URL sends.

        With *headers_unknown* neither its headers nor its method are known. Raises RequestError for a bad URL, and
        TypeError for what is neither a Request nor a text.
        """
        if isinstance(request, str):
            request = Request.from_url(request)
        elif not isinstance(request, Request):
            raise TypeError(f"expected a Request or a URL, not {type(request).__name__}")
        if request.address is not None:
            return self._decide_at(request, None, headers_unknown)
        likeliest, *others = self.addresses.of(request)
        decision = self._decide_at(request, likeliest, headers_unknown)
        elsewhere = [self._decide_at(request, address, headers_unknown) for address in others]
        return self._with_elsewhere(request, decision, elsewhere)

    def with_limits(self, decision: Decision) -> Decision:
        """Return *decision* with what is not modelled and could change it."""
        limits = self._limits.of(decision)
        return replace(decision, assumptions=decision.assumptions + limits) if limits else decision

    def _decide_at(self, request: Request, destination: str | None, headers_unknown: bool) -> Decision:
        """Return the decision on *request* at *destination*, or at its own address, in every order that may hold."""
        is_host = destination is not None and request.name is not None and self.orders.could_move(request.name)
        is_contested = is_host or self.orders.could_matter_on(request.port)
        if not is_contested and not self.is_limited:
            return self._program.decision(self._program.find(request, destination, headers_unknown))
        programs = self.orders.programs(request.port, is_host=is_host) if is_contested else {NATURAL: self._program}
        numbers = tuple(
            tuple(
                program.find(request, address, headers_unknown)
                for address in self.addresses.in_order(order, request, destination)
            )
            for order, program in programs.items()
        )
        key = (request.port, is_host, numbers)
        made = self._made.get(key)
        if made is None:
            rows = zip(programs.items(), numbers, strict=True)
            found = [(order, program.decision(number)) for (order, program), each in rows for number in each]
            made = self._made.setdefault(key, self._with_orders(found))
        return made

    def _with_orders(self, in_orders: Sequence[tuple[TieOrder, Decision]]) -> Decision:
        """Return the first decision with what the other orders of tied resources give, and with all limits."""
        decision = in_orders[0][1]
        found = tuple(order_assumptions(decision, in_orders))
        return self.with_limits(replace(decision, assumptions=decision.assumptions + found) if found else decision)

    def _with_elsewhere(self, request: Request, decision: Decision, elsewhere: Sequence[Decision]) -> Decision:
        """Return *decision* with the answers that it would have at other addresses of *request*'s name."""
        others = {ANSWER(one): one for found in elsewhere for one in found.candidates or (found,)}
        for known in decision.candidates or (decision,):
            others.pop(ANSWER(known), None)
        if not others:
            return decision
        reason = f"`{request.name}` {self.addresses.doubt(request)}; on other addresses the answer is another"
        assumption = Assumption(UNKNOWN_ADDRESS, reason, tuple(others.values()))
        return replace(decision, assumptions=(*decision.assumptions, assumption))
