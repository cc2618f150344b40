"""ServiceEntry: hosts that the mesh knows beside its own services."""

from __future__ import annotations

from typing import Any

from meshegress.resources._message import Int64, Message, UInt32, WireEnum, harmless, honoured
from meshegress.resources.metadata import IstioCondition, Resource
from meshegress.resources.sidecar import WorkloadSelector
from meshegress.resources.workload_entry import WorkloadEntrySpec


class ServicePort(Message):
    """A port of an entry."""

    number: UInt32 = honoured(0)
    protocol: str = honoured("")
    name: str = honoured("")
    target_port: UInt32 = honoured(0)


class Location(WireEnum):
    """Whether the service is part of the mesh."""

    MESH_EXTERNAL = "MESH_EXTERNAL"
    MESH_INTERNAL = "MESH_INTERNAL"


class Resolution(WireEnum):
    """How the endpoints of the service are found."""

    NONE = "NONE"
    STATIC = "STATIC"
    DNS = "DNS"
    DNS_ROUND_ROBIN = "DNS_ROUND_ROBIN"
    DYNAMIC_DNS = "DYNAMIC_DNS"


class ServiceEntrySpec(Message):
    """The hosts, addresses, ports and endpoints of an entry."""

    hosts: tuple[str, ...] = honoured(())
    addresses: tuple[str, ...] = honoured(())
    ports: tuple[ServicePort, ...] = honoured(())
    location: Location = honoured(Location.MESH_EXTERNAL)
    resolution: Resolution = honoured(Resolution.NONE)
    endpoints: tuple[WorkloadEntrySpec, ...] = honoured(())
    workload_selector: WorkloadSelector | None = honoured(None)
    export_to: tuple[str, ...] = honoured(())
    subject_alt_names: tuple[str, ...] = honoured(())


class ServiceEntryAddress(Message):
    """An automatic address of one host."""

    value: str = honoured("")
    host: str = honoured("")


class ServiceEntryStatus(Message):
    """What controllers wrote down: the automatic addresses."""

    conditions: tuple[IstioCondition, ...] = harmless(())
    validation_messages: tuple[dict[str, Any], ...] = harmless(())
    observed_generation: Int64 = harmless(0)
    addresses: tuple[ServiceEntryAddress, ...] = honoured(())


class ServiceEntry(Resource):
    """An entry in the registry of the mesh."""

    api_version: str = honoured("networking.istio.io/v1")
    kind: str = honoured("ServiceEntry")
    spec: ServiceEntrySpec = honoured(factory=lambda: ServiceEntrySpec())
    status: ServiceEntryStatus = honoured(factory=lambda: ServiceEntryStatus())
