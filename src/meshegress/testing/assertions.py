"""Assertions for tests of a mesh: the message of a failed one is the explanation."""

from __future__ import annotations

from meshegress import Decision, Egress, Outcome, Request


def assert_egress(
    egress: Egress,
    request: Request | str,
    *,
    cluster: str | None = None,
    outcome: Outcome | str | None = None,
) -> Decision:
    """Assert that *egress* sends *request*, a URL or a Request, to *cluster* or to *outcome*, or both.

    Returns the decision. Where it is another one, or not the only possible one, the message of the AssertionError says
    what was expected and then explains the walk.
    """
    __tracebackhide__ = True
    if cluster is None and outcome is None:
        raise TypeError("assert_egress needs `cluster`, `outcome` or both")
    expected = Outcome(outcome) if outcome is not None else None
    decision = egress.decide(request)
    possible = decision.candidates or (decision,)
    if not all(_holds(candidate, cluster, expected) for candidate in possible):
        raise AssertionError(_message(decision, cluster, expected) + f"\n{egress.explain(request)}")
    return decision


def _holds(decision: Decision, cluster: str | None, outcome: Outcome | None) -> bool:
    return (cluster is None or decision.cluster == cluster) and (outcome is None or decision.outcome is outcome)


def _message(decision: Decision, cluster: str | None, outcome: Outcome | None) -> str:
    wanted = " and ".join(
        part
        for part in (f"cluster `{cluster}`" if cluster else "", f"outcome `{outcome.value}`" if outcome else "")
        if part
    )
    possible = " or ".join(f"`{candidate}`" for candidate in decision.candidates or (decision,))
    return f"expected {wanted}; the sidecar chooses {possible}"
