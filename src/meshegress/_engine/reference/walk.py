"""The walk, for a reader: from a request to the number of its leaf, through Envoy's tree and with no way back.

This file is the specification; its native twin has the same names, arguments and results. Everything here is
numbers, tuples and dicts, beside the matching tables that :mod:`meshegress.compiler.program.layout` hands in.

1. The listener: ``address:port``, else the wildcard of the family on that port, else the catch-all.
2. Its inspectors: they may wait for more bytes; without one of them its verdict is unknown.
3. The filter chain: destination port, longest prefix, server name, transport, application protocol. Each level has
   one bucket for the request and no other is tried; a miss takes the default chain.
4. Bytes end there. HTTP asks the virtual host of its authority, then the first route whose conditions hold.

Every way to miss has a leaf of its own, so a walk always ends at one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from meshegress._engine.conditions import RequestView, route_holds
from meshegress._engine.layout import (
    BAD_BYTES,
    CODEC_LEAVES,
    GRPC,
    HTTP_WAITS,
    LEAF_CLOSED,
    LEAF_NO_LISTENER,
    LEAF_WAITS,
    LOW_VERSION,
    NO_MATCH,
    NOT_HTTP,
    PATH_NORMALIZATION,
    PLAIN,
    TLS,
    TLS_FAILED,
    TLS_WAITS,
    AppLevel,
    HttpChain,
    Layout,
    ListenerRow,
    NameLevel,
    RouteRow,
)
from meshegress.wire.paths import normalize_path, split_target

Answer = TypeVar("Answer")


class PackedRequest:
    """The part of a request that the walk reads, packed once; ``Request`` is its only subclass.

    What is seen: the destination, the inspectors' verdicts, the server name in lower case (``""``: none) and the ALPN
    that is offered, the codec's verdicts (inside mutual TLS where the request ``is_mutual``), and authority, method,
    target and headers as the codec understands them; ``is_odd`` says that normalisation may refuse the target,
    ``variant`` in which variant of a leaf the request ends.
    """

    # As given.
    address: str | None
    port: int
    protocol: Any
    is_tls: bool
    sni: str | None
    alpn: tuple[str, ...]
    host: str | None
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    payload: bytes | None
    name: str | None
    is_mutual: bool
    # As seen.
    destination: str
    seen_tls: int
    seen_http: int
    server_name: str
    offered: tuple[str, ...]
    codec_error: int
    is_http_10: bool
    request_error: int
    authority: str
    verb: str
    target: str
    fields: Sequence[tuple[str, str]]
    is_http2: bool
    scheme: str | None
    is_odd: bool
    variant: int

    __slots__ = tuple(__annotations__)

    def _pack(self, given: tuple[Any, ...], seen: tuple[Any, ...]) -> None:
        """Set all fields at once; nothing sets them later."""
        for name, value in zip(PackedRequest.__slots__, given + seen, strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a request is frozen: cannot set `{name}`")

    __delattr__ = __setattr__  # type: ignore[assignment]  # refuses as well, whatever it is given


class Arrays:
    """What walks over tables that share nodes have in common: nothing here, flat arrays in the native twin.

    What is not here may be in the arrays *before*; only what is asked for is taken over from there.
    """

    __slots__ = ()

    def __init__(self, before: Arrays | None = None) -> None:
        """Begin with nothing."""

    def forget_before(self) -> None:
        """Let go of what was not taken over."""


class Walk(Generic[Answer]):
    """A table's layout that answers requests: with the numbers of leaves, or with what *make* makes of a number, once.

    *arrays* are those of the walks over tables that share nodes with this one.
    """

    __slots__ = ("_made", "_make", "choices", "layout", "numbers")

    def __init__(self, layout: Layout, make: Callable[[int], Answer], arrays: Arrays | None = None) -> None:
        self.layout = layout
        self._make = make
        self._made: dict[int, Answer] = {}
        #: The leaves that an uncertain answer leaves possible, by the number that stands for them all.
        self.choices: dict[int, tuple[str, tuple[int, ...]]] = {}
        self.numbers: dict[tuple[str, tuple[int, ...]], int] = {}

    def decide(self, request: PackedRequest) -> Answer:
        """Return the answer to *request*; the same object for every request that ends at the same leaf."""
        return self.answer(self.find(request))

    def decide_all(self, requests: list[PackedRequest]) -> list[Answer]:
        """Return the answers to *requests*, in order."""
        return [self.decide(request) for request in requests]

    def answer(self, number: int) -> Answer:
        """Return what was made of *number*, which ``find`` gave."""
        made = self._made.get(number)
        return self._made.setdefault(number, self._make(number)) if made is None else made

    def find(self, request: PackedRequest, destination: str | None = None, headers_unknown: bool = False) -> int:
        """Return the number of the leaf where *request* ends, or that of a choice between several.

        *destination* is an address in the place of the request's own. With *headers_unknown* its headers and
        method are not known: every route that they could choose is possible.
        """
        layout = self.layout
        listener = layout.catch_all
        destination = destination or request.destination
        found = self._listener(request.port, destination)
        inspects, waits = layout.catch_all_inspection
        if found in (listener, NO_MATCH):
            inspects = False  # the catch-all's own inspectors are looked at below, like any listener's
        if inspects and waits and request.seen_http == HTTP_WAITS and not _is_loopback(destination):
            return layout.listeners[listener].leaf + LEAF_WAITS
        if found == NO_MATCH:
            return LEAF_NO_LISTENER
        return self._connect(request, destination, layout.listeners[found], inspects, headers_unknown)

    def _listener(self, port: int, destination: str) -> int:
        """Return the row of the listener that takes the connection."""
        on_port = self.layout.ports.get(port)
        if on_port is not None:
            exact, wildcard_4, wildcard_6 = on_port
            found = exact.get(destination, NO_MATCH)
            if found == NO_MATCH:
                found = wildcard_6 if ":" in destination else wildcard_4
            if found != NO_MATCH:
                return found
        return self.layout.catch_all

    def _connect(
        self, request: PackedRequest, destination: str, row: ListenerRow, http_is_known: bool, headers_unknown: bool
    ) -> int:
        """Run the inspectors, choose the chain and follow it."""
        node = row.node
        if node.reserved:
            return row.leaf
        tls = request.seen_tls if node.inspects_tls else PLAIN
        http = request.seen_http if node.inspects_http or http_is_known else NOT_HTTP
        if tls == TLS_WAITS or (tls == PLAIN and http == HTTP_WAITS):
            if node.waits:
                return row.leaf + LEAF_WAITS
            tls, http = PLAIN, NOT_HTTP
        level = node.by_port.get(request.port, node.any_port)
        if level is None:
            return self._follow(request, row, node.default, headers_unknown)
        prefix_row = NO_MATCH if level.prefixes is None else level.prefixes.find(destination)
        bucket = level.unprefixed if prefix_row == NO_MATCH else level.rows[prefix_row]
        leaf = self._follow(request, row, _chain_in(bucket, request, tls, http, node.default), headers_unknown)
        if prefix_row in level.zero_prefix_rows and level.unprefixed is not None:
            hidden = _chain_in(level.unprefixed, request, tls, http, node.default)
            other = self._follow(request, row, hidden, headers_unknown)
            return self._choose("zero-prefix", (leaf, other))
        return leaf

    def _follow(self, request: PackedRequest, row: ListenerRow, chain: int, headers_unknown: bool) -> int:
        """Return the leaf of *request* in the chain *chain* of a listener."""
        if chain == NO_MATCH:
            return row.leaf + LEAF_CLOSED
        layout, number = self.layout, row.first_chain + chain
        leaf = layout.chain_leaves[number]
        http = layout.http_chains.get(number)
        if http is None:
            return leaf + 1 if number in layout.tls_chains and not request.is_mutual else leaf
        error = _codec_verdict(request, http)
        return leaf + error if error else self._route(request, leaf + CODEC_LEAVES, http, headers_unknown)

    def _route(self, request: PackedRequest, base: int, chain: HttpChain, headers_unknown: bool) -> int:
        """Return the leaf of a request that the codec let through; those of the routes begin at *base*."""
        routes = chain.routes
        host = routes.domains.find(request.authority)
        if host == NO_MATCH:
            return self._reply(base, base, request.variant)
        if request.verb == "CONNECT":
            return self._reply(base + routes.misses[host], base + routes.misses[host], request.variant)
        answer = routes.answers[host]
        miss = base + routes.misses[host]
        if answer >= 0:
            return self._reply(base + answer, miss, request.variant)
        view = RequestView(request, chain.normalization, headers_unknown=headers_unknown)
        return self._first_route(view, base, miss, routes.conditional[-1 - answer][1])

    def _first_route(self, view: RequestView, base: int, miss: int, rows: tuple[RouteRow, ...]) -> int:
        """Return the leaf of the first route whose conditions hold, and of every one before it that may hold."""
        possible = self._possible_routes(view, base, miss, rows)
        if view.headers_unknown:  # the likeliest: a GET that shows no headers
            possible = self._possible_routes(view.as_plain_get(), base, miss, rows) + possible
        return self._choose("headers" if view.headers_unknown else "regex", tuple(possible))

    def _possible_routes(self, view: RequestView, base: int, miss: int, rows: tuple[RouteRow, ...]) -> list[int]:
        possible: list[int] = []
        for row in rows:
            verdict = route_holds(row, view)
            if verdict is not False:
                possible.append(self._reply(base + row.leaf, miss, view.request.variant))
            if verdict:
                return possible
        return [*possible, self._reply(miss, miss, view.request.variant)]

    def _reply(self, leaf: int, miss: int, variant: int) -> int:
        """Return *leaf* in the variant that the request's headers ask for; what is missed has nothing to upgrade."""
        return leaf + (variant & GRPC if leaf == miss else variant) * self.layout.leaves

    def _choose(self, reason: str, leaves: tuple[int, ...]) -> int:
        """Return the number that stands for several possible leaves, the likeliest first."""
        kept = tuple(dict.fromkeys(leaves))
        if len(kept) == 1:
            return kept[0]
        number = self.numbers.get((reason, kept))
        if number is None:
            number = self.numbers.setdefault((reason, kept), 4 * self.layout.leaves + len(self.numbers))
            self.choices[number] = (reason, kept)
        return number


class Decider(Generic[Answer]):
    """Decides requests: *walk* answers alone where nothing is uncertain, *otherwise* answers the rest.

    The rest is whatever is not a request, a request without an address, and one to an *uncertain* port, whose bit is
    set. ``Egress`` is the subclass that users meet.
    """

    def __init__(self, walk: Walk[Answer], uncertain: bytes, otherwise: Callable[[Any], Answer]) -> None:
        if len(uncertain) != 8192:
            raise ValueError(f"expected a bit for each port, not {len(uncertain)} bytes")
        self._walk = walk
        self._uncertain = uncertain
        self._otherwise = otherwise

    def decide(self, request: Any) -> Answer:
        """Return where *request* goes; a text is taken as a URL, for the request that fetching it sends.

        Raises RequestError for a bad URL, TypeError for what is neither, and nothing for a Request.
        """
        if isinstance(request, PackedRequest) and request.address is not None and not self._is_uncertain(request.port):
            return self._walk.decide(request)
        return self._otherwise(request)

    def _is_uncertain(self, port: int) -> bool:
        return bool(self._uncertain[port >> 3] >> (port & 7) & 1)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _chain_in(bucket: NameLevel | None, request: PackedRequest, tls: int, http: int, default: int) -> int:
    """Return the chain of the request in one prefix's bucket, or *default*."""
    if bucket is None:
        return default
    level = bucket.unnamed
    if tls == TLS and bucket.names is not None and request.server_name:
        row = bucket.names.find(request.server_name)
        if row != NO_MATCH:
            if bucket.rows[row] >= 0:
                return bucket.rows[row]
            level = bucket.levels[-1 - bucket.rows[row]]
    if level is None:
        return default
    apps = level.tls if tls == TLS else level.plain
    if apps is None:
        apps = level.other
    if apps is None:
        return default
    chain = _chain_of_alpn(apps, request.offered) if tls == TLS else apps.by_http[http]
    return default if chain == NO_MATCH else chain


def _chain_of_alpn(apps: AppLevel, offered: tuple[str, ...]) -> int:
    for protocol in offered:
        if protocol in apps.by_alpn:
            return apps.by_alpn[protocol]
    return apps.other


def _codec_verdict(request: PackedRequest, chain: HttpChain) -> int:
    """Return the number of the codec's error, or 0.

    A chain that ends TLS reads what is inside of mutual TLS, and everything else fails in its handshake; to any other
    chain TLS is no HTTP.
    """
    if chain.ends_tls and not request.is_mutual:
        return TLS_FAILED
    if request.is_mutual and not chain.ends_tls:
        return BAD_BYTES
    if request.codec_error:
        return request.codec_error
    if request.is_http_10 and not chain.accepts_http_10:
        return LOW_VERSION
    if request.request_error:
        return request.request_error
    if request.is_odd and normalize_path(split_target(request.target)[0], chain.normalization) is None:
        return PATH_NORMALIZATION
    return 0
