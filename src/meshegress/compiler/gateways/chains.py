"""Filter chains of gateways: one for plain HTTP, one for each server or SNI of TLS, one for bytes.

Source: Istio, pilot/pkg/networking/core/gateway.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshegress._match import host_subset_of
from meshegress.compiler.model.drafts import single, weighted
from meshegress.compiler.model.gateways import ANY_HOST, LiveServer, MergedServers, ServerPort
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService, RouteTarget, TcpEntry
from meshegress.compiler.model.services import RegistryPort, Service
from meshegress.resources.gateway import ServerTLSMode
from meshegress.resources.virtual_service import L4MatchAttributes, TLSMatchAttributes
from meshegress.table import FilterChain, FilterChainMatch, Listener, ListenerKind, TcpProxy

MESH_TLS_PROTOCOLS = ("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")

#: The cluster of a destination of a ResolvedVirtualService, with the port written on the server.
ClusterOf = Callable[[ResolvedVirtualService, RouteTarget, int], str]
#: The names of the gateways of a match, written out for the VirtualService's namespace.
FullGateway = Callable[[str, str], str]


@dataclass(slots=True)
class GatewayChains:
    """Builds the listeners of one gateway proxy."""

    proxy: Proxy
    virtual_services: Mapping[str, Sequence[ResolvedVirtualService]]
    cluster_of: ClusterOf
    full_gateway: FullGateway
    #: For AUTO_PASSTHROUGH: services with the names of their subsets.
    internal_services: Iterable[tuple[Service, Sequence[str]]]
    #: For each port the names that a chain of PASSTHROUGH has, and the address of it.
    _taken: dict[int, dict[str, str]] = field(default_factory=dict)

    def listeners(self, merged: MergedServers) -> Iterator[Listener]:
        """Yield the listeners of the servers in *merged*; one without a chain is not sent."""
        chains: dict[str, list[FilterChain]] = {}
        addresses: dict[str, tuple[tuple[str, ...], int]] = {}
        for port, servers in merged.groups.items():
            name = port.listener(self.proxy.wildcards[0])
            addresses.setdefault(name, ((port.bind,) if port.bind else self.proxy.wildcards, port.port))
            chains.setdefault(name, []).extend(self._of_group(port, servers))
        for name, rows in chains.items():
            if rows:
                where, number = addresses[name]
                inspects = any(row.ends_tls or row.match.server_names for row in rows)
                yield Listener(name, where, number, tuple(rows), tls_inspector=inspects, kind=ListenerKind.GATEWAY)

    def _of_group(self, port: ServerPort, servers: Sequence[LiveServer]) -> Iterator[FilterChain]:
        if servers[0].protocol.is_http:
            yield FilterChain(self.proxy.http_manager(servers[0].route_config), origin=servers[0].origin)
            return
        for server in servers:
            if server.ends_https:
                yield FilterChain(
                    self.proxy.http_manager(server.route_config),
                    FilterChainMatch(server_names=server.server_names),
                    ends_tls=True,
                    origin=server.origin,
                )
            elif server.mode is ServerTLSMode.AUTO_PASSTHROUGH:
                yield from self._automatic(server)
            elif server.passes_tls:
                yield from self._passed(server)
            else:
                yield from self._bytes(server)

    def _bytes(self, server: LiveServer) -> Iterator[FilterChain]:
        """Yield the chain of a server for bytes, in TLS that ends here or without: the first rule that fits."""
        for row in self._matching(server):
            for entry in row.tcp:
                if not entry.route.match or any(self._fits(match, server, row) for match in entry.route.match):
                    names = server.server_names if server.has_tls else ()
                    yield FilterChain(
                        self._proxied(row, entry, server),
                        FilterChainMatch(server_names=names),
                        ends_tls=server.has_tls,
                        origin=entry.origin,
                    )
                    return

    def _passed(self, server: LiveServer) -> Iterator[FilterChain]:
        """Yield a chain for each ``tls`` match that fits and of which no name is taken."""
        taken = self._taken.setdefault(server.port, {})
        for row, entry, match in self._tls_matches(server):
            if _take(taken, match.sni_hosts, server.bind):
                names = () if ANY_HOST in match.sni_hosts else tuple(match.sni_hosts)
                match_names = FilterChainMatch(server_names=names)
                yield FilterChain(self._proxied(row, entry, server), match_names, origin=entry.origin)

    def _tls_matches(self, server: LiveServer) -> Iterator[tuple[ResolvedVirtualService, TcpEntry, TLSMatchAttributes]]:
        """Yield the ``tls`` matches that fit *server*, in order."""
        for row in self._matching(server):
            pairs = ((entry, match) for entry in row.tls for match in entry.route.match)
            for entry, match in pairs:
                if isinstance(match, TLSMatchAttributes) and self._fits(match, server, row):
                    yield row, entry, match

    def _matching(self, server: LiveServer) -> Iterator[ResolvedVirtualService]:
        """Yield the VirtualServices with a host that covers a host of *server*, or is covered by one."""
        for row in self.virtual_services.get(server.gateway_name, ()):
            own = server.hosts_for(row.namespace)
            if any(_overlap(host, other) for host in own for other in row.hosts):
                yield row

    def _fits(
        self, match: TLSMatchAttributes | L4MatchAttributes, server: LiveServer, row: ResolvedVirtualService
    ) -> bool:
        """Return whether *match* holds at *server*; subnets, labels and namespaces are not asked at gateways."""
        gateways = [self.full_gateway(name, row.namespace) for name in match.gateways]
        return match.port in (0, server.number) and (not gateways or server.gateway_name in gateways)

    def _proxied(self, row: ResolvedVirtualService, entry: TcpEntry, server: LiveServer) -> TcpProxy:
        clusters = [self.cluster_of(row, target, server.number) for target in entry.targets]
        return TcpProxy(weighted(entry.targets, clusters))

    def _automatic(self, server: LiveServer) -> Iterator[FilterChain]:
        """Yield a chain for each port and subset of each service of the mesh below the server's hosts."""
        for service, subsets in self.internal_services:
            if any(host_subset_of(service.hostname, host) for host in server.bare_hosts):
                for port in (port for port in service.ports if port.protocol is not Protocol.UDP):
                    yield from _by_server_name(service, port, ("", *subsets))


def _by_server_name(service: Service, port: RegistryPort, subsets: Iterable[str]) -> Iterator[FilterChain]:
    """Yield the chains by which TLS to *port* of *service*, or to its *subsets*, is passed on by its server name."""
    for subset in subsets:
        name = sni_cluster(port.number, subset, service.hostname)
        match = FilterChainMatch(server_names=(name,), application_protocols=MESH_TLS_PROTOCOLS)
        yield FilterChain(TcpProxy(single(name)), match, origin=service.origin(port))


def sni_cluster(port: int, subset: str, host: str) -> str:
    """Return the name, of a cluster and of a server, under which proxies of the mesh know a port of *host*.

    >>> sni_cluster(443, "", "a.com")
    'outbound_.443_._.a.com'
    """
    return f"outbound_.{port}_.{subset}_.{host}"


def _take(taken: dict[str, str], names: Sequence[str], bind: str) -> bool:
    """Take *names* on the address *bind*; return whether none of them was taken there.

    Source: Istio, pilot/pkg/model, CheckDuplicates.
    """
    is_free = True
    for name in names:
        if taken.get(name) == bind:
            is_free = False
        else:
            taken[name] = bind
    return is_free


def _overlap(one: str, other: str) -> bool:
    return host_subset_of(one, other) or host_subset_of(other, one)
