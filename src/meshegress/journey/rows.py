"""The rows of a journey: what is sent, and where it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from meshegress.decision import Decision
from meshegress.request import Request
from meshegress.table.outgoing import MESH_TLS, ClusterDetails

#: Where a row goes: an endpoint's address, a name to resolve, the original destination, the name in the request.
TO_ADDRESS, TO_NAME, TO_ORIGINAL, TO_REQUEST = "address", "name", "original", "request"
#: What a row carries: an HTTP request, read by the proxy or not; the application's own TLS; other bytes.
CARRIES_REQUEST, CARRIES_TLS, CARRIES_BYTES = "request", "tls", "bytes"
#: Where a journey ends.
AT_CLIENT, AT_GATEWAY, BEYOND = "client", "gateway", "beyond"

TROUBLES = {
    "tls_in_tls": "the application's TLS is wrapped in a second TLS, which the proxy originates",
    "tls_without_sni": "the proxy originates TLS and shows no server name",
    "plaintext_to_443": "a request goes to port 443 in the clear",
    "mesh_tls_outside": "the mesh's mutual TLS goes to a host outside of the mesh",
    "hop1_tls_unended": "the TLS that the sidecar opened is not ended at the gateway, but sent on",
}
"""What makes a destination answer hardly, though the proxies are content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireTransport:
    """TLS as it stands on the wire: server name, ALPN, the client's certificate, what is demanded of the server's."""

    sni: str | None
    alpn: tuple[str, ...]
    certificate: str
    validation: str
    names: tuple[str, ...]

    @property
    def is_mesh_tls(self) -> bool:
        """Whether it is the mesh's own mutual TLS."""
        return self.certificate == MESH_TLS

    def as_dict(self) -> dict[str, Any]:
        """Return the transport as JSON-ready values."""
        return {
            "sni": self.sni,
            "alpn": list(self.alpn),
            "certificate": self.certificate,
            "validation": self.validation,
            "names": list(self.names),
        }

    def __str__(self) -> str:
        kind = "the mesh's mutual TLS" if self.is_mesh_tls else "TLS"
        return f"{kind} with {f'SNI `{self.sni}`' if self.sni else 'no SNI'}"


@dataclass(frozen=True, slots=True)
class End:
    """Where a journey ends, with what the application gets and what the sidecar's log says.

    ``status`` is None where the destination answers or the connection is just closed, ``flags`` where the sidecar does
    not read HTTP or nobody knows. ``trouble`` are keys of :data:`TROUBLES`.
    """

    at: str
    outcome: str
    status: int | None = None
    flags: str | None = None
    trouble: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the end as JSON-ready values."""
        shown: dict[str, Any] = {"at": self.at, "outcome": self.outcome, "status": self.status, "flags": self.flags}
        return {**shown, "trouble": list(self.trouble)} if self.trouble else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What leaves a proxy towards one endpoint: to whom, how, and with what inside.

    Where it reaches a gateway, ``gateway`` is its name, ``hop2`` its decision and ``leaves`` what it sends on.
    ``cluster_details`` say where each setting comes from.
    """

    cluster: str
    to: str
    address: str
    port: int
    transport: WireTransport | None
    carries: str
    http: str | None = None
    host: str | None = None
    path: str | None = None
    inner_sni: str | None = None
    weight: int | None = None
    gateway: str | None = None
    hop2: Decision | None = None
    leaves: tuple[Sent, ...] = ()
    end: End | None = None
    cluster_details: ClusterDetails | None = field(default=None, compare=False)
    arrives: Request | None = field(default=None, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        shown: dict[str, Any] = {
            "cluster": self.cluster,
            "to": self.to,
            "address": self.address,
            "port": self.port,
            "transport": None if self.transport is None else self.transport.as_dict(),
            "carries": self.carries,
        }
        if self.weight is not None:
            shown["weight"] = self.weight
        if self.carries == CARRIES_REQUEST:
            shown |= {"http": self.http, "host": self.host, "path": self.path}
        if self.carries == CARRIES_TLS:
            shown["inner_sni"] = self.inner_sni
        if self.gateway is not None and self.hop2 is not None:
            shown |= {
                "gateway": self.gateway,
                "hop2": self.hop2.as_dict(),
                "leaves": [row.as_dict() for row in self.leaves],
            }
        if self.end is not None:
            shown["end"] = self.end.as_dict()
        return shown
