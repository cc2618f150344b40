"""What was not given of a mesh, as one table misses it: Services that routes lead to, and the mesh configuration."""

from __future__ import annotations

from dataclasses import dataclass

from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import Named
from meshegress.compiler.pipeline.registry import CLUSTER_DOMAIN, Registry
from meshegress.decision import Outcome
from meshegress.decision.assumptions import SERVICE_UNKNOWN
from meshegress.naming import ClusterName
from meshegress.table import Doubt

_NO_MESH = "no mesh configuration was given, and Istio's default policy for what nothing declares is ALLOW_ANY"


@dataclass(frozen=True, slots=True, eq=False)
class TableGaps:
    """What the table of *proxy*, with what its *scope* imports, may lack since it was not given."""

    registry: Registry
    scope: Scope
    proxy: Proxy

    @property
    def policy_reason(self) -> str:
        """Why the policy for undeclared traffic is assumed, empty where it is not."""
        sidecar = self.scope.sidecar
        is_own = sidecar is not None and sidecar.spec.outbound_traffic_policy is not None
        return "" if is_own or self.registry.knows_mesh else _NO_MESH

    def doubts_of(self, cluster: str) -> tuple[Doubt, ...]:
        """Return what must be assumed for *cluster*, which the table does not have, to exist; nothing if it cannot.

        Of the Services of a namespace either some were given, and then all, or the one that the cluster asks for may be
        there. Its subset must stand in a DestinationRule that the proxy looks at: these are written, not made.
        """
        parsed = ClusterName.parse(cluster)
        service = service_in_cluster(parsed.host) if parsed is not None and parsed.direction == "outbound" else None
        if parsed is None or service is None or parsed.host in self.scope.services:
            return ()
        if service.namespace in self.registry.namespaces_with_services:
            return ()
        if parsed.subset and not self._has_subset(Named(service.namespace, parsed.host), parsed.subset):
            return ()
        reason = (
            f"no Service of namespace `{service.namespace}` was given, so `{service.name}` counts as being there, "
            f"with port {parsed.port} and with endpoints"
        )
        return (Doubt(SERVICE_UNKNOWN, reason, Outcome.NO_CLUSTER),)

    def _has_subset(self, key: Named, subset: str) -> bool:
        rule = self.registry.destination_rules.select(key, self.proxy.namespace, self.proxy.has_labels)
        return rule is not None and any(own.name == subset for own, _ in rule.subsets)


def service_in_cluster(host: str) -> Named | None:
    """Return the Service that *host* stands for, if that is a full name in the cluster."""
    name, _, rest = host.partition(".")
    namespace, _, domain = rest.partition(".")
    return Named(namespace, name) if name and namespace and domain == f"svc.{CLUSTER_DOMAIN}" else None
