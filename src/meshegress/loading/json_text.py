"""JSON on the short way: where a text is one JSON object without oddities, it needs no YAML.

Whatever is odd (a key twice, deep nesting, lone surrogates, a mistake) is left to the YAML reader: JSON is YAML to it,
and it says what is wrong and where.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import from_json

from meshegress.loading.documents import DEPTH_LIMIT, Document

_START = re.compile(r"[ \t\r\n]*(?=\{)")
# Keys that end otherwise than in `":` would spoil the counting of keys; surrogates that of columns.
_ODD = re.compile(r'"[ \t\r\n]+:|\\\\":|\\u[dD][89abAB]')


def read_json(text: str) -> Document | None:
    """Return the one document of *text*, or None where it is not plain JSON.

    >>> read_json('{"a": [1, null]}').value
    {'a': [1, None]}
    >>> read_json('{"a": 1, "a": 2}') is read_json("a: 1") is None
    True
    """
    start = _START.match(text)
    if start is None or _ODD.search(text):
        return None
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    if _members(value) != text.count('":') - text.count('\\":'):
        return None
    return Document(value, start.end(), len(text), text.count("\n", 0, start.end()))


def _members(value: Any) -> int:
    """Return how many members all objects in *value* have together; -1 if it is nested too deeply."""
    total = 0
    level = [value]
    for _ in range(DEPTH_LIMIT):
        below: list[Any] = []
        for each in level:
            if each.__class__ is dict:
                total += len(each)
                each = each.values()
            below += [item for item in each if item.__class__ is dict or item.__class__ is list]
        if not below:
            return total
        level = below
    return -1


def joined_surrogates(text: str) -> str:
    r"""Return *text* with the surrogate pairs of JSON written as YAML writes one character.

    >>> joined_surrogates(r'{"a": "\ud83d\ude00"}')
    '{"a": "\\U0001f600"}'
    """
    if "\\u" not in text:
        return text
    return _PAIR.sub(lambda pair: f"\\U{_code_point(int(pair[1], 16), int(pair[2], 16)):08x}", text)


def _code_point(high: int, low: int) -> int:
    return 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF)


_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
