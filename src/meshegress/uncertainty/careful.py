"""Decide with every uncertainty: in each order that may hold, at each address of a name, with what is not modelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from operator import attrgetter, or_

from meshegress._engine.layout import port_bits
from meshegress.compiler.model.orders import NATURAL, TieOrder
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.decision import Assumption, Decision
from meshegress.decision.assumptions import ADDRESS_ALLOCATED, UNKNOWN_ADDRESS
from meshegress.naming import asked_names
from meshegress.request import Request, Workload
from meshegress.uncertainty.limits import Limits
from meshegress.uncertainty.orders import TriedOrders, order_assumptions
from meshegress.uncertainty.places import SampleAddresses
from meshegress.uncertainty.refused import RefusedObjects
from meshegress.uncertainty.variants import Variant

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
        refused: RefusedObjects,
        variants: Sequence[tuple[Variant, Callable[[], CarefulDecider]]] = (),
    ) -> None:
        self.tables = tables
        self._dns_domain = workload.dns_domain
        self._variants = tuple((variant, cache(decider)) for variant, decider in variants)
        self._program = tables.program
        self._limits = limits.of_workload(workload)
        self._refused = refused
        self.is_limited = bool(self._limits)
        self._made: dict[tuple[int, bool, tuple[tuple[int, ...], ...]], Decision] = {}
        self.orders = TriedOrders(tables, tables_in, workload.dns_domain)
        self.addresses = SampleAddresses(workload, tables, self.orders.programs, tables_in)
        #: A bit for each port, set where no leaf of the table answers by itself.
        self.contested_ports = self._find_contested(tables.contested_port_bits)
        #: A bit for each port, set where the table alone cannot answer.
        self.ports = _EVERY_PORT if self.is_limited or self.orders.is_everywhere else self.contested_ports

    def _find_contested(self, tied: bytes) -> bytes:
        """Return *tied*, the ports where orders could matter, and those where variants of the world could."""
        if self._refused or any(not variant.hosts for variant, _ in self._variants):
            return _EVERY_PORT
        ports = {port for variant, _ in self._variants for port in variant.ports}
        return bytes(map(or_, tied, port_bits(ports))) if ports else tied

    def decide(self, request: Request | str, *, headers_unknown: bool = False) -> Decision:
        """Return the decision on *request*, or on the request that fetching a URL sends.

        With *headers_unknown* neither its headers nor its method are known. Raises RequestError for a bad URL, and
        TypeError for what is neither a Request nor a text.
        """
        if isinstance(request, str):
            request = Request.from_url(request)
        elif not isinstance(request, Request):
            raise TypeError(f"expected a Request or a URL, not {type(request).__name__}")
        decision = self._decide_in_variants(request, headers_unknown)
        found = tuple(self._refused.of(request, decision)) if self._refused else ()
        return replace(decision, assumptions=decision.assumptions + found) if found else decision

    def worlds(self) -> tuple[CarefulDecider, ...]:
        """Return who decides in the variants of the world by which any request could be answered."""
        return tuple(decider() for variant, decider in self._variants if not variant.hosts)

    def in_likelier_world(self, request: Request) -> CarefulDecider | None:
        """Return who decides in the variant of the world whose answer on *request* goes first; None for this one."""
        found = self._likelier_variant(request)
        return found[1]() if found is not None else None

    def _likelier_variant(self, request: Request) -> tuple[Variant, Callable[[], CarefulDecider]] | None:
        if request.address is not None or not request.name:
            return None
        names = set(asked_names(request.name.lower().rstrip("."), self._dns_domain))
        for variant, decider in self._variants:
            if request.port in variant.ports and not names.isdisjoint(variant.hosts):
                return variant, decider
        return None

    def _decide_in_variants(self, request: Request, headers_unknown: bool) -> Decision:
        """Return the decision on *request* with the answers that it has in the variants of the world."""
        own = self._decide_here(request, headers_unknown)
        if not self._variants:
            return own
        found = self._likelier_variant(request)
        if found is not None:
            likelier = found[1]().decide(request, headers_unknown=headers_unknown)
            return _with_variant(likelier, found[0], own)
        decision = own
        for variant, decider in self._variants:
            if not variant.hosts:
                other = decider().decide(request, headers_unknown=headers_unknown)
                decision = _with_variant(decision, variant, other)
        return decision

    def _decide_here(self, request: Request, headers_unknown: bool) -> Decision:
        """Return the decision on *request* in the world as it is taken to be."""
        if request.address is not None:
            return self._decide_at(request, None, headers_unknown)
        likeliest, *others = self.addresses.of(request)
        decision = self._decide_at(request, likeliest, headers_unknown)
        elsewhere = [self._decide_at(request, address, headers_unknown) for address in others]
        return self._with_allocated(request, likeliest, self._with_elsewhere(request, decision, elsewhere))

    def _with_allocated(self, request: Request, destination: str, decision: Decision) -> Decision:
        """Return *decision*, which says so if istiod would have chosen *destination* and nobody knows how."""
        allocator = self.tables.registry.allocator
        if allocator is None or not self.tables.proxy.dns_capture or not allocator.is_allocated(destination):
            return decision
        reason = f"istiod allocates the address of `{request.name}`, and the status with it was not given"
        return replace(decision, assumptions=(*decision.assumptions, Assumption(ADDRESS_ALLOCATED, reason)))

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
        found = tuple(order_assumptions(decision, in_orders, undated_are_new=self.tables.registry.ages.are_mixed))
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


def _with_variant(decision: Decision, variant: Variant, other: Decision) -> Decision:
    """Return *decision* with what *other*, the answer in *variant*, leaves possible beside it."""
    known = {ANSWER(one) for one in decision.candidates or (decision,)}
    new = {ANSWER(one): one for one in other.candidates or (other,) if ANSWER(one) not in known}
    if not new:
        return decision
    candidates = tuple(replace(one, assumptions=()) for one in new.values())
    assumption = Assumption(variant.code, variant.reason_for(decision, other), candidates)
    return replace(decision, assumptions=(*decision.assumptions, assumption))
