"""Read the lines of a log into entries: a stream in bounded memory, what cannot be read counted, with samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from meshegress.accesslog.entry import AccessLogEntry
from meshegress.accesslog.jsonparser import JsonParser
from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.accesslog.textparser import TextParser, TieBreak
from meshegress.accesslog.wrappers import Unwrapped, Unwrapper
from meshegress.errors import LogFormatError, LogParseError

MOST_LINE_BYTES = 1 << 20
_SAMPLE_BYTES = 300


@dataclass(slots=True)
class Unread:
    """The lines of one kind that could not be read: how many, and the first few, cut short."""

    lines: int = 0
    samples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ReadCounts:
    """What became of the lines: ``entries`` were read; ``unread`` were not, by reason.

    The reasons are those of LogParseError, ``no_match`` and ``ambiguous``, and ``too_long``. Blank lines do not count.
    """

    lines: int = 0
    read_bytes: int = 0
    entries: int = 0
    unread: dict[str, Unread] = field(default_factory=dict)
    most_samples: int = 5

    @property
    def unread_lines(self) -> int:
        """How many lines could not be read."""
        return sum(unread.lines for unread in self.unread.values())

    def miss(self, reason: str, line: bytes) -> None:
        """Count *line*, which could not be read for *reason*."""
        unread = self.unread.setdefault(reason, Unread())
        unread.lines += 1
        if len(unread.samples) < self.most_samples:
            unread.samples.append(line[:_SAMPLE_BYTES].decode("utf-8", "surrogateescape"))

    def __str__(self) -> str:
        parts = [f"{self.lines} lines, {self.entries} entries"]
        parts += [f"{unread.lines} {reason.replace('_', ' ')}" for reason, unread in self.unread.items()]
        return ", ".join(parts)


class LogReader:
    """An iterator over the entries of *lines*; ``counts`` grows while it runs.

    *lines* are physical lines, with or without their newline, wrapped by a container runtime or not. Without *formats*
    the presets that fit the first thousand lines are taken; a line is read in the first format that it fits.

    Raises LogFormatError where a format cannot be read from a stream, LogParseError where no known format fits.

    >>> reader = LogReader(['2020-12-03T04:15:57.1Z stdout F {"a":1}'], [AccessLogFormat.json({"a": "%BYTES_SENT%"})])
    >>> [entry.a for entry in reader], reader.counts.entries
    ([1], 1)
    """

    def __init__(
        self,
        lines: Iterable[str | bytes],
        formats: Sequence[AccessLogFormat] = (),
        *,
        names: str = "strict",
        tie_break: TieBreak | None = None,
        most_samples: int = 5,
        most_line_bytes: int = MOST_LINE_BYTES,
    ) -> None:
        self.counts = ReadCounts(most_samples=most_samples)
        self.most_line_bytes = most_line_bytes
        self._payloads = self._unwrap(lines)
        self.formats = tuple(formats) or self._detect()
        self._parsers = [_stream_parser(log, names, tie_break) for log in self.formats]
        self._height = max(_height(log) for log in self.formats)
        self.origin: str | None = None
        self._entries = self._read() if self._height == 1 else self._read_tall()

    def __iter__(self) -> Iterator[AccessLogEntry]:
        return self

    def __next__(self) -> AccessLogEntry:
        return next(self._entries)

    def _unwrap(self, lines: Iterable[str | bytes]) -> Iterator[Unwrapped]:
        unwrapper = Unwrapper(self.most_line_bytes)
        counts = self.counts
        for line in lines:
            data = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
            counts.read_bytes += len(data)
            if len(data) > self.most_line_bytes:
                counts.lines += 1
                counts.miss("too_long", data)
                continue
            unwrapped = unwrapper.unwrap(data[:-1] if data.endswith(b"\n") else data)
            if unwrapped is not None and unwrapped.line.strip():
                counts.lines += 1
                yield unwrapped

    def _detect(self) -> tuple[AccessLogFormat, ...]:
        head = list(islice(self._payloads, 1000))
        self._payloads = chain(head, self._payloads)
        if not head:
            return (AccessLogFormat.preset("istio-text"),)
        detection = AccessLogFormat.detect([unwrapped.line for unwrapped in head])
        return tuple(AccessLogFormat.preset(name) for name in detection.distinct)

    def _read(self) -> Iterator[AccessLogEntry]:
        for unwrapped in self._payloads:
            entry = self._parse(unwrapped.line)
            if entry is not None:
                self.origin = unwrapped.origin
                yield entry

    def _parse(self, line: bytes) -> AccessLogEntry | None:
        """Read *line* in the first format that it fits; where it fits none, without a carriage return at its end."""
        reason = "no_match"
        for parser in self._parsers:
            try:
                entry = parser.parse(line)
            except LogParseError as error:
                if error.reason != "no_match":
                    reason = error.reason
            else:
                self.counts.entries += 1
                return entry
        if reason == "no_match" and line.endswith(b"\r"):
            return self._parse(line[:-1])
        self.counts.miss(reason, line)
        return None

    def _read_tall(self) -> Iterator[AccessLogEntry]:
        """Read records of several lines: where a window does not fit, its first line is lost and it moves on."""
        window: deque[Unwrapped] = deque()
        for unwrapped in self._payloads:
            window.append(unwrapped)
            if len(window) < self._height:
                continue
            try:
                entry = self._parsers[0].parse(b"\n".join(one.line for one in window))
            except LogParseError as error:
                self.counts.miss(error.reason, window.popleft().line)
                continue
            self.counts.entries += 1
            self.origin = unwrapped.origin
            window.clear()
            yield entry
        for unwrapped in window:
            self.counts.miss("no_match", unwrapped.line)


def _stream_parser(log: AccessLogFormat, names: str, tie_break: TieBreak | None) -> TextParser | JsonParser:
    if log.kind == "text" and not log.text.endswith("\n"):
        end = len(log.text)
        raise LogFormatError(log.text, end, end, "records do not end in a newline, so a stream of them cannot be cut")
    return log.parser(names=names, tie_break=tie_break)


def _height(log: AccessLogFormat) -> int:
    """The number of lines of one record."""
    if log.kind == "json":
        return 1
    return max(1, "".join(piece for piece in log.pieces if isinstance(piece, str)).count("\n"))


def unread_report(counts: ReadCounts) -> Mapping[str, object]:
    """Return *counts* as JSON-ready values."""
    unread = {reason: {"lines": one.lines, "samples": one.samples} for reason, one in counts.unread.items()}
    return {"lines": counts.lines, "entries": counts.entries, "unread": unread}
