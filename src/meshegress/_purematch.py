"""The matching rules, written to be read: this file is the specification of its native twin, ``_fastmatch``.

Four questions that look alike and are not:

===================  ================================  ==========================================  ===================
question             what ``*`` stands for             who wins                                    asked of
===================  ================================  ==========================================  ===================
`DomainTable`        at least one character            exact, longest ``*suffix``, longest         ``:authority``
                                                       ``prefix*``, ``*``
`ServerNameTable`    whole labels                      exact, longest ``.suffix``, no name         SNI
`PrefixTable`        –                                 longest prefix                              an IP address
`host_matches`       any text, even none               –                                           a name in a resource
===================  ================================  ==========================================  ===================

A table is made of rows, each a sequence of names; what it finds is the number of a row. Tables never change. Where two
rows name the same thing the first one has it. Only ASCII letters are folded: ``É`` and ``İ`` stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

NO_MATCH = -1

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class DomainTable:
    """The domains of one route configuration, a row for each virtual host.

    Source: envoy source/common/router/config_impl.cc, RouteMatcher; recorded from Envoy 1.40.0.

    >>> table = DomainTable([["api.example.com"], ["*.example.com", "example.*"], ["*"]])
    >>> [table.find(authority) for authority in ("API.example.com:8080", "a.b.example.com", "example.org", "[::1]:80")]
    [0, 1, 1, 2]
    """

    def __init__(self, domains_per_row: Sequence[Sequence[str]]) -> None:
        self._set(_Domains({}, {}, {}), ((fold(domain), row) for row, domain in _names(domains_per_row)))

    def _set(self, domains: _Domains, added: Iterable[tuple[str, int]]) -> None:
        for domain, row in added:
            domains.add(domain, row)
        self._domains = domains
        self._suffix_lengths = _lengths(domains.suffixes)
        self._prefix_lengths = _lengths(domains.prefixes)

    def find(self, authority: str) -> int:
        """Return the row of the virtual host that serves *authority*, or ``NO_MATCH``.

        *authority* is a Host header or ``:authority`` as it was sent, in any case; its port plays no part.

        Raises TypeError unless *authority* is exactly ``str``.
        """
        host = fold(without_port(_exactly_str(authority)))
        if (row := self._domains.exact.get(host)) is not None:
            return row
        for length in self._suffix_lengths:
            # '<' and not '<=': `*.foo.com` must not serve `.foo.com`.
            if length < len(host) and (row := self._domains.suffixes.get(host[len(host) - length :])) is not None:
                return row
        for length in self._prefix_lengths:
            if length < len(host) and (row := self._domains.prefixes.get(host[:length])) is not None:
                return row
        return self._domains.every

    def find_many(self, authorities: list[str]) -> list[int]:
        """Return ``find`` of every one of *authorities*, in order.

        Raises TypeError unless *authorities* is a list of which every member is exactly ``str``.

        >>> DomainTable([["a.com"]]).find_many(["a.com", "b.com"])
        [0, -1]
        """
        return [self.find(authority) for authority in _exactly_list(authorities)]

    def with_changes(self, removed: Sequence[str], added: Sequence[tuple[str, int]], /) -> DomainTable:
        """Return a copy without the domains *removed*, and with those *added*, each with its row.

        This table stays as it is. A domain that is not there is not missed; one that is there keeps its row.

        >>> DomainTable([["a.com"], ["*"]]).with_changes(["*"], [("*.com", 2)]).find_many(["a.com", "b.com", "c.org"])
        [0, 2, -1]
        """
        domains = self._domains.copy()
        for domain in removed:
            domains.remove(fold(_exactly_str(domain)))
        changed = DomainTable(())
        changed._set(domains, [(fold(_exactly_str(domain)), row) for domain, row in added])
        return changed


@dataclass
class _Domains:
    """The rows of domains: exact ones, suffixes and prefixes without their star, and that of the star alone."""

    exact: dict[str, int]
    suffixes: dict[str, int]
    prefixes: dict[str, int]
    every: int = NO_MATCH

    def copy(self) -> _Domains:
        return _Domains(dict(self.exact), dict(self.suffixes), dict(self.prefixes), self.every)

    def remove(self, domain: str) -> None:
        if domain == "*":
            self.every = NO_MATCH
        elif domain.startswith("*"):
            self.suffixes.pop(domain[1:], None)
        elif domain.endswith("*"):
            self.prefixes.pop(domain[:-1], None)
        else:
            self.exact.pop(domain, None)

    def add(self, domain: str, row: int) -> None:
        if domain == "*":
            self.every = row if self.every == NO_MATCH else self.every
        elif domain.startswith("*"):
            self.suffixes.setdefault(domain[1:], row)
        elif domain.endswith("*"):
            self.prefixes.setdefault(domain[:-1], row)
        else:
            self.exact.setdefault(domain, row)


class ServerNameTable:
    """The server names of filter chains, a row for each group of chains that ask for the same.

    A row without names, or with the name ``""``, is for connections that no other row takes. What lies behind a row is
    not looked at: there is no way back to a shorter suffix.

    Source: envoy source/common/listener_manager/filter_chain_manager_impl.cc, findFilterChainForServerName.

    >>> table = ServerNameTable([["a.com"], ["*.a.com"], ["*.com"], []])
    >>> [table.find(name) for name in ("A.com", "b.a.com", "x.y.a.com", "b.com", "")]
    [0, 1, 1, 2, 3]
    """

    def __init__(self, names_per_row: Sequence[Sequence[str]]) -> None:
        self._rows: dict[str, int] = {}
        for row, name in _names(names_per_row, of_empty_row=""):
            self._rows.setdefault(_server_name(name), row)

    def find(self, server_name: str) -> int:
        """Return the row that takes a connection which shows *server_name* (``""``: none), or ``NO_MATCH``.

        Raises TypeError unless *server_name* is exactly ``str``.
        """
        name = fold(_exactly_str(server_name))
        if (row := self._rows.get(name)) is not None:
            return row
        dot = name.find(".", 1)
        # A final dot begins no suffix.
        while 0 < dot < len(name) - 1:
            if (row := self._rows.get(name[dot:])) is not None:
                return row
            dot = name.find(".", dot + 1)
        return self._rows.get("", NO_MATCH)

    def find_many(self, server_names: list[str]) -> list[int]:
        """Return ``find`` of every one of *server_names*, in order.

        Raises TypeError unless *server_names* is a list of which every member is exactly ``str``.
        """
        return [self.find(name) for name in _exactly_list(server_names)]

    def with_changes(self, removed: Sequence[str], added: Sequence[tuple[str, int]], /) -> ServerNameTable:
        """Return a copy without the names *removed*, and with those *added*, each with its row.

        This table stays as it is. A name that is not there is not missed; one that is there keeps its row.
        """
        rows = dict(self._rows)
        for name in removed:
            rows.pop(_server_name(_exactly_str(name)), None)
        for name, row in added:
            rows.setdefault(_server_name(_exactly_str(name)), row)
        changed = ServerNameTable(())
        changed._rows = rows
        return changed


def _server_name(name: str) -> str:
    """Return what stands for *name* in a table: for a wildcard, all behind its star."""
    return fold(name[1:] if name.startswith("*.") else name)


class PrefixTable:
    """The destination prefixes of filter chains, a row for each group of chains that ask for the same.

    A prefix is ``address/length``, or an address alone for all its bits; bits beyond the length are ignored. A row
    without prefixes holds every address of both families. An IPv4 address and the same one mapped into IPv6 are two.

    Source: envoy source/common/network/lc_trie.h and filter_chain_manager_impl.cc.

    >>> table = PrefixTable([["10.0.0.0/8"], ["10.1.0.0/16", "2001:db8::/32"]])
    >>> [table.find(address) for address in ("10.2.0.1", "10.1.0.1", "2001:db8::1", "::ffff:10.1.0.1", "a.com")]
    [0, 1, 1, -1, -1]
    """

    def __init__(self, prefixes_per_row: Sequence[Sequence[str]]) -> None:
        self._rows: dict[tuple[int, int, int], int] = {}
        for row, text in _names(prefixes_per_row, of_empty_row=""):
            for prefix in (parse_prefix(text),) if text else ((32, 0, 0), (128, 0, 0)):
                self._rows.setdefault(prefix, row)
        self._lengths = {
            bits: sorted({length for size, length, _ in self._rows if size == bits}, reverse=True) for bits in (32, 128)
        }

    def find(self, address: str) -> int:
        """Return the row of the longest prefix that holds *address*, or ``NO_MATCH``, also where it is not an address.

        Raises TypeError unless *address* is exactly ``str``.
        """
        parsed = parse_address(_exactly_str(address))
        if parsed is None:
            return NO_MATCH
        bits, number = parsed
        for length in self._lengths[bits]:
            if (row := self._rows.get((bits, length, number >> (bits - length)))) is not None:
                return row
        return NO_MATCH

    def find_many(self, addresses: list[str]) -> list[int]:
        """Return ``find`` of every one of *addresses*, in order.

        Raises TypeError unless *addresses* is a list of which every member is exactly ``str``.
        """
        return [self.find(address) for address in _exactly_list(addresses)]


def host_matches(one: str, other: str) -> bool:
    """Do two host names of resources overlap: is there a name that both stand for?

    Source: istio pkg/config/host/name.go, Name.Matches. It compares as written, without folding.

    >>> host_matches("*.com", "*.foo.com"), host_matches("*.foo.com", "foo.com"), host_matches("*", "")
    (True, False, True)
    """
    _exactly_str(one), _exactly_str(other)
    if one.startswith("*") and other.startswith("*"):
        return one[1:].endswith(other[1:]) or other[1:].endswith(one[1:])
    return host_subset_of(one, other) or host_subset_of(other, one)


def host_subset_of(inner: str, outer: str) -> bool:
    """Does host name *outer* of a resource stand for all that *inner* stands for?

    Source: istio pkg/config/host/name.go, Name.SubsetOf. It compares as written, without folding.

    >>> host_subset_of("*.foo.com", "*.com"), host_subset_of("*.com", "*.foo.com"), host_subset_of("*", "a.com")
    (True, False, False)
    """
    _exactly_str(inner), _exactly_str(outer)
    if not outer.startswith("*"):
        return inner == outer
    return inner.removeprefix("*").endswith(outer[1:])


def fold(text: str) -> str:
    """Return *text* with its ASCII letters in lower case.

    >>> fold("İÉ.COM")
    'İÉ.com'
    """
    return text.lower() if text.isascii() else text.translate(_LOWER)


def without_port(authority: str) -> str:
    """Return *authority* up to its last colon, unless a ``]`` follows it; what stands there need not be a number.

    Source: envoy source/common/http/header_utility.cc, getPortStart.

    >>> [without_port(text) for text in ("a.com:80", "a.com:", "[::1]", "[::1]:80", "2001:db8::1")]
    ['a.com', 'a.com', '[::1]', '[::1]', '2001:db8:']
    """
    colon = authority.rfind(":")
    return authority if colon < 0 or "]" in authority[colon:] else authority[:colon]


def parse_address(text: str) -> tuple[int, int] | None:
    """Return the bits of the family of *text* (32 or 128) and its number, or None where it is not an address.

    >>> parse_address("0.0.1.2"), parse_address("::1"), parse_address("fe80::1%eth0"), parse_address("01.2.3.4")
    ((32, 258), (128, 1), None, None)
    """
    try:
        return (128, int(IPv6Address(text))) if ":" in text and "%" not in text else (32, int(IPv4Address(text)))
    except ValueError:
        return None


def parse_prefix(text: str) -> tuple[int, int, int]:
    """Return the bits of the family, the length and the first *length* bits of prefix *text*.

    Raises ValueError where *text* is not a prefix.

    >>> parse_prefix("10.1.2.3/8")
    (32, 8, 10)
    """
    address, slash, digits = text.partition("/")
    parsed = parse_address(address)
    if parsed is not None:
        bits, number = parsed
        length = _prefix_length(digits) if slash else bits
        if 0 <= length <= bits:
            return bits, length, number >> (bits - length)
    raise ValueError(f"`{text}` is not a prefix")


def _prefix_length(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 3 else -1


def _names(rows: Sequence[Sequence[str]], of_empty_row: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield every name with the number of its row, *of_empty_row* for a row that has none."""
    for row, names in enumerate(rows):
        if isinstance(names, str):
            raise TypeError("a row is a sequence of names, not a name")
        if not names and of_empty_row is not None:
            yield row, of_empty_row
        for name in names:
            yield row, _exactly_str(name)


def _lengths(names: dict[str, int]) -> list[int]:
    return sorted({len(name) for name in names}, reverse=True)


def _exactly_str(text: str) -> str:
    if type(text) is not str:
        raise TypeError(f"expected str, not {type(text).__name__}")
    return text


def _exactly_list(members: list[str]) -> list[str]:
    if type(members) is not list:
        raise TypeError(f"expected list, not {type(members).__name__}")
    return members
