"""The formats that a log may have: the one that fitted last is tried first, and all others when it stops fitting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from meshegress._engine.chosen import LogField
from meshegress.accesslog.boundaries import compile_program
from meshegress.accesslog.entry import AccessLogEntry, FieldLayout
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.jsonparser import JsonParser
from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.accesslog.operators import Shape
from meshegress.accesslog.presets import JSON_PRESETS, NARROWER, TEXT_PRESETS
from meshegress.accesslog.reading.bykeys import KNOWN_KEYS, flat_commands
from meshegress.accesslog.reading.textreading import Stop, TextReading
from meshegress.accesslog.shapes import Names, shape_of
from meshegress.accesslog.textparser import TextParser, TieBreak
from meshegress.errors import LogFormatError

# Presets that write the same lines as another: only the operator for the cluster differs.
_SAME_LINES = ("istio-1.9-text", "istio-1.9-json")


class TextCandidate:
    """A text format: its parser, and what it makes of lines that do not fit."""

    def __init__(self, name: str, log: AccessLogFormat, names: str, tie_break: TieBreak | None) -> None:
        parser = stream_parser(log, names, tie_break)
        assert isinstance(parser, TextParser)
        self.name, self.log, self.parser = name, log, parser
        layout = FieldLayout(log.commands, log.names, omit_empty_values=log.omit_empty_values)
        self.reading = TextReading(log.pieces, layout, Names(names))
        last = log.pieces[-1] if log.pieces[-1] != "\n" else log.pieces[-2]
        #: Whether the last field is a name, which holds no backslash.
        self.ends_in_name = isinstance(last, Command) and shape_of(last) in (Shape.NAME, Shape.SNI)

    def start_pattern(self) -> bytes | None:
        """Return a pattern for where a record starts, None where the format does not start with a fixed time."""
        program = compile_program(self.log.pieces, names=Names.STRICT, omit_empty_values=self.log.omit_empty_values)
        masks = _masks(program.fields[0])
        if not masks:
            return None
        start = re.escape(program.literals[0]) + b"(?:" + b"|".join(masks) + b")"
        return start + re.escape(program.literals[1][:3])


class JsonCandidate:
    """A JSON format: its parser, and its commands by key where it is flat."""

    def __init__(self, name: str, log: AccessLogFormat, names: str, tie_break: TieBreak | None) -> None:
        parser = stream_parser(log, names, tie_break)
        assert isinstance(parser, JsonParser)
        self.name, self.log, self.parser = name, log, parser
        self.commands = flat_commands(parser.tree)
        #: Where a line has exactly these keys, and no other format has them, it can only be of this one.
        self.keys = frozenset(self.commands) if self.commands and not log.omit_empty_values else None


class Candidates:
    """All formats that a log may have: those that were given, or the presets."""

    def __init__(self, given: Sequence[AccessLogFormat], names: str, tie_break: TieBreak | None) -> None:
        self.is_given = bool(given)
        named = [(str(number), log) for number, log in enumerate(given)] or list(_presets())
        self.texts = [TextCandidate(name, log, names, tie_break) for name, log in named if log.kind == "text"]
        self.jsons = [JsonCandidate(name, log, names, tie_break) for name, log in named if log.kind == "json"]
        starts = dict.fromkeys(filter(None, (text.start_pattern() for text in self.texts)))
        self.record_start = re.compile(b"|".join(starts) or rb"(?!)")

    @property
    def all(self) -> tuple[TextCandidate | JsonCandidate, ...]:
        """All of them; of text formats the one that fitted last comes first."""
        return (*self.texts, *self.jsons)

    def json_of(self, value: Mapping[str, object]) -> list[JsonCandidate]:
        """Return the JSON formats that an object with these keys may have."""
        keys = value.keys()
        return [json for json in self.jsons if json.keys is None or json.keys == keys]

    @property
    def keyed(self) -> tuple[Mapping[str, Command], ...]:
        """The commands by key of the JSON formats; without given ones, those of every key that is known."""
        if not self.is_given:
            return (KNOWN_KEYS,)
        return tuple(json.commands for json in self.jsons if json.commands)

    def exact(self, line: bytes) -> tuple[TextCandidate, AccessLogEntry] | TextCandidate | None:
        """Return the text format that *line* fits in one way and its entry, or the one that it fits in several."""
        ambiguous = None
        for number, text in enumerate(self.texts):
            count = text.parser.count(line)
            if count == 1 or (count and text.parser.takes_first):
                if text.name not in NARROWER:
                    self.texts.insert(0, self.texts.pop(number))
                return text, text.parser.parse(line)
            if count and ambiguous is None:
                ambiguous = text
        return ambiguous

    def tailed(self, line: bytes) -> tuple[TextCandidate, AccessLogEntry] | None:
        """Return the longest text format that *line* fits with something behind it, and the entry."""
        found = [(text, made) for text in self.texts if (made := text.reading.with_tail(line)) is not None]
        return min(found, key=lambda one: (len(one[1].unsure), len(one[1].rest or "")), default=None)

    def nearest(self, line: bytes) -> tuple[TextCandidate, Stop] | None:
        """Return the text format that *line* fits farthest, and where that ends."""
        stops = [(text, text.reading.stop(line)) for text in self.texts]
        return max(stops, key=lambda one: (one[1].fields, one[1].byte), default=None)


def _presets() -> Iterator[tuple[str, AccessLogFormat]]:
    for name in (*TEXT_PRESETS, *JSON_PRESETS):
        if name not in _SAME_LINES:
            yield name, AccessLogFormat.preset(name)


def stream_parser(log: AccessLogFormat, names: str, tie_break: TieBreak | None) -> TextParser | JsonParser:
    """Return the parser of a format whose records can be told from each other in a stream."""
    if log.kind == "text" and not log.text.endswith("\n"):
        end = len(log.text)
        raise LogFormatError(log.text, end, end, "records do not end in a newline, so a stream of them cannot be cut")
    return log.parser(names=names, tie_break=tie_break, strict=True)


def _masks(field: LogField) -> list[bytes]:
    """The fixed forms of a time, as patterns; a digit stands for any."""
    if field.spans:
        return []
    return [b"".join(b"[0-9]" if byte == 0x30 else re.escape(bytes([byte])) for byte in mask) for mask in field.masks]
