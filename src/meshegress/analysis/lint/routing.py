"""What VirtualServices, DestinationRules and Sidecars do, and which of their parts do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from meshegress._match import host_subset_of
from meshegress.analysis.answers import Effect
from meshegress.analysis.changes import Change
from meshegress.analysis.lint.finding import MeshFinding
from meshegress.analysis.lint.parts import dead_imports, dead_routes, is_reached
from meshegress.analysis.lint.survey import Seat, Survey
from meshegress.analysis.lint.telling import about, of_change, whom
from meshegress.decision import Decision, Outcome
from meshegress.findings import Severity
from meshegress.naming import ClusterName
from meshegress.resources import DestinationRule, Sidecar, VirtualService
from meshegress.table import EndpointState

MESH_GATEWAY = "mesh"
_BROKEN = frozenset({Outcome.NO_CLUSTER, Outcome.NO_ENDPOINTS})


def examine_routes(survey: Survey, routes: VirtualService) -> Iterator[MeshFinding]:
    """Yield what is wrong with a VirtualService."""
    if routes.spec.gateways and MESH_GATEWAY not in routes.spec.gateways and not _has_match_for_mesh(routes):
        yield from _for_gateways(survey, routes)
        return
    seen: set[str] = set()
    changes = [(seat, change) for seat in survey.seats_of(routes) for change in survey.left_out(routes, seat).changes]
    for seat, change in changes:
        found = _of_change(routes, seat, change)
        if found is not None and found.code not in seen:
            seen.add(found.code)
            yield found
    if not changes and not is_reached(survey, routes):
        yield about("EG402", routes, f"changes nothing for anybody{_why_dead(survey, routes)}")
        return
    yield from dead_routes(survey, routes)


def examine_sidecar(survey: Survey, sidecar: Sidecar) -> Iterator[MeshFinding]:
    """Yield what is wrong with a Sidecar."""
    spec = sidecar.spec
    policy = spec.outbound_traffic_policy
    changes = [(seat, change) for seat in survey.seats_of(sidecar) for change in survey.left_out(sidecar, seat).changes]
    blocked = [(seat, one) for seat, one in changes if one.effect is Effect.BLOCKED and not one.is_minor]
    undeclared = [(seat, one) for seat, one in blocked if one.before.outcome is Outcome.PASSTHROUGH]
    if policy is not None and "mode" not in policy.model_fields_set and undeclared:
        seat, change = undeclared[0]
        message = (
            f"an outboundTrafficPolicy without a mode is REGISTRY_ONLY: it blocks {change.sentence} for {whom(seat)}"
        )
        yield of_change("EG412", sidecar, message, change, seat, path=("spec", "outboundTrafficPolicy"))
    elif policy is not None and undeclared:
        seat, change = undeclared[0]
        message = f"its mode differs from the mesh's: it blocks {change.sentence} for {whom(seat)}"
        path = ("spec", "outboundTrafficPolicy", "mode")
        yield of_change("EG412", sidecar, message, change, seat, path=path, severity=Severity.INFO)
    if not changes and not (spec.ingress or spec.inbound_connection_pool):
        yield about("EG402", sidecar, "changes nothing for anybody")
        return
    yield from dead_imports(survey, sidecar)


def examine_rule(survey: Survey, rule: DestinationRule) -> Iterator[MeshFinding]:
    """Yield what is wrong with a DestinationRule: hosts that nobody declares, subsets without endpoints or routes."""
    registry = survey.mesh.registry()
    host = rule.spec.host.lower()
    wanted = [name for name in registry.index.by_host if host_subset_of(name.lower(), host)]
    is_short = "." not in host.removeprefix("*.")
    if not wanted and not is_short:
        if survey.mesh.resources.is_complete or not host.endswith(".svc.cluster.local"):
            yield about("EG411", rule, f"nobody declares `{rule.spec.host}`", path=("spec", "host"))
        return
    for place, subset in enumerate(rule.spec.subsets):
        state = _state_of(survey, rule, subset.name)
        if state is EndpointState.NONE:
            message = f"no endpoint has the labels of subset `{subset.name}`"
            yield about("EG403", rule, message, path=("spec", "subsets", place), severity=Severity.WARNING)
        elif not _is_sent_to(survey, subset.name):
            message = f"no route sends to subset `{subset.name}`"
            yield about("EG414", rule, message, path=("spec", "subsets", place))


def _of_change(routes: VirtualService, seat: Seat, change: Change) -> MeshFinding | None:
    """Return what *change*, which *routes* make, is called; None where it is what they are for."""
    if change.is_minor:
        return None
    missing = _missing(change.after)
    if missing and not _missing(change.before):
        reason = next(iter(seat.egress.reasons(change.witness)), None)
        message = f"sends {change.sentence} to {missing}{f': {reason}' if reason else ''}"
        return of_change("EG403", routes, message, change, seat)
    if change.effect is Effect.BLOCKED and change.after.outcome is Outcome.NO_ROUTE:
        message = f"has no route for {change.sentence}"
        return of_change("EG403", routes, message, change, seat, severity=Severity.WARNING)
    hosts = [host.lower() for host in routes.spec.hosts]
    foreign = [
        cell
        for cell in change.members
        if cell.scope.names is not None
        and not (shown := cell.scope.names.show(cell.scope.name)).startswith("every")
        and not any(host_subset_of(shown.lower().rstrip(".").partition(":")[0], host) for host in hosts)
        and not any(shown.lower().startswith(f"{host}.") or host.startswith(f"{shown.lower()}.") for host in hosts)
    ]
    if foreign and change.effect in (Effect.BLOCKED, Effect.MOVED):
        return of_change("EG406", routes, f"changes {change.names} too, beyond its hosts", change, seat)
    return None


def _missing(decision: Decision) -> str:
    members = [(one.cluster, one.outcome) for one in decision.destinations]
    for cluster, outcome in (*members, (decision.cluster, decision.outcome)):
        if outcome in _BROKEN:
            what = "does not exist" if outcome is Outcome.NO_CLUSTER else "has no endpoints"
            return f"`{cluster}`, which {what}"
    return ""


def _has_match_for_mesh(routes: VirtualService) -> bool:
    matches = (match for route in routes.spec.http for match in route.match)
    return any(MESH_GATEWAY in match.gateways for match in matches)


def _for_gateways(survey: Survey, routes: VirtualService) -> Iterator[MeshFinding]:
    """Yield that the Gateways which *routes* are bound to are not here, where any is known."""
    gateways = {(one.namespace, one.name) for one in survey.mesh.resources.gateways}
    named = [_full(name, routes.namespace) for name in routes.spec.gateways]
    is_complete = survey.mesh.resources.is_complete
    if (gateways or is_complete) and not gateways & set(named):
        shown = ", ".join(f"`{namespace}/{name}`" for namespace, name in named)
        message = f"is for gateways alone, and none of them is here: {shown}"
        severity = Severity.WARNING if is_complete else Severity.INFO
        yield about("EG402", routes, message, path=("spec", "gateways"), severity=severity)


def _full(name: str, namespace: str) -> tuple[str, str]:
    owner, slash, rest = name.partition("/")
    return (owner if owner != "." else namespace, rest) if slash else (namespace, name)


def _why_dead(survey: Survey, routes: VirtualService) -> str:
    declared = survey.mesh.registry().index.by_host
    hosts = [host for host in routes.spec.hosts if not any(host_subset_of(name, host.lower()) for name in declared)]
    if routes.spec.hosts and hosts == list(routes.spec.hosts):
        return f": nothing that is declared has the host `{hosts[0]}`"
    return "" if routes.spec.hosts else ": no VirtualService delegates to it"


def _state_of(survey: Survey, rule: DestinationRule, subset: str) -> EndpointState | None:
    """Return what stands behind *subset* for those who see it; None where nobody does."""
    states = {
        cluster.endpoints
        for seat in survey.seats_of(rule)
        for name, cluster in seat.egress.table.clusters.items()
        if (parsed := ClusterName.parse(name)) is not None
        and parsed.subset == subset
        and host_subset_of(parsed.host.lower(), rule.spec.host.lower())
    }
    return None if not states else EndpointState.NONE if states == {EndpointState.NONE} else next(iter(states))


def _is_sent_to(survey: Survey, subset: str) -> bool:
    for routes in survey.mesh.resources.virtual_services:
        spec = routes.spec
        http = (row.destination for route in spec.http for row in route.route)
        mirrors = (one for route in spec.http for one in (route.mirror, *(row.destination for row in route.mirrors)))
        tls = (row.destination for route in spec.tls for row in route.route)
        tcp = (row.destination for route in spec.tcp for row in route.route)
        if any(one is not None and one.subset == subset for one in chain(http, mirrors, tls, tcp)):
            return True
    return False
