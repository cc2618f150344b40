"""Follow a request: ask one proxy, send on what it sends, and ask the gateway that it reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from meshegress.compiler.program.leaves import Passage
from meshegress.decision import Assumption, Decision, Outcome
from meshegress.journey.cargo import Cargo, on_the_wire
from meshegress.journey.endings import end_at_client, end_at_gateway, end_beyond
from meshegress.journey.rows import (
    CARRIES_REQUEST,
    CARRIES_TLS,
    TO_ADDRESS,
    TO_NAME,
    TO_ORIGINAL,
    TO_REQUEST,
    Sent,
)
from meshegress.journey.whole import Journey
from meshegress.request import Request, Workload
from meshegress.table.outgoing import ClusterDetails, Discovery, UpstreamHttp
from meshegress.wire.addressing import canonical_address

_SENDS = frozenset({Outcome.SERVICE, Outcome.SPLIT, Outcome.PASSTHROUGH, Outcome.DYNAMIC_DNS})


class Hop(Protocol):
    """A proxy on the way: a sidecar or a gateway."""

    def decide(self, request: Request) -> Decision:
        """Return what the proxy does with *request*."""

    def passage(self, request: Request) -> Passage:
        """Return the chain and the route that take *request*."""

    def cluster(self, name: str) -> ClusterDetails | None:
        """Return what leaves through the cluster *name*."""


@dataclass(frozen=True, eq=False)
class Follower:
    """Follows the requests of one workload over the *gateways*, by name."""

    workload: Workload
    sidecar: Hop
    gateways: Mapping[str, tuple[Workload, Hop]]
    assumptions: tuple[Assumption, ...] = ()
    find_reasons: Callable[[Journey], tuple[str, ...]] | None = None

    def follow(self, request: Request) -> Journey:
        """Return the journey of *request*, which has an address."""
        hop1 = self.sidecar.decide(request)
        journey = self._after(request, hop1)
        others = tuple(self._after(request, other) for other in hop1.candidates[1:])
        return replace(journey, others=others) if others else journey

    def _after(self, request: Request, hop1: Decision) -> Journey:
        """Return the journey of *request* after the decision *hop1*."""
        rows = tuple(_send(self.sidecar, request, hop1, Cargo.of(request)))
        is_read = hop1.route_config is not None
        sent = tuple(self._arrive(request, hop1, row, cargo, is_read=is_read) for row, cargo in rows)
        return Journey(
            request=request,
            workload=self.workload,
            hop1=hop1,
            sent=sent,
            end=None if sent else end_at_client(hop1),
            assumptions=(*hop1.assumptions, *self.assumptions),
            find_reasons=self.find_reasons,
        )

    def _arrive(self, request: Request, hop1: Decision, row: Sent, cargo: Cargo, *, is_read: bool) -> Sent:
        """Return *row* with what the gateway does that it reaches, if any, and where it ends."""
        found = self._gateway_at(row)
        if found is None:
            return replace(row, end=end_beyond(_outcome_of(hop1, row.cluster), (row,), request))
        name, gateway = found
        arrives = cargo.to(row.address, row.port, row.transport)
        hop2 = gateway.decide(arrives)
        chain = gateway.passage(arrives).chain
        is_ended = row.transport is None or (chain is not None and chain.ends_tls)
        inside = cargo if is_ended or row.transport is None else _wrapped(row)
        leaves = tuple(leaving for leaving, _ in _send(gateway, arrives, hop2, inside))
        if hop2.outcome in _SENDS:
            end = end_beyond(hop2.outcome.value, leaves, request, is_unended=not is_ended)
        else:
            end = end_at_gateway(hop2, row, is_read=is_read)
        return replace(row, gateway=name, hop2=hop2, leaves=leaves, end=end, arrives=arrives)

    def _gateway_at(self, row: Sent) -> tuple[str, Hop] | None:
        for name, (workload, gateway) in self.gateways.items():
            if row.address in workload.addresses:
                return name, gateway
        return None


def _wrapped(row: Sent) -> Cargo:
    """Return the TLS that a sidecar opened as what travels on."""
    transport = row.transport
    assert transport is not None
    return Cargo(CARRIES_TLS, sni=transport.sni, alpn=transport.alpn)


def _outcome_of(decision: Decision, cluster: str) -> str:
    """Return what becomes of the share of *decision* that goes to *cluster*."""
    for member in decision.destinations:
        if member.cluster == cluster:
            return member.outcome.value
    return decision.outcome.value


def _send(hop: Hop, request: Request, decision: Decision, cargo: Cargo) -> Iterator[tuple[Sent, Cargo]]:
    """Yield what *hop* sends of *request*, which carries *cargo*: a row for each endpoint, with what is inside."""
    if decision.outcome not in _SENDS:
        return
    passage = hop.passage(request)
    is_read = decision.route_config is not None
    if is_read:
        cargo = cargo.rewritten(passage.route)
    members: Sequence[tuple[str, int | None, Outcome]] = [
        (member.cluster, member.weight, member.outcome) for member in decision.destinations
    ] or [(decision.cluster or "", None, decision.outcome)]
    for cluster, weight, outcome in members:
        if outcome in _SENDS:
            for row, inside in _to_cluster(hop, request, cluster, outcome, cargo, is_read=is_read):
                yield replace(row, weight=weight), inside


def _to_cluster(
    hop: Hop, request: Request, cluster: str, outcome: Outcome, cargo: Cargo, *, is_read: bool
) -> Iterator[tuple[Sent, Cargo]]:
    details = hop.cluster(cluster)
    if details is None:
        if outcome is Outcome.DYNAMIC_DNS:
            address, port = cargo.hostname or request.server_name, cargo.host_port or request.port
            yield _row(cluster, TO_REQUEST, address, port, cargo), cargo
        else:
            yield _row(cluster, TO_ORIGINAL, request.destination, request.port, cargo), cargo
        return
    if is_read and details.http is not UpstreamHttp.DOWNSTREAM:
        cargo = replace(cargo, http=details.http.value)
    seen: set[Sent] = set()
    for to, address, port, tls_mode in _targets(details, request, cargo, is_read=is_read):
        transport = details.transport_to(tls_mode)
        wire = on_the_wire(details, transport, cargo, is_read=is_read) if transport is not None else None
        row = replace(_row(cluster, to, address, port, cargo), transport=wire, cluster_details=details)
        if row not in seen:
            seen.add(row)
            yield row, cargo


def _targets(
    details: ClusterDetails, request: Request, cargo: Cargo, *, is_read: bool
) -> Iterator[tuple[str, str, int, str | None]]:
    """Yield whom the cluster dials: kind, address, port, and the TLS mode of the endpoint."""
    if details.discovery is Discovery.DYNAMIC_FORWARD_PROXY:
        if is_read:
            default = 80 if details.transport is None else 443
            yield TO_REQUEST, cargo.hostname or "", cargo.host_port or default, None
        else:
            yield TO_REQUEST, cargo.sni or "", 443, None
    elif details.discovery is Discovery.ORIGINAL_DST:
        port = details.ports[0] if details.ports and isinstance(details.ports[0], int) else request.port
        yield TO_ORIGINAL, request.destination, port, None
    else:
        for endpoint in details.endpoints:
            to = TO_NAME if canonical_address(endpoint.address) is None else TO_ADDRESS
            yield to, endpoint.address, endpoint.port, endpoint.tls_mode


def _row(cluster: str, to: str, address: str, port: int, cargo: Cargo) -> Sent:
    is_request = cargo.carries == CARRIES_REQUEST
    return Sent(
        cluster=cluster,
        to=to,
        address=address,
        port=port,
        transport=None,
        carries=cargo.carries,
        http=cargo.http if is_request else None,
        host=cargo.host if is_request else None,
        path=cargo.path if is_request else None,
        inner_sni=cargo.sni if cargo.carries == CARRIES_TLS else None,
    )
