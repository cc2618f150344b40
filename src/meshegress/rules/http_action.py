"""What an HTTP route does beside forwarding: redirect, answer, fail on purpose, rewrite, retry, allow origins."""

from __future__ import annotations

import re
from http import HTTPStatus

from meshegress.profiles import Profile
from meshegress.resources.shape import shown
from meshegress.resources.virtual_service import (
    CorsPolicy,
    HTTPDirectResponse,
    HTTPFaultAbort,
    HTTPFaultDelay,
    HTTPFaultInjection,
    HTTPRedirect,
    HTTPRetry,
    HTTPRewrite,
    Percent,
)
from meshegress.rules.names import duration_fault, nanoseconds, port_fault
from meshegress.rules.problem import Path, Problem, Problems, fault, warning
from meshegress.rules.string_match import regex_problems

_GRPC_STATUSES = frozenset(
    [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ]
)
_KILOBYTE = 1024


def redirect_problems(redirect: HTTPRedirect | None, profile: Profile, *, exact_uri: bool) -> Problems:
    """Judge a redirect; *exact_uri* tells that a match of the route is on a URI and not by prefix."""
    if redirect is None:
        return
    prefix = redirect.prefix_rewrite if profile.redirect_prefix_known else ""
    if prefix and redirect.uri:
        yield Problem(("redirect", "prefixRewrite"), "uri and prefixRewrite exclude each other", "keep one")
    if prefix and exact_uri:
        yield Problem(
            ("redirect", "prefixRewrite"),
            "prefixRewrite needs matches by prefix",
            "match by `uri.prefix`, or leave it out",
        )
    port_given = redirect.port is not None or redirect.derive_port is not None
    if not (redirect.uri or prefix or redirect.authority or port_given or redirect.scheme):
        yield Problem(("redirect",), "the redirect leads to the same place", "give a uri, authority, scheme or port")
    if redirect.redirect_code and not 300 <= redirect.redirect_code <= 399:
        yield Problem(
            ("redirect", "redirectCode"),
            f"`{redirect.redirect_code}` is not a status of a redirect",
            "write a status from 300 to 399",
        )
    if redirect.scheme not in ("", "http", "https"):
        yield Problem(
            ("redirect", "scheme"), f"{shown(redirect.scheme)} is neither http nor https", "write `http` or `https`"
        )
    if redirect.port and redirect.derive_port is None:
        yield from fault(("redirect", "port"), port_fault(redirect.port))


def direct_response_problems(response: HTTPDirectResponse | None) -> Problems:
    """Judge an answer by the proxy itself."""
    if response is None:
        return
    body = response.body
    size = 0
    if body is not None and body.bytes is not None:
        size = len(body.bytes.rstrip("=")) * 3 // 4
    elif body is not None and body.string is not None:
        size = len(body.string.encode(errors="surrogatepass"))
    if size > _KILOBYTE * _KILOBYTE:
        yield Problem(("directResponse", "body"), "the body is larger than a megabyte", "write a shorter body")
    elif size > 100 * _KILOBYTE:
        yield warning(("directResponse", "body"), "the body is larger than 100 kilobytes")
    yield from _status_problems(response.status, ("directResponse", "status"))


def _status_problems(status: int, path: Path) -> Problems:
    if not 200 <= status <= 600:
        yield Problem(path, f"`{status}` is not a status of an answer", "choose one from 200 to 599")


def fault_problems(injection: HTTPFaultInjection | None) -> Problems:
    """Judge faults put in on purpose."""
    if injection is None:
        return
    if injection.abort is None and injection.delay is None:
        yield Problem(("fault",), "the fault neither aborts nor delays", "remove it")
    if injection.abort is not None:
        yield from _abort_problems(injection.abort, ("fault", "abort"))
    if injection.delay is not None:
        yield from _delay_problems(injection.delay, ("fault", "delay"))


def _abort_problems(abort: HTTPFaultAbort, path: Path) -> Problems:
    yield from _percentage_problems(abort.percentage, path)
    if abort.http2_error is not None:
        yield Problem((*path, "http2Error"), "errors of HTTP/2 are not supported", "use `httpStatus`")
    elif abort.grpc_status is not None:
        if abort.grpc_status not in _GRPC_STATUSES:
            yield Problem(
                (*path, "grpcStatus"),
                f"{shown(abort.grpc_status)} is not a status of gRPC",
                "write the name of a status of gRPC, such as `UNAVAILABLE`",
            )
    elif abort.http_status is not None:
        yield from _status_problems(abort.http_status, (*path, "httpStatus"))
    else:
        yield warning(path, "the abort has no status")


def _delay_problems(delay: HTTPFaultDelay, path: Path) -> Problems:
    yield from _percentage_problems(delay.percentage, path)
    if delay.exponential_delay is not None:
        yield Problem((*path, "exponentialDelay"), "exponential delays are not supported", "use `fixedDelay`")
    elif delay.fixed_delay is not None:
        yield from fault((*path, "fixedDelay"), duration_fault(delay.fixed_delay))


def _percentage_problems(percentage: Percent | None, path: Path) -> Problems:
    # NaN is compared as Go does: it is neither below nor above anything.
    if percentage is not None and percentage.value != 0 and (percentage.value < 0.0001 or percentage.value > 100):
        yield Problem(
            (*path, "percentage"),
            f"share `{percentage.value}` is not 0, nor in 0.0001 to 100",
            "write 0, or a share from 0.0001 to 100",
        )


_RETRY_ON = frozenset(
    [
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "envoy-ratelimited",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    ]
)
# Go knows a text for these; it has none for 306 and none for the ones that came later.
_STATUSES = frozenset(status.value for status in HTTPStatus) - {306}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def retry_problems(retries: HTTPRetry | None, profile: Profile) -> Problems:
    """Judge when and how often a request is tried again."""
    if retries is None:
        return
    if retries.attempts < 0:
        yield Problem(("retries", "attempts"), "the number is negative", "write 0 or more")
    configured = retries.per_try_timeout is not None or retries.retry_on or retries.retry_remote_localities is not None
    if retries.attempts == 0 and configured:
        yield Problem(("retries", "attempts"), "no attempts, and a policy for them", "give a number of attempts")
    backoff = retries.backoff if profile.retry_backoff_known else None
    for field, value in (("perTryTimeout", retries.per_try_timeout), ("backoff", backoff)):
        if value is not None:
            yield from fault(("retries", field), duration_fault(value))
    for policy in retries.retry_on.split(",") if retries.retry_on else ():
        status = int(policy) if _INTEGER.fullmatch(policy) else 0
        if status not in _STATUSES and policy not in _RETRY_ON:
            yield Problem(
                ("retries", "retryOn"),
                f"{shown(policy)} is nothing that is retried on",
                "write one of Envoy's conditions, such as `5xx` or `connect-failure`, or a status",
            )


def rewrite_problems(rewrite: HTTPRewrite | None) -> Problems:
    """Judge changes to path and authority."""
    if rewrite is None:
        return
    pattern = rewrite.uri_regex_rewrite
    if rewrite.uri and pattern is not None:
        yield Problem(("rewrite", "uri"), "uri and uriRegexRewrite exclude each other", "keep one")
    elif not rewrite.uri and pattern is None and not rewrite.authority:
        yield Problem(("rewrite",), "the rewrite changes nothing", "remove it")
    if pattern is None:
        return
    if not pattern.match or not pattern.rewrite:
        yield Problem(
            ("rewrite", "uriRegexRewrite"),
            "a rewrite by pattern has both `match` and `rewrite`",
            "give both `match` and `rewrite`",
        )
    else:
        yield from regex_problems(pattern.match, ("rewrite", "uriRegexRewrite", "match"))


_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"])
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+")


def cors_problems(policy: CorsPolicy | None, profile: Profile) -> Problems:
    """Judge the policy for requests across origins."""
    if policy is None:
        return
    path = ("corsPolicy",)
    for index, origin in enumerate(policy.allow_origins):
        if not (origin.regex or origin.prefix or origin.exact):
            yield Problem((*path, "allowOrigins", index), "the origin is empty", "write `exact`, `prefix` or `regex`")
        elif origin.regex is not None:
            yield from regex_problems(origin.regex, (*path, "allowOrigins", index, "regex"))
    methods = _METHODS | {"*"} if profile.any_cors_method else _METHODS
    for index, method in enumerate(policy.allow_methods):
        if method not in methods:
            yield Problem(
                (*path, "allowMethods", index), f"{shown(method)} is not a method", "write a method of HTTP in capitals"
            )
    for field, names in (("allowHeaders", policy.allow_headers), ("exposeHeaders", policy.expose_headers)):
        for index, name in enumerate(names):
            if not _TOKEN.fullmatch(name):
                yield Problem(
                    (*path, field, index),
                    f"{shown(name)} is not a name of a header",
                    "write a name of letters, digits and dashes",
                )
    if policy.max_age is not None:
        yield from fault((*path, "maxAge"), duration_fault(policy.max_age))
        if nanoseconds(policy.max_age) % 10**9 > 0:
            yield Problem((*path, "maxAge"), "the age is not in whole seconds", "write whole seconds")
