"""Strategies for who asks and what is asked: workloads, and requests of every kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from meshegress import Mesh, Request, Workload
from meshegress.request import WireProtocol
from meshegress.resources import KubernetesService, MeshConfig, Resource, ServiceEntry, VirtualService
from meshegress.testing.strategies.vocabulary import (
    ADDRESSES,
    AUTOMATIC,
    CLUSTER_IPS,
    DOMAINS,
    LABELS,
    LOCAL,
    PORTS,
    rarely,
)
from meshegress.testing.strategies.worlds import World

PLACES = (*ADDRESSES, *CLUSTER_IPS, *AUTOMATIC, "203.0.113.9", "127.0.0.1", "2001:db8::9", "::1")
SPECIAL_PORTS = (25, 15001, 15006, 15021)
UNKNOWN = ("elsewhere.net", "api", "db.shop", "A.com", "a.com.", "10.0.0.1", "[2001:db8::1]", "")
BYTES = (
    b"",
    b"\x01\x02\x03\x04",
    b"GET / HTTP/1.1\r\nHost: a.com\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"PING\r\n",
    b"\x16\x03\x01",
)
PATHS = ("/", "/api", "/api/x", "/API/x", "/?q=1", "/a/../api/x?q=12&q=1", "*", "")
HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (),
    (("x-user", "alice"),),
    (("X-User", "bob"), ("x-user", "alice")),
    (("content-type", "application/grpc"),),
)
METADATA: tuple[dict[str, str], ...] = (
    {},
    {},
    {"DNS_CAPTURE": "true", "DNS_AUTO_ALLOCATE": "true"},
    {"HTTP10": "1"},
    {"INTERCEPTION_MODE": "NONE"},
)
METHODS = ("GET", "GET", "GET", "POST", "CONNECT", "OPTIONS", "get")
VERSIONS = (WireProtocol.HTTP, WireProtocol.HTTP, WireProtocol.HTTP2, WireProtocol.HTTP10)
ALPN: tuple[tuple[str, ...], ...] = ((), ("h2",), ("h2", "http/1.1"), ("istio-peer-exchange",))
V4, V6 = "192.0.2.1", "2001:db8::7"
FAMILIES = ((V4,), (V4,), (V6,), (V4, V6), (V6, V4))


_NAMESPACE = st.sampled_from(("shop", "shop", "default", "istio-system"))
_LABELS: st.SearchStrategy[dict[str, str]] = st.sampled_from(({}, {}, *LABELS))
_WORKLOADS = st.builds(
    Workload,
    _NAMESPACE,
    labels=_LABELS,
    addresses=st.sampled_from(FAMILIES),
    metadata=st.sampled_from(METADATA),
    dns_domain=st.sampled_from(("", "", "", "y.a.com", "corp")),
)


def workloads() -> st.SearchStrategy[Workload]:
    """Draw who asks."""
    return _WORKLOADS


def requests(world: World | Mesh = ()) -> st.SearchStrategy[Request]:
    """Draw a request: plaintext HTTP, TLS, opaque or literal bytes, or what fetching a URL sends.

    Those for a *world*, or the mesh of one, mostly ask for a host, on its port, of a ServiceEntry, VirtualService or
    Service in it.
    """
    if isinstance(world, Mesh):
        world = tuple(world.resources.each())
    told = [target for resource in world for target in _targets(resource)]
    ports = sorted({target.port for target in told if target.kind == "http"}) or PORTS
    routed = [target for resource in world for target in _routed(resource, ports)]
    return _requests(tuple(dict.fromkeys(told)), tuple(dict.fromkeys(routed)))


class _Target(NamedTuple):
    """What a request asks for."""

    name: str
    port: int
    address: str | None
    kind: str = "http"


def _targets(resource: Resource | MeshConfig) -> Iterator[_Target]:
    """Give the hosts of a service with each of its ports and addresses."""
    hosts: Sequence[str] = ()
    places: Sequence[str] = ()
    ports: Iterable[tuple[int, str]] = ()
    if isinstance(resource, ServiceEntry):
        hosts, places = resource.spec.hosts, [address.partition("/")[0] for address in resource.spec.addresses]
        ports = ((port.number, port.protocol) for port in resource.spec.ports)
    elif isinstance(resource, KubernetesService):
        hosts = (f"{resource.name}.{resource.namespace}.svc.cluster.local",)
        places = [address for address in resource.spec.cluster_ips if address != "None"]
        ports = ((port.port, port.name.partition("-")[0]) for port in resource.spec.ports)
    for host, (port, protocol), address in product(hosts, ports, places or (None,)):
        yield _Target(host.replace("*", "x"), port, address, _SPOKEN.get(protocol.upper(), "tcp"))


def _routed(resource: Resource | MeshConfig, ports: Iterable[int]) -> Iterator[_Target]:
    """Give the hosts of a VirtualService on *ports*, where there is HTTP, and its server names on any."""
    if not isinstance(resource, VirtualService):
        return
    for host, port in product(resource.spec.hosts, ports):
        yield _Target(host.replace("*", "x"), port, None)
    for name in (name for route in resource.spec.tls for match in route.match for name in match.sni_hosts):
        yield from (_Target(name.replace("*", "x"), port, None, "tls") for port in PORTS)


_SPOKEN = {**dict.fromkeys(("HTTP", "HTTP2", "GRPC", ""), "http"), **dict.fromkeys(("HTTPS", "TLS"), "tls")}
_OTHER = st.builds(
    _Target,
    st.sampled_from((*DOMAINS, *LOCAL[:2], *UNKNOWN)),
    st.sampled_from((*PORTS, *PORTS, *SPECIAL_PORTS)),
    st.none() | st.sampled_from(PLACES),
)
_SPELLINGS = st.sampled_from(("{}", "{}", "{}", "{}", "{}:80", "{}.", ""))
_PATH = st.sampled_from(PATHS)
_METHOD = st.sampled_from(METHODS)
_HEADERS = st.sampled_from(HEADERS)
_VERSION = st.sampled_from(VERSIONS)
_ALPN = st.sampled_from(ALPN)
_ADDRESS = st.none() | st.sampled_from(PLACES)
_KIND = st.sampled_from(("http", "tls", "tcp", "url", "url"))
_IS_ROUTED = st.booleans()
_SCHEME = st.sampled_from(("http", "https"))
_BYTES = st.sampled_from((None, *BYTES))


@st.composite
def _requests(draw: st.DrawFn, told: tuple[_Target, ...], routed: tuple[_Target, ...]) -> Request:
    is_routed: bool = bool(routed) and draw(_IS_ROUTED)
    targets = routed if is_routed else told
    target = draw(st.sampled_from(targets)) if targets and rarely(draw, st.just(False), True) else draw(_OTHER)
    kind = rarely(draw, _KIND, target.kind)
    if kind == "url":
        return Request.from_url(
            f"{draw(_SCHEME)}://{target.name or 'a.com'}:{target.port}{draw(_PATH).removeprefix('*')}"
        )
    address = target.address or draw(_ADDRESS)
    if kind == "tcp":
        return Request.tcp(address or PLACES[0], target.port, draw(_BYTES))
    name = draw(_SPELLINGS).format(target.name) or None
    if kind == "tls":
        return Request.tls(name, alpn=draw(_ALPN), address=address, port=target.port)
    return Request.http(
        name,
        draw(_PATH),
        method=draw(_METHOD),
        headers=draw(_HEADERS),
        address=address,
        port=target.port,
        protocol=draw(_VERSION),
    )
