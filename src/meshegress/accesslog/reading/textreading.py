"""One text format, read leniently: a line with a tail, and a line with several readings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from meshegress._engine.chosen import LogField, LogSpan, LogSplitter
from meshegress.accesslog.boundaries import SplitterProgram, compile_program
from meshegress.accesslog.entry import AccessLogEntry, FieldLayout
from meshegress.accesslog.formatstring import Piece
from meshegress.accesslog.reading.circumstances import Circumstances
from meshegress.accesslog.reading.partial import Agreement
from meshegress.accesslog.shapes import Names
from meshegress.accesslog.values import to_text

_LINE = bytes(byte for byte in range(256) if byte != 0x0A)
_ANYTHING = LogField((LogSpan(_LINE, _LINE, 0),))
_TAIL = LogField((LogSpan(_LINE, _LINE, 1),))
#: What may separate a record and its tail; the last is what a mistaken escape leaves of a newline.
_SEPARATORS = (b" ", b"\t", b"\\n")


@dataclass(frozen=True, slots=True)
class Stop:
    """How far a line fits a format: up to *byte*, where the field *name* should stand, or the end (None)."""

    byte: int
    fields: int
    name: str | None


class TextReading:
    """What a text format can make of a line that does not fit it in exactly one way."""

    def __init__(self, pieces: tuple[Piece, ...], layout: FieldLayout, names: Names) -> None:
        self.layout = layout
        omit = layout.omit_empty_values
        self._program = compile_program(pieces, names=names, omit_empty_values=omit)
        self._partial_layouts: dict[frozenset[int], FieldLayout] = {}

    def with_tail(self, line: bytes) -> AccessLogEntry | None:
        """Return the entry of a *line* that has something behind the record; of several readings, what they share."""
        for program, splitter in self._tailed:
            count, places = splitter.split(line)
            if count == 1:
                rest = to_text(line[places[-2] : places[-1]])
                made = AccessLogEntry.from_line(self.layout, line, places[:-2])
                return made.under(Circumstances(rest=rest, tolerances=("rest",)))
            if count:
                return self._agreed(program, line, places)
        return None

    def shared(self, line: bytes) -> AccessLogEntry | None:
        """Return an entry with the fields on which all readings of an ambiguous *line* agree."""
        count, places = self._program.splitter().split(line)
        return self._agreed(self._program, line, places) if count > 1 else None

    def _agreed(self, program: SplitterProgram, line: bytes, places: tuple[int, ...]) -> AccessLogEntry | None:
        sure = Agreement(program).sure_fields(line, places)
        commands = self.layout.commands
        if not any(number in sure for number in range(len(commands))):
            return None
        kept = [number for number in range(len(commands)) if number in sure]
        layout = self._partial_layouts.get(frozenset(kept))
        if layout is None:
            names = tuple(self.layout.names[number] for number in kept)
            made = tuple(commands[number] for number in kept)
            layout = FieldLayout(made, names, omit_empty_values=self.layout.omit_empty_values)
            self._partial_layouts[frozenset(kept)] = layout
        cut = tuple(place for number in kept for place in places[2 * number : 2 * number + 2])
        unsure = tuple(name for number, name in enumerate(self.layout.names) if number not in sure)
        has_tail = len(program.fields) > len(commands)
        is_sure_tail = has_tail and len(commands) in sure
        circumstances = Circumstances(
            rest=to_text(line[places[-2] : places[-1]]) if is_sure_tail else None,
            unsure=unsure if is_sure_tail or not has_tail else (*unsure, "rest"),
            tolerances=("ambiguous", "rest") if has_tail else ("ambiguous",),
        )
        return AccessLogEntry.from_line(layout, line, cut).under(circumstances)

    @cached_property
    def _tailed(self) -> tuple[tuple[SplitterProgram, LogSplitter], ...]:
        programs = []
        for separator in _SEPARATORS:
            literals = (*self._program.literals[:-1], self._program.literals[-1] + separator, b"")
            fields = (*self._program.fields, _TAIL)
            program = SplitterProgram(self._program.commands, literals, fields, self._program.is_terminated)
            programs.append((program, program.splitter()))
        return tuple(programs)

    def stop(self, line: bytes) -> Stop:
        """Return how far *line* fits."""
        for number in range(len(self._starts) - 1, -1, -1):
            count, places = self._starts[number].split(line)
            if count:
                names = (*self.layout.names, None)
                return Stop(places[-2], number, names[number])
        return Stop(0, 0, self.layout.names[0])

    @cached_property
    def _starts(self) -> tuple[LogSplitter, ...]:
        """Splitters of the first literal and fields, and anything behind them."""
        literals, fields = self._program.literals, self._program.fields
        return tuple(
            LogSplitter((*literals[: number + 1], b""), (*fields[:number], _ANYTHING))
            for number in range(len(fields) + 1)
        )
