"""What is wrong with the shape of a value, in the library's words, and how messages show values and paths."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from meshegress.findings import Finding, Source
from meshegress.resources.scalars import LeadingZero


def shape_findings(error: ValidationError, where: Source, subject: str) -> Iterator[Finding]:
    """Give one finding for each value of the wrong shape that pydantic names in *error*."""
    for location, message, help in shape_problems(error):
        yield Finding("EG101", where, message, subject=subject, field=field_path(location), help=help)


def shape_problems(error: ValidationError) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """Give the path, the sentence and the cure of each value of the wrong shape."""
    for item in error.errors(include_url=False, include_context=False):
        value = item["input"]
        yield item["loc"], f"{shown(value)} {_expected(item['type'], item['msg'])}", _cure(item, value)


def _expected(kind: str, message: str) -> str:
    if kind == "enum":
        return f"is none of {', '.join(_members(message))}"
    return _EXPECTED.get(kind) or message[:1].lower() + message[1:]


def _members(message: str) -> list[str]:
    """Return the values that an enum has, of which pydantic's *message* speaks."""
    return re.findall(r"'([^']*)'", message)


_EXPECTED = {
    "string_type": "is not text",
    "bool_type": "is not `true` or `false`",
    "tuple_type": "is not a list",
    "model_type": "is not a mapping",
    "model_attributes_type": "is not a mapping",
    "dict_type": "is not a mapping",
    "string_pattern_mismatch": "is not a duration such as `5s`",
}


def _cure(item: ErrorDetails, value: object) -> str:
    kind = item["type"]
    if kind == "enum" and isinstance(value, str):
        near = difflib.get_close_matches(value.upper(), _members(item["msg"]), n=1)
        return f"did you mean `{near[0]}`?" if near else ""
    if isinstance(value, LeadingZero):
        return "YAML reads a leading zero as octal: write the number without it, or put the text in quotes"
    if kind == "string_type" and isinstance(value, bool):
        return "YAML reads a bare `yes`, `no`, `on` and `off` as true or false: put the text in quotes"
    if kind == "string_type" and isinstance(value, (int, float)):
        return "put the text in quotes"
    return ""


def shown(value: object) -> str:
    """Return *value* as messages show it: whole when it is short, never more than a line.

    >>> shown("a"), shown(True), shown([1, 2])
    ('`a`', '`true`', 'a list')
    """
    if value is None or isinstance(value, bool):
        return {None: "`null`", True: "`true`", False: "`false`"}[value]
    if isinstance(value, (int, float)) and abs(value) < 1e30:
        return f"`{value}`"
    if isinstance(value, (str, LeadingZero)):
        text = value if isinstance(value, str) else value.text
        return f"`{_printable(text)}`" if len(text) <= 60 else f"`{_printable(text[:60])}…`"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else f"a value of type `{type(value).__name__}`"


def _printable(text: str) -> str:
    r"""Return *text* with what would end a line, or move the cursor, written as Python writes it.

    >>> _printable("a\nb")
    'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def field_path(location: tuple[int | str, ...]) -> str:
    """Return *location* as a path.

    >>> field_path(("spec", "hosts", 0))
    'spec.hosts[0]'
    """
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".")
