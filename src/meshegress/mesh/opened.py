"""Sources to a mesh, at once or with every finding."""

from __future__ import annotations

from typing import Any, Unpack

from meshegress.findings import Finding
from meshegress.loading import LoadOptions
from meshegress.loading import check as check_resources
from meshegress.loading import load as load_resources
from meshegress.mesh import Mesh
from meshegress.profiles import DEFAULT_RELEASE, profile
from meshegress.uncertainty.missing import missing_findings


def load(*sources: Any, **options: Unpack[LoadOptions]) -> Mesh:
    r"""Return the mesh of *sources*: texts, paths of files or folders, ``-``, mappings or models.

    An object without a namespace is put in *namespace*. *istio* is the release whose rules hold. *validation* is
    ``webhook``, or ``cluster`` to add the rules of the API server's schema. *limit* bounds the bytes of all texts
    together. *mesh_config* is the mesh configuration that counts, or the file that holds it; else *revision* chooses
    among those of the sources. Files and folders whose path fits one of the patterns *exclude* are not read. With
    *strict* everything that is left out is an error, and so is a field that does not exist. With *complete* what is not
    given does not exist. What has no age is created *now*, if others have an age; else it counts as newer.

    Raises ResourceError, with every finding, where one of them is an error.

    >>> load("outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n").resources.mesh_config.outbound_traffic_policy.mode
    <MeshOutboundMode.REGISTRY_ONLY: 'REGISTRY_ONLY'>
    """
    return Mesh(load_resources(*sources, **options), istio=options.get("istio", DEFAULT_RELEASE))


def check(*sources: Any, **options: Unpack[LoadOptions]) -> tuple[Mesh, tuple[Finding, ...]]:
    """Return the mesh of what is usable in *sources*, and every finding; the arguments are those of :func:`load`.

    What is missing and would have to be assumed is told once for each kind, unless the sources are complete.

    >>> check("{}")[1]
    ()
    """
    found, findings = check_resources(*sources, **options)
    release = options.get("istio", DEFAULT_RELEASE)
    return Mesh(found, istio=release), (*findings, *missing_findings(found, profile(release)))
