"""Read the lines of a log into entries: a stream in bounded memory, what cannot be read counted, with samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshegress.accesslog.entry import AccessLogEntry
from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.accesslog.reading.candidates import Candidates
from meshegress.accesslog.reading.circumstances import Circumstances
from meshegress.accesslog.reading.emitter import Emitter
from meshegress.accesslog.reading.lenient import ESCAPED_NEWLINE, LenientReading, Misfit, Read
from meshegress.accesslog.reading.nearest import nearest_hint
from meshegress.accesslog.textparser import TieBreak
from meshegress.accesslog.values import to_text
from meshegress.accesslog.wrappers import Unwrapped, Unwrapper
from meshegress.errors import LogParseError

MOST_LINE_BYTES = 1 << 20
_SAMPLE_BYTES = 300


@dataclass(slots=True)
class Unread:
    """The lines of one kind that could not be read: how many, the first few, cut short, and what would help."""

    lines: int = 0
    samples: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ReadCounts:
    """What became of the lines: ``entries`` were read; ``unread`` were not, by reason.

    The reasons are those of LogParseError, ``no_match`` and ``ambiguous``, and ``too_long``. ``agent_lines`` are those
    of the agent and of the proxy's own log, which hold no record. ``formats`` and ``tolerances`` say how many entries
    had each format (``keys``: JSON known by its keys), and needed each tolerance. Blank lines do not count.
    """

    lines: int = 0
    read_bytes: int = 0
    entries: int = 0
    unread: dict[str, Unread] = field(default_factory=dict)
    most_samples: int = 5
    agent_lines: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    tolerances: dict[str, int] = field(default_factory=dict)

    @property
    def unread_lines(self) -> int:
        """How many lines could not be read."""
        return sum(unread.lines for unread in self.unread.values())

    def read(self, format: str, tolerances: tuple[str, ...] = ()) -> None:
        """Count an entry of *format* that needed *tolerances*."""
        self.entries += 1
        self.formats[format] = self.formats.get(format, 0) + 1
        for tolerance in tolerances:
            self.tolerances[tolerance] = self.tolerances.get(tolerance, 0) + 1

    def miss(self, reason: str, line: bytes, hint: str = "") -> None:
        """Count *line*, which could not be read for *reason*; *hint* says what would help."""
        unread = self.unread.setdefault(reason, Unread())
        unread.lines += 1
        if len(unread.samples) < self.most_samples:
            unread.samples.append(line[:_SAMPLE_BYTES].decode("utf-8", "surrogateescape"))
        if hint and hint not in unread.hints and len(unread.hints) < self.most_samples:
            unread.hints.append(hint)

    def __str__(self) -> str:
        parts = [f"{self.lines} lines, {self.entries} entries"]
        parts += [f"{unread.lines} {reason.replace('_', ' ')}" for reason, unread in self.unread.items()]
        if self.agent_lines:
            parts.append(f"{self.agent_lines} of the agent")
        return ", ".join(parts)


class LogReader:
    """An iterator over the entries of *lines*; ``counts`` grows while it runs.

    *lines* are physical lines, with or without their newline. Without *formats* every preset is tried; the one that
    fitted last comes first. A line that fits no format as it stands is read leniently, unless *strict*: see
    ``tolerances`` of an entry.

    Raises LogFormatError where a format cannot be read from a stream; at the end of the lines LogParseError where no
    known format fitted any of them.

    >>> reader = LogReader(['2020-12-03T04:15:57.1Z stdout F {"a":1}'], [AccessLogFormat.json({"a": "%BYTES_SENT%"})])
    >>> [(entry.a, entry.emitter.stream) for entry in reader], reader.counts.entries
    ([(1, 'stdout')], 1)
    """

    def __init__(
        self,
        lines: Iterable[str | bytes],
        formats: Sequence[AccessLogFormat] = (),
        *,
        names: str = "strict",
        tie_break: TieBreak | None = None,
        strict: bool = False,
        most_samples: int = 5,
        most_line_bytes: int = MOST_LINE_BYTES,
    ) -> None:
        self.counts = ReadCounts(most_samples=most_samples)
        self.most_line_bytes = most_line_bytes
        self.strict = strict
        #: The line that was read last, as it stands in the log.
        self.line = b""
        #: Called with the reason and the text of each line that is not read.
        self.on_reject: Callable[[str, str], object] | None = None
        self._unwrapper = Unwrapper(most_line_bytes)
        self._payloads = self._unwrap(lines)
        self._candidates = Candidates(formats, names, tie_break)
        self._lenient = LenientReading(self._candidates, self._unwrapper)
        self._height = max(_height(log) for log in self.formats)
        self._entries = self._read() if self._height == 1 else self._read_tall()

    @property
    def formats(self) -> tuple[AccessLogFormat, ...]:
        """The formats that a line may have, the one that fitted last first."""
        return tuple(one.log for one in self._candidates.all)

    def __iter__(self) -> Iterator[AccessLogEntry]:
        return self

    def __next__(self) -> AccessLogEntry:
        return next(self._entries)

    def _unwrap(self, lines: Iterable[str | bytes]) -> Iterator[Unwrapped]:
        unwrapper = self._unwrapper
        counts = self.counts
        for line in lines:
            data = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
            counts.read_bytes += len(data)
            if len(data) > self.most_line_bytes:
                counts.lines += 1
                counts.miss("too_long", data)
                if self.on_reject is not None:
                    self.on_reject("too_long", to_text(data[:_SAMPLE_BYTES]))
                continue
            self.line = data
            unwrapped = unwrapper.unwrap(data[:-1] if data.endswith(b"\n") else data)
            if unwrapped is not None and unwrapped.line.strip():
                counts.lines += 1
                yield unwrapped

    def _read(self) -> Iterator[AccessLogEntry]:
        texts, counts = self._candidates.texts, self.counts
        for unwrapped in self._payloads:
            line, emitter = unwrapped.line, unwrapped.emitter
            if texts and not line.startswith(b"{") and not line.endswith(ESCAPED_NEWLINE):
                first = texts[0]
                try:
                    entry = first.parser.parse(line)
                except LogParseError:
                    pass
                else:
                    counts.read(first.name)
                    yield entry.under(Circumstances(emitter)) if emitter else entry
                    continue
            yield from self._read_other(line, emitter)
        yield from self._counted(self._lenient.rest())
        if not counts.entries and not self._candidates.is_given and "no_match" in counts.unread:
            raise self._unknown_format()

    def _read_other(self, line: bytes, emitter: Emitter) -> Iterator[AccessLogEntry]:
        reading = self._read_strictly if self.strict else self._lenient.read
        yield from self._counted(reading(line, emitter))

    def _counted(self, reads: Iterable[Read | Misfit]) -> Iterator[AccessLogEntry]:
        for read in reads:
            if isinstance(read, Read):
                self.counts.read(read.format, read.entry.tolerances)
                yield read.entry
            elif read.reason == "agent":
                self.counts.agent_lines += 1
            else:
                self.counts.miss(read.reason, read.line, self._hint(read))
                if self.on_reject is not None:
                    self.on_reject(read.reason, to_text(read.line))

    def _read_strictly(self, line: bytes, emitter: Emitter) -> Iterator[Read | Misfit]:
        """Read *line* in the first format that it fits; where it fits none, without a carriage return at its end."""
        reason = "no_match"
        for candidate in self._candidates.all:
            try:
                entry = candidate.parser.parse(line)
            except LogParseError as error:
                reason = error.reason if error.reason != "no_match" else reason
            else:
                yield Read(entry.under(Circumstances(emitter)) if emitter else entry, candidate.name)
                return
        if reason == "no_match" and line.endswith(b"\r"):
            yield from self._read_strictly(line[:-1], emitter)
        else:
            yield Misfit(line, reason)

    def _hint(self, misfit: Misfit) -> str:
        """Return what is known of why a line is not read; only the first few of a log are worth the effort."""
        unread = self.counts.unread.get(misfit.reason)
        if misfit.detail or (unread and len(unread.samples) >= self.counts.most_samples):
            return misfit.detail
        is_worth = self._candidates.is_given or self._candidates.record_start.search(misfit.line)
        return nearest_hint(misfit.line, self._candidates) if is_worth else ""

    def _unknown_format(self) -> LogParseError:
        unread = self.counts.unread["no_match"]
        hint = f"; {unread.hints[0]}" if unread.hints else ""
        names = " or ".join(one.name for one in self._candidates.all)
        detail = f"no known format fits any of {unread.lines} lines{hint}"
        return LogParseError(unread.samples[0] if unread.samples else "", names, "no_match", detail)

    def _read_tall(self) -> Iterator[AccessLogEntry]:
        """Read records of several lines: where a window does not fit, its first line is lost and it moves on."""
        window: deque[Unwrapped] = deque()
        parser = self._candidates.all[0].parser
        for unwrapped in self._payloads:
            window.append(unwrapped)
            if len(window) < self._height:
                continue
            try:
                entry = parser.parse(b"\n".join(one.line for one in window))
            except LogParseError as error:
                self.counts.miss(error.reason, window.popleft().line)
                continue
            self.counts.read("0")
            window.clear()
            yield entry.under(Circumstances(unwrapped.emitter)) if unwrapped.emitter else entry
        for unwrapped in window:
            self.counts.miss("no_match", unwrapped.line)


def _height(log: AccessLogFormat) -> int:
    """The number of lines of one record."""
    if log.kind == "json":
        return 1
    return max(1, "".join(piece for piece in log.pieces if isinstance(piece, str)).count("\n"))


def unread_report(counts: ReadCounts) -> Mapping[str, object]:
    """Return *counts* as JSON-ready values."""
    unread = {reason: {"lines": one.lines, "samples": one.samples} for reason, one in counts.unread.items()}
    return {"lines": counts.lines, "entries": counts.entries, "unread": unread}
