"""Routes of a VirtualService as Envoy asks them, for one proxy and port.

Source: Istio, pilot/pkg/networking/core/route, route.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from meshegress.compiler.model.drafts import weighted
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import MESH_GATEWAY, HttpEntry, ResolvedVirtualService, RouteTarget
from meshegress.resources.virtual_service import HTTPFaultInjection, HTTPMatchRequest, HTTPRewrite, StringMatch
from meshegress.table import (
    EVERY_PATH,
    DirectResponse,
    FaultAbort,
    FieldMatch,
    MatchKind,
    Redirect,
    Rewrite,
    RewritingAction,
    Route,
    RouteAction,
    RouteMatch,
    StringMatcher,
)

_REDIRECT_CODES = {0: 301, 301: 301, 302: 302, 303: 303, 307: 307, 308: 308}

# Envoy aborts with a gRPC status whatever the client speaks: the status stands in a header of an answer 200.
_GRPC_ABORT = 200

ClusterOf = Callable[[RouteTarget], str]


def http_routes(
    row: ResolvedVirtualService, proxy: Proxy, port: int, cluster_of: ClusterOf, gateway: str = MESH_GATEWAY
) -> tuple[Route, ...]:
    """Return the routes of *row* that hold for *proxy* on *port* of *gateway*, up to a first that takes everything."""
    routes: list[Route] = []
    for entry in row.http:
        for match in entry.matches or (None,):
            if match is not None and not _applies(match, proxy, port, gateway):
                continue
            route = _route(entry, match, cluster_of)
            routes.append(route)
            if match is None or _takes_everything(route.match):
                return tuple(routes)
    return tuple(routes)


def _applies(match: HTTPMatchRequest, proxy: Proxy, port: int, gateway: str) -> bool:
    """Return whether a match can hold at all for *proxy*; a list of gateways is the only thing asked where given."""
    if match.port not in (0, port):
        return False
    if match.gateways:
        return gateway in match.gateways
    return proxy.has_labels(match.source_labels) and match.source_namespace in ("", proxy.namespace)


def _route(entry: HttpEntry, match: HTTPMatchRequest | None, cluster_of: ClusterOf) -> Route:
    name = f"{entry.name}.{match.name}" if match is not None and match.name else entry.name
    return Route(
        name=name or None,
        match=EVERY_PATH if match is None else _route_match(match),
        action=_action(entry, cluster_of),
        fault=_fault(entry.fault),
        origin=entry.origin,
    )


def _action(entry: HttpEntry, cluster_of: ClusterOf) -> RouteAction | Redirect | DirectResponse | None:
    if entry.redirect is not None:
        status = _REDIRECT_CODES.get(entry.redirect.redirect_code)
        return None if status is None else Redirect(status)
    if entry.direct_response is not None:
        return DirectResponse(entry.direct_response)
    clusters = weighted(entry.targets, map(cluster_of, entry.targets))
    return RouteAction(clusters) if entry.rewrite is None else RewritingAction(clusters, _rewrite(entry.rewrite))


def _rewrite(rewrite: HTTPRewrite) -> Rewrite:
    found = rewrite.uri_regex_rewrite
    if found is not None:
        return Rewrite(rewrite.authority, pattern=found.match, substitution=found.rewrite)
    return Rewrite(rewrite.authority, rewrite.uri)


def _fault(fault: HTTPFaultInjection | None) -> FaultAbort | None:
    abort = fault.abort if fault is not None else None
    if abort is None:
        return None
    if abort.http_status is not None:
        status = abort.http_status
    elif abort.grpc_status:
        status = _GRPC_ABORT
    else:
        return None
    # Without a percentage, or with one that is not a number, Envoy aborts nothing.
    share = abort.percentage.value if abort.percentage is not None else 0.0
    return FaultAbort(status, share if share > 0 else 0.0)


def _takes_everything(match: RouteMatch) -> bool:
    path = match.path
    every_path = (path.kind, path.value) in ((MatchKind.PREFIX, "/"), (MatchKind.REGEX, ".*"))
    return every_path and not match.headers and not match.query


def _route_match(match: HTTPMatchRequest) -> RouteMatch:
    path = _string_match(match.uri, match.ignore_uri_case) if match.uri is not None else EVERY_PATH.path
    if path.kind is MatchKind.PRESENT:
        path = StringMatcher(MatchKind.PREFIX, "/", match.ignore_uri_case)
    pseudo = ((":method", match.method), (":authority", match.authority), (":scheme", match.scheme))
    headers = sorted((*_fields(match.headers), *_absent(match.without_headers)), key=lambda header: header.name)
    headers += [FieldMatch(name, _string_match(value)) for name, value in pseudo if value is not None]
    return RouteMatch(path, tuple(headers), tuple(_fields(match.query_params, lower=False)))


def _fields(conditions: Mapping[str, StringMatch | None], *, lower: bool = True) -> Iterator[FieldMatch]:
    for name, value in conditions.items():
        yield FieldMatch(name.lower() if lower else name, _string_match(value))


def _absent(conditions: Mapping[str, StringMatch | None]) -> Iterator[FieldMatch]:
    """Yield conditions that must not hold; a missing header counts as empty unless mere presence is asked about."""
    for name, value in conditions.items():
        match = _string_match(value)
        empty = match.kind is not MatchKind.PRESENT
        yield FieldMatch(name.lower(), match, invert=True, missing_is_empty=empty)


def _string_match(match: StringMatch | None, ignore_case: bool = False) -> StringMatcher:
    if match is None or match.regex == "*":
        return StringMatcher(MatchKind.PRESENT)
    for kind in (MatchKind.EXACT, MatchKind.PREFIX, MatchKind.REGEX):
        value = getattr(match, kind.value)
        if value is not None:
            return StringMatcher(kind, value, ignore_case)
    return StringMatcher(MatchKind.PRESENT)
