"""What a proxy is told about: its egress listeners and what each of them imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meshegress.compiler.model.hosts import Overlaps
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.services import RegistryPort, Service
from meshegress.resources import Sidecar


@dataclass(frozen=True, slots=True, eq=False)
class EgressListener:
    """One egress listener of a Sidecar, or the one of the default scope, and what it imports."""

    port: RegistryPort | None
    bind: str
    capture_none: bool
    services: Sequence[Service]
    virtual_services: Sequence[ResolvedVirtualService]
    #: Service host, in its own case, to the VirtualService that names it most closely.
    closest: Mapping[str, ResolvedVirtualService]
    #: The VirtualServices that route what is not HTTP, by host.
    opaque: Overlaps[ResolvedVirtualService]


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What a proxy is told about, per egress listener and as a whole.

    ``services`` are those that get clusters, one for each host, with the ports of mergeable ones together.
    """

    namespace: str
    sidecar: Sidecar | None
    listeners: tuple[EgressListener, ...]
    services: Mapping[str, Service]

    def listener_for_port(self, port: int, bind: str = "") -> EgressListener | None:
        """Return the egress listener whose routes serve *port* (0: the socket or proxy at *bind*)."""
        for listener in self.listeners:
            if listener.port is None:
                return listener
            if listener.port.number == port and (port or listener.bind == bind):
                return listener
        return None
