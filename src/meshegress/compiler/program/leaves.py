"""The decisions at the leaves: what becomes of a request that the walk has brought to one.

A leaf belongs to a listener or to one of its chains, and has a place within that block; see
:mod:`meshegress._engine.layout` for what stands where.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from meshegress._engine.layout import (
    CODEC_LEAVES,
    GRPC,
    LEAF_NO_LISTENER,
    LEAF_WAITS,
    LISTENER_LEAVES,
    UPGRADE,
    ListenerRow,
)
from meshegress.assumptions import MESH_CONFIG_DEFAULT
from meshegress.compiler.program.layout import TableLayout
from meshegress.compiler.program.trees import RoutesLayout
from meshegress.decision import Assumption, Decision, Origin, Outcome, SplitDestination
from meshegress.naming import ALLOW_ANY_DYNAMIC_DNS_CLUSTER, BLACK_HOLE_CLUSTER, BLOCK_ALL, PASSTHROUGH_CLUSTER
from meshegress.table import (
    DirectResponse,
    Doubt,
    EndpointState,
    FaultAbort,
    FilterChain,
    Listener,
    ListenerKind,
    Redirect,
    Route,
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
    """What the access log says where no upstream answers; bytes that are not HTTP have the flags alone."""

    status: int | None
    flags: str
    details: str | None


_LOCAL_REPLIES = {
    Outcome.NO_CLUSTER: _Reply(503, "NC", "cluster_not_found"),
    Outcome.NO_ENDPOINTS: _Reply(503, "UH", "no_healthy_upstream"),
    Outcome.BLACKHOLE: _Reply(503, "UH", "no_healthy_upstream"),
}

_NO_ROUTE = _Reply(404, "NR", "route_not_found")

_UNSURE = {
    "zero-prefix": "a written `/0` and chains without a prefix hide one another, differently in every proxy",
    "headers": "headers and method are not known, and routes ask for them",
    "regex": "a regular expression on the way cannot be judged here",
}


class _Path(NamedTuple):
    """Envoy's names along the way of a request, as far as it came."""

    listener: str | None
    filter_chain: str | None = None
    route_config: str | None = None
    virtual_host: str | None = None
    route: str | None = None

    def ends(
        self,
        outcome: Outcome,
        reply: _Reply | None = None,
        *,
        cluster: str | None = None,
        destinations: tuple[SplitDestination, ...] = (),
        governed_by: Origin | None = None,
    ) -> Decision:
        """Return the decision that ends here, with *reply* in the access log where the proxy answers itself."""
        return Decision(
            outcome=outcome,
            cluster=cluster,
            destinations=destinations,
            listener=self.listener,
            filter_chain=self.filter_chain,
            route_config=self.route_config,
            virtual_host=self.virtual_host,
            route=self.route,
            status=reply.status if reply else None,
            flags=reply.flags if reply else "-",
            details=reply.details if reply else None,
            governed_by=governed_by,
        )


class LeafDecisions:
    """Makes the decision of a leaf's number; it knows no walk, so a program is freed when nobody holds it any more."""

    __slots__ = ("_layout", "_table", "choices")

    def __init__(self, table: Table, layout: TableLayout) -> None:
        self._table = table
        self._layout = layout
        self.choices: Mapping[int, tuple[str, tuple[int, ...]]] = {}

    def __call__(self, number: int) -> Decision:
        """Return the decision of *number*."""
        if number == LEAF_NO_LISTENER:
            return NO_LISTENER
        choice = self.choices.get(number)
        if choice is not None:
            reason, leaves = choice
            return choice_of(reason, tuple(self(leaf) for leaf in leaves))
        variant, leaf = divmod(number, self._layout.layout.leaves)
        owner = owner_of(self._layout, leaf)
        return decision_at(self._table, owner, leaf - owner.first_leaf, variant)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose block of leaves it is: a listener's own, or one of its chains'."""

    first_leaf: int
    listener: Listener
    chain: FilterChain | None = None
    routes: RoutesLayout | None = None


def owner_of(table: TableLayout, leaf: int) -> Owner:
    """Return whose block *leaf* stands in; the first leaf of all is nobody's."""
    layout = table.layout
    place = bisect_right(layout.listeners, leaf, key=_first_leaf) - 1
    row, block = layout.listeners[place], table.blocks[place]
    if leaf < row.leaf + LISTENER_LEAVES:
        return Owner(row.leaf, block.listener)
    end = row.first_chain + len(block.chains)
    chain = bisect_right(layout.chain_leaves, leaf, row.first_chain, end) - 1
    first_leaf = layout.chain_leaves[chain]
    return Owner(first_leaf, block.listener, block.chains[chain - row.first_chain], table.routes.get(chain))


def _first_leaf(row: ListenerRow) -> int:
    return row.leaf


def decision_at(table: Table, owner: Owner, place: int, variant: int) -> Decision:
    """Return the decision at *place* within the block of *owner*, in a variant of ``meshegress._engine.layout``."""
    if owner.chain is None:
        return _listener_leaf(owner, place)
    path = _Path(owner.listener.name, owner.chain.name)
    end = owner.chain.network_filter
    if isinstance(end, TcpProxy):
        return _opaque_leaf(table, path, owner.chain, end)
    path = path._replace(route_config=end.route_config)
    if place < CODEC_LEAVES:
        return _codec_leaf(path, CodecError(place))
    assert owner.routes is not None  # the layout gives one to every chain that reads HTTP
    host, route = _find_route(owner.routes, place - CODEC_LEAVES)
    path = path._replace(virtual_host=host.name if host else None, route=route.name if route else None)
    return _in_variant(_route_leaf(table, path, host, route), route, variant)


def choice_of(reason: str, decisions: tuple[Decision, ...]) -> Decision:
    """Return the first of *decisions*, assumed for *reason*, with all of them as candidates."""
    first = decisions[0]
    assumption = Assumption(reason, _UNSURE[reason], decisions)
    return replace(first, assumptions=(*first.assumptions, assumption))


def cluster_outcome(table: Table, name: str) -> Outcome:
    """Return what becomes of a request that is sent to cluster *name*."""
    return cluster_end(table, name)[0]


def cluster_end(table: Table, name: str) -> tuple[Outcome, tuple[Doubt, ...]]:
    """Return what becomes of a request that is sent to cluster *name*, and what of that is assumed."""
    if name in _FIXED:
        return _FIXED[name], ()
    cluster = table.clusters.get(name)
    if cluster is not None:
        outcome = Outcome.NO_ENDPOINTS if cluster.endpoints is EndpointState.NONE else Outcome.SERVICE
        return outcome, cluster.doubts
    doubts = table.gaps.doubts_of(name) if table.gaps is not None else ()
    return Outcome.SERVICE if doubts else Outcome.NO_CLUSTER, doubts


def _listener_leaf(owner: Owner, place: int) -> Decision:
    name = owner.listener.name
    if owner.listener.kind is ListenerKind.RESERVED:
        return Decision(outcome=Outcome.RESERVED, listener=name)
    if place == LEAF_WAITS:
        return Decision(outcome=Outcome.WAITING, listener=name)
    return Decision(outcome=Outcome.NO_ROUTE, listener=name, flags="NR", details="filter_chain_not_found")


def _opaque_leaf(table: Table, path: _Path, chain: FilterChain, end: TcpProxy) -> Decision:
    sent = _send(table, path, end.clusters, (chain.origin,))
    if sent.cluster == PASSTHROUGH_CLUSTER and table.gaps is not None and table.gaps.policy_reason:
        blocked = path.ends(Outcome.BLACKHOLE, _LOCAL_REPLIES[Outcome.BLACKHOLE], cluster=BLACK_HOLE_CLUSTER)
        sent = _assuming(sent, MESH_CONFIG_DEFAULT, table.gaps.policy_reason, blocked)
    return _everywhere(sent, _without_http)


def _without_http(decision: Decision) -> Decision:
    return replace(decision, status=None, details=None) if decision.status is not None else decision


def _everywhere(decision: Decision, change: Callable[[Decision], Decision]) -> Decision:
    """Return *decision* after *change*, and its candidates too."""
    changed = change(decision)
    if not changed.assumptions:
        return changed
    rows = (replace(one, candidates=tuple(map(change, one.candidates))) for one in changed.assumptions)
    return replace(changed, assumptions=tuple(rows))


def _assuming(decision: Decision, code: str, reason: str, *candidates: Decision) -> Decision:
    """Return *decision* as it is under one more assumption."""
    return replace(decision, assumptions=(*decision.assumptions, Assumption(code, reason, candidates)))


def _codec_leaf(path: _Path, error: CodecError) -> Decision:
    if error is CodecError.WAITS:
        return path.ends(Outcome.WAITING)
    outcome = Outcome.HTTP10_REJECTED if error is CodecError.LOW_VERSION else Outcome.CODEC_ERROR
    return path.ends(outcome, _Reply(*CODEC_REPLIES[error]))


def _find_route(routes: RoutesLayout, place: int) -> tuple[VirtualHost | None, Route | None]:
    """Return the virtual host and the route that own *place*; 0 is no virtual host, the first of each is its miss."""
    if place == 0:
        return None, None
    row = bisect_right(routes.node.misses, place) - 1
    host = routes.hosts[row]
    assert host is not None  # nothing leads to what is removed
    route = place - routes.node.misses[row]
    return host, host.routes[route - 1] if route else None


def _route_leaf(table: Table, path: _Path, host: VirtualHost | None, route: Route | None) -> Decision:
    if host is None or route is None:
        return path.ends(Outcome.NO_ROUTE, _NO_ROUTE, governed_by=host.origin if host else None)
    action = route.action
    if isinstance(action, Redirect | DirectResponse):
        outcome = Outcome.REDIRECT if isinstance(action, Redirect) else Outcome.DIRECT_RESPONSE
        reply = _Reply(action.status, "-", "direct_response")
        sent = path.ends(outcome, reply, governed_by=route.origin or host.origin)
    else:
        sent = _send(table, path, action.clusters if action else (), (route.origin, host.origin))
    if sent.cluster == PASSTHROUGH_CLUSTER and table.gaps is not None and table.gaps.policy_reason:
        elsewhere = path._replace(virtual_host=BLOCK_ALL, route=BLOCK_ALL)
        blocked = elsewhere.ends(Outcome.DIRECT_RESPONSE, _Reply(502, "-", "direct_response"))
        sent = _assuming(sent, MESH_CONFIG_DEFAULT, table.gaps.policy_reason, blocked)
    return _with_fault(sent, route.fault)


def _send(
    table: Table, path: _Path, clusters: tuple[WeightedCluster, ...], origins: tuple[Origin | None, ...]
) -> Decision:
    """Return what becomes of a request at the end of *path* that is sent to one cluster, or split over several."""
    known = (table.clusters.get(member.cluster) for member in clusters)
    governed_by = next((one for one in (*origins, *(c.origin for c in known if c)) if one is not None), None)
    if len(clusters) == 1:
        name = clusters[0].cluster
        outcome, doubts = cluster_end(table, name)
        sent = path.ends(outcome, _LOCAL_REPLIES.get(outcome), cluster=name, governed_by=governed_by)
        for doubt in doubts:
            instead = () if doubt.otherwise is None else (_instead(sent, doubt.otherwise),)
            sent = _assuming(sent, doubt.code, doubt.reason, *instead)
        return sent
    return _split(table, path, clusters, governed_by)


def _instead(sent: Decision, outcome: Outcome) -> Decision:
    return replace(_answered(sent, outcome, _LOCAL_REPLIES[outcome]), assumptions=())


def _split(table: Table, path: _Path, clusters: tuple[WeightedCluster, ...], governed_by: Origin | None) -> Decision:
    """Return what becomes of a request that goes to one of several clusters, any of which may be assumed."""
    ends = [(member, *cluster_end(table, member.cluster)) for member in clusters]
    destinations = tuple(SplitDestination(member.cluster, member.weight, outcome) for member, outcome, _ in ends)
    sent = path.ends(Outcome.SPLIT, destinations=destinations, governed_by=governed_by)
    for place, doubt in ((place, doubt) for place, (*_, doubts) in enumerate(ends) for doubt in doubts):
        instead: tuple[Decision, ...] = ()
        if doubt.otherwise is not None:
            other = replace(destinations[place], outcome=doubt.otherwise)
            rows = (*destinations[:place], other, *destinations[place + 1 :])
            instead = (replace(sent, destinations=rows, assumptions=()),)
        sent = _assuming(sent, doubt.code, doubt.reason, *instead)
    return sent


def _with_fault(sent: Decision, fault: FaultAbort | None) -> Decision:
    if fault is None or fault.percentage <= 0:
        return sent
    alone = replace(sent, assumptions=())
    aborted = _answered(alone, Outcome.FAULT, _Reply(fault.status, "FI", "fault_filter_abort"))
    if fault.percentage >= 100:
        return aborted
    reason = f"a fault aborts {fault.percentage:g} % of these requests"
    pair = (aborted, alone) if fault.percentage > 50 else (alone, aborted)
    return replace(pair[0], assumptions=(*sent.assumptions, Assumption("fault", reason, pair)))


def _answered(sent: Decision, outcome: Outcome, reply: _Reply) -> Decision:
    """Return *sent* with the proxy's own answer in the place of the upstream's."""
    return replace(sent, outcome=outcome, status=reply.status, flags=reply.flags, details=reply.details)


def _in_variant(decision: Decision, route: Route | None, variant: int) -> Decision:
    """Return *decision* as it is for an upgrade that nothing allows, and as gRPC logs it: every local reply is 200."""
    if variant & UPGRADE and route is not None:
        refused = _Reply(403, "-", "upgrade_failed")
        decision = replace(_answered(decision, Outcome.DIRECT_RESPONSE, refused), assumptions=())
    return _everywhere(decision, _logged_for_grpc) if variant & GRPC else decision


def _logged_for_grpc(decision: Decision) -> Decision:
    return decision if decision.status is None else replace(decision, status=200)
