"""Requests that show a cell: written in words where the codec takes them so, else as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from meshegress._engine.layout import GRPC, UPGRADE
from meshegress.analysis.matches.combinations import Cube
from meshegress.analysis.matches.dimensions import AUTHORITY, METHOD, PATH, SCHEME, Dimension
from meshegress.analysis.matches.values import Value
from meshegress.analysis.spaces.first_bytes import Bytes
from meshegress.request import Request, WireProtocol
from meshegress.wire.http1 import METHODS

_VERSIONS = {
    Bytes.HTTP11: WireProtocol.HTTP,
    Bytes.HTTP10: WireProtocol.HTTP10,
    Bytes.HTTP2: WireProtocol.HTTP2,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What an HTTP request says, before it is known in which version."""

    address: str
    port: int
    authority: str
    path: str = "/"
    method: str = "GET"
    query: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    scheme: str = ""

    def with_values(self, values: Mapping[Dimension, Value]) -> Draft:
        """Return the draft with these *values*."""
        draft = self
        for dimension, value in values.items():
            draft = draft.with_value(dimension, value)
        return draft

    def with_value(self, dimension: Dimension, value: Value) -> Draft:
        """Return the draft with *value* in one dimension."""
        if dimension == PATH:
            return replace(self, path=value[0])
        if dimension == METHOD:
            return replace(self, method=value[0])
        if dimension == AUTHORITY:
            return replace(self, authority=value[0])
        if dimension.part == "query":
            return replace(self, query=(*self.query, *(f"{dimension.name}={text}" for text in value)))
        name, scheme = dimension.name, self.scheme
        if dimension == SCHEME:
            name, scheme, value = "x-forwarded-proto", value[0], value[1:]
        return replace(self, headers=(*self.headers, *((name, text) for text in value)), scheme=scheme)

    def in_variant(self, variant: int) -> Draft:
        """Return the draft as one that asks for an upgrade, or speaks gRPC, as *variant* says.

        Hop-by-hop headers are seen by no route.
        """
        headers = self.headers
        if variant & UPGRADE:
            headers = (*headers, ("connection", "upgrade"), ("upgrade", "x"))
        if variant & GRPC and not any(name == "content-type" for name, _ in headers):
            headers = (*headers, ("content-type", "application/grpc"))
        return replace(self, headers=headers)

    def write(self, kind: Bytes, *, is_http_10: bool = False) -> Request | None:
        """Return the request of which the first bytes are of *kind*, or None where such bytes cannot say it."""
        is_typed = any(name == "content-type" for name, _ in self.headers)
        headers = (
            self.headers if self.method != "QUERY" or is_typed else (*self.headers, ("content-type", "text/plain"))
        )
        target = self.path + ("?" + "&".join(self.query) if self.query else "")
        if kind is Bytes.HTTP2:
            return self._described(kind, target, headers) if not self.scheme else None
        if self.method not in METHODS or not target.isascii():
            return None
        authority = self.authority
        if self.method == "CONNECT":
            target = authority = authority if ":" in authority else f"{authority}:80"
        elif self.scheme:
            target = f"{self.scheme}://{authority}{target}"
        is_bytes = kind is Bytes.OTHER or self.method == "CONNECT" or self.scheme
        if not is_bytes and all(value.isascii() for _, value in headers):
            return self._described(kind, target, headers)
        version = "1.0" if is_http_10 or kind is Bytes.HTTP10 else "1.1"
        lines = [f"{self.method} {target} HTTP/{version}", f"Host: {authority}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lead = "\r\n" if kind is Bytes.OTHER else ""
        return self._in_bytes(lead + "\r\n".join(lines) + "\r\n\r\n")

    def _described(self, kind: Bytes, target: str, headers: Iterable[tuple[str, str]]) -> Request:
        return Request.http(
            self.authority,
            target,
            method=self.method,
            headers=headers,
            address=self.address,
            port=self.port,
            protocol=_VERSIONS[kind],
        )

    def _in_bytes(self, text: str) -> Request | None:
        try:
            return Request.tcp(self.address, self.port, text.encode("latin-1"))
        except UnicodeEncodeError:
            return None


def chosen_values(cube: Cube, values: Mapping[Dimension, Mapping[int, Value]]) -> dict[Dimension, Value]:
    """Return the plainest value of each dimension of *cube*; what it leaves out is left out."""
    return {
        dimension: min((known[mask] for mask in cube[dimension]), key=_effort)
        for dimension, known in values.items()
        if dimension in cube
    }


def _effort(value: Value) -> tuple[bool, int, int]:
    return not all(text.isascii() for text in value), len(value), sum(map(len, value))
