"""Entries of one host that do not merge: which field differs, and which ports have no cluster for it."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress.compiler.model.evidence import Evidence
from meshegress.compiler.model.merging import differing_fields
from meshegress.compiler.model.services import Service, ServiceResolution
from meshegress.compiler.why_not.precedence import taken_first
from meshegress.decision import Origin
from meshegress.decision.reasons import Reason, ReasonCode


def lost_ports(holder: Service, other: Service, evidence: Evidence, *, is_certain: bool = True) -> Reason | None:
    """Return why the ports of *other* have no cluster although *holder* of the same host has; None where they merge.

    Where it is not *is_certain* which of the two Istio takes first, the sentence says that too.
    """
    fields = differing_fields(holder, other)
    if not fields:
        return None
    known = {port.number for port in holder.ports}
    lost = ", ".join(str(port.number) for port in other.firsts if port.number not in known)
    name = f"{holder.resource.kind} `{holder.namespace}/{holder.object_name}`"
    if holder.is_kubernetes and not other.is_kubernetes:
        sentence = (
            f"{name} has the host `{holder.hostname}`, so the further ports of this entry ({lost}) have no cluster; "
            "declare the port there, or give the entry a host of its own"
        )
        return Reason(ReasonCode.SERVICE_HOLDS_HOST, sentence, other.origin(other.ports[0]))
    before = taken_first(holder, other, evidence.index)
    if not is_certain:
        before = "may be taken first"
    sentence = (
        f"does not merge with {name}, which {before}: they differ in {', '.join(fields)}, "
        f"so port {lost} of this entry has no cluster; make them equal there, or write one entry with all ports"
    )
    return Reason(ReasonCode.NOT_MERGED, sentence, other.origin(other.ports[0]))


def why_may_be_missing(host: str, port: int, evidence: Evidence) -> Iterator[Reason]:
    """Yield why the cluster of *host* on *port* may not exist: another entry of the host may be taken first."""
    holder = evidence.scope.services.get(host)
    if holder is None:
        return
    for other in evidence.services_of([host]):
        if other.hostname == host and other.resource is not holder.resource and other.port(port) is None:
            reason = lost_ports(other, holder, evidence, is_certain=False)
            if reason is not None and reason.code is ReasonCode.NOT_MERGED:
                yield reason


def why_other_cluster(governor: Origin, owner: Origin, host: str, evidence: Evidence) -> Iterator[Reason]:
    """Yield why the cluster of *host* is *owner*'s where the chain is *governor*'s: both declare the host."""
    if governor.kind not in _DECLARING or (governor.kind, governor.namespace, governor.name) == _named(owner):
        return
    services = [service for service in evidence.services_of([host]) if service.hostname == host]
    theirs = {(row.resource.kind, row.namespace, row.object_name): row for row in services}
    own, other = theirs.get(_named(governor)), theirs.get(_named(owner))
    if own is None or other is None:
        return
    told = f"the filter chain is that of {governor}, the cluster that of {owner}, which "
    told += taken_first(other, own, evidence.index)
    if own.resolution is not other.resolution:
        told += (
            f": its resolution {other.resolution.value} holds{_means(other)}, and {own.resolution.value} of {governor} "
            "counts for nothing"
        )
    yield Reason(ReasonCode.CLUSTER_OF_ANOTHER, told)


_DECLARING = frozenset({"ServiceEntry", "Service"})


def _named(origin: Origin) -> tuple[str, str, str]:
    return origin.kind, origin.namespace, origin.name


def _means(service: Service) -> str:
    if service.resolution is ServiceResolution.PASSTHROUGH:
        return " (the address that the client dialed is kept)"
    return " (names are resolved by the proxy)" if service.resolution.is_dns else ""
