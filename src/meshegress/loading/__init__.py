"""From text to a :class:`ResourceSet`: `load` raises with every problem, `check` returns what is usable beside them."""

from __future__ import annotations

from typing import Any

from meshegress.errors import ResourceError
from meshegress.findings import Finding, Severity
from meshegress.loading.gc_pause import gc_paused
from meshegress.loading.resource_loader import ResourceLoader
from meshegress.loading.resource_set import ResourceSet, UnmodelledObject
from meshegress.profiles import DEFAULT_RELEASE, profile
from meshegress.rules import VALIDATIONS
from meshegress.sources import SIZE_LIMIT, open_sources

DEFAULT_NAMESPACE = "default"

__all__ = ["ResourceSet", "UnmodelledObject", "check", "load", "named"]


def check(
    *sources: Any,
    namespace: str = DEFAULT_NAMESPACE,
    istio: str = DEFAULT_RELEASE,
    validation: str = "webhook",
    limit: int = SIZE_LIMIT,
) -> tuple[ResourceSet, tuple[Finding, ...]]:
    r"""Return the resources of *sources* that are usable, and every finding about all of them.

    *sources* are texts, paths of files or folders, ``-``, mappings or models. An object without a namespace is put in
    *namespace*. *istio* chooses the release whose rules hold; *validation* is ``webhook``, or ``cluster`` to add the
    rules of the API server's schema. *limit* bounds the bytes of all texts together.

    >>> resources, findings = check("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nspec: {hosts: [1]}")
    >>> print(findings[0].field, findings[0].message)
    spec.hosts[0] `1` is not text
    """
    if validation not in VALIDATIONS:
        raise ValueError(f"validation `{validation}` is not known; choose one of {', '.join(VALIDATIONS)}")
    return _gathered(sources, ResourceLoader(namespace=namespace, profile=profile(istio), validation=validation), limit)


def load(
    *sources: Any,
    namespace: str = DEFAULT_NAMESPACE,
    istio: str = DEFAULT_RELEASE,
    validation: str = "webhook",
    limit: int = SIZE_LIMIT,
) -> ResourceSet:
    """Return the resources of *sources*; the arguments are those of :func:`check`.

    Raises ResourceError, with every finding, where one of them is an error.

    >>> load("{}").service_entries
    ()
    """
    return _sound(*check(*sources, namespace=namespace, istio=istio, validation=validation, limit=limit))


def named(*sources: Any, istio: str = DEFAULT_RELEASE) -> ResourceSet:
    """Return the resources of *sources* for their names' sake: kind, namespace and name are enough, nothing is judged.

    Raises ResourceError, with every finding, where one of them cannot be read.

    >>> entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}}
    >>> [one.name for one in named(entry).service_entries]
    ['a']
    """
    unjudged = ResourceLoader(namespace=DEFAULT_NAMESPACE, profile=profile(istio), validation=None)
    return _sound(*_gathered(sources, unjudged, SIZE_LIMIT))


def _gathered(sources: tuple[Any, ...], loader: ResourceLoader, limit: int) -> tuple[ResourceSet, tuple[Finding, ...]]:
    with gc_paused():
        for opened in open_sources(sources, limit=limit):
            loader.add(opened)
    return loader.resource_set(), tuple(loader.report.findings)


def _sound(resources: ResourceSet, findings: tuple[Finding, ...]) -> ResourceSet:
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise ResourceError(findings)
    return resources
