"""The decisions at the leaves: what becomes of a request that the walk has brought to one.

A leaf belongs to a listener or to one of its chains, and has a place within that block; see
:mod:`meshegress._engine.layout` for what stands where.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from meshegress._engine.layout import (
    CODEC_LEAVES,
    LEAF_NO_LISTENER,
    LEAF_WAITS,
    LISTENER_LEAVES,
    ListenerRow,
)
from meshegress.compiler.program.layout import TableLayout
from meshegress.compiler.program.replies import (
    LocalReply,
    answered,
    assuming,
    choice_of,
    everywhere,
    in_variant,
    with_fault,
    without_http,
)
from meshegress.compiler.program.trees import RoutesLayout
from meshegress.decision import Decision, Origin, Outcome, SplitDestination
from meshegress.decision.assumptions import MESH_CONFIG_DEFAULT
from meshegress.naming import ALLOW_ANY_DYNAMIC_DNS_CLUSTER, BLACK_HOLE_CLUSTER, BLOCK_ALL, PASSTHROUGH_CLUSTER
from meshegress.table import (
    DirectResponse,
    Doubt,
    EndpointState,
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


_LOCAL_REPLIES = {
    Outcome.NO_CLUSTER: LocalReply(503, "NC", "cluster_not_found"),
    Outcome.NO_ENDPOINTS: LocalReply(503, "UH", "no_healthy_upstream"),
    Outcome.BLACKHOLE: LocalReply(503, "UH", "no_healthy_upstream"),
}

_NO_ROUTE = LocalReply(404, "NR", "route_not_found")


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
        reply: LocalReply | None = None,
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


class Passage(NamedTuple):
    """The chain and the route that a leaf stands for; None where the request came to none."""

    chain: FilterChain | None = None
    route: Route | None = None


def passage_to(table: TableLayout, leaf: int) -> Passage:
    """Return the chain and the route of *leaf*."""
    if leaf == LEAF_NO_LISTENER:
        return Passage()
    owner = owner_of(table, leaf)
    place = leaf - owner.first_leaf
    if owner.chain is None or owner.routes is None or place < CODEC_LEAVES:
        return Passage(owner.chain)
    return Passage(owner.chain, _find_route(owner.routes, place - CODEC_LEAVES)[1])


def _first_leaf(row: ListenerRow) -> int:
    return row.leaf


def decision_at(table: Table, owner: Owner, place: int, variant: int) -> Decision:
    """Return the decision at *place* within the block of *owner*, in a variant of ``meshegress._engine.layout``."""
    if owner.chain is None:
        return _listener_leaf(owner, place)
    path = _Path(owner.listener.name, owner.chain.name)
    end = owner.chain.network_filter
    if isinstance(end, TcpProxy):
        # Behind the leaf of a chain that ends TLS stands that of a handshake that fails.
        return _opaque_leaf(table, path, owner.chain, end) if place == 0 else path.ends(Outcome.TLS_ERROR)
    path = path._replace(route_config=end.route_config)
    if place < CODEC_LEAVES:
        return _codec_leaf(path, CodecError(place))
    assert owner.routes is not None  # the layout gives one to every chain that reads HTTP
    host, route = _find_route(owner.routes, place - CODEC_LEAVES)
    path = path._replace(virtual_host=host.name if host else None, route=route.name if route else None)
    decision = _route_leaf(table, path, host, route)
    return in_variant(decision, route, variant) if variant else decision


def cluster_end(table: Table, name: str, *, carries_http: bool = True) -> tuple[Outcome, tuple[Doubt, ...]]:
    """Return what becomes of a request, or of bytes that nobody reads, sent to *name*; and what of that is assumed."""
    if name in _FIXED:
        return _FIXED[name], ()
    cluster = table.clusters.get(name)
    if cluster is not None:
        is_empty = cluster.endpoints is EndpointState.NONE
        if cluster.endpoints is EndpointState.PER_REQUEST and not carries_http:
            is_empty = True
        return Outcome.NO_ENDPOINTS if is_empty else Outcome.SERVICE, cluster.doubts
    doubts = table.gaps.doubts_of(name) if table.gaps is not None else ()
    return Outcome.SERVICE if doubts else Outcome.NO_CLUSTER, doubts


def _listener_leaf(owner: Owner, place: int) -> Decision:
    name = owner.listener.name
    if owner.listener.kind is ListenerKind.RESERVED:
        return Decision(outcome=Outcome.RESERVED, listener=name)
    if place == LEAF_WAITS:
        return Decision(outcome=Outcome.WAITING, listener=name)
    closed = Outcome.NO_FILTER_CHAIN if owner.listener.kind is ListenerKind.GATEWAY else Outcome.NO_ROUTE
    return Decision(outcome=closed, listener=name, flags="NR", details="filter_chain_not_found")


def _opaque_leaf(table: Table, path: _Path, chain: FilterChain, end: TcpProxy) -> Decision:
    sent = _send(table, path, end.clusters, (chain.origin,), carries_http=False)
    if sent.cluster == PASSTHROUGH_CLUSTER and table.gaps is not None and table.gaps.policy_reason:
        blocked = path.ends(Outcome.BLACKHOLE, _LOCAL_REPLIES[Outcome.BLACKHOLE], cluster=BLACK_HOLE_CLUSTER)
        sent = assuming(sent, MESH_CONFIG_DEFAULT, table.gaps.policy_reason, blocked)
    return sent if sent.status is None and not sent.assumptions else everywhere(sent, without_http)


def _codec_leaf(path: _Path, error: CodecError) -> Decision:
    if error is CodecError.WAITS:
        return path.ends(Outcome.WAITING)
    if error is CodecError.TLS_FAILED:
        return path._replace(route_config=None).ends(Outcome.TLS_ERROR)
    outcome = Outcome.HTTP10_REJECTED if error is CodecError.LOW_VERSION else Outcome.CODEC_ERROR
    return path.ends(outcome, LocalReply(*CODEC_REPLIES[error]))


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
        reply = LocalReply(action.status, "-", "direct_response")
        sent = path.ends(outcome, reply, governed_by=route.origin or host.origin)
    else:
        sent = _send(table, path, action.clusters if action else (), (route.origin, host.origin))
    if sent.cluster == PASSTHROUGH_CLUSTER and table.gaps is not None and table.gaps.policy_reason:
        elsewhere = path._replace(virtual_host=BLOCK_ALL, route=BLOCK_ALL)
        blocked = elsewhere.ends(Outcome.DIRECT_RESPONSE, LocalReply(502, "-", "direct_response"))
        sent = assuming(sent, MESH_CONFIG_DEFAULT, table.gaps.policy_reason, blocked)
    return sent if route.fault is None else with_fault(sent, route.fault)


def _send(
    table: Table,
    path: _Path,
    clusters: tuple[WeightedCluster, ...],
    origins: tuple[Origin | None, ...],
    *,
    carries_http: bool = True,
) -> Decision:
    """Return what becomes of a request at the end of *path* that is sent to one cluster, or split over several."""
    end_of = partial(cluster_end, table, carries_http=carries_http)
    known = (table.clusters.get(member.cluster) for member in clusters)
    governed_by = next((one for one in (*origins, *(c.origin for c in known if c)) if one is not None), None)
    if len(clusters) == 1:
        name = clusters[0].cluster
        outcome, doubts = end_of(name)
        sent = path.ends(outcome, _LOCAL_REPLIES.get(outcome), cluster=name, governed_by=governed_by)
        for doubt in doubts:
            instead = () if doubt.otherwise is None else (_instead(sent, doubt.otherwise),)
            sent = assuming(sent, doubt.code, doubt.reason, *instead)
        return sent
    return _split([(member, *end_of(member.cluster)) for member in clusters], path, governed_by)


def _instead(sent: Decision, outcome: Outcome) -> Decision:
    return replace(answered(sent, outcome, _LOCAL_REPLIES[outcome]), assumptions=())


def _split(
    ends: Sequence[tuple[WeightedCluster, Outcome, tuple[Doubt, ...]]], path: _Path, governed_by: Origin | None
) -> Decision:
    """Return what becomes of a request that goes to one of several clusters, any of which may be assumed."""
    destinations = tuple(SplitDestination(member.cluster, member.weight, outcome) for member, outcome, _ in ends)
    sent = path.ends(Outcome.SPLIT, destinations=destinations, governed_by=governed_by)
    for place, doubt in ((place, doubt) for place, (*_, doubts) in enumerate(ends) for doubt in doubts):
        instead: tuple[Decision, ...] = ()
        if doubt.otherwise is not None:
            other = replace(destinations[place], outcome=doubt.otherwise)
            rows = (*destinations[:place], other, *destinations[place + 1 :])
            instead = (replace(sent, destinations=rows, assumptions=()),)
        sent = assuming(sent, doubt.code, doubt.reason, *instead)
    return sent
