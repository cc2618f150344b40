"""MeshConfig: the settings of the whole mesh, with the defaults of Istio."""

from __future__ import annotations

from typing import Any, ClassVar

from meshegress.resources._message import (
    Bool,
    Duration,
    FrozenMap,
    Int32,
    Message,
    StringMap,
    WireEnum,
    harmless,
    honoured,
    unsupported,
)


class IngressControllerMode(WireEnum):
    """Which Ingress resources count."""

    UNSPECIFIED = "UNSPECIFIED"
    OFF = "OFF"
    DEFAULT = "DEFAULT"
    STRICT = "STRICT"


class AccessLogEncoding(WireEnum):
    """The shape of access-log lines."""

    TEXT = "TEXT"
    JSON = "JSON"


class MeshOutboundMode(WireEnum):
    """Whether unmatched traffic leaves."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"
    ALLOW_ANY_DYNAMIC_DNS = "ALLOW_ANY_DYNAMIC_DNS"

    @classmethod
    def numbers(cls) -> tuple[int, ...]:
        """Return the wire number of each member; the API leaves gaps."""
        return (0, 1, 3)


class MeshOutboundTrafficPolicy(Message):
    """What sidecars do with traffic that no service matches; written empty it is ``REGISTRY_ONLY``."""

    mode: MeshOutboundMode = honoured(MeshOutboundMode.REGISTRY_ONLY)
    tls: dict[str, Any] | None = harmless(None)


class InboundTrafficMode(WireEnum):
    """Whether inbound traffic keeps its address."""

    PASSTHROUGH = "PASSTHROUGH"
    LOCALHOST = "LOCALHOST"


class InboundTrafficPolicy(Message):
    """Where inbound traffic goes."""

    mode: InboundTrafficMode = harmless(InboundTrafficMode.PASSTHROUGH)


class MeshH2UpgradePolicy(WireEnum):
    """Whether connections are upgraded to HTTP/2."""

    DO_NOT_UPGRADE = "DO_NOT_UPGRADE"
    UPGRADE = "UPGRADE"


class LabelSelectorRequirement(Message):
    """A condition on one label."""

    key: str = honoured("")
    operator: str = honoured("")
    values: tuple[str, ...] = honoured(())


class LabelSelector(Message):
    """Conditions on labels."""

    match_labels: StringMap = honoured(factory=FrozenMap)
    match_expressions: tuple[LabelSelectorRequirement, ...] = honoured(())


class NormalizationType(WireEnum):
    """A degree of making paths plain."""

    DEFAULT = "DEFAULT"
    NONE = "NONE"
    BASE = "BASE"
    MERGE_SLASHES = "MERGE_SLASHES"
    DECODE_AND_MERGE_SLASHES = "DECODE_AND_MERGE_SLASHES"


class ProxyPathNormalization(Message):
    """How paths are made plain before they are matched."""

    normalization: NormalizationType = honoured(NormalizationType.DEFAULT)


class Visibility(WireEnum):
    """A degree of visibility."""

    VISIBILITY_UNSPECIFIED = "VISIBILITY_UNSPECIFIED"
    NONE = "NONE"
    NAMESPACE = "NAMESPACE"
    PUBLIC = "PUBLIC"


class MatchRule(Message):
    """A condition on a ServiceEntry."""

    namespace_selector: LabelSelector | None = honoured(None)


class VisibilityPolicy(Message):
    """The visibility of what its rules match."""

    visibility: Visibility = honoured(Visibility.VISIBILITY_UNSPECIFIED)
    matching_rules: tuple[MatchRule, ...] = honoured(())


class ServiceEntryVisibility(Message):
    """Who sees ServiceEntries without exportTo."""

    default_visibility: Visibility = honoured(Visibility.VISIBILITY_UNSPECIFIED)
    apply_to_sidecars: Bool = honoured(False)
    policies: tuple[VisibilityPolicy, ...] = honoured(())


class InterceptionMode(WireEnum):
    """How connections are brought to a proxy."""

    REDIRECT = "REDIRECT"
    TPROXY = "TPROXY"
    NONE = "NONE"


class ConnectionSettings(Message):
    """How a proxy treats connections."""

    OTHERS_HARMLESS: ClassVar[bool] = True

    http_headers_with_underscores_action: Any = unsupported(None)
    http_merge_slashes: Any = unsupported(None)
    http_path_with_escaped_slashes_action: Any = unsupported(None)


class ProxyConfig(Message):
    """The settings of proxies: the environment of each, which its own metadata goes before."""

    OTHERS_HARMLESS: ClassVar[bool] = True

    proxy_metadata: StringMap = honoured(factory=FrozenMap)
    interception_mode: InterceptionMode = honoured(InterceptionMode.REDIRECT)
    custom_config_file: str = unsupported("")
    runtime_values: StringMap = unsupported(factory=FrozenMap)
    connection_settings: ConnectionSettings | None = honoured(None)


class Settings(Message):
    """What holds of some services."""

    cluster_local: Bool = honoured(False)


class ServiceSettings(Message):
    """The settings of the services of some hosts."""

    settings: Settings | None = honoured(None)
    hosts: tuple[str, ...] = honoured(())


class MeshConfig(Message):
    """The settings of the mesh; a field that is absent has the default of Istio."""

    proxy_listen_port: Int32 = honoured(15001)
    proxy_inbound_listen_port: Int32 = honoured(15006)
    proxy_http_port: Int32 = honoured(0)
    connect_timeout: Duration | None = harmless(None)
    hbone_idle_timeout: Duration | None = harmless(None)
    protocol_detection_timeout: Duration = honoured("0s")
    tcp_keepalive: dict[str, Any] | None = harmless(None)
    ingress_class: str = harmless("")
    ingress_service: str = harmless("")
    ingress_controller_mode: IngressControllerMode = harmless(IngressControllerMode.UNSPECIFIED)
    ingress_selector: str = harmless("")
    enable_tracing: Bool = harmless(False)
    access_log_file: str = honoured("")
    access_log_format: str = honoured("")
    access_log_encoding: AccessLogEncoding = honoured(AccessLogEncoding.TEXT)
    enable_envoy_access_log_service: Bool = harmless(False)
    disable_envoy_listener_log: Bool = harmless(False)
    default_config: ProxyConfig | None = honoured(None)
    outbound_traffic_policy: MeshOutboundTrafficPolicy = honoured(
        factory=lambda: MeshOutboundTrafficPolicy(mode=MeshOutboundMode.ALLOW_ANY)
    )
    inbound_traffic_policy: InboundTrafficPolicy | None = harmless(None)
    config_sources: tuple[dict[str, Any], ...] = harmless(())
    enable_auto_mtls: Bool | None = honoured(None)
    trust_domain: str = honoured("cluster.local")
    trust_domain_aliases: tuple[str, ...] = harmless(())
    ca_certificates: tuple[dict[str, Any], ...] = harmless(())
    default_service_export_to: tuple[str, ...] = honoured(("*",))
    default_virtual_service_export_to: tuple[str, ...] = honoured(("*",))
    default_destination_rule_export_to: tuple[str, ...] = honoured(("*",))
    root_namespace: str = honoured("istio-system")
    locality_lb_setting: dict[str, Any] | None = harmless(None)
    zone_aware_lb_setting: dict[str, Any] | None = harmless(None)
    dns_refresh_rate: Duration | None = harmless(None)
    h2_upgrade_policy: MeshH2UpgradePolicy = honoured(MeshH2UpgradePolicy.DO_NOT_UPGRADE)
    inbound_cluster_stat_name: str = harmless("")
    outbound_cluster_stat_name: str = honoured("")
    certificates: tuple[dict[str, Any], ...] = harmless(())
    service_settings: tuple[ServiceSettings, ...] = honoured(())
    service_scope_configs: tuple[dict[str, Any], ...] = harmless(())
    enable_prometheus_merge: Bool | None = harmless(None)
    verify_certificate_at_client: Bool | None = harmless(None)
    ca: dict[str, Any] | None = harmless(None)
    extension_providers: tuple[dict[str, Any], ...] = harmless(())
    default_providers: dict[str, Any] | None = harmless(None)
    discovery_selectors: tuple[LabelSelector, ...] = unsupported(())
    path_normalization: ProxyPathNormalization | None = honoured(None)
    default_http_retry_policy: dict[str, Any] | None = harmless(None)
    mesh_mtls: dict[str, Any] | None = harmless(None, alias="meshMTLS")
    tls_defaults: dict[str, Any] | None = harmless(None)
    default_traffic_policy: dict[str, Any] | None = harmless(None)
    service_entry_visibility: ServiceEntryVisibility | None = honoured(None)
