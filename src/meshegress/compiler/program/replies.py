"""What a decision becomes on top of its leaf: own replies of the proxy, assumptions, faults, variants of requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from meshegress._engine.layout import GRPC, UPGRADE
from meshegress.decision import Assumption, Decision, Outcome
from meshegress.table import FaultAbort, Route


@dataclass(frozen=True, slots=True)
class LocalReply:
    """What the access log says where no upstream answers; bytes that are not HTTP have the flags alone."""

    status: int | None
    flags: str
    details: str | None


_UNSURE = {
    "zero-prefix": "a written `/0` and chains without a prefix hide one another, differently in every proxy",
    "headers": "headers and method are not known, and routes ask for them",
    "regex": "a regular expression on the way cannot be judged here",
}


def choice_of(reason: str, decisions: tuple[Decision, ...]) -> Decision:
    """Return the first of *decisions*, assumed for *reason*, with all of them as candidates."""
    first = decisions[0]
    assumption = Assumption(reason, _UNSURE[reason], decisions)
    return replace(first, assumptions=(*first.assumptions, assumption))


def everywhere(decision: Decision, change: Callable[[Decision], Decision]) -> Decision:
    """Return *decision* after *change*, and its candidates too."""
    changed = change(decision)
    if not changed.assumptions:
        return changed
    rows = (replace(one, candidates=tuple(map(change, one.candidates))) for one in changed.assumptions)
    return replace(changed, assumptions=tuple(rows))


def assuming(decision: Decision, code: str, reason: str, *candidates: Decision) -> Decision:
    """Return *decision* as it is under one more assumption."""
    return replace(decision, assumptions=(*decision.assumptions, Assumption(code, reason, candidates)))


def with_fault(sent: Decision, fault: FaultAbort) -> Decision:
    """Return *sent* as the *fault* of its route leaves it: aborted, or aborted for a share of requests."""
    if fault.percentage <= 0:
        return sent
    alone = replace(sent, assumptions=())
    aborted = answered(alone, Outcome.FAULT, LocalReply(fault.status, "FI", "fault_filter_abort"))
    if fault.percentage >= 100:
        return aborted
    reason = f"a fault aborts {fault.percentage:g} % of these requests"
    pair = (aborted, alone) if fault.percentage > 50 else (alone, aborted)
    return replace(pair[0], assumptions=(*sent.assumptions, Assumption("fault", reason, pair)))


def answered(sent: Decision, outcome: Outcome, reply: LocalReply) -> Decision:
    """Return *sent* with the proxy's own answer in the place of the upstream's."""
    return replace(sent, outcome=outcome, status=reply.status, flags=reply.flags, details=reply.details)


def in_variant(decision: Decision, route: Route | None, variant: int) -> Decision:
    """Return *decision* as it is for an upgrade that nothing allows, and as gRPC logs it: every local reply is 200."""
    if variant & UPGRADE and route is not None:
        refused = LocalReply(403, "-", "upgrade_failed")
        decision = replace(answered(decision, Outcome.DIRECT_RESPONSE, refused), assumptions=())
    return everywhere(decision, _logged_for_grpc) if variant & GRPC else decision


def _logged_for_grpc(decision: Decision) -> Decision:
    return decision if decision.status is None else replace(decision, status=200)


def without_http(decision: Decision) -> Decision:
    """Return *decision* as it is logged for bytes: without status and details."""
    return replace(decision, status=None, details=None) if decision.status is not None else decision
