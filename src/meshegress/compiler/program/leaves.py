"""The decisions at the leaves: what becomes of a request that the walk has brought to one.

A leaf belongs to a listener or to one of its chains, and has a place within that block; see
:mod:`meshegress._engine.layout` for what stands where.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from meshegress._engine.layout import CODEC_LEAVES, GRPC, LEAF_WAITS, UPGRADE
from meshegress.compiler.program.layout import Owner
from meshegress.compiler.program.trees import RoutesLayout
from meshegress.decision import Assumption, Decision, Origin, Outcome, SplitDestination
from meshegress.naming import ALLOW_ANY_DYNAMIC_DNS_CLUSTER, BLACK_HOLE_CLUSTER, PASSTHROUGH_CLUSTER
from meshegress.table import (
    DirectResponse,
    EndpointState,
    FaultAbort,
    FilterChain,
    ListenerKind,
    Redirect,
    Route,
    RouteAction,
    Table,
    TcpProxy,
    VirtualHost,
    WeightedCluster,
)
from meshegress.wire import CODEC_REPLIES, CodecError

NO_LISTENER = Decision(outcome=Outcome.NO_LISTENER)

_FIXED = {
    PASSTHROUGH_CLUSTER: Outcome.PASSTHROUGH,
    BLACK_HOLE_CLUSTER: Outcome.BLACKHOLE,
    ALLOW_ANY_DYNAMIC_DNS_CLUSTER: Outcome.DYNAMIC_DNS,
}


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the access log says where no upstream answers; bytes that are no HTTP have the flags alone."""

    status: int
    flags: str
    details: str


_LOCAL_REPLIES = {
    Outcome.NO_CLUSTER: _Reply(503, "NC", "cluster_not_found"),
    Outcome.NO_ENDPOINTS: _Reply(503, "UH", "no_healthy_upstream"),
    Outcome.BLACKHOLE: _Reply(503, "UH", "no_healthy_upstream"),
}

_UNSURE = {
    "zero-prefix": "a written `/0` and chains without a prefix hide one another, differently in every proxy",
    "headers": "headers and method are not known, and routes ask for them",
    "regex": "a regular expression on the way cannot be judged here",
}


def decision_at(table: Table, owner: Owner, place: int, variant: int) -> Decision:
    """Return the decision at *place* within the block of *owner*, in a variant of ``meshegress._engine.layout``."""
    listener = owner.listener
    if owner.chain is None:
        return _listener_leaf(owner, place)
    here = Decision(outcome=Outcome.WAITING, listener=listener.name, filter_chain=owner.chain.name)
    end = owner.chain.network_filter
    if isinstance(end, TcpProxy):
        return _opaque_leaf(table, here, owner.chain, end)
    here = replace(here, route_config=end.route_config)
    if place < CODEC_LEAVES:
        return _codec_leaf(here, CodecError(place))
    assert owner.routes is not None  # the layout gives one to every chain that reads HTTP
    host, route = _find_route(owner.routes, place - CODEC_LEAVES)
    decision = _route_leaf(table, here, host, route)
    return _in_variant(decision, route, variant)


def choice_of(reason: str, decisions: tuple[Decision, ...]) -> Decision:
    """Return the first of *decisions*, assumed for *reason*, with all of them as candidates."""
    first = decisions[0]
    assumption = Assumption(reason, _UNSURE[reason], decisions)
    return replace(first, assumptions=(*first.assumptions, assumption))


def cluster_outcome(table: Table, name: str) -> Outcome:
    """Return what becomes of a request that is sent to cluster *name*."""
    if name in _FIXED:
        return _FIXED[name]
    cluster = table.clusters.get(name)
    if cluster is None:
        return Outcome.NO_CLUSTER
    return Outcome.NO_ENDPOINTS if cluster.endpoints is EndpointState.NONE else Outcome.SERVICE


def _listener_leaf(owner: Owner, place: int) -> Decision:
    name = owner.listener.name
    if owner.listener.kind is ListenerKind.RESERVED:
        return Decision(outcome=Outcome.RESERVED, listener=name)
    if place == LEAF_WAITS:
        return Decision(outcome=Outcome.WAITING, listener=name)
    return Decision(outcome=Outcome.NO_ROUTE, listener=name, flags="NR", details="filter_chain_not_found")


def _opaque_leaf(table: Table, here: Decision, chain: FilterChain, end: TcpProxy) -> Decision:
    sent = _send(table, here, end.clusters, (chain.origin,))
    reply = _LOCAL_REPLIES.get(sent.outcome)
    return replace(sent, flags=reply.flags) if reply else sent


def _codec_leaf(here: Decision, error: CodecError) -> Decision:
    if error is CodecError.WAITS:
        return here
    outcome = Outcome.HTTP10_REJECTED if error is CodecError.LOW_VERSION else Outcome.CODEC_ERROR
    status, flags, details = CODEC_REPLIES[error]
    return replace(here, outcome=outcome, status=status, flags=flags, details=details)


def _find_route(routes: RoutesLayout, place: int) -> tuple[VirtualHost | None, Route | None]:
    """Return the virtual host and the route that own *place*; 0 is no virtual host, the first of each is its miss."""
    if place == 0:
        return None, None
    row = bisect_right(routes.node.misses, place) - 1
    host = routes.hosts[row]
    assert host is not None  # nothing leads to what is removed
    route = place - routes.node.misses[row]
    return host, host.routes[route - 1] if route else None


def _route_leaf(table: Table, here: Decision, host: VirtualHost | None, route: Route | None) -> Decision:
    here = replace(here, virtual_host=host.name if host else None)
    if host is None or route is None:
        origin = host.origin if host else None
        return _reply(here, Outcome.NO_ROUTE, _Reply(404, "NR", "route_not_found"), origin)
    here = replace(here, route=route.name)
    action = route.action
    if isinstance(action, Redirect):
        sent = _reply(here, Outcome.REDIRECT, _Reply(action.status, "-", "direct_response"), None)
    elif isinstance(action, DirectResponse):
        sent = _reply(here, Outcome.DIRECT_RESPONSE, _Reply(action.status, "-", "direct_response"), None)
    else:
        sent = _forward(table, here, action, (route.origin, host.origin))
    if sent.governed_by is None:
        sent = replace(sent, governed_by=route.origin or host.origin)
    return _with_fault(sent, route.fault)


def _forward(table: Table, here: Decision, action: RouteAction | None, origins: tuple[Origin | None, ...]) -> Decision:
    sent = _send(table, here, action.clusters if action else (), origins)
    reply = _LOCAL_REPLIES.get(sent.outcome)
    return _reply(sent, sent.outcome, reply, sent.governed_by) if reply else sent


def _send(
    table: Table, here: Decision, clusters: tuple[WeightedCluster, ...], origins: tuple[Origin | None, ...]
) -> Decision:
    """Return *here* sent to one cluster, or split over several."""
    known = (table.clusters.get(member.cluster) for member in clusters)
    governed_by = next((one for one in (*origins, *(c.origin for c in known if c)) if one is not None), None)
    if len(clusters) == 1:
        name = clusters[0].cluster
        return replace(here, outcome=cluster_outcome(table, name), cluster=name, governed_by=governed_by)
    destinations = tuple(
        SplitDestination(member.cluster, member.weight, cluster_outcome(table, member.cluster)) for member in clusters
    )
    return replace(here, outcome=Outcome.SPLIT, destinations=destinations, governed_by=governed_by)


def _with_fault(sent: Decision, fault: FaultAbort | None) -> Decision:
    if fault is None or fault.percentage <= 0:
        return sent
    aborted = _reply(sent, Outcome.FAULT, _Reply(fault.status, "FI", "fault_filter_abort"), sent.governed_by)
    if fault.percentage >= 100:
        return aborted
    reason = f"a fault aborts {fault.percentage:g} % of these requests"
    first, second = (aborted, sent) if fault.percentage > 50 else (sent, aborted)
    return replace(first, assumptions=(*first.assumptions, Assumption("fault", reason, (first, second))))


def _reply(here: Decision, outcome: Outcome, reply: _Reply, origin: Origin | None) -> Decision:
    return replace(
        here, outcome=outcome, status=reply.status, flags=reply.flags, details=reply.details, governed_by=origin
    )


def _in_variant(decision: Decision, route: Route | None, variant: int) -> Decision:
    """Return *decision* as it is for an upgrade that nothing allows, and as gRPC logs it: every local reply is 200."""
    if variant & UPGRADE and route is not None:
        refused = _Reply(403, "-", "upgrade_failed")
        decision = _reply(decision, Outcome.DIRECT_RESPONSE, refused, decision.governed_by)
        decision = replace(decision, assumptions=())
    if not variant & GRPC:
        return decision
    assumptions = tuple(
        replace(one, candidates=tuple(_logged_for_grpc(candidate) for candidate in one.candidates))
        for one in decision.assumptions
    )
    return replace(_logged_for_grpc(decision), assumptions=assumptions)


def _logged_for_grpc(decision: Decision) -> Decision:
    return decision if decision.status is None else replace(decision, status=200)
