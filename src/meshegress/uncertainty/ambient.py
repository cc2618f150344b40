"""Ambient mode, which is recognised and not modelled: workloads without a sidecar, and services behind a waypoint.

Source: Istio, the labels ``istio.io/dataplane-mode`` and ``istio.io/use-waypoint`` of its API.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from meshegress.decision import Assumption, Decision
from meshegress.decision.assumptions import AMBIENT
from meshegress.loading import ResourceSet
from meshegress.naming import ClusterName
from meshegress.request import Workload
from meshegress.resources import Resource
from meshegress.resources.metadata import ObjectMeta

_MODE = "istio.io/dataplane-mode"
_USE_WAYPOINT = "istio.io/use-waypoint"
_WAYPOINT_NAMESPACE = "istio.io/use-waypoint-namespace"
_WAYPOINT_FOR = "istio.io/waypoint-for"
_WAYPOINT_CLASS = "istio-waypoint"
_INJECT = "sidecar.istio.io/inject"
_NOBODY = "none"
_CLUSTER_DOMAIN = "cluster.local"

Labels = Mapping[str, str]


class AmbientMode:
    """What of *resources* is for ambient mode; made once for each mesh."""

    def __init__(self, resources: ResourceSet) -> None:
        self._namespaces: dict[str, Labels] = {row.name: row.metadata.labels for row in resources.namespaces}
        self._waypoints = dict(_waypoints_for_services(resources))
        #: Host to the reason why requests to it may pass a waypoint.
        self._hosts = dict(self._hosts_behind_waypoints(resources))

    @property
    def is_silent(self) -> bool:
        """Whether no service is behind a waypoint."""
        return not self._hosts

    def sender(self, workload: Workload) -> tuple[Assumption, ...]:
        """Return what makes every decision of *workload* unsure: it may have no sidecar."""
        namespace = self._namespaces.get(workload.namespace, {})
        own = workload.labels.get(_MODE)
        mode = own or namespace.get(_MODE)
        if mode != AMBIENT or _is_injected(workload.labels, namespace):
            return ()
        whose = "the workload" if own else f"namespace `{workload.namespace}`"
        reason = (
            f"{whose} is in ambient mode (label {_MODE}), and nothing says that this workload has a sidecar: without "
            "one ztunnel and waypoints decide, which are not modelled"
        )
        return (Assumption(AMBIENT, reason),)

    def destination(self, decision: Decision) -> Iterator[Assumption]:
        """Yield for each service behind a waypoint that *decision*, or a candidate of it, goes to what that leaves."""
        if self._hosts:
            reasons = (self._hosts.get(host) for one in (decision, *decision.candidates) for host in _hosts_of(one))
            yield from (Assumption(AMBIENT, reason) for reason in dict.fromkeys(reasons) if reason is not None)

    def _hosts_behind_waypoints(self, resources: ResourceSet) -> Iterator[tuple[str, str]]:
        concerned = {name for name, labels in self._namespaces.items() if _USE_WAYPOINT in labels}
        concerned.update(self._waypoints)
        for service in resources.services:
            if _concerns(service.metadata, concerned) and (reason := self._reason(service)):
                yield f"{service.name}.{service.namespace}.svc.{_CLUSTER_DOMAIN}", reason
        for entry in resources.service_entries:
            if _concerns(entry.metadata, concerned) and (reason := self._reason(entry)):
                yield from ((host, reason) for host in entry.spec.hosts)

    def _reason(self, service: Resource) -> str:
        """Return why requests to *service* may pass a waypoint, empty where none does."""
        subject, namespace, labels = service.subject, service.namespace, service.metadata.labels
        if _USE_WAYPOINT in labels:
            return _behind(subject, namespace, labels, "its label")
        known = self._namespaces.get(namespace)
        if known is not None:
            return _behind(subject, namespace, known, "the label of its namespace") if _USE_WAYPOINT in known else ""
        waypoint = self._waypoints.get(namespace)
        if waypoint is None:
            return ""
        return (
            f"{subject} may be behind the waypoint `{namespace}/{waypoint}`: Namespace `{namespace}`, whose labels "
            "would say so, is not given; what a waypoint does is not modelled"
        )


def _concerns(metadata: ObjectMeta, namespaces: Container[str]) -> bool:
    """Return whether a waypoint could have to do with a service: of very many most are told apart here."""
    return _USE_WAYPOINT in metadata.labels or metadata.namespace in namespaces


def _behind(subject: str, namespace: str, labels: Labels, whose: str) -> str:
    name = labels[_USE_WAYPOINT]
    if name == _NOBODY:
        return ""
    waypoint = f"{labels.get(_WAYPOINT_NAMESPACE, namespace)}/{name}"
    return f"{subject} is behind the waypoint `{waypoint}` ({whose} {_USE_WAYPOINT}): what that does is not modelled"


def _waypoints_for_services(resources: ResourceSet) -> Iterator[tuple[str, str]]:
    for row in resources.unsupported:
        takes = dict(row.scope.labels).get(_WAYPOINT_FOR, "service")
        if row.kind == "Gateway" and row.scope.class_name == _WAYPOINT_CLASS and takes in ("service", "all"):
            yield row.namespace, row.name


def _is_injected(labels: Labels, namespace: Labels) -> bool:
    """Return whether the workload, or else its namespace, asks for a sidecar."""
    own = labels.get(_INJECT)
    if own is not None:
        return own == "true"
    return namespace.get("istio-injection") == "enabled" or ("istio.io/rev" in namespace and _MODE not in namespace)


def _hosts_of(decision: Decision) -> Iterator[str]:
    """Yield the hosts of the clusters and the virtual host of *decision*."""
    for name in (decision.cluster, *(one.cluster for one in decision.destinations)):
        parsed = ClusterName.parse(name) if name else None
        if parsed is not None:
            yield parsed.host
    if decision.virtual_host is not None:
        yield decision.virtual_host.rpartition(":")[0]
