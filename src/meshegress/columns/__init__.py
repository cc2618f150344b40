"""Decisions on whole tables: Arrow columns in, a dictionary-encoded column out.

Rows in which nothing is odd are decided without Python, and without the GIL; the rest become requests and are decided
like any other. Headers and method are not columns: where a route asks for one, the decision says that it is assumed
and names the others.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, overload

from meshegress._engine.chosen import Columns, text_at
from meshegress.columns.arrow_memory import Batch, Column, read_batches
from meshegress.columns.export import dictionary_capsules
from meshegress.columns.values import complaint
from meshegress.decision import Decision
from meshegress.errors import RequestError
from meshegress.request import Request, WireProtocol

#: The columns that are read, by what they hold.
COLUMNS = ("address", "port", "kind", "authority", "server_name", "path")
#: What a client speaks, by the words of the column ``kind``; the number is the compiled walk's.
KINDS = {"http": 0, "http2": 1, "http1.0": 2, "tls": 3, "https": 3, "raw": 4, "tcp": 4}
_NO_KIND = 5
_PROTOCOLS = (WireProtocol.HTTP, WireProtocol.HTTP2, WireProtocol.HTTP10, WireProtocol.RAW, WireProtocol.RAW)
_TLS, _RAW = 3, 4
_NULL_ROW, _ASKS = -1, -2
#: Rows that one thread takes at a time.
CHUNK = 65536


@dataclass(frozen=True, slots=True)
class ColumnDeciderContext:
    """How the columns of one workload are decided; ``Columns`` of the engine says what is open."""

    walk: Any
    leaves: int
    free_address: str
    careful: bytes
    unknown: bytes
    decision: Callable[[int], Decision]
    decide: Callable[[Request], Decision]


class Decided:
    """The decisions on the rows of a table, in order, as a sequence; None for a row that is not a request.

    ``numbers`` has the number of each row's decision, -1 for none; ``decision`` gives the decision of a number. Arrow
    libraries take it as a dictionary-encoded column of ``str(decision)``; :meth:`column` is one of another field.
    """

    def __init__(self, numbers: array[int], decision: Callable[[int], Decision]) -> None:
        self.numbers = numbers
        self.decision = decision

    def __len__(self) -> int:
        return len(self.numbers)

    # No subclass of Sequence: Polars would take it for a list of records, and not as the column that it is.

    def __iter__(self) -> Iterator[Decision | None]:
        return (self[row] for row in range(len(self)))

    @overload
    def __getitem__(self, row: int) -> Decision | None: ...

    @overload
    def __getitem__(self, row: slice) -> Decided: ...

    def __getitem__(self, row: int | slice) -> Decision | Decided | None:
        if isinstance(row, slice):
            return Decided(self.numbers[row], self.decision)
        number = self.numbers[row]
        return None if number < 0 else self.decision(number)

    def column(self, field: str) -> TextColumn:
        """Return a column of the decisions' *field*, such as ``outcome``, or of ``approximate``.

        Raises ValueError for a field that decisions do not have.
        """
        if field not in (*Decision.__slots__, "allowed", "approximate"):
            raise ValueError(f"decisions have no field `{field}`")
        return TextColumn(self, lambda decision: _field_text(decision, field))

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Return schema and array of a dictionary-encoded column of text."""
        return TextColumn(self, str).__arrow_c_array__(requested_schema)


class TextColumn:
    """One text for each decision, as Arrow's column."""

    def __init__(self, decided: Decided, text_of: Callable[[Decision], str | None]) -> None:
        self._decided = decided
        self._text_of = text_of

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Return schema and array of a dictionary-encoded column of text."""
        rows: dict[str, int] = {}
        index_of = {_NULL_ROW: -1}
        for number in set(self._decided.numbers) - {_NULL_ROW}:
            text = self._text_of(self._decided.decision(number))
            index_of[number] = -1 if text is None else rows.setdefault(text, len(rows))
        indexes = array("i", map(index_of.__getitem__, self._decided.numbers))
        return dictionary_capsules(indexes, tuple(rows))


class ArrowData(Protocol):
    """A table or record batch of any library that speaks Arrow's PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return a stream of the batches."""


def is_arrow(value: object) -> bool:
    """Return whether *value* speaks Arrow's PyCapsule interface."""
    return hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")


def decide_columns(
    context: ColumnDeciderContext, data: Any, *, names: Mapping[str, str | None], threads: int = 1
) -> Decided:
    """Return the decisions on the rows of *data*; *names* say how its columns are called, where not as ``COLUMNS``.

    Raises ValueError where a column is missing, or of a type that cannot be read.
    """
    unknown = sorted(set(names) - set(COLUMNS))
    if unknown:
        raise ValueError(f"`{unknown[0]}` is not a column that is read; those are {', '.join(COLUMNS)}")
    if type(threads) is not int or threads < 1:
        raise ValueError(f"`threads` is a number from 1, not `{threads!r}`")
    numbers = array("i")
    others = _Others(context)
    for batch in read_batches(data):
        decided = _decide_batch(context, batch, _columns_of(batch, names), others, threads)
        if numbers:
            numbers.extend(decided)
        else:
            numbers = decided  # most tables are of one batch, which is not copied
    return Decided(numbers, others.decision)


class _Others:
    """The decisions that are not a leaf's: they are numbered behind the leaves."""

    def __init__(self, context: ColumnDeciderContext) -> None:
        self._context = context
        self._numbers: dict[Decision, int] = {}
        self._decisions: list[Decision] = []
        self._known: dict[tuple[Any, ...], int] = {}

    def decision(self, number: int) -> Decision:
        """Return the decision with *number*."""
        place = number - self._context.leaves
        return self._context.decision(number) if place < 0 else self._decisions[place]

    def number(self, values: tuple[Any, ...]) -> int:
        """Return the number of the decision on a row with these values, in the order of ``COLUMNS``."""
        known = self._known.get(values)
        if known is None:
            known = self._known[values] = self._ask(values)
        return known

    def _ask(self, values: tuple[Any, ...]) -> int:
        request = row_request(values)
        if request is None:
            return _NULL_ROW
        decision = self._context.decide(request)
        if decision not in self._numbers:
            self._numbers[decision] = self._context.leaves + len(self._decisions)
            self._decisions.append(decision)
        return self._numbers[decision]


def row_request(values: tuple[Any, ...]) -> Request | None:
    """Return the request of a row with these values, in the order of ``COLUMNS``, or None where it is none."""
    address, port, kind, authority, server_name, path = values
    number = KINDS.get(kind, _NO_KIND)
    if number == _NO_KIND or port is None:
        return None
    try:
        if number == _TLS:
            return Request.tls(server_name, address=address, port=port)
        if number == _RAW:
            return Request(address=address, port=port)
        path = "/" if path is None else path
        return Request.http(authority, path, address=address, port=port, protocol=_PROTOCOLS[number])
    except RequestError:
        return None


def _columns_of(batch: Batch, names: Mapping[str, str | None]) -> tuple[Column | None, ...]:
    found = {name: _column_named(batch, name, names) for name in COLUMNS}
    for name in ("port", "kind"):
        if found[name] is None:
            raise ValueError(f'the table has no column `{name}`: name the one that holds it, as in `{name}="x"`')
    if found["authority"] is found["server_name"] is None and "authority" not in names:
        raise ValueError(
            'the table has neither a column `authority` nor `server_name`: name one, as in `authority="host"`, '
            "or say `authority=None` where clients show no names"
        )
    if found["server_name"] is None and "server_name" not in names:
        found["server_name"] = found["authority"]  # one column may hold both names
    return tuple(found[name] for name in COLUMNS)


def _column_named(batch: Batch, name: str, names: Mapping[str, str | None]) -> Column | None:
    """Return the column that is read as *name*: as the caller calls it, or so named, or None."""
    called = names.get(name, name)
    column = None if called is None else batch.columns.get(called)
    if column is None and name in names and called is not None:
        raise ValueError(f"the table has no column `{called}`; it has {', '.join(f'`{one}`' for one in batch.columns)}")
    wrong = None if column is None else complaint(column, name)
    if wrong:
        raise ValueError(f"column `{called}` {wrong}")
    return column


def _decide_batch(
    context: ColumnDeciderContext, batch: Batch, columns: tuple[Column | None, ...], others: _Others, threads: int
) -> array[int]:
    numbers = array("i", [0]) * batch.length
    kind = columns[COLUMNS.index("kind")]
    kinds = None
    if kind is not None and kind.dictionary is not None:
        values = (text_at(kind.dictionary, row) for row in range(kind.dictionary.length))
        kinds = bytes(KINDS.get(value or "", _NO_KIND) for value in values)
    rows = Columns(batch.length, columns, context.free_address, context.careful, context.unknown, kinds)
    left = _walk_chunks(lambda start, stop: rows.walk(context.walk, numbers, start, stop), batch.length, threads)
    for row in _rows_left(numbers) if left else ():
        numbers[row] = others.number(rows.values(row))
    return numbers


def _walk_chunks(walk: Callable[[int, int], int], length: int, threads: int) -> int:
    """Let *walk* answer all rows, and return how many it leaves open."""
    starts = range(0, length, CHUNK)
    if threads < 2 or len(starts) < 2:
        return walk(0, length)
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda start: walk(start, min(start + CHUNK, length)), starts))


def _rows_left(numbers: array[int]) -> Iterator[int]:
    place = -1
    try:
        while True:
            place = numbers.index(_ASKS, place + 1)
            yield place
    except ValueError:
        return


def _field_text(decision: Decision, field: str) -> str | None:
    if field == "approximate":
        return str(bool(decision.assumptions)).lower()
    value = getattr(decision, field)
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value) if isinstance(value, Enum) else str(value)
