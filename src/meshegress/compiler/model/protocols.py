"""Port protocols as Istio classes them."""

from __future__ import annotations

from enum import Enum


class Protocol(Enum):
    """The protocol of a port; ``AUTO`` is one that is not said, and is found out from the first bytes."""

    TCP = "TCP"
    UDP = "UDP"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-Web"
    HTTP = "HTTP"
    HTTP_PROXY = "HTTP_PROXY"
    HTTP2 = "HTTP2"
    HTTPS = "HTTPS"
    TLS = "TLS"
    MONGO = "Mongo"
    REDIS = "Redis"
    MYSQL = "MySQL"
    AUTO = "UnsupportedProtocol"

    # Members are one of a kind, and looked up for every port: the hash of any object is several times as fast.
    __hash__ = object.__hash__

    # Set for each member below the class.
    is_http: bool
    is_tcp: bool
    is_tls: bool
    is_http_or_auto: bool


_HTTP = {Protocol.HTTP, Protocol.HTTP2, Protocol.HTTP_PROXY, Protocol.GRPC, Protocol.GRPC_WEB}
_TLS = {Protocol.HTTPS, Protocol.TLS}
_TCP = {Protocol.TCP, Protocol.MONGO, Protocol.REDIS, Protocol.MYSQL} | _TLS

for _member in Protocol:
    _member.is_http = _member in _HTTP
    _member.is_tcp = _member in _TCP
    _member.is_tls = _member in _TLS
    _member.is_http_or_auto = _member in _HTTP or _member is Protocol.AUTO

#: The class of protocols for which another one on the same port is turned away.
WELL_KNOWN_TCP = frozenset({Protocol.MONGO, Protocol.MYSQL})

_BY_NAME = {member.value.lower(): member for member in Protocol if member is not Protocol.AUTO}


def parse_protocol(text: str | None) -> Protocol:
    """Return the protocol that *text* names in any case, ``AUTO`` where it names none.

    Source: Istio, pkg/config/protocol, Parse.

    >>> parse_protocol("https"), parse_protocol(""), parse_protocol("hbone")
    (<Protocol.HTTPS: 'HTTPS'>, <Protocol.AUTO: 'UnsupportedProtocol'>, <Protocol.AUTO: 'UnsupportedProtocol'>)
    """
    return _BY_NAME.get(text.lower(), Protocol.AUTO) if text else Protocol.AUTO


_APPLICATION_PROTOCOLS: dict[str | None, Protocol] = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}

# Ports on which clients wait for the server to speak first: sniffing them would hang.
_SERVER_FIRST = frozenset({25, 53, 3306, 27017})


def kubernetes_protocol(number: int, name: str, protocol: str | None, application: str | None) -> Protocol:
    """Return the protocol of a port of a Kubernetes Service: by ``appProtocol``, else by the prefix of its name.

    Source: Istio, pkg/config/kube, ConvertProtocol.

    >>> kubernetes_protocol(80, "http-web", "TCP", None), kubernetes_protocol(3306, "", "TCP", None)
    (<Protocol.HTTP: 'HTTP'>, <Protocol.TCP: 'TCP'>)
    """
    if protocol == "UDP":
        return Protocol.UDP
    if application in _APPLICATION_PROTOCOLS:
        return _APPLICATION_PROTOCOLS[application]
    said = (name if application is None else application).lower()
    said = "grpc-web" if said.startswith("grpc-web") else said.partition("-")[0]
    found = parse_protocol(said)
    if found is Protocol.AUTO and number in _SERVER_FIRST:
        return Protocol.TCP
    return found
