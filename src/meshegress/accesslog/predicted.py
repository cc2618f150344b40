"""The values that a sidecar, or a gateway, would log for a decided request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from meshegress.accesslog.presets import KEYS
from meshegress.decision import Decision, Outcome
from meshegress.errors import RequestError
from meshegress.naming import VIRTUAL_OUTBOUND
from meshegress.request import Request, WireProtocol

#: What stands for the moment of a request that was never sent.
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_CLIENT = "192.0.2.1:40000"
_PROTOCOLS = {WireProtocol.HTTP: "HTTP/1.1", WireProtocol.HTTP2: "HTTP/2", WireProtocol.HTTP10: "HTTP/1.0"}
_UNLOGGED = {
    Outcome.NO_LISTENER: "no listener takes the connection, so nothing is logged",
    Outcome.RESERVED: "the port is the proxy's own, so nothing is logged",
    Outcome.TLS_ERROR: "the handshake fails before there is a request, so nothing is logged",
    Outcome.WAITING: "the proxy still waits for bytes, so nothing is logged",
    Outcome.NOT_CAPTURED: "the request goes past the sidecar, so nothing is logged",
    Outcome.UNKNOWN: "no sidecar decides, so nothing is known of a log",
}
# The bytes of the sidecar's own answers, by their details; those of others are empty, or the configuration's.
_BODY_BYTES = {
    "no_healthy_upstream": 19,
    "fault_filter_abort": 18,
    **dict.fromkeys(("http1.codec_error", "http1.invalid_characters", "http1.invalid_url"), 11),
    "http.invalid_authority": 11,
}
# The HTTP codec gave up before there was a request to speak of.
_UNREAD = frozenset({Outcome.CODEC_ERROR})


def predicted_values(
    decision: Decision,
    request: Request,
    *,
    istio: str | None,
    tls_inspector: bool | None,
    known: Mapping[str, object],
) -> dict[str, object]:
    """Return the values by operator that the proxy of *istio* would log for *request*, decided as *decision*.

    What nobody can predict is absent, or as *known* says, by Istio's key: ``start_time``, ``upstream_host``,
    ``duration``... An upstream is taken to answer 200.

    Raises RequestError where the proxy writes no record, or a key of *known* is none of Istio's.
    """
    if decision.outcome in _UNLOGGED:
        raise RequestError(request, _UNLOGGED[decision.outcome])
    unknown = sorted(set(known) - set(KEYS))
    if unknown:
        raise RequestError(unknown[0], f"is not a field of an access log; the fields are {', '.join(KEYS)}")
    cluster = _cluster(decision)
    destination = f"{_bracketed(request.address)}:{request.port}" if request.address else None
    values: dict[str, object] = {
        "START_TIME": NO_MOMENT,
        "RESPONSE_CODE": 0,
        "RESPONSE_FLAGS": decision.flags,
        "RESPONSE_CODE_DETAILS": decision.details,
        "BYTES_RECEIVED": 0,
        "BYTES_SENT": 0,
        "DURATION": 0,
        "UPSTREAM_CLUSTER": _stat_name(cluster, istio),
        "UPSTREAM_CLUSTER_RAW": cluster,
        "UPSTREAM_HOST": destination if decision.outcome is Outcome.PASSTHROUGH else None,
        "DOWNSTREAM_LOCAL_ADDRESS": destination,
        "DOWNSTREAM_REMOTE_ADDRESS": _CLIENT,
        "REQUESTED_SERVER_NAME": _server_name(decision, request, tls_inspector),
        "ROUTE_NAME": decision.route,
    }
    if _is_http(decision):
        values |= _http_values(decision, request)
    given = {KEYS[key]: value for key, value in known.items()}
    if "upstream_cluster" in known:
        given["UPSTREAM_CLUSTER_RAW"] = known["upstream_cluster"]
    return values | given


def _is_http(decision: Decision) -> bool:
    return decision.route_config is not None or decision.outcome in (Outcome.CODEC_ERROR, Outcome.HTTP10_REJECTED)


def _http_values(decision: Decision, request: Request) -> dict[str, object]:
    protocol = _PROTOCOLS.get(request.protocol, "HTTP/1.1")
    values: dict[str, object] = {
        "PROTOCOL": protocol,
        "RESPONSE_CODE": decision.status or 200,
        "RESPONSE_CODE_DETAILS": decision.details or "via_upstream",
        "BYTES_SENT": 0 if request.method == "HEAD" else _BODY_BYTES.get(decision.details or "", 0),
    }
    if decision.outcome in _UNREAD:
        return values
    headers: dict[str, object] = {}
    for name, value in request.headers:
        headers.setdefault(f"REQ({name.upper()})", value)
    return (
        values
        | headers
        | {
            "REQ(:METHOD)": request.method,
            "REQ(:PATH)": request.path,
            "REQ(:AUTHORITY)": request.host,
        }
    )


def _cluster(decision: Decision) -> str | None:
    """The cluster; of a split, the member that takes most."""
    if decision.destinations:
        return max(decision.destinations, key=lambda destination: destination.weight).cluster
    return decision.cluster


def _stat_name(cluster: str | None, istio: str | None) -> str | None:
    """Since Istio 1.23 every cluster has a name for statistics that ends in a delimiter; UPSTREAM_CLUSTER shows it."""
    if cluster is None or istio is None:
        return cluster
    major, minor, *_ = (int(part) for part in f"{istio}.0".split(".")[:2])
    return f"{cluster};" if (major, minor) >= (1, 23) else cluster


def _server_name(decision: Decision, request: Request, tls_inspector: bool | None) -> str | None:
    """The server name stands in the log only where a TLS inspector has read it.

    Today's catch-all listener has none; a listener of a service has one where its chains match by server name.
    """
    if tls_inspector is None:
        tls_inspector = (
            decision.listener not in (None, VIRTUAL_OUTBOUND) and decision.outcome is not Outcome.PASSTHROUGH
        )
    return request.sni.lower() if request.is_tls and request.sni and tls_inspector else None


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
