"""Why a VirtualService that names the asked-for host did not route the request."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress._match import host_subset_of
from meshegress.compiler.model.evidence import Asked, Evidence
from meshegress.compiler.model.routing import MESH_GATEWAY, ResolvedVirtualService
from meshegress.decision import Origin
from meshegress.decision.reasons import Reason, ReasonCode

#: What each kind of request is routed by.
_ROUTED_BY = {"HTTP": "http", "TLS": "tls", "bytes": "tcp"}


def overlooked_virtual_services(asked: Asked, evidence: Evidence) -> Iterator[Reason]:
    """Yield of each VirtualService for an asked name why it did not route the request."""
    names = [name.lower().rstrip(".") for name in asked.names]
    for row in evidence.virtual_services:
        hosts = [host.lower() for host in row.hosts]
        if any(host_subset_of(name, host) for name in names for host in hosts if host != "*"):
            yield _why_not(row, asked, evidence)


def _why_not(row: ResolvedVirtualService, asked: Asked, evidence: Evidence) -> Reason:
    origin = row.origin("spec", "hosts")
    namespace = evidence.namespace
    if row.gateways and MESH_GATEWAY not in row.gateways:
        named = ", ".join(f"`{name}`" for name in row.resource.spec.gateways)
        told = f"names the host, but is bound to {named} alone; sidecars look at it only with `mesh` among its gateways"
        return Reason(ReasonCode.NOT_FOR_SIDECARS, told, origin)
    if not _is_exported(row, namespace):
        exported = ", ".join(sorted(row.export_to))
        told = f"names the host, but is not exported to namespace `{namespace}` (exportTo: {exported})"
        return Reason(ReasonCode.NOT_EXPORTED, told, origin)
    listener = evidence.scope.listener_for_port(asked.port)
    if listener is None or all(each.resource is not row.resource for each in listener.virtual_services):
        return Reason(ReasonCode.NOT_IMPORTED, f"names the host, but {evidence.importer} does not import it", origin)
    if not _is_listened(asked, evidence):
        told = (
            f"is imported and names the host, but no imported service makes a listener on port {asked.port}, "
            "and without one no route is looked at"
        )
        return Reason(ReasonCode.ROUTE_WITHOUT_LISTENER, told, origin)
    return _of_other_protocol(row, asked, origin)


def _of_other_protocol(row: ResolvedVirtualService, asked: Asked, origin: Origin) -> Reason:
    wanted = _ROUTED_BY[asked.speaks]
    written = [name for name in ("http", "tls", "tcp") if getattr(row, name)]
    if wanted in written:
        told = f"names the host, and its `{wanted}` routes are not those that this port or address leads to"
    else:
        told = f"routes {', '.join(f'`{name}`' for name in written)}, and this request needs `{wanted}`"
    return Reason(ReasonCode.ROUTE_OF_OTHER_PROTOCOL, told, origin)


def _is_exported(row: ResolvedVirtualService, namespace: str) -> bool:
    exported = row.export_to
    return "*" in exported or namespace in exported or ("." in exported and row.namespace == namespace)


def _is_listened(asked: Asked, evidence: Evidence) -> bool:
    """Return whether some imported service has the port, of a protocol that the request's routes need."""
    listener = evidence.scope.listener_for_port(asked.port)
    ports = (service.port(asked.port) for service in listener.services) if listener is not None else ()
    wants_http = asked.speaks == "HTTP"
    return any(port is not None and (port.protocol.is_http_or_auto or not wants_http) for port in ports)
