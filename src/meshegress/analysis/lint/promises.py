"""Promises: what a client of each declared host and port would send must reach the entry's own cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from meshegress.analysis.lint.survey import Seat
from meshegress.compiler.model.protocols import Protocol, parse_protocol
from meshegress.decision import Decision, Outcome
from meshegress.naming import ClusterName
from meshegress.request import Request, WireProtocol
from meshegress.resources import ServiceEntry

#: Where clients speak TLS, whatever is declared.
TLS_PORTS = frozenset({443, 6443, 8443})
_LABEL = "some-name"
_BROKEN = frozenset({Outcome.NO_CLUSTER, Outcome.NO_ENDPOINTS, Outcome.NO_ROUTE})


class Kept(Enum):
    """What became of a promise."""

    KEPT = "kept"
    BROKEN = "broken"  #: it is taken and ends nowhere
    ELSEWHERE = "elsewhere"  #: it goes to another cluster, or is undeclared traffic


@dataclass(frozen=True, slots=True)
class Promise:
    """What a client of a host and port would send."""

    host: str
    place: int
    port: int
    declared: Protocol
    request: Request

    @property
    def is_odd(self) -> bool:
        """Whether clients of the port speak TLS while the port is declared as plaintext HTTP."""
        return self.declared.is_http and self.request.is_tls

    def kept(self, decision: Decision) -> Kept:
        """Return what *decision* makes of it; where the routes of a VirtualService lead is told of that."""
        governor = decision.governed_by
        if governor is not None and governor.kind == "VirtualService":
            return Kept.KEPT
        if decision.outcome in _BROKEN:
            return Kept.BROKEN
        cluster = ClusterName.parse(decision.cluster) if decision.cluster else None
        is_own = cluster is not None and cluster.host.lower() == self.host.lower()
        return Kept.KEPT if is_own else Kept.ELSEWHERE


def promises_of(entry: ServiceEntry) -> Iterator[Promise]:
    """Yield what clients of *entry* would send: one request for each host and port that a name can ask for."""
    for place, port in enumerate(entry.spec.ports):
        protocol = parse_protocol(port.protocol)
        for host in entry.spec.hosts:
            request = _request(entry, host, port.number, protocol)
            if request is not None:
                yield Promise(host, place, port.number, protocol, request)


def ask(seat: Seat, promise: Promise) -> Decision:
    """Return what becomes of *promise* for the workloads of *seat*."""
    return seat.egress.decide(promise.request)


def _request(entry: ServiceEntry, host: str, port: int, protocol: Protocol) -> Request | None:
    name = _LABEL + host[1:] if host.startswith("*") else host
    address = next((one for one in entry.spec.addresses if "/" not in one), None)
    if port == 0 or port > 65535 or host == "*" or protocol is Protocol.UDP:
        return None
    if protocol.is_tls or (protocol.is_http and port in TLS_PORTS):
        return Request.tls(name, port=port, address=address)
    if protocol is Protocol.HTTP_PROXY:
        return None
    if protocol.is_http:
        version = WireProtocol.HTTP if protocol is Protocol.HTTP else WireProtocol.HTTP2
        host_header = name if port == 80 else f"{name}:{port}"
        return Request.http(host_header, port=port, address=address, protocol=version)
    return Request.tcp(address, port) if address is not None else None
