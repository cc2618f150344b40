"""Find the records in a line that fits no format as it stands: what surrounds them is kept, what is tolerated is said.

1. JSON: a record by its keys, else records in its members.
2. Text: without what stands around it, without what stands before the start of a record, with what stands behind it.
3. Of several readings, what they share.

Nothing is guessed: the first place where a record can start is taken, and where it does not fit, none is.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from meshegress.accesslog.entry import AccessLogEntry
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.jsonvalues import read_json
from meshegress.accesslog.reading.agent import is_agent_line
from meshegress.accesslog.reading.bykeys import KNOWN_KEYS, ValueMisfitError, is_keyed_record, read_keyed
from meshegress.accesslog.reading.candidates import Candidates, TextCandidate
from meshegress.accesslog.reading.circumstances import Circumstances
from meshegress.accesslog.reading.emitter import NOBODY, Emitter
from meshegress.accesslog.reading.members import Found, find_records
from meshegress.accesslog.reading.prefixes import emitter_of
from meshegress.accesslog.reading.pretty import PrettyJson
from meshegress.accesslog.values import to_text
from meshegress.accesslog.wrappers import Unwrapper, member_bytes
from meshegress.errors import LogParseError

_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
#: Stands for a format where JSON is known by its keys alone.
KEYED = "keys"
#: What a mistaken escape leaves of the newline behind a record: two characters, which a name would take for its own.
ESCAPED_NEWLINE = b"\\n"
_QUOTED = re.compile(rb"(?:[>|] ?)+")
_MEMBER = re.compile(rb'"[^"\\]*"\s*:\s*["\[{]')
# Bytes that Envoy escapes, and a negative zero: what Python's reader of JSON would lose.
_ODD_JSON = re.compile(r"\\u00|[:,\[]\s*-0")
_DECODER = json.JSONDecoder()
_MOST_PREFIX = 1000


class Read(NamedTuple):
    """An entry, and the name of the format or ``keys``."""

    entry: AccessLogEntry
    format: str


class Misfit(NamedTuple):
    """A line, or a part of one, that could not be read, and why: a reason of LogParseError, or ``agent``."""

    line: bytes
    reason: str
    detail: str = ""


class LenientReading:
    """Reads lines that do not fit as they stand; *candidates* are the formats of the log."""

    def __init__(self, candidates: Candidates, unwrapper: Unwrapper) -> None:
        self._candidates = candidates
        self._unwrapper = unwrapper
        hints = sorted({key for commands in candidates.keyed for key in commands}) or ["\0"]
        self._key_hint = re.compile(r'"(?:' + "|".join(map(re.escape, hints)) + r')\\*"\s*:')
        self._pretty = PrettyJson()
        # A text format may start with a brace, too.
        self._braces_are_json = not any(text.log.text.startswith("{") for text in candidates.texts)

    def read(self, line: bytes, emitter: Emitter = NOBODY) -> Iterator[Read | Misfit]:
        """Yield the entries in *line*, or why there is none."""
        if line.startswith(b'{"') and not self._pretty.lines and self._braces_are_json:
            value = _json_value(line)
            if value is not None:
                yield from self._json(line, value, emitter, ())
                return
        if self._pretty.take(line):
            if self._pretty.is_whole:
                yield from self._read_one(b"\n".join(self._pretty.drain()), emitter)
            return
        yield from self.rest()
        yield from self._read_one(line, emitter)

    def rest(self) -> Iterator[Read | Misfit]:
        """Yield what the lines of an object give that was never closed, each on its own."""
        for line in self._pretty.drain():
            yield from self._read_one(line, NOBODY)

    def _read_one(self, line: bytes, emitter: Emitter) -> Iterator[Read | Misfit]:
        exact = self._exact(line)
        if exact is not None:
            yield Read(_under(exact.entry, emitter, ()), exact.format)
            return
        trimmed = _trimmed(line)
        tolerances = ("trimmed",) if trimmed != line else ()
        value = _json_value(trimmed)
        if value is not None:
            yield from self._json(trimmed, value, emitter, tolerances)
            return
        found = self._text(trimmed, emitter, tolerances)
        if isinstance(found, Misfit) and found.reason == "no_match":
            embedded = _embedded_json(trimmed)
            if embedded is not None:
                start, end, value = embedded
                around = (("prefix",) if start else ()) + (("rest",) if end < len(trimmed) else ())
                outer = emitter_of(trimmed[:start]).over(emitter)
                for read in self._json(trimmed[start:end], value, outer, (*tolerances, *around)):
                    yield _with_rest(read, trimmed[end:])
                return
        yield found._replace(line=line) if isinstance(found, Misfit) else found

    def _json(
        self, line: bytes, value: object, emitter: Emitter, tolerances: tuple[str, ...]
    ) -> Iterator[Read | Misfit]:
        exact = self._exact_json(to_text(line), value)
        if exact is not None:
            yield Read(_under(exact.entry, emitter, tolerances), exact.format)
            return
        is_found = False
        for found in find_records(value, self._is_record, emitter):
            is_found = True
            inner = tolerances if found.value is value else (*tolerances, "member")
            yield from self._found(found, line, inner)
        if not is_found:
            is_agent = is_agent_line(line) or any(map(_is_agent_text, _strings(value)))
            yield Misfit(line, "agent" if is_agent else "no_match", "no member of the JSON holds a record")

    def _found(self, found: Found, line: bytes, tolerances: tuple[str, ...]) -> Iterator[Read | Misfit]:
        if not isinstance(found.value, str):
            yield self._keyed(found.value, line, found.emitter, tolerances)
            return
        whole = self._unwrapper.join(
            found.emitter, member_bytes(found.value).removesuffix(b"\n"), is_whole=not found.is_part
        )
        if whole is None:
            return
        for one in whole.line.split(b"\n"):
            inner = self._unwrapper.unwrap(one)
            if inner is None or not inner.line.strip():
                continue
            emitter = inner.emitter.over(found.emitter)
            for read in self.read(inner.line, emitter):
                yield Read(_under(read.entry, NOBODY, tolerances), read.format) if isinstance(read, Read) else read

    def _keyed(
        self, value: Mapping[str, object], line: bytes, emitter: Emitter, tolerances: tuple[str, ...]
    ) -> Read | Misfit:
        commands = max(self._candidates.keyed, key=lambda commands: len(commands.keys() & value.keys()))
        try:
            record = read_keyed(value, commands)
        except ValueMisfitError as error:
            return Misfit(line, "no_match", str(error))
        return Read(record.entry(emitter, tolerances), self._json_name(commands))

    def _json_name(self, commands: Mapping[str, Command]) -> str:
        return next((json.name for json in self._candidates.jsons if json.commands is commands), KEYED)

    def _exact_json(self, text: str, value: object) -> Read | None:
        """Return the entry of an object that is exactly one of the JSON formats."""
        if not isinstance(value, dict):
            return None
        given: object = value
        for candidate in self._candidates.json_of(value):
            try:
                given = read_json(text) if _ODD_JSON.search(text) else value
                return Read(candidate.parser.entry_of(given, text), candidate.name)
            except (LogParseError, ValueError):
                continue
        return None

    def _is_record(self, value: object) -> bool:
        if isinstance(value, str):
            data = value.lstrip()
            starts_json = data[:1] == "{" and self._key_hint.search(data) is not None
            return starts_json or self._candidates.record_start.search(member_bytes(value)) is not None
        if not isinstance(value, dict):
            return False
        keyed = self._candidates.keyed
        if keyed == (KNOWN_KEYS,):
            return is_keyed_record(value)
        return any(len(value.keys() & commands.keys()) >= min(2, len(commands)) for commands in keyed)

    def _text(self, line: bytes, emitter: Emitter, tolerances: tuple[str, ...]) -> Read | Misfit:
        exact = self._exact(line) if tolerances else None  # else it was tried
        if exact is not None:
            return Read(_under(exact.entry, emitter, tolerances), exact.format)
        if is_agent_line(line):
            return Misfit(line, "agent")
        start = self._candidates.record_start.search(line)
        if start is not None and start.start():
            emitter = emitter_of(line[: start.start()]).over(emitter)
            line, tolerances = line[start.start() :], (*tolerances, "prefix")
            exact = self._exact(line)
            if exact is not None:
                return Read(_under(exact.entry, emitter, tolerances), exact.format)
        return self._inexact(line, emitter, tolerances)

    def _exact(self, line: bytes) -> Read | None:
        """Return the entry of a line that is exactly one of the text formats, an escaped newline taken off."""
        if line.endswith(ESCAPED_NEWLINE):
            found = self._candidates.exact(line.removesuffix(ESCAPED_NEWLINE))
            if isinstance(found, tuple) and found[0].ends_in_name:
                return Read(_under(found[1], NOBODY, ("trimmed",)), found[0].name)
        found = self._candidates.exact(line)
        return Read(found[1], found[0].name) if isinstance(found, tuple) else None

    def _inexact(self, line: bytes, emitter: Emitter, tolerances: tuple[str, ...]) -> Read | Misfit:
        ambiguous = self._candidates.exact(line)
        if isinstance(ambiguous, TextCandidate):
            shared = ambiguous.reading.shared(line)
            if shared is None:
                return Misfit(line, "ambiguous", str(ambiguous.parser.error(line).detail))
            return Read(_under(shared, emitter, tolerances), ambiguous.name)
        starts = self._candidates.record_start.match(line) is not None
        tailed = self._candidates.tailed(line) if starts or self._candidates.is_given else None
        if tailed is not None:
            return Read(_under(tailed[1], emitter, tolerances), tailed[0].name)
        return Misfit(line, "no_match")


def _under(entry: AccessLogEntry, emitter: Emitter, tolerances: tuple[str, ...]) -> AccessLogEntry:
    """Add who wrote the record and what was tolerated around it."""
    if emitter is NOBODY and not tolerances:
        return entry
    known = entry.circumstances
    return entry.under(
        Circumstances(
            emitter=known.emitter.over(emitter),
            rest=known.rest,
            unsure=known.unsure,
            tolerances=tuple(dict.fromkeys((*tolerances, *known.tolerances))),
            extra=known.extra,
        )
    )


def _with_rest(read: Read | Misfit, rest: bytes) -> Read | Misfit:
    if isinstance(read, Misfit) or not rest:
        return read
    return Read(read.entry.under(replace(read.entry.circumstances, rest=to_text(rest))), read.format)


def _embedded_json(line: bytes) -> tuple[int, int, object] | None:
    """Return start, end and value of the first object in *line*, and of a line of CSV the list of its fields."""
    if b'""' in line and (b'"{""' in line or b'"[2' in line):
        return 0, len(line), next(csv.reader([to_text(line)]), [])
    text = line.decode("latin-1")  # a character for each byte, so that places are those of bytes
    start = text.find("{")
    while 0 <= start < _MOST_PREFIX:
        try:
            found, end = _DECODER.raw_decode(text, start)
            if found:
                return start, end, json.loads(to_text(line[start:end]))
        except (ValueError, RecursionError):
            pass
        start = text.find("{", start + 1)
    return None


def _trimmed(line: bytes) -> bytes:
    """Return *line* without what people and tools put around: blanks, marks of quotation, colours, carriage returns.

    >>> _trimmed(b"> `[2026] ` ")
    b'[2026]'
    """
    if b"\x1b[" in line:
        line = _COLOURS.sub(b"", line)
    line = line.strip()
    quoted = _QUOTED.match(line)
    if quoted and not line.startswith(b"||"):
        line = line[quoted.end() :]
    while line.startswith(b"`"):
        line = line[1:].removesuffix(b"`").strip()
    return line


def _json_value(line: bytes) -> object:
    """Return the JSON value of a line that is an object, a list, or a member or item of one; None for any other."""
    if line.startswith((b"{", b"[{", b"[[")):
        text = to_text(line.removesuffix(b","))
    elif line.startswith(b'"') and _MEMBER.match(line):
        text = "{" + to_text(line.removesuffix(b",")) + "}"
    else:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list) and depth < 4:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item, depth + 1)


def _is_agent_text(text: str) -> bool:
    return is_agent_line(member_bytes(text))
