"""Show the value of a command, in text and in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.operators import Absent, Shape
from meshegress.accesslog.values import Shown, cut, double_text, json_string, json_value

# protobuf's JSON printer escapes a few characters more than Envoy's own.
_PROTOBUF_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029", "\ufeff": "\\ufeff"} | {
    chr(code): f"\\u00{code:02x}" for code in range(0x7F, 0xA0)
}
_PROTOBUF = str.maketrans(_PROTOBUF_ESCAPES)


def text_of(command: Command, value: object, *, omit_empty_values: bool = False) -> str:
    """Return what *command* shows in a text format; *value* is its typed value, None where there is none.

    >>> from meshegress.accesslog.formatstring import parse_format
    >>> [text_of(command, 100000) for command in parse_format("%BYTES_SENT%%METADATA(ROUTE:a)%")]
    ['100000', '1e+05']
    """
    if isinstance(value, Shown):
        return cut(value.text, command.most_bytes)
    if value is None:
        return _absent_text(command, omit_empty_values=omit_empty_values)
    if isinstance(value, str):
        if _is_typed_state(command):
            return cut(json_string(value).translate(_PROTOBUF), command.most_bytes)
        return cut(value, command.most_bytes) or _empty_text(command)
    return cut(_text(command, value), command.most_bytes)


def _absent_text(command: Command, *, omit_empty_values: bool) -> str:
    operator = command.operator
    if operator.absent is Absent.KEPT:
        return "-"
    if operator.absent is Absent.NEVER and operator.shape in (Shape.UINT, Shape.INT):
        return "0"
    return "" if omit_empty_values or operator.absent in (Absent.EMPTY, Absent.MASK) else "-"


def _empty_text(command: Command) -> str:
    return "-" if command.operator.shape in (Shape.FLAGS, Shape.LONG_FLAGS) else ""


def _is_typed_state(command: Command) -> bool:
    if command.operator.name not in ("FILTER_STATE", "UPSTREAM_FILTER_STATE"):
        return False
    return [*(command.argument or "").split(":"), ""][1] in ("", "TYPED")


def _text(command: Command, value: object) -> str:
    name = command.operator.name
    if name == "TYPED_CEL":
        return _cel_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return double_text(value) if command.operator.is_structured and name != "COALESCE" else str(value)
    if isinstance(value, datetime):
        return stamp_text(value, is_local=command.operator.shape is Shape.LOCAL_STAMP)
    if isinstance(value, tuple | list) and command.operator.shape in (Shape.FLAGS, Shape.LONG_FLAGS):
        return ",".join(map(str, value)) or "-"
    return json_value(value)


def _cel_text(value: object) -> str:
    """TYPED_CEL loses what it knew in text: the kind of a list or map, and all but six digits of a double."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "CelMap value"
    if isinstance(value, list | tuple):
        return "CelList value"
    return f"{value:g}" if isinstance(value, float) else str(value)


def stamp_text(moment: datetime, *, is_local: bool = False) -> str:
    """Return *moment* as the default time format shows it: milliseconds, cut and not rounded; in UTC, or as it is.

    A moment without a zone is one of UTC: the zone of this process is not asked.
    """
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    shown = moment if is_local else moment.astimezone(UTC)
    end = f"{shown:%z}" if is_local else "Z"
    return shown.replace(tzinfo=None).isoformat(timespec="milliseconds") + end


def json_of(command: Command, value: object, *, omit_empty_values: bool = False) -> str | None:
    """Return what *command* alone shows in a JSON format; None where the member shall be left out.

    >>> from meshegress.accesslog.formatstring import parse_format
    >>> json_of(parse_format("%RESPONSE_FLAGS%")[0], None)
    '"-"'
    """
    if isinstance(value, Shown):
        held: object = value.value
        value = value.text if isinstance(held, datetime) else held  # an instant shows as its text
    operator = command.operator
    if value is None and operator.absent is Absent.NEVER and operator.shape in (Shape.UINT, Shape.INT):
        value = 0
    if value is None:
        if operator.absent in (Absent.KEPT, Absent.EMPTY, Absent.MASK):
            return '"-"' if operator.absent is Absent.KEPT else '""'
        return None if omit_empty_values else "null"
    if isinstance(value, str):
        length = None if _is_typed_state(command) else command.most_bytes
        return json_string(cut(value, length) or _empty_text(command))
    if isinstance(value, datetime) or operator.shape in (Shape.FLAGS, Shape.LONG_FLAGS):
        return json_string(_text(command, value))
    return json_value(value, doubles=operator.is_structured and operator.name != "COALESCE")
