"""Why nothing declares where a request goes: no entry, one that the sender does not see, one for other traffic."""

from __future__ import annotations

from itertools import islice

from meshegress.decision.reasons import ReasonCode
from meshegress.egress import Egress
from meshegress.request import Request

_SHOWN = 3


def why_undeclared(egress: Egress, request: Request) -> tuple[str, ...]:
    """Return why no resource takes *request*, each reason in a sentence that names its resource.

    That it is the policy that decides then is no news to anybody who replays a log.
    """
    reasons = (each for each in egress.reasons(request) if each.code is not ReasonCode.OUTBOUND_POLICY)
    told = tuple(dict.fromkeys(map(str, islice(reasons, _SHOWN))))
    if told:
        return told
    name = (request.name or request.sni or request.host or "").lower()
    if name:
        return (f"no entry names `{name}`",)
    return (f"the log shows no name, and nothing declares {request.address} on port {request.port}",)
