"""DestinationRule: the subsets of a host, and how connections to it are kept."""

from __future__ import annotations

from typing import Any, ClassVar

from meshegress.resources._message import (
    Bool,
    Double,
    Duration,
    FrozenMap,
    Int32,
    Message,
    OneOf,
    StringMap,
    UInt32,
    UInt32Map,
    UInt64,
    WireEnum,
    harmless,
    honoured,
)
from meshegress.resources.metadata import Resource
from meshegress.resources.virtual_service import PortSelector


class SimpleLB(WireEnum):
    """A plain way of choosing an endpoint."""

    UNSPECIFIED = "UNSPECIFIED"
    LEAST_CONN = "LEAST_CONN"
    RANDOM = "RANDOM"
    PASSTHROUGH = "PASSTHROUGH"
    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_REQUEST = "LEAST_REQUEST"


class CookieAttribute(Message):
    """An attribute of the cookie."""

    name: str = harmless("")
    value: str = harmless("")


class HTTPCookie(Message):
    """The cookie that is hashed."""

    name: str = harmless("")
    path: str = harmless("")
    ttl: Duration | None = harmless(None)
    attributes: tuple[CookieAttribute, ...] = harmless(())


class RingHash(Message):
    """A ring of hashes."""

    minimum_ring_size: UInt64 = harmless(0)


class MagLev(Message):
    """A Maglev table."""

    table_size: UInt64 = harmless(0)


class ConsistentHashLB(OneOf):
    """Choosing an endpoint by a hash."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("http_header_name", "http_cookie", "use_source_ip", "http_query_parameter_name"),
        ("ring_hash", "maglev"),
    )

    http_header_name: str | None = harmless(None)
    http_cookie: HTTPCookie | None = harmless(None)
    use_source_ip: Bool | None = harmless(None)
    http_query_parameter_name: str | None = harmless(None)
    ring_hash: RingHash | None = harmless(None)
    maglev: MagLev | None = harmless(None)
    minimum_ring_size: UInt64 = harmless(0)


class Distribute(Message):
    """Shares of traffic by locality."""

    from_: str = harmless("")
    to: UInt32Map = harmless(factory=FrozenMap)


class Failover(Message):
    """Where traffic goes when a region fails."""

    from_: str = harmless("")
    to: str = harmless("")


class LocalityLoadBalancerSetting(Message):
    """Preferences among localities."""

    distribute: tuple[Distribute, ...] = harmless(())
    failover: tuple[Failover, ...] = harmless(())
    failover_priority: tuple[str, ...] = harmless(())
    enabled: Bool | None = harmless(None)


class ZoneAwareFailover(Message):
    """Where traffic goes when a zone fails."""

    from_: str = harmless("")
    to: str = harmless("")


class ZoneAwareLoadBalancerSetting(Message):
    """Preferences among zones."""

    enabled: Bool | None = harmless(None)
    failover: tuple[ZoneAwareFailover, ...] = harmless(())
    failover_priority: tuple[str, ...] = harmless(())
    min_cluster_size: UInt64 | None = harmless(None)


class WarmupConfiguration(Message):
    """How a new endpoint is warmed up."""

    duration: Duration | None = harmless(None)
    minimum_percent: Double | None = harmless(None)
    aggression: Double | None = harmless(None)


class LoadBalancerSettings(OneOf):
    """How an endpoint is chosen."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("simple", "consistent_hash"),)

    simple: SimpleLB | None = honoured(None)
    consistent_hash: ConsistentHashLB | None = harmless(None)
    locality_lb_setting: LocalityLoadBalancerSetting | None = harmless(None)
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = harmless(None)
    warmup_duration_secs: Duration | None = harmless(None)
    warmup: WarmupConfiguration | None = harmless(None)


class TcpKeepalive(Message):
    """Probes of idle connections."""

    probes: UInt32 = harmless(0)
    time: Duration | None = harmless(None)
    interval: Duration | None = harmless(None)


class TCPSettings(Message):
    """Limits of connections."""

    max_connections: Int32 = harmless(0)
    connect_timeout: Duration | None = harmless(None)
    tcp_keepalive: TcpKeepalive | None = harmless(None)
    max_connection_duration: Duration | None = harmless(None)
    idle_timeout: Duration | None = harmless(None)


class H2UpgradePolicy(WireEnum):
    """Whether connections are upgraded to HTTP/2."""

    DEFAULT = "DEFAULT"
    DO_NOT_UPGRADE = "DO_NOT_UPGRADE"
    UPGRADE = "UPGRADE"


class ConnectionKeepalive(Message):
    """Pings of HTTP/2 connections."""

    interval: Duration | None = harmless(None)
    timeout: Duration | None = harmless(None)


class HTTPSettings(Message):
    """Limits of requests."""

    http1_max_pending_requests: Int32 = harmless(0)
    http2_max_requests: Int32 = harmless(0)
    max_requests_per_connection: Int32 = harmless(0)
    max_retries: Int32 = harmless(0)
    idle_timeout: Duration | None = harmless(None)
    h2_upgrade_policy: H2UpgradePolicy = honoured(H2UpgradePolicy.DEFAULT)
    use_client_protocol: Bool = honoured(False)
    max_concurrent_streams: Int32 = harmless(0)
    http2_keep_alive: ConnectionKeepalive | None = harmless(None)


class ConnectionPoolSettings(Message):
    """Limits of connections and requests."""

    tcp: TCPSettings | None = harmless(None)
    http: HTTPSettings | None = honoured(None)


class OutlierDetection(Message):
    """When an endpoint is put aside."""

    consecutive_errors: Int32 = harmless(0)
    split_external_local_origin_errors: Bool = harmless(False)
    consecutive_local_origin_failures: UInt32 | None = harmless(None)
    consecutive_gateway_errors: UInt32 | None = harmless(None)
    consecutive_5xx_errors: UInt32 | None = harmless(None)
    interval: Duration | None = harmless(None)
    base_ejection_time: Duration | None = harmless(None)
    max_ejection_percent: Int32 = harmless(0)
    min_health_percent: Int32 = harmless(0)
    outlier_detection_http_error_codes: tuple[UInt32, ...] = harmless(())


class ClientTLSMode(WireEnum):
    """Whether and how a connection is secured."""

    DISABLE = "DISABLE"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


class ClientTLSSettings(Message):
    """How the client side of TLS is made."""

    mode: ClientTLSMode = honoured(ClientTLSMode.DISABLE)
    client_certificate: str = honoured("")
    private_key: str = honoured("")
    ca_certificates: str = honoured("")
    credential_name: str = honoured("")
    subject_alt_names: tuple[str, ...] = honoured(())
    sni: str = honoured("")
    insecure_skip_verify: Bool | None = honoured(None)
    ca_crl: str = harmless("")


class PortTrafficPolicy(Message):
    """The policy of one port."""

    port: PortSelector | None = honoured(None)
    load_balancer: LoadBalancerSettings | None = honoured(None)
    connection_pool: ConnectionPoolSettings | None = honoured(None)
    outlier_detection: OutlierDetection | None = harmless(None)
    tls: ClientTLSSettings | None = honoured(None)


class TunnelSettings(Message):
    """A tunnel through the destination."""

    protocol: str = harmless("")
    target_host: str = harmless("")
    target_port: UInt32 = harmless(0)


class ProxyProtocolVersion(WireEnum):
    """A version of the PROXY header."""

    V1 = "V1"
    V2 = "V2"


class ProxyProtocol(Message):
    """The PROXY header of connections."""

    version: ProxyProtocolVersion = harmless(ProxyProtocolVersion.V1)


class RetryBudget(Message):
    """The share of requests that may be retries."""

    percent: Double | None = harmless(None)
    min_retry_concurrency: UInt32 = harmless(0)
    budget_interval: Duration | None = harmless(None)


class TrafficPolicy(Message):
    """How connections to a host are balanced, pooled and secured."""

    load_balancer: LoadBalancerSettings | None = honoured(None)
    connection_pool: ConnectionPoolSettings | None = honoured(None)
    outlier_detection: OutlierDetection | None = harmless(None)
    tls: ClientTLSSettings | None = honoured(None)
    port_level_settings: tuple[PortTrafficPolicy, ...] = honoured(())
    tunnel: TunnelSettings | None = harmless(None)
    proxy_protocol: ProxyProtocol | None = harmless(None)
    retry_budget: RetryBudget | None = harmless(None)


class Subset(Message):
    """A named part of a host, by labels."""

    name: str = honoured("")
    labels: StringMap = honoured(factory=FrozenMap)
    traffic_policy: TrafficPolicy | None = honoured(None)


class PolicySelector(Message):
    """The labels that a workload must carry."""

    match_labels: StringMap = honoured(factory=FrozenMap)


class DestinationRuleSpec(Message):
    """The host, its subsets and its policies."""

    host: str = honoured("")
    traffic_policy: TrafficPolicy | None = honoured(None)
    subsets: tuple[Subset, ...] = honoured(())
    export_to: tuple[str, ...] = honoured(())
    workload_selector: PolicySelector | None = honoured(None)


class DestinationRule(Resource):
    """The policies of a host after routing."""

    api_version: str = honoured("networking.istio.io/v1")
    kind: str = honoured("DestinationRule")
    spec: DestinationRuleSpec = honoured(factory=lambda: DestinationRuleSpec())
    status: Any = harmless(None)
