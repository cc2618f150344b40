"""From text to a :class:`ResourceSet`: `load` raises with every problem, `check` returns what is usable beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import Any, TypedDict, Unpack

from meshegress.errors import ResourceError
from meshegress.findings import Finding, Severity
from meshegress.loading.ages import Instant, seconds_of
from meshegress.loading.foreign import is_foreign
from meshegress.loading.gc_pause import gc_paused
from meshegress.loading.kinds import version_of
from meshegress.loading.mesh_holders import HolderRank, MeshHolder
from meshegress.loading.named_mesh import take_named_mesh
from meshegress.loading.namespaces import unknown_namespace
from meshegress.loading.resource_loader import ResourceLoader
from meshegress.loading.resource_set import ResourceSet, UnmodelledObject
from meshegress.loading.summary import Duplicate, LeftOut, LoadSummary, Refused
from meshegress.profiles import DEFAULT_RELEASE, profile
from meshegress.resources import MeshConfig
from meshegress.rules import VALIDATIONS
from meshegress.sources import SIZE_LIMIT, Opening, open_sources

DEFAULT_NAMESPACE = "default"

_WAY_OUT = "`check` leaves out what is refused and returns the rest with the findings"

__all__ = [
    "Duplicate",
    "HolderRank",
    "LeftOut",
    "LoadOptions",
    "LoadSummary",
    "MeshHolder",
    "Refused",
    "ResourceSet",
    "UnmodelledObject",
    "check",
    "load",
    "named",
    "unknown_namespace",
]

MeshSource = MeshConfig | Mapping[str, Any] | str | PathLike[str]
"""What can be given as the mesh configuration: a model, a mapping, a path or a text."""


class LoadOptions(TypedDict, total=False):
    """What :func:`load` and :func:`check` can be told beside the sources."""

    namespace: str
    """Where an object without a namespace is put."""
    istio: str
    """The release whose rules hold."""
    validation: str
    """``webhook``, or ``cluster`` to add the rules of the API server's schema."""
    limit: int
    """How many bytes all texts may have together."""
    mesh_config: MeshSource | None
    """The mesh configuration that counts, or the file that holds it."""
    revision: str | None
    """The revision whose mesh configuration counts, among those of the sources."""
    exclude: str | Iterable[str]
    """Patterns of the files and folders that are not read."""
    strict: bool
    """Whether everything that is left out is an error, and a field that does not exist."""
    complete: bool
    """Whether what is not given does not exist."""
    now: Instant | None
    """When what has no age is created, if others have an age; else it counts as newer than they are."""


def check(*sources: Any, **options: Unpack[LoadOptions]) -> tuple[ResourceSet, tuple[Finding, ...]]:
    r"""Return the resources of *sources* that are usable, and every finding about all of them.

    *sources* are texts, paths of files or folders, ``-``, mappings or models; *options* are :class:`LoadOptions`.

    >>> resources, findings = check("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nspec: {hosts: [1]}")
    >>> print(findings[0].field, findings[0].message)
    spec.hosts[0] `1` is not text
    """
    validation = options.get("validation", "webhook")
    if validation not in VALIDATIONS:
        raise ValueError(f"validation `{validation}` is not known; choose one of {', '.join(VALIDATIONS)}")
    return _gathered(sources, validation, options)


def load(*sources: Any, **options: Unpack[LoadOptions]) -> ResourceSet:
    """Return the resources of *sources*; the arguments are those of :func:`check`.

    Raises ResourceError, with every finding, where one of them is an error.

    >>> load("{}").service_entries
    ()
    """
    resources, findings = check(*sources, **options)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise ResourceError(findings, _WAY_OUT)
    return resources


def named(*sources: Any, istio: str = DEFAULT_RELEASE, namespace: str = DEFAULT_NAMESPACE) -> ResourceSet:
    """Return the resources of *sources* for their names' sake: only kind, namespace and name are read.

    Each of *sources* may be a triple of these, too.

    Raises ResourceError, with every finding, where one of them cannot be read.

    >>> entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}}
    >>> [one.name for one in named(entry).service_entries]
    ['a']
    """
    given = tuple(_with_objects(sources))
    resources, findings = _gathered(given, None, {"istio": istio, "namespace": namespace})
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise ResourceError(findings)
    return resources


def _with_objects(sources: Iterable[Any]) -> Iterator[Any]:
    """Yield *sources* with an object in the place of each triple of kind, namespace and name."""
    for source in sources:
        if isinstance(source, tuple) and len(source) == 3 and all(isinstance(part, str) for part in source):
            kind, namespace, name = source
            version = version_of(kind)
            if version is not None:
                yield {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
                continue
        if isinstance(source, (list, tuple, set, frozenset)):
            yield from _with_objects(source)
        else:
            yield source


def _gathered(
    sources: tuple[Any, ...], validation: str | None, options: LoadOptions
) -> tuple[ResourceSet, tuple[Finding, ...]]:
    exclude = options.get("exclude", ())
    opening = Opening(
        options.get("limit", SIZE_LIMIT), (exclude,) if isinstance(exclude, str) else tuple(exclude), is_foreign
    )
    loader = ResourceLoader(
        namespace=options.get("namespace", DEFAULT_NAMESPACE),
        profile=profile(options.get("istio", DEFAULT_RELEASE)),
        validation=validation,
        is_strict=options.get("strict", False),
        revision=options.get("revision"),
    )
    with gc_paused():
        if (mesh_config := options.get("mesh_config")) is not None:
            take_named_mesh(mesh_config, loader.meshes, loader.report, opening)
        for opened in open_sources(sources, opening):
            loader.add(opened)
        resources = loader.resource_set(is_complete=options.get("complete", False))
        if (now := options.get("now")) is not None:
            resources = resources.created(seconds_of(now))
    return resources, tuple(loader.report.findings)
