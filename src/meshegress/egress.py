"""What one workload is told, and the answers to its requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from operator import attrgetter
from typing import overload

from meshegress._engine.layout import port_bits
from meshegress.columns import ArrowData, Decided, Way, decide_columns, is_arrow
from meshegress.compiler.model.orders import MAX_TIED_TRIED, NATURAL, TieOrder
from meshegress.compiler.model.proxy import OutboundPolicy
from meshegress.compiler.model.ties import ContestedPorts
from meshegress.compiler.program import Program
from meshegress.compiler.undeclared_traffic import CATCH_ALLS
from meshegress.compiler.why_not import why_not
from meshegress.decision import Assumption, Decision, Outcome
from meshegress.explain import Explanation, explain
from meshegress.request import Request, Workload
from meshegress.table import Listener, ListenerKind, Rejected, Table
from meshegress.unaddressed import asked_names, free_address, other_addresses
from meshegress.unmodelled import Unmodelled
from meshegress.view import UNRESOLVED, Resolved, View

EQUAL_AGES = "equal_ages"
WRITING_ORDER = "writing_order"
UNKNOWN_ADDRESS = "unknown_address"


class Egress:
    """The table of one workload; made by :meth:`meshegress.Mesh.egress`.

    ``decide`` never raises for a Request.
    """

    def __init__(
        self,
        workload: Workload,
        view: View,
        *,
        view_in: Callable[[TieOrder], View],
        unmodelled: Unmodelled,
    ) -> None:
        self.workload = workload
        self._view = view
        self._view_in = view_in
        self._unmodelled = unmodelled
        self._is_limited = unmodelled.touches(workload.namespace)
        self._contested: ContestedPorts = view.contested
        self._programs: dict[tuple[int, bool], Mapping[TieOrder, Program]] = {}
        self._made: dict[tuple[int, bool, tuple[tuple[int, ...], ...]], Decision] = {}
        self._probes: dict[int, tuple[str, ...]] = {}
        self._resolved = lru_cache(maxsize=4096)(partial(view.resolve, workload=workload))
        self._is_tied = lru_cache(maxsize=4096)(partial(_is_tied, view.contested.hosts, workload.dns_domain))
        self._resolved_in = lru_cache(maxsize=4096)(lambda order, host: view_in(order).resolve(host, workload))
        if not self._is_limited and not self._contested.everywhere:
            # Nothing stands between a request and its decision where one walk can answer alone.
            # A copy decides what it leaves: nothing leads back here, so a table goes when its last reader does.
            decider = view.program.decider(view.contested_port_bits, copy(self).decide)
            self.decide = decider.decide  # type: ignore[method-assign]  # the method below, sooner

    @property
    def table(self) -> Table:
        """Listeners, route configurations and clusters, with Envoy's names."""
        return self._view.program.table

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What Envoy refuses to load, and why."""
        return self.table.rejected

    @property
    def names(self) -> Mapping[str, Sequence[str]]:
        """The DNS proxy's table: host, or ``*.suffix``, to addresses."""
        return self._view.names

    @property
    def policy(self) -> str:
        """The outbound traffic policy in force, such as ``REGISTRY_ONLY``."""
        return self._view.compiled.policy.mode.value

    def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses that the sidecar's DNS proxy answers for *host*; none where it passes the question on.

        Kubernetes short names are looked up in the workload's search domains; of wildcards the longest answers.
        """
        return self._view.resolve(host, self.workload).addresses

    def decide(self, request: Request | str) -> Decision:
        """Return where *request*, or the request that fetching a URL sends, goes.

        Raises RequestError for a bad URL, and nothing for a Request.
        """
        if isinstance(request, str):
            request = Request.from_url(request)
        elif not isinstance(request, Request):
            raise TypeError(f"expected a Request or a URL, not {type(request).__name__}")
        if request.address is None:
            return self._decide_unaddressed(request)
        return self._decide_at(request, None)

    @overload
    def decide_many(self, requests: ArrowData, *, threads: int = 1, **columns: str | None) -> Decided: ...

    @overload
    def decide_many(self, requests: Iterable[Request | str]) -> list[Decision]: ...

    def decide_many(
        self, requests: ArrowData | Iterable[Request | str], *, threads: int = 1, **columns: str | None
    ) -> Decided | list[Decision]:
        """Return the decisions on *requests*, in order: a list for a list, a column for a table.

        A table is anything that speaks Arrow's PyCapsule interface. Its columns are ``port`` and ``kind`` (``http``,
        ``http2``, ``http1.0``, ``tls``, ``tcp``), and where they are there ``address``, ``authority``, ``server_name``
        (else the authority is) and ``path``; keyword arguments give other names, such as ``authority="host"``, and None
        for one that is not to be read. *threads* share the rows of a batch, of which 65,536 are one thread's at a time.

        Raises RequestError for a bad URL in a list, ValueError for a table whose columns are missing or not readable.

        >>> from meshegress import Mesh
        >>> [str(decision) for decision in Mesh().egress().decide_many(["https://a.com/", "http://b.com/"])]
        ['PassthroughCluster', 'PassthroughCluster']
        """
        if is_arrow(requests):
            return decide_columns(self._way, requests, names=columns, threads=threads)
        if isinstance(requests, str) or not isinstance(requests, Iterable):
            raise TypeError(f"expected a table or a list of requests, not {type(requests).__name__}")
        return [self.decide(request) for request in requests]

    def explain(self, request: Request | str) -> Explanation:
        """Return the walk of *request*, step by step, with what lost at each, and why."""
        if isinstance(request, str):
            request = Request.from_url(request)
        decision = self.decide(request)
        addressed = request if request.address is not None else request.to(self._addresses_of(request)[0])
        compiled = self._view.compiled
        name = request.name or request.sni or request.host or ""
        notes = why_not(name, request.port, index=self._view.registry.index, scope=compiled.scope) if name else ()
        told = dict.fromkeys(str(note) for note in notes)
        if decision.outcome in _UNDECLARED or decision.virtual_host in CATCH_ALLS:
            told[_policy_note(compiled.policy)] = None
        return explain(self.table, addressed, decision=decision, notes=tuple(told))

    @cached_property
    def _way(self) -> Way:
        """How tables are decided."""
        other = copy(self)  # as above: nothing leads back here
        program = self._view.program
        listeners = [one for one in self.table.listeners if one.kind is ListenerKind.OUTBOUND]
        is_open = {port for port in {one.port for one in listeners} if self.names or len(self._addresses_on(port)) > 1}
        return Way(
            walk=program.walk,
            leaves=program.leaves,
            free_address=free_address(listeners, v6=self._is_v6),
            careful=self._view.contested_port_bits,
            unknown=port_bits(range(65536) if self.names else is_open),
            decision=lambda number: other._weigh(program.decision(number)),
            decide=other._decide_headers_unknown,
        )

    def _decide_headers_unknown(self, request: Request) -> Decision:
        """Return the decision on *request*, of which neither headers nor method are known."""
        if request.address is None:
            return self._decide_unaddressed(request, headers_unknown=True)
        return self._decide_at(request, None, headers_unknown=True)

    def _decide_at(self, request: Request, destination: str | None, *, headers_unknown: bool = False) -> Decision:
        """Return the decision on *request* at *destination*, or at its own address, in every order that may hold."""
        program = self._view.program
        is_host = destination is not None and request.name is not None and self._is_tied(request.name)
        is_contested = is_host or request.port in self._contested
        if not is_contested and not self._is_limited:
            return program.decision(program.find(request, destination, headers_unknown))
        programs = self._programs_on(request.port, is_host=is_host) if is_contested else {NATURAL: program}
        numbers = tuple(
            tuple(
                program.find(request, address, headers_unknown)
                for address in self._addresses_in(order, request, destination)
            )
            for order, program in programs.items()
        )
        key = (request.port, is_host, numbers)
        made = self._made.get(key)
        if made is None:
            rows = zip(programs.items(), numbers, strict=True)
            found = [(order, program.decision(number)) for (order, program), each in rows for number in each]
            made = self._made.setdefault(key, self._weigh(found[0][1], found))
        return made

    def _weigh(self, decision: Decision, in_orders: Sequence[tuple[TieOrder, Decision]] = ()) -> Decision:
        """Return *decision* with what other orders of resources whose order is not known give, and with all limits."""
        is_rare_order = self._view.registry.is_rare_order
        others = _distinct(decision, (one for order, one in in_orders if not is_rare_order(order)))
        if others:
            reason = (
                f"the order of {_governors(decision, *others)} decides, and it is not known: "
                "they bear no creationTimestamp, or Istio keeps no order between them"
            )
            if any(order.first == MAX_TIED_TRIED for order, _ in in_orders):
                reason += f"; where more than {MAX_TIED_TRIED} are tied, so many of them are tried as the first"
            decision = replace(decision, assumptions=(*decision.assumptions, Assumption(EQUAL_AGES, reason, others)))
        elif told := _distinct(decision, (one for _, one in in_orders)):
            reason = (
                f"{_governors(decision, *told)} want one domain, which goes to the virtual host that Istio writes "
                f"first; it promises no order, and seldom answers {' or '.join(map(str, told))}"
            )
            decision = replace(decision, assumptions=(*decision.assumptions, Assumption(WRITING_ORDER, reason)))
        limits = self._unmodelled.limits_of(decision, self.workload.namespace)
        return replace(decision, assumptions=decision.assumptions + limits) if limits else decision

    def _addresses_in(self, order: TieOrder, request: Request, destination: str | None) -> tuple[str | None, ...]:
        """Return where *request* goes under *order*: its name may have others there than *destination*."""
        if order.is_by_name or destination is None or not request.name:
            return (destination,)
        answer = self._resolved_in(order, request.name)
        if set(answer.addresses) == set(self._resolved(request.name).addresses):
            return (destination,)
        return self._places(answer, request.port)

    def _programs_on(self, port: int, *, is_host: bool = False) -> Mapping[TieOrder, Program]:
        """Return the programs of the orders that could matter on *port*, or to a host that is contested."""
        key = (port, is_host)
        if key not in self._programs:
            orders = self._view.registry.orders_on(port, self._contested, is_host=is_host)
            self._programs[key] = {order: self._view_in(order).program for order in orders}
        return self._programs[key]

    def _decide_unaddressed(self, request: Request, *, headers_unknown: bool = False) -> Decision:
        likeliest, *addresses = self._addresses_of(request)
        decision = self._decide_at(request, likeliest, headers_unknown=headers_unknown)
        if not addresses:
            return decision
        elsewhere = (self._decide_at(request, address, headers_unknown=headers_unknown) for address in addresses)
        others = {_ANSWER(one): one for found in elsewhere for one in found.candidates or (found,)}
        for known in decision.candidates or (decision,):
            others.pop(_ANSWER(known), None)
        if not others:
            return decision
        answer = self._resolved(request.name) if request.name else UNRESOLVED
        reason = f"`{request.name}` {answer.doubt}; on other addresses the answer is another"
        assumption = Assumption(UNKNOWN_ADDRESS, reason, tuple(others.values()))
        return replace(decision, assumptions=(*decision.assumptions, assumption))

    def _addresses_of(self, request: Request) -> tuple[str, ...]:
        """Return where *request*'s name could be: its addresses, or one for each place on its port; likeliest first."""
        return self._places(self._resolved(request.name) if request.name else UNRESOLVED, request.port)

    def _places(self, answer: Resolved, port: int) -> tuple[str, ...]:
        if answer.is_certain:
            return answer.addresses
        return tuple(dict.fromkeys((*answer.addresses, *self._addresses_on(port))))

    def _addresses_on(self, port: int) -> tuple[str, ...]:
        if port not in self._probes:
            programs = self._programs_on(port).values() if port in self._contested else (self._view.program,)
            listeners = [_outbound_on(port, program.table) for program in programs]
            others = dict.fromkeys(address for each in listeners for address in other_addresses(each))
            self._probes[port] = (free_address([one for each in listeners for one in each], v6=self._is_v6), *others)
        return self._probes[port]

    @property
    def _is_v6(self) -> bool:
        return all(":" in address for address in self.workload.addresses)


#: What of a decision is the answer, whichever listener gives it.
_ANSWER = attrgetter(
    "outcome", "cluster", "destinations", "route_config", "virtual_host", "route", "status", "flags", "details"
)
_UNDECLARED = frozenset({Outcome.PASSTHROUGH, Outcome.BLACKHOLE, Outcome.DYNAMIC_DNS})


def _policy_note(policy: OutboundPolicy) -> str:
    """Return which policy is in force, and where it comes from."""
    origin = policy.origin
    place = f", {origin.host_source}" if origin is not None and origin.host_source else ""
    whose = "Istio's default" if origin is None else f"{origin}{place}"
    return f"nothing declares this, so the outboundTrafficPolicy decides: {policy.mode.value} ({whose})"


def _is_tied(hosts: frozenset[str], dns_domain: str, host: str) -> bool:
    bare = host.lower().rstrip(".")
    return not hosts.isdisjoint(asked_names(bare, dns_domain)) if hosts else False


def _governors(*decisions: Decision) -> str:
    named = dict.fromkeys(str(one.governed_by) for one in decisions if one.governed_by is not None)
    return " and ".join(named) or "resources"


def _outbound_on(port: int, table: Table) -> list[Listener]:
    return [one for one in table.listeners if one.port == port and one.kind is ListenerKind.OUTBOUND]


def _distinct(decision: Decision, others: Iterable[Decision]) -> tuple[Decision, ...]:
    found: list[Decision] = []
    for other in others:
        if other is not decision and other != decision and other not in found:
            found.append(other)
    return tuple(found)
