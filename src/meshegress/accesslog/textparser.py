"""Read lines of a text format: count the ways to cut a line, and accept only a single one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, cast

from meshegress._engine.chosen import LogLines, alphabet_of
from meshegress.accesslog.boundaries import SplitterProgram, check_readable, compile_program, may_be_empty
from meshegress.accesslog.entry import AccessLogEntry, FieldLayout
from meshegress.accesslog.fields import FieldValue
from meshegress.accesslog.formatstring import Command, Piece
from meshegress.accesslog.shapes import Names
from meshegress.accesslog.values import to_bytes, to_text
from meshegress.errors import LogFormatError, LogParseError

TieBreak: TypeAlias = Literal["ua-widest"]


class TextParser:
    """A parser of one text format; made by ``AccessLogFormat.parser``."""

    def __init__(
        self, text: str, pieces: Sequence[Piece], layout: FieldLayout, *, names: Names, tie_break: TieBreak | None
    ) -> None:
        omit = layout.omit_empty_values
        check_readable(text, compile_program(pieces, names=Names.STRICT, omit_empty_values=omit))
        program = compile_program(pieces, names=names, omit_empty_values=omit)
        self.text = text
        self.layout = layout
        self.takes_first = tie_break is not None
        self.splitter = program.splitter(_widest(program.commands, tie_break))
        self._widest = program.splitter(range(len(program.fields)))
        lines = LogLines(
            self.splitter,
            layout,
            AccessLogEntry,
            self._refuse,
            keeps_newline=_may_end_in_newline(program),
            takes_first=self.takes_first,
        )
        # Bound here, so that a call goes straight to the twin.
        self._parse, self._values = lines.parse, lines.values

    @property
    def parse(self) -> Callable[[str | bytes], AccessLogEntry]:
        """Return the entry of a line; one newline at its end is ignored, unless the format can only end in it.

        Raises LogParseError where no reading fits, or several do and no tie-break was asked for.
        """
        return cast("Callable[[str | bytes], AccessLogEntry]", self._parse)

    @property
    def values(self) -> Callable[[str | bytes], tuple[FieldValue, ...]]:
        """Return all fields of a line, typed, in the order of the format; raises as ``parse`` does."""
        return cast("Callable[[str | bytes], tuple[FieldValue, ...]]", self._values)

    def _refuse(self, data: bytes) -> AccessLogEntry:
        """Read a line again that may end in the newline of the record, or say why it is none."""
        count, places = self.splitter.split(data)
        if not count and data.endswith(b"\n"):
            data = data[:-1]
            count, places = self.splitter.split(data)
            if count == 1 or (count and self.takes_first):
                return AccessLogEntry.from_line(self.layout, data, places)
        raise self._error(data, count, places)

    def count(self, line: str | bytes) -> int:
        """Return the number of ways to read *line*: 0, 1, or 2 for more."""
        return self.splitter.split(to_bytes(line) if isinstance(line, str) else line)[0]

    def error(self, data: bytes) -> LogParseError:
        """Return why *data*, a line without its newline, has no single reading."""
        return self._error(data, *self.splitter.split(data))

    def _error(self, data: bytes, count: int, places: tuple[int, ...]) -> LogParseError:
        if not count:
            return LogParseError(to_text(data), self.text, "no_match", "the line does not fit the format")
        others = self._widest.split(data)[1]
        number = next(n for n in range(len(places)) if places[n] != others[n]) // 2
        name = self.layout.names[number]
        detail = f"`{name}` may end at byte {places[2 * number + 1]} or at byte {others[2 * number + 1]}"
        return LogParseError(to_text(data), self.text, "ambiguous", detail)


def _may_end_in_newline(program: SplitterProgram) -> bool:
    """Whether the last byte of a record can be a newline of its own; fields that may be empty show what is before."""
    for literal, field in zip(program.literals[:0:-1], program.fields[::-1], strict=True):
        if literal or 0x0A in alphabet_of(field):
            return not literal or literal.endswith(b"\n")
        if not may_be_empty(field):
            return False
    return program.literals[0].endswith(b"\n")


def _widest(commands: Sequence[Command], tie_break: TieBreak | None) -> list[int]:
    if tie_break is None:
        return []
    if tie_break != "ua-widest":
        raise LogFormatError(str(tie_break), 0, len(str(tie_break)), "no tie-break has this name; there is `ua-widest`")
    return [n for n, command in enumerate(commands) if command.bare_text.upper() == "REQ(USER-AGENT)"]
