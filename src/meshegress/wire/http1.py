"""HTTP/1 as Envoy's codec reads it: the request line, the head, and where the authority comes from.

Source: Envoy, http1/balsa_parser.cc and http1/codec_impl.cc; recorded from Envoy 1.40.0.
"""

from __future__ import annotations

import re

from meshegress.wire.verdicts import CodecError, Head, Headers

#: The methods that the codec knows.
# fmt: off
METHODS = frozenset({
    "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "MERGE", "MKACTIVITY",
    "MKCALENDAR", "MKCOL", "MOVE", "MSEARCH", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND", "PROPPATCH",
    "PURGE", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK",
    "UNLOCK", "UNSUBSCRIBE",
})
# fmt: on
TOKEN = rb"[0-9A-Za-z!#$%&'*+\-.^_`|~]"
TOKENS = re.compile(TOKEN + rb"+")
_SEPARATORS = re.compile(rb"[\x00-\x20]+")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_ORIGIN_TARGET = re.compile(rb"[/*][\t\x0c!-~]*")
_HOST_PART = rb"(?!.*@@)[0-9A-Za-z!$%&'()*+,\-.:;=@\[\]_~]*(?:[/?][\t\x0c!-~]*)?"
_ABSOLUTE_TARGET = re.compile(rb"[A-Za-z][0-9A-Za-z+\-.]*://" + _HOST_PART)
_CONNECT_TARGET = re.compile(_HOST_PART)
_URL = re.compile(r"(?P<scheme>[^:]+)://(?:[^@/?]*@)?(?P<host>\[[^\]]*\]|[^:@/?]+)(?::(?P<port>\d*))?(?P<path>[/?].*)?")
_CONNECT_AUTHORITY = re.compile(r"(?:\[[^\]]*\]|[^:@/?]+):(?P<port>\d+)")
_FORBIDDEN_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def request_line(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return method, target and version of a good request line; the version is empty where there is none."""
    words = _SEPARATORS.split(line.rstrip(bytes(range(33))), 2)
    if len(words) < 2 or not words[0]:
        return None
    method, target, version = words[0], words[1], words[2] if len(words) > 2 else b""
    if version and not _VERSION.fullmatch(version):
        return None
    absolute = _CONNECT_TARGET if method == b"CONNECT" else _ABSOLUTE_TARGET
    good = _ORIGIN_TARGET.fullmatch(target) or absolute.fullmatch(target)
    return (method, target, version) if good else None


def read_head(data: bytes) -> tuple[CodecError, bytes, Head | None]:
    """Return the codec's error, the version and the head of *data*; the head is None where there is an error."""
    data = data.lstrip(b"\r\n")
    if data and data[0] <= 0x20:
        return CodecError.BAD_BYTES, b"", None
    line, end, rest = data.partition(b"\n")
    if not end:
        return CodecError.WAITS, b"", None
    words = request_line(line)
    if words is None or words[0].decode("latin-1") not in METHODS:
        return CodecError.BAD_BYTES, b"", None
    block = _header_block(rest)
    if block is None:
        return CodecError.WAITS, b"", None
    if _FORBIDDEN_BYTES.search(line) or _FORBIDDEN_BYTES.search(block):
        return CodecError.INVALID_CHARACTERS, b"", None
    headers = _read_headers(block)
    if headers is None:
        return CodecError.BAD_BYTES, b"", None
    error, head = _place_target(words[0].decode("ascii"), words[1].decode("ascii"), headers)
    return error, words[2], head


def _header_block(rest: bytes) -> bytes | None:
    """Return what stands before the empty line, or None where it has not come yet."""
    if rest.startswith((b"\n", b"\r\n")):
        return b""
    end = re.search(rb"\n\r?\n", rest)
    return rest[: end.start()] if end else None


def _read_headers(block: bytes) -> Headers | None:
    headers: list[tuple[str, str]] = []
    for line in re.sub(rb"\r?\n[ \t]+", b" ", block).split(b"\n") if block else ():
        name, colon, value = line.partition(b":")
        if not colon or not TOKENS.fullmatch(name):
            return None
        headers.append((name.decode("ascii"), value.strip(b" \t\r").decode("latin-1")))
    return tuple(headers)


def _place_target(method: str, target: str, headers: Headers) -> tuple[CodecError, Head | None]:
    """Take the authority from the target where it names one, else from Host; several Hosts are joined, empty ones not.

    Source: Envoy, common/http/header_map_impl.cc, appendToHeader.
    """
    hosts = [value for name, value in headers if name.lower() == "host"]
    authority = ",".join(filter(None, hosts)) if hosts else None
    if method == "CONNECT":
        found = _CONNECT_AUTHORITY.fullmatch(target)
        if found is None or not _is_port(found["port"]):
            return CodecError.INVALID_URL, None
        return CodecError.NONE, Head(method, target, "", headers)
    if target.startswith("/") or (method == "OPTIONS" and target == "*"):
        return CodecError.NONE, Head(method, authority, target, headers)
    url = _URL.fullmatch(target)
    if url is None or (url["port"] and not _is_port(url["port"])):
        return CodecError.INVALID_URL, None
    scheme = url["scheme"].lower()
    if scheme not in ("http", "https"):
        return CodecError.INVALID_SCHEME, None
    named = url["host"] if url["port"] is None else f"{url['host']}:{url['port']}"
    return CodecError.NONE, Head(method, named, url["path"] or "/", headers, scheme=scheme)


def _is_port(digits: str) -> bool:
    return len(digits) < 6 and int(digits) < 65536
