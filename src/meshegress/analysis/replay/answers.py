"""What the log says became of a request, what is predicted, and whether the two can be the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from meshegress.accesslog import AccessLogEntry
from meshegress.decision import Decision, Outcome
from meshegress.naming import PASSTHROUGH_CLUSTER, ClusterName

#: What the outboundTrafficPolicy does with connections, and the routes by which it does it with HTTP requests.
UNDECLARED = frozenset({Outcome.PASSTHROUGH, Outcome.BLACKHOLE, Outcome.DYNAMIC_DNS})
CATCH_ALL_ROUTES = frozenset({"block_all", "allow_any"})
#: The flags that follow from the configuration alone; others (UF, URX, DC, ...) tell how a connection fared.
#: Source: Envoy, envoy/stream_info/stream_info.h, CoreResponseFlag.
PREDICTABLE_FLAGS = frozenset({"NR", "NC", "UH", "FI"})
#: A request that ends with one of these and without a cluster was over before any route was looked at.
_CUT_SHORT = frozenset({"DC", "DPE", "DT", "SI", "OM", "IH", "LH"})
#: A sidecar answers gRPC with 200, whatever it has to say; the content type of a request is seldom logged.
_ANSWER_TO_GRPC = 200


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log says: the cluster (None: none), the flags, and the status where no cluster was chosen.

    ``tells_cluster`` is False where the format does not log it.
    """

    cluster: str | None
    flags: tuple[str, ...] = ()
    status: int | None = None
    tells_cluster: bool = True

    @classmethod
    def of(cls, entry: AccessLogEntry) -> Logged:
        """Return what *entry* says; the delimiter behind a cluster's name since Istio 1.23 is not part of it."""
        cluster = entry.get("upstream_cluster")
        name = cluster.removesuffix(";") if isinstance(cluster, str) and cluster != "-" else None
        given = entry.get("response_flags")
        flags = tuple(sorted(map(str, given))) if isinstance(given, tuple) else ()
        status = entry.get("response_code")
        tells_cluster = "upstream_cluster" in entry
        return cls(name, flags, status if name is None and isinstance(status, int) else None, tells_cluster)

    def __str__(self) -> str:
        where = self.cluster or ("no cluster" if self.tells_cluster else "a cluster that is not logged")
        marks = [str(self.status)] if self.status else []
        marks += [",".join(self.flags)] if self.flags else []
        return f"{where} ({' '.join(marks)})" if marks else where

    def as_dict(self) -> dict[str, Any]:
        """Return what is said, by name."""
        return {"cluster": self.cluster, "flags": list(self.flags), "status": self.status}


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction, as text: it outlives the mesh, travels between processes, and equal ones are one.

    ``governed_by`` names the resource and its place, and is left to the reader: it is part of no comparison.
    """

    outcome: Outcome
    clusters: tuple[tuple[str, int], ...] = ()
    route: str | None = None
    status: int | None = None
    flags: str = "-"
    governed_by: str | None = None

    @classmethod
    def of(cls, decision: Decision) -> Answer:
        """Return the answer of *decision*, without the other ones that it may leave possible."""
        clusters = tuple((each.cluster, each.weight) for each in decision.destinations)
        if not clusters and decision.cluster is not None:
            clusters = ((decision.cluster, 1),)
        origin = decision.governed_by
        place = origin and (origin.host_source or origin.source)
        governor = None if origin is None else f"{origin} ({place})" if place else str(origin)
        return cls(decision.outcome, clusters, decision.route, decision.status, decision.flags, governor)

    @property
    def allowed(self) -> bool:
        """Whether the request leaves towards a destination."""
        return self.outcome.allowed

    @property
    def is_undeclared(self) -> bool:
        """Whether it is the outboundTrafficPolicy that answers, since nothing declares the destination."""
        return self.outcome in UNDECLARED or self.route in CATCH_ALL_ROUTES

    def is_as(self, other: Answer) -> bool:
        """Return whether a client would see no difference between this and *other*."""
        mine = (self.outcome, self.clusters, self.status, self.flags)
        return mine == (other.outcome, other.clusters, other.status, other.flags)

    def goes_to(self, cluster: str | None) -> bool:
        """Return whether *cluster* is the one, or one of a split; None where there is none."""
        return cluster is None if not self.clusters else any(cluster == name for name, _ in self.clusters)

    def fits(self, logged: Logged) -> bool:
        """Return whether the log can say *logged* where this is what happens."""
        if not logged.tells_cluster or (logged.cluster is None and not _CUT_SHORT.isdisjoint(logged.flags)):
            return True
        if not self.goes_to(logged.cluster):
            return False
        if self.status is not None and logged.status not in (None, self.status, _ANSWER_TO_GRPC):
            return False
        mine = PREDICTABLE_FLAGS.intersection(self.flags.split(","))
        # Of a split one member can be without endpoints; the flags of the whole say nothing of it.
        is_split = len(self.clusters) > 1
        return is_split or mine == PREDICTABLE_FLAGS.intersection(logged.flags)

    def __str__(self) -> str:
        shown = ", ".join(
            f"{cluster} {weight}" if len(self.clusters) > 1 else cluster for cluster, weight in self.clusters
        )
        if self.allowed and shown:
            return shown
        what = f"{self.status} {self.outcome.value}" if self.status else self.outcome.value
        where = shown or self.route
        return f"{where} ({what})" if where else what

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values."""
        return {
            "outcome": self.outcome.value,
            "allowed": self.allowed,
            "clusters": [{"cluster": cluster, "weight": weight} for cluster, weight in self.clusters],
            "route": self.route,
            "status": self.status,
            "flags": self.flags,
            "governed_by": self.governed_by,
        }


class Change(Enum):
    """What the candidate does to the requests of a row."""

    KEPT = "kept"
    BLOCKED = "blocked"
    OPENED = "opened"
    MOVED = "moved"
    CHANGED_STATUS = "changed status"


def change_of(now: Answer, then: Answer) -> Change:
    """Return what becomes of a request that meets *now* today and *then* under the candidate.

    >>> change_of(Answer(Outcome.PASSTHROUGH), Answer(Outcome.BLACKHOLE)).value
    'blocked'
    """
    if now.is_as(then):
        return Change.KEPT
    if now.allowed and then.allowed:
        return Change.MOVED if now.clusters != then.clusters else Change.KEPT
    if now.allowed or then.allowed:
        return Change.BLOCKED if now.allowed else Change.OPENED
    return Change.CHANGED_STATUS


def choose(possible: Iterable[Answer], logged: Logged) -> Answer:
    """Return the first of the *possible* answers that fits what is *logged*; the first of all where none does."""
    answers = tuple(possible)
    return next((answer for answer in answers if answer.fits(logged)), answers[0])


def disagreement(logged: Logged, now: Answer) -> str | None:
    """Return why the log may say *logged* where *now* is predicted; None where the two agree."""
    if now.fits(logged):
        return None
    if now.goes_to(logged.cluster) and not (logged.cluster is None and logged.status != now.status):
        return "endpoints: they are not those that the mesh had when the log was written"
    if logged.cluster is None:
        return "the sidecar answered by itself, and chose no cluster: a rule or a fault that these files do not hold"
    if logged.cluster == PASSTHROUGH_CLUSTER:
        return "nothing declared this when the log was written: another revision of the files"
    found = ClusterName.parse(logged.cluster)
    if found is None:
        return "the cluster is not one of these files: an EnvoyFilter, another release, or another mesh configuration"
    return f"these files send nothing of it to `{found.host}`: they are not those of the log, or not all of them"
