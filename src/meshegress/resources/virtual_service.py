"""VirtualService: the routes of hosts, for HTTP, TLS and plain connections."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from meshegress.resources._message import (
    Base64,
    Bool,
    Double,
    Duration,
    FrozenMap,
    Int32,
    Message,
    OneOf,
    StringMap,
    UInt32,
    WireEnum,
    harmless,
    honoured,
    unsupported,
)
from meshegress.resources.metadata import Resource


class StringMatch(OneOf):
    """A condition on a text: exactly one of the three is set, none means presence."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("exact", "prefix", "regex"),)

    exact: str | None = honoured(None)
    prefix: str | None = honoured(None)
    regex: str | None = honoured(None)


StringMatchMap = Annotated[dict[str, StringMatch], AfterValidator(FrozenMap)]


class HTTPMatchRequest(Message):
    """Conditions on one request; all must hold."""

    name: str = honoured("")
    uri: StringMatch | None = honoured(None)
    scheme: StringMatch | None = honoured(None)
    method: StringMatch | None = honoured(None)
    authority: StringMatch | None = honoured(None)
    headers: StringMatchMap = honoured(factory=FrozenMap)
    port: UInt32 = honoured(0)
    source_labels: StringMap = honoured(factory=FrozenMap)
    gateways: tuple[str, ...] = honoured(())
    query_params: StringMatchMap = honoured(factory=FrozenMap)
    ignore_uri_case: Bool = honoured(False)
    without_headers: StringMatchMap = honoured(factory=FrozenMap)
    source_namespace: str = honoured("")
    stat_prefix: str = harmless("")


class PortSelector(Message):
    """A port by its number."""

    number: UInt32 = honoured(0)


class Destination(Message):
    """A service, or a subset of one, on a port."""

    host: str = honoured("")
    subset: str = honoured("")
    port: PortSelector | None = honoured(None)


class HeaderOperations(Message):
    """Headers to set, add and remove."""

    set: StringMap = harmless(factory=FrozenMap)
    add: StringMap = harmless(factory=FrozenMap)
    remove: tuple[str, ...] = harmless(())


class Headers(Message):
    """Changes to headers on the way."""

    request: HeaderOperations | None = harmless(None)
    response: HeaderOperations | None = harmless(None)


class HTTPRouteDestination(Message):
    """A destination and its share."""

    destination: Destination | None = honoured(None)
    weight: Int32 = honoured(0)
    headers: Headers | None = harmless(None)


class RedirectPortSelection(WireEnum):
    """Where the port of a redirect comes from."""

    FROM_PROTOCOL_DEFAULT = "FROM_PROTOCOL_DEFAULT"
    FROM_REQUEST_PORT = "FROM_REQUEST_PORT"


class HTTPRedirect(OneOf):
    """An answer that sends the client elsewhere."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("port", "derive_port"),)

    uri: str = honoured("")
    authority: str = honoured("")
    port: UInt32 | None = honoured(None)
    derive_port: RedirectPortSelection | None = honoured(None)
    scheme: str = honoured("")
    redirect_code: UInt32 = honoured(0)
    prefix_rewrite: str = honoured("")


class HTTPBody(OneOf):
    """The body of a direct answer."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("string", "bytes"),)

    string: str | None = harmless(None)
    bytes: Base64 | None = harmless(None)


class HTTPDirectResponse(Message):
    """An answer by the proxy itself."""

    status: UInt32 = honoured(0)
    body: HTTPBody | None = honoured(None)


class Delegate(Message):
    """The VirtualService that continues the routing."""

    name: str = honoured("")
    namespace: str = honoured("")


class RegexRewrite(Message):
    """A rewrite of the path by pattern."""

    match: str = honoured("")
    rewrite: str = honoured("")


class HTTPRewrite(Message):
    """Changes to path and authority before forwarding."""

    uri: str = honoured("")
    authority: str = honoured("")
    uri_regex_rewrite: RegexRewrite | None = honoured(None)


class HTTPRetry(Message):
    """When and how often a request is tried again."""

    attempts: Int32 = harmless(0)
    per_try_timeout: Duration | None = harmless(None)
    retry_on: str = harmless("")
    retry_remote_localities: Bool | None = harmless(None)
    retry_ignore_previous_hosts: Bool | None = harmless(None)
    backoff: Duration | None = harmless(None)


class Percent(Message):
    """A share in per cent."""

    value: Double = honoured(0.0)


class HTTPFaultDelay(OneOf):
    """A delay, for a share of the requests."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("fixed_delay", "exponential_delay"),)

    percent: Int32 = honoured(0)
    fixed_delay: Duration | None = honoured(None)
    exponential_delay: Duration | None = honoured(None)
    percentage: Percent | None = honoured(None)


class HTTPFaultAbort(OneOf):
    """An early end, for a share of the requests."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("http_status", "grpc_status", "http2_error"),)

    http_status: Int32 | None = honoured(None)
    grpc_status: str | None = honoured(None)
    http2_error: str | None = honoured(None)
    percentage: Percent | None = honoured(None)


class HTTPFaultInjection(Message):
    """Faults put in on purpose."""

    delay: HTTPFaultDelay | None = harmless(None)
    abort: HTTPFaultAbort | None = honoured(None)


class HTTPMirrorPolicy(Message):
    """A copy of requests to another destination."""

    destination: Destination | None = honoured(None)
    percentage: Percent | None = harmless(None)


class UnmatchedPreflights(WireEnum):
    """What happens to preflights that no origin matches."""

    UNSPECIFIED = "UNSPECIFIED"
    FORWARD = "FORWARD"
    IGNORE = "IGNORE"


class CorsPolicy(Message):
    """The policy for requests across origins."""

    allow_origin: tuple[str, ...] = harmless(())
    allow_origins: tuple[StringMatch, ...] = harmless(())
    allow_methods: tuple[str, ...] = harmless(())
    allow_headers: tuple[str, ...] = harmless(())
    expose_headers: tuple[str, ...] = harmless(())
    max_age: Duration | None = harmless(None)
    allow_credentials: Bool | None = harmless(None)
    unmatched_preflights: UnmatchedPreflights = harmless(UnmatchedPreflights.UNSPECIFIED)


class HTTPRoute(Message):
    """One rule of HTTP routing: the conditions, and what then happens."""

    name: str = honoured("")
    match: tuple[HTTPMatchRequest, ...] = honoured(())
    route: tuple[HTTPRouteDestination, ...] = honoured(())
    redirect: HTTPRedirect | None = honoured(None)
    direct_response: HTTPDirectResponse | None = honoured(None)
    delegate: Delegate | None = honoured(None)
    rewrite: HTTPRewrite | None = honoured(None)
    timeout: Duration | None = harmless(None)
    retries: HTTPRetry | None = harmless(None)
    fault: HTTPFaultInjection | None = honoured(None)
    mirror: Destination | None = honoured(None)
    mirrors: tuple[HTTPMirrorPolicy, ...] = honoured(())
    mirror_percent: UInt32 | None = harmless(None)
    mirror_percentage: Percent | None = harmless(None)
    cors_policy: CorsPolicy | None = unsupported(None)
    headers: Headers | None = harmless(None)


class TLSMatchAttributes(Message):
    """Conditions on a TLS connection."""

    sni_hosts: tuple[str, ...] = honoured(())
    destination_subnets: tuple[str, ...] = honoured(())
    port: UInt32 = honoured(0)
    source_labels: StringMap = honoured(factory=FrozenMap)
    gateways: tuple[str, ...] = honoured(())
    source_namespace: str = honoured("")


class RouteDestination(Message):
    """A destination of a connection and its share."""

    destination: Destination | None = honoured(None)
    weight: Int32 = honoured(0)


class TLSRoute(Message):
    """One rule of routing for TLS connections."""

    match: tuple[TLSMatchAttributes, ...] = honoured(())
    route: tuple[RouteDestination, ...] = honoured(())


class L4MatchAttributes(Message):
    """Conditions on a connection."""

    destination_subnets: tuple[str, ...] = honoured(())
    port: UInt32 = honoured(0)
    source_subnet: str = honoured("")
    source_labels: StringMap = honoured(factory=FrozenMap)
    gateways: tuple[str, ...] = honoured(())
    source_namespace: str = honoured("")


class TCPRoute(Message):
    """One rule of routing for connections."""

    match: tuple[L4MatchAttributes, ...] = honoured(())
    route: tuple[RouteDestination, ...] = honoured(())


class VirtualServiceSpec(Message):
    """The hosts, and the routes of each kind."""

    hosts: tuple[str, ...] = honoured(())
    gateways: tuple[str, ...] = honoured(())
    http: tuple[HTTPRoute, ...] = honoured(())
    tls: tuple[TLSRoute, ...] = honoured(())
    tcp: tuple[TCPRoute, ...] = honoured(())
    export_to: tuple[str, ...] = honoured(())


class VirtualService(Resource):
    """The routing rules of hosts."""

    api_version: str = honoured("networking.istio.io/v1")
    kind: str = honoured("VirtualService")
    spec: VirtualServiceSpec = honoured(factory=lambda: VirtualServiceSpec())
    status: Any = harmless(None)
