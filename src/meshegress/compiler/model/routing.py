"""VirtualServices as the passes read them: every host name written out, delegates merged in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshegress.decision import Origin
from meshegress.resources import VirtualService
from meshegress.resources.virtual_service import (
    HTTPFaultInjection,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRewrite,
    TCPRoute,
    TLSRoute,
)

MESH_GATEWAY = "mesh"


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """A destination of a route: full host name, port where one is named, subset, weight."""

    host: str
    port: int | None
    subset: str
    weight: int


@dataclass(frozen=True, slots=True, eq=False)
class HttpEntry:
    """One entry of ``spec.http``, after its delegate was merged in."""

    name: str
    matches: tuple[HTTPMatchRequest, ...]
    targets: tuple[RouteTarget, ...]
    mirror: RouteTarget | None
    mirrors: tuple[RouteTarget, ...]
    redirect: HTTPRedirect | None
    direct_response: int | None
    fault: HTTPFaultInjection | None
    rewrite: HTTPRewrite | None
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class TcpEntry:
    """One entry of ``spec.tcp`` or ``spec.tls``."""

    route: TCPRoute | TLSRoute
    targets: tuple[RouteTarget, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedVirtualService:
    """A VirtualService whose host names are all written out."""

    namespace: str
    name: str
    created: int | None
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    http: tuple[HttpEntry, ...]
    tls: tuple[TcpEntry, ...]
    tcp: tuple[TcpEntry, ...]
    export_to: frozenset[str]
    resource: VirtualService

    def origin(self, *path: str | int) -> Origin:
        """Return where this stands in the resources; *path* is the part that matters."""
        return Origin("VirtualService", self.namespace, self.name, self.resource, path)

    def destinations(self, namespace: str) -> Mapping[str, set[int]]:
        """Return the hosts that traffic of *namespace* may be sent to, with the ports; 0 stands for no port named."""
        found: dict[str, set[int]] = {}
        entries = [entry for entry in self.http if _applies(entry, namespace)]
        targets = [target for entry in entries for target in (*entry.targets, *entry.mirrors)]
        targets += [entry.mirror for entry in entries if entry.mirror is not None]
        targets += [target for entry in (*self.tcp, *self.tls) for target in entry.targets]
        for target in targets:
            found.setdefault(target.host, set()).add(target.port or 0)
        return found


def _applies(entry: HttpEntry, namespace: str) -> bool:
    sources = [match.source_namespace for match in entry.matches if match.source_namespace]
    return not sources or namespace in sources
