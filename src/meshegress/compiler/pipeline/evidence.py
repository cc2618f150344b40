"""What reasons for the answers of one proxy are found in, put together from what the passes have made."""

from __future__ import annotations

from functools import partial

from meshegress.compiler.model.evidence import Evidence
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.pipeline.mesh_settings import EVERYBODY
from meshegress.compiler.pipeline.registry import CLUSTER_DOMAIN, Registry
from meshegress.compiler.virtual_services import full_name


def evidence_of(registry: Registry, scope: Scope, proxy: Proxy) -> Evidence:
    """Return what reasons for the answers of *proxy*, which has *scope*, are found in."""
    rules = registry.destination_rules
    return Evidence(
        scope=scope,
        proxy=proxy,
        index=registry.index,
        endpoints=registry.endpoints,
        rule_of=lambda service: rules.select(service.key, proxy.namespace, proxy.has_labels),
        rules=registry.resources.destination_rules,
        rules_exported_to=frozenset(registry.mesh.default_destination_rule_export_to or EVERYBODY),
        virtual_services=registry.roots,
        root_namespace=registry.mesh.root_namespace,
        full_name=partial(full_name, domain=CLUSTER_DOMAIN),
    )
