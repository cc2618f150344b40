"""What leaves a proxy through a cluster: how endpoints are found, the version of HTTP, the transport, whom it dials.

Envoy's nouns again: frozen, printable, comparable. A table has the names of clusters; these details are compiled when
somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from meshegress.decision import Origin

#: In ``ClusterDetails.ports``: the port that the client dialled, or that of the request itself.
ORIGINAL_PORT, REQUEST_PORT = "original", "request"
MESH_TLS = "istio"


class Discovery(Enum):
    """How a cluster finds its endpoints."""

    EDS = "EDS"
    STRICT_DNS = "STRICT_DNS"
    LOGICAL_DNS = "LOGICAL_DNS"
    ORIGINAL_DST = "ORIGINAL_DST"
    DYNAMIC_FORWARD_PROXY = "DYNAMIC_FORWARD_PROXY"


class UpstreamHttp(Enum):
    """The version of HTTP that a cluster speaks; ``DOWNSTREAM`` is the one that the client spoke."""

    HTTP1 = "http1"
    HTTP2 = "http2"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """TLS that a proxy originates.

    ``sni`` is the configured one, with ``auto_sni`` the request's Host stands for it. ``certificate`` is the client's:
    ``none``, ``istio``, ``file:CERT,KEY`` or ``credential:NAME``; ``validation`` of the server's: ``none``, ``istio``,
    ``system``, ``file:CA`` or ``credential:NAME``. ``names`` are the subject names demanded, with ``auto_names`` also
    the request's Host.
    """

    sni: str | None = None
    auto_sni: bool = False
    alpn: tuple[str, ...] = ()
    certificate: str = "none"
    validation: str = "none"
    names: tuple[str, ...] = ()
    auto_names: bool = False

    @property
    def is_mesh_tls(self) -> bool:
        """Whether it is the mesh's own mutual TLS, with Istio's certificate."""
        return self.certificate == MESH_TLS

    def as_dict(self) -> dict[str, Any]:
        """Return the transport as JSON-ready values."""
        return {
            "mode": "tls",
            "sni": self.sni,
            "auto_sni": self.auto_sni,
            "alpn": list(self.alpn),
            "certificate": self.certificate,
            "validation": self.validation,
            "names": list(self.names),
            "auto_names": self.auto_names,
        }

    def __str__(self) -> str:
        sni = "SNI of the request's Host" if self.auto_sni else f"SNI `{self.sni}`" if self.sni else "no SNI"
        kind = "the mesh's mutual TLS" if self.is_mesh_tls else "TLS"
        shown = "" if self.is_mesh_tls else f", certificate {self.certificate}, validation {self.validation}"
        return f"{kind}, {sni}{shown}"


@dataclass(frozen=True, slots=True)
class TransportMatch:
    """A transport for the endpoints whose TLS mode is ``tls_mode``, or for any (None)."""

    name: str
    tls_mode: str | None
    transport: Transport | None


@dataclass(frozen=True, slots=True, order=True)
class ClusterEndpoint:
    """An address behind a cluster: an IP address, or a name to resolve; ``tls_mode`` is ``istio`` or None."""

    address: str
    port: int
    tls_mode: str | None = field(default=None, compare=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterDetails:
    """All that leaves a proxy through one cluster.

    ``transport`` None is plaintext, or what ``matches`` say for each endpoint. ``ports`` are numbers, ``original`` or
    ``request``. ``rule`` is the DestinationRule behind it, with the place of its TLS settings as ``host_source``.
    """

    name: str
    discovery: Discovery
    http: UpstreamHttp
    transport: Transport | None = None
    matches: tuple[TransportMatch, ...] = ()
    alpn_filter: bool = True
    external: bool = False
    rule: Origin | None = field(default=None, compare=False)
    ports: tuple[int | str, ...] = ()
    endpoints: tuple[ClusterEndpoint, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    def transport_to(self, tls_mode: str | None) -> Transport | None:
        """Return the transport to an endpoint with this TLS mode."""
        for match in self.matches:
            if match.tls_mode in (None, tls_mode):
                return match.transport
        return self.transport

    def as_dict(self) -> dict[str, Any]:
        """Return the cluster as JSON-ready values."""
        shown: dict[str, Any] = {
            "name": self.name,
            "discovery": self.discovery.value,
            "http": self.http.value,
            "transport": None if self.transport is None else self.transport.as_dict(),
            "alpn_filter": self.alpn_filter,
            "external": self.external,
            "ports": list(self.ports),
            "endpoints": [{"address": e.address, "port": e.port, "tls_mode": e.tls_mode} for e in self.endpoints],
        }
        if self.matches:
            shown["matches"] = [
                {
                    "name": match.name,
                    "when": {} if match.tls_mode is None else {"tlsMode": match.tls_mode},
                    "transport": None if match.transport is None else match.transport.as_dict(),
                }
                for match in self.matches
            ]
        if self.rule is not None:
            shown["rule"] = f"{self.rule.namespace}/{self.rule.name}"
        return shown

    def __str__(self) -> str:
        ports = ", ".join(map(str, self.ports)) or "none"
        lines = [self.name, f"  discovery   {self.discovery.value}", f"  http        {self.http.value}"]
        if self.matches:
            for match in self.matches:
                who = f"endpoints with tlsMode {match.tls_mode}" if match.tls_mode else "other endpoints"
                lines.append(f"  transport   {match.transport or 'plaintext'} to {who}")
        else:
            lines.append(f"  transport   {self.transport or 'plaintext'}")
        lines.append(f"  ports       {ports}")
        lines += [f"  endpoint    {one.address}:{one.port}" for one in self.endpoints]
        if self.rule is not None:
            place = self.rule.host_source
            lines.append(f"  rule        {self.rule}{f' ({place})' if place else ''}")
        lines += [f"  note        {note}" for note in self.notes]
        return "\n".join(lines)
