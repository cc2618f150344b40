"""The header x-forwarded-client-cert, as XFCC_VALUE reads it: elements by commas, pairs in them by semicolons."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress.accesslog.arguments import lower_ascii


def client_certificate_field(header: str, field: str) -> str | None:
    r"""Return *field*, any case, of the first element of *header* that has it, None where none has.

    A quoted value loses its quotes and the backslashes before quotes and backslashes. A header with a quote that is
    never closed has no fields.

    >>> client_certificate_field('Hash=1;URI="a,b",URI=c', "uri")
    'a,b'
    """
    if _open_quotes(header):
        return None
    for element in _split(header, ","):
        for pair in _split(element, ";"):
            name, _, value = pair.partition("=")
            if lower_ascii(name.strip()) == lower_ascii(field):
                return _unquoted(value.strip())
    return None


def _open_quotes(text: str) -> bool:
    return sum(1 for _ in _quotes(text)) % 2 == 1


def _quotes(text: str) -> Iterator[int]:
    """Yield the places of the quotes that no backslash escapes."""
    escaped = False
    for place, character in enumerate(text):
        if character == '"' and not escaped:
            yield place
        escaped = character == "\\" and not escaped


def _split(text: str, separator: str) -> Iterator[str]:
    """Yield the parts of *text* between separators that are not quoted."""
    quotes = set(_quotes(text))
    start, quoted = 0, False
    for place, character in enumerate(text):
        quoted ^= place in quotes
        if character == separator and not quoted:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return value[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")
