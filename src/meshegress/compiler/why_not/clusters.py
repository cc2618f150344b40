"""Why a cluster that a route or a chain sends to does not exist, or has nothing behind it."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress._match import host_subset_of
from meshegress.compiler.model.evidence import Evidence
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.compiler.why_not.endpoints import why_no_endpoints
from meshegress.compiler.why_not.external_names import why_alias
from meshegress.compiler.why_not.merging import lost_ports, why_may_be_missing
from meshegress.compiler.why_not.services import is_imported, why_not_visible
from meshegress.compiler.why_not.subsets import why_no_subset
from meshegress.decision import Origin
from meshegress.decision.reasons import Reason, ReasonCode
from meshegress.naming import ClusterName
from meshegress.resources import VirtualService

_SHOWN = 3


def why_missing(wanted: ClusterName, governor: Origin | None, evidence: Evidence) -> Iterator[Reason]:
    """Yield why there is no cluster *wanted*, to which a route or chain of *governor* sends."""
    holder = evidence.scope.services.get(wanted.host)
    if holder is None:
        yield from _without_service(wanted, governor, evidence)
        return
    port = holder.port(wanted.port)
    if port is None:
        yield from _without_port(holder, wanted.port, evidence)
    elif wanted.subset and not _names_subset(holder, wanted.subset, evidence):
        yield from why_no_subset(holder, wanted.subset, evidence)
    elif (reason := _never_a_cluster(holder, port)) is not None or (
        (reason := why_empty(wanted, evidence)) is not None and holder.resolution.is_dns
    ):
        yield reason
    else:
        yield from why_may_be_missing(wanted.host, wanted.port, evidence)


def why_empty(wanted: ClusterName, evidence: Evidence) -> Reason | None:
    """Return why nothing stands behind the cluster *wanted*, None where its service or port is not there."""
    service = evidence.scope.services.get(wanted.host)
    port = service.port(wanted.port) if service is not None else None
    if service is None or port is None:
        return None
    rule = evidence.rule_of(service) if wanted.subset else None
    labels = next((each.labels for each, _ in rule.subsets if each.name == wanted.subset), {}) if rule else {}
    return why_no_endpoints(service, port, wanted.subset, labels, evidence)


def _names_subset(service: Service, subset: str, evidence: Evidence) -> bool:
    rule = evidence.rule_of(service)
    return rule is not None and any(each.name == subset for each, _ in rule.subsets)


def _never_a_cluster(service: Service, port: RegistryPort) -> Reason | None:
    if port.protocol is Protocol.UDP:
        return Reason(ReasonCode.NO_CLUSTER_FOR_PORT, f"port {port.number} is UDP, of which a sidecar has no cluster")
    if service.resolution is ServiceResolution.DYNAMIC_DNS and service.hostname.startswith("*"):
        told = (
            f"has resolution DYNAMIC_DNS, of which port {port.number} ({port.protocol.value}) gets no cluster in a "
            "sidecar of this release"
        )
        return Reason(ReasonCode.NO_CLUSTER_FOR_PORT, told, service.origin(port))
    return None


def _without_port(holder: Service, number: int, evidence: Evidence) -> Iterator[Reason]:
    """Yield which other service of the host has the port and lost it; else that nobody declares it."""
    lost = False
    for other in _others(holder, evidence):
        if other.port(number) is not None:
            lost = True
            yield why_not_visible(other, number, evidence) or _lost(holder, other, evidence)
    if not lost:
        declared = ", ".join(str(port.number) for port in holder.firsts) or "none"
        told = f"`{holder.hostname}` does not declare port {number} (its ports: {declared})"
        yield Reason(ReasonCode.PORT_NOT_DECLARED, told, holder.origin())


def _lost(holder: Service, other: Service, evidence: Evidence) -> Reason:
    reason = lost_ports(holder, other, evidence)
    if reason is not None:
        return reason
    told = f"{holder.resource.kind} `{holder.namespace}/{holder.object_name}` has the host, and its ports alone count"
    return Reason(ReasonCode.OTHER_RESOURCE, told, other.origin())


def _others(holder: Service, evidence: Evidence) -> Iterator[Service]:
    """Yield one service of each other resource that declares the host of *holder*."""
    seen = {id(holder.resource)}
    for other in evidence.services_of([holder.hostname]):
        if other.hostname == holder.hostname and id(other.resource) not in seen:
            seen.add(id(other.resource))
            yield other


def _without_service(wanted: ClusterName, governor: Origin | None, evidence: Evidence) -> Iterator[Reason]:
    """Yield why no service that the workload knows has the host."""
    owners = evidence.index.by_host.get(wanted.host, {})
    for service in owners.values():
        if service.resolution is ServiceResolution.ALIAS:
            yield why_alias(service, wanted.port, evidence)
        else:
            told = f"declares the host, but {evidence.importer} does not import it"
            unseen = Reason(ReasonCode.NOT_IMPORTED, told, service.origin())
            yield why_not_visible(service, wanted.port, evidence) or unseen
    if not owners:
        yield Reason(ReasonCode.UNDECLARED_DESTINATION, _nobody_declares(wanted, governor, evidence), governor)


def _nobody_declares(wanted: ClusterName, governor: Origin | None, evidence: Evidence) -> str:
    host = wanted.host
    written = _written(host, governor, evidence)
    told = f"sends to `{host}`, which no resource declares"
    if written is not None and governor is not None:
        told = (
            f"sends to `{written}`, a short name, which is `{host}` in a VirtualService of namespace "
            f"`{governor.namespace}`, and no resource declares that"
        )
    hints = list(_near(host, written, evidence))[:_SHOWN]
    return f"{told}; {'; '.join(hints)}" if hints else told


def _written(host: str, governor: Origin | None, evidence: Evidence) -> str | None:
    """Return the short name that the VirtualService behind *governor* wrote for *host*, None where it wrote it out."""
    resource = governor.resource if governor is not None else None
    if not isinstance(resource, VirtualService):
        return None
    names = _destinations(resource)
    return next((name for name in names if name != host and evidence.full_name(name, resource.namespace) == host), None)


def _destinations(resource: VirtualService) -> Iterator[str]:
    spec = resource.spec
    http = [row.destination for route in spec.http for row in route.route]
    opaque = [row.destination for routes in (spec.tls, spec.tcp) for route in routes for row in route.route]
    yield from (row.host for row in (*http, *opaque) if row is not None)


def _near(host: str, written: str | None, evidence: Evidence) -> Iterator[str]:
    """Yield what could have been meant: the same in another case, in other namespaces, a wildcard that covers it."""
    short = written or host.partition(".")[0]
    for other in evidence.index.by_host:
        if other.lower() == host.lower():
            yield f"`{other}` differs in case alone"
        elif other.startswith("*") and host_subset_of(host, other):
            yield f"`{other}` covers it, but a destination must be declared by its own name"
        elif written is not None and other.startswith(f"{short}.") and is_imported(other, evidence):
            yield f"`{other}` is declared: write that name in full"
