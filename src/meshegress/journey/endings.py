"""Where a journey ends, what the application gets then, and what the sidecar's log says.

Recorded from Istio 1.30.3 and Envoys chained on loopback.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshegress.decision import Decision, Outcome
from meshegress.journey.rows import AT_CLIENT, AT_GATEWAY, BEYOND, CARRIES_REQUEST, CARRIES_TLS, TROUBLES, End, Sent
from meshegress.request import Request

_HTTPS = 443
_ENDED = (503, "UC")
_NOT_REACHED = (503, "URX,UF")


def end_at_client(hop1: Decision) -> End:
    """Return the end of a request that the sidecar answers, or closes."""
    return End(AT_CLIENT, hop1.outcome.value, hop1.status, hop1.flags)


def end_beyond(outcome: str, rows: Iterable[Sent], request: Request, *, is_unended: bool = False) -> End:
    """Return the end of what leaves the last proxy known in *rows*, with what will trouble the destination."""
    found = {name for row in rows for name in _troubles(row, request)}
    if is_unended:
        found.add("hop1_tls_unended")
    return End(BEYOND, outcome, trouble=tuple(name for name in TROUBLES if name in found))


def end_at_gateway(hop2: Decision, row: Sent, *, is_read: bool) -> End:
    """Return the end of what a gateway refuses or answers; the sidecar that sent *row* reads HTTP or not."""
    status, flags = _seen_by_client(hop2, row)
    return End(AT_GATEWAY, hop2.outcome.value, status, flags) if is_read else _unread(hop2, status)


def _seen_by_client(hop2: Decision, row: Sent) -> tuple[int | None, str | None]:
    if hop2.outcome is Outcome.NO_LISTENER:
        return _NOT_REACHED
    if hop2.outcome in (Outcome.NO_FILTER_CHAIN, Outcome.TLS_ERROR):
        return _ENDED if row.transport is None else _NOT_REACHED
    if hop2.outcome is Outcome.CODEC_ERROR and row.transport is not None:
        return _NOT_REACHED  # what the gateway answers in the clear is no TLS to the sidecar
    if hop2.route_config is None and hop2.flags != "-":
        return _ENDED
    return (hop2.status, "-") if hop2.status else (None, None)


def _unread(hop2: Decision, status: int | None) -> End:
    """Return the end where the sidecar carries bytes: only what the gateway answers in HTTP comes through."""
    answered = status if hop2.route_config is not None and hop2.outcome is not Outcome.CODEC_ERROR else None
    return End(AT_GATEWAY, hop2.outcome.value, answered)


def _troubles(row: Sent, request: Request) -> Iterator[str]:
    transport = row.transport
    if transport is None:
        if row.carries == CARRIES_REQUEST and row.port == _HTTPS != request.port:
            yield "plaintext_to_443"
        return
    if transport.is_mesh_tls:
        if row.cluster_details is not None and row.cluster_details.external:
            yield "mesh_tls_outside"
        return
    if row.carries == CARRIES_TLS:
        yield "tls_in_tls"
    if transport.sni is None:
        yield "tls_without_sni"
