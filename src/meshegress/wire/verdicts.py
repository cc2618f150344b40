"""What can be said of the first bytes: the verdicts, the request that they hold, and the replies to a bad one.

Source: Envoy, tls_inspector.cc, http_inspector.cc, http1/codec_impl.cc and conn_manager_impl.cc; recorded from
Envoy 1.40.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class TlsVerdict(IntEnum):
    """What the TLS inspector says of the first bytes."""

    PLAIN = 0
    TLS = 1
    WAITS = 2


class HttpVerdict(IntEnum):
    """What the HTTP inspector says; the first four are rows of ``HTTP_ALPN``."""

    NOT_HTTP = 0
    HTTP11 = 1
    HTTP10 = 2
    H2C = 3
    WAITS = 4


HTTP_ALPN = (None, "http/1.1", "http/1.0", "h2c")


class CodecError(IntEnum):
    """Why a request ends before any route; ``CODEC_REPLIES`` says with what."""

    NONE = 0
    WAITS = 1
    BAD_BYTES = 2
    INVALID_CHARACTERS = 3
    INVALID_URL = 4
    INVALID_SCHEME = 5
    MESSAGING_RULE = 6
    INVALID_FIELD = 7
    LOW_VERSION = 8
    MISSING_HOST = 9
    INVALID_AUTHORITY = 10
    NO_ABSOLUTE_PATH = 11
    PATH_NORMALIZATION = 12
    QUERY_WITHOUT_TYPE = 13
    BAD_PREFACE = 14
    TLS_FAILED = 15


#: Status, response flags and details of each error that is answered.
CODEC_REPLIES: dict[CodecError, tuple[int | None, str, str | None]] = {
    CodecError.BAD_BYTES: (400, "DPE", "http1.codec_error"),
    CodecError.INVALID_CHARACTERS: (400, "DPE", "http1.invalid_characters"),
    CodecError.INVALID_URL: (400, "DPE", "http1.invalid_url"),
    CodecError.INVALID_SCHEME: (400, "DPE", "http1.invalid_scheme"),
    CodecError.MESSAGING_RULE: (0, "DPE", "http2.violation.of.messaging.rule"),
    CodecError.INVALID_FIELD: (0, "DPE", "http2.invalid.header.field"),
    CodecError.LOW_VERSION: (426, "DPE", "low_version"),
    CodecError.MISSING_HOST: (400, "-", "missing_host_header"),
    CodecError.INVALID_AUTHORITY: (400, "DPE", "http.invalid_authority"),
    CodecError.NO_ABSOLUTE_PATH: (404, "-", "absolute_path_rejected"),
    CodecError.PATH_NORMALIZATION: (400, "-", "path_normalization_failed"),
    CodecError.QUERY_WITHOUT_TYPE: (400, "-", "query_missing_content_type"),
    # HTTP/2 was negotiated inside TLS, and something else comes.
    CodecError.BAD_PREFACE: (0, "DPE", None),
    # No request is read at all: the handshake of a chain that ends TLS fails.
    CodecError.TLS_FAILED: (None, "-", None),
}

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Head:
    """One HTTP request as the routes see it; ``target`` is path and query, before normalisation.

    ``authority`` None is a missing Host, ``""`` an empty one.
    """

    method: str
    authority: str | None
    target: str
    headers: Headers = ()
    is_http2: bool = False
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """The verdicts on one connection's first bytes.

    ``codec_error`` is the codec's, before it knows the version; ``http_10`` asks the listener whether it takes old
    versions; ``request_error`` comes after that.
    """

    tls: TlsVerdict
    http: HttpVerdict
    codec_error: CodecError = CodecError.NONE
    http_10: bool = False
    request_error: CodecError = CodecError.NONE
    sni: str | None = None
    alpn: tuple[str, ...] = ()
    head: Head | None = None


#: What stands for the head where there is no HTTP.
NO_HEAD = Head("", "", "")
#: Bytes that are neither TLS nor HTTP, and enough of them.
OPAQUE = Sight(TlsVerdict.PLAIN, HttpVerdict.NOT_HTTP, CodecError.BAD_BYTES)
