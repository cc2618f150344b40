"""Strategies for Services of Kubernetes, the EndpointSlices, Endpoints and Pods behind them, and Namespaces."""

from __future__ import annotations

from hypothesis import strategies as st

from meshegress.resources import Endpoints, EndpointSlice, KubernetesService, Namespace, ObjectMeta, Pod
from meshegress.resources.kubernetes import (
    Container,
    ContainerPort,
    EndpointAddress,
    EndpointConditions,
    EndpointPort,
    EndpointSubset,
    KubernetesServicePort,
    KubernetesServiceSpec,
    PodCondition,
    PodIP,
    PodSpec,
    PodStatus,
    SliceEndpoint,
)
from meshegress.testing.strategies.vocabulary import (
    ADDRESSES,
    ANY_LABELS,
    ANY_NAME,
    ANY_NAMESPACE,
    ANY_PORT,
    CLUSTER_IPS,
    DOMAINS,
    KUBERNETES,
    LOCAL,
    NAMESPACES,
    rarely,
    some,
)

_PREFIX = st.sampled_from(("http", "grpc", "tcp", "tls", "https", "mongo", "x", "udp"))
_APP_PROTOCOL = st.sampled_from((None, None, "http", "kubernetes.io/h2c", "kubernetes.io/wss", "tcp", "strange"))
_EXPORT: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    ({}, {}, {"networking.istio.io/exportTo": "."}, {"networking.istio.io/exportTo": "shop,default"})
)
_PLACE = st.tuples(st.sampled_from(("api", *KUBERNETES)), st.sampled_from(NAMESPACES[:2]))
_KIND = st.sampled_from(("ClusterIP", "ClusterIP", "headless", "ExternalName"))
_EXTERNAL = st.sampled_from(DOMAINS + LOCAL)
_CLUSTER_IPS = some(st.sampled_from(CLUSTER_IPS), least=1)
_PORTS = some(ANY_PORT, most=3, least=1)
_TRUE = st.just(True)
_TARGET = st.sampled_from((None, 80, 8443, "web"))
_READY = st.sampled_from((None, True, True, False))
_V4 = some(st.sampled_from([address for address in ADDRESSES if ":" not in address]))
_V6 = some(st.sampled_from([address for address in ADDRESSES if ":" in address]))


@st.composite
def kubernetes_services(draw: st.DrawFn) -> KubernetesService:
    """Draw a Service: with cluster addresses, headless, or a name for another."""
    name, namespace = draw(_PLACE)
    kind = draw(_KIND)
    if kind == "ExternalName":
        spec = KubernetesServiceSpec(type=kind, external_name=draw(_EXTERNAL))
    else:
        chosen = draw(_CLUSTER_IPS) if kind == "ClusterIP" else ("None",)
        spec = KubernetesServiceSpec(
            cluster_ip=chosen[0],
            cluster_ips=chosen,
            ports=tuple(_port(draw, number) for number in draw(_PORTS)),
            selector=draw(ANY_LABELS),
            publish_not_ready_addresses=rarely(draw, _TRUE, False),
        )
    metadata = ObjectMeta(name=name, namespace=namespace, annotations=draw(_EXPORT))
    return KubernetesService(metadata=metadata, spec=spec)


def _port(draw: st.DrawFn, number: int) -> KubernetesServicePort:
    return KubernetesServicePort(
        port=number,
        name=f"{draw(_PREFIX)}-{number}",
        app_protocol=draw(_APP_PROTOCOL),
        protocol=rarely(draw, st.just("UDP"), "TCP"),
        target_port=draw(_TARGET),
    )


@st.composite
def endpoint_slices(draw: st.DrawFn) -> EndpointSlice:
    """Draw a part of the endpoints of a Service."""
    name, namespace = draw(_PLACE)
    is_v6 = rarely(draw, _TRUE, False)
    endpoints = tuple(
        SliceEndpoint(
            addresses=(address,),
            conditions=EndpointConditions(ready=draw(_READY)),
            hostname=rarely(draw, st.just("h")),
        )
        for address in draw(_V6 if is_v6 else _V4)
    )
    return EndpointSlice(
        metadata=ObjectMeta(name=ANY_NAME, namespace=namespace, labels={"kubernetes.io/service-name": name}),
        address_type="IPv6" if is_v6 else "IPv4",
        endpoints=endpoints,
        ports=_endpoint_ports(draw),
    )


def _endpoint_ports(draw: st.DrawFn) -> tuple[EndpointPort, ...]:
    return tuple(EndpointPort(name=f"{draw(_PREFIX)}-{number}", port=8443) for number in draw(_PORTS))


@st.composite
def endpoints(draw: st.DrawFn) -> Endpoints:
    """Draw the endpoints of a Service in the older form."""
    name, namespace = draw(_PLACE)
    ready, others = (tuple(EndpointAddress(ip=address) for address in draw(_V4)) for _ in range(2))
    subset = EndpointSubset(addresses=ready, not_ready_addresses=others, ports=_endpoint_ports(draw))
    return Endpoints(metadata=ObjectMeta(name=name, namespace=namespace), subsets=(subset,))


def namespaces() -> st.SearchStrategy[Namespace]:
    """Draw a Namespace with labels."""
    return _NAMESPACES


_NAMESPACES = st.builds(
    lambda name, labels: Namespace(metadata=ObjectMeta(name=name, labels=labels)), ANY_NAMESPACE, ANY_LABELS
)
_ADDRESS = st.sampled_from(ADDRESSES)
_STATUS = st.sampled_from(("True", "True", "False"))
_CONTAINERS = (Container(name="a", ports=(ContainerPort(name="web", container_port=8443),)),)


@st.composite
def pods(draw: st.DrawFn) -> Pod:
    """Draw a Pod that runs, which selectors find."""
    address = draw(_ADDRESS)
    return Pod(
        metadata=ObjectMeta(name=ANY_NAME, namespace=draw(ANY_NAMESPACE), labels=draw(ANY_LABELS)),
        spec=PodSpec(containers=_CONTAINERS),
        status=PodStatus(
            phase="Running",
            pod_ip=address,
            pod_ips=(PodIP(ip=address),),
            conditions=(PodCondition(type="Ready", status=draw(_STATUS)),),
        ),
    )
