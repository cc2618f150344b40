"""The table of one workload, and the answers to its requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, overload

from meshegress._engine.chosen import Decider
from meshegress._engine.layout import port_bits
from meshegress.columns import ArrowData, ColumnDeciderContext, Decided, decide_columns, is_arrow
from meshegress.compiler.outgoing import Outgoing
from meshegress.compiler.pipeline.evidence import evidence_of
from meshegress.compiler.pipeline.outgoing import missing_cluster
from meshegress.compiler.program import Passage, Program
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.decision import Decision
from meshegress.decision.reasons import Reason
from meshegress.egress.why import Reasons, one_line
from meshegress.explain import Explanation, describe_request, explain
from meshegress.loading import ResourceSet
from meshegress.request import Request, Workload
from meshegress.table import ListenerKind, Rejected, Table
from meshegress.table.outgoing import ClusterDetails
from meshegress.uncertainty.addresses import free_address
from meshegress.uncertainty.capture import BESIDE, CaptureDecider
from meshegress.uncertainty.careful import CarefulDecider


class Egress(Decider[Decision]):
    """The table of one workload; made by :meth:`meshegress.Mesh.egress`.

    ``decide``, which it has of the engine, walks the table where that is certain to answer, and asks *careful* where
    several answers are possible. It never raises for a Request.
    """

    def __init__(
        self,
        workload: Workload,
        tables: WorkloadTables,
        careful: CarefulDecider,
        *,
        remake: Callable[[ResourceSet, str, Workload], Egress] | None = None,
    ) -> None:
        decider = careful if workload.capture.is_everything else CaptureDecider(workload.capture, careful)
        super().__init__(tables.program.walk, decider.ports, decider.decide)
        self.workload = workload
        self.tables = tables
        self._careful = careful
        self._details: dict[str, ClusterDetails | None] = {}
        self._decider = decider
        self._remake = remake

    def __repr__(self) -> str:
        release = self.tables.registry.profile.release
        return f"Egress({self.workload.namespace!r}, istio={release!r}, policy={self.policy!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._remake is None:
            raise TypeError("an egress is copied by the mesh that made it, and none has made this one")
        registry = self.tables.registry
        return self._remake, (registry.resources, registry.profile.release, self.workload)

    def __deepcopy__(self, memo: object) -> Egress:
        remake, given = self.__reduce__()
        copied: Egress = remake(*given)
        return copied

    @property
    def program(self) -> Program:
        """The table, laid out and ready to decide, where nothing is uncertain."""
        return self.tables.program

    @property
    def careful(self) -> CarefulDecider:
        """What decides where several answers are possible, and knows which tables it decides by."""
        return self._careful

    @property
    def table(self) -> Table:
        """Listeners, route configurations and clusters, with Envoy's names."""
        return self.tables.program.table

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What Envoy refuses to load, and why."""
        return self.table.rejected

    @property
    def names(self) -> Mapping[str, Sequence[str]]:
        """The DNS proxy's table: host, or ``*.suffix``, to addresses."""
        return self.tables.names

    @property
    def possible_names(self) -> tuple[Mapping[str, Sequence[str]], ...]:
        """Every such table that an unknown order of resources leaves possible, ``names`` first."""
        return self._careful.orders.names()

    @property
    def policy(self) -> str:
        """The outbound traffic policy in force, such as ``REGISTRY_ONLY``."""
        return self.tables.compiled.policy.mode.value

    def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses that the sidecar's DNS proxy answers for *host*; none where it passes the question on.

        Kubernetes short names are looked up in the workload's search domains; of wildcards the longest answers. A
        workload without a sidecar has no such proxy.
        """
        if self.workload.capture.absence:
            return ()
        return self.tables.resolve(host, self.workload).addresses

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
            return decide_columns(self.columns, requests, names=columns, threads=threads)
        if isinstance(requests, str) or not isinstance(requests, Iterable):
            raise TypeError(f"expected a table or a list of requests, not {type(requests).__name__}")
        return [self.decide(request) for request in requests]

    def explain(self, request: Request | str) -> Explanation:
        """Return the walk of *request*, step by step, with what lost at each, and why."""
        addressed, decision = self.addressed(request), self.decide(request)
        reasons = self._reasons_of(addressed, decision, request)
        if decision.outcome in BESIDE:
            return Explanation(describe_request(addressed), (), decision, reasons)
        return explain(self._likelier(request).table, addressed, decision=decision, reasons=reasons)

    def reasons(self, request: Request | str) -> tuple[Reason, ...]:
        """Return why *request* gets its answer: what the resources say of it, the main reason first.

        >>> from meshegress import Mesh
        >>> [reason.code.value for reason in Mesh().egress().reasons("https://a.com/")]
        ['outbound_policy']
        """
        return self._reasons_of(self.addressed(request), self.decide(request), request)

    def why(self, request: Request | str) -> str:
        """Return in one line why *request* gets its answer.

        >>> from meshegress import Mesh
        >>> Mesh().egress().why("https://a.com/")
        "nothing declares this, so the outboundTrafficPolicy decides: ALLOW_ANY (Istio's default)"
        """
        decision = self.decide(request)
        return one_line(decision, self.reasons(request))

    def addressed(self, request: Request | str) -> Request:
        """Return *request* at the likeliest of the addresses that it could have."""
        if isinstance(request, str):
            request = Request.from_url(request)
        careful = self._careful.in_likelier_world(request) or self._careful
        return request if request.address is not None else request.to(careful.addresses.of(request)[0])

    def _likelier(self, request: Request | str) -> Egress:
        """Return the table in which *request* gets its answer: not this one where that is a variant of the world."""
        careful = self._careful.in_likelier_world(Request.from_url(request) if isinstance(request, str) else request)
        return self if careful is None else Egress(self.workload, careful.tables, careful)

    def cluster(self, name: str) -> ClusterDetails | None:
        """Return what leaves the sidecar through the cluster *name*, None where it has no such cluster of a service."""
        if name not in self.table.clusters:
            return None
        if name not in self._details:
            self._details[name] = self._outgoing.details(name)
        return self._details[name]

    @cached_property
    def _outgoing(self) -> Outgoing:
        return self.tables.outgoing(self.workload)

    def why_no_cluster(self, name: str) -> str | None:
        """Return why the sidecar has no cluster *name*, None where it has it, or where it is of no service."""
        if name in self.table.clusters:
            return None
        scope = self.tables.compiled.scope
        return missing_cluster(self.tables.registry, scope.services, scope.namespace, name)

    def passage(self, request: Request) -> Passage:
        """Return the filter chain and the route that take *request*, as far as it comes."""
        return self.tables.program.passage(self.addressed(request))

    def _reasons_of(self, addressed: Request, decision: Decision, asked: Request | str) -> tuple[Reason, ...]:
        """Return the reasons of *decision*, which the sidecar made or had no say in."""
        if decision.outcome in BESIDE and isinstance(self._decider, CaptureDecider):
            return self._decider.reasons(addressed)
        return self._likelier(asked)._reasons.of(addressed, decision)

    @cached_property
    def _reasons(self) -> Reasons:
        tables = self.tables
        evidence = evidence_of(tables.registry, tables.compiled.scope, tables.proxy)
        return Reasons(evidence, tables.compiled.policy, self.table.clusters, self.workload.dns_domain)

    @cached_property
    def columns(self) -> ColumnDeciderContext:
        """How tables of requests are decided."""
        program, careful = self.tables.program, self._careful
        addresses = careful.addresses
        listeners = [one for one in self.table.listeners if one.kind is ListenerKind.OUTBOUND]
        several = {port for port in {one.port for one in listeners} if self.names or len(addresses.on(port)) > 1}
        return ColumnDeciderContext(
            walk=program.walk,
            leaves=program.leaves,
            free_address=free_address(listeners, v6=addresses.is_v6),
            careful=careful.contested_ports if self._decider is careful else self._decider.ports,
            unknown=port_bits(range(65536) if self.names else several),
            decision=lambda number: careful.with_limits(program.decision(number)),
            decide=partial(self._decider.decide, headers_unknown=True),
        )
