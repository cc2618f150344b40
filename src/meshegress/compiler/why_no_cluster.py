"""Why a cluster that a route names does not exist for a proxy: the host, the port or the subset that is missing.

Source: Istio, pilot/pkg/networking/core/cluster.go, and pilot/pkg/model, PushContext.destinationRule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from meshegress.compiler.model.services import Service
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.naming import ClusterName
from meshegress.resources import DestinationRule


def why_no_cluster(
    name: str,
    *,
    namespace: str,
    services: Mapping[str, Service],
    index: ServiceIndex,
    rules: Iterable[DestinationRule],
    full_name: Callable[[str, str], str],
) -> str | None:
    """Return why a proxy of *namespace*, which has clusters of *services*, has no cluster *name*."""
    parsed = ClusterName.parse(name)
    if parsed is None:
        return None
    service = services.get(parsed.host)
    if service is None:
        return _no_service(parsed.host, namespace, index)
    if service.port(parsed.port) is None:
        ports = ", ".join(str(port.number) for port in service.ports) or "none"
        who = f"{service.origin()} ({service.origin().source})"
        return f"{who} gives `{parsed.host}` no port {parsed.port}; its ports are {ports}"
    if not parsed.subset:
        return f"no endpoint of `{parsed.host}` is known"
    missing = f"no DestinationRule that applies in namespace `{namespace}` gives `{parsed.host}` the subset"
    return "; ".join((f"{missing} `{parsed.subset}`", *_elsewhere(parsed, rules, full_name)))


def _no_service(host: str, namespace: str, index: ServiceIndex) -> str:
    owners = index.by_host.get(host, {})
    hidden = [service for service in owners.values() if not index.is_visible(service, namespace)]
    if not hidden:
        return f"nothing that was given declares `{host}`"
    origin = hidden[0].origin()
    exported = ", ".join(sorted(index.export_to(hidden[0])))
    return f"{origin} ({origin.source}) declares `{host}`, and is not exported to `{namespace}` (exportTo: {exported})"


def _elsewhere(
    cluster: ClusterName, rules: Iterable[DestinationRule], full_name: Callable[[str, str], str]
) -> Iterator[str]:
    """Yield the rules that have the subset and do not count here."""
    for rule in rules:
        if all(subset.name != cluster.subset for subset in rule.spec.subsets):
            continue
        host = full_name(rule.spec.host, rule.namespace)
        if host == cluster.host:
            exported = ", ".join(rule.spec.export_to) or "its default"
            where = rule.source("spec", "subsets")
            yield f"DestinationRule `{rule.namespace}/{rule.name}` ({where}) has it, with exportTo {exported}"
        elif host.partition(".")[0] == cluster.host.partition(".")[0]:
            where = rule.source("spec", "host")
            yield f"DestinationRule `{rule.namespace}/{rule.name}` ({where}) has it for another host, `{host}`"
