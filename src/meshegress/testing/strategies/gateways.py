"""Strategies for Gateways, which no sidecar reads: they must change nothing."""

from __future__ import annotations

from hypothesis import strategies as st

from meshegress.resources import Gateway
from meshegress.resources.gateway import GatewaySpec, Port, Server, ServerTLSMode, ServerTLSSettings
from meshegress.testing.strategies.vocabulary import ANY_LABELS, ANY_PORT, METADATA, hosts, some

_PROTOCOL = st.sampled_from(("HTTP", "HTTPS", "TLS", "TCP"))
_HOSTS = some(st.just("*") | hosts(), least=1)
_PORTS = some(ANY_PORT, least=1)
_CERTIFICATE = ServerTLSSettings(mode=ServerTLSMode.SIMPLE, credential_name="edge")


@st.composite
def gateways(draw: st.DrawFn) -> Gateway:
    """Draw a Gateway with a few servers."""
    servers = tuple(_server(number, draw(_PROTOCOL), draw(_HOSTS)) for number in draw(_PORTS))
    return Gateway(metadata=draw(METADATA), spec=GatewaySpec(selector=draw(ANY_LABELS), servers=servers))


def _server(number: int, protocol: str, chosen: tuple[str, ...]) -> Server:
    tls = _CERTIFICATE if protocol in ("HTTPS", "TLS") else None
    return Server(port=Port(number=number, name=f"p-{number}", protocol=protocol), hosts=chosen, tls=tls)
