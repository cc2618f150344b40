"""Why this virtual host, and why this route: the domains that fit less well, the conditions that do not hold."""

from __future__ import annotations

from meshegress._engine.conditions import RequestView, header_holds, parameter_holds, text_holds
from meshegress._engine.layout import EVERY_PATH, RouteRow
from meshegress._match import NO_MATCH, DomainTable
from meshegress.explain.steps import RejectedAlternative, Step
from meshegress.naming import ClusterName
from meshegress.request import Request
from meshegress.table import (
    DirectResponse,
    EndpointState,
    FieldMatch,
    HttpConnectionManager,
    MatchKind,
    Redirect,
    Route,
    RouteConfiguration,
    StringMatcher,
    Table,
    VirtualHost,
    WeightedCluster,
)
from meshegress.table.route_rows import route_row
from meshegress.wire import CODEC_REPLIES, CodecError
from meshegress.wire.paths import normalize_path, split_target

_COMPARED = {
    MatchKind.EXACT: "to be `{}`",
    MatchKind.PREFIX: "to begin with `{}`",
    MatchKind.REGEX: "to match `{}`",
    MatchKind.PRESENT: "to be there",
}


def judge_codec(manager: HttpConnectionManager, request: Request, *, ends_tls: bool = False) -> Step | None:
    """Return the step at which the codec ends *request*, or None where it goes on; it may read inside of TLS."""
    error = CodecError(request.codec_error)
    if request.is_mutual and not ends_tls:
        error = CodecError.BAD_BYTES
    if not error and request.is_http_10 and not manager.accept_http_10:
        error = CodecError.LOW_VERSION
    error = error or CodecError(request.request_error)
    if not error and normalize_path(split_target(request.target)[0], manager.path_normalization) is None:
        error = CodecError.PATH_NORMALIZATION
    if not error:
        return None
    if error is CodecError.WAITS:
        return Step("codec", "waiting", "the request has no end yet")
    status, flags, details = CODEC_REPLIES[error]
    return Step("codec", f"{status} {flags} {details}", "refused before any route")


def choose_host(routes: RouteConfiguration, request: Request) -> tuple[VirtualHost | None, Step]:
    """Return the virtual host of *request*, and the step that says why."""
    hosts = routes.virtual_hosts
    row = DomainTable([host.domains for host in hosts]).find(request.authority)
    if row == NO_MATCH:
        return None, Step("virtual host", "none", f"no domain of `{routes.name}` fits `{request.authority}`")
    found = hosts[row]
    # A name in full belongs to one host alone: only wildcards can lose.
    fits = ((host, domain) for host in hosts for domain in host.domains if "*" in domain)
    rejected = tuple(
        RejectedAlternative(host.name, f"its domain `{domain}` fits too, and says less", host.origin)
        for host, domain in fits
        if host is not found and _fits(domain, request.authority)
    )
    domain = min((domain for domain in found.domains if _fits(domain, request.authority)), key=_vagueness)
    return found, Step("virtual host", found.name, f"domain `{domain}` fits best", rejected, found.origin)


def choose_route(host: VirtualHost, manager: HttpConnectionManager, request: Request) -> tuple[Route | None, Step]:
    """Return the first route of *host* whose conditions hold, and the step that says why."""
    if request.verb == "CONNECT":
        return None, Step("route", "none", "CONNECT has no route here, whatever its path")
    view = RequestView(request, manager.path_normalization)
    rejected: list[RejectedAlternative] = []
    for route in host.routes:
        failed = _failed_condition(route, route_row(route, 0), view)
        if failed is None:
            reason = "it takes every path" if not rejected else "the first whose conditions hold"
            return route, Step("route", _named(route), reason, tuple(rejected), route.origin)
        rejected.append(RejectedAlternative(_named(route), failed, route.origin))
    return None, Step("route", "none", "no condition holds, and there is no way back to another host", tuple(rejected))


def show_action(table: Table, route: Route) -> Step:
    """Return the step that says what *route* does."""
    if isinstance(route.action, Redirect):
        return Step("action", f"redirect with {route.action.status}")
    if isinstance(route.action, DirectResponse):
        return Step("action", f"answer {route.action.status} without asking anyone")
    return show_clusters(table, route.action.clusters if route.action else ())


def show_clusters(table: Table, clusters: tuple[WeightedCluster, ...]) -> Step:
    """Return the step that says which clusters are behind, and whether they exist."""
    shown = [
        f"{member.cluster}{f' ({member.weight})' if len(clusters) > 1 else ''}{_state(table, member.cluster)}"
        for member in clusters
    ]
    known = [table.clusters[member.cluster] for member in clusters if member.cluster in table.clusters]
    return Step("cluster", ", ".join(shown), origin=known[0].origin if known else None)


def _named(route: Route) -> str:
    return route.name or "(no name)"


def _fits(domain: str, authority: str) -> bool:
    return DomainTable([[domain]]).find(authority) == 0


def _vagueness(domain: str) -> tuple[bool, bool, int]:
    """Return the order in which Envoy looks: exact, longest suffix, longest prefix, ``*``."""
    return "*" in domain, domain == "*" or not domain.startswith("*"), -len(domain)


def _state(table: Table, name: str) -> str:
    cluster = table.clusters.get(name)
    if cluster is None:
        return "" if ClusterName.parse(name) is None else " – it does not exist"
    return " – nothing stands behind it" if cluster.endpoints is EndpointState.NONE else ""


def _failed_condition(route: Route, row: RouteRow, view: RequestView) -> str | None:
    """Return the first condition of *route* that does not hold, in words, or None."""
    if row.path.kind != EVERY_PATH and text_holds(row.path, view.path) is False:
        return f"path `{view.path}` had {_words(route.match.path)}"
    for field, header in zip(route.match.headers, row.headers, strict=True):
        values = view.header(header.name)
        if header_holds(header, values) is False:
            shown = ", ".join(f"`{value}`" for value in values or ()) or "missing"
            return f"header {field.name} ({shown}) had {_field_words(field)}"
    for field, (key, text) in zip(route.match.query, row.query, strict=True):
        value = view.parameter(key)
        if parameter_holds(text, value) is False:
            return f"query parameter {key} ({'missing' if value is None else f'`{value}`'}) had {_words(field.value)}"
    return None


def _field_words(field: FieldMatch) -> str:
    return f"not {_words(field.value)}" if field.invert else _words(field.value)


def _words(match: StringMatcher) -> str:
    return _COMPARED[match.kind].format(match.value) + (", in any case" if match.ignore_case else "")
