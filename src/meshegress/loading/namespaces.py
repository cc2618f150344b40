"""Namespaces of which nothing is known, although Namespaces were given."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from meshegress.findings import Severity
from meshegress.loading.resource_set import ResourceSet
from meshegress.resources import DestinationRule, KubernetesService, Resource, ServiceEntry, Sidecar, VirtualService
from meshegress.rules.problem import Path, Problem

_EXPORTED = "networking.istio.io/exportTo"
_WORDS = frozenset({"", "*", ".", "~"})


def known_namespaces(resources: ResourceSet) -> frozenset[str]:
    """Return the namespaces that have a Namespace, or an object in them."""
    return frozenset(
        each.name if each.kind == "Namespace" else each.namespace for each in resources.each()
    ) | frozenset({resources.mesh_config.root_namespace})


def unknown_namespace(resources: ResourceSet, name: str) -> tuple[str, str] | None:
    r"""Return a sentence and a cure where Namespaces were given, and nothing is known of the one called *name*.

    >>> from meshegress.loading import load
    >>> shop = load("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    >>> unknown_namespace(shop, "shopp")
    ('nothing is known of namespace `shopp`, although Namespaces were given', 'did you mean `shop`?')
    >>> unknown_namespace(shop, "shop") is None
    True
    """
    known = known_namespaces(resources) if resources.namespaces else frozenset({name})
    return None if name in known else _said(name, known)


def _said(name: str, known: frozenset[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    cure = f"did you mean `{near[0]}`?" if near else "correct the name, or give its Namespace too"
    return f"nothing is known of namespace `{name}`, although Namespaces were given", cure


def unknown_namespaces(resources: ResourceSet) -> Iterator[tuple[Resource, Problem]]:
    """Give a warning for each namespace that a resource exports to or imports from and of which nothing is known."""
    if not resources.namespaces:
        return
    known = known_namespaces(resources) | _WORDS
    for resource in resources.each():
        for path, name in _named_by(resource):
            if name not in known:
                message, help = _said(name, known)
                yield resource, Problem(path, message, help, Severity.WARNING, "EG109")


def _named_by(resource: Resource) -> Iterator[tuple[Path, str]]:
    """Give the namespaces that *resource* names, and where."""
    if isinstance(resource, (ServiceEntry, VirtualService, DestinationRule)):
        for index, name in enumerate(resource.spec.export_to):
            yield ("spec", "exportTo", index), name
    elif isinstance(resource, KubernetesService):
        for name in resource.metadata.annotations.get(_EXPORTED, "").split(","):
            yield ("metadata", "annotations", _EXPORTED), name.strip()
    elif isinstance(resource, Sidecar):
        yield from _imported_by(resource)


def _imported_by(sidecar: Sidecar) -> Iterator[tuple[Path, str]]:
    for place, listener in enumerate(sidecar.spec.egress):
        for index, host in enumerate(listener.hosts):
            namespace, slash, _ = host.partition("/")
            if slash:
                yield ("spec", "egress", place, "hosts", index), namespace.removeprefix("~")
