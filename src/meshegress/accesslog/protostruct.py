"""A protobuf ``Struct`` (a JSON object on the wire of protobuf), read and written; nothing else of protobuf."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_DEPTH = 64
# The numbers of the members of a Value.
_NULL, _NUMBER, _STRING, _BOOL, _STRUCT, _LIST = 1, 2, 3, 4, 5, 6


def decode_struct(data: bytes, depth: int = 0) -> dict[str, object]:
    """Return the members of the Struct *data*, in their order.

    Raises ValueError where the bytes are not a Struct.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("the Struct is nested too deeply")
    members: dict[str, object] = {}
    for number, member in _fields(data):
        if number != 1 or not isinstance(member, bytes):
            raise ValueError("no member of a Struct")
        pair = dict(_fields(member))
        key, value = pair.get(1, b""), pair.get(2, b"")
        if not isinstance(key, bytes) or not isinstance(value, bytes):
            raise ValueError("no member of a Struct")
        members[key.decode("utf-8")] = _decode_value(value, depth)
    return members


def _decode_value(data: bytes, depth: int) -> object:
    value: object = None
    for number, field in _fields(data):
        if isinstance(field, bytes):
            value = _decode_bytes(number, field, depth)
        else:
            value = {_NULL: None, _BOOL: bool(field), _NUMBER: field}.get(number)
    return value


def _decode_bytes(number: int, field: bytes, depth: int) -> object:
    if number == _STRING:
        return field.decode("utf-8")
    if number == _STRUCT:
        return decode_struct(field, depth + 1)
    if number != _LIST or depth > _MAX_DEPTH:
        raise ValueError("no value of a Struct")
    return [_decode_value(item, depth + 1) for _, item in _fields(field) if isinstance(item, bytes)]


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int | float]]:
    """Yield number and content of each field of a message."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, value
        elif kind == _FIXED64 and place + 8 <= len(data):
            yield number, struct.unpack_from("<d", data, place)[0]
            place += 8
        elif kind == _BYTES:
            size, place = _varint(data, place)
            if place + size > len(data):
                raise ValueError("the message ends inside a field")
            yield number, data[place : place + size]
            place += size
        else:
            raise ValueError("no field of a Struct")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 70:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("no whole number")


def encode_struct(members: Mapping[str, object]) -> bytes:
    """Return the Struct of *members*, which are JSON values.

    >>> decode_struct(encode_struct({"a": [1.5, None, True, {"b": "c"}]}))
    {'a': [1.5, None, True, {'b': 'c'}]}
    """
    pairs = (_chunk(1, key.encode("utf-8")) + _chunk(2, _encode_value(value)) for key, value in members.items())
    return b"".join(_chunk(1, pair) for pair in pairs)


def _encode_value(value: object) -> bytes:
    if value is None:
        return _tag(_NULL, _VARINT) + b"\0"
    if isinstance(value, bool):
        return _tag(_BOOL, _VARINT) + bytes([value])
    if isinstance(value, int | float):
        return _tag(_NUMBER, _FIXED64) + struct.pack("<d", value)
    if isinstance(value, str):
        return _chunk(_STRING, value.encode("utf-8"))
    if isinstance(value, Mapping):
        return _chunk(_STRUCT, encode_struct(value))
    if isinstance(value, list | tuple):
        return _chunk(_LIST, b"".join(_chunk(1, _encode_value(item)) for item in value))
    raise ValueError(f"a Struct holds no {type(value).__name__}")


def _chunk(number: int, content: bytes) -> bytes:
    return _tag(number, _BYTES) + _number(len(content)) + content


def _tag(number: int, kind: int) -> bytes:
    return _number(number << 3 | kind)


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
