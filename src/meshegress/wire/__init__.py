"""What Envoy sees of the first bytes: its TLS inspector, its HTTP inspector, its HTTP codec.

Nothing here knows listeners or routes. A :class:`Sight` is the verdict of all three; a :class:`Head` is the request
that the codec hands to the routes. The request of a library's user is described and not written, so the two ways in
are bytes (:func:`see_bytes`) and a head that is taken as it stands (:func:`see_http1`, :func:`see_http2`).
"""

from __future__ import annotations

import re

from meshegress.wire.clienthello import read_client_hello
from meshegress.wire.http1 import METHODS, TOKEN, TOKENS, read_head, request_line
from meshegress.wire.verdicts import (
    CODEC_REPLIES as CODEC_REPLIES,
)
from meshegress.wire.verdicts import HTTP_ALPN as HTTP_ALPN
from meshegress.wire.verdicts import NO_HEAD as NO_HEAD
from meshegress.wire.verdicts import OPAQUE as OPAQUE
from meshegress.wire.verdicts import CodecError as CodecError
from meshegress.wire.verdicts import Head as Head
from meshegress.wire.verdicts import Headers as Headers
from meshegress.wire.verdicts import HttpVerdict as HttpVerdict
from meshegress.wire.verdicts import Sight as Sight
from meshegress.wire.verdicts import TlsVerdict as TlsVerdict

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: Beyond this size the HTTP inspector gives up.
_INSPECTED = 65536
_UNDECIDED_WORD = re.compile(TOKEN + rb"+(?: .*)?", re.DOTALL)
_PLAIN_METHODS = METHODS - {"CONNECT", "QUERY"}
_PLAIN_TARGET = re.compile(r"/[!-~]*")
_PLAIN_NAME = re.compile(r"[0-9A-Za-z!#$%&'*+\-.^_`|~]+")
_PLAIN_VALUE = re.compile(r"[ -~]*")
_AUTHORITY = re.compile(r"[!$%&'()*+,\-.0-9:;=@A-Z\[\]_a-z~]*")


def inspect_http(data: bytes) -> HttpVerdict:
    r"""Return what the HTTP inspector says of *data*, after which the client waits.

    >>> inspect_http(b"GET / HTTP/1.1\r\n").name, inspect_http(b"hello").name, inspect_http(b"(hello").name
    ('HTTP11', 'WAITS', 'NOT_HTTP')
    """
    if data.startswith(PREFACE):
        return HttpVerdict.H2C
    if PREFACE.startswith(data):
        return HttpVerdict.WAITS
    line, end, _ = data.partition(b"\n")
    if not end:
        undecided = len(data) < _INSPECTED and _UNDECIDED_WORD.fullmatch(data)
        return HttpVerdict.WAITS if undecided else HttpVerdict.NOT_HTTP
    words = request_line(line)
    if words is None or not TOKENS.fullmatch(words[0]):
        return HttpVerdict.NOT_HTTP
    return HttpVerdict.HTTP11 if words[2] == b"HTTP/1.1" else HttpVerdict.HTTP10


def see_bytes(data: bytes) -> Sight:
    """Return the verdicts on literal first bytes, after which the client waits."""
    tls, hello = read_client_hello(data)
    http = inspect_http(data)
    if data.startswith(PREFACE):
        # What follows the preface is compressed; the head of an HTTP/2 request is described, not sent as bytes.
        return Sight(TlsVerdict.PLAIN, http, CodecError.WAITS)
    error, version, head = read_head(data)
    if hello is not None:
        return Sight(TlsVerdict.TLS, http, error, sni=hello.sni, alpn=hello.alpn)
    verdict = TlsVerdict.WAITS if tls else TlsVerdict.PLAIN
    if head is None:
        return Sight(verdict, http, error)
    return Sight(verdict, http, error, version != b"HTTP/1.1", request_error(head), head=head)


def see_http1(head: Head, version: str) -> Sight:
    """Return the verdicts on an HTTP/1 request; *version* is ``HTTP/1.1`` or an older one."""
    if head.authority is None or not is_plain(head.method, head.authority, head.target, head.headers):
        return see_bytes(write_http1(head, version))
    http = HttpVerdict.HTTP11 if version == "HTTP/1.1" else HttpVerdict.HTTP10
    return Sight(TlsVerdict.PLAIN, http, CodecError.NONE, version != "HTTP/1.1", request_error(head), head=head)


def is_plain(method: str, authority: str, target: str, headers: Headers) -> bool:
    """Return whether codec and connection manager take a request as it stands: no byte need be written and read."""
    return (
        method in _PLAIN_METHODS
        and _PLAIN_TARGET.fullmatch(target) is not None
        and _AUTHORITY.fullmatch(authority) is not None
        and (not headers or all(_plain_header(name, value) for name, value in headers))
    )


def see_http2(head: Head) -> Sight:
    """Return the verdicts on an HTTP/2 request with prior knowledge."""
    fields = {name.lower(): value for name, value in reversed(head.headers)}
    authority = fields.get("host") if head.authority is None else head.authority
    error = CodecError.NONE
    if authority is None or not head.target or {"connection", "upgrade", "transfer-encoding"} & fields.keys():
        error = CodecError.MESSAGING_RULE
    elif "@" in authority or not _AUTHORITY.fullmatch(authority) or any(name.startswith(":") for name in fields):
        error = CodecError.INVALID_FIELD  # a pseudo-header has its place before the headers
    seen = Head(head.method, authority, head.target, head.headers, is_http2=True)
    return Sight(TlsVerdict.PLAIN, HttpVerdict.H2C, error, False, request_error(seen), head=seen)


def request_error(head: Head) -> CodecError:
    """Return what the connection manager refuses about *head* before it looks for a route."""
    if head.authority is None:
        return CodecError.MISSING_HOST
    if not _AUTHORITY.fullmatch(head.authority):
        return CodecError.INVALID_AUTHORITY
    if head.method != "CONNECT" and not head.target.startswith("/"):
        return CodecError.NO_ABSOLUTE_PATH
    if head.method == "QUERY" and all(name.lower() != "content-type" for name, _ in head.headers):
        return CodecError.QUERY_WITHOUT_TYPE
    return CodecError.NONE


def write_http1(head: Head, version: str) -> bytes:
    """Return the bytes of *head* as an HTTP/1 client sends it."""
    lines = [f"{head.method} {head.target} {version}"]
    if head.authority is not None:
        lines.append(f"Host: {head.authority}")
    lines += [f"{name}: {value}" for name, value in head.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogatepass")


def _plain_header(name: str, value: str) -> bool:
    is_named = name.lower() != "host" and _PLAIN_NAME.fullmatch(name) is not None
    return is_named and _PLAIN_VALUE.fullmatch(value) is not None
