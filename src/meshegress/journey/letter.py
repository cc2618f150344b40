"""A journey told like a letter: who does what, whom it dials and how, and what the application gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshegress.decision import Decision, Origin, Outcome
from meshegress.explain import describe_request
from meshegress.journey.rows import (
    AT_CLIENT,
    AT_GATEWAY,
    CARRIES_REQUEST,
    CARRIES_TLS,
    TO_NAME,
    TO_ORIGINAL,
    TROUBLES,
    End,
    Sent,
)
from meshegress.request import Request, Workload

_VERSIONS = {"http1": "HTTP/1.1", "http2": "HTTP/2"}


def letter_of(
    request: Request,
    workload: Workload,
    hop1: Decision,
    *,
    sent: Sequence[Sent],
    end: End | None,
    reasons: Sequence[str],
) -> str:
    """Return the journey of *request* in sentences."""
    lines = [f"{describe_request(request)}, from a workload of `{workload.namespace}`:", ""]
    lines += _hop("The sidecar", hop1)
    for row in sent:
        lines += _row(row)
    if end is not None:
        lines.append(f"  {_ending(end)}")
    lines += [f"  Because {reason}." for reason in reasons]
    return "\n".join(lines)


def _hop(who: str, decision: Decision) -> Iterator[str]:
    """Yield what a proxy decides, and what makes it."""
    governed = _governed(decision.governed_by)
    if decision.destinations:
        shares = ", ".join(f"{one.cluster} ({one.weight})" for one in decision.destinations)
        yield f"  {who} splits it: {shares}{governed}."
    elif decision.allowed:
        yield f"  {who} sends it to {decision.cluster}{governed}."
    elif decision.outcome is Outcome.NO_LISTENER:
        yield f"  {who} does not listen there, so its log has no line of it."
    else:
        where = f" at {decision.cluster}" if decision.cluster else ""
        logged = f"{decision.status or 0} {decision.flags} {decision.details or '-'}"
        yield f"  {who} ends it{where}: {decision.outcome.value}, in its log {logged}{governed}."


def _row(row: Sent) -> Iterator[str]:
    yield f"    {_dialled(row)}"
    if row.hop2 is not None:
        yield from _hop(f"Gateway {row.gateway}", row.hop2)
        for leaving in row.leaves:
            yield f"    {_dialled(leaving)}"
    if row.end is not None:
        yield f"  {_ending(row.end)}"


def _dialled(row: Sent) -> str:
    """Return whom a row dials, how, and with what inside."""
    share = f"{row.weight} of it: " if row.weight is not None else ""
    whom = f"{row.address}:{row.port}"
    if row.to == TO_NAME:
        whom = f"{row.address} (by DNS), port {row.port}"
    elif row.to == TO_ORIGINAL:
        whom += ", where it was going anyway"
    how = f"in {row.transport}" if row.transport is not None else "in the clear"
    rule = row.cluster_details.rule if row.cluster_details is not None else None
    because = _governed(rule) if row.transport is not None else ""
    return f"{share}dials {whom}, {how}{because}; inside: {_inside(row)}."


def _inside(row: Sent) -> str:
    if row.carries == CARRIES_REQUEST:
        version = _VERSIONS.get(row.http or "", row.http)
        return f"{version}, Host `{row.host}`, path {row.path}"
    if row.carries == CARRIES_TLS:
        return f"the application's own TLS{f' for `{row.inner_sni}`' if row.inner_sni else ''}"
    return "bytes"


def _ending(end: End) -> str:
    """Return where it ends, and what the application and the sidecar's log see of it."""
    if end.at not in (AT_CLIENT, AT_GATEWAY):
        told = "It leaves the last proxy known; the destination answers."
        return " ".join([told, *(f"But {TROUBLES[name]} ({name})." for name in end.trouble)])
    got = f"gets {end.status}" if end.status else "sees its connection closed"
    logged = f", and the sidecar logs {end.status or 0} {end.flags}" if end.flags is not None else ""
    hidden = "; the cause stands in the gateway's log alone" if end.at == AT_GATEWAY else ""
    return f"The application {got}{logged}{hidden}."


def _governed(origin: Origin | None) -> str:
    if origin is None:
        return ""
    place = origin.host_source or origin.source
    return f" ({origin}{f', {place}' if place else ''})"
