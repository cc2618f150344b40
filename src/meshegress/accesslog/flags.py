"""Response flags: short and long names, and what each means.

Several flags are joined by commas in the order in which they were raised. Other builds of Envoy may register more, so
an unknown flag is read and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResponseFlag:
    """One flag: as RESPONSE_FLAGS and as RESPONSE_FLAGS_LONG show it, and when it is raised."""

    short: str
    long: str
    meaning: str


FLAGS: tuple[ResponseFlag, ...] = (
    ResponseFlag("LH", "FailedLocalHealthCheck", "the health-check filter answered while this server is marked failed"),
    ResponseFlag("UH", "NoHealthyUpstream", "no usable host in the cluster; BlackHoleCluster never has one"),
    ResponseFlag("UT", "UpstreamRequestTimeout", "the timeout of the route or of one try ran out"),
    ResponseFlag("LR", "LocalReset", "this Envoy reset the stream"),
    ResponseFlag("UR", "UpstreamRemoteReset", "the upstream reset the stream or the connection"),
    ResponseFlag("UF", "UpstreamConnectionFailure", "connecting to the upstream or its TLS handshake failed"),
    ResponseFlag("UC", "UpstreamConnectionTermination", "the upstream closed mid-exchange; an upgrade ends so too"),
    ResponseFlag("UO", "UpstreamOverflow", "a circuit breaker is open"),
    ResponseFlag("NR", "NoRouteFound", "no route matches, or no filter chain of the listener"),
    ResponseFlag("DI", "DelayInjected", "the fault filter delayed the request"),
    ResponseFlag("FI", "FaultInjected", "the fault filter aborted the request"),
    ResponseFlag("RL", "RateLimited", "a rate limit was reached"),
    ResponseFlag("UAEX", "UnauthorizedExternalService", "the external authorization service denied the request"),
    ResponseFlag("RLSE", "RateLimitServiceError", "the rate limit service failed"),
    ResponseFlag("DC", "DownstreamConnectionTermination", "the client went away"),
    ResponseFlag("URX", "UpstreamRetryLimitExceeded", "retries, or attempts to connect, are used up"),
    ResponseFlag("SI", "StreamIdleTimeout", "the stream was idle for too long"),
    ResponseFlag(
        "IH", "InvalidEnvoyRequestHeaders", "a header that is Envoy's own has a bad value under strict checking"
    ),
    ResponseFlag("DPE", "DownstreamProtocolError", "the client does not speak valid HTTP"),
    ResponseFlag("UMSDR", "UpstreamMaxStreamDurationReached", "the stream lasted longer than is allowed"),
    ResponseFlag("RFCF", "ResponseFromCacheFilter", "the answer came from the cache"),
    ResponseFlag(
        "NFCF", "NoFilterConfigFound", "the configuration of a filter never arrived; there are no details then"
    ),
    ResponseFlag("DT", "DurationTimeout", "the connection lasted longer than is allowed"),
    ResponseFlag("UPE", "UpstreamProtocolError", "the upstream does not speak valid HTTP"),
    ResponseFlag("NC", "NoClusterFound", "the cluster of the route does not exist"),
    ResponseFlag("OM", "OverloadManagerTerminated", "the overload manager ended the request"),
    ResponseFlag("DF", "DnsResolutionFailed", "the name of the upstream could not be resolved"),
    ResponseFlag("DO", "DropOverload", "the load report asked to drop a share of requests"),
    ResponseFlag("DR", "DownstreamRemoteReset", "the client reset the stream"),
    ResponseFlag("UDO", "UnconditionalDropOverload", "the load report asked to drop all requests"),
)

LONG_NAMES: dict[str, str] = {flag.short: flag.long for flag in FLAGS}
_BY_NAME = {name: flag for flag in FLAGS for name in (flag.short, flag.long)}


def explain_flags(flags: Iterable[str]) -> tuple[ResponseFlag, ...]:
    """Return what each of *flags*, short or long, means.

    >>> explain_flags(["UF", "XX"])[1].meaning
    'a flag that this version does not know'
    """
    unknown = "a flag that this version does not know"
    return tuple(_BY_NAME.get(flag) or ResponseFlag(flag, flag, unknown) for flag in flags)
