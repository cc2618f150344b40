"""Records of an access log: a line and the places of its fields, converted when they are read: the reference twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Protocol, Self

from meshegress._engine.reference.log import LogSplitter, bytes_of


class LogKind(IntEnum):
    """What becomes of the text of a field: OTHER is left to the layout."""

    OTHER = 0
    TEXT = 1
    NUMBER = 2
    STAMP = 3
    FLAGS = 4


class LogLayout(Protocol):
    """What a record knows of its fields."""

    @property
    def kinds(self) -> bytes:
        """A LogKind for each field."""

    def typed(self, number: int, piece: str) -> object:
        """Return the value that *piece*, the text of field *number*, stands for."""


class LogRecord:
    """A line and the places of its fields; ``values`` is for records that have no line."""

    __slots__ = ("layout", "line", "places", "values")

    layout: LogLayout | None
    line: bytes | None
    places: tuple[int, ...]
    values: object

    def __new__(cls, *_: object) -> Self:
        """Return a record without a line."""
        made = super().__new__(cls)
        made.layout = made.line = made.values = None
        made.places = ()
        return made

    def place(self, layout: LogLayout, line: bytes, places: Sequence[int]) -> None:
        """Keep *line* and the *places* of its fields: start and end of each, in order."""
        self.layout, self.line, self.places = layout, line, tuple(places)

    def piece(self, number: int) -> str:
        """Return the very text of field *number*."""
        if self.line is None or not 0 <= 2 * number < len(self.places):
            raise IndexError(number)
        return self.line[self.places[2 * number] : self.places[2 * number + 1]].decode("utf-8", "surrogateescape")

    def field(self, number: int) -> object:
        """Return the typed value of field *number*."""
        if self.layout is None:
            raise IndexError(number)
        return self.layout.typed(number, self.piece(number))


class LogLines:
    """A reader of lines into records of the type *record*.

    *refuse* is called with the bytes of a line that has no cut, or several without *takes_first*; it raises, or returns
    the record. *keeps_newline* says that a newline at the end of a line may belong to its last field.
    """

    def __init__(
        self,
        splitter: LogSplitter,
        layout: LogLayout,
        record: type[LogRecord],
        refuse: Callable[[bytes], LogRecord],
        *,
        keeps_newline: bool,
        takes_first: bool,
    ) -> None:
        self.splitter = splitter
        self.layout = layout
        self.record = record
        self.refuse = refuse
        self.keeps_newline = keeps_newline
        self.takes_first = takes_first

    def parse(self, line: str | bytes) -> LogRecord:
        """Return the record of *line*, or what ``refuse`` makes of its bytes."""
        data = bytes_of(line) if isinstance(line, str) else bytes(line)
        if data.endswith(b"\n") and not self.keeps_newline:
            data = data[:-1]
        count, places = self.splitter.split(data)
        if count != 1 and not (count and self.takes_first):
            return self.refuse(data)
        made = self.record.__new__(self.record)
        made.place(self.layout, data, places)
        return made

    def values(self, line: str | bytes) -> tuple[object, ...]:
        """Return the typed values of all fields of *line*, in their order."""
        record = self.parse(line)
        return tuple(record.field(number) for number in range(len(self.splitter.fields)))
