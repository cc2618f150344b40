"""Strategies for ServiceEntries of every resolution, and the WorkloadEntries that stand behind them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from meshegress.resources import ServiceEntry, WorkloadEntry
from meshegress.resources.service_entry import (
    Location,
    Resolution,
    ServiceEntryAddress,
    ServiceEntrySpec,
    ServiceEntryStatus,
    ServicePort,
)
from meshegress.resources.sidecar import WorkloadSelector
from meshegress.resources.workload_entry import WorkloadEntrySpec
from meshegress.testing.strategies.vocabulary import (
    ADDRESSES,
    ANY_EXPORT,
    ANY_LABELS,
    ANY_PORT,
    AUTOMATIC,
    DOMAINS,
    METADATA,
    ODD,
    PROTOCOLS,
    RANGES,
    WILDCARDS,
    addresses,
    hosts,
    names,
    rarely,
    some,
)

_RESOLUTION = st.sampled_from(tuple(Resolution))
_LOCATION = st.sampled_from(tuple(Location))
_EXPORT = st.sampled_from((False, True, True, True)).flatmap(lambda shown: ANY_EXPORT if shown else st.just(("~",)))
_AUTOMATIC = st.sampled_from(AUTOMATIC)
_HOST = hosts() | st.sampled_from(ODD)
_WILDCARD = st.sampled_from(WILDCARDS)
_PLACE = st.sampled_from(ADDRESSES + RANGES)
_NAMED_PLACE = st.sampled_from((*ADDRESSES, *DOMAINS))
_ANY_PROTOCOL = st.sampled_from(("HTTP", "HTTP", "HTTP", "HTTP", "TLS", *PROTOCOLS))
_NAMED_PROTOCOL = st.sampled_from(("HTTP", "HTTP2", "GRPC", "HTTPS", "TLS"))
_DYNAMIC_PROTOCOL = st.sampled_from(("HTTP", "TLS"))
_TARGET = st.sampled_from((0, 0, 8443))
_SELECTOR = ANY_LABELS.map(lambda drawn: WorkloadSelector(labels=drawn))
_SOCKET = WorkloadEntrySpec(address="unix:///run/a")


@st.composite
def service_entries(draw: st.DrawFn) -> ServiceEntry:
    """Draw a ServiceEntry that Istio accepts."""
    resolution = draw(_RESOLUTION)
    given = ServiceEntrySpec(
        **draw(_DRAWN[resolution]),
        resolution=resolution,
        location=draw(_LOCATION) if resolution is not Resolution.DYNAMIC_DNS else Location.MESH_EXTERNAL,
        export_to=draw(_EXPORT),
    )
    automatic = draw(_AUTOMATIC) if not given.addresses else None
    told = tuple(ServiceEntryAddress(host=host, value=automatic) for host in given.hosts) if automatic else ()
    return ServiceEntry(metadata=draw(METADATA), spec=given, status=ServiceEntryStatus(addresses=told))


def _ports(draw: st.DrawFn, protocols: st.SearchStrategy[str] = _ANY_PROTOCOL) -> tuple[ServicePort, ...]:
    return tuple(
        ServicePort(number=number, name=f"p-{number}", protocol=draw(protocols), target_port=draw(_TARGET))
        for number in draw(some(ANY_PORT, most=3, least=1))
    )


@st.composite
def _passthrough(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "hosts": draw(some(_HOST, least=1)),
        "addresses": draw(some(_PLACE)),
        "ports": _ports(draw),
        "workload_selector": rarely(draw, _SELECTOR),
    }


@st.composite
def _static(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(some(_HOST, least=1))
    ports = _ports(draw, _ANY_PROTOCOL if len(chosen) == 1 else _NAMED_PROTOCOL)
    selector = rarely(draw, _SELECTOR)
    found = draw(some(addresses()))
    is_socket = len(ports) == 1 and found == ADDRESSES[:1]
    endpoints = (_SOCKET,) if is_socket else tuple(_endpoint(draw, address, ports) for address in found)
    return {
        "hosts": chosen,
        "addresses": draw(some(_PLACE)),
        "ports": ports,
        "workload_selector": selector,
        "endpoints": () if selector else endpoints,
    }


@st.composite
def _dns(draw: st.DrawFn, most: int) -> dict[str, Any]:
    found = draw(some(_NAMED_PLACE, most=most))
    chosen = draw(some(hosts() if found else names(), least=1))
    ports = _ports(draw, _ANY_PROTOCOL if len(chosen) == 1 else _NAMED_PROTOCOL)
    return {
        "hosts": chosen,
        "addresses": draw(some(addresses())),
        "ports": ports,
        "workload_selector": None if found else rarely(draw, _SELECTOR),
        "endpoints": tuple(_endpoint(draw, address, ports) for address in found),
    }


@st.composite
def _dynamic(draw: st.DrawFn) -> dict[str, Any]:
    return {"hosts": draw(some(_WILDCARD, least=1)), "ports": _ports(draw, _DYNAMIC_PROTOCOL)}


_DRAWN: dict[Resolution, st.SearchStrategy[dict[str, Any]]] = {
    Resolution.NONE: _passthrough(),
    Resolution.STATIC: _static(),
    Resolution.DNS: _dns(most=2),
    Resolution.DNS_ROUND_ROBIN: _dns(most=1),
    Resolution.DYNAMIC_DNS: _dynamic(),
}


def _endpoint(draw: st.DrawFn, address: str, ports: tuple[ServicePort, ...]) -> WorkloadEntrySpec:
    of_its_own = st.just({port.name: 8443 for port in ports})
    return WorkloadEntrySpec(address=address, ports=rarely(draw, of_its_own, {}), labels=rarely(draw, ANY_LABELS, {}))


_PORT_MAP = ANY_PORT.map(lambda port: {f"p-{port}": 8443})


@st.composite
def workload_entries(draw: st.DrawFn) -> WorkloadEntry:
    """Draw a WorkloadEntry that selectors find."""
    spec = WorkloadEntrySpec(address=draw(_NAMED_PLACE), labels=draw(ANY_LABELS), ports=rarely(draw, _PORT_MAP, {}))
    return WorkloadEntry(metadata=draw(METADATA), spec=spec)
