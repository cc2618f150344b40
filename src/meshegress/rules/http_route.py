"""HTTP routes of a VirtualService: what they match, and that they do one thing."""

from __future__ import annotations

from meshegress.profiles import Profile
from meshegress.resources.shape import shown
from meshegress.resources.virtual_service import HTTPMatchRequest, HTTPRoute, HTTPRouteDestination
from meshegress.rules.gateway_names import gateway_name_problems
from meshegress.rules.http_action import (
    cors_problems,
    direct_response_problems,
    fault_problems,
    redirect_problems,
    retry_problems,
    rewrite_problems,
)
from meshegress.rules.http_headers import authority_problems, header_problems
from meshegress.rules.names import duration_fault, is_dns_label, port_fault
from meshegress.rules.problem import Path, Problem, Problems, errors_only, fault, warning
from meshegress.rules.shared import destination_problems, label_problems
from meshegress.rules.string_match import header_name_problems, string_match_problems


def http_route_problems(route: HTTPRoute, profile: Profile, *, is_delegate: bool, converted: bool) -> Problems:
    """Judge one HTTP route; *converted* ones were made by Istio from the Gateway API."""
    yield from _conflicts(route, is_delegate=is_delegate)
    for index, match in enumerate(route.match):
        # Istio loses the warnings of matches.
        yield from errors_only(_match_problems(match, ("match", index)))
    yield from header_problems(route.headers, ("headers",))
    yield from cors_problems(route.cors_policy, profile)
    # ... and those of faults.
    yield from errors_only(fault_problems(route.fault))
    yield from _mirror_problems(route)
    yield from redirect_problems(route.redirect, profile, exact_uri=any(map(_is_exact, route.match)))
    yield from direct_response_problems(route.direct_response)
    yield from retry_problems(route.retries, profile)
    yield from rewrite_problems(route.rewrite)
    yield from authority_problems(route.rewrite, route.headers)
    yield from _destinations_problems(route.route, converted=converted)
    if route.timeout is not None:
        yield from fault(("timeout",), duration_fault(route.timeout))


def _conflicts(route: HTTPRoute, *, is_delegate: bool) -> Problems:
    """Refuse a route that does two things, or none."""
    if route.delegate is not None and not is_delegate:
        for field in ("redirect", "route"):
            if getattr(route, field):
                yield Problem((field,), f"a route that delegates has no {field}", f"remove `{field}` or `delegate`")
        return
    if route.delegate is not None:
        yield Problem(("delegate",), "a delegate does not delegate further", "remove `delegate`")
    yield from _action_conflicts(route)
    if route.mirror is not None and route.mirrors:
        yield Problem(("mirrors",), "mirror and mirrors exclude each other", "keep `mirrors`")


def _action_conflicts(route: HTTPRoute) -> Problems:
    others = {"route": bool(route.route), "fault": route.fault is not None, "rewrite": route.rewrite is not None}
    if route.redirect is not None:
        action, others["directResponse"] = "redirect", route.direct_response is not None
    elif route.direct_response is not None:
        action = "directResponse"
    else:
        if not route.route:
            yield Problem((), "the route leads nowhere", "give it `route`, `redirect` or `directResponse`")
        return
    for field, is_set in others.items():
        if is_set:
            yield Problem((field,), f"{action} and {field} exclude each other", "keep one")


def _is_exact(match: HTTPMatchRequest) -> bool:
    """Tell whether *match* is on a URI, and not by prefix."""
    return match.uri is not None and (match.uri.regex is not None or match.uri.prefix is None)


def _match_problems(match: HTTPMatchRequest, path: Path) -> Problems:
    for name, condition in match.headers.items():
        yield from header_name_problems(name, (*path, "headers", name))
        yield from string_match_problems(condition, (*path, "headers", name))
    for name, condition in match.without_headers.items():
        yield from header_name_problems(name, (*path, "withoutHeaders", name))
        if condition.regex != "*":  # presence, in the words of Istio
            yield from string_match_problems(condition, (*path, "withoutHeaders", name))
    if match.uri is not None:
        yield from string_match_problems(match.uri, (*path, "uri"), empty_prefix_allowed=True)
    for field in ("scheme", "method", "authority"):
        yield from string_match_problems(getattr(match, field), (*path, field))
    for name, condition in match.query_params.items():
        yield from string_match_problems(condition, (*path, "queryParams", name))
    if match.port:
        yield from fault((*path, "port"), port_fault(match.port))
    yield from label_problems(match.source_labels, (*path, "sourceLabels"))
    yield from gateway_name_problems(match.gateways, (*path, "gateways"))
    if match.source_namespace and not is_dns_label(match.source_namespace):
        yield Problem(
            (*path, "sourceNamespace"),
            f"{shown(match.source_namespace)} is not a namespace",
            "write the name of a namespace",
        )


def _mirror_problems(route: HTTPRoute) -> Problems:
    if route.mirror_percent is not None:
        if route.mirror_percent > 100:
            yield Problem(("mirrorPercent",), "the share is above 100", "write a share from 0 to 100")
        yield warning(("mirrorPercent",), "this field is deprecated", "use `mirrorPercentage`")
    if route.mirror_percentage is not None:
        yield from _share_problems(route.mirror_percentage.value, ("mirrorPercentage",))
    yield from destination_problems(route.mirror, ("mirror",))
    for index, mirror in enumerate(route.mirrors):
        path = ("mirrors", index)
        if mirror.destination is None:
            yield Problem((*path, "destination"), "the destination is missing", "give it a `destination`")
            continue
        yield from destination_problems(mirror.destination, (*path, "destination"))
        if mirror.percentage is not None:
            yield from _share_problems(mirror.percentage.value, (*path, "percentage"))


def _share_problems(value: float, path: Path) -> Problems:
    if value < 0 or value > 100:  # NaN is neither
        yield Problem(path, f"share `{value}` is not in 0 to 100", "write a share from 0 to 100")


def _destinations_problems(routes: tuple[HTTPRouteDestination, ...], *, converted: bool) -> Problems:
    for index, each in enumerate(routes):
        yield from header_problems(each.headers, ("route", index, "headers"))
    yield from weighted_problems(routes, converted=converted)


def weighted_problems(routes: tuple[object, ...], *, converted: bool) -> Problems:
    """Judge the destinations of a route and their weights, which must not all be zero."""
    total = 0
    for index, each in enumerate(routes):
        path = ("route", index)
        destination, weight = each.destination, each.weight  # type: ignore[attr-defined]  # both kinds have them
        if destination is None:
            yield Problem((*path, "destination"), "the destination is missing", "give it a `destination`")
        elif not converted:
            yield from destination_problems(destination, (*path, "destination"))
        if weight < 0:
            yield Problem((*path, "weight"), f"weight `{weight}` is negative", "write 0 or more")
        total += weight
    # Istio sums in 32 bits.
    if len(routes) > 1 and total % 2**32 == 0:
        yield Problem(("route",), "the weights sum to zero", "give one destination a weight")
