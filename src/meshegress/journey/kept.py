"""The journeys of one mesh: who follows them, over which gateways, and those that were followed already.

A ready request is followed once, as a decision is made once: what is kept is bounded, and found by identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, Self

from meshegress.decision import Assumption
from meshegress.egress import Egress
from meshegress.gateway import EgressGateway
from meshegress.gateway.workloads import gateway_workload, gateways_of
from meshegress.journey.assumed import GATEWAY_ASSUMED, AssumedGateway, assumed_gateway
from meshegress.journey.follow import Follower
from meshegress.journey.reasons import MESH, reasons_of
from meshegress.journey.whole import Journey
from meshegress.loading import ResourceSet
from meshegress.request import Request, Workload
from meshegress.resources import VirtualService

RELEASE_NOT_RECORDED = "release_not_recorded"
#: The releases whose clusters and journeys were recorded.
RECORDED_RELEASES = frozenset({"1.30"})
_NOT_RECORDED = "journeys were recorded of Istio 1.30 alone: what leaves may differ in this release"
#: So many journeys are kept.
MOST_KEPT = 4096

Gateways = Mapping[str, Workload]


class FollowedMesh(Protocol):
    """What is asked of the mesh."""

    @property
    def istio(self) -> str:
        """The release."""

    @property
    def resources(self) -> ResourceSet:
        """What was loaded."""

    def egress(self, workload: Workload | str) -> Egress:
        """Return the table of a workload."""

    def gateway(self, workload: Workload | str) -> EgressGateway:
        """Return the table of a gateway."""

    def follow(self, request: Request, workload: Workload | str, *, gateways: Gateways | None = None) -> Journey:
        """Return a journey."""

    def with_changes(self, added: Iterable[Any]) -> Self:
        """Return the mesh with more resources."""


class KeptJourneys:
    """Follows the requests of a mesh, and keeps the journeys."""

    def __init__(self, mesh: FollowedMesh) -> None:
        self._mesh = mesh
        self._kept: dict[tuple[int, int, int], tuple[Request | str, Workload | str, Gateways | None, Journey]] = {}
        self._followers: dict[tuple[object, ...], tuple[Gateways | None, Egress, Follower]] = {}

    def follow(self, request: Request | str, workload: Workload | str, gateways: Gateways | None) -> Journey:
        """Return the journey of *request*, now or from before."""
        key = (id(request), id(workload), id(gateways))
        kept = self._kept.get(key)
        if kept is not None:
            return kept[3]  # what it was made of is kept beside it, so no other object can have these ids
        journey = self._followed(request, workload, gateways)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (request, workload, gateways, journey)
        return journey

    def _followed(self, request: Request | str, workload: Workload | str, gateways: Gateways | None) -> Journey:
        if isinstance(request, str):
            request = Request.from_url(request)
        egress, follower = self._follower_of(workload, gateways)
        addressed = egress.addressed(request)
        journey = follower.follow(addressed)
        if gateways is not None or self._mesh.resources.is_complete:
            return journey
        assumed = self._assumed_for(journey)
        return journey if assumed is None else self._follow_assumed(journey, addressed, assumed)

    def _follower_of(self, workload: Workload | str, gateways: Gateways | None) -> tuple[Egress, Follower]:
        who = (workload,) if isinstance(workload, str) else (workload, frozenset(workload.metadata.items()))
        key = (*who, id(gateways))
        if key not in self._followers:
            egress = self._mesh.egress(workload)
            self._followers[key] = (gateways, egress, self._new_follower(egress, gateways))
        return self._followers[key][1:]

    def _new_follower(self, egress: Egress, gateways: Gateways | None) -> Follower:
        resources = self._mesh.resources
        known = gateways_of(resources) if gateways is None else gateways
        hops = {name: (gateway, self._mesh.gateway(gateway)) for name, gateway in known.items()}
        is_recorded = self._mesh.istio in RECORDED_RELEASES
        assumptions = () if is_recorded else (Assumption(RELEASE_NOT_RECORDED, _NOT_RECORDED),)
        asked = {name: gateway for name, (_, gateway) in hops.items()}
        find_reasons = partial(reasons_of, sidecar=egress, gateways=asked, virtual_services=resources.virtual_services)
        return Follower(egress.workload, egress, hops, assumptions, find_reasons)

    def _assumed_for(self, journey: Journey) -> AssumedGateway | None:
        """Return the gateway to which a rule leads, and of which not everything was given; None without one."""
        origin = journey.hop1.governed_by
        rule = origin.resource if origin is not None else None
        if not isinstance(rule, VirtualService) or not any(name != MESH for name in rule.spec.gateways):
            return None
        clusters = [one.cluster for one in journey.hop1.destinations] or [journey.hop1.cluster or ""]
        known = {row.cluster for row in journey.sent if row.gateway is not None}
        found = (assumed_gateway(cluster, self._mesh.resources) for cluster in clusters if cluster not in known)
        return next((one for one in found if one is not None), None)

    def _follow_assumed(self, journey: Journey, request: Request, assumed: AssumedGateway) -> Journey:
        """Return *journey* as it goes on with the gateway as it would be; its first hop stays what it is."""
        mesh = self._mesh.with_changes(assumed.objects) if assumed.objects else self._mesh
        pod = gateway_workload(assumed.pod, mesh.resources)
        gateways = {**gateways_of(self._mesh.resources), assumed.pod: pod}
        onward = mesh.follow(request, journey.workload, gateways=gateways)
        if not onward.sent:
            return journey
        assumptions = journey.assumptions
        if assumed.objects:
            assumptions = (*assumptions, Assumption(GATEWAY_ASSUMED, assumed.reason))
        return replace(onward, hop1=journey.hop1, assumptions=assumptions)
