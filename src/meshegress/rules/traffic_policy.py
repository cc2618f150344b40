"""TrafficPolicy and its parts, wherever they stand: DestinationRules, subsets, ports, Sidecars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from meshegress.profiles import Profile
from meshegress.resources.destination_rule import (
    ClientTLSMode,
    ClientTLSSettings,
    ConnectionPoolSettings,
    H2UpgradePolicy,
    HTTPSettings,
    OutlierDetection,
    PortTrafficPolicy,
    TCPSettings,
    TrafficPolicy,
    TunnelSettings,
)
from meshegress.resources.shape import shown
from meshegress.rules.load_balancer import load_balancer_problems
from meshegress.rules.names import domain_fault, duration_fault, is_address, nanoseconds, port_fault
from meshegress.rules.problem import Path, Problem, Problems, errors_only, fault, warning


def traffic_policy_problems(policy: TrafficPolicy | None, path: Path, namespace: str, profile: Profile) -> Problems:
    """Judge *policy* at *path* in an object of *namespace*."""
    if policy is None:
        return
    if _is_empty(policy, profile):
        yield Problem(path, "the policy says nothing", "remove it, or give it a field")
        return
    if policy.tunnel is not None and policy.proxy_protocol is not None:
        yield Problem(path, "tunnel and proxyProtocol exclude each other", "keep one")
        return
    yield from _common_problems(policy, path, namespace, profile)
    for index, port in enumerate(policy.port_level_settings):
        yield from errors_only(_port_problems(port, (*path, "portLevelSettings", index), namespace, profile))
    if policy.tunnel is not None:
        yield from _tunnel_problems(policy.tunnel, (*path, "tunnel"))
    if policy.proxy_protocol is not None and not policy.proxy_protocol.version.known:
        yield Problem((*path, "proxyProtocol", "version"), "there are versions V1 and V2", "write V1 or V2")


def _is_empty(policy: TrafficPolicy, profile: Profile) -> bool:
    given: list[object] = [policy.outlier_detection, policy.connection_pool, policy.load_balancer, policy.tls,
                           policy.tunnel, policy.proxy_protocol]  # fmt: skip
    if profile.retry_budget_known:
        given.append(policy.retry_budget)
    return not policy.port_level_settings and all(value is None for value in given)


def _common_problems(
    policy: TrafficPolicy | PortTrafficPolicy, path: Path, namespace: str, profile: Profile
) -> Problems:
    yield from _outlier_problems(policy.outlier_detection, (*path, "outlierDetection"))
    yield from connection_pool_problems(policy.connection_pool, (*path, "connectionPool"), profile)
    has_outlier = policy.outlier_detection is not None
    balancer = policy.load_balancer
    yield from load_balancer_problems(balancer, (*path, "loadBalancer"), profile, has_outlier=has_outlier)
    yield from _client_tls_problems(policy.tls, (*path, "tls"), namespace, profile)


def _port_problems(policy: PortTrafficPolicy, path: Path, namespace: str, profile: Profile) -> Problems:
    if policy.port is None:
        yield Problem((*path, "port"), "the port is missing", "give it a `port` with a number")
    given = (policy.outlier_detection, policy.connection_pool, policy.load_balancer, policy.tls)
    if all(value is None for value in given):
        yield Problem(path, "the policy says nothing", "remove it, or give it a field")
        return
    yield from _common_problems(policy, path, namespace, profile)


def _tunnel_problems(tunnel: TunnelSettings, path: Path) -> Problems:
    if tunnel.protocol not in ("", "CONNECT", "POST"):
        yield Problem(
            (*path, "protocol"), f"{shown(tunnel.protocol)} is neither CONNECT nor POST", "write CONNECT or POST"
        )
    if domain_fault(tunnel.target_host) is not None and not is_address(tunnel.target_host):
        yield Problem(
            (*path, "targetHost"),
            f"{shown(tunnel.target_host)} is neither a domain name nor an IP address",
            "write a domain name or an IP address",
        )
    yield from fault((*path, "targetPort"), port_fault(tunnel.target_port))


def _outlier_problems(outlier: OutlierDetection | None, path: Path) -> Problems:
    if outlier is None:
        return
    yield from _durations(outlier, path, "base_ejection_time", "interval")
    if outlier.consecutive_errors:
        yield warning((*path, "consecutiveErrors"), "this field is deprecated", "use `consecutive5xxErrors`")
    if not outlier.split_external_local_origin_errors and (outlier.consecutive_local_origin_failures or 0) > 0:
        message = "local failures are counted only apart from others"
        yield Problem((*path, "consecutiveLocalOriginFailures"), message, "set `splitExternalLocalOriginErrors`")
    for field, value in (("maxEjectionPercent", outlier.max_ejection_percent),
                         ("minHealthPercent", outlier.min_health_percent)):  # fmt: skip
        if not 0 <= value <= 100:
            yield Problem((*path, field), f"`{value}` is not in 0 to 100", "write a share from 0 to 100")


def connection_pool_problems(pool: ConnectionPoolSettings | None, path: Path, profile: Profile) -> Problems:
    """Judge the limits of connections and requests."""
    if pool is None:
        return
    if pool.http is None and pool.tcp is None:
        yield Problem(path, "the connection pool says nothing", "remove it, or give it `tcp` or `http`")
    if pool.http is not None:
        yield from _http_problems(pool.http, (*path, "http"), profile)
    if pool.tcp is not None:
        yield from _tcp_problems(pool.tcp, (*path, "tcp"))


_HTTP_LIMITS = ("http1_max_pending_requests", "http2_max_requests", "max_requests_per_connection", "max_retries",
                "max_concurrent_streams")  # fmt: skip


def _http_problems(http: HTTPSettings, path: Path, profile: Profile) -> Problems:
    yield from _negatives(http, path, *_HTTP_LIMITS)
    yield from _durations(http, path, "idle_timeout")
    if http.h2_upgrade_policy is H2UpgradePolicy.UPGRADE and http.use_client_protocol:
        yield Problem((*path, "useClientProtocol"), "UPGRADE and the client's protocol exclude each other", "keep one")
    keepalive = http.http2_keep_alive
    if keepalive is not None and profile.http2_keep_alive_known:
        for field in ("interval", "timeout"):
            if getattr(keepalive, field) is None:
                yield Problem((*path, "http2KeepAlive", field), f"the {field} is missing")
        yield from _durations(keepalive, (*path, "http2KeepAlive"), "interval", "timeout")


def _tcp_problems(tcp: TCPSettings, path: Path) -> Problems:
    yield from _negatives(tcp, path, "max_connections")
    yield from _durations(tcp, path, "connect_timeout", "max_connection_duration")
    # Below a millisecond, either way, an idle timeout is none.
    if tcp.idle_timeout is not None and abs(nanoseconds(tcp.idle_timeout)) >= 10**6:
        yield from _durations(tcp, path, "idle_timeout")
    if tcp.tcp_keepalive is not None:
        yield from _durations(tcp.tcp_keepalive, (*path, "tcpKeepalive"), "time", "interval")


_CONFIG_MAP = "configmap://"


def _client_tls_problems(tls: ClientTLSSettings | None, path: Path, namespace: str, profile: Profile) -> Problems:
    if tls is None:
        return
    if profile.config_map_credentials and tls.credential_name.startswith(_CONFIG_MAP):
        own, _, rest = tls.credential_name.removeprefix(_CONFIG_MAP).partition("/")
        if own != namespace or not own or not rest.partition("/")[0]:
            message = f"{shown(tls.credential_name)} is not in the namespace of the rule"
            yield Problem((*path, "credentialName"), message, f"write `configmap://{namespace}/<name>`")
    yield from _insecure_problems(tls, path)
    files = tls.client_certificate or tls.ca_certificates or tls.private_key or tls.ca_crl
    if tls.mode in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL) and tls.credential_name:
        if files:
            yield Problem((*path, "credentialName"), "a credentialName and files exclude each other", "keep one")
        return
    if tls.mode is ClientTLSMode.MUTUAL:
        for field, value in (("clientCertificate", tls.client_certificate), ("privateKey", tls.private_key)):
            if not value:
                yield Problem((*path, field), "mode MUTUAL needs it", "give it, or use `credentialName`")


_VERIFYING: dict[ClientTLSMode, Callable[[ClientTLSSettings], bool]] = {
    ClientTLSMode.SIMPLE: lambda tls: bool(tls.ca_certificates or tls.credential_name or tls.subject_alt_names),
    ClientTLSMode.MUTUAL: lambda tls: bool(tls.ca_certificates or tls.subject_alt_names),
}


def _insecure_problems(tls: ClientTLSSettings, path: Path) -> Problems:
    verifies = _VERIFYING.get(tls.mode)
    if tls.insecure_skip_verify and verifies is not None and verifies(tls):
        yield Problem(
            (*path, "insecureSkipVerify"),
            "nothing is verified, and there is what to verify it with",
            "leave out `insecureSkipVerify`, or what it makes useless",
        )


def _negatives(message: Any, path: Path, *fields: str) -> Iterator[Problem]:
    for field in fields:
        if getattr(message, field) < 0:
            yield Problem((*path, _wire(message, field)), "the number is negative", "write 0 or more")


def _durations(message: Any, path: Path, *fields: str) -> Iterator[Problem]:
    for field in fields:
        value = getattr(message, field)
        if value is not None:
            yield from fault((*path, _wire(message, field)), duration_fault(value))


def _wire(message: Any, field: str) -> str:
    return str(type(message).model_fields[field].alias or field)
