"""What Envoy sees of a request's first bytes, in the order of ``PackedRequest``'s fields.

Most requests hold nothing odd: what is seen of them is what the user said. The others are written as bytes and read
back as Envoy reads them.
"""

from __future__ import annotations

from typing import Any

from meshegress._engine.conditions import fold, variant_of
from meshegress.wire import (
    NO_HEAD,
    OPAQUE,
    CodecError,
    Head,
    Headers,
    HttpVerdict,
    Sight,
    TlsVerdict,
    is_plain,
    see_bytes,
    see_http1,
    see_http2,
)
from meshegress.wire.paths import is_odd_target

Seen = tuple[Any, ...]

_TLS, _PLAIN = int(TlsVerdict.TLS), int(TlsVerdict.PLAIN)
_HTTP11, _NOT_HTTP = int(HttpVerdict.HTTP11), int(HttpVerdict.NOT_HTTP)
_BAD_BYTES, _BAD_PREFACE = int(CodecError.BAD_BYTES), int(CodecError.BAD_PREFACE)


def seen_tls(destination: str, sni: str | None, alpn: tuple[str, ...]) -> Seen:
    """Return what is seen of a ClientHello."""
    name = fold(sni) if sni else ""
    return destination, _TLS, _NOT_HTTP, name, alpn, _BAD_BYTES, False, 0, "", "", "", (), False, None, False, 0


def seen_mutual_tls(destination: str, sni: str | None, alpn: tuple[str, ...], inside: Seen) -> Seen:
    """Return what is seen of mutual TLS, the codec's verdict being that on what is seen *inside*.

    A chain that ends it offers ``h2`` and ``http/1.1``, and takes the first of them that the client offers too: that
    version is read and no other. Where nothing is in common the first bytes decide.
    """
    name = fold(sni) if sni else ""
    negotiated = next((protocol for protocol in ("h2", "http/1.1") if protocol in alpn), None)
    error, is_http2 = inside[5], inside[12]
    if negotiated == "h2" and not is_http2:
        error = _BAD_PREFACE
    elif negotiated == "http/1.1" and is_http2:
        error = _BAD_BYTES
    return destination, _TLS, _NOT_HTTP, name, alpn, error, *inside[6:]


def seen_plain_http(destination: str, authority: str, method: str, target: str) -> Seen:
    """Return what is seen of HTTP/1.1 in which nothing is odd and no header stands beside Host."""
    return destination, _PLAIN, _HTTP11, "", (), 0, False, 0, authority, method, target, (), False, None, False, 0


def seen_bytes(destination: str, payload: bytes) -> Seen:
    """Return what is seen of literal bytes."""
    return _seen(destination, see_bytes(payload))


def seen_opaque(destination: str) -> Seen:
    """Return what is seen of bytes that are neither TLS nor HTTP."""
    return destination, *_OPAQUE


def seen_http(
    destination: str,
    authority: str | None,
    method: str,
    target: str,
    headers: Headers,
    version: str,
) -> Seen:
    """Return what is seen of HTTP; *version* is ``HTTP/2``, ``HTTP/1.1`` or ``HTTP/1.0``."""
    if version == "HTTP/1.1" and authority is not None and is_plain(method, authority, target, headers):
        plain = seen_plain_http(destination, authority, method, target)
        variant = variant_of(headers, is_http2=False) if headers else 0
        return (*plain[:11], headers, False, None, is_odd_target(target), variant)
    head = Head(method, authority, target, headers)
    return _seen(destination, see_http2(head) if version == "HTTP/2" else see_http1(head, version))


def _seen(destination: str, sight: Sight) -> Seen:
    head = sight.head or NO_HEAD
    return (
        destination,
        int(sight.tls),
        int(sight.http),
        fold(sight.sni or ""),
        sight.alpn,
        int(sight.codec_error),
        sight.http_10,
        int(sight.request_error),
        head.authority or "",
        head.method,
        head.target,
        head.headers,
        head.is_http2,
        head.scheme,
        is_odd_target(head.target),
        variant_of(head.headers, is_http2=head.is_http2) if head.headers else 0,
    )


_OPAQUE = _seen("", OPAQUE)[1:]
