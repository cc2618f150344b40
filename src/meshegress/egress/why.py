"""Why a decision is what it is: the reasons of one workload's answers, the one that matters most first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from meshegress.compiler.model.evidence import Asked, Evidence
from meshegress.compiler.model.proxy import OutboundPolicy
from meshegress.compiler.undeclared_traffic import CATCH_ALLS
from meshegress.compiler.why_not import (
    overlooked_services,
    overlooked_virtual_services,
    same_short_name,
    services_at,
    who_has_the_port,
    who_is_http,
    why_empty,
    why_may_be_missing,
    why_missing,
    why_other_cluster,
)
from meshegress.decision import Decision, Origin, Outcome
from meshegress.decision.reasons import Reason, ReasonCode
from meshegress.naming import ClusterName, asked_names
from meshegress.request import Request
from meshegress.request.urls import bare_host
from meshegress.table import Cluster
from meshegress.wire import HttpVerdict, TlsVerdict
from meshegress.wire.addressing import canonical_address

_UNDECLARED = frozenset({Outcome.PASSTHROUGH, Outcome.BLACKHOLE, Outcome.DYNAMIC_DNS})
_OWN_ANSWERS = frozenset({Outcome.DIRECT_RESPONSE, Outcome.REDIRECT, Outcome.FAULT})
_HTTP = frozenset({HttpVerdict.HTTP11, HttpVerdict.HTTP10, HttpVerdict.H2C})
_DECLARING = frozenset({"ServiceEntry", "Service"})
#: What is worth saying of a service that bears the name where another one took the request.
_PASSED_OVER = frozenset(
    {ReasonCode.NOT_EXPORTED, ReasonCode.NOT_IMPORTED, ReasonCode.OTHER_NAMESPACE, ReasonCode.OTHER_RESOURCE}
)


class Reasons:
    """Finds the reasons of one workload's decisions in the *evidence* of its scope."""

    def __init__(
        self, evidence: Evidence, policy: OutboundPolicy, clusters: Mapping[str, Cluster], dns_domain: str
    ) -> None:
        self._evidence = evidence
        self._policy = policy
        self._clusters = clusters
        self._dns_domain = dns_domain

    def of(self, request: Request, decision: Decision) -> tuple[Reason, ...]:
        """Return the reasons of *decision* on *request*, which has an address; each once, the first the main one."""
        asked = self._asked(request)
        return tuple(dict.fromkeys(self._each(request, decision, asked)))

    def _each(self, request: Request, decision: Decision, asked: Asked) -> Iterator[Reason]:
        yield from self._of_clusters(decision)
        yield from self._of_candidates(decision)
        if decision.outcome is Outcome.NO_ROUTE:
            yield from self._no_route(request, decision, asked)
        elif decision.outcome in _UNDECLARED or decision.virtual_host in CATCH_ALLS:
            yield from self._undeclared(asked)
        elif decision.outcome in _OWN_ANSWERS:
            yield _own_answer(decision)
        elif decision.allowed:
            yield from self._allowed(decision, asked)

    def _asked(self, request: Request) -> Asked:
        name = request.name or request.server_name or request.sni or bare_host(request.authority or "")
        names = () if not name or canonical_address(name) else tuple(self._meant(name))
        return Asked(names, request.port, request.address, _speaks(request))

    def _meant(self, name: str) -> Iterator[str]:
        """Yield what the workload's search domains make of *name*."""
        bare = name.lower().rstrip(".")
        return takewhile(lambda meant: not meant.startswith("*"), asked_names(bare, self._dns_domain))

    def _of_clusters(self, decision: Decision) -> Iterator[Reason]:
        """Yield why the clusters that *decision* sends to do not exist, or are empty."""
        members = [(one.cluster, one.outcome) for one in decision.destinations]
        for name, outcome in [*members, (decision.cluster, decision.outcome)]:
            wanted = ClusterName.parse(name) if name else None
            if wanted is None:
                continue
            if outcome is Outcome.NO_CLUSTER:
                yield from why_missing(wanted, decision.governed_by, self._evidence)
            elif outcome is Outcome.NO_ENDPOINTS and (reason := why_empty(wanted, self._evidence)) is not None:
                yield reason

    def _of_candidates(self, decision: Decision) -> Iterator[Reason]:
        """Yield why the cluster of another possible answer is missing: undeclared, or lost in another order."""
        for other in decision.candidates:
            wanted = ClusterName.parse(other.cluster) if other.cluster else None
            if wanted is None or other.outcome is not Outcome.NO_CLUSTER:
                continue
            if other.cluster in self._clusters:
                yield from why_may_be_missing(wanted.host, wanted.port, self._evidence)
            else:
                yield from why_missing(wanted, other.governed_by, self._evidence)

    def _no_route(self, request: Request, decision: Decision, asked: Asked) -> Iterator[Reason]:
        if request.verb == "CONNECT" and decision.route_config is not None:
            yield from who_is_http(asked, self._evidence)
        elif decision.virtual_host is not None:
            told = f"has no route that takes {request.verb} {request.path}" if request.path else "has no route for it"
            yield Reason(ReasonCode.NO_ROUTE, told, decision.governed_by)
        elif decision.route_config is not None:
            told = f"no virtual host of `{decision.route_config}` serves `{request.authority}`"
            yield Reason(ReasonCode.NO_ROUTE, told)
        else:
            told = f"no filter chain of {decision.listener} takes it, and it has no default"
            yield Reason(ReasonCode.NO_ROUTE, told)

    def _undeclared(self, asked: Asked) -> Iterator[Reason]:
        """Yield what could have been meant, and that the policy decides."""
        found = [*overlooked_services(asked, self._evidence), *overlooked_virtual_services(asked, self._evidence)]
        is_declared = bool(found) or any(self._evidence.services_of(asked.names))
        if not is_declared:
            found = list(services_at(asked, self._evidence))
        yield from found
        if not is_declared and not found:
            yield from same_short_name(asked, self._evidence)
        yield _policy_reason(self._policy, is_declared=is_declared or bool(found))

    def _allowed(self, decision: Decision, asked: Asked) -> Iterator[Reason]:
        """Yield what a reader would not expect of a request that leaves."""
        governor = decision.governed_by
        wanted = ClusterName.parse(decision.cluster) if decision.cluster else None
        if wanted is None or governor is None or governor.kind not in _DECLARING:
            return
        owner = self._clusters[str(wanted)].origin if str(wanted) in self._clusters else None
        if owner is not None:
            yield from why_other_cluster(governor, owner, wanted.host, self._evidence)
        if not asked.names:
            return
        is_own = wanted.host.lower() in asked.names
        passed_over = overlooked_services(asked, self._evidence, governor)
        yield from (one for one in passed_over if _is_worth_saying(one, wanted, owner, is_own=is_own))
        if not is_own and _takes_every_name(decision) and not self._stands_for(wanted.host, asked):
            yield from who_has_the_port(wanted.host, asked, governor, self._evidence)

    def _stands_for(self, host: str, asked: Asked) -> bool:
        """Return whether *host* is a wildcard of the asked name, or what the name is an alias of."""
        services = self._evidence.services_of(asked.names)
        return any(host in (service.hostname, service.external_name) for service in services)


def one_line(decision: Decision, reasons: Sequence[Reason]) -> str:
    """Return in one line why *decision* is the answer: the main reason, and whose word counts where it names nobody."""
    governor = decision.governed_by
    governed = f"governed by {governor}{_places(governor)}" if governor is not None else ""
    if not reasons:
        return governed or f"the answer is the proxy's own: {decision.outcome.value}"
    shown = [reasons[0]]
    if len(reasons) > 1 and reasons[-1].code is ReasonCode.OUTBOUND_POLICY:
        shown.append(reasons[-1])
    told = "; ".join(map(str, shown))
    if governed and str(governor) not in told:
        told = f"{governed}; {told}" if decision.allowed else f"{told}; {governed}"
    more = len(reasons) - len(shown)
    return f"{told} (and {more} more reason{'s' if more > 1 else ''})" if more else told


def _places(origin: Origin) -> str:
    places = [str(place) for place in (origin.host_source or origin.source, origin.port_source) if place is not None]
    return f" at {' and '.join(dict.fromkeys(places))}" if places else ""


def _is_worth_saying(reason: Reason, wanted: ClusterName, owner: Origin | None, *, is_own: bool) -> bool:
    """Return whether *reason* tells more than the answer: of the cluster's owner there is nothing to tell."""
    if owner is not None and reason.origin == owner:
        return False
    return reason.code is ReasonCode.OTHER_RESOURCE if is_own else reason.code in _PASSED_OVER


def _takes_every_name(decision: Decision) -> bool:
    """Return whether the connection ended in a chain of bytes on a listener that every address leads to."""
    listener = decision.listener or ""
    return decision.route_config is None and listener.rpartition("_")[0] in ("0.0.0.0", "::")


def _speaks(request: Request) -> str:
    if request.seen_tls == TlsVerdict.TLS:
        return "TLS"
    return "HTTP" if request.seen_http in _HTTP else "bytes"


def _own_answer(decision: Decision) -> Reason:
    if decision.details == "upgrade_failed":
        told = "the request asks for an upgrade of the connection, which no route allows"
        return Reason(ReasonCode.UPGRADE, told, decision.governed_by)
    does = {Outcome.REDIRECT: "redirects with", Outcome.FAULT: "aborts it with"}.get(decision.outcome, "answers")
    return Reason(ReasonCode.OWN_ANSWER, f"{does} {decision.status} itself", decision.governed_by)


def _policy_reason(policy: OutboundPolicy, *, is_declared: bool) -> Reason:
    """Return which policy is in force, and where it comes from."""
    origin = policy.origin
    place = f", {origin.host_source}" if origin is not None and origin.host_source else ""
    whose = "Istio's default" if origin is None else f"{origin}{place}"
    told = "no resource takes this request" if is_declared else "nothing declares this"
    return Reason(
        ReasonCode.OUTBOUND_POLICY, f"{told}, so the outboundTrafficPolicy decides: {policy.mode.value} ({whose})"
    )
