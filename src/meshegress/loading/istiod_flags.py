"""Istiod's flags that change where requests go, and which of them are followed.

Source: Istio, pilot/pkg/features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshegress.findings import Severity
from meshegress.resources import MeshConfig
from meshegress.rules.problem import Problem

CODE = "EG110"

DEFAULTS: dict[str, str] = {
    "PILOT_HTTP10": "false",
    "PILOT_ENABLE_IP_AUTOALLOCATE": "true",
    "PILOT_IP_AUTOALLOCATE_IPV4_PREFIX": "240.240.0.0/16",
    "PILOT_IP_AUTOALLOCATE_IPV6_PREFIX": "2001:2::/48",
    "PILOT_UNIFIED_SIDECAR_SCOPE": "true",
    "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE": "true",
    "PILOT_ENABLE_ABSOLUTE_FQDN_VHOST_DOMAIN": "true",
    "PILOT_ENABLE_HEADLESS_FILTER_CHAIN_LISTENER": "false",
    "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES": "false",
    "ISTIO_DUAL_STACK": "false",
    "ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS": "false",
    "ENABLE_ENHANCED_DESTINATIONRULE_MERGE": "true",
    "PILOT_ENABLE_MONGO_FILTER": "true",
    "PILOT_ENABLE_MYSQL_FILTER": "false",
    "PILOT_ENABLE_REDIS_FILTER": "false",
    "PILOT_ENABLE_SERVICEENTRY_SELECT_PODS": "true",
    "PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES": "true",
    "PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS": "true",
    "PILOT_ENABLE_AMBIENT": "false",
    "ENABLE_MULTICLUSTER_HEADLESS": "true",
}
"""The flags that can change a decision, each with istiod's default."""

#: What the compiler follows of them.
HONOURED: frozenset[str] = frozenset(
    {
        "PILOT_ENABLE_IP_AUTOALLOCATE",
        "PILOT_IP_AUTOALLOCATE_IPV4_PREFIX",
        "PILOT_IP_AUTOALLOCATE_IPV6_PREFIX",
        "ISTIO_DUAL_STACK",
    }
)

_TRUE = frozenset({"1", "t", "true"})
_FALSE = frozenset({"0", "f", "false"})


def flag_problems(environment: Mapping[str, str]) -> Iterator[Problem]:
    """Give a warning for each flag in *environment* that differs from istiod's default and is not followed.

    >>> [problem.path for problem in flag_problems({"PILOT_ENABLE_AMBIENT": "true", "PILOT_HTTP10": "0", "OTHER": "1"})]
    [('PILOT_ENABLE_AMBIENT',)]
    """
    for name, value in environment.items():
        if name in DEFAULTS and name not in HONOURED and _plain(value) != DEFAULTS[name]:
            message = f"istiod's flag `{name}={value}` is not followed: decisions are those of `{DEFAULTS[name]}`"
            yield Problem((name,), message, "keep in mind what the flag changes", Severity.WARNING, CODE)


def misplaced_flags(config: MeshConfig, environment: Mapping[str, str]) -> Iterator[Problem]:
    """Give a warning for each of istiod's flags that stands in the proxies' metadata alone, where it does nothing.

    >>> config = MeshConfig(default_config={"proxyMetadata": {"ISTIO_DUAL_STACK": "true"}})
    >>> [problem.path[-1] for problem in misplaced_flags(config, {})]
    ['ISTIO_DUAL_STACK']
    """
    metadata = config.default_config.proxy_metadata if config.default_config is not None else {}
    for name, value in metadata.items():
        if name in DEFAULTS and name not in environment and _plain(value) != DEFAULTS[name]:
            message = f"`{name}` is istiod's flag: in `proxyMetadata` alone it does nothing there"
            help = "set it in istiod's environment, for example `pilot.env` of its Helm values"
            yield Problem(("defaultConfig", "proxyMetadata", name), message, help, Severity.WARNING, CODE)


def _plain(value: str) -> str:
    """Return *value* as the defaults are written; Go takes several words for true and false."""
    word = value.strip().lower()
    return "true" if word in _TRUE else "false" if word in _FALSE else value.strip()
