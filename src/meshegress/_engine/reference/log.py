"""Cut a line into the fields of an access-log format, and count the ways: the reference twin.

A *program* is literals and fields in turn: literal, field, literal, ..., field, literal. Each field has a byte
language: the union of its spans, its masks and its words. A *cut* gives every field a piece of its
language and every literal its bytes, from the first byte of the line to the last. The true cut is always among the
cuts, so a single one is the truth.

1. Forward: from the starts of a field, find the starts of the next one: each occurrence of the next literal that a
   start reaches. Starts stay sorted, reach grows with the start, so one pass over starts and occurrences is enough.
2. Backward: the ways from a start are the sum of the ways from what it reaches, by prefix sums, capped at two.
3. Walk forward again along starts that have a way.

So the work is linear in (fields x occurrences of literals), hostile lines included.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_NO_LIMIT = 2**63


class LogSpan(NamedTuple):
    """Pieces of *least* to *most* bytes: the bytes of *prefix*, one of *first*, then only *rest*; the end in *last*.

    *first*, *rest* and *last* hold the allowed bytes; *last* empty allows every byte.
    """

    first: bytes
    rest: bytes
    least: int = 1
    most: int | None = None
    last: bytes = b""
    prefix: bytes = b""


class LogField(NamedTuple):
    """The language of one field. In a mask, ``0`` stands for a digit and every other byte for itself."""

    spans: tuple[LogSpan, ...] = ()
    words: tuple[bytes, ...] = ()
    masks: tuple[bytes, ...] = ()


def alphabet_of(field: LogField) -> frozenset[int]:
    """Return every byte that a piece of *field* may hold."""
    found: set[int] = set()
    for span in field.spans:
        found.update(span.first, span.rest, span.prefix)
    for mask in field.masks:
        found.update(mask, b"0123456789" if b"0" in mask else b"")
    return frozenset(found.union(*field.words))


def bytes_of(text: str) -> bytes:
    """Return the bytes that *text* stands for, lone surrogates those that are not UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte: keep it, as its own three bytes
        return text.encode("utf-8", "surrogatepass")


class LogSplitter:
    """The compiled program. *literals* has one member more than *fields*; *widest* says which fields end late.

    >>> digits = LogField((LogSpan(b"0123456789", b"0123456789"),))
    >>> LogSplitter([b"", b" ", b""], [digits, digits]).split(b"200 15")
    (1, (0, 3, 4, 6))
    """

    def __init__(self, literals: Sequence[bytes], fields: Sequence[LogField], widest: Iterable[int] = ()) -> None:
        if len(literals) != len(fields) + 1:
            raise ValueError("one literal more than fields is needed")
        self.literals = tuple(literals)
        self.fields = tuple(_Language(field) for field in fields)
        self.widest = frozenset(widest)

    def split(self, line: bytes) -> tuple[int, tuple[int, ...]]:
        """Return the number of cuts of *line* (0, 1 or 2 for more) and start and end of each field of one cut.

        Among several, each field ends as early as it can, those of *widest* as late as they can.
        """
        starts = self._forward(line)
        if starts is None:
            return 0, ()
        ways = self._backward(line, starts)
        if not ways[0] or not ways[0][0]:
            return 0, ()
        return ways[0][0], self._walk(line, starts, ways)

    def _forward(self, line: bytes) -> list[list[int]] | None:
        """Return the starts of each field that can be reached, and the end of the line behind the last."""
        if not line.startswith(self.literals[0]):
            return None
        if not self.fields:
            return [[0]] if line == self.literals[0] else None
        starts = [[len(self.literals[0])]]
        for number, language in enumerate(self.fields):
            ends = self._ends(line, number)
            size = len(self.literals[number + 1])
            reached = {end + size for end in language.reachable(line, starts[-1], ends)}
            if not reached:
                return None
            starts.append(sorted(reached))
        return starts

    def _ends(self, line: bytes, number: int) -> Ends:
        return Ends(line, self.literals[number + 1], is_last=number == len(self.fields) - 1)

    def _backward(self, line: bytes, starts: list[list[int]]) -> list[list[int]]:
        """Return the ways to the end of the line from every start, at most two."""
        ways = [[1] * len(starts[-1])]
        for number in range(len(self.fields) - 1, -1, -1):
            size = len(self.literals[number + 1])
            ends = [start - size for start in starts[number + 1]]
            language = self.fields[number]
            ways.append(language.ways(line, starts[number], ends, ways[-1]))
        return ways[::-1]

    def _walk(self, line: bytes, starts: list[list[int]], ways: list[list[int]]) -> tuple[int, ...]:
        places: list[int] = []
        start = starts[0][0] if starts and self.fields else 0
        for number, language in enumerate(self.fields):
            size = len(self.literals[number + 1])
            alive = [n - size for n, count in zip(starts[number + 1], ways[number + 1], strict=True) if count]
            ends = language.ends_from(line, start, alive)
            end = ends[-1] if number in self.widest else ends[0]
            places += [start, end]
            start = end + size
        return tuple(places)


class Ends:
    """Where a field may end: at the occurrences of the literal behind it; the last one, at the end of the line."""

    def __init__(self, line: bytes, literal: bytes, *, is_last: bool) -> None:
        self.line = line
        self.literal = literal
        self.is_last = is_last

    def between(self, low: int, high: int) -> list[int]:
        """Return the places from *low* to *high*, both included."""
        literal, line = self.literal, self.line
        high = min(high, len(line) - len(literal))
        if self.is_last:
            end = len(line) - len(literal)
            return [end] if low <= end <= high and line.endswith(literal) else []
        if not literal:
            return list(range(low, high + 1))
        found = []
        place = line.find(literal, low, high + len(literal))
        while place >= 0:
            found.append(place)
            place = line.find(literal, place + 1, high + len(literal))
        return found


class _Language:
    """A field made ready: what each span reaches, and the fixed pieces."""

    def __init__(self, field: LogField) -> None:
        self.spans = tuple(_Reach(span) for span in field.spans)
        masks = [re.compile(b"".join(b"[0-9]" if c == 48 else re.escape(bytes([c])) for c in m)) for m in field.masks]
        self.masks = tuple(zip(masks, map(len, field.masks), strict=True))
        self.words = tuple(dict.fromkeys(word for word in field.words if not self._covers(word)))

    def _covers(self, word: bytes) -> bool:
        return any(span.matches(word) for span in self.spans)

    def fixed(self, line: bytes, start: int) -> list[int]:
        """Return the ends of the words and masks that stand at *start*."""
        ends = [start + len(word) for word in self.words if line.startswith(word, start)]
        return ends + [start + size for mask, size in self.masks if mask.match(line, start)]

    def ends_from(self, line: bytes, start: int, ends: list[int]) -> list[int]:
        """Return those of *ends* where a piece that starts at *start* may end."""
        fixed = set(self.fixed(line, start))
        spans = [(span, *span.bounds(line, [start])[0]) for span in self.spans]
        return [
            end
            for end in ends
            if end in fixed or any(low <= end <= high and span.may_end(line, end) for span, low, high in spans)
        ]

    def reachable(self, line: bytes, starts: list[int], ends: Ends) -> set[int]:
        """Return every end that some start reaches."""
        found = {end for start in starts for end in self.fixed(line, start) if ends.between(end, end)}
        for span in self.spans:
            for low, high in span.ranges(line, starts):
                found.update(end for end in ends.between(low, high) if span.may_end(line, end))
        return found

    def ways(self, line: bytes, starts: list[int], ends: list[int], counts: list[int]) -> list[int]:
        """Return for each start the sum of *counts* of the ends that it reaches, at most two."""
        place = {end: count for end, count in zip(ends, counts, strict=True) if count}
        total = [sum(place.get(end, 0) for end in self.fixed(line, start)) for start in starts]
        for span in self.spans:
            allowed = [end for end in place if span.may_end(line, end)]
            sums = [0]
            for end in allowed:
                sums.append(sums[-1] + place[end])
            for number, (low, high) in enumerate(span.bounds(line, starts)):
                if low <= high:
                    total[number] += sums[bisect_right(allowed, high)] - sums[bisect_left(allowed, low)]
        return [min(count, 2) for count in total]


class _Reach:
    """A span made ready: the farthest end from a start."""

    def __init__(self, span: LogSpan) -> None:
        self.span = span
        self.most = _NO_LIMIT if span.most is None else span.most
        self.first = frozenset(span.first)
        self.last = frozenset(span.last)
        rest = b"[" + b"".join(b"\\x%02x" % byte for byte in span.rest) + b"]*" if span.rest else b""
        first = b"[" + b"".join(b"\\x%02x" % byte for byte in span.first) + b"]"
        self.pattern = re.compile(re.escape(span.prefix) + first + rest, re.DOTALL)

    def bounds(self, line: bytes, starts: list[int]) -> list[tuple[int, int]]:
        """Return for each start the nearest and the farthest end of a piece; where there is none they cross."""
        found: list[tuple[int, int]] = []
        span = self.span
        run_start = run_end = -1
        for start in starts:
            if run_start < start < run_end:  # inside a run that an earlier start has followed to its end
                far = run_end if line[start] in self.first else start
            else:
                match = self.pattern.match(line, start)
                far = match.end() if match else start
                if not span.prefix:
                    run_start, run_end = start, far
            low = start + max(span.least, len(span.prefix) + 1 if span.prefix else 0)
            found.append((low, min(far, start + self.most)))
        return found

    def ranges(self, line: bytes, starts: list[int]) -> list[tuple[int, int]]:
        """Return the ranges of ends that the starts reach, merged where they touch, in order."""
        merged: list[tuple[int, int]] = []
        for low, high in self.bounds(line, starts):
            if low > high:
                continue
            if merged and low <= merged[-1][1] + 1:
                low, before = merged.pop()
                high = max(before, high)
            merged.append((low, high))
        return merged

    def may_end(self, line: bytes, end: int) -> bool:
        """Whether a piece may have its last byte before *end*."""
        return not self.last or (end > 0 and line[end - 1] in self.last)

    def matches(self, piece: bytes) -> bool:
        """Whether *piece* is one of the span."""
        low, high = self.bounds(piece, [0])[0]
        return low <= len(piece) <= high and self.may_end(piece, len(piece))
