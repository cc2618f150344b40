"""Which servers of which Gateways live on one gateway proxy: selectors, ports, and who is in whose way.

Source: Istio, pilot/pkg/model/gateway.go, MergeGateways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from meshegress.compiler.model.endpoint_index import EndpointIndex
from meshegress.compiler.model.gateways import (
    ANY_HOST,
    DroppedServer,
    LiveServer,
    MergedServers,
    ServerPort,
    server_protocol,
)
from meshegress.compiler.model.orders import TieOrder, TieRule
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.services import Service
from meshegress.resources import Gateway, KubernetesService

_KEEPS_PORTS = "experimental.istio.io/disable-gateway-port-translation"
_PRIVILEGED = 1024

GATEWAY_TIES = TieRule(
    created=lambda row: row.metadata.creation_timestamp,
    key=lambda row: (row.name, row.namespace),
    claims=lambda row: "gateway",
)


def gateways_of(gateways: Iterable[Gateway], proxy: Proxy, order: TieOrder) -> list[Gateway]:
    """Return the Gateways whose selector *proxy* meets, oldest first, from whatever namespace."""
    return GATEWAY_TIES.arranged([row for row in gateways if proxy.has_labels(row.spec.selector)], order)


@dataclass(frozen=True, slots=True)
class PortMap:
    """The ports that a gateway's Pod listens on for the ports of the Services that it is an endpoint of."""

    translated: dict[int, int]

    @classmethod
    def of(
        cls,
        services: Iterable[Service],
        addresses: Iterable[str],
        labels: frozenset[tuple[str, str]],
        pools: EndpointIndex,
    ) -> PortMap:
        """Return what *services*, in their order, make of their ports for a Pod at *addresses* with *labels*."""
        own = frozenset(addresses)
        found: dict[int, int] = {}
        for service in services:
            for number, target in _targets(service, own, labels, pools):
                found.setdefault(number, number if service.labels.get(_KEEPS_PORTS) == "true" else target)
        return cls(found)

    def resolve(self, number: int) -> int:
        """Return the port listened on for port *number* of a server."""
        return self.translated.get(number, number)


def _targets(
    service: Service, addresses: frozenset[str], labels: frozenset[tuple[str, str]], pools: EndpointIndex
) -> Iterator[tuple[int, int]]:
    """Yield the ports of *service* with the ports that the Pod has for them."""
    everywhere = pools.of(service.key)
    own = [endpoint for endpoint in everywhere if endpoint.address in addresses]
    for port in service.ports:
        for endpoint in own:
            if endpoint.port_name == port.name and endpoint.port_number in (0, port.number):
                yield port.number, endpoint.target
    is_given = any(endpoint.knows_labels for endpoint in everywhere)
    if not is_given and service.selector and labels.issuperset(service.selector.items()):
        yield from _declared_targets(service)


def _declared_targets(service: Service) -> Iterator[tuple[int, int]]:
    """Yield the ports that a Service whose endpoints nobody gave says that it has."""
    kubernetes = service.resource
    if isinstance(kubernetes, KubernetesService):
        for port in kubernetes.spec.ports:
            target = port.target_port
            yield port.port, target if isinstance(target, int) and target else port.port


def merge_servers(gateways: Sequence[Gateway], ports: PortMap, *, unprivileged: bool) -> MergedServers:
    """Return the servers of *gateways* that live; *unprivileged* proxies get no listener below port 1024."""
    merge = _Merge()
    for gateway in gateways:
        for place, server in enumerate(gateway.spec.servers):
            if server.port is not None:
                number = server.port.number
                hosts = sanitized_hosts(server.hosts, gateway.namespace)
                merge.add(
                    LiveServer(gateway, place, server, number, ports.resolve(number), server_protocol(server), hosts)
                )
    groups = {port: rows for port, rows in merge.groups.items() if not (unprivileged and port.port < _PRIVILEGED)}
    return MergedServers(groups, merge.by_route_config, tuple(merge.dropped))


def sanitized_hosts(hosts: Sequence[str], namespace: str) -> tuple[str, ...]:
    """Return *hosts* of a server with ``./`` written out and ``*/`` left out.

    Source: Istio, pilot/pkg/model, sanitizeServerHostNamespace.
    """
    found: list[str] = []
    for text in hosts:
        owner, slash, host = text.partition("/")
        if not slash:
            found.append(text)
        elif owner == "*":
            if host == ANY_HOST:
                return (ANY_HOST,)
            found.append(host)
        else:
            found.append(f"{namespace if owner == '.' else owner}/{host}")
    return tuple(found)


@dataclass(slots=True)
class _Merge:
    """The servers met so far."""

    groups: dict[ServerPort, list[LiveServer]] = field(default_factory=dict)
    by_route_config: dict[str, list[LiveServer]] = field(default_factory=dict)
    dropped: list[DroppedServer] = field(default_factory=list)
    #: For each port the hosts of servers with TLS, and the address and owner of each.
    tls_hosts: dict[int, dict[str, LiveServer]] = field(default_factory=dict)
    #: For each port the group that a plain server opened last, and that server.
    plain: dict[int, tuple[ServerPort, LiveServer]] = field(default_factory=dict)

    def add(self, server: LiveServer) -> None:
        """Let *server* live, or note why it does not."""
        reason = self._duplicate(server) if server.has_tls else None
        if reason is not None:
            self.dropped.append(DroppedServer(server, reason))
            return
        key = ServerPort(server.port, server.server.port.protocol if server.server.port else "", server.bind)
        current = self.plain.get(server.port)
        if current is None:
            self._join(key, server)
        elif current[0].bind == key.bind:
            self._join_plain(current, server)
        else:
            self._join(key, server)

    def _join_plain(self, current: tuple[ServerPort, LiveServer], server: LiveServer) -> None:
        """Let *server* join the group *current* of a plain server, which takes HTTP alone."""
        key, first = current
        if first.protocol.is_http and server.protocol.is_http:
            self.groups[key].append(server)
            self.by_route_config.setdefault(server.route_config, []).append(server)
            return
        shown = f"{_kind(server)} after {_kind(first)} on port {server.port}, which {first} has"
        self.dropped.append(DroppedServer(server, shown))

    def _join(self, key: ServerPort, server: LiveServer) -> None:
        is_new = key not in self.groups
        self.groups.setdefault(key, []).append(server)
        if server.route_config:
            if is_new and server.protocol.is_http:
                self.by_route_config[server.route_config] = [server]
            else:
                self.by_route_config.setdefault(server.route_config, []).append(server)
        if server.is_plain and is_new:
            self.plain[server.port] = (key, server)

    def _duplicate(self, server: LiveServer) -> str | None:
        """Note the hosts of *server*, and return which of them another server with TLS has.

        Source: Istio, pilot/pkg/model, CheckDuplicates.
        """
        known = self.tls_hosts.setdefault(server.port, {})
        reason = None
        for host in server.hosts:
            owner = known.get(host)
            if owner is not None and owner.bind == server.bind:
                reason = reason or f"host `{host}` belongs to {owner}, on the same port {server.port}"
            else:
                known[host] = server
        return reason


def _kind(server: LiveServer) -> str:
    if server.is_plain:
        return "HTTP" if server.protocol.is_http else "TCP"
    return "TLS"
