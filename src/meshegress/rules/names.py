"""How names, ports, labels, addresses and durations are written: each question answers None, or what is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

from meshegress.resources.shape import shown

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
_DNS_LABEL = re.compile(_LABEL, re.ASCII)
_WILDCARD_LABEL = re.compile(rf"\*|(?:\*-?)?{_LABEL}", re.ASCII)
_WORD = r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
# What most names look like; nothing is wrong with them, with or without a first label `*`.
_PLAIN_LABEL = r"(?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_PLAIN_NAME = re.compile(rf"(?:[a-zA-Z0-9]{_PLAIN_LABEL}\.)*[a-zA-Z]{_PLAIN_LABEL}", re.ASCII)
_LABEL_KEY = re.compile(rf"({_LABEL}(?:\.{_LABEL})*/)?({_WORD})", re.ASCII)
_LABEL_VALUE = re.compile(rf"(?:{_WORD})?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_PREFIX_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)

LONGEST_LABEL = 63
LONGEST_NAME = 255
LONGEST_KEY_PREFIX = 253
LARGEST_INT = 2**63 - 1


@lru_cache(maxsize=4096)
def is_dns_label(text: str) -> bool:
    """Tell whether *text* is one label of a name.

    >>> is_dns_label("http-80"), is_dns_label("a_b"), is_dns_label("")
    (True, False, False)
    """
    return len(text) <= LONGEST_LABEL and _DNS_LABEL.fullmatch(text) is not None


def labels_fault(domain: str) -> str | None:
    """Return what is wrong with the labels of *domain*; the last may be empty and must not be a number."""
    labels = domain.split(".")
    last = labels[-1]
    if _NUMBER.fullmatch(last) and len(last) < 4000 and int(last) <= LARGEST_INT:
        return f"the last label of {shown(domain)} is a number"
    if not last:
        labels.pop()
    bad = next((label for label in labels if not is_dns_label(label)), None)
    return None if bad is None else f"{shown(domain)} is not a domain name: {shown(bad)} is not a label"


def _length_fault(name: str) -> str | None:
    if not name:
        return "the name is empty"
    return (
        f"the name is longer than {LONGEST_NAME} characters"
        if len(name.encode(errors="surrogatepass")) > LONGEST_NAME
        else None
    )


@lru_cache(maxsize=4096)
def domain_fault(name: str) -> str | None:
    """Return what is wrong with *name* as a full domain name.

    >>> domain_fault("a.com"), domain_fault("a.com.")
    (None, None)
    >>> domain_fault("1.2.3.4")
    'the last label of `1.2.3.4` is a number'
    """
    if len(name) <= LONGEST_NAME and _PLAIN_NAME.fullmatch(name):
        return None
    return _length_fault(name) or labels_fault(name)


@lru_cache(maxsize=4096)
def wildcard_fault(name: str) -> str | None:
    """Return what is wrong with *name* as a domain name whose first label may be, or begin with, ``*``.

    >>> wildcard_fault("*.a.com"), wildcard_fault("*-a.com"), wildcard_fault("123")
    (None, None, None)
    >>> wildcard_fault("a.*.com")
    '`*.com` is not a domain name: `*` is not a label'
    """
    if len(name) <= LONGEST_NAME and _PLAIN_NAME.fullmatch(name.removeprefix("*.")):
        return None
    if (fault := _length_fault(name)) is not None:
        return fault
    first, dot, rest = name.partition(".")
    if len(first) > LONGEST_LABEL or not _WILDCARD_LABEL.fullmatch(first):
        return f"{shown(name)} is not a domain name: {shown(first)} is not a label"
    return labels_fault(rest) if dot else None


def is_partial_wildcard(name: str) -> bool:
    """Tell whether *name* has a star that is not the whole first label.

    >>> is_partial_wildcard("*a.com"), is_partial_wildcard("*.a.com"), is_partial_wildcard("*")
    (True, False, False)
    """
    return "*" in name and len(name) != 1 and not name.startswith("*.")


_OUTBOUND = "outbound_"


def gateway_host_fault(name: str, *, is_server_name: bool) -> str | None:
    """Return what is wrong with *name* as a host at a gateway, where server names may be those that Istio makes."""
    if not is_server_name or not name.startswith(_OUTBOUND):
        return wildcard_fault(name)
    parts = name.split("_")
    if (fault := _length_fault(name)) is not None:
        return fault
    if len(parts) < 4 or not re.search("[0-9]", parts[1].strip(".")) or not re.search("[a-zA-Z]", parts[3].strip(".")):
        return f"{shown(name)} does not follow `outbound_.<port>_.<subset>_.<host>`"
    return None


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Tell whether *text* is one IP address.

    >>> is_address("10.0.0.1"), is_address("::1"), is_address("010.0.0.1"), is_address("10.0.0.0/8")
    (True, True, False, False)
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def subnet_fault(text: str) -> str | None:
    """Return what is wrong with *text* as an address or a CIDR; host bits may be set.

    >>> subnet_fault("10.1.2.3/8"), subnet_fault("::ffff:1.2.3.4")
    (None, None)
    >>> subnet_fault("10.0.0.0/33")
    '`10.0.0.0/33` is not a CIDR'
    """
    if text.count("/") != 1:
        return None if is_address(text) else f"{shown(text)} is not an IP address"
    address, _, bits = text.partition("/")
    width = 128 if ":" in address else 32
    if "%" in address or not is_address(address) or not _PREFIX_LENGTH.fullmatch(bits) or int(bits) > width:
        return f"{shown(text)} is not a CIDR"
    return None


def port_fault(number: int) -> str | None:
    """Return what is wrong with *number* as a port."""
    return None if 1 <= number <= 65535 else f"port `{number}` is not in 1 to 65535"


def port_name_fault(name: str) -> str | None:
    """Return what is wrong with *name* as the name of a port."""
    return None if is_dns_label(name) else f"{shown(name)} is not a port name"


HTTP = frozenset({"http", "http2", "http_proxy", "grpc", "grpc-web"})
TLS = frozenset({"https", "tls"})
TCP = frozenset({"tcp", "mongo", "redis", "mysql"}) | TLS
PROTOCOLS = HTTP | TCP | {"udp"}


def protocol_fault(protocol: str) -> str | None:
    """Return what is wrong with *protocol*; none at all is left to detection."""
    return f"{shown(protocol)} is not a protocol" if protocol and protocol.lower() not in PROTOCOLS else None


def key_fault(key: str) -> str | None:
    """Return what is wrong with *key* as the key of a label.

    >>> key_fault("app.kubernetes.io/name")
    >>> key_fault("-a")
    '`-a` is not a key of a label'
    """
    match = _LABEL_KEY.fullmatch(key)
    if match is None or len(match[1] or "") > LONGEST_KEY_PREFIX + 1 or len(match[2]) > LONGEST_LABEL:
        return f"{shown(key)} is not a key of a label"
    return None


def label_faults(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the key and the fault of each label that is not written as Kubernetes wants it."""
    faults = [(key, fault) for key in labels if (fault := key_fault(key)) is not None]
    values = [(key, value) for key, value in labels.items() if not _LABEL_VALUE.fullmatch(value)]
    return faults + [(key, f"{shown(value)} is not a value of a label") for key, value in values]


def unix_fault(path: str) -> str | None:
    """Return what is wrong with *path* as that of a unix socket; one that starts with ``@`` is abstract."""
    if path.startswith("@"):
        return None
    if not path.startswith("/") or path.endswith("/"):
        return f"{shown(path)} is not an absolute path of a socket"
    return None


_PART = re.compile(r"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)")
_MICROSECOND = 10**3
_SECOND = 10**9
_NANOSECONDS = {
    **dict.fromkeys(("us", "µs", "μs"), _MICROSECOND),
    "ns": 1,
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}


def nanoseconds(duration: str) -> int:
    """Return *duration* in nanoseconds.

    >>> nanoseconds("1.5s"), nanoseconds("-1m"), nanoseconds("0")
    (1500000000, -60000000000, 0)
    """
    total = 0
    for number, unit in _PART.findall(duration):
        whole, _, fraction = number[:40].partition(".")
        parts = int(whole or 0) * 10**18 + int(fraction[:18].ljust(18, "0"))
        total += parts * _NANOSECONDS[unit] // 10**18
    return -total if duration.startswith("-") else total


def duration_fault(duration: str) -> str | None:
    """Return what is wrong with *duration*: it has whole milliseconds, and one at least."""
    length = nanoseconds(duration)
    if length < 10**6:
        return f"{shown(duration)} is shorter than a millisecond"
    return f"{shown(duration)} is finer than milliseconds" if length % 10**6 else None
