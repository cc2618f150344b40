"""Names and types of fields: how a command is called in an entry, and what its text becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from meshegress._engine.chosen import LogKind
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.operators import Absent, Shape, Syntax
from meshegress.accesslog.presets import KEYS
from meshegress.accesslog.shapes import shape_of

#: What a field of an entry may be; a header is never converted.
FieldValue: TypeAlias = (
    "bool | int | float | str | datetime | tuple[str, ...] | list[object] | dict[str, object] | None"
)

_NAMES = {text: key for key, text in KEYS.items()} | {
    "UPSTREAM_CLUSTER_RAW": "upstream_cluster",
    "REQ(:PATH)": "path",
    "REQ(HOST)": "authority",
}
_PREFIXES = {"RESP": "response_", "RESPONSE_HEADER": "response_", "TRAILER": "trailer_", "RESPONSE_TRAILER": "trailer_"}
_HEADERS = frozenset({"REQ", "REQUEST_HEADER", "STREAM_INFO_REQ", "REQ_WITHOUT_QUERY", *_PREFIXES})
_NO_WORD = re.compile(r"[^a-z0-9]+")


def field_names(commands: Iterable[Command]) -> tuple[str, ...]:
    """Return a name for each of *commands*: Istio's JSON key where there is one, else from the command itself.

    A name that is taken gets a number.

    >>> from meshegress.accesslog.formatstring import parse_format
    >>> field_names(parse_format("%REQ(USER-AGENT)%%REQ(X-LAB-A?X-B):5%%DOWNSTREAM_TLS_VERSION%%RESP(SERVER)%"))
    ('user_agent', 'x_lab_a', 'downstream_tls_version', 'response_server')
    """
    names: dict[str, None] = {}
    for command in commands:
        name = wanted = _field_name(command)
        number = 2
        while name in names:
            name, number = f"{wanted}_{number}", number + 1
        names[name] = None
    return tuple(names)


def istio_key(command: Command) -> str | None:
    """Return the key that Istio's JSON format has for *command*, None where it has none.

    >>> from meshegress.accesslog.formatstring import known_command
    >>> istio_key(known_command("REQ(:AUTHORITY)"))
    'authority'
    """
    return _NAMES.get(command.bare_text.removesuffix("()"))


def _field_name(command: Command) -> str:
    name = command.operator.name
    known = istio_key(command)
    if known is not None:
        return known
    if name in _HEADERS:
        header = (command.argument or "").partition("?")[0] or (command.argument or "").strip("?")
        return _PREFIXES.get(name, "") + (_NO_WORD.sub("_", header.lower()).strip("_") or "header")
    argument = _NO_WORD.sub("_", (command.argument or "").lower()).strip("_")
    return f"{name.lower()}_{argument}" if argument else name.lower()


_TEXTUAL = frozenset(
    {Shape.HEADER, Shape.NONBLANK_OR_EMPTY, Shape.QUERY, Shape.AUTHORITY, Shape.NAME_OR_EMPTY, Shape.ANY}
)


def typed_text(command: Command, text: str, *, omit_empty_values: bool = False) -> FieldValue:
    """Return the value that *text*, shown by *command*, stands for; None is not a value.

    A header that is really ``-`` looks like none, and so reads as None; a present and empty one is ``""``.

    >>> from meshegress.accesslog.formatstring import parse_format
    >>> [typed_text(command, "-") for command in parse_format("%DURATION%%RESPONSE_FLAGS%%REQ(A)%")]
    [None, (), None]
    """
    operator = command.operator
    shape = shape_of(command)
    if shape in (Shape.FLAGS, Shape.LONG_FLAGS):
        return () if text in ("", "-") else tuple(text.split(","))
    if operator.absent is Absent.KEPT:
        return text
    if text == "-" and not omit_empty_values:
        return None
    if text == "":
        return "" if shape in _TEXTUAL and not omit_empty_values and not _is_mask(command) else None
    if command.argument and operator.syntax is Syntax.TIME:
        return (epoch_instant(command.argument, text) if operator.name in _INSTANTS else None) or text
    convert = _CONVERTERS.get(shape)
    return convert(text) if convert else text


def kind_of(command: Command, *, omit_empty_values: bool = False) -> LogKind:
    """Return what the twins may do alone with the text of *command*; the rest is left to ``typed_text``."""
    shape, operator = shape_of(command), command.operator
    if operator.absent is Absent.KEPT and shape is not Shape.FLAGS and shape is not Shape.LONG_FLAGS:
        return LogKind.OTHER
    if omit_empty_values or _is_mask(command) or (command.argument and operator.syntax is Syntax.TIME):
        return LogKind.OTHER
    return _KINDS.get(shape, LogKind.TEXT)


_KINDS = {
    Shape.UINT: LogKind.NUMBER,
    Shape.INT: LogKind.NUMBER,
    Shape.PORT: LogKind.NUMBER,
    Shape.STAMP: LogKind.STAMP,
    Shape.LOCAL_STAMP: LogKind.OTHER,
    Shape.FLAGS: LogKind.FLAGS,
    Shape.LONG_FLAGS: LogKind.FLAGS,
}


def typed_json(command: Command, value: object) -> FieldValue:
    """Return the value of a JSON member in the type that its field has."""
    if isinstance(value, str) and is_converted(command):
        return typed_text(command, value) if value or not command.argument else value
    return value  # type: ignore[return-value]  # JSON has no other values


def is_converted(command: Command) -> bool:
    """Whether ``typed_json`` may make another value of one of *command*."""
    return command.operator.shape in (Shape.FLAGS, Shape.LONG_FLAGS) or command.operator.syntax is Syntax.TIME


def _is_mask(command: Command) -> bool:
    return command.operator.absent in (Absent.MASK, Absent.DASH_OR_MASK)


# A time format of seconds since 1970, with a fraction or without.
_EPOCH_FORMAT = re.compile(r"%s(?:(?P<point>[.,])%(?P<digits>[1-9]?)f|%E(?P<fraction>[1-9])f)?|%s(?P<bare>%[369]f)")
_EPOCH_TEXT = re.compile(r"[0-9]{1,11}")


def epoch_instant(pattern: str, text: str) -> datetime | None:
    """Return the instant that *text* shows in a *pattern* of seconds since 1970 (``%s``, ``%s.%3f``); None for others.

    >>> epoch_instant("%s.%3f", "1795162530.123").isoformat()
    '2026-11-20T08:15:30.123000+00:00'
    >>> epoch_instant("%Y", "2026")
    """
    match = _EPOCH_FORMAT.fullmatch(pattern)
    if match is None:
        return None
    digits = int(match["bare"][1]) if match["bare"] else 0
    seconds, fraction = (text[:-digits], text[-digits:]) if digits else text.replace(",", ".").partition(".")[::2]
    if not _EPOCH_TEXT.fullmatch(seconds) or (fraction and not fraction.isdigit()) or not text.isascii():
        return None
    return _UNIX + timedelta(seconds=int(seconds), microseconds=int(f"{fraction:0<6}"[:6]))


_INSTANTS = frozenset({"START_TIME", "EMIT_TIME"})
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(text: str) -> datetime | str:
    """Return the moment of a default time stamp, with its offset; text that is not a moment stays text.

    >>> stamp("2026-11-22T21:29:05.213Z").isoformat()
    '2026-11-22T21:29:05.213000+00:00'
    """
    try:
        if len(text) == 24 and text[10] + text[19] + text[23] == "T.Z":
            return datetime.fromisoformat(text)
        moment = datetime.strptime(text[:23], "%Y-%m-%dT%H:%M:%S.%f")
        return moment.replace(tzinfo=UTC if text[23:] == "Z" else _offset(text[23:]))
    except ValueError:
        return text


def _offset(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5])))


def _number(text: str) -> int | str:
    # CPython refuses to read numbers of very many digits, for their quadratic cost; no operator shows such.
    return int(text) if len(text) <= 4000 else text


_CONVERTERS: dict[Shape, Callable[[str], FieldValue]] = {
    Shape.UINT: _number,
    Shape.INT: _number,
    Shape.PORT: _number,
    Shape.STAMP: stamp,
    Shape.LOCAL_STAMP: stamp,
}
