"""Hypothesis strategies: hosts, resources, worlds that Istio accepts, broken ones, and requests to ask them.

Names and addresses come from small pools, so that what is drawn meets: hosts overlap, ports collide, requests find
entries. All resources of a world have distinct names and ages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from meshegress import Request
from meshegress.collection import check
from meshegress.findings import Severity
from meshegress.request import WireProtocol
from meshegress.resources import DestinationRule, ObjectMeta, Resource, ServiceEntry, Sidecar, VirtualService
from meshegress.resources.destination_rule import DestinationRuleSpec, Subset
from meshegress.resources.service_entry import Resolution, ServiceEntrySpec, ServicePort
from meshegress.resources.sidecar import IstioEgressListener, SidecarSpec
from meshegress.resources.virtual_service import (
    Destination,
    HTTPMatchRequest,
    HTTPRoute,
    HTTPRouteDestination,
    PortSelector,
    StringMatch,
    VirtualServiceSpec,
)
from meshegress.resources.workload_entry import WorkloadEntrySpec

DOMAINS = ("a.com", "b.com", "x.a.com", "y.a.com", "x.y.a.com", "c.org")
NAMESPACES = ("default", "shop", "istio-system")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.1.0.1", "192.0.2.7", "2001:db8::1")
RANGES = ("10.0.0.0/24", "10.0.0.0/8", "192.0.2.0/24")
PORTS = (80, 443, 8080, 9000)
PROTOCOLS = ("HTTP", "HTTP2", "GRPC", "HTTPS", "TLS", "TCP", "MONGO", "")
NAMED = frozenset({"HTTP", "HTTP2", "GRPC", "HTTPS", "TLS"})
FIRST_DAY = 1_704_067_200


def names() -> st.SearchStrategy[str]:
    """Draw a full name of a host."""
    return st.sampled_from(DOMAINS)


def hosts() -> st.SearchStrategy[str]:
    """Draw a host as resources write it: a name, or a wildcard over names."""
    return names() | st.sampled_from(("*.a.com", "*.y.a.com", "*.com", "*.org"))


def ports(protocols: Sequence[str] = PROTOCOLS) -> st.SearchStrategy[tuple[ServicePort, ...]]:
    """Draw the ports of an entry: numbers and names differ."""
    pairs = st.lists(
        st.tuples(st.sampled_from(PORTS), st.sampled_from(protocols)), min_size=1, max_size=3, unique_by=lambda p: p[0]
    )
    return pairs.map(
        lambda drawn: tuple(ServicePort(number=number, name=f"p-{number}", protocol=kind) for number, kind in drawn)
    )


def metadata(namespaces: Sequence[str] = NAMESPACES) -> st.SearchStrategy[ObjectMeta]:
    """Draw metadata; :func:`worlds` gives each resource a name and an age of its own."""
    return st.sampled_from(namespaces).map(lambda namespace: ObjectMeta(name="drawn", namespace=namespace))


def export_to() -> st.SearchStrategy[tuple[str, ...]]:
    """Draw an ``exportTo``."""
    return st.sampled_from(((), (), (".",), ("*",), ("shop",), ("default", "shop")))


@st.composite
def service_entries(draw: st.DrawFn) -> ServiceEntry:
    """Draw a ServiceEntry that Istio accepts, of any resolution but DYNAMIC_DNS."""
    resolution = draw(st.sampled_from((Resolution.NONE, Resolution.STATIC, Resolution.DNS, Resolution.DNS_ROUND_ROBIN)))
    resolves = resolution in (Resolution.DNS, Resolution.DNS_ROUND_ROBIN)
    several = draw(st.booleans())
    drawn = draw(st.lists(names() if resolves else hosts(), min_size=1, max_size=3 if several else 1, unique=True))
    told_apart = len(drawn) == 1 or resolution is Resolution.NONE
    addresses = st.sampled_from(ADDRESSES if resolves else ADDRESSES + RANGES)
    spec = ServiceEntrySpec(
        hosts=tuple(drawn),
        ports=draw(ports(PROTOCOLS if told_apart else tuple(sorted(NAMED)))),
        addresses=tuple(draw(st.lists(addresses, max_size=2, unique=True))),
        resolution=resolution,
        endpoints=draw(_endpoints()) if resolution is Resolution.STATIC else (),
        export_to=draw(export_to()),
    )
    return ServiceEntry(metadata=draw(metadata()), spec=spec)


def _endpoints() -> st.SearchStrategy[tuple[WorkloadEntrySpec, ...]]:
    addresses = st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True)
    return addresses.map(lambda drawn: tuple(WorkloadEntrySpec(address=address) for address in drawn))


@st.composite
def sidecars(draw: st.DrawFn) -> Sidecar:
    """Draw a Sidecar for a whole namespace."""
    imported = st.tuples(st.sampled_from(("*", ".", "shop")), st.just("*") | hosts()).map("/".join)
    egress = IstioEgressListener(hosts=tuple(draw(st.lists(imported, min_size=1, max_size=3, unique=True))))
    return Sidecar(metadata=draw(metadata()), spec=SidecarSpec(egress=(egress,)))


@st.composite
def virtual_services(draw: st.DrawFn) -> VirtualService:
    """Draw a VirtualService with one HTTP route by prefix and one for the rest."""
    route = HTTPRoute(match=(HTTPMatchRequest(uri=StringMatch(prefix="/api")),), route=(draw(_destination()),))
    rest = HTTPRoute(route=(draw(_destination()),))
    spec = VirtualServiceSpec(hosts=(draw(hosts()),), http=(route, rest), export_to=draw(export_to()))
    return VirtualService(metadata=draw(metadata()), spec=spec)


@st.composite
def _destination(draw: st.DrawFn) -> HTTPRouteDestination:
    port = draw(st.none() | st.sampled_from(PORTS).map(lambda number: PortSelector(number=number)))
    subset = draw(st.sampled_from(("", "", "v1")))
    return HTTPRouteDestination(destination=Destination(host=draw(names()), subset=subset, port=port))


@st.composite
def destination_rules(draw: st.DrawFn) -> DestinationRule:
    """Draw a DestinationRule with the subset ``v1``."""
    spec = DestinationRuleSpec(host=draw(hosts()), subsets=(Subset(name="v1"),), export_to=draw(export_to()))
    return DestinationRule(metadata=draw(metadata()), spec=spec)


def resources() -> st.SearchStrategy[Resource]:
    """Draw one resource, a ServiceEntry more often than not."""
    return st.one_of(
        service_entries(), service_entries(), service_entries(), sidecars(), virtual_services(), destination_rules()
    )


def worlds(max_size: int = 6) -> st.SearchStrategy[tuple[Resource, ...]]:
    """Draw resources that Istio accepts, each with a name and an age of its own."""
    return st.lists(resources(), max_size=max_size).map(_apart)


def _apart(drawn: Sequence[Resource]) -> tuple[Resource, ...]:
    return tuple(_named(resource, f"r{number}", FIRST_DAY + number) for number, resource in enumerate(drawn))


def _named(resource: Resource, name: str, seconds: int) -> Resource:
    update = {"name": name, "creation_timestamp": seconds}
    return resource.model_copy(update={"metadata": resource.metadata.model_copy(update=update)})


Break = Callable[[dict[str, Any]], None]


def _set(*path: Any) -> Break:
    *way, last, value = path

    def apply(document: dict[str, Any]) -> None:
        holder: Any = document
        for part in way:
            holder = holder[part]
        holder[last] = deepcopy(value)

    return apply


BREAKS: tuple[Break, ...] = (
    _set("spec", "hosts", []),
    _set("spec", "hosts", ["*"]),
    _set("spec", "hosts", ["a_b.com"]),
    _set("spec", "hosts", "a.com"),
    _set("spec", "hosts", [80]),
    _set("spec", "ports", 0, "number", 65_536),
    _set("spec", "ports", 0, "number", "eighty"),
    _set("spec", "ports", 0, "name", "a_b"),
    _set("spec", "ports", 0, "protocol", "SMTP"),
    _set("spec", "ports", {}),
    _set("spec", "addresses", ["10.0.0.0/33"]),
    _set("spec", "resolution", "GUESS"),
    _set("spec", "exportTo", ["*", "shop"]),
    _set("spec", "workloadSelector", {"labels": {"app": "*"}}),
    _set("metadata", "labels", {"app": 1}),
    _set("metadata", "annotations", {"istio.io/dry-run": "true"}),
)
"""Each makes an entry that Istio accepts one that it refuses."""


@st.composite
def broken_entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the wire form of a ServiceEntry that Istio refuses."""
    document = _named(draw(service_entries()), "broken", FIRST_DAY).as_wire()
    draw(st.sampled_from(BREAKS))(document)
    return document


@st.composite
def broken_worlds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the wire forms of a world in which one entry, somewhere, is broken."""
    documents = [resource.as_wire() for resource in draw(worlds())]
    documents.insert(draw(st.integers(0, len(documents))), draw(broken_entries()))
    return documents


def is_accepted(*sources: Any) -> bool:
    """Tell whether Istio accepts all of *sources*.

    >>> is_accepted({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"})
    False
    """
    return all(finding.severity is not Severity.ERROR for finding in check(*sources)[1])


def requests() -> st.SearchStrategy[Request]:
    """Draw a request of any kind: plaintext HTTP, TLS, or opaque bytes."""
    address, port = st.sampled_from((*ADDRESSES, "203.0.113.9")), st.sampled_from((*PORTS, 25))
    name = names() | st.just("elsewhere.net")
    protocol = st.sampled_from((WireProtocol.HTTP, WireProtocol.HTTP2))
    http = st.builds(
        Request.http,
        name | name.map("{}:80".format) | st.none(),
        st.sampled_from(("/", "/api/x", "/?q=1")),
        address=address,
        port=port,
        protocol=protocol,
    )
    tls = st.builds(Request.tls, name | st.none(), alpn=st.sampled_from(((), ("h2",))), address=address, port=port)
    return http | tls | st.builds(Request.tcp, address, port)
