"""Settings of the mesh and of proxies, as the passes understand them."""

from __future__ import annotations

from collections.abc import Iterable

from meshegress.profiles import Profile
from meshegress.resources import MeshConfig, Sidecar
from meshegress.resources.mesh_config import NormalizationType
from meshegress.wire.paths import PathNormalization

#: An empty list of the mesh counts as none.
EVERYBODY = ("*",)


def default_export(given: Iterable[str], profile: Profile) -> Iterable[str]:
    """Return the mesh's default of ``exportTo``, as far as the release honours it."""
    exported = tuple(given) or EVERYBODY
    if profile.named_default_export:
        return exported
    return next(((known,) for known in (".", "*") if known in exported), ("~",))


def path_normalization(mesh: MeshConfig) -> PathNormalization:
    """Return how paths are normalised: as in BASE by default, and not at all by a number that Istio does not know."""
    if mesh.path_normalization is None or mesh.path_normalization.normalization is NormalizationType.DEFAULT:
        return PathNormalization.BASE
    wanted = mesh.path_normalization.normalization
    return PathNormalization(wanted) if wanted.known else PathNormalization.NONE


def port_of(text: str) -> int | None:
    """Return the number that metadata gives for a port, whether or not one can have it, or None."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def has_egress_proxy(sidecar: Sidecar) -> bool:
    """Return whether *sidecar* sends what nothing declares to an egress proxy."""
    policy = sidecar.spec.outbound_traffic_policy
    return policy is not None and policy.egress_proxy is not None
