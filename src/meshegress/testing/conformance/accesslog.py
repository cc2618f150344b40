"""Checks of access-log vectors: a line that Envoy wrote, with the typed truth of its exchange, or a refused format.

One check for each direction of a line: what the formatter writes for the truth, and what the parser reads from the
line, ways counted where the vector says them. A refused format is one check of the verdict and, where Envoy names the
byte, the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from meshegress.accesslog import AccessLogEntry, AccessLogFormat, Shown
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.operators import Shape
from meshegress.accesslog.rendering import stamp_text, text_of
from meshegress.accesslog.shapes import shape_of
from meshegress.accesslog.values import to_bytes, to_text
from meshegress.errors import LogFormatError, LogParseError
from meshegress.testing.conformance.check import Check

_VOLATILE = "volatile-value"
# Where a value that only the writer knew stands in a line: a text, a number, or nothing.
_ANY_VALUE = r"[^\n]*"
_NUMBERS = (Shape.UINT, Shape.INT, Shape.PORT)
_PLACE = re.compile(r"valid command at position ([0-9]+)")


def checks(record: Mapping[str, Any]) -> Iterator[Check]:
    """Yield the checks of one line of the vector file."""
    if record.get("rejected"):
        yield _refusal(record)
        return
    name = f"{record['case']}/{record['record']}/{record['logger']}"
    log = _compile(record)
    yield _writing(f"{name}@format", log, record)
    yield _reading(f"{name}@parse", log, record)


def _compile(record: Mapping[str, Any]) -> AccessLogFormat:
    make = AccessLogFormat.json if record["kind"] == "json" else AccessLogFormat
    return make(
        record["format"],
        omit_empty_values=record.get("omit_empty_values", False),
        formatters=record.get("formatters", ()),
    )


def _refusal(record: Mapping[str, Any]) -> Check:
    expected: dict[str, object] = {"refused": True}
    got: dict[str, object] = {"refused": False}
    place = _PLACE.search(record["error"])
    try:
        _compile(record)
    except LogFormatError as error:
        got["refused"] = True
        if place:
            expected["byte"] = int(place[1])
            got["byte"] = len(to_bytes(error.format[: error.start]))
    return Check(f"{record['case']}@refused", got == expected, expected, got, note=record["error"])


def _writing(id: str, log: AccessLogFormat, record: Mapping[str, Any]) -> Check:
    line = log.format(_known_values(record))
    if not record.get("volatile"):
        return Check(id, line == record["line"], record["line"], line)
    pattern = re.escape(line).replace(f'"{re.escape(_VOLATILE)}"', _ANY_VALUE).replace(re.escape(_VOLATILE), _ANY_VALUE)
    return Check(id, re.fullmatch(pattern, record["line"]) is not None, record["line"], line, note="volatile fields")


def _known_values(record: Mapping[str, Any]) -> dict[str, object]:
    """Return the truth, with the text of values that JSON does not tell, and a mark for what only the writer knew."""
    values = dict(record["truth"])
    for operator, text in record.get("text", {}).items():
        values[operator] = Shown(values[operator], text)
    return values | dict.fromkeys(record.get("volatile", ()), _VOLATILE)


def _reading(id: str, log: AccessLogFormat, record: Mapping[str, Any]) -> Check:
    expected: dict[str, object] = {}
    got: dict[str, object] = {}
    if "parses" in record:
        expected["parses"] = record["parses"]
        got["parses"] = log.count_parses(record["line"])
    try:
        entry = log.parser(names="relaxed", strict=True).parse(record["line"])
    except LogFormatError:
        entry = None  # the format cannot be read back; its cuts can still be counted
    except LogParseError as error:
        entry = None
        is_expected = record.get("parses") == 2 or _drops_items(record, record["format"])
        if not is_expected or error.reason != "ambiguous":
            return Check(id, False, expected | {"values": record["truth"]}, got | {"error": str(error)})
    if entry is not None:
        expected["values"], got["values"] = _expected_values(log, record), _read_values(log, entry, record)
    return Check(id, got == expected, expected, got)


def _drops_items(record: Mapping[str, Any], part: object) -> bool:
    """Whether a list of the JSON format loses an item that has no value, so that nobody can tell which it was."""
    if isinstance(part, dict):
        return any(_drops_items(record, child) for child in part.values())
    if not isinstance(part, list) or not record["omit_empty_values"]:
        return False
    absent = (record["truth"].get(item.strip("%"), item) is None for item in part if isinstance(item, str))
    return any(absent) or any(_drops_items(record, child) for child in part)


def _expected_values(log: AccessLogFormat, record: Mapping[str, Any]) -> dict[str, object]:
    """Return what a line can tell of the truth: the very text of each field, or the value of each JSON member."""
    values = _known_values(record)
    omit = record["omit_empty_values"]
    expected: dict[str, object] = {}
    for command in _stable_commands(log, record):
        value = values[command.text]
        text = text_of(command, value, omit_empty_values=omit)
        plain = value.value if isinstance(value, Shown) else value
        is_text = log.kind == "text" and shape_of(command) not in _NUMBERS
        expected[command.text] = _loosened(text if is_text else plain)
    return expected


def _read_values(log: AccessLogFormat, entry: AccessLogEntry, record: Mapping[str, Any]) -> dict[str, object]:
    return {command.text: _loosened(_shown(entry, command)) for command in _stable_commands(log, record)}


def _shown(entry: AccessLogEntry, command: Command) -> object:
    """An instant of a time format of its own is compared by its very text."""
    value, shown = entry[command.text], entry.operators[command.text]
    return (
        shown.text if isinstance(value, datetime) and command.argument and isinstance(shown, Shown) else _plain(value)
    )


def _stable_commands(log: AccessLogFormat, record: Mapping[str, Any]) -> list[Any]:
    volatile = record.get("volatile", ())
    return [command for command in log.commands if command.text not in volatile]


def _loosened(value: object) -> object:
    # A text line does not tell a header `-` or an empty value from absence; both directions lose it.
    # Bytes that are UTF-8 after all may stand in the recording one by one.
    return None if value in ("-", "") else to_text(to_bytes(value)) if isinstance(value, str) else value


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return stamp_text(value, is_local=bool(value.utcoffset()))
    return ",".join(value) or "-" if isinstance(value, tuple) else value
