"""Clusters: which exist, and whether anything stands behind them.

Source: Istio, pilot/pkg/networking/core, cluster.go and cluster_builder.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from meshegress.compiler.model.endpoint_index import EndpointIndex, Unlisted
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.services import Endpoint, RegistryPort, Service, ServiceResolution, could_be_added
from meshegress.decision import Origin, Outcome
from meshegress.decision.assumptions import ENDPOINTS_UNKNOWN, SUBSET_LABELS_UNKNOWN
from meshegress.naming import cluster_name
from meshegress.resources.destination_rule import Subset, TrafficPolicy
from meshegress.table import Cluster, Doubt, EndpointState

#: The protocols for which names are resolved per request.
_DYNAMIC = frozenset({Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2})


class State(NamedTuple):
    """What is known of the endpoints behind a cluster, and what of that was assumed."""

    endpoints: EndpointState
    doubts: tuple[Doubt, ...] = ()


_UNKNOWABLE = State(EndpointState.UNKNOWABLE)
_SOME = State(EndpointState.SOME)
RuleOf = Callable[[Service], ConsolidatedRule | None]
#: What is behind a service's port, for the endpoints with some labels.
Behind = Callable[[Service, RegistryPort, Mapping[str, str]], State | None]


def collect_clusters(
    services: Iterable[Service],
    *,
    pools: EndpointIndex,
    rule_of: RuleOf,
    dynamic_dns: bool,
    node: str | None,
    at_gateway: bool = False,
) -> Iterator[Cluster]:
    """Yield the clusters of *services* and of their subsets, for a proxy on *node*.

    *at_gateway* there is no original destination: only endpoints count, and a name is resolved for HTTP alone.
    """
    behind = partial(_endpoints, pools=pools, node=node, at_gateway=at_gateway)
    for service in services:
        if service.resolution is ServiceResolution.ALIAS:
            continue
        if service.resolution is ServiceResolution.DYNAMIC_DNS and service.hostname.startswith("*"):
            if dynamic_dns:
                yield from _dynamic(service, EndpointState.PER_REQUEST if at_gateway else EndpointState.UNKNOWABLE)
            continue
        rule = rule_of(service)
        for port in service.ports:
            if port.protocol is not Protocol.UDP:
                yield from _of_port(service, port, rule, behind)


def _dynamic(service: Service, endpoints: EndpointState) -> Iterator[Cluster]:
    for port in service.ports:
        if port.protocol in _DYNAMIC:
            yield Cluster(service.cluster(port.number), endpoints, service.origin(port))


def _of_port(service: Service, port: RegistryPort, rule: ConsolidatedRule | None, behind: Behind) -> Iterator[Cluster]:
    policy = _policy_of_port(rule.traffic_policy, port.number) if rule is not None else None
    found = behind(service, port, {})
    # A DNS cluster without endpoints is not made at all, nor are its subsets.
    if found is None:
        return
    passthrough = _is_passthrough(policy)
    yield _cluster(service.cluster(port.number), _UNKNOWABLE if passthrough else found, service.origin(port))
    for subset, owner in rule.subsets if rule is not None else ():
        own = _subset_endpoints(service, port, subset, passthrough, behind)
        if own is not None:
            origin = Origin("DestinationRule", owner.namespace, owner.name, owner, ("spec", "subsets"))
            yield _cluster(cluster_name(port.number, service.hostname, subset.name), own, origin)


def _cluster(name: str, state: State, origin: Origin) -> Cluster:
    return Cluster(name, state.endpoints, origin, state.doubts)


def _subset_endpoints(
    service: Service, port: RegistryPort, subset: Subset, rule_passes_through: bool, behind: Behind
) -> State | None:
    # A subset is of the type that its rule gives the whole service, whatever balancer it names itself.
    if rule_passes_through or _is_passthrough(subset.traffic_policy):
        return _UNKNOWABLE
    found = behind(service, port, subset.labels)
    passes_through = _is_passthrough(_policy_of_port(subset.traffic_policy, port.number))
    return _UNKNOWABLE if passes_through and found is not None else found


def _endpoints(
    service: Service,
    port: RegistryPort,
    labels: Mapping[str, str],
    *,
    pools: EndpointIndex,
    node: str | None,
    at_gateway: bool,
) -> State | None:
    """Return what is behind a port, None where the cluster is not made for want of endpoints."""
    if service.resolution is ServiceResolution.PASSTHROUGH and not at_gateway:
        return State(EndpointState.UNKNOWABLE)
    if service.resolution.is_dns:
        rows = [row for row in pools.by_port_number(service.key, port.number) if row.healthy is not False]
        return _state(rows, labels, pools.unlisted.get(service.key), Outcome.NO_CLUSTER)
    named = pools.by_port_name(service.key, port.name)
    near = [row for row in named if not service.node_local or row.node == node]
    found = _state(near, labels, pools.unlisted.get(service.key), Outcome.NO_ENDPOINTS)
    return found or State(EndpointState.NONE)


def _state(
    rows: Sequence[Endpoint], labels: Mapping[str, str], unlisted: Unlisted | None, otherwise: Outcome
) -> State | None:
    """Return what is known of the endpoints with *labels* among *rows*, None where there are none for certain."""
    wanted = labels.items()
    if any(row.labels.items() >= wanted and not row.pod for row in rows):
        return _SOME
    fitting = [row for row in rows if row.labels.items() >= wanted]
    if fitting:
        assert unlisted is not None  # Pods count for what is not listed alone
        reason = f"{unlisted.reason}: the Pod `{fitting[0].pod}`, which is ready and which it selects, counts as one"
        return State(EndpointState.SOME, (Doubt(ENDPOINTS_UNKNOWN, reason),))
    shown = ", ".join(f"{key}: {value}" for key, value in labels.items())
    unknown_labels = Doubt(
        SUBSET_LABELS_UNKNOWN, f"the Pods behind it were not given, so nobody knows which have {shown}", otherwise
    )
    if any(row.could_have(labels) for row in rows):
        return State(EndpointState.SOME, (unknown_labels,))
    if unlisted is None or not could_be_added(labels, unlisted.selector):
        return None
    doubts = (Doubt(ENDPOINTS_UNKNOWN, unlisted.reason, otherwise),)
    is_implied = unlisted.selector.items() >= wanted
    return State(EndpointState.NOT_GIVEN, doubts if is_implied else (*doubts, unknown_labels))


def _policy_of_port(policy: TrafficPolicy | None, number: int) -> TrafficPolicy | None:
    """Return *policy* as it holds for a port: what is said for the port replaces what is said for all."""
    if policy is None:
        return None
    for row in policy.port_level_settings:
        if row.port is not None and row.port.number == number:
            return TrafficPolicy.model_construct(load_balancer=row.load_balancer)
    return policy


def _is_passthrough(policy: TrafficPolicy | None) -> bool:
    return policy is not None and policy.load_balancer is not None and policy.load_balancer.simple == "PASSTHROUGH"
