"""What columns need to know of a JSON format: how a flat line looks, and the text of every field of any line."""

from __future__ import annotations

from collections.abc import Callable

from meshegress._engine.chosen import LogKind, LogMember
from meshegress.accesslog.fields import kind_of
from meshegress.accesslog.jsonparser import JsonParser
from meshegress.accesslog.template import Constant, Literal
from meshegress.accesslog.values import Shown, json_string, json_value, to_bytes
from meshegress.errors import LogParseError

_NO_MATCH, _AMBIGUOUS = range(2)


def json_kinds(parser: JsonParser) -> bytes:
    """Return what becomes of each field: in JSON a dash is text, and null is null."""
    kinds = map(kind_of, parser.layout.commands)
    return bytes(LogKind.OTHER if kind == LogKind.TEXT else kind for kind in kinds)


def flat_members(parser: JsonParser) -> tuple[LogMember, ...]:
    """Return the members of a format that has nothing but single commands and constants; none of any other."""
    members: list[LogMember] = []
    fields = 0
    for key, child in () if parser.layout.omit_empty_values else parser.tree.members:
        if isinstance(child, Constant):
            members.append(LogMember(to_bytes(json_string(key)), None, constant=to_bytes(json_value(child.value))))
        elif isinstance(child, Literal) and child.command is not None:
            members.append(LogMember(to_bytes(json_string(key)), fields, child.command.operator.is_number))
            fields += 1
        else:
            return ()
    return tuple(members)


def pieces_of(parser: JsonParser) -> Callable[[bytes], tuple[bytes | None, ...] | int]:
    """Return what gives the text of every field of a line, None for null, or the reason why the line cannot be read."""
    kinds = json_kinds(parser)

    def pieces(line: bytes) -> tuple[bytes | None, ...] | int:
        try:
            values = parser.raw_values(line)
        except LogParseError as error:
            return _AMBIGUOUS if error.reason == "ambiguous" else _NO_MATCH
        return tuple(map(_piece, kinds, values))

    return pieces


def _piece(kind: int, value: object) -> bytes | None:
    if isinstance(value, Shown):  # a command among others in a string
        return None if value.value is None else to_bytes(value.text)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value).encode()
    if kind == LogKind.NUMBER:
        return None
    if isinstance(value, tuple):
        return ",".join(map(str, value)).encode()
    return to_bytes(value if isinstance(value, str) else json_value(value))
