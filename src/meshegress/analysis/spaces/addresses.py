"""Addresses of one port: those that a listener has, and the longest prefix that a filter chain asks for.

The longest prefix of all that either table asks for decides the longest one in each: a shorter one that holds an
address is a prefix of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network

Prefix = tuple[int, int, int]
"""Bits of the family, length, and the first *length* bits."""
Address = str | Prefix
"""An exact address, or the addresses of a prefix that no exact one and no longer prefix takes."""

EVERY_IPV4: Prefix = (32, 0, 0)
EVERY_IPV6: Prefix = (128, 0, 0)
LOOPBACK: frozenset[Prefix] = frozenset({(32, 8, 127), (128, 128, 1)})

_NOBODYS = ("203.0.113.1", "198.51.100.1", "192.0.2.1", "203.0.113.99", "2001:db8::1", "2001:db8:9::9")
_MAKERS = {32: IPv4Address, 128: IPv6Address}


class AddressSpace:
    """The atoms of the addresses of one port."""

    def __init__(self, exact: frozenset[str], prefixes: Iterable[Prefix]) -> None:
        self.exact = exact
        self.prefixes = frozenset((*prefixes, EVERY_IPV4, EVERY_IPV6))
        self._lengths = {
            bits: sorted({length for family, length, _ in self.prefixes if family == bits}, reverse=True)
            for bits in (32, 128)
        }

    def classify(self, address: str) -> Address:
        """Return the atom of *address*.

        >>> AddressSpace(frozenset({"10.0.0.1"}), [(32, 8, 10)]).classify("10.0.0.2")
        (32, 8, 10)
        """
        if address in self.exact:
            return address
        bits, number = number_of(address)
        prefixes = ((bits, length, number >> (bits - length)) for length in self._lengths[bits])
        return next(prefix for prefix in prefixes if prefix in self.prefixes)

    def witness(self, atom: Address) -> str | None:
        """Return an address of *atom*, or None where longer prefixes and exact addresses leave none."""
        if isinstance(atom, str):
            return atom
        bits, length, head = atom
        for text in _NOBODYS if not length else ():
            if self.classify(text) == atom:
                return text
        low, high = head << (bits - length), ((head + 1) << (bits - length)) - 1
        taken = sorted(self._taken(atom, low, high))
        # The first address of a network is nobody's, so it comes last.
        begin = low + 1 if high - low > 1 else low
        free = _first_free(begin, high, taken)
        if free is None and begin != low:
            free = _first_free(low, low, taken)
        return None if free is None else str(_MAKERS[bits](free))

    def _taken(self, atom: Prefix, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges within *atom* that are other atoms."""
        bits, length, head = atom
        for family, longer, longer_head in self.prefixes:
            if family == bits and longer > length and longer_head >> (longer - length) == head:
                yield longer_head << (bits - longer), ((longer_head + 1) << (bits - longer)) - 1
        for text in self.exact:
            family, number = number_of(text)
            if family == bits and low <= number <= high:
                yield number, number

    def show(self, atom: Address) -> str:
        """Return *atom* in words.

        >>> AddressSpace(frozenset(), []).show((32, 0, 0)), AddressSpace(frozenset(), [(32, 8, 10)]).show((32, 8, 10))
        ('any IPv4 address', '10.0.0.0/8')
        """
        if isinstance(atom, str):
            return atom
        bits, length, head = atom
        if length:
            return f"{_MAKERS[bits](head << (bits - length))}/{length}"
        family = "IPv4" if bits == 32 else "IPv6"
        is_whole = not any(":" in text for text in self.exact) if bits == 128 else not any("." in t for t in self.exact)
        is_whole = is_whole and all(one[0] != bits or not one[1] or one in LOOPBACK for one in self.prefixes)
        return f"any {family} address" if is_whole else f"any other {family} address"


def _first_free(begin: int, end: int, taken: Iterable[tuple[int, int]]) -> int | None:
    """Return the first number from *begin* to *end* that no range of *taken*, which are sorted, holds."""
    for low, high in taken:
        if low > begin:
            break
        begin = max(begin, high + 1)
    return begin if begin <= end else None


def number_of(address: str) -> tuple[int, int]:
    """Return the bits of the family of *address*, and its number.

    >>> number_of("0.0.1.2")
    (32, 258)
    """
    return (128, int(IPv6Address(address))) if ":" in address else (32, int(IPv4Address(address)))


def prefix_of(text: str) -> Prefix:
    """Return the prefix that *text* is, of full length where it is an address.

    >>> prefix_of("10.1.2.3/8"), prefix_of("0.0.1.2")
    ((32, 8, 10), (32, 32, 258))
    """
    network = ip_network(text, strict=False)
    bits, length = network.max_prefixlen, network.prefixlen
    return bits, length, int(network.network_address) >> (bits - length)
