"""Which way the request of an entry went: out of a workload, into it, or through a gateway or waypoint.

Every sidecar logs both directions. The cluster says most; where it leaves the sidecar and a gateway open, the address
from which the proxy spoke upstream is its own: the application of a sidecar shares it (the client's address), a gateway
listens on it (the local address). Where neither tells, the direction is ``unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from meshegress.accesslog.addresses import split_address
from meshegress.accesslog.reading.emitter import Emitter

Read = Callable[[str], object]
_Address = tuple["IPv4Address | IPv6Address", int]


class Direction(str):
    """``outbound``, ``inbound``, ``gateway``, ``waypoint`` or ``unknown``; ``reason`` says from what it is known.

    >>> Direction("outbound", "the cluster is PassthroughCluster").reason
    'the cluster is PassthroughCluster'
    """

    __slots__ = ("reason",)

    reason: str

    def __new__(cls, name: str, reason: str) -> Direction:
        """Return the direction *name*, known for *reason*."""
        made = super().__new__(cls, name)
        made.reason = reason
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return (Direction, (str(self), self.reason))


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern of a whole value that alone tells a direction."""

    pattern: re.Pattern[str]
    direction: str


def _signs(*rows: tuple[str, str]) -> tuple[_Sign, ...]:
    return tuple(_Sign(re.compile(pattern), direction) for pattern, direction in rows)


#: Clusters of which only one kind of proxy has the like. Source: istio pilot/pkg/networking/core (cluster, waypoint).
_CLUSTERS = _signs(
    (r"inbound-(?:vip|pod)\|.*|encap|main_internal|connect_(?:originate|terminate)", "waypoint"),
    (r"inbound\|.*|InboundPassthroughCluster.*", "inbound"),
    (r"outbound_\..*", "gateway"),  # a gateway that passes TLS on by server name (AUTO_PASSTHROUGH)
    (r"PassthroughCluster|AllowAnyDynamicDNSCluster", "outbound"),  # gateways pass nothing on that nobody declared
    (r"(?:http|grpc|tls|tcp|udp)route/.*", "gateway"),  # Envoy Gateway
)
#: Clusters of a sidecar's outbound listeners, and of gateways, which have routes to services, too.
_OUTBOUND_CLUSTER = re.compile(r"outbound\|.*|BlackHoleCluster")
_ROUTES = _signs((r"block_all|allow_any", "outbound"), (r"(?:http|grpc|tls|tcp|udp)route/.*", "gateway"))
_VIRTUAL_HOSTS = _signs((r"block_all|allow_any", "outbound"), (r"inbound\|.*", "inbound"))
_VIRTUAL_HOST_KEYS = ("virtual_host", "virtual_host_name", "vhost", "vhost_name")
_NODE_TYPES = {"router": "gateway", "waypoint": "waypoint"}
_PODS = _signs(
    (r"istio-(?:ingress|egress|eastwest)gateway(?:-.*)?", "gateway"), (r"(?:.*-)?waypoint(?:-.*)?", "waypoint")
)
#: From here a sidecar speaks to its own application. Source: istio's InboundPassthroughBindIpv4 and Ipv6.
_TO_APPLICATION = ("127.0.0.6", "::6")
#: A gateway's unprivileged port for a privileged one of its Service.
_GATEWAY_PORTS = {8080: 80, 8443: 443}
_EAST_WEST_PORT = 15443


def direction_of(read: Read, emitter: Emitter, unsure: tuple[str, ...] = ()) -> Direction:
    """Return the direction of the entry whose fields *read* gives, written by *emitter*; *unsure* ones tell nothing."""
    for evidence in _EVIDENCE:
        found = evidence(read, emitter)
        if found is not None:
            return found
    if "upstream_cluster" in unsure:
        return Direction("unknown", "the line can be read in several ways, with several clusters")
    return Direction("unknown", "neither cluster, route nor addresses tell the direction")


def direction_of_cluster(cluster: str) -> Direction | None:
    """Return the direction that the name *cluster* alone tells; None where more must be looked at.

    >>> direction_of_cluster("inbound|80||"), direction_of_cluster("outbound|80||a.com")
    ('inbound', None)
    """
    return _matching(_CLUSTERS, "cluster", cluster.removesuffix(";"))


def _by_node_type(_: Read, emitter: Emitter) -> Direction | None:
    kind = _NODE_TYPES.get(emitter.node_type or "")
    return Direction(kind, f"the proxy is a {emitter.node_type}") if kind else None


def _by_cluster(read: Read, _: Emitter) -> Direction | None:
    return _matching(_CLUSTERS, "cluster", _cluster(read))


def _by_route(read: Read, _: Emitter) -> Direction | None:
    return _matching(_ROUTES, "route", _text(read("route_name")))


def _by_virtual_host(read: Read, _: Emitter) -> Direction | None:
    found = (_matching(_VIRTUAL_HOSTS, "virtual host", _text(read(key))) for key in _VIRTUAL_HOST_KEYS)
    return next((direction for direction in found if direction), None)


def _by_own_address(read: Read, emitter: Emitter) -> Direction | None:
    """The proxy's own address is the one from which it speaks upstream."""
    own, local, remote = (_address(read, end) for end in ("upstream_local", "downstream_local", "downstream_remote"))
    cluster = _cluster(read) or ""
    if own and str(own[0]) in _TO_APPLICATION:
        return Direction("inbound", f"the proxy spoke to its application, from {own[0]}")
    if own and remote and own[0] == remote[0] and not cluster.startswith("inbound"):
        return Direction("outbound", f"the client has the proxy's own address, {own[0]}")
    if own and local and own[0] == local[0]:
        return _where_it_listens(read, own, cluster)
    return _by_outbound_cluster(cluster, own, local, remote, emitter) if _OUTBOUND_CLUSTER.fullmatch(cluster) else None


def _where_it_listens(read: Read, own: _Address, cluster: str) -> Direction:
    upstream = split_address(str(read("upstream_host")))
    if not cluster.startswith("outbound") and upstream and (upstream[0] == own[0] or upstream[0].is_loopback):
        return Direction("inbound", f"the proxy listened on its own address, {own[0]}, and spoke to it")
    return Direction("gateway", f"the proxy listened on its own address, {own[0]}")


def _by_outbound_cluster(
    cluster: str, own: _Address | None, local: _Address | None, remote: _Address | None, emitter: Emitter
) -> Direction | None:
    by_pod = _matching(_PODS, "Pod", emitter.pod)
    if by_pod is not None:
        return by_pod
    if emitter.node_type == "sidecar":
        return Direction("outbound", f"a sidecar has the cluster {cluster}")
    if remote and remote[0].is_loopback:
        return Direction("outbound", "the client is in the same Pod")
    # Port 0 is that of an address from X-Forwarded-For, which says nothing of the connection.
    if own and remote and own[0].version == remote[0].version and remote[1]:
        reason = f"the proxy's own address, {own[0]}, is neither the client's nor the one that it listened on"
        return Direction("unknown", reason)
    port = cluster.split("|")[1] if "|" in cluster else ""
    if not own and local and str(_GATEWAY_PORTS.get(local[1])) == port:
        reason = f"port {local[1]} for the cluster's {port} may be a gateway's, whose own address is not logged here"
        return Direction("unknown", reason)
    return Direction("outbound", f"the cluster is {cluster}")


def _by_server_name(read: Read, _: Emitter) -> Direction | None:
    """A sidecar names the cluster as server name when it speaks mutual TLS to the next proxy."""
    name, local = _text(read("requested_server_name")), _address(read, "downstream_local")
    if not name or not name.startswith("outbound_."):
        return None
    kind = "gateway" if local and local[1] == _EAST_WEST_PORT else "inbound"
    return Direction(kind, f"another proxy sent the server name {name}")


def _by_pod(_: Read, emitter: Emitter) -> Direction | None:
    return _matching(_PODS, "Pod", emitter.pod)


_EVIDENCE = (_by_node_type, _by_cluster, _by_own_address, _by_route, _by_virtual_host, _by_server_name, _by_pod)


def _matching(signs: tuple[_Sign, ...], subject: str, value: str | None) -> Direction | None:
    found = (sign.direction for sign in signs if value and sign.pattern.fullmatch(value))
    return next((Direction(direction, f"the {subject} is {value}") for direction in found), None)


def _cluster(read: Read) -> str | None:
    text = _text(read("upstream_cluster"))
    return text.removesuffix(";") if text else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value not in ("", "-") else None


def _address(read: Read, end: str) -> _Address | None:
    """Return address and port of one end of a connection; port 1 stands for one that is not logged."""
    for name, lacking in _SPELLINGS:
        value = _text(read(f"{end}{name}" if name.islower() else f"{end.upper()}{name}"))
        found = split_address(f"{value}{lacking}") if value else None
        if found is not None:
            return found
    return None


_SPELLINGS = (("_address", ""), ("_ADDRESS", ""), ("_ADDRESS_WITHOUT_PORT", ":1"))
