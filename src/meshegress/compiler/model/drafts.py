"""Filter chains while a listener is being put together, and the clusters that routes send to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network

from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.routing import RouteTarget
from meshegress.compiler.model.services import Service
from meshegress.decision import Origin
from meshegress.naming import cluster_name
from meshegress.table import FilterChainMatch, HttpConnectionManager, TcpProxy, WeightedCluster

#: What the HTTP inspector reports for plaintext that an HTTP chain takes.
PLAINTEXT_HTTP = ("http/1.1", "h2c")


@dataclass(frozen=True, slots=True, eq=False)
class FilterChainDraft:
    """One filter chain: what it ends in and what it asks for. ``sniffs`` asks for plaintext HTTP."""

    network_filter: TcpProxy | HttpConnectionManager
    server_names: tuple[str, ...] = ()
    cidrs: tuple[str, ...] = ()
    sniffs: bool = False
    #: Whether the chain resolves the server name, so that the listener must look for one.
    resolves_name: bool = False
    origin: Origin | None = None

    @property
    def signature(self) -> tuple[object, ...]:
        """What two chains of one listener may not share: Istio drops the later one.

        Source: Istio, pilot/pkg/networking/core, filterChainOpts.conflictsWith.
        """
        names: Collection[str] = self.server_names
        if len(names) != 1 or names == ("*",):
            names = frozenset(names) - {"*"}
        cidrs = frozenset(filter(None, map(_masked, self.cidrs))) if self.cidrs else frozenset()
        return self.sniffs, names if len(names) != 1 else tuple(names), cidrs

    @property
    def is_match_all(self) -> bool:
        """Whether the chain asks for nothing, so that it becomes the default chain."""
        return not self.sniffs and not self.cidrs and (not self.server_names or "*" in self.server_names)

    @property
    def match(self) -> FilterChainMatch:
        """The chain's match; a CIDR written with the address 0.0.0.0 is left out."""
        names = () if "*" in self.server_names else self.server_names
        if len(names) > 1:
            names = tuple(sorted(names))
        if not self.cidrs:
            return _SNIFFED if self.sniffs else FilterChainMatch(server_names=names)
        return FilterChainMatch(
            prefix_ranges=tuple(sorted(with_length(cidr) for cidr in self.cidrs if not _is_zero(cidr))),
            server_names=names,
        )


#: Plaintext HTTP on a listener that takes other bytes too.
_SNIFFED = FilterChainMatch(transport_protocol="raw_buffer", application_protocols=PLAINTEXT_HTTP)


@lru_cache(maxsize=4096)
def _masked(cidr: str) -> str | None:
    return None if _is_zero(cidr) else str(ip_network(cidr, strict=False))


def _is_zero(cidr: str) -> bool:
    return cidr.partition("/")[0] == UNSPECIFIED


def with_length(address: str) -> str:
    """Return *address* as a CIDR, a plain one with its full length.

    >>> with_length("1.2.3.4"), with_length("10.0.0.0/8")
    ('1.2.3.4/32', '10.0.0.0/8')
    """
    if "/" in address:
        return address
    return f"{address}/{128 if ':' in address else 32}"


def single(cluster: str) -> tuple[WeightedCluster, ...]:
    """Return the destinations of a chain or route with one *cluster*."""
    return (WeightedCluster(cluster),)


def target_cluster(target: RouteTarget, service: Service | None, *, only_port: int | None, listener_port: int) -> str:
    """Return the cluster that *target* names; *service* is what the caller knows under the target's host.

    Without a port *only_port* of that service is meant, else the listener's.
    Source: Istio, pilot/pkg/networking/core/route, GetDestinationCluster.
    """
    if not target.host:
        return "UnknownService"
    port = target.port
    if port is None:
        port = listener_port if only_port is None else only_port
    host = service.external_name if service is not None and service.external_name else target.host
    return cluster_name(port, host, target.subset)


def weighted(targets: Sequence[RouteTarget], clusters: Iterable[str]) -> tuple[WeightedCluster, ...]:
    """Return the destinations of a route: one whatever its weight, of several those with a weight."""
    if len(targets) == 1:
        return single(next(iter(clusters)))
    rows = zip(targets, clusters, strict=True)
    return tuple(WeightedCluster(cluster, target.weight) for target, cluster in rows if target.weight > 0)
