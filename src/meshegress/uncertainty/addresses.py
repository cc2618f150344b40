"""Addresses of a name: what the sidecar's DNS proxy answers, and samples where nobody knows the address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice

from meshegress.table import FilterChain, Listener

#: Ranges that documentation may use: nobody's address.
_NOBODYS_V4 = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
_NOBODYS_V6 = IPv6Network("2001:db8::/32")
#: Reserved ranges that istiod allocates from, and people for the same end: no name outside the mesh is there.
_ALLOCATED_V4 = IPv4Network("240.0.0.0/4")
_ALLOCATED_V6 = IPv6Network("2001:2::/48")
#: Beyond so many listeners of a port the rest is not asked.
_MOST = 64


def free_address(listeners: Iterable[Listener], *, v6: bool) -> str:
    """Return an address that no listener binds and no filter chain names.

    >>> free_address((), v6=False)
    '192.0.2.1'
    """
    rows = tuple(listeners)
    bound = {address for listener in rows for address in listener.addresses}
    prefixes = [ip_network(text, strict=False) for listener in rows for text in _prefixes(listener)]
    candidates = islice(_NOBODYS_V6, 1, 1000) if v6 else (one for net in _NOBODYS_V4 for one in net.hosts())
    first = ""
    for candidate in candidates:
        first = first or str(candidate)
        if str(candidate) not in bound and not any(candidate in prefix for prefix in prefixes):
            return str(candidate)
    return first


def other_addresses(listeners: Iterable[Listener]) -> Iterator[str]:
    """Yield one address for each place that entries name and a host outside the cluster could have.

    The addresses of Kubernetes Services are not among them, nor those that istiod allocates.
    """
    for listener in islice(listeners, _MOST):
        if any(chain.origin is not None and chain.origin.kind == "Service" for chain in _chains(listener)):
            continue
        for address in listener.addresses:
            if _is_specific(address) and not _is_allocated(address):
                yield address
        for text in _prefixes(listener):
            first = str(ip_network(text, strict=False)[0])
            if not _is_allocated(first):
                yield first


def _is_specific(address: str) -> bool:
    try:
        return not ip_address(address).is_unspecified
    except ValueError:
        return False


def _is_allocated(address: str) -> bool:
    ip = ip_address(address)
    return ip in _ALLOCATED_V4 or ip in _ALLOCATED_V6


def _chains(listener: Listener) -> Iterator[FilterChain]:
    yield from listener.filter_chains
    if listener.default_filter_chain is not None:
        yield listener.default_filter_chain


def _prefixes(listener: Listener) -> Iterator[str]:
    for chain in _chains(listener):
        yield from chain.match.prefix_ranges
