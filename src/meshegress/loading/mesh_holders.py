"""Who holds a mesh configuration, for which revision, and which of several counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from meshegress.findings import Source
from meshegress.resources import MeshConfig, Support
from meshegress.resources._message import FrozenMap

DEFAULT_REVISION = "default"


class HolderRank(IntEnum):
    """How much a holder counts: what was named, then the cluster's own, then installers, then values for them."""

    NAMED = 0
    CONFIG_MAP = 1
    INSTALLER = 2
    VALUES = 3


@dataclass(frozen=True, slots=True)
class MeshHolder:
    """An object that holds the mesh configuration of a *revision*; *name* is what it is called.

    *istiod_environment* holds the flags of istiod that stand beside it, as ``pilot.env`` in Helm values.
    """

    name: str
    rank: HolderRank
    revision: str
    config: MeshConfig
    where: Source
    istiod_environment: Mapping[str, str] = field(default_factory=FrozenMap)

    def __str__(self) -> str:
        return f"{self.name} ({self.where})"


@dataclass(frozen=True, slots=True)
class MeshChoice:
    """The *holder* that counts, the *candidates* that could where that is not clear, and why a wish failed."""

    holder: MeshHolder | None = None
    candidates: tuple[MeshHolder, ...] = ()
    problem: str = ""


def choose_mesh(holders: Sequence[MeshHolder], revision: str | None) -> MeshChoice:
    """Return which of *holders* counts for *revision*; without one, for the default or the only one.

    The best rank counts; where holders of that rank differ in what can change a decision, each is a candidate.
    """
    named = [holder for holder in holders if holder.rank is HolderRank.NAMED]
    if named:
        holders = named
    revisions = list(dict.fromkeys(holder.revision for holder in holders))
    if revision is not None and revision not in revisions and not (named and len(revisions) == 1):
        there = f"there are {', '.join(revisions)}" if revisions else "there is none at all"
        return MeshChoice(problem=f"there is no mesh configuration of revision `{revision}`; {there}")
    if not holders:
        return MeshChoice()
    wanted = revision if revision in revisions else DEFAULT_REVISION if DEFAULT_REVISION in revisions else None
    chosen = revisions if wanted is None else [wanted]
    best = [holder for each in chosen for holder in _best_of(each, holders)]
    return MeshChoice(best[0], tuple(best) if len(best) > 1 else ())


def _best_of(revision: str, holders: Sequence[MeshHolder]) -> list[MeshHolder]:
    """Return the holders of the best rank for *revision*, one for each of the configurations they have."""
    own = [holder for holder in holders if holder.revision == revision]
    rank = min(holder.rank for holder in own)
    best: list[MeshHolder] = []
    for holder in own:
        if holder.rank is rank and not any(_decides_alike(holder.config, each.config) for each in best):
            best.append(holder)
    return best


def _decides_alike(one: MeshConfig, other: MeshConfig) -> bool:
    """Tell whether two configurations differ at most in what cannot change a decision."""
    return all(getattr(one, name) == getattr(other, name) for name in _deciding())


@cache
def _deciding() -> tuple[str, ...]:
    return tuple(name for name, support in MeshConfig.support() if support is not Support.HARMLESS)


def differing(holders: Sequence[MeshHolder], chosen: MeshHolder) -> list[MeshHolder]:
    """Return those of *holders* that are of another revision than *chosen*, or would change decisions in its place."""
    return [
        each
        for each in holders
        if each is not chosen and (each.revision != chosen.revision or not _decides_alike(each.config, chosen.config))
    ]
