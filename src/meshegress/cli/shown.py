"""Decisions and explanations as JSON-ready values, and as the lines that a reader gets."""

from __future__ import annotations

from typing import Any

import meshegress
from meshegress.explain import Explanation

SHOWN_OTHERS = 3


Proxy = meshegress.Egress | meshegress.EgressGateway


def decision_as_dict(mesh: meshegress.Mesh, egress: Proxy, asked: str, decision: meshegress.Decision) -> dict[str, Any]:
    """Return *decision* as JSON-ready values: after what was *asked*, and with the mesh configuration beside it."""
    source = mesh.resources.mesh_config_source
    return {
        "asked": asked,
        **decision.as_dict(),
        "istio": mesh.istio,
        "mesh_config": str(source) if source else None,
        "outbound_traffic_policy": egress.policy if isinstance(egress, meshegress.Egress) else None,
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
        "reasons": [
            {"code": each.code.value, "sentence": each.sentence, "resource": _origin_as_dict(each.origin)}
            for each in explanation.reasons
        ],
    }


def doubts(decision: meshegress.Decision) -> list[str]:
    """Return a line for each assumption of *decision*: its code, its reason, and the other answers that it leaves."""
    lines = []
    for assumption in decision.assumptions:
        others = list(dict.fromkeys(str(candidate) for candidate in assumption.candidates))
        possible = f"; possible too: {', '.join(others[:SHOWN_OTHERS])}" if others else ""
        more = f" and {len(others) - SHOWN_OTHERS} more" if len(others) > SHOWN_OTHERS else ""
        lines.append(f"assumed ({assumption.code}): {assumption.reason}{possible}{more}")
    return lines


def _origin_as_dict(origin: meshegress.Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    source = origin.host_source or origin.source
    place = {"source": str(source)} if source else {}
    return {"kind": origin.kind, "namespace": origin.namespace, "name": origin.name, **place}
