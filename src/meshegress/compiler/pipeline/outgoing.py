"""What leaves one proxy, cluster by cluster; made when somebody asks, and nothing of it before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.services import Service
from meshegress.compiler.outgoing import Outgoing
from meshegress.compiler.pipeline.registry import CLUSTER_DOMAIN, Registry
from meshegress.compiler.virtual_services import full_name
from meshegress.compiler.why_no_cluster import why_no_cluster


def missing_cluster(registry: Registry, services: Mapping[str, Service], namespace: str, name: str) -> str | None:
    """Return why a proxy of *namespace*, which has clusters of *services*, has no cluster *name*."""
    return why_no_cluster(
        name,
        namespace=namespace,
        services=services,
        index=registry.index,
        rules=registry.resources.destination_rules,
        full_name=partial(full_name, domain=CLUSTER_DOMAIN),
    )


def outgoing_of(
    registry: Registry,
    services: Mapping[str, Service],
    proxy: Proxy,
    metadata: Mapping[str, str],
    *,
    at_gateway: bool = False,
) -> Outgoing:
    """Return what leaves *proxy*, which has clusters of *services* and this *metadata*."""

    def rule_of(service: Service) -> ConsolidatedRule | None:
        return registry.destination_rules.select(service.key, proxy.namespace, proxy.has_labels)

    return Outgoing(
        services=services,
        rule_of=rule_of,
        pools=registry.endpoints,
        mesh=registry.mesh,
        peer_authentications=registry.resources.peer_authentications,
        pods=registry.resources.pods,
        workload_entries=registry.resources.workload_entries,
        at_gateway=at_gateway,
        certificates=metadata,
        node=proxy.node,
    )
