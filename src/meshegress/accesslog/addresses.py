"""Addresses as Envoy shows them, without their port, or as the block that a prefix length makes."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NUMBER = re.compile(r"[ \t\v\f\r]*[-+]?0*[0-9]{1,10}[ \t\v\f\r]*")
_LIMIT = 2**31


def split_address(address: str) -> tuple[IPv4Address | IPv6Address, int] | None:
    """Return IP address and port of *address*, None for the path of a socket and internal addresses.

    >>> split_address("[::1]:80")
    (IPv6Address('::1'), 80)
    >>> split_address("@abstract")
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or not port.isascii():
        return None
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")), int(port)
    except ValueError:
        return None


def without_port(address: str) -> str:
    """Return *address* without its port and brackets; what is not an IP address stays whole."""
    found = split_address(address)
    if found is None:
        return address
    return address.rpartition(":")[0].removeprefix("[").removesuffix("]")


def port_of(address: str) -> int | None:
    """Return the port of an IP address."""
    found = split_address(address)
    return found[1] if found else None


def masked(address: str, prefix: str) -> str:
    """Return the CIDR block of *address*; *prefix* is read as Envoy reads it.

    Too large a length is clamped, what is not a number of 32 bits is ignored, a negative one gives nothing; neither has
    what is not an IP address a block.

    >>> masked("127.0.0.1:80", " 08"), masked("127.0.0.1:80", "x"), masked("127.0.0.1:80", "-1")
    ('127.0.0.0/8', '127.0.0.1', '')
    """
    if not _NUMBER.fullmatch(prefix) or not -_LIMIT <= int(prefix) < _LIMIT:
        return without_port(address)
    found, length = split_address(address), int(prefix)
    if found is None or length < 0:
        return ""
    ip = found[0]
    return str(ip_network((ip, min(length, ip.max_prefixlen)), strict=False))
