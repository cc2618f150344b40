"""Route configurations of gateways: virtual hosts where hosts of servers and of VirtualServices meet.

Source: Istio, pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig, and route/route.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshegress._match import host_subset_of
from meshegress.compiler.model.domains import host_and_port
from meshegress.compiler.model.gateways import LiveServer
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.decision import Origin
from meshegress.table import EVERY_PATH, MatchKind, Redirect, Route, RouteConfiguration, VirtualHost

_NO_HOST = "blackhole"
_TO_HTTPS = 301

#: The routes of a VirtualService on one written port of a Gateway.
RoutesOf = Callable[[ResolvedVirtualService, int, str], tuple[Route, ...]]


@dataclass(slots=True)
class _Host:
    """A virtual host while it is being put together."""

    name: str
    domains: list[str]
    routes: list[Route] = field(default_factory=list)
    requires_tls: bool = False
    origin: Origin | None = None


def route_configuration(
    name: str,
    servers: Sequence[LiveServer],
    virtual_services: Mapping[str, Sequence[ResolvedVirtualService]],
    routes_of: RoutesOf,
) -> RouteConfiguration:
    """Return the route configuration *name* of *servers*; *virtual_services* are those of each Gateway, in order."""
    hosts: dict[str, _Host] = {}
    built: dict[tuple[str, int], tuple[Route, ...]] = {}
    for server in servers:
        for row in virtual_services.get(server.gateway_name, ()):
            shared = _shared_hosts(server.hosts_for(row.namespace), row.hosts)
            if not shared:
                continue
            key = (server.gateway_name, id(row))
            # Built with the first port that has any: other servers of the Gateway take the same, whatever their port.
            routes = built.get(key) or routes_of(row, server.number, server.gateway_name)
            if routes:
                built[key] = routes
                _serve(hosts, server, shared, routes, row.origin("spec", "hosts"))
        _redirect(hosts, server)
    if not hosts:
        return RouteConfiguration(name, (VirtualHost(host_and_port(_NO_HOST, servers[0].number), ("*",), ()),))
    return RouteConfiguration(name, tuple(_finished(host, servers[0]) for host in _collapsed(hosts)))


def _shared_hosts(own: Iterable[str], others: Sequence[str]) -> list[str]:
    """Return the narrower of each two hosts of which one covers the other.

    Source: Istio, pkg/config/host, Names.Intersection.
    """
    found: dict[str, None] = {}
    for host in own:
        for other in others:
            if host_subset_of(host, other):
                found.setdefault(host)
            elif host_subset_of(other, host):
                found.setdefault(other)
    return list(found)


def _serve(
    hosts: dict[str, _Host], server: LiveServer, shared: Iterable[str], routes: Sequence[Route], origin: Origin
) -> None:
    for shown in map(str.lower, shared):
        host = hosts.get(shown)
        if host is None:
            host = hosts[shown] = _Host(host_and_port(shown, server.number), [shown], origin=origin)
        host.routes.extend(routes)
        host.requires_tls = host.requires_tls or server.redirects


def _redirect(hosts: dict[str, _Host], server: LiveServer) -> None:
    for shown in server.hosts if server.redirects else ():
        host = hosts.get(shown)
        if host is None:
            host = hosts[shown] = _Host(host_and_port(shown, server.number), [shown], origin=server.origin)
        host.requires_tls = True


def _collapsed(hosts: Mapping[str, _Host]) -> Iterator[_Host]:
    """Yield *hosts*, those with the very same routes as one.

    Source: Istio, pilot/pkg/networking/core/gateway.go, collapseDuplicateRoutes.
    """
    first: dict[tuple[tuple[int, ...], bool], _Host] = {}
    for name in sorted(hosts, key=_breadth):
        host = hosts[name]
        known = first.setdefault((tuple(map(id, host.routes)), host.requires_tls), host)
        if known is not host:
            known.domains += host.domains
    yield from first.values()


def _breadth(host: str) -> tuple[bool, int, str]:
    """Return the order of hosts: exact before wildcard, longer before shorter."""
    return host.startswith("*"), -len(host), host


def _finished(host: _Host, server: LiveServer) -> VirtualHost:
    """Return *host* with its catch-all routes last; where only TLS will do, plain HTTP is just redirected."""
    if host.requires_tls and not server.ends_https:
        routes: Sequence[Route] = (Route(None, EVERY_PATH, Redirect(_TO_HTTPS), origin=host.origin),)
    else:
        routes = sorted(host.routes, key=_takes_everything)
    return VirtualHost(host.name, tuple(host.domains), tuple(routes), host.origin)


def _takes_everything(route: Route) -> bool:
    path = route.match.path
    every_path = (path.kind, path.value) in ((MatchKind.PREFIX, "/"), (MatchKind.REGEX, ".*"))
    return every_path and not route.match.headers and not route.match.query
