"""Decisions and explanations as JSON-ready values, and as the lines that a reader gets."""

from __future__ import annotations

from typing import Any

import meshegress
from meshegress.explain import Explanation
from meshegress.naming import ClusterName

SHOWN_NOTES = 3
SHOWN_OTHERS = 3


def decision_as_dict(
    mesh: meshegress.Mesh, egress: meshegress.Egress, asked: str, decision: meshegress.Decision
) -> dict[str, Any]:
    """Return *decision* as JSON-ready values: after what was *asked*, and with the mesh configuration beside it."""
    source = mesh.resources.mesh_config_source
    return {
        "asked": asked,
        **decision.as_dict(),
        "istio": mesh.istio,
        "mesh_config": str(source) if source else None,
        "outbound_traffic_policy": egress.policy,
    }


def explanation_as_dict(explanation: Explanation) -> dict[str, Any]:
    """Return the walk as JSON-ready values: its steps, what was rejected at each, and what the resources add."""
    return {
        "request": explanation.asked,
        "steps": [
            {
                "stage": step.stage,
                "found": step.found,
                "reason": step.reason,
                "resource": _origin_as_dict(step.origin),
                "rejected": [
                    {"name": each.name, "reason": each.reason, "resource": _origin_as_dict(each.origin)}
                    for each in step.rejected
                ],
            }
            for step in explanation.steps
        ],
        "notes": list(explanation.notes),
    }


def why(egress: meshegress.Egress, request: meshegress.Request, decision: meshegress.Decision) -> str:
    """Return in one line why *decision* is the answer to *request*: whose word counts, and what the resources add.

    Where a request certainly goes to the service of its own name there is nothing to add, and no walk is looked at.
    """
    governor = decision.governed_by
    if governor is not None and not decision.assumptions and _is_own_service(decision, request):
        return f"governed by {governor}{_places(governor)}"
    explanation = egress.explain(request)
    # The note that names whose word counts comes first, whatever else could be said.
    notes = sorted(explanation.notes, key=lambda note: governor is None or str(governor) not in note)
    told = notes[:SHOWN_NOTES]
    if not told:
        told = [f"{step.reason} ({step.stage})" for step in explanation.steps if step.reason][-1:]
    if governor is not None and not any(str(governor) in each for each in told):
        told.insert(0 if decision.allowed else len(told), f"governed by {governor}{_places(governor)}")
    if len(notes) > SHOWN_NOTES:
        told.append(f"and {len(notes) - SHOWN_NOTES} more notes, which `explain` prints")
    return "; ".join(told)


def doubts(decision: meshegress.Decision) -> list[str]:
    """Return a line for each assumption of *decision*: its code, its reason, and the other answers that it leaves."""
    lines = []
    for assumption in decision.assumptions:
        others = list(dict.fromkeys(str(candidate) for candidate in assumption.candidates))
        possible = f"; possible too: {', '.join(others[:SHOWN_OTHERS])}" if others else ""
        more = f" and {len(others) - SHOWN_OTHERS} more" if len(others) > SHOWN_OTHERS else ""
        lines.append(f"assumed ({assumption.code}): {assumption.reason}{possible}{more}")
    return lines


def _is_own_service(decision: meshegress.Decision, request: meshegress.Request) -> bool:
    cluster = ClusterName.parse(decision.cluster) if decision.allowed and decision.cluster else None
    return cluster is not None and request.name is not None and cluster.host == request.name.lower()


def _places(origin: meshegress.Origin) -> str:
    places = [str(place) for place in (origin.host_source or origin.source, origin.port_source) if place is not None]
    return f" at {' and '.join(dict.fromkeys(places))}" if places else ""


def _origin_as_dict(origin: meshegress.Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    source = origin.host_source or origin.source
    place = {"source": str(source)} if source else {}
    return {"kind": origin.kind, "namespace": origin.namespace, "name": origin.name, **place}
