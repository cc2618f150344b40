"""What differs between two egresses, and what is not proven: the answer of ``diff``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

from meshegress.analysis.answers import By
from meshegress.analysis.cells import Cell, Doubt
from meshegress.analysis.changes import Change, changes_of
from meshegress.analysis.differ.facts import Facts
from meshegress.analysis.differ.ports import compare
from meshegress.analysis.markdown import markdown_of
from meshegress.analysis.shown import request_text
from meshegress.analysis.subjects import EgressSubject
from meshegress.analysis.texts.product import Budget
from meshegress.decision import Origin
from meshegress.egress import Egress
from meshegress.request import Request

SCHEMA_VERSION = 1
NOTHING = "No change in egress behaviour."

Addresses = tuple[str, ...]
_MOST_SHOWN = 20


class Difference:
    """What becomes of requests otherwise: true where something does.

    ``changes`` reach the address families that the workloads have. ``doubts`` are sets of requests of which it is not
    proven that both sides agree; ``names`` resolve otherwise, from the addresses before to those after.
    """

    def __init__(self, before: Egress, after: Egress, cells: Iterable[Cell], doubts: Iterable[Doubt]) -> None:
        self._before, self._after = before, after
        families = _families(before) | _families(after)
        self._cells = [cell for cell in cells if _family(cell) in families]
        self._others = [cell for cell in cells if _family(cell) not in families]
        self.doubts: tuple[Doubt, ...] = tuple(one for one in doubts if _doubt_family(one) in families)
        self.names: Mapping[str, tuple[Addresses, Addresses]] = MappingProxyType(changed_names(before, after))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What is answered otherwise, the ordinary requests first, then by effect."""
        return changes_of(self._cells)

    @property
    def shown(self) -> tuple[Change, ...]:
        """The changes to read first: those for ordinary requests, or all if only odd ones are there."""
        return tuple(one for one in self.changes if not one.is_minor) or self.changes

    @cached_property
    def beyond(self) -> tuple[Change, ...]:
        """What would be answered otherwise at addresses of a family that neither workload has."""
        return changes_of(self._others)

    @property
    def is_proven(self) -> bool:
        """Whether nothing else differs."""
        return not self.doubts

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """What is not modelled, and could change the answers of both sides."""
        decisions = (one for change in self.changes for one in (change.before, change.after))
        found = (assumption for decision in decisions for assumption in decision.assumptions)
        return tuple(dict.fromkeys(one.reason for one in found if not one.candidates))

    def __bool__(self) -> bool:
        return bool(self._cells or self.names)

    def find(self, request: Request | str) -> Change | None:
        """Return the change that reaches *request*, or what fetching a URL sends; None where there is none.

        Without an address the request may go to any that either side knows for its name: the first change counts.

        Raises RequestError for a bad URL.
        """
        if isinstance(request, str):
            request = Request.from_url(request)
        asked = [request]
        if request.address is None:
            addresses = (one for egress in (self._before, self._after) for one in egress.careful.addresses.of(request))
            asked = [request.to(address) for address in dict.fromkeys(addresses)]
        changes = (*self.changes, *self.beyond)
        return next((change for one in asked for change in changes if change.contains(one)), None)

    def __str__(self) -> str:
        return self.text()

    def text(self, *, everything: bool = False, most: int = _MOST_SHOWN) -> str:
        """Return the changes in words, *most* of them; *everything* has those for odd first bytes too."""
        if not self and self.is_proven:
            return NOTHING
        shown = self.changes if everything else self.shown
        parts = [_headline(shown)] if shown else []
        reasons = {_reason(change) for change in shown}
        is_one = len(reasons) == 1 < len(shown)
        parts += [_paragraph(change, "" if is_one else _reason(change)) for change in shown[:most]]
        if len(shown) > most:
            parts.append(f"and {len(shown) - most} more changes")
        if len(shown) < len(self.changes):
            hidden = len(self.changes) - len(shown)
            parts.append(f"and {hidden} for odd first bytes (malformed HTTP, CONNECT, silent clients): --all")
        parts += [f"all {reason}" for reason in reasons if is_one and reason]
        parts += self._name_lines()
        parts += [f"could be otherwise: {reason}" for reason in self.assumptions]
        parts += [f"not proven: {doubt}" for doubt in self.doubts[:most]]
        if len(self.doubts) > most:
            parts.append(f"and {len(self.doubts) - most} more that are not proven")
        return "\n\n".join(parts)

    def _name_lines(self) -> list[str]:
        rows = [
            f"{name} resolves to {_listed(after)}, before to {_listed(before)}"
            for name, (before, after) in list(self.names.items())[:5]
        ]
        more = [f"and {len(self.names) - 5} more names"] if len(self.names) > 5 else []
        return ["\n".join((*rows, *more))] if rows else []

    def markdown(self, *, most: int = _MOST_SHOWN, limit: int = 60_000) -> str:
        """Return the changes as a table for a pull request, of *limit* characters at most."""
        return markdown_of(self.changes, self.doubts, self.names, most=most, limit=limit)

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-ready values; ``schema_version`` changes when the shape does."""
        return {
            "schema_version": SCHEMA_VERSION,
            "equal": not self,
            "proven": self.is_proven,
            "changes": [change_as_dict(change) for change in self.changes],
            "names": {name: {"before": list(row[0]), "after": list(row[1])} for name, row in self.names.items()},
            "doubts": [{"where": doubt.where, "reason": doubt.reason} for doubt in self.doubts],
            "assumptions": list(self.assumptions),
        }


def diff(
    before: Egress, after: Egress, *, by: By = "answer", budget: Budget | None = None, facts: Facts | None = None
) -> Difference:
    """Return what becomes of requests otherwise with *after* than with *before*.

    Compared *by* answer, a request may take another way to the same end; by decision every name on the way counts.
    Beyond the *budget* there is a doubt; several comparisons of tables that share nodes may share *facts*. It raises
    nothing.

    >>> from meshegress import Mesh
    >>> strict = Mesh(mesh_config={"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}})
    >>> print(diff(Mesh().egress(), Mesh().egress()))
    No change in egress behaviour.
    >>> diff(Mesh().egress(), strict.egress()).find("https://a.com/").effect
    <Effect.BLOCKED: 'blocked'>
    """
    cells, doubts = compare(EgressSubject(before), EgressSubject(after), by=by, budget=budget, facts=facts)
    return Difference(before, after, cells, doubts)


def change_as_dict(change: Change) -> dict[str, Any]:
    """Return *change* as JSON-ready values."""
    return {
        "effect": change.effect.value,
        "summary": change.sentence,
        "certain": change.is_certain,
        "minor": change.is_minor,
        "ports": list(change.ports.numbers),
        "unlistened_ports": change.ports.has_unlistened,
        "addresses": list(change.addresses.texts),
        "first_bytes": sorted(map(str, change.first_bytes.kinds)),
        "requests": sorted(change.first_bytes.classes),
        "names": list(change.names.texts),
        "alpn": list(change.offers),
        "when": list(change.when.texts),
        "before": change.before_text,
        "after": change.after_text,
        "governed_by": [_origin_as_dict(origin) for origin in change.governed_by],
        "cells": change.cells,
        "witness": {
            "request": change.witness.as_dict(),
            "before": change.before.as_dict(),
            "after": change.after.as_dict(),
        },
    }


def _headline(changes: Sequence[Change]) -> str:
    counts = Counter(str(change.effect) for change in changes)
    told = ", ".join(f"{number} {effect}" for effect, number in counts.items())
    return f"{len(changes)} change{'s' if len(changes) != 1 else ''}: {told}"


def _paragraph(change: Change, reason: str) -> str:
    indent = " " * 9
    lines = [
        f"{change.effect!s:8} {change.sentence}",
        f"{indent}{change.before_text} -> {change.after_text}",
        f"{indent}e.g. {request_text(change.witness)}",
    ]
    if not change.is_certain:
        lines.append(f"{indent}not certain: what is not known leaves an answer possible that both sides have")
    return "\n".join([*lines, *([f"{indent}{reason}"] if reason else [])])


def _reason(change: Change) -> str:
    origins = [_placed(origin) for origin in change.governed_by[:3]]
    more = f" and {len(change.governed_by) - 3} more" if len(change.governed_by) > 3 else ""
    return f"because of {', '.join(origins)}{more}" if origins else ""


def _placed(origin: Origin) -> str:
    return f"{origin} ({origin.source})" if origin.source is not None else str(origin)


def _origin_as_dict(origin: Origin) -> dict[str, str]:
    found = {"kind": origin.kind, "namespace": origin.namespace, "name": origin.name}
    return {**found, "source": str(origin.source)} if origin.source is not None else found


def _listed(addresses: Addresses) -> str:
    return ", ".join(addresses) if addresses else "nothing that the sidecar answers"


def _families(egress: Egress) -> set[bool]:
    return {":" in address for address in egress.workload.addresses} or {False}


def _family(cell: Cell) -> bool:
    return ":" in cell.witness.destination


def _doubt_family(doubt: Doubt) -> bool:
    place = doubt.scope.place
    return ":" in place if isinstance(place, str) else place[0] == 128


def changed_names(before: Egress, after: Egress) -> dict[str, tuple[Addresses, Addresses]]:
    """Return the names that the DNS proxy answers otherwise, with the addresses before and after."""
    old, new = before.names, after.names
    if old is new:
        return {}
    rows = {name: (tuple(old.get(name, ())), tuple(new.get(name, ()))) for name in sorted(old.keys() | new.keys())}
    return {name: row for name, row in rows.items() if set(row[0]) != set(row[1])}
