"""The request of an entry, reduced to what can matter to where it goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from meshegress.accesslog import AccessLogEntry
from meshegress.accesslog.replayed import REQUEST_FIELDS, logged_request, no_request
from meshegress.analysis.replay.answers import Answer
from meshegress.decision import Decision
from meshegress.egress import Egress
from meshegress.errors import RequestError
from meshegress.request import Request, WireProtocol
from meshegress.table import ListenerKind, MatchKind, Table, VirtualHost

ADVICE = {
    "no destination": "the format logs no authority, server name or address: add %REQ(:AUTHORITY)%, "
    "%REQUESTED_SERVER_NAME% and %DOWNSTREAM_LOCAL_ADDRESS% to meshConfig.accessLogFormat",
    "no authority": "the format does not log the authority of HTTP requests: add %REQ(:AUTHORITY)%",
    "no request": "the sidecar could not read the request, so it went nowhere: nothing to be done",
    "ambiguous": "a client's quotation marks leave several readings: log JSON (accessLogEncoding: JSON)",
}
"""Why an outbound entry cannot be attributed, and how to make the sidecar log what is missing."""

#: Methods that no sidecar treats apart from others but for its routes.
_PLAIN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
#: Paths that every sidecar passes on as they are: nothing to decode, merge or refuse.
_PLAIN_PATH = re.compile(r"(?:/(?!/|\.)[A-Za-z0-9_.~,:;=@!$&'()*+-]*)+(?:\?[^#\x00-\x20\x7f-\U0010ffff]*)?")


@dataclass(frozen=True, slots=True)
class NotAttributable:
    """Why an outbound entry has no request, one of ``ADVICE``."""

    reason: str


def request_of(entry: AccessLogEntry, *, with_headers: bool = False) -> Request | NotAttributable:
    """Return the request of the outbound *entry*, or why there is none; its headers as far as the format has them."""
    if any(name in entry.unsure for name in REQUEST_FIELDS):
        return NotAttributable("ambiguous")
    if no_request(entry.get, entry.__contains__) is not None:
        return NotAttributable("no request")
    try:
        request = logged_request(entry.get, entry.operators if with_headers else {})
    except RequestError:
        return NotAttributable("no destination")
    if request.protocol is not WireProtocol.RAW and request.host is None and "authority" not in entry:
        return NotAttributable("no authority")
    return request


def is_plain(request: Request) -> bool:
    """Return whether no sidecar looks at method and path of *request* but for its routes.

    >>> is_plain(Request.http("a.com", "/v1/carts?id=7")), is_plain(Request.http("a.com", "/a//b"))
    (True, False)
    """
    return request.method in _PLAIN_METHODS and _PLAIN_PATH.fullmatch(request.path) is not None


@dataclass(slots=True, eq=False)
class Side:
    """The table of one workload under one mesh, and what of a request it looks at."""

    egress: Egress
    _demanding: dict[str, frozenset[str]] = field(default_factory=dict)
    _named: dict[int, NamedAddresses] = field(default_factory=dict)

    def possible(self, request: Request) -> tuple[Answer, ...]:
        """Return what may become of *request*, the likeliest first: a log does not tell everything of a request.

        Headers are known as far as the format names them.
        """
        found: list[Decision] = []
        for reading in _readings(request):
            likeliest = self.egress.decide(reading)
            found += _with_candidates(likeliest)
            if self._looks_closer(likeliest):
                found += _with_candidates(self.egress.columns.decide(reading))
        return tuple(dict.fromkeys(map(Answer.of, found)))

    def knows(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        """Return whether something in the table is for *address* on *port*, and not for all of its family.

        Where the order of resources is not known, that cannot be seen in one table.
        """
        found = self._named.get(port)
        if found is None:
            found = self._named[port] = NamedAddresses.of(self.egress.table, port)
        contested = self.egress.tables.contested_port_bits
        return bool(contested[port >> 3] >> (port & 7) & 1) or found.has(address)

    def looks_closer(self, request: Request) -> bool:
        """Return whether it looks at more than the name of *request*: at its path, method or headers."""
        return any(map(self._looks_closer, _with_candidates(self.egress.decide(request))))

    def _looks_closer(self, decision: Decision) -> bool:
        if decision.route_config is None or decision.virtual_host is None:
            return False
        names = self._demanding.get(decision.route_config)
        if names is None:
            routes = self.egress.table.route_configurations.get(decision.route_config)
            hosts = routes.virtual_hosts if routes else ()
            names = frozenset(host.name for host in hosts if not _takes_all(host))
            self._demanding[decision.route_config] = names
        return decision.virtual_host in names


@dataclass(frozen=True, slots=True)
class NamedAddresses:
    """The addresses that listeners of one port bind, and the blocks that their filter chains ask for."""

    addresses: frozenset[str]
    blocks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, table: Table, port: int) -> NamedAddresses:
        """Return what the listeners of *table* that can take a connection to *port* name."""
        listeners = [one for one in table.listeners if one.port == port or one.kind is ListenerKind.VIRTUAL_OUTBOUND]
        chains = [chain for one in listeners for chain in one.filter_chains]
        blocks = {ip_network(text, strict=False) for chain in chains for text in chain.match.prefix_ranges}
        return cls(frozenset(address for one in listeners for address in one.addresses), tuple(blocks))

    def has(self, address: IPv4Address | IPv6Address) -> bool:
        """Return whether *address* is one of them."""
        return str(address) in self.addresses or any(address in block for block in self.blocks)


def _readings(request: Request) -> Iterator[Request]:
    """Yield what may have been sent where the log shows *request*: what shows no server name may be TLS.

    An empty authority is logged as none.
    """
    yield request
    if request.protocol is WireProtocol.RAW and not request.is_tls:
        yield Request.tls(None, address=request.address, port=request.port)
    elif request.host is None and not request.is_tls:
        yield _with_empty_host(request)


def _with_candidates(decision: Decision) -> tuple[Decision, ...]:
    return decision.candidates or (decision,)


def _takes_all(host: VirtualHost) -> bool:
    """Return whether the first route of *host* takes every request, so that it goes by the name alone."""
    match = host.routes[0].match if host.routes else None
    if match is None or match.headers or match.query:
        return match is None
    return match.path.kind is MatchKind.PREFIX and match.path.value in ("", "/")


def _with_empty_host(request: Request) -> Request:
    return Request(
        address=request.address,
        port=request.port,
        protocol=request.protocol,
        host="",
        method=request.method,
        path=request.path,
        headers=request.headers,
    )


def named_only(request: Request) -> Request:
    """Return *request* without what only routes look at: an HTTP request for ``/``, by GET, without headers."""
    if request.protocol is WireProtocol.RAW:
        return request
    return Request(
        address=request.address,
        port=request.port,
        protocol=request.protocol,
        host=request.host,
        name=request.name,
    )
