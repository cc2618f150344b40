"""What one egress gateway is told, and the answers to the requests that reach it.

>>> from meshegress import Mesh
>>> print(Mesh().gateway("istio-system/istio-egressgateway").decide("http://a.com/"))
no_listener
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from meshegress._engine.chosen import Decider
from meshegress.compiler.gateways.why_not import gateway_notes
from meshegress.compiler.model.gateways import DroppedServer, LiveServer
from meshegress.compiler.model.orders import NATURAL, TieOrder
from meshegress.compiler.pipeline.gateways import GatewayScope
from meshegress.compiler.pipeline.outgoing import missing_cluster
from meshegress.compiler.program import Passage, Program
from meshegress.decision import Assumption, Decision
from meshegress.decision.reasons import Reason, ReasonCode
from meshegress.egress.why import one_line
from meshegress.explain import Explanation, explain
from meshegress.request import Request, Workload
from meshegress.table import Rejected, Table
from meshegress.table.outgoing import ClusterDetails
from meshegress.uncertainty.limits import Limits

EQUAL_AGES = "equal_ages"
_PORT_BYTES = 65536 // 8


@dataclass(frozen=True, eq=False)
class GatewayView:
    """What a gateway is told under one order of tied resources."""

    scope: GatewayScope
    program: Program


class CarefulGateway:
    """Decides what one walk cannot: requests without an address, and all where an order or a limit could matter."""

    def __init__(
        self,
        workload: Workload,
        *,
        view_in: Callable[[TieOrder], GatewayView],
        orders: Sequence[TieOrder] = (NATURAL,),
        limits: Limits,
    ) -> None:
        self.workload = workload
        self.view = view_in(NATURAL)
        self._view_in = view_in
        self._orders = orders
        self._limits = limits.of_workload(workload)

    @property
    def ports(self) -> bytes:
        """A bit for each port where another answer is possible: all or none."""
        is_sure = len(self._orders) == 1 and not self._limits
        return bytes(_PORT_BYTES) if is_sure else b"\xff" * _PORT_BYTES

    def addressed(self, request: Request | str) -> Request:
        """Return *request*, to the gateway's own Pod where it has no address."""
        if isinstance(request, str):
            request = Request.from_url(request)
        elif not isinstance(request, Request):
            raise TypeError(f"expected a Request or a URL, not {type(request).__name__}")
        return request if request.address is not None else request.to(self.workload.addresses[0])

    def decide(self, request: Request | str) -> Decision:
        """Return the decision on *request* with every answer that is possible."""
        asked = self.addressed(request)
        decision = self.view.program.decide(asked)
        others: list[Decision] = []
        for order in self._orders[1:]:
            other = self._view_in(order).program.decide(asked)
            if other != decision and other not in others:
                others.append(other)
        if others:
            reason = "the order of resources decides, and it is not known: they bear no creationTimestamp"
            assumption = Assumption(EQUAL_AGES, reason, tuple(others))
            decision = replace(decision, assumptions=(*decision.assumptions, assumption))
        limits = self._limits.of(decision)
        return replace(decision, assumptions=decision.assumptions + limits) if limits else decision


class EgressGateway(Decider[Decision]):
    """The table of one gateway proxy; made by :meth:`meshegress.Mesh.gateway`.

    It has no DNS proxy and no outbound policy: what no server takes is refused. ``decide``, which it has of the engine,
    takes requests to the port that the Pod listens on, and never raises for a Request.
    """

    def __init__(self, careful: CarefulGateway) -> None:
        super().__init__(careful.view.program.walk, careful.ports, careful.decide)
        self.workload = careful.workload
        self._careful = careful
        self._details: dict[str, ClusterDetails | None] = {}

    @property
    def _view(self) -> GatewayView:
        return self._careful.view

    @property
    def table(self) -> Table:
        """Listeners, route configurations and clusters, with Envoy's names."""
        return self._view.program.table

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What Envoy refuses to load, and why."""
        return self.table.rejected

    @property
    def servers(self) -> tuple[LiveServer, ...]:
        """The servers that live, of all Gateways that select this proxy."""
        return tuple(server for group in self._view.scope.merged.groups.values() for server in group)

    @property
    def dropped(self) -> tuple[DroppedServer, ...]:
        """The servers that Istio leaves out, and why."""
        return self._view.scope.merged.dropped

    def cluster(self, name: str) -> ClusterDetails | None:
        """Return what leaves the gateway through the cluster *name*, None where it has no such cluster of a service."""
        if name not in self.table.clusters:
            return None
        if name not in self._details:
            self._details[name] = self._view.scope.outgoing.details(name)
        return self._details[name]

    def why_no_cluster(self, name: str) -> str | None:
        """Return why the gateway has no cluster *name*, None where it has it, or where it is of no service."""
        if name in self.table.clusters:
            return None
        scope = self._view.scope
        return missing_cluster(scope.registry, scope.services, scope.proxy.namespace, name)

    def passage(self, request: Request) -> Passage:
        """Return the filter chain and the route that take *request*, as far as it comes."""
        return self._view.program.passage(self._careful.addressed(request))

    def decide_many(self, requests: Iterable[Request | str]) -> list[Decision]:
        """Return the decisions on *requests*, in order."""
        return [self.decide(request) for request in requests]

    def explain(self, request: Request | str) -> Explanation:
        """Return the walk of *request*, step by step, and what of the resources did not take it, with the reasons."""
        asked = self._careful.addressed(request)
        scope = self._view.scope
        name = asked.sni if asked.is_tls and not asked.is_mutual else asked.name or asked.host or asked.sni
        notes = gateway_notes(
            name or "",
            asked.port,
            proxy=scope.proxy,
            gateways=scope.registry.resources.gateways,
            merged=scope.merged,
            virtual_services=scope.registry.roots,
            visible=scope.virtual_services,
        )
        reasons = tuple(Reason(ReasonCode.AT_GATEWAY, note) for note in dict.fromkeys(notes))
        return explain(self.table, asked, decision=self.decide(asked), reasons=reasons)

    def why(self, request: Request | str) -> str:
        """Return in one line why *request* gets its answer."""
        decision = self.decide(request)
        return one_line(decision, () if decision.allowed else self.explain(request).reasons)
