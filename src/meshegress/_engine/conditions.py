"""What routes ask of a request: path, headers and query, and how a reply is logged. Both twins of the walk ask here.

Source: Envoy, header_utility.cc, config_utility.cc, conn_manager_utility.cc; recorded from Envoy 1.40.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from meshegress._engine.layout import (
    EVERY_PATH,
    EXACT,
    GRPC,
    PREFIX,
    PRESENT,
    UPGRADE,
    HeaderCondition,
    RouteRow,
    TextCondition,
)
from meshegress.wire.paths import PathNormalization, normalize_path, split_target

_GRPC_TYPE = re.compile(r"application/grpc(?:\+.*)?", re.DOTALL)
_ALLOWED_UPGRADES = frozenset({"websocket", "h2c"})
#: What is known of a request that shows no headers.
_NEVER_UNKNOWN = frozenset({":authority", "host", ":path", "x-request-id"})
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})


class SeenRequest(Protocol):
    """What conditions read of a request."""

    fields: Sequence[tuple[str, str]]
    authority: str
    verb: str
    target: str
    scheme: str | None
    variant: int


class RequestView:
    """What route conditions see of one request: path, query and headers, each made when it is asked for.

    A *headers_unknown* view knows nothing of headers and method: a condition on one cannot be told.
    """

    __slots__ = ("_headers", "_normalization", "headers_unknown", "path", "query", "request")

    def __init__(
        self, request: SeenRequest, normalization: PathNormalization, *, headers_unknown: bool = False
    ) -> None:
        self.headers_unknown = headers_unknown
        self._normalization = normalization
        path, self.query = split_target(request.target)
        self.path = normalize_path(path, normalization) or path
        self.request = request
        self._headers: dict[str, tuple[str, ...]] | None = None

    def header(self, name: str) -> tuple[str, ...] | None:
        """Return the values of header *name*, each on its own; empty where it is missing, None where nobody knows."""
        if self.headers_unknown and name not in _NEVER_UNKNOWN:
            return None
        if self._headers is None:
            self._headers = _seen_headers(self.request, self.path, self.query)
        return self._headers.get(name, ())

    def as_plain_get(self) -> RequestView:
        """Return the view that takes the request's headers and method as they stand."""
        return RequestView(self.request, self._normalization)

    def parameter(self, key: str) -> str | None:
        """Return the raw text of the first query parameter *key*, or None."""
        for pair in self.query.split("&") if self.query else ():
            found, _, value = pair.partition("=")
            if found == key:
                return value
        return None


def route_holds(row: RouteRow, view: RequestView) -> bool | None:
    """Return whether every condition of *row* holds, or None where that cannot be told."""
    known = True
    for verdict in _verdicts(row, view):
        if verdict is False:
            return False
        known = known and verdict is True
    return True if known else None


def header_holds(condition: HeaderCondition, values: tuple[str, ...] | None) -> bool | None:
    """Return whether a header with *values* meets *condition*; inverted, none of them may match."""
    if values is None:
        return None
    if condition.text.kind == PRESENT:
        return bool(values) != condition.invert
    if not values:
        if not condition.missing_is_empty:
            return False
        values = ("",)
    verdicts = [text_holds(condition.text, value) for value in values]
    if True not in verdicts and None in verdicts:
        return None
    return (True in verdicts) != condition.invert


def parameter_holds(condition: TextCondition, value: str | None) -> bool | None:
    """Return whether a query parameter with *value* (None: it is missing) meets *condition*."""
    return False if value is None else text_holds(condition, value)


def text_holds(condition: TextCondition, text: str) -> bool | None:
    """Return whether *text* meets *condition*, or None where that cannot be told."""
    kind, value, ignore_case, regex = condition
    if regex is not None:
        return regex.fullmatch(text)
    if ignore_case:
        value, text = fold(value), fold(text)
    if kind == EXACT:
        return text == value
    return kind != PREFIX or text.startswith(value)


def fold(text: str) -> str:
    """Return *text* with ASCII letters in lower case and all others as they are."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def variant_of(fields: Sequence[tuple[str, str]], *, is_http2: bool) -> int:
    """Return in which variant of a leaf a request with these headers ends: as it is, GRPC, UPGRADE, or both."""
    grpc = upgrade = 0
    wanted: list[str] = []
    for name, value in fields:
        name = name.lower()
        if name == "content-type" and _GRPC_TYPE.fullmatch(value):
            grpc = GRPC
        elif name == "connection" and "upgrade" in (part.strip(" \t").lower() for part in value.split(",")):
            upgrade = UPGRADE
        elif name == "upgrade":
            wanted.append(value.lower())
    refused = upgrade and wanted and not is_http2 and ",".join(wanted) not in _ALLOWED_UPGRADES
    return grpc | upgrade if refused else grpc


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _verdicts(row: RouteRow, view: RequestView) -> Iterator[bool | None]:
    if row.path.kind != EVERY_PATH:
        yield text_holds(row.path, view.path)
    for header in row.headers:
        yield header_holds(header, view.header(header.name))
    for key, text in row.query:
        yield parameter_holds(text, view.parameter(key))


def _seen_headers(request: SeenRequest, path: str, query: str) -> dict[str, tuple[str, ...]]:
    """Return the headers as the connection manager leaves them."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in request.fields:
        name = name.lower()
        found[name] = (*found.get(name, ()), value.strip(" \t"))
    for name in _HOP_BY_HOP:
        found.pop(name, None)
    found.pop("host", None)
    forwarded = found.setdefault("x-forwarded-proto", ("http",))[0].lower()
    found.setdefault("x-request-id", ("",))
    scheme = request.scheme or (forwarded if forwarded in ("http", "https") else "http")
    found[":authority"] = found["host"] = (request.authority,)
    found[":method"] = (request.verb,)
    found[":scheme"] = (scheme,)
    found[":path"] = (f"{path}?{query}" if query else path,)
    return found
