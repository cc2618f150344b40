"""Why a service that bears the asked-for name did not get the request: the first stage that turned it away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network

from meshegress.compiler.model.addresses import all_addresses, service_address
from meshegress.compiler.model.evidence import Asked, Evidence, addresses_of
from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.scopes import EgressListener
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.compiler.why_not.external_names import why_alias
from meshegress.compiler.why_not.precedence import age_of, taken_first
from meshegress.decision import Origin
from meshegress.decision.reasons import Reason, ReasonCode

_SHOWN = 3


def overlooked_services(asked: Asked, evidence: Evidence, governor: Origin | None = None) -> Iterator[Reason]:
    """Yield of each service that stands for an asked name why it did not take the request.

    The *governor*, whose word counts, lost nothing.
    """
    services = _one_each(evidence.services_of(asked.names))
    others = [service for service in services if governor is None or not _is_behind(service, governor)]
    # Whoever has the port says more than whoever has not.
    for service in sorted(others, key=lambda service: service.port(asked.port) is None):
        reason = why_not_served(service, asked, evidence)
        if reason is not None:
            yield reason


def services_at(asked: Asked, evidence: Evidence) -> Iterator[Reason]:
    """Yield of each service at the asked address why it did not take the request: its ports, or who may see it."""
    if asked.address is None:
        return
    for service in _one_each(evidence.services_at(asked.address)):
        reason = why_not_served(service, asked, evidence)
        if reason is not None:
            yield reason


def same_short_name(asked: Asked, evidence: Evidence) -> Iterator[Reason]:
    """Yield the services of other namespaces that a short name, asked for and declared by nobody, could mean."""
    short = asked.names[0] if asked.names else "."
    if "." in short:
        return
    meant = f"{short}.{evidence.namespace}."
    full = next((name for name in asked.names if name.startswith(meant)), short)
    others = [
        service
        for host, owners in evidence.index.by_host.items()
        if host.startswith(f"{short}.")
        for service in owners.values()
        if service.is_kubernetes and evidence.index.is_visible(service, evidence.namespace)
    ]
    for service in others[:_SHOWN]:
        told = f"`{short}` is `{full}` to this workload, and this is `{service.name}.{service.namespace}`"
        yield Reason(ReasonCode.OTHER_NAMESPACE, told, service.origin())


def why_not_served(service: Service, asked: Asked, evidence: Evidence) -> Reason | None:
    """Return the first stage at which *service* was turned away, None where nothing stands against it."""
    if service.resolution is ServiceResolution.ALIAS:
        return why_alias(service, asked.port, evidence)
    hidden = why_not_visible(service, asked.port, evidence)
    if hidden is not None:
        return hidden
    port = service.port(asked.port)
    if port is None:
        declared = ", ".join(str(row.number) for row in service.firsts) or "none"
        told = f"`{service.hostname}` is known on port {declared}, not on {asked.port}"
        return Reason(ReasonCode.PORT_NOT_DECLARED, told, service.origin())
    return (
        _speaks_otherwise(service, port, asked)
        or _beaten_by(service, port, evidence)
        or _elsewhere(service, port, asked, evidence)
    )


def why_not_visible(service: Service, port: int, evidence: Evidence) -> Reason | None:
    """Return why the workload does not know *service*, None where it does."""
    origin = service.origin(service.port(port))
    namespace = evidence.namespace
    if not evidence.index.is_visible(service, namespace):
        exported = ", ".join(sorted(evidence.index.export_to(service)))
        told = f"exists, but is not exported to namespace `{namespace}` (exportTo: {exported})"
        return Reason(ReasonCode.NOT_EXPORTED, told, origin)
    listener = evidence.scope.listener_for_port(port)
    if listener is None:
        told = f"no egress listener of {evidence.importer} serves port {port}"
        return Reason(ReasonCode.NOT_IMPORTED, told, origin)
    same_host = _same_host(listener, service)
    if not same_host:
        if listener.port is not None and service.port(port) is None:
            return None  # a listener of one port leaves out whoever does not have it, whatever it imports
        told = f"is visible, but {evidence.importer} does not import it"
        return Reason(ReasonCode.NOT_IMPORTED, told, origin)
    if same_host[0].namespace != service.namespace:
        return _other_namespace(service, same_host[0], evidence, port)
    return None


def is_imported(host: str, evidence: Evidence) -> bool:
    """Return whether the workload may see some service of *host*."""
    owners = evidence.index.by_host.get(host, {})
    return any(evidence.index.is_visible(service, evidence.namespace) for service in owners.values())


def who_has_the_port(cluster_host: str, asked: Asked, governor: Origin | None, evidence: Evidence) -> Iterator[Reason]:
    """Yield why bytes for an asked name end at *cluster_host*: they bear no name, and it has all of the port."""
    own = [
        service
        for service in evidence.services_of(asked.names)
        if service.port(asked.port) is not None and why_not_visible(service, asked.port, evidence) is None
    ]
    holder = evidence.scope.services.get(cluster_host)
    if holder is None or governor is None or _has_address(cluster_host, asked, evidence):
        return
    told = f"TCP bears no name: {governor} has all of port {asked.port}"
    if own:
        told += f", since it {taken_first(holder, own[0], evidence.index)}"
    speaks = "" if asked.speaks == "bytes" else f" (this request speaks {asked.speaks}, and the port is read as bytes)"
    told += f"{speaks}; give the entries addresses, or capture DNS"
    yield Reason(ReasonCode.NO_NAME_ON_THE_WIRE, told)


def who_is_http(asked: Asked, evidence: Evidence) -> Iterator[Reason]:
    """Yield why CONNECT is not let through: the port is read as HTTP, because a service declares it so."""
    listener = evidence.scope.listener_for_port(asked.port)
    rows = [(row, row.port(asked.port)) for row in listener.services] if listener is not None else []
    http = [(row, port) for row, port in rows if port is not None and port.protocol.is_http_or_auto]
    at_address = [(row, port) for row, port in http if asked.address is not None and _is_at(row, asked.address)]
    for service, port in (at_address or http)[:1]:
        told = (
            f"CONNECT has no route on a port that is read as HTTP, and {_declared(service, port)}; "
            "declare it as TCP (a Service: `appProtocol: tcp`, or a name such as `tcp-proxy`) to let the bytes through"
        )
        yield Reason(ReasonCode.CONNECT, told, service.origin(port))


def _has_address(host: str, asked: Asked, evidence: Evidence) -> bool:
    """Return whether the address that is asked is one of *host*'s, so that nobody wonders where the request goes."""
    owners = evidence.index.by_host.get(host, {}).values()
    return asked.address is not None and any(_is_at(service, asked.address) for service in owners)


def _other_namespace(service: Service, preferred: Service, evidence: Evidence, port: int) -> Reason:
    name = f"{preferred.resource.kind} `{preferred.namespace}/{preferred.object_name}`"
    told = f"{name} of namespace `{preferred.namespace}` has the same host and is preferred"
    if preferred.namespace == evidence.namespace:
        told = f"{name} has the same host and is preferred: it is of the workload's own namespace"
    if preferred.port(port) is None:
        declared = ", ".join(str(row.number) for row in preferred.firsts)
        told += f"; it has no port {port} (its ports: {declared})"
    return Reason(ReasonCode.OTHER_NAMESPACE, told, service.origin(service.port(port)))


def _same_host(listener: EgressListener, service: Service) -> list[Service]:
    return [row for row in listener.services if row.hostname == service.hostname]


def _beaten_by(service: Service, port: RegistryPort, evidence: Evidence) -> Reason | None:
    """Return which service of the same host and namespace stands before this one on *port*."""
    listener = evidence.scope.listener_for_port(port.number)
    same_host = _same_host(listener, service) if listener is not None else []
    rivals = [row for row in same_host if row.port(port.number) is not None]
    origin = service.origin(port)
    if not rivals:
        kept = same_host[0] if same_host else service
        told = f"a Sidecar that names exact hosts keeps one service of each: `{kept.namespace}/{kept.object_name}`"
        return Reason(ReasonCode.OTHER_RESOURCE, told, origin)
    first, last = rivals[0], rivals[-1]
    winner = last if port.protocol.is_http else first
    if winner.resource is service.resource:
        return None
    name = f"{winner.resource.kind} `{winner.namespace}/{winner.object_name}`"
    if winner is first:
        told = f"{name} has the same host and port, and {taken_first(winner, service, evidence.index)}"
    else:
        told = f"{name} has the same host and port, and of HTTP ports the last counts: it {_later(winner, service)}"
    return Reason(ReasonCode.OTHER_RESOURCE, told, origin)


def _later(winner: Service, service: Service) -> str:
    told = age_of(service, winner)
    return {"is older": "is newer", "is newer": "is older"}.get(told, told.replace("comes first", "comes later"))


def _speaks_otherwise(service: Service, port: RegistryPort, asked: Asked) -> Reason | None:
    """Return that the port is declared for another protocol than the request speaks."""
    said, origin = _declared(service, port), service.origin(port)
    if port.protocol.is_tls and asked.speaks == "HTTP":
        told = f"this request is plain HTTP, and {said}: only TLS that shows the name is matched there"
        return Reason(ReasonCode.PLAIN_HTTP_ON_TLS, told, origin)
    if port.protocol.is_http and asked.speaks == "TLS":
        told = f"this request is TLS, and {said}: the host inside is not seen there"
        return Reason(ReasonCode.TLS_ON_HTTP, told, origin)
    if port.protocol.is_http and asked.speaks == "bytes":
        told = f"these bytes are not HTTP, and {said}: nothing else is matched there"
        return Reason(ReasonCode.BYTES_ON_HTTP, told, origin)
    return None


def _declared(service: Service, port: RegistryPort) -> str:
    by_name = f" by its name `{port.name}`" if service.is_kubernetes and port.name else ""
    return f"port {port.number} is declared as {port.protocol.value}{by_name}"


def _elsewhere(service: Service, port: RegistryPort, asked: Asked, evidence: Evidence) -> Reason | None:
    """Return that the service takes the port at its own addresses, and the request goes to another."""
    if _is_headless(service, port, evidence):
        return _at_endpoints(service, port, asked, evidence)
    addresses = [row for row in all_addresses(service, evidence.proxy) if row != UNSPECIFIED]
    if port.protocol.is_http or asked.address is None or not addresses or _covers(addresses, asked.address):
        return None
    shown = ", ".join(addresses[:_SHOWN])
    told = f"takes port {port.number} at {shown} alone, and this request goes to {asked.address}"
    if asked.address in service.cluster_vips:
        told += (
            ", its address of the other family: istiod listens on both only with `ISTIO_DUAL_STACK` in its own "
            "environment (in proxyMetadata alone it does nothing)"
        )
    return Reason(ReasonCode.OTHER_ADDRESS, told, service.origin(port))


def _is_headless(service: Service, port: RegistryPort, evidence: Evidence) -> bool:
    """Return whether listeners stand on the addresses of the service's endpoints: a headless Service, a NONE entry."""
    return (
        service.resolution is ServiceResolution.PASSTHROUGH
        and not port.protocol.is_http
        and service_address(service, evidence.proxy) == UNSPECIFIED
    )


def _at_endpoints(service: Service, port: RegistryPort, asked: Asked, evidence: Evidence) -> Reason | None:
    """Return that the service, which has no address of its own, takes the port at those of its endpoints alone."""
    endpoints = evidence.endpoints.by_port_number(service.key, port.number)
    addresses = [row.address for row in endpoints if row.is_ip]
    if not endpoints and not service.is_kubernetes and service.selector is None:
        return None
    if asked.address in addresses:
        return None
    told = f"has no address of its own, so port {port.number} is taken at those of its endpoints alone"
    told += f" ({', '.join(addresses[:_SHOWN])})" if addresses else ", and none is given"
    return Reason(ReasonCode.OTHER_ADDRESS, f"{told}; this request goes to {asked.address}", service.origin(port))


def _is_at(service: Service, address: str) -> bool:
    return _covers(list(addresses_of(service)), address)


def _covers(addresses: Sequence[str], address: str) -> bool:
    return any(ip_address(address) in ip_network(text, strict=False) for text in addresses)


def _is_behind(service: Service, origin: Origin) -> bool:
    return (service.resource.kind, service.namespace, service.object_name) == (
        origin.kind,
        origin.namespace,
        origin.name,
    )


def _one_each(services: Iterator[Service]) -> Iterator[Service]:
    """Yield the first of the services that one resource makes of one host, one for each address."""
    seen: set[tuple[int, str]] = set()
    for service in services:
        key = (id(service.resource), service.hostname)
        if key not in seen:
            seen.add(key)
            yield service
