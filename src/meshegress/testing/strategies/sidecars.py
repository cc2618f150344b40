"""Strategies for Sidecars: listeners with ports and without, selectors, policies."""

from __future__ import annotations

from hypothesis import strategies as st

from meshegress.resources import Sidecar
from meshegress.resources.sidecar import (
    CaptureMode,
    IstioEgressListener,
    OutboundTrafficPolicy,
    SidecarOutboundMode,
    SidecarPort,
    SidecarSpec,
    WorkloadSelector,
)
from meshegress.resources.virtual_service import Destination, PortSelector
from meshegress.testing.strategies.vocabulary import ANY_LABELS, ANY_PORT, METADATA, hosts, names, rarely, some

_PROTOCOL = st.sampled_from(("HTTP", "TCP", "TLS", "HTTPS", "HTTP_PROXY", "MONGO", ""))
_BIND = st.sampled_from(("127.0.0.1", "10.0.0.1", "0.0.0.0", "::1"))
_CAPTURE = st.sampled_from(tuple(CaptureMode))
_SELECTOR = ANY_LABELS.map(lambda drawn: WorkloadSelector(labels=drawn))
_IMPORT = st.tuples(st.sampled_from(("*", ".", "shop", "default")), st.just("*") | hosts()).map("/".join)
_IMPORTS = some(_IMPORT, most=3, least=1)
_TRUE = st.just(True)
_PORTS = st.just(()) | some(ANY_PORT, least=1)
_MODE = st.sampled_from(tuple(SidecarOutboundMode))


@st.composite
def sidecars(draw: st.DrawFn) -> Sidecar:
    """Draw a Sidecar for a namespace, or for some of its workloads."""
    listeners = [_listener(draw, number) for number in draw(_PORTS)]
    if not listeners or draw(st.booleans()):
        listeners.append(IstioEgressListener(hosts=draw(_IMPORTS)))
    spec = SidecarSpec(
        workload_selector=rarely(draw, _SELECTOR),
        egress=tuple(listeners),
        outbound_traffic_policy=_policy(draw) if rarely(draw, _TRUE, False) else None,
    )
    return Sidecar(metadata=draw(METADATA), spec=spec)


def _listener(draw: st.DrawFn, number: int) -> IstioEgressListener:
    return IstioEgressListener(
        port=SidecarPort(number=number, protocol=draw(_PROTOCOL), name=f"p-{number}"),
        bind=rarely(draw, _BIND, ""),
        capture_mode=rarely(draw, _CAPTURE, CaptureMode.DEFAULT),
        hosts=draw(_IMPORTS),
    )


def _policy(draw: st.DrawFn) -> OutboundTrafficPolicy:
    mode = draw(_MODE)
    if mode is not SidecarOutboundMode.ALLOW_ANY or draw(st.booleans()):
        return OutboundTrafficPolicy(mode=mode)
    proxy = Destination(host=draw(names()), port=PortSelector(number=draw(ANY_PORT)))
    return OutboundTrafficPolicy(mode=mode, egress_proxy=proxy)
