"""What RESPONSE_CODE_DETAILS says, in words: the reasons of Envoy, by their first part."""

from __future__ import annotations

_MEANINGS = {
    "via_upstream": "the upstream answered, and this is its status",
    "direct_response": "the route itself answers; of Istio's own routes, `block_all` answers 502",
    "route_not_found": "no route of the virtual host matches, or no virtual host matches the authority",
    "cluster_not_found": "the route names a cluster that the proxy does not have",
    "filter_chain_not_found": "no filter chain of the listener matches the connection",
    "no_healthy_upstream": "the cluster has no usable host",
    "upstream_reset_before_response_started": "the upstream connection failed or was closed before any response",
    "upstream_reset_after_response_started": "the upstream connection was closed in the middle of the response",
    "response_timeout": "the timeout of the route ran out",
    "upstream_response_timeout": "the timeout of the route ran out",
    "upstream_per_try_timeout": "the timeout of a single try ran out",
    "upstream_max_stream_duration_reached": "the stream to the upstream lasted longer than is allowed",
    "max_duration_timeout": "the stream lasted longer than is allowed",
    "stream_idle_timeout": "the stream was idle for too long",
    "request_overall_timeout": "the request did not arrive in the time that is allowed",
    "downstream_remote_disconnect": "the client closed the connection",
    "downstream_local_disconnect": "the proxy closed the connection of the client",
    "fault_filter_abort": "the fault filter aborted the request",
    "ext_authz_denied": "the external authorization service denied the request",
    "ext_authz_error": "the external authorization service could not be asked",
    "rbac_access_denied_matched_policy": "an authorization policy denied the request; its name is in the brackets",
    "local_rate_limited": "the local rate limit was reached",
    "request_rate_limited": "the rate limit service denied the request",
    "rate_limiter_error": "the rate limit service could not be asked",
    "dns_resolution_failure": "the name of the upstream could not be resolved",
    "overload": "a circuit breaker or the overload manager refused the request",
    "drop_overload": "the load report asked to drop a share of requests",
    "unconditional_drop_overload": "the load report asked to drop all requests",
    "missing_host_header": "the request has no Host header",
    "absolute_path_rejected": "the request line has an absolute form that is not allowed",
    "path_normalization_failed": "the path cannot be normalized",
    "low_version": "HTTP/1.0 is not accepted, or the version is unknown",
    "request_headers_failed_strict_check": "a header that is Envoy's own has a bad value",
    "http.invalid_authority": "the authority holds characters that are not allowed",
    "cache.response_from_cache_filter": "the answer came from the cache",
    "health_check_ok": "the health-check filter answered for this server",
    "health_check_failed": "the health-check filter answered while this server is marked failed",
    "internal_redirect": "the proxy followed a redirect itself",
    "upgrade_failed": "the upgrade is not allowed",
}
_FAMILIES = {
    "http1.": "the bytes of the client are not a valid HTTP/1",
    "http2.": "the bytes of the client are not a valid HTTP/2",
    "http3.": "the bytes of the client are not a valid HTTP/3",
    "jwt_authn_access_denied": "the token of the request was refused",
}


def explain_details(details: str | None) -> str | None:
    """Return what *details* means, None where this version does not know.

    >>> explain_details("upstream_reset_before_response_started{connection_termination}")
    'the upstream connection failed or was closed before any response: connection_termination'
    """
    if details is None:
        return None
    name, _, tail = details.partition("{")
    base = name.partition("[")[0]
    meaning = _MEANINGS.get(base) or next((text for start, text in _FAMILIES.items() if base.startswith(start)), None)
    return f"{meaning}: {tail.removesuffix('}')}" if meaning and tail else meaning
