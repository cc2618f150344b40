"""What a URL says of a request: scheme, host, port and path."""

from __future__ import annotations

import re

from meshegress.errors import RequestError
from meshegress.wire.addressing import canonical_address

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

#: Most URLs: lower case, a host name or an IPv4 address, nothing that a path's normalisation would touch.
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_PLAIN = re.compile(
    rf"(https?|tcp)://(?:({_BYTE}(?:\.{_BYTE}){{3}})|([-0-9a-z]+(?:\.[-0-9a-z]+)*\.?(?<=[a-z])))(?::([1-9][0-9]{{0,3}}))?"
    r"(/[!$&'()*+,\-./0-9:;=?@A-Z\[\]^_a-z|~]*)?"
)


def split_url(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of *url*; the host of an IPv6 address is without its brackets.

    Raises RequestError where *url* has no usable scheme, host or port.

    >>> split_url("https://a.com/b?c#d")
    ('https', 'a.com', 443, '/b?c')
    """
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or (scheme not in DEFAULT_PORTS and scheme != "tcp"):
        raise RequestError(url, "a URL begins with http://, https://, ws://, wss:// or tcp://")
    if any(c <= " " or c == "\x7f" for c in url):
        raise RequestError(url, "a URL holds no white space or control characters")
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    authority, tail = rest[:end].rpartition("@")[2], rest[end:].partition("#")[0]
    host, port = _split_authority(url, authority, DEFAULT_PORTS.get(scheme))
    return scheme, host, port, tail if tail.startswith("/") else "/" + tail


def _split_authority(url: str, authority: str, default: int | None) -> tuple[str, int]:
    if authority.startswith("["):
        host, bracket, digits = authority[1:].partition("]")
        if not bracket or literal_address(host) is None:
            raise RequestError(url, "the brackets hold no IPv6 address")
        digits = digits.removeprefix(":")
    else:
        host, _, digits = authority.partition(":")
    if not host:
        raise RequestError(url, "the URL has no host")
    if not digits and default is not None:
        return host, default
    if not (digits.isascii() and digits.isdigit()) or not 0 < int(digits[:6]) < 65536:
        raise RequestError(url, "the URL needs a port from 1 to 65535")
    return host, int(digits)


def plain_url(url: str) -> tuple[str, str, str | None, int, str] | None:
    """Return what ``split_url`` does, where *url* is one of the many that hold nothing odd; else None.

    The host is then a valid authority, after it stands the host again if it is an address, in its shortest form, and
    the path is one that no normalisation changes.
    """
    found = _PLAIN.fullmatch(url)
    if found is None:
        return None
    scheme, literal, name, digits, path = found.groups()
    port = int(digits) if digits else DEFAULT_PORTS.get(scheme)
    if port is None or (path is not None and "/." in path):
        return None
    return scheme, name or literal, literal, port, path or "/"


def literal_address(text: str) -> str | None:
    """Return *text* as an address in its shortest form, or None where it is a name."""
    # Names outnumber literals: what does not end in a digit, and has no colon, is none.
    return canonical_address(text) if text[-1:].isdigit() or ":" in text else None


def is_host_name(text: object) -> bool:
    """Tell whether *text* can be a name of DNS, and not an address.

    >>> is_host_name("db.example"), is_host_name("10.0.0.1"), is_host_name("a b"), is_host_name("1.2.3")
    (True, False, False, False)
    """
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


_NAME = re.compile(r"(?!.*\.\d+\.?$)(?!\d+\.?$)[-\w]+(?:\.[-\w]+)*\.?", re.ASCII)


def port_of(authority: str, default: int) -> int:
    """Return the port in *authority*, or *default* where it has none that can be one.

    >>> port_of("a.com:8080", 80), port_of("[::1]:81", 80), port_of("::1", 80), port_of("a.com:x", 80)
    (8080, 81, 80, 80)
    """
    host, colon, digits = authority.rpartition(":")
    is_literal = ":" in host and not (host.startswith("[") and host.endswith("]"))
    if not colon or is_literal or not (digits.isascii() and digits.isdigit()):
        return default
    number = int(digits[:6])
    return number if 0 < number < 65536 else default


def bare_host(authority: str) -> str:
    """Return *authority* without its port and brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.rpartition(":")[0] or authority
