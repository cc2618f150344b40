"""Kinds and versions that were meant: `serviceEntry`, `ServiceEntries`, `v1` as the group of a ServiceEntry."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache

from meshegress.loading.pod_templates import TEMPLATE_PATHS
from meshegress.loading.resource_set import REACH
from meshegress.loading.summary import plural
from meshegress.resources import ISTIO_KINDS, KINDS, KUBERNETES_KINDS, NETWORKING, NETWORKING_VERSIONS
from meshegress.resources.shape import shown

#: As alike as this a group is a slip of the pen; others that end in `.io` are less so.
_ALIKE = 0.92
_ALIKE_KIND = 0.8


@dataclass(frozen=True, slots=True)
class MeantKind:
    """The *kind* that was meant, the field that is wrong, what is wrong with it, and the cure."""

    kind: str
    field: str
    message: str
    help: str


@lru_cache(maxsize=1024)
def nearest_kind(version: str, kind: str) -> MeantKind | None:
    """Return the modelled kind that *version* and *kind*, which are none, were surely meant to be.

    >>> nearest_kind("v1", "ServiceEntry").help
    'write `apiVersion: networking.istio.io/v1`'
    >>> nearest_kind("networking.istio.io/v1", "ServiceEntries").help
    'did you mean `ServiceEntry`?'
    >>> nearest_kind("gateway.networking.k8s.io/v1", "Gateway") is nearest_kind("apps/v1", "Deployment") is None
    True
    """
    group, _, number = version.rpartition("/")
    if kind in ISTIO_KINDS:
        return _wrong_version(version, group, kind)
    is_ours = group == NETWORKING or "istio" in group or (not group and number in NETWORKING_VERSIONS)
    if is_ours and (meant := _meant_istio_kind(kind, is_certain=group == NETWORKING)) is not None:
        return MeantKind(meant, "kind", f"{shown(kind)} is not a kind", f"did you mean `{meant}`?")
    if group in ("", "discovery.k8s.io"):
        return _meant_kubernetes_kind(version, kind)
    return None


def _wrong_version(version: str, group: str, kind: str) -> MeantKind | None:
    """Return what is wrong with the *version* of a *kind* of Istio, unless it is somebody else's kind of that name."""
    help = f"write `apiVersion: {NETWORKING}/v1`"
    if group == NETWORKING:
        return MeantKind(kind, "apiVersion", f"{shown(version)} is not a version of {kind}", help)
    if group and "istio" not in group and difflib.SequenceMatcher(None, group, NETWORKING).ratio() < _ALIKE:
        return None
    return MeantKind(kind, "apiVersion", f"{shown(version)} is not the apiVersion of a {kind}", help)


_OTHERS = frozenset(kind for group, kind in REACH if group.endswith("istio.io"))


def _meant_istio_kind(kind: str, *, is_certain: bool) -> str | None:
    if kind in _OTHERS:
        return None
    for each in (*ISTIO_KINDS, *_OTHERS):
        if kind.casefold() in (each.casefold(), plural(each).casefold()):
            return each
    near = difflib.get_close_matches(kind, (*ISTIO_KINDS, *_OTHERS), n=1, cutoff=_ALIKE_KIND) if is_certain else []
    return near[0] if near else None


def _meant_kubernetes_kind(version: str, kind: str) -> MeantKind | None:
    versions = [right for right, each in KUBERNETES_KINDS if each == kind]
    if versions and version not in versions:
        message = f"{shown(version)} is not the apiVersion of {kind}"
        return MeantKind(kind, "apiVersion", message, f"write `apiVersion: {versions[0]}`")
    for right, each in KUBERNETES_KINDS:
        if right == version and kind != each and kind.casefold() in (each.casefold(), plural(each).casefold()):
            return MeantKind(each, "kind", f"{shown(kind)} is not a kind", f"did you mean `{each}`?")
    return None


def version_of(kind: str) -> str | None:
    """Return an apiVersion of *kind*, which is modelled, known or holds a template of Pods; None for any other.

    >>> version_of("ServiceEntry"), version_of("Deployment"), version_of("EnvoyFilter"), version_of("Thing")
    ('networking.istio.io/v1', 'apps/v1', 'networking.istio.io/v1', None)
    """
    modelled = (version for version, each in KINDS if each == kind)
    known = (f"{group}/v1" for group, each in (*REACH, *TEMPLATE_PATHS) if each == kind)
    return next(modelled, None) or next(known, None)
