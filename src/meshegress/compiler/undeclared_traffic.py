"""What happens to traffic that nothing declares: the policy, the catch-alls, the proxy's own listeners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshegress.compiler.model.drafts import single
from meshegress.compiler.model.proxy import OutboundPolicy, PolicyMode, Proxy
from meshegress.decision import Origin
from meshegress.findings import Source
from meshegress.naming import (
    ALLOW_ANY_DYNAMIC_DNS_CLUSTER,
    BLACK_HOLE_CLUSTER,
    BLOCK_ALL,
    PASSTHROUGH_CLUSTER,
    VIRTUAL_INBOUND,
    VIRTUAL_OUTBOUND,
    cluster_name,
    listener_name,
)
from meshegress.profiles import Profile
from meshegress.resources import MeshConfig, Sidecar
from meshegress.resources.mesh_config import MeshOutboundMode
from meshegress.resources.sidecar import SidecarOutboundMode
from meshegress.table import (
    EVERY_PATH,
    Cluster,
    DirectResponse,
    EndpointState,
    FilterChain,
    FilterChainMatch,
    Listener,
    ListenerKind,
    Route,
    RouteAction,
    RouteConfiguration,
    TcpProxy,
    VirtualHost,
)

ALLOW_ANY = "allow_any"
ALLOW_ANY_DYNAMIC_DNS = "allow_any_dynamic_dns"
CATCH_ALLS = frozenset({ALLOW_ANY, BLOCK_ALL, ALLOW_ANY_DYNAMIC_DNS})
HTTP_PROXY = "http_proxy"
PASSTHROUGH_FILTER_CHAIN = "PassthroughFilterChain"


@dataclass(frozen=True, slots=True)
class LoadedMesh:
    """The mesh configuration as something that decides."""

    mesh: MeshConfig
    kind: str = "MeshConfig"

    def source(self, *path: str | int) -> Source:
        """Return the place of the setting at *path*, or of the configuration where nobody wrote it."""
        return self.mesh.source(*path)


def outbound_policy(
    sidecar: Sidecar | None, mesh: MeshConfig, profile: Profile, *, mesh_source: Source | None = None
) -> OutboundPolicy:
    """Return the policy in force: the Sidecar's where it has one, even an empty one, else the mesh's.

    Source: Istio, pilot/pkg/model, initSidecarScopeInternalIndexes.
    """
    if sidecar is None or sidecar.spec.outbound_traffic_policy is None:
        mesh_origin = None
        if mesh_source is not None:
            name, setting = (mesh.root_namespace, "istio"), ("outboundTrafficPolicy", "mode")
            mesh_origin = Origin("MeshConfig", *name, LoadedMesh(mesh), setting)
        return OutboundPolicy(_mode(mesh.outbound_traffic_policy.mode, profile), origin=mesh_origin)
    policy = sidecar.spec.outbound_traffic_policy
    path = ("spec", "outboundTrafficPolicy")
    origin = Origin("Sidecar", sidecar.namespace, sidecar.name, sidecar, path)
    egress_proxy = None
    if policy.egress_proxy is not None:
        port = policy.egress_proxy.port.number if policy.egress_proxy.port is not None else 0
        egress_proxy = cluster_name(port, policy.egress_proxy.host, policy.egress_proxy.subset)
    return OutboundPolicy(_mode(policy.mode, profile), egress_proxy, origin)


def _mode(written: MeshOutboundMode | SidecarOutboundMode, profile: Profile) -> PolicyMode:
    """Return what happens under the mode *written*; all that a release does not know is ``REGISTRY_ONLY`` to it."""
    mode = PolicyMode(written.value) if written.known else PolicyMode.REGISTRY_ONLY
    if mode is PolicyMode.ALLOW_ANY_DYNAMIC_DNS and not profile.allow_any_dynamic_dns:
        return PolicyMode.REGISTRY_ONLY
    return mode


def opaque_cluster(policy: OutboundPolicy) -> str:
    """Return the cluster that undeclared bytes go to."""
    if policy.mode is PolicyMode.REGISTRY_ONLY:
        return BLACK_HOLE_CLUSTER
    return policy.egress_proxy or PASSTHROUGH_CLUSTER


def undeclared_traffic_chain(policy: OutboundPolicy) -> FilterChain:
    """Return the default chain of listeners that have none of their own."""
    proxy = TcpProxy(single(opaque_cluster(policy)))
    return FilterChain(proxy, name=PASSTHROUGH_FILTER_CHAIN, origin=policy.origin)


def catch_all_host(policy: OutboundPolicy) -> VirtualHost:
    """Return the virtual host for HTTP to hosts that nothing declares.

    Source: Istio, pilot/pkg/networking/core, buildCatchAllVirtualHost.
    """
    action: RouteAction | DirectResponse
    if policy.mode is PolicyMode.REGISTRY_ONLY:
        name, action = BLOCK_ALL, DirectResponse(502)
    elif policy.mode is PolicyMode.ALLOW_ANY:
        name, action = ALLOW_ANY, RouteAction(single(opaque_cluster(policy)))
    else:
        name, action = ALLOW_ANY_DYNAMIC_DNS, RouteAction(single(ALLOW_ANY_DYNAMIC_DNS_CLUSTER))
    route = Route(name, EVERY_PATH, action, origin=policy.origin)
    return VirtualHost(name, ("*",), (route,), origin=policy.origin)


def fixed_clusters(policy: OutboundPolicy) -> Iterator[Cluster]:
    """Yield the clusters that every sidecar has."""
    yield Cluster(PASSTHROUGH_CLUSTER, EndpointState.UNKNOWABLE)
    yield Cluster(BLACK_HOLE_CLUSTER, EndpointState.NONE)
    if policy.mode is PolicyMode.ALLOW_ANY_DYNAMIC_DNS:
        yield Cluster(ALLOW_ANY_DYNAMIC_DNS_CLUSTER, EndpointState.UNKNOWABLE)


def own_listeners(policy: OutboundPolicy, proxy: Proxy, mesh: MeshConfig) -> Iterator[Listener]:
    """Yield the listeners that are there whatever the mesh declares, in the order in which Envoy is told of them.

    Source: Istio, pilot/pkg/networking/core, listener_builder.go.
    """
    for port in proxy.reserved_ports:
        if port not in (mesh.proxy_listen_port, mesh.proxy_inbound_listen_port):
            yield Listener(None, proxy.wildcards[:1], port, kind=ListenerKind.RESERVED)
    if proxy.http_proxy_port:
        name = listener_name(proxy.loopbacks[0], proxy.http_proxy_port)
        chain = FilterChain(proxy.http_manager(HTTP_PROXY))
        yield Listener(name, proxy.loopbacks, proxy.http_proxy_port, (chain,))


def virtual_listeners(policy: OutboundPolicy, proxy: Proxy, mesh: MeshConfig) -> Iterator[Listener]:
    """Yield the listener for what no other takes, and the inbound one, which captured traffic can reach by its port."""
    if not proxy.intercepts:
        return
    address = (proxy.wildcards[0],)
    yield Listener(
        VIRTUAL_OUTBOUND,
        address,
        mesh.proxy_listen_port,
        tuple(_virtual_outbound_chains(policy, proxy, mesh)),
        http_inspector=policy.mode is PolicyMode.ALLOW_ANY_DYNAMIC_DNS,
        # Envoy's own limit: nobody sets another here, and the connection is closed after it.
        inspection_timeout_ms=15_000,
        continue_on_timeout=False,
        kind=ListenerKind.VIRTUAL_OUTBOUND,
    )
    yield Listener(VIRTUAL_INBOUND, address, mesh.proxy_inbound_listen_port, kind=ListenerKind.RESERVED)


def _virtual_outbound_chains(policy: OutboundPolicy, proxy: Proxy, mesh: MeshConfig) -> Iterator[FilterChain]:
    yield FilterChain(
        TcpProxy(single(BLACK_HOLE_CLUSTER)),
        FilterChainMatch(destination_port=mesh.proxy_listen_port),
        "virtualOutbound-blackhole",
    )
    if policy.mode is PolicyMode.ALLOW_ANY_DYNAMIC_DNS:
        yield FilterChain(
            proxy.http_manager(ALLOW_ANY_DYNAMIC_DNS),
            FilterChainMatch(application_protocols=("http/1.1", "h2c")),
            "virtualOutbound-catchall-tcp-http",
            policy.origin,
        )
    proxied = TcpProxy(single(opaque_cluster(policy)))
    yield FilterChain(proxied, name="virtualOutbound-catchall-tcp", origin=policy.origin)


def inline_routes(policy: OutboundPolicy) -> Iterator[RouteConfiguration]:
    """Yield the route configuration that stands inside the listener for what no other takes."""
    if policy.mode is PolicyMode.ALLOW_ANY_DYNAMIC_DNS:
        yield RouteConfiguration(ALLOW_ANY_DYNAMIC_DNS, (catch_all_host(policy),))
