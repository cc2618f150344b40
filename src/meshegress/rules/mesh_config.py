"""MeshConfig: what istiod refuses to take, and then goes on with its defaults.

Source: Istio, pkg/config/validation/agent, ValidateMeshConfig.
"""

from __future__ import annotations

from meshegress.profiles import Profile
from meshegress.resources import MeshConfig
from meshegress.resources.mesh_config import MeshOutboundMode
from meshegress.resources.shape import shown
from meshegress.rules.names import duration_fault, is_dns_label, nanoseconds, port_fault, wildcard_fault
from meshegress.rules.problem import Problem, Problems, Rule, fault

CODE = "EG106"
_HOUR = 3600 * 10**9


def _ask_mode(mesh: MeshConfig, profile: Profile) -> Problems:
    """Refuse a mode that the release does not have."""
    unknown = mesh.outbound_traffic_policy.mode is MeshOutboundMode.ALLOW_ANY_DYNAMIC_DNS
    if unknown and not profile.allow_any_dynamic_dns_known:
        message = f"Istio {profile.release} knows no mode `ALLOW_ANY_DYNAMIC_DNS`"
        yield Problem(("outboundTrafficPolicy", "mode"), message, "choose ALLOW_ANY")


def _ask_ports(mesh: MeshConfig, profile: Profile) -> Problems:
    """Refuse to listen nowhere; other ports are not looked at."""
    yield from fault(("proxyListenPort",), port_fault(mesh.proxy_listen_port))


def _ask_times(mesh: MeshConfig, profile: Profile) -> Problems:
    """Refuse what is finer than milliseconds, and to wait too short or too long for a connection."""
    if mesh.connect_timeout is not None:
        message = duration_fault(mesh.connect_timeout)
        if message is None and nanoseconds(mesh.connect_timeout) > _HOUR:
            message = f"{shown(mesh.connect_timeout)} is longer than an hour"
        yield from fault(("connectTimeout",), message)
    detection = mesh.protocol_detection_timeout
    if nanoseconds(detection) % 10**6:
        yield Problem(("protocolDetectionTimeout",), f"{shown(detection)} is finer than milliseconds")


def _ask_trust_domains(mesh: MeshConfig, profile: Profile) -> Problems:
    """Refuse what is not a name."""
    yield from fault(("trustDomain",), _trust_domain_fault(mesh.trust_domain))
    for index, alias in enumerate(mesh.trust_domain_aliases):
        yield from fault(("trustDomainAliases", index), _trust_domain_fault(alias))


def _ask_service_settings(mesh: MeshConfig, profile: Profile) -> Problems:
    """Refuse settings of what is not a host."""
    for row, settings in enumerate(mesh.service_settings):
        for index, host in enumerate(settings.hosts):
            yield from fault(("serviceSettings", row, "hosts", index), wildcard_fault(host))


def _trust_domain_fault(domain: str) -> str | None:
    *labels, last = domain.split(".")
    if not domain:
        return "a trust domain has a name"
    wrong = not all(map(is_dns_label, labels)) or not (is_dns_label(last) or (labels and not last))
    return f"{shown(domain)} is not a trust domain" if wrong else None


RULES = (
    Rule(CODE, _ask_mode),
    Rule(CODE, _ask_ports),
    Rule(CODE, _ask_times),
    Rule(CODE, _ask_trust_domains),
    Rule(CODE, _ask_service_settings),
)
