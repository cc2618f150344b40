"""Assertions for tests of a mesh: the message of a failed one is the explanation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshegress import Decision, Egress, Outcome, Request


def assert_egress(
    egress: Egress,
    request: Request | str,
    *,
    cluster: str | None = None,
    outcome: Outcome | str | None = None,
    allowed: bool | None = None,
    governed_by: str | None = None,
) -> Decision:
    """Assert that *egress* sends *request*, a URL or a Request, to *cluster* or to *outcome*, or both.

    *allowed* is whether it leaves, *governed_by* the name of the resource whose word counts: ``payments``,
    ``shop/payments``, or with its kind as messages have it.

    Returns the decision. Where it is another one, or not the only possible one, the message of the AssertionError says
    what was expected and then explains the walk.
    """
    __tracebackhide__ = True
    wanted = {"cluster": cluster, "outcome": outcome, "allowed": allowed, "governed_by": governed_by}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if not wanted:
        raise TypeError("assert_egress needs `cluster`, `outcome`, `allowed` or `governed_by`")
    if outcome is not None:
        wanted["outcome"] = _outcome(outcome)
    decision = egress.decide(request)
    possible = decision.candidates or (decision,)
    if not all(_HOLDS[name](candidate, value) for candidate in possible for name, value in wanted.items()):
        raise AssertionError(_message(decision, wanted) + f"\n{egress.explain(request)}")
    return decision


def _outcome(outcome: Outcome | str) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        known = ", ".join(one.value for one in Outcome)
        raise ValueError(f"`{outcome}` is not an outcome; those are {known}") from None


def _is_governed_by(decision: Decision, name: object) -> bool:
    origin = decision.governed_by
    if origin is None:
        return False
    return name in (origin.name, f"{origin.namespace}/{origin.name}", str(origin), str(origin).replace("`", ""))


_HOLDS: dict[str, Callable[[Decision, object], bool]] = {
    "cluster": lambda decision, wanted: decision.cluster == wanted,
    "outcome": lambda decision, wanted: decision.outcome is wanted,
    "allowed": lambda decision, wanted: decision.allowed is wanted,
    "governed_by": _is_governed_by,
}


def _message(decision: Decision, wanted: Mapping[str, object]) -> str:
    told = " and ".join(
        f"{name} `{value.value if isinstance(value, Outcome) else value}`" for name, value in wanted.items()
    )
    possible = decision.candidates or (decision,)
    shown = " or ".join(f"`{candidate}`{_governor(candidate, wanted)}" for candidate in possible)
    return f"expected {told}; the sidecar chooses {shown}"


def _governor(decision: Decision, wanted: Mapping[str, object]) -> str:
    return f", governed by {decision.governed_by or 'no resource'}" if "governed_by" in wanted else ""
