"""The workloads that a comparison of meshes is about, where nobody names them: one of each that may be told apart.

Namespaces of the resources, and the default one; in each the sets of labels that selectors of Sidecars,
DestinationRules and VirtualServices tell apart; IPv4, and IPv6 where a resource has such an address. Metadata of
proxies is in no resource: workloads that differ in it have to be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from meshegress.loading import DEFAULT_NAMESPACE, ResourceSet
from meshegress.request import Workload
from meshegress.resources.virtual_service import HTTPMatchRequest, L4MatchAttributes, TLSMatchAttributes

Labels = Mapping[str, str]
_LabelSet = frozenset[tuple[str, str]]

_Match = HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes

#: Beyond so many sets of labels in a namespace the rest is left out, and the universe says so.
_MOST_LABEL_SETS = 64
_IPV4, _IPV6 = "192.0.2.1", "2001:db8::1"


class Universe:
    """Workloads, by namespace, set of labels and address family; ``is_cut`` where some sets of labels are left out."""

    def __init__(self, workloads: Iterable[Workload], *, is_derived: bool, is_cut: bool = False) -> None:
        self.workloads = tuple(workloads)
        self.is_derived = is_derived
        self.is_cut = is_cut

    def __str__(self) -> str:
        namespaces = len({workload.namespace for workload in self.workloads})
        told = f"{_counted(len(self.workloads), 'workload')} in {_counted(namespaces, 'namespace')}"
        if not self.is_derived:
            return told
        cut = "; some sets of labels were left out" if self.is_cut else ""
        return f"{told}: one for each set of labels and address family that the resources tell apart{cut}"


def universe_of(*resources: ResourceSet) -> Universe:
    """Return the workloads that *resources* tell apart."""
    namespaces = {DEFAULT_NAMESPACE}
    for one in resources:
        namespaces.update(row.namespace for row in one.each() if row.namespace)
        namespaces.update(row.name for row in one.namespaces)
    families = [(_IPV4,), *([(_IPV6,)] if any(map(_has_ipv6, resources)) else [])]
    workloads, is_cut = [], False
    for namespace in sorted(namespaces):
        selected = frozenset(labels for one in resources for labels in _selectors(one, namespace) if labels)
        label_sets = _label_sets(selected)
        is_cut = is_cut or len(label_sets) >= _MOST_LABEL_SETS
        workloads += [
            Workload(namespace, labels=dict(sorted(labels)), addresses=addresses)
            for labels in label_sets
            for addresses in families
        ]
    return Universe(workloads, is_derived=True, is_cut=is_cut)


def _selectors(resources: ResourceSet, namespace: str) -> Iterator[_LabelSet]:
    """Yield the labels that resources ask of workloads in *namespace*."""
    for sidecar in resources.sidecars:
        if sidecar.namespace == namespace and sidecar.spec.workload_selector is not None:
            yield frozenset(sidecar.spec.workload_selector.labels.items())
    for rule in resources.destination_rules:
        if rule.spec.workload_selector is not None:
            yield frozenset(rule.spec.workload_selector.match_labels.items())
    for routes in resources.virtual_services:
        spec = routes.spec
        http = (match for route in spec.http for match in route.match)
        tls = (match for route in spec.tls for match in route.match)
        tcp = (match for route in spec.tcp for match in route.match)
        told = ((match.source_namespace, match.source_labels) for match in chain[_Match](http, tls, tcp))
        yield from (frozenset(labels.items()) for where, labels in told if where in ("", namespace))


def _label_sets(selectors: Iterable[_LabelSet]) -> list[_LabelSet]:
    """Return sets of labels such that every combination of *selectors* that can hold together does for one of them."""
    found: dict[_LabelSet, None] = {frozenset(): None}
    for selector in sorted(selectors, key=sorted):
        for known in list(found):
            union = known | selector
            if len({key for key, _ in union}) == len(union) and len(found) < _MOST_LABEL_SETS:
                found.setdefault(union, None)
    return list(found)


def _has_ipv6(resources: ResourceSet) -> bool:
    entries = (address for entry in resources.service_entries for address in entry.spec.addresses)
    services = (address for service in resources.services for address in service.spec.cluster_ips)
    return any(":" in address for address in (*entries, *services))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"
