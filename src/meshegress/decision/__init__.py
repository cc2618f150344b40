"""The answer: where a request goes, by which mechanism, and which resource decided it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from meshegress.decision.assumptions import CERTAIN
from meshegress.findings import Source

SCHEMA_VERSION = 2


class Outcome(Enum):
    """What becomes of a request; ``allowed`` says whether it would leave towards a destination."""

    SERVICE = "service"
    SPLIT = "split"
    PASSTHROUGH = "passthrough"
    DYNAMIC_DNS = "dynamic_dns"
    BLACKHOLE = "blackhole"
    DIRECT_RESPONSE = "direct_response"
    REDIRECT = "redirect"
    FAULT = "fault"
    NO_ROUTE = "no_route"
    NO_CLUSTER = "no_cluster"
    NO_ENDPOINTS = "no_endpoints"
    NO_LISTENER = "no_listener"
    NO_FILTER_CHAIN = "no_filter_chain"
    TLS_ERROR = "tls_error"
    CODEC_ERROR = "codec_error"
    HTTP10_REJECTED = "http10_rejected"
    RESERVED = "reserved"
    WAITING = "waiting"
    NOT_CAPTURED = "not_captured"
    UNKNOWN = "unknown"

    @property
    def allowed(self) -> bool:
        """Whether the request would leave towards a destination.

        >>> Outcome.PASSTHROUGH.allowed, Outcome.BLACKHOLE.allowed
        (True, False)
        """
        return self in _ALLOWED


_ALLOWED = frozenset({Outcome.SERVICE, Outcome.SPLIT, Outcome.PASSTHROUGH, Outcome.DYNAMIC_DNS, Outcome.NOT_CAPTURED})

MEANINGS: dict[Outcome, str] = {
    Outcome.SERVICE: "to a cluster of a service",
    Outcome.SPLIT: "to one of several clusters, by weight: `destinations` has them",
    Outcome.PASSTHROUGH: "to the address that the client wanted, since the policy allows what nothing declares",
    Outcome.DYNAMIC_DNS: "to the address that DNS has for the name, since the policy allows what nothing declares",
    Outcome.BLACKHOLE: "nowhere: nothing declares it, and the policy allows no more than that",
    Outcome.DIRECT_RESPONSE: "answered by the sidecar itself, as a route says",
    Outcome.REDIRECT: "answered by a redirect",
    Outcome.FAULT: "answered by an injected fault",
    Outcome.NO_ROUTE: "404: no virtual host or no route takes it",
    Outcome.NO_CLUSTER: "503 NC: the route leads to a cluster that does not exist",
    Outcome.NO_ENDPOINTS: "503 UH: the cluster has no endpoint",
    Outcome.NO_LISTENER: "closed: no listener takes the connection",
    Outcome.CODEC_ERROR: "refused: the bytes are not the HTTP that is spoken there",
    Outcome.HTTP10_REJECTED: "426: HTTP/1.0 is not accepted",
    Outcome.RESERVED: "the port is one of the proxy's own",
    Outcome.WAITING: "neither sent nor refused: the sidecar waits for bytes that do not come",
    Outcome.NO_FILTER_CHAIN: "closed: no filter chain of the gateway's listener takes the connection",
    Outcome.TLS_ERROR: "closed: the TLS handshake of the gateway fails",
    Outcome.NOT_CAPTURED: "past the sidecar, which does not see it: nothing is logged",
    Outcome.UNKNOWN: "not known: something that is not modelled decides, as ambient mode; never certain",
}
"""What becomes of a request, for each outcome; ``docs/concepts.md`` prints the table."""


class Sourced(Protocol):
    """What provenance needs of a resource."""

    @property
    def kind(self) -> str:
        """The kind, such as ``ServiceEntry``."""

    def source(self, *path: str | int) -> Source:
        """Return the place of the value at *path*, or the nearest one around it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The resource behind a part of the table, and the paths of the host and the port in it that matter.

    Places are looked up when they are asked for.
    """

    kind: str
    namespace: str
    name: str
    resource: Sourced | None = field(default=None, compare=False, repr=False)
    host_path: tuple[str | int, ...] = field(default=(), compare=False)
    port_path: tuple[str | int, ...] = field(default=(), compare=False)

    @property
    def source(self) -> Source | None:
        """The place of the resource itself."""
        return self.resource.source() if self.resource else None

    @property
    def host_source(self) -> Source | None:
        """The place of the host that matters."""
        return self.resource.source(*self.host_path) if self.resource else None

    @property
    def port_source(self) -> Source | None:
        """The place of the port that matters."""
        return self.resource.source(*self.port_path) if self.resource and self.port_path else None

    def __str__(self) -> str:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} `{name}`"


@dataclass(frozen=True, slots=True)
class SplitDestination:
    """One member of a split: cluster, weight, and what becomes of a request that is sent there."""

    cluster: str
    weight: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that makes the answer less than certain, and every answer that it leaves possible.

    Equality leaves the reason out, since it names resources.
    """

    code: str
    reason: str = field(compare=False)
    candidates: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A prediction of what the sidecar does with one request.

    ``listener`` to ``route`` are Envoy's names along the path, None where there is no name or the stage was not
    reached. ``status``, ``flags`` and ``details`` are what the access log says; ``status`` is None where the upstream
    answers or it is not HTTP. Equality leaves provenance out.
    """

    outcome: Outcome
    cluster: str | None = None
    destinations: tuple[SplitDestination, ...] = ()
    listener: str | None = None
    filter_chain: str | None = None
    route_config: str | None = None
    virtual_host: str | None = None
    route: str | None = None
    status: int | None = None
    flags: str = "-"
    details: str | None = None
    governed_by: Origin | None = field(default=None, compare=False)
    assumptions: tuple[Assumption, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request would leave towards a destination. This is a prediction, not a security boundary."""
        return self.outcome.allowed

    def __bool__(self) -> bool:
        """Raise TypeError: a decision is neither true nor false, and most that block would be taken for true."""
        raise TypeError("a decision has no truth of its own: ask `.allowed`")

    @property
    def is_certain(self) -> bool:
        """Whether no assumption could change cluster or outcome.

        >>> Decision(outcome=Outcome.PASSTHROUGH).is_certain
        True
        """
        return not any(self._could_change_by(one) for one in self.assumptions)

    def _could_change_by(self, assumption: Assumption) -> bool:
        """Return whether *assumption* could change cluster or outcome: of itself, or by one of its candidates."""
        if assumption.code in CERTAIN:
            return False
        return not assumption.candidates or any(_end(one) != _end(self) for one in assumption.candidates)

    @property
    def candidates(self) -> tuple[Decision, ...]:
        """Every answer that the assumptions leave possible, this one first; empty where the answer is certain."""
        others = [c for a in self.assumptions for c in a.candidates]
        if not others:
            return ()
        found: list[Decision] = [self]
        for other in others:
            if all(not _same_answer(other, one) for one in found):
                found.append(other)
        return tuple(found)

    def __str__(self) -> str:
        if self.destinations:
            return ", ".join(f"{d.cluster} {d.weight}" for d in self.destinations)
        if self.outcome in _ALLOWED and self.cluster:
            return self.cluster
        shown = f"{self.status} {self.outcome.value}" if self.status else self.outcome.value
        where = self.cluster or self.route
        return f"{where} ({shown})" if where else shown

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as JSON-ready values; ``schema_version`` changes when the shape does."""
        return {
            "schema_version": SCHEMA_VERSION,
            "outcome": self.outcome.value,
            "allowed": self.allowed,
            "is_certain": self.is_certain,
            "cluster": self.cluster,
            "destinations": [
                {"cluster": d.cluster, "weight": d.weight, "outcome": d.outcome.value} for d in self.destinations
            ],
            "listener": self.listener,
            "filter_chain": self.filter_chain,
            "route_config": self.route_config,
            "virtual_host": self.virtual_host,
            "route": self.route,
            "status": self.status,
            "flags": self.flags,
            "details": self.details,
            "governed_by": _origin_as_dict(self.governed_by),
            "assumptions": [
                {"code": a.code, "reason": a.reason, "candidates": [c.as_dict() for c in a.candidates]}
                for a in self.assumptions
            ],
        }


def _end(decision: Decision) -> tuple[object, ...]:
    """Return where a request ends, whichever way it went."""
    return decision.outcome, decision.cluster, decision.destinations


def _same_answer(one: Decision, other: Decision) -> bool:
    keys = [n for n in Decision.__slots__ if n not in ("governed_by", "assumptions")]
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def _origin_as_dict(origin: Origin | None) -> Mapping[str, Any] | None:
    if origin is None:
        return None
    places = {"source": origin.source, "host_source": origin.host_source, "port_source": origin.port_source}
    return {
        "kind": origin.kind,
        "namespace": origin.namespace,
        "name": origin.name,
        **{key: str(place) for key, place in places.items() if place is not None},
    }
