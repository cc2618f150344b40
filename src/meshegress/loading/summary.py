"""What loading made of its sources: which kinds it read, what it left out and why, and what it refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from meshegress.findings import Finding, Source
from meshegress.resources import Resource
from meshegress.resources._message import FrozenMap


class LeftOut(Enum):
    """Why a document is not an object of the mesh."""

    TEMPLATE = "template"
    NO_KIND = "no_kind"
    NOT_A_MAPPING = "not_a_mapping"
    NOT_YAML = "not_yaml"
    KUSTOMIZATION = "kustomization"
    PATCH = "patch"
    ENCRYPTED = "encrypted"
    REFUSED = "refused"

    def counted(self, count: int) -> str:
        """Return *count* documents of this reason as a phrase.

        >>> LeftOut.TEMPLATE.counted(1), LeftOut.NO_KIND.counted(221)
        ('1 template', '221 without a kind')
        """
        one, many = _PHRASES[self]
        return f"{count:,} {one if count == 1 else many}"


_PHRASES: dict[LeftOut, tuple[str, str]] = {
    LeftOut.TEMPLATE: ("template", "templates"),
    LeftOut.NO_KIND: ("without a kind", "without a kind"),
    LeftOut.NOT_A_MAPPING: ("list or plain text", "lists or plain texts"),
    LeftOut.NOT_YAML: ("that is not YAML", "that are not YAML"),
    LeftOut.KUSTOMIZATION: ("kustomization", "kustomizations"),
    LeftOut.PATCH: ("patch", "patches"),
    LeftOut.ENCRYPTED: ("encrypted", "encrypted"),
    LeftOut.REFUSED: ("refused", "refused"),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """An object that the cluster would not have: Istio or the API server refuses it, or it cannot be read.

    *hosts*, *ports* and *export_to* are what it says of these, as far as it can be read.
    """

    kind: str
    namespace: str
    name: str
    where: Source
    findings: tuple[Finding, ...] = ()
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    export_to: tuple[str, ...] = ()

    def __str__(self) -> str:
        identity = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} `{identity}` ({self.where})"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One identity with different contents: the *kept* resource, and the *others*, the latest first."""

    kept: Resource
    others: tuple[Resource, ...]


Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSummary:
    """How much was read: *documents* (an item of a List is one) of *files*, the objects *kept* of each kind, the rest.

    *other_kinds* counts objects of kinds that cannot matter, *copies* those that another one equals. *blockers* are the
    errors that no answer may pass over: a source that cannot be opened or holds nothing usable, and with ``strict``
    every error. An object that is refused is not one of them. *moves* says in lines which objects kustomizations put in
    another namespace than they were read into.

    >>> print(LoadSummary(documents=3, files=2, kept={"ServiceEntry": 2}, left_out={LeftOut.TEMPLATE: 1}))
    read 3 documents of 2 files: 2 ServiceEntries; left out 1: 1 template
    """

    documents: int = 0
    files: int = 0
    kept: Mapping[str, int] = field(default_factory=FrozenMap)
    other_kinds: int = 0
    copies: int = 0
    left_out: Mapping[LeftOut, int] = field(default_factory=FrozenMap)
    blockers: tuple[Finding, ...] = ()
    moves: tuple[str, ...] = ()

    @property
    def left_out_count(self) -> int:
        """How many documents were left out."""
        return sum(self.left_out.values())

    def __str__(self) -> str:
        files = f" of {_counted(self.files, 'file')}" if self.files else ""
        read = ", ".join(self._read()) or "nothing usable"
        told = f"read {_counted(self.documents, 'document')}{files}: {read}"
        if not self.left_out_count:
            return told
        reasons = ", ".join(reason.counted(count) for reason, count in _by_count(self.left_out))
        return f"{told}; left out {self.left_out_count:,}: {reasons}"

    def _read(self) -> Iterator[str]:
        for kind, count in _by_count(self.kept):
            yield f"{count:,} {kind if count == 1 else plural(kind)}"
        if self.copies:
            yield f"{self.copies:,} equal {'copy' if self.copies == 1 else 'copies'}"
        if self.other_kinds:
            yield f"{self.other_kinds:,} of other kinds"


def plural(kind: str) -> str:
    """Return the plural of *kind*.

    >>> plural("ServiceEntry"), plural("Gateway"), plural("Endpoints")
    ('ServiceEntries', 'Gateways', 'Endpoints')
    """
    if kind.endswith("ry"):
        return f"{kind[:-1]}ies"
    return kind if kind.endswith("s") else f"{kind}s"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _by_count(counts: Mapping[Key, int]) -> list[tuple[Key, int]]:
    """Return what *counts* holds, the most first."""
    return sorted(((key, count) for key, count in counts.items() if count), key=lambda pair: -pair[1])
