"""Which settings of a DestinationRule hold for a port, of the whole host or of a subset.

Source: Istio, pilot/pkg/networking/util, MergeTrafficPolicy.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshegress.resources.destination_rule import (
    ClientTLSMode,
    ClientTLSSettings,
    HTTPSettings,
    LoadBalancerSettings,
    TrafficPolicy,
)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The settings in force at a port, and where in the rule its TLS settings stand."""

    tls: ClientTLSSettings | None = None
    http: HTTPSettings | None = None
    load_balancer: LoadBalancerSettings | None = None
    tls_path: Path = ()

    @property
    def passes_through(self) -> bool:
        """Whether the address that the client dialled is dialled, whatever endpoints there are."""
        return self.load_balancer is not None and self.load_balancer.simple == "PASSTHROUGH"


NOTHING = PolicyInForce()


def policy_at(policy: TrafficPolicy | None, port: int, path: Path, inherited: PolicyInForce = NOTHING) -> PolicyInForce:
    """Return what *policy*, which stands at *path* of its rule, says for *port*.

    Its top level replaces what is *inherited* one by one; a port level replaces everything, also with nothing.
    """
    if policy is None:
        return inherited
    for place, row in enumerate(policy.port_level_settings):
        if row.port is not None and row.port.number == port:
            http = row.connection_pool.http if row.connection_pool is not None else None
            tls_path = (*path, "portLevelSettings", place, "tls")
            return PolicyInForce(row.tls, http, row.load_balancer, tls_path if row.tls is not None else ())
    pool = policy.connection_pool
    return PolicyInForce(
        tls=policy.tls if policy.tls is not None else inherited.tls,
        http=pool.http if pool is not None else inherited.http,
        load_balancer=policy.load_balancer if policy.load_balancer is not None else inherited.load_balancer,
        tls_path=(*path, "tls") if policy.tls is not None else inherited.tls_path,
    )


def tls_mode_written(policy: TrafficPolicy | None, port: int) -> ClientTLSMode | None:
    """Return the TLS mode that *policy* writes for *port*; a port level without one leaves the top level's.

    Source: Istio, pilot/pkg/xds/endpoints, trafficPolicyTLSModeForPort.
    """
    if policy is None:
        return None
    for row in policy.port_level_settings:
        if row.port is not None and row.port.number == port and row.tls is not None:
            return row.tls.mode
    return policy.tls.mode if policy.tls is not None else None
