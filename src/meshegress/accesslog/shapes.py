"""The byte language of every shape: a superset of what Envoy can show, for counting the ways to read a line.

``strict`` names hold no white space, as in Istio; ``relaxed`` ones may hold anything but a line feed.
"""

from __future__ import annotations

from enum import Enum

from meshegress._engine.chosen import LogField, LogSpan
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.operators import Absent, Shape, Syntax
from meshegress.accesslog.timeshape import time_field

_ALL = bytes(range(256))
_DIGITS = b"0123456789"
_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = _UPPER + _UPPER.lower()
_TOKEN = _LETTERS + _DIGITS + b"!#$%&'*+-.^_`|~"
_LINE = bytes(byte for byte in _ALL if byte != 0x0A)
_NONBLANK = bytes(byte for byte in _ALL if byte not in b"\t\n\v\f\r ")
_NOSPACE = bytes(byte for byte in _ALL if byte not in b" \n")
_HEADER = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_TARGET = bytes(range(0x21, 0x7F)) + bytes(range(0x80, 0x100))
_AUTHORITY = _LETTERS + _DIGITS + b"!$%&'()*+,-.:;=@[]_~"
_SNI = _LETTERS + _DIGITS + b"._-"
# An IP address, its port, a list or block of them; anything else is the path of a socket or an internal address.
_ADDRESS_FIRST = _DIGITS + b":["
_ADDRESS = _DIGITS + b"ABCDEFabcdef.:[]/,"
_ABSOLUTE_FIRST = b"/@."
_PATH_FIRST = bytes(byte for byte in _NONBLANK if byte not in _ADDRESS_FIRST + b'"-')


class Names(Enum):
    """How names from the configuration are read: without white space, as Istio writes them, or anything on a line."""

    STRICT = "strict"
    RELAXED = "relaxed"


def _of(alphabet: bytes, least: int = 1) -> LogField:
    return LogField((LogSpan(alphabet, alphabet, least),))


_FIELDS: dict[Shape, LogField] = {
    Shape.UINT: _of(_DIGITS),
    Shape.INT: LogField((LogSpan(_DIGITS, _DIGITS), LogSpan(b"-", _DIGITS, 2))),
    Shape.NUMBERS: LogField((LogSpan(_DIGITS, _DIGITS + b",", last=_DIGITS),)),
    Shape.PORT: LogField((LogSpan(_DIGITS, _DIGITS, 0, 5),)),
    Shape.STAMP: LogField(masks=(b"0000-00-00T00:00:00.000Z",)),
    Shape.LOCAL_STAMP: LogField(masks=(b"0000-00-00T00:00:00.000+0000", b"0000-00-00T00:00:00.000-0000")),
    Shape.FLAGS: LogField((LogSpan(_UPPER, _UPPER + _DIGITS + b",", last=_UPPER + _DIGITS),)),
    Shape.LONG_FLAGS: LogField((LogSpan(_LETTERS, _LETTERS + _DIGITS + b",", last=_LETTERS + _DIGITS),)),
    Shape.PROTOCOL: LogField(words=(b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2", b"HTTP/3")),
    Shape.WORD: _of(_LETTERS + _DIGITS + b"_-"),
    Shape.HEX: _of(_LETTERS + _DIGITS + b"_-,"),
    Shape.TOKEN: _of(_LETTERS + _DIGITS + b"%._~+/=:-"),
    Shape.NONBLANK: _of(_NONBLANK),
    Shape.NONBLANK_OR_EMPTY: _of(_NONBLANK, 0),
    Shape.NOSPACE: _of(_NOSPACE),
    Shape.SNI: LogField((LogSpan(_SNI, _SNI), LogSpan(_SNI, _SNI, prefix=b"invalid:"))),
    Shape.METHOD: _of(_TOKEN),
    Shape.TARGET: LogField((LogSpan(b"/*", _TARGET),)),
    Shape.QUERY: _of(_TARGET, 0),
    Shape.AUTHORITY: _of(_AUTHORITY, 0),
    Shape.HEADER: _of(_HEADER, 0),
    Shape.ANY: _of(_ALL, 0),
}


def _named(alphabet: bytes) -> dict[Shape, LogField]:
    """The shapes that configured names may show, whose bytes are *alphabet*."""
    # The path of a socket may hold blanks; a relative one that has them and ends in a digit would take in an address
    # with the words before it, so those are told apart by their last byte. No two spans have a piece in common.
    relative = bytes(byte for byte in _PATH_FIRST if byte not in _ABSOLUTE_FIRST)
    others = bytes(byte for byte in alphabet if byte not in _DIGITS)
    unbroken = bytes(byte for byte in alphabet if byte in _NONBLANK)
    spans = (
        LogSpan(_ADDRESS_FIRST, _ADDRESS),
        LogSpan(_ABSOLUTE_FIRST, alphabet),
        LogSpan(relative, alphabet, last=others),
        LogSpan(relative, unbroken, last=_DIGITS),
    )
    address = LogField(spans)
    return {
        Shape.NAME: _of(alphabet),
        Shape.NAME_OR_EMPTY: _of(alphabet, 0),
        Shape.ADDRESS: address,
        Shape.ADDRESSES: address,
    }


# Strict readings use what else is known of a value; relaxed ones are the plain supersets, for proofs about any Envoy.
_VARIANTS: dict[Names, dict[Shape, LogField]] = {
    # An address is not told from the path of a socket here: one span is checked at less cost, and no less is certain.
    Names.STRICT: _named(_NONBLANK)
    | dict.fromkeys((Shape.ADDRESS, Shape.ADDRESSES), LogField((LogSpan(_ADDRESS_FIRST + _PATH_FIRST, _NONBLANK),))),
    Names.RELAXED: {
        **_named(_LINE),
        Shape.FLAGS: _of(_UPPER + _DIGITS + b","),
        Shape.TARGET: _of(_TARGET, 0),
    },
}

# Request headers whose bytes Envoy itself restricts.
_PSEUDO_HEADERS = {":method": Shape.METHOD, ":path": Shape.TARGET, ":authority": Shape.AUTHORITY}
_REQUEST_HEADERS = frozenset({"REQ", "REQUEST_HEADER", "STREAM_INFO_REQ"})


def shape_of(command: Command) -> Shape:
    """Return the shape of what *command* shows, its argument considered.

    >>> from meshegress.accesslog.formatstring import parse_format
    >>> [shape_of(command).value for command in parse_format("%REQ(:PATH)%%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%")]
    ['target', 'header']
    """
    operator, argument = command.operator, command.argument or ""
    parts = [*argument.split(":"), ""]
    if operator.name in _REQUEST_HEADERS:
        return _PSEUDO_HEADERS.get(argument.lower(), Shape.HEADER)
    if operator.name == "PATH" and parts[1] == "PATH":
        return Shape.TARGET
    if operator.name == "GRPC_STATUS" and argument == "NUMBER":
        return Shape.INT
    if operator.name == "RESPONSE_CODE_DETAILS" and argument == "ALLOW_WHITESPACES":
        return Shape.ANY
    if operator.name == "REQUESTED_SERVER_NAME" and parts[0] not in ("", "SNI_ONLY"):
        return Shape.HEADER
    return operator.shape


def field_of(command: Command, *, names: Names, omit_empty_values: bool) -> LogField:
    """Return the language of what *command* shows: its shape, cut to its length, and how absence shows."""
    shape = shape_of(command)
    if names is Names.STRICT and command.text.upper() == "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)":
        shape = Shape.NONBLANK  # Envoy's router writes this header itself, so that no origin can forge it
    if command.operator.syntax is Syntax.TIME and command.argument:
        field = time_field(command.argument) if names is Names.STRICT else _of(_LINE, 0)
    else:
        field = _VARIANTS[names].get(shape) or _FIELDS[shape]
    absent = _absent_words(command, names=names, omit_empty_values=omit_empty_values)
    if command.most_bytes is not None and names is Names.STRICT:
        field = _cut(field, command.most_bytes)
    return field._replace(words=field.words + absent)


def _absent_words(command: Command, *, names: Names, omit_empty_values: bool) -> tuple[bytes, ...]:
    absent = command.operator.absent
    empty = (b"",) if absent.may_be_empty and absent is not Absent.KEPT else ()
    if names is Names.STRICT and absent in (Absent.NEVER, Absent.EMPTY, Absent.MASK):
        return empty
    if command.operator.shape is Shape.UINT:
        return empty
    return (b"", *empty) if omit_empty_values and absent is not Absent.KEPT else (b"-", *empty)


def _cut(field: LogField, length: int) -> LogField:
    spans = tuple(
        span._replace(
            least=min(span.least, length),
            most=length if span.most is None else min(span.most, length),
            last=b"",
        )
        for span in field.spans
    )
    return LogField(spans, tuple(word[:length] for word in field.words))
