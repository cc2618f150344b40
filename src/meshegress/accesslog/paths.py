"""Path and query as the operators PATH, QUERY_PARAMS and QUERY_PARAM show them."""

from __future__ import annotations

import re

from meshegress.accesslog.values import to_bytes, to_text

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
# DECODED drops a percent sign that begins no escape though two bytes follow, and undoes an escape to one of these.
_PERCENT = re.compile(rb"%(?:([0-9A-Fa-f]{2})|(?=..))", re.DOTALL)
_HARMLESS = frozenset(b"!#$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_`abcdefghijklmnopqrstuvwxyz~")


def path_value(path: str | None, *, with_query: bool) -> str | None:
    """Return *path*, cut at the first ``?`` unless *with_query*."""
    return path if path is None or with_query else path.partition("?")[0]


def query_params(path: str | None, *, decoded: bool = False) -> str | None:
    """Return what follows the first ``?`` of *path*, None where there is none.

    >>> query_params("/p?a=%21%20", decoded=True)
    'a=!%20'
    """
    if path is None or "?" not in path:
        return None
    query = to_bytes(path.partition("?")[2])
    return to_text(_PERCENT.sub(_harmless, query) if decoded else query)


def _harmless(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        return b""
    byte = int(match[1], 16)
    return bytes([byte]) if byte in _HARMLESS else match[0]


def query_param(path: str | None, name: str) -> str | None:
    """Return the first parameter *name* of *path*, both percent-decoded to whatever bytes they hold; ``+`` stays.

    >>> query_param("/p?a=x%20y&a=z", "a")
    'x y'
    """
    query = query_params(path)
    for pair in (query or "").split("&"):
        key, _, value = pair.partition("=")
        if query is not None and _decoded(key) == name:
            return _decoded(value)
    return None


def _decoded(text: str) -> str:
    return to_text(_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), to_bytes(text)))
