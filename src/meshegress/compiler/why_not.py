"""Why a service that bears the asked-for name did not get the request: the first stage that turned it away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshegress._match import host_subset_of
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.decision import Origin


@dataclass(frozen=True, slots=True)
class OverlookedResource:
    """A resource that could have been meant, and why it was not."""

    origin: Origin
    reason: str

    def __str__(self) -> str:
        place = self.origin.host_source
        return f"{self.origin}{f' ({place})' if place else ''}: {self.reason}"


def why_not(name: str, port: int, *, index: ServiceIndex, scope: Scope) -> Iterator[OverlookedResource]:
    """Yield the services whose host covers *name* and that cannot take it on *port*, with the reason of each."""
    folded = name.lower().rstrip(".")
    hosts = {host for host in index.by_host if host_subset_of(folded, host.lower())}
    for service in index.services if hosts else ():
        if service.hostname in hosts and service.resolution is not ServiceResolution.ALIAS:
            reason = _reason(service, port, index, scope)
            if reason:
                yield OverlookedResource(service.origin(service.port(port)), reason)


def _reason(service: Service, port: int, index: ServiceIndex, scope: Scope) -> str | None:
    namespace = scope.namespace
    if not index.is_visible(service, namespace):
        exported = ", ".join(sorted(index.export_to(service)))
        return f"exists, but is not exported to namespace `{namespace}` (exportTo: {exported})"
    listener = scope.listener_for_port(port)
    if listener is None:
        return f"no egress listener of the Sidecar serves port {port}"
    same_host = [one for one in listener.services if one.hostname == service.hostname]
    if not same_host:
        sidecar = scope.sidecar
        who = f"Sidecar `{sidecar.namespace}/{sidecar.name}`" if sidecar is not None else "the default scope"
        return f"is visible, but {who} does not import it"
    if same_host[0].namespace != service.namespace:
        return f"the same host of namespace `{same_host[0].namespace}` is preferred"
    own = service.port(port)
    if own is None:
        declared = ", ".join(str(row.number) for row in service.ports) or "none"
        return f"has no port {port} (its ports: {declared})"
    return _beaten_by(service, own, same_host)


def _beaten_by(service: Service, port: RegistryPort, same_host: list[Service]) -> str | None:
    """Return which service of the same host and namespace stands before this one on *port*."""
    rivals = [one for one in same_host if one.port(port.number) is not None]
    if not rivals:
        kept = same_host[0]
        return f"a Sidecar that names exact hosts keeps one service of each: `{kept.namespace}/{kept.object_name}`"
    first, last = rivals[0], rivals[-1]
    winner = last if port.protocol.is_http else first
    if winner.resource is service.resource:
        return None
    order = "newer" if winner is last else "older"
    return f"`{winner.namespace}/{winner.object_name}` has the same host and port and is {order}"
