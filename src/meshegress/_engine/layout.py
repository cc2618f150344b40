"""The layout of a table: what the walk walks. Numbers, tuples and dicts, beside the matching tables.

``compiler.program.layout`` writes it, both twins of the walk read it. Nodes are shared: two programs that hold the same
listener, or the same route configuration, hold one node. What numbers their leaves is the program's own: every
listener and every chain has a row with the first leaf of its block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from meshegress.wire.paths import PathNormalization

NO_MATCH = -1

# What an inspector says; rows of a TransportLevel and of ``AppLevel.by_http``.
PLAIN, TLS, TLS_WAITS = 0, 1, 2
NOT_HTTP, HTTP_WAITS = 0, 4

# The leaves before the first block of a program.
LEAF_NO_LISTENER = 0
# The leaves of a listener's block.
LEAF_WAITS, LEAF_CLOSED, LISTENER_LEAVES = 0, 1, 2
# The leaves of an HTTP chain's block: one for each codec error, then its route configuration's.
CODEC_WAITS, BAD_BYTES, LOW_VERSION, PATH_NORMALIZATION, TLS_FAILED = 1, 2, 8, 12, 15
CODEC_LEAVES = 16
# A leaf as the access log shows it for gRPC, or for an upgrade that nothing allows: ``leaf + variant * leaves``.
GRPC, UPGRADE = 1, 2

# How a condition compares; EVERY_PATH is the prefix ``/``, which any path has.
EXACT, PREFIX, REGEX, PRESENT, EVERY_PATH = range(5)


def port_bits(ports: Iterable[int]) -> bytes:
    """Return a bit for each of the 65,536 ports, set for *ports*.

    >>> list(port_bits([0, 9])[:3])
    [1, 2, 0]
    """
    packed = bytearray(8192)
    for port in ports:
        packed[port >> 3] |= 1 << (port & 7)
    return bytes(packed)


class HostTable(Protocol):
    """A table that finds the row of a name or an address."""

    def find(self, name: str, /) -> int:
        """Return the row, or ``NO_MATCH``."""


class NameTable(HostTable, Protocol):
    """A table of names of which a changed copy can be had."""

    def with_changes(self, removed: Sequence[str], added: Sequence[tuple[str, int]], /) -> NameTable:
        """Return a copy without the names *removed*, and with those *added*, each with its row."""


class Pattern(Protocol):
    """A regular expression that matches whole texts."""

    def fullmatch(self, text: str, /) -> bool | None:
        """Return whether all of *text* matches, or None where that cannot be told."""


class TextCondition(NamedTuple):
    """One comparison: ``kind`` is EXACT to EVERY_PATH; ``regex`` stands in for ``value``."""

    kind: int
    value: str = ""
    ignore_case: bool = False
    regex: Pattern | None = None


class HeaderCondition(NamedTuple):
    """A condition on a header; ``name`` is in lower case."""

    name: str
    text: TextCondition
    invert: bool = False
    missing_is_empty: bool = False


class RouteRow(NamedTuple):
    """A route with conditions, and its leaf within the route configuration."""

    leaf: int
    path: TextCondition
    headers: tuple[HeaderCondition, ...] = ()
    query: tuple[tuple[str, TextCondition], ...] = ()


class RouteNode(NamedTuple):
    """A route configuration: its leaves are 0 for no virtual host, then for each virtual host a miss and its routes.

    ``answers[row]`` is the leaf of a virtual host whose first route takes every path, or ``-1 - n`` where
    ``conditional[n]`` (the leaf of the miss, the routes) has to be asked.
    """

    domains: NameTable
    answers: Sequence[int]
    misses: Sequence[int]
    conditional: Sequence[tuple[int, tuple[RouteRow, ...]]]
    leaves: int


class AppLevel(NamedTuple):
    """Chains by application protocol: for plaintext by the HTTP inspector's verdict, for TLS by ALPN."""

    by_http: tuple[int, int, int, int]
    by_alpn: Mapping[str, int]
    other: int


class TransportLevel(NamedTuple):
    """Buckets by transport protocol; ``other`` holds the chains that name none."""

    plain: AppLevel | None
    tls: AppLevel | None
    other: AppLevel | None


class NameLevel(NamedTuple):
    """Buckets by server name; ``unnamed`` holds the chains that name none.

    ``rows[row]`` is the chain that takes every connection to that name, or ``-1 - n`` where ``levels[n]`` chooses.
    """

    names: NameTable | None
    rows: Sequence[int]
    levels: Sequence[TransportLevel]
    unnamed: TransportLevel | None


class PrefixLevel(NamedTuple):
    """Buckets by destination prefix; ``unprefixed`` holds the chains that name none.

    ``zero_prefix_rows`` are the rows of a written ``/0``: Envoy stores both at length 0, and one hides the other.
    """

    prefixes: HostTable | None
    rows: Sequence[NameLevel]
    unprefixed: NameLevel | None
    zero_prefix_rows: frozenset[int]


class ListenerNode(NamedTuple):
    """A listener; chains are numbered from 0 within it, and ``default`` is NO_MATCH where it has none."""

    inspects_tls: bool
    inspects_http: bool
    waits: bool
    reserved: bool
    by_port: Mapping[int, PrefixLevel]
    any_port: PrefixLevel | None
    default: int


class ListenerRow(NamedTuple):
    """A listener of one program: its block of leaves, and the number of its first chain."""

    leaf: int
    first_chain: int
    node: ListenerNode


class HttpChain(NamedTuple):
    """What a filter chain of one program needs beside its leaf where it reads HTTP, inside TLS that it ends or not."""

    routes: RouteNode
    accepts_http_10: bool = False
    normalization: PathNormalization = PathNormalization.BASE
    ends_tls: bool = False


class Layout(NamedTuple):
    """A table, ready to be walked.

    ``ports`` has for each port the listeners by address, and those of the IPv4 and the IPv6 wildcard; ``catch_all`` is
    virtualOutbound. NO_MATCH stands for no listener. ``catch_all_inspection`` is the catch-all's HTTP inspector
    (inspects, waits), which runs before any other listener is chosen. ``chain_leaves`` has the first leaf of each
    chain's block, ``http_chains`` those of the chains that read HTTP. ``tls_chains`` are the chains that end TLS around
    bytes: behind the leaf of each stands that of a handshake that fails.
    """

    ports: Mapping[int, tuple[Mapping[str, int], int, int]]
    catch_all: int
    catch_all_inspection: tuple[bool, bool]
    listeners: Sequence[ListenerRow]
    chain_leaves: Sequence[int]
    http_chains: Mapping[int, HttpChain]
    leaves: int
    tls_chains: frozenset[int] = frozenset()
