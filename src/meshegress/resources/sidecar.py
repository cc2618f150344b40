"""Sidecar: what a workload imports, on which listeners, and what it may do beyond."""

from __future__ import annotations

from typing import Any

from meshegress.resources._message import FrozenMap, Message, StringMap, UInt32, WireEnum, harmless, honoured
from meshegress.resources.destination_rule import ConnectionPoolSettings
from meshegress.resources.gateway import ServerTLSSettings
from meshegress.resources.metadata import Resource
from meshegress.resources.virtual_service import Destination


class WorkloadSelector(Message):
    """The labels that a workload must carry; no labels select every one of the namespace."""

    labels: StringMap = honoured(factory=FrozenMap)


class SidecarPort(Message):
    """The port of a Sidecar listener."""

    number: UInt32 = honoured(0)
    protocol: str = honoured("")
    name: str = honoured("")
    target_port: UInt32 = honoured(0)


class CaptureMode(WireEnum):
    """How traffic reaches a listener."""

    DEFAULT = "DEFAULT"
    IPTABLES = "IPTABLES"
    NONE = "NONE"


class IstioIngressListener(Message):
    """An inbound listener."""

    port: SidecarPort | None = harmless(None)
    bind: str = harmless("")
    capture_mode: CaptureMode = harmless(CaptureMode.DEFAULT)
    default_endpoint: str = harmless("")
    tls: ServerTLSSettings | None = harmless(None)
    connection_pool: ConnectionPoolSettings | None = harmless(None)


class IstioEgressListener(Message):
    """An outbound listener and the hosts that it imports."""

    port: SidecarPort | None = honoured(None)
    bind: str = honoured("")
    capture_mode: CaptureMode = honoured(CaptureMode.DEFAULT)
    hosts: tuple[str, ...] = honoured(())


class SidecarOutboundMode(WireEnum):
    """Whether unmatched traffic leaves."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"


class OutboundTrafficPolicy(Message):
    """What happens to traffic that no imported service matches."""

    mode: SidecarOutboundMode = honoured(SidecarOutboundMode.REGISTRY_ONLY)
    egress_proxy: Destination | None = honoured(None)


class SidecarSpec(Message):
    """The scope of the selected workloads."""

    workload_selector: WorkloadSelector | None = honoured(None)
    ingress: tuple[IstioIngressListener, ...] = harmless(())
    egress: tuple[IstioEgressListener, ...] = honoured(())
    inbound_connection_pool: ConnectionPoolSettings | None = harmless(None)
    outbound_traffic_policy: OutboundTrafficPolicy | None = honoured(None)


class Sidecar(Resource):
    """The configuration scope of the workloads that it selects."""

    api_version: str = honoured("networking.istio.io/v1")
    kind: str = honoured("Sidecar")
    spec: SidecarSpec = honoured(factory=lambda: SidecarSpec())
    status: Any = harmless(None)
