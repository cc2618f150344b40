"""Which hosts the mesh keeps to the clusters that they are in.

Source: Istio, pilot/pkg/model, cluster_local.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshegress.resources.mesh_config import ServiceSettings

_DEFAULTS = ("*.kube-system.svc.{}", "kubernetes.default.svc.{}", "istiod.istio-system.svc.{}")


@dataclass(frozen=True, slots=True)
class ClusterLocalHosts:
    """Hosts and wildcards, each with whether it is local; the longest that fits a host counts."""

    known: dict[str, bool]

    @classmethod
    def of(cls, settings: Sequence[ServiceSettings], domain: str) -> ClusterLocalHosts:
        """Return what *settings* say, and Istio's own for *domain* as far as they do not take them back."""
        told: dict[str, bool] = {}
        shared: list[str] = []
        for row in settings:
            is_local = row.settings is not None and row.settings.cluster_local
            told.update(dict.fromkeys(row.hosts, is_local))
            shared += () if is_local else row.hosts
        defaults = [default.format(domain) for default in _DEFAULTS]
        left = [one for one in defaults if not any(_takes_back(host, one) for host in shared)]
        return cls({**told, **dict.fromkeys(left, True)})

    def keep(self, host: str) -> bool:
        """Tell whether *host* is kept to its cluster.

        >>> ClusterLocalHosts({"*": True, "*.com": False}).keep("a.com")
        False
        """
        if host in self.known:
            return self.known[host]
        bare = host.removeprefix("*")
        wildcards = [one for one in self.known if one.startswith("*") and bare.endswith(one[1:])]
        return bool(wildcards) and self.known[max(wildcards, key=len)]


def _takes_back(host: str, default: str) -> bool:
    return host == default or (default.startswith("*") and host.endswith(default[1:]))
