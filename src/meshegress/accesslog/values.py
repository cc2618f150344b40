"""What an operator can have as value, and how values become text and JSON, byte for byte as Envoy writes them.

Text is ``str`` in which bytes that are not UTF-8 stand as lone surrogates (Python's ``surrogateescape``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

JsonValue: TypeAlias = (
    "bool | int | float | str | list[JsonValue] | tuple[JsonValue, ...] | Mapping[str, JsonValue] | None"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value whose text its JSON form does not tell, as TYPED_CEL and ports of what is not an IP address have."""

    value: JsonValue
    text: str


def to_bytes(text: str) -> bytes:
    r"""Return the bytes that *text* stands for.

    >>> to_bytes("a\udcff")
    b'a\xff'
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte: keep it, as its own three bytes
        return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """Return *data* as text, bytes that are not UTF-8 as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def cut(text: str, length: int | None) -> str:
    r"""Return the first *length* bytes of *text*; a character may be split.

    >>> cut("é", 1)
    '\udcc3'
    """
    if length is None or len(text) * 4 <= length:
        return text
    return to_text(to_bytes(text)[:length])


def double_text(number: float) -> str:
    """Return *number* in the fewest digits, fixed or scientific, whichever is shorter; fixed on a tie.

    >>> [double_text(n) for n in (100000.0, 120000.0, 0.001, 0.0001, 12345678901234567890.0, -0.0)]
    ['1e+05', '120000', '0.001', '1e-04', '12345678901234567168', '-0']
    """
    number = float(number)
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    if not isinstance(exponent, int):
        return str(number)  # infinite or no number: Envoy writes `inf` and `nan`, although JSON has neither
    text = "".join(map(str, digits)).lstrip("0") or "0"
    stripped = text.rstrip("0") or "0"
    exponent += len(text) - len(stripped)
    if stripped == "0":
        return "-0" if sign else "0"
    point = len(stripped) + exponent - 1
    mantissa = stripped[0] + (f".{stripped[1:]}" if len(stripped) > 1 else "")
    scientific = f"{mantissa}e{'-' if point < 0 else '+'}{abs(point):02}"
    fixed = str(int(abs(number))) if exponent >= 0 else format(Decimal(f"{stripped}E{exponent}"), "f")
    return ("-" if sign else "") + (fixed if len(fixed) <= len(scientific) else scientific)


_ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r"}
_VALID = {byte: f"\\u00{byte:02x}" for byte in range(0x20)} | _ESCAPES
# In a string that is not UTF-8, no byte but visible ASCII stands for itself.
_INVALID = {byte: f"\\u00{byte:02x}" for byte in (*range(0x20), 0x22, 0x5C, *range(0x7F, 0x100))}


def json_string(text: str) -> str:
    r"""Return *text* as a JSON string; what is not UTF-8 is escaped byte by byte.

    >>> json_string("é\n"), json_string("é\udcff")
    ('"é\\n"', '"\\u00c3\\u00a9\\u00ff"')
    """
    data = to_bytes(text)
    try:
        return f'"{data.decode("utf-8").translate(_VALID)}"'
    except UnicodeDecodeError:
        return f'"{data.decode("latin-1").translate(_INVALID)}"'


def json_value(value: object, *, doubles: bool = True) -> str:
    """Return *value* as compact JSON, keys sorted by their bytes; numbers as doubles, or as plain integers.

    >>> json_value({"b": [1, None], "a": 100000}), json_value(100000, doubles=False)
    ('{"a":1e+05,"b":[1,null]}', '100000')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and not doubles:
        return str(value)
    if isinstance(value, int | float):
        return double_text(value)
    if isinstance(value, str):
        return json_string(value)
    if isinstance(value, Mapping):
        members = (f"{json_string(key)}:{json_value(value[key])}" for key in sorted(value, key=to_bytes))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_value, value)) + "]"
    return json_string(str(value))
