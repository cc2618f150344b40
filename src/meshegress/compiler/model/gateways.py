"""Servers of Gateways as one gateway proxy runs them: those that live, by listener."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from meshegress.compiler.model.protocols import Protocol, parse_protocol
from meshegress.decision import Origin
from meshegress.naming import listener_name
from meshegress.resources import Gateway
from meshegress.resources.gateway import Server, ServerTLSMode

ANY_HOST = "*"
_PASSING = frozenset({ServerTLSMode.PASSTHROUGH, ServerTLSMode.AUTO_PASSTHROUGH})


@dataclass(frozen=True, slots=True, eq=False)
class LiveServer:
    """A server of a Gateway on one resolved port; ``place`` is its index in ``spec.servers``.

    ``port`` is the port listened on, ``number`` the one written. ``hosts`` are ``namespace/host`` or bare hosts.
    """

    gateway: Gateway
    place: int
    server: Server
    number: int
    port: int
    protocol: Protocol
    hosts: tuple[str, ...]

    @property
    def gateway_name(self) -> str:
        """The namespace and name of the Gateway, as VirtualServices list it."""
        return f"{self.gateway.namespace}/{self.gateway.name}"

    @property
    def bind(self) -> str:
        """The address that the server asks for, empty for any."""
        return self.server.bind

    @property
    def has_tls(self) -> bool:
        """Whether the server has TLS settings, be they only a redirect."""
        return self.server.tls is not None

    @property
    def redirects(self) -> bool:
        """Whether plain HTTP is redirected to HTTPS."""
        return self.server.tls is not None and self.server.tls.https_redirect

    @property
    def passes_tls(self) -> bool:
        """Whether TLS is passed on as it comes."""
        return self.server.tls is not None and self.server.tls.mode in _PASSING

    @property
    def mode(self) -> ServerTLSMode | None:
        """The TLS mode, None for a server without TLS."""
        return self.server.tls.mode if self.server.tls is not None else None

    @property
    def is_plain(self) -> bool:
        """Whether clients speak in the clear: there is no TLS, or the port's protocol is one of HTTP's."""
        return self.protocol.is_http or not self.has_tls

    @property
    def ends_https(self) -> bool:
        """Whether TLS is terminated and HTTP read inside."""
        return self.protocol is Protocol.HTTPS and self.has_tls and not self.passes_tls

    @property
    def bare_hosts(self) -> tuple[str, ...]:
        """The hosts without their namespaces, each once."""
        return tuple(dict.fromkeys(host.rpartition("/")[2] for host in self.hosts))

    @property
    def server_names(self) -> tuple[str, ...]:
        """The server names of a chain that terminates TLS; none where any name will do."""
        return () if ANY_HOST in self.bare_hosts else self.bare_hosts

    def hosts_for(self, namespace: str) -> tuple[str, ...]:
        """Return the hosts that VirtualServices of *namespace* may serve, without namespaces."""
        split = (host.rpartition("/") for host in self.hosts)
        return tuple(host for owner, _, host in split if owner in ("", namespace))

    @property
    def route_config(self) -> str:
        """The name of the route configuration; empty where no HTTP is read.

        Source: Istio, pilot/pkg/model, gatewayRDSRouteName.
        """
        bind = f".{self.bind}" if self.bind else ""
        if self.protocol.is_http:
            return f"http.{self.port}{bind}"
        if self.ends_https:
            port = self.server.port
            name = port.name if port is not None else ""
            return f"https.{self.number}.{name}.{self.gateway.name}.{self.gateway.namespace}{bind}"
        return ""

    @property
    def origin(self) -> Origin:
        """Where the server stands in the resources."""
        path = ("spec", "servers", self.place)
        gateway = self.gateway
        return Origin("Gateway", gateway.namespace, gateway.name, gateway, (*path, "hosts"), (*path, "port"))

    def __str__(self) -> str:
        return f"server {self.place + 1} of Gateway `{self.gateway_name}`"


@dataclass(frozen=True, slots=True)
class DroppedServer:
    """A server that does not live, and why."""

    server: LiveServer
    reason: str


@dataclass(frozen=True, slots=True)
class ServerPort:
    """What servers of one chain group share: the port listened on, the protocol as written and the address."""

    port: int
    protocol: str
    bind: str

    def listener(self, wildcard: str) -> str:
        """Return the name of the listener."""
        return listener_name(self.bind or wildcard, self.port)


@dataclass(frozen=True, eq=False)
class MergedServers:
    """The servers that live, by port in the order of first use, and by route configuration."""

    groups: dict[ServerPort, list[LiveServer]]
    by_route_config: dict[str, list[LiveServer]]
    dropped: tuple[DroppedServer, ...]

    @cached_property
    def gateways(self) -> tuple[str, ...]:
        """The Gateways that have a server here, by name."""
        return tuple(dict.fromkeys(one.gateway_name for group in self.groups.values() for one in group))


def server_protocol(server: Server) -> Protocol:
    """Return the protocol of *server*'s port."""
    return parse_protocol(server.port.protocol if server.port is not None else "")
