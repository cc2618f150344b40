"""Cells into changes: what differs in the same way is one change, as far as it can be said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from meshegress.analysis.answers import Effect, effect_of, is_certain
from meshegress.analysis.cells import Cell
from meshegress.analysis.regions import ORDINARY, Addresses, FirstBytes, Names, Ports, When, class_of
from meshegress.analysis.shown import answer_text, condition_texts
from meshegress.analysis.spaces.first_bytes import HESITANT, Bytes
from meshegress.decision import Decision, Origin, Outcome
from meshegress.request import Request


class Change:
    """Requests of which the same becomes otherwise: a set of cells.

    ``before`` and ``after`` are the decisions on its ``witness``; of the other requests they are those but for the name
    of the host. ``is_certain`` tells that no candidate of both sides is the same.
    """

    def __init__(self, row: _Row) -> None:
        self._row = row
        self.effect: Effect = row.effect
        self.is_certain: bool = row.is_certain
        self._cells = row.cells

    @cached_property
    def shown(self) -> Cell:
        """The cell whose witness is shown: the plainest."""
        return min(self._cells, key=_oddity)

    @property
    def witness(self) -> Request:
        """A request that is answered otherwise, a plain one if there is any."""
        return self.shown.witness

    @property
    def before(self) -> Decision:
        """What became of the witness."""
        return self.shown.before

    @property
    def after(self) -> Decision:
        """What becomes of the witness."""
        return self.shown.after

    @cached_property
    def ports(self) -> Ports:
        """The ports that it reaches."""
        return Ports(self._cells)

    @cached_property
    def addresses(self) -> Addresses:
        """The addresses that it reaches."""
        return Addresses(self._cells)

    @cached_property
    def first_bytes(self) -> FirstBytes:
        """The first bytes that it reaches."""
        return FirstBytes(self._cells)

    @cached_property
    def names(self) -> Names:
        """The server names or hosts that it reaches."""
        return Names(self._cells)

    @cached_property
    def when(self) -> When:
        """The conditions of routes under which it holds."""
        return When(self._cells, self._row.when)

    @cached_property
    def offers(self) -> tuple[str, ...]:
        """The protocols of ALPN that it reaches; empty where none is asked for."""
        return () if None in self._row.offers else tuple(sorted(str(one) for one in self._row.offers))

    @property
    def members(self) -> tuple[Cell, ...]:
        """The cells that it is made of."""
        return self._cells

    @property
    def cells(self) -> int:
        """How many cells it is made of."""
        return len(self._cells)

    @cached_property
    def governed_by(self) -> tuple[Origin, ...]:
        """The resources behind the answers of both sides, each once."""
        decisions = (decision for cell in self._cells for decision in (cell.before, cell.after))
        found = {str(one.governed_by): one.governed_by for one in decisions if one.governed_by is not None}
        return tuple(found.values())

    def contains(self, request: Request) -> bool:
        """Return whether *request*, which has an address, is answered otherwise because of this change."""
        return any(cell.contains(request) for cell in self._cells)

    @property
    def is_minor(self) -> bool:
        """Whether it reaches only odd first bytes: malformed HTTP, CONNECT, clients that wait for the server."""
        return self.first_bytes.classes.isdisjoint(ORDINARY) or self.first_bytes.kinds <= HESITANT

    @cached_property
    def before_text(self) -> str:
        """What became of the requests; ``{name}`` stands for the host of each."""
        return self._named(self._row.before)

    @cached_property
    def after_text(self) -> str:
        """What becomes of the requests; ``{name}`` stands for the host of each."""
        return self._named(self._row.after)

    def _named(self, text: str) -> str:
        names = {name.removesuffix(".") for name in self.names.texts}
        return text.replace("{name}", names.pop()) if len(names) == 1 else text

    @cached_property
    def sentence(self) -> str:
        """Whom it reaches, such as ``TLS on port 443 to any IPv4 address, server name a.com``."""
        told = f"{self.first_bytes} on {self.ports} to {self.addresses}"
        texts, names = self.names.texts, str(self.names)
        if names:
            is_one = len(texts) == 1 and not names.startswith("every")
            told += f", {self.names.noun if is_one else 'for'} {names}"
        if self.offers:
            told += f", with ALPN {', '.join(self.offers)}"
        return told + (f", when {self.when}" if self.when.texts else "")

    def __str__(self) -> str:
        return f"{self.effect}: {self.sentence}: {self.before_text} -> {self.after_text}"


@dataclass(frozen=True)
class _Row:
    """What is said of cells, and what they are compared by when they are merged."""

    ports: frozenset[int | None]
    addresses: frozenset[str]
    kinds: frozenset[Bytes]
    classes: frozenset[str]
    names: frozenset[str]
    noun: str
    when: frozenset[str]
    offers: frozenset[str | None]
    effect: Effect
    before: str
    after: str
    is_certain: bool
    cells: tuple[Cell, ...]


_FIELDS = tuple(name for name in _Row.__dataclass_fields__ if name != "cells")
#: What is merged, in this order: the same again where more can be said in one sentence by then.
_MERGED = (
    ("offers",),
    ("when",),
    ("addresses",),
    ("kinds",),
    ("classes",),
    ("names",),
    ("kinds",),
    ("classes",),
    ("ports",),
    ("addresses",),
    ("kinds",),
    ("ports", "addresses"),
)


def changes_of(cells: Iterable[Cell]) -> tuple[Change, ...]:
    """Return *cells* as changes: the ordinary first, then by effect."""
    rows = [_row(cell) for cell in cells]
    for fields in _MERGED:
        rows = _merge(rows, fields)
    return tuple(sorted(map(Change, rows), key=_order))


def _row(cell: Cell) -> _Row:
    scope = cell.scope
    shown = scope.names.show(scope.name) if scope.names is not None else ""
    return _Row(
        ports=frozenset({scope.port}),
        addresses=frozenset({scope.places.show(scope.place)}),
        kinds=scope.kinds or frozenset(Bytes),
        classes=frozenset({class_of(cell)}),
        names=frozenset({shown}),
        noun=scope.names.noun if scope.names is not None else "",
        when=condition_texts(cell.routing),
        offers=frozenset({next((one for one in cell.offer if one is not None), None)}),
        effect=effect_of(cell.before, cell.after),
        before=_answers(cell.before, shown),
        after=_answers(cell.after, shown),
        is_certain=is_certain(cell.before, cell.after),
        cells=(cell,),
    )


def _answers(decision: Decision, name: str) -> str:
    """Return what becomes of requests, with ``{name}`` in the place of the cell's own name."""
    text = answer_text(decision)
    bare = name.removesuffix(".")
    is_own = bare and decision.outcome is Outcome.SERVICE and text.endswith(f"|{bare}")
    return f"{text.removesuffix(bare)}{{name}}" if is_own else text


def _merge(rows: Iterable[_Row], fields: Sequence[str]) -> list[_Row]:
    """Return *rows* with those as one that differ in *fields* alone."""
    kept = [name for name in _FIELDS if name not in fields]
    groups: dict[tuple[object, ...], list[_Row]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in kept), []).append(row)
    return [_merged(members, fields) for members in groups.values()]


def _merged(rows: Sequence[_Row], fields: Sequence[str]) -> _Row:
    if len(rows) == 1:
        return rows[0]
    values: dict[str, Any] = {name: frozenset().union(*(getattr(row, name) for row in rows)) for name in fields}
    return replace(rows[0], cells=tuple(cell for row in rows for cell in row.cells), **values)


_EFFECTS = list(Effect)
_NICE_BYTES = {Bytes.TLS: 0, Bytes.HTTP11: 1, Bytes.OTHER: 2}


def _order(change: Change) -> tuple[object, ...]:
    shown = _oddity(change.shown)[1:3]
    return change.is_minor, _EFFECTS.index(change.effect), shown, -len(change.names.texts), str(change)


def _oddity(cell: Cell) -> tuple[object, ...]:
    """Return how odd a witness is: the least odd one is shown."""
    scope, witness = cell.scope, cell.witness
    is_other = scope.names is not None and scope.names.show(scope.name).startswith("every")
    return (
        class_of(cell) not in ORDINARY,
        scope.port is None,
        _NICE_BYTES.get(Bytes.of(witness), 3),
        ":" in witness.destination,
        is_other,
        len(repr(witness)),
        repr(witness),
    )
