"""What of a workload can matter to its table, and what happens to traffic that nothing declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from meshegress.decision import Origin
from meshegress.table import HttpConnectionManager
from meshegress.wire.paths import PathNormalization

UNSPECIFIED = "0.0.0.0"
UNSPECIFIED_V6 = "::"


@dataclass(frozen=True, slots=True)
class Proxy:
    """What of a workload can matter to its table.

    ``labels`` are all that it has, or those that somebody asks for; ``own_addresses`` only those that are endpoints of
    a headless service.
    """

    namespace: str
    labels: frozenset[tuple[str, str]]
    ipv4: bool
    ipv6: bool
    own_addresses: tuple[str, ...]
    dns_domain: str
    dns_capture: bool
    accept_http_10: bool
    intercepts: bool
    unprivileged: bool
    reserved_ports: tuple[int, ...]
    http_proxy_port: int
    #: Whether a Kubernetes address of the other family is dropped even where it is the only one.
    only_own_family: bool
    path_normalization: PathNormalization
    #: Empty for a workload that does not tell its network, which is in all of them.
    network: str
    #: None for a node that runs no endpoint that only its own node is told of.
    node: str | None
    #: Whether it listens on addresses of both families of a service: it has both, and istiod's flag is set.
    is_dual_stack: bool = False

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The any-addresses that listeners bind to."""
        return _of_families(self, UNSPECIFIED, UNSPECIFIED_V6)

    @property
    def loopbacks(self) -> tuple[str, ...]:
        """The loopback addresses that listeners bind to."""
        return _of_families(self, "127.0.0.1", "::1")

    def http_manager(self, route_config: str) -> HttpConnectionManager:
        """Return the end of an HTTP chain that asks *route_config*."""
        return HttpConnectionManager(route_config, self.accept_http_10, self.path_normalization)

    def has_labels(self, wanted: Mapping[str, str] | None) -> bool:
        """Return whether the workload carries all *wanted* labels."""
        return not wanted or self.labels.issuperset(wanted.items())


def _of_families(proxy: Proxy, v4: str, v6: str) -> tuple[str, ...]:
    if proxy.ipv4 and proxy.ipv6:
        return (v4, v6)
    return (v6,) if proxy.ipv6 else (v4,)


class PolicyMode(Enum):
    """What happens to traffic that nothing declares."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"
    ALLOW_ANY_DYNAMIC_DNS = "ALLOW_ANY_DYNAMIC_DNS"


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """The policy in force, its egress proxy's cluster where it has one, and who said so (None: Istio's default)."""

    mode: PolicyMode
    egress_proxy: str | None = None
    origin: Origin | None = None
