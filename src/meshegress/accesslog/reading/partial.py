"""The fields of an ambiguous line on which all its readings agree.

A field is sure where it starts and ends at the same bytes in every cut of the line. A place can be the start of a field
where the part of the program before it fits what is before, and the part behind it what is behind; where that holds of
one place only, every cut has the field start there.
"""

from __future__ import annotations

from collections.abc import Sequence

from meshegress._engine.chosen import LogField, LogSplitter
from meshegress.accesslog.boundaries import SplitterProgram

# A line of very many separators, which only a client with a purpose sends, is not worth more.
_MOST_TRIED = 4000


class Agreement:
    """Finds the sure fields of lines of one program."""

    def __init__(self, program: SplitterProgram) -> None:
        self._literals, self._fields = program.literals, program.fields
        last = len(self._fields)
        self._before = [_part(self._literals[: n + 1], self._fields[:n]) for n in range(last)]
        self._behind = [_part((b"", *self._literals[n + 1 :]), self._fields[n:]) for n in range(last)]

    def sure_fields(self, line: bytes, places: Sequence[int]) -> frozenset[int]:
        """Return the numbers of the fields that all readings of *line* share; *places* are those of one reading."""
        count = len(self._fields)
        tried = 0
        is_fixed = [True]
        for number in range(1, count):
            literal, first = self._literals[number], places[2 * number]
            starts = [start for start in _starts(line, literal) if start != first]
            tried += len(starts)
            is_fixed.append(tried <= _MOST_TRIED and not any(self._may_start(line, number, start) for start in starts))
        is_fixed.append(True)
        return frozenset(number for number in range(count) if is_fixed[number] and is_fixed[number + 1])

    def _may_start(self, line: bytes, number: int, start: int) -> bool:
        before, behind = self._before[number], self._behind[number]
        return before.split(line[:start])[0] > 0 and behind.split(line[start:])[0] > 0


def _part(literals: Sequence[bytes], fields: Sequence[LogField]) -> LogSplitter:
    return LogSplitter(tuple(literals), tuple(fields))


def _starts(line: bytes, literal: bytes) -> list[int]:
    """Return where a field behind *literal* may start."""
    if not literal:
        return list(range(len(line) + 1))
    found, place = [], line.find(literal)
    while place >= 0:
        found.append(place + len(literal))
        place = line.find(literal, place + 1)
    return found
