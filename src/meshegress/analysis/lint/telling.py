"""What findings are told with: changes in words, what they stand on, and whom they reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict, Unpack

from meshegress.analysis.changes import Change
from meshegress.analysis.lint.finding import MeshFinding, finding
from meshegress.analysis.lint.survey import Seat, Survey, identity_of
from meshegress.analysis.shown import request_text
from meshegress.decision import Decision
from meshegress.decision.assumptions import EQUAL_AGES
from meshegress.findings import Severity
from meshegress.request import Request
from meshegress.resources import Resource

_MOST_TOLD = 3


class More(TypedDict, total=False):
    """What a finding may say besides: what it is about in the resource, how bad it is, and whom it hurts."""

    path: Sequence[str | int]
    severity: Severity
    victims: tuple[str, ...]


def about(
    code: str,
    resource: Resource,
    message: str,
    *,
    seat: Seat | None = None,
    shown: tuple[Request, Decision, Decision] | None = None,
    **more: Unpack[More],
) -> MeshFinding:
    """Return a finding about *resource*, or about what stands at *path* in it.

    What is *shown* is a witness, and what becomes of it without the resource and with it.
    """
    witness, before, after = shown if shown is not None else (None, None, None)
    stands_on = assumed(one for one in (before, after) if one is not None)
    path = more.get("path", ())
    return finding(
        code,
        resource.source(*path),
        f"{message}{stands_on}",
        subject=resource.subject,
        about=identity_of(resource),
        field=path_text(path),
        witness=witness,
        before=before,
        after=after,
        workloads=() if seat is None else seat.workloads,
        severity=more.get("severity"),
        victims=more.get("victims", ()),
    )


def of_change(
    code: str, resource: Resource, message: str, change: Change, seat: Seat, **more: Unpack[More]
) -> MeshFinding:
    """Return a finding about *resource* with the witness of *change*."""
    told = f"{message}; e.g. {request_text(change.witness)}: {change.before} -> {change.after}"
    return about(code, resource, told, seat=seat, shown=(change.witness, change.before, change.after), **more)


def of_request(
    code: str, resource: Resource, message: str, request: Request, seat: Seat, survey: Survey, **more: Unpack[More]
) -> MeshFinding:
    """Return a finding about *resource* with *request* as its witness, if it is answered otherwise without it."""
    request = request if request.address is not None else request.to(seat.egress.careful.addresses.of(request)[0])
    before, after = survey.changed(resource, seat, request)
    told = f"{message}; e.g. {request_text(request)}: {before} -> {after}"
    if before == after:
        return about(code, resource, message, seat=seat, **more)
    return about(code, resource, told, seat=seat, shown=(request, before, after), **more)


def assumed(decisions: Iterable[Decision]) -> str:
    """Return what the answers stand on that was not given or is not modelled; unknown ages are told elsewhere."""
    found = {one.reason for decision in decisions for one in decision.assumptions if one.code != EQUAL_AGES}
    return f" (this stands on what is not known: {'; '.join(sorted(found)[:2])})" if found else ""


def path_text(path: Sequence[str | int]) -> str:
    """Return *path* as it is written in findings.

    >>> path_text(("spec", "hosts", 0))
    'spec.hosts[0]'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def whom(seat: Seat) -> str:
    """Return the workloads of *seat* in words."""
    names = sorted(seat.namespaces)
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_TOLD])
    more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
    return f"workloads of {shown}{more}"


def told(texts: Iterable[str], most: int = _MOST_TOLD) -> str:
    """Return *texts* in one line, *most* of them."""
    found = list(dict.fromkeys(texts))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def why_not(seat: Seat, resource: Resource, request: Request) -> str:
    """Return why *resource* did not get *request* from the workloads of *seat*, where that is known."""
    own = identity_of(resource)
    found = (one for one in seat.egress.reasons(request) if one.origin is not None and identity_of(one.origin) == own)
    return next((reason.sentence for reason in found), "")
