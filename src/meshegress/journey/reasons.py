"""Why a journey ends where it does: sentences that name the missing piece, and where the pieces stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from meshegress._match import host_subset_of
from meshegress.decision import Outcome
from meshegress.gateway import EgressGateway
from meshegress.journey.rows import AT_GATEWAY, TROUBLES, Sent
from meshegress.journey.whole import Journey
from meshegress.resources import VirtualService

MESH = "mesh"


class Sidecar(Protocol):
    """What is asked of the sidecar."""

    def why_no_cluster(self, name: str) -> str | None:
        """Return why there is no cluster *name*."""


def reasons_of(
    journey: Journey,
    *,
    sidecar: Sidecar,
    gateways: Mapping[str, EgressGateway],
    virtual_services: Sequence[VirtualService],
) -> tuple[str, ...]:
    """Return why *journey* ends where it does, or will trouble the destination; nothing where all is well."""
    found = [*_at_client(journey, sidecar)]
    for row in journey.sent:
        gateway = gateways.get(row.gateway) if row.gateway is not None else None
        if gateway is not None and row.end is not None and row.end.at == AT_GATEWAY:
            found += _at_gateway(row, gateway)
        found += _of_trouble(row)
    if not journey.gateways and journey.end is None:
        found += _by_pass(journey, virtual_services)
    return tuple(dict.fromkeys(found))


def _at_client(journey: Journey, sidecar: Sidecar) -> Iterator[str]:
    clusters = [one.cluster for one in journey.hop1.destinations] or [journey.hop1.cluster or ""]
    for cluster in clusters:
        reason = sidecar.why_no_cluster(cluster)
        if reason is not None and (journey.end is not None or journey.hop1.destinations):
            yield f"the sidecar has no cluster `{cluster}`: {reason}"


def _at_gateway(row: Sent, gateway: EgressGateway) -> Iterator[str]:
    hop2 = row.hop2
    if hop2 is None or row.arrives is None:
        return
    if hop2.outcome is Outcome.NO_CLUSTER and hop2.cluster is not None:
        yield f"the gateway has no cluster `{hop2.cluster}`: {gateway.why_no_cluster(hop2.cluster)}"
        return
    if hop2.outcome is Outcome.NO_ENDPOINTS:
        yield (
            f"the gateway knows no endpoint behind `{hop2.cluster}`: a host of resolution NONE needs endpoints there, "
            "and one of DYNAMIC_DNS serves HTTP alone"
        )
        return
    yield from _of_transport(row, gateway)
    notes = gateway.explain(row.arrives).notes
    yield from notes
    if not notes and hop2.outcome is Outcome.NO_LISTENER:
        yield f"no Gateway opens port {row.port} of the gateway's Pod for traffic"


def _of_transport(row: Sent, gateway: EgressGateway) -> Iterator[str]:
    """Yield what does not fit between the TLS that the sidecar opens and the TLS that the server wants."""
    on_port = [server for server in gateway.servers if server.port == row.port]
    wants_mesh_tls = [server for server in on_port if server.has_tls and not server.passes_tls]
    rule = row.cluster_details.rule if row.cluster_details is not None else None
    if wants_mesh_tls and row.transport is None and row.hop2 is not None:
        yield (
            f"{wants_mesh_tls[0]} ({wants_mesh_tls[0].origin.host_source}) wants the mesh's mutual TLS, and no "
            f"DestinationRule makes the sidecar use ISTIO_MUTUAL for `{row.cluster}`"
        )
    elif wants_mesh_tls and row.transport is not None:
        hosts = ", ".join(wants_mesh_tls[0].bare_hosts)
        place = f" ({rule}, {rule.host_source})" if rule is not None else ""
        yield (
            f"the sidecar shows SNI `{row.transport.sni}`{place}, and {wants_mesh_tls[0]} has the hosts {hosts}: "
            "the rule for the gateway's Service needs `sni` with one of them"
        )
    elif on_port and not any(server.has_tls for server in on_port) and row.transport is not None:
        place = f" ({rule}, {rule.host_source})" if rule is not None else ""
        yield f"the sidecar opens TLS{place}, and {on_port[0]} ({on_port[0].origin.host_source}) is in the clear"


def _of_trouble(row: Sent) -> Iterator[str]:
    for name in row.end.trouble if row.end is not None else ():
        for leaving in row.leaves or (row,):
            details = leaving.cluster_details
            rule = details.rule if details is not None else None
            if rule is not None and leaving.transport is not None:
                yield f"{TROUBLES[name]} to {leaving.address}:{leaving.port}: {rule} ({rule.host_source}) demands it"
            elif name == "plaintext_to_443":
                yield f"no DestinationRule that counts here originates TLS for {leaving.address}:{leaving.port}"
            notes: Iterable[str] = details.notes if details is not None else ()
            yield from notes


def _by_pass(journey: Journey, virtual_services: Sequence[VirtualService]) -> Iterator[str]:
    """Yield which VirtualServices lead this host over a gateway, where the journey passes all gateways by."""
    name = journey.request.name or journey.request.sni or journey.request.host or ""
    for row in virtual_services:
        others = [gateway for gateway in row.spec.gateways if gateway != MESH]
        if not others or not any(host_subset_of(name, host) for host in row.spec.hosts):
            continue
        who = f"VirtualService `{row.namespace}/{row.name}` ({row.source('spec', 'gateways')})"
        if MESH not in row.spec.gateways:
            yield f"{who} does not list `{MESH}` among its gateways, so no sidecar heeds it: the gateway is passed by"
        elif journey.hop1.governed_by is None or journey.hop1.governed_by.name != row.name:
            yield (
                f"{who} leads this host over {', '.join(others)}, and the sidecar does not follow: it is not exported "
                "to this workload, or no ServiceEntry of the host is visible here, or none of its rules fits the port"
            )
