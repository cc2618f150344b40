"""Why what bears the asked-for name did not take a request at a gateway: Gateways, servers, VirtualServices, rules.

Source: Istio, pilot/pkg/model/gateway.go and pilot/pkg/networking/core/gateway.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from meshegress._match import host_matches, host_subset_of
from meshegress.compiler.model.gateways import LiveServer, MergedServers
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import MESH_GATEWAY, ResolvedVirtualService
from meshegress.resources import Gateway
from meshegress.resources.virtual_service import HTTPMatchRequest


def gateway_notes(
    name: str,
    port: int,
    *,
    proxy: Proxy,
    gateways: Iterable[Gateway],
    merged: MergedServers,
    virtual_services: Sequence[ResolvedVirtualService],
    visible: Mapping[str, Sequence[ResolvedVirtualService]],
) -> Iterator[str]:
    """Yield why Gateways, their servers, VirtualServices and rules do not take *name* on *port* of the gateway.

    *virtual_services* are all, *visible* those of each Gateway that the gateway's namespace sees.
    """
    for gateway in gateways:
        if not proxy.has_labels(gateway.spec.selector):
            asked = ", ".join(f"{key}={value}" for key, value in gateway.spec.selector.items())
            yield f"Gateway `{gateway.namespace}/{gateway.name}` ({gateway.source()}) selects other Pods: {asked}"
    for dropped in merged.dropped:
        place = dropped.server.origin.host_source
        yield f"{dropped.server} ({place}) was dropped: {dropped.reason}"
    servers = [server for group in merged.groups.values() for server in group]
    yield from _server_notes(name, port, servers)
    on_port = [server for server in servers if server.port == port and _covers(server, name)]
    for row in virtual_services:
        if any(_overlaps(host, name) for host in row.hosts):
            yield from _virtual_service_notes(row, name, on_port, visible)


def _server_notes(name: str, port: int, servers: Sequence[LiveServer]) -> Iterator[str]:
    for server in servers:
        if server.port != port and _covers(server, name):
            yield f"{server} ({server.origin.host_source}) has the host, and listens on {server.port}, not on {port}"
        elif server.port == port and name and not _covers(server, name):
            hosts = ", ".join(server.hosts)
            yield f"{server} ({server.origin.host_source}) listens on {port}, and has other hosts: {hosts}"


def _virtual_service_notes(
    row: ResolvedVirtualService,
    name: str,
    servers: Sequence[LiveServer],
    visible: Mapping[str, Sequence[ResolvedVirtualService]],
) -> Iterator[str]:
    who = f"VirtualService `{row.namespace}/{row.name}` ({row.resource.source('spec', 'gateways')})"
    for server in servers:
        gateway = server.gateway_name
        if gateway not in (row.gateways or (MESH_GATEWAY,)):
            listed = ", ".join(f"`{one}`" for one in row.gateways) or "nothing, which means the mesh alone"
            yield f"{who}: `gateways` lists {listed}; this Gateway is `{gateway}`"
        elif all(row is not seen for seen in visible.get(gateway, ())):
            exported = ", ".join(sorted(row.export_to))
            yield f"{who} is not exported to the gateway's namespace (exportTo: {exported})"
        elif not any(_overlaps(host, name) for host in server.hosts_for(row.namespace)):
            yield f"{who}: {server} takes no VirtualService of namespace `{row.namespace}` for this host"
        else:
            yield from _rule_notes(row, server)


def _rule_notes(row: ResolvedVirtualService, server: LiveServer) -> Iterator[str]:
    """Yield why each HTTP rule of *row* does not hold at *server*."""
    for place, entry in enumerate(row.http):
        for match in entry.matches:
            reason = _misses(match, server)
            if reason:
                where = entry.origin.host_source
                yield f"rule {place + 1} of VirtualService `{row.namespace}/{row.name}` ({where}): {reason}"


def _misses(match: HTTPMatchRequest, server: LiveServer) -> str | None:
    if match.port not in (0, server.number):
        return f"`port` is {match.port}, and the server is written with {server.number}"
    if match.gateways and server.gateway_name not in match.gateways:
        return f"its `gateways` are {', '.join(match.gateways)}; this Gateway is `{server.gateway_name}`"
    return None


def _covers(server: LiveServer, name: str) -> bool:
    return any(_overlaps(host, name) for host in server.bare_hosts)


def _overlaps(host: str, name: str) -> bool:
    return host_subset_of(name.lower(), host.lower()) or host_matches(host, name)
