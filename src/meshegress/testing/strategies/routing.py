"""Strategies for VirtualServices, delegates among them, and for the DestinationRules that give them subsets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from meshegress.resources import DestinationRule, ObjectMeta, VirtualService
from meshegress.resources.destination_rule import (
    DestinationRuleSpec,
    LoadBalancerSettings,
    PolicySelector,
    Subset,
    TrafficPolicy,
)
from meshegress.resources.virtual_service import (
    Delegate,
    Destination,
    HTTPDirectResponse,
    HTTPFaultAbort,
    HTTPFaultInjection,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRoute,
    HTTPRouteDestination,
    L4MatchAttributes,
    Percent,
    PortSelector,
    RouteDestination,
    StringMatch,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
    VirtualServiceSpec,
)
from meshegress.testing.strategies.vocabulary import (
    ANY_EXPORT,
    ANY_LABELS,
    ANY_NAMESPACE,
    ANY_PORT,
    ANY_RANGE,
    METADATA,
    hosts,
    names,
    rarely,
    some,
)

T = TypeVar("T")


def _texts(*values: str) -> st.SearchStrategy[StringMatch]:
    """Draw a condition on a text that one of *values* may meet."""
    conditions = [
        condition
        for text in values
        for condition in (
            StringMatch(exact=text),
            StringMatch(prefix=text[:3]),
            StringMatch(regex=f"{text[:1]}.*|{text[:2]}[a-z]+"),
        )
    ]
    return st.sampled_from(conditions)


_HOSTS = st.tuples(hosts()) | st.sampled_from(
    (("a.com", "b.com"), ("x.a.com", "c.org"), ("*.a.com", "b.com"), ("*.org", "*.com"))
)
_BOUND = st.sampled_from(((), (), ("mesh",), ("mesh", "edge"), ("edge",)))
_COUNT = st.integers(1, 3)
_ROUTE_NAME = st.sampled_from(("", "one"))
_ACTION = st.sampled_from(("route", "route", "split", "redirect", "answer", "fault", "fault", "delegate", "delegate"))
_REDIRECT_CODE = st.sampled_from((0, 302, 307))
_STATUS = st.sampled_from((200, 418, 503))
DELEGATE = "leaf"
"""What all delegates are called, each in its namespace."""
_DELEGATE_NAMESPACE = st.just("") | ANY_NAMESPACE
_SHARE = st.sampled_from((None, 0.0, 50.0, 100.0, 100.0, 100.0))
_WEIGHT = st.sampled_from((1, 9, 90))
_SUBSET = st.sampled_from(("", "", "v1", "v2"))
_PORT = st.none() | ANY_PORT.map(lambda number: PortSelector(number=number))
_DESTINATION = st.builds(Destination, host=names() | st.sampled_from(("api", "A.com")), subset=_SUBSET, port=_PORT)
_HTTP_DESTINATION = st.builds(HTTPRouteDestination, destination=_DESTINATION, weight=_WEIGHT)
_ROUTE_DESTINATION = st.builds(RouteDestination, destination=_DESTINATION, weight=_WEIGHT)
_PRESENCE = st.just(StringMatch())
_HEADER = st.fixed_dictionaries({"x-user": _PRESENCE | _texts("alice", "bob")})
_QUERY = st.fixed_dictionaries({"q": _PRESENCE | _texts("1", "12")})
_URI = st.none() | _texts("/", "/api", "/api/x", "/API")
_METHOD = _texts("GET", "POST")
_SCHEME = _texts("http", "https")
_AUTHORITY = _texts("a.com", "a.com:80", "api")
_GATEWAY = st.sampled_from((("mesh",), ("edge",)))
_SUBNETS = some(ANY_RANGE, least=1)
_MATCH_NAME = st.just("m")
_CONDITIONS: tuple[tuple[str, st.SearchStrategy[Any]], ...] = (
    ("uri", _URI),
    ("uri", _URI),
    ("ignore_uri_case", st.just(True)),
    ("method", _METHOD),
    ("scheme", _SCHEME),
    ("authority", _AUTHORITY),
    ("headers", _HEADER),
    ("without_headers", _HEADER),
    ("query_params", _QUERY),
    ("port", ANY_PORT),
    ("gateways", _GATEWAY),
    ("source_labels", ANY_LABELS),
    ("source_namespace", ANY_NAMESPACE),
)
_CONDITION = st.sampled_from(_CONDITIONS)


@st.composite
def virtual_services(draw: st.DrawFn, hosts: tuple[str, ...] = ()) -> VirtualService:
    """Draw a VirtualService with routes of every kind, for *hosts* or else for some."""
    chosen = hosts or draw(_HOSTS)
    http = rarely(draw, st.just(()), True) and _http_routes(draw, is_root=True)
    tcp = tuple(_tcp_route(draw) for _ in range(rarely(draw, _COUNT, 0)))
    tls = tuple(_tls_route(draw, chosen) for _ in range(rarely(draw, _COUNT, 0 if http or tcp else 1)))
    spec = VirtualServiceSpec(
        hosts=chosen, gateways=draw(_BOUND), http=http, tcp=tcp, tls=tls, export_to=draw(ANY_EXPORT)
    )
    return VirtualService(metadata=draw(METADATA), spec=spec)


@st.composite
def delegates(draw: st.DrawFn, namespace: str = "") -> VirtualService:
    """Draw a VirtualService without hosts, in *namespace* or else in some, whose routes others take in."""
    spec = VirtualServiceSpec(http=_http_routes(draw, is_root=False), export_to=draw(ANY_EXPORT))
    return VirtualService(metadata=ObjectMeta(name=DELEGATE, namespace=namespace or draw(ANY_NAMESPACE)), spec=spec)


def _http_routes(draw: st.DrawFn, *, is_root: bool) -> tuple[HTTPRoute, ...]:
    return tuple(
        HTTPRoute(name=draw(_ROUTE_NAME), match=_several(draw, _match, least=0), **_action(draw, is_root=is_root))
        for _ in range(draw(_COUNT))
    )


def _action(draw: st.DrawFn, *, is_root: bool) -> dict[str, Any]:
    kind = draw(_ACTION)
    if kind == "redirect":
        return {"redirect": HTTPRedirect(uri="/there", redirect_code=draw(_REDIRECT_CODE))}
    if kind == "answer":
        return {"direct_response": HTTPDirectResponse(status=draw(_STATUS))}
    if kind == "delegate" and is_root:
        return {"delegate": Delegate(name=DELEGATE, namespace=draw(_DELEGATE_NAMESPACE))}
    given: dict[str, Any] = {"route": tuple(draw(_HTTP_DESTINATION) for _ in range(2 if kind == "split" else 1))}
    if kind == "fault":
        share = draw(_SHARE)
        percentage = None if share is None else Percent(value=share)
        given["fault"] = HTTPFaultInjection(abort=HTTPFaultAbort(http_status=555, percentage=percentage))
    return given


def _several(draw: st.DrawFn, one: Callable[[st.DrawFn], T], least: int = 1) -> tuple[T, ...]:
    """Return one, two or three of what *one* draws, or one less."""
    return tuple(one(draw) for _ in range(draw(_COUNT) - 1 + least))


def _match(draw: st.DrawFn) -> HTTPMatchRequest:
    chosen = [draw(_CONDITION) for _ in range(draw(_COUNT) - 1)]
    return HTTPMatchRequest(name=rarely(draw, _MATCH_NAME, ""), **{field: draw(values) for field, values in chosen})


def _senders(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a match asks of the sender."""
    return {
        "gateways": rarely(draw, _GATEWAY, ()),
        "source_labels": rarely(draw, ANY_LABELS, {}),
        "source_namespace": rarely(draw, ANY_NAMESPACE, ""),
    }


def _connection(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a match asks of a connection."""
    return {
        "destination_subnets": rarely(draw, _SUBNETS, ()),
        "port": rarely(draw, ANY_PORT, 0),
        **_senders(draw),
    }


def _tls_route(draw: st.DrawFn, chosen: tuple[str, ...]) -> TLSRoute:
    inside = [*chosen, *(f"x{host[1:]}" for host in chosen if host.startswith("*"))]

    def match(draw: st.DrawFn) -> TLSMatchAttributes:
        names = tuple(dict.fromkeys((inside[draw(_COUNT) % len(inside)], inside[0])))
        return TLSMatchAttributes(sni_hosts=names, **_connection(draw))

    return TLSRoute(match=_several(draw, match), route=_ends(draw))


def _tcp_route(draw: st.DrawFn) -> TCPRoute:
    matches = _several(draw, lambda draw: L4MatchAttributes(**_connection(draw)), least=0)
    return TCPRoute(match=matches, route=_ends(draw))


def _ends(draw: st.DrawFn) -> tuple[RouteDestination, ...]:
    return tuple(draw(_ROUTE_DESTINATION) for _ in range(rarely(draw, _COUNT, 1)))


_RULE_HOST = hosts() | st.just("api")
_VERSION: st.SearchStrategy[dict[str, str]] = st.sampled_from(({}, {"version": "v1"}))
_NAMES = some(st.sampled_from(("v1", "v2")))
_PASSTHROUGH = st.just(TrafficPolicy(load_balancer=LoadBalancerSettings(simple="PASSTHROUGH")))
_SELECTOR = ANY_LABELS.map(lambda drawn: PolicySelector(match_labels=drawn))
_PRIVATE: st.SearchStrategy[tuple[str, ...]] = st.sampled_from(((), (".",)))


@st.composite
def destination_rules(draw: st.DrawFn, host: str = "") -> DestinationRule:
    """Draw a DestinationRule for *host*, else for some, with subsets; some are for selected workloads."""
    selector = rarely(draw, _SELECTOR)
    spec = DestinationRuleSpec(
        host=host or draw(_RULE_HOST),
        subsets=tuple(Subset(name=name, labels=draw(_VERSION)) for name in draw(_NAMES)),
        traffic_policy=rarely(draw, _PASSTHROUGH),
        workload_selector=selector,
        export_to=draw(_PRIVATE if selector else ANY_EXPORT),
    )
    return DestinationRule(metadata=draw(METADATA), spec=spec)
