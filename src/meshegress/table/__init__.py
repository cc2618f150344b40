"""The compiled table: Envoy's nouns, frozen, printable, comparable.

::

    listeners ─▶ filter chains ─▶ cluster
                       └────────▶ route configuration ─▶ virtual hosts ─▶ routes ─▶ cluster

The compiler fills it and never asks about a request; the walk reads it and never asks about a resource. Provenance
(``origin``) rides along and is left out of equality: two meshes that differ only in the order of documents have
equal tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from meshegress.decision import Origin, Outcome
from meshegress.wire.paths import PathNormalization


class ListenerKind(Enum):
    """Who made a listener, and so what its answer means."""

    OUTBOUND = "outbound"  #: follows from the mesh's resources
    VIRTUAL_OUTBOUND = "virtualOutbound"  #: 15001: takes what no other listener takes
    RESERVED = "reserved"  #: the proxy's own: inbound, health, statistics
    GATEWAY = "gateway"  #: follows from the Gateways that select a gateway proxy


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """One destination of a split; a single destination has weight 1."""

    cluster: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class TcpProxy:
    """The end of a chain that carries bytes as they are, to one cluster or split over several."""

    clusters: tuple[WeightedCluster, ...]


@dataclass(frozen=True, slots=True)
class HttpConnectionManager:
    """The end of a chain that reads HTTP and asks a route configuration, by name."""

    route_config: str
    accept_http_10: bool = False
    path_normalization: PathNormalization = PathNormalization.BASE


@dataclass(frozen=True, slots=True)
class FilterChainMatch:
    """What a connection must look like; an empty field asks for nothing.

    ``prefix_ranges`` are CIDR texts, ``server_names`` exact names or ``*.suffix``.
    """

    destination_port: int | None = None
    prefix_ranges: tuple[str, ...] = ()
    server_names: tuple[str, ...] = ()
    transport_protocol: str | None = None
    application_protocols: tuple[str, ...] = ()


MATCH_ALL = FilterChainMatch()


@dataclass(frozen=True, slots=True)
class FilterChain:
    """One chain of a listener; most chains of services have no name.

    ``ends_tls`` says that the chain terminates mutual TLS: its filter reads what is inside.
    """

    network_filter: TcpProxy | HttpConnectionManager
    match: FilterChainMatch = MATCH_ALL
    name: str | None = None
    origin: Origin | None = field(default=None, compare=False)
    ends_tls: bool = False


@dataclass(frozen=True, slots=True)
class Listener:
    """What answers on ``addresses`` (IP literals, or one socket path) and ``port``; the first address names it.

    ``name`` is None for listeners of the proxy's bootstrap.
    """

    name: str | None
    addresses: tuple[str, ...]
    port: int
    filter_chains: tuple[FilterChain, ...] = ()
    default_filter_chain: FilterChain | None = None
    tls_inspector: bool = False
    http_inspector: bool = False
    #: None: no limit, the proxy waits for ever (Istio's default).
    inspection_timeout_ms: int | None = None
    continue_on_timeout: bool = True
    kind: ListenerKind = ListenerKind.OUTBOUND


class MatchKind(Enum):
    """How a text is compared; ``PRESENT`` asks only that there is one."""

    EXACT = "exact"
    PREFIX = "prefix"
    REGEX = "regex"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class StringMatcher:
    """One comparison; ``ignore_case`` has no effect on a regular expression."""

    kind: MatchKind
    value: str = ""
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """A condition on a header (``name`` in lower case; ``:authority`` and the like too) or a query parameter.

    ``invert`` asks that no value matches; ``missing_is_empty`` lets a missing one count as ``""``.
    """

    name: str
    value: StringMatcher
    invert: bool = False
    missing_is_empty: bool = False


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """All conditions of a route; every one must hold."""

    path: StringMatcher
    headers: tuple[FieldMatch, ...] = ()
    query: tuple[FieldMatch, ...] = ()


EVERY_PATH = RouteMatch(StringMatcher(MatchKind.PREFIX, "/"))


@dataclass(frozen=True, slots=True)
class RouteAction:
    """Forward to one cluster, or split over several."""

    clusters: tuple[WeightedCluster, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a route changes of a request: the authority, and of the path what it matched, or what a pattern finds."""

    authority: str = ""
    path: str = ""
    pattern: str = ""
    substitution: str = ""


@dataclass(frozen=True, slots=True)
class RewritingAction(RouteAction):
    """Forward as above, a changed request."""

    rewrite: Rewrite = Rewrite()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answer with a redirection."""

    status: int


@dataclass(frozen=True, slots=True)
class DirectResponse:
    """Answer with a status, without asking anyone."""

    status: int


@dataclass(frozen=True, slots=True)
class FaultAbort:
    """Abort this share (``percentage`` of 100) of the requests with ``status``."""

    status: int
    percentage: float = 100.0


@dataclass(frozen=True, slots=True)
class Route:
    """One row of a virtual host; ``action`` None is a row that Envoy refuses."""

    name: str | None
    match: RouteMatch
    action: RouteAction | Redirect | DirectResponse | None
    fault: FaultAbort | None = None
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """The routes that serve ``domains``."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...]
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RouteConfiguration:
    """Virtual hosts under one name."""

    name: str
    virtual_hosts: tuple[VirtualHost, ...]


class EndpointState(Enum):
    """What is known of the endpoints behind a cluster."""

    SOME = "some"
    NONE = "none"
    NOT_GIVEN = "not given"  #: nobody said, and it is taken to have some
    UNKNOWABLE = "unknowable"  #: the original destination, or a name resolved per request
    PER_REQUEST = "per_request"  #: the name in an HTTP request; there is nothing for bytes


@dataclass(frozen=True, slots=True)
class Doubt:
    """What was assumed of a cluster since it was not given, by the code of the assumption.

    ``otherwise`` is the outcome without the assumption, None where it could hardly be another.
    """

    code: str
    reason: str = field(compare=False)
    otherwise: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that exists, whether anything stands behind it, and what of that was assumed."""

    name: str
    endpoints: EndpointState
    origin: Origin | None = field(default=None, compare=False)
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A listener or a route configuration (``kind`` is ``listener`` or ``route``) that Envoy refuses to load; why."""

    kind: str
    name: str
    reason: str = field(compare=False)


class Gaps(Protocol):
    """What was not given of a mesh that a table stands for."""

    @property
    def policy_reason(self) -> str:
        """Why the policy for undeclared traffic is assumed, empty where it is not."""

    def doubts_of(self, cluster: str) -> tuple[Doubt, ...]:
        """Return what must be assumed for *cluster*, which the table does not have, to exist; nothing if it cannot."""


@dataclass(frozen=True, slots=True)
class Table:
    """All that the sidecar of one workload was told.

    ``route_configurations`` and ``clusters`` are by name. Refused listeners are in ``rejected`` alone; refused route
    configurations are kept there too and are empty here, as Envoy then behaves: 404 for all. ``gaps`` is None for a
    complete mesh.
    """

    listeners: tuple[Listener, ...]
    route_configurations: Mapping[str, RouteConfiguration]
    clusters: Mapping[str, Cluster]
    rejected: tuple[Rejected, ...] = ()
    gaps: Gaps | None = field(default=None, compare=False, repr=False)
